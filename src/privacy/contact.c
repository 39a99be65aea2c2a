/* Contact: how employees are reached, by mode, and how long ago somebody last came to
 * them in person, which is a figure of its own: a unit that nobody visits has no row
 * that would say so.
 *
 * Read from the file, where nobody is named. Units of few people are folded first. */
#include "privacy/fold.h"

#include "base/clock.h"
#include "store/voice.h"

enum figure { FIG_BY_LEADER, FIG_DAYS };

static const char *const keys[] = {"mode"};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"by_leader", pub_get_count, FIG_BY_LEADER},
};

static const struct pub_column days_column = {"days_since_face_to_face", pub_get_figure,
					      FIG_DAYS};

enum column { COL_N, COL_BY_LEADER, COLS };
#define RECENT CONTACT_MODE_COUNT /* kind of the cells of last contacts */
#define DIMS_MASK ((1u << DIM_COUNT) - 1)

struct work {
	struct job *j;
	int64_t as_of;   /* Unix s */
	int64_t until;   /* contacts after that did not happen yet */
	int64_t *last;   /* by cell: newest face to face, Unix s */
	uint32_t n_last; /* cells there is room for */
	struct tally tally;
	struct pub_column columns[PUB_COLUMNS_MAX];
};

static enum emp_rc
last_seen(struct work *w, uint32_t cell, int64_t t)
{
	if (cell >= w->n_last) {
		uint32_t n = cell < 64 ? 64 : cell * 2;
		int64_t *v = arena_alloc(&w->j->pub.arena, n * sizeof *v);

		if (v == NULL)
			return EMP_NOMEM;
		for (uint32_t i = 0; i < n; i++)
			v[i] = i < w->n_last ? w->last[i] : INT64_MIN;
		w->last = v;
		w->n_last = n;
	}
	if (t > w->last[cell])
		w->last[cell] = t;
	return EMP_OK;
}

static enum emp_rc
take_contact(void *ctx, const struct contact_row *c)
{
	struct work *w = ctx;
	struct job *j = w->j;
	int64_t t = c->time / MS_PER_S;
	uint32_t cell = job_cell(j, c->mode, c->series, t);
	enum emp_rc rc = EMP_OK;

	if (cell != PEOPLE_NONE)
		rc = tally_add(&w->tally, cell, COL_N, 1);
	if (rc == EMP_OK && cell != PEOPLE_NONE && c->by_leader)
		rc = tally_add(&w->tally, cell, COL_BY_LEADER, 1);
	if (rc != EMP_OK || j->rc != EMP_OK)
		return rc != EMP_OK ? rc : j->rc;
	if (c->mode != CONTACT_FACE_TO_FACE || t > w->until)
		return EMP_OK;
	cell = merge_group(j->merge, c->series, t);
	if (cell != RAW_NONE)
		cell = job_cell_of(j, RECENT, cell, 0);
	if (cell != PEOPLE_NONE && j->rc == EMP_OK)
		return last_seen(w, cell, t);
	return j->rc;
}

/* Whoever is by unit wants to see the units where nobody was, too. */
static void
declared_units(struct job *j, int64_t as_of)
{
	const uint32_t *fold = job_fold_at(j, as_of);
	const struct query *q = j->q;
	uint32_t n = levels_units(j->levels);

	if (j->audiences == 0)
		return;
	for (int d = 0; d < DIM_COUNT; d++)
		if (d != DIM_UNIT && (q->filter[d].n > 0 || (q->group & 1u << d) != 0))
			return;
	if ((q->group & 1u << DIM_UNIT) == 0)
		(void)merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, 0, as_of);
	for (uint32_t u = 1; u <= n; u++)
		if (fold[u] == u)
			(void)merge_group_unit(j->merge, AUDIENCE_EMPLOYEE, u, as_of);
}

/* ---- rows ---------------------------------------------------------------------- */

static void
mode_rows(struct work *w, enum contact_mode mode)
{
	struct job *j = w->j;

	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->raw->n_times && !occurs; t++)
			occurs = job_cell_find(j, mode, g, t) != PEOPLE_NONE;
		for (uint32_t t = 0; t < j->n_times && occurs; t++) {
			uint32_t raw = j->times[t].raw;
			uint32_t cell = raw == RAW_NONE
				? PEOPLE_NONE
				: job_cell_find(j, mode, g, raw);
			struct pub_row *r;

			if (cell == PEOPLE_NONE && !j->q->fill)
				continue;
			r = job_row(j, &j->pub.rows, g, t);
			if (r == NULL)
				break;
			r->key[0] = str_from(contact_mode_name(mode));
			r->n = tally_get(&w->tally, cell, COL_N);
			r->figure[FIG_BY_LEADER] = (double)tally_get(&w->tally, cell,
								     COL_BY_LEADER);
		}
	}
}

/* Of a group; INT64_MIN: never. */
static int64_t
last_of(const struct work *w, uint32_t group)
{
	uint32_t cell = job_cell_find(w->j, RECENT, group, 0);

	return cell == PEOPLE_NONE ? INT64_MIN : w->last[cell];
}

/* Whoever came to a part of a unit came to the unit: by unit alone, as a filter on it
 * says, too. Parents are registered before their children. */
static enum emp_rc
last_below(struct work *w, int64_t *last)
{
	struct job *j = w->j;
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	uint32_t n = intern_count(units);
	int64_t *at = arena_alloc(&j->pub.arena, ((size_t)n + 1) * sizeof *at);

	if (at == NULL)
		return EMP_NOMEM;
	for (uint32_t u = 0; u <= n; u++)
		at[u] = INT64_MIN;
	for (uint32_t g = 0; g < j->raw->n_groups; g++)
		if (j->raw->groups[g].dim[DIM_UNIT] <= n)
			at[j->raw->groups[g].dim[DIM_UNIT]] = last[g];
	for (uint32_t u = n; u >= 1; u--) {
		uint32_t up = intern_parent(units, u);

		if (up != INTERN_NONE && at[u] > at[up])
			at[up] = at[u];
	}
	for (uint32_t g = 0; g < j->raw->n_groups; g++)
		if (j->raw->groups[g].dim[DIM_UNIT] <= n)
			last[g] = at[j->raw->groups[g].dim[DIM_UNIT]];
	return EMP_OK;
}

static enum emp_rc
days_rows(struct work *w)
{
	struct job *j = w->j;
	struct pub_table *table = &j->pub.extra[j->pub.n_extra++];
	int64_t *last = arena_alloc(&j->pub.arena,
				    (j->raw->n_groups + 1) * sizeof *last);
	uint32_t n;

	if (last == NULL)
		return EMP_NOMEM;
	for (uint32_t g = 0; g < j->raw->n_groups; g++)
		last[g] = last_of(w, g);
	if ((j->q->group & DIMS_MASK) == 1u << DIM_UNIT &&
	    last_below(w, last) != EMP_OK)
		return EMP_NOMEM;

	table->name = "face_to_face";
	table->columns = w->columns;
	job_columns(j, NULL, 0, w->columns, &n);
	/* As of now, whatever buckets the rows are in. */
	if (j->q->step != STEP_ALL)
		n--;
	w->columns[n++] = days_column;
	table->n_columns = n;
	for (uint32_t i = 0; i < j->raw->n_groups; i++) {
		uint32_t g = j->group_order[i];
		struct pub_row *r = pub_row_add(&j->pub, table);

		if (r == NULL)
			return EMP_NOMEM;
		r->group = &j->groups[g];
		if (last[g] == INT64_MIN)
			pub_missing(&j->pub, "contact.logged");
		else if (last[g] >= w->as_of)
			r->figure[FIG_DAYS] = 0;
		else
			r->figure[FIG_DAYS] = (double)((w->as_of - last[g]) /
						       S_PER_DAY);
	}
	return EMP_OK;
}

static enum emp_rc
rows_make(struct work *w)
{
	struct job *j = w->j;

	job_columns(j, keys, 1, j->pub.columns, &j->pub.rows.n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	/* In order of name, as it happens. */
	mode_rows(w, CONTACT_BROADCAST);
	mode_rows(w, CONTACT_FACE_TO_FACE);
	mode_rows(w, CONTACT_MEETING);
	return j->rc == EMP_OK ? days_rows(w) : j->rc;
}

enum emp_rc
rollup_contact(struct job *j)
{
	struct work *w = arena_zalloc(&j->pub.arena, sizeof *w);
	enum emp_rc rc;

	if (w == NULL)
		return EMP_NOMEM;
	if (j->reader == NULL)
		return EMP_STALE;
	w->j = j;
	w->tally.columns = COLS;
	w->as_of = job_as_of(j);
	/* Whoever asks without a moment wants today's contacts to count. */
	w->until = j->q->as_of_given ? w->as_of : INT64_MAX;
	j->audiences = job_audiences(j->q, 1u << AUDIENCE_EMPLOYEE) &
		1u << AUDIENCE_EMPLOYEE;
	rc = job_levels(j);
	if (rc == EMP_OK)
		rc = job_fold(j);
	if (rc == EMP_OK)
		rc = job_merge(j, NULL, 0);
	if (rc == EMP_OK)
		rc = store_read_contacts(j->reader, 0, INT64_MAX, take_contact, w);
	if (rc == EMP_OK)
		declared_units(j, w->as_of);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc == EMP_OK)
		rc = rows_make(w);
	tally_fini(&w->tally);
	return rc;
}
