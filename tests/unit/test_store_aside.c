/*
 * store: what goes on while a release has confidential.db, and what waits for it. The
 * rule that makes blocks is a hook, so the tests say how long a release takes.
 */
#include "config.h"

#include <check.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "period_support.h"
#include "privacy/release.h"
#include "unit.h"

#define PEOPLE 7

static sem_t entered, go;
static bool slow;

struct sent {
	struct store_batch batch;
	struct event event;
	struct store_outcome outcome;
	sem_t done;
};
struct asked {
	struct store_change change;
	sem_t done;
};

/* [aside] The first question of a release waits until it may go on. */
static enum emp_rc
slow_release(void *ctx, const struct release_tree *t, const struct release_question *q,
	     uint32_t k, struct arena *a, struct release_blocks *out)
{
	if (slow) {
		slow = false;
		sem_post(&entered);
		while (sem_wait(&go) != 0)
			;
	}
	return release_blocks_make(ctx, t, q, k, a, out);
}

static void
setup(void)
{
	clock_set_fixed(SUPPORT_DAY + NOON);
	ck_assert_int_eq(sem_init(&entered, 0, 0), 0);
	ck_assert_int_eq(sem_init(&go, 0, 0), 0);
	slow = true;
	support_setup();
	support.hooks.release = slow_release;
	support_open();
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", NULL, 1, PEOPLE);
}

static void
teardown(void)
{
	support_teardown();
	clock_set_fixed(-1);
	sem_destroy(&entered);
	sem_destroy(&go);
}

static void
batch_done(struct store_batch *b)
{
	sem_post(&((struct sent *)(void *)b)->done);
}

static void
change_done(struct store_change *c)
{
	sem_post(&((struct asked *)(void *)c)->done);
}

static void
await(sem_t *done)
{
	while (sem_wait(done) != 0)
		;
	sem_destroy(done);
}

static bool
is_done(sem_t *done)
{
	int value;

	ck_assert_int_eq(sem_getvalue(done, &value), 0);
	return value > 0;
}

static void
send(struct sent *s, struct event e, const void *request)
{
	*s = (struct sent){.event = e};
	s->batch = (struct store_batch){.events = &s->event,
					.outcomes = &s->outcome,
					.n = 1,
					.request = request,
					.done = batch_done};
	ck_assert_int_eq(sem_init(&s->done, 0, 0), 0);
	ck_assert_int_eq(store_submit(support.store, &s->batch), EMP_OK);
}

/* Returns when it is under way. */
static void
release(struct asked *r)
{
	*r = (struct asked){.change = {.op = DEF_RELEASE,
				       .name = STR("team"),
				       .done = change_done}};
	ck_assert_int_eq(sem_init(&r->done, 0, 0), 0);
	ck_assert_int_eq(store_change(support.store, &r->change), EMP_OK);
	while (sem_wait(&entered) != 0)
		;
}

static struct event
customer(void)
{
	struct event e = support_event(EVENT_SIGNAL_RECORDED, AUDIENCE_CUSTOMER,
				       CLASS_CUSTOMER);

	e.signal = SIGNAL_SIGNUP;
	e.time = SUPPORT_DAY;
	return e;
}

static struct event
employee(int person)
{
	const struct said s = {.survey = "team", .person = person, .mood = 3};

	return release_said(&s);
}

static int64_t
answers_of(int period)
{
	char sql[128];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM event WHERE period = %d AND counted = 1",
		 period);
	return support_sql(SEALED, sql);
}

START_TEST(customers_do_not_wait_for_a_release)
{
	struct event e = customer();
	struct asked r;
	struct sent s;

	release(&r);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	/* Which period it belongs to is known when that one is closed. */
	send(&s, employee(1), NULL);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert(!is_done(&s.done));
	ck_assert(!is_done(&r.done));
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 2);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM release"), 0);
	sem_post(&go);
	await(&r.done);
	ck_assert_int_eq(r.change.rc, EMP_OK);
	ck_assert(r.change.created);
	await(&s.done);
	ck_assert_int_eq(s.batch.rc, EMP_OK);
	ck_assert_int_eq(s.outcome.status, ITEM_STORED);
	ck_assert_int_eq(release_shown_people("mood", NULL), PEOPLE);
	ck_assert_int_eq(answers_of(1), PEOPLE);
	ck_assert_int_eq(answers_of(2), 1);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

START_TEST(what_one_request_sends_stays_in_order)
{
	struct event e = customer();
	struct asked r;
	struct sent first, second, other;

	release(&r);
	send(&first, employee(1), &first);
	send(&second, customer(), &first);
	send(&other, customer(), &other);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert(is_done(&other.done));
	ck_assert(!is_done(&first.done));
	ck_assert(!is_done(&second.done));
	sem_post(&go);
	await(&first.done);
	await(&second.done);
	await(&other.done);
	await(&r.done);
	ck_assert_int_eq(second.outcome.status, ITEM_STORED);
	ck_assert_int_gt(second.outcome.seq, other.outcome.seq);
}
END_TEST

START_TEST(a_change_waits_for_a_release)
{
	struct asked r, second;

	release(&r);
	second = (struct asked){.change = {.op = DEF_RELEASE,
					   .name = STR("team"),
					   .period = STR("1"),
					   .done = change_done}};
	ck_assert_int_eq(sem_init(&second.done, 0, 0), 0);
	ck_assert_int_eq(store_change(support.store, &second.change), EMP_OK);
	sem_post(&go);
	await(&r.done);
	await(&second.done);
	ck_assert(r.change.created);
	ck_assert_int_eq(second.change.rc, EMP_OK);
	ck_assert(!second.change.created);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM release"), 1);
}
END_TEST

/* A question that registers itself is handed on with the tokens, which are in that
 * file. */
START_TEST(a_new_question_does_not_wait_for_a_release)
{
	struct store_change token = {.op = DEF_TOKEN_ADD,
				     .token = {.scopes = SCOPE_READ, .hash = {7}}};
	struct answer a;
	struct asked r;
	struct event e;
	struct sent s;

	ck_assert_int_eq(support_change(&token), EMP_OK);
	support_survey(AUDIENCE_CUSTOMER);
	e = support_answer(NULL, &a, 4);
	a = (struct answer){.question = -1, .name = STR("fresh"), .value = 4};
	release(&r);
	send(&s, e, NULL);
	await(&s.done);
	ck_assert(!is_done(&r.done));
	ck_assert_int_eq(s.outcome.status, ITEM_STORED);
	ck_assert_ptr_nonnull(defs_token(support.defs, token.token.hash));
	sem_post(&go);
	await(&r.done);
	ck_assert_int_eq(r.change.rc, EMP_OK);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM question "
				     "WHERE name = 'fresh'"),
			 1);
}
END_TEST

/* For seconds; and a watchdog would take it for a writer that does not get on. */
START_TEST(no_number_tells_that_employees_wait)
{
	struct store_health h;
	struct event e = customer();
	struct asked r;
	struct sent s[3];

	release(&r);
	for (int i = 0; i < 3; i++)
		send(&s[i], employee(1 + i), NULL);
	/* The first leaves the queue before the second is answered. */
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	store_health(support.store, &h);
	ck_assert_uint_le(h.queue_events, 1);
	sem_post(&go);
	await(&r.done);
	for (int i = 0; i < 3; i++)
		await(&s[i].done);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	store_health(support.store, &h);
	ck_assert_uint_le(h.queue_events, 1);
}
END_TEST

START_TEST(a_stop_waits_for_a_release)
{
	struct asked r;
	struct sent s;

	release(&r);
	send(&s, employee(1), NULL);
	sem_post(&go);
	support_close();
	ck_assert(is_done(&r.done));
	ck_assert(is_done(&s.done));
	ck_assert_int_eq(r.change.rc, EMP_OK);
	ck_assert_int_eq(s.outcome.status, ITEM_STORED);
	support_open();
	ck_assert_int_eq(release_shown_people("mood", NULL), PEOPLE);
	ck_assert_int_eq(answers_of(2), 1);
	sem_destroy(&r.done);
	sem_destroy(&s.done);
}
END_TEST

Suite *
store_aside_suite(void)
{
	Suite *suite = suite_create("store_aside");
	TCase *tc = tcase_create("aside");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, customers_do_not_wait_for_a_release);
	tcase_add_test(tc, what_one_request_sends_stays_in_order);
	tcase_add_test(tc, a_change_waits_for_a_release);
	tcase_add_test(tc, a_new_question_does_not_wait_for_a_release);
	tcase_add_test(tc, no_number_tells_that_employees_wait);
	tcase_add_test(tc, a_stop_waits_for_a_release);
	suite_add_tcase(suite, tc);
	return suite;
}
