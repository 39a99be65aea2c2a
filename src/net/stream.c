/* Answers that go on: see req.h.
 *
 * The request ends when its stream begins, and with it its buffers; the connection
 * keeps a struct stream and is not asked for anything else any more. In HTTP/1.1 the
 * body is chunked, so that a client can tell an end from a broken connection; in 1.0
 * the end of the connection is its end.
 *
 * A piece goes to the socket at once. What the socket does not take stays, and until it
 * has gone no other piece is taken: whoever sends learns of the room there is again and
 * sends what is new by then. So a slow client costs one piece here and little in the
 * kernel, whose buffer is made small, and it is never behind by more than that.
 *
 * A client that takes nothing is dropped by the deadline of sending when bytes are kept
 * here, and by the kernel after the same time when they are kept there.
 */
#include "net/internal.h"

#include "http/answer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define STATUS 200
#define FRAME_MAX (REQ_STREAM_PIECE_MAX + 16)
#define LAST_CHUNK STR("0\r\n\r\n")

static void
tune_socket(const struct conn *c)
{
	unsigned ms = c->w->net->cfg.ms.send;
	int bytes = STREAM_KERNEL_BYTES;

	/* Sockets that are not TCP, and kernels that know it not, do without. */
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static void
write_head(struct req *r, const char *content_type, struct buf *out, bool chunked)
{
	const struct worker *w = r->c->w;
	struct http_answer a = {
		.status = STATUS,
		.keep_alive = !r->close,
		.old = r->head.minor == 0,
		.chunked = chunked,
		.type = str_from(content_type),
		.common = {w->common, r->own_cache ? w->common_n : w->common_full},
		.extra = buf_str(&r->extra),
	};

	if (!buf_ok(&r->extra))
		r->c->failed = true;
	http_answer_head(out, &a);
}

bool
req_stream_begin(struct req *r, const char *content_type, const struct req_stream *s,
		 void *ctx, struct req_ref *out)
{
	struct conn *c = r->c;
	struct worker *w = c->w;
	struct stream *st;
	struct buf *to;

	owner_assert(&w->owner);
	EMP_ASSERT(!r->answered && c->stream == NULL);
	if (w->draining) {
		req_refuse(r, EMP_NOT_READY, "the server is stopping");
		return false;
	}
	if (r->head.method == HTTP_HEAD) {
		write_head(r, content_type, answer_begin(r, STATUS), false);
		answer_end(r);
		return false;
	}
	st = malloc(sizeof(*st));
	if (st == NULL) {
		req_refuse(r, EMP_NOMEM, NULL);
		return false;
	}
	*st = (struct stream){.app = s,
			      .ctx = ctx,
			      .serial = r->serial,
			      .chunked = r->head.minor > 0};
	c->stream = st;
	COUNT(w, streams);
	tune_socket(c);
	/* Outside of its turn the head waits for the next one: else the client could be
	 * gone before the caller knows of the stream. */
	to = answer_begin(r, STATUS);
	r->close = r->answered = true;
	write_head(r, content_type, w->turn == c ? to : &c->out, st->chunked);
	if (w->turn != c)
		worker_again(w, c);
	*out = (struct req_ref){w->index, c->slot, r->serial};
	return true;
}

static struct conn *
find(struct worker *w, struct req_ref ref)
{
	struct conn *c;

	owner_assert(&w->owner);
	EMP_ASSERT(ref.worker == w->index);
	if (ref.conn >= w->n_slots)
		return NULL;
	c = &w->slabs[ref.conn / SLAB][ref.conn % SLAB];
	return c->stream != NULL && c->stream->serial == ref.serial ? c : NULL;
}

/* The piece as it is sent. */
static struct str
frame(char dst[FRAME_MAX], const struct stream *st, struct str piece)
{
	int n;

	if (!st->chunked)
		return piece;
	n = snprintf(dst, FRAME_MAX, "%zx\r\n", piece.n);
	EMP_ASSERT(n > 0 && (size_t)n + piece.n + 2 <= FRAME_MAX);
	memcpy(dst + n, piece.p, piece.n);
	memcpy(dst + n + piece.n, "\r\n", 2);
	return (struct str){dst, (size_t)n + piece.n + 2};
}

bool
req_stream_send(struct worker *w, struct req_ref ref, struct str piece)
{
	struct conn *c = find(w, ref);
	char framed[FRAME_MAX];
	size_t sent;

	EMP_ASSERT(piece.n > 0 && piece.n <= REQ_STREAM_PIECE_MAX);
	if (c == NULL || c->failed)
		return false;
	if (c->out.n > 0 && c->req == NULL) {
		c->stream->wanted = true;
		return false;
	}
	piece = frame(framed, c->stream, piece);
	if (c->req != NULL) {
		/* The head has not gone yet: it goes together with that. */
		buf_add_str(w->turn == c ? conn_out(c) : &c->out, piece);
		return true;
	}
	if (!conn_send(c, piece, &sent)) {
		/* Its turn closes it. */
		c->failed = true;
		worker_again(w, c);
		return false;
	}
	if (sent < piece.n) {
		buf_add(&c->out, piece.p + sent, piece.n - sent);
		if (!buf_ok(&c->out))
			worker_again(w, c);
		conn_wait_sent(c);
	}
	return true;
}

static void
forget(struct conn *c)
{
	free(c->stream);
	c->stream = NULL;
	COUNT_ADD(c->w, streams, (uint64_t)-1);
}

void
req_stream_end(struct worker *w, struct req_ref ref)
{
	struct conn *c = find(w, ref);

	if (c == NULL)
		return;
	if (c->stream->chunked)
		buf_add_str(w->turn == c ? conn_out(c) : &c->out, LAST_CHUNK);
	forget(c);
	if (c->req == NULL)
		c->state = CONN_HEAD;
	c->closing = c->linger = true;
	if (w->turn != c)
		worker_again(w, c);
}

void
stream_room(struct conn *c)
{
	if (!c->stream->wanted)
		return;
	c->stream->wanted = false;
	c->stream->app->room(c->stream->ctx);
}

void
stream_gone(struct conn *c)
{
	const struct stream st = *c->stream;

	forget(c);
	st.app->gone(st.ctx);
}

void
stream_last(struct conn *c)
{
	size_t sent;

	/* Behind half a piece it would say nothing. */
	if (c->stream->chunked && c->out.n == 0 && c->req == NULL &&
	    !conn_send(c, LAST_CHUNK, &sent))
		c->failed = true;
}
