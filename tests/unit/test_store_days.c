/*
 * store: the days of confidential.db are those of the instance's zone.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>

#include "base/clock.h"
#include "store/days.h"
#include "unit.h"

static struct tz *
zone(const char *name)
{
	struct tz *tz = NULL;

	ck_assert_int_eq(tz_open(&tz, name), EMP_OK);
	return tz;
}

static int64_t
moment(const char *text)
{
	int64_t ms = 0;

	ck_assert(time_parse(str_from(text), &ms));
	return ms;
}

static void
same(const struct tz *tz, const char *at, const char *expected)
{
	char text[DAY_TEXT_MAX];

	ck_assert_uint_eq(day_format(text, day_of(tz, moment(at))), 10);
	ck_assert_str_eq(text, expected);
}

START_TEST(a_day_is_that_of_the_zone)
{
	struct tz *tz = zone("America/Los_Angeles");

	same(tz, "2026-03-01T07:59:59Z", "2026-02-28");
	same(tz, "2026-03-01T08:00:00Z", "2026-03-01");
	same(tz, "1970-01-01T00:00:00Z", "1969-12-31");
	tz_free(&tz);
	tz = zone("Pacific/Auckland");
	same(tz, "2026-01-31T10:59:59Z", "2026-01-31");
	same(tz, "2026-01-31T11:00:00Z", "2026-02-01");
	tz_free(&tz);
}
END_TEST

START_TEST(a_day_starts_when_the_date_changes)
{
	const char *const zones[] = {"UTC",
				     "Europe/Madrid",
				     "America/Los_Angeles",
				     "Pacific/Auckland",
				     "Asia/Kolkata",
				     "America/Havana",
				     "Pacific/Kiritimati"};

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		struct tz *tz = zone(zones[i]);

		for (int64_t day = 20000; day < 20800; day++) {
			int64_t start = day_start(tz, day);

			ck_assert_int_eq(day_of(tz, start), day);
			ck_assert_int_eq(day_of(tz, start - 1000), day - 1);
		}
		tz_free(&tz);
	}
}
END_TEST

START_TEST(what_is_written_is_read_and_nothing_else)
{
	const char *const bad[] = {"",           "2026-1-01",   "2026-13-01",
				   "2026-02-30", "2026-00-10",  "2026-01-00",
				   "2026/01/01", "2026-01-011", "+026-01-01"};
	char text[DAY_TEXT_MAX];
	int64_t day;

	for (int64_t d = -400; d < 40000; d++) {
		ck_assert_uint_eq(day_format(text, d), 10);
		ck_assert(day_parse(str_from(text), &day));
		ck_assert_int_eq(day, d);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!day_parse(str_from(bad[i]), &day), "%s", bad[i]);
}
END_TEST

Suite *
store_days_suite(void)
{
	Suite *s = suite_create("store_days");
	TCase *tc = tcase_create("days");

	tcase_add_test(tc, a_day_is_that_of_the_zone);
	tcase_add_test(tc, a_day_starts_when_the_date_changes);
	tcase_add_test(tc, what_is_written_is_read_and_nothing_else);
	suite_add_tcase(s, tc);
	return s;
}
