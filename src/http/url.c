/* Decoding of escapes in URLs and forms.
 *
 * Most names and values hold no escape: those are handed out as they lie in the input,
 * and only the others are copied.
 */
#include "http/url.h"

#include "http/chars.h"

/* The byte that the escape at p (a '%') stands for, or -1. */
static int
escape_at(const char *p, const char *end)
{
	int high, low, c;

	if (end - p < 3)
		return -1;
	high = http_hex_digit(p[1]);
	low = http_hex_digit(p[2]);
	if (high < 0 || low < 0)
		return -1;
	c = high << 4 | low;
	return c == 0 ? -1 : c;
}

bool
http_url_valid(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		if (escape_at(p, end) < 0)
			return false;
		p += 3;
	}
	return true;
}

bool
http_url_decode(char *dst, struct str src, bool plus, size_t *n)
{
	const char *p = src.p, *end = src.p + src.n;
	char *out = dst;

	while (p < end) {
		int c = (unsigned char)*p;

		if (c == '%') {
			c = escape_at(p, end);
			if (c < 0)
				return false;
			p += 3;
		} else {
			if (c == '+' && plus)
				c = ' ';
			p++;
		}
		*out++ = (char)c;
	}
	*n = (size_t)(out - dst);
	return true;
}

bool
http_path_decode(char *dst, struct str src, size_t *n)
{
	const char *p = src.p, *end = src.p + src.n;

	while (p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL)
		if (escape_at(p++, end) == '/')
			return false;
	return http_url_decode(dst, src, false, n);
}

void
http_form_init(struct http_form *f, struct str text, struct arena *arena)
{
	f->rest = text;
	f->arena = arena;
}

static enum http_form_step
decode_part(struct http_form *f, struct str *part)
{
	char *copy;
	size_t n;

	if (memchr(part->p, '%', part->n) == NULL &&
	    memchr(part->p, '+', part->n) == NULL)
		return HTTP_FORM_PAIR;
	copy = arena_alloc(f->arena, part->n);
	if (copy == NULL)
		return HTTP_FORM_NOMEM;
	if (!http_url_decode(copy, *part, true, &n))
		return HTTP_FORM_BAD;
	*part = (struct str){copy, n};
	return HTTP_FORM_PAIR;
}

enum http_form_step
http_form_next(struct http_form *f, struct str *name, struct str *value)
{
	struct str pair = STR_NONE;
	enum http_form_step step;
	const char *equals;

	while (f->rest.p != NULL && pair.n == 0)
		pair = str_split(&f->rest, '&');
	if (pair.n == 0)
		return HTTP_FORM_END;
	/* A NUL can only come in a form's body: the head of a request has none. */
	if (memchr(pair.p, '\0', pair.n) != NULL)
		return HTTP_FORM_BAD;
	equals = memchr(pair.p, '=', pair.n);
	if (equals != NULL) {
		name->p = pair.p;
		name->n = (size_t)(equals - pair.p);
		value->p = equals + 1;
		value->n = pair.n - name->n - 1;
	} else {
		*name = pair;
		*value = STR("");
	}
	step = decode_part(f, name);
	if (step == HTTP_FORM_PAIR)
		step = decode_part(f, value);
	return step;
}
