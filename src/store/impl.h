/* The store from inside: what its files share. The writer thread owns everything here
 * that is not atomic; before store_start and after the join, main does. */
#ifndef EMP_STORE_IMPL_H
#define EMP_STORE_IMPL_H

#include "store/aside.h"
#include "store/boundary_list.h"
#include "store/cases.h"
#include "store/disk.h"
#include "store/erase.h"
#include "store/idwindow.h"
#include "store/main_file.h"
#include "store/names.h"
#include "store/part.h"
#include "store/sealed_file.h"
#include "store/store.h"
#include "store/suggestions.h"
#include "store/words.h"

#include <pthread.h>
#include <stdatomic.h>

/* Failed commits in a row after which the daemon stops: a disk that cannot sync does
 * not get better by itself, and another host may take over. */
#define FAILURES_FATAL 5
/* Dirty cells written along with a group: few, because one costs as much as an event,
 * and each time it is written stands for all events since the last time. */
#define CELLS_PER_GROUP 8
#define CELLS_PER_EVENTS 8
/* But no start should have to count more events again than this (about 2 s). Beyond,
 * as many are written as the events can make dirty: one per grain. */
#define LAG_EVENTS 1000000
#define CELLS_IDLE 512
/* Quiet time after which what is left is written. */
#define IDLE_MS 1000
/* The log is copied into the file when it has this many pages (16 MB), and a reader
 * that keeps it growing is reported from the second number on. */
#define WAL_PAGES_CHECKPOINT 4096
#define WAL_PAGES_WARN (16 * WAL_PAGES_CHECKPOINT)
/* Events after which the mark of counted ones moves, at the least: what a start has to
 * count again. */
#define PROGRESS_EVENTS 4096
/* As much newer the newest event must be before old cells and ids are pruned again. */
#define PRUNE_EVERY_S 60
#define DISK_LOOK_MS 250

/* A set of ids, a bit each. */
struct usage {
	uint8_t *bits;
	uint32_t cap; /* bytes */
};

/* A question that an event of this group registers. */
struct new_question {
	uint32_t survey;
	uint32_t id;
	struct question q;
};

/* An event of the group that has a row in empowerd.db. */
struct staged {
	const struct event *event;
	int64_t seq;
	uint32_t series;
	uint32_t new_slots; /* where its slots start in group.new_slot */
	uint32_t subject;   /* of a submission: counted in its slot 0; else 0 */
	uint32_t change;    /* or which of group.change it is */
};

/* An event of confidential.db that waits for the decision it is about to be committed
 * in empowerd.db: see group.c. */
struct later {
	const struct event *event;
	struct store_outcome *outcome;
	struct store_batch *batch;
};
/* Its outcome until then; never leaves the writer. */
#define ITEM_LATER (ITEM_INVALID + 1)

/* What one transaction over both files consists of. */
struct group {
	int64_t now; /* ms, its commit time */
	bool main_open, sealed_open;
	bool committing;   /* no statement failed; what fails now is the disk */
	int64_t first_seq; /* what next_seq was */
	int64_t block;     /* row of id_block for its ids */
	struct staged *staged;
	uint32_t n_staged, cap_staged;
	uint32_t *new_slot; /* of answers to questions that the decoder did not know */
	uint32_t n_new_slots, cap_new_slots;
	struct count_change *change; /* of events that have a part */
	uint32_t n_changes, cap_changes;
	struct new_question *question;
	uint32_t n_questions, cap_questions;
	struct later *later; /* not of this transaction, but of the one after it */
	uint32_t n_later, cap_later;
	struct buf ids;                /* entries for id_block */
	struct buf sealed_ids;         /* keys that confidential.db has now */
	uint32_t n_sealed, duplicates; /* events for confidential.db; repeats */
	bool sealed_shows;             /* some of these may be in figures at once */
	bool levels;                   /* something of store_read_levels changes */
	uint32_t n_cells;              /* written with it */
};

struct counters { /* health: written by the writer, read by anybody */
	_Atomic int64_t committed;
	_Atomic uint64_t groups, events, duplicates, failures, fsync_errors,
		cells_written, wal_bytes, db_bytes, disk_free, last_commit_us;
	_Atomic int64_t ids_since; /* id_window_short_since() */
	_Atomic uint64_t sealed_version, releases_version, levels_version;
	_Atomic uint32_t series;
	_Atomic bool disk_full;
};

struct readers;

struct store {
	struct store_config config;
	struct store_hooks hooks;
	char dir[PATH_MAX];
	int lock_fd;
	struct tz *tz;
	const struct defs *defs;   /* the writer's */
	const struct defs *opened; /* as they were at open, for main */
	struct names names;
	struct words words;
	struct boundary_list boundaries;
	struct id_window ids;
	struct main_file main;
	struct parts parts;
	struct sealed_file sealed;
	struct suggestions suggestions;
	struct periods periods;
	struct cases cases;
	struct eraser eraser;
	struct aside aside;
	struct closings *closings; /* of the release that is under way; else NULL */
	struct group group;
	struct buf scratch; /* packed cells */
	struct cell *cells; /* room for those of one group */
	uint32_t cap_cells;

	int64_t next_seq, next_block, next_question;
	int64_t received;       /* commit time of the newest event, ms */
	int64_t counted_before; /* as stored */
	struct usage used;      /* surveys of which some event is stored */
	struct usage answered;  /* questions, by id */

	struct queue queue;
	struct queue changes;         /* store_change; the writer sleeps on `queue` */
	struct qnode *asked;          /* changes taken from theirs, not yet run */
	struct store_batch *waiting;  /* taken from the queue, not yet in a group */
	struct store_batch **batches; /* of the group */
	uint32_t cap_batches;
	pthread_t thread;
	bool started;
	_Atomic bool stopping;

	unsigned int failures_in_row;
	bool fatal;
	int64_t disk_looked;            /* ms */
	int64_t pruned;                 /* newest event then, Unix s; 0: not yet */
	int64_t kept_from[GRAIN_COUNT]; /* store_cells_from() */
	int64_t vacuumed_day;           /* days since 1970 */
	int checkpoint_tried;           /* pages in the log when it was last tried */
	struct counters counters;
	struct readers *readers;
};

/* What a batch weighs in the queue: one that is larger than the queue fits when it is
 * alone. */
static inline uint64_t
batch_weight(const struct store *s, const struct store_batch *b)
{
	return b->n < s->config.queue_max ? b->n : s->config.queue_max;
}

/* --- load.c [main] --- */
EMP_MUST_CHECK enum emp_rc load_settings(struct store *s, struct problem *p);
EMP_MUST_CHECK enum emp_rc load_window(struct store *s);
EMP_MUST_CHECK enum emp_rc load_cells(struct store *s);
/* --- replay.c [main]: counts again what no cell holds yet --- */
EMP_MUST_CHECK enum emp_rc load_replay(struct store *s);

/* --- defs.c --- */
/* [main] [writer] The definitions as the files have them, one reference. Tokens are as
 * before while confidential.db is lent: no change is run then. */
EMP_MUST_CHECK enum emp_rc defs_load(struct store *s, const struct defs **out);
/* [writer] Replaces the writer's snapshot and calls the hook. */
EMP_MUST_CHECK enum emp_rc defs_reload(struct store *s);
/* [writer] One change: transaction, snapshot, done(). Some are done later: erasures,
 * and releases, which go on aside. */
void change_run(struct store *s, struct store_change *c);
/* [writer] The end of one that was to be done later. */
void change_finish(struct store *s, struct store_change *c, enum emp_rc rc);
/* [writer] A row of `question`, and those of its options. */
EMP_MUST_CHECK enum emp_rc question_insert(struct store *s, uint32_t survey,
					   uint32_t id, const struct question *q);

/* --- usage.c [writer] --- */
bool usage_get(const struct usage *u, uint32_t id);
EMP_MUST_CHECK enum emp_rc usage_set(struct usage *u, uint32_t id);
/* Both as the file has them; after a rollback too. An id that is missing because this
 * failed costs an update that changes nothing. */
EMP_MUST_CHECK enum emp_rc usage_load(struct store *s);

/* --- resolve.c [writer] --- */
/* The survey of an event as it is now, and what its answers are stored under. id and
 * slot have room for n_answers. *bad: why the event is refused, EMP_OK if it is not. */
EMP_MUST_CHECK enum emp_rc resolve_answers(struct store *s, const struct event *e,
					   uint32_t *id, uint32_t *slot,
					   enum emp_rc *bad);
/* Flags the survey and the questions as in use. */
EMP_MUST_CHECK enum emp_rc resolve_use(struct store *s, const struct event *e,
				       const uint32_t *id);

/* --- put_suggestion.c [writer] --- */
/* A submission, a request for a wider boundary or a step, in either file. */
EMP_MUST_CHECK enum emp_rc put_suggestion(struct store *s, const struct event *e,
					  struct store_outcome *out);
EMP_MUST_CHECK enum emp_rc put_case(struct store *s, const struct event *e,
				    struct store_outcome *out);

/* --- group.c [writer] --- */
/* Opens the transaction of the file unless the group has done so. */
EMP_MUST_CHECK enum emp_rc group_main_begin(struct store *s);
EMP_MUST_CHECK enum emp_rc group_sealed_begin(struct store *s);
/* Notes an event that has its row, so that it is counted when the group is committed.
 * subject: see struct staged. */
EMP_MUST_CHECK enum emp_rc group_stage(struct store *s, const struct event *e,
				       int64_t seq, uint32_t series, uint32_t subject);
/* Commits the batches, publishes and calls done() of each. */
void group_run(struct store *s, struct store_batch **b, uint32_t n);
/* One transaction of empowerd.db without events: cells, mark, pruning. False when it
 * failed. */
bool group_flush(struct store *s, uint32_t max_cells);
/* A transaction failed at the disk: count it, stop the daemon after several. */
void group_failed(struct store *s, enum emp_rc rc);
/* Going on would do harm: tell the daemon to stop, once. */
void group_fatal(struct store *s);
void group_fini(struct group *g);

/* --- writer.c --- */
void *writer_main(void *store);

/* --- reader.c --- */
EMP_MUST_CHECK enum emp_rc readers_start(struct store *s);
void readers_stop(struct store *s);

#endif
