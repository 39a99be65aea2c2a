/* Units of employees that are too small to be shown.
 *
 * A unit is declared by PUT /v1/units or by a headcount. One that is not, or whose
 * people (for live figures the fewest at any moment of the window of which a headcount
 * is known) were below `least` or never declared, is counted under its parent, as far
 * up as needed; without one that is large enough, under no unit at all. A window over
 * all time begins before every headcount, so what is not known cannot hide a unit.
 * Where what is left in a parent besides its shown
 * children would again be fewer people than that, its smallest shown child joins it:
 * else the parent's own figures would be those few people's. */
#include "privacy/rollup_impl.h"

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

enum emp_rc
job_fold(struct job *j, int64_t least)
{
	int64_t from = j->q->from_given ? j->q->from : INT64_MIN;
	int64_t to = j->q->to_given ? j->q->to : INT64_MAX;
	uint32_t n = levels_units(j->levels);
	int64_t *people = arena_alloc(&j->pub.arena, (n + 1) * sizeof *people);
	uint32_t *fold = arena_alloc(&j->pub.arena, (n + 1) * sizeof *fold);
	enum emp_rc rc;

	if (people == NULL || fold == NULL)
		return EMP_NOMEM;
	rc = levels_lowest(j->levels, LEVEL_HEADCOUNT, from, to, people);
	if (rc == EMP_OK)
		rc = job_fold_by(j, people, least, fold);
	if (rc != EMP_OK)
		return rc;
	j->fold = fold;
	j->n_fold = n + 1;
	return EMP_OK;
}
