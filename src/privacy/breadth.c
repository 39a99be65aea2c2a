/* Breadth of voice. */
#include "privacy/breadth.h"

#include "base/clock.h"
#include "store/voice.h"

enum figure { FIG_HEADCOUNT, FIG_ACTIVE, FIG_BREADTH, FIGURES };

static void
get_headcount(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	pub_get_count(c, r, v);
	if (r->group->audience != AUDIENCE_EMPLOYEE)
		v->kind = PUB_SKIP;
}

static void
get_active(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	pub_get_count(c, r, v);
	if (r->group->audience != AUDIENCE_CUSTOMER)
		v->kind = PUB_SKIP;
}

static const struct pub_column columns[] = {
	{"people", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"headcount", get_headcount, FIG_HEADCOUNT},
	{"active", get_active, FIG_ACTIVE},
	{"breadth", pub_get_figure, FIG_BREADTH},
};

enum emp_rc
breadth_init(struct breadth *b, struct job *j)
{
	enum emp_rc rc;

	*b = (struct breadth){.j = j,
			      .wanted = !j->brief && j->q->filter[FIELD_SURVEY].n == 0,
			      .today = delicate_today(j),
			      .voices.columns = 1};
	if (!b->wanted)
		return EMP_OK;
	rc = people_new(&b->people);
	if (rc == EMP_OK)
		rc = job_levels(j);
	return rc;
}

void
breadth_fini(struct breadth *b)
{
	people_free(&b->people);
	tally_fini(&b->voices);
}

/* ---- reading -------------------------------------------------------------------- */

static enum emp_rc
note(struct breadth *b, uint32_t group, int64_t t, const uint8_t *person)
{
	/* Of what is not shown, no bucket may be made either. */
	uint32_t time = group == RAW_NONE ? RAW_NONE : merge_time(b->j->merge, t);
	uint32_t cell;
	uint32_t at;
	bool fresh;
	enum emp_rc rc;

	if (time == RAW_NONE)
		return b->j->rc;
	cell = job_cell_of(b->j, BREADTH_KIND, group, time);
	if (cell == PEOPLE_NONE)
		return b->j->rc;
	rc = people_add(b->people, cell, person, &at, &fresh);
	return rc == EMP_OK && fresh ? tally_add(&b->voices, cell, 0, 1) : rc;
}

/* The group of what somebody did, RAW_NONE: it does not count. Of employees only days
 * that are over do, whatever the file: else a name seen today would be told apart from
 * one that is not. */
static uint32_t
group_of(struct breadth *b, uint32_t series, int64_t t)
{
	struct agg_series s;

	agg_series_get(b->j->c->r->agg, series, &s);
	if (s.audience != AUDIENCE_EMPLOYEE)
		return merge_group(b->j->merge, series, t);
	return b->employees ? delicate_group_id(b->j, s.dim_id[DIM_UNIT], t) : RAW_NONE;
}

enum emp_rc
breadth_answer(struct breadth *b, const struct event_row *e)
{
	int64_t t = e->time / MS_PER_S;
	struct agg_series s;

	agg_series_get(b->j->c->r->agg, e->series, &s);
	if (!b->wanted || !e->has_person || s.audience == AUDIENCE_EMPLOYEE)
		return EMP_OK;
	return note(b, merge_group(b->j->merge, e->series, t), t, e->person);
}

static enum emp_rc
take_recognition(void *ctx, const struct event_row *e)
{
	struct breadth *b = ctx;
	int64_t t = e->time / MS_PER_S;

	return e->has_person ? note(b, group_of(b, e->series, t), t, e->person)
			     : EMP_OK;
}

static enum emp_rc
take_suggestion(void *ctx, const struct suggestion_row *row)
{
	struct breadth *b = ctx;
	int64_t t = row->life.submitted / MS_PER_S;

	if (!row->has_person || (row->series == 0 && !b->employees))
		return EMP_OK;
	return note(b,
		    row->series == 0 ? delicate_group(b->j, row->dim[DIM_UNIT], t)
				     : group_of(b, row->series, t),
		    t, row->person);
}

enum emp_rc
breadth_read(struct breadth *b)
{
	struct job *j = b->j;
	int64_t from = job_ms(j->raw->from);
	int64_t to = job_ms(j->raw->to);
	enum emp_rc rc = EMP_OK;

	if (!b->wanted)
		return EMP_OK;
	b->employees = (j->audiences >> AUDIENCE_EMPLOYEE & 1) != 0 && delicate_fits(j);
	if (b->employees)
		rc = delicate_spread(j, b->today, K_DELICATE);
	if (rc == EMP_NOT_FOUND) {
		b->employees = false;
		rc = EMP_OK;
	}
	for (int a = AUDIENCE_CUSTOMER; a <= AUDIENCE_EMPLOYEE && rc == EMP_OK; a++)
		if ((j->audiences >> a & 1) != 0)
			rc = store_read_lives(j->reader, (enum audience)a, from, to,
					      take_suggestion, b);
	if (rc == EMP_OK)
		rc = store_read_events(j->reader, 1u << EVENT_RECOGNITION_GIVEN, from,
				       to, take_recognition, b);
	return rc;
}

/* ---- rows ----------------------------------------------------------------------- */

static void
fill_shares(struct breadth *b, struct pub_row *r, uint32_t group, uint32_t time)
{
	struct job *j = b->j;
	bool employee = r->group->audience == AUDIENCE_EMPLOYEE;
	int64_t end = job_time_end(j, time);
	int64_t now = clock_now_ms() / MS_PER_S + 1;
	int64_t whole;

	/* By another dimension, or for what belongs to no unit that is shown, nobody
	 * declares how many there are. */
	if (!delicate_units(j) ||
	    ((j->q->group >> DIM_UNIT & 1) != 0 &&
	     j->raw->groups[group].dim[DIM_UNIT] == 0))
		return;
	job_levels_before(j, employee ? LEVEL_HEADCOUNT : LEVEL_ACTIVE,
			  end < now ? end : now, b->at);
	whole = job_group_level(j, b->at, group);
	if (whole < 0) {
		pub_missing(&j->pub, employee ? "headcount.set" : "base.set");
		return;
	}
	r->figure[employee ? FIG_HEADCOUNT : FIG_ACTIVE] = (double)whole;
	r->figure[FIG_BREADTH] = metric_share(r->n, (uint64_t)whole);
}

static void
group_rows(struct breadth *b, struct pub_table *table, uint32_t g)
{
	struct job *j = b->j;
	bool employee = j->groups[g].audience == AUDIENCE_EMPLOYEE;

	for (uint32_t t = 0; t < j->n_times && j->rc == EMP_OK; t++) {
		uint32_t raw = j->times[t].raw;
		uint32_t cell = raw == RAW_NONE
			? PEOPLE_NONE
			: job_cell_find(j, BREADTH_KIND, g, raw);
		uint64_t n = tally_get(&b->voices, cell, 0);
		bool small = employee && delicate_protected(j, g, t);
		struct pub_row *r;

		if (!small && n == 0 && !j->q->fill)
			continue;
		r = job_row(j, table, g, t);
		if (r == NULL)
			return;
		r->suppressed = small;
		r->n = n;
		if (!small)
			fill_shares(b, r, g, t);
	}
}

/* Employees were asked for as they cannot be shown. */
static void
protected_row(struct breadth *b, struct pub_table *table)
{
	static const struct pub_group employees = {.audience = AUDIENCE_EMPLOYEE};
	struct pub_row *r = pub_row_add(&b->j->pub, table);

	if (r == NULL) {
		b->j->rc = EMP_NOMEM;
		return;
	}
	r->group = &employees;
	r->suppressed = true;
}

enum emp_rc
breadth_rows(struct breadth *b)
{
	struct job *j = b->j;
	struct pub_table *table = &j->pub.extra[j->pub.n_extra];
	enum emp_rc rc = EMP_OK;

	if (!b->wanted)
		return EMP_OK;
	j->pub.n_extra++;
	table->name = "voice";
	table->columns = b->columns;
	table->n_figures = FIGURES;
	job_columns(j, NULL, 0, b->columns, &table->n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		b->columns[table->n_columns++] = columns[i];
	b->at = arena_alloc(&j->pub.arena,
			    (levels_units(j->levels) + 1) * sizeof *b->at);
	if (b->at == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < j->raw->n_groups && rc == EMP_OK; i++)
		if (j->groups[j->group_order[i]].audience == AUDIENCE_CUSTOMER ||
		    b->employees)
			group_rows(b, table, j->group_order[i]);
	if (!b->employees && (j->audiences >> AUDIENCE_EMPLOYEE & 1) != 0)
		protected_row(b, table);
	return rc;
}
