/* base/num: numbers from text, each with what must be refused. */
#include <check.h>

#include "base/num.h"
#include "unit.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const not_unsigned[] = {"",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "0x1",
					   "1.",
					   "1e3",
					   "a",
					   "\xd9\xa1",
					   "18446744073709551616",
					   "99999999999999999999999"};

START_TEST(u64)
{
	uint64_t v;

	ck_assert(num_u64(STR("0"), &v) && v == 0);
	ck_assert(num_u64(STR("007"), &v) && v == 7);
	ck_assert(num_u64(STR("18446744073709551615"), &v) && v == UINT64_MAX);
	for (int i = 0; i < COUNT(not_unsigned); i++)
		ck_assert_msg(!num_u64(str_from(not_unsigned[i]), &v), "%s",
			      not_unsigned[i]);
	ck_assert(!num_u64(STR_NONE, &v));
	ck_assert(!num_u64((struct str){"1\0", 2}, &v));
}
END_TEST

START_TEST(cents)
{
	static const char *const bad[] = {
		"",    ".",   ".5", "5.",  "1.234", "1.2.3", "-",
		"1e3", "1,5", "+1", "-.5", "1.-5",  "1.5 ",  "92233720368547758.08"};
	int64_t v;

	ck_assert(num_cents(STR("12"), &v) && v == 1200);
	ck_assert(num_cents(STR("-3.5"), &v) && v == -350);
	ck_assert(num_cents(STR("0.25"), &v) && v == 25);
	ck_assert(num_cents(STR("0.05"), &v) && v == 5);
	ck_assert(num_cents(STR("-0.05"), &v) && v == -5);
	ck_assert(num_cents(STR("92233720368547758.07"), &v) && v == INT64_MAX);
	ck_assert(num_cents(STR("-92233720368547758.08"), &v) && v == INT64_MIN);
	for (int i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!num_cents(str_from(bad[i]), &v), "%s", bad[i]);
}
END_TEST

START_TEST(sizes)
{
	static const char *const bad[] = {"",    "K",  "1T",   "1 K",
					  "1KB", "-1", "1.5K", "18014398509481984K"};
	uint64_t v;

	ck_assert(num_size(STR("512"), &v) && v == 512);
	ck_assert(num_size(STR("8K"), &v) && v == 8192);
	ck_assert(num_size(STR("8m"), &v) && v == 8u << 20);
	ck_assert(num_size(STR("2G"), &v) && v == UINT64_C(2) << 30);
	for (int i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!num_size(str_from(bad[i]), &v), "%s", bad[i]);
}
END_TEST

START_TEST(durations)
{
	static const char *const bad[] = {"",    "s",    "1w",
					  "1ms", "1 h",  "-1s",
					  "1H",  "1.5h", "18446744073709551615d"};
	uint64_t v;

	ck_assert(num_duration(STR("90"), &v) && v == 90);
	ck_assert(num_duration(STR("90s"), &v) && v == 90);
	ck_assert(num_duration(STR("5m"), &v) && v == 300);
	ck_assert(num_duration(STR("24h"), &v) && v == 86400);
	ck_assert(num_duration(STR("35d"), &v) && v == 35 * 86400);
	for (int i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!num_duration(str_from(bad[i]), &v), "%s", bad[i]);
}
END_TEST

START_TEST(booleans)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};
	static const char *const bad[] = {"", "YES", "y", "2", "yes ", "enabled"};
	bool v;

	for (int i = 0; i < COUNT(yes); i++)
		ck_assert(num_bool(str_from(yes[i]), &v) && v);
	for (int i = 0; i < COUNT(no); i++)
		ck_assert(num_bool(str_from(no[i]), &v) && !v);
	for (int i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!num_bool(str_from(bad[i]), &v), "%s", bad[i]);
}
END_TEST

START_TEST(hex)
{
	static const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
	unsigned char back[sizeof bytes];
	char text[9];

	num_hex(text, bytes, sizeof bytes);
	ck_assert_str_eq(text, "000fa5ff");
	ck_assert(num_unhex(back, STR("000fa5ff"), sizeof back));
	ck_assert_mem_eq(back, bytes, sizeof back);
	ck_assert(!num_unhex(back, STR("000fa5f"), sizeof back));
	ck_assert(!num_unhex(back, STR("000fa5fff"), sizeof back));
	ck_assert(!num_unhex(back, STR("000FA5FF"), sizeof back));
	ck_assert(!num_unhex(back, STR("000fa5fg"), sizeof back));
	num_hex(text, bytes, 0);
	ck_assert_str_eq(text, "");
}
END_TEST

Suite *
base_num_suite(void)
{
	Suite *s = suite_create("base_num");
	TCase *tc = tcase_create("num");

	tcase_add_test(tc, u64);
	tcase_add_test(tc, cents);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, durations);
	tcase_add_test(tc, booleans);
	tcase_add_test(tc, hex);
	suite_add_tcase(s, tc);
	return s;
}
