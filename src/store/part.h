/* Events whose rows depend on what is stored already: decisions and what follows on
 * them, boundaries, contact, initiatives. All [writer], inside the transaction that
 * main_begin opened.
 *
 * First part_check looks, and writes nothing: an event that is refused leaves nothing
 * behind. Then the row of the event is written, then part_write adds those of its type,
 * and says what is to be counted. Rows of one group see each other: it is one
 * connection. */
#ifndef EMP_STORE_PART_H
#define EMP_STORE_PART_H

#include "model/boundaries.h"
#include "model/decision.h"
#include "store/decision_ref.h"
#include "store/main_file.h"
#include "store/store.h"

/* What an event changes in counters, at another time than its own. */
struct count_change {
	int64_t time;     /* ms */
	uint32_t subject; /* 0: nothing */
	uint8_t n;        /* raised, then lowered */
	uint8_t n_less;   /* lowered */
	uint8_t slot[2 * DECISION_SLOTS];
};

/* A decision as it is before an event that follows on it. */
struct decision_at {
	int64_t seq, time;
	uint32_t series, subject;
	struct decision_facts facts;
	/* When the last outcome said so, ms, 0: none did: the benefit, then drivers. */
	int64_t said[1 + DRIVER_COUNT];
};

struct part {
	/* Out of part_check: ITEM_STORED, or why it is not to be stored. */
	uint8_t status; /* enum item_status */
	enum emp_rc bad;
	uint32_t series; /* of what it follows on; 0: by its own dimensions */
	bool people;     /* part_write writes into confidential.db, too */
	/* Out of part_write. */
	struct count_change change;
	/* From one to the other. */
	union {
		struct decision_at decision;
		struct boundary boundary;
	};
};

/* [any] */
static inline bool
part_has(uint8_t type)
{
	const uint64_t types = UINT64_C(1) << EVENT_DECISION_MADE |
		UINT64_C(1) << EVENT_DECISION_SETTLED |
		UINT64_C(1) << EVENT_DECISION_OUTCOME |
		UINT64_C(1) << EVENT_BOUNDARY_SET |
		UINT64_C(1) << EVENT_BOUNDARY_EXTENDED |
		UINT64_C(1) << EVENT_BOUNDARY_NARROWED |
		UINT64_C(1) << EVENT_CONTACT_LOGGED |
		UINT64_C(1) << EVENT_INITIATIVE_STARTED |
		UINT64_C(1) << EVENT_INITIATIVE_ENDED;

	return (types >> type & 1) != 0;
}

/* One event into the group. */
EMP_MUST_CHECK enum emp_rc part_put(struct store *s, const struct event *e,
				    struct store_outcome *out);
/* [main] At start: what a stored event changed whose slots only the file tells: one
 * that has a part, or submits a suggestion. subject 0: nothing. */
static inline bool
part_recalls(uint8_t type)
{
	return part_has(type) || type == EVENT_SUGGESTION_SUBMITTED ||
		type == EVENT_BOUNDARY_REQUESTED;
}
EMP_MUST_CHECK enum emp_rc part_recall(struct store *s, uint8_t type, int64_t seq,
				       struct count_change *out);
/* [writer] As counters take it, at change->time: the k-th of the subjects that a change
 * is counted under, a decision's own and those over all roles, classes and rules. False
 * behind the last; a subject of 0 is none. */
bool part_slots(const struct store *s, const struct count_change *c, unsigned k,
		struct event_slots *out);
/* Of a suggestion that is submitted. [any] */
void part_slots_submitted(uint32_t subject, struct event_slots *out);
/* Refuses the event. */
static inline enum emp_rc
part_refuse(struct part *p, enum emp_rc bad)
{
	p->status = ITEM_INVALID;
	p->bad = bad;
	return EMP_OK;
}

/* ---- statements and memory behind it, in struct store ---------------------------- */

struct parts {
	/* decisions.c */
	sqlite3_stmt *decision_get, *decision_put, *settlement_put, *outcome_put,
		*result_put, *backing_put, *settlement_get, *outcome_get;
	/* boundary_list.c */
	sqlite3_stmt *boundary_put;
	/* part.c */
	sqlite3_stmt *contact_put, *initiative_put, *suggestion_get;
};

/* [main] The file is open and migrated. */
EMP_MUST_CHECK enum emp_rc parts_prepare(struct parts *p, sqlite3 *db);

#endif
