/* Which thread owns a structure. A thread is known by the address of a variable of its
 * own, which is unique among living threads and cheaper than asking the kernel. */
#include "base/owner.h"

#include "base/error.h"

#include <stdatomic.h>

static _Thread_local char self;

static unsigned long
self_id(void)
{
	return (unsigned long)&self;
}

void
owner_claim(struct owner *o)
{
	unsigned long unclaimed = 0;

	EMP_ASSERT(atomic_compare_exchange_strong(&o->tid, &unclaimed, self_id()) ||
		   unclaimed == self_id());
}

void
owner_release(struct owner *o)
{
	owner_assert(o);
	atomic_store_explicit(&o->tid, 0, memory_order_release);
}

void
owner_assert(const struct owner *o)
{
	unsigned long tid = atomic_load_explicit(&o->tid, memory_order_relaxed);

	EMP_ASSERT(tid == 0 || tid == self_id());
}
