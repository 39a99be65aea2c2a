/* Media types, entity tags and languages by RFC 9110 (8.3.1, 8.8.3, 13.1, 12.5.4). */
#include "http/fields.h"

#include "http/chars.h"

static void
skip_space(struct str *s)
{
	while (s->n > 0 && (*s->p == ' ' || *s->p == '\t')) {
		s->p++;
		s->n--;
	}
}

static struct str
take_token(struct str *s)
{
	struct str token = {s->p, 0};

	while (token.n < s->n && http_char_is(s->p[token.n], HTTP_C_TOKEN))
		token.n++;
	s->p += token.n;
	s->n -= token.n;
	return token;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

/* A token, or a quoted string without its quotes (escapes are left as they are: no
 * value we look at needs them). */
static bool
take_value(struct str *s, struct str *value)
{
	size_t n = 0;

	if (!take_char(s, '"')) {
		*value = take_token(s);
		return value->n > 0;
	}
	while (n < s->n && s->p[n] != '"')
		n += s->p[n] == '\\' ? 2 : 1;
	if (n >= s->n)
		return false;
	*value = (struct str){s->p, n};
	s->p += n + 1;
	s->n -= n + 1;
	return true;
}

bool
http_media_parse(struct str field, struct http_media *out)
{
	struct str s = str_trim(field), value, name;
	const char *begin = s.p;

	*out = (struct http_media){STR_NONE, STR_NONE};
	if (take_token(&s).n == 0 || !take_char(&s, '/') || take_token(&s).n == 0)
		return false;
	out->type = (struct str){begin, (size_t)(s.p - begin)};
	for (;;) {
		skip_space(&s);
		if (s.n == 0)
			return true;
		if (!take_char(&s, ';'))
			return false;
		skip_space(&s);
		if (s.n == 0 || *s.p == ';')
			continue;
		name = take_token(&s);
		if (name.n == 0 || !take_char(&s, '=') || !take_value(&s, &value))
			return false;
		if (out->charset.p == NULL && str_ieq(name, STR("charset")))
			out->charset = value;
	}
}

bool
http_media_is(const struct http_media *m, const char *type)
{
	return str_ieq(m->type, str_from(type));
}

/* One entity tag off the list; `opaque` gets it with its quotes and without W/. */
static bool
take_etag(struct str *s, struct str *opaque, bool *weak)
{
	size_t n = 1;

	*weak = str_starts(*s, STR("W/"));
	if (*weak) {
		s->p += 2;
		s->n -= 2;
	}
	if (s->n == 0 || *s->p != '"')
		return false;
	while (n < s->n && http_char_is(s->p[n], HTTP_C_ETAG))
		n++;
	if (n == s->n || s->p[n] != '"')
		return false;
	*opaque = (struct str){s->p, n + 1};
	s->p += n + 1;
	s->n -= n + 1;
	return true;
}

bool
http_etag_in(struct str list, struct str etag, bool weak)
{
	struct str s = str_trim(list), wanted, have;
	bool wanted_weak, have_weak;

	if (str_eq(s, STR("*")))
		return true;
	if (!take_etag(&etag, &wanted, &wanted_weak))
		return false;
	while (s.n > 0) {
		skip_space(&s);
		if (take_char(&s, ','))
			continue;
		if (s.n == 0 || !take_etag(&s, &have, &have_weak))
			return false;
		if (str_eq(have, wanted) && (weak || (!have_weak && !wanted_weak)))
			return true;
		skip_space(&s);
		if (s.n > 0 && *s.p != ',')
			return false;
	}
	return false;
}

#define Q_MAX 1000 /* q=1, in thousandths */

/* "0.8" in thousandths, -1: it is none. */
static int
q_parse(struct str s)
{
	int unit = Q_MAX;
	int q;

	if (s.n == 0 || s.n > sizeof "0.123" - 1 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.n > 1 && s.p[1] != '.'))
		return -1;
	q = (s.p[0] - '0') * unit;
	for (size_t i = 2; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		unit /= 10;
		q += (s.p[i] - '0') * unit;
	}
	return q <= Q_MAX ? q : -1;
}

/* One element of the list: its range, and q; 0 for what cannot be read. */
static int
take_range(struct str element, struct str *range)
{
	*range = str_trim(str_split(&element, ';'));
	element = str_trim(element);
	if (element.n == 0)
		return Q_MAX;
	if (!str_ieq(str_trim(str_split(&element, '=')), STR("q")))
		return 0;
	return q_parse(str_trim(element)) > 0 ? q_parse(str_trim(element)) : 0;
}

static size_t
language_of(struct str range, const char *const *tags, size_t n)
{
	struct str primary = str_split(&range, '-');
	size_t i = 0;

	while (i < n && !str_ieq(primary, str_from(tags[i])))
		i++;
	return i;
}

/* The first that the list does not name: what "*" stands for. */
static size_t
language_unnamed(struct str list, const char *const *tags, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str rest = list;
		bool named = false;

		while (rest.n > 0 && !named) {
			struct str range;

			(void)take_range(str_split(&rest, ','), &range);
			named = language_of(range, tags, n) == i;
		}
		if (!named)
			return i;
	}
	return n;
}

size_t
http_language_pick(struct str list, const char *const *tags, size_t n)
{
	struct str rest = list;
	size_t best = n;
	int best_q = 0;

	while (rest.n > 0) {
		struct str range;
		int q = take_range(str_split(&rest, ','), &range);
		size_t i = str_is(range, "*") ? language_unnamed(list, tags, n)
					      : language_of(range, tags, n);

		if (i < n && q > best_q) {
			best = i;
			best_q = q;
		}
	}
	return best;
}
