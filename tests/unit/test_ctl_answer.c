/* ctl/answer: the parser of HTTP answers gives the same verdict however the bytes are
 * cut, and refuses what has no certain end. */
#include "ctl/answer.h"

#include <check.h>

#include "unit.h"

/* Feeds `text` in pieces of `step` bytes; `ended` says that the peer closed behind it.
 */
static enum ctl_parse
feed(struct ctl_parser *p, struct buf *in, const char *text, size_t step, bool ended)
{
	struct str rest = str_from(text);
	enum ctl_parse v = CTL_PARSE_MORE;

	while (rest.n > 0 && v == CTL_PARSE_MORE) {
		size_t n = rest.n < step ? rest.n : step;

		buf_add(in, rest.p, n);
		rest = (struct str){rest.p + n, rest.n - n};
		v = ctl_parser_feed(p, in, ended && rest.n == 0, false);
	}
	buf_add_str(in, rest);
	return v;
}

static const struct {
	const char *text;
	bool ended;
	enum ctl_parse verdict;
	int status;
	const char *body;
	bool close;
} cases[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, CTL_PARSE_DONE, 200,
	 "abc", false},
	{"HTTP/1.1 204 No Content\r\n\r\n", false, CTL_PARSE_DONE, 204, "", false},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n"
	 "content-length:1\r\n\r\nx",
	 false, CTL_PARSE_DONE, 201, "x", false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
	 false, CTL_PARSE_DONE, 200, "abcd", false},
	{"HTTP/1.1 200 OK\r\n\r\nall of it", true, CTL_PARSE_DONE, 200, "all of it",
	 true},
	{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, CTL_PARSE_DONE, 200, "",
	 true},
	{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", false,
	 CTL_PARSE_DONE, 200, "x", true},
	/* What breaks off is no answer. */
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, CTL_PARSE_BAD, 0, NULL,
	 false},
	{"HTTP/1.1 200 OK\r\nContent-Le", true, CTL_PARSE_BAD, 0, NULL, false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", true,
	 CTL_PARSE_BAD, 0, NULL, false},
	{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, CTL_PARSE_BAD, 0, NULL,
	 false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, CTL_PARSE_BAD, 0,
	 NULL, false},
	{"SSH-2.0-OpenSSH_9.2\r\n\r\n", false, CTL_PARSE_BAD, 0, NULL, false},
};

START_TEST(answers_are_read_however_they_are_cut)
{
	for (size_t step = 1; step < 100; step += step < 8 ? 1 : 30) {
		struct ctl_parser p;
		struct ctl_answer a;
		struct buf in;

		ctl_parser_init(&p);
		buf_init(&in, 0);
		ck_assert_int_eq(feed(&p, &in, cases[_i].text, step, cases[_i].ended),
				 cases[_i].verdict);
		if (cases[_i].verdict == CTL_PARSE_DONE) {
			ctl_parser_answer(&p, &a);
			ck_assert_int_eq(a.status, cases[_i].status);
			ck_assert(str_is(a.body, cases[_i].body));
			ck_assert_int_eq(a.close, cases[_i].close);
		}
		buf_fini(&in);
		ctl_parser_fini(&p);
	}
}
END_TEST

START_TEST(a_pipeline_of_answers_is_taken_one_by_one)
{
	struct ctl_parser p;
	struct ctl_answer a;
	struct buf in;

	ctl_parser_init(&p);
	buf_init(&in, 0);
	ck_assert_int_eq(feed(&p, &in,
			      "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Type: "
			      "Application/Problem+JSON; charset=utf-8\r\n"
			      "Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n"
			      "Content-Length: 1\r\n\r\ny",
			      1000, false),
			 CTL_PARSE_DONE);
	ctl_parser_answer(&p, &a);
	ck_assert_int_eq(a.retry_after_s, 7);
	ck_assert(str_is(a.type, "application/problem+json"));
	ctl_parser_reset(&p);
	ck_assert_int_eq(ctl_parser_feed(&p, &in, false, false), CTL_PARSE_DONE);
	ctl_parser_answer(&p, &a);
	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(a.retry_after_s, -1);
	ck_assert(str_is(a.body, "y"));
	buf_fini(&in);
	ctl_parser_fini(&p);
}
END_TEST

START_TEST(an_answer_to_head_has_no_body)
{
	struct ctl_parser p;
	struct buf in;

	ctl_parser_init(&p);
	buf_init(&in, 0);
	buf_add_z(&in, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n");
	ck_assert_int_eq(ctl_parser_feed(&p, &in, false, true), CTL_PARSE_DONE);
	buf_fini(&in);
	ctl_parser_fini(&p);
}
END_TEST

Suite *
ctl_answer_suite(void)
{
	Suite *s = suite_create("ctl_answer");
	TCase *tc = tcase_create("answer");

	tcase_add_loop_test(tc, answers_are_read_however_they_are_cut, 0,
			    sizeof cases / sizeof *cases);
	tcase_add_test(tc, a_pipeline_of_answers_is_taken_one_by_one);
	tcase_add_test(tc, an_answer_to_head_has_no_body);
	suite_add_tcase(s, tc);
	return s;
}
