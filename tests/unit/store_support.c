/*
 * The store's tests: fixtures, simple counters, and events.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "privacy/release.h"
#include "store_support.h"

#define MEMORY "/dev/shm"
#define MEMORY_MIN                                                                     \
	(UINT64_C(1) << 30) /* bytes; containers have been seen with 64 MiB */

struct support support;

/* ---- counters ------------------------------------------------------------------- */

static struct support_cell *
cell_at(const struct cell_key *k)
{
	struct support_cell *c;

	for (size_t i = 0; i < support.n_cells; i++) {
		c = &support.cell[i];
		if (c->key.series == k->series && c->key.subject == k->subject &&
		    c->key.start == k->start && c->key.grain == k->grain)
			return c;
	}
	ck_assert_uint_lt(support.n_cells, SUPPORT_CELLS_MAX);
	c = &support.cell[support.n_cells++];
	memset(c, 0, sizeof *c);
	c->key = *k;
	return c;
}

static enum emp_rc
on_opened(void *ctx, struct store *s)
{
	(void)ctx;
	ck_assert_ptr_nonnull(store_tz(s));
	ck_assert_ptr_nonnull(store_names(s, DIM_UNIT));
	return EMP_OK;
}

static enum emp_rc
on_series(void *ctx, uint32_t id, uint8_t audience, const uint32_t dim_id[DIM_COUNT])
{
	(void)ctx;
	(void)dim_id;
	ck_assert_uint_eq(id, support.n_series + 1);
	ck_assert_uint_ne(audience, AUDIENCE_NONE);
	support.n_series = id;
	return EMP_OK;
}

static enum emp_rc
on_cell(void *ctx, const struct cell *c)
{
	struct support_cell *to = cell_at(&c->key);

	(void)ctx;
	ck_assert_uint_le(c->n_slots, SUPPORT_SLOTS_MAX);
	to->seq = c->seq;
	memcpy(to->slot, c->slots, c->n_slots * sizeof *c->slots);
	return EMP_OK;
}

static void
on_count(void *ctx, uint32_t series, int64_t time_ms, const struct event_slots *slots,
	 int64_t seq, bool replay)
{
	int64_t day = time_ms / MS_PER_S / S_PER_DAY * S_PER_DAY;
	struct cell_key k = {series, slots->subject, day, GRAIN_DAY};
	struct support_cell *c = cell_at(&k);

	(void)ctx;
	ck_assert_uint_le(series, support.n_series);
	if (replay && c->seq >= seq)
		return;
	/* Events: one may count under several subjects. */
	support.replayed += replay && seq != support.last_seq;
	support.counted += seq != support.last_seq;
	support.last_seq = seq;
	if (!c->dirty)
		c->dirty_from = seq;
	c->dirty = true;
	c->handed_out = false;
	c->seq = seq;
	for (uint32_t i = 0; i < slots->n - slots->n_less; i++)
		c->slot[slots->slot[i]]++;
	for (uint32_t i = slots->n - slots->n_less; i < slots->n; i++) {
		ck_assert_uint_gt(c->slot[slots->slot[i]], 0);
		c->slot[slots->slot[i]]--;
	}
}

static void
on_publish(void *ctx, int64_t seq, int64_t as_of)
{
	(void)ctx;
	(void)as_of;
	atomic_store(&support.published, seq);
}

static size_t
on_cells_dirty(void *ctx, struct cell *out, size_t max)
{
	size_t n = 0;

	(void)ctx;
	for (size_t i = 0; i < support.n_cells && n < max; i++) {
		struct support_cell *c = &support.cell[i];

		if (!c->dirty)
			continue;
		c->handed_out = true;
		out[n++] = (struct cell){c->key, c->seq, SUPPORT_SLOTS_MAX, c->slot};
	}
	return n;
}

static void
on_cells_written(void *ctx, bool ok)
{
	(void)ctx;
	for (size_t i = 0; i < support.n_cells; i++) {
		if (support.cell[i].handed_out && ok)
			support.cell[i].dirty = false;
		support.cell[i].handed_out = false;
	}
}

static int64_t
on_dirty_since(void *ctx)
{
	int64_t since = INT64_MAX;

	(void)ctx;
	for (size_t i = 0; i < support.n_cells; i++) {
		if (support.cell[i].dirty && support.cell[i].dirty_from < since)
			since = support.cell[i].dirty_from;
	}
	return since;
}

static void
on_defs(void *ctx, const struct defs *d)
{
	(void)ctx;
	defs_release(&support.defs);
	support.defs = defs_hold(d);
}

static void
on_group_end(void *ctx)
{
	(void)ctx;
}

static void
on_fatal(void *ctx)
{
	(void)ctx;
	atomic_store(&support.fatal, true);
}

/* ---- fixtures ---------------------------------------------------------------------
 */

/* In memory, where there is room: syncing is then quick, and a process that dies takes
 * nothing from it either. */
static const char *
place(void)
{
	const char *tmp = getenv("TMPDIR");
	struct statvfs v;

	if (tmp != NULL)
		return tmp;
	return access(MEMORY, W_OK) == 0 && statvfs(MEMORY, &v) == 0 &&
			(uint64_t)v.f_bavail * v.f_frsize >= MEMORY_MIN
		? MEMORY
		: "/tmp";
}

void
support_setup(void)
{
	memset(&support, 0, sizeof support);
	snprintf(support.dir, sizeof support.dir, "%s/store-XXXXXX", place());
	ck_assert_ptr_nonnull(mkdtemp(support.dir));
	ck_assert_int_eq(crypto_init(), EMP_OK);
	support.config = (struct store_config){.dir = support.dir,
					       .timezone = "UTC",
					       .max_series = 100,
					       .id_window_max = 1000,
					       .id_window_hours = 24,
					       .queue_max = 10000,
					       .readers = 1,
					       .group_max = 1000,
					       .minute_hours = 48,
					       .hour_days = 400,
					       .ram_hour_days = 35,
					       .ram_day_days = 400000};
	support.hooks = (struct store_hooks){.opened = on_opened,
					     .series = on_series,
					     .cell = on_cell,
					     .count = on_count,
					     .publish = on_publish,
					     .cells_dirty = on_cells_dirty,
					     .cells_written = on_cells_written,
					     .dirty_since = on_dirty_since,
					     .release = release_blocks_make,
					     .defs = on_defs,
					     .group_end = on_group_end,
					     .fatal = on_fatal};
}

enum emp_rc
support_try_open(struct problem *p)
{
	support.n_cells = 0;
	support.n_series = 0;
	support.counted = 0;
	support.replayed = 0;
	support.last_seq = 0;
	memset(p, 0, sizeof *p);
	return store_open(&support.store, &support.config, &support.hooks, p);
}

void
support_open(void)
{
	struct problem p;

	ck_assert_msg(support_try_open(&p) == EMP_OK, "%s", p.detail);
	defs_release(&support.defs);
	support.defs = defs_hold(store_defs(support.store));
	ck_assert_int_eq(store_start(support.store), EMP_OK);
}

void
support_setup_open(void)
{
	support_setup();
	support_open();
}

void
support_close(void)
{
	store_close(&support.store);
	ck_assert_ptr_null(support.store);
}

void
support_teardown(void)
{
	char command[PATH_MAX + 16];

	support_close();
	defs_release(&support.defs);
	snprintf(command, sizeof command, "rm -rf '%s'", support.dir);
	ck_assert_int_eq(system(command), 0);
}

void
support_path(char dst[PATH_MAX], const char *name)
{
	ck_assert_int_lt(snprintf(dst, PATH_MAX, "%s/%s", support.dir, name), PATH_MAX);
}

/* ---- submitting ---------------------------------------------------------------------
 */

struct waiting_batch {
	struct store_batch batch;
	sem_t done;
};
struct waiting_change {
	struct store_change change;
	sem_t done;
};

static void
batch_done(struct store_batch *b)
{
	sem_post(&((struct waiting_batch *)(void *)b)->done);
}

static void
change_done(struct store_change *c)
{
	sem_post(&((struct waiting_change *)(void *)c)->done);
}

enum emp_rc
support_submit(struct event *e, struct store_outcome *o, uint32_t n, bool atomic)
{
	struct waiting_batch w = {.batch = {.events = e,
					    .outcomes = o,
					    .n = n,
					    .atomic = atomic,
					    .done = batch_done}};
	enum emp_rc rc;

	ck_assert_int_eq(sem_init(&w.done, 0, 0), 0);
	rc = store_submit(support.store, &w.batch);
	if (rc == EMP_OK) {
		while (sem_wait(&w.done) != 0)
			;
		rc = w.batch.rc;
	}
	if (rc == EMP_OK)
		ck_assert_int_ge(atomic_load(&support.published), w.batch.seq);
	sem_destroy(&w.done);
	return rc;
}

enum item_status
support_put(struct event *e)
{
	struct store_outcome o;

	ck_assert_int_eq(support_submit(e, &o, 1, false), EMP_OK);
	return (enum item_status)o.status;
}

enum emp_rc
support_change(struct store_change *c)
{
	struct waiting_change w = {.change = *c};

	w.change.done = change_done;
	ck_assert_int_eq(sem_init(&w.done, 0, 0), 0);
	ck_assert_int_eq(store_change(support.store, &w.change), EMP_OK);
	while (sem_wait(&w.done) != 0)
		;
	sem_destroy(&w.done);
	*c = w.change;
	return c->rc;
}

const struct survey *
support_survey(enum audience a)
{
	struct question q = {.metric = METRIC_CSAT,
			     .lo = 1,
			     .hi = 5,
			     .satisfied = 1u << 4 | 1u << 5,
			     .declared = true,
			     .name = STR("overall")};
	struct survey v = {.audience = (uint8_t)a,
			   .open_metric = METRIC_CES,
			   .open_lo = 1,
			   .open_hi = 7,
			   .n_questions = 1,
			   .questions = &q,
			   .name = a == AUDIENCE_CUSTOMER ? STR("flight") : STR("enps"),
			   .document = STR("{}")};
	struct store_change c = {.op = DEF_SURVEY_PUT, .survey = &v};
	const struct survey *stored;

	ck_assert_msg(support_change(&c) == EMP_OK, "%s", c.problem.detail);
	stored = surveys_find(support.defs->surveys, v.name);
	ck_assert_ptr_nonnull(stored);
	return stored;
}

struct event
support_event(enum event_type t, enum audience a, enum event_class c)
{
	return (struct event){.type = (uint8_t)t,
			      .class = (uint8_t)c,
			      .audience = (uint8_t)a,
			      .time = SUPPORT_DAY + 12 * S_PER_HOUR * MS_PER_S,
			      .id = STR("server-made"),
			      .complete = true,
			      .voluntary = -1,
			      .hours_cents = -1,
			      .days_cents = -1,
			      .headcount = -1,
			      .leaders = -1,
			      .possible_days_cents = -1,
			      .active = -1,
			      .will_examine = -1,
			      .driver_missed = -1,
			      .self_rating = -1,
			      .customer_benefit = -1,
			      .amount_cents = -1,
			      .limit_cents = -1};
}

void
support_id(struct event *e, const char *id, uint32_t content)
{
	e->id_given = true;
	e->id = str_from(id);
	memset(e->id_key, 0, sizeof e->id_key);
	memcpy(e->id_key, id, e->id.n < sizeof e->id_key ? e->id.n : sizeof e->id_key);
	e->content = content;
}

struct event
support_answer(const char *id, struct answer *a, int value)
{
	struct event e = support_event(EVENT_SURVEY_ANSWERED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);

	e.survey = surveys_find(support.defs->surveys, STR("flight"));
	ck_assert_ptr_nonnull(e.survey);
	*a = (struct answer){.name = STR("overall"), .value = value};
	a->question = surveys_question(support.defs->surveys, e.survey, a->name);
	e.answers = a;
	e.n_answers = 1;
	if (id != NULL)
		support_id(&e, id, (uint32_t)value);
	return e;
}

/* ---- looking -----------------------------------------------------------------------
 */

static sqlite3 *
open_file(const char *file)
{
	char path[PATH_MAX];
	sqlite3 *db;

	support_path(path, file);
	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
			 SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	return db;
}

int64_t
support_sql(const char *file, const char *sql)
{
	sqlite3 *db = open_file(file);
	sqlite3_stmt *s;
	int64_t n;

	/* A writer must not checkpoint as the last one to leave. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s",
		      sql, sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

void
support_exec(const char *file, const char *sql)
{
	sqlite3 *db = open_file(file);

	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s",
		      sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

struct verify {
	uint64_t cells, sql;
};

static enum emp_rc
compare(void *ctx, const struct cell_key *k, uint32_t slot, uint64_t n)
{
	struct verify *v = ctx;

	ck_assert_uint_lt(slot, SUPPORT_SLOTS_MAX);
	ck_assert_uint_eq(cell_at(k)->slot[slot], n);
	v->sql += n;
	return EMP_OK;
}

static void
on_finding(void *ctx, const char *finding)
{
	(void)ctx;
	ck_abort_msg("%s", finding);
}

void
support_verify(void)
{
	struct store_reader *r = NULL;
	struct problem p = {0};
	struct verify v = {0};

	ck_assert_msg(store_reader_open(&r, support.dir, &p) == EMP_OK, "%s", p.detail);
	ck_assert_int_eq(store_check(r, on_finding, NULL), EMP_OK);
	ck_assert_int_eq(store_recount(r, GRAIN_DAY, compare, &v), EMP_OK);
	store_reader_close(&r);
	for (size_t i = 0; i < support.n_cells; i++) {
		for (int j = 0; j < SUPPORT_SLOTS_MAX; j++)
			v.cells += support.cell[i].slot[j];
	}
	ck_assert_uint_eq(v.cells, v.sql);
}
