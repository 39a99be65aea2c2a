/* The table as a whole: life, series, publication, horizons, readers. */
#include "agg/agg_impl.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* Retired blocks that make a publication look for readers' epochs. */
#define RECLAIM_AT 1024

/* The series that id belongs to, made when it is missing; NULL when out of memory. */
static struct series *
chunk_get(struct agg *a, uint32_t id)
{
	_Atomic(struct series *) *at = &a->series[id / SERIES_CHUNK];
	struct series *chunk = atomic_load_explicit(at, memory_order_relaxed);

	if (chunk == NULL) {
		chunk = calloc(SERIES_CHUNK, sizeof *chunk);
		if (chunk != NULL)
			atomic_store_explicit(at, chunk, memory_order_release);
	}
	return chunk == NULL ? NULL : &chunk[id % SERIES_CHUNK];
}

enum emp_rc
agg_new(struct agg **out, const struct agg_config *c)
{
	struct series *sum;
	struct agg *a;

	EMP_ASSERT(c->tz != NULL && c->load != NULL);
	a = calloc(1, sizeof *a);
	if (a == NULL)
		return EMP_NOMEM;
	a->c = *c;
	if (a->c.cold_max == 0)
		a->c.cold_max = AGG_COLD_MAX;
	slab_init(&a->slab);
	a->days = calloc(DAY_CACHE, sizeof *a->days);
	sum = chunk_get(a, AGG_SERIES_SUM);
	if (a->days == NULL || sum == NULL) {
		agg_free(&a);
		return EMP_NOMEM;
	}
	sum->audience = AUDIENCE_EMPLOYEE;
	atomic_init(&a->epoch, 1);
	a->start_series = UINT32_MAX; /* until the first publication */
	for (int g = 0; g < GRAIN_COUNT; g++) {
		atomic_init(&a->exist[g], INT64_MIN);
		atomic_init(&a->ram[g], INT64_MIN);
		a->start_lo[g] = INT64_MAX;
		a->start_hi[g] = INT64_MIN;
	}
	*out = a;
	return EMP_OK;
}

void
agg_free(struct agg **ap)
{
	struct agg *a = *ap;
	struct agg_reader *r;

	if (a == NULL)
		return;
	for (size_t i = 0; i < SERIES_CHUNKS; i++)
		free(atomic_load_explicit(&a->series[i], memory_order_relaxed));
	r = atomic_load_explicit(&a->readers, memory_order_relaxed);
	while (r != NULL) {
		struct agg_reader *next = r->next;

		free(r);
		r = next;
	}
	slab_fini(&a->slab);
	free(a->dirty.v);
	free(a->cold.v);
	free(a->scratch);
	free(a->days);
	free(a->by_key);
	free(a);
	*ap = NULL;
}

/* ---- series -------------------------------------------------------------------- */

enum emp_rc
agg_series_add(struct agg *a, uint32_t id, uint8_t audience,
	       const uint32_t dim_id[DIM_COUNT], bool is_other)
{
	struct series *s;

	EMP_ASSERT(id > 0 && audience != AUDIENCE_NONE);
	if (id / SERIES_CHUNK >= SERIES_CHUNKS)
		return EMP_NOMEM;
	s = chunk_get(a, id);
	if (s == NULL)
		return EMP_NOMEM;
	/* What readers look at already never changes. */
	if (id <= atomic_load_explicit(&a->n_series, memory_order_relaxed))
		return EMP_OK;
	s->audience = audience;
	s->is_other = is_other;
	memcpy(s->dim_id, dim_id, sizeof s->dim_id);
	atomic_store_explicit(&a->n_series, id, memory_order_release);
	return EMP_OK;
}

uint32_t
agg_series_count(const struct agg *a)
{
	return atomic_load_explicit(&a->n_series, memory_order_acquire);
}

void
agg_series_get(const struct agg *a, uint32_t id, struct agg_series *out)
{
	const struct series *s = agg_series_at(a, id);

	memset(out, 0, sizeof *out);
	out->id = id;
	if (s == NULL || id > agg_series_count(a))
		return;
	out->audience = s->audience;
	out->is_other = s->is_other;
	memcpy(out->dim_id, s->dim_id, sizeof out->dim_id);
}

/* [writer] Reuse what no reader can see. */
static void
reclaim(struct agg *a)
{
	uint64_t safe = atomic_fetch_add(&a->epoch, 1) + 1;

	for (struct agg_reader *r = atomic_load(&a->readers); r != NULL; r = r->next) {
		uint64_t e = atomic_load(&r->epoch);

		if (e != 0 && e < safe)
			safe = e;
	}
	slab_reclaim(&a->slab, safe);
}

/* ---- publication --------------------------------------------------------------- */

void
agg_publish(struct agg *a, int64_t seq, int64_t as_of_ms)
{
	uint64_t v = atomic_load_explicit(&a->pub_version, memory_order_relaxed);

	if (!a->started) {
		a->started = true;
		a->start_series = atomic_load_explicit(&a->n_series,
						       memory_order_relaxed);
	}
	atomic_store_explicit(&a->pub_version, v + 1, memory_order_relaxed);
	atomic_store_explicit(&a->pub_as_of, as_of_ms, memory_order_release);
	atomic_store_explicit(&a->pub_seq, seq, memory_order_release);
	atomic_store_explicit(&a->pub_version, v + 2, memory_order_release);
	if (a->slab.limbo_n > RECLAIM_AT)
		reclaim(a);
}

int64_t
agg_published(const struct agg *a)
{
	return atomic_load_explicit(&a->pub_seq, memory_order_acquire);
}

void
agg_published_at(const struct agg *a, int64_t *seq, int64_t *as_of_ms)
{
	uint64_t before;

	/* Two words cannot be read as one: when the version moved, the writer published
	 * in between, and the next round reads that. */
	do {
		before = atomic_load_explicit(&a->pub_version, memory_order_acquire);
		*seq = atomic_load_explicit(&a->pub_seq, memory_order_acquire);
		*as_of_ms = atomic_load_explicit(&a->pub_as_of, memory_order_acquire);
	} while ((before & 1) != 0 ||
		 before != atomic_load_explicit(&a->pub_version, memory_order_relaxed));
}

/* ---- readers and epochs ---------------------------------------------------------- */

enum emp_rc
agg_reader_new(struct agg_reader **out, struct agg *a)
{
	struct agg_reader *r;

	for (r = atomic_load(&a->readers); r != NULL; r = r->next) {
		bool taken = false;

		if (atomic_compare_exchange_strong(&r->taken, &taken, true)) {
			*out = r;
			return EMP_OK;
		}
	}
	r = aligned_alloc(64, sizeof *r);
	if (r == NULL)
		return EMP_NOMEM;
	memset(r, 0, sizeof *r);
	atomic_init(&r->taken, true);
	r->agg = a;
	r->next = atomic_load(&a->readers);
	while (!atomic_compare_exchange_weak(&a->readers, &r->next, r))
		continue;
	*out = r;
	return EMP_OK;
}

void
agg_reader_free(struct agg_reader **r)
{
	if (*r == NULL)
		return;
	EMP_ASSERT(atomic_load(&(*r)->epoch) == 0);
	atomic_store(&(*r)->taken, false);
	*r = NULL;
}

void
agg_enter(struct agg_reader *r)
{
	EMP_ASSERT(atomic_load_explicit(&r->epoch, memory_order_relaxed) == 0);
	atomic_store(&r->epoch, atomic_load(&r->agg->epoch));
}

void
agg_leave(struct agg_reader *r)
{
	atomic_store_explicit(&r->epoch, 0, memory_order_release);
}

/* ---- horizons ------------------------------------------------------------------ */

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
raise_to(_Atomic int64_t *h, int64_t t)
{
	if (t > atomic_load_explicit(h, memory_order_relaxed))
		atomic_store(h, t);
}

/* Buckets below the horizon that memory can do without. */
static void
track_tidy(struct agg *a, struct track *t, enum grain g, int64_t horizon)
{
	struct dir *d = atomic_load_explicit(&t->g[g].dir, memory_order_relaxed);
	uint32_t i = 0;

	while (d != NULL && i < atomic_load_explicit(&d->n, memory_order_relaxed) &&
	       d->at[i].base < horizon) {
		struct page *p = d->at[i].page;
		uint32_t used = p->used;

		for (int k = 0; k < PAGE_PLACES && used > 0; k++) {
			struct agg_bucket *b = atomic_load_explicit(
				&p->place[k], memory_order_relaxed);

			while (b != NULL) {
				struct agg_bucket *next = atomic_load_explicit(
					&b->next, memory_order_relaxed);

				if (p->base + b->rel < horizon && b->state == 0) {
					used--;
					agg_bucket_forget(a, p, b->rel);
				}
				b = next;
			}
		}
		if (atomic_load_explicit(&t->g[g].dir, memory_order_relaxed) == d)
			i++; /* else page i is gone, and i is the next one */
		d = atomic_load_explicit(&t->g[g].dir, memory_order_relaxed);
	}
}

void
agg_tidy(struct agg *a, int64_t now_s)
{
	const struct tz *z = a->c.tz;
	int64_t minute = later(
		tz_ceil(z, TZ_HOUR, now_s - a->c.minute_hours * S_PER_HOUR),
		a->c.from[GRAIN_MINUTE]);
	int64_t hour = later(tz_ceil(z, TZ_DAY, now_s - a->c.hour_days * S_PER_DAY),
			     a->c.from[GRAIN_HOUR]);
	uint32_t n = atomic_load_explicit(&a->n_series, memory_order_relaxed);

	raise_to(&a->exist[GRAIN_MINUTE], minute);
	raise_to(&a->exist[GRAIN_HOUR], hour);
	raise_to(&a->ram[GRAIN_MINUTE], minute);
	raise_to(&a->ram[GRAIN_HOUR], hour);
	raise_to(&a->ram[GRAIN_HOUR],
		 tz_ceil(z, TZ_DAY, now_s - a->c.ram_hour_days * S_PER_DAY));
	raise_to(&a->ram[GRAIN_DAY],
		 tz_ceil(z, TZ_DAY, now_s - a->c.ram_day_days * S_PER_DAY));
	for (uint32_t i = 0; i <= n && i < TIDY_SERIES; i++) {
		struct track_list *l;
		struct series *s;

		a->tidy_at = a->tidy_at >= n ? AGG_SERIES_SUM : a->tidy_at + 1;
		s = agg_series_at(a, a->tidy_at);
		l = s ? atomic_load_explicit(&s->tracks, memory_order_relaxed) : NULL;
		for (uint32_t k = 0;
		     l != NULL && k < atomic_load_explicit(&l->n, memory_order_relaxed);
		     k++)
			for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++)
				track_tidy(a, l->at[k].track, g,
					   atomic_load(&a->ram[g]));
	}
	agg_cold_evict(a);
	reclaim(a);
}

int64_t
agg_horizon(const struct agg *a, enum grain g)
{
	return atomic_load(&a->exist[g]);
}

int64_t
agg_ram_horizon(const struct agg *a, enum grain g)
{
	return atomic_load(&a->has_cold[g]) ? atomic_load(&a->ram[g]) : INT64_MIN;
}

int64_t
agg_sum_horizon(const struct agg *a, enum grain g)
{
	return atomic_load(&a->ram[g]);
}

void
agg_stats(const struct agg *a, struct agg_stats *out)
{
	out->series = agg_series_count(a);
	out->tracks = atomic_load_explicit(&a->n_tracks, memory_order_relaxed);
	out->buckets = atomic_load_explicit(&a->n_buckets, memory_order_relaxed);
	out->dirty = atomic_load_explicit(&a->n_dirty, memory_order_relaxed);
	out->cold = atomic_load_explicit(&a->n_cold, memory_order_relaxed);
	out->bytes = atomic_load_explicit(&a->slab.bytes, memory_order_relaxed);
}
