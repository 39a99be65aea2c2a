/* Reviews of decisions: whether they reinforce and coach, or punish.
 *
 * Who was reviewed is confidential, so figures are of blocks (block.h): whole months,
 * units of at least ten people, and at least five different deciders in each. They are
 * not cut by role or class, which would take a block apart. The month is that of the
 * decision; what was reviewed today counts from tomorrow on. */
#include "privacy/decisions.h"

#include "base/array.h"
#include "privacy/block.h"
#include "store/voice.h"

#include <stdlib.h>

enum figure {
	FIG_COVERAGE,
	FIG_REINFORCE,
	FIG_COACH,
	FIG_SANCTION,
	FIG_REINFORCEMENT,
	FIG_PUNITIVE,
	FIG_ARBITRARY,
	FIG_LATENCY
};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"coverage", pub_get_figure, FIG_COVERAGE},
	{"reinforce", pub_get_count, FIG_REINFORCE},
	{"coach", pub_get_count, FIG_COACH},
	{"sanction", pub_get_count, FIG_SANCTION},
	{"reinforcement_share", pub_get_figure, FIG_REINFORCEMENT},
	{"punitive", pub_get_figure, FIG_PUNITIVE},
	{"arbitrary", pub_get_figure, FIG_ARBITRARY},
	{"latency_days", pub_get_figure, FIG_LATENCY},
};

enum column {
	COL_DECISIONS,
	COL_VERDICTS,
	COL_WITHOUT_RULE = COL_VERDICTS + VERDICT_COUNT
};
#define COLS (COL_WITHOUT_RULE + 1)
#define CELL 1 /* kind of job_cell */

/* A review_cell, its unit known. */
struct cell_of {
	int32_t month;
	uint32_t unit, latency_days, row;
	uint8_t verdict;
	bool has_rule;
	uint64_t n;
};

struct reviews {
	struct job *j;
	struct blocks *blocks;
	struct merge *decisions; /* by unit and month */
	struct cell_of *cells;
	uint32_t n, max;
	struct tally tally;
};

void
reviews_free(struct reviews **rp)
{
	struct reviews *r = *rp;

	if (r == NULL)
		return;
	blocks_free(&r->blocks);
	merge_free(&r->decisions);
	tally_fini(&r->tally);
	free(r->cells);
	free(r);
	*rp = NULL;
}

static bool
answerable(const struct job *j)
{
	const struct query *q = j->q;

	/* By role or class a block would be taken apart. */
	for (int f = DIM_COUNT; f < FIELD_COUNT; f++)
		if (f != FIELD_AUDIENCE &&
		    (q->filter[f].n > 0 || (q->group & 1u << f) != 0))
			return false;
	return j->audiences != 0 && delicate_fits(j);
}

bool
reviews_expected(const struct job *j)
{
	const struct query *q = j->q;

	return q->step == STEP_MONTH ||
		(q->step == STEP_ALL &&
		 (!q->from_given || tz_floor(j->tz, TZ_MONTH, q->from) == q->from) &&
		 (!q->to_given || tz_floor(j->tz, TZ_MONTH, q->to) == q->to));
}

/* ---- reading -------------------------------------------------------------------- */

static enum emp_rc
take_cell(void *ctx, const struct review_cell *c)
{
	struct reviews *r = ctx;

	if (!array_reserve(&r->cells, &r->max, r->n + 1, sizeof *r->cells))
		return EMP_NOMEM;
	r->cells[r->n++] = (struct cell_of){.month = c->month,
					    .unit = blocks_unit(r->blocks, c->unit),
					    .latency_days = c->latency_days,
					    .row = PEOPLE_NONE,
					    .verdict = c->verdict,
					    .has_rule = c->has_rule,
					    .n = c->n};
	return EMP_OK;
}

static enum emp_rc
take_decider(void *ctx, const struct review_cell *c,
	     const uint8_t person[PSEUDONYM_BYTES])
{
	struct reviews *r = ctx;

	return blocks_note(r->blocks, c->month, blocks_unit(r->blocks, c->unit),
			   person);
}

static uint32_t
row_of(struct reviews *r, int32_t month, uint32_t unit)
{
	struct job *j = r->j;
	uint32_t block = blocks_at(r->blocks, month, unit);
	int64_t t = month_start(j->tz, month);
	uint32_t group;
	uint32_t time;

	if (block == BLOCK_NONE)
		return PEOPLE_NONE;
	group = merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, block, t);
	time = merge_time(j->merge, t);
	return group == RAW_NONE || time == RAW_NONE
		? PEOPLE_NONE
		: job_cell_of(j, CELL, group, time);
}

static enum emp_rc
sum_cells(struct reviews *r)
{
	enum emp_rc rc = EMP_OK;

	r->tally.columns = COLS;
	for (uint32_t i = 0; i < r->n && rc == EMP_OK; i++) {
		struct cell_of *c = &r->cells[i];

		c->row = row_of(r, c->month, c->unit);
		if (c->row == PEOPLE_NONE)
			continue;
		rc = tally_add(&r->tally, c->row, COL_VERDICTS + c->verdict, c->n);
		if (rc == EMP_OK && c->verdict == VERDICT_SANCTION && !c->has_rule)
			rc = tally_add(&r->tally, c->row, COL_WITHOUT_RULE, c->n);
	}
	return rc == EMP_OK ? r->j->rc : rc;
}

/* How many decisions there were in each month and unit, before anything is folded. A
 * month in which none was reviewed counts, too. */
static enum emp_rc
read_decisions(struct reviews *r, const struct raw_target *targets, uint32_t n)
{
	struct job *j = r->j;
	struct query *q = arena_alloc(&j->pub.arena, sizeof *q);
	struct raw_target *made = arena_alloc(&j->pub.arena, (n + 1) * sizeof *made);
	const struct rollup_raw *raw;
	enum emp_rc rc;

	if (q == NULL || made == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		made[i] = (struct raw_target){targets[i].subject, DECISION_MADE, 1, 0};
	query_init(q, ROLLUP_DECISIONS);
	q->step = STEP_MONTH;
	q->group = 1u << DIM_UNIT;
	q->order[q->n_order++] = DIM_UNIT;
	q->from_given = !j->raw->from_all;
	q->to_given = !j->raw->to_all;
	q->from = j->raw->from;
	q->to = j->raw->to;
	rc = job_merge_also(j, q, false, made, n, &r->decisions);
	if (rc != EMP_OK)
		return rc;
	raw = merge_raw(r->decisions);
	for (uint32_t t = 0; t < raw->n_times && rc == EMP_OK; t++)
		rc = blocks_note(r->blocks, tz_month_index(j->tz, raw->times[t]),
				 BLOCK_NONE, NULL);
	return rc;
}

static enum emp_rc
sum_decisions(struct reviews *r)
{
	struct job *j = r->j;
	const struct rollup_raw *raw = merge_raw(r->decisions);
	enum emp_rc rc = EMP_OK;

	for (uint32_t g = 0; g < raw->n_groups; g++)
		for (uint32_t t = 0; t < raw->n_times && rc == EMP_OK; t++) {
			const uint64_t *v = raw_sums_at(raw, 0, g, t);
			uint32_t row = v == NULL
				? PEOPLE_NONE
				: row_of(r, tz_month_index(j->tz, raw->times[t]),
					 raw->groups[g].dim[DIM_UNIT]);

			if (row != PEOPLE_NONE)
				rc = tally_add(&r->tally, row, COL_DECISIONS, *v);
		}
	return rc == EMP_OK ? j->rc : rc;
}

enum emp_rc
reviews_read(struct job *j, const struct raw_target *targets, uint32_t n,
	     struct reviews **out)
{
	int32_t from = j->raw->from_all ? 0 : tz_month_index(j->tz, j->raw->from);
	int32_t to = j->raw->to_all ? INT32_MAX : tz_month_index(j->tz, j->raw->to);
	struct reviews *r;
	enum emp_rc rc;

	*out = NULL;
	if (!answerable(j))
		return EMP_OK;
	if (j->reader == NULL)
		return EMP_STALE;
	r = calloc(1, sizeof *r);
	*out = r;
	if (r == NULL)
		return EMP_NOMEM;
	r->j = j;
	rc = blocks_new(&r->blocks, j, K_DELICATE, true);
	if (rc == EMP_OK)
		rc = store_read_reviews(j->reader, from, to, take_cell, r);
	if (rc == EMP_OK)
		rc = store_read_reviewed_deciders(j->reader, from, to, take_decider, r);
	if (rc == EMP_OK)
		rc = read_decisions(r, targets, n);
	if (rc == EMP_OK)
		rc = blocks_settle(r->blocks);
	if (rc == EMP_OK)
		rc = sum_cells(r);
	return rc == EMP_OK && n > 0 ? sum_decisions(r) : rc;
}

/* ---- rows ----------------------------------------------------------------------- */

static enum emp_rc
latency_of(struct reviews *r, uint32_t row, double *median)
{
	struct value_count *days = malloc(((size_t)r->n + 1) * sizeof *days);
	size_t n = 0;

	if (days == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < r->n; i++)
		if (r->cells[i].row == row)
			days[n++] = (struct value_count){r->cells[i].latency_days,
							 r->cells[i].n};
	*median = value_counts_median(days, n);
	free(days);
	return EMP_OK;
}

static enum emp_rc
row_make(struct reviews *r, struct pub_table *table, uint32_t group, uint32_t time,
	 uint32_t row)
{
	const struct tally *t = &r->tally;
	uint64_t reinforce = tally_get(t, row, COL_VERDICTS + VERDICT_REINFORCE);
	uint64_t coach = tally_get(t, row, COL_VERDICTS + VERDICT_COACH);
	uint64_t sanction = tally_get(t, row, COL_VERDICTS + VERDICT_SANCTION);
	uint64_t n = reinforce + coach + sanction;
	struct review_figures f = metric_reviews(reinforce, coach, sanction,
						 tally_get(t, row, COL_WITHOUT_RULE));
	struct pub_row *out;

	if (n == 0)
		return EMP_OK;
	out = job_row(r->j, table, group, time);
	if (out == NULL)
		return r->j->rc;
	out->n = n;
	out->figure[FIG_COVERAGE] = metric_share(n, tally_get(t, row, COL_DECISIONS));
	out->figure[FIG_REINFORCE] = (double)reinforce;
	out->figure[FIG_COACH] = (double)coach;
	out->figure[FIG_SANCTION] = (double)sanction;
	out->figure[FIG_REINFORCEMENT] = f.reinforcement;
	out->figure[FIG_PUNITIVE] = f.punitive;
	out->figure[FIG_ARBITRARY] = f.arbitrary;
	return latency_of(r, row, &out->figure[FIG_LATENCY]);
}

enum emp_rc
reviews_publish(struct reviews *r)
{
	static const struct pub_group employees = {.audience = AUDIENCE_EMPLOYEE};
	struct job *j = r->j;
	struct pub_table *table = &j->pub.extra[j->pub.n_extra++];
	struct pub_column *all = arena_alloc(&j->pub.arena,
					     PUB_COLUMNS_MAX * sizeof *all);
	enum emp_rc rc = EMP_OK;
	struct pub_row *none;

	if (all == NULL)
		return EMP_NOMEM;
	table->name = "reviews";
	table->columns = all;
	job_columns(j, NULL, 0, all, &table->n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		all[table->n_columns++] = columns[i];
	for (uint32_t i = 0; i < j->raw->n_groups; i++)
		for (uint32_t t = 0; t < j->n_times && rc == EMP_OK; t++) {
			uint32_t g = j->group_order[i];
			uint32_t raw = j->times[t].raw;
			uint32_t row = raw == RAW_NONE ? PEOPLE_NONE
						       : job_cell_find(j, CELL, g, raw);

			if (row != PEOPLE_NONE)
				rc = row_make(r, table, g, t, row);
		}
	if (rc != EMP_OK || table->n > 0)
		return rc;
	/* The same whether there is nothing, or nothing that may be shown. */
	none = pub_row_add(&j->pub, table);
	if (none == NULL)
		return EMP_NOMEM;
	none->group = &employees;
	none->suppressed = true;
	return EMP_OK;
}
