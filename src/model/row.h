/* Stored events as figures about people need them: what the store reads out of the file
 * and what distinct people, cohorts and rates are computed from. */
#ifndef EMP_MODEL_ROW_H
#define EMP_MODEL_ROW_H

#include "model/event.h"

struct event_row {
	int64_t seq;
	int64_t time, received;  /* ms */
	uint32_t series, survey; /* survey: 0 none */
	uint8_t type, signal, recognition, visibility;
	bool complete, by_leader, has_person;
	uint8_t person[PSEUDONYM_BYTES];
	uint32_t n_to; /* recognition: recipients */
	const uint8_t (*to)[PSEUDONYM_BYTES];
	int64_t ref_seq; /* the event of this file it refers to; 0: none or unknown */
};

/* A headcount.set or base.set: what was declared to be in force from then on. */
struct level_row {
	int64_t seq, time; /* time in ms */
	uint32_t unit;     /* 0: the whole instance */
	uint8_t audience;
	int64_t headcount, leaders, possible_days_cents, active; /* -1: not said */
};

#endif
