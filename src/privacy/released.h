/* What was released of employees' surveys, read for figures.
 *
 * The file has blocks: sums over people that are large and mixed enough, cut once when
 * a period closed (release.h says how). Whoever asks gets sums of whole blocks and
 * nothing else, so whatever two answers differ by is a sum of whole blocks, too. Hence:
 *   - a block is of the unit that it names: what is in that unit and in no other block
 *     below it. A filter has it or has it not; cutting paths only adds up.
 *   - a release is of the moment its period ended, as a whole: it counts in the bucket
 *     that holds its last millisecond. A window that begins or ends inside it would ask
 *     for a part that there is not.
 *   - of other dimensions nothing is released, so nothing can be asked by them.
 * Answers to a question whose scale changed between two periods are no sum: they are
 * different questions of one name. Pure. [any], one thread. */
#ifndef EMP_PRIVACY_RELEASED_H
#define EMP_PRIVACY_RELEASED_H

#include "base/arena.h"
#include "base/intern.h"
#include "base/tz.h"
#include "model/query.h"
#include "model/survey.h"
#include "store/voice.h"

/* As it was asked then; the same for all blocks that can be added up. */
struct released_question {
	uint32_t survey;
	uint32_t number; /* in the order that they came */
	struct question question;
	uint32_t first, last; /* its blocks; see next */
};

struct released_block {
	struct released_question *of;
	int64_t from, to; /* of the period, ms, half open */
	uint32_t unit;    /* 0: the root */
	bool verified;
	uint64_t people;
	const uint64_t *count; /* n_count of its slots; any further ones are 0 */
	uint32_t n_count;
	uint32_t next; /* of the same question; RELEASED_END: none */
};
#define RELEASED_END UINT32_MAX

struct released {
	struct arena arena; /* counts and texts */
	const struct intern *units;
	struct released_block *v;
	uint32_t n, max;
	struct released_question **questions;
	uint32_t n_questions, max_questions;
};

void released_init(struct released *r, const struct intern *units);
void released_fini(struct released *r);
/* A callback of store_read_releases; ctx is a struct released. EMP_OVERLOADED: the unit
 * is too new to be known here; ask again. */
EMP_MUST_CHECK enum emp_rc released_take(void *ctx, const struct release_row *row);
/* What is asked for. */
struct released_ask {
	uint32_t survey;
	const struct str *questions; /* n_questions == 0: all */
	uint32_t n_questions;
	const struct str *within; /* subtrees of units; n_within == 0: everything */
	uint32_t n_within;
	struct str only;  /* and within this one; n == 0: everything */
	int64_t from, to; /* Unix s; INT64_MIN, INT64_MAX: no bound */
	/* The seconds from which that window was widened, 0: it was not. What ends in
	 * the one or begins in the other is outside: so the bounds of a period, as they
	 * are told, ask for that period alone. */
	int64_t since, until;
	bool by_unit;
	uint32_t depth; /* 0: as recorded */
	const struct tz *tz;
	uint8_t step; /* enum step */
};

/* Blocks of one question, unit and bucket. */
struct released_sum {
	const struct question *question; /* with all slots of `count` */
	uint32_t unit;                   /* 0: the root, or not by unit */
	int64_t start; /* of the bucket, Unix s; STEP_ALL: INT64_MIN */
	bool verified; /* all of it */
	uint64_t people;
	uint64_t *count;
};

/* A block of the survey whose period a bound (Unix s) cuts in two; NULL: none. */
const struct released_block *released_cut(const struct released *r,
					  const struct released_ask *ask, int64_t t);
/* The second that holds the last moment of a period that ends there, Unix s. */
int64_t released_last(int64_t to);
/* Sums by question (name, then as it came), unit by name, bucket; in the arena. */
EMP_MUST_CHECK enum emp_rc released_sums(const struct released *r,
					 const struct released_ask *ask,
					 struct arena *a, struct released_sum **out,
					 uint32_t *n);

#endif
