/* Of which unit a released answer is, from then on, and that it is nobody's. [aside] */
#ifndef EMP_STORE_RELEASE_UNITS_H
#define EMP_STORE_RELEASE_UNITS_H

#include "model/release.h"
#include "store/release_input.h"

#include <sqlite3.h>

/* Notes for each unit of the tree the smallest unit of which a block holds what was
 * answered in it: finest[unit], of tree->n, zeros at first, which is the root. Call it
 * for every question of the period. */
void release_units_note(const struct release_tree *t, const struct release_blocks *b,
			uint32_t *finest);
/* Of each answer that counted in the period, in confidential.db's open transaction:
 * takes away who gave it and what was commented, makes it one of the period's last day
 * (n == 0: its own stays), and of that unit in the place of its own; those that nobody
 * vouched for have none. Blocks cover the answer as before, question by question: where
 * the smallest of them is, the others are, or above. */
EMP_MUST_CHECK enum emp_rc release_units_forget(sqlite3 *sealed,
						const struct release_input *in,
						struct str day, const uint32_t *finest);

#endif
