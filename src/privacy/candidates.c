/* Where boundaries could be widened: role, class and unit with the evidence for it,
 * never people.
 *
 * Whether something is a candidate follows from reviews and trainings too, which are
 * confidential: so only units of ten people and groups of five who decided are listed
 * at all, of the days before today, and what is said of those is how decisions turned
 * out, not how they were reviewed. */
#include "privacy/evidence.h"

#include "base/clock.h"
#include "privacy/fold.h"

enum figure { FIG_GOOD, FIG_WILSON, FIG_USE, FIG_STAMP, FIG_LIMIT };
enum text { TEXT_ROLE, TEXT_CLASS, TEXT_UNIT, TEXT_MODE, TEXT_TRAINING, TEXTS };
enum flag { FLAG_TRAINED, FLAG_CANDIDATE };
#define CENTS 100.0

static const struct pub_column columns[] = {
	{"role", pub_get_text, TEXT_ROLE},
	{"class", pub_get_text, TEXT_CLASS},
	{"unit", pub_get_text, TEXT_UNIT},
	{"n", pub_get_n, 0},
	{"good", pub_get_count, FIG_GOOD},
	{"wilson", pub_get_figure, FIG_WILSON},
	{"use", pub_get_figure, FIG_USE},
	{"rubber_stamp", pub_get_figure, FIG_STAMP},
	{"limit", pub_get_figure, FIG_LIMIT},
	{"mode", pub_get_text, TEXT_MODE},
	{"requires_training", pub_get_text, TEXT_TRAINING},
	{"training_current", pub_get_flag, FLAG_TRAINED},
	{"candidate", pub_get_flag, FLAG_CANDIDATE},
};

struct work {
	struct job *j;
	struct evidence *evidence;
};

static enum emp_rc
take_row(void *ctx, const struct evidence_row *row)
{
	struct work *w = ctx;
	struct job *j = w->j;
	uint32_t group;

	if (!job_filter_has(j->q, FIELD_ROLE, row->decision.role) ||
	    !job_filter_has(j->q, FIELD_CLASS, row->decision.matter))
		return EMP_OK;
	group = merge_group(j->merge, row->decision.series,
			    row->decision.time / MS_PER_S);
	return group == RAW_NONE
		? j->rc
		: evidence_add(w->evidence,
			       merge_raw(j->merge)->groups[group].dim[DIM_UNIT], row);
}

static enum emp_rc
row_make(struct job *j, const struct evidence_group *g)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);

	if (r == NULL)
		return EMP_NOMEM;
	r->text[TEXT_ROLE] = g->role;
	r->text[TEXT_CLASS] = g->matter;
	if (g->unit != 0)
		r->text[TEXT_UNIT] = intern_text(units, g->unit);
	r->n = g->facts.n;
	r->figure[FIG_GOOD] = (double)g->facts.good;
	r->figure[FIG_WILSON] = g->result.wilson;
	r->figure[FIG_USE] = g->result.use;
	r->figure[FIG_STAMP] = g->result.rubber_stamp;
	if (g->boundary != NULL) {
		r->text[TEXT_MODE] = str_from(boundary_mode_name(g->boundary->mode));
		r->text[TEXT_TRAINING] = g->boundary->requires_training;
		if (g->boundary->limit_cents >= 0)
			r->figure[FIG_LIMIT] = (double)g->boundary->limit_cents / CENTS;
	}
	r->flags = (uint32_t)g->facts.training_current << FLAG_TRAINED |
		(uint32_t)g->result.candidate << FLAG_CANDIDATE;
	return EMP_OK;
}

static enum emp_rc
rows_make(struct work *w, const int64_t *people)
{
	struct job *j = w->j;
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < evidence_count(w->evidence) && rc == EMP_OK; i++) {
		const struct evidence_group *g = evidence_at(w->evidence, i);

		if (g->deciders >= K_ANONYMITY && g->unit <= levels_units(j->levels) &&
		    people[g->unit] >= K_DELICATE)
			rc = row_make(j, g);
	}
	return rc;
}

static enum emp_rc
answer(struct work *w, int64_t as_of)
{
	struct job *j = w->j;
	const int64_t *people = NULL;
	struct query *q;
	enum emp_rc rc = job_levels(j);

	/* As of now, whatever moment is asked for: the same decisions folded as of two
	 * of them would tell those of few people by subtraction. */
	if (rc == EMP_OK)
		rc = job_fold_month(j, clock_now_ms() / MS_PER_S, K_DELICATE, &people);
	if (rc != EMP_OK)
		return rc;
	/* Of all time: the evidence of a window could be compared with another's. */
	q = arena_alloc(&j->pub.arena, sizeof *q);
	if (q == NULL)
		return EMP_NOMEM;
	*q = *j->q;
	q->from_given = q->to_given = false;
	q->group = 1u << DIM_UNIT;
	q->order[0] = DIM_UNIT;
	q->n_order = 1;
	j->q = q;
	rc = job_merge(j, NULL, 0);
	if (rc == EMP_OK)
		rc = evidence_new(&w->evidence, j, delicate_today(j) * MS_PER_S);
	if (rc == EMP_OK)
		rc = store_read_all_evidence(j->reader, take_row, w);
	if (rc == EMP_OK)
		rc = evidence_settle(w->evidence, as_of * MS_PER_S, NULL);
	return rc == EMP_OK ? rows_make(w, people) : rc;
}

enum emp_rc
ask_candidates(struct job *j)
{
	struct work w = {.j = j};
	int64_t as_of = job_as_of_newest(j);
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	j->audiences = 1u << AUDIENCE_EMPLOYEE;
	j->pub.form = PUB_LIST;
	j->pub.rows.n_texts = TEXTS;
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	rc = answer(&w, as_of);
	evidence_free(&w.evidence);
	return rc;
}
