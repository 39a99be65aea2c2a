/* The routes that make one event each: see voice.c. */
#ifndef EMP_API_VOICE_H
#define EMP_API_VOICE_H

#include "api/worker.h"

/* Where the event gets what it refers to from. */
enum reference { BY_BODY, BY_ID, BY_RECEIPT, BY_PERSON };

struct voice_step {
	const char *path; /* of its route */
	uint8_t type;     /* enum event_type */
	uint8_t by;       /* enum reference */
	/* The answer waits until every worker knows what has become of it. */
	bool everywhere;
};

/* [any] The table. */
const struct voice_step *voice_steps(size_t *n);
/* [worker] 409 for a step on the suggestion of the path that its state does not allow,
 * with that state and what it does allow: whoever got this far may know. `source`: of
 * the id, n == 0: any. */
void voice_refuse_with_state(struct req *r, const struct voice_step *step,
			     struct str source, const struct problem *p);

#endif
