/* Inside of the rollups: one answer being made.
 *
 * rollup.c runs the steps that all rollups share: which audiences, merging memory with
 * the file, the order of groups and times. Each rollup's own file says what is merged,
 * which columns a row has and what they hold. [worker] or [reader], one thread per job.
 */
#ifndef EMP_PRIVACY_ROLLUP_IMPL_H
#define EMP_PRIVACY_ROLLUP_IMPL_H

#include "agg/levels.h"
#include "agg/merge.h"
#include "agg/people.h"
#include "privacy/kept.h"
#include "privacy/pub.h"
#include "privacy/rollup.h"

struct rollups {
	struct agg *agg;
	struct store *store;
	uint32_t sla_days;
	struct newest *levels, *folds;
};

struct folds;
struct released;

struct rollup_ctx {
	struct rollups *r;
	struct agg_reader *reader;
	/* Kept from answer to answer. NULL: none yet. */
	struct kept_levels *kept;
	struct folds *folds; /* fold.c's */
	/* Until there is another release, or another definition. */
	struct released *released;
	uint64_t releases, released_defs;
};

struct job_time {
	int64_t start;
	uint32_t raw; /* index in raw->times; RAW_NONE: filled in */
	struct str text;
};

struct delicate;

struct job {
	struct rollup_ctx *c;
	const struct query *q;
	const struct defs *defs;
	struct store_reader *reader; /* NULL on a worker */
	struct problem *problem;
	const struct tz *tz;
	struct rollup_pub pub;
	uint32_t audiences; /* bit per enum audience */
	int64_t seq, as_of; /* published before anything was read; as_of in ms */
	uint64_t releases, levels_version; /* likewise */
	struct merge *merge;
	const struct rollup_raw *raw;
	/* Employees' units as shown, ascending; none: as recorded. `fold` is the only
	 * one, where one holds for all time. */
	const struct merge_fold *folds;
	const uint32_t *fold;
	uint32_t n_folds, n_fold;
	/* After job_layout: what rows point at, and their order. */
	struct pub_group *groups; /* by raw index */
	uint32_t *group_order;
	struct job_time *times; /* ascending */
	uint32_t n_times;
	struct people *cells;        /* see job_cell */
	const struct levels *levels; /* after job_levels; the context's */
	struct delicate *delicate;   /* after delicate_spread */
	enum emp_rc rc;              /* of a callback */
	bool brief; /* part of another answer: leave out what only rows of all time say
		     */
};

#define K_ANONYMITY 5 /* people in a unit that is shown by itself */
#define K_DELICATE 10 /* likewise: absence, reviews, suggestions of employees */

/* Audiences asked for; `fallback` without a filter. */
uint32_t job_audiences(const struct query *q, uint32_t fallback);
/* A bound of a window for the store, ms. */
int64_t job_ms(int64_t s);
bool job_filter_has(const struct query *q, enum field f, struct str value);
/* For figures that move with the clock, Unix s: the one asked for, or the start of the
 * present hour. It is what the answer says. */
int64_t job_as_of(struct job *j);
/* Likewise for what is declared, which holds at once: no earlier than the newest event
 * counted came. */
int64_t job_as_of_newest(struct job *j);
/* Merge counters, and the file where memory is not complete. EMP_STALE: ask again on a
 * reader. */
EMP_MUST_CHECK enum emp_rc job_merge(struct job *j, const struct raw_target *targets,
				     uint32_t n);
/* Another merge beside it, of another query; the caller frees it, also on failure. */
EMP_MUST_CHECK enum emp_rc job_merge_also(struct job *j, const struct query *q,
					  bool folded, const struct raw_target *targets,
					  uint32_t n, struct merge **out);
/* Groups and times that occurred, as text and in order; call when no more can come. */
EMP_MUST_CHECK enum emp_rc job_layout(struct job *j);
/* The columns that every row starts with, `keys` of them from names. */
void job_columns(struct job *j, const char *const *keys, uint32_t n_keys,
		 struct pub_column *out, uint32_t *n);
/* A row of that group and time, NULL with j->rc set. */
struct pub_row *job_row(struct job *j, struct pub_table *t, uint32_t group,
			uint32_t time);
/* A row that says "protected". */
EMP_MUST_CHECK enum emp_rc job_row_protected(struct job *j, struct str key0,
					     struct str key1);
/* A dense number for a row of the file of that kind: by its series and time, Unix s.
 * PEOPLE_NONE when a filter or the window excludes it, or with j->rc set. */
uint32_t job_cell(struct job *j, uint32_t kind, uint32_t series, int64_t t);
uint32_t job_cell_of(struct job *j, uint32_t kind, uint32_t group, uint32_t time);
/* For reading, by raw indexes: PEOPLE_NONE when nothing was met there. */
uint32_t job_cell_find(const struct job *j, uint32_t kind, uint32_t group,
		       uint32_t time);
/* A vector of sums at times[time]; NULL: nothing was counted. */
const uint64_t *job_sums(const struct job *j, uint32_t sums, uint32_t group,
			 uint32_t time);
/* End of the bucket times[i], or of the window; Unix s. */
int64_t job_time_end(const struct job *j, uint32_t i);
/* EMP_STALE: ask again on a reader. */
EMP_MUST_CHECK enum emp_rc job_levels(struct job *j);
/* Levels in force at the last moment of a bucket that ends there, as levels_at: what is
 * declared from the first of the next month on is about that month. */
void job_levels_before(const struct job *j, enum level_kind k, int64_t end,
		       int64_t *at);
/* The level that a group's figures are measured against, -1: none declared. `at` is
 * what levels_at gave. */
int64_t job_group_level(const struct job *j, const int64_t *at, uint32_t group);

/* delicate.c: figures of employees that need ten people on average and a month at
 * least. In this order: delicate_window (a copy of the query with whole months;
 * EMP_INVALID for finer steps and other dimensions than unit), job_levels, job_merge
 * without job_fold, delicate_spread, rows by delicate_group, job_layout,
 * delicate_protected. */
EMP_MUST_CHECK enum emp_rc delicate_window(struct job *j, struct query *room);
/* For answers in which they are only a part: whether what is asked for is by unit
 * alone, and (after job_merge) in whole months as well. */
bool delicate_units(const struct job *j);
bool delicate_fits(const struct job *j);
/* The first day that is not counted yet, Unix s. */
int64_t delicate_today(const struct job *j);
/* The unit as interned, or the nearest part of it that is; 0: none. */
uint32_t delicate_unit(const struct job *j, struct str unit);
/* Cuts the months before `today` into blocks of `least` people, and makes every group
 * and bucket that may be shown. EMP_NOT_FOUND: there is no such group; say "protected".
 * What follows goes by j->delicate: an answer with several thresholds keeps one each.
 */
EMP_MUST_CHECK enum emp_rc delicate_spread(struct job *j, int64_t today, int64_t least);
/* Each block of each month, for what is declared about it: what is shown of a group is
 * about its blocks without those that lie in them and belong to other groups. */
struct delicate_block {
	int64_t from, to, end; /* the month, Unix s; `to`: as far as it is counted */
	uint32_t unit;         /* 0: the rest */
	uint32_t group;        /* raw index; RAW_NONE: not asked for */
	uint32_t around;       /* of the block it lies in; RAW_NONE: none */
};
EMP_MUST_CHECK enum emp_rc
delicate_blocks(struct job *j,
		enum emp_rc (*fn)(void *ctx, const struct delicate_block *b),
		void *ctx);
/* The group of a row of that unit and time, RAW_NONE: not asked for, not shown, or of a
 * day that is not over. */
uint32_t delicate_group(struct job *j, struct str unit, int64_t t);
uint32_t delicate_group_id(struct job *j, uint32_t unit, int64_t t);
/* The same for what is told by who knows where everybody works: RAW_NONE, too, for what
 * belongs to a block of which nobody is left beside those inside of it, for then nobody
 * knows about how few people it is. */
uint32_t delicate_group_declared(struct job *j, struct str unit, int64_t t);
/* Whether some month has a block of that group. */
bool delicate_has(const struct job *j, uint32_t group);
/* Whether there is no block of that group in times[time]. */
bool delicate_small(const struct job *j, uint32_t group, uint32_t time);
/* Whether anybody declared how many people it has. */
bool delicate_known(const struct job *j, uint32_t group, uint32_t time);
/* Whether its row has to say "protected"; notes what is missing. */
bool delicate_protected(struct job *j, uint32_t group, uint32_t time);

/* An answer inside an answer: the same figures by the same way, and no more than it
 * would show by itself. The parent has called job_levels; sub_close in any case. */
struct sub {
	struct query q;
	struct job job;
};
/* A query for it, with the unit, as_of and token of the parent's. */
void sub_query(struct query *q, const struct job *j, enum rollup r);
/* sub->q is set. Then sub_build, or the steps of an answer that has no name, which
 * start with pub_init. */
void sub_open(struct sub *s, const struct job *j);
/* By what q->rollup says. */
EMP_MUST_CHECK enum emp_rc sub_build(struct sub *s);
/* Both. What it misses, the parent misses. */
EMP_MUST_CHECK enum emp_rc sub_run(struct sub *s, struct job *j);
void sub_close(struct sub *s);
/* Start of a row's bucket; INT64_MIN: the row has none. */
int64_t sub_time(const struct sub *s, const struct pub_row *r);

/* Rollups. */
EMP_MUST_CHECK enum emp_rc rollup_satisfaction(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_retention(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_recognition(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_participation(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_suggestions(struct job *j);
/* Lists: list.c, one.c, feeds.c. */
EMP_MUST_CHECK enum emp_rc ask_suggestions(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_suggestion(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_receipt(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_comments(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_recognition(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_decisions(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_training(struct job *j);
EMP_MUST_CHECK enum emp_rc rollup_contact(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_boundaries(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_candidates(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_me(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_coherence(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_alerts(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_overview(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_initiatives(struct job *j);
EMP_MUST_CHECK enum emp_rc ask_audit(struct job *j);

/* The column of satisfaction that says most about a question; NULL: it is not on a
 * scale. */
const char *satisfaction_headline(const struct question *q);

/* surveys asked for, sorted by name, of the audiences of the job (which it settles).
 * EMP_INVALID for a name that nobody declared. */
struct job_surveys {
	const struct survey *v[256];
	uint32_t n;
};
EMP_MUST_CHECK enum emp_rc job_surveys(struct job *j, struct job_surveys *out);

#endif
