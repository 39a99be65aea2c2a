/* Delicate figures of employees, from rows of confidential.db that have a day and a
 * unit and nothing else: what window and what groups they may be asked for, and which
 * of these say nothing but "protected".
 *
 * Over all only months count that could be shown by themselves: else what is missing in
 * the sum of the months that are shown would be the others.
 *
 * Whether a bucket is protected follows from declared headcounts alone, and every
 * bucket and group that may be shown is there whether or not anything was stored: so
 * the rows that are in an answer tell nothing. */
#include "privacy/rollup_impl.h"

#include "base/clock.h"

#include <stdlib.h>

static enum emp_rc
refuse(struct job *j, const char *parameter, const char *detail)
{
	return problem_set(j->problem, EMP_INVALID, parameter, "%s", detail);
}

enum emp_rc
delicate_window(struct job *j, struct query *room)
{
	static const char dims[] =
		"figures about employees are by unit and by no other dimension";
	const struct query *q = j->q;

	if (q->step != STEP_ALL && q->step != STEP_MONTH)
		return refuse(j, "step",
			      "figures about employees are by month, or over all");
	for (int d = DIM_UNIT + 1; d < DIM_COUNT; d++) {
		if (q->filter[d].n > 0)
			return refuse(j, dim_name((enum dim)d), dims);
		if ((q->group >> d & 1) != 0)
			return refuse(j, "group_by", dims);
	}
	*room = *q;
	if (q->from_given)
		room->from = tz_floor(j->tz, TZ_MONTH, q->from);
	if (q->to_given)
		room->to = tz_ceil(j->tz, TZ_MONTH, q->to);
	j->q = room;
	return EMP_OK;
}

int64_t
delicate_today(const struct job *j)
{
	return tz_floor(j->tz, TZ_DAY, clock_now_ms() / MS_PER_S);
}

uint32_t
delicate_unit(const struct job *j, struct str unit)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	uint32_t id = INTERN_NONE;

	/* Confidential units are not interned: one that no other event named belongs
	 * to the part of it that is known. */
	while (unit.n > 0 && (id = intern_find(units, unit)) == INTERN_NONE) {
		while (unit.n > 0 && unit.p[unit.n - 1] != '/')
			unit.n--;
		unit.n -= unit.n > 0;
	}
	return id;
}

uint32_t
delicate_group(struct job *j, struct str unit)
{
	return merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, delicate_unit(j, unit));
}

/* A window without a beginning begins with the first headcount. */
static int64_t
first_month(const struct job *j, int64_t today)
{
	int64_t from = levels_first(j->levels, LEVEL_HEADCOUNT);

	return tz_floor(j->tz, TZ_MONTH, from < today ? from : today - 1);
}

/* Months in which something may be shown. */
static void
spread_times(struct job *j, int64_t today)
{
	int64_t from = j->raw->from;
	int64_t to = j->raw->to_all || j->raw->to > today ? today : j->raw->to;

	if (j->q->step == STEP_ALL) {
		(void)merge_time(j->merge, j->raw->from_all ? 0 : j->raw->from);
		return;
	}
	if (j->raw->from_all)
		from = first_month(j, today);
	for (int64_t t = tz_floor(j->tz, TZ_MONTH, from); t < to;
	     t = tz_next(j->tz, TZ_MONTH, t))
		(void)merge_time(j->merge, t);
}

enum emp_rc
delicate_spread(struct job *j, int64_t today)
{
	bool any = merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, 0) != RAW_NONE;

	for (uint32_t u = 1; u < j->n_fold; u++)
		if (j->fold[u] == u &&
		    merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, u) != RAW_NONE)
			any = true;
	spread_times(j, today);
	return any ? EMP_OK : EMP_NOT_FOUND;
}

bool
delicate_counts(const struct job *j, int64_t t, int64_t today)
{
	if (t >= today)
		return false;
	return j->q->step == STEP_ALL || !j->raw->from_all ||
		t >= first_month(j, today);
}

static int64_t
group_mean(const struct job *j, const int64_t *at, uint32_t group)
{
	/* What belongs to no unit that is shown is everybody's. */
	if ((j->q->group & 1u << DIM_UNIT) != 0 &&
	    j->raw->groups[group].dim[DIM_UNIT] == 0)
		return at[0];
	return job_group_level(j, at, group);
}

/* Mean headcounts of a month, by unit. */
struct delicate_month {
	struct delicate_month *next;
	int64_t start;
	int64_t at[];
};

static enum emp_rc
means_of(const struct job *j, int64_t from, int64_t to, int64_t *at)
{
	uint32_t units = levels_units(j->levels) + 1;
	double *mean = malloc(units * sizeof *mean);
	enum emp_rc rc = EMP_NOMEM;

	if (mean != NULL)
		rc = levels_mean(j->levels, LEVEL_HEADCOUNT, from, to, mean);
	for (uint32_t u = 0; rc == EMP_OK && u < units; u++)
		at[u] = isnan(mean[u]) ? -1 : (int64_t)mean[u];
	free(mean);
	return rc;
}

static const struct delicate_month *
month_of(struct job *j, int64_t t, int64_t today)
{
	int64_t start = tz_floor(j->tz, TZ_MONTH, t);
	int64_t end = tz_next(j->tz, TZ_MONTH, t);
	struct delicate_month *m = j->months;

	while (m != NULL && m->start != start)
		m = m->next;
	if (m != NULL)
		return m;
	m = arena_alloc(&j->pub.arena,
			sizeof *m + (levels_units(j->levels) + 1) * sizeof *m->at);
	j->rc = m == NULL ? EMP_NOMEM
			  : means_of(j, start, end < today ? end : today, m->at);
	if (j->rc != EMP_OK)
		return NULL;
	m->start = start;
	m->next = j->months;
	j->months = m;
	return m;
}

bool
delicate_shown(struct job *j, uint32_t group, int64_t t, int64_t today)
{
	const struct delicate_month *m;

	if (j->q->step != STEP_ALL || group == RAW_NONE)
		return true;
	m = month_of(j, t, today);
	return m != NULL && group_mean(j, m->at, group) >= K_DELICATE;
}

enum emp_rc
delicate_means(struct job *j, int64_t today, int64_t **out)
{
	struct arena *a = &j->pub.arena;
	uint32_t units = levels_units(j->levels) + 1;
	uint32_t n = j->raw->n_groups;
	int64_t *at = arena_alloc(a, units * sizeof *at);

	if ((uint64_t)n * j->n_times > QUERY_ROWS_MAX)
		return EMP_TOO_LARGE;
	*out = arena_alloc(a, ((size_t)n * j->n_times + 1) * sizeof **out);
	if (at == NULL || *out == NULL)
		return EMP_NOMEM;
	for (uint32_t t = 0; t < j->n_times; t++) {
		int64_t from = j->q->step != STEP_ALL ? j->times[t].start
			: j->raw->from_all            ? INT64_MIN
						      : j->raw->from;
		int64_t end = job_time_end(j, t);
		enum emp_rc rc = means_of(j, from, end > today ? today : end, at);

		if (rc != EMP_OK)
			return rc;
		for (uint32_t g = 0; g < n; g++)
			(*out)[t * n + g] = group_mean(j, at, g);
	}
	return EMP_OK;
}
