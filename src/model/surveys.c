/* The snapshot of all surveys: sorted by name, found by hash. */
#include "model/survey_impl.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

struct surveys {
	size_t n;
	struct survey **list; /* sorted by name */
	uint32_t *by_name;    /* index + 1, 0: empty; open addressing */
	uint32_t *by_id;
	uint32_t mask;
};

static int
compare_names(const void *a, const void *b)
{
	struct survey *const *x = a;
	struct survey *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

static enum emp_rc
tables_fill(struct surveys *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct survey *v = s->list[i];
		uint32_t at = (uint32_t)hash_bytes(v->name.p, v->name.n) & s->mask;

		if (i > 0 && str_eq(v->name, s->list[i - 1]->name))
			return EMP_CONFLICT;
		while (s->by_name[at] != 0)
			at = (at + 1) & s->mask;
		s->by_name[at] = (uint32_t)i + 1;
		if (v->id == 0)
			continue;
		at = (uint32_t)hash_u64(v->id) & s->mask;
		while (s->by_id[at] != 0) {
			if (s->list[s->by_id[at] - 1]->id == v->id)
				return EMP_CONFLICT;
			at = (at + 1) & s->mask;
		}
		s->by_id[at] = (uint32_t)i + 1;
	}
	return EMP_OK;
}

enum emp_rc
surveys_new(struct surveys **out, struct survey **list, size_t n)
{
	struct surveys *s;
	size_t slots = 4;
	enum emp_rc rc = EMP_NOMEM;

	while (slots < 2 * n)
		slots *= 2;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		goto out;
	s->mask = (uint32_t)slots - 1;
	s->list = calloc(n + 1, sizeof(struct survey *));
	s->by_name = calloc(slots, sizeof *s->by_name);
	s->by_id = calloc(slots, sizeof *s->by_id);
	if (s->list == NULL || s->by_name == NULL || s->by_id == NULL)
		goto out;
	for (; s->n < n; s->n++) {
		s->list[s->n] = list[s->n];
		list[s->n] = NULL;
	}
	qsort(s->list, n, sizeof *s->list, compare_names);
	rc = tables_fill(s);
	if (rc != EMP_OK)
		goto out;
	*out = s;
	s = NULL;
out:
	if (rc != EMP_OK) {
		for (size_t i = 0; i < n; i++)
			survey_free(&list[i]);
	}
	surveys_free(&s);
	return rc;
}

void
surveys_free(struct surveys **surveys)
{
	struct surveys *s = *surveys;

	*surveys = NULL;
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		survey_free(&s->list[i]);
	free(s->list);
	free(s->by_name);
	free(s->by_id);
	free(s);
}

size_t
surveys_count(const struct surveys *s)
{
	return s->n;
}

const struct survey *
surveys_at(const struct surveys *s, size_t i)
{
	EMP_ASSERT(i < s->n);
	return s->list[i];
}

const struct survey *
surveys_find(const struct surveys *s, struct str name)
{
	uint32_t at = (uint32_t)hash_bytes(name.p, name.n) & s->mask;

	for (; s->by_name[at] != 0; at = (at + 1) & s->mask) {
		const struct survey *v = s->list[s->by_name[at] - 1];

		if (str_eq(v->name, name))
			return v;
	}
	return NULL;
}

const struct survey *
surveys_by_id(const struct surveys *s, uint32_t id)
{
	uint32_t at = (uint32_t)hash_u64(id) & s->mask;

	for (; s->by_id[at] != 0; at = (at + 1) & s->mask) {
		const struct survey *v = s->list[s->by_id[at] - 1];

		if (v->id == id)
			return v;
	}
	return NULL;
}

int
surveys_question(const struct surveys *s, const struct survey *v, struct str name)
{
	(void)s; /* the table lives in the survey's own block */
	return survey_box_question(survey_box(v), name);
}

/* Whether `twin` says "survey/question". */
static bool
twin_is(struct str twin, struct str survey, struct str question)
{
	struct str left = str_split(&twin, '/');

	return str_eq(left, survey) && str_eq(twin, question);
}

static enum emp_rc
twins_check(const struct survey *a, uint32_t i, const struct survey *b,
	    const struct question *y, struct problem *p)
{
	const struct question *x = &a->questions[i];
	const char *what = NULL;
	char pointer[48];

	if (a->audience == b->audience)
		what = "is asked of the same audience";
	else if (x->metric != y->metric)
		what = "has another metric";
	else if (x->lo != y->lo || x->hi != y->hi)
		what = "has another scale";
	else if (x->satisfied != y->satisfied)
		what = "has another satisfied set";
	if (what == NULL)
		return EMP_OK;
	snprintf(pointer, sizeof pointer, "/questions/%u/twin", (unsigned)i);
	return problem_set(p, EMP_INVALID, pointer, "its twin \"%.*s/%.*s\" %s",
			   STR_FMT(b->name), STR_FMT(y->name), what);
}

enum emp_rc
surveys_check_twins(const struct surveys *s, const struct survey *v, struct problem *p)
{
	for (size_t k = 0; k < s->n; k++) {
		const struct survey *other = s->list[k];

		if (str_eq(other->name, v->name))
			continue; /* what `v` replaces */
		for (uint32_t i = 0; i < v->n_questions; i++) {
			const struct question *x = &v->questions[i];

			for (uint32_t j = 0; j < other->n_questions; j++) {
				const struct question *y = &other->questions[j];
				enum emp_rc rc = EMP_OK;

				if (twin_is(x->twin, other->name, y->name) ||
				    twin_is(y->twin, v->name, x->name))
					rc = twins_check(v, i, other, y, p);
				if (rc != EMP_OK)
					return rc;
			}
		}
	}
	return EMP_OK;
}

static bool
twins_fit(const struct question *x, const struct question *y)
{
	return metric_is_scale(x->metric) && x->metric == y->metric && x->lo == y->lo &&
		x->hi == y->hi && x->satisfied == y->satisfied;
}

/* Calls fn for every twin that x has in another survey; whether there was one. */
static bool
each_twin_of(const struct surveys *s, const struct survey *v, const struct question *x,
	     void (*fn)(void *ctx, const struct survey_twin *t), void *ctx)
{
	bool any = false;

	for (size_t k = 0; k < s->n; k++) {
		const struct survey *other = s->list[k];

		for (uint32_t j = 0; j < other->n_questions; j++) {
			const struct question *y = &other->questions[j];

			if (other->audience == v->audience || !twins_fit(x, y) ||
			    (!twin_is(x->twin, other->name, y->name) &&
			     !twin_is(y->twin, v->name, x->name)))
				continue;
			any = true;
			if (v->audience == AUDIENCE_CUSTOMER)
				fn(ctx, &(struct survey_twin){{v, other}, {x, y}});
		}
	}
	return any;
}

void
surveys_each_twin(const struct surveys *s,
		  void (*fn)(void *ctx, const struct survey_twin *t), void *ctx)
{
	for (size_t k = 0; k < s->n; k++) {
		const struct survey *v = s->list[k];
		bool inside = v->audience == AUDIENCE_EMPLOYEE;

		for (uint32_t i = 0; i < v->n_questions; i++) {
			const struct question *x = &v->questions[i];
			struct survey_twin alone = {.survey = {NULL, NULL}};

			if (!metric_is_scale(x->metric) ||
			    each_twin_of(s, v, x, fn, ctx) || !x->declared)
				continue;
			alone.survey[inside] = v;
			alone.question[inside] = x;
			fn(ctx, &alone);
		}
	}
}
