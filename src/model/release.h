/* Releases: what leaves of the answers of employees, and the only way it does.
 *
 * At the close of a period the answers to each question are cut into blocks over the
 * tree of units as it was frozen for that period. privacy/release.c says which blocks
 * there are and why nobody can be seen in them; these are the types that the store, who
 * has the answers, and privacy, who knows the rules, share. [any] */
#ifndef EMP_MODEL_RELEASE_H
#define EMP_MODEL_RELEASE_H

#include "base/arena.h"
#include "base/tz.h"
#include "model/survey.h"

#define RELEASE_K 5             /* people in a block, unless a survey says more */
#define RELEASE_K_MIN 3         /* a survey cannot ask for fewer */
#define RELEASE_K_MAX 1000      /* nor for more */
#define RELEASE_K_UNVERIFIED 10 /* where nobody vouched for the people */
#define RELEASE_K_COMMENTS 10   /* commenters */
#define RELEASE_OUTSIDE 2       /* answers beside the most frequent one, at least */
#define RELEASE_PERIOD_MAX 24   /* bytes of the name of a period, with its NUL */
#define RELEASE_NONE UINT32_MAX

/* The units that count in a period. [0] is the root, whose name is empty; parents come
 * before their children. */
struct release_tree {
	uint32_t n; /* at least 1 */
	const struct str *unit;
	const uint32_t *parent; /* parent[0] is 0 */
};

/* One person's answer to the question. */
struct release_answer {
	uint32_t unit;    /* index in the tree */
	bool verified;    /* somebody vouched that this is one person of the unit */
	int32_t value;    /* questions on a scale: lo..hi */
	uint32_t options; /* choice: a bit per option */
};

/* What is answered. Counts of a block are as the slots of a counter (survey.h): one per
 * value of a scale; for a choice the people, then one per option; for a text, and for
 * comments, the people. */
struct release_question {
	const struct question *q; /* NULL: comments, of which people are counted */
	const struct release_answer *answers;
	uint32_t n;
};

struct release_block {
	uint32_t unit; /* index in the tree: what is in this unit and in no other
			  block below it */
	bool verified; /* false: one block at the most, at the root */
	uint64_t people;
	uint64_t *count; /* release_width() */
};

struct release_blocks {
	struct release_block *v; /* verified ones in the order of the tree */
	uint32_t n;
	/* By unit of the tree: the block that has what verified people of that unit
	 * answered; RELEASE_NONE: none, it is not published. */
	uint32_t *cover;
	uint32_t pool; /* the block of unverified answers, RELEASE_NONE: none */
};

/* How many counts a block of the question has. */
uint32_t release_width(const struct question *q);
/* The unit of the tree that a unit counts under: itself or its nearest ancestor in the
 * tree, else the root. Units of the tree below the root are sorted by name. */
uint32_t release_unit(const struct release_tree *t, struct str unit);
/* A tree of these units (sorted by name, each once, none empty), in the arena. */
EMP_MUST_CHECK enum emp_rc release_tree_make(struct release_tree *t,
					     const struct str *units, uint32_t n,
					     struct arena *a);

/* The name of a period of that number, and back: wave "1", week "2026-W47", month
 * "2026-11". Weeks and months are numbered since 1970 (tz_month_index; weeks from the
 * Monday before 1970-01-01). */
size_t release_period_name(char dst[RELEASE_PERIOD_MAX], enum period p, int64_t number);
EMP_MUST_CHECK bool release_period_find(enum period p, struct str name,
					int64_t *number);
/* The natural period of a moment, Unix s; weeks and months only. */
int64_t release_period_of(const struct tz *tz, enum period p, int64_t t);
/* Its bounds, Unix s, half open; weeks and months only. */
void release_period_bounds(const struct tz *tz, enum period p, int64_t number,
			   int64_t *from, int64_t *to);

#endif
