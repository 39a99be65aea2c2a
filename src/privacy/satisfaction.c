/* Satisfaction: a row per survey and question, each figure from one histogram.
 *
 * Employees' surveys have no live figures: their rows come from releases
 * (released_rows.c), and are made of the same columns. */
#include "privacy/released_rows.h"

#include <stdlib.h>

struct ask {
	const struct survey *survey;
	const struct question *question;
	uint32_t target, offset;
};

struct asks {
	struct ask *v;
	uint32_t n;
	struct raw_target *targets;
	uint32_t n_targets;
};

/* ---- columns ------------------------------------------------------------------- */

static const struct question *
scale_of(const struct pub_row *r)
{
	return r->suppressed || r->question == NULL ||
			!metric_is_scale(r->question->metric)
		? NULL
		: r->question;
}

/* Only the values of the scale are set, and looked at: this runs for every figure. */
static void
hist_of(const struct question *q, const uint64_t *count, struct hist *h)
{
	h->lo = q->lo;
	h->hi = q->hi;
	for (int i = 0; i <= h->hi - h->lo; i++)
		h->v[i] = count[i];
}

static void
get_histogram(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	(void)c;
	if (scale_of(r) != NULL)
		v->kind = PUB_HISTOGRAM;
}

static void
get_options(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	if (!r->suppressed && r->question != NULL &&
	    r->question->metric == METRIC_CHOICE)
		v->kind = c->arg;
}

enum scored {
	SCORED_MEAN,
	SCORED_CSAT,
	SCORED_NPS,
	SCORED_NPS_MARGIN,
	SCORED_CES_MEAN,
	SCORED_CES_EASY,
	SCORED_FAVORABLE,
	SCORED_NEUTRAL,
	SCORED_UNFAVORABLE
};

static enum metric
metric_of(enum scored s)
{
	switch (s) {
	case SCORED_MEAN:
		return METRIC_NONE;
	case SCORED_CSAT:
		return METRIC_CSAT;
	case SCORED_NPS:
	case SCORED_NPS_MARGIN:
		return METRIC_NPS;
	case SCORED_CES_MEAN:
	case SCORED_CES_EASY:
		return METRIC_CES;
	case SCORED_FAVORABLE:
	case SCORED_NEUTRAL:
	case SCORED_UNFAVORABLE:
		return METRIC_PULSE;
	}
	return METRIC_NONE;
}

const char *
satisfaction_headline(const struct question *q)
{
	switch ((enum metric)q->metric) {
	case METRIC_CSAT:
		return "csat";
	case METRIC_NPS:
		return "nps";
	case METRIC_CES:
		return "ces_easy";
	case METRIC_PULSE:
		return "favorable";
	case METRIC_NONE:
	case METRIC_CHOICE:
	case METRIC_TEXT:
		break;
	}
	return NULL;
}

static double
score_of(const struct question *q, const uint64_t *count, enum scored what)
{
	double pulse[3];
	struct hist h;

	hist_of(q, count, &h);
	switch (what) {
	case SCORED_MEAN:
	case SCORED_CES_MEAN:
		return hist_mean(&h);
	case SCORED_CSAT:
		return metric_csat(&h, q->satisfied);
	case SCORED_NPS:
		return metric_nps(&h);
	case SCORED_NPS_MARGIN:
		return metric_nps_margin(&h);
	case SCORED_CES_EASY:
		return metric_ces_easy(&h);
	case SCORED_FAVORABLE:
	case SCORED_NEUTRAL:
	case SCORED_UNFAVORABLE:
		metric_pulse(&h, &pulse[0], &pulse[1], &pulse[2]);
		return pulse[what - SCORED_FAVORABLE];
	}
	return NAN;
}

static void
get_score(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	const struct question *q = scale_of(r);
	enum metric needs = metric_of(c->arg);

	if (q == NULL || (needs != METRIC_NONE && q->metric != needs))
		return;
	v->kind = PUB_FIGURE;
	v->figure = score_of(q, r->count, (enum scored)c->arg);
}

double
satisfaction_level(const struct question *q, const uint64_t *count)
{
	switch ((enum metric)q->metric) {
	case METRIC_CSAT:
		return score_of(q, count, SCORED_CSAT);
	case METRIC_NPS:
		return score_of(q, count, SCORED_NPS);
	case METRIC_CES:
		return score_of(q, count, SCORED_CES_EASY);
	case METRIC_PULSE:
		return score_of(q, count, SCORED_FAVORABLE);
	case METRIC_NONE:
	case METRIC_CHOICE:
	case METRIC_TEXT:
		break;
	}
	return NAN;
}

static const char *const keys[] = {"survey", "question"};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"histogram", get_histogram, 0},
	{"mean", get_score, SCORED_MEAN},
	{"csat", get_score, SCORED_CSAT},
	{"nps", get_score, SCORED_NPS},
	{"nps_margin", get_score, SCORED_NPS_MARGIN},
	{"ces_mean", get_score, SCORED_CES_MEAN},
	{"ces_easy", get_score, SCORED_CES_EASY},
	{"favorable", get_score, SCORED_FAVORABLE},
	{"neutral", get_score, SCORED_NEUTRAL},
	{"unfavorable", get_score, SCORED_UNFAVORABLE},
	{"options", get_options, PUB_OPTIONS},
	{"shares", get_options, PUB_SHARES},
};

static const struct pub_column verified_column = {"verified", pub_get_verified, 0};

/* ---- what is asked ------------------------------------------------------------- */

static int
ask_cmp(const void *pa, const void *pb)
{
	const struct ask *a = pa;
	const struct ask *b = pb;
	int cmp = str_cmp(a->survey->name, b->survey->name);

	return cmp != 0 ? cmp : str_cmp(a->question->name, b->question->name);
}

static void
target_add(struct asks *a, uint32_t survey, uint32_t first, uint32_t n)
{
	a->targets[a->n_targets] = (struct raw_target){survey, first, n, a->n_targets};
	a->n_targets++;
}

/* Without a filter one vector holds all questions of a survey. */
static void
survey_asks(struct job *j, const struct survey *v, struct asks *a)
{
	bool all = j->q->filter[FIELD_QUESTION].n == 0;

	if (all && v->n_questions > 0)
		target_add(a, v->id, SURVEY_SLOTS_FIXED,
			   v->n_slots - SURVEY_SLOTS_FIXED);
	for (uint32_t i = 0; i < v->n_questions; i++) {
		const struct question *q = &v->questions[i];

		if (!job_filter_has(j->q, FIELD_QUESTION, q->name))
			continue;
		if (!all)
			target_add(a, v->id, q->slot, q->width);
		a->v[a->n++] = (struct ask){v, q, a->n_targets - 1,
					    all ? q->slot - SURVEY_SLOTS_FIXED : 0};
	}
}

static enum emp_rc
asks_make(struct job *j, const struct job_surveys *s, struct asks *a)
{
	size_t max = 1;

	memset(a, 0, sizeof *a);
	for (uint32_t i = 0; i < s->n; i++)
		max += s->v[i]->n_questions + 1;
	a->v = arena_alloc(&j->pub.arena, max * sizeof *a->v);
	a->targets = arena_alloc(&j->pub.arena, max * sizeof *a->targets);
	if (a->v == NULL || a->targets == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->v[i]->audience == AUDIENCE_CUSTOMER && s->v[i]->id != 0)
			survey_asks(j, s->v[i], a);
	if (a->n > 1)
		qsort(a->v, a->n, sizeof *a->v, ask_cmp);
	return EMP_OK;
}

/* ---- rows ---------------------------------------------------------------------- */

uint64_t
satisfaction_people(const struct question *q, const uint64_t *v)
{
	uint64_t n = 0;

	if (!metric_is_scale(q->metric))
		return v[0];
	for (int i = 0; i < q->width; i++)
		n += v[i];
	return n;
}

static const uint64_t *
counts_at(const struct job *j, const struct ask *a, uint32_t group, uint32_t time)
{
	static const uint64_t none[HIST_MAX];
	const uint64_t *v = job_sums(j, a->target, group, time);

	return v == NULL ? none : v + a->offset;
}

static void
ask_rows(struct job *j, const struct ask *a)
{
	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		if (j->raw->groups[g].audience != a->survey->audience)
			continue;
		for (uint32_t t = 0; t < j->n_times && j->q->fill && !occurs; t++)
			occurs = satisfaction_people(a->question,
						     counts_at(j, a, g, t)) > 0;
		for (uint32_t t = 0; t < j->n_times && j->rc == EMP_OK; t++) {
			const uint64_t *v = counts_at(j, a, g, t);
			uint64_t n = satisfaction_people(a->question, v);
			struct pub_row *r;

			if (n == 0 && !occurs)
				continue;
			r = job_row(j, &j->pub.rows, g, t);
			if (r == NULL)
				break;
			r->key[0] = a->survey->name;
			r->key[1] = a->question->name;
			r->question = a->question;
			r->count = v;
			r->n = n;
		}
	}
}

enum emp_rc
rollup_satisfaction(struct job *j)
{
	struct job_surveys surveys;
	const struct released *released = NULL;
	bool employees = false;
	struct asks a;
	enum emp_rc rc = job_surveys(j, &surveys);

	if (rc == EMP_OK)
		rc = released_open(j, &surveys, &employees);
	if (rc == EMP_OK)
		rc = asks_make(j, &surveys, &a);
	if (rc == EMP_OK)
		rc = job_merge(j, a.targets, a.n_targets);
	if (rc == EMP_OK && employees)
		rc = released_window(j, &surveys, &released);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc != EMP_OK)
		return rc;
	job_columns(j, keys, 2, j->pub.columns, &j->pub.rows.n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	if (released != NULL)
		pub_column_add(&j->pub, &verified_column);
	/* Surveys are in order of name; each has rows of one kind. */
	for (uint32_t i = 0, k = 0; i < surveys.n && rc == EMP_OK; i++) {
		if (surveys.v[i]->audience == AUDIENCE_EMPLOYEE)
			rc = released_rows(j, released, surveys.v[i]);
		for (; k < a.n && a.v[k].survey == surveys.v[i]; k++)
			ask_rows(j, &a.v[k]);
	}
	return rc;
}
