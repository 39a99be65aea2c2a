/* A page out of several roads: ranges of indexes, each in the order of the list, walked
 * together, so that the next row is always found at the head of some road and nothing
 * is sorted, however many rows there are. [reader] */
#ifndef EMP_STORE_PAGE_H
#define EMP_STORE_PAGE_H

#include "base/error.h"
#include "base/str.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define PLACE_BYTES 16
/* Rows that do not fit after which a page may end early. */
#define PAGE_SCAN_MAX 256u

/* Where a row is in the list, lower first: an event (newest first) with a place in it,
 * or a key. */
struct place {
	uint8_t b[PLACE_BYTES];
};
void place_of_seq(struct place *p, int64_t seq, uint8_t in_event);
int64_t place_seq(const struct place *p);
uint8_t place_in_event(const struct place *p);

/* What a road's range is: text, or a number where text.p is NULL. */
struct road_arg {
	struct str text;
	int64_t number;
};
#define ROAD_ARGS_MAX 5

enum place_kind {
	PLACE_SEQ,    /* number of an event, falling */
	PLACE_ANSWER, /* key of an answer, falling; in_event is 1 + its place */
	PLACE_KEY     /* 16 bytes, rising */
};
/* What the rows of a road are read with: ?1 the place after which, ?2 how many rows,
 * ?3.. the road; column 0 is the row's place. */
struct road_source {
	sqlite3_stmt *statement;
	enum place_kind kind;
};

struct page {
	/* Whether the row at hand belongs in the page; NULL: all do. */
	bool (*fits)(void *ctx, sqlite3_stmt *row);
	void *ctx;
	uint32_t scan_max; /* rows that do not fit; 0: no limit */
	struct road *road;
	uint32_t n, cap;
	uint32_t unfit;   /* out: rows that did not fit */
	bool more;        /* out: ended early, there may be more behind `end` */
	struct place end; /* out: last row looked at */
};
void page_fini(struct page *p);
/* Source and text are borrowed until page_fini(); the source's statement may be
 * prepared later. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc page_add_road(struct page *p,
					 const struct road_source *source,
					 const struct road_arg *arg, int n_args);
/* The next `max` places that fit after `after` (NULL: from the start); *n how many. */
EMP_MUST_CHECK enum emp_rc page_find(struct page *p, const struct place *after,
				     uint32_t max, struct place *out, uint32_t *n);

#endif
