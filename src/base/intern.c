/* Names interned to dense numbers: see intern.h for what is promised.
 *
 * Entries sit in chunks that are reached through a fixed array of pointers, so nothing
 * that a reader may hold ever moves. The index is an open-addressed table of ids with
 * linear probing. The writer puts a pending name into the index at once; a reader that
 * meets its id skips it, because it is higher than the published count. The count is
 * stored with release after entry and index, and loaded with acquire before either is
 * looked at, which is all the ordering there is.
 *
 * Rolling back takes the pending ids out of the index in the opposite order of their
 * arrival. Each of them was the last of its probe chain when it came, so emptying its
 * slot leaves exactly the table that was there before; no tombstone is needed. When the
 * index grows, ids are put into the new one in order, so that this stays true. Old
 * indexes are kept until the end, because a reader may still be in one: together they
 * are smaller than the last.
 */
#include "base/intern.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"

#define CHUNK_BITS 10
#define CHUNK_ENTRIES (1u << CHUNK_BITS)
#define CHUNKS_MAX 4096u
#define INDEX_FIRST_SLOTS 64u /* a power of two */
#define TEXT_CHUNK_BYTES 4096

struct entry {
	struct str text;
	uint64_t hash;
	uint32_t parent;
	/* Before this name was added; what rolling it back returns to. */
	struct arena_mark text_mark;
};

struct index {
	struct index *older;
	uint32_t mask;
	_Atomic uint32_t slot[];
};

struct intern {
	_Atomic uint32_t published;
	uint32_t added; /* published and pending */
	_Atomic(struct index *) index;
	_Atomic(struct entry *) chunk[CHUNKS_MAX];
	struct arena text;
};

static struct index *
index_new(uint32_t slots)
{
	struct index *x = calloc(1,
				 sizeof *x + (size_t)slots * sizeof(_Atomic uint32_t));

	if (x != NULL)
		x->mask = slots - 1;
	return x;
}

static struct entry *
entry_at(const struct intern *t, uint32_t id)
{
	struct entry *chunk = atomic_load_explicit(&t->chunk[(id - 1) >> CHUNK_BITS],
						   memory_order_relaxed);

	return chunk + ((id - 1) & (CHUNK_ENTRIES - 1));
}

static void
index_put(struct index *x, uint64_t hash, uint32_t id)
{
	uint32_t i = (uint32_t)hash & x->mask;

	while (atomic_load_explicit(&x->slot[i], memory_order_relaxed) != INTERN_NONE)
		i = (i + 1) & x->mask;
	atomic_store_explicit(&x->slot[i], id, memory_order_release);
}

static enum emp_rc
index_grow(struct intern *t)
{
	struct index *old = atomic_load_explicit(&t->index, memory_order_relaxed);
	struct index *x = index_new((old->mask + 1) * 2);

	if (x == NULL)
		return EMP_NOMEM;
	for (uint32_t id = 1; id <= t->added; id++)
		index_put(x, entry_at(t, id)->hash, id);
	x->older = old;
	atomic_store_explicit(&t->index, x, memory_order_release);
	return EMP_OK;
}

enum emp_rc
intern_new(struct intern **out)
{
	struct intern *t = calloc(1, sizeof *t);
	struct index *x = index_new(INDEX_FIRST_SLOTS);

	if (t == NULL || x == NULL) {
		free(t);
		free(x);
		return EMP_NOMEM;
	}
	atomic_store(&t->index, x);
	arena_init(&t->text, TEXT_CHUNK_BYTES);
	*out = t;
	return EMP_OK;
}

void
intern_free(struct intern **t)
{
	struct index *x;

	if (*t == NULL)
		return;
	x = atomic_load(&(*t)->index);
	while (x != NULL) {
		struct index *older = x->older;

		free(x);
		x = older;
	}
	for (uint32_t i = 0; i < CHUNKS_MAX; i++)
		free(atomic_load(&(*t)->chunk[i]));
	arena_fini(&(*t)->text);
	free(*t);
	*t = NULL;
}

static uint32_t
find_up_to(const struct intern *t, struct str name, uint32_t count)
{
	const struct index *x = atomic_load_explicit(&t->index, memory_order_acquire);
	uint64_t hash = hash_bytes(name.p, name.n);

	for (uint32_t i = (uint32_t)hash & x->mask;; i = (i + 1) & x->mask) {
		uint32_t id = atomic_load_explicit(&x->slot[i], memory_order_acquire);
		const struct entry *e;

		if (id == INTERN_NONE)
			return INTERN_NONE;
		if (id > count)
			continue;
		e = entry_at(t, id);
		if (e->hash == hash && str_eq(e->text, name))
			return id;
	}
}

uint32_t
intern_find(const struct intern *t, struct str name)
{
	return find_up_to(t, name, intern_count(t));
}

uint32_t
intern_find_pending(const struct intern *t, struct str name)
{
	return find_up_to(t, name, t->added);
}

struct str
intern_text(const struct intern *t, uint32_t id)
{
	EMP_ASSERT(id != INTERN_NONE);
	return entry_at(t, id)->text;
}

uint32_t
intern_parent(const struct intern *t, uint32_t id)
{
	EMP_ASSERT(id != INTERN_NONE);
	return entry_at(t, id)->parent;
}

uint32_t
intern_count(const struct intern *t)
{
	return atomic_load_explicit(&t->published, memory_order_acquire);
}

enum emp_rc
intern_add(struct intern *t, struct str name, uint32_t parent, uint32_t *id)
{
	struct index *x = atomic_load_explicit(&t->index, memory_order_relaxed);
	uint32_t next = t->added + 1;
	uint32_t chunk = (next - 1) >> CHUNK_BITS;
	struct entry *e;

	if (chunk >= CHUNKS_MAX)
		return EMP_NOMEM;
	/* At most half full, so that probes stay short for those who miss. */
	if ((uint64_t)next * 2 > x->mask) {
		enum emp_rc rc = index_grow(t);

		if (rc != EMP_OK)
			return rc;
		x = atomic_load_explicit(&t->index, memory_order_relaxed);
	}
	if (atomic_load_explicit(&t->chunk[chunk], memory_order_relaxed) == NULL) {
		struct entry *fresh = calloc(CHUNK_ENTRIES, sizeof *fresh);

		if (fresh == NULL)
			return EMP_NOMEM;
		atomic_store_explicit(&t->chunk[chunk], fresh, memory_order_release);
	}
	e = entry_at(t, next);
	e->text_mark = arena_mark(&t->text);
	e->text = arena_str(&t->text, name);
	if (e->text.p == NULL)
		return EMP_NOMEM;
	e->hash = hash_bytes(name.p, name.n);
	e->parent = parent;
	t->added = next;
	index_put(x, e->hash, next);
	*id = next;
	return EMP_OK;
}

void
intern_publish(struct intern *t)
{
	atomic_store_explicit(&t->published, t->added, memory_order_release);
}

void
intern_rollback(struct intern *t)
{
	struct index *x = atomic_load_explicit(&t->index, memory_order_relaxed);
	uint32_t keep = atomic_load_explicit(&t->published, memory_order_relaxed);

	while (t->added > keep) {
		struct entry *e = entry_at(t, t->added);
		uint32_t i = (uint32_t)e->hash & x->mask;

		while (atomic_load_explicit(&x->slot[i], memory_order_relaxed) !=
		       t->added)
			i = (i + 1) & x->mask;
		atomic_store_explicit(&x->slot[i], INTERN_NONE, memory_order_relaxed);
		arena_rollback(&t->text, e->text_mark);
		t->added--;
	}
}
