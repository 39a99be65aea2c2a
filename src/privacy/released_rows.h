/* Rows of answers from what is released of employees' surveys. */
#ifndef EMP_PRIVACY_RELEASED_ROWS_H
#define EMP_PRIVACY_RELEASED_ROWS_H

#include "privacy/released.h"
#include "privacy/rollup_impl.h"

/* Satisfaction, in this order.
 *
 * Refuses what releases cannot be asked by; *out is to hold what was released of these
 * surveys, NULL where none of them asks employees. EMP_STALE: ask again on a reader. */
EMP_MUST_CHECK enum emp_rc released_open(struct job *j, const struct job_surveys *s,
					 struct released **out);
/* After job_merge: reads them. EMP_INVALID where a bound of the window cuts one. */
EMP_MUST_CHECK enum emp_rc released_window(struct job *j, const struct job_surveys *s,
					   struct released *r);
EMP_MUST_CHECK enum emp_rc released_rows(struct job *j, const struct released *r,
					 const struct survey *v);

/* released_comments.c: the list of comments, of that survey (n == 0: of all). */
EMP_MUST_CHECK enum emp_rc released_comments(struct job *j, struct str survey);

#endif
