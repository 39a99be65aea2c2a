/* The only way figures leave: a query in, encoded public bytes out.
 *
 * Inside: counters (and, on a reader, rows of the file) merge to a struct rollup_raw;
 * what may be shown becomes a struct rollup_pub; only that type has encoders. Routes
 * and pages cannot include the counters, so a number that did not pass here cannot get
 * out. */
#ifndef EMP_PRIVACY_ROLLUP_H
#define EMP_PRIVACY_ROLLUP_H

#include "model/query.h"
#include "store/store.h"

struct agg;
struct rollups; /* the service: counters and store, shared by all threads */

#define ROLLUP_WORKER_CELLS_MAX 50000 /* more run on a reader */

EMP_MUST_CHECK enum emp_rc rollups_new(struct rollups **out, struct agg *a,
				       struct store *s);
void rollups_free(struct rollups **r);
/* [main] Before anything is asked: days within which a suggestion is answered; 14. */
#define SLA_DAYS 14
void rollups_sla_days(struct rollups *r, uint32_t days);

/* What every thread that asks needs for itself. */
struct rollup_ctx;
EMP_MUST_CHECK enum emp_rc rollup_ctx_new(struct rollup_ctx **out, struct rollups *r);
void rollup_ctx_free(struct rollup_ctx **c);

/* [any] The sequence that an answer given now would include (cache key). */
int64_t rollups_seq(const struct rollups *r);

/* Answer `q` into `out` (JSON or CSV by q->format). `reader` is NULL on a worker:
 * EMP_STALE then means "ask again on a reader" (rows of the file are needed, or too
 * many cells). EMP_INVALID with a problem for windows or filters that cannot be
 * answered. *words: the answer may hold what employees wrote; it leaves no earlier than
 * a line of the audit about it is stored. */
EMP_MUST_CHECK enum emp_rc rollup_answer(struct rollup_ctx *c, const struct query *q,
					 const struct defs *defs,
					 struct store_reader *reader, struct buf *out,
					 bool *words, struct problem *p);

/* [reader] Compare every counter with the figures recomputed from the stored events by
 * SQL. Writes a JSON report; *differences is their number. */
EMP_MUST_CHECK enum emp_rc rollup_verify(struct rollup_ctx *c, const struct defs *defs,
					 struct store_reader *reader, struct buf *out,
					 uint64_t *differences);

#endif
