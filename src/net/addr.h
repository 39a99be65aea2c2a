/* Addresses of clients: parsing, networks of trusted proxies, X-Forwarded-For.
 *
 * IPv4 is kept as IPv4-mapped IPv6 so that there is one form to compare.
 */
#ifndef EMP_NET_ADDR_H
#define EMP_NET_ADDR_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/socket.h>

#define ADDR_BYTES 16

struct addr {
	uint8_t ip[ADDR_BYTES];
	bool local; /* a unix socket; ip is zero */
};

/* A network, or all unix sockets. */
struct addr_net {
	struct addr addr;
	uint8_t bits;
};

/* [any] */
void addr_from_sockaddr(struct addr *a, const struct sockaddr_storage *ss);
/* [any] "192.0.2.1", "2001:db8::1", both also with a port: "1.2.3.4:80", "[::1]:80". */
EMP_MUST_CHECK bool addr_parse(struct addr *a, struct str text);
/* [any] "10.0.0.0/8", "::1", "unix". */
EMP_MUST_CHECK bool addr_net_parse(struct addr_net *n, struct str text);
bool addr_in_nets(const struct addr *a, const struct addr_net *nets, size_t n);
bool addr_is_loopback(const struct addr *a);
/* [any] For tables: one key per IPv4 address or IPv6 /64 (one customer line). */
uint64_t addr_key(const struct addr *a);
/* [any] The client behind trusted proxies: the last address in X-Forwarded-For that is
 * none of them. Unchanged when `peer` is not trusted or the field is malformed. */
void addr_forwarded(struct addr *a, struct str field, const struct addr_net *nets,
		    size_t n);

#endif
