/* What was counted, merged by group and bucket of time: exact and not yet fit to be
 * shown. Only privacy/ turns it into something that may leave. */
#ifndef EMP_AGG_ROLLUP_RAW_H
#define EMP_AGG_ROLLUP_RAW_H

#include "base/arena.h"
#include "model/cell.h"
#include "model/query.h"

#define RAW_NONE UINT32_MAX

/* Slots [first, first + n) of one subject, and which of a group's sums they add to:
 * several subjects may add to one, with the same first and n. */
struct raw_target {
	uint32_t subject, first, n, sums;
};

/* One sum of one group: at[time] is a vector of target.n, or NULL where nothing was
 * counted. */
struct raw_sums {
	uint64_t **at;
	uint32_t cap;
};

struct raw_group {
	uint8_t audience;
	uint32_t dim[DIM_COUNT]; /* 0: not given, or not grouped by */
	struct raw_sums *sums;   /* n_sums */
};

struct rollup_raw {
	struct arena arena; /* holds everything below */
	/* The window used, Unix s; from_all, to_all: not bounded on that side. */
	int64_t from, to;
	bool from_all, to_all;
	bool incomplete; /* __other__ was touched */
	uint64_t cells;  /* visited */
	uint32_t n_targets, n_sums, n_groups, n_times;
	const struct raw_target *targets; /* by subject */
	struct raw_group *groups;         /* in no order */
	int64_t *times; /* starts of buckets that occur, in no order; STEP_ALL: one */
};

static inline const uint64_t *
raw_sums_at(const struct rollup_raw *r, uint32_t sums, uint32_t group, uint32_t time)
{
	const struct raw_sums *s = &r->groups[group].sums[sums];

	return time < s->cap ? s->at[time] : NULL;
}

#endif
