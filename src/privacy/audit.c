/* Who read what employees wrote: the lines of the audit, newest first, in pages. It has
 * no text of anybody, and reading it is not on record. */
#include "store/audit.h"

#include "base/num.h"
#include "privacy/cards.h"

#include <stdio.h>

enum text { TEXT_LABEL, TEXT_ACTION, TEXT_OBJECT, TEXTS };
enum figure { FIG_NUMBER, FIG_TOKEN, FIGURES };
#define NUMBER_CHARS 24

static const struct pub_column columns[] = {
	{"number", pub_get_count, FIG_NUMBER}, {"time", pub_get_time, 0},
	{"token", pub_get_count, FIG_TOKEN},   {"label", pub_get_text, TEXT_LABEL},
	{"action", pub_get_text, TEXT_ACTION}, {"object", pub_get_text, TEXT_OBJECT},
};

struct lines {
	struct job *j;
	int64_t last; /* number of the last line of the page */
	bool more;
};

/* In the arena; an absent text stays absent. */
static bool
copied(struct job *j, struct str *dst, struct str text)
{
	*dst = text.n > 0 ? arena_str(&j->pub.arena, text) : STR_NONE;
	return text.n == 0 || dst->p != NULL;
}

static enum emp_rc
take(void *ctx, const struct audit_row *row)
{
	struct lines *l = ctx;
	struct job *j = l->j;
	struct pub_row *r;

	l->more = j->pub.rows.n == j->q->limit;
	if (l->more)
		return EMP_OK;
	r = pub_row_add(&j->pub, &j->pub.rows);
	if (r == NULL)
		return EMP_NOMEM;
	l->last = row->number;
	r->time = pub_time(&j->pub, j->tz, row->time);
	r->figure[FIG_NUMBER] = (double)row->number;
	if (row->token != 0)
		r->figure[FIG_TOKEN] = row->token;
	return copied(j, &r->text[TEXT_LABEL], row->label) &&
			copied(j, &r->text[TEXT_ACTION], row->action) &&
			copied(j, &r->text[TEXT_OBJECT], row->object)
		? EMP_OK
		: EMP_NOMEM;
}

enum emp_rc
ask_audit(struct job *j)
{
	struct lines l = {.j = j};
	char next[NUMBER_CHARS];
	uint64_t before = 0;
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	rc = cards_need(j, SCOPE_ADMIN);
	if (rc != EMP_OK)
		return rc;
	if (j->q->cursor.n > 0 &&
	    (!num_u64(j->q->cursor, &before) || before == 0 || before > INT64_MAX))
		return problem_set(j->problem, EMP_INVALID, "cursor",
				   "expected `next` of the page before");
	j->pub.form = PUB_LIST;
	j->pub.as_of = STR_NONE;
	j->pub.rows.n_texts = TEXTS;
	j->pub.rows.n_figures = FIGURES;
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	rc = store_read_audit(j->reader, job_ms(j->q->from), job_ms(j->q->to),
			      (int64_t)before, j->q->limit + 1, take, &l);
	if (rc != EMP_OK || !l.more)
		return rc;
	snprintf(next, sizeof next, "%lld", (long long)l.last);
	j->pub.next = arena_str(&j->pub.arena, str_from(next));
	return j->pub.next.p == NULL ? EMP_NOMEM : EMP_OK;
}
