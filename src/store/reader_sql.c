/* Statements that a reader keeps from job to job. There are as many as the program has
 * texts of them, and another of the same only where one is asked for while the first is
 * in use. */
#include "store/reader_impl.h"

#include <stdlib.h>

#include "base/array.h"
#include "store/db.h"

struct kept_statement {
	const char *sql;
	sqlite3 *db;
	sqlite3_stmt *statement;
	bool lent;
};

enum emp_rc
reader_prepare(struct store_reader *r, sqlite3 *db, sqlite3_stmt **out, const char *sql)
{
	enum emp_rc rc;

	*out = NULL;
	for (uint32_t i = 0; i < r->n_kept; i++) {
		struct kept_statement *k = &r->kept[i];

		if (k->sql != sql || k->db != db || k->lent)
			continue;
		k->lent = true;
		*out = k->statement;
		return EMP_OK;
	}
	if (!array_reserve(&r->kept, &r->max_kept, r->n_kept + 1, sizeof *r->kept))
		return EMP_NOMEM;
	rc = db_prepare(db, out, sql);
	if (rc == EMP_OK)
		r->kept[r->n_kept++] = (struct kept_statement){sql, db, *out, true};
	return rc;
}

void
reader_finish(struct store_reader *r, sqlite3_stmt **s)
{
	uint32_t i = 0;

	if (*s == NULL)
		return;
	while (i < r->n_kept && r->kept[i].statement != *s)
		i++;
	EMP_ASSERT(i < r->n_kept && r->kept[i].lent);
	/* What was bound is the job's, and so is a failure, which a reset repeats. */
	(void)sqlite3_reset(*s);
	(void)sqlite3_clear_bindings(*s);
	r->kept[i].lent = false;
	*s = NULL;
}

bool
reader_is_idle(const struct store_reader *r)
{
	for (uint32_t i = 0; i < r->n_kept; i++) {
		if (r->kept[i].lent)
			return false;
	}
	return true;
}

enum emp_rc
reader_int(struct store_reader *r, const char *sql, int64_t *out)
{
	sqlite3_stmt *s;
	bool row = false;
	enum emp_rc rc = reader_prepare(r, r->db, &s, sql);

	if (rc == EMP_OK)
		rc = db_step(s, &row);
	if (rc == EMP_OK && !row)
		rc = EMP_NOT_FOUND;
	if (rc == EMP_OK)
		*out = sqlite3_column_int64(s, 0);
	reader_finish(r, &s);
	return rc;
}

enum emp_rc
reader_run(struct store_reader *r, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	enum emp_rc rc = reader_prepare(r, db, &s, sql);

	if (rc == EMP_OK)
		rc = db_run(s);
	reader_finish(r, &s);
	return rc;
}
