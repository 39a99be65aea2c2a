/* Closing periods of employees' surveys, and releasing what may be shown. All [writer]
 * unless noted; [aside]: on the thread that has confidential.db (aside.h). */
#ifndef EMP_STORE_RELEASE_H
#define EMP_STORE_RELEASE_H

#include "store/store.h"

/* DEF_RELEASE, with its own transactions. A period that is released stays so whatever
 * happens after its first commit: the rest follows by itself. Where there is something
 * to release that is under way aside then, and the change done with it. */
EMP_MUST_CHECK enum emp_rc release_change(struct store *s, struct store_change *c);
/* DEF_INVITES. */
EMP_MUST_CHECK enum emp_rc release_invites(struct store *s, struct store_change *c);
/* Weeks and months whose time has come, by the clock; looks at most once a minute. */
void release_due(struct store *s);
/* --- for those who close periods --- */
/* [aside] All that is open up to the number, oldest first; by the clock it is `now`,
 * ms. Periods that nobody answered are closed by the next one. */
EMP_MUST_CHECK enum emp_rc release_close_through(struct store *s,
						 const struct survey *v, int64_t number,
						 int64_t now);
/* What is tried again, and nobody waits for: only the disk is a reason to stop. */
void release_failed(struct store *s, enum emp_rc rc);

/* [main] Copies to empowerd.db what it does not have yet. */
EMP_MUST_CHECK enum emp_rc release_complete(struct store *s);
/* [main] too: does so, and destroys keys, or tries again when there is time. */
void release_again(struct store *s);
/* What readers find has changed: after the commit, as an answer is kept under the
 * version that was read before it was made. */
void release_shown(struct store *s);

#endif
