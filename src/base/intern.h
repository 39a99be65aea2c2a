/* Names interned to dense numbers: one writer, any number of wait-free readers.
 *
 * Entries live in chunks that never move and are never freed before the table, so a
 * text once returned stays valid. A name becomes visible to readers when the writer
 * publishes it, which the store does after the commit that stored it; until then only
 * the writer sees it (the pending tail), and can roll it back.
 */
#ifndef EMP_BASE_INTERN_H
#define EMP_BASE_INTERN_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

struct intern;

#define INTERN_NONE 0u /* ids start at 1 */

EMP_MUST_CHECK enum emp_rc intern_new(struct intern **out);
void intern_free(struct intern **t);
/* [any] Among the published names; INTERN_NONE when absent. */
uint32_t intern_find(const struct intern *t, struct str name);
/* [any] Text of a published id (also of a pending one, for the writer). */
struct str intern_text(const struct intern *t, uint32_t id);
/* [any] Highest published id. */
uint32_t intern_count(const struct intern *t);
/* [writer] Published or pending. */
uint32_t intern_find_pending(const struct intern *t, struct str name);
/* [writer] Adds a pending name with the next id; EMP_NOMEM. `parent` is kept beside it
 * (units: the path one part shorter; else INTERN_NONE). */
EMP_MUST_CHECK enum emp_rc intern_add(struct intern *t, struct str name,
				      uint32_t parent, uint32_t *id);
/* [any] */
uint32_t intern_parent(const struct intern *t, uint32_t id);
/* [writer] Make all pending names visible / forget them. */
void intern_publish(struct intern *t);
void intern_rollback(struct intern *t);

#endif
