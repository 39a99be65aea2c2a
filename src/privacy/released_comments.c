/* What employees said in words, as released: texts from blocks of many commenters, in
 * the order of random keys. With each its survey, question, unit and period, and
 * nothing by which two of them could be known to be of one person. */
#include "base/num.h"
#include "privacy/cards.h"
#include "privacy/released_rows.h"

#define KEY_BYTES 16
#define BATCH 512
#define SCAN_MAX 20000 /* rows that filters may pass over for one page */

enum text { TEXT_SURVEY, TEXT_QUESTION, TEXT_PERIOD, TEXT_UNIT, TEXT_TEXT, TEXTS };

static const struct pub_column columns[] = {
	{"survey", pub_get_text, TEXT_SURVEY},
	{"question", pub_get_text, TEXT_QUESTION},
	{"period", pub_get_text, TEXT_PERIOD},
	{"unit", pub_get_text, TEXT_UNIT},
	{"verified", pub_get_flag, 0},
	{"text", pub_get_text, TEXT_TEXT},
};

struct comments {
	struct job *j;
	uint8_t last[KEY_BYTES]; /* of the row looked at last */
	uint32_t got, scanned;
	bool any, more;
};

static bool
wanted(const struct job *j, const struct release_comment_row *row)
{
	const struct query_filter *units = &j->q->filter[DIM_UNIT];
	int64_t last = released_last(row->to);
	bool in = units->n == 0;

	for (uint32_t i = 0; i < units->n && !in; i++)
		in = unit_within(row->unit, units->value[i]);
	return in && unit_within(row->unit, j->q->only_unit) &&
		job_filter_has(j->q, FIELD_QUESTION, row->question) &&
		last >= j->q->from && last < j->q->to;
}

static enum emp_rc
add(struct job *j, const struct release_comment_row *row)
{
	const struct str from[TEXTS] = {[TEXT_SURVEY] = row->survey,
					[TEXT_QUESTION] = row->question,
					[TEXT_PERIOD] = row->period,
					[TEXT_UNIT] = row->unit,
					[TEXT_TEXT] = row->text};
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);

	if (r == NULL)
		return EMP_NOMEM;
	r->flags = row->verified;
	for (int i = 0; i < TEXTS; i++) {
		if (from[i].n == 0)
			continue;
		r->text[i] = arena_str(&j->pub.arena, from[i]);
		if (r->text[i].p == NULL)
			return EMP_NOMEM;
	}
	return EMP_OK;
}

static enum emp_rc
take(void *ctx, const struct release_comment_row *row)
{
	struct comments *c = ctx;
	struct job *j = c->j;

	c->got++;
	c->more = c->more || j->pub.rows.n >= j->q->limit || c->scanned >= SCAN_MAX;
	if (c->more)
		return EMP_OK;
	c->scanned++;
	c->any = true;
	memcpy(c->last, row->key, sizeof c->last);
	return wanted(j, row) ? add(j, row) : EMP_OK;
}

static enum emp_rc
check(struct comments *c)
{
	struct job *j = c->j;

	for (int d = DIM_UNIT + 1; d < DIM_COUNT; d++)
		if (j->q->filter[d].n > 0)
			return problem_set(j->problem, EMP_INVALID,
					   field_name((enum field)d),
					   "of employees' surveys nothing is released "
					   "by %s, only by unit",
					   field_name((enum field)d));
	c->any = j->q->cursor.n > 0;
	if (c->any && !num_unhex(c->last, j->q->cursor, sizeof c->last))
		return problem_set(j->problem, EMP_INVALID, "cursor",
				   "expected `next` of the page before");
	return EMP_OK;
}

enum emp_rc
released_comments(struct job *j, struct str survey)
{
	struct comments c = {.j = j};
	char next[2 * KEY_BYTES + 1];
	enum emp_rc rc = check(&c);

	if (rc != EMP_OK)
		return rc;
	/* Also a page without any, as everywhere: who reads the audit learns nothing.
	 */
	j->pub.words = true;
	j->pub.form = PUB_LIST;
	j->pub.as_of = STR_NONE;
	j->pub.rows.n_texts = TEXTS;
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	do {
		c.got = 0;
		rc = store_read_release_comments(
			j->reader, survey, c.any ? c.last : NULL, BATCH, take, &c);
	} while (rc == EMP_OK && !c.more && c.got == BATCH);
	if (rc != EMP_OK || !c.more)
		return rc;
	num_hex(next, c.last, sizeof c.last);
	j->pub.next = arena_str(&j->pub.arena, str_from(next));
	return j->pub.next.p == NULL ? EMP_NOMEM : EMP_OK;
}
