/*
 * api/pace: a notice when there is news, not too often, the last one never lost; a sign
 * of life when there is none; and who cannot be sent anything waits apart.
 */
#include <check.h>

#include "api/pace.h"
#include "unit.h"

#define MS PACE_NS_PER_MS
#define N 3

static struct pace p;
static struct pace_item item[N];

static void
set_up(void)
{
	p = (struct pace){.now = {.seq = 1, .definitions = 1}};
	for (int i = 0; i < N; i++)
		item[i] = (struct pace_item){0};
}

/* Sends whatever is due and says how many notices and signs of life that were. */
static void
serve(uint64_t now, int notices, int beats)
{
	struct pace_item *first;
	enum pace_due due;
	int sent[3] = {0};

	while ((due = pace_due(&p, now, &first)) != PACE_NOTHING) {
		ck_assert_int_lt(sent[PACE_NOTICE] + sent[PACE_HEARTBEAT], N);
		ck_assert_int_eq(pace_has_news(&p, first), due == PACE_NOTICE);
		sent[due]++;
		pace_told(&p, first, now);
	}
	ck_assert_int_eq(sent[PACE_NOTICE], notices);
	ck_assert_int_eq(sent[PACE_HEARTBEAT], beats);
}

START_TEST(nobody_is_waited_for)
{
	struct pace_item *first;

	ck_assert_uint_eq(pace_wait(&p, 0), UINT64_MAX);
	ck_assert_int_eq(pace_due(&p, UINT64_MAX / 2, &first), PACE_NOTHING);
}
END_TEST

START_TEST(a_sign_of_life_when_nothing_happens)
{
	pace_told(&p, &item[0], 1000 * MS);
	ck_assert_uint_eq(pace_wait(&p, 1000 * MS), 15000 * MS);
	serve(15999 * MS, 0, 0);
	serve(16000 * MS, 0, 1);
	ck_assert_uint_eq(pace_wait(&p, 16000 * MS), 15000 * MS);
	serve(30999 * MS, 0, 0);
	serve(31000 * MS, 0, 1);
}
END_TEST

START_TEST(a_notice_is_a_sign_of_life)
{
	pace_told(&p, &item[0], 0);
	p.now.seq++;
	serve(10000 * MS, 1, 0);
	serve(24999 * MS, 0, 0);
	serve(25000 * MS, 0, 1);
}
END_TEST

START_TEST(news_comes_at_once_after_a_pause)
{
	pace_told(&p, &item[0], 0);
	p.now.definitions++;
	ck_assert_uint_eq(pace_wait(&p, 250 * MS), 0);
	serve(250 * MS, 1, 0);
	p.now.releases++;
	serve(5000 * MS, 1, 0);
	ck_assert_int_eq(item[0].told.seq, 1);
	ck_assert_int_eq(item[0].told.definitions, 2);
	ck_assert_int_eq(item[0].told.releases, 1);
}
END_TEST

START_TEST(many_changes_are_one_notice_of_the_last)
{
	pace_told(&p, &item[0], 0);
	for (uint64_t ms = 1; ms < 250; ms++) {
		p.now.seq++;
		serve(ms * MS, 0, 0);
		ck_assert_uint_eq(pace_wait(&p, ms * MS), (250 - ms) * MS);
	}
	serve(250 * MS, 1, 0);
	ck_assert_int_eq(item[0].told.seq, 250);
	serve(500 * MS, 0, 0);
}
END_TEST

START_TEST(who_came_later_is_told_later)
{
	for (int i = 0; i < N; i++)
		pace_told(&p, &item[i], (uint64_t)i * 100 * MS);
	p.now.seq++;
	serve(249 * MS, 0, 0);
	serve(250 * MS, 1, 0);
	ck_assert_uint_eq(pace_wait(&p, 250 * MS), 100 * MS);
	serve(450 * MS, 2, 0);
	/* Who comes now knows it; who was told at 250 is the first for the next. */
	pace_leave(&item[1]);
	pace_told(&p, &item[1], 460 * MS);
	p.now.seq++;
	ck_assert_uint_eq(pace_wait(&p, 460 * MS), 40 * MS);
	serve(500 * MS, 1, 0);
	serve(1000 * MS, 2, 0);
}
END_TEST

START_TEST(who_is_stuck_waits_apart_and_learns_the_newest)
{
	pace_told(&p, &item[0], 0);
	pace_told(&p, &item[1], 0);
	p.now.seq = 2;
	pace_stuck(&p, &item[0]);
	serve(250 * MS, 1, 0);
	p.now.seq = 3;
	serve(500 * MS, 1, 0);
	serve(60000 * MS, 0, 1);
	ck_assert(pace_has_news(&p, &item[0]));
	pace_told(&p, &item[0], 60000 * MS);
	ck_assert(!pace_has_news(&p, &item[0]));
	serve(75000 * MS, 0, 2);
}
END_TEST

START_TEST(anybody_may_leave)
{
	for (int i = 0; i < N; i++)
		pace_told(&p, &item[i], 0);
	pace_stuck(&p, &item[2]);
	pace_leave(&item[0]);
	pace_leave(&item[0]);
	p.now.seq++;
	serve(250 * MS, 1, 0);
	pace_leave(&item[2]);
	pace_leave(&item[1]);
	ck_assert_ptr_null(p.line.first);
	ck_assert_ptr_null(p.line.last);
	ck_assert_ptr_null(p.stuck.first);
	ck_assert_uint_eq(pace_wait(&p, 0), UINT64_MAX);
}
END_TEST

Suite *
api_pace_suite(void)
{
	Suite *s = suite_create("api_pace");
	TCase *c = tcase_create("pace");

	tcase_add_checked_fixture(c, set_up, NULL);
	tcase_add_test(c, nobody_is_waited_for);
	tcase_add_test(c, a_sign_of_life_when_nothing_happens);
	tcase_add_test(c, a_notice_is_a_sign_of_life);
	tcase_add_test(c, news_comes_at_once_after_a_pause);
	tcase_add_test(c, many_changes_are_one_notice_of_the_last);
	tcase_add_test(c, who_came_later_is_told_later);
	tcase_add_test(c, who_is_stuck_waits_apart_and_learns_the_newest);
	tcase_add_test(c, anybody_may_leave);
	suite_add_tcase(s, c);
	return s;
}
