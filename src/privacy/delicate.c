/* Delicate figures of employees, from rows of confidential.db that have a day and a
 * unit and nothing else: what window and what groups they may be asked for, and which
 * of these say nothing but "protected".
 *
 * Each month is cut into blocks: units of enough people on average, with what was
 * folded into them. That is so whatever else is asked for, and every figure is a sum of
 * whole blocks of whole months: so no two answers, of overlapping windows, depths or
 * units, differ by fewer people than a block has. What is in no block counts nowhere.
 * How many people are enough depends on what is counted. An answer about several things
 * may cut a month in several ways, but the figures of one thing follow one of them.
 *
 * The blocks follow from declared headcounts alone, and every bucket and group that may
 * be shown is there whether or not anything was stored: so the rows that are in an
 * answer tell nothing. */
#include "privacy/fold.h"

#include "base/clock.h"

#include <stdlib.h>

#define CENTS 100

static enum emp_rc
refuse(struct job *j, const char *parameter, const char *detail)
{
	return problem_set(j->problem, EMP_INVALID, parameter, "%s", detail);
}

enum emp_rc
delicate_window(struct job *j, struct query *room)
{
	static const char dims[] =
		"figures about employees are by unit and by no other dimension";
	const struct query *q = j->q;

	if (q->step != STEP_ALL && q->step != STEP_MONTH)
		return refuse(j, "step",
			      "figures about employees are by month, or over all");
	for (int d = DIM_UNIT + 1; d < DIM_COUNT; d++) {
		if (q->filter[d].n > 0)
			return refuse(j, dim_name((enum dim)d), dims);
		if ((q->group >> d & 1) != 0)
			return refuse(j, "group_by", dims);
	}
	*room = *q;
	if (q->from_given)
		room->from = tz_floor(j->tz, TZ_MONTH, q->from);
	if (q->to_given)
		room->to = tz_ceil(j->tz, TZ_MONTH, q->to);
	j->q = room;
	return EMP_OK;
}

bool
delicate_units(const struct job *j)
{
	for (int d = DIM_UNIT + 1; d < DIM_COUNT; d++)
		if (j->q->filter[d].n > 0 || (j->q->group >> d & 1) != 0)
			return false;
	return true;
}

bool
delicate_fits(const struct job *j)
{
	const struct rollup_raw *raw = j->raw;

	return delicate_units(j) &&
		(j->q->step == STEP_MONTH ||
		 (j->q->step == STEP_ALL &&
		  (raw->from_all ||
		   tz_floor(j->tz, TZ_MONTH, raw->from) == raw->from) &&
		  (raw->to_all || tz_floor(j->tz, TZ_MONTH, raw->to) == raw->to)));
}

int64_t
delicate_today(const struct job *j)
{
	return tz_floor(j->tz, TZ_DAY, clock_now_ms() / MS_PER_S);
}

uint32_t
delicate_unit(const struct job *j, struct str unit)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	uint32_t id = INTERN_NONE;

	/* Confidential units are not interned: one that no other event named belongs
	 * to the part of it that is known. */
	while (unit.n > 0 && (id = intern_find(units, unit)) == INTERN_NONE) {
		while (unit.n > 0 && unit.p[unit.n - 1] != '/')
			unit.n--;
		unit.n -= unit.n > 0;
	}
	return id;
}

/* A month: its blocks, and which groups they belong to. */
struct delicate_month {
	uint32_t n;     /* units it knows */
	int64_t *cents; /* mean headcount by unit x 100, -1: not declared */
	uint32_t *fold; /* unit -> block; 0: what is in no unit, where `rest` */
	bool rest;
	bool *spent;     /* by block: too few people are left beside blocks in it */
	uint32_t *group; /* of each block; RAW_NONE: not asked for, or no block */
	bool *groups;    /* by raw index: has a block */
};

struct delicate {
	int64_t today;
	int64_t least; /* people of a block */
	int64_t from;  /* of the first month */
	int32_t first; /* month, since 1970-01 */
	bool any;      /* there is a group */
	uint32_t n;
	struct delicate_month month[];
};

static enum emp_rc
month_cents(const struct job *j, int64_t from, int64_t to, int64_t *cents)
{
	uint32_t units = levels_units(j->levels) + 1;
	double *mean = malloc(units * sizeof *mean);
	enum emp_rc rc = EMP_NOMEM;

	if (mean != NULL)
		rc = levels_mean(j->levels, LEVEL_HEADCOUNT, from, to, mean);
	for (uint32_t u = 0; rc == EMP_OK && u < units; u++)
		cents[u] = isnan(mean[u]) ? -1 : (int64_t)(mean[u] * CENTS);
	free(mean);
	return rc;
}

/* Of a block whose people are all declared in the blocks inside of it nobody is left:
 * who is recorded there all the same are people of whom nobody said how many they are.
 */
static void
mark_spent(const struct job *j, struct delicate_month *m, int64_t *left)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);

	memcpy(left, m->cents, m->n * sizeof *left);
	for (uint32_t u = 1; u < m->n; u++)
		if (m->fold[u] == u)
			left[m->fold[intern_parent(units, u)]] -= m->cents[u];
	for (uint32_t u = 0; u < m->n; u++)
		m->spent[u] = left[u] < j->delicate->least * CENTS;
}

static void
mark_group(struct job *j, struct delicate_month *m, uint32_t unit, int64_t from)
{
	uint32_t group = merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, unit, from);

	m->group[unit] = group;
	if (group == RAW_NONE)
		return;
	m->groups[group] = true;
	j->delicate->any = true;
}

static enum emp_rc
month_settle(struct job *j, struct delicate_month *m, int64_t from, int64_t to)
{
	struct arena *a = &j->pub.arena;
	int64_t least = j->delicate->least * CENTS;
	uint32_t units = levels_units(j->levels) + 1;
	int64_t *left;
	enum emp_rc rc;

	m->n = units;
	m->cents = arena_alloc(a, units * sizeof *m->cents);
	m->fold = arena_alloc(a, units * sizeof *m->fold);
	m->spent = arena_alloc(a, units * sizeof *m->spent);
	m->group = arena_alloc(a, units * sizeof *m->group);
	/* A group for each unit at the most, and for none. */
	m->groups = arena_zalloc(a, (units + j->raw->n_groups + 1) * sizeof *m->groups);
	left = arena_alloc(a, units * sizeof *left);
	if (m->cents == NULL || m->fold == NULL || m->spent == NULL ||
	    m->group == NULL || m->groups == NULL || left == NULL)
		return EMP_NOMEM;
	rc = month_cents(j, from, to, m->cents);
	if (rc == EMP_OK)
		rc = job_fold_by(j, m->cents, least, m->fold);
	if (rc != EMP_OK)
		return rc;
	mark_spent(j, m, left);
	for (uint32_t u = 0; u < units; u++)
		m->group[u] = RAW_NONE;
	m->rest = m->cents[0] >= least;
	if (m->rest)
		mark_group(j, m, 0, from);
	for (uint32_t u = 1; u < units; u++)
		if (m->fold[u] == u)
			mark_group(j, m, u, from);
	return EMP_OK;
}

/* A window without a beginning begins with the first headcount. */
static int64_t
first_day(const struct job *j, int64_t today)
{
	int64_t from = levels_first(j->levels, LEVEL_HEADCOUNT);

	if (!j->raw->from_all && (j->raw->from > from || j->q->step == STEP_MONTH))
		from = j->raw->from;
	return from < today ? from : today - 1;
}

enum emp_rc
delicate_spread(struct job *j, int64_t today, int64_t least)
{
	int64_t from = tz_floor(j->tz, TZ_MONTH, first_day(j, today));
	int64_t to = j->raw->to_all || j->raw->to > today ? today : j->raw->to;
	int32_t first = tz_month_index(j->tz, from);
	uint32_t n = to > from ? (uint32_t)(tz_month_index(j->tz, to - 1) - first + 1)
			       : 0;
	struct delicate *d;

	if (n > QUERY_ROWS_MAX)
		return EMP_TOO_LARGE;
	d = arena_zalloc(&j->pub.arena, sizeof *d + n * sizeof d->month[0]);
	if (d == NULL)
		return EMP_NOMEM;
	d->today = today;
	d->least = least;
	d->from = from;
	d->first = first;
	j->delicate = d;
	/* Groups that are asked for are there, though no month has a block of theirs.
	 */
	d->any = merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, 0, from) != RAW_NONE;
	if (j->q->step == STEP_ALL)
		(void)merge_time(j->merge, j->raw->from_all ? 0 : j->raw->from);
	for (; d->n < n; d->n++) {
		int64_t next = tz_next(j->tz, TZ_MONTH, from);
		enum emp_rc rc = month_settle(j, &d->month[d->n], from,
					      next < today ? next : today);

		if (rc != EMP_OK)
			return rc;
		if (j->q->step != STEP_ALL)
			(void)merge_time(j->merge, from);
		from = next;
	}
	return d->any ? EMP_OK : EMP_NOT_FOUND;
}

/* NULL: not asked for, or not over. */
static const struct delicate_month *
month_of(const struct job *j, int64_t t)
{
	const struct delicate *d = j->delicate;
	int32_t at = tz_month_index(j->tz, t) - d->first;

	return t >= d->today || at < 0 || (uint32_t)at >= d->n ? NULL : &d->month[at];
}

/* The block of a unit in that month, 0: the rest. */
static uint32_t
block_of(const struct job *j, const struct delicate_month *m, uint32_t unit)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);

	while (unit >= m->n)
		unit = intern_parent(units, unit);
	return m->fold[unit];
}

uint32_t
delicate_group_id(struct job *j, uint32_t unit, int64_t t)
{
	const struct delicate_month *m = month_of(j, t);

	return m == NULL ? RAW_NONE : m->group[block_of(j, m, unit)];
}

uint32_t
delicate_group(struct job *j, struct str unit, int64_t t)
{
	return delicate_group_id(j, delicate_unit(j, unit), t);
}

uint32_t
delicate_group_declared(struct job *j, struct str unit, int64_t t)
{
	const struct delicate_month *m = month_of(j, t);
	uint32_t block = m == NULL ? 0 : block_of(j, m, delicate_unit(j, unit));

	return m == NULL || m->spent[block] ? RAW_NONE : m->group[block];
}

enum emp_rc
delicate_blocks(struct job *j,
		enum emp_rc (*fn)(void *ctx, const struct delicate_block *b), void *ctx)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	const struct delicate *d = j->delicate;
	struct delicate_block b = {.from = d->from};

	for (uint32_t i = 0; i < d->n; i++) {
		const struct delicate_month *m = &d->month[i];

		b.end = tz_next(j->tz, TZ_MONTH, b.from);
		b.to = b.end < d->today ? b.end : d->today;
		for (b.unit = 0; b.unit < m->n; b.unit++) {
			uint32_t up = b.unit == 0
				? 0
				: m->fold[intern_parent(units, b.unit)];
			enum emp_rc rc;

			if (b.unit == 0 ? !m->rest : m->fold[b.unit] != b.unit)
				continue;
			b.group = m->group[b.unit];
			b.around = b.unit == 0 ? RAW_NONE : m->group[up];
			rc = fn(ctx, &b);
			if (rc != EMP_OK)
				return rc;
		}
		b.from = b.end;
	}
	return EMP_OK;
}

bool
delicate_has(const struct job *j, uint32_t group)
{
	bool any = false;

	for (uint32_t at = 0; at < j->delicate->n && !any; at++)
		any = j->delicate->month[at].groups[group];
	return any;
}

/* The months of a bucket, up to *end. */
static uint32_t
months_of(const struct job *j, uint32_t time, uint32_t *end)
{
	const struct delicate *d = j->delicate;
	uint32_t at;

	*end = d->n;
	if (j->q->step == STEP_ALL)
		return 0;
	at = (uint32_t)(tz_month_index(j->tz, j->times[time].start) - d->first);
	*end = at < d->n ? at + 1 : at;
	return at;
}

bool
delicate_small(const struct job *j, uint32_t group, uint32_t time)
{
	uint32_t end;
	bool any = false;

	for (uint32_t at = months_of(j, time, &end); at < end && !any; at++)
		any = j->delicate->month[at].groups[group];
	return !any;
}

bool
delicate_known(const struct job *j, uint32_t group, uint32_t time)
{
	/* What belongs to no unit that is shown is everybody's. */
	bool everybody = (j->q->group & 1u << DIM_UNIT) != 0 &&
		j->raw->groups[group].dim[DIM_UNIT] == 0;
	uint32_t end;
	bool known = false;

	for (uint32_t at = months_of(j, time, &end); at < end && !known; at++) {
		const int64_t *cents = j->delicate->month[at].cents;

		known = (everybody ? cents[0] : job_group_level(j, cents, group)) >= 0;
	}
	return known;
}

bool
delicate_protected(struct job *j, uint32_t group, uint32_t time)
{
	if (!delicate_known(j, group, time))
		pub_missing(&j->pub, "headcount.set");
	return delicate_small(j, group, time);
}
