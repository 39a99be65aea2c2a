/* Values of header fields that routes ask about: media types, entity tags, languages.
 * [any]
 *
 * What is malformed matches nothing; it is never an error by itself.
 */
#ifndef EMP_HTTP_FIELDS_H
#define EMP_HTTP_FIELDS_H

#include "base/str.h"

/* "text/csv; charset=utf-8": borrowed parts of the field. */
struct http_media {
	struct str type;    /* "text/csv" as sent, any case */
	struct str charset; /* unquoted; STR_NONE when absent */
};

/* False when `field` is not a media type with well-formed parameters. */
bool http_media_parse(struct str field, struct http_media *out);
/* Whether it is `type` ("application/json"), whatever its parameters. */
bool http_media_is(const struct http_media *m, const char *type);

/* Whether an If-None-Match or If-Match list holds `etag` (with its quotes, and W/ when
 * it is weak), or is "*". `weak`: compare as If-None-Match does, W/ or not; else both
 * must be strong. */
bool http_etag_in(struct str list, struct str etag, bool weak);

/* Which of the languages (primary tags such as "es") an Accept-Language list likes
 * most: the first of those with the highest q. `n` when it names none of them. */
size_t http_language_pick(struct str list, const char *const *tags, size_t n);

#endif
