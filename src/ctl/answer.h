/* The parser of HTTP/1.1 answers: bytes in, status, fields and body out. Pure. */
#ifndef EMP_CTL_ANSWER_H
#define EMP_CTL_ANSWER_H

#include "base/buf.h"
#include "ctl/client.h"
#include "http/chunked.h"

#define CTL_HEAD_MAX 65536

enum ctl_parse { CTL_PARSE_MORE, CTL_PARSE_DONE, CTL_PARSE_BAD };

/* State of one answer. */
struct ctl_parser {
	bool has_head;
	bool chunked;
	bool to_end; /* the body ends with the connection */
	uint64_t left;
	int64_t retry_after_s;
	int status;
	bool close;
	char type[64];
	struct http_chunked chunks;
	struct buf body;
};

void ctl_parser_init(struct ctl_parser *p);
void ctl_parser_fini(struct ctl_parser *p);
/* Ready for the next answer; the body's memory is kept. */
void ctl_parser_reset(struct ctl_parser *p);
/* Takes bytes from the front of `in` (what it used is consumed). `ended`: the peer
 * closed. `head`: the request was HEAD, there is no body. */
EMP_MUST_CHECK enum ctl_parse ctl_parser_feed(struct ctl_parser *p, struct buf *in,
					      bool ended, bool head);
void ctl_parser_answer(const struct ctl_parser *p, struct ctl_answer *out);

#endif
