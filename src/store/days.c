/* Local dates and the moments they began. */
#include "store/days.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define DATE_CHARS 10 /* 2026-01-31 */

int64_t
day_of(const struct tz *tz, int64_t ms)
{
	int64_t s = ms / MS_PER_S;

	s += tz_offset(tz, s);
	/* Rounded down, also before 1970 in a zone west of it. */
	return (s - (s < 0 ? S_PER_DAY - 1 : 0)) / S_PER_DAY;
}

size_t
day_format(char dst[DAY_TEXT_MAX], int64_t day)
{
	int64_t year;
	unsigned month;
	unsigned date;

	time_civil_from_days(day, &year, &month, &date);
	return (size_t)snprintf(dst, DAY_TEXT_MAX, "%04d-%02u-%02u", (int)year, month,
				date);
}

static bool
number(const char *p, int n, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

bool
day_parse(struct str text, int64_t *day)
{
	char again[DAY_TEXT_MAX];
	unsigned year;
	unsigned month;
	unsigned date;

	if (text.n != DATE_CHARS || !number(text.p, 4, &year) || text.p[4] != '-' ||
	    !number(text.p + 5, 2, &month) || text.p[7] != '-' ||
	    !number(text.p + 8, 2, &date) || month < 1 || month > 12 || date < 1)
		return false;
	*day = time_days_from_civil(year, month, date);
	return day_format(again, *day) == DATE_CHARS &&
		memcmp(again, text.p, DATE_CHARS) == 0;
}

int64_t
day_start(const struct tz *tz, int64_t day)
{
	/* Noon is in the day wherever clocks are changed. */
	const int64_t noon = day * S_PER_DAY + S_PER_DAY / 2;

	return tz_floor(tz, TZ_DAY, noon - tz_offset(tz, noon)) * MS_PER_S;
}
