/* A stored decision, as whoever refers to it needs it: reviews and backings, whose rows
 * are in confidential.db. [writer], inside the group's transaction. */
#ifndef EMP_STORE_DECISION_REF_H
#define EMP_STORE_DECISION_REF_H

#include "model/event.h"
#include "store/sealed_file.h"

struct store;

struct decision_ref {
	int64_t seq;                   /* from group.first_seq on: not committed yet */
	int64_t time;                  /* ms */
	uint8_t key[PEOPLE_KEY_BYTES]; /* every decision has one (its people_key) */
	/* Names, "" for none. Live until the group ends. */
	struct str unit, role, matter;
};

/* The decision that e->ref_source and e->ref_id name: of that source, or of any when
 * the event names none (what the server answered, too); of several the newest.
 * EMP_UNKNOWN_REF when there is none, or when it is outside e->only_unit. */
EMP_MUST_CHECK enum emp_rc decision_ref_find(struct store *s, const struct event *e,
					     struct decision_ref *out);

#endif
