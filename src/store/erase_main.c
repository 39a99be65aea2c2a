/* Finding and stripping the rows of empowerd.db. What is taken from a row leaves what
 * is counted of it: a comment becomes an empty one, a text answer stays an answer, and
 * an id becomes one made of the event's number, which no other event has: so that
 * whatever refers to the event goes on to do so, and one that is done is told from one
 * that is not. No value grows, or pages would be split. */
#include "store/erase.h"

#include "base/array.h"
#include "store/db.h"

/* A reference says which invitation it means as readers take it: see read.c. */
#define INVITED                                                                        \
	"SELECT min(invited.event_seq) FROM invitation AS invited "                    \
	"WHERE invited.id = reference.id AND (reference.source_id IS NULL "            \
	"OR invited.source_id IS reference.source_id)"
/* Where a suggestion waits for an answer. */
#define WAITS                                                                          \
	"(SELECT id FROM suggestion_condition WHERE name IN ('submitted', "            \
	"'received', 'acknowledged', 'reopened'))"
/* Its new id. */
#define GONE "'~' || ?1"

/* Of the event ?1, in this order. */
static const char *const strip_sql[] = {
	/* Whatever refers to it; but not what means another event of that id. */
	"UPDATE reference SET id = " GONE
	" WHERE id = (SELECT id FROM event WHERE seq = ?1) AND (source_id IS NULL "
	"OR source_id IS (SELECT source_id FROM event WHERE seq = ?1)) "
	"AND ifnull((" INVITED "), ?1) = ?1",
	"UPDATE invitation SET id = " GONE " WHERE event_seq = ?1",
	"UPDATE decision SET id = " GONE ", goal = NULL WHERE event_seq = ?1",
	"UPDATE boundary SET reason = NULL WHERE event_seq = ?1",
	"UPDATE recognition SET from_name = NULL, to_name = NULL, message = NULL "
	"WHERE event_seq = ?1",
	/* What its author did about it. */
	"UPDATE event SET id = '~' || seq WHERE seq IN (SELECT event_seq "
	"FROM suggestion_step JOIN event_type ON event_type.id = type_id "
	"WHERE suggestion_seq = ?1 AND event_type.name IN ('suggestion.seen', "
	"'suggestion.rated', 'suggestion.withdrawn', 'suggestion.replied'))",
	"UPDATE suggestion_step SET body = NULL WHERE suggestion_seq = ?1 "
	"AND body IS NOT NULL",
	"UPDATE suggestion SET id = " GONE ", title = NULL, body = NULL, "
	"receipt = NULL WHERE event_seq = ?1",
	"DELETE FROM survey_comment WHERE survey_id = "
	"(SELECT survey_id FROM event WHERE seq = ?1) AND event_seq = ?1",
	"DELETE FROM question_text WHERE (question_id, answer_key) IN "
	"(SELECT question_id, key FROM answer WHERE key >= ?1 << 8 "
	"AND key < (?1 + 1) << 8 AND text IS NOT NULL)",
	"UPDATE answer SET text = NULL WHERE key >= ?1 << 8 "
	"AND key < (?1 + 1) << 8 AND text IS NOT NULL",
	"UPDATE event SET id = " GONE
	", comment = CASE WHEN comment IS NOT NULL THEN '' END WHERE seq = ?1",
};
_Static_assert(sizeof strip_sql / sizeof *strip_sql == STRIP_STATEMENTS,
	       "a place for each");

static const char *const people_sql[] = {
	"SELECT event_seq FROM decision WHERE people_key = ?1",
	"SELECT event_seq FROM recognition WHERE people_key = ?1",
	"SELECT event_seq FROM suggestion WHERE people_key = ?1",
	"SELECT event_seq FROM boundary WHERE people_key = ?1",
};
_Static_assert(sizeof people_sql / sizeof *people_sql == PEOPLE_TABLES,
	       "a place for each");

enum emp_rc
erase_main_prepare(struct erase_main *m, sqlite3 *db)
{
	const struct db_statement statements[] = {
		{&m->event,
		 "SELECT seq FROM event WHERE seq >= ?1 AND seq < ?2 AND person = ?3"},
		{&m->recipient,
		 "SELECT event_seq FROM recognition_recipient WHERE event_seq >= ?1 "
		 "AND event_seq < ?2 AND person = ?3"},
		{&m->receipt, "SELECT event_seq FROM suggestion WHERE receipt = ?1"},
		{&m->invited,
		 "SELECT (" INVITED ") FROM reference WHERE event_seq = ?1"},
		{&m->own, "UPDATE reference SET id = " GONE " WHERE event_seq = ?1"},
		{&m->person,
		 "UPDATE event SET person = ?2 WHERE seq = ?1 AND person = ?3"},
		{&m->to,
		 "UPDATE recognition_recipient SET person = ?2 WHERE event_seq = ?1 "
		 "AND person = ?3"},
		{&m->who,
		 "UPDATE event SET person = ?2 WHERE seq = ?1 AND person IS NOT NULL"},
		{&m->step,
		 "UPDATE suggestion_step SET body = NULL, supporter = NULL, "
		 "reason = CASE WHEN reason IS NOT NULL THEN '' END "
		 "WHERE event_seq = ?1"},
		{&m->end,
		 "UPDATE suggestion_state SET condition_id = "
		 "(SELECT id FROM suggestion_condition WHERE name = 'withdrawn'), "
		 "(withdrawn, closed) = (SELECT t, t FROM (SELECT "
		 "max(?2, submitted, ifnull(reopened, submitted)) AS t)) "
		 "WHERE event_seq = ?1 AND condition_id IN " WAITS},
		{&m->supporter,
		 "UPDATE suggestion_step SET supporter = randomblob(16) "
		 "WHERE supporter = ?1"},
	};
	enum emp_rc rc = db_prepare_all(db, statements,
					sizeof statements / sizeof *statements);

	for (int i = 0; rc == EMP_OK && i < STRIP_STATEMENTS; i++)
		rc = db_prepare(db, &m->strip[i], strip_sql[i]);
	for (int i = 0; rc == EMP_OK && i < PEOPLE_TABLES; i++)
		rc = db_prepare(db, &m->people[i], people_sql[i]);
	return rc;
}

enum emp_rc
erase_seqs(sqlite3_stmt *s, struct seqs *out)
{
	enum emp_rc rc = EMP_OK;

	while (rc == EMP_OK) {
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (array_reserve(&out->v, &out->cap, out->n + 1, sizeof *out->v))
			out->v[out->n++] = sqlite3_column_int64(s, 0);
		else
			rc = EMP_NOMEM;
	}
	(void)sqlite3_reset(s);
	return rc;
}

static enum emp_rc
find(sqlite3_stmt *s, const uint8_t *person, int64_t from, int64_t to, struct seqs *out)
{
	sqlite3_bind_int64(s, 1, from);
	sqlite3_bind_int64(s, 2, to);
	sqlite3_bind_blob(s, 3, person, PSEUDONYM_BYTES, SQLITE_STATIC);
	return erase_seqs(s, out);
}

enum emp_rc
erase_main_find(struct erase_main *m, const uint8_t person[PSEUDONYM_BYTES],
		int64_t from, int64_t to, struct seqs *out)
{
	enum emp_rc rc = find(m->event, person, from, to, out);

	return rc == EMP_OK ? find(m->recipient, person, from, to, out) : rc;
}

enum emp_rc
erase_main_find_people(struct erase_main *m, struct str key, struct seqs *out)
{
	enum emp_rc rc = EMP_OK;

	for (int i = 0; rc == EMP_OK && i < PEOPLE_TABLES; i++) {
		sqlite3_bind_blob(m->people[i], 1, key.p, (int)key.n, SQLITE_STATIC);
		rc = erase_seqs(m->people[i], out);
	}
	return rc;
}

enum emp_rc
erase_main_find_receipt(struct erase_main *m, const uint8_t hash[RECEIPT_HASH_BYTES],
			struct seqs *out)
{
	enum emp_rc rc;

	sqlite3_bind_blob(m->receipt, 1, hash, RECEIPT_HASH_BYTES, SQLITE_STATIC);
	rc = erase_seqs(m->receipt, out);
	sqlite3_bind_blob(m->supporter, 1, hash, RECEIPT_HASH_BYTES, SQLITE_STATIC);
	return rc == EMP_OK ? db_run(m->supporter) : rc;
}

static enum emp_rc
strip_rows(struct erase_main *m, int64_t seq)
{
	enum emp_rc rc = EMP_OK;

	for (int i = 0; rc == EMP_OK && i < STRIP_STATEMENTS; i++) {
		sqlite3_bind_int64(m->strip[i], 1, seq);
		rc = db_run(m->strip[i]);
	}
	return rc;
}

enum emp_rc
erase_main_strip(struct erase_main *m, int64_t seq)
{
	int64_t invited = 0;
	bool row;
	enum emp_rc rc;

	sqlite3_bind_int64(m->invited, 1, seq);
	rc = db_step(m->invited, &row);
	if (rc == EMP_OK && row)
		invited = sqlite3_column_int64(m->invited, 0);
	(void)sqlite3_reset(m->invited);
	/* The id of an invitation says whose the answer is as well as its own does. */
	if (rc == EMP_OK && invited != 0)
		rc = strip_rows(m, invited);
	if (rc == EMP_OK && row && invited == 0) {
		sqlite3_bind_int64(m->own, 1, seq);
		rc = db_run(m->own);
	}
	return rc == EMP_OK ? strip_rows(m, seq) : rc;
}

enum emp_rc
erase_main_end(struct erase_main *m, int64_t seq, int64_t now_ms)
{
	sqlite3_bind_int64(m->end, 1, seq);
	sqlite3_bind_int64(m->end, 2, now_ms);
	return db_run(m->end);
}

enum emp_rc
erase_main_strip_step(struct erase_main *m, int64_t seq)
{
	sqlite3_bind_int64(m->step, 1, seq);
	return db_run(m->step);
}

enum emp_rc
erase_main_rename(struct erase_main *m, int64_t seq, const uint8_t *was,
		  const uint8_t now[PSEUDONYM_BYTES])
{
	sqlite3_stmt *list[] = {was != NULL ? m->person : m->who, m->to};
	enum emp_rc rc = EMP_OK;

	for (int i = 0; rc == EMP_OK && i < (was != NULL ? 2 : 1); i++) {
		sqlite3_bind_int64(list[i], 1, seq);
		sqlite3_bind_blob(list[i], 2, now, PSEUDONYM_BYTES, SQLITE_STATIC);
		if (was != NULL)
			sqlite3_bind_blob(list[i], 3, was, PSEUDONYM_BYTES,
					  SQLITE_STATIC);
		rc = db_run(list[i]);
	}
	return rc;
}
