/* What a start takes from the files into memory: settings, dictionaries that the
 * program brings along, the id window, cells, and the events that are in no cell yet.
 */
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/lifecycle.h"
#include "store/db.h"

/* How far ahead of the id at hand the index is fetched: millions are read. */
#define PREFETCH_AHEAD 16

static enum emp_rc
setting_put(sqlite3 *db, const char *name, struct str value)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(
		db, &q, "INSERT OR IGNORE INTO setting (name, value) VALUES (?1, ?2)");

	if (rc == EMP_OK) {
		db_bind_str(q, 1, str_from(name));
		db_bind_str(q, 2, value);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

/* The zone in which the file cuts days; fixed when it was made, because its cells are
 * cut already. */
static enum emp_rc
load_zone(struct store *s, struct problem *p)
{
	const char *wanted = s->config.timezone;
	sqlite3_stmt *q = NULL;
	char created[TIME_TEXT_MAX];
	size_t n = time_format(created, clock_now_ms());
	bool row = false;
	enum emp_rc rc = setting_put(
		s->main.db, "timezone",
		str_from(wanted != NULL && *wanted != '\0' ? wanted : "UTC"));

	if (rc == EMP_OK)
		rc = setting_put(s->main.db, "created", (struct str){created, n});
	if (rc == EMP_OK)
		rc = db_prepare(s->main.db, &q,
				"SELECT value FROM setting WHERE name = 'timezone'");
	if (rc == EMP_OK)
		rc = db_step(q, &row);
	if (rc == EMP_OK && row) {
		const char *zone = (const char *)sqlite3_column_text(q, 0);

		if (wanted != NULL && *wanted != '\0' && strcmp(zone, wanted) != 0)
			rc = problem_set(p, EMP_CONFIG, "timezone",
					 "%s counts days in %s; that was fixed when it "
					 "was created",
					 s->main.path, zone);
		else if (tz_open(&s->tz, zone) != EMP_OK)
			rc = problem_set(p, EMP_CONFIG, "timezone",
					 "the time zone %s is not known here", zone);
	} else {
		rc = problem_set(p, rc != EMP_OK ? rc : EMP_CORRUPT, "",
				 "cannot read the settings in %s", s->main.path);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
dictionary_put(sqlite3 *db, const char *sql, int first, int count,
	       const char *(*name)(int i))
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(db, &q, sql);

	for (int i = first; rc == EMP_OK && i < count; i++) {
		const char *text = name(i);

		if (text == NULL)
			continue;
		sqlite3_bind_int(q, 1, i);
		db_bind_str(q, 2, str_from(text));
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static const char *
audience_at(int i)
{
	return audience_name((enum audience)i);
}

static const char *
type_at(int i)
{
	return event_type_name((enum event_type)i);
}

static const char *
metric_at(int i)
{
	return metric_name((enum metric)i);
}

static const char *
signal_at(int i)
{
	return signal_name((enum signal)i);
}

static const char *
recognition_at(int i)
{
	return recognition_name((enum recognition)i);
}

static const char *
visibility_at(int i)
{
	return i == VISIBILITY_PUBLIC ? "public" : "private";
}

static const char *
suggestion_kind_at(int i)
{
	return suggestion_kind_name((enum suggestion_kind)i);
}

static const char *
suggestion_status_at(int i)
{
	return suggestion_status_name((enum suggestion_status)i);
}

static const char *
suggestion_state_at(int i)
{
	return suggestion_state_name((enum suggestion_state)i);
}

static const char *
decision_answer_at(int i)
{
	return decision_answer_name((enum decision_answer)i);
}

static const char *
within_at(int i)
{
	return within_name((enum within)i);
}

static const char *
driver_view_at(int i)
{
	return driver_view_name((enum driver_view)i);
}

static const char *
boundary_mode_at(int i)
{
	return boundary_mode_name((enum boundary_mode)i);
}

static const char *
contact_mode_at(int i)
{
	return contact_mode_name((enum contact_mode)i);
}

static enum emp_rc
load_dictionaries(struct store *s)
{
	const struct {
		const char *sql;
		int count;
		const char *(*name)(int i);
	} tables[] = {
		{"INSERT OR IGNORE INTO audience (id, name) VALUES (?1, ?2)",
		 AUDIENCE_EMPLOYEE + 1, audience_at},
		{"INSERT OR IGNORE INTO event_type (id, name) VALUES (?1, ?2)",
		 EVENT_TYPE_COUNT, type_at},
		{"INSERT OR IGNORE INTO metric (id, name) VALUES (?1, ?2)",
		 METRIC_TEXT + 1, metric_at},
		{"INSERT OR IGNORE INTO signal_kind (id, name) VALUES (?1, ?2)",
		 SIGNAL_COUNT, signal_at},
		{"INSERT OR IGNORE INTO recognition_kind (id, name) VALUES (?1, ?2)",
		 RECOGNITION_COUNT, recognition_at},
		{"INSERT OR IGNORE INTO visibility (id, name) VALUES (?1, ?2)",
		 VISIBILITY_PRIVATE + 1, visibility_at},
		{"INSERT OR IGNORE INTO suggestion_kind (id, name) VALUES (?1, ?2)",
		 SUGGESTION_KIND_COUNT, suggestion_kind_at},
		{"INSERT OR IGNORE INTO suggestion_status (id, name) VALUES (?1, ?2)",
		 STATUS_COUNT, suggestion_status_at},
		{"INSERT OR IGNORE INTO suggestion_condition (id, name) "
		 "VALUES (?1, ?2)",
		 STATE_COUNT, suggestion_state_at},
		{"INSERT OR IGNORE INTO decision_answer (id, name) VALUES (?1, ?2)",
		 ANSWER_COUNT, decision_answer_at},
		{"INSERT OR IGNORE INTO within (id, name) VALUES (?1, ?2)",
		 WITHIN_COUNT, within_at},
		{"INSERT OR IGNORE INTO driver_view (id, name) VALUES (?1, ?2)",
		 VIEW_COUNT, driver_view_at},
		{"INSERT OR IGNORE INTO boundary_mode (id, name) VALUES (?1, ?2)",
		 MODE_PROPOSE + 1, boundary_mode_at},
		{"INSERT OR IGNORE INTO contact_mode (id, name) VALUES (?1, ?2)",
		 CONTACT_MODE_COUNT, contact_mode_at},
	};
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < sizeof tables / sizeof *tables; i++)
		rc = dictionary_put(s->main.db, tables[i].sql, 1, tables[i].count,
				    tables[i].name);
	return rc;
}

enum emp_rc
load_settings(struct store *s, struct problem *p)
{
	enum emp_rc rc = db_exec(s->main.db, "BEGIN IMMEDIATE");

	if (rc == EMP_OK)
		rc = load_zone(s, p);
	if (rc == EMP_OK)
		rc = load_dictionaries(s);
	if (rc == EMP_OK)
		rc = db_exec(s->main.db, "COMMIT");
	if (rc == EMP_OK)
		rc = db_int(s->main.db, "SELECT counted_before FROM progress",
			    &s->counted_before);
	if (rc == EMP_OK)
		rc = db_int(s->main.db, "SELECT minutes_from FROM progress",
			    &s->kept_from[GRAIN_MINUTE]);
	if (rc == EMP_OK)
		rc = db_int(s->main.db, "SELECT hours_from FROM progress",
			    &s->kept_from[GRAIN_HOUR]);
	if (rc == EMP_OK)
		rc = db_int(s->main.db, "SELECT ifnull(max(seq), 0) + 1 FROM event",
			    &s->next_seq);
	if (rc == EMP_OK)
		rc = db_int(s->main.db,
			    "SELECT ifnull((SELECT received FROM event "
			    "ORDER BY seq DESC LIMIT 1), 0)",
			    &s->received);
	if (rc == EMP_OK)
		rc = db_int(s->main.db,
			    "SELECT ifnull(max(number), 0) + 1 FROM id_block",
			    &s->next_block);
	if (rc == EMP_OK)
		rc = db_int(s->main.db, "SELECT ifnull(max(id), 0) + 1 FROM question",
			    &s->next_question);
	if (rc != EMP_OK && sqlite3_get_autocommit(s->main.db) == 0)
		(void)sqlite3_exec(s->main.db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static enum emp_rc
add_id(struct id_window *w, const struct id_entry *e)
{
	if (id_window_find(w, e->key, e->content) != ID_NEW)
		return EMP_OK;
	return id_window_add(w, e->key, e->content);
}

static enum emp_rc
load_block(struct store *s, sqlite3_stmt *q)
{
	const char *blob = sqlite3_column_blob(q, 2);
	size_t n = (size_t)sqlite3_column_bytes(q, 2) / sizeof(struct id_entry);
	enum emp_rc rc = EMP_OK;

	/* In pieces, because only so many may be pending. */
	for (size_t i = 0; rc == EMP_OK && i < n; i++) {
		struct id_entry e;

		if (i + PREFETCH_AHEAD < n)
			id_window_prefetch(&s->ids,
					   (const uint8_t *)blob +
						   (i + PREFETCH_AHEAD) * sizeof e);
		memcpy(&e, blob + i * sizeof e, sizeof e);
		rc = add_id(&s->ids, &e);
		if (rc == EMP_OK && (i + 1 == n || (i + 1) % (ID_PENDING_MAX / 2) == 0))
			rc = id_window_commit(&s->ids, sqlite3_column_int64(q, 1),
					      sqlite3_column_int64(q, 0));
	}
	return rc;
}

/* Those of confidential.db last, as if they were the newest: their time is a day. */
static enum emp_rc
load_sealed_ids(struct store *s, int64_t now)
{
	sqlite3_stmt *q = NULL;
	int64_t day = now / MS_PER_S / S_PER_DAY;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT key FROM id_window WHERE day >= ?1");
	uint32_t n = 0;

	if (rc == EMP_OK)
		sqlite3_bind_int64(q, 1, day - (s->config.id_window_hours + 23) / 24);
	while (rc == EMP_OK) {
		struct id_entry e = {.content = 0};
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		memcpy(e.key, sqlite3_column_blob(q, 0), ID_KEY_BYTES);
		rc = add_id(&s->ids, &e);
		if (rc == EMP_OK && ++n % (ID_PENDING_MAX / 2) == 0)
			rc = id_window_commit(&s->ids, now, s->next_block);
	}
	sqlite3_finalize(q);
	return rc == EMP_OK ? id_window_commit(&s->ids, now, s->next_block) : rc;
}

enum emp_rc
load_window(struct store *s)
{
	int64_t now = clock_now_ms();
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->main.db, &q,
				    "SELECT number, time, ids FROM id_block "
				    "WHERE time >= ?1 ORDER BY number");

	if (rc == EMP_OK)
		sqlite3_bind_int64(q, 1,
				   now -
					   (int64_t)s->config.id_window_hours *
						   S_PER_HOUR * MS_PER_S);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = load_block(s, q);
	}
	sqlite3_finalize(q);
	return rc == EMP_OK ? load_sealed_ids(s, now) : rc;
}

static enum emp_rc
feed_cells(struct store *s, sqlite3_stmt *q)
{
	enum emp_rc rc = EMP_OK;

	while (rc == EMP_OK) {
		struct cell c = {.slots = s->main.slots};
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			return rc;
		c.key.grain = (uint8_t)sqlite3_column_int(q, 0);
		c.key.start = sqlite3_column_int64(q, 1);
		c.key.series = (uint32_t)sqlite3_column_int64(q, 2);
		c.key.subject = (uint32_t)sqlite3_column_int64(q, 3);
		c.seq = sqlite3_column_int64(q, 4);
		rc = cell_unpack((struct str){sqlite3_column_blob(q, 5),
					      (size_t)sqlite3_column_bytes(q, 5)},
				 c.slots, SURVEY_SLOTS_MAX, &c.n_slots);
		if (rc == EMP_OK)
			rc = s->hooks.cell(s->hooks.ctx, &c);
	}
	(void)sqlite3_reset(q);
	return rc;
}

enum emp_rc
load_cells(struct store *s)
{
	static const char *const sql[] = {
		"SELECT grain, start, series_id, subject, seq, slots FROM cell "
		"WHERE grain = ?1 AND start < ?2 ORDER BY start LIMIT 1",
		"SELECT grain, start, series_id, subject, seq, slots FROM cell "
		"WHERE grain = ?1 AND start >= ?2"};
	const int64_t newest = s->received / MS_PER_S;
	const int64_t from[GRAIN_COUNT] = {
		[GRAIN_MINUTE] = 0,
		[GRAIN_HOUR] = newest - s->config.ram_hour_days * S_PER_DAY,
		[GRAIN_DAY] = newest - s->config.ram_day_days * S_PER_DAY};
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < sizeof sql / sizeof *sql; i++) {
		sqlite3_stmt *q = NULL;

		rc = db_prepare(s->main.db, &q, sql[i]);
		for (int g = 0; rc == EMP_OK && g < GRAIN_COUNT; g++) {
			sqlite3_bind_int(q, 1, g);
			sqlite3_bind_int64(q, 2, from[g]);
			rc = feed_cells(s, q);
		}
		sqlite3_finalize(q);
	}
	return rc;
}
