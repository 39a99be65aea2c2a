/* What a route asks a request about: see req.h. */
#include "net/internal.h"

_Static_assert((int)REQ_GET == (int)HTTP_GET && (int)REQ_HEAD == (int)HTTP_HEAD &&
		       (int)REQ_POST == (int)HTTP_POST &&
		       (int)REQ_PUT == (int)HTTP_PUT &&
		       (int)REQ_DELETE == (int)HTTP_DELETE &&
		       (int)REQ_OPTIONS == (int)HTTP_OPTIONS &&
		       (int)REQ_OTHER == (int)HTTP_OTHER,
	       "req_method hands out http's methods");

enum req_method
req_method(const struct req *r)
{
	return (enum req_method)r->head.method;
}

struct str
req_path(const struct req *r)
{
	return r->path;
}

struct str
req_query(const struct req *r)
{
	if (!r->head.has_query)
		return STR_NONE;
	return (struct str){r->base + r->head.query, r->head.query_n};
}

struct str
req_header(const struct req *r, const char *name)
{
	return http_head_find(&r->head, r->base, str_from(name));
}

void
req_each_header(const struct req *r,
		bool (*fn)(void *ctx, struct str name, struct str value), void *ctx)
{
	for (size_t i = 0; i < r->head.n; i++)
		if (!fn(ctx, http_field_name(&r->head.fields[i], r->base),
			http_field_value(&r->head.fields[i], r->base)))
			return;
}

struct str
req_body(const struct req *r)
{
	return r->body;
}

static bool
through_proxy(const struct req *r)
{
	const struct net *n = r->c->w->net;

	return n->trusted_n > 0 && addr_in_nets(&r->c->peer, n->trusted, n->trusted_n);
}

/* Proxies append: either to the last field of that name or as a new one. So fields are
 * read from the last, and each from its end. */
static void
client_address(const struct req *r, struct addr *a)
{
	const struct net *n = r->c->w->net;

	*a = r->c->peer;
	if (!through_proxy(r))
		return;
	for (size_t i = r->head.n; i-- > 0;)
		if (str_ieq(http_field_name(&r->head.fields[i], r->base),
			    STR("x-forwarded-for")))
			addr_forwarded(a, http_field_value(&r->head.fields[i], r->base),
				       n->trusted, n->trusted_n);
}

/* What the nearest proxy said of the transport; STR_NONE when nothing. */
static struct str
forwarded_proto(const struct req *r)
{
	for (size_t i = r->head.n; i-- > 0;) {
		struct str value = http_field_value(&r->head.fields[i], r->base);
		const char *comma;

		if (!str_ieq(http_field_name(&r->head.fields[i], r->base),
			     STR("x-forwarded-proto")))
			continue;
		comma = value.n > 0 ? memrchr(value.p, ',', value.n) : NULL;
		if (comma != NULL)
			value = (struct str){comma + 1,
					     (size_t)(value.p + value.n - comma - 1)};
		return str_trim(value);
	}
	return STR_NONE;
}

bool
req_is_secure(const struct req *r)
{
	if (r->c->w->net->cfg.insecure)
		return true;
	if (through_proxy(r)) {
		struct str proto = forwarded_proto(r);

		if (proto.p != NULL)
			return str_ieq(proto, STR("https"));
	}
	return req_is_loopback(r);
}

bool
req_is_loopback(const struct req *r)
{
	struct addr a;

	client_address(r, &a);
	return addr_is_loopback(&a);
}

uint64_t
req_client_key(const struct req *r)
{
	struct addr a;

	client_address(r, &a);
	return addr_key(&a);
}

struct arena *
req_arena(struct req *r)
{
	if (!r->has_arena) {
		arena_init(&r->arena, ARENA_CHUNK);
		r->has_arena = true;
	}
	return &r->arena;
}

void **
conn_slot(struct req *r)
{
	return &r->c->slot_data;
}

struct worker *
req_worker(struct req *r)
{
	return r->c->w;
}

struct req_ref
req_hold(struct req *r)
{
	r->held = true;
	return (struct req_ref){r->c->w->index, r->c->slot, r->serial};
}

struct req *
req_find(struct worker *w, struct req_ref ref)
{
	struct req *r;

	owner_assert(&w->owner);
	EMP_ASSERT(ref.worker == w->index);
	if (ref.conn >= w->n_slots)
		return NULL;
	r = w->slabs[ref.conn / SLAB][ref.conn % SLAB].req;
	return r != NULL && r->serial == ref.serial && !r->answered ? r : NULL;
}

uint32_t
worker_index(const struct worker *w)
{
	return w->index;
}

void *
worker_data(const struct worker *w)
{
	return w->data;
}
