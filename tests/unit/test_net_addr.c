/* net/addr: addresses, networks, and how far a forwarded address is believed. */
#include <check.h>
#include <string.h>

#include "net/addr.h"
#include "unit.h"

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_msg(addr_parse(&a, str_from(text)), "%s", text);
	return a;
}

static bool
same(const struct addr *a, const struct addr *b)
{
	return a->local == b->local && memcmp(a->ip, b->ip, ADDR_BYTES) == 0;
}

START_TEST(addresses_are_parsed)
{
	static const char *const refused[] = {
		"",        "1.2.3", "1.2.3.4:", "1.2.3.4:x", "[::1",   "[::1]80",
		"[::1]:x", ":::",   "host",     "1.2.3.4 ",  "unknown"};
	struct addr a = address("192.0.2.1"), b = address("192.0.2.1:8080");

	ck_assert(same(&a, &b));
	b = address("::ffff:192.0.2.1");
	ck_assert(same(&a, &b));
	a = address("2001:db8::1");
	b = address("[2001:db8::1]:443");
	ck_assert(same(&a, &b));
	b = address("[2001:db8::1]");
	ck_assert(same(&a, &b));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ck_assert_msg(!addr_parse(&a, str_from(refused[i])), "%s", refused[i]);
}
END_TEST

static const struct {
	const char *net, *in, *out; /* out NULL: net is malformed */
} nets[] = {
	{"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
	{"192.0.2.128/25", "192.0.2.129", "192.0.2.127"},
	{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
	{"0.0.0.0/0", "8.8.8.8", "2001:db8::1"},
	{"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
	{"::1", "::1", "::2"},
	{"10.0.0.0/33", NULL, NULL},
	{"10.0.0.0/-1", NULL, NULL},
	{"10.0.0.0/", NULL, NULL},
	{"10.0.0/8", NULL, NULL},
	{"::/129", NULL, NULL},
	{"localhost", NULL, NULL},
};

START_TEST(networks_hold_their_addresses)
{
	struct addr_net net;
	struct addr a;

	ck_assert_int_eq(addr_net_parse(&net, str_from(nets[_i].net)),
			 nets[_i].in != NULL);
	if (nets[_i].in == NULL)
		return;
	a = address(nets[_i].in);
	ck_assert(addr_in_nets(&a, &net, 1));
	a = address(nets[_i].out);
	ck_assert(!addr_in_nets(&a, &net, 1));
	a = (struct addr){.local = true};
	ck_assert(!addr_in_nets(&a, &net, 1));
}
END_TEST

START_TEST(unix_sockets_are_a_network)
{
	struct addr a = {.local = true}, other = address("::1");
	struct addr_net net;

	ck_assert(addr_net_parse(&net, STR("unix")));
	ck_assert(addr_in_nets(&a, &net, 1));
	ck_assert(!addr_in_nets(&other, &net, 1));
}
END_TEST

START_TEST(loopback_is_known)
{
	struct addr a = address("127.1.2.3");

	ck_assert(addr_is_loopback(&a));
	a = address("::1");
	ck_assert(addr_is_loopback(&a));
	a = (struct addr){.local = true};
	ck_assert(addr_is_loopback(&a));
	a = address("128.0.0.1");
	ck_assert(!addr_is_loopback(&a));
	a = address("::");
	ck_assert(!addr_is_loopback(&a));
}
END_TEST

static const struct {
	const char *peer, *field, *client;
} forwards[] = {
	{"127.0.0.1", "192.0.2.7", "192.0.2.7"},
	{"127.0.0.1", "1.1.1.1, 192.0.2.7", "192.0.2.7"},
	{"127.0.0.1", "1.1.1.1, 192.0.2.7 , 10.0.0.3", "192.0.2.7"},
	{"10.0.0.2", "10.0.0.9", "10.0.0.9"},
	{"192.0.2.1", "1.1.1.1", "192.0.2.1"},
	{"127.0.0.1", "unknown", "127.0.0.1"},
	{"127.0.0.1", "1.1.1.1, bad, 10.0.0.3", "10.0.0.3"},
	{"127.0.0.1", "", "127.0.0.1"},
};

START_TEST(forwarded_addresses_are_believed_as_far_as_trusted)
{
	struct addr a = address(forwards[_i].peer), b = address(forwards[_i].client);
	struct addr_net trusted[2];

	ck_assert(addr_net_parse(&trusted[0], STR("127.0.0.1")));
	ck_assert(addr_net_parse(&trusted[1], STR("10.0.0.0/8")));
	addr_forwarded(&a, str_from(forwards[_i].field), trusted, 2);
	ck_assert(same(&a, &b));
}
END_TEST

START_TEST(a_key_stands_for_a_line)
{
	struct addr a = address("2001:db8::1"), b = address("2001:db8::2"),
		    c = address("2001:db8:0:1::1"), d = address("192.0.2.1"),
		    e = address("192.0.2.2");

	ck_assert_uint_eq(addr_key(&a), addr_key(&b));
	ck_assert_uint_ne(addr_key(&a), addr_key(&c));
	ck_assert_uint_ne(addr_key(&d), addr_key(&e));
}
END_TEST

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a[0])))

Suite *
net_addr_suite(void)
{
	Suite *s = suite_create("net_addr");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, addresses_are_parsed);
	tcase_add_loop_test(tc, networks_hold_their_addresses, 0, COUNT_OF(nets));
	tcase_add_test(tc, unix_sockets_are_a_network);
	tcase_add_test(tc, loopback_is_known);
	tcase_add_loop_test(tc, forwarded_addresses_are_believed_as_far_as_trusted, 0,
			    COUNT_OF(forwards));
	tcase_add_test(tc, a_key_stands_for_a_line);
	suite_add_tcase(s, tc);
	return s;
}
