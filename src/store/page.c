/* Walking several ranges of an index as one list. */
#include "store/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "store/db.h"
#include "store/main_file.h"

/* Rows of a road at a time: at first what it would give if all gave as many, and one
 * more, for going on behind the last takes as long as several rows; then more. */
#define FILL_FIRST_MIN 2
#define FILL_MORE 4
#define FILL_MAX 16
/* Parameters of the statement. */
#define ARG_AFTER 1
#define ARG_LIMIT 2
#define ARG_ROAD 3

struct road {
	const struct road_source *source;
	struct road_arg arg[ROAD_ARGS_MAX];
	int n_args;
	int fill;  /* rows to ask for next time */
	int n, at; /* rows at hand */
	bool ended;
	struct {
		struct place place;
		bool fits;
	} row[FILL_MAX];
};

#define SEQ_BYTES 8

void
place_of_seq(struct place *p, int64_t seq, uint8_t in_event)
{
	uint64_t falling = (uint64_t)(INT64_MAX - seq);

	memset(p, 0, sizeof *p);
	for (int i = 0; i < SEQ_BYTES; i++)
		p->b[i] = (uint8_t)(falling >> (8 * (SEQ_BYTES - 1 - i)));
	p->b[SEQ_BYTES] = in_event;
}

int64_t
place_seq(const struct place *p)
{
	uint64_t falling = 0;

	for (int i = 0; i < SEQ_BYTES; i++)
		falling = falling << 8 | p->b[i];
	return INT64_MAX - (int64_t)falling;
}

uint8_t
place_in_event(const struct place *p)
{
	return p->b[SEQ_BYTES];
}

void
page_fini(struct page *p)
{
	free(p->road);
	p->road = NULL;
	p->n = 0;
	p->cap = 0;
}

enum emp_rc
page_add_road(struct page *p, const struct road_source *source,
	      const struct road_arg *arg, int n_args)
{
	struct road *r;

	EMP_ASSERT(n_args <= ROAD_ARGS_MAX);
	if (!array_reserve(&p->road, &p->cap, p->n + 1, sizeof *p->road))
		return EMP_NOMEM;
	r = &p->road[p->n++];
	r->source = source;
	r->n_args = n_args;
	r->fill = 0;
	r->n = 0;
	r->at = 0;
	r->ended = false;
	for (int i = 0; i < n_args; i++)
		r->arg[i] = arg[i];
	return EMP_OK;
}

static enum emp_rc
read_place(const struct road_source *from, struct place *out)
{
	int64_t number = sqlite3_column_int64(from->statement, 0);

	switch (from->kind) {
	case PLACE_SEQ:
		place_of_seq(out, number, 0);
		return EMP_OK;
	case PLACE_ANSWER:
		place_of_seq(out, number >> ANSWER_KEY_SHIFT,
			     (uint8_t)(1 + number % ANSWERS_PER_EVENT));
		return EMP_OK;
	default:
		if (sqlite3_column_bytes(from->statement, 0) != PLACE_BYTES)
			return EMP_CORRUPT;
		memcpy(out->b, sqlite3_column_blob(from->statement, 0), PLACE_BYTES);
		return EMP_OK;
	}
}

static void
bind_after(const struct road_source *to, const struct place *after)
{
	sqlite3_stmt *s = to->statement;
	uint8_t at;

	if (after == NULL && to->kind == PLACE_KEY) {
		sqlite3_bind_zeroblob(s, ARG_AFTER, 0);
	} else if (after == NULL) {
		sqlite3_bind_int64(s, ARG_AFTER, INT64_MAX);
	} else if (to->kind == PLACE_KEY) {
		sqlite3_bind_blob(s, ARG_AFTER, after->b, PLACE_BYTES, SQLITE_STATIC);
	} else if (to->kind == PLACE_SEQ) {
		sqlite3_bind_int64(s, ARG_AFTER, place_seq(after));
	} else {
		at = place_in_event(after);
		sqlite3_bind_int64(s, ARG_AFTER,
				   place_seq(after) << ANSWER_KEY_SHIFT |
					   (at > 0 ? at - 1 : 0));
	}
}

static void
bind(const struct road *r, const struct place *after)
{
	sqlite3_stmt *s = r->source->statement;

	bind_after(r->source, after);
	sqlite3_bind_int(s, ARG_LIMIT, r->fill);
	for (int i = 0; i < r->n_args; i++) {
		if (r->arg[i].text.p != NULL)
			db_bind_str(s, ARG_ROAD + i, r->arg[i].text);
		else
			sqlite3_bind_int64(s, ARG_ROAD + i, r->arg[i].number);
	}
}

/* The next rows of a road, behind `after`. */
static enum emp_rc
refill(struct page *p, struct road *r, const struct place *after)
{
	/* `after` may be in the rows that are overwritten. */
	struct place from = after != NULL ? *after : (struct place){{0}};
	sqlite3_stmt *s = r->source->statement;
	enum emp_rc rc = EMP_OK;

	r->n = 0;
	r->at = 0;
	bind(r, after != NULL ? &from : NULL);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		EMP_ASSERT(r->n < FILL_MAX);
		rc = read_place(r->source, &r->row[r->n].place);
		r->row[r->n++].fits = p->fits == NULL || p->fits(p->ctx, s);
	}
	(void)sqlite3_reset(s);
	r->ended = r->n < r->fill;
	r->fill = r->fill * FILL_MORE < FILL_MAX ? r->fill * FILL_MORE : FILL_MAX;
	return rc;
}

static int
first_fill(const struct page *p, uint32_t max)
{
	uint32_t n = max / (p->n > 0 ? p->n : 1) + 1;

	return n < FILL_FIRST_MIN ? FILL_FIRST_MIN : n > FILL_MAX ? FILL_MAX : (int)n;
}

/* The road whose head comes first; NULL: all have ended. */
static struct road *
first(struct page *p)
{
	struct road *best = NULL;

	for (uint32_t i = 0; i < p->n; i++) {
		struct road *r = &p->road[i];

		if (r->at < r->n &&
		    (best == NULL ||
		     memcmp(r->row[r->at].place.b, best->row[best->at].place.b,
			    PLACE_BYTES) < 0))
			best = r;
	}
	return best;
}

enum emp_rc
page_find(struct page *p, const struct place *after, uint32_t max, struct place *out,
	  uint32_t *n)
{
	enum emp_rc rc = EMP_OK;

	*n = 0;
	p->unfit = 0;
	p->more = false;
	if (after != NULL)
		p->end = *after;
	for (uint32_t i = 0; rc == EMP_OK && i < p->n; i++) {
		p->road[i].fill = first_fill(p, max);
		rc = refill(p, &p->road[i], after);
	}
	while (rc == EMP_OK && *n < max) {
		struct road *r = first(p);

		if (r == NULL)
			return EMP_OK;
		p->end = r->row[r->at].place;
		if (r->row[r->at].fits)
			out[(*n)++] = p->end;
		else
			p->unfit++;
		r->at++;
		if (r->at == r->n && !r->ended)
			rc = refill(p, r, &r->row[r->n - 1].place);
		if (p->scan_max > 0 && p->unfit >= p->scan_max)
			break;
	}
	p->more = rc == EMP_OK && first(p) != NULL;
	return rc;
}
