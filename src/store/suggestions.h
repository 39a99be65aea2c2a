/* Suggestions in empowerd.db: submission, requests for wider boundaries, and steps. All
 * [writer], inside the transaction that main_begin opened. */
#ifndef EMP_STORE_SUGGESTIONS_H
#define EMP_STORE_SUGGESTIONS_H

#include "store/life.h"
#include "store/main_file.h"
#include "store/names.h"
#include "store/sealed_file.h"

struct suggestions {
	sqlite3_stmt *put, *put_state, *put_step, *set_state, *get, *by_id, *by_receipt,
		*by_supporter, *supports;
};

/* What a step refers to. */
struct suggestion_at {
	struct life_at at;
	int64_t seq; /* of the suggestion */
	uint32_t series;
};

/* [main] Prepares the statements; the file is open and migrated. */
EMP_MUST_CHECK enum emp_rc suggestions_prepare(struct suggestions *f, sqlite3 *db);
/* Whether this submission or request is stored already: its receipt follows from what
 * was sent, so a repeat has it, too. */
EMP_MUST_CHECK enum emp_rc suggestions_known(struct suggestions *f,
					     const struct event *e, bool *known);
/* The suggestion that a step refers to, and its state after it; writes nothing. *bad:
 * EMP_UNKNOWN_REF or EMP_TRANSITION where the step is refused. */
EMP_MUST_CHECK enum emp_rc
suggestions_find(struct suggestions *f, const struct names *names,
		 const struct event *e, struct suggestion_at *out, enum emp_rc *bad);
/* Names of a submission as numbers; 0: none. */
struct suggestion_ids {
	uint32_t category, unit;
	uint32_t role, matter; /* request */
};
/* Rows beside that of the event, which has ids->seq. */
EMP_MUST_CHECK enum emp_rc suggestions_put(struct suggestions *f, const struct event *e,
					   const struct main_ids *ids,
					   const struct suggestion_ids *names);
/* Whether it is a rating by an employee: what it says is for confidential.db, and only
 * that there is one is written here. [any] */
bool suggestions_rated_apart(const struct event *e, const struct suggestion_at *of);
EMP_MUST_CHECK enum emp_rc suggestions_put_step(struct suggestions *f,
						const struct event *e,
						const struct main_ids *ids,
						struct suggestion_at *of);

#endif
