/* A cell: what was counted for one series and one subject in one bucket of time. The
 * exchange form between counters, file and verification. */
#ifndef EMP_MODEL_CELL_H
#define EMP_MODEL_CELL_H

#include "base/buf.h"
#include "model/event.h"

enum grain { GRAIN_MINUTE, GRAIN_HOUR, GRAIN_DAY, GRAIN_COUNT };

/* Subjects: what a vector of slots is about. Surveys use their id, which starts above.
 */
enum subject {
	SUBJECT_SIGNAL = 1,
	SUBJECT_RECOGNITION = 2,
	/* Every decision, whatever role, class and rule: what most ask for, in a
	 * fraction of the cells. */
	SUBJECT_DECISION = 3,
	SUBJECT_FIRST_SURVEY = 16,
	/* And the number of a rule: decisions by it, and those it restricted. */
	SUBJECT_FIRST_RULE = 0x20000000,
	/* Decisions by (role, class, rule), suggestions by (kind, category). */
	SUBJECT_FIRST_VOICE = 0x40000000
};

/* Subjects that every answer about employees asks for over all units at once. */
static inline bool
subject_is_summed(uint32_t subject)
{
	return subject >= SUBJECT_FIRST_RULE && subject < SUBJECT_FIRST_VOICE;
}

/* Slots of SUBJECT_SIGNAL: one per enum signal (index = number).
 * Slots of SUBJECT_RECOGNITION: kind, and kind + RECOGNITION_COUNT for those by a
 * leader. */
#define SIGNAL_SLOTS SIGNAL_COUNT
#define RECOGNITION_SLOTS (2 * RECOGNITION_COUNT)
/* Of a suggestion: submitted; of a decision: enum decision_slot. */
#define SUGGESTION_SLOTS 1
#define RULE_SLOTS 2

struct cell_key {
	uint32_t series;
	uint32_t subject;
	int64_t start; /* Unix s, start of the bucket in the instance's zone */
	uint8_t grain; /* enum grain */
};

struct cell {
	struct cell_key key;
	int64_t seq; /* includes every event up to this sequence number */
	uint32_t n_slots;
	uint32_t *slots;
};

/* Which slots an event adds one to. This is the one place that says what is counted;
 * live counting and replay follow from it, the check against SQL goes another way.
 * Decisions are the exception: what a step changes depends on the decision, so the
 * store fills it from decision_slots(), and the last n_less of the slots lose one
 * instead. */
struct event_slots {
	uint32_t subject; /* 0: not counted (confidential classes, headcount, base) */
	uint32_t n;
	uint32_t n_less; /* of n, at the end */
	uint32_t slot[SURVEY_SLOTS_MAX];
};
/* Slots of questions come from survey->questions; for a new one (question == -1) from
 * new_slot[i], because the writer knows it also for questions registered a moment ago.
 * Choice answers add their people slot and one per option. [any] */
void event_slots_of(const struct event *e, const uint32_t *new_slot,
		    struct event_slots *out);

/* Packed form in the file: version byte, then (gap to the next non-zero slot, value) as
 * LEB128 pairs. Unpacking is strict: EMP_CORRUPT on any other byte. */
void cell_pack(struct buf *out, const uint32_t *slots, uint32_t n);
EMP_MUST_CHECK enum emp_rc cell_unpack(struct str packed, uint32_t *slots, uint32_t max,
				       uint32_t *n);

#endif
