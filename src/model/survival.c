/* The product-limit estimator.
 *
 * Between two censored times the factors (r - d) / r of the product cancel each other
 * down to one fraction, so it is kept as the share at the last censored time and that
 * fraction: without anything censored the share is the exact one, and a half is a half.
 */
#include "model/survival.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* What rounding may add to a share that is equal to its bound: far less than one in
 * any number of items, far more than the roundings of that many factors. */
#define ROUNDING 1e-12
#define MEDIAN_WAITING 0.5
#define P90_WAITING 0.1

static int
compare_items(const void *a, const void *b)
{
	const struct survival_item *x = a;
	const struct survival_item *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return (int)y->answered - (int)x->answered;
}

static void
reach(struct survival_quantile *q, double waiting, double share, int64_t ms)
{
	if (isnan(q->ms) && waiting <= share + ROUNDING)
		*q = (struct survival_quantile){(double)ms, -1};
}

void
survival_of(struct survival_item *items, size_t n, struct survival *out)
{
	double before = 1;    /* share waiting at the last censored time */
	uint64_t at_risk = n; /* of these, then */
	uint64_t left = n;
	int64_t last;

	*out = (struct survival){
		.n = n,
		.median = {NAN, -1},
		.p90 = {NAN, -1},
	};
	if (n == 0)
		return;
	qsort(items, n, sizeof *items, compare_items);
	EMP_ASSERT(items[0].ms >= 0);
	last = items[n - 1].ms;
	out->median.at_least = last;
	out->p90.at_least = last;
	for (size_t i = 0; i < n; i++) {
		double waiting;

		left--;
		if (items[i].answered)
			out->answered++;
		/* All answers of a time make one step. */
		if (i + 1 < n && items[i].answered && items[i + 1].answered &&
		    items[i].ms == items[i + 1].ms)
			continue;
		if (items[i].answered) {
			waiting = before * (double)left / (double)at_risk;
			reach(&out->median, waiting, MEDIAN_WAITING, items[i].ms);
			reach(&out->p90, waiting, P90_WAITING, items[i].ms);
		} else {
			before *= (double)(left + 1) / (double)at_risk;
			at_risk = left;
		}
	}
}
