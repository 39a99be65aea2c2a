/* Are the counters in the file those of the events in the file? For `verify -d`, which
 * needs no daemon.
 *
 * Cells are written behind the events, and the file says which events every cell surely
 * includes. A cell into which later events fell may lack some of them, but must not
 * count more than there are, unless it is of decisions, where what follows may take
 * back what was counted; any other must agree exactly. Days are compared both ways;
 * hours and minutes are kept for a time only, so those without a cell are no finding.
 * [main] */
#ifndef EMP_CTL_RECOUNT_H
#define EMP_CTL_RECOUNT_H

#include "store/store.h"

struct ctl_recount {
	uint64_t cells;       /* compared */
	uint64_t counts;      /* numbers in them that are not zero */
	uint64_t behind;      /* cells that lack events not yet counted into the file */
	uint64_t differences; /* cells that contradict the events */
};

/* `tell` gets a sentence for each of the first differences. */
EMP_MUST_CHECK enum emp_rc ctl_recount_run(struct store_reader *r,
					   struct ctl_recount *out,
					   void (*tell)(void *ctx, const char *finding),
					   void *ctx);

#endif
