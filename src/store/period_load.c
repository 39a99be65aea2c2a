/* What a start does about periods: it gives one to each event that a former version
 * sealed without. Nobody vouched for those, and where persons are equal, one answer of
 * each counts: which of them is as good as random, for their order is not stored. */
#include "store/period.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/days.h"
#include "store/db.h"

#define KEY_BYTES 16
#define SETTING_ADOPTED "periods"

/* Waves began when the survey was last put, as far as is known. */
static enum emp_rc
open_waves(struct periods *p)
{
	const struct surveys *all = (*p->defs)->surveys;
	sqlite3_stmt *q = NULL;
	bool row = false;
	enum emp_rc rc = db_prepare(p->main, &q,
				    "SELECT changed FROM survey WHERE id = ?1");

	for (size_t i = 0; rc == EMP_OK && i < surveys_count(all); i++) {
		const struct survey *v = surveys_at(all, i);

		if (v->audience != AUDIENCE_EMPLOYEE || v->period != PERIOD_WAVE)
			continue;
		sqlite3_bind_int64(q, 1, v->id);
		rc = db_step(q, &row);
		if (rc == EMP_OK && row)
			rc = period_open_wave(p, v->name, sqlite3_column_int64(q, 0),
					      false);
		(void)sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static bool
is_adopted(struct periods *p, enum emp_rc *rc)
{
	int64_t n = 0;

	*rc = db_int(p->sealed,
		     "SELECT count(*) FROM setting WHERE name = '" SETTING_ADOPTED "'",
		     &n);
	return n > 0;
}

/* The first of a person takes the place, all others find it taken. */
static enum emp_rc
adopt_event(struct periods *p, sqlite3_stmt *from, sqlite3_stmt *count,
	    sqlite3_stmt *other)
{
	struct str type = db_str(from, 1);
	struct str survey = db_str(from, 3);
	bool answer = str_is(type, event_type_name(EVENT_SURVEY_ANSWERED)) ||
		str_is(type, event_type_name(EVENT_SIGNAL_RECORDED)) ||
		str_is(type, event_type_name(EVENT_SUGGESTION_RATED));
	int64_t day;
	int64_t number;
	enum emp_rc rc;

	if (!day_parse(db_str(from, 2), &day))
		return EMP_CORRUPT;
	rc = period_number(p, survey, period_kind(p, survey), day_start(p->tz, day),
			   &number);
	for (int i = answer ? 0 : 1; rc == EMP_OK && i < 2; i++) {
		sqlite3_stmt *q = i == 0 ? count : other;

		sqlite3_bind_value(q, 1, sqlite3_column_value(from, 0));
		sqlite3_bind_int64(q, 2, number);
		rc = db_run(q);
		if (i == 0 && sqlite3_changes(p->sealed) > 0)
			return rc;
	}
	return rc;
}

static enum emp_rc
adopt_events(struct periods *p)
{
	sqlite3_stmt *from = NULL;
	sqlite3_stmt *count = NULL;
	sqlite3_stmt *other = NULL;
	const struct db_statement statements[] = {
		{&from,
		 "SELECT key, type, day, survey FROM event WHERE class = 'sealed' AND "
		 "period IS NULL AND survey IS NOT NULL"},
		{&count,
		 "UPDATE OR IGNORE event SET period = ?2, counted = 1 WHERE key = ?1"},
		{&other, "UPDATE event SET period = ?2 WHERE key = ?1"},
	};
	bool row = true;
	enum emp_rc rc = db_prepare_all(p->sealed, statements,
					sizeof statements / sizeof *statements);

	while (rc == EMP_OK) {
		rc = db_step(from, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = adopt_event(p, from, count, other);
	}
	sqlite3_finalize(from);
	sqlite3_finalize(count);
	sqlite3_finalize(other);
	return rc;
}

static enum emp_rc
freeze_adopted(struct periods *p)
{
	int64_t now = clock_now_ms();
	sqlite3_stmt *q = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(p->sealed, &q,
				    "SELECT DISTINCT survey, period FROM event "
				    "WHERE counted = 1 AND period IS NOT NULL");

	while (rc == EMP_OK) {
		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = period_freeze(p, db_str(q, 0), sqlite3_column_int64(q, 1), now);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
adopt(struct periods *p)
{
	enum emp_rc rc = db_exec(
		p->sealed,
		"UPDATE event SET survey = '" SURVEY_INTENT "' WHERE class = 'sealed' "
		"AND type = 'signal.recorded' AND survey IS NULL;"
		"UPDATE event SET survey = '" SURVEY_FELT_HEARD
		"' WHERE class = 'sealed' AND type = 'suggestion.rated' AND "
		"survey IS NULL;"
		"INSERT OR IGNORE INTO answer (event_key, question, number, option) "
		"SELECT event_key, '" QUESTION_INTENT "', kind = 'leave_intent', "
		"CASE kind WHEN 'leave_intent' THEN 'leave' ELSE 'stay' END "
		"FROM signal JOIN event ON event.key = signal.event_key "
		"WHERE event.class = 'sealed'");

	if (rc == EMP_OK)
		rc = adopt_events(p);
	if (rc == EMP_OK)
		rc = freeze_adopted(p);
	if (rc == EMP_OK)
		rc = db_exec(p->sealed,
			     "INSERT INTO setting (name, value) "
			     "VALUES ('" SETTING_ADOPTED "', '1')");
	return rc;
}

/* Keys are in no backup. Where the one of an open period is gone, whoever answered may
 * do so again without being known: nobody vouches for those answers any more, so that
 * no block of people who are vouched for counts one of them twice. */
static enum emp_rc
mistrust(struct periods *p)
{
	sqlite3_stmt *q = NULL;
	sqlite3_stmt *put = NULL;
	const struct db_statement statements[] = {
		{&q,
		 "SELECT survey, number FROM survey_period "
		 "WHERE released IS NULL AND threshold IS NOT NULL"},
		{&put,
		 "UPDATE event SET verified = 0 WHERE survey = ?1 AND period = ?2 AND "
		 "counted = 1 AND person IS NOT NULL AND verified = 1"},
	};
	bool row = true;
	enum emp_rc rc = db_prepare_all(p->sealed, statements,
					sizeof statements / sizeof *statements);

	while (rc == EMP_OK) {
		struct str survey;
		int64_t number;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		survey = db_str(q, 0);
		number = sqlite3_column_int64(q, 1);
		if (period_has_key(p, survey, number))
			continue;
		db_bind_str(put, 1, survey);
		sqlite3_bind_int64(put, 2, number);
		rc = db_run(put);
		if (rc == EMP_OK && sqlite3_changes(p->sealed) > 0)
			log_warn("the key of a period of %.*s is lost: whoever "
				 "answered may do so again, so nobody vouches for "
				 "the answers so far",
				 STR_FMT(survey));
	}
	sqlite3_finalize(q);
	sqlite3_finalize(put);
	return rc;
}

enum emp_rc
periods_load(struct periods *p)
{
	bool adopted;
	enum emp_rc rc = db_exec(p->sealed, "BEGIN IMMEDIATE");

	if (rc == EMP_OK)
		rc = open_waves(p);
	if (rc == EMP_OK) {
		adopted = is_adopted(p, &rc);
		if (rc == EMP_OK && !adopted)
			rc = adopt(p);
	}
	if (rc == EMP_OK)
		rc = mistrust(p);
	if (rc == EMP_OK)
		rc = db_exec(p->sealed, "COMMIT");
	if (rc != EMP_OK && sqlite3_get_autocommit(p->sealed) == 0)
		(void)sqlite3_exec(p->sealed, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
