/* Suggestions one by one. */
#include "privacy/cards.h"

#include "base/clock.h"
#include "privacy/fold.h"

#define DATE_CHARS 10 /* 2026-01-31 */

static const struct pub_group groups[] = {
	[AUDIENCE_CUSTOMER] = {.audience = AUDIENCE_CUSTOMER},
	[AUDIENCE_EMPLOYEE] = {.audience = AUDIENCE_EMPLOYEE},
};

/* ---- who sees what -------------------------------------------------------------- */

void
cards_init(struct cards *c, struct job *j)
{
	int64_t now = clock_now_ms() / MS_PER_S;
	int64_t as_of = now / S_PER_HOUR * S_PER_HOUR;

	if (j->q->as_of_given)
		as_of = j->q->as_of < now ? j->q->as_of : now;
	*c = (struct cards){.j = j,
			    .concerns = scopes_allow(j->q->scopes, SCOPE_CONCERN),
			    .within = j->q->only_unit,
			    .as_of = as_of * MS_PER_S,
			    .today = delicate_today(j)};
}

enum emp_rc
cards_need(struct job *j, enum scope scope)
{
	char name[SCOPES_TEXT_MAX];

	if (scopes_allow(j->q->scopes, scope))
		return EMP_OK;
	scopes_format(name, sizeof name, scope);
	return problem_set(j->problem, EMP_FORBIDDEN, "",
			   "this needs a token of scope %s", name);
}

/* Of all time, whatever window is asked for: of one that is shown in two windows with
 * another fold each, both together would tell more than either. */
enum emp_rc
cards_fold(struct cards *c, bool requests)
{
	struct job *j = c->j;
	enum emp_rc rc = job_levels(j);

	_Static_assert(K_DELICATE == CASE_UNIT_PEOPLE_MIN,
		       "what is not shown is not found by trying, either");
	if (!requests)
		c->as_of = tz_floor(j->tz, TZ_DAY, c->as_of / MS_PER_S) * MS_PER_S;
	return rc == EMP_OK ? job_fold_always(j, requests ? K_ANONYMITY : K_DELICATE)
			    : rc;
}

static bool
is_case(const struct suggestion_row *row)
{
	return row->series == 0;
}

bool
unit_within(struct str unit, struct str root)
{
	return root.n == 0 ||
		(str_starts(unit, root) && (unit.n == root.n || unit.p[root.n] == '/'));
}

struct str
series_text(const struct job *j, uint32_t series, enum dim d)
{
	struct agg_series s;

	agg_series_get(j->c->r->agg, series, &s);
	if (s.dim_id[d] == 0)
		return STR_NONE;
	return intern_text(store_names(j->c->r->store, d), s.dim_id[d]);
}

struct str
cards_unit(const struct cards *c, const struct suggestion_row *row)
{
	const struct intern *units = store_names(c->j->c->r->store, DIM_UNIT);
	struct str unit = is_case(row) ? row->dim[DIM_UNIT]
				       : series_text(c->j, row->series, DIM_UNIT);
	uint32_t u;

	if (row->audience == AUDIENCE_CUSTOMER)
		return unit;
	u = delicate_unit(c->j, unit);
	while (u >= c->j->n_fold)
		u = intern_parent(units, u);
	u = c->j->fold[u];
	return u == 0 ? STR_NONE : intern_text(units, u);
}

bool
cards_visible(const struct cards *c, const struct suggestion_row *row)
{
	/* What came today would tell who was there just now. */
	if (is_case(row) && row->life.submitted >= c->today * MS_PER_S)
		return false;
	if (row->life.kind == SUGGESTION_CONCERN && !c->concerns)
		return false;
	return unit_within(cards_unit(c, row), c->within);
}

/* ---- columns -------------------------------------------------------------------- */

static void
get_limit(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	pub_get_figure(c, r, v);
	if (isnan(v->figure))
		v->kind = PUB_SKIP;
}

void
cards_columns(struct rollup_pub *p, enum audience a)
{
	static const struct pub_column columns[] = {
		{"id", pub_get_text, CARD_ID},
		{"source", pub_get_text_if, CARD_SOURCE},
		{"audience", pub_get_audience, 0},
		{"kind", pub_get_text, CARD_KIND},
		{"category", pub_get_text, CARD_CATEGORY},
		{"title", pub_get_text, CARD_TITLE},
		{"body", pub_get_text, CARD_BODY},
		{"state", pub_get_text, CARD_STATE},
		{"status", pub_get_text, CARD_STATUS},
		{"submitted", pub_get_text, CARD_SUBMITTED},
		{"acknowledged", pub_get_text, CARD_ACKNOWLEDGED},
		{"first_response", pub_get_text, CARD_FIRST_RESPONSE},
		{"due", pub_get_text, CARD_DUE},
		{"overdue", pub_get_flag, CARD_OVERDUE},
		{"supporters", pub_get_count, CARD_SUPPORTERS},
		{"board", pub_get_flag, CARD_BOARD},
		{"role", pub_get_text_if, CARD_ROLE},
		{"class", pub_get_text_if, CARD_CLASS},
		{"limit", get_limit, CARD_LIMIT},
	};
	static const char *const dims[] = {"unit",    "channel",    "touchpoint",
					   "segment", "initiative", "lang"};

	_Static_assert(sizeof dims / sizeof *dims == DIM_COUNT, "name every dimension");
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(p, &columns[i]);
	for (uint8_t d = 0; d < DIM_COUNT; d++) {
		struct pub_column dim = {dims[d], pub_get_text,
					 (uint8_t)(CARD_DIM + d)};

		/* Of employees more would be a description of one person. */
		if (a == AUDIENCE_CUSTOMER || d == DIM_UNIT || d == DIM_LANG)
			pub_column_add(p, &dim);
	}
	p->rows.n_texts = CARD_TEXTS;
	p->rows.n_figures = CARD_FIGURES;
}

/* ---- rows ----------------------------------------------------------------------- */

struct str
cards_time(struct job *j, int64_t ms, bool date)
{
	struct str t = ms == 0 ? STR_NONE : pub_time(&j->pub, j->tz, ms);

	if (date && t.n > DATE_CHARS)
		t.n = DATE_CHARS;
	return t;
}

static bool
copy(struct job *j, struct str *to, struct str from)
{
	if (from.n == 0)
		return true;
	*to = arena_str(&j->pub.arena, from);
	return to->p != NULL;
}

static bool
copy_dims(const struct cards *c, const struct suggestion_row *row, struct str *text)
{
	bool ok = copy(c->j, &text[CARD_DIM + DIM_UNIT], cards_unit(c, row));

	for (int d = DIM_UNIT + 1; ok && d < DIM_COUNT; d++)
		ok = copy(c->j, &text[CARD_DIM + d],
			  is_case(row) ? row->dim[d]
				       : series_text(c->j, row->series, (enum dim)d));
	return ok;
}

static void
fill_state(const struct cards *c, const struct suggestion_row *row, struct pub_row *r)
{
	const struct lifecycle *l = &row->life;
	struct job *j = c->j;
	bool date = is_case(row);
	struct due d;

	lifecycle_due(l, j->c->r->sla_days, j->tz, c->as_of, &d);
	r->text[CARD_KIND] = str_from(
		suggestion_kind_name((enum suggestion_kind)l->kind));
	r->text[CARD_STATE] = str_from(
		suggestion_state_name((enum suggestion_state)l->state));
	if (l->status != STATUS_NONE)
		r->text[CARD_STATUS] = str_from(
			suggestion_status_name((enum suggestion_status)l->status));
	r->text[CARD_SUBMITTED] = cards_time(j, l->submitted, date);
	r->text[CARD_ACKNOWLEDGED] = cards_time(j, l->acknowledged, date);
	r->text[CARD_FIRST_RESPONSE] = cards_time(j, l->first_response, date);
	r->text[CARD_DUE] = cards_time(j, d.due, date);
	r->flags |= (uint32_t)d.overdue << CARD_OVERDUE;
	r->flags |= (uint32_t)row->board << CARD_BOARD;
	r->figure[CARD_SUPPORTERS] = l->supporters;
	if (l->kind == SUGGESTION_BOUNDARY_REQUEST && row->limit_cents >= 0)
		r->figure[CARD_LIMIT] = (double)row->limit_cents / 100;
}

struct pub_row *
cards_add(const struct cards *c, const struct suggestion_row *row)
{
	struct job *j = c->j;
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);
	bool ok = r != NULL;

	if (!ok)
		return NULL;
	r->group = &groups[row->audience];
	fill_state(c, row, r);
	ok = copy(j, &r->text[CARD_ID], row->id) &&
		copy(j, &r->text[CARD_SOURCE], row->source) &&
		copy(j, &r->text[CARD_CATEGORY], row->category) &&
		copy(j, &r->text[CARD_TITLE], row->title) &&
		copy(j, &r->text[CARD_BODY], row->body) &&
		copy(j, &r->text[CARD_ROLE], row->role) &&
		copy(j, &r->text[CARD_CLASS], row->matter) &&
		copy_dims(c, row, r->text);
	return ok ? r : NULL;
}
