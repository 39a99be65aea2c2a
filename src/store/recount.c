/* Counting by SQL what counters counted by code: for `verify`. Shares nothing with the
 * counters but the meaning of slots, which is spelled out once more here. */
#include "store/reader_impl.h"

#include "base/clock.h"
#include "store/db.h"
#include "store/recount_decisions.h"

/* ?1 grain, ?2-?5 the survey events in the order of their slots, ?6 complete, ?7
 * commented, ?8 signals and ?9 recognition as subjects, ?10 first slot of leaders, ?11
 * and ?12 the metrics that are no scale. */
static const char recount_sql[] =
	"WITH counted (series, subject, time, slot) AS ("
	" SELECT series_id, survey_id, time, CASE type_id WHEN ?2 THEN 0 WHEN ?3 "
	"  THEN 1 WHEN ?4 THEN 2 ELSE 3 END FROM event"
	"  WHERE type_id IN (?2, ?3, ?4, ?5)"
	" UNION ALL"
	" SELECT series_id, survey_id, time, ?6 FROM event"
	"  WHERE type_id = ?5 AND complete = 1"
	" UNION ALL"
	" SELECT series_id, survey_id, time, ?7 FROM event"
	"  WHERE type_id = ?5 AND comment IS NOT NULL"
	" UNION ALL"
	" SELECT event.series_id, event.survey_id, event.time, question.slot +"
	"  CASE question.metric_id WHEN ?11 THEN 0 WHEN ?12 THEN 1 + answer.value"
	"  ELSE answer.value - question.low END"
	"  FROM answer CROSS JOIN event ON event.seq = answer.key >> 8"
	"  CROSS JOIN question ON question.id = answer.question_id"
	" UNION ALL"
	/* People who chose: the rows of one choice are one of them. */
	" SELECT event.series_id, event.survey_id, event.time, chosen.slot"
	"  FROM (SELECT DISTINCT answer.key >> 8 AS seq, question.slot AS slot"
	"   FROM answer CROSS JOIN question ON question.id = answer.question_id"
	"   WHERE question.metric_id = ?12) AS chosen"
	"  CROSS JOIN event ON event.seq = chosen.seq"
	" UNION ALL"
	" SELECT event.series_id, ?8, event.time, signal.kind_id"
	"  FROM signal JOIN event ON event.seq = signal.event_seq"
	" UNION ALL"
	" SELECT event.series_id, subject.id, event.time, 0"
	"  FROM suggestion JOIN event ON event.seq = suggestion.event_seq"
	"  JOIN subject ON subject.kind_id = suggestion.kind_id"
	"  AND subject.category_id IS suggestion.category_id"
	" UNION ALL"
	" SELECT event.series_id, ?9, event.time, recognition.kind_id +"
	"  CASE recognition.by_leader WHEN 1 THEN ?10 ELSE 0 END"
	"  FROM recognition JOIN event ON event.seq = recognition.event_seq"
	") SELECT series, subject, bucket(?1, time), slot, count(*) FROM counted"
	" GROUP BY 1, 2, 3, 4";

static void
bucket(sqlite3_context *c, int n, sqlite3_value **v)
{
	static const enum tz_unit unit[GRAIN_COUNT] = {[GRAIN_MINUTE] = TZ_MINUTE,
						       [GRAIN_HOUR] = TZ_HOUR,
						       [GRAIN_DAY] = TZ_DAY};
	const struct tz *tz = sqlite3_user_data(c);
	int grain = sqlite3_value_int(v[0]);

	(void)n;
	EMP_ASSERT(grain >= 0 && grain < GRAIN_COUNT);
	sqlite3_result_int64(
		c, tz_floor(tz, unit[grain], sqlite3_value_int64(v[1]) / MS_PER_S));
}

static void
bind(sqlite3_stmt *s, enum grain g)
{
	const int value[] = {(int)g,
			     EVENT_SURVEY_INVITED,
			     EVENT_SURVEY_SHOWN,
			     EVENT_SURVEY_DISMISSED,
			     EVENT_SURVEY_ANSWERED,
			     SLOT_COMPLETE,
			     SLOT_COMMENTED,
			     SUBJECT_SIGNAL,
			     SUBJECT_RECOGNITION,
			     RECOGNITION_COUNT,
			     METRIC_TEXT,
			     METRIC_CHOICE};

	for (size_t i = 0; i < sizeof value / sizeof *value; i++)
		sqlite3_bind_int(s, (int)i + 1, value[i]);
}

enum emp_rc
store_recount(struct store_reader *r, enum grain g,
	      enum emp_rc (*fn)(void *ctx, const struct cell_key *k, uint32_t slot,
				uint64_t n),
	      void *ctx)
{
	sqlite3_stmt *s = NULL;
	union {
		const struct tz *tz;
		void *pointer;
	} zone = {
		.tz = r->tz}; /* sqlite3 wants it without const, bucket gives it back */
	enum emp_rc rc = db_rc(sqlite3_create_function_v2(
		r->db, "bucket", 2,
		SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, zone.pointer,
		bucket, NULL, NULL, NULL));

	if (rc == EMP_OK)
		rc = db_prepare(r->db, &s, recount_sql);
	if (rc == EMP_OK)
		bind(s, g);
	while (rc == EMP_OK) {
		struct cell_key k = {.grain = (uint8_t)g};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		k.series = (uint32_t)sqlite3_column_int64(s, 0);
		k.subject = (uint32_t)sqlite3_column_int64(s, 1);
		k.start = sqlite3_column_int64(s, 2);
		rc = fn(ctx, &k, (uint32_t)sqlite3_column_int64(s, 3),
			(uint64_t)sqlite3_column_int64(s, 4));
	}
	sqlite3_finalize(s);
	return rc == EMP_OK ? recount_decisions(r, g, fn, ctx) : rc;
}

enum emp_rc
reader_findings(sqlite3 *db, const char *sql, const char *format,
		void (*fn)(void *ctx, const char *finding), void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s, sql);

	while (rc == EMP_OK) {
		struct buf text;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (str_is(db_str(s, 0), "ok"))
			continue;
		buf_init(&text, 0);
		buf_add_z(&text, format);
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			buf_add_c(&text, ' ');
			buf_add_str(&text, db_str(s, i));
		}
		buf_add_c(&text, '\0');
		if (buf_ok(&text))
			fn(ctx, text.p);
		else
			rc = EMP_NOMEM;
		buf_fini(&text);
	}
	sqlite3_finalize(s);
	return rc;
}

enum emp_rc
store_check(struct store_reader *r, void (*fn)(void *ctx, const char *finding),
	    void *ctx)
{
	enum emp_rc rc = reader_findings(r->db, "PRAGMA integrity_check",
					 "damaged:", fn, ctx);

	if (rc == EMP_OK)
		rc = reader_findings(r->db, "PRAGMA foreign_key_check",
				     "refers to nothing (table, row, parent, key):", fn,
				     ctx);
	if (rc == EMP_OK)
		rc = states_check(r, fn, ctx);
	if (rc == EMP_OK && r->people != NULL)
		rc = people_check(r, fn, ctx);
	return rc == EMP_OK ? releases_check(r, fn, ctx) : rc;
}
