/* base/tz: offsets against the C library, buckets against their definition. */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/tz.h"
#include "unit.h"

#define END_OF_TIME 9214646400 /* 2262-01-01 */

static const char *const zones[] = {
	"UTC",
	"Europe/Madrid",
	"Europe/Warsaw",
	"Europe/Dublin", /* its standard time is the summer's */
	"America/New_York",
	"America/St_Johns",  /* half an hour off, changed at 00:01 until 2011 */
	"America/Sao_Paulo", /* changed at midnight */
	"America/Havana",
	"America/Godthab",   /* changes at a negative hour by the footer's rule */
	"Africa/Casablanca", /* a table to 2087 */
	"Africa/Cairo",
	"Asia/Kathmandu", /* 5:45 */
	"Asia/Gaza",
	"Asia/Tehran",
	"Australia/Lord_Howe", /* summer time is half an hour */
	"Australia/Sydney",
	"Pacific/Apia", /* left out 2011-12-30 */
	"Pacific/Chatham",
	"Antarctica/Troll", /* two hours of summer time */
};

#define ZONES ((int)(sizeof zones / sizeof *zones))

static const enum tz_unit units[] = {TZ_MINUTE, TZ_HOUR, TZ_DAY, TZ_WEEK, TZ_MONTH};

static struct tz *z;

static void
open_zone(const char *name)
{
	ck_assert_int_eq(tz_open(&z, name), EMP_OK);
}

static void
tear_down(void)
{
	tz_free(&z);
}

/* A repeatable stream of numbers. */
static uint64_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static int64_t
at(const char *text)
{
	int64_t ms;

	ck_assert_msg(time_parse(str_from(text), &ms), "%s", text);
	return ms / MS_PER_S;
}

/* An assertion that speaks in times. */
static void
ck_time(int64_t got, const char *want)
{
	char text[TIME_TEXT_MAX];

	time_format(text, got * MS_PER_S);
	if (got != at(want))
		ck_abort_msg("%s, want %s", text, want);
}

START_TEST(offsets_are_those_of_the_c_library)
{
	uint64_t state = 1;

	open_zone(zones[_i]);
	ck_assert_str_eq(tz_name(z), zones[_i]);
	setenv("TZ", zones[_i], 1);
	tzset();
	for (int i = 0; i < 20000; i++) {
		/* Half of them in the times that people use. */
		int64_t span = i % 2 == 0 ? END_OF_TIME : 2208988800;
		int64_t t = (int64_t)(next_random(&state) << 20 ^ next_random(&state)) %
			span;
		time_t c = (time_t)t;
		struct tm tm;

		LOOP_ASSERT(localtime_r(&c, &tm) != NULL);
		if (tz_offset(z, t) != tm.tm_gmtoff)
			ck_abort_msg("%s at %lld: %d, want %ld", zones[_i],
				     (long long)t, tz_offset(z, t), tm.tm_gmtoff);
	}
}
END_TEST

/* Buckets cut time without a gap or an overlap, everywhere and above all at changes. */
static void
check_partition(enum tz_unit unit, int64_t t)
{
	int64_t start = tz_floor(z, unit, t);
	int64_t next = tz_next(z, unit, t);

	LOOP_ASSERT(start <= t);
	LOOP_ASSERT(next > t);
	LOOP_ASSERT(tz_floor(z, unit, start) == start);
	LOOP_ASSERT(tz_floor(z, unit, next - 1) == start);
	LOOP_ASSERT(tz_floor(z, unit, next) == next);
	LOOP_ASSERT(tz_next(z, unit, start) == next);
	LOOP_ASSERT(tz_ceil(z, unit, t) == (t == start ? t : next));
	/* A bucket of a coarser unit starts where one of a finer starts. */
	if (unit == TZ_DAY)
		LOOP_ASSERT(tz_floor(z, TZ_MINUTE, start) == start);
	if (unit == TZ_WEEK || unit == TZ_MONTH)
		LOOP_ASSERT(tz_floor(z, TZ_DAY, start) == start);
}

START_TEST(buckets_cut_time_without_gap_or_overlap)
{
	uint64_t state = 2;

	open_zone(zones[_i]);
	for (int i = 0; i < 2000; i++)
		for (size_t u = 0; u < sizeof units / sizeof *units; u++)
			check_partition(units[u],
					(int64_t)(next_random(&state) << 20) %
						END_OF_TIME);
}
END_TEST

START_TEST(buckets_around_every_change)
{
	int64_t t = 0;

	open_zone(zones[_i]);
	/* Step over the days; where the offset differs, find the change. */
	while (t < 4102444800) {
		int64_t low = t;
		int64_t high = t + S_PER_DAY;

		t = high;
		if (tz_offset(z, low) == tz_offset(z, high))
			continue;
		while (high - low > 1) {
			int64_t middle = low + (high - low) / 2;

			if (tz_offset(z, middle) == tz_offset(z, low))
				low = middle;
			else
				high = middle;
		}
		for (int64_t near = -7200; near <= 7200; near += 600)
			for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
				check_partition(units[u], high + near);
				check_partition(units[u], high + near - 1);
			}
	}
}
END_TEST

/* The definition of a day, followed step by step: its first instant is the first whose
 * local date is that day or later. */
START_TEST(days_start_with_the_first_reading_of_their_date)
{
	uint64_t state = 3;

	open_zone(zones[_i]);
	for (int i = 0; i < 200; i++) {
		int64_t start = tz_floor(
			z, TZ_DAY, (int64_t)(next_random(&state) << 20) % 2208988800);
		int64_t day = (start + tz_offset(z, start)) / S_PER_DAY;

		for (int64_t t = start - 50 * S_PER_HOUR; t < start; t += S_PER_MIN)
			LOOP_ASSERT((t + tz_offset(z, t)) / S_PER_DAY < day);
	}
}
END_TEST

START_TEST(full_units_in_utc)
{
	int64_t t = at("2026-03-04T05:06:07Z"); /* a Wednesday */

	open_zone("UTC");
	ck_time(tz_floor(z, TZ_MINUTE, t), "2026-03-04T05:06:00Z");
	ck_time(tz_floor(z, TZ_HOUR, t), "2026-03-04T05:00:00Z");
	ck_time(tz_floor(z, TZ_DAY, t), "2026-03-04T00:00:00Z");
	ck_time(tz_floor(z, TZ_WEEK, t), "2026-03-02T00:00:00Z");
	ck_time(tz_floor(z, TZ_MONTH, t), "2026-03-01T00:00:00Z");
	ck_time(tz_next(z, TZ_WEEK, t), "2026-03-09T00:00:00Z");
	ck_time(tz_next(z, TZ_MONTH, t), "2026-04-01T00:00:00Z");
	ck_time(tz_next(z, TZ_MONTH, at("2026-12-31T23:59:59Z")),
		"2027-01-01T00:00:00Z");
	ck_time(tz_ceil(z, TZ_DAY, t), "2026-03-05T00:00:00Z");
	ck_time(tz_ceil(z, TZ_DAY, at("2026-03-04T00:00:00Z")), "2026-03-04T00:00:00Z");
	ck_assert_int_eq(tz_floor(z, TZ_WEEK, 0), -3 * S_PER_DAY);
}
END_TEST

START_TEST(summer_time_in_madrid)
{
	open_zone("Europe/Madrid");
	/* 29 March 2026 has 23 hours: 02:00 is left out. */
	ck_time(tz_floor(z, TZ_DAY, at("2026-03-29T12:00:00Z")),
		"2026-03-28T23:00:00Z");
	ck_time(tz_next(z, TZ_DAY, at("2026-03-29T12:00:00Z")), "2026-03-29T22:00:00Z");
	ck_time(tz_next(z, TZ_HOUR, at("2026-03-29T00:30:00Z")),
		"2026-03-29T01:00:00Z");
	/* 25 October 2026 has 25: 02:00 comes twice, as two buckets of an hour. */
	ck_time(tz_floor(z, TZ_DAY, at("2026-10-25T12:00:00Z")),
		"2026-10-24T22:00:00Z");
	ck_time(tz_next(z, TZ_DAY, at("2026-10-25T12:00:00Z")), "2026-10-25T23:00:00Z");
	ck_time(tz_floor(z, TZ_HOUR, at("2026-10-25T00:30:00Z")),
		"2026-10-25T00:00:00Z");
	ck_time(tz_floor(z, TZ_HOUR, at("2026-10-25T01:30:00Z")),
		"2026-10-25T01:00:00Z");
	ck_time(tz_next(z, TZ_HOUR, at("2026-10-25T00:30:00Z")),
		"2026-10-25T01:00:00Z");
	ck_time(tz_next(z, TZ_MONTH, at("2026-10-25T00:30:00Z")),
		"2026-10-31T23:00:00Z");
	/* The rule of the footer, far beyond the table. */
	ck_time(tz_floor(z, TZ_DAY, at("2200-07-01T12:00:00Z")),
		"2200-06-30T22:00:00Z");
}
END_TEST

START_TEST(half_an_hour_of_summer_time)
{
	open_zone("Australia/Lord_Howe");
	/* 5 April 2026, 02:00 +11 -> 01:30 +10:30: the hour of 01 lasts 90 minutes. */
	ck_time(tz_floor(z, TZ_HOUR, at("2026-04-04T15:10:00Z")),
		"2026-04-04T14:00:00Z");
	ck_time(tz_next(z, TZ_HOUR, at("2026-04-04T14:10:00Z")),
		"2026-04-04T15:30:00Z");
	/* 4 October 2026, 02:00 +10:30 -> 02:30 +11: 02:00 is skipped, its hour starts
	 * at the change and lasts 30 minutes. */
	ck_time(tz_floor(z, TZ_HOUR, at("2026-10-03T15:40:00Z")),
		"2026-10-03T15:30:00Z");
	ck_time(tz_next(z, TZ_HOUR, at("2026-10-03T15:40:00Z")),
		"2026-10-03T16:00:00Z");
}
END_TEST

START_TEST(a_midnight_that_is_skipped)
{
	open_zone("America/Sao_Paulo");
	/* 4 November 2018: 00:00 -03 -> 01:00 -02. */
	ck_time(tz_floor(z, TZ_DAY, at("2018-11-04T12:00:00Z")),
		"2018-11-04T03:00:00Z");
	ck_time(tz_next(z, TZ_DAY, at("2018-11-04T12:00:00Z")), "2018-11-05T02:00:00Z");
	/* 18 February 2018: 00:00 -02 -> 23:00 -03, so that the 17th has 25 hours. */
	ck_time(tz_floor(z, TZ_DAY, at("2018-02-18T02:30:00Z")),
		"2018-02-17T02:00:00Z");
	ck_time(tz_next(z, TZ_DAY, at("2018-02-18T02:30:00Z")), "2018-02-18T03:00:00Z");
}
END_TEST

START_TEST(a_day_that_the_clock_goes_back_into)
{
	open_zone("America/St_Johns");
	/* 7 November 2010: 00:01 -02:30 -> 23:01 -03:30. The 7th has begun at 02:30 UTC
	 * and does not end for it. */
	ck_time(tz_floor(z, TZ_DAY, at("2010-11-07T02:30:30Z")),
		"2010-11-07T02:30:00Z");
	ck_time(tz_floor(z, TZ_DAY, at("2010-11-07T03:00:00Z")),
		"2010-11-07T02:30:00Z");
	ck_time(tz_next(z, TZ_DAY, at("2010-11-07T03:00:00Z")), "2010-11-08T03:30:00Z");
}
END_TEST

START_TEST(a_day_that_never_was)
{
	open_zone("Pacific/Apia");
	/* 29 December 2011 was followed by the 31st, at 10:00 UTC on the 30th. */
	ck_time(tz_next(z, TZ_DAY, at("2011-12-30T09:00:00Z")), "2011-12-30T10:00:00Z");
	ck_time(tz_next(z, TZ_DAY, at("2011-12-30T10:00:00Z")), "2011-12-31T10:00:00Z");
}
END_TEST

START_TEST(months)
{
	open_zone("Europe/Warsaw");
	ck_assert_int_eq(tz_month_index(z, at("1970-01-01T00:00:00Z")), 0);
	ck_assert_int_eq(tz_month_index(z, at("2026-01-31T22:59:59Z")), 56 * 12);
	ck_assert_int_eq(tz_month_index(z, at("2026-01-31T23:00:00Z")), 56 * 12 + 1);
	ck_time(tz_add_months(z, at("2026-01-31T11:00:00Z"), 1),
		"2026-02-28T11:00:00Z");
	ck_time(tz_add_months(z, at("2024-01-31T11:00:00Z"), 1),
		"2024-02-29T11:00:00Z");
	/* Noon stays noon over the change to summer time. */
	ck_time(tz_add_months(z, at("2026-03-15T11:00:00Z"), 1),
		"2026-04-15T10:00:00Z");
	ck_time(tz_add_months(z, at("2026-11-15T11:00:00Z"), 3),
		"2027-02-15T11:00:00Z");
	ck_time(tz_add_months(z, at("2026-03-31T10:00:00Z"), -1),
		"2026-02-28T11:00:00Z");
	ck_time(tz_add_months(z, at("2026-01-15T11:00:00Z"), -12),
		"2025-01-15T11:00:00Z");
	/* 29 March, 02:30, does not exist: the change stands in for it. */
	ck_time(tz_add_months(z, at("2026-02-28T01:30:00Z"), 0),
		"2026-02-28T01:30:00Z");
	ck_time(tz_add_months(z, at("2026-01-29T01:30:00Z"), 2),
		"2026-03-29T01:00:00Z");
}
END_TEST

START_TEST(days_later)
{
	open_zone("America/Santiago");
	/* The change to winter time: a week with 25 hours in one of its days. */
	ck_time(tz_add_days(z, at("2025-04-01T15:00:00Z"), 7), "2025-04-08T16:00:00Z");
	/* Midnight of 7 September does not exist: that day starts at the change, and is
	 * reached from the start of the day a week before. */
	ck_time(tz_add_days(z, at("2025-08-31T04:00:00Z"), 7), "2025-09-07T04:00:00Z");
	ck_time(tz_add_days(z, at("2025-08-31T04:30:00Z"), 7), "2025-09-07T04:00:00Z");
	ck_time(tz_add_days(z, at("2025-08-31T05:30:00Z"), 7), "2025-09-07T04:30:00Z");
	ck_time(tz_add_days(z, at("2025-08-31T04:30:00Z"), 0), "2025-08-31T04:30:00Z");
}
END_TEST

static const char *const no_zones[] = {
	"",
	"Nowhere/Atall",
	"/etc/passwd",
	"../../../etc/passwd",
	"Europe",
	"tzdata.zi",
	"zone.tab",
	"Europe/Madrid ",
	"Europe/A_Name_That_Is_Longer_Than_That_Of_Any_Place_On_This_Earth",
};

START_TEST(what_is_no_zone_is_refused)
{
	z = NULL;
	ck_assert_int_eq(tz_open(&z, no_zones[_i]), EMP_CONFIG);
	ck_assert_ptr_null(z);
}
END_TEST

Suite *
base_tz_suite(void)
{
	Suite *s = suite_create("base_tz");
	TCase *tc = tcase_create("tz");

	tcase_add_checked_fixture(tc, NULL, tear_down);
	tcase_add_loop_test(tc, offsets_are_those_of_the_c_library, 0, ZONES);
	tcase_add_loop_test(tc, buckets_cut_time_without_gap_or_overlap, 0, ZONES);
	tcase_add_loop_test(tc, buckets_around_every_change, 0, ZONES);
	tcase_add_loop_test(tc, days_start_with_the_first_reading_of_their_date, 0,
			    ZONES);
	tcase_add_test(tc, full_units_in_utc);
	tcase_add_test(tc, summer_time_in_madrid);
	tcase_add_test(tc, half_an_hour_of_summer_time);
	tcase_add_test(tc, a_midnight_that_is_skipped);
	tcase_add_test(tc, a_day_that_the_clock_goes_back_into);
	tcase_add_test(tc, a_day_that_never_was);
	tcase_add_test(tc, months);
	tcase_add_test(tc, days_later);
	tcase_add_loop_test(tc, what_is_no_zone_is_refused, 0,
			    (int)(sizeof no_zones / sizeof *no_zones));
	suite_add_tcase(s, tc);
	return s;
}
