/* The rows of confidential.db. Nothing written here may tell when, in which order or by
 * whom an event was sent: see the schema for why. */
#include "store/sealed_file.h"

#include "crypto/crypto.h"
#include "store/days.h"
#include "store/db.h"
#include "store/period.h"
#include "store/review.h"

enum emp_rc
sealed_file_prepare(struct sealed_file *f)
{
	const struct db_statement statements[] = {
		{&f->begin, "BEGIN IMMEDIATE"},
		{&f->commit, "COMMIT"},
		{&f->event,
		 "INSERT INTO event (key, type, class, day, audience, unit, channel, "
		 "touchpoint, segment, initiative, lang, survey, complete, person, "
		 "comment, period, verified, counted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
		 "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"},
		{&f->answer,
		 "INSERT INTO answer (event_key, question, number, value, "
		 "option, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
		{&f->signal,
		 "INSERT INTO signal (event_key, kind, voluntary, "
		 "days_cents) VALUES (?1, ?2, ?3, ?4)"},
		{&f->training,
		 "INSERT INTO training (event_key, topic, hours_cents) "
		 "VALUES (?1, ?2, ?3)"},
		{&f->recognition,
		 "INSERT INTO recognition (event_key, kind, visibility, by_leader, "
		 "to_agrees, from_name, to_name, message) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
		/* Named twice is recognised once. */
		{&f->recipient,
		 "INSERT OR IGNORE INTO recognition_recipient "
		 "(event_key, person) VALUES (?1, ?2)"},
		{&f->operational,
		 "INSERT INTO operational_person (key, role, number, person) "
		 "VALUES (?1, ?2, ?3, ?4)"},
		{&f->id, "INSERT OR REPLACE INTO id_window (key, day) VALUES (?1, ?2)"},
		{&f->id_prune, "DELETE FROM id_window WHERE day < ?1"},
		{&f->token_add,
		 "INSERT INTO token (hash, label, scopes, unit, created) "
		 "VALUES (?1, ?2, ?3, ?4, ?5)"},
		{&f->token_revoke,
		 "UPDATE token SET revoked = ?2 "
		 "WHERE id = ?1 AND revoked IS NULL"},
		/* In the place of the person's former one. */
		{&f->code_put,
		 "INSERT OR REPLACE INTO person_code "
		 "(hash, person, created) VALUES (?1, ?2, ?3)"},
		{&f->audit,
		 "INSERT INTO audit (time, token_id, token_label, action, object) "
		 "VALUES (?1, ?2, ?3, ?4, ?5)"},
		{&f->reviewed, "SELECT 1 FROM review WHERE decision_key = ?1"},
		{&f->review,
		 "INSERT INTO review (month, unit, role, class, verdict, rule, "
		 "latency_days, event_key, decision_key, day, lesson, driver_missed) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
		{&f->review_count,
		 "INSERT INTO review_cell (month, unit, role, class, verdict, "
		 "has_rule, latency_days, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1) "
		 "ON CONFLICT DO UPDATE SET n = n + 1"},
		{&f->review_who,
		 "INSERT INTO review_decider (month, unit, role, class, person, day) "
		 "SELECT ?1, ?2, ?3, ?4, person, ?6 FROM operational_person "
		 "WHERE key = ?5 AND role = 'decider' AND number = 0 "
		 "ON CONFLICT DO UPDATE SET day = min(day, excluded.day)"},
		{&f->backing,
		 "INSERT INTO backing (decision_key, event_key) VALUES (?1, ?2)"},
	};

	return db_prepare_all(f->db, statements,
			      sizeof statements / sizeof *statements);
}

static const char *
class_name(uint8_t class)
{
	switch (class) {
	case CLASS_SEALED:
		return "sealed";
	case CLASS_PERSONNEL:
		return "personnel";
	default:
		EMP_ASSERT(class == CLASS_CASE);
		return "case";
	}
}

static void
bind_key(sqlite3_stmt *s, const uint8_t key[EVENT_KEY_BYTES])
{
	sqlite3_bind_blob(s, 1, key, EVENT_KEY_BYTES, SQLITE_STATIC);
}

enum emp_rc
sealed_file_put_event(struct sealed_file *f, const struct event *e,
		      const struct sealed_place *at, const struct tz *tz,
		      const uint8_t key[EVENT_KEY_BYTES])
{
	sqlite3_stmt *s = f->event;
	const uint8_t *person = NULL;
	char day[DAY_TEXT_MAX];

	if (at != NULL)
		person = at->has_person ? at->person : NULL;
	else if (e->person.set)
		person = e->person.pseudonym;

	(void)day_format(day, day_of(tz, e->time));
	bind_key(s, key);
	db_bind_str(s, 2, str_from(event_type_name((enum event_type)e->type)));
	db_bind_str(s, 3, str_from(class_name(e->class)));
	db_bind_str(s, 4, str_from(day));
	db_bind_str(s, 5, str_from(audience_name((enum audience)e->audience)));
	for (int d = 0; d < DIM_COUNT; d++)
		db_bind_str(s, 6 + d, e->dim[d]);
	if (at != NULL) {
		db_bind_str(s, 6 + DIM_UNIT, at->unit);
		db_bind_str(s, 12, at->survey);
		sqlite3_bind_int64(s, 16, at->number);
	} else {
		sqlite3_bind_null(s, 12);
		sqlite3_bind_null(s, 16);
	}
	db_bind_level(s, 13, e->type == EVENT_SURVEY_ANSWERED ? e->complete : -1);
	if (person != NULL)
		sqlite3_bind_blob(s, 14, person, PSEUDONYM_BYTES, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, 14);
	db_bind_str(s, 15, e->comment);
	sqlite3_bind_int(s, 17, at != NULL && at->verified);
	sqlite3_bind_int(s, 18, at != NULL && at->counted);
	return db_run(s);
}

static enum emp_rc
put_options(struct sealed_file *f, const struct answer *a, const struct question *q)
{
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_null(f->answer, 4);
	sqlite3_bind_null(f->answer, 6);
	for (int o = 0; rc == EMP_OK && o < q->n_options; o++) {
		if (!(a->options >> o & 1))
			continue;
		sqlite3_bind_int(f->answer, 3, o);
		db_bind_str(f->answer, 5, q->options[o]);
		rc = db_run(f->answer);
	}
	return rc;
}

/* Questions stay text here and are never registered: that one exists would already be
 * an answer shown. */
static enum emp_rc
put_answer(struct sealed_file *f, const struct event *e, const struct answer *a)
{
	struct question open;
	const struct question *q;

	if (a->question >= 0) {
		q = &e->survey->questions[a->question];
	} else {
		open = question_registered(e->survey, a->name);
		q = &open;
	}
	db_bind_str(f->answer, 2, a->name);
	if (q->metric == METRIC_CHOICE)
		return put_options(f, a, q);
	sqlite3_bind_int(f->answer, 3, 0);
	if (metric_is_scale((enum metric)q->metric))
		sqlite3_bind_int(f->answer, 4, a->value);
	else
		sqlite3_bind_null(f->answer, 4);
	sqlite3_bind_null(f->answer, 5);
	db_bind_str(f->answer, 6, a->text);
	return db_run(f->answer);
}

static enum emp_rc
put_signal(struct sealed_file *f, const struct event *e,
	   const uint8_t key[EVENT_KEY_BYTES])
{
	bool leave = e->signal == SIGNAL_LEAVE_INTENT;
	enum emp_rc rc;

	bind_key(f->signal, key);
	db_bind_str(f->signal, 2, str_from(signal_name((enum signal)e->signal)));
	db_bind_level(f->signal, 3, e->voluntary);
	db_bind_level(f->signal, 4, e->days_cents);
	rc = db_run(f->signal);
	if (rc != EMP_OK || e->class != CLASS_SEALED)
		return rc;
	/* An intent is the answer to a question, too. */
	bind_key(f->answer, key);
	db_bind_str(f->answer, 2, STR(QUESTION_INTENT));
	sqlite3_bind_int(f->answer, 3, leave ? INTENT_LEAVE : INTENT_STAY);
	sqlite3_bind_null(f->answer, 4);
	db_bind_str(f->answer, 5, leave ? STR("leave") : STR("stay"));
	sqlite3_bind_null(f->answer, 6);
	return db_run(f->answer);
}

static enum emp_rc
put_recognition(struct sealed_file *f, const struct event *e,
		const uint8_t key[EVENT_KEY_BYTES])
{
	sqlite3_stmt *s = f->recognition;
	enum emp_rc rc;

	bind_key(s, key);
	db_bind_str(s, 2, str_from(recognition_name((enum recognition)e->recognition)));
	db_bind_str(s, 3,
		    e->visibility == VISIBILITY_PUBLIC            ? STR("public")
			    : e->visibility == VISIBILITY_PRIVATE ? STR("private")
								  : STR_NONE);
	sqlite3_bind_int(s, 4, e->by_leader);
	sqlite3_bind_int(s, 5, e->to_agrees);
	db_bind_str(s, 6, e->from_name);
	db_bind_str(s, 7, e->to_name);
	db_bind_str(s, 8, e->message);
	rc = db_run(s);
	for (uint32_t i = 0; rc == EMP_OK && i < e->n_to; i++) {
		bind_key(f->recipient, key);
		sqlite3_bind_blob(f->recipient, 2, e->to[i].pseudonym, PSEUDONYM_BYTES,
				  SQLITE_STATIC);
		rc = db_run(f->recipient);
	}
	return rc;
}

static enum emp_rc
put_detail(struct sealed_file *f, const struct event *e,
	   const uint8_t key[EVENT_KEY_BYTES], const struct decision_ref *about,
	   const struct tz *tz)
{
	enum emp_rc rc = EMP_OK;

	switch (e->type) {
	case EVENT_SURVEY_ANSWERED:
		bind_key(f->answer, key);
		for (uint32_t i = 0; rc == EMP_OK && i < e->n_answers; i++)
			rc = put_answer(f, e, &e->answers[i]);
		return rc;
	case EVENT_SIGNAL_RECORDED:
		return put_signal(f, e, key);
	case EVENT_TRAINING_REQUESTED:
	case EVENT_TRAINING_COMPLETED:
		bind_key(f->training, key);
		db_bind_str(f->training, 2, e->topic);
		db_bind_level(f->training, 3, e->hours_cents);
		return db_run(f->training);
	case EVENT_RECOGNITION_GIVEN:
		rc = put_recognition(f, e, key);
		if (rc == EMP_OK && about->seq != 0)
			rc = backing_put(f, key, about);
		return rc;
	case EVENT_DECISION_REVIEWED:
		return review_put(f, e, key, about, tz);
	default:
		return EMP_OK;
	}
}

enum emp_rc
sealed_file_put_id(struct sealed_file *f, const struct event *e, int64_t day)
{
	if (!e->id_given)
		return EMP_OK;
	sqlite3_bind_blob(f->id, 1, e->id_key, ID_KEY_BYTES, SQLITE_STATIC);
	sqlite3_bind_int64(f->id, 2, day);
	return db_run(f->id);
}

enum emp_rc
sealed_file_put(struct sealed_file *f, const struct event *e,
		const struct decision_ref *about, const struct sealed_place *at,
		const struct tz *tz, int64_t day)
{
	uint8_t key[EVENT_KEY_BYTES];
	enum emp_rc rc;

	crypto_random(key, sizeof key);
	rc = sealed_file_put_event(f, e, at, tz, key);
	if (rc == EMP_OK)
		rc = put_detail(f, e, key, about, tz);
	return rc == EMP_OK ? sealed_file_put_id(f, e, day) : rc;
}

enum emp_rc
sealed_file_put_person(struct sealed_file *f, const uint8_t key[PEOPLE_KEY_BYTES],
		       const char *role, uint32_t number, const struct identity *who)
{
	if (!who->set)
		return EMP_OK;
	sqlite3_bind_blob(f->operational, 1, key, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	db_bind_str(f->operational, 2, str_from(role));
	sqlite3_bind_int64(f->operational, 3, number);
	sqlite3_bind_blob(f->operational, 4, who->pseudonym, PSEUDONYM_BYTES,
			  SQLITE_STATIC);
	return db_run(f->operational);
}

enum emp_rc
sealed_file_put_people(struct sealed_file *f, const struct event *e,
		       uint8_t key[PEOPLE_KEY_BYTES])
{
	enum emp_rc rc;

	crypto_random(key, PEOPLE_KEY_BYTES);
	rc = sealed_file_put_person(f, key, "giver", 0, &e->person);
	for (uint32_t i = 0; rc == EMP_OK && i < e->n_to; i++)
		rc = sealed_file_put_person(f, key, "recipient", i, &e->to[i]);
	return rc;
}
