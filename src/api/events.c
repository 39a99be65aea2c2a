/* POST /v1/events: which form the body has; a single event from request to answer.
 *
 * The single event is the hot path of the whole program: one copy of the body into a
 * pooled ticket, one pass of the decoder, one push to the writer; on the way back one
 * message per group of commits. Nothing is allocated in the steady state.
 */
#include "api/auth.h"
#include "api/batch.h"
#include "api/ticket.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "codec/ingest.h"
#include "http/fields.h"
#include "http/url.h"

#define ACCEPTED                                                                       \
	"application/json, application/x-ndjson, application/jsonl, "                  \
	"application/cloudevents+json, application/cloudevents-batch+json"

enum body { BODY_ONE, BODY_BINARY, BODY_ARRAY, BODY_LINES };

static const struct {
	const char *type;
	enum body form;
	bool cloudevents;
} media[] = {
	{"application/json", BODY_ONE, false}, /* or an array: the body says */
	{"application/x-ndjson", BODY_LINES, false},
	{"application/ndjson", BODY_LINES, false},
	{"application/jsonl", BODY_LINES, false},
	{"application/cloudevents+json", BODY_ONE, true},
	{"application/cloudevents-batch+json", BODY_ARRAY, true},
};

static bool
is_array(struct str body)
{
	for (size_t i = 0; i < body.n; i++)
		if (!memchr(" \t\r\n", body.p[i], 4))
			return body.p[i] == '[';
	return false;
}

/* False: answered. */
static bool
form_of(struct req *r, enum body *form, bool *cloudevents)
{
	struct http_media m;

	*cloudevents = false;
	if (!http_media_parse(req_header(r, "Content-Type"), &m))
		goto refused;
	if (m.charset.p && !str_ieq(m.charset, STR("utf-8")))
		goto refused;
	for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
		if (!http_media_is(&m, media[i].type))
			continue;
		*form = media[i].form;
		*cloudevents = media[i].cloudevents;
		if (i == 0 && req_header(r, "ce-specversion").p)
			*form = BODY_BINARY;
		else if (i == 0 && is_array(req_body(r)))
			*form = BODY_ARRAY;
		return true;
	}
refused:
	req_add_header(r, "Accept-Post", STR(ACCEPTED));
	answer_problem(r, EMP_MEDIA_TYPE, "Content-Type",
		       "send Content-Type: application/json, or that of NDJSON or "
		       "CloudEvents, in UTF-8");
	return false;
}

/* False: answered. */
static bool
atomic_of(struct req *r, bool *atomic)
{
	struct http_form f;
	struct str name, value;
	enum http_form_step step;
	bool seen = false;

	*atomic = false;
	if (req_query(r).n == 0)
		return true;
	http_form_init(&f, req_query(r), req_arena(r));
	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR) {
		if (!str_is(name, "atomic")) {
			answer_problem(r, EMP_INVALID, "",
				       "the one parameter here is atomic");
			return false;
		}
		if (seen) {
			answer_problem(r, EMP_INVALID, "atomic", "is given twice");
			return false;
		}
		seen = true;
		if (str_is(value, "1")) {
			*atomic = true;
		} else if (!str_is(value, "0")) {
			answer_problem(r, EMP_INVALID, "atomic", "is 0 or 1");
			return false;
		}
	}
	if (step == HTTP_FORM_END)
		return true;
	answer_problem(r, step == HTTP_FORM_BAD ? EMP_BAD_REQUEST : EMP_NOMEM, "",
		       step == HTTP_FORM_BAD ? "the query has a bad escape" : "");
	return false;
}

/* --- a single event --- */

void
ticket_answer_stored(struct req *r, const struct ticket *t)
{
	struct buf *b = &t->aw->out;
	const struct event *e = &t->events[0];
	const struct store_outcome *o = &t->outcomes[0];
	bool stored = o->status == ITEM_STORED;

	buf_clear(b);
	buf_add_str(b, STR("{\"id\":"));
	buf_add_json(b, e->id);
	if (stored)
		buf_add_str(b, STR(",\"status\":\"stored\""));
	else
		buf_add_str(b, STR(",\"status\":\"duplicate\""));
	if (o->seq > 0) {
		buf_add_str(b, STR(",\"seq\":"));
		buf_add_i64(b, o->seq);
	}
	if (!e->id_given)
		buf_add_str(b, STR(",\"idempotent\":false"));
	if (ticket_receipt(t, 0).n > 0) {
		buf_add_str(b, STR(",\"receipt\":"));
		buf_add_json(b, ticket_receipt(t, 0));
	}
	buf_add_str(b, STR("}\n"));
	answer_json(r, stored ? 201 : 200, b);
}

/* Back from the writer. */
static void
single_done(struct worker *w, struct req_msg *m)
{
	struct ticket *t = HOLDER(m, struct ticket, msg);
	struct req *r = req_find(w, t->ref);
	struct problem p;

	if (r && t->batch.rc != EMP_OK) {
		answer_problem(r, t->batch.rc, "", "");
	} else if (r) {
		switch (t->outcomes[0].status) {
		case ITEM_STORED:
		case ITEM_DUPLICATE:
			ticket_answer_stored(r, t);
			break;
		default:
			STAT_ADD(t->aw, rejected);
			outcome_problem(t, 0, &p);
			req_error(r, &p);
		}
	}
	snap_drop(t->aw, t->snap);
	ticket_put(t);
}

struct binary {
	struct ingest_attrs attrs;
	struct arena *arena;
	struct problem *p;
	enum emp_rc rc;
};

/* A header value that may be a quoted string (RFC 9110) is undone into `dst`, which has
 * room for all of it. */
static bool
unquote(char *dst, struct str value, struct str *out)
{
	size_t end = value.n - 1;

	*out = value;
	if (value.n == 0 || value.p[0] != '"')
		return true;
	*out = (struct str){dst, 0};
	for (size_t i = 1; i < end; i++) {
		if (value.p[i] == '"' || (value.p[i] == '\\' && ++i == end))
			return false;
		dst[out->n++] = value.p[i];
	}
	return end > 0 && value.p[end] == '"';
}

/* A CloudEvents attribute; values may be quoted, and are percent-encoded outside ASCII.
 */
static bool
binary_header(void *ctx, struct str name, struct str value)
{
	struct binary *b = ctx;
	const struct {
		const char *name;
		struct str *to;
	} attrs[] = {{"ce-specversion", &b->attrs.specversion},
		     {"ce-type", &b->attrs.type},
		     {"ce-source", &b->attrs.source},
		     {"ce-id", &b->attrs.id},
		     {"ce-time", &b->attrs.time}};
	struct str plain;
	char *dst;

	for (size_t i = 0; i < sizeof attrs / sizeof *attrs; i++) {
		if (!str_ieq(name, str_from(attrs[i].name)))
			continue;
		if (attrs[i].to->p) {
			b->rc = problem_set(b->p, EMP_INVALID, attrs[i].name,
					    "is given twice");
			return false;
		}
		dst = arena_alloc(b->arena, value.n + 1);
		if (!dst) {
			b->rc = problem_set(b->p, EMP_NOMEM, "", "%s",
					    emp_rc_title(EMP_NOMEM));
			return false;
		}
		attrs[i].to->p = dst;
		if (unquote(dst, value, &plain) &&
		    http_url_decode(dst, plain, false, &attrs[i].to->n) &&
		    utf8_valid(*attrs[i].to))
			return true;
		b->rc = problem_set(b->p, EMP_INVALID, attrs[i].name,
				    "is not percent-encoded UTF-8");
		return false;
	}
	return true;
}

static enum emp_rc
single_decode(struct req *r, struct ticket *t, const struct intake *in, bool binary,
	      struct problem *p)
{
	struct ingest decoder;
	struct binary b = {.arena = &t->arena, .p = p, .rc = EMP_OK};
	struct str text = arena_str(&t->arena, req_body(r));

	if (!text.p)
		return problem_set(p, EMP_NOMEM, "", "%s", emp_rc_title(EMP_NOMEM));
	intake_decoder(in, t, &decoder);
	if (!binary)
		return ingest_event(&decoder, text, &t->events[0], p);
	decoder.cloudevents = true;
	req_each_header(r, binary_header, &b);
	if (b.rc != EMP_OK)
		return b.rc;
	return ingest_binary(&decoder, &b.attrs, text, &t->events[0], p);
}

static void
post_single(struct req *r, const struct intake *in, bool binary)
{
	struct ticket *t;
	struct problem p = {.rc = EMP_OK};
	enum emp_rc rc;

	if (req_body(r).n > EVENT_MAX_BYTES) {
		answer_problem(r, EMP_TOO_LARGE, "", "an event has at most 64 KiB");
		return;
	}
	t = ticket_single(in->aw);
	if (!t) {
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	rc = single_decode(r, t, in, binary, &p);
	if (rc == EMP_OK)
		rc = intake_finish(in, t, &t->events[0], &p);
	if (rc != EMP_OK) {
		STAT_ADD(in->aw, rejected);
		goto refused;
	}
	t->batch.n = 1;
	t->snap = snap_use(in->aw);
	t->msg.run = single_done;
	t->ref = req_hold(r);
	rc = ticket_submit(t);
	if (rc == EMP_OK)
		return;
	if (rc == EMP_OVERLOADED)
		STAT_ADD(in->aw, overloaded);
	snap_drop(in->aw, t->snap);
	problem_set(&p, rc, "", "%s", emp_rc_title(rc));
refused:
	req_error(r, &p);
	ticket_put(t);
}

void
events_post(struct req *r)
{
	struct intake in = {.aw = worker_of(r), .now_ms = clock_now_ms()};
	enum body form;
	bool atomic;
	enum emp_rc rc;

	/* Anew: definitions may have changed while the body came in. */
	rc = auth_token(r, &in.token);
	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	in.surveys = in.aw->snap->defs->surveys;
	if (!form_of(r, &form, &in.cloudevents) || !atomic_of(r, &atomic))
		return;
	switch (form) {
	case BODY_ONE:
	case BODY_BINARY:
		post_single(r, &in, form == BODY_BINARY);
		break;
	case BODY_ARRAY:
		batch_post(r, &in, INGEST_ARRAY, atomic);
		break;
	case BODY_LINES:
		batch_post(r, &in, INGEST_LINES, atomic);
		break;
	}
}
