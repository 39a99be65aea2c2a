/*
 * api/cache: an answer is given again only for the same question and the same figures.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/cache.h"
#include "unit.h"

static struct cache *c;

static void
set_up(void)
{
	c = malloc(sizeof *c);
	ck_assert_ptr_nonnull(c);
	cache_init(c);
}

static void
tear_down(void)
{
	cache_fini(c);
	free(c);
}

static const struct cache_entry *
put(const char *question, int64_t seq, size_t bytes)
{
	struct cache_state state = {.seq = seq, .defs = 1, .quarter = 1};
	const struct cache_entry *e;
	struct buf body;

	buf_init(&body, 0);
	for (size_t i = 0; i < bytes; i++)
		buf_add_c(&body, 'x');
	e = cache_put_take(c, str_from(question), &state, false, &body);
	if (e)
		ck_assert_ptr_null(body.p);
	buf_fini(&body);
	return e;
}

static const struct cache_entry *
get(const char *question, int64_t seq)
{
	struct cache_state state = {.seq = seq, .defs = 1, .quarter = 1};

	return cache_get(c, str_from(question), &state);
}

START_TEST(same_figures_same_bytes)
{
	ck_assert_ptr_null(get("a", 1));
	ck_assert_ptr_nonnull(put("a", 1, 10));
	ck_assert_ptr_nonnull(get("a", 1));
	ck_assert_uint_eq(get("a", 1)->body.n, 10);
	ck_assert_ptr_null(get("b", 1));
}
END_TEST

START_TEST(any_change_makes_it_stale)
{
	struct cache_state state = {.seq = 1, .defs = 1, .quarter = 1};

	put("a", 1, 10);
	ck_assert_ptr_null(get("a", 2));
	state.defs = 2;
	ck_assert_ptr_null(cache_get(c, STR("a"), &state));
	state.defs = 1;
	state.sealed = 1;
	ck_assert_ptr_null(cache_get(c, STR("a"), &state));
	state.sealed = 0;
	state = (struct cache_state){.seq = 1, .defs = 1, .quarter = 2};
	ck_assert_ptr_null(cache_get(c, STR("a"), &state));
}
END_TEST

START_TEST(a_question_has_one_entry)
{
	put("a", 1, 10);
	put("a", 2, 20);
	ck_assert_ptr_null(get("a", 1));
	ck_assert_uint_eq(get("a", 2)->body.n, 20);
}
END_TEST

START_TEST(bounded_in_number)
{
	char name[16];

	for (int i = 0; i < CACHE_ENTRIES * 2; i++) {
		snprintf(name, sizeof name, "q%d", i);
		ck_assert_ptr_nonnull(put(name, 1, 1));
		ck_assert_ptr_nonnull(get("q0", 1)); /* in use, so it stays */
	}
	ck_assert_ptr_null(get("q1", 1));
	ck_assert_ptr_nonnull(get(name, 1));
}
END_TEST

START_TEST(bounded_in_bytes)
{
	char name[16];

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "q%d", i);
		ck_assert_ptr_nonnull(put(name, 1, CACHE_BYTES / 10));
		ck_assert_uint_le(c->bytes, CACHE_BYTES);
	}
	ck_assert_ptr_null(get("q0", 1));
	ck_assert_ptr_nonnull(get(name, 1));
	ck_assert_ptr_null(put("large", 1, CACHE_ENTRY_BYTES + 1));
	ck_assert_ptr_nonnull(get(name, 1));
}
END_TEST

START_TEST(etag_is_strong_and_of_the_bytes)
{
	char a[ETAG_MAX], b[ETAG_MAX];

	etag_of(a, STR("{}"));
	etag_of(b, STR("{}"));
	ck_assert_str_eq(a, b);
	ck_assert_int_eq(a[0], '"');
	ck_assert_int_eq(a[strlen(a) - 1], '"');
	etag_of(b, STR("{ }"));
	ck_assert_str_ne(a, b);
}
END_TEST

Suite *
api_cache_suite(void)
{
	Suite *s = suite_create("api_cache");
	TCase *t = tcase_create("cache");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, same_figures_same_bytes);
	tcase_add_test(t, any_change_makes_it_stale);
	tcase_add_test(t, a_question_has_one_entry);
	tcase_add_test(t, bounded_in_number);
	tcase_add_test(t, bounded_in_bytes);
	tcase_add_test(t, etag_is_strong_and_of_the_bytes);
	suite_add_tcase(s, t);
	return s;
}
