/* One pointer to the newest levels, counted references to each; see kept.h. The lock is
 * held for as long as it takes to copy a pointer and count. */
#include "privacy/kept.h"

#include "store/voice.h"

#include <pthread.h>
#include <stdlib.h>

struct shared {
	struct kept_levels public;
	struct levels *levels;
	uint32_t refs; /* under the lock */
};

struct kept {
	const struct store *store;
	pthread_mutex_t lock;
	uint64_t made;
	struct shared *newest; /* with a reference of its own; NULL: none yet */
};

enum emp_rc
kept_new(struct kept **out, const struct store *s)
{
	struct kept *k = calloc(1, sizeof *k);

	*out = NULL;
	if (k == NULL)
		return EMP_NOMEM;
	if (pthread_mutex_init(&k->lock, NULL) != 0) {
		free(k);
		return EMP_NOMEM;
	}
	k->store = s;
	*out = k;
	return EMP_OK;
}

static struct shared *
shared_of(const struct kept_levels *l)
{
	return (struct shared *)((uintptr_t)l - offsetof(struct shared, public));
}

static void
shared_free(struct shared *s)
{
	levels_free(&s->levels);
	free(s);
}

/* Under the lock; returns what nobody uses any more. */
static struct shared *
unref(struct shared *s)
{
	return s != NULL && --s->refs == 0 ? s : NULL;
}

void
kept_levels_drop(struct kept *k, const struct kept_levels **l)
{
	struct shared *over;

	if (*l == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	over = unref(shared_of(*l));
	pthread_mutex_unlock(&k->lock);
	if (over != NULL)
		shared_free(over);
	*l = NULL;
}

void
kept_free(struct kept **kp)
{
	struct kept *k = *kp;
	const struct kept_levels *l;

	*kp = NULL;
	if (k == NULL)
		return;
	l = k->newest ? &k->newest->public : NULL;
	kept_levels_drop(k, &l);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static bool
fits(const struct kept *k, uint64_t version, const struct kept_levels *l)
{
	const struct intern *units = store_names(k->store, DIM_UNIT);

	return l != NULL && l->version >= version &&
		levels_units(l->levels) == intern_count(units);
}

/* What the file has of a unit whose name is not published yet is left out: so the
 * number of names counts, too. */
static enum emp_rc
read_levels(const struct kept *k, struct store_reader *reader, struct shared **out)
{
	struct shared *s = calloc(1, sizeof *s);
	enum emp_rc rc = EMP_NOMEM;

	*out = NULL;
	if (s == NULL)
		return EMP_NOMEM;
	rc = levels_new(&s->levels, store_names(k->store, DIM_UNIT));
	if (rc == EMP_OK)
		rc = store_read_levels(reader, levels_feed, s->levels);
	if (rc != EMP_OK) {
		shared_free(s);
		return rc;
	}
	s->public.levels = s->levels;
	s->public.version = store_read_levels_version(reader);
	s->refs = 1;
	*out = s;
	return EMP_OK;
}

enum emp_rc
kept_levels_take(struct kept *k, uint64_t version, struct store_reader *reader,
		 const struct kept_levels **l)
{
	struct shared *mine = NULL;
	struct shared *over = NULL;
	enum emp_rc rc;

	if (fits(k, version, *l))
		return EMP_OK;
	kept_levels_drop(k, l);
	pthread_mutex_lock(&k->lock);
	if (k->newest != NULL && fits(k, version, &k->newest->public)) {
		k->newest->refs++;
		*l = &k->newest->public;
	}
	pthread_mutex_unlock(&k->lock);
	if (*l != NULL)
		return EMP_OK;
	if (reader == NULL)
		return EMP_STALE;
	rc = read_levels(k, reader, &mine);
	if (rc != EMP_OK)
		return rc;
	pthread_mutex_lock(&k->lock);
	mine->public.number = ++k->made;
	if (k->newest == NULL || k->newest->public.version <= mine->public.version) {
		over = unref(k->newest);
		k->newest = mine;
		mine->refs++;
	}
	pthread_mutex_unlock(&k->lock);
	if (over != NULL)
		shared_free(over);
	*l = &mine->public;
	return EMP_OK;
}
