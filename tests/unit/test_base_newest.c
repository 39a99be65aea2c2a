/*
 * base/newest: what is shared stays whole as long as anybody has it, and not longer.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/newest.h"
#include "unit.h"

#define THREADS 4
#define ROUNDS 20000

struct thing {
	struct newest_item item;
	uint64_t twice; /* of its version, until it is freed */
};

static _Atomic int living;

static void
thing_free(struct newest_item *i)
{
	struct thing *t = (struct thing *)(void *)i;

	t->twice = 1;
	living--;
	free(t);
}

static struct newest_item *
thing_new(uint64_t version)
{
	struct thing *t = calloc(1, sizeof *t);

	ck_assert_ptr_nonnull(t);
	t->item.free = thing_free;
	t->item.version = version;
	t->twice = version * 2;
	living++;
	return &t->item;
}

START_TEST(what_is_held_outlives_its_place)
{
	struct newest *n;
	struct newest_item *a = thing_new(7);
	struct newest_item *b = thing_new(8);
	struct newest_item *late = thing_new(6);
	struct newest_item *got;

	ck_assert_int_eq(newest_new(&n), EMP_OK);
	ck_assert_ptr_null(newest_take(n));
	newest_put(n, a);
	got = newest_take(n);
	ck_assert_ptr_eq(got, a);
	newest_put(n, b);
	ck_assert_int_eq(living, 3);
	newest_drop(n, &a);
	ck_assert_ptr_null(a);
	ck_assert_int_eq(living, 3);
	newest_drop(n, &got);
	ck_assert_int_eq(living, 2);
	/* Made from what was known before: it is its maker's, and nobody else's. */
	newest_put(n, late);
	got = newest_take(n);
	ck_assert_ptr_eq(got, b);
	newest_drop(n, &late);
	ck_assert_int_eq(living, 1);
	newest_drop(n, &b);
	newest_drop(n, &got);
	newest_drop(n, &got);
	ck_assert_int_eq(living, 1);
	newest_free(&n);
	ck_assert_int_eq(living, 0);
}
END_TEST

static void *
take_and_put(void *arg)
{
	struct newest *n = arg;
	struct newest_item *mine = NULL;
	uint64_t seen = 0;

	for (uint64_t i = 1; i <= ROUNDS; i++) {
		if (i % 16 == 0) {
			newest_drop(n, &mine);
			mine = thing_new(i);
			newest_put(n, mine);
		} else {
			newest_drop(n, &mine);
			mine = newest_take(n);
		}
		if (mine == NULL)
			continue;
		if (((struct thing *)(void *)mine)->twice != 2 * mine->version ||
		    (i % 16 != 0 && mine->version < seen))
			return arg;
		seen = i % 16 != 0 ? mine->version : seen;
	}
	newest_drop(n, &mine);
	return NULL;
}

START_TEST(many_threads_see_whole_things_that_never_grow_older)
{
	pthread_t thread[THREADS];
	struct newest *n;

	ck_assert_int_eq(newest_new(&n), EMP_OK);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, take_and_put, n), 0);
	for (int i = 0; i < THREADS; i++) {
		void *failed;

		ck_assert_int_eq(pthread_join(thread[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	newest_free(&n);
	ck_assert_int_eq(living, 0);
}
END_TEST

Suite *
base_newest_suite(void)
{
	Suite *s = suite_create("base_newest");
	TCase *tc = tcase_create("newest");

	tcase_add_test(tc, what_is_held_outlives_its_place);
	tcase_add_test(tc, many_threads_see_whole_things_that_never_grow_older);
	suite_add_tcase(s, tc);
	return s;
}
