/* Answers that go on, for the files of net: see req.h and stream.c. */
#ifndef EMP_NET_STREAM_H
#define EMP_NET_STREAM_H

#include "net/req.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;

struct stream {
	const struct req_stream *app;
	void *ctx;
	uint64_t serial; /* of its request */
	bool chunked;    /* else the end of the connection is its end */
	bool wanted;     /* a piece was refused: tell when there is room */
};

/* [worker] All for a connection that has one. */
void stream_room(struct conn *c);
/* The connection closes. */
void stream_gone(struct conn *c);
/* Say that it ends, if that can be said at once. */
void stream_last(struct conn *c);

#endif
