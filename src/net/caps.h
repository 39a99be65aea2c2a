/* How many connections each address has open: a table shared by the workers.
 *
 * It is touched once when a connection opens and once when it closes, so a mutex will
 * do.
 */
#ifndef EMP_NET_CAPS_H
#define EMP_NET_CAPS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct caps;

/* [main] Room for `max` connections, `per_key` of them with the same key. */
EMP_MUST_CHECK enum emp_rc caps_new(struct caps **out, unsigned max, unsigned per_key);
void caps_free(struct caps **c);
/* [any] False: this key has as many as it may. */
EMP_MUST_CHECK bool caps_take(struct caps *c, uint64_t key);
/* [any] */
void caps_give(struct caps *c, uint64_t key);

#endif
