/*
 * What tests of periods and releases share: surveys of employees, and people who answer
 * them.
 */
#ifndef TESTS_UNIT_PERIOD_SUPPORT_H
#define TESTS_UNIT_PERIOD_SUPPORT_H

#include "store_support.h"

#define SEALED "confidential.db"
#define NOON (12 * 3600 * 1000)

/* With the questions "mood" (csat 1-5), "want" (choice of two), "why" (text), and open
 * to more (csat 1-5). */
const struct survey *release_survey(const char *name, enum period p, int threshold);

struct said {
	const char *survey, *unit, *comment, *why;
	int person; /* 0: nobody */
	int mood;   /* 0: none */
	int want;   /* options, a bit each */
	bool unvouched;
	int64_t time; /* ms; 0: now */
	const char *invite;
};
/* A sealed answer of that; lives until the next call but seven. */
struct event release_said(const struct said *what);
enum item_status release_put(const struct said *what);
/* n people of the unit, numbered from `first`, who say 1, 2, 3, 4, 5, 1, ... */
void release_crowd(const char *survey, const char *unit, int first, int n);
void release_unit_put(const char *name);
void release_invite(const char *survey, const char *unit, const char *code);

/* DEF_RELEASE; period NULL: none said. The result is in `c`. */
enum emp_rc release_do(struct store_change *c, const char *survey, const char *period);
/* Whether there is a key of that name. */
bool release_has_key(const char *name);
/* People shown of a question, in a unit (NULL: the root) of empowerd.db. */
int64_t release_shown_people(const char *question, const char *unit);
/* Findings of store_check and of making the blocks again, in a reader of the daemon. */
int release_findings(void);

#endif
