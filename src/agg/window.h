/* Which cells cover a window of time. */
#ifndef EMP_AGG_WINDOW_H
#define EMP_AGG_WINDOW_H

#include "base/tz.h"
#include "model/cell.h"
#include "model/query.h"

#define WINDOW_PARTS 5

struct window_part {
	enum grain grain;
	int64_t from, to;
};

struct window {
	int64_t from, to; /* used; INT64_MIN and INT64_MAX when not bounded */
	uint32_t n;
	struct window_part part[WINDOW_PARTS]; /* ascending, disjoint, none empty */
};

/* exist[g]: the first start that exists in that grain. The bounds are floored and
 * ceiled to the larger of the step and the finest cell kept at their age. EMP_INVALID
 * (pointer "from") when a step is finer than the cells kept since `from`. [any] */
EMP_MUST_CHECK enum emp_rc window_plan(struct window *w, const struct query *q,
				       const struct tz *tz,
				       const int64_t exist[GRAIN_COUNT],
				       struct problem *p);

#endif
