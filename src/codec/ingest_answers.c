/* Answers against the survey they belong to. */
#include "codec/ingest_impl.h"

#include <stdio.h>

#define SCALE_DETAIL_MAX 48

static enum emp_rc
bad_answer(struct decode *d, const struct raw_answer *raw, uint32_t index,
	   const char *detail)
{
	return ingest_problem(d, EMP_INVALID,
			      (struct place){F_ANSWERS, raw->name, index}, detail);
}

static enum emp_rc
check_choice(struct decode *d, const struct raw_answer *raw, const struct question *q,
	     struct answer *a)
{
	bool many = raw->v.kind == JSON_KIND_ARRAY;
	const struct str *options = many ? d->strings + raw->list.first : &raw->v.text;
	uint32_t n = many ? raw->list.n : 1;
	uint32_t strings = many ? raw->list.bad : 1;

	if (!many && raw->v.kind != JSON_KIND_STRING)
		return bad_answer(d, raw, NO_INDEX,
				  "must be an option or a list of options");
	if (n == 0)
		return bad_answer(d, raw, NO_INDEX, "must name an option");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = many ? i : NO_INDEX;
		uint32_t k = 0;

		/* More options than there are would have repeated one before. */
		if (i == strings)
			return bad_answer(d, raw, at, "must be a string");
		while (k < q->n_options && !str_eq(q->options[k], options[i]))
			k++;
		if (k == q->n_options)
			return bad_answer(d, raw, at, "is not an option");
		if ((a->options & UINT32_C(1) << k) != 0)
			return bad_answer(d, raw, at, "is chosen twice");
		a->options |= UINT32_C(1) << k;
	}
	return EMP_OK;
}

static enum emp_rc
bad_scale(struct decode *d, const struct raw_answer *raw, const struct question *q)
{
	char detail[SCALE_DETAIL_MAX];

	snprintf(detail, sizeof detail, "is out of scale, which is %d to %d", q->lo,
		 q->hi);
	return bad_answer(d, raw, NO_INDEX, detail);
}

static enum emp_rc
check_answer(struct decode *d, const struct raw_answer *raw, const struct question *q,
	     struct answer *a)
{
	if (metric_is_scale(q->metric)) {
		if (raw->v.kind != JSON_KIND_INT)
			return bad_answer(d, raw, NO_INDEX, "must be an integer");
		if (raw->v.number < q->lo || raw->v.number > q->hi)
			return bad_scale(d, raw, q);
		a->value = (int32_t)raw->v.number;
		return EMP_OK;
	}
	if (q->metric == METRIC_CHOICE)
		return check_choice(d, raw, q, a);
	if (raw->v.kind != JSON_KIND_STRING || raw->v.text.n == 0 ||
	    raw->v.text.n > TEXT_MAX_BYTES)
		return bad_answer(d, raw, NO_INDEX,
				  "must be a string of 1 to 8192 bytes");
	a->text = raw->v.text;
	return EMP_OK;
}

/* Questions that are in no document (any more) are kept for their answers; only a
 * survey that takes any question takes more of those. */
static int
find_question(const struct decode *d, struct str name)
{
	const struct survey *v = d->e->survey;
	int at = surveys_question(d->in->surveys, v, name);

	if (at >= 0 && !v->questions[at].declared && v->open_metric == METRIC_NONE)
		return -1;
	return at;
}

/* An answer to a question that the survey does not have (yet). */
static enum emp_rc
check_new(struct decode *d, const struct raw_answer *raw, struct answer *a)
{
	struct question q;

	if (d->e->survey->open_metric == METRIC_NONE)
		return bad_answer(d, raw, NO_INDEX, "the survey has no such question");
	if (!name_valid(raw->name))
		return bad_answer(d, raw, NO_INDEX,
				  "must be a name: 1 to 64 of a-z 0-9 _ . -");
	q = question_registered(d->e->survey, raw->name);
	return check_answer(d, raw, &q, a);
}

enum emp_rc
ingest_check_answers(struct decode *d)
{
	const struct survey *survey = d->e->survey;
	struct answer *answers;

	if (d->v[F_ANSWERS].kind != JSON_KIND_OBJECT)
		return ingest_bad(d, F_ANSWERS, "must be an object");
	if (d->n_answers == 0 || d->n_answers > EVENT_ANSWERS_MAX)
		return ingest_bad(d, F_ANSWERS, "must hold 1 to 128 answers");
	answers = arena_zalloc(d->in->arena, d->n_answers * sizeof *answers);
	if (answers == NULL)
		return EMP_NOMEM;
	d->e->answers = answers;
	d->e->n_answers = d->n_answers;
	for (uint32_t i = 0; i < d->n_answers; i++) {
		const struct raw_answer *raw = &d->answers[i];
		struct answer *a = &answers[i];
		enum emp_rc rc;

		a->name = raw->name;
		a->question = find_question(d, raw->name);
		if (a->question < 0)
			rc = check_new(d, raw, a);
		else
			rc = check_answer(d, raw, &survey->questions[a->question], a);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}
