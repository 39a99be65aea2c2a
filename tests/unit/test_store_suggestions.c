/*
 * store: suggestions in empowerd.db. Every step through the file, what is refused
 * stores nothing, and the state is what the history says.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "suggestion_support.h"
#include "unit.h"

#define MAIN "empowerd.db"

static int64_t
count(const char *sql)
{
	return support_sql(MAIN, sql);
}

START_TEST(a_submission_is_stored_as_sent)
{
	struct event e = suggestion_new("s-1", SUGGESTION_CONCERN, 1);
	struct store_outcome o;

	e.category = STR("billing");
	e.title = STR("too slow");
	e.dim[DIM_UNIT] = STR("shop/north");
	e.board = true;
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(o.seq, 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE event_seq = 1 "
			       "AND id = 's-1' AND kind = 'concern' "
			       "AND category = 'billing' AND title = 'too slow' "
			       "AND body = 'what I think' AND board = 1 "
			       "AND state = 'submitted' AND status IS NULL "
			       "AND rounds = 1 AND published = 0 "
			       "AND unit = 'shop/north' AND audience = 'customer'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_event "
			       "WHERE type = 'suggestion.submitted'"),
			 1);
	ck_assert_uint_eq(support.counted, 1);
}
END_TEST

START_TEST(every_step_leads_where_the_table_says)
{
	const struct {
		enum event_type type;
		int arg;
		const char *state;
	} walk[] = {
		{EVENT_SUGGESTION_ACKNOWLEDGED, 1, "received"},
		{EVENT_SUGGESTION_ACKNOWLEDGED, 0, "acknowledged"},
		{EVENT_SUGGESTION_SUPPORTED, 7, "acknowledged"},
		{EVENT_SUGGESTION_TRIAGED, 1, "examining"},
		{EVENT_SUGGESTION_SEEN, 0, "examining"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_ACCEPTED, "accepted"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_PLANNED, "planned"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_STARTED, "started"},
		{EVENT_SUGGESTION_REPLIED, 0, "started"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_DONE, "done"},
		{EVENT_SUGGESTION_SEEN, 0, "done"},
		{EVENT_SUGGESTION_RATED, 4, "done"},
		{EVENT_SUGGESTION_REOPENED, 0, "reopened"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_DECLINED, "declined"},
		{EVENT_SUGGESTION_RATED, 2, "declined"},
		{EVENT_SUGGESTION_REPLIED, 0, "reopened"},
		{EVENT_SUGGESTION_WITHDRAWN, 0, "withdrawn"},
	};
	struct event e = suggestion_new("s-1", SUGGESTION_SUGGESTION, 1);
	const int n = sizeof walk / sizeof *walk;
	char sql[256];

	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	for (int i = 0; i < n; i++) {
		e = suggestion_step_on("s-1", 1, walk[i].type, walk[i].arg);
		e.time += (i + 1) * 60000;
		ck_assert_msg(support_put(&e) == ITEM_STORED, "step %d", i);
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM v_suggestion WHERE state = '%s'",
			 walk[i].state);
		ck_assert_msg(count(sql) == 1, "step %d: not %s", i, walk[i].state);
	}
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion_step WHERE id = "
			       "'s-1' AND suggestion_seq = 1"),
			 n);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE felt_heard = 2 "
			       "AND rounds = 3 AND published = 6 AND negatives = 1 "
			       "AND negatives_reasoned = 1 AND supporters = 1 "
			       "AND rated_round = 2 AND status = 'declined'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion_step "
			       "WHERE reason = 'because' AND status = 'declined'"),
			 1);
	/* Every step is an event of the suggestion's series; only it was counted. */
	ck_assert_int_eq(count("SELECT count(DISTINCT series_id) FROM event"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM event"), n + 1);
	ck_assert_uint_eq(support.counted, 1);
}
END_TEST

Suite *
store_suggestions_suite(void)
{
	Suite *s = suite_create("store_suggestions");
	TCase *t = tcase_create("suggestions");

	tcase_add_checked_fixture(t, support_setup_open, support_teardown);
	tcase_add_test(t, a_submission_is_stored_as_sent);
	tcase_add_test(t, every_step_leads_where_the_table_says);
	suite_add_tcase(s, t);
	return s;
}
