/* base/owner: a structure that belongs to a thread notices another. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/owner.h"
#include "unit.h"

static struct owner o;

static void *
claim(void *unused)
{
	owner_claim(&o);
	return unused;
}

static void *
use(void *unused)
{
	owner_assert(&o);
	return unused;
}

static void *
claim_use_release(void *unused)
{
	owner_claim(&o);
	owner_assert(&o);
	owner_release(&o);
	return unused;
}

static void
in_thread(void *(*fn)(void *))
{
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, fn, NULL), 0);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
}

START_TEST(the_owner_may)
{
	owner_assert(&o);
	owner_claim(&o);
	owner_claim(&o);
	owner_assert(&o);
}
END_TEST

START_TEST(ownership_can_be_handed_over)
{
	in_thread(claim_use_release);
	owner_claim(&o);
	owner_release(&o);
	in_thread(claim_use_release);
}
END_TEST

START_TEST(another_thread_may_not)
{
	fclose(stderr);
	owner_claim(&o);
	in_thread(use);
}
END_TEST

START_TEST(what_is_owned_cannot_be_claimed)
{
	fclose(stderr);
	owner_claim(&o);
	in_thread(claim);
}
END_TEST

Suite *
base_owner_suite(void)
{
	Suite *s = suite_create("base_owner");
	TCase *tc = tcase_create("owner");

	tcase_add_test(tc, the_owner_may);
	tcase_add_test(tc, ownership_can_be_handed_over);
	tcase_add_test_raise_signal(tc, another_thread_may_not, SIGABRT);
	tcase_add_test_raise_signal(tc, what_is_owned_cannot_be_claimed, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
