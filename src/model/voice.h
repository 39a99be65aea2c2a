/* Rows about suggestions, decisions, boundaries, reviews, training and contact, as the
 * store reads them out of its files for figures and lists. Strings are borrowed for the
 * callback. Times in ms; of confidential rows the start of the day, in the instance's
 * zone. */
#ifndef EMP_MODEL_VOICE_H
#define EMP_MODEL_VOICE_H

#include "model/decision.h"
#include "model/lifecycle.h"

/* Where something happened: interned and by series for what is in empowerd.db, text for
 * confidential.db. */
struct suggestion_row {
	int64_t seq; /* empowerd.db; 0: confidential.db */
	uint8_t key[HANDLE_BYTES];
	struct str id;     /* as shown: the event's id, or case-... */
	struct str source; /* empowerd.db */
	uint32_t series;   /* 0: confidential.db, then `dim` */
	uint8_t audience;
	struct str dim[DIM_COUNT];
	struct str category, title, body;
	bool board;
	bool has_person;
	uint8_t person[PSEUDONYM_BYTES];
	int64_t received; /* empowerd.db: commit time, ms */
	struct lifecycle life;
	uint8_t felt_heard; /* last rating, customers only; 0: none */
	/* boundary.requested */
	struct str role, matter;
	int64_t limit_cents; /* -1 */
};

/* A step of its history, in order. */
struct suggestion_step_row {
	int64_t seq, time;
	uint8_t type; /* enum event_type */
	uint8_t status, felt_heard;
	int8_t will_examine;
	bool automatic;
	struct str reason, body;
};

/* Where a page ended, and whether there may be more behind. */
struct suggestion_end {
	bool more;
	int64_t seq;
	uint8_t key[HANDLE_BYTES];
};

/* What to list: newest first (empowerd.db), or in the order of random keys
 * (confidential.db). The text of a filter that is not interned finds nothing. */
struct suggestion_filter {
	uint32_t kinds;  /* bit per enum suggestion_kind; 0: all but boundary_request */
	uint32_t states; /* bit per enum suggestion_state; 0: all */
	struct str category, unit; /* n == 0: any; a unit with its subtree */
	int64_t from, to;          /* submitted, ms; half open */
	bool board_only;
	bool concerns;      /* may be listed */
	int64_t before_day; /* confidential: submitted before this, ms */
	/* Where the page before ended: seq, or key; 0 and has_after false: the start.
	 */
	int64_t after_seq;
	bool has_after;
	uint8_t after_key[HANDLE_BYTES];
	/* Out: NULL: the page is looked for until it is full or all was seen. Else the
	 * search also ends after so many rows that do not fit that more would take
	 * long, and says where: then a page with fewer rows is not the last. */
	struct suggestion_end *end;
};

struct decision_row {
	int64_t seq, time;
	uint32_t series;
	struct str id, role, matter, rule, moment, goal;
	int64_t amount_cents;
	struct decision_facts facts;
	bool backed; /* a public backing refers to it */
	bool has_key;
	uint8_t key[16]; /* under which confidential.db has decider and review */
};

/* Reviews, counted by the month of the decision: confidential.db. */
struct review_cell {
	int32_t month; /* since 1970-01, of the decision */
	struct str unit, role, matter;
	uint8_t verdict;
	bool has_rule;         /* a sanction without is arbitrary */
	uint32_t latency_days; /* from decision to review */
	uint64_t n;
};

struct training_row {
	int64_t time;
	bool requested; /* else completed */
	struct str unit, topic;
	int64_t hours_cents; /* -1 */
	uint8_t person[PSEUDONYM_BYTES];
};

/* Personnel signals of a day, of one unit and kind; nobody in particular. */
struct staff_row {
	int64_t time;
	struct str unit;
	uint8_t signal;   /* enum signal */
	int8_t voluntary; /* separation: 1, 0, -1 not said */
	uint64_t n;
	uint64_t days_cents; /* absence: of all of them together, as far as said */
};

struct contact_row {
	int64_t seq, time;
	uint32_t series;
	uint8_t mode; /* enum contact_mode */
	bool by_leader;
};

struct initiative_row {
	struct str name, title;
	uint32_t series;        /* of its start: audience, unit */
	int64_t started, ended; /* ms; 0: not said */
};

struct comment_row {
	int64_t seq, time;
	uint32_t series, survey;
	struct str id, text;
	struct str question; /* n == 0: the comment on the whole */
};

/* A public recognition, names as given with consent. */
struct praise_row {
	int64_t seq, time;
	uint32_t series;
	uint8_t kind;
	bool by_leader;
	struct str from_name, to_name, message;
};

/* One decision of one person, with its review: for that person alone, and for groups of
 * at least k. */
struct evidence_row {
	struct decision_row decision; /* has_key */
	uint8_t person[PSEUDONYM_BYTES];
	uint8_t verdict; /* 0: not reviewed */
	bool review_rule;
	struct str lesson;
	int8_t driver_missed;
	int64_t reviewed; /* day, ms */
};

#endif
