/* Figures about people, computed from rows of the file: who cannot be counted by
 * adding, because a person of Monday and of Tuesday is one person.
 *
 * Sets live in memory, as pseudonyms; nothing of them leaves but their number.
 * [reader], one thread per struct. EMP_TOO_LARGE when more than PEOPLE_MAX pairs would
 * be remembered. */
#ifndef EMP_AGG_PEOPLE_H
#define EMP_AGG_PEOPLE_H

#include "base/tz.h"
#include "model/row.h"

#define PEOPLE_MAX (4u * 1024 * 1024)
#define PEOPLE_NONE UINT32_MAX
#define COHORT_MONTHS 12

/* A set of (tag, pseudonym) pairs, each with an index in order of arrival. */
struct people;
EMP_MUST_CHECK enum emp_rc people_new(struct people **out);
void people_free(struct people **p);
/* The pair's index in *at; returns whether it was not there before. */
EMP_MUST_CHECK enum emp_rc people_add(struct people *p, uint64_t tag,
				      const uint8_t person[PSEUDONYM_BYTES],
				      uint32_t *at, bool *fresh);
/* PEOPLE_NONE when absent. */
uint32_t people_find(const struct people *p, uint64_t tag,
		     const uint8_t person[PSEUDONYM_BYTES]);
uint32_t people_count(const struct people *p);

/* Numbers by (bucket, column), for buckets that come as they are met. */
struct tally {
	uint32_t columns;
	uint32_t n; /* buckets there is room for */
	uint64_t *v;
};
EMP_MUST_CHECK enum emp_rc tally_add(struct tally *t, uint32_t bucket, uint32_t column,
				     uint64_t n);
uint64_t tally_get(const struct tally *t, uint32_t bucket, uint32_t column);
void tally_fini(struct tally *t);

/* Response: invitations of the window first (and all others, to know who had been asked
 * at all), then every answer from the first of those in the window on. */
struct response_row {
	int64_t seq, time, received; /* ms */
	uint32_t survey;
	uint32_t bucket;       /* PEOPLE_NONE: not in the window */
	const uint8_t *person; /* NULL: unknown */
};
struct responses;
enum response_column { RESPONSE_COL_INVITED, RESPONSE_COL_DONE, RESPONSE_COL_ASKED };
#define RESPONSE_COLUMNS 3
EMP_MUST_CHECK enum emp_rc responses_new(struct responses **out);
void responses_free(struct responses **r);
EMP_MUST_CHECK enum emp_rc responses_invited(struct responses *r,
					     const struct response_row *i);
/* `ref` is the sequence of the invitation it names, 0: none. */
EMP_MUST_CHECK enum emp_rc responses_answered(struct responses *r,
					      const struct response_row *a, int64_t ref,
					      bool complete);
/* By bucket: invitations, of these those with a complete answer, and answers by people
 * who had been invited by then. */
EMP_MUST_CHECK enum emp_rc responses_sum(struct responses *r, struct tally *out);

/* Cohorts by month of first signup. Signups first, then what people did later. */
struct cohorts;
struct cohort {
	int32_t month; /* since 1970-01 */
	uint64_t size;
	uint64_t active[COHORT_MONTHS]; /* in month + 1 .. + 12 */
};
EMP_MUST_CHECK enum emp_rc cohorts_new(struct cohorts **out, const struct tz *tz);
void cohorts_free(struct cohorts **c);
EMP_MUST_CHECK enum emp_rc cohorts_signup(struct cohorts *c, int64_t t,
					  const uint8_t person[PSEUDONYM_BYTES]);
void cohorts_active(struct cohorts *c, int64_t t,
		    const uint8_t person[PSEUDONYM_BYTES]);
/* Cohorts of people whose first signup lies in [from, to), by month; free() it. */
EMP_MUST_CHECK enum emp_rc cohorts_sum(const struct cohorts *c, int64_t from,
				       int64_t to, struct cohort **out, uint32_t *n);

#endif
