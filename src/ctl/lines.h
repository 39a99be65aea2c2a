/* The lines of an input: a file or standard input, plain or gzip (told by its first
 * bytes, not by its name). [main] */
#ifndef EMP_CTL_LINES_H
#define EMP_CTL_LINES_H

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

struct http_gunzip;

/* A longer line is passed over and handed out empty with `too_long`: no event is that
 * long, and memory must stay bounded. */
#define CTL_LINE_MAX (1U << 20)

struct ctl_lines {
	int fd;
	bool is_stdin;
	bool ended;
	bool started; /* the first bytes were looked at */
	struct http_gunzip *gunzip;
	struct buf raw;  /* as read */
	struct buf text; /* unpacked; from `at` on not handed out yet */
	size_t at;
	size_t scanned;  /* from `at` on, bytes known to hold no end of line */
	uint64_t number; /* of the line handed out last, from 1 */
	uint64_t bytes;  /* read from the file, for progress */
	uint64_t size;   /* of the file; 0: not known */
};

/* "-" is standard input. EMP_IO. */
EMP_MUST_CHECK enum emp_rc ctl_lines_open(struct ctl_lines *l, const char *path,
					  struct problem *p);
void ctl_lines_close(struct ctl_lines *l);
/* The next line without its end, valid until the next call; *more false at the end.
 * EMP_IO, EMP_BAD_GZIP. */
EMP_MUST_CHECK enum emp_rc ctl_lines_next(struct ctl_lines *l, struct str *line,
					  bool *too_long, bool *more,
					  struct problem *p);
/* Hex of a digest of the file's bytes, which says whether it is the same file. False
 * for what is no regular file. */
#define CTL_DIGEST_TEXT 33
EMP_MUST_CHECK bool ctl_lines_digest(const struct ctl_lines *l,
				     char dst[CTL_DIGEST_TEXT]);

#endif
