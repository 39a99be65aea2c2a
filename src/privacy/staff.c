/* Figures of employees' signals.
 *
 * Absence is more delicate than that somebody came or left, so it needs larger blocks.
 * Each signal follows one partition and never the other.
 *
 * What is measured against people is measured against those of its blocks: a mean over
 * the months of the bucket, each weighed by its time so far. */
#include "privacy/staff.h"

#include "base/array.h"
#include "base/clock.h"
#include "store/voice.h"

#include <stdlib.h>

enum figure {
	FIG_HEADCOUNT,
	FIG_JOINED_RATE,
	FIG_VOLUNTARY,
	FIG_TURNOVER,
	FIG_VOLUNTARY_TURNOVER,
	FIG_DAYS,
	FIG_POSSIBLE,
	FIG_LOST_TIME,
	FIG_FREQUENCY
};

enum part { PART_COMMON, PART_ABSENCE, PARTS };
static const int64_t least[PARTS] = {K_ANONYMITY, K_DELICATE};

enum column {
	COL_N, /* by signal */
	COL_VOLUNTARY = COL_N + SIGNAL_COUNT,
	COL_SAID, /* whether it was voluntary */
	COL_DAYS,
	COLS
};

#define CENTS 100.0
/* Means of whole numbers are added and taken away: what is left of that is nobody. */
#define NOBODY 1e-6

/* A group's people in a bucket, of one partition. */
struct measure {
	double heads;    /* people x s */
	double seconds;  /* of months in which it has a block */
	int64_t month;   /* the last one that `seconds` has */
	double possible; /* hundredths of a day; NAN: of some block it is not known */
};

struct staff {
	struct job *j;
	struct query room;
	int64_t today;   /* the first day that does not count yet, Unix s */
	bool shown;      /* what is asked for fits */
	struct str root; /* the only unit at the top of those declared; n == 0: none */
	struct delicate *parts[PARTS]; /* NULL: no group can be shown */
	struct tally tally;            /* by cell, of kind part + 1 */
	struct measure *v;             /* likewise */
	uint32_t n, max;
	double *heads, *possible; /* by unit, of the month that is measured */
	int64_t month;
	enum part part; /* likewise */
};

static enum part
part_of(enum signal s)
{
	return s == SIGNAL_ABSENCE ? PART_ABSENCE : PART_COMMON;
}

/* ---- columns -------------------------------------------------------------------- */

/* A figure of some signals only, and of employees' rows only. */
static void
get_of(const struct pub_column *c, const struct pub_row *r, struct pub_value *v,
       enum signal s, bool count)
{
	if (count)
		pub_get_count(c, r, v);
	else
		pub_get_figure(c, r, v);
	if (r->suppressed || r->group->audience != AUDIENCE_EMPLOYEE ||
	    (s != SIGNAL_NONE && !str_is(r->key[0], signal_name(s))))
		v->kind = PUB_SKIP;
}

static void
get_any(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_of(c, r, v, SIGNAL_NONE, false);
}

static void
get_joined(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_of(c, r, v, SIGNAL_JOINED, false);
}

static void
get_left(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_of(c, r, v, SIGNAL_SEPARATION, false);
}

static void
get_left_count(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_of(c, r, v, SIGNAL_SEPARATION, true);
}

static void
get_absent(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	get_of(c, r, v, SIGNAL_ABSENCE, false);
}

static const struct pub_column columns[] = {
	{"headcount", get_any, FIG_HEADCOUNT},
	{"joined_rate", get_joined, FIG_JOINED_RATE},
	{"voluntary", get_left_count, FIG_VOLUNTARY},
	{"turnover", get_left, FIG_TURNOVER},
	{"voluntary_turnover", get_left, FIG_VOLUNTARY_TURNOVER},
	{"days", get_absent, FIG_DAYS},
	{"possible_days", get_absent, FIG_POSSIBLE},
	{"lost_time", get_absent, FIG_LOST_TIME},
	{"absence_frequency", get_absent, FIG_FREQUENCY},
};

void
staff_columns(struct job *j)
{
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
}

/* ---- reading -------------------------------------------------------------------- */

enum emp_rc
staff_new(struct staff **out, struct job *j, bool alone)
{
	struct staff *s = calloc(1, sizeof *s);
	enum emp_rc rc = EMP_OK;

	*out = s;
	if (s == NULL)
		return EMP_NOMEM;
	s->j = j;
	s->tally.columns = COLS;
	s->today = delicate_today(j);
	if (alone) {
		j->pub.as_of = pub_time(&j->pub, j->tz, s->today * MS_PER_S);
		rc = delicate_window(j, &s->room);
	}
	return rc == EMP_OK ? job_levels(j) : rc;
}

void
staff_free(struct staff **sp)
{
	struct staff *s = *sp;

	if (s == NULL)
		return;
	tally_fini(&s->tally);
	free(s->v);
	free(s);
	*sp = NULL;
}

/* The cell of a group and bucket, and room for what is measured there. */
static enum emp_rc
cell_of(struct staff *s, enum part p, uint32_t group, uint32_t time, uint32_t *cell)
{
	*cell = job_cell_of(s->j, p + 1, group, time);
	if (*cell == PEOPLE_NONE)
		return s->j->rc;
	if (!array_reserve(&s->v, &s->max, *cell + 1, sizeof *s->v))
		return EMP_NOMEM;
	while (s->n <= *cell)
		s->v[s->n++] = (struct measure){.month = INT64_MIN};
	return EMP_OK;
}

static enum emp_rc
take_row(void *ctx, const struct staff_row *row)
{
	struct staff *s = ctx;
	struct job *j = s->j;
	enum part p = part_of((enum signal)row->signal);
	int64_t t = row->time / MS_PER_S;
	uint32_t group, time, cell;
	enum emp_rc rc;

	if (s->parts[p] == NULL)
		return EMP_OK;
	j->delicate = s->parts[p];
	/* Where all are in one unit, who is in none is in that. */
	group = delicate_group_declared(j, row->unit.n > 0 ? row->unit : s->root, t);
	/* Of what is not shown, no bucket may be made either. */
	time = group == RAW_NONE ? RAW_NONE : merge_time(j->merge, t);
	if (time == RAW_NONE)
		return j->rc;
	rc = cell_of(s, p, group, time, &cell);
	if (rc == EMP_OK)
		rc = tally_add(&s->tally, cell, COL_N + row->signal, row->n);
	if (rc == EMP_OK && row->voluntary >= 0)
		rc = tally_add(&s->tally, cell, COL_SAID, row->n);
	if (rc == EMP_OK && row->voluntary == 1)
		rc = tally_add(&s->tally, cell, COL_VOLUNTARY, row->n);
	return rc == EMP_OK ? tally_add(&s->tally, cell, COL_DAYS, row->days_cents)
			    : rc;
}

/* ---- people there are ----------------------------------------------------------- */

static enum emp_rc
measure_one(struct staff *s, const struct delicate_block *b, uint32_t group,
	    double sign)
{
	double part = (double)(b->to - b->from) / (double)(b->end - b->from);
	double seconds = (double)(b->to - b->from);
	uint32_t time = group == RAW_NONE ? RAW_NONE : merge_time(s->j->merge, b->from);
	struct measure *m;
	uint32_t cell;
	enum emp_rc rc;

	if (time == RAW_NONE)
		return s->j->rc;
	rc = cell_of(s, s->part, group, time, &cell);
	if (rc != EMP_OK || cell == PEOPLE_NONE)
		return rc;
	m = &s->v[cell];
	m->heads += sign * s->heads[b->unit] * seconds;
	m->possible += sign * s->possible[b->unit] * part;
	if (sign > 0 && m->month != b->from) {
		m->month = b->from;
		m->seconds += seconds;
	}
	return EMP_OK;
}

static enum emp_rc
measure_block(void *ctx, const struct delicate_block *b)
{
	struct staff *s = ctx;
	struct job *j = s->j;
	enum emp_rc rc = EMP_OK;

	if (s->month != b->from) {
		s->month = b->from;
		rc = levels_mean(j->levels, LEVEL_HEADCOUNT, b->from, b->to, s->heads);
		if (rc == EMP_OK)
			rc = levels_mean(j->levels, LEVEL_POSSIBLE, b->from, b->to,
					 s->possible);
	}
	/* Inside of one group blocks cancel out, so that what is declared of the
	 * whole alone is enough. */
	if (rc != EMP_OK || b->group == b->around)
		return rc;
	rc = measure_one(s, b, b->group, 1);
	return rc == EMP_OK ? measure_one(s, b, b->around, -1) : rc;
}

static enum emp_rc
measure(struct staff *s)
{
	struct job *j = s->j;
	size_t units = (size_t)levels_units(j->levels) + 1;
	enum emp_rc rc = EMP_OK;

	s->heads = arena_alloc(&j->pub.arena, units * sizeof *s->heads);
	s->possible = arena_alloc(&j->pub.arena, units * sizeof *s->possible);
	if (s->heads == NULL || s->possible == NULL)
		return EMP_NOMEM;
	for (int p = 0; p < PARTS && rc == EMP_OK; p++) {
		s->month = INT64_MIN;
		s->part = (enum part)p;
		j->delicate = s->parts[p];
		if (s->parts[p] != NULL)
			rc = delicate_blocks(j, measure_block, s);
	}
	return rc;
}

static void
find_root(struct staff *s)
{
	const struct intern *units = store_names(s->j->c->r->store, DIM_UNIT);
	uint32_t n = levels_units(s->j->levels);
	uint32_t root = INTERN_NONE;

	for (uint32_t u = 1; u <= n; u++) {
		uint32_t top = u;

		if (!levels_declared(s->j->levels, u))
			continue;
		while (intern_parent(units, top) != INTERN_NONE)
			top = intern_parent(units, top);
		if (root != INTERN_NONE && root != top)
			return;
		root = top;
	}
	if (root != INTERN_NONE)
		s->root = intern_text(units, root);
}

static bool
asked(const struct job *j, enum part p)
{
	bool any = false;

	for (int s = SIGNAL_NONE + 1; s < SIGNAL_COUNT; s++)
		any = any ||
			(signal_fits((enum signal)s, AUDIENCE_EMPLOYEE) &&
			 signal_class((enum signal)s, AUDIENCE_EMPLOYEE) ==
				 CLASS_PERSONNEL &&
			 part_of((enum signal)s) == p &&
			 job_filter_has(j->q, FIELD_SIGNAL,
					str_from(signal_name((enum signal)s))));
	return any;
}

enum emp_rc
staff_read(struct staff *s)
{
	struct job *j = s->j;
	enum emp_rc rc = EMP_OK;

	s->shown = delicate_fits(j);
	if (!s->shown)
		return EMP_OK;
	find_root(s);
	for (int p = 0; p < PARTS && rc == EMP_OK; p++) {
		if (!asked(j, (enum part)p))
			continue;
		rc = delicate_spread(j, s->today, least[p]);
		if (rc == EMP_OK)
			s->parts[p] = j->delicate;
		if (rc == EMP_NOT_FOUND)
			rc = EMP_OK;
	}
	if (rc == EMP_OK)
		rc = store_read_staff(j->reader, job_ms(j->raw->from),
				      job_ms(j->raw->to), take_row, s);
	return rc == EMP_OK ? measure(s) : rc;
}

/* ---- rows ----------------------------------------------------------------------- */

static void
fill_row(struct staff *s, struct pub_row *r, enum signal signal, uint32_t cell)
{
	const struct measure *m = &s->v[cell];
	uint64_t voluntary = tally_get(&s->tally, cell, COL_VOLUNTARY);
	uint64_t days = tally_get(&s->tally, cell, COL_DAYS);
	bool said = tally_get(&s->tally, cell, COL_SAID) > 0;
	uint64_t possible;
	double heads = m->seconds > 0 ? m->heads / m->seconds : NAN;

	/* Parts may say that they are more than the whole. */
	if (heads < NOBODY)
		heads = 0;
	r->n = tally_get(&s->tally, cell, COL_N + (uint32_t)signal);
	r->figure[FIG_HEADCOUNT] = heads;
	r->figure[FIG_JOINED_RATE] = metric_turnover(r->n, heads);
	r->figure[FIG_TURNOVER] = metric_turnover(r->n, heads);
	/* Where nobody said so of anybody, it is unknown, not none. */
	if (said || r->n == 0) {
		r->figure[FIG_VOLUNTARY] = (double)voluntary;
		r->figure[FIG_VOLUNTARY_TURNOVER] = metric_turnover(voluntary, heads);
	}
	r->figure[FIG_DAYS] = (double)days / CENTS;
	r->figure[FIG_FREQUENCY] = metric_absence_frequency(r->n, heads);
	if (signal != SIGNAL_ABSENCE)
		return;
	if (isnan(m->possible)) {
		pub_missing(&s->j->pub, "headcount.set");
		return;
	}
	possible = m->possible < 0 ? 0 : (uint64_t)llround(m->possible);
	r->figure[FIG_POSSIBLE] = (double)possible / CENTS;
	r->figure[FIG_LOST_TIME] = metric_lost_time(days, possible);
}

static void
group_rows(struct staff *s, enum signal signal, uint32_t group, bool *small)
{
	struct job *j = s->j;
	enum part p = part_of(signal);

	for (uint32_t t = 0; t < j->n_times && j->rc == EMP_OK; t++) {
		uint32_t raw = j->times[t].raw;
		struct pub_row *r;
		uint32_t cell;

		if (raw == RAW_NONE) /* filled in: no month of these figures */
			continue;
		if (delicate_protected(j, group, t)) {
			small[t] = true;
			continue;
		}
		cell = job_cell_find(j, p + 1, group, raw);
		if (cell == PEOPLE_NONE ||
		    (tally_get(&s->tally, cell, COL_N + (uint32_t)signal) == 0 &&
		     !j->q->fill))
			continue;
		r = job_row(j, &j->pub.rows, group, t);
		if (r == NULL)
			return;
		r->key[0] = str_from(signal_name(signal));
		fill_row(s, r, signal, cell);
	}
}

/* What is protected does not say of whom, so once is enough. */
static void
small_rows(struct staff *s, enum signal signal, const bool *small)
{
	struct job *j = s->j;

	for (uint32_t t = 0; t < j->n_times && j->rc == EMP_OK; t++) {
		struct pub_row *r;

		if (!small[t])
			continue;
		j->rc = job_row_protected(j, str_from(signal_name(signal)), STR_NONE);
		if (j->rc != EMP_OK)
			return;
		r = &j->pub.rows.rows[j->pub.rows.n - 1];
		r->time = j->times[t].text;
	}
}

/* Whether it is a group of these figures: what is counted live makes others. */
static bool
has_block(const struct staff *s, uint32_t group)
{
	bool any = s->j->raw->groups[group].dim[DIM_UNIT] == 0;

	for (int p = 0; p < PARTS && !any; p++) {
		s->j->delicate = s->parts[p];
		any = s->parts[p] != NULL && delicate_has(s->j, group);
	}
	return any;
}

enum emp_rc
staff_rows(struct staff *s, enum signal signal)
{
	struct job *j = s->j;
	enum part p = part_of(signal);
	bool *small;

	if (!s->shown || s->parts[p] == NULL ||
	    signal_class(signal, AUDIENCE_EMPLOYEE) != CLASS_PERSONNEL)
		return job_row_protected(j, str_from(signal_name(signal)), STR_NONE);
	small = arena_zalloc(&j->pub.arena, (j->n_times + 1) * sizeof *small);
	if (small == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];

		if (j->groups[g].audience != AUDIENCE_EMPLOYEE || !has_block(s, g))
			continue;
		j->delicate = s->parts[p];
		group_rows(s, signal, g, small);
	}
	small_rows(s, signal, small);
	return j->rc;
}
