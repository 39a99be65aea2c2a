/* Participation: who was asked and who answered, a row per survey.
 *
 * What adds up comes from the counters. Whether an invitation was answered, and how
 * many different people answered, comes from the rows of the file: an answer may come
 * long after its invitation, and one person may answer every day.
 *
 * Employees' surveys stay protected after a release, too. How many answered does not
 * follow from what is released: a person who left a question out is in no block of it,
 * and one whose block was too small is in none at all, so the largest count of a
 * question is a lower bound that would be taken for the number; and beside a headcount
 * it would say who kept silent. */
#include "privacy/breadth.h"

#include "base/clock.h"

enum figure {
	FIG_INVITED,
	FIG_SHOWN,
	FIG_DISMISSED,
	FIG_ANSWERED,
	FIG_COMPLETE,
	FIG_RATE,
	FIG_UNSOLICITED,
	FIG_RESPONDENTS
};

static const char *const keys[] = {"survey"};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"invited", pub_get_count, FIG_INVITED},
	{"shown", pub_get_count, FIG_SHOWN},
	{"dismissed", pub_get_count, FIG_DISMISSED},
	{"answered", pub_get_count, FIG_ANSWERED},
	{"complete", pub_get_count, FIG_COMPLETE},
	{"response_rate", pub_get_figure, FIG_RATE},
	{"unsolicited", pub_get_count, FIG_UNSOLICITED},
	{"respondents", pub_get_count, FIG_RESPONDENTS},
};

struct work {
	struct job *j;
	const struct job_surveys *surveys;
	struct responses *responses;
	int64_t first_invited; /* of the window, ms; INT64_MAX: nobody */
	struct people *people; /* (cell, respondent) */
	struct breadth breadth;
	struct tally respondents, asked;
};

static uint32_t
survey_index(const struct work *w, uint32_t id)
{
	for (uint32_t i = 0; i < w->surveys->n; i++)
		if (w->surveys->v[i]->id == id &&
		    w->surveys->v[i]->audience == AUDIENCE_CUSTOMER)
			return i;
	return RAW_NONE;
}

/* The row as responses want it; false when its survey was not asked for. */
static bool
row_of(struct work *w, const struct event_row *e, struct response_row *out)
{
	uint32_t i = e->survey != 0 ? survey_index(w, e->survey) : RAW_NONE;

	if (i == RAW_NONE)
		return false;
	*out = (struct response_row){
		.seq = e->seq,
		.time = e->time,
		.received = e->received,
		.survey = e->survey,
		.bucket = job_cell(w->j, i, e->series, e->time / MS_PER_S),
		.person = e->has_person ? e->person : NULL};
	return true;
}

static enum emp_rc
take_invitation(void *ctx, const struct event_row *e)
{
	struct work *w = ctx;
	struct response_row row;

	if (!row_of(w, e, &row))
		return EMP_OK;
	if (row.bucket != PEOPLE_NONE && row.time < w->first_invited)
		w->first_invited = row.time;
	return w->j->rc != EMP_OK ? w->j->rc : responses_invited(w->responses, &row);
}

static enum emp_rc
take_answer(void *ctx, const struct event_row *e)
{
	struct work *w = ctx;
	struct response_row row;
	uint32_t at;
	bool fresh = false;
	enum emp_rc rc;

	if (!row_of(w, e, &row))
		return EMP_OK;
	rc = w->j->rc != EMP_OK
		? w->j->rc
		: responses_answered(w->responses, &row, e->ref_seq, e->complete);
	if (rc == EMP_OK && row.bucket != PEOPLE_NONE && row.person != NULL &&
	    !w->j->brief)
		rc = people_add(w->people, row.bucket, row.person, &at, &fresh);
	if (rc == EMP_OK && fresh)
		rc = tally_add(&w->respondents, row.bucket, 0, 1);
	if (rc == EMP_OK && row.bucket != PEOPLE_NONE)
		rc = breadth_answer(&w->breadth, e);
	return rc;
}

/* By the counters. */
static bool
anybody(const struct job *j, uint32_t slot)
{
	const struct rollup_raw *raw = j->raw;

	for (uint32_t g = 0; g < raw->n_groups; g++)
		for (uint32_t k = 0; k < raw->n_sums; k++)
			for (uint32_t t = 0; t < raw->n_times; t++) {
				const uint64_t *v = raw_sums_at(raw, k, g, t);

				if (v != NULL && v[slot] > 0)
					return true;
			}
	return false;
}

/* Where nobody was invited the rate needs no rows; where nobody answered the rest does
 * not. */
static enum emp_rc
read_rows(struct work *w)
{
	const struct rollup_raw *raw = w->j->raw;
	struct store_reader *reader = w->j->reader;
	int64_t from = raw->from_all ? 0 : raw->from * MS_PER_S;
	int64_t to = raw->to_all ? INT64_MAX : raw->to * MS_PER_S;
	bool invited = anybody(w->j, SLOT_INVITED);
	bool answered = !w->j->brief && anybody(w->j, SLOT_ANSWERED);
	enum emp_rc rc = EMP_OK;

	if (!invited && !answered)
		return EMP_OK;
	/* Who was invited at any other time matters for those who were not asked. */
	rc = store_read_events(reader, 1u << EVENT_SURVEY_INVITED, answered ? 0 : from,
			       answered ? INT64_MAX : to, take_invitation, w);
	if (rc != EMP_OK)
		return rc;
	if (answered && from < w->first_invited && w->first_invited < to)
		w->first_invited = from;
	if (w->first_invited < to)
		rc = store_read_responses(reader, w->first_invited, take_answer, w);
	else if (answered)
		rc = store_read_events(reader, 1u << EVENT_SURVEY_ANSWERED, from, to,
				       take_answer, w);
	return rc == EMP_OK ? responses_sum(w->responses, &w->asked) : rc;
}

static void
fill_row(struct pub_row *r, const struct work *w, const uint64_t *v, uint32_t cell)
{
	uint64_t invited = tally_get(&w->asked, cell, RESPONSE_COL_INVITED);
	uint64_t done = tally_get(&w->asked, cell, RESPONSE_COL_DONE);
	uint64_t asked = tally_get(&w->asked, cell, RESPONSE_COL_ASKED);

	r->n = v[SLOT_ANSWERED];
	r->figure[FIG_INVITED] = (double)v[SLOT_INVITED];
	r->figure[FIG_SHOWN] = (double)v[SLOT_SHOWN];
	r->figure[FIG_DISMISSED] = (double)v[SLOT_DISMISSED];
	r->figure[FIG_ANSWERED] = (double)v[SLOT_ANSWERED];
	r->figure[FIG_COMPLETE] = (double)v[SLOT_COMPLETE];
	r->figure[FIG_RATE] =
		metric_response(invited, done, v[SLOT_SHOWN], v[SLOT_ANSWERED]).rate;
	r->figure[FIG_UNSOLICITED] = (double)metric_unsolicited(v[SLOT_ANSWERED], asked,
								v[SLOT_SHOWN]);
	r->figure[FIG_RESPONDENTS] = (double)tally_get(&w->respondents, cell, 0);
}

static bool
any(const uint64_t *v)
{
	uint64_t sum = 0;

	for (int i = 0; v != NULL && i < SURVEY_SLOTS_FIXED; i++)
		sum += v[i];
	return sum > 0;
}

static void
survey_rows(struct work *w, uint32_t survey, uint32_t target)
{
	static const uint64_t none[SURVEY_SLOTS_FIXED];
	struct job *j = w->j;

	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->n_times && !occurs; t++)
			occurs = any(job_sums(j, target, g, t));
		for (uint32_t t = 0; t < j->n_times && occurs; t++) {
			const uint64_t *v = job_sums(j, target, g, t);
			uint32_t raw = j->times[t].raw;
			struct pub_row *r;

			if (!any(v) && !j->q->fill)
				continue;
			r = job_row(j, &j->pub.rows, g, t);
			if (r == NULL)
				break;
			r->key[0] = w->surveys->v[survey]->name;
			fill_row(r, w, v == NULL ? none : v,
				 raw == RAW_NONE ? PEOPLE_NONE
						 : job_cell_find(j, survey, g, raw));
		}
	}
}

static enum emp_rc
rows_make(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc = EMP_OK;
	uint32_t target = 0;

	job_columns(j, keys, 1, j->pub.columns, &j->pub.rows.n_columns);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	for (uint32_t i = 0; i < w->surveys->n && rc == EMP_OK; i++) {
		if (w->surveys->v[i]->audience == AUDIENCE_EMPLOYEE)
			rc = job_row_protected(j, w->surveys->v[i]->name, STR_NONE);
		else
			survey_rows(w, i, target++);
	}
	return rc;
}

static enum emp_rc
answer(struct work *w, const struct raw_target *targets, uint32_t n)
{
	struct job *j = w->j;
	enum emp_rc rc = breadth_init(&w->breadth, j);

	w->first_invited = INT64_MAX;
	w->respondents.columns = 1;
	if (rc == EMP_OK)
		rc = responses_new(&w->responses);
	if (rc == EMP_OK)
		rc = people_new(&w->people);
	if (rc == EMP_OK)
		rc = job_merge(j, targets, n);
	if (rc == EMP_OK && n > 0)
		rc = read_rows(w);
	if (rc == EMP_OK)
		rc = breadth_read(&w->breadth);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc == EMP_OK)
		rc = rows_make(w);
	return rc == EMP_OK ? breadth_rows(&w->breadth) : rc;
}

enum emp_rc
rollup_participation(struct job *j)
{
	struct job_surveys surveys;
	struct raw_target *targets;
	struct work *w = arena_zalloc(&j->pub.arena, sizeof *w);
	uint32_t n = 0;
	enum emp_rc rc = job_surveys(j, &surveys);

	if (rc != EMP_OK)
		return rc;
	targets = arena_alloc(&j->pub.arena, (surveys.n + 1) * sizeof *targets);
	if (w == NULL || targets == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < surveys.n; i++)
		if (surveys.v[i]->audience == AUDIENCE_CUSTOMER) {
			targets[n] = (struct raw_target){surveys.v[i]->id, 0,
							 SURVEY_SLOTS_FIXED, n};
			n++;
		}
	if (j->reader == NULL)
		return EMP_STALE;
	w->j = j;
	w->surveys = &surveys;
	rc = answer(w, targets, n);
	responses_free(&w->responses);
	people_free(&w->people);
	breadth_fini(&w->breadth);
	tally_fini(&w->respondents);
	tally_fini(&w->asked);
	return rc;
}
