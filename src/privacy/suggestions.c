/* Suggestions: what came of those that were submitted in a window.
 *
 * Everything is computed from rows, not from counters: a clock that still runs has no
 * count, and what was answered may be reopened. Counts say how things stand; clocks are
 * read at as_of. Customers' suggestions come with their series, and so do requests for
 * wider boundaries; employees' come from confidential.db with a day and a unit, and are
 * shown as delicate.c says. */
#include "privacy/fold.h"

#include "base/array.h"
#include "base/clock.h"
#include "privacy/lives.h"
#include "store/voice.h"

#include <stdlib.h>

#define MS_PER_HOUR (S_PER_HOUR * MS_PER_S)
#define MS_PER_DAY (S_PER_DAY * MS_PER_S)
#define REQUESTS (1u << SUGGESTION_BOUNDARY_REQUEST)
#define KINDS SUGGESTION_KIND_COUNT

enum figure {
	FIG_ACKNOWLEDGED,
	FIG_TRIAGED,
	FIG_ANSWERED,
	FIG_OPEN,
	FIG_WITHDRAWN,
	FIG_REOPENED,
	FIG_SUPPORTERS,
	/* Clocks: median, at least, p90, at least. */
	FIG_FIRST,
	FIG_SECOND = FIG_FIRST + 4,
	FIG_TOLD = FIG_SECOND + 4,
	FIG_REASON,
	FIG_REACH,
	FIG_ADOPTION,
	FIG_SUBMITTERS,
	FIG_REPEAT,
	FIG_REPEAT_SHARE,
	FIG_LATE_ACKNOWLEDGEMENT,
	FIG_LATE_FEEDBACK,
	FIG_LATE_SLA,
	FIG_ACKNOWLEDGED_IN_TIME,
	FIG_ANSWERED_IN_TIME,
	FIG_ANSWERED_DUE,
	FIG_FELT_HEARD,
	FIG_FELT_HEARD_N,
	FIGURES
};

/* ---- columns -------------------------------------------------------------------- */

static bool
of_employees(const struct pub_row *r)
{
	return r->group->audience == AUDIENCE_EMPLOYEE;
}

static void
get_if(const struct pub_column *c, const struct pub_row *r, struct pub_value *v,
       bool applies)
{
	pub_get_figure(c, r, v);
	if (!applies)
		v->kind = PUB_SKIP;
}

/* Days of employees have no hours. */
static void
get_hours(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_if(c, r, v, !of_employees(r));
}

static void
get_days(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_if(c, r, v, of_employees(r));
}

static void
get_hours_least(const struct pub_column *c, const struct pub_row *r,
		struct pub_value *v)
{
	get_if(c, r, v, !of_employees(r) && !isnan(r->figure[c->arg]));
}

static void
get_days_least(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_if(c, r, v, of_employees(r) && !isnan(r->figure[c->arg]));
}

/* What employees felt is sealed. */
static void
get_felt_heard(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_if(c, r, v, !of_employees(r));
}

static void
get_felt_heard_n(const struct pub_column *c, const struct pub_row *r,
		 struct pub_value *v)
{
	pub_get_count(c, r, v);
	if (of_employees(r))
		v->kind = PUB_SKIP;
}

static const char *const keys[] = {"kind"};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"acknowledged", pub_get_count, FIG_ACKNOWLEDGED},
	{"triaged", pub_get_count, FIG_TRIAGED},
	{"answered", pub_get_count, FIG_ANSWERED},
	{"open", pub_get_count, FIG_OPEN},
	{"withdrawn", pub_get_count, FIG_WITHDRAWN},
	{"reopened", pub_get_count, FIG_REOPENED},
	{"supporters", pub_get_count, FIG_SUPPORTERS},
	{"first_response_median_h", get_hours, FIG_FIRST},
	{"first_response_median_h_at_least", get_hours_least, FIG_FIRST + 1},
	{"first_response_p90_h", get_hours, FIG_FIRST + 2},
	{"first_response_p90_h_at_least", get_hours_least, FIG_FIRST + 3},
	{"first_response_median_d", get_days, FIG_FIRST},
	{"first_response_median_d_at_least", get_days_least, FIG_FIRST + 1},
	{"first_response_p90_d", get_days, FIG_FIRST + 2},
	{"first_response_p90_d_at_least", get_days_least, FIG_FIRST + 3},
	{"second_response_median_h", get_hours, FIG_SECOND},
	{"second_response_median_h_at_least", get_hours_least, FIG_SECOND + 1},
	{"second_response_p90_h", get_hours, FIG_SECOND + 2},
	{"second_response_p90_h_at_least", get_hours_least, FIG_SECOND + 3},
	{"second_response_median_d", get_days, FIG_SECOND},
	{"second_response_median_d_at_least", get_days_least, FIG_SECOND + 1},
	{"second_response_p90_d", get_days, FIG_SECOND + 2},
	{"second_response_p90_d_at_least", get_days_least, FIG_SECOND + 3},
	{"told", pub_get_figure, FIG_TOLD},
	{"reason", pub_get_figure, FIG_REASON},
	{"reach", pub_get_figure, FIG_REACH},
	{"adoption", pub_get_figure, FIG_ADOPTION},
	{"submitters", pub_get_count, FIG_SUBMITTERS},
	{"repeat_submitters", pub_get_count, FIG_REPEAT},
	{"repeat_share", pub_get_figure, FIG_REPEAT_SHARE},
	{"overdue_acknowledgement", pub_get_count, FIG_LATE_ACKNOWLEDGEMENT},
	{"overdue_feedback", pub_get_count, FIG_LATE_FEEDBACK},
	{"overdue_sla", pub_get_count, FIG_LATE_SLA},
	{"acknowledged_in_time", pub_get_figure, FIG_ACKNOWLEDGED_IN_TIME},
	{"answered_in_time", pub_get_figure, FIG_ANSWERED_IN_TIME},
	{"answered_in_time_n", pub_get_count, FIG_ANSWERED_DUE},
	{"felt_heard", get_felt_heard, FIG_FELT_HEARD},
	{"felt_heard_n", get_felt_heard_n, FIG_FELT_HEARD_N},
};

/* ---- reading -------------------------------------------------------------------- */

/* Of one kind, group and bucket. */
struct bucket {
	struct lives lives;
	uint64_t submitters, repeat;
};

struct work {
	struct job *j;
	struct query room; /* cases: what is asked for in whole months */
	uint32_t kinds;    /* asked for, a bit each */
	bool apart;        /* a row per kind */
	bool cases;        /* employees', of confidential.db */
	int64_t today;     /* cases: first day not counted yet, Unix s */
	struct lives_rule rule;
	struct bucket *v; /* by cell */
	uint32_t n, max;
	struct people *people; /* (cell, person) */
	uint32_t *times;       /* by index in people: how often */
	uint32_t times_max;
};

static enum emp_rc
note_submitter(struct work *w, uint32_t cell, const uint8_t *person)
{
	uint32_t at;
	bool fresh;
	enum emp_rc rc = people_add(w->people, cell, person, &at, &fresh);

	if (rc != EMP_OK)
		return rc;
	if (!array_reserve(&w->times, &w->times_max, at + 1, sizeof *w->times))
		return EMP_NOMEM;
	if (fresh)
		w->times[at] = 0;
	w->times[at]++;
	w->v[cell].submitters += w->times[at] == 1;
	w->v[cell].repeat += w->times[at] == 2;
	return EMP_OK;
}

static enum emp_rc
note(struct work *w, const struct suggestion_row *row, uint32_t group)
{
	struct job *j = w->j;
	/* Of what is not shown, no bucket may be made either. */
	uint32_t time = group == RAW_NONE
		? RAW_NONE
		: merge_time(j->merge, row->life.submitted / MS_PER_S);
	uint32_t cell = time == RAW_NONE
		? PEOPLE_NONE
		: job_cell_of(j, w->apart ? row->life.kind : 0, group, time);
	enum emp_rc rc;

	if (cell == PEOPLE_NONE)
		return j->rc;
	if (!array_reserve(&w->v, &w->max, cell + 1, sizeof *w->v))
		return EMP_NOMEM;
	while (w->n <= cell)
		w->v[w->n++] = (struct bucket){.submitters = 0};
	rc = lives_add(&w->v[cell].lives, row, &w->rule);
	if (rc == EMP_OK && row->has_person)
		rc = note_submitter(w, cell, row->person);
	return rc;
}

static bool
asked(const struct work *w, const struct suggestion_row *row)
{
	const struct query *q = w->j->q;

	return (w->kinds >> row->life.kind & 1) != 0 &&
		(q->category.n == 0 || str_eq(q->category, row->category));
}

/* In empowerd.db. */
static enum emp_rc
take_live(void *ctx, const struct suggestion_row *row)
{
	struct work *w = ctx;
	struct agg_series s;

	if (row->series == 0 || !asked(w, row))
		return EMP_OK;
	agg_series_get(w->j->c->r->agg, row->series, &s);
	w->j->pub.incomplete |= s.is_other;
	return note(
		w, row,
		merge_group(w->j->merge, row->series, row->life.submitted / MS_PER_S));
}

/* In confidential.db. */
static enum emp_rc
take_case(void *ctx, const struct suggestion_row *row)
{
	struct work *w = ctx;
	int64_t t = row->life.submitted / MS_PER_S;

	if (row->series != 0 || !asked(w, row))
		return EMP_OK;
	return note(w, row, delicate_group(w->j, row->dim[DIM_UNIT], t));
}

static enum emp_rc
read_rows(struct work *w)
{
	struct job *j = w->j;
	int64_t from = job_ms(j->raw->from);
	int64_t to = job_ms(j->raw->to);
	enum emp_rc rc = people_new(&w->people);

	w->rule.today = INT64_MAX;
	for (int a = AUDIENCE_CUSTOMER; a <= AUDIENCE_EMPLOYEE; a++)
		if (rc == EMP_OK && (j->audiences >> a & 1) != 0 &&
		    (a == AUDIENCE_CUSTOMER || !w->cases))
			rc = store_read_lives(j->reader, (enum audience)a, from, to,
					      take_live, w);
	w->rule.today = w->today * MS_PER_S;
	if (rc == EMP_OK && w->cases)
		rc = store_read_lives(j->reader, AUDIENCE_EMPLOYEE, from, to, take_case,
				      w);
	return rc;
}

/* ---- rows ----------------------------------------------------------------------- */

/* Hours of customers, days of employees; a day is a day, though the clock was changed
 * in it. */
static double
in_unit(const struct work *w, const struct pub_row *r, double ms)
{
	if (!of_employees(r))
		return ms / MS_PER_HOUR;
	return w->cases ? round(ms / MS_PER_DAY) : ms / MS_PER_DAY;
}

static void
fill_quantile(const struct work *w, struct pub_row *r, uint32_t figure,
	      const struct survival_quantile *q)
{
	r->figure[figure] = in_unit(w, r, q->ms);
	if (q->at_least >= 0)
		r->figure[figure + 1] = in_unit(w, r, (double)q->at_least);
}

static void
fill_clock(const struct work *w, struct pub_row *r, uint32_t figure,
	   struct lives_clock *c)
{
	struct survival s;

	/* Days of 23 or 25 hours are days: waits of as many are equal, in the estimate
	 * too. */
	for (uint32_t i = 0; of_employees(r) && w->cases && i < c->n; i++)
		c->v[i].ms = llround((double)c->v[i].ms / MS_PER_DAY) * MS_PER_DAY;
	survival_of(c->v, c->n, &s);
	fill_quantile(w, r, figure, &s.median);
	fill_quantile(w, r, figure + 2, &s.p90);
}

static void
fill_row(const struct work *w, struct pub_row *r, struct bucket *b)
{
	struct lives *s = &b->lives;
	double *f = r->figure;

	r->n = s->n;
	f[FIG_ACKNOWLEDGED] = (double)s->acknowledged;
	f[FIG_TRIAGED] = (double)s->triaged;
	f[FIG_ANSWERED] = (double)s->answered;
	f[FIG_OPEN] = (double)s->open;
	f[FIG_WITHDRAWN] = (double)s->withdrawn;
	f[FIG_REOPENED] = (double)s->reopened;
	f[FIG_SUPPORTERS] = (double)s->supporters;
	fill_clock(w, r, FIG_FIRST, &s->first);
	fill_clock(w, r, FIG_SECOND, &s->second);
	f[FIG_TOLD] = metric_share(s->told, s->n);
	f[FIG_REASON] = metric_share(s->reasoned, s->negatives);
	f[FIG_REACH] = metric_share(s->opened, s->published);
	f[FIG_ADOPTION] = metric_share(s->adopted, s->n);
	f[FIG_SUBMITTERS] = (double)b->submitters;
	f[FIG_REPEAT] = (double)b->repeat;
	f[FIG_REPEAT_SHARE] = metric_share(b->repeat, b->submitters);
	f[FIG_LATE_ACKNOWLEDGEMENT] = (double)s->overdue[OVERDUE_ACKNOWLEDGEMENT];
	f[FIG_LATE_FEEDBACK] = (double)s->overdue[OVERDUE_FEEDBACK];
	f[FIG_LATE_SLA] = (double)s->overdue[OVERDUE_SLA];
	f[FIG_ACKNOWLEDGED_IN_TIME] = metric_share(s->acknowledged_in_time,
						   s->acknowledged_due);
	f[FIG_ANSWERED_IN_TIME] = metric_share(s->answered_in_time, s->answered_due);
	f[FIG_ANSWERED_DUE] = (double)s->answered_due;
	f[FIG_FELT_HEARD] = s->rated > 0 ? (double)s->felt_heard / (double)s->rated
					 : NAN;
	f[FIG_FELT_HEARD_N] = (double)s->rated;
}

static struct bucket *
bucket_at(const struct work *w, uint32_t kind, uint32_t group, uint32_t time)
{
	uint32_t raw = w->j->times[time].raw;
	uint32_t cell = raw == RAW_NONE ? PEOPLE_NONE
					: job_cell_find(w->j, kind, group, raw);

	return cell < w->n ? &w->v[cell] : NULL;
}

/* Of employees' cases every bucket that is too small says so, whatever was stored. */
static bool
too_small(struct work *w, uint32_t group, uint32_t time)
{
	struct job *j = w->j;

	return w->cases && j->groups[group].audience == AUDIENCE_EMPLOYEE &&
		delicate_protected(j, group, time);
}

static void
kind_rows(struct work *w, uint32_t kind)
{
	static const struct bucket none;
	struct job *j = w->j;

	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->n_times && !occurs; t++)
			occurs = bucket_at(w, kind, g, t) != NULL;
		for (uint32_t t = 0; t < j->n_times && j->rc == EMP_OK; t++) {
			struct bucket *b = bucket_at(w, kind, g, t);
			bool small = too_small(w, g, t);
			struct bucket empty = none;
			struct pub_row *r;

			if (!small && b == NULL && !(occurs && j->q->fill))
				continue;
			r = job_row(j, &j->pub.rows, g, t);
			if (r == NULL)
				break;
			if (kind != 0)
				r->key[0] = str_from(suggestion_kind_name(kind));
			r->suppressed = small;
			if (!small)
				fill_row(w, r, b != NULL ? b : &empty);
		}
	}
}

static void
rows_make(struct work *w)
{
	uint32_t order[KINDS] = {0};
	uint32_t n = 0;

	for (uint32_t k = 1; k < KINDS; k++) {
		uint32_t i = n;

		if ((w->kinds >> k & 1) == 0)
			continue;
		for (; i > 0 &&
		     strcmp(suggestion_kind_name(order[i - 1]),
			    suggestion_kind_name(k)) > 0;
		     i--)
			order[i] = order[i - 1];
		order[i] = k;
		n++;
	}
	for (uint32_t i = 0; w->apart && i < n && w->j->rc == EMP_OK; i++)
		kind_rows(w, order[i]);
	if (!w->apart)
		kind_rows(w, 0);
}

/* ---- the answer ----------------------------------------------------------------- */

/* Which kinds, of whom. Requests for wider boundaries are everybody's to see, unlike
 * what else employees say, so they are not mixed with it. */
static enum emp_rc
settle(struct work *w)
{
	struct job *j = w->j;
	uint32_t fallback = AUDIENCE_CUSTOMER;

	for (uint32_t k = 1; k < KINDS; k++)
		if (job_filter_has(j->q, FIELD_KIND,
				   str_from(suggestion_kind_name(k))) &&
		    (j->q->filter[FIELD_KIND].n > 0 || (REQUESTS >> k & 1) == 0))
			w->kinds |= 1u << k;
	if ((w->kinds & REQUESTS) != 0) {
		if (w->kinds != REQUESTS)
			return problem_set(j->problem, EMP_INVALID, "kind",
					   "boundary_request is asked for alone");
		fallback = AUDIENCE_EMPLOYEE;
	}
	j->audiences = job_audiences(j->q, 1u << fallback);
	w->apart = (j->q->group >> FIELD_KIND & 1) != 0;
	w->cases = (j->audiences >> AUDIENCE_EMPLOYEE & 1) != 0 && w->kinds != REQUESTS;
	return EMP_OK;
}

static void
settle_clocks(struct work *w)
{
	struct job *j = w->j;
	int64_t now = clock_now_ms() / MS_PER_S;
	int64_t as_of = now / S_PER_HOUR * S_PER_HOUR;

	/* What is to come cannot be known. */
	if (j->q->as_of_given)
		as_of = j->q->as_of < now ? j->q->as_of : now;
	w->today = delicate_today(j);
	if (w->cases)
		as_of = tz_floor(j->tz, TZ_DAY, as_of);
	j->pub.as_of = pub_time(&j->pub, j->tz, as_of * MS_PER_S);
	w->rule.tz = j->tz;
	w->rule.as_of = as_of * MS_PER_S;
	w->rule.sla_days = j->c->r->sla_days;
}

static enum emp_rc
prepare(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc = w->cases ? delicate_window(j, &w->room) : EMP_OK;

	if (rc == EMP_OK)
		rc = job_levels(j);
	if (rc == EMP_OK && !w->cases)
		rc = job_fold(j);
	if (rc == EMP_OK)
		rc = job_merge(j, NULL, 0);
	if (rc == EMP_OK && w->cases)
		rc = delicate_spread(j, w->today, K_DELICATE);
	if (rc == EMP_NOT_FOUND)
		rc = job_row_protected(j, STR_NONE, STR_NONE);
	return rc;
}

static enum emp_rc
answer(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc;

	job_columns(j, keys, w->apart ? 1 : 0, j->pub.columns, &j->pub.rows.n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	j->pub.rows.n_figures = FIGURES;
	rc = prepare(w);
	if (rc == EMP_OK)
		rc = read_rows(w);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc == EMP_OK)
		rows_make(w);
	return rc;
}

enum emp_rc
rollup_suggestions(struct job *j)
{
	struct work w = {.j = j};
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	rc = settle(&w);
	if (rc == EMP_OK) {
		settle_clocks(&w);
		rc = answer(&w);
	}
	for (uint32_t i = 0; i < w.n; i++)
		lives_fini(&w.v[i].lives);
	free(w.v);
	free(w.times);
	people_free(&w.people);
	return rc;
}
