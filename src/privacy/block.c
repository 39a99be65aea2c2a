/* Blocks of personnel figures: see block.h. */
#include "privacy/block.h"

#include "base/array.h"
#include "base/clock.h"

#include <stdlib.h>

#define CENTS 100
#define DAYS_PER_MONTH 30.436875
#define MID_MONTH_DAYS 14

struct note {
	int32_t month;
	uint32_t unit, person; /* person: PEOPLE_NONE: nobody in particular */
};

struct block_month {
	int32_t month;
	uint32_t *at; /* unit -> block */
};

struct blocks {
	struct job *j;
	const struct intern *units;
	uint32_t n_units;
	int64_t least;
	bool want_people, hides;
	struct note *notes;
	uint32_t n_notes, max_notes;
	struct people *people;
	struct block_month *months; /* ascending */
	uint32_t n_months, max_months;
};

/* One month being settled; all arrays by unit, [0] what is in no unit. */
struct work {
	bool *shown;
	int64_t *cents; /* mean headcount x 100; -1: unknown */
	int64_t *left;  /* of these, besides shown children */
	uint32_t *people;
	uint64_t *concerned; /* (block, person) of the month's notes */
	double *mean;
	bool *used;
};

int64_t
month_start(const struct tz *tz, int32_t month)
{
	/* The middle of the month is in it, in every zone. */
	double days = month * DAYS_PER_MONTH + MID_MONTH_DAYS;

	return tz_floor(tz, TZ_MONTH, (int64_t)(days * (double)S_PER_DAY));
}

enum emp_rc
blocks_new(struct blocks **out, struct job *j, int64_t least, bool people)
{
	struct blocks *b = calloc(1, sizeof *b);

	*out = b;
	if (b == NULL)
		return EMP_NOMEM;
	b->j = j;
	b->units = store_names(j->c->r->store, DIM_UNIT);
	b->n_units = levels_units(j->levels);
	b->least = least;
	b->want_people = people;
	return people_new(&b->people);
}

void
blocks_free(struct blocks **bp)
{
	struct blocks *b = *bp;

	if (b == NULL)
		return;
	for (uint32_t i = 0; i < b->n_months; i++)
		free(b->months[i].at);
	free(b->months);
	free(b->notes);
	people_free(&b->people);
	free(b);
	*bp = NULL;
}

uint32_t
blocks_unit_id(const struct blocks *b, uint32_t unit)
{
	while (unit > b->n_units)
		unit = intern_parent(b->units, unit);
	return unit;
}

uint32_t
blocks_unit(const struct blocks *b, struct str unit)
{
	return blocks_unit_id(b, delicate_unit(b->j, unit));
}

enum emp_rc
blocks_note(struct blocks *b, int32_t month, uint32_t unit, const uint8_t *person)
{
	struct note n = {month, unit, PEOPLE_NONE};
	enum emp_rc rc = EMP_OK;
	bool fresh;

	if (person != NULL)
		rc = people_add(b->people, 0, person, &n.person, &fresh);
	if (rc != EMP_OK)
		return rc;
	if (!array_reserve(&b->notes, &b->max_notes, b->n_notes + 1, sizeof *b->notes))
		return EMP_NOMEM;
	b->notes[b->n_notes++] = n;
	return EMP_OK;
}

/* ---- one month ------------------------------------------------------------------ */

static uint32_t
block_of(const struct blocks *b, const struct work *w, uint32_t u)
{
	while (u != 0 && !w->shown[u])
		u = intern_parent(b->units, u);
	return u;
}

static int
pair_cmp(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa;
	uint64_t b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

static void
count_people(const struct blocks *b, struct work *w, const struct note *notes,
	     uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t block;

		if (notes[i].unit == BLOCK_NONE)
			continue;
		block = block_of(b, w, notes[i].unit);
		w->used[block] = true;
		if (notes[i].person != PEOPLE_NONE)
			w->concerned[k++] = (uint64_t)block << 32 | notes[i].person;
	}
	if (k > 1)
		qsort(w->concerned, k, sizeof *w->concerned, pair_cmp);
	for (uint32_t i = 0; i < k; i++)
		if (i == 0 || w->concerned[i] != w->concerned[i - 1])
			w->people[w->concerned[i] >> 32]++;
}

static void
count_left(const struct blocks *b, struct work *w)
{
	for (uint32_t u = 0; u <= b->n_units; u++) {
		w->left[u] = w->cents[u];
		w->people[u] = 0;
		w->used[u] = false;
	}
	for (uint32_t u = 1; u <= b->n_units; u++)
		if (w->shown[u])
			w->left[block_of(b, w, intern_parent(b->units, u))] -=
				w->cents[u];
}

/* Something is there, of too few people or about too few. */
static bool
too_few(const struct blocks *b, const struct work *w, uint32_t u)
{
	return w->used[u] &&
		(w->left[u] < b->least * CENTS ||
		 (b->want_people && w->people[u] < BLOCK_PEOPLE_MIN));
}

/* What is too little joins the unit above, until every block is large enough; each
 * round hides one unit at least. What is too little in no unit is shown nowhere. */
static void
settle(const struct blocks *b, struct work *w, const struct note *notes, uint32_t n)
{
	bool again = true;

	while (again) {
		again = false;
		count_left(b, w);
		count_people(b, w, notes, n);
		/* From below: what joins a unit may be what it lacked. */
		for (uint32_t u = b->n_units; u >= 1 && !again; u--)
			if (w->shown[u] && too_few(b, w, u)) {
				w->shown[u] = false;
				again = true;
			}
	}
}

static enum emp_rc
month_new(struct blocks *b, int32_t month, uint32_t **at)
{
	if (!array_reserve(&b->months, &b->max_months, b->n_months + 1,
			   sizeof *b->months))
		return EMP_NOMEM;
	*at = calloc((size_t)b->n_units + 1, sizeof **at);
	if (*at == NULL)
		return EMP_NOMEM;
	b->months[b->n_months++] = (struct block_month){month, *at};
	return EMP_OK;
}

static enum emp_rc
month_settle(struct blocks *b, struct work *w, const struct note *notes, uint32_t n)
{
	const struct defs *defs = b->j->defs;
	int64_t from = month_start(b->j->tz, notes->month);
	int64_t to = month_start(b->j->tz, notes->month + 1);
	int64_t now = clock_now_ms() / MS_PER_S;
	uint32_t *at;
	enum emp_rc rc = levels_mean(b->j->levels, LEVEL_HEADCOUNT, from,
				     to < now             ? to
					     : now > from ? now
							  : from + 1,
				     w->mean);

	if (rc == EMP_OK)
		rc = month_new(b, notes->month, &at);
	if (rc != EMP_OK)
		return rc;
	for (uint32_t u = 0; u <= b->n_units; u++) {
		w->cents[u] = isnan(w->mean[u]) ? -1
						: (int64_t)(w->mean[u] * CENTS + 0.5);
		w->shown[u] = u != 0 && w->cents[u] >= b->least * CENTS &&
			(levels_declared(b->j->levels, u) ||
			 defs_unit(defs, intern_text(b->units, u)) != NULL);
	}
	settle(b, w, notes, n);
	for (uint32_t u = 0; u <= b->n_units; u++) {
		at[u] = block_of(b, w, u);
		if (at[u] == 0 && too_few(b, w, 0))
			at[u] = BLOCK_NONE;
	}
	return EMP_OK;
}

static int
note_cmp(const void *pa, const void *pb)
{
	const struct note *a = pa;
	const struct note *b = pb;

	return (a->month > b->month) - (a->month < b->month);
}

enum emp_rc
blocks_settle(struct blocks *b)
{
	size_t n = (size_t)b->n_units + 1;
	struct arena a;
	struct work w;
	enum emp_rc rc = EMP_OK;

	arena_init(&a, n * sizeof(int64_t));
	w.shown = arena_alloc(&a, n * sizeof *w.shown);
	w.used = arena_alloc(&a, n * sizeof *w.used);
	w.cents = arena_alloc(&a, n * sizeof *w.cents);
	w.left = arena_alloc(&a, n * sizeof *w.left);
	w.mean = arena_alloc(&a, n * sizeof *w.mean);
	w.people = arena_alloc(&a, n * sizeof *w.people);
	w.concerned = arena_alloc(&a, ((size_t)b->n_notes + 1) * sizeof *w.concerned);
	if (w.shown == NULL || w.used == NULL || w.cents == NULL || w.left == NULL ||
	    w.mean == NULL || w.people == NULL || w.concerned == NULL)
		rc = EMP_NOMEM;
	if (b->n_notes > 1)
		qsort(b->notes, b->n_notes, sizeof *b->notes, note_cmp);
	for (uint32_t i = 0, k = 0; i < b->n_notes && rc == EMP_OK; i = k) {
		while (k < b->n_notes && b->notes[k].month == b->notes[i].month)
			k++;
		rc = month_settle(b, &w, &b->notes[i], k - i);
	}
	for (uint32_t i = 0; i < b->n_notes && rc == EMP_OK; i++)
		b->hides = b->hides ||
			blocks_at(b, b->notes[i].month, b->notes[i].unit) == BLOCK_NONE;
	arena_fini(&a);
	return rc;
}

uint32_t
blocks_at(const struct blocks *b, int32_t month, uint32_t unit)
{
	uint32_t low = 0;
	uint32_t high = b->n_months;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (b->months[middle].month < month)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == b->n_months || b->months[low].month != month || unit > b->n_units)
		return BLOCK_NONE;
	return b->months[low].at[unit];
}

bool
blocks_hide(const struct blocks *b)
{
	return b->hides || b->j->q->filter[DIM_UNIT].n > 0;
}

/* ---- the question --------------------------------------------------------------- */

enum emp_rc
job_enough(struct job *j, int64_t least, bool *enough)
{
	int64_t *at = arena_alloc(&j->pub.arena,
				  (levels_units(j->levels) + 1) * sizeof *at);

	if (at == NULL)
		return EMP_NOMEM;
	levels_at(j->levels, LEVEL_HEADCOUNT, clock_now_ms() / MS_PER_S, at);
	*enough = job_group_level(j, at, RAW_NONE) >= least;
	return EMP_OK;
}
