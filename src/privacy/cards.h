/* Suggestions as they are shown one by one: in the list, alone, and to who holds a
 * receipt. Which of them may be seen, and how exactly, is decided here. [reader] */
#ifndef EMP_PRIVACY_CARDS_H
#define EMP_PRIVACY_CARDS_H

#include "model/voice.h"
#include "privacy/rollup_impl.h"

/* Who looks. */
struct cards {
	struct job *j;
	bool concerns;     /* the token may see them */
	struct str within; /* only below this unit; n == 0: anywhere */
	int64_t as_of;     /* ms */
	int64_t today;     /* Unix s */
};

/* Texts and numbers of a row. */
enum card_text {
	CARD_ID,
	CARD_SOURCE,
	CARD_KIND,
	CARD_CATEGORY,
	CARD_TITLE,
	CARD_BODY,
	CARD_STATE,
	CARD_IN_WORDS,
	CARD_STATUS,
	CARD_SUBMITTED,
	CARD_ACKNOWLEDGED,
	CARD_FIRST_RESPONSE,
	CARD_DUE,
	CARD_ROLE,
	CARD_CLASS,
	CARD_AS_OF,
	CARD_DIM, /* DIM_COUNT of them */
	CARD_TEXTS = CARD_DIM + DIM_COUNT
};
enum card_figure { CARD_SUPPORTERS, CARD_LIMIT, CARD_FIGURES };
enum card_flag {
	CARD_OVERDUE,
	CARD_BOARD,
	CARD_AUTHOR,
	CARD_MAY_REPLY,
	CARD_MAY_RATE,
	CARD_MAY_WITHDRAW
};

/* What the token and the query say. */
void cards_init(struct cards *c, struct job *j);
/* EMP_FORBIDDEN when the token lacks that scope. */
EMP_MUST_CHECK enum emp_rc cards_need(struct job *j, enum scope scope);
/* Before rows of employees: units as they are shown, and clocks of cases in whole days.
 * Requests: those in empowerd.db. */
EMP_MUST_CHECK enum emp_rc cards_fold(struct cards *c, bool requests);
/* Whether a row may be seen at all. */
bool cards_visible(const struct cards *c, const struct suggestion_row *row);
/* The unit that the row shows, n == 0: none. */
struct str cards_unit(const struct cards *c, const struct suggestion_row *row);
/* Columns of a list, or of one suggestion. */
void cards_columns(struct rollup_pub *p, enum audience a);
/* Appends the row, its texts copied. NULL when out of memory. */
EMP_MUST_CHECK struct pub_row *cards_add(const struct cards *c,
					 const struct suggestion_row *row);

/* The text of a moment: of cases only the date. In the arena. */
struct str cards_time(struct job *j, int64_t ms, bool date);
/* Whether `unit` is `root` or below it; every unit is below "". */
bool unit_within(struct str unit, struct str root);
/* An event's dimension as text, by its series; n == 0: none. */
struct str series_text(const struct job *j, uint32_t series, enum dim d);

#endif
