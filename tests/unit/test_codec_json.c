/*
 * codec/json: documents are taken whole or refused with the place that is wrong.
 */
#include <check.h>
#include <stdlib.h>

#include "codec/builtin.h"
#include "codec/json.h"
#include "unit.h"

static struct arena arena;
static struct problem p;
static struct survey survey;

static void
set_up(void)
{
	arena_init(&arena, 4096);
	p = (struct problem){0};
}

static void
tear_down(void)
{
	arena_fini(&arena);
}

static enum emp_rc
read_survey(const char *name, const char *text)
{
	p = (struct problem){0};
	return json_survey_read(&survey, str_from(name), str_from(text), &arena, &p);
}

#define FLIGHT                                                                         \
	"{\"name\":\"flight\",\"audience\":\"customer\",\"public\":false,"             \
	"\"title\":{\"en\":\"Your flight\",\"pl\":\"Tw\303\263j lot\"},"               \
	"\"questions\":[{\"name\":\"overall\",\"metric\":\"nps\","                     \
	"\"text\":{\"en\":\"Would you recommend us?\"},\"twin\":\"enps/recommend\"},"  \
	"{\"name\":\"seat\",\"metric\":\"choice\",\"options\":[\"window\","            \
	"{\"name\":\"aisle\",\"text\":{\"en\":\"Aisle\"}}]},"                          \
	"{\"name\":\"score\",\"metric\":\"csat\",\"scale\":[1,10],"                    \
	"\"satisfied\":[9,10]},{\"name\":\"why\",\"metric\":\"text\"}],"               \
	"\"open\":{\"metric\":\"csat\",\"scale\":[1,5]},"                              \
	"\"origins\":[\"https://shop.example\",\"http://localhost:8080\"],"            \
	"\"fields\":{\"touchpoint\":[\"gate\"],\"unit\":[\"a/b\"]}}"

START_TEST(a_survey_is_read_whole)
{
	ck_assert_msg(read_survey("flight", FLIGHT) == EMP_OK, "%s %s", p.pointer,
		      p.detail);
	ck_assert(str_is(survey.name, "flight"));
	ck_assert_int_eq(survey.audience, AUDIENCE_CUSTOMER);
	ck_assert(!survey.is_public);
	ck_assert_uint_eq(survey.n_questions, 4);
	ck_assert_int_eq(survey.questions[0].metric, METRIC_NPS);
	ck_assert_int_eq(survey.questions[0].hi, 10);
	ck_assert(survey.questions[0].declared);
	ck_assert(str_is(survey.questions[0].twin, "enps/recommend"));
	ck_assert_uint_eq(survey.questions[1].n_options, 2);
	ck_assert(str_is(survey.questions[1].options[1], "aisle"));
	ck_assert_uint_eq(survey.questions[2].satisfied, 1u << 9 | 1u << 10);
	ck_assert_int_eq(survey.open_metric, METRIC_CSAT);
	ck_assert_uint_eq(survey.open_satisfied, 1u << 4 | 1u << 5);
}
END_TEST

START_TEST(the_document_is_canonical)
{
	struct str first;

	ck_assert_int_eq(read_survey("x",
				     " {\"questions\" : [], \"open\":{\"metric\":"
				     "\"csat\"},\n\"audience\":\"customer\"}"),
			 EMP_OK);
	ck_assert(str_is(survey.document,
			 "{\"audience\":\"customer\",\"name\":\"x\","
			 "\"open\":{\"metric\":\"csat\"},\"questions\":[]}"));
	ck_assert_int_eq(read_survey("flight", FLIGHT), EMP_OK);
	first = survey.document;
	ck_assert_int_eq(json_survey_read(&survey, STR_NONE, first, &arena, &p),
			 EMP_OK);
	ck_assert(str_eq(survey.document, first));
}
END_TEST

START_TEST(an_employee_survey_has_a_period)
{
	ck_assert_int_eq(read_survey("x",
				     "{\"audience\":\"employee\",\"open\":"
				     "{\"metric\":\"pulse\"}}"),
			 EMP_OK);
	ck_assert_int_eq(survey.period, PERIOD_WAVE);
	ck_assert_int_eq(read_survey("x",
				     "{\"audience\":\"employee\",\"open\":"
				     "{\"metric\":\"pulse\"},"
				     "\"period\":\"month\"}"),
			 EMP_OK);
	ck_assert_int_eq(survey.period, PERIOD_MONTH);
}
END_TEST

#define Q(members) "{\"audience\":\"customer\",\"questions\":[{" members "}]}"
#define TOP(members)                                                                   \
	"{\"audience\":\"customer\",\"open\":{\"metric\":\"csat\"}," members "}"
#define TOP_E(members)                                                                 \
	"{\"audience\":\"employee\",\"open\":{\"metric\":\"csat\"}," members "}"

/* Document, and the place that is wrong in it. */
static const char *const bad_surveys[][2] = {
	{"[]", ""},
	{"{}", "/audience"},
	{"{\"audience\":\"all\"}", "/audience"},
	{"{\"audience\":1}", "/audience"},
	{"{\"audience\":\"customer\"}", "/questions"},
	{"{\"audience\":\"customer\",\"questions\":[]}", "/questions"},
	{TOP("\"name\":\"y\""), "/name"},
	{TOP("\"name\":\"A b\""), "/name"},
	{TOP("\"colour\":1"), "/colour"},
	{TOP("\"a/b~c\":1"), "/a~1b~0c"},
	{TOP("\"public\":1"), "/public"},
	{TOP("\"title\":\"Hi\""), "/title"},
	{TOP("\"title\":{}"), "/title"},
	{TOP("\"title\":{\"EN\":\"Hi\"}"), "/title/EN"},
	{TOP("\"title\":{\"en\":\"\"}"), "/title/en"},
	{TOP("\"title\":{\"en\":\"a\\nb\"}"), "/title/en"},
	{TOP("\"period\":\"month\""), "/period"},
	{TOP("\"threshold\":5"), "/threshold"},
	{TOP_E("\"threshold\":2"), "/threshold"},
	{TOP_E("\"threshold\":1001"), "/threshold"},
	{TOP_E("\"threshold\":5.0"), "/threshold"},
	{TOP_E("\"threshold\":null"), "/threshold"},
	{TOP_E("\"threshold\":\"5\""), "/threshold"},
	{TOP("\"questions\":{}"), "/questions"},
	{TOP("\"origins\":\"*\""), "/origins"},
	{TOP("\"origins\":[\"https://x/\"]"), "/origins/0"},
	{TOP("\"origins\":[\"*\",\"ftp://x\"]"), "/origins/1"},
	{TOP("\"fields\":[]"), "/fields"},
	{TOP("\"fields\":{\"person\":[\"a\"]}"), "/fields/person"},
	{TOP("\"fields\":{\"channel\":[]}"), "/fields/channel"},
	{TOP("\"fields\":{\"channel\":[\"a\",\"B\"]}"), "/fields/channel/1"},
	{"{\"audience\":\"customer\",\"open\":{\"metric\":\"nps\"}}", "/open/metric"},
	{"{\"audience\":\"customer\",\"open\":{\"metric\":\"text\"}}", "/open/metric"},
	{"{\"audience\":\"customer\",\"open\":{\"metric\":\"choice\"}}",
	 "/open/metric"},
	{"{\"audience\":\"customer\",\"open\":{}}", "/open/metric"},
	{"{\"audience\":\"customer\",\"open\":[]}", "/open"},
	{"{\"audience\":\"customer\",\"open\":{\"metric\":\"csat\","
	 "\"scale\":[1,7]}}",
	 "/open/satisfied"},
	{"{\"audience\":\"customer\",\"questions\":[7]}", "/questions/0"},
	{Q("\"metric\":\"csat\""), "/questions/0/name"},
	{Q("\"name\":\"a\""), "/questions/0/metric"},
	{Q("\"name\":\"a\",\"metric\":\"stars\""), "/questions/0/metric"},
	{Q("\"name\":\"a\",\"metric\":\"nps\",\"scale\":[1,10]"), "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"ces\",\"scale\":[1,5]"), "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"text\",\"scale\":[1,5]"), "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"pulse\",\"scale\":[1,3]"),
	 "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[5,1]"), "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,11]"),
	 "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1.0,5]"),
	 "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,2,3]"),
	 "/questions/0/scale"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,10]"),
	 "/questions/0/satisfied"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"satisfied\":[3,4,5]"),
	 "/questions/0/satisfied"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,3],"
	   "\"satisfied\":[1,2,3]"),
	 "/questions/0/satisfied"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,3],"
	   "\"satisfied\":[]"),
	 "/questions/0/satisfied"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,3],"
	   "\"satisfied\":[3,3]"),
	 "/questions/0/satisfied/1"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"scale\":[1,3],"
	   "\"satisfied\":[4]"),
	 "/questions/0/satisfied/0"},
	{Q("\"name\":\"a\",\"metric\":\"nps\",\"satisfied\":[10]"),
	 "/questions/0/satisfied"},
	{Q("\"name\":\"a\",\"metric\":\"choice\""), "/questions/0/options"},
	{Q("\"name\":\"a\",\"metric\":\"choice\",\"options\":[\"x\"]"),
	 "/questions/0/options"},
	{Q("\"name\":\"a\",\"metric\":\"choice\",\"options\":[\"x\",\"x\"]"),
	 "/questions/0/options/1"},
	{Q("\"name\":\"a\",\"metric\":\"choice\",\"options\":[\"x\",{}]"),
	 "/questions/0/options/1/name"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"options\":[\"x\",\"y\"]"),
	 "/questions/0/options"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"twin\":\"b\""), "/questions/0/twin"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"twin\":\"b/c/d\""),
	 "/questions/0/twin"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"twin\":\"x/c\""), "/questions/0/twin"},
	{Q("\"name\":\"a\",\"metric\":\"text\",\"twin\":\"b/c\""), "/questions/0/twin"},
	{Q("\"name\":\"a\",\"metric\":\"csat\",\"required\":true"),
	 "/questions/0/required"},
	{Q("\"name\":\"a\",\"metric\":\"csat\"},{\"name\":\"a\","
	   "\"metric\":\"nps\""),
	 "/questions/1/name"},
};

START_TEST(employees_have_a_threshold)
{
	ck_assert_int_eq(read_survey("x", TOP_E("\"period\":\"week\"")), EMP_OK);
	ck_assert_uint_eq(survey.threshold, 5);
	ck_assert_int_eq(read_survey("x", TOP_E("\"threshold\":3")), EMP_OK);
	ck_assert_uint_eq(survey.threshold, 3);
	ck_assert_int_eq(read_survey("x", TOP_E("\"threshold\":1000")), EMP_OK);
	ck_assert_uint_eq(survey.threshold, 1000);
	ck_assert_ptr_nonnull(
		memmem(survey.document.p, survey.document.n, "\"threshold\":1000", 16));
	ck_assert_int_eq(read_survey("flight", FLIGHT), EMP_OK);
	ck_assert_uint_eq(survey.threshold, 0);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_place)
{
	for (size_t i = 0; i < sizeof bad_surveys / sizeof bad_surveys[0]; i++) {
		ck_assert_msg(read_survey("x", bad_surveys[i][0]) == EMP_INVALID,
			      "passed: %s", bad_surveys[i][0]);
		ck_assert_str_eq(p.pointer, bad_surveys[i][1]);
		ck_assert_str_ne(p.detail, "");
	}
	ck_assert_int_eq(read_survey("A b", FLIGHT), EMP_INVALID);
	ck_assert_int_eq(json_survey_read(&survey, STR_NONE,
					  STR(TOP("\"public\":true")), &arena, &p),
			 EMP_INVALID);
	ck_assert_str_eq(p.pointer, "/name");
}
END_TEST

START_TEST(bad_syntax_is_not_repeated)
{
	static const char *const bad[] = {
		"",          "{", "{\"secret\"}",     "{\"a\":1,\"a\":2}",
		"{} secret", "7", "{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_msg(read_survey("x", bad[i]) == EMP_BAD_JSON, "%s", bad[i]);
		ck_assert_str_eq(p.pointer, "");
		ck_assert_ptr_null(strstr(p.detail, "secret"));
	}
}
END_TEST

START_TEST(a_survey_has_a_limit_of_questions)
{
	struct buf b;

	buf_init(&b, 0);
	for (int n = SURVEY_QUESTIONS_MAX; n <= SURVEY_QUESTIONS_MAX + 1; n++) {
		buf_clear(&b);
		buf_add_z(&b, "{\"audience\":\"customer\",\"questions\":[");
		for (int i = 0; i < n; i++)
			buf_printf(&b, "%s{\"name\":\"q%d\",\"metric\":\"text\"}",
				   i > 0 ? "," : "", i);
		buf_add_z(&b, "]}");
		ck_assert_int_eq(
			json_survey_read(&survey, STR("x"), buf_str(&b), &arena, &p),
			n <= SURVEY_QUESTIONS_MAX ? EMP_OK : EMP_INVALID);
	}
	ck_assert_str_eq(p.pointer, "/questions");
	buf_fini(&b);
}
END_TEST

START_TEST(what_is_written_can_be_read_again)
{
	struct str document;
	struct question registered[2] = {
		{.metric = METRIC_CSAT,
		 .lo = 1,
		 .hi = 5,
		 .name = STR("wifi"),
		 .satisfied = 1u << 4 | 1u << 5},
		{.metric = METRIC_CHOICE,
		 .name = STR("old"),
		 .n_options = 2,
		 .options = (const struct str[]){STR("yes"), STR("no")}}};
	struct survey *grown;
	struct buf b;

	buf_init(&b, 0);
	ck_assert_int_eq(read_survey("flight", FLIGHT), EMP_OK);
	document = survey.document;
	ck_assert_int_eq(json_survey_write(&b, &survey), EMP_OK);
	ck_assert(str_eq(buf_str(&b), document));
	ck_assert_int_eq(survey_extend(&grown, &survey, registered, 2), EMP_OK);
	buf_clear(&b);
	ck_assert_int_eq(json_survey_write(&b, grown), EMP_OK);
	buf_add_c(&b, '\0');
	ck_assert_ptr_nonnull(strstr(b.p,
				     "{\"metric\":\"csat\",\"name\":\"wifi\","
				     "\"registered\":true,\"satisfied\":[4,5],"
				     "\"scale\":[1,5]}"));
	ck_assert_ptr_nonnull(strstr(b.p, "\"options\":[\"yes\",\"no\"]"));
	/* Put back, the marked ones are no declarations: it is the old document. */
	ck_assert_int_eq(read_survey("flight", b.p), EMP_OK);
	ck_assert_uint_eq(survey.n_questions, 4);
	ck_assert(str_eq(survey.document, document));
	survey_free(&grown);
	survey = (struct survey){.document = STR("[1")};
	ck_assert_int_eq(json_survey_write(&b, &survey), EMP_CORRUPT);
	buf_fini(&b);
}
END_TEST

START_TEST(the_surveys_that_ship_are_good)
{
	static const char *const names[] = {"ces",    "csat", "enps", "felt_heard",
					    "intent", "nps",  "pulse"};
	const char *const *texts = builtin_surveys();
	struct survey *list[sizeof names / sizeof *names];
	struct surveys *s;
	uint32_t twins = 0;
	size_t n = 0;

	for (; texts[n] != NULL; n++) {
		ck_assert_uint_lt(n, sizeof names / sizeof *names);
		ck_assert_msg(json_survey_read(&survey, STR_NONE, str_from(texts[n]),
					       &arena, &p) == EMP_OK,
			      "%s %s", p.pointer, p.detail);
		ck_assert(str_is(survey.name, names[n]));
		ck_assert_int_eq(survey.is_public,
				 survey.audience == AUDIENCE_CUSTOMER);
		survey.id = (uint32_t)(16 + n);
		ck_assert_int_eq(survey_copy(&list[n], &survey), EMP_OK);
	}
	ck_assert_uint_eq(n, sizeof names / sizeof *names);
	ck_assert_int_eq(surveys_new(&s, list, n), EMP_OK);
	ck_assert_uint_eq(surveys_find(s, STR("pulse"))->n_questions, 30);
	for (size_t i = 0; i < n; i++) {
		const struct survey *v = surveys_at(s, i);

		ck_assert_msg(surveys_check_twins(s, v, &p) == EMP_OK, "%s", p.detail);
		/* Both sides of a pair name each other. */
		for (uint32_t k = 0; k < v->n_questions; k++) {
			struct str question = v->questions[k].twin;
			struct str other = str_split(&question, '/');
			const struct survey *o = surveys_find(s, other);
			int at;

			if (v->questions[k].twin.n == 0)
				continue;
			ck_assert_ptr_nonnull(o);
			at = surveys_question(s, o, question);
			ck_assert_int_ge(at, 0);
			question = o->questions[at].twin;
			ck_assert(str_eq(str_split(&question, '/'), v->name));
			ck_assert(str_eq(question, v->questions[k].name));
			twins++;
		}
	}
	ck_assert_uint_ge(twins, 6); /* three pairs, so that there is an index */
	surveys_free(&s);
}
END_TEST

START_TEST(units_come_alone_or_in_a_list)
{
	struct unit_def *u;
	uint32_t n;
	struct buf b;

	ck_assert_int_eq(json_units_read(&u, &n, STR_NONE,
					 STR("{\"units\":[{\"name\":\"b\"},"
					     "{\"name\":\"a/x\",\"title\":\"X\"}]}"),
					 &arena, &p),
			 EMP_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(u[0].name, "a/x");
	ck_assert_str_eq(u[0].title, "X");
	ck_assert_str_eq(u[1].title, "");
	buf_init(&b, 0);
	json_unit_write(&b, &u[0]);
	ck_assert(str_is(buf_str(&b), "{\"name\":\"a/x\",\"title\":\"X\"}"));
	ck_assert_int_eq(json_units_read(&u, &n, STR_NONE, buf_str(&b), &arena, &p),
			 EMP_OK);
	ck_assert_uint_eq(n, 1);
	buf_fini(&b);
}
END_TEST

START_TEST(bad_units_are_refused)
{
	static const char *const bad[][2] = {
		{"{}", "/name"},
		{"{\"name\":\"a//b\"}", "/name"},
		{"{\"name\":\"a\",\"boss\":\"x\"}", "/boss"},
		{"{\"units\":[]}", "/units"},
		{"{\"units\":{}}", "/units"},
		{"{\"units\":[{\"name\":\"a\"},1]}", "/units/1"},
		{"{\"units\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "/units"},
		{"{\"units\":[{\"name\":\"a\"}],\"name\":\"b\"}", "/name"},
	};
	struct unit_def *u;
	uint32_t n;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_msg(json_units_read(&u, &n, STR_NONE, str_from(bad[i][0]),
					      &arena, &p) == EMP_INVALID,
			      "passed: %s", bad[i][0]);
		ck_assert_str_eq(p.pointer, bad[i][1]);
	}
}
END_TEST

START_TEST(tokens_are_read_and_written_without_their_secret)
{
	static const char *const bad[][2] = {
		{"{\"scopes\":[\"read\"]}", "/label"},
		{"{\"label\":\"x\"}", "/scopes"},
		{"{\"label\":\"x\",\"scopes\":[]}", "/scopes"},
		{"{\"label\":\"x\",\"scopes\":\"read\"}", "/scopes"},
		{"{\"label\":\"x\",\"scopes\":[\"read\",\"root\"]}", "/scopes/1"},
		{"{\"label\":\"x\",\"scopes\":[\"read,admin\"]}", "/scopes/0"},
		{"{\"label\":\"x\",\"scopes\":[\"read\"],\"unit\":\"A\"}", "/unit"},
		{"{\"label\":\"x\",\"scopes\":[\"read\"],\"id\":7}", "/id"},
	};
	struct token_def t;
	struct buf b;

	ck_assert_int_eq(json_token_read(&t,
					 STR("{\"label\":\"Till 7\",\"scopes\":"
					     "[\"read\",\"ingest\"],\"unit\":\"a/b\"}"),
					 &p),
			 EMP_OK);
	ck_assert_uint_eq(t.scopes, SCOPE_INGEST | SCOPE_READ);
	ck_assert_str_eq(t.label, "Till 7");
	ck_assert_str_eq(t.unit, "a/b");
	t.id = 3;
	t.created = 1767225600000;
	buf_init(&b, 0);
	json_token_write(&b, &t);
	ck_assert(str_is(buf_str(&b),
			 "{\"id\":3,\"label\":\"Till 7\",\"scopes\":[\"ingest\","
			 "\"read\"],\"unit\":\"a/b\","
			 "\"created\":\"2026-01-01T00:00:00Z\"}"));
	buf_fini(&b);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_msg(json_token_read(&t, str_from(bad[i][0]), &p) ==
				      EMP_INVALID,
			      "passed: %s", bad[i][0]);
		ck_assert_str_eq(p.pointer, bad[i][1]);
	}
}
END_TEST

START_TEST(a_long_place_is_cut_between_characters)
{
	struct buf b;

	buf_init(&b, 0);
	for (int shift = 0; shift < 4; shift++) {
		size_t n;

		buf_clear(&b);
		buf_add_z(&b, "{\"audience\":\"customer\",\"");
		for (int i = 0; i < shift; i++)
			buf_add_c(&b, 'x');
		for (int i = 0; i < 200; i++)
			buf_add_z(&b, "\342\202\254");
		buf_add_z(&b, "\":1}");
		ck_assert_int_eq(
			json_survey_read(&survey, STR("x"), buf_str(&b), &arena, &p),
			EMP_INVALID);
		n = strlen(p.pointer);
		ck_assert_uint_eq((n - 1 - (size_t)shift) % 3, 0);
	}
	buf_fini(&b);
}
END_TEST

Suite *
codec_json_suite(void)
{
	Suite *s = suite_create("codec_json");
	TCase *tc = tcase_create("documents");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_survey_is_read_whole);
	tcase_add_test(tc, the_document_is_canonical);
	tcase_add_test(tc, an_employee_survey_has_a_period);
	tcase_add_test(tc, employees_have_a_threshold);
	tcase_add_test(tc, what_is_wrong_is_said_with_its_place);
	tcase_add_test(tc, bad_syntax_is_not_repeated);
	tcase_add_test(tc, a_survey_has_a_limit_of_questions);
	tcase_add_test(tc, what_is_written_can_be_read_again);
	tcase_add_test(tc, the_surveys_that_ship_are_good);
	tcase_add_test(tc, units_come_alone_or_in_a_list);
	tcase_add_test(tc, bad_units_are_refused);
	tcase_add_test(tc, tokens_are_read_and_written_without_their_secret);
	tcase_add_test(tc, a_long_place_is_cut_between_characters);
	suite_add_tcase(s, tc);
	return s;
}
