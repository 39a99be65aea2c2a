/* What people said in words: comments of customers, and public recognition. Newest
 * first, no totals, nothing about one person but what everybody was meant to read.
 * Comments of employees leave with releases only (released_comments.c). */
#include "base/clock.h"
#include "base/num.h"
#include "privacy/cards.h"
#include "privacy/released_rows.h"
#include "store/voice.h"

#include <stdio.h>
#include <stdlib.h>

#define SCAN_MAX 20000
/* Rows of other times, which are passed in the index, for one page. */
#define PASS_MAX 4096
/* Rows asked for beyond a page: an event may have a comment and a text for each of its
 * questions, and a page ends with a whole event. */
#define SCAN_BEYOND (EVENT_ANSWERS_MAX + 2)

/* How far a list was read. */
struct scan {
	int64_t seq;   /* of the row met last; 0: none */
	uint32_t same; /* rows met with that number */
	uint32_t skip; /* of the next call: rows met already */
	uint32_t got, scanned;
	bool more;
};

/* Whether this row was not met before. */
static bool
scan_meets(struct scan *s, int64_t seq)
{
	s->got++;
	if (s->skip > 0) {
		s->skip--;
		return false;
	}
	s->scanned++;
	s->same = seq == s->seq ? s->same + 1 : 1;
	s->seq = seq;
	return true;
}

/* Where the next call begins: with the event met last, which may not be over. */
static int64_t
scan_again(struct scan *s)
{
	s->got = 0;
	s->skip = s->same;
	return s->seq + 1;
}

static bool
scan_ends(struct scan *s, uint32_t max, const struct feed_end *end)
{
	if (!s->more && end->more) {
		s->more = true;
		s->seq = end->seq;
	}
	return s->more || s->got < max;
}

static enum emp_rc
cursor_of(struct job *j, int64_t *before)
{
	uint64_t seq = 0;

	if (j->q->cursor.n > 0 &&
	    (!num_u64(j->q->cursor, &seq) || seq == 0 || seq > INT64_MAX))
		return problem_set(j->problem, EMP_INVALID, "cursor",
				   "expected `next` of the page before");
	*before = (int64_t)seq;
	return EMP_OK;
}

static enum emp_rc
next_at(struct job *j, int64_t seq)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%lld", (long long)seq);

	j->pub.next = arena_str(&j->pub.arena, (struct str){text, (size_t)n});
	return j->pub.next.p == NULL ? EMP_NOMEM : EMP_OK;
}

static bool
copied(struct job *j, struct str *to, struct str from)
{
	*to = from.n > 0 ? arena_str(&j->pub.arena, from) : STR_NONE;
	return from.n == 0 || to->p != NULL;
}

static void
columns_add(struct rollup_pub *p, const struct pub_column *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pub_column_add(p, &c[i]);
}

/* Filters of dimensions, and the token's unit. */
static bool
dims_fit(const struct job *j, const struct str dim[DIM_COUNT])
{
	const struct query *q = j->q;
	bool fits = q->filter[DIM_UNIT].n == 0;

	for (uint32_t i = 0; i < q->filter[DIM_UNIT].n && !fits; i++)
		fits = unit_within(dim[DIM_UNIT], q->filter[DIM_UNIT].value[i]);
	for (int d = DIM_UNIT + 1; d < DIM_COUNT && fits; d++)
		fits = job_filter_has(q, (enum field)d, dim[d]);
	return fits && unit_within(dim[DIM_UNIT], q->only_unit);
}

/* ---- comments ------------------------------------------------------------------- */

enum comment_text {
	COMMENT_TIME,
	COMMENT_ID,
	COMMENT_SURVEY,
	COMMENT_QUESTION,
	COMMENT_TEXT,
	COMMENT_DIM,
	COMMENT_TEXTS = COMMENT_DIM + DIM_COUNT
};

static const struct pub_column comment_columns[] = {
	{"time", pub_get_text, COMMENT_TIME},
	{"id", pub_get_text, COMMENT_ID},
	{"survey", pub_get_text, COMMENT_SURVEY},
	{"question", pub_get_text, COMMENT_QUESTION},
	{"text", pub_get_text, COMMENT_TEXT},
	{"unit", pub_get_text, COMMENT_DIM + DIM_UNIT},
	{"channel", pub_get_text, COMMENT_DIM + DIM_CHANNEL},
	{"touchpoint", pub_get_text, COMMENT_DIM + DIM_TOUCHPOINT},
	{"segment", pub_get_text, COMMENT_DIM + DIM_SEGMENT},
	{"initiative", pub_get_text, COMMENT_DIM + DIM_INITIATIVE},
	{"lang", pub_get_text, COMMENT_DIM + DIM_LANG},
};

struct comments {
	struct job *j;
	struct scan scan;
	int64_t last; /* the event that the page ends with, once that is settled */
};

static enum emp_rc
comment_add(struct job *j, const struct comment_row *row, const struct survey *v,
	    const struct str dim[DIM_COUNT])
{
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);
	bool ok = r != NULL;

	if (!ok)
		return EMP_NOMEM;
	r->text[COMMENT_TIME] = cards_time(j, row->time, false);
	r->text[COMMENT_SURVEY] = v->name;
	ok = copied(j, &r->text[COMMENT_ID], row->id) &&
		copied(j, &r->text[COMMENT_QUESTION], row->question) &&
		copied(j, &r->text[COMMENT_TEXT], row->text);
	for (int d = 0; d < DIM_COUNT; d++)
		r->text[COMMENT_DIM + d] = dim[d]; /* interned */
	return ok ? EMP_OK : EMP_NOMEM;
}

static enum emp_rc
take_comment(void *ctx, const struct comment_row *row)
{
	struct comments *c = ctx;
	struct job *j = c->j;
	const struct survey *v = surveys_by_id(j->defs->surveys, row->survey);
	struct str dim[DIM_COUNT];
	enum emp_rc rc;

	if (c->scan.more || (c->last != 0 && row->seq != c->last)) {
		c->scan.got++;
		c->scan.more = true;
		return EMP_OK;
	}
	if (!scan_meets(&c->scan, row->seq))
		return EMP_OK;
	if (c->scan.scanned >= SCAN_MAX)
		c->last = row->seq;
	if (v == NULL || v->audience != AUDIENCE_CUSTOMER ||
	    !job_filter_has(j->q, FIELD_SURVEY, v->name) ||
	    !job_filter_has(j->q, FIELD_QUESTION, row->question))
		return EMP_OK;
	for (int d = 0; d < DIM_COUNT; d++)
		dim[d] = series_text(j, row->series, (enum dim)d);
	if (!dims_fit(j, dim))
		return EMP_OK;
	rc = comment_add(j, row, v, dim);
	if (j->pub.rows.n >= j->q->limit)
		c->last = row->seq;
	return rc;
}

/* What is asked for says of whom: the audience, or else the survey. */
static enum emp_rc
comments_survey(struct job *j, const struct survey **survey, enum audience *audience)
{
	const struct query_filter *f = &j->q->filter[FIELD_SURVEY];
	const struct query_filter *of = &j->q->filter[FIELD_AUDIENCE];

	*survey = NULL;
	*audience = of->n > 0 ? audience_find(of->value[0]) : AUDIENCE_CUSTOMER;
	if (f->n == 0)
		return EMP_OK;
	*survey = surveys_find(j->defs->surveys, f->value[0]);
	if (*survey == NULL)
		return problem_set(j->problem, EMP_INVALID, "survey",
				   "there is no survey of that name");
	if (of->n > 0 && (*survey)->audience != *audience)
		return problem_set(j->problem, EMP_INVALID, "survey",
				   "that survey asks the other audience");
	*audience = (enum audience)(*survey)->audience;
	return EMP_OK;
}

enum emp_rc
ask_comments(struct job *j)
{
	struct comments c = {.j = j};
	struct feed_end end = {.scan = PASS_MAX};
	uint32_t max = j->q->limit + SCAN_BEYOND;
	int64_t before = 0;
	const struct survey *survey;
	enum audience audience;
	uint32_t id = 0;
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	rc = cards_need(j, SCOPE_READ);
	if (rc == EMP_OK)
		rc = comments_survey(j, &survey, &audience);
	if (rc == EMP_OK && audience == AUDIENCE_EMPLOYEE)
		return released_comments(j, survey == NULL ? STR_NONE : survey->name);
	if (rc == EMP_OK)
		rc = cursor_of(j, &before);
	if (rc != EMP_OK)
		return rc;
	if (survey != NULL)
		id = survey->id;
	j->pub.form = PUB_LIST;
	j->pub.as_of = STR_NONE;
	j->pub.rows.n_texts = COMMENT_TEXTS;
	columns_add(&j->pub, comment_columns,
		    sizeof comment_columns / sizeof *comment_columns);
	do {
		if (c.scan.seq != 0)
			before = scan_again(&c.scan);
		rc = store_read_comments(j->reader, id, j->q->from * MS_PER_S,
					 j->q->to * MS_PER_S, before, max, &end,
					 take_comment, &c);
	} while (rc == EMP_OK && !scan_ends(&c.scan, max, &end));
	return rc == EMP_OK && c.scan.more ? next_at(j, c.scan.seq) : rc;
}

/* ---- recognition ---------------------------------------------------------------- */

enum praise_text {
	PRAISE_TIME,
	PRAISE_KIND,
	PRAISE_FROM,
	PRAISE_TO,
	PRAISE_MESSAGE,
	PRAISE_UNIT,
	PRAISE_TEXTS
};

static const struct pub_column praise_columns[] = {
	{"time", pub_get_text, PRAISE_TIME},
	{"audience", pub_get_audience, 0},
	{"kind", pub_get_text, PRAISE_KIND},
	{"to_name", pub_get_text, PRAISE_TO},
	{"from_name", pub_get_text, PRAISE_FROM},
	{"message", pub_get_text, PRAISE_MESSAGE},
	{"by_leader", pub_get_flag, 0},
	{"unit", pub_get_text, PRAISE_UNIT},
};

struct praise {
	struct cards cards;
	enum audience audience;
	struct scan scan;
	uint32_t first; /* rows of the audience read before */
	int64_t *seqs;  /* by row */
};

static enum emp_rc
praise_add(struct praise *p, const struct praise_row *row, struct str unit)
{
	static const struct pub_group groups[] = {
		[AUDIENCE_CUSTOMER] = {.audience = AUDIENCE_CUSTOMER},
		[AUDIENCE_EMPLOYEE] = {.audience = AUDIENCE_EMPLOYEE},
	};
	struct job *j = p->cards.j;
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);

	if (r == NULL)
		return EMP_NOMEM;
	p->seqs[j->pub.rows.n - 1] = row->seq;
	r->group = &groups[p->audience];
	r->flags = row->by_leader;
	r->text[PRAISE_TIME] = cards_time(j, row->time,
					  p->audience == AUDIENCE_EMPLOYEE);
	r->text[PRAISE_KIND] = str_from(recognition_name((enum recognition)row->kind));
	r->text[PRAISE_UNIT] = unit; /* interned */
	return copied(j, &r->text[PRAISE_FROM], row->from_name) &&
			copied(j, &r->text[PRAISE_TO], row->to_name) &&
			copied(j, &r->text[PRAISE_MESSAGE], row->message)
		? EMP_OK
		: EMP_NOMEM;
}

/* Of employees a unit too small is part of the one above it, and there is no other
 * dimension. */
static bool
praise_fits(const struct praise *p, const struct praise_row *row, struct str *unit)
{
	const struct job *j = p->cards.j;
	const struct suggestion_row as = {.series = row->series,
					  .audience = (uint8_t)p->audience};
	struct str dim[DIM_COUNT] = {STR_NONE};

	if (!job_filter_has(j->q, FIELD_KIND,
			    str_from(recognition_name((enum recognition)row->kind))))
		return false;
	*unit = cards_unit(&p->cards, &as);
	dim[DIM_UNIT] = *unit;
	if (p->audience == AUDIENCE_CUSTOMER)
		for (int d = DIM_UNIT + 1; d < DIM_COUNT; d++)
			dim[d] = series_text(j, row->series, (enum dim)d);
	return dims_fit(j, dim);
}

static enum emp_rc
take_praise(void *ctx, const struct praise_row *row)
{
	struct praise *p = ctx;
	struct job *j = p->cards.j;
	struct str unit;

	if (p->scan.more || p->scan.scanned >= SCAN_MAX ||
	    j->pub.rows.n - p->first == j->q->limit) {
		p->scan.got++;
		p->scan.more = true;
		return EMP_OK;
	}
	if (!scan_meets(&p->scan, row->seq) || !praise_fits(p, row, &unit))
		return EMP_OK;
	return praise_add(p, row, unit);
}

/* Rows of one audience behind those of the other; `last` is raised to where this one
 * was not read any further. */
static enum emp_rc
praise_read(struct praise *p, enum audience a, int64_t before, int64_t *last)
{
	struct job *j = p->cards.j;
	uint32_t max = j->q->limit + SCAN_BEYOND;
	struct feed_end end = {.scan = PASS_MAX};
	enum emp_rc rc = a == AUDIENCE_EMPLOYEE ? cards_fold(&p->cards, true) : EMP_OK;

	p->audience = a;
	p->first = j->pub.rows.n;
	p->scan = (struct scan){.seq = 0};
	if (rc != EMP_OK)
		return rc;
	do {
		if (p->scan.seq != 0)
			before = scan_again(&p->scan);
		rc = store_read_praise(j->reader, a, j->q->from * MS_PER_S,
				       j->q->to * MS_PER_S, before, max, &end,
				       take_praise, p);
	} while (rc == EMP_OK && !scan_ends(&p->scan, max, &end));
	if (p->scan.more && p->scan.seq > *last)
		*last = p->scan.seq;
	return rc;
}

struct order {
	int64_t seq;
	struct pub_row row;
};

static int
newer_first(const void *pa, const void *pb)
{
	const struct order *a = pa;
	const struct order *b = pb;

	return (a->seq < b->seq) - (a->seq > b->seq);
}

/* Both audiences in one order, as far as both were read, and no more than a page. */
static enum emp_rc
praise_merge(struct praise *p, int64_t last)
{
	struct job *j = p->cards.j;
	struct pub_table *t = &j->pub.rows;
	struct order *v = arena_alloc(&j->pub.arena, (t->n + 1) * sizeof *v);
	uint32_t n = t->n;

	if (v == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct order){p->seqs[i], t->rows[i]};
	qsort(v, n, sizeof *v, newer_first);
	for (t->n = 0; t->n < n && t->n < j->q->limit && v[t->n].seq >= last; t->n++)
		t->rows[t->n] = v[t->n].row;
	if (t->n == n && last == 0)
		return EMP_OK;
	/* A page that shows nothing was still read up to there. */
	return next_at(j,
		       t->n < n && t->n > 0 && t->n == j->q->limit ? v[t->n - 1].seq
								   : last);
}

enum emp_rc
ask_recognition(struct job *j)
{
	struct praise p = {.first = 0};
	uint32_t both = 1u << AUDIENCE_CUSTOMER | 1u << AUDIENCE_EMPLOYEE;
	uint32_t audiences = job_audiences(j->q, both);
	int64_t before = 0;
	int64_t last = 0;
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	cards_init(&p.cards, j);
	rc = cards_need(j, SCOPE_READ);
	if (rc == EMP_OK)
		rc = cursor_of(j, &before);
	if (rc != EMP_OK)
		return rc;
	p.seqs = arena_alloc(&j->pub.arena, 2 * QUERY_LIMIT_MAX * sizeof *p.seqs);
	if (p.seqs == NULL)
		return EMP_NOMEM;
	j->pub.form = PUB_LIST;
	j->pub.as_of = STR_NONE;
	j->pub.rows.n_texts = PRAISE_TEXTS;
	columns_add(&j->pub, praise_columns,
		    sizeof praise_columns / sizeof *praise_columns);
	for (int a = AUDIENCE_CUSTOMER; a <= AUDIENCE_EMPLOYEE && rc == EMP_OK; a++)
		if ((audiences >> a & 1) != 0)
			rc = praise_read(&p, (enum audience)a, before, &last);
	return rc == EMP_OK ? praise_merge(&p, last) : rc;
}
