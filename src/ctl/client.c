/* The blocking HTTP client: one connection, a pipeline of requests.
 *
 * The socket is non-blocking and one poll() waits for both directions, so that a batch
 * of megabytes that the daemon does not read yet, because it writes an answer we do not
 * read yet, moves on. Requests live in `out` until they are sent; their methods are
 * kept until they are answered, because the length of an answer to HEAD depends on it.
 */
#include "ctl/client.h"

#include "base/num.h"
#include "base/version.h"
#include "ctl/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PENDING_MAX 64 /* requests in a pipeline; one bit each for HEAD */
#define READ_SIZE 65536
#define CONNECT_MS 10000
#define PORT_DEFAULT "80"

struct ctl_client {
	char *url;
	char *host; /* "localhost" for a unix socket */
	char *port;
	char *base; /* path before ours, without the last slash */
	char *path; /* of a unix socket */
	char *token;
	int fd; /* -1: not connected */
	int timeout_ms;
	bool refused;
	bool ended;  /* the peer sent its last byte */
	bool broken; /* the peer ended it with requests unanswered */
	bool reset;  /* the answer handed out last is to be dropped first */
	uint32_t pending;
	uint64_t heads; /* bit i: the i-th pending request is a HEAD */
	struct buf out, in;
	size_t out_at; /* of out: what was sent */
	struct ctl_parser parser;
};

/* The last part may be absent: "http://host" */
static enum emp_rc
parse_http(struct ctl_client *c, struct str rest, struct problem *p)
{
	struct str whole = rest;
	struct str authority = str_split(&rest, '/');
	struct str host = authority;
	struct str port = STR(PORT_DEFAULT);
	uint64_t number;

	while (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	if (authority.n > 0 && authority.p[0] == '[') { /* [::1]:8787 */
		struct str tail = {authority.p + 1, authority.n - 1};

		host = str_split(&tail, ']');
		if (tail.n > 0 && tail.p[0] == ':')
			port = (struct str){tail.p + 1, tail.n - 1};
	} else if (authority.n > 0 && memchr(authority.p, ':', authority.n) != NULL) {
		host = str_split(&authority, ':');
		port = authority;
	}
	if (host.n == 0 || !num_u64(port, &number) || number == 0 || number > 65535 ||
	    memchr(whole.p, ' ', whole.n) != NULL)
		return problem_set(p, EMP_INVALID, "server",
				   "expected http://HOST:PORT or unix:PATH");
	c->host = str_dup(host);
	c->port = str_dup(port);
	c->base = malloc(rest.n + 2);
	if (c->host == NULL || c->port == NULL || c->base == NULL)
		return problem_set(p, EMP_NOMEM, "", "out of memory");
	c->base[0] = '\0';
	if (rest.n > 0)
		snprintf(c->base, rest.n + 2, "/%.*s", STR_FMT(rest));
	return EMP_OK;
}

static enum emp_rc
parse_url(struct ctl_client *c, struct str url, struct problem *p)
{
	const struct str http = STR("http://");
	const struct str local = STR("unix:");

	if (str_starts(url, STR("https://")))
		return problem_set(p, EMP_INVALID, "server",
				   "https is not spoken here; use the daemon's own "
				   "address, or its socket as unix:PATH");
	if (str_starts(url, http))
		return parse_http(c, (struct str){url.p + http.n, url.n - http.n}, p);
	if (!str_starts(url, local))
		return parse_http(c, url, p);
	c->path = str_dup((struct str){url.p + local.n, url.n - local.n});
	c->host = str_dup(STR("localhost"));
	c->base = str_dup(STR(""));
	if (c->path == NULL || c->host == NULL || c->base == NULL)
		return problem_set(p, EMP_NOMEM, "", "out of memory");
	if (c->path[0] == '\0' ||
	    strlen(c->path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		return problem_set(p, EMP_INVALID, "server",
				   "the path of the socket is empty or too long");
	return EMP_OK;
}

enum emp_rc
ctl_client_new(struct ctl_client **out, const char *url, struct str token,
	       struct problem *p)
{
	struct ctl_client *c = calloc(1, sizeof *c);
	enum emp_rc rc;

	*out = NULL;
	if (c == NULL)
		return problem_set(p, EMP_NOMEM, "", "out of memory");
	c->fd = -1;
	c->timeout_ms = CTL_TIMEOUT_MS;
	buf_init(&c->out, 0);
	buf_init(&c->in, 0);
	ctl_parser_init(&c->parser);
	c->url = str_dup(str_from(url));
	c->token = token.p != NULL ? str_dup(token) : NULL;
	if (c->url == NULL || (token.p != NULL && c->token == NULL)) {
		rc = problem_set(p, EMP_NOMEM, "", "out of memory");
		goto out;
	}
	rc = parse_url(c, str_from(url), p);
out:
	if (rc != EMP_OK)
		ctl_client_free(&c);
	*out = c;
	return rc;
}

void
ctl_client_free(struct ctl_client **cp)
{
	struct ctl_client *c = *cp;

	if (c == NULL)
		return;
	ctl_client_drop(c);
	ctl_parser_fini(&c->parser);
	buf_fini(&c->out);
	buf_fini(&c->in);
	free(c->url);
	free(c->host);
	free(c->port);
	free(c->base);
	free(c->path);
	free(c->token);
	free(c);
	*cp = NULL;
}

void
ctl_client_timeout(struct ctl_client *c, int ms)
{
	c->timeout_ms = ms;
}

uint32_t
ctl_client_pending(const struct ctl_client *c)
{
	return c->pending;
}

const char *
ctl_client_url(const struct ctl_client *c)
{
	return c->url;
}

bool
ctl_client_refused(const struct ctl_client *c)
{
	return c->refused;
}

static void
disconnect(struct ctl_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->ended = false;
	buf_clear(&c->in);
}

void
ctl_client_drop(struct ctl_client *c)
{
	disconnect(c);
	c->pending = 0;
	c->heads = 0;
	c->reset = false;
	c->broken = false;
	c->out_at = 0;
	buf_clear(&c->out);
	ctl_parser_reset(&c->parser);
}

enum emp_rc
ctl_client_push(struct ctl_client *c, const char *method, const char *path,
		const char *type, struct str body)
{
	EMP_ASSERT(c->pending < PENDING_MAX);
	if (c->out_at == c->out.n) {
		buf_clear(&c->out);
		c->out_at = 0;
	}
	buf_printf(&c->out, "%s %s%s HTTP/1.1\r\nHost: ", method, c->base, path);
	if (strchr(c->host, ':') != NULL)
		buf_printf(&c->out, "[%s]", c->host);
	else
		buf_add_z(&c->out, c->host);
	if (c->port != NULL && strcmp(c->port, PORT_DEFAULT) != 0)
		buf_printf(&c->out, ":%s", c->port);
	buf_printf(&c->out, "\r\nUser-Agent: empowerctl/%s\r\n", base_version());
	if (c->token != NULL)
		buf_printf(&c->out, "Authorization: Bearer %s\r\n", c->token);
	if (type != NULL)
		buf_printf(&c->out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
			   body.n);
	buf_add_z(&c->out, "\r\n");
	if (type != NULL)
		buf_add_str(&c->out, body);
	if (!buf_ok(&c->out)) {
		ctl_client_drop(c);
		return EMP_NOMEM;
	}
	if (strcmp(method, "HEAD") == 0)
		c->heads |= UINT64_C(1) << c->pending;
	c->pending++;
	return EMP_OK;
}

/* EINPROGRESS is waited for, so that a host that drops packets costs seconds, not
 * minutes. 0, or the error number. */
static int
connect_fd(int fd, const struct sockaddr *to, socklen_t n)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof error;
	int ready;

	if (connect(fd, to, n) == 0)
		return 0;
	if (errno != EINPROGRESS && errno != EAGAIN)
		return errno;
	do
		ready = poll(&pfd, 1, CONNECT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return ETIMEDOUT;
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return errno;
	return error;
}

static int
connect_unix(struct ctl_client *c)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	memcpy(to.sun_path, c->path, strlen(c->path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	return connect_fd(c->fd, (const struct sockaddr *)&to, sizeof to);
}

static int
connect_address(struct ctl_client *c, const struct addrinfo *a)
{
	const int on = 1;
	int error;

	c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	error = connect_fd(c->fd, a->ai_addr, a->ai_addrlen);
	/* A request goes out in few large writes; waiting to join them only delays. */
	if (error == 0 &&
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		error = errno;
	return error;
}

static enum emp_rc
open_connection(struct ctl_client *c, struct problem *p)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int error = ECONNREFUSED;
	int found;

	if (c->path != NULL) {
		error = connect_unix(c);
	} else {
		found = getaddrinfo(c->host, c->port, &hints, &list);
		if (found != 0)
			return problem_set(p, EMP_IO, "", "cannot look up %s: %s",
					   c->host, gai_strerror(found));
		for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
			error = connect_address(c, a);
			if (error == 0)
				break;
			disconnect(c);
		}
		freeaddrinfo(list);
	}
	/* No socket of that name: nobody listens there, either. */
	c->refused = error == ECONNREFUSED || (c->path != NULL && error == ENOENT);
	if (error != 0) {
		disconnect(c);
		return problem_set(p, EMP_IO, "", "cannot connect to %s: %s", c->url,
				   strerror(error));
	}
	return EMP_OK;
}

/* 0: go on; else the error number of a broken connection. */
static int
send_some(struct ctl_client *c)
{
	ssize_t n = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at,
			 MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	c->out_at += (size_t)n;
	return 0;
}

static int
receive_some(struct ctl_client *c)
{
	char *to = buf_reserve(&c->in, READ_SIZE);
	ssize_t n;

	if (to == NULL)
		return ENOMEM;
	n = recv(c->fd, to, READ_SIZE, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	c->ended = n == 0;
	c->in.n += (size_t)n;
	return 0;
}

/* Waits for one step of progress in either direction. */
static enum emp_rc
exchange(struct ctl_client *c, struct problem *p)
{
	struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
	int error = 0;
	int ready;

	if (c->out_at < c->out.n)
		pfd.events |= POLLOUT;
	ready = poll(&pfd, 1, c->timeout_ms);
	if (ready < 0 && errno != EINTR)
		return problem_set(p, EMP_IO, "", "%s: %s", c->url, strerror(errno));
	if (ready == 0)
		return problem_set(p, EMP_TIMEOUT, "", "%s does not answer", c->url);
	if (ready < 0)
		return EMP_OK;
	/* Read first: a server that refuses a request early answers and closes while we
	 * still send, and the answer says why. */
	if (pfd.revents & (POLLIN | POLLHUP | POLLERR))
		error = receive_some(c);
	else if (pfd.revents & POLLOUT)
		error = send_some(c);
	if (error != 0)
		return problem_set(p, EMP_IO, "", "the connection to %s broke: %s",
				   c->url, strerror(error));
	return EMP_OK;
}

/* After an answer: what the next one starts with. */
static void
answered(struct ctl_client *c)
{
	bool last = c->parser.close;

	c->pending--;
	c->heads >>= 1;
	c->reset = true;
	/* Requests behind it will not be answered on this connection; pull says so when
	 * it is asked for them. */
	if (last) {
		c->broken = c->pending > 0;
		disconnect(c);
		c->out_at = 0;
		buf_clear(&c->out);
	}
}

static enum emp_rc
pull_step(struct ctl_client *c, bool *done, struct problem *p)
{
	enum emp_rc rc = EMP_OK;

	switch (ctl_parser_feed(&c->parser, &c->in, c->ended, c->heads & 1)) {
	case CTL_PARSE_DONE:
		*done = true;
		return EMP_OK;
	case CTL_PARSE_BAD:
		if (c->ended)
			return problem_set(p, EMP_IO, "", "%s closed the connection",
					   c->url);
		return problem_set(p, EMP_CORRUPT, "",
				   "%s does not answer in HTTP/1.1 as expected",
				   c->url);
	case CTL_PARSE_MORE:
		rc = exchange(c, p);
		break;
	}
	return rc;
}

enum emp_rc
ctl_client_pull(struct ctl_client *c, struct ctl_answer *out, struct problem *p)
{
	enum emp_rc rc = EMP_OK;
	bool done = false;

	EMP_ASSERT(c->pending > 0);
	if (c->reset) {
		ctl_parser_reset(&c->parser);
		c->reset = false;
	}
	if (c->broken)
		rc = problem_set(p, EMP_IO, "", "%s closed the connection", c->url);
	if (rc == EMP_OK && c->fd < 0)
		rc = open_connection(c, p);
	while (rc == EMP_OK && !done)
		rc = pull_step(c, &done, p);
	if (rc != EMP_OK) {
		ctl_client_drop(c);
		return rc;
	}
	ctl_parser_answer(&c->parser, out);
	answered(c);
	return EMP_OK;
}
