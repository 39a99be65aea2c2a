/* Decisions as rows: what was decided, and what counts by now of what followed. */
#include "store/decision_row.h"

#include <string.h>

#include "base/buf.h"
#include "store/db.h"
#include "store/reader_impl.h"
#include "store/voice.h"

enum column {
	COL_SEQ,
	COL_TIME,
	COL_SERIES,
	COL_ID,
	COL_ROLE,
	COL_CLASS,
	COL_RULE,
	COL_MOMENT,
	COL_GOAL,
	COL_AMOUNT,
	COL_ANSWER,
	COL_WITHIN,
	COL_ESCALATED,
	COL_UNFIT,
	COL_CONFLICT,
	COL_SPECIAL,
	COL_RATING,
	COL_PREDICTED,
	COL_SETTLED = COL_PREDICTED + DRIVER_COUNT,
	COL_OUTCOME,
	COL_BENEFIT,
	COL_OBSERVED,
	COL_BACKED = COL_OBSERVED + DRIVER_COUNT,
	COL_KEY
};

static const char select_sql[] =
	"SELECT decision.event_seq, event.time, event.series_id, decision.id, "
	"role.name, class.name, rule.name, decision.moment, decision.goal, "
	"decision.amount_cents, decision.answer_id, decision.within_id, "
	"decision.escalated, decision.rule_did_not_fit, decision.conflict, "
	"decision.special_request, decision.self_rating, decision.spend_id, "
	"decision.retention_id, decision.reputation_id, decision.referral_id, "
	"result.settled_id, result.outcome, result.customer_benefit, result.spend_id, "
	"result.retention_id, result.reputation_id, result.referral_id, "
	"EXISTS (SELECT 1 FROM decision_backing "
	"WHERE decision_backing.decision_seq = decision.event_seq), "
	"decision.people_key FROM decision "
	"CROSS JOIN event ON event.seq = decision.event_seq "
	"CROSS JOIN subject ON subject.id = decision.subject_id "
	"CROSS JOIN role ON role.id = subject.role_id "
	"CROSS JOIN class ON class.id = subject.class_id "
	"LEFT JOIN rule ON rule.id = subject.rule_id "
	"LEFT JOIN decision_result AS result "
	"ON result.decision_seq = decision.event_seq ";

enum emp_rc
decision_row_prepare(sqlite3 *db, sqlite3_stmt **out, const char *where)
{
	struct buf sql;
	enum emp_rc rc;

	buf_init(&sql, 0);
	buf_add_z(&sql, select_sql);
	buf_add(&sql, where, strlen(where) + 1); /* with the end */
	rc = buf_ok(&sql) ? db_prepare(db, out, sql.p) : EMP_NOMEM;
	buf_fini(&sql);
	return rc;
}

/* -1 for what was not said. */
static int64_t
said(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		? -1
		: sqlite3_column_int64(s, column);
}

enum emp_rc
decision_row_read(sqlite3_stmt *s, struct decision_row *row)
{
	struct decision_facts *f = &row->facts;

	if (sqlite3_column_bytes(s, COL_KEY) != (int)sizeof row->key)
		return EMP_CORRUPT;
	*row = (struct decision_row){
		.seq = sqlite3_column_int64(s, COL_SEQ),
		.time = sqlite3_column_int64(s, COL_TIME),
		.series = (uint32_t)sqlite3_column_int64(s, COL_SERIES),
		.id = db_str(s, COL_ID),
		.role = db_str(s, COL_ROLE),
		.matter = db_str(s, COL_CLASS),
		.rule = db_str(s, COL_RULE),
		.moment = db_str(s, COL_MOMENT),
		.goal = db_str(s, COL_GOAL),
		.amount_cents = said(s, COL_AMOUNT),
		.backed = sqlite3_column_int(s, COL_BACKED) != 0,
		.has_key = true};
	memcpy(row->key, sqlite3_column_blob(s, COL_KEY), sizeof row->key);
	*f = (struct decision_facts){
		.answer = (uint8_t)sqlite3_column_int(s, COL_ANSWER),
		.settled = (uint8_t)sqlite3_column_int(s, COL_SETTLED),
		.within = (uint8_t)sqlite3_column_int(s, COL_WITHIN),
		.escalated = sqlite3_column_int(s, COL_ESCALATED) != 0,
		.has_rule = row->rule.n > 0,
		.rule_did_not_fit = sqlite3_column_int(s, COL_UNFIT) != 0,
		.conflict = sqlite3_column_int(s, COL_CONFLICT) != 0,
		.special_request = sqlite3_column_int(s, COL_SPECIAL) != 0,
		.self_rating = (int8_t)said(s, COL_RATING),
		.has_outcome = sqlite3_column_int(s, COL_OUTCOME) != 0,
		.customer_benefit = (int8_t)said(s, COL_BENEFIT)};
	for (int d = 0; d < DRIVER_COUNT; d++) {
		f->predicted[d] = (uint8_t)sqlite3_column_int(s, COL_PREDICTED + d);
		f->observed[d] = (uint8_t)sqlite3_column_int(s, COL_OBSERVED + d);
	}
	return EMP_OK;
}

enum emp_rc
store_read_decisions(struct store_reader *r, int64_t from, int64_t to,
		     bool conflicts_only,
		     enum emp_rc (*fn)(void *ctx, const struct decision_row *row),
		     void *ctx)
{
	sqlite3_stmt *s = NULL;
	int64_t first = 0;
	enum emp_rc rc = reader_first_seq(r, from, &first);

	if (rc == EMP_OK)
		rc = decision_row_prepare(
			r->db, &s,
			conflicts_only
				? "WHERE decision.conflict = 1 AND "
				  "decision.event_seq >= ?1 AND event.time >= ?2 "
				  "AND event.time < ?3 ORDER BY decision.event_seq"
				: "WHERE decision.event_seq >= ?1 AND "
				  "event.time >= ?2 AND event.time < ?3 "
				  "ORDER BY decision.event_seq");
	if (rc == EMP_OK) {
		sqlite3_bind_int64(s, 1, first);
		sqlite3_bind_int64(s, 2, from);
		sqlite3_bind_int64(s, 3, to);
	}
	while (rc == EMP_OK) {
		struct decision_row row;
		bool more;

		rc = db_step(s, &more);
		if (rc != EMP_OK || !more)
			break;
		rc = decision_row_read(s, &row);
		if (rc == EMP_OK)
			rc = fn(ctx, &row);
	}
	sqlite3_finalize(s);
	return rc;
}
