/*
 * privacy: sums of released blocks, by hand-made releases.
 */
#include <check.h>

#include "base/clock.h"
#include "privacy/released.h"
#include "unit.h"

#define JAN 1767225600LL /* 2026-01-01, a Thursday */
#define FEB 1769904000LL
#define MAR 1772323200LL
#define CLIMATE 20
#define OTHER 21

enum { A = 1, AX, AXY, AB, UNITS };

static struct tz *utc;
static struct intern *units;
static struct arena arena;
static struct released all;

static void
setup(void)
{
	static const struct {
		const char *name;
		uint32_t parent;
	} names[] = {[A] = {"a", 0},
		     [AX] = {"a/x", A},
		     [AXY] = {"a/x/y", AX},
		     [AB] = {"ab", 0}};
	uint32_t id;

	ck_assert_int_eq(tz_open(&utc, "UTC"), EMP_OK);
	ck_assert_int_eq(intern_new(&units), EMP_OK);
	for (uint32_t i = A; i < UNITS; i++) {
		ck_assert_int_eq(intern_add(units, str_from(names[i].name),
					    names[i].parent, &id),
				 EMP_OK);
		ck_assert_uint_eq(id, i);
	}
	intern_publish(units);
	arena_init(&arena, 4096);
	released_init(&all, units);
}

static void
teardown(void)
{
	released_fini(&all);
	arena_fini(&arena);
	intern_free(&units);
	tz_free(&utc);
}

/* A pulse of survey, unit and month: so many said 1 and so many said 5. */
static struct release_row
row(uint32_t survey, uint32_t unit, int64_t from, int64_t to)
{
	static const uint64_t count[] = {2, 0, 0, 0, 3};

	return (struct release_row){.survey = survey,
				    .period = STR("p"),
				    .from = from * MS_PER_S,
				    .to = to * MS_PER_S,
				    .question = STR("q"),
				    .metric = METRIC_PULSE,
				    .lo = 1,
				    .hi = 5,
				    .unit = unit,
				    .verified = true,
				    .people = 5,
				    .count = count,
				    .n_count = 5};
}

static void
take(struct release_row r)
{
	ck_assert_int_eq(released_take(&all, &r), EMP_OK);
}

static struct released_ask
ask(void)
{
	return (struct released_ask){.survey = CLIMATE,
				     .from = INT64_MIN,
				     .to = INT64_MAX,
				     .tz = utc,
				     .step = STEP_ALL};
}

static uint32_t
sums(const struct released_ask *a, struct released_sum **v)
{
	uint32_t n;

	ck_assert_int_eq(released_sums(&all, a, &arena, v, &n), EMP_OK);
	return n;
}

START_TEST(blocks_add_up)
{
	struct released_ask a = ask();
	struct released_sum *v;

	take(row(CLIMATE, 0, JAN, FEB));
	take(row(CLIMATE, AX, FEB, MAR));
	take(row(OTHER, AX, JAN, FEB));
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_uint_eq(v->people, 10);
	ck_assert_uint_eq(v->count[0], 4);
	ck_assert_uint_eq(v->count[4], 6);
	ck_assert(v->verified);
	ck_assert_int_eq(v->start, INT64_MIN);
	a.survey = OTHER + 1;
	ck_assert_uint_eq(sums(&a, &v), 0);
}
END_TEST

/* One that nobody vouched for makes the sum such. */
START_TEST(verified_is_of_all)
{
	struct released_ask a = ask();
	struct released_sum *v;
	struct release_row pool = row(CLIMATE, 0, JAN, FEB);

	pool.verified = false;
	take(row(CLIMATE, AX, JAN, FEB));
	take(pool);
	a.by_unit = true;
	ck_assert_uint_eq(sums(&a, &v), 2);
	ck_assert(!v[0].verified && v[0].unit == 0);
	ck_assert(v[1].verified && v[1].unit == AX);
	a.by_unit = false;
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert(!v[0].verified);
}
END_TEST

START_TEST(units_are_subtrees_and_cut)
{
	const struct str a_only[] = {STR("a")};
	const struct str ax[] = {STR("a/x")};
	struct released_ask a = ask();
	struct released_sum *v;

	for (uint32_t u = 0; u < UNITS; u++)
		take(row(CLIMATE, u, JAN, FEB));
	a.by_unit = true;
	ck_assert_uint_eq(sums(&a, &v), UNITS);
	for (uint32_t u = 0; u < UNITS; u++)
		ck_assert_uint_eq(v[u].unit, u); /* as their names are ordered */
	a.depth = 2;
	ck_assert_uint_eq(sums(&a, &v), 4);
	ck_assert_uint_eq(v[2].unit, AX);
	ck_assert_uint_eq(v[2].people, 10);
	a.depth = 1;
	ck_assert_uint_eq(sums(&a, &v), 3);
	ck_assert_uint_eq(v[1].unit, A);
	ck_assert_uint_eq(v[1].people, 15);
	a.within = a_only;
	a.n_within = 1;
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_uint_eq(v[0].people, 15);
	a.only = ax[0];
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_uint_eq(v[0].people, 10);
	a.within = ax;
	a.only = STR("ab");
	ck_assert_uint_eq(sums(&a, &v), 0);
}
END_TEST

/* The end of a period is outside of it. */
START_TEST(a_release_is_of_its_last_moment)
{
	struct released_ask a = ask();
	struct released_sum *v;

	take(row(CLIMATE, 0, JAN, FEB));
	a.step = STEP_MONTH;
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_int_eq(v->start, JAN);
	a.from = JAN;
	a.to = FEB;
	ck_assert_uint_eq(sums(&a, &v), 1);
	a.from = FEB - 1;
	ck_assert_uint_eq(sums(&a, &v), 1);
	a.from = FEB;
	a.to = MAR;
	ck_assert_uint_eq(sums(&a, &v), 0);
	a.from = JAN;
	a.to = FEB - 1;
	ck_assert_uint_eq(sums(&a, &v), 0);
	ck_assert_int_eq(released_last(FEB * MS_PER_S), FEB - 1);
	ck_assert_int_eq(released_last(FEB * MS_PER_S + 1), FEB);
	ck_assert_int_eq(released_last(FEB * MS_PER_S + MS_PER_S), FEB);
}
END_TEST

static bool
cuts(const struct released_ask *a, int64_t t)
{
	return released_cut(&all, a, t) != NULL;
}

START_TEST(a_bound_inside_a_period_cuts_it)
{
	struct released_ask a = ask();

	take(row(CLIMATE, 0, JAN, FEB));
	ck_assert(!cuts(&a, JAN - 1));
	ck_assert(!cuts(&a, JAN));
	ck_assert(cuts(&a, JAN + 1));
	ck_assert(cuts(&a, FEB - 1));
	ck_assert(!cuts(&a, FEB));
	a.survey = OTHER;
	ck_assert(!cuts(&a, JAN + 1));
}
END_TEST

/* Waves that follow each other inside a minute: the bounds of one, in seconds, are it
 * alone, though the window has whole minutes. */
START_TEST(the_bounds_of_a_wave_are_that_wave)
{
	static const int64_t at[] = {JAN * MS_PER_S + 1200, JAN * MS_PER_S + 5345,
				     JAN * MS_PER_S + 9001, JAN * MS_PER_S + 15000};
	struct released_ask a = ask();
	struct released_sum *v;

	for (int i = 0; i < 3; i++) {
		struct release_row r = row(CLIMATE, i == 1 ? A : AB, 0, 0);

		r.from = at[i];
		r.to = at[i + 1];
		take(r);
	}
	a.from = JAN;
	a.to = JAN + S_PER_MIN;
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_uint_eq(v->people, 15);
	a.since = JAN + 5; /* down to a second, as a query has it */
	a.until = JAN + 10;
	a.by_unit = true;
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_uint_eq(v->unit, A);
	ck_assert_uint_eq(v->people, 5);
	ck_assert(!cuts(&a, a.from) && !cuts(&a, a.to));
	/* A wave that goes on behind the window begins in its last second. */
	a.to = JAN + 12;
	ck_assert(!cuts(&a, a.to));
	a.until = JAN + 12;
	ck_assert(cuts(&a, a.to));
	a.from = JAN + 4;
	a.since = JAN + 4;
	ck_assert(cuts(&a, a.from));
}
END_TEST

START_TEST(another_scale_is_another_question)
{
	static const uint64_t four[] = {1, 1, 1, 2};
	struct release_row changed = row(CLIMATE, 0, FEB, MAR);
	struct released_ask a = ask();
	struct released_sum *v;

	take(row(CLIMATE, AX, JAN, FEB));
	take(row(CLIMATE, A, JAN, FEB));
	changed.hi = 4;
	changed.count = four;
	changed.n_count = 4;
	take(changed);
	take(row(OTHER, A, JAN, FEB));
	ck_assert_uint_eq(sums(&a, &v), 2);
	ck_assert_uint_eq(v[0].people, 10);
	ck_assert_int_eq(v[0].question->hi, 5);
	ck_assert_uint_eq(v[1].people, 5);
	ck_assert_int_eq(v[1].question->hi, 4);
	ck_assert_uint_eq(v[1].count[3], 2);
	/* So is another idea of who is satisfied. */
	changed.satisfied = 1u << 4;
	take(changed);
	ck_assert_uint_eq(sums(&a, &v), 3);
}
END_TEST

/* An option that is added later is 0 before; another one in its place is no sum. */
START_TEST(options_may_be_added)
{
	static const struct str options[] = {STR("pay"), STR("time"), STR("team")};
	static const struct str others[] = {STR("pay"), STR("food")};
	static const uint64_t count[] = {5, 4, 3, 2};
	struct release_row r = row(CLIMATE, 0, JAN, FEB);
	struct released_ask a = ask();
	struct released_sum *v;

	r.metric = METRIC_CHOICE;
	r.lo = r.hi = 0;
	r.count = count;
	r.options = options;
	r.n_options = 2;
	r.n_count = 3;
	take(r);
	r.n_options = 3;
	r.n_count = 4;
	take(r);
	r.n_options = 1;
	r.n_count = 2;
	take(r);
	ck_assert_uint_eq(sums(&a, &v), 1);
	ck_assert_uint_eq(v->question->n_options, 3);
	ck_assert(str_is(v->question->options[2], "team"));
	ck_assert_uint_eq(v->count[0], 15);
	ck_assert_uint_eq(v->count[1], 12);
	ck_assert_uint_eq(v->count[2], 6);
	ck_assert_uint_eq(v->count[3], 2);
	r.options = others;
	r.n_options = 2;
	r.n_count = 3;
	take(r);
	ck_assert_uint_eq(sums(&a, &v), 2);
	r.n_count = 4;
	ck_assert_int_eq(released_take(&all, &r), EMP_CORRUPT);
}
END_TEST

START_TEST(questions_are_asked_by_name)
{
	const struct str names[] = {STR("z"), STR("b")};
	struct release_row r = row(CLIMATE, 0, JAN, FEB);
	struct released_ask a = ask();
	struct released_sum *v;

	for (const char *name = "qzb"; *name != '\0'; name++) {
		r.question = (struct str){name, 1};
		take(r);
	}
	ck_assert_uint_eq(sums(&a, &v), 3);
	ck_assert(str_is(v[0].question->name, "b"));
	ck_assert(str_is(v[2].question->name, "z"));
	a.questions = names;
	a.n_questions = 2;
	ck_assert_uint_eq(sums(&a, &v), 2);
	ck_assert(str_is(v[1].question->name, "z"));
}
END_TEST

/* Its name is published a moment after it was stored: no part of a release is shown. */
START_TEST(a_unit_may_be_too_new)
{
	struct release_row r = row(CLIMATE, UNITS, JAN, FEB);

	ck_assert_int_eq(released_take(&all, &r), EMP_OVERLOADED);
}
END_TEST

START_TEST(there_may_be_many)
{
	struct released_ask a = ask();
	struct released_sum *v;

	for (int i = 0; i < 1000; i++)
		take(row(CLIMATE, (uint32_t)i % UNITS, JAN + i, JAN + i + 1));
	a.by_unit = true;
	ck_assert_uint_eq(sums(&a, &v), UNITS);
	for (uint32_t u = 0; u < UNITS; u++)
		ck_assert_uint_eq(v[u].count[4], 3 * 1000 / UNITS);
}
END_TEST

Suite *
privacy_released_suite(void)
{
	Suite *s = suite_create("privacy_released");
	TCase *tc = tcase_create("released");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, blocks_add_up);
	tcase_add_test(tc, verified_is_of_all);
	tcase_add_test(tc, units_are_subtrees_and_cut);
	tcase_add_test(tc, a_release_is_of_its_last_moment);
	tcase_add_test(tc, a_bound_inside_a_period_cuts_it);
	tcase_add_test(tc, the_bounds_of_a_wave_are_that_wave);
	tcase_add_test(tc, another_scale_is_another_question);
	tcase_add_test(tc, options_may_be_added);
	tcase_add_test(tc, questions_are_asked_by_name);
	tcase_add_test(tc, a_unit_may_be_too_new);
	tcase_add_test(tc, there_may_be_many);
	suite_add_tcase(s, tc);
	return s;
}
