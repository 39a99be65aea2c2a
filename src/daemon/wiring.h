/* The parts of a running daemon, and what connects the store to the counters and to the
 * workers. */
#ifndef EMP_DAEMON_WIRING_H
#define EMP_DAEMON_WIRING_H

#include "agg/agg.h"
#include "api/api.h"
#include "daemon/config.h"
#include "net/net.h"
#include "privacy/rollup.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

/* What memory keeps of hours and days; older cells are read from the file. */
#define WIRING_RAM_HOUR_DAYS 35
#define WIRING_RAM_DAY_DAYS 400

struct parts {
	const struct config *cfg;
	struct store *store;
	struct agg *agg;
	struct rollups *rollups;
	struct api *api; /* NULL until it is there: the hooks look */
	struct net *net;
	bool inherited; /* systemd's sockets, and no others */
	uint64_t started_ns;
	int64_t newest_s;        /* [writer] commit time of the newest event */
	int64_t tidied_s;        /* [writer] newest_s when it was last tidied */
	_Atomic bool failed;     /* the store gave up */
	_Atomic uint64_t groups; /* that the writer has finished, to see it alive */
	pthread_t main;
};

/* [main] The hooks with `p` as context. */
void wiring_hooks(struct store_hooks *h, struct parts *p);
/* [any] Figures for /metrics; ctx is the parts. */
void wiring_outside(void *ctx, struct api_outside *out);

#endif
