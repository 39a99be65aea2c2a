/* base/buf: growing, the limit, and the one spelling of figures, JSON and CSV. */
#include <check.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "unit.h"

static struct buf b;

static void
set_up(void)
{
	buf_init(&b, 0);
}

static void
tear_down(void)
{
	buf_fini(&b);
}

/* What the buffer holds, as a C string; empties it. */
static const char *
taken(void)
{
	static char text[1024];

	ck_assert(buf_ok(&b));
	ck_assert_uint_lt(b.n, sizeof text);
	if (b.n > 0)
		memcpy(text, b.p, b.n);
	text[b.n] = '\0';
	buf_clear(&b);
	return text;
}

START_TEST(appends_in_order)
{
	buf_add(&b, "ab", 2);
	buf_add_c(&b, '-');
	buf_add_z(&b, "cd");
	buf_add_str(&b, STR("ef"));
	buf_add_str(&b, STR_NONE);
	buf_printf(&b, "%d %s", 7, "x");
	ck_assert_str_eq(taken(), "ab-cdef7 x");
}
END_TEST

START_TEST(grows_over_any_size)
{
	for (int i = 0; i < 100000; i++)
		buf_add_c(&b, (char)('a' + i % 26));
	LOOP_ASSERT(buf_ok(&b));
	LOOP_ASSERT(b.n == 100000);
	for (int i = 0; i < 100000; i++)
		LOOP_ASSERT(b.p[i] == 'a' + i % 26);
}
END_TEST

START_TEST(printf_of_any_length)
{
	for (int width = 1; width < 2000; width += 13) {
		buf_clear(&b);
		buf_printf(&b, "%*d", width, 5);
		ck_assert(buf_ok(&b));
		ck_assert_uint_eq(b.n, (size_t)width);
		ck_assert_int_eq(b.p[width - 1], '5');
	}
}
END_TEST

START_TEST(the_limit_is_exact_and_failing_lasts)
{
	buf_init(&b, 4);
	buf_add_z(&b, "abcd");
	ck_assert(buf_ok(&b));
	buf_add_c(&b, 'e');
	ck_assert(!buf_ok(&b));
	ck_assert_uint_eq(b.n, 4);
	ck_assert_ptr_null(buf_reserve(&b, 0));
	buf_clear(&b);
	ck_assert(buf_ok(&b));
	buf_printf(&b, "%s", "abcd");
	ck_assert(buf_ok(&b));
	buf_clear(&b);
	buf_printf(&b, "%s", "abcde");
	ck_assert(!buf_ok(&b));
	buf_fini(&b);
	ck_assert(buf_ok(&b));
	buf_add_z(&b, "abcde");
	ck_assert_msg(!buf_ok(&b), "the limit is gone after buf_fini");
}
END_TEST

START_TEST(a_size_that_overflows_fails)
{
	buf_add_c(&b, 'x');
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
	ck_assert(!buf_ok(&b));
}
END_TEST

START_TEST(reserve_gives_room_that_the_caller_takes)
{
	char *to = buf_reserve(&b, 3);

	memcpy(to, "xyz", 3);
	b.n += 2;
	ck_assert_str_eq(taken(), "xy");
	ck_assert_ptr_nonnull(buf_reserve(&b, 0));
}
END_TEST

START_TEST(consume_drops_the_front)
{
	buf_add_z(&b, "abcdef");
	buf_consume(&b, 0);
	buf_consume(&b, 2);
	ck_assert(str_is(buf_str(&b), "cdef"));
	buf_consume(&b, 4);
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

START_TEST(consume_of_more_than_there_is_aborts)
{
	fclose(stderr);
	buf_add_z(&b, "a");
	buf_consume(&b, 2);
}
END_TEST

START_TEST(integers)
{
	buf_add_u64(&b, 0);
	buf_add_c(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	buf_add_c(&b, ' ');
	buf_add_i64(&b, INT64_MIN);
	buf_add_c(&b, ' ');
	buf_add_i64(&b, INT64_MAX);
	buf_add_c(&b, ' ');
	buf_add_i64(&b, -10);
	ck_assert_str_eq(taken(),
			 "0 18446744073709551615 -9223372036854775808 "
			 "9223372036854775807 -10");
}
END_TEST

static const struct {
	double v;
	const char *text;
} figures[] = {
	{0, "0"},
	{-0.0, "0"},
	{1, "1"},
	{-3, "-3"},
	{69.16, "69.16"},
	{100.0 / 3, "33.3333"},
	{200.0 / 3, "66.6667"},
	{-200.0 / 3, "-66.6667"},
	{0.5, "0.5"},
	{0.0001, "0.0001"},
	{0.00004, "0"},
	{-0.00004, "0"},
	{0.03125, "0.0313"},   /* exactly half a unit: away from zero */
	{-0.03125, "-0.0313"}, /* on both sides */
	{0.99996, "1"},
	{10.01, "10.01"},
	{1e13, "10000000000000"},
	{99999999999999.0, "99999999999999"},
	{1e-300, "0"},
	{NAN, "null"},
	{INFINITY, "null"},
	{-INFINITY, "null"},
};

START_TEST(figures_have_at_most_four_decimals)
{
	buf_add_fixed4(&b, figures[_i].v);
	ck_assert_str_eq(taken(), figures[_i].text);
}
END_TEST

START_TEST(a_figure_out_of_range_aborts)
{
	fclose(stderr);
	buf_add_fixed4(&b, 1e14);
}
END_TEST

START_TEST(json_strings)
{
	buf_add_json(&b, STR("plain \xe2\x82\xac / text"));
	ck_assert_str_eq(taken(), "\"plain \xe2\x82\xac / text\"");
	buf_add_json(&b, STR("\"\\\b\f\n\r\t"));
	ck_assert_str_eq(taken(), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	buf_add_json(&b, (struct str){"a\0\x01\x1f\x7f", 5});
	ck_assert_str_eq(taken(), "\"a\\u0000\\u0001\\u001f\x7f\"");
	buf_add_json(&b, STR_NONE);
	ck_assert_str_eq(taken(), "\"\"");
}
END_TEST

static const struct {
	const char *in;
	const char *out;
} fields[] = {
	{"", ""},
	{"plain text", "plain text"},
	{"a,b", "\"a,b\""},
	{"say \"hi\"", "\"say \"\"hi\"\"\""},
	{"two\nlines", "\"two\nlines\""},
	{"cr\r", "\"cr\r\""},
	{"=1+1", "'=1+1"},
	{"+1", "'+1"},
	{"-1", "'-1"},
	{"@x", "'@x"},
	{"\tx", "'\tx"},
	{"\rx", "\"'\rx\""},
	{"=\"a\",b", "\"'=\"\"a\"\",b\""},
	{"a=b", "a=b"},
};

START_TEST(csv_fields)
{
	buf_add_csv(&b, str_from(fields[_i].in));
	ck_assert_str_eq(taken(), fields[_i].out);
}
END_TEST

Suite *
base_buf_suite(void)
{
	Suite *s = suite_create("base_buf");
	TCase *tc = tcase_create("buf");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, appends_in_order);
	tcase_add_test(tc, grows_over_any_size);
	tcase_add_test(tc, printf_of_any_length);
	tcase_add_test(tc, the_limit_is_exact_and_failing_lasts);
	tcase_add_test(tc, a_size_that_overflows_fails);
	tcase_add_test(tc, reserve_gives_room_that_the_caller_takes);
	tcase_add_test(tc, consume_drops_the_front);
	tcase_add_test_raise_signal(tc, consume_of_more_than_there_is_aborts, SIGABRT);
	tcase_add_test(tc, integers);
	tcase_add_loop_test(tc, figures_have_at_most_four_decimals, 0,
			    (int)(sizeof figures / sizeof *figures));
	tcase_add_test_raise_signal(tc, a_figure_out_of_range_aborts, SIGABRT);
	tcase_add_test(tc, json_strings);
	tcase_add_loop_test(tc, csv_fields, 0, (int)(sizeof fields / sizeof *fields));
	suite_add_tcase(s, tc);
	return s;
}
