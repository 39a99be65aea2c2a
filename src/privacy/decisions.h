/* What the rollup of decisions says of reviews, which are in confidential.db. */
#ifndef EMP_PRIVACY_DECISIONS_H
#define EMP_PRIVACY_DECISIONS_H

#include "privacy/rollup_impl.h"

struct reviews;

/* Whether the question looks like one that reviews are a part of, before anything was
 * merged for it: none looks otherwise, but for seconds around the turn of a month. */
bool reviews_expected(const struct job *j);
/* After job_merge, before job_layout. `targets` name the subjects of decisions. NULL
 * out where the question is one that reviews have no answer to: a step or a window that
 * is not of whole months, rows or filters by more than units. EMP_STALE: ask again on a
 * reader. */
EMP_MUST_CHECK enum emp_rc reviews_read(struct job *j, const struct raw_target *targets,
					uint32_t n, struct reviews **out);
/* After job_layout: the table "reviews". */
EMP_MUST_CHECK enum emp_rc reviews_publish(struct reviews *r);
void reviews_free(struct reviews **r);

#endif
