/* Words of empowerd.db beside the dimensions, and the subjects of counters that they
 * make: (role, class, rule) of decisions, (kind, category) of suggestions. Interned
 * like names: what was added since words_commit() is pending, and words_rollback()
 * forgets it. Subjects are in chunks that never move, so that any thread may look at
 * published ones. */
#ifndef EMP_STORE_WORDS_H
#define EMP_STORE_WORDS_H

#include "store/voice.h"

#include <sqlite3.h>
#include <stdatomic.h>

/* Words of one kind; those that come later are OTHER_NAME. */
#define WORDS_MAX 65536u
/* Subjects: from the first number on the rule of a new one is OTHER_NAME, and so is the
 * category, from the second on all of it; so that what decides how much there is to
 * count, and senders may say whatever they like, is bounded, and who submits
 * suggestions cannot leave no room for roles and classes. */
#define SUBJECTS_RULES_MAX 49152u
#define SUBJECTS_MAX 65536u
#define SUBJECT_CHUNK 1024u
/* Room for what OTHER_NAME needs beyond: with a rule and without, and each kind. */
#define SUBJECT_CHUNKS (SUBJECTS_MAX / SUBJECT_CHUNK + 1)

struct words {
	struct intern *word[WORD_COUNT];
	sqlite3_stmt *insert[WORD_COUNT];
	sqlite3_stmt *insert_subject;
	_Atomic(struct subject_def *) chunk[SUBJECT_CHUNKS];
	_Atomic uint32_t published;
	uint32_t n;      /* published and pending */
	uint32_t *index; /* place + 1, open addressing; LIFO removal as in intern.c */
	uint32_t mask;
};

/* [main] Loads what the file has. */
EMP_MUST_CHECK enum emp_rc words_open(struct words *w, sqlite3 *db);
void words_close(struct words *w);
/* [writer] The number of a word, interned when it is new; 0 for an empty one. Beyond
 * WORDS_MAX that of OTHER_NAME. */
EMP_MUST_CHECK enum emp_rc words_get(struct words *w, enum word kind, struct str name,
				     uint32_t *id);
/* [writer] Whether it is known, or there is room for it. */
bool words_room(const struct words *w, enum word kind, struct str name);
/* [writer] Subjects, registered when they are new: numbers from SUBJECT_FIRST_VOICE
 * up. rule and category may be empty. */
EMP_MUST_CHECK enum emp_rc words_subject_of_decision(struct words *w, struct str role,
						     struct str matter, struct str rule,
						     uint32_t *subject);
EMP_MUST_CHECK enum emp_rc words_subject_of_suggestion(struct words *w,
						       enum suggestion_kind kind,
						       struct str category,
						       uint32_t *subject);
/* [writer] The number of what is registered, 0: it is not. */
uint32_t words_subject_find(const struct words *w, const struct subject_def *d);
bool words_subject_known(const struct words *w, uint32_t subject);
/* [writer] The subject of that number, pending ones too. */
const struct subject_def *words_subject(const struct words *w, uint32_t subject);
/* [writer] After COMMIT / after ROLLBACK. */
void words_commit(struct words *w);
void words_rollback(struct words *w);

#endif
