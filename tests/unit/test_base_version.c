/*
 * base/version: the library knows which release it is.
 */
#include "config.h"

#include <check.h>

#include "base/version.h"
#include "unit.h"

START_TEST(version_is_that_of_the_package)
{
	ck_assert_str_eq(base_version(), PACKAGE_VERSION);
}
END_TEST

Suite *
base_version_suite(void)
{
	Suite *s = suite_create("base_version");
	TCase *tc = tcase_create("version");

	tcase_add_test(tc, version_is_that_of_the_package);
	suite_add_tcase(s, tc);
	return s;
}
