/* Evidence about all who decide at once.
 *
 * Who decided is in confidential.db under random keys: looked up one by one, each would
 * be on a page of its own. So both files are read from end to end, once, and what is in
 * the other is found in memory. Only what groups of people are told from is read. */
#include "store/reader_impl.h"
#include "store/voice.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "model/cell.h"
#include "store/days.h"
#include "store/db.h"

#define KEY_BYTES 16
/* Keys are found from where those with the same first two bytes begin. */
#define STARTS 65536u
#define SUBJECTS_ARENA 4096

struct keyed {
	uint8_t key[KEY_BYTES];
	uint8_t value[PSEUDONYM_BYTES];
};

/* By key. */
struct keyed_list {
	struct keyed *v;
	uint32_t n, max;
	uint32_t *start; /* STARTS + 1 */
};

struct about {
	struct str role, matter;
};

struct all {
	struct store_reader *r;
	struct keyed_list deciders;
	struct keyed_list sanctions; /* value: the day as text */
	struct arena arena;
	struct about *subjects; /* by id */
	uint32_t n_subjects, max_subjects;
};

/* ---- lists by key ---------------------------------------------------------------- */

static uint32_t
start_of(const uint8_t key[KEY_BYTES])
{
	return (uint32_t)key[0] << 8 | key[1];
}

static enum emp_rc
keyed_add(struct keyed_list *l, sqlite3_stmt *s)
{
	const int n = sqlite3_column_bytes(s, 1);
	struct keyed *k;

	if (sqlite3_column_bytes(s, 0) != KEY_BYTES || n > PSEUDONYM_BYTES)
		return EMP_CORRUPT;
	if (!array_reserve(&l->v, &l->max, l->n + 1, sizeof *l->v))
		return EMP_NOMEM;
	k = &l->v[l->n];
	memset(k, 0, sizeof *k);
	memcpy(k->key, sqlite3_column_blob(s, 0), KEY_BYTES);
	memcpy(k->value, sqlite3_column_blob(s, 1), (size_t)n);
	if (l->n > 0 && memcmp(k[-1].key, k->key, KEY_BYTES) >= 0)
		return EMP_CORRUPT;
	l->n++;
	return EMP_OK;
}

/* Rows of a key and a value in the order of their keys. */
static enum emp_rc
keyed_load(struct keyed_list *l, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s, sql);
	bool row = true;

	l->start = calloc(STARTS + 1, sizeof *l->start);
	if (l->start == NULL)
		rc = EMP_NOMEM;
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = keyed_add(l, s);
		if (rc == EMP_OK)
			l->start[start_of(l->v[l->n - 1].key) + 1]++;
	}
	for (uint32_t i = 0; rc == EMP_OK && i < STARTS; i++)
		l->start[i + 1] += l->start[i];
	sqlite3_finalize(s);
	return rc;
}

static void
keyed_fini(struct keyed_list *l)
{
	free(l->v);
	free(l->start);
}

/* NULL: there is none. */
static const uint8_t *
keyed_find(const struct keyed_list *l, const uint8_t key[KEY_BYTES])
{
	uint32_t low = l->start[start_of(key)];
	uint32_t high = l->start[start_of(key) + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int cmp = memcmp(l->v[middle].key, key, KEY_BYTES);

		if (cmp == 0)
			return l->v[middle].value;
		if (cmp < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- what is not the decisions --------------------------------------------------- */

static enum emp_rc
load_subjects(struct all *a)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(
		a->r->db, &s,
		"SELECT subject.id, role.name, class.name FROM subject "
		"JOIN role ON role.id = role_id JOIN class ON class.id = class_id");

	while (rc == EMP_OK) {
		struct about *to;
		int64_t at;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		at = sqlite3_column_int64(s, 0) - SUBJECT_FIRST_VOICE;
		EMP_ASSERT(at >= 0 && at < SUBJECT_FIRST_VOICE);
		if (!array_reserve(&a->subjects, &a->max_subjects, (uint32_t)at + 1,
				   sizeof *a->subjects)) {
			rc = EMP_NOMEM;
			break;
		}
		for (; a->n_subjects <= at; a->n_subjects++)
			a->subjects[a->n_subjects] = (struct about){.role = STR_NONE};
		to = &a->subjects[at];
		to->role = arena_str(&a->arena, db_str(s, 1));
		to->matter = arena_str(&a->arena, db_str(s, 2));
		if (to->role.p == NULL || to->matter.p == NULL)
			rc = EMP_NOMEM;
	}
	sqlite3_finalize(s);
	return rc;
}

/* After something of empowerd.db: see reader.c. */
static enum emp_rc
load_people(struct all *a)
{
	enum emp_rc rc = keyed_load(&a->deciders, a->r->people,
				    "SELECT key, person FROM operational_person "
				    "WHERE role = 'decider' AND number = 0 "
				    "ORDER BY key");

	return rc == EMP_OK ? keyed_load(&a->sanctions, a->r->people,
					 "SELECT decision_key, day FROM review "
					 "WHERE verdict = 'sanction' "
					 "ORDER BY decision_key")
			    : rc;
}

/* ---- decisions ------------------------------------------------------------------- */

enum column {
	COL_SEQ,
	COL_TIME,
	COL_SERIES,
	COL_SUBJECT,
	COL_AMOUNT,
	COL_ANSWER,
	COL_ESCALATED,
	COL_KEY
};

static const char decision_sql[] =
	"SELECT decision.event_seq, event.time, event.series_id, subject_id, "
	"amount_cents, answer_id, escalated, people_key FROM decision "
	"CROSS JOIN event ON event.seq = decision.event_seq "
	"ORDER BY decision.event_seq";
static const char result_sql[] =
	"SELECT decision_seq, settled_id, customer_benefit FROM decision_result "
	"ORDER BY decision_seq";

static int64_t
said(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		? -1
		: sqlite3_column_int64(s, column);
}

static enum emp_rc
read_decision(const struct all *a, sqlite3_stmt *s, struct decision_row *d)
{
	int64_t subject = sqlite3_column_int64(s, COL_SUBJECT) - SUBJECT_FIRST_VOICE;

	if (sqlite3_column_bytes(s, COL_KEY) != (int)sizeof d->key || subject < 0 ||
	    subject >= a->n_subjects)
		return EMP_CORRUPT;
	d->seq = sqlite3_column_int64(s, COL_SEQ);
	d->time = sqlite3_column_int64(s, COL_TIME);
	d->series = (uint32_t)sqlite3_column_int64(s, COL_SERIES);
	d->role = a->subjects[subject].role;
	d->matter = a->subjects[subject].matter;
	d->amount_cents = said(s, COL_AMOUNT);
	d->facts.answer = (uint8_t)sqlite3_column_int(s, COL_ANSWER);
	d->facts.escalated = sqlite3_column_int(s, COL_ESCALATED) != 0;
	d->facts.customer_benefit = -1;
	d->has_key = true;
	memcpy(d->key, sqlite3_column_blob(s, COL_KEY), sizeof d->key);
	return EMP_OK;
}

/* Results come in the same order: goes on to that of this decision, if there is one. */
static enum emp_rc
read_result(sqlite3_stmt *s, bool *more, struct decision_row *d)
{
	enum emp_rc rc = EMP_OK;

	while (rc == EMP_OK && *more && sqlite3_column_int64(s, 0) < d->seq)
		rc = db_step(s, more);
	if (rc != EMP_OK || !*more || sqlite3_column_int64(s, 0) != d->seq)
		return rc;
	d->facts.settled = (uint8_t)sqlite3_column_int(s, 1);
	d->facts.customer_benefit = (int8_t)said(s, 2);
	return EMP_OK;
}

static enum emp_rc
read_people(const struct all *a, struct evidence_row *row, bool *found)
{
	const uint8_t *person = keyed_find(&a->deciders, row->decision.key);
	const uint8_t *day = keyed_find(&a->sanctions, row->decision.key);
	int64_t number;

	*found = person != NULL;
	if (person != NULL)
		memcpy(row->person, person, PSEUDONYM_BYTES);
	if (day == NULL)
		return EMP_OK;
	if (!day_parse(str_from((const char *)day), &number))
		return EMP_CORRUPT;
	row->verdict = VERDICT_SANCTION;
	row->reviewed = day_start(a->r->tz, number);
	return EMP_OK;
}

static enum emp_rc
give_all(struct all *a, enum emp_rc (*fn)(void *ctx, const struct evidence_row *row),
	 void *ctx)
{
	sqlite3_stmt *decision = NULL;
	sqlite3_stmt *result = NULL;
	bool more = false;
	enum emp_rc rc = db_prepare(a->r->db, &decision, decision_sql);

	if (rc == EMP_OK)
		rc = db_prepare(a->r->db, &result, result_sql);
	if (rc == EMP_OK)
		rc = db_step(result, &more);
	while (rc == EMP_OK) {
		struct evidence_row row = {.driver_missed = -1};
		bool found;

		rc = db_step(decision, &found);
		if (rc != EMP_OK || !found)
			break;
		rc = read_decision(a, decision, &row.decision);
		if (rc == EMP_OK)
			rc = read_result(result, &more, &row.decision);
		if (rc == EMP_OK)
			rc = read_people(a, &row, &found);
		/* Else a rule decided, or it was forgotten who did. */
		if (rc == EMP_OK && found)
			rc = fn(ctx, &row);
	}
	sqlite3_finalize(decision);
	sqlite3_finalize(result);
	return rc;
}

enum emp_rc
store_read_all_evidence(struct store_reader *r,
			enum emp_rc (*fn)(void *ctx, const struct evidence_row *row),
			void *ctx)
{
	struct all a = {.r = r};
	enum emp_rc rc;

	arena_init(&a.arena, SUBJECTS_ARENA);
	rc = load_subjects(&a);
	if (rc == EMP_OK && r->people != NULL)
		rc = load_people(&a);
	if (rc == EMP_OK && r->people != NULL)
		rc = give_all(&a, fn, ctx);
	keyed_fini(&a.deciders);
	keyed_fini(&a.sanctions);
	free(a.subjects);
	arena_fini(&a.arena);
	return rc;
}
