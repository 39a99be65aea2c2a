/* Inside of tz: what the loader (tz_load.c) makes and the arithmetic (tz.c) reads. */
#ifndef EMP_BASE_TZ_IMPL_H
#define EMP_BASE_TZ_IMPL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define TZ_NAME_MAX 64
/* No offset is farther from UTC than this (seconds); the loader refuses others. */
#define TZ_OFFSET_LIMIT (26 * 3600)

struct tz_change {
	int64_t at;     /* Unix seconds */
	int32_t offset; /* seconds east of UTC from then on */
};

/* Changes ascend, and each really changes the offset. The first is at INT64_MIN, so
 * that every instant has one. Immutable once opened, hence shared by all threads. */
struct tz {
	char name[TZ_NAME_MAX];
	size_t n;
	struct tz_change *changes;
};

/* Reads the rules of a zone from the bytes of a TZif file into changes[]. False when it
 * is not such a file; the caller frees z->changes in any case. */
EMP_MUST_CHECK bool tz_load(struct tz *z, const unsigned char *p, size_t n);
/* Adds a change unless the offset stays; a change at the same instant is replaced. */
EMP_MUST_CHECK bool tz_add_change(struct tz *z, int64_t at, int32_t offset);

#endif
