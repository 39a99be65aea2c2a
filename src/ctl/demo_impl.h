/* Inside of the sample data: what its parts share. demo.c has the visits and their
 * surveys, demo_people.c the lives of customers and employees, demo_voice.c what they
 * suggest, demo_work.c what is decided. */
#ifndef EMP_CTL_DEMO_IMPL_H
#define EMP_CTL_DEMO_IMPL_H

#include "ctl/demo.h"

#define DEMO_DATE_MAX 16
#define DEMO_FIRST_HOUR 6
#define DEMO_HOURS 14
#define DEMO_IDEA "idea"     /* ids of customers' suggestions, */
#define DEMO_INSIDE "inside" /* and of employees' */
#define DEMO_SUMMER_FIRST 4  /* months of the initiative */
#define DEMO_SUMMER_LAST 9

enum {
	DEMO_HARBOUR,
	DEMO_MARKET,
	DEMO_STATION,
	DEMO_GARDEN,
	DEMO_SHOP,
	DEMO_SUPPORT,
	DEMO_UNITS
};

/* Customers who speak without being asked. They come again: within a month fewer people
 * speak than there are, so that the breadth of voice looks like the share it is. */
#define DEMO_GUESTS 400

struct demo_unit {
	const char *name;
	double quality;     /* what visitors feel on an average day, 1-5 */
	uint32_t headcount; /* employees */
	uint32_t leaders;
	bool online;
};
extern const struct demo_unit demo_units[DEMO_UNITS];

/* What a random number is for; a new use gets a new stream. */
enum demo_stream {
	STREAM_COUNT,
	STREAM_INVITED,
	STREAM_SHOWN,
	STREAM_VISIT,
	STREAM_FELT,
	STREAM_RECOMMEND,
	STREAM_EFFORT,
	STREAM_REASON,
	STREAM_COMMENT,
	STREAM_TEXT,
	STREAM_LIFE,
	STREAM_GIVEN,
	STREAM_STAFF,
	STREAM_TEAM,
	STREAM_IDEAS,
	STREAM_IDEA,
	STREAM_INSIDE,
	STREAM_DECISION,
	STREAM_SETTLED,
	STREAM_REVIEW,
	STREAM_OUTCOME,
	STREAM_TRAINING,
	STREAM_CONTACT,
	STREAM_RESPECT,
	STREAM_THANKFUL,
	STREAM_GUEST,
	STREAM_TEAM_FELT,
	STREAM_TEAM_ANSWER,
	STREAM_TEAM_TEXT,
	STREAM_TURNOVER
};

uint64_t demo_random(int64_t day, uint32_t stream, uint32_t i);
/* Roughly normal, deviation 1. */
double demo_noise(int64_t day, uint32_t stream, uint32_t i);
/* 0 in winter, 1 in summer. */
double demo_season(int64_t day);
/* The whole number nearest to `at`, within lo to hi. */
int demo_score(double at, int lo, int hi);
/* 0 to n - 1. */
uint32_t demo_pick(int64_t day, uint32_t stream, uint32_t i, uint32_t n);
/* "2026-01-31" */
void demo_date(char dst[DEMO_DATE_MAX], int64_t day);
/* Starts an event in `b` up to its data; `second` counts from DEMO_FIRST_HOUR. */
void demo_open(struct buf *b, int64_t day, const char *type, const char *stream,
	       uint32_t i, uint32_t second);
/* Ends it and hands it out. */
bool demo_close(struct buf *b, demo_emit *emit, void *ctx);
/* Parts of a day: signals and staff; suggestions; decisions and what is around them.
 * `first` is the first day of the sample. */
bool demo_people(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx);
bool demo_voice(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx);
bool demo_work(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx);

#endif
