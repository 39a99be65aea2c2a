/* Keeping no longer than asked to: once a day, and soon after a start, texts and ids go
 * off events that are older than their class is kept, and pseudonyms of people of whom
 * nothing is younger. Like an erasure, in slices between the groups; what is counted
 * stays, and distinct people are as many as before.
 *
 * On the way people are removed whose event was never committed: see group.c. Nothing
 * is in flight between two groups, so whatever empowerd.db has no event of has none.
 *
 * All [writer] unless noted. */
#ifndef EMP_STORE_RETAIN_H
#define EMP_STORE_RETAIN_H

#include "base/error.h"
#include "model/event.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct retain;

/* People, and whether something of theirs must stay. */
struct person_entry {
	uint8_t person[PSEUDONYM_BYTES];
	bool stays;
};
struct person_set {
	struct person_entry *v;
	uint32_t *place; /* index + 1 */
	uint32_t n, cap, places;
};
#define PERSON_SET_MAX (1u << 20)

void person_set_clear(struct person_set *set);
void person_set_fini(struct person_set *set);
/* NULL: not there. */
struct person_entry *person_set_find(const struct person_set *set,
				     const uint8_t person[PSEUDONYM_BYTES]);
/* EMP_TOO_LARGE beyond PERSON_SET_MAX. */
EMP_MUST_CHECK enum emp_rc person_set_add(struct person_set *set,
					  const uint8_t person[PSEUDONYM_BYTES],
					  bool stays);

/* ---- retain_main.c: empowerd.db -------------------------------------------------- */

struct retain_main;
/* Makes what the slices need; customer and operational: what is older than that (ms) is
 * to go, INT64_MIN: nothing. */
EMP_MUST_CHECK enum emp_rc retain_main_new(struct retain_main **out, struct store *s,
					   int64_t customer, int64_t operational);
void retain_main_free(struct retain_main **m);
/* A slice; *more tells whether there is another. */
EMP_MUST_CHECK enum emp_rc retain_main_step(struct retain_main *m, struct store *s,
					    bool *more);
/* Events that lost texts and ids, and customers that lost their pseudonym. */
void retain_main_told(const struct retain_main *m, uint64_t *events,
		      uint64_t *customers);

/* ---- retain_sealed.c: confidential.db -------------------------------------------- */

/* What is older goes: moments in ms, INT64_MIN: nothing does. */
struct retain_limits {
	int64_t customer, operational, personnel, cases, sealed;
};
struct retain_sealed;
EMP_MUST_CHECK enum emp_rc retain_sealed_new(struct retain_sealed **out,
					     struct store *s,
					     const struct retain_limits *limits);
void retain_sealed_free(struct retain_sealed **x);
EMP_MUST_CHECK enum emp_rc retain_sealed_step(struct retain_sealed *x, struct store *s,
					      bool *more);

/* ---- retain.c -------------------------------------------------------------------- */

/* Whether it is time to begin, or it has begun. */
bool retain_due(const struct store *s);
/* A slice. On an error it is begun anew later. */
EMP_MUST_CHECK enum emp_rc retain_step(struct store *s);
void retain_close(struct store *s);
/* Whether a slice has taken long enough. */
bool retain_over(uint64_t began);

#endif
