/*
 * store: who recognised whom in public is for the daemon alone. empowerd.db has the
 * recognition, with names where people agreed to be named; the pseudonyms are in
 * confidential.db, and readers of the daemon put both together.
 */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store_support.h"
#include "unit.h"

#define ROWS_MAX 4
#define GIVER 3
#define STREAM 200

struct thanks {
	struct event event;
	struct identity to[2];
};

static void
set_person(struct identity *who, int n)
{
	who->set = true;
	memset(who->pseudonym, n, sizeof who->pseudonym);
}

/* From GIVER to two others, the first of them `to`. */
static struct event *
thanks_make(struct thanks *t, const char *id, enum audience audience, int to)
{
	struct event *e = &t->event;

	memset(t, 0, sizeof *t);
	*e = support_event(EVENT_RECOGNITION_GIVEN, audience,
			   audience == AUDIENCE_EMPLOYEE ? CLASS_OPERATIONAL
							 : CLASS_CUSTOMER);
	e->recognition = RECOGNITION_PRAISE;
	e->visibility = VISIBILITY_PUBLIC;
	e->from_name = STR("Ann");
	e->to_name = STR("Bob and Cleo");
	e->to_agrees = true;
	set_person(&e->person, GIVER);
	set_person(&t->to[0], to);
	set_person(&t->to[1], to + 1);
	e->to = t->to;
	e->n_to = 2;
	support_id(e, id, 7);
	return e;
}

/* ---- reading -------------------------------------------------------------------- */

struct reading {
	struct store_read read;
	sem_t done;
	enum emp_rc rc;
	uint32_t n, alone; /* rows, and those whose people are not all there */
	uint8_t giver[ROWS_MAX], to[ROWS_MAX][2];
};

static enum emp_rc
on_event(void *ctx, const struct event_row *e)
{
	struct reading *r = ctx;

	if (!e->has_person || e->n_to != 2) {
		r->alone++;
	} else if (r->n < ROWS_MAX) {
		r->giver[r->n] = e->person[PSEUDONYM_BYTES - 1];
		r->to[r->n][0] = e->to[0][0];
		r->to[r->n][1] = e->to[1][0];
	}
	r->n++;
	return EMP_OK;
}

static void
run(struct store_reader *r, struct store_read *read)
{
	struct reading *to = (struct reading *)(void *)read;

	to->rc = store_read_events(r, UINT64_C(1) << EVENT_RECOGNITION_GIVEN, 0,
				   INT64_MAX, on_event, to);
	sem_post(&to->done);
}

static void
ask(struct reading *r)
{
	memset(r, 0, sizeof *r);
	r->read.run = run;
	ck_assert_int_eq(sem_init(&r->done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &r->read), EMP_OK);
	while (sem_wait(&r->done) != 0)
		;
	sem_destroy(&r->done);
	ck_assert_int_eq(r->rc, EMP_OK);
}

/* ---- what is promised ----------------------------------------------------------- */

static int64_t
in_main(const char *sql)
{
	return support_sql("empowerd.db", sql);
}

static int64_t
in_sealed(const char *sql)
{
	return support_sql("confidential.db", sql);
}

START_TEST(the_analysts_file_has_no_person_of_it)
{
	struct thanks t;
	struct reading r;
	struct store_outcome o;

	ck_assert_int_eq(
		support_submit(thanks_make(&t, "a", AUDIENCE_EMPLOYEE, 5), &o, 1, true),
		EMP_OK);
	ck_assert_int_eq(o.seq, 1);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event WHERE person IS NULL"), 1);
	ck_assert_int_eq(in_main("SELECT count(*) FROM recognition_recipient"), 0);
	ck_assert_int_eq(
		in_main("SELECT count(*) FROM v_recognition "
			"WHERE from_name = 'Ann' AND to_name = 'Bob and Cleo'"),
		1);
	ck_assert_int_eq(
		in_main("SELECT count(*) FROM recognition WHERE length(people_key) = "
			"16 AND people_key <> zeroblob(16)"),
		1);
	/* It is no event of the other file either, nor is its id. */
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM v_event"), 0);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM id_window"), 0);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 3);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person WHERE "
				   "role = 'giver' AND hex(person) LIKE '0303%'"),
			 1);
	for (int start = 0; start < 2; start++) {
		ask(&r);
		ck_assert_uint_eq(r.n, 1);
		ck_assert_uint_eq(r.alone, 0);
		ck_assert_uint_eq(r.giver[0], GIVER);
		ck_assert_uint_eq(r.to[0][0], 5);
		ck_assert_uint_eq(r.to[0][1], 6);
		support_verify();
		support_close();
		support_open();
	}
	ck_assert_int_eq(support_put(&t.event), ITEM_DUPLICATE);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 3);
}
END_TEST

START_TEST(each_has_its_own_people)
{
	struct thanks t[2];
	struct event e[2];
	struct store_outcome o[2];
	struct reading r;

	e[0] = *thanks_make(&t[0], "a", AUDIENCE_EMPLOYEE, 5);
	e[1] = *thanks_make(&t[1], "b", AUDIENCE_EMPLOYEE, 8);
	set_person(&e[1].person, GIVER + 1);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ask(&r);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.giver[0], GIVER);
	ck_assert_uint_eq(r.giver[1], GIVER + 1);
	ck_assert_uint_eq(r.to[0][0], 5);
	ck_assert_uint_eq(r.to[1][0], 8);
	ck_assert_int_eq(in_main("SELECT count(DISTINCT people_key) FROM recognition"),
			 2);
}
END_TEST

START_TEST(what_customers_say_stays_where_analysts_count)
{
	struct thanks t;
	struct reading r;

	ck_assert_int_eq(support_put(thanks_make(&t, "a", AUDIENCE_EMPLOYEE, 5)),
			 ITEM_STORED);
	ck_assert_int_eq(support_put(thanks_make(&t, "c", AUDIENCE_CUSTOMER, 8)),
			 ITEM_STORED);
	/* Nothing of the one before is left in the statements. */
	ck_assert_int_eq(support_put(thanks_make(&t, "b", AUDIENCE_EMPLOYEE, 5)),
			 ITEM_STORED);
	ck_assert_int_eq(in_main("SELECT seq FROM event WHERE person IS NOT NULL"), 2);
	ck_assert_int_eq(in_main("SELECT count(*) FROM recognition_recipient "
				 "WHERE event_seq = 2"),
			 2);
	ck_assert_int_eq(in_main("SELECT count(*) FROM recognition_recipient"), 2);
	ck_assert_int_eq(in_main("SELECT event_seq FROM recognition "
				 "WHERE people_key IS NULL"),
			 2);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 6);
	ask(&r);
	ck_assert_uint_eq(r.n, 3);
	ck_assert_uint_eq(r.alone, 0);
	ck_assert_uint_eq(r.to[1][0], 8);
}
END_TEST

/* Refused by either file, in a batch of two of which the other is good. */
static void
refused_by(const char *file, const char *trigger)
{
	struct thanks t[2];
	struct event e[2];
	struct store_outcome o[2];
	struct reading r;

	e[0] = *thanks_make(&t[0], "good", AUDIENCE_EMPLOYEE, 5);
	e[1] = *thanks_make(&t[1], "bad", AUDIENCE_EMPLOYEE, 0xbb);
	support_exec(file, trigger);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_INTERNAL);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 0);
	ck_assert_int_eq(support_put(&e[0]), ITEM_STORED);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 3);
	support_exec(file, "DROP TRIGGER refuse");
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_DUPLICATE);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	ck_assert_int_eq(o[1].seq, 2);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 6);
	ask(&r);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.alone, 0);
	ck_assert(!atomic_load(&support.fatal));
	support_verify();
}

START_TEST(a_failure_in_the_analysts_file_leaves_no_people)
{
	refused_by("empowerd.db",
		   "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.id = 'bad' "
		   "BEGIN SELECT RAISE(ABORT, 'no'); END");
}
END_TEST

START_TEST(a_failure_in_the_other_file_leaves_no_event)
{
	refused_by("confidential.db",
		   "CREATE TRIGGER refuse BEFORE INSERT ON operational_person "
		   "WHEN hex(NEW.person) LIKE 'BBBB%' "
		   "BEGIN SELECT RAISE(ABORT, 'no'); END");
}
END_TEST

START_TEST(people_without_their_recognition_are_never_found)
{
	struct thanks t;
	struct reading r;

	/* As when confidential.db was committed and empowerd.db then was not. */
	ck_assert_int_eq(support_put(thanks_make(&t, "a", AUDIENCE_EMPLOYEE, 5)),
			 ITEM_STORED);
	support_close();
	support_exec("confidential.db",
		     "INSERT INTO operational_person SELECT randomblob(16), role, "
		     "number, randomblob(16) FROM operational_person");
	support_open();
	ask(&r);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.alone, 0);
	ck_assert_uint_eq(r.to[0][0], 5);
}
END_TEST

START_TEST(who_has_the_analysts_file_alone_sees_events_without_people)
{
	struct thanks t;
	struct reading seen = {0};
	struct store_reader *r = NULL;
	struct problem p = {0};

	ck_assert_int_eq(support_put(thanks_make(&t, "a", AUDIENCE_EMPLOYEE, 5)),
			 ITEM_STORED);
	ck_assert_int_eq(support_put(thanks_make(&t, "c", AUDIENCE_CUSTOMER, 8)),
			 ITEM_STORED);
	ck_assert_msg(store_reader_open(&r, support.dir, &p) == EMP_OK, "%s", p.detail);
	ck_assert_int_eq(
		store_read_events(r, UINT64_MAX, 0, INT64_MAX, on_event, &seen),
		EMP_OK);
	store_reader_close(&r);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(seen.alone, 1);
	ck_assert_uint_eq(seen.to[1][0], 8);
}
END_TEST

static _Atomic bool streamed;

static void *
stream(void *stored)
{
	char id[16];
	struct thanks t;
	struct store_outcome o;

	for (int i = 0; i < STREAM; i++) {
		snprintf(id, sizeof id, "s-%d", i);
		if (support_submit(thanks_make(&t, id, AUDIENCE_EMPLOYEE, 5), &o, 1,
				   false) == EMP_OK)
			++*(uint32_t *)stored;
	}
	atomic_store(&streamed, true);
	return NULL;
}

START_TEST(a_reader_meets_no_recognition_before_its_people)
{
	uint32_t stored = 0;
	pthread_t thread;
	struct reading r;

	atomic_store(&streamed, false);
	ck_assert_int_eq(pthread_create(&thread, NULL, stream, &stored), 0);
	while (!atomic_load(&streamed)) {
		ask(&r);
		ck_assert_uint_eq(r.alone, 0);
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(stored, STREAM);
	ask(&r);
	ck_assert_uint_eq(r.n, STREAM);
}
END_TEST

Suite *
store_people_suite(void)
{
	Suite *s = suite_create("store_people");
	TCase *tc = tcase_create("people");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, the_analysts_file_has_no_person_of_it);
	tcase_add_test(tc, each_has_its_own_people);
	tcase_add_test(tc, what_customers_say_stays_where_analysts_count);
	tcase_add_test(tc, a_failure_in_the_analysts_file_leaves_no_people);
	tcase_add_test(tc, a_failure_in_the_other_file_leaves_no_event);
	tcase_add_test(tc, people_without_their_recognition_are_never_found);
	tcase_add_test(tc, who_has_the_analysts_file_alone_sees_events_without_people);
	tcase_add_test(tc, a_reader_meets_no_recognition_before_its_people);
	suite_add_tcase(s, tc);
	return s;
}
