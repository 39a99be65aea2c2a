/*
 * store: what people said in words, newest first: comments, texts of questions, and
 * public recognition.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "store/voice.h"
#include "store_support.h"
#include "unit.h"

#define ROWS_MAX 256
#define DAY_MS INT64_C(86400000)

struct asking {
	struct store_read read;
	sem_t done;
	bool praise;
	enum audience audience;
	uint32_t survey, max;
	int64_t from, to, before;
	uint32_t scan; /* 0: as many as there are */
	struct feed_end end;
	enum emp_rc rc;
	uint32_t n;
	struct {
		int64_t seq;
		char text[32], question[32], from[32];
	} row[ROWS_MAX];
};
static struct asking asking;

static void
copy(char dst[32], struct str from)
{
	snprintf(dst, 32, "%.*s", (int)from.n, from.n > 0 ? from.p : "");
}

static enum emp_rc
on_comment(void *ctx, const struct comment_row *row)
{
	struct asking *a = ctx;

	ck_assert_uint_lt(a->n, ROWS_MAX);
	a->row[a->n].seq = row->seq;
	copy(a->row[a->n].text, row->text);
	copy(a->row[a->n].question, row->question);
	a->n++;
	return EMP_OK;
}

static enum emp_rc
on_praise(void *ctx, const struct praise_row *row)
{
	struct asking *a = ctx;

	ck_assert_uint_lt(a->n, ROWS_MAX);
	a->row[a->n].seq = row->seq;
	copy(a->row[a->n].text, row->message);
	copy(a->row[a->n].from, row->from_name);
	a->n++;
	return EMP_OK;
}

static void
run(struct store_reader *r, struct store_read *job)
{
	struct asking *a = (struct asking *)(void *)job;

	a->end.scan = a->scan > 0 ? a->scan : UINT32_MAX;
	a->rc = a->praise ? store_read_praise(r, a->audience, a->from, a->to, a->before,
					      a->max, &a->end, on_praise, a)
			  : store_read_comments(r, a->survey, a->from, a->to, a->before,
						a->max, &a->end, on_comment, a);
	sem_post(&a->done);
}

static void
ask(int64_t before, uint32_t max)
{
	asking.read.run = run;
	asking.before = before;
	asking.max = max;
	asking.n = 0;
	if (asking.to == 0)
		asking.to = INT64_MAX;
	ck_assert_int_eq(sem_init(&asking.done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &asking.read), EMP_OK);
	while (sem_wait(&asking.done) != 0)
		;
	sem_destroy(&asking.done);
	ck_assert_int_eq(asking.rc, EMP_OK);
	ck_assert_uint_le(asking.n, max);
}

/* A survey of that name with the text questions "why" and "what". */
static const struct survey *
survey_put(const char *name)
{
	struct question q[2] = {
		{.metric = METRIC_TEXT, .declared = true, .name = STR("why")},
		{.metric = METRIC_TEXT, .declared = true, .name = STR("what")}};
	struct survey v = {.audience = AUDIENCE_CUSTOMER,
			   .n_questions = 2,
			   .questions = q,
			   .name = str_from(name),
			   .document = STR("{}")};
	struct store_change c = {.op = DEF_SURVEY_PUT, .survey = &v};

	ck_assert_msg(support_change(&c) == EMP_OK, "%s", c.problem.detail);
	return surveys_find(support.defs->surveys, v.name);
}

static void
answer_put(const char *survey, int64_t days, const char *comment, const char *why,
	   const char *what)
{
	struct event e = support_event(EVENT_SURVEY_ANSWERED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);
	struct answer a[2];

	e.survey = surveys_find(support.defs->surveys, str_from(survey));
	e.time += days * DAY_MS;
	e.comment = str_from(comment);
	e.answers = a;
	if (why != NULL)
		a[e.n_answers++] = (struct answer){
			.question = 0, .name = STR("why"), .text = str_from(why)};
	if (what != NULL)
		a[e.n_answers++] = (struct answer){
			.question = 1, .name = STR("what"), .text = str_from(what)};
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
}

static void
expect(const char *all)
{
	char got[1024] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < asking.n; i++)
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s", i > 0 ? " " : "",
				      asking.row[i].text);
	ck_assert_str_eq(got, all);
}

START_TEST(comments_come_newest_first_and_whole)
{
	memset(&asking, 0, sizeof asking);
	survey_put("one");
	survey_put("two");
	answer_put("one", 0, "c1", "w1", NULL);
	answer_put("two", 1, NULL, NULL, "x2");
	answer_put("one", 2, NULL, NULL, NULL);
	answer_put("two", 3, "c4", "w4", "x4");
	answer_put("one", 4, "c5", NULL, NULL);

	ask(0, 50);
	expect("c5 c4 w4 x4 x2 c1 w1");
	ck_assert_str_eq(asking.row[0].question, "");
	ck_assert_str_eq(asking.row[2].question, "why");
	ck_assert_str_eq(asking.row[3].question, "what");
	/* Pages: before a number of an event, and no more than asked for. */
	ask(0, 3);
	expect("c5 c4 w4");
	ask(4, 50);
	expect("x2 c1 w1");
	ask(1, 50);
	expect("");
	/* Of one survey. */
	asking.survey = surveys_find(support.defs->surveys, STR("two"))->id;
	ask(0, 50);
	expect("c4 w4 x4 x2");
	asking.survey = 0;
	/* Of some days. */
	asking.from = SUPPORT_DAY + DAY_MS;
	asking.to = SUPPORT_DAY + 4 * DAY_MS;
	ask(0, 50);
	expect("c4 w4 x4 x2");
}
END_TEST

static void
thank(enum audience a, enum visibility v, const char *message, int64_t days)
{
	struct event e = support_event(EVENT_RECOGNITION_GIVEN, a,
				       a == AUDIENCE_CUSTOMER ? CLASS_CUSTOMER
					       : v == VISIBILITY_PUBLIC
					       ? CLASS_OPERATIONAL
					       : CLASS_PERSONNEL);
	struct identity to = {.set = true, .pseudonym = {1}};

	e.recognition = RECOGNITION_PRAISE;
	e.visibility = (uint8_t)v;
	e.message = str_from(message);
	e.from_name = STR("Ann");
	e.to_name = STR("Bob");
	e.to_agrees = true;
	e.to = &to;
	e.n_to = 1;
	e.time += days * DAY_MS;
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
}

START_TEST(praise_is_what_was_said_in_public)
{
	memset(&asking, 0, sizeof asking);
	asking.praise = true;
	thank(AUDIENCE_EMPLOYEE, VISIBILITY_PUBLIC, "p1", 0);
	thank(AUDIENCE_CUSTOMER, VISIBILITY_PUBLIC, "p2", 1);
	thank(AUDIENCE_CUSTOMER, VISIBILITY_PRIVATE, "p3", 2);
	thank(AUDIENCE_EMPLOYEE, VISIBILITY_PRIVATE, "p4", 3);
	thank(AUDIENCE_EMPLOYEE, VISIBILITY_PUBLIC, "p5", 4);
	asking.audience = AUDIENCE_EMPLOYEE;
	ask(0, 50);
	expect("p5 p1");
	ck_assert_str_eq(asking.row[0].from, "Ann");
	ask(asking.row[0].seq, 50);
	expect("p1");
	ask(0, 1);
	expect("p5");
	asking.audience = AUDIENCE_CUSTOMER;
	ask(0, 50);
	expect("p2");
	asking.audience = AUDIENCE_EMPLOYEE;
	asking.to = SUPPORT_DAY + 2 * DAY_MS;
	ask(0, 50);
	expect("p1");
}
END_TEST

/* Of seven in a row, those of the first two days; three others may be looked at. */
static void
expect_in_parts(const char *all)
{
	asking.to = SUPPORT_DAY + 2 * DAY_MS;
	ask(0, 50);
	expect(all);
	ck_assert(!asking.end.more);
	asking.scan = 3;
	ask(0, 50);
	expect("");
	ck_assert(asking.end.more);
	ck_assert_int_eq(asking.end.seq, 5);
	/* What may be looked at is only used up by what does not fit. */
	ask(asking.end.seq, 50);
	expect(all);
	ck_assert(!asking.end.more);
	ck_assert_uint_eq(asking.end.scan, 1);
	ask(5, 1);
	ck_assert_uint_eq(asking.n, 1);
	ck_assert(!asking.end.more);
	/* Nor does it end in vain. */
	asking.scan = 5;
	asking.to = SUPPORT_DAY;
	ask(6, 50);
	expect("");
	ck_assert(!asking.end.more);
}

START_TEST(the_way_back_to_comments_is_walked_in_parts)
{
	static const char *const text[] = {"c1", "c2", "c3", "c4", "c5", "c6", "c7"};

	memset(&asking, 0, sizeof asking);
	survey_put("one");
	for (int i = 0; i < 7; i++)
		answer_put("one", i, text[i], NULL, NULL);
	expect_in_parts("c2 c1");
}
END_TEST

START_TEST(the_way_back_to_praise_is_walked_in_parts)
{
	static const char *const text[] = {"p1", "p2", "p3", "p4", "p5", "p6", "p7"};

	memset(&asking, 0, sizeof asking);
	asking.praise = true;
	asking.audience = AUDIENCE_CUSTOMER;
	for (int i = 0; i < 7; i++)
		thank(AUDIENCE_CUSTOMER, VISIBILITY_PUBLIC, text[i], i);
	expect_in_parts("p2 p1");
}
END_TEST

START_TEST(an_ordinary_answer_pays_nothing_for_it)
{
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM sqlite_schema "
				     "WHERE type = 'index' "
				     "AND tbl_name IN ('event', 'answer')"),
			 0);
}
END_TEST

Suite *
store_comments_suite(void)
{
	Suite *s = suite_create("store_comments");
	TCase *t = tcase_create("comments");

	tcase_add_checked_fixture(t, support_setup_open, support_teardown);
	tcase_add_test(t, comments_come_newest_first_and_whole);
	tcase_add_test(t, praise_is_what_was_said_in_public);
	tcase_add_test(t, the_way_back_to_comments_is_walked_in_parts);
	tcase_add_test(t, the_way_back_to_praise_is_walked_in_parts);
	tcase_add_test(t, an_ordinary_answer_pays_nothing_for_it);
	suite_add_tcase(s, t);
	return s;
}
