/* ctl/report: rows become lines with bars as long as their share, nothing that people
 * wrote becomes HTML, and what is protected is counted, not shown. */
#include "ctl/cells.h"
#include "ctl/report.h"

#include <check.h>
#include <math.h>

#include "unit.h"

static const struct report_table across = {
	.member = "rows", .keys = {"unit", "kind"}, .figures = {"n", "told", "mean"}};
static const struct report_table down = {
	.member = "rows", .form = REPORT_DOWN, .figures = {"n", "told", "mean"}};
static const struct report_table monthly = {
	.member = "rows", .keys = {"unit"}, .figures = {"n", "mean"}, .monthly = true};
static const struct report_table pairs = {.member = "o", .form = REPORT_PAIRS};
static const struct ctl_term plain = {.width = 80};
static const struct report_section section = {.title = "S <&>", .note = "N"};

static void
grid_of(struct report_grid *g, const struct report_table *t, const char *json,
	bool exact)
{
	struct json_node *root = NULL;

	ck_assert_int_eq(json_node_read(&root, str_from(json), NULL), EMP_OK);
	ck_assert_int_eq(report_grid_make(g, t, root, STR("m"), exact), EMP_OK);
	json_node_free(&root);
}

static void
writes(const struct report_writer *w, const struct report_table *t, const char *json,
       const char *expected)
{
	struct report_grid g;
	struct buf out;

	buf_init(&out, 0);
	grid_of(&g, t, json, w->exact);
	w->grid(&out, &plain, &section, "T", &g);
	buf_add_c(&out, '\0');
	ck_assert_str_eq(out.p, expected);
	buf_fini(&out);
	report_grid_fini(&g);
}

#define ROWS                                                                           \
	"{\"rows\":[{\"unit\":\"a_b\",\"kind\":null,\"n\":2,\"told\":50,"              \
	"\"mean\":null},{\"unit\":\"<i>\",\"n\":4,\"told\":33.3333},"                  \
	"{\"unit\":\"c\",\"n\":null,\"suppressed\":\"protected\"}]}"

/* What was released in other months is not of this one; what was never released is
 * protected in every one. */
START_TEST(only_the_month)
{
	writes(&report_text, &monthly,
	       "{\"rows\":[{\"unit\":\"a\",\"time\":\"l\",\"n\":7,\"mean\":3},"
	       "{\"unit\":\"b\",\"time\":\"m\",\"n\":5},"
	       "{\"unit\":\"c\",\"time\":\"l\",\"n\":null,"
	       "\"suppressed\":\"protected\"},"
	       "{\"unit\":\"d\",\"n\":null,\"suppressed\":\"protected\"}]}",
	       "\nT\n"
	       "unit  n\n"
	       "b     5\n"
	       "1 more: protected, too few people or nothing to show.\n");
}
END_TEST

START_TEST(a_line_per_row)
{
	writes(&report_text, &across, ROWS,
	       "\nT\n"
	       "unit  n   told\n"
	       "a_b   2  50.00  ############\n"
	       "<i>   4  33.33  ########\n"
	       "1 more: protected, too few people or nothing to show.\n");
}
END_TEST

START_TEST(a_line_per_figure)
{
	writes(&report_text, &down, "{\"rows\":[{\"n\":7,\"told\":100,\"mean\":null}]}",
	       "\nT\n"
	       "figure  value\n"
	       "n           7\n"
	       "told      100  ########################\n");
}
END_TEST

START_TEST(now_beside_before)
{
	writes(&report_text, &pairs,
	       "{\"o\":{\"n\":3,\"told\":null,\"x\":null,\"previous_n\":4,"
	       "\"previous_told\":8.5,\"previous_x\":null}}",
	       "\nT\n"
	       "figure  now  before\n"
	       "n         3       4\n"
	       "told      -    8.50\n");
}
END_TEST

START_TEST(nothing_is_not_the_same_as_protected)
{
	writes(&report_text, &across, "{\"rows\":[]}", "\nT\nNothing.\n");
	writes(&report_text, &across, "{}", "\nT\nNothing.\n");
	writes(&report_text, &across,
	       "{\"rows\":[{\"n\":null,\"suppressed\":\"protected\"}]}",
	       "\nT\nProtected: too few people, or nothing to show.\n");
	writes(&report_html, &across, "{\"rows\":[]}", "<p>T: nothing.</p>\n");
}
END_TEST

START_TEST(html_is_escaped_and_has_scopes)
{
	writes(&report_html, &across, ROWS,
	       "<div class=\"wide\"><table>\n<caption>T</caption>\n"
	       "<thead><tr><th scope=\"col\">unit</th><th scope=\"col\">n</th>"
	       "<th scope=\"col\">told</th><td></td></tr></thead>\n<tbody>\n"
	       "<tr><th scope=\"row\">a_b</th><td>2</td><td>50.00</td>"
	       "<td class=\"bar\" aria-hidden=\"true\">"
	       "<span style=\"width:50.0%\"></span></td></tr>\n"
	       "<tr><th scope=\"row\">&lt;i&gt;</th><td>4</td><td>33.33</td>"
	       "<td class=\"bar\" aria-hidden=\"true\">"
	       "<span style=\"width:33.3%\"></span></td></tr>\n"
	       "</tbody>\n</table></div>\n"
	       "<p>1 more: protected, too few people or nothing to show.</p>\n");
}
END_TEST

START_TEST(csv_has_every_decimal_and_no_formula)
{
	writes(&report_csv, &across,
	       "{\"rows\":[{\"unit\":\"=a\",\"n\":4,\"told\":33.3333},"
	       "{\"unit\":\"b\",\"n\":1,\"told\":null}]}",
	       "S <&>,T,'=a,n,4\r\nS <&>,T,'=a,told,33.3333\r\nS <&>,T,b,n,1\r\n");
	writes(&report_csv, &down, "{\"rows\":[{\"n\":2,\"mean\":-1.5}]}",
	       "S <&>,T,,n,2\r\nS <&>,T,,mean,-1.5\r\n");
}
END_TEST

START_TEST(text_stays_text_in_html)
{
	struct buf out;

	buf_init(&out, 0);
	report_html_escape(&out, STR("a<b>&\"c'\n\x01\xc5\x82"));
	ck_assert(str_is(buf_str(&out), "a&lt;b&gt;&amp;&quot;c&#39;  \xc5\x82"));
	buf_fini(&out);
}
END_TEST

START_TEST(bars_stay_within_their_cell)
{
	struct report_grid g;

	grid_of(&g, &across,
		"{\"rows\":[{\"unit\":\"a\",\"told\":-20},{\"unit\":\"b\"}]}", false);
	ck_assert_uint_eq(g.n_rows, 2);
	ck_assert(g.part[0] < 0);
	ck_assert(isnan(g.part[1]));
	report_grid_fini(&g);
	writes(&report_html, &down, "{\"rows\":[{\"told\":120}]}",
	       "<div class=\"wide\"><table>\n<caption>T</caption>\n"
	       "<thead><tr><th scope=\"col\">figure</th><th scope=\"col\">value</th>"
	       "<td></td></tr></thead>\n<tbody>\n"
	       "<tr><th scope=\"row\">told</th><td>120</td>"
	       "<td class=\"bar\" aria-hidden=\"true\">"
	       "<span style=\"width:100.0%\"></span></td></tr>\n"
	       "</tbody>\n</table></div>\n");
}
END_TEST

static void
clipped(const char *text, size_t columns, const char *expected)
{
	struct buf out;

	buf_init(&out, 0);
	ctl_cell_clip(&out, str_from(text), columns);
	ck_assert(str_is(buf_str(&out), expected));
	buf_fini(&out);
}

START_TEST(long_texts_are_cut_between_characters)
{
	clipped("short", 5, "short");
	clipped("longer", 5, "lo...");
	clipped("\xc5\x82\xc5\x82\xc5\x82\xc5\x82\xc5\x82", 5,
		"\xc5\x82\xc5\x82\xc5\x82\xc5\x82\xc5\x82");
	clipped("\xc5\x82\xc5\x82\xc5\x82\xc5\x82\xc5\x82\xc5\x82", 5,
		"\xc5\x82\xc5\x82...");
}
END_TEST

Suite *
ctl_report_suite(void)
{
	Suite *s = suite_create("ctl_report");
	TCase *tc = tcase_create("report");

	tcase_add_test(tc, only_the_month);
	tcase_add_test(tc, a_line_per_row);
	tcase_add_test(tc, a_line_per_figure);
	tcase_add_test(tc, now_beside_before);
	tcase_add_test(tc, nothing_is_not_the_same_as_protected);
	tcase_add_test(tc, html_is_escaped_and_has_scopes);
	tcase_add_test(tc, csv_has_every_decimal_and_no_formula);
	tcase_add_test(tc, text_stays_text_in_html);
	tcase_add_test(tc, bars_stay_within_their_cell);
	tcase_add_test(tc, long_texts_are_cut_between_characters);
	suite_add_tcase(s, tc);
	return s;
}
