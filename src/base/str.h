/* Borrowed strings: a pointer and a length, not terminated.
 *
 * The hot path never copies text it can point at; whoever stores a struct str says in
 * its comment what keeps the bytes alive.
 */
#ifndef EMP_BASE_STR_H
#define EMP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p; /* NULL only when n is 0 and the string is absent */
	size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf("%.*s"). */
#define STR_FMT(s) (int)(s).n, (s).p

static inline struct str
str_from(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
str_is(struct str a, const char *z)
{
	return str_eq(a, str_from(z));
}

/* ASCII only, as HTTP needs it. [any] */
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
/* Byte order, shorter first among equal prefixes; <0, 0, >0. [any] */
int str_cmp(struct str a, struct str b);
/* Without leading and trailing spaces and tabs. [any] */
struct str str_trim(struct str s);
/* Cut *rest at the first `sep`: returns what is before it and moves *rest behind it
 * (STR_NONE when there was none left). "a,b," gives "a", "b", "". [any] */
struct str str_split(struct str *rest, char sep);
/* A terminated copy; free() it. NULL when out of memory. [any] */
char *str_dup(struct str s);

#endif
