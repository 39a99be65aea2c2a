/* The registry of boundaries: one block of memory with the sorted rows, their text and
 * the reference count.
 *
 * Rows of the same role, class, unit and holder lie together, by time and arrival. So
 * what is in force for these four at a time is the row before the first one that is
 * later, and a question is one such search per part of the unit's path. */
#include "model/boundaries.h"

#include <stdatomic.h>
#include <stdlib.h>

struct boundaries {
	_Atomic uint32_t references;
	size_t n;
	struct boundary rows[];
};

/* By what a row is for, without its time. */
static int
compare_keys(const struct boundary *a, const struct boundary *b)
{
	int order = str_cmp(a->role, b->role);

	if (order == 0)
		order = str_cmp(a->matter, b->matter);
	if (order == 0)
		order = str_cmp(a->unit, b->unit);
	if (order == 0)
		order = (int)a->has_holder - (int)b->has_holder;
	if (order == 0 && a->has_holder)
		order = memcmp(a->holder, b->holder, sizeof a->holder);
	return order;
}

static int
compare_rows(const void *x, const void *y)
{
	const struct boundary *a = x;
	const struct boundary *b = y;
	int order = compare_keys(a, b);

	if (order == 0)
		order = (a->time > b->time) - (a->time < b->time);
	if (order == 0)
		order = (a->seq > b->seq) - (a->seq < b->seq);
	return order;
}

static size_t
text_bytes(const struct boundary *b)
{
	return b->role.n + b->matter.n + b->unit.n + b->requires_training.n +
		b->reason.n;
}

static void
copy_text(char **at, struct str *s)
{
	if (s->n == 0) {
		*s = STR_NONE;
		return;
	}
	memcpy(*at, s->p, s->n);
	s->p = *at;
	*at += s->n;
}

enum emp_rc
boundaries_new(struct boundaries **out, const struct boundary *b, size_t n)
{
	struct boundaries *all;
	size_t bytes = sizeof *all + n * sizeof *b;
	char *text;

	for (size_t i = 0; i < n; i++)
		bytes += text_bytes(&b[i]);
	all = malloc(bytes);
	if (all == NULL)
		return EMP_NOMEM;
	atomic_init(&all->references, 1);
	all->n = n;
	if (n > 0)
		memcpy(all->rows, b, n * sizeof *b);
	text = (char *)(all->rows + n);
	for (size_t i = 0; i < n; i++) {
		struct boundary *row = &all->rows[i];

		copy_text(&text, &row->role);
		copy_text(&text, &row->matter);
		copy_text(&text, &row->unit);
		copy_text(&text, &row->requires_training);
		copy_text(&text, &row->reason);
	}
	qsort(all->rows, n, sizeof *all->rows, compare_rows);
	*out = all;
	return EMP_OK;
}

struct boundaries *
boundaries_hold(struct boundaries *b)
{
	atomic_fetch_add_explicit(&b->references, 1, memory_order_relaxed);
	return b;
}

void
boundaries_release(struct boundaries **boundaries)
{
	struct boundaries *b = *boundaries;

	*boundaries = NULL;
	if (b == NULL ||
	    atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) > 1)
		return;
	free(b);
}

size_t
boundaries_count(const struct boundaries *b)
{
	return b->n;
}

const struct boundary *
boundaries_at(const struct boundaries *b, size_t i)
{
	EMP_ASSERT(i < b->n);
	return &b->rows[i];
}

/* The last row with the key of `wanted` whose time is not after its own. */
static const struct boundary *
last_of(const struct boundaries *b, const struct boundary *wanted)
{
	size_t lo = 0;
	size_t hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_rows(&b->rows[mid], wanted) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || compare_keys(&b->rows[lo - 1], wanted) != 0)
		return NULL;
	return &b->rows[lo - 1];
}

/* "a/b/c" -> "a/b" -> "a" -> "". */
static struct str
parent_of(struct str unit)
{
	while (unit.n > 0 && unit.p[unit.n - 1] != '/')
		unit.n--;
	if (unit.n > 0)
		unit.n--;
	return unit;
}

/* From the unit upwards to everywhere, for one holder or for nobody in particular. */
static const struct boundary *
nearest(const struct boundaries *b, struct boundary *wanted, struct str unit)
{
	for (;;) {
		const struct boundary *found;

		wanted->unit = unit;
		found = last_of(b, wanted);
		if (found != NULL || unit.n == 0)
			return found;
		unit = parent_of(unit);
	}
}

const struct boundary *
boundaries_find(const struct boundaries *b, const struct boundary_question *q)
{
	struct boundary wanted = {
		.seq = INT64_MAX,
		.time = q->time,
		.role = q->role,
		.matter = q->matter,
	};
	const struct boundary *found = NULL;

	if (b == NULL)
		return NULL;
	if (q->person != NULL) {
		wanted.has_holder = true;
		memcpy(wanted.holder, q->person, sizeof wanted.holder);
		found = nearest(b, &wanted, q->unit);
		wanted.has_holder = false;
	}
	return found != NULL ? found : nearest(b, &wanted, q->unit);
}

static bool
holds(const struct boundary *b, const struct boundary_question *q)
{
	return b->time <= q->time && str_eq(b->role, q->role) &&
		str_eq(b->matter, q->matter) && unit_below(q->unit, b->unit) &&
		(!b->has_holder ||
		 (q->person != NULL &&
		  memcmp(b->holder, q->person, sizeof b->holder) == 0));
}

const struct boundary *
boundaries_nearer(const struct boundary *found, const struct boundary *more,
		  const struct boundary_question *q)
{
	if (!holds(more, q))
		return found;
	if (found == NULL)
		return more;
	if (more->has_holder != found->has_holder)
		return more->has_holder ? more : found;
	/* Both are the unit or above it: the longer is the nearer. */
	if (more->unit.n != found->unit.n)
		return more->unit.n > found->unit.n ? more : found;
	if (more->time != found->time)
		return more->time > found->time ? more : found;
	return more->seq > found->seq ? more : found;
}

bool
boundaries_in_force(const struct boundaries *b, size_t i, int64_t time)
{
	const struct boundary *row = boundaries_at(b, i);

	if (row->time > time)
		return false;
	return i + 1 == b->n || compare_keys(row, row + 1) != 0 || row[1].time > time;
}

enum within
boundary_within(const struct boundary *b, int64_t amount_cents)
{
	if (b == NULL)
		return WITHIN_NONE;
	if (b->mode != MODE_ACT)
		return WITHIN_OVER;
	if (b->limit_cents < 0 || amount_cents <= b->limit_cents)
		return WITHIN_INSIDE;
	return WITHIN_OVER;
}
