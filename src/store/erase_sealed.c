/* Forgetting in confidential.db, which is found by indexes and done in the transaction
 * that begins an erasure. A person is there under the pseudonym of personnel, and in
 * each period of a survey that is not released under one of that period; of those that
 * are released the key is gone, so nobody can say which rows were theirs. */
#include "store/erase.h"
#include "store/impl.h"

#include <string.h>

#include "base/clock.h"
#include "store/days.h"
#include "store/db.h"

/* Events of the person. */
#define THEIRS "SELECT key FROM event WHERE person = ?1"

/* ?1 the pseudonym, ?2 what takes its place, which comes last. Training topics stay:
 * they say which course, and a boundary may require it. */
static const char *const person_sql[] = {
	"UPDATE answer SET text = NULL WHERE text IS NOT NULL "
	"AND event_key IN (" THEIRS ")",
	"UPDATE recognition SET from_name = NULL, to_name = NULL, message = NULL "
	"WHERE event_key IN (" THEIRS " UNION "
	"SELECT event_key FROM recognition_recipient WHERE person = ?1)",
	"UPDATE suggestion_step SET body = NULL WHERE suggestion IN (" THEIRS ")",
	"UPDATE suggestion SET title = NULL, body = NULL, receipt = NULL "
	"WHERE key IN (" THEIRS ")",
	"UPDATE review SET lesson = NULL WHERE event_key IN (" THEIRS ") "
	"OR decision_key IN (SELECT key FROM operational_person "
	"WHERE role = 'decider' AND person = ?1 UNION "
	"SELECT key FROM operational_person WHERE role <> 'decider' AND person = ?1)",
	"UPDATE event SET comment = NULL WHERE person = ?1",
	"DELETE FROM person_code WHERE person = ?1",
};
static const char *const rename_sql[] = {
	"UPDATE review_decider SET person = ?2 WHERE person = ?1",
	"UPDATE recognition_recipient SET person = ?2 WHERE person = ?1",
	"UPDATE operational_person SET person = ?2 "
	"WHERE role = 'decider' AND person = ?1",
	"UPDATE operational_person SET person = ?2 "
	"WHERE role <> 'decider' AND person = ?1",
	"UPDATE event SET person = ?2 WHERE person = ?1",
};

/* ?1 the hash, ?2 what takes the place of its person. */
static const char *const receipt_sql[] = {
	"UPDATE suggestion_step SET supporter = randomblob(16) WHERE supporter = ?1",
	"UPDATE suggestion_step SET body = NULL WHERE suggestion = "
	"(SELECT key FROM suggestion WHERE receipt = ?1)",
	"UPDATE event SET comment = NULL, "
	"person = CASE WHEN person IS NOT NULL THEN ?2 END "
	"WHERE key = (SELECT key FROM suggestion WHERE receipt = ?1)",
	"UPDATE suggestion SET title = NULL, body = NULL, receipt = NULL "
	"WHERE receipt = ?1",
};

/* See erase_main_end; ?1 whose, ?2 the day. */
#define END_CASES(which)                                                               \
	"UPDATE suggestion_state SET state = 'withdrawn', "                            \
	"(withdrawn, closed) = (SELECT d, d FROM (SELECT "                             \
	"max(?2, submitted, ifnull(reopened, submitted)) AS d)) "                      \
	"WHERE suggestion IN (" which ") AND state IN ('submitted', 'received', "      \
	"'acknowledged', 'reopened')"

static enum emp_rc
end_cases(struct store *s, const char *sql, const uint8_t whose[16])
{
	char day[DAY_TEXT_MAX];
	size_t n = day_format(day, day_of(s->tz, clock_now_ms()));
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->sealed.db, &q, sql);

	if (rc == EMP_OK) {
		sqlite3_bind_blob(q, 1, whose, PSEUDONYM_BYTES, SQLITE_STATIC);
		sqlite3_bind_text(q, 2, day, (int)n, SQLITE_STATIC);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
run_all(sqlite3 *db, const char *const *sql, size_t n, const uint8_t was[16],
	const uint8_t now[16])
{
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < n; i++) {
		sqlite3_stmt *s = NULL;

		rc = db_prepare(db, &s, sql[i]);
		if (rc != EMP_OK)
			break;
		sqlite3_bind_blob(s, 1, was, PSEUDONYM_BYTES, SQLITE_STATIC);
		if (sqlite3_bind_parameter_count(s) > 1)
			sqlite3_bind_blob(s, 2, now, PSEUDONYM_BYTES, SQLITE_STATIC);
		rc = db_run(s);
		sqlite3_finalize(s);
	}
	return rc;
}

enum emp_rc
erase_sealed_rename(struct store *s, const uint8_t was[PSEUDONYM_BYTES],
		    const uint8_t now[PSEUDONYM_BYTES])
{
	return run_all(s->sealed.db, rename_sql, sizeof rename_sql / sizeof *rename_sql,
		       was, now);
}

static enum emp_rc
forget(struct store *s, const uint8_t was[PSEUDONYM_BYTES],
       const uint8_t now[PSEUDONYM_BYTES])
{
	enum emp_rc rc = end_cases(s, END_CASES(THEIRS), was);

	if (rc == EMP_OK)
		rc = run_all(s->sealed.db, person_sql,
			     sizeof person_sql / sizeof *person_sql, was, NULL);

	return rc == EMP_OK ? erase_sealed_rename(s, was, now) : rc;
}

/* Whose code it is; nobody's is nothing to forget. */
static enum emp_rc
look_up(struct store *s, struct erase_what *what)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT person FROM person_code WHERE hash = ?1");

	if (rc == EMP_OK) {
		sqlite3_bind_blob(q, 1, what->code_hash, sizeof what->code_hash,
				  SQLITE_STATIC);
		rc = db_step(q, &row);
	}
	what->has_personnel = row && sqlite3_column_bytes(q, 0) == PSEUDONYM_BYTES;
	if (what->has_personnel)
		memcpy(what->personnel, sqlite3_column_blob(q, 0), PSEUDONYM_BYTES);
	sqlite3_finalize(q);
	return rc;
}

/* Each period has a pseudonym of its own, and gets a value of its own; where there is
 * no key, there is nobody, or nobody who can be found. */
static enum emp_rc
forget_answers(struct store *s, const uint8_t sealed[PSEUDONYM_BYTES])
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT survey, number FROM survey_period "
				    "WHERE released IS NULL");

	while (rc == EMP_OK) {
		uint8_t was[PSEUDONYM_BYTES];
		uint8_t now[PSEUDONYM_BYTES];
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		if (!period_has_key(&s->periods, db_str(q, 0),
				    sqlite3_column_int64(q, 1)))
			continue;
		rc = period_person(&s->periods, db_str(q, 0),
				   sqlite3_column_int64(q, 1), sealed, was);
		erase_nobody(now);
		if (rc == EMP_OK)
			rc = forget(s, was, now);
	}
	sqlite3_finalize(q);
	return rc;
}

enum emp_rc
erase_sealed(struct store *s, struct erase_what *what,
	     const uint8_t personnel_new[PSEUDONYM_BYTES])
{
	enum emp_rc rc = EMP_OK;

	if (what->by_receipt && !what->confidential)
		return EMP_OK;
	if (what->by_receipt) {
		rc = end_cases(
			s, END_CASES("SELECT key FROM suggestion WHERE receipt = ?1"),
			what->receipt_hash);
		return rc != EMP_OK ? rc
				    : run_all(s->sealed.db, receipt_sql,
					      sizeof receipt_sql / sizeof *receipt_sql,
					      what->receipt_hash, personnel_new);
	}
	if (what->by_code)
		rc = look_up(s, what);
	if (rc == EMP_OK && what->has_personnel)
		rc = forget(s, what->personnel, personnel_new);
	if (rc == EMP_OK && what->has_sealed)
		rc = forget_answers(s, what->sealed);
	return rc;
}
