/*
 * store: decisions and what follows on them. Stored as said, counted where they were
 * made, by the last outcome of their own time; boundaries are those in force; and a
 * group that fails leaves nothing behind, in the file nor in memory.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/boundaries.h"
#include "model/decision.h"
#include "store/voice.h"
#include "store_support.h"
#include "unit.h"

#define HOUR_MS (S_PER_HOUR * MS_PER_S)
#define NOON (SUPPORT_DAY + 12 * HOUR_MS)
#define ANN 0x11
#define BOB 0x22

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

static void
set_person(struct identity *who, int n)
{
	who->set = true;
	memset(who->pseudonym, n, sizeof who->pseudonym);
}

static struct event
employee(enum event_type t, const char *id)
{
	struct event e = support_event(t, AUDIENCE_EMPLOYEE, CLASS_OPERATIONAL);

	support_id(&e, id, 7);
	return e;
}

/* A clerk refunds 10.00 and says yes. */
static struct event
decision(const char *id)
{
	struct event e = employee(EVENT_DECISION_MADE, id);

	e.role = STR("clerk");
	e.matter = STR("refund");
	e.decision_answer = ANSWER_YES;
	e.amount_cents = 1000;
	return e;
}

static struct event
settle(const char *id, const char *ref, enum decision_answer answer)
{
	struct event e = employee(EVENT_DECISION_SETTLED, id);

	e.ref_id = str_from(ref);
	e.decision_answer = (uint8_t)answer;
	return e;
}

static struct event
outcome(const char *id, const char *ref, int benefit, int64_t time)
{
	struct event e = employee(EVENT_DECISION_OUTCOME, id);

	e.ref_id = str_from(ref);
	e.customer_benefit = (int8_t)benefit;
	e.time = time;
	return e;
}

/* In force from the morning on. */
static struct event
boundary(enum event_type t, const char *id, int64_t limit)
{
	struct event e = employee(t, id);

	e.time = SUPPORT_DAY + 8 * HOUR_MS;
	e.role = STR("clerk");
	e.matter = STR("refund");
	e.limit_cents = limit;
	e.mode = t == EVENT_BOUNDARY_SET ? MODE_ACT : MODE_NONE;
	return e;
}

static enum emp_rc
refused(struct event *e)
{
	struct store_outcome o;

	ck_assert_int_eq(support_submit(e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_INVALID);
	return (enum emp_rc)o.rc;
}

static void
put(struct event e)
{
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
}

/* What counters say of a slot of all decisions. */
static uint32_t
counted(enum decision_slot slot)
{
	uint32_t n = 0;
	uint32_t whole = 0;

	for (size_t i = 0; i < support.n_cells; i++) {
		if (support.cell[i].key.subject >= SUBJECT_FIRST_VOICE)
			n += support.cell[i].slot[slot];
		else if (support.cell[i].key.subject == SUBJECT_DECISION)
			whole += support.cell[i].slot[slot];
	}
	/* Over all roles and classes it is the same. */
	ck_assert_uint_eq(whole, n);
	return n;
}

/* How often by a rule, and restricted by it. */
static void
ruled(uint32_t out[RULE_SLOTS])
{
	memset(out, 0, RULE_SLOTS * sizeof *out);
	for (size_t i = 0; i < support.n_cells; i++) {
		uint32_t subject = support.cell[i].key.subject;

		for (int k = 0; k < RULE_SLOTS; k++)
			if (subject > SUBJECT_FIRST_RULE &&
			    subject < SUBJECT_FIRST_VOICE)
				out[k] += support.cell[i].slot[k];
	}
}

START_TEST(a_decision_is_stored_and_its_people_elsewhere)
{
	struct event e = decision("d");
	const struct subject_def *def;

	set_person(&e.person, ANN);
	set_person(&e.case_ref, BOB);
	e.rule = STR("r-7");
	e.escalated = true;
	e.conflict = true;
	e.self_rating = 4;
	e.driver[DRIVER_RETENTION] = VIEW_UNSURE;
	e.moment = STR("arrival");
	e.goal = STR("keep them");
	put(e);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision WHERE "
				 "role = 'clerk' AND class = 'refund' AND rule = 'r-7' "
				 "AND answer = 'yes' AND amount = 10.0 AND "
				 "within = 'none' AND escalated = 1 AND conflict = 1 "
				 "AND self_rating = 4 AND retention = 'unsure' AND "
				 "spend IS NULL AND moment = 'arrival' AND "
				 "goal = 'keep them' AND settled IS NULL AND "
				 "audience = 'employee'"),
			 1);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event WHERE person IS NULL"), 1);
	ck_assert_int_eq(
		in_main("SELECT count(*) FROM decision WHERE length(people_key) = 16"),
		1);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person WHERE "
				   "(role = 'decider' AND hex(person) LIKE '1111%') OR "
				   "(role = 'case' AND hex(person) LIKE '2222%')"),
			 2);
	ck_assert_uint_eq(store_subjects(support.store), 1);
	def = store_subject(support.store, 0);
	ck_assert_uint_eq(def->suggestion_kind, 0);
	ck_assert(str_is(intern_text(store_words(support.store, WORD_ROLE), def->role),
			 "clerk"));
	ck_assert(
		str_is(intern_text(store_words(support.store, WORD_CLASS), def->matter),
		       "refund"));
	ck_assert(str_is(intern_text(store_words(support.store, WORD_RULE), def->rule),
			 "r-7"));
	ck_assert_uint_eq(counted(DECISION_MADE), 1);
	ck_assert_uint_eq(counted(DECISION_RESTRICTED), 1);
	support_verify();
}
END_TEST

/* Nobody in confidential.db, and no transaction of it. */
START_TEST(a_decision_may_have_nobody)
{
	put(decision("d"));
	put(decision("e"));
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 0);
	ck_assert_int_eq(in_main("SELECT count(DISTINCT people_key) FROM decision"), 2);
	ck_assert_uint_eq(store_subjects(support.store), 1);
	ck_assert_uint_eq(counted(DECISION_MADE), 2);
}
END_TEST

START_TEST(it_is_settled_once)
{
	struct event e = decision("d");

	e.escalated = true;
	put(e);
	put(settle("s", "d", ANSWER_YES));
	ck_assert_uint_eq(counted(DECISION_SETTLED), 1);
	ck_assert_uint_eq(counted(DECISION_SETTLED_AS_PROPOSED), 1);
	e = settle("t", "d", ANSWER_NO);
	ck_assert_int_eq(refused(&e), EMP_TRANSITION);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event"), 2);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision "
				 "WHERE settled = 'yes'"),
			 1);
	/* The same event again is a duplicate, and not refused. */
	e = settle("s", "d", ANSWER_YES);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	support_verify();
}
END_TEST

START_TEST(what_follows_on_nothing_is_refused)
{
	struct event e = settle("s", "d", ANSWER_YES);

	ck_assert_int_eq(refused(&e), EMP_UNKNOWN_REF);
	e = outcome("o", "d", 1, NOON);
	ck_assert_int_eq(refused(&e), EMP_UNKNOWN_REF);
	put(decision("d"));
	e = settle("s", "d", ANSWER_YES);
	e.ref_source = STR("elsewhere");
	ck_assert_int_eq(refused(&e), EMP_UNKNOWN_REF);
	ck_assert_int_eq(in_main("SELECT count(*) FROM source"), 0);
	/* A token of another unit does not know it. */
	e = settle("s", "d", ANSWER_YES);
	e.only_unit = STR("south");
	ck_assert_int_eq(refused(&e), EMP_UNKNOWN_REF);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(it_is_counted_where_it_was_made)
{
	struct event e = decision("d");

	e.dim[DIM_UNIT] = STR("north");
	e.time = SUPPORT_DAY - 20 * HOUR_MS;
	put(e);
	put(settle("s", "d", ANSWER_NO));
	/* One of its role and class, one of all. */
	ck_assert_uint_eq(support.n_cells, 2);
	ck_assert_uint_eq(counted(DECISION_SETTLED), 1);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_event WHERE unit = 'north'"),
			 2);
	support_verify();
}
END_TEST

START_TEST(the_last_outcome_by_its_time_counts)
{
	struct event e = decision("d");

	e.driver[DRIVER_SPEND] = VIEW_YES;
	put(e);
	e = outcome("o-2", "d", 1, NOON + 2);
	e.driver[DRIVER_SPEND] = VIEW_NO;
	put(e);
	ck_assert_uint_eq(counted(DECISION_BENEFIT), 1);
	/* Late: of before. What nobody said yet counts all the same. */
	e = outcome("o-1", "d", 0, NOON + 1);
	e.driver[DRIVER_SPEND] = VIEW_YES;
	e.driver[DRIVER_REFERRAL] = VIEW_YES;
	put(e);
	ck_assert_uint_eq(counted(DECISION_BENEFIT), 1);
	ck_assert_uint_eq(counted(DECISION_NO_BENEFIT), 0);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision WHERE "
				 "customer_benefit = 1 AND observed_spend = 'no' AND "
				 "observed_referral = 'yes'"),
			 1);
	support_verify();
	/* Of the same time the one that arrived last, for what it says. */
	put(outcome("o-3", "d", 0, NOON + 2));
	ck_assert_uint_eq(counted(DECISION_BENEFIT), 0);
	ck_assert_uint_eq(counted(DECISION_NO_BENEFIT), 1);
	ck_assert_uint_eq(counted(DECISION_OUTCOME), 1);
	ck_assert_uint_eq(counted(DECISION_DRIVERS + 1), 1);
	ck_assert_int_eq(in_main("SELECT count(*) FROM decision_outcome"), 3);
	support_verify();
}
END_TEST

static size_t
no_cells(void *ctx, struct cell *out, size_t max)
{
	(void)ctx;
	(void)out;
	(void)max;
	return 0;
}

#define MADE 60
#define FOLLOWED 180

static void
put_all(struct event *e, uint32_t n)
{
	static struct store_outcome o[FOLLOWED];

	ck_assert_int_eq(support_submit(e, o, n, false), EMP_OK);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_int_eq(o[i].status, ITEM_STORED);
}

static void
put_history(void)
{
	static struct event e[FOLLOWED];
	static char id[FOLLOWED][16];
	static char ref[FOLLOWED][16];

	put(boundary(EVENT_BOUNDARY_SET, "b", 500));
	for (int i = 0; i < MADE; i++) {
		snprintf(id[i], sizeof id[i], "d-%d", i);
		e[i] = decision(id[i]);
		e[i].decision_answer = (uint8_t)(1 + i % 3);
		e[i].amount_cents = (int64_t)i * 20;
		e[i].escalated = i % 2 != 0;
		e[i].self_rating = (int8_t)(i % 5 + 1);
		e[i].rule = i % 4 == 0 ? STR("r") : STR_NONE;
		e[i].driver[i % 4] = (uint8_t)(1 + i % 3);
	}
	put_all(e, MADE);
	for (int i = 0; i < FOLLOWED; i++) {
		bool settles = i % 9 == 0 && i < MADE;

		snprintf(id[i], sizeof id[i], "o-%d", i);
		snprintf(ref[i], sizeof ref[i], "d-%d", i * 7 % MADE);
		e[i] = settles ? settle(id[i], ref[i], ANSWER_NO)
			       : outcome(id[i], ref[i], i % 3 - 1,
					 NOON + i % 7 * 20 * HOUR_MS);
		if (!settles)
			e[i].driver[i % 4] = (uint8_t)(1 + i % 2);
	}
	put_all(e, FOLLOWED);
}

START_TEST(a_killed_store_counts_it_again)
{
	uint32_t by_rule[RULE_SLOTS];
	pid_t child;
	int status;

	support_close();
	/* The child has the threads, and writes no counter. */
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		support.hooks.cells_dirty = no_cells;
		support_open();
		put_history();
		support_verify();
		_exit(7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	support_open();
	ck_assert_uint_eq(support.replayed, MADE + FOLLOWED);
	ck_assert_uint_eq(counted(DECISION_MADE), MADE);
	ck_assert_uint_gt(counted(DECISION_OUTCOME), 0);
	ruled(by_rule);
	ck_assert_uint_gt(by_rule[1], 0);
	ck_assert_uint_eq(by_rule[0], counted(DECISION_RULE));
	ck_assert_uint_eq(by_rule[1], counted(DECISION_RESTRICTED));
	support_verify();
}
END_TEST

/* ---- boundaries ------------------------------------------------------------------ */

static void
within_is(struct event e, const char *within)
{
	char sql[128];

	put(e);
	snprintf(sql, sizeof sql,
		 "SELECT within = '%s' FROM v_decision ORDER BY event_seq DESC LIMIT 1",
		 within);
	ck_assert_msg(in_main(sql) == 1, "%.*s is not %s", STR_FMT(e.id), within);
}

START_TEST(a_decision_keeps_how_it_lay)
{
	struct event e;

	within_is(decision("before"), "none");
	put(boundary(EVENT_BOUNDARY_SET, "b-1", 1000));
	within_is(decision("inside"), "inside");
	e = decision("over");
	e.amount_cents = 1001;
	within_is(e, "over");
	e = decision("early");
	e.time = SUPPORT_DAY + HOUR_MS;
	within_is(e, "none");
	e = decision("other");
	e.matter = STR("upgrade");
	within_is(e, "none");
	/* What was stored is never rewritten. */
	put(boundary(EVENT_BOUNDARY_NARROWED, "b-2", 10));
	within_is(decision("narrowed"), "over");
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision "
				 "WHERE within = 'inside'"),
			 1);
	ck_assert_uint_eq(boundaries_count(support.defs->boundaries), 2);
	support_verify();
}
END_TEST

START_TEST(boundaries_hold_by_unit_and_for_one_person)
{
	struct event b = boundary(EVENT_BOUNDARY_SET, "b-1", 100);
	struct event e;

	put(b);
	b = boundary(EVENT_BOUNDARY_SET, "b-2", 1000);
	b.dim[DIM_UNIT] = STR("north");
	put(b);
	b = boundary(EVENT_BOUNDARY_SET, "b-3", -1);
	set_person(&b.person, ANN);
	put(b);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event WHERE person IS NULL"), 3);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_boundary WHERE personal"), 1);
	for (int start = 0; start < 2; start++) {
		within_is(decision(start ? "d-1" : "e-1"), "over");
		e = decision(start ? "d-2" : "e-2");
		e.dim[DIM_UNIT] = STR("north/one");
		within_is(e, "inside");
		e = decision(start ? "d-3" : "e-3");
		e.amount_cents = 100000;
		set_person(&e.person, ANN);
		within_is(e, "inside");
		e = decision(start ? "d-4" : "e-4");
		set_person(&e.person, BOB);
		within_is(e, "over");
		support_verify();
		support_close();
		support_open();
		ck_assert_uint_eq(boundaries_count(support.defs->boundaries), 3);
	}
	/* Whose holder is forgotten holds for nobody. */
	support_close();
	support_exec("confidential.db",
		     "DELETE FROM operational_person WHERE role = 'holder'");
	support_open();
	ck_assert_uint_eq(boundaries_count(support.defs->boundaries), 2);
	e = decision("f");
	set_person(&e.person, ANN);
	within_is(e, "over");
}
END_TEST

START_TEST(a_boundary_moves_in_the_direction_it_says)
{
	struct event e = boundary(EVENT_BOUNDARY_EXTENDED, "b-0", 100);

	ck_assert_int_eq(refused(&e), EMP_TRANSITION);
	e = boundary(EVENT_BOUNDARY_SET, "b-1", 100);
	e.requires_training = STR("refunds");
	e.mode = MODE_PROPOSE;
	put(e);
	e = boundary(EVENT_BOUNDARY_EXTENDED, "b-2", 100);
	ck_assert_int_eq(refused(&e), EMP_TRANSITION);
	e = boundary(EVENT_BOUNDARY_NARROWED, "b-3", 100);
	ck_assert_int_eq(refused(&e), EMP_TRANSITION);
	e = boundary(EVENT_BOUNDARY_NARROWED, "b-4", -1);
	ck_assert_int_eq(refused(&e), EMP_TRANSITION);
	put(boundary(EVENT_BOUNDARY_EXTENDED, "b-5", -1));
	e = boundary(EVENT_BOUNDARY_EXTENDED, "b-6", -1);
	ck_assert_int_eq(refused(&e), EMP_TRANSITION);
	put(boundary(EVENT_BOUNDARY_NARROWED, "b-7", 50));
	/* What it did not say stayed. */
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_boundary WHERE "
				 "mode = 'propose' AND requires_training = 'refunds'"),
			 3);
	ck_assert_int_eq(in_main("SELECT count(*) FROM event"), 3);
}
END_TEST

START_TEST(decisions_see_the_boundaries_of_their_batch)
{
	struct event e[4];
	struct store_outcome o[4];

	e[0] = decision("d-1");
	e[1] = boundary(EVENT_BOUNDARY_SET, "b-1", 1000);
	e[2] = decision("d-2");
	e[3] = boundary(EVENT_BOUNDARY_EXTENDED, "b-2", 2000);
	ck_assert_int_eq(support_submit(e, o, 4, true), EMP_OK);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision "
				 "WHERE within = 'none'"),
			 1);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision "
				 "WHERE within = 'inside'"),
			 1);
	ck_assert_uint_eq(boundaries_count(support.defs->boundaries), 2);
}
END_TEST

START_TEST(thousands_of_boundaries_see_each_other)
{
	enum { N = 3000 };
	static struct event e[N + 2];
	static struct store_outcome o[N + 2];

	for (int i = 0; i < N; i++) {
		e[i] = boundary(i == 0 ? EVENT_BOUNDARY_SET : EVENT_BOUNDARY_EXTENDED,
				"server's", 100 + i);
		e[i].id_given = false;
	}
	e[N] = decision("inside");
	e[N].amount_cents = 100 + N - 1;
	/* Of those that are taken back no trace stays for whoever comes next. */
	e[N + 1] = settle("s", "unknown", ANSWER_YES);
	ck_assert_int_eq(support_submit(e, o, N + 2, true), EMP_UNKNOWN_REF);
	within_is(decision("none"), "none");
	e[N + 1] = decision("over");
	e[N + 1].amount_cents = 100 + N;
	ck_assert_int_eq(support_submit(e, o, N + 2, true), EMP_OK);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision AS v JOIN decision "
				 "USING (event_seq) WHERE decision.id = v.within"),
			 3);
	e[0] = boundary(EVENT_BOUNDARY_EXTENDED, "b", 100 + N - 1);
	ck_assert_int_eq(refused(&e[0]), EMP_TRANSITION);
	ck_assert_uint_eq(boundaries_count(support.defs->boundaries), N);
}
END_TEST

/* ---- a group that fails ---------------------------------------------------------- */

static void
nothing_is_left(void)
{
	ck_assert_int_eq(in_main("SELECT (SELECT count(*) FROM event) + "
				 "(SELECT count(*) FROM role) + "
				 "(SELECT count(*) FROM subject) + "
				 "(SELECT count(*) FROM boundary) + "
				 "(SELECT count(*) FROM decision)"),
			 0);
	ck_assert_int_eq(in_sealed("SELECT count(*) FROM operational_person"), 0);
	ck_assert_uint_eq(store_subjects(support.store), 0);
	ck_assert_uint_eq(intern_count(store_words(support.store, WORD_ROLE)), 0);
}

START_TEST(a_group_that_fails_leaves_no_word_subject_or_boundary)
{
	struct event e[4];
	struct store_outcome o[4];

	e[0] = boundary(EVENT_BOUNDARY_SET, "b", 1000);
	set_person(&e[0].person, ANN);
	e[1] = decision("d");
	set_person(&e[1].person, ANN);
	e[2] = settle("s", "d", ANSWER_YES);
	e[3] = decision("bad");
	support_exec("empowerd.db",
		     "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.id = 'bad' "
		     "BEGIN SELECT RAISE(ABORT, 'no'); END");
	ck_assert_int_eq(support_submit(e, o, 4, false), EMP_INTERNAL);
	nothing_is_left();
	/* Nor with an atomic batch of which one is refused. */
	e[3] = settle("x", "unknown", ANSWER_YES);
	ck_assert_int_eq(support_submit(e, o, 4, true), EMP_UNKNOWN_REF);
	nothing_is_left();
	ck_assert_ptr_nonnull(support.defs);
	e[3] = decision("after");
	set_person(&e[3].person, ANN);
	within_is(e[3], "none");
	ck_assert_int_eq(in_main("SELECT count(*) FROM role WHERE id = 1"), 1);
	support_exec("empowerd.db", "DROP TRIGGER refuse");
	e[3] = decision("bad");
	ck_assert_int_eq(support_submit(e, o, 4, false), EMP_OK);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(o[i].status, ITEM_STORED);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_decision "
				 "WHERE within = 'inside'"),
			 1);
	support_verify();
}
END_TEST

/* ---- reading --------------------------------------------------------------------- */

struct seen {
	uint32_t contacts, leaders, initiatives;
	int64_t started, ended;
	char title[16], first[16];
};

static enum emp_rc
on_contact(void *ctx, const struct contact_row *c)
{
	struct seen *s = ctx;

	s->contacts++;
	s->leaders += c->by_leader;
	ck_assert_uint_eq(c->mode, CONTACT_MEETING);
	return EMP_OK;
}

static enum emp_rc
on_initiative(void *ctx, const struct initiative_row *i)
{
	struct seen *s = ctx;

	if (s->initiatives++ == 0)
		snprintf(s->first, sizeof s->first, "%.*s", STR_FMT(i->name));
	s->started = i->started;
	s->ended = i->ended;
	snprintf(s->title, sizeof s->title, "%.*s", STR_FMT(i->title));
	ck_assert_uint_ne(i->series, 0);
	return EMP_OK;
}

static struct event
initiative(enum event_type t, const char *id, const char *name, int64_t time)
{
	struct event e = employee(t, id);

	e.dim[DIM_INITIATIVE] = str_from(name);
	e.time = time;
	return e;
}

START_TEST(contact_and_initiatives_are_read)
{
	struct store_reader *r = NULL;
	struct problem p = {0};
	struct seen s = {0};
	struct event e;

	for (int i = 0; i < 3; i++) {
		e = employee(EVENT_CONTACT_LOGGED,
			     i == 0           ? "c-0"
				     : i == 1 ? "c-1"
					      : "c-2");
		e.mode = CONTACT_MEETING;
		e.by_leader = i == 1;
		e.time = NOON + i * HOUR_MS;
		put(e);
	}
	/* The end of the first round arrives after the second one began. */
	e = initiative(EVENT_INITIATIVE_STARTED, "i-1", "b", NOON);
	e.title = STR("Listen");
	put(e);
	put(initiative(EVENT_INITIATIVE_STARTED, "i-2", "b", NOON + 9));
	put(initiative(EVENT_INITIATIVE_ENDED, "i-3", "b", NOON + 5));
	put(initiative(EVENT_INITIATIVE_ENDED, "i-4", "a", NOON + 6));
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_initiative WHERE "
				 "initiative = 'b' AND type = 'initiative.started'"),
			 2);
	ck_assert_int_eq(in_main("SELECT count(*) FROM v_contact WHERE "
				 "mode = 'meeting' AND by_leader = 1"),
			 1);
	ck_assert_msg(store_reader_open(&r, support.dir, &p) == EMP_OK, "%s", p.detail);
	ck_assert_int_eq(
		store_read_contacts(r, NOON, NOON + 2 * HOUR_MS, on_contact, &s),
		EMP_OK);
	ck_assert_uint_eq(s.contacts, 2);
	ck_assert_uint_eq(s.leaders, 1);
	ck_assert_int_eq(store_read_initiatives(r, on_initiative, &s), EMP_OK);
	store_reader_close(&r);
	ck_assert_uint_eq(s.initiatives, 2);
	ck_assert_str_eq(s.first, "a");
	ck_assert_str_eq(s.title, "Listen");
	ck_assert_int_eq(s.started, NOON + 9);
	ck_assert_int_eq(s.ended, 0);
	support_verify();
	e = employee(EVENT_INITIATIVE_STARTED, "i-5");
	ck_assert_int_eq(refused(&e), EMP_INVALID);
}
END_TEST

static enum emp_rc
on_decision(void *ctx, const struct decision_row *d)
{
	struct seen *s = ctx;

	ck_assert(d->facts.conflict);
	s->contacts++;
	s->leaders += d->backed;
	return EMP_OK;
}

START_TEST(a_public_backing_is_noted)
{
	struct event e = decision("d-1");
	struct store_reader *r = NULL;
	struct problem p = {0};
	struct seen s = {0};
	struct identity to;

	e.conflict = true;
	put(e);
	e = decision("d-2");
	e.conflict = true;
	put(e);
	put(decision("d-3"));
	for (int i = 0; i < 2; i++) {
		e = employee(EVENT_RECOGNITION_GIVEN, i == 0 ? "k-1" : "k-2");
		e.recognition = RECOGNITION_BACKING;
		e.visibility = VISIBILITY_PUBLIC;
		e.to_agrees = true;
		set_person(&to, BOB);
		e.to = &to;
		e.n_to = 1;
		e.ref_id = i == 0 ? STR("d-2") : STR("d-4");
		put(e);
	}
	/* One that comes after what backs it is not backed by that. */
	e = decision("d-4");
	e.conflict = true;
	put(e);
	ck_assert_msg(store_reader_open(&r, support.dir, &p) == EMP_OK, "%s", p.detail);
	ck_assert_int_eq(store_read_decisions(r, 0, INT64_MAX, true, on_decision, &s),
			 EMP_OK);
	store_reader_close(&r);
	ck_assert_uint_eq(s.contacts, 3);
	ck_assert_uint_eq(s.leaders, 1);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM recognition"),
			 2);
	support_verify();
}
END_TEST

Suite *
store_decisions_suite(void)
{
	Suite *s = suite_create("store_decisions");
	TCase *tc = tcase_create("decisions");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, a_decision_is_stored_and_its_people_elsewhere);
	tcase_add_test(tc, a_decision_may_have_nobody);
	tcase_add_test(tc, it_is_settled_once);
	tcase_add_test(tc, what_follows_on_nothing_is_refused);
	tcase_add_test(tc, it_is_counted_where_it_was_made);
	tcase_add_test(tc, the_last_outcome_by_its_time_counts);
	tcase_add_test(tc, a_killed_store_counts_it_again);
	tcase_add_test(tc, a_decision_keeps_how_it_lay);
	tcase_add_test(tc, boundaries_hold_by_unit_and_for_one_person);
	tcase_add_test(tc, a_boundary_moves_in_the_direction_it_says);
	tcase_add_test(tc, decisions_see_the_boundaries_of_their_batch);
	tcase_add_test(tc, thousands_of_boundaries_see_each_other);
	tcase_add_test(tc, a_group_that_fails_leaves_no_word_subject_or_boundary);
	tcase_add_test(tc, contact_and_initiatives_are_read);
	tcase_add_test(tc, a_public_backing_is_noted);
	suite_add_tcase(s, tc);
	return s;
}
