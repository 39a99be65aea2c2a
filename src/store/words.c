/* Words and subjects: see words.h. The writer alone adds; a subject is complete before
 * the count that publishes it is stored with release. */
#include "store/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "store/db.h"
#include "store/impl.h"

#define INDEX_FIRST_SLOTS 256u /* a power of two */

static struct subject_def *
at(const struct words *w, uint32_t place)
{
	struct subject_def *chunk = atomic_load_explicit(
		&w->chunk[place / SUBJECT_CHUNK], memory_order_relaxed);

	return &chunk[place % SUBJECT_CHUNK];
}

static uint32_t
subject_hash(const struct subject_def *d)
{
	const uint32_t key[] = {d->suggestion_kind, d->category, d->role, d->matter,
				d->rule};

	return (uint32_t)hash_bytes(key, sizeof key);
}

static bool
subject_eq(const struct subject_def *a, const struct subject_def *b)
{
	return a->suggestion_kind == b->suggestion_kind && a->category == b->category &&
		a->role == b->role && a->matter == b->matter && a->rule == b->rule;
}

/* Its place + 1; 0: there is none. */
static uint32_t
subject_find(const struct words *w, const struct subject_def *d)
{
	for (uint32_t i = subject_hash(d) & w->mask;; i = (i + 1) & w->mask) {
		uint32_t found = w->index[i];

		if (found == 0 || subject_eq(at(w, found - 1), d))
			return found;
	}
}

static void
index_put(struct words *w, uint32_t place)
{
	uint32_t i = subject_hash(at(w, place)) & w->mask;

	while (w->index[i] != 0)
		i = (i + 1) & w->mask;
	w->index[i] = place + 1;
}

static enum emp_rc
index_grow(struct words *w, uint32_t slots)
{
	uint32_t *index = calloc(slots, sizeof *index);

	if (index == NULL)
		return EMP_NOMEM;
	free(w->index);
	w->index = index;
	w->mask = slots - 1;
	for (uint32_t i = 0; i < w->n; i++)
		index_put(w, i);
	return EMP_OK;
}

static enum emp_rc
subject_append(struct words *w, const struct subject_def *d)
{
	_Atomic(struct subject_def *) *chunk = &w->chunk[w->n / SUBJECT_CHUNK];

	EMP_ASSERT(w->n < SUBJECT_CHUNKS * SUBJECT_CHUNK);
	if ((w->n + 1) * 2 > w->mask) {
		enum emp_rc rc = index_grow(w, (w->mask + 1) * 2);

		if (rc != EMP_OK)
			return rc;
	}
	if (atomic_load_explicit(chunk, memory_order_relaxed) == NULL) {
		struct subject_def *fresh = calloc(SUBJECT_CHUNK, sizeof *fresh);

		if (fresh == NULL)
			return EMP_NOMEM;
		atomic_store_explicit(chunk, fresh, memory_order_release);
	}
	*at(w, w->n) = *d;
	index_put(w, w->n++);
	return EMP_OK;
}

static enum emp_rc
subjects_load(struct words *w, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s,
				    "SELECT id, kind_id, category_id, role_id, "
				    "class_id, rule_id FROM subject ORDER BY id");

	while (rc == EMP_OK) {
		struct subject_def d = {0};
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		d.suggestion_kind = (uint8_t)sqlite3_column_int(s, 1);
		d.category = (uint32_t)sqlite3_column_int64(s, 2);
		d.role = (uint32_t)sqlite3_column_int64(s, 3);
		d.matter = (uint32_t)sqlite3_column_int64(s, 4);
		d.rule = (uint32_t)sqlite3_column_int64(s, 5);
		if (w->n == SUBJECT_CHUNKS * SUBJECT_CHUNK ||
		    sqlite3_column_int64(s, 0) != (int64_t)SUBJECT_FIRST_VOICE + w->n)
			rc = EMP_CORRUPT;
		else
			rc = subject_append(w, &d);
	}
	sqlite3_finalize(s);
	return rc;
}

enum emp_rc
words_open(struct words *w, sqlite3 *db)
{
	static const char *const load[WORD_COUNT] = {
		[WORD_ROLE] = "SELECT id, name, 0 FROM role ORDER BY id",
		[WORD_CLASS] = "SELECT id, name, 0 FROM class ORDER BY id",
		[WORD_RULE] = "SELECT id, name, 0 FROM rule ORDER BY id",
		[WORD_CATEGORY] = "SELECT id, name, 0 FROM category ORDER BY id"};
	static const char *const add[WORD_COUNT] = {
		[WORD_ROLE] = "INSERT INTO role (id, name) VALUES (?1, ?2)",
		[WORD_CLASS] = "INSERT INTO class (id, name) VALUES (?1, ?2)",
		[WORD_RULE] = "INSERT INTO rule (id, name) VALUES (?1, ?2)",
		[WORD_CATEGORY] = "INSERT INTO category (id, name) VALUES (?1, ?2)"};
	enum emp_rc rc = index_grow(w, INDEX_FIRST_SLOTS);

	for (int i = 0; rc == EMP_OK && i < WORD_COUNT; i++) {
		rc = intern_new(&w->word[i]);
		if (rc == EMP_OK)
			rc = names_load(w->word[i], db, load[i]);
		if (rc == EMP_OK)
			rc = db_prepare(db, &w->insert[i], add[i]);
	}
	if (rc == EMP_OK)
		rc = db_prepare(db, &w->insert_subject,
				"INSERT INTO subject (id, kind_id, category_id, "
				"role_id, class_id, rule_id) "
				"VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	if (rc == EMP_OK)
		rc = subjects_load(w, db);
	if (rc == EMP_OK)
		words_commit(w);
	return rc;
}

void
words_close(struct words *w)
{
	for (int i = 0; i < WORD_COUNT; i++)
		intern_free(&w->word[i]);
	for (uint32_t i = 0; i < SUBJECT_CHUNKS; i++)
		free(atomic_load_explicit(&w->chunk[i], memory_order_relaxed));
	free(w->index);
	w->index = NULL;
	/* The statements go with their connection. */
}

bool
words_room(const struct words *w, enum word kind, struct str name)
{
	return intern_count(w->word[kind]) < WORDS_MAX ||
		intern_find_pending(w->word[kind], name) != INTERN_NONE;
}

enum emp_rc
words_get(struct words *w, enum word kind, struct str name, uint32_t *id)
{
	struct intern *t = w->word[kind];
	enum emp_rc rc;

	*id = INTERN_NONE;
	if (name.n == 0)
		return EMP_OK;
	*id = intern_find_pending(t, name);
	if (*id != INTERN_NONE)
		return EMP_OK;
	/* What is pending may exceed it by a group. */
	if (!words_room(w, kind, name) && !str_is(name, OTHER_NAME))
		return words_get(w, kind, STR(OTHER_NAME), id);
	rc = intern_add(t, name, INTERN_NONE, id);
	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_int64(w->insert[kind], 1, *id);
	db_bind_str(w->insert[kind], 2, name);
	return db_run(w->insert[kind]);
}

/* A subject in words: of a suggestion if it has a kind. */
struct subject_text {
	enum suggestion_kind kind;
	struct str category, role, matter, rule;
};

static bool
word_find(const struct words *w, enum word kind, struct str name, uint32_t *id)
{
	*id = name.n > 0 ? intern_find_pending(w->word[kind], name) : INTERN_NONE;
	return name.n == 0 || *id != INTERN_NONE;
}

/* Its place + 1; 0: there is none. Registers nothing. */
static uint32_t
text_find(const struct words *w, const struct subject_text *t)
{
	struct subject_def d = {.suggestion_kind = (uint8_t)t->kind};

	if (!word_find(w, WORD_CATEGORY, t->category, &d.category) ||
	    !word_find(w, WORD_ROLE, t->role, &d.role) ||
	    !word_find(w, WORD_CLASS, t->matter, &d.matter) ||
	    !word_find(w, WORD_RULE, t->rule, &d.rule))
		return 0;
	return subject_find(w, &d);
}

/* *place: that of what is there afterwards, + 1. */
static enum emp_rc
text_add(struct words *w, const struct subject_text *t, uint32_t *place)
{
	struct subject_def d = {.suggestion_kind = (uint8_t)t->kind};
	sqlite3_stmt *s = w->insert_subject;
	enum emp_rc rc = words_get(w, WORD_CATEGORY, t->category, &d.category);

	if (rc == EMP_OK)
		rc = words_get(w, WORD_ROLE, t->role, &d.role);
	if (rc == EMP_OK)
		rc = words_get(w, WORD_CLASS, t->matter, &d.matter);
	if (rc == EMP_OK)
		rc = words_get(w, WORD_RULE, t->rule, &d.rule);
	if (rc != EMP_OK)
		return rc;
	/* Where words became OTHER_NAME it may be there. */
	*place = subject_find(w, &d);
	if (*place != 0)
		return EMP_OK;
	rc = subject_append(w, &d);
	if (rc != EMP_OK)
		return rc;
	*place = w->n;
	sqlite3_bind_int64(s, 1, (int64_t)SUBJECT_FIRST_VOICE + w->n - 1);
	db_bind_id(s, 2, d.suggestion_kind);
	db_bind_id(s, 3, d.category);
	db_bind_id(s, 4, d.role);
	db_bind_id(s, 5, d.matter);
	db_bind_id(s, 6, d.rule);
	return db_run(s);
}

static struct str
other_if(struct str name)
{
	return name.n > 0 ? STR(OTHER_NAME) : STR_NONE;
}

static enum emp_rc
text_get(struct words *w, struct subject_text *t, uint32_t *subject)
{
	uint32_t found = text_find(w, t);
	enum emp_rc rc = EMP_OK;

	if (found == 0 && w->n >= SUBJECTS_RULES_MAX) {
		t->rule = other_if(t->rule);
		t->category = other_if(t->category);
		found = text_find(w, t);
	}
	if (found == 0 && w->n >= SUBJECTS_MAX) {
		t->role = other_if(t->role);
		t->matter = other_if(t->matter);
		found = text_find(w, t);
	}
	if (found == 0)
		rc = text_add(w, t, &found);
	if (rc != EMP_OK)
		return rc;
	*subject = SUBJECT_FIRST_VOICE + found - 1;
	return EMP_OK;
}

enum emp_rc
words_subject_of_decision(struct words *w, struct str role, struct str matter,
			  struct str rule, uint32_t *subject)
{
	struct subject_text t = {.role = role, .matter = matter, .rule = rule};

	EMP_ASSERT(role.n > 0 && matter.n > 0);
	return text_get(w, &t, subject);
}

enum emp_rc
words_subject_of_suggestion(struct words *w, enum suggestion_kind kind,
			    struct str category, uint32_t *subject)
{
	struct subject_text t = {.kind = kind, .category = category};

	EMP_ASSERT(kind != SUGGESTION_NONE);
	return text_get(w, &t, subject);
}

uint32_t
words_subject_find(const struct words *w, const struct subject_def *d)
{
	uint32_t found = subject_find(w, d);

	return found > 0 ? SUBJECT_FIRST_VOICE + found - 1 : 0;
}

bool
words_subject_known(const struct words *w, uint32_t subject)
{
	return subject >= SUBJECT_FIRST_VOICE && subject - SUBJECT_FIRST_VOICE < w->n;
}

const struct subject_def *
words_subject(const struct words *w, uint32_t subject)
{
	EMP_ASSERT(words_subject_known(w, subject));
	return at(w, subject - SUBJECT_FIRST_VOICE);
}

void
words_commit(struct words *w)
{
	for (int i = 0; i < WORD_COUNT; i++)
		intern_publish(w->word[i]);
	atomic_store_explicit(&w->published, w->n, memory_order_release);
}

void
words_rollback(struct words *w)
{
	for (int i = 0; i < WORD_COUNT; i++)
		intern_rollback(w->word[i]);
	while (w->n > atomic_load_explicit(&w->published, memory_order_relaxed)) {
		uint32_t i = subject_hash(at(w, w->n - 1)) & w->mask;

		while (w->index[i] != w->n)
			i = (i + 1) & w->mask;
		w->index[i] = 0;
		w->n--;
	}
}

const struct intern *
store_words(const struct store *s, enum word kind)
{
	return s->words.word[kind];
}

uint32_t
store_subjects(const struct store *s)
{
	return atomic_load_explicit(&s->words.published, memory_order_acquire);
}

const struct subject_def *
store_subject(const struct store *s, uint32_t i)
{
	EMP_ASSERT(i < store_subjects(s));
	return at(&s->words, i);
}
