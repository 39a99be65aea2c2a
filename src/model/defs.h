/* Definitions that every thread holds a snapshot of: surveys, tokens, declared units,
 * boundaries. */
#ifndef EMP_MODEL_DEFS_H
#define EMP_MODEL_DEFS_H

#include "model/boundaries.h"
#include "model/survey.h"

#define TOKEN_HASH_BYTES 32
#define TOKEN_LABEL_MAX 64

struct token_def {
	uint32_t id;
	uint32_t scopes; /* enum scope bits */
	int64_t created; /* ms */
	uint8_t hash[TOKEN_HASH_BYTES];
	char label[TOKEN_LABEL_MAX + 1];
	char unit[UNIT_MAX_BYTES + 1]; /* "" or the subtree it is limited to */
};

/* A declared unit of the employees' organisation. */
struct unit_def {
	char name[UNIT_MAX_BYTES + 1];
	char title[TOKEN_LABEL_MAX + 1]; /* for people; may be "" */
};

/* Immutable, shared by reference count. */
struct defs {
	struct surveys *surveys;
	const struct token_def *tokens;
	uint32_t n_tokens;
	const struct unit_def *units; /* sorted by name */
	uint32_t n_units;
	struct boundaries *boundaries; /* one reference; NULL: none yet */
	uint64_t version;
};

/* A snapshot with one reference. Takes the references to `surveys` and `boundaries`
 * (NULL: none; also on failure), and copies tokens and units, which it sorts by name.
 * EMP_CONFLICT: a unit twice. [any] */
EMP_MUST_CHECK enum emp_rc defs_new(const struct defs **out, struct surveys *surveys,
				    struct boundaries *boundaries,
				    const struct token_def *tokens, uint32_t n_tokens,
				    const struct unit_def *units, uint32_t n_units,
				    uint64_t version);
/* [any] Atomic reference count; the last release frees. */
const struct defs *defs_hold(const struct defs *d);
void defs_release(const struct defs **d);
/* [any] The token with that hash (constant-time compare), NULL when there is none. */
const struct token_def *defs_token(const struct defs *d,
				   const uint8_t hash[TOKEN_HASH_BYTES]);
/* [any] A declared unit by name, NULL when it is not declared. */
const struct unit_def *defs_unit(const struct defs *d, struct str name);

#endif
