/* A time zone as a table of offset changes, so that bucket arithmetic is pure: no
 * global TZ, no locks, several zones in one test.
 *
 * All times are Unix seconds. A bucket is half open; its start is an instant at which
 * the local clock reads a full minute, hour, day, ISO week (Monday) or month. Where the
 * local clock is set back, an hour bucket covers one real hour (the repeated hour is
 * two buckets); where a day is 23 or 25 hours long, so is its bucket. A bucket whose
 * local start is skipped (clock set forward at midnight) starts at the change.
 */
#ifndef EMP_BASE_TZ_H
#define EMP_BASE_TZ_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct tz;

enum tz_unit { TZ_MINUTE, TZ_HOUR, TZ_DAY, TZ_WEEK, TZ_MONTH };

/* Reads /usr/share/zoneinfo/NAME (TZif version 2+, with its footer rule applied up to
 * 2261); "UTC" needs no file. EMP_CONFIG for an unknown name. [main] Immutable after.
 */
EMP_MUST_CHECK enum emp_rc tz_open(struct tz **out, const char *name);
void tz_free(struct tz **z);
const char *tz_name(const struct tz *z);
/* Seconds east of UTC in force at t. [any] */
int32_t tz_offset(const struct tz *z, int64_t t);
/* Start of the bucket that holds t. [any] */
int64_t tz_floor(const struct tz *z, enum tz_unit unit, int64_t t);
/* Start of the bucket after the one that holds t. [any] */
int64_t tz_next(const struct tz *z, enum tz_unit unit, int64_t t);
/* Smallest bucket start >= t. [any] */
int64_t tz_ceil(const struct tz *z, enum tz_unit unit, int64_t t);
/* Same time of day n days later: a day of a change of the clock has 23 or 25 hours. A
 * time that the clock leaps over is the moment of the leap. [any] */
int64_t tz_add_days(const struct tz *z, int64_t t, int n);
/* Same wall-clock date n months later, the day cut to the month's length (cohorts). */
int64_t tz_add_months(const struct tz *z, int64_t t, int n);
/* Calendar month since 1970-01 (0-based) of t in this zone: for cohorts. [any] */
int32_t tz_month_index(const struct tz *z, int64_t t);

#endif
