/*
 * store: reviews are for the decider, and counts for everybody else. What is counted is
 * what is stored, after whatever history; what a review is about is found, or it is
 * refused and nothing of it stays.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "review_support.h"
#include "unit.h"

START_TEST(a_review_is_counted_where_its_decision_was_made)
{
	struct event e = decision("d", 3, "north");
	const struct seen *s;

	e.time = SUPPORT_DAY + 30 * DAY_MS + 23 * S_PER_HOUR * MS_PER_S;
	stored(e);
	e = review("r", "d", VERDICT_COACH);
	e.time = SUPPORT_DAY + 33 * DAY_MS;
	e.lesson = STR("ask first");
	e.rule = STR("refunds.7");
	e.driver_missed = DRIVER_REPUTATION;
	e.dim[DIM_UNIT] = STR("elsewhere");
	stored(e);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->cells, 1);
	ck_assert_uint_eq(s->cell[0].n, 1);
	ck_assert_int_eq(s->cell[0].month, MONTH_2026);
	ck_assert_str_eq(s->unit[0], "north");
	ck_assert_uint_eq(s->cell[0].verdict, VERDICT_COACH);
	ck_assert(s->cell[0].has_rule);
	ck_assert_uint_eq(s->cell[0].latency_days, 3);
	ck_assert_uint_eq(s->deciders, 1);
	ck_assert_uint_eq(s->who[0], 3);
	ck_assert_uint_eq(s->findings, 0);
	/* The analysts' file knows nothing of it. */
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(a_day_is_that_of_the_zone)
{
	const struct seen *s;
	struct event e;

	support_close();
	support_teardown();
	support_setup();
	support.config.timezone = "America/Los_Angeles";
	support_open();
	/* 23:00 there, on the last day of January. */
	e = decision("d", 3, "north");
	e.time = SUPPORT_DAY + 31 * DAY_MS + 7 * S_PER_HOUR * MS_PER_S;
	stored(e);
	/* Two hours later. */
	e = review("r", "d", VERDICT_REINFORCE);
	e.time = SUPPORT_DAY + 31 * DAY_MS + 9 * S_PER_HOUR * MS_PER_S;
	stored(e);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->cells, 1);
	ck_assert_int_eq(s->cell[0].month, MONTH_2026);
	ck_assert_uint_eq(s->cell[0].latency_days, 1);
	ck_assert_uint_eq(s->findings, 0);
}
END_TEST

START_TEST(no_review_came_before_its_decision)
{
	struct event e = decision("d", 3, "north");

	stored(e);
	e = review("r", "d", VERDICT_REINFORCE);
	e.time -= 5 * DAY_MS;
	stored(e);
	ck_assert_uint_eq(ask(NULL, NULL)->cell[0].latency_days, 0);
}
END_TEST

START_TEST(a_second_review_is_refused_and_stores_nothing)
{
	struct event e[2];
	struct store_outcome o[2];
	const struct seen *s;

	stored(decision("d", 3, "north"));
	stored(review("r", "d", VERDICT_COACH));
	refused(review("again", "d", VERDICT_SANCTION), EMP_TRANSITION);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM event"), 1);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM review"), 1);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM review_cell"), 1);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM id_window"), 1);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->reviews, 1);
	ck_assert_uint_eq(s->cell[0].verdict, VERDICT_COACH);
	/* The same once more is no second one, also after a start. */
	for (int start = 0; start < 2; start++) {
		e[0] = review("r", "d", VERDICT_COACH);
		ck_assert_int_eq(support_put(&e[0]), ITEM_DUPLICATE);
		refused(review("again", "d", VERDICT_SANCTION), EMP_TRANSITION);
		support_close();
		support_open();
	}
	/* Two in one batch: the first. */
	stored(decision("f", 3, "north"));
	e[0] = review("r1", "f", VERDICT_REINFORCE);
	e[1] = review("r2", "f", VERDICT_SANCTION);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_INVALID);
	ck_assert_int_eq(o[1].rc, EMP_TRANSITION);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM review WHERE "
				   "verdict = 'sanction'"),
			 0);
	ck_assert_uint_eq(ask(NULL, NULL)->findings, 0);
}
END_TEST

START_TEST(a_review_of_nothing_is_refused)
{
	struct event e = decision("d", 3, "north/one");
	struct store_outcome o;

	e.source = STR("till");
	stored(e);
	refused(review("a", "x", VERDICT_COACH), EMP_UNKNOWN_REF);
	e = review("b", "d", VERDICT_COACH);
	e.ref_source = STR("desk");
	refused(e, EMP_UNKNOWN_REF);
	/* What the token may not see, too. */
	e.ref_source = STR("till");
	e.only_unit = STR("nor");
	refused(e, EMP_UNKNOWN_REF);
	e.only_unit = STR("north/one/deep");
	refused(e, EMP_UNKNOWN_REF);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM id_window"), 0);
	/* All or nothing. */
	e = review("c", "x", VERDICT_COACH);
	ck_assert_int_eq(support_submit(&e, &o, 1, true), EMP_UNKNOWN_REF);
	e = review("b", "d", VERDICT_COACH);
	e.ref_source = STR("till");
	e.only_unit = STR("north");
	stored(e);
}
END_TEST

START_TEST(of_several_with_one_id_the_newest_is_meant)
{
	struct event e = decision("d", 3, "north");
	const struct seen *s;

	e.source = STR("till");
	stored(e);
	e = decision("d", 4, "south");
	e.source = STR("desk");
	e.id_key[0] ^= 1;
	stored(e);
	stored(review("r", "d", VERDICT_COACH));
	e = review("q", "d", VERDICT_COACH);
	e.ref_source = STR("till");
	stored(e);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->cells, 2);
	ck_assert_uint_eq(s->deciders, 2);
}
END_TEST

START_TEST(where_a_rule_decided_alone_nobody_is_counted)
{
	const struct seen *s;

	stored(decision("d", 0, ""));
	stored(review("r", "d", VERDICT_REINFORCE));
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->reviews, 1);
	ck_assert_str_eq(s->unit[0], "");
	ck_assert_uint_eq(s->deciders, 0);
	ck_assert_uint_eq(s->evidence, 0);
	ck_assert_uint_eq(s->findings, 0);
}
END_TEST

/* The decision and what is about it in one batch: the decision is committed before. */
START_TEST(a_review_waits_for_its_decision)
{
	struct event e[4];
	struct identity to;
	struct store_outcome o[4];
	const struct seen *s;

	e[0] = decision("d", 3, "north");
	e[1] = review("r", "d", VERDICT_COACH);
	e[2] = review("s", "d", VERDICT_COACH);
	e[3] = backing("b", "d", &to);
	ck_assert_int_eq(support_submit(e, o, 4, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	ck_assert_int_eq(o[2].rc, EMP_TRANSITION);
	ck_assert_int_eq(o[3].status, ITEM_STORED);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->reviews, 1);
	ck_assert_uint_eq(s->backings, 1);
	ck_assert_uint_eq(s->findings, 0);
	support_verify();
}
END_TEST

static int64_t reviews_then;

/* [writer] The transaction with the decision is over, and nothing else. */
static void
at_publish(void *ctx, int64_t seq, int64_t as_of)
{
	(void)ctx;
	(void)as_of;
	reviews_then = in_sealed("SELECT (SELECT count(*) FROM review) + "
				 "(SELECT count(*) FROM backing) + "
				 "(SELECT count(*) FROM id_window)");
	atomic_store(&support.published, seq);
}

/* A kill between the two commits finds a decision without its review, never a review
 * that is counted and whose decision is lost. */
START_TEST(a_decision_is_committed_before_its_review)
{
	struct event e[3];
	struct identity to;
	struct store_outcome o[3];

	support_close();
	support.hooks.publish = at_publish;
	support_open();
	reviews_then = -1;
	e[0] = decision("d", 3, "north");
	e[1] = review("r", "d", VERDICT_COACH);
	e[2] = backing("b", "d", &to);
	ck_assert_int_eq(support_submit(e, o, 3, false), EMP_OK);
	ck_assert_int_eq(reviews_then, 0);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM review"), 1);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM backing"), 1);
}
END_TEST

/* One file refuses; then everything is sent again. */
static void
refused_by(const char *file, const char *trigger, int64_t decisions)
{
	struct event e[4];
	struct identity to;
	struct store_outcome o[4];
	const struct seen *s;

	stored(decision("other", 5, "north"));
	support_exec(file, trigger);
	for (int again = 0; again < 2; again++) {
		e[0] = decision("d", 3, "north");
		e[1] = review("r", "d", VERDICT_COACH);
		e[2] = backing("b", "d", &to);
		e[3] = review("q", "other", VERDICT_COACH);
		if (again == 1)
			support_exec(file, "DROP TRIGGER refuse");
		ck_assert_int_eq(support_submit(e, o, 4, false),
				 again == 1 ? EMP_OK : EMP_INTERNAL);
		if (again == 1)
			break;
		s = ask(NULL, NULL);
		ck_assert_uint_eq(s->evidence, (uint64_t)decisions);
		ck_assert_uint_eq(s->reviews, s->reviewed);
		ck_assert_uint_eq(s->findings, 0);
	}
	support_close();
	support_open();
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->reviews, 2);
	ck_assert_uint_eq(s->backings, 1);
	ck_assert_uint_eq(s->evidence, 2);
	ck_assert_uint_eq(s->findings, 0);
	ck_assert(!atomic_load(&support.fatal));
	support_verify();
}

START_TEST(a_failure_in_the_analysts_file_leaves_no_count)
{
	refused_by("empowerd.db",
		   "CREATE TRIGGER refuse BEFORE INSERT ON decision WHEN NEW.id = 'd' "
		   "BEGIN SELECT RAISE(ABORT, 'no'); END",
		   1);
}
END_TEST

START_TEST(a_failure_in_the_other_file_leaves_no_count)
{
	/* What came later than the decision fails, one of the two by itself. */
	refused_by("confidential.db",
		   "CREATE TRIGGER refuse BEFORE INSERT ON backing "
		   "BEGIN SELECT RAISE(ABORT, 'no'); END",
		   2);
}
END_TEST

START_TEST(what_came_today_counts_tomorrow)
{
	struct identity to;
	struct event e = decision("d", 3, "north");
	const struct seen *s;

	stored(e);
	stored(decision("f", 4, "north"));
	stored(review("r", "d", VERDICT_COACH));
	clock_set_fixed(SUPPORT_DAY + 40 * DAY_MS + 1);
	for (int i = 0; i < 2; i++) {
		e = review(i == 0 ? "q" : "p", i == 0 ? "f" : "g", VERDICT_COACH);
		e.time = SUPPORT_DAY + 40 * DAY_MS;
		if (i == 1)
			stored(decision("g", 3, "north"));
		stored(e);
	}
	e = backing("b", "d", &to);
	e.time = SUPPORT_DAY + 40 * DAY_MS;
	stored(e);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->reviews, 1);
	ck_assert_uint_eq(s->cells, 1);
	ck_assert_uint_eq(s->deciders, 1);
	ck_assert_uint_eq(s->backings, 0);
	/* Shown to the decider at once. */
	ck_assert_uint_eq(s->reviewed, 3);
	clock_set_fixed(SUPPORT_DAY + 41 * DAY_MS);
	s = ask(NULL, NULL);
	ck_assert_uint_eq(s->reviews, 3);
	ck_assert_uint_eq(s->deciders, 2);
	ck_assert_uint_eq(s->backings, 1);
	ck_assert_uint_eq(s->findings, 0);
	clock_set_fixed(-1);
}
END_TEST

/* What verification finds: each of these is one thing that is not as it should be. */
START_TEST(what_is_not_as_counted_is_found)
{
	const char *const wrong[] = {
		"UPDATE review_cell SET n = n + 1",
		"DELETE FROM review_cell",
		"UPDATE review SET rule = 'x'",
		"UPDATE review_decider SET person = zeroblob(16)",
		"INSERT INTO review_decider VALUES (1, '', 'clerk', 'c', zeroblob(16), "
		"'2026-01-01')",
		"UPDATE review SET unit = 'south'; UPDATE review_cell SET unit = "
		"'south'; UPDATE review_decider SET unit = 'south'",
		"UPDATE review SET latency_days = 9; UPDATE review_cell SET "
		"latency_days = 9",
	};

	stored(decision("d", 3, "north"));
	stored(review("r", "d", VERDICT_COACH));
	ck_assert_uint_eq(ask(NULL, NULL)->findings, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		support_exec("confidential.db",
			     "CREATE TABLE IF NOT EXISTS a AS SELECT * FROM review;"
			     "CREATE TABLE IF NOT EXISTS b AS SELECT * FROM "
			     "review_cell; CREATE TABLE IF NOT EXISTS c AS SELECT * "
			     "FROM review_decider");
		support_exec("confidential.db", wrong[i]);
		ck_assert_msg(ask(NULL, NULL)->findings > 0, "%s", wrong[i]);
		support_exec("confidential.db",
			     "UPDATE review SET (rule, unit, latency_days) = "
			     "(SELECT rule, unit, latency_days FROM a);"
			     "DELETE FROM review_cell; INSERT INTO review_cell SELECT "
			     "* FROM b; DELETE FROM review_decider; "
			     "INSERT INTO review_decider SELECT * FROM c");
		ck_assert_msg(ask(NULL, NULL)->findings == 0, "after %s", wrong[i]);
	}
}
END_TEST

/* ---- any history ---------------------------------------------------------------- */

#define DECISIONS 120
#define BATCH_MAX 40

/* What the test knows by itself: UTC, so that a day is a division. */
struct known {
	char id[16];
	const char *unit;
	int64_t time;
	int person;
	bool made, reviewed;
	uint8_t verdict;
	bool rule;
	int64_t latency;
};
static struct known known[DECISIONS];

static unsigned
pick(unsigned n)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static struct event
pick_event(char ids[16], size_t nth)
{
	struct known *k = &known[pick(DECISIONS)];
	struct event e;

	snprintf(ids, 16, "r%zu", nth);
	if (!k->made) {
		e = decision(k->id, k->person, k->unit);
		e.time = k->time;
		k->made = true;
		return e;
	}
	e = review(ids, k->id, (enum verdict)(1 + pick(3)));
	e.time = k->time + ((int64_t)pick(100) - 10) * DAY_MS / 2;
	if (pick(2) == 0)
		e.rule = STR("rule");
	if (pick(8) == 0) {
		e.ref_id = STR("nothing");
	} else if (!k->reviewed) {
		k->reviewed = true;
		k->verdict = e.verdict;
		k->rule = e.rule.n > 0;
		k->latency = e.time / DAY_MS - k->time / DAY_MS;
	}
	return e;
}

/* Counts what the reader said again, one by one. */
static void
compare(const struct seen *s)
{
	uint64_t expected = 0;
	int evidence = 0;

	for (int i = 0; i < DECISIONS; i++) {
		const struct known *k = &known[i];
		int64_t month = MONTH_2026 + (k->time >= SUPPORT_DAY + 31 * DAY_MS) +
			(k->time >= SUPPORT_DAY + 59 * DAY_MS);
		uint64_t same = 0;
		uint64_t counted = 0;

		evidence += k->made && k->person > 0;
		if (!k->reviewed)
			continue;
		expected++;
		for (int j = 0; j < DECISIONS; j++) {
			const struct known *o = &known[j];
			int64_t other = MONTH_2026 +
				(o->time >= SUPPORT_DAY + 31 * DAY_MS) +
				(o->time >= SUPPORT_DAY + 59 * DAY_MS);

			same += o->reviewed && other == month && o->unit == k->unit &&
				o->verdict == k->verdict && o->rule == k->rule &&
				(o->latency > 0 ? o->latency : 0) ==
					(k->latency > 0 ? k->latency : 0);
		}
		for (uint64_t c = 0; c < s->cells; c++) {
			if (s->cell[c].month == month &&
			    strcmp(s->unit[c], k->unit) == 0 &&
			    s->cell[c].verdict == k->verdict &&
			    s->cell[c].has_rule == k->rule &&
			    s->cell[c].latency_days ==
				    (k->latency > 0 ? k->latency : 0))
				counted += s->cell[c].n;
		}
		ck_assert_uint_eq(counted, same);
	}
	ck_assert_uint_eq(s->reviews, expected);
	ck_assert_uint_eq(s->evidence, evidence);
	ck_assert_uint_eq(s->findings, 0);
}

START_TEST(cells_equal_rows_after_any_history)
{
	static const char *const units[] = {"", "north", "south"};
	static struct event e[BATCH_MAX];
	static struct store_outcome o[BATCH_MAX];
	static char ids[BATCH_MAX][16];
	size_t nth = 0;

	for (int i = 0; i < DECISIONS; i++) {
		snprintf(known[i].id, sizeof known[i].id, "d%d", i);
		known[i].unit = units[pick(3)];
		known[i].person = (int)pick(5);
		known[i].time = SUPPORT_DAY +
			(int64_t)pick(89 * 24) * S_PER_HOUR * MS_PER_S;
	}
	for (int round = 0; round < 25; round++) {
		uint32_t n = 1 + pick(BATCH_MAX);

		for (uint32_t i = 0; i < n; i++)
			e[i] = pick_event(ids[i], nth++);
		ck_assert_int_eq(support_submit(e, o, n, false), EMP_OK);
		for (uint32_t i = 0; i < n; i++)
			ck_assert(o[i].status == ITEM_STORED ||
				  o[i].rc == EMP_TRANSITION ||
				  o[i].rc == EMP_UNKNOWN_REF);
		if (round % 8 == 0) {
			support_close();
			support_open();
		}
		compare(ask(NULL, NULL));
	}
}
END_TEST

Suite *
store_reviews_suite(void)
{
	Suite *s = suite_create("store_reviews");
	TCase *tc = tcase_create("reviews");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, a_review_is_counted_where_its_decision_was_made);
	tcase_add_test(tc, a_day_is_that_of_the_zone);
	tcase_add_test(tc, no_review_came_before_its_decision);
	tcase_add_test(tc, a_second_review_is_refused_and_stores_nothing);
	tcase_add_test(tc, a_review_of_nothing_is_refused);
	tcase_add_test(tc, of_several_with_one_id_the_newest_is_meant);
	tcase_add_test(tc, where_a_rule_decided_alone_nobody_is_counted);
	tcase_add_test(tc, a_review_waits_for_its_decision);
	tcase_add_test(tc, a_decision_is_committed_before_its_review);
	tcase_add_test(tc, a_failure_in_the_analysts_file_leaves_no_count);
	tcase_add_test(tc, a_failure_in_the_other_file_leaves_no_count);
	tcase_add_test(tc, what_came_today_counts_tomorrow);
	tcase_add_test(tc, what_is_not_as_counted_is_found);
	tcase_add_test(tc, cells_equal_rows_after_any_history);
	suite_add_tcase(s, tc);
	return s;
}
