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

/* All that would help to know somebody by, and of texts that somebody wrote one. */
static const char sql[] =
	"UPDATE event SET person = NULL, channel = NULL, touchpoint = NULL, "
	"segment = NULL, initiative = NULL, lang = NULL, complete = NULL, "
	"comment = CASE WHEN comment IS NOT NULL THEN '' END, "
	"day = ifnull(?2, day), unit = ?3 WHERE key = ?1";

enum emp_rc
release_units_forget(sqlite3 *sealed, const struct release_input *in, struct str day,
		     const uint32_t *finest)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(sealed, &q, sql);

	if (rc == EMP_OK)
		db_bind_str(q, 2, day);
	for (uint32_t i = 0; rc == EMP_OK && i < in->n_people; i++) {
		const struct release_person *p = &in->people[i];

		sqlite3_bind_blob(q, 1, p->key, sizeof p->key, SQLITE_STATIC);
		db_bind_str(q, 3, in->tree.unit[p->verified ? finest[p->unit] : 0]);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}
