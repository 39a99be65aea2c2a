/* Counters: one wait-free table with one writer and any number of readers.
 *
 * (series, subject) -> track; a track has buckets by grain and start; a bucket is a
 * vector of relaxed atomic 32-bit slots. The writer counts after the commit, then
 * publishes a sequence number with release; readers load it with acquire and never
 * block, lock or write to shared memory except their own epoch word, which delays
 * freeing.
 *
 * Memory keeps minutes for 48 h, hours for 35 days, days for 400 days. What is older
 * lives in the file: counting into an old bucket first loads its cell through `load`,
 * and the bucket stays in memory at least until its cell is written again. So for a
 * reader a bucket in memory is the truth, and the file is the truth for buckets that
 * memory does not have, provided memory is looked at first. */
#ifndef EMP_AGG_AGG_H
#define EMP_AGG_AGG_H

#include "base/tz.h"
#include "model/cell.h"

struct agg;
struct agg_reader; /* one per reading thread */

#define AGG_COLD_MAX 16384
/* Ids of series stay below: more cannot be counted. */
#define AGG_SERIES_END (1u << 22)
/* Not a series but the sum of all series of employees, of subjects that are summed
 * (subject_is_summed) and from agg_sum_horizon on. The file knows nothing of it. */
#define AGG_SERIES_SUM 0u

struct agg_config {
	const struct tz *tz;
	int minute_hours; /* cells of a minute exist this long: 48 */
	int hour_days;    /* cells of an hour exist this long: 400 */
	/* None before these starts, Unix s, though they were young enough. */
	int64_t from[GRAIN_COUNT];
	int ram_hour_days; /* kept in memory: 35 */
	int ram_day_days;  /* kept in memory: 400 */
	/* Older buckets that stay loaded once they are written; 0: AGG_COLD_MAX. */
	uint32_t cold_max;
	/* [writer] Cell of the file, or n_slots = 0 when there is none. */
	enum emp_rc (*load)(void *ctx, const struct cell_key *k, struct cell *out);
	void *ctx;
};

EMP_MUST_CHECK enum emp_rc agg_new(struct agg **out, const struct agg_config *c);
void agg_free(struct agg **a);

/* All of these: [writer], or [main] before there are threads. The order at start is
 * agg_tidy(now), every series, the cells of the file, replayed events, agg_publish.
 *
 * Ids of series start at 1 and come in order. */
EMP_MUST_CHECK enum emp_rc agg_series_add(struct agg *a, uint32_t id, uint8_t audience,
					  const uint32_t dim_id[DIM_COUNT],
					  bool is_other);
/* A cell of the file. One that memory does not keep is taken as the news that the file
 * holds more than memory: from its start on, for the series known so far. */
EMP_MUST_CHECK enum emp_rc agg_cell_put(struct agg *a, const struct cell *c);
/* Into every grain that exists at that age. With `replay`, only cells with cell.seq <
 * seq. All or nothing: EMP_NOMEM, or what `load` returned, counts nothing. */
EMP_MUST_CHECK enum emp_rc agg_count(struct agg *a, uint32_t series, int64_t time_ms,
				     const struct event_slots *s, int64_t seq,
				     bool replay);
void agg_publish(struct agg *a, int64_t seq, int64_t as_of_ms);
/* See struct store_hooks. A cell handed out counts as dirty until it is reported
 * written, and one that is counted into meanwhile stays dirty behind that. */
size_t agg_cells_dirty(struct agg *a, struct cell *out, size_t max);
void agg_cells_written(struct agg *a, bool ok);
/* INT64_MAX: nothing is dirty. */
int64_t agg_dirty_since(const struct agg *a);
/* Move the horizons to what `now_s` makes of the ages, forget a slice of what they
 * passed, free what no reader can see any more. About once a minute; bounded work per
 * call. The cells fed at start must be reckoned from the same moment. */
void agg_tidy(struct agg *a, int64_t now_s);

/* [any] */
int64_t agg_published(const struct agg *a);
void agg_published_at(const struct agg *a, int64_t *seq, int64_t *as_of_ms);
/* First start that exists in that grain now (INT64_MIN for days); monotonic. */
int64_t agg_horizon(const struct agg *a, enum grain g);
/* First start from which memory is complete in that grain; INT64_MIN when the file
 * holds nothing that memory does not. Ask again after reading: it may have moved. */
int64_t agg_ram_horizon(const struct agg *a, enum grain g);
/* First start from which AGG_SERIES_SUM is complete. Likewise. */
int64_t agg_sum_horizon(const struct agg *a, enum grain g);
struct agg_stats {
	uint64_t series, tracks, buckets, dirty, cold, bytes;
};
void agg_stats(const struct agg *a, struct agg_stats *out);

/* [any] A reader's place in the epoch scheme; enter before the first pointer is
 * followed, leave after the last. Cheap: one store each. */
EMP_MUST_CHECK enum emp_rc agg_reader_new(struct agg_reader **out, struct agg *a);
void agg_reader_free(struct agg_reader **r);
void agg_enter(struct agg_reader *r);
void agg_leave(struct agg_reader *r);

/* [any, entered] Series in order of id, from 1 on. */
struct agg_series {
	uint32_t id;
	uint8_t audience;
	bool is_other;
	uint32_t dim_id[DIM_COUNT];
};
uint32_t agg_series_count(const struct agg *a);
void agg_series_get(const struct agg *a, uint32_t id, struct agg_series *out);
/* [any, entered] Visit the buckets of a track with from <= start < to, in ascending
 * order. A bucket's slots are read through agg_slot; n is how many exist. */
struct agg_bucket;
void agg_each_bucket(const struct agg *a, uint32_t series, uint32_t subject,
		     enum grain g, int64_t from, int64_t to,
		     void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b),
		     void *ctx);
uint32_t agg_slots(const struct agg_bucket *b);
uint32_t agg_slot(const struct agg_bucket *b, uint32_t i);
/* [any, entered] The same in one walk: a series' tracks, and the buckets of one. */
struct track;
void agg_each_track(const struct agg *a, uint32_t series,
		    void (*fn)(void *ctx, uint32_t subject, const struct track *t),
		    void *ctx);
void
agg_track_each_bucket(const struct track *t, enum grain g, int64_t from, int64_t to,
		      void (*fn)(void *ctx, int64_t start, const struct agg_bucket *b),
		      void *ctx);
/* Add slots [first, first+n) to sums (the hot loop of a rollup). */
void agg_bucket_sum(const struct agg_bucket *b, uint32_t first, uint32_t n,
		    uint64_t *sums);

#endif
