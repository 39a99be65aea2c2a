/* Numbers from text, strictly: no sign unless said, no spaces, no overflow. [any] */
#ifndef EMP_BASE_NUM_H
#define EMP_BASE_NUM_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

/* Decimal digits only. False on anything else or overflow. */
EMP_MUST_CHECK bool num_u64(struct str s, uint64_t *out);
/* A decimal amount with at most 2 decimals ("12", "-3.5", "0.25") as hundredths. */
EMP_MUST_CHECK bool num_cents(struct str s, int64_t *out);
/* A size with an optional K, M, G suffix (1024), a duration with s, m, h, d (seconds; a
 * bare number is seconds), a boolean yes/no/true/false/on/off/1/0: for configuration.
 */
EMP_MUST_CHECK bool num_size(struct str s, uint64_t *out);
EMP_MUST_CHECK bool num_duration(struct str s, uint64_t *seconds);
EMP_MUST_CHECK bool num_bool(struct str s, bool *out);
/* Lower-case hex of n bytes; dst holds 2n + 1. */
void num_hex(char *dst, const void *src, size_t n);
/* n bytes of 2n lower-case hex digits. False on anything else. */
EMP_MUST_CHECK bool num_unhex(void *dst, struct str s, size_t n);

#endif
