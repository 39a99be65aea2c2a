/* From confidential.db to empowerd.db: what everybody may see of a release. */
#include "store/release.h"

#include "store/db.h"
#include "store/impl.h"

/* Statements of one copy. */
struct copying {
	sqlite3_stmt *release, *block, *count; /* into empowerd.db */
	sqlite3_stmt *blocks, *counts;         /* from confidential.db */
};

static enum emp_rc
prepare(struct copying *c, struct store *s)
{
	const struct db_statement to[] = {
		{&c->release,
		 "INSERT OR IGNORE INTO release (survey_id, period, started, ended) "
		 "VALUES (?1, ?2, ?3, ?4)"},
		{&c->block,
		 "INSERT INTO release_block (release_id, question, metric_id, low, "
		 "high, satisfied, unit_id, verified, people) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
		{&c->count,
		 "INSERT INTO release_count (block_id, value, option, n) "
		 "VALUES (?1, ?2, ?3, ?4)"},
	};
	const struct db_statement from[] = {
		{&c->blocks,
		 "SELECT question, verified, unit, people, metric, low, high, "
		 "satisfied FROM release_block WHERE survey = ?1 AND number = ?2 AND "
		 "metric IS NOT NULL ORDER BY question, verified, unit"},
		{&c->counts,
		 "SELECT value, option, n FROM release_count WHERE survey = ?1 AND "
		 "number = ?2 AND question = ?3 AND verified = ?4 AND unit = ?5 "
		 "ORDER BY value"},
	};
	enum emp_rc rc = db_prepare_all(s->main.db, to, sizeof to / sizeof *to);

	if (rc != EMP_OK)
		return rc;
	return db_prepare_all(s->sealed.db, from, sizeof from / sizeof *from);
}

static void
finish(struct copying *c)
{
	sqlite3_finalize(c->release);
	sqlite3_finalize(c->block);
	sqlite3_finalize(c->count);
	sqlite3_finalize(c->blocks);
	sqlite3_finalize(c->counts);
}

static enum emp_rc
copy_counts(struct copying *c, struct store *s, struct str survey, int64_t number)
{
	sqlite3_stmt *q = c->counts;
	bool row = true;
	enum emp_rc rc = EMP_OK;

	db_bind_str(q, 1, survey);
	sqlite3_bind_int64(q, 2, number);
	sqlite3_bind_value(q, 3, sqlite3_column_value(c->blocks, 0));
	sqlite3_bind_value(q, 4, sqlite3_column_value(c->blocks, 1));
	sqlite3_bind_value(q, 5, sqlite3_column_value(c->blocks, 2));
	sqlite3_bind_int64(c->count, 1, sqlite3_last_insert_rowid(s->main.db));
	while (rc == EMP_OK) {
		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			return rc;
		for (int i = 0; i < 3; i++)
			sqlite3_bind_value(c->count, 2 + i, sqlite3_column_value(q, i));
		rc = db_run(c->count);
	}
	(void)sqlite3_reset(q);
	return rc;
}

static enum emp_rc
copy_block(struct copying *c, struct store *s, struct str survey, int64_t number,
	   int64_t release)
{
	sqlite3_stmt *from = c->blocks;
	sqlite3_stmt *to = c->block;
	struct str unit = db_str(from, 2);
	uint32_t unit_id = 0;
	enum emp_rc rc = EMP_OK;

	if (unit.n > 0)
		rc = names_unit(&s->names, unit, &unit_id);
	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_int64(to, 1, release);
	sqlite3_bind_value(to, 2, sqlite3_column_value(from, 0));
	sqlite3_bind_int(to, 3, metric_find(db_str(from, 4)));
	for (int i = 0; i < 3; i++)
		sqlite3_bind_value(to, 4 + i, sqlite3_column_value(from, 5 + i));
	db_bind_id(to, 7, unit_id);
	sqlite3_bind_value(to, 8, sqlite3_column_value(from, 1));
	sqlite3_bind_value(to, 9, sqlite3_column_value(from, 3));
	rc = db_run(to);
	return rc == EMP_OK ? copy_counts(c, s, survey, number) : rc;
}

static enum emp_rc
copy_blocks(struct copying *c, struct store *s, struct str survey, int64_t number,
	    int64_t release)
{
	bool row = true;
	enum emp_rc rc = EMP_OK;

	db_bind_str(c->blocks, 1, survey);
	sqlite3_bind_int64(c->blocks, 2, number);
	while (rc == EMP_OK) {
		rc = db_step(c->blocks, &row);
		if (rc != EMP_OK || !row)
			return rc;
		rc = copy_block(c, s, survey, number, release);
	}
	(void)sqlite3_reset(c->blocks);
	return rc;
}

void
release_shown(struct store *s)
{
	atomic_fetch_add(&s->counters.sealed_version, 1);
	atomic_fetch_add(&s->counters.releases_version, 1);
}

/* One period: a transaction of empowerd.db. One that is there already is the work of a
 * run that ended before it could say so. */
static enum emp_rc
copy(struct copying *c, struct store *s, const struct survey *v, sqlite3_stmt *period)
{
	int64_t number = sqlite3_column_int64(period, 1);
	enum emp_rc rc = db_run(s->main.begin);

	if (rc == EMP_OK) {
		sqlite3_bind_int64(c->release, 1, v->id);
		for (int i = 2; i <= 4; i++)
			sqlite3_bind_value(c->release, i,
					   sqlite3_column_value(period, i));
		rc = db_run(c->release);
	}
	if (rc == EMP_OK && sqlite3_changes(s->main.db) > 0)
		rc = copy_blocks(c, s, v->name, number,
				 sqlite3_last_insert_rowid(s->main.db));
	if (rc == EMP_OK)
		rc = db_run(s->main.commit);
	if (rc == EMP_OK) {
		names_commit(&s->names);
		release_shown(s);
		return EMP_OK;
	}
	if (sqlite3_get_autocommit(s->main.db) == 0)
		(void)sqlite3_exec(s->main.db, "ROLLBACK", NULL, NULL, NULL);
	names_rollback(&s->names);
	return rc;
}

static enum emp_rc
mark_copied(struct store *s, struct str survey, int64_t number)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "UPDATE survey_period SET copied = 1 "
				    "WHERE survey = ?1 AND number = ?2");

	if (rc == EMP_OK) {
		db_bind_str(q, 1, survey);
		sqlite3_bind_int64(q, 2, number);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

enum emp_rc
release_complete(struct store *s)
{
	struct copying c = {0};
	sqlite3_stmt *q = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT survey, number, name, started, ended "
				    "FROM survey_period WHERE released IS NOT NULL AND "
				    "copied = 0 ORDER BY survey, number LIMIT 1");

	s->periods.behind = true;
	if (rc == EMP_OK)
		rc = prepare(&c, s);
	while (rc == EMP_OK) {
		const struct survey *v;
		int64_t number;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		v = surveys_find(s->defs->surveys, db_str(q, 0));
		number = sqlite3_column_int64(q, 1);
		if (v == NULL) {
			rc = EMP_CORRUPT;
			break;
		}
		rc = copy(&c, s, v, q);
		(void)sqlite3_reset(q);
		if (rc == EMP_OK)
			rc = mark_copied(s, v->name, number);
	}
	sqlite3_finalize(q);
	finish(&c);
	s->periods.behind = rc != EMP_OK;
	return rc;
}
