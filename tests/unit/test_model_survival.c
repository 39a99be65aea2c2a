/*
 * model/survival: the product-limit estimator against worked examples, itself written
 * another way, and the naive figures that it replaces.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "model/survival.h"
#include "unit.h"

#define OPEN(ms_)                                                                      \
	{                                                                              \
		(ms_), false                                                           \
	}
#define DONE(ms_)                                                                      \
	{                                                                              \
		(ms_), true                                                            \
	}
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct survival
of(struct survival_item *items, size_t n)
{
	struct survival s;

	survival_of(items, n, &s);
	return s;
}

START_TEST(without_anything_open_it_is_the_plain_quantile)
{
	struct survival_item ten[] = {DONE(100), DONE(30), DONE(20), DONE(90),
				      DONE(50),  DONE(60), DONE(70), DONE(80),
				      DONE(40),  DONE(10)};
	struct survival s = of(ten, COUNT(ten));

	ck_assert_uint_eq(s.n, 10);
	ck_assert_uint_eq(s.answered, 10);
	ck_assert(s.median.ms == 50 &&
		  s.p90.ms == 90); /* exactly a half, nine tenths */
	ck_assert_int_eq(s.median.at_least, -1);
}
END_TEST

/* Remission times of 21 patients under 6-mercaptopurine (Freireich et al. 1963), the
 * usual example: the median is 23 weeks, and a tenth is never reached. */
START_TEST(the_usual_example)
{
	struct survival_item w[] = {
		DONE(6),  DONE(6),  DONE(6),  OPEN(6),  DONE(7),  OPEN(9),  DONE(10),
		OPEN(10), OPEN(11), DONE(13), DONE(16), OPEN(17), OPEN(19), OPEN(20),
		DONE(22), DONE(23), OPEN(25), OPEN(32), OPEN(32), OPEN(34), OPEN(35)};
	struct survival s = of(w, COUNT(w));

	ck_assert_uint_eq(s.answered, 9);
	ck_assert(s.median.ms == 23);
	ck_assert(isnan(s.p90.ms));
	ck_assert_int_eq(s.p90.at_least, 35);
}
END_TEST

START_TEST(a_backlog_cannot_improve_it)
{
	struct survival_item w[100];
	double before;
	double mean_before;

	for (size_t i = 0; i < 60; i++)
		w[i] = (struct survival_item)DONE((int64_t)i + 1);
	before = of(w, 60).median.ms;
	mean_before = 30.5;
	ck_assert(before == 30);
	/* Forty more, of which the slowest ten are still waiting: a mean of those that
	 * were answered gets better. */
	for (size_t i = 60; i < 90; i++)
		w[i] = (struct survival_item)DONE(20);
	for (size_t i = 90; i < 100; i++)
		w[i] = (struct survival_item)OPEN(500);
	ck_assert((60 * 30.5 + 30 * 20) / 90 < mean_before);
	ck_assert(of(w, 100).p90.ms == 60);
	/* With the backlog alone, neither the mean nor the median of those answered
	 * moves at all; this one does. */
	for (size_t i = 0; i < 60; i++)
		w[i] = (struct survival_item)DONE((int64_t)i + 1);
	for (size_t i = 60; i < 100; i++)
		w[i] = (struct survival_item)OPEN(500);
	ck_assert(of(w, 100).median.ms == 50);
	ck_assert(isnan(of(w, 100).p90.ms));
	ck_assert_int_eq(of(w, 100).p90.at_least, 500);
}
END_TEST

START_TEST(more_open_ones_never_make_it_shorter)
{
	struct survival_item w[80];
	struct survival_item copy[80];

	srand(20260105);
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + (size_t)rand() % 60;
		struct survival a;
		struct survival b;

		for (size_t i = 0; i < n; i++)
			w[i] = (struct survival_item){rand() % 40, rand() % 3 > 0};
		memcpy(copy, w, sizeof w);
		a = of(w, n);
		for (size_t i = n; i < n + 20; i++)
			copy[i] = (struct survival_item){rand() % 40, false};
		b = of(copy, n + 20);
		ck_assert(isnan(b.median.ms) || b.median.ms >= a.median.ms);
		ck_assert(isnan(b.p90.ms) || b.p90.ms >= a.p90.ms);
	}
}
END_TEST

START_TEST(answers_come_before_what_is_open_at_the_same_time)
{
	struct survival_item w[] = {OPEN(10), DONE(10)};
	struct survival_item late[] = {OPEN(9), DONE(10)};
	struct survival_item early[] = {OPEN(11), DONE(10)};

	ck_assert(of(w, 2).median.ms == 10); /* one of two */
	ck_assert(of(early, 2).median.ms == 10);
	ck_assert(isnan(of(w, 2).p90.ms));
	ck_assert(of(late, 2).p90.ms == 10); /* one of one */
}
END_TEST

START_TEST(nothing_answered_is_only_a_lower_bound)
{
	struct survival_item w[] = {OPEN(10), OPEN(40), OPEN(0)};
	struct survival s = of(w, COUNT(w));

	ck_assert(isnan(s.median.ms) && isnan(s.p90.ms));
	ck_assert_int_eq(s.median.at_least, 40);
	s = of(NULL, 0);
	ck_assert(isnan(s.median.ms) && s.n == 0);
	ck_assert_int_eq(s.median.at_least, -1);
}
END_TEST

/* Redistributing to the right: each open one gives its weight in equal parts to all
 * that waited longer. Another way to the same estimate. */
static double
redistributed(const struct survival_item *w, size_t n, double share)
{
	double weight[64];
	double gone = 0;

	for (size_t i = 0; i < n; i++)
		weight[i] = 1.0 / (double)n;
	for (size_t i = 0; i < n; i++) {
		if (w[i].answered) {
			gone += weight[i];
			/* All of the same time belong to the step. */
			if (gone >= share - 1e-9)
				return (double)w[i].ms;
			continue;
		}
		for (size_t j = i + 1; j < n; j++)
			weight[j] += weight[i] / (double)(n - i - 1);
	}
	return NAN;
}

START_TEST(as_another_way_to_the_estimate_says)
{
	struct survival_item w[64];

	srand(20260106);
	for (int round = 0; round < 2000; round++) {
		size_t n = 1 + (size_t)rand() % 64;
		struct survival s;
		double median;
		double p90;

		for (size_t i = 0; i < n; i++)
			w[i] = (struct survival_item){rand() % 50, rand() % 4 > 0};
		s = of(w, n); /* and sorts */
		median = redistributed(w, n, 0.5);
		p90 = redistributed(w, n, 0.9);
		ck_assert(isnan(median) ? isnan(s.median.ms) : s.median.ms == median);
		ck_assert(isnan(p90) ? isnan(s.p90.ms) : s.p90.ms == p90);
	}
}
END_TEST

START_TEST(many_with_long_times)
{
	static struct survival_item w[100000];
	struct survival s;

	for (size_t i = 0; i < COUNT(w); i++)
		w[i] = (struct survival_item){INT64_C(86400000) * (int64_t)(i / 10),
					      i % 10 != 9};
	s = of(w, COUNT(w));
	ck_assert_uint_eq(s.answered, 90000);
	ck_assert(!isnan(s.median.ms) && s.median.ms > 0.5 * 86400000.0 * 1e4);
}
END_TEST

Suite *
model_survival_suite(void)
{
	Suite *s = suite_create("model_survival");
	TCase *tc = tcase_create("waits");

	tcase_add_test(tc, without_anything_open_it_is_the_plain_quantile);
	tcase_add_test(tc, the_usual_example);
	tcase_add_test(tc, a_backlog_cannot_improve_it);
	tcase_add_test(tc, more_open_ones_never_make_it_shorter);
	tcase_add_test(tc, answers_come_before_what_is_open_at_the_same_time);
	tcase_add_test(tc, nothing_answered_is_only_a_lower_bound);
	tcase_add_test(tc, as_another_way_to_the_estimate_says);
	tcase_add_test(tc, many_with_long_times);
	suite_add_tcase(s, tc);
	return s;
}
