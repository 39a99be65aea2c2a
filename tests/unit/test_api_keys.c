/*
 * api/keys: who gets which pseudonym.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/keys.h"
#include "unit.h"

static char dir[] = "/tmp/empower-keys-XXXXXX";
static struct keys k;
static struct crypto_key customer, personnel, sealed;

static void
set_up(void)
{
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(crypto_init(), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&customer, dir, "customer", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&personnel, dir, "personnel", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&sealed, dir, "sealed", NULL), EMP_OK);
	k = (struct keys){&customer, &personnel, &sealed};
}

static void
tear_down(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
pseudonym(uint8_t out[PSEUDONYM_BYTES], enum event_class class, const char *person)
{
	struct event e = {.class = class};

	e.person.text = str_from(person);
	keys_pseudonymise(&k, &e);
	ck_assert(e.person.set);
	ck_assert_uint_eq(e.person.text.n, 0);
	memcpy(out, e.person.pseudonym, PSEUDONYM_BYTES);
}

START_TEST(each_class_has_its_own)
{
	uint8_t a[16], b[16], c[16];

	pseudonym(a, CLASS_CUSTOMER, "ann");
	pseudonym(b, CLASS_CUSTOMER, "ann");
	pseudonym(c, CLASS_PERSONNEL, "ann");
	ck_assert_mem_eq(a, b, 16);
	ck_assert_mem_ne(a, c, 16);
	pseudonym(b, CLASS_SEALED, "ann");
	ck_assert_mem_ne(a, b, 16);
	ck_assert_mem_ne(c, b, 16);
	pseudonym(b, CLASS_CUSTOMER, "bob");
	ck_assert_mem_ne(a, b, 16);
}
END_TEST

START_TEST(who_came_by_a_code_is_known_already)
{
	struct event e = {.class = CLASS_OPERATIONAL};
	uint8_t p1[PSEUDONYM_BYTES], known[PSEUDONYM_BYTES];

	pseudonym(known, CLASS_OPERATIONAL, "p1");
	keys_person(&k, STR("p1"), p1);
	ck_assert_mem_eq(p1, known, sizeof p1);
	memcpy(e.person.pseudonym, known, sizeof known);
	e.person.set = true;
	e.person.text = STR("0123"); /* only for the hash of the content */
	keys_pseudonymise(&k, &e);
	ck_assert_mem_eq(e.person.pseudonym, known, sizeof known);
	ck_assert_uint_eq(e.person.text.n, 0);
}
END_TEST

Suite *
api_keys_suite(void)
{
	Suite *s = suite_create("api_keys");
	TCase *t = tcase_create("keys");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, each_class_has_its_own);
	tcase_add_test(t, who_came_by_a_code_is_known_already);
	suite_add_tcase(s, t);
	return s;
}
