/* What the members of an event mean together (see ingest.c): its audience and class,
 * and what one of them demands of another. */
#include "codec/ingest_impl.h"

#include "base/num.h"

/* The audience of types that have one. */
static const uint8_t type_audience[EVENT_TYPE_COUNT] = {
	[EVENT_TRAINING_COMPLETED] = AUDIENCE_EMPLOYEE,
	[EVENT_HEADCOUNT_SET] = AUDIENCE_EMPLOYEE,
	[EVENT_BASE_SET] = AUDIENCE_CUSTOMER,
	[EVENT_DECISION_MADE] = AUDIENCE_EMPLOYEE,
	[EVENT_DECISION_SETTLED] = AUDIENCE_EMPLOYEE,
	[EVENT_DECISION_OUTCOME] = AUDIENCE_EMPLOYEE,
	[EVENT_DECISION_REVIEWED] = AUDIENCE_EMPLOYEE,
	[EVENT_BOUNDARY_SET] = AUDIENCE_EMPLOYEE,
	[EVENT_BOUNDARY_EXTENDED] = AUDIENCE_EMPLOYEE,
	[EVENT_BOUNDARY_NARROWED] = AUDIENCE_EMPLOYEE,
	[EVENT_BOUNDARY_REQUESTED] = AUDIENCE_EMPLOYEE,
	[EVENT_TRAINING_REQUESTED] = AUDIENCE_EMPLOYEE,
	[EVENT_CONTACT_LOGGED] = AUDIENCE_EMPLOYEE,
};

/* What the client said must be what follows. */
static enum emp_rc
audience_follows(struct decode *d, enum audience follows, const char *otherwise)
{
	if (d->e->audience != AUDIENCE_NONE && d->e->audience != follows)
		return ingest_bad(d, F_AUDIENCE, otherwise);
	d->e->audience = (uint8_t)follows;
	return EMP_OK;
}

static enum emp_rc
settle_audience(struct decode *d)
{
	struct event *e = d->e;

	if (e->survey != NULL)
		return audience_follows(d, e->survey->audience,
					"is not that of the survey");
	if (type_audience[e->type] != AUDIENCE_NONE)
		return audience_follows(d, (enum audience)type_audience[e->type],
					"is not that of the event type");
	/* Initiatives are for customers, too, but mostly about work. Of the other types
	 * the table says that it must be given, or a reference tells. */
	if (e->audience == AUDIENCE_NONE &&
	    (e->type == EVENT_INITIATIVE_STARTED || e->type == EVENT_INITIATIVE_ENDED))
		e->audience = AUDIENCE_EMPLOYEE;
	return EMP_OK;
}

static enum emp_rc
settle_signal(struct decode *d)
{
	struct event *e = d->e;

	if (!signal_fits(e->signal, e->audience))
		return ingest_bad(d, F_SIGNAL, "is not a signal of this audience");
	if (field_given(d, F_VOLUNTARY) && e->signal != SIGNAL_SEPARATION)
		return ingest_bad(d, F_VOLUNTARY, "belongs to separation only");
	if (field_given(d, F_DAYS) && e->signal != SIGNAL_ABSENCE)
		return ingest_bad(d, F_DAYS, "belongs to absence only");
	e->class = (uint8_t)signal_class(e->signal, e->audience);
	return EMP_OK;
}

/* Names in clear and publicity need each other, and the recipient's consent. */
static enum emp_rc
settle_recognition(struct decode *d)
{
	struct event *e = d->e;
	bool employee = e->audience == AUDIENCE_EMPLOYEE;

	if (e->visibility == VISIBILITY_NONE && employee)
		return ingest_bad(d, F_VISIBILITY, "is missing");
	if (e->visibility == VISIBILITY_NONE)
		e->visibility = VISIBILITY_PRIVATE;
	if (e->visibility == VISIBILITY_PUBLIC) {
		if (!field_given(d, F_TO_NAME))
			return ingest_bad(d, F_TO_NAME, "is needed to make it public");
		if (!field_given(d, F_FROM_NAME))
			return ingest_bad(d, F_FROM_NAME,
					  "is needed to make it public");
		if (!e->to_agrees)
			return ingest_bad(d, F_TO_AGREES,
					  "must be true to make it public");
	} else {
		if (field_given(d, F_TO_NAME))
			return ingest_bad(d, F_TO_NAME, "is for public ones only");
		if (field_given(d, F_FROM_NAME))
			return ingest_bad(d, F_FROM_NAME, "is for public ones only");
	}
	e->class = !employee                         ? CLASS_CUSTOMER
		: e->visibility == VISIBILITY_PUBLIC ? CLASS_OPERATIONAL
						     : CLASS_PERSONNEL;
	return EMP_OK;
}

/* ---- suggestions ----------------------------------------------------------------- */

/* Whether a text says anything: spaces are no reason. */
static bool
says_something(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > ' ')
			return true;
	return false;
}

bool
ingest_case_id(struct str id, uint8_t handle[HANDLE_BYTES])
{
	const size_t prefix = sizeof CASE_ID_PREFIX - 1;

	return str_starts(id, STR(CASE_ID_PREFIX)) &&
		num_unhex(handle, (struct str){id.p + prefix, id.n - prefix},
			  HANDLE_BYTES);
}

static enum emp_rc
settle_submitted(struct decode *d)
{
	struct event *e = d->e;

	if (!says_something(e->title) && !says_something(e->body))
		return ingest_bad(d, F_BODY, "is missing; so is a title");
	if (e->suggestion_kind == SUGGESTION_CONCERN)
		e->board = false; /* whatever was ticked */
	e->class = e->audience == AUDIENCE_EMPLOYEE ? CLASS_CASE : CLASS_CUSTOMER;
	return EMP_OK;
}

/* No "no" without a why; and what else a step must say. */
static enum emp_rc
check_step(struct decode *d)
{
	const struct event *e = d->e;
	bool reason = says_something(e->reason);

	switch (e->type) {
	case EVENT_SUGGESTION_TRIAGED:
		if (e->will_examine == 0 && !reason)
			return ingest_bad(d, F_REASON,
					  "is needed for what will not be examined");
		return EMP_OK;
	case EVENT_SUGGESTION_ANSWERED:
		if (e->status == STATUS_DECLINED && !reason)
			return ingest_bad(d, F_REASON, "is needed to decline");
		return EMP_OK;
	case EVENT_SUGGESTION_REOPENED:
		return reason ? EMP_OK : ingest_bad(d, F_REASON, "is needed to reopen");
	case EVENT_SUGGESTION_REPLIED:
		return says_something(e->body) ? EMP_OK
					       : ingest_bad(d, F_BODY, "is empty");
	default:
		return EMP_OK;
	}
}

/* The letter of a receipt, which says in which file to look. */
static char
receipt_letter(struct str receipt)
{
	for (size_t i = 0; i < receipt.n; i++) {
		char c = receipt.p[i];

		if (c == 'C' || c == 'c')
			return 'C';
		if (c == 'E' || c == 'e')
			return 'E';
		if (c != ' ' && c != '-')
			break;
	}
	return '\0';
}

/* A step is where its suggestion is, which the form of the reference tells. */
static enum emp_rc
settle_step(struct decode *d)
{
	struct event *e = d->e;
	bool by_receipt = (ingest_types[e->type].needs & F_BIT(F_RECEIPT)) != 0;
	char letter = receipt_letter(e->receipt);
	bool employee = letter == 'E';
	enum emp_rc rc;

	if (e->receipt.p != NULL && letter == '\0')
		return d->outer_ref.p != NULL && by_receipt
			? problem_set(d->p, EMP_UNKNOWN_REF, "", "this is no receipt")
			: ingest_bad(d, F_RECEIPT, "is not a receipt");
	if (!by_receipt) {
		e->has_handle = e->ref_source.n == 0 &&
			ingest_case_id(e->ref_id, e->handle);
		employee = e->has_handle;
		if (letter != '\0' && employee != (letter == 'E'))
			return ingest_bad(d, F_RECEIPT,
					  "is not of the audience of what it supports");
	}
	rc = audience_follows(d, employee ? AUDIENCE_EMPLOYEE : AUDIENCE_CUSTOMER,
			      "is not that of the suggestion");
	if (rc != EMP_OK)
		return rc;
	if (!employee)
		e->class = CLASS_CUSTOMER;
	else
		e->class = e->type == EVENT_SUGGESTION_RATED ? CLASS_SEALED
							     : CLASS_CASE;
	return check_step(d);
}

/* ---- surveys ----------------------------------------------------------------------
 */

/* An invitation says of itself that there is one person, and of which unit; a name
 * beside it would say who. */
static enum emp_rc
settle_survey(struct decode *d)
{
	struct event *e = d->e;
	bool employee = e->audience == AUDIENCE_EMPLOYEE;

	e->class = employee ? CLASS_SEALED : CLASS_CUSTOMER;
	if (!field_given(d, F_INVITE))
		return EMP_OK;
	if (!employee)
		return ingest_bad(d, F_INVITE, "is for surveys of employees only");
	if (field_given(d, F_RESPONDENT))
		return ingest_bad(d, F_RESPONDENT,
				  "must not be there: an invitation needs no "
				  "respondent");
	return EMP_OK;
}

/* ---- all ------------------------------------------------------------------------- */

static enum emp_rc
settle_other(struct decode *d)
{
	struct event *e = d->e;

	e->class = (uint8_t)event_type_class(e->type);
	if (e->type == EVENT_HEADCOUNT_SET && e->leaders > e->headcount)
		return ingest_bad(d, F_LEADERS, "is more than headcount");
	if (e->type == EVENT_DECISION_OUTCOME && e->customer_benefit < 0 &&
	    d->drivers_given == 0)
		return ingest_bad(d, F_CUSTOMER_BENEFIT,
				  "is missing; so are drivers that were observed");
	return EMP_OK;
}

enum emp_rc
ingest_settle(struct decode *d)
{
	struct event *e = d->e;
	enum emp_rc rc = settle_audience(d);

	if (rc != EMP_OK)
		return rc;
	switch (event_type_class(e->type)) {
	case CLASS_BY_SURVEY:
		return settle_survey(d);
	case CLASS_BY_SIGNAL:
		return settle_signal(d);
	case CLASS_BY_VISIBILITY:
		return settle_recognition(d);
	case CLASS_BY_AUDIENCE:
		return settle_submitted(d);
	case CLASS_BY_REF:
		return settle_step(d);
	default:
		return settle_other(d);
	}
}
