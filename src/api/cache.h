/* Answers of rollups as bytes, kept per worker until the figures change.
 *
 * An entry is valid for one published sequence, one version of the definitions and one
 * quarter of an hour (figures that move with the clock are computed at the start of the
 * hour, or of the day, which in every zone are those of a quarter), never for a time.
 * One entry per question; bounded in number and bytes, the one not asked for longest
 * goes first.
 */
#ifndef EMP_API_CACHE_H
#define EMP_API_CACHE_H

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

#define CACHE_ENTRIES 128
#define CACHE_BYTES (8u << 20)
#define CACHE_ENTRY_BYTES (2u << 20) /* larger answers are not kept */
#define ETAG_MAX 40

/* What an answer depends on beside the question. */
struct cache_state {
	int64_t seq;
	uint64_t defs;
	uint64_t sealed;   /* commits of confidential.db; 0: it is not read */
	uint64_t releases; /* of employees' surveys */
	int64_t quarter;   /* of an hour, since 1970 */
};

struct cache_entry {
	uint64_t hash; /* of the question; 0: empty */
	uint64_t used; /* tick of the last use */
	struct cache_state state;
	char *question;
	size_t question_n;
	struct buf body;
	bool csv;
	char etag[ETAG_MAX];
};

struct cache {
	struct cache_entry entry[CACHE_ENTRIES];
	uint64_t tick;
	size_t bytes;
};

void cache_init(struct cache *c);
void cache_fini(struct cache *c);
/* [worker] The entry whose answer is still right, or NULL. Good until the next call. */
const struct cache_entry *cache_get(struct cache *c, struct str question,
				    const struct cache_state *now);
/* [worker] Takes the body (it is empty afterwards) when it is worth keeping. NULL: not
 * kept, the body stays the caller's. */
const struct cache_entry *cache_put_take(struct cache *c, struct str question,
					 const struct cache_state *state, bool csv,
					 struct buf *body);
/* A strong entity tag with its quotes: the same bytes have the same one as long as the
 * process lives. The hash is keyed, so nobody can make two answers that share one. */
void etag_of(char dst[ETAG_MAX], struct str body);

#endif
