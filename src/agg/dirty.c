/* Two queues of the writer: cells to write to the file, and buckets to forget again.
 *
 * A bucket enters the dirty queue with the sequence number that made it dirty, so the
 * queue is in order of sequence and its head is the exact low-water mark: replay at
 * start has to begin there. Entries that are handed out stay at the head until they are
 * reported written. A bucket counted into meanwhile is queued once more, behind; if the
 * write then fails, the older entry stands and the younger is struck out. */
#include "agg/agg_impl.h"

#include <stdlib.h>

#define RING_FIRST 64
#define RING_KEEP 4096 /* an empty ring larger than this gives its memory back */
/* Buckets looked at per eviction; those still to be written go to the end. */
#define EVICT_TRIES 4

bool
agg_ring_reserve(struct ring *r, size_t extra)
{
	size_t cap = r->cap ? r->cap : RING_FIRST;
	struct place *v;

	if (r->n + extra <= r->cap)
		return true;
	while (cap < r->n + extra)
		cap *= 2;
	v = calloc(cap, sizeof *v);
	if (v == NULL)
		return false;
	for (size_t i = 0; i < r->n; i++)
		v[i] = *agg_ring_at(r, i);
	free(r->v);
	r->v = v;
	r->cap = cap;
	r->head = 0;
	return true;
}

void
agg_ring_push(struct ring *r, struct place e)
{
	EMP_ASSERT(r->n < r->cap);
	r->v[(r->head + r->n++) & (r->cap - 1)] = e;
}

void
agg_ring_pop(struct ring *r, size_t n)
{
	EMP_ASSERT(n <= r->n);
	r->n -= n;
	if (r->n > 0) {
		r->head = (r->head + n) & (r->cap - 1);
		return;
	}
	r->head = 0;
	if (r->cap > RING_KEEP) {
		free(r->v);
		*r = (struct ring){0};
	}
}

static struct agg_bucket *
bucket_at(const struct place *e)
{
	struct agg_bucket *b = atomic_load_explicit(agg_place_find(e->page, e->rel),
						    memory_order_relaxed);

	EMP_ASSERT(b != NULL && b->rel == e->rel);
	return b;
}

/* Struck out entries at the head are nobody's low-water mark. */
static void
drop_void_head(struct agg *a)
{
	size_t n = 0;

	while (n < a->dirty.n && agg_ring_at(&a->dirty, n)->page == NULL)
		n++;
	if (n > 0)
		agg_ring_pop(&a->dirty, n);
}

static bool
scratch_reserve(struct agg *a, size_t n)
{
	uint32_t *p;

	if (n <= a->scratch_n)
		return true;
	p = realloc(a->scratch, n * sizeof *p);
	if (p == NULL)
		return false;
	a->scratch = p;
	a->scratch_n = n;
	return true;
}

size_t
agg_cells_dirty(struct agg *a, struct cell *out, size_t max)
{
	size_t slots = 0;
	size_t k = 0;

	EMP_ASSERT(a->out == 0);
	for (size_t i = 0, live = 0; i < a->dirty.n && live < max; i++) {
		struct place *e = agg_ring_at(&a->dirty, i);

		if (e->page == NULL)
			continue;
		slots += bucket_at(e)->n;
		live++;
	}
	/* Without memory nothing is written now; all stays dirty. */
	if (!scratch_reserve(a, slots))
		return 0;
	slots = 0;
	while (a->out < a->dirty.n && k < max) {
		struct place *e = agg_ring_at(&a->dirty, a->out++);
		struct agg_bucket *b;
		struct cell *c = &out[k];

		if (e->page == NULL)
			continue;
		b = bucket_at(e);
		b->state = (uint8_t)((b->state & ~BUCKET_DIRTY) | BUCKET_OUT);
		c->key.series = e->page->track->series;
		c->key.subject = e->page->track->subject;
		c->key.start = e->page->base + e->rel;
		c->key.grain = e->page->grain;
		c->seq = b->seq;
		c->slots = a->scratch + slots;
		c->n_slots = 0;
		for (uint32_t s = 0; s < b->n; s++) {
			c->slots[s] = agg_slot(b, s);
			if (c->slots[s] != 0)
				c->n_slots = s + 1;
		}
		slots += c->n_slots;
		k++;
	}
	return k;
}

void
agg_cells_written(struct agg *a, bool ok)
{
	bool again = false;

	for (size_t i = 0; i < a->out; i++) {
		struct place *e = agg_ring_at(&a->dirty, i);
		struct agg_bucket *b;

		if (e->page == NULL)
			continue;
		b = bucket_at(e);
		if (ok)
			b->state &= (uint8_t)~BUCKET_OUT;
		else if ((b->state & BUCKET_DIRTY) == 0)
			b->state = (uint8_t)((b->state & ~BUCKET_OUT) | BUCKET_DIRTY);
		else
			again = true;
	}
	/* Counted into while out, and the write failed: one entry is enough. */
	for (size_t i = a->out; again && i < a->dirty.n; i++) {
		struct place *e = agg_ring_at(&a->dirty, i);
		struct agg_bucket *b = e->page ? bucket_at(e) : NULL;

		if (b != NULL && (b->state & BUCKET_OUT) != 0) {
			b->state &= (uint8_t)~BUCKET_OUT;
			e->page = NULL;
		}
	}
	if (ok)
		agg_ring_pop(&a->dirty, a->out);
	a->out = 0;
	drop_void_head(a);
	atomic_store_explicit(&a->n_dirty, a->dirty.n, memory_order_relaxed);
	agg_cold_evict(a);
}

int64_t
agg_dirty_since(const struct agg *a)
{
	for (size_t i = 0; i < a->dirty.n; i++) {
		const struct place *e = agg_ring_at(&a->dirty, i);

		if (e->page != NULL)
			return e->seq;
	}
	return INT64_MAX;
}

void
agg_cold_evict(struct agg *a)
{
	int tries = 0;

	while (a->cold.n > a->c.cold_max && tries < EVICT_TRIES) {
		struct place e = *agg_ring_at(&a->cold, 0);
		struct agg_bucket *b = bucket_at(&e);

		agg_ring_pop(&a->cold, 1);
		if ((b->state & (BUCKET_DIRTY | BUCKET_OUT)) != 0) {
			agg_ring_push(&a->cold, e);
			tries++;
		} else {
			agg_bucket_forget(a, e.page, e.rel);
		}
	}
	atomic_store_explicit(&a->n_cold, a->cold.n, memory_order_relaxed);
}
