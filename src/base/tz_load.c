/* Time zone files: TZif (RFC 8536), versions 2 and later.
 *
 * A file holds the changes of the past as a table, and the rule that holds from then on
 * as a POSIX TZ string in its footer. The rule is written out up to 2261, the end of
 * the daemon's time, so that the arithmetic knows one kind of change only.
 */
#include "base/clock.h"
#include "base/tz_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 44
#define LAST_YEAR 2261
#define FIRST_CAPACITY 64

/* A cursor over bytes; short input makes it failed instead of running over. */
struct input {
	const unsigned char *p;
	size_t left;
	bool failed;
};

static const unsigned char *
take(struct input *in, size_t n)
{
	const unsigned char *p = in->p;

	if (in->failed || in->left < n) {
		in->failed = true;
		return NULL;
	}
	in->p += n;
	in->left -= n;
	return p;
}

static int64_t
big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return n == 4 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v;
}

bool
tz_add_change(struct tz *z, int64_t at, int32_t offset)
{
	if (offset <= -TZ_OFFSET_LIMIT || offset >= TZ_OFFSET_LIMIT)
		return false;
	if (z->n > 0 && z->changes[z->n - 1].at > at)
		return false;
	if (z->n > 0 && z->changes[z->n - 1].at == at)
		z->n--; /* permanent summer time ends and starts at once: it stays */
	if (z->n > 0 && z->changes[z->n - 1].offset == offset)
		return true;
	/* Room doubles at powers of two. */
	if (z->n == 0 || (z->n >= FIRST_CAPACITY && (z->n & (z->n - 1)) == 0)) {
		size_t room = z->n == 0 ? FIRST_CAPACITY : z->n * 2;
		struct tz_change *more = realloc(z->changes, room * sizeof *more);

		if (more == NULL)
			return false;
		z->changes = more;
	}
	z->changes[z->n++] = (struct tz_change){at, offset};
	return true;
}

/* ---- the footer: a POSIX TZ string -------------------------------------------------
 */

/* When in a year a change happens: Mm.w.d, Jn or n, and the local time of day. */
struct rule_date {
	char kind; /* 'M', 'J' or '0' */
	unsigned month;
	unsigned week;
	unsigned day;
	int32_t time;
};

struct rule {
	int32_t standard; /* seconds east */
	int32_t summer;
	bool has_summer;
	struct rule_date start;
	struct rule_date end;
};

static bool
take_mark(const char **z, char c)
{
	if (**z != c)
		return false;
	(*z)++;
	return true;
}

static bool
take_number(const char **z, unsigned low, unsigned high, unsigned *out)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)**z))
		return false;
	while (isdigit((unsigned char)**z) && v <= high)
		v = v * 10 + (unsigned)(*(*z)++ - '0');
	*out = v;
	return v >= low && v <= high;
}

/* The abbreviation is not needed, only its end. */
static bool
skip_name(const char **z)
{
	const char *start = *z;

	if (take_mark(z, '<')) {
		while (**z != '\0' && **z != '>')
			(*z)++;
		return take_mark(z, '>');
	}
	while (isalpha((unsigned char)**z))
		(*z)++;
	return *z - start >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool
take_time(const char **z, int32_t *out)
{
	bool negative = take_mark(z, '-');
	unsigned h;
	unsigned m = 0;
	unsigned s = 0;

	if (!negative)
		(void)take_mark(z, '+');
	if (!take_number(z, 0, 167, &h))
		return false;
	if (take_mark(z, ':') &&
	    (!take_number(z, 0, 59, &m) ||
	     (take_mark(z, ':') && !take_number(z, 0, 59, &s))))
		return false;
	*out = (int32_t)(h * 3600 + m * 60 + s);
	if (negative)
		*out = -*out;
	return true;
}

static bool
take_date(const char **z, struct rule_date *d)
{
	d->kind = '0';
	d->time = 2 * 3600; /* what POSIX takes when none is given */
	if (take_mark(z, 'M')) {
		d->kind = 'M';
		if (!take_number(z, 1, 12, &d->month) || !take_mark(z, '.') ||
		    !take_number(z, 1, 5, &d->week) || !take_mark(z, '.') ||
		    !take_number(z, 0, 6, &d->day))
			return false;
	} else if (take_mark(z, 'J')) {
		d->kind = 'J';
		if (!take_number(z, 1, 365, &d->day))
			return false;
	} else if (!take_number(z, 0, 365, &d->day)) {
		return false;
	}
	return !take_mark(z, '/') || take_time(z, &d->time);
}

static bool
parse_rule(const char *z, struct rule *r)
{
	memset(r, 0, sizeof *r);
	if (!skip_name(&z) || !take_time(&z, &r->standard))
		return false;
	r->standard = -r->standard; /* POSIX counts west */
	if (*z == '\0')
		return true;
	r->has_summer = true;
	r->summer = r->standard + 3600;
	if (!skip_name(&z))
		return false;
	if (*z != ',') {
		if (!take_time(&z, &r->summer))
			return false;
		r->summer = -r->summer;
	}
	return take_mark(&z, ',') && take_date(&z, &r->start) && take_mark(&z, ',') &&
		take_date(&z, &r->end) && *z == '\0';
}

/* The instant in year `y`, with `offset` in force before it. */
static int64_t
rule_instant(const struct rule_date *d, int64_t y, int32_t offset)
{
	int64_t day;

	if (d->kind == 'M') {
		int64_t first = time_days_from_civil(y, d->month, 1);
		int64_t end = d->month < 12 ? time_days_from_civil(y, d->month + 1, 1)
					    : time_days_from_civil(y + 1, 1, 1);
		int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01: Thursday */

		day = first + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
		while (day >= end)
			day -= 7;
	} else {
		day = time_days_from_civil(y, 1, 1) + d->day;
		if (d->kind == 'J') {
			bool leap = time_days_from_civil(y, 3, 1) -
					time_days_from_civil(y, 2, 1) ==
				29;

			/* J60 is 1 March in every year. */
			day += (leap && d->day >= 60 ? 1 : 0) - 1;
		}
	}
	return day * S_PER_DAY + d->time - offset;
}

static bool
apply_rule(struct tz *z, const struct rule *r)
{
	int64_t last = z->changes[z->n - 1].at;
	int64_t y = 1970;
	unsigned m, d;

	if (!r->has_summer)
		return true; /* the last change has led there */
	if (last > 0)
		time_civil_from_days(last / S_PER_DAY, &y, &m, &d);
	else
		last = -S_PER_DAY;
	for (; y <= LAST_YEAR; y++) {
		struct tz_change on = {rule_instant(&r->start, y, r->standard),
				       r->summer};
		struct tz_change off = {rule_instant(&r->end, y, r->summer),
					r->standard};
		bool north = on.at <= off.at;
		struct tz_change first = north ? on : off;
		struct tz_change second = north ? off : on;

		if ((first.at > last && !tz_add_change(z, first.at, first.offset)) ||
		    (second.at > last && !tz_add_change(z, second.at, second.offset)))
			return false;
	}
	return true;
}

static bool
load_footer(struct tz *z, struct input *in)
{
	char text[128];
	const unsigned char *end;
	size_t n;
	struct rule rule;

	if (in->left < 2 || in->p[0] != '\n')
		return false;
	end = memchr(in->p + 1, '\n', in->left - 1);
	if (end == NULL)
		return false;
	n = (size_t)(end - in->p) - 1;
	if (n >= sizeof text)
		return false;
	if (n == 0)
		return true; /* no rule: the last offset stays */
	memcpy(text, in->p + 1, n);
	text[n] = '\0';
	return strlen(text) == n && parse_rule(text, &rule) && apply_rule(z, &rule);
}

/* ---- the table ---------------------------------------------------------------------
 */

struct counts {
	size_t utc, standard, leap, time, type, chars;
};

static bool
take_header(struct input *in, struct counts *c, unsigned char *version)
{
	const unsigned char *p = take(in, HEADER_SIZE);
	size_t *fields[] = {&c->utc,  &c->standard, &c->leap,
			    &c->time, &c->type,     &c->chars};

	if (p == NULL || memcmp(p, "TZif", 4) != 0)
		return false;
	*version = p[4];
	for (size_t i = 0; i < 6; i++) {
		int64_t v = big_endian(p + 20 + 4 * i, 4);

		if (v < 0 || v > UINT16_MAX)
			return false;
		*fields[i] = (size_t)v;
	}
	return true;
}

static bool
load_table(struct tz *z, struct input *in, const struct counts *c)
{
	const unsigned char *times = take(in, c->time * 8);
	const unsigned char *indices = take(in, c->time);
	const unsigned char *types = take(in, c->type * 6);

	(void)take(in, c->chars + c->leap * 12 + c->standard + c->utc);
	if (in->failed || c->type == 0 || c->leap != 0)
		return false;
	if (!tz_add_change(z, INT64_MIN, (int32_t)big_endian(types, 4)))
		return false;
	for (size_t i = 0; i < c->time; i++) {
		if (indices[i] >= c->type ||
		    !tz_add_change(z, big_endian(times + i * 8, 8),
				   (int32_t)big_endian(types + indices[i] * 6, 4)))
			return false;
	}
	return true;
}

bool
tz_load(struct tz *z, const unsigned char *p, size_t n)
{
	struct input in = {.p = p, .left = n};
	struct counts c;
	unsigned char version;

	if (!take_header(&in, &c, &version) || version < '2')
		return false;
	/* The first block has 32-bit times and is for readers of version 1. */
	(void)take(&in,
		   c.time * 5 + c.type * 6 + c.chars + c.leap * 8 + c.standard + c.utc);
	return take_header(&in, &c, &version) && load_table(z, &in, &c) &&
		load_footer(z, &in);
}
