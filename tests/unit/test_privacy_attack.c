/* Attacks on the blocks of a release.
 *
 * The first attacker adds and subtracts: all that is published is sums of blocks, over
 * the subtree of each unit, so what he can know are the combinations of these rows, one
 * column a person. He wins if a combination is the indicator of a group of fewer than k
 * people, or of a group of one mind. Blocks share nobody, so the combinations that are
 * zeros and ones are unions of blocks; that is calculated here all the same, by
 * elimination modulo a prime, and for a way to publish that is not safe he does win.
 *
 * The second attacker thinks: he knows the tree, how many people answered in each unit,
 * and privacy/release.c. He goes through everything that people can have said and keeps
 * what would have been published exactly like that. He wins if in all that is left
 * somebody said the same, or the answers of a unit of fewer than k are the same.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "release_support.h"
#include "unit.h"

#define PEOPLE_MAX 12
#define PRIME INT64_C(2147483647)

/* ---- by adding and subtracting ----------------------------------------------------
 */

struct space {
	int64_t row[UNITS_MAX][PEOPLE_MAX];
	uint32_t pivot[UNITS_MAX];
	uint32_t n;
	uint32_t people;
};

static int64_t
inverse(int64_t a)
{
	int64_t r = 1;

	for (int64_t e = PRIME - 2; e > 0; e >>= 1) {
		if (e & 1)
			r = r * a % PRIME;
		a = a * a % PRIME;
	}
	return r;
}

static void
subtract(int64_t *to, const int64_t *row, int64_t times, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = ((to[i] - times * row[i]) % PRIME + PRIME) % PRIME;
}

/* Adds a published sum over these people. */
static void
space_add(struct space *s, const bool *in)
{
	int64_t *row = s->row[s->n];
	uint32_t p = 0;
	int64_t scale;

	for (uint32_t i = 0; i < s->people; i++)
		row[i] = in[i];
	for (uint32_t r = 0; r < s->n; r++)
		subtract(row, s->row[r], row[s->pivot[r]], s->people);
	while (p < s->people && row[p] == 0)
		p++;
	if (p == s->people)
		return;
	scale = inverse(row[p]);
	for (uint32_t i = 0; i < s->people; i++)
		row[i] = row[i] * scale % PRIME;
	for (uint32_t r = 0; r < s->n; r++)
		subtract(s->row[r], row, s->row[r][p], s->people);
	s->pivot[s->n++] = p;
}

/* Is the sum over this group a combination of what is published? */
static bool
space_has(const struct space *s, uint32_t group)
{
	int64_t left[PEOPLE_MAX];

	for (uint32_t i = 0; i < s->people; i++)
		left[i] = group >> i & 1;
	for (uint32_t r = 0; r < s->n; r++) {
		if (group >> s->pivot[r] & 1)
			subtract(left, s->row[r], 1, s->people);
	}
	for (uint32_t i = 0; i < s->people; i++) {
		if (left[i] != 0)
			return false;
	}
	return true;
}

static bool
is_below(const uint32_t *parent, uint32_t unit, uint32_t top)
{
	while (unit > top)
		unit = parent[unit];
	return unit == top;
}

/* How many groups he can single out that he must not. */
static uint32_t
singled_out(const struct space *s, const struct question *q, uint32_t k)
{
	uint32_t found = 0;

	for (uint32_t group = 1; group < 1u << s->people; group++) {
		uint64_t count[WIDTH_MAX] = {0};
		uint64_t n = 0;

		if (!space_has(s, group))
			continue;
		for (uint32_t i = 0; i < s->people; i++) {
			if (group >> i & 1) {
				count[answer[i].value - q->lo]++;
				n++;
			}
		}
		found += !slow_is_safe(q, n, count, k);
	}
	return found;
}

struct company {
	uint32_t parent[8];
	uint32_t units;
};

static void
draw(struct company *c, uint64_t *seed)
{
	answers = 0;
	c->units = 1 + pick(seed, 6);
	for (uint32_t u = 0; u < c->units; u++) {
		uint32_t n = pick(seed, 7);
		uint32_t usual = 1 + pick(seed, 5);
		uint32_t others = pick(seed, 3);

		c->parent[u] = u == 0 ? 0 : pick(seed, u);
		for (uint32_t i = 0; i < n && answers < PEOPLE_MAX; i++)
			say(u, 1,
			    (int32_t)(pick(seed, 3) < others ? 1 + pick(seed, 5)
							     : usual));
	}
}

/* Every sum over a subtree that a filter or a cut by depth gives. */
static void
space_of_blocks(struct space *s, const struct company *c)
{
	*s = (struct space){.people = answers};
	for (uint32_t u = 0; u < c->units; u++) {
		bool in[PEOPLE_MAX];

		for (uint32_t i = 0; i < answers; i++) {
			uint32_t b = got.cover[answer[i].unit];

			in[i] = b != RELEASE_NONE &&
				is_below(c->parent, got.v[b].unit, u);
		}
		space_add(s, in);
	}
	/* A cut by depth has the block of an inner unit by itself, too. */
	for (uint32_t b = 0; b < got.n; b++) {
		bool in[PEOPLE_MAX];

		for (uint32_t i = 0; i < answers; i++)
			in[i] = got.cover[answer[i].unit] == b;
		space_add(s, in);
	}
}

START_TEST(sums_single_nobody_out)
{
	static struct space s;
	struct company c;
	uint64_t seed = 31;
	uint32_t rank = 0;

	for (int i = 0; i < 1500; i++) {
		uint32_t k = 3 + i % 3;

		draw(&c, &seed);
		cut(c.parent, c.units, &pulse, k);
		space_of_blocks(&s, &c);
		LOOP_ASSERT(s.n == got.n);
		LOOP_ASSERT(singled_out(&s, &pulse, k) == 0);
		rank += s.n;
	}
	ck_assert_uint_gt(rank, 1000);
}
END_TEST

/* Each unit that is safe by itself, and the sum of every parent. */
START_TEST(sums_over_units_by_themselves_do)
{
	static struct space s;
	static struct slow naive;
	struct company c = {{0, 0, 1}, 3};
	uint64_t seed = 31;
	uint32_t broken = 0;

	/* k and one more, who is a team of his own. */
	say(1, 3, 5);
	say(1, 2, 1);
	say(2, 1, 3);
	cut(c.parent, c.units, &pulse, 5);
	space_of_blocks(&s, &c);
	ck_assert_uint_eq(singled_out(&s, &pulse, 5), 0);
	ck_assert(!space_has(&s, 1u << 5));
	s = (struct space){.people = answers};
	space_add(&s, (bool[PEOPLE_MAX]){1, 1, 1, 1, 1, 0});
	space_add(&s, (bool[PEOPLE_MAX]){1, 1, 1, 1, 1, 1});
	ck_assert(space_has(&s, 1u << 5));
	for (int i = 0; i < 1500; i++) {
		draw(&c, &seed);
		slow_make(&naive, c.parent, c.units, &pulse, 3, RULE_NAIVE);
		s = (struct space){.people = answers};
		for (uint32_t u = 0; u < c.units; u++) {
			bool in[PEOPLE_MAX];

			for (uint32_t p = 0; p < answers; p++)
				in[p] = is_below(c.parent, answer[p].unit, u);
			if (naive.shown[u])
				space_add(&s, in);
		}
		broken += singled_out(&s, &pulse, 3) > 0;
	}
	ck_assert_uint_gt(broken, 100);
}
END_TEST

/* ---- by thinking ------------------------------------------------------------------
 */

#define VALUES_MAX 5
#define UNITS_SMALL 5
#define KEY_MAX (UNITS_SMALL * (VALUES_MAX + 1))
#define VIEWS_MAX 40000

struct guess {
	uint32_t parent[UNITS_SMALL];
	uint32_t people[UNITS_SMALL];
	uint32_t units;
	uint32_t values;
	uint32_t k;
};

/* What is published, and what is left of what people can have said. */
struct view {
	uint8_t key[KEY_MAX];
	uint8_t least[UNITS_SMALL][VALUES_MAX];
	uint8_t most[UNITS_SMALL][VALUES_MAX];
};

static struct view *views;
static uint32_t n_views;

static void
see(const struct guess *g, const uint8_t world[UNITS_SMALL][VALUES_MAX], enum rule rule)
{
	static struct slow s;
	uint8_t key[KEY_MAX] = {0};
	struct view *v = views;

	answers = 0;
	for (uint32_t u = 0; u < g->units; u++) {
		for (uint32_t i = 0; i < g->values; i++)
			say(u, world[u][i], (int32_t)i + 1);
	}
	if (rule == RULE_OURS) {
		cut(g->parent, g->units, &pulse, g->k);
		for (uint32_t b = 0; b < got.n; b++) {
			uint8_t *k = key + got.v[b].unit * (VALUES_MAX + 1);

			k[0] = 1;
			for (uint32_t i = 0; i < VALUES_MAX; i++)
				k[1 + i] = (uint8_t)got.v[b].count[i];
		}
	} else {
		slow_make(&s, g->parent, g->units, &pulse, g->k, rule);
		for (uint32_t u = 0; u < g->units; u++) {
			key[u * (VALUES_MAX + 1)] = s.shown[u];
			for (uint32_t i = 0; i < VALUES_MAX && s.shown[u]; i++)
				key[u * (VALUES_MAX + 1) + 1 + i] =
					(uint8_t)s.count[u][i];
		}
	}
	while (v < views + n_views && memcmp(v->key, key, sizeof key) != 0)
		v++;
	if (v == views + n_views) {
		ck_assert_uint_lt(n_views, VIEWS_MAX);
		n_views++;
		memcpy(v->key, key, sizeof key);
		memset(v->least, UINT8_MAX, sizeof v->least);
		memset(v->most, 0, sizeof v->most);
	}
	for (uint32_t u = 0; u < g->units; u++) {
		for (uint32_t i = 0; i < g->values; i++) {
			if (world[u][i] < v->least[u][i])
				v->least[u][i] = world[u][i];
			if (world[u][i] > v->most[u][i])
				v->most[u][i] = world[u][i];
		}
	}
}

/* Everything that the people of this unit, who are left, and of those behind it can
 * say. */
static void
imagine(const struct guess *g, uint8_t world[UNITS_SMALL][VALUES_MAX], uint32_t unit,
	uint32_t value, uint32_t left, enum rule rule)
{
	if (unit == g->units) {
		see(g, (const uint8_t(*)[VALUES_MAX])world, rule);
		return;
	}
	if (value + 1 == g->values) {
		world[unit][value] = (uint8_t)left;
		imagine(g, world, unit + 1, 0,
			unit + 1 < g->units ? g->people[unit + 1] : 0, rule);
		return;
	}
	for (uint32_t n = 0; n <= left; n++) {
		world[unit][value] = (uint8_t)n;
		imagine(g, world, unit, value + 1, left - n, rule);
	}
}

/* In how many of the publications somebody is seen. */
static uint32_t
unmasked(const struct guess *g, enum rule rule)
{
	uint8_t world[UNITS_SMALL][VALUES_MAX] = {0};
	uint32_t found = 0;

	views = calloc(VIEWS_MAX, sizeof *views);
	ck_assert_ptr_nonnull(views);
	n_views = 0;
	imagine(g, world, 0, 0, g->people[0], rule);
	ck_assert_uint_gt(n_views, 2);
	for (uint32_t i = 0; i < n_views; i++) {
		const struct view *v = &views[i];
		bool bad = false;

		for (uint32_t u = 0; u < g->units; u++) {
			uint32_t open = 0;

			for (uint32_t x = 0; x < g->values; x++) {
				open += v->least[u][x] != v->most[u][x];
				/* All of them said that, and it cannot be else. */
				bad |= g->people[u] > 0 &&
					v->least[u][x] == g->people[u];
			}
			bad |= g->people[u] > 0 && g->people[u] < g->k && open == 0;
		}
		found += bad;
	}
	free(views);
	return found;
}

static const struct guess guesses[] = {
	{{0, 0, 0, 0}, {0, 6, 8, 1}, 4, 2, 3},
	{{0, 0, 0, 0}, {0, 4, 4, 1}, 4, 2, 3},
	{{0, 0, 0, 0}, {0, 4, 4, 1}, 4, 3, 3},
	{{0, 0, 0, 0}, {0, 4, 4, 1}, 4, 4, 3},
	{{0, 0, 0}, {1, 4, 5}, 3, 3, 3},
	{{0, 0, 0}, {2, 3, 7}, 3, 3, 3},
	{{0, 0, 0, 0}, {1, 4, 5, 6}, 4, 2, 3},
	{{0, 0, 1, 1, 0}, {1, 1, 3, 3, 4}, 5, 2, 3},
	{{0, 0, 0, 2, 2}, {0, 3, 1, 3, 4}, 5, 3, 3},
	{{0, 0, 0, 0}, {0, 6, 8, 1}, 4, 2, 5},
	{{0, 0, 0, 0}, {0, 6, 5, 2}, 4, 3, 5},
	{{0, 0, 0, 0}, {1, 5, 12, 7}, 4, 2, 5},
};

#define GUESSES ((int)(sizeof guesses / sizeof *guesses))

START_TEST(who_knows_how_many_answered_sees_nobody)
{
	ck_assert_uint_eq(unmasked(&guesses[_i], RULE_OURS), 0);
}
END_TEST

/* Units that dissolve only where they must: a larger one that is missing, beside a
 * smaller one that is not, tells what was answered in it. */
START_TEST(dissolving_on_demand_tells)
{
	uint32_t found = 0;

	for (int i = 0; i < GUESSES; i++) {
		if (guesses[i].values < 4)
			found += unmasked(&guesses[i], RULE_ON_DEMAND);
	}
	ck_assert_uint_gt(found, 10);
	/* The one of the opening page's example, for whom it matters. */
	ck_assert_uint_gt(unmasked(&guesses[0], RULE_ON_DEMAND), 0);
}
END_TEST

Suite *
privacy_attack_suite(void)
{
	Suite *s = suite_create("privacy_attack");
	TCase *c = tcase_create("sums");

	tcase_add_checked_fixture(c, release_setup, release_teardown);
	tcase_add_test(c, sums_single_nobody_out);
	tcase_add_test(c, sums_over_units_by_themselves_do);
	suite_add_tcase(s, c);
	c = tcase_create("thinking");
	tcase_add_checked_fixture(c, release_setup, release_teardown);
	tcase_add_loop_test(c, who_knows_how_many_answered_sees_nobody, 0, GUESSES);
	tcase_add_test(c, dissolving_on_demand_tells);
	suite_add_tcase(s, c);
	return s;
}
