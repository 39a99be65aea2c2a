/* What events there are: types, classes, scopes, dimensions, kinds. One table each,
 * from which decoder, checks, SQL dictionaries and documents follow. */
#ifndef EMP_MODEL_CATALOGUE_H
#define EMP_MODEL_CATALOGUE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum event_type {
	EVENT_NONE,
#define TYPE(id, name, number, class_rule, scope) EVENT_##id = (number),
#include "model/catalogue.def"
#undef TYPE
	EVENT_TYPE_COUNT
};

/* Who may see an event, and which file holds it: the first two live in empowerd.db, the
 * others in confidential.db. The rules at the end are settled per event. */
enum event_class {
	CLASS_CUSTOMER,
	CLASS_OPERATIONAL,
	CLASS_SEALED,
	CLASS_PERSONNEL,
	CLASS_CASE,
	CLASS_BY_SURVEY,     /* customer, or sealed for employee surveys */
	CLASS_BY_SIGNAL,     /* customer; personnel; intents of employees sealed */
	CLASS_BY_VISIBILITY, /* customer; employees: operational if public, else
				personnel */
	CLASS_BY_AUDIENCE,   /* customer; employees: case */
	CLASS_BY_REF         /* that of the suggestion: see event.h, CASE_ID_PREFIX */
};

static inline bool
class_is_confidential(enum event_class c)
{
	return c == CLASS_SEALED || c == CLASS_PERSONNEL || c == CLASS_CASE;
}

/* Bits of a token's scopes. */
enum scope {
	SCOPE_INGEST = 1,
	SCOPE_RESPOND = 2,
	SCOPE_CONCERN = 4,
	SCOPE_ROSTER = 8,
	SCOPE_READ = 16,
	SCOPE_ADMIN = 32, /* implies all but concern */
	SCOPE_BY_SIGNAL = 64,
	SCOPE_RECEIPT = 128 /* none but the receipt in the event; the token: ingest */
};

enum audience { AUDIENCE_NONE, AUDIENCE_CUSTOMER, AUDIENCE_EMPLOYEE };

/* The interned dimensions beside audience; the order is the column order of `series`.
 */
enum dim {
	DIM_UNIT,
	DIM_CHANNEL,
	DIM_TOUCHPOINT,
	DIM_SEGMENT,
	DIM_INITIATIVE,
	DIM_LANG,
	DIM_COUNT
};

#define NAME_MAX_BYTES 64  /* a part of a name: [a-z0-9_.-]{1,64} */
#define UNIT_MAX_BYTES 255 /* parts joined by '/' */
#define IDENTITY_MAX_BYTES 128
#define TEXT_MAX_BYTES 8192
#define EVENT_MAX_BYTES 65536
#define FUTURE_MAX_MS (5 * 60 * 1000LL) /* how far ahead an event's time may lie */
#define OTHER_NAME "__other__"

/* Stored numbers: append only. */
enum signal {
	SIGNAL_NONE,
	SIGNAL_SIGNUP,
	SIGNAL_PURCHASE,
	SIGNAL_RENEWAL,
	SIGNAL_RETURN_VISIT,
	SIGNAL_REFERRAL, /* both audiences */
	SIGNAL_COMPLAINT,
	SIGNAL_DOWNGRADE,
	SIGNAL_CANCEL_INTENT,
	SIGNAL_CANCELLATION,
	SIGNAL_JOINED, /* employees from here on */
	SIGNAL_SEPARATION,
	SIGNAL_ABSENCE,
	SIGNAL_STAY_INTENT,
	SIGNAL_LEAVE_INTENT,
	SIGNAL_COUNT
};
enum recognition {
	RECOGNITION_NONE,
	RECOGNITION_PRAISE,
	RECOGNITION_TANGIBLE,
	RECOGNITION_REWARD,
	RECOGNITION_BACKING,
	RECOGNITION_COUNT
};
enum visibility { VISIBILITY_NONE, VISIBILITY_PUBLIC, VISIBILITY_PRIVATE };
/* The last is what boundary.requested makes: never sent in suggestion.submitted. */
enum suggestion_kind {
	SUGGESTION_NONE,
	SUGGESTION_OPINION,
	SUGGESTION_SUGGESTION,
	SUGGESTION_CONCERN,
	SUGGESTION_QUESTION,
	SUGGESTION_INTERNAL_REQUEST,
	SUGGESTION_RULE_TO_REMOVE,
	SUGGESTION_INCOHERENCE,
	SUGGESTION_PATTERN_SEEN,
	SUGGESTION_BOUNDARY_REQUEST,
	SUGGESTION_KIND_COUNT
};
enum suggestion_status {
	STATUS_NONE,
	STATUS_ACCEPTED,
	STATUS_PLANNED,
	STATUS_STARTED,
	STATUS_DONE,
	STATUS_DECLINED,
	STATUS_DUPLICATE,
	STATUS_COUNT
};
enum decision_answer {
	ANSWER_NONE,
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_PARTIAL,
	ANSWER_COUNT
};
enum verdict {
	VERDICT_NONE,
	VERDICT_REINFORCE,
	VERDICT_COACH,
	VERDICT_SANCTION,
	VERDICT_COUNT
};
/* The four questions of a decision: does it cost money, keep the customer, touch the
 * reputation, bring others? */
enum driver {
	DRIVER_SPEND,
	DRIVER_RETENTION,
	DRIVER_REPUTATION,
	DRIVER_REFERRAL,
	DRIVER_COUNT
};
enum driver_view { VIEW_NONE, VIEW_YES, VIEW_NO, VIEW_UNSURE, VIEW_COUNT };
enum boundary_mode { MODE_NONE, MODE_ACT, MODE_PROPOSE };
enum contact_mode {
	CONTACT_NONE,
	CONTACT_FACE_TO_FACE,
	CONTACT_BROADCAST,
	CONTACT_MEETING,
	CONTACT_MODE_COUNT
};
/* How a decision lay to the boundary in force at its time; stored with it. */
enum within { WITHIN_UNKNOWN, WITHIN_INSIDE, WITHIN_OVER, WITHIN_NONE, WITHIN_COUNT };

/* [any] All return the zero value or NULL for what is not in the tables; strings
 * static. */
enum event_type event_type_find(struct str name);
const char *event_type_name(enum event_type t);
/* Not for EVENT_NONE. */
enum event_class event_type_class(enum event_type t); /* may be a rule */
enum scope event_type_scope(enum event_type t);       /* may be SCOPE_BY_SIGNAL */
enum audience audience_find(struct str name);
const char *audience_name(enum audience a);
const char *dim_name(enum dim d);
bool dim_find(struct str name, enum dim *out);
enum signal signal_find(struct str name);
const char *signal_name(enum signal s);
bool signal_fits(enum signal s, enum audience a);
/* Class of a signal that fits: customer; personnel or sealed for employees. */
enum event_class signal_class(enum signal s, enum audience a);
enum recognition recognition_find(struct str name);
const char *recognition_name(enum recognition r);
enum suggestion_kind suggestion_kind_find(struct str name);
const char *suggestion_kind_name(enum suggestion_kind k);
enum suggestion_status suggestion_status_find(struct str name);
const char *suggestion_status_name(enum suggestion_status s);
enum decision_answer decision_answer_find(struct str name);
const char *decision_answer_name(enum decision_answer a);
enum verdict verdict_find(struct str name);
const char *verdict_name(enum verdict v);
bool driver_find(struct str name, enum driver *out);
const char *driver_name(enum driver d);
const char *driver_question(enum driver d); /* in words, English */
enum driver_view driver_view_find(struct str name);
const char *driver_view_name(enum driver_view v);
enum boundary_mode boundary_mode_find(struct str name);
const char *boundary_mode_name(enum boundary_mode m);
enum contact_mode contact_mode_find(struct str name);
const char *contact_mode_name(enum contact_mode m);
const char *within_name(enum within w); /* NULL for unknown */
/* "ingest,read" <-> bits; false on an unknown name or none. */
EMP_MUST_CHECK bool scopes_parse(struct str list, uint32_t *bits);
/* Comma-joined into dst (at least SCOPES_TEXT_MAX bytes). */
#define SCOPES_TEXT_MAX 64
void scopes_format(char *dst, size_t n, uint32_t bits);
/* Whether a token with `have` may do what needs `need`, which is settled: never
 * SCOPE_BY_SIGNAL, nor SCOPE_RECEIPT, which is no token's. */
bool scopes_allow(uint32_t have, enum scope need);

/* [a-z0-9_.-]{1,64}; units: such parts joined by '/', none empty, 255 bytes in all. */
bool name_valid(struct str s);
bool unit_valid(struct str s);
/* Whether a unit is `top` or below it; every one is below "". */
bool unit_below(struct str unit, struct str top);

#endif
