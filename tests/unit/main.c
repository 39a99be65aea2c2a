/*
 * Runs every suite of suites.def. CK_RUN_SUITE and CK_RUN_CASE narrow the run;
 * CK_FORK=no keeps all tests in one process, for a debugger.
 */
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static Suite *(*const suites[])(void) = {
#define SUITE(name) name##_suite,
#include "suites.def"
#undef SUITE
};

int
main(void)
{
	SRunner *runner = srunner_create(NULL);
	int run;
	int failed;

	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_ENV);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (run == 0)
		fprintf(stderr, "unit: no test ran; is CK_RUN_SUITE a suite?\n");
	return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
