/*
 * A server of net with a trivial application, so that the HTTP layer is tested alone.
 *
 *	echo_server [key=value]...
 *
 * Keys: listen, unix, workers, max_connections, max_per_address, base_path, trusted
 *(may come several times), insecure, the deadlines in ms (header body answer send idle
 * linger), drain, nofile (descriptors the process may have), sndbuf. It prints
 * "ready: PORT" and runs until SIGTERM; then it drains and prints "drained".
 *
 * Routes: see the table `routes` below. Everything that waits does so for a request,
 *never for a time: /hold is answered when somebody asks for /release.
 */
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "net/net.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define HELD_MAX 64
#define STREAMS_MAX 64
#define PROXIES_MAX 8
#define SMALL_MAX 16
#define BODY_MAX (8 * 1024 * 1024)

static struct net *net;

/* Requests that wait for /release. Both routes may run on any worker. */
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static struct req_ref held[HELD_MAX];
static size_t n_held;
static _Atomic unsigned long lost; /* answered after their client had gone */

struct release {
	struct req_msg msg;
	struct req_ref ref;
};

static void
reply_text(struct req *r, struct str text)
{
	req_reply(r, 200, "text/plain", text);
}

static void
handle_echo(struct req *r)
{
	req_reply(r, 200, "application/octet-stream", req_body(r));
}

static void
handle_hello(struct req *r)
{
	reply_text(r, STR("hello\n"));
}

/* What the benchmark asks: a small answer to a small body. */
static void
handle_post(struct req *r)
{
	static const char answer[] =
		"{\"id\":\"0192f3a1b2c3d4e5f60718293a4b5c6d\",\"status\":\"stored\"}\n";

	req_reply(r, 201, "application/json", STR(answer));
}

static void
handle_big(struct req *r)
{
	struct buf b;
	uint64_t n = 0;
	char *p;

	buf_init(&b, 0);
	if (!num_u64(req_query(r), &n) || n > 64UL << 20 || !(p = buf_reserve(&b, n))) {
		req_reply(r, 422, NULL, STR_NONE);
		return;
	}
	memset(p, 'x', n);
	b.n = n;
	reply_text(r, buf_str(&b));
	buf_fini(&b);
}

static void
handle_hold(struct req *r)
{
	struct req_ref ref = req_hold(r);

	pthread_mutex_lock(&held_lock);
	EMP_ASSERT(n_held < HELD_MAX);
	held[n_held++] = ref;
	pthread_mutex_unlock(&held_lock);
}

/* Never answered: the deadline has to do it. */
static void
handle_never(struct req *r)
{
	(void)req_hold(r);
}

static void
release_one(struct worker *w, struct req_msg *m)
{
	struct release *rel = (struct release *)m;
	struct req *r = req_find(w, rel->ref);

	if (r != NULL)
		reply_text(r, req_body(r).n > 0 ? req_body(r) : STR("held\n"));
	else
		lost++;
	free(rel);
}

static void
handle_release(struct req *r)
{
	char text[32];
	size_t n;

	pthread_mutex_lock(&held_lock);
	n = n_held;
	n_held = 0;
	for (size_t i = 0; i < n; i++) {
		struct release *rel = calloc(1, sizeof(*rel));

		EMP_ASSERT(rel != NULL);
		rel->msg.run = release_one;
		rel->ref = held[i];
		req_post(net, held[i].worker, &rel->msg, &rel->msg);
	}
	pthread_mutex_unlock(&held_lock);
	snprintf(text, sizeof(text), "%zu\n", n);
	reply_text(r, str_from(text));
}

/* Streams: begun at once, or when the first /push comes. */
struct echo_stream {
	struct req_ref ref;
	enum { ECHO_HELD, ECHO_OPEN, ECHO_OVER } state;
};

static struct echo_stream streams[STREAMS_MAX];
static size_t n_streams; /* held_lock */
static _Atomic unsigned long pushed, refused, rooms, gone;

struct push {
	struct req_msg msg;
	struct echo_stream *to;
	size_t n; /* 0: end it */
};

static void
push_to(struct worker *w, struct echo_stream *s, struct str piece)
{
	if (req_stream_send(w, s->ref, piece))
		pushed++;
	else
		refused++;
}

static void
stream_room(void *ctx)
{
	(void)ctx;
	rooms++;
}

static void
stream_gone(void *ctx)
{
	struct echo_stream *s = ctx;

	s->state = ECHO_OVER;
	gone++;
}

static const struct req_stream echo_stream = {.room = stream_room, .gone = stream_gone};

static void
begin_stream(struct req *r, struct echo_stream *s)
{
	struct worker *w = req_worker(r);

	if (!req_stream_begin(r, "text/event-stream", &echo_stream, s, &s->ref)) {
		s->state = ECHO_OVER;
		return;
	}
	s->state = ECHO_OPEN;
	push_to(w, s, STR("hello\n"));
}

/* With a query it is held until somebody pushes. */
static void
handle_stream(struct req *r)
{
	struct echo_stream *s;

	pthread_mutex_lock(&held_lock);
	EMP_ASSERT(n_streams < STREAMS_MAX);
	s = &streams[n_streams++];
	if (req_query(r).p != NULL)
		s->ref = req_hold(r);
	else
		begin_stream(r, s);
	pthread_mutex_unlock(&held_lock);
}

static void
push_one(struct worker *w, struct req_msg *m)
{
	struct push *p = (struct push *)m;
	struct echo_stream *s = p->to;
	char piece[REQ_STREAM_PIECE_MAX];

	if (s->state == ECHO_HELD) {
		struct req *r = req_find(w, s->ref);

		pthread_mutex_lock(&held_lock);
		if (r != NULL)
			begin_stream(r, s);
		pthread_mutex_unlock(&held_lock);
	} else if (s->state == ECHO_OPEN && p->n == 0) {
		req_stream_end(w, s->ref);
		s->state = ECHO_OVER;
	} else if (s->state == ECHO_OPEN) {
		memset(piece, 'x', p->n);
		piece[p->n - 1] = '\n';
		push_to(w, s, (struct str){piece, p->n});
	}
	free(p);
}

/* The query: how many bytes to each, 0 ends them. */
static void
handle_push(struct req *r)
{
	uint64_t n = 0;

	EMP_ASSERT(num_u64(req_query(r), &n) && n <= REQ_STREAM_PIECE_MAX);
	pthread_mutex_lock(&held_lock);
	for (size_t i = 0; i < n_streams; i++) {
		struct push *p = calloc(1, sizeof(*p));

		EMP_ASSERT(p != NULL);
		*p = (struct push){{.run = push_one}, &streams[i], n};
		req_post(net, streams[i].ref.worker, &p->msg, &p->msg);
	}
	pthread_mutex_unlock(&held_lock);
	reply_text(r, STR("pushed\n"));
}

static void
handle_streams(struct req *r)
{
	char text[160];
	size_t begun;

	pthread_mutex_lock(&held_lock);
	begun = n_streams;
	pthread_mutex_unlock(&held_lock);
	snprintf(text, sizeof(text),
		 "{\"begun\":%zu,\"pushed\":%lu,\"refused\":%lu,"
		 "\"rooms\":%lu,\"gone\":%lu}\n",
		 begun, pushed, refused, rooms, gone);
	reply_text(r, str_from(text));
}

static void
handle_held(struct req *r)
{
	char text[64];

	pthread_mutex_lock(&held_lock);
	snprintf(text, sizeof(text), "%zu %lu\n", n_held, lost);
	pthread_mutex_unlock(&held_lock);
	reply_text(r, str_from(text));
}

static void
handle_info(struct req *r)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b,
		   "{\"path\":\"%.*s\",\"secure\":%d,\"loopback\":%d,\"key\":\"%lx\"",
		   STR_FMT(req_path(r)), req_is_secure(r), req_is_loopback(r),
		   (unsigned long)req_client_key(r));
	if (req_query(r).p != NULL)
		buf_printf(&b, ",\"query\":\"%.*s\"", STR_FMT(req_query(r)));
	if (req_header(r, "x-test").p != NULL)
		buf_printf(&b, ",\"x-test\":\"%.*s\"",
			   STR_FMT(req_header(r, "x-test")));
	buf_add_str(&b, STR("}\n"));
	req_reply(r, 200, "application/json", buf_str(&b));
	buf_fini(&b);
}

static void
handle_stats(struct req *r)
{
	struct net_stats s;
	struct buf b;

	net_stats_get(net, &s);
	buf_init(&b, 0);
	buf_add_c(&b, '{');
#define STAT(name, text) buf_printf(&b, "\"" #name "\":%lu,", (unsigned long)s.name);
#include "net/stats.def"
#undef STAT
	buf_printf(&b, "\"workers\":%u}\n", net_workers(net));
	req_add_header(r, "Cache-Control", STR("max-age=0"));
	req_reply(r, 200, "application/json", buf_str(&b));
	buf_fini(&b);
}

static void
handle_error(struct req *r)
{
	struct problem p;

	problem_set(&p, EMP_RATE_LIMITED, "/data/answers", "at \"%s\"", "noon");
	req_error(r, &p);
}

static const struct {
	const char *path;
	enum req_method method;
	const char *allow;
	struct req_route route;
} routes[] = {
	{"/", REQ_GET, "GET, HEAD", {0, false, handle_hello}},
	{"/hello", REQ_GET, "GET, HEAD", {0, false, handle_hello}},
	{"/echo", REQ_POST, "POST", {BODY_MAX, false, handle_echo}},
	{"/post", REQ_POST, "POST", {BODY_MAX, false, handle_post}},
	{"/small", REQ_PUT, "PUT", {SMALL_MAX, false, handle_echo}},
	{"/big", REQ_GET, "GET, HEAD", {0, false, handle_big}},
	{"/hold", REQ_POST, "POST", {BODY_MAX, false, handle_hold}},
	{"/never", REQ_GET, "GET, HEAD", {0, false, handle_never}},
	{"/release", REQ_GET, "GET, HEAD", {0, false, handle_release}},
	{"/held", REQ_GET, "GET, HEAD", {0, false, handle_held}},
	{"/stream", REQ_GET, "GET, HEAD", {0, false, handle_stream}},
	{"/push", REQ_GET, "GET, HEAD", {0, false, handle_push}},
	{"/streams", REQ_GET, "GET, HEAD", {0, false, handle_streams}},
	{"/info", REQ_GET, "GET, HEAD", {0, false, handle_info}},
	{"/stats", REQ_GET, "GET, HEAD", {0, false, handle_stats}},
	{"/error", REQ_GET, "GET, HEAD", {0, false, handle_error}},
};

static const struct req_route *
route(struct req *r, void *ctx)
{
	struct problem p;

	(void)ctx;
	if (str_is(req_path(r), "/forbidden")) {
		problem_set(&p, EMP_UNAUTHORIZED, "", "no token");
		req_error(r, &p);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		enum req_method m = req_method(r);

		if (!str_is(req_path(r), routes[i].path))
			continue;
		if (m == routes[i].method ||
		    (m == REQ_HEAD && routes[i].method == REQ_GET))
			return &routes[i].route;
		req_method_not_allowed(r, routes[i].allow);
		return NULL;
	}
	problem_set(&p, EMP_NOT_FOUND, "", "nothing here");
	req_error(r, &p);
	return NULL;
}

struct options {
	struct net_config cfg;
	const char *listen, *trusted[PROXIES_MAX];
	unsigned drain, nofile;
};

static bool
take_number(struct options *o, const char *key, unsigned v)
{
	const struct {
		const char *key;
		unsigned *to;
	} numbers[] = {
		{"workers", &o->cfg.workers},
		{"max_connections", &o->cfg.max_connections},
		{"header", &o->cfg.ms.header},
		{"max_per_address", &o->cfg.max_per_address},
		{"body", &o->cfg.ms.body},
		{"answer", &o->cfg.ms.answer},
		{"send", &o->cfg.ms.send},
		{"idle", &o->cfg.ms.idle},
		{"linger", &o->cfg.ms.linger},
		{"drain", &o->drain},
		{"nofile", &o->nofile},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(key, numbers[i].key) == 0) {
			*numbers[i].to = v;
			return true;
		}
	return false;
}

static void
take_option(struct options *o, char *arg)
{
	char *value = strchr(arg, '=');
	uint64_t number;

	if (value != NULL) {
		*value++ = '\0';
		if (strcmp(arg, "listen") == 0) {
			o->listen = value;
			return;
		}
		if (strcmp(arg, "unix") == 0) {
			o->cfg.unix_path = value;
			return;
		}
		if (strcmp(arg, "base_path") == 0) {
			o->cfg.base_path = value;
			return;
		}
		if (strcmp(arg, "insecure") == 0) {
			o->cfg.insecure = true;
			return;
		}
		if (strcmp(arg, "trusted") == 0 && o->cfg.trusted_n < PROXIES_MAX) {
			o->trusted[o->cfg.trusted_n++] = value;
			return;
		}
		if (num_u64(str_from(value), &number) && number <= UINT_MAX &&
		    take_number(o, arg, (unsigned)number))
			return;
	}
	fprintf(stderr, "echo_server: bad option %s\n", arg);
	exit(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	struct options o = {.listen = "127.0.0.1:0", .drain = 5000};
	struct req_app app = {.route = route};
	struct problem p;
	sigset_t stop;
	int sig;

	net_config_init(&o.cfg);
	for (int i = 1; i < argc; i++)
		take_option(&o, argv[i]);
	if (o.nofile > 0) {
		struct rlimit limit = {o.nofile, o.nofile};

		EMP_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	}
	o.cfg.tcp = &o.listen;
	o.cfg.tcp_n = 1;
	o.cfg.trusted = o.trusted;
	hash_init();
	log_init(LOG_LEVEL_INFO, false);
	EMP_ASSERT(sigemptyset(&stop) == 0 && sigaddset(&stop, SIGTERM) == 0);
	EMP_ASSERT(pthread_sigmask(SIG_BLOCK, &stop, NULL) == 0);
	if (net_new(&net, &o.cfg, &app, &p) != EMP_OK) {
		fprintf(stderr, "echo_server: %s: %s\n", p.pointer, p.detail);
		return EXIT_FAILURE;
	}
	EMP_ASSERT(net_start(net) == EMP_OK);
	printf("ready: %u\n", net_port(net, 0));
	fflush(stdout);
	EMP_ASSERT(sigwait(&stop, &sig) == 0);
	net_stop(net, o.drain);
	printf("drained\n");
	net_free(&net);
	return EXIT_SUCCESS;
}
