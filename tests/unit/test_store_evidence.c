/*
 * store: what confidential.db tells the daemon about single people: evidence, backings,
 * trainings and whose a code is.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/clock.h"
#include "review_support.h"
#include "unit.h"

START_TEST(evidence_is_of_one_person)
{
	uint8_t person[PSEUDONYM_BYTES];
	struct event e = decision("d", 3, "north");
	const struct seen *s;

	e.amount_cents = 4200;
	stored(e);
	stored(decision("f", 4, "north"));
	stored(decision("g", 4, "south"));
	e = review("r", "d", VERDICT_COACH);
	e.time += 2 * DAY_MS;
	e.lesson = STR("ask first");
	e.driver_missed = DRIVER_REFERRAL;
	stored(e);
	memset(person, 3, sizeof person);
	s = ask(person, NULL);
	ck_assert_uint_eq(s->evidence, 1);
	ck_assert_uint_eq(s->row.verdict, VERDICT_COACH);
	ck_assert(!s->row.review_rule);
	ck_assert_str_eq(s->lesson, "ask first");
	ck_assert_int_eq(s->row.driver_missed, DRIVER_REFERRAL);
	ck_assert_int_eq(s->row.reviewed, SUPPORT_DAY + 2 * DAY_MS);
	ck_assert_int_eq(s->row.decision.amount_cents, 4200);
	ck_assert_uint_eq(s->row.decision.facts.answer, ANSWER_YES);
	memset(person, 4, sizeof person);
	s = ask(person, NULL);
	ck_assert_uint_eq(s->evidence, 2);
	ck_assert_uint_eq(s->reviewed, 0);
	ck_assert_int_eq(s->row.driver_missed, -1);
	memset(person, 5, sizeof person);
	ck_assert_uint_eq(ask(person, NULL)->evidence, 0);
	ck_assert_uint_eq(ask(NULL, NULL)->evidence, 3);
}
END_TEST

START_TEST(a_backing_names_a_decision_or_nothing)
{
	struct identity to;

	stored(decision("d", 3, "north"));
	stored(backing("a", "d", &to));
	stored(backing("b", "d", &to));
	stored(backing("c", "nothing", &to));
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM recognition"), 3);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM backing"), 2);
	ck_assert_uint_eq(ask(NULL, NULL)->backings, 1);
	/* It stays one that backs nothing: what it named is not kept. */
	stored(decision("nothing", 3, "north"));
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM backing"), 2);
	ck_assert_uint_eq(ask(NULL, NULL)->backings, 1);
}
END_TEST

START_TEST(trainings_are_asked_for_and_completed)
{
	const struct seen *s;

	stored(training("a", EVENT_TRAINING_REQUESTED, 3, SUPPORT_DAY));
	stored(training("b", EVENT_TRAINING_COMPLETED, 3, SUPPORT_DAY + DAY_MS + 5));
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->trainings, 2);
	ck_assert_uint_eq(s->requested, 1);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM training JOIN event "
				   "ON event.key = training.event_key WHERE "
				   "event.type = 'training.requested'"),
			 1);
}
END_TEST

static enum emp_rc
code_put(int code, int person)
{
	struct store_change c = {.op = DEF_CODE_PUT};

	memset(c.code_hash, code, sizeof c.code_hash);
	memset(c.person, person, sizeof c.person);
	return support_change(&c);
}

static int
code_person(int code)
{
	uint8_t hash[RECEIPT_HASH_BYTES];
	const struct seen *s;

	memset(hash, code, sizeof hash);
	s = ask(NULL, hash);
	ck_assert(s->code_rc == EMP_OK || s->code_rc == EMP_NOT_FOUND);
	return s->code_rc == EMP_OK ? s->code_person : -1;
}

START_TEST(a_new_code_takes_the_place_of_the_old)
{
	ck_assert_int_eq(code_person(7), -1);
	ck_assert_int_eq(code_put(7, 3), EMP_OK);
	ck_assert_int_eq(code_put(8, 4), EMP_OK);
	ck_assert_int_eq(code_person(7), 3);
	ck_assert_int_eq(code_put(9, 3), EMP_OK);
	for (int start = 0; start < 2; start++) {
		ck_assert_int_eq(code_person(7), -1);
		ck_assert_int_eq(code_person(8), 4);
		ck_assert_int_eq(code_person(9), 3);
		support_close();
		support_open();
	}
}
END_TEST

START_TEST(who_has_the_analysts_file_alone_learns_nothing)
{
	static struct seen s;
	uint8_t hash[RECEIPT_HASH_BYTES];

	memset(hash, 7, sizeof hash);
	ck_assert_int_eq(code_put(7, 3), EMP_OK);
	stored(decision("d", 3, "north"));
	stored(review("r", "d", VERDICT_COACH));
	stored(training("t", EVENT_TRAINING_COMPLETED, 3, SUPPORT_DAY));
	memset(&s, 0, sizeof s);
	s.code = hash;
	ask_files(&s);
	ck_assert_uint_eq(s.cells + s.deciders + s.backings + s.evidence + s.trainings +
				  s.findings,
			  0);
	ck_assert_int_eq(s.code_rc, EMP_NOT_FOUND);
}
END_TEST

Suite *
store_evidence_suite(void)
{
	Suite *s = suite_create("store_evidence");
	TCase *tc = tcase_create("evidence");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, evidence_is_of_one_person);
	tcase_add_test(tc, a_backing_names_a_decision_or_nothing);
	tcase_add_test(tc, trainings_are_asked_for_and_completed);
	tcase_add_test(tc, a_new_code_takes_the_place_of_the_old);
	tcase_add_test(tc, who_has_the_analysts_file_alone_learns_nothing);
	suite_add_tcase(s, tc);
	return s;
}
