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

/* An empty histogram of that scale (at most HIST_MAX values). */
void hist_init(struct hist *h, int lo, int hi);
uint64_t hist_n(const struct hist *h);
/* Both of the same scale. */
void hist_add(struct hist *into, const struct hist *h);
double hist_mean(const struct hist *h);
/* 100 x answers whose value's bit is set / answers. */
double metric_csat(const struct hist *h, uint16_t satisfied);
/* 100 x (9..10 minus 0..6) / n, and half the width of its 95 % interval (n >= 30).
 * NAN for another scale than 0..10. */
double metric_nps(const struct hist *h);
double metric_nps_margin(const struct hist *h);
/* 100 x share of 5..7; NAN for another scale than 1..7. The CES itself is the mean. */
double metric_ces_easy(const struct hist *h);
/* 100 x shares of the top two, the bottom two and the rest of the scale, which has at
 * least PULSE_VALUES_MIN values. */
#define PULSE_VALUES_MIN 4
void metric_pulse(const struct hist *h, double *favorable, double *neutral,
		  double *unfavorable);
/* 100 x part / whole; NAN for whole == 0. Not clamped. */
double metric_share(uint64_t part, uint64_t whole);
/* Events per person ("frequency"); NAN without people. */
double metric_per_person(uint64_t events, uint64_t people);

/* How many of those asked answered. The kind of figure depends on what is known. */
enum response_basis {
	RESPONSE_UNSOLICITED, /* neither invited nor shown: no rate */
	RESPONSE_INVITED,     /* invitations with a complete answer / invitations */
	RESPONSE_SHOWN        /* answered / shown */
};
struct response {
	uint8_t basis;        /* enum response_basis */
	uint64_t part, whole; /* rate = 100 x part / whole */
	double rate;          /* may pass 100 on a basis of showings: not clamped */
};
/* All of one window: invitations, of these those with a complete answer whenever it
 * came, showings, and answers. */
struct response metric_response(uint64_t invited, uint64_t invited_complete,
				uint64_t shown, uint64_t answered);

/* Answers that nobody asked for: of those not by an invited person (or naming an
 * invitation), what goes beyond the showings. */
uint64_t metric_unsolicited(uint64_t answered, uint64_t by_invited, uint64_t shown);
/* Events per person and 30 days; NAN without people or time. */
double metric_frequency(uint64_t events, uint64_t people, int64_t seconds);

/* 100 x (end - gained) / start; NAN when start is 0. */
double metric_retention(int64_t start, int64_t end, int64_t gained);
/* 100 x cancellations / (cancellations + renewals). */
double metric_churn_of_due(uint64_t cancellations, uint64_t renewals);
/* 100 x separations / mean headcount; 100 x absent days / possible days (hundredths).
 */
double metric_turnover(uint64_t separations, double mean_headcount);
double metric_lost_time(uint64_t absent_cents, uint64_t possible_cents);
/* Absences / mean headcount; NAN without people. */
double metric_absence_frequency(uint64_t absences, double mean_headcount);

/* A figure that holds from `at` until the next one: headcount, leaders, active
 * customers. Steps are in ascending order of `at`; of equal times the last one holds.
 */
struct level {
	int64_t at; /* Unix s */
	int64_t value;
};
/* The value in force at t; -1 before the first. */
int64_t level_at(const struct level *l, size_t n, int64_t t);
/* Mean over [from, to), weighted by time, of the part where a value is known; NAN when
 * there is none. */
double level_mean(const struct level *l, size_t n, int64_t from, int64_t to);

/* Reviews of decisions by what followed; 100 x each. No target is built in. */
struct review_figures {
	double reinforcement; /* reinforced / all three verdicts */
	double punitive;      /* sanctions / (sanctions + coaching) */
	double arbitrary;     /* sanctions without a rule / sanctions */
};
struct review_figures metric_reviews(uint64_t reinforced, uint64_t coached,
				     uint64_t sanctioned, uint64_t without_rule);

/* A value, and how often it was (a latency in whole days). */
struct value_count {
	int64_t value;
	uint64_t n;
};
/* Median of values, which it sorts by value; a value may be there several times. Of an
 * even number the mean of the middle two; NAN for none. */
double value_counts_median(struct value_count *t, size_t n);

/* Lower bound of the 95 % Wilson interval of good/n, 0-1. */
double metric_wilson_lower(uint64_t good, uint64_t n);

#endif
