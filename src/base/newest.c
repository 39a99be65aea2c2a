/* A pointer and counted references; see newest.h. The lock is held for as long as it
 * takes to copy a pointer and count. */
#include "base/newest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct newest {
	pthread_mutex_t lock;
	struct newest_item *item; /* holds a reference */
};

enum emp_rc
newest_new(struct newest **out)
{
	struct newest *n = calloc(1, sizeof *n);

	*out = NULL;
	if (n == NULL)
		return EMP_NOMEM;
	if (pthread_mutex_init(&n->lock, NULL) != 0) {
		free(n);
		return EMP_NOMEM;
	}
	*out = n;
	return EMP_OK;
}

void
newest_drop(struct newest *n, struct newest_item **item)
{
	struct newest_item *i = *item;
	bool last;

	*item = NULL;
	if (i == NULL)
		return;
	pthread_mutex_lock(&n->lock);
	EMP_ASSERT(i->refs > 0);
	last = --i->refs == 0;
	pthread_mutex_unlock(&n->lock);
	if (last)
		i->free(i);
}

void
newest_free(struct newest **np)
{
	struct newest *n = *np;

	*np = NULL;
	if (n == NULL)
		return;
	newest_drop(n, &n->item);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

struct newest_item *
newest_take(struct newest *n)
{
	struct newest_item *i;

	pthread_mutex_lock(&n->lock);
	i = n->item;
	if (i != NULL)
		i->refs++;
	pthread_mutex_unlock(&n->lock);
	return i;
}

void
newest_put(struct newest *n, struct newest_item *item)
{
	struct newest_item *over = NULL;

	item->refs = 1;
	pthread_mutex_lock(&n->lock);
	if (n->item == NULL || n->item->version <= item->version) {
		over = n->item;
		n->item = item;
		item->refs++;
	}
	pthread_mutex_unlock(&n->lock);
	newest_drop(n, &over);
}
