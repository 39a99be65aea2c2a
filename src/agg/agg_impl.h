/* Inside of the counters: what the writer's files (agg.c, count.c, dirty.c, index.c)
 * and the readers' (merge.c) share.
 *
 * The protocol
 *
 *   series[id] -> list of tracks (subject) -> track -> per grain a directory of pages
 *   -> page of 32 consecutive places -> bucket
 *
 * One thread writes. What readers follow is an atomic pointer at every step, and what
 * it points at is complete before the pointer is stored. A bucket's slots are counted
 * with relaxed loads and stores; its size never changes. When a number outgrows the
 * bytes of its slots, or a survey gained questions, a larger copy takes the bucket's
 * place, and readers that hold the old one read figures of a moment ago.
 *
 * Freeing. A reader announces the epoch it entered in (seq_cst) before it loads the
 * first pointer; the writer unlinks (seq_cst), notes the epoch, later advances it and
 * looks at every reader's word (seq_cst). In the one order of these operations either
 * the writer sees the reader, and waits with the reuse, or the reader sees that the
 * block is unlinked. That is why the loads of pointers that can be unlinked are seq_cst
 * too: on x86 they cost nothing.
 *
 * Where a cell is. Above ram[g] memory is complete. Below, a bucket may be in the file
 * alone: counting into it loads it first (`cold`), and it leaves memory again when it
 * is written and its turn comes. A reader that needs such a time reads memory first,
 * then the file, and where both have the bucket memory is right. Horizons are raised
 * before the first bucket below them goes, so whoever missed a bucket sees the new
 * horizon when it looks again. */
#ifndef EMP_AGG_AGG_IMPL_H
#define EMP_AGG_AGG_IMPL_H

#include "agg/agg.h"
#include "agg/slab.h"
#include "base/owner.h"

#include <stdatomic.h>

#define PAGE_PLACES 32
#define SERIES_CHUNK 512
#define SERIES_CHUNKS (AGG_SERIES_END / SERIES_CHUNK)
#define DAY_CACHE 512
/* Series looked through by one agg_tidy. */
#define TIDY_SERIES 4096

enum bucket_state {
	BUCKET_DIRTY = 1, /* in the dirty queue, not handed out */
	BUCKET_OUT = 2,   /* handed out, not reported written yet */
	BUCKET_COLD = 4   /* in the cold queue, which alone may forget it */
};

struct agg_bucket {
	int64_t seq;                       /* [writer] last event counted */
	_Atomic(struct agg_bucket *) next; /* same place, later start (odd zones) */
	uint32_t rel;                      /* start, relative to the page's base */
	uint16_t n;                        /* slots */
	uint8_t width;                     /* bytes per slot: 1, 2 or 4 */
	uint8_t state;                     /* [writer] */
	_Alignas(8) unsigned char slots[]; /* readers look at eight bytes at once */
};

struct page {
	int64_t base; /* Unix s */
	struct track *track;
	uint32_t used; /* [writer] buckets */
	uint8_t grain;
	_Atomic(struct agg_bucket *) place[PAGE_PLACES];
};

/* Pages of one track and grain, ascending. Appending is done in place; anything else
 * makes a new directory. Bases stand beside the pointers, so that a search fetches no
 * page but the one it wants. */
struct dir {
	uint32_t cap;
	_Atomic uint32_t n;
	struct dir_entry {
		int64_t base;
		struct page *page;
	} at[];
};

struct grain_index {
	_Atomic(struct dir *) dir;
	struct page *last; /* [writer] the page used last */
	/* [writer] Between these the file may have cells that memory has not. */
	int64_t cold_lo, cold_hi;
};

struct track {
	uint32_t series, subject;
	uint32_t n_slots; /* [writer] what a new bucket gets */
	struct grain_index g[GRAIN_COUNT];
};

/* Tracks of a series in order of their making, appended in place; a full list is
 * replaced by a larger one. Subjects stand beside the pointers: readers want a few of
 * many, and fetch no other track. */
struct track_list {
	uint32_t cap;
	_Atomic uint32_t n;
	struct track_entry {
		uint32_t subject;
		struct track *track;
	} at[];
};

struct series {
	uint8_t audience;
	bool is_other;
	uint32_t dim_id[DIM_COUNT];
	_Atomic(struct track_list *) tracks; /* NULL: none yet */
};

struct agg_reader {
	_Alignas(64) _Atomic uint64_t epoch; /* 0: outside */
	_Atomic bool taken;
	struct agg *agg;
	struct agg_reader *next;
};

/* Which bucket, for the queues. */
struct place {
	struct page *page; /* NULL: no longer of interest */
	uint32_t rel;
	int64_t seq; /* dirty: first event that the file's cell does not include */
};

struct ring {
	struct place *v;
	size_t cap, head, n;
};

struct day_cache {
	int64_t lo, hi;
	bool plain; /* 24 hours of 3600 s each */
};

struct agg {
	struct agg_config c;
	struct slab slab;
	/* Readers. */
	_Atomic uint64_t epoch;
	_Atomic(struct agg_reader *) readers;
	/* Published: a version that is odd while the pair changes. */
	_Atomic uint64_t pub_version;
	_Atomic int64_t pub_seq, pub_as_of;
	/* Horizons: cells exist / memory is complete from here on. */
	_Atomic int64_t exist[GRAIN_COUNT], ram[GRAIN_COUNT];
	_Atomic bool has_cold[GRAIN_COUNT]; /* the file has what memory has not */
	/* [writer] Series known at start may have cells in the file alone. */
	uint32_t start_series;
	int64_t start_lo[GRAIN_COUNT], start_hi[GRAIN_COUNT];
	bool started;
	/* Queues. [writer] */
	struct ring dirty, cold;
	size_t out; /* the first `out` entries of dirty are handed out */
	uint32_t *scratch;
	size_t scratch_n;
	uint32_t tidy_at;
	struct day_cache *days;
	/* [writer] Every track by series and subject, open addressing: one series may
	 * have as many as there are subjects. */
	struct track **by_key;
	size_t by_key_cap; /* a power of two, or 0 */
	/* Figures about itself. */
	_Atomic uint64_t n_tracks, n_buckets, n_dirty, n_cold;
	_Atomic uint32_t n_series;
	_Atomic(struct series *) series[SERIES_CHUNKS];
};

static const int64_t grain_seconds[GRAIN_COUNT] = {60, 3600, 86400};

static inline int64_t
page_span(enum grain g)
{
	return grain_seconds[g] * PAGE_PLACES;
}

static inline int64_t
agg_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline struct series *
agg_series_at(const struct agg *a, uint32_t id)
{
	struct series *chunk;

	if (id / SERIES_CHUNK >= SERIES_CHUNKS)
		return NULL;
	chunk = atomic_load_explicit(&a->series[id / SERIES_CHUNK],
				     memory_order_acquire);
	return chunk == NULL ? NULL : &chunk[id % SERIES_CHUNK];
}

/* [writer] One up, in a slot that has room; or down, by UINT32_MAX, in one that is not
 * 0. */
static inline void
agg_bucket_add(struct agg_bucket *b, uint32_t slot, uint32_t by)
{
#define ADD(type)                                                                      \
	do {                                                                           \
		_Atomic type *v = (_Atomic type *)(void *)b->slots + slot;             \
		atomic_store_explicit(                                                 \
			v, (type)(atomic_load_explicit(v, memory_order_relaxed) + by), \
			memory_order_relaxed);                                         \
	} while (0)
	if (b->width == 1)
		ADD(uint8_t);
	else if (b->width == 2)
		ADD(uint16_t);
	else
		ADD(uint32_t);
#undef ADD
}

/* index.c [writer] */
/* The track, made when it is missing; NULL when out of memory. */
struct track *agg_track_get(struct agg *a, uint32_t series, uint32_t subject);
/* The page for a start, made when it is missing (NULL: out of memory), and in it the
 * link to the bucket with that start, or to where it belongs. */
struct page *agg_page_get(struct agg *a, struct track *t, enum grain g, int64_t start);
_Atomic(struct agg_bucket *) *agg_place_find(struct page *p, uint32_t rel);
/* Replace or make the bucket at `link` so that it has `n` slots of `width` bytes. */
struct agg_bucket *agg_bucket_make(struct agg *a, struct page *p, uint32_t rel,
				   _Atomic(struct agg_bucket *) *link, uint32_t n,
				   uint8_t width);
/* Unlink the bucket; the page goes with its last one. */
void agg_bucket_forget(struct agg *a, struct page *p, uint32_t rel);
bool agg_track_cold(const struct agg *a, const struct track *t, enum grain g,
		    int64_t start);

/* dirty.c [writer] */
EMP_MUST_CHECK bool agg_ring_reserve(struct ring *r, size_t extra);
void agg_ring_push(struct ring *r, struct place e);
void agg_ring_pop(struct ring *r, size_t n);
static inline struct place *
agg_ring_at(const struct ring *r, size_t i)
{
	return &r->v[(r->head + i) & (r->cap - 1)];
}
void agg_cold_evict(struct agg *a);

#endif
