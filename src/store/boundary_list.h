/* The boundaries of the file in the writer's memory, in the order of arrival; what the
 * registry in struct defs is built of. Added ones are pending until commit: the
 * decisions of the same group see them, and a group that fails takes them back. All
 * [writer], or [main] before. */
#ifndef EMP_STORE_BOUNDARY_LIST_H
#define EMP_STORE_BOUNDARY_LIST_H

#include "base/arena.h"
#include "store/part.h"

struct boundary_list {
	struct boundary *b;
	uint32_t n, cap;
	uint32_t committed;
	struct boundaries *pending; /* [committed, covered); NULL for none */
	uint32_t covered;
	struct arena text;
	struct arena_mark mark; /* of what is committed */
};

/* [main] Loads what the files have: holders are in confidential.db. */
EMP_MUST_CHECK enum emp_rc boundary_list_open(struct boundary_list *l, sqlite3 *main,
					      sqlite3 *sealed);
void boundary_list_close(struct boundary_list *l);
/* All that is committed, as one registry. */
EMP_MUST_CHECK enum emp_rc boundary_list_registry(const struct boundary_list *l,
						  struct boundaries **out);
/* Whether there are pending ones: after boundary_list_commit the registry is to be
 * built again. */
bool boundary_list_changed(const struct boundary_list *l);
void boundary_list_commit(struct boundary_list *l);
void boundary_list_rollback(struct boundary_list *l);

/* The one in force, pending ones included; NULL: none. Lives until the next is added or
 * the group ends. */
const struct boundary *boundary_in_force(const struct store *s,
					 const struct boundary_question *q);

/* --- see part.h --- */
/* [main] */
EMP_MUST_CHECK enum emp_rc boundary_prepare(struct parts *p, sqlite3 *db);
/* EMP_TRANSITION when it does not extend or narrow the one in force. */
EMP_MUST_CHECK enum emp_rc boundary_check(struct store *s, const struct event *e,
					  struct part *p);
EMP_MUST_CHECK enum emp_rc boundary_put(struct store *s, const struct event *e,
					const struct main_ids *ids, struct part *p);

#endif
