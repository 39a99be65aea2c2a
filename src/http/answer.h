/* The head of an answer, and the date line that goes into it. [any] */
#ifndef EMP_HTTP_ANSWER_H
#define EMP_HTTP_ANSWER_H

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL. */
#define HTTP_DATE_MAX 30

struct http_answer {
	int status;
	bool keep_alive;
	bool old; /* asked in HTTP/1.0, which must be told that we keep it alive */
	bool has_length; /* false for 204, and for 304 when the length is not at hand */
	bool chunked;    /* without a length: the body comes in chunks */
	uint64_t length;
	struct str type;   /* Content-Type, STR_NONE: none */
	struct str common; /* complete lines with CRLF that every answer has (date) */
	struct str extra;  /* complete lines of this answer */
};

/* Appends status line, fields and the empty line. */
void http_answer_head(struct buf *b, const struct http_answer *a);
/* "Created"; never NULL. */
const char *http_reason(int status);
/* The date as HTTP writes it. */
void http_date(char dst[HTTP_DATE_MAX], int64_t unix_s);

#endif
