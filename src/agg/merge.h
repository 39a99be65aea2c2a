/* Merging counters to groups and buckets of time.
 *
 * A window is covered by the coarsest cells that fit: whole days by days, what is left
 * at its edges by hours and minutes, as far as those exist at that age. Memory is read
 * first; what it does not hold is fed from the file afterwards (merge_feed), which
 * skips the cells that memory had. [worker] or [reader], one thread per merge. */
#ifndef EMP_AGG_MERGE_H
#define EMP_AGG_MERGE_H

#include "agg/agg.h"
#include "agg/rollup_raw.h"
#include "base/intern.h"

struct merge;

/* Employees from a moment on: unit id -> the unit it is shown as. */
struct merge_fold {
	int64_t from; /* Unix s, the start of a day; of the first: INT64_MIN */
	const uint32_t *unit;
};

struct merge_spec {
	const struct agg *agg;
	struct agg_reader *reader; /* entered and left inside merge_run */
	const struct tz *tz;
	const struct intern *names[DIM_COUNT];
	const struct query *q; /* window, step, depth, group, filters of dimensions */
	uint32_t audiences;    /* bit per enum audience */
	const struct raw_target *targets;
	uint32_t n_targets;
	/* Ascending; none: as recorded. Each covers the same ids, those below n_fold.
	 */
	const struct merge_fold *folds;
	uint32_t n_folds, n_fold;
	uint64_t cells_max; /* 0: no limit */
	uint64_t rows_max;  /* vectors; 0: no limit */
};

/* The spec's targets are copied; the rest of what it points at outlives the merge.
 * EMP_INVALID when the window asks for cells finer than are kept at its age. */
EMP_MUST_CHECK enum emp_rc merge_new(struct merge **out, const struct merge_spec *s,
				     struct problem *p);
void merge_free(struct merge **m);
/* Sum up what memory holds. EMP_STALE: over cells_max; EMP_TOO_LARGE: over rows_max. */
EMP_MUST_CHECK enum emp_rc merge_run(struct merge *m);
/* After merge_run: whether the file may hold cells of that grain that memory has not,
 * and where. */
bool merge_wants(const struct merge *m, enum grain g, int64_t *from, int64_t *to);
/* A cell of the file; those that memory had, or that nobody asked for, are skipped.
 * `m` is a struct merge, so that this is a callback of store_read_cells. */
EMP_MUST_CHECK enum emp_rc merge_feed(void *m, const struct cell *c);
const struct rollup_raw *merge_raw(const struct merge *m);

/* For rows of the file that belong into the same groups and buckets. */
/* Group of the series as it is folded at t (Unix s), made when it is new; RAW_NONE when
 * a filter excludes it or memory ran out. */
uint32_t merge_group(struct merge *m, uint32_t series, int64_t t);
/* The same for rows that carry no series: of that audience and unit (0: none), and of
 * no other dimension. */
uint32_t merge_group_unit(struct merge *m, enum audience a, uint32_t unit, int64_t t);
/* Bucket of an instant (Unix s), RAW_NONE outside of the window. */
uint32_t merge_time(struct merge *m, int64_t t);

#endif
