/* The life of a request, from its first byte to its answer: one state machine per
 * connection, stepped by conn_turn until it wants more bytes or waits for an answer.
 *
 *   HEAD --complete--> route() --> BODY --complete--> handle() = BUSY --answer--> HEAD
 *     |                  |           |                                   |
 *     bad                refused     bad or too large                    close: closing
 *     +--> closing       +--> DISCARD the rest --> HEAD, or closing
 *
 * An answer that is a stream leads to STREAM instead, where what comes is thrown away.
 *
 * The route is chosen before the body is read, so that nobody without a right to post
 * can make us receive megabytes. A refused body of known, small length is read and
 * thrown away, which keeps the connection; any other ends it.
 */
#include "net/internal.h"

#include <stdlib.h>

/* More fields than that are rare: give the memory back. */
#define EXTRA_KEEP 1024

static struct req *
req_new(struct conn *c)
{
	struct worker *w = c->w;
	struct req *r = w->reqs;

	if (r != NULL) {
		w->reqs = r->next;
		w->n_reqs--;
	} else {
		r = calloc(1, sizeof(*r));
		if (r == NULL)
			return NULL;
		buf_init(&r->content, 0);
		buf_init(&r->extra, 0);
	}
	r->c = c;
	r->next = NULL;
	r->serial = ++w->serial;
	r->base = NULL;
	r->route = NULL;
	r->path = r->body = STR_NONE;
	r->body_left = 0;
	r->body_in_place = r->body_done = false;
	r->close = r->held = r->answered = r->own_cache = false;
	http_head_init(&r->head);
	return r;
}

void
req_free(struct req *r)
{
	struct worker *w = r->c->w;

	r->c->req = NULL;
	r->c = NULL;
	buf_fini(&r->content);
	if (!buf_ok(&r->extra) || r->extra.cap > EXTRA_KEEP)
		buf_fini(&r->extra);
	buf_clear(&r->extra);
	http_gunzip_free(&r->gunzip);
	if (r->has_arena)
		arena_reset(&r->arena);
	if (w->n_reqs < POOL_MAX) {
		r->next = w->reqs;
		w->reqs = r;
		w->n_reqs++;
		return;
	}
	if (r->has_arena)
		arena_fini(&r->arena);
	buf_fini(&r->extra);
	free(r);
}

void
req_fail(struct req *r, enum emp_rc rc, const char *why)
{
	struct problem p;

	problem_set(&p, rc, "", "%s", why != NULL ? why : "");
	req_error(r, &p);
}

void
req_refuse(struct req *r, enum emp_rc rc, const char *why)
{
	r->close = true;
	req_fail(r, rc, why);
}

void
req_finish(struct req *r)
{
	struct conn *c = r->c;

	c->fresh = true;
	if (r->close && c->stream != NULL) {
		c->state = CONN_STREAM;
		req_free(r);
		return;
	}
	if (r->close) {
		c->closing = true;
		/* Also with nothing to read now: bytes may be on their way. */
		c->linger = true;
	} else if (!r->body_done) {
		c->discard = r->body_left;
	}
	c->state = c->discard > 0 ? CONN_DISCARD : CONN_HEAD;
	req_free(r);
}

/* The path without the prefix under which a proxy shows us. */
static bool
take_path(struct req *r)
{
	const struct net *n = r->c->w->net;
	struct str path = {r->base + r->head.path, r->head.path_n};
	struct str prefix = {n->base_path, n->base_path_n};

	if (prefix.n > 0 && !r->head.asterisk) {
		if (!str_starts(path, prefix) ||
		    (path.n > prefix.n && path.p[prefix.n] != '/'))
			return false;
		path.p += prefix.n;
		path.n -= prefix.n;
	}
	r->path = path.n > 0 ? path : STR("/");
	return true;
}

/* The body's length and coding against what the route takes. */
static void
check_body(struct req *r)
{
	struct str coding = http_head_known(&r->head, r->base, HTTP_F_CONTENT_ENCODING);
	struct problem p;

	if (r->head.framing == HTTP_NO_BODY)
		return;
	if (r->route->max_body == 0 ||
	    (r->head.framing == HTTP_LENGTH && r->head.length > r->route->max_body)) {
		problem_set(&p, EMP_TOO_LARGE, "", "at most %zu bytes are taken here",
			    r->route->max_body);
		req_error(r, &p);
		return;
	}
	if (coding.p == NULL || str_ieq(coding, STR("identity")))
		return;
	if (!str_ieq(coding, STR("gzip")) && !str_ieq(coding, STR("x-gzip"))) {
		req_add_header(r, "Accept-Encoding", STR("gzip"));
		problem_set(&p, EMP_MEDIA_TYPE, "Content-Encoding",
			    "only gzip is taken");
		req_error(r, &p);
		return;
	}
	if (http_gunzip_new(&r->gunzip, r->route->max_body) != EMP_OK)
		req_refuse(r, EMP_NOMEM, NULL);
}

/* The head is complete: find out who takes the request. */
static void
begin(struct req *r)
{
	struct conn *c = r->c;
	struct worker *w = c->w;
	const struct req_app *app = w->net->app;
	struct problem p;

	COUNT(w, requests);
	r->base = c->in->p + c->at;
	c->at += r->head.at;
	r->close = !r->head.keep_alive || w->draining;
	c->state = CONN_BODY;
	body_begin(r);
	if (r->head.asterisk) {
		req_method_not_allowed(r, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
		return;
	}
	if (!take_path(r)) {
		problem_set(&p, EMP_NOT_FOUND, "", "everything here is below %s",
			    w->net->base_path);
		req_error(r, &p);
		return;
	}
	r->route = app->route(r, app->ctx);
	EMP_ASSERT((r->route == NULL) == r->answered);
	if (r->answered)
		return;
	check_body(r);
	if (!r->answered && r->head.expects && c->at == c->in->n && !r->body_done)
		buf_add_str(conn_out(c), STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static bool
step_head(struct conn *c)
{
	enum http_verdict v;
	struct req *r;

	if (c->in == NULL || c->at == c->in->n || c->closing)
		return false;
	if (c->req == NULL) {
		c->req = req_new(c);
		if (c->req == NULL) {
			c->failed = true;
			return false;
		}
	}
	r = c->req;
	v = http_head_parse(&r->head, c->in->p + c->at, c->in->n - c->at);
	if (v == HTTP_MORE) {
		/* The rest of the head has room then, whatever stood before it. */
		memmove(c->in->p, c->in->p + c->at, c->in->n - c->at);
		c->in->n -= c->at;
		c->at = 0;
		return false;
	}
	if (v == HTTP_BAD) {
		COUNT(c->w, parse_errors);
		req_refuse(r, r->head.rc, r->head.why);
	} else {
		begin(r);
	}
	if (r->answered)
		req_finish(r);
	return true;
}

static bool
step_body(struct conn *c)
{
	struct req *r = c->req;

	if (!body_step(r))
		return false;
	if (!r->answered) {
		c->state = CONN_BUSY;
		c->fresh = true;
		r->route->handle(r);
		EMP_ASSERT(r->answered || r->held);
	}
	if (r->answered)
		req_finish(r);
	return true;
}

static bool
step_discard(struct conn *c)
{
	size_t have = c->in != NULL ? c->in->n - c->at : 0;

	if (have > c->discard)
		have = (size_t)c->discard;
	c->discard -= have;
	c->at += have;
	if (c->discard > 0)
		return false;
	c->state = CONN_HEAD;
	c->fresh = true;
	return true;
}

bool
conn_step(struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
		return step_head(c);
	case CONN_BODY:
		return step_body(c);
	case CONN_DISCARD:
		return step_discard(c);
	case CONN_STREAM:
		if (c->in != NULL)
			c->at = c->in->n;
		return false;
	default:
		return false;
	}
}
