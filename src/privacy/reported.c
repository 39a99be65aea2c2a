/* Days by which enough employees had reported a category. */
#include "privacy/reported.h"

#include "base/array.h"
#include "base/clock.h"
#include "store/voice.h"

#include <stdlib.h>

/* A person, and the first day on which they reported it in that month. */
struct voice {
	uint32_t cell;
	int64_t day; /* Unix s */
};

/* A category may be shown of a month. */
struct found {
	uint32_t category;
	int64_t day;
};

struct reported {
	const struct str *categories;
	uint32_t n_categories;
	int64_t before; /* days that count, Unix s */
	struct query room;
	struct sub sub;
	struct people *people;
	struct voice *voices; /* by index in people */
	uint32_t n_voices, max_voices;
	struct found *found;
	uint32_t n_found, max_found;
};

static int
category_cmp(const void *key, const void *entry)
{
	return str_cmp(*(const struct str *)key, *(const struct str *)entry);
}

static uint32_t
category_find(const struct reported *r, struct str name)
{
	const struct str *at = r->n_categories == 0 || name.n == 0
		? NULL
		: bsearch(&name, r->categories, r->n_categories, sizeof name,
			  category_cmp);

	return at == NULL ? RAW_NONE : (uint32_t)(at - r->categories);
}

static enum emp_rc
take(void *ctx, const struct suggestion_row *row)
{
	struct reported *r = ctx;
	struct job *j = &r->sub.job;
	int64_t t = row->life.submitted / MS_PER_S;
	uint32_t category = row->series == 0 && row->has_person
		? category_find(r, row->category)
		: RAW_NONE;
	uint32_t group, time, cell, at;
	bool fresh;
	enum emp_rc rc;

	if (category == RAW_NONE)
		return EMP_OK;
	group = delicate_group(j, row->dim[DIM_UNIT], t);
	time = group == RAW_NONE ? RAW_NONE : merge_time(j->merge, t);
	if (time == RAW_NONE)
		return j->rc;
	cell = job_cell_of(j, category, group, time);
	if (cell == PEOPLE_NONE)
		return j->rc;
	rc = people_add(r->people, cell, row->person, &at, &fresh);
	if (rc != EMP_OK)
		return rc;
	if (!array_reserve(&r->voices, &r->max_voices, at + 1, sizeof *r->voices))
		return EMP_NOMEM;
	if (fresh) {
		r->voices[at] = (struct voice){.cell = cell, .day = t};
		r->n_voices = at + 1;
	}
	if (t < r->voices[at].day)
		r->voices[at].day = t;
	return EMP_OK;
}

static int
voice_cmp(const void *pa, const void *pb)
{
	const struct voice *a = pa;
	const struct voice *b = pb;

	if (a->cell != b->cell)
		return a->cell < b->cell ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

/* The day on which the last of so many people needed reported it; false: too few. */
static bool
enough_by(const struct reported *r, uint32_t cell, int64_t *day)
{
	uint32_t first = 0;

	while (first < r->n_voices && r->voices[first].cell < cell)
		first++;
	if (first + K_ANONYMITY > r->n_voices ||
	    r->voices[first + K_ANONYMITY - 1].cell != cell)
		return false;
	*day = r->voices[first + K_ANONYMITY - 1].day;
	return true;
}

static enum emp_rc
settle(struct reported *r, struct job *parent)
{
	struct job *j = &r->sub.job;
	bool known = false;

	if (r->n_voices > 1)
		qsort(r->voices, r->n_voices, sizeof *r->voices, voice_cmp);
	for (uint32_t g = 0; g < j->raw->n_groups; g++)
		for (uint32_t t = 0; t < j->n_times; t++) {
			bool small = delicate_small(j, g, t);

			known = known || delicate_known(j, g, t);
			for (uint32_t c = 0; c < r->n_categories && !small; c++) {
				uint32_t cell = job_cell_find(j, c, g, j->times[t].raw);
				int64_t day;

				if (cell == PEOPLE_NONE || !enough_by(r, cell, &day))
					continue;
				if (!array_reserve(&r->found, &r->max_found,
						   r->n_found + 1, sizeof *r->found))
					return EMP_NOMEM;
				r->found[r->n_found++] = (struct found){c, day};
			}
		}
	if (!known)
		pub_missing(&parent->pub, "headcount.set");
	return EMP_OK;
}

static enum emp_rc
read_months(struct reported *r, struct job *parent)
{
	struct job *j = &r->sub.job;
	enum emp_rc rc = delicate_window(j, &r->room);

	if (rc == EMP_OK)
		rc = job_levels(j);
	if (rc == EMP_OK)
		rc = job_merge(j, NULL, 0);
	if (rc == EMP_OK)
		rc = delicate_spread(j, r->before, K_DELICATE);
	if (rc == EMP_OK)
		rc = store_read_lives(j->reader, AUDIENCE_EMPLOYEE,
				      j->raw->from * MS_PER_S, j->raw->to * MS_PER_S,
				      take, r);
	if (rc == EMP_OK)
		rc = job_layout(j);
	return rc == EMP_OK ? settle(r, parent) : rc;
}

enum emp_rc
reported_read(struct reported **out, struct job *j, const struct str *categories,
	      uint32_t n, int64_t from, int64_t to)
{
	struct reported *r = calloc(1, sizeof *r);
	int64_t today = delicate_today(j);
	struct query *q;
	enum emp_rc rc;

	*out = r;
	if (r == NULL)
		return EMP_NOMEM;
	r->categories = categories;
	r->n_categories = n;
	r->before = to < today ? tz_floor(j->tz, TZ_DAY, to) : today;
	q = &r->sub.q;
	sub_query(q, j, ROLLUP_SUGGESTIONS);
	q->step = STEP_MONTH;
	q->from = from > 0 ? from : 0;
	q->to = r->before > q->from ? r->before : q->from + 1;
	q->from_given = q->to_given = true;
	sub_open(&r->sub, j);
	pub_init(&r->sub.job.pub);
	r->sub.job.audiences = 1u << AUDIENCE_EMPLOYEE;
	rc = people_new(&r->people);
	if (rc == EMP_OK)
		rc = read_months(r, j);
	/* The unit that is asked for is not shown. */
	if (rc == EMP_NOT_FOUND)
		rc = EMP_OK;
	return rc;
}

void
reported_free(struct reported **rp)
{
	struct reported *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	sub_close(&r->sub);
	people_free(&r->people);
	free(r->voices);
	free(r->found);
	free(r);
}

bool
reported_day(const struct reported *r, struct str category, int64_t from, int64_t *day)
{
	uint32_t c = category_find(r, category);
	bool any = false;

	for (uint32_t i = 0; i < r->n_found && c != RAW_NONE; i++) {
		const struct found *f = &r->found[i];

		if (f->category != c || f->day < from || (any && f->day >= *day))
			continue;
		*day = f->day;
		any = true;
	}
	return any;
}
