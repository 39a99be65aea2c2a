/* Long work on confidential.db, aside from the writer. A release goes through all the
 * answers of a period, and the file is rewritten after it and once a day: seconds, for
 * which no event of a customer should wait.
 *
 * The writer lends its connection of confidential.db, with all that goes with it, to a
 * thread that is made for one such work and ends with it. Meanwhile it goes on with
 * what needs empowerd.db alone; batches with an event that needs confidential.db wait
 * in order, as do all changes. So the file still has one connection that writes and
 * checkpoints, and one thread at a time that may touch it: starting the thread hands it
 * over, joining it takes it back. Nothing depends on who was told to wait: whoever
 * comes to confidential.db after all takes the connection back, which waits for the
 * work.
 *
 * All [writer] unless noted. */
#ifndef EMP_STORE_ASIDE_H
#define EMP_STORE_ASIDE_H

#include "base/error.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct store_batch;

struct aside {
	sqlite3 *main; /* empowerd.db, to read: the writer goes on with its own */
	void (*work)(struct store *s);
	void (*then)(struct store *s);
	bool under_way; /* from aside_begin until `then` is called */
	bool lent;      /* the thread runs, or was not joined */
	pthread_t thread;
	_Atomic bool done;                    /* it has nothing more to do */
	struct store_batch *held, *held_last; /* wait for it, oldest first */
	_Atomic uint64_t held_weight;         /* in the queue; health reads it */
};

/* [main] empowerd.db is there. */
EMP_MUST_CHECK enum emp_rc aside_open(struct store *s, struct problem *p);
void aside_close(struct store *s);
/* Runs `work` there, then, when the writer is between two groups, `then` (NULL:
 * nothing) on the writer, which may begin anew. Neither is under way yet. Where no
 * thread can be made, the writer does the work itself. */
void aside_begin(struct store *s, void (*work)(struct store *s),
		 void (*then)(struct store *s));
/* Whether there is work whose `then` has not been called. Of the store only what is for
 * empowerd.db alone may be touched then, and no change be run. */
bool aside_under_way(const struct store *s);
/* Between two groups: calls `then` of what is done. */
void aside_poll(struct store *s);
/* Waits for it, with what it begins in turn. */
void aside_finish(struct store *s);
/* Before confidential.db is touched where it may be lent: waits until it is not. */
void aside_take(struct store *s);
/* [main] too. Where it is touched and may not be lent: aborts when it is. */
void aside_assert_back(const struct store *s);
/* Whether the batch is to wait; it is kept then. */
bool aside_holds(struct store *s, struct store_batch *b);
/* What waited and needs not any more, and after it those taken from the queue. */
struct store_batch *aside_resume(struct store *s, struct store_batch *taken);

#endif
