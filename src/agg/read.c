/* What readers do: walk the tracks of a series and the buckets of a track, add up. */
#include "agg/agg_impl.h"

/* A bucket's first line is fetched while the one before it is added up. */
#define PREFETCH(p) __builtin_prefetch((p), 0, 1)

void
agg_each_track(const struct agg *a, uint32_t series,
	       void (*fn)(void *ctx, uint32_t subject, const struct track *t),
	       void *ctx)
{
	const struct series *s = agg_series_at(a, series);
	const struct track *t;

	for (t = s ? atomic_load(&s->tracks) : NULL; t != NULL;
	     t = atomic_load_explicit(&t->next, memory_order_acquire))
		fn(ctx, t->subject, t);
}

/* The buckets of one page with from <= start < to. */
static void
page_each(const struct page *p, int64_t from, int64_t to,
	  void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b), void *ctx)
{
	int64_t unit = grain_seconds[p->grain];
	int64_t span = unit * PAGE_PLACES;
	int first = from > p->base ? (int)((from - p->base) / unit) : 0;
	int last = to < p->base + span ? (int)((to - p->base + unit - 1) / unit)
				       : PAGE_PLACES;
	const struct agg_bucket *at[PAGE_PLACES];

	for (int i = first; i < last; i++) {
		at[i] = atomic_load(&p->place[i]);
		PREFETCH(at[i]);
	}
	for (int i = first; i < last; i++) {
		for (const struct agg_bucket *b = at[i]; b != NULL;
		     b = atomic_load(&b->next)) {
			int64_t start = p->base + b->rel;

			if (start >= from && start < to)
				fn(ctx, start, b);
		}
	}
}

void
agg_each_bucket(const struct agg *a, uint32_t series, uint32_t subject, enum grain g,
		int64_t from, int64_t to,
		void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b),
		void *ctx)
{
	const struct series *s = agg_series_at(a, series);
	const struct track *t = s ? atomic_load(&s->tracks) : NULL;

	while (t != NULL && t->subject != subject)
		t = atomic_load_explicit(&t->next, memory_order_acquire);
	if (t != NULL)
		agg_track_each_bucket(t, g, from, to, fn, ctx);
}

void
agg_track_each_bucket(const struct track *t, enum grain g, int64_t from, int64_t to,
		      void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b),
		      void *ctx)
{
	const struct dir *d = atomic_load(&t->g[g].dir);
	uint32_t n;

	if (d == NULL)
		return;
	n = atomic_load_explicit(&d->n, memory_order_acquire);
	for (uint32_t i = agg_dir_seek(d, n, from, page_span(g));
	     i < n && d->page[i]->base < to; i++)
		page_each(d->page[i], from, to, fn, ctx);
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
	if (first >= b->n)
		return;
	if (n > b->n - first)
		n = b->n - first;
#define SUM(type)                                                                      \
	do {                                                                           \
		const _Atomic type *v = (const _Atomic type *)(const void *)b->slots + \
			first;                                                         \
		for (uint32_t i = 0; i < n; i++)                                       \
			sums[i] += atomic_load_explicit(&v[i], memory_order_relaxed);  \
	} while (0)
	if (b->width == 1)
		SUM(uint8_t);
	else if (b->width == 2)
		SUM(uint16_t);
	else
		SUM(uint32_t);
#undef SUM
}
