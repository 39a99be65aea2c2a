/* base/log: one line per message, whatever is formatted into it. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "unit.h"

static char text[8192];
static FILE *file;
static int saved;

/* Standard error goes to a file for the length of a test. */
static void
set_up(void)
{
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	saved = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	clock_set_fixed(1767261720123);
}

static void
tear_down(void)
{
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	close(saved);
	fclose(file);
	log_init(LOG_LEVEL_INFO, false);
	clock_set_fixed(-1);
}

static const char *
written(void)
{
	size_t n;

	rewind(file);
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	return text;
}

START_TEST(a_line_has_time_and_level)
{
	log_warn("disk of %s is %d %% full", "db", 90);
	ck_assert_str_eq(written(),
			 "2026-01-01T10:02:00Z warning: disk of db is 90 % full\n");
}
END_TEST

START_TEST(the_journal_gets_a_priority)
{
	log_init(LOG_LEVEL_DEBUG, true);
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	ck_assert_str_eq(written(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}
END_TEST

START_TEST(levels_below_the_chosen_one_are_silent)
{
	ck_assert(!log_on(LOG_LEVEL_DEBUG));
	log_debug("d");
	log_init(LOG_LEVEL_ERROR, true);
	log_info("i");
	log_warn("w");
	ck_assert_str_eq(written(), "");
	ck_assert(log_on(LOG_LEVEL_ERROR));
}
END_TEST

START_TEST(a_message_cannot_forge_a_line)
{
	log_init(LOG_LEVEL_INFO, true);
	log_info("unit \"%s\"", "a\n<3>forged\x1b[31m\x7f");
	ck_assert_str_eq(written(), "<6>unit \"a <3>forged [31m \"\n");
}
END_TEST

START_TEST(a_long_message_is_cut_but_ends_its_line)
{
	static char message[5000];

	memset(message, 'x', sizeof message - 1);
	log_info("%s", message);
	log_info("next");
	ck_assert_ptr_nonnull(
		strstr(written(), "xx\n2026-01-01T10:02:00Z info: next\n"));
	ck_assert_uint_gt(strlen(text), 1000);
}
END_TEST

START_TEST(errno_survives)
{
	errno = ENOSPC;
	log_init(LOG_LEVEL_INFO, true);
	log_error("write: %m");
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(written(), "<3>write: No space left on device\n");
}
END_TEST

/* A minute of asking gives one message for each second begun, not one for each call. */
START_TEST(the_limit_lets_one_per_second_through)
{
	struct log_limit limit = {0};
	struct log_limit other = {0};
	unsigned long long start = clock_mono_ns() / 1000000000u;
	unsigned long long passed = 0;

	ck_assert(log_limit_pass(&other));
	for (int i = 0; i < 100000; i++)
		passed += log_limit_pass(&limit);
	ck_assert_uint_ge(passed, 1);
	ck_assert_uint_le(passed, clock_mono_ns() / 1000000000u - start + 1);
}
END_TEST

Suite *
base_log_suite(void)
{
	Suite *s = suite_create("base_log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_line_has_time_and_level);
	tcase_add_test(tc, the_journal_gets_a_priority);
	tcase_add_test(tc, levels_below_the_chosen_one_are_silent);
	tcase_add_test(tc, a_message_cannot_forge_a_line);
	tcase_add_test(tc, a_long_message_is_cut_but_ends_its_line);
	tcase_add_test(tc, errno_survives);
	tcase_add_test(tc, the_limit_lets_one_per_second_through);
	suite_add_tcase(s, tc);
	return s;
}
