/* From the survey that the decoder knew to the one that is stored.
 *
 * A worker decodes with the snapshot it has; meanwhile another event may have
 * registered a question, or a change may have put another document. What an answer is
 * stored under is therefore settled here, on the one thread that changes surveys. Where
 * both snapshots are the same, which is nearly always, that is a comparison of
 * pointers.
 */
#include "store/impl.h"

#include "base/array.h"
#include "store/db.h"

static const struct new_question *
find_new(const struct group *g, uint32_t survey, struct str name)
{
	for (uint32_t i = 0; i < g->n_questions; i++) {
		if (g->question[i].survey == survey &&
		    str_eq(g->question[i].q.name, name))
			return &g->question[i];
	}
	return NULL;
}

static bool
same_meaning(const struct question *a, const struct question *b)
{
	return a->metric == b->metric && a->lo == b->lo && a->hi == b->hi &&
		a->satisfied == b->satisfied;
}

/* The first slot behind all that the survey and this group have. */
static uint32_t
free_slot(const struct group *g, const struct survey *v)
{
	uint32_t slot = v->n_slots;

	for (uint32_t i = 0; i < g->n_questions; i++) {
		const struct new_question *n = &g->question[i];

		if (n->survey == v->id && n->q.slot + n->q.width > slot)
			slot = n->q.slot + n->q.width;
	}
	return slot;
}

static uint32_t
count_new(const struct group *g, uint32_t survey)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n_questions; i++)
		n += g->question[i].survey == survey;
	return n;
}

/* Whether the survey may still get n questions. */
static bool
room_for(const struct group *g, const struct survey *now, uint32_t n)
{
	struct question q;

	if (n == 0)
		return true;
	if (now->open_metric == METRIC_NONE)
		return false;
	q = question_registered(now, STR("any"));
	return now->n_questions + count_new(g, now->id) + n <= SURVEY_QUESTIONS_MAX &&
		free_slot(g, now) + n * question_width(&q) <= SURVEY_SLOTS_MAX;
}

/* Registers a question of an open survey, in the file and on the group's list. */
static enum emp_rc
register_question(struct store *s, const struct survey *now, struct str name,
		  uint32_t *id, uint32_t *slot)
{
	struct group *g = &s->group;
	struct new_question *n;
	enum emp_rc rc;

	if (!array_reserve(&g->question, &g->cap_questions, g->n_questions + 1,
			   sizeof *n))
		return EMP_NOMEM;
	n = &g->question[g->n_questions];
	n->survey = now->id;
	n->q = question_registered(now, name);
	n->q.width = question_width(&n->q);
	n->q.slot = free_slot(g, now);
	n->id = (uint32_t)(s->next_question + g->n_questions);
	rc = question_insert(s, now->id, n->id, &n->q);
	if (rc != EMP_OK)
		return rc;
	g->n_questions++;
	*id = n->id;
	*slot = n->q.slot;
	return EMP_OK;
}

/* The question that an answer unknown to the decoder means by now; NULL: a new one. */
static const struct question *
find_now(const struct store *s, const struct survey *now, struct str name, uint32_t *id)
{
	int at = surveys_question(s->defs->surveys, now, name);
	const struct new_question *fresh;

	/* Kept for its answers, but it takes no more: as if it were not there. */
	if (at >= 0 && !now->questions[at].declared && now->open_metric == METRIC_NONE)
		return NULL;
	if (at >= 0) {
		*id = now->questions[at].id;
		return &now->questions[at];
	}
	fresh = find_new(&s->group, now->id, name);
	if (fresh == NULL)
		return NULL;
	*id = fresh->id;
	return &fresh->q;
}

/* Everything that can be refused is refused here, before anything is registered. */
static enum emp_rc
check_answers(const struct store *s, const struct event *e, const struct survey *now)
{
	uint32_t fresh = 0;

	for (uint32_t i = 0; i < e->n_answers; i++) {
		const struct answer *a = &e->answers[i];
		struct question expected;
		uint32_t id;
		const struct question *q = find_now(s, now, a->name, &id);

		if (a->question >= 0) {
			const struct question *old = &e->survey->questions[a->question];

			/* Dropped or changed while the event was on its way. */
			if (q == NULL || q->slot != old->slot || !same_meaning(q, old))
				return EMP_CONFLICT;
		} else if (q != NULL) {
			expected = question_registered(e->survey, a->name);
			if (!same_meaning(q, &expected))
				return EMP_CONFLICT;
		} else {
			fresh++;
		}
	}
	return room_for(&s->group, now, fresh) ? EMP_OK : EMP_INVALID;
}

/* Rows that the answers need, for scale, text and choice alike. */
static uint32_t
count_rows(const struct event *e)
{
	uint32_t rows = 0;

	for (uint32_t i = 0; i < e->n_answers; i++) {
		uint32_t options = (uint32_t)__builtin_popcount(e->answers[i].options);

		rows += options > 1 ? options : 1;
	}
	return rows;
}

enum emp_rc
resolve_answers(struct store *s, const struct event *e, uint32_t *id, uint32_t *slot,
		enum emp_rc *bad)
{
	const struct survey *now = surveys_by_id(s->defs->surveys, e->survey->id);
	bool known = now == e->survey;
	enum emp_rc rc = EMP_OK;

	*bad = EMP_OK;
	if (now == NULL || now->audience != e->survey->audience) {
		*bad = EMP_CONFLICT;
		return EMP_OK;
	}
	if (e->n_answers > EVENT_ANSWERS_MAX ||
	    (e->n_answers > 0 && count_rows(e) > ANSWERS_PER_EVENT)) {
		*bad = EMP_INVALID;
		return EMP_OK;
	}
	for (uint32_t i = 0; known && i < e->n_answers; i++) {
		if (e->answers[i].question < 0)
			known = false;
		else
			id[i] = now->questions[e->answers[i].question].id;
	}
	if (known)
		return EMP_OK;
	*bad = check_answers(s, e, now);
	for (uint32_t i = 0; *bad == EMP_OK && rc == EMP_OK && i < e->n_answers; i++) {
		const struct question *q = find_now(s, now, e->answers[i].name, &id[i]);

		if (q != NULL)
			slot[i] = q->slot;
		else
			rc = register_question(s, now, e->answers[i].name, &id[i],
					       &slot[i]);
	}
	return rc;
}

static enum emp_rc
flag(sqlite3_stmt *update, struct usage *u, uint32_t id)
{
	enum emp_rc rc;

	if (usage_get(u, id))
		return EMP_OK;
	sqlite3_bind_int64(update, 1, id);
	rc = db_run(update);
	return rc == EMP_OK ? usage_set(u, id) : rc;
}

enum emp_rc
resolve_use(struct store *s, const struct event *e, const uint32_t *id)
{
	enum emp_rc rc = flag(s->main.survey_used, &s->used, e->survey->id);

	for (uint32_t i = 0; rc == EMP_OK && i < e->n_answers; i++)
		rc = flag(s->main.question_answered, &s->answered, id[i]);
	return rc;
}
