/*
 * Submissions and steps for the tests of suggestions.
 */
#include "config.h"

#include <string.h>

#include "suggestion_support.h"

static void
key_of(uint8_t key[16], char kind, unsigned number)
{
	memset(key, kind, 16);
	/* Scattered, as random ones are. */
	for (int i = 0; i < 4; i++)
		key[i] = (uint8_t)((number * 2654435761u) >> (8 * i));
	memcpy(key + 4, &number, sizeof number);
}

void
suggestion_receipt(struct event *e, unsigned receipt)
{
	e->has_receipt = true;
	key_of(e->receipt_hash, 'R', receipt);
}

void
suggestion_handle(struct event *e, unsigned handle)
{
	e->has_handle = true;
	key_of(e->handle, 'H', handle);
}

static struct event
submission(enum audience a, enum event_class c, enum suggestion_kind kind)
{
	struct event e = support_event(EVENT_SUGGESTION_SUBMITTED, a, c);

	e.suggestion_kind = (uint8_t)kind;
	e.will_examine = -1;
	e.limit_cents = -1;
	e.body = STR("what I think");
	return e;
}

struct event
suggestion_new(const char *id, enum suggestion_kind kind, unsigned receipt)
{
	struct event e = submission(AUDIENCE_CUSTOMER, CLASS_CUSTOMER, kind);

	suggestion_receipt(&e, receipt);
	e.id = str_from(id);
	return e;
}

struct event
case_new(unsigned number, enum suggestion_kind kind)
{
	struct event e = submission(AUDIENCE_EMPLOYEE, CLASS_CASE, kind);

	suggestion_receipt(&e, number);
	suggestion_handle(&e, number);
	return e;
}

static struct event
step(enum event_class c, enum event_type type, int arg)
{
	struct event e = support_event(type, AUDIENCE_CUSTOMER, c);

	e.may_concern = true;
	e.will_examine = -1;
	e.limit_cents = -1;
	if (type == EVENT_SUGGESTION_ACKNOWLEDGED)
		e.automatic = arg != 0;
	if (type == EVENT_SUGGESTION_TRIAGED)
		e.will_examine = (int8_t)arg;
	if (type == EVENT_SUGGESTION_ANSWERED)
		e.status = (uint8_t)arg;
	if (type == EVENT_SUGGESTION_RATED)
		e.felt_heard = (uint8_t)arg;
	if (type == EVENT_SUGGESTION_REPLIED)
		e.body = STR("and more");
	if ((type == EVENT_SUGGESTION_TRIAGED && arg == 0) ||
	    (type == EVENT_SUGGESTION_ANSWERED && arg == STATUS_DECLINED) ||
	    type == EVENT_SUGGESTION_REOPENED)
		e.reason = STR("because");
	if (type == EVENT_SUGGESTION_SUPPORTED && arg != 0)
		suggestion_receipt(&e, (unsigned)arg);
	return e;
}

static bool
by_author(enum event_type type)
{
	return event_type_scope(type) == SCOPE_RECEIPT &&
		type != EVENT_SUGGESTION_SUPPORTED;
}

struct event
suggestion_step_on(const char *id, unsigned receipt, enum event_type type, int arg)
{
	struct event e = step(CLASS_CUSTOMER, type, arg);

	if (by_author(type))
		suggestion_receipt(&e, receipt);
	else
		e.ref_id = str_from(id);
	return e;
}

struct event
case_step_on(unsigned number, enum event_type type, int arg)
{
	struct event e = step(
		type == EVENT_SUGGESTION_RATED ? CLASS_SEALED : CLASS_CASE, type, arg);

	e.audience = AUDIENCE_EMPLOYEE;
	if (by_author(type))
		suggestion_receipt(&e, number);
	else
		suggestion_handle(&e, number);
	return e;
}
