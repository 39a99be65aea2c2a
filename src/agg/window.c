/* Windows: bounds to the grid, then parts from the edges inward. */
#include "agg/window.h"

static const enum tz_unit unit_of[GRAIN_COUNT] = {TZ_MINUTE, TZ_HOUR, TZ_DAY};

static void
part_add(struct window *w, enum grain g, int64_t from, int64_t to)
{
	if (from >= to)
		return;
	EMP_ASSERT(w->n < WINDOW_PARTS);
	w->part[w->n++] = (struct window_part){g, from, to};
}

static enum grain
finest_at(const int64_t exist[GRAIN_COUNT], int64_t t)
{
	enum grain g = GRAIN_MINUTE;

	while (g < GRAIN_DAY && t < exist[g])
		g++;
	return g;
}

/* Without a step: days in the middle, hours and minutes at the edges. */
static void
plan_all(struct window *w, const struct tz *tz)
{
	int64_t lo = w->from;
	int64_t hi = w->to;
	int64_t day_lo = lo == INT64_MIN ? lo : tz_ceil(tz, TZ_DAY, lo);
	int64_t day_hi = hi == INT64_MAX ? hi : tz_floor(tz, TZ_DAY, hi);
	int64_t hour_lo = lo == INT64_MIN ? lo : tz_ceil(tz, TZ_HOUR, lo);
	int64_t hour_hi = hi == INT64_MAX ? hi : tz_floor(tz, TZ_HOUR, hi);

	if (day_lo <= day_hi) {
		part_add(w, GRAIN_MINUTE, lo, hour_lo);
		part_add(w, GRAIN_HOUR, hour_lo, day_lo);
		part_add(w, GRAIN_DAY, day_lo, day_hi);
		part_add(w, GRAIN_HOUR, day_hi, hour_hi);
		part_add(w, GRAIN_MINUTE, hour_hi, hi);
	} else if (hour_lo <= hour_hi) {
		part_add(w, GRAIN_MINUTE, lo, hour_lo);
		part_add(w, GRAIN_HOUR, hour_lo, hour_hi);
		part_add(w, GRAIN_MINUTE, hour_hi, hi);
	} else {
		part_add(w, GRAIN_MINUTE, lo, hi);
	}
}

enum emp_rc
window_plan(struct window *w, const struct query *q, const struct tz *tz,
	    const int64_t exist[GRAIN_COUNT], struct problem *p)
{
	enum grain g;

	*w = (struct window){.from = q->from_given ? q->from : INT64_MIN,
			     .to = q->to_given ? q->to : INT64_MAX};
	if (q->step == STEP_ALL) {
		if (q->from_given)
			w->from = tz_floor(tz, unit_of[finest_at(exist, w->from)],
					   w->from);
		if (q->to_given)
			w->to = tz_ceil(tz, unit_of[finest_at(exist, w->to)], w->to);
		plan_all(w, tz);
		return EMP_OK;
	}
	if (q->from_given)
		w->from = tz_floor(tz, step_unit(q->step), w->from);
	if (q->to_given)
		w->to = tz_ceil(tz, step_unit(q->step), w->to);
	g = q->step == STEP_MINUTE     ? GRAIN_MINUTE
		: q->step == STEP_HOUR ? GRAIN_HOUR
				       : GRAIN_DAY;
	if (!q->from_given)
		w->from = exist[g];
	else if (w->from < exist[g])
		return problem_set(p, EMP_INVALID, "from",
				   "a step of one %s does not reach back so far",
				   step_name(q->step));
	part_add(w, g, w->from, w->to);
	return EMP_OK;
}
