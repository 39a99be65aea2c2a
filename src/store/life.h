/* What both files share of suggestions: the members of a suggestion's state in the
 * order of their columns, the step that an event is. */
#ifndef EMP_STORE_LIFE_H
#define EMP_STORE_LIFE_H

#include "model/event.h"
#include "model/lifecycle.h"

/* Columns of suggestion_state beside state, status and auto_acknowledged; `submitted`
 * is never changed and stands apart. */
#define LIFE_MOMENTS                                                                   \
	"acknowledged, first_response, first_triage, reopened, second_response, "      \
	"first_reopened, closed, withdrawn, first_seen"
#define LIFE_COUNTS                                                                    \
	"published, opened, negatives, negatives_reasoned, rounds, rated_round, "      \
	"supporters"
#define LIFE_MOMENT_COUNT 9
#define LIFE_COUNT_COUNT 7

/* [any] The member of column i. */
int64_t *life_moment(struct lifecycle *l, int i);
uint32_t *life_count(struct lifecycle *l, int i);

/* [any] Whether it is a step on a suggestion that is stored. */
bool life_is_step(const struct event *e);

/* A suggestion that a step refers to, as it would be after it. */
struct life_at {
	struct lifecycle life;
	bool author;  /* found by its author's receipt */
	bool nothing; /* the step says nothing new: not to be stored */
};
/* [any] Applies the event, taken to be of `time` (ms), to at->life. EMP_TRANSITION,
 * EMP_UNKNOWN_REF or EMP_OK. `own`: the suggestion's receipt, NULL for none; `again`:
 * the event's receipt supports it already; `unit`: of the suggestion. */
enum emp_rc life_judge(struct life_at *at, const struct event *e, int64_t time,
		       struct str unit, const uint8_t *own, bool again);

#endif
