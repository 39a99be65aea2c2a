/* base/plain: where text needs an escape, wherever that is. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain.h"
#include "unit.h"

/* More than two of the largest steps. */
#define LENGTH_MAX 40

/* Byte by byte. */
static size_t
expected(const char *p, size_t n, bool *high)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high = *high || c >= 0x80;
	}
	return i;
}

/* What is behind the end tells of who looks there: it is not ASCII. */
static bool
is_right(const char *text, size_t n)
{
	char *p = malloc(n + 1);
	bool high = false;
	bool want_high = false;
	size_t want = expected(text, n, &want_high);
	bool right;

	ck_assert_ptr_nonnull(p);
	memcpy(p, text, n);
	p[n] = '\xff';
	right = plain_length(p, p + n, &high) == want && high == want_high;
	/* It says nothing of what it did not see. */
	high = true;
	right = right && plain_length(p, p + n, &high) == want && high;
	free(p);
	return right;
}

START_TEST(every_byte_everywhere)
{
	const char fill[] = {'a', '\xc3', '"'};
	char text[LENGTH_MAX];

	for (size_t n = 0; n <= LENGTH_MAX; n++) {
		for (size_t at = 0; at < n; at++) {
			memset(text, 'a', sizeof text);
			/* Behind it what is plain, what is not ASCII, what ends it too.
			 */
			memset(text + at, fill[(n + at) % sizeof fill], n - at);
			for (unsigned c = 0; c <= 0xff; c++) {
				text[at] = (char)c;
				LOOP_ASSERT(is_right(text, n));
			}
		}
	}
}
END_TEST

/* Neighbours on both sides of what counts, so that carries between them would show. */
START_TEST(any_mixture)
{
	static const char of[] = "aaaaaaaaaaaaaaaa\x1f\x20!\"#[\\]\x7f\x80\xff";
	char text[LENGTH_MAX];

	srand(3);
	for (int i = 0; i < 200000; i++) {
		size_t n = (size_t)rand() % (LENGTH_MAX + 1);

		for (size_t k = 0; k < n; k++)
			text[k] = of[(size_t)rand() % (sizeof of - 1)];
		LOOP_ASSERT(is_right(text, n));
	}
}
END_TEST

Suite *
base_plain_suite(void)
{
	Suite *s = suite_create("base_plain");
	TCase *tc = tcase_create("plain");

	tcase_add_test(tc, every_byte_everywhere);
	tcase_add_test(tc, any_mixture);
	suite_add_tcase(s, tc);
	return s;
}
