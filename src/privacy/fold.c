/* Units of employees that are too small to be shown.
 *
 * A unit is declared by PUT /v1/units or by a headcount. One that is not, or whose
 * people (for live figures the fewest of whom a headcount is known at any moment of the
 * calendar month, up to its end as declared so far) were below `least` or never
 * declared, is counted under its parent, as far up as needed; without one that is large
 * enough, under no unit at all. Where what is left in a parent besides its shown
 * children would again be fewer people than that, its smallest shown child joins it:
 * else the parent's own figures would be those few people's.
 *
 * Who is folded with whom follows from the month alone, never from what is asked for:
 * so every answer is a sum of whole units as folded in their months, and no two
 * answers, of overlapping windows, differ by fewer people than are shown. */
#include "privacy/rollup_impl.h"

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

/* Hide children until what is left of every parent is nobody or enough people. Each
 * round hides one unit, so it ends. [0] is everything without a unit of its own. */
static enum emp_rc
hide_complements(const struct intern *units, bool *shown, const int64_t *people,
		 uint32_t n, int64_t least)
{
	int64_t *left = malloc(((size_t)n + 1) * sizeof *left);
	uint32_t *smallest = malloc(((size_t)n + 1) * sizeof *smallest);
	bool again = true;

	while (left != NULL && smallest != NULL && again) {
		again = false;
		for (uint32_t u = 0; u <= n; u++) {
			left[u] = people[u];
			smallest[u] = 0;
		}
		for (uint32_t u = 1; u <= n; u++) {
			uint32_t up = shown[u] ? shown_above(units, shown, u) : 0;

			if (!shown[u])
				continue;
			left[up] -= people[u];
			if (smallest[up] == 0 || people[u] < people[smallest[up]])
				smallest[up] = u;
		}
		for (uint32_t u = 0; u <= n; u++)
			if ((u == 0 || shown[u]) && smallest[u] != 0 && left[u] > 0 &&
			    left[u] < least) {
				shown[smallest[u]] = false;
				again = true;
			}
	}
	free(left);
	free(smallest);
	return again ? EMP_NOMEM : EMP_OK;
}

enum emp_rc
job_fold_by(const struct job *j, const int64_t *people, int64_t least, uint32_t *fold)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	uint32_t n = levels_units(j->levels);
	bool *shown = calloc((size_t)n + 1, sizeof *shown);
	enum emp_rc rc;

	if (shown == NULL)
		return EMP_NOMEM;
	for (uint32_t u = 1; u <= n; u++)
		shown[u] = people[u] >= least &&
			(levels_declared(j->levels, u) ||
			 defs_unit(j->defs, intern_text(units, u)) != NULL);
	rc = hide_complements(units, shown, people, n, least);
	fold[0] = 0;
	for (uint32_t u = 1; u <= n; u++)
		fold[u] = shown[u] ? u : shown_above(units, shown, u);
	free(shown);
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
	rc = levels_lowest(j->levels, LEVEL_HEADCOUNT, from, to, *people);
	if (rc == EMP_OK)
		rc = job_fold_by(j, *people, least, fold);
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
	rc = levels_lowest(j->levels, LEVEL_HEADCOUNT, from, to, people);
	if (rc == EMP_OK)
		rc = job_fold_by(j, people, K_ANONYMITY, fold);
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
