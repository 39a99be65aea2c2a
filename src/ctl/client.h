/* A small HTTP/1.1 client: one connection, kept alive, requests in a pipeline.
 *
 * Requests are queued with ctl_client_push() and travel while ctl_client_pull() waits
 * for the next answer; answers come in the order of the requests. Sending and receiving
 * go on side by side, so a long pipeline cannot make both sides wait for each other.
 * When the connection breaks, every request without an answer is forgotten and
 * ctl_client_pull() says EMP_IO: the caller knows what it pushed and pushes it again
 * (with the same ids, so nothing counts twice). [main] */
#ifndef EMP_CTL_CLIENT_H
#define EMP_CTL_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

struct ctl_client;

struct ctl_answer {
	int status;
	int64_t retry_after_s; /* -1: not said */
	bool close;            /* the server ends the connection after this */
	struct str type;       /* Content-Type without parameters, lower case */
	struct str body;       /* until the next pull or push */
};

#define CTL_TIMEOUT_MS 60000
#define CTL_ANSWER_MAX (256U << 20) /* an answer larger than this is refused */

/* `url`: http://HOST[:PORT][/PATH] or unix:PATH. `token` may be NULL. Nothing is
 * connected yet. EMP_INVALID with a reason. */
EMP_MUST_CHECK enum emp_rc ctl_client_new(struct ctl_client **out, const char *url,
					  struct str token, struct problem *p);
void ctl_client_free(struct ctl_client **c);
/* How long pull waits for the next byte; CTL_TIMEOUT_MS at first. */
void ctl_client_timeout(struct ctl_client *c, int ms);
/* Queue a request. `type` NULL: no body. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc ctl_client_push(struct ctl_client *c, const char *method,
					   const char *path, const char *type,
					   struct str body);
/* The answer to the oldest request without one. EMP_IO (cannot connect, broken),
 * EMP_TIMEOUT, EMP_CORRUPT (not HTTP): nothing is in flight any more, the problem says
 * why in a sentence. */
EMP_MUST_CHECK enum emp_rc ctl_client_pull(struct ctl_client *c, struct ctl_answer *out,
					   struct problem *p);
/* Requests without an answer. */
uint32_t ctl_client_pending(const struct ctl_client *c);
/* Forget the connection and what is in flight. */
void ctl_client_drop(struct ctl_client *c);
/* The URL as given, for messages. */
const char *ctl_client_url(const struct ctl_client *c);
/* Whether the last failure was that nobody listens there. */
bool ctl_client_refused(const struct ctl_client *c);

#endif
