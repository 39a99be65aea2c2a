/*
 * http/problem: errors as clients see them.
 */
#include <check.h>

#include "http/problem.h"
#include "unit.h"

static struct buf b;

static void
set_up(void)
{
	buf_init(&b, 0);
}

static void
tear_down(void)
{
	buf_fini(&b);
}

static void
expect(enum emp_rc rc, const char *pointer, const char *detail, const char *text)
{
	struct problem p;

	problem_set(&p, rc, pointer, "%s", detail);
	buf_clear(&b);
	http_problem_write(&b, &p);
	buf_add_c(&b, '\0');
	ck_assert(buf_ok(&b));
	ck_assert_str_eq(b.p, text);
}

START_TEST(documents)
{
	expect(EMP_INVALID, "/data/x", "is \"odd\"",
	       "{\"type\":\"/problems/invalid\",\"title\":\"A value is not allowed\","
	       "\"status\":422,\"detail\":\"is \\\"odd\\\"\",\"errors\":[{\"pointer\":"
	       "\"/data/x\",\"detail\":\"is \\\"odd\\\"\"}]}");
	expect(EMP_NOT_FOUND, "", "",
	       "{\"type\":\"/problems/not-found\",\"title\":\"There is nothing at this "
	       "address\",\"status\":404}");
}
END_TEST

START_TEST(the_inside_stays_inside)
{
	for (int rc = EMP_OK; rc < EMP_RC_COUNT; rc++)
		ck_assert_int_ge(emp_rc_status(http_problem_public((enum emp_rc)rc)),
				 400);
	expect(EMP_CORRUPT, "", "",
	       "{\"type\":\"/problems/internal\",\"title\":\"The server failed, the "
	       "outcome is unknown\",\"status\":500}");
	ck_assert_int_eq(http_problem_public(EMP_NOMEM), EMP_OVERLOADED);
	ck_assert_int_eq(http_problem_public(EMP_DISK_FULL), EMP_DISK_FULL);
}
END_TEST

Suite *
http_problem_suite(void)
{
	Suite *s = suite_create("http_problem");
	TCase *t = tcase_create("problem");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, documents);
	tcase_add_test(t, the_inside_stays_inside);
	suite_add_tcase(s, t);
	return s;
}
