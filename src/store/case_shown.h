/* Suggestions of employees as they are shown: without what employees did to them today.
 * Whoever looks again and again would else see the moment at which somebody supported,
 * opened, withdrew or replied. What was withdrawn today still takes the steps that it
 * is shown to take: they are kept, and change nothing. [reader]; the writer asks, too.
 */
#ifndef EMP_STORE_CASE_SHOWN_H
#define EMP_STORE_CASE_SHOWN_H

#include "store/days.h"
#include "store/reader_impl.h"

#include "model/lifecycle.h"

struct case_shown {
	struct store_reader *reader; /* whose the statement is; NULL: the caller's */
	sqlite3_stmt *steps;
	const struct tz *tz;
	char today[DAY_TEXT_MAX];
};

/* For who prepares statements by themselves, for confidential.db. */
#define CASE_SHOWN_STEPS                                                               \
	"SELECT type, day, status, will_examine, automatic, "                          \
	"reason IS NOT NULL FROM suggestion_step "                                     \
	"WHERE suggestion = ?1 ORDER BY number"
/* [any] With `steps` prepared, which stays the caller's. */
void case_shown_with(struct case_shown *c, sqlite3_stmt *steps, const struct tz *tz);

/* fini is due whatever init returns. */
EMP_MUST_CHECK enum emp_rc case_shown_init(struct case_shown *c,
					   struct store_reader *r);
void case_shown_fini(struct case_shown *c);
/* Makes of a state that is stored the one that is shown. The state is shown whole where
 * a step of today led to one that somebody else has answered since. */
EMP_MUST_CHECK enum emp_rc case_shown_life(struct case_shown *c,
					   const uint8_t key[HANDLE_BYTES],
					   struct lifecycle *l);
/* Whether a stored state may not be the shown one: a withdrawal or a reopening of
 * today; NULL days are p == NULL. */
bool case_shown_differs(const struct case_shown *c, enum suggestion_state state,
			struct str withdrawn, struct str reopened);

#endif
