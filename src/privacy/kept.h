/* Levels that all threads share: made once on a reader, used by every answer until
 * something is declared, or a unit comes that they do not know. */
#ifndef EMP_PRIVACY_KEPT_H
#define EMP_PRIVACY_KEPT_H

#include "agg/levels.h"
#include "store/store.h"

struct kept; /* the place; one per process */
struct kept_levels {
	uint64_t number;             /* counts them, from 1 on: no two have the same */
	const struct levels *levels; /* never change any more */
	uint64_t version;            /* of store_levels_version, at least */
};

EMP_MUST_CHECK enum emp_rc kept_new(struct kept **out, const struct store *s);
void kept_free(struct kept **k); /* after everything taken was dropped */
/* [any] Makes *l, which is NULL or was taken before, the levels of that version or a
 * later one. Where there are none, `reader` reads them as its job sees them; NULL on a
 * worker, where EMP_STALE then means "ask again on a reader". */
EMP_MUST_CHECK enum emp_rc kept_levels_take(struct kept *k, uint64_t version,
					    struct store_reader *reader,
					    const struct kept_levels **l);
void kept_levels_drop(struct kept *k, const struct kept_levels **l);

#endif
