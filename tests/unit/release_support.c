/*
 * What the tests of releases share. The blocks are made here a second time, by
 * repeated trials over the whole tree instead of one pass.
 */
#include "release_support.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

struct release_answer answer[ANSWERS_MAX];
uint32_t answers;
struct release_blocks got;

const struct question nps = {.metric = METRIC_NPS, .lo = 0, .hi = 10};
const struct question pulse = {.metric = METRIC_PULSE, .lo = 1, .hi = 5};
const struct question choice = {.metric = METRIC_CHOICE, .n_options = 4};
const struct question text = {.metric = METRIC_TEXT};

static struct arena arena;

void
release_setup(void)
{
	arena_init(&arena, 1 << 16);
	answers = 0;
}

void
release_teardown(void)
{
	arena_fini(&arena);
}

void
say(uint32_t unit, uint32_t n, int32_t value)
{
	for (uint32_t i = 0; i < n; i++)
		answer[answers++] = (struct release_answer){
			.unit = unit, .verified = true, .value = value};
}

void
choose(uint32_t unit, uint32_t n, uint32_t options)
{
	for (uint32_t i = 0; i < n; i++)
		answer[answers++] = (struct release_answer){
			.unit = unit, .verified = true, .options = options};
}

void
cut(const uint32_t *parent, uint32_t units, const struct question *q, uint32_t k)
{
	struct release_tree t = {units, NULL, parent};
	struct release_question asked = {q, answer, answers};

	arena_reset(&arena);
	if (release_blocks_make(NULL, &t, &asked, k, &arena, &got) != EMP_OK)
		ck_abort_msg("no blocks were made");
}

const char *
shape(void)
{
	static char s[1024];
	size_t n = 0;

	s[0] = '\0';
	for (uint32_t i = 0; i < got.n && n < sizeof s - 64; i++)
		n += (size_t)snprintf(s + n, sizeof s - n, "%s%s%u:%llu",
				      i > 0 ? " " : "", got.v[i].verified ? "" : "?",
				      got.v[i].unit,
				      (unsigned long long)got.v[i].people);
	return s;
}

uint32_t
pick(uint64_t *state, uint32_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % n);
}

bool
slow_is_safe(const struct question *q, uint64_t people, const uint64_t *count,
	     uint32_t k)
{
	uint32_t n = release_width(q);

	if (people < k)
		return false;
	if (q == NULL || q->metric == METRIC_TEXT)
		return true;
	for (uint32_t i = q->metric == METRIC_CHOICE ? 1 : 0; i < n; i++) {
		if (count[i] + 2 > people)
			return false;
	}
	return true;
}

/* Is `below` in the subtree of `unit`? */
static bool
in_subtree(const uint32_t *parent, uint32_t below, uint32_t unit)
{
	while (below > unit)
		below = parent[below];
	return below == unit;
}

/* Counts the verified answers of the units that `of` names. */
static uint64_t
count_units(const struct question *q, const bool *of, uint64_t *count)
{
	uint64_t people = 0;

	memset(count, 0, WIDTH_MAX * sizeof *count);
	for (uint32_t i = 0; i < answers; i++) {
		const struct release_answer *a = &answer[i];

		if (!a->verified || !of[a->unit])
			continue;
		people++;
		if (q != NULL && metric_is_scale((enum metric)q->metric)) {
			count[a->value - q->lo]++;
			continue;
		}
		count[0]++;
		for (uint32_t o = 0; o < 32 && q != NULL; o++) {
			if (a->options >> o & 1)
				count[1 + o]++;
		}
	}
	return people;
}

struct trial {
	const uint32_t *parent;
	uint32_t units;
	const struct question *q;
	uint32_t k;
	enum rule rule;
	uint64_t whole[UNITS_MAX]; /* people */
	bool safe[UNITS_MAX];      /* as a whole */
	bool gone[UNITS_MAX];      /* dissolved into its parent */
};

/* The units whose answers are in the rest of this one now. */
static void
rest_units(const struct trial *t, uint32_t unit, bool *in)
{
	for (uint32_t i = 0; i < t->units; i++) {
		uint32_t at = i;

		in[i] = in_subtree(t->parent, i, unit);
		/* Some unit on the way down stands for itself? */
		for (; in[i] && at != unit; at = t->parent[at]) {
			if (t->parent[at] == unit)
				in[i] = t->gone[at];
		}
	}
}

static bool
settled(const struct trial *t, uint32_t unit)
{
	uint64_t count[WIDTH_MAX];
	bool in[UNITS_MAX];
	uint64_t people;

	for (uint32_t i = 1; i < t->units; i++) {
		if (t->parent[i] == unit && !t->gone[i] && !t->safe[i])
			return false;
	}
	rest_units(t, unit, in);
	people = count_units(t->q, in, count);
	return people == 0 || slow_is_safe(t->q, people, count, t->k);
}

static void
dissolve_below(struct trial *t, uint32_t unit)
{
	for (uint32_t i = 1; i < t->units; i++)
		t->gone[i] |= t->parent[i] == unit &&
			(t->rule == RULE_OURS ? t->whole[i] < t->k : !t->safe[i]);
	while (!settled(t, unit)) {
		uint32_t smallest = 0;

		for (uint32_t i = 1; i < t->units; i++) {
			if (t->parent[i] == unit && !t->gone[i] &&
			    (smallest == 0 || t->whole[i] < t->whole[smallest]))
				smallest = i;
		}
		ck_assert(smallest != 0);
		t->gone[smallest] = true;
	}
}

void
slow_make(struct slow *s, const uint32_t *parent, uint32_t units,
	  const struct question *q, uint32_t k, enum rule rule)
{
	static struct trial t;
	bool in[UNITS_MAX];

	memset(s, 0, sizeof *s);
	memset(&t, 0, sizeof t);
	t = (struct trial){
		.parent = parent, .units = units, .q = q, .k = k, .rule = rule};
	for (uint32_t u = 0; u < units; u++) {
		for (uint32_t i = 0; i < units; i++)
			in[i] = in_subtree(parent, i, u);
		s->people[u] = count_units(q, in, s->count[u]);
		t.whole[u] = s->people[u];
		t.safe[u] = slow_is_safe(q, s->people[u], s->count[u], k);
		s->shown[u] = t.safe[u];
		s->host[u] = RELEASE_NONE;
	}
	if (rule == RULE_NAIVE)
		return;
	memset(s->shown, 0, sizeof s->shown);
	if (!t.safe[0])
		return;
	/* From the top: what is inside a unit that dissolves does not matter. */
	for (uint32_t u = 0; u < units; u++) {
		if (u > 0 && (t.gone[u] || s->host[parent[u]] != parent[u])) {
			s->host[u] = s->host[parent[u]];
			continue;
		}
		s->host[u] = u;
		dissolve_below(&t, u);
		rest_units(&t, u, in);
		s->people[u] = count_units(q, in, s->count[u]);
		s->shown[u] = s->people[u] > 0;
	}
}
