/*
 * privacy: one publication in every encoding, to the byte.
 */
#include <check.h>

#include "privacy/pub.h"
#include "unit.h"

static const struct pub_column columns[] = {
	{"audience", pub_get_audience, 0},
	{"kind", pub_get_key, 0},
	{"unit", pub_get_dim, DIM_UNIT},
	{"time", pub_get_time, 0},
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"people", pub_get_count, 1},
	{"share", pub_get_figure, 0},
};

static const struct pub_group shop = {.audience = AUDIENCE_CUSTOMER,
				      .text[DIM_UNIT] = {"a/\"b\",c", 7}};
static const struct pub_group none = {.audience = AUDIENCE_EMPLOYEE};

static void
publication(struct rollup_pub *p)
{
	struct pub_row *r;

	pub_init(p);
	p->from = STR("2026-01-01T00:00:00Z");
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(p, &columns[i]);
	r = pub_row_add(p, &p->rows);
	ck_assert_ptr_nonnull(r);
	r->group = &shop;
	r->key[0] = STR("praise");
	r->time = STR("2026-01-01T00:00:00Z");
	r->n = 3;
	r->figure[0] = 100.0 / 3;
	r->figure[1] = 2;
	r = pub_row_add(p, &p->rows);
	ck_assert_ptr_nonnull(r);
	r->group = &none;
	r->key[0] = STR("reward");
	r->n = 77; /* must not show */
	r->figure[0] = 77;
	r->figure[1] = 77;
	r->suppressed = true;
	p->incomplete = true;
	pub_missing(p, "base.set");
	pub_missing(p, "base.set");
}

static void
check(enum format f, enum shape shape, const char *want)
{
	struct rollup_pub p;
	struct buf out;

	publication(&p);
	buf_init(&out, 0);
	pub_encode(&p, f, shape, &out);
	ck_assert(buf_ok(&out));
	buf_add_c(&out, '\0');
	ck_assert_str_eq(out.p, want);
	buf_fini(&out);
	pub_fini(&p);
}

START_TEST(rows)
{
	check(FORMAT_JSON, SHAPE_ROWS,
	      "{\"from\":\"2026-01-01T00:00:00Z\",\"to\":null,\"as_of\":null,"
	      "\"step\":\"all\",\"incomplete\":true,\"rows\":["
	      "{\"audience\":\"customer\",\"kind\":\"praise\","
	      "\"unit\":\"a/\\\"b\\\",c\",\"time\":\"2026-01-01T00:00:00Z\",\"n\":3,"
	      "\"people\":2,\"share\":33.3333},"
	      "{\"audience\":\"employee\",\"kind\":\"reward\",\"n\":null,"
	      "\"suppressed\":\"protected\"}],\"missing\":[\"base.set\"]}\n");
}
END_TEST

START_TEST(columns_of_json)
{
	check(FORMAT_JSON, SHAPE_COLUMNS,
	      "{\"from\":\"2026-01-01T00:00:00Z\",\"to\":null,\"as_of\":null,"
	      "\"step\":\"all\",\"incomplete\":true,\"columns\":{"
	      "\"audience\":[\"customer\",\"employee\"],"
	      "\"kind\":[\"praise\",\"reward\"],\"unit\":[\"a/\\\"b\\\",c\",null],"
	      "\"time\":[\"2026-01-01T00:00:00Z\",null],\"n\":[3,null],"
	      "\"suppressed\":[null,\"protected\"],\"people\":[2,null],"
	      "\"share\":[33.3333,null]},\"missing\":[\"base.set\"]}\n");
}
END_TEST

START_TEST(csv)
{
	check(FORMAT_CSV, SHAPE_ROWS,
	      "audience,kind,unit,time,n,suppressed,people,share\r\n"
	      "customer,praise,\"a/\"\"b\"\",c\",2026-01-01T00:00:00Z,3,,2,33.3333\r\n"
	      "employee,reward,,,,protected,,\r\n");
}
END_TEST

START_TEST(times_are_those_of_the_zone)
{
	struct rollup_pub p;
	struct tz *utc;
	struct tz *warsaw;
	struct tz *newfoundland;

	pub_init(&p);
	ck_assert_int_eq(tz_open(&utc, "UTC"), EMP_OK);
	ck_assert_int_eq(tz_open(&warsaw, "Europe/Warsaw"), EMP_OK);
	ck_assert_int_eq(tz_open(&newfoundland, "America/St_Johns"), EMP_OK);
	ck_assert(str_is(pub_time(&p, utc, 1767225600000), "2026-01-01T00:00:00Z"));
	ck_assert(str_is(pub_time(&p, warsaw, 1767222000000),
			 "2026-01-01T00:00:00+01:00"));
	ck_assert(str_is(pub_time(&p, warsaw, 1782856800125),
			 "2026-07-01T00:00:00.125+02:00"));
	ck_assert(str_is(pub_time(&p, newfoundland, 1767238200000),
			 "2026-01-01T00:00:00-03:30"));
	tz_free(&utc);
	tz_free(&warsaw);
	tz_free(&newfoundland);
	pub_fini(&p);
}
END_TEST

static const struct pub_column list_columns[] = {
	{"id", pub_get_text, 0},
	{"title", pub_get_text, 1},
	{"reason", pub_get_text_if, 2},
	{"overdue", pub_get_flag, 3},
};

static void
check_list(enum pub_form form, enum format f, uint32_t n, const char *want)
{
	struct rollup_pub p;
	struct buf out;

	pub_init(&p);
	p.form = form;
	p.rows.n_texts = 3;
	for (size_t i = 0; i < sizeof list_columns / sizeof *list_columns; i++)
		pub_column_add(&p, &list_columns[i]);
	for (uint32_t i = 0; i < n; i++) {
		struct pub_row *r = pub_row_add(&p, &p.rows);

		ck_assert_ptr_nonnull(r);
		r->text[0] = i == 0 ? STR("o-1") : STR("o-2");
		r->text[i + 1] = STR("=1+1");
		r->flags = i == 0 ? 1u << 3 : ~(1u << 3);
	}
	if (n > 1)
		p.next = STR("17");
	buf_init(&out, 0);
	pub_encode(&p, f, SHAPE_ROWS, &out);
	buf_add_c(&out, '\0');
	ck_assert(buf_ok(&out));
	ck_assert_str_eq(out.p, want);
	buf_fini(&out);
	pub_fini(&p);
}

START_TEST(lists)
{
	check_list(PUB_LIST, FORMAT_JSON, 2,
		   "{\"rows\":[{\"id\":\"o-1\",\"title\":\"=1+1\",\"overdue\":true},"
		   "{\"id\":\"o-2\",\"title\":null,\"reason\":\"=1+1\","
		   "\"overdue\":false}],\"next\":\"17\"}\n");
	check_list(PUB_LIST, FORMAT_JSON, 0, "{\"rows\":[],\"next\":null}\n");
	check_list(PUB_LIST, FORMAT_CSV, 2,
		   "id,title,reason,overdue\r\no-1,'=1+1,,true\r\n"
		   "o-2,,'=1+1,false\r\n");
	check_list(PUB_ONE, FORMAT_JSON, 1,
		   "{\"id\":\"o-1\",\"title\":\"=1+1\",\"overdue\":true}\n");
}
END_TEST

Suite *
privacy_pub_suite(void)
{
	Suite *s = suite_create("privacy_pub");
	TCase *tc = tcase_create("pub");

	tcase_add_test(tc, rows);
	tcase_add_test(tc, columns_of_json);
	tcase_add_test(tc, csv);
	tcase_add_test(tc, times_are_those_of_the_zone);
	tcase_add_test(tc, lists);
	suite_add_tcase(s, tc);
	return s;
}
