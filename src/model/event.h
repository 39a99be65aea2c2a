/* One event, decoded and checked, on its way from a worker to the writer.
 *
 * Everything it points at lives in the arena of the batch that carries it. Identities
 * leave the worker only as pseudonyms: decode fills `who[].text`, pseudonymising fills
 * `who[].pseudonym` and clears the text.
 */
#ifndef EMP_MODEL_EVENT_H
#define EMP_MODEL_EVENT_H

#include "model/survey.h"

#define PSEUDONYM_BYTES 16
#define ID_KEY_BYTES 12
#define EVENT_ANSWERS_MAX SURVEY_QUESTIONS_MAX
#define RECIPIENTS_MAX 64
#define EVENT_ID_MAX_BYTES 128
#define EVENT_SOURCE_MAX_BYTES 128

struct identity {
	struct str text;                    /* n > 0: given, not yet pseudonymised */
	uint8_t pseudonym[PSEUDONYM_BYTES]; /* valid when `set` */
	bool set;
};

struct answer {
	int32_t question; /* index in survey->questions; -1: new, by `name` */
	int32_t value;    /* scale metrics */
	uint32_t options; /* choice: bit per option */
	struct str name;  /* always set */
	struct str text;  /* text questions */
};

struct event {
	uint8_t type;     /* enum event_type */
	uint8_t class;    /* enum event_class, settled */
	uint8_t audience; /* enum audience */
	uint8_t signal;
	uint8_t recognition;
	uint8_t visibility;
	bool time_given; /* else `time` is the moment it arrived */
	bool id_given;   /* else `id` came from the server: not idempotent */
	bool complete;
	bool by_leader;
	bool to_agrees;
	int8_t voluntary; /* separation: 1, 0, -1 not said */
	int64_t time;     /* ms since 1970 */
	struct str id;
	struct str source;            /* "" when not given */
	struct str dim[DIM_COUNT];    /* as sent, n == 0: not given */
	uint32_t dim_id[DIM_COUNT];   /* interned; 0: not given, or not known yet */
	uint8_t id_key[ID_KEY_BYTES]; /* keyed hash of (source, id), for the id window
				       */
	uint32_t content;            /* keyed hash of everything else the client sent */
	const struct survey *survey; /* survey.*; held by the batch's snapshot */
	struct answer *answers;
	uint32_t n_answers;
	struct str comment;
	struct identity person; /* respondent, person or from */
	struct identity *to;    /* recognition */
	uint32_t n_to;
	struct str to_name, from_name, message; /* recognition */
	struct str ref_source,
		ref_id; /* ref: {source,id}, or the id the server answered */
	uint8_t ref_key[ID_KEY_BYTES]; /* keyed like id_key; valid when ref_id.n > 0 */
	struct str topic;              /* training */
	int64_t hours_cents; /* training: hundredths of an hour, -1 not said */
	int64_t days_cents;  /* absence: hundredths of a day, -1 not said */
	int64_t headcount, leaders,
		possible_days_cents; /* headcount.set; -1 not said */
	int64_t active;              /* base.set; -1 not said */
};

#endif
