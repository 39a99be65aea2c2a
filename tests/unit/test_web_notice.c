/* web/notice: paragraphs say the numbers of the survey, in every language. */
#include <check.h>

#include "unit.h"
#include "web/notice.h"

static struct arena arena;
static const struct notice_keep for_ever;

static void
set_up(void)
{
	arena_init(&arena, 4096);
}

static void
tear_down(void)
{
	arena_fini(&arena);
}

/* All paragraphs in one. */
static const char *
said(enum lang l, const struct survey *v, const struct notice_keep *keep)
{
	struct notice n;
	size_t length = 0;
	char *text;

	ck_assert_int_eq(notice_make(&n, l, v, keep, &arena), EMP_OK);
	ck_assert_uint_gt(n.title.n, 0);
	ck_assert_uint_ge(n.n, 5);
	for (size_t i = 0; i < n.n; i++)
		length += n.paragraph[i].n + 1;
	text = arena_alloc(&arena, length + 1);
	ck_assert_ptr_nonnull(text);
	length = 0;
	for (size_t i = 0; i < n.n; i++) {
		memcpy(text + length, n.paragraph[i].p, n.paragraph[i].n);
		length += n.paragraph[i].n;
		text[length++] = '\n';
	}
	text[length] = '\0';
	ck_assert_ptr_null(strchr(text, '{'));
	ck_assert_ptr_null(strchr(text, '}'));
	return text;
}

static struct survey
employees(uint16_t threshold, enum period p)
{
	return (struct survey){.audience = AUDIENCE_EMPLOYEE,
			       .threshold = threshold,
			       .period = (uint8_t)p,
			       .name = STR("s")};
}

START_TEST(numbers_are_those_of_the_survey)
{
	enum lang l = (enum lang)_i;
	struct survey v = employees(7, PERIOD_WAVE);
	const char *text = said(l, &v, &for_ever);

	ck_assert_ptr_nonnull(strstr(text, "7"));
	ck_assert_ptr_nonnull(strstr(text, "10"));
	ck_assert_ptr_null(strstr(text, "12"));
	/* A higher threshold raises what is at least 10. */
	v.threshold = 12;
	text = said(l, &v, &for_ever);
	ck_assert_ptr_nonnull(strstr(text, "12"));
	ck_assert_ptr_null(strstr(text, "10"));
	ck_assert_ptr_null(strstr(text, "7"));
}
END_TEST

START_TEST(each_period_has_its_words)
{
	enum lang l = (enum lang)_i;
	struct survey wave = employees(5, PERIOD_WAVE);
	struct survey week = employees(5, PERIOD_WEEK);
	struct survey month = employees(5, PERIOD_MONTH);
	const char *a = said(l, &wave, &for_ever);
	const char *b = said(l, &week, &for_ever);
	const char *c = said(l, &month, &for_ever);

	ck_assert(strcmp(a, b) != 0);
	ck_assert(strcmp(b, c) != 0);
	ck_assert(strcmp(a, c) != 0);
}
END_TEST

START_TEST(it_says_how_long_it_is_kept)
{
	enum lang l = (enum lang)_i;
	struct notice_keep keep = {.days[CLASS_CUSTOMER] = 731,
				   .days[CLASS_SEALED] = 1};
	struct survey v = employees(5, PERIOD_WAVE);

	ck_assert_ptr_null(strstr(said(l, &v, &for_ever), "731"));
	ck_assert(strcmp(said(l, &v, &for_ever), said(l, &v, &keep)) != 0);
	ck_assert_ptr_null(strstr(said(l, &v, &keep), "731"));
	v.audience = AUDIENCE_CUSTOMER;
	ck_assert_ptr_nonnull(strstr(said(l, &v, &keep), "731"));
}
END_TEST

START_TEST(one_day_is_one_day)
{
	struct notice_keep keep = {.days[CLASS_CUSTOMER] = 1};
	struct survey v = {.audience = AUDIENCE_CUSTOMER, .name = STR("s")};

	ck_assert_ptr_nonnull(strstr(said(LANG_EN, &v, &keep), "After 1 day the"));
	keep.days[CLASS_CUSTOMER] = 2;
	ck_assert_ptr_nonnull(strstr(said(LANG_EN, &v, &keep), "After 2 days the"));
}
END_TEST

START_TEST(languages_differ)
{
	struct survey customers = {.audience = AUDIENCE_CUSTOMER, .name = STR("s")};
	struct survey workers = employees(5, PERIOD_WAVE);
	const struct survey *const of[] = {NULL, &customers, &workers};

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		for (int a = 0; a < LANG_COUNT; a++)
			for (int b = 0; b < a; b++)
				ck_assert(strcmp(said((enum lang)a, of[i], &for_ever),
						 said((enum lang)b, of[i],
						      &for_ever)) != 0);
}
END_TEST

static const struct {
	const char *tag;
	enum lang l;
} tags[] = {
	{"en", LANG_EN},         {"ES", LANG_ES},   {"pl-PL", LANG_PL},
	{"es-419", LANG_ES},     {"", LANG_COUNT},  {"fr", LANG_COUNT},
	{"english", LANG_COUNT}, {"e", LANG_COUNT},
};

START_TEST(tags_are_found)
{
	ck_assert_int_eq(lang_find(str_from(tags[_i].tag)), tags[_i].l);
	if (tags[_i].l < LANG_COUNT)
		ck_assert_int_eq(lang_find(str_from(lang_name(tags[_i].l))),
				 tags[_i].l);
}
END_TEST

Suite *
web_notice_suite(void)
{
	Suite *s = suite_create("web_notice");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, numbers_are_those_of_the_survey, 0, LANG_COUNT);
	tcase_add_loop_test(t, each_period_has_its_words, 0, LANG_COUNT);
	tcase_add_loop_test(t, it_says_how_long_it_is_kept, 0, LANG_COUNT);
	tcase_add_test(t, one_day_is_one_day);
	tcase_add_test(t, languages_differ);
	tcase_add_loop_test(t, tags_are_found, 0, sizeof tags / sizeof *tags);
	suite_add_tcase(s, t);
	return s;
}
