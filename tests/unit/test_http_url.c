/* http/url: escapes, and the pairs of queries and forms. */
#include <check.h>
#include <stdio.h>

#include "base/buf.h"
#include "http/url.h"
#include "unit.h"

static const struct {
	const char *text, *plain, *form; /* NULL: refused */
} escapes[] = {
	{"", "", ""},
	{"abc", "abc", "abc"},
	{"a+b", "a+b", "a b"},
	{"%41%2b%2B", "A++", "A++"},
	{"%c3%a4", "\xc3\xa4", "\xc3\xa4"},
	{"%25%34", "%4", "%4"},
	{"%", NULL, NULL},
	{"a%4", NULL, NULL},
	{"%4g", NULL, NULL},
	{"% 41", NULL, NULL},
	{"%u0041", NULL, NULL},
	{"%00", NULL, NULL},
};

START_TEST(escapes_are_decoded_in_place)
{
	char text[32];
	size_t n;

	snprintf(text, sizeof(text), "%s", escapes[_i].text);
	ck_assert_int_eq(http_url_valid(str_from(text)), escapes[_i].plain != NULL);
	ck_assert_int_eq(http_url_decode(text, str_from(text), false, &n),
			 escapes[_i].plain != NULL);
	if (escapes[_i].plain != NULL)
		ck_assert(str_is((struct str){text, n}, escapes[_i].plain));
	snprintf(text, sizeof(text), "%s", escapes[_i].text);
	ck_assert_int_eq(http_url_decode(text, str_from(text), true, &n),
			 escapes[_i].form != NULL);
	if (escapes[_i].form != NULL)
		ck_assert(str_is((struct str){text, n}, escapes[_i].form));
}
END_TEST

START_TEST(a_path_has_no_escaped_slash)
{
	char text[16];
	size_t n;

	ck_assert(http_path_decode(text, STR("/a%20b+"), &n));
	ck_assert(str_is((struct str){text, n}, "/a b+"));
	ck_assert(!http_path_decode(text, STR("/a%2Fb"), &n));
	ck_assert(!http_path_decode(text, STR("/%2f"), &n));
	ck_assert(http_path_decode(text, STR("/%252f"), &n));
	ck_assert(str_is((struct str){text, n}, "/%2f"));
	ck_assert(!http_path_decode(text, STR("/%0"), &n));
}
END_TEST

static const struct {
	const char *text, *pairs;
	enum http_form_step end;
} forms[] = {
	{"", "", HTTP_FORM_END},
	{"&&", "", HTTP_FORM_END},
	{"a=1", "a>1;", HTTP_FORM_END},
	{"a=1&b=2&a=3", "a>1;b>2;a>3;", HTTP_FORM_END},
	{"&a=1&&b=2&", "a>1;b>2;", HTTP_FORM_END},
	{"a", "a>;", HTTP_FORM_END},
	{"a=", "a>;", HTTP_FORM_END},
	{"=b", ">b;", HTTP_FORM_END},
	{"a=b=c", "a>b=c;", HTTP_FORM_END},
	{"a+b=c+d", "a b>c d;", HTTP_FORM_END},
	{"%61=%3d%26", "a>=&;", HTTP_FORM_END},
	{"a=1&b=%4", "a>1;", HTTP_FORM_BAD},
	{"%zz=1", "", HTTP_FORM_BAD},
};

START_TEST(pairs_come_in_order)
{
	struct str name, value;
	enum http_form_step step;
	struct http_form f;
	struct arena arena;
	struct buf out;

	arena_init(&arena, 256);
	buf_init(&out, 0);
	http_form_init(&f, str_from(forms[_i].text), &arena);
	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR)
		buf_printf(&out, "%.*s>%.*s;", STR_FMT(name), STR_FMT(value));
	ck_assert_int_eq(step, forms[_i].end);
	ck_assert(str_is(buf_str(&out), forms[_i].pairs));
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_form_has_no_nul)
{
	struct str name, value;
	struct http_form f;
	struct arena arena;

	arena_init(&arena, 256);
	http_form_init(&f, STR("a=\0"), &arena);
	ck_assert_int_eq(http_form_next(&f, &name, &value), HTTP_FORM_BAD);
	arena_fini(&arena);
}
END_TEST

START_TEST(an_absent_query_has_no_pairs)
{
	struct str name, value;
	struct http_form f;

	http_form_init(&f, STR_NONE, NULL);
	ck_assert_int_eq(http_form_next(&f, &name, &value), HTTP_FORM_END);
}
END_TEST

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a[0])))

Suite *
http_url_suite(void)
{
	Suite *s = suite_create("http_url");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, escapes_are_decoded_in_place, 0, COUNT_OF(escapes));
	tcase_add_test(tc, a_path_has_no_escaped_slash);
	tcase_add_loop_test(tc, pairs_come_in_order, 0, COUNT_OF(forms));
	tcase_add_test(tc, a_form_has_no_nul);
	tcase_add_test(tc, an_absent_query_has_no_pairs);
	suite_add_tcase(s, tc);
	return s;
}
