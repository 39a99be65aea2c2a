/* Which surveys and questions are in use, as bits by id: asked at every event, changed
 * once in the life of a question. */
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "store/db.h"

#define FIRST_BYTES 64u

bool
usage_get(const struct usage *u, uint32_t id)
{
	return id / 8 < u->cap && (u->bits[id / 8] >> id % 8 & 1);
}

enum emp_rc
usage_set(struct usage *u, uint32_t id)
{
	uint32_t need = u->cap > 0 ? u->cap : FIRST_BYTES;

	while (need <= id / 8)
		need *= 2;
	if (need > u->cap) {
		uint8_t *more = realloc(u->bits, need);

		if (more == NULL)
			return EMP_NOMEM;
		memset(more + u->cap, 0, need - u->cap);
		u->bits = more;
		u->cap = need;
	}
	u->bits[id / 8] |= (uint8_t)(1u << id % 8);
	return EMP_OK;
}

static enum emp_rc
load(struct usage *u, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s, sql);

	if (u->cap > 0)
		memset(u->bits, 0, u->cap);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = usage_set(u, (uint32_t)sqlite3_column_int64(s, 0));
	}
	sqlite3_finalize(s);
	return rc;
}

enum emp_rc
usage_load(struct store *s)
{
	enum emp_rc rc = load(&s->used, s->main.db,
			      "SELECT id FROM survey WHERE used = 1");
	enum emp_rc more = load(&s->answered, s->main.db,
				"SELECT id FROM question WHERE answered = 1");

	return rc != EMP_OK ? rc : more;
}
