/* http/gzip: unpacking stops at the limit, survives any cut, and tells damage. */
#include <check.h>
#include <string.h>

#include "http/gzip.h"
#include "unit.h"

#define MANY 100000

static struct buf packed, plain, out;

static void
setup(void)
{
	buf_init(&packed, 0);
	buf_init(&plain, 0);
	buf_init(&out, 0);
	for (int i = 0; plain.n < MANY; i++)
		buf_printf(&plain, "%d,", i * i % 1009);
	plain.n = MANY;
	ck_assert_int_eq(http_gzip(buf_str(&plain), &packed), EMP_OK);
}

static void
teardown(void)
{
	buf_fini(&packed);
	buf_fini(&plain);
	buf_fini(&out);
}

static enum emp_rc
unpack(struct str in, size_t step, size_t max)
{
	struct http_gunzip *g;
	enum emp_rc rc;

	buf_clear(&out);
	ck_assert_int_eq(http_gunzip_new(&g, max), EMP_OK);
	rc = EMP_OK;
	for (size_t at = 0; rc == EMP_OK && at < in.n; at += step)
		rc = http_gunzip_feed(
			g, (struct str){in.p + at, step < in.n - at ? step : in.n - at},
			&out);
	if (rc == EMP_OK)
		rc = http_gunzip_finish(g);
	http_gunzip_free(&g);
	return rc;
}

START_TEST(what_was_packed_comes_back_however_it_is_cut)
{
	const size_t steps[] = {1, 7, 1000, MANY};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ck_assert_int_eq(unpack(buf_str(&packed), steps[i], MANY), EMP_OK);
		ck_assert(str_eq(buf_str(&out), buf_str(&plain)));
	}
}
END_TEST

START_TEST(the_limit_holds_to_the_byte)
{
	ck_assert_int_eq(unpack(buf_str(&packed), MANY, MANY - 1), EMP_TOO_LARGE);
	ck_assert_uint_lt(out.n, MANY);
	ck_assert_int_eq(unpack(buf_str(&packed), 1, MANY - 1), EMP_TOO_LARGE);
	ck_assert_int_eq(unpack(buf_str(&packed), MANY, 0), EMP_TOO_LARGE);
}
END_TEST

START_TEST(a_bomb_is_stopped_early)
{
	struct buf bomb, zeros;
	char *p;

	buf_init(&bomb, 0);
	buf_init(&zeros, 0);
	p = buf_reserve(&zeros, 50 << 20);
	ck_assert_ptr_nonnull(p);
	memset(p, 0, 50 << 20);
	zeros.n = 50 << 20;
	ck_assert_int_eq(http_gzip(buf_str(&zeros), &bomb), EMP_OK);
	ck_assert_uint_lt(bomb.n, 1 << 20);
	ck_assert_int_eq(unpack(buf_str(&bomb), bomb.n, 1 << 20), EMP_TOO_LARGE);
	ck_assert_uint_le(out.cap, 4 << 20);
	buf_fini(&bomb);
	buf_fini(&zeros);
}
END_TEST

START_TEST(members_are_joined)
{
	size_t n = packed.n;

	ck_assert_int_eq(http_gzip(STR("tail"), &packed), EMP_OK);
	ck_assert_uint_gt(packed.n, n);
	ck_assert_int_eq(unpack(buf_str(&packed), 11, MANY + 4), EMP_OK);
	ck_assert_uint_eq(out.n, MANY + 4);
	ck_assert_mem_eq(out.p + MANY, "tail", 4);
	ck_assert_int_eq(unpack(buf_str(&packed), packed.n, MANY + 3), EMP_TOO_LARGE);
}
END_TEST

START_TEST(damage_is_told)
{
	struct str all = buf_str(&packed);

	ck_assert_int_eq(unpack(STR("hello"), 5, MANY), EMP_BAD_GZIP);
	ck_assert_int_eq(unpack(STR(""), 1, MANY), EMP_BAD_GZIP);
	for (size_t n = 1; n < 40; n++)
		ck_assert_int_eq(unpack((struct str){all.p, all.n - n}, all.n, MANY),
				 EMP_BAD_GZIP);
	/* The checksum. */
	packed.p[packed.n - 6] ^= 1;
	ck_assert_int_eq(unpack(buf_str(&packed), packed.n, MANY), EMP_BAD_GZIP);
	packed.p[packed.n - 6] ^= 1;
	buf_add_z(&packed, "garbage");
	ck_assert_int_eq(unpack(buf_str(&packed), packed.n, MANY), EMP_BAD_GZIP);
}
END_TEST

Suite *
http_gzip_suite(void)
{
	Suite *s = suite_create("http_gzip");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_packed_comes_back_however_it_is_cut);
	tcase_add_test(tc, the_limit_holds_to_the_byte);
	tcase_add_test(tc, a_bomb_is_stopped_early);
	tcase_add_test(tc, members_are_joined);
	tcase_add_test(tc, damage_is_told);
	suite_add_tcase(s, tc);
	return s;
}
