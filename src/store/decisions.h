/* Decisions in empowerd.db: what was decided, and what followed. All [writer], see
 * part.h. Who decided is in confidential.db. */
#ifndef EMP_STORE_DECISIONS_H
#define EMP_STORE_DECISIONS_H

#include "store/part.h"

/* [main] */
EMP_MUST_CHECK enum emp_rc decisions_prepare(struct parts *p, sqlite3 *db);
EMP_MUST_CHECK enum emp_rc decisions_put(struct store *s, const struct event *e,
					 const struct main_ids *ids, struct part *p);
/* EMP_UNKNOWN_REF, or EMP_TRANSITION for a second settlement. */
EMP_MUST_CHECK enum emp_rc decisions_check_step(struct store *s, const struct event *e,
						struct part *p);
EMP_MUST_CHECK enum emp_rc decisions_put_step(struct store *s, const struct event *e,
					      const struct main_ids *ids,
					      struct part *p);
/* Of a recognition that backs: notes the decision that it names, if there is one. */
EMP_MUST_CHECK enum emp_rc decisions_put_backing(struct store *s, const struct event *e,
						 int64_t seq);

/* What changes in counters when facts change; `before` NULL: there were none. [any] */
void decisions_change(const struct decision_facts *before,
		      const struct decision_facts *after, struct count_change *out);
/* [main] What a stored decision changed when it was made; what followed on one. */
EMP_MUST_CHECK enum emp_rc decisions_recall(struct store *s, int64_t seq,
					    struct count_change *out);
EMP_MUST_CHECK enum emp_rc decisions_recall_step(struct store *s, bool settled,
						 int64_t seq, struct count_change *out);
/* As stored: how many were raised, their numbers, the numbers of those lowered.
 * EMP_CORRUPT. [any] */
EMP_MUST_CHECK enum emp_rc decisions_unpack(struct str packed,
					    struct count_change *out);

#endif
