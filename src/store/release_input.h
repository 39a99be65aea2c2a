/* The answers of a period, question by question, as the rules for releases take them.
 * The writer reads them to release, a reader to see whether what was released follows
 * from them. [any], one thread per connection. */
#ifndef EMP_STORE_RELEASE_INPUT_H
#define EMP_STORE_RELEASE_INPUT_H

#include "base/arena.h"
#include "model/release.h"

#include <sqlite3.h>

struct release_asked {
	struct str name;          /* of the question, "": comments */
	struct question question; /* as its survey has it now */
	struct release_question q;
	uint32_t k; /* people in a block, at least */
};

#define RELEASE_KEY_BYTES 16

/* Somebody who answered, by the event. */
struct release_person {
	uint8_t key[RELEASE_KEY_BYTES];
	uint32_t unit; /* of the tree */
	bool verified;
};

struct release_input {
	struct arena arena; /* holds all but the lists */
	struct release_tree tree;
	struct release_asked *asked; /* by name */
	uint32_t n_asked;
	struct release_person *people; /* by key */
	uint32_t n_people;
	bool written; /* some answer has text */
};

/* Answers that counted in the period, cut by its tree, with k people in a block of
 * figures. Questions that their survey does not have are left out, as are answers that
 * do not fit their question. main: empowerd.db; sealed: confidential.db. Free it also
 * after an error. */
EMP_MUST_CHECK enum emp_rc release_input_load(struct release_input *in, sqlite3 *main,
					      sqlite3 *sealed, struct str survey,
					      int64_t number, uint32_t k);
void release_input_fini(struct release_input *in);

#endif
