/* Reading JSON text in place. The parts that every event needs are inline in the
 * header; here is what is rarer: escapes, large numbers, values that nobody reads. */
#include "codec/ingest_scan.h"

#include "base/hash.h"
#include "base/utf8.h"

#include <stdlib.h>

#define INT_DIGITS_SAFE 18 /* so many digits fit into int64_t whatever they are */

bool
scan_utf8(struct str s)
{
	return utf8_valid(s);
}

/* ---- keys ---------------------------------------------------------------------- */

void
scan_fini(struct scan *s)
{
	if (s->keys.slots != s->keys.few)
		free(s->keys.slots);
	s->keys.slots = NULL;
}

static struct scan_key *
key_slot(const struct scan_keys *k, const struct scan_key *want)
{
	uint32_t i = (uint32_t)want->hash & k->mask;

	for (;; i = (i + 1) & k->mask) {
		struct scan_key *have = &k->slots[i];

		if (have->p == NULL ||
		    (have->hash == want->hash && have->object == want->object &&
		     have->n == want->n && memcmp(have->p, want->p, want->n) == 0))
			return have;
	}
}

static bool
keys_grow(struct scan_keys *k)
{
	struct scan_keys next = {.mask = k->mask * 2 + 1};

	next.slots = calloc((size_t)next.mask + 1, sizeof *next.slots);
	if (next.slots == NULL)
		return false;
	for (uint32_t i = 0; i <= k->mask; i++)
		if (k->slots[i].p != NULL)
			*key_slot(&next, &k->slots[i]) = k->slots[i];
	if (k->slots != k->few)
		free(k->slots);
	k->slots = next.slots;
	k->mask = next.mask;
	return true;
}

bool
scan_key_add(struct scan *s, uint32_t object, struct str key)
{
	struct scan_keys *k = &s->keys;
	struct scan_key want = {.p = key.p, .n = (uint32_t)key.n, .object = object};
	struct scan_key *at;

	if (k->slots == NULL) {
		memset(k->few, 0, sizeof k->few);
		k->slots = k->few;
		k->mask = SCAN_KEYS_FEW - 1;
		k->count = 0;
	} else if (k->count > k->mask / 4 * 3 && !keys_grow(k)) {
		s->nomem = true;
		return false;
	}
	/* The table's hash has a secret key, so nobody can choose keys that collide. */
	want.hash = hash_bytes(key.p, key.n) ^ hash_u64(object);
	at = key_slot(k, &want);
	if (at->p != NULL)
		return false;
	*at = want;
	k->count++;
	return true;
}

/* ---- strings --------------------------------------------------------------------- */

/* Four hex digits; -1 when they are not. */
static int32_t
hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* The character of a \u escape, *p behind the u; -1 for what is none: not hex, NUL, or
 * half of a surrogate pair. */
static int32_t
unicode_escape(char **p, const char *end)
{
	int32_t v = hex4(*p, end);
	int32_t low;

	if (v <= 0)
		return -1;
	*p += 4;
	if (v < 0xd800 || v > 0xdfff)
		return v;
	if (v > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return -1;
	low = hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*p += 6;
	return 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
}

/* Undo the escape at *from (the backslash), writing to *to. What is written is never
 * longer than what was read. */
static bool
escape(char **from, const char *end, char **to)
{
	char *p = *from + 1;
	int32_t code;

	if (p == end)
		return false;
	switch (*p++) {
	case '"':
		code = '"';
		break;
	case '\\':
		code = '\\';
		break;
	case '/':
		code = '/';
		break;
	case 'b':
		code = '\b';
		break;
	case 'f':
		code = '\f';
		break;
	case 'n':
		code = '\n';
		break;
	case 'r':
		code = '\r';
		break;
	case 't':
		code = '\t';
		break;
	case 'u':
		code = unicode_escape(&p, end);
		break;
	default:
		code = -1;
	}
	if (code < 0)
		return false;
	*to += utf8_put(*to, (uint32_t)code);
	*from = p;
	return true;
}

bool
scan_string_rest(struct scan *s, char *at, struct str *out)
{
	char *start = s->p;
	char *from = start;
	char *to = start;

	for (;;) {
		struct str plain = {from, (size_t)(at - from)};
		bool high = false;

		/* No character can reach over a quote, a backslash or an escape, so the
		 * pieces between them are valid by themselves or not at all. */
		if (at == s->end || !utf8_valid(plain))
			return false;
		memmove(to, from, plain.n);
		to += plain.n;
		from = at;
		if (*from == '"')
			break;
		if (*from != '\\' || !escape(&from, s->end, &to))
			return false;
		at = from + plain_length(from, s->end, &high);
	}
	*out = (struct str){start, (size_t)(to - start)};
	s->p = from + 1;
	return true;
}

/* ---- numbers --------------------------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The smallest integer that a double rounds to infinity: halfway between the largest
 * finite number and 2^1024. */
static const char too_large[] =
	"1797693134862315807937289714053034150799341327100378269361737789804449682927"
	"6475094664901797758720709633028641669288791094655554785194040263065748867150"
	"5820681908902000708383676273854845817711531764475730270069855571366959622842"
	"9148198608349364752927190741684443655107043427115596995080930428801779041744"
	"97792";
#define TOO_LARGE_DIGITS ((int64_t)sizeof too_large - 1)
/* Beyond what the digits of any text make up for. */
#define EXPONENT_ENOUGH 1000000000

/* Whether a well-formed number is too large for a double, decided from its digits: the
 * C library's conversion needs a terminated copy and depends on the locale. */
static bool
real_overflows(struct str text)
{
	const char *end = text.p + text.n;
	const char *digits = text.p;
	const char *mark = text.p;
	int64_t exponent = 0; /* then: number of digits before the point */
	int64_t whole = 0;
	int64_t at = 0;
	bool started = false; /* a digit other than 0 was seen */
	bool point = false;

	while (mark < end && *mark != 'e' && *mark != 'E')
		mark++;
	if (mark < end) {
		const char *p = mark + 1;
		bool minus = *p == '-';

		for (p += *p == '-' || *p == '+'; p < end; p++)
			if (exponent < EXPONENT_ENOUGH)
				exponent = exponent * 10 + (*p - '0');
		exponent = minus ? -exponent : exponent;
	}
	for (const char *p = digits; p < mark; p++) {
		point |= *p == '.';
		if (!is_digit(*p))
			continue;
		started |= *p != '0';
		if (!point)
			whole += started;
		else if (!started)
			whole--;
	}
	if (!started || whole + exponent != TOO_LARGE_DIGITS)
		return started && whole + exponent > TOO_LARGE_DIGITS;
	started = false;
	for (const char *p = digits; p < mark; p++) {
		started |= is_digit(*p) && *p != '0';
		if (!started || !is_digit(*p))
			continue;
		if (at == TOO_LARGE_DIGITS)
			break;
		if (*p != too_large[at])
			return *p > too_large[at];
		at++;
	}
	while (at < TOO_LARGE_DIGITS && too_large[at] == '0')
		at++;
	return at == TOO_LARGE_DIGITS;
}

static bool
scan_digits(struct scan *s)
{
	char *start = s->p;

	while (s->p < s->end && is_digit(*s->p))
		s->p++;
	return s->p > start;
}

static bool
scan_real(struct scan *s, char *start, struct json_value *v)
{
	if (*s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!scan_digits(s))
			return false;
	}
	v->kind = JSON_KIND_REAL;
	v->text = (struct str){start, (size_t)(s->p - start)};
	return !real_overflows(v->text);
}

static bool
scan_number(struct scan *s, struct json_value *v)
{
	char *start = s->p;
	bool minus = *start == '-';
	char *digits = start + minus;
	uint64_t most = (uint64_t)INT64_MAX + minus;
	uint64_t number = 0;
	bool fits = true;
	char *p;

	for (p = digits; p < s->end && is_digit(*p); p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (p - digits < INT_DIGITS_SAFE)
			number = number * 10 + digit;
		else if (__builtin_mul_overflow(number, 10u, &number) ||
			 __builtin_add_overflow(number, digit, &number))
			fits = false;
	}
	if (p == digits || (*digits == '0' && p - digits > 1))
		return false;
	s->p = p;
	if (p < s->end && (*p == '.' || *p == 'e' || *p == 'E'))
		return scan_real(s, start, v);
	v->kind = JSON_KIND_INT;
	v->text = (struct str){start, (size_t)(p - start)};
	v->number = (int64_t)(minus ? 0 - number : number);
	return fits && number <= most;
}

/* ---- values ---------------------------------------------------------------------- */

static bool
scan_word(struct scan *s, struct str word)
{
	if ((size_t)(s->end - s->p) < word.n || memcmp(s->p, word.p, word.n) != 0)
		return false;
	s->p += word.n;
	return true;
}

bool
scan_value(struct scan *s, struct json_value *v)
{
	if (s->p == s->end)
		return false;
	switch (*s->p) {
	case '"':
		v->kind = JSON_KIND_STRING;
		s->p++;
		return scan_string(s, &v->text);
	case '{':
		v->kind = JSON_KIND_OBJECT;
		s->p++;
		return true;
	case '[':
		v->kind = JSON_KIND_ARRAY;
		s->p++;
		return true;
	case 't':
		v->kind = JSON_KIND_TRUE;
		return scan_word(s, STR("true"));
	case 'f':
		v->kind = JSON_KIND_FALSE;
		return scan_word(s, STR("false"));
	case 'n':
		v->kind = JSON_KIND_NULL;
		return scan_word(s, STR("null"));
	default:
		return (*s->p == '-' || is_digit(*s->p)) && scan_number(s, v);
	}
}

bool
scan_skip(struct scan *s, enum json_kind kind, uint32_t depth)
{
	uint32_t open = 0; /* containers open around the innermost */
	bool first = true;

	if (depth > SCAN_DEPTH_MAX)
		return false;
	s->nest[0] = kind == JSON_KIND_OBJECT ? scan_object(s) : 0;
	for (;;) {
		struct json_value v;
		struct str key;
		enum scan_step step = s->nest[open] != 0 ? scan_member(s, first, &key)
							 : scan_element(s, first);

		if (step == SCAN_BAD)
			return false;
		first = false;
		if (step == SCAN_END) {
			if (open-- == 0)
				return true;
			continue;
		}
		if (s->nest[open] != 0 && !scan_key_add(s, s->nest[open], key))
			return false;
		if (depth + open >= SCAN_DEPTH_MAX || !scan_value(s, &v))
			return false;
		if (v.kind == JSON_KIND_ARRAY || v.kind == JSON_KIND_OBJECT) {
			first = true;
			s->nest[++open] = v.kind == JSON_KIND_OBJECT ? scan_object(s)
								     : 0;
		}
	}
}
