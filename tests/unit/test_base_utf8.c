/* base/utf8: what RFC 3629 allows, and no more. */
#include <check.h>

#include "base/utf8.h"
#include "unit.h"

/* Every code point comes through put and is valid; what lies between is neither. */
START_TEST(every_code_point)
{
	for (uint32_t c = 0; c <= 0x110010; c++) {
		char text[4];
		size_t n = utf8_put(text, c);
		bool character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		LOOP_ASSERT((n > 0) == character);
		if (n == 0)
			continue;
		LOOP_ASSERT(n == (c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4));
		LOOP_ASSERT(utf8_valid((struct str){text, n}));
		for (size_t cut = 1; cut < n; cut++)
			LOOP_ASSERT(!utf8_valid((struct str){text, cut}));
	}
}
END_TEST

static const char *const invalid[] = {
	"\x80", /* a continuation alone */
	"\xbf",
	"\xc0\x80",         /* overlong NUL */
	"\xc1\xbf",         /* overlong */
	"\xe0\x9f\xbf",     /* overlong */
	"\xf0\x8f\xbf\xbf", /* overlong */
	"\xed\xa0\x80",     /* the first surrogate */
	"\xed\xbf\xbf",     /* the last */
	"\xf4\x90\x80\x80", /* U+110000 */
	"\xf5\x80\x80\x80",
	"\xff",
	"\xfe",
	"\xc3(", /* a continuation is missing */
	"\xe2\x82(",
	"\xe2(\x82",
	"\xf0\x9f\x98(",
	"\xf8\x88\x80\x80\x80", /* five bytes */
};

/* At every place of a text, so that the fast path over ASCII cannot step over it. */
START_TEST(invalid_sequences_anywhere)
{
	char text[40];
	size_t n = strlen(invalid[_i]);

	for (size_t at = 0; at + n <= sizeof text; at++) {
		memset(text, 'a', sizeof text);
		ck_assert(utf8_valid((struct str){text, sizeof text}));
		memcpy(text + at, invalid[_i], n);
		ck_assert(!utf8_valid((struct str){text, sizeof text}));
		ck_assert(!utf8_valid((struct str){text, at + n}));
	}
}
END_TEST

START_TEST(mixed_text)
{
	ck_assert(utf8_valid(STR("Zażółć gęślą jaźń — ¿cómo? 😀 plain text behind it")));
	ck_assert(utf8_valid(STR_NONE));
	ck_assert(utf8_valid((struct str){"a\0b", 3}));
}
END_TEST

Suite *
base_utf8_suite(void)
{
	Suite *s = suite_create("base_utf8");
	TCase *tc = tcase_create("utf8");

	tcase_add_test(tc, every_code_point);
	tcase_add_loop_test(tc, invalid_sequences_anywhere, 0,
			    (int)(sizeof invalid / sizeof *invalid));
	tcase_add_test(tc, mixed_text);
	suite_add_tcase(s, tc);
	return s;
}
