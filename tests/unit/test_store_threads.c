/*
 * store: several threads submit and read at once, and everybody is answered. Run with
 * ThreadSanitizer this also says that the parts share nothing by accident.
 */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store_support.h"
#include "unit.h"

#define WRITERS 3
#define ROUNDS 40
#define BATCH 20

static _Atomic uint64_t stored, duplicates, failed;

struct writing {
	int number;
	pthread_t thread;
	const struct survey *survey;
	bool poison; /* some batches hold an event that the file refuses */
};

/* Each batch holds one id that all writers use, and units that come up as it goes. */
static void *
write_events(void *arg)
{
	const struct writing *w = arg;

	for (int round = 0; round < ROUNDS; round++) {
		struct answer a[BATCH];
		struct event e[BATCH];
		struct store_outcome o[BATCH];
		char id[BATCH][32];
		char unit[16];
		bool bad = w->poison && round % 8 == w->number;

		snprintf(unit, sizeof unit, "u%d", round);
		for (int i = 0; i < BATCH; i++) {
			snprintf(id[i], sizeof id[i],
				 i == 0                  ? "all-%04d"
					 : bad && i == 9 ? "bad-%04d-%d-%d"
							 : "own-%04d-%d-%d",
				 round, w->number, i);
			a[i] = (struct answer){.name = STR("overall"), .value = 3};
			e[i] = support_event(EVENT_SURVEY_ANSWERED, AUDIENCE_CUSTOMER,
					     CLASS_CUSTOMER);
			e[i].survey = w->survey;
			e[i].answers = &a[i];
			e[i].n_answers = 1;
			e[i].dim[DIM_UNIT] = str_from(unit);
			support_id(&e[i], id[i], 7);
			memset(e[i].id_key, i, sizeof e[i].id_key);
			e[i].id_key[1] = (uint8_t)round;
			e[i].id_key[2] = i == 0 ? 0xff : (uint8_t)w->number;
		}
		if (support_submit(e, o, BATCH, false) != EMP_OK) {
			atomic_fetch_add(&failed, 1);
			continue;
		}
		for (int i = 0; i < BATCH; i++)
			atomic_fetch_add(
				o[i].status == ITEM_STORED ? &stored : &duplicates, 1);
	}
	return NULL;
}

struct counting {
	struct store_read read;
	sem_t done;
	int64_t seen;
};

static enum emp_rc
on_event(void *ctx, const struct event_row *e)
{
	struct counting *c = ctx;

	if (e->seq > c->seen)
		c->seen = e->seq;
	return EMP_OK;
}

static void
count_events(struct store_reader *r, struct store_read *job)
{
	struct counting *c = (struct counting *)(void *)job;

	if (store_read_events(r, UINT64_MAX, 0, INT64_MAX, on_event, c) != EMP_OK)
		c->seen = -1;
	sem_post(&c->done);
}

/* What was published before a read is asked for is in it. */
static void
read_once(void)
{
	int64_t before = atomic_load(&support.published);
	struct counting c = {.read.run = count_events};
	struct store_health h;

	ck_assert_int_eq(sem_init(&c.done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &c.read), EMP_OK);
	while (sem_wait(&c.done) != 0)
		;
	sem_destroy(&c.done);
	ck_assert_int_ge(c.seen, before);
	store_health(support.store, &h);
	ck_assert_int_ge(h.committed, before);
	if (before > 0)
		ck_assert_uint_ne(
			intern_find(store_names(support.store, DIM_UNIT), STR("u0")),
			INTERN_NONE);
}

static void
run(bool poison)
{
	struct writing w[WRITERS];

	support_survey(AUDIENCE_CUSTOMER);
	if (poison)
		support_exec("empowerd.db",
			     "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN "
			     "NEW.id LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'no'); END");
	for (int i = 0; i < WRITERS; i++) {
		w[i] = (struct writing){
			.number = i,
			.survey = surveys_find(support.defs->surveys, STR("flight")),
			.poison = poison};
		ck_assert_int_eq(
			pthread_create(&w[i].thread, NULL, write_events, &w[i]), 0);
	}
	for (int i = 0; i < 20; i++)
		read_once();
	for (int i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_join(w[i].thread, NULL), 0);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"),
			 (int64_t)atomic_load(&stored));
	ck_assert_int_eq(atomic_load(&support.published),
			 (int64_t)atomic_load(&stored));
	ck_assert(!atomic_load(&support.fatal));
	support_verify();
}

START_TEST(everybody_is_answered_and_counted_once)
{
	run(false);
	ck_assert_uint_eq(atomic_load(&failed), 0);
	ck_assert_uint_eq(atomic_load(&stored),
			  (uint64_t)ROUNDS * (WRITERS * (BATCH - 1) + 1));
	ck_assert_uint_eq(atomic_load(&duplicates), (uint64_t)ROUNDS * (WRITERS - 1));
}
END_TEST

START_TEST(only_the_batch_with_the_failing_row_fails)
{
	run(true);
	/* Five rounds of forty, of each writer. */
	ck_assert_uint_eq(atomic_load(&failed), (uint64_t)WRITERS * ROUNDS / 8);
	ck_assert_uint_eq(atomic_load(&stored),
			  (uint64_t)ROUNDS * (WRITERS * (BATCH - 1) + 1) -
				  atomic_load(&failed) * (BATCH - 1));
}
END_TEST

static void
setup(void)
{
	atomic_store(&stored, 0);
	atomic_store(&duplicates, 0);
	atomic_store(&failed, 0);
	support_setup_open();
}

Suite *
store_threads_suite(void)
{
	Suite *s = suite_create("store_threads");
	TCase *tc = tcase_create("threads");

	tcase_add_checked_fixture(tc, setup, support_teardown);
	tcase_add_test(tc, everybody_is_answered_and_counted_once);
	tcase_add_test(tc, only_the_batch_with_the_failing_row_fails);
	suite_add_tcase(s, tc);
	return s;
}
