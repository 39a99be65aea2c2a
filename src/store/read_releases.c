/* Reading what was released: from empowerd.db for everybody, comments and what
 * verification needs from confidential.db. */
#include "store/reader_impl.h"
#include "store/voice.h"

#include <stdlib.h>

#include "base/array.h"
#include "store/db.h"
#include "store/release_input.h"

#define ARENA_CHUNK 16384
#define COMMENT_KEY_BYTES 16

/* ---- of everybody ---------------------------------------------------------------- */

enum block_column {
	BLOCK_ID,
	BLOCK_SURVEY,
	BLOCK_PERIOD,
	BLOCK_FROM,
	BLOCK_TO,
	BLOCK_QUESTION,
	BLOCK_METRIC,
	BLOCK_LO,
	BLOCK_HI,
	BLOCK_SATISFIED,
	BLOCK_UNIT,
	BLOCK_VERIFIED,
	BLOCK_PEOPLE
};

/* Statements of one read. */
struct released {
	sqlite3_stmt *blocks, *counts, *options;
	struct arena arena; /* of one row */
};

/* Names as the survey has them now, under those that were counted as they were then. */
static enum emp_rc
read_options(struct released *from, struct str *options, uint32_t *n)
{
	sqlite3_stmt *s = from->options;
	bool row = true;
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_int64(s, 1, sqlite3_column_int64(from->blocks, BLOCK_SURVEY));
	sqlite3_bind_value(s, 2, sqlite3_column_value(from->blocks, BLOCK_QUESTION));
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			return rc;
		if (*n == QUESTION_OPTIONS_MAX) {
			rc = EMP_CORRUPT;
			break;
		}
		options[*n] = arena_str(&from->arena, db_str(s, 0));
		if (options[(*n)++].p == NULL)
			rc = EMP_NOMEM;
	}
	(void)sqlite3_reset(s);
	return rc;
}

/* One row of release_count. */
static enum emp_rc
read_count(struct released *from, const struct release_row *row, uint64_t *count,
	   struct str *options, uint32_t *n_options)
{
	sqlite3_stmt *s = from->counts;
	int64_t value = sqlite3_column_int64(s, 0);
	uint64_t n = (uint64_t)sqlite3_column_int64(s, 2);

	if (row->metric != METRIC_CHOICE) {
		if (value < row->lo || value > row->hi)
			return EMP_CORRUPT;
		count[value - row->lo] = n;
		return EMP_OK;
	}
	if (value < 0 || value >= QUESTION_OPTIONS_MAX)
		return EMP_CORRUPT;
	count[1 + value] = n;
	options[value] = arena_str(&from->arena, db_str(s, 1));
	if ((uint32_t)value >= *n_options)
		*n_options = (uint32_t)value + 1;
	return options[value].p != NULL ? EMP_OK : EMP_NOMEM;
}

static enum emp_rc
read_counts(struct released *from, struct release_row *row)
{
	uint64_t *count = arena_zalloc(&from->arena,
				       (1 + QUESTION_OPTIONS_MAX) * sizeof *count);
	struct str *options = arena_zalloc(&from->arena,
					   QUESTION_OPTIONS_MAX * sizeof *options);
	bool more = true;
	enum emp_rc rc = count != NULL && options != NULL ? EMP_OK : EMP_NOMEM;

	if (rc == EMP_OK && row->metric == METRIC_CHOICE)
		rc = read_options(from, options, &row->n_options);
	sqlite3_bind_int64(from->counts, 1,
			   sqlite3_column_int64(from->blocks, BLOCK_ID));
	while (rc == EMP_OK) {
		rc = db_step(from->counts, &more);
		if (rc != EMP_OK || !more)
			break;
		rc = read_count(from, row, count, options, &row->n_options);
	}
	(void)sqlite3_reset(from->counts);
	if (rc != EMP_OK)
		return rc;
	row->count = count;
	row->options = options;
	row->n_count = 1;
	if (row->metric == METRIC_CHOICE)
		row->n_count = 1 + row->n_options;
	else if (row->metric != METRIC_TEXT)
		row->n_count = (uint32_t)(row->hi - row->lo + 1);
	if (row->metric == METRIC_CHOICE || row->metric == METRIC_TEXT)
		count[0] = row->people;
	return EMP_OK;
}

static enum emp_rc
read_block(struct released *from, struct release_row *row)
{
	sqlite3_stmt *s = from->blocks;
	int64_t lo = sqlite3_column_int64(s, BLOCK_LO);
	int64_t hi = sqlite3_column_int64(s, BLOCK_HI);

	if (lo < SCALE_MIN || hi > SCALE_MAX || lo > hi)
		return EMP_CORRUPT;
	*row = (struct release_row){
		.survey = (uint32_t)sqlite3_column_int64(s, BLOCK_SURVEY),
		.period = db_str(s, BLOCK_PERIOD),
		.from = sqlite3_column_int64(s, BLOCK_FROM),
		.to = sqlite3_column_int64(s, BLOCK_TO),
		.question = db_str(s, BLOCK_QUESTION),
		.metric = (uint8_t)sqlite3_column_int(s, BLOCK_METRIC),
		.lo = (int8_t)lo,
		.hi = (int8_t)hi,
		.satisfied = (uint16_t)sqlite3_column_int(s, BLOCK_SATISFIED),
		.unit = (uint32_t)sqlite3_column_int64(s, BLOCK_UNIT),
		.verified = sqlite3_column_int(s, BLOCK_VERIFIED) != 0,
		.people = (uint64_t)sqlite3_column_int64(s, BLOCK_PEOPLE),
	};
	return read_counts(from, row);
}

enum emp_rc
store_read_releases(struct store_reader *r, uint32_t survey,
		    enum emp_rc (*fn)(void *ctx, const struct release_row *row),
		    void *ctx)
{
	struct released from = {0};
	const struct db_statement statements[] = {
		/* Blocks were written by question, verified and name of the unit. */
		{&from.blocks,
		 "SELECT release_block.id, survey_id, period, started, ended, "
		 "question, metric_id, low, high, satisfied, unit_id, verified, people "
		 "FROM release JOIN release_block "
		 "ON release_block.release_id = release.id "
		 "WHERE ?1 = 0 OR survey_id = ?1 "
		 "ORDER BY ended, survey_id, release_block.id"},
		{&from.counts,
		 "SELECT value, option, n FROM release_count WHERE block_id = ?1"},
		{&from.options,
		 "SELECT question_option.name FROM question_option "
		 "JOIN question ON question.id = question_option.question_id "
		 "WHERE question.survey_id = ?1 AND question.name = ?2 "
		 "ORDER BY question_option.number"},
	};
	bool more = true;
	enum emp_rc rc = db_prepare_all(r->db, statements,
					sizeof statements / sizeof *statements);

	arena_init(&from.arena, ARENA_CHUNK);
	if (rc == EMP_OK)
		sqlite3_bind_int64(from.blocks, 1, survey);
	while (rc == EMP_OK) {
		struct release_row row;

		rc = db_step(from.blocks, &more);
		if (rc != EMP_OK || !more)
			break;
		arena_reset(&from.arena);
		rc = read_block(&from, &row);
		if (rc == EMP_OK)
			rc = fn(ctx, &row);
	}
	arena_fini(&from.arena);
	sqlite3_finalize(from.blocks);
	sqlite3_finalize(from.counts);
	sqlite3_finalize(from.options);
	return rc;
}

/* ---- comments -------------------------------------------------------------------- */

enum emp_rc
store_read_release_comments(struct store_reader *r, struct str survey,
			    const uint8_t after[16], uint32_t max,
			    enum emp_rc (*fn)(void *ctx,
					      const struct release_comment_row *row),
			    void *ctx)
{
	sqlite3_stmt *s = NULL;
	bool more = true;
	enum emp_rc rc;

	if (r->people == NULL)
		return EMP_OK;
	rc = db_prepare(r->people, &s,
			"SELECT key, comment.survey, period.name, question, unit, "
			"text, verified, ended FROM release_comment AS comment "
			"JOIN survey_period AS period "
			"ON period.survey = comment.survey "
			"AND period.number = comment.number WHERE text IS NOT NULL AND "
			"(?1 IS NULL OR comment.survey = ?1) AND "
			"(?2 IS NULL OR key > ?2) ORDER BY key LIMIT ?3");
	if (rc == EMP_OK) {
		db_bind_str(s, 1, survey);
		if (after != NULL)
			sqlite3_bind_blob(s, 2, after, COMMENT_KEY_BYTES,
					  SQLITE_STATIC);
		sqlite3_bind_int64(s, 3, max);
	}
	while (rc == EMP_OK) {
		struct release_comment_row row = {.survey = STR_NONE};

		rc = db_step(s, &more);
		if (rc != EMP_OK || !more)
			break;
		if (sqlite3_column_bytes(s, 0) != COMMENT_KEY_BYTES) {
			rc = EMP_CORRUPT;
			break;
		}
		memcpy(row.key, sqlite3_column_blob(s, 0), COMMENT_KEY_BYTES);
		row.survey = db_str(s, 1);
		row.period = db_str(s, 2);
		row.question = db_str(s, 3);
		row.unit = db_str(s, 4);
		row.text = db_str(s, 5);
		row.verified = sqlite3_column_int(s, 6) != 0;
		row.to = sqlite3_column_int64(s, 7);
		rc = fn(ctx, &row);
	}
	sqlite3_finalize(s);
	return rc;
}

/* ---- for verification ------------------------------------------------------------ */

/* What is stored of one period. */
struct stored {
	struct store_reader *r;
	struct release_input in;
	struct str survey, period;
	int64_t number;
	uint32_t k;
	sqlite3_stmt *blocks, *counts, *cover, *unknown;
	enum emp_rc (*fn)(void *ctx, const struct release_stored *row);
	void *ctx;
};

static enum emp_rc
prepare_stored(struct stored *st)
{
	const struct db_statement statements[] = {
		{&st->blocks,
		 "SELECT unit, verified, people FROM release_block WHERE survey = ?1 "
		 "AND number = ?2 AND question = ?3 ORDER BY verified DESC, unit"},
		{&st->counts,
		 "SELECT value, n FROM release_count WHERE survey = ?1 AND number = ?2 "
		 "AND question = ?3 AND verified = ?4 AND unit = ?5"},
		{&st->cover,
		 "SELECT unit, block_unit FROM release_cover "
		 "WHERE survey = ?1 AND number = ?2 AND question = ?3"},
		{&st->unknown,
		 "SELECT question FROM release_block WHERE survey = ?1 AND number = ?2 "
		 "UNION SELECT question FROM release_cover "
		 "WHERE survey = ?1 AND number = ?2"},
	};

	return db_prepare_all(st->r->people, statements,
			      sizeof statements / sizeof *statements);
}

static void
finish_stored(struct stored *st)
{
	sqlite3_finalize(st->blocks);
	sqlite3_finalize(st->counts);
	sqlite3_finalize(st->cover);
	sqlite3_finalize(st->unknown);
}

/* By its very name, RELEASE_NONE: no such unit. */
static uint32_t
unit_index(const struct release_tree *t, struct str unit)
{
	uint32_t i = release_unit(t, unit);

	return str_eq(t->unit[i], unit) ? i : RELEASE_NONE;
}

static void
bind_question(const struct stored *st, sqlite3_stmt *s, struct str question)
{
	db_bind_str(s, 1, st->survey);
	sqlite3_bind_int64(s, 2, st->number);
	sqlite3_bind_text(s, 3, question.n > 0 ? question.p : "", (int)question.n,
			  SQLITE_STATIC);
}

/* What does not fit its question is a block of nobody: nothing comes out like it. */
static enum emp_rc
stored_counts(struct stored *st, const struct question *q, struct str question,
	      struct release_block *b)
{
	uint32_t width = release_width(q);
	sqlite3_stmt *s = st->counts;
	bool more = true;
	enum emp_rc rc = EMP_OK;

	b->count = arena_zalloc(&st->in.arena, width * sizeof *b->count);
	if (b->count == NULL)
		return EMP_NOMEM;
	if (q == NULL || !metric_is_scale((enum metric)q->metric))
		b->count[0] = b->people;
	bind_question(st, s, question);
	sqlite3_bind_value(s, 4, sqlite3_column_value(st->blocks, 1));
	sqlite3_bind_value(s, 5, sqlite3_column_value(st->blocks, 0));
	while (rc == EMP_OK) {
		int64_t at;

		rc = db_step(s, &more);
		if (rc != EMP_OK || !more)
			return rc;
		at = sqlite3_column_int64(s, 0);
		at = q != NULL && q->metric == METRIC_CHOICE ? at + 1
			: q != NULL                          ? at - q->lo
							     : -1;
		if (at < 0 || at >= width)
			b->people = 0;
		else
			b->count[at] = (uint64_t)sqlite3_column_int64(s, 1);
	}
	return rc;
}

static enum emp_rc
stored_blocks(struct stored *st, const struct question *q, struct str question,
	      struct release_blocks *out)
{
	struct release_block *list = NULL;
	uint32_t cap = 0;
	bool more = true;
	enum emp_rc rc = EMP_OK;

	bind_question(st, st->blocks, question);
	while (rc == EMP_OK) {
		struct release_block *b;

		rc = db_step(st->blocks, &more);
		if (rc != EMP_OK || !more)
			break;
		if (!array_reserve(&list, &cap, out->n + 1, sizeof *list)) {
			rc = EMP_NOMEM;
			break;
		}
		b = &list[out->n];
		*b = (struct release_block){
			.unit = unit_index(&st->in.tree, db_str(st->blocks, 0)),
			.verified = sqlite3_column_int(st->blocks, 1) != 0,
			.people = (uint64_t)sqlite3_column_int64(st->blocks, 2)};
		if (!b->verified)
			out->pool = out->n;
		out->n++;
		rc = stored_counts(st, q, question, b);
	}
	(void)sqlite3_reset(st->blocks);
	out->v = arena_alloc(&st->in.arena, (out->n + 1) * sizeof *out->v);
	if (out->v == NULL)
		rc = EMP_NOMEM;
	else if (out->n > 0)
		memcpy(out->v, list, out->n * sizeof *out->v);
	free(list);
	return rc;
}

static enum emp_rc
stored_cover(struct stored *st, struct str question, struct release_blocks *out)
{
	const struct release_tree *t = &st->in.tree;
	bool more = true;
	enum emp_rc rc = EMP_OK;

	out->cover = arena_alloc(&st->in.arena, t->n * sizeof *out->cover);
	if (out->cover == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < t->n; i++)
		out->cover[i] = RELEASE_NONE;
	bind_question(st, st->cover, question);
	while (rc == EMP_OK) {
		uint32_t unit;
		uint32_t host;

		rc = db_step(st->cover, &more);
		if (rc != EMP_OK || !more)
			return rc;
		unit = unit_index(t, db_str(st->cover, 0));
		host = unit_index(t, db_str(st->cover, 1));
		if (unit == RELEASE_NONE)
			continue;
		/* Of no block at all, unless there is one of that unit. */
		out->cover[unit] = out->n;
		for (uint32_t i = 0; i < out->n; i++)
			if (out->v[i].verified && out->v[i].unit == host)
				out->cover[unit] = i;
	}
	return rc;
}

static enum emp_rc
hand_on(struct stored *st, struct str question, const struct release_question *q,
	uint32_t k)
{
	struct release_blocks blocks = {.pool = RELEASE_NONE};
	const struct release_stored row = {.survey = st->survey,
					   .period = st->period,
					   .question = question,
					   .k = k,
					   .tree = &st->in.tree,
					   .answers = q,
					   .blocks = &blocks};
	enum emp_rc rc = stored_blocks(st, q->q, question, &blocks);

	if (rc == EMP_OK)
		rc = stored_cover(st, question, &blocks);
	return rc == EMP_OK ? st->fn(st->ctx, &row) : rc;
}

/* Blocks of a question to which there is no answer. */
static enum emp_rc
hand_on_unknown(struct stored *st)
{
	const struct release_question none = {0};
	bool more = true;
	enum emp_rc rc = EMP_OK;

	db_bind_str(st->unknown, 1, st->survey);
	sqlite3_bind_int64(st->unknown, 2, st->number);
	while (rc == EMP_OK) {
		struct str question;
		bool known = false;

		rc = db_step(st->unknown, &more);
		if (rc != EMP_OK || !more)
			break;
		question = db_str(st->unknown, 0);
		for (uint32_t i = 0; i < st->in.n_asked; i++)
			known = known || str_eq(st->in.asked[i].name, question);
		if (!known)
			rc = hand_on(st, question, &none, st->k);
	}
	(void)sqlite3_reset(st->unknown);
	return rc;
}

static enum emp_rc
read_stored(struct stored *st)
{
	enum emp_rc rc = release_input_load(&st->in, st->r->db, st->r->people,
					    st->survey, st->number, st->k);

	for (uint32_t i = 0; rc == EMP_OK && i < st->in.n_asked; i++)
		rc = hand_on(st, st->in.asked[i].name, &st->in.asked[i].q,
			     st->in.asked[i].k);
	if (rc == EMP_OK)
		rc = hand_on_unknown(st);
	release_input_fini(&st->in);
	return rc;
}

enum emp_rc
store_read_release_inputs(struct store_reader *r,
			  enum emp_rc (*fn)(void *ctx,
					    const struct release_stored *row),
			  void *ctx)
{
	struct stored st = {.r = r, .fn = fn, .ctx = ctx};
	sqlite3_stmt *periods = NULL;
	bool more = true;
	enum emp_rc rc;

	if (r->people == NULL)
		return EMP_OK;
	rc = db_prepare(r->people, &periods,
			"SELECT survey, number, ifnull(threshold, ?1), name "
			"FROM survey_period WHERE released IS NOT NULL "
			"ORDER BY survey, number");
	if (rc == EMP_OK)
		rc = prepare_stored(&st);
	if (rc == EMP_OK)
		sqlite3_bind_int(periods, 1, RELEASE_K);
	while (rc == EMP_OK) {
		rc = db_step(periods, &more);
		if (rc != EMP_OK || !more)
			break;
		st.survey = db_str(periods, 0);
		st.number = sqlite3_column_int64(periods, 1);
		st.k = (uint32_t)sqlite3_column_int64(periods, 2);
		st.period = db_str(periods, 3);
		rc = read_stored(&st);
	}
	finish_stored(&st);
	sqlite3_finalize(periods);
	return rc;
}
