/* GET /v1/live: what reaches those who listen.
 *
 * Privacy. A notice says how far the published figures are, and nothing else starts
 * one: not the event itself, which may be a confidential one, nor anything that counts
 * those. What the writer looks at after each group is the published sequence, which
 * only events of empowerd.db move, and the number of releases that show something.
 */
#ifndef EMP_API_LIVE_H
#define EMP_API_LIVE_H

#include "api/pace.h"
#include "net/req.h"

#include <stdint.h>

struct api;
struct api_worker;
struct defs;

/* Those who listen on one worker. */
struct live {
	struct pace pace;
	bool listening; /* the writer was told so */
};

/* [worker] */
void live_init(struct api_worker *aw);
void live_fini(struct api_worker *aw);
/* [worker] New definitions took the place of `old`, which are still there. */
void live_defs(struct api_worker *aw, const struct defs *old, const struct defs *now);
/* [worker] The time of the alarm has come. */
void live_alarm(struct api_worker *aw);
/* [writer] After each group of commits. */
void live_group_end(struct api *a);

#endif
