/* Whether releases are sound: in empowerd.db by themselves, and in a daemon the same in
 * both files. As for what is said of confidential.db: a finding tells what kind of
 * thing is wrong, no more. */
#include "store/reader_impl.h"

#include "store/db.h"

#define SCALES "('csat', 'nps', 'ces', 'pulse')"

static const struct {
	const char *wrong, *finding;
} rules[] = {
	{"SELECT EXISTS (SELECT * FROM release_block AS b "
	 "JOIN metric ON metric.id = b.metric_id WHERE metric.name IN " SCALES
	 " AND people <> (SELECT ifnull(sum(n), 0) FROM release_count "
	 "WHERE block_id = b.id AND value BETWEEN b.low AND b.high)) "
	 "OR EXISTS (SELECT * FROM release_block AS b JOIN release_count AS c "
	 "ON c.block_id = b.id WHERE c.n > b.people)",
	 "a block of a release has other people than its counts"},
	{"SELECT EXISTS (SELECT * FROM release WHERE NOT EXISTS "
	 "(SELECT * FROM release_block WHERE release_id = release.id))",
	 "a release has no block"},
};

/* ---- both files ------------------------------------------------------------------ */

#define COLUMNS 11

static const char main_sql[] =
	"SELECT b.question, b.verified, ifnull(unit.name, '') AS unit, b.people, "
	"metric.name, b.low, b.high, b.satisfied, c.value, c.option, c.n "
	"FROM release JOIN survey ON survey.id = release.survey_id "
	"JOIN release_block AS b ON b.release_id = release.id "
	"JOIN metric ON metric.id = b.metric_id LEFT JOIN unit ON unit.id = b.unit_id "
	"LEFT JOIN release_count AS c ON c.block_id = b.id "
	"WHERE survey.name = ?1 AND release.period = ?2 "
	"ORDER BY question, verified, 3, value";
static const char sealed_sql[] =
	"SELECT b.question, b.verified, b.unit, b.people, b.metric, b.low, b.high, "
	"b.satisfied, c.value, c.option, c.n FROM release_block AS b "
	"LEFT JOIN release_count AS c ON c.survey = b.survey AND c.number = b.number "
	"AND c.question = b.question AND c.verified = b.verified AND c.unit = b.unit "
	"WHERE b.survey = ?1 AND b.number = ?2 AND b.metric IS NOT NULL "
	"ORDER BY b.question, b.verified, b.unit, value";

/* Statements of one comparison. */
struct comparing {
	sqlite3_stmt *main, *sealed, *name;
};

static enum emp_rc
prepare(struct comparing *c, struct store_reader *r)
{
	const struct db_statement sealed[] = {
		{&c->sealed, sealed_sql},
		{&c->name,
		 "SELECT 1 FROM survey_period WHERE survey = ?1 AND name = ?2 AND "
		 "released IS NOT NULL"},
	};
	enum emp_rc rc = db_prepare(r->db, &c->main, main_sql);

	if (rc != EMP_OK)
		return rc;
	return db_prepare_all(r->people, sealed, sizeof sealed / sizeof *sealed);
}

static void
finish(struct comparing *c)
{
	sqlite3_finalize(c->main);
	sqlite3_finalize(c->sealed);
	sqlite3_finalize(c->name);
	*c = (struct comparing){0};
}

static bool
same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
	for (int i = 0; i < COLUMNS; i++)
		if (!str_eq(db_str(a, i), db_str(b, i)))
			return false;
	return true;
}

/* One period. */
static enum emp_rc
compare(struct comparing *c, struct str survey, int64_t number, struct str name,
	bool *differs)
{
	bool main = true;
	bool sealed = true;
	enum emp_rc rc = EMP_OK;

	db_bind_str(c->main, 1, survey);
	db_bind_str(c->main, 2, name);
	db_bind_str(c->sealed, 1, survey);
	sqlite3_bind_int64(c->sealed, 2, number);
	while (rc == EMP_OK && main && sealed) {
		rc = db_step(c->main, &main);
		if (rc == EMP_OK)
			rc = db_step(c->sealed, &sealed);
		if (rc == EMP_OK &&
		    (main != sealed || (main && !same_row(c->main, c->sealed)))) {
			*differs = true;
			break;
		}
	}
	(void)sqlite3_reset(c->main);
	(void)sqlite3_reset(c->sealed);
	return rc;
}

static enum emp_rc
compare_all(struct comparing *c, struct store_reader *r, bool *differs)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(r->people, &s,
				    "SELECT survey, number, name FROM survey_period "
				    "WHERE released IS NOT NULL AND copied = 1");

	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = compare(c, db_str(s, 0), sqlite3_column_int64(s, 1), db_str(s, 2),
			     differs);
	}
	sqlite3_finalize(s);
	return rc;
}

/* Releases that only empowerd.db has. */
static enum emp_rc
look_for_others(struct comparing *c, struct store_reader *r, bool *differs)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(r->db, &s,
				    "SELECT survey.name, release.period FROM release "
				    "JOIN survey ON survey.id = release.survey_id");

	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		db_bind_str(c->name, 1, db_str(s, 0));
		db_bind_str(c->name, 2, db_str(s, 1));
		rc = db_step(c->name, &row);
		*differs = *differs || (rc == EMP_OK && !row);
		(void)sqlite3_reset(c->name);
		row = true;
	}
	sqlite3_finalize(s);
	return rc;
}

/* empowerd.db gets a release after confidential.db, and was looked at first: what it
 * has, the other has. What that one says is copied may be too new for the look, so it
 * is compared with another one. */
static enum emp_rc
compare_files(struct store_reader *r, bool *differs)
{
	struct comparing c = {0};
	enum emp_rc rc = prepare(&c, r);

	if (rc == EMP_OK)
		rc = look_for_others(&c, r, differs);
	if (rc == EMP_OK && sqlite3_get_autocommit(r->db) == 0) {
		rc = db_exec(r->db, "COMMIT");
		if (rc == EMP_OK)
			rc = db_exec(r->db, "BEGIN");
	}
	if (rc == EMP_OK)
		rc = compare_all(&c, r, differs);
	finish(&c);
	return rc;
}

enum emp_rc
releases_check(struct store_reader *r, void (*fn)(void *ctx, const char *finding),
	       void *ctx)
{
	bool differs = false;
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < sizeof rules / sizeof *rules; i++) {
		int64_t wrong = 0;

		rc = db_int(r->db, rules[i].wrong, &wrong);
		if (rc == EMP_OK && wrong != 0)
			fn(ctx, rules[i].finding);
	}
	if (rc == EMP_OK && r->people != NULL)
		rc = compare_files(r, &differs);
	if (differs)
		fn(ctx, "releases are not the same in both files");
	return rc;
}
