/* http/chunked: content comes out whole wherever the input is cut; nonsense is refused.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http/chunked.h"
#include "unit.h"

/* Decode in pieces of `step` bytes; what was not used is left in *rest. */
static enum http_verdict
decode(struct str text, size_t step, struct buf *out, struct http_chunked *c,
       size_t *rest)
{
	enum http_verdict v = HTTP_MORE;
	struct str in, data;
	size_t at = 0;

	http_chunked_init(c);
	buf_clear(out);
	while (v == HTTP_MORE && at < text.n) {
		size_t n = step < text.n - at ? step : text.n - at;

		in = (struct str){text.p + at, n};
		while ((v = http_chunked_next(c, &in, &data)) == HTTP_DATA)
			buf_add_str(out, data);
		at += n - in.n;
	}
	*rest = text.n - at;
	return v;
}

static enum http_verdict
decode_all_ways(struct str text, struct buf *out, struct http_chunked *c, size_t *rest)
{
	enum http_verdict whole = decode(text, text.n, out, c, rest), v;
	struct str content = {str_dup(buf_str(out)), out->n};
	enum emp_rc rc = c->rc;
	size_t left = *rest;

	for (size_t step = 1; step < text.n; step++) {
		v = decode(text, step, out, c, rest);
		ck_assert_int_eq(v, whole);
		ck_assert_int_eq(c->rc, rc);
		if (v == HTTP_DONE)
			ck_assert_uint_eq(*rest, left);
		ck_assert(str_eq(buf_str(out), content));
	}
	free((char *)(uintptr_t)content.p);
	return whole;
}

static const struct {
	const char *text, *content;
	size_t rest;
} good[] = {
	{"0\r\n\r\n", "", 0},
	{"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
	{"5\r\nhello\r\n0\r\n\r\nGET /", "hello", 5},
	{"00a\r\n0123456789\r\n1\r\n\n\r\n000\r\n\r\n", "0123456789\n", 0},
	{"A;x=y; z=\"q\"\r\n0123456789\r\n0;last\r\n\r\n", "0123456789", 0},
	{"1\r\nx\r\n0\r\nTrailer: value\r\nOther:\r\n\r\n", "x", 0},
	{"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0},
};

START_TEST(good_bodies_are_taken)
{
	struct http_chunked c;
	struct buf out;
	size_t rest;

	buf_init(&out, 0);
	ck_assert_int_eq(decode_all_ways(str_from(good[_i].text), &out, &c, &rest),
			 HTTP_DONE);
	ck_assert(str_is(buf_str(&out), good[_i].content));
	ck_assert_uint_eq(rest, good[_i].rest);
	buf_fini(&out);
}
END_TEST

static const char *const bad[] = {
	"\r\n",
	" 5\r\nhello\r\n",
	"5 \r\nhello\r\n",
	"5 ;x\r\nhello\r\n",
	"+5\r\nhello\r\n",
	"-5\r\nhello\r\n",
	"0x5\r\nhello\r\n",
	"g\r\n",
	";x\r\n",
	"5\nhello\r\n",
	"5\rhello\r\n",
	"5\r\nhello0\r\n",
	"5\r\nhello\n0\r\n",
	"5\r\nhello\r0\r\n",
	"5\r\nhel\r\n0\r\n\r\nxx",
	"5;a\nb\r\nhello",
	"5;a\x01\r\nhello",
	"5;a\rb\r\nhello",
	"10000000000000000\r\n",
	"00000000000000005\r\nhello",
	"0\r\n x: y\r\n\r\n",
	"0\r\nx\r\n\r\n",
	"0\r\nx : y\r\n\r\n",
	"0\r\nx: y\n\r\n",
	"0\r\n\n",
	"0\r\nx: y\r\n\rz",
};

START_TEST(bad_bodies_are_refused)
{
	struct http_chunked c;
	struct buf out;
	size_t rest;

	buf_init(&out, 0);
	ck_assert_msg(decode_all_ways(str_from(bad[_i]), &out, &c, &rest) == HTTP_BAD,
		      "taken: %s", bad[_i]);
	ck_assert_int_eq(c.rc, EMP_BAD_REQUEST);
	ck_assert_ptr_nonnull(c.why);
	buf_fini(&out);
}
END_TEST

START_TEST(extensions_and_trailers_are_bounded)
{
	struct http_chunked c;
	struct buf text, out;
	size_t rest;

	buf_init(&text, 0);
	buf_init(&out, 0);
	while (text.n < 2 * HTTP_CHUNK_EXTRA_MAX)
		buf_add_z(&text, "1;0123456789abcdef\r\nx\r\n");
	ck_assert_int_eq(decode(buf_str(&text), text.n, &out, &c, &rest), HTTP_BAD);
	ck_assert_int_eq(c.rc, EMP_HEADER_TOO_LARGE);
	ck_assert_uint_lt(out.n, HTTP_CHUNK_EXTRA_MAX / 16);
	buf_clear(&text);
	buf_add_z(&text, "0\r\n");
	while (text.n < 2 * HTTP_CHUNK_EXTRA_MAX)
		buf_add_z(&text, "Name: value\r\n");
	ck_assert_int_eq(decode(buf_str(&text), 7, &out, &c, &rest), HTTP_BAD);
	ck_assert_int_eq(c.rc, EMP_HEADER_TOO_LARGE);
	buf_fini(&text);
	buf_fini(&out);
}
END_TEST

START_TEST(an_unfinished_body_wants_more)
{
	struct http_chunked c;
	struct buf out;
	size_t rest;

	buf_init(&out, 0);
	ck_assert_int_eq(decode(STR("5\r\nhello\r\n0\r\n\r"), 3, &out, &c, &rest),
			 HTTP_MORE);
	ck_assert_int_eq(decode(STR("ffffffffffffffff\r\nhello"), 3, &out, &c, &rest),
			 HTTP_MORE);
	buf_fini(&out);
}
END_TEST

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a[0])))

Suite *
http_chunked_suite(void)
{
	Suite *s = suite_create("http_chunked");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, good_bodies_are_taken, 0, COUNT_OF(good));
	tcase_add_loop_test(tc, bad_bodies_are_refused, 0, COUNT_OF(bad));
	tcase_add_test(tc, extensions_and_trailers_are_bounded);
	tcase_add_test(tc, an_unfinished_body_wants_more);
	suite_add_tcase(s, tc);
	return s;
}
