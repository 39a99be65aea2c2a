/* base/clock: RFC 3339 both ways, and the calendar against the C library's. */
#include <check.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "unit.h"

static const struct {
	const char *text;
	int64_t ms;
} times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"2026-01-01T10:02:00Z", 1767261720000},
	{"2026-01-01t10:02:00z", 1767261720000},
	{"2026-01-01T12:02:00+02:00", 1767261720000},
	{"2026-01-01T04:32:00-05:30", 1767261720000},
	{"2026-01-01T10:02:00-00:00", 1767261720000},
	{"1970-01-01T01:00:00+01:00", 0},
	{"2026-01-01T10:02:00.5Z", 1767261720500},
	{"2026-01-01T10:02:00.129999999Z", 1767261720129},
	{"2026-01-01T10:02:00.000999Z", 1767261720000},
	{"2016-12-31T23:59:60Z", 1483228799000},
	{"2024-02-29T00:00:00Z", 1709164800000},
	{"2000-02-29T00:00:00Z", 951782400000},
	{"2261-12-31T23:59:59.999Z", 9214646399999},
	{"0", 0},
	{"1767261720", 1767261720000},
	{"1767261720123", 1767261720123},
	{"9214646399", 9214646399000},
	{"9214646399999", 9214646399999},
	{"100000000000", 100000000000},
};

START_TEST(parses)
{
	int64_t ms = -1;

	ck_assert(time_parse(str_from(times[_i].text), &ms));
	ck_assert_int_eq(ms, times[_i].ms);
}
END_TEST

static const char *const no_times[] = {
	"",
	"2026-01-01",
	"2026-01-01T10:02:00", /* no zone */
	"2026-01-01 10:02:00Z",
	"2026-01-01T10:02Z",
	"2026-01-01T10:02:00ZZ",
	"2026-01-01T10:02:00Z ",
	" 2026-01-01T10:02:00Z",
	"2026-1-01T10:02:00Z",
	"2026-13-01T10:02:00Z",
	"2026-00-01T10:02:00Z",
	"2026-01-00T10:02:00Z",
	"2026-01-32T10:02:00Z",
	"2026-02-29T10:02:00Z",
	"2100-02-29T10:02:00Z",
	"2026-04-31T10:02:00Z",
	"2026-01-01T24:00:00Z",
	"2026-01-01T10:60:00Z",
	"2026-01-01T10:02:61Z",
	"2026-01-01T10:02:00.Z",
	"2026-01-01T10:02:00.1234567891Z",
	"2026-01-01T10:02:00,5Z",
	"2026-01-01T10:02:00+0200",
	"2026-01-01T10:02:00+02",
	"2026-01-01T10:02:00+24:00",
	"2026-01-01T10:02:00+02:60",
	"2026-01-01T10:02:00+02:00x",
	"1969-12-31T23:59:59Z",
	"1970-01-01T00:59:59+01:00",
	"2262-01-01T00:00:00Z",
	"2026/01/01T10:02:00Z",
	"-2026-01-01T10:02:00Z",
	"-1",
	"1767261720.5",
	"1.7e9",
	"9214646400",    /* seconds after 2261 */
	"9214646400000", /* ms after 2261 */
	"99999999999",
	"99999999999999999999",
};

START_TEST(refuses)
{
	int64_t ms;

	ck_assert_msg(!time_parse(str_from(no_times[_i]), &ms), "%s", no_times[_i]);
}
END_TEST

START_TEST(formats)
{
	char text[TIME_TEXT_MAX];

	ck_assert_uint_eq(time_format(text, 1767261720000), 20);
	ck_assert_str_eq(text, "2026-01-01T10:02:00Z");
	ck_assert_uint_eq(time_format(text, 1767261720007), 24);
	ck_assert_str_eq(text, "2026-01-01T10:02:00.007Z");
	time_format(text, -1);
	ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
	time_format(text, INT64_MAX);
	ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
	time_format(text, INT64_MIN);
	ck_assert_str_eq(text, "0000-01-01T00:00:00Z");
}
END_TEST

START_TEST(what_is_formatted_parses_to_the_same)
{
	char text[TIME_TEXT_MAX];

	for (int64_t ms = 0; ms < 9214646400000; ms += 86399999 * 7LL) {
		int64_t back;
		size_t n = time_format(text, ms);

		LOOP_ASSERT(time_parse((struct str){text, n}, &back));
		LOOP_ASSERT(back == ms);
	}
}
END_TEST

/* Every day from 1600 to 2400: leap years of all kinds, and years before 1970. */
START_TEST(the_calendar_is_that_of_the_c_library)
{
	for (int64_t day = -135140; day < 157054; day++) {
		time_t at = (time_t)(day * S_PER_DAY);
		struct tm tm;
		int64_t y;
		unsigned m, d;

		LOOP_ASSERT(gmtime_r(&at, &tm) != NULL);
		time_civil_from_days(day, &y, &m, &d);
		LOOP_ASSERT(y == tm.tm_year + 1900);
		LOOP_ASSERT((int)m == tm.tm_mon + 1);
		LOOP_ASSERT((int)d == tm.tm_mday);
		LOOP_ASSERT(time_days_from_civil(y, m, d) == day);
	}
}
END_TEST

START_TEST(the_clock_can_be_fixed_and_let_go)
{
	clock_set_fixed(42);
	ck_assert_int_eq(clock_now_ms(), 42);
	clock_set_fixed(-1);
	ck_assert_int_gt(clock_now_ms(), 1700000000000);
	ck_assert_int_lt(clock_now_ms() / 1000 - time(NULL), 2);
}
END_TEST

START_TEST(the_monotonic_clock_does_not_go_back)
{
	uint64_t before = clock_mono_ns();

	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_mono_ns();

		LOOP_ASSERT(now >= before);
		before = now;
	}
}
END_TEST

Suite *
base_clock_suite(void)
{
	Suite *s = suite_create("base_clock");
	TCase *tc = tcase_create("clock");

	tcase_add_loop_test(tc, parses, 0, (int)(sizeof times / sizeof *times));
	tcase_add_loop_test(tc, refuses, 0, (int)(sizeof no_times / sizeof *no_times));
	tcase_add_test(tc, formats);
	tcase_add_test(tc, what_is_formatted_parses_to_the_same);
	tcase_add_test(tc, the_calendar_is_that_of_the_c_library);
	tcase_add_test(tc, the_clock_can_be_fixed_and_let_go);
	tcase_add_test(tc, the_monotonic_clock_does_not_go_back);
	suite_add_tcase(s, tc);
	return s;
}
