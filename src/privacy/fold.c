/* Units of employees that are too small to be shown.
 *
 * A unit is declared by PUT /v1/units or by a headcount. One that is not, or whose
 * people (for live figures the fewest of whom a headcount is known at any moment of the
 * calendar month, up to its end as declared so far) were below `least` or never
 * declared, is counted under its parent, as far up as needed; without one that is large
 * enough, under no unit at all. Where somebody, but again fewer people than that, would
 * be left in a parent besides its shown children at any of these moments, its smallest
 * shown child joins it, of those in which there is somebody then: else the parent's own
 * figures would be those few people's. Who is left is counted at one moment at a time:
 * the fewest of the parent less the fewest of its children, of different moments, would
 * be the number of nobody.
 *
 * Who is folded with whom follows from the month alone, never from what is asked for:
 * so every answer is a sum of whole units as folded in their months, and no two
 * answers, of overlapping windows, differ by fewer people than are shown. */
#include "privacy/fold.h"

#include "base/array.h"

#include <stdlib.h>

/* Nearest ancestor that is shown, 0: none. */
static uint32_t
shown_above(const struct intern *units, const bool *shown, uint32_t u)
{
	do
		u = intern_parent(units, u);
	while (u != 0 && !shown[u]);
	return u;
}

/* Hides children until what is left of every parent is nobody or enough people. */
struct hiding {
	const struct intern *units;
	const int64_t *size; /* by unit: which child is the smallest */
	int64_t least;
	uint32_t n; /* units */
	bool *shown;
	int64_t *was;       /* by unit, at the moment before */
	int64_t *left;      /* likewise */
	uint32_t *smallest; /* the child to hide first, 0: none */
	bool hidden;        /* something was */
};

/* Whether hiding a helps more than hiding b does: by the people that join those who are
 * left, who are none as long as a is not declared. */
static bool
better(const struct hiding *h, const int64_t *people, uint32_t a, uint32_t b)
{
	if (b == 0 || (people[a] > 0) != (people[b] > 0))
		return b == 0 || people[a] > 0;
	return h->size[a] < h->size[b];
}

static int64_t
known(int64_t people)
{
	return people > 0 ? people : 0;
}

/* [0] is everything without a unit of its own. What a unit has that says nothing is
 * unknown, so nothing of it is taken from its parent. */
static void
count_left(const struct hiding *h, const int64_t *people)
{
	for (uint32_t u = 0; u <= h->n; u++) {
		h->was[u] = people[u];
		h->left[u] = people[u];
		h->smallest[u] = 0;
	}
	for (uint32_t u = 1; u <= h->n; u++) {
		uint32_t up = h->shown[u] ? shown_above(h->units, h->shown, u) : 0;

		if (!h->shown[u])
			continue;
		h->left[up] -= known(people[u]);
		if (better(h, people, u, h->smallest[up]))
			h->smallest[up] = u;
	}
}

static bool
few_left(const struct hiding *h, uint32_t u)
{
	return (u == 0 || h->shown[u]) && h->smallest[u] != 0 && h->left[u] > 0 &&
		h->left[u] < h->least;
}

/* As many people as there were at one moment. Each round hides a unit, so it ends. */
static void
hide_complements(struct hiding *h, const int64_t *people)
{
	bool again = true;

	while (again) {
		again = false;
		count_left(h, people);
		for (uint32_t u = 0; u <= h->n; u++)
			if (few_left(h, u)) {
				h->shown[h->smallest[u]] = false;
				again = true;
			}
		h->hidden |= again;
	}
}

/* Nowhere were a few left at the moment before, so only what changed is looked at. */
static void
hiding_visit(void *ctx, const int64_t *people, const uint32_t *changed, uint32_t n)
{
	struct hiding *h = ctx;
	bool few = n > h->n; /* all: the first moment */

	for (uint32_t i = 0; i < n && !few; i++) {
		uint32_t u = changed[i];

		h->left[u] += people[u] - h->was[u];
		if (u != 0 && h->shown[u])
			h->left[shown_above(h->units, h->shown, u)] -=
				known(people[u]) - known(h->was[u]);
		h->was[u] = people[u];
	}
	for (uint32_t i = 0; i < n && !few; i++) {
		uint32_t u = changed[i];

		few = few_left(h, u) ||
			(u != 0 && h->shown[u] &&
			 few_left(h, shown_above(h->units, h->shown, u)));
	}
	if (few)
		hide_complements(h, people);
}

static void
hiding_fini(struct hiding *h)
{
	free(h->shown);
	free(h->was);
	free(h->left);
	free(h->smallest);
}

/* Shown is at first what is declared and large enough by itself. */
static enum emp_rc
hiding_init(struct hiding *h, const struct job *j, const int64_t *size, int64_t least)
{
	uint32_t n = levels_units(j->levels);

	*h = (struct hiding){.units = store_names(j->c->r->store, DIM_UNIT),
			     .size = size,
			     .least = least,
			     .n = n,
			     .shown = calloc((size_t)n + 1, sizeof *h->shown),
			     .was = malloc(((size_t)n + 1) * sizeof *h->was),
			     .left = malloc(((size_t)n + 1) * sizeof *h->left),
			     .smallest = malloc(((size_t)n + 1) * sizeof *h->smallest)};
	if (h->shown == NULL || h->was == NULL || h->left == NULL ||
	    h->smallest == NULL) {
		hiding_fini(h);
		return EMP_NOMEM;
	}
	for (uint32_t u = 1; u <= n; u++)
		h->shown[u] = size[u] >= least &&
			(levels_declared(j->levels, u) ||
			 defs_unit(j->defs, intern_text(h->units, u)) != NULL);
	return EMP_OK;
}

static void
fold_by_shown(const struct hiding *h, uint32_t *fold)
{
	fold[0] = 0;
	for (uint32_t u = 1; u <= h->n; u++)
		fold[u] = h->shown[u] ? u : shown_above(h->units, h->shown, u);
}

enum emp_rc
job_fold_by(const struct job *j, const int64_t *people, int64_t least, uint32_t *fold)
{
	struct hiding h;
	enum emp_rc rc = hiding_init(&h, j, people, least);

	if (rc != EMP_OK)
		return rc;
	hide_complements(&h, people);
	fold_by_shown(&h, fold);
	hiding_fini(&h);
	return EMP_OK;
}

/* By the people of each moment of [from, to]; people[unit] gets the fewest. What is
 * hidden at one moment may leave too few at another, so all are gone through until
 * nothing more is. */
static enum emp_rc
fold_moments(const struct job *j, int64_t from, int64_t to, int64_t least,
	     int64_t *people, uint32_t *fold)
{
	struct hiding h;
	enum emp_rc rc = levels_lowest(j->levels, LEVEL_HEADCOUNT, from, to, people);

	if (rc == EMP_OK)
		rc = hiding_init(&h, j, people, least);
	if (rc != EMP_OK)
		return rc;
	do {
		h.hidden = false;
		rc = levels_visit(j->levels, LEVEL_HEADCOUNT, from, to, hiding_visit,
				  &h);
	} while (rc == EMP_OK && h.hidden);
	fold_by_shown(&h, fold);
	hiding_fini(&h);
	return rc;
}

struct leaving {
	const struct intern *units;
	const uint32_t *fold;
	int64_t *was; /* by unit, at the moment before: first nobody */
	int64_t *now; /* likewise, of those left */
	int64_t *left;
};

static void
leaving_note(struct leaving *w, uint32_t u)
{
	if (w->now[u] > 0 && (w->left[u] <= 0 || w->now[u] < w->left[u]))
		w->left[u] = w->now[u];
}

static void
leaving_visit(void *ctx, const int64_t *people, const uint32_t *changed, uint32_t n)
{
	struct leaving *w = ctx;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t u = changed[i];
		int64_t more = known(people[u]) - known(w->was[u]);

		w->now[u] += more;
		if (u != 0 && w->fold[u] == u)
			w->now[w->fold[intern_parent(w->units, u)]] -= more;
		w->was[u] = people[u];
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t u = changed[i];

		leaving_note(w, u);
		if (u != 0 && w->fold[u] == u)
			leaving_note(w, w->fold[intern_parent(w->units, u)]);
	}
}

enum emp_rc
job_fold_left(const struct job *j, int64_t from, int64_t to, const uint32_t *fold,
	      int64_t *left)
{
	size_t n = (size_t)levels_units(j->levels) + 1;
	struct leaving w = {.units = store_names(j->c->r->store, DIM_UNIT),
			    .fold = fold,
			    .was = calloc(n, sizeof *w.was),
			    .now = calloc(n, sizeof *w.now),
			    .left = left};
	enum emp_rc rc = EMP_NOMEM;

	memset(left, 0, n * sizeof *left);
	if (w.was != NULL && w.now != NULL)
		rc = levels_visit(j->levels, LEVEL_HEADCOUNT, from, to, leaving_visit,
				  &w);
	free(w.was);
	free(w.now);
	return rc;
}

static enum emp_rc
fold_once(struct job *j, int64_t from, int64_t to, int64_t least, int64_t **people)
{
	uint32_t n = levels_units(j->levels);
	uint32_t *fold = arena_alloc(&j->pub.arena, (n + 1) * sizeof *fold);
	struct merge_fold *one = arena_alloc(&j->pub.arena, sizeof *one);
	enum emp_rc rc;

	*people = arena_alloc(&j->pub.arena, (n + 1) * sizeof **people);
	if (*people == NULL || fold == NULL || one == NULL)
		return EMP_NOMEM;
	rc = fold_moments(j, from, to, least, *people, fold);
	if (rc != EMP_OK)
		return rc;
	*one = (struct merge_fold){INT64_MIN, fold};
	j->fold = fold;
	j->folds = one;
	j->n_folds = 1;
	j->n_fold = n + 1;
	return EMP_OK;
}

enum emp_rc
job_fold_always(struct job *j, int64_t least)
{
	int64_t *people;

	return fold_once(j, INT64_MIN, INT64_MAX, least, &people);
}

enum emp_rc
job_fold_month(struct job *j, int64_t t, int64_t least, const int64_t **people)
{
	int64_t *lowest = NULL;
	enum emp_rc rc = fold_once(j, tz_floor(j->tz, TZ_MONTH, t),
				   tz_next(j->tz, TZ_MONTH, t) - 1, least, &lowest);

	*people = lowest;
	return rc;
}

/* ---- by months ----------------------------------------------------------------- */

/* Shared like the levels that they follow from, and made on a reader as these are: many
 * declarations of many units take longer than a worker may keep others waiting. */
struct folds {
	struct newest_item item; /* its version is that of the levels */
	uint64_t defs;           /* version of the definitions */
	uint32_t n, max, n_fold;
	struct merge_fold *v;
};

static struct folds *
folds_of(struct newest_item *i)
{
	_Static_assert(offsetof(struct folds, item) == 0, "the item is the folds");
	return (struct folds *)(void *)i;
}

static void
item_free(struct newest_item *i)
{
	struct folds *f = folds_of(i);

	for (uint32_t k = 0; k < f->n; k++)
		free((void *)(uintptr_t)f->v[k].unit);
	free(f->v);
	free(f);
}

void
folds_drop(struct rollup_ctx *c)
{
	struct newest_item *i = c->folds == NULL ? NULL : &c->folds->item;

	c->folds = NULL;
	newest_drop(c->r->folds, &i);
}

static bool
fits(const struct folds *f, const struct job *j)
{
	return f != NULL && f->item.version == j->c->kept->item.version &&
		f->defs == j->defs->version && f->n_fold == levels_units(j->levels) + 1;
}

/* What holds from `from` on follows from the fewest people up to `to`. */
static enum emp_rc
folds_add(struct folds *f, const struct job *j, int64_t from, int64_t to)
{
	size_t bytes = f->n_fold * sizeof(uint32_t);
	int64_t *people = malloc(f->n_fold * sizeof *people);
	uint32_t *fold = malloc(bytes);
	enum emp_rc rc = EMP_NOMEM;

	if (people == NULL || fold == NULL ||
	    !array_reserve(&f->v, &f->max, f->n + 1, sizeof *f->v))
		goto out;
	rc = fold_moments(j, from, to, K_ANONYMITY, people, fold);
	if (rc != EMP_OK || (f->n > 0 && memcmp(f->v[f->n - 1].unit, fold, bytes) == 0))
		goto out;
	f->v[f->n++] = (struct merge_fold){from, fold};
	fold = NULL;
out:
	free(people);
	free(fold);
	return rc;
}

/* A fold for each month in which something was declared, and one for those after it
 * until something is again. */
static enum emp_rc
folds_make(struct folds *f, const struct job *j)
{
	const struct levels *l = j->levels;
	int64_t next = levels_next(l, LEVEL_HEADCOUNT, INT64_MIN);
	enum emp_rc rc = folds_add(f, j, INT64_MIN, INT64_MIN);

	while (rc == EMP_OK && next != INT64_MAX) {
		int64_t from = tz_floor(j->tz, TZ_MONTH, next);
		int64_t to = tz_next(j->tz, TZ_MONTH, next);

		rc = folds_add(f, j, from, to - 1);
		next = levels_next(l, LEVEL_HEADCOUNT, to - 1);
		if (rc == EMP_OK &&
		    (next == INT64_MAX || tz_floor(j->tz, TZ_MONTH, next) != to))
			rc = folds_add(f, j, to, to);
	}
	return rc;
}

static enum emp_rc
folds_new(struct folds **out, const struct job *j)
{
	struct folds *f = calloc(1, sizeof *f);
	enum emp_rc rc;

	*out = NULL;
	if (f == NULL)
		return EMP_NOMEM;
	f->item.free = item_free;
	f->item.version = j->c->kept->item.version;
	f->defs = j->defs->version;
	f->n_fold = levels_units(j->levels) + 1;
	rc = folds_make(f, j);
	if (rc == EMP_OK)
		*out = f;
	else
		item_free(&f->item);
	return rc;
}

static enum emp_rc
folds_take(struct job *j)
{
	struct rollup_ctx *c = j->c;
	struct newest_item *i;
	enum emp_rc rc;

	if (fits(c->folds, j))
		return EMP_OK;
	folds_drop(c);
	i = newest_take(c->r->folds);
	c->folds = i == NULL ? NULL : folds_of(i);
	if (fits(c->folds, j))
		return EMP_OK;
	folds_drop(c);
	if (j->reader == NULL)
		return EMP_STALE;
	rc = folds_new(&c->folds, j);
	if (rc == EMP_OK)
		newest_put(c->r->folds, &c->folds->item);
	return rc;
}

enum emp_rc
job_fold(struct job *j)
{
	enum emp_rc rc = folds_take(j);

	if (rc != EMP_OK)
		return rc;
	j->folds = j->c->folds->v;
	j->n_folds = j->c->folds->n;
	j->n_fold = j->c->folds->n_fold;
	return EMP_OK;
}

const uint32_t *
job_fold_at(const struct job *j, int64_t t)
{
	uint32_t i = j->n_folds - 1;

	while (i > 0 && t < j->folds[i].from)
		i--;
	return j->folds[i].unit;
}
