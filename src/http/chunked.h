/* The chunked transfer coding of HTTP/1.1, decoded as it comes.
 *
 *	while ((v = http_chunked_next(&c, &in, &data)) == HTTP_DATA)
 *		... data lies in the input ...
 *
 * HTTP_MORE: all of `in` was used up. HTTP_DONE: `in` starts behind the message.
 * HTTP_BAD: c->rc and c->why say what is wrong; the connection must be closed.
 * The decoder keeps no bytes, so input may be cut anywhere. [any]
 */
#ifndef EMP_HTTP_CHUNKED_H
#define EMP_HTTP_CHUNKED_H

#include "base/error.h"
#include "base/str.h"
#include "http/head.h"

#include <stdint.h>

/* Extensions and trailers are read and forgotten; a message may hold this many bytes of
 * them, so that tiny chunks with long extensions are no way to keep us busy. */
#define HTTP_CHUNK_EXTRA_MAX 8192
#define HTTP_CHUNK_DIGITS_MAX 16

struct http_chunked {
	uint64_t left;  /* size read so far, then bytes of the chunk still to come */
	uint32_t extra; /* bytes of extensions and trailers */
	uint8_t state;
	uint8_t digits;
	enum emp_rc rc;
	const char *why;
};

void http_chunked_init(struct http_chunked *c);
EMP_MUST_CHECK enum http_verdict http_chunked_next(struct http_chunked *c,
						   struct str *in, struct str *data);

#endif
