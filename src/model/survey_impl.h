/* What the files about surveys share: the block a survey lives in. */
#ifndef EMP_MODEL_SURVEY_IMPL_H
#define EMP_MODEL_SURVEY_IMPL_H

#include "model/survey.h"

/* Questions, options, table and text lie behind it in the same allocation. */
struct survey_box {
	struct survey s; /* first: a survey's address is its block's */
	uint32_t mask;   /* of the table; its size is a power of two */
	uint16_t *table; /* question names -> index, open addressing */
};

/* The block of a survey that survey_copy or its like made. */
static inline const struct survey_box *
survey_box(const struct survey *s)
{
	return (const struct survey_box *)(const void *)s;
}

/* Index of a question, -1 when there is none. */
int survey_box_question(const struct survey_box *b, struct str name);

#endif
