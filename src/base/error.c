/* Errors as values: the rows of errors.def, and the filling of struct problem. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *slug;
	const char *title;
	int status;
} errors[EMP_RC_COUNT] = {
#define ERR(name, slug, status, title) [EMP_##name] = {slug, title, status},
#include "base/errors.def"
#undef ERR
};

_Noreturn void
emp_assert_failed(const char *expr, const char *file, int line)
{
	/* Plain stderr, not the log: this must work in whatever state the rest is. */
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expr);
	abort();
}

const char *
emp_rc_slug(enum emp_rc rc)
{
	EMP_ASSERT((unsigned)rc < EMP_RC_COUNT);
	return errors[rc].slug;
}

const char *
emp_rc_title(enum emp_rc rc)
{
	EMP_ASSERT((unsigned)rc < EMP_RC_COUNT);
	return errors[rc].title;
}

int
emp_rc_status(enum emp_rc rc)
{
	EMP_ASSERT((unsigned)rc < EMP_RC_COUNT);
	return errors[rc].status;
}

/* A pointer can hold a field name of the client's. Cut text goes into a JSON answer, so
 * half a character must not stay at its end. */
static void
drop_half_character(char *z)
{
	size_t n = strlen(z);
	size_t tail = 0; /* continuation bytes at the end */
	size_t want;
	unsigned char lead;

	while (tail < n && tail < 3 && ((unsigned char)z[n - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail == n)
		return;
	lead = (unsigned char)z[n - 1 - tail];
	want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
	if (tail < want)
		z[n - 1 - tail] = '\0';
}

enum emp_rc
problem_set(struct problem *p, enum emp_rc rc, const char *pointer, const char *fmt,
	    ...)
{
	va_list args;
	int n;

	if (p == NULL)
		return rc;
	p->rc = rc;
	n = snprintf(p->pointer, sizeof p->pointer, "%s", pointer);
	if (n >= (int)sizeof p->pointer)
		drop_half_character(p->pointer);
	va_start(args, fmt);
	n = vsnprintf(p->detail, sizeof p->detail, fmt, args);
	va_end(args);
	if (n < 0)
		p->detail[0] = '\0';
	else if (n >= (int)sizeof p->detail)
		drop_half_character(p->detail);
	return rc;
}
