/* The storage engine, seen from outside: submit a batch -> results and sequence, read
 * from a sequence, read cells, run a read, health. Nothing outside store/ knows which
 * database is behind it; another engine implements this header.
 *
 * One writer thread owns both write connections, their checkpoints, sequences, interned
 * names, the id window and the definitions (surveys, tokens, units). Workers submit; a
 * pool of readers answers questions that counters cannot. */
#ifndef EMP_STORE_STORE_H
#define EMP_STORE_STORE_H

#include "base/intern.h"
#include "base/queue.h"
#include "base/tz.h"
#include "model/cell.h"
#include "model/defs.h"
#include "model/row.h"
#include "store/changes.h"

struct store;
struct store_reader;

/* How long each class of data keeps texts, ids and people, s; 0: for ever. */
struct store_retention {
	uint64_t customer, operational, personnel, cases, sealed;
};

struct store_config {
	const char *dir;      /* STATE_DIR, exists */
	const char *timezone; /* for a new file; NULL: UTC. An old file's own wins, and
				 a different one asked for is EMP_CONFIG */
	uint32_t max_series;
	uint32_t id_window_max; /* client ids remembered */
	uint32_t id_window_hours;
	uint64_t disk_reserve;           /* bytes that stay free */
	uint32_t queue_max;              /* events waiting, else EMP_OVERLOADED */
	uint32_t readers;                /* threads in the pool */
	uint32_t group_max;              /* events in one transaction */
	int minute_hours, hour_days;     /* how long fine cells are kept: 48, 400 */
	int ram_hour_days, ram_day_days; /* cells fed to hooks->cell at open: 35, 400 */
	struct store_retention retention;
	/* All of the days and hours above are before the newest event, not before now:
	 * the file says when that was, and the clock may have been wrong. */
};

/* What the daemon plugs in. All [writer] unless noted. */
struct store_hooks {
	void *ctx;
	/* [main] The first of all, while the file is being opened: names, time zone and
	 * newest event are known, so store_names, store_tz and store_newest may be
	 * asked from here on. */
	enum emp_rc (*opened)(void *ctx, struct store *s);
	/* At open [main], then before the commit hook that first uses them. */
	enum emp_rc (*series)(void *ctx, uint32_t id, uint8_t audience,
			      const uint32_t dim_id[DIM_COUNT]);
	/* At open [main]: every cell of the file that memory keeps (ram_*_days, and all
	 * minutes), and of each grain the oldest cell of the file even when memory does
	 * not keep it: that is how counters know whether the file holds more. */
	enum emp_rc (*cell)(void *ctx, const struct cell *c);
	/* A committed and counted event; at open [main] those newer than their cells
	 * (`replay`). */
	void (*count)(void *ctx, uint32_t series, int64_t time_ms,
		      const struct event_slots *slots, int64_t seq, bool replay);
	/* Everything up to seq is counted; as_of is the commit time of the newest
	 * event, ms. Before done() of any batch of the group. */
	void (*publish)(void *ctx, int64_t seq, int64_t as_of);
	/* Up to max cells that changed since they were written, oldest change first, as
	 * absolute values (slots borrowed until cells_written). */
	size_t (*cells_dirty)(void *ctx, struct cell *out, size_t max);
	/* The transaction with those cells was committed, or not (they stay dirty). */
	void (*cells_written)(void *ctx, bool ok);
	/* Lowest sequence that some dirty cell does not hold in the file yet;
	 * INT64_MAX: none. */
	int64_t (*dirty_since)(void *ctx);
	/* The blocks of the answers to one question of a period, at least k people in
	 * each; in the arena. Pure: privacy/release.h. [main] too, at open. */
	enum emp_rc (*release)(void *ctx, const struct release_tree *t,
			       const struct release_question *q, uint32_t k,
			       struct arena *a, struct release_blocks *out);
	/* Definitions changed. The hook holds its own references. */
	void (*defs)(void *ctx, const struct defs *d);
	/* The group's done() calls are over: wake who waits. */
	void (*group_end)(void *ctx);
	/* [writer] The file cannot be written any more (failed fsyncs): stop the
	 * daemon. */
	void (*fatal)(void *ctx);
};

enum item_status { ITEM_STORED, ITEM_DUPLICATE, ITEM_ID_CONFLICT, ITEM_INVALID };

struct store_outcome {
	uint8_t status; /* enum item_status */
	uint8_t rc;  /* for ITEM_INVALID: e.g. EMP_INVALID for too many questions, bad
			ref */
	int64_t seq; /* stored in empowerd.db: its sequence number; else 0 */
};

/* Submitted by a worker, owned by the writer until done(). The events and all they
 * point at stay untouched meanwhile. */
struct store_batch {
	struct qnode node;
	struct event *events;
	struct store_outcome *outcomes;
	uint32_t n;
	bool atomic; /* all or nothing; one class of file only */
	/* Those of one request are stored in its order; NULL: it has no other. */
	const void *request;
	enum emp_rc rc; /* the batch as a whole; not EMP_OK: nothing acknowledged */
	int64_t seq;    /* published sequence that includes the batch */
	void (*done)(struct store_batch *b); /* [writer] after publish */
};

/* [main] Opens or creates both files, migrates, loads definitions, names and id window,
 * feeds the hooks. A damaged, newer or locked file is refused with a problem that names
 * it and the way out. */
EMP_MUST_CHECK enum emp_rc store_open(struct store **out, const struct store_config *c,
				      const struct store_hooks *h, struct problem *p);
/* [main] Starts writer and readers. */
EMP_MUST_CHECK enum emp_rc store_start(struct store *s);
/* [main] Commits what is queued, writes every dirty cell, checkpoints, joins, closes.
 */
void store_close(struct store **s);

/* [any] EMP_OVERLOADED when the queue is full, EMP_NOT_READY when stopping,
 * EMP_DISK_FULL while the disk is: the batch stays the caller's then. */
EMP_MUST_CHECK enum emp_rc store_submit(struct store *s, struct store_batch *b);
EMP_MUST_CHECK enum emp_rc store_change(struct store *s, struct store_change *c);

/* [any] Published names; dim DIM_UNIT has parents. Live as long as the store. */
const struct intern *store_names(const struct store *s, enum dim d);
const struct tz *store_tz(const struct store *s);
/* [main] in the hooks at open: commit time of the newest event, ms; 0: there is none.
 */
int64_t store_newest(const struct store *s);
/* [main] in the hooks at open: the file has complete cells of that grain from this
 * start on, Unix s. It kept fewer than it is asked to now when it ran with shorter
 * minute_hours or hour_days. */
int64_t store_cells_from(const struct store *s, enum grain g);
/* [main] The definitions as they were at open, borrowed from the store. */
const struct defs *store_defs(const struct store *s);

/* [writer] (in the hooks at open: [main]) The cell of the file with that key into out,
 * whose slots are borrowed until the next call; n_slots is 0 when there is none. For
 * events that count into a bucket that memory no longer has. */
EMP_MUST_CHECK enum emp_rc store_cell_load(struct store *s, const struct cell_key *k,
					   struct cell *out);

/* --- readers --- */
struct store_read {
	struct qnode node;
	/* [reader] Does the work and hands the result back itself. r sees one
	 * consistent snapshot of the file, taken by the first store_read_* call and not
	 * before: what counters no longer had a moment earlier is in it. */
	void (*run)(struct store_reader *r, struct store_read *job);
};
EMP_MUST_CHECK enum emp_rc store_read_submit(struct store *s, struct store_read *job);

/* [reader] Cells of one grain with from <= start < to. fn returning non-OK stops. */
EMP_MUST_CHECK enum emp_rc
store_read_cells(struct store_reader *r, enum grain g, int64_t from, int64_t to,
		 enum emp_rc (*fn)(void *ctx, const struct cell *c), void *ctx);

/* [reader] Events of empowerd.db of the types in the bit set (1 << type), times in ms,
 * from <= time < to. The people of operational ones are in confidential.db: a reader
 * without a daemon does not know them, and gives such events without people. */
EMP_MUST_CHECK enum emp_rc
store_read_events(struct store_reader *r, uint64_t types, int64_t from, int64_t to,
		  enum emp_rc (*fn)(void *ctx, const struct event_row *e), void *ctx);

/* [reader] Answers that settle invitations from `from` (ms) on: those that did not
 * happen before it, and those that name an invitation, unless they were received before
 * it. */
EMP_MUST_CHECK enum emp_rc
store_read_responses(struct store_reader *r, int64_t from,
		     enum emp_rc (*fn)(void *ctx, const struct event_row *e),
		     void *ctx);

/* [reader] headcount.set and base.set, ordered by time then seq. */
EMP_MUST_CHECK enum emp_rc
store_read_levels(struct store_reader *r,
		  enum emp_rc (*fn)(void *ctx, const struct level_row *l), void *ctx);

/* [reader] Recount everything from the stored events with SQL alone (no cells, no
 * counters): calls fn for every non-zero (series, subject, grain DAY, start, slot,
 * count). Used by verify. */
EMP_MUST_CHECK enum emp_rc store_recount(struct store_reader *r, enum grain g,
					 enum emp_rc (*fn)(void *ctx,
							   const struct cell_key *k,
							   uint32_t slot, uint64_t n),
					 void *ctx);
/* [reader] PRAGMA integrity_check + foreign_key_check, and in a daemon the same of
 * confidential.db and its counts of reviews; calls fn per finding. */
EMP_MUST_CHECK enum emp_rc store_check(struct store_reader *r,
				       void (*fn)(void *ctx, const char *finding),
				       void *ctx);

/* --- without a daemon: empowerctl --- */
/* A reader of its own on STATE_DIR/empowerd.db, read-only, while the daemon runs or
 * not. It sees the file as it is at its first question. */
EMP_MUST_CHECK enum emp_rc store_reader_open(struct store_reader **out, const char *dir,
					     struct problem *p);
void store_reader_close(struct store_reader **r);
/* [reader] Every event below this sequence number is in its cells in the file; cells
 * may lack later ones. */
EMP_MUST_CHECK enum emp_rc store_reader_counted(struct store_reader *r,
						int64_t *counted_before);
/* [reader] See store_cells_from. */
EMP_MUST_CHECK enum emp_rc store_reader_cells_from(struct store_reader *r, enum grain g,
						   int64_t *from);
/* A complete, compact copy of empowerd.db into file (must not exist), 0640, fsynced. */
EMP_MUST_CHECK enum emp_rc store_snapshot(const char *dir, const char *file,
					  struct problem *p);

/* --- health [any] ---
 * Nothing here may tell when confidential events come: groups, the duration of the last
 * and the age of the window leave those out that touch confidential.db alone; and what
 * waits leaves out what waits for confidential.db, seconds where a release goes on. */
#define DISK_FREE_STEP (64u << 20)
struct store_health {
	int64_t committed; /* last sequence number */
	uint64_t groups, events, duplicates, failures, fsync_errors, cells_written;
	uint64_t queue_events; /* waiting */
	uint64_t wal_bytes, db_bytes;
	uint64_t disk_free;       /* a multiple of DISK_FREE_STEP: exact to the page, it
				     would move with every confidential event */
	uint64_t id_window_age_s; /* how long ids are remembered, at least */
	uint32_t series, max_series;
	bool disk_full;
	uint64_t last_commit_us; /* duration of the last transaction */
};
void store_health(const struct store *s, struct store_health *out);

#endif
