/* Released blocks: taken, chosen, and added up whole. See released.h. */
#include "privacy/released.h"

#include "base/array.h"
#include "base/clock.h"
#include "privacy/cards.h"

#include <stdlib.h>

#define ARENA_CHUNK (64 * 1024)

void
released_init(struct released *r, const struct intern *units)
{
	*r = (struct released){.units = units};
	arena_init(&r->arena, ARENA_CHUNK);
}

void
released_fini(struct released *r)
{
	free(r->v);
	free(r->questions);
	arena_fini(&r->arena);
}

/* ---- taking --------------------------------------------------------------------- */

/* Options are added behind those that there are, so fewer of the same are the same. */
static bool
same_question(const struct question *q, const struct release_row *row)
{
	uint32_t n = q->n_options < row->n_options ? q->n_options : row->n_options;
	bool same = q->metric == row->metric && q->lo == row->lo && q->hi == row->hi &&
		q->satisfied == row->satisfied && str_eq(q->name, row->question);

	for (uint32_t i = 0; i < n && same; i++)
		same = str_eq(q->options[i], row->options[i]);
	return same;
}

static enum emp_rc
take_options(struct released *r, struct question *q, const struct release_row *row)
{
	struct str *options;

	if (row->n_options > QUESTION_OPTIONS_MAX)
		return EMP_CORRUPT;
	if (row->n_options <= q->n_options)
		return EMP_OK;
	options = arena_alloc(&r->arena, row->n_options * sizeof *options);
	if (options == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < row->n_options; i++) {
		options[i] = arena_str(&r->arena, row->options[i]);
		if (options[i].p == NULL)
			return EMP_NOMEM;
	}
	q->options = options;
	q->n_options = (uint8_t)row->n_options;
	return EMP_OK;
}

static uint16_t
width_of(const struct question *q)
{
	if (metric_is_scale((enum metric)q->metric))
		return (uint16_t)(q->hi - q->lo + 1);
	return (uint16_t)(1 + q->n_options);
}

static struct released_question *
question_new(struct released *r, const struct release_row *row)
{
	struct released_question *q;

	if (!array_reserve(&r->questions, &r->max_questions, r->n_questions + 1,
			   sizeof *r->questions))
		return NULL;
	q = arena_zalloc(&r->arena, sizeof *q);
	if (q == NULL)
		return NULL;
	q->survey = row->survey;
	q->number = r->n_questions;
	q->first = q->last = RELEASED_END;
	q->question = (struct question){.metric = row->metric,
					.lo = row->lo,
					.hi = row->hi,
					.satisfied = row->satisfied,
					.name = arena_str(&r->arena, row->question)};
	if (q->question.name.p == NULL)
		return NULL;
	r->questions[r->n_questions++] = q;
	return q;
}

static enum emp_rc
question_of(struct released *r, const struct release_row *row,
	    struct released_question **out)
{
	struct released_question *q = NULL;
	enum emp_rc rc;

	/* The last ones first: blocks of a question follow each other. */
	for (uint32_t i = r->n_questions; i > 0 && q == NULL; i--)
		if (r->questions[i - 1]->survey == row->survey &&
		    same_question(&r->questions[i - 1]->question, row))
			q = r->questions[i - 1];
	if (q == NULL)
		q = question_new(r, row);
	if (q == NULL)
		return EMP_NOMEM;
	rc = take_options(r, &q->question, row);
	q->question.width = width_of(&q->question);
	*out = q;
	return rc;
}

enum emp_rc
released_take(void *ctx, const struct release_row *row)
{
	struct released *r = ctx;
	struct released_block *b;
	uint64_t *count;
	enum emp_rc rc;

	if (row->unit > intern_count(r->units))
		return EMP_OVERLOADED;
	if (!array_reserve(&r->v, &r->max, r->n + 1, sizeof *r->v))
		return EMP_NOMEM;
	b = &r->v[r->n];
	*b = (struct released_block){.from = row->from,
				     .to = row->to,
				     .unit = row->unit,
				     .verified = row->verified,
				     .people = row->people,
				     .n_count = row->n_count,
				     .next = RELEASED_END};
	rc = question_of(r, row, &b->of);
	if (rc != EMP_OK)
		return rc;
	if (b->n_count > b->of->question.width)
		return EMP_CORRUPT;
	count = arena_alloc(&r->arena, (row->n_count + 1) * sizeof *count);
	if (count == NULL)
		return EMP_NOMEM;
	if (row->n_count > 0)
		memcpy(count, row->count, row->n_count * sizeof *count);
	b->count = count;
	if (b->of->first == RELEASED_END)
		b->of->first = r->n;
	else
		r->v[b->of->last].next = r->n;
	b->of->last = r->n++;
	return EMP_OK;
}

/* ---- what is asked for ---------------------------------------------------------- */

int64_t
released_last(int64_t to)
{
	int64_t last = to - 1;

	return last / MS_PER_S - (last % MS_PER_S < 0);
}

static bool
outside(const struct released_ask *a, const struct released_block *b)
{
	return (a->since != 0 && b->to / MS_PER_S <= a->since) ||
		(a->until != 0 && (b->from + MS_PER_S - 1) / MS_PER_S >= a->until);
}

const struct released_block *
released_cut(const struct released *r, const struct released_ask *ask, int64_t t)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct released_block *b = &r->v[i];

		if (b->of->survey == ask->survey && b->from < t * MS_PER_S &&
		    t * MS_PER_S < b->to && !outside(ask, b))
			return b;
	}
	return NULL;
}

static bool
asked_question(const struct released_ask *a, const struct released_question *q)
{
	bool any = a->n_questions == 0;

	for (uint32_t i = 0; i < a->n_questions && !any; i++)
		any = str_eq(a->questions[i], q->question.name);
	return any && q->survey == a->survey;
}

static bool
asked_unit(const struct released_ask *a, struct str unit)
{
	bool in = a->n_within == 0;

	for (uint32_t i = 0; i < a->n_within && !in; i++)
		in = unit_within(unit, a->within[i]);
	return in && unit_within(unit, a->only);
}

/* The unit with at most so many parts. */
static uint32_t
cut(const struct intern *units, uint32_t unit, uint32_t depth)
{
	uint32_t parts = 0;

	for (uint32_t u = unit; u != INTERN_NONE; u = intern_parent(units, u))
		parts++;
	for (; depth != 0 && parts > depth; parts--)
		unit = intern_parent(units, unit);
	return unit;
}

/* ---- sums ----------------------------------------------------------------------- */

struct chosen {
	const struct released_block *b;
	uint32_t unit;
	struct str name; /* of it */
	int64_t start;
};

static int
chosen_cmp(const void *pa, const void *pb)
{
	const struct chosen *a = pa;
	const struct chosen *b = pb;
	const struct released_question *p = a->b->of;
	const struct released_question *q = b->b->of;
	int cmp = str_cmp(p->question.name, q->question.name);

	if (cmp == 0)
		cmp = (p->number > q->number) - (p->number < q->number);
	if (cmp == 0)
		cmp = str_cmp(a->name, b->name);
	return cmp != 0 ? cmp : (a->start > b->start) - (a->start < b->start);
}

/* How many blocks there are of what is asked, at most. */
static uint32_t
most(const struct released *r, const struct released_ask *a)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < r->n_questions; k++) {
		const struct released_question *q = r->questions[k];

		if (!asked_question(a, q))
			continue;
		for (uint32_t i = q->first; i != RELEASED_END; i = r->v[i].next)
			n++;
	}
	return n;
}

static bool
asked_block(const struct released *r, const struct released_ask *a,
	    const struct released_block *b)
{
	int64_t last = released_last(b->to);

	return last >= a->from && last < a->to && !outside(a, b) &&
		asked_unit(a, b->unit == 0 ? STR_NONE : intern_text(r->units, b->unit));
}

static uint32_t
choose(const struct released *r, const struct released_ask *a, struct chosen *out)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < r->n_questions; k++) {
		const struct released_question *q = r->questions[k];

		if (!asked_question(a, q))
			continue;
		for (uint32_t i = q->first; i != RELEASED_END; i = r->v[i].next) {
			const struct released_block *b = &r->v[i];
			struct chosen *c = &out[n];

			if (!asked_block(r, a, b))
				continue;
			*c = (struct chosen){.b = b, .start = INT64_MIN};
			if (a->by_unit)
				c->unit = cut(r->units, b->unit, a->depth);
			if (c->unit != 0)
				c->name = intern_text(r->units, c->unit);
			if (a->step != STEP_ALL)
				c->start = tz_floor(a->tz,
						    step_unit((enum step)a->step),
						    released_last(b->to));
			n++;
		}
	}
	if (n > 1)
		qsort(out, n, sizeof *out, chosen_cmp);
	return n;
}

static bool
sum_new(struct arena *a, const struct chosen *c, struct released_sum *s)
{
	const struct question *q = &c->b->of->question;

	*s = (struct released_sum){
		.question = q,
		.unit = c->unit,
		.start = c->start,
		.verified = true,
		.count = arena_zalloc(a, q->width * sizeof *s->count)};
	return s->count != NULL;
}

static enum emp_rc
add_up(const struct chosen *c, uint32_t found, struct arena *a,
       struct released_sum **out, uint32_t *n)
{
	uint32_t different = 0;
	struct released_sum *v;

	for (uint32_t i = 0; i < found; i++)
		different += i == 0 || chosen_cmp(&c[i - 1], &c[i]) != 0;
	*out = v = arena_alloc(a, ((size_t)different + 1) * sizeof *v);
	if (v == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < found; i++) {
		struct released_sum *s;

		if ((i == 0 || chosen_cmp(&c[i - 1], &c[i]) != 0) &&
		    !sum_new(a, &c[i], &v[(*n)++]))
			return EMP_NOMEM;
		s = &v[*n - 1];
		s->verified = s->verified && c[i].b->verified;
		s->people += c[i].b->people;
		for (uint32_t k = 0; k < c[i].b->n_count; k++)
			s->count[k] += c[i].b->count[k];
	}
	return EMP_OK;
}

enum emp_rc
released_sums(const struct released *r, const struct released_ask *ask, struct arena *a,
	      struct released_sum **out, uint32_t *n)
{
	struct chosen *c = malloc(((size_t)most(r, ask) + 1) * sizeof *c);
	enum emp_rc rc = EMP_NOMEM;

	*n = 0;
	*out = NULL;
	if (c != NULL)
		rc = add_up(c, choose(r, ask, c), a, out, n);
	free(c);
	return rc;
}
