/* gzip: unpacking with a limit, piece by piece; packing in one go. The only user of
 * zlib.
 *
 * A gzip bomb unpacks to a thousand times its size: the limit counts what comes out,
 * and unpacking stops at the byte that would pass it.
 */
#ifndef EMP_HTTP_GZIP_H
#define EMP_HTTP_GZIP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct http_gunzip;

/* [any] `max`: bytes that may come out in all. */
EMP_MUST_CHECK enum emp_rc http_gunzip_new(struct http_gunzip **out, size_t max);
void http_gunzip_free(struct http_gunzip **g);
/* [any] Unpack `in`, append to `out`. EMP_BAD_GZIP, EMP_TOO_LARGE, EMP_NOMEM: stop
 * then. Several members one after the other are one content, as with gzip(1). */
EMP_MUST_CHECK enum emp_rc http_gunzip_feed(struct http_gunzip *g, struct str in,
					    struct buf *out);
/* [any] EMP_BAD_GZIP when the content ends in the middle. */
EMP_MUST_CHECK enum emp_rc http_gunzip_finish(const struct http_gunzip *g);

/* [any] Pack `in` as one member, append to `out`. */
EMP_MUST_CHECK enum emp_rc http_gzip(struct str in, struct buf *out);

#endif
