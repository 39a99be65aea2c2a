/*
 * agg: the counters against a model that anybody can check by eye: a table of (cell,
 * slot) -> number, counted with tz_floor. Cells are flushed to a pretended file, writes
 * fail, horizons pass, the daemon restarts; memory over file must equal the model.
 */
#include <check.h>
#include <stdlib.h>

#include "agg/agg.h"
#include "base/clock.h"
#include "unit.h"

/* Check reports every assertion to its parent, which a hot loop cannot afford. */
#define MUST(expr)                                                                     \
	do {                                                                           \
		if (!(expr))                                                           \
			ck_abort_msg("%s", #expr);                                     \
	} while (0)
#define MUST_EQ(a, b) MUST((a) == (b))

#define TABLE 65536u
#define SERIES 12u
#define SLOTS 40u
#define MANY_SUBJECTS 100000u
#define MANY_TIMEOUT_S 8
#define NOW 1774780000LL /* 2026-03-29 10:26 UTC, the day the clocks go forward */

/* (cell, slot) -> number, open addressing. */
struct entry {
	struct cell_key k;
	uint32_t slot;
	int64_t n;
};
struct table {
	struct entry *v;
	size_t n;
};

struct logged {
	uint32_t series;
	int64_t time;
	bool follow; /* it follows on another one, or another one on it */
	struct event_slots s;
};

struct world {
	struct tz *tz;
	struct agg *a;
	struct agg_reader *reader;
	struct table model, file, file_seq;
	struct logged *log; /* event i has sequence number i + 1 */
	int64_t n, replay_from;
	int64_t now;
	uint32_t slots_loaded[SLOTS];
	unsigned loads;
	uint64_t random;
};

static uint32_t
chance(struct world *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((w->random >> 33) % below);
}

static int64_t *
table_at(struct table *t, const struct cell_key *k, uint32_t slot)
{
	uint64_t h = ((uint64_t)k->start * 31 + k->series * 7 + k->subject * 131 +
		      k->grain * 17 + slot) *
		0x9e3779b97f4a7c15u;
	size_t i = (h >> 40) % TABLE;

	if (t->v == NULL)
		t->v = calloc(TABLE, sizeof *t->v);
	for (;; i = (i + 1) % TABLE) {
		struct entry *e = &t->v[i];

		if (e->k.subject == 0) {
			MUST(t->n++ < TABLE / 4 * 3);
			e->k = *k;
			e->slot = slot;
		}
		if (e->k.start == k->start && e->k.series == k->series &&
		    e->k.subject == k->subject && e->k.grain == k->grain &&
		    e->slot == slot)
			return &e->n;
	}
}

/* Without leaving an entry behind. */
static int64_t
table_get(struct table *t, const struct cell_key *k, uint32_t slot)
{
	size_t before = t->n;
	int64_t *n = table_at(t, k, slot);
	int64_t got = *n;

	if (t->n != before) {
		((struct entry *)((char *)n - offsetof(struct entry, n)))->k.subject =
			0;
		t->n = before;
	}
	return got;
}

static enum emp_rc
load(void *ctx, const struct cell_key *k, struct cell *out)
{
	struct world *w = ctx;

	w->loads++;
	out->n_slots = 0;
	out->seq = table_get(&w->file_seq, k, 0);
	out->slots = w->slots_loaded;
	for (uint32_t i = 0; i < SLOTS; i++) {
		out->slots[i] = (uint32_t)table_get(&w->file, k, i);
		if (out->slots[i] != 0)
			out->n_slots = i + 1;
	}
	return EMP_OK;
}

static enum audience
audience_of(uint32_t series)
{
	return series % 3 == 0 ? AUDIENCE_CUSTOMER : AUDIENCE_EMPLOYEE;
}

/* What store and daemon do at start. */
static void
world_start(struct world *w)
{
	struct agg_config c = {.tz = w->tz,
			       .minute_hours = 48,
			       .hour_days = 400,
			       .ram_hour_days = 35,
			       .ram_day_days = 400,
			       .cold_max = 64,
			       .load = load,
			       .ctx = w};
	const uint32_t dim[DIM_COUNT] = {0};

	MUST_EQ(agg_new(&w->a, &c), EMP_OK);
	agg_tidy(w->a, w->now);
	for (uint32_t s = 1; s <= SERIES; s++)
		MUST_EQ(agg_series_add(w->a, s, audience_of(s), dim, false), EMP_OK);
	for (size_t i = 0; w->file_seq.v != NULL && i < TABLE; i++) {
		struct cell c2;

		if (w->file_seq.v[i].n == 0)
			continue;
		c2.key = w->file_seq.v[i].k;
		MUST_EQ(load(w, &c2.key, &c2), EMP_OK);
		MUST_EQ(agg_cell_put(w->a, &c2), EMP_OK);
	}
	for (int64_t seq = w->replay_from; seq <= w->n; seq++) {
		struct logged *e = &w->log[seq - 1];

		MUST_EQ(agg_count(w->a, e->series, e->time, &e->s, seq, true), EMP_OK);
	}
	agg_publish(w->a, w->n, w->now * 1000);
	MUST_EQ(agg_reader_new(&w->reader, w->a), EMP_OK);
}

static void
world_stop(struct world *w)
{
	agg_reader_free(&w->reader);
	agg_free(&w->a);
}

static void
world_open(struct world *w, const char *zone, uint64_t seed)
{
	memset(w, 0, sizeof *w);
	MUST_EQ(tz_open(&w->tz, zone), EMP_OK);
	w->now = NOW;
	w->random = seed;
	w->replay_from = 1;
	w->log = calloc(20000, sizeof *w->log);
	world_start(w);
}

static void
world_close(struct world *w)
{
	world_stop(w);
	free(w->model.v);
	free(w->file.v);
	free(w->file_seq.v);
	free(w->log);
	tz_free(&w->tz);
}

/* Counts the newest of the log, here and in the model. */
static void
world_count(struct world *w, const struct logged *e)
{
	static const enum tz_unit unit[] = {TZ_MINUTE, TZ_HOUR, TZ_DAY};

	MUST_EQ(agg_count(w->a, e->series, e->time, &e->s, w->n, false), EMP_OK);
	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++) {
		struct cell_key k = {e->series, e->s.subject,
				     tz_floor(w->tz, unit[g], e->time / 1000),
				     (uint8_t)g};

		for (uint32_t i = 0; i < e->s.n && k.start >= agg_horizon(w->a, g); i++)
			*table_at(&w->model, &k,
				  e->s.slot[i]) += i < e->s.n - e->s.n_less ? 1 : -1;
	}
}

/* What follows on an event at its place: some slots instead of others of its. */
static void
world_follow(struct world *w, struct logged *on)
{
	struct logged *e = &w->log[w->n++];

	*e = *on;
	on->follow = true;
	e->s.n = 2;
	e->s.n_less = 1;
	e->s.slot[0] = 8 + chance(w, 5);
	e->s.slot[1] = on->s.slot[0];
	/* Or else it could be taken back twice. */
	e->follow = true;
	world_count(w, e);
}

static void
world_event(struct world *w, uint32_t series, int64_t time)
{
	struct logged *e = &w->log[w->n++];

	e->series = series;
	e->time = time;
	e->s.subject = chance(w, 3) == 0 ? SUBJECT_FIRST_RULE + 1
					 : SUBJECT_FIRST_SURVEY + chance(w, 2);
	e->s.n = 1 + chance(w, 3);
	e->s.slot[0] = SLOT_ANSWERED;
	e->s.slot[1] = 8 + chance(w, 5);
	e->s.slot[2] = 13 + chance(w, (uint32_t)(w->n % (SLOTS - 14)) + 1);
	world_count(w, e);
}

/* A commit group's share of cells, written or not. */
static void
world_flush(struct world *w, size_t max, bool ok)
{
	static struct cell c[256];
	size_t n = agg_cells_dirty(w->a, c, max < 256 ? max : 256);

	for (size_t i = 0; ok && i < n; i++) {
		for (uint32_t s = 0; s < c[i].n_slots; s++)
			if (c[i].slots[s] != 0 ||
			    table_get(&w->file, &c[i].key, s) != 0)
				*table_at(&w->file, &c[i].key, s) = c[i].slots[s];
		*table_at(&w->file_seq, &c[i].key, 0) = c[i].seq;
	}
	/* Counting goes on before the outcome is known. */
	if (chance(w, 2) == 0)
		world_event(w, 1, w->now * 1000);
	agg_cells_written(w->a, ok);
	w->replay_from = agg_dirty_since(w->a);
	if (w->replay_from == INT64_MAX)
		w->replay_from = w->n + 1;
}

static void
unsee(void *ctx, int64_t start, const struct agg_bucket *b)
{
	(void)b;
	*(int64_t *)ctx = start;
}

static uint32_t read_slot;
static void
take(void *ctx, int64_t start, const struct agg_bucket *b)
{
	(void)start;
	*(int64_t *)ctx = agg_slot(b, read_slot);
}

/* Every number of the model is found: in memory, or else in the file. */
static void
world_check(struct world *w)
{
	for (size_t i = 0; i < TABLE; i++) {
		const struct entry *e = &w->model.v[i];
		int64_t got = -1;

		if (e->k.subject == 0 || e->k.start < agg_horizon(w->a, e->k.grain))
			continue;
		read_slot = e->slot;
		agg_enter(w->reader);
		agg_each_bucket(w->a, e->k.series, e->k.subject, e->k.grain, e->k.start,
				e->k.start + 1, take, &got);
		agg_leave(w->reader);
		if (got == -1) {
			MUST(e->k.start < agg_ram_horizon(w->a, e->k.grain));
			got = table_get(&w->file, &e->k, e->slot);
		}
		if (got != e->n)
			ck_abort_msg("series %u grain %u start %lld slot %u: "
				     "%lld, should be %lld",
				     e->k.series, e->k.grain, (long long)e->k.start,
				     e->slot, (long long)got, (long long)e->n);
	}
}

struct sums {
	struct table want;
	struct cell_key k;
	int64_t from;
};

static void
take_sum(void *ctx, int64_t start, const struct agg_bucket *b)
{
	struct sums *s = ctx;

	s->k.start = start;
	for (uint32_t i = 0; start >= s->from && i < agg_slots(b); i++)
		if (agg_slot(b, i) != 0) {
			int64_t *n = table_at(&s->want, &s->k, i);

			MUST(*n == agg_slot(b, i));
			*n = 0;
		}
}

/* The sum of all series of employees is that of the model's, neither more nor less, as
 * far back as it is said to be complete; what is not employees' or not summed is not in
 * it. */
static void
world_check_sums(struct world *w)
{
	struct sums s = {.k = {.series = AGG_SERIES_SUM}};
	uint32_t subjects[] = {SUBJECT_FIRST_RULE + 1, SUBJECT_FIRST_SURVEY,
			       SUBJECT_FIRST_SURVEY + 1};

	for (size_t i = 0; i < TABLE; i++) {
		const struct entry *e = &w->model.v[i];
		struct cell_key k = e->k;

		k.series = AGG_SERIES_SUM;
		if (e->k.subject == SUBJECT_FIRST_RULE + 1 &&
		    audience_of(e->k.series) == AUDIENCE_EMPLOYEE &&
		    e->k.start >= agg_sum_horizon(w->a, e->k.grain))
			*table_at(&s.want, &k, e->slot) += e->n;
	}
	MUST(s.want.n > 0);
	agg_enter(w->reader);
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++) {
			s.k.subject = subjects[i];
			s.k.grain = (uint8_t)g;
			s.from = agg_sum_horizon(w->a, g);
			agg_each_bucket(w->a, AGG_SERIES_SUM, s.k.subject, g, INT64_MIN,
					INT64_MAX, take_sum, &s);
		}
	agg_leave(w->reader);
	for (size_t i = 0; i < TABLE; i++)
		MUST(s.want.v[i].n == 0);
	free(s.want.v);
}

static void
history(const char *zone, uint64_t seed)
{
	struct world w;

	world_open(&w, zone, seed);
	for (int i = 0; i < 4000; i++) {
		uint32_t what = chance(&w, 100);
		int64_t age = chance(&w, 4) == 0 ? chance(&w, 420) * S_PER_DAY
						 : chance(&w, 3 * S_PER_DAY);

		uint32_t on = chance(&w, (uint32_t)w.n + 1);

		if (what < 20 && on < w.n && !w.log[on].follow)
			world_follow(&w, &w.log[on]);
		else if (what < 80)
			world_event(&w, 1 + chance(&w, SERIES),
				    (w.now - age) * 1000 - chance(&w, 1000));
		else if (what < 95)
			world_flush(&w, 1 + chance(&w, 64), chance(&w, 4) != 0);
		else if (what < 99)
			w.now += chance(&w, 9000);
		agg_publish(w.a, w.n, w.now * 1000);
		if (what == 98)
			agg_tidy(w.a, w.now);
		if (what == 99 && chance(&w, 8) == 0) {
			world_stop(&w);
			world_start(&w);
			world_check_sums(&w);
		}
	}
	world_check(&w);
	world_check_sums(&w);
	ck_assert_uint_gt(w.loads, 0);
	world_close(&w);
}

START_TEST(counters_and_file_equal_the_model)
{
	static const char *const zones[] = {"UTC", "Europe/Warsaw", "Asia/Kolkata",
					    "Australia/Lord_Howe", "Europe/London"};

	for (uint64_t seed = 1; seed <= 3; seed++)
		history(zones[_i], seed * 77);
}
END_TEST

START_TEST(numbers_outgrow_their_bytes)
{
	struct event_slots s = {.subject = SUBJECT_SIGNAL, .n = 1, .slot = {3}};
	struct world w;
	int64_t n = 0;

	world_open(&w, "UTC", 1);
	agg_enter(w.reader);
	read_slot = 3;
	for (int64_t i = 1; i <= 70000; i++) {
		MUST_EQ(agg_count(w.a, 2, NOW * 1000, &s, i, false), EMP_OK);
		if (i == 255 || i == 256 || i == 65535 || i == 65536 || i == 70000) {
			agg_each_bucket(w.a, 2, SUBJECT_SIGNAL, GRAIN_DAY, INT64_MIN,
					INT64_MAX, take, &n);
			MUST_EQ(n, i);
		}
	}
	agg_leave(w.reader);
	world_close(&w);
}
END_TEST

static void
sum_pieces(void *ctx, int64_t start, const struct agg_bucket *b)
{
	static uint64_t sums[SURVEY_SLOTS_MAX + 1];
	struct world *w = ctx;

	(void)start;
	for (int i = 0; i < 40; i++) {
		uint32_t first = chance(w, SURVEY_SLOTS_MAX);
		uint32_t n = chance(w, i % 2 == 0 ? 20 : SURVEY_SLOTS_MAX);

		if (i % 4 == 0 && agg_slots(b) > first % 20) /* around its end */
			first = agg_slots(b) - first % 20;
		n = first + n > SURVEY_SLOTS_MAX ? SURVEY_SLOTS_MAX - first : n;
		for (uint32_t k = 0; k <= n; k++)
			sums[k] = k;
		agg_bucket_sum(b, first, n, sums);
		for (uint32_t k = 0; k <= n; k++)
			MUST_EQ(sums[k],
				k + (k < n ? (uint64_t)agg_slot(b, first + k) : 0));
	}
}

/* Slots are added up eight bytes at once; blocks are of all sizes. */
START_TEST(any_piece_of_any_vector_is_added_up)
{
	static const uint32_t top[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX};
	static uint32_t slots[SURVEY_SLOTS_MAX];
	struct world w;

	world_open(&w, "UTC", 5);
	for (uint32_t i = 1; i <= 300; i++) {
		struct cell c = {.key = {1, SUBJECT_FIRST_SURVEY + i,
					 tz_floor(w.tz, TZ_DAY, NOW), GRAIN_DAY},
				 .slots = slots,
				 .n_slots = 1 + chance(&w, i % 3 == 0 ? 50 : i * 13)};

		for (uint32_t k = 0; k < c.n_slots; k++)
			slots[k] = chance(&w, 3) == 0
				? top[chance(&w, i % 3 + 1)] - chance(&w, 9)
				: 0;
		slots[0] = top[i % 3];
		MUST_EQ(agg_cell_put(w.a, &c), EMP_OK);
		agg_enter(w.reader);
		agg_each_bucket(w.a, 1, c.key.subject, GRAIN_DAY, INT64_MIN, INT64_MAX,
				sum_pieces, &w);
		agg_leave(w.reader);
	}
	world_close(&w);
}
END_TEST

START_TEST(low_water_mark_is_the_first_event_not_in_the_file)
{
	struct event_slots s = {.subject = SUBJECT_SIGNAL, .n = 1, .slot = {1}};
	struct cell c[8];
	struct world w;

	world_open(&w, "UTC", 1);
	ck_assert_int_eq(agg_dirty_since(w.a), INT64_MAX);
	ck_assert_int_eq(agg_count(w.a, 1, NOW * 1000, &s, 5, false), EMP_OK);
	ck_assert_int_eq(agg_count(w.a, 2, NOW * 1000, &s, 6, false), EMP_OK);
	ck_assert_int_eq(agg_dirty_since(w.a), 5);
	ck_assert_uint_eq(agg_cells_dirty(w.a, c, 3), 3);
	ck_assert_int_eq(c[2].seq, 5);
	/* Handed out is not written. */
	ck_assert_int_eq(agg_dirty_since(w.a), 5);
	ck_assert_int_eq(agg_count(w.a, 1, NOW * 1000, &s, 7, false), EMP_OK);
	agg_cells_written(w.a, false);
	ck_assert_int_eq(agg_dirty_since(w.a), 5);
	ck_assert_uint_eq(agg_cells_dirty(w.a, c, 3), 3);
	ck_assert_int_eq(c[0].seq, 7);
	ck_assert_uint_eq(c[0].slots[1], 2);
	ck_assert_int_eq(agg_count(w.a, 1, NOW * 1000, &s, 8, false), EMP_OK);
	agg_cells_written(w.a, true);
	ck_assert_int_eq(agg_dirty_since(w.a), 6);
	ck_assert_uint_eq(agg_cells_dirty(w.a, c, 8), 6);
	agg_cells_written(w.a, true);
	ck_assert_int_eq(agg_dirty_since(w.a), INT64_MAX);
	ck_assert_uint_eq(agg_cells_dirty(w.a, c, 8), 0);
	agg_cells_written(w.a, true);
	world_close(&w);
}
END_TEST

START_TEST(memory_says_when_the_file_holds_more)
{
	struct cell old = {.key = {1, SUBJECT_SIGNAL, 0, GRAIN_DAY}, .seq = 1};
	uint32_t slots[4] = {0, 1, 0, 0};
	struct world w;
	int64_t start = INT64_MIN;

	world_open(&w, "UTC", 1);
	ck_assert_int_eq(agg_ram_horizon(w.a, GRAIN_DAY), INT64_MIN);
	old.key.start = (NOW / S_PER_DAY - 500) * S_PER_DAY;
	old.n_slots = 4;
	old.slots = slots;
	ck_assert_int_eq(agg_cell_put(w.a, &old), EMP_OK);
	ck_assert_int_eq(agg_ram_horizon(w.a, GRAIN_DAY),
			 (NOW / S_PER_DAY - 399) * S_PER_DAY);
	agg_enter(w.reader);
	agg_each_bucket(w.a, 1, SUBJECT_SIGNAL, GRAIN_DAY, INT64_MIN, INT64_MAX, unsee,
			&start);
	agg_leave(w.reader);
	ck_assert_int_eq(start, INT64_MIN);
	world_close(&w);
}
END_TEST

/* As many as names that anybody may invent; found one after the other, they would take
 * minutes to count, and as long at each start. */
START_TEST(many_subjects_of_one_series_are_found_at_once)
{
	struct event_slots s = {.n = 1, .slot = {1}};
	struct agg_stats stats;
	struct world w;
	int64_t n = 0;
	int64_t seq = 0;

	world_open(&w, "UTC", 1);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < MANY_SUBJECTS; i++) {
			s.subject = SUBJECT_FIRST_VOICE + i;
			MUST_EQ(agg_count(w.a, 1 + i % 2, NOW * 1000, &s, ++seq, false),
				EMP_OK);
		}
	agg_stats(w.a, &stats);
	ck_assert_uint_eq(stats.tracks, MANY_SUBJECTS);
	agg_enter(w.reader);
	read_slot = 1;
	agg_each_bucket(w.a, 2, SUBJECT_FIRST_VOICE + MANY_SUBJECTS - 1, GRAIN_DAY,
			INT64_MIN, INT64_MAX, take, &n);
	agg_leave(w.reader);
	ck_assert_int_eq(n, 2);
	world_close(&w);
}
END_TEST

Suite *
agg_table_suite(void)
{
	Suite *s = suite_create("agg_table");
	TCase *tc = tcase_create("table");

	tcase_add_loop_test(tc, counters_and_file_equal_the_model, 0, 5);
	tcase_add_test(tc, numbers_outgrow_their_bytes);
	tcase_add_test(tc, any_piece_of_any_vector_is_added_up);
	tcase_add_test(tc, low_water_mark_is_the_first_event_not_in_the_file);
	tcase_add_test(tc, memory_says_when_the_file_holds_more);
	suite_add_tcase(s, tc);
	tc = tcase_create("many");
	tcase_set_timeout(tc, MANY_TIMEOUT_S);
	tcase_add_test(tc, many_subjects_of_one_series_are_found_at_once);
	suite_add_tcase(s, tc);
	return s;
}
