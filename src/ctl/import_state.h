/* What an import remembers between runs: how far a file got, on which daemon.
 *
 * One small text file per (content of the input, URL of the daemon), replaced as a
 * whole after each answered batch, so that an interruption at any moment costs at most
 * the batches that were on their way; those carry the same ids when they go again.
 * [main] */
#ifndef EMP_CTL_IMPORT_STATE_H
#define EMP_CTL_IMPORT_STATE_H

#include "base/error.h"
#include "ctl/lines.h"

#include <limits.h>

struct ctl_import_state {
	char path[PATH_MAX]; /* "": nothing is remembered */
	bool finished;
	uint64_t lines; /* answered for, from the start of the file */
	uint64_t stored, duplicate, rejected;
};

/* Finds and reads what is known; zeroes when nothing is. `dir` NULL: the default. The
 * directory is made. EMP_IO, EMP_CORRUPT with a sentence. */
EMP_MUST_CHECK enum emp_rc ctl_import_state_open(struct ctl_import_state *s,
						 const char *dir,
						 const char digest[CTL_DIGEST_TEXT],
						 const char *server, struct problem *p);
/* `name` is noted for people who look into the file. */
EMP_MUST_CHECK enum emp_rc ctl_import_state_save(const struct ctl_import_state *s,
						 const char *name, struct problem *p);

#endif
