/* One answer: choose audiences, merge, bring into order, let the rollup fill its table,
 * encode. */
#include "privacy/released_rows.h"

#include "base/clock.h"
#include "privacy/fold.h"

#include <stdlib.h>

static enum emp_rc (*const builders[ASK_COUNT])(struct job *j) = {
	[ROLLUP_SATISFACTION] = rollup_satisfaction,
	[ROLLUP_RETENTION] = rollup_retention,
	[ROLLUP_RECOGNITION] = rollup_recognition,
	[ROLLUP_PARTICIPATION] = rollup_participation,
	[ROLLUP_SUGGESTIONS] = rollup_suggestions,
	[ASK_SUGGESTIONS] = ask_suggestions,
	[ASK_SUGGESTION] = ask_suggestion,
	[ASK_RECEIPT] = ask_receipt,
	[ASK_COMMENTS] = ask_comments,
	[ASK_RECOGNITION] = ask_recognition,
	[ROLLUP_DECISIONS] = rollup_decisions,
	[ROLLUP_TRAINING] = rollup_training,
	[ROLLUP_CONTACT] = rollup_contact,
	[ASK_BOUNDARIES] = ask_boundaries,
	[ASK_CANDIDATES] = ask_candidates,
	[ASK_ME] = ask_me,
	[ASK_COHERENCE] = ask_coherence,
	[ASK_ALERTS] = ask_alerts,
	[ASK_OVERVIEW] = ask_overview,
	[ASK_INITIATIVES] = ask_initiatives,
	[ASK_AUDIT] = ask_audit,
};

enum emp_rc
rollups_new(struct rollups **out, struct agg *a, struct store *s)
{
	struct rollups *r = calloc(1, sizeof *r);

	*out = r;
	if (r == NULL)
		return EMP_NOMEM;
	if (newest_new(&r->levels) != EMP_OK || newest_new(&r->folds) != EMP_OK) {
		rollups_free(out);
		return EMP_NOMEM;
	}
	r->agg = a;
	r->store = s;
	r->sla_days = SLA_DAYS;
	return EMP_OK;
}

void
rollups_sla_days(struct rollups *r, uint32_t days)
{
	r->sla_days = days;
}

void
rollups_free(struct rollups **r)
{
	if (*r == NULL)
		return;
	newest_free(&(*r)->folds);
	newest_free(&(*r)->levels);
	free(*r);
	*r = NULL;
}

enum emp_rc
rollup_ctx_new(struct rollup_ctx **out, struct rollups *r)
{
	struct rollup_ctx *c = calloc(1, sizeof *c);

	*out = c;
	if (c == NULL)
		return EMP_NOMEM;
	c->r = r;
	if (agg_reader_new(&c->reader, r->agg) != EMP_OK) {
		rollup_ctx_free(out);
		return EMP_NOMEM;
	}
	return EMP_OK;
}

void
rollup_ctx_free(struct rollup_ctx **c)
{
	if (*c == NULL)
		return;
	released_free(&(*c)->released);
	folds_drop(*c);
	kept_levels_drop((*c)->r->levels, &(*c)->kept);
	agg_reader_free(&(*c)->reader);
	free(*c);
	*c = NULL;
}

int64_t
rollups_seq(const struct rollups *r)
{
	return agg_published(r->agg);
}

/* ---- one answer ----------------------------------------------------------------- */

static enum emp_rc
build(struct job *j)
{
	enum emp_rc rc;

	pub_init(&j->pub);
	agg_published_at(j->c->r->agg, &j->seq, &j->as_of);
	if (j->as_of != 0)
		j->pub.as_of = pub_time(&j->pub, j->tz, j->as_of);
	j->pub.step = step_name(j->q->step);
	EMP_ASSERT(builders[j->q->rollup] != NULL);
	rc = builders[j->q->rollup](j);
	return rc == EMP_OK ? j->rc : rc;
}

static void
job_fini(struct job *j)
{
	merge_free(&j->merge);
	people_free(&j->cells);
	pub_fini(&j->pub);
}

enum emp_rc
rollup_answer(struct rollup_ctx *c, const struct query *q, const struct defs *defs,
	      struct store_reader *reader, struct buf *out, bool *words,
	      struct problem *p)
{
	struct job j = {.c = c,
			.q = q,
			.defs = defs,
			.reader = reader,
			.problem = p,
			.tz = store_tz(c->r->store),
			.releases = store_releases_version(c->r->store),
			.levels_version = store_levels_version(c->r->store)};
	enum emp_rc rc = build(&j);

	*words = false;
	if (rc == EMP_TOO_LARGE)
		rc = problem_set(p, EMP_INVALID, "",
				 "the answer would be too large: narrow the window or "
				 "the filters, or group by less");
	if (rc == EMP_OK) {
		*words = j.pub.words;
		pub_encode(&j.pub, q->format, q->shape, out);
		rc = buf_ok(out) ? EMP_OK : EMP_NOMEM;
	}
	job_fini(&j);
	return rc;
}

/* ---- answers inside an answer --------------------------------------------------- */

void
sub_query(struct query *q, const struct job *j, enum rollup r)
{
	query_init(q, r);
	q->scopes = j->q->scopes;
	q->only_unit = j->q->only_unit;
	q->filter[DIM_UNIT] = j->q->filter[DIM_UNIT];
	q->as_of_given = j->q->as_of_given;
	q->as_of = j->q->as_of;
}

void
sub_open(struct sub *s, const struct job *j)
{
	s->job = (struct job){.c = j->c,
			      .q = &s->q,
			      .defs = j->defs,
			      .reader = j->reader,
			      .problem = j->problem,
			      .tz = j->tz,
			      .levels = j->levels,
			      .releases = j->releases,
			      .levels_version = j->levels_version,
			      .brief = true};
}

enum emp_rc
sub_build(struct sub *s)
{
	return build(&s->job);
}

enum emp_rc
sub_run(struct sub *s, struct job *j)
{
	enum emp_rc rc;

	sub_open(s, j);
	rc = build(&s->job);
	for (uint32_t i = 0; rc == EMP_OK && i < s->job.pub.n_missing; i++)
		pub_missing(&j->pub, s->job.pub.missing[i]);
	j->pub.incomplete |= s->job.pub.incomplete;
	return rc;
}

void
sub_close(struct sub *s)
{
	job_fini(&s->job);
}

int64_t
sub_time(const struct sub *s, const struct pub_row *r)
{
	for (uint32_t i = 0; i < s->job.n_times && r->time.n > 0; i++)
		if (s->job.times[i].text.p == r->time.p)
			return s->job.times[i].start;
	return INT64_MIN;
}
