/* The catalogue's tables and how names are found in them.
 *
 * Every event is looked up by type, dimensions and signal, so a search must cost next
 * to nothing: the lengths of a table's names lie side by side in one cache line and are
 * compared first, and only a name of the right length is compared byte by byte. Tables
 * have at most some thirty rows, the frequent ones first; a hash would not be faster.
 */
#include "model/catalogue.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LENGTHS_MAX 32

struct type_row {
	const char *name;
	uint8_t class_rule;
	uint8_t scope;
};

static const struct type_row types[EVENT_TYPE_COUNT] = {
#define TYPE(id, name, number, class_rule, scope)                                      \
	[number] = {name, CLASS_##class_rule, SCOPE_##scope},
#include "model/catalogue.def"
#undef TYPE
};

/* 0 marks the row of the "none" value, which no name matches: names are not empty. */
static const uint8_t type_lengths[LENGTHS_MAX] = {
#define TYPE(id, name, number, class_rule, scope) [number] = sizeof(name) - 1,
#include "model/catalogue.def"
#undef TYPE
};

_Static_assert(EVENT_TYPE_COUNT <= LENGTHS_MAX, "widen LENGTHS_MAX");

#define AUDIENCES(X)                                                                   \
	X(AUDIENCE_CUSTOMER, "customer")                                               \
	X(AUDIENCE_EMPLOYEE, "employee")
#define DIMS(X)                                                                        \
	X(DIM_UNIT, "unit")                                                            \
	X(DIM_CHANNEL, "channel")                                                      \
	X(DIM_TOUCHPOINT, "touchpoint")                                                \
	X(DIM_SEGMENT, "segment")                                                      \
	X(DIM_INITIATIVE, "initiative")                                                \
	X(DIM_LANG, "lang")
#define SIGNALS(X)                                                                     \
	X(SIGNAL_SIGNUP, "signup")                                                     \
	X(SIGNAL_PURCHASE, "purchase")                                                 \
	X(SIGNAL_RENEWAL, "renewal")                                                   \
	X(SIGNAL_RETURN_VISIT, "return_visit")                                         \
	X(SIGNAL_REFERRAL, "referral")                                                 \
	X(SIGNAL_COMPLAINT, "complaint")                                               \
	X(SIGNAL_DOWNGRADE, "downgrade")                                               \
	X(SIGNAL_CANCEL_INTENT, "cancel_intent")                                       \
	X(SIGNAL_CANCELLATION, "cancellation")                                         \
	X(SIGNAL_JOINED, "joined")                                                     \
	X(SIGNAL_SEPARATION, "separation")                                             \
	X(SIGNAL_ABSENCE, "absence")                                                   \
	X(SIGNAL_STAY_INTENT, "stay_intent")                                           \
	X(SIGNAL_LEAVE_INTENT, "leave_intent")
#define RECOGNITIONS(X)                                                                \
	X(RECOGNITION_PRAISE, "praise")                                                \
	X(RECOGNITION_TANGIBLE, "tangible")                                            \
	X(RECOGNITION_REWARD, "reward")                                                \
	X(RECOGNITION_BACKING, "backing")

#define SUGGESTION_KINDS(X)                                                            \
	X(SUGGESTION_OPINION, "opinion")                                               \
	X(SUGGESTION_SUGGESTION, "suggestion")                                         \
	X(SUGGESTION_CONCERN, "concern")                                               \
	X(SUGGESTION_QUESTION, "question")                                             \
	X(SUGGESTION_INTERNAL_REQUEST, "internal_request")                             \
	X(SUGGESTION_RULE_TO_REMOVE, "rule_to_remove")                                 \
	X(SUGGESTION_INCOHERENCE, "incoherence")                                       \
	X(SUGGESTION_PATTERN_SEEN, "pattern_seen")                                     \
	X(SUGGESTION_BOUNDARY_REQUEST, "boundary_request")
#define STATUSES(X)                                                                    \
	X(STATUS_ACCEPTED, "accepted")                                                 \
	X(STATUS_PLANNED, "planned")                                                   \
	X(STATUS_STARTED, "started")                                                   \
	X(STATUS_DONE, "done")                                                         \
	X(STATUS_DECLINED, "declined")                                                 \
	X(STATUS_DUPLICATE, "duplicate")
#define ANSWERS(X)                                                                     \
	X(ANSWER_YES, "yes")                                                           \
	X(ANSWER_NO, "no")                                                             \
	X(ANSWER_PARTIAL, "partial")
#define VERDICTS(X)                                                                    \
	X(VERDICT_REINFORCE, "reinforce")                                              \
	X(VERDICT_COACH, "coach")                                                      \
	X(VERDICT_SANCTION, "sanction")
#define DRIVERS(X)                                                                     \
	X(DRIVER_SPEND, "spend")                                                       \
	X(DRIVER_RETENTION, "retention")                                               \
	X(DRIVER_REPUTATION, "reputation")                                             \
	X(DRIVER_REFERRAL, "referral")
#define DRIVER_QUESTIONS(X)                                                            \
	X(DRIVER_SPEND, "Does it cost us money?")                                      \
	X(DRIVER_RETENTION, "Does it help to keep the customer?")                      \
	X(DRIVER_REPUTATION, "Does it touch our reputation?")                          \
	X(DRIVER_REFERRAL, "Will the customer bring others because of it?")
#define VIEWS(X)                                                                       \
	X(VIEW_YES, "yes")                                                             \
	X(VIEW_NO, "no")                                                               \
	X(VIEW_UNSURE, "unsure")
#define BOUNDARY_MODES(X)                                                              \
	X(MODE_ACT, "act")                                                             \
	X(MODE_PROPOSE, "propose")
#define CONTACT_MODES(X)                                                               \
	X(CONTACT_FACE_TO_FACE, "face_to_face")                                        \
	X(CONTACT_BROADCAST, "broadcast")                                              \
	X(CONTACT_MEETING, "meeting")
#define WITHINS(X)                                                                     \
	X(WITHIN_INSIDE, "inside")                                                     \
	X(WITHIN_OVER, "over")                                                         \
	X(WITHIN_NONE, "none")

#define NAME_ROW(id, name) [id] = (name),
#define LENGTH_ROW(id, name) [id] = sizeof(name) - 1,

static const char *const audience_names[] = {AUDIENCES(NAME_ROW)};
static const uint8_t audience_lengths[] = {AUDIENCES(LENGTH_ROW)};
static const char *const dim_names[] = {DIMS(NAME_ROW)};
static const uint8_t dim_lengths[] = {DIMS(LENGTH_ROW)};
static const char *const signal_names[] = {SIGNALS(NAME_ROW)};
static const uint8_t signal_lengths[] = {SIGNALS(LENGTH_ROW)};
static const char *const recognition_names[] = {RECOGNITIONS(NAME_ROW)};
static const uint8_t recognition_lengths[] = {RECOGNITIONS(LENGTH_ROW)};
static const char *const suggestion_kind_names[] = {SUGGESTION_KINDS(NAME_ROW)};
static const uint8_t suggestion_kind_lengths[] = {SUGGESTION_KINDS(LENGTH_ROW)};
static const char *const suggestion_status_names[] = {STATUSES(NAME_ROW)};
static const uint8_t suggestion_status_lengths[] = {STATUSES(LENGTH_ROW)};
static const char *const decision_answer_names[] = {ANSWERS(NAME_ROW)};
static const uint8_t decision_answer_lengths[] = {ANSWERS(LENGTH_ROW)};
static const char *const verdict_names[] = {VERDICTS(NAME_ROW)};
static const uint8_t verdict_lengths[] = {VERDICTS(LENGTH_ROW)};
static const char *const driver_names[] = {DRIVERS(NAME_ROW)};
static const uint8_t driver_lengths[] = {DRIVERS(LENGTH_ROW)};
static const char *const driver_view_names[] = {VIEWS(NAME_ROW)};
static const uint8_t driver_view_lengths[] = {VIEWS(LENGTH_ROW)};
static const char *const boundary_mode_names[] = {BOUNDARY_MODES(NAME_ROW)};
static const uint8_t boundary_mode_lengths[] = {BOUNDARY_MODES(LENGTH_ROW)};
static const char *const contact_mode_names[] = {CONTACT_MODES(NAME_ROW)};
static const uint8_t contact_mode_lengths[] = {CONTACT_MODES(LENGTH_ROW)};
static const char *const driver_questions[] = {DRIVER_QUESTIONS(NAME_ROW)};
static const char *const within_names[] = {WITHINS(NAME_ROW)};

_Static_assert(COUNT(dim_names) == DIM_COUNT, "name every dimension");
_Static_assert(COUNT(signal_names) == SIGNAL_COUNT, "name every signal");
_Static_assert(COUNT(recognition_names) == RECOGNITION_COUNT, "name every kind");
_Static_assert(COUNT(suggestion_kind_names) == SUGGESTION_KIND_COUNT,
	       "name every kind of suggestion");
_Static_assert(COUNT(suggestion_status_names) == STATUS_COUNT, "name every status");
_Static_assert(COUNT(decision_answer_names) == ANSWER_COUNT, "name every answer");
_Static_assert(COUNT(verdict_names) == VERDICT_COUNT, "name every verdict");
_Static_assert(COUNT(driver_names) == DRIVER_COUNT, "name every driver");
_Static_assert(COUNT(driver_view_names) == VIEW_COUNT, "name every view");
_Static_assert(COUNT(contact_mode_names) == CONTACT_MODE_COUNT,
	       "name every mode of contact");
_Static_assert(COUNT(driver_questions) == DRIVER_COUNT, "ask every driver");
_Static_assert(COUNT(within_names) == WITHIN_COUNT, "name every side");

static const struct {
	const char *name;
	uint32_t bit;
} scopes[] = {
	{"ingest", SCOPE_INGEST},   {"respond", SCOPE_RESPOND},
	{"concern", SCOPE_CONCERN}, {"roster", SCOPE_ROSTER},
	{"read", SCOPE_READ},       {"admin", SCOPE_ADMIN},
};

/* Row of a name, n when there is none. */
static size_t
row_find(const char *const *names, const uint8_t *lengths, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (lengths[i] == name.n && name.n > 0 &&
		    memcmp(names[i], name.p, name.n) == 0)
			return i;
	}
	return n;
}

enum event_type
event_type_find(struct str name)
{
	for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (type_lengths[i] == name.n && name.n > 0 &&
		    memcmp(types[i].name, name.p, name.n) == 0)
			return (enum event_type)i;
	}
	return EVENT_NONE;
}

const char *
event_type_name(enum event_type t)
{
	return (unsigned)t < EVENT_TYPE_COUNT ? types[t].name : NULL;
}

enum event_class
event_type_class(enum event_type t)
{
	EMP_ASSERT(t > EVENT_NONE && t < EVENT_TYPE_COUNT);
	return (enum event_class)types[t].class_rule;
}

enum scope
event_type_scope(enum event_type t)
{
	EMP_ASSERT(t > EVENT_NONE && t < EVENT_TYPE_COUNT);
	return (enum scope)types[t].scope;
}

/* The two functions of an enum whose table has "none" in row 0. */
#define FIND_AND_NAME(it)                                                              \
	enum it it##_find(struct str name)                                             \
	{                                                                              \
		size_t i = row_find(it##_names, it##_lengths, COUNT(it##_names),       \
				    name);                                             \
                                                                                       \
		return i < COUNT(it##_names) ? (enum it)i : (enum it)0;                \
	}                                                                              \
	const char *it##_name(enum it value)                                           \
	{                                                                              \
		return (unsigned)value < COUNT(it##_names) ? it##_names[value] : NULL; \
	}
FIND_AND_NAME(audience)
FIND_AND_NAME(signal)
FIND_AND_NAME(recognition)
FIND_AND_NAME(suggestion_kind)
FIND_AND_NAME(suggestion_status)
FIND_AND_NAME(decision_answer)
FIND_AND_NAME(verdict)
FIND_AND_NAME(driver_view)
FIND_AND_NAME(boundary_mode)
FIND_AND_NAME(contact_mode)

const char *
dim_name(enum dim d)
{
	return (unsigned)d < DIM_COUNT ? dim_names[d] : NULL;
}

bool
dim_find(struct str name, enum dim *out)
{
	size_t i = row_find(dim_names, dim_lengths, DIM_COUNT, name);

	if (i == DIM_COUNT)
		return false;
	*out = (enum dim)i;
	return true;
}

bool
signal_fits(enum signal s, enum audience a)
{
	if (a == AUDIENCE_CUSTOMER)
		return s > SIGNAL_NONE && s <= SIGNAL_CANCELLATION;
	if (a == AUDIENCE_EMPLOYEE)
		return s == SIGNAL_REFERRAL || (s >= SIGNAL_JOINED && s < SIGNAL_COUNT);
	return false;
}

enum event_class
signal_class(enum signal s, enum audience a)
{
	EMP_ASSERT(signal_fits(s, a));
	if (a == AUDIENCE_CUSTOMER)
		return CLASS_CUSTOMER;
	if (s == SIGNAL_STAY_INTENT || s == SIGNAL_LEAVE_INTENT)
		return CLASS_SEALED;
	return CLASS_PERSONNEL;
}

bool
driver_find(struct str name, enum driver *out)
{
	size_t i = row_find(driver_names, driver_lengths, DRIVER_COUNT, name);

	if (i == DRIVER_COUNT)
		return false;
	*out = (enum driver)i;
	return true;
}

const char *
driver_name(enum driver d)
{
	return (unsigned)d < DRIVER_COUNT ? driver_names[d] : NULL;
}

const char *
driver_question(enum driver d)
{
	return (unsigned)d < DRIVER_COUNT ? driver_questions[d] : NULL;
}

const char *
within_name(enum within w)
{
	return (unsigned)w < WITHIN_COUNT ? within_names[w] : NULL;
}

bool
scopes_parse(struct str list, uint32_t *bits)
{
	uint32_t found = 0;

	do {
		struct str word = str_split(&list, ',');
		size_t i = 0;

		while (i < COUNT(scopes) && !str_is(word, scopes[i].name))
			i++;
		if (i == COUNT(scopes))
			return false;
		found |= scopes[i].bit;
	} while (list.p != NULL);
	*bits = found;
	return true;
}

void
scopes_format(char *dst, size_t n, uint32_t bits)
{
	size_t at = 0;

	EMP_ASSERT(n >= SCOPES_TEXT_MAX);
	for (size_t i = 0; i < COUNT(scopes); i++) {
		size_t length = strlen(scopes[i].name);

		if (!(bits & scopes[i].bit))
			continue;
		if (at > 0)
			dst[at++] = ',';
		memcpy(dst + at, scopes[i].name, length);
		at += length;
	}
	dst[at] = '\0';
}

bool
scopes_allow(uint32_t have, enum scope need)
{
	EMP_ASSERT(need != SCOPE_BY_SIGNAL && need != SCOPE_RECEIPT);
	if (have & (uint32_t)need)
		return true;
	return (have & SCOPE_ADMIN) && need != SCOPE_CONCERN;
}

/* Bytes a part of a name is made of. */
static const bool name_byte[256] = {
	['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1,
	['7'] = 1, ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1,
	['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1,
	['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1,
	['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1,
	['z'] = 1, ['_'] = 1, ['.'] = 1, ['-'] = 1,
};

bool
name_valid(struct str s)
{
	bool ok = true;

	if (s.n == 0 || s.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++)
		ok &= name_byte[(unsigned char)s.p[i]];
	return ok;
}

bool
unit_valid(struct str s)
{
	size_t part = 0;

	if (s.n == 0 || s.n > UNIT_MAX_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '/') {
			if (part == 0)
				return false;
			part = 0;
		} else if (!name_byte[c] || ++part > NAME_MAX_BYTES) {
			return false;
		}
	}
	return part > 0;
}

bool
unit_below(struct str unit, struct str top)
{
	return top.n == 0 || str_eq(unit, top) ||
		(str_starts(unit, top) && unit.p[top.n] == '/');
}
