/* Connections: reading, writing, and a turn of serving.
 *
 * A turn runs when bytes have come, when a held request was answered, or when the
 * socket takes more. It steps the state machine as far as it goes, collecting all
 * answers in one buffer of the worker, and sends them with one call. Only if the socket
 * does not take everything does the connection get a buffer of its own; then it is not
 * read from and serves nothing until that is empty. So a client that does not read
 * costs us one answer at most, until its deadline.
 *
 * A turn has a length: a client that pipelines hundreds of requests goes to the end of
 * the line after some, so that others get their turns.
 *
 * Reading follows the same idea: one recv per turn. When it did not fill the buffer
 * there is nothing more at the moment, and when it did, epoll says so again.
 */
#include "net/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_read(evutil_socket_t fd, short what, void *arg);
static void on_write(evutil_socket_t fd, short what, void *arg);

/* --- slots --- */

static bool
slab_add(struct worker *w)
{
	struct conn *slab = calloc(SLAB, sizeof(*slab)), **slabs = w->slabs;
	uint32_t n = w->n_slots / SLAB;

	if (slab == NULL)
		return false;
	if (n == w->cap_slabs) {
		uint32_t cap = n > 0 ? n * 2 : 4;

		slabs = realloc(w->slabs, cap * sizeof(struct conn *));
		if (slabs == NULL) {
			free(slab);
			return false;
		}
		w->slabs = slabs;
		w->cap_slabs = cap;
	}
	slabs[n] = slab;
	for (uint32_t i = SLAB; i-- > 0;) {
		struct conn *c = &slab[i];

		c->w = w;
		c->fd = -1;
		c->slot = w->n_slots + i;
		c->next = w->free_conns;
		w->free_conns = c;
	}
	w->n_slots += SLAB;
	return true;
}

static void
watch_reads(struct conn *c, bool on)
{
	if (c->reading == on)
		return;
	c->reading = on;
	if ((on ? event_add(&c->on_read, NULL) : event_del(&c->on_read)) != 0)
		c->failed = true;
}

static void
watch_writes(struct conn *c, bool on)
{
	if (c->writing == on)
		return;
	c->writing = on;
	if ((on ? event_add(&c->on_write, NULL) : event_del(&c->on_write)) != 0)
		c->failed = true;
}

void
conn_open(struct worker *w, int fd, const struct addr *peer, bool capped)
{
	struct conn *c;

	if (w->free_conns == NULL && !slab_add(w)) {
		close(fd);
		if (capped)
			caps_give(w->net->caps, addr_key(peer));
		atomic_fetch_sub(&w->conns, 1);
		atomic_fetch_sub(&w->net->conns, 1);
		return;
	}
	c = w->free_conns;
	w->free_conns = c->next;
	c->next = NULL;
	c->fd = fd;
	c->peer = *peer;
	c->capped = capped;
	c->state = CONN_HEAD;
	c->deadline = DL_COUNT;
	c->closing = w->draining;
	buf_init(&c->out, 0);
	event_assign(&c->on_read, w->base, fd, EV_READ | EV_PERSIST, on_read, c);
	event_assign(&c->on_write, w->base, fd, EV_WRITE | EV_PERSIST, on_write, c);
	COUNT(w, accepted);
	COUNT(w, open);
	conn_turn(c);
}

void
conn_close(struct conn *c)
{
	struct worker *w = c->w;
	struct net *n = w->net;
	uint32_t slot = c->slot;

	EMP_ASSERT(c->fd >= 0 && w->turn != c);
	if (c->stream != NULL)
		stream_gone(c);
	watch_reads(c, false);
	watch_writes(c, false);
	deadline_clear(c);
	worker_again_leave(c);
	close(c->fd);
	if (c->slot_data != NULL && n->app->conn_close != NULL)
		n->app->conn_close(c->slot_data, n->app->ctx);
	if (c->req != NULL)
		req_free(c->req);
	if (c->in != NULL)
		worker_rbuf_give(w, c->in);
	buf_fini(&c->out);
	if (c->capped)
		caps_give(n->caps, addr_key(&c->peer));
	memset(c, 0, sizeof(*c));
	c->w = w;
	c->slot = slot;
	c->fd = -1;
	c->next = w->free_conns;
	w->free_conns = c;
	COUNT_ADD(w, open, (uint64_t)-1);
	atomic_fetch_sub(&w->conns, 1);
	atomic_fetch_sub(&n->conns, 1);
	if (w->draining)
		worker_drained(w);
}

/* --- writing --- */

struct buf *
conn_out(struct conn *c)
{
	struct worker *w = c->w;

	return (w->turn == NULL || w->turn == c) && c->out.n == 0 ? &w->out : &c->out;
}

bool
conn_send(struct conn *c, struct str bytes, size_t *sent)
{
	ssize_t rc;

	*sent = 0;
	while (*sent < bytes.n) {
		rc = send(c->fd, bytes.p + *sent, bytes.n - *sent, MSG_NOSIGNAL);
		if (rc >= 0) {
			*sent += (size_t)rc;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return false;
		break;
	}
	COUNT_ADD(c->w, bytes_out, *sent);
	return true;
}

/* Send what this turn has answered. */
static void
flush(struct conn *c)
{
	struct buf *out = &c->w->out;
	size_t sent = 0;

	if (!buf_ok(out) || (out->n > 0 && !conn_send(c, buf_str(out), &sent)))
		c->failed = true;
	if (sent < out->n && !c->failed) {
		/* The rest moves to the connection with the whole buffer. */
		c->out = *out;
		c->out_at = sent;
		buf_init(out, 0);
		return;
	}
	buf_clear(out);
	if (out->cap > OUT_KEEP || !buf_ok(out))
		buf_fini(out);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	size_t sent;

	(void)fd;
	(void)what;
	worker_tick(c->w);
	if (!conn_send(c, (struct str){c->out.p + c->out_at, c->out.n - c->out_at},
		       &sent)) {
		conn_close(c);
		return;
	}
	c->out_at += sent;
	if (c->out_at < c->out.n)
		return;
	buf_fini(&c->out);
	c->out_at = 0;
	c->fresh = true;
	if (c->stream != NULL)
		stream_room(c);
	conn_turn(c);
}

void
conn_wait_sent(struct conn *c)
{
	watch_writes(c, true);
	watch_reads(c, false);
	if (c->deadline != DL_SEND)
		deadline_set(c, DL_SEND);
}

/* --- a turn --- */

/* Nothing more will be answered: close, at once or when the client has seen it. A close
 * while bytes are on their way to us would make the kernel send a reset, and that
 * can destroy the answer before the client has read it. */
static bool
finish_closing(struct conn *c)
{
	if (!c->linger || c->eof)
		return false;
	if (c->state == CONN_LINGER)
		return true;
	if (shutdown(c->fd, SHUT_WR) != 0)
		return false;
	c->state = CONN_LINGER;
	c->discard = DISCARD_MAX;
	if (c->in != NULL)
		c->in->n = c->at = 0;
	deadline_set(c, DL_LINGER);
	return true;
}

static enum deadline
deadline_of(const struct conn *c)
{
	if (c->out.n > 0)
		return DL_SEND;
	switch (c->state) {
	case CONN_HEAD:
		return c->in == NULL ? DL_IDLE : DL_HEADER;
	case CONN_BODY:
	case CONN_DISCARD:
		return DL_BODY;
	case CONN_BUSY:
		return c->req->route != NULL && c->req->route->slow ? DL_SLOW
								    : DL_ANSWER;
	case CONN_STREAM:
		return DL_COUNT;
	default:
		return DL_LINGER;
	}
}

/* After a turn: send, and wait for what comes next. False: close. */
static bool
settle(struct conn *c)
{
	enum deadline d;

	if (c->out.n == 0)
		flush(c);
	if (c->failed || !buf_ok(&c->out))
		return false;
	if (c->out.n > 0) {
		watch_writes(c, true);
		watch_reads(c, false);
	} else {
		watch_writes(c, false);
		if (c->closing && c->req == NULL && !finish_closing(c))
			return false;
		if (c->eof && c->state != CONN_BUSY && !c->queued)
			return false;
		if (c->in != NULL && c->at == c->in->n && c->req == NULL) {
			worker_rbuf_give(c->w, c->in);
			c->in = NULL;
			c->at = 0;
		}
		/* While a request is held, what follows may come in as far as it fits:
		 * so we see it when the client has gone. */
		watch_reads(c,
			    !c->eof &&
				    (c->in == NULL || c->in->n < RBUF_SIZE ||
				     c->state == CONN_DISCARD));
	}
	d = deadline_of(c);
	if (d != c->deadline || c->fresh)
		deadline_set(c, d);
	c->fresh = false;
	return !c->failed;
}

void
conn_turn(struct conn *c)
{
	struct worker *w = c->w;
	unsigned steps = 0;

	EMP_ASSERT(w->turn == NULL);
	w->turn = c;
	if (c->req != NULL && c->req->answered)
		req_finish(c->req);
	while (c->out.n == 0 && !c->failed && conn_step(c)) {
		if (w->out.n >= OUT_SEND_AT)
			flush(c);
		if (++steps == TURN_STEPS) {
			worker_again(w, c);
			break;
		}
	}
	w->turn = NULL;
	if (!settle(c))
		conn_close(c);
}

/* --- reading --- */

/* A large body is read where it will stay. */
static bool
reads_body(const struct conn *c)
{
	const struct req *r = c->req;

	return c->state == CONN_BODY && !r->body_in_place && !r->body_done &&
		r->gunzip == NULL && r->head.framing == HTTP_LENGTH && c->out.n == 0;
}

static ssize_t
read_body(struct conn *c)
{
	struct req *r = c->req;
	size_t n = r->content.n > OUT_SEND_AT ? r->content.n : OUT_SEND_AT;
	ssize_t got;
	char *to;

	if (n > BODY_READ_MAX)
		n = BODY_READ_MAX;
	if (n > r->body_left)
		n = (size_t)r->body_left;
	to = buf_reserve(&r->content, n);
	if (to == NULL) {
		errno = ENOMEM;
		return -1;
	}
	got = recv(c->fd, to, n, 0);
	if (got > 0) {
		r->content.n += (size_t)got;
		r->body_left -= (size_t)got;
	}
	return got;
}

static ssize_t
read_buffer(struct conn *c)
{
	ssize_t got;

	if (c->in == NULL) {
		c->in = worker_rbuf(c->w);
		if (c->in == NULL) {
			errno = ENOMEM;
			return -1;
		}
		c->at = 0;
	}
	if (c->state == CONN_DISCARD || c->state == CONN_LINGER)
		c->in->n = c->at = 0;
	EMP_ASSERT(c->in->n < RBUF_SIZE);
	got = recv(c->fd, c->in->p + c->in->n, RBUF_SIZE - c->in->n, 0);
	if (got > 0)
		c->in->n += (size_t)got;
	return got;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t got;

	(void)fd;
	(void)what;
	worker_tick(c->w);
	got = reads_body(c) ? read_body(c) : read_buffer(c);
	if (got < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			conn_close(c);
		else if (c->req == NULL)
			conn_turn(c);
		return;
	}
	COUNT_ADD(c->w, bytes_in, (uint64_t)got);
	if (got == 0) {
		c->eof = true;
	} else if (c->state == CONN_LINGER) {
		c->in->n = c->at = 0;
		/* Enough is read; the rest of the time is for the answer's way. */
		if ((uint64_t)got >= c->discard) {
			watch_reads(c, false);
			return;
		}
		c->discard -= (uint64_t)got;
		return;
	}
	conn_turn(c);
}

void
conn_start_drain(struct worker *w, bool now)
{
	for (uint32_t i = 0; i < w->n_slots; i++) {
		struct conn *c = &w->slabs[i / SLAB][i % SLAB];

		if (c->fd < 0)
			continue;
		if (c->stream != NULL)
			stream_last(c);
		if (now || c->stream != NULL ||
		    (c->state == CONN_HEAD && c->in == NULL && c->out.n == 0))
			conn_close(c);
		else if (c->req == NULL)
			c->closing = c->linger = true;
	}
}
