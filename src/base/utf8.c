/* UTF-8. The second byte decides everything that the form of the lead byte leaves open:
 * overlong forms (e0, f0), surrogates (ed) and the end of the code space (f4). */
#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Length of the character at p, of which `left` bytes are there; 0 when it is invalid.
 */
static size_t
character(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80; /* bounds of the second byte */
	unsigned char high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		low = p[0] == 0xe0 ? 0xa0 : 0x80;
		high = p[0] == 0xed ? 0x9f : 0xbf;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		low = p[0] == 0xf0 ? 0x90 : 0x80;
		high = p[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
utf8_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t left = s.n;

	while (left > 0) {
		uint64_t eight;
		size_t n;

		if (left >= sizeof eight) {
			memcpy(&eight, p, sizeof eight);
			if ((eight & HIGH_BITS) == 0) {
				p += sizeof eight;
				left -= sizeof eight;
				continue;
			}
		}
		n = character(p, left);
		if (n == 0)
			return false;
		p += n;
		left -= n;
	}
	return true;
}

size_t
utf8_put(char dst[4], uint32_t codepoint)
{
	if (codepoint < 0x80) {
		dst[0] = (char)codepoint;
		return 1;
	}
	if (codepoint < 0x800) {
		dst[0] = (char)(0xc0 | codepoint >> 6);
		dst[1] = (char)(0x80 | (codepoint & 0x3f));
		return 2;
	}
	if (codepoint < 0x10000) {
		if (codepoint >= 0xd800 && codepoint <= 0xdfff)
			return 0;
		dst[0] = (char)(0xe0 | codepoint >> 12);
		dst[1] = (char)(0x80 | (codepoint >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (codepoint & 0x3f));
		return 3;
	}
	if (codepoint > 0x10ffff)
		return 0;
	dst[0] = (char)(0xf0 | codepoint >> 18);
	dst[1] = (char)(0x80 | (codepoint >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (codepoint >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (codepoint & 0x3f));
	return 4;
}
