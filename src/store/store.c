/* Opening, starting, closing; and what other threads ask of the store directly. */
#include "store/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"
#include "store/release.h"
#include "store/schema.h"
#include "store/voice.h"

#define STORE_UMASK 0027
#define MAIN_MODE 0640
#define SEALED_MODE 0600
#define LOCK_MODE 0600
/* Files up to this size are checked as a whole at start, larger ones by their small
 * tables: a start must not take minutes. */
#define CHECK_ALL_BYTES (64LL << 20)
#define CHANGES_MAX 1024
#define BATCHES_FIRST_CAP 256
/* Half of what may be pending in the id window: the other half is for the last batch.
 */
#define GROUP_LIMIT (ID_PENDING_MAX / 2)
/* SQLite appends "-wal" and the like to a path, migrations ".before-N". */
#define SUFFIX_MAX 16
#define MINUTE_MS 60000

static enum emp_rc
path_make(char dst[PATH_MAX], const char *dir, const char *name, struct problem *p)
{
	int n = snprintf(dst, PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= PATH_MAX - SUFFIX_MAX)
		return problem_set(p, EMP_CONFIG, "", "the path %s is too long", dir);
	return EMP_OK;
}

static enum emp_rc
lock_take(struct store *s, struct problem *p)
{
	char path[PATH_MAX];
	enum emp_rc rc = path_make(path, s->dir, "lock", p);

	if (rc != EMP_OK)
		return rc;
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
	if (s->lock_fd < 0)
		return problem_set(p, EMP_IO, "", "cannot open %s: %s", path,
				   strerror(errno));
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return EMP_OK;
	if (errno == EWOULDBLOCK)
		return problem_set(p, EMP_LOCKED, "",
				   "another daemon uses %s (it holds %s)", s->dir,
				   path);
	return problem_set(p, EMP_IO, "", "cannot lock %s: %s", path, strerror(errno));
}

/* The mode is set before the first byte, and repaired where it is too wide. */
static enum emp_rc
file_make(const char *path, mode_t mode, struct problem *p)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode);
	enum emp_rc rc = EMP_OK;

	if (fd < 0)
		return problem_set(p, EMP_IO, "", "cannot open %s: %s", path,
				   strerror(errno));
	if (fstat(fd, &st) != 0 ||
	    ((st.st_mode & 0777 & ~mode) != 0 && fchmod(fd, st.st_mode & mode) != 0))
		rc = problem_set(p, EMP_IO, "", "cannot set the mode of %s: %s", path,
				 strerror(errno));
	close(fd);
	return rc;
}

static enum emp_rc
damaged(const char *path, const char *what, struct problem *p)
{
	return problem_set(p, EMP_CORRUPT, "",
			   "%s is damaged (%s); move it and its -wal and -shm away and "
			   "restore a snapshot",
			   path, what);
}

static enum emp_rc
check_pragma(sqlite3 *db, const char *sql, const char *path, struct problem *p)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	enum emp_rc rc = db_prepare(db, &q, sql);

	if (rc == EMP_OK)
		rc = db_step(q, &row);
	if (rc != EMP_OK)
		rc = damaged(path, sqlite3_errmsg(db), p);
	else if (!row || !str_is(db_str(q, 0), "ok"))
		rc = damaged(path, row ? (const char *)sqlite3_column_text(q, 0) : "",
			     p);
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
check_file(sqlite3 *db, const char *path, struct problem *p)
{
	static const char *const small[] = {
		"PRAGMA quick_check(setting)",  "PRAGMA quick_check(series)",
		"PRAGMA quick_check(survey)",   "PRAGMA quick_check(question)",
		"PRAGMA quick_check(unit)",     "PRAGMA quick_check(progress)",
		"PRAGMA quick_check(id_block)", "PRAGMA quick_check(headcount)",
		"PRAGMA quick_check(subject)",  "PRAGMA quick_check(boundary)"};
	int64_t pages = 0;
	enum emp_rc rc = db_int(db, "PRAGMA page_count", &pages);

	if (rc != EMP_OK)
		return damaged(path, sqlite3_errmsg(db), p);
	if (pages * DB_PAGE_BYTES <= CHECK_ALL_BYTES)
		return check_pragma(db, "PRAGMA quick_check(1)", path, p);
	for (size_t i = 0; rc == EMP_OK && i < sizeof small / sizeof *small; i++)
		rc = check_pragma(db, small[i], path, p);
	return rc;
}

static enum emp_rc
main_open(struct store *s, struct problem *p)
{
	enum emp_rc rc = path_make(s->main.path, s->dir, "empowerd.db", p);

	if (rc == EMP_OK)
		rc = file_make(s->main.path, MAIN_MODE, p);
	if (rc == EMP_OK)
		rc = db_open(&s->main.db, s->main.path, DB_WRITER, p);
	if (rc == EMP_OK)
		rc = schema_migrate(s->main.db, s->main.path, SCHEMA_MAIN_ID,
				    schema_main, p);
	if (rc == EMP_OK)
		rc = check_file(s->main.db, s->main.path, p);
	if (rc == EMP_OK &&
	    (main_file_prepare(&s->main) != EMP_OK ||
	     suggestions_prepare(&s->suggestions, s->main.db) != EMP_OK))
		rc = damaged(s->main.path, sqlite3_errmsg(s->main.db), p);
	return rc;
}

static enum emp_rc
sealed_open(struct store *s, struct problem *p)
{
	enum emp_rc rc = path_make(s->sealed.path, s->dir, "confidential.db", p);

	if (rc == EMP_OK)
		rc = file_make(s->sealed.path, SEALED_MODE, p);
	if (rc == EMP_OK)
		rc = db_open(&s->sealed.db, s->sealed.path, DB_CONFIDENTIAL, p);
	if (rc == EMP_OK)
		rc = schema_migrate(s->sealed.db, s->sealed.path,
				    SCHEMA_CONFIDENTIAL_ID, schema_confidential, p);
	if (rc == EMP_OK)
		rc = check_pragma(s->sealed.db, "PRAGMA quick_check(1)", s->sealed.path,
				  p);
	if (rc == EMP_OK &&
	    (sealed_file_prepare(&s->sealed) != EMP_OK ||
	     cases_prepare(&s->cases, &s->sealed, &s->periods) != EMP_OK))
		rc = damaged(s->sealed.path, sqlite3_errmsg(s->sealed.db), p);
	return rc;
}

static enum emp_rc
feed_series(struct store *s)
{
	for (uint32_t id = 1; id <= s->names.n_series; id++) {
		const struct series_key *k = &s->names.series[id - 1];
		enum emp_rc rc = s->hooks.series(s->hooks.ctx, id, (uint8_t)k->audience,
						 k->dim);

		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

static enum emp_rc
load_periods(struct store *s)
{
	enum emp_rc rc;

	s->periods.main = s->main.db;
	s->periods.sealed = s->sealed.db;
	s->periods.dir = s->dir;
	s->periods.tz = s->tz;
	s->periods.defs = &s->defs;
	rc = periods_prepare(&s->periods);
	if (rc == EMP_OK)
		rc = periods_load(&s->periods);
	/* What a run that was killed did not come to; if it cannot be done now, that is
	 * no reason not to start. */
	if (rc == EMP_OK)
		release_again(s);
	return rc;
}

static enum emp_rc
load(struct store *s, struct problem *p)
{
	enum emp_rc rc = load_settings(s, p);

	if (rc != EMP_OK)
		return p != NULL && p->rc == rc
			? rc
			: damaged(s->main.path, emp_rc_title(rc), p);
	rc = names_open(&s->names, s->main.db, s->config.max_series);
	if (rc == EMP_OK)
		rc = words_open(&s->words, s->main.db);
	if (rc == EMP_OK)
		rc = parts_prepare(&s->parts, s->main.db);
	if (rc == EMP_OK)
		rc = boundary_list_open(&s->boundaries, s->main.db, s->sealed.db);
	if (rc == EMP_OK)
		rc = erase_open(s);
	if (rc == EMP_OK)
		rc = id_window_init(&s->ids, s->config.id_window_max,
				    s->config.id_window_hours);
	if (rc == EMP_OK)
		rc = load_window(s);
	if (rc == EMP_OK)
		rc = usage_load(s);
	if (rc == EMP_OK)
		rc = defs_load(s, &s->defs);
	if (rc == EMP_OK) {
		s->opened = defs_hold(s->defs);
		rc = load_periods(s);
	}
	if (rc == EMP_OK)
		rc = s->hooks.opened(s->hooks.ctx, s);
	if (rc == EMP_OK)
		rc = feed_series(s);
	if (rc == EMP_OK)
		rc = load_cells(s);
	if (rc == EMP_OK)
		rc = load_replay(s);
	if (rc == EMP_NOMEM)
		return problem_set(p, rc, "", "out of memory while reading %s", s->dir);
	if (rc != EMP_OK)
		return damaged(s->main.path, emp_rc_title(rc), p);
	/* What a killed daemon left in the logs is tidied up at the first quiet moment.
	 */
	s->main.wal_pages = 1;
	s->sealed.written = true;
	disk_measure(s);
	atomic_store(&s->counters.committed, s->next_seq - 1);
	atomic_store(&s->counters.series, s->names.n_series);
	atomic_store(&s->counters.ids_since, id_window_short_since(&s->ids));
	s->hooks.publish(s->hooks.ctx, s->next_seq - 1, s->received);
	return EMP_OK;
}

enum emp_rc
store_open(struct store **out, const struct store_config *c,
	   const struct store_hooks *h, struct problem *p)
{
	struct problem own = {0};
	struct store *s = calloc(1, sizeof *s);
	enum emp_rc rc;

	if (s == NULL)
		return EMP_NOMEM;
	if (p == NULL)
		p = &own;
	p->rc = EMP_OK;
	umask(STORE_UMASK);
	db_setup();
	s->config = *c;
	s->hooks = *h;
	s->lock_fd = -1;
	s->next_seq = 1;
	queue_init(&s->queue, c->queue_max);
	queue_init(&s->changes, CHANGES_MAX);
	if (s->config.group_max > GROUP_LIMIT)
		s->config.group_max = GROUP_LIMIT;
	s->cap_cells = CELLS_PER_GROUP + s->config.group_max * GRAIN_COUNT;
	if (s->cap_cells < CELLS_IDLE)
		s->cap_cells = CELLS_IDLE;
	s->cells = calloc(s->cap_cells, sizeof *s->cells);
	s->cap_batches = BATCHES_FIRST_CAP;
	s->batches = calloc(s->cap_batches, sizeof(*s->batches));
	rc = s->cells != NULL && s->batches != NULL ? path_make(s->dir, c->dir, ".", p)
						    : EMP_NOMEM;
	if (rc == EMP_OK)
		/* path_make left "DIR/.", which messages need not show. */
		s->dir[strlen(s->dir) - 2] = '\0';
	if (rc == EMP_OK)
		rc = lock_take(s, p);
	if (rc == EMP_OK)
		rc = sealed_open(s, p);
	if (rc == EMP_OK)
		rc = main_open(s, p);
	if (rc == EMP_OK)
		rc = aside_open(s, p);
	if (rc == EMP_OK)
		rc = load(s, p);
	if (rc == EMP_OK)
		*out = s;
	else
		store_close(&s);
	return rc;
}

enum emp_rc
store_start(struct store *s)
{
	enum emp_rc rc = readers_start(s);

	if (rc != EMP_OK)
		return rc;
	if (pthread_create(&s->thread, NULL, writer_main, s) != 0)
		return EMP_NOMEM;
	s->started = true;
	schema_clean(s->main.path, schema_main);
	schema_clean(s->sealed.path, schema_confidential);
	return EMP_OK;
}

/* What was pushed while the writer looked for the last time. */
static void
refuse_late(struct store *s)
{
	struct qnode *n = queue_take(&s->queue);
	struct qnode *next;

	for (; n != NULL; n = next) {
		struct store_batch *b = (struct store_batch *)(void *)n;

		next = n->next;
		b->rc = EMP_NOT_READY;
		b->done(b);
	}
	for (n = queue_take(&s->changes); n != NULL; n = next) {
		struct store_change *c = (struct store_change *)(void *)n;

		next = n->next;
		c->rc = EMP_NOT_READY;
		c->done(c);
	}
}

void
store_close(struct store **sp)
{
	struct store *s = *sp;

	if (s == NULL)
		return;
	atomic_store(&s->stopping, true);
	queue_wake(&s->queue);
	if (s->started)
		(void)pthread_join(s->thread, NULL);
	readers_stop(s); /* the last ones may still want a line of the audit */
	refuse_late(s);
	erase_close(s);
	aside_close(s);
	main_file_close(&s->main);
	db_close(&s->sealed.db);
	names_close(&s->names);
	words_close(&s->words);
	boundary_list_close(&s->boundaries);
	id_window_fini(&s->ids);
	group_fini(&s->group);
	periods_fini(&s->periods);
	defs_release(&s->defs);
	defs_release(&s->opened);
	tz_free(&s->tz);
	buf_fini(&s->scratch);
	free(s->cells);
	free(s->batches);
	free(s->used.bits);
	free(s->answered.bits);
	if (s->lock_fd >= 0)
		close(s->lock_fd); /* and with it the lock */
	free(s);
	*sp = NULL;
}

enum emp_rc
store_submit(struct store *s, struct store_batch *b)
{
	if (atomic_load_explicit(&s->stopping, memory_order_relaxed))
		return EMP_NOT_READY;
	if (atomic_load_explicit(&s->counters.disk_full, memory_order_relaxed))
		return EMP_DISK_FULL;
	return queue_push(&s->queue, &b->node, batch_weight(s, b)) ? EMP_OK
								   : EMP_OVERLOADED;
}

enum emp_rc
store_change(struct store *s, struct store_change *c)
{
	if (atomic_load(&s->stopping))
		return EMP_NOT_READY;
	if (atomic_load(&s->counters.disk_full))
		return EMP_DISK_FULL;
	if (!queue_push(&s->changes, &c->node, 1))
		return EMP_OVERLOADED;
	queue_wake(&s->queue);
	return EMP_OK;
}

const struct intern *
store_names(const struct store *s, enum dim d)
{
	return s->names.dim[d];
}

const struct tz *
store_tz(const struct store *s)
{
	return s->tz;
}

uint64_t
store_sealed_version(const struct store *s)
{
	return atomic_load_explicit(&s->counters.sealed_version, memory_order_acquire);
}

uint64_t
store_releases_version(const struct store *s)
{
	return atomic_load_explicit(&s->counters.releases_version,
				    memory_order_acquire);
}

uint64_t
store_levels_version(const struct store *s)
{
	return atomic_load_explicit(&s->counters.levels_version, memory_order_acquire);
}

int64_t
store_newest(const struct store *s)
{
	return s->received;
}

int64_t
store_cells_from(const struct store *s, enum grain g)
{
	return s->kept_from[g];
}

const struct defs *
store_defs(const struct store *s)
{
	return s->opened;
}

enum emp_rc
store_cell_load(struct store *s, const struct cell_key *k, struct cell *out)
{
	return main_file_get_cell(&s->main, k, out);
}

void
store_health(const struct store *s, struct store_health *out)
{
	const struct counters *c = &s->counters;
	uint64_t held = atomic_load(&s->aside.held_weight);
	uint64_t queued = queue_weight(&s->queue);
	int64_t since = atomic_load(&c->ids_since);
	int64_t now = clock_now_ms();

	*out = (struct store_health){.committed = atomic_load(&c->committed),
				     .groups = atomic_load(&c->groups),
				     .events = atomic_load(&c->events),
				     .duplicates = atomic_load(&c->duplicates),
				     .failures = atomic_load(&c->failures),
				     .fsync_errors = atomic_load(&c->fsync_errors),
				     .cells_written = atomic_load(&c->cells_written),
				     .queue_events = queued > held ? queued - held : 0,
				     .wal_bytes = atomic_load(&c->wal_bytes),
				     .db_bytes = atomic_load(&c->db_bytes),
				     .disk_free = atomic_load(&c->disk_free) /
					     DISK_FREE_STEP * DISK_FREE_STEP,
				     .series = atomic_load(&c->series),
				     .max_series = s->config.max_series,
				     .disk_full = atomic_load(&c->disk_full),
				     .last_commit_us = atomic_load(&c->last_commit_us)};
	out->id_window_age_s = (uint64_t)s->config.id_window_hours * S_PER_HOUR;
	if (since >= 0 && now > since * MINUTE_MS)
		out->id_window_age_s = (uint64_t)(now - since * MINUTE_MS) / MS_PER_S;
}
