/* Writing what confidential.db says about decisions of empowerd.db: reviews with their
 * counts, and which private recognitions back one. All [writer], in a transaction. */
#ifndef EMP_STORE_REVIEW_H
#define EMP_STORE_REVIEW_H

#include "base/tz.h"
#include "store/decision_ref.h"

/* The decision that a confidential event is about: of a review always, of a backing
 * when it names one that is stored. out->seq is 0 for an event about none. *bad: why
 * the event is refused, EMP_OK if it is not. */
EMP_MUST_CHECK enum emp_rc review_about(struct store *s, const struct event *e,
					struct decision_ref *out, enum emp_rc *bad);
/* The rows beside that of the event, which is stored under `key`. */
EMP_MUST_CHECK enum emp_rc review_put(struct sealed_file *f, const struct event *e,
				      const uint8_t key[PEOPLE_KEY_BYTES],
				      const struct decision_ref *about,
				      const struct tz *tz);
EMP_MUST_CHECK enum emp_rc backing_put(struct sealed_file *f,
				       const uint8_t key[PEOPLE_KEY_BYTES],
				       const struct decision_ref *about);

#endif
