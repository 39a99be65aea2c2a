/* Satisfaction as employees state it: rows from releases.
 *
 * A question of which nothing is released says "protected", the same whatever is
 * stored: which rows there are follows from the documents of surveys and from what was
 * released, never from answers. A period of which nothing is released, between others
 * of which something is, has no row, and with fill=1 a protected one: nobody said
 * that nobody answered. */
#include "privacy/released_rows.h"

#include "base/clock.h"

#include <stdlib.h>

struct rows {
	struct job *j;
	const struct survey *survey;
	struct released_sum *v; /* of the survey */
	uint32_t n;
	int64_t *starts; /* with fill: every bucket */
	uint32_t n_starts;
	uint32_t made;
	struct pub_group *group; /* of `unit` */
	uint32_t unit;
};

/* ---- what may be asked ---------------------------------------------------------- */

static bool
any_employees(const struct job_surveys *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->v[i]->audience == AUDIENCE_EMPLOYEE)
			return true;
	return false;
}

/* Before anything is looked up, so that the answer is the same before a release. */
static enum emp_rc
check_dimensions(struct job *j)
{
	for (int d = 0; d < DIM_COUNT; d++) {
		bool grouped = (j->q->group & 1u << d) != 0;

		if (d == DIM_UNIT || (!grouped && j->q->filter[d].n == 0))
			continue;
		return problem_set(j->problem, EMP_INVALID,
				   grouped ? "group_by" : field_name((enum field)d),
				   "of employees' surveys nothing is released by %s, "
				   "only by unit",
				   field_name((enum field)d));
	}
	return EMP_OK;
}

enum emp_rc
released_open(struct job *j, const struct job_surveys *s, bool *any)
{
	enum emp_rc rc;

	*any = any_employees(s);
	if (!*any)
		return EMP_OK;
	rc = check_dimensions(j);
	return rc == EMP_OK && j->reader == NULL ? EMP_STALE : rc;
}

void
released_free(struct released **r)
{
	if (*r != NULL)
		released_fini(*r);
	free(*r);
	*r = NULL;
}

/* Kept under the version that was read before the file was: never newer than what was
 * read. All parts of an answer go by one version, so none loses what another holds. The
 * definitions count, too: options that a question gets are those of its past. */
enum emp_rc
job_released(struct job *j, const struct released **out)
{
	struct rollup_ctx *c = j->c;
	enum emp_rc rc = EMP_OK;

	if (c->released == NULL || c->releases != j->releases ||
	    c->released_defs != j->defs->version) {
		released_free(&c->released);
		c->released = malloc(sizeof *c->released);
		if (c->released == NULL)
			return EMP_NOMEM;
		released_init(c->released, store_names(c->r->store, DIM_UNIT));
		rc = store_read_releases(j->reader, 0, released_take, c->released);
		c->releases = j->releases;
		c->released_defs = j->defs->version;
	}
	if (rc != EMP_OK)
		released_free(&c->released);
	*out = c->released;
	return rc;
}

/* Without steps what is widened to whole cells are the bounds of periods, too. */
static struct released_ask
window_of(const struct job *j, const struct survey *v)
{
	bool exact = j->q->step == STEP_ALL && !j->brief;

	return (struct released_ask){
		.survey = v->id,
		.from = j->raw->from_all ? INT64_MIN : j->raw->from,
		.to = j->raw->to_all ? INT64_MAX : j->raw->to,
		.since = exact && j->q->from_given ? j->q->from : 0,
		.until = exact && j->q->to_given ? j->q->to : 0};
}

static enum emp_rc
check_bound(struct job *j, const struct released *r, const struct survey *v,
	    const char *name, int64_t t)
{
	const struct released_ask ask = window_of(j, v);
	const struct released_block *b = released_cut(r, &ask, t);
	struct str from, to;

	if (b == NULL)
		return EMP_OK;
	from = pub_time(&j->pub, j->tz, b->from);
	to = pub_time(&j->pub, j->tz, b->to);
	if (from.n == 0 || to.n == 0)
		return EMP_NOMEM;
	return problem_set(j->problem, EMP_INVALID, name,
			   "lies inside a period of %.*s, which was released as a "
			   "whole: from %.*s to %.*s",
			   STR_FMT(v->name), STR_FMT(from), STR_FMT(to));
}

enum emp_rc
released_window(struct job *j, const struct job_surveys *s, const struct released **out)
{
	enum emp_rc rc = job_released(j, out);

	/* What is part of another answer counts a release where it ends. */
	for (uint32_t i = 0; i < s->n && !j->brief && rc == EMP_OK; i++) {
		if (s->v[i]->audience != AUDIENCE_EMPLOYEE || s->v[i]->id == 0)
			continue;
		if (j->q->from_given)
			rc = check_bound(j, *out, s->v[i], "from", j->raw->from);
		if (rc == EMP_OK && j->q->to_given)
			rc = check_bound(j, *out, s->v[i], "to", j->raw->to);
	}
	return rc;
}

/* ---- buckets -------------------------------------------------------------------- */

static enum emp_rc
fill_starts(struct rows *w)
{
	const struct job *j = w->j;
	enum tz_unit unit = step_unit((enum step)j->q->step);
	int64_t first = INT64_MAX;
	int64_t end = INT64_MIN;
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		if (w->v[i].start < first)
			first = w->v[i].start;
		if (w->v[i].start >= end)
			end = w->v[i].start + 1;
	}
	if (w->n == 0)
		return EMP_OK;
	if (!j->raw->from_all)
		first = j->raw->from;
	if (!j->raw->to_all)
		end = j->raw->to;
	for (int64_t t = first; t < end; t = tz_next(j->tz, unit, t))
		if (++n > QUERY_ROWS_MAX)
			return EMP_TOO_LARGE;
	w->starts = arena_alloc(&w->j->pub.arena, ((size_t)n + 1) * sizeof *w->starts);
	if (w->starts == NULL)
		return EMP_NOMEM;
	for (int64_t t = first; t < end; t = tz_next(j->tz, unit, t))
		w->starts[w->n_starts++] = t;
	return EMP_OK;
}

/* ---- rows ----------------------------------------------------------------------- */

static enum emp_rc protected(struct rows *w, struct str question) {
	w->made++; return job_row_protected(w->j, w->survey->name, question);
}

static struct pub_row *
row_new(struct rows *w, struct str question, uint32_t unit, int64_t start)
{
	struct job *j = w->j;
	struct pub_row *r;

	if (j->pub.rows.n >= QUERY_ROWS_MAX) {
		j->rc = EMP_TOO_LARGE;
		return NULL;
	}
	if (w->group == NULL || w->unit != unit) {
		w->group = arena_zalloc(&j->pub.arena, sizeof *w->group);
		if (w->group == NULL)
			goto nomem;
		w->unit = unit;
		w->group->audience = AUDIENCE_EMPLOYEE;
		if (unit != 0)
			w->group->text[DIM_UNIT] = intern_text(
				store_names(j->c->r->store, DIM_UNIT), unit);
	}
	r = pub_row_add(&j->pub, &j->pub.rows);
	if (r == NULL)
		goto nomem;
	r->group = w->group;
	r->key[0] = w->survey->name;
	r->key[1] = question;
	if (start != INT64_MIN) {
		r->time = pub_time(&j->pub, j->tz, start * MS_PER_S);
		if (r->time.n == 0)
			goto nomem;
	}
	w->made++;
	return r;
nomem:
	j->rc = EMP_NOMEM;
	return NULL;
}

static void
sum_row(struct rows *w, struct str name, const struct released_sum *s)
{
	struct pub_row *r = row_new(w, name, s->unit, s->start);

	if (r == NULL)
		return;
	r->question = s->question;
	r->count = s->count;
	r->n = satisfaction_people(s->question, s->count);
	r->flags = PUB_RELEASED | (s->verified ? PUB_VERIFIED : 0);
}

static void
empty_row(struct rows *w, struct str name, uint32_t unit, int64_t start)
{
	struct pub_row *r = row_new(w, name, unit, start);

	if (r == NULL)
		return;
	r->suppressed = true;
	r->grouped = true;
}

/* Sums of one question and unit: [first, last). */
static void
run_rows(struct rows *w, struct str name, uint32_t first, uint32_t last)
{
	uint32_t k = first;

	for (uint32_t i = 0; i < w->n_starts && w->j->rc == EMP_OK; i++) {
		while (k < last && w->v[k].start < w->starts[i])
			k++;
		if (k < last && w->v[k].start == w->starts[i])
			sum_row(w, name, &w->v[k]);
		else
			empty_row(w, name, w->v[first].unit, w->starts[i]);
	}
	for (; w->n_starts == 0 && k < last && w->j->rc == EMP_OK; k++)
		sum_row(w, name, &w->v[k]);
}

/* Rows of a question, and whether there are any. Its name is that of the survey, so
 * that rows of one question share it. */
static bool
question_rows(struct rows *w, struct str name)
{
	bool any = false;

	for (uint32_t i = 0, k = 0; i < w->n && w->j->rc == EMP_OK; i = k) {
		while (k < w->n && w->v[k].question == w->v[i].question &&
		       w->v[k].unit == w->v[i].unit)
			k++;
		if (!str_eq(w->v[i].question->name, name))
			continue;
		any = true;
		run_rows(w, name, i, k);
	}
	return any;
}

static bool
declares(const struct survey *v, struct str name)
{
	for (uint32_t i = 0; i < v->n_questions; i++)
		if (v->questions[i].declared && str_eq(v->questions[i].name, name))
			return true;
	return false;
}

/* What the document does not name: questions that it once did, and those that answers
 * to an open survey registered, which exist by what was released of them. */
static void
undeclared_rows(struct rows *w)
{
	struct str last = STR_NONE;

	for (uint32_t i = 0; i < w->n && w->j->rc == EMP_OK; i++) {
		struct str name = w->v[i].question->name;

		if ((i > 0 && str_eq(name, last)) || declares(w->survey, name))
			continue;
		last = name;
		(void)question_rows(w, name);
	}
}

static bool
has_sum(const struct rows *w, struct str name)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (str_eq(w->v[i].question->name, name))
			return true;
	return false;
}

/* An open survey has the questions that the query names, known or not. */
static enum emp_rc
named_rows(struct rows *w)
{
	const struct query_filter *f = &w->j->q->filter[FIELD_QUESTION];
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < f->n && rc == EMP_OK; i++)
		if (!declares(w->survey, f->value[i]) && !has_sum(w, f->value[i]))
			rc = protected(w, f->value[i]);
	if (f->n == 0 && w->made == 0)
		rc = protected(w, STR_NONE);
	return rc;
}

static enum emp_rc
read_sums(struct rows *w, const struct released *r)
{
	struct job *j = w->j;
	const struct query_filter *units = &j->q->filter[DIM_UNIT];
	const struct query_filter *questions = &j->q->filter[FIELD_QUESTION];
	struct released_ask ask = window_of(j, w->survey);
	enum emp_rc rc;

	ask.questions = questions->value;
	ask.n_questions = questions->n;
	ask.within = units->value;
	ask.n_within = units->n;
	ask.only = j->q->only_unit;
	ask.by_unit = (j->q->group & 1u << DIM_UNIT) != 0;
	ask.depth = j->q->depth;
	ask.tz = j->tz;
	ask.step = j->q->step;
	rc = released_sums(r, &ask, &j->pub.arena, &w->v, &w->n);
	if (rc == EMP_OK && j->q->fill && j->q->step != STEP_ALL)
		rc = fill_starts(w);
	return rc;
}

enum emp_rc
released_rows(struct job *j, const struct released *r, const struct survey *v)
{
	struct rows w = {.j = j, .survey = v};
	enum emp_rc rc = v->id == 0 ? EMP_OK : read_sums(&w, r);

	for (uint32_t i = 0; i < v->n_questions && rc == EMP_OK; i++) {
		struct str name = v->questions[i].name;

		if (v->questions[i].declared &&
		    job_filter_has(j->q, FIELD_QUESTION, name) &&
		    !question_rows(&w, name))
			rc = protected(&w, name);
	}
	if (rc == EMP_OK)
		undeclared_rows(&w);
	if (rc == EMP_OK && v->open_metric != METRIC_NONE)
		rc = named_rows(&w);
	return rc == EMP_OK ? j->rc : rc;
}
