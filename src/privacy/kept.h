/* Levels that all threads share: made once on a reader, used by every answer until
 * something is declared, or a unit comes that they do not know. */
#ifndef EMP_PRIVACY_KEPT_H
#define EMP_PRIVACY_KEPT_H

#include "agg/levels.h"
#include "base/newest.h"
#include "store/store.h"

struct kept_levels {
	/* Its version is one of store_levels_version: no more is missing. */
	struct newest_item item;
	struct levels *levels;
};

/* [any] Makes *l, which is NULL or was taken before, the levels of that version or a
 * later one. Where there are none, `reader` reads them as its job sees them; NULL on a
 * worker, where EMP_STALE then means "ask again on a reader". */
EMP_MUST_CHECK enum emp_rc kept_levels_take(struct newest *n, const struct store *store,
					    uint64_t version,
					    struct store_reader *reader,
					    struct kept_levels **l);
void kept_levels_drop(struct newest *n, struct kept_levels **l);

#endif
