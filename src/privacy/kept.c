/* See kept.h. */
#include "privacy/kept.h"

#include "store/voice.h"

#include <stdlib.h>

static struct kept_levels *
levels_of(struct newest_item *i)
{
	return (struct kept_levels *)(void *)i;
}

static void
item_free(struct newest_item *i)
{
	struct kept_levels *l = levels_of(i);

	levels_free(&l->levels);
	free(l);
}

void
kept_levels_drop(struct newest *n, struct kept_levels **l)
{
	struct newest_item *i = *l == NULL ? NULL : &(*l)->item;

	_Static_assert(offsetof(struct kept_levels, item) == 0, "see levels_of");
	newest_drop(n, &i);
	*l = NULL;
}

/* What the file has of a unit whose name is not published yet is left out: so the
 * number of names counts, too. */
static bool
fits(const struct store *store, uint64_t version, const struct kept_levels *l)
{
	return l != NULL && l->item.version >= version &&
		levels_units(l->levels) == intern_count(store_names(store, DIM_UNIT));
}

static enum emp_rc
levels_make(const struct store *store, struct store_reader *reader,
	    struct kept_levels **out)
{
	struct kept_levels *l = calloc(1, sizeof *l);
	enum emp_rc rc;

	*out = NULL;
	if (l == NULL)
		return EMP_NOMEM;
	rc = levels_new(&l->levels, store_names(store, DIM_UNIT));
	if (rc == EMP_OK)
		rc = store_read_levels(reader, levels_feed, l->levels);
	l->item.free = item_free;
	l->item.version = store_read_levels_version(reader);
	if (rc == EMP_OK)
		*out = l;
	else
		item_free(&l->item);
	return rc;
}

enum emp_rc
kept_levels_take(struct newest *n, const struct store *store, uint64_t version,
		 struct store_reader *reader, struct kept_levels **l)
{
	struct newest_item *i;
	enum emp_rc rc;

	if (fits(store, version, *l))
		return EMP_OK;
	kept_levels_drop(n, l);
	i = newest_take(n);
	*l = i == NULL ? NULL : levels_of(i);
	if (fits(store, version, *l))
		return EMP_OK;
	kept_levels_drop(n, l);
	if (reader == NULL)
		return EMP_STALE;
	rc = levels_make(store, reader, l);
	if (rc == EMP_OK)
		newest_put(n, &(*l)->item);
	return rc;
}
