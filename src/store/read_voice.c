/* Contact and initiatives, as readers ask for them. */
#include "store/reader_impl.h"
#include "store/voice.h"

#include "base/arena.h"
#include "store/db.h"

#define ARENA_CHUNK 1024

enum emp_rc
store_read_contacts(struct store_reader *r, int64_t from, int64_t to,
		    enum emp_rc (*fn)(void *ctx, const struct contact_row *row),
		    void *ctx)
{
	sqlite3_stmt *s = NULL;
	int64_t first = 0;
	enum emp_rc rc = reader_first_seq(r, from, &first);

	if (rc == EMP_OK)
		rc = db_prepare(r->db, &s,
				"SELECT event.seq, event.time, event.series_id, "
				"contact.mode_id, contact.by_leader FROM contact "
				"CROSS JOIN event ON event.seq = contact.event_seq "
				"WHERE contact.event_seq >= ?1 AND event.time >= ?2 "
				"AND event.time < ?3 ORDER BY contact.event_seq");
	if (rc == EMP_OK) {
		sqlite3_bind_int64(s, 1, first);
		sqlite3_bind_int64(s, 2, from);
		sqlite3_bind_int64(s, 3, to);
	}
	while (rc == EMP_OK) {
		struct contact_row c;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		c.seq = sqlite3_column_int64(s, 0);
		c.time = sqlite3_column_int64(s, 1);
		c.series = (uint32_t)sqlite3_column_int64(s, 2);
		c.mode = (uint8_t)sqlite3_column_int(s, 3);
		c.by_leader = sqlite3_column_int(s, 4) != 0;
		rc = fn(ctx, &c);
	}
	sqlite3_finalize(s);
	return rc;
}

/* One more event of the same initiative in the same unit, in the order of time. A new
 * start begins it anew; what was said of its title last stays. */
static enum emp_rc
initiative_add(struct arena *a, sqlite3_stmt *s, struct initiative_row *i)
{
	const int64_t time = sqlite3_column_int64(s, 1);
	const struct str title = db_str(s, 4);

	if (sqlite3_column_int(s, 2) == EVENT_INITIATIVE_STARTED) {
		i->started = time;
		i->ended = 0;
		i->series = (uint32_t)sqlite3_column_int64(s, 3);
	} else {
		i->ended = time;
		if (i->series == 0)
			i->series = (uint32_t)sqlite3_column_int64(s, 3);
	}
	if (title.n == 0)
		return EMP_OK;
	i->title = arena_str(a, title);
	return i->title.p != NULL ? EMP_OK : EMP_NOMEM;
}

/* The last event was met. Without a unit, which comes first, it ends wherever it was
 * started, and is no row of its own where it was only ended: `more` follow. */
static enum emp_rc
initiative_give(struct initiative_row *i, bool whole, bool more, int64_t *whole_ended,
		enum emp_rc (*fn)(void *ctx, const struct initiative_row *row),
		void *ctx)
{
	if (whole)
		*whole_ended = i->ended;
	else if (i->ended == 0 && *whole_ended >= i->started)
		i->ended = *whole_ended;
	return whole && more && i->started == 0 ? EMP_OK : fn(ctx, i);
}

enum emp_rc
store_read_initiatives(struct store_reader *r,
		       enum emp_rc (*fn)(void *ctx, const struct initiative_row *row),
		       void *ctx)
{
	struct initiative_row i = {.series = 0};
	sqlite3_stmt *s = NULL;
	int64_t whole_ended = 0;
	int64_t unit = 0;
	struct arena a;
	enum emp_rc rc = db_prepare(
		r->db, &s,
		"SELECT initiative.name, event.time, event.type_id, event.series_id, "
		"initiative_event.title, ifnull(series.unit_id, 0) "
		"FROM initiative_event "
		"JOIN event ON event.seq = initiative_event.event_seq "
		"JOIN series ON series.id = event.series_id "
		"JOIN initiative ON initiative.id = initiative_event.initiative_id "
		"ORDER BY initiative.name, 6, event.time, event.seq");

	arena_init(&a, ARENA_CHUNK);
	while (rc == EMP_OK) {
		bool row;
		bool more;

		rc = db_step(s, &row);
		if (rc != EMP_OK)
			break;
		more = row && i.name.n > 0 && str_eq(i.name, db_str(s, 0));
		if (i.name.n > 0 && (!more || unit != sqlite3_column_int64(s, 5))) {
			rc = initiative_give(&i, unit == 0, more, &whole_ended, fn,
					     ctx);
			i = (struct initiative_row){.series = 0};
			arena_reset(&a);
			if (!more)
				whole_ended = 0;
		}
		if (!row || rc != EMP_OK)
			break;
		unit = sqlite3_column_int64(s, 5);
		if (i.name.n == 0)
			i.name = arena_str(&a, db_str(s, 0));
		rc = i.name.p != NULL ? initiative_add(&a, s, &i) : EMP_NOMEM;
	}
	sqlite3_finalize(s);
	arena_fini(&a);
	return rc;
}

enum emp_rc
store_read_changes(struct store_reader *r, int64_t seq,
		   enum emp_rc (*fn)(void *ctx, uint32_t series, uint32_t subject,
				     int64_t time),
		   void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(
		r->db, &s,
		"SELECT event.series_id, CASE part WHEN 0 THEN subject_id "
		"WHEN 1 THEN ?2 ELSE ?3 + rule_id END, event.time "
		"FROM (SELECT event_seq "
		"FROM decision WHERE event_seq >= ?1 UNION ALL SELECT decision_seq "
		"FROM decision_settlement WHERE event_seq >= ?1 UNION ALL "
		"SELECT decision_seq FROM decision_outcome WHERE event_seq >= ?1) "
		"AS late JOIN decision ON decision.event_seq = late.event_seq "
		"JOIN event ON event.seq = decision.event_seq "
		"JOIN subject ON subject.id = decision.subject_id "
		"JOIN (SELECT 0 AS part UNION ALL SELECT 1 UNION ALL SELECT 2) "
		"ON part < 2 OR rule_id IS NOT NULL UNION ALL "
		"SELECT event.series_id, subject.id, event.time FROM suggestion "
		"CROSS JOIN event ON event.seq = suggestion.event_seq "
		"JOIN subject ON subject.kind_id = suggestion.kind_id "
		"AND subject.category_id IS suggestion.category_id "
		"WHERE suggestion.event_seq >= ?1");

	if (rc == EMP_OK) {
		sqlite3_bind_int64(s, 1, seq);
		sqlite3_bind_int64(s, 2, SUBJECT_DECISION);
		sqlite3_bind_int64(s, 3, SUBJECT_FIRST_RULE);
	}
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = fn(ctx, (uint32_t)sqlite3_column_int64(s, 0),
			(uint32_t)sqlite3_column_int64(s, 1),
			sqlite3_column_int64(s, 2));
	}
	sqlite3_finalize(s);
	return rc;
}
