/* The set behind "exactly once". Keys are keyed hashes, so their own bits place them in
 * the index; deletion shifts back what follows, so there are no tombstones.
 *
 * A slot of the index is the entry's place in the ring + 1, and in the bits that this
 * leaves of 32 a tag out of the key: with millions of entries nearly every look at the
 * ring is a miss in the processor's cache, and the tag saves those for other keys. */
#include "store/idwindow.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define INDEX_FIRST_SLOTS 65536u
#define MS_PER_MINUTE 60000
#define MINUTES_PER_HOUR 60

enum emp_rc
id_window_init(struct id_window *w, uint32_t max, uint32_t hours)
{
	memset(w, 0, sizeof *w);
	w->max = max;
	w->cap = max + ID_PENDING_MAX;
	w->minutes = (int64_t)hours * MINUTES_PER_HOUR;
	while (w->places < w->cap)
		w->places = w->places << 1 | 1;
	w->mask = INDEX_FIRST_SLOTS - 1;
	/* Large and untouched: pages come as entries do. */
	w->ring = calloc(w->cap, sizeof *w->ring);
	w->index = calloc(INDEX_FIRST_SLOTS, sizeof *w->index);
	if (w->ring == NULL || w->index == NULL) {
		id_window_fini(w);
		return EMP_NOMEM;
	}
	return EMP_OK;
}

void
id_window_fini(struct id_window *w)
{
	free(w->ring);
	free(w->index);
	free(w->mark);
	memset(w, 0, sizeof *w);
}

static uint32_t
home(const struct id_window *w, const uint8_t key[ID_KEY_BYTES])
{
	uint32_t bits;

	memcpy(&bits, key, sizeof bits);
	return bits & w->mask;
}

static struct id_entry *
entry(const struct id_window *w, uint32_t slot)
{
	return &w->ring[(slot & w->places) - 1];
}

static uint32_t
tag(const struct id_window *w, const uint8_t key[ID_KEY_BYTES])
{
	uint32_t bits;

	/* Others than those of home(). */
	memcpy(&bits, key + sizeof bits, sizeof bits);
	return bits & ~w->places;
}

/* What the index holds for the entry with that number. */
static uint32_t
slot_of(const struct id_window *w, uint64_t number)
{
	uint32_t place = (uint32_t)(number % w->cap);

	return (place + 1) | tag(w, w->ring[place].key);
}

void
id_window_prefetch(const struct id_window *w, const uint8_t key[ID_KEY_BYTES])
{
	__builtin_prefetch(&w->index[home(w, key)]);
}

enum id_seen
id_window_find(const struct id_window *w, const uint8_t key[ID_KEY_BYTES],
	       uint32_t content)
{
	const uint32_t wanted = tag(w, key);

	for (uint32_t i = home(w, key);; i = (i + 1) & w->mask) {
		uint32_t slot = w->index[i];
		const struct id_entry *e;

		if (slot == 0)
			return ID_NEW;
		if ((slot & ~w->places) != wanted)
			continue;
		e = entry(w, slot);
		if (memcmp(e->key, key, ID_KEY_BYTES) != 0)
			continue;
		return content == 0 || e->content == 0 || e->content == content
			? ID_SAME
			: ID_OTHER;
	}
}

static void
index_put(struct id_window *w, uint32_t slot)
{
	uint32_t i = home(w, entry(w, slot)->key);

	while (w->index[i] != 0)
		i = (i + 1) & w->mask;
	w->index[i] = slot;
}

static void
index_del(struct id_window *w, uint32_t slot)
{
	uint32_t hole = home(w, entry(w, slot)->key);
	uint32_t i;

	while (w->index[hole] != slot)
		hole = (hole + 1) & w->mask;
	for (i = (hole + 1) & w->mask; w->index[i] != 0; i = (i + 1) & w->mask) {
		uint32_t at = home(w, entry(w, w->index[i])->key);

		/* It may move into the hole unless its home lies behind it. */
		if (((i - at) & w->mask) < ((i - hole) & w->mask))
			continue;
		w->index[hole] = w->index[i];
		hole = i;
	}
	w->index[hole] = 0;
}

static enum emp_rc
index_grow(struct id_window *w)
{
	uint32_t slots = (w->mask + 1) * 2;
	uint32_t *index = calloc(slots, sizeof *index);

	if (index == NULL)
		return EMP_NOMEM;
	free(w->index);
	w->index = index;
	w->mask = slots - 1;
	for (uint64_t n = w->tail; n < w->head; n++)
		index_put(w, slot_of(w, n));
	return EMP_OK;
}

enum emp_rc
id_window_add(struct id_window *w, const uint8_t key[ID_KEY_BYTES], uint32_t content)
{
	struct id_entry *e = &w->ring[w->head % w->cap];

	if (w->head - w->tail >= w->cap)
		return EMP_OVERLOADED;
	if ((w->head - w->tail + 1) * 5 > (uint64_t)w->mask * 3) {
		enum emp_rc rc = index_grow(w);

		if (rc != EMP_OK)
			return rc;
	}
	memcpy(e->key, key, ID_KEY_BYTES);
	e->content = content;
	index_put(w, slot_of(w, w->head));
	w->head++;
	return EMP_OK;
}

static void
drop_oldest(struct id_window *w)
{
	index_del(w, slot_of(w, w->tail));
	w->tail++;
}

static void
expire(struct id_window *w, int64_t minute)
{
	uint32_t gone = 0;

	/* A minute is over when the next one is too old. */
	while (gone + 1 < w->n_marks &&
	       w->mark[gone + 1].minute <= minute - w->minutes - 1)
		gone++;
	while (gone < w->n_marks && w->tail < w->mark[gone].first)
		drop_oldest(w);
	while (w->committed - w->tail > w->max)
		drop_oldest(w);
	while (gone + 1 < w->n_marks && w->mark[gone + 1].first <= w->tail)
		gone++;
	w->n_marks -= gone;
	if (gone > 0)
		memmove(w->mark, w->mark + gone, w->n_marks * sizeof *w->mark);
}

enum emp_rc
id_window_commit(struct id_window *w, int64_t now, int64_t block)
{
	int64_t minute = now / MS_PER_MINUTE;
	uint64_t first = w->committed;

	w->committed = w->head;
	if (first != w->head &&
	    (w->n_marks == 0 || w->mark[w->n_marks - 1].minute < minute)) {
		if (!array_reserve(&w->mark, &w->cap_marks, w->n_marks + 1,
				   sizeof *w->mark))
			return EMP_NOMEM;
		w->mark[w->n_marks++] = (struct id_mark){minute, first, block};
	}
	expire(w, minute);
	return EMP_OK;
}

void
id_window_rollback(struct id_window *w)
{
	while (w->head > w->committed) {
		w->head--;
		index_del(w, slot_of(w, w->head));
	}
}

uint64_t
id_window_count(const struct id_window *w)
{
	return w->committed - w->tail;
}

int64_t
id_window_short_since(const struct id_window *w)
{
	return id_window_count(w) >= w->max && w->n_marks > 0 ? w->mark[0].minute : -1;
}

int64_t
id_window_first_block(const struct id_window *w)
{
	return w->n_marks > 0 ? w->mark[0].block : 0;
}
