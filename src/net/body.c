/* How a body is received.
 *
 * In place: a plain body with a length that fits behind its head in the read buffer, as
 * every single event does. Nothing is copied; the handler sees the bytes as received.
 *
 * Large: a plain body with a length that does not fit. It is read straight into a
 * buffer of its own, never past its end, and the buffer grows with what arrives rather
 * than with what was announced.
 *
 * Streamed: chunked, or packed with gzip, or both. The read buffer behind the head is
 * the input, emptied piece by piece into the body's buffer, which the limit of the
 * route bounds before anything is unpacked past it.
 */
#include "net/internal.h"

/* A first piece of memory that most bodies never outgrow. */
#define BODY_FIRST 65536

static bool
is_streamed(const struct req *r)
{
	return r->head.framing == HTTP_CHUNKED || r->gunzip != NULL;
}

/* Move the request to the start of the read buffer when what is coming would not fit
 * behind it. Only before the route has seen any string of it. */
static void
make_room(struct req *r)
{
	struct conn *c = r->c;
	size_t start = (size_t)(r->base - c->in->p), need = r->head.at;

	if (r->head.framing == HTTP_CHUNKED ||
	    r->head.known[HTTP_F_CONTENT_ENCODING] != 0)
		need += RBUF_STREAM_ROOM;
	else if (r->head.length <= RBUF_SIZE)
		need += (size_t)r->head.length;
	if (start == 0 || start + need <= RBUF_SIZE)
		return;
	memmove(c->in->p, r->base, c->in->n - start);
	c->in->n -= start;
	c->at -= start;
	r->base = c->in->p;
}

void
body_begin(struct req *r)
{
	struct conn *c = r->c;

	if (r->head.framing == HTTP_NO_BODY) {
		r->body_done = true;
		return;
	}
	make_room(r);
	if (r->head.framing == HTTP_LENGTH)
		r->body_left = r->head.length;
	else
		http_chunked_init(&r->chunked);
	r->body_in_place = r->head.framing == HTTP_LENGTH &&
		r->head.known[HTTP_F_CONTENT_ENCODING] == 0 &&
		r->head.length <= RBUF_SIZE - c->at;
}

static bool
fail(struct req *r, enum emp_rc rc, const char *why)
{
	req_refuse(r, rc, why);
	return true;
}

/* Content goes to the body, unpacked; false after an error was answered. */
static bool
take_content(struct req *r, struct str piece)
{
	enum emp_rc rc = EMP_OK;

	if (r->gunzip != NULL) {
		rc = http_gunzip_feed(r->gunzip, piece, &r->content);
	} else if (piece.n > r->route->max_body - r->content.n) {
		rc = EMP_TOO_LARGE;
	} else {
		buf_add(&r->content, piece.p, piece.n);
		if (!buf_ok(&r->content))
			rc = EMP_NOMEM;
	}
	if (rc == EMP_OK)
		return true;
	req_fail(r, rc,
		 rc == EMP_TOO_LARGE ? "the unpacked body is larger than allowed"
				     : NULL);
	return false;
}

static bool
complete(struct req *r)
{
	if (r->gunzip != NULL) {
		enum emp_rc rc = http_gunzip_finish(r->gunzip);

		if (rc != EMP_OK) {
			r->body_done = true;
			req_fail(r, rc, "the gzip data ends in the middle");
			return true;
		}
		http_gunzip_free(&r->gunzip);
	}
	r->body_done = true;
	r->body = r->content.n > 0 ? buf_str(&r->content) : STR("");
	return true;
}

static bool
step_chunked(struct req *r)
{
	struct conn *c = r->c;
	struct str in = {c->in->p + c->at, c->in->n - c->at}, data;
	enum http_verdict v;

	while ((v = http_chunked_next(&r->chunked, &in, &data)) == HTTP_DATA)
		if (!take_content(r, data))
			return true;
	c->at = c->in->n - in.n;
	if (v == HTTP_BAD) {
		COUNT(c->w, parse_errors);
		return fail(r, r->chunked.rc, r->chunked.why);
	}
	if (v == HTTP_DONE)
		return complete(r);
	/* All was taken: read the next piece over it. */
	c->in->n = c->at = (size_t)(r->base - c->in->p) + r->head.at;
	return false;
}

static bool
step_length(struct req *r)
{
	struct conn *c = r->c;
	size_t have = c->in->n - c->at;
	struct str piece = {c->in->p + c->at, have};

	if (piece.n > r->body_left)
		piece.n = (size_t)r->body_left;
	c->at += piece.n;
	r->body_left -= piece.n;
	if (piece.n > 0 && !take_content(r, piece))
		return true;
	if (r->body_left == 0)
		return complete(r);
	c->in->n = c->at = (size_t)(r->base - c->in->p) + r->head.at;
	if (!is_streamed(r) && r->content.cap == 0 &&
	    buf_reserve(&r->content, BODY_FIRST) == NULL)
		return fail(r, EMP_NOMEM, NULL);
	return false;
}

bool
body_step(struct req *r)
{
	struct conn *c = r->c;

	if (r->body_done)
		return true;
	if (r->body_in_place) {
		if (c->in->n - c->at < r->head.length)
			return false;
		r->body = (struct str){c->in->p + c->at, (size_t)r->head.length};
		c->at += (size_t)r->head.length;
		r->body_left = 0;
		r->body_done = true;
		return true;
	}
	return r->head.framing == HTTP_CHUNKED ? step_chunked(r) : step_length(r);
}
