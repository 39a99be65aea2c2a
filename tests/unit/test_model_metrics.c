/*
 * model/metrics: each formula has its published vector, and next to it what a naive
 * version of the formula would have said.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "model/metrics.h"
#include "unit.h"

#define TOP_TWO_OF_5 (1u << 4 | 1u << 5)
#define TOP_TWO_OF_4 (1u << 3 | 1u << 4)
#define DAY 86400

static struct hist
hist_of(int lo, int hi, const uint64_t *v)
{
	struct hist h;

	hist_init(&h, lo, hi);
	for (int i = 0; i <= hi - lo; i++)
		h.v[i] = v[i];
	return h;
}
#define HIST(lo, hi, ...) hist_of(lo, hi, (const uint64_t[]){__VA_ARGS__})

/* To as many decimals as figures are shown with. */
static void
is(double got, double want, double within)
{
	ck_assert_msg(fabs(got - want) <= within, "%.6f is not %.6f", got, want);
}

START_TEST(csat_is_the_share_of_the_satisfied)
{
	struct hist five = HIST(1, 5, 14, 9, 10, 32, 42);
	struct hist four = HIST(1, 4, 289, 280, 442, 459);
	struct hist ten = HIST(0, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

	is(metric_csat(&five, TOP_TWO_OF_5), 69.16, 0.005);
	is(metric_csat(&four, TOP_TWO_OF_4), 100.0 * (442 + 459) / 1470, 1e-9);
	is(metric_csat(&ten, 1u << 10), 50, 0);
}
END_TEST

START_TEST(csat_is_not_a_mean_of_means)
{
	struct hist small = HIST(1, 5, 0, 0, 0, 0, 2);
	struct hist large = HIST(1, 5, 49, 0, 0, 0, 49);
	double naive = (metric_csat(&small, TOP_TWO_OF_5) +
			metric_csat(&large, TOP_TWO_OF_5)) /
		2;

	hist_add(&large, &small);
	is(metric_csat(&large, TOP_TWO_OF_5), 51, 1e-9);
	is(naive, 75, 1e-9);
}
END_TEST

START_TEST(csat_is_not_a_rescaled_mean)
{
	struct hist h = HIST(1, 5, 14, 9, 10, 32, 42);
	double naive = (hist_mean(&h) - 1) / 4 * 100;

	ck_assert(fabs(metric_csat(&h, TOP_TWO_OF_5) - naive) > 0.5);
}
END_TEST

START_TEST(nps_is_promoters_minus_detractors)
{
	struct hist h = HIST(0, 10, 1, 1, 1, 1, 2, 2, 2, 15, 20, 30, 25);

	ck_assert_uint_eq(hist_n(&h), 100);
	is(metric_nps(&h), 45, 0);
	is(metric_nps_margin(&h), 13.1, 0.05);
}
END_TEST

START_TEST(nps_is_not_the_mean_of_the_buckets_scores)
{
	struct hist first = HIST(0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10);
	struct hist second = HIST(0, 10, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	double naive = (metric_nps(&first) + metric_nps(&second)) / 2;

	hist_add(&first, &second);
	is(metric_nps(&first), -50, 0);
	is(naive, 0, 0);
}
END_TEST

START_TEST(nps_counts_the_passive_in_its_denominator)
{
	struct hist h = HIST(0, 10, 10, 0, 0, 0, 0, 0, 0, 35, 0, 0, 55);
	double naive = 100.0 * (55 - 10) / (55 + 10);

	is(metric_nps(&h), 45, 0);
	ck_assert(fabs(metric_nps(&h) - naive) > 20);
}
END_TEST

START_TEST(nps_has_no_margin_below_thirty)
{
	struct hist h = HIST(0, 10, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15);
	struct hist like_five = HIST(1, 5, 0, 0, 10, 10, 10);

	ck_assert(isnan(metric_nps_margin(&h)));
	ck_assert(!isnan(metric_nps(&h)));
	h.v[0]++;
	ck_assert(!isnan(metric_nps_margin(&h)));
	ck_assert(isnan(metric_nps(&like_five)));
	ck_assert(isnan(metric_nps_margin(&like_five)));
}
END_TEST

START_TEST(ces_is_a_mean_and_the_share_from_five)
{
	struct hist h = HIST(1, 7, 80, 210, 140, 110, 160, 180, 120);
	double top_two = 100.0 * (180 + 120) / 1000;

	is(hist_mean(&h), 4.08, 1e-9);
	is(metric_ces_easy(&h), 46.0, 1e-9);
	ck_assert(fabs(metric_ces_easy(&h) - top_two) > 10);
}
END_TEST

START_TEST(pulse_has_three_parts)
{
	struct hist five = HIST(1, 5, 1, 2, 3, 4, 10);
	struct hist four = HIST(1, 4, 1, 1, 1, 1);
	double up;
	double mid;
	double down;

	metric_pulse(&five, &up, &mid, &down);
	is(up, 70, 1e-9);
	is(mid, 15, 1e-9);
	is(down, 15, 1e-9);
	metric_pulse(&four, &up, &mid, &down);
	is(up, 50, 0);
	is(mid, 0, 0);
	is(down, 50, 0);
}
END_TEST

START_TEST(nothing_answered_is_no_figure)
{
	struct hist h;
	double up;
	double mid;
	double down;

	hist_init(&h, 1, 5);
	ck_assert(isnan(hist_mean(&h)));
	ck_assert(isnan(metric_csat(&h, TOP_TWO_OF_5)));
	metric_pulse(&h, &up, &mid, &down);
	ck_assert(isnan(up) && isnan(mid) && isnan(down));
	hist_init(&h, 0, 10);
	ck_assert(isnan(metric_nps(&h)));
	hist_init(&h, 1, 7);
	ck_assert(isnan(metric_ces_easy(&h)));
	ck_assert(isnan(metric_share(0, 0)));
	ck_assert(isnan(metric_share(3, 0)));
	ck_assert(isnan(metric_per_person(3, 0)));
	ck_assert(isnan(metric_retention(0, 5, 5)));
	ck_assert(isnan(metric_churn_of_due(0, 0)));
	ck_assert(isnan(metric_turnover(1, 0)));
	ck_assert(isnan(metric_turnover(1, NAN)));
	ck_assert(isnan(metric_lost_time(1, 0)));
	ck_assert(isnan(metric_wilson_lower(0, 0)));
}
END_TEST

START_TEST(merging_in_any_order_gives_the_same_figures)
{
	srand(20260101);
	for (int round = 0; round < 500; round++) {
		struct hist part[8];
		struct hist up;
		struct hist down;
		struct hist tree;

		hist_init(&up, 0, 10);
		hist_init(&down, 0, 10);
		hist_init(&tree, 0, 10);
		for (int i = 0; i < 8; i++) {
			hist_init(&part[i], 0, 10);
			for (int v = 0; v <= 10; v++)
				part[i].v[v] = (uint64_t)rand() % 1000003;
		}
		for (int i = 0; i < 8; i++) {
			hist_add(&up, &part[i]);
			hist_add(&down, &part[7 - i]);
		}
		for (int width = 1; width < 8; width *= 2) {
			for (int i = 0; i < 8; i += 2 * width)
				hist_add(&part[i], &part[i + width]);
		}
		tree = part[0];
		/* Not "close": equal, bit for bit. */
		ck_assert(hist_mean(&up) == hist_mean(&down));
		ck_assert(hist_mean(&up) == hist_mean(&tree));
		ck_assert(metric_nps(&up) == metric_nps(&tree));
		ck_assert(metric_nps_margin(&up) == metric_nps_margin(&down));
		ck_assert(metric_csat(&up, 0x600) == metric_csat(&tree, 0x600));
	}
}
END_TEST

START_TEST(a_response_rate_follows_what_is_known)
{
	struct response r = metric_response(40, 30, 100, 80);

	ck_assert_int_eq(r.basis, RESPONSE_INVITED);
	is(r.rate, 75, 0);
	r = metric_response(0, 0, 100, 80);
	ck_assert_int_eq(r.basis, RESPONSE_SHOWN);
	is(r.rate, 80, 0);
	r = metric_response(0, 0, 0, 80);
	ck_assert_int_eq(r.basis, RESPONSE_UNSOLICITED);
	ck_assert(isnan(r.rate));
}
END_TEST

START_TEST(unsolicited_is_what_nobody_asked_for)
{
	ck_assert_uint_eq(metric_unsolicited(80, 0, 0), 80);
	ck_assert_uint_eq(metric_unsolicited(80, 30, 0), 50);
	ck_assert_uint_eq(metric_unsolicited(80, 30, 45), 5);
	ck_assert_uint_eq(metric_unsolicited(80, 30, 100), 0);
	/* The naive difference would not be a number of answers. */
	ck_assert_uint_eq(metric_unsolicited(10, 12, 0), 0);
}
END_TEST

START_TEST(frequency_is_per_head_and_thirty_days)
{
	is(metric_frequency(60, 30, 30 * 86400), 2, 0);
	is(metric_frequency(60, 30, 15 * 86400), 4, 0);
	ck_assert(isnan(metric_frequency(60, 0, 86400)));
	ck_assert(isnan(metric_frequency(60, 30, 0)));
}
END_TEST

START_TEST(a_response_rate_is_not_clamped)
{
	struct response r = metric_response(0, 0, 10, 15);
	double naive = fmin(100, r.rate);

	is(r.rate, 150, 0);
	ck_assert(r.rate != naive);
	/* Nor are all answers held against the invitations. */
	r = metric_response(10, 5, 0, 15);
	is(r.rate, 50, 0);
}
END_TEST

START_TEST(retention_takes_the_new_ones_out)
{
	is(metric_retention(200, 210, 40), 85, 0);
	ck_assert(metric_retention(200, 210, 40) != 100.0 * 210 / 200);
	is(metric_retention(100, 130, 20), 110, 0); /* not clamped */
	is(metric_retention(100, 10, 20), -10, 0);
}
END_TEST

START_TEST(churn_is_of_those_whose_contract_was_due)
{
	double naive = 100.0 * 20 / 1000; /* of all customers */

	is(metric_churn_of_due(20, 60), 25, 0);
	ck_assert(metric_churn_of_due(20, 60) != naive);
}
END_TEST

START_TEST(lost_time_is_days_of_possible_days)
{
	is(metric_lost_time(12400, 155000), 8.0, 1e-9);
	is(metric_lost_time(50, 155000), 100 * 0.5 / 1550, 1e-12);
}
END_TEST

START_TEST(absence_frequency_is_of_the_mean_headcount)
{
	is(metric_absence_frequency(34, 42.5), 0.8, 1e-12);
	ck_assert(isnan(metric_absence_frequency(1, 0)));
	ck_assert(isnan(metric_absence_frequency(1, NAN)));
}
END_TEST

START_TEST(turnover_is_of_the_mean_headcount)
{
	const struct level l[] = {{0, 100}, {90 * DAY, 40}};
	double mean = level_mean(l, 2, 0, 120 * DAY);

	is(mean, 85, 1e-9);
	is(metric_turnover(17, mean), 20, 1e-9);
	/* With the latest headcount for all time it would be twice as high. */
	is(metric_turnover(17, (double)level_at(l, 2, 120 * DAY)), 42.5, 1e-9);
	is(metric_turnover(237, 1470), 16.12, 0.005);
}
END_TEST

START_TEST(levels_hold_from_their_time_on)
{
	const struct level l[] = {{100, 5}, {200, 7}, {200, 8}, {300, 0}};

	ck_assert_int_eq(level_at(l, 4, 99), -1);
	ck_assert_int_eq(level_at(l, 4, 100), 5);
	ck_assert_int_eq(level_at(l, 4, 199), 5);
	ck_assert_int_eq(level_at(l, 4, 200), 8);
	ck_assert_int_eq(level_at(l, 4, 1000), 0);
	ck_assert_int_eq(level_at(NULL, 0, 5), -1);
	/* What is before the first is unknown, not zero. */
	is(level_mean(l, 4, 0, 200), 5, 0);
	is(level_mean(l, 4, 150, 250), 6.5, 0);
	is(level_mean(l, 4, 250, 350), 4, 0);
	ck_assert(isnan(level_mean(l, 4, 0, 100)));
	ck_assert(isnan(level_mean(l, 4, 150, 150)));
	ck_assert(isnan(level_mean(NULL, 0, 0, 100)));
}
END_TEST

START_TEST(recognition_counts_people_once)
{
	/* Three recognitions, two of them to one person, among four. */
	is(metric_share(2, 4), 50, 0);
	ck_assert(metric_share(2, 4) != metric_share(3, 4));
	is(metric_per_person(3, 4), 0.75, 0);
}
END_TEST

START_TEST(wilson_is_cautious_with_few)
{
	is(metric_wilson_lower(19, 20), 0.764, 0.0005);
	is(metric_wilson_lower(45, 50), 0.786, 0.0005);
	ck_assert(metric_wilson_lower(5, 5) < 0.75); /* though 5/5 is 100 % */
	is(metric_wilson_lower(0, 20), 0, 1e-12);
}
END_TEST

START_TEST(reviews_are_told_apart_by_what_followed)
{
	struct review_figures r = metric_reviews(60, 30, 10, 4);

	is(r.reinforcement, 60, 0);
	is(r.punitive, 25, 0);
	is(r.arbitrary, 40, 0);
	/* Of all reviews, praise would dilute how mistakes are treated. */
	ck_assert(fabs(r.punitive - metric_share(10, 100)) > 10);
	r = metric_reviews(5, 0, 0, 0);
	is(r.reinforcement, 100, 0);
	ck_assert(isnan(r.punitive) && isnan(r.arbitrary));
	ck_assert(isnan(metric_reviews(0, 0, 0, 0).reinforcement));
}
END_TEST

START_TEST(a_median_of_values_is_of_all_of_them)
{
	struct value_count days[] = {{9, 1}, {1, 3}, {400, 1}, {2, 1}, {9, 1}};
	struct value_count even[] = {{4, 2}, {7, 2}};

	is(value_counts_median(days, 5), 2, 0); /* 1 1 1 2 9 9 400: mean 60.4 */
	is(value_counts_median(even, 2), 5.5, 0);
	even[0].n = 3;
	is(value_counts_median(even, 2), 4, 0);
	even[0].n = 0;
	is(value_counts_median(even, 2), 7, 0);
	even[1].n = 0;
	ck_assert(isnan(value_counts_median(even, 2)));
	ck_assert(isnan(value_counts_median(NULL, 0)));
}
END_TEST

START_TEST(big_counts_stay_exact)
{
	uint64_t big = UINT64_C(1) << 60;
	struct hist h = HIST(1, 5, big, 0, 0, 0, big);

	is(hist_mean(&h), 3, 0);
	is(metric_csat(&h, TOP_TWO_OF_5), 50, 0);
	is(metric_share(big * 8, big * 8 + 1), 100, 1e-9);
}
END_TEST

Suite *
model_metrics_suite(void)
{
	Suite *s = suite_create("model_metrics");
	TCase *tc = tcase_create("formulas");

	tcase_add_test(tc, csat_is_the_share_of_the_satisfied);
	tcase_add_test(tc, csat_is_not_a_mean_of_means);
	tcase_add_test(tc, csat_is_not_a_rescaled_mean);
	tcase_add_test(tc, nps_is_promoters_minus_detractors);
	tcase_add_test(tc, nps_is_not_the_mean_of_the_buckets_scores);
	tcase_add_test(tc, nps_counts_the_passive_in_its_denominator);
	tcase_add_test(tc, nps_has_no_margin_below_thirty);
	tcase_add_test(tc, ces_is_a_mean_and_the_share_from_five);
	tcase_add_test(tc, pulse_has_three_parts);
	tcase_add_test(tc, nothing_answered_is_no_figure);
	tcase_add_test(tc, merging_in_any_order_gives_the_same_figures);
	tcase_add_test(tc, a_response_rate_follows_what_is_known);
	tcase_add_test(tc, unsolicited_is_what_nobody_asked_for);
	tcase_add_test(tc, frequency_is_per_head_and_thirty_days);
	tcase_add_test(tc, a_response_rate_is_not_clamped);
	tcase_add_test(tc, retention_takes_the_new_ones_out);
	tcase_add_test(tc, churn_is_of_those_whose_contract_was_due);
	tcase_add_test(tc, lost_time_is_days_of_possible_days);
	tcase_add_test(tc, absence_frequency_is_of_the_mean_headcount);
	tcase_add_test(tc, turnover_is_of_the_mean_headcount);
	tcase_add_test(tc, levels_hold_from_their_time_on);
	tcase_add_test(tc, recognition_counts_people_once);
	tcase_add_test(tc, wilson_is_cautious_with_few);
	tcase_add_test(tc, reviews_are_told_apart_by_what_followed);
	tcase_add_test(tc, a_median_of_values_is_of_all_of_them);
	tcase_add_test(tc, big_counts_stay_exact);
	suite_add_tcase(s, tc);
	return s;
}
