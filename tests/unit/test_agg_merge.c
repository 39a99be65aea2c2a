/*
 * agg: merging against a model that adds up events one by one. Windows, steps, filters,
 * groups and cuts are drawn at random, in zones that change their clocks; half of the
 * cells are only in a pretended file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "agg/merge.h"
#include "agg/window.h"
#include "base/clock.h"
#include "unit.h"

/* 2026-03-30 16:26 UTC, the day after clocks went forward in Europe: in London two days
 * began within one of UTC. */
#define NOW 1774888000LL
#define EVENTS 4000
#define UNWRITTEN 150 /* the last of them, which the file does not know yet */
#define SERIES 24u
#define SLOTS 12u
#define HALF ((SLOTS - 4) / 2)
#define FILE_MAX 80000u
#define UNITS 6u
#define FOLDS_MAX 4u
#define MANY 64u

#define MUST(expr)                                                                     \
	do {                                                                           \
		if (!(expr))                                                           \
			ck_abort_msg("%s", #expr);                                     \
	} while (0)

/* What happens is counted under both; the second is summed. */
static const uint32_t subjects[] = {SUBJECT_FIRST_SURVEY, SUBJECT_FIRST_RULE + 1};

struct counted {
	uint32_t series, slot;
	int64_t t; /* Unix s */
};

struct world {
	struct tz *tz;
	struct agg *a;
	struct agg_reader *reader;
	struct intern *names[DIM_COUNT];
	struct agg_series series[SERIES + 1];
	struct counted event[EVENTS];
	struct cell *file; /* what the file holds of all cells */
	uint32_t n_file;
	struct merge_fold folds[FOLDS_MAX]; /* of this question */
	uint32_t fold_of[FOLDS_MAX][UNITS + 1], n_folds;
	bool incomplete;
	uint64_t random;
};

static uint32_t
chance(struct world *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((w->random >> 33) % below);
}

static enum emp_rc
load(void *ctx, const struct cell_key *k, struct cell *out)
{
	struct world *w = ctx;

	out->n_slots = 0;
	for (uint32_t i = 0; i < w->n_file; i++) {
		const struct cell *c = &w->file[i];

		if (c->key.start == k->start && c->key.series == k->series &&
		    c->key.subject == k->subject && c->key.grain == k->grain)
			*out = *c;
	}
	return EMP_OK;
}

static uint32_t
name_add(struct world *w, enum dim d, const char *text, uint32_t parent)
{
	uint32_t id;

	MUST(intern_add(w->names[d], str_from(text), parent, &id) == EMP_OK);
	intern_publish(w->names[d]);
	return id;
}

static void
world_names(struct world *w)
{
	uint32_t units[7];
	uint32_t channels[3] = {0};

	for (int d = 0; d < DIM_COUNT; d++)
		MUST(intern_new(&w->names[d]) == EMP_OK);
	units[0] = 0;
	units[1] = name_add(w, DIM_UNIT, "a", 0);
	units[2] = name_add(w, DIM_UNIT, "a/b", units[1]);
	units[3] = name_add(w, DIM_UNIT, "a/b/c", units[2]);
	units[4] = name_add(w, DIM_UNIT, "a/d", units[1]);
	units[5] = name_add(w, DIM_UNIT, "e", 0);
	units[6] = name_add(w, DIM_UNIT, "e/f", units[5]);
	channels[1] = name_add(w, DIM_CHANNEL, "web", 0);
	channels[2] = name_add(w, DIM_CHANNEL, "mail", 0);
	for (uint32_t s = 1; s <= SERIES; s++) {
		struct agg_series *v = &w->series[s];

		v->id = s;
		v->audience = s % 5 == 0 ? AUDIENCE_EMPLOYEE : AUDIENCE_CUSTOMER;
		v->dim_id[DIM_UNIT] = units[s % 7];
		v->dim_id[DIM_CHANNEL] = channels[s % 3];
		MUST(agg_series_add(w->a, s, v->audience, v->dim_id, false) == EMP_OK);
	}
}

/* Flush everything to the file; what is cold leaves memory. */
static void
world_flush(struct world *w)
{
	static struct cell c[512];
	size_t n;

	while ((n = agg_cells_dirty(w->a, c, 512)) > 0) {
		for (size_t i = 0; i < n; i++) {
			struct cell *to = &w->file[w->n_file++];

			MUST(w->n_file < FILE_MAX);
			*to = c[i];
			to->slots = calloc(SLOTS, sizeof *to->slots);
			memcpy(to->slots, c[i].slots, c[i].n_slots * sizeof *to->slots);
		}
		agg_cells_written(w->a, true);
	}
}

static void
world_open(struct world *w, const char *zone, uint64_t seed)
{
	struct agg_config c = {.minute_hours = 48,
			       .hour_days = 400,
			       .ram_hour_days = 35,
			       .ram_day_days = 60,
			       .cold_max = 300,
			       .load = load,
			       .ctx = w};

	memset(w, 0, sizeof *w);
	w->random = seed;
	w->file = calloc(FILE_MAX, sizeof *w->file);
	MUST(tz_open(&w->tz, zone) == EMP_OK);
	c.tz = w->tz;
	MUST(agg_new(&w->a, &c) == EMP_OK);
	MUST(agg_reader_new(&w->reader, w->a) == EMP_OK);
	agg_tidy(w->a, NOW);
	agg_publish(w->a, 0,
		    0); /* the series are new: nothing of them is in the file */
	world_names(w);
	for (int i = 0; i < EVENTS; i++) {
		struct counted *e = &w->event[i];
		struct event_slots s = {.n = 1};

		if (i == EVENTS - UNWRITTEN) {
			world_flush(w);
			agg_tidy(w->a, NOW);
		}
		e->series = 1 + chance(w, SERIES);
		e->slot = chance(w, SLOTS);
		e->t = NOW -
			(chance(w, 3) ? chance(w, 50 * S_PER_HOUR)
				      : chance(w, 120 * S_PER_DAY));
		s.slot[0] = e->slot;
		for (int k = 0; k < 2; k++) {
			s.subject = subjects[k];
			MUST(agg_count(w->a, e->series, e->t * 1000, &s, i + 1,
				       false) == EMP_OK);
		}
	}
}

static void
world_close(struct world *w)
{
	agg_reader_free(&w->reader);
	agg_free(&w->a);
	for (int d = 0; d < DIM_COUNT; d++)
		intern_free(&w->names[d]);
	for (uint32_t i = 0; i < w->n_file; i++)
		free(w->file[i].slots);
	free(w->file);
	tz_free(&w->tz);
}

/* ---- the model ----------------------------------------------------------------- */

static bool
under(struct str unit, struct str top)
{
	return str_eq(unit, top) ||
		(unit.n > top.n && memcmp(unit.p, top.p, top.n) == 0 &&
		 unit.p[top.n] == '/');
}

/* The unit as what happened then is folded. */
static uint32_t
model_unit(const struct world *w, const struct agg_series *v, int64_t t)
{
	uint32_t i = w->n_folds;

	if (i == 0 || v->audience != AUDIENCE_EMPLOYEE)
		return v->dim_id[DIM_UNIT];
	while (i > 1 && t < w->folds[i - 1].from)
		i--;
	return w->fold_of[i - 1][v->dim_id[DIM_UNIT]];
}

static bool
model_selects(struct world *w, const struct query *q, uint32_t audiences,
	      const struct counted *e)
{
	const struct agg_series *v = &w->series[e->series];

	if ((audiences & 1u << v->audience) == 0)
		return false;
	for (int d = 0; d < DIM_COUNT; d++) {
		uint32_t id = d == DIM_UNIT ? model_unit(w, v, e->t) : v->dim_id[d];
		struct str have = id ? intern_text(w->names[d], id) : STR_NONE;
		bool hit = q->filter[d].n == 0;

		for (uint32_t i = 0; i < q->filter[d].n && have.n > 0; i++)
			hit = hit ||
				(d == DIM_UNIT ? under(have, q->filter[d].value[i])
					       : str_eq(have, q->filter[d].value[i]));
		if (!hit)
			return false;
	}
	return true;
}

static uint32_t
model_cut(struct world *w, uint32_t unit, uint32_t depth)
{
	char text[64];
	struct str s = unit ? intern_text(w->names[DIM_UNIT], unit) : STR_NONE;
	uint32_t parts = 0;
	size_t n = 0;

	for (; depth != 0 && n < s.n; n++)
		if (s.p[n] == '/' && ++parts == depth)
			break;
	if (depth == 0 || s.n == 0)
		return unit;
	snprintf(text, sizeof text, "%.*s", (int)n, s.p);
	return intern_find(w->names[DIM_UNIT], str_from(text));
}

struct wanted {
	uint32_t group, time, slot;
};

static uint64_t
model_count(struct world *w, const struct query *q, uint32_t audiences,
	    const struct rollup_raw *r, const struct wanted *x)
{
	const struct raw_group *g = &r->groups[x->group];
	uint64_t n = 0;

	for (int i = 0; i < EVENTS; i++) {
		const struct counted *e = &w->event[i];
		const struct agg_series *v = &w->series[e->series];
		bool same = v->audience == g->audience && e->slot == x->slot;

		if (!same || e->t < r->from || e->t >= r->to ||
		    !model_selects(w, q, audiences, e))
			continue;
		for (int d = 0; d < DIM_COUNT && same; d++) {
			uint32_t id = d == DIM_UNIT
				? model_cut(w, model_unit(w, v, e->t), q->depth)
				: v->dim_id[d];

			same = (q->group & 1u << d) == 0 || g->dim[d] == id;
		}
		if (same && q->step != STEP_ALL)
			same = tz_floor(w->tz, step_unit(q->step), e->t) ==
				r->times[x->time];
		n += same;
	}
	return n;
}

/* How many the model counts in all: nothing may be missing a row. */
static uint64_t
model_total(struct world *w, const struct query *q, uint32_t audiences,
	    const struct rollup_raw *r)
{
	uint64_t n = 0;

	for (int i = 0; i < EVENTS; i++)
		n += w->event[i].t >= r->from && w->event[i].t < r->to &&
			model_selects(w, q, audiences, &w->event[i]);
	return n;
}

/* ---- questions ----------------------------------------------------------------- */

static void
question(struct world *w, struct query *q, uint32_t *audiences)
{
	static const char *const units[] = {"a", "a/b", "e/f", "e", "nowhere"};
	static const char *const channels[] = {"web", "mail"};

	query_init(q, ROLLUP_SATISFACTION);
	q->step = (uint8_t)chance(w, STEP_MONTH + 1);
	q->from_given = chance(w, 4) != 0;
	q->to_given = chance(w, 4) != 0;
	q->from = NOW -
		chance(w, q->step == STEP_MINUTE ? 46 * S_PER_HOUR : 100 * S_PER_DAY);
	q->to = q->from + 1 + chance(w, 40 * S_PER_DAY);
	q->group = chance(w, 4);
	q->depth = chance(w, 4);
	*audiences = 1 + chance(w, 7);
	if (chance(w, 2) == 0) {
		q->filter[DIM_UNIT].n = 1 + chance(w, 2);
		q->filter[DIM_UNIT].value[0] = str_from(units[chance(w, 5)]);
		q->filter[DIM_UNIT].value[1] = str_from(units[chance(w, 5)]);
	}
	if (chance(w, 3) == 0) {
		q->filter[DIM_CHANNEL].n = 1;
		q->filter[DIM_CHANNEL].value[0] = str_from(channels[chance(w, 2)]);
	}
}

/* What the sum of all series answers, of subjects that are summed. */
static void
question_of_all(struct query *q, uint32_t *audiences)
{
	*audiences = 1u << AUDIENCE_EMPLOYEE;
	q->group = 0;
	for (int d = 0; d < DIM_COUNT; d++)
		q->filter[d].n = 0;
}

/* None, or some of which each turns at a midnight, neighbours alike or not. */
static void
fold_anyhow(struct world *w)
{
	int64_t at = NOW - 110 * S_PER_DAY;

	w->n_folds = chance(w, FOLDS_MAX + 1);
	for (uint32_t i = 0; i < w->n_folds; i++) {
		for (uint32_t u = 0; u <= UNITS; u++)
			w->fold_of[i][u] = u == 0 || chance(w, 2) == 0
				? u
				: w->fold_of[i][intern_parent(w->names[DIM_UNIT], u)];
		w->folds[i] = (struct merge_fold){i == 0 ? INT64_MIN : at,
						  w->fold_of[i]};
		at = tz_next(w->tz, TZ_DAY, at + chance(w, 60 * S_PER_DAY));
	}
}

static void
feed_all(struct world *w, struct merge *m)
{
	int64_t from;
	int64_t to;

	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++) {
		if (!merge_wants(m, g, &from, &to))
			continue;
		for (uint32_t i = 0; i < w->n_file; i++)
			if (w->file[i].key.grain == g && w->file[i].key.start >= from &&
			    w->file[i].key.start < to)
				MUST(merge_feed(m, &w->file[i]) == EMP_OK);
	}
}

static void
ask(struct world *w, uint32_t subject)
{
	const struct raw_target target = {subject, 2, SLOTS - 4, 1};
	/* In no order, of a subject that is not there, too, and two into one. */
	const struct raw_target targets[] = {
		{subject + 1, 0, 1, 2},
		{target.subject, target.first, HALF, 0},
		target,
		{subject + 64, 0, 1, 2},
		{target.subject, target.first + HALF, HALF, 0}};
	struct query q;
	struct merge_spec s = {.agg = w->a,
			       .reader = w->reader,
			       .tz = w->tz,
			       .q = &q,
			       .targets = targets,
			       .n_targets = sizeof targets / sizeof *targets};
	const struct rollup_raw *r;
	struct merge *m;
	uint64_t sum = 0;
	uint64_t total = 0;

	question(w, &q, &s.audiences);
	if (chance(w, 3) == 0)
		question_of_all(&q, &s.audiences);
	fold_anyhow(w);
	s.folds = w->folds;
	s.n_folds = w->n_folds;
	s.n_fold = UNITS + 1;
	for (int d = 0; d < DIM_COUNT; d++)
		s.names[d] = w->names[d];
	MUST(merge_new(&m, &s, NULL) == EMP_OK);
	MUST(merge_run(m) == EMP_OK);
	feed_all(w, m);
	r = merge_raw(m);
	MUST(!q.from_given || r->from <= q.from);
	MUST(!q.to_given || r->to >= q.to);
	for (uint32_t g = 0; g < r->n_groups; g++)
		for (uint32_t t = 0; t < r->n_times; t++) {
			const uint64_t *v = raw_sums_at(r, 1, g, t);
			const uint64_t *both = raw_sums_at(r, 0, g, t);

			MUST((v == NULL) == (both == NULL));
			for (uint32_t i = 0; v != NULL && i < HALF; i++)
				MUST(both[i] == v[i] + v[i + HALF]);
			for (uint32_t i = 0; v != NULL && i < target.n; i++) {
				struct wanted x = {g, t, target.first + i};

				if (v[i] == 0 && chance(w, 50) != 0)
					continue;
				sum += v[i];
				MUST(v[i] == model_count(w, &q, s.audiences, r, &x));
			}
		}
	for (int i = 0; i < EVENTS; i++)
		if (w->event[i].slot < target.first ||
		    w->event[i].slot >= target.first + target.n)
			total += w->event[i].t >= r->from && w->event[i].t < r->to &&
				model_selects(w, &q, s.audiences, &w->event[i]);
	MUST(sum + total == model_total(w, &q, s.audiences, r));
	merge_free(&m);
}

START_TEST(sums_equal_the_model)
{
	static const char *const zones[] = {"UTC", "Europe/Warsaw", "Asia/Kolkata",
					    "Australia/Lord_Howe", "Europe/London"};
	struct world *w = malloc(sizeof *w);

	world_open(w, zones[_i], 7 + (uint64_t)_i);
	/* Else nothing would be read from the file. */
	ck_assert_int_gt(agg_ram_horizon(w->a, GRAIN_DAY), INT64_MIN);
	for (int i = 0; i < 120; i++)
		ask(w, subjects[i % 2]);
	world_close(w);
	free(w);
}
END_TEST

/* Which units are large enough to be shown is settled before the counters are read; a
 * unit of employees that comes in between is counted above, never by itself. */
START_TEST(units_that_come_after_folding_are_not_shown)
{
	const uint32_t fold[] = {0, 1, 1}; /* "a/b" is shown as "a"; more are unknown */
	const struct merge_fold folds[] = {{INT64_MIN, fold}};
	const struct raw_target target = {SUBJECT_FIRST_SURVEY, 0, SLOTS, 0};
	struct world *w = malloc(sizeof *w);
	struct query q;
	struct merge_spec s = {.audiences = 1u << AUDIENCE_EMPLOYEE,
			       .targets = &target,
			       .n_targets = 1,
			       .folds = folds,
			       .n_folds = 1,
			       .n_fold = sizeof fold / sizeof *fold};
	struct merge *m;
	uint32_t seen = 0;

	world_open(w, "UTC", 3);
	query_init(&q, ROLLUP_RECOGNITION);
	q.group = 1u << DIM_UNIT;
	s.agg = w->a;
	s.reader = w->reader;
	s.tz = w->tz;
	s.q = &q;
	for (int d = 0; d < DIM_COUNT; d++)
		s.names[d] = w->names[d];
	ck_assert_int_eq(merge_new(&m, &s, NULL), EMP_OK);
	ck_assert_int_eq(merge_run(m), EMP_OK);
	for (uint32_t g = 0; g < merge_raw(m)->n_groups; g++) {
		ck_assert_uint_le(merge_raw(m)->groups[g].dim[DIM_UNIT], 1);
		seen |= 1u << merge_raw(m)->groups[g].dim[DIM_UNIT];
	}
	ck_assert_uint_eq(seen, 3);
	merge_free(&m);
	world_close(w);
	free(w);
}
END_TEST

/* One series can have as many subjects as there are: others wait for who goes through
 * them. */
START_TEST(a_limit_of_cells_ends_the_walk_of_a_series)
{
	struct world *w = malloc(sizeof *w);
	struct raw_target targets[MANY];
	struct event_slots slots = {.n = 1};
	struct query q;
	struct merge_spec s = {.audiences = 1u << AUDIENCE_EMPLOYEE,
			       .targets = targets,
			       .n_targets = MANY,
			       .cells_max = MANY / 4};
	struct merge *m;
	uint32_t id = 1;

	world_open(w, "UTC", 4);
	while (w->series[id].audience != AUDIENCE_EMPLOYEE)
		id++;
	for (uint32_t i = 0; i < MANY; i++) {
		slots.subject = SUBJECT_FIRST_RULE + 2 + i;
		targets[i] = (struct raw_target){slots.subject, 0, 1, i};
		ck_assert_int_eq(
			agg_count(w->a, id, NOW * MS_PER_S, &slots, EVENTS + 1, false),
			EMP_OK);
	}
	query_init(&q, ROLLUP_DECISIONS);
	s.agg = w->a;
	s.reader = w->reader;
	s.tz = w->tz;
	s.q = &q;
	for (int d = 0; d < DIM_COUNT; d++)
		s.names[d] = w->names[d];
	/* From the sum of all series, then from the one. */
	for (q.group = 0; q.group <= 1u << DIM_UNIT; q.group += 1u << DIM_UNIT) {
		ck_assert_int_eq(merge_new(&m, &s, NULL), EMP_OK);
		ck_assert_int_eq(merge_run(m), EMP_STALE);
		ck_assert_uint_eq(merge_raw(m)->cells, MANY / 4 + 1);
		merge_free(&m);
	}
	world_close(w);
	free(w);
}
END_TEST

START_TEST(window_states_what_it_used)
{
	const int64_t exist[GRAIN_COUNT] = {NOW / 3600 * 3600 - 48 * 3600,
					    NOW / 86400 * 86400 - 400 * 86400,
					    INT64_MIN};
	struct query q;
	struct window w;
	struct tz *tz;

	ck_assert_int_eq(tz_open(&tz, "UTC"), EMP_OK);
	query_init(&q, ROLLUP_SATISFACTION);
	q.from_given = q.to_given = true;
	/* Recent: to the minute. Months ago: to the hour. Years ago: to the day. */
	q.from = NOW - 3601;
	q.to = NOW;
	ck_assert_int_eq(window_plan(&w, &q, tz, exist, NULL), EMP_OK);
	ck_assert_int_eq(w.from, (NOW - 3601) / 60 * 60);
	ck_assert_int_eq(w.to, (NOW + 59) / 60 * 60);
	q.from = NOW - 100 * 86400;
	ck_assert_int_eq(window_plan(&w, &q, tz, exist, NULL), EMP_OK);
	ck_assert_int_eq(w.from, (NOW - 100 * 86400) / 3600 * 3600);
	q.from = NOW - 500 * 86400LL;
	ck_assert_int_eq(window_plan(&w, &q, tz, exist, NULL), EMP_OK);
	ck_assert_int_eq(w.from, (NOW - 500 * 86400LL) / 86400 * 86400);
	/* A step finer than the cells of that age is refused, not made up. */
	q.step = STEP_HOUR;
	ck_assert_int_eq(window_plan(&w, &q, tz, exist, NULL), EMP_INVALID);
	q.from_given = false;
	ck_assert_int_eq(window_plan(&w, &q, tz, exist, NULL), EMP_OK);
	ck_assert_int_eq(w.from, exist[GRAIN_HOUR]);
	tz_free(&tz);
}
END_TEST

Suite *
agg_merge_suite(void)
{
	Suite *s = suite_create("agg_merge");
	TCase *tc = tcase_create("merge");

	tcase_add_loop_test(tc, sums_equal_the_model, 0, 5);
	tcase_add_test(tc, units_that_come_after_folding_are_not_shown);
	tcase_add_test(tc, a_limit_of_cells_ends_the_walk_of_a_series);
	tcase_add_test(tc, window_states_what_it_used);
	suite_add_tcase(s, tc);
	return s;
}
