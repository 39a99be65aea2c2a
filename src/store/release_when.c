/* Who closes periods: an admin, or the clock; and the invitations that go with them. */
#include "store/release.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "store/days.h"
#include "store/db.h"
#include "store/impl.h"

/* Between two looks at the clock. */
#define LOOK_EVERY_MS 60000
/* How long a week or month stays open after its end, and after its last answer: whole
 * days, and an answer is known by its day alone. */
#define DAYS_OPEN 1

/* ---- asked for ------------------------------------------------------------------- */

static enum emp_rc
bad_period(struct store_change *c, enum emp_rc rc, const char *why)
{
	return problem_set(&c->problem, rc, "/period", "%s", why);
}

/* The period that is meant. */
static enum emp_rc
find_period(struct store *s, struct store_change *c, enum period kind, int64_t now,
	    int64_t newest, int64_t *number)
{
	int64_t last = kind == PERIOD_WAVE
		? (newest > 0 ? newest : 0) + 1
		: release_period_of(s->tz, kind, now / MS_PER_S) - 1;

	*number = last;
	if (c->period.n > 0 && !release_period_find(kind, c->period, number))
		return bad_period(
			c, EMP_INVALID,
			kind == PERIOD_WAVE ? "is the number of a wave, such as 3"
				: kind == PERIOD_WEEK ? "is a week, such as 2026-W47"
						      : "is a month, such as 2026-11");
	if (*number > last)
		return bad_period(c, EMP_CONFLICT,
				  kind == PERIOD_WAVE ? "that wave has not begun"
						      : "that period has not ended");
	return EMP_OK;
}

/* Notes that a week or month was asked for. Whether it was before, and not whether it
 * is released, is what the answer says: the clock releases what was answered. */
static enum emp_rc
note_asked(struct store *s, struct store_change *c, int64_t number)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT 1 FROM survey_period WHERE survey = ?1 AND "
				    "number >= ?2 AND asked = 1 LIMIT 1");

	if (rc == EMP_OK) {
		db_bind_str(q, 1, c->name);
		sqlite3_bind_int64(q, 2, number);
		rc = db_step(q, &row);
	}
	sqlite3_finalize(q);
	q = NULL;
	c->created = !row;
	if (rc != EMP_OK || row)
		return rc;
	rc = db_prepare(s->sealed.db, &q,
			"INSERT INTO survey_period (survey, number, asked) "
			"VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET asked = 1");
	if (rc == EMP_OK) {
		db_bind_str(q, 1, c->name);
		sqlite3_bind_int64(q, 2, number);
		s->sealed.written = true;
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

/* Bounds of a released wave. */
static enum emp_rc
wave_bounds(struct store *s, struct store_change *c, int64_t number)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "SELECT started, ended FROM survey_period "
				    "WHERE survey = ?1 AND number = ?2");

	if (rc == EMP_OK) {
		db_bind_str(q, 1, c->name);
		sqlite3_bind_int64(q, 2, number);
		rc = db_step(q, &row);
	}
	if (rc == EMP_OK && !row)
		rc = bad_period(c, EMP_NOT_FOUND, "there was no such wave");
	if (rc == EMP_OK) {
		c->from = sqlite3_column_int64(q, 0);
		c->to = sqlite3_column_int64(q, 1);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
find_survey(const struct store *s, struct store_change *c, const struct survey **out)
{
	*out = surveys_find(s->defs->surveys, c->name);
	if (*out == NULL)
		return problem_set(&c->problem, EMP_NOT_FOUND, "",
				   "there is no survey of this name");
	if ((*out)->audience != AUDIENCE_EMPLOYEE)
		return problem_set(&c->problem, EMP_CONFLICT, "",
				   "the survey asks customers, whose answers show at "
				   "once");
	return EMP_OK;
}

/* ---- closing --------------------------------------------------------------------- */

/* A survey of which periods are to be closed. */
struct closing_survey {
	const struct survey *survey;
	int64_t newest; /* that was released before */
	int64_t number; /* up to this one */
	enum emp_rc rc; /* out */
};

/* What is closed at once, aside. */
struct closings {
	const struct defs *defs; /* has the surveys */
	struct closing_survey *v;
	uint32_t n, cap;
	int64_t now;                 /* ms */
	struct store_change *change; /* who asked for its only one; NULL: the clock */
};

static void
closings_free(struct closings **x)
{
	if (*x == NULL)
		return;
	defs_release(&(*x)->defs);
	free((*x)->v);
	free(*x);
	*x = NULL;
}

/* Makes the list with its first. */
static enum emp_rc
closings_add(struct store *s, const struct survey *v, int64_t newest, int64_t number,
	     int64_t now)
{
	struct closings *x = s->closings;

	if (x == NULL) {
		x = calloc(1, sizeof *x);
		if (x == NULL)
			return EMP_NOMEM;
		x->defs = defs_hold(s->defs);
		x->now = now;
		s->closings = x;
	}
	if (!array_reserve(&x->v, &x->cap, x->n + 1, sizeof *x->v))
		return EMP_NOMEM;
	x->v[x->n++] = (struct closing_survey){v, newest, number, EMP_OK};
	return EMP_OK;
}

/* [aside] */
static void
close_all(struct store *s)
{
	struct closings *x = s->closings;

	for (uint32_t i = 0; i < x->n; i++)
		x->v[i].rc = release_close_through(s, x->v[i].survey, x->v[i].number,
						   x->now);
}

/* What is answered when everything up to that period is closed. */
static enum emp_rc
answer(struct store *s, struct store_change *c, enum period kind, int64_t newest,
       int64_t number)
{
	release_period_name(c->period_name, kind, number);
	if (kind == PERIOD_WAVE) {
		c->created = number > newest;
		return wave_bounds(s, c, number);
	}
	release_period_bounds(s->tz, kind, number, &c->from, &c->to);
	c->from *= MS_PER_S;
	c->to *= MS_PER_S;
	return note_asked(s, c, number);
}

static void
closed(struct store *s)
{
	struct store_change *c = s->closings->change;

	for (uint32_t i = 0; i < s->closings->n; i++) {
		const struct closing_survey *at = &s->closings->v[i];
		enum emp_rc rc = at->rc;

		if (c == NULL && rc != EMP_OK)
			release_failed(s, rc);
		if (c == NULL)
			continue;
		if (rc == EMP_OK)
			rc = answer(s, c, (enum period)at->survey->period, at->newest,
				    at->number);
		change_finish(s, c, rc);
	}
	closings_free(&s->closings);
	s->hooks.group_end(s->hooks.ctx);
}

/* What follows may be late: it fails without undoing a release. Also where one failed:
 * those before it are closed. */
static void
follow_up(struct store *s)
{
	release_again(s);
	/* What was erased may be in free pages and in the log. */
	disk_tidy_sealed(s, closed);
}

/* ---- asked for, and invitations -------------------------------------------------- */

enum emp_rc
release_change(struct store *s, struct store_change *c)
{
	int64_t now = clock_now_ms();
	const struct survey *v;
	enum period kind;
	int64_t newest = 0;
	int64_t number = 0;
	enum emp_rc rc = find_survey(s, c, &v);

	if (rc != EMP_OK)
		return rc;
	kind = (enum period)v->period;
	rc = period_newest(&s->periods, v->name, &newest);
	if (rc == EMP_OK)
		rc = find_period(s, c, kind, now, newest, &number);
	if (rc != EMP_OK)
		return rc;
	if (number <= newest)
		return answer(s, c, kind, newest, number);
	rc = closings_add(s, v, newest, number, now);
	if (rc != EMP_OK) {
		closings_free(&s->closings);
		return rc;
	}
	s->closings->change = c;
	aside_begin(s, close_all, follow_up);
	return EMP_OK;
}

/* Else whoever has the invitation would be counted with people of another unit. */
static enum emp_rc
check_unit(struct store *s, struct store_change *c)
{
	bool declared = true;
	enum emp_rc rc = EMP_OK;

	if (c->invite_unit.n > 0)
		rc = period_unit_declared(&s->periods, c->invite_unit, &declared);
	if (rc != EMP_OK || declared)
		return rc;
	return problem_set(&c->problem, EMP_INVALID, "/unit",
			   "the unit is not declared, nor was its headcount set");
}

enum emp_rc
release_invites(struct store *s, struct store_change *c)
{
	sqlite3_stmt *q = NULL;
	const struct survey *v;
	int64_t number = 0;
	enum emp_rc rc = find_survey(s, c, &v);

	if (rc == EMP_OK)
		rc = check_unit(s, c);
	if (rc == EMP_OK)
		rc = period_number(&s->periods, v->name, (enum period)v->period,
				   clock_now_ms(), &number);
	if (rc == EMP_OK)
		rc = db_run(s->sealed.begin);
	if (rc == EMP_OK)
		rc = db_prepare(s->sealed.db, &q,
				"INSERT INTO invite (hash, survey, number, unit) "
				"VALUES (?1, ?2, ?3, ?4)");
	for (uint32_t i = 0; rc == EMP_OK && i < c->n_hashes; i++) {
		sqlite3_bind_blob(q, 1, c->hashes[i], RECEIPT_HASH_BYTES,
				  SQLITE_STATIC);
		db_bind_str(q, 2, v->name);
		sqlite3_bind_int64(q, 3, number);
		/* None is empty, not absent. */
		sqlite3_bind_text(q, 4, c->invite_unit.n > 0 ? c->invite_unit.p : "",
				  (int)c->invite_unit.n, SQLITE_STATIC);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	c->created = true;
	s->sealed.written = true;
	return rc == EMP_OK ? db_run(s->sealed.commit) : rc;
}

/* ---- by the clock ---------------------------------------------------------------- */

/* The newest period that is to be closed now, with those before it; *number <= newest:
 * none is. One whose time has not come holds up those behind it. Periods without an
 * answer are left open: what happened in them may yet be told. */
static enum emp_rc
find_due(struct store *s, const struct survey *v, int64_t now, int64_t newest,
	 int64_t *number)
{
	int64_t today = day_of(s->tz, now);
	sqlite3_stmt *q = NULL;
	bool due = true;
	enum emp_rc rc = db_prepare(
		s->sealed.db, &q,
		"SELECT number, last_day FROM survey_period "
		"WHERE survey = ?1 AND number > ?2 AND last_day IS NOT NULL "
		"ORDER BY number");

	*number = newest;
	if (rc == EMP_OK) {
		db_bind_str(q, 1, v->name);
		sqlite3_bind_int64(q, 2, newest);
	}
	while (rc == EMP_OK && due) {
		int64_t from, to, day;
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		if (!day_parse(db_str(q, 1), &day)) {
			rc = EMP_CORRUPT;
			break;
		}
		release_period_bounds(s->tz, (enum period)v->period,
				      sqlite3_column_int64(q, 0), &from, &to);
		due = now / MS_PER_S >= to + DAYS_OPEN * S_PER_DAY &&
			today > day + DAYS_OPEN;
		if (due)
			*number = sqlite3_column_int64(q, 0);
	}
	sqlite3_finalize(q);
	return rc;
}

void
release_due(struct store *s)
{
	int64_t now = clock_now_ms();

	if (aside_under_way(s))
		return;
	if (now >= s->periods.looked && now - s->periods.looked < LOOK_EVERY_MS)
		return;
	if (!disk_ok(s))
		return;
	s->periods.looked = now;
	for (size_t i = 0; i < surveys_count(s->defs->surveys); i++) {
		const struct survey *v = surveys_at(s->defs->surveys, i);
		int64_t newest = 0;
		int64_t number = 0;
		enum emp_rc rc;

		if (v->audience != AUDIENCE_EMPLOYEE || v->period == PERIOD_WAVE)
			continue;
		rc = period_newest(&s->periods, v->name, &newest);
		if (rc == EMP_OK)
			rc = find_due(s, v, now, newest, &number);
		if (rc == EMP_OK && number > newest) {
			rc = closings_add(s, v, newest, number, now);
		}
		if (rc != EMP_OK)
			release_failed(s, rc);
	}
	if (s->closings == NULL)
		return;
	if (s->closings->n > 0)
		aside_begin(s, close_all, follow_up);
	else
		closings_free(&s->closings);
}
