/* Which period a sealed event belongs to, and whether it counts there. */
#include "store/period.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "store/days.h"
#include "store/db.h"

#define PERIOD_DOMAIN "period"
#define KEYS_DIR "keys"
#define KEY_SUFFIX ".key"
#define KEY_PREFIX "period-"
/* What former versions called theirs. */
static const char *const old_prefixes[] = {"survey-", "sealed-"};
#define KEY_NAME_MAX                                                                   \
	(sizeof KEY_PREFIX + NAME_MAX_BYTES + sizeof "-9223372036854775807")

enum emp_rc
periods_prepare(struct periods *p)
{
	const struct db_statement sealed[] = {
		{&p->newest,
		 "SELECT number FROM survey_period WHERE survey = ?1 AND "
		 "released IS NOT NULL ORDER BY number DESC LIMIT 1"},
		{&p->get,
		 "SELECT threshold, last_day FROM survey_period "
		 "WHERE survey = ?1 AND number = ?2"},
		{&p->put,
		 "INSERT INTO survey_period (survey, number, threshold, last_day) "
		 "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE "
		 "SET threshold = excluded.threshold, last_day = excluded.last_day"},
		{&p->touch,
		 "UPDATE survey_period SET last_day = ?3 "
		 "WHERE survey = ?1 AND number = ?2"},
		{&p->note,
		 "INSERT INTO survey_period (survey, number) VALUES (?1, ?2) "
		 "ON CONFLICT DO NOTHING"},
		{&p->unit_put,
		 "INSERT INTO survey_period_unit (survey, number, unit) "
		 "VALUES (?1, ?2, ?3)"},
		{&p->invite,
		 "SELECT survey, unit, spent, number FROM invite WHERE hash = ?1"},
		{&p->spend, "UPDATE invite SET spent = 1 WHERE hash = ?1"},
		{&p->displace,
		 "UPDATE event SET counted = 0 WHERE survey = ?1 AND period = ?2 AND "
		 "person = ?3 AND counted = 1 AND verified = 0"},
		{&p->counted,
		 "SELECT 1 FROM event WHERE survey = ?1 AND period = ?2 AND "
		 "person = ?3 AND counted = 1"},
	};
	enum emp_rc rc = db_prepare_all(p->sealed, sealed,
					sizeof sealed / sizeof *sealed);

	if (rc != EMP_OK)
		return rc;
	return db_prepare(p->main, &p->units,
			  "SELECT name FROM unit WHERE declared = 1 UNION "
			  "SELECT unit.name FROM headcount "
			  "JOIN event ON event.seq = headcount.event_seq "
			  "JOIN series ON series.id = event.series_id "
			  "JOIN unit ON unit.id = series.unit_id "
			  "WHERE event.type_id = ?1 AND unit.name <> ?2 ORDER BY 1");
}

void
periods_fini(struct periods *p)
{
	/* The statements go with their files. */
	explicit_bzero(p->key, sizeof p->key);
}

static void
bind_period(sqlite3_stmt *s, struct str survey, int64_t number)
{
	db_bind_str(s, 1, survey);
	sqlite3_bind_int64(s, 2, number);
}

/* ---- keys ------------------------------------------------------------------------ */

static void
key_name(char dst[KEY_NAME_MAX], struct str survey, int64_t number)
{
	int n = snprintf(dst, KEY_NAME_MAX, KEY_PREFIX "%.*s-%lld", STR_FMT(survey),
			 (long long)number);

	EMP_ASSERT(n > 0 && (size_t)n < KEY_NAME_MAX);
}

static bool
key_is(const struct period_key *k, struct str survey, int64_t number)
{
	return k->number == number && str_is(survey, k->survey);
}

static enum emp_rc
key_get(struct periods *p, struct str survey, int64_t number,
	const struct crypto_key **out)
{
	struct period_key *oldest = &p->key[0];
	struct problem problem = {0};
	char name[KEY_NAME_MAX];
	enum emp_rc rc;

	for (size_t i = 0; i < PERIOD_KEYS; i++) {
		struct period_key *k = &p->key[i];

		if (key_is(k, survey, number)) {
			k->used = ++p->tick;
			*out = &k->key;
			return EMP_OK;
		}
		if (k->used < oldest->used)
			oldest = k;
	}
	oldest->survey[0] = '\0';
	key_name(name, survey, number);
	rc = crypto_key_load(&oldest->key, p->dir, name, &problem);
	if (rc != EMP_OK) {
		log_error("%s", problem.detail);
		return rc;
	}
	EMP_ASSERT(survey.n < sizeof oldest->survey);
	memcpy(oldest->survey, survey.p, survey.n);
	oldest->survey[survey.n] = '\0';
	oldest->number = number;
	oldest->used = ++p->tick;
	*out = &oldest->key;
	return EMP_OK;
}

bool
period_has_key(const struct periods *p, struct str survey, int64_t number)
{
	char name[KEY_NAME_MAX];

	key_name(name, survey, number);
	return crypto_key_exists(p->dir, name);
}

static void
key_destroy(const struct periods *p, const char *name)
{
	struct problem problem = {0};

	if (crypto_key_destroy(p->dir, name, &problem) != EMP_OK)
		log_error("%s", problem.detail);
}

/* Whether a key of that name is of no use any more. */
static bool
is_dead(struct periods *p, struct str name)
{
	struct str survey = name;
	int64_t newest;
	uint64_t number;
	size_t n;

	for (size_t i = 0; i < sizeof old_prefixes / sizeof *old_prefixes; i++)
		if (str_starts(name, str_from(old_prefixes[i])))
			return true;
	if (!str_starts(name, STR(KEY_PREFIX)))
		return false;
	for (n = name.n; n > 0 && name.p[n - 1] != '-'; n--)
		;
	if (n <= sizeof KEY_PREFIX - 1 ||
	    !num_u64((struct str){name.p + n, name.n - n}, &number))
		return false;
	survey.p += sizeof KEY_PREFIX - 1;
	survey.n = n - 1 - (sizeof KEY_PREFIX - 1);
	return period_newest(p, survey, &newest) == EMP_OK && (int64_t)number <= newest;
}

static void
sweep_memory(struct periods *p)
{
	for (size_t i = 0; i < PERIOD_KEYS; i++) {
		struct period_key *k = &p->key[i];
		int64_t newest;

		if (k->survey[0] != '\0' &&
		    period_newest(p, str_from(k->survey), &newest) == EMP_OK &&
		    k->number <= newest)
			explicit_bzero(k, sizeof *k);
	}
}

void
period_keys_sweep(struct periods *p)
{
	char path[PATH_MAX];
	const struct dirent *at;
	DIR *dir;
	int n = snprintf(path, sizeof path, "%s/" KEYS_DIR, p->dir);

	sweep_memory(p);
	if (n < 0 || (size_t)n >= sizeof path)
		return;
	dir = opendir(path);
	if (dir == NULL) {
		if (errno != ENOENT)
			log_error("cannot look into %s: %s", path, strerror(errno));
		return;
	}
	while ((at = readdir(dir)) != NULL) {
		struct str name = str_from(at->d_name);
		char text[NAME_MAX + 1];

		if (name.n <= sizeof KEY_SUFFIX - 1 ||
		    strcmp(name.p + name.n - (sizeof KEY_SUFFIX - 1), KEY_SUFFIX) != 0)
			continue;
		name.n -= sizeof KEY_SUFFIX - 1;
		if (!is_dead(p, name))
			continue;
		snprintf(text, sizeof text, "%.*s", STR_FMT(name));
		key_destroy(p, text);
	}
	closedir(dir);
}

/* ---- periods --------------------------------------------------------------------- */

static const struct survey *
survey_now(const struct periods *p, struct str survey)
{
	const struct survey *v = surveys_find((*p->defs)->surveys, survey);

	return v != NULL && v->audience == AUDIENCE_EMPLOYEE ? v : NULL;
}

enum period
period_kind(const struct periods *p, struct str survey)
{
	const struct survey *v = survey_now(p, survey);

	/* Those that events stand for are there without a document, too. */
	return v != NULL ? (enum period)v->period : PERIOD_MONTH;
}

enum emp_rc
period_newest(struct periods *p, struct str survey, int64_t *number)
{
	bool row;
	enum emp_rc rc;

	*number = PERIOD_NONE;
	db_bind_str(p->newest, 1, survey);
	rc = db_step(p->newest, &row);
	if (rc != EMP_OK || !row)
		return rc;
	*number = sqlite3_column_int64(p->newest, 0);
	(void)sqlite3_reset(p->newest);
	return EMP_OK;
}

enum emp_rc
period_number(struct periods *p, struct str survey, enum period kind, int64_t time,
	      int64_t *number)
{
	int64_t newest;
	enum emp_rc rc = period_newest(p, survey, &newest);

	if (rc != EMP_OK)
		return rc;
	if (kind == PERIOD_WAVE) {
		*number = (newest > 0 ? newest : 0) + 1;
		return EMP_OK;
	}
	*number = release_period_of(p->tz, kind, time / MS_PER_S);
	/* West of Greenwich 1970 began a day late. */
	if (*number < 0)
		*number = 0;
	if (*number <= newest)
		*number = newest + 1;
	return EMP_OK;
}

enum emp_rc
period_open_wave(struct periods *p, struct str survey, int64_t opened, bool fresh)
{
	sqlite3_stmt *s = NULL;
	int64_t number = 0;
	enum emp_rc rc = period_number(p, survey, PERIOD_WAVE, opened, &number);

	if (rc == EMP_OK)
		rc = db_prepare(
			p->sealed, &s,
			"INSERT INTO survey_period (survey, number, opened) "
			"VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE "
			"SET opened = excluded.opened WHERE ?4 OR opened IS NULL");
	if (rc == EMP_OK) {
		bind_period(s, survey, number);
		sqlite3_bind_int64(s, 3, opened);
		sqlite3_bind_int(s, 4, fresh);
		rc = db_run(s);
	}
	sqlite3_finalize(s);
	return rc;
}

static enum emp_rc
put_units(struct periods *p, struct str survey, int64_t number)
{
	bool row;
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_int(p->units, 1, EVENT_HEADCOUNT_SET);
	db_bind_str(p->units, 2, STR(OTHER_NAME));
	bind_period(p->unit_put, survey, number);
	while (rc == EMP_OK) {
		rc = db_step(p->units, &row);
		if (rc != EMP_OK || !row)
			return rc;
		db_bind_str(p->unit_put, 3, db_str(p->units, 0));
		rc = db_run(p->unit_put);
	}
	(void)sqlite3_reset(p->units);
	return rc;
}

enum emp_rc
period_unit_declared(struct periods *p, struct str unit, bool *yes)
{
	bool row = true;
	enum emp_rc rc = EMP_OK;

	*yes = false;
	sqlite3_bind_int(p->units, 1, EVENT_HEADCOUNT_SET);
	db_bind_str(p->units, 2, STR(OTHER_NAME));
	while (rc == EMP_OK && row && !*yes) {
		rc = db_step(p->units, &row);
		*yes = rc == EMP_OK && row && str_eq(db_str(p->units, 0), unit);
	}
	(void)sqlite3_reset(p->units);
	return rc;
}

static uint32_t
threshold(const struct periods *p, struct str survey)
{
	const struct survey *v = survey_now(p, survey);
	uint32_t k = v != NULL && v->threshold != 0 ? v->threshold : RELEASE_K;

	return k < RELEASE_K_MIN ? RELEASE_K_MIN : k;
}

enum emp_rc
period_freeze(struct periods *p, struct str survey, int64_t number, int64_t now)
{
	char today[DAY_TEXT_MAX];
	struct str day = {today, day_format(today, day_of(p->tz, now))};
	bool frozen = false;
	bool same = false;
	sqlite3_stmt *s;
	enum emp_rc rc;

	bind_period(p->get, survey, number);
	rc = db_step(p->get, &frozen);
	if (rc != EMP_OK)
		return rc;
	if (frozen) {
		frozen = sqlite3_column_type(p->get, 0) != SQLITE_NULL;
		same = str_eq(db_str(p->get, 1), day);
		(void)sqlite3_reset(p->get);
	}
	if (frozen && same)
		return EMP_OK;
	s = frozen ? p->touch : p->put;
	bind_period(s, survey, number);
	if (!frozen)
		sqlite3_bind_int64(s, 3, threshold(p, survey));
	db_bind_str(s, frozen ? 3 : 4, day);
	rc = db_run(s);
	return rc == EMP_OK && !frozen ? put_units(p, survey, number) : rc;
}

/* ---- events ---------------------------------------------------------------------- */

/* The survey that an event is of, and whether it is an answer to it. */
static struct str
survey_of(const struct event *e, bool *answer)
{
	*answer = true;
	switch ((enum event_type)e->type) {
	case EVENT_SIGNAL_RECORDED:
		return STR(SURVEY_INTENT);
	case EVENT_SUGGESTION_RATED:
		return STR(SURVEY_FELT_HEARD);
	default:
		EMP_ASSERT(e->survey != NULL);
		*answer = e->type == EVENT_SURVEY_ANSWERED;
		return e->survey->name;
	}
}

/* Nothing says later which invitation an answer was given by: only that one of its unit
 * was. It counts in the period of the invitation, whenever it comes: whoever has one of
 * last week and one of this week would be two people of this week otherwise. */
static enum emp_rc
take_invite(struct periods *p, const struct event *e, struct sealed_place *at,
	    enum emp_rc *bad)
{
	sqlite3_stmt *s = p->invite;
	struct str unit;
	bool found;
	enum emp_rc rc;

	*bad = EMP_UNKNOWN_REF;
	sqlite3_bind_blob(s, 1, e->invite_hash, RECEIPT_HASH_BYTES, SQLITE_STATIC);
	rc = db_step(s, &found);
	if (rc != EMP_OK || !found)
		return rc;
	unit = db_str(s, 1);
	if (unit.n >= sizeof at->unit_text)
		rc = EMP_CORRUPT;
	else if (str_eq(db_str(s, 0), at->survey) && sqlite3_column_int(s, 2) == 0 &&
		 (at->unit.n == 0 || str_eq(at->unit, unit)))
		*bad = EMP_OK;
	if (*bad == EMP_OK && rc == EMP_OK) {
		if (unit.n > 0)
			memcpy(at->unit_text, unit.p, unit.n);
		at->unit = (struct str){at->unit_text, unit.n};
		at->verified = true;
		at->number = sqlite3_column_int64(s, 3);
	}
	(void)sqlite3_reset(s);
	if (*bad != EMP_OK || rc != EMP_OK)
		return rc;
	sqlite3_bind_blob(p->spend, 1, e->invite_hash, RECEIPT_HASH_BYTES,
			  SQLITE_STATIC);
	return db_run(p->spend);
}

enum emp_rc
period_person(struct periods *p, struct str survey, int64_t number,
	      const uint8_t sealed[PSEUDONYM_BYTES], uint8_t out[PSEUDONYM_BYTES])
{
	const struct crypto_key *key = NULL;
	enum emp_rc rc = key_get(p, survey, number, &key);

	if (rc == EMP_OK)
		crypto_pseudonym(out, key, PERIOD_DOMAIN,
				 (struct str){(const char *)sealed, PSEUDONYM_BYTES});
	return rc;
}

static enum emp_rc
take_person(struct periods *p, const struct event *e, struct sealed_place *at)
{
	enum emp_rc rc = period_person(p, at->survey, at->number, e->person.pseudonym,
				       at->person);

	at->has_person = rc == EMP_OK;
	return rc;
}

static void
bind_person(sqlite3_stmt *s, const struct sealed_place *at)
{
	bind_period(s, at->survey, at->number);
	sqlite3_bind_blob(s, 3, at->person, PSEUDONYM_BYTES, SQLITE_STATIC);
}

/* An answer that somebody vouches for counts in the place of one that nobody does: else
 * whoever may post could silence a person by answering first under the same name. */
static enum emp_rc
is_first(struct periods *p, struct sealed_place *at)
{
	bool found = false;
	enum emp_rc rc = EMP_OK;

	if (at->has_person && at->verified) {
		bind_person(p->displace, at);
		rc = db_run(p->displace);
	}
	if (at->has_person && rc == EMP_OK) {
		bind_person(p->counted, at);
		rc = db_step(p->counted, &found);
		(void)sqlite3_reset(p->counted);
	}
	at->counted = !found;
	return rc;
}

/* Whoever is invited is to be found, and forgotten, before anybody has answered. */
static enum emp_rc
note_period(struct periods *p, const struct sealed_place *at)
{
	if (!at->has_person)
		return EMP_OK;
	bind_period(p->note, at->survey, at->number);
	return db_run(p->note);
}

enum emp_rc
period_place(struct periods *p, const struct event *e, int64_t now,
	     struct sealed_place *out, enum emp_rc *bad)
{
	bool answer;
	enum period kind;
	enum emp_rc rc;

	*bad = EMP_OK;
	*out = (struct sealed_place){.survey = survey_of(e, &answer),
				     .unit = e->dim[DIM_UNIT]};
	kind = e->survey != NULL ? (enum period)e->survey->period
				 : period_kind(p, out->survey);
	rc = period_number(p, out->survey, kind, e->time, &out->number);
	if (rc == EMP_OK && answer) {
		out->verified = e->verified;
		if (e->has_invite)
			rc = take_invite(p, e, out, bad);
		if (rc != EMP_OK || *bad != EMP_OK)
			return rc;
	}
	if (rc == EMP_OK && e->person.set)
		rc = take_person(p, e, out);
	if (rc == EMP_OK && !answer)
		rc = note_period(p, out);
	if (rc != EMP_OK || !answer)
		return rc;
	rc = is_first(p, out);
	return rc == EMP_OK ? period_freeze(p, out->survey, out->number, now) : rc;
}
