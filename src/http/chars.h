/* Classes of bytes in HTTP, and the scan that finds the end of a field's value.
 *
 * One table answers for a byte at a time; values are long and are scanned 16 bytes a
 * step where the processor has SSE2 (every x86-64 does).
 */
#ifndef EMP_HTTP_CHARS_H
#define EMP_HTTP_CHARS_H

#include <stdbool.h>
#include <stdint.h>

#define HTTP_C_TOKEN 1  /* field names, methods: RFC 9110 5.6.2 */
#define HTTP_C_TARGET 2 /* request target: visible ASCII but '#' */
#define HTTP_C_TEXT 4   /* field values: visible, space, tab, 0x80-0xff */
#define HTTP_C_HOST 8   /* host and port: RFC 3986 */
#define HTTP_C_ETAG 16  /* inside the quotes of an entity tag */

extern const uint8_t http_chars[256];

static inline bool
http_char_is(char c, uint8_t class)
{
	return (http_chars[(unsigned char)c] & class) != 0;
}

/* [any] The first byte in p..end that must not be in a field's value, or end. */
const char *http_scan_text(const char *p, const char *end);
/* [any] 0-15, or -1. */
int http_hex_digit(char c);

#endif
