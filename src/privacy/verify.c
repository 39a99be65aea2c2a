/* Verification: every cell against the stored events (P4).
 *
 * A cell is reduced to a sum over its slots, each weighted by a mixed slot number, so
 * that a year of hours fits in memory. What SQL recounts is added, what counters hold
 * is taken away; what is left over differs. Cells that memory forgot are read from the
 * file; and a cell of the file can lag behind memory but never be ahead of it. */
#include "privacy/rollup_impl.h"

#include "base/clock.h"
#include "privacy/release.h"
#include "store/voice.h"

#include <stdlib.h>

#define REPORT_MAX 100
#define TABLE_FIRST 1024u
#define ARENA_CHUNK 16384

struct entry {
	struct cell_key key;
	uint64_t left;  /* weighted sum: recounted - counted */
	int64_t stored; /* plain sums, for the report */
	int64_t counted;
	bool in_memory, used;
};

struct report {
	struct buf *out;
	uint64_t cells, events, differences, findings;
	bool releases_differ;
};

/* One grain. */
struct check {
	struct rollup_ctx *c;
	struct report *report;
	struct entry *v;
	size_t cap, n;
	int64_t exist, ram, sum_from;
	enum grain grain;
	/* The series and subject being walked. */
	uint32_t series, subject;
	enum emp_rc rc;
};

static uint64_t
weight(uint32_t slot)
{
	uint64_t v = (slot + 1) * 0x9e3779b97f4a7c15u;

	v ^= v >> 29;
	return v * 0xbf58476d1ce4e5b9u;
}

static size_t
place_of(const struct check *k, const struct cell_key *key)
{
	uint64_t h = ((uint64_t)key->start * 0xff51afd7ed558ccdu + key->series) *
			0x9e3779b97f4a7c15u +
		key->subject;
	size_t i = (h ^ h >> 32) & (k->cap - 1);

	while (k->v[i].used &&
	       (k->v[i].key.start != key->start || k->v[i].key.series != key->series ||
		k->v[i].key.subject != key->subject))
		i = (i + 1) & (k->cap - 1);
	return i;
}

static enum emp_rc
grow(struct check *k)
{
	struct entry *old = k->v;
	size_t cap = k->cap;

	k->v = calloc(cap ? cap * 2 : TABLE_FIRST, sizeof *k->v);
	if (k->v == NULL) {
		k->v = old;
		return EMP_NOMEM;
	}
	k->cap = cap ? cap * 2 : TABLE_FIRST;
	for (size_t i = 0; i < cap; i++)
		if (old[i].used)
			k->v[place_of(k, &old[i].key)] = old[i];
	free(old);
	return EMP_OK;
}

static struct entry *
entry_of(struct check *k, const struct cell_key *key)
{
	struct entry *e;

	if (k->rc == EMP_OK && k->n * 4 >= k->cap * 3)
		k->rc = grow(k);
	if (k->rc != EMP_OK)
		return NULL;
	e = &k->v[place_of(k, key)];
	if (!e->used) {
		e->used = true;
		e->key = *key;
		k->n++;
	}
	return e;
}

static enum emp_rc
take_recount(void *ctx, const struct cell_key *key, uint32_t slot, uint64_t n)
{
	struct check *k = ctx;
	struct entry *e;

	/* Events count only into cells that existed when they came. */
	if (key->start < k->exist)
		return EMP_OK;
	e = entry_of(k, key);
	if (e == NULL)
		return k->rc;
	e->left += n * weight(slot);
	e->stored += (int64_t)n;
	/* Subjects that are summed are employees' all. */
	if (key->series != AGG_SERIES_SUM && subject_is_summed(key->subject)) {
		struct cell_key sum = *key;

		sum.series = AGG_SERIES_SUM;
		return take_recount(ctx, &sum, slot, n);
	}
	return EMP_OK;
}

static void
take_bucket(void *ctx, int64_t start, const struct agg_bucket *b)
{
	struct check *k = ctx;
	struct cell_key key = {k->series, k->subject, start, (uint8_t)k->grain};
	struct entry *e = start < k->exist ? NULL : entry_of(k, &key);

	if (e == NULL)
		return;
	e->in_memory = true;
	k->report->cells += k->series != AGG_SERIES_SUM;
	for (uint32_t s = 0; s < agg_slots(b); s++) {
		e->left -= agg_slot(b, s) * weight(s);
		e->counted += agg_slot(b, s);
	}
}

static void
take_track(void *ctx, uint32_t subject, const struct track *t)
{
	struct check *k = ctx;

	k->subject = subject;
	agg_track_each_bucket(t, k->grain, INT64_MIN, INT64_MAX, take_bucket, k);
}

static enum emp_rc
take_cell(void *ctx, const struct cell *c)
{
	struct check *k = ctx;
	struct entry *e = c->key.start < k->exist ? NULL : entry_of(k, &c->key);
	int64_t sum = 0;

	if (e == NULL)
		return k->rc;
	for (uint32_t s = 0; s < c->n_slots; s++)
		sum += c->slots[s];
	if (e->in_memory) {
		/* Ahead of memory: as if so many had been counted twice. */
		if (sum > e->counted) {
			e->left += 1;
			e->counted = sum;
		}
		return EMP_OK;
	}
	/* Only what memory forgot is counted by the file alone. */
	if (c->key.start >= k->ram)
		return EMP_OK;
	k->report->cells++;
	e->counted = sum;
	for (uint32_t s = 0; s < c->n_slots; s++)
		e->left -= c->slots[s] * weight(s);
	return EMP_OK;
}

static void
difference_add(struct check *k, const struct entry *e)
{
	static const char *const grains[] = {"minute", "hour", "day"};
	char start[TIME_TEXT_MAX];

	if (k->report->differences++ >= REPORT_MAX)
		return;
	(void)time_format(start, e->key.start * MS_PER_S);
	buf_printf(k->report->out,
		   "%s{\"series\":%u,\"subject\":%u,\"grain\":\"%s\",\"start\":\"%s\","
		   "\"stored\":%lld,\"counted\":%lld}",
		   k->report->differences > 1 ? "," : "", e->key.series, e->key.subject,
		   grains[k->grain], start, (long long)e->stored,
		   (long long)e->counted);
}

static int
entry_cmp(const void *pa, const void *pb)
{
	const struct entry *a = pa;
	const struct entry *b = pb;

	if (a->key.start != b->key.start)
		return a->key.start < b->key.start ? -1 : 1;
	if (a->key.series != b->key.series)
		return a->key.series < b->key.series ? -1 : 1;
	return (a->key.subject > b->key.subject) - (a->key.subject < b->key.subject);
}

/* What memory holds of one grain. */
static enum emp_rc
walk_memory(struct check *k)
{
	const struct agg *a = k->c->r->agg;
	enum emp_rc rc = grow(k);
	uint32_t n;

	if (rc != EMP_OK)
		return rc;
	k->exist = agg_horizon(a, k->grain);
	agg_enter(k->c->reader);
	n = agg_series_count(a);
	for (k->series = AGG_SERIES_SUM; k->series <= n; k->series++)
		agg_each_track(a, k->series, take_track, k);
	agg_leave(k->c->reader);
	k->ram = agg_ram_horizon(a, k->grain);
	k->sum_from = agg_sum_horizon(a, k->grain);
	return k->rc;
}

/* Against the file; what is left over differs. */
static enum emp_rc
check_grain(struct check *k, struct store_reader *reader)
{
	enum emp_rc rc = store_read_cells(reader, k->grain, k->exist, INT64_MAX,
					  take_cell, k);

	if (rc == EMP_OK)
		rc = store_recount(reader, k->grain, take_recount, k);
	if (rc == EMP_OK)
		rc = k->rc;
	if (rc != EMP_OK)
		return rc;
	if (k->cap > 0) /* without events there is no table */
		qsort(k->v, k->cap, sizeof *k->v, entry_cmp);
	for (size_t i = 0; i < k->cap; i++) {
		const struct entry *e = &k->v[i];
		bool sum = e->key.series == AGG_SERIES_SUM;

		if (!e->used || (sum && e->key.start < k->sum_from))
			continue;
		if (k->grain == GRAIN_DAY && !sum)
			k->report->events += (uint64_t)e->stored;
		if (e->left != 0)
			difference_add(k, e);
	}
	return EMP_OK;
}

static void
take_finding(void *ctx, const char *finding)
{
	struct report *r = ctx;

	if (r->findings++ >= REPORT_MAX)
		return;
	if (r->findings > 1)
		buf_add_c(r->out, ',');
	buf_add_json(r->out, str_from(finding));
}

/* Counts the answers again into the blocks that are said to hold them. EMP_CORRUPT: an
 * answer that its question does not have. */
static enum emp_rc
count_again(const struct release_stored *s, uint64_t *people, uint64_t *count)
{
	uint32_t width = release_width(s->answers->q);
	enum emp_rc rc = EMP_OK;

	for (uint32_t i = 0; i < s->answers->n && rc == EMP_OK; i++) {
		const struct release_answer *a = &s->answers->answers[i];
		uint32_t at = a->verified ? s->blocks->cover[a->unit] : s->blocks->pool;

		if (at >= s->blocks->n)
			continue;
		people[at]++;
		rc = release_count(s->answers->q, a, count + (size_t)at * width);
	}
	return rc;
}

/* A release: each block is what the answers that it covers add up to, and may be shown.
 * How the blocks were made is not done again: after the release answers are of the unit
 * of their smallest block, and a later version may make others. */
static enum emp_rc
take_release(void *ctx, const struct release_stored *s)
{
	struct report *r = ctx;
	uint32_t width = release_width(s->answers->q);
	uint64_t *people, *count;
	struct arena a;
	enum emp_rc rc = EMP_NOMEM;

	arena_init(&a, ARENA_CHUNK);
	people = arena_zalloc(&a, (s->blocks->n + 1) * sizeof *people);
	count = arena_zalloc(&a, ((size_t)s->blocks->n * width + 1) * sizeof *count);
	if (people != NULL && count != NULL)
		rc = count_again(s, people, count);
	for (uint32_t i = 0; i < s->blocks->n && rc == EMP_OK; i++) {
		const struct release_block *b = &s->blocks->v[i];
		const uint64_t *again = count + (size_t)i * width;
		uint64_t k = !b->verified && s->k < RELEASE_K_UNVERIFIED
			? RELEASE_K_UNVERIFIED
			: s->k;

		r->releases_differ |= people[i] != b->people ||
			memcmp(again, b->count, width * sizeof *again) != 0 ||
			!release_is_safe(s->answers->q, people[i], again, k);
	}
	arena_fini(&a);
	return rc;
}

static enum emp_rc
check_releases(struct store_reader *reader, struct report *r)
{
	enum emp_rc rc = store_read_release_inputs(reader, take_release, r);

	if (rc == EMP_OK && r->releases_differ)
		take_finding(r,
			     "confidential.db: a release is not what its answers make");
	return rc;
}

/* All of memory before anything of the file: a bucket that is written and forgotten in
 * between is then in the file as the reader sees it from its first question on. */
enum emp_rc
rollup_verify(struct rollup_ctx *c, const struct defs *defs,
	      struct store_reader *reader, struct buf *out, uint64_t *differences)
{
	struct report r = {.out = out};
	struct check k[GRAIN_COUNT] = {0};
	int64_t before = agg_published(c->r->agg);
	enum emp_rc rc = EMP_OK;

	(void)defs;
	for (enum grain g = GRAIN_MINUTE; rc == EMP_OK && g < GRAIN_COUNT; g++) {
		k[g].c = c;
		k[g].report = &r;
		k[g].grain = g;
		rc = walk_memory(&k[g]);
	}
	buf_add_z(out, "{\"first\":[");
	for (enum grain g = GRAIN_MINUTE; rc == EMP_OK && g < GRAIN_COUNT; g++)
		rc = check_grain(&k[g], reader);
	buf_add_z(out, "],\"findings\":[");
	if (rc == EMP_OK)
		rc = store_check(reader, take_finding, &r);
	if (rc == EMP_OK)
		rc = check_releases(reader, &r);
	/* Events that came meanwhile are in one of the two only. */
	buf_printf(out,
		   "],\"differences\":%llu,\"cells\":%llu,\"counts\":%llu,\"seq\":%lld,"
		   "\"quiet\":%s}\n",
		   (unsigned long long)(r.differences + r.findings),
		   (unsigned long long)r.cells, (unsigned long long)r.events,
		   (long long)before,
		   before == agg_published(c->r->agg) ? "true" : "false");
	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++)
		free(k[g].v);
	*differences = r.differences + r.findings;
	if (rc == EMP_OK && !buf_ok(out))
		rc = EMP_NOMEM;
	return rc;
}
