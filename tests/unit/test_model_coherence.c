/*
 * model/coherence: care inside against care outside, and what averages would hide.
 */
#include <check.h>
#include <math.h>

#include "model/coherence.h"
#include "unit.h"

START_TEST(only_missing_care_counts)
{
	const struct twin t[] = {{80, 60}, {70, 90}, {50, 50}, {90, 80}};
	struct coherence c;

	coherence_of(t, 4, &c);
	ck_assert_uint_eq(c.twins, 4);
	ck_assert(c.care_deficit == 7.5); /* (20 + 0 + 0 + 10) / 4 */
	ck_assert(c.index == 92.5);
	ck_assert(twin_gap(&t[0]) == 20 && twin_gap(&t[1]) == -20);
	/* A mean of the signed gaps would let one pay for the other. */
	ck_assert((20.0 - 20 + 0 + 10) / 4 < c.care_deficit);
}
END_TEST

START_TEST(a_score_from_minus_100_has_a_level)
{
	ck_assert(twin_level_of_nps(-100) == 0);
	ck_assert(twin_level_of_nps(0) == 50);
	ck_assert(twin_level_of_nps(45) == 72.5);
	ck_assert(twin_level_of_nps(100) == 100);
	ck_assert(isnan(twin_level_of_nps(NAN)));
}
END_TEST

START_TEST(below_three_twins_there_is_no_index)
{
	const struct twin t[] = {{80, 60}, {80, NAN}, {90, 90}, {NAN, 50}, {NAN, NAN}};
	struct coherence c;

	coherence_of(t, 5, &c);
	ck_assert_uint_eq(c.twins, 2);
	ck_assert(c.care_deficit == 10);
	ck_assert(isnan(c.index));
	ck_assert_ptr_null(twin_missing(&t[0]));
	ck_assert_str_eq(twin_missing(&t[1]), "internal");
	ck_assert_str_eq(twin_missing(&t[3]), "external");
	ck_assert_str_eq(twin_missing(&t[4]), "both");
	ck_assert(isnan(twin_gap(&t[1])) && isnan(twin_gap(&t[3])));
	coherence_of(t, 0, &c);
	ck_assert(isnan(c.care_deficit) && isnan(c.index));
}
END_TEST

START_TEST(a_trend_is_of_the_same_twins)
{
	const struct twin before[] = {{80, 80}, {80, 80}, {80, 80}, {NAN, 40}};
	const struct twin after[] = {{80, 78}, {80, 78}, {80, 78}, {90, 20}};
	struct coherence_trend t;
	struct coherence a;
	struct coherence b;

	coherence_trend(before, after, 4, &t);
	ck_assert_uint_eq(t.before.twins, 3);
	ck_assert_uint_eq(t.after.twins, 3);
	ck_assert(t.before.index == 100 && t.after.index == 98 && t.change == -2);
	/* The difference of the two indices is of the twin that came. */
	coherence_of(before, 4, &b);
	coherence_of(after, 4, &a);
	ck_assert(a.index - b.index < -18);
	coherence_trend(before, after, 2, &t);
	ck_assert(isnan(t.change) && t.before.care_deficit == 0);
}
END_TEST

Suite *
model_coherence_suite(void)
{
	Suite *s = suite_create("model_coherence");
	TCase *tc = tcase_create("twins");

	tcase_add_test(tc, only_missing_care_counts);
	tcase_add_test(tc, a_score_from_minus_100_has_a_level);
	tcase_add_test(tc, below_three_twins_there_is_no_index);
	tcase_add_test(tc, a_trend_is_of_the_same_twins);
	suite_add_tcase(s, tc);
	return s;
}
