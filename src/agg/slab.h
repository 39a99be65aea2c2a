/* Memory of the counters: many small blocks that live for days and die in any order.
 *
 * Blocks are cut from chunks in steps of 16 bytes and go back to a free list of their
 * size, so that the memory of forgotten minutes is what new minutes are made of, and no
 * bucket pays an allocator's header. Readers may still look at a block when the writer
 * is done with it: the writer retires it, and it is reused only when every reader has
 * left the epoch in which it could be seen. One thread, the writer, owns all of this.
 */
#ifndef EMP_AGG_SLAB_H
#define EMP_AGG_SLAB_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_STEP 16
#define SLAB_CLASSES 64 /* up to 1 KiB; larger blocks come from malloc */
#define SLAB_CHUNK (64 * 1024)

struct slab_large;

struct slab_limbo {
	void *p;
	size_t n;
	uint64_t epoch;
};

struct slab {
	void *free[SLAB_CLASSES + 1];
	void *chunks; /* linked through their first word */
	char *at, *end;
	struct slab_large *large;
	struct slab_limbo *limbo; /* a ring; capacity a power of two */
	size_t limbo_cap, limbo_head, limbo_n;
	_Atomic uint64_t bytes; /* taken from the system; [any] may read */
};

void slab_init(struct slab *s);
void slab_fini(struct slab *s);
/* Zeroed; NULL when out of memory. */
void *slab_alloc(struct slab *s, size_t n);
/* At once: nobody else ever saw the block. */
void slab_free(struct slab *s, void *p, size_t n);
/* Readers may see it until all of them are past `epoch`. Cannot fail: without memory
 * for the note the block is lost to reuse, not to slab_fini. */
void slab_retire(struct slab *s, void *p, size_t n, uint64_t epoch);
/* Take back what was retired before `epoch`. */
void slab_reclaim(struct slab *s, uint64_t epoch);

#endif
