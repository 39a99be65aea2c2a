/* A growable byte buffer, and the one way in which numbers, JSON strings and CSV fields
 * are written, so that every route and file spells them alike. */
#include "base/buf.h"

#include "base/error.h"
#include "base/plain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST_CAP 256
#define U64_DIGITS_MAX 20

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* Doubling keeps the copying linear; the limit caps the last step. */
static bool
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap > 0 ? b->cap : BUF_FIRST_CAP;
	char *p;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (b->max > 0 && cap > b->max && need <= b->max)
		cap = b->max;
	p = realloc(b->p, cap);
	if (p == NULL)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

char *
buf_reserve(struct buf *b, size_t extra)
{
	size_t need = b->n + extra;

	if (b->failed)
		return NULL;
	if (need < extra || (b->max > 0 && need > b->max) ||
	    ((need > b->cap || b->p == NULL) && !grow(b, need))) {
		b->failed = true;
		return NULL;
	}
	return b->p + b->n;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_reserve(b, n);

	if (to == NULL || n == 0)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void
buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_add_z(struct buf *b, const char *z)
{
	buf_add(b, z, strlen(z));
}

void
buf_add_c(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	if (to == NULL)
		return;
	*to = c;
	b->n++;
}

char *
buf_put_u64(char *to, uint64_t v)
{
	char digits[U64_DIGITS_MAX];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	while (at < sizeof digits)
		*to++ = digits[at++];
	return to;
}

void
buf_add_u64(struct buf *b, uint64_t v)
{
	char *to = buf_reserve(b, BUF_NUMBER_MAX);

	if (to != NULL)
		b->n += (size_t)(buf_put_u64(to, v) - to);
}

void
buf_add_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_add_c(b, '-');
	/* Negating in unsigned arithmetic is right for INT64_MIN too. */
	buf_add_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

char *
buf_put_fixed4(char *to, double v)
{
	const double limit = 1e14;
	double size = fabs(v);
	uint64_t units;
	uint32_t decimals;
	double rest;

	if (!isfinite(v)) {
		memcpy(to, "null", 4);
		return to + 4;
	}
	EMP_ASSERT(size < limit);
	/* Apart, because v * 10^4 as a whole has more digits than a double. */
	units = (uint64_t)size;
	rest = (size - (double)units) * 1e4;
	decimals = (uint32_t)rest;
	/* Not by adding a half, which can round the sum. */
	if (rest - decimals >= 0.5)
		decimals++;
	if (decimals == 10000) {
		units++;
		decimals = 0;
	}
	if (v < 0 && (units > 0 || decimals > 0))
		*to++ = '-';
	to = buf_put_u64(to, units);
	if (decimals == 0)
		return to;
	*to = '.';
	for (int i = 4; i > 0; i--) {
		to[i] = (char)('0' + decimals % 10);
		decimals /= 10;
	}
	to += 5;
	while (to[-1] == '0')
		to--;
	return to;
}

void
buf_add_fixed4(struct buf *b, double v)
{
	char *to = buf_reserve(b, BUF_NUMBER_MAX);

	if (to != NULL)
		b->n += (size_t)(buf_put_fixed4(to, v) - to);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	va_list again;
	char *to = buf_reserve(b, 0);
	size_t room = b->cap - b->n;
	int n;

	if (to == NULL)
		return;
	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(to, room, fmt, args);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < room) {
		if (b->max > 0 && b->n + (size_t)n > b->max)
			b->failed = true;
		else
			b->n += (size_t)n;
	} else if (b->max > 0 && b->n + (size_t)n > b->max) {
		b->failed = true;
	} else if (grow(b, b->n + (size_t)n + 1)) { /* one more for the NUL */
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	} else {
		b->failed = true;
	}
	va_end(again);
	va_end(args);
}

static void
add_json_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *known = c != '\0' ? strchr(from, c) : NULL;

	if (known != NULL) {
		const char pair[2] = {'\\', to[known - from]};

		buf_add(b, pair, sizeof pair);
	} else {
		const char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

		buf_add(b, code, sizeof code);
	}
}

/* Behind the opening quote, from the first byte that needs an escape. */
static void
add_json_rest(struct buf *b, struct str s)
{
	bool high = false;

	while (s.n > 0) {
		size_t n = plain_length(s.p, s.p + s.n, &high);

		buf_add(b, s.p, n);
		if (n < s.n)
			add_json_escape(b, (unsigned char)s.p[n++]);
		s = (struct str){s.p + n, s.n - n};
	}
	buf_add_c(b, '"');
}

void
buf_add_json(struct buf *b, struct str s)
{
	char *to = buf_reserve(b, s.n + 2);
	bool high = false;
	size_t n = 0;

	if (to == NULL)
		return;
	*to++ = '"';
	/* Nearly all strings need no escape. */
	if (s.n > 0) {
		n = plain_length(s.p, s.p + s.n, &high);
		memcpy(to, s.p, n);
	}
	b->n += n + 1;
	if (n < s.n) {
		add_json_rest(b, (struct str){s.p + n, s.n - n});
		return;
	}
	to[n] = '"';
	b->n++;
}

static bool
csv_needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\r' || s.p[i] == '\n')
			return true;
	return false;
}

void
buf_add_csv(struct buf *b, struct str s)
{
	bool formula = s.n > 0 && s.p[0] != '\0' && strchr("=+-@\t\r", s.p[0]) != NULL;
	bool quotes = csv_needs_quotes(s);

	if (quotes)
		buf_add_c(b, '"');
	if (formula)
		buf_add_c(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_add_c(b, '"');
		buf_add_c(b, s.p[i]);
	}
	if (quotes)
		buf_add_c(b, '"');
}

void
buf_consume(struct buf *b, size_t n)
{
	EMP_ASSERT(n <= b->n);
	if (n > 0 && n < b->n)
		memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}
