/*
 * model/decision: what a decision counts in, the figures, and candidates; and next to
 * them what naive versions would have said.
 */
#include <check.h>
#include <stdlib.h>

#include "model/decision.h"
#include "unit.h"

static void
is(double got, double want, double within)
{
	ck_assert_msg(fabs(got - want) <= within, "%.6f is not %.6f", got, want);
}

static struct decision_facts
made(enum decision_answer answer, enum within within)
{
	return (struct decision_facts){
		.answer = (uint8_t)answer,
		.within = (uint8_t)within,
		.self_rating = -1,
		.customer_benefit = -1,
	};
}

static void
count(uint64_t sums[DECISION_SLOTS], const struct decision_facts *f, uint64_t times)
{
	uint8_t slots[DECISION_SLOTS];
	uint32_t n = decision_slots(f, slots);

	ck_assert_uint_le(n, DECISION_SLOTS);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert_uint_lt(slots[i], DECISION_SLOTS);
		for (uint32_t j = 0; j < i; j++)
			ck_assert_uint_ne(slots[i], slots[j]);
		sums[slots[i]] += times;
	}
}

START_TEST(delegation_is_counted_as_defined)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_facts f = made(ANSWER_YES, WITHIN_INSIDE);
	struct decision_figures g;
	double naive;

	count(sums, &f, 60); /* decided, inside */
	f.escalated = true;
	count(sums, &f, 20); /* escalated though inside */
	f.within = WITHIN_OVER;
	count(sums, &f, 9);
	f.escalated = false;
	count(sums, &f, 1); /* overreach */
	f.within = WITHIN_NONE;
	count(sums, &f, 10);
	decision_figures(sums, &g);
	is(g.delegated, 71, 1e-9);
	is(g.over_escalation, 25, 1e-9);
	is(g.overreach, 10, 1e-9);
	/* Against all escalations or all decisions it would be another figure. */
	naive = metric_share(20, 100);
	ck_assert(fabs(g.over_escalation - naive) > 4);
	ck_assert(fabs(g.over_escalation - metric_share(29, 100)) > 3);
}
END_TEST

START_TEST(interference_is_of_what_could_be_decided_alone)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_facts f = made(ANSWER_YES, WITHIN_INSIDE);
	struct decision_figures g;

	count(sums, &f, 15);
	f.settled = ANSWER_YES; /* even though the same was said */
	count(sums, &f, 5);
	f.escalated = true;
	count(sums, &f, 30);
	f.within = WITHIN_OVER;
	f.escalated = false;
	count(sums, &f, 50);
	decision_figures(sums, &g);
	is(g.interference, 25, 1e-9);
	/* All that was settled would blame leaders for what was theirs to settle. */
	ck_assert(fabs(g.interference - metric_share(85, 100)) > 50);
}
END_TEST

START_TEST(a_rubber_stamp_is_of_the_settled_escalations)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_facts f = made(ANSWER_PARTIAL, WITHIN_OVER);
	struct decision_figures g;

	f.escalated = true;
	count(sums, &f, 50); /* still open */
	f.settled = ANSWER_PARTIAL;
	count(sums, &f, 18);
	f.settled = ANSWER_NO;
	count(sums, &f, 2);
	decision_figures(sums, &g);
	is(g.rubber_stamp, 90, 1e-9);
	ck_assert(fabs(g.rubber_stamp - metric_share(18, 70)) > 60);
}
END_TEST

START_TEST(a_rule_restricts_by_no_or_by_escalation)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_facts f = made(ANSWER_NO, WITHIN_NONE);
	struct decision_figures g;

	count(sums, &f, 40); /* a no that no rule asked for */
	f.has_rule = true;
	f.rule_did_not_fit = true;
	count(sums, &f, 10);
	f.escalated = true;
	count(sums, &f, 5); /* both: once */
	f.answer = ANSWER_YES;
	f.rule_did_not_fit = false;
	count(sums, &f, 5);
	f.escalated = false;
	count(sums, &f, 40);
	decision_figures(sums, &g);
	is(g.restriction, 20, 1e-9);
	is(g.rule_unfit, 15, 1e-9);
	ck_assert(fabs(g.restriction - metric_share(55, 100)) > 30); /* all noes */
	/* Adding the parts would count the escalated noes twice. */
	ck_assert(fabs(g.restriction - metric_share(15 + 10, 100)) > 4);
}
END_TEST

START_TEST(the_last_outcome_counts_once)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	uint8_t was[DECISION_SLOTS];
	uint8_t now[DECISION_SLOTS];
	struct decision_facts f = made(ANSWER_YES, WITHIN_INSIDE);
	struct decision_figures g;
	uint32_t n;

	count(sums, &f, 3); /* without an outcome */
	f.has_outcome = true;
	f.customer_benefit = 1;
	count(sums, &f, 1);
	/* A later one says the contrary: the difference of the two is counted. */
	n = decision_slots(&f, was);
	for (uint32_t i = 0; i < n; i++)
		sums[was[i]]--;
	f.customer_benefit = 0;
	n = decision_slots(&f, now);
	for (uint32_t i = 0; i < n; i++)
		sums[now[i]]++;
	decision_figures(sums, &g);
	is(g.outcome_share, 25, 1e-9);
	is(g.benefit, 0, 0); /* "any good one" would say 100 */
	ck_assert_uint_eq(sums[DECISION_MADE], 4);
	/* An outcome that says nothing of the benefit is one all the same. */
	f.customer_benefit = -1;
	count(sums, &f, 4);
	decision_figures(sums, &g);
	is(g.outcome_share, 62.5, 1e-9);
	is(g.benefit, 0, 0);
}
END_TEST

START_TEST(drivers_are_held_against_what_was_seen)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_facts f = made(ANSWER_YES, WITHIN_INSIDE);
	struct decision_figures g;

	for (unsigned d = 0; d < DRIVER_COUNT; d++) {
		static const uint8_t predicted[] = {VIEW_YES, VIEW_YES,    VIEW_NO,
						    VIEW_NO,  VIEW_UNSURE, VIEW_UNSURE};
		static const uint8_t observed[] = {VIEW_YES, VIEW_NO,  VIEW_YES,
						   VIEW_NO,  VIEW_YES, VIEW_NO};

		for (unsigned i = 0; i < 6; i++) {
			struct decision_facts one = f;

			one.predicted[d] = predicted[i];
			one.observed[d] = observed[i];
			count(sums, &one, (d + 1) * (1u << i));
		}
	}
	f.predicted[DRIVER_SPEND] = VIEW_YES; /* not observed: nowhere */
	count(sums, &f, 1000);
	f.predicted[DRIVER_SPEND] = VIEW_NONE; /* nor what was not predicted */
	f.observed[DRIVER_SPEND] = VIEW_NO;
	count(sums, &f, 1000);
	decision_figures(sums, &g);
	for (unsigned d = 0; d < DRIVER_COUNT; d++) {
		const struct driver_figures *x = &g.driver[d];

		ck_assert_uint_eq(x->yes_yes, (d + 1) * 1);
		ck_assert_uint_eq(x->yes_no, (d + 1) * 2);
		ck_assert_uint_eq(x->no_yes, (d + 1) * 4);
		ck_assert_uint_eq(x->no_no, (d + 1) * 8);
		ck_assert_uint_eq(x->unsure, (d + 1) * (16 + 32));
		ck_assert_uint_eq(x->n, (d + 1) * 15);
		is(x->accuracy, 60, 1e-9);
		/* Taking the unsure for wrong would punish honesty. */
		ck_assert(fabs(x->accuracy - metric_share(9, 63)) > 40);
	}
}
END_TEST

START_TEST(ratings_and_marks_are_counted)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_facts f = made(ANSWER_NO, WITHIN_UNKNOWN);
	struct decision_figures g;

	f.conflict = true;
	f.special_request = true;
	f.self_rating = 5;
	count(sums, &f, 3);
	f.self_rating = 1;
	count(sums, &f, 1);
	f.self_rating = -1;
	count(sums, &f, 7);
	decision_figures(sums, &g);
	is(g.self_rating, 4, 1e-9);
	ck_assert_uint_eq(sums[DECISION_CONFLICT], 11);
	ck_assert_uint_eq(sums[DECISION_SPECIAL], 11);
	ck_assert_uint_eq(sums[DECISION_NO], 11);
	ck_assert_uint_eq(sums[DECISION_INSIDE] + sums[DECISION_OVER] +
				  sums[DECISION_WITHOUT],
			  0);
}
END_TEST

START_TEST(no_decisions_are_no_figures)
{
	uint64_t sums[DECISION_SLOTS] = {0};
	struct decision_figures g;

	decision_figures(sums, &g);
	ck_assert(isnan(g.delegated) && isnan(g.over_escalation));
	ck_assert(isnan(g.overreach) && isnan(g.interference));
	ck_assert(isnan(g.rubber_stamp) && isnan(g.restriction));
	ck_assert(isnan(g.outcome_share) && isnan(g.benefit));
	ck_assert(isnan(g.rule_unfit) && isnan(g.self_rating));
	ck_assert(isnan(g.driver[0].accuracy));
}
END_TEST

static struct candidate_facts
evidence(uint64_t n, uint64_t good)
{
	return (struct candidate_facts){
		.n = n,
		.good = good,
		.training_current = true,
		.median_amount_cents = 8000,
		.limit_cents = 10000,
	};
}

START_TEST(a_candidate_has_shown_it)
{
	struct candidate_facts f = evidence(20, 19);
	struct candidate c;

	candidate_of(&f, &c);
	is(c.wilson, 0.764, 0.0005);
	is(c.use, 0.8, 0);
	ck_assert(isnan(c.rubber_stamp));
	ck_assert(c.candidate);
	f = evidence(50, 45);
	candidate_of(&f, &c);
	is(c.wilson, 0.786, 0.0005);
	ck_assert(c.candidate);
	/* 18 of 20 are 90 %, but not yet evidence of three quarters. */
	f = evidence(20, 18);
	candidate_of(&f, &c);
	ck_assert(metric_share(18, 20) >= 75 && !c.candidate);
	f = evidence(19, 19);
	candidate_of(&f, &c);
	ck_assert(c.wilson >= CANDIDATE_MIN_WILSON && !c.candidate);
}
END_TEST

START_TEST(a_candidate_needs_all_of_it)
{
	struct candidate_facts f = evidence(50, 50);
	struct candidate c;

	f.sanctions = 1;
	candidate_of(&f, &c);
	ck_assert(!c.candidate);
	f.sanctions = 0;
	f.training_current = false;
	candidate_of(&f, &c);
	ck_assert(!c.candidate);
	f.training_current = true;
	f.median_amount_cents = 7999; /* the limit does not press */
	candidate_of(&f, &c);
	ck_assert(!c.candidate);
	f.settled = 10;
	f.as_proposed = 9; /* but asking is a formality */
	candidate_of(&f, &c);
	ck_assert(c.candidate);
	is(c.rubber_stamp, 0.9, 0);
	f.as_proposed = 8;
	candidate_of(&f, &c);
	ck_assert(!c.candidate);
}
END_TEST

START_TEST(what_is_not_known_speaks_for_nothing)
{
	struct candidate_facts f = evidence(0, 0);
	struct candidate c;

	candidate_of(&f, &c);
	ck_assert(isnan(c.wilson) && !c.candidate);
	f = evidence(50, 50);
	f.median_amount_cents = -1;
	candidate_of(&f, &c);
	ck_assert(isnan(c.use) && !c.candidate);
	f = evidence(50, 50);
	f.limit_cents = -1;
	candidate_of(&f, &c);
	ck_assert(isnan(c.use) && !c.candidate);
	f.limit_cents = 0;
	candidate_of(&f, &c);
	ck_assert(isnan(c.use) && !c.candidate);
}
END_TEST

START_TEST(the_median_of_amounts_is_no_mean)
{
	int64_t odd[] = {900000, 100, 300};
	int64_t even[] = {400, 100, 303, 200};
	int64_t huge[] = {INT64_MAX, INT64_MAX - 1};

	ck_assert_int_eq(amounts_median(odd, 3), 300);  /* the mean is 300133 */
	ck_assert_int_eq(amounts_median(even, 4), 252); /* 251.5, half up */
	ck_assert_int_eq(amounts_median(huge, 2), INT64_MAX);
	ck_assert_int_eq(amounts_median(NULL, 0), -1);
	ck_assert_int_eq(amounts_median(odd, 1), 100);
}
END_TEST

Suite *
model_decision_suite(void)
{
	Suite *s = suite_create("model_decision");
	TCase *tc = tcase_create("figures");

	tcase_add_test(tc, delegation_is_counted_as_defined);
	tcase_add_test(tc, interference_is_of_what_could_be_decided_alone);
	tcase_add_test(tc, a_rubber_stamp_is_of_the_settled_escalations);
	tcase_add_test(tc, a_rule_restricts_by_no_or_by_escalation);
	tcase_add_test(tc, the_last_outcome_counts_once);
	tcase_add_test(tc, drivers_are_held_against_what_was_seen);
	tcase_add_test(tc, ratings_and_marks_are_counted);
	tcase_add_test(tc, no_decisions_are_no_figures);
	suite_add_tcase(s, tc);
	tc = tcase_create("candidates");
	tcase_add_test(tc, a_candidate_has_shown_it);
	tcase_add_test(tc, a_candidate_needs_all_of_it);
	tcase_add_test(tc, what_is_not_known_speaks_for_nothing);
	tcase_add_test(tc, the_median_of_amounts_is_no_mean);
	suite_add_tcase(s, tc);
	return s;
}
