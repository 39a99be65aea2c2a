/* Days as confidential.db keeps them: in the instance's zone, as ISO dates. [any],
 * pure.
 */
#ifndef EMP_STORE_DAYS_H
#define EMP_STORE_DAYS_H

#include "base/str.h"
#include "base/tz.h"

#define DAY_TEXT_MAX 32

/* Days since 1970-01-01 of the local date at that moment. */
int64_t day_of(const struct tz *tz, int64_t ms);
/* "2026-01-31"; returns the length. */
size_t day_format(char dst[DAY_TEXT_MAX], int64_t day);
/* False for what day_format does not write. */
EMP_MUST_CHECK bool day_parse(struct str text, int64_t *day);
/* When the day began, ms. */
int64_t day_start(const struct tz *tz, int64_t day);

#endif
