/* The daemon: everything put together, from start to end. */
#ifndef EMP_DAEMON_DAEMON_H
#define EMP_DAEMON_DAEMON_H

#include "daemon/config.h"

/* Reads the configuration anew for SIGHUP. */
struct daemon_reload {
	/* [main] Fills `c`, which was not initialised; EMP_CONFIG with a problem. */
	enum emp_rc (*read)(void *ctx, struct config *c, struct problem *p);
	void *ctx;
};

/* [main] Runs until a signal or a failure; the exit status. */
int daemon_run(const struct config *c, const struct daemon_reload *reload);

#endif
