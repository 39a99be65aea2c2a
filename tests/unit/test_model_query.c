/*
 * model/query: what a dashboard may ask, and how it hears what it may not.
 */
#include <check.h>

#include "model/lifecycle.h"
#include "model/query.h"
#include "unit.h"

static struct query q;
static struct problem p;

static enum emp_rc
set(const char *name, const char *value)
{
	p = (struct problem){0};
	return query_set(&q, str_from(name), str_from(value), &p);
}

/* The value is refused with the parameter's name as the place. */
static void
refused(enum rollup r, const char *name, const char *value)
{
	query_init(&q, r);
	ck_assert_msg(set(name, value) == EMP_INVALID, "%s=%s passed", name, value);
	ck_assert_str_eq(p.pointer, name);
	ck_assert_str_ne(p.detail, "");
}

START_TEST(nothing_asked_is_all_time_in_one_bucket)
{
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(query_check(&q, &p), EMP_OK);
	ck_assert_int_eq(q.step, STEP_ALL);
	ck_assert_int_eq(q.from, QUERY_FOREVER_FROM);
	ck_assert_int_eq(q.to, QUERY_FOREVER_TO);
	ck_assert_int_eq(q.format, FORMAT_JSON);
	ck_assert(!q.from_given && !q.to_given && !q.fill);
}
END_TEST

START_TEST(a_window_takes_times_of_all_forms)
{
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("from", "2026-01-01T00:00:00Z"), EMP_OK);
	ck_assert_int_eq(set("to", "1769904000"), EMP_OK);
	ck_assert_int_eq(q.from, 1767225600);
	ck_assert_int_eq(q.to, 1769904000);
	ck_assert_int_eq(query_check(&q, &p), EMP_OK);
	/* Fractions of a second widen the window. */
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("from", "1767225600500"), EMP_OK);
	ck_assert_int_eq(set("to", "1767225600500"), EMP_OK);
	ck_assert_int_eq(q.from, 1767225600);
	ck_assert_int_eq(q.to, 1767225601);
}
END_TEST

START_TEST(a_date_is_the_start_of_a_day_in_the_zone)
{
	static const struct {
		const char *zone, *date;
		int64_t start;
	} days[] = {
		{"Europe/Madrid", "2026-01-31", 1769814000},
		{"Europe/Madrid", "2026-07-01", 1782856800},
		{"Pacific/Kiritimati", "2026-01-31", 1769767200}, /* UTC+14 */
		{"Pacific/Pago_Pago", "2026-01-31", 1769857200},  /* UTC-11 */
		{"America/Santiago", "2026-09-06", 1788667200},   /* begins at 01:00 */
	};
	struct tz *tz;

	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("from", "2026-01-31"), EMP_OK);
	ck_assert_int_eq(q.from, 1769817600);
	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		ck_assert_int_eq(tz_open(&tz, days[i].zone), EMP_OK);
		query_init(&q, ROLLUP_SATISFACTION);
		q.tz = tz;
		ck_assert_int_eq(set("from", days[i].date), EMP_OK);
		ck_assert_int_eq(q.from, days[i].start);
		tz_free(&tz);
	}
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("from", "2026-02-30"), EMP_INVALID);
	ck_assert_int_eq(set("from", "2026-1-31x"), EMP_INVALID);
}
END_TEST

START_TEST(an_empty_window_is_refused)
{
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("from", "100"), EMP_OK);
	ck_assert_int_eq(set("to", "100"), EMP_OK);
	ck_assert_int_eq(query_check(&q, &p), EMP_INVALID);
	ck_assert_str_eq(p.pointer, "to");
}
END_TEST

START_TEST(groups_and_filters_are_taken)
{
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("group_by", "question,unit,survey"), EMP_OK);
	ck_assert_uint_eq(q.n_order, 3);
	ck_assert_int_eq(q.order[0], FIELD_QUESTION);
	ck_assert_int_eq(q.order[1], DIM_UNIT);
	ck_assert_uint_eq(q.group,
			  1u << FIELD_QUESTION | 1u << DIM_UNIT | 1u << FIELD_SURVEY);
	ck_assert_int_eq(set("unit", "retail/north,retail/south"), EMP_OK);
	ck_assert_uint_eq(q.filter[DIM_UNIT].n, 2);
	ck_assert(str_is(q.filter[DIM_UNIT].value[1], "retail/south"));
	ck_assert_int_eq(set("depth", "2"), EMP_OK);
	ck_assert_uint_eq(q.depth, 2);
	ck_assert_int_eq(set("step", "week"), EMP_OK);
	ck_assert_int_eq(step_unit((enum step)q.step), TZ_WEEK);
	ck_assert_int_eq(set("fill", "1"), EMP_OK);
	ck_assert(q.fill);
	ck_assert_int_eq(set("shape", "columns"), EMP_OK);
	ck_assert_int_eq(set("format", "json"), EMP_OK);
	ck_assert_int_eq(query_check(&q, &p), EMP_OK);
}
END_TEST

START_TEST(bad_values_name_their_parameter)
{
	static const char *const bad[][2] = {
		{"from", "yesterday"},
		{"from", ""},
		{"to", "2026-01"},
		{"step", "year"},
		{"step", "Day"},
		{"group_by", ""},
		{"group_by", "unit,"},
		{"group_by", "unit,unit"},
		{"group_by", "colour"},
		{"group_by", "signal"},
		{"depth", "0"},
		{"depth", "-1"},
		{"depth", "129"},
		{"fill", "maybe"},
		{"shape", "round"},
		{"format", "xml"},
		{"audience", "everybody"},
		{"unit", "a//b"},
		{"unit", ""},
		{"channel", "E-Mail"},
		{"survey", "a/b"},
		{"lang", "en,"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refused(ROLLUP_SATISFACTION, bad[i][0], bad[i][1]);
	refused(ROLLUP_RETENTION, "signal", "signup,unknown");
	refused(ROLLUP_RECOGNITION, "kind", "medal");
	refused(ROLLUP_RECOGNITION, "kind", "concern");
	refused(ROLLUP_SUGGESTIONS, "kind", "praise");
	refused(ROLLUP_SUGGESTIONS, "group_by", "role");
	refused(ROLLUP_DECISIONS, "group_by", "kind");
	refused(ROLLUP_DECISIONS, "role", "Team lead");
}
END_TEST

START_TEST(a_parameter_belongs_to_its_rollups)
{
	refused(ROLLUP_SATISFACTION, "signal", "signup");
	refused(ROLLUP_SATISFACTION, "as_of", "100");
	refused(ROLLUP_RETENTION, "question", "overall");
	refused(ROLLUP_RECOGNITION, "survey", "nps");
	refused(ROLLUP_PARTICIPATION, "kind", "praise");
	query_init(&q, ROLLUP_RECOGNITION);
	ck_assert_int_eq(set("as_of", "100"), EMP_OK);
	ck_assert(q.as_of_given);
	ck_assert_int_eq(q.as_of, 100);
	ck_assert_int_eq(set("kind", "praise,backing"), EMP_OK);
	query_init(&q, ROLLUP_RETENTION);
	ck_assert_int_eq(set("signal", "signup"), EMP_OK);
	ck_assert_int_eq(set("group_by", "signal"), EMP_OK);
}
END_TEST

START_TEST(decisions_have_roles_and_classes)
{
	query_init(&q, ROLLUP_DECISIONS);
	ck_assert_int_eq(set("group_by", "class,role,unit"), EMP_OK);
	ck_assert_int_eq(q.order[0], FIELD_CLASS);
	ck_assert_uint_eq(q.group,
			  1u << FIELD_CLASS | 1u << FIELD_ROLE | 1u << DIM_UNIT);
	ck_assert_int_eq(set("role", "agent,lead"), EMP_OK);
	ck_assert_int_eq(set("class", "refund"), EMP_OK);
	ck_assert_uint_eq(q.filter[FIELD_ROLE].n, 2);
	ck_assert(str_is(q.filter[FIELD_CLASS].value[0], "refund"));
	query_init(&q, ROLLUP_SUGGESTIONS);
	ck_assert_int_eq(set("kind", "concern,boundary_request"), EMP_OK);
	ck_assert_int_eq(set("category", "billing"), EMP_OK);
	ck_assert_int_eq(set("as_of", "100"), EMP_OK);
	refused(ROLLUP_DECISIONS, "as_of", "100");
	refused(ROLLUP_TRAINING, "role", "agent");
}
END_TEST

START_TEST(lists_come_in_pages)
{
	query_init(&q, ASK_SUGGESTIONS);
	ck_assert_uint_eq(q.limit, QUERY_LIMIT);
	ck_assert_int_eq(set("state", "submitted,reopened"), EMP_OK);
	ck_assert_uint_eq(q.states, 1u << STATE_SUBMITTED | 1u << STATE_REOPENED);
	ck_assert_int_eq(set("overdue", "1"), EMP_OK);
	ck_assert_int_eq(set("limit", "500"), EMP_OK);
	ck_assert_int_eq(set("cursor", "4711"), EMP_OK);
	ck_assert_int_eq(set("category", "billing"), EMP_OK);
	ck_assert(q.overdue && !q.board);
	ck_assert_uint_eq(q.limit, 500);
	ck_assert(str_is(q.cursor, "4711") && str_is(q.category, "billing"));
	ck_assert_int_eq(set("board", "1"), EMP_OK);
	ck_assert(q.board);
	ck_assert_int_eq(query_check(&q, &p), EMP_OK);
	refused(ASK_SUGGESTIONS, "state", "lost");
	refused(ASK_SUGGESTIONS, "state", "submitted,");
	refused(ASK_SUGGESTIONS, "limit", "0");
	refused(ASK_SUGGESTIONS, "limit", "501");
	refused(ASK_SUGGESTIONS, "cursor", "");
	refused(ASK_SUGGESTIONS, "cursor", "a b");
	refused(ASK_SUGGESTIONS, "overdue", "maybe");
	refused(ASK_SUGGESTIONS, "category", "no name");
	refused(ASK_SUGGESTIONS, "group_by", "unit");
	/* A page is of one of these, or of all. */
	refused(ASK_SUGGESTIONS, "unit", "a,b");
	refused(ASK_SUGGESTIONS, "audience", "customer,employee");
	refused(ASK_COMMENTS, "survey", "csat,nps");
	query_init(&q, ASK_SUGGESTIONS);
	ck_assert_int_eq(set("kind", "concern,question"), EMP_OK);
	query_init(&q, ASK_RECOGNITION);
	ck_assert_int_eq(set("kind", "praise,backing"), EMP_OK);
	refused(ROLLUP_SUGGESTIONS, "limit", "5");
	refused(ASK_CANDIDATES, "cursor", "5");
}
END_TEST

START_TEST(one_thing_has_no_window)
{
	static const enum rollup one[] = {ASK_SUGGESTION, ASK_RECEIPT, ASK_ME};
	bool taken;
	const char *name;

	for (size_t k = 0; k < sizeof one / sizeof *one; k++)
		for (size_t i = 0; (name = query_parameter(i, one[k], &taken)); i++)
			ck_assert_msg(taken ==
					      (one[k] == ASK_SUGGESTION &&
					       strcmp(name, "source") == 0),
				      "%s of %s", name, rollup_name(one[k]));
	query_init(&q, ASK_SUGGESTION);
	ck_assert_int_eq(set("source", "shop"), EMP_OK);
	ck_assert(str_is(q.source, "shop"));
	refused(ASK_SUGGESTION, "source", "");
	refused(ASK_SUGGESTION, "source", "\xff");
	/* Boundaries are those in force at a moment. */
	refused(ASK_BOUNDARIES, "from", "100");
	query_init(&q, ASK_BOUNDARIES);
	ck_assert_int_eq(set("as_of", "100"), EMP_OK);
}
END_TEST

START_TEST(people_are_never_a_dimension)
{
	static const char *const people[] = {"person", "respondent", "case", "ref"};
	static const char *const groups[] = {"person", "respondent", "case",
					     "ref",    "from",       "unit,to"};

	for (int r = 0; r < ASK_COUNT; r++) {
		for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
			refused((enum rollup)r, people[i], "p1");
			ck_assert_ptr_nonnull(strstr(p.detail, "people"));
		}
		for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
			if (r >= ROLLUP_COUNT) /* there is nothing to group */
				continue;
			refused((enum rollup)r, "group_by", groups[i]);
			ck_assert_ptr_nonnull(strstr(p.detail, "people"));
		}
	}
}
END_TEST

START_TEST(unknown_and_repeated_parameters_are_refused)
{
	refused(ROLLUP_SATISFACTION, "units", "a");
	query_init(&q, ROLLUP_SATISFACTION);
	/* Text that is no name is not repeated. */
	ck_assert_int_eq(set("<script>", "a"), EMP_INVALID);
	ck_assert_str_eq(p.pointer, "");
	ck_assert_ptr_null(strstr(p.detail, "script"));
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("unit", "a"), EMP_OK);
	ck_assert_int_eq(set("unit", "b"), EMP_INVALID);
	ck_assert_str_eq(p.pointer, "unit");
}
END_TEST

START_TEST(limits_hold)
{
	char many[2 * (QUERY_VALUES_MAX + 1)];

	memset(many, ',', sizeof many);
	for (size_t i = 0; i < sizeof many; i += 2)
		many[i] = 'a';
	many[sizeof many - 1] = '\0';
	refused(ROLLUP_SATISFACTION, "channel", many);
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("channel", many + 2), EMP_OK);
	ck_assert_uint_eq(q.filter[DIM_CHANNEL].n, QUERY_VALUES_MAX);
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("from", "0"), EMP_OK);
	ck_assert_int_eq(set("to", "1767225600"), EMP_OK);
	ck_assert_int_eq(set("step", "minute"), EMP_OK);
	ck_assert_int_eq(query_check(&q, &p), EMP_OK);
	ck_assert_int_eq(set("fill", "yes"), EMP_OK);
	ck_assert_int_eq(query_check(&q, &p), EMP_INVALID);
	ck_assert_str_eq(p.pointer, "step");
}
END_TEST

START_TEST(columns_are_not_csv)
{
	query_init(&q, ROLLUP_SATISFACTION);
	ck_assert_int_eq(set("shape", "columns"), EMP_OK);
	ck_assert_int_eq(set("format", "csv"), EMP_OK);
	ck_assert_int_eq(query_check(&q, &p), EMP_INVALID);
	ck_assert_str_eq(p.pointer, "shape");
}
END_TEST

START_TEST(names_of_rollups_fields_and_steps)
{
	for (int r = 0; r < ROLLUP_COUNT; r++)
		ck_assert_int_eq(rollup_find(str_from(rollup_name((enum rollup)r))), r);
	for (int r = 0; r < ASK_COUNT; r++)
		ck_assert_ptr_nonnull(rollup_name((enum rollup)r));
	ck_assert_ptr_null(rollup_name(ASK_COUNT));
	ck_assert_int_eq(rollup_find(STR("people")), ROLLUP_COUNT);
	/* A list is no rollup. */
	ck_assert_int_eq(rollup_find(STR("boundaries")), ROLLUP_COUNT);
	ck_assert_int_eq(rollup_find(STR("recognition")), ROLLUP_RECOGNITION);
	ck_assert_str_eq(field_name(FIELD_KIND), "kind");
	ck_assert_str_eq(field_name((enum field)DIM_LANG), "lang");
	ck_assert_str_eq(step_name(STEP_ALL), "all");
	/* Every field can be filtered by a parameter of its name. */
	for (int f = 0; f < FIELD_COUNT; f++) {
		bool found = false;
		bool taken;

		for (size_t i = 0; query_parameter(i, ROLLUP_SATISFACTION, &taken); i++)
			found |= strcmp(query_parameter(i, ROLLUP_SATISFACTION, &taken),
					field_name((enum field)f)) == 0;
		ck_assert_msg(found, "no filter %s", field_name((enum field)f));
	}
}
END_TEST

Suite *
model_query_suite(void)
{
	Suite *s = suite_create("model_query");
	TCase *tc = tcase_create("parameters");

	tcase_add_test(tc, nothing_asked_is_all_time_in_one_bucket);
	tcase_add_test(tc, a_window_takes_times_of_all_forms);
	tcase_add_test(tc, a_date_is_the_start_of_a_day_in_the_zone);
	tcase_add_test(tc, an_empty_window_is_refused);
	tcase_add_test(tc, groups_and_filters_are_taken);
	tcase_add_test(tc, bad_values_name_their_parameter);
	tcase_add_test(tc, a_parameter_belongs_to_its_rollups);
	tcase_add_test(tc, decisions_have_roles_and_classes);
	tcase_add_test(tc, lists_come_in_pages);
	tcase_add_test(tc, one_thing_has_no_window);
	tcase_add_test(tc, people_are_never_a_dimension);
	tcase_add_test(tc, unknown_and_repeated_parameters_are_refused);
	tcase_add_test(tc, limits_hold);
	tcase_add_test(tc, columns_are_not_csv);
	tcase_add_test(tc, names_of_rollups_fields_and_steps);
	suite_add_tcase(s, tc);
	return s;
}
