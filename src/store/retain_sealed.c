/* Keeping what is confidential no longer than asked to, and the people of events that
 * are not there.
 *
 * Keys are random, so a part of all that begins alike is as good a slice as any. The
 * pseudonym of an employee goes when nothing younger is left in any class: what one
 * class keeps and another does not would be of two people otherwise. Whoever holds a
 * boundary stays its holder. Answers keep their people until the release: nobody may
 * answer twice. */
#include "store/retain.h"
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/days.h"
#include "store/db.h"

/* The parts: twelve bits of the key. */
#define PARTS 4096
#define PART_SHIFT 4
#define ROLES 6

enum phase { PHASE_PEOPLE, PHASE_TEXTS, PHASE_WHO, PHASE_RENAME, PHASE_END };
enum kept { KEPT_PERSONNEL, KEPT_CASES, KEPT_SEALED, KEPT_COUNT };

/* Between the keys ?1 and ?2, before the day ?3. */
static const struct {
	enum kept of;
	const char *sql;
} texts[] = {
	{KEPT_PERSONNEL,
	 "UPDATE recognition SET from_name = NULL, to_name = NULL, message = NULL "
	 "WHERE event_key >= ?1 AND event_key < ?2 AND message IS NOT NULL "
	 "AND (SELECT day FROM event WHERE key = event_key) < ?3"},
	{KEPT_PERSONNEL,
	 "UPDATE review SET lesson = NULL WHERE event_key >= ?1 AND event_key < ?2 "
	 "AND lesson IS NOT NULL AND day < ?3"},
	{KEPT_CASES,
	 "UPDATE suggestion SET title = NULL, body = NULL, receipt = NULL "
	 "WHERE key >= ?1 AND key < ?2 AND (title IS NOT NULL OR body IS NOT NULL "
	 "OR receipt IS NOT NULL) "
	 "AND (SELECT day FROM event WHERE event.key = suggestion.key) < ?3"},
	{KEPT_CASES,
	 "UPDATE suggestion_step SET body = NULL, supporter = NULL, "
	 "reason = CASE WHEN reason IS NOT NULL THEN '' END "
	 "WHERE suggestion >= ?1 AND suggestion < ?2 AND (body IS NOT NULL "
	 "OR supporter IS NOT NULL OR reason <> '') AND day < ?3"},
	{KEPT_SEALED,
	 "UPDATE answer SET text = NULL WHERE event_key >= ?1 AND event_key < ?2 "
	 "AND text <> '' AND (SELECT class = 'sealed' AND day < ?3 FROM event "
	 "WHERE key = event_key)"},
	{KEPT_SEALED,
	 "UPDATE event SET comment = NULL WHERE key >= ?1 AND key < ?2 "
	 "AND class = 'sealed' AND comment <> '' AND day < ?3"},
	{KEPT_SEALED,
	 "UPDATE release_comment SET text = NULL WHERE key >= ?1 AND key < ?2 "
	 "AND text IS NOT NULL AND (SELECT strftime('%Y-%m-%d', ended / 1000, "
	 "'unixepoch') FROM survey_period WHERE survey_period.survey = "
	 "release_comment.survey AND survey_period.number = release_comment.number) "
	 "< ?3"},
};
#define TEXTS (sizeof texts / sizeof *texts)

/* When the event was that has its people here, by their role. */
static const struct {
	const char *role, *sql;
} roles[ROLES] = {
#define TIME_OF(table)                                                                 \
	"SELECT event.time FROM " table " JOIN event ON event.seq = " table            \
	".event_seq WHERE " table ".people_key = ?1"
	{"decider", TIME_OF("decision")},     {"case", TIME_OF("decision")},
	{"giver", TIME_OF("recognition")},    {"recipient", TIME_OF("recognition")},
	{"requester", TIME_OF("suggestion")}, {"holder", TIME_OF("boundary")},
#undef TIME_OF
};

struct retain_sealed {
	int64_t operational;                /* ms */
	char day[KEPT_COUNT][DAY_TEXT_MAX]; /* "": all is kept */
	bool people;                        /* pseudonyms may go */
	sqlite3_stmt *text[TEXTS], *time[ROLES];
	sqlite3_stmt *operated, *who, *to, *orphan, *code;
	enum phase phase;
	uint32_t part;
	uint32_t renamed, gone;
	struct person_set set;
};

static enum emp_rc
prepare(struct retain_sealed *x, struct store *s)
{
	const struct db_statement statements[] = {
		{&x->operated,
		 "SELECT key, role, person FROM operational_person "
		 "WHERE key >= ?1 AND key < ?2"},
		{&x->who,
		 "SELECT person, class, day FROM event WHERE key >= ?1 AND key < ?2 "
		 "AND class <> 'sealed' AND person IS NOT NULL"},
		{&x->to,
		 "SELECT who.person, event.class, event.day "
		 "FROM recognition_recipient AS who "
		 "CROSS JOIN event ON event.key = who.event_key "
		 "WHERE who.event_key >= ?1 AND who.event_key < ?2"},
		{&x->orphan, "DELETE FROM operational_person WHERE key = ?1"},
		{&x->code, "DELETE FROM person_code WHERE person = ?1"},
	};
	enum emp_rc rc = db_prepare_all(s->sealed.db, statements,
					sizeof statements / sizeof *statements);

	for (size_t i = 0; rc == EMP_OK && i < TEXTS; i++)
		rc = db_prepare(s->sealed.db, &x->text[i], texts[i].sql);
	for (size_t i = 0; rc == EMP_OK && i < ROLES; i++)
		rc = db_prepare(s->main.db, &x->time[i], roles[i].sql);
	return rc;
}

enum emp_rc
retain_sealed_new(struct retain_sealed **out, struct store *s,
		  const struct retain_limits *limits)
{
	const int64_t kept[KEPT_COUNT] = {[KEPT_PERSONNEL] = limits->personnel,
					  [KEPT_CASES] = limits->cases,
					  [KEPT_SEALED] = limits->sealed};
	struct retain_sealed *x = calloc(1, sizeof *x);
	enum emp_rc rc = x != NULL ? prepare(x, s) : EMP_NOMEM;

	if (rc != EMP_OK) {
		retain_sealed_free(&x);
		return rc;
	}
	x->operational = limits->operational;
	for (int i = 0; i < KEPT_COUNT; i++)
		if (kept[i] != INT64_MIN)
			(void)day_format(x->day[i], day_of(s->tz, kept[i]));
	x->people = limits->operational != INT64_MIN ||
		limits->personnel != INT64_MIN || limits->cases != INT64_MIN;
	*out = x;
	return EMP_OK;
}

void
retain_sealed_free(struct retain_sealed **px)
{
	struct retain_sealed *x = *px;

	*px = NULL;
	if (x == NULL)
		return;
	for (size_t i = 0; i < TEXTS; i++)
		sqlite3_finalize(x->text[i]);
	for (size_t i = 0; i < ROLES; i++)
		sqlite3_finalize(x->time[i]);
	sqlite3_finalize(x->operated);
	sqlite3_finalize(x->who);
	sqlite3_finalize(x->to);
	sqlite3_finalize(x->orphan);
	sqlite3_finalize(x->code);
	person_set_fini(&x->set);
	free(x);
}

/* ---- parts ------------------------------------------------------------------------
 */

/* From ?1 on, before ?2. */
struct bounds {
	uint8_t from[2], to[EVENT_KEY_BYTES + 1];
	int n_to;
};

static void
bounds_of(struct bounds *b, uint32_t part)
{
	uint32_t from = part << PART_SHIFT;
	uint32_t to = (part + 1) << PART_SHIFT;

	b->from[0] = (uint8_t)(from >> 8);
	b->from[1] = (uint8_t)from;
	if (part + 1 == PARTS) { /* beyond every key */
		memset(b->to, 0xff, sizeof b->to);
		b->n_to = sizeof b->to;
		return;
	}
	b->to[0] = (uint8_t)(to >> 8);
	b->to[1] = (uint8_t)to;
	b->n_to = 2;
}

static void
bind_bounds(sqlite3_stmt *q, const struct bounds *b)
{
	sqlite3_bind_blob(q, 1, b->from, sizeof b->from, SQLITE_STATIC);
	sqlite3_bind_blob(q, 2, b->to, b->n_to, SQLITE_STATIC);
}

static enum emp_rc
part_texts(struct retain_sealed *x, const struct bounds *b)
{
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; rc == EMP_OK && i < TEXTS; i++) {
		if (x->day[texts[i].of][0] == '\0')
			continue;
		bind_bounds(x->text[i], b);
		db_bind_str(x->text[i], 3, str_from(x->day[texts[i].of]));
		rc = db_run(x->text[i]);
	}
	return rc;
}

/* ---- people -----------------------------------------------------------------------
 */

static enum emp_rc
note(struct retain_sealed *x, sqlite3_stmt *q, int column, bool stays)
{
	const uint8_t *person = sqlite3_column_blob(q, column);

	if (!x->people || sqlite3_column_bytes(q, column) != PSEUDONYM_BYTES ||
	    erase_is_nobody(person))
		return EMP_OK;
	return person_set_add(&x->set, person, stays);
}

/* The row of operational_person that x->operated stands on. */
static enum emp_rc
look_at(struct retain_sealed *x)
{
	sqlite3_stmt *q = x->operated;
	struct str role = db_str(q, 1);
	sqlite3_stmt *time;
	bool row;
	size_t i = 0;
	enum emp_rc rc;

	while (i < ROLES && !str_is(role, roles[i].role))
		i++;
	if (i == ROLES)
		return EMP_CORRUPT;
	time = x->time[i];
	sqlite3_bind_value(time, 1, sqlite3_column_value(q, 0));
	rc = db_step(time, &row);
	if (rc != EMP_OK)
		return rc;
	if (row) {
		int64_t at = sqlite3_column_int64(time, 0);

		rc = note(x, q, 2, at >= x->operational || str_is(role, "holder"));
	} else {
		x->gone++;
		sqlite3_bind_value(x->orphan, 1, sqlite3_column_value(q, 0));
		rc = db_run(x->orphan);
	}
	(void)sqlite3_reset(time);
	return rc;
}

static enum emp_rc
part_people(struct retain_sealed *x, const struct bounds *b)
{
	enum emp_rc rc = EMP_OK;

	bind_bounds(x->operated, b);
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(x->operated, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = look_at(x);
	}
	(void)sqlite3_reset(x->operated);
	return rc;
}

static enum emp_rc
part_who(struct retain_sealed *x, sqlite3_stmt *q, const struct bounds *b)
{
	enum emp_rc rc = EMP_OK;

	bind_bounds(q, b);
	while (rc == EMP_OK) {
		const char *day;
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		day = x->day[str_is(db_str(q, 1), "case") ? KEPT_CASES
							  : KEPT_PERSONNEL];
		rc = note(x, q, 0, str_cmp(db_str(q, 2), str_from(day)) >= 0);
	}
	(void)sqlite3_reset(q);
	return rc;
}

static enum emp_rc
rename_one(struct retain_sealed *x, struct store *s, const struct person_entry *e)
{
	uint8_t nobody[PSEUDONYM_BYTES];
	enum emp_rc rc;

	if (e->stays)
		return EMP_OK;
	erase_nobody(nobody);
	rc = erase_sealed_rename(s, e->person, nobody);
	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_blob(x->code, 1, e->person, PSEUDONYM_BYTES, SQLITE_STATIC);
	return db_run(x->code);
}

/* ---- slices -----------------------------------------------------------------------
 */

static enum emp_rc
run_part(struct retain_sealed *x, struct store *s)
{
	struct bounds b;
	enum emp_rc rc;

	if (x->phase == PHASE_RENAME) {
		if (x->renamed == x->set.n)
			return EMP_OK;
		return rename_one(x, s, &x->set.v[x->renamed++]);
	}
	bounds_of(&b, x->part++);
	switch (x->phase) {
	case PHASE_PEOPLE:
		return part_people(x, &b);
	case PHASE_TEXTS:
		return part_texts(x, &b);
	default:
		rc = part_who(x, x->who, &b);
		return rc == EMP_OK ? part_who(x, x->to, &b) : rc;
	}
}

enum emp_rc
retain_sealed_step(struct retain_sealed *x, struct store *s, bool *more)
{
	uint64_t began = clock_mono_ns();
	bool ended = false;
	enum emp_rc rc = db_run(s->sealed.begin);

	while (rc == EMP_OK && !ended && !retain_over(began)) {
		rc = run_part(x, s);
		ended = x->phase == PHASE_RENAME ? x->renamed == x->set.n
						 : x->part == PARTS;
	}
	if (rc == EMP_OK)
		rc = db_run(s->sealed.commit);
	if (rc == EMP_OK && ended) {
		x->phase++;
		x->part = 0;
		if (x->phase == PHASE_WHO && !x->people)
			x->phase = PHASE_END;
		if (x->phase == PHASE_END && x->renamed > 0)
			erase_read_boundaries(s);
	}
	*more = x->phase != PHASE_END;
	return rc;
}
