/* URLs: escapes, and the pairs of a query or of a form.
 *
 * A bad escape is an error, never passed on as it is: what a filter in front of us
 * would not decode must not be decoded here either. Neither may a NUL be escaped.
 */
#ifndef EMP_HTTP_URL_H
#define EMP_HTTP_URL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

/* [any] Every '%' is followed by two hex digits, none of them stands for NUL. */
EMP_MUST_CHECK bool http_url_valid(struct str s);
/* [any] Decode into dst, which has room for src.n bytes and may be src itself. `plus`:
 * a
 * '+' is a space, as in forms. False on a bad escape. */
EMP_MUST_CHECK bool http_url_decode(char *dst, struct str src, bool plus, size_t *n);
/* [any] The same for a path: an escaped slash is refused, too. */
EMP_MUST_CHECK bool http_path_decode(char *dst, struct str src, size_t *n);

/* Visits name=value pairs of "a=1&b=2": a query string, or the body of an
 * application/x-www-form-urlencoded form. A pair without '=' has an empty value; empty
 * pairs are skipped; names may come again.
 *
 *	http_form_init(&f, req_query(r), req_arena(r));
 *	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR)
 *		...
 *	if (step != HTTP_FORM_END)
 *		...
 */
struct http_form {
	struct str rest;
	struct arena *arena; /* holds what had to be decoded */
};

enum http_form_step { HTTP_FORM_PAIR, HTTP_FORM_END, HTTP_FORM_BAD, HTTP_FORM_NOMEM };

/* [any] `text` and `arena` must live as long as the names and values are used. */
void http_form_init(struct http_form *f, struct str text, struct arena *arena);
EMP_MUST_CHECK enum http_form_step http_form_next(struct http_form *f, struct str *name,
						  struct str *value);

#endif
