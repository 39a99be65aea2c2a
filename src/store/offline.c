/* Reading without a daemon: for empowerctl, while the daemon runs or not. */
#include "store/reader_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"
#include "store/schema.h"

#define SNAPSHOT_MODE 0640

enum emp_rc
reader_init(struct store_reader *r, const char *path, const struct tz *tz,
	    struct problem *p)
{
	memset(r, 0, sizeof *r);
	r->tz = tz;
	if ((size_t)snprintf(r->path, sizeof r->path, "%s", path) >= sizeof r->path)
		return problem_set(p, EMP_CONFIG, "", "the path %s is too long", path);
	return db_open(&r->db, path, DB_READER, p);
}

void
reader_fini(struct store_reader *r)
{
	db_close(&r->db);
	db_close(&r->people);
	free(r->kept);
	tz_free(&r->own_tz);
}

/* Whether the file is ours and not newer than this program. */
static enum emp_rc
check_identity(struct store_reader *r, struct problem *p)
{
	int64_t id = 0;
	int64_t version = 0;
	int newest = 0;
	enum emp_rc rc = db_int(r->db, "PRAGMA application_id", &id);

	for (const struct migration *m = schema_main; m->number != 0; m++)
		newest = m->number;
	if (rc == EMP_OK)
		rc = db_int(r->db, "PRAGMA user_version", &version);
	if (rc != EMP_OK)
		return problem_set(p, rc, "", "cannot read %s: %s", r->path,
				   sqlite3_errmsg(r->db));
	if (id != SCHEMA_MAIN_ID)
		return problem_set(p, EMP_CONFIG, "", "%s is no empowerd.db", r->path);
	if (version > newest)
		return problem_set(p, EMP_TOO_NEW, "",
				   "%s has schema %lld, this program knows %d", r->path,
				   (long long)version, newest);
	if (version < newest)
		return problem_set(p, EMP_STALE, "",
				   "%s has schema %lld: start this version's daemon "
				   "once to bring it to %d",
				   r->path, (long long)version, newest);
	return EMP_OK;
}

static enum emp_rc
read_zone(struct store_reader *r, struct problem *p)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum emp_rc rc = db_prepare(
		r->db, &s, "SELECT value FROM setting WHERE name = 'timezone'");

	if (rc == EMP_OK)
		rc = db_step(s, &row);
	if (rc == EMP_OK && row)
		rc = tz_open(&r->own_tz, (const char *)sqlite3_column_text(s, 0));
	else if (rc == EMP_OK)
		rc = EMP_CORRUPT;
	sqlite3_finalize(s);
	r->tz = r->own_tz;
	if (rc != EMP_OK)
		return problem_set(p, rc, "", "cannot tell the time zone of %s",
				   r->path);
	return EMP_OK;
}

enum emp_rc
store_reader_open(struct store_reader **out, const char *dir, struct problem *p)
{
	struct store_reader *r = calloc(1, sizeof *r);
	char path[PATH_MAX];
	enum emp_rc rc;

	if (r == NULL)
		return EMP_NOMEM;
	db_setup();
	if ((size_t)snprintf(path, sizeof path, "%s/empowerd.db", dir) >= sizeof path)
		rc = problem_set(p, EMP_CONFIG, "", "the path %s is too long", dir);
	else
		rc = reader_init(r, path, NULL, p);
	if (rc == EMP_OK)
		rc = check_identity(r, p);
	if (rc == EMP_OK)
		rc = read_zone(r, p);
	/* All that is asked sees the file as it is at the first question. */
	if (rc == EMP_OK)
		rc = db_exec(r->db, "BEGIN");
	if (rc == EMP_OK)
		*out = r;
	else
		store_reader_close(&r);
	return rc;
}

void
store_reader_close(struct store_reader **r)
{
	if (*r == NULL)
		return;
	reader_fini(*r);
	free(*r);
	*r = NULL;
}

enum emp_rc
store_reader_counted(struct store_reader *r, int64_t *counted_before)
{
	return db_int(r->db, "SELECT counted_before FROM progress", counted_before);
}

enum emp_rc
store_reader_cells_from(struct store_reader *r, enum grain g, int64_t *from)
{
	static const char *const sql[GRAIN_COUNT] = {
		[GRAIN_MINUTE] = "SELECT minutes_from FROM progress",
		[GRAIN_HOUR] = "SELECT hours_from FROM progress"};

	*from = 0;
	return sql[g] != NULL ? db_int(r->db, sql[g], from) : EMP_OK;
}

static bool
sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* VACUUM INTO would be one step, but it fails on a database that is open read-only: its
 * CHECKs are not loaded then, and without them SQLite (seen with 3.40) takes the
 * generated columns of such tables for stored ones. So: every page as of one moment,
 * then, in the new file alone, no journal beside it and nothing that was deleted. */
static enum emp_rc
copy_into(struct store_reader *r, const char *file, struct problem *p)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b;
	enum emp_rc rc = db_rc(sqlite3_open_v2(file, &to, SQLITE_OPEN_READWRITE, NULL));

	if (rc == EMP_OK) {
		b = sqlite3_backup_init(to, "main", r->db, "main");
		if (b != NULL)
			sqlite3_backup_step(b, -1);
		rc = db_rc(b != NULL ? sqlite3_backup_finish(b) : sqlite3_errcode(to));
	}
	if (rc == EMP_OK)
		rc = db_exec(to, "PRAGMA journal_mode = DELETE");
	if (rc == EMP_OK)
		rc = db_exec(to, "VACUUM");
	if (rc != EMP_OK)
		problem_set(p, rc, "", "cannot copy %s: %s", r->path,
			    sqlite3_errmsg(to));
	db_close(&to);
	return rc;
}

/* The directory of a path, in place. */
static const char *
parent_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	/* "/file" lies in "/". */
	slash[slash == path ? 1 : 0] = '\0';
	return path;
}

enum emp_rc
store_snapshot(const char *dir, const char *file, struct problem *p)
{
	struct store_reader *r = NULL;
	char parent[PATH_MAX];
	enum emp_rc rc = store_reader_open(&r, dir, p);
	int fd;

	if (rc != EMP_OK)
		return rc;
	/* Made here and empty, so that it has its mode from the first byte on. */
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, SNAPSHOT_MODE);
	if (fd < 0) {
		rc = problem_set(p, EMP_IO, "", "cannot create %s: %s", file,
				 strerror(errno));
		goto out;
	}
	close(fd);
	rc = copy_into(r, file, p);
	snprintf(parent, sizeof parent, "%s", file);
	if (rc == EMP_OK &&
	    (!sync_path(file, O_RDONLY) ||
	     !sync_path(parent_of(parent), O_RDONLY | O_DIRECTORY)))
		rc = problem_set(p, EMP_IO, "", "cannot sync %s: %s", file,
				 strerror(errno));
	if (rc != EMP_OK)
		unlink(file);
out:
	store_reader_close(&r);
	return rc;
}
