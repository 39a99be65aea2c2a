/* Tracks, directories, pages and buckets: how the writer changes what readers walk. */
#include "agg/walk.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define DIR_FIRST 4
#define LIST_FIRST 4
#define TRACKS_FIRST 1024 /* a power of two */
#define TRACKS_LOOKED_AT 4

static size_t
dir_size(uint32_t cap)
{
	return sizeof(struct dir) + cap * sizeof(struct dir_entry);
}

static size_t
bucket_size(uint32_t n, uint8_t width)
{
	return sizeof(struct agg_bucket) + (size_t)n * width;
}

static uint64_t
now_epoch(const struct agg *a)
{
	return atomic_load_explicit(&a->epoch, memory_order_relaxed);
}

/* Where the track is, or where it belongs. */
static struct track **
track_place(const struct agg *a, uint32_t series, uint32_t subject)
{
	uint64_t i = hash_u64((uint64_t)series << 32 | subject);
	struct track **at;

	for (;; i++) {
		at = &a->by_key[i & (a->by_key_cap - 1)];
		if (*at == NULL ||
		    ((*at)->series == series && (*at)->subject == subject))
			return at;
	}
}

/* Room for one more, at most half full. */
static bool
tracks_reserve(struct agg *a)
{
	uint64_t n = atomic_load_explicit(&a->n_tracks, memory_order_relaxed);
	struct track **old = a->by_key;
	size_t cap = a->by_key_cap;

	if (cap > 0 && (n + 1) * 2 <= cap)
		return true;
	a->by_key_cap = cap > 0 ? cap * 2 : TRACKS_FIRST;
	a->by_key = calloc(a->by_key_cap, sizeof(struct track *));
	if (a->by_key == NULL) {
		a->by_key = old;
		a->by_key_cap = cap;
		return false;
	}
	for (size_t i = 0; i < cap; i++)
		if (old[i] != NULL)
			*track_place(a, old[i]->series, old[i]->subject) = old[i];
	free(old);
	return true;
}

/* One of the newest of its series, which spares most events the look-up. */
static struct track *
track_near(const struct track_list *l, uint32_t subject)
{
	uint32_t n = l ? atomic_load_explicit(&l->n, memory_order_relaxed) : 0;
	uint32_t end = n > TRACKS_LOOKED_AT ? n - TRACKS_LOOKED_AT : 0;

	for (uint32_t i = n; i > end; i--)
		if (l->at[i - 1].subject == subject)
			return l->at[i - 1].track;
	return NULL;
}

static size_t
list_size(uint32_t cap)
{
	return sizeof(struct track_list) + cap * sizeof(struct track_entry);
}

/* The list of the series, with place for one more; NULL when out of memory. */
static struct track_list *
list_reserve(struct agg *a, struct series *s)
{
	struct track_list *old = atomic_load_explicit(&s->tracks, memory_order_relaxed);
	uint32_t n = old ? atomic_load_explicit(&old->n, memory_order_relaxed) : 0;
	uint32_t cap = old ? old->cap * 2 : LIST_FIRST;
	struct track_list *l;

	if (old != NULL && n < old->cap)
		return old;
	l = slab_alloc(&a->slab, list_size(cap));
	if (l == NULL)
		return NULL;
	l->cap = cap;
	if (old != NULL)
		memcpy(l->at, old->at, n * sizeof *l->at);
	atomic_store_explicit(&l->n, n, memory_order_relaxed);
	atomic_store(&s->tracks, l);
	if (old != NULL)
		slab_retire(&a->slab, old, list_size(old->cap), now_epoch(a));
	return l;
}

struct track *
agg_track_get(struct agg *a, uint32_t series, uint32_t subject)
{
	struct series *s = agg_series_at(a, series);
	struct track_list *l;
	struct track **at;
	struct track *t;
	uint32_t n;

	EMP_ASSERT(s != NULL && s->audience != AUDIENCE_NONE);
	l = atomic_load_explicit(&s->tracks, memory_order_relaxed);
	t = track_near(l, subject);
	if (t != NULL)
		return t;
	if (!tracks_reserve(a))
		return NULL;
	at = track_place(a, series, subject);
	if (*at != NULL)
		return *at;
	l = list_reserve(a, s);
	if (l == NULL)
		return NULL;
	t = slab_alloc(&a->slab, sizeof *t);
	if (t == NULL)
		return NULL;
	t->series = series;
	t->subject = subject;
	for (int g = 0; g < GRAIN_COUNT; g++) {
		t->g[g].cold_lo = INT64_MAX;
		t->g[g].cold_hi = INT64_MIN;
	}
	*at = t;
	n = atomic_load_explicit(&l->n, memory_order_relaxed);
	l->at[n] = (struct track_entry){subject, t};
	atomic_store_explicit(&l->n, n + 1, memory_order_release);
	atomic_fetch_add_explicit(&a->n_tracks, 1, memory_order_relaxed);
	return t;
}

bool
agg_track_cold(const struct agg *a, const struct track *t, enum grain g, int64_t start)
{
	if (start >= t->g[g].cold_lo && start <= t->g[g].cold_hi)
		return true;
	return t->series <= a->start_series && start >= a->start_lo[g] &&
		start < a->start_hi[g];
}

/* Replace the directory by a copy with place for `cap` pages, in which page `skip`
 * (n: none) is missing and `add` (NULL: none) stands at `at`. */
static bool
dir_copy(struct agg *a, struct grain_index *gi, uint32_t cap, uint32_t skip,
	 uint32_t at, struct page *add)
{
	struct dir *old = atomic_load_explicit(&gi->dir, memory_order_relaxed);
	uint32_t n = old ? atomic_load_explicit(&old->n, memory_order_relaxed) : 0;
	struct dir *d = slab_alloc(&a->slab, dir_size(cap));
	uint32_t k = 0;

	if (d == NULL)
		return false;
	d->cap = cap;
	for (uint32_t i = 0; i <= n; i++) {
		if (add != NULL && i == at)
			d->at[k++] = (struct dir_entry){add->base, add};
		if (i < n && i != skip)
			d->at[k++] = old->at[i];
	}
	atomic_store_explicit(&d->n, k, memory_order_relaxed);
	atomic_store(&gi->dir, d);
	if (old != NULL)
		slab_retire(&a->slab, old, dir_size(old->cap), now_epoch(a));
	return true;
}

static struct page *
page_add(struct agg *a, struct track *t, enum grain g, int64_t base, uint32_t at)
{
	struct grain_index *gi = &t->g[g];
	struct dir *d = atomic_load_explicit(&gi->dir, memory_order_relaxed);
	uint32_t n = d ? atomic_load_explicit(&d->n, memory_order_relaxed) : 0;
	struct page *p = slab_alloc(&a->slab, sizeof *p);

	if (p == NULL)
		return NULL;
	p->base = base;
	p->track = t;
	p->grain = (uint8_t)g;
	if (d != NULL && at == n && n < d->cap) {
		d->at[n] = (struct dir_entry){base, p};
		atomic_store_explicit(&d->n, n + 1, memory_order_release);
	} else if (!dir_copy(a, gi,
			     d == NULL ? DIR_FIRST : d->cap * (n == d->cap ? 2 : 1), n,
			     at, p)) {
		slab_free(&a->slab, p, sizeof *p);
		return NULL;
	}
	return p;
}

struct page *
agg_page_get(struct agg *a, struct track *t, enum grain g, int64_t start)
{
	struct grain_index *gi = &t->g[g];
	int64_t span = page_span(g);
	struct dir *d;
	uint32_t n;
	uint32_t i;

	if (gi->last != NULL && start >= gi->last->base &&
	    start < gi->last->base + span)
		return gi->last;
	d = atomic_load_explicit(&gi->dir, memory_order_relaxed);
	n = d ? atomic_load_explicit(&d->n, memory_order_relaxed) : 0;
	i = d ? agg_dir_seek(d, n, start, span) : 0;
	if (i < n && d->at[i].base <= start) {
		gi->last = d->at[i].page;
		return gi->last;
	}
	gi->last = page_add(a, t, g, agg_floor_div(start, span) * span, i);
	return gi->last;
}

_Atomic(struct agg_bucket *) *
agg_place_find(struct page *p, uint32_t rel)
{
	_Atomic(struct agg_bucket *) *link =
		&p->place[rel / (uint32_t)grain_seconds[p->grain]];
	struct agg_bucket *b;

	while ((b = atomic_load_explicit(link, memory_order_relaxed)) != NULL &&
	       b->rel < rel)
		link = &b->next;
	return link;
}

struct agg_bucket *
agg_bucket_make(struct agg *a, struct page *p, uint32_t rel,
		_Atomic(struct agg_bucket *) *link, uint32_t n, uint8_t width)
{
	struct agg_bucket *old = atomic_load_explicit(link, memory_order_relaxed);
	struct agg_bucket *b = slab_alloc(&a->slab, bucket_size(n, width));

	if (b == NULL)
		return NULL;
	b->rel = rel;
	b->n = (uint16_t)n;
	b->width = width;
	if (old == NULL || old->rel != rel) {
		atomic_store_explicit(&b->next, old, memory_order_relaxed);
		p->used++;
		atomic_fetch_add_explicit(&a->n_buckets, 1, memory_order_relaxed);
		atomic_store(link, b);
		return b;
	}
	b->seq = old->seq;
	b->state = old->state;
	for (uint32_t i = 0; i < old->n; i++) {
		uint32_t v = agg_slot(old, i);

		if (width == 4)
			((uint32_t *)(void *)b->slots)[i] = v;
		else if (width == 2)
			((uint16_t *)(void *)b->slots)[i] = (uint16_t)v;
		else
			b->slots[i] = (unsigned char)v;
	}
	atomic_store_explicit(&b->next,
			      atomic_load_explicit(&old->next, memory_order_relaxed),
			      memory_order_relaxed);
	atomic_store(link, b);
	slab_retire(&a->slab, old, bucket_size(old->n, old->width), now_epoch(a));
	return b;
}

/* A directory without the page. Out of memory the empty page just stays. */
static void
page_drop(struct agg *a, struct page *p)
{
	struct grain_index *gi = &p->track->g[p->grain];
	struct dir *d = atomic_load_explicit(&gi->dir, memory_order_relaxed);
	uint32_t n = atomic_load_explicit(&d->n, memory_order_relaxed);
	uint32_t i = agg_dir_seek(d, n, p->base, page_span(p->grain));

	EMP_ASSERT(i < n && d->at[i].page == p);
	if (!dir_copy(a, gi, d->cap, i, n + 1, NULL))
		return;
	if (gi->last == p)
		gi->last = NULL;
	slab_retire(&a->slab, p, sizeof *p, now_epoch(a));
}

void
agg_bucket_forget(struct agg *a, struct page *p, uint32_t rel)
{
	_Atomic(struct agg_bucket *) *link = agg_place_find(p, rel);
	struct agg_bucket *b = atomic_load_explicit(link, memory_order_relaxed);
	struct grain_index *gi = &p->track->g[p->grain];
	int64_t start = p->base + rel;

	EMP_ASSERT(b != NULL && b->rel == rel &&
		   (b->state & (BUCKET_DIRTY | BUCKET_OUT)) == 0);
	if (start >= atomic_load_explicit(&a->exist[p->grain], memory_order_relaxed)) {
		if (start < gi->cold_lo)
			gi->cold_lo = start;
		if (start > gi->cold_hi)
			gi->cold_hi = start;
		atomic_store(&a->has_cold[p->grain], true);
	}
	atomic_store(link, atomic_load_explicit(&b->next, memory_order_relaxed));
	atomic_fetch_sub_explicit(&a->n_buckets, 1, memory_order_relaxed);
	slab_retire(&a->slab, b, bucket_size(b->n, b->width), now_epoch(a));
	if (--p->used == 0)
		page_drop(a, p);
}
