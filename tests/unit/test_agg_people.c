/*
 * agg: sets of people, response, cohorts and levels, by hand-made cases.
 */
#include <check.h>
#include <stdlib.h>

#include "agg/levels.h"
#include "agg/people.h"
#include "model/catalogue.h"
#include "unit.h"

static const uint8_t *
person(uint32_t n)
{
	static uint8_t p[4][PSEUDONYM_BYTES];
	static int at;
	uint8_t *to = p[at++ % 4];

	memset(to, 0, PSEUDONYM_BYTES);
	memcpy(to + 4, &n, sizeof n);
	return to;
}

START_TEST(a_person_is_one_person)
{
	struct people *p;
	uint32_t at;
	bool fresh;

	ck_assert_int_eq(people_new(&p), EMP_OK);
	for (uint32_t i = 0; i < 5000; i++) {
		ck_assert_int_eq(people_add(p, i % 7, person(i % 1000), &at, &fresh),
				 EMP_OK);
		if (i == 0)
			ck_assert(fresh);
	}
	/* 1000 people, each met under 5 of 7 tags (1000 is 6 modulo 7). */
	ck_assert_uint_eq(people_count(p), 5000);
	ck_assert_uint_eq(people_find(p, 0, person(0)), 0);
	ck_assert_uint_eq(people_find(p, 1, person(0)), PEOPLE_NONE);
	ck_assert_int_eq(people_add(p, 0, person(0), &at, &fresh), EMP_OK);
	ck_assert(!fresh && at == 0);
	people_free(&p);
}
END_TEST

static struct response_row
row(int64_t seq, uint32_t bucket, uint32_t who)
{
	return (struct response_row){.seq = seq,
				     .time = seq,
				     .received = seq,
				     .survey = 20,
				     .bucket = bucket,
				     .person = who ? person(who) : NULL};
}

START_TEST(an_answer_settles_the_invitations_of_its_person_and_the_one_it_names)
{
	struct tally t = {0};
	struct responses *r;
	struct response_row i;

	ck_assert_int_eq(responses_new(&r), EMP_OK);
	i = row(1, 0, 1);
	ck_assert_int_eq(responses_invited(r, &i), EMP_OK);
	i = row(2, 1, 1);
	ck_assert_int_eq(responses_invited(r, &i), EMP_OK);
	i = row(3, 1, 0);
	ck_assert_int_eq(responses_invited(r, &i), EMP_OK);
	i = row(4, 1, 2);
	ck_assert_int_eq(responses_invited(r, &i), EMP_OK);
	/* Outside of the window, but she was asked. */
	i = row(5, PEOPLE_NONE, 3);
	ck_assert_int_eq(responses_invited(r, &i), EMP_OK);
	i = row(10, 7, 1);
	ck_assert_int_eq(responses_answered(r, &i, 0, true), EMP_OK);
	i = row(11, PEOPLE_NONE, 0);
	ck_assert_int_eq(responses_answered(r, &i, 3, true), EMP_OK);
	i = row(12, 7, 2);
	ck_assert_int_eq(responses_answered(r, &i, 0, false), EMP_OK);
	i = row(13, 7, 3);
	ck_assert_int_eq(responses_answered(r, &i, 0, true), EMP_OK);
	i = row(14, 7, 9);
	ck_assert_int_eq(responses_answered(r, &i, 99, true), EMP_OK);
	/* Another survey's answer settles nothing. */
	i = row(15, 7, 2);
	i.survey = 21;
	ck_assert_int_eq(responses_answered(r, &i, 4, true), EMP_OK);
	ck_assert_int_eq(responses_sum(r, &t), EMP_OK);
	ck_assert_uint_eq(tally_get(&t, 0, RESPONSE_COL_INVITED), 1);
	ck_assert_uint_eq(tally_get(&t, 0, RESPONSE_COL_DONE), 1);
	ck_assert_uint_eq(tally_get(&t, 1, RESPONSE_COL_INVITED), 3);
	ck_assert_uint_eq(tally_get(&t, 1, RESPONSE_COL_DONE), 2);
	/* Answers by 1, 2 and 3 were asked for, that of 9 was not. */
	ck_assert_uint_eq(tally_get(&t, 7, RESPONSE_COL_ASKED), 3);
	tally_fini(&t);
	responses_free(&r);
}
END_TEST

static double
invited_and_done(struct responses *r, uint32_t bucket, uint64_t *asked)
{
	struct tally t = {0};
	double done;

	ck_assert_int_eq(responses_sum(r, &t), EMP_OK);
	done = (double)tally_get(&t, bucket, RESPONSE_COL_DONE);
	ck_assert_uint_eq(tally_get(&t, bucket, RESPONSE_COL_INVITED), 4);
	*asked = tally_get(&t, 7, RESPONSE_COL_ASKED);
	tally_fini(&t);
	return done;
}

START_TEST(an_answer_settles_no_later_invitation_of_its_person)
{
	const int64_t times[] = {100, 200, 300, 400};
	struct responses *r;
	struct response_row i;
	uint64_t asked;

	ck_assert_int_eq(responses_new(&r), EMP_OK);
	/* Four months, not in this order; the first answer is older than all. */
	for (int k = 3; k >= 0; k--) {
		i = row(k + 1, 0, 1);
		i.time = times[k];
		ck_assert_int_eq(responses_invited(r, &i), EMP_OK);
	}
	i = row(10, 7, 1);
	i.time = 99;
	ck_assert_int_eq(responses_answered(r, &i, 0, true), EMP_OK);
	ck_assert_double_eq(invited_and_done(r, 0, &asked), 0);
	ck_assert_uint_eq(asked, 0);
	/* At the same moment is not before it. */
	i.time = 200;
	ck_assert_int_eq(responses_answered(r, &i, 0, true), EMP_OK);
	i.time = 150;
	ck_assert_int_eq(responses_answered(r, &i, 0, true), EMP_OK);
	i.time = 500;
	ck_assert_int_eq(responses_answered(r, &i, 0, false), EMP_OK);
	ck_assert_double_eq(invited_and_done(r, 0, &asked), 2);
	ck_assert_uint_eq(asked, 3);
	/* By name whatever the times; but not what was here before it was sent. */
	i.time = 1;
	i.received = 400 - FUTURE_MAX_MS - 1;
	ck_assert_int_eq(responses_answered(r, &i, 4, true), EMP_OK);
	ck_assert_double_eq(invited_and_done(r, 0, &asked), 2);
	ck_assert_uint_eq(asked, 3);
	i.received++;
	ck_assert_int_eq(responses_answered(r, &i, 4, true), EMP_OK);
	ck_assert_double_eq(invited_and_done(r, 0, &asked), 3);
	ck_assert_uint_eq(asked, 4);
	responses_free(&r);
}
END_TEST

START_TEST(a_cohort_is_the_month_of_the_first_signup)
{
	const int64_t january = 1767225600 + 86400;
	const int64_t day = 86400;
	struct cohorts *c;
	struct cohort *v;
	struct tz *tz;
	uint32_t n;

	ck_assert_int_eq(tz_open(&tz, "UTC"), EMP_OK);
	ck_assert_int_eq(cohorts_new(&c, tz), EMP_OK);
	ck_assert_int_eq(cohorts_signup(c, january + 40 * day, person(1)), EMP_OK);
	ck_assert_int_eq(cohorts_signup(c, january, person(1)), EMP_OK);
	ck_assert_int_eq(cohorts_signup(c, january + day, person(2)), EMP_OK);
	ck_assert_int_eq(cohorts_signup(c, january + 45 * day, person(3)), EMP_OK);
	/* Twice in a month is once; in the month itself is not yet. */
	cohorts_active(c, january + 32 * day, person(1));
	cohorts_active(c, january + 33 * day, person(1));
	cohorts_active(c, january + 5 * day, person(2));
	cohorts_active(c, january + 366 * day, person(2));
	cohorts_active(c, january + 400 * day, person(2));
	cohorts_active(c, january + 32 * day, person(9));
	ck_assert_int_eq(cohorts_sum(c, INT64_MIN, INT64_MAX, &v, &n), EMP_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(v[0].month, 56 * 12);
	ck_assert_uint_eq(v[0].size, 2);
	ck_assert_uint_eq(v[0].active[0], 1);
	ck_assert_uint_eq(v[0].active[11], 1);
	ck_assert_int_eq(v[1].month, 56 * 12 + 1);
	ck_assert_uint_eq(v[1].size, 1);
	free(v);
	ck_assert_int_eq(cohorts_sum(c, january + 1, january + 2 * day, &v, &n),
			 EMP_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(v[0].size, 1);
	free(v);
	cohorts_free(&c);
	tz_free(&tz);
}
END_TEST

/* ---- levels -------------------------------------------------------------------- */

static uint32_t
unit_add(struct intern *t, const char *name, uint32_t parent)
{
	uint32_t id;

	ck_assert_int_eq(intern_add(t, str_from(name), parent, &id), EMP_OK);
	intern_publish(t);
	return id;
}

static void
declare(struct levels *l, int64_t s, uint32_t unit, int64_t headcount)
{
	struct level_row r = {.time = s * 1000,
			      .unit = unit,
			      .audience = AUDIENCE_EMPLOYEE,
			      .headcount = headcount,
			      .leaders = -1,
			      .active = -1};

	ck_assert_int_eq(levels_feed(l, &r), EMP_OK);
}

START_TEST(a_unit_is_its_subtree_at_that_time)
{
	struct intern *units;
	struct levels *l;
	int64_t v[8];
	double mean[8];
	uint32_t a;
	uint32_t b;
	uint32_t c;

	ck_assert_int_eq(intern_new(&units), EMP_OK);
	a = unit_add(units, "a", 0);
	b = unit_add(units, "a/b", a);
	c = unit_add(units, "a/c", a);
	(void)unit_add(units, "z", 0);
	ck_assert_int_eq(levels_new(&l, units), EMP_OK);
	declare(l, 100, b, 7);
	declare(l, 150, c, 4);
	declare(l, 200, a, 30);
	declare(l, 300, b, 70);
	levels_at(l, LEVEL_HEADCOUNT, 50, v);
	ck_assert_int_eq(v[0], -1);
	levels_at(l, LEVEL_HEADCOUNT, 150, v);
	ck_assert_int_eq(v[b], 7);
	ck_assert_int_eq(v[a], 11);
	ck_assert_int_eq(v[0], 11);
	/* Its own word counts more than the sum; the latest is not for all time. */
	levels_at(l, LEVEL_HEADCOUNT, 250, v);
	ck_assert_int_eq(v[a], 30);
	ck_assert_int_eq(v[b], 7);
	ck_assert_int_eq(v[4], -1);
	levels_at(l, LEVEL_LEADERS, 250, v);
	ck_assert_int_eq(v[a], -1);
	ck_assert_int_eq(levels_lowest(l, LEVEL_HEADCOUNT, 160, 400, v), EMP_OK);
	ck_assert_int_eq(v[b], 7);
	ck_assert_int_eq(v[a], 11);
	ck_assert_int_eq(levels_lowest(l, LEVEL_HEADCOUNT, 310, 400, v), EMP_OK);
	ck_assert_int_eq(v[b], 70);
	ck_assert_int_eq(levels_next(l, LEVEL_HEADCOUNT, INT64_MIN), 100);
	ck_assert_int_eq(levels_next(l, LEVEL_HEADCOUNT, 99), 100);
	ck_assert_int_eq(levels_next(l, LEVEL_HEADCOUNT, 100), 150);
	ck_assert_int_eq(levels_next(l, LEVEL_HEADCOUNT, 250), 300);
	ck_assert_int_eq(levels_next(l, LEVEL_HEADCOUNT, 300), INT64_MAX);
	ck_assert(levels_declared(l, b) && !levels_declared(l, 4));
	/* [50, 100) says nothing of anybody; a is 7, then 11, then 30. */
	ck_assert_int_eq(levels_mean(l, LEVEL_HEADCOUNT, 50, 250, mean), EMP_OK);
	ck_assert_double_eq_tol(mean[b], 7, 1e-9);
	ck_assert_double_eq_tol(mean[c], 4, 1e-9);
	ck_assert_double_eq_tol(mean[a], (50 * 7 + 50 * 11 + 50 * 30) / 150.0, 1e-9);
	ck_assert_double_eq_tol(mean[0], mean[a], 1e-9);
	ck_assert_double_nan(mean[4]);
	ck_assert_int_eq(levels_mean(l, LEVEL_HEADCOUNT, INT64_MIN, 100, mean), EMP_OK);
	ck_assert_double_nan(mean[a]);
	ck_assert_int_eq(levels_mean(l, LEVEL_HEADCOUNT, 300, 310, mean), EMP_OK);
	ck_assert_double_eq_tol(mean[b], 70, 1e-9);
	levels_free(&l);
	intern_free(&units);
}
END_TEST

#define PLACES 9
#define MOMENTS 40 /* 1 .. this */

struct tour {
	const struct levels *l;
	int64_t s; /* the last moment visited */
	int64_t before[PLACES + 1];
};

/* Moments at which nothing is declared are not visited. */
static void
see(void *ctx, const int64_t *at, const uint32_t *changed, uint32_t n)
{
	struct tour *t = ctx;
	int64_t now[PLACES + 1];
	bool may[PLACES + 1] = {false};

	t->s = t->s < 0 ? 10 : levels_next(t->l, LEVEL_HEADCOUNT, t->s);
	levels_at(t->l, LEVEL_HEADCOUNT, t->s, now);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert(!may[changed[i]]);
		may[changed[i]] = true;
	}
	for (uint32_t u = 0; u <= PLACES; u++) {
		ck_assert_int_eq(at[u], now[u]);
		ck_assert(may[u] || now[u] == t->before[u]);
		t->before[u] = now[u];
	}
}

START_TEST(a_visit_sees_what_holds_at_each_moment)
{
	struct intern *units;
	struct levels *l;
	struct tour t = {.s = -1};
	uint32_t seed = (uint32_t)_i;

	ck_assert_int_eq(intern_new(&units), EMP_OK);
	for (uint32_t u = 1; u <= PLACES; u++) {
		char name[2] = {(char)('a' + u), '\0'};

		seed = seed * 1664525 + 1013904223;
		(void)unit_add(units, name, (seed >> 16) % u);
	}
	ck_assert_int_eq(levels_new(&l, units), EMP_OK);
	for (int64_t s = 1; s <= MOMENTS; s++)
		for (int i = 0; i < 3; i++) {
			seed = seed * 1664525 + 1013904223;
			if ((seed >> 16) % 2 == 0)
				declare(l, s, (seed >> 18) % (PLACES + 1),
					(seed >> 24) % 7);
		}
	t.l = l;
	ck_assert_int_eq(levels_visit(l, LEVEL_HEADCOUNT, 10, 30, see, &t), EMP_OK);
	ck_assert_int_gt(levels_next(l, LEVEL_HEADCOUNT, t.s), 30);
	levels_free(&l);
	intern_free(&units);
}
END_TEST

Suite *
agg_people_suite(void)
{
	Suite *s = suite_create("agg_people");
	TCase *tc = tcase_create("people");

	tcase_add_test(tc, a_person_is_one_person);
	tcase_add_test(
		tc,
		an_answer_settles_the_invitations_of_its_person_and_the_one_it_names);
	tcase_add_test(tc, an_answer_settles_no_later_invitation_of_its_person);
	tcase_add_test(tc, a_cohort_is_the_month_of_the_first_signup);
	tcase_add_test(tc, a_unit_is_its_subtree_at_that_time);
	tcase_add_loop_test(tc, a_visit_sees_what_holds_at_each_moment, 0, 50);
	suite_add_tcase(s, tc);
	return s;
}
