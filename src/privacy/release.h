/* Which answers of employees are shown together: release.c says why. */
#ifndef EMP_PRIVACY_RELEASE_H
#define EMP_PRIVACY_RELEASE_H

#include "model/release.h"

/* [any] Pure: the blocks of the answers to one question, of at least k people each (k
 * below RELEASE_K_MIN is taken as that), whatever the order of the answers. What `out`
 * points at is in the arena. EMP_NOMEM; EMP_CORRUPT: a value that the question does
 * not have. A hook of the store: ctx is not used. */
EMP_MUST_CHECK enum emp_rc release_blocks_make(void *ctx, const struct release_tree *t,
					       const struct release_question *q,
					       uint32_t k, struct arena *a,
					       struct release_blocks *out);
/* [any] Counts one person's answer into the counts of a block of the question.
 * EMP_CORRUPT: a value that the question does not have. */
EMP_MUST_CHECK enum emp_rc release_count(const struct question *q,
					 const struct release_answer *a,
					 uint64_t *count);
/* [any] Whether a block of so many people and these counts may be shown. */
bool release_is_safe(const struct question *q, uint64_t people, const uint64_t *count,
		     uint64_t k);

#endif
