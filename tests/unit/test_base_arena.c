/* base/arena: pieces that die together, and rolling back. */
#include <check.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "unit.h"

#define CHUNK 256
#define PIECES 500

static struct arena a;

static void
set_up(void)
{
	arena_init(&a, CHUNK);
}

static void
tear_down(void)
{
	arena_fini(&a);
}

START_TEST(pieces_are_aligned_apart_and_do_not_move)
{
	unsigned char *pieces[PIECES];
	size_t sizes[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		sizes[i] = i % 7 == 0 ? CHUNK + i : i % 41;
		pieces[i] = arena_alloc(&a, sizes[i]);
		LOOP_ASSERT(pieces[i] != NULL);
		LOOP_ASSERT((uintptr_t)pieces[i] % 8 == 0);
		memset(pieces[i], (int)(i % 251), sizes[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			LOOP_ASSERT(pieces[i][j] == i % 251);
}
END_TEST

START_TEST(zalloc_clears_what_was_used_before)
{
	char *p = arena_alloc(&a, 64);

	memset(p, 'x', 64);
	arena_reset(&a);
	p = arena_zalloc(&a, 64);
	for (size_t i = 0; i < 64; i++)
		ck_assert_int_eq(p[i], 0);
}
END_TEST

START_TEST(strings_are_copied_and_terminated)
{
	char text[] = "hello";
	struct str s = arena_str(&a, (struct str){text, 4});
	struct str empty = arena_str(&a, STR_NONE);

	text[0] = 'J';
	ck_assert_uint_eq(s.n, 4);
	ck_assert_str_eq(s.p, "hell");
	ck_assert_ptr_nonnull(empty.p);
	ck_assert_str_eq(empty.p, "");
}
END_TEST

START_TEST(impossible_sizes_are_refused)
{
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX - 64));
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_nonnull(arena_alloc(&a, 1));
}
END_TEST

START_TEST(rollback_reuses_the_same_memory)
{
	char *before = arena_alloc(&a, 24);
	struct arena_mark m = arena_mark(&a);
	char *first = arena_alloc(&a, 40);
	size_t used = m.used;

	memcpy(before, "keep", 5);
	for (int i = 0; i < 50; i++)
		ck_assert_ptr_nonnull(arena_alloc(&a, CHUNK / 3));
	ck_assert_uint_gt(a.used, used);
	arena_rollback(&a, m);
	ck_assert_uint_eq(a.used, used);
	ck_assert_ptr_eq(arena_alloc(&a, 40), first);
	ck_assert_str_eq(before, "keep");
}
END_TEST

START_TEST(marks_nest)
{
	struct arena_mark outer = arena_mark(&a);
	struct arena_mark inner;
	char *p = arena_alloc(&a, 8);

	inner = arena_mark(&a);
	ck_assert_ptr_nonnull(arena_alloc(&a, 2 * CHUNK));
	arena_rollback(&a, inner);
	ck_assert_ptr_nonnull(arena_alloc(&a, 2 * CHUNK));
	arena_rollback(&a, outer);
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_eq(arena_alloc(&a, 8), p);
}
END_TEST

/* The decoder does this once per event: it must not cost a malloc each time. */
START_TEST(an_empty_arena_keeps_one_chunk)
{
	struct arena_mark m = arena_mark(&a);
	void *p = arena_alloc(&a, 100);

	ck_assert_ptr_nonnull(arena_alloc(&a, 3 * CHUNK));
	ck_assert_ptr_nonnull(arena_alloc(&a, CHUNK));
	arena_rollback(&a, m);
	ck_assert_ptr_nonnull(a.head);
	p = arena_alloc(&a, 100);
	arena_rollback(&a, m);
	ck_assert_ptr_eq(arena_alloc(&a, 100), p);
	arena_reset(&a);
	ck_assert_ptr_nonnull(a.head);
	ck_assert_uint_eq(a.used, 0);
}
END_TEST

START_TEST(a_mark_that_was_undone_aborts)
{
	struct arena_mark early = arena_mark(&a);
	struct arena_mark late;

	fclose(stderr);
	ck_assert_ptr_nonnull(arena_alloc(&a, 8));
	ck_assert_ptr_nonnull(arena_alloc(&a, 2 * CHUNK));
	late = arena_mark(&a);
	arena_rollback(&a, early);
	arena_rollback(&a, late);
}
END_TEST

Suite *
base_arena_suite(void)
{
	Suite *s = suite_create("base_arena");
	TCase *tc = tcase_create("arena");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, pieces_are_aligned_apart_and_do_not_move);
	tcase_add_test(tc, zalloc_clears_what_was_used_before);
	tcase_add_test(tc, strings_are_copied_and_terminated);
	tcase_add_test(tc, impossible_sizes_are_refused);
	tcase_add_test(tc, rollback_reuses_the_same_memory);
	tcase_add_test(tc, marks_nest);
	tcase_add_test(tc, an_empty_arena_keeps_one_chunk);
	tcase_add_test_raise_signal(tc, a_mark_that_was_undone_aborts, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
