/*
 * What the tests of the store share: a store in a directory of its own, counters of the
 * simplest kind behind its hooks, and events that are quick to write down.
 */
#ifndef TESTS_UNIT_STORE_SUPPORT_H
#define TESTS_UNIT_STORE_SUPPORT_H

#include <limits.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "store/store.h"

#define SUPPORT_CELLS_MAX 2048
#define SUPPORT_SLOTS_MAX 64
#define SUPPORT_DAY INT64_C(1767225600000) /* 2026-01-01T00:00:00Z in ms */

/* Day cells in UTC: enough to see what the store feeds and asks. */
struct support_cell {
	struct cell_key key;
	int64_t seq, dirty_from;
	bool dirty, handed_out;
	uint32_t slot[SUPPORT_SLOTS_MAX];
};

struct support {
	char dir[PATH_MAX];
	struct store_config config;
	struct store_hooks hooks;
	struct store *store;
	struct support_cell cell[SUPPORT_CELLS_MAX];
	size_t n_cells;
	uint32_t n_series;
	uint64_t counted, replayed;
	int64_t last_seq; /* counted last */
	_Atomic int64_t published;
	_Atomic bool fatal;
	const struct defs *defs; /* as last handed on */
};

extern struct support support;

/* Fixtures of a test case. The second opens and starts a store, too. */
void support_setup(void);
void support_setup_open(void);
void support_teardown(void);

void support_open(void);
/* Without asserting success. */
enum emp_rc support_try_open(struct problem *p);
void support_close(void);
/* Without writing anything more, as if the process had been killed. */
void support_path(char dst[PATH_MAX], const char *name);

/* Submits and waits. */
enum emp_rc support_submit(struct event *e, struct store_outcome *o, uint32_t n,
			   bool atomic);
enum item_status support_put(struct event *e);
enum emp_rc support_change(struct store_change *c);
/* A survey "flight" with the csat question "overall" (1-5), and open to more. */
const struct survey *support_survey(enum audience a);

struct event support_event(enum event_type t, enum audience a, enum event_class c);
/* An answer to "overall"; id NULL: none given. `a` is borrowed by the event. */
struct event support_answer(const char *id, struct answer *a, int value);
/* Sets id, and the keys that follow from it. */
void support_id(struct event *e, const char *id, uint32_t content);

/* A number out of a file, by a connection of its own. */
int64_t support_sql(const char *file, const char *sql);
void support_exec(const char *file, const char *sql);
/* The file is sound, and counters and what SQL counts are the same. */
void support_verify(void);

#endif
