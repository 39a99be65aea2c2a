/* Numbers from text, strictly: what a person would have to guess at is refused. */
#include "base/num.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
num_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]) || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

/* Joins sign and magnitude; the magnitude of INT64_MIN has no positive int64_t. */
static bool
with_sign(bool negative, uint64_t magnitude, int64_t *out)
{
	uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);

	if (magnitude > most)
		return false;
	if (!negative)
		*out = (int64_t)magnitude;
	else if (magnitude == most)
		*out = INT64_MIN;
	else
		*out = -(int64_t)magnitude;
	return true;
}

static bool
take_minus(struct str *s)
{
	if (s->n == 0 || s->p[0] != '-')
		return false;
	s->p++;
	s->n--;
	return true;
}

bool
num_cents(struct str s, int64_t *out)
{
	bool negative = take_minus(&s);
	const char *point = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
	struct str whole = s;
	uint64_t units;
	uint64_t cents = 0;

	if (point != NULL) {
		struct str decimals;

		whole = str_split(&s, '.');
		decimals = s;
		if (decimals.n > 2 || !num_u64(decimals, &cents))
			return false;
		if (decimals.n == 1)
			cents *= 10;
	}
	if (!num_u64(whole, &units) || __builtin_mul_overflow(units, 100u, &units) ||
	    __builtin_add_overflow(units, cents, &units))
		return false;
	return with_sign(negative, units, out);
}

static bool
scaled(struct str s, uint64_t factor, uint64_t *out)
{
	uint64_t v;

	if (factor != 1)
		s.n--; /* the suffix */
	if (!num_u64(s, &v) || __builtin_mul_overflow(v, factor, &v))
		return false;
	*out = v;
	return true;
}

bool
num_size(struct str s, uint64_t *out)
{
	uint64_t factor = 1;

	switch (s.n > 0 ? s.p[s.n - 1] : '\0') {
	case 'K':
	case 'k':
		factor = UINT64_C(1) << 10;
		break;
	case 'M':
	case 'm':
		factor = UINT64_C(1) << 20;
		break;
	case 'G':
	case 'g':
		factor = UINT64_C(1) << 30;
		break;
	}
	return scaled(s, factor, out);
}

bool
num_duration(struct str s, uint64_t *seconds)
{
	uint64_t factor = 1;

	switch (s.n > 0 ? s.p[s.n - 1] : '\0') {
	case 's':
		s.n--;
		break;
	case 'm':
		factor = 60;
		break;
	case 'h':
		factor = 60 * 60;
		break;
	case 'd':
		factor = 24 * 60 * 60;
		break;
	}
	return scaled(s, factor, seconds);
}

bool
num_bool(struct str s, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true}, {"true", true},   {"on", true},   {"1", true},
		     {"no", false}, {"false", false}, {"off", false}, {"0", false}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_is(s, words[i].word)) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

void
num_hex(char *dst, const void *src, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = src;

	for (size_t i = 0; i < n; i++) {
		*dst++ = digits[p[i] >> 4];
		*dst++ = digits[p[i] & 15];
	}
	*dst = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
num_unhex(void *dst, struct str s, size_t n)
{
	unsigned char *p = dst;

	if (s.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(s.p[2 * i]);
		int low = hex_digit(s.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
