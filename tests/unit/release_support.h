/*
 * What the tests of releases share: answers, trees, and blocks made the slow way.
 */
#ifndef TESTS_UNIT_RELEASE_SUPPORT_H
#define TESTS_UNIT_RELEASE_SUPPORT_H

#include "privacy/release.h"

#include <stdint.h>

#define ANSWERS_MAX 4096
#define UNITS_MAX 256
#define WIDTH_MAX 33

extern struct release_answer answer[ANSWERS_MAX];
extern uint32_t answers;
extern struct release_blocks got;
extern const struct question nps, pulse, choice, text;

/* Fixture: no answers, an arena for the results. */
void release_setup(void);
void release_teardown(void);
/* n verified people of a unit who say the same: a value, or these options. */
void say(uint32_t unit, uint32_t n, int32_t value);
void choose(uint32_t unit, uint32_t n, uint32_t options);
/* Makes `got` of the answers. q NULL: comments. */
void cut(const uint32_t *parent, uint32_t units, const struct question *q, uint32_t k);
/* `got` as "unit:people unit:people ?0:people"; ? is the unverified one. */
const char *shape(void);
/* A repeatable number below n, from 0. */
uint32_t pick(uint64_t *state, uint32_t n);

/* How blocks are chosen. */
enum rule {
	RULE_OURS,      /* as privacy/release.c says, written anew */
	RULE_ON_DEMAND, /* units dissolve only for a rest that is not safe, or because
			   they are not safe themselves */
	RULE_NAIVE,     /* each unit by itself, and the sum of every parent, too */
};

/* By unit: the people and counts that are published for it, or none. For RULE_NAIVE
 * these are sums over the subtree, for others blocks. */
struct slow {
	bool shown[UNITS_MAX];
	uint64_t people[UNITS_MAX];
	uint64_t count[UNITS_MAX][WIDTH_MAX];
	uint32_t host[UNITS_MAX]; /* unit whose block it is in; RELEASE_NONE */
};
void slow_make(struct slow *s, const uint32_t *parent, uint32_t units,
	       const struct question *q, uint32_t k, enum rule rule);
/* Enough people, two of whom at least did not say what was said most. */
bool slow_is_safe(const struct question *q, uint64_t people, const uint64_t *count,
		  uint32_t k);

#endif
