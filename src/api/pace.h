/* Who of those that listen is to be told something now: pure, the caller brings the
 * time.
 *
 * All have been sent something once. They stand in line by the time of the last thing,
 * the longest ago first, and whoever is sent something goes to the end. So if anybody
 * has to be told, the first has: whoever stands behind knows at least as much. Work is
 * done for those who are told alone, however many listen.
 *
 * Notices tell a state and not what led to it: several changes within PACE_NOTICE_NS
 * are one notice, the last of them is never lost, and one who cannot be sent anything
 * leaves the line until he can. [worker] or any one thread.
 */
#ifndef EMP_API_PACE_H
#define EMP_API_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_NS_PER_MS UINT64_C(1000000)
#define PACE_NOTICE_NS (250 * PACE_NS_PER_MS)      /* between two notices, at least */
#define PACE_HEARTBEAT_NS (15000 * PACE_NS_PER_MS) /* without a notice */

/* What a notice tells. */
struct pace_state {
	int64_t seq; /* published */
	uint64_t definitions, releases;
};

struct pace_list;

/* One who listens; a member of what the caller keeps of him. */
struct pace_item {
	struct pace_item *prev, *next;
	struct pace_list *list; /* NULL: none */
	struct pace_state told;
	uint64_t at; /* ns, when he was last sent something */
};

struct pace_list {
	struct pace_item *first, *last;
};

/* Zeroed: nobody. */
struct pace {
	struct pace_list line;
	struct pace_list stuck; /* cannot be sent anything */
	struct pace_state now;
};

enum pace_due { PACE_NOTHING, PACE_NOTICE, PACE_HEARTBEAT };

/* What the first in line is to be sent at `now`, and who that is. */
enum pace_due pace_due(const struct pace *p, uint64_t now, struct pace_item **first);
/* How long until there is something; 0: there is, UINT64_MAX: nobody is in line. */
uint64_t pace_wait(const struct pace *p, uint64_t now);
/* He knows the present state, and was sent something at `now`. Also for new ones. */
void pace_told(struct pace *p, struct pace_item *i, uint64_t now);
/* He could not be sent anything. */
void pace_stuck(struct pace *p, struct pace_item *i);
/* Whether there is something that he was not told. */
bool pace_has_news(const struct pace *p, const struct pace_item *i);
/* He is gone. */
void pace_leave(struct pace_item *i);

#endif
