/* What a route sees of a request: the only header of net that api and web include.
 *
 * A request lives from its complete head until its answer is queued. Everything here
 * runs on the worker thread that owns the connection [worker] unless marked otherwise.
 * Strings handed out are valid until the answer is given.
 *
 * The life of a request:
 *   head complete -> app->route() chooses a route before the body is read, or answers
 *   body complete (gunzipped when Content-Encoding: gzip) -> route->handle()
 *   handle() answers now, or calls req_hold() and answers later: from a message to its
 *   worker (req_post), which another thread sends, or the worker itself, to go on with
 *   long work after other connections had their turn.
 * A held request may die because its client left: whoever answers later keeps a struct
 * req_ref, never a pointer, and asks req_find() first.
 *
 * An answer can also be a stream, which goes on after the request has ended.
 */
#ifndef EMP_NET_REQ_H
#define EMP_NET_REQ_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/queue.h"
#include "base/str.h"

#include <stdint.h>

struct req;
struct worker;

enum req_method {
	REQ_GET,
	REQ_HEAD,
	REQ_POST,
	REQ_PUT,
	REQ_DELETE,
	REQ_OPTIONS,
	REQ_OTHER
};

/* Enough to find a request again, or to learn that it is gone. Plain value. */
struct req_ref {
	uint32_t worker;
	uint32_t conn;   /* slot in the worker's table */
	uint64_t serial; /* never reused within a process */
};

/* Chosen by app->route() before the body is read. Static data. */
struct req_route {
	size_t max_body;               /* after gunzip; 0: no body allowed */
	bool slow;                     /* its answer may take minutes */
	void (*handle)(struct req *r); /* the body is complete */
};

/* What the owner of a stream is told. Static data. Neither is called from within what
 * the owner calls. */
struct req_stream {
	/* The client has taken what was sent before: there is room again. Only after
	 * req_stream_send() has said that there is none. */
	void (*room)(void *ctx);
	/* It is over, and ctx is used no more: the client left or was too slow, or the
	 * daemon stops. Not after req_stream_end(). */
	void (*gone)(void *ctx);
};

/* A message from another thread to a worker; embed as the first member. run() gets it
 * on the worker thread and owns it from then on. */
struct req_msg {
	struct qnode node;
	void (*run)(struct worker *w, struct req_msg *m);
};

/* What the daemon plugs into net. All callbacks [worker]. */
struct req_app {
	/* Returns the route, or NULL after having answered with req_error(). */
	const struct req_route *(*route)(struct req *r, void *ctx);
	/* Once per worker, before its first request / after its last. The pointer
	 * returned is worker_data(). */
	void *(*worker_start)(struct worker *w, void *ctx);
	void (*worker_stop)(void *data, void *ctx);
	/* A connection closed: drop what conn_slot() holds. */
	void (*conn_close)(void *slot, void *ctx);
	/* The time of worker_alarm() has come. */
	void (*alarm)(void *data, void *ctx);
	void *ctx;
};

/* --- the request --- */
enum req_method req_method(const struct req *r);
/* Decoded path with base_path taken off, always starting with '/'. */
struct str req_path(const struct req *r);
/* Raw query string without '?', STR_NONE when there is none. */
struct str req_query(const struct req *r);
/* First field of that name (any case), trimmed; STR_NONE when absent. */
struct str req_header(const struct req *r, const char *name);
/* Visit every header in order of arrival (CloudEvents binary mode). False from fn
 * stops. */
void req_each_header(const struct req *r,
		     bool (*fn)(void *ctx, struct str name, struct str value),
		     void *ctx);
/* The whole body; NUL-free is not promised. */
struct str req_body(const struct req *r);
/* True when the peer is loopback or a unix socket, or arrived over TLS by the word of a
 * trusted proxy: where a token may be taken. */
bool req_is_secure(const struct req *r);
bool req_is_loopback(const struct req *r);
/* A stable 64-bit key of the client's address for rate limits; never stored or logged.
 */
uint64_t req_client_key(const struct req *r);
/* Scratch memory that dies with the request. */
struct arena *req_arena(struct req *r);
/* One pointer per connection (the last verified Authorization), initially NULL. */
void **conn_slot(struct req *r);
struct worker *req_worker(struct req *r);

/* --- the answer: exactly one of these per request ---
 * Within route() and handle() the request lives on until they return. Anywhere else
 * (req_post) answering ends it: r must not be touched afterwards. */
/* A header for the coming answer; name and value are copied. Values must not hold CR/LF
 * (asserted). */
void req_add_header(struct req *r, const char *name, struct str value);
/* `body` is copied into the connection's output. HEAD sends the length only.
 * content_type NULL: none (204, 304). */
void req_reply(struct req *r, int status, const char *content_type, struct str body);
/* A problem document (RFC 9457) for p->rc. Adds WWW-Authenticate to 401 and Retry-After
 * to 429/503. `errors` (p == one error) as given. */
void req_error(struct req *r, const struct problem *p);
/* 405 with Allow; OPTIONS is answered 204 with the same Allow. `allow` e.g. "GET,
 * HEAD". */
void req_method_not_allowed(struct req *r, const char *allow);

/* --- answering later --- */
/* The handler returns without an answer; it comes through req_find(). The answer
 * deadline still runs. */
struct req_ref req_hold(struct req *r);
/* NULL when the client left. */
struct req *req_find(struct worker *w, struct req_ref ref);

/* --- streams ---
 * A body without an end, in pieces, until one side has enough. The deadlines of answers
 * and idle connections do not hold for it; a client that does not take what was sent
 * within that of sending is dropped. It is the last answer of its connection: what the
 * client sends behind the request is thrown away. */
#define REQ_STREAM_PIECE_MAX 1024 /* bytes sent at once */

/* Answer with status 200 and a stream, of which s and ctx are told. False: there is
 * none, and the request is answered (HEAD, no memory, or the daemon stops). */
EMP_MUST_CHECK bool req_stream_begin(struct req *r, const char *content_type,
				     const struct req_stream *s, void *ctx,
				     struct req_ref *out);
/* Send a piece, never empty. False: nothing of it is sent, because the client has not
 * taken the piece before, or has gone. One piece at most is ever kept. */
EMP_MUST_CHECK bool req_stream_send(struct worker *w, struct req_ref ref,
				    struct str piece);
/* End it in order; fine when it is gone. */
void req_stream_end(struct worker *w, struct req_ref ref);

/* --- workers --- */
uint32_t worker_index(const struct worker *w);
void *worker_data(const struct worker *w);
/* Call app->alarm() once, that many ns from now, give or take some ms. There is one
 * alarm per worker: a new time takes the place of the old one. */
void worker_alarm(struct worker *w, uint64_t ns);
/* [any] Run m->run on worker `index`. A chain linked through node.next, oldest first.
 */
struct net;
void req_post(struct net *n, uint32_t index, struct req_msg *first,
	      struct req_msg *last);

#endif
