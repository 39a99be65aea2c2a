/* A hash table with linear probing. It never fills: there are at least twice as many
 * places as connections. Removal moves later entries of the run up, so that no marks of
 * removed entries pile up over months. */
#include "net/caps.h"

#include <pthread.h>
#include <stdlib.h>

struct cap {
	uint64_t key;
	uint32_t count; /* 0: the place is free */
};

struct caps {
	pthread_mutex_t lock;
	uint32_t mask;
	uint32_t used;
	uint32_t most;
	uint32_t per_key;
	struct cap *table;
};

enum emp_rc
caps_new(struct caps **out, unsigned max, unsigned per_key)
{
	struct caps *c = calloc(1, sizeof(*c));
	uint32_t places = 16;

	*out = NULL;
	if (c == NULL)
		return EMP_NOMEM;
	while (places / 2 < max && places < UINT32_MAX / 4)
		places *= 2;
	c->table = calloc(places, sizeof(*c->table));
	if (c->table == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c->table);
		free(c);
		return EMP_NOMEM;
	}
	c->mask = places - 1;
	c->most = places / 2;
	c->per_key = per_key;
	*out = c;
	return EMP_OK;
}

void
caps_free(struct caps **c)
{
	if (*c == NULL)
		return;
	pthread_mutex_destroy(&(*c)->lock);
	free((*c)->table);
	free(*c);
	*c = NULL;
}

/* The place of the key, or the free place where it belongs. */
static uint32_t
place_of(const struct caps *c, uint64_t key)
{
	uint32_t i = (uint32_t)key & c->mask;

	while (c->table[i].count != 0 && c->table[i].key != key)
		i = (i + 1) & c->mask;
	return i;
}

bool
caps_take(struct caps *c, uint64_t key)
{
	struct cap *cap;
	bool ok;

	pthread_mutex_lock(&c->lock);
	cap = &c->table[place_of(c, key)];
	ok = cap->count < c->per_key && (cap->count > 0 || c->used < c->most);
	if (ok) {
		if (cap->count == 0)
			c->used++;
		cap->key = key;
		cap->count++;
	}
	pthread_mutex_unlock(&c->lock);
	return ok;
}

/* Close the gap at i: an entry further on moves into it when its own place is not
 * between the gap and where it is. */
static void
close_gap(struct caps *c, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & c->mask; c->table[i].count != 0;
	     i = (i + 1) & c->mask) {
		uint32_t home = (uint32_t)c->table[i].key & c->mask;

		if (((i - home) & c->mask) < ((i - gap) & c->mask))
			continue;
		c->table[gap] = c->table[i];
		c->table[i].count = 0;
		gap = i;
	}
}

void
caps_give(struct caps *c, uint64_t key)
{
	uint32_t i;

	pthread_mutex_lock(&c->lock);
	i = place_of(c, key);
	EMP_ASSERT(c->table[i].count > 0);
	if (--c->table[i].count == 0) {
		c->used--;
		close_gap(c, i);
	}
	pthread_mutex_unlock(&c->lock);
}
