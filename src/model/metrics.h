/* Every formula, once. API, page, command line and verification call these; the SQL
 * views are tested equal to them. Sources and vectors are in empowerd-api(7).
 *
 * Inputs are integer counts, so that a figure has one value however its parts were
 * merged. NAN means "no figure" and is written as null. Percentages are 0-100. All
 * [any], pure. */
#ifndef EMP_MODEL_METRICS_H
#define EMP_MODEL_METRICS_H

#include "model/survey.h"

#include <math.h>

#define HIST_MAX (QUESTION_OPTIONS_MAX + 1)
#define NPS_MARGIN_MIN_N 30

/* Counts per scale value: v[i] is how many answered lo + i. */
struct hist {
	int lo, hi;
	uint64_t v[HIST_MAX];
};

uint64_t hist_n(const struct hist *h);
double hist_mean(const struct hist *h);
void hist_add(struct hist *into, const struct hist *h);
/* 100 x answers whose value's bit is set / answers. */
double metric_csat(const struct hist *h, uint16_t satisfied);
/* 100 x (9..10 minus 0..6) / n, and half the width of its 95 % interval (n >= 30). */
double metric_nps(const struct hist *h);
double metric_nps_margin(const struct hist *h);
/* Share of 5..7 on 1..7. */
double metric_ces_easy(const struct hist *h);
/* Top two, bottom two, the rest of the scale. */
void metric_pulse(const struct hist *h, double *favorable, double *neutral,
		  double *unfavorable);
/* 100 x part / whole; NAN for whole == 0. Not clamped. */
double metric_share(uint64_t part, uint64_t whole);
/* 100 x (end - gained) / start; NAN when start is 0. */
double metric_retention(int64_t start, int64_t end, int64_t gained);
/* 100 x cancellations / (cancellations + renewals). */
double metric_churn_of_due(uint64_t cancellations, uint64_t renewals);
/* 100 x separations / mean headcount; 100 x absent days / possible days (hundredths).
 */
double metric_turnover(uint64_t separations, double mean_headcount);
double metric_lost_time(uint64_t absent_cents, uint64_t possible_cents);
/* Lower bound of the 95 % Wilson interval of good/n, 0-1. */
double metric_wilson_lower(uint64_t good, uint64_t n);

#endif
