/* How far text is what it is inside a JSON string: for reading and for writing. */
#ifndef EMP_BASE_PLAIN_H
#define EMP_BASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* [any] Bytes before the first that is a quote, a backslash or a control character, or
 * before `end`. Sets *high when one of them is not ASCII. */
static inline size_t
plain_length(const char *begin, const char *end, bool *high)
{
	/* Eight bytes in a word. A byte's top bit ends up set where it matches; carries
	 * can only add false hits behind a true one, and the bytes of a word with any
	 * hit are looked at one by one below. */
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = UINT64_C(0x8080808080808080);
	const char *p = begin;

#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	while (end - p >= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote),
							_mm_cmpeq_epi8(v, backslash)),
					   _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
		unsigned hits = (unsigned)_mm_movemask_epi8(hit);
		unsigned highs = (unsigned)_mm_movemask_epi8(v);

		if (hits != 0) {
			unsigned n = (unsigned)__builtin_ctz(hits);

			*high |= (highs & ((1u << n) - 1)) != 0;
			return (size_t)(p - begin) + n;
		}
		*high |= highs != 0;
		p += 16;
	}
#endif
	while (end - p >= 8) {
		uint64_t v, quotes, backslashes, hits;

		memcpy(&v, p, sizeof v);
		quotes = v ^ ones * '"';
		backslashes = v ^ ones * '\\';
		hits = ((quotes - ones) & ~quotes) |
			((backslashes - ones) & ~backslashes) |
			((v - ones * 0x20) & ~v);
		if ((hits & tops) != 0)
			break;
		*high |= (v & tops) != 0;
		p += 8;
	}
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high |= c >= 0x80;
	}
	return (size_t)(p - begin);
}

#endif
