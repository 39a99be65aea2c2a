/*
 * What every file of unit tests includes: the prototypes of all suites, made from the
 * table suites.def, so that a suite that is not in the table does not compile.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>

#define SUITE(name) Suite *name##_suite(void);
#include "suites.def"
#undef SUITE

/* ck_assert for inner loops: it tells the parent process only of a failure, where
 * ck_assert writes to a pipe every time. */
#define LOOP_ASSERT(expr)                                                              \
	do {                                                                           \
		if (!(expr))                                                           \
			ck_abort_msg("assertion failed: %s", #expr);                   \
	} while (0)

#endif
