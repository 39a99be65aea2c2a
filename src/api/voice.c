/* Routes that are about one type of event: suggestions and what is done with them,
 * receipts, boundaries.
 *
 * A table says which route makes which event and where that gets its reference from:
 * the body, an id in the path, a receipt in the path, the person of a code. From there
 * on it is an event like any other: the body goes through the decoder's flat form, then
 * to the writer and back as a ticket. What differs are the answers' pointers, and that
 * a thing the path names and nobody knows is 404.
 *
 * With a code in the path there is no token: the code is what one must know, and the
 * event's type is fixed by the route.
 */
#include "api/asks.h"
#include "api/auth.h"
#include "api/change.h"
#include "api/codes.h"
#include "api/reads.h"
#include "api/ticket.h"
#include "api/voice.h"
#include "base/clock.h"
#include "base/num.h"
#include "codec/ingest.h"
#include "http/url.h"
#include "store/voice.h"

#include <stdio.h>

static const struct voice_step steps[] = {
	{"/v1/suggestions", EVENT_SUGGESTION_SUBMITTED, BY_BODY, false},
	{"/v1/suggestions/{+id}/acknowledge", EVENT_SUGGESTION_ACKNOWLEDGED, BY_ID,
	 false},
	{"/v1/suggestions/{+id}/triage", EVENT_SUGGESTION_TRIAGED, BY_ID, false},
	{"/v1/suggestions/{+id}/answers", EVENT_SUGGESTION_ANSWERED, BY_ID, false},
	{"/v1/suggestions/{+id}/support", EVENT_SUGGESTION_SUPPORTED, BY_ID, false},
	{"/v1/suggestions/{+id}/reopen", EVENT_SUGGESTION_REOPENED, BY_ID, false},
	{"/v1/receipts/{code}/rate", EVENT_SUGGESTION_RATED, BY_RECEIPT, false},
	{"/v1/receipts/{code}/reply", EVENT_SUGGESTION_REPLIED, BY_RECEIPT, false},
	{"/v1/receipts/{code}/withdraw", EVENT_SUGGESTION_WITHDRAWN, BY_RECEIPT, false},
	{"/v1/me/{code}/requests", EVENT_BOUNDARY_REQUESTED, BY_PERSON, false},
	{"/v1/boundaries", EVENT_BOUNDARY_SET, BY_BODY, true},
};
/* Reading by receipt: that it was opened. */
static const struct voice_step seen = {NULL, EVENT_SUGGESTION_SEEN, BY_RECEIPT, false};

/* Who knows a personal code may ask for a boundary. */
static const struct token_def nobody = {.scopes = SCOPE_INGEST};

/* One event to be made. */
struct post {
	const struct voice_step *step;
	struct intake in;
	struct str body;
	struct str ref;        /* the id or receipt of the path; p == NULL: neither */
	struct str source;     /* of that id; n == 0: not said */
	const uint8_t *person; /* BY_PERSON */
};

const struct voice_step *
voice_steps(size_t *n)
{
	*n = sizeof steps / sizeof *steps;
	return steps;
}

static const struct voice_step *
step_of(const struct route *route)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (str_is(route->path, steps[i].path))
			return &steps[i];
	EMP_ASSERT(!"every such route has its step");
	return NULL;
}

/* --- answering --- */

/* What the path names and nobody knows, or the token may not see, is not there. */
static void
refuse(struct req *r, const struct voice_step *step, const struct problem *p)
{
	if (p->rc != EMP_UNKNOWN_REF || step->by == BY_BODY)
		req_error(r, p);
	else if (step->by == BY_ID)
		answer_problem(r, EMP_NOT_FOUND, "",
			       "there is no suggestion of this id that the token may "
			       "see");
	else
		answer_no_code(r);
}

static void
ticket_end(struct ticket *t)
{
	barrier_free(&t->barrier);
	snap_drop(t->aw, t->snap);
	ticket_put(t);
}

static void
answer_outcome(struct req *r, const struct ticket *t)
{
	const struct store_outcome *o = &t->outcomes[0];
	struct problem p;

	if (t->batch.rc != EMP_OK) {
		answer_problem(r, t->batch.rc, "", "");
		return;
	}
	if (o->status == ITEM_STORED || o->status == ITEM_DUPLICATE) {
		ticket_answer_stored(r, t);
		return;
	}
	STAT_ADD(t->aw, rejected);
	outcome_problem(t, 0, &p);
	/* Who supports need not be allowed to read. */
	if (p.rc == EMP_TRANSITION && t->step->by != BY_BODY &&
	    t->step->type != EVENT_SUGGESTION_SUPPORTED)
		voice_refuse_with_state(r, t->step, t->events[0].ref_source, &p);
	else
		refuse(r, t->step, &p);
}

/* [worker] Every worker has the definitions that the event led to. */
static void
step_everywhere(struct worker *w, struct req_msg *m)
{
	struct ticket *t = HOLDER(m, struct ticket, msg);
	struct req *r = req_find(w, t->ref);

	if (r)
		answer_outcome(r, t);
	ticket_end(t);
}

/* [worker] Back from the writer. */
static void
step_done(struct worker *w, struct req_msg *m)
{
	struct ticket *t = HOLDER(m, struct ticket, msg);
	struct barrier *b = t->barrier;
	struct req *r = req_find(w, t->ref);

	if (b && r) {
		t->barrier = NULL;
		t->msg.run = step_everywhere;
		barrier_start_take(b, &t->msg);
		return;
	}
	if (r)
		answer_outcome(r, t);
	ticket_end(t);
}

/* --- making the event --- */

/* The event is about the person whose code it is; the hexadecimal text makes the same
 * id from another person another event. */
static enum emp_rc
set_person(struct event *e, const uint8_t *person, struct arena *a, struct problem *p)
{
	char *text = arena_alloc(a, 2 * PSEUDONYM_BYTES + 1);

	if (!text)
		return problem_set(p, EMP_NOMEM, "", "%s", emp_rc_title(EMP_NOMEM));
	num_hex(text, person, PSEUDONYM_BYTES);
	e->person = (struct identity){.text = {text, 2 * PSEUDONYM_BYTES}, .set = true};
	memcpy(e->person.pseudonym, person, PSEUDONYM_BYTES);
	return EMP_OK;
}

static enum emp_rc
make_event(const struct post *post, struct ticket *t, struct problem *p)
{
	const struct voice_step *step = post->step;
	struct str text = arena_str(&t->arena, post->body);
	struct str source = arena_str(&t->arena, post->source);
	struct str ref = STR_NONE;
	struct event *e = &t->events[0];
	struct ingest decoder;
	enum emp_rc rc = EMP_NOMEM;

	if (post->ref.p)
		ref = arena_str(&t->arena, post->ref);
	if (!text.p || !source.p || (post->ref.p && !ref.p))
		return problem_set(p, rc, "", "%s", emp_rc_title(rc));
	intake_decoder(&post->in, t, &decoder);
	rc = ingest_flat(&decoder, (enum event_type)step->type, ref, text, e, p);
	if (rc != EMP_OK)
		return rc;
	/* What employees submit has no source. */
	if (source.n > 0 && e->has_handle)
		return problem_set(p, EMP_UNKNOWN_REF, "", "%s",
				   emp_rc_title(EMP_UNKNOWN_REF));
	if (source.n > 0)
		e->ref_source = source;
	if (step->by == BY_PERSON && e->person.text.n > 0)
		return problem_set(p, EMP_INVALID, "/person",
				   "is whose code it is, and nobody else");
	if (step->by == BY_PERSON)
		rc = set_person(e, post->person, &t->arena, p);
	return rc == EMP_OK ? intake_finish(&post->in, t, e, p) : rc;
}

/* To the writer; `done` is called when it is back. Not EMP_OK: nothing happened. */
static enum emp_rc
post_event(struct req *r, const struct post *post,
	   void (*done)(struct worker *w, struct req_msg *m), struct problem *p)
{
	struct api_worker *aw = post->in.aw;
	struct ticket *t = ticket_single(aw);
	enum emp_rc rc = EMP_NOMEM;

	if (!t)
		return problem_set(p, rc, "", "%s", emp_rc_title(rc));
	rc = make_event(post, t, p);
	if (rc == EMP_OK && post->step->everywhere) {
		t->barrier = barrier_new(aw);
		rc = t->barrier ? EMP_OK : problem_set(p, EMP_NOMEM, "", "%s", "");
	}
	if (rc != EMP_OK) {
		STAT_ADD(aw, rejected);
		barrier_free(&t->barrier);
		ticket_put(t);
		return rc;
	}
	t->batch.n = 1;
	t->step = post->step;
	t->snap = snap_use(aw);
	t->msg.run = done;
	t->ref = req_hold(r);
	rc = ticket_submit(t);
	if (rc == EMP_OK)
		return rc;
	if (rc == EMP_OVERLOADED)
		STAT_ADD(aw, overloaded);
	ticket_end(t);
	return problem_set(p, rc, "", "%s", emp_rc_title(rc));
}

static void
post_init(struct post *post, struct req *r, const struct voice_step *step,
	  const struct token_def *token)
{
	struct api_worker *aw = worker_of(r);
	bool inside = step->by == BY_ID || step->by == BY_RECEIPT;

	*post = (struct post){
		.step = step,
		.in = {.aw = aw,
		       .token = token,
		       .surveys = aw->snap->defs->surveys,
		       .form = inside ? FORM_FLAT_REF : FORM_FLAT,
		       .now_ms = clock_now_ms()},
		.body = str_trim(req_body(r)),
		.source = STR(""),
	};
}

/* `source`, beside an id in the path. False: answered. */
static bool
source_of(struct req *r, struct post *post)
{
	struct http_form f;
	struct str name, value;
	enum http_form_step step;

	if (post->step->by != BY_ID || req_query(r).n == 0)
		return query_empty(r);
	http_form_init(&f, req_query(r), req_arena(r));
	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR) {
		if (!str_is(name, "source") || post->source.n > 0 || value.n == 0 ||
		    value.n > EVENT_SOURCE_MAX_BYTES) {
			answer_problem(r, EMP_INVALID, "source",
				       "the one parameter here is source, given once");
			return false;
		}
		post->source = value;
	}
	if (step == HTTP_FORM_END)
		return true;
	answer_problem(r, step == HTTP_FORM_BAD ? EMP_BAD_REQUEST : EMP_NOMEM, "",
		       step == HTTP_FORM_BAD ? "the query has a bad escape" : "");
	return false;
}

/* The token of a step that needs one. False: answered. */
static bool
token_of(struct req *r, const struct voice_step *step, const struct token_def **token)
{
	enum emp_rc rc = EMP_OK;

	*token = NULL;
	/* Anew: definitions may have changed while the body came in. */
	if (step->by != BY_RECEIPT)
		rc = auth_token(r, token);
	if (rc != EMP_OK)
		auth_refuse(r, rc);
	return rc == EMP_OK;
}

void
voice_post(struct req *r)
{
	const struct route *route = route_of(r);
	const struct voice_step *step = step_of(route);
	const struct token_def *token;
	struct problem p = {.rc = EMP_OK};
	struct post post;
	struct code code;

	if (step->by == BY_RECEIPT)
		answer_secret(r);
	if (!token_of(r, step, &token))
		return;
	post_init(&post, r, step, token);
	if (!source_of(r, &post))
		return;
	if (step->by == BY_ID)
		post.ref = route_part(route, req_path(r));
	if (step->by == BY_RECEIPT)
		post.ref = code_of_receipt(&code, route_part(route, req_path(r)));
	if (post_event(r, &post, step_done, &p) != EMP_OK)
		refuse(r, step, &p);
}

/* --- reading by receipt --- */

static void
read_receipt(struct req *r)
{
	struct code code;

	(void)code_of_receipt(&code, route_part(route_of(r), req_path(r)));
	ask_by_code(r, ASK_RECEIPT, &code);
}

/* [worker] That it was opened is stored, or there was nothing new to see, or nobody
 * knows the receipt: reading will tell. */
static void
seen_done(struct worker *w, struct req_msg *m)
{
	struct ticket *t = HOLDER(m, struct ticket, msg);
	struct req *r = req_find(w, t->ref);

	if (r)
		read_receipt(r);
	ticket_end(t);
}

void
receipt_get(struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	struct post post;
	struct code code;

	answer_secret(r);
	if (!query_empty(r))
		return;
	if (req_method(r) == REQ_HEAD) {
		read_receipt(r);
		return;
	}
	post_init(&post, r, &seen, NULL);
	post.ref = code_of_receipt(&code, route_part(route_of(r), req_path(r)));
	/* When it cannot be stored (the disk is full), it can be read all the same. */
	if (post_event(r, &post, seen_done, &p) != EMP_OK)
		read_receipt(r);
}

/* --- personal codes --- */

void
me_get(struct req *r)
{
	struct code code;

	answer_secret(r);
	if (!query_empty(r))
		return;
	code_of_person(&code, route_part(route_of(r), req_path(r)));
	ask_by_code(r, ASK_ME, &code);
}

/* [reader] */
static void
person_work(struct read_job *j, struct rollup_ctx *c, struct store_reader *reader)
{
	(void)c;
	j->rc = store_read_person(reader, j->code_hash, j->person);
}

/* [worker] */
static void
person_home(struct read_job *j, struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	struct post post;

	if (!r)
		return;
	if (j->rc == EMP_NOT_FOUND) {
		answer_no_code(r);
		return;
	}
	if (j->rc != EMP_OK) {
		answer_problem(r, j->rc, "", "");
		return;
	}
	post_init(&post, r, step_of(route_of(r)), &nobody);
	post.person = j->person;
	if (post_event(r, &post, step_done, &p) != EMP_OK)
		refuse(r, post.step, &p);
}

void
me_request(struct req *r)
{
	struct read_job *j;
	struct code code;

	answer_secret(r);
	if (!query_empty(r))
		return;
	j = read_new(r);
	if (!j)
		return;
	code_of_person(&code, route_part(route_of(r), req_path(r)));
	memcpy(j->code_hash, code.hash, sizeof j->code_hash);
	j->work = person_work;
	j->home = person_home;
	(void)read_submit_take(r, j);
}
