/* Bucket arithmetic in a time zone.
 *
 * The zone is a table of changes (tz_impl.h). Within one interval of the table local
 * time is Unix time plus a constant, and everything is a division. What remains is how
 * a bucket behaves where a change falls into it:
 *
 * Minutes and hours follow the real clock. A bucket starts where the local clock reads
 * a full unit; where that reading is skipped, at the change. The hour that a clock set
 * back shows twice is thus two buckets of one real hour, and a change in the middle of
 * an hour makes that bucket longer or shorter.
 *
 * Days, weeks and months carry a date, and no date may appear twice. Their start is the
 * first instant at which the local clock reads that date or a later one. A clock set
 * back over midnight therefore does not return to the day before.
 */
#include "base/tz.h"

#include "base/clock.h"
#include "base/tz_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TZ_DIRECTORY "/usr/share/zoneinfo/"
#define TZ_FILE_MAX (256 * 1024)
#define DAYS_TO_MONDAY 3 /* 1970-01-01 was a Thursday */

/* ---- opening ----------------------------------------------------------------- */

static bool
name_is_plain(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_+-/";

	return name[0] != '\0' && name[0] != '/' && strlen(name) < TZ_NAME_MAX &&
		strspn(name, allowed) == strlen(name);
}

static enum emp_rc
read_zone(struct tz *z, const char *name)
{
	char path[sizeof TZ_DIRECTORY + TZ_NAME_MAX];
	unsigned char *p = NULL;
	enum emp_rc rc = EMP_CONFIG;
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%s%s", TZ_DIRECTORY, name);
	f = fopen(path, "rbe");
	if (f == NULL)
		return errno == ENOMEM ? EMP_NOMEM : EMP_CONFIG;
	p = malloc(TZ_FILE_MAX);
	if (p == NULL) {
		rc = EMP_NOMEM;
		goto out;
	}
	n = fread(p, 1, TZ_FILE_MAX, f);
	if (ferror(f) || n == TZ_FILE_MAX || !tz_load(z, p, n))
		goto out;
	rc = EMP_OK;
out:
	free(p);
	fclose(f);
	return rc;
}

enum emp_rc
tz_open(struct tz **out, const char *name)
{
	struct tz *z;
	enum emp_rc rc;

	if (!name_is_plain(name))
		return EMP_CONFIG;
	z = calloc(1, sizeof *z);
	if (z == NULL)
		return EMP_NOMEM;
	memcpy(z->name, name, strlen(name) + 1);
	if (strcmp(name, "UTC") == 0)
		rc = tz_add_change(z, INT64_MIN, 0) ? EMP_OK : EMP_NOMEM;
	else
		rc = read_zone(z, name);
	if (rc != EMP_OK)
		tz_free(&z);
	*out = z;
	return rc;
}

void
tz_free(struct tz **z)
{
	if (*z == NULL)
		return;
	free((*z)->changes);
	free(*z);
	*z = NULL;
}

const char *
tz_name(const struct tz *z)
{
	return z->name;
}

/* ---- instants and readings of the local clock ----------------------------------- */

/* Index of the change in force at t. */
static size_t
change_at(const struct tz *z, int64_t t)
{
	size_t low = 0;
	size_t high = z->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (z->changes[middle].at <= t)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int32_t
tz_offset(const struct tz *z, int64_t t)
{
	return z->changes[change_at(z, t)].offset;
}

/* First instant at which the local clock reads `local` (seconds) or later. */
static int64_t
first_reading(const struct tz *z, int64_t local)
{
	/* No interval that ends before this can reach so late a reading. */
	size_t i = change_at(z, local - TZ_OFFSET_LIMIT);
	int64_t at;

	while (i + 1 < z->n && z->changes[i + 1].at + z->changes[i].offset <= local)
		i++;
	at = local - z->changes[i].offset;
	return at > z->changes[i].at ? at : z->changes[i].at;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return (a >= 0 ? a : a - (b - 1)) / b;
}

/* ---- days, weeks, months: by date ----------------------------------------------- */

/* Number of the day, week or month that the local reading falls into. */
static int64_t
label_of(enum tz_unit unit, int64_t local)
{
	int64_t day = floor_div(local, S_PER_DAY);
	int64_t y;
	unsigned m, d;

	if (unit == TZ_DAY)
		return day;
	if (unit == TZ_WEEK)
		return floor_div(day + DAYS_TO_MONDAY, 7);
	time_civil_from_days(day, &y, &m, &d);
	return y * 12 + m - 1;
}

static int64_t
label_start(const struct tz *z, enum tz_unit unit, int64_t label)
{
	int64_t day = label;

	if (unit == TZ_WEEK) {
		day = label * 7 - DAYS_TO_MONDAY;
	} else if (unit == TZ_MONTH) {
		int64_t y = floor_div(label, 12);

		day = time_days_from_civil(y, (unsigned)(label - y * 12) + 1, 1);
	}
	return first_reading(z, day * S_PER_DAY);
}

/* Label of the bucket that holds t: where the clock went back over a start, the bucket
 * that had already begun. */
static int64_t
label_at(const struct tz *z, enum tz_unit unit, int64_t t)
{
	int64_t label = label_of(unit, t + tz_offset(z, t));

	while (label_start(z, unit, label + 1) <= t)
		label++;
	return label;
}

/* ---- minutes and hours: by the clock --------------------------------------------- */

static int64_t
clock_floor(const struct tz *z, int64_t size, int64_t t)
{
	size_t i = change_at(z, t);

	for (;;) {
		int64_t offset = z->changes[i].offset;
		int64_t label = floor_div(t + offset, size);
		int64_t start = label * size - offset;
		int64_t change = z->changes[i].at;

		if (i == 0 || start >= change)
			return start;
		/* The change is inside the bucket, or skipped its start. */
		if (floor_div(change - 1 + z->changes[i - 1].offset, size) < label)
			return change;
		t = change - 1;
		i--;
	}
}

static int64_t
clock_next(const struct tz *z, int64_t size, int64_t t)
{
	size_t i = change_at(z, t);

	for (;;) {
		int64_t offset = z->changes[i].offset;
		int64_t next = (floor_div(t + offset, size) + 1) * size - offset;

		if (i + 1 == z->n || next < z->changes[i + 1].at)
			return next;
		i++;
		t = z->changes[i].at;
		if (clock_floor(z, size, t) == t)
			return t;
	}
}

/* ---- the interface -----------------------------------------------------------------
 */

static int64_t
clock_size(enum tz_unit unit)
{
	return unit == TZ_MINUTE ? S_PER_MIN : S_PER_HOUR;
}

int64_t
tz_floor(const struct tz *z, enum tz_unit unit, int64_t t)
{
	if (unit == TZ_MINUTE || unit == TZ_HOUR)
		return clock_floor(z, clock_size(unit), t);
	return label_start(z, unit, label_at(z, unit, t));
}

int64_t
tz_next(const struct tz *z, enum tz_unit unit, int64_t t)
{
	if (unit == TZ_MINUTE || unit == TZ_HOUR)
		return clock_next(z, clock_size(unit), t);
	return label_start(z, unit, label_at(z, unit, t) + 1);
}

int64_t
tz_ceil(const struct tz *z, enum tz_unit unit, int64_t t)
{
	return tz_floor(z, unit, t) == t ? t : tz_next(z, unit, t);
}

int64_t
tz_add_days(const struct tz *z, int64_t t, int n)
{
	return n == 0 ? t : first_reading(z, t + tz_offset(z, t) + n * S_PER_DAY);
}

int64_t
tz_add_months(const struct tz *z, int64_t t, int n)
{
	int64_t local = t + tz_offset(z, t);
	int64_t day = floor_div(local, S_PER_DAY);
	int64_t month;
	int64_t length;
	int64_t first;
	int64_t y;
	unsigned m, d;

	if (n == 0)
		return t;
	time_civil_from_days(day, &y, &m, &d);
	month = y * 12 + m - 1 + n;
	y = floor_div(month, 12);
	m = (unsigned)(month - y * 12) + 1;
	first = time_days_from_civil(y, m, 1);
	length = (m < 12 ? time_days_from_civil(y, m + 1, 1)
			 : time_days_from_civil(y + 1, 1, 1)) -
		first;
	if (d > length)
		d = (unsigned)length;
	return first_reading(z, (first + d - 1) * S_PER_DAY + local - day * S_PER_DAY);
}

int32_t
tz_month_index(const struct tz *z, int64_t t)
{
	return (int32_t)(label_of(TZ_MONTH, t + tz_offset(z, t)) - 1970 * 12);
}
