/* Changes of definitions, one transaction each: checked against what is stored, made
 * durable, read back into a snapshot, handed on, and only then acknowledged. */
#include "store/impl.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/audit.h"
#include "store/days.h"
#include "store/db.h"
#include "store/release.h"

static const char survey_insert_sql[] =
	"INSERT INTO survey (id, name, audience_id, period, is_public, builtin, "
	"open_metric_id, open_low, open_high, open_satisfied, changed, document, "
	"threshold) "
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
static const char survey_update_sql[] =
	"UPDATE survey SET audience_id = ?3, period = ?4, is_public = ?5, "
	"builtin = ?6, open_metric_id = ?7, open_low = ?8, open_high = ?9, "
	"open_satisfied = ?10, changed = ?11, document = ?12, threshold = ?13 "
	"WHERE id = ?1 AND name = ?2";
static const char question_update_sql[] =
	"UPDATE question SET metric_id = ?4, low = ?5, high = ?6, satisfied = ?7, "
	"declared = ?8, slot = ?9, width = ?10, twin = ?11 "
	"WHERE id = ?1 AND survey_id = ?2 AND name = ?3";

static void
bind_question(sqlite3_stmt *q, uint32_t survey, uint32_t id,
	      const struct question *from)
{
	sqlite3_bind_int64(q, 1, id);
	sqlite3_bind_int64(q, 2, survey);
	db_bind_str(q, 3, from->name);
	sqlite3_bind_int(q, 4, from->metric);
	sqlite3_bind_int(q, 5, from->lo);
	sqlite3_bind_int(q, 6, from->hi);
	sqlite3_bind_int(q, 7, from->satisfied);
	sqlite3_bind_int(q, 8, from->declared);
	sqlite3_bind_int64(q, 9, from->slot);
	sqlite3_bind_int(q, 10, from->width);
	db_bind_str(q, 11, from->twin);
}

/* A statement that is run once. */
static enum emp_rc
run_id(sqlite3 *db, const char *sql, uint32_t id)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(db, &q, sql);

	if (rc == EMP_OK) {
		sqlite3_bind_int64(q, 1, id);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
put_options(struct store *s, uint32_t id, const struct question *from)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = run_id(
		s->main.db, "DELETE FROM question_option WHERE question_id = ?1", id);

	if (rc == EMP_OK)
		rc = db_prepare(
			s->main.db, &q,
			"INSERT INTO question_option (question_id, number, name)"
			" VALUES (?1, ?2, ?3)");
	for (int i = 0; rc == EMP_OK && i < from->n_options; i++) {
		sqlite3_bind_int64(q, 1, id);
		sqlite3_bind_int(q, 2, i);
		db_bind_str(q, 3, from->options[i]);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

enum emp_rc
question_insert(struct store *s, uint32_t survey, uint32_t id,
		const struct question *from)
{
	enum emp_rc rc;

	bind_question(s->main.question, survey, id, from);
	rc = db_run(s->main.question);
	if (rc == EMP_OK && from->n_options > 0)
		rc = put_options(s, id, from);
	return rc;
}

static enum emp_rc
question_update(struct store *s, uint32_t survey, const struct question *from)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->main.db, &q, question_update_sql);

	if (rc == EMP_OK) {
		bind_question(q, survey, from->id, from);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc == EMP_OK ? put_options(s, from->id, from) : rc;
}

static enum emp_rc
put_survey_row(struct store *s, const struct survey *v, bool exists)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->main.db, &q,
				    exists ? survey_update_sql : survey_insert_sql);

	if (rc == EMP_OK) {
		sqlite3_bind_int64(q, 1, v->id);
		db_bind_str(q, 2, v->name);
		sqlite3_bind_int(q, 3, v->audience);
		db_bind_str(q, 4, str_from(period_name((enum period)v->period)));
		sqlite3_bind_int(q, 5, v->is_public);
		sqlite3_bind_int(q, 6, v->builtin);
		db_bind_id(q, 7, v->open_metric);
		sqlite3_bind_int(q, 8, v->open_lo);
		sqlite3_bind_int(q, 9, v->open_hi);
		sqlite3_bind_int(q, 10, v->open_satisfied);
		sqlite3_bind_int64(q, 11, clock_now_ms());
		/* A survey made in code may have none. */
		sqlite3_bind_text(q, 12, v->document.n > 0 ? v->document.p : "",
				  (int)v->document.n, SQLITE_STATIC);
		db_bind_id(q, 13, v->threshold);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static bool
has_question(const struct survey *v, uint32_t id)
{
	for (uint32_t i = 0; i < v->n_questions; i++) {
		if (v->questions[i].id == id)
			return true;
	}
	return false;
}

static enum emp_rc
put_survey(struct store *s, const struct survey *now, const struct survey *next)
{
	uint32_t id = next->id;
	int64_t newest = 0;
	int64_t fresh = 0;
	struct survey v = *next;
	enum emp_rc rc = EMP_OK;

	if (now == NULL) {
		rc = db_int(s->main.db, "SELECT ifnull(max(id), 0) FROM survey",
			    &newest);
		id = newest < SUBJECT_FIRST_SURVEY ? SUBJECT_FIRST_SURVEY
						   : (uint32_t)newest + 1;
	}
	v.id = id;
	if (rc == EMP_OK)
		rc = put_survey_row(s, &v, now != NULL);
	for (uint32_t i = 0; rc == EMP_OK && now != NULL && i < now->n_questions; i++) {
		uint32_t old = now->questions[i].id;

		if (has_question(next, old))
			continue;
		rc = run_id(s->main.db,
			    "DELETE FROM question_option WHERE question_id = ?1", old);
		if (rc == EMP_OK)
			rc = run_id(s->main.db, "DELETE FROM question WHERE id = ?1",
				    old);
	}
	for (uint32_t i = 0; rc == EMP_OK && i < next->n_questions; i++) {
		const struct question *q = &next->questions[i];

		if (q->id != 0)
			rc = question_update(s, id, q);
		else
			rc = question_insert(s, id,
					     (uint32_t)(s->next_question + fresh++), q);
	}
	if (rc == EMP_OK)
		s->next_question += fresh; /* one that is not used is no loss */
	return rc;
}

/* Committed first, as in groups: a survey is never without its wave. */
static enum emp_rc
open_wave(struct store *s, const struct survey *v, bool fresh)
{
	enum emp_rc rc = db_run(s->sealed.begin);

	if (rc == EMP_OK)
		rc = period_open_wave(&s->periods, v->name, clock_now_ms(), fresh);
	s->sealed.written = true;
	return rc == EMP_OK ? db_run(s->sealed.commit) : rc;
}

/* Answers are looked up in the file: memory may have lost the flag, never gained it. */
static bool
is_answered(void *ctx, const struct question *q)
{
	struct store *s = ctx;
	sqlite3_stmt *query = NULL;
	bool row = false;
	bool answered = true;

	if (db_prepare(s->main.db, &query,
		       "SELECT answered FROM question WHERE id = ?1") == EMP_OK) {
		sqlite3_bind_int64(query, 1, q->id);
		if (db_step(query, &row) == EMP_OK && row)
			answered = sqlite3_column_int(query, 0) != 0;
	}
	sqlite3_finalize(query);
	return answered;
}

/* Of employees' surveys: whoever could tell from a refusal that there are answers would
 * know more than a release says. */
static bool
always(void *ctx, const struct question *q)
{
	(void)ctx;
	(void)q;
	return true;
}

static enum emp_rc
change_survey(struct store *s, struct store_change *c, bool *changed)
{
	const struct survey *next = c->survey;
	const struct survey *now = surveys_find(s->defs->surveys, next->name);
	bool employees = now != NULL && now->audience == AUDIENCE_EMPLOYEE;
	struct survey_use use = {
		.used = true, .answered = employees ? always : is_answered, .ctx = s};
	struct survey *merged = NULL;
	enum emp_rc rc;

	/* What ships with the program never replaces what an admin put. */
	if (now != NULL &&
	    ((next->builtin && !now->builtin) ||
	     (next->builtin == now->builtin && str_eq(next->document, now->document))))
		return EMP_OK;
	if (now != NULL && !employees)
		use.used = usage_get(&s->used, now->id);
	rc = survey_merge(&merged, now, next, &use, &c->problem);
	if (rc == EMP_OK)
		rc = surveys_check_twins(s->defs->surveys, merged, &c->problem);
	if (rc == EMP_OK)
		rc = db_run(s->main.begin);
	if (rc == EMP_OK)
		rc = put_survey(s, now, merged);
	if (rc == EMP_OK && merged->audience == AUDIENCE_EMPLOYEE &&
	    merged->period == PERIOD_WAVE)
		rc = open_wave(s, merged, now == NULL);
	if (rc == EMP_OK)
		rc = db_run(s->main.commit);
	survey_free(&merged);
	c->created = now == NULL;
	*changed = true;
	return rc;
}

static enum emp_rc
change_unit(struct store *s, struct store_change *c, bool *changed)
{
	const struct unit_def *now = defs_unit(s->defs, str_from(c->unit.name));
	sqlite3_stmt *q = NULL;
	uint32_t id = 0;
	enum emp_rc rc;

	if (now != NULL && strcmp(now->title, c->unit.title) == 0)
		return EMP_OK;
	rc = db_run(s->main.begin);
	if (rc == EMP_OK)
		rc = names_unit(&s->names, str_from(c->unit.name), &id);
	if (rc == EMP_OK)
		rc = db_prepare(
			s->main.db, &q,
			"UPDATE unit SET declared = 1, title = ?2 WHERE id = ?1");
	if (rc == EMP_OK) {
		sqlite3_bind_int64(q, 1, id);
		db_bind_str(q, 2, str_from(c->unit.title));
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	if (rc == EMP_OK)
		rc = db_run(s->main.commit);
	c->created = now == NULL;
	*changed = true;
	return rc;
}

static enum emp_rc
change_token_add(struct store *s, struct store_change *c)
{
	char scopes[SCOPES_TEXT_MAX];
	sqlite3_stmt *q = s->sealed.token_add;
	enum emp_rc rc = db_run(s->sealed.begin);

	scopes_format(scopes, sizeof scopes, c->token.scopes);
	c->token.created = clock_now_ms();
	if (rc == EMP_OK) {
		sqlite3_bind_blob(q, 1, c->token.hash, TOKEN_HASH_BYTES, SQLITE_STATIC);
		sqlite3_bind_text(q, 2, c->token.label, -1, SQLITE_STATIC);
		sqlite3_bind_text(q, 3, scopes, -1, SQLITE_STATIC);
		db_bind_str(q, 4, str_from(c->token.unit));
		sqlite3_bind_int64(q, 5, c->token.created);
		rc = db_run(q);
	}
	if (rc == EMP_OK) {
		c->token.id = (uint32_t)sqlite3_last_insert_rowid(s->sealed.db);
		rc = db_run(s->sealed.commit);
	}
	c->created = true;
	return rc;
}

/* Whether the instance would be left without anybody who can make tokens. Asked here,
 * where changes come one after the other: two admins may revoke each other at once. */
static bool
last_admin(const struct defs *d, uint32_t id)
{
	bool is_admin = false;
	bool another = false;

	for (uint32_t i = 0; i < d->n_tokens; i++) {
		const struct token_def *t = &d->tokens[i];
		bool admin = (t->scopes & SCOPE_ADMIN) != 0 && t->unit[0] == '\0';

		if (t->id == id)
			is_admin = admin;
		else
			another = another || admin;
	}
	return is_admin && !another;
}

static enum emp_rc
change_token_revoke(struct store *s, struct store_change *c)
{
	sqlite3_stmt *q = s->sealed.token_revoke;
	enum emp_rc rc;

	if (last_admin(s->defs, c->token.id))
		return problem_set(&c->problem, EMP_CONFLICT, "",
				   "the last token with the scope admin stays: make "
				   "another one first");
	rc = db_run(s->sealed.begin);
	if (rc == EMP_OK) {
		sqlite3_bind_int64(q, 1, c->token.id);
		sqlite3_bind_int64(q, 2, clock_now_ms());
		rc = db_run(q);
	}
	if (rc == EMP_OK && sqlite3_changes(s->sealed.db) == 0)
		rc = problem_set(&c->problem, EMP_NOT_FOUND, "",
				 "there is no token of this id");
	return rc == EMP_OK ? db_run(s->sealed.commit) : rc;
}

static enum emp_rc
change_code(struct store *s, struct store_change *c)
{
	sqlite3_stmt *q = s->sealed.code_put;
	enum emp_rc rc = db_run(s->sealed.begin);
	char day[DAY_TEXT_MAX];

	(void)day_format(day, day_of(s->tz, clock_now_ms()));
	if (rc == EMP_OK) {
		sqlite3_bind_blob(q, 1, c->code_hash, sizeof c->code_hash,
				  SQLITE_STATIC);
		sqlite3_bind_blob(q, 2, c->person, sizeof c->person, SQLITE_STATIC);
		db_bind_str(q, 3, str_from(day));
		rc = db_run(q);
	}
	if (rc == EMP_OK && c->audit.action != NULL)
		rc = audit_put(s, &c->audit);
	c->created = true;
	return rc == EMP_OK ? db_run(s->sealed.commit) : rc;
}

static void
rollback(struct store *s)
{
	if (sqlite3_get_autocommit(s->main.db) == 0)
		(void)sqlite3_exec(s->main.db, "ROLLBACK", NULL, NULL, NULL);
	if (sqlite3_get_autocommit(s->sealed.db) == 0)
		(void)sqlite3_exec(s->sealed.db, "ROLLBACK", NULL, NULL, NULL);
	names_rollback(&s->names);
}

/* Whether an error is the client's, so that no file is to blame. */
static bool
is_refusal(enum emp_rc rc)
{
	return rc == EMP_CONFLICT || rc == EMP_INVALID || rc == EMP_NOT_FOUND;
}

static void
done(struct store_change *c, enum emp_rc rc)
{
	if (rc == EMP_LOCKED)
		rc = EMP_OVERLOADED;
	else if (rc != EMP_OK && !is_refusal(rc) && rc != EMP_DISK_FULL)
		rc = EMP_INTERNAL;
	c->rc = rc;
	c->done(c);
}

void
change_finish(struct store *s, struct store_change *c, enum emp_rc rc)
{
	if (rc != EMP_OK)
		rollback(s);
	if (rc != EMP_OK && !is_refusal(rc))
		group_failed(s, rc);
	done(c, rc);
}

static enum emp_rc
change(struct store *s, struct store_change *c, bool *changed)
{
	switch ((enum def_op)c->op) {
	case DEF_SURVEY_PUT:
		return change_survey(s, c, changed);
	case DEF_UNIT_PUT:
		return change_unit(s, c, changed);
	case DEF_TOKEN_ADD:
	case DEF_TOKEN_REVOKE:
		*changed = true;
		s->sealed.written = true;
		return c->op == DEF_TOKEN_ADD ? change_token_add(s, c)
					      : change_token_revoke(s, c);
	case DEF_CODE_PUT: /* in no snapshot of definitions */
		s->sealed.written = true;
		return change_code(s, c);
	case DEF_RELEASE:
		return release_change(s, c);
	case DEF_INVITES:
		return release_invites(s, c);
	case DEF_AUDIT:
		break;
	case DEF_ERASE:
		return erase_begin(s, c);
	}
	return EMP_INTERNAL;
}

void
change_run(struct store *s, struct store_change *c)
{
	enum emp_rc rc = EMP_DISK_FULL;
	bool changed = false;

	aside_assert_back(s);
	c->created = false;
	if (disk_ok(s)) {
		rc = change(s, c, &changed);
		if (rc != EMP_OK)
			rollback(s);
		if (rc != EMP_OK && !is_refusal(rc))
			group_failed(s, rc);
	}
	/* Done when they are. */
	if (rc == EMP_OK && (c->op == DEF_ERASE || aside_under_way(s)))
		return;
	if (rc == EMP_OK && changed) {
		names_commit(&s->names);
		/* Stored but not readable. To go on with the old ones would honour a
		 * token that is revoked, and store answers to questions that are gone.
		 */
		rc = defs_reload(s);
		if (rc != EMP_OK) {
			log_error("cannot read the definitions in %s: %s", s->dir,
				  emp_rc_title(rc));
			group_fatal(s);
		}
	}
	done(c, rc);
}
