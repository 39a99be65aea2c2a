/* http/answer: heads of answers as bytes, and dates. */
#include <check.h>

#include "base/error.h"
#include "http/answer.h"
#include "unit.h"

static void
check_head(const struct http_answer *a, const char *text)
{
	struct buf b;

	buf_init(&b, 0);
	http_answer_head(&b, a);
	ck_assert(buf_ok(&b));
	ck_assert(str_is(buf_str(&b), text));
	buf_fini(&b);
}

START_TEST(heads_are_written)
{
	struct http_answer a = {.status = 200,
				.keep_alive = true,
				.has_length = true,
				.length = 12,
				.type = STR("text/plain"),
				.common = STR("Date: x\r\n"),
				.extra = STR("ETag: \"a\"\r\n")};

	check_head(&a,
		   "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: text/plain\r\n"
		   "Content-Length: 12\r\nETag: \"a\"\r\n\r\n");
	a = (struct http_answer){.status = 422, .has_length = true, .old = true};
	check_head(&a,
		   "HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 0\r\n"
		   "Connection: close\r\n\r\n");
	a = (struct http_answer){.status = 204, .keep_alive = true, .old = true};
	check_head(&a, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
	a = (struct http_answer){.status = 201, .keep_alive = true};
	check_head(&a, "HTTP/1.1 201 Created\r\n\r\n");
}
END_TEST

START_TEST(every_status_of_an_error_has_a_reason)
{
	for (int rc = 0; rc < EMP_RC_COUNT; rc++)
		ck_assert_str_ne(http_reason(emp_rc_status((enum emp_rc)rc)),
				 "Unknown");
}
END_TEST

static const struct {
	int64_t s;
	const char *date;
} dates[] = {
	{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
	{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
	{951827696, "Tue, 29 Feb 2000 12:34:56 GMT"},
	{1767225599, "Wed, 31 Dec 2025 23:59:59 GMT"},
	{4102444800, "Fri, 01 Jan 2100 00:00:00 GMT"},
};

START_TEST(dates_are_written)
{
	char date[HTTP_DATE_MAX];

	http_date(date, dates[_i].s);
	ck_assert_str_eq(date, dates[_i].date);
}
END_TEST

Suite *
http_answer_suite(void)
{
	Suite *s = suite_create("http_answer");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, heads_are_written);
	tcase_add_test(tc, every_status_of_an_error_has_a_reason);
	tcase_add_loop_test(tc, dates_are_written, 0, sizeof(dates) / sizeof(dates[0]));
	suite_add_tcase(s, tc);
	return s;
}
