/* Levels by unit and kind, each an ascending list of steps. */
#include "agg/levels.h"

#include "base/array.h"
#include "base/clock.h"

#include <stdlib.h>

struct steps {
	struct level *v;
	uint32_t n, max;
};

struct levels {
	const struct intern *units;
	uint32_t n;          /* units */
	struct steps *steps; /* [unit * LEVEL_KINDS + kind] */
};

enum emp_rc
levels_new(struct levels **out, const struct intern *units)
{
	struct levels *l = calloc(1, sizeof *l);

	*out = l;
	if (l == NULL)
		return EMP_NOMEM;
	l->units = units;
	l->n = intern_count(units);
	l->steps = calloc(((size_t)l->n + 1) * LEVEL_KINDS, sizeof *l->steps);
	if (l->steps == NULL) {
		levels_free(out);
		return EMP_NOMEM;
	}
	return EMP_OK;
}

void
levels_free(struct levels **lp)
{
	struct levels *l = *lp;

	if (l == NULL)
		return;
	for (size_t i = 0; l->steps != NULL && i < ((size_t)l->n + 1) * LEVEL_KINDS;
	     i++)
		free(l->steps[i].v);
	free(l->steps);
	free(l);
	*lp = NULL;
}

static enum emp_rc
step_add(struct steps *s, int64_t at, int64_t value)
{
	if (value < 0)
		return EMP_OK;
	if (!array_reserve(&s->v, &s->max, s->n + 1, sizeof *s->v))
		return EMP_NOMEM;
	s->v[s->n++] = (struct level){.at = at, .value = value};
	return EMP_OK;
}

enum emp_rc
levels_feed(void *ctx, const struct level_row *row)
{
	struct levels *l = ctx;
	struct steps *s;
	int64_t at = row->time / MS_PER_S;
	enum emp_rc rc;

	/* A unit that came after this was opened belongs to a later answer. */
	if (row->unit > l->n)
		return EMP_OK;
	s = &l->steps[(size_t)row->unit * LEVEL_KINDS];
	rc = step_add(&s[LEVEL_HEADCOUNT], at, row->headcount);
	if (rc == EMP_OK)
		rc = step_add(&s[LEVEL_LEADERS], at, row->leaders);
	if (rc == EMP_OK)
		rc = step_add(&s[LEVEL_ACTIVE], at, row->active);
	if (rc == EMP_OK)
		rc = step_add(&s[LEVEL_POSSIBLE], at, row->possible_days_cents);
	return rc;
}

bool
levels_declared(const struct levels *l, uint32_t unit)
{
	return unit <= l->n &&
		l->steps[(size_t)unit * LEVEL_KINDS + LEVEL_HEADCOUNT].n > 0;
}

int64_t
levels_first(const struct levels *l, enum level_kind k)
{
	int64_t first = INT64_MAX;

	for (size_t i = k; i < ((size_t)l->n + 1) * LEVEL_KINDS; i += LEVEL_KINDS)
		if (l->steps[i].n > 0 && l->steps[i].v[0].at < first)
			first = l->steps[i].v[0].at;
	return first;
}

int64_t
levels_next(const struct levels *l, enum level_kind k, int64_t t)
{
	int64_t next = INT64_MAX;

	for (size_t i = k; i < ((size_t)l->n + 1) * LEVEL_KINDS; i += LEVEL_KINDS) {
		const struct steps *s = &l->steps[i];
		uint32_t low = 0;
		uint32_t high = s->n;

		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (s->v[middle].at > t)
				high = middle;
			else
				low = middle + 1;
		}
		if (low < s->n && s->v[low].at < next)
			next = s->v[low].at;
	}
	return next;
}

uint32_t
levels_units(const struct levels *l)
{
	return l->n;
}

/* Where a unit says nothing itself, its children's sum: children have higher ids. */
static void
sum_children(const struct levels *l, int64_t *out)
{
	int64_t *sum = out;

	for (uint32_t u = l->n; u >= 1; u--) {
		uint32_t up = intern_parent(l->units, u);

		/* -1 unknown; -2 - s: not declared, children add up to s so far. */
		if (sum[u] < -1)
			sum[u] = -2 - sum[u];
		if (sum[u] >= 0 && sum[up] < 0)
			sum[up] = sum[up] == -1 ? -2 - sum[u] : sum[up] - sum[u];
	}
	if (sum[0] < -1)
		sum[0] = -2 - sum[0];
}

void
levels_at(const struct levels *l, enum level_kind k, int64_t t, int64_t *out)
{
	for (uint32_t u = 0; u <= l->n; u++) {
		const struct steps *s = &l->steps[(size_t)u * LEVEL_KINDS + k];

		out[u] = level_at(s->v, s->n, t);
	}
	sum_children(l, out);
}

static int
moment_cmp(const void *pa, const void *pb)
{
	int64_t a = *(const int64_t *)pa;
	int64_t b = *(const int64_t *)pb;

	return (a > b) - (a < b);
}

/* A step of a unit. */
struct change {
	int64_t at;
	uint32_t unit;
	uint32_t step;
};

static int
change_cmp(const void *pa, const void *pb)
{
	const struct change *a = pa;
	const struct change *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->unit != b->unit)
		return a->unit < b->unit ? -1 : 1;
	return (a->step > b->step) - (a->step < b->step);
}

/* The steps in (from, to], in order. */
static uint32_t
changes(const struct levels *l, enum level_kind k, int64_t from, int64_t to,
	struct change *out)
{
	uint32_t n = 0;

	for (uint32_t u = 0; u <= l->n; u++) {
		const struct steps *s = &l->steps[(size_t)u * LEVEL_KINDS + k];

		for (uint32_t j = 0; j < s->n; j++)
			if (s->v[j].at > from && s->v[j].at <= to)
				out[n++] = (struct change){s->v[j].at, u, j};
	}
	if (n > 1)
		qsort(out, n, sizeof *out, change_cmp);
	return n;
}

/* From one moment to the next only what changed is touched: there may be a moment for
 * each declaration of each of thousands of units. */
struct visiting {
	const struct levels *l;
	int64_t *now;
	bool *own;         /* said by the unit itself, as it will always be then */
	bool *marked;      /* is in `changed` */
	uint32_t *changed; /* [n] */
	uint32_t n;
	struct change *steps;
};

static void
visiting_set(struct visiting *v, uint32_t u, int64_t value)
{
	for (;;) {
		int64_t more = value - (v->now[u] > 0 ? v->now[u] : 0);

		v->now[u] = value;
		if (!v->marked[u])
			v->changed[v->n++] = u;
		v->marked[u] = true;
		if (u == 0)
			return;
		u = intern_parent(v->l->units, u);
		if (v->own[u])
			return;
		value = (v->now[u] > 0 ? v->now[u] : 0) + more;
	}
}

static void
visiting_go(struct visiting *v, enum level_kind k, int64_t from, int64_t to,
	    levels_visit_fn *visit, void *ctx)
{
	uint32_t n = changes(v->l, k, from, to, v->steps);
	uint32_t i = 0;

	levels_at(v->l, k, from, v->now);
	for (uint32_t u = 0; u <= v->l->n; u++) {
		const struct steps *s = &v->l->steps[(size_t)u * LEVEL_KINDS + k];

		v->own[u] = s->n > 0 && s->v[0].at <= from;
		v->changed[u] = u;
	}
	visit(ctx, v->now, v->changed, v->l->n + 1);
	while (i < n) {
		int64_t at = v->steps[i].at;

		v->n = 0;
		for (; i < n && v->steps[i].at == at; i++) {
			uint32_t u = v->steps[i].unit;
			const struct steps *s =
				&v->l->steps[(size_t)u * LEVEL_KINDS + k];

			v->own[u] = true;
			visiting_set(v, u, s->v[v->steps[i].step].value);
		}
		visit(ctx, v->now, v->changed, v->n);
		for (uint32_t c = 0; c < v->n; c++)
			v->marked[v->changed[c]] = false;
	}
}

enum emp_rc
levels_visit(const struct levels *l, enum level_kind k, int64_t from, int64_t to,
	     levels_visit_fn *visit, void *ctx)
{
	size_t units = (size_t)l->n + 1;
	size_t steps = 1;
	struct visiting v = {.l = l,
			     .now = malloc(units * sizeof *v.now),
			     .own = malloc(units * sizeof *v.own),
			     .marked = calloc(units, sizeof *v.marked),
			     .changed = malloc(units * sizeof *v.changed)};
	enum emp_rc rc = EMP_NOMEM;

	for (size_t i = k; i < units * LEVEL_KINDS; i += LEVEL_KINDS)
		steps += l->steps[i].n;
	v.steps = malloc(steps * sizeof *v.steps);
	if (v.now != NULL && v.own != NULL && v.marked != NULL && v.changed != NULL &&
	    v.steps != NULL) {
		visiting_go(&v, k, from, to, visit, ctx);
		rc = EMP_OK;
	}
	free(v.now);
	free(v.own);
	free(v.marked);
	free(v.changed);
	free(v.steps);
	return rc;
}

/* A visit of the smallest figures. */
static void
lowest_visit(void *ctx, const int64_t *at, const uint32_t *changed, uint32_t n)
{
	int64_t *out = ctx;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t u = changed[i];

		if (at[u] >= 0 && (out[u] < 0 || at[u] < out[u]))
			out[u] = at[u];
	}
}

enum emp_rc
levels_lowest(const struct levels *l, enum level_kind k, int64_t from, int64_t to,
	      int64_t *out)
{
	for (uint32_t u = 0; u <= l->n; u++)
		out[u] = -1;
	return levels_visit(l, k, from, to, lowest_visit, out);
}

/* The moments in [from, to) from which on something else may hold, ascending; the first
 * is from, or the first declaration of all when that came later. */
static uint32_t
moments(const struct levels *l, enum level_kind k, int64_t from, int64_t to,
	int64_t *out)
{
	uint32_t n = 0;
	bool before = false;

	for (size_t i = k; i < ((size_t)l->n + 1) * LEVEL_KINDS; i += LEVEL_KINDS)
		for (uint32_t j = 0; j < l->steps[i].n; j++) {
			int64_t at = l->steps[i].v[j].at;

			before = before || at <= from;
			if (at > from && at < to)
				out[n++] = at;
		}
	if (before)
		out[n++] = from;
	qsort(out, n, sizeof *out, moment_cmp);
	return n;
}

enum emp_rc
levels_mean(const struct levels *l, enum level_kind k, int64_t from, int64_t to,
	    double *out)
{
	size_t units = (size_t)l->n + 1;
	size_t steps = 1;
	int64_t *now = malloc(units * sizeof *now);
	double *known = calloc(units, sizeof *known); /* seconds */
	int64_t *at;
	uint32_t n;

	for (size_t i = k; i < units * LEVEL_KINDS; i += LEVEL_KINDS)
		steps += l->steps[i].n;
	at = malloc(steps * sizeof *at);
	for (size_t u = 0; u < units; u++)
		out[u] = 0;
	n = now != NULL && known != NULL && at != NULL ? moments(l, k, from, to, at)
						       : 0;
	for (uint32_t i = 0; i < n; i++) {
		double s = (double)(i + 1 < n ? at[i + 1] : to) - (double)at[i];

		if (s <= 0)
			continue;
		levels_at(l, k, at[i], now);
		for (size_t u = 0; u < units; u++) {
			out[u] += now[u] >= 0 ? (double)now[u] * s : 0;
			known[u] += now[u] >= 0 ? s : 0;
		}
	}
	for (size_t u = 0; known != NULL && u < units; u++)
		out[u] = known[u] > 0 ? out[u] / known[u] : NAN;
	n = now != NULL && known != NULL && at != NULL;
	free(now);
	free(known);
	free(at);
	return n ? EMP_OK : EMP_NOMEM;
}
