/* How long an answer takes, when some have none yet.
 *
 * The estimator of Kaplan and Meier ("Nonparametric estimation from incomplete
 * observations", Journal of the American Statistical Association 53, 1958): what still
 * waits (or ended without an answer) is known to have taken longer than it waited, and
 * is kept in the sum so far. So leaving the hard ones unanswered makes no figure
 * better, as a mean over those answered would. Pure. [any] */
#ifndef EMP_MODEL_SURVIVAL_H
#define EMP_MODEL_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One that waited for so long, until it was answered or until nothing more is known. */
struct survival_item {
	int64_t ms; /* >= 0 */
	bool answered;
};

/* The shortest time within which that share was answered. Where too few were, ms is
 * NAN, and the time is known to be more than at_least (-1: nothing is known). */
struct survival_quantile {
	double ms;
	int64_t at_least; /* ms; -1 also where the quantile is reached */
};

struct survival {
	uint64_t n, answered;
	struct survival_quantile median; /* one half answered */
	struct survival_quantile p90;    /* nine tenths */
};

/* Sorts the items. Of equal times the answered come first: who still waited then could
 * have been answered then. */
void survival_of(struct survival_item *items, size_t n, struct survival *out);

#endif
