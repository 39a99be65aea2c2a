/* Giving answers: see req.h.
 *
 * An answer is written into the output of its connection at once. Given within the
 * connection's turn, the turn goes on and sends it; given from a message, it starts a
 * turn; given while another connection has its turn, it waits for the next turn of the
 * loop.
 */
#include "net/internal.h"

#include "http/answer.h"
#include "http/problem.h"

/* Seconds: what overloads us is measured in commits, not in minutes. */
#define RETRY_AFTER "1"

/* Whether the next request can be found on this connection. */
static bool
may_keep(const struct req *r)
{
	if (r->close || r->c->w->draining)
		return false;
	if (r->body_done)
		return true;
	/* With Expect the client may or may not send the body. */
	return r->base != NULL && r->head.framing == HTTP_LENGTH && !r->head.expects &&
		r->body_left <= DISCARD_MAX;
}

static void
count_status(struct worker *w, int status)
{
	if (status < 300)
		COUNT(w, answers_2xx);
	else if (status < 400)
		COUNT(w, answers_3xx);
	else if (status < 500)
		COUNT(w, answers_4xx);
	else
		COUNT(w, answers_5xx);
}

struct buf *
answer_begin(struct req *r, int status)
{
	struct worker *w = r->c->w;

	owner_assert(&w->owner);
	EMP_ASSERT(!r->answered);
	count_status(w, status);
	r->close = !may_keep(r);
	return conn_out(r->c);
}

void
answer_end(struct req *r)
{
	struct worker *w = r->c->w;

	r->answered = true;
	if (w->turn == NULL)
		conn_turn(r->c);
	else if (w->turn != r->c)
		worker_again(w, r->c);
}

static bool
has_extra(const struct req *r, struct str name)
{
	struct str rest = buf_str(&r->extra);

	while (rest.p != NULL) {
		struct str line = str_split(&rest, '\n');

		if (line.n > name.n && line.p[name.n] == ':' &&
		    str_ieq((struct str){line.p, name.n}, name))
			return true;
	}
	return false;
}

void
req_add_header(struct req *r, const char *name, struct str value)
{
	EMP_ASSERT(value.n == 0 ||
		   (memchr(value.p, '\r', value.n) == NULL &&
		    memchr(value.p, '\n', value.n) == NULL));
	if (str_ieq(str_from(name), STR("cache-control")))
		r->own_cache = true;
	buf_add_z(&r->extra, name);
	buf_add_str(&r->extra, STR(": "));
	buf_add_str(&r->extra, value);
	buf_add_str(&r->extra, STR("\r\n"));
}

void
req_reply(struct req *r, int status, const char *content_type, struct str body)
{
	struct buf *out = answer_begin(r, status);
	const struct worker *w = r->c->w;
	bool bodiless = status == 204 || status == 304;
	struct http_answer a = {
		.status = status,
		.keep_alive = !r->close,
		.old = r->head.minor == 0,
		.has_length = !bodiless,
		.length = body.n,
		.type = str_from(content_type),
		.common = {w->common, r->own_cache ? w->common_n : w->common_full},
		.extra = buf_str(&r->extra),
	};

	if (!buf_ok(&r->extra))
		r->c->failed = true;
	http_answer_head(out, &a);
	if (!bodiless && r->head.method != HTTP_HEAD)
		buf_add_str(out, body);
	answer_end(r);
}

void
req_error(struct req *r, const struct problem *p)
{
	int status = emp_rc_status(http_problem_public(p->rc));
	struct buf body;

	buf_init(&body, 0);
	http_problem_write(&body, p);
	buf_add_c(&body, '\n');
	if (status == 401 && !has_extra(r, STR("WWW-Authenticate")))
		req_add_header(r, "WWW-Authenticate", STR("Bearer"));
	if ((status == 429 || status == 503) && !has_extra(r, STR("Retry-After")))
		req_add_header(r, "Retry-After", STR(RETRY_AFTER));
	if (buf_ok(&body))
		req_reply(r, status, "application/problem+json", buf_str(&body));
	else
		req_reply(r, status, NULL, STR_NONE);
	buf_fini(&body);
}

void
req_method_not_allowed(struct req *r, const char *allow)
{
	struct problem p;

	req_add_header(r, "Allow", str_from(allow));
	if (r->head.method == HTTP_OPTIONS) {
		req_reply(r, 204, NULL, STR_NONE);
		return;
	}
	problem_set(&p, EMP_METHOD, "", "allowed here: %s", allow);
	req_error(r, &p);
}
