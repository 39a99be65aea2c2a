/* Token buckets per client address, for requests that bring no valid token.
 *
 * The table is bounded and forgets the address not seen for longest in a set of eight:
 * somebody with very many addresses gets more, but never more memory.
 */
#ifndef EMP_API_LIMIT_H
#define EMP_API_LIMIT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_SETS 512
#define LIMIT_WAYS 8
#define LIMIT_BURST_S 2 /* seconds' worth that may come at once */

struct limit_bucket {
	uint64_t key;
	uint64_t at_ns;  /* when `credit` was right; 0: empty place */
	uint64_t credit; /* billionths of a request */
};

struct limit {
	uint32_t per_second; /* 0: everything passes */
	struct limit_bucket *buckets;
};

EMP_MUST_CHECK enum emp_rc limit_init(struct limit *l, uint32_t per_second);
void limit_fini(struct limit *l);
/* [worker] Takes one; false when the address has none left. `now_ns` is monotonic. */
EMP_MUST_CHECK bool limit_take(struct limit *l, uint64_t key, uint64_t now_ns);

#endif
