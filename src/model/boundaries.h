/* The registry of boundaries: within what a role may decide a class of matters by
 * itself, from when on. Immutable, shared by reference count like surveys; built by the
 * store from the events boundary.set, .extended and .narrowed in the order of arrival.
 *
 * Which one is in force for (role, class, unit, person) at a time: those with the same
 * role and class, whose time is not later, whose unit is the unit itself or the nearest
 * above (none: everywhere), and whose holder is that person or nobody. A holder's goes
 * before all others, then the nearest unit, then the latest time, then the last to
 * arrive. [any], pure. */
#ifndef EMP_MODEL_BOUNDARIES_H
#define EMP_MODEL_BOUNDARIES_H

#include "model/event.h"

struct boundary {
	int64_t seq;                   /* of its event */
	int64_t time;                  /* ms, in force from then on */
	struct str role, matter, unit; /* unit.n == 0: everywhere */
	bool has_holder;
	uint8_t holder[PSEUDONYM_BYTES]; /* the one person it is for */
	int64_t limit_cents;             /* -1: no limit */
	uint8_t mode;                    /* enum boundary_mode */
	struct str requires_training;    /* topic; n == 0: none */
	struct str reason;
};

struct boundaries;
/* Copies all; in any order. */
EMP_MUST_CHECK enum emp_rc boundaries_new(struct boundaries **out,
					  const struct boundary *b, size_t n);
/* Atomic reference count. */
struct boundaries *boundaries_hold(struct boundaries *b);
void boundaries_release(struct boundaries **b);
size_t boundaries_count(const struct boundaries *b);
/* Sorted by role, class, unit, holder, time, seq. */
const struct boundary *boundaries_at(const struct boundaries *b, size_t i);

struct boundary_question {
	struct str role, matter, unit;
	const uint8_t *person; /* NULL: nobody in particular */
	int64_t time;          /* ms */
};
/* The one in force, NULL: none (or no registry, b NULL). At most logarithmic in the
 * number of boundaries. */
const struct boundary *boundaries_find(const struct boundaries *b,
				       const struct boundary_question *q);
/* What a registry with `more` besides would answer to q, when one without answered
 * `found` (NULL: none); for the few that are in no registry yet. */
const struct boundary *boundaries_nearer(const struct boundary *found,
					 const struct boundary *more,
					 const struct boundary_question *q);
/* Of those listed (not personal) whether this one is in force at the time. */
bool boundaries_in_force(const struct boundaries *b, size_t i, int64_t time);

/* May it be decided by oneself (b NULL: WITHIN_NONE): mode act, and no limit or amount
 * (-1: none) within it. Over in mode propose, too: what is to be proposed is not
 * inside. */
enum within boundary_within(const struct boundary *b, int64_t amount_cents);

#endif
