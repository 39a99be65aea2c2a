/* Coarser units of released answers.
 *
 * After a release an answer is kept for one thing: to tell that the sums are right.
 * With the unit in which it was given, the file, or a backup of it, would show what was
 * said in a unit of three; with the smallest block that it is in, it shows a group that
 * is shown to everybody. */
#include "store/release_units.h"

#include "store/db.h"

void
release_units_note(const struct release_tree *t, const struct release_blocks *b,
		   uint32_t *finest)
{
	for (uint32_t u = 0; u < t->n; u++) {
		uint32_t unit = b->cover[u] == RELEASE_NONE ? 0
							    : b->v[b->cover[u]].unit;

		/* Both are on the way from the unit to the root, and parents come
		 * first. */
		if (unit > finest[u])
			finest[u] = unit;
	}
}

enum emp_rc
release_units_coarsen(sqlite3 *sealed, struct str survey, int64_t number,
		      const struct release_tree *t, const uint32_t *finest)
{
	sqlite3_stmt *answers = NULL;
	sqlite3_stmt *put = NULL;
	const struct db_statement statements[] = {
		{&answers,
		 "SELECT key, unit, verified FROM event INDEXED BY event_counted "
		 "WHERE survey = ?1 AND period = ?2 AND counted = 1"},
		{&put, "UPDATE event SET unit = ?2 WHERE key = ?1"},
	};
	bool row = true;
	enum emp_rc rc = db_prepare_all(sealed, statements,
					sizeof statements / sizeof *statements);

	if (rc == EMP_OK) {
		db_bind_str(answers, 1, survey);
		sqlite3_bind_int64(answers, 2, number);
	}
	while (rc == EMP_OK) {
		uint32_t unit = 0;

		rc = db_step(answers, &row);
		if (rc != EMP_OK || !row)
			break;
		if (sqlite3_column_int(answers, 2) != 0)
			unit = finest[release_unit(t, db_str(answers, 1))];
		sqlite3_bind_blob(put, 1, sqlite3_column_blob(answers, 0),
				  sqlite3_column_bytes(answers, 0), SQLITE_STATIC);
		db_bind_str(put, 2, t->unit[unit]);
		rc = db_run(put);
	}
	sqlite3_finalize(answers);
	sqlite3_finalize(put);
	return rc;
}
