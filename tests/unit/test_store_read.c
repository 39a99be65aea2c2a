/*
 * store: readers see what was committed, as rows that figures about people need.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/db.h"
#include "store/reader_impl.h"
#include "store_support.h"
#include "unit.h"

#define ROWS_MAX 16

struct job {
	struct store_read read;
	sem_t done;
	uint64_t types;
	int64_t from, to;
	enum emp_rc rc;
	struct event_row row[ROWS_MAX];
	uint8_t first_to[ROWS_MAX][PSEUDONYM_BYTES];
	size_t n;
	struct level_row level[ROWS_MAX];
	size_t n_levels;
	size_t n_cells;
};

static enum emp_rc
on_event(void *ctx, const struct event_row *e)
{
	struct job *j = ctx;

	ck_assert_uint_lt(j->n, ROWS_MAX);
	if (e->n_to > 0)
		memcpy(j->first_to[j->n], e->to[0], PSEUDONYM_BYTES);
	j->row[j->n++] = *e;
	return EMP_OK;
}

static enum emp_rc
on_level(void *ctx, const struct level_row *l)
{
	struct job *j = ctx;

	ck_assert_uint_lt(j->n_levels, ROWS_MAX);
	j->level[j->n_levels++] = *l;
	return EMP_OK;
}

static enum emp_rc
on_cell(void *ctx, const struct cell *c)
{
	struct job *j = ctx;

	ck_assert_uint_gt(c->n_slots, 0);
	j->n_cells++;
	return EMP_OK;
}

static void
run(struct store_reader *r, struct store_read *read)
{
	struct job *j = (struct job *)(void *)read;

	j->rc = store_read_events(r, j->types, j->from, j->to, on_event, j);
	if (j->rc == EMP_OK)
		j->rc = store_read_levels(r, on_level, j);
	if (j->rc == EMP_OK)
		j->rc = store_read_cells(r, GRAIN_DAY, 0, INT64_MAX, on_cell, j);
	sem_post(&j->done);
}

static void
ask(struct job *j, uint64_t types, int64_t from, int64_t to)
{
	memset(j, 0, sizeof *j);
	j->types = types;
	j->from = from;
	j->to = to;
	j->read.run = run;
	ck_assert_int_eq(sem_init(&j->done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &j->read), EMP_OK);
	while (sem_wait(&j->done) != 0)
		;
	sem_destroy(&j->done);
	ck_assert_int_eq(j->rc, EMP_OK);
}

static void
set_person(struct identity *who, int n)
{
	who->set = true;
	memset(who->pseudonym, n, sizeof who->pseudonym);
}

START_TEST(events_carry_people_and_what_they_did)
{
	static struct job j;
	struct identity to[2] = {0};
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);

	e.signal = SIGNAL_RENEWAL;
	set_person(&e.person, 3);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = support_event(EVENT_RECOGNITION_GIVEN, AUDIENCE_EMPLOYEE,
			  CLASS_OPERATIONAL);
	e.recognition = RECOGNITION_BACKING;
	e.visibility = VISIBILITY_PUBLIC;
	e.by_leader = true;
	set_person(&to[0], 5);
	set_person(&to[1], 6);
	e.to = to;
	e.n_to = 2;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ask(&j, UINT64_MAX, 0, INT64_MAX);
	ck_assert_uint_eq(j.n, 2);
	ck_assert_uint_eq(j.row[0].type, EVENT_SIGNAL_RECORDED);
	ck_assert_uint_eq(j.row[0].signal, SIGNAL_RENEWAL);
	ck_assert(j.row[0].has_person);
	ck_assert_uint_eq(j.row[0].person[0], 3);
	ck_assert_int_eq(j.row[0].time, e.time);
	ck_assert_uint_eq(j.row[1].recognition, RECOGNITION_BACKING);
	ck_assert_uint_eq(j.row[1].visibility, VISIBILITY_PUBLIC);
	ck_assert(j.row[1].by_leader && !j.row[1].has_person);
	ck_assert_uint_eq(j.row[1].n_to, 2);
	ck_assert_uint_eq(j.first_to[1][0], 5);
	ask(&j, UINT64_C(1) << EVENT_SIGNAL_RECORDED, 0, INT64_MAX);
	ck_assert_uint_eq(j.n, 1);
	support_verify();
}
END_TEST

START_TEST(windows_are_half_open)
{
	static struct job j;
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);
	int64_t times[] = {SUPPORT_DAY - 1, SUPPORT_DAY, SUPPORT_DAY + 1,
			   SUPPORT_DAY + 1000};

	e.signal = SIGNAL_PURCHASE;
	for (size_t i = 0; i < 4; i++) {
		e.time = times[i];
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
	ask(&j, UINT64_MAX, SUPPORT_DAY, SUPPORT_DAY + 1000);
	ck_assert_uint_eq(j.n, 2);
	ask(&j, UINT64_MAX, INT64_C(4000000000000), INT64_MAX);
	ck_assert_uint_eq(j.n, 0);
}
END_TEST

START_TEST(a_window_of_now_finds_events_of_now)
{
	static struct job j;
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);
	int64_t now = clock_now_ms();

	e.signal = SIGNAL_PURCHASE;
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	/* As far ahead as it may be. */
	e.time = now + FUTURE_MAX_MS;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ask(&j, UINT64_MAX, now + FUTURE_MAX_MS, INT64_MAX);
	ck_assert_uint_eq(j.n, 1);
	ck_assert_int_eq(j.row[0].seq, 11);
}
END_TEST

START_TEST(an_answer_finds_its_invitation_in_whatever_order)
{
	static struct job j;
	struct answer a[2];
	struct event e;

	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer("a-1", &a[0], 5);
	e.ref_source = STR("crm");
	e.ref_id = STR("i-1");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = support_answer("a-2", &a[1], 5);
	e.ref_id = STR("i-9");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = support_event(EVENT_SURVEY_INVITED, AUDIENCE_CUSTOMER, CLASS_CUSTOMER);
	e.survey = surveys_find(support.defs->surveys, STR("flight"));
	e.source = STR("other");
	support_id(&e, "i-1", 1);
	memcpy(e.id_key, "other-i-1---", 12);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e.source = STR("crm");
	support_id(&e, "i-1", 1);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ask(&j, UINT64_C(1) << EVENT_SURVEY_ANSWERED, 0, INT64_MAX);
	ck_assert_uint_eq(j.n, 2);
	ck_assert_int_eq(j.row[0].ref_seq, 4);
	ck_assert_int_eq(j.row[1].ref_seq, 0);
	ask(&j, UINT64_C(1) << EVENT_SURVEY_INVITED, 0, INT64_MAX);
	ck_assert_uint_eq(j.n, 2);
}
END_TEST

START_TEST(levels_come_in_order_of_time)
{
	static struct job j;
	struct event e = support_event(EVENT_HEADCOUNT_SET, AUDIENCE_EMPLOYEE,
				       CLASS_OPERATIONAL);

	e.dim[DIM_UNIT] = STR("ops");
	e.headcount = 12;
	e.possible_days_cents = 1550;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = support_event(EVENT_BASE_SET, AUDIENCE_CUSTOMER, CLASS_OPERATIONAL);
	e.active = 900;
	e.time -= 1000;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ask(&j, 0, 0, 1);
	ck_assert_uint_eq(j.n_levels, 2);
	ck_assert_int_eq(j.level[0].active, 900);
	ck_assert_int_eq(j.level[0].headcount, -1);
	ck_assert_uint_eq(j.level[0].unit, 0);
	ck_assert_uint_eq(j.level[0].audience, AUDIENCE_CUSTOMER);
	ck_assert_int_eq(j.level[1].headcount, 12);
	ck_assert_int_eq(j.level[1].leaders, -1);
	ck_assert_int_eq(j.level[1].possible_days_cents, 1550);
	ck_assert_uint_eq(
		j.level[1].unit,
		intern_find(store_names(support.store, DIM_UNIT), STR("ops")));
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM v_headcount WHERE "
				     "possible_days = 15.5 AND unit = 'ops'"),
			 1);
}
END_TEST

START_TEST(choices_and_texts_are_counted_as_sql_does)
{
	struct str options[3] = {STR("price"), STR("crew"), STR("food")};
	struct question q[2] = {
		{.metric = METRIC_CHOICE,
		 .n_options = 3,
		 .options = options,
		 .declared = true,
		 .name = STR("why")},
		{.metric = METRIC_TEXT, .declared = true, .name = STR("wish")}};
	struct survey v = {.audience = AUDIENCE_CUSTOMER,
			   .n_questions = 2,
			   .questions = q,
			   .name = STR("flight"),
			   .document = STR("{}")};
	struct store_change c = {.op = DEF_SURVEY_PUT, .survey = &v};
	struct answer a[2] = {{.name = STR("why"), .options = 1u | 1u << 2},
			      {.name = STR("wish"), .text = STR("more room")}};
	struct event e = support_event(EVENT_SURVEY_ANSWERED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);

	ck_assert_int_eq(support_change(&c), EMP_OK);
	e.survey = surveys_find(support.defs->surveys, STR("flight"));
	for (int i = 0; i < 2; i++)
		a[i].question = surveys_question(support.defs->surveys, e.survey,
						 a[i].name);
	e.answers = a;
	e.n_answers = 2;
	e.complete = false;
	e.comment = STR("so");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e.type = EVENT_SURVEY_DISMISSED;
	e.n_answers = 0;
	e.comment = STR_NONE;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	support_verify();
	ck_assert_int_eq(
		support_sql("empowerd.db",
			    "SELECT count(*) FROM v_answer WHERE "
			    "(option IN ('price', 'food') AND value IS NULL) OR "
			    "text = 'more room'"),
		3);
	/* And counted again from the rows. */
	support_close();
	support_exec("empowerd.db",
		     "DELETE FROM cell; UPDATE progress SET counted_before = 1");
	support_open();
	ck_assert_uint_eq(support.replayed, 2);
	support_verify();
}
END_TEST

START_TEST(cells_of_the_file_equal_the_events)
{
	static struct job j;
	struct answer a;
	struct event e;
	struct cell_key k;
	struct cell c;

	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer(NULL, &a, 5);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	support_close();
	support_open();
	ask(&j, 0, 0, 1);
	ck_assert_uint_eq(j.n_cells, 1);
	k = (struct cell_key){1, SUBJECT_FIRST_SURVEY, SUPPORT_DAY / MS_PER_S,
			      GRAIN_DAY};
	ck_assert_int_eq(store_cell_load(support.store, &k, &c), EMP_OK);
	ck_assert_uint_gt(c.n_slots, 0);
	ck_assert_int_eq(c.seq, 1);
	k.start += S_PER_DAY;
	ck_assert_int_eq(store_cell_load(support.store, &k, &c), EMP_OK);
	ck_assert_uint_eq(c.n_slots, 0);
}
END_TEST

static void
on_finding(void *ctx, const char *finding)
{
	(void)finding;
	++*(int *)ctx;
}

START_TEST(a_check_finds_what_refers_to_nothing)
{
	struct store_reader *r = NULL;
	struct problem p;
	struct answer a;
	struct event e;
	int findings = 0;

	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer("1", &a, 5);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(store_reader_open(&r, support.dir, &p), EMP_OK);
	ck_assert_int_eq(store_check(r, on_finding, &findings), EMP_OK);
	ck_assert_int_eq(findings, 0);
	/* It sees one state of the file until it is closed. */
	store_reader_close(&r);
	support_exec("empowerd.db", "DELETE FROM event");
	ck_assert_int_eq(store_reader_open(&r, support.dir, &p), EMP_OK);
	ck_assert_int_eq(store_check(r, on_finding, &findings), EMP_OK);
	ck_assert_int_gt(findings, 0);
	store_reader_close(&r);
}
END_TEST

START_TEST(a_snapshot_is_a_complete_file)
{
	struct store_reader *r = NULL;
	struct problem p = {0};
	struct answer a;
	struct event e;
	struct stat st;
	char path[PATH_MAX];
	char again[PATH_MAX];

	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer("1", &a, 5);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	support_path(path, "copy.db");
	ck_assert_msg(store_snapshot(support.dir, path, &p) == EMP_OK, "%s", p.detail);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(support_sql("copy.db", "SELECT count(*) FROM v_answer"), 1);
	ck_assert_int_ne(store_snapshot(support.dir, path, &p), EMP_OK);
	support_close();
	support_path(again, "again.db");
	ck_assert_msg(store_snapshot(support.dir, again, &p) == EMP_OK, "%s", p.detail);
	ck_assert_int_eq(support_sql("again.db", "SELECT count(*) FROM v_answer"), 1);
	ck_assert_int_eq(store_reader_open(&r, "/nowhere", &p), EMP_IO);
	ck_assert_ptr_null(r);
}
END_TEST

START_TEST(a_statement_is_lent_to_one_at_a_time_and_forgets)
{
	static const char sql[] = "SELECT ifnull(?1, -1) UNION ALL SELECT 2";
	struct store_reader *r = NULL;
	struct problem p = {0};
	sqlite3_stmt *a;
	sqlite3_stmt *b;
	sqlite3_stmt *again;
	bool row;

	ck_assert_int_eq(store_reader_open(&r, support.dir, &p), EMP_OK);
	ck_assert_int_eq(reader_prepare(r, r->db, &a, sql), EMP_OK);
	sqlite3_bind_int(a, 1, 7);
	ck_assert_int_eq(db_step(a, &row), EMP_OK);
	/* Who asks for the same meanwhile begins at its beginning. */
	ck_assert_int_eq(reader_prepare(r, r->db, &b, sql), EMP_OK);
	ck_assert_ptr_ne(a, b);
	ck_assert_int_eq(db_step(b, &row), EMP_OK);
	ck_assert_int_eq(sqlite3_column_int(b, 0), -1);
	again = a;
	reader_finish(r, &a);
	ck_assert_ptr_null(a);
	reader_finish(r, &a);
	/* Given back in the middle, it is new to who asks next. */
	ck_assert_int_eq(reader_prepare(r, r->db, &a, sql), EMP_OK);
	ck_assert_ptr_eq(a, again);
	ck_assert_int_eq(db_step(a, &row), EMP_OK);
	ck_assert_int_eq(sqlite3_column_int(a, 0), -1);
	reader_finish(r, &a);
	ck_assert(!reader_is_idle(r));
	reader_finish(r, &b);
	ck_assert(reader_is_idle(r));
	/* What cannot be prepared is not kept. */
	ck_assert_int_eq(reader_prepare(r, r->db, &b, "SELECT 1 FROM nowhere"),
			 EMP_CORRUPT);
	ck_assert_ptr_null(b);
	store_reader_close(&r);
}
END_TEST

Suite *
store_read_suite(void)
{
	Suite *s = suite_create("store_read");
	TCase *tc = tcase_create("read");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, events_carry_people_and_what_they_did);
	tcase_add_test(tc, windows_are_half_open);
	tcase_add_test(tc, a_window_of_now_finds_events_of_now);
	tcase_add_test(tc, an_answer_finds_its_invitation_in_whatever_order);
	tcase_add_test(tc, levels_come_in_order_of_time);
	tcase_add_test(tc, choices_and_texts_are_counted_as_sql_does);
	tcase_add_test(tc, cells_of_the_file_equal_the_events);
	tcase_add_test(tc, a_check_finds_what_refers_to_nothing);
	tcase_add_test(tc, a_snapshot_is_a_complete_file);
	tcase_add_test(tc, a_statement_is_lent_to_one_at_a_time_and_forgets);
	suite_add_tcase(s, tc);
	return s;
}
