/*
 * ctl/csv: tables are read as spreadsheets write them, and come out as they were.
 */
#include <check.h>

#include "ctl/csv.h"
#include "unit.h"

static struct ctl_csv t;
static struct problem p;

static enum emp_rc
read_table(const char *text)
{
	p = (struct problem){0};
	return ctl_csv_read(&t, str_from(text), &p);
}

#define ck_cell(row, column, want)                                                     \
	ck_assert_msg(str_is(ctl_csv_cell(&t, row, column), want), "%.*s is not %s",   \
		      STR_FMT(ctl_csv_cell(&t, row, column)), want)

START_TEST(fields_may_hold_anything_in_quotes)
{
	ck_assert_int_eq(read_table("\xef\xbb\xbfname, Unit ,note\r\n"
				    "\"Doe, J\",a/b,\"say \"\"hi\"\"\r\nthere\"\r\n"
				    "\r\n"
				    "x,,5\" wide"),
			 EMP_OK);
	ck_assert_uint_eq(t.n_columns, 3);
	ck_assert_uint_eq(t.n_rows, 2);
	ck_assert_int_eq(ctl_csv_column(&t, STR("unit")), 1);
	ck_assert_int_eq(ctl_csv_column(&t, STR("units")), -1);
	ck_assert(str_is(ctl_csv_name(&t, 1), "Unit"));
	ck_cell(0, 0, "Doe, J");
	ck_cell(0, 1, "a/b");
	ck_cell(0, 2, "say \"hi\"\r\nthere");
	ck_cell(1, 0, "x");
	ck_cell(1, 1, "");
	ck_cell(1, 2, "5\" wide");
	ctl_csv_fini(&t);
}
END_TEST

START_TEST(the_header_shows_what_separates)
{
	ck_assert_int_eq(read_table("\"a,b\";unit\n1,5;x\n"), EMP_OK);
	ck_assert_int_eq(t.separator, ';');
	ck_cell(0, 0, "1,5");
	ctl_csv_fini(&t);
	ck_assert_int_eq(read_table("a\tunit\n1;2,3\tx"), EMP_OK);
	ck_cell(0, 0, "1;2,3");
	ctl_csv_fini(&t);
	ck_assert_int_eq(read_table("unit\na\nb\n"), EMP_OK);
	ck_assert_int_eq(t.separator, ',');
	ck_assert_uint_eq(t.n_rows, 2);
	ctl_csv_fini(&t);
}
END_TEST

START_TEST(what_is_no_table_is_refused_with_its_line)
{
	static const char *const bad[][2] = {
		{"", "no header"},
		{"\n\r\n", "no header"},
		{"a,b\n1,2\n\n1\n", "line 4 has 1 fields"},
		{"a,b\n1,2,3\n", "line 2 has 3 fields"},
		{"a,b\n\"x\ny\",1\n\"1,2\n", "line 4: a quote"},
		{"a,b\n\"1\"2,3\n", "line 2: something"},
		{"a,b\n\xff,1\n", "not UTF-8"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(read_table(bad[i][0]), EMP_INVALID);
		ck_assert_msg(strstr(p.detail, bad[i][1]) != NULL, "%s", p.detail);
		ctl_csv_fini(&t);
	}
}
END_TEST

START_TEST(what_is_written_is_what_was_read)
{
	static const char *const fields[] = {"",     "plain", "a,b",  "a;b",  "\"",
					     "x\ny", "x\r",   "=1+1", "+48 1"};
	struct buf b;

	buf_init(&b, 0);
	buf_add_z(&b, "a,b\n");
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		ctl_csv_add(&b, str_from(fields[i]), ',');
		buf_add_z(&b, ",.\r\n");
	}
	ck_assert_int_eq(ctl_csv_read(&t, buf_str(&b), &p), EMP_OK);
	for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++)
		ck_cell(i, 0, fields[i]);
	ctl_csv_fini(&t);
	buf_clear(&b);
	ctl_csv_add(&b, STR("a;b"), ',');
	ctl_csv_add(&b, STR("a;b"), ';');
	ck_assert(str_is(buf_str(&b), "a;b\"a;b\""));
	buf_fini(&b);
}
END_TEST

Suite *
ctl_csv_suite(void)
{
	Suite *s = suite_create("ctl_csv");
	TCase *tc = tcase_create("tables");

	tcase_add_test(tc, fields_may_hold_anything_in_quotes);
	tcase_add_test(tc, the_header_shows_what_separates);
	tcase_add_test(tc, what_is_no_table_is_refused_with_its_line);
	tcase_add_test(tc, what_is_written_is_what_was_read);
	suite_add_tcase(s, tc);
	return s;
}
