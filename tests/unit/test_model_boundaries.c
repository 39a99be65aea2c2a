/*
 * model/boundaries: which one is in force, for whom and since when; held against a
 * search through all of them.
 */
#include <check.h>
#include <stdlib.h>

#include "model/boundaries.h"
#include "unit.h"

#define B(role_, matter_, unit_, time_, limit_)                                        \
	{                                                                              \
		.role = STR(role_), .matter = STR(matter_), .unit = STR(unit_),        \
		.time = (time_), .limit_cents = (limit_), .mode = MODE_ACT             \
	}

static struct boundaries *
registry(struct boundary *b, size_t n)
{
	struct boundaries *all;

	for (size_t i = 0; i < n; i++)
		b[i].seq = b[i].seq ? b[i].seq : (int64_t)i + 1;
	ck_assert_int_eq(boundaries_new(&all, b, n), EMP_OK);
	ck_assert_uint_eq(boundaries_count(all), n);
	return all;
}

/* The limit in force, -2: no boundary. */
static int64_t
limit(const struct boundaries *all, const char *unit, const uint8_t *person,
      int64_t time)
{
	const struct boundary *b = boundaries_find(all,
						   &(struct boundary_question){
							   .role = STR("clerk"),
							   .matter = STR("refund"),
							   .unit = str_from(unit),
							   .person = person,
							   .time = time,
						   });

	return b != NULL ? b->limit_cents : -2;
}

START_TEST(the_nearest_unit_above_counts)
{
	struct boundary b[] = {
		B("clerk", "refund", "", 100, 1000),
		B("clerk", "refund", "retail", 100, 2000),
		B("clerk", "refund", "retail/north", 500, 3000),
		B("clerk", "refund", "retail/nor", 100, 9000),
		B("clerk", "voucher", "retail/north", 100, 9000),
		B("chief", "refund", "retail/north", 100, 9000),
	};
	struct boundaries *all = registry(b, 6);

	ck_assert_int_eq(limit(all, "retail/north/store-1", NULL, 500), 3000);
	ck_assert_int_eq(limit(all, "retail/north", NULL, 500), 3000);
	ck_assert_int_eq(limit(all, "retail/north", NULL, 499), 2000); /* not yet */
	ck_assert_int_eq(limit(all, "retail/south", NULL, 500), 2000);
	ck_assert_int_eq(limit(all, "retailer", NULL, 500), 1000);
	ck_assert_int_eq(limit(all, "", NULL, 500), 1000);
	ck_assert_int_eq(limit(all, "retail/north", NULL, 99), -2);
	ck_assert_int_eq(limit(NULL, "retail", NULL, 500), -2);
	boundaries_release(&all);
	ck_assert_ptr_null(all);
}
END_TEST

START_TEST(the_latest_counts_then_the_last_to_arrive)
{
	struct boundary b[] = {
		B("clerk", "refund", "", 300, 3000), /* arrives first, in force last */
		B("clerk", "refund", "", 100, 1000),
		B("clerk", "refund", "", 200, 2000),
		B("clerk", "refund", "", 200, 2500), /* same time, arrived later */
	};
	struct boundaries *all = registry(b, 4);

	ck_assert_int_eq(limit(all, "", NULL, 199), 1000);
	ck_assert_int_eq(limit(all, "", NULL, 200), 2500);
	ck_assert_int_eq(limit(all, "", NULL, 299), 2500);
	ck_assert_int_eq(limit(all, "", NULL, 300), 3000);
	/* In force are those without a later one of the same, as of then. */
	for (size_t i = 0; i < 4; i++) {
		const struct boundary *x = boundaries_at(all, i);

		ck_assert_int_eq(boundaries_in_force(all, i, 250), x->seq == 4);
		ck_assert_int_eq(boundaries_in_force(all, i, 300), x->seq == 1);
		ck_assert(!boundaries_in_force(all, i, 99));
	}
	boundaries_release(&all);
}
END_TEST

START_TEST(a_holders_goes_before_all_others)
{
	const uint8_t ann[PSEUDONYM_BYTES] = {1};
	const uint8_t bob[PSEUDONYM_BYTES] = {2};
	struct boundary b[] = {
		B("clerk", "refund", "retail/north", 100, 1000),
		B("clerk", "refund", "", 100, 5000),
	};
	struct boundaries *all;

	b[1].has_holder = true;
	memcpy(b[1].holder, ann, sizeof ann);
	all = registry(b, 2);
	ck_assert_int_eq(limit(all, "retail/north", ann, 100), 5000);
	ck_assert_int_eq(limit(all, "retail/north", bob, 100), 1000);
	ck_assert_int_eq(limit(all, "retail/north", NULL, 100), 1000);
	ck_assert_int_eq(limit(all, "other", ann, 100), 5000);
	ck_assert_int_eq(limit(all, "other", bob, 100), -2);
	ck_assert_int_eq(limit(all, "retail/north", ann, 99), -2);
	boundaries_release(&all);
}
END_TEST

START_TEST(text_is_copied_and_the_registry_is_shared)
{
	char role[] = "clerk";
	char reason[] = "after a year";
	struct boundary b = B("", "refund", "", 1, 100);
	struct boundaries *all;
	struct boundaries *other;

	b.role = str_from(role);
	b.reason = str_from(reason);
	b.requires_training = STR("fraud basics");
	all = registry(&b, 1);
	role[0] = reason[0] = 'x';
	other = boundaries_hold(all);
	boundaries_release(&all);
	ck_assert(str_is(boundaries_at(other, 0)->role, "clerk"));
	ck_assert(str_is(boundaries_at(other, 0)->reason, "after a year"));
	ck_assert(str_is(boundaries_at(other, 0)->requires_training, "fraud basics"));
	ck_assert_int_eq(limit(other, "", NULL, 1), 100);
	boundaries_release(&other);
	all = NULL;
	boundaries_release(&all); /* none: nothing */
	all = registry(NULL, 0);
	ck_assert_int_eq(limit(all, "retail", NULL, 1), -2);
	boundaries_release(&all);
}
END_TEST

START_TEST(inside_is_what_may_be_done_alone)
{
	struct boundary b = B("clerk", "refund", "", 1, 5000);

	ck_assert_int_eq(boundary_within(NULL, 1), WITHIN_NONE);
	ck_assert_int_eq(boundary_within(&b, 5000), WITHIN_INSIDE);
	ck_assert_int_eq(boundary_within(&b, 5001), WITHIN_OVER);
	ck_assert_int_eq(boundary_within(&b, -1), WITHIN_INSIDE); /* no amount */
	b.limit_cents = 0;
	ck_assert_int_eq(boundary_within(&b, 0), WITHIN_INSIDE);
	ck_assert_int_eq(boundary_within(&b, 1), WITHIN_OVER);
	b.limit_cents = -1;
	ck_assert_int_eq(boundary_within(&b, INT64_MAX), WITHIN_INSIDE);
	b.mode = MODE_PROPOSE;
	ck_assert_int_eq(boundary_within(&b, 1), WITHIN_OVER);
	ck_assert_int_eq(boundary_within(&b, -1), WITHIN_OVER);
}
END_TEST

static bool
is_above(struct str above, struct str unit)
{
	return above.n == 0 ||
		(str_starts(unit, above) &&
		 (unit.n == above.n || unit.p[above.n] == '/'));
}

/* a goes before b, both fitting. */
static bool
goes_before(const struct boundary *a, const struct boundary *b)
{
	if (a->has_holder != b->has_holder)
		return a->has_holder;
	if (a->unit.n != b->unit.n)
		return a->unit.n > b->unit.n;
	if (a->time != b->time)
		return a->time > b->time;
	return a->seq > b->seq;
}

static const struct boundary *
search_all(const struct boundary *b, size_t n, const struct boundary_question *q)
{
	const struct boundary *best = NULL;

	for (size_t i = 0; i < n; i++) {
		bool fits = str_eq(b[i].role, q->role) &&
			str_eq(b[i].matter, q->matter) && b[i].time <= q->time &&
			is_above(b[i].unit, q->unit);

		if (fits && b[i].has_holder)
			fits = q->person != NULL &&
				memcmp(b[i].holder, q->person, PSEUDONYM_BYTES) == 0;
		if (fits && (best == NULL || goes_before(&b[i], best)))
			best = &b[i];
	}
	return best;
}

START_TEST(as_a_search_through_all_of_them_says)
{
	static const char *const units[] = {"", "a", "a/b", "a/b/c", "ab", "a/bc", "b"};
	static const char *const words[] = {"r", "s"};
	struct boundary b[60];

	srand(20260103);
	for (int round = 0; round < 200; round++) {
		size_t n = (size_t)rand() % 60;
		size_t known = n > 0 ? (size_t)rand() % n : 0;
		struct boundaries *all;
		struct boundaries *some;

		for (size_t i = 0; i < n; i++) {
			b[i] = (struct boundary){
				.seq = (int64_t)i + 1,
				.time = rand() % 6,
				.role = str_from(words[rand() % 2]),
				.matter = str_from(words[rand() % 2]),
				.unit = str_from(units[rand() % 7]),
				.has_holder = rand() % 3 == 0,
			};
			b[i].holder[0] = b[i].has_holder ? (uint8_t)(rand() % 2) : 0;
		}
		all = registry(b, n);
		some = registry(b, known);
		for (int ask = 0; ask < 50; ask++) {
			uint8_t person[PSEUDONYM_BYTES] = {(uint8_t)(rand() % 3)};
			struct boundary_question q = {
				.role = str_from(words[rand() % 2]),
				.matter = str_from(words[rand() % 2]),
				.unit = str_from(units[rand() % 7]),
				.person = rand() % 3 ? person : NULL,
				.time = rand() % 6,
			};
			const struct boundary *got = boundaries_find(all, &q);
			const struct boundary *want = search_all(b, n, &q);

			ck_assert_int_eq(got ? got->seq : 0, want ? want->seq : 0);
			/* Nor does it matter which of them the registry has. */
			got = boundaries_find(some, &q);
			for (size_t i = known; i < n; i++)
				got = boundaries_nearer(got, &b[i], &q);
			ck_assert_int_eq(got ? got->seq : 0, want ? want->seq : 0);
		}
		boundaries_release(&all);
		boundaries_release(&some);
	}
}
END_TEST

Suite *
model_boundaries_suite(void)
{
	Suite *s = suite_create("model_boundaries");
	TCase *tc = tcase_create("in force");

	tcase_add_test(tc, the_nearest_unit_above_counts);
	tcase_add_test(tc, the_latest_counts_then_the_last_to_arrive);
	tcase_add_test(tc, a_holders_goes_before_all_others);
	tcase_add_test(tc, text_is_copied_and_the_registry_is_shared);
	tcase_add_test(tc, inside_is_what_may_be_done_alone);
	tcase_add_test(tc, as_a_search_through_all_of_them_says);
	suite_add_tcase(s, tc);
	return s;
}
