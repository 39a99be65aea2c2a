/* What is said about privacy, before the first question of a survey or on a page of its
 * own: paragraphs, with the numbers that are in force. What it says must be true of the
 * rest of the program; whoever changes a rule changes the texts. [any] */
#ifndef EMP_WEB_NOTICE_H
#define EMP_WEB_NOTICE_H

#include "model/catalogue.h"
#include "model/survey.h"
#include "web/texts.h"

#define NOTICE_PARAGRAPHS_MAX 16

struct notice {
	struct str title;
	struct str paragraph[NOTICE_PARAGRAPHS_MAX]; /* plain text */
	size_t n;
};

/* Days after which words and pseudonyms are removed, by enum event_class; 0: never. */
struct notice_keep {
	uint32_t days[CLASS_BY_SURVEY];
};

/* For that survey, or for the whole (NULL). In the arena. EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc notice_make(struct notice *out, enum lang l,
				       const struct survey *v,
				       const struct notice_keep *keep, struct arena *a);

#endif
