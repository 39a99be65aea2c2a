/* Many events in one request.
 *
 * The body is copied once and cut into slices of SLICE_EVENTS events. Each turn of the
 * loop decodes one slice and submits it as a ticket of its own, so that other
 * connections get their turns and the writer commits the first events while later ones
 * are decoded. A batch has at most SLICES_IN_FLIGHT tickets with the writer; it goes on
 * when one comes back. The answer is given when all are back.
 *
 * An array that is broken at its end is no array, and nothing of it is stored. So when
 * it does not end within its first slice, the rest is walked over before anything is
 * submitted. That undoes escapes in the copy, which is then made anew. Lines have no
 * such end: one that is broken is a refused event.
 *
 * An atomic batch collects all its events in one ticket, and submits it at the end if
 * no event was refused.
 *
 * When the queue is full before anything was stored, the client is told to come again.
 * Later the batch is hungry: its slice waits until a group of commits has made room.
 *
 * Events that are refused go into a list of (index, text), which is sorted for the
 * answer: the decoder and the store refuse at different times.
 */
#include "api/batch.h"

#include "base/array.h"
#include "base/utf8.h"
#include "http/problem.h"

#include <stdlib.h>

#define SLICES_IN_FLIGHT 8
#define WALK_EVENTS (4 * SLICE_EVENTS) /* walking costs a fraction of decoding */
#define ATOMIC_EVENTS_MAX 10000
#define ATOMIC_TOO_MANY "an atomic batch has at most 10000 events"
/* Refused events that the answer lists in full; beyond, they are only counted. */
#define REFUSED_LISTED_MAX 10000
#define REFUSED_LISTED_ATOMIC_MAX 100

struct refusal {
	uint32_t index;
	uint32_t n; /* bytes of its text */
	size_t at;  /* in batch->texts */
};

struct batch {
	struct req_msg msg; /* the next turn */
	struct intake in;
	struct req_ref ref;
	struct snap *snap;
	struct batch *next_hungry;
	struct buf body;
	struct ingest_cursor cursor;
	struct ingest_cursor walk; /* ahead of it, see above */
	enum ingest_form form;
	bool atomic;
	bool scheduled;       /* msg is on its way */
	bool hungry;          /* in the worker's list */
	bool ended;           /* nothing is left to decode */
	bool walked;          /* an array: its syntax is right to the end */
	bool visible;         /* some event is in empowerd.db: the answer has a seq */
	bool confidential;    /* some event is not */
	struct ticket *ready; /* decoded, not yet with the writer */
	uint32_t in_flight;
	uint64_t stored, duplicate, refused;
	int64_t seq;
	struct problem problem; /* of the whole; rc is EMP_OK while there is none */
	struct refusal *list;
	uint32_t n_list, cap_list;
	struct buf texts;
	struct buf receipts; /* of events that get one: list entries */
};

static void batch_go_on(struct batch *b);

static void
batch_free(struct batch *b)
{
	if (b->ready)
		ticket_put(b->ready);
	snap_drop(b->in.aw, b->snap);
	buf_fini(&b->body);
	buf_fini(&b->texts);
	buf_fini(&b->receipts);
	free(b->list);
	free(b);
}

/* --- refused events --- */

static struct refusal *
refusal_add(struct batch *b)
{
	if (!array_reserve(&b->list, &b->cap_list, b->n_list + 1, sizeof *b->list))
		return NULL;
	return &b->list[b->n_list++];
}

/* In an atomic batch: an entry of `errors` whose pointer leads into the array. */
static void
refusal_text_atomic(struct batch *b, uint32_t index, const struct problem *p)
{
	buf_printf(&b->texts, "{\"pointer\":\"/%u", index);
	if (p->pointer[0] == '/') {
		struct buf pointer;

		buf_init(&pointer, 0);
		buf_add_json(&pointer, str_from(p->pointer));
		if (buf_ok(&pointer)) /* without its opening quote */
			buf_add(&b->texts, pointer.p + 1, pointer.n - 1);
		else
			b->texts.failed = true;
		buf_fini(&pointer);
	} else {
		buf_add_c(&b->texts, '"');
	}
	buf_printf(&b->texts,
		   ",\"type\":\"/problems/%s\",\"detail\":", emp_rc_slug(p->rc));
	buf_add_json(&b->texts,
		     str_from(p->detail[0] ? p->detail : emp_rc_title(p->rc)));
	buf_add_c(&b->texts, '}');
}

static void
batch_refuse(struct batch *b, uint32_t index, struct str id, const struct problem *p)
{
	uint32_t most = b->atomic ? REFUSED_LISTED_ATOMIC_MAX : REFUSED_LISTED_MAX;
	struct refusal *x;
	size_t at = b->texts.n;

	b->refused++;
	STAT_ADD(b->in.aw, rejected);
	if (b->n_list >= most)
		return;
	x = refusal_add(b);
	if (!x) {
		b->texts.failed = true; /* answered as out of memory */
		return;
	}
	if (b->atomic) {
		refusal_text_atomic(b, index, p);
	} else {
		buf_printf(&b->texts, "{\"index\":%u,\"id\":", index);
		if (id.n > 0 && utf8_valid(id))
			buf_add_json(&b->texts, id);
		else
			buf_add_str(&b->texts, STR("null"));
		buf_add_str(&b->texts, STR(",\"error\":"));
		http_problem_write(&b->texts, p);
		buf_add_c(&b->texts, '}');
	}
	*x = (struct refusal){index, (uint32_t)(b->texts.n - at), at};
}

static int
refusal_order(const void *left, const void *right)
{
	const struct refusal *a = left, *c = right;

	return (a->index > c->index) - (a->index < c->index);
}

static void
refusals_write(struct batch *b, struct buf *out)
{
	if (b->n_list > 0) /* else there is no list to pass on */
		qsort(b->list, b->n_list, sizeof *b->list, refusal_order);
	for (uint32_t i = 0; i < b->n_list; i++) {
		if (i > 0)
			buf_add_c(out, ',');
		buf_add(out, b->texts.p + b->list[i].at, b->list[i].n);
	}
}

/* --- the answer --- */

static void
answer_counts(struct batch *b, struct req *r)
{
	struct buf *out = &b->in.aw->out;

	buf_clear(out);
	buf_add_str(out, STR("{\"stored\":"));
	buf_add_u64(out, b->stored);
	buf_add_str(out, STR(",\"duplicate\":"));
	buf_add_u64(out, b->duplicate);
	buf_add_str(out, STR(",\"rejected\":["));
	refusals_write(b, out);
	buf_add_c(out, ']');
	if (b->refused > b->n_list) {
		buf_add_str(out, STR(",\"unlisted\":"));
		buf_add_u64(out, b->refused - b->n_list);
	}
	if (b->receipts.n > 0) {
		buf_add_str(out, STR(",\"receipts\":["));
		buf_add(out, b->receipts.p, b->receipts.n);
		buf_add_c(out, ']');
	}
	if (b->visible) {
		buf_add_str(out, STR(",\"seq\":"));
		buf_add_i64(out, b->seq);
	}
	buf_add_str(out, STR("}\n"));
	answer_json(r, 200, out);
}

static void
answer_atomic_refused(struct batch *b, struct req *r)
{
	struct buf *out = &b->in.aw->out;

	buf_clear(out);
	buf_add_c(out, '{');
	http_problem_head(out, EMP_INVALID);
	buf_add_str(out, STR(",\"detail\":\"nothing was stored: "));
	buf_add_u64(out, b->refused);
	buf_add_str(out, STR(" of the events cannot be\",\"errors\":["));
	refusals_write(b, out);
	buf_add_str(out, STR("]}\n"));
	if (buf_ok(out) && buf_ok(&b->texts))
		req_reply(r, emp_rc_status(EMP_INVALID), "application/problem+json",
			  buf_str(out));
	else
		answer_problem(r, EMP_NOMEM, "", "");
}

static void
batch_finish(struct batch *b)
{
	struct req *r = req_find(b->in.aw->net, b->ref);

	if (r && b->problem.rc != EMP_OK)
		req_error(r, &b->problem);
	else if (r && b->atomic && b->refused > 0)
		answer_atomic_refused(b, r);
	else if (r && !(buf_ok(&b->texts) && buf_ok(&b->receipts)))
		answer_problem(r, EMP_NOMEM, "", "");
	else if (r)
		answer_counts(b, r);
	batch_free(b);
}

/* Nothing more will be submitted. */
static void
batch_stop(struct batch *b)
{
	b->ended = true;
	if (b->ready)
		ticket_put(b->ready);
	b->ready = NULL;
}

/* The whole request fails; what was submitted stays and will be counted. */
static void
batch_fail(struct batch *b, enum emp_rc rc, const char *detail)
{
	problem_set(&b->problem, rc, "", "%s", detail);
	batch_stop(b);
}

/* --- decoding --- */

/* The next event into the ticket. False: the end of the body or of the walk. */
static bool
decode_one(struct batch *b, struct ticket *t, struct ingest *decoder)
{
	struct event *e = &t->events[t->batch.n];
	struct arena_mark mark = arena_mark(&t->arena);
	struct problem p = {.rc = EMP_OK};
	enum emp_rc rc;
	bool more;

	memset(e, 0, sizeof *e);
	rc = ingest_next(&b->cursor, decoder, e, &more, &p);
	if (!more)
		return false;
	if (rc == EMP_OK)
		rc = intake_finish(&b->in, t, e, &p);
	if (rc == EMP_OK) {
		bool hidden = class_is_confidential((enum event_class)e->class);

		t->index[t->batch.n++] = b->cursor.index;
		b->visible |= !hidden;
		b->confidential |= hidden;
		return true;
	}
	if (rc == EMP_BAD_JSON && b->form == INGEST_ARRAY) {
		problem_set(&b->problem, rc, p.pointer, "%s", p.detail);
		return false;
	}
	if (rc == EMP_NOMEM || rc == EMP_IO || rc == EMP_CORRUPT) {
		problem_set(&b->problem, rc, "", "%s", emp_rc_title(rc));
		return false;
	}
	batch_refuse(b, b->cursor.index, e->id, &p);
	arena_rollback(&t->arena, mark);
	return true;
}

/* Whether it is not known yet that an array is one to its end. */
static bool
must_walk(const struct batch *b)
{
	return b->form == INGEST_ARRAY && !b->atomic && !b->walked && !b->ended;
}

/* One turn's worth of walking over an array. */
static void
walk_slice(struct batch *b, struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	size_t behind;
	bool more = true;

	if (!b->walk.rest.p)
		b->walk = b->cursor;
	for (uint32_t i = 0; i < WALK_EVENTS && more; i++) {
		enum emp_rc rc = ingest_skip(&b->walk, &more, &p);

		if (rc != EMP_OK) {
			batch_fail(b, rc,
				   rc == EMP_NOMEM ? emp_rc_title(rc) : p.detail);
			return;
		}
	}
	if (more)
		return;
	b->walked = true;
	behind = b->cursor.rest.n;
	memcpy(b->body.p + b->body.n - behind, req_body(r).p + b->body.n - behind,
	       behind);
}

/* One turn's worth of decoding. */
static void
decode_slice(struct batch *b)
{
	struct ticket *t = b->ready ? b->ready : ticket_slice(b->in.aw);
	struct ingest decoder;

	if (!t) {
		batch_fail(b, EMP_NOMEM, emp_rc_title(EMP_NOMEM));
		return;
	}
	b->ready = t;
	intake_decoder(&b->in, t, &decoder);
	for (uint32_t i = 0; i < SLICE_EVENTS && !b->ended; i++) {
		if (t->batch.n == t->cap && !ticket_grow(t)) {
			batch_fail(b, EMP_NOMEM, emp_rc_title(EMP_NOMEM));
			return;
		}
		b->ended = !decode_one(b, t, &decoder);
	}
	if (b->problem.rc != EMP_OK) {
		batch_stop(b);
	} else if (b->atomic && t->batch.n > ATOMIC_EVENTS_MAX) {
		batch_fail(b, EMP_TOO_LARGE, ATOMIC_TOO_MANY);
	} else if (t->batch.n == 0) {
		ticket_put(t);
		b->ready = NULL;
	}
}

/* --- to the writer and back --- */

/* Tickets come back in the order of their events, so this is in order, too. */
static void
receipt_add(struct batch *b, const struct ticket *t, uint32_t i)
{
	struct buf *out = &b->receipts;

	if (ticket_receipt(t, i).n == 0)
		return;
	if (out->n > 0)
		buf_add_c(out, ',');
	buf_printf(out, "{\"index\":%u,\"id\":", t->index[i]);
	buf_add_json(out, t->events[i].id);
	buf_add_str(out, STR(",\"receipt\":"));
	buf_add_json(out, ticket_receipt(t, i));
	buf_add_c(out, '}');
}

/* A slice's outcomes, counted. */
static void
slice_absorb(struct batch *b, struct ticket *t)
{
	/* An atomic batch that was refused has a reason per event. */
	bool listed = b->atomic &&
		(emp_rc_status(t->batch.rc) == 422 || t->batch.rc == EMP_TRANSITION);
	struct problem p;

	if (t->batch.rc != EMP_OK && !listed) {
		problem_set(&b->problem, t->batch.rc, "", "%s",
			    "send the batch again with the same ids");
		return;
	}
	if (t->batch.seq > b->seq)
		b->seq = t->batch.seq;
	for (uint32_t i = 0; i < t->batch.n; i++) {
		switch (t->outcomes[i].status) {
		case ITEM_STORED:
			b->stored++;
			receipt_add(b, t, i);
			break;
		case ITEM_DUPLICATE:
			b->duplicate++;
			receipt_add(b, t, i);
			break;
		default:
			outcome_problem(t, i, &p);
			batch_refuse(b, t->index[i], t->events[i].id, &p);
		}
	}
	if (t->batch.rc != EMP_OK && b->refused == 0)
		problem_set(&b->problem, t->batch.rc, "", "%s",
			    emp_rc_title(t->batch.rc));
}

static void
slice_done(struct worker *w, struct req_msg *m)
{
	struct ticket *t = HOLDER(m, struct ticket, msg);
	struct batch *b = t->owner;

	(void)w;
	b->in_flight--;
	slice_absorb(b, t);
	if (b->problem.rc != EMP_OK)
		batch_stop(b);
	ticket_put(t);
	batch_go_on(b);
}

static void
become_hungry(struct batch *b)
{
	struct api_worker *aw = b->in.aw;

	if (b->hungry)
		return;
	b->hungry = true;
	b->next_hungry = aw->hungry;
	aw->hungry = b;
}

static enum emp_rc
submit_ready(struct batch *b)
{
	struct ticket *t = b->ready;
	enum emp_rc rc;

	t->owner = b;
	t->batch.atomic = b->atomic;
	t->msg.run = slice_done;
	rc = ticket_submit(t);
	if (rc == EMP_OK) {
		b->ready = NULL;
		b->in_flight++;
	}
	return rc;
}

static void
batch_submit(struct batch *b)
{
	enum emp_rc rc;

	if (b->atomic && b->refused > 0) {
		ticket_put(b->ready);
		b->ready = NULL;
		return;
	}
	if (b->atomic && b->visible && b->confidential) {
		batch_fail(
			b, EMP_MIXED_CLASSES,
			"customer and operational events on the one side, those about "
			"employees on the other, are separate batches");
		return;
	}
	rc = submit_ready(b);
	if (rc == EMP_OVERLOADED && b->stored + b->duplicate + b->in_flight > 0) {
		/* Ask for the wake-up first: room made in between is not missed. */
		uint32_t fed = HUNGER_FED;

		atomic_compare_exchange_strong(&b->in.aw->shared->hunger, &fed,
					       HUNGER_HUNGRY);
		rc = submit_ready(b);
		if (rc == EMP_OVERLOADED) {
			become_hungry(b);
			return;
		}
	}
	if (rc == EMP_OVERLOADED)
		STAT_ADD(b->in.aw, overloaded);
	if (rc != EMP_OK)
		batch_fail(b, rc, emp_rc_title(rc));
}

void
batch_feed_hungry(struct api_worker *aw)
{
	struct batch *list = aw->hungry, *b;

	aw->hungry = NULL;
	while ((b = list)) {
		list = b->next_hungry;
		b->hungry = false;
		batch_go_on(b);
	}
}

/* --- turns --- */

static void
batch_turn(struct worker *w, struct req_msg *m)
{
	struct batch *b = HOLDER(m, struct batch, msg);
	struct req *r = req_find(w, b->ref);

	b->scheduled = false;
	if (r && b->ready && must_walk(b))
		walk_slice(b, r);
	else if (r && !b->ended)
		decode_slice(b);
	batch_go_on(b);
}

/* Decides what happens next; the only place that frees. */
static void
batch_go_on(struct batch *b)
{
	bool whole;

	/* Nobody waits for the rest any more: it was not acknowledged. */
	if (!req_find(b->in.aw->net, b->ref))
		batch_stop(b);
	whole = b->atomic ? b->ended : !must_walk(b);
	if (b->ready && whole && !b->hungry)
		batch_submit(b);
	if (b->ended && !b->ready && b->in_flight == 0 && !b->scheduled && !b->hungry) {
		batch_finish(b);
		return;
	}
	if (b->ended || b->scheduled || b->hungry || b->in_flight >= SLICES_IN_FLIGHT)
		return;
	b->scheduled = true;
	b->msg.node.next = NULL;
	req_post(b->in.aw->api->net, b->in.aw->index, &b->msg, &b->msg);
}

void
batch_post(struct req *r, const struct intake *in, enum ingest_form form, bool atomic)
{
	struct batch *b = calloc(1, sizeof *b);
	struct str body = req_body(r);

	if (!b) {
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	b->msg.run = batch_turn;
	b->in = *in;
	b->form = form;
	b->atomic = atomic;
	b->snap = snap_use(in->aw);
	buf_init(&b->body, 0);
	buf_init(&b->texts, 0);
	buf_init(&b->receipts, 0);
	buf_add_str(&b->body, body);
	b->ref = req_hold(r);
	ingest_cursor_init(&b->cursor, form, buf_str(&b->body));
	if (buf_ok(&b->body))
		decode_slice(b);
	else
		batch_fail(b, EMP_NOMEM, emp_rc_title(EMP_NOMEM));
	batch_go_on(b);
}
