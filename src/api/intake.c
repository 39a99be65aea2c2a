/* The steps between decoding an event and submitting it, and what its outcome means.
 *
 * Here the token comes in: what it may do, and what of what is stored it may see, which
 * the writer checks, who alone can look. And the receipts: who makes a suggestion, or
 * supports one, gets a code to follow it by, and only the code's hash goes on.
 */
#include "api/ticket.h"

#include "api/auth.h"
#include "base/clock.h"
#include "base/num.h"
#include "codec/ingest.h"

#include <stdio.h>

#define EVENT_ID_CHARS 33 /* hex digits of a server's id and the NUL */
#define RECEIPT_DOMAIN "receipt"

void
intake_decoder(const struct intake *in, struct ticket *t, struct ingest *out)
{
	t->form = in->form;
	*out = (struct ingest){
		.surveys = in->surveys,
		.arena = &t->arena,
		.now_ms = in->now_ms,
		.cloudevents = in->cloudevents,
	};
	for (int d = 0; d < DIM_COUNT; d++)
		out->names[d] = in->aw->names[d];
}

/* ---- what the token may do ------------------------------------------------------- */

/* The scope that an event needs, where it follows from the event. */
static enum scope
scope_needed(const struct event *e)
{
	enum scope s = event_type_scope((enum event_type)e->type);

	if (s == SCOPE_RECEIPT)
		return SCOPE_INGEST;
	if (s != SCOPE_BY_SIGNAL)
		return s;
	return e->audience == AUDIENCE_CUSTOMER ? SCOPE_INGEST : SCOPE_ROSTER;
}

/* Whether it says where it happened; else it is where that is what it follows on. */
static bool
has_place(uint8_t type)
{
	return event_type_class((enum event_type)type) != CLASS_BY_REF &&
		type != EVENT_DECISION_SETTLED && type != EVENT_DECISION_OUTCOME &&
		type != EVENT_DECISION_REVIEWED;
}

/* Whether the suggestion is found by the receipt of its author, who may do this
 * whatever the token is for. */
static bool
by_own_receipt(uint8_t type)
{
	return event_type_scope((enum event_type)type) == SCOPE_RECEIPT &&
		type != EVENT_SUGGESTION_SUPPORTED;
}

static enum emp_rc
check_token(const struct intake *in, struct event *e, struct problem *p)
{
	enum scope need = scope_needed(e);
	bool own = by_own_receipt(e->type);

	e->may_concern = own;
	if (in->token == NULL) {
		EMP_ASSERT(own); /* the route lets nothing else through */
		return EMP_OK;
	}
	if (!scopes_allow(in->token->scopes, need)) {
		char text[64];

		scopes_format(text, sizeof text, need);
		return problem_set(p, EMP_FORBIDDEN,
				   in->form == FORM_EVENT ? "/type" : "",
				   "this type of event needs the scope %s", text);
	}
	if (has_place(e->type) && !auth_covers(in->token, e->dim[DIM_UNIT]))
		return problem_set(p, EMP_FORBIDDEN,
				   in->form == FORM_EVENT ? "/data/unit" : "/unit",
				   "the token is limited to the unit %s",
				   in->token->unit);
	if (!own) {
		e->may_concern = scopes_allow(in->token->scopes, SCOPE_CONCERN);
		e->only_unit = str_from(in->token->unit);
	}
	return EMP_OK;
}

/* ---- ids and receipts ------------------------------------------------------------ */

static enum emp_rc
no_memory(struct problem *p)
{
	return problem_set(p, EMP_NOMEM, "", "%s", emp_rc_title(EMP_NOMEM));
}

/* An id of ours for an event without. */
static enum emp_rc
give_id(struct ticket *t, struct event *e, struct problem *p)
{
	char *id;

	if (e->id_given)
		return EMP_OK;
	id = arena_alloc(&t->arena, EVENT_ID_CHARS);
	if (!id)
		return no_memory(p);
	crypto_event_id(id);
	e->id = (struct str){id, EVENT_ID_CHARS - 1};
	return EMP_OK;
}

static bool
makes_suggestion(uint8_t type)
{
	return type == EVENT_SUGGESTION_SUBMITTED || type == EVENT_BOUNDARY_REQUESTED;
}

/* Who supports without a receipt gets one too: it cannot support again. */
static bool
gets_receipt(const struct event *e)
{
	return makes_suggestion(e->type) ||
		(e->type == EVENT_SUGGESTION_SUPPORTED && e->receipt.n == 0);
}

/* The receipt that the answer carries, and the key of a new suggestion of an employee,
 * which is its id from now on. With a client's id both follow from the id and all of
 * what was said: who sends the same again gets the same, and who only guesses the id
 * gets nothing that leads anywhere. */
static enum emp_rc
make_receipt(const struct api *a, struct ticket *t, struct event *e, struct problem *p)
{
	bool hidden = e->class == CLASS_CASE;
	char letter = hidden ? RECEIPT_EMPLOYEE : RECEIPT_CUSTOMER;
	uint8_t secret[CODE_BYTES + HANDLE_BYTES];
	uint8_t said[ID_KEY_BYTES + CONTENT_BYTES];
	char *text = arena_alloc(&t->arena, CODE_TEXT_MAX + CASE_ID_CHARS + 1);
	char *id = text + CODE_TEXT_MAX;

	_Static_assert(sizeof secret == 32, "as much as is derived");
	if (!text)
		return no_memory(p);
	if (e->id_given) {
		memcpy(said, e->id_key, ID_KEY_BYTES);
		memcpy(said + ID_KEY_BYTES, e->digest, CONTENT_BYTES);
		crypto_derive(secret, &a->receipt_key, RECEIPT_DOMAIN,
			      (struct str){(const char *)said, sizeof said});
	} else {
		crypto_random(secret, sizeof secret);
	}
	e->receipt = (struct str){text, crypto_code_format(text, letter, secret)};
	crypto_code_hash(e->receipt_hash, letter, secret);
	e->has_receipt = true;
	if (!hidden || !makes_suggestion(e->type))
		return EMP_OK;
	memcpy(e->handle, secret + CODE_BYTES, HANDLE_BYTES);
	e->has_handle = true;
	memcpy(id, CASE_ID_PREFIX, sizeof CASE_ID_PREFIX - 1);
	num_hex(id + sizeof CASE_ID_PREFIX - 1, e->handle, HANDLE_BYTES);
	e->id = (struct str){id, CASE_ID_CHARS};
	return EMP_OK;
}

/* A receipt that was sent is needed no more once its hash is known. */
static enum emp_rc
read_receipt(const struct intake *in, struct event *e, struct problem *p)
{
	uint8_t code[CODE_BYTES];
	char letter;

	if (!crypto_code_parse(e->receipt, &letter, code) ||
	    (letter != RECEIPT_CUSTOMER && letter != RECEIPT_EMPLOYEE))
		return problem_set(p, EMP_INVALID,
				   in->form == FORM_EVENT ? "/data/receipt"
					   : in->form == FORM_FLAT_REF &&
						   by_own_receipt(e->type)
					   ? ""
					   : "/receipt",
				   "is not a receipt");
	crypto_code_hash(e->receipt_hash, letter, code);
	e->has_receipt = true;
	e->receipt = STR_NONE;
	return EMP_OK;
}

/* Where a field is, in the form in which the event was sent. */
static enum emp_rc
bad_field(enum intake_form form, const char *field, enum emp_rc rc, const char *detail,
	  struct problem *p)
{
	char pointer[32];

	snprintf(pointer, sizeof pointer, "%s/%s", form == FORM_EVENT ? "/data" : "",
		 field);
	return problem_set(p, rc, pointer, "%s", detail);
}

/* The same of an invitation; whether it is still good, the writer knows. */
static enum emp_rc
read_invite(const struct intake *in, struct event *e, struct problem *p)
{
	uint8_t code[CODE_BYTES];
	char letter;

	if (!crypto_code_parse(e->invite, &letter, code) || letter != CODE_INVITE)
		return bad_field((enum intake_form)in->form, "invite", EMP_INVALID,
				 "is not an invitation", p);
	crypto_code_hash(e->invite_hash, letter, code);
	explicit_bzero(code, sizeof code);
	e->has_invite = true;
	e->invite = STR_NONE;
	return EMP_OK;
}

/* Whether the token vouches that who is named is one person, of that unit. */
static bool
vouched_for(const struct intake *in, const struct event *e)
{
	return e->class == CLASS_SEALED && e->person.text.n > 0 && in->token != NULL &&
		scopes_allow(in->token->scopes, SCOPE_ROSTER);
}

/* What employees say is seen from the day after it on, or with its week or month, by
 * the event's own day: who could say that it was of another would make it be seen at
 * once, or answer for a thousand weeks, each with a key and a release. Only programs
 * that keep records of what was, and who answers, know better than the clock. */
static void
date_arrival(const struct intake *in, struct event *e)
{
	int64_t now = in->now_ms / MS_PER_S;
	bool records = in->token != NULL &&
		(scopes_allow(in->token->scopes, SCOPE_ROSTER) ||
		 scopes_allow(in->token->scopes, SCOPE_RESPOND));

	if (class_is_confidential((enum event_class)e->class) && !records &&
	    e->time / MS_PER_S <
		    tz_floor(store_tz(in->aw->api->cfg.store), TZ_DAY, now))
		e->time = in->now_ms;
}

static void
id_hash(void *ctx, uint8_t out[16], const void *p, size_t n)
{
	crypto_fast_hash(out, ctx, p, n);
}

enum emp_rc
intake_finish(const struct intake *in, struct ticket *t, struct event *e,
	      struct problem *p)
{
	struct api *a = in->aw->api;
	const struct ingest_hash hash = {id_hash, &a->id_key};
	enum emp_rc rc = check_token(in, e, p);

	if (rc == EMP_OK)
		rc = give_id(t, e, p);
	if (rc != EMP_OK)
		return rc;
	ingest_keys(e, &hash);
	if (gets_receipt(e))
		rc = make_receipt(a, t, e, p);
	else if (e->receipt.n > 0)
		rc = read_receipt(in, e, p);
	if (rc == EMP_OK && e->invite.n > 0)
		rc = read_invite(in, e, p);
	if (rc != EMP_OK)
		return rc;
	e->verified = vouched_for(in, e);
	/* Last: what is sent again is known by the time that it was sent with. */
	date_arrival(in, e);
	keys_pseudonymise(&in->aw->keys, e);
	return EMP_OK;
}

/* ---- what the writer said -------------------------------------------------------- */

/* Where an event says what it refers to. */
static const char *
ref_pointer(const struct ticket *t, const struct event *e)
{
	bool receipt = by_own_receipt(e->type);

	switch (t->form) {
	case FORM_EVENT:
		return receipt ? "/data/receipt" : "/data/ref";
	case FORM_FLAT:
		return receipt ? "/receipt" : "/ref";
	default: /* the address of the route */
		return "";
	}
}

static enum emp_rc
bad_transition(const struct ticket *t, const struct event *e, struct problem *p)
{
	const char *limit = t->form == FORM_EVENT ? "/data/limit" : "/limit";

	switch (e->type) {
	case EVENT_BOUNDARY_EXTENDED:
		return problem_set(p, EMP_TRANSITION, limit,
				   "does not extend the boundary in force");
	case EVENT_BOUNDARY_NARROWED:
		return problem_set(p, EMP_TRANSITION, limit,
				   "does not narrow the boundary in force");
	case EVENT_DECISION_SETTLED:
		return problem_set(p, EMP_TRANSITION, ref_pointer(t, e),
				   "the decision is settled already");
	case EVENT_DECISION_REVIEWED:
		return problem_set(p, EMP_TRANSITION, ref_pointer(t, e),
				   "the decision is reviewed already");
	case EVENT_SUGGESTION_SUPPORTED:
		return problem_set(p, EMP_TRANSITION, ref_pointer(t, e),
				   "the suggestion is closed, or supported by this "
				   "receipt already");
	case EVENT_SUGGESTION_RATED:
		return problem_set(p, EMP_TRANSITION, ref_pointer(t, e),
				   "there is nothing to rate yet, or it is rated "
				   "already");
	default:
		return problem_set(p, EMP_TRANSITION, ref_pointer(t, e),
				   "the state of the suggestion does not allow this "
				   "step");
	}
}

enum emp_rc
outcome_problem(const struct ticket *t, uint32_t i, struct problem *p)
{
	const struct store_outcome *o = &t->outcomes[i];
	const struct event *e = &t->events[i];
	bool full = t->form == FORM_EVENT;

	if (o->status == ITEM_ID_CONFLICT)
		return problem_set(p, EMP_ID_CONFLICT, "/id",
				   "this source sent the id with another content");
	if (e->has_invite && o->rc == EMP_UNKNOWN_REF)
		return bad_field((enum intake_form)t->form, "invite", EMP_UNKNOWN_REF,
				 "there is no such invitation to this survey for this "
				 "unit, or it was used before, or its period is over",
				 p);
	switch ((enum emp_rc)o->rc) {
	case EMP_NOT_FOUND:
		return problem_set(p, EMP_INVALID, "/data/ref",
				   "no event with this id is stored");
	case EMP_UNKNOWN_REF:
		return problem_set(p, EMP_UNKNOWN_REF, ref_pointer(t, e),
				   by_own_receipt(e->type)
					   ? "there is nothing with this receipt"
					   : "there is nothing with this id that the "
					     "token may see");
	case EMP_TRANSITION:
		return bad_transition(t, e, p);
	case EMP_CONFLICT:
		return problem_set(p, EMP_INVALID, "/data/answers",
				   "an answer does not fit its question any more");
	case EMP_INVALID:
		if (e->type == EVENT_SURVEY_ANSWERED)
			return problem_set(
				p, EMP_INVALID, "/data/answers",
				"the survey has no room for so many questions");
		/* fall through */
	default:
		return problem_set(p, (enum emp_rc)o->rc, full ? "/data" : "",
				   "the event does not fit what is stored");
	}
}
