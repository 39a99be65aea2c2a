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

/* How the events were sent, and so where a place in them is. */
enum intake_form {
	FORM_EVENT,    /* in full */
	FORM_FLAT,     /* ingest_flat */
	FORM_FLAT_REF, /* the same, what it refers to being in the address */
};

struct voice_step;
struct barrier;

struct ticket {
	struct req_msg msg; /* the way back; msg.run answers */
	struct store_batch batch;
	struct api_worker *aw;
	struct ticket *next; /* in the pool */
	struct batch *owner; /* a slice of this; NULL: a single event */
	struct req_ref ref;
	struct snap *snap; /* of a single event; slices: their batch holds it */
	const struct voice_step *step; /* came by a route of its own; else NULL */
	struct barrier *barrier;       /* to wait for before it is answered, or NULL */
	struct arena arena;
	uint8_t form; /* enum intake_form */
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
/* [worker] The one event of a ticket is stored, or was before: says so. */
void ticket_answer_stored(struct req *r, const struct ticket *t);
/* [worker] Frees the pools. */
void tickets_fini(struct api_worker *aw);

/* Decoding, on behalf of a token. */
struct intake {
	struct api_worker *aw;
	/* Both of the snapshot that the ticket or its batch holds. */
	const struct token_def *token; /* NULL: none is needed but the receipt */
	const struct surveys *surveys;
	bool cloudevents;
	uint8_t form; /* enum intake_form */
	int64_t now_ms;
};

/* [worker] One decoder set up for a ticket. */
struct ingest;
void intake_decoder(const struct intake *in, struct ticket *t, struct ingest *out);
/* [worker] What follows decoding: may the token do it; id, keys, receipt, pseudonyms.
 * The event then points into the token, so the ticket's snapshot must be that of it. */
EMP_MUST_CHECK enum emp_rc intake_finish(const struct intake *in, struct ticket *t,
					 struct event *e, struct problem *p);
/* [any] Why the store refused event i of the ticket: ITEM_INVALID or a conflict. */
enum emp_rc outcome_problem(const struct ticket *t, uint32_t i, struct problem *p);
/* [any] The receipt to answer with; n == 0: the event gets none. */
static inline struct str
ticket_receipt(const struct ticket *t, uint32_t i)
{
	return t->events[i].receipt;
}

#endif
