/*
 * store/idwindow: remembers exactly the newest ids, and forgets what is taken back.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "store/idwindow.h"
#include "unit.h"

#define MINUTE 60000
#define IDS 400u

static struct id_window w;

static void
setup(void)
{
	ck_assert_int_eq(id_window_init(&w, 100, 1), EMP_OK);
}

static void
teardown(void)
{
	id_window_fini(&w);
}

/* Keys that collide in the index: only few of the bits that place them differ. */
static const uint8_t *
key(uint32_t n)
{
	static uint8_t k[ID_KEY_BYTES];

	memset(k, 0, sizeof k);
	k[0] = (uint8_t)(n % 7);
	memcpy(k + 4, &n, sizeof n);
	return k;
}

static void
add(uint32_t n, uint32_t content)
{
	ck_assert_int_eq(id_window_find(&w, key(n), content), ID_NEW);
	ck_assert_int_eq(id_window_add(&w, key(n), content), EMP_OK);
}

START_TEST(content_tells_a_repeat_from_a_conflict)
{
	add(1, 5);
	add(2, 0);
	ck_assert_int_eq(id_window_find(&w, key(1), 5), ID_SAME);
	ck_assert_int_eq(id_window_find(&w, key(1), 6), ID_OTHER);
	/* No content is kept of confidential events, on either side. */
	ck_assert_int_eq(id_window_find(&w, key(1), 0), ID_SAME);
	ck_assert_int_eq(id_window_find(&w, key(2), 9), ID_SAME);
	ck_assert_int_eq(id_window_find(&w, key(3), 5), ID_NEW);
}
END_TEST

START_TEST(ids_expire_by_age)
{
	add(1, 1);
	ck_assert_int_eq(id_window_commit(&w, 100 * MINUTE, 7), EMP_OK);
	add(2, 1);
	ck_assert_int_eq(id_window_commit(&w, 130 * MINUTE, 8), EMP_OK);
	ck_assert_int_eq(id_window_first_block(&w), 7);
	/* At least an hour, at most a minute more. */
	add(3, 1);
	ck_assert_int_eq(id_window_commit(&w, 160 * MINUTE, 9), EMP_OK);
	ck_assert_int_eq(id_window_find(&w, key(1), 1), ID_SAME);
	add(4, 1);
	ck_assert_int_eq(id_window_commit(&w, 192 * MINUTE, 10), EMP_OK);
	ck_assert_int_eq(id_window_find(&w, key(1), 1), ID_NEW);
	ck_assert_int_eq(id_window_find(&w, key(2), 1), ID_SAME);
	ck_assert_int_eq(id_window_first_block(&w), 8);
}
END_TEST

START_TEST(a_window_that_is_too_short_says_since_when)
{
	for (uint32_t i = 0; i < 99; i++)
		add(i, 1);
	ck_assert_int_eq(id_window_commit(&w, 5 * MINUTE, 1), EMP_OK);
	ck_assert_int_eq(id_window_short_since(&w), -1);
	add(99, 1);
	ck_assert_int_eq(id_window_commit(&w, 6 * MINUTE, 2), EMP_OK);
	ck_assert_int_eq(id_window_short_since(&w), 5);
	for (uint32_t i = 100; i < 199; i++)
		add(i, 1);
	ck_assert_int_eq(id_window_commit(&w, 7 * MINUTE, 3), EMP_OK);
	ck_assert_int_eq(id_window_short_since(&w), 6);
}
END_TEST

START_TEST(rolling_back_leaves_what_was_there)
{
	for (uint32_t i = 0; i < 50; i++)
		add(i, 1);
	ck_assert_int_eq(id_window_commit(&w, MINUTE, 1), EMP_OK);
	/* More than fit: nothing old may be lost for what is taken back. */
	for (uint32_t i = 50; i < 300; i++)
		add(i, 1);
	id_window_rollback(&w);
	for (uint32_t i = 0; i < 300; i++)
		ck_assert_int_eq(id_window_find(&w, key(i), 1),
				 i < 50 ? ID_SAME : ID_NEW);
	ck_assert_uint_eq(id_window_count(&w), 50);
}
END_TEST

START_TEST(it_equals_a_plain_list_under_random_use)
{
	static uint32_t list[100000]; /* what should be known, oldest first */
	size_t first = 0;
	size_t committed = 0;
	size_t n = 0;
	uint32_t next = 0;

	srandom(1);
	for (int step = 0; step < 2000; step++) {
		for (long i = random() % 20; i > 0; i--) {
			add(next, 1);
			list[n++] = next++;
		}
		if (random() % 3 == 0) {
			id_window_rollback(&w);
			n = committed;
		} else {
			ck_assert_int_eq(id_window_commit(&w, step, step), EMP_OK);
			committed = n;
			if (n - first > 100)
				first = n - 100;
		}
		if (step % 50 != 0)
			continue;
		for (uint32_t i = next > IDS ? next - IDS : 0; i < next; i++) {
			bool known = false;

			for (size_t at = first; at < n; at++)
				known = known || list[at] == i;
			ck_assert_int_eq(id_window_find(&w, key(i), 1),
					 known ? ID_SAME : ID_NEW);
		}
	}
	ck_assert_uint_eq(id_window_count(&w), 100);
}
END_TEST

Suite *
store_window_suite(void)
{
	Suite *s = suite_create("store_window");
	TCase *tc = tcase_create("window");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, content_tells_a_repeat_from_a_conflict);
	tcase_add_test(tc, ids_expire_by_age);
	tcase_add_test(tc, a_window_that_is_too_short_says_since_when);
	tcase_add_test(tc, rolling_back_leaves_what_was_there);
	tcase_add_test(tc, it_equals_a_plain_list_under_random_use);
	suite_add_tcase(s, tc);
	return s;
}
