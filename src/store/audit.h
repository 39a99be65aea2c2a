/* The audit: a line for each answer that carried what employees wrote in their own
 * words, for each export and for each erasure. Lines are only ever added. */
#ifndef EMP_STORE_AUDIT_H
#define EMP_STORE_AUDIT_H

#include "store/store.h"

/* A line as it is stored. Texts are borrowed for the call. */
struct audit_row {
	int64_t number;
	int64_t time;     /* ms */
	uint32_t token;   /* id; 0: none */
	struct str label; /* of the token, as of then */
	struct str action;
	struct str object;
};

/* [reader] Lines of from <= time < to, ms, newest first, behind the line `before` (0:
 * from the newest), at most max. None without a daemon. */
EMP_MUST_CHECK enum emp_rc
store_read_audit(struct store_reader *r, int64_t from, int64_t to, int64_t before,
		 uint32_t max,
		 enum emp_rc (*fn)(void *ctx, const struct audit_row *row), void *ctx);

/* [writer] A line in the transaction of confidential.db that is open. */
EMP_MUST_CHECK enum emp_rc audit_put(struct store *s, const struct audit_entry *e);
/* [writer] Commits the lines with which a list of changes begins, all in one
 * transaction, and calls done() of each. Returns how many they were; *n is what
 * follows them. */
uint32_t audit_run(struct store *s, struct qnode **n);

#endif
