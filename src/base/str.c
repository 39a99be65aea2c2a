/* Borrowed strings: what is too long to be inline. */
#include "base/str.h"

#include <stdlib.h>

static unsigned char
ascii_lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

bool
str_ieq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n &&
		(prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

int
str_cmp(struct str a, struct str b)
{
	size_t common = a.n < b.n ? a.n : b.n;
	int order = common > 0 ? memcmp(a.p, b.p, common) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct str
str_split(struct str *rest, char sep)
{
	struct str part = *rest;
	const char *at = part.n > 0 ? memchr(part.p, sep, part.n) : NULL;

	if (at == NULL) {
		*rest = STR_NONE;
		return part;
	}
	part.n = (size_t)(at - part.p);
	*rest = (struct str){at + 1, rest->n - part.n - 1};
	return part;
}

char *
str_dup(struct str s)
{
	char *z = malloc(s.n + 1);

	if (z == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}
