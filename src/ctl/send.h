/* Sending many events: batches of lines in a pipeline, answers in order, again after a
 * refusal or a broken connection. import and demo are built on it.
 *
 * Every line must carry an id: what is sent again after an unknown outcome then counts
 * once. [main] */
#ifndef EMP_CTL_SEND_H
#define EMP_CTL_SEND_H

#include "ctl/ctl.h"

#define CTL_BATCH_LINES 1000
#define CTL_BATCH_BYTES (4U << 20)
#define CTL_RETRY_S_DEFAULT 60

struct ctl_send;

struct ctl_sent {
	uint64_t stored, duplicate, rejected;
	uint64_t last_line; /* every line up to this one was answered for */
};

/* What the sender tells. A return value but EMP_OK stops it. */
struct ctl_send_hooks {
	void *ctx;
	/* A line was rejected. */
	enum emp_rc (*rejected)(void *ctx, uint64_t line, struct str reason);
	/* A line got a receipt; NULL: nobody wants to know. */
	enum emp_rc (*receipt)(void *ctx, uint64_t line, struct str id,
			       struct str receipt);
	/* A batch was answered. */
	enum emp_rc (*answered)(void *ctx, const struct ctl_sent *sent);
};

/* Connects c->client. `retry_s`: give up after so long without progress. Tells what is
 * wrong. */
EMP_MUST_CHECK bool ctl_send_new(struct ctl_send **out, struct ctl *c, uint64_t retry_s,
				 const struct ctl_send_hooks *h);
void ctl_send_free(struct ctl_send **s);
/* Where the next line goes: the caller appends it, ended by a line feed, and calls
 * ctl_send_line(). */
struct buf *ctl_send_room(struct ctl_send *s);
/* The line just appended is number `line`, and there was more to it than white space.
 * False when sending failed for good (told). */
EMP_MUST_CHECK bool ctl_send_line(struct ctl_send *s, uint64_t line);
/* Wait for everything. */
EMP_MUST_CHECK bool ctl_send_flush(struct ctl_send *s);
const struct ctl_sent *ctl_send_result(const struct ctl_send *s);

#endif
