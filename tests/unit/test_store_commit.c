/*
 * store: what is acknowledged is stored, once, counted, and still there after a start.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store_support.h"
#include "unit.h"

START_TEST(an_answer_is_stored_and_counted)
{
	struct answer a;
	struct store_outcome o;
	struct event e;

	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer("o-1", &a, 5);
	e.dim[DIM_UNIT] = STR("retail/north");
	e.source = STR("shop");
	e.comment = STR("fine");
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(o.seq, 1);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM v_answer WHERE survey = "
				     "'flight' AND question = 'overall' AND value = 5 "
				     "AND satisfied = 1 AND unit = 'retail/north' AND "
				     "at = '2026-01-01T12:00:00.000Z' AND "
				     "ts = 1767268800 AND audience = 'customer'"),
			 1);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM v_event WHERE source = "
				     "'shop' AND id = 'o-1' AND type = "
				     "'survey.answered' AND unit = 'retail/north'"),
			 1);
	/* Units above exist, and are parents. */
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM unit JOIN unit AS up ON "
				     "up.id = unit.parent_id WHERE up.name = 'retail'"),
			 1);
	support_verify();
}
END_TEST

START_TEST(a_repeat_is_a_duplicate)
{
	struct answer a[3];
	struct event e[3];
	struct store_outcome o[3];

	support_survey(AUDIENCE_CUSTOMER);
	for (int i = 0; i < 3; i++)
		e[i] = support_answer(i == 2 ? "other" : "same", &a[i], 4);
	ck_assert_int_eq(support_submit(e, o, 3, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_DUPLICATE);
	ck_assert_int_eq(o[2].status, ITEM_STORED);
	ck_assert_int_eq(support_put(&e[0]), ITEM_DUPLICATE);
	support_close();
	support_open();
	e[0] = support_answer("same", &a[0], 4);
	ck_assert_int_eq(support_put(&e[0]), ITEM_DUPLICATE);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 2);
	support_verify();
}
END_TEST

START_TEST(the_same_id_with_another_content_is_a_conflict)
{
	struct answer a[2];
	struct event e[2];
	struct store_outcome o[2];

	support_survey(AUDIENCE_CUSTOMER);
	e[0] = support_answer("x", &a[0], 4);
	e[1] = support_answer("x", &a[1], 3);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_ID_CONFLICT);
	ck_assert_int_eq(o[1].rc, EMP_ID_CONFLICT);
	support_close();
	support_open();
	e[1] = support_answer("x", &a[1], 3);
	ck_assert_int_eq(support_put(&e[1]), ITEM_ID_CONFLICT);
}
END_TEST

START_TEST(events_without_an_id_are_all_new)
{
	struct answer a;
	struct event e;

	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer(NULL, &a, 2);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 3);
}
END_TEST

START_TEST(the_window_forgets_by_count)
{
	struct answer a;
	struct event e;
	char id[16];

	support_close();
	support.config.id_window_max = 10;
	support_open();
	support_survey(AUDIENCE_CUSTOMER);
	for (int i = 0; i < 15; i++) {
		snprintf(id, sizeof id, "id-%d", i);
		e = support_answer(id, &a, 1);
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
	e = support_answer("id-14", &a, 1);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	e = support_answer("id-5", &a, 1);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	e = support_answer("id-4", &a, 1);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
}
END_TEST

START_TEST(an_atomic_batch_is_all_or_nothing)
{
	struct answer a[3];
	struct event e[3];
	struct store_outcome o[3];

	support_survey(AUDIENCE_CUSTOMER);
	e[0] = support_answer("a", &a[0], 1);
	e[1] = support_answer("b", &a[1], 1);
	e[1].dim[DIM_CHANNEL] = STR("kiosk");
	e[2] = support_answer("a", &a[2], 2); /* a conflict */
	ck_assert_int_eq(support_submit(e, o, 3, true), EMP_ID_CONFLICT);
	ck_assert_int_eq(o[2].status, ITEM_ID_CONFLICT);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
	ck_assert_uint_eq(
		intern_find(store_names(support.store, DIM_CHANNEL), STR("kiosk")),
		INTERN_NONE);
	ck_assert_int_eq(support_submit(e, o, 2, true), EMP_OK);
	ck_assert_int_eq(o[1].seq, 2);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 2);
}
END_TEST

START_TEST(a_failing_row_fails_its_batch_alone)
{
	struct answer a[2];
	struct event e[2];
	struct store_outcome o[2];
	struct store_health h;

	support_survey(AUDIENCE_CUSTOMER);
	e[0] = support_answer("good", &a[0], 1);
	ck_assert_int_eq(support_put(&e[0]), ITEM_STORED);
	support_exec("empowerd.db",
		     "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.id = 'bad' "
		     "BEGIN SELECT RAISE(ABORT, 'no'); END");
	e[0] = support_answer("first", &a[0], 2);
	e[0].dim[DIM_CHANNEL] = STR("mail");
	e[1] = support_answer("bad", &a[1], 2);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_INTERNAL);
	/* Nothing of the batch is left: no name, no id, no number. */
	ck_assert_uint_eq(
		intern_find(store_names(support.store, DIM_CHANNEL), STR("mail")),
		INTERN_NONE);
	ck_assert_int_eq(support_submit(e, o, 1, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[0].seq, 2);
	store_health(support.store, &h);
	ck_assert_int_eq(h.committed, 2);
	ck_assert(!atomic_load(&support.fatal));
	support_exec("empowerd.db", "DROP TRIGGER refuse");
	ck_assert_int_eq(support_put(&e[1]), ITEM_STORED);
	support_verify();
}
END_TEST

START_TEST(open_surveys_register_questions)
{
	const struct defs *old;
	struct answer a[2];
	struct event e;

	support_survey(AUDIENCE_CUSTOMER);
	old = defs_hold(support.defs);
	e = support_answer("1", &a[0], 5);
	a[1] = (struct answer){.question = -1, .name = STR("effort"), .value = 7};
	e.n_answers = 2;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	/* The decoder of a worker that does not know it yet. */
	support_id(&e, "2", 1);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	defs_release(&old);
	e.survey = surveys_find(support.defs->surveys, STR("flight"));
	ck_assert_uint_eq(e.survey->n_questions, 2);
	a[0].question = surveys_question(support.defs->surveys, e.survey, a[0].name);
	a[1].question = surveys_question(support.defs->surveys, e.survey, a[1].name);
	ck_assert_int_ge(a[1].question, 0);
	ck_assert(!e.survey->questions[a[1].question].declared);
	support_id(&e, "3", 1);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM v_answer "
				     "WHERE question = 'effort' AND value = 7"),
			 3);
	support_verify();
	support_close();
	support_open();
	support_verify();
}
END_TEST

START_TEST(beyond_the_limit_series_are_other)
{
	struct answer a;
	struct event e;
	char unit[16];

	support_close();
	support.config.max_series = 3;
	support_open();
	support_survey(AUDIENCE_CUSTOMER);
	for (int i = 0; i < 6; i++) {
		snprintf(unit, sizeof unit, "u%d", i);
		e = support_answer(NULL, &a, 3);
		e.dim[DIM_UNIT] = str_from(unit);
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM series"), 4);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM v_event "
				     "WHERE unit = '__other__'"),
			 3);
	/* What is known still counts where it belongs. */
	e = support_answer(NULL, &a, 3);
	e.dim[DIM_UNIT] = STR("u1");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM v_event WHERE unit = 'u1'"),
			 2);
}
END_TEST

static void
put_many(int from, int n)
{
	struct answer a[50];
	struct event e[50];
	struct store_outcome o[50];
	char id[50][16];

	for (int i = 0; i < n; i++) {
		snprintf(id[i], sizeof id[i], "many-%d", from + i);
		e[i] = support_answer(id[i], &a[i], 1 + i % 5);
		e[i].time += (from + i) % 7 * S_PER_DAY * MS_PER_S;
		e[i].dim[DIM_SEGMENT] = i % 2 ? STR("new") : STR("loyal");
	}
	ck_assert_int_eq(support_submit(e, o, (uint32_t)n, false), EMP_OK);
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(o[i].status, ITEM_STORED);
}

START_TEST(a_clean_start_replays_nothing)
{
	support_survey(AUDIENCE_CUSTOMER);
	put_many(0, 50);
	put_many(50, 50);
	support_close();
	support_open();
	ck_assert_uint_eq(support.replayed, 0);
	support_verify();
	put_many(100, 50);
	support_verify();
}
END_TEST

/* Counters that are never written, however long the child takes. */
static size_t
no_cells(void *ctx, struct cell *out, size_t max)
{
	(void)ctx;
	(void)out;
	(void)max;
	return 0;
}

START_TEST(a_killed_store_loses_nothing_acknowledged)
{
	int status;
	pid_t child;

	support_close();
	/* The child has the threads; it dies in the middle of everything. */
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		support.hooks.cells_dirty = no_cells;
		support_open();
		support_survey(AUDIENCE_CUSTOMER);
		for (int i = 0; i < 10; i++)
			put_many(i * 50, 50);
		_exit(7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	support_open();
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 500);
	ck_assert_uint_eq(support.replayed, 500);
	support_verify();
	{
		struct answer a;
		struct event e = support_answer("many-499", &a, 1 + 49 % 5);

		ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	}
}
END_TEST

#define WIDE 400

/* One event in each of many cells: more cells than are written with a group. */
static void
put_wide(int from)
{
	static struct answer a[WIDE];
	static struct event e[WIDE];
	static struct store_outcome o[WIDE];
	static char id[WIDE][16];

	for (int i = 0; i < WIDE; i++) {
		snprintf(id[i], sizeof id[i], "wide-%d", from + i);
		e[i] = support_answer(id[i], &a[i], 1 + i % 5);
		e[i].time += i * S_PER_DAY * MS_PER_S;
	}
	ck_assert_int_eq(support_submit(e, o, WIDE, false), EMP_OK);
}

START_TEST(cells_that_lag_behind_are_completed_after_a_kill)
{
	int64_t counted_before;
	int status;
	pid_t child;

	support_close();
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		support_open();
		support_survey(AUDIENCE_CUSTOMER);
		/* Enough for the mark of what is counted to move. */
		for (int i = 0; i < 25; i++)
			put_wide(i * WIDE);
		_exit(7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	counted_before = support_sql("empowerd.db",
				     "SELECT counted_before FROM progress");
	ck_assert_int_le(counted_before, 25 * WIDE);
	support_open();
	support_verify();
	/* And nothing of it twice, after a clean stop. */
	support_close();
	support_open();
	ck_assert_uint_eq(support.replayed, 0);
	support_verify();
}
END_TEST

Suite *
store_commit_suite(void)
{
	Suite *s = suite_create("store_commit");
	TCase *tc = tcase_create("commit");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, an_answer_is_stored_and_counted);
	tcase_add_test(tc, a_repeat_is_a_duplicate);
	tcase_add_test(tc, the_same_id_with_another_content_is_a_conflict);
	tcase_add_test(tc, events_without_an_id_are_all_new);
	tcase_add_test(tc, the_window_forgets_by_count);
	tcase_add_test(tc, an_atomic_batch_is_all_or_nothing);
	tcase_add_test(tc, a_failing_row_fails_its_batch_alone);
	tcase_add_test(tc, open_surveys_register_questions);
	tcase_add_test(tc, beyond_the_limit_series_are_other);
	tcase_add_test(tc, a_clean_start_replays_nothing);
	tcase_add_test(tc, a_killed_store_loses_nothing_acknowledged);
	tcase_add_test(tc, cells_that_lag_behind_are_completed_after_a_kill);
	suite_add_tcase(s, tc);
	return s;
}
