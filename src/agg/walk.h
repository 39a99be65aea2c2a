/* How readers walk: what a merge does for each of the tens of thousands of buckets that
 * it adds up, and others more rarely (read.c). Everything here is [any, entered]. */
#ifndef EMP_AGG_WALK_H
#define EMP_AGG_WALK_H

#include "agg/agg_impl.h"

/* A line of memory is fetched while what came before it is worked on. */
#define WALK_PREFETCH(p) __builtin_prefetch((p), 0, 3)

/* Index of the first page that ends behind `from`, `n` when there is none. */
static inline uint32_t
agg_dir_seek(const struct dir *d, uint32_t n, int64_t from, int64_t span)
{
	uint32_t low = 0;
	uint32_t high = n;

	if (n == 0 || from >= d->at[n - 1].base + span)
		return n;
	/* Where none is missing before it, it stands where it is expected. */
	if (from > d->at[0].base) {
		uint64_t i = (uint64_t)(from - d->at[0].base) / (uint64_t)span;

		if (i < n && d->at[i].base == d->at[0].base + (int64_t)i * span)
			return (uint32_t)i;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (d->at[middle].base + span <= from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What stands at the places of a page that buckets with from <= start < to belong to,
 * ascending, so that it is fetched all at once; returns how many. More buckets may
 * follow by `next`, and the first and the last may lie outside. */
static inline uint32_t
agg_walk_page(const struct dir_entry *e, enum grain g, int64_t from, int64_t to,
	      const struct agg_bucket *at[PAGE_PLACES])
{
	int64_t unit = grain_seconds[g];
	int64_t base = e->base;
	uint32_t i = from > base ? (uint32_t)((from - base) / unit) : 0;
	uint32_t last = to < base + unit * PAGE_PLACES
		? (uint32_t)((to - base + unit - 1) / unit)
		: PAGE_PLACES;
	uint32_t n = 0;

	/* Nowhere is not fetched: the processor would look for it each time. */
	for (; i < last; i++) {
		at[n] = atomic_load(&e->page->place[i]);
		n += at[n] != NULL;
	}
	for (i = 0; i < n; i++)
		WALK_PREFETCH(at[i]);
	return n;
}

/* The pages of a track that end behind `from`, ascending. */
static inline const struct dir_entry *
agg_walk_pages(const struct track *t, enum grain g, int64_t from, uint32_t *n)
{
	const struct dir *d = atomic_load(&t->g[g].dir);
	uint32_t all = d ? atomic_load_explicit(&d->n, memory_order_acquire) : 0;
	uint32_t first = d ? agg_dir_seek(d, all, from, page_span(g)) : 0;

	*n = all - first;
	return d ? &d->at[first] : NULL;
}

/* Slots are also read eight bytes at once: what the writer stores in one of them
 * meanwhile is seen or not seen, as by itself. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WALK_LANE(word, lane, bits) ((word) >> (lane) * (bits))
#else
#define WALK_LANE(word, lane, bits) ((word) >> (64 - ((lane) + 1) * (bits)))
#endif

/* Most vectors have more zeros than not: a word of them costs one look. */
#define WALK_SUM(type)                                                                 \
	do {                                                                           \
		const uint32_t lanes = 8 / sizeof(type);                               \
		const _Atomic type *v = (const _Atomic type *)(const void *)b->slots;  \
		uint32_t i = first;                                                    \
                                                                                       \
		for (; i < end && i % lanes != 0; i++)                                 \
			*sums++ += atomic_load_explicit(&v[i], memory_order_relaxed);  \
		for (; i + lanes <= end; i += lanes, sums += lanes) {                  \
			uint64_t word = atomic_load_explicit(                          \
				(const _Atomic uint64_t                                \
					 *)(const void *)(b->slots +                   \
							  i * sizeof(type)),           \
				memory_order_relaxed);                                 \
                                                                                       \
			if (word == 0)                                                 \
				continue;                                              \
			_Pragma("GCC unroll 8") for (uint32_t k = 0; k < lanes; k++)   \
				sums[k] += (type)WALK_LANE(word, k, 8 * sizeof(type)); \
		}                                                                      \
		for (; i < end; i++)                                                   \
			*sums++ += atomic_load_explicit(&v[i], memory_order_relaxed);  \
	} while (0)

/* Add slots [first, first+n) to sums. */
static inline void
agg_walk_sum(const struct agg_bucket *b, uint32_t first, uint32_t n, uint64_t *sums)
{
	uint32_t end = first + n < b->n ? first + n : b->n;

	if (b->width == 1)
		WALK_SUM(uint8_t);
	else if (b->width == 2)
		WALK_SUM(uint16_t);
	else
		WALK_SUM(uint32_t);
}

#endif
