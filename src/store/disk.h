/* The disk under the files: see disk.c. All [writer] unless noted. */
#ifndef EMP_STORE_DISK_H
#define EMP_STORE_DISK_H

#include "base/error.h"

#include <stdbool.h>

struct store;

/* Looks at free space, at most every DISK_LOOK_MS; false while it is too little. */
bool disk_ok(struct store *s);
void disk_set_full(struct store *s, bool full);
void disk_measure(struct store *s); /* empowerd.db; [main] too */
/* After a commit: copies the log into the file when it is long. */
void disk_checkpoint(struct store *s);
/* When idle or stopping: copies both logs into their files, and gives the room of the
 * long one back where `truncate` says so. */
void disk_tidy(struct store *s, bool truncate);
/* The part of it that is about confidential.db, which daily is rewritten, too. That is
 * done aside; `then`, or NULL: what follows, also where there was nothing to do. */
void disk_tidy_sealed(struct store *s, void (*then)(struct store *s));
/* Copies both logs into their files and cuts them to nothing. False while a reader
 * keeps one from it. */
EMP_MUST_CHECK bool disk_empty_logs(struct store *s);

#endif
