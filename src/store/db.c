/* SQLite as this program wants it.
 *
 * Every setting on which a promise depends is set here and not left to how somebody
 * built the library: Debian's defaults differ from upstream's, and both change.
 */
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/scrub.h"

/* Settings of every connection, in an order in which they take effect: the page size
 * before the file has its first page, WAL after it. */
static const char common_sql[] = "PRAGMA trusted_schema = OFF;"
				 "PRAGMA cell_size_check = ON;"
				 "PRAGMA temp_store = MEMORY;"
				 "PRAGMA recursive_triggers = ON;"
				 "PRAGMA locking_mode = NORMAL;"
				 "PRAGMA wal_autocheckpoint = 0;"
				 "PRAGMA foreign_keys = OFF;";

/* FULL: a commit returns after fsync of the log. Foreign keys are off because the
 * writer resolves every id itself; verify checks them. */
static const char writer_sql[] = "PRAGMA page_size = 4096;"
				 "PRAGMA auto_vacuum = NONE;"
				 "PRAGMA encoding = 'UTF-8';"
				 "PRAGMA journal_mode = WAL;"
				 "PRAGMA synchronous = FULL;"
				 "PRAGMA fullfsync = OFF;"
				 "PRAGMA cache_spill = OFF;"
				 "PRAGMA cache_size = -32768;"
				 "PRAGMA mmap_size = 0;"
				 "PRAGMA journal_size_limit = 67108864;"
				 "PRAGMA secure_delete = ON;";

/* What is deleted must be gone. Keys are random, and a release goes through all of a
 * period while nothing else is stored: so pages are kept. */
static const char confidential_sql[] = "PRAGMA page_size = 4096;"
				       "PRAGMA auto_vacuum = NONE;"
				       "PRAGMA encoding = 'UTF-8';"
				       "PRAGMA journal_mode = WAL;"
				       "PRAGMA synchronous = FULL;"
				       "PRAGMA fullfsync = OFF;"
				       "PRAGMA cache_size = -32768;"
				       "PRAGMA mmap_size = 0;"
				       "PRAGMA journal_size_limit = 0;"
				       "PRAGMA secure_delete = ON;";

/* A mapped page is looked at anew each time it is fetched: checking all of its cells
 * then took two thirds of a scan that follows rows of another table. The writer, which
 * changes pages, checks them. As much is mapped as SQLite can: what is not is copied
 * through a small cache, and that is the older part of a large file. */
static const char reader_sql[] = "PRAGMA query_only = ON;"
				 "PRAGMA cell_size_check = OFF;"
				 "PRAGMA cache_size = -4096;"
				 "PRAGMA mmap_size = 2147418112;";

static void
on_message(void *ctx, int code, const char *text)
{
	static struct log_limit limit;

	(void)ctx;
	/* A changed schema, a recovered log and the like are no news. */
	if ((code & 0xff) == SQLITE_NOTICE || (code & 0xff) == SQLITE_SCHEMA ||
	    (code & 0xff) == SQLITE_CONSTRAINT)
		return;
	/* What verify recounts has no index to be found by, and needs none else. */
	if (code == SQLITE_WARNING_AUTOINDEX)
		return;
	if (log_limit_pass(&limit))
		log_warn("sqlite: %s (%d)", text, code);
}

void
db_setup(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	/* Refused when the library is in use already; nothing depends on them. */
	(void)sqlite3_config(SQLITE_CONFIG_LOG, on_message, NULL);
	/* Nobody asks how much memory it uses, and counting takes a lock each time. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_initialize();
}

enum emp_rc
db_rc(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return EMP_OK;
	case SQLITE_FULL:
		return EMP_DISK_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EMP_CORRUPT;
	case SQLITE_NOMEM:
		return EMP_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EMP_LOCKED;
	case SQLITE_CONSTRAINT:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
		return EMP_INTERNAL;
	default:
		return EMP_IO;
	}
}

enum emp_rc
db_exec(sqlite3 *db, const char *sql)
{
	return db_rc(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

enum emp_rc
db_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql)
{
	int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

	/* Our own SQL on our own schema: only a foreign file can make it wrong. */
	if (rc == SQLITE_ERROR) {
		log_error("sqlite: %s", sqlite3_errmsg(db));
		return EMP_CORRUPT;
	}
	return db_rc(rc);
}

enum emp_rc
db_prepare_all(sqlite3 *db, const struct db_statement *list, size_t n)
{
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < n; i++)
		rc = db_prepare(db, list[i].out, list[i].sql);
	return rc;
}

enum emp_rc
db_run(sqlite3_stmt *s)
{
	static struct log_limit limit;
	int rc = sqlite3_step(s);

	/* Never by what was sent, which is checked: a bug, or somebody else's row. The
	 * message has names of columns, never values. */
	if ((rc & 0xff) == SQLITE_CONSTRAINT && log_limit_pass(&limit))
		log_error("sqlite: %s", sqlite3_errmsg(sqlite3_db_handle(s)));
	/* The reset of a failed statement repeats its error. */
	(void)sqlite3_reset(s);
	return db_rc(rc);
}

enum emp_rc
db_step(sqlite3_stmt *s, bool *row)
{
	int rc = sqlite3_step(s);

	*row = rc == SQLITE_ROW;
	if (!*row)
		(void)sqlite3_reset(s);
	return db_rc(rc);
}

enum emp_rc
db_int(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s, sql);
	bool row = false;

	if (rc == EMP_OK)
		rc = db_step(s, &row);
	if (rc == EMP_OK && !row)
		rc = EMP_NOT_FOUND;
	if (rc == EMP_OK)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

void
db_bind_str(sqlite3_stmt *s, int at, struct str text)
{
	if (text.n == 0)
		sqlite3_bind_null(s, at);
	else
		sqlite3_bind_text(s, at, text.p, (int)text.n, SQLITE_STATIC);
}

void
db_bind_level(sqlite3_stmt *s, int at, int64_t v)
{
	if (v < 0)
		sqlite3_bind_null(s, at);
	else
		sqlite3_bind_int64(s, at, v);
}

void
db_bind_id(sqlite3_stmt *s, int at, uint32_t id)
{
	if (id == 0)
		sqlite3_bind_null(s, at);
	else
		sqlite3_bind_int64(s, at, id);
}

struct str
db_str(sqlite3_stmt *s, int column)
{
	const char *p = (const char *)sqlite3_column_text(s, column);

	return (struct str){p, p != NULL ? (size_t)sqlite3_column_bytes(s, column) : 0};
}

static enum emp_rc
configure(sqlite3 *db, enum db_role role)
{
	static const char *const sql[] = {[DB_WRITER] = writer_sql,
					  [DB_CONFIDENTIAL] = confidential_sql,
					  [DB_READER] = reader_sql};
	enum emp_rc rc;
	int persist = 1;

	if (sqlite3_busy_timeout(db, DB_BUSY_MS) != SQLITE_OK ||
	    sqlite3_extended_result_codes(db, 1) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) !=
		    SQLITE_OK)
		return EMP_INTERNAL;
	/* The log stays after a clean stop, or those who may only read could not open
	 * the file any more. */
	if (role != DB_READER &&
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) !=
		    SQLITE_OK)
		return EMP_INTERNAL;
	rc = role != DB_READER ? scrub_attach(db) : EMP_OK;
	if (rc == EMP_OK)
		rc = db_exec(db, common_sql);
	return rc == EMP_OK ? db_exec(db, sql[role]) : rc;
}

enum emp_rc
db_open(sqlite3 **out, const char *path, enum db_role role, struct problem *p)
{
	int flags = role == DB_READER ? SQLITE_OPEN_READONLY
				      : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	sqlite3 *db = NULL;
	enum emp_rc rc = db_rc(
		sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL));

	if (rc == EMP_OK)
		rc = configure(db, role);
	if (rc == EMP_OK) {
		*out = db;
		return EMP_OK;
	}
	if (rc == EMP_CORRUPT)
		rc = problem_set(p, rc, "",
				 "%s is damaged or no database; move it and its -wal "
				 "and -shm away and restore a snapshot",
				 path);
	else
		rc = problem_set(p, rc, "", "cannot open %s: %s", path,
				 db != NULL ? sqlite3_errmsg(db) : "out of memory");
	db_close(&db);
	return rc;
}

void
db_close(sqlite3 **db)
{
	sqlite3_stmt *s;

	if (*db == NULL)
		return;
	while ((s = sqlite3_next_stmt(*db, NULL)) != NULL)
		sqlite3_finalize(s);
	EMP_ASSERT(sqlite3_close(*db) == SQLITE_OK);
	*db = NULL;
}
