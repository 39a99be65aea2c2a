/* base/error: the table of errors, problems, and the assert that is always on. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "unit.h"

START_TEST(every_error_has_slug_status_and_title)
{
	for (int i = 0; i < EMP_RC_COUNT; i++) {
		enum emp_rc rc = (enum emp_rc)i;

		ck_assert_uint_gt(strlen(emp_rc_slug(rc)), 0);
		ck_assert_uint_gt(strlen(emp_rc_title(rc)), 0);
		ck_assert_int_ge(emp_rc_status(rc), 200);
		ck_assert_int_le(emp_rc_status(rc), 599);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(emp_rc_slug(rc), emp_rc_slug((enum emp_rc)j));
	}
	ck_assert_int_eq(EMP_OK, 0);
	ck_assert_int_eq(emp_rc_status(EMP_ID_CONFLICT), 422);
	ck_assert_str_eq(emp_rc_slug(EMP_DISK_FULL), "disk-full");
}
END_TEST

START_TEST(problem_keeps_what_it_is_told_and_returns_the_code)
{
	struct problem p;

	ck_assert_int_eq(problem_set(&p, EMP_INVALID, "/data/x", "at most %d", 5),
			 EMP_INVALID);
	ck_assert_int_eq(p.rc, EMP_INVALID);
	ck_assert_str_eq(p.pointer, "/data/x");
	ck_assert_str_eq(p.detail, "at most 5");
	ck_assert_int_eq(problem_set(NULL, EMP_BAD_JSON, "", "x"), EMP_BAD_JSON);
}
END_TEST

/* Field names of clients are in pointers; a cut one must still be valid JSON text. */
START_TEST(problem_cuts_long_text_between_characters)
{
	static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac",
						 "\xf0\x9f\x98\x80"};
	char text[2 * PROBLEM_POINTER_MAX];
	struct problem p;

	for (size_t c = 0; c < 4; c++) {
		for (size_t shift = 0; shift < 5; shift++) {
			size_t n = strlen(characters[c]);
			size_t at = shift;

			memset(text, 'x', sizeof text);
			for (; at + n < sizeof text; at += n)
				memcpy(text + at, characters[c], n);
			text[at] = '\0';
			(void)problem_set(&p, EMP_INVALID, text, "%s", text);
			ck_assert(utf8_valid(str_from(p.pointer)));
			ck_assert(utf8_valid(str_from(p.detail)));
			ck_assert_uint_gt(strlen(p.pointer) + n,
					  PROBLEM_POINTER_MAX - 1);
		}
	}
}
END_TEST

START_TEST(a_broken_invariant_aborts)
{
	fclose(stderr); /* its message is not for the log of the tests */
	EMP_ASSERT(1 + 1 == 3);
}
END_TEST

Suite *
base_error_suite(void)
{
	Suite *s = suite_create("base_error");
	TCase *tc = tcase_create("error");

	tcase_add_test(tc, every_error_has_slug_status_and_title);
	tcase_add_test(tc, problem_keeps_what_it_is_told_and_returns_the_code);
	tcase_add_test(tc, problem_cuts_long_text_between_characters);
	tcase_add_test_raise_signal(tc, a_broken_invariant_aborts, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
