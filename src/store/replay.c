/* Counting again, at start: events that no cell of the file holds yet. They are turned
 * back into what the decoder gave, so that the one function that says what an event
 * counts says it here too. */
#include "store/impl.h"

#include "base/log.h"
#include "store/db.h"

struct replay {
	struct store *s;
	sqlite3_stmt *events;
	sqlite3_stmt *answers;
	struct answer answer[EVENT_ANSWERS_MAX];
	struct event_slots slots;
	struct count_change change;
};

enum column {
	SEQ,
	TYPE,
	SERIES,
	TIME,
	SURVEY,
	COMMENTED,
	COMPLETE,
	SIGNAL,
	KIND,
	LEADER
};

static const char events_sql[] =
	"SELECT event.seq, event.type_id, event.series_id, event.time, "
	"event.survey_id, event.comment IS NOT NULL, event.complete, signal.kind_id, "
	"recognition.kind_id, recognition.by_leader FROM event "
	"LEFT JOIN signal ON signal.event_seq = event.seq "
	"LEFT JOIN recognition ON recognition.event_seq = event.seq "
	"WHERE event.seq >= ?1 ORDER BY event.seq";
static const char answers_sql[] = "SELECT question_id, value FROM answer "
				  "WHERE key >= ?1 AND key < ?2 ORDER BY key";

static int32_t
question_at(const struct survey *v, uint32_t id)
{
	for (uint32_t i = 0; i < v->n_questions; i++) {
		if (v->questions[i].id == id)
			return (int32_t)i;
	}
	return -1;
}

static enum emp_rc
add_answer(struct replay *r, struct event *e, uint32_t question, int value)
{
	int32_t at = question_at(e->survey, question);
	const struct question *q;
	struct answer *a;

	if (at < 0)
		return EMP_CORRUPT;
	q = &e->survey->questions[at];
	if (metric_is_scale((enum metric)q->metric) && (value < q->lo || value > q->hi))
		return EMP_CORRUPT;
	if (q->metric == METRIC_CHOICE &&
	    (value < 0 || value >= QUESTION_OPTIONS_MAX || value + 1 >= q->width))
		return EMP_CORRUPT;
	/* The options of one choice are rows of one answer. */
	a = e->n_answers > 0 ? &r->answer[e->n_answers - 1] : NULL;
	if (a == NULL || a->question != at) {
		if (e->n_answers == EVENT_ANSWERS_MAX)
			return EMP_CORRUPT;
		a = &r->answer[e->n_answers++];
		*a = (struct answer){.question = at, .value = value};
	}
	if (q->metric == METRIC_CHOICE)
		a->options |= 1u << value;
	return EMP_OK;
}

static enum emp_rc
read_answers(struct replay *r, struct event *e, int64_t seq)
{
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_int64(r->answers, 1, seq << ANSWER_KEY_SHIFT);
	sqlite3_bind_int64(r->answers, 2, (seq + 1) << ANSWER_KEY_SHIFT);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(r->answers, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = add_answer(r, e, (uint32_t)sqlite3_column_int64(r->answers, 0),
				sqlite3_column_int(r->answers, 1));
	}
	(void)sqlite3_reset(r->answers);
	return rc;
}

static void
count(struct replay *r, sqlite3_stmt *q, int64_t time, int64_t seq)
{
	if (r->slots.subject != 0)
		r->s->hooks.count(r->s->hooks.ctx,
				  (uint32_t)sqlite3_column_int64(q, SERIES), time,
				  &r->slots, seq, true);
}

static enum emp_rc
replay_one(struct replay *r)
{
	sqlite3_stmt *q = r->events;
	int64_t seq = sqlite3_column_int64(q, SEQ);
	struct event e = {.type = (uint8_t)sqlite3_column_int(q, TYPE),
			  .class = CLASS_CUSTOMER, /* or another that is counted */
			  .complete = sqlite3_column_int(q, COMPLETE) != 0,
			  .signal = (uint8_t)sqlite3_column_int(q, SIGNAL),
			  .recognition = (uint8_t)sqlite3_column_int(q, KIND),
			  .by_leader = sqlite3_column_int(q, LEADER) != 0,
			  .time = sqlite3_column_int64(q, TIME),
			  .comment = sqlite3_column_int(q, COMMENTED) != 0 ? STR(" ")
									   : STR_NONE,
			  .answers = r->answer};
	enum emp_rc rc = EMP_OK;

	if (sqlite3_column_type(q, SURVEY) != SQLITE_NULL) {
		e.survey = surveys_by_id(r->s->defs->surveys,
					 (uint32_t)sqlite3_column_int64(q, SURVEY));
		if (e.survey == NULL)
			return EMP_CORRUPT;
		rc = read_answers(r, &e, seq);
	}
	if (rc != EMP_OK)
		return rc;
	if (part_recalls(e.type)) {
		rc = part_recall(r->s, e.type, seq, &r->change);
		for (unsigned k = 0;
		     rc == EMP_OK && part_slots(r->s, &r->change, k, &r->slots); k++)
			count(r, q, r->change.time, seq);
		return rc;
	}
	event_slots_of(&e, NULL, &r->slots);
	count(r, q, e.time, seq);
	return EMP_OK;
}

enum emp_rc
load_replay(struct store *s)
{
	static struct replay r; /* 20 kB */
	uint64_t n = 0;
	enum emp_rc rc;

	r = (struct replay){.s = s};
	rc = db_prepare(s->main.db, &r.events, events_sql);
	if (rc == EMP_OK)
		rc = db_prepare(s->main.db, &r.answers, answers_sql);
	if (rc == EMP_OK)
		sqlite3_bind_int64(r.events, 1, s->counted_before);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(r.events, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = replay_one(&r);
		n++;
	}
	sqlite3_finalize(r.events);
	sqlite3_finalize(r.answers);
	if (n > 0)
		log_info("%s: counted %llu events that no cell had yet", s->main.path,
			 (unsigned long long)n);
	return rc;
}
