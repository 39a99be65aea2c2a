/* http/fields: media types, entity tags and languages. */
#include <check.h>

#include "http/fields.h"
#include "unit.h"

static const struct {
	const char *text, *type, *charset; /* type NULL: refused */
} media[] = {
	{"application/json", "application/json", NULL},
	{" Text/CSV ", "text/csv", NULL},
	{"text/plain;charset=UTF-8", "text/plain", "UTF-8"},
	{"text/plain ; charset=\"utf-8\" ; x=y", "text/plain", "utf-8"},
	{"text/plain; CHARSET=a; charset=b", "text/plain", "a"},
	{"text/plain;", "text/plain", NULL},
	{"application/cloudevents-batch+json; x=\"a\\\"b;c\"",
	 "application/cloudevents-batch+json", NULL},
	{"", NULL, NULL},
	{"text", NULL, NULL},
	{"text/", NULL, NULL},
	{"/plain", NULL, NULL},
	{"text /plain", NULL, NULL},
	{"text/plain x", NULL, NULL},
	{"text/plain; charset", NULL, NULL},
	{"text/plain; charset=", NULL, NULL},
	{"text/plain; charset=\"x", NULL, NULL},
	{"text/plain; charset=\"x\\", NULL, NULL},
	{"text/plain, text/html", NULL, NULL},
};

START_TEST(media_types_are_parsed)
{
	struct http_media m;

	ck_assert_int_eq(http_media_parse(str_from(media[_i].text), &m),
			 media[_i].type != NULL);
	if (media[_i].type == NULL)
		return;
	ck_assert(http_media_is(&m, media[_i].type));
	ck_assert(!http_media_is(&m, "text/pla"));
	ck_assert(str_eq(m.charset, str_from(media[_i].charset)));
}
END_TEST

static const struct {
	const char *list, *etag;
	bool weak, strong;
} etags[] = {
	{"\"a\"", "\"a\"", true, true},
	{"W/\"a\"", "\"a\"", true, false},
	{"\"a\"", "W/\"a\"", true, false},
	{"W/\"a\"", "W/\"a\"", true, false},
	{"\"b\", \"a\"", "\"a\"", true, true},
	{" \"b\" ,, W/\"c\",\"a\" ", "\"a\"", true, true},
	{"\"b,\"a\"", "\"a\"", false, false},
	{"\"x,y\"", "\"x,y\"", true, true},
	{"*", "\"a\"", true, true},
	{" * ", "\"a\"", true, true},
	{"\"*\"", "\"a\"", false, false},
	{"", "\"a\"", false, false},
	{"a", "\"a\"", false, false},
	{"\"a", "\"a\"", false, false},
	{"w/\"a\"", "\"a\"", false, false},
	{"\"A\"", "\"a\"", false, false},
	{"\"ab\"", "\"a\"", false, false},
	{"\"b\" \"a\"", "\"a\"", false, false},
	{"\"\"", "\"\"", true, true},
};

START_TEST(etags_are_compared)
{
	struct str list = str_from(etags[_i].list), etag = str_from(etags[_i].etag);

	ck_assert_int_eq(http_etag_in(list, etag, true), etags[_i].weak);
	ck_assert_int_eq(http_etag_in(list, etag, false), etags[_i].strong);
}
END_TEST

START_TEST(an_absent_list_matches_nothing)
{
	ck_assert(!http_etag_in(STR_NONE, STR("\"a\""), true));
}
END_TEST

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a[0])))

static const struct {
	const char *list;
	const char *picked; /* NULL: none */
} languages[] = {
	{"es", "es"},
	{"es-MX", "es"},
	{"ES-419,es;q=0.9", "es"},
	{"pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", "pl"},
	{"fr;q=0.9,es;q=0.2,pl;q=0.3", "pl"},
	{"es;q=0.5, pl;q=0.5", "es"},
	{"pl ; q=0.5 , es;q=0.51", "es"},
	{"es;Q=0.001", "es"},
	{"es;q=0", NULL},
	{"es;q=0,*", "en"},
	{"en;q=0,*;q=0.1", "es"},
	{"en;q=0.1,*;q=0.2", "es"},
	{"*", "en"},
	{"*,pl", "en"},
	{"fr, *;q=0.5", "en"},
	{"fr", NULL},
	{"", NULL},
	{",,pl,", "pl"},
	{"esp", NULL},
	{"e", NULL},
	{"es;q=2,pl;q=0.1", "pl"},
	{"es;q=1.5,pl;q=0.1", "pl"},
	{"es;q=0.1234,pl;q=0.1", "pl"},
	{"es;q=,pl;q=0.1", "pl"},
	{"es;q=.5,pl;q=0.1", "pl"},
	{"es;q=-1,pl;q=0.1", "pl"},
	{"es;level=1,pl;q=0.1", "pl"},
};

START_TEST(languages_are_picked)
{
	static const char *const tags[] = {"en", "es", "pl"};
	size_t i = http_language_pick(str_from(languages[_i].list), tags, 3);

	ck_assert_uint_le(i, 3);
	ck_assert_pstr_eq(i < 3 ? tags[i] : NULL, languages[_i].picked);
}
END_TEST

Suite *
http_fields_suite(void)
{
	Suite *s = suite_create("http_fields");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, media_types_are_parsed, 0, COUNT_OF(media));
	tcase_add_loop_test(tc, etags_are_compared, 0, COUNT_OF(etags));
	tcase_add_loop_test(tc, languages_are_picked, 0, COUNT_OF(languages));
	tcase_add_test(tc, an_absent_list_matches_nothing);
	suite_add_tcase(s, tc);
	return s;
}
