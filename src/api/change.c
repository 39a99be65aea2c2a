/* The round trip of a change.
 *
 * The writer posts the new snapshot to all workers (api_defs) and then calls done. When
 * the last item is done, a barrier is posted to every worker behind the snapshot; the
 * worker whose barrier runs last sends the change home.
 */
#include "api/change.h"

#include <stdlib.h>

#define CHANGE_ARENA 4096

struct change_barrier {
	struct req_msg msg;
	struct change *owner;
};

void
change_free(struct change **pc)
{
	struct change *c = *pc;

	if (!c)
		return;
	*pc = NULL;
	explicit_bzero(c->secret, sizeof c->secret);
	arena_fini(&c->arena);
	free(c->barriers);
	free(c);
}

struct change *
change_new(struct req *r, uint32_t n)
{
	struct api_worker *aw = worker_of(r);
	struct change *c = calloc(1, sizeof *c);

	if (!c)
		goto failed;
	c->aw = aw;
	arena_init(&c->arena, CHANGE_ARENA);
	c->n = n;
	c->items = arena_zalloc(&c->arena, n * sizeof *c->items);
	c->barriers = calloc(aw->api->n_workers, sizeof *c->barriers);
	if (c->items && c->barriers)
		return c;
	change_free(&c);
failed:
	answer_problem(r, EMP_NOMEM, "", "");
	return NULL;
}

/* [worker] Home again: the snapshot is everywhere. */
static void
change_home(struct worker *w, struct req_msg *m)
{
	struct change *c = HOLDER(m, struct change, msg);
	struct req *r = req_find(w, c->ref);
	const struct store_change *bad = NULL;

	for (uint32_t i = 0; i < c->n && !bad; i++)
		if (c->items[i].store.rc != EMP_OK)
			bad = &c->items[i].store;
	if (r && bad && bad->problem.rc == bad->rc)
		req_error(r, &bad->problem);
	else if (r && bad)
		answer_problem(r, bad->rc, "", "");
	else if (r)
		c->answer(r, c);
	change_free(&c);
}

/* [worker] */
static void
barrier_arrive(struct worker *w, struct req_msg *m)
{
	struct change *c = HOLDER(m, struct change_barrier, msg)->owner;

	(void)w;
	if (atomic_fetch_sub(&c->behind, 1) == 1)
		req_post(c->aw->api->net, c->ref.worker, &c->msg, &c->msg);
}

/* [any] `n` items are done. */
static void
items_done(struct change *c, uint32_t n)
{
	struct api *a = c->aw->api;

	if (atomic_fetch_sub(&c->open, n) != n)
		return;
	for (uint32_t i = 0; i < a->n_workers; i++) {
		/* The change may be gone once the last barrier is posted. */
		struct change_barrier *b = &c->barriers[i];

		req_post(a->net, i, &b->msg, &b->msg);
	}
}

/* [writer] */
static void
item_done(struct store_change *s)
{
	items_done(HOLDER(s, struct change_item, store)->owner, 1);
}

void
change_submit_take(struct req *r, struct change *c)
{
	struct api *a = c->aw->api;
	uint32_t sent = 0;
	enum emp_rc rc = EMP_OK;

	c->ref = req_hold(r);
	c->msg.run = change_home;
	atomic_store(&c->open, c->n);
	atomic_store(&c->behind, a->n_workers);
	for (uint32_t i = 0; i < a->n_workers; i++)
		c->barriers[i] = (struct change_barrier){.msg = {.run = barrier_arrive},
							 .owner = c};
	for (; sent < c->n; sent++) {
		struct change_item *item = &c->items[sent];

		item->owner = c;
		item->store.done = item_done;
		rc = store_change(a->cfg.store, &item->store);
		if (rc != EMP_OK)
			break;
	}
	if (sent == c->n)
		return;
	for (uint32_t i = sent; i < c->n; i++)
		c->items[i].store.rc = rc;
	items_done(c, c->n - sent);
}
