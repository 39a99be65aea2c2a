/*
 * crypto: codes that people type are read as they were written, whatever a hand makes
 * of their spelling, and nothing else is.
 */
#include <check.h>
#include <ctype.h>
#include <stdio.h>

#include "crypto/crypto.h"
#include "unit.h"

static void
setup(void)
{
	ck_assert_int_eq(crypto_init(), EMP_OK);
}

static bool
reads_as(const char *text, char letter, const uint8_t code[CODE_BYTES])
{
	uint8_t read[CODE_BYTES];
	char found;

	return crypto_code_parse(str_from(text), &found, read) && found == letter &&
		memcmp(read, code, CODE_BYTES) == 0;
}

START_TEST(a_code_has_one_spelling)
{
	static const uint8_t zeros[CODE_BYTES];
	uint8_t ones[CODE_BYTES];
	uint8_t steps[CODE_BYTES];
	char text[CODE_TEXT_MAX];

	memset(ones, 0xff, sizeof ones);
	for (size_t i = 0; i < sizeof steps; i++)
		steps[i] = (uint8_t)i;
	ck_assert_uint_eq(crypto_code_format(text, 'C', zeros), 32);
	ck_assert_str_eq(text, "C-00000-00000-00000-00000-000000");
	crypto_code_format(text, 'E', ones);
	ck_assert_str_eq(text, "E-7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZZ");
	/* By division of the whole number, elsewhere. */
	crypto_code_format(text, 'P', steps);
	ck_assert_str_eq(text, "P-00041-06105-0R3GG-28A1C-60T3GF");
}
END_TEST

START_TEST(every_code_is_read_again)
{
	for (int i = 0; i < 2000; i++) {
		char letter = "CEP"[i % 3];
		uint8_t code[CODE_BYTES];
		char text[CODE_TEXT_MAX];
		char other[2 * CODE_TEXT_MAX];
		size_t n = 0;

		crypto_random(code, sizeof code);
		crypto_code_format(text, letter, code);
		ck_assert_msg(reads_as(text, letter, code), "%s", text);
		/* Small letters, other groups, and what looks alike. */
		for (const char *p = text; *p != '\0'; p++) {
			if (*p == '-')
				continue;
			other[n++] = p != text && *p == '0' ? "oO0"[i % 3]
				: p != text && *p == '1'    ? "iIlL"[i % 4]
				: i % 2 == 0                ? (char)tolower(*p)
							    : *p;
			if (i % 5 == 0)
				other[n++] = i % 2 == 0 ? ' ' : '-';
		}
		other[n] = '\0';
		ck_assert_msg(reads_as(other, letter, code), "%s", other);
	}
}
END_TEST

static const char *const wrong[] = {
	"",
	"C",
	"C-",
	"C-00000-00000-00000-00000-00000",   /* one too few */
	"C-00000-00000-00000-00000-0000000", /* one too many */
	"00000-00000-00000-00000-000000",
	"D-00000-00000-00000-00000-000000",
	"CC-00000-00000-00000-00000-000000",
	"C-80000-00000-00000-00000-000000", /* a bit too many */
	"C-0000U-00000-00000-00000-000000",
	"C_00000-00000-00000-00000-000000",
	"C-00000-00000-00000-00000-00000\xc3\xb3",
	"C-00000-00000-00000-00000-00000.",
};

START_TEST(other_texts_are_no_codes)
{
	uint8_t code[CODE_BYTES];
	char letter;

	ck_assert_msg(!crypto_code_parse(str_from(wrong[_i]), &letter, code), "%s",
		      wrong[_i]);
	ck_assert(!crypto_code_parse(
		(struct str){"C-00000-00000-00000-00000-00000\0", 32}, &letter, code));
}
END_TEST

START_TEST(hashes_are_apart)
{
	const struct crypto_key a = {{1}}, b = {{2}};
	uint8_t code[CODE_BYTES] = {7};
	uint8_t hash[4][16];
	uint8_t derived[4][32];

	crypto_code_hash(hash[0], 'C', code);
	crypto_code_hash(hash[1], 'E', code);
	code[CODE_BYTES - 1] = 1;
	crypto_code_hash(hash[2], 'C', code);
	code[CODE_BYTES - 1] = 0;
	crypto_code_hash(hash[3], 'C', code);
	ck_assert_mem_eq(hash[0], hash[3], 16);
	ck_assert_mem_ne(hash[0], hash[1], 16);
	ck_assert_mem_ne(hash[0], hash[2], 16);
	crypto_derive(derived[0], &a, "receipt", STR("x"));
	crypto_derive(derived[1], &b, "receipt", STR("x"));
	crypto_derive(derived[2], &a, "other", STR("x"));
	crypto_derive(derived[3], &a, "receipt", STR("y"));
	for (int i = 1; i < 4; i++)
		ck_assert_mem_ne(derived[0], derived[i], 16);
	crypto_derive(derived[1], &a, "receipt", STR("x"));
	ck_assert_mem_eq(derived[0], derived[1], 32);
}
END_TEST

Suite *
crypto_code_suite(void)
{
	Suite *s = suite_create("crypto_code");
	TCase *tc = tcase_create("codes");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_code_has_one_spelling);
	tcase_add_test(tc, every_code_is_read_again);
	tcase_add_loop_test(tc, other_texts_are_no_codes, 0,
			    (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(tc, hashes_are_apart);
	suite_add_tcase(s, tc);
	return s;
}
