/* Inside of a merge: what merge.c (groups, times, sums) and select.c (filters) share.
 */
#ifndef EMP_AGG_MERGE_IMPL_H
#define EMP_AGG_MERGE_IMPL_H

#include "agg/merge.h"
#include "agg/window.h"

/* What a dimension's filter accepts. */
struct select {
	bool any;
	uint32_t n; /* names: ids in id[]; units: bits below n */
	uint32_t id[QUERY_VALUES_MAX];
	const uint8_t *units; /* per unit id: in one of the subtrees */
};

/* A cell in the part of time that memory may not hold, met in memory. */
struct seen {
	struct cell_key *v;
	uint32_t cap, n;
};

/* A track of the series being visited, and the first target of its subject. */
struct found {
	const struct track *track;
	uint32_t first;
};

struct merge {
	struct merge_spec s;
	struct rollup_raw raw;
	struct window w;
	/* All of it is of subjects that are summed, over all series: from sum_from on
	 * it is taken from their sum, in `sum_in`, and before from each, in `rest`. */
	bool summed;
	int64_t sum_from[GRAIN_COUNT];
	struct window sum_in, rest;
	struct select select[DIM_COUNT];
	uint32_t *unit_as; /* per unit id, folded: cut to the depth; NULL: itself */
	uint32_t n_units;
	uint32_t fold_last; /* the fold met last */
	uint32_t *group_of; /* by fold: the group of the series being visited */
	/* Open addressing: index + 1 of a group or time. */
	uint32_t *group_at, *time_at;
	uint32_t group_cap, time_cap, groups_max, times_max;
	/* The bucket of time met last. */
	int64_t time_lo, time_hi;
	uint32_t time_last;
	uint64_t subjects;   /* a bit for each of the targets' */
	struct found *found; /* room for all */
	uint64_t **sums;     /* by target: where a visit adds to */
	int64_t ram[GRAIN_COUNT];
	struct seen seen;
	uint64_t vectors;
	enum emp_rc rc; /* first failure inside of a callback */
};

/* Resolve names to ids and prepare the units. */
EMP_MUST_CHECK enum emp_rc merge_select_init(struct merge *m);
/* By the index of the fold that holds at the time in question. */
bool merge_selects(const struct merge *m, const struct agg_series *s, uint32_t fold);
/* Its unit, folded. */
uint32_t merge_folded(const struct merge *m, const struct agg_series *s, uint32_t fold);
/* The unit that rows show for it. */
uint32_t merge_unit_shown(const struct merge *m, const struct agg_series *s,
			  uint32_t fold);

#endif
