/* base/hash: a hash that spreads, and a map that agrees with a plain model. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "unit.h"

#define MODEL 700

static struct strmap *m;

static void
set_up(void)
{
	ck_assert_int_eq(strmap_new(&m), EMP_OK);
}

static void
tear_down(void)
{
	strmap_free(&m);
	ck_assert_ptr_null(m);
}

START_TEST(the_hash_depends_on_every_byte_and_the_length)
{
	unsigned char text[80] = {0};

	for (size_t n = 0; n < sizeof text; n++) {
		uint64_t h = hash_bytes(text, n);

		ck_assert_uint_eq(h, hash_bytes(text, n));
		ck_assert_uint_ne(h, hash_bytes(text, n + 1));
		for (size_t i = 0; i < n; i++) {
			text[i] ^= 1;
			ck_assert_uint_ne(h, hash_bytes(text, n));
			text[i] ^= 1;
		}
	}
}
END_TEST

START_TEST(the_hash_does_not_depend_on_alignment)
{
	char text[64];

	for (size_t shift = 0; shift < 8; shift++) {
		memcpy(text + shift, "the same bytes at any address, 37 long", 38);
		ck_assert_uint_eq(
			hash_bytes(text + shift, 38),
			hash_bytes("the same bytes at any address, 37 long", 38));
	}
}
END_TEST

START_TEST(the_key_changes_every_hash)
{
	uint64_t bytes = hash_bytes("abc", 3);
	uint64_t number = hash_u64(7);

	hash_init();
	ck_assert_uint_ne(bytes, hash_bytes("abc", 3));
	ck_assert_uint_ne(number, hash_u64(7));
}
END_TEST

/* 4096 numbers in 256 bins by the low bits: 16 each, and none far from it. */
START_TEST(close_values_spread)
{
	unsigned bins[2][256] = {{0}};
	char text[16];

	for (unsigned i = 0; i < 4096; i++) {
		int n = snprintf(text, sizeof text, "unit-%u", i);

		bins[0][hash_bytes(text, (size_t)n) & 255]++;
		bins[1][hash_u64(i) & 255]++;
	}
	for (int kind = 0; kind < 2; kind++)
		for (int i = 0; i < 256; i++)
			ck_assert_uint_le(bins[kind][i], 48);
}
END_TEST

START_TEST(put_get_replace)
{
	char name[] = "north";

	ck_assert_uint_eq(strmap_get(m, STR("north")), UINT32_MAX);
	ck_assert_int_eq(strmap_put(m, str_from(name), 3), EMP_OK);
	name[0] = 'f'; /* the map has a copy */
	ck_assert_uint_eq(strmap_get(m, STR("north")), 3);
	ck_assert_int_eq(strmap_put(m, STR("north"), 4), EMP_OK);
	ck_assert_uint_eq(strmap_get(m, STR("north")), 4);
	ck_assert_uint_eq(strmap_get(m, STR("south")), UINT32_MAX);
	ck_assert_int_eq(strmap_put(m, STR(""), 0), EMP_OK);
	ck_assert_uint_eq(strmap_get(m, STR_NONE), 0);
}
END_TEST

static struct str
name_of(unsigned i, char text[24])
{
	return (struct str){text, (size_t)snprintf(text, 24, "name/%u", i)};
}

/* A long random history against an array: growth and collisions happen on the way. */
START_TEST(agrees_with_an_array_over_a_long_history)
{
	static uint32_t model[MODEL];
	uint64_t state = 7;
	char text[24];

	for (int i = 0; i < MODEL; i++)
		model[i] = UINT32_MAX;
	for (int step = 0; step < 60000; step++) {
		unsigned i;

		state = state * UINT64_C(6364136223846793005) + 1;
		i = (unsigned)(state >> 33) % MODEL;
		model[i] = (uint32_t)step;
		LOOP_ASSERT(strmap_put(m, name_of(i, text), (uint32_t)step) == EMP_OK);
		if (step % 1000 != 0)
			continue;
		for (unsigned j = 0; j < MODEL; j++)
			LOOP_ASSERT(strmap_get(m, name_of(j, text)) == model[j]);
	}
}
END_TEST

Suite *
base_hash_suite(void)
{
	Suite *s = suite_create("base_hash");
	TCase *tc = tcase_create("hash");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_hash_depends_on_every_byte_and_the_length);
	tcase_add_test(tc, the_hash_does_not_depend_on_alignment);
	tcase_add_test(tc, the_key_changes_every_hash);
	tcase_add_test(tc, close_values_spread);
	tcase_add_test(tc, put_get_replace);
	tcase_add_test(tc, agrees_with_an_array_over_a_long_history);
	suite_add_tcase(s, tc);
	return s;
}
