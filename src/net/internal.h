/* What the files of net share. Nobody else includes this.
 *
 * A connection that waits for its next request is only a struct conn and one entry in
 * epoll: the buffer it reads into (struct rbuf) and the request (struct req) come from
 * the worker's pools when the first byte arrives, and go back with the answer.
 *
 * All of it belongs to one worker thread, but what says [any].
 */
#ifndef EMP_NET_INTERNAL_H
#define EMP_NET_INTERNAL_H

#include "base/owner.h"
#include "http/chunked.h"
#include "http/gzip.h"
#include "http/head.h"
#include "net/addr.h"
#include "net/caps.h"
#include "net/limits.h"
#include "net/net.h"
#include "net/stream.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>

struct rbuf {
	struct rbuf *next;
	size_t n; /* bytes received */
	char p[RBUF_SIZE];
};

enum conn_state {
	CONN_HEAD,    /* between requests or within a head */
	CONN_BODY,    /* the head is complete, the body is not */
	CONN_BUSY,    /* with the handler */
	CONN_STREAM,  /* answered by a stream that goes on */
	CONN_DISCARD, /* answered, the rest of the body is thrown away */
	CONN_LINGER   /* answered and shut down, reading on so that no reset follows */
};

/* One list per duration: in order of insertion is in order of expiry. */
enum deadline {
	DL_HEADER,
	DL_BODY,
	DL_ANSWER,
	DL_SLOW,
	DL_SEND,
	DL_IDLE,
	DL_LINGER,
	DL_COUNT /* none */
};

struct conn {
	struct worker *w;
	struct req *req; /* the one being received or answered */
	struct stream *stream;
	struct rbuf *in;
	size_t at; /* first byte of `in` not taken yet */
	int fd;    /* -1: the slot is free */
	uint32_t slot;
	enum conn_state state;
	enum deadline deadline; /* DL_COUNT: in no list */
	bool reading, writing;  /* what epoll watches for */
	bool closing;           /* no further request; close when all is sent */
	bool linger;            /* ... and the client may be sending still */
	bool failed;            /* close now */
	bool eof;
	bool fresh;       /* a request was finished in this turn */
	bool queued;      /* in worker->again */
	bool capped;      /* counted in net->caps */
	uint64_t discard; /* bytes still to throw away */
	struct buf out;   /* what the socket did not take; blocks further requests */
	size_t out_at;
	struct addr peer;
	void *slot_data;
	uint64_t expires; /* ns */
	struct conn *dl_prev, *dl_next;
	struct conn *next; /* free slots; worker->again */
	struct event on_read, on_write;
};

struct req {
	struct conn *c; /* NULL in the pool */
	struct req *next;
	uint64_t serial;
	char *base; /* first byte of the head, from the end of the head on */
	const struct req_route *route;
	struct str path;
	struct str body;
	uint64_t body_left; /* of Content-Length, not taken yet */
	bool body_in_place, body_done;
	bool close, held, answered;
	bool own_cache; /* the route said Cache-Control */
	bool has_arena;
	struct buf content; /* a body that does not lie in the read buffer */
	struct buf extra;   /* fields for the answer */
	struct http_gunzip *gunzip;
	struct arena arena;
	struct http_chunked chunked;
	struct http_head head;
};

struct dl_list {
	struct conn *first, *last;
	uint64_t ns;
};

struct counters {
#define STAT(name, text) _Atomic uint64_t name;
#include "net/stats.def"
#undef STAT
};

/* One listener as a worker sees it. */
struct ear {
	struct worker *w;
	int fd;
	struct event on_accept;
};

struct worker {
	struct net *net;
	uint32_t index;
	bool draining;
	bool paused; /* not accepting: no descriptors */
	struct owner owner;
	void *data; /* of the app */
	struct event_base *base;
	struct event on_mail, on_deadline, on_again, on_resume, on_alarm;
	struct mailbox mail;
	uint64_t now;        /* ns, of this callback */
	uint64_t date_until; /* ns: when `common` is out of date */
	uint64_t timer_at;   /* ns: when on_deadline fires; UINT64_MAX: not armed */
	struct conn *turn;   /* the connection being served */
	struct buf out;      /* its answers */
	uint64_t serial;
	struct rbuf *rbufs; /* pools */
	struct req *reqs;
	uint32_t n_rbufs, n_reqs;
	struct conn **slabs;
	uint32_t n_slots, cap_slabs;
	struct conn *free_conns;
	struct conn *again_first, *again_last;
	uint32_t n_again;
	struct dl_list deadlines[DL_COUNT];
	int reserve; /* a descriptor to give up when there are no others */
	struct ear *ears;
	size_t common_n, common_full; /* without and with Cache-Control */
	char common[COMMON_MAX];
	struct req_msg do_drain, do_kill, do_exit;
	bool told; /* net->drained counts us */
	pthread_t thread;
	bool running;
	_Atomic uint32_t conns; /* [any] open or on their way here */
	struct counters count;  /* [any] may read */
};

struct net {
	const struct req_app *app;
	struct net_config cfg; /* pointers in it are not valid */
	char *base_path;
	size_t base_path_n;
	char *unix_path;
	struct addr_net *trusted;
	size_t trusted_n;
	int listeners[NET_LISTENERS_MAX];
	uint16_t ports[NET_LISTENERS_MAX];
	size_t n_listeners;
	size_t n_own; /* the first ones, which we opened */
	struct caps *caps;
	struct worker *workers;
	uint32_t n_workers;
	bool started;
	_Atomic uint32_t conns; /* [any] open in all */
	pthread_mutex_t lock;   /* of the next two */
	pthread_cond_t changed;
	uint32_t drained; /* workers that have no connections and accept none */
	uint32_t ready;   /* workers whose app has started */
};

/* Only the worker writes its counters: no locked instruction is needed. */
#define COUNT_ADD(w, name, by)                                                         \
	atomic_store_explicit(                                                         \
		&(w)->count.name,                                                      \
		atomic_load_explicit(&(w)->count.name, memory_order_relaxed) + (by),   \
		memory_order_relaxed)
#define COUNT(w, name) COUNT_ADD(w, name, 1)

/* worker.c: threads, the clock of a callback, pools, turns that were put off */
EMP_MUST_CHECK enum emp_rc worker_init(struct worker *w, struct net *n, uint32_t index);
void worker_fini(struct worker *w);
EMP_MUST_CHECK enum emp_rc worker_start(struct worker *w);
void worker_tick(struct worker *w);
struct rbuf *worker_rbuf(struct worker *w);
void worker_rbuf_give(struct worker *w, struct rbuf *b);
void worker_again(struct worker *w, struct conn *c);
void worker_again_leave(struct conn *c);
/* While draining: tell whoever waits when the last connection is gone. */
void worker_drained(struct worker *w);

/* deadline.c */
void deadline_set(struct conn *c, enum deadline d);
void deadline_clear(struct conn *c);
void deadline_fire(evutil_socket_t fd, short what, void *arg);

/* listen.c */
EMP_MUST_CHECK enum emp_rc listen_open(struct net *n, const struct net_config *cfg,
				       struct problem *p);
/* [main] Connecting fails from now on; not to sockets of a service manager. */
void listen_refuse(struct net *n);
void listen_close(struct net *n);
EMP_MUST_CHECK enum emp_rc listen_attach(struct worker *w);
void listen_detach(struct worker *w);
void listen_resume(evutil_socket_t fd, short what, void *arg);

/* conn.c */
void conn_open(struct worker *w, int fd, const struct addr *peer, bool capped);
void conn_close(struct conn *c);
/* Serve what there is to serve; may free the connection and its request. */
void conn_turn(struct conn *c);
struct buf *conn_out(struct conn *c);
/* Bytes the socket takes now; false: the connection is broken. */
EMP_MUST_CHECK bool conn_send(struct conn *c, struct str bytes, size_t *sent);
/* Wait until the socket takes what is in `out`. */
void conn_wait_sent(struct conn *c);
void conn_start_drain(struct worker *w, bool now);

/* begin.c: from head to handler */
void req_free(struct req *r);
/* One step of the state machine; false when more bytes or an answer are needed. */
bool conn_step(struct conn *c);
/* The request was answered. */
void req_finish(struct req *r);
/* Answer with an error, and close or not; `why` may be NULL. */
void req_fail(struct req *r, enum emp_rc rc, const char *why);
void req_refuse(struct req *r, enum emp_rc rc, const char *why);

/* answer.c */
/* Counts it, settles whether the connection goes on: the output to write to. */
struct buf *answer_begin(struct req *r, int status);
/* It is written. */
void answer_end(struct req *r);

/* body.c */
void body_begin(struct req *r);
/* True when the body is complete or an answer was given. */
bool body_step(struct req *r);

#endif
