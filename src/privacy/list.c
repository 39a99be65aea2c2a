/* The list of suggestions: pages of empowerd.db newest first, of employees' cases in
 * the order of random keys, so that neither order nor number tells when one came.
 *
 * What is overdue is no column of the file, for it depends on the calendar: the store
 * gives those that wait, and a page takes what is overdue of a bounded number of them.
 */
#include "base/clock.h"
#include "base/num.h"
#include "privacy/cards.h"
#include "store/voice.h"

#include <stdio.h>

#define SCAN_BEYOND 50
#define SCAN_MAX 20000
#define WAITING                                                                        \
	(1u << STATE_SUBMITTED | 1u << STATE_RECEIVED | 1u << STATE_ACKNOWLEDGED |     \
	 1u << STATE_REOPENED)

struct page {
	struct cards cards;
	struct suggestion_filter f;
	enum audience audience;
	bool requests; /* for wider boundaries */
	uint32_t got;  /* rows of this call of the store */
	uint32_t scanned;
	bool more; /* another row was met, which belongs to the next page */
};

static enum emp_rc
bad(struct job *j, enum emp_rc rc, const char *parameter, const char *detail)
{
	return problem_set(j->problem, rc, parameter, "%s", detail);
}

/* ---- filters -------------------------------------------------------------------- */

static enum emp_rc
settle_kinds(struct page *g)
{
	struct job *j = g->cards.j;
	const struct query_filter *f = &j->q->filter[FIELD_KIND];

	for (uint32_t i = 0; i < f->n; i++)
		g->f.kinds |= 1u << suggestion_kind_find(f->value[i]);
	g->requests = (g->f.kinds & 1u << SUGGESTION_BOUNDARY_REQUEST) != 0;
	if (g->requests && (g->f.kinds & (g->f.kinds - 1)) != 0)
		return bad(j, EMP_INVALID, "kind",
			   "boundary_request is asked for alone");
	g->f.concerns = g->cards.concerns;
	if ((g->f.kinds & 1u << SUGGESTION_CONCERN) != 0 && !g->cards.concerns)
		return bad(j, EMP_FORBIDDEN, "kind",
			   "concerns are shown to tokens of scope concern");
	g->audience = g->requests ? AUDIENCE_EMPLOYEE : AUDIENCE_CUSTOMER;
	f = &j->q->filter[FIELD_AUDIENCE];
	if (f->n > 0)
		g->audience = audience_find(f->value[0]);
	return EMP_OK;
}

/* Of employees a unit is asked for as it is shown: else a small one would be found by
 * asking for it. False: nothing can be in it. */
static bool
settle_unit(struct page *g)
{
	struct job *j = g->cards.j;
	const struct query_filter *f = &j->q->filter[DIM_UNIT];
	uint32_t u;

	g->f.unit = f->n > 0 ? f->value[0] : g->cards.within;
	if (!unit_within(g->f.unit, g->cards.within))
		return false;
	if (g->f.unit.n == 0 || g->audience == AUDIENCE_CUSTOMER)
		return true;
	u = intern_find(store_names(j->c->r->store, DIM_UNIT), g->f.unit);
	return u != INTERN_NONE && u < j->n_fold && j->fold[u] == u;
}

/* 32 lower-case digits. */
static bool
key_read(uint8_t key[HANDLE_BYTES], struct str s)
{
	static const char digits[] = "0123456789abcdef";

	if (s.n != 2 * (size_t)HANDLE_BYTES)
		return false;
	memset(key, 0, HANDLE_BYTES);
	for (size_t i = 0; i < s.n; i++) {
		const char *d = memchr(digits, s.p[i], sizeof digits - 1);

		if (d == NULL)
			return false;
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | (d - digits));
	}
	return true;
}

static bool
cursor_read(struct page *g, struct str s)
{
	uint64_t seq;

	if (g->audience == AUDIENCE_CUSTOMER || g->requests) {
		if (!num_u64(s, &seq) || seq > INT64_MAX)
			return false;
		g->f.after_seq = (int64_t)seq;
	} else if (!key_read(g->f.after_key, s)) {
		return false;
	}
	g->f.has_after = true;
	return true;
}

/* Nothing is overdue that came less than this before. */
static int64_t
youngest_overdue(const struct page *g)
{
	uint32_t days = g->cards.j->c->r->sla_days;

	if (days > CONCERN_ACKNOWLEDGE_DAYS)
		days = CONCERN_ACKNOWLEDGE_DAYS;
	/* Less one, as a day may be an hour short. */
	return g->cards.as_of - ((int64_t)days - 1) * S_PER_DAY * MS_PER_S;
}

static enum emp_rc
settle(struct page *g, bool *empty)
{
	struct job *j = g->cards.j;
	const struct query *q = j->q;
	enum emp_rc rc = settle_kinds(g);

	if (rc == EMP_OK && g->audience == AUDIENCE_EMPLOYEE)
		rc = cards_fold(&g->cards, g->requests);
	if (rc != EMP_OK)
		return rc;
	g->f.states = q->states;
	g->f.category = q->category;
	g->f.board_only = q->board;
	g->f.from = q->from * MS_PER_S;
	g->f.to = q->to * MS_PER_S;
	g->f.before_day = g->cards.today * MS_PER_S;
	*empty = !settle_unit(g);
	if (q->overdue) {
		g->f.states = q->states == 0 ? WAITING : q->states & WAITING;
		if (g->f.to > youngest_overdue(g))
			g->f.to = youngest_overdue(g);
		*empty = *empty || g->f.states == 0 || g->f.from >= g->f.to;
	}
	/* Without an end no row has to be looked at for its time. */
	if (g->f.to == QUERY_FOREVER_TO * MS_PER_S)
		g->f.to = 0;
	/* Concerns are never shown on a board. */
	if (q->board)
		g->f.concerns = false;
	if (q->cursor.n > 0 && !cursor_read(g, q->cursor))
		return bad(j, EMP_INVALID, "cursor",
			   "expected `next` of the page before");
	return EMP_OK;
}

/* ---- pages ---------------------------------------------------------------------- */

static bool
wanted(const struct page *g, const struct suggestion_row *row)
{
	const struct job *j = g->cards.j;
	struct due d;

	if ((row->life.kind == SUGGESTION_BOUNDARY_REQUEST) != g->requests ||
	    !cards_visible(&g->cards, row))
		return false;
	/* One may be shown in another state than it is stored in. */
	if (g->f.states != 0 && (g->f.states >> row->life.state & 1) == 0)
		return false;
	if (!j->q->overdue)
		return true;
	lifecycle_due(&row->life, j->c->r->sla_days, j->tz, g->cards.as_of, &d);
	return d.overdue;
}

static enum emp_rc
take(void *ctx, const struct suggestion_row *row)
{
	struct page *g = ctx;
	struct job *j = g->cards.j;

	g->got++;
	if (g->more || j->pub.rows.n == j->q->limit) {
		g->more = true;
		return EMP_OK;
	}
	g->scanned++;
	g->f.has_after = true;
	g->f.after_seq = row->seq;
	memcpy(g->f.after_key, row->key, sizeof g->f.after_key);
	if (!wanted(g, row))
		return EMP_OK;
	return cards_add(&g->cards, row) == NULL ? EMP_NOMEM : EMP_OK;
}

static enum emp_rc
read_page(struct page *g)
{
	struct job *j = g->cards.j;
	uint32_t max = j->q->limit + (j->q->overdue ? SCAN_BEYOND : 1);
	struct suggestion_end end = {.more = false};
	char next[2 * HANDLE_BYTES + 1];
	int n;

	g->f.end = &end;
	do {
		enum emp_rc rc;

		g->got = 0;
		rc = store_read_suggestions(j->reader, &g->f, g->audience, max, take,
					    g);
		if (rc != EMP_OK)
			return rc;
		if (g->got == max && g->scanned >= SCAN_MAX)
			g->more = true;
		if (g->got < max && end.more && !g->more) {
			g->more = true;
			g->f.after_seq = end.seq;
			memcpy(g->f.after_key, end.key, sizeof end.key);
		}
	} while (!g->more && g->got == max);
	if (!g->more)
		return EMP_OK;
	n = snprintf(next, sizeof next, "%lld", (long long)g->f.after_seq);
	if (g->f.after_seq == 0) {
		num_hex(next, g->f.after_key, sizeof g->f.after_key);
		n = 2 * HANDLE_BYTES;
	}
	j->pub.next = arena_str(&j->pub.arena, (struct str){next, (size_t)n});
	return j->pub.next.p == NULL ? EMP_NOMEM : EMP_OK;
}

enum emp_rc
ask_suggestions(struct job *j)
{
	struct page g = {.requests = false};
	bool empty = false;
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	cards_init(&g.cards, j);
	rc = cards_need(j, SCOPE_RESPOND);
	if (rc == EMP_OK)
		rc = settle(&g, &empty);
	if (rc != EMP_OK)
		return rc;
	/* Also a page without any: a line only where there are some would tell who
	 * reads the audit that there are, of concerns too. */
	j->pub.words = g.audience == AUDIENCE_EMPLOYEE && !g.requests;
	j->pub.form = PUB_LIST;
	j->pub.as_of = pub_time(&j->pub, j->tz, g.cards.as_of);
	cards_columns(&j->pub, g.audience);
	return empty ? EMP_OK : read_page(&g);
}
