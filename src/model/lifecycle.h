/* The life of a suggestion: one table says which step is legal in which state and where
 * it leads. empowerd-api(7) draws it; the writer applies it in the transaction that
 * stores the step, so that history and state cannot disagree. Pure. [any]
 *
 * A round begins when it is submitted, and again at each reopening; the clocks of the
 * first round are never rewritten. */
#ifndef EMP_MODEL_LIFECYCLE_H
#define EMP_MODEL_LIFECYCLE_H

#include "model/catalogue.h"
#include "model/survival.h"

/* Stored numbers: append only. */
enum suggestion_state {
	STATE_NONE,
	STATE_SUBMITTED,
	STATE_RECEIVED,     /* acknowledged by a program */
	STATE_ACKNOWLEDGED, /* by a person */
	STATE_EXAMINING,    /* triaged: will be examined */
	STATE_NOT_EXAMINED, /* triaged: will not, with a reason; closed */
	STATE_ACCEPTED,
	STATE_PLANNED,
	STATE_STARTED,
	STATE_DONE,      /* closed */
	STATE_DECLINED,  /* with a reason; closed */
	STATE_DUPLICATE, /* closed */
	STATE_WITHDRAWN, /* by its author; closed for good */
	STATE_REOPENED,
	STATE_COUNT
};

/* People in a unit by which a suggestion of an employee may be found. */
#define CASE_UNIT_PEOPLE_MIN 10

/* The state of one suggestion, as stored; times in ms, 0: never. Confidential ones have
 * days: the start of the day, in ms. */
struct lifecycle {
	uint8_t state;  /* enum suggestion_state */
	uint8_t kind;   /* enum suggestion_kind */
	uint8_t status; /* last answer, enum suggestion_status */
	bool auto_acknowledged;
	int64_t submitted;
	int64_t acknowledged;   /* first, by a person */
	int64_t first_response; /* first triage or answer ever */
	int64_t first_triage;
	int64_t reopened;        /* start of the present second clock; 0: first round */
	int64_t second_response; /* first triage or answer after the first reopening */
	int64_t first_reopened;
	int64_t closed; /* when the present closed state began */
	int64_t withdrawn;
	int64_t first_seen; /* opened by receipt */
	uint32_t published; /* answers and triages */
	uint32_t opened;    /* of these, opened by receipt since */
	uint32_t negatives; /* declined, or will not be examined */
	uint32_t negatives_reasoned;
	uint32_t rounds;      /* 1 + reopenings */
	uint32_t rated_round; /* of the last rating; 0: none */
	uint32_t supporters;
};

/* A step, as the event says it. */
struct lifecycle_step {
	uint8_t type;        /* enum event_type, suggestion.* */
	uint8_t status;      /* answered */
	int8_t will_examine; /* triaged */
	bool automatic;      /* acknowledged */
	bool reasoned;       /* has a reason */
	int64_t time;        /* ms */
};

enum lifecycle_verdict {
	STEP_OK,
	STEP_NOTHING, /* seen, and nothing new to see: stored as a duplicate is, not */
	STEP_ILLEGAL  /* 409 */
};

/* A row of the table, for who draws it. `name` says the step as its event does:
 * "acknowledged auto", "triaged will_examine", "answered declined", "seen". `from` has
 * a bit per state. `to` STATE_NONE: the state stays. A step may have two rows, of
 * different states. */
struct lifecycle_rule {
	const char *name;
	uint32_t from;
	uint8_t to;        /* enum suggestion_state */
	uint8_t type;      /* enum event_type */
	uint8_t status;    /* answered: which */
	bool automatic;    /* acknowledged: by a program */
	bool will_examine; /* triaged: or not */
};
/* The rows, in the order of the drawing; their number in *n. */
const struct lifecycle_rule *lifecycle_rules(size_t *n);

/* A new one, submitted at `time`. */
void lifecycle_init(struct lifecycle *l, enum suggestion_kind kind, int64_t time);
/* Applies the step, or leaves the state as it was. A step timed before the moment it
 * follows on (its round's beginning, or the close that it reopens) is taken to be of
 * that moment: no clock runs backwards. Also illegal: a second rating in a round; the
 * table leaves ratings to states that a triage or an answer of this round led to. */
EMP_MUST_CHECK enum lifecycle_verdict lifecycle_apply(struct lifecycle *l,
						      const struct lifecycle_step *s);
const char *suggestion_state_name(enum suggestion_state s);
enum suggestion_state suggestion_state_find(struct str name);
bool suggestion_state_closed(enum suggestion_state s);

/* How long it waited for its first response, as known at as_of: until then, or until it
 * was withdrawn, without one. False when it was submitted after as_of. */
bool lifecycle_wait(const struct lifecycle *l, int64_t as_of,
		    struct survival_item *out);
/* The second clock: from the first reopening. False when there was none until as_of. */
bool lifecycle_second_wait(const struct lifecycle *l, int64_t as_of,
			   struct survival_item *out);

/* The due clocks. Concerns: acknowledged within 7 days, feedback (first triage or
 * answer) within 3 months from then, or from the end of those days if it came later or
 * never (EU 2019/1937, article 9); a response acknowledges, too, a program's
 * acknowledgement does not. Other kinds: first response within sla_days. A reopening
 * starts the clock of the response anew. Days and months go by the calendar of the
 * zone; on the last moment is in time. `due` is the next moment that something is due,
 * ms, past when it is overdue (0: nothing is due); the two flags say whether the first
 * round's clocks were kept, as known at `as_of`. Withdrawing stops every clock. */
#define CONCERN_ACKNOWLEDGE_DAYS 7
#define CONCERN_ANSWER_MONTHS 3
struct tz;
struct due {
	int64_t due;
	bool overdue; /* at as_of, still open */
	/* False also while still open and late; true while not yet due, and where there
	 * is no such clock. */
	bool acknowledged_in_time, answered_in_time;
};
void lifecycle_due(const struct lifecycle *l, uint32_t sla_days, const struct tz *tz,
		   int64_t as_of, struct due *out);

#endif
