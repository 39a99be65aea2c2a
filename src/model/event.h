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
#define CONTENT_BYTES 16
#define EVENT_ANSWERS_MAX SURVEY_QUESTIONS_MAX
#define RECIPIENTS_MAX 64
#define EVENT_ID_MAX_BYTES 128
#define EVENT_SOURCE_MAX_BYTES 128
#define RECEIPT_HASH_BYTES 16
#define HANDLE_BYTES 16
/* The id of an employee's suggestion, as answered, listed and referred to: this and 32
 * hex digits, its random key in confidential.db. What a client called it is not stored.
 * So a reference says by its form in which file it is, and no client may send an id of
 * this form. A receipt says it by its first letter (crypto.h). */
#define CASE_ID_PREFIX "case-"
#define CASE_ID_CHARS (sizeof CASE_ID_PREFIX - 1 + 2 * HANDLE_BYTES)

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
	uint32_t content; /* keyed hash of everything else the client sent */
	uint8_t digest[CONTENT_BYTES]; /* of which that is the first part */
	const struct survey *survey;   /* survey.*; held by the batch's snapshot */
	struct answer *answers;
	uint32_t n_answers;
	struct str comment;
	/* Of employees' surveys: somebody vouches that the respondent is one person of
	 * that unit: the token, or an invitation, which is spent with the answer. */
	bool verified;
	bool has_invite;
	struct str invite; /* as sent; cleared once the hash is set */
	uint8_t invite_hash[RECEIPT_HASH_BYTES];
	struct identity person; /* respondent, person or from; decider, holder */
	struct identity *to;    /* recognition */
	uint32_t n_to;
	struct str to_name, from_name, message; /* recognition */
	struct str ref_source,
		ref_id; /* ref: {source,id}, or the id the server answered */
	uint8_t ref_key[ID_KEY_BYTES]; /* keyed like id_key; valid when ref_id.n > 0 */
	struct str topic;              /* training.*: a label */
	int64_t hours_cents; /* training: hundredths of an hour, -1 not said */
	int64_t days_cents;  /* absence: hundredths of a day, -1 not said */
	int64_t headcount, leaders,
		possible_days_cents; /* headcount.set; -1 not said */
	int64_t active;              /* base.set; -1 not said */

	/* suggestion.*, boundary.requested; title also of an initiative */
	uint8_t suggestion_kind;
	uint8_t status;      /* answered */
	int8_t will_examine; /* triaged: 1, 0; -1 not said */
	uint8_t felt_heard;  /* rated: 1-5 */
	bool automatic;      /* acknowledged: by a program ("auto") */
	bool board;          /* submitted: may be shown on the board */
	struct str title, body, category;
	struct str reason; /* triaged, answered, reopened; boundary.* */
	/* Submitted, requested, supported without one: the one that the answer
	 * carries, never to be stored. Others: as sent, cleared once receipt_hash is
	 * set. */
	struct str receipt;
	/* Of that, or of the receipt by which the suggestion is found (supported: of
	 * the supporter). */
	bool has_receipt;
	uint8_t receipt_hash[RECEIPT_HASH_BYTES];
	/* What the token may see, for the writer, who finds the suggestion: of
	 * concerns, and only below this unit ("": all). What it may not see is an
	 * unknown ref. */
	bool may_concern;
	struct str only_unit;
	/* Class case: key of the new suggestion, or of the one referred to. */
	bool has_handle;
	uint8_t handle[HANDLE_BYTES];

	/* decision.*, boundary.* */
	struct str role, matter;  /* `role` and `class` as sent: names */
	struct str rule;          /* a name */
	struct identity case_ref; /* `case` */
	uint8_t decision_answer;
	uint8_t verdict;
	int8_t driver_missed;    /* enum driver; -1 not said */
	int8_t self_rating;      /* 1-5; -1 not said */
	int8_t customer_benefit; /* outcome: 1, 0; -1 not said */
	bool escalated, rule_did_not_fit, conflict, special_request;
	uint8_t driver[DRIVER_COUNT]; /* enum driver_view: predicted, or observed */
	int64_t amount_cents;         /* -1 not said */
	struct str moment, goal;      /* moment: a name; goal: a label */
	struct str lesson;            /* reviewed: text */
	uint8_t mode;                 /* enum boundary_mode, or contact_mode */
	int64_t limit_cents;          /* boundary: -1 no limit */
	struct str requires_training; /* topic: a label */
};

#endif
