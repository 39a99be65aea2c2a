/*
 * agg: one thread counts, flushes, forgets and publishes while others read. What is
 * promised to them: sums only grow, every event up to the published number is in them,
 * and the published pair belongs together. Run it under ThreadSanitizer too.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "agg/agg.h"
#include "base/clock.h"
#include "unit.h"

#define NOW 1774780000LL
#define READERS 3
#define EVENTS 60000
#define SERIES 8u
#define GROUP 16 /* events between publications */
#define AS_OF(seq) ((seq)*7 + 3)

struct shared {
	struct tz *tz;
	struct agg *a;
	_Atomic bool done;
	_Atomic uint32_t wrong, rounds;
};

struct sum {
	uint64_t n;
	uint64_t per_value[5];
};

static enum emp_rc
load(void *ctx, const struct cell_key *k, struct cell *out)
{
	(void)ctx;
	(void)k;
	out->n_slots = 0;
	return EMP_OK;
}

static void
add(void *ctx, int64_t start, const struct agg_bucket *b)
{
	struct sum *s = ctx;
	uint64_t v[5] = {0};

	(void)start;
	agg_bucket_sum(b, 8, 5, v);
	for (int i = 0; i < 5; i++) {
		s->per_value[i] += v[i];
		s->n += v[i];
	}
}

static void
sum_days(struct agg *a, struct agg_reader *r, struct sum *out)
{
	*out = (struct sum){0};
	agg_enter(r);
	for (uint32_t id = 1; id <= agg_series_count(a); id++)
		agg_each_bucket(a, id, SUBJECT_FIRST_SURVEY, GRAIN_DAY, INT64_MIN,
				INT64_MAX, add, out);
	agg_leave(r);
}

/* Minutes come and go meanwhile; walking them must be safe, whatever they hold. */
static void
touch_minutes(struct agg *a, struct agg_reader *r)
{
	struct sum s = {0};

	agg_enter(r);
	for (uint32_t id = 1; id <= agg_series_count(a); id++)
		agg_each_bucket(a, id, SUBJECT_FIRST_SURVEY, GRAIN_MINUTE, INT64_MIN,
				INT64_MAX, add, &s);
	agg_leave(r);
}

static void *
read_all(void *arg)
{
	struct shared *sh = arg;
	struct agg_reader *r;
	struct sum before = {0};

	if (agg_reader_new(&r, sh->a) != EMP_OK)
		return NULL;
	while (!atomic_load(&sh->done)) {
		struct sum s;
		int64_t seq;
		int64_t as_of;
		bool wrong;

		agg_published_at(sh->a, &seq, &as_of);
		sum_days(sh->a, r, &s);
		wrong = as_of != AS_OF(seq) || s.n < (uint64_t)seq || s.n < before.n;
		for (int i = 0; i < 5; i++)
			wrong = wrong || s.per_value[i] < before.per_value[i];
		atomic_fetch_add(&sh->wrong, wrong);
		atomic_fetch_add(&sh->rounds, 1);
		before = s;
		touch_minutes(sh->a, r);
	}
	agg_reader_free(&r);
	return NULL;
}

static void
write_all(struct shared *sh)
{
	static struct cell cells[64];
	const uint32_t dim[DIM_COUNT] = {0};
	struct event_slots s = {.subject = SUBJECT_FIRST_SURVEY, .n = 1};

	for (int64_t i = 1; i <= EVENTS; i++) {
		/* Time moves on, so that minutes are forgotten while they are read. */
		int64_t t = NOW + i * 9;
		uint32_t series = 1 + (uint32_t)(i * 7919 % SERIES);

		if (i <= (int64_t)SERIES)
			ck_assert_int_eq(agg_series_add(sh->a, (uint32_t)i,
							AUDIENCE_CUSTOMER, dim, false),
					 EMP_OK);
		if (series > agg_series_count(sh->a))
			series = 1;
		s.slot[0] = 8 + (uint32_t)(i % 5);
		if (agg_count(sh->a, series, t * 1000, &s, i, false) != EMP_OK)
			ck_abort_msg("count");
		if (i % GROUP != 0)
			continue;
		agg_publish(sh->a, i, AS_OF(i));
		(void)agg_cells_dirty(sh->a, cells, 64);
		agg_cells_written(sh->a, true);
		if (i % 1024 == 0)
			agg_tidy(sh->a, t);
	}
}

START_TEST(readers_see_what_was_published_and_never_less)
{
	struct agg_config c = {.minute_hours = 2,
			       .hour_days = 2,
			       .ram_hour_days = 1,
			       .ram_day_days = 400,
			       .load = load};
	struct shared sh = {0};
	pthread_t thread[READERS];

	ck_assert_int_eq(tz_open(&sh.tz, "UTC"), EMP_OK);
	c.tz = sh.tz;
	ck_assert_int_eq(agg_new(&sh.a, &c), EMP_OK);
	agg_tidy(sh.a, NOW);
	agg_publish(sh.a, 0, AS_OF(0));
	for (int i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, read_all, &sh), 0);
	write_all(&sh);
	/* Each reader had at least something to compare. */
	while (atomic_load(&sh.rounds) < 20)
		sched_yield();
	atomic_store(&sh.done, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(atomic_load(&sh.wrong), 0);
	agg_free(&sh.a);
	tz_free(&sh.tz);
}
END_TEST

START_TEST(forgotten_buckets_are_reused_only_when_nobody_can_see_them)
{
	struct agg_config c = {.minute_hours = 1,
			       .hour_days = 2,
			       .ram_hour_days = 1,
			       .ram_day_days = 400,
			       .load = load};
	const uint32_t dim[DIM_COUNT] = {0};
	struct event_slots s = {.subject = SUBJECT_FIRST_SURVEY, .n = 1, .slot = {8}};
	static struct cell cells[64];
	struct agg_stats before;
	struct agg_stats after;
	struct agg_reader *r;
	struct agg *a;
	struct tz *tz;

	ck_assert_int_eq(tz_open(&tz, "UTC"), EMP_OK);
	c.tz = tz;
	ck_assert_int_eq(agg_new(&a, &c), EMP_OK);
	ck_assert_int_eq(agg_reader_new(&r, a), EMP_OK);
	ck_assert_int_eq(agg_series_add(a, 1, AUDIENCE_CUSTOMER, dim, false), EMP_OK);
	/* Years of minutes: what is forgotten must be what the next are made of. */
	for (int64_t i = 1; i <= 200000; i++) {
		int64_t t = NOW + i * 60;

		if (agg_count(a, 1, t * 1000, &s, i, false) != EMP_OK)
			ck_abort_msg("count");
		if (i % 16 != 0)
			continue;
		(void)agg_cells_dirty(a, cells, 64);
		agg_cells_written(a, true);
		agg_tidy(a, t);
		if (i == 20000)
			agg_stats(a, &before);
	}
	agg_stats(a, &after);
	ck_assert_uint_lt(after.bytes, before.bytes * 2);
	ck_assert_uint_lt(after.buckets, before.buckets + 300);
	agg_reader_free(&r);
	agg_free(&a);
	tz_free(&tz);
}
END_TEST

Suite *
agg_threads_suite(void)
{
	Suite *s = suite_create("agg_threads");
	TCase *tc = tcase_create("threads");

	tcase_add_test(tc, readers_see_what_was_published_and_never_less);
	tcase_add_test(tc, forgotten_buckets_are_reused_only_when_nobody_can_see_them);
	suite_add_tcase(s, tc);
	return s;
}
