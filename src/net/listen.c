/* Listening sockets, and who gets which connection.
 *
 * All workers watch the same sockets, so that a single-threaded burst does not wait for
 * a busy one. Whoever accepts gives the connection to the worker that has the fewest,
 * which evens out what the race for accept does not.
 *
 * When descriptors run out, accept fails while the connection stays in the queue, and
 * the loop would spin on it. So the worker stops watching for a moment; before, it
 * gives up a descriptor kept for this, takes one connection with it and closes that, so
 * that at least clients learn that something is wrong.
 */
#include "net/internal.h"

#include "base/log.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define ACCEPT_BATCH 32
#define HOST_MAX 64
#define PORT_TEXT_MAX 6
#define BUSY_TITLE "\"title\":\"The server is busy, try again later\""
#define BUSY                                                                           \
	"{\"type\":\"/problems/overloaded\"," BUSY_TITLE ",\"status\":503,"            \
	"\"detail\":\"too many connections\"}"

static const struct timeval pause_for = {0, 100000};

/* --- opening --- */

static enum emp_rc
fail(struct problem *p, const char *what, const char *address)
{
	return problem_set(p, EMP_CONFIG, "listen", "cannot %s %s: %s", what, address,
			   strerror(errno));
}

static enum emp_rc
keep(struct net *n, int fd, struct problem *p)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int on = 1, flags = fcntl(fd, F_GETFL);

	if (n->n_listeners == NET_LISTENERS_MAX) {
		close(fd);
		return problem_set(p, EMP_CONFIG, "listen", "more than %d listeners",
				   NET_LISTENERS_MAX);
	}
	n->listeners[n->n_listeners] = fd;
	n->ports[n->n_listeners] = 0;
	n->n_listeners++;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return fail(p, "use", "the socket");
	if (ss.ss_family == AF_INET)
		n->ports[n->n_listeners - 1] = ntohs(
			((struct sockaddr_in *)(void *)&ss)->sin_port);
	else if (ss.ss_family == AF_INET6)
		n->ports[n->n_listeners - 1] = ntohs(
			((struct sockaddr_in6 *)(void *)&ss)->sin6_port);
	else
		return EMP_OK;
	/* Accepted sockets inherit it: answers are sent whole, waiting gains nothing.
	 */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		return fail(p, "use", "the socket");
	return EMP_OK;
}

/* "127.0.0.1:80" or "[::1]:80" or "localhost:80". */
static bool
split_address(const char *text, char host[HOST_MAX], char port[PORT_TEXT_MAX])
{
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	uint64_t number;

	if (n == 0 || !num_u64(str_from(colon + 1), &number) || number > UINT16_MAX)
		return false;
	snprintf(port, PORT_TEXT_MAX, "%u", (unsigned)number);
	if (text[0] == '[' && n > 1 && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n) != NULL) {
		return false;
	}
	if (n >= HOST_MAX)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (strcmp(host, "localhost") == 0)
		strcpy(host, "127.0.0.1");
	return true;
}

/* NULL: text is no address. */
static struct addrinfo *
find_address(const char *text)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *ai = NULL;
	char host[HOST_MAX], port[PORT_TEXT_MAX];

	if (!split_address(text, host, port) ||
	    getaddrinfo(host, port, &hints, &ai) != 0)
		return NULL;
	return ai;
}

bool
net_address_valid(const char *text)
{
	struct addrinfo *ai = find_address(text);

	if (ai == NULL)
		return false;
	freeaddrinfo(ai);
	return true;
}

static enum emp_rc
open_tcp(struct net *n, const char *address, struct problem *p)
{
	struct addrinfo *ai = find_address(address);
	int on = 1, off = 0, fd;

	if (ai == NULL)
		return problem_set(p, EMP_CONFIG, "listen",
				   "%s is not like 127.0.0.1:8787 or [::1]:8787",
				   address);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (ai->ai_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		enum emp_rc rc = fail(p, "listen on", address);

		if (fd >= 0)
			close(fd);
		freeaddrinfo(ai);
		return rc;
	}
	freeaddrinfo(ai);
	return keep(n, fd, p);
}

/* A socket file that nobody listens on was left by a crash. */
static void
remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd;

	if (lstat(sun->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0 &&
	    errno == ECONNREFUSED && unlink(sun->sun_path) != 0)
		log_warn("cannot remove the old socket %s: %s", sun->sun_path,
			 strerror(errno));
	close(fd);
}

static enum emp_rc
open_unix(struct net *n, const char *path, unsigned mode, struct problem *p)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return problem_set(p, EMP_CONFIG, "listen",
				   "the path of a socket must "
				   "be shorter than %zu bytes",
				   sizeof(sun.sun_path));
	strcpy(sun.sun_path, path);
	remove_stale(&sun);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(p, "listen on", path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		enum emp_rc rc = fail(p, "listen on", path);

		close(fd);
		return rc;
	}
	n->unix_path = str_dup(str_from(path));
	/* Nobody gets in between bind and chmod: only listen opens the door. */
	if (n->unix_path == NULL || chmod(path, (mode_t)mode) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		enum emp_rc rc = fail(p, "listen on", path);

		close(fd);
		return rc;
	}
	return keep(n, fd, p);
}

enum emp_rc
listen_open(struct net *n, const struct net_config *cfg, struct problem *p)
{
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < cfg->tcp_n; i++)
		rc = open_tcp(n, cfg->tcp[i], p);
	if (rc == EMP_OK && cfg->unix_path != NULL)
		rc = open_unix(n, cfg->unix_path, cfg->unix_mode, p);
	n->n_own = n->n_listeners;
	for (size_t i = 0; rc == EMP_OK && i < cfg->inherited_n; i++) {
		int listening = 0;
		socklen_t len = sizeof(listening);

		if (getsockopt(cfg->inherited[i], SOL_SOCKET, SO_ACCEPTCONN, &listening,
			       &len) != 0 ||
		    !listening)
			rc = problem_set(p, EMP_CONFIG, "listen",
					 "the inherited descriptor %d does not listen",
					 cfg->inherited[i]);
		else
			rc = keep(n, cfg->inherited[i], p);
	}
	if (rc == EMP_OK && n->n_listeners == 0)
		rc = problem_set(p, EMP_CONFIG, "listen", "no address to listen on");
	return rc;
}

void
listen_refuse(struct net *n)
{
	for (size_t i = 0; i < n->n_own; i++)
		(void)shutdown(n->listeners[i], SHUT_RDWR);
}

void
listen_close(struct net *n)
{
	for (size_t i = 0; i < n->n_listeners; i++)
		close(n->listeners[i]);
	n->n_listeners = 0;
	if (n->unix_path != NULL)
		(void)unlink(n->unix_path);
	free(n->unix_path);
	n->unix_path = NULL;
}

/* --- accepting --- */

/* A connection on its way to another worker. */
struct arrival {
	struct req_msg msg;
	int fd;
	bool capped;
	struct addr peer;
};

static void
arrive(struct worker *w, struct req_msg *m)
{
	struct arrival *a = (struct arrival *)m;

	conn_open(w, a->fd, &a->peer, a->capped);
	free(a);
}

/* One write of a fixed answer, whether it arrives or not: we are too busy for more. */
static void
turn_away(int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
				     "Content-Type: application/problem+json\r\n"
				     "Content-Length: 122\r\nRetry-After: 5\r\n"
				     "Connection: close\r\n\r\n" BUSY;

	_Static_assert(sizeof(BUSY) - 1 == 122, "Content-Length above");
	(void)!send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static struct worker *
least_busy(struct worker *self)
{
	struct net *n = self->net;
	struct worker *best = self;
	uint32_t fewest = atomic_load_explicit(&self->conns, memory_order_relaxed);

	for (uint32_t i = 0; i < n->n_workers; i++) {
		uint32_t k = atomic_load_explicit(&n->workers[i].conns,
						  memory_order_relaxed);

		if (k < fewest) {
			best = &n->workers[i];
			fewest = k;
		}
	}
	return best;
}

static void
hand_over(struct worker *w, int fd, const struct addr *peer, bool capped)
{
	struct worker *to = least_busy(w);
	struct arrival *a = NULL;

	atomic_fetch_add(&w->net->conns, 1);
	if (to != w)
		a = malloc(sizeof(*a));
	if (a == NULL) {
		atomic_fetch_add(&w->conns, 1);
		conn_open(w, fd, peer, capped);
		return;
	}
	*a = (struct arrival){
		.msg = {.run = arrive}, .fd = fd, .capped = capped, .peer = *peer};
	atomic_fetch_add(&to->conns, 1);
	req_post(w->net, to->index, &a->msg, &a->msg);
}

static void
welcome(struct worker *w, int fd, const struct sockaddr_storage *ss)
{
	struct net *n = w->net;
	struct addr peer;
	bool capped;

	addr_from_sockaddr(&peer, ss);
	if (atomic_load(&n->conns) >= n->cfg.max_connections) {
		static struct log_limit limit;

		COUNT(w, refused_full);
		if (log_limit_pass(&limit))
			log_warn("all %u connections are in use, refusing more",
				 n->cfg.max_connections);
		turn_away(fd);
		return;
	}
	capped = n->caps != NULL && !addr_is_loopback(&peer) &&
		!addr_in_nets(&peer, n->trusted, n->trusted_n);
	if (capped && !caps_take(n->caps, addr_key(&peer))) {
		COUNT(w, refused_address);
		turn_away(fd);
		return;
	}
	hand_over(w, fd, &peer, capped);
}

static void
watch(struct worker *w, bool on)
{
	for (size_t i = 0; w->ears != NULL && i < w->net->n_listeners; i++)
		if ((on ? event_add(&w->ears[i].on_accept, NULL)
			: event_del(&w->ears[i].on_accept)) != 0)
			log_error("cannot %s the listening socket",
				  on ? "watch" : "leave");
}

static void
out_of_descriptors(struct worker *w, int listener)
{
	static struct log_limit limit;
	int error = errno, fd;

	if (log_limit_pass(&limit))
		log_error("cannot accept connections: %s; raise LimitNOFILE= of the "
			  "service or lower max_connections",
			  strerror(error));
	if (w->reserve >= 0) {
		close(w->reserve);
		w->reserve = -1;
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			COUNT(w, refused_descriptors);
			turn_away(fd);
		}
		w->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	if (event_add(&w->on_resume, &pause_for) != 0)
		return;
	w->paused = true;
	watch(w, false);
}

void
listen_resume(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	if (w->reserve < 0)
		w->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!w->paused || w->draining)
		return;
	w->paused = false;
	watch(w, true);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct ear *ear = arg;
	struct worker *w = ear->w;

	(void)what;
	worker_tick(w);
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage ss = {0};
		socklen_t len = sizeof(ss);
		int fd = accept4(listener, (struct sockaddr *)&ss, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(w, fd, &ss);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			out_of_descriptors(w, listener);
		return;
	}
}

enum emp_rc
listen_attach(struct worker *w)
{
	size_t n = w->net->n_listeners;

	w->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	w->ears = calloc(n, sizeof(*w->ears));
	if (w->ears == NULL)
		return EMP_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct ear *e = &w->ears[i];

		e->w = w;
		e->fd = w->net->listeners[i];
		event_assign(&e->on_accept, w->base, e->fd, EV_READ | EV_PERSIST,
			     on_accept, e);
		if (event_add(&e->on_accept, NULL) != 0)
			return EMP_IO;
	}
	return EMP_OK;
}

void
listen_detach(struct worker *w)
{
	watch(w, false);
}
