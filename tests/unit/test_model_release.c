/* model/release: trees of units, and periods between their number, name and bounds. */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/release.h"
#include "unit.h"

#define END_OF_TIME 9214646400 /* 2262-01-01 */
#define STEP (29 * S_PER_HOUR + 17)
#define DAYS_PER_WEEK 7
#define WEEK_S (DAYS_PER_WEEK * S_PER_DAY)

static const char *const zones[] = {
	"UTC",
	"Europe/Madrid",
	"Europe/Warsaw",
	"Europe/Dublin",
	"America/New_York",
	"America/St_Johns",  /* was set back at 00:01, into the day before */
	"America/Sao_Paulo", /* changed at midnight */
	"America/Havana",
	"America/Godthab",
	"Africa/Casablanca",
	"Africa/Cairo",
	"Asia/Kathmandu",
	"Asia/Gaza",
	"Asia/Tehran",
	"Australia/Lord_Howe",
	"Australia/Sydney",
	"Pacific/Apia",       /* left out 2011-12-30 */
	"Pacific/Kiritimati", /* left out 1995-01-01, or the day before */
	"Pacific/Kwajalein",  /* left out 1993-08-21, was 12 hours behind */
	"Pacific/Chatham",
	"America/Juneau",
	"Antarctica/Troll",
};

#define ZONES ((int)(sizeof zones / sizeof *zones))

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena, 4096);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

/* ---- trees ---------------------------------------------------------------------- */

START_TEST(a_parent_is_the_nearest_unit_above)
{
	/* In the order of bytes '-' and '.' stand before '/': a subtree is not one
	 * stretch. */
	static const struct str units[] = {
		{"a", 1},       {"a-b", 3},  {"a-b/c", 5}, {"a.b", 3},   {"a/b", 3},
		{"a/b/c/d", 7}, {"a/bc", 4}, {"ab", 2},    {"x/y/z", 5},
	};
	static const uint32_t parents[] = {0, 0, 0, 2, 0, 1, 5, 1, 0, 0};
	struct release_tree t;

	ck_assert_int_eq(release_tree_make(&t, units, 9, &arena), EMP_OK);
	ck_assert_uint_eq(t.n, 10);
	ck_assert_uint_eq(t.unit[0].n, 0);
	for (uint32_t i = 0; i < t.n; i++)
		ck_assert_uint_eq(t.parent[i], parents[i]);
	ck_assert_uint_eq(release_unit(&t, STR("a/b/c/d")), 6);
	ck_assert_uint_eq(release_unit(&t, STR("a/b/c/d/e/f")), 6);
	ck_assert_uint_eq(release_unit(&t, STR("a/b/c")), 5);
	ck_assert_uint_eq(release_unit(&t, STR("a/bd")), 1);
	ck_assert_uint_eq(release_unit(&t, STR("a-b-c")), 0);
	ck_assert_uint_eq(release_unit(&t, STR("x/y")), 0);
	ck_assert_uint_eq(release_unit(&t, STR("zz")), 0);
	ck_assert_uint_eq(release_unit(&t, STR("Z")), 0);
	ck_assert_uint_eq(release_unit(&t, STR_NONE), 0);
}
END_TEST

START_TEST(no_unit_at_all_is_a_root)
{
	struct release_tree t;

	ck_assert_int_eq(release_tree_make(&t, NULL, 0, &arena), EMP_OK);
	ck_assert_uint_eq(t.n, 1);
	ck_assert_uint_eq(t.parent[0], 0);
	ck_assert_uint_eq(release_unit(&t, STR("any/where")), 0);
}
END_TEST

START_TEST(comments_count_people)
{
	struct question q = {.metric = METRIC_NPS, .lo = 0, .hi = 10};

	ck_assert_uint_eq(release_width(NULL), 1);
	ck_assert_uint_eq(release_width(&q), 11);
	q = (struct question){.metric = METRIC_CHOICE, .n_options = 3};
	ck_assert_uint_eq(release_width(&q), 1 + QUESTION_OPTIONS_STEP);
	q = (struct question){.metric = METRIC_TEXT};
	ck_assert_uint_eq(release_width(&q), 1);
}
END_TEST

/* ---- periods -------------------------------------------------------------------- */

static void
check_name(enum period p, int64_t number, const char *name)
{
	char text[RELEASE_PERIOD_MAX];
	int64_t back = -12345;

	if (release_period_name(text, p, number) != strlen(name) ||
	    strcmp(text, name) != 0)
		ck_abort_msg("%lld is %s, not %s", (long long)number, text, name);
	if (!release_period_find(p, str_from(name), &back) || back != number)
		ck_abort_msg("%s is read as %lld", name, (long long)back);
}

static int64_t
at(const char *text)
{
	int64_t ms;

	ck_assert(time_parse(str_from(text), &ms));
	return ms / MS_PER_S;
}

static void
check_date(enum period p, const char *time, const char *name)
{
	struct tz *utc;

	ck_assert_int_eq(tz_open(&utc, "UTC"), EMP_OK);
	check_name(p, release_period_of(utc, p, at(time)), name);
	tz_free(&utc);
}

START_TEST(weeks_are_those_of_iso_8601)
{
	check_date(PERIOD_WEEK, "1970-01-01T00:00:00Z", "1970-W01");
	check_date(PERIOD_WEEK, "2020-12-31T23:59:59Z", "2020-W53");
	check_date(PERIOD_WEEK, "2021-01-03T23:59:59Z", "2020-W53");
	check_date(PERIOD_WEEK, "2021-01-04T00:00:00Z", "2021-W01");
	check_date(PERIOD_WEEK, "2024-12-29T23:59:59Z", "2024-W52");
	check_date(PERIOD_WEEK, "2024-12-30T00:00:00Z", "2025-W01");
	check_date(PERIOD_WEEK, "2016-01-03T12:00:00Z", "2015-W53");
	check_date(PERIOD_WEEK, "2012-01-01T12:00:00Z", "2011-W52");
	check_date(PERIOD_WEEK, "2026-11-22T12:00:00Z", "2026-W47");
	check_date(PERIOD_WEEK, "2261-12-31T23:59:59Z", "2262-W01");
	check_name(PERIOD_WEEK, 0, "1970-W01");
	check_name(PERIOD_WEEK, 53, "1971-W01");
}
END_TEST

START_TEST(months_and_waves_have_names)
{
	check_date(PERIOD_MONTH, "1970-01-01T00:00:00Z", "1970-01");
	check_date(PERIOD_MONTH, "2026-11-30T23:59:59Z", "2026-11");
	check_date(PERIOD_MONTH, "2026-12-01T00:00:00Z", "2026-12");
	check_date(PERIOD_MONTH, "2261-12-31T23:59:59Z", "2261-12");
	check_name(PERIOD_MONTH, 0, "1970-01");
	check_name(PERIOD_MONTH, -1, "1969-12"); /* the first hours of 1970, west */
	check_name(PERIOD_MONTH, (2262 - 1970) * 12,
		   "2262-01"); /* and the last, east */
	check_name(PERIOD_WAVE, 1, "1");
	check_name(PERIOD_WAVE, 120, "120");
	check_name(PERIOD_WAVE, INT64_MAX, "9223372036854775807");
}
END_TEST

START_TEST(years_outside_of_events_are_written_all_the_same)
{
	char text[RELEASE_PERIOD_MAX];

	release_period_name(text, PERIOD_MONTH, (800 - 1970) * 12 + 2);
	ck_assert_str_eq(text, "0800-03");
	release_period_name(text, PERIOD_MONTH, (12026 - 1970) * 12 + 2);
	ck_assert_str_eq(text, "12026-03");
	release_period_name(text, PERIOD_MONTH, (-5 - 1970) * 12 + 11);
	ck_assert_str_eq(text, "-005-12");
	release_period_name(text, PERIOD_WEEK, -1);
	ck_assert_str_eq(text, "1969-W52");
	release_period_name(text, PERIOD_WEEK, -100000);
	ck_assert_str_eq(text, "0053-W25");
}
END_TEST

START_TEST(only_what_is_written_is_read)
{
	static const struct {
		enum period p;
		const char *name;
	} bad[] = {
		{PERIOD_WAVE, ""},
		{PERIOD_WAVE, "0"},
		{PERIOD_WAVE, "01"},
		{PERIOD_WAVE, "-1"},
		{PERIOD_WAVE, "+1"},
		{PERIOD_WAVE, " 1"},
		{PERIOD_WAVE, "1 "},
		{PERIOD_WAVE, "1.0"},
		{PERIOD_WAVE, "9223372036854775808"},
		{PERIOD_WAVE, "99999999999999999999999999"},
		{PERIOD_WAVE, "2026-11"},
		{PERIOD_WEEK, ""},
		{PERIOD_WEEK, "-"},
		{PERIOD_WEEK, "2026-"},
		{PERIOD_WEEK, "2026-W"},
		{PERIOD_WEEK, "2026W47"},
		{PERIOD_WEEK, "2026-47"},
		{PERIOD_WEEK, "2026-w47"},
		{PERIOD_WEEK, "2026-X47"},
		{PERIOD_WEEK, "2026-W47-1"},
		{PERIOD_WEEK, "2026-W7"},
		{PERIOD_WEEK, "2026-W007"},
		{PERIOD_WEEK, "2026-W00"},
		{PERIOD_WEEK, "2026-W54"},
		{PERIOD_WEEK, "2025-W53"}, /* a year of 52 */
		{PERIOD_WEEK, "2026-W99"},
		{PERIOD_WEEK, "02026-W47"},
		{PERIOD_WEEK, "26-W47"},
		{PERIOD_WEEK, "1969-W01"},
		{PERIOD_WEEK, "1969-W52"},
		{PERIOD_WEEK, "2262-W02"},
		{PERIOD_WEEK, "2026-11"},
		{PERIOD_WEEK, "99999999999999999999-W01"},
		{PERIOD_WEEK, "2026-W99999999999999999999"},
		{PERIOD_MONTH, ""},
		{PERIOD_MONTH, "2026"},
		{PERIOD_MONTH, "2026-"},
		{PERIOD_MONTH, "2026-1"},
		{PERIOD_MONTH, "2026-011"},
		{PERIOD_MONTH, "2026-00"},
		{PERIOD_MONTH, "2026-13"},
		{PERIOD_MONTH, "2026-11 "},
		{PERIOD_MONTH, "2026-11-01"},
		{PERIOD_MONTH, "-2026-11"},
		{PERIOD_MONTH, "2026/11"},
		{PERIOD_MONTH, "1969-11"},
		{PERIOD_MONTH, "2262-02"},
		{PERIOD_MONTH, "0800-03"},
		{PERIOD_MONTH, "9999-12"},
		{PERIOD_MONTH, "2026-W47"},
		{PERIOD_MONTH, "2026-9223372036854775807"},
	};
	int64_t number = 77;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (release_period_find(bad[i].p, str_from(bad[i].name), &number))
			ck_abort_msg("%s is taken", bad[i].name);
	}
	/* A NUL in the middle ends nothing. */
	ck_assert(!release_period_find(PERIOD_MONTH, (struct str){"2026-11\0x", 9},
				       &number));
	ck_assert(!release_period_find(PERIOD_WEEK, (struct str){"2026-W47", 7},
				       &number));
	ck_assert_int_eq(number, 77);
}
END_TEST

/* Every period in its turn: bounds that touch, a name that leads back, and its moments
 * belong to it and to no other. */
static void
walk(const struct tz *tz, enum period p, int64_t longest)
{
	int64_t number = release_period_of(tz, p, 0);
	int64_t until = INT64_MIN;
	char before[RELEASE_PERIOD_MAX] = "";

	for (int64_t t = 0; t < END_OF_TIME; number++) {
		char text[RELEASE_PERIOD_MAX];
		int64_t from;
		int64_t to;
		int64_t back;

		release_period_bounds(tz, p, number, &from, &to);
		LOOP_ASSERT(from <= t && t < to);
		LOOP_ASSERT(until == INT64_MIN || from == until);
		LOOP_ASSERT(to - from <= longest + S_PER_DAY);
		LOOP_ASSERT(to - from >= longest / 5 * 4);
		LOOP_ASSERT(release_period_of(tz, p, from) == number);
		LOOP_ASSERT(release_period_of(tz, p, from - 1) == number - 1);
		LOOP_ASSERT(release_period_of(tz, p, to - 1) == number);
		LOOP_ASSERT(release_period_of(tz, p, from + (to - from) / 3) == number);
		release_period_name(text, p, number);
		LOOP_ASSERT(release_period_find(p, str_from(text), &back));
		LOOP_ASSERT(back == number);
		/* The order of names is that of time. */
		LOOP_ASSERT(strcmp(before, text) < 0);
		memcpy(before, text, sizeof before);
		until = to;
		t = to;
	}
}

START_TEST(weeks_follow_each_other_in_every_zone)
{
	struct tz *tz;

	ck_assert_int_eq(tz_open(&tz, zones[_i]), EMP_OK);
	walk(tz, PERIOD_WEEK, WEEK_S);
	tz_free(&tz);
}
END_TEST

START_TEST(months_follow_each_other_in_every_zone)
{
	struct tz *tz;

	ck_assert_int_eq(tz_open(&tz, zones[_i]), EMP_OK);
	walk(tz, PERIOD_MONTH, 31 * S_PER_DAY);
	tz_free(&tz);
}
END_TEST

/* The name of a moment's week is what the local calendar says. */
START_TEST(weeks_are_those_of_the_local_calendar)
{
	struct tz *tz;

	ck_assert_int_eq(tz_open(&tz, zones[_i]), EMP_OK);
	for (int64_t t = 0; t < END_OF_TIME; t += STEP) {
		char text[RELEASE_PERIOD_MAX];
		int64_t day = (t + tz_offset(tz, t) + WEEK_S) / S_PER_DAY -
			DAYS_PER_WEEK;
		int64_t monday = day - (day + DAYS_PER_WEEK + 3) % DAYS_PER_WEEK;
		int64_t year;
		int64_t first;
		unsigned month;
		unsigned d;
		char want[64];

		time_civil_from_days(monday + 3, &year, &month, &d);
		first = time_days_from_civil(year, 1, 1);
		snprintf(want, sizeof want, "%d-W%02d", (int)year,
			 (int)((monday + 3 - first) / DAYS_PER_WEEK) + 1);
		release_period_name(text, PERIOD_WEEK,
				    release_period_of(tz, PERIOD_WEEK, t));
		if (strcmp(text, want) != 0)
			ck_abort_msg("%s: %lld is %s, not %s", zones[_i], (long long)t,
				     text, want);
	}
	tz_free(&tz);
}
END_TEST

/* St. John's set its clock back at 00:01 of 2009-11-01, to 23:01 of October 31st: that
 * hour is November's already. */
START_TEST(a_clock_set_back_over_midnight_does_not_return)
{
	struct tz *tz;
	int64_t from;
	int64_t to;

	ck_assert_int_eq(tz_open(&tz, "America/St_Johns"), EMP_OK);
	check_name(PERIOD_MONTH,
		   release_period_of(tz, PERIOD_MONTH, at("2009-11-01T02:29:59Z")),
		   "2009-10");
	check_name(PERIOD_MONTH,
		   release_period_of(tz, PERIOD_MONTH, at("2009-11-01T02:30:00Z")),
		   "2009-11");
	check_name(PERIOD_MONTH,
		   release_period_of(tz, PERIOD_MONTH, at("2009-11-01T02:45:00Z")),
		   "2009-11");
	tz_free(&tz);
	ck_assert_int_eq(tz_open(&tz, "Europe/Madrid"), EMP_OK);
	release_period_bounds(
		tz, PERIOD_MONTH,
		release_period_of(tz, PERIOD_MONTH, at("2026-03-31T22:30:00Z")), &from,
		&to);
	ck_assert_int_eq(from, at("2026-03-31T22:00:00Z"));
	ck_assert_int_eq(to, at("2026-04-30T22:00:00Z"));
	release_period_bounds(
		tz, PERIOD_WEEK,
		release_period_of(tz, PERIOD_WEEK, at("2026-03-29T12:00:00Z")), &from,
		&to);
	ck_assert_int_eq(to - from, WEEK_S - S_PER_HOUR);
	ck_assert_int_eq(to, at("2026-03-29T22:00:00Z"));
	tz_free(&tz);
}
END_TEST

Suite *
model_release_suite(void)
{
	Suite *s = suite_create("model_release");
	TCase *c = tcase_create("trees");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_parent_is_the_nearest_unit_above);
	tcase_add_test(c, no_unit_at_all_is_a_root);
	tcase_add_test(c, comments_count_people);
	suite_add_tcase(s, c);
	c = tcase_create("periods");
	tcase_add_test(c, weeks_are_those_of_iso_8601);
	tcase_add_test(c, months_and_waves_have_names);
	tcase_add_test(c, years_outside_of_events_are_written_all_the_same);
	tcase_add_test(c, only_what_is_written_is_read);
	tcase_add_loop_test(c, weeks_follow_each_other_in_every_zone, 0, ZONES);
	tcase_add_loop_test(c, months_follow_each_other_in_every_zone, 0, ZONES);
	tcase_add_loop_test(c, weeks_are_those_of_the_local_calendar, 0, ZONES);
	tcase_add_test(c, a_clock_set_back_over_midnight_does_not_return);
	suite_add_tcase(s, c);
	return s;
}
