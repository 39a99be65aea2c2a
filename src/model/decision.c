/* What a decision counts in, and the figures from these counts. */
#include "model/decision.h"

#include <stdlib.h>

#define VIEWS_OBSERVED 2 /* yes, no */
#define VIEWS_PREDICTED 3
#define RATINGS 5

/* The slot of one cell of a driver's table. */
static uint8_t
driver_slot(unsigned driver, unsigned predicted, unsigned observed)
{
	return (uint8_t)(DECISION_DRIVERS + driver * VIEWS_PREDICTED * VIEWS_OBSERVED +
			 (predicted - VIEW_YES) * VIEWS_OBSERVED +
			 (observed - VIEW_YES));
}

/* Predicted and observed: what was not asked or is not known yet, counts nowhere. */
static bool
driver_known(const struct decision_facts *f, unsigned driver)
{
	unsigned predicted = f->predicted[driver];
	unsigned observed = f->observed[driver];

	return predicted > VIEW_NONE && predicted < VIEW_COUNT &&
		(observed == VIEW_YES || observed == VIEW_NO);
}

struct slots {
	uint8_t *p;
	uint32_t n;
};

static void
add(struct slots *s, bool counts, unsigned slot)
{
	if (counts)
		s->p[s->n++] = (uint8_t)slot;
}

static void
add_settled(struct slots *s, const struct decision_facts *f)
{
	bool settled = f->settled != ANSWER_NONE;

	add(s, settled, DECISION_SETTLED);
	add(s, settled && f->escalated, DECISION_ESCALATED_SETTLED);
	add(s, settled && f->escalated && f->settled == f->answer,
	    DECISION_SETTLED_AS_PROPOSED);
	add(s, settled && !f->escalated && f->within == WITHIN_INSIDE,
	    DECISION_INTERFERED);
}

uint32_t
decision_slots(const struct decision_facts *f, uint8_t out[DECISION_SLOTS])
{
	struct slots s = {out, 0};
	bool inside = f->within == WITHIN_INSIDE;
	bool over = f->within == WITHIN_OVER;

	add(&s, true, DECISION_MADE);
	add(&s, f->answer == ANSWER_YES, DECISION_YES);
	add(&s, f->answer == ANSWER_NO, DECISION_NO);
	add(&s, f->answer == ANSWER_PARTIAL, DECISION_PARTIAL);
	add(&s, f->escalated, DECISION_ESCALATED);
	add(&s, inside, DECISION_INSIDE);
	add(&s, over, DECISION_OVER);
	add(&s, f->within == WITHIN_NONE, DECISION_WITHOUT);
	add(&s, inside && f->escalated, DECISION_INSIDE_ESCALATED);
	add(&s, over && !f->escalated, DECISION_OVER_KEPT);
	add(&s, f->has_rule, DECISION_RULE);
	add(&s, f->has_rule && (f->answer == ANSWER_NO || f->escalated),
	    DECISION_RESTRICTED);
	add(&s, f->rule_did_not_fit, DECISION_RULE_UNFIT);
	add(&s, f->conflict, DECISION_CONFLICT);
	add(&s, f->special_request, DECISION_SPECIAL);
	add_settled(&s, f);
	add(&s, f->has_outcome, DECISION_OUTCOME);
	add(&s, f->customer_benefit == 1, DECISION_BENEFIT);
	add(&s, f->customer_benefit == 0, DECISION_NO_BENEFIT);
	if (f->self_rating >= 1 && f->self_rating <= RATINGS)
		add(&s, true, DECISION_SELF_RATING + (unsigned)f->self_rating - 1);
	for (unsigned d = 0; d < DRIVER_COUNT; d++) {
		if (driver_known(f, d))
			add(&s, true, driver_slot(d, f->predicted[d], f->observed[d]));
	}
	return s.n;
}

static void
driver_figures(const uint64_t *sums, unsigned d, struct driver_figures *out)
{
	out->yes_yes = sums[driver_slot(d, VIEW_YES, VIEW_YES)];
	out->yes_no = sums[driver_slot(d, VIEW_YES, VIEW_NO)];
	out->no_yes = sums[driver_slot(d, VIEW_NO, VIEW_YES)];
	out->no_no = sums[driver_slot(d, VIEW_NO, VIEW_NO)];
	out->unsure = sums[driver_slot(d, VIEW_UNSURE, VIEW_YES)] +
		sums[driver_slot(d, VIEW_UNSURE, VIEW_NO)];
	out->n = out->yes_yes + out->yes_no + out->no_yes + out->no_no;
	out->accuracy = metric_share(out->yes_yes + out->no_no, out->n);
}

void
decision_figures(const uint64_t sums[DECISION_SLOTS], struct decision_figures *out)
{
	uint64_t all = sums[DECISION_MADE];
	struct hist ratings;

	EMP_ASSERT(sums[DECISION_ESCALATED] <= all);
	EMP_ASSERT(sums[DECISION_INSIDE_ESCALATED] <= sums[DECISION_INSIDE]);
	out->delegated = metric_share(all - sums[DECISION_ESCALATED], all);
	out->over_escalation = metric_share(sums[DECISION_INSIDE_ESCALATED],
					    sums[DECISION_INSIDE]);
	out->overreach = metric_share(sums[DECISION_OVER_KEPT], sums[DECISION_OVER]);
	out->interference = metric_share(sums[DECISION_INTERFERED],
					 sums[DECISION_INSIDE] -
						 sums[DECISION_INSIDE_ESCALATED]);
	out->rubber_stamp = metric_share(sums[DECISION_SETTLED_AS_PROPOSED],
					 sums[DECISION_ESCALATED_SETTLED]);
	out->restriction = metric_share(sums[DECISION_RESTRICTED], all);
	out->outcome_share = metric_share(sums[DECISION_OUTCOME], all);
	out->benefit = metric_share(sums[DECISION_BENEFIT],
				    sums[DECISION_BENEFIT] + sums[DECISION_NO_BENEFIT]);
	out->rule_unfit = metric_share(sums[DECISION_RULE_UNFIT], all);
	hist_init(&ratings, 1, RATINGS);
	memcpy(ratings.v, sums + DECISION_SELF_RATING, RATINGS * sizeof *sums);
	out->self_rating = hist_mean(&ratings);
	for (unsigned d = 0; d < DRIVER_COUNT; d++)
		driver_figures(sums, d, &out->driver[d]);
}

void
candidate_of(const struct candidate_facts *f, struct candidate *out)
{
	bool earned;

	out->wilson = metric_wilson_lower(f->good, f->n);
	out->use = f->median_amount_cents >= 0 && f->limit_cents > 0
		? (double)f->median_amount_cents / (double)f->limit_cents
		: NAN;
	out->rubber_stamp = f->settled > 0 ? (double)f->as_proposed / (double)f->settled
					   : NAN;
	/* Comparing with NAN is false: what is not known speaks for nothing. */
	earned = f->n >= CANDIDATE_MIN_N && out->wilson >= CANDIDATE_MIN_WILSON;
	out->candidate = earned && f->sanctions == 0 && f->training_current &&
		(out->use >= CANDIDATE_MIN_USE ||
		 out->rubber_stamp >= CANDIDATE_MIN_STAMP);
}

static int
compare_amounts(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t
amounts_median(int64_t *cents, size_t n)
{
	int64_t low;

	if (n == 0)
		return -1;
	qsort(cents, n, sizeof *cents, compare_amounts);
	low = cents[(n - 1) / 2];
	/* Half the distance, so that no sum can overflow; rounded half up. */
	return low + (cents[n / 2] - low + 1) / 2;
}
