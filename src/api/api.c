/* The state of the HTTP interface: what is made at the start, what each worker has, how
 * new definitions reach the workers and finished tickets their requests.
 *
 * Definitions. The writer builds a new snapshot and calls api_defs, which posts it to
 * every worker. A mailbox keeps the order, so what the writer posts afterwards (the
 * answer to the client who asked for the change) finds the new snapshot in place. A
 * worker gives up the old one when its last event pointing into it is back.
 */
#include "api/api.h"

#include "api/auth.h"
#include "api/batch.h"
#include "api/live.h"
#include "api/ticket.h"

#include <stdlib.h>

#define ID_KEY "ids"
#define CUSTOMER_KEY "customer"
#define PERSONNEL_KEY "personnel"
#define SEALED_KEY "sealed"
#define RECEIPT_KEY "receipt"
#define OUT_KEEP 65536 /* an output buffer that grew beyond is not kept */

/* --- snapshots --- */

void
snap_drop(struct api_worker *aw, struct snap *s)
{
	EMP_ASSERT(s->users > 0);
	if (--s->users > 0 || s == aw->snap)
		return;
	defs_release(&s->defs);
	free(s);
}

/* Takes the reference. */
static void
snap_set_take(struct api_worker *aw, const struct defs *d)
{
	struct snap *s = malloc(sizeof *s);
	struct snap *old = aw->snap;

	/* Going on with old tokens would be worse than stopping. */
	EMP_ASSERT(s != NULL);
	*s = (struct snap){.defs = d, .users = 0};
	aw->snap = s;
	if (old) {
		old->users++;
		snap_drop(aw, old);
	}
}

struct defs_msg {
	struct req_msg msg;
	const struct defs *defs;
};

/* [worker] */
static void
defs_arrive(struct worker *w, struct req_msg *m)
{
	struct defs_msg *d = HOLDER(m, struct defs_msg, msg);
	struct api_worker *aw = worker_data(w);

	/* What was posted before the worker began is not news. */
	if (d->defs->version > aw->snap->defs->version) {
		const struct defs *old = defs_hold(aw->snap->defs);

		snap_set_take(aw, d->defs);
		live_defs(aw, old, aw->snap->defs);
		defs_release(&old);
	} else {
		defs_release(&d->defs);
	}
	free(d);
}

void
api_defs(struct api *a, const struct defs *d)
{
	const struct defs *old = a->newest;

	a->newest = defs_hold(d);
	if (old)
		defs_release(&old);
	for (uint32_t i = 0; i < a->n_workers; i++) {
		struct defs_msg *m = malloc(sizeof *m);

		EMP_ASSERT(m != NULL); /* as in snap_set_take */
		*m = (struct defs_msg){.msg = {.run = defs_arrive},
				       .defs = defs_hold(d)};
		req_post(a->net, i, &m->msg, &m->msg);
	}
}

/* --- groups of commits --- */

/* [worker] */
static void
wake_arrive(struct worker *w, struct req_msg *m)
{
	struct api_worker *aw = worker_data(w);

	(void)m;
	/* Before feeding: who stays hungry says so anew. */
	atomic_store(&aw->shared->hunger, HUNGER_FED);
	batch_feed_hungry(aw);
}

static void
send_home(struct api *a)
{
	for (uint32_t i = 0; i < a->n_workers; i++) {
		struct api_shared *s = &a->shared[i];
		uint32_t hungry = HUNGER_HUNGRY;

		if (s->chain.first) {
			req_post(a->net, i, s->chain.first, s->chain.last);
			s->chain = (struct chain){NULL, NULL};
		}
		if (atomic_load_explicit(&s->hunger, memory_order_relaxed) == hungry &&
		    atomic_compare_exchange_strong(&s->hunger, &hungry,
						   HUNGER_WAKING)) {
			s->wake.node.next = NULL;
			s->wake.run = wake_arrive;
			req_post(a->net, i, &s->wake, &s->wake);
		}
	}
}

void
api_group_end(struct api *a)
{
	send_home(a);
	live_group_end(a);
}

void
api_last(struct api *a)
{
	send_home(a);
}

/* --- workers --- */

static void
worker_free(struct api_worker *aw)
{
	live_fini(aw);
	tickets_fini(aw);
	cache_fini(&aw->cache);
	limit_fini(&aw->limit);
	buf_fini(&aw->out);
	if (aw->rollups)
		rollup_ctx_free(&aw->rollups);
	if (aw->snap) {
		aw->snap->users++;
		struct snap *s = aw->snap;
		aw->snap = NULL;
		snap_drop(aw, s);
	}
	free(aw);
}

static void *
on_worker_start(struct worker *w, void *ctx)
{
	struct api *a = ctx;
	struct api_worker *aw = calloc(1, sizeof *aw);

	/* A thread without its state can answer nothing, not even with an error. */
	EMP_ASSERT(aw != NULL);
	aw->api = a;
	aw->net = w;
	aw->index = worker_index(w);
	aw->shared = &a->shared[aw->index];
	cache_init(&aw->cache);
	buf_init(&aw->out, 0);
	aw->keys = (struct keys){.customer = &a->customer_key,
				 .personnel = &a->personnel_key,
				 .sealed = &a->sealed_key};
	for (int d = 0; d < DIM_COUNT; d++)
		aw->names[d] = store_names(a->cfg.store, (enum dim)d);
	snap_set_take(aw, defs_hold(a->first));
	live_init(aw);
	EMP_ASSERT(limit_init(&aw->limit, a->cfg.rate_limit) == EMP_OK);
	EMP_ASSERT(rollup_ctx_new(&aw->rollups, a->cfg.rollups) == EMP_OK);
	return aw;
}

static void
on_worker_stop(void *data, void *ctx)
{
	(void)ctx;
	worker_free(data);
}

static void
on_conn_close(void *slot, void *ctx)
{
	(void)ctx;
	auth_forget(slot);
}

static void
on_alarm(void *data, void *ctx)
{
	(void)ctx;
	live_alarm(data);
}

static const struct req_route *
on_route(struct req *r, void *ctx)
{
	struct api_worker *aw = worker_of(r);
	const struct route *route;
	char allow[ROUTE_ALLOW_MAX];

	(void)ctx;
	if (aw->out.cap > OUT_KEEP)
		buf_fini(&aw->out);
	switch (route_find(req_method(r), req_path(r), &route)) {
	case ROUTE_FOUND:
		return auth_route(r, route) ? &route->net : NULL;
	case ROUTE_NO_METHOD:
		route_allow(allow, route);
		req_method_not_allowed(r, allow);
		return NULL;
	case ROUTE_NO_PATH:
		break;
	}
	answer_problem(r, EMP_NOT_FOUND, "", "");
	return NULL;
}

/* --- the whole --- */

enum emp_rc
api_new(struct api **out, const struct api_config *c, struct problem *p)
{
	struct api *a = calloc(1, sizeof *a);
	enum emp_rc rc = EMP_NOMEM;

	if (!a)
		return problem_set(p, rc, "", "%s", emp_rc_title(rc));
	a->cfg = *c;
	a->app = (struct req_app){.route = on_route,
				  .worker_start = on_worker_start,
				  .worker_stop = on_worker_stop,
				  .conn_close = on_conn_close,
				  .alarm = on_alarm,
				  .ctx = a};
	a->reader_ctx = calloc(c->readers, sizeof *a->reader_ctx);
	if (!a->reader_ctx) {
		problem_set(p, rc, "", "%s", emp_rc_title(rc));
		goto failed;
	}
	rc = crypto_key_load(&a->id_key, c->state_dir, ID_KEY, p);
	if (rc == EMP_OK)
		rc = crypto_key_load(&a->customer_key, c->state_dir, CUSTOMER_KEY, p);
	if (rc == EMP_OK)
		rc = crypto_key_load(&a->personnel_key, c->state_dir, PERSONNEL_KEY, p);
	if (rc == EMP_OK)
		rc = crypto_key_load(&a->sealed_key, c->state_dir, SEALED_KEY, p);
	if (rc == EMP_OK)
		rc = crypto_key_load(&a->receipt_key, c->state_dir, RECEIPT_KEY, p);
	if (rc != EMP_OK)
		goto failed;
	a->newest = defs_hold(store_defs(c->store));
	*out = a;
	return EMP_OK;
failed:
	api_free(&a);
	return rc;
}

void
api_free(struct api **pa)
{
	struct api *a = *pa;

	if (!a)
		return;
	*pa = NULL;
	for (uint32_t i = 0; a->reader_ctx && i < a->cfg.readers; i++) {
		struct rollup_ctx *c = atomic_load(&a->reader_ctx[i]);

		if (c)
			rollup_ctx_free(&c);
	}
	free(a->reader_ctx);
	free(a->shared);
	if (a->first)
		defs_release(&a->first);
	if (a->newest)
		defs_release(&a->newest);
	free(a);
}

const struct req_app *
api_app(struct api *a)
{
	return &a->app;
}

enum emp_rc
api_attach(struct api *a, struct net *n, uint32_t workers)
{
	a->shared = aligned_alloc(_Alignof(struct api_shared),
				  workers * sizeof *a->shared);
	if (!a->shared)
		return EMP_NOMEM;
	memset(a->shared, 0, workers * sizeof *a->shared);
	a->net = n;
	a->n_workers = workers;
	return EMP_OK;
}

void
api_begin(struct api *a)
{
	a->first = defs_hold(a->newest);
}

void
api_set_ready(struct api *a, bool ready)
{
	atomic_store(&a->ready, ready);
}
