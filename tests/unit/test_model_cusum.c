/*
 * model/cusum: run lengths against chains solved by hand and against simulation, and
 * what the chart sees that a limit for single weeks does not.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "model/cusum.h"
#include "unit.h"

#define RUNS 20000
#define TOLERANCE 0.03 /* four standard errors of a mean of so many runs, and more */

static void
near(double got, double want, double within)
{
	ck_assert_msg(fabs(got - want) <= within * want, "%.9g is not %.9g", got, want);
}

static double
arl(double k, double h, double mean)
{
	double out;

	ck_assert_int_eq(cusum_arl((uint32_t)(k * CUSUM_PARTS),
				   (uint32_t)(h * CUSUM_PARTS), mean, &out),
			 EMP_OK);
	return out;
}

static struct cusum_chart
chart(double l0)
{
	struct cusum_chart c;

	ck_assert_int_eq(cusum_chart_for(l0, &c), EMP_OK);
	return c;
}

/* With k = h = 1 there is one state, left with any count from 2 on. */
START_TEST(a_chain_of_one_state)
{
	for (double m = 0.1; m < 4; m *= 2)
		near(arl(1, 1, m), 1 / (1 - exp(-m) * (1 + m)), 1e-12);
}
END_TEST

/* With k = 1 and h = 2 there are two: 0 (stays with a count up to 1, rises with 2) and
 * 1 (falls with 0, stays with 1). */
START_TEST(a_chain_of_two_states)
{
	for (double m = 0.1; m < 4; m *= 2) {
		double p0 = exp(-m);
		double p1 = p0 * m;
		double p2 = p1 * m / 2;
		double want = (1 + p2 / (1 - p1)) / (1 - p0 - p1 - p2 * p0 / (1 - p1));

		near(arl(1, 2, m), want, 1e-10);
	}
}
END_TEST

/* Counts in steps of two eighths of nothing: k = 2.5 and h = 1 is left from 4 on, and
 * also after a 3 (S = 0.5) by another 3 or more. */
START_TEST(a_chain_on_the_lattice)
{
	double m = 1.5;
	double p0 = exp(-m);
	double p1 = p0 * m;
	double p2 = p1 * m / 2;
	double p3 = p2 * m / 3;
	double low = p0 + p1 + p2; /* to 0, from either state */

	near(arl(2.5, 1, m), (1 + p3) / (1 - low - p3 * low), 1e-10);
}
END_TEST

static uint64_t random_state;

/* In (0, 1]. */
static double
uniform(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((double)(random_state >> 11) + 1) / 9007199254740992.0;
}

static unsigned
poisson(double mean)
{
	double limit = exp(-mean);
	double product = uniform();
	unsigned n = 0;

	while (product > limit) {
		product *= uniform();
		n++;
	}
	return n;
}

static double
simulated(double k, double h, double mean)
{
	double weeks = 0;

	for (int run = 0; run < RUNS; run++) {
		double s = 0;

		do {
			s = fmax(0, s + poisson(mean) - k);
			weeks++;
		} while (s < h);
	}
	return weeks / RUNS;
}

START_TEST(run_lengths_are_those_of_a_simulation)
{
	random_state = 20260107;
	for (double l0 = 0.5; l0 < 20; l0 *= 5) {
		struct cusum_chart c = chart(l0);

		near(simulated(c.k, c.h, c.l1), c.arl1, TOLERANCE);
		/* A middle rate: long enough to tell, short enough to run. */
		near(simulated(c.k, c.h, 1.4 * l0), arl(c.k, c.h, 1.4 * l0), TOLERANCE);
	}
	near(simulated(2.875, 4, 2), arl(2.875, 4, 2), TOLERANCE);
}
END_TEST

START_TEST(the_interval_is_the_smallest_that_holds_the_target)
{
	for (double l0 = 0.5; l0 < 60; l0 *= 1.37) {
		struct cusum_chart c = chart(l0);
		double part = 1.0 / CUSUM_PARTS;

		ck_assert(c.l0 == l0 && c.l1 == 2 * l0);
		ck_assert(fabs(c.k - l0 / log(2)) <= part / 2);
		ck_assert(c.k > c.l0 && c.k < c.l1);
		ck_assert(c.arl0 >= CUSUM_TARGET_WEEKS);
		near(c.arl0, arl(c.k, c.h, l0), 1e-12);
		if (c.h > part)
			ck_assert(arl(c.k, c.h - part, l0) < CUSUM_TARGET_WEEKS);
		ck_assert(c.h < 12); /* far below the bound of the search */
	}
}
END_TEST

START_TEST(any_rate_has_a_chart)
{
	struct cusum_chart c = chart(0);

	ck_assert(c.l0 == CUSUM_BASELINE_FLOOR);
	ck_assert(c.h > 1 - c.k); /* one report alone is no alarm */
	for (double l0 = 100; l0 < 5e9; l0 *= 7) {
		c = chart(l0);
		ck_assert(c.arl0 >= CUSUM_TARGET_WEEKS);
		ck_assert(c.arl1 >= 1 && c.arl1 < 1.01);
		ck_assert(c.k > c.l0 && c.k < c.l1);
	}
}
END_TEST

/* Lucas: small shifts are seen sooner than with a limit for the count of one week. */
START_TEST(it_sees_a_doubling_sooner_than_a_weekly_limit)
{
	for (double l0 = 1; l0 <= 5; l0++) {
		struct cusum_chart c = chart(l0);
		double above = 1;
		double above_l1 = 1;
		double p = exp(-l0);
		double p_l1 = exp(-c.l1);

		/* The smallest limit with as few false alarms. */
		for (unsigned x = 0; 1 / above < CUSUM_TARGET_WEEKS; x++) {
			above -= p;
			above_l1 -= p_l1;
			p *= l0 / (x + 1);
			p_l1 *= c.l1 / (x + 1);
		}
		ck_assert(c.arl1 < 0.75 / above_l1);
		/* And ever sooner, the higher the rate. */
		ck_assert(arl(c.k, c.h, 3 * l0) < c.arl1);
		ck_assert(c.arl1 < arl(c.k, c.h, 1.5 * l0));
	}
}
END_TEST

#define WEEKS 60

static void
watch(const uint32_t *counts, struct cusum_chart *c, struct cusum_week *w)
{
	ck_assert_int_eq(cusum_watch(counts, WEEKS, c, w), EMP_OK);
}

START_TEST(a_doubling_is_seen_and_dated)
{
	uint32_t counts[WEEKS];
	struct cusum_chart c;
	struct cusum_week w[WEEKS];
	struct cusum_alarm a[4];

	for (size_t i = 0; i < WEEKS; i++)
		counts[i] = i < 30 ? 4 + i % 3 : i < 40 ? 10 : 4 + i % 3;
	watch(counts, &c, w);
	ck_assert(c.l0 == 5);
	ck_assert_uint_eq(cusum_alarms(w, WEEKS, a, 4), 1);
	ck_assert_uint_eq(a[0].start, 30);
	/* 10 - 7.25 a week: over 6.625 in the third. */
	ck_assert_uint_eq(a[0].first, 32);
	ck_assert_uint_eq(a[0].last, 39); /* ends with its cause */
	ck_assert(!w[40].alarm && w[59].statistic == 0);
	ck_assert(w[30].statistic == 2.75 && w[31].statistic == 5.5);
	for (size_t i = 0; i < CUSUM_BASELINE_WEEKS; i++)
		ck_assert(w[i].statistic == 0 && !w[i].alarm);
	/* No single week was out of the ordinary: 10 come once a month at a rate of 5
	 * among a few dozen categories. */
	for (size_t i = 0; i < WEEKS; i++)
		ck_assert_uint_le(counts[i], 10);
}
END_TEST

START_TEST(alarms_of_one_start_are_one)
{
	uint32_t counts[WEEKS] = {0};
	struct cusum_chart c;
	struct cusum_week w[WEEKS];
	struct cusum_alarm a[1];

	for (size_t i = 0; i < WEEKS; i++)
		counts[i] = 5;
	counts[20] = 14; /* S = 6.75, kept at 6.625: alarm */
	counts[21] = 7;  /* just below k: no alarm, not 0 */
	counts[22] = 9;  /* alarm again, of the same start */
	counts[40] = 30;
	watch(counts, &c, w);
	ck_assert(w[20].alarm && !w[21].alarm && w[22].alarm);
	ck_assert(w[20].statistic == c.h);
	ck_assert_uint_eq(cusum_alarms(w, WEEKS, a, 1), 2); /* counted, not written */
	ck_assert_uint_eq(a[0].start, 20);
	ck_assert_uint_eq(a[0].first, 20);
	ck_assert_uint_eq(a[0].last, 22);
	ck_assert_uint_eq(cusum_alarms(w, 20, a, 1), 0);
}
END_TEST

START_TEST(one_report_of_the_unheard_of_is_no_alarm)
{
	uint32_t counts[WEEKS] = {0};
	struct cusum_chart c;
	struct cusum_week w[WEEKS];

	counts[20] = 1;
	counts[40] = 3;
	watch(counts, &c, w);
	ck_assert(c.l0 == CUSUM_BASELINE_FLOOR);
	for (size_t i = 0; i < WEEKS; i++)
		ck_assert(!w[i].alarm);
	counts[41] = 4;
	watch(counts, &c, w);
	ck_assert(w[41].alarm && w[41].start == 40);
}
END_TEST

START_TEST(there_must_be_weeks_to_watch)
{
	uint32_t counts[CUSUM_BASELINE_WEEKS + 1] = {0};
	struct cusum_week w[CUSUM_BASELINE_WEEKS + 1];
	struct cusum_chart c;

	ck_assert_int_eq(cusum_watch(counts, 0, &c, w), EMP_NOT_FOUND);
	ck_assert_int_eq(cusum_watch(counts, CUSUM_BASELINE_WEEKS, &c, w),
			 EMP_NOT_FOUND);
	ck_assert_int_eq(cusum_watch(counts, CUSUM_BASELINE_WEEKS + 1, &c, w), EMP_OK);
}
END_TEST

Suite *
model_cusum_suite(void)
{
	Suite *s = suite_create("model_cusum");
	TCase *tc = tcase_create("run lengths");

	tcase_add_test(tc, a_chain_of_one_state);
	tcase_add_test(tc, a_chain_of_two_states);
	tcase_add_test(tc, a_chain_on_the_lattice);
	tcase_add_test(tc, run_lengths_are_those_of_a_simulation);
	tcase_add_test(tc, the_interval_is_the_smallest_that_holds_the_target);
	tcase_add_test(tc, any_rate_has_a_chart);
	tcase_add_test(tc, it_sees_a_doubling_sooner_than_a_weekly_limit);
	suite_add_tcase(s, tc);
	tc = tcase_create("watch");
	tcase_add_test(tc, a_doubling_is_seen_and_dated);
	tcase_add_test(tc, alarms_of_one_start_are_one);
	tcase_add_test(tc, one_report_of_the_unheard_of_is_no_alarm);
	tcase_add_test(tc, there_must_be_weeks_to_watch);
	suite_add_tcase(s, tc);
	return s;
}
