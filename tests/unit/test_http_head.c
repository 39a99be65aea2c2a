/* http/head: what is taken, what is refused, and that cuts make no difference. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/chars.h"
#include "http/head.h"
#include "unit.h"

/* Parse a copy on the heap of exactly that size, so that a read past its end shows. */
static enum http_verdict
parse(struct http_head *h, struct str s, char **copy)
{
	enum http_verdict v;

	*copy = malloc(s.n > 0 ? s.n : 1);
	ck_assert_ptr_nonnull(*copy);
	memcpy(*copy, s.p, s.n);
	http_head_init(h);
	v = http_head_parse(h, *copy, s.n);
	return v;
}

/* The verdict must come at the same byte with the same result however the bytes are
 * cut; returns it. */
static enum http_verdict
parse_all_ways(struct http_head *h, struct str s)
{
	char *copy, *part;
	struct http_head cut;
	enum http_verdict whole = parse(h, s, &copy), v;

	for (size_t i = 0; i <= s.n; i++) {
		http_head_init(&cut);
		part = malloc(i > 0 ? i : 1);
		memcpy(part, s.p, i);
		v = http_head_parse(&cut, part, i);
		free(part);
		if (v == HTTP_MORE) {
			part = malloc(s.n > 0 ? s.n : 1);
			memcpy(part, s.p, s.n);
			v = http_head_parse(&cut, part, s.n);
			free(part);
		}
		ck_assert_msg(v == whole, "cut at %zu: %d, whole: %d: %.60s", i, v,
			      whole, s.p);
		if (v == HTTP_BAD)
			ck_assert_int_eq(cut.rc, h->rc);
		if (v == HTTP_DONE)
			ck_assert_mem_eq(&cut.at, &h->at, sizeof(h->at));
	}
	/* And byte by byte. */
	http_head_init(&cut);
	v = HTTP_MORE;
	for (size_t i = 1; i <= s.n && v == HTTP_MORE; i++)
		v = http_head_parse(&cut, copy, i);
	if (whole != HTTP_DONE)
		ck_assert_int_eq(v, whole);
	free(copy);
	return whole;
}

#define HOST "Host: h\r\n"
#define G11 "GET / HTTP/1.1\r\n" HOST

static const struct {
	const char *text;
	enum emp_rc rc;
} bad_heads[] = {
	{"\n", EMP_BAD_REQUEST},
	{" GET / HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"\r\n\r\nGET / HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"\rGET / HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET\r\n", EMP_BAD_REQUEST},
	{"GET /\r\n", EMP_BAD_REQUEST},
	{"GET / \r\n", EMP_BAD_REQUEST},
	{"GET  / HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET /  HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET\t/ HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1 \r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\rX", EMP_BAD_REQUEST},
	{"GET / http/1.1\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/11\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.10\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/2.0\r\n", EMP_VERSION},
	{"GET / HTTP/0.9\r\n", EMP_VERSION},
	{"G\x01T / HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"G(T / HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n", EMP_NOT_IMPLEMENTED},
	{"GET /\x7f HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET /\xc3\xa4 HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET /#x HTTP/1.1\r\n", EMP_BAD_REQUEST},
	{"GET x HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET * HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET http:// HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET http:///x HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET http://u@h/ HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n", EMP_NOT_IMPLEMENTED},
	{"GET /%zz HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET /% HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET /%a HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET /a%00b HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET /a%2fb HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET /?a=%4 HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\r\n\r\n", EMP_BAD_REQUEST},
	{G11 "Host: h\r\n\r\n", EMP_BAD_REQUEST},
	{G11 "hOST: other\r\n\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n"
	 "authorization: Bearer x\r\n\r\n",
	 EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", EMP_BAD_REQUEST},
	{"GET / HTTP/1.1\r\nHost: h:8o\r\n\r\n", EMP_BAD_REQUEST},
	{G11 "X : y\r\n", EMP_BAD_REQUEST},
	{G11 "X\t: y\r\n", EMP_BAD_REQUEST},
	{G11 ": y\r\n", EMP_BAD_REQUEST},
	{G11 "X\r\n", EMP_BAD_REQUEST},
	{G11 "X y: z\r\n", EMP_BAD_REQUEST},
	{G11 "X: y\r\n z\r\n", EMP_BAD_REQUEST},
	{G11 " X: y\r\n", EMP_BAD_REQUEST},
	{G11 "\tX: y\r\n", EMP_BAD_REQUEST},
	{G11 "X: a\nY: b\r\n", EMP_BAD_REQUEST},
	{G11 "X: a\rY: b\r\n", EMP_BAD_REQUEST},
	{G11 "X: a\r\r\n", EMP_BAD_REQUEST},
	{G11 "X: a\x01\r\n", EMP_BAD_REQUEST},
	{G11 "X: a\x7f\r\n", EMP_BAD_REQUEST},
	{G11 "X: 0123456789abcdef0123456789abc\x0b\r\n", EMP_BAD_REQUEST},
	{G11 "\n", EMP_BAD_REQUEST},
	{G11 "\rX", EMP_BAD_REQUEST},
	{G11 "\xc3\xa4: y\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 5\r\nContent-Length: 5\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 5\r\ncontent-length: 6\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 5, 5\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: +5\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: -5\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 0x5\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 5 5\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 5.0\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 1e3\r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: \r\n", EMP_BAD_REQUEST},
	{G11 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	 EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
	 EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
	 EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: gzip, chunked\r\n", EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: chunked, identity\r\n", EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: identity\r\n", EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: xchunked\r\n", EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: \"chunked\"\r\n", EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding: \x0b"
	     "chunked\r\n",
	 EMP_BAD_REQUEST},
	{G11 "Transfer-Encoding:\r\n", EMP_BAD_REQUEST},
	{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", EMP_BAD_REQUEST},
	{G11 "Expect: something\r\n", EMP_EXPECTATION},
	{G11 "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", EMP_MEDIA_TYPE},
};

START_TEST(bad_heads_are_refused)
{
	struct http_head h;
	enum http_verdict v = parse_all_ways(&h, str_from(bad_heads[_i].text));

	ck_assert_msg(v == HTTP_BAD, "taken: %s", bad_heads[_i].text);
	ck_assert_msg(h.rc == bad_heads[_i].rc, "%d for: %s", h.rc, bad_heads[_i].text);
	ck_assert(h.why != NULL && h.why[0] != '\0');
}
END_TEST

START_TEST(a_nul_is_refused_anywhere)
{
	static const char head[] = "GET /ab HTTP/1.1\r\nHost: h\r\nName: value\r\n\r\n";
	char text[sizeof(head)];
	struct http_head h;

	for (size_t i = 0; i < sizeof(head) - 1; i++) {
		memcpy(text, head, sizeof(head));
		text[i] = '\0';
		ck_assert_int_eq(
			parse_all_ways(&h, (struct str){text, sizeof(head) - 1}),
			HTTP_BAD);
	}
}
END_TEST

START_TEST(a_usual_head_is_taken_apart)
{
	static const char text[] =
		"\r\nPOST /v1/a%20b?x=%31&y HTTP/1.1\r\nhost: [::1]:80\r\n"
		"X-Empty:\r\nX-Text: \t a b\xc3\xa4 \t\r\nCONTENT-LENGTH: 007\r\n"
		"Expect: 100-Continue\r\nx-text: second\r\n\r\nrest";
	struct http_head h;
	char *p;

	ck_assert_int_eq(parse_all_ways(&h, STR(text)), HTTP_DONE);
	ck_assert_int_eq(parse(&h, STR(text), &p), HTTP_DONE);
	ck_assert_int_eq(h.method, HTTP_POST);
	ck_assert_uint_eq(h.at, sizeof(text) - 1 - 4);
	ck_assert(str_is((struct str){p + h.path, h.path_n}, "/v1/a b"));
	ck_assert(h.has_query);
	ck_assert(str_is((struct str){p + h.query, h.query_n}, "x=%31&y"));
	ck_assert_int_eq(h.framing, HTTP_LENGTH);
	ck_assert_uint_eq(h.length, 7);
	ck_assert(h.keep_alive && h.expects && h.minor == 1 && !h.asterisk);
	ck_assert_uint_eq(h.n, 6);
	ck_assert(str_is(http_head_find(&h, p, STR("x-text")), "a b\xc3\xa4"));
	ck_assert(http_head_find(&h, p, STR("X-EMPTY")).p != NULL);
	ck_assert_uint_eq(http_head_find(&h, p, STR("X-EMPTY")).n, 0);
	ck_assert(http_head_find(&h, p, STR("x-none")).p == NULL);
	ck_assert(str_is(http_head_known(&h, p, HTTP_F_HOST), "[::1]:80"));
	ck_assert(http_head_known(&h, p, HTTP_F_CONNECTION).p == NULL);
	free(p);
}
END_TEST

static const struct {
	const char *target, *path, *query;
} targets[] = {
	{"/", "/", NULL},
	{"/a?", "/a", ""},
	{"/a?b?c", "/a", "b?c"},
	{"//a/../b", "//a/../b", NULL},
	{"/%41%c3%A4", "/A\xc3\xa4", NULL},
	{"http://h/x?y", "/x", "y"},
	{"HTTP://h:80", "/", NULL},
	{"https://h?q=1", "/", "q=1"},
	{"https://[::1]/%2b", "/+", NULL},
};

START_TEST(targets_are_split)
{
	char text[256], *p;
	struct http_head h;

	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n",
		 targets[_i].target);
	ck_assert_int_eq(parse_all_ways(&h, str_from(text)), HTTP_DONE);
	ck_assert_int_eq(parse(&h, str_from(text), &p), HTTP_DONE);
	ck_assert(str_is((struct str){p + h.path, h.path_n}, targets[_i].path));
	ck_assert(h.has_query == (targets[_i].query != NULL));
	if (h.has_query)
		ck_assert(str_is((struct str){p + h.query, h.query_n},
				 targets[_i].query));
	free(p);
}
END_TEST

START_TEST(an_asterisk_is_for_options)
{
	struct http_head h;

	ck_assert_int_eq(parse_all_ways(&h, STR("OPTIONS * HTTP/1.1\r\n" HOST "\r\n")),
			 HTTP_DONE);
	ck_assert(h.asterisk);
}
END_TEST

static const struct {
	const char *text;
	bool keep;
} connections[] = {
	{"HTTP/1.1\r\n" HOST, true},
	{"HTTP/1.1\r\n" HOST "Connection: close\r\n", false},
	{"HTTP/1.1\r\n" HOST "Connection: a, CLOSE ,b\r\n", false},
	{"HTTP/1.1\r\n" HOST "Connection: a\r\nConnection: close\r\n", false},
	{"HTTP/1.1\r\n" HOST "Connection: closed\r\n", true},
	{"HTTP/1.1\r\n" HOST "Connection: keep-alive\r\n", true},
	{"HTTP/1.2\r\n" HOST, true},
	{"HTTP/1.0\r\n", false},
	{"HTTP/1.0\r\nConnection: Keep-Alive\r\n", true},
	{"HTTP/1.0\r\nConnection: keep-alive, close\r\n", false},
};

START_TEST(keeping_alive_is_decided)
{
	char text[256];
	struct http_head h;

	snprintf(text, sizeof(text), "GET / %s\r\n", connections[_i].text);
	ck_assert_int_eq(parse_all_ways(&h, str_from(text)), HTTP_DONE);
	ck_assert_int_eq(h.keep_alive, connections[_i].keep);
}
END_TEST

START_TEST(framing_is_decided)
{
	struct http_head h;

	ck_assert_int_eq(parse_all_ways(&h, STR(G11 "\r\n")), HTTP_DONE);
	ck_assert_int_eq(h.framing, HTTP_NO_BODY);
	ck_assert_int_eq(parse_all_ways(&h, STR(G11 "Content-Length: 0\r\n\r\n")),
			 HTTP_DONE);
	ck_assert_int_eq(h.framing, HTTP_NO_BODY);
	ck_assert_int_eq(
		parse_all_ways(&h, STR(G11 "transfer-encoding: Chunked\r\n\r\n")),
		HTTP_DONE);
	ck_assert_int_eq(h.framing, HTTP_CHUNKED);
	ck_assert_int_eq(parse_all_ways(&h,
					STR(G11 "Content-Length: "
						"99999999999999999999999\r\n\r\n")),
			 HTTP_DONE);
	ck_assert_uint_eq(h.length, UINT64_MAX);
}
END_TEST

static void
add(char **to, const char *text, size_t times)
{
	for (size_t n = strlen(text); times-- > 0; *to += n)
		memcpy(*to, text, n + 1);
}

START_TEST(limits_hold_to_the_byte)
{
	static char text[4 * HTTP_HEAD_MAX];
	struct http_head h;
	char *p;

	/* 2048 bytes of target are taken, one more is not. */
	for (size_t extra = 0; extra < 2; extra++) {
		p = text;
		add(&p, "GET /", 1);
		add(&p, "a", HTTP_TARGET_MAX - 1 + extra);
		add(&p, " HTTP/1.1\r\n" HOST "\r\n", 1);
		ck_assert_int_eq(parse_all_ways(&h, str_from(text)),
				 extra ? HTTP_BAD : HTTP_DONE);
		ck_assert(!extra || h.rc == EMP_URI_TOO_LONG);
	}
	/* 100 fields. */
	for (size_t extra = 0; extra < 2; extra++) {
		p = text;
		add(&p, G11, 1);
		add(&p, "A: b\r\n", HTTP_FIELDS_MAX - 1 + extra);
		add(&p, "\r\n", 1);
		ck_assert_int_eq(parse_all_ways(&h, str_from(text)),
				 extra ? HTTP_BAD : HTTP_DONE);
		ck_assert(!extra || h.rc == EMP_HEADER_TOO_LARGE);
	}
	/* 8 KiB in all. */
	for (size_t extra = 0; extra < 2; extra++) {
		p = text;
		add(&p, G11 "A: ", 1);
		add(&p, "b", HTTP_HEAD_MAX - 4 - (size_t)(p - text) + extra);
		add(&p, "\r\n\r\n", 1);
		ck_assert_int_eq(parse_all_ways(&h, str_from(text)),
				 extra ? HTTP_BAD : HTTP_DONE);
		ck_assert(!extra || h.rc == EMP_HEADER_TOO_LARGE);
	}
	/* A line that never ends. */
	p = text;
	add(&p, G11 "A: ", 1);
	add(&p, "b", 2 * HTTP_HEAD_MAX);
	ck_assert_int_eq(parse_all_ways(&h, str_from(text)), HTTP_BAD);
	ck_assert_int_eq(h.rc, EMP_HEADER_TOO_LARGE);
	/* A full buffer is enough to know. */
	ck_assert_int_eq(parse_all_ways(&h, (struct str){text, HTTP_HEAD_MAX}),
			 HTTP_BAD);
	ck_assert_int_eq(parse_all_ways(&h, (struct str){text, HTTP_HEAD_MAX - 1}),
			 HTTP_MORE);
}
END_TEST

static bool
in(int c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

START_TEST(the_table_of_bytes_is_what_it_says)
{
	for (int c = 0; c < 256; c++) {
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z');
		bool visible = c > ' ' && c < 0x7f;
		char ch = (char)c;

		ck_assert_int_eq(http_char_is(ch, HTTP_C_TOKEN),
				 alnum || in(c, "!#$%&'*+-.^_`|~"));
		ck_assert_int_eq(http_char_is(ch, HTTP_C_TARGET), visible && c != '#');
		ck_assert_int_eq(http_char_is(ch, HTTP_C_TEXT),
				 visible || c == ' ' || c == '\t' || c >= 0x80);
		ck_assert_int_eq(http_char_is(ch, HTTP_C_HOST),
				 alnum || in(c, "-._~!$&'()*+,;=%[]:"));
		ck_assert_int_eq(http_char_is(ch, HTTP_C_ETAG),
				 (visible && c != '"') || c >= 0x80);
	}
}
END_TEST

START_TEST(the_scan_agrees_with_the_table)
{
	char text[48];

	for (int c = 0; c < 256; c++)
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			ck_assert_ptr_eq(http_scan_text(text, text + sizeof(text)),
					 text +
						 (http_char_is((char)c, HTTP_C_TEXT)
							  ? sizeof(text)
							  : at));
		}
}
END_TEST

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a[0])))

Suite *
http_head_suite(void)
{
	Suite *s = suite_create("http_head");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, bad_heads_are_refused, 0, COUNT_OF(bad_heads));
	tcase_add_test(tc, a_nul_is_refused_anywhere);
	tcase_add_test(tc, a_usual_head_is_taken_apart);
	tcase_add_loop_test(tc, targets_are_split, 0, COUNT_OF(targets));
	tcase_add_test(tc, an_asterisk_is_for_options);
	tcase_add_loop_test(tc, keeping_alive_is_decided, 0, COUNT_OF(connections));
	tcase_add_test(tc, framing_is_decided);
	tcase_add_test(tc, limits_hold_to_the_byte);
	tcase_add_test(tc, the_table_of_bytes_is_what_it_says);
	tcase_add_test(tc, the_scan_agrees_with_the_table);
	suite_add_tcase(s, tc);
	return s;
}
