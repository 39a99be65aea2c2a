/* The chart, its run length, and the watch.
 *
 * States of the chain are the values of S below h in parts: 0 .. h - 1. From state s, a
 * count x leads to s + x * PARTS - k, to 0 from below, and out of the chain from h on.
 * The mean numbers of weeks until then, one per state, solve L = 1 + R L, where R holds
 * the probabilities between states. */
#include "model/cusum.h"

#include <math.h>
#include <stdlib.h>

/* Above this rate the chance that a usual week reaches k is below 1e-100: the smallest
 * h will do, and there is nothing to compute. */
#define RATE_MAX 4096.0
/* For every rate from the floor on, h is well below: see the unit test. */
#define H_PARTS_MAX (24 * CUSUM_PARTS)
/* Longer runs are lost in the rounding of probabilities whose sum is 1. */
#define ARL_MAX 1e9

/* p[x] = P(count = x) for x < n. By logarithms, as the first may be too small. */
static void
poisson(double mean, double *p, size_t n)
{
	double log_p = -mean;

	for (size_t x = 0; x < n; x++) {
		if (x > 0)
			log_p += log(mean / (double)x);
		p[x] = exp(log_p);
	}
}

/* Row s of I - R, then the right-hand side. */
static void
fill_row(double *row, size_t s, size_t k, size_t h, const double *p)
{
	double to_zero = 0;

	if (k >= s) {
		for (size_t x = 0; x <= (k - s) / CUSUM_PARTS; x++)
			to_zero += p[x];
	}
	for (size_t j = 0; j < h; j++) {
		size_t up = j + k;

		row[j] = 0;
		if (j > 0 && up >= s && (up - s) % CUSUM_PARTS == 0)
			row[j] = -p[(up - s) / CUSUM_PARTS];
	}
	row[0] -= to_zero;
	row[s] += 1;
	row[h] = 1;
}

/* The first unknown of h equations with rows of h + 1. Eliminates from the last one
 * upwards. No pivoting is needed: I - R is weakly diagonally dominant with positive
 * diagonal, and elimination keeps it so. */
static double
solve_first(double *m, size_t h)
{
	size_t width = h + 1;

	for (size_t i = h; i-- > 1;) {
		const double *pivot = m + i * width;

		for (size_t r = 0; r < i; r++) {
			double *row = m + r * width;
			double factor = row[i] / pivot[i];

			if (factor == 0)
				continue;
			for (size_t c = 0; c < i; c++)
				row[c] -= factor * pivot[c];
			row[h] -= factor * pivot[h];
		}
	}
	/* What is not positive is a chance of leaving too small for the rounding. */
	return m[0] > 0 ? m[h] / m[0] : (double)INFINITY;
}

enum emp_rc
cusum_arl(uint32_t k_parts, uint32_t h_parts, double mean, double *out)
{
	size_t h = h_parts;
	size_t counts = ((size_t)k_parts + h) / CUSUM_PARTS + 1;
	double *m;
	double *p;

	EMP_ASSERT(h > 0 && h <= H_PARTS_MAX && mean > 0);
	m = malloc((h * (h + 1) + counts) * sizeof *m);
	if (m == NULL)
		return EMP_NOMEM;
	p = m + h * (h + 1);
	poisson(mean, p, counts);
	for (size_t s = 0; s < h; s++)
		fill_row(m + s * (h + 1), s, k_parts, h, p);
	*out = solve_first(m, h);
	if (*out > ARL_MAX)
		*out = (double)INFINITY;
	free(m);
	return EMP_OK;
}

/* The smallest h that holds the target, by halving: the run length grows with h. */
static enum emp_rc
smallest_h(uint32_t k, double l0, uint32_t *h)
{
	uint32_t lo = 1;
	uint32_t hi = H_PARTS_MAX;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		double arl;
		enum emp_rc rc = cusum_arl(k, mid, l0, &arl);

		if (rc != EMP_OK)
			return rc;
		if (arl >= CUSUM_TARGET_WEEKS)
			hi = mid;
		else
			lo = mid + 1;
	}
	*h = lo;
	return EMP_OK;
}

enum emp_rc
cusum_chart_for(double l0, struct cusum_chart *out)
{
	double k;
	uint32_t k_parts;
	uint32_t h_parts = 1;
	enum emp_rc rc;

	l0 = l0 > CUSUM_BASELINE_FLOOR ? l0 : CUSUM_BASELINE_FLOOR;
	out->l0 = l0;
	out->l1 = l0 * CUSUM_RATIO;
	k = (out->l1 - out->l0) / log(CUSUM_RATIO);
	out->arl0 = INFINITY;
	out->arl1 = 1;
	if (l0 > RATE_MAX) {
		out->k = round(k * CUSUM_PARTS) / CUSUM_PARTS;
		out->h = 1.0 / CUSUM_PARTS;
		return EMP_OK;
	}
	k_parts = (uint32_t)lround(k * CUSUM_PARTS);
	rc = smallest_h(k_parts, l0, &h_parts);
	if (rc == EMP_OK)
		rc = cusum_arl(k_parts, h_parts, out->l0, &out->arl0);
	if (rc == EMP_OK)
		rc = cusum_arl(k_parts, h_parts, out->l1, &out->arl1);
	out->k = (double)k_parts / CUSUM_PARTS;
	out->h = (double)h_parts / CUSUM_PARTS;
	return rc;
}

enum emp_rc
cusum_watch(const uint32_t *counts, size_t n, struct cusum_chart *chart,
	    struct cusum_week *weeks)
{
	uint64_t sum = 0;
	double s = 0;
	size_t start = CUSUM_BASELINE_WEEKS;
	enum emp_rc rc;

	if (n <= CUSUM_BASELINE_WEEKS)
		return EMP_NOT_FOUND;
	for (size_t i = 0; i < CUSUM_BASELINE_WEEKS; i++) {
		sum += counts[i];
		weeks[i] = (struct cusum_week){.start = i};
	}
	rc = cusum_chart_for((double)sum / CUSUM_BASELINE_WEEKS, chart);
	if (rc != EMP_OK)
		return rc;
	for (size_t i = CUSUM_BASELINE_WEEKS; i < n; i++) {
		/* All of them are multiples of an eighth: nothing is rounded. */
		s = fmin(fmax(0, s + counts[i] - chart->k), chart->h);
		if (s <= 0)
			start = i + 1;
		weeks[i].statistic = s;
		weeks[i].alarm = s >= chart->h;
		weeks[i].start = s > 0 ? start : i;
	}
	return EMP_OK;
}

size_t
cusum_alarms(const struct cusum_week *weeks, size_t n, struct cusum_alarm *out,
	     size_t max)
{
	struct cusum_alarm last = {0};
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!weeks[i].alarm)
			continue;
		if (found == 0 || weeks[i].start != last.start) {
			last = (struct cusum_alarm){weeks[i].start, i, i};
			found++;
		}
		last.last = i;
		if (found <= max)
			out[found - 1] = last;
	}
	return found;
}
