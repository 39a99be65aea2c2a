/* base: arrays that grow. */
#include <check.h>
#include <stdlib.h>

#include "base/array.h"
#include "unit.h"

START_TEST(what_is_in_it_stays)
{
	int *v = NULL;
	uint32_t cap = 0;

	for (int i = 0; i < 1000; i++) {
		ck_assert(array_reserve(&v, &cap, (uint32_t)i + 1, sizeof *v));
		ck_assert_uint_gt(cap, (uint32_t)i);
		v[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(v[i], i);
	/* Doubling: few moves however long it gets. */
	ck_assert_uint_eq(cap, 1024);
	ck_assert(array_reserve(&v, &cap, 5000, sizeof *v));
	ck_assert_uint_eq(cap, 8192);
	free(v);
}
END_TEST

START_TEST(refused_memory_changes_nothing)
{
	struct {
		char bytes[1 << 20];
	} *v = malloc(sizeof *v), *before = v;
	uint32_t cap = 1;

	ck_assert(!array_reserve(&v, &cap, UINT32_MAX / 2, SIZE_MAX / 4));
	ck_assert(!array_reserve(&v, &cap, UINT32_MAX, 1));
	ck_assert_ptr_eq(v, before);
	ck_assert_uint_eq(cap, 1);
	free(v);
}
END_TEST

Suite *
base_array_suite(void)
{
	Suite *s = suite_create("base_array");
	TCase *tc = tcase_create("array");

	tcase_add_test(tc, what_is_in_it_stays);
	tcase_add_test(tc, refused_memory_changes_nothing);
	suite_add_tcase(s, tc);
	return s;
}
