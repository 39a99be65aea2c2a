/* The HTTP interface, seen by the daemon: what it needs, what it plugs into net and
 *what the store's hooks tell it.
 *
 *	api_new()     once store, counters and rollups exist
 *	api_app()     goes into net_new()
 *	api_attach()  once net exists, before store_start()
 *	api_begin()   once the definitions of the start are in place, before net_start()
 *	api_free()    after net_free(): the workers' state is gone by then
 */
#ifndef EMP_API_API_H
#define EMP_API_API_H

#include "base/error.h"
#include "model/defs.h"
#include "net/req.h"
#include "privacy/rollup.h"
#include "store/store.h"
#include "web/notice.h"

struct api;

/* Figures of layers that routes cannot see; the daemon fills them for /metrics. One
 * member per OUTSIDE row of metrics.def. */
struct api_outside {
#define OUTSIDE(field, name, type, help) uint64_t field;
#include "api/metrics.def"
};

/* Everything is borrowed and outlives the api. */
struct api_config {
	struct store *store;
	struct rollups *rollups;
	const char *state_dir; /* keys are in its keys/ */
	uint32_t readers;      /* threads that may run reads at once */
	uint32_t rate_limit;   /* requests a second, address and worker without a valid
				  token; 0: no limit */
	uint32_t live_max;     /* clients of /v1/live at once */
	struct notice_keep keep; /* how long what is said is kept */
	void (*outside)(void *ctx, struct api_outside *out); /* [any] */
	void *ctx;
};

/* [main] Loads the keys behind pseudonyms and ids; a problem names the file. */
EMP_MUST_CHECK enum emp_rc api_new(struct api **out, const struct api_config *c,
				   struct problem *p);
/* [main] After the threads of net and store have ended. */
void api_free(struct api **a);
/* [main] Lives as long as the api. */
const struct req_app *api_app(struct api *a);
/* [main] Before store_start: the hooks below may post to the workers from then on. */
EMP_MUST_CHECK enum emp_rc api_attach(struct api *a, struct net *n, uint32_t workers);
/* [main] Before net_start, while no definition changes: the workers begin with the
 * newest. */
void api_begin(struct api *a);
/* [any] Whether /readyz says so. */
void api_set_ready(struct api *a, bool ready);

/* [writer] The hooks of the store of the same name. */
void api_defs(struct api *a, const struct defs *d);
void api_group_end(struct api *a);
/* [main] The store is closed and gone: what it refused at the very end goes home. */
void api_last(struct api *a);

#endif
