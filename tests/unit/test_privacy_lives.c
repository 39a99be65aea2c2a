/*
 * privacy: figures of suggestions, by hand-made lives.
 */
#include <check.h>

#include "base/clock.h"
#include "privacy/lives.h"
#include "unit.h"

#define H (S_PER_HOUR * MS_PER_S)
#define D (S_PER_DAY * MS_PER_S)
#define T0 1767225600000LL /* 2026-01-01 */

static struct tz *utc;
static struct lives sums;

static struct suggestion_row
submitted(enum suggestion_kind kind, int64_t at)
{
	struct suggestion_row row = {.series = 1, .audience = AUDIENCE_CUSTOMER};

	lifecycle_init(&row.life, kind, at);
	return row;
}

static void
step(struct suggestion_row *row, enum event_type type, uint8_t status, int64_t at)
{
	const struct lifecycle_step s = {.type = (uint8_t)type,
					 .status = status,
					 .will_examine = 1,
					 .reasoned = status == STATUS_DECLINED,
					 .time = at};

	ck_assert_int_eq(lifecycle_apply(&row->life, &s), STEP_OK);
}

static void
add(const struct suggestion_row *row, int64_t as_of, int64_t today)
{
	const struct lives_rule rule = {
		.tz = utc, .as_of = as_of, .sla_days = 14, .today = today};

	ck_assert_int_eq(lives_add(&sums, row, &rule), EMP_OK);
}

static void
setup(void)
{
	ck_assert_int_eq(tz_open(&utc, "UTC"), EMP_OK);
	sums = (struct lives){0};
}

static void
teardown(void)
{
	lives_fini(&sums);
	tz_free(&utc);
}

START_TEST(what_waits_is_not_forgotten)
{
	struct suggestion_row answered = submitted(SUGGESTION_OPINION, T0);
	struct suggestion_row waiting = submitted(SUGGESTION_OPINION, T0);
	struct survival s;

	step(&answered, EVENT_SUGGESTION_ACKNOWLEDGED, 0, T0 + H);
	step(&answered, EVENT_SUGGESTION_ANSWERED, STATUS_DONE, T0 + 2 * H);
	add(&answered, T0 + 20 * D, INT64_MAX);
	for (int i = 0; i < 3; i++)
		add(&waiting, T0 + 20 * D, INT64_MAX);
	/* Of those answered it is two hours; of all it is not known yet. */
	survival_of(sums.first.v, sums.first.n, &s);
	ck_assert_double_nan(s.median.ms);
	ck_assert_int_eq(s.median.at_least, 20 * D);
	ck_assert_uint_eq(sums.overdue[OVERDUE_SLA], 3);
	ck_assert_uint_eq(sums.answered_due, 4);
	ck_assert_uint_eq(sums.answered_in_time, 1);
	ck_assert_uint_eq(sums.open, 3);
	ck_assert_uint_eq(sums.acknowledged, 1);
}
END_TEST

START_TEST(what_is_not_due_says_nothing)
{
	struct suggestion_row waiting = submitted(SUGGESTION_CONCERN, T0);

	add(&waiting, T0 + 6 * D, INT64_MAX);
	ck_assert_uint_eq(sums.acknowledged_due + sums.answered_due, 0);
	add(&waiting, T0 + 8 * D, INT64_MAX);
	ck_assert_uint_eq(sums.acknowledged_due, 1);
	ck_assert_uint_eq(sums.acknowledged_in_time, 0);
	ck_assert_uint_eq(sums.overdue[OVERDUE_ACKNOWLEDGEMENT], 1);
	step(&waiting, EVENT_SUGGESTION_ACKNOWLEDGED, 0, T0 + 9 * D);
	add(&waiting, T0 + 200 * D, INT64_MAX);
	ck_assert_uint_eq(sums.overdue[OVERDUE_ACKNOWLEDGEMENT], 1);
	ck_assert_uint_eq(sums.overdue[OVERDUE_FEEDBACK], 1);
}
END_TEST

START_TEST(withdrawing_makes_nothing_better)
{
	struct suggestion_row row = submitted(SUGGESTION_SUGGESTION, T0);
	struct suggestion_row gone = row;

	step(&row, EVENT_SUGGESTION_ANSWERED, STATUS_ACCEPTED, T0 + D);
	add(&row, T0 + 5 * D, INT64_MAX);
	step(&gone, EVENT_SUGGESTION_ANSWERED, STATUS_ACCEPTED, T0 + D);
	step(&gone, EVENT_SUGGESTION_WITHDRAWN, 0, T0 + 2 * D);
	add(&gone, T0 + 5 * D, INT64_MAX);
	ck_assert_uint_eq(sums.n, 2);
	ck_assert_uint_eq(sums.adopted, 1);
	ck_assert_uint_eq(sums.withdrawn, 1);
	ck_assert_uint_eq(sums.open, 1);
}
END_TEST

START_TEST(an_answer_is_told_when_it_was_opened)
{
	struct suggestion_row row = submitted(SUGGESTION_QUESTION, T0);

	step(&row, EVENT_SUGGESTION_ANSWERED, STATUS_DECLINED, T0 + D);
	add(&row, T0 + 5 * D, INT64_MAX);
	ck_assert_uint_eq(sums.told, 0);
	step(&row, EVENT_SUGGESTION_SEEN, 0, T0 + 2 * D);
	add(&row, T0 + 5 * D, INT64_MAX);
	ck_assert_uint_eq(sums.told, 1);
	ck_assert_uint_eq(sums.opened, 1);
	ck_assert_uint_eq(sums.published, 2);
	ck_assert_uint_eq(sums.negatives, 2);
	ck_assert_uint_eq(sums.reasoned, 2);
	/* A reply opens it again, and starts the second clock. */
	step(&row, EVENT_SUGGESTION_REPLIED, 0, T0 + 3 * D);
	add(&row, T0 + 5 * D, INT64_MAX);
	ck_assert_uint_eq(sums.reopened, 1);
	ck_assert_uint_eq(sums.second.n, 1);
	ck_assert_int_eq(sums.second.v[0].ms, 2 * D);
	ck_assert(!sums.second.v[0].answered);
	/* Later than asked for nothing is known. */
	row = submitted(SUGGESTION_QUESTION, T0 + 6 * D);
	add(&row, T0 + 5 * D, INT64_MAX);
	ck_assert_uint_eq(sums.n, 4);
	ck_assert_uint_eq(sums.first.n, 3);
}
END_TEST

START_TEST(what_an_employee_did_today_does_not_show)
{
	struct suggestion_row row = submitted(SUGGESTION_QUESTION, T0);

	row.audience = AUDIENCE_EMPLOYEE;
	row.felt_heard = 5;
	step(&row, EVENT_SUGGESTION_TRIAGED, 0, T0 + D);
	step(&row, EVENT_SUGGESTION_SEEN, 0, T0 + 2 * D);
	step(&row, EVENT_SUGGESTION_WITHDRAWN, 0, T0 + 2 * D);
	add(&row, T0 + 2 * D, T0 + 2 * D);
	ck_assert_uint_eq(sums.told + sums.opened + sums.withdrawn, 0);
	ck_assert_uint_eq(sums.open, 1);
	add(&row, T0 + 3 * D, T0 + 3 * D);
	ck_assert_uint_eq(sums.told, 1);
	ck_assert_uint_eq(sums.withdrawn, 1);
	ck_assert_uint_eq(sums.rated, 0);
}
END_TEST

Suite *
privacy_lives_suite(void)
{
	Suite *s = suite_create("privacy_lives");
	TCase *tc = tcase_create("lives");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_waits_is_not_forgotten);
	tcase_add_test(tc, what_is_not_due_says_nothing);
	tcase_add_test(tc, withdrawing_makes_nothing_better);
	tcase_add_test(tc, an_answer_is_told_when_it_was_opened);
	tcase_add_test(tc, what_an_employee_did_today_does_not_show);
	suite_add_tcase(s, tc);
	return s;
}
