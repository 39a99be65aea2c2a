/* Trees and periods of releases.
 *
 * A period is a number, for people a name, and for weeks and months a stretch of time
 * whose bounds are those of the buckets of base/tz: a moment is in exactly one period,
 * also where a clock was set back over midnight.
 */
#include "model/release.h"

#include "base/clock.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

#define DAYS_TO_MONDAY 3   /* 1970-01-01 was a Thursday */
#define DAYS_TO_THURSDAY 3 /* the year of a week is its Thursday's */
#define DAYS_PER_WEEK 7
#define MONTHS_PER_YEAR 12
#define FIRST_YEAR 1970
#define LAST_YEAR 2261     /* of the times that an event may have */
#define NAME_YEAR_MAX 9999 /* four digits */
#define MIDDLE_OF_MONTH 15

uint32_t
release_width(const struct question *q)
{
	return q == NULL ? 1 : question_width(q);
}

/* RELEASE_NONE: it is not in the tree. */
static uint32_t
find(const struct release_tree *t, struct str unit)
{
	uint32_t lo = 1;
	uint32_t hi = t->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int cmp = str_cmp(unit, t->unit[mid]);

		if (cmp == 0)
			return mid;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return RELEASE_NONE;
}

/* One part shorter, empty at last. */
static struct str
above(struct str unit)
{
	while (unit.n > 0 && unit.p[unit.n - 1] != '/')
		unit.n--;
	unit.n -= unit.n > 0;
	return unit;
}

uint32_t
release_unit(const struct release_tree *t, struct str unit)
{
	for (; unit.n > 0; unit = above(unit)) {
		uint32_t i = find(t, unit);

		if (i != RELEASE_NONE)
			return i;
	}
	return 0;
}

enum emp_rc
release_tree_make(struct release_tree *t, const struct str *units, uint32_t n,
		  struct arena *a)
{
	struct str *unit = arena_alloc(a, (n + 1) * sizeof *unit);
	uint32_t *parent = arena_alloc(a, (n + 1) * sizeof *parent);

	if (unit == NULL || parent == NULL)
		return EMP_NOMEM;
	unit[0] = STR_NONE;
	parent[0] = 0;
	for (uint32_t i = 0; i < n; i++)
		unit[i + 1] = units[i];
	*t = (struct release_tree){n + 1, unit, parent};
	/* A name stands behind its beginnings in the order of names. */
	for (uint32_t i = 1; i <= n; i++)
		parent[i] = release_unit(t, above(unit[i]));
	return EMP_OK;
}

/* ---- periods -------------------------------------------------------------------- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return (a >= 0 ? a : a - (b - 1)) / b;
}

/* Days since 1970 of a week's Monday. */
static int64_t
week_monday(int64_t number)
{
	return number * DAYS_PER_WEEK - DAYS_TO_MONDAY;
}

static int64_t
week_of_day(int64_t day)
{
	return floor_div(day + DAYS_TO_MONDAY, DAYS_PER_WEEK);
}

/* January 4th is in the first week of its year, whatever the year. */
static int64_t
first_week(int64_t year)
{
	return week_of_day(time_days_from_civil(year, 1, 4));
}

/* Can anything have happened in it? Local clocks are up to a day off UTC. */
static bool
in_time(enum period p, int64_t number)
{
	int64_t first = time_days_from_civil(FIRST_YEAR, 1, 1) - 1;
	int64_t last = time_days_from_civil(LAST_YEAR + 1, 1, 1);

	if (p == PERIOD_WAVE)
		return number >= 1;
	if (p == PERIOD_WEEK)
		return number >= week_of_day(first) && number <= week_of_day(last);
	return number >= -1 &&
		number <= (int64_t)(LAST_YEAR + 1 - FIRST_YEAR) * MONTHS_PER_YEAR;
}

size_t
release_period_name(char dst[RELEASE_PERIOD_MAX], enum period p, int64_t number)
{
	int64_t year;
	unsigned month;
	unsigned day;
	int n;

	if (p == PERIOD_WAVE) {
		n = snprintf(dst, RELEASE_PERIOD_MAX, "%" PRId64, number);
	} else if (p == PERIOD_WEEK) {
		time_civil_from_days(week_monday(number) + DAYS_TO_THURSDAY, &year,
				     &month, &day);
		n = snprintf(dst, RELEASE_PERIOD_MAX, "%04" PRId64 "-W%02" PRId64, year,
			     number - first_week(year) + 1);
	} else {
		year = floor_div(number, MONTHS_PER_YEAR);
		n = snprintf(dst, RELEASE_PERIOD_MAX, "%04" PRId64 "-%02" PRId64,
			     year + FIRST_YEAR, number - year * MONTHS_PER_YEAR + 1);
	}
	EMP_ASSERT(n > 0 && n < RELEASE_PERIOD_MAX);
	return (size_t)n;
}

bool
release_period_find(enum period p, struct str name, int64_t *number)
{
	char text[RELEASE_PERIOD_MAX];
	struct str rest = name;
	uint64_t year;
	uint64_t part;
	int64_t found;

	if (!num_u64(p == PERIOD_WAVE ? name : str_split(&rest, '-'), &year))
		return false;
	if (p == PERIOD_WAVE) {
		if (year > INT64_MAX)
			return false;
		found = (int64_t)year;
	} else {
		if (p == PERIOD_WEEK && rest.n > 0) {
			rest.p++;
			rest.n--;
		}
		if (!num_u64(rest, &part) || year > NAME_YEAR_MAX ||
		    part > NAME_YEAR_MAX)
			return false;
		found = p == PERIOD_WEEK
			? first_week((int64_t)year)
			: ((int64_t)year - FIRST_YEAR) * MONTHS_PER_YEAR;
		found += (int64_t)part - 1;
	}
	/* Read generously; what counts is that it is what would be written. */
	if (!in_time(p, found) ||
	    !str_eq(name, (struct str){text, release_period_name(text, p, found)}))
		return false;
	*number = found;
	return true;
}

int64_t
release_period_of(const struct tz *tz, enum period p, int64_t t)
{
	int64_t start;

	EMP_ASSERT(p != PERIOD_WAVE);
	/* By the start: a clock that was set back may show the month before again. */
	start = tz_floor(tz, p == PERIOD_WEEK ? TZ_WEEK : TZ_MONTH, t);
	if (p == PERIOD_MONTH)
		return tz_month_index(tz, start);
	return week_of_day(floor_div(start + tz_offset(tz, start), S_PER_DAY));
}

void
release_period_bounds(const struct tz *tz, enum period p, int64_t number, int64_t *from,
		      int64_t *to)
{
	enum tz_unit unit = p == PERIOD_WEEK ? TZ_WEEK : TZ_MONTH;
	int64_t day; /* in the middle, in any zone */

	EMP_ASSERT(p != PERIOD_WAVE);
	if (p == PERIOD_WEEK) {
		day = week_monday(number) + DAYS_TO_THURSDAY;
	} else {
		int64_t year = floor_div(number, MONTHS_PER_YEAR);

		day = time_days_from_civil(year + FIRST_YEAR,
					   (unsigned)(number - year * MONTHS_PER_YEAR) +
						   1,
					   MIDDLE_OF_MONTH);
	}
	*from = tz_floor(tz, unit, day * S_PER_DAY);
	*to = tz_next(tz, unit, day * S_PER_DAY);
}
