/* Coherence: whether inside gets the care that outside does. A row per twin: questions
 * that are asked of customers and of employees, suggestions answered within their
 * clock, people who were recognised. With step=month, how the index went over the same
 * twins; and always what employees would recommend beside what customers did in that
 * month and the three that followed.
 *
 * Every level is one that another answer publishes, asked for here as an answer inside
 * this one: satisfaction, suggestions, recognition. What employees answered comes from
 * releases, each of which counts where its period ended: a window takes it or not. */
#include "privacy/released_rows.h"

#include "base/array.h"
#include "base/clock.h"
#include "model/coherence.h"

#include <stdlib.h>

#define FOLLOWING 3 /* months of customers beside one of employees */

enum side { OUTSIDE, INSIDE, SIDES };

/* What is known of one side of a twin in one window. */
struct measure {
	double level;    /* 0-100; NAN: nothing */
	double figure;   /* as its metric has it */
	double n;        /* NAN: not to be shown, or no such thing */
	bool suppressed; /* protected */
	uint32_t flags;  /* of what is released: whether somebody vouched for it */
};

enum source { SOURCE_QUESTION, SOURCE_TIMES, SOURCE_RECOGNITION };

struct pair {
	enum source source;
	struct str name, inside; /* "survey/question" */
	const char *metric;      /* of rows */
	const char *column;      /* of satisfaction */
	struct survey_twin twin;
};

/* All time, or a month: measures of every pair. */
struct view {
	int64_t start, end; /* Unix s; all time: INT64_MIN, and the window's end */
	struct measure *m;  /* [pair * SIDES + side] */
};

struct views {
	struct view *v;
	uint32_t n, max;
};

struct work {
	struct job *j;
	struct pair *pairs;
	uint32_t n, max;
	int64_t now; /* what people there are is asked for no later moment */
	const struct released *released;
	struct views all, months;
	struct pub_table missing;
	enum emp_rc rc;
};

enum figure { FIG_EXTERNAL, FIG_EXTERNAL_N, FIG_INTERNAL, FIG_INTERNAL_N, FIG_GAP };
enum text { TEXT_TWIN, TEXT_INSIDE, TEXT_METRIC, TEXT_SUPPRESSED, TEXT_MISSING, TEXTS };

static const struct pub_column columns[] = {
	{"twin", pub_get_text, TEXT_TWIN},
	{"inside", pub_get_text_if, TEXT_INSIDE},
	{"metric", pub_get_text, TEXT_METRIC},
	{"external", pub_get_figure, FIG_EXTERNAL},
	{"external_n", pub_get_count, FIG_EXTERNAL_N},
	{"internal", pub_get_figure, FIG_INTERNAL},
	{"internal_n", pub_get_count, FIG_INTERNAL_N},
	{"gap", pub_get_figure, FIG_GAP},
	{"suppressed", pub_get_text_if, TEXT_SUPPRESSED},
	{"missing", pub_get_text_if, TEXT_MISSING},
	{"verified", pub_get_verified, 0},
};

static const struct pub_column missing_columns[] = {
	{"audience", pub_get_audience, 0},
	{"survey", pub_get_key, 0},
	{"question", pub_get_key, 1},
};

enum trend_figure { FIG_TWINS, FIG_DEFICIT, FIG_BEFORE, FIG_INDEX, FIG_CHANGE };

static const struct pub_column trend_columns[] = {
	{"time", pub_get_time, 0},
	{"twins", pub_get_count, FIG_TWINS},
	{"care_deficit", pub_get_figure, FIG_DEFICIT},
	{"index_before", pub_get_figure, FIG_BEFORE},
	{"index", pub_get_figure, FIG_INDEX},
	{"change", pub_get_figure, FIG_CHANGE},
};

enum lagged_figure { FIG_ENPS, FIG_ENPS_N, FIG_NPS }; /* then n, and so on */

static const struct pub_column lagged_columns[] = {
	{"twin", pub_get_text, TEXT_TWIN},
	{"inside", pub_get_text, TEXT_INSIDE},
	{"time", pub_get_time, 0},
	{"enps", pub_get_figure, FIG_ENPS},
	{"enps_n", pub_get_count, FIG_ENPS_N},
	{"suppressed", pub_get_text_if, TEXT_SUPPRESSED},
	{"nps", pub_get_figure, FIG_NPS},
	{"nps_n", pub_get_count, FIG_NPS + 1},
	{"nps_1", pub_get_figure, FIG_NPS + 2},
	{"nps_1_n", pub_get_count, FIG_NPS + 3},
	{"nps_2", pub_get_figure, FIG_NPS + 4},
	{"nps_2_n", pub_get_count, FIG_NPS + 5},
	{"nps_3", pub_get_figure, FIG_NPS + 6},
	{"nps_3_n", pub_get_count, FIG_NPS + 7},
};
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))
_Static_assert(FIG_NPS + 2 * (FOLLOWING + 1) <= PUB_FIGURES, "room for the months");

static const struct measure nothing = {.level = NAN, .figure = NAN, .n = NAN};

/* ---- twins ---------------------------------------------------------------------- */

static struct str
joined(struct job *j, const struct survey *v, const struct question *q)
{
	size_t n = v->name.n + 1 + q->name.n;
	char *text = arena_alloc(&j->pub.arena, n + 1);

	if (text == NULL)
		return STR_NONE;
	memcpy(text, v->name.p, v->name.n);
	text[v->name.n] = '/';
	memcpy(text + v->name.n + 1, q->name.p, q->name.n);
	text[n] = '\0';
	return (struct str){text, n};
}

static struct pair *
pair_add(struct work *w)
{
	if (!array_reserve(&w->pairs, &w->max, w->n + 1, sizeof *w->pairs)) {
		w->rc = EMP_NOMEM;
		return NULL;
	}
	w->pairs[w->n] = (struct pair){.source = SOURCE_QUESTION};
	return &w->pairs[w->n++];
}

/* Those of the catalogue are known to be alone; what an organisation asks is not. */
static void
alone(struct work *w, const struct survey_twin *t, enum side side)
{
	static const struct pub_group groups[SIDES] = {
		[OUTSIDE] = {.audience = AUDIENCE_CUSTOMER},
		[INSIDE] = {.audience = AUDIENCE_EMPLOYEE},
	};
	struct pub_row *r;

	if (t->survey[side]->builtin)
		return;
	r = pub_row_add(&w->j->pub, &w->missing);
	if (r == NULL) {
		w->rc = EMP_NOMEM;
		return;
	}
	r->group = &groups[side];
	r->key[0] = t->survey[side]->name;
	r->key[1] = t->question[side]->name;
}

static void
take_twin(void *ctx, const struct survey_twin *t)
{
	struct work *w = ctx;
	struct job *j = w->j;
	bool asked = false;
	struct pair *p;

	for (int side = 0; side < SIDES; side++)
		asked = asked ||
			(t->survey[side] != NULL &&
			 job_filter_has(j->q, FIELD_SURVEY, t->survey[side]->name));
	if (!asked || w->rc != EMP_OK)
		return;
	if (t->survey[OUTSIDE] == NULL || t->survey[INSIDE] == NULL) {
		alone(w, t, t->survey[OUTSIDE] == NULL ? INSIDE : OUTSIDE);
		return;
	}
	p = pair_add(w);
	if (p == NULL)
		return;
	p->twin = *t;
	p->column = satisfaction_headline(t->question[OUTSIDE]);
	p->metric = p->column;
	p->name = joined(j, t->survey[OUTSIDE], t->question[OUTSIDE]);
	p->inside = joined(j, t->survey[INSIDE], t->question[INSIDE]);
	if (p->name.p == NULL || p->inside.p == NULL)
		w->rc = EMP_NOMEM;
}

static enum emp_rc
pairs_find(struct work *w)
{
	const struct query_filter *f = &w->j->q->filter[FIELD_SURVEY];
	struct pair *p;

	for (uint32_t i = 0; i < f->n; i++)
		if (surveys_find(w->j->defs->surveys, f->value[i]) == NULL)
			return problem_set(w->j->problem, EMP_INVALID, "survey",
					   "there is no survey of that name");
	surveys_each_twin(w->j->defs->surveys, take_twin, w);
	if (f->n > 0 || w->rc != EMP_OK)
		return w->rc;
	p = pair_add(w);
	if (p != NULL) {
		p->source = SOURCE_TIMES;
		p->name = STR("answer_times");
		p->metric = "answered_in_time";
		p = pair_add(w);
	}
	if (p != NULL) {
		p->source = SOURCE_RECOGNITION;
		p->name = STR("recognition");
		p->metric = "coverage";
	}
	return w->rc;
}

/* ---- levels --------------------------------------------------------------------- */

static struct measure
measured(double figure, double n)
{
	return (struct measure){.level = figure, .figure = figure, .n = n};
}

/* What releases say of a question of employees: the one place where a level of a sealed
 * survey comes from. Without a release that ends in the window it is protected, the
 * same whatever is stored. */
static enum emp_rc
released_level(const struct work *w, const struct survey_twin *t, const struct view *v,
	       struct measure *m)
{
	const struct question *q = t->question[INSIDE];
	const struct query_filter *units = &w->j->q->filter[DIM_UNIT];
	const struct released_ask ask = {.survey = t->survey[INSIDE]->id,
					 .questions = &q->name,
					 .n_questions = 1,
					 .within = units->value,
					 .n_within = units->n,
					 .only = w->j->q->only_unit,
					 .from = v->start == INT64_MIN ? w->j->q->from
								       : v->start,
					 .to = v->end,
					 .step = STEP_ALL};
	struct released_sum *sums;
	uint32_t n;
	enum emp_rc rc = released_sums(w->released, &ask, &w->j->pub.arena, &sums, &n);

	*m = nothing;
	m->suppressed = true;
	for (uint32_t i = 0; i < n && rc == EMP_OK; i++)
		if (question_compatible(sums[i].question, q)) {
			*m = measured(satisfaction_level(q, sums[i].count),
				      (double)satisfaction_people(q, sums[i].count));
			m->flags = PUB_RELEASED;
			m->flags |= sums[i].verified ? PUB_VERIFIED : 0;
			if (q->metric == METRIC_NPS)
				m->level = twin_level_of_nps(m->figure);
		}
	return rc;
}

static struct view *
view_at(struct work *w, struct views *in, int64_t start)
{
	struct view *v = in->v;
	uint32_t i = 0;

	while (i < in->n && v[i].start < start)
		i++;
	if (i < in->n && v[i].start == start)
		return &v[i];
	if (!array_reserve(&in->v, &in->max, in->n + 1, sizeof *in->v))
		return NULL;
	v = in->v;
	memmove(&v[i + 1], &v[i], (in->n - i) * sizeof *v);
	v[i] = (struct view){
		.start = start,
		.end = start == INT64_MIN ? w->j->q->to
					  : tz_next(w->j->tz, TZ_MONTH, start),
		.m = arena_alloc(&w->j->pub.arena,
				 ((size_t)w->n * SIDES + 1) * sizeof *v[i].m)};
	if (v[i].m == NULL)
		return NULL;
	in->n++;
	for (uint32_t p = 0; p < w->n; p++) {
		v[i].m[p * SIDES + OUTSIDE] = nothing;
		v[i].m[p * SIDES + INSIDE] = nothing;
		if (w->pairs[p].source == SOURCE_QUESTION &&
		    released_level(w, &w->pairs[p].twin, &v[i],
				   &v[i].m[p * SIDES + INSIDE]) != EMP_OK)
			return NULL;
	}
	return &v[i];
}

static void
set_filter(struct query *q, enum field f, struct str value)
{
	q->filter[f].n = 1;
	q->filter[f].value[0] = value;
}

static void
narrow(struct query *q, const struct work *w, enum step step)
{
	const struct query *asked = w->j->q;

	q->step = (uint8_t)step;
	q->from_given = asked->from_given;
	q->from = asked->from;
	q->to_given = asked->to_given;
	q->to = asked->to;
}

/* Surveys of customers that have twins, where a filter can name them all. False: there
 * are none. */
static bool
narrow_surveys(struct query *q, const struct work *w, enum metric only)
{
	struct query_filter *f = &q->filter[FIELD_SURVEY];
	bool all = false;

	for (uint32_t i = 0; i < w->n && !all; i++) {
		const struct pair *p = &w->pairs[i];
		bool known = false;

		if (p->source != SOURCE_QUESTION ||
		    (only != METRIC_NONE && p->twin.question[OUTSIDE]->metric != only))
			continue;
		for (uint32_t k = 0; k < f->n; k++)
			known = known || str_eq(f->value[k], p->twin.survey[0]->name);
		all = !known && f->n == QUERY_VALUES_MAX;
		if (!known && !all)
			f->value[f->n++] = p->twin.survey[OUTSIDE]->name;
	}
	if (all)
		f->n = 0;
	return all || f->n > 0;
}

static enum emp_rc
take_answers(struct work *w, const struct sub *s, struct views *into)
{
	const struct pub_table *t = &s->job.pub.rows;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct pub_row *r = &t->rows[i];
		struct view *v = view_at(w, into, sub_time(s, r));

		if (v == NULL)
			return EMP_NOMEM;
		for (uint32_t p = 0; p < w->n; p++) {
			const struct pair *pair = &w->pairs[p];
			struct measure *m = &v->m[p * SIDES + OUTSIDE];

			if (pair->source != SOURCE_QUESTION ||
			    !str_eq(pair->twin.survey[OUTSIDE]->name, r->key[0]) ||
			    !str_eq(pair->twin.question[OUTSIDE]->name, r->key[1]))
				continue;
			*m = measured(pub_read(t, r, pair->column),
				      pub_read(t, r, "n"));
			if (pair->twin.question[OUTSIDE]->metric == METRIC_NPS)
				m->level = twin_level_of_nps(m->figure);
		}
	}
	return EMP_OK;
}

/* Also the months after the window, which what is lagged looks at. */
static enum emp_rc
read_answers(struct work *w, enum step step, struct views *into)
{
	bool months = step == STEP_MONTH;
	bool only_nps = months && w->j->q->step == STEP_ALL;
	struct sub *s = arena_alloc(&w->j->pub.arena, sizeof *s);
	enum emp_rc rc;

	if (s == NULL)
		return EMP_NOMEM;
	sub_query(&s->q, w->j, ROLLUP_SATISFACTION);
	set_filter(&s->q, FIELD_AUDIENCE, STR("customer"));
	narrow(&s->q, w, step);
	if (!narrow_surveys(&s->q, w, only_nps ? METRIC_NPS : METRIC_NONE))
		return EMP_OK;
	if (months && s->q.to_given) {
		s->q.to = tz_ceil(w->j->tz, TZ_MONTH, s->q.to);
		s->q.to = tz_add_months(w->j->tz, s->q.to, FOLLOWING);
	}
	rc = sub_run(s, w->j);
	if (rc == EMP_OK)
		rc = take_answers(w, s, into);
	sub_close(s);
	return rc;
}

/* Months in which customers said nothing may have releases. */
static enum emp_rc
release_months(struct work *w, struct views *into)
{
	for (uint32_t i = 0; i < w->released->n; i++) {
		const struct released_block *b = &w->released->v[i];
		int64_t last = released_last(b->to);

		for (uint32_t p = 0; p < w->n; p++)
			if (w->pairs[p].source == SOURCE_QUESTION &&
			    w->pairs[p].twin.survey[INSIDE]->id == b->of->survey &&
			    view_at(w, into, tz_floor(w->j->tz, TZ_MONTH, last)) ==
				    NULL)
				return EMP_NOMEM;
	}
	return EMP_OK;
}

static enum emp_rc
read_times(struct work *w, uint32_t pair, enum side side, enum step step,
	   struct views *into)
{
	struct sub *s = arena_alloc(&w->j->pub.arena, sizeof *s);
	enum emp_rc rc;

	if (s == NULL)
		return EMP_NOMEM;
	sub_query(&s->q, w->j, ROLLUP_SUGGESTIONS);
	set_filter(&s->q, FIELD_AUDIENCE,
		   side == INSIDE ? STR("employee") : STR("customer"));
	narrow(&s->q, w, step);
	rc = sub_run(s, w->j);
	for (uint32_t i = 0; rc == EMP_OK && i < s->job.pub.rows.n; i++) {
		const struct pub_table *t = &s->job.pub.rows;
		const struct pub_row *r = &t->rows[i];
		int64_t start = sub_time(s, r);
		/* Protected as a whole: there are no months. */
		struct view *v = step == STEP_MONTH && start == INT64_MIN
			? NULL
			: view_at(w, into, start);

		if (v == NULL)
			continue;
		v->m[pair * SIDES + side] = measured(
			pub_read(t, r, "answered_in_time"),
			pub_read(t, r, "answered_in_time_n"));
		v->m[pair * SIDES + side].suppressed = r->suppressed;
	}
	sub_close(s);
	return rc;
}

/* Customers who are active, or employees there are; -1: not declared. */
static int64_t
people_of(const struct work *w, enum side side, const struct view *v, int64_t *room)
{
	job_levels_before(w->j, side == INSIDE ? LEVEL_HEADCOUNT : LEVEL_ACTIVE,
			  v->end < w->now ? v->end : w->now, room);
	return job_group_level(w->j, room, RAW_NONE);
}

/* Of a side where nobody was recognised the share is 0, unless nobody was anywhere:
 * then recognition is not used. Of few employees nothing is said. */
static enum emp_rc
share_people(struct work *w, uint32_t pair, struct view *v)
{
	struct job *j = w->j;
	struct measure *m = &v->m[pair * SIDES];
	bool any = !isnan(m[OUTSIDE].figure) || !isnan(m[INSIDE].figure);
	int64_t *room = arena_alloc(&j->pub.arena,
				    (levels_units(j->levels) + 1) * sizeof *room);

	if (room == NULL)
		return EMP_NOMEM;
	for (int side = 0; side < SIDES; side++) {
		int64_t people = people_of(w, (enum side)side, v, room);
		double got = isnan(m[side].figure) ? 0 : m[side].figure;

		m[side] = nothing;
		if (!any)
			continue;
		if (people < 0)
			pub_missing(&j->pub,
				    side == INSIDE ? "headcount.set" : "base.set");
		if (side == INSIDE && people < K_ANONYMITY)
			m[side].suppressed = true;
		else if (people >= 0)
			m[side] = measured(
				metric_share((uint64_t)got, (uint64_t)people),
				(double)people);
	}
	return EMP_OK;
}

static enum emp_rc
read_recognition(struct work *w, uint32_t pair, enum step step, struct views *into)
{
	struct query_filter *f;
	struct sub *s = arena_alloc(&w->j->pub.arena, sizeof *s);
	const struct pub_table *t;
	enum emp_rc rc;

	if (s == NULL)
		return EMP_NOMEM;
	sub_query(&s->q, w->j, ROLLUP_RECOGNITION);
	f = &s->q.filter[FIELD_AUDIENCE];
	f->value[f->n++] = STR("customer");
	f->value[f->n++] = STR("employee");
	narrow(&s->q, w, step);
	sub_open(s, w->j);
	/* What it misses is its own: only how many were recognised is asked for. */
	rc = sub_build(s);
	t = rc == EMP_OK ? pub_table_find(&s->job.pub, "figures") : NULL;
	for (uint32_t i = 0; t != NULL && i < t->n; i++) {
		const struct pub_row *r = &t->rows[i];
		struct view *v = view_at(w, into, sub_time(s, r));
		enum side side = r->group->audience == AUDIENCE_EMPLOYEE ? INSIDE
									 : OUTSIDE;

		if (v == NULL) {
			rc = EMP_NOMEM;
			break;
		}
		v->m[pair * SIDES + side].figure = pub_read(t, r, "recipients");
	}
	sub_close(s);
	for (uint32_t i = 0; rc == EMP_OK && i < into->n; i++)
		rc = share_people(w, pair, &into->v[i]);
	return rc;
}

static enum emp_rc
read_views(struct work *w, enum step step, struct views *into)
{
	enum emp_rc rc = read_answers(w, step, into);

	if (step == STEP_ALL && view_at(w, into, INT64_MIN) == NULL)
		return EMP_NOMEM;
	if (step == STEP_MONTH && rc == EMP_OK)
		rc = release_months(w, into);
	for (uint32_t p = 0; p < w->n && w->j->q->step >= step; p++) {
		for (int side = 0; side < SIDES; side++)
			if (rc == EMP_OK && w->pairs[p].source == SOURCE_TIMES)
				rc = read_times(w, p, (enum side)side, step, into);
		if (rc == EMP_OK && w->pairs[p].source == SOURCE_RECOGNITION)
			rc = read_recognition(w, p, step, into);
	}
	return rc;
}

/* ---- rows ----------------------------------------------------------------------- */

static struct twin
levels_of(const struct view *v, uint32_t pair)
{
	return (struct twin){.external = v->m[pair * SIDES + OUTSIDE].level,
			     .internal = v->m[pair * SIDES + INSIDE].level};
}

static void
pair_texts(struct pub_row *r, const struct pair *p, const struct measure *inside)
{
	r->text[TEXT_TWIN] = p->name;
	r->text[TEXT_INSIDE] = p->inside;
	r->text[TEXT_METRIC] = str_from(p->metric);
	if (inside->suppressed)
		r->text[TEXT_SUPPRESSED] = STR("protected");
}

static enum emp_rc
pair_row(struct work *w, uint32_t pair, const struct view *v)
{
	struct pub_row *r = pub_row_add(&w->j->pub, &w->j->pub.rows);
	const struct measure *m = &v->m[pair * SIDES];
	struct twin t = levels_of(v, pair);
	const char *missing = twin_missing(&t);

	if (r == NULL)
		return EMP_NOMEM;
	pair_texts(r, &w->pairs[pair], &m[INSIDE]);
	if (missing != NULL)
		r->text[TEXT_MISSING] = str_from(missing);
	r->figure[FIG_EXTERNAL] = t.external;
	r->figure[FIG_EXTERNAL_N] = m[OUTSIDE].n;
	r->figure[FIG_INTERNAL] = t.internal;
	r->figure[FIG_INTERNAL_N] = m[INSIDE].n;
	r->figure[FIG_GAP] = twin_gap(&t);
	r->flags = m[INSIDE].flags;
	return EMP_OK;
}

static struct pub_table *
table_add(struct work *w, const char *name, const struct pub_column *c, uint32_t n)
{
	struct pub_table *t = &w->j->pub.extra[w->j->pub.n_extra++];

	*t = (struct pub_table){
		.name = name, .columns = c, .n_columns = n, .n_texts = TEXTS};
	return t;
}

static enum emp_rc
twin_rows(struct work *w, struct twin *t)
{
	const struct view *v = &w->all.v[0];
	struct coherence c;
	enum emp_rc rc = EMP_OK;

	for (uint32_t p = 0; p < w->n && rc == EMP_OK; p++) {
		rc = pair_row(w, p, v);
		t[p] = levels_of(v, p);
	}
	coherence_of(t, w->n, &c);
	pub_scalar_add(&w->j->pub, "twins", (double)c.twins);
	pub_scalar_add(&w->j->pub, "care_deficit", c.care_deficit);
	pub_scalar_add(&w->j->pub, "index", c.index);
	return rc;
}

static bool
in_window(const struct work *w, const struct view *v)
{
	return v->start < w->j->q->to && v->end > w->j->q->from;
}

/* Each month beside the one before it. */
static enum emp_rc
trend_rows(struct work *w, struct twin *before, struct twin *after)
{
	struct pub_table *table = table_add(w, "trend", trend_columns,
					    COUNT(trend_columns));
	const struct view *last = NULL;

	for (uint32_t i = 0; i < w->months.n; i++) {
		const struct view *v = &w->months.v[i];
		struct coherence_trend t;
		struct pub_row *r;

		if (!in_window(w, v))
			continue;
		if (last == NULL || last->end != v->start) {
			last = v;
			continue;
		}
		for (uint32_t p = 0; p < w->n; p++) {
			before[p] = levels_of(last, p);
			after[p] = levels_of(v, p);
		}
		coherence_trend(before, after, w->n, &t);
		last = v;
		if (t.after.twins == 0)
			continue;
		r = pub_row_add(&w->j->pub, table);
		if (r == NULL)
			return EMP_NOMEM;
		r->time = pub_time(&w->j->pub, w->j->tz, v->start * MS_PER_S);
		r->figure[FIG_TWINS] = (double)t.after.twins;
		r->figure[FIG_DEFICIT] = t.after.care_deficit;
		r->figure[FIG_BEFORE] = t.before.index;
		r->figure[FIG_INDEX] = t.after.index;
		r->figure[FIG_CHANGE] = t.change;
	}
	return EMP_OK;
}

static const struct view *
month_at(const struct work *w, int64_t start)
{
	for (uint32_t i = 0; i < w->months.n; i++)
		if (w->months.v[i].start == start)
			return &w->months.v[i];
	return NULL;
}

static enum emp_rc
lagged_row(struct work *w, struct pub_table *table, uint32_t pair, const struct view *v)
{
	const struct measure *inside = &v->m[pair * SIDES + INSIDE];
	struct pub_row *r = pub_row_add(&w->j->pub, table);
	int64_t t = v->start;

	if (r == NULL)
		return EMP_NOMEM;
	pair_texts(r, &w->pairs[pair], inside);
	r->time = pub_time(&w->j->pub, w->j->tz, v->start * MS_PER_S);
	r->figure[FIG_ENPS] = inside->figure;
	r->figure[FIG_ENPS_N] = inside->n;
	for (uint32_t k = 0; k <= FOLLOWING; k++) {
		const struct view *of = month_at(w, t);

		if (of != NULL) {
			const struct measure *m = &of->m[pair * SIDES + OUTSIDE];

			r->figure[FIG_NPS + 2 * k] = m->figure;
			r->figure[FIG_NPS + 2 * k + 1] = m->n;
		}
		t = tz_next(w->j->tz, TZ_MONTH, t);
	}
	return EMP_OK;
}

static enum emp_rc
lagged_rows(struct work *w)
{
	struct pub_table *table = table_add(w, "lagged", lagged_columns,
					    COUNT(lagged_columns));
	enum emp_rc rc = EMP_OK;

	for (uint32_t p = 0; p < w->n; p++) {
		if (w->pairs[p].source != SOURCE_QUESTION ||
		    w->pairs[p].twin.question[OUTSIDE]->metric != METRIC_NPS)
			continue;
		for (uint32_t i = 0; i < w->months.n && rc == EMP_OK; i++) {
			const struct view *v = &w->months.v[i];

			if (in_window(w, v) &&
			    (!isnan(v->m[p * SIDES + OUTSIDE].figure) ||
			     !isnan(v->m[p * SIDES + INSIDE].figure)))
				rc = lagged_row(w, table, p, v);
		}
	}
	return rc;
}

static enum emp_rc
rows_make(struct work *w)
{
	struct job *j = w->j;
	struct twin *t = arena_alloc(&j->pub.arena, ((size_t)w->n * 2 + 1) * sizeof *t);
	enum emp_rc rc;

	if (t == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < COUNT(columns); i++)
		pub_column_add(&j->pub, &columns[i]);
	j->pub.rows.n_texts = TEXTS;
	rc = twin_rows(w, t);
	if (rc == EMP_OK && j->q->step == STEP_MONTH)
		rc = trend_rows(w, t, t + w->n);
	if (rc == EMP_OK)
		rc = lagged_rows(w);
	j->pub.extra[j->pub.n_extra++] = w->missing;
	return rc;
}

/* ---- the answer ----------------------------------------------------------------- */

static enum emp_rc
answer(struct work *w)
{
	struct job *j = w->j;
	int64_t as_of = job_as_of(j);
	enum emp_rc rc = job_levels(j);

	w->now = j->q->as_of_given ? as_of : clock_now_ms() / MS_PER_S + 1;
	w->missing = (struct pub_table){.name = "missing_twins",
					.columns = missing_columns,
					.n_columns = COUNT(missing_columns)};
	if (j->q->from_given)
		j->pub.from = pub_time(&j->pub, j->tz, j->q->from * MS_PER_S);
	if (j->q->to_given)
		j->pub.to = pub_time(&j->pub, j->tz, j->q->to * MS_PER_S);
	if (rc == EMP_OK)
		rc = pairs_find(w);
	if (rc == EMP_OK)
		rc = job_released(j, &w->released);
	if (rc == EMP_OK)
		rc = read_views(w, STEP_ALL, &w->all);
	if (rc == EMP_OK && (!j->brief || j->q->step == STEP_MONTH))
		rc = read_views(w, STEP_MONTH, &w->months);
	return rc == EMP_OK ? rows_make(w) : rc;
}

enum emp_rc
ask_coherence(struct job *j)
{
	struct work w = {.j = j};
	enum emp_rc rc;

	if (j->q->step != STEP_ALL && j->q->step != STEP_MONTH)
		return problem_set(j->problem, EMP_INVALID, "step",
				   "coherence is by month, or over all");
	if (j->reader == NULL)
		return EMP_STALE;
	rc = answer(&w);
	free(w.pairs);
	free(w.all.v);
	free(w.months.v);
	return rc;
}
