/* ctl/term: tables are aligned, bars are exact, in UTF-8 and without; ctl/demo: a day
 * depends on its date alone. */
#include "base/clock.h"
#include "ctl/demo.h"
#include "ctl/term.h"
#include "codec/json_tools.h"

#include <check.h>
#include <math.h>

#include "unit.h"

static const struct ctl_term plain = {.width = 80};
static const struct ctl_term utf8 = {.width = 80, .utf8 = true};

START_TEST(columns_are_aligned_by_what_they_hold)
{
	static const char *const cells[] = {"unit", "n",  "title", "north", "7",
					    "Łódź", "so", "1,234", "x"};
	struct ctl_table t;
	struct buf out;

	ctl_table_init(&t, 3);
	buf_init(&out, 0);
	for (size_t i = 0; i < 9; i++)
		ctl_table_add_z(&t, cells[i]);
	ck_assert_int_eq(ctl_table_write(&t, &plain, &out), EMP_OK);
	buf_add_c(&out, '\0');
	ck_assert_str_eq(out.p,
			 "unit       n  title\n"
			 "north      7  Łódź\n"
			 "so     1,234  x\n");
	buf_fini(&out);
	ctl_table_fini(&t);
}
END_TEST

START_TEST(a_cell_cannot_move_the_cursor)
{
	struct ctl_table t;
	struct buf out;

	ctl_table_init(&t, 1);
	buf_init(&out, 0);
	ctl_table_add_z(&t, "a\033[2Jb\n");
	ck_assert_int_eq(ctl_table_write(&t, &plain, &out), EMP_OK);
	ck_assert(str_is(buf_str(&out), "a [2Jb\n"));
	buf_fini(&out);
	ctl_table_fini(&t);
}
END_TEST

static void
bar_is(const struct ctl_term *t, double part, const char *expected)
{
	struct buf out;

	buf_init(&out, 0);
	ctl_bar(&out, t, part, 4);
	ck_assert(str_is(buf_str(&out), expected));
	buf_fini(&out);
}

START_TEST(bars_have_the_length_of_their_value)
{
	bar_is(&plain, 0, "");
	bar_is(&plain, 0.5, "##");
	bar_is(&plain, 1, "####");
	bar_is(&plain, 7, "####");
	bar_is(&plain, -1, "");
	bar_is(&plain, NAN, "");
	bar_is(&utf8, 0.5, "██");
	bar_is(&utf8, 0.53125, "██▏");
	bar_is(&utf8, 0.71875, "██▉");
}
END_TEST

START_TEST(thousands_are_set_apart)
{
	struct buf out;

	buf_init(&out, 0);
	ctl_count(&out, 7);
	buf_add_c(&out, ' ');
	ctl_count(&out, 25976);
	buf_add_c(&out, ' ');
	ctl_count(&out, 1000005);
	ck_assert(str_is(buf_str(&out), "7 25,976 1,000,005"));
	buf_fini(&out);
}
END_TEST

struct seen {
	struct buf all;
	uint32_t events, answers;
};

static bool
see(void *ctx, struct str event)
{
	struct seen *s = ctx;
	struct json_node *root = NULL;
	const struct json_node *data;
	int64_t ms;

	ck_assert_int_eq(json_node_read(&root, event, NULL), EMP_OK);
	data = json_node_get(root, "data");
	ck_assert(str_is(json_node_str(json_node_get(root, "source")), DEMO_SOURCE));
	ck_assert(time_parse(json_node_str(json_node_get(root, "time")), &ms));
	ck_assert_int_ge(ms / MS_PER_S % S_PER_DAY, 6 * S_PER_HOUR);
	ck_assert_int_lt(ms / MS_PER_S % S_PER_DAY, 20 * S_PER_HOUR);
	s->events++;
	s->answers += str_is(json_node_str(json_node_get(root, "type")),
			     "survey.answered") &&
		str_is(json_node_str(json_node_get(data, "survey")), DEMO_SURVEY);
	json_node_free(&root);
	buf_add_str(&s->all, event);
	return true;
}

START_TEST(a_day_depends_on_its_date_alone)
{
	struct seen a = {.events = 0};
	struct seen b = {.events = 0};

	buf_init(&a.all, 0);
	buf_init(&b.all, 0);
	for (int64_t day = 20400; day < 20430; day++)
		ck_assert(demo_day(day, 20300, see, &a));
	for (int64_t day = 20429; day >= 20400; day--) {
		uint32_t before = b.answers;

		buf_clear(&b.all);
		ck_assert(demo_day(day, 20300, see, &b));
		ck_assert_uint_eq(b.answers - before, demo_answers(day));
	}
	ck_assert_uint_eq(a.events, b.events);
	/* The last day seen backwards is the first one seen forwards. */
	ck_assert_mem_eq(a.all.p, b.all.p, b.all.n);
	buf_fini(&a.all);
	buf_fini(&b.all);
}
END_TEST

START_TEST(documents_are_json)
{
	for (const struct demo_document *d = demo_documents; d->path != NULL; d++) {
		struct json_node *root = NULL;

		ck_assert_int_eq(json_node_read(&root, str_from(d->json), NULL),
				 EMP_OK);
		json_node_free(&root);
	}
}
END_TEST

Suite *
ctl_term_suite(void)
{
	Suite *s = suite_create("ctl_term");
	TCase *tc = tcase_create("term");

	tcase_add_test(tc, columns_are_aligned_by_what_they_hold);
	tcase_add_test(tc, a_cell_cannot_move_the_cursor);
	tcase_add_test(tc, bars_have_the_length_of_their_value);
	tcase_add_test(tc, thousands_are_set_apart);
	tcase_add_test(tc, a_day_depends_on_its_date_alone);
	tcase_add_test(tc, documents_are_json);
	suite_add_tcase(s, tc);
	return s;
}
