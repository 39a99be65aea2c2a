/* UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. [any] */
#ifndef EMP_BASE_UTF8_H
#define EMP_BASE_UTF8_H

#include "base/str.h"

#include <stdint.h>

/* Fast for ASCII (eight bytes a step). */
bool utf8_valid(struct str s);
/* Writes 1-4 bytes, returns how many; 0 for surrogates and values over U+10FFFF. */
size_t utf8_put(char dst[4], uint32_t codepoint);

#endif
