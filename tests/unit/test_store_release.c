/*
 * store: what a release shows, in both files, and that nothing else is left of who
 * answered, and in what words.
 */
#include "config.h"

#include <check.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "period_support.h"
#include "store/voice.h"
#include "unit.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define JANUARY 672 /* months since 1970 */
#define MARKER "vqxjkzw"

static void
setup(void)
{
	clock_set_fixed(SUPPORT_DAY + NOON);
	support_setup_open();
}

static void
teardown(void)
{
	support_teardown();
	clock_set_fixed(-1);
}

static int64_t
main_count(const char *table)
{
	char sql[256];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	return support_sql("empowerd.db", sql);
}

/* The writer looks at the clock when something comes, and releases aside; the next
 * change waits for that. */
static void
wake(void)
{
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);
	struct store_change none;

	e.signal = SIGNAL_SIGNUP;
	e.time = SUPPORT_DAY;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(release_do(&none, "nothing", NULL), EMP_NOT_FOUND);
}

START_TEST(blocks_are_in_both_files)
{
	struct store_change c;

	release_unit_put("a");
	release_unit_put("a/x");
	release_unit_put("b");
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", "a", 1, 7);
	release_crowd("team", "a/x", 11, 2);
	release_crowd("team", "b/undeclared", 21, 6);
	ck_assert_int_eq(main_count("release"), 0);
	clock_set_fixed(SUPPORT_DAY + NOON + 1);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert(c.created);
	ck_assert_str_eq(c.period_name, "1");
	ck_assert_int_eq(release_shown_people("mood", "a"), 9);
	ck_assert_int_eq(release_shown_people("mood", "a/x"), 0);
	ck_assert_int_eq(release_shown_people("mood", "b"), 6);
	ck_assert_int_eq(release_shown_people("mood", NULL), 0);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT sum(n) FROM v_release WHERE value = 1 AND "
				     "unit = 'a' AND period = '1' AND survey = 'team'"),
			 3);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM release WHERE "
				     "ended = started + 1"),
			 1);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM survey_period WHERE "
				     "number = 1 AND copied = 1 AND released = ended"),
			 1);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM release_cover WHERE "
				     "unit = 'a/x' AND block_unit = 'a'"),
			 1);
	ck_assert_int_eq(release_findings(), 0);
	support_verify();
	/* Once and no more. */
	support_close();
	support_open();
	ck_assert_int_eq(main_count("release_block"), 2);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(nothing_to_show_looks_like_any_other)
{
	struct store_change none, few;

	release_survey("team", PERIOD_WAVE, 0);
	release_survey("crew", PERIOD_WAVE, 0);
	release_crowd("crew", NULL, 1, 4);
	ck_assert_int_eq(release_do(&none, "team", NULL), EMP_OK);
	ck_assert_int_eq(release_do(&few, "crew", NULL), EMP_OK);
	ck_assert_int_eq(none.created, few.created);
	ck_assert_str_eq(none.period_name, few.period_name);
	ck_assert_int_eq(none.from, few.from);
	ck_assert_int_eq(none.to, few.to);
	ck_assert_int_eq(main_count("release"), 0);
	ck_assert_int_eq(main_count("release_block"), 0);
	ck_assert_uint_eq(store_releases_version(support.store), 0);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(person) FROM event"), 0);
	/* Asked again by name: it was. */
	ck_assert_int_eq(release_do(&none, "team", "1"), EMP_OK);
	ck_assert(!none.created);
	ck_assert_int_eq(release_do(&few, "crew", "1"), EMP_OK);
	ck_assert(!few.created);
	ck_assert_int_eq(none.from, few.from);
	ck_assert_int_eq(release_do(&few, "crew", "2"), EMP_OK);
	ck_assert(few.created);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

/* Whether a file has these bytes anywhere. */
static bool
file_has(const char *name, const char *text)
{
	char command[PATH_MAX + 64];
	char path[PATH_MAX];

	support_path(path, name);
	snprintf(command, sizeof command, "grep -qa %s '%s'", text, path);
	return system(command) == 0;
}

/* Nobody is to be known by the day or the language. */
START_TEST(of_an_answer_its_unit_stays)
{
	static const char told[] =
		"SELECT count(*) FROM event WHERE channel IS NOT NULL "
		"OR touchpoint IS NOT NULL OR segment IS NOT NULL "
		"OR initiative IS NOT NULL OR lang IS NOT NULL "
		"OR complete IS NOT NULL OR person IS NOT NULL";
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 0);
	release_survey("crew", PERIOD_WAVE, 0);
	/* The last two are answers of one person, of which one counts. */
	for (int i = 0; i < 8; i++) {
		struct said s = {.survey = i < 7 ? "team" : "crew",
				 .unit = "a",
				 .person = i < 6 ? 1 + i : 6,
				 .mood = 1 + i % 5,
				 .time = SUPPORT_DAY - i * DAY_MS};
		struct event e = release_said(&s);

		for (int d = DIM_CHANNEL; d < DIM_COUNT; d++)
			e.dim[d] = STR("web");
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
	clock_set_fixed(SUPPORT_DAY + NOON + 1);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(support_sql(SEALED, told), 1);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(DISTINCT day) FROM event "
				     "WHERE survey = 'team' AND unit = 'a'"),
			 1);
	ck_assert_int_eq(release_shown_people("mood", "a"), 6);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(words_that_few_wrote_are_gone)
{
	struct said s = {.survey = "team", .unit = "a"};
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 0);
	for (int i = 0; i < 12; i++) {
		s.person = 1 + i;
		s.comment = "all of us wrote this";
		s.why = i < 9 ? MARKER : NULL;
		s.mood = 1 + i % 5;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
	/* The second of a person is heard no more than the first is told from others.
	 */
	s.comment = MARKER "2";
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert(file_has(SEALED "-wal", MARKER));
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM release_comment WHERE "
				     "text = 'all of us wrote this' AND unit = 'a' AND "
				     "question = '' AND verified = 1"),
			 12);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM release_comment"),
			 12);
	ck_assert(!file_has(SEALED, MARKER));
	ck_assert(!file_has(SEALED "-wal", MARKER));
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM event WHERE "
				     "person IS NOT NULL OR comment <> ''"),
			 0);
	/* That they wrote was counted. */
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM event WHERE comment = '' "
				     "AND counted = 1"),
			 12);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(words_of_many_are_shown_by_question)
{
	struct said s = {.survey = "team", .unit = "a", .want = 1};
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 0);
	for (int i = 0; i < 10; i++) {
		s.person = 1 + i;
		s.why = "because";
		s.want = 1 + i % 3;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM release_comment WHERE "
				     "question = 'why' AND text = 'because'"),
			 10);
	ck_assert_int_eq(release_shown_people("why", "a"), 10);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT sum(n) FROM v_release WHERE "
				     "question = 'want' AND option = 'coffee'"),
			 6);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(a_threshold_can_be_raised)
{
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 5);
	release_crowd("team", "a", 1, 6);
	release_survey("team", PERIOD_WAVE, 7);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(main_count("release"), 0);
	release_crowd("team", "a", 1, 7);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(main_count("release"), 1);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(what_cannot_be_released)
{
	struct store_change c;

	support_survey(AUDIENCE_CUSTOMER);
	release_survey("month", PERIOD_MONTH, 0);
	release_survey("team", PERIOD_WAVE, 0);
	ck_assert_int_eq(release_do(&c, "flight", NULL), EMP_CONFLICT);
	ck_assert_int_eq(release_do(&c, "never", NULL), EMP_NOT_FOUND);
	ck_assert_int_eq(release_do(&c, "month", "2026-W01"), EMP_INVALID);
	ck_assert_str_eq(c.problem.pointer, "/period");
	ck_assert_int_eq(release_do(&c, "team", "2026-01"), EMP_INVALID);
	/* Not over yet, not begun yet. */
	ck_assert_int_eq(release_do(&c, "month", "2026-01"), EMP_CONFLICT);
	ck_assert_int_eq(release_do(&c, "team", "2"), EMP_CONFLICT);
	ck_assert_int_eq(
		support_sql(SEALED, "SELECT count(released) FROM survey_period"), 0);
	ck_assert(!atomic_load(&support.fatal));
}
END_TEST

static int64_t
newest_month(void)
{
	return support_sql(SEALED,
			   "SELECT ifnull(max(number), 0) FROM survey_period "
			   "WHERE survey = 'month' AND released IS NOT NULL");
}

START_TEST(the_clock_waits_for_the_end_and_the_last_answer)
{
	struct said s = {.survey = "month", .mood = 3};

	release_survey("month", PERIOD_MONTH, 0);
	s.time = SUPPORT_DAY + NOON;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	/* A month without answers stays open. */
	s.time = SUPPORT_DAY + 60 * DAY_MS;
	clock_set_fixed(s.time);
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(newest_month(), JANUARY);
	/* One that has answers waits for its end and a day: March 31st. */
	clock_set_fixed(SUPPORT_DAY + 91 * DAY_MS - 1);
	wake();
	ck_assert_int_eq(newest_month(), JANUARY);
	/* And for its last answer and a day. */
	s.time = SUPPORT_DAY + 89 * DAY_MS;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	clock_set_fixed(SUPPORT_DAY + 91 * DAY_MS + 1);
	wake();
	ck_assert_int_eq(newest_month(), JANUARY);
	clock_set_fixed(SUPPORT_DAY + 92 * DAY_MS);
	wake();
	ck_assert_int_eq(newest_month(), JANUARY + 2);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(the_clock_takes_the_oldest_first)
{
	struct said s = {.survey = "month", .mood = 3};

	release_survey("month", PERIOD_MONTH, 0);
	clock_set_fixed(SUPPORT_DAY + 100 * DAY_MS);
	for (int i = 0; i < 3; i++) {
		s.time = SUPPORT_DAY + i * 31 * DAY_MS;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
	clock_set_fixed(SUPPORT_DAY + 101 * DAY_MS);
	s.time = SUPPORT_DAY + 31 * DAY_MS;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	clock_set_fixed(SUPPORT_DAY + 102 * DAY_MS);
	wake();
	ck_assert_int_eq(newest_month(), JANUARY);
	/* Also at a start. */
	support_close();
	clock_set_fixed(SUPPORT_DAY + 103 * DAY_MS);
	support_open();
	wake();
	ck_assert_int_eq(newest_month(), JANUARY + 2);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(DISTINCT number) FROM survey_period "
				     "WHERE survey = 'month' AND released > 0"),
			 3);
}
END_TEST

START_TEST(what_is_answered_does_not_tell_what_the_clock_did)
{
	struct said s = {.survey = "month", .mood = 3, .time = SUPPORT_DAY};
	struct store_change answered, empty;

	release_survey("month", PERIOD_MONTH, 0);
	release_survey("other", PERIOD_MONTH, 0);
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	clock_set_fixed(SUPPORT_DAY + 50 * DAY_MS);
	wake();
	ck_assert_int_eq(newest_month(), JANUARY);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(release_do(&answered, "month", NULL), EMP_OK);
		ck_assert_int_eq(release_do(&empty, "other", NULL), EMP_OK);
		ck_assert_int_eq(answered.created, i == 0);
		ck_assert_int_eq(empty.created, i == 0);
		ck_assert_str_eq(answered.period_name, empty.period_name);
		ck_assert_int_eq(answered.from, SUPPORT_DAY);
		ck_assert_int_eq(empty.to, SUPPORT_DAY + 31 * DAY_MS);
	}
}
END_TEST

START_TEST(a_copy_that_failed_follows)
{
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", "a", 1, 7);
	support_exec("empowerd.db",
		     "CREATE TRIGGER refuse BEFORE INSERT ON release_count BEGIN "
		     "SELECT RAISE(ABORT, 'no'); END");
	/* It is released all the same. */
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert(c.created);
	ck_assert_int_eq(main_count("release"), 0);
	ck_assert_int_eq(main_count("release_block"), 0);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT count(*) FROM survey_period WHERE "
				     "released > 0 AND copied = 0"),
			 1);
	ck_assert(!release_has_key("period-team-1"));
	ck_assert_int_eq(release_findings(), 0);
	support_close();
	support_open();
	ck_assert_int_eq(main_count("release"), 0);
	support_close();
	support_exec("empowerd.db", "DROP TRIGGER refuse");
	support_open();
	ck_assert_int_eq(main_count("release"), 1);
	ck_assert_int_eq(release_shown_people("mood", "a"), 7);
	/* Killed before it could say that it is copied. */
	support_close();
	support_exec(SEALED, "UPDATE survey_period SET copied = 0 WHERE number = 1");
	support_open();
	ck_assert_int_eq(main_count("release"), 1);
	ck_assert_int_eq(release_shown_people("mood", "a"), 7);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT copied FROM survey_period "
				     "WHERE number = 1"),
			 1);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(a_release_that_fails_is_none)
{
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", "a", 1, 7);
	support_exec(SEALED,
		     "CREATE TRIGGER refuse BEFORE INSERT ON release_cover BEGIN "
		     "SELECT RAISE(ABORT, 'no'); END");
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_INTERNAL);
	ck_assert(release_has_key("period-team-1"));
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(person) FROM event"), 7);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM release_block"), 0);
	ck_assert_uint_eq(store_releases_version(support.store), 0);
	support_exec(SEALED, "DROP TRIGGER refuse");
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_str_eq(c.period_name, "1");
	ck_assert_int_eq(release_shown_people("mood", "a"), 7);
	ck_assert_uint_gt(store_releases_version(support.store), 0);
}
END_TEST

START_TEST(of_several_that_one_fails_follows_the_rest)
{
	struct said s = {.survey = "month", .mood = 3, .time = SUPPORT_DAY - 1};
	struct store_change c;

	release_unit_put("a");
	release_survey("month", PERIOD_MONTH, 0);
	for (s.person = 1; s.person <= 12; s.person++) {
		s.mood = 1 + s.person % 5;
		s.unit = "a";
		s.time = SUPPORT_DAY - 40 * DAY_MS;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
		s.time = SUPPORT_DAY - 1;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
	/* 2025-11 and 2025-12. */
	ck_assert(release_has_key("period-month-670"));
	ck_assert(release_has_key("period-month-671"));
	support_exec(SEALED,
		     "CREATE TRIGGER refuse BEFORE INSERT ON release_cover "
		     "WHEN NEW.number = 671 BEGIN SELECT RAISE(ABORT, 'no'); END");
	ck_assert_int_eq(release_do(&c, "month", NULL), EMP_INTERNAL);
	ck_assert_int_eq(main_count("release"), 1);
	ck_assert_int_eq(release_shown_people("mood", "a"), 12);
	ck_assert(!release_has_key("period-month-670"));
	ck_assert(release_has_key("period-month-671"));
	support_exec(SEALED, "DROP TRIGGER refuse");
	ck_assert_int_eq(release_do(&c, "month", NULL), EMP_OK);
	ck_assert_int_eq(main_count("release"), 2);
	ck_assert(!release_has_key("period-month-671"));
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(verification_finds_what_was_tampered_with)
{
	static const struct {
		const char *file, *sql, *back;
	} all[] = {
		{"empowerd.db", "UPDATE release_count SET n = n + 1 WHERE value = 1",
		 "UPDATE release_count SET n = n - 1 WHERE value = 1"},
		{"empowerd.db", "UPDATE release SET period = '7'",
		 "UPDATE release SET period = '1'"},
		{"empowerd.db", "UPDATE release_block SET satisfied = 1",
		 "UPDATE release_block SET satisfied = 48"},
		/* One that only everybody's file has. */
		{"empowerd.db",
		 "INSERT INTO release (id, survey_id, period, started, ended) "
		 "SELECT id + 1, survey_id, '2', 0, 1 FROM release;"
		 "INSERT INTO release_block (release_id, question, metric_id, low, "
		 "high, satisfied, verified, people) "
		 "SELECT release_id + 1, 'why', 6, 0, 0, 0, 1, 9 FROM release_block",
		 "DELETE FROM release_block WHERE question = 'why';"
		 "DELETE FROM release WHERE period = '2'"},
		{SEALED, "UPDATE release_count SET n = n + 1 WHERE value = 1",
		 "UPDATE release_count SET n = n - 1 WHERE value = 1"},
		{SEALED, "UPDATE release_cover SET block_unit = '' WHERE unit = 'a'",
		 "UPDATE release_cover SET block_unit = 'a' WHERE unit = 'a'"},
		{SEALED, "UPDATE answer SET value = 6 - value WHERE value <> 3",
		 "UPDATE answer SET value = 6 - value WHERE value <> 3"},
		{SEALED, "UPDATE event SET unit = 'b' WHERE unit = 'a'",
		 "UPDATE event SET unit = 'a' WHERE unit = 'b'"},
		{SEALED, "UPDATE event SET verified = 0",
		 "UPDATE event SET verified = 1"},
		{SEALED, "UPDATE event SET comment = 'x'",
		 "UPDATE event SET comment = NULL"},
	};
	struct store_change c;

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", "a", 1, 7);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		ck_assert_int_eq(release_findings(), 0);
		support_exec(all[i].file, all[i].sql);
		ck_assert_msg(release_findings() > 0, "not found: %s", all[i].sql);
		support_exec(all[i].file, all[i].back);
	}
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

/* ---- reading --------------------------------------------------------------------- */

struct reading {
	struct store_read job;
	sem_t done;
	char text[2048]; /* what was read, a line each */
	uint8_t after[16];
	bool more;
	uint32_t survey;
};

static enum emp_rc
on_row(void *ctx, const struct release_row *r)
{
	struct reading *l = ctx;
	size_t n = strlen(l->text);

	n += (size_t)snprintf(l->text + n, sizeof l->text - n,
			      "%.*s %.*s %d %s:", STR_FMT(r->period),
			      STR_FMT(r->question), (int)r->people,
			      r->verified ? "known" : "unknown");
	for (uint32_t i = 0; i < r->n_count; i++)
		n += (size_t)snprintf(l->text + n, sizeof l->text - n, " %d",
				      (int)r->count[i]);
	for (uint32_t i = 0; i < r->n_options; i++)
		n += (size_t)snprintf(l->text + n, sizeof l->text - n, " %.*s",
				      STR_FMT(r->options[i]));
	snprintf(l->text + n, sizeof l->text - n, "\n");
	return EMP_OK;
}

static enum emp_rc
on_comment(void *ctx, const struct release_comment_row *r)
{
	struct reading *l = ctx;
	size_t n = strlen(l->text);

	memcpy(l->after, r->key, sizeof l->after);
	l->more = true;
	ck_assert_int_eq(r->to, SUPPORT_DAY + NOON);
	snprintf(l->text + n, sizeof l->text - n, "%.*s %.*s '%.*s' %.*s\n",
		 STR_FMT(r->survey), STR_FMT(r->period), STR_FMT(r->question),
		 STR_FMT(r->unit));
	return EMP_OK;
}

static void
read_rows(struct store_reader *r, struct store_read *job)
{
	struct reading *l = (struct reading *)(void *)job;

	ck_assert_int_eq(store_read_releases(r, l->survey, on_row, l), EMP_OK);
	sem_post(&l->done);
}

static void
read_comments(struct store_reader *r, struct store_read *job)
{
	struct reading *l = (struct reading *)(void *)job;
	bool first = true;

	do {
		l->more = false;
		ck_assert_int_eq(store_read_release_comments(r, STR("team"),
							     first ? NULL : l->after, 3,
							     on_comment, l),
				 EMP_OK);
		first = false;
	} while (l->more);
	sem_post(&l->done);
}

static void
read_all(struct reading *l)
{
	ck_assert_int_eq(sem_init(&l->done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &l->job), EMP_OK);
	while (sem_wait(&l->done) != 0)
		;
	sem_destroy(&l->done);
}

START_TEST(readers_see_blocks_and_comments)
{
	struct said s = {.survey = "team"};
	struct reading rows = {.job = {.run = read_rows}};
	struct reading comments = {.job = {.run = read_comments}};
	struct store_change c;

	release_unit_put("a");
	release_survey("crew", PERIOD_WAVE, 0);
	release_survey("team", PERIOD_WAVE, 0);
	for (int i = 0; i < 20; i++) {
		s.unvouched = i >= 10;
		s.unit = i < 10 ? "a" : "anywhere";
		s.person = 1 + i;
		s.mood = 1 + i % 2 * 4;
		s.want = 1;
		s.comment = i < 10 ? "words" : NULL;
		if (i % 5 > 2)
			s.want = 2;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
	release_crowd("crew", "a", 1, 5);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(release_do(&c, "crew", NULL), EMP_OK);
	rows.survey = surveys_find(support.defs->surveys, STR("team"))->id;
	read_all(&rows);
	ck_assert_str_eq(rows.text,
			 "1 mood 10 unknown: 5 0 0 0 5\n"
			 "1 mood 10 known: 5 0 0 0 5\n"
			 "1 want 10 unknown: 10 6 4 tea coffee\n"
			 "1 want 10 known: 10 6 4 tea coffee\n");
	rows.survey = 0;
	rows.text[0] = '\0';
	read_all(&rows);
	ck_assert_ptr_nonnull(strstr(rows.text, "1 mood 5 known: 1 1 1 1 1\n"));
	read_all(&comments);
	ck_assert_str_eq(comments.text,
			 "team 1 '' a\nteam 1 '' a\nteam 1 '' a\nteam 1 '' a\n"
			 "team 1 '' a\nteam 1 '' a\nteam 1 '' a\nteam 1 '' a\n"
			 "team 1 '' a\nteam 1 '' a\n");
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

Suite *
store_release_suite(void)
{
	Suite *s = suite_create("store_release");
	TCase *tc = tcase_create("releases");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, blocks_are_in_both_files);
	tcase_add_test(tc, nothing_to_show_looks_like_any_other);
	tcase_add_test(tc, of_an_answer_its_unit_stays);
	tcase_add_test(tc, words_that_few_wrote_are_gone);
	tcase_add_test(tc, words_of_many_are_shown_by_question);
	tcase_add_test(tc, a_threshold_can_be_raised);
	tcase_add_test(tc, what_cannot_be_released);
	tcase_add_test(tc, the_clock_waits_for_the_end_and_the_last_answer);
	tcase_add_test(tc, the_clock_takes_the_oldest_first);
	tcase_add_test(tc, what_is_answered_does_not_tell_what_the_clock_did);
	tcase_add_test(tc, a_copy_that_failed_follows);
	tcase_add_test(tc, a_release_that_fails_is_none);
	tcase_add_test(tc, of_several_that_one_fails_follows_the_rest);
	tcase_add_test(tc, verification_finds_what_was_tampered_with);
	tcase_add_test(tc, readers_see_blocks_and_comments);
	suite_add_tcase(s, tc);
	return s;
}
