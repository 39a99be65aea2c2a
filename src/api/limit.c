/* Token buckets: credit grows with time up to a burst, each request takes one. */
#include "api/limit.h"

#include "base/hash.h"

#include <stdlib.h>

#define ONE 1000000000u /* a request, in billionths: then credit grows by rate x ns */

enum emp_rc
limit_init(struct limit *l, uint32_t per_second)
{
	l->per_second = per_second;
	l->buckets = NULL;
	if (per_second == 0)
		return EMP_OK;
	l->buckets = calloc((size_t)LIMIT_SETS * LIMIT_WAYS, sizeof *l->buckets);
	return l->buckets ? EMP_OK : EMP_NOMEM;
}

void
limit_fini(struct limit *l)
{
	free(l->buckets);
	l->buckets = NULL;
}

/* The bucket of the address, or the one to give up for it. */
static struct limit_bucket *
bucket_of(struct limit *l, uint64_t key)
{
	struct limit_bucket *set = &l->buckets[hash_u64(key) % LIMIT_SETS * LIMIT_WAYS];
	struct limit_bucket *oldest = set;

	for (int i = 0; i < LIMIT_WAYS; i++) {
		if (set[i].at_ns != 0 && set[i].key == key)
			return &set[i];
		if (set[i].at_ns < oldest->at_ns)
			oldest = &set[i];
	}
	return oldest;
}

bool
limit_take(struct limit *l, uint64_t key, uint64_t now_ns)
{
	uint64_t full = (uint64_t)l->per_second * LIMIT_BURST_S * ONE;
	uint64_t since;
	struct limit_bucket *b;

	if (l->per_second == 0)
		return true;
	b = bucket_of(l, key);
	if (b->at_ns == 0 || b->key != key) {
		*b = (struct limit_bucket){.key = key, .at_ns = now_ns, .credit = full};
	} else {
		since = now_ns - b->at_ns;
		/* The burst fills up in LIMIT_BURST_S; cutting there cannot overflow.
		 */
		if (since > (uint64_t)LIMIT_BURST_S * ONE)
			since = (uint64_t)LIMIT_BURST_S * ONE;
		b->credit += since * l->per_second;
		if (b->credit > full)
			b->credit = full;
		b->at_ns = now_ns;
	}
	if (b->credit < ONE)
		return false;
	b->credit -= ONE;
	return true;
}
