/* Tickets: pools, the way to the writer and back, and the steps between decoding an
 * event and submitting it.
 */
#include "api/ticket.h"

#include "api/auth.h"
#include "codec/ingest.h"

#include <stdlib.h>

#define SINGLE_ARENA 4096
#define SLICE_ARENA 65536
/* What a worker keeps for later: as many singles as connections are busy at once. */
#define SPARE_SINGLES_MAX 512
#define SPARE_SLICES_MAX 16
#define EVENT_ID_CHARS 33 /* hex digits of a server's id and the NUL */

static void
ticket_free(struct ticket *t)
{
	arena_fini(&t->arena);
	free(t->events);
	free(t->outcomes);
	free(t->index);
	free(t);
}

static bool
ticket_room(struct ticket *t, uint32_t cap)
{
	struct event *events = realloc(t->events, cap * sizeof *events);
	struct store_outcome *outcomes;
	uint32_t *index;

	if (events)
		t->events = events;
	outcomes = realloc(t->outcomes, cap * sizeof *outcomes);
	if (outcomes)
		t->outcomes = outcomes;
	index = realloc(t->index, cap * sizeof *index);
	if (index)
		t->index = index;
	if (!events || !outcomes || !index)
		return false;
	t->cap = cap;
	return true;
}

static struct ticket *
ticket_new(struct api_worker *aw, uint32_t cap, size_t chunk)
{
	struct ticket *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->aw = aw;
	arena_init(&t->arena, chunk);
	if (!ticket_room(t, cap)) {
		ticket_free(t);
		return NULL;
	}
	return t;
}

static struct ticket *
ticket_ready(struct ticket *t)
{
	t->owner = NULL;
	t->snap = NULL;
	t->batch.n = 0;
	t->batch.atomic = false;
	t->batch.rc = EMP_OK;
	t->batch.seq = 0;
	return t;
}

struct ticket *
ticket_single(struct api_worker *aw)
{
	struct ticket *t = aw->spare_singles;

	if (t) {
		aw->spare_singles = t->next;
		aw->n_spare_singles--;
	} else {
		t = ticket_new(aw, 1, SINGLE_ARENA);
	}
	return t ? ticket_ready(t) : NULL;
}

struct ticket *
ticket_slice(struct api_worker *aw)
{
	struct ticket *t = aw->spare_slices;

	if (t) {
		aw->spare_slices = t->next;
		aw->n_spare_slices--;
	} else {
		t = ticket_new(aw, SLICE_EVENTS, SLICE_ARENA);
	}
	return t ? ticket_ready(t) : NULL;
}

bool
ticket_grow(struct ticket *t)
{
	return ticket_room(t, t->cap * 2);
}

void
ticket_put(struct ticket *t)
{
	struct api_worker *aw = t->aw;

	arena_reset(&t->arena);
	if (t->cap == 1 && aw->n_spare_singles < SPARE_SINGLES_MAX) {
		t->next = aw->spare_singles;
		aw->spare_singles = t;
		aw->n_spare_singles++;
	} else if (t->cap == SLICE_EVENTS && aw->n_spare_slices < SPARE_SLICES_MAX) {
		t->next = aw->spare_slices;
		aw->spare_slices = t;
		aw->n_spare_slices++;
	} else {
		ticket_free(t);
	}
}

void
tickets_fini(struct api_worker *aw)
{
	struct ticket *t, *next;

	for (t = aw->spare_singles; t; t = next) {
		next = t->next;
		ticket_free(t);
	}
	for (t = aw->spare_slices; t; t = next) {
		next = t->next;
		ticket_free(t);
	}
	aw->spare_singles = aw->spare_slices = NULL;
	aw->n_spare_singles = aw->n_spare_slices = 0;
}

/* [writer] One wake-up per worker and group: tickets wait in the worker's chain. */
static void
ticket_done(struct store_batch *b)
{
	struct ticket *t = HOLDER(b, struct ticket, batch);
	struct chain *chain = &t->aw->shared->chain;

	t->msg.node.next = NULL;
	if (chain->last)
		chain->last->node.next = &t->msg.node;
	else
		chain->first = &t->msg;
	chain->last = &t->msg;
}

enum emp_rc
ticket_submit(struct ticket *t)
{
	t->batch.events = t->events;
	t->batch.outcomes = t->outcomes;
	t->batch.done = ticket_done;
	return store_submit(t->aw->api->cfg.store, &t->batch);
}

void
intake_decoder(const struct intake *in, struct ticket *t, struct ingest *out)
{
	*out = (struct ingest){
		.surveys = in->surveys,
		.arena = &t->arena,
		.now_ms = in->now_ms,
		.cloudevents = in->cloudevents,
	};
	for (int d = 0; d < DIM_COUNT; d++)
		out->names[d] = in->aw->names[d];
}

/* The scope that an event needs, where it follows from the event. */
static enum scope
scope_needed(const struct event *e)
{
	enum scope s = event_type_scope((enum event_type)e->type);

	if (s != SCOPE_BY_SIGNAL)
		return s;
	return e->audience == AUDIENCE_CUSTOMER ? SCOPE_INGEST : SCOPE_ROSTER;
}

static void
id_hash(void *ctx, uint8_t out[16], const void *p, size_t n)
{
	crypto_fast_hash(out, ctx, p, n);
}

enum emp_rc
intake_finish(const struct intake *in, struct ticket *t, struct event *e,
	      struct problem *p)
{
	struct api *a = in->aw->api;
	const struct ingest_hash hash = {id_hash, &a->id_key};
	enum scope need = scope_needed(e);

	if (!scopes_allow(in->token->scopes, need)) {
		char text[64];

		scopes_format(text, sizeof text, need);
		return problem_set(p, EMP_FORBIDDEN, "/type",
				   "this type of event needs the scope %s", text);
	}
	if (!auth_covers(in->token, e->dim[DIM_UNIT]))
		return problem_set(p, EMP_FORBIDDEN, "/data/unit",
				   "the token is limited to the unit %s",
				   in->token->unit);
	if (!e->id_given) {
		char *id = arena_alloc(&t->arena, EVENT_ID_CHARS);

		if (!id)
			return problem_set(p, EMP_NOMEM, "", "%s",
					   emp_rc_title(EMP_NOMEM));
		crypto_event_id(id);
		e->id = (struct str){id, EVENT_ID_CHARS - 1};
	}
	ingest_keys(e, &hash);
	return keys_pseudonymise(&in->aw->keys, e, p);
}

enum emp_rc
outcome_problem(const struct store_outcome *o, struct problem *p)
{
	if (o->status == ITEM_ID_CONFLICT)
		return problem_set(p, EMP_ID_CONFLICT, "/id",
				   "this source sent the id with another content");
	switch ((enum emp_rc)o->rc) {
	case EMP_NOT_FOUND:
		return problem_set(p, EMP_INVALID, "/data/ref",
				   "no event with this id is stored");
	case EMP_CONFLICT:
		return problem_set(p, EMP_INVALID, "/data/answers",
				   "an answer does not fit its question any more");
	case EMP_INVALID:
		return problem_set(p, EMP_INVALID, "/data/answers",
				   "the survey has no room for so many questions");
	default:
		return problem_set(p, (enum emp_rc)o->rc, "/data",
				   "the event does not fit what is stored");
	}
}
