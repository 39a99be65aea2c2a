/* Releases, from the answers of a period to figures that everybody may see.
 *
 * A period is released in one transaction of confidential.db: the blocks, whom they
 * cover, comments that may be shown, the mark that the period is closed, the next wave.
 * With it goes what ties answers to people: pseudonyms, and all that was written; of
 * texts that too few wrote to be shown nothing is left. From that commit on the period
 * is released, whatever happens. Then what is for everybody is copied to empowerd.db,
 * in a transaction of its own; a mark in confidential.db says that this is done, and
 * while it is not, it is tried again. At last the period's key is destroyed, and
 * confidential.db rewritten, so that free pages and the log have nothing of what went.
 *
 * Whoever asks learns nothing about answers: a period without any is closed alike.
 */
#include "store/release.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/days.h"
#include "store/db.h"
#include "store/impl.h"
#include "store/release_input.h"
#include "store/release_units.h"

#define RANDOM_KEY_BYTES 16

/* A period that is about to be released. */
struct closing {
	struct str survey;
	int64_t after; /* the newest that is released */
	int64_t number;
	int64_t from, to; /* ms */
	int64_t now;
	char name[RELEASE_PERIOD_MAX];
	uint32_t threshold; /* as the survey has it now; 0: it has none */
	uint32_t k;
	bool answered; /* by anybody; k is set then */
	bool written;  /* some of that in answers that are texts */
	char last_day[DAY_TEXT_MAX];
	bool shows;   /* out */
	bool figures; /* out: some of that is for empowerd.db */
};

static void
bind_closing(sqlite3_stmt *q, const struct closing *c)
{
	db_bind_str(q, 1, c->survey);
	sqlite3_bind_int64(q, 2, c->number);
}

/* ---- what is shown --------------------------------------------------------------- */

/* Statements of one release. */
struct release_statements {
	sqlite3_stmt *block, *count, *cover, *comment;
};

static void
statements_fini(struct release_statements *st)
{
	sqlite3_finalize(st->block);
	sqlite3_finalize(st->count);
	sqlite3_finalize(st->cover);
	sqlite3_finalize(st->comment);
}

static enum emp_rc
statements_init(struct release_statements *st, sqlite3 *db)
{
	const struct db_statement statements[] = {
		{&st->block,
		 "INSERT INTO release_block (survey, number, question, verified, unit, "
		 "people, metric, low, high, satisfied) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
		{&st->count,
		 "INSERT INTO release_count (survey, number, question, verified, unit, "
		 "value, option, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
		{&st->cover,
		 "INSERT INTO release_cover (survey, number, question, unit, "
		 "block_unit) VALUES (?1, ?2, ?3, ?4, ?5)"},
		{&st->comment,
		 "INSERT INTO release_comment (key, survey, number, question, "
		 "verified, unit, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
	};

	return db_prepare_all(db, statements, sizeof statements / sizeof *statements);
}

/* Names of the root and of comments are empty, not absent. */
static void
bind_text(sqlite3_stmt *q, int at, struct str text)
{
	sqlite3_bind_text(q, at, text.n > 0 ? text.p : "", (int)text.n, SQLITE_STATIC);
}

static void
bind_block(sqlite3_stmt *q, const struct closing *c, struct str question, bool verified,
	   struct str unit)
{
	bind_closing(q, c);
	bind_text(q, 3, question);
	sqlite3_bind_int(q, 4, verified);
	bind_text(q, 5, unit);
}

static enum emp_rc
put_count(sqlite3_stmt *q, int64_t value, struct str option, uint64_t n)
{
	if (n == 0)
		return EMP_OK;
	sqlite3_bind_int64(q, 6, value);
	db_bind_str(q, 7, option);
	sqlite3_bind_int64(q, 8, (int64_t)n);
	return db_run(q);
}

static enum emp_rc
put_counts(struct release_statements *st, const struct closing *c,
	   const struct release_asked *asked, const struct release_block *b,
	   struct str unit)
{
	const struct question *q = &asked->question;
	enum emp_rc rc = EMP_OK;

	bind_block(st->count, c, asked->name, b->verified, unit);
	if (q->metric == METRIC_CHOICE) {
		for (int o = 0; rc == EMP_OK && o < q->n_options; o++)
			rc = put_count(st->count, o, q->options[o], b->count[1 + o]);
	} else if (metric_is_scale((enum metric)q->metric)) {
		for (int v = q->lo; rc == EMP_OK && v <= q->hi; v++)
			rc = put_count(st->count, v, STR_NONE, b->count[v - q->lo]);
	}
	return rc;
}

static enum emp_rc
put_block(struct release_statements *st, const struct closing *c,
	  const struct release_asked *asked, const struct release_block *b,
	  struct str unit)
{
	const struct question *q = asked->q.q;
	sqlite3_stmt *s = st->block;
	enum emp_rc rc;

	bind_block(s, c, asked->name, b->verified, unit);
	sqlite3_bind_int64(s, 6, (int64_t)b->people);
	if (q != NULL) {
		sqlite3_bind_text(s, 7, metric_name((enum metric)q->metric), -1,
				  SQLITE_STATIC);
		sqlite3_bind_int(s, 8, q->lo);
		sqlite3_bind_int(s, 9, q->hi);
		sqlite3_bind_int(s, 10, q->satisfied);
	} else {
		for (int i = 7; i <= 10; i++)
			sqlite3_bind_null(s, i);
	}
	rc = db_run(s);
	return rc == EMP_OK && q != NULL ? put_counts(st, c, asked, b, unit) : rc;
}

static enum emp_rc
put_cover(struct release_statements *st, const struct closing *c,
	  const struct release_tree *t, const struct release_asked *asked,
	  const struct release_blocks *blocks)
{
	enum emp_rc rc = EMP_OK;

	bind_closing(st->cover, c);
	bind_text(st->cover, 3, asked->name);
	for (uint32_t u = 0; rc == EMP_OK && u < t->n; u++) {
		if (blocks->cover[u] == RELEASE_NONE)
			continue;
		bind_text(st->cover, 4, t->unit[u]);
		bind_text(st->cover, 5, t->unit[blocks->v[blocks->cover[u]].unit]);
		rc = db_run(st->cover);
	}
	return rc;
}

static enum emp_rc
put_text(struct release_statements *st, const struct closing *c,
	 const struct release_asked *asked, const struct release_tree *t,
	 const struct release_block *b, struct str text)
{
	uint8_t key[RANDOM_KEY_BYTES];
	sqlite3_stmt *s = st->comment;

	crypto_random(key, sizeof key);
	sqlite3_bind_blob(s, 1, key, sizeof key, SQLITE_STATIC);
	db_bind_str(s, 2, c->survey);
	sqlite3_bind_int64(s, 3, c->number);
	bind_text(s, 4, asked->name);
	sqlite3_bind_int(s, 5, b->verified);
	bind_text(s, 6, t->unit[b->unit]);
	db_bind_str(s, 7, text);
	return db_run(s);
}

/* What the people of the blocks wrote, with nothing but the block. */
static enum emp_rc
put_texts(struct store *s, struct release_statements *st, const struct closing *c,
	  const struct release_tree *t, const struct release_asked *asked,
	  const struct release_blocks *blocks)
{
	sqlite3_stmt *q = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(
		s->sealed.db, &q,
		asked->q.q == NULL
			? "SELECT unit, verified, comment FROM event WHERE "
			  "survey = ?1 AND period = ?2 AND counted = 1 AND "
			  "comment IS NOT NULL"
			: "SELECT unit, verified, text FROM event "
			  "JOIN answer ON answer.event_key = event.key WHERE "
			  "survey = ?1 AND period = ?2 AND counted = 1 AND "
			  "question = ?3 AND text IS NOT NULL");

	if (rc == EMP_OK)
		bind_closing(q, c);
	if (rc == EMP_OK && asked->q.q != NULL)
		db_bind_str(q, 3, asked->name);
	while (rc == EMP_OK) {
		uint32_t at = blocks->pool;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		if (sqlite3_column_int(q, 1) != 0)
			at = blocks->cover[release_unit(t, db_str(q, 0))];
		if (at != RELEASE_NONE)
			rc = put_text(st, c, asked, t, &blocks->v[at], db_str(q, 2));
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
put_question(struct store *s, struct release_statements *st, struct closing *c,
	     struct release_input *in, const struct release_asked *asked,
	     uint32_t *finest)
{
	struct release_blocks blocks = {.pool = RELEASE_NONE};
	bool written = asked->q.q == NULL || asked->q.q->metric == METRIC_TEXT;
	enum emp_rc rc = s->hooks.release(s->hooks.ctx, &in->tree, &asked->q, asked->k,
					  &in->arena, &blocks);

	for (uint32_t i = 0; rc == EMP_OK && i < blocks.n; i++)
		rc = put_block(st, c, asked, &blocks.v[i],
			       in->tree.unit[blocks.v[i].unit]);
	if (rc != EMP_OK || blocks.n == 0)
		return rc;
	c->shows = true;
	c->figures = c->figures || asked->q.q != NULL;
	release_units_note(&in->tree, &blocks, finest);
	rc = put_cover(st, c, &in->tree, asked, &blocks);
	return rc == EMP_OK && written ? put_texts(s, st, c, &in->tree, asked, &blocks)
				       : rc;
}

static enum emp_rc
put_figures(struct store *s, struct closing *c)
{
	struct release_statements st = {0};
	struct release_input in;
	uint32_t *finest = NULL;
	enum emp_rc rc = release_input_load(&in, s->aside.main, s->sealed.db, c->survey,
					    c->number, c->k);

	if (rc == EMP_OK) {
		finest = arena_zalloc(&in.arena, in.tree.n * sizeof *finest);
		rc = finest != NULL ? statements_init(&st, s->sealed.db) : EMP_NOMEM;
	}
	for (uint32_t i = 0; rc == EMP_OK && i < in.n_asked; i++)
		rc = put_question(s, &st, c, &in, &in.asked[i], finest);
	if (rc == EMP_OK)
		rc = release_units_forget(s->sealed.db, &in, str_from(c->last_day),
					  finest);
	c->written = in.written;
	statements_fini(&st);
	release_input_fini(&in);
	return rc;
}

/* ---- what goes ------------------------------------------------------------------- */

/* A statement about survey, number and the newest before. */
static enum emp_rc
run_closing(struct store *s, const struct closing *c, const char *sql)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->sealed.db, &q, sql);

	if (rc == EMP_OK) {
		bind_closing(q, c);
		if (sqlite3_bind_parameter_count(q) > 2)
			sqlite3_bind_int64(q, 3, c->after);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

/* All that would help to know somebody by, but the unit; and of answers that do not
 * count, that, too. */
#define FORGET_EVENT                                                                   \
	"UPDATE event SET person = NULL, channel = NULL, touchpoint = NULL, "          \
	"segment = NULL, initiative = NULL, lang = NULL, complete = NULL, "            \
	"day = ifnull((SELECT last_day FROM survey_period WHERE survey = ?1 AND "      \
	"number = ?2), day), comment = CASE WHEN comment IS NOT NULL THEN '' END "

/* Who answered, when, and in what words. That somebody wrote stays: it was counted.
 * What figures were made of has lost all but its texts by then. Periods without answers
 * may be closed by a later one: events that are none are in them, too.
 */
static enum emp_rc
forget(struct store *s, const struct closing *c)
{
	static const char texts[] =
		"UPDATE answer SET text = '' WHERE text <> '' AND event_key IN "
		"(SELECT key FROM event WHERE survey = ?1 AND period = ?2 AND "
		"counted = 1)";
	static const char counted[] = FORGET_EVENT
		"WHERE survey = ?1 AND period = ?2 AND counted = 1";
	static const char *const others[] = {
		"UPDATE answer SET text = '' WHERE text <> '' AND event_key IN "
		"(SELECT key FROM event WHERE survey = ?1 AND period <= ?2 AND "
		"period > ?3 AND counted = 0)",
		FORGET_EVENT
		", unit = NULL "
		"WHERE survey = ?1 AND period <= ?2 AND period > ?3 AND counted = 0",
		"DELETE FROM invite WHERE survey = ?1 AND number <= ?2",
	};
	enum emp_rc rc = EMP_OK;

	if (!c->answered || c->written)
		rc = run_closing(s, c, texts);
	if (rc == EMP_OK && !c->answered)
		rc = run_closing(s, c, counted);
	for (size_t i = 0; rc == EMP_OK && i < sizeof others / sizeof *others; i++)
		rc = run_closing(s, c, others[i]);
	return rc;
}

/* ---- closing --------------------------------------------------------------------- */

/* Name and bounds. What was opened as a wave is one, whatever its survey says now. */
static void
set_bounds(struct store *s, struct closing *c, enum period kind, const int64_t *opened)
{
	if (opened != NULL)
		kind = PERIOD_WAVE;
	release_period_name(c->name, kind, c->number);
	c->from = c->to = c->now;
	if (kind != PERIOD_WAVE) {
		release_period_bounds(s->tz, kind, c->number, &c->from, &c->to);
		c->from *= MS_PER_S;
		c->to *= MS_PER_S;
	} else if (opened != NULL && *opened < c->to) {
		/* Else the clock was set back since. */
		c->from = *opened;
	}
}

/* What is frozen of it, and for a wave when it began. */
static enum emp_rc
read_period(struct store *s, struct closing *c, enum period kind)
{
	sqlite3_stmt *q = NULL;
	bool is_wave = false;
	int64_t opened = 0;
	bool row = false;
	enum emp_rc rc = db_prepare(
		s->sealed.db, &q,
		"SELECT threshold, opened, last_day FROM survey_period "
		"WHERE survey = ?1 AND number = ?2");

	if (rc == EMP_OK) {
		bind_closing(q, c);
		rc = db_step(q, &row);
	}
	if (rc == EMP_OK && row) {
		c->answered = sqlite3_column_type(q, 0) != SQLITE_NULL;
		c->k = (uint32_t)sqlite3_column_int64(q, 0);
		is_wave = sqlite3_column_type(q, 1) != SQLITE_NULL;
		opened = sqlite3_column_int64(q, 1);
		snprintf(c->last_day, sizeof c->last_day, "%.*s",
			 STR_FMT(db_str(q, 2)));
	}
	set_bounds(s, c, kind, is_wave ? &opened : NULL);
	/* Raised since the first answer; it never falls. */
	if (c->answered && c->threshold > c->k)
		c->k = c->threshold;
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
mark_released(struct store *s, const struct closing *c, enum period kind)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(
		s->sealed.db, &q,
		"INSERT INTO survey_period (survey, number, threshold, released, "
		"started, ended, copied, name) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
		"ON CONFLICT DO UPDATE SET threshold = excluded.threshold, "
		"released = excluded.released, started = excluded.started, "
		"ended = excluded.ended, copied = excluded.copied, "
		"name = excluded.name");

	if (rc == EMP_OK) {
		bind_closing(q, c);
		if (c->answered)
			sqlite3_bind_int64(q, 3, c->k);
		sqlite3_bind_int64(q, 4, c->now);
		sqlite3_bind_int64(q, 5, c->from);
		sqlite3_bind_int64(q, 6, c->to);
		sqlite3_bind_int(q, 7, !c->figures);
		db_bind_str(q, 8, str_from(c->name));
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	q = NULL;
	if (rc != EMP_OK || kind != PERIOD_WAVE)
		return rc;
	rc = db_prepare(s->sealed.db, &q,
			"INSERT INTO survey_period (survey, number, opened) "
			"VALUES (?1, ?2, ?3) "
			"ON CONFLICT DO UPDATE SET opened = excluded.opened");
	if (rc == EMP_OK) {
		db_bind_str(q, 1, c->survey);
		sqlite3_bind_int64(q, 2, c->number + 1);
		sqlite3_bind_int64(q, 3, c->to);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static void
roll_back(sqlite3 *db)
{
	if (sqlite3_get_autocommit(db) == 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

/* The one transaction in which a period becomes released. */
static enum emp_rc
close_period(struct store *s, struct closing *c, enum period kind)
{
	enum emp_rc rc = db_run(s->sealed.begin);

	if (rc == EMP_OK)
		rc = read_period(s, c, kind);
	if (rc == EMP_OK && c->answered)
		rc = put_figures(s, c);
	if (rc == EMP_OK)
		rc = forget(s, c);
	if (rc == EMP_OK)
		rc = mark_released(s, c, kind);
	if (rc == EMP_OK)
		rc = db_run(s->sealed.commit);
	if (rc != EMP_OK) {
		roll_back(s->sealed.db);
		return rc;
	}
	/* Whatever becomes of the next one, this one is to be followed up. */
	s->periods.behind = true;
	s->sealed.written = true;
	s->vacuumed_day = 0;
	/* Comments are shown at once; the figures, once they are copied. */
	if (c->shows)
		release_shown(s);
	return EMP_OK;
}

enum emp_rc
release_close_through(struct store *s, const struct survey *v, int64_t number,
		      int64_t now)
{
	enum period kind = (enum period)v->period;
	sqlite3_stmt *q = NULL;
	int64_t after;
	enum emp_rc rc = period_newest(&s->periods, v->name, &after);

	if (rc == EMP_OK)
		rc = db_prepare(s->sealed.db, &q,
				"SELECT ifnull(min(number), ?3) FROM survey_period "
				"WHERE survey = ?1 AND number > ?2 AND number < ?3 "
				"AND threshold IS NOT NULL");
	while (rc == EMP_OK && after < number) {
		struct closing c = {.survey = v->name,
				    .after = after,
				    .now = now,
				    .threshold = v->threshold};
		bool row;

		db_bind_str(q, 1, v->name);
		sqlite3_bind_int64(q, 2, after);
		sqlite3_bind_int64(q, 3, number);
		rc = db_step(q, &row);
		if (rc != EMP_OK)
			break;
		c.number = sqlite3_column_int64(q, 0);
		(void)sqlite3_reset(q);
		rc = close_period(s, &c, kind);
		after = c.number;
	}
	sqlite3_finalize(q);
	return rc;
}

void
release_failed(struct store *s, enum emp_rc rc)
{
	static struct log_limit limit;

	if (rc == EMP_IO || rc == EMP_DISK_FULL || rc == EMP_LOCKED)
		group_failed(s, rc);
	else if (log_limit_pass(&limit))
		log_error("a release in %s failed: %s", s->dir, emp_rc_title(rc));
}

void
release_again(struct store *s)
{
	enum emp_rc rc;

	aside_assert_back(s);
	rc = release_complete(s);
	if (rc != EMP_OK)
		release_failed(s, rc);
	period_keys_sweep(&s->periods);
}
