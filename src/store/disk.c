/* The disk under the files: free space, the log's length, and tidying when there is
 * time. Checkpoints happen here and nowhere else, on the writer thread, because the
 * SQLite of Debian 12 can damage a log when one connection checkpoints while another
 * commits. */
#include "store/impl.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"

void
disk_set_full(struct store *s, bool full)
{
	if (atomic_load(&s->counters.disk_full) == full)
		return;
	atomic_store(&s->counters.disk_full, full);
	if (full)
		log_error("%s: less than %llu bytes would stay free: nothing is stored "
			  "until there is room again",
			  s->dir, (unsigned long long)s->config.disk_reserve);
	else
		log_info("%s: there is room again", s->dir);
}

bool
disk_ok(struct store *s)
{
	int64_t now = clock_mono_ms();
	struct statvfs v;
	uint64_t available;

	if (s->disk_looked != 0 && now - s->disk_looked < DISK_LOOK_MS)
		return !atomic_load(&s->counters.disk_full);
	s->disk_looked = now;
	if (statvfs(s->dir, &v) != 0) {
		log_warn("cannot ask for the free space of %s: %s", s->dir,
			 strerror(errno));
		return true;
	}
	available = (uint64_t)v.f_bavail * v.f_frsize;
	atomic_store(&s->counters.disk_free, available);
	/* After SQLite said "full" this lets the next transaction try again, which is
	 * the only way to find out where a quota ends. */
	disk_set_full(s, available < s->config.disk_reserve);
	return available >= s->config.disk_reserve;
}

/* Never waits for readers. */
static bool
checkpoint(sqlite3 *db, int mode, const char *path)
{
	int in_log = 0;
	int copied = 0;
	int rc;

	sqlite3_busy_timeout(db, 0);
	rc = sqlite3_wal_checkpoint_v2(db, NULL, mode, &in_log, &copied);
	sqlite3_busy_timeout(db, DB_BUSY_MS);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
		static struct log_limit limit;

		if (log_limit_pass(&limit))
			log_error("cannot copy the log of %s into it: %s", path,
				  sqlite3_errmsg(db));
		return false;
	}
	return rc == SQLITE_OK && in_log == copied;
}

void
disk_checkpoint(struct store *s)
{
	static struct log_limit limit;
	int pages = s->main.wal_pages;

	if (pages < s->checkpoint_tried)
		s->checkpoint_tried = 0; /* the log began again at its start */
	if (pages < s->checkpoint_tried + WAL_PAGES_CHECKPOINT)
		return;
	s->checkpoint_tried = pages;
	if (checkpoint(s->main.db, SQLITE_CHECKPOINT_PASSIVE, s->main.path))
		return;
	if (pages >= WAL_PAGES_WARN && log_limit_pass(&limit))
		log_warn("%s-wal has %d MB: a reader with a long transaction keeps it "
			 "from being reused",
			 s->main.path, pages / (1024 * 1024 / DB_PAGE_BYTES));
}

void
disk_measure(struct store *s)
{
	int64_t pages = 0;

	if (db_int(s->main.db, "PRAGMA page_count", &pages) == EMP_OK)
		atomic_store(&s->counters.db_bytes, (uint64_t)pages * DB_PAGE_BYTES);
}

static bool
checkpoint_main(struct store *s, int mode)
{
	if (!checkpoint(s->main.db, mode, s->main.path))
		return false;
	s->main.wal_pages = 0;
	s->checkpoint_tried = 0;
	atomic_store(&s->counters.wal_bytes, 0);
	return true;
}

bool
disk_empty_logs(struct store *s)
{
	bool main = checkpoint_main(s, SQLITE_CHECKPOINT_TRUNCATE);

	aside_assert_back(s);
	return checkpoint(s->sealed.db, SQLITE_CHECKPOINT_TRUNCATE, s->sealed.path) &&
		main;
}

static int64_t
today(void)
{
	return clock_now_ms() / MS_PER_S / S_PER_DAY;
}

/* [aside] too */
static void
empty_sealed_log(struct store *s)
{
	s->sealed.kept = !checkpoint(s->sealed.db, SQLITE_CHECKPOINT_TRUNCATE,
				     s->sealed.path);
	if (!s->sealed.kept)
		s->sealed.written = s->vacuumed_day != today();
}

/* Pages that were moved or deleted could tell what came when. [aside] */
static void
rewrite_sealed(struct store *s)
{
	int64_t day = today();

	sqlite3_bind_int64(s->sealed.id_prune, 1,
			   day - (s->config.id_window_hours + 23) / 24 - 1);
	if (db_run(s->sealed.id_prune) != EMP_OK ||
	    db_exec(s->sealed.db, "VACUUM") != EMP_OK)
		log_warn("cannot rewrite %s: %s", s->sealed.path,
			 sqlite3_errmsg(s->sealed.db));
	else
		s->vacuumed_day = day;
	empty_sealed_log(s);
}

void
disk_tidy_sealed(struct store *s, void (*then)(struct store *s))
{
	aside_assert_back(s);
	if (s->sealed.written && s->vacuumed_day != today()) {
		aside_begin(s, rewrite_sealed, then);
		return;
	}
	/* It may be as long as the file. */
	if (s->sealed.written && s->sealed.kept) {
		aside_begin(s, empty_sealed_log, then);
		return;
	}
	if (s->sealed.written)
		empty_sealed_log(s);
	if (then != NULL)
		then(s);
}

void
disk_tidy(struct store *s, bool truncate)
{
	/* Not truncated but used again from its start: a sync of blocks that the file
	 * has already costs less than one that must record new ones. */
	if (s->main.wal_pages > 0 || truncate)
		(void)checkpoint_main(s,
				      truncate ? SQLITE_CHECKPOINT_TRUNCATE
					       : SQLITE_CHECKPOINT_PASSIVE);
	disk_measure(s);
	disk_tidy_sealed(s, NULL);
}
