/*
 * store: what is sealed or personnel goes to confidential.db and leaves no trace that
 * tells who, when or in which order.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store_support.h"
#include "unit.h"

#define SECRET_ID "vrsnjqkx-0001"
#define SECRET_SOURCE "wqpzkioskx"

static struct event
sealed_answer(const char *id, struct answer *a)
{
	struct event e = support_event(EVENT_SURVEY_ANSWERED, AUDIENCE_EMPLOYEE,
				       CLASS_SEALED);

	e.survey = surveys_find(support.defs->surveys, STR("enps"));
	ck_assert_ptr_nonnull(e.survey);
	a[0] = (struct answer){.name = STR("overall"), .value = 2};
	a[1] = (struct answer){.question = -1, .name = STR("fresh"), .value = 3};
	e.answers = a;
	e.n_answers = 2;
	e.dim[DIM_UNIT] = STR("ops/night");
	e.source = STR(SECRET_SOURCE);
	e.comment = STR("too loud");
	support_id(&e, id, 77);
	return e;
}

START_TEST(a_sealed_answer_is_text_without_number_id_or_time)
{
	struct answer a[2];
	struct store_outcome o;
	struct event e;

	support_survey(AUDIENCE_EMPLOYEE);
	e = sealed_answer(SECRET_ID, a);
	e.time += 12345;
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(o.seq, 0);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM event WHERE class = "
				     "'sealed' AND day = '2026-01-01' AND unit = "
				     "'ops/night' AND comment = 'too loud' AND "
				     "length(key) = 16 AND at = '2026-01-01T00:00:00Z' "
				     "AND ts = 1767225600"),
			 1);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM answer WHERE "
				     "(question = 'overall' AND value = 2) OR "
				     "(question = 'fresh' AND value = 3)"),
			 2);
	ck_assert_int_eq(
		support_sql("confidential.db",
			    "SELECT count(*) FROM v_event WHERE source IS NULL "
			    "AND id IS NULL AND type = 'survey.answered'"),
		1);
	/* Nothing of it in the analysts' file: no event, name, question or counter. */
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM unit"), 0);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM id_block"),
			 0);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM question"),
			 1);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT used FROM survey"), 0);
	ck_assert_uint_eq(support.counted, 0);
}
END_TEST

/* Whether any file of the directory holds the text. */
static bool
anywhere(const char *text)
{
	char command[PATH_MAX + 64];

	snprintf(command, sizeof command, "grep -qar '%s' '%s'", text, support.dir);
	return system(command) == 0;
}

START_TEST(no_file_holds_the_id_or_the_sender)
{
	struct answer a[2];
	struct event e;

	support_survey(AUDIENCE_EMPLOYEE);
	e = sealed_answer(SECRET_ID, a);
	/* As the keyed hash does in life, unlike the tests' simple keys. */
	memcpy(e.id_key, "\x9d\x11\xfe\x02\x5c\x3b\x88\x71\xa0\x4e\x66\xc7", 12);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert(anywhere("too loud"));
	ck_assert(!anywhere(SECRET_ID));
	ck_assert(!anywhere(SECRET_SOURCE));
	support_close();
	ck_assert(!anywhere(SECRET_ID));
	ck_assert(!anywhere(SECRET_SOURCE));
}
END_TEST

START_TEST(a_repeat_is_a_duplicate_whatever_it_says)
{
	struct answer a[2];
	struct event e;

	support_survey(AUDIENCE_EMPLOYEE);
	e = sealed_answer("same", a);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e.content = 78;
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	support_close();
	support_open();
	e = sealed_answer("same", a);
	e.content = 79;
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 1);
}
END_TEST

START_TEST(one_batch_may_go_to_both_files)
{
	struct answer a[3];
	struct event e[2];
	struct store_outcome o[2];

	support_survey(AUDIENCE_CUSTOMER);
	support_survey(AUDIENCE_EMPLOYEE);
	e[0] = sealed_answer("s", a);
	e[1] = support_answer("c", &a[2], 5);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].seq, 0);
	ck_assert_int_eq(o[1].seq, 1);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 1);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 1);
	support_verify();
}
END_TEST

START_TEST(a_failure_in_one_file_leaves_nothing_in_the_other)
{
	struct answer a[3];
	struct event e[2];
	struct store_outcome o[2];

	support_survey(AUDIENCE_CUSTOMER);
	support_survey(AUDIENCE_EMPLOYEE);
	e[0] = sealed_answer("s", a);
	e[1] = support_answer("c", &a[2], 5);
	support_exec("empowerd.db",
		     "CREATE TRIGGER refuse AFTER INSERT ON event BEGIN "
		     "SELECT RAISE(ABORT, 'no'); END");
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_INTERNAL);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 0);
	support_exec("empowerd.db", "DROP TRIGGER refuse");
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 1);
}
END_TEST

START_TEST(personnel_events_keep_their_details)
{
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_EMPLOYEE,
				       CLASS_PERSONNEL);

	e.person.set = true;
	memset(e.person.pseudonym, 9, sizeof e.person.pseudonym);
	e.signal = SIGNAL_ABSENCE;
	e.days_cents = 250;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e.signal = SIGNAL_SEPARATION;
	e.days_cents = -1;
	e.voluntary = 1;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = support_event(EVENT_TRAINING_COMPLETED, AUDIENCE_EMPLOYEE, CLASS_PERSONNEL);
	e.topic = STR("listening");
	e.hours_cents = 400;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM signal WHERE "
				     "(kind = 'absence' AND days = 2.5 AND "
				     "voluntary IS NULL) OR (kind = 'separation' AND "
				     "voluntary = 1 AND days IS NULL)"),
			 2);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM training WHERE "
				     "topic = 'listening' AND hours = 4.0"),
			 1);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
}
END_TEST

START_TEST(the_day_is_that_of_the_files_zone)
{
	struct event e = support_event(EVENT_TRAINING_COMPLETED, AUDIENCE_EMPLOYEE,
				       CLASS_PERSONNEL);

	support_close();
	{
		char path[PATH_MAX];

		support_path(path, "empowerd.db");
		ck_assert_int_eq(unlink(path), 0);
		support_path(path, "empowerd.db-wal");
		ck_assert_int_eq(unlink(path), 0);
	}
	support.config.timezone = "Asia/Tokyo";
	support_open();
	e.time = SUPPORT_DAY + 20 * S_PER_HOUR * MS_PER_S; /* 05:00 on the next day */
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM event "
				     "WHERE day = '2026-01-02'"),
			 1);
}
END_TEST

START_TEST(tables_have_no_order_of_arrival)
{
	/* Without rowid, and with keys that are random; but for tokens and the audit,
	 * which are about those who read. */
	ck_assert_int_eq(
		support_sql("confidential.db",
			    "SELECT count(*) FROM pragma_table_list WHERE "
			    "schema = 'main' AND type = 'table' AND wr = 0 AND "
			    "name NOT LIKE 'sqlite%' AND "
			    "name NOT IN ('token', 'audit')"),
		0);
}
END_TEST

Suite *
store_sealed_suite(void)
{
	Suite *s = suite_create("store_sealed");
	TCase *tc = tcase_create("sealed");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, a_sealed_answer_is_text_without_number_id_or_time);
	tcase_add_test(tc, no_file_holds_the_id_or_the_sender);
	tcase_add_test(tc, a_repeat_is_a_duplicate_whatever_it_says);
	tcase_add_test(tc, one_batch_may_go_to_both_files);
	tcase_add_test(tc, a_failure_in_one_file_leaves_nothing_in_the_other);
	tcase_add_test(tc, personnel_events_keep_their_details);
	tcase_add_test(tc, the_day_is_that_of_the_files_zone);
	tcase_add_test(tc, tables_have_no_order_of_arrival);
	suite_add_tcase(s, tc);
	return s;
}
