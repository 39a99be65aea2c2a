/* Decisions counted by SQL. A column for each slot, in their order, spelled out once
 * more: this shares no code with what counts, nor looks at what was noted while
 * counting. Of outcomes it takes for each thing the last by its time that says it. */
#include "store/recount_decisions.h"

#include <stdio.h>

#include "store/db.h"

#define FIRST_SLOT 3 /* column */

/* What an outcome may say; the drivers are named alike where they were expected. */
static const char *const drivers[] = {"spend", "retention", "reputation", "referral"};
#define DRIVERS (sizeof drivers / sizeof *drivers)

static const char facts_sql[] =
	"known AS (SELECT DISTINCT decision_seq FROM decision_outcome), fact AS ("
	"SELECT event.series_id AS series, "
	"CASE alike.whole WHEN 1 THEN ?2 ELSE decision.subject_id END AS subject, "
	"bucket(?1, event.time) AS start, decision.answer_id AS answer, "
	"decision.within_id AS place, decision.escalated AS escalated, "
	"subject.rule_id IS NOT NULL AS ruled, "
	"decision.rule_did_not_fit AS rule_did_not_fit, "
	"decision.conflict AS conflict, decision.special_request AS special_request, "
	"decision.self_rating AS self_rating, decision.spend_id AS spend, "
	"decision.retention_id AS retention, decision.reputation_id AS reputation, "
	"decision.referral_id AS referral, settled.answer_id AS settled, "
	"known.decision_seq AS known, benefit.value AS benefit, "
	"seen_spend.value AS seen_spend, seen_retention.value AS seen_retention, "
	"seen_reputation.value AS seen_reputation, "
	"seen_referral.value AS seen_referral "
	"FROM decision JOIN event ON event.seq = decision.event_seq "
	"CROSS JOIN (SELECT 0 AS whole UNION ALL SELECT 1) AS alike "
	"JOIN subject ON subject.id = decision.subject_id "
	"LEFT JOIN decision_settlement AS settled "
	"ON settled.decision_seq = decision.event_seq "
	"LEFT JOIN known ON known.decision_seq = decision.event_seq "
	"LEFT JOIN benefit ON benefit.decision_seq = decision.event_seq";

static const char slots_sql[] =
	") SELECT series, subject, start, count(*), sum(answer = 1), sum(answer = 2), "
	"sum(answer = 3), sum(escalated), sum(place = 1), sum(place = 2), "
	"sum(place = 3), sum(place = 1 AND escalated), "
	"sum(place = 2 AND NOT escalated), sum(ruled), "
	"sum(ruled AND (answer = 2 OR escalated)), sum(rule_did_not_fit), "
	"sum(conflict), sum(special_request), count(settled), "
	"sum(settled IS NOT NULL AND escalated), sum(settled = answer AND escalated), "
	"sum(settled IS NOT NULL AND place = 1 AND NOT escalated), count(known), "
	"sum(benefit = 1), sum(benefit = 0), sum(self_rating = 1), "
	"sum(self_rating = 2), sum(self_rating = 3), sum(self_rating = 4), "
	"sum(self_rating = 5)";

/* A table of the last that was said of one thing. */
static void
add_last(struct buf *sql, const char *before, const char *name, const char *column)
{
	buf_printf(sql,
		   "%s%s AS (SELECT decision_seq, value FROM (SELECT decision_seq, "
		   "%s AS value, row_number() OVER (PARTITION BY decision_seq "
		   "ORDER BY time DESC, event_seq DESC) AS place FROM said "
		   "WHERE %s IS NOT NULL) WHERE place = 1), ",
		   before, name, column, column);
}

static void
add_driver(struct buf *sql, const char *driver)
{
	for (int expected = 1; expected <= 3; expected++) {
		for (int seen = 1; seen <= 2; seen++)
			buf_printf(sql, ", sum(%s = %d AND seen_%s = %d)", driver,
				   expected, driver, seen);
	}
}

static void
build(struct buf *sql)
{
	buf_add_z(sql,
		  "WITH said AS (SELECT decision_outcome.*, event.time AS time "
		  "FROM decision_outcome "
		  "JOIN event ON event.seq = decision_outcome.event_seq), ");
	add_last(sql, "", "benefit", "customer_benefit");
	for (size_t d = 0; d < DRIVERS; d++) {
		char column[32];

		snprintf(column, sizeof column, "%s_id", drivers[d]);
		add_last(sql, "seen_", drivers[d], column);
	}
	buf_add_z(sql, facts_sql);
	for (size_t d = 0; d < DRIVERS; d++)
		buf_printf(sql,
			   " LEFT JOIN seen_%s "
			   "ON seen_%s.decision_seq = decision.event_seq",
			   drivers[d], drivers[d]);
	buf_add_z(sql, slots_sql);
	for (size_t d = 0; d < DRIVERS; d++)
		add_driver(sql, drivers[d]);
	buf_add(sql, " FROM fact GROUP BY 1, 2, 3",
		sizeof " FROM fact GROUP BY 1, 2, 3"); /* with the end */
}

static const char rules_sql[] =
	"SELECT event.series_id, ?2 + subject.rule_id, bucket(?1, event.time), "
	"count(*), sum(answer_id = 2 OR escalated) FROM decision "
	"JOIN event ON event.seq = decision.event_seq "
	"JOIN subject ON subject.id = decision.subject_id "
	"WHERE subject.rule_id IS NOT NULL GROUP BY 1, 2, 3";

static enum emp_rc
recount_sql(struct store_reader *r, const char *sql, enum grain g, enum subject subject,
	    enum emp_rc (*fn)(void *ctx, const struct cell_key *k, uint32_t slot,
			      uint64_t n),
	    void *ctx)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(r->db, &s, sql);

	if (rc == EMP_OK) {
		sqlite3_bind_int(s, 1, (int)g);
		sqlite3_bind_int64(s, 2, subject);
	}
	while (rc == EMP_OK) {
		struct cell_key k = {.grain = (uint8_t)g};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		k.series = (uint32_t)sqlite3_column_int64(s, 0);
		k.subject = (uint32_t)sqlite3_column_int64(s, 1);
		k.start = sqlite3_column_int64(s, 2);
		for (int i = FIRST_SLOT; rc == EMP_OK && i < sqlite3_column_count(s);
		     i++) {
			uint64_t n = (uint64_t)sqlite3_column_int64(s, i);

			if (n > 0)
				rc = fn(ctx, &k, (uint32_t)(i - FIRST_SLOT), n);
		}
	}
	sqlite3_finalize(s);
	return rc;
}

enum emp_rc
recount_decisions(struct store_reader *r, enum grain g,
		  enum emp_rc (*fn)(void *ctx, const struct cell_key *k, uint32_t slot,
				    uint64_t n),
		  void *ctx)
{
	struct buf sql;
	enum emp_rc rc;

	buf_init(&sql, 0);
	build(&sql);
	rc = buf_ok(&sql) ? recount_sql(r, sql.p, g, SUBJECT_DECISION, fn, ctx)
			  : EMP_NOMEM;
	buf_fini(&sql);
	return rc == EMP_OK ? recount_sql(r, rules_sql, g, SUBJECT_FIRST_RULE, fn, ctx)
			    : rc;
}
