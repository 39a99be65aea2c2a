/* The HTTP server as the daemon sees it: listeners, worker threads, limits, figures.
 *
 *	net_new()    binds and listens, so that a taken port is an error before anything
 *runs net_start()  starts the workers net_stop()   no new connections; waits for what
 *is in flight; mail still runs net_free()   ends the threads; what was posted until
 *then is run first
 *
 * Between net_stop() and net_free() whoever answers held requests can be stopped: its
 * messages still find their worker, and no request.
 */
#ifndef EMP_NET_NET_H
#define EMP_NET_NET_H

#include "base/error.h"
#include "net/req.h"

#include <stdint.h>

/* All in ms; each is a whole, never prolonged by a single byte. */
struct net_deadlines {
	unsigned header; /* first byte of a request to the end of its head */
	unsigned body;   /* end of the head to end of the body */
	unsigned answer; /* end of the body to the answer */
	unsigned slow;   /* the same for routes whose answer may take minutes */
	unsigned send;   /* a full socket until the client took everything */
	unsigned idle;   /* without a request */
	unsigned linger; /* reading on after the last answer of a connection */
};

/* Strings and arrays are borrowed for the call of net_new. */
struct net_config {
	const char *const *tcp; /* "127.0.0.1:8787", "[::1]:0", "localhost:80" */
	size_t tcp_n;
	const char *unix_path; /* NULL: none */
	unsigned unix_mode;
	const int *
		inherited; /* listening sockets of a service manager; we own them now */
	size_t inherited_n;
	unsigned workers;           /* 0: as many as usable processors */
	unsigned max_connections;   /* in all */
	unsigned max_per_address;   /* 0: no limit; loopback and proxies have none */
	const char *base_path;      /* "" or "/feedback": where a proxy put us */
	const char *const *trusted; /* proxies: "10.0.0.0/8", "::1", "unix" */
	size_t trusted_n;
	bool insecure; /* take tokens over plain HTTP from anywhere */
	struct net_deadlines ms;
};

struct net_stats {
#define STAT(name, text) uint64_t name;
#include "net/stats.def"
#undef STAT
};

struct net;

/* [main] Defaults for everything; no listener. */
void net_config_init(struct net_config *cfg);
/* [main] Problems name the address ("listen"), the proxy ("trusted_proxies") or the
 * path
 * ("base_path") that cannot be. `app` must outlive the net. */
EMP_MUST_CHECK enum emp_rc net_new(struct net **out, const struct net_config *cfg,
				   const struct req_app *app, struct problem *p);
/* [main] Signals are blocked in the workers. */
EMP_MUST_CHECK enum emp_rc net_start(struct net *n);
/* [main] Returns when the last connection is closed, `drain_ms` later at most. */
void net_stop(struct net *n, unsigned drain_ms);
/* [main] */
void net_free(struct net **n);

/* [any] Whether text is an address to listen on, as in net_config.tcp. */
EMP_MUST_CHECK bool net_address_valid(const char *text);
/* [any] The port of TCP listener `i` in the order given, inherited ones last; 0: none.
 */
uint16_t net_port(const struct net *n, size_t i);
/* [any] */
uint32_t net_workers(const struct net *n);
/* [any] Sums over the workers; each figure is exact, they need not be of one moment. */
void net_stats_get(const struct net *n, struct net_stats *out);

#endif
