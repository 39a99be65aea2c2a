/*
 * Submissions and steps for the tests of suggestions.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "suggestion_support.h"

#define WALKERS 12
#define WALK_STEPS 600
#define DAY_MS (S_PER_DAY * MS_PER_S)

struct reading reading;

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

/* ---- reading -------------------------------------------------------------------- */

static void
copy(char dst[64], struct str from)
{
	snprintf(dst, 64, "%.*s", (int)from.n, from.n > 0 ? from.p : "");
}

static enum emp_rc
on_row(void *ctx, const struct suggestion_row *row)
{
	struct reading *r = ctx;
	struct listed *to = &r->row[r->n];

	ck_assert_uint_lt(r->n, LISTED_MAX);
	memset(to, 0, sizeof *to);
	to->seq = row->seq;
	memcpy(to->key, row->key, sizeof to->key);
	copy(to->id, row->id);
	copy(to->category, row->category);
	copy(to->title, row->title);
	copy(to->body, row->body);
	copy(to->unit, row->dim[DIM_UNIT]);
	to->has_person = row->has_person;
	to->life = row->life;
	to->felt_heard = row->felt_heard;
	r->n++;
	return EMP_OK;
}

static enum emp_rc
on_step(void *ctx, const struct suggestion_step_row *row)
{
	struct reading *r = ctx;

	ck_assert_uint_lt(r->n_steps, STEPS_MAX);
	r->felt_heard[r->n_steps] = row->felt_heard;
	r->step[r->n_steps++] = (struct lifecycle_step){
		.type = row->type,
		.status = row->status,
		.will_examine = row->will_examine,
		.automatic = row->automatic,
		.reasoned = row->reason.n > 0,
		.time = row->time};
	return EMP_OK;
}

static void
run(struct store_reader *reader, struct store_read *job)
{
	struct reading *r = (struct reading *)(void *)job;

	if (r->find != NULL)
		r->rc = store_read_suggestion(reader, r->find, &r->author, on_row,
					      on_step, r);
	else if (r->filter != NULL)
		r->rc = store_read_suggestions(reader, r->filter, r->audience, r->max,
					       on_row, r);
	else
		r->rc = store_read_lives(reader, r->audience, 0, INT64_MAX, on_row, r);
	sem_post(&r->done);
}

static void
ask(void)
{
	reading.n = 0;
	reading.n_steps = 0;
	reading.read.run = run;
	ck_assert_int_eq(sem_init(&reading.done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &reading.read), EMP_OK);
	while (sem_wait(&reading.done) != 0)
		;
	sem_destroy(&reading.done);
}

void
suggestion_list(const struct suggestion_filter *f, enum audience a, uint32_t max)
{
	reading.find = NULL;
	reading.filter = f;
	reading.audience = a;
	reading.max = max;
	ask();
	ck_assert_int_eq(reading.rc, EMP_OK);
	ck_assert_uint_le(reading.n, max);
}

void
suggestion_lives(enum audience a)
{
	reading.find = NULL;
	reading.filter = NULL;
	reading.audience = a;
	ask();
	ck_assert_int_eq(reading.rc, EMP_OK);
}

enum emp_rc
suggestion_read(const struct suggestion_find *f)
{
	reading.find = f;
	ask();
	return reading.rc;
}

enum emp_rc
suggestion_read_receipt(unsigned receipt, bool confidential)
{
	struct suggestion_find f = {.by_receipt = true, .confidential = confidential};

	key_of(f.receipt_hash, 'R', receipt);
	return suggestion_read(&f);
}

/* ---- walking -------------------------------------------------------------------- */

bool
same_life(const struct lifecycle *a, const struct lifecycle *b)
{
	return a->state == b->state && a->kind == b->kind && a->status == b->status &&
		a->auto_acknowledged == b->auto_acknowledged &&
		a->submitted == b->submitted && a->acknowledged == b->acknowledged &&
		a->first_response == b->first_response &&
		a->first_triage == b->first_triage && a->reopened == b->reopened &&
		a->second_response == b->second_response &&
		a->first_reopened == b->first_reopened && a->closed == b->closed &&
		a->withdrawn == b->withdrawn && a->first_seen == b->first_seen &&
		a->published == b->published && a->opened == b->opened &&
		a->negatives == b->negatives &&
		a->negatives_reasoned == b->negatives_reasoned &&
		a->rounds == b->rounds && a->rated_round == b->rated_round &&
		a->supporters == b->supporters;
}

struct walker {
	char id[16];
	struct lifecycle life; /* as the table says */
	uint32_t steps;
	uint32_t supporters; /* bit per receipt */
};

static int64_t
as_kept(int64_t time, bool confidential)
{
	return confidential ? time / DAY_MS * DAY_MS : time;
}

static void
walk_begin(struct walker *w, unsigned number, bool confidential)
{
	enum suggestion_kind kind = 1 + (unsigned)rand() % SUGGESTION_PATTERN_SEEN;
	struct event e;

	snprintf(w->id, sizeof w->id, "w-%u", number);
	e = confidential ? case_new(number, kind) : suggestion_new(w->id, kind, number);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	w->steps = 0;
	w->supporters = 0;
	lifecycle_init(&w->life, kind, as_kept(e.time, confidential));
}

static int
random_argument(enum event_type type)
{
	switch (type) {
	case EVENT_SUGGESTION_ANSWERED:
		return STATUS_ACCEPTED + rand() % (STATUS_COUNT - 1);
	case EVENT_SUGGESTION_RATED:
		return 1 + rand() % 5;
	case EVENT_SUGGESTION_SUPPORTED:
		return 1 + rand() % WALKERS;
	default:
		return rand() % 2;
	}
}

/* What the table says, and the receipts: nobody supports twice, or what is theirs. */
static enum lifecycle_verdict
expected(struct walker *w, unsigned number, const struct event *e, int arg,
	 bool confidential)
{
	struct lifecycle_step s = {.type = e->type,
				   .status = e->status,
				   .will_examine = e->will_examine,
				   .automatic = e->automatic,
				   .reasoned = e->reason.n > 0,
				   .time = as_kept(e->time, confidential)};

	if (e->type == EVENT_SUGGESTION_SUPPORTED) {
		if ((unsigned)arg == number || (w->supporters >> arg & 1) != 0)
			return STEP_ILLEGAL;
	}
	return lifecycle_apply(&w->life, &s);
}

static void
walk_step(struct walker *w, unsigned number, bool confidential)
{
	static const enum event_type types[] = {
		EVENT_SUGGESTION_ACKNOWLEDGED, EVENT_SUGGESTION_TRIAGED,
		EVENT_SUGGESTION_ANSWERED,     EVENT_SUGGESTION_ANSWERED,
		EVENT_SUGGESTION_SEEN,         EVENT_SUGGESTION_RATED,
		EVENT_SUGGESTION_SUPPORTED,    EVENT_SUGGESTION_REOPENED,
		EVENT_SUGGESTION_REPLIED,      EVENT_SUGGESTION_WITHDRAWN};
	int pick = rand() % 64;
	enum event_type type = types[pick < 63 ? pick % 9 : 9];
	int arg = random_argument(type);
	struct event e = confidential ? case_step_on(number, type, arg)
				      : suggestion_step_on(w->id, number, type, arg);
	struct store_outcome o;
	enum lifecycle_verdict verdict;

	e.time += rand() % (40 * DAY_MS) - 2 * DAY_MS;
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	verdict = expected(w, number, &e, arg, confidential);
	ck_assert_int_eq(o.status,
			 verdict == STEP_OK                ? ITEM_STORED
				 : verdict == STEP_NOTHING ? ITEM_DUPLICATE
							   : ITEM_INVALID);
	if (verdict == STEP_ILLEGAL)
		ck_assert_int_eq(o.rc, EMP_TRANSITION);
	if (verdict != STEP_OK)
		return;
	w->steps += !confidential || type != EVENT_SUGGESTION_RATED;
	if (type == EVENT_SUGGESTION_SUPPORTED)
		w->supporters |= 1u << arg;
}

/* As stored, and as its history gives once more. */
static void
walk_end(const struct walker *w, unsigned number, bool confidential)
{
	struct lifecycle again;

	ck_assert_int_eq(suggestion_read_receipt(number, confidential), EMP_OK);
	ck_assert_uint_eq(reading.n, 1);
	ck_assert(reading.author);
	ck_assert(same_life(&reading.row[0].life, &w->life));
	ck_assert_uint_eq(reading.n_steps, w->steps);
	lifecycle_init(&again, w->life.kind, w->life.submitted);
	for (uint32_t i = 0; i < reading.n_steps; i++)
		ck_assert_int_eq(lifecycle_apply(&again, &reading.step[i]), STEP_OK);
	/* Ratings of employees are not in the history. */
	if (confidential)
		again.rated_round = w->life.rated_round;
	ck_assert(same_life(&again, &w->life));
}

void
suggestion_walk(unsigned seed, bool confidential)
{
	struct walker w[WALKERS + 1];

	srand(seed);
	for (unsigned i = 1; i <= WALKERS; i++)
		walk_begin(&w[i], i, confidential);
	for (int i = 0; i < WALK_STEPS; i++) {
		unsigned number = 1 + (unsigned)rand() % WALKERS;

		walk_step(&w[number], number, confidential);
	}
	for (unsigned i = 1; i <= WALKERS; i++)
		walk_end(&w[i], i, confidential);
}
