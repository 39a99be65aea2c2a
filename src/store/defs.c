/* Definitions: surveys, tokens, units. They are read from the files as one snapshot;
 * every change is a transaction followed by reading them again, so that what is
 * published is what is stored.
 *
 * Surveys of employees never tell whether they were answered: what would be refused
 * once there are answers is refused from the start.
 */
#include "store/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"

#define ARENA_CHUNK 16384

/* A growing list of structs of one size. */
struct list {
	void *p;
	uint32_t n, cap;
};

static void *
list_add(struct list *l, size_t size)
{
	void *at;

	if (!array_reserve(&l->p, &l->cap, l->n + 1, size))
		return NULL;
	at = (char *)l->p + l->n * size;
	memset(at, 0, size);
	l->n++;
	return at;
}

static enum emp_rc
load_options(sqlite3_stmt *s, struct question *q, struct arena *a)
{
	struct str *options = arena_zalloc(a, QUESTION_OPTIONS_MAX * sizeof *options);
	bool row = true;
	enum emp_rc rc = options != NULL ? EMP_OK : EMP_NOMEM;

	sqlite3_bind_int64(s, 1, q->id);
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (q->n_options == QUESTION_OPTIONS_MAX)
			rc = EMP_CORRUPT;
		else
			options[q->n_options++] = arena_str(a, db_str(s, 0));
	}
	(void)sqlite3_reset(s);
	q->options = options;
	return rc;
}

static enum emp_rc
load_questions(sqlite3_stmt *s, sqlite3_stmt *options, struct survey *v,
	       struct arena *a)
{
	struct question *list = arena_zalloc(
		a, SURVEY_QUESTIONS_MAX * sizeof(struct question));
	enum emp_rc rc = list != NULL ? EMP_OK : EMP_NOMEM;
	bool row;

	sqlite3_bind_int64(s, 1, v->id);
	while (rc == EMP_OK) {
		struct question *q;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (v->n_questions == SURVEY_QUESTIONS_MAX) {
			rc = EMP_CORRUPT;
			break;
		}
		q = &list[v->n_questions++];
		q->id = (uint32_t)sqlite3_column_int64(s, 0);
		q->name = arena_str(a, db_str(s, 1));
		q->metric = (uint8_t)sqlite3_column_int(s, 2);
		q->lo = (int8_t)sqlite3_column_int(s, 3);
		q->hi = (int8_t)sqlite3_column_int(s, 4);
		q->satisfied = (uint16_t)sqlite3_column_int(s, 5);
		q->declared = sqlite3_column_int(s, 6) != 0;
		q->slot = (uint32_t)sqlite3_column_int64(s, 7);
		q->width = (uint16_t)sqlite3_column_int(s, 8);
		q->twin = arena_str(a, db_str(s, 9));
		if (q->metric == METRIC_CHOICE)
			rc = load_options(options, q, a);
	}
	(void)sqlite3_reset(s);
	v->questions = list;
	return rc;
}

static enum emp_rc
load_survey(sqlite3_stmt *s, sqlite3_stmt *questions, sqlite3_stmt *options,
	    struct survey **out)
{
	struct survey v = {.id = (uint32_t)sqlite3_column_int64(s, 0)};
	struct arena a;
	enum period period;
	enum emp_rc rc;

	if (!period_find(db_str(s, 3), &period))
		return EMP_CORRUPT;
	v.name = db_str(s, 1);
	v.audience = (uint8_t)sqlite3_column_int(s, 2);
	v.period = (uint8_t)period;
	v.is_public = sqlite3_column_int(s, 4) != 0;
	v.builtin = sqlite3_column_int(s, 5) != 0;
	v.open_metric = (uint8_t)sqlite3_column_int(s, 6);
	v.open_lo = (int8_t)sqlite3_column_int(s, 7);
	v.open_hi = (int8_t)sqlite3_column_int(s, 8);
	v.open_satisfied = (uint16_t)sqlite3_column_int(s, 9);
	v.document = db_str(s, 10);
	v.threshold = (uint16_t)sqlite3_column_int(s, 11);
	arena_init(&a, ARENA_CHUNK);
	rc = load_questions(questions, options, &v, &a);
	if (rc == EMP_OK)
		rc = survey_copy(out, &v);
	arena_fini(&a);
	return rc;
}

static enum emp_rc
load_surveys(struct store *s, struct surveys **out)
{
	sqlite3_stmt *surveys = NULL;
	sqlite3_stmt *questions = NULL;
	sqlite3_stmt *options = NULL;
	struct list l = {0};
	enum emp_rc rc = db_prepare(s->main.db, &surveys,
				    "SELECT id, name, audience_id, period, is_public, "
				    "builtin, open_metric_id, open_low, open_high, "
				    "open_satisfied, document, threshold "
				    "FROM survey");

	if (rc == EMP_OK)
		rc = db_prepare(s->main.db, &questions,
				"SELECT id, name, metric_id, low, high, satisfied, "
				"declared, slot, width, twin FROM question "
				"WHERE survey_id = ?1 ORDER BY slot, id");
	if (rc == EMP_OK)
		rc = db_prepare(s->main.db, &options,
				"SELECT name FROM question_option "
				"WHERE question_id = ?1 ORDER BY number");
	while (rc == EMP_OK) {
		struct survey **at;
		bool row;

		rc = db_step(surveys, &row);
		if (rc != EMP_OK || !row)
			break;
		at = list_add(&l, sizeof *at);
		rc = at != NULL ? load_survey(surveys, questions, options, at)
				: EMP_NOMEM;
		if (rc != EMP_OK && at != NULL)
			l.n--;
	}
	if (rc == EMP_OK) {
		rc = surveys_new(out, l.p, l.n);
	} else {
		for (uint32_t i = 0; i < l.n; i++)
			survey_free(&((struct survey **)l.p)[i]);
	}
	free(l.p);
	sqlite3_finalize(surveys);
	sqlite3_finalize(questions);
	sqlite3_finalize(options);
	return rc;
}

/* False when it does not fit: not written by us. */
static bool
copy_text(char *dst, size_t size, struct str text)
{
	if (text.n >= size)
		return false;
	if (text.n > 0)
		memcpy(dst, text.p, text.n);
	dst[text.n] = '\0';
	return true;
}

static enum emp_rc
load_tokens(struct store *s, struct list *l)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT id, hash, label, scopes, unit, created "
				    "FROM token WHERE revoked IS NULL ORDER BY id");

	while (rc == EMP_OK) {
		struct token_def *t;
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		t = list_add(l, sizeof *t);
		if (t == NULL) {
			rc = EMP_NOMEM;
			break;
		}
		t->id = (uint32_t)sqlite3_column_int64(q, 0);
		t->created = sqlite3_column_int64(q, 5);
		if (sqlite3_column_bytes(q, 1) != TOKEN_HASH_BYTES ||
		    !copy_text(t->label, sizeof t->label, db_str(q, 2)) ||
		    !scopes_parse(db_str(q, 3), &t->scopes) ||
		    !copy_text(t->unit, sizeof t->unit, db_str(q, 4)))
			rc = EMP_CORRUPT;
		else
			memcpy(t->hash, sqlite3_column_blob(q, 1), TOKEN_HASH_BYTES);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
load_units(struct store *s, struct list *l)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->main.db, &q,
				    "SELECT name, title FROM unit WHERE declared = 1 "
				    "ORDER BY name");

	while (rc == EMP_OK) {
		struct unit_def *u;
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		u = list_add(l, sizeof *u);
		if (u == NULL)
			rc = EMP_NOMEM;
		else if (!copy_text(u->name, sizeof u->name, db_str(q, 0)) ||
			 !copy_text(u->title, sizeof u->title, db_str(q, 1)))
			rc = EMP_CORRUPT;
	}
	sqlite3_finalize(q);
	return rc;
}

enum emp_rc
defs_load(struct store *s, const struct defs **out)
{
	struct list tokens = {0};
	struct list units = {0};
	struct surveys *surveys = NULL;
	struct boundaries *boundaries = NULL;
	uint64_t version = s->defs != NULL ? s->defs->version + 1 : 1;
	/* Tokens are in confidential.db; and without changes they are as before. */
	bool lent = aside_under_way(s);
	enum emp_rc rc = lent ? EMP_OK : load_tokens(s, &tokens);

	if (rc == EMP_OK)
		rc = load_units(s, &units);
	if (rc == EMP_OK)
		rc = load_surveys(s, &surveys);
	if (rc == EMP_OK)
		rc = boundary_list_registry(&s->boundaries, &boundaries);
	if (rc != EMP_OK)
		surveys_free(&surveys);
	else
		rc = defs_new(
			out, surveys, boundaries, lent ? s->defs->tokens : tokens.p,
			lent ? s->defs->n_tokens : tokens.n, units.p, units.n, version);
	free(tokens.p);
	free(units.p);
	return rc;
}

enum emp_rc
defs_reload(struct store *s)
{
	const struct defs *fresh;
	enum emp_rc rc = defs_load(s, &fresh);

	if (rc != EMP_OK)
		return rc;
	defs_release(&s->defs);
	s->defs = fresh;
	s->hooks.defs(s->hooks.ctx, fresh);
	return EMP_OK;
}
