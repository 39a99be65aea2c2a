/* Reading: see asks.c. */
#ifndef EMP_API_ASKS_H
#define EMP_API_ASKS_H

#include "api/codes.h"
#include "model/query.h"

/* [worker] Answers with what belongs to a receipt or a personal code; on a reader
 * thread, and never kept. */
void ask_by_code(struct req *r, enum rollup ask, const struct code *code);

#endif
