/* Whether confidential.db agrees with itself and with empowerd.db. A finding says what
 * kind of thing is wrong, never where or how much: whoever may verify may still not
 * know about reviews in a small group. */
#include "store/reader_impl.h"

#include <string.h>

#include "base/clock.h"
#include "store/days.h"
#include "store/db.h"

/* The rows of one that are not in the other, both ways. */
#define DIFFER(a, b)                                                                   \
	"SELECT EXISTS (SELECT * FROM (" a ") EXCEPT SELECT * FROM (" b                \
	")) OR EXISTS (SELECT * FROM (" b ") EXCEPT SELECT * FROM (" a "))"

static const struct {
	const char *differ, *finding;
} rules[] = {
	{DIFFER("SELECT month, unit, role, class, verdict, has_rule, latency_days, n "
		"FROM review_cell",
		"SELECT month, unit, role, class, verdict, has_rule, latency_days, "
		"count(*) FROM review GROUP BY 1, 2, 3, 4, 5, 6, 7"),
	 "confidential.db: reviews are not as counted"},
	{DIFFER("SELECT month, unit, role, class, person, day FROM review_decider",
		"SELECT review.month, review.unit, review.role, review.class, "
		"who.person, min(review.day) FROM review "
		"JOIN operational_person AS who ON who.key = review.decision_key "
		"AND who.role = 'decider' AND who.number = 0 GROUP BY 1, 2, 3, 4, 5"),
	 "confidential.db: deciders of reviewed decisions are not as counted"},
	{"SELECT EXISTS (SELECT * FROM release_block AS b WHERE metric IN "
	 "('csat', 'nps', 'ces', 'pulse') AND people <> "
	 "(SELECT ifnull(sum(n), 0) FROM release_count AS c "
	 "WHERE c.survey = b.survey AND c.number = b.number AND "
	 "c.question = b.question AND c.verified = b.verified AND c.unit = b.unit))",
	 "confidential.db: a block of a release has other people than its counts"},
	{"SELECT EXISTS (SELECT * FROM release_cover AS c WHERE NOT EXISTS "
	 "(SELECT * FROM release_block AS b WHERE b.survey = c.survey AND "
	 "b.number = c.number AND b.question = c.question AND b.verified = 1 AND "
	 "b.unit = c.block_unit)) OR EXISTS (SELECT * FROM release_block AS b "
	 "WHERE verified = 1 AND NOT EXISTS (SELECT * FROM release_cover AS c "
	 "WHERE c.survey = b.survey AND c.number = b.number AND "
	 "c.question = b.question AND c.block_unit = b.unit))",
	 "confidential.db: a release does not say whom it covers"},
	{"SELECT EXISTS (SELECT * FROM survey_period AS p JOIN event AS e "
	 "ON e.survey = p.survey AND e.period = p.number WHERE "
	 "p.released IS NOT NULL AND e.counted = 1 AND "
	 "(e.person IS NOT NULL OR e.comment <> ''))",
	 "confidential.db: a period that is released has people, or their words"},
};

/* What a review was counted under, and what its decision says now. */
static enum emp_rc
compare(struct store_reader *r, sqlite3_stmt *review, sqlite3_stmt *decision,
	bool *differs)
{
	int64_t day;
	int64_t time;
	int64_t latency;
	bool row;
	enum emp_rc rc;

	sqlite3_bind_blob(decision, 1, sqlite3_column_blob(review, 0),
			  sqlite3_column_bytes(review, 0), SQLITE_STATIC);
	rc = db_step(decision, &row);
	/* Committed after empowerd.db was looked at. */
	if (rc != EMP_OK || !row)
		return rc;
	time = sqlite3_column_int64(decision, 0);
	if (!day_parse(db_str(review, 1), &day)) {
		rc = EMP_CORRUPT;
	} else {
		latency = day - day_of(r->tz, time);
		*differs = *differs ||
			sqlite3_column_int(review, 2) !=
				tz_month_index(r->tz, time / MS_PER_S) ||
			sqlite3_column_int64(review, 3) !=
				(latency > 0 ? latency : 0) ||
			!str_eq(db_str(review, 4), db_str(decision, 1)) ||
			!str_eq(db_str(review, 5), db_str(decision, 2)) ||
			!str_eq(db_str(review, 6), db_str(decision, 3));
	}
	(void)sqlite3_reset(decision);
	return rc;
}

static enum emp_rc
check_decisions(struct store_reader *r, bool *differs)
{
	sqlite3_stmt *review = NULL;
	sqlite3_stmt *decision = NULL;
	enum emp_rc rc = db_prepare(r->people, &review,
				    "SELECT decision_key, day, month, latency_days, "
				    "unit, role, class FROM review");

	if (rc == EMP_OK)
		rc = db_prepare(r->db, &decision,
				"SELECT event.time, unit.name, role.name, class.name "
				"FROM decision "
				"JOIN event ON event.seq = decision.event_seq "
				"JOIN series ON series.id = event.series_id "
				"JOIN subject ON subject.id = decision.subject_id "
				"JOIN role ON role.id = subject.role_id "
				"JOIN class ON class.id = subject.class_id "
				"LEFT JOIN unit ON unit.id = series.unit_id "
				"WHERE decision.people_key = ?1");
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(review, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = compare(r, review, decision, differs);
	}
	sqlite3_finalize(review);
	sqlite3_finalize(decision);
	return rc;
}

enum emp_rc
people_check(struct store_reader *r, void (*fn)(void *ctx, const char *finding),
	     void *ctx)
{
	bool differs = false;
	enum emp_rc rc = reader_findings(r->people, "PRAGMA integrity_check",
					 "confidential.db is damaged:", fn, ctx);

	if (rc == EMP_OK)
		rc = reader_findings(r->people, "PRAGMA foreign_key_check",
				     "confidential.db: refers to nothing (table, row, "
				     "parent, key):",
				     fn, ctx);
	for (size_t i = 0; rc == EMP_OK && i < sizeof rules / sizeof *rules; i++) {
		int64_t found = 0;

		rc = db_int(r->people, rules[i].differ, &found);
		if (rc == EMP_OK && found != 0)
			fn(ctx, rules[i].finding);
	}
	if (rc == EMP_OK)
		rc = check_decisions(r, &differs);
	if (rc == EMP_OK && differs)
		fn(ctx,
		   "confidential.db: a review is not counted as its decision says");
	return rc;
}
