/* Breadth of voice: how many different people said anything at all, of all there are:
 * answered (customers), submitted a suggestion, or recognised somebody. A list beside
 * the rows of participation. What employees answered is sealed and not in it. [reader]
 */
#ifndef EMP_PRIVACY_BREADTH_H
#define EMP_PRIVACY_BREADTH_H

#include "privacy/rollup_impl.h"

#define BREADTH_KIND 256 /* of cells; surveys have those below */

struct breadth {
	struct job *j;
	bool wanted;
	bool employees; /* there are rows about them */
	int64_t today;
	struct people *people; /* (cell, person) */
	struct tally voices;   /* by cell */
	int64_t *at;           /* room for levels of every unit */
	struct pub_column columns[PUB_COLUMNS_MAX];
};

/* Before job_merge. Not wanted: everything below does nothing. */
EMP_MUST_CHECK enum emp_rc breadth_init(struct breadth *b, struct job *j);
void breadth_fini(struct breadth *b);
/* Somebody answered. */
EMP_MUST_CHECK enum emp_rc breadth_answer(struct breadth *b, const struct event_row *e);
/* After job_merge: all but the answers. */
EMP_MUST_CHECK enum emp_rc breadth_read(struct breadth *b);
/* After job_layout. */
EMP_MUST_CHECK enum emp_rc breadth_rows(struct breadth *b);

#endif
