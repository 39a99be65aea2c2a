/* Tickets: pools, and the way to the writer and back.
 */
#include "api/ticket.h"

#include <stdlib.h>

#define SINGLE_ARENA 4096
#define SLICE_ARENA 65536
/* What a worker keeps for later: as many singles as connections are busy at once. */
#define SPARE_SINGLES_MAX 512
#define SPARE_SLICES_MAX 16

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
	t->step = NULL;
	t->barrier = NULL;
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
	t->batch.request = t->owner;
	t->batch.done = ticket_done;
	return store_submit(t->aw->api->cfg.store, &t->batch);
}
