/*
 * What the tests of reviews share.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "review_support.h"

static void
set_person(struct identity *who, int n)
{
	who->set = n > 0;
	memset(who->pseudonym, n, sizeof who->pseudonym);
}

/* Of person 0: nobody. */
struct event
decision(const char *id, int person, const char *unit)
{
	struct event e = support_event(EVENT_DECISION_MADE, AUDIENCE_EMPLOYEE,
				       CLASS_OPERATIONAL);

	set_person(&e.person, person);
	e.dim[DIM_UNIT] = str_from(unit);
	e.role = STR("clerk");
	e.matter = STR("refund");
	e.decision_answer = ANSWER_YES;
	e.amount_cents = -1;
	e.self_rating = -1;
	support_id(&e, id, 7);
	return e;
}

struct event
review(const char *id, const char *of, enum verdict v)
{
	struct event e = support_event(EVENT_DECISION_REVIEWED, AUDIENCE_EMPLOYEE,
				       CLASS_PERSONNEL);

	e.ref_id = str_from(of);
	e.verdict = (uint8_t)v;
	e.driver_missed = -1;
	support_id(&e, id, 0);
	return e;
}

struct event
training(const char *id, enum event_type t, int person, int64_t time)
{
	struct event e = support_event(t, AUDIENCE_EMPLOYEE, CLASS_PERSONNEL);

	set_person(&e.person, person);
	e.topic = STR("refunds");
	e.dim[DIM_UNIT] = STR("north");
	e.time = time;
	support_id(&e, id, 0);
	return e;
}

/* A private backing of what `of` names. */
struct event
backing(const char *id, const char *of, struct identity *to)
{
	struct event e = support_event(EVENT_RECOGNITION_GIVEN, AUDIENCE_EMPLOYEE,
				       CLASS_PERSONNEL);

	e.recognition = RECOGNITION_BACKING;
	e.visibility = VISIBILITY_PRIVATE;
	e.ref_id = str_from(of);
	set_person(to, 9);
	e.to = to;
	e.n_to = 1;
	support_id(&e, id, 0);
	return e;
}

void
stored(struct event e)
{
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
}

void
refused(struct event e, enum emp_rc rc)
{
	struct store_outcome o;

	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_INVALID);
	ck_assert_int_eq(o.rc, rc);
}

int64_t
in_sealed(const char *sql)
{
	return support_sql("confidential.db", sql);
}

/* ---- reading -------------------------------------------------------------------- */

static enum emp_rc
on_cell(void *ctx, const struct review_cell *c)
{
	struct seen *s = ctx;

	ck_assert_uint_lt(s->cells, ROWS_MAX);
	snprintf(s->unit[s->cells], sizeof s->unit[0], "%.*s", STR_FMT(c->unit));
	s->cell[s->cells++] = *c;
	s->reviews += c->n;
	return EMP_OK;
}

static enum emp_rc
on_decider(void *ctx, const struct review_cell *c,
	   const uint8_t person[PSEUDONYM_BYTES])
{
	struct seen *s = ctx;

	ck_assert(str_is(c->role, "clerk"));
	ck_assert_uint_lt(s->deciders, ROWS_MAX);
	s->who[s->deciders++] = person[0];
	return EMP_OK;
}

static enum emp_rc
on_backing(void *ctx, const uint8_t key[16])
{
	(void)key;
	((struct seen *)ctx)->backings++;
	return EMP_OK;
}

static enum emp_rc
on_evidence(void *ctx, const struct evidence_row *row)
{
	struct seen *s = ctx;

	s->evidence++;
	s->reviewed += row->verdict != VERDICT_NONE;
	s->row = *row;
	snprintf(s->lesson, sizeof s->lesson, "%.*s", STR_FMT(row->lesson));
	if (s->person != NULL)
		ck_assert_mem_eq(row->person, s->person, PSEUDONYM_BYTES);
	return EMP_OK;
}

struct everybody {
	uint32_t rows;
	uint64_t sum;
};

/* Of what is read of all at once, in no order. */
static uint64_t
evidence_sum(const struct evidence_row *row)
{
	const struct decision_row *d = &row->decision;
	const bool sanction = row->verdict == VERDICT_SANCTION;
	const int64_t said[] = {d->seq,
				d->time,
				d->series,
				d->amount_cents,
				d->facts.answer,
				d->facts.escalated,
				d->facts.settled,
				d->facts.customer_benefit,
				sanction ? row->reviewed : 0,
				(int64_t)(hash_bytes(d->role.p, d->role.n) ^
					  hash_bytes(d->matter.p, d->matter.n)),
				(int64_t)(hash_bytes(row->person, sizeof row->person) ^
					  hash_bytes(d->key, sizeof d->key))};

	return hash_bytes(said, sizeof said);
}

static enum emp_rc
on_training(void *ctx, const struct training_row *row)
{
	struct seen *s = ctx;

	ck_assert(str_is(row->topic, "refunds"));
	ck_assert(str_is(row->unit, "north"));
	s->trainings++;
	s->requested += row->requested;
	s->last_training = row->time;
	return EMP_OK;
}

static void
on_finding(void *ctx, const char *finding)
{
	struct seen *s = ctx;

	/* Says nothing about where. */
	ck_assert_ptr_null(strstr(finding, "clerk"));
	ck_assert_ptr_null(strstr(finding, "north"));
	s->findings++;
}

static enum emp_rc
on_everybody(void *ctx, const struct evidence_row *row)
{
	struct everybody *all = ctx;

	all->rows++;
	all->sum += evidence_sum(row);
	return EMP_OK;
}

/* Of all at once, and one after the other: it is the same. */
static enum emp_rc
read_everybody(struct store_reader *r, struct seen *s)
{
	struct everybody all = {0};
	struct everybody each = {0};
	enum emp_rc rc = store_read_all_evidence(r, on_everybody, &all);

	for (int person = 0; rc == EMP_OK && person <= UINT8_MAX; person++) {
		uint8_t who[PSEUDONYM_BYTES];

		memset(who, person, sizeof who);
		rc = store_read_evidence(r, who, on_everybody, &each);
		if (rc == EMP_OK)
			rc = store_read_evidence(r, who, on_evidence, s);
	}
	ck_assert_uint_eq(all.rows, each.rows);
	ck_assert_uint_eq(all.sum, each.sum);
	return rc;
}

static void
read_all(struct store_reader *r, struct seen *s)
{
	uint8_t person[PSEUDONYM_BYTES] = {0};

	s->rc = store_read_reviews(r, 0, INT32_MAX, on_cell, s);
	if (s->rc == EMP_OK)
		s->rc = store_read_reviewed_deciders(r, 0, INT32_MAX, on_decider, s);
	if (s->rc == EMP_OK)
		s->rc = store_read_backings(r, on_backing, s);
	if (s->rc == EMP_OK)
		s->rc = s->person != NULL
			? store_read_evidence(r, s->person, on_evidence, s)
			: read_everybody(r, s);
	if (s->rc == EMP_OK)
		s->rc = store_read_trainings(r, 0, INT64_MAX, on_training, s);
	if (s->rc == EMP_OK)
		s->rc = store_check(r, on_finding, s);
	if (s->code != NULL)
		s->code_rc = store_read_person(r, s->code, person);
	s->code_person = person[0];
}

static void
run(struct store_reader *r, struct store_read *read)
{
	struct seen *s = (struct seen *)(void *)read;

	read_all(r, s);
	sem_post(&s->done);
}

const struct seen *
ask(const uint8_t *person, const uint8_t *code)
{
	static struct seen s;

	memset(&s, 0, sizeof s);
	s.person = person;
	s.code = code;
	s.read.run = run;
	ck_assert_int_eq(sem_init(&s.done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &s.read), EMP_OK);
	while (sem_wait(&s.done) != 0)
		;
	sem_destroy(&s.done);
	ck_assert_int_eq(s.rc, EMP_OK);
	return &s;
}

void
ask_files(struct seen *s)
{
	struct store_reader *r = NULL;
	struct problem p = {0};

	ck_assert_msg(store_reader_open(&r, support.dir, &p) == EMP_OK, "%s", p.detail);
	read_all(r, s);
	store_reader_close(&r);
	ck_assert_int_eq(s->rc, EMP_OK);
}
