/* A bump allocator: chunks in a list, the newest in use.
 *
 * A piece that does not fit opens a new chunk and leaves the rest of the old one
 * unused; going back to look for holes would cost more than it saves for pieces that
 * die soon.
 */
#include "base/arena.h"

#include "base/error.h"

#include <stdint.h>
#include <stdlib.h>

#define ARENA_ALIGN 8u

struct arena_chunk {
	struct arena_chunk *prev;
	size_t size; /* of data */
	size_t at;   /* first free byte of data */
	_Alignas(ARENA_ALIGN) char data[];
};

void
arena_init(struct arena *a, size_t chunk)
{
	EMP_ASSERT(chunk > 0 && chunk <= SIZE_MAX / 2);
	*a = (struct arena){.chunk = (chunk + ARENA_ALIGN - 1) &
				    ~(size_t)(ARENA_ALIGN - 1)};
}

void
arena_fini(struct arena *a)
{
	while (a->head != NULL) {
		struct arena_chunk *c = a->head;

		a->head = c->prev;
		free(c);
	}
	a->used = 0;
}

void
arena_reset(struct arena *a)
{
	arena_rollback(a, (struct arena_mark){.head = NULL});
}

static struct arena_chunk *
chunk_add(struct arena *a, size_t n)
{
	size_t size = n > a->chunk ? n : a->chunk;
	struct arena_chunk *c;

	if (size > SIZE_MAX - sizeof *c)
		return NULL;
	c = malloc(sizeof *c + size);
	if (c == NULL)
		return NULL;
	c->prev = a->head;
	c->size = size;
	c->at = 0;
	a->head = c;
	return c;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->head;
	size_t want = n > 0 ? n : 1;
	void *piece;

	if (want > SIZE_MAX - ARENA_ALIGN)
		return NULL;
	want = (want + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (c == NULL || c->size - c->at < want) {
		c = chunk_add(a, want);
		if (c == NULL)
			return NULL;
	}
	piece = c->data + c->at;
	c->at += want;
	a->used += want;
	return piece;
}

void *
arena_zalloc(struct arena *a, size_t n)
{
	void *piece = arena_alloc(a, n);

	if (piece != NULL)
		memset(piece, 0, n);
	return piece;
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *copy = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;

	if (copy == NULL)
		return STR_NONE;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return (struct str){copy, s.n};
}

struct arena_mark
arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->head, a->head != NULL ? a->head->at : 0, a->used};
}

void
arena_rollback(struct arena *a, struct arena_mark m)
{
	struct arena_chunk *keep = NULL;

	while (a->head != m.head) {
		struct arena_chunk *c = a->head;

		EMP_ASSERT(c !=
			   NULL); /* the mark is of this arena and not yet undone */
		a->head = c->prev;
		/* Back to nothing: one chunk stays, or an arena that is marked while
		 * empty would allocate and free it in every round. */
		if (m.head == NULL && keep == NULL && c->size == a->chunk)
			keep = c;
		else
			free(c);
	}
	if (keep != NULL) {
		keep->prev = NULL;
		keep->at = 0;
		a->head = keep;
	} else if (m.head != NULL) {
		a->head->at = m.at;
	}
	a->used = m.used;
}
