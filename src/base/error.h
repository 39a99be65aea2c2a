/* Errors as values.
 *
 * Every function that can fail returns `enum emp_rc` and is marked EMP_MUST_CHECK.
 * Bad input is a value (EMP_INVALID and a struct problem saying where); a broken
 * invariant is a bug and ends the program through EMP_ASSERT, which is always on.
 */
#ifndef EMP_BASE_ERROR_H
#define EMP_BASE_ERROR_H

#include <stddef.h>

enum emp_rc {
#define ERR(name, slug, status, title) EMP_##name,
#include "base/errors.def"
#undef ERR
	EMP_RC_COUNT
};

#define EMP_MUST_CHECK __attribute__((warn_unused_result))

/* Abort with file, line and expression. Never compiled out. */
#define EMP_ASSERT(expr)                                                               \
	((expr) ? (void)0 : emp_assert_failed(#expr, __FILE__, __LINE__))

_Noreturn void emp_assert_failed(const char *expr, const char *file, int line);

/* The rows of errors.def. [any] The strings live for ever. */
const char *emp_rc_slug(enum emp_rc rc);
const char *emp_rc_title(enum emp_rc rc);
int emp_rc_status(enum emp_rc rc);

/* What is wrong with an input and where. Filled by decoders and validators; a caller
 * may pass NULL where it does not care. Truncates, never fails.
 *
 * `pointer` is an RFC 6901 JSON pointer ("/data/answers/overall"), or the name of a
 * query parameter or header with no leading slash, or "" for the whole input.
 */
#define PROBLEM_POINTER_MAX 192
#define PROBLEM_DETAIL_MAX 192

struct problem {
	enum emp_rc rc;
	char pointer[PROBLEM_POINTER_MAX];
	char detail[PROBLEM_DETAIL_MAX];
};

/* Fill `p` (NULL allowed) and return `rc`, so that `return problem_set(...)` works.
 * [any] The detail must never contain user text beyond a name that passed validation.
 */
enum emp_rc problem_set(struct problem *p, enum emp_rc rc, const char *pointer,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
