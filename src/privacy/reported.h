/* What employees had reported, by category and month: for the question whether they saw
 * something coming before customers did. [reader]
 *
 * Nothing is said of a month in which fewer than K_ANONYMITY different people reported
 * the category, or in which there were fewer than K_DELICATE on average; and of the
 * others only the day by which that many had. */
#ifndef EMP_PRIVACY_REPORTED_H
#define EMP_PRIVACY_REPORTED_H

#include "privacy/rollup_impl.h"

struct reported;
/* Of days in [from, to), Unix s, before today, in the unit that is asked for.
 * Categories are borrowed, sorted and distinct. */
EMP_MUST_CHECK enum emp_rc reported_read(struct reported **out, struct job *j,
					 const struct str *categories, uint32_t n,
					 int64_t from, int64_t to);
void reported_free(struct reported **r);
/* The first such day not before `from`. False: none can be shown. */
bool reported_day(const struct reported *r, struct str category, int64_t from,
		  int64_t *day);

#endif
