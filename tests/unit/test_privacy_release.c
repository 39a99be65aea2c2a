/* privacy/release: the blocks of a release, in examples and in whatever trees. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "release_support.h"
#include "unit.h"

#define TREES 20000
#define DEEP 128

/* ---- examples -----------------------------------------------------------------------
 */

static const uint32_t star[] = {0, 0, 0, 0, 0, 0, 0, 0};

START_TEST(units_that_are_safe_are_blocks)
{
	say(1, 4, 5);
	say(1, 2, 1);
	say(2, 3, 4);
	say(2, 2, 2);
	say(3, 5, 1);
	say(3, 5, 5);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "1:6 2:5 3:10");
	ck_assert_uint_eq(got.cover[0], RELEASE_NONE); /* it is empty */
	ck_assert_uint_eq(got.cover[1], 0);
	ck_assert_uint_eq(got.cover[2], 1);
	ck_assert_uint_eq(got.cover[3], 2);
	ck_assert_uint_eq(got.v[0].count[0], 2);
	ck_assert_uint_eq(got.v[0].count[4], 4);
	ck_assert_uint_eq(got.v[0].count[1] + got.v[0].count[2] + got.v[0].count[3], 0);
	ck_assert_uint_eq(got.pool, RELEASE_NONE);
}
END_TEST

/* The example of the opening page. */
START_TEST(the_smallest_dissolves_for_one_person)
{
	say(1, 1, 1);
	say(2, 7, 5);
	say(2, 5, 1);
	say(3, 3, 5);
	say(3, 4, 1);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "0:8 2:12");
	ck_assert_uint_eq(got.v[0].count[0], 5);
	ck_assert_uint_eq(got.v[0].count[4], 3);
	ck_assert_uint_eq(got.cover[0], 0);
	ck_assert_uint_eq(got.cover[1], 0);
	ck_assert_uint_eq(got.cover[2], 1);
	ck_assert_uint_eq(got.cover[3], 0);
}
END_TEST

START_TEST(a_team_with_a_subteam_of_one_is_one_block)
{
	static const uint32_t parent[] = {0, 0, 1};

	say(1, 3, 5);
	say(1, 2, 2);
	say(2, 1, 4);
	cut(parent, 3, &pulse, 5);
	ck_assert_str_eq(shape(), "1:6");
	ck_assert_uint_eq(got.cover[2], 0);
	ck_assert_uint_eq(got.cover[0], RELEASE_NONE);
}
END_TEST

START_TEST(a_unanimous_team_is_hidden_in_its_parent)
{
	say(1, 5, 5);
	say(2, 3, 5);
	say(2, 3, 3);
	say(3, 4, 1);
	say(3, 4, 2);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "0:11 3:8");
	/* One who says something else is as bad: he would know the others. */
	answers = 0;
	say(1, 4, 5);
	say(1, 1, 1);
	say(2, 3, 5);
	say(2, 3, 3);
	say(3, 4, 1);
	say(3, 4, 2);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "0:11 3:8");
	/* Two do. */
	answers = 0;
	say(1, 3, 5);
	say(1, 2, 1);
	cut(star, 2, &pulse, 5);
	ck_assert_str_eq(shape(), "1:5");
}
END_TEST

START_TEST(smaller_ones_go_before_a_larger_one)
{
	/* 3 is not safe. If 2 stayed, the one of 1 must have said 5. */
	say(1, 1, 5);
	say(2, 4, 5);
	say(2, 3, 1);
	say(3, 11, 1);
	say(3, 1, 5);
	say(4, 7, 2);
	say(4, 7, 3);
	cut(star, 5, &pulse, 5);
	ck_assert_str_eq(shape(), "0:20 4:14");
	ck_assert_uint_eq(got.cover[2], 0);
}
END_TEST

START_TEST(of_equal_ones_the_first_dissolves)
{
	for (uint32_t u = 1; u <= 3; u++) {
		say(u, 3, 1);
		say(u, 3, 4);
	}
	say(4, 2, 4);
	cut(star, 5, &pulse, 5);
	ck_assert_str_eq(shape(), "0:8 2:6 3:6");
}
END_TEST

START_TEST(as_many_dissolve_as_it_takes)
{
	say(0, 2, 5);
	say(1, 3, 5);
	say(1, 2, 4);
	say(2, 6, 5);
	say(2, 2, 4);
	say(3, 9, 5);
	say(3, 3, 4);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "0:7 2:8 3:12");
	say(0, 1, 4);
	cut(star, 4, &pulse, 12);
	ck_assert_str_eq(shape(), "0:16 3:12");
	cut(star, 4, &pulse, 13);
	ck_assert_str_eq(shape(), "0:28");
	cut(star, 4, &pulse, 29);
	ck_assert_str_eq(shape(), "");
	ck_assert_uint_eq(got.cover[3], RELEASE_NONE);
}
END_TEST

START_TEST(a_unit_dissolves_with_the_blocks_inside_it)
{
	/* 1 has two blocks and a rest; it is smaller than 4. */
	static const uint32_t parent[] = {0, 0, 1, 1, 0, 0};

	for (uint32_t u = 1; u <= 3; u++) {
		say(u, 3, 1);
		say(u, 2, 2);
	}
	say(4, 10, 3);
	say(4, 10, 4);
	cut(parent, 6, &pulse, 5);
	ck_assert_str_eq(shape(), "1:5 2:5 3:5 4:20");
	say(5, 1, 1);
	cut(parent, 6, &pulse, 5);
	ck_assert_str_eq(shape(), "0:16 4:20");
	for (uint32_t u = 0; u <= 3; u++)
		ck_assert_uint_eq(got.cover[u], 0);
	ck_assert_uint_eq(got.cover[5], 0);
}
END_TEST

START_TEST(what_is_not_safe_at_the_root_is_not_shown)
{
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "");
	say(1, 4, 1);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "");
	say(2, 200, 1);
	say(3, 1, 2);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "");
	for (uint32_t u = 0; u < 4; u++)
		ck_assert_uint_eq(got.cover[u], RELEASE_NONE);
	say(3, 1, 2);
	cut(star, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "0:206");
}
END_TEST

START_TEST(a_chain_may_be_deep)
{
	uint32_t parent[DEEP + 1] = {0};

	/* One person each: whoever stands alone takes the unit below along. */
	for (uint32_t u = 1; u <= DEEP; u++) {
		parent[u] = u - 1;
		say(u, 1, (int32_t)(u % 5) + 1);
	}
	cut(parent, DEEP + 1, &pulse, 5);
	ck_assert_str_eq(shape(), "1:128");
	for (uint32_t u = 1; u <= DEEP; u++)
		ck_assert_uint_eq(got.cover[u], 0);
	/* Enough in each: nothing goes up. */
	for (uint32_t u = 1; u <= DEEP; u++) {
		say(u, 2, 2);
		say(u, 2, 4);
	}
	cut(parent, DEEP + 1, &pulse, 5);
	ck_assert_uint_eq(got.n, DEEP);
	ck_assert_uint_eq(got.v[DEEP - 1].unit, DEEP);
	ck_assert_uint_eq(got.v[DEEP - 1].people, 5);
	/* One at the top, and all goes up: what is below a unit is one. */
	say(0, 1, 2);
	cut(parent, DEEP + 1, &pulse, 5);
	ck_assert_str_eq(shape(), "0:641");
}
END_TEST

START_TEST(choices_count_people_and_options)
{
	choose(1, 3, 1 | 2);
	choose(1, 1, 4);
	choose(1, 1, 0);
	cut(star, 2, &choice, 5);
	ck_assert_str_eq(shape(), "1:5");
	ck_assert_uint_eq(got.v[0].count[0], 5);
	ck_assert_uint_eq(got.v[0].count[1], 3);
	ck_assert_uint_eq(got.v[0].count[2], 3);
	ck_assert_uint_eq(got.v[0].count[3], 1);
	ck_assert_uint_eq(got.v[0].count[4], 0);
	/* An option that all but one took, though not the most frequent answer alone.
	 */
	choose(1, 2, 1 | 8);
	choose(1, 3, 1 | 4);
	cut(star, 2, &choice, 5);
	ck_assert_str_eq(shape(), "1:10");
	answers = 0;
	choose(1, 3, 1 | 2);
	choose(1, 3, 1 | 4);
	choose(1, 1, 8);
	cut(star, 2, &choice, 5);
	ck_assert_str_eq(shape(), "");
}
END_TEST

START_TEST(texts_and_comments_need_people_only)
{
	say(1, 5, 0);
	cut(star, 2, &text, 5);
	ck_assert_str_eq(shape(), "1:5");
	ck_assert_uint_eq(got.v[0].count[0], 5);
	cut(star, 2, NULL, 5);
	ck_assert_str_eq(shape(), "");
	say(1, 4, 0);
	say(2, 1, 0);
	cut(star, 3, NULL, 5);
	ck_assert_str_eq(shape(), "0:10");
	cut(star, 3, NULL, 11);
	ck_assert_str_eq(shape(), "");
	say(1, 1, 0);
	say(2, 9, 0);
	cut(star, 3, NULL, 5);
	ck_assert_str_eq(shape(), "1:10 2:10");
}
END_TEST

START_TEST(who_nobody_vouched_for_is_apart)
{
	say(1, 5, 1);
	say(2, 4, 5);
	for (uint32_t i = 0; i < answers; i++)
		answer[i].verified = false;
	cut(star, 3, &pulse, 5);
	ck_assert_str_eq(shape(), "");
	say(2, 1, 5);
	answer[answers - 1].verified = false;
	say(1, 3, 1);
	say(1, 3, 2);
	cut(star, 3, &pulse, 5);
	ck_assert_str_eq(shape(), "1:6 ?0:10");
	ck_assert_uint_eq(got.pool, 1);
	ck_assert(!got.v[1].verified);
	ck_assert_uint_eq(got.v[1].count[0], 5);
	ck_assert_uint_eq(got.v[1].count[4], 5);
	ck_assert_uint_eq(got.cover[0], RELEASE_NONE);
	/* They do not help others to a block, nor others them. */
	say(3, 4, 3);
	cut(star, 4, &pulse, 6);
	ck_assert_str_eq(shape(), "0:10 ?0:10");
	cut(star, 4, &pulse, 11);
	ck_assert_str_eq(shape(), "");
	/* Of one mind. */
	for (uint32_t i = 0; i < 10; i++)
		answer[i].value = i == 0 ? 1 : 5;
	cut(star, 4, &pulse, 5);
	ck_assert_uint_eq(got.pool, RELEASE_NONE);
}
END_TEST

START_TEST(nobody_may_ask_for_fewer_than_three)
{
	say(1, 2, 0);
	cut(star, 2, &text, 1);
	ck_assert_str_eq(shape(), "");
	say(1, 1, 0);
	cut(star, 2, &text, 0);
	ck_assert_str_eq(shape(), "1:3");
}
END_TEST

START_TEST(a_value_that_the_question_does_not_have_is_an_error)
{
	struct release_tree t = {1, NULL, star};
	struct release_answer bad = {.verified = true, .value = 6};
	struct release_question asked = {&pulse, &bad, 1};
	struct arena a;

	arena_init(&a, 4096);
	ck_assert_int_eq(release_blocks_make(NULL, &t, &asked, 5, &a, &got),
			 EMP_CORRUPT);
	bad.value = 0;
	bad.verified = false;
	ck_assert_int_eq(release_blocks_make(NULL, &t, &asked, 5, &a, &got),
			 EMP_CORRUPT);
	bad.options = 1u << QUESTION_OPTIONS_STEP;
	asked.q = &choice;
	ck_assert_int_eq(release_blocks_make(NULL, &t, &asked, 5, &a, &got),
			 EMP_CORRUPT);
	bad.options = 1u << (QUESTION_OPTIONS_STEP - 1);
	ck_assert_int_eq(release_blocks_make(NULL, &t, &asked, 5, &a, &got), EMP_OK);
	arena_fini(&a);
}
END_TEST

/* ---- whatever trees ------------------------------------------------------------- */

struct random_case {
	uint32_t parent[UNITS_MAX];
	uint32_t units;
	uint32_t k;
	const struct question *q;
};

/* Small and large teams, empty ones, teams of one mind, chains and stars. */
static void
draw(struct random_case *c, uint64_t *seed)
{
	static const uint32_t sizes[] = {0, 0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 7, 9, 14, 30};
	static const struct question *const kinds[] = {&pulse,  &pulse, &nps,
						       &choice, &text,  NULL};
	uint32_t form = pick(seed, 4);

	*c = (struct random_case){
		.units = 1 + pick(seed, form == 0 ? 40 : 12),
		.k = 3 + pick(seed, 5),
		.q = kinds[pick(seed, 6)],
	};
	answers = 0;
	for (uint32_t u = 0; u < c->units; u++) {
		uint32_t n = sizes[pick(seed, sizeof sizes / sizeof *sizes)];
		uint32_t usual = pick(seed, 5) + 1;
		uint32_t others = pick(seed, 4) * pick(seed, 34);

		c->parent[u] = u == 0 || form == 1 ? 0
			: form == 2                ? u - 1
						   : pick(seed, u);
		for (uint32_t i = 0; i < n; i++) {
			bool other = pick(seed, 100) < others;
			uint32_t v = other ? 1 + pick(seed, 5) : usual;

			answer[answers++] = (struct release_answer){
				.unit = u,
				.verified = pick(seed, 20) > 0,
				.value = (int32_t)v,
				.options = other ? pick(seed, 16) : 1u << usual % 4,
			};
		}
	}
}

static void
draw_and_cut(struct random_case *c, uint64_t *seed)
{
	draw(c, seed);
	cut(c->parent, c->units, c->q, c->k);
}

/* Comments need more people. */
static uint32_t
k_of(const struct random_case *c)
{
	return c->q == NULL && c->k < 10 ? 10 : c->k;
}

START_TEST(they_are_those_of_the_rules)
{
	static struct random_case c;
	static struct slow s;
	uint64_t seed = (uint64_t)_i + 1;
	uint32_t shown = 0;

	for (int i = 0; i < TREES / 8; i++) {
		uint32_t b = 0;

		draw_and_cut(&c, &seed);
		slow_make(&s, c.parent, c.units, c.q, k_of(&c), RULE_OURS);
		for (uint32_t u = 0; u < c.units; u++) {
			if (!s.shown[u])
				continue;
			LOOP_ASSERT(b < got.n);
			LOOP_ASSERT(got.v[b].unit == u && got.v[b].verified);
			LOOP_ASSERT(got.v[b].people == s.people[u]);
			LOOP_ASSERT(memcmp(got.v[b].count, s.count[u],
					   release_width(c.q) * sizeof(uint64_t)) == 0);
			b++;
		}
		for (uint32_t u = 0; u < c.units; u++) {
			uint32_t in = got.cover[u];

			if (s.host[u] == RELEASE_NONE || !s.shown[s.host[u]])
				LOOP_ASSERT(in == RELEASE_NONE);
			else
				LOOP_ASSERT(got.v[in].unit == s.host[u]);
		}
		LOOP_ASSERT(b == got.n - (got.pool != RELEASE_NONE));
		shown += b;
	}
	ck_assert_uint_gt(shown, TREES / 8);
}
END_TEST

/* The promises, by themselves. */
START_TEST(every_block_is_safe_and_holds_whole_units)
{
	static struct random_case c;
	uint64_t seed = (uint64_t)_i + 100;

	for (int i = 0; i < TREES / 8; i++) {
		uint64_t people[UNITS_MAX] = {0};
		uint64_t out = 0;
		uint64_t in = 0;

		draw_and_cut(&c, &seed);
		for (uint32_t b = 0; b < got.n; b++) {
			const struct release_block *v = &got.v[b];
			uint32_t k = k_of(&c);

			if (!v->verified && k < 10)
				k = 10;
			LOOP_ASSERT(slow_is_safe(c.q, v->people, v->count, k));
			LOOP_ASSERT(v->verified == (b != got.pool));
			LOOP_ASSERT(b == 0 || !v->verified ||
				    got.v[b - 1].unit < v->unit);
		}
		for (uint32_t a = 0; a < answers; a++) {
			uint32_t b = got.cover[answer[a].unit];

			if (!answer[a].verified)
				continue;
			if (b == RELEASE_NONE) {
				out++;
				continue;
			}
			people[b]++;
			in++;
		}
		/* Each in one; and all, or none at all. */
		LOOP_ASSERT(in == 0 || out == 0);
		for (uint32_t b = 0; b < got.n; b++)
			LOOP_ASSERT(b == got.pool || people[b] == got.v[b].people);
		for (uint32_t u = 1; u < c.units; u++) {
			uint32_t b = got.cover[u];

			/* Its own block, or its parent is there, too. */
			LOOP_ASSERT(b == RELEASE_NONE || got.v[b].unit == u ||
				    got.cover[c.parent[u]] == b);
		}
	}
}
END_TEST

static int
by_number(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct release_answer));
}

START_TEST(the_order_of_answers_does_not_matter)
{
	static struct random_case c;
	uint64_t seed = 4711;

	for (int i = 0; i < TREES / 8; i++) {
		struct release_block before[UNITS_MAX + 1];
		uint64_t count[UNITS_MAX + 1][WIDTH_MAX];
		uint32_t n;

		draw_and_cut(&c, &seed);
		n = got.n;
		for (uint32_t b = 0; b < n; b++) {
			before[b] = got.v[b];
			memcpy(count[b], got.v[b].count,
			       release_width(c.q) * sizeof(uint64_t));
		}
		if (i % 2 == 0)
			qsort(answer, answers, sizeof *answer, by_number);
		for (uint32_t a = answers; i % 2 == 1 && a > 1; a--) {
			uint32_t with = pick(&seed, a);
			struct release_answer t = answer[a - 1];

			answer[a - 1] = answer[with];
			answer[with] = t;
		}
		cut(c.parent, c.units, c.q, c.k);
		LOOP_ASSERT(got.n == n);
		for (uint32_t b = 0; b < n; b++) {
			LOOP_ASSERT(got.v[b].unit == before[b].unit);
			LOOP_ASSERT(got.v[b].verified == before[b].verified);
			LOOP_ASSERT(got.v[b].people == before[b].people);
			LOOP_ASSERT(memcmp(got.v[b].count, count[b],
					   release_width(c.q) * sizeof(uint64_t)) == 0);
		}
	}
}
END_TEST

/* What happens elsewhere changes no block inside a unit that is shown apart before and
 * after: it stands or dissolves as a whole. */
START_TEST(answers_elsewhere_cut_no_unit)
{
	static struct random_case c;
	uint64_t seed = 1789;
	uint32_t compared = 0;

	for (int i = 0; i < TREES / 8; i++) {
		uint64_t before[UNITS_MAX] = {0};
		uint32_t at;
		uint32_t more;

		draw_and_cut(&c, &seed);
		for (uint32_t b = 0; b < got.n; b++)
			before[got.v[b].unit] = b == got.pool ? 0 : got.v[b].people;
		at = pick(&seed, c.units);
		more = 1 + pick(&seed, 7);
		for (uint32_t a = 0; a < more; a++)
			say(at, 1, 1 + (int32_t)pick(&seed, 5));
		cut(c.parent, c.units, c.q, c.k);
		for (uint32_t b = 0; b < got.n; b++) {
			uint32_t unit = got.v[b].unit;
			uint32_t up = at;

			while (up > unit)
				up = c.parent[up];
			if (b == got.pool || up == unit || before[unit] == 0)
				continue;
			LOOP_ASSERT(before[unit] == got.v[b].people);
			compared++;
		}
	}
	ck_assert_uint_gt(compared, TREES / 20);
}
END_TEST

/* A company: deep and wide at once, and one level that is very wide. Quadratic work
 * would not end in time. */
START_TEST(large_trees_take_moments)
{
	const uint32_t units = 10000;
	const uint32_t n = 100000;
	uint32_t *parent = calloc(units, sizeof *parent);
	struct release_answer *a = calloc(n, sizeof *a);
	struct arena arena;
	uint64_t seed = 5;

	ck_assert(parent != NULL && a != NULL);
	arena_init(&arena, 1 << 20);
	for (int form = 0; form < 4; form++) {
		struct release_tree t = {units, NULL, parent};
		struct release_question asked = {&nps, a, n};
		uint64_t people = 0;

		for (uint32_t u = 1; u < units; u++)
			parent[u] = form == 0 ? 0
				: form == 1   ? (u % 128 == 1 ? 0 : u - 1)
				: form == 2   ? u / 10
					      : pick(&seed, u);
		for (uint32_t i = 0; i < n; i++)
			a[i] = (struct release_answer){
				.unit = pick(&seed, units),
				.verified = true,
				.value = (int32_t)(pick(&seed, 4) * pick(&seed, 4)),
			};
		ck_assert_int_eq(release_blocks_make(NULL, &t, &asked, 5, &arena, &got),
				 EMP_OK);
		for (uint32_t b = 0; b < got.n; b++)
			people += got.v[b].people;
		ck_assert_uint_eq(people, n);
		ck_assert_uint_gt(got.n, 1);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	free(parent);
	free(a);
}
END_TEST

Suite *
privacy_release_suite(void)
{
	Suite *s = suite_create("privacy_release");
	TCase *c = tcase_create("examples");

	tcase_add_checked_fixture(c, release_setup, release_teardown);
	tcase_add_test(c, units_that_are_safe_are_blocks);
	tcase_add_test(c, the_smallest_dissolves_for_one_person);
	tcase_add_test(c, a_team_with_a_subteam_of_one_is_one_block);
	tcase_add_test(c, a_unanimous_team_is_hidden_in_its_parent);
	tcase_add_test(c, smaller_ones_go_before_a_larger_one);
	tcase_add_test(c, of_equal_ones_the_first_dissolves);
	tcase_add_test(c, as_many_dissolve_as_it_takes);
	tcase_add_test(c, a_unit_dissolves_with_the_blocks_inside_it);
	tcase_add_test(c, what_is_not_safe_at_the_root_is_not_shown);
	tcase_add_test(c, a_chain_may_be_deep);
	tcase_add_test(c, choices_count_people_and_options);
	tcase_add_test(c, texts_and_comments_need_people_only);
	tcase_add_test(c, who_nobody_vouched_for_is_apart);
	tcase_add_test(c, nobody_may_ask_for_fewer_than_three);
	tcase_add_test(c, a_value_that_the_question_does_not_have_is_an_error);
	suite_add_tcase(s, c);
	c = tcase_create("trees");
	tcase_add_checked_fixture(c, release_setup, release_teardown);
	tcase_add_loop_test(c, they_are_those_of_the_rules, 0, 8);
	tcase_add_loop_test(c, every_block_is_safe_and_holds_whole_units, 0, 8);
	tcase_add_test(c, the_order_of_answers_does_not_matter);
	tcase_add_test(c, answers_elsewhere_cut_no_unit);
	tcase_add_test(c, large_trees_take_moments);
	suite_add_tcase(s, c);
	return s;
}
