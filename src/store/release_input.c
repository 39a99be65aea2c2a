/* Reading the answers of a period for a release, or for verifying one. */
#include "store/release_input.h"

#include <stdlib.h>

#include "base/array.h"
#include "store/db.h"

#define ARENA_CHUNK 65536
#define KEY_BYTES 16

/* ---- the tree -------------------------------------------------------------------- */

static enum emp_rc
load_tree(struct release_input *in, sqlite3 *sealed, struct str survey, int64_t number)
{
	sqlite3_stmt *s = NULL;
	struct str *units = NULL;
	uint32_t cap = 0;
	uint32_t n = 0;
	bool row = true;
	enum emp_rc rc = db_prepare(sealed, &s,
				    "SELECT unit FROM survey_period_unit "
				    "WHERE survey = ?1 AND number = ?2 ORDER BY unit");

	if (rc == EMP_OK) {
		db_bind_str(s, 1, survey);
		sqlite3_bind_int64(s, 2, number);
	}
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (!array_reserve(&units, &cap, n + 1, sizeof *units)) {
			rc = EMP_NOMEM;
			break;
		}
		units[n] = arena_str(&in->arena, db_str(s, 0));
		if (units[n++].p == NULL)
			rc = EMP_NOMEM;
	}
	if (rc == EMP_OK)
		rc = release_tree_make(&in->tree, units, n, &in->arena);
	sqlite3_finalize(s);
	free(units);
	return rc;
}

/* ---- questions ------------------------------------------------------------------- */

static enum emp_rc
load_options(sqlite3 *main, int64_t id, struct question *q, struct arena *a)
{
	struct str *options = arena_zalloc(a, QUESTION_OPTIONS_MAX * sizeof *options);
	sqlite3_stmt *s = NULL;
	bool row = true;
	enum emp_rc rc = options == NULL
		? EMP_NOMEM
		: db_prepare(main, &s,
			     "SELECT name FROM question_option WHERE question_id = ?1 "
			     "ORDER BY number");

	if (rc == EMP_OK)
		sqlite3_bind_int64(s, 1, id);
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (q->n_options == QUESTION_OPTIONS_MAX) {
			rc = EMP_CORRUPT;
			break;
		}
		options[q->n_options] = arena_str(a, db_str(s, 0));
		if (options[q->n_options++].p == NULL)
			rc = EMP_NOMEM;
	}
	sqlite3_finalize(s);
	q->options = options;
	return rc;
}

/* The question as its survey has it, or as an answer would register it. Metric NONE:
 * there is none. */
static enum emp_rc
load_question(struct release_input *in, sqlite3 *main, struct str survey,
	      struct str name, struct question *q)
{
	sqlite3_stmt *s = NULL;
	int64_t id = 0;
	bool row = false;
	enum emp_rc rc = db_prepare(
		main, &s,
		"SELECT question.id, metric_id, low, high, satisfied FROM question "
		"JOIN survey ON survey.id = question.survey_id "
		"WHERE survey.name = ?1 AND question.name = ?2 UNION ALL "
		"SELECT 0, ifnull(open_metric_id, 0), open_low, open_high, "
		"open_satisfied FROM survey WHERE name = ?1 LIMIT 1");

	*q = (struct question){.name = name};
	if (rc == EMP_OK) {
		db_bind_str(s, 1, survey);
		db_bind_str(s, 2, name);
		rc = db_step(s, &row);
	}
	if (rc == EMP_OK && row) {
		id = sqlite3_column_int64(s, 0);
		q->metric = (uint8_t)sqlite3_column_int(s, 1);
		q->lo = (int8_t)sqlite3_column_int(s, 2);
		q->hi = (int8_t)sqlite3_column_int(s, 3);
		q->satisfied = (uint16_t)sqlite3_column_int(s, 4);
		q->declared = id != 0;
	}
	sqlite3_finalize(s);
	if (rc == EMP_OK && q->metric == METRIC_CHOICE)
		rc = load_options(main, id, q, &in->arena);
	return rc;
}

/* ---- answers --------------------------------------------------------------------- */

/* What is being read. */
struct loading {
	struct release_input *in;
	sqlite3 *main;
	struct str survey;
	uint32_t k;
	uint32_t cap_asked;
	struct release_answer *answers; /* to the last question of in->asked */
	uint32_t n, cap;
	uint8_t key[KEY_BYTES]; /* of the event of the last one */
};

static enum emp_rc
end_question(struct loading *l)
{
	struct release_asked *at;
	struct release_answer *copy;

	if (l->in->n_asked == 0)
		return EMP_OK;
	at = &l->in->asked[l->in->n_asked - 1];
	if (l->n == 0) {
		l->in->n_asked--;
		return EMP_OK;
	}
	copy = arena_alloc(&l->in->arena, l->n * sizeof *copy);
	if (copy == NULL)
		return EMP_NOMEM;
	memcpy(copy, l->answers, l->n * sizeof *copy);
	at->q.answers = copy;
	at->q.n = l->n;
	l->n = 0;
	return EMP_OK;
}

static enum emp_rc
begin_question(struct loading *l, struct str name)
{
	struct release_asked *at;
	enum emp_rc rc = end_question(l);

	if (rc == EMP_OK &&
	    !array_reserve(&l->in->asked, &l->cap_asked, l->in->n_asked + 1,
			   sizeof *l->in->asked))
		rc = EMP_NOMEM;
	if (rc != EMP_OK)
		return rc;
	at = &l->in->asked[l->in->n_asked++];
	*at = (struct release_asked){.name = arena_str(&l->in->arena, name), .k = l->k};
	if (at->name.p == NULL)
		return EMP_NOMEM;
	if (name.n > 0)
		rc = load_question(l->in, l->main, l->survey, at->name, &at->question);
	/* One partition for the number of those who wrote and for what they wrote. */
	if ((name.n == 0 || at->question.metric == METRIC_TEXT) &&
	    at->k < RELEASE_K_COMMENTS)
		at->k = RELEASE_K_COMMENTS;
	return rc;
}

static bool
fits(const struct question *q, sqlite3_stmt *s, struct release_answer *a)
{
	int64_t number = sqlite3_column_int64(s, 4);
	int64_t value = sqlite3_column_int64(s, 5);
	bool has_value = sqlite3_column_type(s, 5) != SQLITE_NULL;
	bool has_option = sqlite3_column_type(s, 6) != SQLITE_NULL;

	if (q->metric == METRIC_CHOICE) {
		a->options = has_option && number < q->n_options ? 1u << number : 0;
		return a->options != 0;
	}
	if (metric_is_scale((enum metric)q->metric)) {
		a->value = (int32_t)value;
		return has_value && value >= q->lo && value <= q->hi;
	}
	return q->metric == METRIC_TEXT && !has_value && !has_option;
}

/* Rows: question, unit, verified, key, number, value, option; by question and key. */
static enum emp_rc
take_answer(struct loading *l, sqlite3_stmt *s)
{
	struct release_input *in = l->in;
	struct str name = db_str(s, 0);
	struct release_answer a = {0};
	const void *key = sqlite3_column_blob(s, 3);
	enum emp_rc rc = EMP_OK;

	if (in->n_asked == 0 || !str_eq(in->asked[in->n_asked - 1].name, name))
		rc = begin_question(l, name);
	if (rc != EMP_OK)
		return rc;
	if (name.n > 0 && !fits(&in->asked[in->n_asked - 1].question, s, &a))
		return EMP_OK;
	if (sqlite3_column_bytes(s, 3) != KEY_BYTES)
		return EMP_CORRUPT;
	/* Another option of the same person. */
	if (l->n > 0 && memcmp(l->key, key, KEY_BYTES) == 0) {
		l->answers[l->n - 1].options |= a.options;
		return EMP_OK;
	}
	if (!array_reserve(&l->answers, &l->cap, l->n + 1, sizeof *l->answers))
		return EMP_NOMEM;
	memcpy(l->key, key, KEY_BYTES);
	a.unit = release_unit(&in->tree, db_str(s, 1));
	a.verified = sqlite3_column_int(s, 2) != 0;
	l->answers[l->n++] = a;
	return EMP_OK;
}

static enum emp_rc
load_answers(struct loading *l, sqlite3 *sealed, int64_t number)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(
		sealed, &s,
		"SELECT '' AS question, unit, verified, key AS event_key, 0 AS number, "
		"NULL, NULL FROM event WHERE survey = ?1 AND period = ?2 AND "
		"counted = 1 AND comment IS NOT NULL UNION ALL "
		"SELECT answer.question, unit, verified, event_key, answer.number, "
		"value, option FROM event JOIN answer ON answer.event_key = event.key "
		"WHERE survey = ?1 AND period = ?2 AND counted = 1 "
		"ORDER BY question, event_key, number");

	if (rc == EMP_OK) {
		db_bind_str(s, 1, l->survey);
		sqlite3_bind_int64(s, 2, number);
	}
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = take_answer(l, s);
	}
	sqlite3_finalize(s);
	return rc == EMP_OK ? end_question(l) : rc;
}

enum emp_rc
release_input_load(struct release_input *in, sqlite3 *main, sqlite3 *sealed,
		   struct str survey, int64_t number, uint32_t k)
{
	struct loading l = {.in = in, .main = main, .survey = survey, .k = k};
	enum emp_rc rc;

	*in = (struct release_input){0};
	arena_init(&in->arena, ARENA_CHUNK);
	rc = load_tree(in, sealed, survey, number);
	if (rc == EMP_OK)
		rc = load_answers(&l, sealed, number);
	/* The list does not move any more. */
	for (uint32_t i = 0; i < in->n_asked; i++)
		in->asked[i].q.q = in->asked[i].name.n > 0 ? &in->asked[i].question
							   : NULL;
	free(l.answers);
	return rc;
}

void
release_input_fini(struct release_input *in)
{
	free(in->asked);
	arena_fini(&in->arena);
	*in = (struct release_input){0};
}
