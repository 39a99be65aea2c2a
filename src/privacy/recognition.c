/* Recognition: a row per kind, and "figures" over all kinds together, which is not
 * their sum: one person can be praised and rewarded.
 *
 * Given by and to whom is read from the file, where only recognitions of customers and
 * public ones of employees are. Shares are of the headcount in force at the end of each
 * bucket, so that a figure of last year is measured against last year's people. No row
 * is about a person, and units of few people are folded first. */
#include "privacy/fold.h"

#include "base/clock.h"
#include "store/voice.h"

enum figure {
	FIG_BY_LEADER,
	FIG_RECIPIENTS,
	FIG_GIVERS,
	FIG_HEADCOUNT,
	FIG_COVERAGE,
	FIG_GIVING,
	FIG_LEADERS_GIVING,
	FIG_FREQUENCY,
	FIG_RECENT_7,
	FIG_RECENT_30,
	FIG_BACKING
};

#define KINDS RECOGNITION_COUNT /* kind 0 stands for all of them */
#define RECENT KINDS            /* cells of recent days: RECENT + kind */
#define RECENT_SHORT_DAYS 7
#define RECENT_LONG_DAYS 30

enum column {
	COL_RECIPIENTS,
	COL_GIVERS,
	COL_LEADERS,
	COL_DAYS_7,
	COL_DAYS_30,
	COL_CONFLICTS,
	COL_BACKED,
	COL_BACKED_PRIVATELY,
	COLS
};

static const char *const keys[] = {"kind"};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"by_leader", pub_get_count, FIG_BY_LEADER},
	{"recipients", pub_get_count, FIG_RECIPIENTS},
	{"givers", pub_get_count, FIG_GIVERS},
	{"headcount", pub_get_count, FIG_HEADCOUNT},
	{"coverage", pub_get_figure, FIG_COVERAGE},
	{"giver_participation", pub_get_figure, FIG_GIVING},
	{"leader_participation", pub_get_figure, FIG_LEADERS_GIVING},
	{"frequency", pub_get_figure, FIG_FREQUENCY},
	{"recency_7d", pub_get_figure, FIG_RECENT_7},
	{"recency_30d", pub_get_figure, FIG_RECENT_30},
	{"backing_rate", pub_get_figure, FIG_BACKING},
};
#define COLUMNS (sizeof columns / sizeof *columns)

struct work {
	struct job *j;
	int64_t as_of;         /* Unix s: figures that move with the clock */
	int64_t now;           /* no bucket ends later */
	int64_t first;         /* oldest row of the window */
	struct people *people; /* (cell and column, person) */
	struct people *backed; /* decisions that private recognitions back */
	int64_t month;         /* `few` is of, start in Unix s */
	int64_t *few;   /* by unit: people besides those shown in it; then all people */
	bool conflicts; /* any was met */
	struct tally tally;       /* by cell */
	int64_t *heads, *leaders; /* [time * groups + group], -1: not declared */
	struct pub_column columns[PUB_COLUMNS_MAX];
};

static enum emp_rc
note(struct work *w, uint32_t cell, enum column c, const uint8_t *person)
{
	uint32_t at;
	bool fresh;
	enum emp_rc rc;

	if (cell == PEOPLE_NONE)
		return w->j->rc;
	rc = people_add(w->people, (uint64_t)cell * COLS + c, person, &at, &fresh);
	return rc == EMP_OK && fresh ? tally_add(&w->tally, cell, c, 1) : rc;
}

static enum emp_rc
note_recipients(struct work *w, uint32_t cell, enum column c, const struct event_row *e)
{
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < e->n_to && rc == EMP_OK; i++)
		rc = note(w, cell, c, e->to[i]);
	return rc;
}

static bool
kind_asked(const struct job *j, uint8_t kind)
{
	return kind != RECOGNITION_NONE && kind < KINDS &&
		job_filter_has(j->q, FIELD_KIND, str_from(recognition_name(kind)));
}

static enum emp_rc
take_row(void *ctx, const struct event_row *e)
{
	struct work *w = ctx;
	int64_t t = e->time / MS_PER_S;
	const uint32_t kinds[] = {0, e->recognition};
	enum emp_rc rc = EMP_OK;

	if (!kind_asked(w->j, e->recognition))
		return EMP_OK;
	for (int k = 0; k < 2 && rc == EMP_OK; k++) {
		uint32_t cell = job_cell(w->j, kinds[k], e->series, t);

		if (cell == PEOPLE_NONE)
			return w->j->rc;
		rc = note_recipients(w, cell, COL_RECIPIENTS, e);
		if (rc == EMP_OK && e->has_person)
			rc = note(w, cell, COL_GIVERS, e->person);
		if (rc == EMP_OK && e->has_person && e->by_leader)
			rc = note(w, cell, COL_LEADERS, e->person);
	}
	if (t < w->first)
		w->first = t;
	return rc;
}

/* The days before as_of, whatever the window is. */
static enum emp_rc
take_recent(void *ctx, const struct event_row *e)
{
	struct work *w = ctx;
	int64_t age = w->as_of - e->time / MS_PER_S;
	const uint32_t kinds[] = {0, e->recognition};
	uint32_t group;
	enum emp_rc rc = EMP_OK;

	if (!kind_asked(w->j, e->recognition))
		return EMP_OK;
	group = merge_group(w->j->merge, e->series, e->time / MS_PER_S);
	for (int k = 0; k < 2 && rc == EMP_OK && group != RAW_NONE; k++) {
		uint32_t cell = job_cell_of(w->j, RECENT + kinds[k], group, 0);

		rc = note_recipients(w, cell, COL_DAYS_30, e);
		if (rc == EMP_OK && age <= RECENT_SHORT_DAYS * S_PER_DAY)
			rc = note_recipients(w, cell, COL_DAYS_7, e);
	}
	return rc;
}

static enum emp_rc
read_rows(struct work *w)
{
	struct job *j = w->j;
	uint64_t types = 1u << EVENT_RECOGNITION_GIVEN;
	int64_t now = w->as_of * MS_PER_S;
	enum emp_rc rc = people_new(&w->people);

	w->tally.columns = COLS;
	w->first = INT64_MAX;
	if (rc == EMP_OK)
		rc = store_read_events(j->reader, types, job_ms(j->raw->from),
				       job_ms(j->raw->to), take_row, w);
	if (rc == EMP_OK && j->q->step == STEP_ALL)
		rc = store_read_events(j->reader, types,
				       now - RECENT_LONG_DAYS * S_PER_DAY * MS_PER_S,
				       now, take_recent, w);
	return rc;
}

/* ---- conflicts ------------------------------------------------------------------ */

static enum emp_rc
take_backing(void *ctx, const uint8_t key[16])
{
	struct work *w = ctx;
	uint32_t at;
	bool fresh;

	_Static_assert(PSEUDONYM_BYTES == 16, "a set of people takes keys, too");
	return people_add(w->backed, 0, key, &at, &fresh);
}

/* Of each unit that is shown in that month, the fewest people it has besides the shown
 * ones inside of it, and at all. */
static enum emp_rc
settle_month(struct work *w, int64_t t)
{
	struct job *j = w->j;
	int64_t month = tz_floor(j->tz, TZ_MONTH, t);
	int64_t last = tz_next(j->tz, TZ_MONTH, month) - 1;
	enum emp_rc rc;

	if (w->few != NULL && w->month == month)
		return EMP_OK;
	if (w->few == NULL)
		w->few = arena_alloc(&j->pub.arena, 2 * j->n_fold * sizeof *w->few);
	if (w->few == NULL)
		return EMP_NOMEM;
	w->month = month;
	rc = job_fold_left(j, month, last, job_fold_at(j, month), w->few);
	return rc != EMP_OK ? rc
			    : levels_lowest(j->levels, LEVEL_HEADCOUNT, month, last,
					    w->few + j->n_fold);
}

/* Whether a decision was made where enough people are left for what is private: what is
 * shown of it is a sum of such units of months, whatever is asked for. */
static enum emp_rc
among_enough(struct work *w, const struct decision_row *d, bool *enough)
{
	struct job *j = w->j;
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	int64_t t = d->time / MS_PER_S;
	enum emp_rc rc = settle_month(w, t);
	struct agg_series s;
	uint32_t unit;
	uint32_t block;

	if (rc != EMP_OK)
		return rc;
	agg_series_get(j->c->r->agg, d->series, &s);
	unit = s.dim_id[DIM_UNIT];
	while (unit >= j->n_fold)
		unit = intern_parent(units, unit);
	block = job_fold_at(j, t)[unit];
	/* What names no more than the block is about all of it. */
	*enough = w->few[block] >= K_ANONYMITY ||
		(block == unit && w->few[j->n_fold + block] >= K_ANONYMITY);
	return EMP_OK;
}

static enum emp_rc
take_conflict(void *ctx, const struct decision_row *d)
{
	struct work *w = ctx;
	uint32_t cell = job_cell(w->j, 0, d->series, d->time / MS_PER_S);
	bool enough = false;
	enum emp_rc rc;

	if (cell == PEOPLE_NONE)
		return w->j->rc;
	w->conflicts = true;
	rc = tally_add(&w->tally, cell, COL_CONFLICTS, 1);
	if (rc == EMP_OK && d->backed)
		return tally_add(&w->tally, cell, COL_BACKED, 1);
	if (rc == EMP_OK && d->has_key &&
	    people_find(w->backed, 0, d->key) != PEOPLE_NONE)
		rc = among_enough(w, d, &enough);
	if (rc == EMP_OK && enough)
		rc = tally_add(&w->tally, cell, COL_BACKED_PRIVATELY, 1);
	return rc;
}

static enum emp_rc
read_conflicts(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc = people_new(&w->backed);

	if ((j->audiences & 1u << AUDIENCE_EMPLOYEE) == 0)
		return rc;
	/* What is private counts as figures about personnel do. */
	if (rc == EMP_OK && delicate_fits(j))
		rc = store_read_backings(j->reader, take_backing, w);
	if (rc == EMP_OK)
		rc = store_read_decisions(j->reader, job_ms(j->raw->from),
					  job_ms(j->raw->to), true, take_conflict, w);
	return rc;
}

/* ---- people there are ----------------------------------------------------------- */

static int64_t
end_of(const struct work *w, uint32_t time)
{
	int64_t end = job_time_end(w->j, time);

	return end > w->now ? w->now : end;
}

static enum emp_rc
measure(struct work *w)
{
	struct job *j = w->j;
	struct arena *a = &j->pub.arena;
	uint32_t n = j->raw->n_groups;
	size_t cells = (size_t)n * j->n_times;
	int64_t *at = arena_alloc(a, (levels_units(j->levels) + 1) * sizeof *at);

	if (cells > QUERY_ROWS_MAX)
		return EMP_TOO_LARGE;
	w->heads = arena_alloc(a, (cells + 1) * sizeof *w->heads);
	w->leaders = arena_alloc(a, (cells + 1) * sizeof *w->leaders);
	if (at == NULL || w->heads == NULL || w->leaders == NULL)
		return EMP_NOMEM;
	for (uint32_t t = 0; t < j->n_times; t++) {
		int64_t end = end_of(w, t);

		job_levels_before(j, LEVEL_HEADCOUNT, end, at);
		for (uint32_t g = 0; g < n; g++)
			w->heads[t * n + g] = job_group_level(j, at, g);
		job_levels_before(j, LEVEL_LEADERS, end, at);
		for (uint32_t g = 0; g < n; g++)
			w->leaders[t * n + g] = job_group_level(j, at, g);
	}
	return EMP_OK;
}

static double
share_of(uint64_t part, int64_t whole)
{
	return whole < 0 ? NAN : metric_share(part, (uint64_t)whole);
}

/* Figures about employees, who have a headcount. */
static void
fill_shares(struct work *w, struct pub_row *r, uint32_t kind, uint32_t group,
	    uint32_t time, uint32_t cell)
{
	struct job *j = w->j;
	int64_t heads = w->heads[time * j->raw->n_groups + group];
	int64_t leaders = w->leaders[time * j->raw->n_groups + group];
	int64_t from = j->q->step != STEP_ALL ? j->times[time].start
		: j->raw->from_all            ? w->first
					      : j->raw->from;
	uint32_t recent = job_cell_find(j, RECENT + kind, group, 0);

	if (heads < 0 || (leaders < 0 && !j->brief))
		pub_missing(&j->pub, "headcount.set");
	r->figure[FIG_COVERAGE] = share_of(tally_get(&w->tally, cell, COL_RECIPIENTS),
					   heads);
	r->figure[FIG_GIVING] = share_of(tally_get(&w->tally, cell, COL_GIVERS), heads);
	r->figure[FIG_LEADERS_GIVING] = share_of(
		tally_get(&w->tally, cell, COL_LEADERS), leaders);
	r->figure[FIG_BACKING] = metric_share(
		tally_get(&w->tally, cell, COL_BACKED) +
			tally_get(&w->tally, cell, COL_BACKED_PRIVATELY),
		tally_get(&w->tally, cell, COL_CONFLICTS));
	if (heads < 0)
		return;
	r->figure[FIG_HEADCOUNT] = (double)heads;
	r->figure[FIG_FREQUENCY] = metric_frequency(r->n, (uint64_t)heads,
						    end_of(w, time) - from);
	if (j->q->step != STEP_ALL)
		return;
	r->figure[FIG_RECENT_7] = share_of(tally_get(&w->tally, recent, COL_DAYS_7),
					   heads);
	r->figure[FIG_RECENT_30] = share_of(tally_get(&w->tally, recent, COL_DAYS_30),
					    heads);
}

/* ---- rows ---------------------------------------------------------------------- */

static uint64_t
given(const struct work *w, uint32_t kind, uint32_t group, uint32_t time, bool leaders)
{
	const uint64_t *v = job_sums(w->j, 0, group, time);
	uint64_t n = 0;

	for (uint8_t k = 1; v != NULL && k < KINDS; k++)
		if ((kind == 0 || kind == k) && kind_asked(w->j, k))
			n += v[k + RECOGNITION_COUNT] + (leaders ? 0 : v[k]);
	return n;
}

static uint64_t
conflicts(const struct work *w, uint32_t group, uint32_t time)
{
	uint32_t raw = w->j->times[time].raw;
	uint32_t cell = raw == RAW_NONE ? PEOPLE_NONE
					: job_cell_find(w->j, 0, group, raw);

	return tally_get(&w->tally, cell, COL_CONFLICTS);
}

static void
kind_rows(struct work *w, struct pub_table *table, uint32_t kind)
{
	struct job *j = w->j;

	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->n_times && !occurs; t++)
			occurs = given(w, kind, g, t, false) > 0 ||
				(kind == 0 && conflicts(w, g, t) > 0);
		for (uint32_t t = 0; t < j->n_times && occurs; t++) {
			uint64_t n = given(w, kind, g, t, false);
			uint32_t raw = j->times[t].raw;
			uint32_t cell = raw == RAW_NONE
				? PEOPLE_NONE
				: job_cell_find(j, kind, g, raw);
			struct pub_row *r;

			if (n == 0 && !j->q->fill &&
			    (kind != 0 || conflicts(w, g, t) == 0))
				continue;
			r = job_row(j, table, g, t);
			if (r == NULL)
				break;
			if (kind != 0)
				r->key[0] = str_from(recognition_name(kind));
			r->n = n;
			r->figure[FIG_BY_LEADER] = (double)given(w, kind, g, t, true);
			r->figure[FIG_RECIPIENTS] = (double)tally_get(&w->tally, cell,
								      COL_RECIPIENTS);
			r->figure[FIG_GIVERS] = (double)tally_get(&w->tally, cell,
								  COL_GIVERS);
			if (j->groups[g].audience == AUDIENCE_EMPLOYEE)
				fill_shares(w, r, kind, g, t, cell);
		}
	}
}

static void
rows_make(struct work *w)
{
	struct job *j = w->j;
	struct pub_table *all = &j->pub.extra[0];
	uint32_t order[KINDS];
	uint32_t n = 0;

	for (uint8_t k = 1; k < KINDS; k++) {
		uint32_t i = n++;

		for (; i > 0 &&
		     strcmp(recognition_name(order[i - 1]), recognition_name(k)) > 0;
		     i--)
			order[i] = order[i - 1];
		order[i] = k;
	}
	job_columns(j, keys, 1, j->pub.columns, &j->pub.rows.n_columns);
	all->name = "figures";
	all->columns = w->columns;
	job_columns(j, NULL, 0, w->columns, &all->n_columns);
	for (size_t i = 0; i < COLUMNS; i++) {
		/* How often conflicts were backed is no figure of one kind. */
		if (columns[i].arg != FIG_BACKING)
			pub_column_add(&j->pub, &columns[i]);
		w->columns[all->n_columns++] = columns[i];
	}
	j->pub.n_extra = 1;
	for (uint32_t i = 0; i < n && j->rc == EMP_OK; i++)
		kind_rows(w, &j->pub.rows, order[i]);
	kind_rows(w, all, 0);
	/* Customers decide nothing, so that they cannot be backed either; and an answer
	 * around this one does not tell how many were. */
	if (!w->conflicts && !j->brief && (j->audiences & 1u << AUDIENCE_EMPLOYEE) != 0)
		pub_missing(&j->pub, "decision.made");
}

enum emp_rc
rollup_recognition(struct job *j)
{
	static const struct raw_target target = {SUBJECT_RECOGNITION, 0,
						 RECOGNITION_SLOTS, 0};
	struct work *w = arena_zalloc(&j->pub.arena, sizeof *w);
	enum emp_rc rc;

	if (w == NULL)
		return EMP_NOMEM;
	if (j->reader == NULL)
		return EMP_STALE;
	w->j = j;
	w->as_of = job_as_of(j);
	/* Without an as_of the newest event counted is still measured against what was
	 * in force when it came. */
	w->now = w->as_of;
	if (!j->q->as_of_given && j->as_of / MS_PER_S + 1 > w->now)
		w->now = j->as_of / MS_PER_S + 1;
	j->audiences = job_audiences(j->q, 1u << AUDIENCE_CUSTOMER);
	rc = job_levels(j);
	if (rc == EMP_OK)
		rc = job_fold(j);
	if (rc == EMP_OK)
		rc = job_merge(j, &target, 1);
	if (rc == EMP_OK)
		rc = read_rows(w);
	if (rc == EMP_OK)
		rc = read_conflicts(w);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc == EMP_OK)
		rc = measure(w);
	if (rc == EMP_OK)
		rows_make(w);
	people_free(&w->people);
	people_free(&w->backed);
	tally_fini(&w->tally);
	return rc;
}
