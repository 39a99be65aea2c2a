/*
 * store: suggestions in empowerd.db. Every step through the file, what is refused
 * stores nothing, and the state is what the history says.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/suggestion_row.h"
#include "suggestion_support.h"
#include "unit.h"

#define MAIN "empowerd.db"

static int64_t
count(const char *sql)
{
	return support_sql(MAIN, sql);
}

START_TEST(a_submission_is_stored_as_sent)
{
	struct event e = suggestion_new("s-1", SUGGESTION_CONCERN, 1);
	struct store_outcome o;

	e.category = STR("billing");
	e.title = STR("too slow");
	e.dim[DIM_UNIT] = STR("shop/north");
	e.board = true;
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(o.seq, 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE event_seq = 1 "
			       "AND id = 's-1' AND kind = 'concern' "
			       "AND category = 'billing' AND title = 'too slow' "
			       "AND body = 'what I think' AND board = 1 "
			       "AND state = 'submitted' AND status IS NULL "
			       "AND rounds = 1 AND published = 0 "
			       "AND unit = 'shop/north' AND audience = 'customer'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_event "
			       "WHERE type = 'suggestion.submitted'"),
			 1);
	ck_assert_uint_eq(support.counted, 1);
}
END_TEST

START_TEST(every_step_leads_where_the_table_says)
{
	const struct {
		enum event_type type;
		int arg;
		const char *state;
	} walk[] = {
		{EVENT_SUGGESTION_ACKNOWLEDGED, 1, "received"},
		{EVENT_SUGGESTION_ACKNOWLEDGED, 0, "acknowledged"},
		{EVENT_SUGGESTION_SUPPORTED, 7, "acknowledged"},
		{EVENT_SUGGESTION_TRIAGED, 1, "examining"},
		{EVENT_SUGGESTION_SEEN, 0, "examining"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_ACCEPTED, "accepted"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_PLANNED, "planned"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_STARTED, "started"},
		{EVENT_SUGGESTION_REPLIED, 0, "started"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_DONE, "done"},
		{EVENT_SUGGESTION_SEEN, 0, "done"},
		{EVENT_SUGGESTION_RATED, 4, "done"},
		{EVENT_SUGGESTION_REOPENED, 0, "reopened"},
		{EVENT_SUGGESTION_ANSWERED, STATUS_DECLINED, "declined"},
		{EVENT_SUGGESTION_RATED, 2, "declined"},
		{EVENT_SUGGESTION_REPLIED, 0, "reopened"},
		{EVENT_SUGGESTION_WITHDRAWN, 0, "withdrawn"},
	};
	struct event e = suggestion_new("s-1", SUGGESTION_SUGGESTION, 1);
	const int n = sizeof walk / sizeof *walk;
	char sql[256];

	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	for (int i = 0; i < n; i++) {
		e = suggestion_step_on("s-1", 1, walk[i].type, walk[i].arg);
		e.time += (i + 1) * 60000;
		ck_assert_msg(support_put(&e) == ITEM_STORED, "step %d", i);
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM v_suggestion WHERE state = '%s'",
			 walk[i].state);
		ck_assert_msg(count(sql) == 1, "step %d: not %s", i, walk[i].state);
	}
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion_step WHERE id = "
			       "'s-1' AND suggestion_seq = 1"),
			 n);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE felt_heard = 2 "
			       "AND rounds = 3 AND published = 6 AND negatives = 1 "
			       "AND negatives_reasoned = 1 AND supporters = 1 "
			       "AND rated_round = 2 AND status = 'declined'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion_step "
			       "WHERE reason = 'because' AND status = 'declined'"),
			 1);
	/* Every step is an event of the suggestion's series; only it was counted. */
	ck_assert_int_eq(count("SELECT count(DISTINCT series_id) FROM event"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM event"), n + 1);
	ck_assert_uint_eq(support.counted, 1);
}
END_TEST

START_TEST(state_is_what_the_history_says)
{
	suggestion_walk(4711 + (unsigned)_i, false);
	support_verify();
	/* And after a start that counts all once more. */
	support_close();
	support_open();
	support_verify();
}
END_TEST

/* Everything the file has of suggestions, as one number. */
static int64_t
rows(void)
{
	return count("SELECT (SELECT count(*) FROM event) + "
		     "(SELECT count(*) FROM suggestion) + "
		     "(SELECT count(*) FROM suggestion_step) + "
		     "(SELECT count(*) FROM reference) + "
		     "(SELECT count(*) FROM source) + (SELECT count(*) FROM unit) + "
		     "(SELECT count(*) FROM series)");
}

static void
refused(struct event *e, enum emp_rc why)
{
	struct store_outcome o;
	int64_t before = rows();
	int64_t state = count("SELECT sum(condition_id * 31 + published * 7 + "
			      "supporters) FROM suggestion_state");

	ck_assert_int_eq(support_submit(e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_INVALID);
	ck_assert_int_eq(o.rc, why);
	ck_assert_int_eq(o.seq, 0);
	ck_assert_int_eq(rows(), before);
	ck_assert_int_eq(count("SELECT sum(condition_id * 31 + published * 7 + "
			       "supporters) FROM suggestion_state"),
			 state);
}

START_TEST(what_is_refused_stores_nothing)
{
	struct event e = suggestion_new("s-1", SUGGESTION_CONCERN, 1);

	e.source = STR("app");
	e.dim[DIM_UNIT] = STR("shop/north");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);

	e = suggestion_step_on("s-2", 1, EVENT_SUGGESTION_TRIAGED, 1);
	e.source = STR("desk");
	refused(&e, EMP_UNKNOWN_REF);
	e.ref_id = STR("s-1");
	e.ref_source = STR("another");
	refused(&e, EMP_UNKNOWN_REF);
	e.ref_source = STR_NONE;
	e.may_concern = false;
	refused(&e, EMP_UNKNOWN_REF);
	e.may_concern = true;
	e.only_unit = STR("shop/nor");
	refused(&e, EMP_UNKNOWN_REF);
	e.only_unit = STR("shop/north/desk");
	refused(&e, EMP_UNKNOWN_REF);
	e = suggestion_step_on("s-1", 2, EVENT_SUGGESTION_WITHDRAWN, 0);
	refused(&e, EMP_UNKNOWN_REF);
	e = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_REOPENED, 0);
	refused(&e, EMP_TRANSITION);
	e = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_RATED, 3);
	refused(&e, EMP_TRANSITION);

	/* Its source and a unit above it do. */
	e = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_TRIAGED, 1);
	e.ref_source = STR("app");
	e.only_unit = STR("shop");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_TRIAGED, 1);
	refused(&e, EMP_TRANSITION);
	/* The author's receipt is stronger than what a token may see. */
	e = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_SEEN, 0);
	e.may_concern = false;
	e.only_unit = STR("elsewhere");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
}
END_TEST

START_TEST(nobody_supports_twice_or_their_own)
{
	struct event e = suggestion_new("s-1", SUGGESTION_SUGGESTION, 1);

	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = suggestion_new("s-2", SUGGESTION_SUGGESTION, 2);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = suggestion_step_on("s-1", 0, EVENT_SUGGESTION_SUPPORTED, 1);
	refused(&e, EMP_TRANSITION);
	e = suggestion_step_on("s-1", 0, EVENT_SUGGESTION_SUPPORTED, 2);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	refused(&e, EMP_TRANSITION);
	e = suggestion_step_on("s-1", 0, EVENT_SUGGESTION_SUPPORTED, 9);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	/* Without a receipt nobody knows who it was. */
	e = suggestion_step_on("s-1", 0, EVENT_SUGGESTION_SUPPORTED, 0);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(count("SELECT supporters FROM v_suggestion WHERE id = 's-1'"),
			 4);

	/* A supporter's receipt shows what it supports, and does nothing else. */
	ck_assert_int_eq(suggestion_read_receipt(9, false), EMP_OK);
	ck_assert(!reading.author);
	ck_assert_str_eq(reading.row[0].id, "s-1");
	e = suggestion_step_on("s-1", 9, EVENT_SUGGESTION_SEEN, 0);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	e = suggestion_step_on("s-1", 9, EVENT_SUGGESTION_WITHDRAWN, 0);
	refused(&e, EMP_UNKNOWN_REF);
	/* One's own comes first. */
	ck_assert_int_eq(suggestion_read_receipt(2, false), EMP_OK);
	ck_assert(reading.author);
	ck_assert_str_eq(reading.row[0].id, "s-2");
	ck_assert_int_eq(suggestion_read_receipt(77, false), EMP_NOT_FOUND);
}
END_TEST

START_TEST(it_is_found_by_id_and_the_newest_wins)
{
	struct suggestion_find f = {.id = STR("same")};
	struct event e = suggestion_new("same", SUGGESTION_QUESTION, 1);

	e.source = STR("a");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	e = suggestion_new("same", SUGGESTION_OPINION, 2);
	e.source = STR("b");
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(suggestion_read(&f), EMP_OK);
	ck_assert_int_eq(reading.row[0].seq, 2);
	ck_assert(!reading.author);
	f.source = STR("a");
	ck_assert_int_eq(suggestion_read(&f), EMP_OK);
	ck_assert_int_eq(reading.row[0].seq, 1);
	f.source = STR("c");
	ck_assert_int_eq(suggestion_read(&f), EMP_NOT_FOUND);
}
END_TEST

START_TEST(a_repeat_after_the_window_is_known_by_its_receipt)
{
	struct event e = suggestion_new("s-1", SUGGESTION_QUESTION, 1);

	/* As of a client whose id nobody remembers any more. */
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion"), 1);
}
END_TEST

START_TEST(who_asks_for_a_wider_boundary_is_not_here)
{
	struct event e = support_event(EVENT_BOUNDARY_REQUESTED, AUDIENCE_EMPLOYEE,
				       CLASS_OPERATIONAL);
	struct suggestion_filter f = {.concerns = true};

	suggestion_receipt(&e, 1);
	e.id = STR("r-1");
	e.role = STR("agent");
	e.matter = STR("refund");
	e.limit_cents = 5000;
	e.mode = MODE_ACT;
	e.reason = STR("customers wait");
	e.person.set = true;
	memset(e.person.pseudonym, 7, sizeof e.person.pseudonym);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(count("SELECT count(*) FROM v_suggestion WHERE "
			       "kind = 'boundary_request' AND role = 'agent' AND "
			       "class = 'refund' AND limit_amount = 50.0 AND "
			       "mode = 'act' AND "
			       "body = 'customers wait' AND audience = 'employee'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM event WHERE person IS NOT NULL"),
			 0);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM operational_person "
				     "WHERE role = 'requester' AND hex(person) = "
				     "'07070707070707070707070707070707'"),
			 1);
	/* Listed when asked for, alone. */
	suggestion_list(&f, AUDIENCE_CUSTOMER, 10);
	ck_assert_uint_eq(reading.n, 0);
	suggestion_list(&f, AUDIENCE_EMPLOYEE, 10);
	ck_assert_uint_eq(reading.n, 0);
	f.kinds = 1u << SUGGESTION_BOUNDARY_REQUEST;
	suggestion_list(&f, AUDIENCE_EMPLOYEE, 10);
	ck_assert_uint_eq(reading.n, 1);
	ck_assert(!reading.row[0].has_person);
	suggestion_lives(AUDIENCE_CUSTOMER);
	ck_assert_uint_eq(reading.n, 0);
	suggestion_lives(AUDIENCE_EMPLOYEE);
	ck_assert_uint_eq(reading.n, 1);
	/* Answered like a suggestion. */
	e = suggestion_step_on("r-1", 1, EVENT_SUGGESTION_ANSWERED, STATUS_ACCEPTED);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	/* How an employee felt heard is not for analysts; that it was said, is. */
	e = suggestion_step_on("r-1", 1, EVENT_SUGGESTION_RATED, 2);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion_state "
			       "WHERE rated_round = 1 AND felt_heard IS NULL"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM suggestion_step "
			       "WHERE felt_heard IS NOT NULL"),
			 0);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM answer WHERE "
				     "question = 'felt_heard' AND value = 2"),
			 1);
	e.id_given = false;
	ck_assert_int_eq(support_put(&e), ITEM_INVALID);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM answer"),
			 1);
	support_verify();
}
END_TEST

START_TEST(what_is_rolled_back_never_was)
{
	struct store_outcome o[3];
	struct event e[3];

	e[0] = suggestion_new("s-1", SUGGESTION_QUESTION, 1);
	ck_assert_int_eq(support_put(&e[0]), ITEM_STORED);
	/* An atomic batch with an illegal step at its end. */
	e[0] = suggestion_new("s-2", SUGGESTION_QUESTION, 2);
	e[0].category = STR("fresh");
	e[1] = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_TRIAGED, 1);
	e[2] = suggestion_step_on("s-1", 1, EVENT_SUGGESTION_TRIAGED, 1);
	ck_assert_int_eq(support_submit(e, o, 3, true), EMP_TRANSITION);
	ck_assert_int_eq(count("SELECT count(*) FROM event"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM category"), 0);
	ck_assert_int_eq(count("SELECT condition_id FROM suggestion_state"),
			 STATE_SUBMITTED);
	/* Not atomic: only that step is refused, and the steps see each other. */
	ck_assert_int_eq(support_submit(e, o, 3, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	ck_assert_int_eq(o[2].status, ITEM_INVALID);
	support_verify();
}
END_TEST

/* ---- lists ---------------------------------------------------------------------- */

#define MANY 1200
#define UNITS 7

static const char *const unit_names[UNITS] = {"a",   "a/b", "a/b/c", "ab",
					      "a/c", "d",   "d/e"};
static const char *const categories[] = {"", "x", "y", "z"};

static void
submit_many(unsigned seed, bool confidential)
{
	static struct event e[MANY];
	static struct store_outcome o[MANY];
	static char id[MANY][16];

	srand(seed);
	for (unsigned i = 0; i < MANY; i++) {
		enum suggestion_kind kind = 1 +
			(unsigned)rand() % SUGGESTION_PATTERN_SEEN;

		snprintf(id[i], sizeof id[i], "m-%u", i);
		e[i] = confidential ? case_new(i + 1, kind)
				    : suggestion_new(id[i], kind, i + 1);
		e[i].dim[DIM_UNIT] = str_from(unit_names[rand() % UNITS]);
		e[i].category = str_from(categories[rand() % 4]);
		e[i].board = rand() % 8 == 0;
		e[i].time += (int64_t)(rand() % 90) * 86400000;
	}
	ck_assert_int_eq(support_submit(e, o, MANY, false), EMP_OK);
	for (unsigned i = 0; i < MANY; i++) {
		struct event step = confidential
			? case_step_on(i + 1, EVENT_SUGGESTION_TRIAGED, rand() % 2)
			: suggestion_step_on(id[i], 0, EVENT_SUGGESTION_TRIAGED,
					     rand() % 2);

		ck_assert_int_eq(o[i].status, ITEM_STORED);
		e[i] = step;
	}
	ck_assert_int_eq(support_submit(e, o, MANY / 3, false), EMP_OK);
}

/* How many it should be, by SQL over the views. */
static int64_t
how_many(const struct suggestion_filter *f, bool confidential)
{
	char sql[1024];
	int n = snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM v_suggestion WHERE kind <> "
			 "'boundary_request' AND (%d OR kind <> 'concern')",
			 f->concerns);

#define AND(...) n += snprintf(sql + n, sizeof sql - (size_t)n, " AND " __VA_ARGS__)
	if (f->kinds != 0) {
		AND("kind IN ('-'");
		for (unsigned k = 1; k < SUGGESTION_KIND_COUNT; k++) {
			if (f->kinds >> k & 1)
				n += snprintf(sql + n, sizeof sql - (size_t)n, ",'%s'",
					      suggestion_kind_name(k));
		}
		n += snprintf(sql + n, sizeof sql - (size_t)n, ")");
	}
	if (f->states != 0) {
		AND("state IN ('-'");
		for (unsigned k = 1; k < STATE_COUNT; k++) {
			if (f->states >> k & 1)
				n += snprintf(sql + n, sizeof sql - (size_t)n, ",'%s'",
					      suggestion_state_name(k));
		}
		n += snprintf(sql + n, sizeof sql - (size_t)n, ")");
	}
	if (f->category.n > 0)
		AND("category = '%s'", f->category.p);
	if (f->unit.n > 0)
		AND("(unit = '%s' OR unit LIKE '%s/%%')", f->unit.p, f->unit.p);
	if (f->board_only)
		AND("board = 1");
	if (confidential && f->from != 0)
		AND("strftime('%%s', submitted) * 1000 >= %lld", (long long)f->from);
	if (confidential && f->to != 0)
		AND("strftime('%%s', submitted) * 1000 < %lld", (long long)f->to);
	if (!confidential && f->from != 0)
		AND("ts * 1000 >= %lld", (long long)f->from);
	if (!confidential && f->to != 0)
		AND("ts * 1000 < %lld", (long long)f->to);
#undef AND
	return support_sql(confidential ? "confidential.db" : MAIN, sql);
}

static void
random_filter(struct suggestion_filter *f)
{
	memset(f, 0, sizeof *f);
	f->concerns = rand() % 2 == 0;
	if (rand() % 2 == 0)
		f->kinds = (uint32_t)rand() & 0x1fe;
	if (rand() % 2 == 0)
		f->states = 1u << STATE_EXAMINING | 1u << STATE_DONE;
	if (rand() % 3 == 0)
		f->category = str_from(categories[1 + rand() % 3]);
	if (rand() % 3 == 0)
		f->unit = str_from(unit_names[rand() % UNITS]);
	f->board_only = rand() % 4 == 0;
	if (rand() % 3 == 0)
		f->from = SUPPORT_DAY + (int64_t)(rand() % 60) * 86400000;
	if (rand() % 3 == 0)
		f->to = SUPPORT_DAY + (int64_t)(30 + rand() % 60) * 86400000;
}

/* Every page of a filter, in order and without a row twice. */
static int64_t
walk_pages(struct suggestion_filter *f, bool confidential, uint32_t max, bool bounded)
{
	struct suggestion_end end;
	int64_t found = 0;

	f->end = bounded ? &end : NULL;
	f->has_after = false;
	f->after_seq = 0;
	do {
		suggestion_list(f, confidential ? AUDIENCE_EMPLOYEE : AUDIENCE_CUSTOMER,
				max);
		for (uint32_t i = 0; i < reading.n; i++) {
			const struct listed *row = &reading.row[i];

			if (f->has_after && confidential)
				LOOP_ASSERT(memcmp(row->key, f->after_key,
						   HANDLE_BYTES) > 0);
			else if (f->has_after)
				LOOP_ASSERT(row->seq < f->after_seq);
			f->has_after = true;
			f->after_seq = row->seq;
			memcpy(f->after_key, row->key, HANDLE_BYTES);
		}
		found += reading.n;
		if (bounded && end.more) {
			f->has_after = true;
			f->after_seq = end.seq;
			memcpy(f->after_key, end.key, HANDLE_BYTES);
		}
	} while (bounded ? end.more : reading.n == max);
	return found;
}

START_TEST(pages_hold_all_that_fits_once)
{
	bool confidential = _i != 0;
	struct suggestion_filter f;
	int64_t total = 0;

	submit_many(17, confidential);
	for (int i = 0; i < 150; i++) {
		int64_t n;

		random_filter(&f);
		n = walk_pages(&f, confidential, 1 + (uint32_t)rand() % 60, i % 2 == 0);
		ck_assert_int_eq(n, how_many(&f, confidential));
		total += n;
	}
	ck_assert_int_gt(total, MANY);
}
END_TEST

/* Half of them in so many units below one that no road leads to each. */
static void
submit_in_many_units(bool confidential)
{
	static struct event e[MANY];
	static struct store_outcome o[MANY];
	static char id[MANY][16];
	static char unit[MANY][16];

	_Static_assert(MANY / 2 > ROAD_UNITS_MAX, "more than roads");
	for (unsigned i = 0; i < MANY; i++) {
		enum suggestion_kind kind = 1 +
			(unsigned)rand() % SUGGESTION_PATTERN_SEEN;

		snprintf(id[i], sizeof id[i], "m-%u", i);
		snprintf(unit[i], sizeof unit[i], i % 2 == 0 ? "top/u%u" : "topped/u%u",
			 i / 2 % (ROAD_UNITS_MAX + 50));
		e[i] = confidential ? case_new(i + 1, kind)
				    : suggestion_new(id[i], kind, i + 1);
		e[i].dim[DIM_UNIT] = str_from(unit[i]);
		e[i].category = str_from(categories[rand() % 4]);
		e[i].board = rand() % 3 == 0;
	}
	ck_assert_int_eq(support_submit(e, o, MANY, false), EMP_OK);
	for (unsigned i = 0; i < MANY; i++)
		LOOP_ASSERT(o[i].status == ITEM_STORED);
}

START_TEST(a_unit_of_many_units_is_its_subtree)
{
	bool confidential = _i != 0;
	struct suggestion_filter f;

	srand(19);
	support_close();
	support.config.max_series = MANY;
	support_open();
	submit_in_many_units(confidential);
	for (unsigned i = 0; i < 16; i++) {
		int64_t n;

		/* By each index, and nothing else that would have to be looked at. */
		f = (struct suggestion_filter){.concerns = true,
					       .board_only = (i & 1) != 0,
					       .unit = STR("top")};
		if (i & 2)
			f.states = 1u << STATE_SUBMITTED;
		if (i & 4)
			f.category = str_from(categories[1]);
		n = walk_pages(&f, confidential, 50, (i & 8) != 0);
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(n, how_many(&f, confidential));
	}
}
END_TEST

START_TEST(a_page_stays_whole_while_more_comes)
{
	struct suggestion_filter f = {.concerns = true};
	int64_t seen = 0;

	submit_many(18, false);
	do {
		struct event e = suggestion_new("new", SUGGESTION_OPINION,
						5000 + (unsigned)seen);

		suggestion_list(&f, AUDIENCE_CUSTOMER, 100);
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
		for (uint32_t i = 0; i < reading.n; i++) {
			LOOP_ASSERT(!f.has_after || reading.row[i].seq < f.after_seq);
			f.after_seq = reading.row[i].seq;
			f.has_after = true;
		}
		seen += reading.n;
	} while (reading.n == 100);
	ck_assert_int_eq(seen, MANY);
}
END_TEST

START_TEST(confidential_pages_end_before_today)
{
	struct suggestion_filter f = {.concerns = true, .before_day = SUPPORT_DAY};
	struct event e = case_new(1, SUGGESTION_OPINION);

	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	suggestion_list(&f, AUDIENCE_EMPLOYEE, 10);
	ck_assert_uint_eq(reading.n, 0);
	f.before_day += 86400000;
	suggestion_list(&f, AUDIENCE_EMPLOYEE, 10);
	ck_assert_uint_eq(reading.n, 1);
	f.before_day = 0;
	suggestion_list(&f, AUDIENCE_CUSTOMER, 10);
	ck_assert_uint_eq(reading.n, 0);
}
END_TEST

Suite *
store_suggestions_suite(void)
{
	Suite *s = suite_create("store_suggestions");
	TCase *t = tcase_create("suggestions");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, support_setup_open, support_teardown);
	tcase_add_test(t, a_submission_is_stored_as_sent);
	tcase_add_test(t, every_step_leads_where_the_table_says);
	tcase_add_loop_test(t, state_is_what_the_history_says, 0, 3);
	tcase_add_test(t, what_is_refused_stores_nothing);
	tcase_add_test(t, nobody_supports_twice_or_their_own);
	tcase_add_test(t, it_is_found_by_id_and_the_newest_wins);
	tcase_add_test(t, a_repeat_after_the_window_is_known_by_its_receipt);
	tcase_add_test(t, who_asks_for_a_wider_boundary_is_not_here);
	tcase_add_test(t, what_is_rolled_back_never_was);
	tcase_add_loop_test(t, pages_hold_all_that_fits_once, 0, 2);
	tcase_add_loop_test(t, a_unit_of_many_units_is_its_subtree, 0, 2);
	tcase_add_test(t, a_page_stays_whole_while_more_comes);
	tcase_add_test(t, confidential_pages_end_before_today);
	suite_add_tcase(s, t);
	return s;
}
