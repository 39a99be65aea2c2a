/* The round trip of a change.
 *
 * The writer posts the new snapshot to all workers (api_defs) and then calls done. When
 * the last item is done, a barrier is posted to every worker behind the snapshot; the
 * worker whose barrier runs last sends the change home.
 */
#include "api/change.h"

#include <stdlib.h>

#define CHANGE_ARENA 4096

struct barrier_msg {
	struct req_msg msg;
	struct barrier *owner;
};

struct barrier {
	struct api *api;
	uint32_t worker; /* where home is */
	struct req_msg *home;
	_Atomic uint32_t behind; /* workers that may not have the snapshot yet */
	struct barrier_msg msgs[];
};

struct barrier *
barrier_new(struct api_worker *aw)
{
	struct barrier *b = calloc(1,
				   sizeof *b + aw->api->n_workers * sizeof b->msgs[0]);

	if (!b)
		return NULL;
	b->api = aw->api;
	b->worker = aw->index;
	return b;
}

void
barrier_free(struct barrier **b)
{
	free(*b);
	*b = NULL;
}

/* [worker] */
static void
barrier_arrive(struct worker *w, struct req_msg *m)
{
	struct barrier *b = HOLDER(m, struct barrier_msg, msg)->owner;

	(void)w;
	if (atomic_fetch_sub(&b->behind, 1) != 1)
		return;
	b->home->node.next = NULL;
	req_post(b->api->net, b->worker, b->home, b->home);
	barrier_free(&b);
}

void
barrier_start_take(struct barrier *b, struct req_msg *home)
{
	struct net *net = b->api->net;
	uint32_t n = b->api->n_workers;

	b->home = home;
	atomic_store(&b->behind, n);
	for (uint32_t i = 0; i < n; i++) {
		/* It may be gone once the last message is posted. */
		struct barrier_msg *m = &b->msgs[i];

		*m = (struct barrier_msg){.msg = {.run = barrier_arrive}, .owner = b};
		req_post(net, i, &m->msg, &m->msg);
	}
}

void
change_free(struct change **pc)
{
	struct change *c = *pc;

	if (!c)
		return;
	*pc = NULL;
	explicit_bzero(c->secret, sizeof c->secret);
	if (c->wipe)
		explicit_bzero(c->wipe, c->wipe_n);
	arena_fini(&c->arena);
	barrier_free(&c->barrier);
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
	c->barrier = barrier_new(aw);
	if (c->items && c->barrier)
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

/* [any] `n` items are done. */
static void
items_done(struct change *c, uint32_t n)
{
	struct barrier *b = c->barrier;

	if (atomic_fetch_sub(&c->open, n) != n)
		return;
	c->barrier = NULL;
	barrier_start_take(b, &c->msg);
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
