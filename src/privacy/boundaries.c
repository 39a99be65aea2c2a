/* The registry of boundaries, as it is shown: every one that was ever declared, and
 * which of them hold at as_of. Those for one person are shown to nobody here. */
#include "privacy/rollup_impl.h"

#include "base/clock.h"

enum text {
	TEXT_ROLE,
	TEXT_CLASS,
	TEXT_UNIT,
	TEXT_MODE,
	TEXT_TRAINING,
	TEXT_REASON,
	TEXTS
};
#define CENTS 100.0
#define FIG_LIMIT 0
#define FLAG_IN_FORCE 0

static const struct pub_column columns[] = {
	{"role", pub_get_text, TEXT_ROLE},
	{"class", pub_get_text, TEXT_CLASS},
	{"unit", pub_get_text, TEXT_UNIT},
	{"limit", pub_get_figure, FIG_LIMIT},
	{"mode", pub_get_text, TEXT_MODE},
	{"requires_training", pub_get_text, TEXT_TRAINING},
	{"reason", pub_get_text, TEXT_REASON},
	{"since", pub_get_time, 0},
	{"in_force", pub_get_flag, FLAG_IN_FORCE},
};

/* Whether `unit` is `top` or below it; every unit is below none. */
static bool
under(struct str unit, struct str top)
{
	if (top.n == 0)
		return true;
	return unit.n >= top.n && memcmp(unit.p, top.p, top.n) == 0 &&
		(unit.n == top.n || unit.p[top.n] == '/');
}

/* Who asks for a unit asks for what holds in it, from above or from below. */
static bool
unit_asked(const struct job *j, struct str unit)
{
	const struct query_filter *f = &j->q->filter[DIM_UNIT];

	for (uint32_t i = 0; i < f->n; i++)
		if (under(unit, f->value[i]) || under(f->value[i], unit))
			return true;
	return f->n == 0;
}

enum emp_rc
ask_boundaries(struct job *j)
{
	const struct boundaries *all = j->defs->boundaries;
	int64_t as_of = job_as_of_newest(j);
	int64_t at = j->q->as_of_given ? as_of * MS_PER_S : clock_now_ms();

	j->pub.form = PUB_LIST;
	j->pub.rows.n_texts = TEXTS;
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	for (size_t i = 0; all != NULL && i < boundaries_count(all); i++) {
		const struct boundary *b = boundaries_at(all, i);
		struct pub_row *r;

		if (b->has_holder || !unit_asked(j, b->unit) ||
		    !job_filter_has(j->q, FIELD_ROLE, b->role) ||
		    !job_filter_has(j->q, FIELD_CLASS, b->matter))
			continue;
		if (j->pub.rows.n >= QUERY_ROWS_MAX)
			return EMP_TOO_LARGE;
		r = pub_row_add(&j->pub, &j->pub.rows);
		if (r == NULL)
			return EMP_NOMEM;
		r->text[TEXT_ROLE] = b->role;
		r->text[TEXT_CLASS] = b->matter;
		r->text[TEXT_UNIT] = b->unit;
		r->text[TEXT_MODE] = str_from(boundary_mode_name(b->mode));
		r->text[TEXT_TRAINING] = b->requires_training;
		r->text[TEXT_REASON] = b->reason;
		if (b->limit_cents >= 0)
			r->figure[FIG_LIMIT] = (double)b->limit_cents / CENTS;
		r->time = pub_time(&j->pub, j->tz, b->time);
		if (boundaries_in_force(all, i, at))
			r->flags |= 1u << FLAG_IN_FORCE;
	}
	return EMP_OK;
}
