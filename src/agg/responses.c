/* Response rates and cohorts.
 *
 * An invitation is answered by who names it (ref), or by its respondent not before it,
 * in the same survey; one answer can settle several invitations of that person. So all
 * that matters of a person's answers is when the last complete one was, and of their
 * invitations when the first was. Nothing is clamped: the rate is a share of
 * invitations, so it cannot pass 100 by itself. */
#include "agg/people.h"

#include "base/array.h"
#include "model/catalogue.h"

#include <stdlib.h>
#include <string.h>

struct invitation {
	int64_t time;
	uint32_t bucket;
	uint32_t guest; /* PEOPLE_NONE: unknown */
	bool done;      /* by one that names it */
};

/* Somebody who was invited. */
struct guest {
	int64_t invited;  /* first */
	int64_t answered; /* last, completely */
};

struct responses {
	struct people *by_seq, *by_person;
	struct invitation *v; /* by index in by_seq */
	struct guest *guests; /* by index in by_person */
	uint32_t n, max, guests_max;
	struct tally asked;
};

static void
seq_key(uint8_t key[PSEUDONYM_BYTES], int64_t seq)
{
	memset(key, 0, PSEUDONYM_BYTES);
	memcpy(key, &seq, sizeof seq);
}

enum emp_rc
responses_new(struct responses **out)
{
	struct responses *r = calloc(1, sizeof *r);

	*out = r;
	if (r == NULL)
		return EMP_NOMEM;
	r->asked.columns = 1;
	if (people_new(&r->by_seq) != EMP_OK || people_new(&r->by_person) != EMP_OK) {
		responses_free(out);
		return EMP_NOMEM;
	}
	return EMP_OK;
}

void
responses_free(struct responses **rp)
{
	struct responses *r = *rp;

	if (r == NULL)
		return;
	people_free(&r->by_seq);
	people_free(&r->by_person);
	tally_fini(&r->asked);
	free(r->v);
	free(r->guests);
	free(r);
	*rp = NULL;
}

static enum emp_rc
guest_add(struct responses *r, const struct response_row *row, uint32_t *at)
{
	bool fresh;
	enum emp_rc rc = people_add(r->by_person, row->survey, row->person, at, &fresh);

	if (rc != EMP_OK)
		return rc;
	if (!array_reserve(&r->guests, &r->guests_max, *at + 1, sizeof *r->guests))
		return EMP_NOMEM;
	if (fresh)
		r->guests[*at] = (struct guest){row->time, INT64_MIN};
	else if (row->time < r->guests[*at].invited)
		r->guests[*at].invited = row->time;
	return EMP_OK;
}

enum emp_rc
responses_invited(struct responses *r, const struct response_row *row)
{
	uint8_t key[PSEUDONYM_BYTES];
	uint32_t guest = PEOPLE_NONE;
	uint32_t at;
	bool fresh;
	enum emp_rc rc;

	seq_key(key, row->seq);
	rc = people_add(r->by_seq, row->survey, key, &at, &fresh);
	if (rc == EMP_OK && fresh && row->person != NULL)
		rc = guest_add(r, row, &guest);
	if (rc != EMP_OK || !fresh)
		return rc;
	if (!array_reserve(&r->v, &r->max, at + 1, sizeof *r->v))
		return EMP_NOMEM;
	r->n = at + 1;
	r->v[at] = (struct invitation){
		.time = row->time, .bucket = row->bucket, .guest = guest};
	return EMP_OK;
}

/* The invitation that the answer names: whatever time either says, but what was here
 * before the invitation was sent is no answer to it. */
static uint32_t
named_by(const struct responses *r, const struct response_row *a, int64_t ref)
{
	uint8_t key[PSEUDONYM_BYTES];
	uint32_t at;

	if (ref == 0)
		return PEOPLE_NONE;
	seq_key(key, ref);
	at = people_find(r->by_seq, a->survey, key);
	return at != PEOPLE_NONE && r->v[at].time <= a->received + FUTURE_MAX_MS
		? at
		: PEOPLE_NONE;
}

enum emp_rc
responses_answered(struct responses *r, const struct response_row *a, int64_t ref,
		   bool complete)
{
	uint32_t named = named_by(r, a, ref);
	bool asked = named != PEOPLE_NONE;

	if (asked && complete)
		r->v[named].done = true;
	if (a->person != NULL) {
		uint32_t at = people_find(r->by_person, a->survey, a->person);
		struct guest *g = at == PEOPLE_NONE ? NULL : &r->guests[at];

		if (g != NULL && complete && a->time > g->answered)
			g->answered = a->time;
		asked = asked || (g != NULL && g->invited <= a->time);
	}
	return asked && a->bucket != PEOPLE_NONE ? tally_add(&r->asked, a->bucket, 0, 1)
						 : EMP_OK;
}

static bool
settled(const struct responses *r, const struct invitation *i)
{
	return i->done ||
		(i->guest != PEOPLE_NONE && r->guests[i->guest].answered >= i->time);
}

enum emp_rc
responses_sum(struct responses *r, struct tally *out)
{
	enum emp_rc rc = EMP_OK;

	out->columns = RESPONSE_COLUMNS;
	for (uint32_t i = 0; i < r->n && rc == EMP_OK; i++) {
		if (r->v[i].bucket == PEOPLE_NONE)
			continue;
		rc = tally_add(out, r->v[i].bucket, RESPONSE_COL_INVITED, 1);
		if (rc == EMP_OK && settled(r, &r->v[i]))
			rc = tally_add(out, r->v[i].bucket, RESPONSE_COL_DONE, 1);
	}
	for (uint32_t b = 0; b < r->asked.n && rc == EMP_OK; b++)
		if (tally_get(&r->asked, b, 0) > 0)
			rc = tally_add(out, b, RESPONSE_COL_ASKED,
				       tally_get(&r->asked, b, 0));
	return rc;
}

/* ---- cohorts ------------------------------------------------------------------- */

struct member {
	int64_t first; /* signup, Unix s */
	int32_t month;
	uint16_t active; /* bit per month after it, from 0 = the month + 1 */
};

struct cohorts {
	const struct tz *tz;
	struct people *people;
	struct member *v;
	uint32_t max;
};

enum emp_rc
cohorts_new(struct cohorts **out, const struct tz *tz)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return EMP_NOMEM;
	(*out)->tz = tz;
	if (people_new(&(*out)->people) != EMP_OK) {
		cohorts_free(out);
		return EMP_NOMEM;
	}
	return EMP_OK;
}

void
cohorts_free(struct cohorts **c)
{
	if (*c == NULL)
		return;
	people_free(&(*c)->people);
	free((*c)->v);
	free(*c);
	*c = NULL;
}

enum emp_rc
cohorts_signup(struct cohorts *c, int64_t t, const uint8_t person[PSEUDONYM_BYTES])
{
	uint32_t at;
	bool fresh;
	enum emp_rc rc = people_add(c->people, 0, person, &at, &fresh);

	if (rc != EMP_OK)
		return rc;
	if (fresh && !array_reserve(&c->v, &c->max, at + 1, sizeof *c->v))
		return EMP_NOMEM;
	if (fresh)
		c->v[at] = (struct member){.first = t};
	else if (t >= c->v[at].first)
		return EMP_OK;
	c->v[at].first = t;
	c->v[at].month = tz_month_index(c->tz, t);
	return EMP_OK;
}

void
cohorts_active(struct cohorts *c, int64_t t, const uint8_t person[PSEUDONYM_BYTES])
{
	uint32_t at = people_find(c->people, 0, person);
	int32_t after;

	if (at == PEOPLE_NONE)
		return;
	after = tz_month_index(c->tz, t) - c->v[at].month;
	if (after >= 1 && after <= COHORT_MONTHS)
		c->v[at].active |= (uint16_t)(1u << (after - 1));
}

static int
cohort_cmp(const void *pa, const void *pb)
{
	const struct cohort *a = pa;
	const struct cohort *b = pb;

	return (a->month > b->month) - (a->month < b->month);
}

enum emp_rc
cohorts_sum(const struct cohorts *c, int64_t from, int64_t to, struct cohort **out,
	    uint32_t *n)
{
	struct cohort *v = NULL;
	uint32_t max = 0;

	*n = 0;
	*out = NULL;
	for (uint32_t i = 0; i < people_count(c->people); i++) {
		const struct member *m = &c->v[i];
		uint32_t k = 0;

		if (m->first < from || m->first >= to)
			continue;
		while (k < *n && v[k].month != m->month)
			k++;
		if (k == *n) {
			if (!array_reserve(&v, &max, k + 1, sizeof *v)) {
				free(v);
				return EMP_NOMEM;
			}
			v[(*n)++] = (struct cohort){.month = m->month};
		}
		v[k].size++;
		for (int a = 0; a < COHORT_MONTHS; a++)
			v[k].active[a] += m->active >> a & 1;
	}
	if (*n > 1)
		qsort(v, *n, sizeof *v, cohort_cmp);
	*out = v;
	return EMP_OK;
}
