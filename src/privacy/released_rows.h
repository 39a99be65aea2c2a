/* Rows of answers from what is released of employees' surveys. */
#ifndef EMP_PRIVACY_RELEASED_ROWS_H
#define EMP_PRIVACY_RELEASED_ROWS_H

#include "privacy/released.h"
#include "privacy/rollup_impl.h"

/* [reader] All of them, the context's until there is another release. */
EMP_MUST_CHECK enum emp_rc job_released(struct job *j, const struct released **out);
void released_free(struct released **r);

/* Satisfaction, in this order.
 *
 * Refuses what releases cannot be asked by. *any: some of these surveys ask employees,
 * and the rest is needed. EMP_STALE: ask again on a reader. */
EMP_MUST_CHECK enum emp_rc released_open(struct job *j, const struct job_surveys *s,
					 bool *any);
/* After job_merge. EMP_INVALID where a bound of the window cuts one. */
EMP_MUST_CHECK enum emp_rc released_window(struct job *j, const struct job_surveys *s,
					   const struct released **out);
EMP_MUST_CHECK enum emp_rc released_rows(struct job *j, const struct released *r,
					 const struct survey *v);

/* satisfaction.c: how many people answered, by the slots of the question. */
uint64_t satisfaction_people(const struct question *q, const uint64_t *v);
/* Its headline of these slots; NAN: nobody answered, or there is none. */
double satisfaction_level(const struct question *q, const uint64_t *v);

/* released_comments.c: the list of comments, of that survey (n == 0: of all). */
EMP_MUST_CHECK enum emp_rc released_comments(struct job *j, struct str survey);

#endif
