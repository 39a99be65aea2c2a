/*
 * api/limit: an address has its rate and its burst, whatever others do.
 */
#include <check.h>

#include "api/limit.h"
#include "unit.h"

#define S 1000000000ull

static struct limit l;

static void
tear_down(void)
{
	limit_fini(&l);
}

/* How many of `n` requests of one moment pass. */
static int
passes(uint64_t key, int n, uint64_t now)
{
	int passed = 0;

	for (int i = 0; i < n; i++)
		passed += limit_take(&l, key, now);
	return passed;
}

START_TEST(burst_then_rate)
{
	ck_assert_int_eq(limit_init(&l, 10), EMP_OK);
	ck_assert_int_eq(passes(7, 100, 5 * S), 10 * LIMIT_BURST_S);
	ck_assert_int_eq(passes(7, 100, 5 * S), 0);
	ck_assert_int_eq(passes(7, 100, 5 * S + S / 10), 1);
	ck_assert_int_eq(passes(7, 100, 6 * S + S / 10), 10);
}
END_TEST

START_TEST(rest_fills_the_burst_and_no_more)
{
	ck_assert_int_eq(limit_init(&l, 1000000), EMP_OK);
	ck_assert_int_eq(passes(7, 5, S), 5);
	/* A year later: no overflow, and the burst only. */
	ck_assert_int_eq(passes(7, 3000000, 31536000 * S), 1000000 * LIMIT_BURST_S);
}
END_TEST

START_TEST(addresses_are_apart)
{
	ck_assert_int_eq(limit_init(&l, 1), EMP_OK);
	ck_assert_int_eq(passes(1, 9, S), LIMIT_BURST_S);
	ck_assert_int_eq(passes(2, 9, S), LIMIT_BURST_S);
	ck_assert_int_eq(passes(1, 9, S), 0);
}
END_TEST

START_TEST(many_addresses_do_not_free_one_that_keeps_coming)
{
	int passed = 0;

	ck_assert_int_eq(limit_init(&l, 1), EMP_OK);
	/* It is never the one not seen for longest. */
	for (uint64_t i = 0; i < 100000; i++) {
		passed += limit_take(&l, 1, S + i);
		ck_assert(limit_take(&l, i + 2, S + i));
	}
	ck_assert_int_le(passed, LIMIT_BURST_S * LIMIT_WAYS);
}
END_TEST

START_TEST(zero_is_no_limit)
{
	ck_assert_int_eq(limit_init(&l, 0), EMP_OK);
	ck_assert_int_eq(passes(1, 1000, S), 1000);
}
END_TEST

Suite *
api_limit_suite(void)
{
	Suite *s = suite_create("api_limit");
	TCase *c = tcase_create("limit");

	tcase_add_checked_fixture(c, NULL, tear_down);
	tcase_add_test(c, burst_then_rate);
	tcase_add_test(c, rest_fills_the_burst_and_no_more);
	tcase_add_test(c, addresses_are_apart);
	tcase_add_test(c, many_addresses_do_not_free_one_that_keeps_coming);
	tcase_add_test(c, zero_is_no_limit);
	suite_add_tcase(s, c);
	return s;
}
