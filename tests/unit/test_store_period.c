/*
 * store: to which period a sealed answer belongs, and whether it counts there.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "period_support.h"
#include "unit.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

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
count(const char *where)
{
	char sql[512];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE %s", where);
	return support_sql(SEALED, sql);
}

START_TEST(a_wave_lasts_from_release_to_release)
{
	struct said s = {.survey = "team", .person = 1, .mood = 3};
	struct store_change c;

	release_survey("team", PERIOD_WAVE, 0);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT opened FROM survey_period WHERE "
				     "survey = 'team' AND number = 1"),
			 SUPPORT_DAY + NOON);
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("period = 1 AND counted = 1"), 1);
	clock_set_fixed(SUPPORT_DAY + NOON + 5);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(c.from, SUPPORT_DAY + NOON);
	ck_assert_int_eq(c.to, SUPPORT_DAY + NOON + 5);
	/* What happened before the release and comes after it, too. */
	s.time = SUPPORT_DAY;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("period = 2 AND counted = 1"), 1);
	/* To put a survey again begins nothing. */
	clock_set_fixed(SUPPORT_DAY + NOON + 9);
	release_survey("team", PERIOD_WAVE, 0);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT opened FROM survey_period WHERE "
				     "survey = 'team' AND number = 2"),
			 SUPPORT_DAY + NOON + 5);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM survey_period"), 2);
}
END_TEST

START_TEST(weeks_and_months_are_those_of_the_event)
{
	struct said week = {.survey = "week", .person = 1, .mood = 3};
	struct said month = {.survey = "month", .person = 1, .mood = 3};
	struct store_change c;

	release_survey("week", PERIOD_WEEK, 0);
	release_survey("month", PERIOD_MONTH, 0);
	/* 2026-01-01 is a Thursday; the week before began in December. */
	week.time = SUPPORT_DAY - 4 * DAY_MS;
	ck_assert_int_eq(release_put(&week), ITEM_STORED);
	week.time = SUPPORT_DAY - 3 * DAY_MS;
	ck_assert_int_eq(release_put(&week), ITEM_STORED);
	ck_assert_int_eq(count("survey = 'week' AND counted = 1"), 2);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT max(period) - min(period) FROM event "
				     "WHERE survey = 'week'"),
			 1);
	month.time = SUPPORT_DAY - 1;
	ck_assert_int_eq(release_put(&month), ITEM_STORED);
	ck_assert_int_eq(count("survey = 'month' AND period = 56 * 12 - 1"), 1);
	/* Closed by its release, and with it all before. */
	ck_assert_int_eq(release_do(&c, "month", NULL), EMP_OK);
	ck_assert_str_eq(c.period_name, "2025-12");
	month.time = SUPPORT_DAY - 100 * DAY_MS;
	ck_assert_int_eq(release_put(&month), ITEM_STORED);
	ck_assert_int_eq(count("survey = 'month' AND period = 56 * 12"), 1);
}
END_TEST

START_TEST(threshold_and_units_are_frozen_by_the_first_answer)
{
	struct event e[2];
	struct store_outcome o[2];
	const struct said s = {.survey = "team", .person = 1, .mood = 3};

	release_unit_put("a");
	release_survey("team", PERIOD_WAVE, 7);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM survey_period_unit"),
			 0);
	/* A headcount of the same transaction, too. */
	e[0] = support_event(EVENT_HEADCOUNT_SET, AUDIENCE_EMPLOYEE, CLASS_OPERATIONAL);
	e[0].dim[DIM_UNIT] = STR("b/c");
	e[0].headcount = 9;
	e[1] = release_said(&s);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	release_unit_put("d");
	release_survey("team", PERIOD_WAVE, 9);
	release_crowd("team", "d", 2, 2);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT group_concat(unit, ' ') = 'a b/c' "
				     "FROM (SELECT unit FROM survey_period_unit "
				     "ORDER BY unit)"),
			 1);
	ck_assert_int_eq(support_sql(SEALED, "SELECT threshold FROM survey_period"), 7);
}
END_TEST

START_TEST(one_answer_of_a_person_counts)
{
	struct said s = {.survey = "team", .person = 1, .mood = 3};

	release_survey("team", PERIOD_WAVE, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("counted = 1 AND verified = 1"), 1);
	ck_assert_int_eq(count("counted = 0"), 2);
	s.unvouched = true;
	s.person = 2;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	/* Nobody in particular is somebody else each time. */
	s.person = 0;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("counted = 1"), 4);
	ck_assert_int_eq(count("verified = 1"), 3);
	/* To be invited is no answer. */
	s.person = 3;
	struct event e = release_said(&s);
	e.type = EVENT_SURVEY_INVITED;
	e.n_answers = 0;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("counted = 1 AND type = 'survey.answered'"), 5);
	ck_assert_int_eq(count("counted = 1"), 5);
}
END_TEST

START_TEST(a_person_is_another_in_each_period)
{
	struct said s = {.survey = "team", .person = 1, .mood = 3};
	struct store_change c;

	release_survey("team", PERIOD_WAVE, 0);
	release_survey("crew", PERIOD_WAVE, 0);
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert(release_has_key("period-team-1"));
	/* Neither what the worker made of it nor the same as in another survey. */
	ck_assert_int_eq(count("person = x'01000000000000000000000000000000'"), 0);
	s.survey = "crew";
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(
		support_sql(SEALED, "SELECT count(DISTINCT person) FROM event"), 2);
	support_exec(SEALED, "CREATE TABLE kept AS SELECT person FROM event");
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert(!release_has_key("period-team-1"));
	ck_assert(release_has_key("period-crew-1"));
	s.survey = "team";
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert(release_has_key("period-team-2"));
	ck_assert_int_eq(count("survey = 'team' AND person IN (SELECT * FROM kept)"),
			 0);
	/* The key is the same after a start. */
	support_close();
	support_open();
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("survey = 'team' AND period = 2 AND counted = 0"), 1);
	support_exec(SEALED, "DROP TABLE kept");
}
END_TEST

START_TEST(an_invitation_works_once)
{
	struct said s = {.survey = "team", .mood = 3, .invite = "one"};
	struct store_outcome o[2];
	struct event e[2];

	release_survey("team", PERIOD_WAVE, 0);
	release_survey("crew", PERIOD_WAVE, 0);
	e[0] = release_said(&s);
	ck_assert_int_eq(support_submit(e, o, 1, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_INVALID);
	ck_assert_int_eq(o[0].rc, EMP_UNKNOWN_REF);
	release_unit_put("a/b");
	release_invite("team", "a/b", "one");
	release_invite("crew", "", "two");
	s.survey = "crew"; /* of another survey */
	ck_assert_int_eq(release_put(&s), ITEM_INVALID);
	s.survey = "team";
	s.unit = "a"; /* of another unit */
	ck_assert_int_eq(release_put(&s), ITEM_INVALID);
	ck_assert_int_eq(count("1"), 0);
	s.unit = NULL;
	e[0] = release_said(&s);
	e[1] = release_said(&s);
	/* Given back when the whole is refused. */
	ck_assert_int_eq(support_submit(e, o, 2, true), EMP_UNKNOWN_REF);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_INVALID);
	ck_assert_int_eq(count("unit = 'a/b' AND verified = 1 AND counted = 1 AND "
			       "person IS NULL"),
			 1);
	/* Of no unit is of none. */
	s = (struct said){.survey = "crew", .unit = "a", .mood = 1, .invite = "two"};
	ck_assert_int_eq(release_put(&s), ITEM_INVALID);
	s.unit = NULL;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("unit IS NULL AND verified = 1"), 1);
	ck_assert_int_eq(support_sql(SEALED, "SELECT sum(spent) FROM invite"), 2);
}
END_TEST

START_TEST(invitations_go_with_their_period)
{
	const struct said s = {.survey = "week", .mood = 3, .invite = "late"};
	struct store_change c;

	release_survey("week", PERIOD_WEEK, 0);
	release_survey("team", PERIOD_WAVE, 0);
	release_invite("week", "", "late");
	release_invite("team", "", "t");
	/* Last week's release leaves this week's. */
	ck_assert_int_eq(release_do(&c, "week", NULL), EMP_OK);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM invite"), 2);
	clock_set_fixed(SUPPORT_DAY + NOON + 7 * DAY_MS);
	ck_assert_int_eq(release_do(&c, "week", NULL), EMP_OK);
	ck_assert_int_eq(release_put(&s), ITEM_INVALID);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM invite"), 0);
}
END_TEST

/* Or whoever has two of them would be two people in one period. */
START_TEST(an_invitation_is_to_its_period)
{
	struct said s = {.survey = "week", .mood = 3, .invite = "this"};

	release_survey("week", PERIOD_WEEK, 0);
	release_invite("week", "", "last");
	release_invite("week", "", "back");
	clock_set_fixed(SUPPORT_DAY + NOON + 7 * DAY_MS);
	release_invite("week", "", "this");
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	s.invite = "last";
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	/* What is said of the past, too. */
	s.invite = "back";
	s.time = SUPPORT_DAY - 30 * DAY_MS;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("verified = 1 AND counted = 1"), 3);
	ck_assert_int_eq(support_sql(SEALED,
				     "SELECT max(n) FROM (SELECT count(*) AS n "
				     "FROM event GROUP BY period)"),
			 2);
	ck_assert_int_eq(
		support_sql(SEALED, "SELECT max(period) - min(period) FROM event"), 1);
}
END_TEST

START_TEST(intents_are_answers)
{
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_EMPLOYEE,
				       CLASS_SEALED);

	e.person.set = true;
	e.verified = true;
	e.signal = SIGNAL_LEAVE_INTENT;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e.signal = SIGNAL_STAY_INTENT;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e.time += 40 * DAY_MS;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(count("survey = 'intent' AND counted = 1"), 2);
	ck_assert_int_eq(
		support_sql(SEALED,
			    "SELECT count(*) FROM answer JOIN event ON key = event_key "
			    "JOIN signal USING (event_key) WHERE "
			    "question = 'intent' AND option || '_intent' = kind AND "
			    "number = (option = 'leave')"),
		3);
}
END_TEST

START_TEST(what_fails_leaves_nothing)
{
	struct said s = {.survey = "team", .person = 1, .mood = 3, .invite = "one"};
	struct store_outcome o[2];
	struct event e[2];

	release_survey("team", PERIOD_WAVE, 0);
	release_unit_put("a");
	release_invite("team", "", "one");
	support_exec(SEALED,
		     "CREATE TRIGGER refuse BEFORE INSERT ON answer BEGIN "
		     "SELECT RAISE(ABORT, 'no'); END");
	e[0] = release_said(&s);
	ck_assert_int_eq(support_submit(e, o, 1, false), EMP_INTERNAL);
	ck_assert_int_eq(count("1"), 0);
	ck_assert_int_eq(support_sql(SEALED, "SELECT sum(spent) FROM invite"), 0);
	ck_assert_int_eq(
		support_sql(SEALED, "SELECT count(threshold) FROM survey_period"), 0);
	support_exec(SEALED, "DROP TRIGGER refuse");
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	s.invite = NULL;
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(count("counted = 1"), 1);
	ck_assert_int_eq(support_sql(SEALED, "SELECT count(*) FROM survey_period_unit"),
			 1);
}
END_TEST

START_TEST(files_of_former_versions_are_adopted)
{
	struct said s = {.survey = "team", .mood = 3};
	struct crypto_key key;

	release_survey("team", PERIOD_WAVE, 0);
	release_survey("month", PERIOD_MONTH, 0);
	release_unit_put("a");
	for (int i = 0; i < 3; i++) {
		s.person = 1 + i / 2;
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
	s.survey = "month";
	s.time = SUPPORT_DAY + 31 * DAY_MS - 1;
	clock_set_fixed(SUPPORT_DAY + 40 * DAY_MS);
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_EMPLOYEE,
				       CLASS_SEALED);
	e.signal = SIGNAL_LEAVE_INTENT;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	support_close();
	/* As it was before. */
	support_exec(SEALED,
		     "DELETE FROM setting WHERE name = 'periods';"
		     "DELETE FROM survey_period; DELETE FROM survey_period_unit;"
		     "DELETE FROM answer WHERE question = 'intent';"
		     "UPDATE event SET counted = 0, period = NULL, verified = 0;"
		     "UPDATE event SET survey = NULL WHERE type = 'signal.recorded'");
	ck_assert_int_eq(crypto_key_load(&key, support.dir, "survey-team-0", NULL),
			 EMP_OK);
	ck_assert_int_eq(crypto_key_load(&key, support.dir, "sealed-signal-672", NULL),
			 EMP_OK);
	ck_assert_int_eq(crypto_key_load(&key, support.dir, "sealed", NULL), EMP_OK);
	for (int i = 0; i < 2; i++) {
		support_open();
		ck_assert_int_eq(
			count("survey = 'team' AND period = 1 AND counted = 1"), 2);
		ck_assert_int_eq(
			count("survey = 'team' AND period = 1 AND counted = 0"), 1);
		ck_assert_int_eq(count("survey = 'month' AND period = 672"), 1);
		ck_assert_int_eq(count("survey = 'intent' AND period = 672"), 1);
		ck_assert_int_eq(count("verified = 1"), 0);
		ck_assert_int_eq(
			support_sql(SEALED,
				    "SELECT count(*) FROM answer WHERE "
				    "question = 'intent' AND option = 'leave'"),
			1);
		ck_assert_int_eq(support_sql(SEALED,
					     "SELECT count(*) FROM survey_period WHERE "
					     "threshold = 5"),
				 3);
		ck_assert_int_eq(
			support_sql(SEALED, "SELECT count(*) FROM survey_period_unit"),
			3);
		ck_assert(!release_has_key("survey-team-0"));
		ck_assert(!release_has_key("sealed-signal-672"));
		ck_assert(release_has_key("sealed"));
		support_close();
	}
	support_open();
}
END_TEST

/* As by a backup, which has no keys. */
START_TEST(nobody_vouches_for_answers_whose_key_is_lost)
{
	struct said s = {.survey = "team", .person = 1, .mood = 3};
	struct said nameless = {.survey = "team", .mood = 3};
	struct said other = {.survey = "kept", .person = 1, .mood = 3};

	release_survey("team", PERIOD_WAVE, 0);
	release_survey("kept", PERIOD_WAVE, 0);
	release_invite("team", "", "code");
	nameless.invite = "code";
	ck_assert_int_eq(release_put(&s), ITEM_STORED);
	ck_assert_int_eq(release_put(&nameless), ITEM_STORED);
	ck_assert_int_eq(release_put(&other), ITEM_STORED);
	ck_assert_int_eq(count("counted = 1 AND verified = 1"), 3);
	support_close();
	ck_assert_int_eq(crypto_key_destroy(support.dir, "period-team-1", NULL),
			 EMP_OK);
	for (int i = 0; i < 2; i++) {
		support_open();
		/* Whose code was spent is one person, whatever key there is. */
		ck_assert_int_eq(
			count("survey = 'team' AND person IS NULL AND verified = 1"),
			1);
		ck_assert_int_eq(count("survey = 'team' AND person IS NOT NULL AND "
				       "verified = 0 AND counted = 1"),
				 1);
		ck_assert_int_eq(count("survey = 'kept' AND verified = 1"), 1);
		/* The person cannot be known again, and is of those vouched for once.
		 */
		ck_assert_int_eq(release_put(&s), ITEM_STORED);
		ck_assert_int_eq(count("survey = 'team' AND person IS NOT NULL AND "
				       "verified = 1 AND counted = 1"),
				 1);
		support_close();
	}
	support_open();
}
END_TEST

Suite *
store_period_suite(void)
{
	Suite *s = suite_create("store_period");
	TCase *tc = tcase_create("periods");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_wave_lasts_from_release_to_release);
	tcase_add_test(tc, weeks_and_months_are_those_of_the_event);
	tcase_add_test(tc, threshold_and_units_are_frozen_by_the_first_answer);
	tcase_add_test(tc, one_answer_of_a_person_counts);
	tcase_add_test(tc, a_person_is_another_in_each_period);
	tcase_add_test(tc, an_invitation_works_once);
	tcase_add_test(tc, invitations_go_with_their_period);
	tcase_add_test(tc, an_invitation_is_to_its_period);
	tcase_add_test(tc, intents_are_answers);
	tcase_add_test(tc, what_fails_leaves_nothing);
	tcase_add_test(tc, files_of_former_versions_are_adopted);
	tcase_add_test(tc, nobody_vouches_for_answers_whose_key_is_lost);
	suite_add_tcase(s, tc);
	return s;
}
