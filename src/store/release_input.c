/* Reading the answers of a period for a release, or for verifying one. */
#include "store/release_input.h"

#include <stdlib.h>

#include "base/array.h"
#include "store/db.h"

#define ARENA_CHUNK 65536

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

/* Answers to one question, while they are read. */
struct filling {
	struct release_answer *v;
	uint32_t n, cap;
	uint32_t person; /* whose is the last one */
};

/* What is being read. */
struct loading {
	struct release_input *in;
	sqlite3 *main;
	struct str survey;
	uint32_t k;
	uint32_t cap_asked, cap_filling;
	struct filling *filling; /* as in->asked, while it grows */
	uint32_t n_filling;
	uint32_t next; /* the question that is likely to come now */
};

enum column {
	COLUMN_QUESTION,
	COLUMN_NUMBER,
	COLUMN_VALUE,
	COLUMN_OPTION,
	COLUMN_TEXT
};

static enum emp_rc
begin_question(struct loading *l, struct str name)
{
	struct release_input *in = l->in;
	struct release_asked *at;
	enum emp_rc rc = EMP_OK;

	if (!array_reserve(&in->asked, &l->cap_asked, in->n_asked + 1,
			   sizeof *in->asked) ||
	    !array_reserve(&l->filling, &l->cap_filling, in->n_asked + 1,
			   sizeof *l->filling))
		return EMP_NOMEM;
	at = &in->asked[in->n_asked];
	*at = (struct release_asked){.name = arena_str(&in->arena, name), .k = l->k};
	l->filling[l->n_filling++] = (struct filling){0};
	in->n_asked++;
	if (at->name.p == NULL)
		return EMP_NOMEM;
	if (name.n > 0)
		rc = load_question(in, l->main, l->survey, at->name, &at->question);
	/* One partition for the number of those who wrote and for what they wrote. */
	if ((name.n == 0 || at->question.metric == METRIC_TEXT) &&
	    at->k < RELEASE_K_COMMENTS)
		at->k = RELEASE_K_COMMENTS;
	return rc;
}

/* Everybody answers in the same order: so it is the one after the last, mostly. */
static enum emp_rc
find_question(struct loading *l, struct str name, uint32_t *out)
{
	uint32_t n = l->in->n_asked;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = l->next + i < n ? l->next + i : l->next + i - n;

		if (!str_eq(l->in->asked[at].name, name))
			continue;
		*out = at;
		l->next = at + 1 < n ? at + 1 : 0;
		return EMP_OK;
	}
	*out = n;
	l->next = 0;
	return begin_question(l, name);
}

static bool
fits(const struct question *q, sqlite3_stmt *s, struct release_answer *a)
{
	int64_t number = sqlite3_column_int64(s, COLUMN_NUMBER);
	int64_t value = sqlite3_column_int64(s, COLUMN_VALUE);
	bool has_value = sqlite3_column_type(s, COLUMN_VALUE) != SQLITE_NULL;
	bool has_option = sqlite3_column_type(s, COLUMN_OPTION) != SQLITE_NULL;

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

/* What somebody said to the question; name "": that they commented. */
static enum emp_rc
take_answer(struct loading *l, sqlite3_stmt *s, uint32_t person, struct str name)
{
	struct release_input *in = l->in;
	struct release_answer a = {.unit = in->people[person].unit,
				   .verified = in->people[person].verified};
	struct filling *f;
	uint32_t at;
	enum emp_rc rc = find_question(l, name, &at);

	if (rc != EMP_OK)
		return rc;
	f = &l->filling[at];
	if (name.n > 0 && !fits(&in->asked[at].question, s, &a))
		return EMP_OK;
	/* Another option of the same person. */
	if (f->n > 0 && f->person == person) {
		f->v[f->n - 1].options |= a.options;
		return EMP_OK;
	}
	if (!array_reserve(&f->v, &f->cap, f->n + 1, sizeof *f->v))
		return EMP_NOMEM;
	f->v[f->n++] = a;
	f->person = person;
	return EMP_OK;
}

static int
compare_people(const void *a, const void *b)
{
	return memcmp(((const struct release_person *)a)->key,
		      ((const struct release_person *)b)->key, RELEASE_KEY_BYTES);
}

/* Those who counted, in the order of their keys: so rows are read where they lie, and
 * each page once. */
static enum emp_rc
load_keys(struct loading *l, sqlite3 *sealed, int64_t number)
{
	struct release_input *in = l->in;
	uint32_t cap = 0;
	sqlite3_stmt *s = NULL;
	bool row = true;
	enum emp_rc rc = db_prepare(
		sealed, &s,
		"SELECT key FROM event INDEXED BY event_counted "
		"WHERE survey = ?1 AND period = ?2 AND counted = 1");

	if (rc == EMP_OK) {
		db_bind_str(s, 1, l->survey);
		sqlite3_bind_int64(s, 2, number);
	}
	while (rc == EMP_OK) {
		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		if (sqlite3_column_bytes(s, 0) != RELEASE_KEY_BYTES)
			rc = EMP_CORRUPT;
		else if (!array_reserve(&in->people, &cap, in->n_people + 1,
					sizeof *in->people))
			rc = EMP_NOMEM;
		else
			memcpy(in->people[in->n_people++].key,
			       sqlite3_column_blob(s, 0), RELEASE_KEY_BYTES);
	}
	sqlite3_finalize(s);
	if (in->n_people > 0)
		qsort(in->people, in->n_people, sizeof *in->people, compare_people);
	return rc;
}

/* Statements about one of them. */
struct person_statements {
	sqlite3_stmt *event, *answers;
};

/* All that the person said. */
static enum emp_rc
load_person(struct loading *l, const struct person_statements *st, uint32_t person)
{
	struct release_input *in = l->in;
	struct release_person *p = &in->people[person];
	bool row = true;
	bool commented;
	enum emp_rc rc;

	sqlite3_bind_blob(st->event, 1, p->key, sizeof p->key, SQLITE_STATIC);
	rc = db_step(st->event, &row);
	if (rc != EMP_OK || !row)
		return rc != EMP_OK ? rc : EMP_CORRUPT;
	p->unit = release_unit(&in->tree, db_str(st->event, 0));
	p->verified = sqlite3_column_int(st->event, 1) != 0;
	commented = sqlite3_column_int(st->event, 2) != 0;
	(void)sqlite3_reset(st->event);
	if (commented)
		rc = take_answer(l, NULL, person, STR_NONE);
	sqlite3_bind_blob(st->answers, 1, p->key, sizeof p->key, SQLITE_STATIC);
	while (rc == EMP_OK) {
		rc = db_step(st->answers, &row);
		if (rc != EMP_OK || !row)
			break;
		in->written = in->written ||
			sqlite3_column_int(st->answers, COLUMN_TEXT) != 0;
		rc = take_answer(l, st->answers, person,
				 db_str(st->answers, COLUMN_QUESTION));
	}
	return rc;
}

static int
compare_asked(const void *a, const void *b)
{
	return str_cmp(((const struct release_asked *)a)->name,
		       ((const struct release_asked *)b)->name);
}

/* Those that somebody answered, by name. */
static enum emp_rc
end_questions(struct loading *l)
{
	struct release_input *in = l->in;
	uint32_t n = 0;

	for (uint32_t i = 0; i < in->n_asked; i++) {
		struct filling *f = &l->filling[i];
		struct release_answer *copy;

		if (f->n == 0)
			continue;
		copy = arena_alloc(&in->arena, f->n * sizeof *copy);
		if (copy == NULL)
			return EMP_NOMEM;
		memcpy(copy, f->v, f->n * sizeof *copy);
		in->asked[n] = in->asked[i];
		in->asked[n].q.answers = copy;
		in->asked[n++].q.n = f->n;
	}
	in->n_asked = n;
	if (n > 0)
		qsort(in->asked, n, sizeof *in->asked, compare_asked);
	/* They do not move any more. */
	for (uint32_t i = 0; i < n; i++)
		in->asked[i].q.q = in->asked[i].name.n > 0 ? &in->asked[i].question
							   : NULL;
	return EMP_OK;
}

static enum emp_rc
load_answers(struct loading *l, sqlite3 *sealed)
{
	struct person_statements st = {0};
	const struct db_statement statements[] = {
		{&st.event,
		 "SELECT unit, verified, comment IS NOT NULL FROM event "
		 "WHERE key = ?1"},
		{&st.answers,
		 "SELECT question, number, value, option, text <> '' FROM answer "
		 "WHERE event_key = ?1"},
	};
	enum emp_rc rc = db_prepare_all(sealed, statements,
					sizeof statements / sizeof *statements);

	for (uint32_t i = 0; rc == EMP_OK && i < l->in->n_people; i++)
		rc = load_person(l, &st, i);
	sqlite3_finalize(st.event);
	sqlite3_finalize(st.answers);
	return rc == EMP_OK ? end_questions(l) : rc;
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
		rc = load_keys(&l, sealed, number);
	if (rc == EMP_OK)
		rc = load_answers(&l, sealed);
	for (uint32_t i = 0; i < l.n_filling; i++)
		free(l.filling[i].v);
	free(l.filling);
	return rc;
}

void
release_input_fini(struct release_input *in)
{
	free(in->asked);
	free(in->people);
	arena_fini(&in->arena);
	*in = (struct release_input){0};
}
