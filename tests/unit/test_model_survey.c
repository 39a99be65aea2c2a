/*
 * model/survey and model/defs: slots stay where they are, snapshots find what they
 * hold, and a document cannot change what answers mean.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/defs.h"
#include "unit.h"

static struct problem p;

static struct question
on_scale(const char *name, enum metric m, int lo, int hi)
{
	struct question q = {.metric = (uint8_t)m,
			     .lo = (int8_t)lo,
			     .hi = (int8_t)hi,
			     .declared = true,
			     .name = str_from(name)};

	metric_satisfied(m, q.lo, q.hi, &q.satisfied);
	return q;
}

static struct survey *
make(uint32_t id, const char *name, enum audience a, const struct question *q, size_t n)
{
	const struct survey s = {.id = id,
				 .audience = (uint8_t)a,
				 .name = str_from(name),
				 .document = STR("{}"),
				 .questions = q,
				 .n_questions = (uint32_t)n};
	struct survey *out;

	ck_assert_int_eq(survey_copy(&out, &s), EMP_OK);
	return out;
}

/* The question of that name; its index would change with the document. */
static const struct question *
get(const struct survey *s, const char *name)
{
	for (uint32_t i = 0; i < s->n_questions; i++) {
		if (str_is(s->questions[i].name, name))
			return &s->questions[i];
	}
	return NULL;
}

START_TEST(metrics_have_their_scales)
{
	int8_t lo;
	int8_t hi;
	uint16_t mask;

	metric_scale(METRIC_CES, &lo, &hi);
	ck_assert_int_eq(lo, 1);
	ck_assert_int_eq(hi, 7);
	ck_assert(metric_satisfied(METRIC_CSAT, 1, 5, &mask));
	ck_assert_uint_eq(mask, 1u << 4 | 1u << 5);
	ck_assert(metric_satisfied(METRIC_CSAT, 1, 4, &mask));
	ck_assert_uint_eq(mask, 1u << 3 | 1u << 4);
	ck_assert(!metric_satisfied(METRIC_CSAT, 1, 10, &mask));
	ck_assert(!metric_satisfied(METRIC_CSAT, 0, 4, &mask));
	ck_assert(metric_satisfied(METRIC_NPS, 0, 10, &mask));
	for (int m = METRIC_CSAT; m <= METRIC_TEXT; m++)
		ck_assert_int_eq(metric_find(str_from(metric_name((enum metric)m))), m);
	ck_assert_int_eq(metric_find(STR("")), METRIC_NONE);
}
END_TEST

START_TEST(a_copy_owns_all_its_text)
{
	char name[] = "overall";
	char twin[] = "enps/recommend";
	char option[] = "red";
	struct str options[] = {str_from(option), STR("blue")};
	struct question q[] = {on_scale(name, METRIC_NPS, 0, 10),
			       {.metric = METRIC_CHOICE,
				.name = STR("colour"),
				.n_options = 2,
				.options = options}};
	struct survey *s;

	q[0].twin = str_from(twin);
	s = make(16, "shop", AUDIENCE_CUSTOMER, q, 2);
	memset(name, 'x', sizeof name);
	memset(twin, 'x', sizeof twin);
	memset(option, 'x', sizeof option);
	memset(q, 0, sizeof q);
	ck_assert(str_is(s->name, "shop"));
	ck_assert(str_is(s->document, "{}"));
	ck_assert(str_is(s->questions[0].name, "overall"));
	ck_assert(str_is(s->questions[0].twin, "enps/recommend"));
	ck_assert(str_is(s->questions[1].options[0], "red"));
	ck_assert(str_is(s->questions[1].options[1], "blue"));
	survey_free(&s);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(slots_are_given_once_and_stay)
{
	struct question q[] = {on_scale("a", METRIC_CSAT, 1, 5),
			       on_scale("b", METRIC_NPS, 0, 10),
			       {.metric = METRIC_TEXT, .name = STR("c")}};
	struct survey *s = make(16, "shop", AUDIENCE_CUSTOMER, q, 3);
	struct survey *t;
	struct question more[2] = {on_scale("d", METRIC_CES, 1, 7),
				   on_scale("e", METRIC_CSAT, 1, 4)};

	ck_assert_uint_eq(s->questions[0].slot, SURVEY_SLOTS_FIXED);
	ck_assert_uint_eq(s->questions[0].width, 5);
	ck_assert_uint_eq(s->questions[1].slot, SURVEY_SLOTS_FIXED + 5);
	ck_assert_uint_eq(s->questions[2].slot, SURVEY_SLOTS_FIXED + 16);
	ck_assert_uint_eq(s->n_slots, SURVEY_SLOTS_FIXED + 17);
	ck_assert_int_eq(survey_extend(&t, s, more, 2), EMP_OK);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(t->questions[i].slot, s->questions[i].slot);
	ck_assert_uint_eq(t->questions[3].slot, s->n_slots);
	ck_assert_uint_eq(t->n_slots, s->n_slots + 11);
	ck_assert_int_eq(survey_extend(&t, s, q, 1), EMP_CONFLICT);
	survey_free(&s);
	/* The file's rows in any order, with a gap, get back the same slots. */
	q[0].slot = 40;
	q[0].width = 5;
	q[1].slot = 20;
	q[1].width = 11;
	s = make(16, "shop", AUDIENCE_CUSTOMER, q, 3);
	ck_assert_uint_eq(s->questions[0].slot, 40);
	ck_assert_uint_eq(s->questions[1].slot, 20);
	ck_assert_uint_eq(s->questions[2].slot, 45);
	survey_free(&s);
	survey_free(&t);
}
END_TEST

START_TEST(slots_with_two_owners_are_corrupt)
{
	struct question q[] = {on_scale("a", METRIC_CSAT, 1, 5),
			       on_scale("b", METRIC_CSAT, 1, 5)};
	static const uint32_t bad[][4] = {
		{8, 5, 12, 5},
		{8, 5, 7, 5},
		{8, 0, 13, 5},
		{8, 5, SURVEY_SLOTS_MAX - 4, 5},
		{8, 5, UINT32_MAX - 2, 5},
	};
	struct survey s = {.name = STR("x"), .questions = q, .n_questions = 2};
	struct survey *out;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		q[0].slot = bad[i][0];
		q[0].width = (uint16_t)bad[i][1];
		q[1].slot = bad[i][2];
		q[1].width = (uint16_t)bad[i][3];
		ck_assert_int_eq(survey_copy(&out, &s), EMP_CORRUPT);
	}
	q[1].name = q[0].name;
	q[0].slot = q[1].slot = 0;
	ck_assert_int_eq(survey_copy(&out, &s), EMP_CONFLICT);
	s.n_questions = SURVEY_QUESTIONS_MAX + 1;
	ck_assert_int_eq(survey_copy(&out, &s), EMP_INVALID);
}
END_TEST

START_TEST(growing_question_by_question_equals_growing_at_once)
{
	static char names[SURVEY_QUESTIONS_MAX][8];
	static struct question q[SURVEY_QUESTIONS_MAX];
	struct survey *step = make(16, "grow", AUDIENCE_CUSTOMER, NULL, 0);
	struct survey *once;

	srand(3);
	for (int i = 0; i < SURVEY_QUESTIONS_MAX; i++) {
		struct survey *next;

		snprintf(names[i], sizeof names[i], "q%d", i);
		q[i] = on_scale(names[i], METRIC_PULSE, 1, 4 + rand() % 7);
		ck_assert_int_eq(survey_extend(&next, step, &q[i], 1), EMP_OK);
		survey_free(&step);
		step = next;
	}
	once = make(16, "grow", AUDIENCE_CUSTOMER, q, SURVEY_QUESTIONS_MAX);
	ck_assert_uint_eq(once->n_slots, step->n_slots);
	for (int i = 0; i < SURVEY_QUESTIONS_MAX; i++)
		ck_assert_uint_eq(once->questions[i].slot, step->questions[i].slot);
	survey_free(&step);
	survey_free(&once);
}
END_TEST

START_TEST(answers_fix_a_questions_meaning)
{
	const struct str abc[] = {STR("a"), STR("b"), STR("c")};
	const struct str acb[] = {STR("a"), STR("c"), STR("b")};
	struct str many[QUESTION_OPTIONS_STEP + 1];
	struct question five = on_scale("q", METRIC_CSAT, 1, 5);
	struct question ten = on_scale("q", METRIC_CSAT, 1, 10);
	struct question other = on_scale("q", METRIC_PULSE, 1, 5);
	struct question longer = on_scale("q", METRIC_PULSE, 1, 7);
	struct question higher = on_scale("q", METRIC_PULSE, 0, 5);
	struct question two = {.metric = METRIC_CHOICE, .n_options = 2, .options = abc};
	struct question three = two;

	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
		many[i] = i < 2 ? abc[i] : STR("x");
	ck_assert(question_compatible(&five, &five));
	ck_assert(!question_compatible(&five, &ten));
	ck_assert(!question_compatible(&five, &other));
	ck_assert(!question_compatible(&other, &longer));
	ck_assert(!question_compatible(&other, &higher));
	other = five;
	other.satisfied = 1u << 5;
	ck_assert(!question_compatible(&five, &other));
	two.width = question_width(&two);
	three.n_options = 3;
	ck_assert(question_compatible(&two, &three));
	ck_assert(!question_compatible(&three, &two));
	three.options = acb;
	ck_assert(!question_compatible(&two, &three));
	three.options = many;
	three.n_options = QUESTION_OPTIONS_STEP;
	ck_assert(question_compatible(&two, &three));
	three.n_options++;
	ck_assert(!question_compatible(&two, &three));
}
END_TEST

static bool
answered_b(void *ctx, const struct question *q)
{
	(void)ctx;
	return str_is(q->name, "b");
}

START_TEST(a_new_document_keeps_what_has_answers)
{
	const struct survey_use use = {.used = true, .answered = answered_b};
	struct question q[] = {on_scale("a", METRIC_CSAT, 1, 5),
			       on_scale("b", METRIC_NPS, 0, 10)};
	struct question r[] = {on_scale("c", METRIC_CSAT, 1, 5),
			       on_scale("a", METRIC_CES, 1, 7)};
	struct survey *now;
	struct survey *next;
	struct survey *got;

	q[0].id = 1;
	q[1].id = 2;
	now = make(16, "shop", AUDIENCE_CUSTOMER, q, 2);
	next = make(0, "shop", AUDIENCE_CUSTOMER, r, 0);
	next->questions = r;
	next->n_questions = 2;
	ck_assert_int_eq(survey_merge(&got, now, next, &use, &p), EMP_OK);
	ck_assert_uint_eq(got->id, 16);
	ck_assert_uint_eq(got->n_questions, 3);
	/* b was dropped, but has answers: it keeps id and slots, undeclared. */
	ck_assert_uint_eq(get(got, "b")->id, 2);
	ck_assert_uint_eq(get(got, "b")->slot, now->questions[1].slot);
	ck_assert(!get(got, "b")->declared);
	/* a has none, so it may change; but never onto slots of others. */
	ck_assert_uint_eq(get(got, "a")->id, 1);
	ck_assert_int_eq(get(got, "a")->metric, METRIC_CES);
	ck_assert(get(got, "a")->slot >= now->questions[1].slot + 11);
	ck_assert_uint_eq(get(got, "c")->id, 0);
	survey_free(&got);
	/* Where it is kept, it keeps its slots, wherever it now stands. */
	r[1] = on_scale("b", METRIC_NPS, 0, 10);
	ck_assert_int_eq(survey_merge(&got, now, next, &use, &p), EMP_OK);
	ck_assert_uint_eq(got->n_questions, 2);
	ck_assert_uint_eq(get(got, "b")->id, 2);
	ck_assert_uint_eq(get(got, "b")->slot, now->questions[1].slot);
	ck_assert_uint_eq(get(got, "c")->slot, now->n_slots);
	ck_assert(get(got, "b")->declared);
	survey_free(&got);
	r[1] = on_scale("a", METRIC_CES, 1, 7);
	/* The same over a survey without answers drops b. */
	ck_assert_int_eq(survey_merge(&got, now, next, NULL, &p), EMP_OK);
	ck_assert_uint_eq(got->n_questions, 2);
	survey_free(&got);
	survey_free(&now);
	survey_free(&next);
}
END_TEST

START_TEST(a_new_document_cannot_change_what_answers_mean)
{
	const struct survey_use use = {.used = true, .answered = answered_b};
	struct question q[] = {on_scale("b", METRIC_CSAT, 1, 5)};
	struct question r[] = {on_scale("a", METRIC_CSAT, 1, 5),
			       on_scale("b", METRIC_CSAT, 1, 4)};
	struct survey *now = make(16, "shop", AUDIENCE_CUSTOMER, q, 1);
	struct survey *next = make(0, "shop", AUDIENCE_CUSTOMER, r, 2);
	struct survey *got = NULL;

	ck_assert_int_eq(survey_merge(&got, now, next, &use, &p), EMP_CONFLICT);
	ck_assert_str_eq(p.pointer, "/questions/1");
	survey_free(&next);
	next = make(0, "shop", AUDIENCE_EMPLOYEE, q, 1);
	ck_assert_int_eq(survey_merge(&got, now, next, &use, &p), EMP_CONFLICT);
	ck_assert_str_eq(p.pointer, "/audience");
	ck_assert_ptr_null(got);
	ck_assert_int_eq(survey_merge(&got, NULL, next, NULL, &p), EMP_OK);
	survey_free(&got);
	survey_free(&now);
	survey_free(&next);
}
END_TEST

START_TEST(a_threshold_is_raised_never_lowered)
{
	struct question q[] = {on_scale("b", METRIC_CSAT, 1, 5)};
	struct survey *now = make(16, "team", AUDIENCE_EMPLOYEE, q, 1);
	struct survey *next = make(0, "team", AUDIENCE_EMPLOYEE, q, 1);
	struct survey *got = NULL;

	now->threshold = 7;
	next->threshold = 6;
	/* Whether or not anybody answered. */
	ck_assert_int_eq(survey_merge(&got, now, next, NULL, &p), EMP_CONFLICT);
	ck_assert_str_eq(p.pointer, "/threshold");
	ck_assert_ptr_null(got);
	for (uint16_t k = 7; k <= 8; k++) {
		next->threshold = k;
		ck_assert_int_eq(survey_merge(&got, now, next, NULL, &p), EMP_OK);
		ck_assert_uint_eq(got->threshold, k);
		survey_free(&got);
	}
	survey_free(&now);
	survey_free(&next);
}
END_TEST

START_TEST(the_period_of_employees_is_for_good)
{
	struct question q[] = {on_scale("b", METRIC_CSAT, 1, 5)};
	struct survey *now = make(16, "team", AUDIENCE_EMPLOYEE, q, 1);
	struct survey *next = make(0, "team", AUDIENCE_EMPLOYEE, q, 1);
	struct survey *got = NULL;

	for (int from = PERIOD_WAVE; from <= PERIOD_MONTH; from++) {
		for (int to = PERIOD_WAVE; to <= PERIOD_MONTH; to++) {
			now->period = (uint8_t)from;
			next->period = (uint8_t)to;
			/* Whether or not anybody answered. */
			ck_assert_int_eq(survey_merge(&got, now, next, NULL, &p),
					 from == to ? EMP_OK : EMP_CONFLICT);
			if (from != to) {
				ck_assert_str_eq(p.pointer, "/period");
				ck_assert_ptr_null(got);
			}
			survey_free(&got);
		}
	}
	survey_free(&next);
	/* One that asked customers had none. */
	now->audience = AUDIENCE_CUSTOMER;
	now->period = PERIOD_WAVE;
	next = make(0, "team", AUDIENCE_EMPLOYEE, q, 1);
	next->period = PERIOD_MONTH;
	ck_assert_int_eq(survey_merge(&got, now, next, NULL, &p), EMP_OK);
	survey_free(&got);
	survey_free(&now);
	survey_free(&next);
}
END_TEST

START_TEST(a_snapshot_finds_all_and_only_what_it_holds)
{
	enum { N = 300 };
	static char names[N][16];
	static struct survey *list[N];
	struct question q[] = {on_scale("one", METRIC_CSAT, 1, 5),
			       on_scale("two", METRIC_CSAT, 1, 5)};
	struct surveys *s;

	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof names[i], "s%d", (i * 7919) % N);
		list[i] = make((uint32_t)(16 + i), names[i], AUDIENCE_CUSTOMER, q, 2);
	}
	ck_assert_int_eq(surveys_new(&s, list, N), EMP_OK);
	ck_assert_uint_eq(surveys_count(s), N);
	for (int i = 0; i < N; i++) {
		const struct survey *v = surveys_find(s, str_from(names[i]));

		ck_assert_ptr_nonnull(v);
		ck_assert(str_is(v->name, names[i]));
		ck_assert_ptr_eq(surveys_by_id(s, (uint32_t)(16 + i)), v);
		ck_assert_int_eq(surveys_question(s, v, STR("two")), 1);
		ck_assert_int_eq(surveys_question(s, v, STR("one")), 0);
		ck_assert_int_eq(surveys_question(s, v, STR("three")), -1);
		if (i > 0)
			ck_assert(str_cmp(surveys_at(s, (size_t)i - 1)->name,
					  surveys_at(s, (size_t)i)->name) < 0);
	}
	ck_assert_ptr_null(surveys_find(s, STR("s300")));
	ck_assert_ptr_null(surveys_by_id(s, 15));
	surveys_free(&s);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(a_snapshot_has_no_two_of_one_name_or_id)
{
	struct survey *names[] = {make(16, "a", AUDIENCE_CUSTOMER, NULL, 0),
				  make(17, "a", AUDIENCE_CUSTOMER, NULL, 0)};
	struct survey *ids[] = {make(16, "a", AUDIENCE_CUSTOMER, NULL, 0),
				make(16, "b", AUDIENCE_CUSTOMER, NULL, 0)};
	struct surveys *s;

	ck_assert_int_eq(surveys_new(&s, names, 2), EMP_CONFLICT);
	ck_assert_int_eq(surveys_new(&s, ids, 2), EMP_CONFLICT);
	ck_assert_int_eq(surveys_new(&s, NULL, 0), EMP_OK);
	ck_assert_ptr_null(surveys_find(s, STR("a")));
	surveys_free(&s);
}
END_TEST

START_TEST(twins_ask_the_same_of_the_others)
{
	struct question inner = on_scale("recommend", METRIC_NPS, 0, 10);
	struct question outer = on_scale("recommend", METRIC_NPS, 0, 10);
	struct question other = on_scale("recommend", METRIC_CSAT, 1, 5);
	struct survey *list[1];
	struct survey *v;
	struct surveys *s;

	inner.twin = STR("nps/recommend");
	list[0] = make(16, "enps", AUDIENCE_EMPLOYEE, &inner, 1);
	ck_assert_int_eq(surveys_new(&s, list, 1), EMP_OK);
	v = make(0, "nps", AUDIENCE_CUSTOMER, &outer, 1);
	ck_assert_int_eq(surveys_check_twins(s, v, &p), EMP_OK);
	survey_free(&v);
	/* Named by the twin only: still checked. */
	v = make(0, "nps", AUDIENCE_CUSTOMER, &other, 1);
	ck_assert_int_eq(surveys_check_twins(s, v, &p), EMP_INVALID);
	ck_assert_str_eq(p.pointer, "/questions/0/twin");
	survey_free(&v);
	v = make(0, "nps", AUDIENCE_EMPLOYEE, &outer, 1);
	ck_assert_int_eq(surveys_check_twins(s, v, &p), EMP_INVALID);
	survey_free(&v);
	other = on_scale("willing", METRIC_NPS, 0, 10);
	other.twin = STR("enps/recommend");
	v = make(0, "visit", AUDIENCE_CUSTOMER, &other, 1);
	ck_assert_int_eq(surveys_check_twins(s, v, &p), EMP_OK);
	survey_free(&v);
	surveys_free(&s);
}
END_TEST

START_TEST(definitions_are_found_and_counted)
{
	struct token_def tokens[2] = {{.id = 1, .hash = {1}}, {.id = 2, .hash = {2}}};
	struct unit_def units[3] = {{.name = "b"}, {.name = "a/x"}, {.name = "a"}};
	uint8_t hash[TOKEN_HASH_BYTES] = {2};
	struct surveys *s;
	struct boundaries *b;
	const struct defs *d;
	const struct defs *e;

	ck_assert_int_eq(surveys_new(&s, NULL, 0), EMP_OK);
	ck_assert_int_eq(boundaries_new(&b, NULL, 0), EMP_OK);
	ck_assert_int_eq(defs_new(&d, s, b, tokens, 2, units, 3, 9), EMP_OK);
	ck_assert_ptr_eq(d->boundaries, b);
	memset(tokens, 0xff, sizeof tokens);
	memset(units, 0xff, sizeof units);
	ck_assert_uint_eq(defs_token(d, hash)->id, 2);
	hash[TOKEN_HASH_BYTES - 1] = 1;
	ck_assert_ptr_null(defs_token(d, hash));
	ck_assert_str_eq(d->units[0].name, "a");
	ck_assert_str_eq(d->units[2].name, "b");
	ck_assert_ptr_eq(defs_unit(d, STR("a/x")), &d->units[1]);
	ck_assert_ptr_null(defs_unit(d, STR("a/")));
	e = defs_hold(d);
	defs_release(&d);
	ck_assert_ptr_null(d);
	ck_assert_uint_eq(e->version, 9);
	defs_release(&e);
	ck_assert_int_eq(surveys_new(&s, NULL, 0), EMP_OK);
	for (int i = 0; i < 3; i++)
		snprintf(units[i].name, sizeof units[i].name, "same");
	ck_assert_int_eq(defs_new(&d, s, NULL, NULL, 0, units, 3, 0), EMP_CONFLICT);
}
END_TEST

Suite *
model_survey_suite(void)
{
	Suite *s = suite_create("model_survey");
	TCase *tc = tcase_create("surveys");

	tcase_add_test(tc, metrics_have_their_scales);
	tcase_add_test(tc, a_copy_owns_all_its_text);
	tcase_add_test(tc, slots_are_given_once_and_stay);
	tcase_add_test(tc, slots_with_two_owners_are_corrupt);
	tcase_add_test(tc, growing_question_by_question_equals_growing_at_once);
	tcase_add_test(tc, answers_fix_a_questions_meaning);
	tcase_add_test(tc, a_new_document_keeps_what_has_answers);
	tcase_add_test(tc, a_new_document_cannot_change_what_answers_mean);
	tcase_add_test(tc, a_threshold_is_raised_never_lowered);
	tcase_add_test(tc, the_period_of_employees_is_for_good);
	tcase_add_test(tc, a_snapshot_finds_all_and_only_what_it_holds);
	tcase_add_test(tc, a_snapshot_has_no_two_of_one_name_or_id);
	tcase_add_test(tc, twins_ask_the_same_of_the_others);
	tcase_add_test(tc, definitions_are_found_and_counted);
	suite_add_tcase(s, tc);
	return s;
}
