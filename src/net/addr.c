/* Addresses. A forwarded address is taken only as far as each hop is trusted: the list
 * is read from its end, where the nearest proxy wrote. */
#include "net/addr.h"

#include "base/hash.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define ADDR_TEXT_MAX 64

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
is_v4(const struct addr *a)
{
	return memcmp(a->ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

void
addr_from_sockaddr(struct addr *a, const struct sockaddr_storage *ss)
{
	memset(a, 0, sizeof(*a));
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)ss;

		memcpy(a->ip, v4_prefix, sizeof(v4_prefix));
		memcpy(a->ip + sizeof(v4_prefix), &in->sin_addr, sizeof(in->sin_addr));
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)ss;

		memcpy(a->ip, &in6->sin6_addr, ADDR_BYTES);
	} else {
		a->local = true;
	}
}

static bool
parse_ip(struct addr *a, struct str text)
{
	char z[ADDR_TEXT_MAX];

	memset(a, 0, sizeof(*a));
	if (text.n == 0 || text.n >= sizeof(z) || memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	if (inet_pton(AF_INET, z, a->ip + sizeof(v4_prefix)) == 1) {
		memcpy(a->ip, v4_prefix, sizeof(v4_prefix));
		return true;
	}
	return inet_pton(AF_INET6, z, a->ip) == 1;
}

static bool
is_port(struct str s)
{
	uint64_t port;

	return num_u64(s, &port) && port <= UINT16_MAX;
}

bool
addr_parse(struct addr *a, struct str text)
{
	const char *end = text.p + text.n, *mark;

	if (text.n > 0 && text.p[0] == '[') {
		mark = memchr(text.p, ']', text.n);
		if (mark == NULL ||
		    (mark + 1 != end &&
		     (mark[1] != ':' ||
		      !is_port((struct str){mark + 2, (size_t)(end - mark - 2)}))))
			return false;
		text = (struct str){text.p + 1, (size_t)(mark - text.p - 1)};
	} else if (text.n > 0 && (mark = memchr(text.p, ':', text.n)) != NULL &&
		   memchr(mark + 1, ':', (size_t)(end - mark - 1)) == NULL) {
		/* One colon: an IPv4 address and a port. */
		if (!is_port((struct str){mark + 1, (size_t)(end - mark - 1)}))
			return false;
		text.n = (size_t)(mark - text.p);
	}
	return parse_ip(a, text);
}

bool
addr_net_parse(struct addr_net *n, struct str text)
{
	struct str ip = text, bits;
	uint64_t width = 0, most;

	memset(n, 0, sizeof(*n));
	if (str_is(text, "unix")) {
		n->addr.local = true;
		return true;
	}
	bits = ip;
	ip = str_split(&bits, '/');
	if (!parse_ip(&n->addr, ip))
		return false;
	most = is_v4(&n->addr) ? 32 : 128;
	width = most;
	if (bits.p != NULL && (!num_u64(bits, &width) || width > most))
		return false;
	n->bits = (uint8_t)(width + (is_v4(&n->addr) ? 96 : 0));
	return true;
}

static bool
in_net(const struct addr *a, const struct addr_net *n)
{
	size_t whole = n->bits / 8, rest = n->bits % 8;
	unsigned mask = 0xff00U >> rest & 0xff;

	if (a->local || n->addr.local)
		return a->local && n->addr.local;
	return memcmp(a->ip, n->addr.ip, whole) == 0 &&
		(rest == 0 || (a->ip[whole] & mask) == (n->addr.ip[whole] & mask));
}

bool
addr_in_nets(const struct addr *a, const struct addr_net *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (in_net(a, &nets[i]))
			return true;
	return false;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t v6_loopback[ADDR_BYTES] = {[15] = 1};

	return a->local || (is_v4(a) && a->ip[12] == 127) ||
		memcmp(a->ip, v6_loopback, ADDR_BYTES) == 0;
}

uint64_t
addr_key(const struct addr *a)
{
	return hash_bytes(a->ip, is_v4(a) ? ADDR_BYTES : ADDR_BYTES / 2);
}

void
addr_forwarded(struct addr *a, struct str field, const struct addr_net *nets, size_t n)
{
	while (field.p != NULL && addr_in_nets(a, nets, n)) {
		const char *comma = field.n ? memrchr(field.p, ',', field.n) : NULL;
		struct str last = field;
		struct addr next;

		if (comma != NULL) {
			last.p = comma + 1;
			last.n = (size_t)(field.p + field.n - last.p);
			field.n = (size_t)(comma - field.p);
		} else {
			field = STR_NONE;
		}
		if (!addr_parse(&next, str_trim(last)))
			return;
		*a = next;
	}
}
