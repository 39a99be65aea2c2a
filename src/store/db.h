/* What every file of store/ needs of SQLite: opening with every setting explicit, and
 * its result codes as ours. */
#ifndef EMP_STORE_DB_H
#define EMP_STORE_DB_H

#include "base/error.h"
#include "base/str.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define DB_PAGE_BYTES 4096
#define DB_BUSY_MS 5000 /* how long another process may hold a lock */

enum db_role {
	DB_WRITER,       /* empowerd.db in the daemon */
	DB_CONFIDENTIAL, /* confidential.db in the daemon */
	DB_READER        /* read-only, never checkpoints */
};

/* [main] Once, before the first connection of the process. */
void db_setup(void);
/* EMP_CORRUPT, EMP_IO, ... with the path in the problem. */
EMP_MUST_CHECK enum emp_rc db_open(sqlite3 **out, const char *path, enum db_role role,
				   struct problem *p);
void db_close(sqlite3 **db);

/* EMP_OK for OK, ROW and DONE. EMP_INTERNAL stands for a statement that failed by
 * itself (a constraint, a trigger), all others for the state of the machine. */
enum emp_rc db_rc(int rc);
EMP_MUST_CHECK enum emp_rc db_exec(sqlite3 *db, const char *sql);
/* Kept for long, so prepared for it. */
EMP_MUST_CHECK enum emp_rc db_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql);
/* Many, until one fails. */
struct db_statement {
	sqlite3_stmt **out;
	const char *sql;
};
EMP_MUST_CHECK enum emp_rc db_prepare_all(sqlite3 *db, const struct db_statement *list,
					  size_t n);
/* Steps a statement without rows to its end and resets it. */
EMP_MUST_CHECK enum emp_rc db_run(sqlite3_stmt *s);
/* Steps: *row tells whether there is one; without, or on error, the statement is reset.
 */
EMP_MUST_CHECK enum emp_rc db_step(sqlite3_stmt *s, bool *row);
/* The first column of the only row. */
EMP_MUST_CHECK enum emp_rc db_int(sqlite3 *db, const char *sql, int64_t *out);

/* Absent text (n == 0) is NULL. The text stays the caller's and must live until the
 * statement is bound again. */
void db_bind_str(sqlite3_stmt *s, int at, struct str text);
/* -1 is NULL. */
void db_bind_level(sqlite3_stmt *s, int at, int64_t v);
/* 0 is NULL. */
void db_bind_id(sqlite3_stmt *s, int at, uint32_t id);
/* Borrowed until the next step. */
struct str db_str(sqlite3_stmt *s, int column);

#endif
