/* What a daemon has from its first start on: a token for the admin, the surveys that
 * ship. */
#ifndef EMP_DAEMON_FIRST_H
#define EMP_DAEMON_FIRST_H

#include "base/error.h"
#include "store/store.h"

/* [main] With the writer running, before there are clients. */
EMP_MUST_CHECK enum emp_rc first_start(struct store *s, const char *state_dir,
				       struct problem *p);

#endif
