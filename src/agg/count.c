/* Counting: one event into its buckets of every grain.
 *
 * Two passes, so that an event counts everywhere or nowhere: first the buckets are
 * found, made, loaded from the file or enlarged, which can fail; then the numbers go
 * up, which cannot. The bounds of the day are cached, because a division is all that
 * the buckets of an ordinary day need and events seldom ask for a new one. */
#include "agg/agg_impl.h"

#include "base/clock.h"

#include <stdlib.h>

/* New buckets get room for this many slots more than needed so far, rounded up: open
 * surveys gain questions. */
#define SLOT_ROUND 8u

struct target {
	struct page *page;
	struct agg_bucket *bucket;
	uint32_t rel;
};

static bool
day_is_plain(const struct tz *z, int64_t lo, int64_t hi)
{
	if (hi - lo != S_PER_DAY)
		return false;
	for (int64_t h = lo; h < hi; h += S_PER_HOUR)
		if (tz_floor(z, TZ_HOUR, h) != h ||
		    tz_next(z, TZ_HOUR, h) != h + S_PER_HOUR)
			return false;
	return true;
}

static void
starts_of(struct agg *a, int64_t t, int64_t start[GRAIN_COUNT])
{
	const struct tz *z = a->c.tz;
	struct day_cache *d =
		&a->days[(uint64_t)agg_floor_div(t, S_PER_DAY) % DAY_CACHE];

	if (t < d->lo || t >= d->hi) {
		d->lo = tz_floor(z, TZ_DAY, t);
		d->hi = tz_next(z, TZ_DAY, t);
		d->plain = day_is_plain(z, d->lo, d->hi);
	}
	start[GRAIN_DAY] = d->lo;
	if (d->plain) {
		start[GRAIN_HOUR] = t - (t - d->lo) % S_PER_HOUR;
		start[GRAIN_MINUTE] = t - (t - d->lo) % S_PER_MIN;
	} else {
		start[GRAIN_HOUR] = tz_floor(z, TZ_HOUR, t);
		start[GRAIN_MINUTE] = tz_floor(z, TZ_MINUTE, t);
	}
}

static uint8_t
width_for(uint32_t v)
{
	return v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 : 4;
}

static void
cell_fill(struct agg_bucket *b, const struct cell *c)
{
	uint32_t n = c->n_slots < b->n ? c->n_slots : b->n;

	b->seq = c->seq;
	for (uint32_t i = 0; i < n; i++) {
		if (b->width == 1)
			atomic_store_explicit((_Atomic uint8_t *)b->slots + i,
					      (uint8_t)c->slots[i],
					      memory_order_relaxed);
		else if (b->width == 2)
			atomic_store_explicit((_Atomic uint16_t *)(void *)b->slots + i,
					      (uint16_t)c->slots[i],
					      memory_order_relaxed);
		else
			atomic_store_explicit((_Atomic uint32_t *)(void *)b->slots + i,
					      c->slots[i], memory_order_relaxed);
	}
}

static uint8_t
cell_width(const struct cell *c)
{
	uint32_t top = 0;

	for (uint32_t i = 0; i < c->n_slots; i++)
		if (c->slots[i] > top)
			top = c->slots[i];
	return width_for(top);
}

/* The bucket of the track with that start, made or loaded when it is missing. */
static enum emp_rc
target_find(struct agg *a, struct track *t, enum grain g, int64_t start,
	    struct target *out)
{
	bool cold = start < atomic_load_explicit(&a->ram[g], memory_order_relaxed);
	_Atomic(struct agg_bucket *) *link;
	struct agg_bucket *b;
	struct cell c = {.key = {t->series, t->subject, start, (uint8_t)g}};
	enum emp_rc rc;

	out->page = agg_page_get(a, t, g, start);
	if (out->page == NULL)
		return EMP_NOMEM;
	out->rel = (uint32_t)(start - out->page->base);
	link = agg_place_find(out->page, out->rel);
	b = atomic_load_explicit(link, memory_order_relaxed);
	out->bucket = b;
	if (b != NULL && b->rel == out->rel)
		return EMP_OK;
	if (cold && !agg_ring_reserve(&a->cold, 1))
		return EMP_NOMEM;
	if (cold && agg_track_cold(a, t, g, start)) {
		rc = a->c.load(a->c.ctx, &c.key, &c);
		if (rc != EMP_OK)
			return rc;
		if (c.n_slots > t->n_slots)
			t->n_slots = c.n_slots;
	}
	b = agg_bucket_make(a, out->page, out->rel, link, t->n_slots, cell_width(&c));
	if (b == NULL)
		return EMP_NOMEM;
	cell_fill(b, &c);
	out->bucket = b;
	if (cold) {
		b->state |= BUCKET_COLD;
		agg_ring_push(&a->cold, (struct place){out->page, out->rel, 0});
	}
	return EMP_OK;
}

/* Room for the event's slots, and for one more in each of them. */
static enum emp_rc
target_widen(struct agg *a, struct target *t, const struct event_slots *s, uint32_t n)
{
	struct agg_bucket *b = t->bucket;
	uint32_t limit = b->width == 1 ? UINT8_MAX
		: b->width == 2        ? UINT16_MAX
				       : UINT32_MAX;
	uint8_t width = b->width;

	for (uint32_t i = 0; i < s->n && width == b->width && width < 4; i++)
		if (s->n > limit || agg_slot(b, s->slot[i]) > limit - s->n)
			width *= 2;
	if (n <= b->n && width == b->width)
		return EMP_OK;
	b = agg_bucket_make(a, t->page, t->rel, agg_place_find(t->page, t->rel),
			    n > b->n ? n : b->n, width);
	if (b == NULL)
		return EMP_NOMEM;
	t->bucket = b;
	return EMP_OK;
}

static uint32_t
slots_needed(const struct event_slots *s)
{
	uint32_t top = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (s->slot[i] > top)
			top = s->slot[i];
	return top + 1;
}

/* The track, with that many slots at least; NULL when out of memory. */
static struct track *
track_with(struct agg *a, uint32_t series, uint32_t subject, uint32_t slots)
{
	struct track *t = agg_track_get(a, series, subject);

	if (t != NULL && slots > t->n_slots)
		t->n_slots = (slots + SLOT_ROUND - 1) / SLOT_ROUND * SLOT_ROUND;
	return t;
}

static bool
is_summed(const struct agg *a, uint32_t series, uint32_t subject)
{
	const struct series *s = agg_series_at(a, series);

	return subject_is_summed(subject) && s != NULL &&
		s->audience == AUDIENCE_EMPLOYEE;
}

enum emp_rc
agg_count(struct agg *a, uint32_t series, int64_t time_ms, const struct event_slots *s,
	  int64_t seq, bool replay)
{
	/* For each grain the series' and, where there is one, the sum's. */
	struct target target[2 * GRAIN_COUNT];
	int64_t start[GRAIN_COUNT];
	struct track *track[2] = {NULL, NULL};
	const uint32_t more = s->n - s->n_less;
	uint32_t tracks = 1;
	uint32_t need;
	uint32_t k = 0;

	EMP_ASSERT(s->n_less <= s->n);
	if (s->subject == 0 || s->n == 0)
		return EMP_OK;
	need = slots_needed(s);
	EMP_ASSERT(need <= SURVEY_SLOTS_MAX);
	track[0] = track_with(a, series, s->subject, need);
	if (is_summed(a, series, s->subject))
		track[tracks++] = track_with(a, AGG_SERIES_SUM, s->subject, need);
	if (track[0] == NULL || track[tracks - 1] == NULL ||
	    !agg_ring_reserve(&a->dirty, GRAIN_COUNT))
		return EMP_NOMEM;
	starts_of(a, agg_floor_div(time_ms, MS_PER_S), start);
	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++) {
		if (start[g] < atomic_load_explicit(&a->exist[g], memory_order_relaxed))
			continue;
		for (uint32_t i = 0; i < tracks; i++) {
			enum emp_rc rc;

			if (i == 1 && start[g] < agg_sum_horizon(a, g))
				break;
			rc = target_find(a, track[i], g, start[g], &target[k]);
			if (rc == EMP_OK)
				rc = target_widen(a, &target[k], s, need);
			if (rc != EMP_OK)
				return rc;
			/* The sum has what its series have. */
			if (i == 0 && replay && target[k].bucket->seq >= seq)
				break;
			k++;
		}
	}
	for (uint32_t i = 0; i < k; i++) {
		struct agg_bucket *b = target[i].bucket;

		for (uint32_t j = 0; j < more; j++)
			agg_bucket_add(b, s->slot[j], 1);
		for (uint32_t j = more; j < s->n; j++) {
			/* What is taken back was counted here before. */
			EMP_ASSERT(agg_slot(b, s->slot[j]) > 0);
			agg_bucket_add(b, s->slot[j], UINT32_MAX);
		}
		b->seq = seq;
		if ((b->state & BUCKET_DIRTY) != 0 ||
		    target[i].page->track->series == AGG_SERIES_SUM)
			continue;
		b->state |= BUCKET_DIRTY;
		agg_ring_push(&a->dirty,
			      (struct place){target[i].page, target[i].rel, seq});
	}
	atomic_store_explicit(&a->n_dirty, a->dirty.n, memory_order_relaxed);
	if (a->cold.n > a->c.cold_max)
		agg_cold_evict(a);
	return EMP_OK;
}

static enum emp_rc
sum_put(struct agg *a, const struct cell *c)
{
	struct track *t = track_with(a, AGG_SERIES_SUM, c->key.subject, c->n_slots);
	struct target at;
	uint8_t width;
	enum emp_rc rc;

	if (t == NULL)
		return EMP_NOMEM;
	rc = target_find(a, t, c->key.grain, c->key.start, &at);
	if (rc != EMP_OK)
		return rc;
	width = at.bucket->width;
	for (uint32_t i = 0; i < c->n_slots; i++) {
		uint8_t wide = width_for(agg_slot(at.bucket, i) + c->slots[i]);

		width = wide > width ? wide : width;
	}
	if (c->n_slots > at.bucket->n || width > at.bucket->width)
		at.bucket = agg_bucket_make(a, at.page, at.rel,
					    agg_place_find(at.page, at.rel), t->n_slots,
					    width);
	if (at.bucket == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < c->n_slots; i++)
		agg_bucket_add(at.bucket, i, c->slots[i]);
	return EMP_OK;
}

enum emp_rc
agg_cell_put(struct agg *a, const struct cell *c)
{
	enum grain g = c->key.grain;
	int64_t exist = atomic_load_explicit(&a->exist[g], memory_order_relaxed);
	int64_t ram = atomic_load_explicit(&a->ram[g], memory_order_relaxed);
	struct target target;
	struct track *t;

	if (c->key.start < ram) {
		/* The file's oldest may be one that is only not pruned yet: those that
		 * count begin behind it. */
		int64_t lo = c->key.start < exist ? exist : c->key.start;

		if (lo < a->start_lo[g])
			a->start_lo[g] = lo;
		a->start_hi[g] = ram;
		if (lo < ram)
			atomic_store(&a->has_cold[g], true);
		return EMP_OK;
	}
	t = track_with(a, c->key.series, c->key.subject, c->n_slots);
	if (t == NULL)
		return EMP_NOMEM;
	target.page = agg_page_get(a, t, g, c->key.start);
	if (target.page == NULL)
		return EMP_NOMEM;
	target.rel = (uint32_t)(c->key.start - target.page->base);
	target.bucket = agg_bucket_make(a, target.page, target.rel,
					agg_place_find(target.page, target.rel),
					t->n_slots, cell_width(c));
	if (target.bucket == NULL)
		return EMP_NOMEM;
	cell_fill(target.bucket, c);
	return is_summed(a, c->key.series, c->key.subject) ? sum_put(a, c) : EMP_OK;
}
