/*
 * store: suggestions of employees, in confidential.db. As in the other file, and
 * without a trace of who sent them, when within a day, or which came first.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggestion_support.h"
#include "unit.h"

#define SEALED "confidential.db"
#define HOUR_MS INT64_C(3600000)
#define SECRET_ID "kqzvwjx-0815"
#define SECRET_SOURCE "qpxkwzsource"

static int64_t
count(const char *sql)
{
	return support_sql(SEALED, sql);
}

/* Whether any file of the directory holds the text. */
static bool
anywhere(const char *text)
{
	char command[PATH_MAX + 64];

	snprintf(command, sizeof command, "grep -qar '%s' '%s'", text, support.dir);
	return system(command) == 0;
}

START_TEST(a_case_has_a_day_and_no_id)
{
	struct event e = case_new(1, SUGGESTION_CONCERN);
	struct store_outcome o;

	e.source = STR(SECRET_SOURCE);
	support_id(&e, SECRET_ID, 5);
	/* As the keyed hash does in life, unlike the tests' simple keys. */
	memcpy(e.id_key, "\x9d\x11\xfe\x02\x5c\x3b\x88\x71\xa0\x4e\x66\xc7", 12);
	e.time += 12345678;
	e.category = STR("workload");
	e.dim[DIM_UNIT] = STR("ops/night");
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(o.seq, 0);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE kind = "
			       "'concern' AND category = 'workload' AND body = "
			       "'what I think' AND submitted = '2026-01-01' AND "
			       "state = 'submitted' AND unit = 'ops/night'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM event WHERE class = 'case' AND "
			       "day = '2026-01-01'"),
			 1);
	ck_assert(anywhere("what I think"));
	ck_assert(!anywhere(SECRET_ID));
	ck_assert(!anywhere(SECRET_SOURCE));
	/* Nothing of it is where analysts look, nor was it counted. */
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT (SELECT count(*) FROM event) + "
				     "(SELECT count(*) FROM suggestion) + "
				     "(SELECT count(*) FROM category) + "
				     "(SELECT count(*) FROM unit)"),
			 0);
	ck_assert_uint_eq(support.counted, 0);
	/* A repeat is one, also when nobody remembers the id. */
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	e.id_given = false;
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion"), 1);
}
END_TEST

START_TEST(it_is_read_by_the_id_that_was_answered)
{
	char id[CASE_ID_CHARS + 1] = CASE_ID_PREFIX;
	struct suggestion_find f = {.id = {id, CASE_ID_CHARS}};
	struct event e = case_new(3, SUGGESTION_QUESTION);

	for (int i = 0; i < HANDLE_BYTES; i++)
		snprintf(id + 5 + 2 * i, 3, "%02x", e.handle[i]);
	e.dim[DIM_UNIT] = STR("ops");
	ck_assert_int_eq(suggestion_read(&f), EMP_NOT_FOUND);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(suggestion_read(&f), EMP_OK);
	ck_assert_str_eq(reading.row[0].id, id);
	ck_assert_str_eq(reading.row[0].unit, "ops");
	ck_assert_int_eq(reading.row[0].seq, 0);
	ck_assert(!reading.author);
	ck_assert_int_eq(suggestion_read_receipt(3, true), EMP_OK);
	ck_assert(reading.author);
	/* Not in the file of customers. */
	ck_assert_int_eq(suggestion_read_receipt(3, false), EMP_NOT_FOUND);
}
END_TEST

START_TEST(state_is_what_the_history_says)
{
	suggestion_walk(815 + (unsigned)_i, true);
	/* How it felt is apart: no step, and in as many answers as there were. */
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion_step "
			       "WHERE type = 'suggestion.rated'"),
			 0);
	ck_assert_int_eq(count("SELECT count(*) FROM answer WHERE "
			       "question = 'felt_heard' AND value BETWEEN 1 AND 5") -
				 count("SELECT count(*) FROM event WHERE "
				       "type = 'suggestion.rated' AND "
				       "class = 'sealed'"),
			 0);
	ck_assert_int_gt(count("SELECT count(*) FROM answer"), 0);
	/* Every other step is an event of its suggestion's unit, numbered from 1. */
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion_step AS step "
			       "JOIN event ON event.key = event_key AND "
			       "event.type = step.type AND event.day = step.day"),
			 count("SELECT count(*) FROM suggestion_step"));
	ck_assert_int_eq(count("SELECT count(*) FROM (SELECT max(number) - count(*) "
			       "AS gap, min(number) AS first FROM suggestion_step "
			       "GROUP BY suggestion) WHERE gap <> 0 OR first <> 1"),
			 0);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
}
END_TEST

START_TEST(a_rating_is_tied_to_nothing)
{
	struct event e = case_new(1, SUGGESTION_SUGGESTION);

	e.dim[DIM_UNIT] = STR("ops");
	e.dim[DIM_CHANNEL] = STR("kiosk");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = case_step_on(1, EVENT_SUGGESTION_ANSWERED, STATUS_DONE);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = case_step_on(1, EVENT_SUGGESTION_RATED, 2);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(count("SELECT count(*) FROM event JOIN answer ON "
			       "answer.event_key = event.key WHERE class = 'sealed' "
			       "AND value = 2 AND unit = 'ops' AND channel IS NULL "
			       "AND person IS NULL"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM answer WHERE event_key IN "
			       "(SELECT key FROM suggestion UNION ALL "
			       "SELECT event_key FROM suggestion_step)"),
			 0);
	/* That it was rated in this round stays with it. */
	ck_assert_int_eq(count("SELECT rated_round FROM suggestion_state"), 1);
	ck_assert_int_eq(support_put(&e), ITEM_INVALID);
	ck_assert_int_eq(count("SELECT count(*) FROM answer"), 1);
}
END_TEST

static void
refused(struct event *e, enum emp_rc why)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM event) + "
				  "(SELECT count(*) FROM suggestion_step) + "
				  "(SELECT count(*) FROM id_window) + "
				  "(SELECT sum(published + supporters + opened) "
				  "FROM suggestion_state)";
	struct store_outcome o;
	int64_t before = count(sql);

	ck_assert_int_eq(support_submit(e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_INVALID);
	ck_assert_int_eq(o.rc, why);
	ck_assert_int_eq(count(sql), before);
}

static void
declare(const char *unit, int64_t headcount)
{
	struct event e = support_event(EVENT_HEADCOUNT_SET, AUDIENCE_EMPLOYEE,
				       CLASS_OPERATIONAL);

	e.dim[DIM_UNIT] = str_from(unit);
	e.headcount = headcount;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
}

START_TEST(what_is_refused_stores_nothing)
{
	struct event e = case_new(1, SUGGESTION_CONCERN);

	e.dim[DIM_UNIT] = STR("ops/night");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = case_step_on(2, EVENT_SUGGESTION_TRIAGED, 1);
	support_id(&e, "one", 1);
	refused(&e, EMP_UNKNOWN_REF);
	e = case_step_on(1, EVENT_SUGGESTION_TRIAGED, 1);
	support_id(&e, "two", 1);
	e.may_concern = false;
	refused(&e, EMP_UNKNOWN_REF);
	e.may_concern = true;
	e.only_unit = STR("ops/nigh");
	refused(&e, EMP_UNKNOWN_REF);
	e.only_unit = STR("ops");
	/* Who sees so few people may not learn that it is one of them. */
	refused(&e, EMP_UNKNOWN_REF);
	declare("ops/day", 6);
	declare("ops/night", 4);
	declare("ops/night/late", 40);
	declare("ops-two", 40);
	e.only_unit = STR("ops/night");
	refused(&e, EMP_UNKNOWN_REF);
	e.only_unit = STR("ops");
	/* An id that was refused is free. */
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	e.id_given = false;
	refused(&e, EMP_TRANSITION);
	e = case_step_on(2, EVENT_SUGGESTION_WITHDRAWN, 0);
	refused(&e, EMP_UNKNOWN_REF);
	e = case_step_on(1, EVENT_SUGGESTION_SUPPORTED, 1);
	refused(&e, EMP_TRANSITION);
	e = case_step_on(1, EVENT_SUGGESTION_SUPPORTED, 5);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	refused(&e, EMP_TRANSITION);
	e = case_step_on(5, EVENT_SUGGESTION_SEEN, 0);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	e = case_step_on(5, EVENT_SUGGESTION_WITHDRAWN, 0);
	refused(&e, EMP_UNKNOWN_REF);
	e = case_step_on(1, EVENT_SUGGESTION_SEEN, 0);
	e.may_concern = false;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
}
END_TEST

START_TEST(days_are_those_of_the_zone)
{
	struct event e;

	support.config.timezone = "America/New_York";
	support_open();
	e = case_new(1, SUGGESTION_SUGGESTION);
	e.time = SUPPORT_DAY + 2 * HOUR_MS; /* still the day before there */
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = case_step_on(1, EVENT_SUGGESTION_ACKNOWLEDGED, 0);
	e.time = SUPPORT_DAY + 6 * HOUR_MS;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE "
			       "submitted = '2025-12-31' AND "
			       "acknowledged = '2026-01-01'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion_step WHERE "
			       "day = '2026-01-01'"),
			 1);
	ck_assert_int_eq(suggestion_read_receipt(1, true), EMP_OK);
	ck_assert_int_eq(reading.row[0].life.submitted, SUPPORT_DAY - 19 * HOUR_MS);
	ck_assert_int_eq(reading.row[0].life.acknowledged, SUPPORT_DAY + 5 * HOUR_MS);
	ck_assert_int_eq(reading.step[0].time, SUPPORT_DAY + 5 * HOUR_MS);
}
END_TEST

/* Two files in which the same happened on the same days, in another order and at other
 * hours, hold the same rows: what is random apart. */
static int64_t
fingerprint(void)
{
	return count("SELECT sum(length(kind) * 7 + length(state) * 31 + "
		     "published * 131 + supporters * 1031) + "
		     "(SELECT sum(number * 17 + length(type)) FROM suggestion_step) + "
		     "(SELECT count(*) FROM event) FROM suggestion_state");
}

static void
happen(bool backwards)
{
	struct event e;

	for (unsigned i = 1; i <= 20; i++) {
		unsigned number = backwards ? 21 - i : i;

		e = case_new(number, 1 + number % SUGGESTION_PATTERN_SEEN);
		e.time = SUPPORT_DAY + i * HOUR_MS;
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
	for (unsigned i = 1; i <= 20; i++) {
		unsigned number = backwards ? i : 21 - i;

		e = case_step_on(number, EVENT_SUGGESTION_TRIAGED, number % 2);
		e.time = SUPPORT_DAY + i * HOUR_MS;
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
}

START_TEST(nothing_tells_which_came_first)
{
	static const char listing[] =
		"SELECT sum(place * number) FROM (SELECT row_number() OVER () AS "
		"place, unicode(hex(substr(suggestion, 5, 1))) AS number FROM "
		"suggestion_state)";
	int64_t first;
	int64_t list;

	happen(false);
	first = fingerprint();
	list = count(listing);
	support_teardown();
	support_setup_open();
	happen(true);
	ck_assert_int_eq(fingerprint(), first);
	ck_assert_int_eq(count(listing), list);
	/* No table keeps rows in the order they came, no column a time or a number of
	 * arrival: what is a number is a count or a yes. */
	ck_assert_int_eq(count("SELECT count(*) FROM pragma_table_list WHERE "
			       "schema = 'main' AND name LIKE 'suggestion%' AND "
			       "type = 'table' AND wr = 0"),
			 0);
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion_state WHERE "
			       "published > 1 OR rounds > 1 OR length(submitted) <> 10 "
			       "OR length(first_response) <> 10"),
			 0);
}
END_TEST

START_TEST(what_is_rolled_back_never_was)
{
	struct store_outcome o[2];
	struct event e[2];

	e[0] = case_new(1, SUGGESTION_OPINION);
	ck_assert_int_eq(support_put(&e[0]), ITEM_STORED);
	e[0] = case_step_on(1, EVENT_SUGGESTION_TRIAGED, 1);
	e[1] = case_step_on(1, EVENT_SUGGESTION_TRIAGED, 1);
	ck_assert_int_eq(support_submit(e, o, 2, true), EMP_TRANSITION);
	ck_assert_int_eq(count("SELECT count(*) FROM event"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion_step"), 0);
	ck_assert_int_eq(count("SELECT published FROM suggestion_state"), 0);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_INVALID);
	ck_assert_int_eq(count("SELECT published FROM suggestion_state"), 1);
}
END_TEST

START_TEST(caches_learn_of_every_commit)
{
	struct event e = case_new(1, SUGGESTION_OPINION);
	uint64_t before = store_sealed_version(support.store);

	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_uint_ne(store_sealed_version(support.store), before);
	before = store_sealed_version(support.store);
	e = case_step_on(1, EVENT_SUGGESTION_TRIAGED, 1);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_uint_ne(store_sealed_version(support.store), before);
}
END_TEST

Suite *
store_cases_suite(void)
{
	Suite *s = suite_create("store_cases");
	TCase *t = tcase_create("cases");
	TCase *zone = tcase_create("zone");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, support_setup_open, support_teardown);
	tcase_add_test(t, a_case_has_a_day_and_no_id);
	tcase_add_test(t, it_is_read_by_the_id_that_was_answered);
	tcase_add_loop_test(t, state_is_what_the_history_says, 0, 3);
	tcase_add_test(t, a_rating_is_tied_to_nothing);
	tcase_add_test(t, what_is_refused_stores_nothing);
	tcase_add_test(t, nothing_tells_which_came_first);
	tcase_add_test(t, what_is_rolled_back_never_was);
	tcase_add_test(t, caches_learn_of_every_commit);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(zone, support_setup, support_teardown);
	tcase_add_test(zone, days_are_those_of_the_zone);
	suite_add_tcase(s, zone);
	return s;
}
