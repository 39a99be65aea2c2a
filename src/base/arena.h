/* A bump allocator: many small pieces that die together.
 *
 * Pieces are 8-byte aligned and never move. A mark can be rolled back to, which the
 * decoder uses to drop what a rejected event left behind. [any], one thread per arena.
 */
#ifndef EMP_BASE_ARENA_H
#define EMP_BASE_ARENA_H

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* the chunk in use; older ones hang behind it */
	size_t chunk;             /* size of a fresh chunk */
	size_t used;              /* bytes handed out, for limits and metrics */
};

struct arena_mark {
	struct arena_chunk *head;
	size_t at;
	size_t used;
};

void arena_init(struct arena *a, size_t chunk);
void arena_fini(struct arena *a);
/* Forget everything, keep one chunk of the usual size. */
void arena_reset(struct arena *a);
/* NULL when out of memory. Not zeroed. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_zalloc(struct arena *a, size_t n);
/* A copy (terminated, the NUL not counted); p == NULL when out of memory. */
struct str arena_str(struct arena *a, struct str s);
struct arena_mark arena_mark(const struct arena *a);
void arena_rollback(struct arena *a, struct arena_mark m);

#endif
