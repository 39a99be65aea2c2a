/* Early warning: whether the weekly number of reports of a kind has gone up.
 *
 * The one-sided cumulative sum for Poisson counts (J. M. Lucas, "Counted data CUSUM's",
 * Technometrics 27, 1985): S = max(0, S + count - k), an alarm where S >= h. The
 * reference value k lies between the usual rate l0 and the rate l1 worth an alarm,
 * where both are equally likely: (l1 - l0) / (ln l1 - ln l0). The decision interval h
 * is the smallest with which an alarm without cause comes every CUSUM_TARGET_WEEKS
 * weeks or more rarely on average, computed exactly from the Markov chain of S (D.
 * Brook, D. A. Evans, "An approach to the probability distribution of cusum run
 * length", Biometrika 59, 1972), which has finitely many states because k and h are
 * eighths. Pure. [any] */
#ifndef EMP_MODEL_CUSUM_H
#define EMP_MODEL_CUSUM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUSUM_BASELINE_WEEKS 12  /* from which the usual rate is estimated */
#define CUSUM_BASELINE_FLOOR 0.5 /* a week: one report alone is never an alarm */
#define CUSUM_RATIO 2.0          /* l1 / l0: a doubling */
#define CUSUM_TARGET_WEEKS 500.0
#define CUSUM_PARTS 8 /* k and h are multiples of 1 / this */

struct cusum_chart {
	double l0, l1; /* reports a week: usual, and worth an alarm */
	double k, h;
	double arl0; /* mean weeks to an alarm at l0: at least the target */
	double arl1; /* at l1: mean delay */
};
/* For a usual rate of so many a week, raised to the floor. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc cusum_chart_for(double l0, struct cusum_chart *out);
/* Mean weeks to the first alarm from S = 0, when counts are Poisson with that mean;
 * k and h in parts, h > 0. INFINITY where it is beyond counting. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc cusum_arl(uint32_t k_parts, uint32_t h_parts, double mean,
				     double *out);

/* A watched week. */
struct cusum_week {
	double statistic; /* S, kept at h at most: an alarm ends when its cause does */
	bool alarm;       /* S >= h */
	size_t start;     /* first week since S was last 0; the week itself if it is */
};
/* Weeks in alarm that go back to one start: S was not 0 between them. */
struct cusum_alarm {
	size_t start;       /* estimate of when the rate went up */
	size_t first, last; /* weeks in alarm, both included */
};
/* counts[0..n) are whole weeks in order; the usual rate is the mean of the first
 * CUSUM_BASELINE_WEEKS, all others are watched. weeks[] has room for n; those of the
 * baseline are 0. EMP_NOT_FOUND: there is nothing to watch yet. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc cusum_watch(const uint32_t *counts, size_t n,
				       struct cusum_chart *chart,
				       struct cusum_week *weeks);
/* The alarms among watched weeks, in order; at most `max` are written, all counted. */
size_t cusum_alarms(const struct cusum_week *weeks, size_t n, struct cusum_alarm *out,
		    size_t max);

#endif
