/* Evidence by role, class and unit: see evidence.h. */
#include "privacy/evidence.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/hash.h"

#include <stdlib.h>

/* Who is in a group. */
struct member {
	uint32_t group;
	uint8_t person[PSEUDONYM_BYTES];
};

struct evidence {
	struct job *j;
	int64_t until;
	struct evidence_group *v;
	uint32_t n, max;
	struct people *keys;     /* role and class, by unit -> group */
	struct people *deciders; /* (group, person) */
	struct member *members;
	uint32_t n_members, max_members;
	struct strmap *topics;
	uint32_t n_topics;
	struct people *trained; /* (topic, person) completed in time */
};

enum emp_rc
evidence_new(struct evidence **out, struct job *j, int64_t until)
{
	struct evidence *e = calloc(1, sizeof *e);
	enum emp_rc rc;

	*out = e;
	if (e == NULL)
		return EMP_NOMEM;
	e->j = j;
	e->until = until;
	rc = people_new(&e->keys);
	if (rc == EMP_OK)
		rc = people_new(&e->deciders);
	if (rc == EMP_OK)
		rc = people_new(&e->trained);
	return rc == EMP_OK ? strmap_new(&e->topics) : rc;
}

void
evidence_free(struct evidence **ep)
{
	struct evidence *e = *ep;

	if (e == NULL)
		return;
	for (uint32_t i = 0; i < e->n; i++)
		free(e->v[i].cents);
	free(e->v);
	free(e->members);
	people_free(&e->keys);
	people_free(&e->deciders);
	people_free(&e->trained);
	strmap_free(&e->topics);
	free(e);
	*ep = NULL;
}

uint32_t
evidence_count(const struct evidence *e)
{
	return e->n;
}

const struct evidence_group *
evidence_at(const struct evidence *e, uint32_t i)
{
	return &e->v[i];
}

/* ---- adding ---------------------------------------------------------------------- */

static enum emp_rc
group_of(struct evidence *e, uint32_t unit, const struct decision_row *d,
	 struct evidence_group **out)
{
	const struct store *s = e->j->c->r->store;
	uint32_t words[2] = {intern_find(store_words(s, WORD_ROLE), d->role),
			     intern_find(store_words(s, WORD_CLASS), d->matter)};
	uint8_t key[PSEUDONYM_BYTES] = {0};
	struct evidence_group *g;
	uint32_t at;
	bool fresh;
	enum emp_rc rc;

	memcpy(key, words, sizeof words);
	rc = people_add(e->keys, unit, key, &at, &fresh);
	if (rc != EMP_OK)
		return rc;
	if (fresh) {
		if (!array_reserve(&e->v, &e->max, e->n + 1, sizeof *e->v))
			return EMP_NOMEM;
		g = &e->v[e->n++];
		memset(g, 0, sizeof *g);
		g->role = intern_text(store_words(s, WORD_ROLE), words[0]);
		g->matter = intern_text(store_words(s, WORD_CLASS), words[1]);
		g->unit = unit;
		g->newest = INT64_MIN;
		g->facts.limit_cents = -1;
	}
	*out = &e->v[at];
	return EMP_OK;
}

static enum emp_rc
note_decider(struct evidence *e, uint32_t group, const uint8_t *person)
{
	uint32_t at;
	bool fresh;
	enum emp_rc rc = people_add(e->deciders, group, person, &at, &fresh);
	struct member *m;

	if (rc != EMP_OK || !fresh)
		return rc;
	if (!array_reserve(&e->members, &e->max_members, e->n_members + 1,
			   sizeof *e->members))
		return EMP_NOMEM;
	m = &e->members[e->n_members++];
	m->group = group;
	memcpy(m->person, person, PSEUDONYM_BYTES);
	e->v[group].deciders++;
	return EMP_OK;
}

static struct str
unit_name(const struct evidence *e, uint32_t series)
{
	struct agg_series s;

	agg_series_get(e->j->c->r->agg, series, &s);
	return s.dim_id[DIM_UNIT] == 0
		? STR_NONE
		: intern_text(store_names(e->j->c->r->store, DIM_UNIT),
			      s.dim_id[DIM_UNIT]);
}

enum emp_rc
evidence_add(struct evidence *e, uint32_t unit, const struct evidence_row *row)
{
	const struct decision_row *d = &row->decision;
	const struct decision_facts *f = &d->facts;
	struct evidence_group *g;
	enum emp_rc rc;

	if (d->time >= e->until)
		return EMP_OK;
	rc = group_of(e, unit, d, &g);
	if (rc == EMP_OK)
		rc = note_decider(e, (uint32_t)(g - e->v), row->person);
	if (rc != EMP_OK)
		return rc;
	g->decisions++;
	if (d->time >= g->newest) {
		g->newest = d->time;
		g->unit_of_newest = unit_name(e, d->series);
	}
	g->facts.n += f->customer_benefit >= 0;
	g->facts.good += f->customer_benefit == 1;
	g->facts.sanctions += row->verdict == VERDICT_SANCTION &&
		row->reviewed < e->until;
	if (f->escalated && f->settled != ANSWER_NONE) {
		g->facts.settled++;
		g->facts.as_proposed += f->settled == f->answer;
	}
	if (d->amount_cents < 0)
		return EMP_OK;
	if (!array_reserve(&g->cents, &g->max_cents, g->n_cents + 1, sizeof *g->cents))
		return EMP_NOMEM;
	g->cents[g->n_cents++] = d->amount_cents;
	return EMP_OK;
}

/* ---- settling -------------------------------------------------------------------- */

static enum emp_rc
topic_number(struct evidence *e, struct str topic, uint32_t *out)
{
	*out = strmap_get(e->topics, topic);
	if (*out != UINT32_MAX)
		return EMP_OK;
	*out = e->n_topics++;
	return strmap_put(e->topics, topic, *out);
}

static enum emp_rc
take_training(void *ctx, const struct training_row *t)
{
	struct evidence *e = ctx;
	uint32_t topic = strmap_get(e->topics, t->topic);
	uint32_t at;
	bool fresh;

	return t->requested || topic == UINT32_MAX
		? EMP_OK
		: people_add(e->trained, topic, t->person, &at, &fresh);
}

/* Only topics that some boundary asks for are looked up. */
static enum emp_rc
trainings_settle(struct evidence *e, int64_t at)
{
	int64_t span = TRAINING_CURRENT_DAYS * S_PER_DAY * MS_PER_S;
	int64_t to = at < e->until ? at : e->until;
	uint32_t topic;
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < e->n && rc == EMP_OK; i++) {
		const struct boundary *b = e->v[i].boundary;

		if (b != NULL && b->requires_training.n > 0)
			rc = topic_number(e, b->requires_training, &topic);
	}
	if (rc == EMP_OK && e->n_topics > 0)
		rc = store_read_trainings(e->j->reader, at - span, to, take_training,
					  e);
	for (uint32_t i = 0; i < e->n_members && rc == EMP_OK; i++) {
		const struct member *m = &e->members[i];
		struct evidence_group *g = &e->v[m->group];

		if (g->boundary == NULL || g->boundary->requires_training.n == 0)
			continue;
		topic = strmap_get(e->topics, g->boundary->requires_training);
		g->untrained += people_find(e->trained, topic, m->person) ==
			PEOPLE_NONE;
	}
	return rc;
}

static int
group_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct job *j = ctx;
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	const struct evidence_group *a = pa;
	const struct evidence_group *b = pb;
	int cmp = str_cmp(a->role, b->role);

	if (cmp == 0)
		cmp = str_cmp(a->matter, b->matter);
	if (cmp == 0 && a->unit != b->unit)
		cmp = a->unit == 0     ? -1
			: b->unit == 0 ? 1
				       : str_cmp(intern_text(units, a->unit),
						 intern_text(units, b->unit));
	return cmp;
}

enum emp_rc
evidence_settle(struct evidence *e, int64_t at, const uint8_t *person)
{
	const struct intern *units = store_names(e->j->c->r->store, DIM_UNIT);
	const struct boundaries *all = e->j->defs->boundaries;
	enum emp_rc rc;

	for (uint32_t i = 0; i < e->n && all != NULL; i++) {
		struct evidence_group *g = &e->v[i];
		struct boundary_question q = {.role = g->role,
					      .matter = g->matter,
					      .unit = person != NULL ? g->unit_of_newest
						      : g->unit == 0
						      ? STR_NONE
						      : intern_text(units, g->unit),
					      .person = person,
					      .time = at};

		g->boundary = boundaries_find(all, &q);
		if (g->boundary != NULL)
			g->facts.limit_cents = g->boundary->limit_cents;
	}
	rc = trainings_settle(e, at);
	if (rc != EMP_OK)
		return rc;
	for (uint32_t i = 0; i < e->n; i++) {
		struct evidence_group *g = &e->v[i];

		g->facts.training_current = g->untrained == 0;
		g->facts.median_amount_cents = amounts_median(g->cents, g->n_cents);
		candidate_of(&g->facts, &g->result);
	}
	if (e->n > 1)
		qsort_r(e->v, e->n, sizeof *e->v, group_cmp, e->j);
	return EMP_OK;
}
