/* The rows of empowerd.db. This is the hot path: an event with one answer is two
 * inserts, and everything rare lives in tables of its own, so that `event` has no
 * secondary index and few columns. */
#include "store/main_file.h"

#include <stdlib.h>

#include "store/db.h"
#include "store/sealed_file.h"

enum event_column {
	EVENT_SEQ = 1,
	EVENT_TYPE,
	EVENT_SERIES,
	EVENT_TIME,
	EVENT_RECEIVED,
	EVENT_SOURCE,
	EVENT_ID,
	EVENT_SURVEY,
	EVENT_PERSON,
	EVENT_COMMENT,
	EVENT_COMPLETE
};
enum answer_column { ANSWER_KEY = 1, ANSWER_QUESTION, ANSWER_VALUE, ANSWER_TEXT };

static int
on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct main_file *f = ctx;

	(void)db;
	(void)name;
	f->wal_pages = pages;
	return SQLITE_OK;
}

enum emp_rc
main_file_prepare(struct main_file *f)
{
	const struct db_statement statements[] = {
		{&f->begin, "BEGIN IMMEDIATE"},
		{&f->commit, "COMMIT"},
		{&f->event,
		 "INSERT INTO event (seq, type_id, series_id, time, received, "
		 "source_id, id, survey_id, person, comment, complete) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
		{&f->answer,
		 "INSERT INTO answer (key, question_id, value, text) "
		 "VALUES (?1, ?2, ?3, ?4)"},
		{&f->comment_at,
		 "INSERT INTO survey_comment (survey_id, event_seq) VALUES (?1, ?2)"},
		{&f->text_at,
		 "INSERT INTO question_text (question_id, answer_key) "
		 "VALUES (?1, ?2)"},
		{&f->invitation,
		 "INSERT INTO invitation (event_seq, source_id, id) "
		 "VALUES (?1, ?2, ?3)"},
		{&f->reference,
		 "INSERT INTO reference (event_seq, source_id, id) "
		 "VALUES (?1, ?2, ?3)"},
		{&f->signal, "INSERT INTO signal (event_seq, kind_id) VALUES (?1, ?2)"},
		{&f->recognition,
		 "INSERT INTO recognition (event_seq, kind_id, visibility_id, "
		 "by_leader, to_agrees, from_name, to_name, message, people_key) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
		{&f->recipient,
		 "INSERT INTO recognition_recipient (event_seq, number, person) "
		 "VALUES (?1, ?2, ?3)"},
		{&f->level,
		 "INSERT INTO headcount (event_seq, headcount, leaders, "
		 "possible_days_cents, active) VALUES (?1, ?2, ?3, ?4, ?5)"},
		{&f->id_block,
		 "INSERT INTO id_block (number, time, ids) VALUES (?1, ?2, ?3)"},
		{&f->id_prune, "DELETE FROM id_block WHERE number < ?1"},
		{&f->cell_put,
		 "INSERT INTO cell (grain, start, series_id, subject, seq, slots) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE "
		 "SET seq = excluded.seq, slots = excluded.slots"},
		{&f->cell_get,
		 "SELECT seq, slots FROM cell WHERE grain = ?1 AND "
		 "start = ?2 AND series_id = ?3 AND subject = ?4"},
		{&f->cell_prune, "DELETE FROM cell WHERE grain = ?1 AND start < ?2"},
		{&f->progress, "UPDATE progress SET counted_before = ?1"},
		{&f->kept_from,
		 "UPDATE progress SET minutes_from = ?1, hours_from = ?2"},
		{&f->survey_used, "UPDATE survey SET used = 1 WHERE id = ?1"},
		{&f->question_answered,
		 "UPDATE question SET answered = 1 WHERE id = ?1"},
		{&f->question,
		 "INSERT INTO question (id, survey_id, name, metric_id, low, high, "
		 "satisfied, declared, slot, width, twin) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
		{&f->decision,
		 "SELECT decision.event_seq, event.time, decision.people_key, "
		 "event.series_id, decision.subject_id FROM decision "
		 "JOIN event ON event.seq = decision.event_seq "
		 "WHERE decision.id = ?1 AND (?2 IS NULL OR decision.source_id = ?2) "
		 "ORDER BY decision.event_seq DESC LIMIT 1"},
	};

	enum emp_rc rc = db_prepare_all(f->db, statements,
					sizeof statements / sizeof *statements);

	if (rc != EMP_OK)
		return rc;
	f->slots = calloc(SURVEY_SLOTS_MAX, sizeof *f->slots);
	if (f->slots == NULL)
		return EMP_NOMEM;
	f->complete = -1;
	sqlite3_wal_hook(f->db, on_commit, f);
	return EMP_OK;
}

void
main_file_close(struct main_file *f)
{
	db_close(&f->db);
	free(f->slots);
	f->slots = NULL;
}

static void
bind_id(sqlite3_stmt *s, int at, uint32_t id, uint32_t *bound)
{
	if (*bound == id)
		return;
	db_bind_id(s, at, id);
	*bound = id;
}

/* Where there are words, for who looks for them. */
static enum emp_rc
put_place(sqlite3_stmt *s, uint32_t of, int64_t place)
{
	sqlite3_bind_int64(s, 1, of);
	sqlite3_bind_int64(s, 2, place);
	return db_run(s);
}

static enum emp_rc
put_event(struct main_file *f, const struct event *e, const struct main_ids *ids)
{
	sqlite3_stmt *s = f->event;
	int8_t complete = e->type == EVENT_SURVEY_ANSWERED ? e->complete : -1;
	/* Analysts see no person in what operations tell. */
	bool person = e->person.set && e->class != CLASS_OPERATIONAL;
	enum emp_rc rc;

	sqlite3_bind_int64(s, EVENT_SEQ, ids->seq);
	if (f->type != e->type) {
		sqlite3_bind_int(s, EVENT_TYPE, e->type);
		f->type = e->type;
	}
	bind_id(s, EVENT_SERIES, ids->series, &f->series);
	sqlite3_bind_int64(s, EVENT_TIME, e->time);
	sqlite3_bind_int64(s, EVENT_RECEIVED, ids->received);
	bind_id(s, EVENT_SOURCE, ids->source, &f->source);
	db_bind_str(s, EVENT_ID, e->id);
	bind_id(s, EVENT_SURVEY, e->survey != NULL ? e->survey->id : 0, &f->survey);
	if (person)
		sqlite3_bind_blob(s, EVENT_PERSON, e->person.pseudonym, PSEUDONYM_BYTES,
				  SQLITE_STATIC);
	else if (f->person)
		sqlite3_bind_null(s, EVENT_PERSON);
	f->person = person;
	if (e->comment.n > 0 || f->comment)
		db_bind_str(s, EVENT_COMMENT, e->comment);
	f->comment = e->comment.n > 0;
	if (complete != f->complete) {
		db_bind_level(s, EVENT_COMPLETE, complete);
		f->complete = complete;
	}
	rc = db_run(s);
	if (rc == EMP_OK && e->comment.n > 0 && e->survey != NULL)
		rc = put_place(f->comment_at, e->survey->id, ids->seq);
	return rc;
}

static enum emp_rc
put_row(struct main_file *f, int64_t key, uint32_t question, struct str text)
{
	sqlite3_stmt *s = f->answer;
	enum emp_rc rc;

	sqlite3_bind_int64(s, ANSWER_KEY, key);
	sqlite3_bind_int64(s, ANSWER_QUESTION, question);
	if (text.n > 0 || f->text)
		db_bind_str(s, ANSWER_TEXT, text);
	f->text = text.n > 0;
	rc = db_run(s);
	if (rc == EMP_OK && text.n > 0)
		rc = put_place(f->text_at, question, key);
	return rc;
}

static enum emp_rc
put_answers(struct main_file *f, const struct event *e, const struct main_ids *ids)
{
	int64_t key = ids->seq << ANSWER_KEY_SHIFT;
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; rc == EMP_OK && i < e->n_answers; i++) {
		const struct answer *a = &e->answers[i];
		uint8_t metric = a->question >= 0
			? e->survey->questions[a->question].metric
			: e->survey->open_metric;

		if (metric_is_scale((enum metric)metric)) {
			sqlite3_bind_int(f->answer, ANSWER_VALUE, a->value);
			rc = put_row(f, key++, ids->question[i], STR_NONE);
		} else if (metric == METRIC_TEXT) {
			sqlite3_bind_null(f->answer, ANSWER_VALUE);
			rc = put_row(f, key++, ids->question[i], a->text);
		} else {
			for (int o = 0; rc == EMP_OK && o < QUESTION_OPTIONS_MAX; o++) {
				if (!(a->options >> o & 1))
					continue;
				sqlite3_bind_int(f->answer, ANSWER_VALUE, o);
				rc = put_row(f, key++, ids->question[i], STR_NONE);
			}
		}
	}
	return rc;
}

static enum emp_rc
put_id(sqlite3_stmt *s, int64_t seq, uint32_t source, struct str id)
{
	sqlite3_bind_int64(s, 1, seq);
	db_bind_id(s, 2, source);
	db_bind_str(s, 3, id);
	return db_run(s);
}

static enum emp_rc
put_recognition(struct main_file *f, const struct event *e, const struct main_ids *ids)
{
	sqlite3_stmt *s = f->recognition;
	enum emp_rc rc;

	EMP_ASSERT((ids->people != NULL) == (e->class == CLASS_OPERATIONAL));
	sqlite3_bind_int64(s, 1, ids->seq);
	sqlite3_bind_int(s, 2, e->recognition);
	db_bind_id(s, 3, e->visibility);
	sqlite3_bind_int(s, 4, e->by_leader);
	sqlite3_bind_int(s, 5, e->to_agrees);
	db_bind_str(s, 6, e->from_name);
	db_bind_str(s, 7, e->to_name);
	db_bind_str(s, 8, e->message);
	if (ids->people != NULL)
		sqlite3_bind_blob(s, 9, ids->people, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, 9);
	rc = db_run(s);
	if (ids->people != NULL)
		return rc;
	for (uint32_t i = 0; rc == EMP_OK && i < e->n_to; i++) {
		sqlite3_bind_int64(f->recipient, 1, ids->seq);
		sqlite3_bind_int64(f->recipient, 2, i);
		sqlite3_bind_blob(f->recipient, 3, e->to[i].pseudonym, PSEUDONYM_BYTES,
				  SQLITE_STATIC);
		rc = db_run(f->recipient);
	}
	return rc;
}

static enum emp_rc
put_level(struct main_file *f, const struct event *e, int64_t seq)
{
	bool customers = e->type == EVENT_BASE_SET;

	sqlite3_bind_int64(f->level, 1, seq);
	db_bind_level(f->level, 2, customers ? -1 : e->headcount);
	db_bind_level(f->level, 3, customers ? -1 : e->leaders);
	db_bind_level(f->level, 4, customers ? -1 : e->possible_days_cents);
	db_bind_level(f->level, 5, customers ? e->active : -1);
	return db_run(f->level);
}

enum emp_rc
main_file_put(struct main_file *f, const struct event *e, const struct main_ids *ids)
{
	enum emp_rc rc = put_event(f, e, ids);

	if (rc == EMP_OK && e->n_answers > 0)
		rc = put_answers(f, e, ids);
	if (rc == EMP_OK && e->ref_id.n > 0)
		rc = put_id(f->reference, ids->seq, ids->ref_source, e->ref_id);
	if (rc != EMP_OK)
		return rc;
	switch (e->type) {
	case EVENT_SURVEY_INVITED:
		return put_id(f->invitation, ids->seq, ids->source, e->id);
	case EVENT_SIGNAL_RECORDED:
		sqlite3_bind_int64(f->signal, 1, ids->seq);
		sqlite3_bind_int(f->signal, 2, e->signal);
		return db_run(f->signal);
	case EVENT_RECOGNITION_GIVEN:
		return put_recognition(f, e, ids);
	case EVENT_HEADCOUNT_SET:
	case EVENT_BASE_SET:
		return put_level(f, e, ids->seq);
	default:
		return EMP_OK;
	}
}

enum emp_rc
main_file_put_ids(struct main_file *f, int64_t number, int64_t time, struct str ids)
{
	sqlite3_bind_int64(f->id_block, 1, number);
	sqlite3_bind_int64(f->id_block, 2, time);
	sqlite3_bind_blob(f->id_block, 3, ids.p, (int)ids.n, SQLITE_STATIC);
	return db_run(f->id_block);
}

static void
bind_key(sqlite3_stmt *s, const struct cell_key *k)
{
	sqlite3_bind_int(s, 1, k->grain);
	sqlite3_bind_int64(s, 2, k->start);
	sqlite3_bind_int64(s, 3, k->series);
	sqlite3_bind_int64(s, 4, k->subject);
}

enum emp_rc
main_file_put_cell(struct main_file *f, const struct cell *c, struct buf *scratch)
{
	buf_clear(scratch);
	cell_pack(scratch, c->slots, c->n_slots);
	if (!buf_ok(scratch))
		return EMP_NOMEM;
	bind_key(f->cell_put, &c->key);
	sqlite3_bind_int64(f->cell_put, 5, c->seq);
	sqlite3_bind_blob(f->cell_put, 6, scratch->p, (int)scratch->n, SQLITE_STATIC);
	return db_run(f->cell_put);
}

enum emp_rc
main_file_get_cell(struct main_file *f, const struct cell_key *k, struct cell *out)
{
	bool row;
	enum emp_rc rc;

	bind_key(f->cell_get, k);
	*out = (struct cell){.key = *k, .slots = f->slots};
	rc = db_step(f->cell_get, &row);
	if (rc != EMP_OK || !row)
		return rc;
	out->seq = sqlite3_column_int64(f->cell_get, 0);
	rc = cell_unpack((struct str){sqlite3_column_blob(f->cell_get, 1),
				      (size_t)sqlite3_column_bytes(f->cell_get, 1)},
			 f->slots, SURVEY_SLOTS_MAX, &out->n_slots);
	(void)sqlite3_reset(f->cell_get);
	return rc;
}
