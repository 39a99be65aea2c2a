/* Inside of api: the state of the whole, and of each worker.
 *
 * A worker owns its half alone: snapshot of the definitions, pools, caches, limiter.
 * The writer owns the chains of finished tickets. The rest is set up by main before
 * threads start and read-only from then on, or atomic.
 */
#ifndef EMP_API_WORKER_H
#define EMP_API_WORKER_H

#include "api/api.h"
#include "api/cache.h"
#include "api/keys.h"
#include "api/limit.h"
#include "api/live.h"
#include "crypto/crypto.h"

#include <stdatomic.h>

/* The structure that holds `member` at address `p`. */
#define HOLDER(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

/* Counted by the worker alone, read by whoever serves /metrics. */
struct api_stats {
#define METRIC_API(field) _Atomic uint64_t field;
#define METRIC_HEALTH(field)
#define METRIC(source, field, name, type, help) METRIC_##source(field)
#include "api/metrics.def"
#undef METRIC_API
#undef METRIC_HEALTH
};

/* The definitions as one worker sees them. Counted without atomics, because only this
 * worker's events and requests hold it. */
struct snap {
	const struct defs *defs;
	uint32_t users; /* events on their way that point into it */
};

struct ticket;
struct batch;

/* Finished tickets of one worker, oldest first. [writer] */
struct chain {
	struct req_msg *first, *last;
};

/* Whether batches of a worker wait for room in the queue. The worker goes from FED to
 * HUNGRY and from WAKING to FED, the writer from HUNGRY to WAKING, which it posts: so
 * the one message is never posted twice. */
enum hunger { HUNGER_FED, HUNGER_HUNGRY, HUNGER_WAKING };

/* What other threads touch of a worker; made by main, so that it is there before the
 * worker runs. */
struct api_shared {
	_Alignas(64) struct api_stats stats;
	_Atomic uint32_t hunger; /* enum hunger */
	struct req_msg wake;     /* WAKING: on its way */
	struct chain chain;      /* [writer] */
	/* Apart: the writer alone has it in its cache while nobody listens. */
	_Alignas(64) _Atomic uint32_t live; /* see live.c */
	struct req_msg news;                /* on its way as live says */
};

struct api {
	struct api_config cfg;
	struct net *net;
	uint32_t n_workers;
	struct req_app app;
	_Atomic bool ready;
	_Atomic bool verifying; /* one at a time: it reads the whole file */
	struct crypto_key id_key, customer_key, personnel_key, sealed_key, receipt_key;
	const struct defs *first;      /* what workers start with */
	const struct defs *newest;     /* [writer], or [main] before it runs */
	struct api_shared *shared;     /* n_workers */
	struct pace_state live_seen;   /* [writer] what those who listen know of */
	_Atomic uint32_t live_clients; /* who listen, on all workers */
	/* Contexts of reader threads, exchanged whole: taken while a read runs. */
	_Atomic(struct rollup_ctx *) *reader_ctx;
};

struct api_worker {
	struct api *api;
	struct worker *net;
	uint32_t index;
	struct api_shared *shared;
	struct snap *snap; /* the newest */
	struct rollup_ctx *rollups;
	struct limit limit;
	struct cache cache;
	struct keys keys;
	struct live live;
	const struct intern *names[DIM_COUNT];
	struct ticket *spare_singles, *spare_slices;
	uint32_t n_spare_singles, n_spare_slices;
	uint32_t reads;       /* on their way to readers */
	struct batch *hungry; /* batches that wait for room in the queue */
	struct buf out;       /* where answers are put together */
};

#define STAT_ADD(aw, field)                                                            \
	atomic_fetch_add_explicit(&(aw)->shared->stats.field, 1, memory_order_relaxed)

/* [worker] Of the request's worker. */
static inline struct api_worker *
worker_of(struct req *r)
{
	return worker_data(req_worker(r));
}

/* [worker] Hold the newest snapshot while events point into it. */
static inline struct snap *
snap_use(struct api_worker *aw)
{
	aw->snap->users++;
	return aw->snap;
}
void snap_drop(struct api_worker *aw, struct snap *s);

#define ANSWER_MAX (64u << 20) /* bytes of a body */

/* [worker] Problem documents with a slug, a pointer and a detail. */
void answer_problem(struct req *r, enum emp_rc rc, const char *pointer,
		    const char *detail);
/* [worker] The JSON in `b`, or that memory ran out while it was written. */
void answer_json(struct req *r, int status, const struct buf *b);
/* [worker] The query must be empty, or it is answered (false). */
EMP_MUST_CHECK bool query_empty(struct req *r);

#endif
