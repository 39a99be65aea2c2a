/* The newest of something that threads share: whoever has it keeps it whole, even after
 * another took its place. What is shared never changes. */
#ifndef EMP_BASE_NEWEST_H
#define EMP_BASE_NEWEST_H

#include "base/error.h"

#include <stdint.h>

struct newest; /* the place */
/* Part of what is shared, which the maker fills in but for refs. */
struct newest_item {
	void (*free)(struct newest_item *item);
	uint64_t version;
	uint32_t refs; /* under the lock of the place */
};

EMP_MUST_CHECK enum emp_rc newest_new(struct newest **out);
/* [any] After everything taken was dropped. */
void newest_free(struct newest **n);
/* [any] The item, held until it is dropped; NULL: there is none. */
struct newest_item *newest_take(struct newest *n);
/* [any] Makes the item the newest unless there is one of a later version; the caller
 * holds it as if it had taken it. */
void newest_put(struct newest *n, struct newest_item *item);
void newest_drop(struct newest *n, struct newest_item **item);

#endif
