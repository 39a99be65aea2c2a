/* privacy/release: the blocks of a release, and what can be learned from them. */
#include <check.h>
#include <stdio.h>

#include "privacy/release.h"
#include "unit.h"

#define ANSWERS_MAX 4000

static struct arena arena;
static struct release_answer answer[ANSWERS_MAX];
static uint32_t answers;
static struct release_blocks got;

static const struct question pulse = {.metric = METRIC_PULSE, .lo = 1, .hi = 5};

static void
setup(void)
{
	arena_init(&arena, 1 << 16);
	answers = 0;
}

static void
teardown(void)
{
	arena_fini(&arena);
}

/* ---- examples -----------------------------------------------------------------------
 */

/* n people of a unit who say the same. */
static void
say(uint32_t unit, uint32_t n, int32_t value)
{
	for (uint32_t i = 0; i < n; i++)
		answer[answers++] = (struct release_answer){
			.unit = unit, .verified = true, .value = value};
}

static void
cut(const uint32_t *parent, uint32_t units, const struct question *q, uint32_t k)
{
	struct release_tree t = {units, NULL, parent};
	struct release_question asked = {q, answer, answers};

	ck_assert_int_eq(release_blocks_make(NULL, &t, &asked, k, &arena, &got),
			 EMP_OK);
}

/* The blocks as "unit:people ..." */
static const char *
shape(void)
{
	static char s[1024];
	size_t n = 0;

	s[0] = '\0';
	for (uint32_t i = 0; i < got.n; i++)
		n += (size_t)snprintf(s + n, sizeof s - n, "%s%s%u:%llu",
				      i > 0 ? " " : "", got.v[i].verified ? "" : "?",
				      got.v[i].unit,
				      (unsigned long long)got.v[i].people);
	return s;
}

START_TEST(units_that_are_safe_are_blocks)
{
	static const uint32_t parent[] = {0, 0, 0, 0};

	say(1, 4, 5);
	say(1, 2, 1);
	say(2, 3, 4);
	say(2, 2, 2);
	say(3, 5, 1);
	say(3, 5, 5);
	cut(parent, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "1:6 2:5 3:10");
	ck_assert_uint_eq(got.cover[0], RELEASE_NONE);
	ck_assert_uint_eq(got.cover[2], 1);
	ck_assert_uint_eq(got.v[0].count[0], 2);
	ck_assert_uint_eq(got.v[0].count[4], 4);
	ck_assert_uint_eq(got.pool, RELEASE_NONE);
}
END_TEST

START_TEST(the_smallest_block_dissolves_for_one_person)
{
	static const uint32_t parent[] = {0, 0, 0, 0};

	say(1, 4, 5);
	say(1, 3, 1);
	say(2, 3, 4);
	say(2, 2, 2);
	say(3, 1, 1);
	cut(parent, 4, &pulse, 5);
	ck_assert_str_eq(shape(), "0:6 1:7");
	ck_assert_uint_eq(got.cover[0], 0);
	ck_assert_uint_eq(got.cover[1], 1);
	ck_assert_uint_eq(got.cover[2], 0);
	ck_assert_uint_eq(got.cover[3], 0);
}
END_TEST

Suite *
privacy_release_suite(void)
{
	Suite *s = suite_create("privacy_release");
	TCase *c = tcase_create("examples");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, units_that_are_safe_are_blocks);
	tcase_add_test(c, the_smallest_block_dissolves_for_one_person);
	suite_add_tcase(s, c);
	return s;
}
