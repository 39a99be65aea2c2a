/* The clocks, RFC 3339 and the calendar. */
#include "base/clock.h"

#include "base/num.h"

#include <stdatomic.h>
#include <time.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL
/* A number from here on is milliseconds: as seconds it would be the year 5138. */
#define MS_NUMBERS_FROM UINT64_C(100000000000)
#define TIME_END_S 9214646400LL /* 2262-01-01, where 64 bits of nanoseconds end */
#define FRACTION_DIGITS_MAX 9
#define DAYS_PER_400_YEARS 146097
#define DAYS_0000_03_01_TO_1970 719468 /* from 1 March of the year 0 */

static _Atomic int64_t fixed_ms = -1;

int64_t
clock_now_ms(void)
{
	int64_t fixed = atomic_load_explicit(&fixed_ms, memory_order_relaxed);
	struct timespec now;

	if (fixed >= 0)
		return fixed;
	EMP_ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

uint64_t
clock_mono_ns(void)
{
	struct timespec now;

	EMP_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (uint64_t)now.tv_sec * (uint64_t)NS_PER_S + (uint64_t)now.tv_nsec;
}

int64_t
clock_mono_ms(void)
{
	return (int64_t)(clock_mono_ns() / NS_PER_MS);
}

void
clock_set_fixed(int64_t ms)
{
	atomic_store_explicit(&fixed_ms, ms, memory_order_relaxed);
}

/* Years are counted from 1 March, so that the day a leap year adds is the last one. */
int64_t
time_days_from_civil(int64_t y, unsigned m, unsigned d)
{
	int64_t year = m > 2 ? y : y - 1;
	int64_t cycle = (year >= 0 ? year : year - 399) / 400;
	int64_t in_cycle = year - cycle * 400;
	int64_t month = m > 2 ? m - 3 : m + 9;
	/* Months from March repeat 31 30 31 30 31: 153 days in five. */
	int64_t day = (153 * month + 2) / 5 + d - 1;

	return cycle * DAYS_PER_400_YEARS + in_cycle * 365 + in_cycle / 4 -
		in_cycle / 100 + day - DAYS_0000_03_01_TO_1970;
}

void
time_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
	int64_t shifted = days + DAYS_0000_03_01_TO_1970;
	int64_t cycle = (shifted >= 0 ? shifted : shifted - (DAYS_PER_400_YEARS - 1)) /
		DAYS_PER_400_YEARS;
	int64_t rest = shifted - cycle * DAYS_PER_400_YEARS;
	/* Take the leap days out (1460 = 4 years - 1 day, 36524 a century), then
	 * divide. */
	int64_t year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int64_t day = rest - (year * 365 + year / 4 - year / 100);
	int64_t month = (5 * day + 2) / 153;

	*d = (unsigned)(day - (153 * month + 2) / 5 + 1);
	*m = (unsigned)(month < 10 ? month + 3 : month - 9);
	*y = cycle * 400 + year + (*m <= 2 ? 1 : 0);
}

static unsigned
month_length(int64_t y, unsigned m)
{
	int64_t next = m < 12 ? time_days_from_civil(y, m + 1, 1)
			      : time_days_from_civil(y + 1, 1, 1);

	return (unsigned)(next - time_days_from_civil(y, m, 1));
}

/* Exactly `n` digits at the start of *s, within bounds; moves *s behind them. */
static bool
take_digits(struct str *s, size_t n, unsigned low, unsigned high, unsigned *out)
{
	uint64_t v;

	if (s->n < n || !num_u64((struct str){s->p, n}, &v) || v < low || v > high)
		return false;
	*out = (unsigned)v;
	s->p += n;
	s->n -= n;
	return true;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || (s->p[0] != c && s->p[0] != c + ('a' - 'A')))
		return false;
	s->p++;
	s->n--;
	return true;
}

/* ".123": 1 to 9 digits, of which ms keeps three. No fraction is right too. */
static bool
take_fraction(struct str *s, int64_t *ms)
{
	int64_t weight = 100;
	size_t n = 0;

	*ms = 0;
	if (s->n == 0 || s->p[0] != '.')
		return true;
	s->p++;
	s->n--;
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
		*ms += (s->p[n] - '0') * weight;
		weight /= 10;
		n++;
	}
	s->p += n;
	s->n -= n;
	return n >= 1 && n <= FRACTION_DIGITS_MAX;
}

/* "Z" or "+02:00", and nothing behind it. */
static bool
take_zone(struct str *s, int64_t *east)
{
	unsigned hours;
	unsigned minutes;
	int64_t sign;

	*east = 0;
	if (take_char(s, 'Z'))
		return s->n == 0;
	if (s->n == 0 || (s->p[0] != '+' && s->p[0] != '-'))
		return false;
	sign = s->p[0] == '-' ? -1 : 1;
	s->p++;
	s->n--;
	if (!take_digits(s, 2, 0, 23, &hours) || s->n == 0 || s->p[0] != ':')
		return false;
	s->p++;
	s->n--;
	if (!take_digits(s, 2, 0, 59, &minutes))
		return false;
	*east = sign * (hours * S_PER_HOUR + minutes * S_PER_MIN);
	return s->n == 0;
}

static bool
take_separator(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool
parse_rfc3339(struct str s, int64_t *ms)
{
	unsigned y, mon, d, h, min, sec;
	int64_t fraction;
	int64_t east;
	int64_t at;

	if (!take_digits(&s, 4, 0, 9999, &y) || !take_separator(&s, '-') ||
	    !take_digits(&s, 2, 1, 12, &mon) || !take_separator(&s, '-') ||
	    !take_digits(&s, 2, 1, month_length(y, mon), &d) || !take_char(&s, 'T') ||
	    !take_digits(&s, 2, 0, 23, &h) || !take_separator(&s, ':') ||
	    !take_digits(&s, 2, 0, 59, &min) || !take_separator(&s, ':') ||
	    !take_digits(&s, 2, 0, 60, &sec) || !take_fraction(&s, &fraction) ||
	    !take_zone(&s, &east))
		return false;
	if (sec == 60)
		sec = 59; /* a leap second; Unix time has none */
	at = time_days_from_civil(y, mon, d) * S_PER_DAY + h * S_PER_HOUR +
		min * S_PER_MIN + sec - east;
	if (at < 0 || at >= TIME_END_S)
		return false;
	*ms = at * MS_PER_S + fraction;
	return true;
}

bool
time_parse(struct str s, int64_t *ms)
{
	uint64_t number;

	if (!num_u64(s, &number))
		return parse_rfc3339(s, ms);
	if (number < MS_NUMBERS_FROM) {
		if (number >= (uint64_t)TIME_END_S)
			return false;
		number *= (uint64_t)MS_PER_S;
	} else if (number >= (uint64_t)(TIME_END_S * MS_PER_S)) {
		return false;
	}
	*ms = (int64_t)number;
	return true;
}

/* Writes `v` in `n` digits and returns what is behind them. */
static char *
put_digits(char *p, size_t n, uint64_t v)
{
	for (size_t i = n; i > 0; i--) {
		p[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + n;
}

size_t
time_format(char dst[TIME_TEXT_MAX], int64_t ms)
{
	const int64_t day_ms = S_PER_DAY * MS_PER_S;
	int64_t first = time_days_from_civil(0, 1, 1) * day_ms;
	int64_t end = time_days_from_civil(10000, 1, 1) * day_ms;
	int64_t days;
	int64_t rest;
	int64_t y;
	unsigned m, d;
	char *p = dst;

	/* Four digits of year are what the format has; nothing else comes from
	 * time_parse, and a damaged file must not overflow the buffer. */
	ms = ms < first ? first : ms >= end ? end - 1 : ms;
	days = (ms >= 0 ? ms : ms - (day_ms - 1)) / day_ms;
	rest = ms - days * day_ms;
	time_civil_from_days(days, &y, &m, &d);
	p = put_digits(p, 4, (uint64_t)y);
	*p++ = '-';
	p = put_digits(p, 2, m);
	*p++ = '-';
	p = put_digits(p, 2, d);
	*p++ = 'T';
	p = put_digits(p, 2, (uint64_t)(rest / (S_PER_HOUR * MS_PER_S)));
	*p++ = ':';
	p = put_digits(p, 2, (uint64_t)(rest / (S_PER_MIN * MS_PER_S) % 60));
	*p++ = ':';
	p = put_digits(p, 2, (uint64_t)(rest / MS_PER_S % 60));
	if (rest % MS_PER_S != 0) {
		*p++ = '.';
		p = put_digits(p, 3, (uint64_t)(rest % MS_PER_S));
	}
	*p++ = 'Z';
	*p = '\0';
	return (size_t)(p - dst);
}
