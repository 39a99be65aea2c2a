/* What the rollup of decisions says of reviews, which are in confidential.db. [reader]
 */
#ifndef EMP_PRIVACY_DECISIONS_H
#define EMP_PRIVACY_DECISIONS_H

#include "privacy/rollup_impl.h"

struct reviews;

/* After job_merge, before job_layout. `targets` name the subjects of decisions. NULL
 * out where the question is one that reviews have no answer to: a step or a window that
 * is not of whole months, rows or filters by more than units. */
EMP_MUST_CHECK enum emp_rc reviews_read(struct job *j, const struct raw_target *targets,
					uint32_t n, struct reviews **out);
/* After job_layout: the table "reviews". */
EMP_MUST_CHECK enum emp_rc reviews_publish(struct reviews *r);
void reviews_free(struct reviews **r);

#endif
