/*
 * api/keys: who gets which pseudonym, and when it becomes another one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/keys.h"
#include "base/clock.h"
#include "unit.h"

static char dir[] = "/tmp/empower-keys-XXXXXX";
static struct keys k;
static struct crypto_key customer, personnel;
static struct tz *madrid;

static void
set_up(void)
{
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(crypto_init(), EMP_OK);
	ck_assert_int_eq(tz_open(&madrid, "Europe/Madrid"), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&customer, dir, "customer", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&personnel, dir, "personnel", NULL), EMP_OK);
	memset(&k, 0, sizeof k);
	k.dir = dir;
	k.tz = madrid;
	k.customer = &customer;
	k.personnel = &personnel;
}

static void
tear_down(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	tz_free(&madrid);
}

static int64_t
at(const char *text)
{
	int64_t ms;

	ck_assert(time_parse(str_from(text), &ms));
	return ms;
}

static void
pseudonym(uint8_t out[PSEUDONYM_BYTES], enum event_class class,
	  const struct survey *survey, const char *time, const char *person)
{
	struct event e = {.class = class, .survey = survey, .time = at(time)};
	struct problem p;

	e.person.text = str_from(person);
	ck_assert_int_eq(keys_pseudonymise(&k, &e, &p), EMP_OK);
	ck_assert(e.person.set);
	ck_assert_uint_eq(e.person.text.n, 0);
	memcpy(out, e.person.pseudonym, PSEUDONYM_BYTES);
}

static struct survey
survey_of(enum period period)
{
	return (struct survey){.name = STR("pulse"), .period = period};
}

START_TEST(customers_keep_theirs_and_it_is_not_that_of_personnel)
{
	uint8_t a[16], b[16], c[16];

	pseudonym(a, CLASS_CUSTOMER, NULL, "2026-01-01T00:00:00Z", "ann");
	pseudonym(b, CLASS_CUSTOMER, NULL, "2027-01-01T00:00:00Z", "ann");
	pseudonym(c, CLASS_PERSONNEL, NULL, "2026-01-01T00:00:00Z", "ann");
	ck_assert_mem_eq(a, b, 16);
	ck_assert_mem_ne(a, c, 16);
	pseudonym(b, CLASS_CUSTOMER, NULL, "2026-01-01T00:00:00Z", "bob");
	ck_assert_mem_ne(a, b, 16);
}
END_TEST

START_TEST(who_came_by_a_code_is_known_already)
{
	struct event e = {.class = CLASS_OPERATIONAL};
	uint8_t p1[PSEUDONYM_BYTES], known[PSEUDONYM_BYTES];
	struct problem p;

	pseudonym(known, CLASS_OPERATIONAL, NULL, "2026-01-01T00:00:00Z", "p1");
	keys_person(&k, STR("p1"), p1);
	ck_assert_mem_eq(p1, known, sizeof p1);
	memcpy(e.person.pseudonym, known, sizeof known);
	e.person.set = true;
	e.person.text = STR("0123"); /* only for the hash of the content */
	ck_assert_int_eq(keys_pseudonymise(&k, &e, &p), EMP_OK);
	ck_assert_mem_eq(e.person.pseudonym, known, sizeof known);
	ck_assert_uint_eq(e.person.text.n, 0);
}
END_TEST

START_TEST(sealed_ones_change_with_the_period)
{
	struct survey month = survey_of(PERIOD_MONTH);
	struct survey other = month;
	uint8_t a[16], b[16];

	other.name = STR("enps");
	pseudonym(a, CLASS_SEALED, &month, "2026-01-01T00:00:00Z", "ann");
	pseudonym(b, CLASS_SEALED, &month, "2026-01-31T22:59:59Z", "ann");
	ck_assert_mem_eq(a, b, 16);
	/* 23:00 UTC is February in Madrid. */
	pseudonym(b, CLASS_SEALED, &month, "2026-01-31T23:00:00Z", "ann");
	ck_assert_mem_ne(a, b, 16);
	pseudonym(b, CLASS_SEALED, &other, "2026-01-01T00:00:00Z", "ann");
	ck_assert_mem_ne(a, b, 16);
}
END_TEST

START_TEST(names_of_periods)
{
	struct survey wave = survey_of(PERIOD_WAVE), week = survey_of(PERIOD_WEEK);
	struct event e = {.survey = &wave, .time = at("2026-01-05T12:00:00Z")};
	char a[KEY_NAME_MAX], b[KEY_NAME_MAX];

	keys_period_name(a, madrid, &e);
	ck_assert_str_eq(a, "survey-pulse-0");
	e.survey = NULL;
	keys_period_name(a, madrid, &e);
	ck_assert_str_eq(a, "sealed-signal-672");
	e.survey = &week;
	/* Monday to Sunday, on the clock of Madrid, over the change to summer time. */
	e.time = at("2026-03-22T23:00:00Z");
	keys_period_name(a, madrid, &e);
	e.time = at("2026-03-29T21:59:59Z");
	keys_period_name(b, madrid, &e);
	ck_assert_str_eq(a, b);
	e.time = at("2026-03-29T22:00:00Z");
	keys_period_name(b, madrid, &e);
	ck_assert_str_ne(a, b);
	e.time = at("2026-03-22T22:59:59Z");
	keys_period_name(b, madrid, &e);
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(forgotten_keys_are_read_again)
{
	struct survey month = survey_of(PERIOD_MONTH);
	uint8_t first[16], again[16];
	char time[32];

	pseudonym(first, CLASS_SEALED, &month, "2020-01-01T00:00:00Z", "ann");
	for (int i = 0; i < KEYS_REMEMBERED + 5; i++) {
		snprintf(time, sizeof time, "%d-%02d-02T00:00:00Z", 2021 + i / 12,
			 1 + i % 12);
		pseudonym(again, CLASS_SEALED, &month, time, "ann");
		ck_assert_mem_ne(first, again, 16);
	}
	pseudonym(again, CLASS_SEALED, &month, "2020-01-15T00:00:00Z", "ann");
	ck_assert_mem_eq(first, again, 16);
}
END_TEST

Suite *
api_keys_suite(void)
{
	Suite *s = suite_create("api_keys");
	TCase *t = tcase_create("keys");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, customers_keep_theirs_and_it_is_not_that_of_personnel);
	tcase_add_test(t, who_came_by_a_code_is_known_already);
	tcase_add_test(t, sealed_ones_change_with_the_period);
	tcase_add_test(t, names_of_periods);
	tcase_add_test(t, forgotten_keys_are_read_again);
	suite_add_tcase(s, t);
	return s;
}
