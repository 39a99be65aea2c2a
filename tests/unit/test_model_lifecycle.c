/*
 * model/lifecycle: which step is legal in which state, what it notes, and the clocks.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/tz.h"
#include "model/lifecycle.h"
#include "unit.h"

#define HOUR_MS (3600LL * 1000)
#define DAY_MS (24 * HOUR_MS)
#define T0 1767261600000LL /* 2026-01-01T10:00:00Z */

enum act {
	AUTO,
	ACK,
	EXAMINE,
	REFUSE,
	ACCEPT,
	PLAN,
	START,
	DO,
	DECLINE,
	SAME,
	REOPEN,
	REPLY,
	WITHDRAW,
	SUPPORT,
	RATE,
	SEE,
	ACTS
};

static const struct {
	const char *name;
	struct lifecycle_step step;
} acts[ACTS] = {
	[AUTO] = {"acknowledged auto",
		  {.type = EVENT_SUGGESTION_ACKNOWLEDGED, .automatic = true}},
	[ACK] = {"acknowledged", {.type = EVENT_SUGGESTION_ACKNOWLEDGED}},
	[EXAMINE] = {"triaged will_examine",
		     {.type = EVENT_SUGGESTION_TRIAGED, .will_examine = 1}},
	[REFUSE] = {"triaged", {.type = EVENT_SUGGESTION_TRIAGED, .reasoned = true}},
	[ACCEPT] = {"answered accepted",
		    {.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_ACCEPTED}},
	[PLAN] = {"answered planned",
		  {.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_PLANNED}},
	[START] = {"answered started",
		   {.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_STARTED}},
	[DO] = {"answered done",
		{.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_DONE}},
	[DECLINE] = {"answered declined",
		     {.type = EVENT_SUGGESTION_ANSWERED,
		      .status = STATUS_DECLINED,
		      .reasoned = true}},
	[SAME] = {"answered duplicate",
		  {.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_DUPLICATE}},
	[REOPEN] = {"reopened", {.type = EVENT_SUGGESTION_REOPENED, .reasoned = true}},
	[REPLY] = {"replied", {.type = EVENT_SUGGESTION_REPLIED}},
	[WITHDRAW] = {"withdrawn", {.type = EVENT_SUGGESTION_WITHDRAWN}},
	[SUPPORT] = {"supported", {.type = EVENT_SUGGESTION_SUPPORTED}},
	[RATE] = {"rated", {.type = EVENT_SUGGESTION_RATED}},
	[SEE] = {"seen", {.type = EVENT_SUGGESTION_SEEN}},
};

/* Where each step leads from each state, written out: '.' is illegal, '=' stays, a
 * letter is the state of that line. The columns are the acts. */
static const struct {
	enum suggestion_state state;
	char letter;
	const char *to; /* a a e r A P S D d s R p w + * o */
} drawn[] = {
	{STATE_SUBMITTED, 'u', "rkeNAPSDXQ.=W=.="},
	{STATE_RECEIVED, 'r', ".keNAPSDXQ.=W=.="},
	{STATE_ACKNOWLEDGED, 'k', "..eNAPSDXQ.=W=.="},
	{STATE_EXAMINING, 'e', "....APSDXQ.=W=*="},
	{STATE_NOT_EXAMINED, 'N', "..........OO..*="},
	{STATE_ACCEPTED, 'A', ".....PSDXQ.=W=*="},
	{STATE_PLANNED, 'P', "......SDXQ.=W=*="},
	{STATE_STARTED, 'S', ".......DX..=W=*="},
	{STATE_DONE, 'D', "..........OO..*="},
	{STATE_DECLINED, 'X', "..........OO..*="},
	{STATE_DUPLICATE, 'Q', "..........OO..*="},
	{STATE_WITHDRAWN, 'W', "...............="},
	{STATE_REOPENED, 'O', "rkeNAPSDXQ.=W=.="},
};
#define DRAWN (sizeof drawn / sizeof drawn[0])

static enum lifecycle_verdict
act(struct lifecycle *l, enum act a, int64_t time)
{
	struct lifecycle_step s = acts[a].step;

	s.time = time;
	return lifecycle_apply(l, &s);
}

static void
legal(struct lifecycle *l, enum act a, int64_t time)
{
	ck_assert_msg(act(l, a, time) == STEP_OK, "%s in %s", acts[a].name,
		      suggestion_state_name((enum suggestion_state)l->state));
}

static struct lifecycle
submitted(enum suggestion_kind kind)
{
	struct lifecycle l;

	lifecycle_init(&l, kind, T0);
	return l;
}

static char
letter_of(unsigned state)
{
	for (size_t i = 0; i < DRAWN; i++) {
		if (drawn[i].state == state)
			return drawn[i].letter;
	}
	return '?';
}

START_TEST(every_step_in_every_state_is_as_drawn)
{
	for (size_t i = 0; i < DRAWN; i++) {
		for (int a = 0; a < ACTS; a++) {
			struct lifecycle l = submitted(SUGGESTION_SUGGESTION);
			struct lifecycle before;
			enum lifecycle_verdict v;
			char want = drawn[i].to[a];

			l.state = (uint8_t)drawn[i].state;
			l.published = 1; /* something to see */
			before = l;
			v = act(&l, (enum act)a, T0 + DAY_MS);
			if (want == '.') {
				ck_assert_msg(v == STEP_ILLEGAL, "%s in %s",
					      acts[a].name,
					      suggestion_state_name(drawn[i].state));
				ck_assert_mem_eq(&l, &before, sizeof l);
				continue;
			}
			ck_assert_msg(v == STEP_OK, "%s in %s", acts[a].name,
				      suggestion_state_name(drawn[i].state));
			if (want == '=' || want == '*')
				ck_assert_int_eq(l.state, before.state);
			else
				ck_assert_msg(letter_of(l.state) == want, "%s in %s",
					      acts[a].name,
					      suggestion_state_name(drawn[i].state));
		}
	}
}
END_TEST

START_TEST(the_table_can_be_drawn)
{
	size_t n;
	const struct lifecycle_rule *r = lifecycle_rules(&n);

	ck_assert_uint_eq(n, ACTS + 1); /* a reply has two rows */
	for (int a = 0; a < ACTS; a++) {
		uint32_t from = 0;

		for (size_t i = 0; i < n; i++) {
			if (strcmp(r[i].name, acts[a].name) != 0)
				continue;
			ck_assert_uint_eq(from & r[i].from, 0); /* one row a state */
			from |= r[i].from;
		}
		for (size_t i = 0; i < DRAWN; i++)
			ck_assert_int_eq(from >> drawn[i].state & 1,
					 drawn[i].to[a] != '.');
		ck_assert(!(from & 1)); /* nothing follows from no state */
	}
}
END_TEST

/* The words of a manual page, one space between them; of macros only .It is kept. */
static void
read_words(const char *path, char *out, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	char word[128];

	ck_assert_msg(f != NULL, "%s: set top_srcdir to the source tree", path);
	while (fscanf(f, "%127s", word) == 1) {
		if (strcmp(word, ".Li") == 0 || strcmp(word, "Li") == 0)
			continue;
		ck_assert_uint_lt(n + strlen(word) + 2, max);
		n += (size_t)sprintf(out + n, "%s ", word);
	}
	out[n] = '\0';
	fclose(f);
}

static void
describe(const struct lifecycle_rule *r, char *out)
{
	bool first = true;

	out += sprintf(out, ".It %s From ", r->name);
	for (unsigned s = STATE_SUBMITTED; s < STATE_COUNT; s++) {
		if (!(r->from >> s & 1))
			continue;
		out += sprintf(out, "%s%s ", first ? "" : ", ",
			       suggestion_state_name((enum suggestion_state)s));
		first = false;
	}
	if (r->to == STATE_NONE)
		sprintf(out, "with no change of state. ");
	else
		sprintf(out, "to %s . ",
			suggestion_state_name((enum suggestion_state)r->to));
}

START_TEST(the_manual_draws_the_table)
{
	static char page[1 << 18];
	const char *top = getenv("top_srcdir");
	char path[1024];
	const char *at;
	size_t n;
	const struct lifecycle_rule *r = lifecycle_rules(&n);

	snprintf(path, sizeof path, "%s/man/empowerd-api.7", top != NULL ? top : ".");
	read_words(path, page, sizeof page);
	at = strstr(page, ".Ss Life of a suggestion ");
	ck_assert_ptr_nonnull(at);
	at = strstr(at, ".It ");
	for (size_t i = 0; i < n; i++) {
		char want[1024];

		describe(&r[i], want);
		ck_assert_msg(strncmp(at, want, strlen(want)) == 0,
			      "the table says: %s; the page: %.200s", want, at);
		at += strlen(want);
	}
	ck_assert(strncmp(at, ".El ", 4) == 0); /* and no more */
}
END_TEST

START_TEST(states_have_names)
{
	for (int s = STATE_SUBMITTED; s < STATE_COUNT; s++) {
		const char *name = suggestion_state_name((enum suggestion_state)s);

		ck_assert_ptr_nonnull(name);
		ck_assert_int_eq(suggestion_state_find(str_from(name)), s);
	}
	ck_assert_ptr_null(suggestion_state_name(STATE_NONE));
	ck_assert_ptr_null(suggestion_state_name(STATE_COUNT));
	ck_assert_int_eq(suggestion_state_find(STR("")), STATE_NONE);
	ck_assert_int_eq(suggestion_state_find(STR("don")), STATE_NONE);
	ck_assert(suggestion_state_closed(STATE_DONE));
	ck_assert(suggestion_state_closed(STATE_WITHDRAWN));
	ck_assert(!suggestion_state_closed(STATE_STARTED));
}
END_TEST

START_TEST(other_events_are_no_steps)
{
	struct lifecycle l = submitted(SUGGESTION_OPINION);
	const struct lifecycle_step wrong[] = {
		{.type = EVENT_DECISION_MADE, .time = T0},
		{.type = EVENT_SUGGESTION_SUBMITTED, .time = T0},
		{.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_NONE, .time = T0},
		{.type = EVENT_SUGGESTION_ANSWERED, .status = STATUS_COUNT, .time = T0},
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_int_eq(lifecycle_apply(&l, &wrong[i]), STEP_ILLEGAL);
	ck_assert_int_eq(l.state, STATE_SUBMITTED);
}
END_TEST

START_TEST(the_first_response_is_never_rewritten)
{
	struct lifecycle l = submitted(SUGGESTION_SUGGESTION);

	legal(&l, AUTO, T0 + 1);
	legal(&l, ACK, T0 + HOUR_MS);
	ck_assert_int_eq(l.first_response, 0); /* acknowledging is no response */
	legal(&l, EXAMINE, T0 + 2 * HOUR_MS);
	legal(&l, ACCEPT, T0 + 3 * HOUR_MS);
	legal(&l, DO, T0 + DAY_MS);
	ck_assert_int_eq(l.closed, T0 + DAY_MS);
	legal(&l, REOPEN, T0 + 2 * DAY_MS);
	ck_assert_int_eq(l.closed, 0);
	legal(&l, ACK, T0 + 3 * DAY_MS);
	ck_assert_int_eq(l.second_response, 0);
	legal(&l, DECLINE, T0 + 4 * DAY_MS);
	legal(&l, REPLY, T0 + 5 * DAY_MS);
	legal(&l, DECLINE, T0 + 6 * DAY_MS);
	ck_assert_int_eq(l.first_response, T0 + 2 * HOUR_MS);
	ck_assert_int_eq(l.first_triage, T0 + 2 * HOUR_MS);
	ck_assert_int_eq(l.acknowledged, T0 + HOUR_MS);
	ck_assert_int_eq(l.first_reopened, T0 + 2 * DAY_MS);
	ck_assert_int_eq(l.second_response, T0 + 4 * DAY_MS);
	ck_assert_int_eq(l.reopened, T0 + 5 * DAY_MS);
	ck_assert_uint_eq(l.rounds, 3);
	ck_assert_uint_eq(l.published, 5);
	ck_assert_uint_eq(l.negatives, 2);
	ck_assert_uint_eq(l.negatives_reasoned, 2);
	ck_assert_int_eq(l.status, STATUS_DECLINED);
	ck_assert(l.auto_acknowledged);
}
END_TEST

START_TEST(seeing_nothing_new_is_nothing)
{
	struct lifecycle l = submitted(SUGGESTION_SUGGESTION);

	ck_assert_int_eq(act(&l, SEE, T0 + 1), STEP_NOTHING);
	legal(&l, ACK, T0 + 1);
	ck_assert_int_eq(act(&l, SEE, T0 + 2), STEP_NOTHING);
	ck_assert_int_eq(l.first_seen, 0);
	legal(&l, EXAMINE, T0 + 3);
	legal(&l, ACCEPT, T0 + 4);
	legal(&l, SEE, T0 + 5);
	ck_assert_uint_eq(l.opened, 2);
	ck_assert_int_eq(act(&l, SEE, T0 + 6), STEP_NOTHING);
	legal(&l, DECLINE, T0 + 7);
	legal(&l, SEE, T0 + 8);
	ck_assert_int_eq(l.first_seen, T0 + 5);
	ck_assert_uint_eq(l.opened, 3);
}
END_TEST

START_TEST(a_round_is_rated_once_and_after_its_response)
{
	struct lifecycle l = submitted(SUGGESTION_SUGGESTION);

	ck_assert_int_eq(act(&l, RATE, T0 + 1), STEP_ILLEGAL);
	legal(&l, DECLINE, T0 + 2);
	legal(&l, RATE, T0 + 3);
	ck_assert_int_eq(act(&l, RATE, T0 + 4), STEP_ILLEGAL);
	legal(&l, REPLY, T0 + 5);
	/* The answer of the round before is not what a rating of this one is about. */
	ck_assert_int_eq(act(&l, RATE, T0 + 6), STEP_ILLEGAL);
	legal(&l, ACK, T0 + 7);
	ck_assert_int_eq(act(&l, RATE, T0 + 8), STEP_ILLEGAL);
	legal(&l, ACCEPT, T0 + 9);
	legal(&l, RATE, T0 + 10);
	ck_assert_int_eq(act(&l, RATE, T0 + 11), STEP_ILLEGAL);
	ck_assert_uint_eq(l.rated_round, 2);
}
END_TEST

START_TEST(no_clock_runs_backwards)
{
	struct lifecycle l = submitted(SUGGESTION_SUGGESTION);
	struct survival_item w;

	legal(&l, DECLINE, T0 - DAY_MS);
	ck_assert_int_eq(l.first_response, T0);
	ck_assert_int_eq(l.closed, T0);
	legal(&l, REOPEN, T0 - 2 * DAY_MS);
	ck_assert_int_eq(l.reopened, T0);
	legal(&l, ACCEPT, T0 - DAY_MS);
	ck_assert_int_eq(l.second_response, T0);
	ck_assert(lifecycle_wait(&l, T0 + DAY_MS, &w));
	ck_assert_int_eq(w.ms, 0);
}
END_TEST

START_TEST(waits_are_as_known_at_the_time)
{
	struct lifecycle l = submitted(SUGGESTION_SUGGESTION);
	struct survival_item w;

	ck_assert(!lifecycle_wait(&l, T0 - 1, &w));
	ck_assert(lifecycle_wait(&l, T0 + HOUR_MS, &w));
	ck_assert(!w.answered && w.ms == HOUR_MS);
	ck_assert(!lifecycle_second_wait(&l, T0 + DAY_MS, &w));
	legal(&l, DECLINE, T0 + DAY_MS);
	ck_assert(lifecycle_wait(&l, T0 + HOUR_MS, &w)); /* before the answer */
	ck_assert(!w.answered && w.ms == HOUR_MS);
	legal(&l, REPLY, T0 + 2 * DAY_MS);
	ck_assert(lifecycle_wait(&l, T0 + 9 * DAY_MS, &w));
	ck_assert(w.answered && w.ms == DAY_MS); /* stands */
	ck_assert(!lifecycle_second_wait(&l, T0 + DAY_MS, &w));
	ck_assert(lifecycle_second_wait(&l, T0 + 3 * DAY_MS, &w));
	ck_assert(!w.answered && w.ms == DAY_MS);
	legal(&l, WITHDRAW, T0 + 4 * DAY_MS);
	ck_assert(lifecycle_second_wait(&l, T0 + 30 * DAY_MS, &w));
	ck_assert(!w.answered && w.ms == 2 * DAY_MS); /* until withdrawn, no longer */
}
END_TEST

static struct tz *
zone(const char *name)
{
	struct tz *z;

	ck_assert_int_eq(tz_open(&z, name), EMP_OK);
	return z;
}

static struct due
due(const struct lifecycle *l, const struct tz *z, int64_t as_of)
{
	struct due d;

	lifecycle_due(l, 14, z, as_of, &d);
	return d;
}

START_TEST(a_response_is_due_within_the_agreed_days)
{
	struct tz *z = zone("UTC");
	struct lifecycle l = submitted(SUGGESTION_SUGGESTION);
	int64_t end = T0 + 14 * DAY_MS;
	struct due d = due(&l, z, end);

	ck_assert_int_eq(d.due, end);
	ck_assert(!d.overdue && d.answered_in_time && d.acknowledged_in_time);
	d = due(&l, z, end + 1);
	ck_assert(d.overdue && !d.answered_in_time && d.acknowledged_in_time);
	legal(&l, ACK, T0 + DAY_MS); /* does not stop it */
	ck_assert(due(&l, z, end + 1).overdue);
	legal(&l, EXAMINE, end + 5);
	d = due(&l, z, end + 9);
	ck_assert(!d.overdue && !d.answered_in_time);
	ck_assert_int_eq(d.due, 0);
	/* At a moment before the answer it was open and late. */
	ck_assert(!due(&l, z, end + 2).answered_in_time);
	ck_assert(due(&l, z, end).answered_in_time);
	tz_free(&z);
}
END_TEST

START_TEST(a_reopening_starts_the_clock_anew)
{
	struct tz *z = zone("UTC");
	struct lifecycle l = submitted(SUGGESTION_QUESTION);
	struct due d;

	legal(&l, DECLINE, T0 + DAY_MS);
	ck_assert_int_eq(due(&l, z, T0 + 99 * DAY_MS).due, 0);
	legal(&l, REPLY, T0 + 20 * DAY_MS);
	d = due(&l, z, T0 + 35 * DAY_MS);
	ck_assert_int_eq(d.due, T0 + 34 * DAY_MS);
	ck_assert(d.overdue && d.answered_in_time); /* the first round was kept */
	legal(&l, WITHDRAW, T0 + 36 * DAY_MS);
	d = due(&l, z, T0 + 99 * DAY_MS);
	ck_assert(d.due == 0 && !d.overdue);
	tz_free(&z);
}
END_TEST

START_TEST(withdrawing_stops_the_clock)
{
	struct tz *z = zone("UTC");
	struct lifecycle l = submitted(SUGGESTION_CONCERN);
	struct lifecycle late = l;
	struct due d;

	legal(&l, WITHDRAW, T0 + DAY_MS);
	d = due(&l, z, T0 + 900 * DAY_MS);
	ck_assert(d.acknowledged_in_time && d.answered_in_time && !d.overdue);
	legal(&late, WITHDRAW, T0 + 200 * DAY_MS);
	d = due(&late, z, T0 + 900 * DAY_MS);
	ck_assert(!d.acknowledged_in_time && !d.answered_in_time && !d.overdue);
	tz_free(&z);
}
END_TEST

/* 2026-01-01T10:00Z: acknowledged by 01-08, answered by three months from then. */
START_TEST(a_concern_has_the_clocks_of_the_directive)
{
	struct tz *z = zone("UTC");
	struct lifecycle l = submitted(SUGGESTION_CONCERN);
	int64_t week = T0 + 7 * DAY_MS;
	int64_t three_months = T0 + (7 + 31 + 28 + 31) * DAY_MS; /* 04-08 */
	struct due d = due(&l, z, week);

	ck_assert_int_eq(d.due, week);
	ck_assert(d.acknowledged_in_time && !d.overdue);
	legal(&l, AUTO, T0 + 1);
	d = due(&l, z, week + 1); /* a program's does not count */
	ck_assert(!d.acknowledged_in_time && d.overdue && d.answered_in_time);

	/* Late acknowledging does not move the clock of the answer. */
	legal(&l, ACK, T0 + 60 * DAY_MS);
	d = due(&l, z, T0 + 61 * DAY_MS);
	ck_assert(!d.acknowledged_in_time && !d.overdue);
	ck_assert_int_eq(d.due, three_months);

	l = submitted(SUGGESTION_CONCERN);
	legal(&l, ACK, T0 + DAY_MS);
	d = due(&l, z, T0 + 2 * DAY_MS);
	ck_assert(d.acknowledged_in_time);
	ck_assert_int_eq(d.due, T0 + (1 + 31 + 28 + 31) * DAY_MS); /* 04-02 */
	legal(&l, DECLINE, d.due);
	ck_assert(due(&l, z, three_months).answered_in_time);
	/* Whoever answers at once has acknowledged. */
	l = submitted(SUGGESTION_CONCERN);
	legal(&l, ACCEPT, T0 + DAY_MS);
	d = due(&l, z, T0 + 900 * DAY_MS);
	ck_assert(d.acknowledged_in_time && d.answered_in_time && !d.overdue);
	tz_free(&z);
}
END_TEST

START_TEST(days_and_months_go_by_the_calendar)
{
	struct tz *z = zone("Europe/Madrid");
	struct lifecycle l;
	struct due d;

	/* 2026-03-25T00:00 in Madrid; the clock is set forward on 03-29. */
	lifecycle_init(&l, SUGGESTION_CONCERN, 1774393200000LL);
	d = due(&l, z, l.submitted);
	ck_assert_int_eq(d.due, l.submitted + 7 * DAY_MS - HOUR_MS);
	/* Seven times 24 hours would let an acknowledgement of 04-01 00:30 be late in
	 * autumn, and be in time here. */
	legal(&l, ACK, l.submitted + 7 * DAY_MS - HOUR_MS);
	ck_assert(due(&l, z, l.submitted + 9 * DAY_MS).acknowledged_in_time);
	/* Acknowledged on 2025-11-30: the last of February, not 90 days. */
	lifecycle_init(&l, SUGGESTION_CONCERN, 1764457200000LL);
	legal(&l, ACK, l.submitted);
	d = due(&l, z, l.submitted);
	ck_assert_int_eq(d.due, l.submitted + 90 * DAY_MS);
	/* Acknowledged on 2026-01-31T00:00: 04-30, in summer time. */
	lifecycle_init(&l, SUGGESTION_CONCERN, 1769814000000LL);
	legal(&l, ACK, l.submitted);
	d = due(&l, z, l.submitted);
	ck_assert_int_eq(d.due, l.submitted + 89 * DAY_MS - HOUR_MS);
	tz_free(&z);
}
END_TEST

Suite *
model_lifecycle_suite(void)
{
	Suite *s = suite_create("model_lifecycle");
	TCase *tc = tcase_create("states");

	tcase_add_test(tc, every_step_in_every_state_is_as_drawn);
	tcase_add_test(tc, the_table_can_be_drawn);
	tcase_add_test(tc, the_manual_draws_the_table);
	tcase_add_test(tc, states_have_names);
	tcase_add_test(tc, other_events_are_no_steps);
	tcase_add_test(tc, the_first_response_is_never_rewritten);
	tcase_add_test(tc, seeing_nothing_new_is_nothing);
	tcase_add_test(tc, a_round_is_rated_once_and_after_its_response);
	tcase_add_test(tc, no_clock_runs_backwards);
	suite_add_tcase(s, tc);
	tc = tcase_create("clocks");
	tcase_add_test(tc, waits_are_as_known_at_the_time);
	tcase_add_test(tc, a_response_is_due_within_the_agreed_days);
	tcase_add_test(tc, a_reopening_starts_the_clock_anew);
	tcase_add_test(tc, withdrawing_stops_the_clock);
	tcase_add_test(tc, a_concern_has_the_clocks_of_the_directive);
	tcase_add_test(tc, days_and_months_go_by_the_calendar);
	suite_add_tcase(s, tc);
	return s;
}
