/* base/str: borrowed strings. */
#include <check.h>
#include <stdlib.h>

#include "base/str.h"
#include "unit.h"

START_TEST(equality)
{
	ck_assert(str_eq(STR("ab"), STR("ab")));
	ck_assert(!str_eq(STR("ab"), STR("aB")));
	ck_assert(!str_eq(STR("ab"), STR("abc")));
	ck_assert(str_eq(STR_NONE, STR("")));
	ck_assert(str_is(STR("x"), "x"));
	ck_assert(str_eq(str_from(NULL), STR_NONE));
}
END_TEST

START_TEST(equality_without_case_is_ascii_only)
{
	ck_assert(str_ieq(STR("Content-Length"), STR("cONTENT-lENGTH")));
	ck_assert(!str_ieq(STR("a"), STR("ab")));
	ck_assert(!str_ieq(STR("\xc3\x84"), STR("\xc3\xa4")));
	/* Neighbours of the letters, 32 apart as upper and lower case are. */
	ck_assert(!str_ieq(STR("@"), STR("`")));
	ck_assert(!str_ieq(STR("["), STR("{")));
}
END_TEST

START_TEST(prefixes)
{
	ck_assert(str_starts(STR("abc"), STR("ab")));
	ck_assert(str_starts(STR("abc"), STR("")));
	ck_assert(str_starts(STR_NONE, STR_NONE));
	ck_assert(!str_starts(STR("a"), STR("ab")));
	ck_assert(!str_starts(STR("ba"), STR("a")));
}
END_TEST

START_TEST(order_is_by_bytes_then_length)
{
	ck_assert_int_lt(str_cmp(STR("a"), STR("b")), 0);
	ck_assert_int_gt(str_cmp(STR("b"), STR("a")), 0);
	ck_assert_int_lt(str_cmp(STR("a"), STR("ab")), 0);
	ck_assert_int_gt(str_cmp(STR("ab"), STR("a")), 0);
	ck_assert_int_eq(str_cmp(STR("a"), STR("a")), 0);
	ck_assert_int_eq(str_cmp(STR_NONE, STR("")), 0);
	ck_assert_int_gt(str_cmp(STR("\xff"), STR("a")), 0);
}
END_TEST

START_TEST(trim_takes_spaces_and_tabs_at_the_ends)
{
	ck_assert(str_is(str_trim(STR(" \ta b\t ")), "a b"));
	ck_assert(str_is(str_trim(STR("a\n")), "a\n"));
	ck_assert_uint_eq(str_trim(STR(" \t ")).n, 0);
	ck_assert_uint_eq(str_trim(STR_NONE).n, 0);
}
END_TEST

START_TEST(split_gives_every_part_and_then_none)
{
	struct str rest = STR("a,b,");

	ck_assert(str_is(str_split(&rest, ','), "a"));
	ck_assert(str_is(str_split(&rest, ','), "b"));
	ck_assert_ptr_nonnull(rest.p);
	ck_assert_uint_eq(rest.n, 0);
	ck_assert_ptr_nonnull(str_split(&rest, ',').p);
	ck_assert_ptr_null(rest.p);
	ck_assert_ptr_null(str_split(&rest, ',').p);
	rest = STR("alone");
	ck_assert(str_is(str_split(&rest, ','), "alone"));
	ck_assert_ptr_null(rest.p);
	rest = STR(",x");
	ck_assert_uint_eq(str_split(&rest, ',').n, 0);
	ck_assert(str_is(rest, "x"));
}
END_TEST

START_TEST(dup_is_terminated)
{
	char *z = str_dup((struct str){"hello", 4});
	char *empty = str_dup(STR_NONE);

	ck_assert_str_eq(z, "hell");
	ck_assert_str_eq(empty, "");
	free(z);
	free(empty);
}
END_TEST

Suite *
base_str_suite(void)
{
	Suite *s = suite_create("base_str");
	TCase *tc = tcase_create("str");

	tcase_add_test(tc, equality);
	tcase_add_test(tc, equality_without_case_is_ascii_only);
	tcase_add_test(tc, prefixes);
	tcase_add_test(tc, order_is_by_bytes_then_length);
	tcase_add_test(tc, trim_takes_spaces_and_tabs_at_the_ends);
	tcase_add_test(tc, split_gives_every_part_and_then_none);
	tcase_add_test(tc, dup_is_terminated);
	suite_add_tcase(s, tc);
	return s;
}
