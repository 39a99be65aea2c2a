/* Events on their way to the writer and back.
 *
 * A ticket is the one block a worker allocates for a request, or for a slice of a large
 * one: the events, what they point at, and the outcomes. It is pooled per worker. From
 * submit until done it belongs to the writer; it carries a struct req_ref and no
 * pointer to the request, so a client that leaves is counted all the same.
 */
#ifndef EMP_API_TICKET_H
#define EMP_API_TICKET_H

#include "api/worker.h"

#define SLICE_EVENTS 256 /* decoded per turn of the loop */

struct ticket {
	struct req_msg msg; /* the way back; msg.run answers */
	struct store_batch batch;
	struct api_worker *aw;
	struct ticket *next; /* in the pool */
	struct batch *owner; /* a slice of this; NULL: a single event */
	struct req_ref ref;
	struct snap *snap; /* of a single event; slices: their batch holds it */
	struct arena arena;
	uint32_t cap;
	uint32_t *index; /* of each event in its request */
	struct event *events;
	struct store_outcome *outcomes;
};

/* [worker] With room for one event, or for a slice. NULL: out of memory. */
struct ticket *ticket_single(struct api_worker *aw);
struct ticket *ticket_slice(struct api_worker *aw);
/* [worker] Twice the room; false when out of memory. */
EMP_MUST_CHECK bool ticket_grow(struct ticket *t);
/* [worker] Back to the pool. */
void ticket_put(struct ticket *t);
/* [worker] To the writer. Not EMP_OK: the ticket stays the caller's. */
EMP_MUST_CHECK enum emp_rc ticket_submit(struct ticket *t);
/* [worker] Frees the pools. */
void tickets_fini(struct api_worker *aw);

/* Decoding, on behalf of a token. */
struct intake {
	struct api_worker *aw;
	/* Both of the snapshot that the ticket or its batch holds. */
	const struct token_def *token;
	const struct surveys *surveys;
	bool cloudevents;
	int64_t now_ms;
};

/* [worker] One decoder set up for a ticket. */
struct ingest;
void intake_decoder(const struct intake *in, struct ticket *t, struct ingest *out);
/* [worker] What follows decoding: may the token do it; id, keys, pseudonyms. */
EMP_MUST_CHECK enum emp_rc intake_finish(const struct intake *in, struct ticket *t,
					 struct event *e, struct problem *p);
/* [any] Why the store refused an event of which it said ITEM_INVALID or a conflict. */
enum emp_rc outcome_problem(const struct store_outcome *o, struct problem *p);

#endif
