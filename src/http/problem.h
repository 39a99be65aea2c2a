/* Problem documents (RFC 9457): how every error looks to a client, as an answer of its
 * own and as part of one. [any] */
#ifndef EMP_HTTP_PROBLEM_H
#define EMP_HTTP_PROBLEM_H

#include "base/buf.h"
#include "base/error.h"

/* What an error inside the program means for a client: out of memory is overload, the
 * rest an internal error. */
enum emp_rc http_problem_public(enum emp_rc rc);
/* The members "type", "title" and "status", without braces, of a public error. */
void http_problem_head(struct buf *b, enum emp_rc rc);
/* The whole document: with the detail, and the pointer as the one entry of "errors",
 * where there are any. */
void http_problem_write(struct buf *b, const struct problem *p);

#endif
