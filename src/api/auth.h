/* Who is asking: bearer tokens, and what they are limited to. */
#ifndef EMP_API_AUTH_H
#define EMP_API_AUTH_H

#include "api/route.h"
#include "model/defs.h"
#include "net/req.h"

/* [worker] The token of the request. It belongs to the worker's present snapshot, so it
 * must be asked for anew after each return to the loop, or the snapshot be held.
 * EMP_UNAUTHORIZED, EMP_INSECURE. Cheap for a connection's later requests. */
EMP_MUST_CHECK enum emp_rc auth_token(struct req *r, const struct token_def **out);
/* [worker] Whether the request may use the route; answers it when not. */
EMP_MUST_CHECK bool auth_route(struct req *r, const struct route *route);
/* [worker] Whether the token is not limited to a unit; answers the request when it is.
 */
EMP_MUST_CHECK bool auth_whole(struct req *r, const struct token_def *token);
/* [worker] Answer a request whose token is missing, wrong or came in the clear, or that
 * sends such requests too often. */
void auth_refuse(struct req *r, enum emp_rc rc);
/* [worker] Counts a request without a valid token; false: too many, and answered. */
EMP_MUST_CHECK bool auth_pass_limit(struct req *r);
/* [any] Whether data about `unit` ("": about none) is within the token's limits. */
bool auth_covers(const struct token_def *t, struct str unit);
/* [worker] Drops what is remembered for a connection. */
void auth_forget(void *slot);

#endif
