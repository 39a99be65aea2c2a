/* Suggestions of employees, in confidential.db: submission and steps. All [writer],
 * inside the transaction that sealed_begin opened. */
#ifndef EMP_STORE_CASES_H
#define EMP_STORE_CASES_H

#include "base/tz.h"
#include "store/life.h"
#include "store/period.h"
#include "store/sealed_file.h"

struct cases {
	struct sealed_file *file;
	struct periods *periods;
	sqlite3_stmt *put, *put_state, *set_state, *put_step, *get, *known, *by_receipt,
		*by_supporter, *supports, *steps, *last_step;
};

/* [main] Prepares the statements; the file is open and migrated, and outlives this, as
 * do the periods. */
EMP_MUST_CHECK enum emp_rc cases_prepare(struct cases *c, struct sealed_file *f,
					 struct periods *p);
/* Writes the event with all that follows from it, but its id. Where nothing was
 * written: *bad is EMP_UNKNOWN_REF or EMP_TRANSITION, or *nothing is true because it is
 * stored already or says nothing new. */
EMP_MUST_CHECK enum emp_rc cases_put(struct cases *c, const struct event *e,
				     const struct tz *tz, enum emp_rc *bad,
				     bool *nothing);

/* How an employee felt heard, of any suggestion: an answer with its unit, tied to
 * nothing. Nobody vouches for who it is of. */
EMP_MUST_CHECK enum emp_rc cases_put_rating(struct cases *c, const struct event *e,
					    const struct tz *tz, struct str unit);

#endif
