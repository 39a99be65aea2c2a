/* Migrations: from whatever schema a file has to the newest, one transaction each.
 *
 * user_version is the number of the last migration, application_id says whose file it
 * is; both are written in the transaction they describe.
 */
#include "store/schema.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/db.h"

#define COPY_MODE 0600

static bool
copy_path(char dst[PATH_MAX], const char *path, int version)
{
	int n = snprintf(dst, PATH_MAX, "%s.before-%d", path, version);

	return n > 0 && n < PATH_MAX;
}

/* A copy to go back to, if the new program turns out to be a mistake. */
static enum emp_rc
copy_before(sqlite3 *db, const char *path, int64_t version, struct problem *p)
{
	char copy[PATH_MAX];
	sqlite3_stmt *s = NULL;
	mode_t old;
	enum emp_rc rc;

	if (!copy_path(copy, path, (int)version))
		return problem_set(p, EMP_CONFIG, "", "the path %s is too long", path);
	/* One from a start that failed: the file has not changed since. */
	if (unlink(copy) == 0)
		log_info("replaced %s, left by an earlier start", copy);
	rc = db_prepare(db, &s, "VACUUM INTO ?1");
	if (rc == EMP_OK) {
		old = umask(0777 & ~COPY_MODE);
		db_bind_str(s, 1, str_from(copy));
		rc = db_run(s);
		umask(old);
	}
	sqlite3_finalize(s);
	if (rc != EMP_OK)
		return problem_set(p, rc, "", "cannot copy %s before migrating it: %s",
				   path, sqlite3_errmsg(db));
	return EMP_OK;
}

static enum emp_rc
migrate_one(sqlite3 *db, int app_id, const struct migration *m)
{
	char sql[128];
	enum emp_rc rc = db_exec(db, "BEGIN IMMEDIATE");

	if (rc == EMP_OK)
		rc = db_exec(db, m->sql);
	snprintf(sql, sizeof sql,
		 "PRAGMA application_id = %d; PRAGMA user_version = %d", app_id,
		 m->number);
	if (rc == EMP_OK)
		rc = db_exec(db, sql);
	if (rc == EMP_OK)
		rc = db_exec(db, "COMMIT");
	if (rc != EMP_OK && sqlite3_get_autocommit(db) == 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

enum emp_rc
schema_migrate(sqlite3 *db, const char *path, int app_id, const struct migration *m,
	       struct problem *p)
{
	int64_t id = 0;
	int64_t version = 0;
	int64_t objects = 0;
	int newest = 0;
	bool copied = false;
	enum emp_rc rc = db_int(db, "PRAGMA application_id", &id);

	if (rc == EMP_OK)
		rc = db_int(db, "PRAGMA user_version", &version);
	if (rc == EMP_OK)
		rc = db_int(db, "SELECT count(*) FROM sqlite_schema", &objects);
	if (rc != EMP_OK)
		return problem_set(p, rc, "", "cannot read %s: %s", path,
				   sqlite3_errmsg(db));
	if (id != app_id && (id != 0 || version != 0 || objects != 0))
		return problem_set(p, EMP_CONFIG, "",
				   "%s belongs to another program (application_id "
				   "%lld)",
				   path, (long long)id);
	for (const struct migration *at = m; at->number != 0; at++)
		newest = at->number;
	if (version > newest)
		return problem_set(p, EMP_TOO_NEW, "",
				   "%s has schema %lld, this program knows %d: install "
				   "the newer program again",
				   path, (long long)version, newest);
	for (; m->number != 0; m++) {
		if (m->number <= version)
			continue;
		if (objects > 0 && !copied) {
			rc = copy_before(db, path, version, p);
			if (rc != EMP_OK)
				return rc;
			copied = true;
		}
		rc = migrate_one(db, app_id, m);
		if (rc != EMP_OK)
			return problem_set(p, rc, "", "cannot bring %s to %s: %s", path,
					   m->name, sqlite3_errmsg(db));
	}
	return EMP_OK;
}

void
schema_clean(const char *path, const struct migration *m)
{
	char copy[PATH_MAX];

	for (; m->number != 0; m++) {
		if (copy_path(copy, path, m->number) && unlink(copy) == 0)
			log_info("removed %s, made before migrating", copy);
	}
}
