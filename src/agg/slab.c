/* Chunks, free lists by size, and the waiting room of retired blocks; see slab.h. */
#include "agg/slab.h"

#include <stdlib.h>
#include <string.h>

struct slab_large {
	struct slab_large *prev, *next;
	_Alignas(16) char block[];
};

#define LIMBO_FIRST 256

void
slab_init(struct slab *s)
{
	memset(s, 0, sizeof *s);
}

void
slab_fini(struct slab *s)
{
	while (s->chunks != NULL) {
		void *next = *(void **)s->chunks;

		free(s->chunks);
		s->chunks = next;
	}
	while (s->large != NULL) {
		struct slab_large *next = s->large->next;

		free(s->large);
		s->large = next;
	}
	free(s->limbo);
	slab_init(s);
}

static size_t
class_of(size_t n)
{
	return (n + SLAB_STEP - 1) / SLAB_STEP;
}

static void *
large_alloc(struct slab *s, size_t n)
{
	struct slab_large *l = calloc(1, sizeof *l + n);

	if (l == NULL)
		return NULL;
	l->next = s->large;
	if (s->large != NULL)
		s->large->prev = l;
	s->large = l;
	s->bytes += sizeof *l + n;
	return l->block;
}

static void
large_free(struct slab *s, void *p, size_t n)
{
	struct slab_large *l =
		(struct slab_large *)((char *)p - offsetof(struct slab_large, block));

	if (l->prev != NULL)
		l->prev->next = l->next;
	else
		s->large = l->next;
	if (l->next != NULL)
		l->next->prev = l->prev;
	s->bytes -= sizeof *l + n;
	free(l);
}

/* A fresh chunk; what is left of the old one joins the free list of its size. */
static bool
chunk_add(struct slab *s)
{
	size_t left = (size_t)(s->end - s->at);
	char *c = aligned_alloc(64, SLAB_CHUNK);

	if (c == NULL)
		return false;
	if (left >= SLAB_STEP)
		slab_free(s, s->at, left);
	*(void **)c = s->chunks;
	s->chunks = c;
	s->at = c + 64;
	s->end = c + SLAB_CHUNK;
	s->bytes += SLAB_CHUNK;
	return true;
}

void *
slab_alloc(struct slab *s, size_t n)
{
	size_t c = class_of(n);
	void *p;

	if (c > SLAB_CLASSES)
		return large_alloc(s, n);
	p = s->free[c];
	if (p != NULL) {
		memcpy(&s->free[c], p, sizeof p);
	} else {
		if ((size_t)(s->end - s->at) < c * SLAB_STEP && !chunk_add(s))
			return NULL;
		p = s->at;
		s->at += c * SLAB_STEP;
	}
	memset(p, 0, c * SLAB_STEP);
	return p;
}

void
slab_free(struct slab *s, void *p, size_t n)
{
	size_t c = class_of(n);

	if (c > SLAB_CLASSES) {
		large_free(s, p, n);
		return;
	}
	memcpy(p, &s->free[c], sizeof p);
	s->free[c] = p;
}

static bool
limbo_grow(struct slab *s)
{
	size_t cap = s->limbo_cap ? s->limbo_cap * 2 : LIMBO_FIRST;
	struct slab_limbo *ring = calloc(cap, sizeof *ring);

	if (ring == NULL)
		return false;
	for (size_t i = 0; i < s->limbo_n; i++)
		ring[i] = s->limbo[(s->limbo_head + i) & (s->limbo_cap - 1)];
	free(s->limbo);
	s->bytes += (cap - s->limbo_cap) * sizeof *ring;
	s->limbo = ring;
	s->limbo_cap = cap;
	s->limbo_head = 0;
	return true;
}

void
slab_retire(struct slab *s, void *p, size_t n, uint64_t epoch)
{
	if (s->limbo_n == s->limbo_cap && !limbo_grow(s))
		return;
	s->limbo[(s->limbo_head + s->limbo_n++) & (s->limbo_cap - 1)] =
		(struct slab_limbo){.p = p, .n = n, .epoch = epoch};
}

void
slab_reclaim(struct slab *s, uint64_t epoch)
{
	while (s->limbo_n > 0 && s->limbo[s->limbo_head].epoch < epoch) {
		struct slab_limbo *l = &s->limbo[s->limbo_head];

		slab_free(s, l->p, l->n);
		s->limbo_head = (s->limbo_head + 1) & (s->limbo_cap - 1);
		s->limbo_n--;
	}
}
