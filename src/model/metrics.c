/* The formulas. Sums are integers; each figure is rounded once, by its last division.
 */
#include "model/metrics.h"

#include <stdlib.h>

#define FREQUENCY_SECONDS (30.0 * 86400.0)

#define NPS_LO 0
#define NPS_HI 10
#define NPS_PROMOTER_FROM 9
#define NPS_DETRACTOR_TO 6
#define CES_LO 1
#define CES_HI 7
#define CES_EASY_FROM 5
#define PULSE_ENDS 2
#define Z_95                                                                           \
	1.96 /* two-sided 95 % of the normal distribution, as the formulas say it */

void
hist_init(struct hist *h, int lo, int hi)
{
	EMP_ASSERT(lo <= hi && hi - lo < HIST_MAX);
	*h = (struct hist){.lo = lo, .hi = hi};
}

static size_t
values(const struct hist *h)
{
	EMP_ASSERT(h->lo <= h->hi && h->hi - h->lo < HIST_MAX);
	return (size_t)(h->hi - h->lo) + 1;
}

/* Answers from value a to value b, both included. */
static uint64_t
count(const struct hist *h, int a, int b)
{
	uint64_t n = 0;

	for (int v = a; v <= b; v++)
		n += h->v[v - h->lo];
	return n;
}

uint64_t
hist_n(const struct hist *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < values(h); i++)
		n += h->v[i];
	return n;
}

void
hist_add(struct hist *into, const struct hist *h)
{
	EMP_ASSERT(into->lo == h->lo && into->hi == h->hi);
	for (size_t i = 0; i < values(h); i++)
		into->v[i] += h->v[i];
}

double
hist_mean(const struct hist *h)
{
	__int128 sum = 0;
	uint64_t n = 0;

	for (size_t i = 0; i < values(h); i++) {
		n += h->v[i];
		sum += (__int128)h->v[i] * (h->lo + (int)i);
	}
	return n == 0 ? NAN : (double)sum / (double)n;
}

double
metric_share(uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return NAN;
	return (double)((unsigned __int128)part * 100) / (double)whole;
}

double
metric_csat(const struct hist *h, uint16_t satisfied)
{
	uint64_t part = 0;

	for (size_t i = 0; i < values(h); i++) {
		int value = h->lo + (int)i;

		if (value >= 0 && value <= SCALE_MAX && (satisfied >> value & 1))
			part += h->v[i];
	}
	return metric_share(part, hist_n(h));
}

double
metric_nps(const struct hist *h)
{
	uint64_t n = hist_n(h);
	__int128 balance;

	if (h->lo != NPS_LO || h->hi != NPS_HI || n == 0)
		return NAN;
	balance = (__int128)count(h, NPS_PROMOTER_FROM, NPS_HI) -
		(__int128)count(h, NPS_LO, NPS_DETRACTOR_TO);
	return (double)(balance * 100) / (double)n;
}

double
metric_nps_margin(const struct hist *h)
{
	uint64_t n = hist_n(h);
	double p;
	double d;

	if (h->lo != NPS_LO || h->hi != NPS_HI || n < NPS_MARGIN_MIN_N)
		return NAN;
	p = (double)count(h, NPS_PROMOTER_FROM, NPS_HI) / (double)n;
	d = (double)count(h, NPS_LO, NPS_DETRACTOR_TO) / (double)n;
	return Z_95 * 100 * sqrt((p + d - (p - d) * (p - d)) / (double)n);
}

double
metric_ces_easy(const struct hist *h)
{
	if (h->lo != CES_LO || h->hi != CES_HI)
		return NAN;
	return metric_share(count(h, CES_EASY_FROM, CES_HI), hist_n(h));
}

void
metric_pulse(const struct hist *h, double *favorable, double *neutral,
	     double *unfavorable)
{
	uint64_t n = hist_n(h);
	uint64_t top;
	uint64_t bottom;

	EMP_ASSERT(values(h) >= PULSE_VALUES_MIN);
	top = count(h, h->hi - PULSE_ENDS + 1, h->hi);
	bottom = count(h, h->lo, h->lo + PULSE_ENDS - 1);
	*favorable = metric_share(top, n);
	*unfavorable = metric_share(bottom, n);
	*neutral = metric_share(n - top - bottom, n);
}

double
metric_per_person(uint64_t events, uint64_t people)
{
	return people == 0 ? NAN : (double)events / (double)people;
}

struct response
metric_response(uint64_t invited, uint64_t invited_complete, uint64_t shown,
		uint64_t answered)
{
	struct response r = {.rate = NAN};

	if (invited > 0) {
		r.basis = RESPONSE_INVITED;
		r.part = invited_complete;
		r.whole = invited;
	} else if (shown > 0) {
		r.basis = RESPONSE_SHOWN;
		r.part = answered;
		r.whole = shown;
	} else {
		r.basis = RESPONSE_UNSOLICITED;
	}
	r.rate = metric_share(r.part, r.whole);
	return r;
}

uint64_t
metric_unsolicited(uint64_t answered, uint64_t by_invited, uint64_t shown)
{
	uint64_t rest = answered > by_invited ? answered - by_invited : 0;

	return rest > shown ? rest - shown : 0;
}

double
metric_frequency(uint64_t events, uint64_t people, int64_t seconds)
{
	if (people == 0 || seconds <= 0)
		return NAN;
	return (double)events / (double)people * (FREQUENCY_SECONDS / (double)seconds);
}

double
metric_retention(int64_t start, int64_t end, int64_t gained)
{
	if (start <= 0)
		return NAN;
	return (double)(((__int128)end - gained) * 100) / (double)start;
}

double
metric_churn_of_due(uint64_t cancellations, uint64_t renewals)
{
	return metric_share(cancellations, cancellations + renewals);
}

double
metric_turnover(uint64_t separations, double mean_headcount)
{
	if (!(mean_headcount > 0))
		return NAN;
	return 100 * (double)separations / mean_headcount;
}

double
metric_lost_time(uint64_t absent_cents, uint64_t possible_cents)
{
	return metric_share(absent_cents, possible_cents);
}

double
metric_absence_frequency(uint64_t absences, double mean_headcount)
{
	return mean_headcount > 0 ? (double)absences / mean_headcount : NAN;
}

int64_t
level_at(const struct level *l, size_t n, int64_t t)
{
	size_t lo = 0;
	size_t hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l[mid].at <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 ? l[lo - 1].value : -1;
}

double
level_mean(const struct level *l, size_t n, int64_t from, int64_t to)
{
	__int128 sum = 0;
	__int128 known = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t start = l[i].at > from ? l[i].at : from;
		int64_t end = i + 1 < n && l[i + 1].at < to ? l[i + 1].at : to;

		if (start >= end)
			continue;
		sum += (__int128)l[i].value * (end - start);
		known += end - start;
	}
	return known == 0 ? NAN : (double)sum / (double)known;
}

struct review_figures
metric_reviews(uint64_t reinforced, uint64_t coached, uint64_t sanctioned,
	       uint64_t without_rule)
{
	return (struct review_figures){
		.reinforcement = metric_share(reinforced,
					      reinforced + coached + sanctioned),
		.punitive = metric_share(sanctioned, sanctioned + coached),
		.arbitrary = metric_share(without_rule, sanctioned),
	};
}

static int
compare_values(const void *a, const void *b)
{
	const struct value_count *x = a;
	const struct value_count *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* The value at a rank, from 0, in sorted values of more than that many. */
static int64_t
value_at(const struct value_count *t, uint64_t rank)
{
	while (rank >= t->n)
		rank -= t++->n;
	return t->value;
}

double
value_counts_median(struct value_count *t, size_t n)
{
	uint64_t all = 0;
	int64_t low;
	int64_t high;

	for (size_t i = 0; i < n; i++)
		all += t[i].n;
	if (all == 0)
		return NAN;
	qsort(t, n, sizeof *t, compare_values);
	low = value_at(t, (all - 1) / 2);
	high = value_at(t, all / 2);
	return (double)low + (double)(high - low) / 2;
}

double
metric_wilson_lower(uint64_t good, uint64_t n)
{
	double z2 = Z_95 * Z_95;
	double total = (double)n;
	double p;

	EMP_ASSERT(good <= n);
	if (n == 0)
		return NAN;
	p = (double)good / total;
	return (p + z2 / (2 * total) -
		Z_95 * sqrt((p * (1 - p) + z2 / (4 * total)) / total)) /
		(1 + z2 / total);
}
