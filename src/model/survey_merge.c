/* What becomes of a survey when a new document is put over it.
 *
 * Counters and stored answers refer to questions by id and slot, for ever. So a
 * question keeps both as long as its meaning stays, and a question with answers keeps
 * its meaning.
 */
#include "model/survey.h"

#include <stdio.h>

/* The question of `now` that the document's question replaces. */
static const struct question *
same_name(const struct survey *s, struct str name)
{
	for (uint32_t i = 0; s != NULL && i < s->n_questions; i++) {
		if (str_eq(s->questions[i].name, name))
			return &s->questions[i];
	}
	return NULL;
}

static bool
answered(const struct survey_use *use, const struct question *q)
{
	return use != NULL && use->answered != NULL && use->answered(use->ctx, q);
}

static enum emp_rc
question_merge(struct question *q, uint32_t index, const struct question *old,
	       const struct survey_use *use, struct problem *p)
{
	char pointer[32];

	q->id = old->id;
	if (question_compatible(old, q)) {
		q->slot = old->slot;
		q->width = old->width;
		return EMP_OK;
	}
	if (answered(use, old)) {
		snprintf(pointer, sizeof pointer, "/questions/%u", (unsigned)index);
		return problem_set(p, EMP_CONFLICT, pointer,
				   "\"%.*s\" has answers: metric, scale, satisfied "
				   "set and options cannot change any more",
				   STR_FMT(old->name));
	}
	q->slot = 0;
	q->width = 0;
	return EMP_OK;
}

/* May answers of the old meaning and of what the survey now registers be one series? */
static enum emp_rc
audience_check(const struct survey *now, const struct survey *next,
	       const struct survey_use *use, struct problem *p)
{
	if (now->audience == next->audience || use == NULL || !use->used)
		return EMP_OK;
	return problem_set(p, EMP_CONFLICT, "/audience",
			   "the survey has answers: its audience cannot change");
}

/* Whoever answered was told how many others there would be. It does not matter whether
 * anybody did: a refusal that depends on it would say so. */
static enum emp_rc
threshold_check(const struct survey *now, const struct survey *next, struct problem *p)
{
	if (next->audience != AUDIENCE_EMPLOYEE || next->threshold >= now->threshold)
		return EMP_OK;
	return problem_set(p, EMP_CONFLICT, "/threshold",
			   "the threshold is %u: it can be raised, not lowered",
			   now->threshold);
}

/* Periods are numbered by what they are: the answers of a wave would be released as
 * those of a month of long ago, or wait for one that never comes. */
static enum emp_rc
period_check(const struct survey *now, const struct survey *next, struct problem *p)
{
	if (now->audience != AUDIENCE_EMPLOYEE || next->audience != AUDIENCE_EMPLOYEE ||
	    next->period == now->period)
		return EMP_OK;
	return problem_set(p, EMP_CONFLICT, "/period",
			   "the period is %s and cannot change: give the survey "
			   "another name",
			   period_name((enum period)now->period));
}

enum emp_rc
survey_merge(struct survey **out, const struct survey *now, const struct survey *next,
	     const struct survey_use *use, struct problem *p)
{
	struct question q[SURVEY_QUESTIONS_MAX];
	struct survey s = *next;
	uint32_t n = next->n_questions;
	enum emp_rc rc;

	EMP_ASSERT(n <= SURVEY_QUESTIONS_MAX);
	if (now != NULL) {
		s.id = now->id;
		rc = audience_check(now, next, use, p);
		if (rc == EMP_OK)
			rc = period_check(now, next, p);
		if (rc == EMP_OK)
			rc = threshold_check(now, next, p);
		if (rc != EMP_OK)
			return rc;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct question *old = same_name(now, next->questions[i].name);

		q[i] = next->questions[i];
		if (old == NULL)
			continue;
		rc = question_merge(&q[i], i, old, use, p);
		if (rc != EMP_OK)
			return rc;
	}
	for (uint32_t i = 0; now != NULL && i < now->n_questions; i++) {
		const struct question *old = &now->questions[i];

		if (same_name(next, old->name) != NULL || !answered(use, old))
			continue;
		if (n == SURVEY_QUESTIONS_MAX)
			return problem_set(p, EMP_INVALID, "/questions",
					   "with those that have answers already, "
					   "there are more than %d questions",
					   SURVEY_QUESTIONS_MAX);
		q[n] = *old;
		q[n].declared = false;
		n++;
	}
	s.questions = q;
	s.n_questions = n;
	rc = survey_copy(out, &s);
	if (rc == EMP_INVALID)
		return problem_set(
			p, rc, "/questions",
			"the questions need more counters than a survey has");
	return rc;
}
