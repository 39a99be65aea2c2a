/* Blocks: in which units figures about personnel may be shown, month by month.
 *
 * A unit is a block of a month when it is declared, had enough people on average apart
 * from the blocks below it, and, where that is asked for, enough different people were
 * concerned. What is too little joins the block above; what is too little in no unit at
 * all is in no figure. Every figure is a sum of whole blocks of whole months, whatever
 * is asked for, so that no two answers differ by fewer people than a block has.
 * [reader] */
#ifndef EMP_PRIVACY_BLOCK_H
#define EMP_PRIVACY_BLOCK_H

#include "privacy/rollup_impl.h"

#define BLOCK_NONE UINT32_MAX
#define BLOCK_PEOPLE_MIN 5 /* different people concerned, where that is asked for */

struct blocks;
/* After job_levels. Units of `least` people on average. */
EMP_MUST_CHECK enum emp_rc blocks_new(struct blocks **out, struct job *j, int64_t least,
				      bool people);
void blocks_free(struct blocks **b);
/* The unit of that name, or its nearest ancestor that is known; 0: none. By id where it
 * is interned. */
uint32_t blocks_unit(const struct blocks *b, struct str unit);
uint32_t blocks_unit_id(const struct blocks *b, uint32_t unit);
/* First: where there is something, and by whom (NULL: nobody in particular). `month` is
 * since 1970-01. Unit BLOCK_NONE: there is nothing, but the month is asked for. */
EMP_MUST_CHECK enum emp_rc blocks_note(struct blocks *b, int32_t month, uint32_t unit,
				       const uint8_t *person);
/* Then once. */
EMP_MUST_CHECK enum emp_rc blocks_settle(struct blocks *b);
/* Then: the unit as whose figure it is shown (0: that of no unit), or BLOCK_NONE. Only
 * of months that were noted. */
uint32_t blocks_at(const struct blocks *b, int32_t month, uint32_t unit);
/* Whether something noted is in no block, or was asked for by a unit that is none. */
bool blocks_hide(const struct blocks *b);

/* The start of a month, Unix s. */
int64_t month_start(const struct tz *tz, int32_t month);
/* Whether there are enough people in what is asked for as a whole: else an answer
 * without rows says "protected". */
EMP_MUST_CHECK enum emp_rc job_enough(struct job *j, int64_t least, bool *enough);

#endif
