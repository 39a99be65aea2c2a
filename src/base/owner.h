/* One writer per datum, checked while running: a structure that belongs to a thread
 * remembers which, and every entry point asserts it. The cost is one load. [any] */
#ifndef EMP_BASE_OWNER_H
#define EMP_BASE_OWNER_H

#include <stdbool.h>

struct owner {
	_Atomic unsigned long tid; /* 0: not claimed */
};

/* The calling thread becomes the owner; aborts when another still is. */
void owner_claim(struct owner *o);
void owner_release(struct owner *o);
/* Aborts when another thread owns it. */
void owner_assert(const struct owner *o);

#endif
