/* What readers ask of confidential.db: reviews as counted, what backs a decision,
 * evidence, trainings, whose code it is. Reviews and backings count from the day after
 * they came, and so do signals: who asks twice must not see one arrive.
 *
 * The writer commits a decision before its review, so a job may find a review of a
 * decision that its look at empowerd.db came too early for; it is passed over. */
#include "store/decision_row.h"
#include "store/reader_impl.h"
#include "store/voice.h"

#include <string.h>

#include "base/clock.h"
#include "store/days.h"
#include "store/db.h"

/* A key or a pseudonym. */
static enum emp_rc
read_bytes(sqlite3_stmt *s, int column, uint8_t out[PSEUDONYM_BYTES])
{
	if (sqlite3_column_bytes(s, column) != PSEUDONYM_BYTES)
		return EMP_CORRUPT;
	memcpy(out, sqlite3_column_blob(s, column), PSEUDONYM_BYTES);
	return EMP_OK;
}

static enum emp_rc
read_day(struct store_reader *r, sqlite3_stmt *s, int column, int64_t *ms)
{
	int64_t day;

	if (!day_parse(db_str(s, column), &day))
		return EMP_CORRUPT;
	*ms = day_start(r->tz, day);
	return EMP_OK;
}

/* confidential.db, asked by a statement whose last parameter, if it has one, is today.
 * *s stays NULL without a daemon. */
static enum emp_rc
prepare(struct store_reader *r, sqlite3_stmt **s, const char *sql)
{
	int64_t newest;
	/* empowerd.db is looked at first: see reader.c. */
	enum emp_rc rc = reader_int(r, "SELECT count(*) FROM progress", &newest);

	if (rc != EMP_OK || r->people == NULL)
		return rc;
	return reader_prepare(r, r->people, s, sql);
}

static void
bind_today(struct store_reader *r, sqlite3_stmt *s, char today[DAY_TEXT_MAX])
{
	(void)day_format(today, day_of(r->tz, clock_now_ms()));
	db_bind_str(s, sqlite3_bind_parameter_count(s), str_from(today));
}

enum emp_rc
store_read_backings(struct store_reader *r,
		    enum emp_rc (*fn)(void *ctx, const uint8_t key[16]), void *ctx)
{
	char today[DAY_TEXT_MAX];
	uint8_t key[PSEUDONYM_BYTES];
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = prepare(r, &s,
				 "SELECT DISTINCT backing.decision_key FROM backing "
				 "CROSS JOIN event ON event.key = backing.event_key "
				 "WHERE event.day < ?1");

	if (s != NULL)
		bind_today(r, s, today);
	while (rc == EMP_OK && s != NULL) {
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = read_bytes(s, 0, key);
		if (rc == EMP_OK)
			rc = fn(ctx, key);
	}
	reader_finish(r, &s);
	return rc;
}

static void
read_cell(sqlite3_stmt *s, struct review_cell *c)
{
	*c = (struct review_cell){.month = sqlite3_column_int(s, 0),
				  .unit = db_str(s, 1),
				  .role = db_str(s, 2),
				  .matter = db_str(s, 3)};
}

enum emp_rc
store_read_reviews(struct store_reader *r, int32_t from, int32_t to,
		   enum emp_rc (*fn)(void *ctx, const struct review_cell *c), void *ctx)
{
	char today[DAY_TEXT_MAX];
	sqlite3_stmt *s = NULL;
	/* What is counted, less the few that came today. */
	enum emp_rc rc = prepare(
		r, &s,
		"SELECT month, unit, role, class, verdict, has_rule, latency_days, "
		"sum(n) AS shown FROM ("
		" SELECT month, unit, role, class, verdict, has_rule, latency_days, n"
		"  FROM review_cell WHERE month >= ?1 AND month < ?2"
		" UNION ALL"
		" SELECT month, unit, role, class, verdict, has_rule, latency_days, -1"
		"  FROM review WHERE day >= ?3 AND month >= ?1 AND month < ?2"
		") GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING shown > 0");

	if (s != NULL) {
		sqlite3_bind_int(s, 1, from);
		sqlite3_bind_int(s, 2, to);
		bind_today(r, s, today);
	}
	while (rc == EMP_OK && s != NULL) {
		struct review_cell c;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		read_cell(s, &c);
		c.verdict = (uint8_t)verdict_find(db_str(s, 4));
		c.has_rule = sqlite3_column_int(s, 5) != 0;
		c.latency_days = (uint32_t)sqlite3_column_int64(s, 6);
		c.n = (uint64_t)sqlite3_column_int64(s, 7);
		rc = fn(ctx, &c);
	}
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
store_read_reviewed_deciders(struct store_reader *r, int32_t from, int32_t to,
			     enum emp_rc (*fn)(void *ctx, const struct review_cell *c,
					       const uint8_t person[PSEUDONYM_BYTES]),
			     void *ctx)
{
	char today[DAY_TEXT_MAX];
	uint8_t person[PSEUDONYM_BYTES];
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = prepare(r, &s,
				 "SELECT month, unit, role, class, person "
				 "FROM review_decider WHERE month >= ?1 "
				 "AND month < ?2 AND day < ?3");

	if (s != NULL) {
		sqlite3_bind_int(s, 1, from);
		sqlite3_bind_int(s, 2, to);
		bind_today(r, s, today);
	}
	while (rc == EMP_OK && s != NULL) {
		struct review_cell c;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		read_cell(s, &c);
		rc = read_bytes(s, 4, person);
		if (rc == EMP_OK)
			rc = fn(ctx, &c, person);
	}
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
store_read_trainings(struct store_reader *r, int64_t from, int64_t to,
		     enum emp_rc (*fn)(void *ctx, const struct training_row *row),
		     void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = prepare(
		r, &s,
		"SELECT event.day, event.type, event.unit, training.topic, "
		"ifnull(training.hours_cents, -1), event.person FROM training "
		"CROSS JOIN event ON event.key = training.event_key");

	while (rc == EMP_OK && s != NULL) {
		struct training_row t = {0};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = read_day(r, s, 0, &t.time);
		if (rc == EMP_OK)
			rc = read_bytes(s, 5, t.person);
		if (rc != EMP_OK || t.time < from || t.time >= to)
			continue;
		t.requested = event_type_find(db_str(s, 1)) == EVENT_TRAINING_REQUESTED;
		t.unit = db_str(s, 2);
		t.topic = db_str(s, 3);
		t.hours_cents = sqlite3_column_int64(s, 4);
		rc = fn(ctx, &t);
	}
	reader_finish(r, &s);
	return rc;
}

/* The day of the first moment at or after `ms`. */
static int64_t
day_from(const struct tz *tz, int64_t ms)
{
	int64_t day = day_of(tz, ms);

	return day_start(tz, day) < ms ? day + 1 : day;
}

enum emp_rc
store_read_staff(struct store_reader *r, int64_t from, int64_t to,
		 enum emp_rc (*fn)(void *ctx, const struct staff_row *row), void *ctx)
{
	char first[DAY_TEXT_MAX];
	char end[DAY_TEXT_MAX];
	char today[DAY_TEXT_MAX];
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = prepare(
		r, &s,
		"SELECT event.day, event.unit, signal.kind, "
		"ifnull(signal.voluntary, -1), count(*), "
		"sum(ifnull(signal.days_cents, 0)) FROM signal "
		"CROSS JOIN event ON event.key = signal.event_key "
		"WHERE event.class = 'personnel' AND event.day >= ?1 "
		"AND event.day < ?2 AND event.day < ?3 GROUP BY 1, 2, 3, 4");

	if (s != NULL) {
		(void)day_format(first, day_from(r->tz, from));
		(void)day_format(end, day_from(r->tz, to));
		db_bind_str(s, 1, str_from(first));
		db_bind_str(s, 2, str_from(end));
		bind_today(r, s, today);
	}
	while (rc == EMP_OK && s != NULL) {
		struct staff_row t = {0};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = read_day(r, s, 0, &t.time);
		if (rc != EMP_OK)
			break;
		t.unit = db_str(s, 1);
		t.signal = (uint8_t)signal_find(db_str(s, 2));
		t.voluntary = (int8_t)sqlite3_column_int(s, 3);
		t.n = (uint64_t)sqlite3_column_int64(s, 4);
		t.days_cents = (uint64_t)sqlite3_column_int64(s, 5);
		rc = fn(ctx, &t);
	}
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
store_read_person(struct store_reader *r, const uint8_t hash[RECEIPT_HASH_BYTES],
		  uint8_t person[PSEUDONYM_BYTES])
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum emp_rc rc = prepare(r, &s,
				 "SELECT person FROM person_code WHERE hash = ?1");

	if (s != NULL) {
		sqlite3_bind_blob(s, 1, hash, RECEIPT_HASH_BYTES, SQLITE_STATIC);
		rc = db_step(s, &row);
	}
	if (rc == EMP_OK)
		rc = row ? read_bytes(s, 0, person) : EMP_NOT_FOUND;
	reader_finish(r, &s);
	return rc;
}

/* ---- evidence -------------------------------------------------------------------- */

/* From the person to the decisions. Of all people: read_evidence.c. */
struct evidence {
	struct store_reader *r;
	sqlite3_stmt *decision, *decider, *review;
	enum emp_rc (*fn)(void *ctx, const struct evidence_row *row);
	void *ctx;
};

/* The decision that e->decision stands on, whose decider is known. */
static enum emp_rc
give(struct evidence *e, struct evidence_row *row)
{
	enum emp_rc rc;
	bool reviewed = false;

	sqlite3_bind_blob(e->review, 1, row->decision.key, sizeof row->decision.key,
			  SQLITE_STATIC);
	rc = db_step(e->review, &reviewed);
	row->driver_missed = -1;
	if (rc == EMP_OK && reviewed) {
		enum driver missed;

		row->verdict = (uint8_t)verdict_find(db_str(e->review, 0));
		row->review_rule = sqlite3_column_int(e->review, 1) != 0;
		row->lesson = db_str(e->review, 2);
		if (driver_find(db_str(e->review, 3), &missed))
			row->driver_missed = (int8_t)missed;
		rc = read_day(e->r, e->review, 4, &row->reviewed);
	}
	if (rc == EMP_OK)
		rc = e->fn(e->ctx, row);
	(void)sqlite3_reset(e->review);
	return rc;
}

static enum emp_rc
give_one(struct evidence *e, const uint8_t person[PSEUDONYM_BYTES])
{
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_blob(e->decider, 1, person, PSEUDONYM_BYTES, SQLITE_STATIC);
	while (rc == EMP_OK) {
		struct evidence_row row = {0};
		bool more;

		rc = db_step(e->decider, &more);
		if (rc != EMP_OK || !more)
			break;
		sqlite3_bind_blob(e->decision, 1, sqlite3_column_blob(e->decider, 0),
				  sqlite3_column_bytes(e->decider, 0), SQLITE_STATIC);
		rc = db_step(e->decision, &more);
		if (rc != EMP_OK || !more)
			continue;
		memcpy(row.person, person, PSEUDONYM_BYTES);
		rc = decision_row_read(e->decision, &row.decision);
		if (rc == EMP_OK)
			rc = give(e, &row);
		(void)sqlite3_reset(e->decision);
	}
	return rc;
}

enum emp_rc
store_read_evidence(struct store_reader *r, const uint8_t person[PSEUDONYM_BYTES],
		    enum emp_rc (*fn)(void *ctx, const struct evidence_row *row),
		    void *ctx)
{
	struct evidence e = {.r = r, .fn = fn, .ctx = ctx};
	enum emp_rc rc = prepare(r, &e.decider,
				 "SELECT key FROM operational_person "
				 "WHERE role = 'decider' AND person = ?1");

	if (rc == EMP_OK && e.decider != NULL)
		rc = prepare(r, &e.review,
			     "SELECT verdict, has_rule, lesson, driver_missed, day "
			     "FROM review WHERE decision_key = ?1");
	if (rc == EMP_OK && e.decider != NULL)
		rc = decision_row_prepare(r->db, &e.decision,
					  "WHERE decision.people_key = ?1");
	if (rc == EMP_OK && e.decider != NULL)
		rc = give_one(&e, person);
	sqlite3_finalize(e.decision);
	reader_finish(r, &e.decider);
	reader_finish(r, &e.review);
	return rc;
}
