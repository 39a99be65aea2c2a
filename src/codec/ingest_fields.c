/* Which members there are, and which of them each type of event has and needs: one row
 * per type, so that an event is looked at by two sets of bits. */
#include "codec/ingest_impl.h"

const struct field ingest_fields[F_COUNT] = {
#define ENVELOPE(slot, id, text)                                                       \
	[F_##id] = {.name = (text), .n = sizeof(text) - 1, .kind = KIND_ENVELOPE},
#define FIELD(slot, id, text, what, member)                                            \
	[F_##id] = {.name = (text),                                                    \
		    .offset = offsetof(struct event, member),                          \
		    .n = sizeof(text) - 1,                                             \
		    .kind = KIND_##what},
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD
};

const uint8_t ingest_by_slot[FIELD_SLOTS] = {
#define ENVELOPE(slot, id, text) [slot] = F_##id,
#define FIELD(slot, id, text, what, member) [slot] = F_##id,
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD
};

#define ENVELOPE(slot, id, text)                                                       \
	_Static_assert(sizeof(text) - 1 >= FIELD_NAME_MIN &&                           \
			       sizeof(text) - 1 <= FIELD_NAME_MAX,                     \
		       "field_find cannot find a name of this length");
#define FIELD(slot, id, text, what, member) ENVELOPE(slot, id, text)
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD

#define F(id) F_BIT(F_##id)
/* What is counted by all dimensions; a headcount and a boundary are of a unit and
 * nothing else, and what follows on something is where that was. */
#define DIMS                                                                           \
	(F(AUDIENCE) | F(UNIT) | F(CHANNEL) | F(TOUCHPOINT) | F(SEGMENT) |             \
	 F(INITIATIVE) | F(LANG))
#define OF_SURVEY (DIMS | F(SURVEY) | F(RESPONDENT))
#define SUGGESTION_STEP (F(AUDIENCE) | F(REF))
#define RECEIPT_STEP (F(AUDIENCE) | F(RECEIPT))
#define DECISION_STEP (F(AUDIENCE) | F(REF))
#define BOUNDARY                                                                       \
	(F(AUDIENCE) | F(UNIT) | F(PERSON) | F(REASON) | F(ROLE) | F(CLASS) |          \
	 F(LIMIT) | F(MODE) | F(REQUIRES_TRAINING))

const struct type_fields ingest_types[EVENT_TYPE_COUNT] = {
	[EVENT_SURVEY_INVITED] = {OF_SURVEY, F(SURVEY)},
	[EVENT_SURVEY_SHOWN] = {OF_SURVEY, F(SURVEY)},
	[EVENT_SURVEY_DISMISSED] = {OF_SURVEY, F(SURVEY)},
	[EVENT_SURVEY_ANSWERED] = {OF_SURVEY | F(ANSWERS) | F(COMMENT) | F(COMPLETE) |
					   F(REF) | F(INVITE),
				   F(SURVEY) | F(ANSWERS)},
	[EVENT_SIGNAL_RECORDED] = {DIMS | F(PERSON) | F(SIGNAL) | F(VOLUNTARY) |
					   F(DAYS),
				   F(AUDIENCE) | F(SIGNAL)},
	[EVENT_RECOGNITION_GIVEN] = {DIMS | F(REF) | F(FROM) | F(TO) | F(KIND) |
					     F(VISIBILITY) | F(MESSAGE) | F(BY_LEADER) |
					     F(TO_NAME) | F(FROM_NAME) | F(TO_AGREES),
				     F(AUDIENCE) | F(TO) | F(KIND)},
	[EVENT_TRAINING_COMPLETED] = {DIMS | F(PERSON) | F(TOPIC) | F(HOURS),
				      F(PERSON)},
	[EVENT_HEADCOUNT_SET] = {F(AUDIENCE) | F(UNIT) | F(HEADCOUNT) | F(LEADERS) |
					 F(POSSIBLE_DAYS),
				 F(UNIT) | F(HEADCOUNT)},
	[EVENT_BASE_SET] = {DIMS | F(ACTIVE), F(ACTIVE)},
	[EVENT_SUGGESTION_SUBMITTED] = {DIMS | F(PERSON) | F(KIND) | F(TITLE) |
						F(BODY) | F(CATEGORY) | F(BOARD),
					F(AUDIENCE) | F(KIND)},
	[EVENT_SUGGESTION_ACKNOWLEDGED] = {SUGGESTION_STEP | F(AUTO), F(REF)},
	[EVENT_SUGGESTION_TRIAGED] = {SUGGESTION_STEP | F(WILL_EXAMINE) | F(REASON),
				      F(REF) | F(WILL_EXAMINE)},
	[EVENT_SUGGESTION_ANSWERED] = {SUGGESTION_STEP | F(STATUS) | F(REASON),
				       F(REF) | F(STATUS)},
	[EVENT_SUGGESTION_SEEN] = {RECEIPT_STEP, F(RECEIPT)},
	[EVENT_SUGGESTION_RATED] = {RECEIPT_STEP | F(FELT_HEARD),
				    F(RECEIPT) | F(FELT_HEARD)},
	[EVENT_SUGGESTION_SUPPORTED] = {SUGGESTION_STEP | F(RECEIPT), F(REF)},
	[EVENT_SUGGESTION_WITHDRAWN] = {RECEIPT_STEP, F(RECEIPT)},
	[EVENT_SUGGESTION_REOPENED] = {SUGGESTION_STEP | F(REASON), F(REF) | F(REASON)},
	[EVENT_SUGGESTION_REPLIED] = {RECEIPT_STEP | F(BODY), F(RECEIPT) | F(BODY)},
	[EVENT_DECISION_MADE] = {DIMS | F(PERSON) | F(ROLE) | F(CLASS) | F(CASE) |
					 F(ANSWER) | F(AMOUNT) | F(ESCALATED) |
					 F(RULE) | F(RULE_DID_NOT_FIT) | F(CONFLICT) |
					 F(MOMENT) | F(SPECIAL_REQUEST) |
					 F(SELF_RATING) | F(DRIVERS) | F(GOAL),
				 F(ROLE) | F(CLASS) | F(ANSWER)},
	[EVENT_DECISION_SETTLED] = {DECISION_STEP | F(ANSWER), F(REF) | F(ANSWER)},
	[EVENT_DECISION_OUTCOME] = {DECISION_STEP | F(CUSTOMER_BENEFIT) | F(DRIVERS),
				    F(REF)},
	[EVENT_DECISION_REVIEWED] = {DECISION_STEP | F(VERDICT) | F(LESSON) |
					     F(DRIVER_MISSED) | F(RULE),
				     F(REF) | F(VERDICT)},
	[EVENT_BOUNDARY_SET] = {BOUNDARY, F(ROLE) | F(CLASS) | F(MODE)},
	[EVENT_BOUNDARY_EXTENDED] = {BOUNDARY, F(ROLE) | F(CLASS)},
	[EVENT_BOUNDARY_NARROWED] = {BOUNDARY, F(ROLE) | F(CLASS)},
	[EVENT_BOUNDARY_REQUESTED] = {DIMS | F(PERSON) | F(REASON) | F(ROLE) |
					      F(CLASS) | F(LIMIT) | F(MODE),
				      F(ROLE) | F(CLASS)},
	[EVENT_TRAINING_REQUESTED] = {DIMS | F(PERSON) | F(TOPIC), F(PERSON)},
	[EVENT_CONTACT_LOGGED] = {DIMS | F(BY_LEADER) | F(MODE), F(MODE)},
	[EVENT_INITIATIVE_STARTED] = {DIMS | F(TITLE), F(INITIATIVE)},
	[EVENT_INITIATIVE_ENDED] = {DIMS | F(TITLE), F(INITIATIVE)},
};
