/* Time: milliseconds since 1970 UTC in the domain, monotonic nanoseconds for deadlines.
 *
 * Tests set the wall clock with EMPOWERD_TEST_CLOCK only through clock_set_fixed. */
#ifndef EMP_BASE_CLOCK_H
#define EMP_BASE_CLOCK_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

#define MS_PER_S 1000LL
#define S_PER_MIN 60LL
#define S_PER_HOUR 3600LL
#define S_PER_DAY 86400LL
#define TIME_TEXT_MAX 32

/* [any] Wall clock, ms since 1970. */
int64_t clock_now_ms(void);
/* [any] Monotonic, ns. */
uint64_t clock_mono_ns(void);
/* The same in ms. [any] */
int64_t clock_mono_ms(void);
/* Unit tests: from now on clock_now_ms returns this; negative: back to real time. */
void clock_set_fixed(int64_t ms);

/* RFC 3339 with a zone ("2026-01-01T10:02:00Z", "...+02:00", fraction of up to 9 digits
 * cut to ms, lower-case t and z taken, leap second 60 read as 59), or decimal Unix
 * seconds, or ms when >= 1e11. False on anything else, or outside 1970-2261. [any] */
EMP_MUST_CHECK bool time_parse(struct str s, int64_t *ms);
/* "2026-01-01T10:02:00Z", with ".123" only when there are ms. Returns the length. */
size_t time_format(char dst[TIME_TEXT_MAX], int64_t ms);
/* Days since 1970-01-01 <-> proleptic Gregorian date. Month and day from 1. [any] */
int64_t time_days_from_civil(int64_t y, unsigned m, unsigned d);
void time_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d);

#endif
