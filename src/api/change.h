/* Changes of definitions: from a request to the writer, to every worker, and back.
 *
 * The client is answered when the change is committed and every worker has the new
 * snapshot, so that it can use what it made at once and on any connection.
 */
#ifndef EMP_API_CHANGE_H
#define EMP_API_CHANGE_H

#include "api/worker.h"
#include "store/store.h"

/* Wait until every worker has run what was posted to all of them before. */
struct barrier;
/* [worker] NULL: out of memory. */
struct barrier *barrier_new(struct api_worker *aw);
/* [any] Then posts `home` to the worker for which the barrier was made. Takes it. */
void barrier_start_take(struct barrier *b, struct req_msg *home);
/* [any] One that is not started after all; NULL is fine. */
void barrier_free(struct barrier **b);

struct change;

struct change_item {
	struct store_change store;
	struct change *owner;
};

struct change {
	struct req_msg msg; /* back to the worker that asked */
	struct api_worker *aw;
	struct req_ref ref;
	struct arena arena; /* what the items point at */
	uint32_t n;
	struct change_item *items; /* in the arena, zeroed */
	_Atomic uint32_t open;     /* items the writer has not done */
	struct barrier *barrier;
	/* [worker] All items succeeded: answers the request. */
	void (*answer)(struct req *r, struct change *c);
	char secret[TOKEN_TEXT_MAX]; /* a new token's or code's text; wiped */
	size_t secret_n;
	void *wipe; /* in the arena: more that is secret, wiped, or NULL */
	size_t wipe_n;
};

/* [worker] For `n` changes; the caller fills items[].store and answer. NULL: out of
 * memory, and the request is answered. */
struct change *change_new(struct req *r, uint32_t n);
/* [worker] Takes the change, whether it works or not; the request will be answered. */
void change_submit_take(struct req *r, struct change *c);
/* [worker] For a change that is not submitted after all. */
void change_free(struct change **c);

#endif
