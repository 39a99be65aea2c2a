/* What readers do, for callers outside of a merge: see walk.h. */
#include "agg/walk.h"

void
agg_each_track(const struct agg *a, uint32_t series,
	       void (*fn)(void *ctx, uint32_t subject, const struct track *t),
	       void *ctx)
{
	const struct series *s = agg_series_at(a, series);
	const struct track_list *l = s ? atomic_load(&s->tracks) : NULL;
	uint32_t n = l ? atomic_load_explicit(&l->n, memory_order_acquire) : 0;

	for (uint32_t i = 0; i < n; i++)
		fn(ctx, l->at[i].subject, l->at[i].track);
}

void
agg_each_bucket(const struct agg *a, uint32_t series, uint32_t subject, enum grain g,
		int64_t from, int64_t to,
		void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b),
		void *ctx)
{
	const struct series *s = agg_series_at(a, series);
	const struct track_list *l = s ? atomic_load(&s->tracks) : NULL;
	uint32_t n = l ? atomic_load_explicit(&l->n, memory_order_acquire) : 0;

	for (uint32_t i = 0; i < n; i++)
		if (l->at[i].subject == subject)
			agg_track_each_bucket(l->at[i].track, g, from, to, fn, ctx);
}

void
agg_track_each_bucket(const struct track *t, enum grain g, int64_t from, int64_t to,
		      void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b),
		      void *ctx)
{
	const struct agg_bucket *at[PAGE_PLACES];
	uint32_t pages;
	const struct dir_entry *e = agg_walk_pages(t, g, from, &pages);

	for (; pages > 0 && e->base < to; e++, pages--) {
		uint32_t n = agg_walk_page(e, g, from, to, at);

		for (uint32_t i = 0; i < n; i++)
			for (const struct agg_bucket *b = at[i]; b != NULL;
			     b = atomic_load(&b->next)) {
				int64_t start = e->base + b->rel;

				if (start >= from && start < to)
					fn(ctx, start, b);
			}
	}
}

uint32_t
agg_slots(const struct agg_bucket *b)
{
	return b->n;
}

uint32_t
agg_slot(const struct agg_bucket *b, uint32_t i)
{
	if (i >= b->n)
		return 0;
	if (b->width == 1)
		return atomic_load_explicit((const _Atomic uint8_t *)b->slots + i,
					    memory_order_relaxed);
	if (b->width == 2)
		return atomic_load_explicit(
			(const _Atomic uint16_t *)(const void *)b->slots + i,
			memory_order_relaxed);
	return atomic_load_explicit((const _Atomic uint32_t *)(const void *)b->slots +
					    i,
				    memory_order_relaxed);
}

void
agg_bucket_sum(const struct agg_bucket *b, uint32_t first, uint32_t n, uint64_t *sums)
{
	agg_walk_sum(b, first, n, sums);
}
