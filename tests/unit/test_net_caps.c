/* net/caps: counts per key stay right through any order of coming and going. */
#include <check.h>
#include <stdlib.h>

#include "net/caps.h"
#include "unit.h"

#define KEYS 40
#define PER_KEY 3
#define ROUNDS 20000

START_TEST(a_key_has_so_many)
{
	struct caps *c;

	ck_assert_int_eq(caps_new(&c, 100, 2), EMP_OK);
	ck_assert(caps_take(c, 7));
	ck_assert(caps_take(c, 7));
	ck_assert(!caps_take(c, 7));
	ck_assert(caps_take(c, 8));
	caps_give(c, 7);
	ck_assert(caps_take(c, 7));
	ck_assert(!caps_take(c, 7));
	caps_free(&c);
	ck_assert_ptr_null(c);
}
END_TEST

/* Keys that share their low bits collide in the table; removals must not lose them. */
START_TEST(counts_equal_a_plain_array)
{
	unsigned count[KEYS] = {0}, open = 0;
	struct caps *c;

	srandom(1);
	ck_assert_int_eq(caps_new(&c, KEYS * PER_KEY, PER_KEY), EMP_OK);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned k = (unsigned)random() % KEYS;
		uint64_t key = (uint64_t)(k % 5) + ((uint64_t)k << 32);

		if (random() % 2) {
			bool ok = caps_take(c, key);

			ck_assert_int_eq(ok, count[k] < PER_KEY);
			count[k] += ok;
			open += ok;
		} else if (count[k] > 0) {
			caps_give(c, key);
			count[k]--;
			open--;
		}
	}
	ck_assert_uint_gt(open, 0);
	caps_free(&c);
}
END_TEST

START_TEST(the_table_never_fills)
{
	struct caps *c;
	unsigned taken = 0;

	ck_assert_int_eq(caps_new(&c, 8, 1), EMP_OK);
	for (uint64_t key = 0; key < 100; key++)
		taken += caps_take(c, key);
	ck_assert_uint_ge(taken, 8);
	ck_assert_uint_lt(taken, 16);
	caps_free(&c);
}
END_TEST

Suite *
net_caps_suite(void)
{
	Suite *s = suite_create("net_caps");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, a_key_has_so_many);
	tcase_add_test(tc, counts_equal_a_plain_array);
	tcase_add_test(tc, the_table_never_fills);
	suite_add_tcase(s, tc);
	return s;
}
