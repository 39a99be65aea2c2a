/* The steps that all rollups share. */
#include "privacy/rollup_impl.h"

#include "base/clock.h"
#include "store/voice.h"

#include <stdlib.h>

bool
job_filter_has(const struct query *q, enum field f, struct str value)
{
	for (uint32_t i = 0; i < q->filter[f].n; i++)
		if (str_eq(q->filter[f].value[i], value))
			return true;
	return q->filter[f].n == 0;
}

int64_t
job_as_of(struct job *j)
{
	int64_t t = j->q->as_of_given
		? j->q->as_of
		: clock_now_ms() / MS_PER_S / S_PER_HOUR * S_PER_HOUR;

	j->pub.as_of = pub_time(&j->pub, j->tz, t * MS_PER_S);
	return t;
}

int64_t
job_as_of_newest(struct job *j)
{
	int64_t t = job_as_of(j);
	int64_t newest = (j->as_of + MS_PER_S - 1) / MS_PER_S;

	if (j->q->as_of_given || newest <= t)
		return t;
	j->pub.as_of = pub_time(&j->pub, j->tz, newest * MS_PER_S);
	return newest;
}

int64_t
job_ms(int64_t s)
{
	return (s <= 0 ? 0 : s > QUERY_FOREVER_TO ? QUERY_FOREVER_TO : s) * MS_PER_S;
}

uint32_t
job_audiences(const struct query *q, uint32_t fallback)
{
	const struct query_filter *f = &q->filter[FIELD_AUDIENCE];
	uint32_t bits = 0;

	for (uint32_t i = 0; i < f->n; i++)
		bits |= 1u << audience_find(f->value[i]);
	return f->n == 0 ? fallback : bits;
}

enum emp_rc
job_surveys(struct job *j, struct job_surveys *out)
{
	const struct surveys *all = j->defs->surveys;
	const struct query_filter *f = &j->q->filter[FIELD_SURVEY];
	uint32_t any = 1u << AUDIENCE_CUSTOMER | 1u << AUDIENCE_EMPLOYEE;

	for (uint32_t i = 0; i < f->n; i++)
		if (surveys_find(all, f->value[i]) == NULL)
			return problem_set(j->problem, EMP_INVALID, "survey",
					   "there is no survey of that name");
	j->audiences = job_audiences(j->q, f->n > 0 ? any : 1u << AUDIENCE_CUSTOMER);
	out->n = 0;
	for (size_t i = 0; i < surveys_count(all); i++) {
		const struct survey *v = surveys_at(all, i);

		if ((j->audiences & 1u << v->audience) == 0 ||
		    !job_filter_has(j->q, FIELD_SURVEY, v->name))
			continue;
		if (out->n == sizeof out->v / sizeof *out->v)
			return EMP_TOO_LARGE;
		out->v[out->n++] = v;
	}
	return EMP_OK;
}

/* ---- merging ------------------------------------------------------------------- */

static enum emp_rc
feed_from_file(struct job *j, struct merge *m)
{
	int64_t from;
	int64_t to;

	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++) {
		enum emp_rc rc;

		if (!merge_wants(m, g, &from, &to))
			continue;
		if (j->reader == NULL)
			return EMP_STALE;
		rc = store_read_cells(j->reader, g, from, to, merge_feed, m);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

enum emp_rc
job_merge_also(struct job *j, const struct query *q, bool folded,
	       const struct raw_target *targets, uint32_t n, struct merge **out)
{
	struct merge_spec s = {.agg = j->c->r->agg,
			       .reader = j->c->reader,
			       .tz = j->tz,
			       .q = q,
			       .audiences = j->audiences,
			       .targets = targets,
			       .n_targets = n,
			       .folds = j->folds,
			       .n_folds = folded ? j->n_folds : 0,
			       .n_fold = j->n_fold,
			       .cells_max = j->reader ? 0 : ROLLUP_WORKER_CELLS_MAX,
			       .rows_max = QUERY_ROWS_MAX};
	enum emp_rc rc;

	for (int d = 0; d < DIM_COUNT; d++)
		s.names[d] = store_names(j->c->r->store, (enum dim)d);
	rc = merge_new(out, &s, j->problem);
	if (rc == EMP_OK)
		rc = merge_run(*out);
	if (rc == EMP_OK)
		rc = feed_from_file(j, *out);
	/* On a reader: the horizon would not stand still. */
	return rc == EMP_STALE && j->reader != NULL ? EMP_OVERLOADED : rc;
}

enum emp_rc
job_merge(struct job *j, const struct raw_target *targets, uint32_t n)
{
	enum emp_rc rc = job_merge_also(j, j->q, true, targets, n, &j->merge);

	if (rc != EMP_OK)
		return rc;
	j->raw = merge_raw(j->merge);
	if (!j->raw->from_all)
		j->pub.from = pub_time(&j->pub, j->tz, j->raw->from * MS_PER_S);
	if (!j->raw->to_all)
		j->pub.to = pub_time(&j->pub, j->tz, j->raw->to * MS_PER_S);
	j->pub.incomplete = j->raw->incomplete;
	return EMP_OK;
}

/* ---- order --------------------------------------------------------------------- */

static int
group_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct job *j = ctx;
	const struct pub_group *a = &j->groups[*(const uint32_t *)pa];
	const struct pub_group *b = &j->groups[*(const uint32_t *)pb];

	if (a->audience != b->audience)
		return (int)a->audience - (int)b->audience;
	for (uint32_t i = 0; i < j->q->n_order; i++) {
		uint8_t f = j->q->order[i];
		int cmp = f < DIM_COUNT ? str_cmp(a->text[f], b->text[f]) : 0;

		if (cmp != 0)
			return cmp;
	}
	return 0;
}

static enum emp_rc
layout_groups(struct job *j)
{
	struct arena *a = &j->pub.arena;
	uint32_t n = j->raw->n_groups;

	j->groups = arena_zalloc(a, (n + 1) * sizeof *j->groups);
	j->group_order = arena_alloc(a, (n + 1) * sizeof *j->group_order);
	if (j->groups == NULL || j->group_order == NULL)
		return EMP_NOMEM;
	for (uint32_t g = 0; g < n; g++) {
		const struct raw_group *raw = &j->raw->groups[g];

		j->groups[g].audience = raw->audience;
		for (int d = 0; d < DIM_COUNT; d++)
			if (raw->dim[d] != 0)
				j->groups[g].text[d] = intern_text(
					store_names(j->c->r->store, (enum dim)d),
					raw->dim[d]);
		j->group_order[g] = g;
	}
	if (n > 1)
		qsort_r(j->group_order, n, sizeof *j->group_order, group_cmp, j);
	return EMP_OK;
}

static int
time_cmp(const void *pa, const void *pb)
{
	const struct job_time *a = pa;
	const struct job_time *b = pb;

	return (a->start > b->start) - (a->start < b->start);
}

/* Every bucket of the window, those that occurred known by their raw index. */
static enum emp_rc
fill_times(struct job *j)
{
	enum tz_unit unit = step_unit(j->q->step);
	struct job_time *seen = j->times;
	uint32_t n_seen = j->n_times;
	int64_t from = j->raw->from_all ? n_seen ? seen[0].start : 0 : j->raw->from;
	int64_t to = j->raw->to_all ? n_seen ? seen[n_seen - 1].start + 1 : 0
				    : j->raw->to;
	uint32_t max = n_seen + 1;
	uint32_t k = 0;

	for (int64_t t = from; t < to; t = tz_next(j->tz, unit, t))
		if (++max > QUERY_ROWS_MAX)
			return EMP_TOO_LARGE;
	j->times = arena_alloc(&j->pub.arena, max * sizeof *j->times);
	if (j->times == NULL)
		return EMP_NOMEM;
	j->n_times = 0;
	for (int64_t t = from; t < to; t = tz_next(j->tz, unit, t)) {
		struct job_time *at = &j->times[j->n_times++];

		*at = (struct job_time){.start = t, .raw = RAW_NONE};
		while (k < n_seen && seen[k].start < t)
			k++;
		if (k < n_seen && seen[k].start == t)
			at->raw = seen[k].raw;
	}
	return EMP_OK;
}

static enum emp_rc
layout_times(struct job *j)
{
	enum emp_rc rc = EMP_OK;

	j->n_times = j->raw->n_times;
	j->times = arena_alloc(&j->pub.arena, (j->n_times + 1) * sizeof *j->times);
	if (j->times == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < j->n_times; i++)
		j->times[i] = (struct job_time){.start = j->raw->times[i], .raw = i};
	if (j->q->step == STEP_ALL)
		return EMP_OK;
	if (j->n_times > 1)
		qsort(j->times, j->n_times, sizeof *j->times, time_cmp);
	if (j->q->fill)
		rc = fill_times(j);
	for (uint32_t i = 0; rc == EMP_OK && i < j->n_times; i++) {
		struct job_time *t = &j->times[i];

		t->text = pub_time(&j->pub, j->tz, t->start * MS_PER_S);
		if (t->text.n == 0)
			rc = EMP_NOMEM;
	}
	return rc;
}

enum emp_rc
job_layout(struct job *j)
{
	enum emp_rc rc = layout_groups(j);

	return rc == EMP_OK ? layout_times(j) : rc;
}

void
job_levels_before(const struct job *j, enum level_kind k, int64_t end, int64_t *at)
{
	levels_at(j->levels, k, end - 1, at);
}

int64_t
job_time_end(const struct job *j, uint32_t i)
{
	if (j->q->step == STEP_ALL)
		return j->raw->to;
	return tz_next(j->tz, step_unit(j->q->step), j->times[i].start);
}

/* ---- rows ---------------------------------------------------------------------- */

void
job_columns(struct job *j, const char *const *keys, uint32_t n_keys,
	    struct pub_column *out, uint32_t *n)
{
	uint32_t k = 0;

	out[k++] = (struct pub_column){"audience", pub_get_audience, 0};
	for (uint32_t i = 0; i < n_keys; i++)
		out[k++] = (struct pub_column){keys[i], pub_get_key, (uint8_t)i};
	for (uint32_t i = 0; i < j->q->n_order; i++) {
		uint8_t f = j->q->order[i];

		if (f < DIM_COUNT)
			out[k++] = (struct pub_column){field_name(f), pub_get_dim, f};
	}
	if (j->q->step != STEP_ALL)
		out[k++] = (struct pub_column){"time", pub_get_time, 0};
	*n = k;
}

struct pub_row *
job_row(struct job *j, struct pub_table *t, uint32_t group, uint32_t time)
{
	struct pub_row *r = NULL;

	if (j->rc == EMP_OK && t->n >= QUERY_ROWS_MAX)
		j->rc = EMP_TOO_LARGE;
	if (j->rc == EMP_OK) {
		r = pub_row_add(&j->pub, t);
		if (r == NULL)
			j->rc = EMP_NOMEM;
	}
	if (r != NULL) {
		r->group = &j->groups[group];
		r->time = j->times[time].text;
	}
	return r;
}

enum emp_rc
job_row_protected(struct job *j, struct str key0, struct str key1)
{
	static const struct pub_group employees = {.audience = AUDIENCE_EMPLOYEE};
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);

	if (r == NULL)
		return EMP_NOMEM;
	r->group = &employees;
	r->key[0] = key0;
	r->key[1] = key1;
	r->suppressed = true;
	return EMP_OK;
}

static void
kind_key(uint8_t key[PSEUDONYM_BYTES], uint32_t kind)
{
	memset(key, 0, PSEUDONYM_BYTES);
	memcpy(key, &kind, sizeof kind);
}

uint32_t
job_cell_of(struct job *j, uint32_t kind, uint32_t group, uint32_t time)
{
	uint8_t key[PSEUDONYM_BYTES];
	uint32_t at = PEOPLE_NONE;
	bool fresh;

	kind_key(key, kind);
	if (j->cells == NULL && j->rc == EMP_OK)
		j->rc = people_new(&j->cells);
	if (j->rc == EMP_OK)
		j->rc = people_add(j->cells, (uint64_t)group << 32 | time, key, &at,
				   &fresh);
	return at;
}

uint32_t
job_cell(struct job *j, uint32_t kind, uint32_t series, int64_t t)
{
	uint32_t time = merge_time(j->merge, t);
	uint32_t group = time == RAW_NONE ? RAW_NONE : merge_group(j->merge, series, t);

	return group == RAW_NONE ? PEOPLE_NONE : job_cell_of(j, kind, group, time);
}

uint32_t
job_cell_find(const struct job *j, uint32_t kind, uint32_t group, uint32_t time)
{
	uint8_t key[PSEUDONYM_BYTES];

	kind_key(key, kind);
	return j->cells == NULL
		? PEOPLE_NONE
		: people_find(j->cells, (uint64_t)group << 32 | time, key);
}

const uint64_t *
job_sums(const struct job *j, uint32_t sums, uint32_t group, uint32_t time)
{
	uint32_t raw = j->times[time].raw;

	return raw == RAW_NONE ? NULL : raw_sums_at(j->raw, sums, group, raw);
}

/* ---- levels -------------------------------------------------------------------- */

enum emp_rc
job_levels(struct job *j)
{
	struct rollup_ctx *c = j->c;
	enum emp_rc rc;

	if (j->levels != NULL)
		return EMP_OK;
	rc = kept_levels_take(c->r->levels, c->r->store, j->levels_version, j->reader,
			      &c->kept);
	if (rc == EMP_OK)
		j->levels = c->kept->levels;
	return rc;
}

static bool
inside_another(const struct job *j, const struct intern *units, uint32_t unit)
{
	const struct query_filter *f = &j->q->filter[DIM_UNIT];

	for (uint32_t up = intern_parent(units, unit); up != INTERN_NONE;
	     up = intern_parent(units, up))
		for (uint32_t i = 0; i < f->n; i++)
			if (intern_find(units, f->value[i]) == up)
				return true;
	return false;
}

int64_t
job_group_level(const struct job *j, const int64_t *at, uint32_t group)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	const struct query_filter *f = &j->q->filter[DIM_UNIT];
	uint32_t n = levels_units(j->levels);
	int64_t sum = -1;

	if ((j->q->group & 1u << DIM_UNIT) != 0 && group != RAW_NONE) {
		uint32_t u = j->raw->groups[group].dim[DIM_UNIT];

		return u <= n && u != 0 ? at[u] : -1;
	}
	if (f->n == 0)
		return at[0];
	for (uint32_t i = 0; i < f->n; i++) {
		uint32_t u = intern_find(units, f->value[i]);

		if (u == INTERN_NONE || u > n || at[u] < 0 ||
		    inside_another(j, units, u))
			continue;
		sum = (sum < 0 ? 0 : sum) + at[u];
	}
	return sum;
}
