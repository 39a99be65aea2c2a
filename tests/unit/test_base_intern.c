/*
 * base/intern: names get dense numbers, pending ones stay with the writer, and readers
 * on other threads always find what was published.
 */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/intern.h"
#include "unit.h"

#define MANY 5000u

static struct intern *t;

static void
setup(void)
{
	ck_assert_int_eq(intern_new(&t), EMP_OK);
}

static void
teardown(void)
{
	intern_free(&t);
	ck_assert_ptr_null(t);
}

static uint32_t
add(const char *name, uint32_t parent)
{
	uint32_t id;

	ck_assert_int_eq(intern_add(t, str_from(name), parent, &id), EMP_OK);
	return id;
}

static struct str
numbered(char dst[32], const char *prefix, uint32_t i)
{
	return (struct str){dst, (size_t)snprintf(dst, 32, "%s-%u", prefix, i)};
}

START_TEST(ids_are_dense_and_texts_are_copied)
{
	char name[] = "shop";
	uint32_t a = add(name, INTERN_NONE);
	uint32_t b = add("shop/north", a);

	name[0] = 'X';
	intern_publish(t);
	ck_assert_uint_eq(a, 1);
	ck_assert_uint_eq(b, 2);
	ck_assert_uint_eq(intern_find(t, STR("shop")), a);
	ck_assert_uint_eq(intern_find(t, STR("Xhop")), INTERN_NONE);
	ck_assert(str_is(intern_text(t, b), "shop/north"));
	ck_assert_uint_eq(intern_parent(t, b), a);
	ck_assert_uint_eq(intern_parent(t, a), INTERN_NONE);
	ck_assert_uint_eq(intern_count(t), 2);
}
END_TEST

START_TEST(pending_names_are_the_writers_alone)
{
	add("old", 0);
	intern_publish(t);
	add("new", 0);
	ck_assert_uint_eq(intern_find(t, STR("new")), INTERN_NONE);
	ck_assert_uint_eq(intern_find_pending(t, STR("new")), 2);
	ck_assert_uint_eq(intern_find_pending(t, STR("old")), 1);
	ck_assert_uint_eq(intern_count(t), 1);
	intern_publish(t);
	ck_assert_uint_eq(intern_find(t, STR("new")), 2);
}
END_TEST

START_TEST(rolling_back_gives_the_number_to_another)
{
	add("kept", 0);
	intern_publish(t);
	add("dropped", 0);
	add("dropped-too", 0);
	intern_rollback(t);
	ck_assert_uint_eq(intern_find_pending(t, STR("dropped")), INTERN_NONE);
	ck_assert_uint_eq(intern_find_pending(t, STR("dropped-too")), INTERN_NONE);
	ck_assert_uint_eq(add("other", 0), 2);
	intern_publish(t);
	ck_assert_uint_eq(intern_find(t, STR("kept")), 1);
	ck_assert_uint_eq(intern_find(t, STR("other")), 2);
	ck_assert_uint_eq(intern_find(t, STR("dropped")), INTERN_NONE);
}
END_TEST

START_TEST(rolling_back_over_growth_loses_nothing)
{
	char text[32];

	for (uint32_t i = 1; i <= 20; i++)
		ck_assert_uint_eq(add(numbered(text, "kept", i).p, 0), i);
	intern_publish(t);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 1; i <= MANY; i++)
			add(numbered(text, "gone", i).p, 0);
		intern_rollback(t);
		for (uint32_t i = 1; i <= MANY; i++)
			ck_assert_uint_eq(
				intern_find_pending(t, numbered(text, "gone", i)),
				INTERN_NONE);
		for (uint32_t i = 1; i <= 20; i++)
			ck_assert_uint_eq(intern_find(t, numbered(text, "kept", i)), i);
	}
}
END_TEST

struct reading {
	_Atomic bool stop;
	_Atomic uint32_t misses;
};

static void *
read_all(void *ctx)
{
	struct reading *r = ctx;
	char text[32];

	while (!atomic_load(&r->stop)) {
		uint32_t n = intern_count(t);

		for (uint32_t i = 1; i <= n; i++) {
			struct str name = numbered(text, "name", i);

			if (intern_find(t, name) != i ||
			    !str_eq(intern_text(t, i), name))
				atomic_fetch_add(&r->misses, 1);
		}
	}
	return NULL;
}

START_TEST(readers_find_all_that_is_published_meanwhile)
{
	struct reading r = {false, 0};
	pthread_t reader[2];
	char text[32];

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&reader[i], NULL, read_all, &r), 0);
	for (uint32_t i = 1; i <= MANY; i++) {
		/* Noise that is taken back, in the way of every probe. */
		add(numbered(text, "noise", i).p, 0);
		add(numbered(text, "noise-too", i).p, 0);
		intern_rollback(t);
		ck_assert_uint_eq(add(numbered(text, "name", i).p, 0), i);
		intern_publish(t);
	}
	atomic_store(&r.stop, true);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(reader[i], NULL), 0);
	ck_assert_uint_eq(atomic_load(&r.misses), 0);
}
END_TEST

Suite *
base_intern_suite(void)
{
	Suite *s = suite_create("base_intern");
	TCase *tc = tcase_create("intern");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ids_are_dense_and_texts_are_copied);
	tcase_add_test(tc, pending_names_are_the_writers_alone);
	tcase_add_test(tc, rolling_back_gives_the_number_to_another);
	tcase_add_test(tc, rolling_back_over_growth_loses_nothing);
	tcase_add_test(tc, readers_find_all_that_is_published_meanwhile);
	suite_add_tcase(s, tc);
	return s;
}
