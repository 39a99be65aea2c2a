/* Synthetic sample data: what happens on one day of an invented organisation.
 *
 * A day's events depend on its date alone, so any two runs agree about every day that
 * both cover, ids included; but for the first weeks of a sample, in which nothing can
 * follow on what was before it. All times lie between 06:00 and 20:00 UTC. Pure. */
#ifndef EMP_CTL_DEMO_H
#define EMP_CTL_DEMO_H

#include "base/buf.h"

#include <stdint.h>

#define DEMO_SOURCE "demo"
#define DEMO_SURVEY "demo_visit"
#define DEMO_TEAM "demo_team"

/* Called with one event, a JSON object without a line end; false stops. */
typedef bool demo_emit(void *ctx, struct str event);

/* Documents to put before the first event: surveys by name, then the units. */
struct demo_document {
	const char *path; /* of the HTTP interface */
	const char *json;
};
extern const struct demo_document demo_documents[]; /* ends with path NULL */

/* Every event of `day` (days since 1970); `first` is the first day of the sample, which
 * also says how many people there are and what they may decide, and before which
 * nothing is referred to. The answers to DEMO_SURVEY come last. False when emit said
 * so.
 */
bool demo_day(int64_t day, int64_t first, demo_emit *emit, void *ctx);

/* What the daemon answered to a suggestion. */
struct demo_receipt {
	char own[48]; /* the id that it was sent with */
	char id[64];  /* the id that it has */
	char receipt[48];
	int64_t born; /* the day on which it was made */
	bool inside;  /* an employee's */
};
/* What follows on it with these, up to the day `last`. */
bool demo_follow(const struct demo_receipt *r, int64_t last, demo_emit *emit,
		 void *ctx);
/* How many answers to DEMO_SURVEY the day has. */
uint32_t demo_answers(int64_t day);

#endif
