/* Texts by language, and how their places are filled. */
#include "web/texts.h"

static const char *const names[] = {
	[LANG_EN] = "en", [LANG_ES] = "es", [LANG_PL] = "pl"};
_Static_assert(sizeof names / sizeof *names == LANG_COUNT, "name every language");

const char *
lang_name(enum lang l)
{
	EMP_ASSERT((unsigned)l < LANG_COUNT);
	return names[l];
}

enum lang
lang_find(struct str tag)
{
	struct str primary = str_split(&tag, '-');

	for (int l = 0; l < LANG_COUNT; l++)
		if (str_ieq(primary, str_from(names[l])))
			return (enum lang)l;
	return LANG_COUNT;
}

/* What stands before the next place, which is cut off with it; name.p NULL: the rest
 * has none. */
static struct str
next_place(struct str *rest, struct str *name)
{
	struct str before = str_split(rest, '{');

	*name = STR_NONE;
	if (rest->p != NULL)
		*name = str_split(rest, '}');
	return before;
}

static struct str
value_of(struct str name, const struct text_value *values, size_t n)
{
	size_t i = 0;

	while (i < n && !str_is(name, values[i].name))
		i++;
	EMP_ASSERT(i < n);
	return values[i].value;
}

/* Into `dst` unless it is NULL; returns the length. */
static size_t
fill(char *dst, struct str text, const struct text_value *values, size_t n)
{
	size_t at = 0;

	while (text.p != NULL) {
		struct str name;
		struct str part[2] = {next_place(&text, &name), STR_NONE};

		if (name.p != NULL)
			part[1] = value_of(name, values, n);
		for (int i = 0; i < 2; i++) {
			if (dst != NULL && part[i].n > 0)
				memcpy(dst + at, part[i].p, part[i].n);
			at += part[i].n;
		}
	}
	return at;
}

enum emp_rc
text_fill(struct str *out, enum lang l, enum text t, const struct text_value *values,
	  size_t n, struct arena *a)
{
	struct str text = str_from(texts_data[l][t]);
	size_t length = fill(NULL, text, values, n);
	char *p = arena_alloc(a, length + 1);

	if (p == NULL)
		return EMP_NOMEM;
	(void)fill(p, text, values, n);
	p[length] = '\0';
	*out = (struct str){p, length};
	return EMP_OK;
}
