/*
 * api/route: the table finds the row, HEAD and OPTIONS follow from it.
 */
#include <check.h>
#include <stdlib.h>

#include "api/route.h"
#include "unit.h"

/* The table names the handlers; here only which one is chosen matters. */
static const struct route *
found(enum req_method m, const char *path)
{
	const struct route *r = NULL;

	return route_find(m, str_from(path), &r) == ROUTE_FOUND ? r : NULL;
}

static enum route_verdict
verdict(enum req_method m, const char *path)
{
	const struct route *r;

	return route_find(m, str_from(path), &r);
}

START_TEST(every_row_is_found_by_its_own_path)
{
	size_t n;
	const struct route *all = routes_all(&n);

	ck_assert_uint_gt(n, 10);
	for (size_t i = 0; i < n; i++) {
		char *path = str_dup(all[i].path);

		ck_assert_ptr_eq(found(all[i].method, path), &all[i]);
		ck_assert_ptr_nonnull(all[i].about);
		free(path);
	}
}
END_TEST

START_TEST(head_is_get)
{
	ck_assert_ptr_eq(found(REQ_HEAD, "/healthz"), found(REQ_GET, "/healthz"));
	ck_assert_int_eq(verdict(REQ_HEAD, "/v1/events"), ROUTE_NO_METHOD);
}
END_TEST

START_TEST(placeholders)
{
	const struct route *r = found(REQ_GET, "/v1/surveys/flight");

	ck_assert_ptr_nonnull(r);
	ck_assert(str_is(route_rest(STR("/v1/surveys/flight"), "/v1/surveys/"),
			 "flight"));
	ck_assert_int_eq(verdict(REQ_GET, "/v1/surveys/a/b"), ROUTE_NO_PATH);
	ck_assert_int_eq(verdict(REQ_GET, "/v1/surveys/"), ROUTE_NO_PATH);
	r = found(REQ_PUT, "/v1/units/retail/north");
	ck_assert_ptr_nonnull(r);
	ck_assert(str_is(route_rest(STR("/v1/units/retail/north"), "/v1/units/"),
			 "retail/north"));
	ck_assert_int_eq(verdict(REQ_GET, "/v1/units/"), ROUTE_NO_PATH);
}
END_TEST

static bool
part_is(enum req_method m, const char *path, const char *part)
{
	const struct route *r = found(m, path);

	ck_assert_msg(r != NULL, "%s", path);
	return str_is(route_part(r, str_from(path)), part);
}

START_TEST(placeholders_before_a_last_segment)
{
	ck_assert(part_is(REQ_POST, "/v1/suggestions/o-1/triage", "o-1"));
	/* Ids may have slashes, codes do not. */
	ck_assert(part_is(REQ_POST, "/v1/suggestions/shop/1/triage", "shop/1"));
	ck_assert(part_is(REQ_POST, "/v1/suggestions/triage/triage", "triage"));
	ck_assert(part_is(REQ_GET, "/v1/suggestions/shop/1", "shop/1"));
	ck_assert(part_is(REQ_POST, "/v1/receipts/C-1/rate", "C-1"));
	ck_assert_int_eq(verdict(REQ_POST, "/v1/receipts/C/1/rate"), ROUTE_NO_PATH);
	ck_assert_int_eq(verdict(REQ_POST, "/v1/receipts//rate"), ROUTE_NO_PATH);
	ck_assert_int_eq(verdict(REQ_POST, "/v1/receipts/rate"), ROUTE_NO_METHOD);
	ck_assert_int_eq(verdict(REQ_GET, "/v1/suggestions/o-1/triage"),
			 ROUTE_NO_METHOD);
	ck_assert_int_eq(verdict(REQ_POST, "/v1/suggestions/o-1/erase"),
			 ROUTE_NO_METHOD);
	ck_assert(part_is(REQ_GET, "/v1/me/P-1", "P-1"));
	ck_assert_int_eq(verdict(REQ_GET, "/v1/me"), ROUTE_NO_PATH);
}
END_TEST

START_TEST(no_such_path)
{
	ck_assert_int_eq(verdict(REQ_GET, "/v1"), ROUTE_NO_PATH);
	ck_assert_int_eq(verdict(REQ_GET, "/v1/event"), ROUTE_NO_PATH);
	ck_assert_int_eq(verdict(REQ_GET, "/healthz/"), ROUTE_NO_PATH);
	ck_assert_int_eq(verdict(REQ_GET, "/V1/EVENTS"), ROUTE_NO_PATH);
}
END_TEST

START_TEST(allow)
{
	static const struct {
		const char *path, *allow;
	} expected[] = {
		{"/v1/events", "OPTIONS, POST"},
		{"/healthz", "GET, HEAD, OPTIONS"},
		{"/v1/surveys/x", "GET, HEAD, OPTIONS, PUT"},
		{"/v1/tokens", "GET, HEAD, OPTIONS, POST"},
		{"/v1/tokens/1", "DELETE, OPTIONS"},
		{"/v1/boundaries", "GET, HEAD, OPTIONS, PUT"},
		{"/v1/suggestions/o-1/triage", "OPTIONS, POST"},
	};
	char text[ROUTE_ALLOW_MAX];
	const struct route *r;

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		ck_assert_int_eq(
			route_find(REQ_OPTIONS, str_from(expected[i].path), &r),
			ROUTE_NO_METHOD);
		ck_assert_uint_eq(route_allow(text, r), strlen(expected[i].allow));
		ck_assert_str_eq(text, expected[i].allow);
	}
}
END_TEST

Suite *
api_route_suite(void)
{
	Suite *s = suite_create("api_route");
	TCase *t = tcase_create("route");

	tcase_add_test(t, every_row_is_found_by_its_own_path);
	tcase_add_test(t, head_is_get);
	tcase_add_test(t, placeholders);
	tcase_add_test(t, placeholders_before_a_last_segment);
	tcase_add_test(t, no_such_path);
	tcase_add_test(t, allow);
	suite_add_tcase(s, t);
	return s;
}
