/* Training: who got what they asked for, and whether those who may decide were trained.
 *
 * Trainings are personnel: figures are of blocks (block.h), of whole months and of
 * employees, and those of a day count from the next day on. Few holders of a boundary
 * in a row are no group either: without enough of them nothing is said about theirs. */
#include "privacy/block.h"
#include "privacy/evidence.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/hash.h"
#include "model/survival.h"
#include "store/voice.h"

#include <stdlib.h>

#define CENTS 100.0
#define MS_PER_DAY (S_PER_DAY * MS_PER_S)

enum figure {
	FIG_REQUESTED,
	FIG_HOURS,
	FIG_PEOPLE,
	FIG_HEADCOUNT,
	FIG_REACH,
	FIG_HOURS_PER_HEAD,
	FIG_LEAD,
	FIG_LEAD_LEAST,
	FIG_OPEN,
	FIG_HOLDERS
};

static void
get_least(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	pub_get_figure(c, r, v);
	if (isnan(v->figure))
		v->kind = PUB_SKIP;
}

static const struct pub_column columns[] = {
	{"completed", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"requested", pub_get_count, FIG_REQUESTED},
	{"hours", pub_get_figure, FIG_HOURS},
	{"people", pub_get_count, FIG_PEOPLE},
	{"headcount", pub_get_count, FIG_HEADCOUNT},
	{"reach", pub_get_figure, FIG_REACH},
	{"hours_per_head", pub_get_figure, FIG_HOURS_PER_HEAD},
	{"lead_days", pub_get_figure, FIG_LEAD},
	{"lead_days_at_least", get_least, FIG_LEAD_LEAST},
	{"open_requests", pub_get_count, FIG_OPEN},
	{"holders_trained", pub_get_figure, FIG_HOLDERS},
};

enum column {
	COL_COMPLETED,
	COL_REQUESTED,
	COL_HOURS,
	COL_PEOPLE,
	COL_OPEN,
	COL_HOLDERS,
	COL_UNTRAINED,
	COLS
};
#define CELL 1 /* kind of job_cell */

/* A row of the file; holders' are what their boundary asks for. */
struct entry {
	int64_t time, hours; /* Unix s; hundredths, -1: not said */
	int32_t month;
	uint32_t unit, person, topic, cell;
	bool requested, holder;
};

/* From a request on. */
struct wait {
	uint32_t cell;
	struct survival_item item;
};

struct work {
	struct job *j;
	struct blocks *blocks;
	struct people *people, *sets; /* numbers of people; (cell and column, person) */
	struct strmap *topics;
	uint32_t n_topics;
	struct entry *v;
	uint32_t n, max;
	uint32_t *done; /* completed ones, by person, topic and time */
	uint32_t n_done;
	struct wait *waits;
	uint32_t n_waits;
	struct tally tally;
	int64_t today; /* the first day that does not count yet, Unix s */
};

/* ---- reading -------------------------------------------------------------------- */

static enum emp_rc
topic_of(struct work *w, struct str topic, uint32_t *out)
{
	*out = strmap_get(w->topics, topic);
	if (*out != UINT32_MAX)
		return EMP_OK;
	*out = w->n_topics++;
	return strmap_put(w->topics, topic, *out);
}

static enum emp_rc
entry_add(struct work *w, struct entry *e, const uint8_t *person, struct str topic)
{
	enum emp_rc rc = topic_of(w, topic, &e->topic);
	bool fresh;

	e->cell = PEOPLE_NONE;
	e->month = tz_month_index(w->j->tz, e->time);
	if (rc == EMP_OK)
		rc = people_add(w->people, 0, person, &e->person, &fresh);
	if (rc == EMP_OK)
		rc = blocks_note(w->blocks, e->month, e->unit, NULL);
	if (rc != EMP_OK)
		return rc;
	if (!array_reserve(&w->v, &w->max, w->n + 1, sizeof *w->v))
		return EMP_NOMEM;
	w->v[w->n++] = *e;
	return EMP_OK;
}

static enum emp_rc
take_training(void *ctx, const struct training_row *t)
{
	struct work *w = ctx;
	struct entry e = {.time = t->time / MS_PER_S,
			  .hours = t->hours_cents,
			  .unit = blocks_unit(w->blocks, t->unit),
			  .requested = t->requested};

	return entry_add(w, &e, t->person, t->topic);
}

/* Who decided what needs a training. */
static enum emp_rc
take_decision(void *ctx, const struct evidence_row *row)
{
	struct work *w = ctx;
	const struct decision_row *d = &row->decision;
	struct agg_series s;
	struct boundary_question q = {.role = d->role,
				      .matter = d->matter,
				      .person = row->person,
				      .time = d->time};
	const struct boundary *b;
	struct entry e = {.time = d->time / MS_PER_S, .hours = -1, .holder = true};

	if (e.time >= w->today || merge_time(w->j->merge, e.time) == RAW_NONE)
		return w->j->rc;
	agg_series_get(w->j->c->r->agg, d->series, &s);
	e.unit = s.dim_id[DIM_UNIT];
	if (e.unit != 0)
		q.unit = intern_text(store_names(w->j->c->r->store, DIM_UNIT), e.unit);
	b = boundaries_find(w->j->defs->boundaries, &q);
	if (b == NULL || b->requires_training.n == 0)
		return EMP_OK;
	e.unit = blocks_unit_id(w->blocks, e.unit);
	return entry_add(w, &e, row->person, b->requires_training);
}

/* A decision is looked at only where some boundary asks for a training. */
static bool
training_is_required(const struct boundaries *b)
{
	for (size_t i = 0; b != NULL && i < boundaries_count(b); i++)
		if (boundaries_at(b, i)->requires_training.n > 0)
			return true;
	return false;
}

static enum emp_rc
read_rows(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc = people_new(&w->people);

	if (rc == EMP_OK)
		rc = people_new(&w->sets);
	if (rc == EMP_OK)
		rc = strmap_new(&w->topics);
	if (rc == EMP_OK)
		rc = blocks_new(&w->blocks, j, K_ANONYMITY, false);
	if (rc == EMP_OK)
		rc = store_read_trainings(j->reader, 0, w->today * MS_PER_S,
					  take_training, w);
	if (rc == EMP_OK && training_is_required(j->defs->boundaries))
		rc = store_read_all_evidence(j->reader, take_decision, w);
	return rc == EMP_OK ? blocks_settle(w->blocks) : rc;
}

/* ---- what was completed --------------------------------------------------------- */

static int
done_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct work *w = ctx;
	const struct entry *a = &w->v[*(const uint32_t *)pa];
	const struct entry *b = &w->v[*(const uint32_t *)pb];

	if (a->person != b->person)
		return a->person < b->person ? -1 : 1;
	if (a->topic != b->topic)
		return a->topic < b->topic ? -1 : 1;
	return (a->time > b->time) - (a->time < b->time);
}

static enum emp_rc
index_done(struct work *w)
{
	w->done = malloc(((size_t)w->n + 1) * sizeof *w->done);
	w->waits = malloc(((size_t)w->n + 1) * sizeof *w->waits);
	if (w->done == NULL || w->waits == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < w->n; i++)
		if (!w->v[i].requested && !w->v[i].holder)
			w->done[w->n_done++] = i;
	if (w->n_done > 1)
		qsort_r(w->done, w->n_done, sizeof *w->done, done_cmp, w);
	return EMP_OK;
}

/* The first time at or after `from` that the person of `e` completed its topic, Unix s;
 * INT64_MAX: never. */
static int64_t
completed_from(const struct work *w, const struct entry *e, int64_t from)
{
	uint32_t low = 0;
	uint32_t high = w->n_done;
	const struct entry *hit;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct entry *d = &w->v[w->done[middle]];
		bool before = d->person != e->person ? d->person < e->person
			: d->topic != e->topic       ? d->topic < e->topic
						     : d->time < from;

		if (before)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == w->n_done)
		return INT64_MAX;
	hit = &w->v[w->done[low]];
	return hit->person == e->person && hit->topic == e->topic ? hit->time
								  : INT64_MAX;
}

/* ---- adding up ------------------------------------------------------------------ */

static uint32_t
cell_of(struct work *w, const struct entry *e)
{
	struct job *j = w->j;
	uint32_t block = blocks_at(w->blocks, e->month, e->unit);
	uint32_t time = merge_time(j->merge, e->time);
	uint32_t group;

	if (block == BLOCK_NONE || time == RAW_NONE)
		return PEOPLE_NONE;
	group = merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, block, e->time);
	return group == RAW_NONE ? PEOPLE_NONE : job_cell_of(j, CELL, group, time);
}

/* One more person of the column, unless they are counted already. */
static enum emp_rc
count_person(struct work *w, const struct entry *e, enum column c)
{
	uint8_t key[PSEUDONYM_BYTES] = {0};
	uint32_t at;
	bool fresh;
	enum emp_rc rc;

	memcpy(key, &e->person, sizeof e->person);
	rc = people_add(w->sets, (uint64_t)e->cell * COLS + c, key, &at, &fresh);
	return rc == EMP_OK && fresh ? tally_add(&w->tally, e->cell, c, 1) : rc;
}

/* Waits until today where it is open: else the lead would be the shorter the more are
 * never granted. */
static enum emp_rc
count_request(struct work *w, const struct entry *e)
{
	int64_t done = completed_from(w, e, e->time);
	bool open = done == INT64_MAX;
	int64_t s = (open ? w->today : done) - e->time;
	enum emp_rc rc = tally_add(&w->tally, e->cell, COL_REQUESTED, 1);

	/* Days of the calendar: one that is set back or forward is a day, too. */
	w->waits[w->n_waits++] = (struct wait){
		e->cell,
		{.ms = (s + S_PER_DAY / 2) / S_PER_DAY * MS_PER_DAY,
		 .answered = !open}};
	return rc == EMP_OK && open ? tally_add(&w->tally, e->cell, COL_OPEN, 1) : rc;
}

static int64_t
end_of(const struct work *w, int64_t end)
{
	return end > w->today ? w->today : end;
}

static enum emp_rc
count_entry(struct work *w, struct entry *e)
{
	enum emp_rc rc;

	e->cell = cell_of(w, e);
	if (e->cell == PEOPLE_NONE)
		return w->j->rc;
	if (e->holder)
		return EMP_OK;
	if (e->requested)
		return count_request(w, e);
	rc = tally_add(&w->tally, e->cell, COL_COMPLETED, 1);
	if (rc == EMP_OK && e->hours > 0)
		rc = tally_add(&w->tally, e->cell, COL_HOURS, (uint64_t)e->hours);
	return rc == EMP_OK ? count_person(w, e, COL_PEOPLE) : rc;
}

/* A holder is trained who had all that their decisions of the bucket asked for. */
static enum emp_rc
count_holders(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < w->n && rc == EMP_OK; i++) {
		struct entry *e = &w->v[i];
		int64_t end = j->q->step == STEP_ALL
			? j->raw->to
			: tz_next(j->tz, TZ_MONTH, e->time);
		int64_t done;

		if (!e->holder || e->cell == PEOPLE_NONE)
			continue;
		end = end_of(w, end);
		done = completed_from(w, e, end - TRAINING_CURRENT_DAYS * S_PER_DAY);
		rc = count_person(w, e, COL_HOLDERS);
		if (rc == EMP_OK && done >= end)
			rc = count_person(w, e, COL_UNTRAINED);
	}
	return rc;
}

static enum emp_rc
add_up(struct work *w)
{
	enum emp_rc rc = index_done(w);

	w->tally.columns = COLS;
	for (uint32_t i = 0; i < w->n && rc == EMP_OK; i++)
		rc = count_entry(w, &w->v[i]);
	if (rc == EMP_OK)
		rc = count_holders(w);
	return rc == EMP_OK ? w->j->rc : rc;
}

/* ---- rows ----------------------------------------------------------------------- */

static enum emp_rc
fill_lead(const struct work *w, uint32_t cell, struct pub_row *r)
{
	struct survival_item *items = malloc(((size_t)w->n_waits + 1) * sizeof *items);
	struct survival lead;
	size_t n = 0;

	if (items == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < w->n_waits; i++)
		if (w->waits[i].cell == cell)
			items[n++] = w->waits[i].item;
	survival_of(items, n, &lead);
	free(items);
	r->figure[FIG_LEAD] = lead.median.ms / MS_PER_DAY;
	if (lead.median.at_least >= 0)
		r->figure[FIG_LEAD_LEAST] = (double)(lead.median.at_least / MS_PER_DAY);
	return EMP_OK;
}

static enum emp_rc
fill_row(struct work *w, struct pub_row *r, uint32_t cell, int64_t heads)
{
	const struct tally *t = &w->tally;
	uint64_t people = tally_get(t, cell, COL_PEOPLE);
	uint64_t holders = tally_get(t, cell, COL_HOLDERS);
	double hours = (double)tally_get(t, cell, COL_HOURS) / CENTS;

	r->n = tally_get(t, cell, COL_COMPLETED);
	r->figure[FIG_REQUESTED] = (double)tally_get(t, cell, COL_REQUESTED);
	r->figure[FIG_HOURS] = hours;
	r->figure[FIG_PEOPLE] = (double)people;
	r->figure[FIG_OPEN] = (double)tally_get(t, cell, COL_OPEN);
	if (holders >= K_ANONYMITY)
		r->figure[FIG_HOLDERS] = metric_share(
			holders - tally_get(t, cell, COL_UNTRAINED), holders);
	if (heads >= 0)
		r->figure[FIG_HEADCOUNT] = (double)heads;
	else
		pub_missing(&w->j->pub, "headcount.set");
	if (heads > 0) {
		r->figure[FIG_REACH] = metric_share(people, (uint64_t)heads);
		r->figure[FIG_HOURS_PER_HEAD] = hours / (double)heads;
	}
	return fill_lead(w, cell, r);
}

static enum emp_rc
group_rows(struct work *w, uint32_t group, int64_t *at)
{
	struct job *j = w->j;
	enum emp_rc rc = EMP_OK;

	for (uint32_t t = 0; t < j->n_times && rc == EMP_OK; t++) {
		uint32_t raw = j->times[t].raw;
		uint32_t cell = raw == RAW_NONE ? PEOPLE_NONE
						: job_cell_find(j, CELL, group, raw);
		struct pub_row *r;

		if (cell == PEOPLE_NONE)
			continue;
		r = job_row(j, &j->pub.rows, group, t);
		if (r == NULL)
			return j->rc;
		job_levels_before(j, LEVEL_HEADCOUNT, end_of(w, job_time_end(j, t)),
				  at);
		rc = fill_row(w, r, cell, job_group_level(j, at, group));
	}
	return rc;
}

static enum emp_rc
rows_make(struct work *w)
{
	struct job *j = w->j;
	int64_t *at = arena_alloc(&j->pub.arena,
				  (levels_units(j->levels) + 1) * sizeof *at);
	enum emp_rc rc = EMP_OK;
	bool enough;

	if (at == NULL)
		return EMP_NOMEM;
	job_columns(j, NULL, 0, j->pub.columns, &j->pub.rows.n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	for (uint32_t i = 0; i < j->raw->n_groups && rc == EMP_OK; i++)
		rc = group_rows(w, j->group_order[i], at);
	if (rc != EMP_OK || j->pub.rows.n > 0 || j->audiences == 0)
		return rc;
	/* Nothing there, or nothing that may be shown: told apart only where it says
	 * nothing about anybody. */
	rc = job_enough(j, K_ANONYMITY, &enough);
	if (rc == EMP_OK && (!enough || blocks_hide(w->blocks)))
		rc = job_row_protected(j, STR_NONE, STR_NONE);
	return rc;
}

enum emp_rc
rollup_training(struct job *j)
{
	struct query *months = arena_alloc(&j->pub.arena, sizeof *months);
	struct work w = {.j = j};
	enum emp_rc rc;

	if (months == NULL)
		return EMP_NOMEM;
	if (j->reader == NULL)
		return EMP_STALE;
	w.today = delicate_today(j);
	if (j->q->as_of_given && tz_floor(j->tz, TZ_DAY, j->q->as_of) < w.today)
		w.today = tz_floor(j->tz, TZ_DAY, j->q->as_of);
	j->pub.as_of = pub_time(&j->pub, j->tz, w.today * MS_PER_S);
	j->audiences = job_audiences(j->q, 1u << AUDIENCE_EMPLOYEE) &
		1u << AUDIENCE_EMPLOYEE;
	rc = delicate_window(j, months);
	if (rc == EMP_OK)
		rc = job_levels(j);
	if (rc == EMP_OK)
		rc = job_merge(j, NULL, 0);
	if (rc == EMP_OK && j->audiences != 0)
		rc = read_rows(&w);
	if (rc == EMP_OK && j->audiences != 0)
		rc = add_up(&w);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc == EMP_OK)
		rc = rows_make(&w);
	blocks_free(&w.blocks);
	people_free(&w.people);
	people_free(&w.sets);
	tally_fini(&w.tally);
	strmap_free(&w.topics);
	free(w.v);
	free(w.done);
	free(w.waits);
	return rc;
}
