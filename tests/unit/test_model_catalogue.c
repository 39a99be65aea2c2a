/*
 * model/catalogue: what the tables say, and what is no name.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>

#include "model/catalogue.h"
#include "unit.h"

START_TEST(every_type_is_found_by_its_name)
{
	for (int t = EVENT_NONE + 1; t < EVENT_TYPE_COUNT; t++) {
		const char *name = event_type_name((enum event_type)t);

		ck_assert_ptr_nonnull(name);
		ck_assert_int_eq(event_type_find(str_from(name)), t);
	}
	ck_assert_int_eq(event_type_find(STR("survey.answere")), EVENT_NONE);
	ck_assert_int_eq(event_type_find(STR("survey.answerex")), EVENT_NONE);
	ck_assert_int_eq(event_type_find(STR("")), EVENT_NONE);
	ck_assert_int_eq(event_type_find(STR_NONE), EVENT_NONE);
}
END_TEST

START_TEST(types_have_a_class_and_a_scope)
{
	ck_assert_int_eq(event_type_class(EVENT_TRAINING_COMPLETED), CLASS_PERSONNEL);
	ck_assert_int_eq(event_type_scope(EVENT_HEADCOUNT_SET), SCOPE_ROSTER);
	ck_assert_int_eq(event_type_scope(EVENT_SIGNAL_RECORDED), SCOPE_BY_SIGNAL);
}
END_TEST

START_TEST(dimensions_signals_and_kinds_are_found)
{
	enum dim d;

	for (int i = 0; i < DIM_COUNT; i++) {
		ck_assert(dim_find(str_from(dim_name((enum dim)i)), &d));
		ck_assert_int_eq(d, i);
	}
	ck_assert(!dim_find(STR("person"), &d));
	ck_assert(!dim_find(STR(""), &d));
	for (int i = SIGNAL_NONE + 1; i < SIGNAL_COUNT; i++)
		ck_assert_int_eq(signal_find(str_from(signal_name((enum signal)i))), i);
	ck_assert_int_eq(signal_find(STR("")), SIGNAL_NONE);
	for (int i = RECOGNITION_NONE + 1; i < RECOGNITION_COUNT; i++)
		ck_assert_int_eq(recognition_find(str_from(
					 recognition_name((enum recognition)i))),
				 i);
	ck_assert_int_eq(audience_find(STR("customer")), AUDIENCE_CUSTOMER);
	ck_assert_int_eq(audience_find(STR("employee")), AUDIENCE_EMPLOYEE);
	ck_assert_int_eq(audience_find(STR("")), AUDIENCE_NONE);
}
END_TEST

START_TEST(signals_of_employees_are_never_customer_data)
{
	int customers = 0;
	int employees = 0;

	for (int i = SIGNAL_NONE; i < SIGNAL_COUNT; i++) {
		enum signal s = (enum signal)i;

		customers += signal_fits(s, AUDIENCE_CUSTOMER);
		if (!signal_fits(s, AUDIENCE_EMPLOYEE))
			continue;
		employees++;
		ck_assert(class_is_confidential(signal_class(s, AUDIENCE_EMPLOYEE)));
	}
	ck_assert_int_eq(customers, 9);
	ck_assert_int_eq(employees, 6);
	ck_assert_int_eq(signal_class(SIGNAL_LEAVE_INTENT, AUDIENCE_EMPLOYEE),
			 CLASS_SEALED);
	ck_assert_int_eq(signal_class(SIGNAL_ABSENCE, AUDIENCE_EMPLOYEE),
			 CLASS_PERSONNEL);
	ck_assert_int_eq(signal_class(SIGNAL_REFERRAL, AUDIENCE_CUSTOMER),
			 CLASS_CUSTOMER);
}
END_TEST

START_TEST(scopes_go_there_and_back)
{
	char text[SCOPES_TEXT_MAX];
	uint32_t bits;

	for (uint32_t want = 1; want < SCOPE_BY_SIGNAL; want++) {
		scopes_format(text, sizeof text, want);
		ck_assert(scopes_parse(str_from(text), &bits));
		ck_assert_uint_eq(bits, want);
	}
	ck_assert(!scopes_parse(STR(""), &bits));
	ck_assert(!scopes_parse(STR("ingest,"), &bits));
	ck_assert(!scopes_parse(STR("ingest, read"), &bits));
	ck_assert(!scopes_parse(STR("root"), &bits));
	ck_assert(scopes_allow(SCOPE_ADMIN, SCOPE_INGEST));
	ck_assert(!scopes_allow(SCOPE_ADMIN, SCOPE_CONCERN));
	ck_assert(!scopes_allow(SCOPE_READ, SCOPE_INGEST));
	ck_assert(scopes_allow(SCOPE_READ | SCOPE_INGEST, SCOPE_INGEST));
}
END_TEST

START_TEST(names_are_of_few_bytes)
{
	char text[2] = "";
	char part[NAME_MAX_BYTES + 2];

	for (int c = 0; c < 256; c++) {
		bool want = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '.' || c == '-';

		text[0] = (char)c;
		ck_assert_int_eq(name_valid((struct str){text, 1}), want);
		ck_assert_int_eq(unit_valid((struct str){text, 1}), want);
	}
	memset(part, 'a', sizeof part);
	ck_assert(name_valid((struct str){part, NAME_MAX_BYTES}));
	ck_assert(!name_valid((struct str){part, NAME_MAX_BYTES + 1}));
	ck_assert(unit_valid((struct str){part, NAME_MAX_BYTES}));
	ck_assert(!unit_valid((struct str){part, NAME_MAX_BYTES + 1}));
	ck_assert(!name_valid(STR("")));
}
END_TEST

START_TEST(units_are_paths_without_empty_parts)
{
	static const char *const bad[] = {"", "/", "/a", "a/", "a//b", "a/B", "a b"};
	char path[UNIT_MAX_BYTES + 2];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!unit_valid(str_from(bad[i])), "\"%s\" passed", bad[i]);
	ck_assert(unit_valid(STR("retail/north/store-12")));
	ck_assert(!name_valid(STR("retail/north")));
	for (size_t i = 0; i < sizeof path; i++)
		path[i] = i % 2 == 0 ? 'a' : '/';
	ck_assert(unit_valid((struct str){path, UNIT_MAX_BYTES}));
	path[UNIT_MAX_BYTES] = 'a';
	path[UNIT_MAX_BYTES - 1] = 'b';
	ck_assert(!unit_valid((struct str){path, UNIT_MAX_BYTES + 1}));
}
END_TEST

/* Each name is found again, what is no name is not, and neither is a prefix. */
#define ROUND_TRIP(type, first, count)                                                 \
	do {                                                                           \
		for (int i = (first); i < (count); i++) {                              \
			struct str name = str_from(type##_name((enum type)i));         \
                                                                                       \
			ck_assert_uint_gt(name.n, 0);                                  \
			ck_assert_int_eq(type##_find(name), i);                        \
			name.n--;                                                      \
			ck_assert_int_eq(type##_find(name), 0);                        \
		}                                                                      \
		ck_assert_ptr_null(type##_name((enum type)(count)));                   \
		ck_assert_int_eq(type##_find(STR("")), 0);                             \
		ck_assert_int_eq(type##_find(STR("none")), 0);                         \
	} while (0)

START_TEST(words_of_suggestions_and_decisions_are_found)
{
	enum driver d;

	ROUND_TRIP(suggestion_kind, SUGGESTION_OPINION, SUGGESTION_KIND_COUNT);
	ROUND_TRIP(suggestion_status, STATUS_ACCEPTED, STATUS_COUNT);
	ROUND_TRIP(decision_answer, ANSWER_YES, ANSWER_COUNT);
	ROUND_TRIP(verdict, VERDICT_REINFORCE, VERDICT_COUNT);
	ROUND_TRIP(driver_view, VIEW_YES, VIEW_COUNT);
	ROUND_TRIP(boundary_mode, MODE_ACT, MODE_PROPOSE + 1);
	ROUND_TRIP(contact_mode, CONTACT_FACE_TO_FACE, CONTACT_MODE_COUNT);
	for (int i = 0; i < DRIVER_COUNT; i++) {
		const char *question = driver_question((enum driver)i);

		ck_assert(driver_find(str_from(driver_name((enum driver)i)), &d));
		ck_assert_int_eq(d, i);
		ck_assert_int_eq(question[strlen(question) - 1], '?');
	}
	ck_assert(!driver_find(STR(""), &d) && !driver_find(STR("spending"), &d));
	ck_assert_ptr_null(driver_name(DRIVER_COUNT));
	ck_assert_ptr_null(driver_question(DRIVER_COUNT));
	ck_assert_str_eq(within_name(WITHIN_INSIDE), "inside");
	ck_assert_str_eq(within_name(WITHIN_OVER), "over");
	ck_assert_str_eq(within_name(WITHIN_NONE), "none");
	ck_assert_ptr_null(within_name(WITHIN_UNKNOWN));
}
END_TEST

/* A receipt is no token's to give: who asks has forgotten to settle the scope. */
START_TEST(to_ask_a_token_for_a_receipt_aborts)
{
	ck_assert(scopes_allow(SCOPE_ADMIN, SCOPE_RECEIPT));
}
END_TEST

Suite *
model_catalogue_suite(void)
{
	Suite *s = suite_create("model_catalogue");
	TCase *tc = tcase_create("tables");

	tcase_add_test(tc, every_type_is_found_by_its_name);
	tcase_add_test(tc, types_have_a_class_and_a_scope);
	tcase_add_test(tc, dimensions_signals_and_kinds_are_found);
	tcase_add_test(tc, signals_of_employees_are_never_customer_data);
	tcase_add_test(tc, scopes_go_there_and_back);
	tcase_add_test(tc, names_are_of_few_bytes);
	tcase_add_test(tc, units_are_paths_without_empty_parts);
	tcase_add_test(tc, words_of_suggestions_and_decisions_are_found);
	tcase_add_test_raise_signal(tc, to_ask_a_token_for_a_receipt_aborts, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
