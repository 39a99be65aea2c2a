/* Decisions counted by SQL, for store_recount. */
#ifndef EMP_STORE_RECOUNT_DECISIONS_H
#define EMP_STORE_RECOUNT_DECISIONS_H

#include "store/reader_impl.h"

/* [reader] Needs the function bucket(grain, time) on the connection. */
EMP_MUST_CHECK enum emp_rc
recount_decisions(struct store_reader *r, enum grain g,
		  enum emp_rc (*fn)(void *ctx, const struct cell_key *k, uint32_t slot,
				    uint64_t n),
		  void *ctx);

#endif
