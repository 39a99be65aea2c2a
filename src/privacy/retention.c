/* Retention: a row per signal. What follows from those of customers for the whole
 * answer: retention, churn of those who were due, cohorts by month of signup. Rows of
 * employees say by themselves what follows: see staff.h. */
#include "privacy/rollup_impl.h"
#include "privacy/staff.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum figure { FIG_START, FIG_END, FIG_SIGNUPS, FIG_RETENTION, FIG_CHURN };

static const char *const keys[] = {"signal"};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
};

static const struct pub_column figure_columns[] = {
	{"active_start", pub_get_count, FIG_START},
	{"active_end", pub_get_count, FIG_END},
	{"signups", pub_get_count, FIG_SIGNUPS},
	{"retention", pub_get_figure, FIG_RETENTION},
	{"churn_of_due", pub_get_figure, FIG_CHURN},
};
#define FIGURE_COLUMNS (sizeof figure_columns / sizeof *figure_columns)

struct work {
	struct job *j;
	struct cohorts *cohorts;
	struct staff *staff;
	struct pub_column columns[PUB_COLUMNS_MAX]; /* of the figures */
	int64_t *at;                                /* room for levels of every unit */
};

/* Signals in order of name. */
static uint32_t
signals_asked(const struct job *j, enum audience a, enum signal out[SIGNAL_COUNT])
{
	uint32_t n = 0;

	for (int s = SIGNAL_NONE + 1; s < SIGNAL_COUNT; s++) {
		const char *name = signal_name((enum signal)s);
		uint32_t i = n;

		if (!signal_fits((enum signal)s, a) ||
		    !job_filter_has(j->q, FIELD_SIGNAL, str_from(name)))
			continue;
		for (; i > 0 && strcmp(signal_name(out[i - 1]), name) > 0; i--)
			out[i] = out[i - 1];
		out[i] = (enum signal)s;
		n++;
	}
	return n;
}

static uint64_t
signal_at(const struct job *j, uint32_t group, uint32_t time, enum signal s)
{
	const uint64_t *v = job_sums(j, 0, group, time);

	return v == NULL ? 0 : v[s];
}

static void
signal_rows(struct job *j, enum signal s)
{
	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->n_times && !occurs; t++)
			occurs = signal_at(j, g, t, s) > 0;
		for (uint32_t t = 0; t < j->n_times && occurs; t++) {
			uint64_t n = signal_at(j, g, t, s);
			struct pub_row *r;

			if (n == 0 && !j->q->fill)
				continue;
			r = job_row(j, &j->pub.rows, g, t);
			if (r == NULL)
				break;
			r->key[0] = str_from(signal_name(s));
			r->n = n;
		}
	}
}

/* ---- figures ------------------------------------------------------------------- */

static int64_t
active_at(struct work *w, uint32_t group, int64_t t, bool known)
{
	if (!known)
		return -1;
	levels_at(w->j->levels, LEVEL_ACTIVE, t, w->at);
	return job_group_level(w->j, w->at, group);
}

static double
retention_of(struct work *w, uint32_t group, int64_t from, bool from_known, int64_t to,
	     bool to_known, uint64_t signups, struct pub_row *r)
{
	/* Without an end the last figure declared is the end. */
	int64_t start = active_at(w, group, from, from_known);
	int64_t end = active_at(w, group, to_known ? to : INT64_MAX, true);

	if (r != NULL && start >= 0)
		r->figure[FIG_START] = (double)start;
	if (r != NULL && end >= 0)
		r->figure[FIG_END] = (double)end;
	if (start < 0 || end < 0) {
		if (!w->j->brief)
			pub_missing(&w->j->pub, "base.set");
		return NAN;
	}
	return metric_retention(start, end, (int64_t)signups);
}

static bool
any_signal(const struct job *j, uint32_t group, uint32_t time)
{
	uint64_t n = 0;

	for (int s = 0; s < SIGNAL_COUNT; s++)
		n += signal_at(j, group, time, (enum signal)s);
	return n > 0;
}

static void
group_figures(struct work *w, struct pub_table *table)
{
	struct job *j = w->j;
	bool all = j->q->step == STEP_ALL;

	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->n_times && !occurs; t++)
			occurs = any_signal(j, g, t);
		for (uint32_t t = 0; t < j->n_times && occurs; t++) {
			uint64_t signups = signal_at(j, g, t, SIGNAL_SIGNUP);
			struct pub_row *r;

			if (!j->q->fill && !any_signal(j, g, t))
				continue;
			r = job_row(j, table, g, t);
			if (r == NULL)
				break;
			r->figure[FIG_SIGNUPS] = (double)signups;
			r->figure[FIG_RETENTION] = retention_of(
				w, g, all ? j->raw->from : j->times[t].start,
				!all || !j->raw->from_all, job_time_end(j, t),
				!all || !j->raw->to_all, signups, r);
			r->figure[FIG_CHURN] = metric_churn_of_due(
				signal_at(j, g, t, SIGNAL_CANCELLATION),
				signal_at(j, g, t, SIGNAL_RENEWAL));
		}
	}
}

/* Over all groups and buckets, which are disjoint. */
static void
whole_figures(struct work *w)
{
	struct job *j = w->j;
	uint64_t sum[SIGNAL_COUNT] = {0};

	for (uint32_t g = 0; g < j->raw->n_groups; g++)
		for (uint32_t t = 0; t < j->n_times; t++)
			for (int s = 0; s < SIGNAL_COUNT; s++)
				sum[s] += signal_at(j, g, t, (enum signal)s);
	pub_scalar_add(&j->pub, "retention",
		       retention_of(w, RAW_NONE, j->raw->from, !j->raw->from_all,
				    j->raw->to, !j->raw->to_all, sum[SIGNAL_SIGNUP],
				    NULL));
	pub_scalar_add(
		&j->pub, "churn_of_due",
		metric_churn_of_due(sum[SIGNAL_CANCELLATION], sum[SIGNAL_RENEWAL]));
}

/* ---- cohorts ------------------------------------------------------------------- */

static enum emp_rc
take_signup(void *ctx, const struct event_row *e)
{
	struct work *w = ctx;

	if (e->signal != SIGNAL_SIGNUP || !e->has_person ||
	    merge_group(w->j->merge, e->series, e->time / MS_PER_S) == RAW_NONE)
		return EMP_OK;
	return cohorts_signup(w->cohorts, e->time / MS_PER_S, e->person);
}

static enum emp_rc
take_activity(void *ctx, const struct event_row *e)
{
	struct work *w = ctx;

	if (e->has_person &&
	    (e->signal == SIGNAL_RENEWAL || e->signal == SIGNAL_PURCHASE ||
	     e->signal == SIGNAL_RETURN_VISIT) &&
	    merge_group(w->j->merge, e->series, e->time / MS_PER_S) != RAW_NONE)
		cohorts_active(w->cohorts, e->time / MS_PER_S, e->person);
	return EMP_OK;
}

static enum emp_rc
cohorts_publish(struct work *w)
{
	struct job *j = w->j;
	struct pub_cohort *out;
	struct cohort *v;
	uint32_t n;
	int32_t now = tz_month_index(j->tz, j->as_of / MS_PER_S);
	enum emp_rc rc = cohorts_sum(w->cohorts, j->raw->from, j->raw->to, &v, &n);

	if (rc != EMP_OK)
		return rc;
	out = arena_zalloc(&j->pub.arena, (n + 1) * sizeof *out);
	for (uint32_t i = 0; out != NULL && i < n; i++) {
		char month[16];
		int len = snprintf(month, sizeof month, "%04d-%02d",
				   1970 + v[i].month / 12, v[i].month % 12 + 1);

		out[i].month = arena_str(&j->pub.arena,
					 (struct str){month, (size_t)len});
		out[i].size = v[i].size;
		/* A month that has not begun is unknown, not empty. */
		for (int m = 0; m < COHORT_MONTHS; m++)
			out[i].active[m] = v[i].month + m + 1 > now
				? NAN
				: (double)v[i].active[m];
	}
	free(v);
	j->pub.cohorts = out;
	j->pub.n_cohorts = n;
	j->pub.has_cohorts = true;
	return out == NULL ? EMP_NOMEM : EMP_OK;
}

static enum emp_rc
read_rows(struct work *w)
{
	enum emp_rc rc = EMP_OK;

	if (w->j->brief)
		return job_levels(w->j);
	rc = cohorts_new(&w->cohorts, w->j->tz);
	if (rc == EMP_OK)
		rc = store_read_events(w->j->reader, 1u << EVENT_SIGNAL_RECORDED, 0,
				       INT64_MAX, take_signup, w);
	if (rc == EMP_OK)
		rc = store_read_events(w->j->reader, 1u << EVENT_SIGNAL_RECORDED, 0,
				       INT64_MAX, take_activity, w);
	if (rc == EMP_OK)
		rc = cohorts_publish(w);
	return rc == EMP_OK ? job_levels(w->j) : rc;
}

static enum emp_rc
customers(struct work *w)
{
	struct job *j = w->j;
	struct pub_table *table = &j->pub.extra[0];
	enum signal s[SIGNAL_COUNT];
	uint32_t n = signals_asked(j, AUDIENCE_CUSTOMER, s);

	for (uint32_t i = 0; i < n; i++)
		signal_rows(j, s[i]);
	w->at = arena_alloc(&j->pub.arena,
			    (levels_units(j->levels) + 1) * sizeof *w->at);
	if (w->at == NULL)
		return EMP_NOMEM;
	whole_figures(w);
	if (j->q->n_order == 0 && j->q->step == STEP_ALL)
		return EMP_OK;
	table->name = "figures";
	table->columns = w->columns;
	job_columns(j, NULL, 0, w->columns, &table->n_columns);
	for (size_t i = 0; i < FIGURE_COLUMNS; i++)
		w->columns[table->n_columns++] = figure_columns[i];
	j->pub.n_extra = 1;
	group_figures(w, table);
	return EMP_OK;
}

static enum emp_rc
employees(struct work *w)
{
	enum signal s[SIGNAL_COUNT];
	uint32_t n = signals_asked(w->j, AUDIENCE_EMPLOYEE, s);
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < n && rc == EMP_OK; i++)
		rc = staff_rows(w->staff, s[i]);
	return rc;
}

static enum emp_rc
answer(struct work *w)
{
	static const struct raw_target target = {SUBJECT_SIGNAL, 0, SIGNAL_SLOTS, 0};
	struct job *j = w->j;
	bool outside = (j->audiences >> AUDIENCE_CUSTOMER & 1) != 0;
	bool inside = (j->audiences >> AUDIENCE_EMPLOYEE & 1) != 0;
	enum emp_rc rc = inside ? staff_new(&w->staff, j, !outside) : EMP_OK;

	if (rc == EMP_OK)
		rc = job_merge(j, &target, 1);
	if (rc == EMP_OK && outside)
		rc = read_rows(w);
	if (rc == EMP_OK && inside)
		rc = staff_read(w->staff);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc != EMP_OK)
		return rc;
	job_columns(j, keys, 1, j->pub.columns, &j->pub.rows.n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	if (inside)
		staff_columns(j);
	if (outside)
		rc = customers(w);
	return rc == EMP_OK && inside ? employees(w) : rc;
}

enum emp_rc
rollup_retention(struct job *j)
{
	struct work *w = arena_zalloc(&j->pub.arena, sizeof *w);
	enum emp_rc rc;

	if (w == NULL)
		return EMP_NOMEM;
	if (j->reader == NULL)
		return EMP_STALE;
	w->j = j;
	j->audiences = job_audiences(j->q, 1u << AUDIENCE_CUSTOMER);
	rc = answer(w);
	cohorts_free(&w->cohorts);
	staff_free(&w->staff);
	return rc;
}
