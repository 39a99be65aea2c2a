/*
 * codec/ingest: what is refused, with which error and where. The texts are written with
 * ' for ".
 */
#include <check.h>
#include <stdlib.h>

#include "ingest_fixture.h"
#include "unit.h"

static struct surveys *surveys;
static struct arena arena;
static struct problem problem;

static void
setup(void)
{
	ck_assert_int_eq(fixture_surveys(&surveys), EMP_OK);
	arena_init(&arena, 1024);
}

static void
teardown(void)
{
	surveys_free(&surveys);
	arena_fini(&arena);
}

static struct ingest
setting(void)
{
	return (struct ingest){
		.surveys = surveys, .arena = &arena, .now_ms = FIXTURE_NOW};
}

/* A block of exactly the text's size, so that a sanitizer sees a byte too many. */
static struct str
quoted(const char *z, size_t n)
{
	char *p = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < n; i++)
		p[i] = z[i] == '\'' ? '"' : z[i];
	return (struct str){p, n};
}

static enum emp_rc
decode_with(const struct ingest *in, const char *z, size_t n)
{
	struct str text = quoted(z, n);
	struct event e;
	enum emp_rc rc;

	problem = (struct problem){0};
	rc = ingest_event(in, text, &e, &problem);
	free((void *)(uintptr_t)text.p);
	return rc;
}

struct refusal {
	const char *text;
	const char *pointer; /* or the error, for what is not EMP_INVALID */
	enum emp_rc rc;      /* EMP_OK: EMP_INVALID */
};

#define SEND(type, rest) "{'type':'" type "','data':{" rest "}}"
#define ANSWER(rest) SEND("survey.answered", rest)
#define VISIT(answers) ANSWER("'survey':'visit','answers':" answers)
#define SIGNAL(rest) SEND("signal.recorded", rest)
#define EMPLOYEE(rest) SIGNAL("'audience':'employee','person':'e'," rest)
#define TRAINING(rest) SEND("training.completed", rest)
#define HEADCOUNT(rest) SEND("headcount.set", rest)
#define BASE(rest) "{'type':'base.set'," rest "}"
#define GIVEN(rest) SEND("recognition.given", "'to':'b','kind':'praise'," rest)
#define PUBLIC(rest) GIVEN("'audience':'employee','visibility':'public'," rest)

static const struct refusal refusals[] = {
	/* envelope */
	{"1", "", EMP_OK},
	{"[]", "", EMP_OK},
	{"{}", "/type", EMP_OK},
	{"{'type':1,'data':{}}", "/type", EMP_OK},
	{"{'type':'survey.asked','data':{}}", "/type", EMP_OK},
	{"{'type':'','data':{}}", "/type", EMP_OK},
	{"{'type':'base.set'}", "/data", EMP_OK},
	{"{'type':'base.set','data':null}", "/data", EMP_OK},
	{"{'type':'base.set','data':[{'active':1}]}", "/data", EMP_OK},
	{BASE("'data_base64':'e30='"), "/data_base64", EMP_OK},
	{BASE("'id':'','data':{'active':1}"), "/id", EMP_OK},
	{BASE("'id':7,'data':{'active':1}"), "/id", EMP_OK},
	{BASE("'source':'','data':{'active':1}"), "/source", EMP_OK},
	{BASE("'source':{},'data':{'active':1}"), "/source", EMP_OK},
	{BASE("'specversion':'0.3','data':{'active':1}"), "/specversion", EMP_OK},
	{BASE("'specversion':1.0,'data':{'active':1}"), "/specversion", EMP_OK},
	{BASE("'time':'yesterday','data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':'2026-02-30T00:00:00Z','data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':'1969-12-31T23:59:59Z','data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':-1,'data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':1e9,'data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':1.5e9,'data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':true,'data':{'active':1}"), "/time", EMP_OK},
	{BASE("'time':1790000300001,'data':{'active':1}"), "/time", EMP_OK},
	/* fields in general */
	{BASE("'data':{'active':1,'actve':2}"), "/data/actve", EMP_OK},
	{BASE("'data':{'active':1,'a~b/c':2}"), "/data/a~0b~1c", EMP_OK},
	{BASE("'data':{'active':1,'type':2}"), "/data/type", EMP_OK},
	{BASE("'data':{'active':1,'comment':''}"), "/data/comment", EMP_OK},
	{BASE("'data':{'active':1,'unit':null}"), "/data/unit", EMP_OK},
	{BASE("'data':{'active':1,'unit':'Retail'}"), "/data/unit", EMP_OK},
	{BASE("'data':{'active':1,'unit':'a//b'}"), "/data/unit", EMP_OK},
	{BASE("'data':{'active':1,'unit':''}"), "/data/unit", EMP_OK},
	{BASE("'data':{'active':1,'channel':'a/b'}"), "/data/channel", EMP_OK},
	{BASE("'data':{'active':1,'segment':3}"), "/data/segment", EMP_OK},
	{BASE("'data':{'active':1,'lang':['en']}"), "/data/lang", EMP_OK},
	{BASE("'data':{'active':1,'audience':'staff'}"), "/data/audience", EMP_OK},
	/* surveys */
	{ANSWER("'answers':{'a':1}"), "/data/survey", EMP_OK},
	{ANSWER("'survey':'none','answers':{'a':1}"), "/data/survey", EMP_OK},
	{ANSWER("'survey':1,'answers':{'a':1}"), "/data/survey", EMP_OK},
	{ANSWER("'survey':'visit'"), "/data/answers", EMP_OK},
	{ANSWER("'survey':'flight','answers':{'a':1},'invite':'I-1'"), "/data/invite",
	 EMP_OK},
	{ANSWER("'survey':'workplace','answers':{'a':1},'invite':''"), "/data/invite",
	 EMP_OK},
	{ANSWER("'survey':'workplace','answers':{'a':1},'invite':7"), "/data/invite",
	 EMP_OK},
	{ANSWER("'survey':'workplace','answers':{'a':1},'invite':'I-1',"
		"'respondent':'e'"),
	 "/data/respondent", EMP_OK},
	{SEND("survey.shown", "'survey':'workplace','invite':'I-1'"), "/data/invite",
	 EMP_OK},
	{VISIT("{}"), "/data/answers", EMP_OK},
	{VISIT("[]"), "/data/answers", EMP_OK},
	{VISIT("5"), "/data/answers", EMP_OK},
	{VISIT("{'wy':1}"), "/data/answers/wy", EMP_OK},
	{VISIT("{'dropped':1}"), "/data/answers/dropped", EMP_OK},
	{VISIT("{'w/y':1}"), "/data/answers/w~1y", EMP_OK},
	{VISIT("{'overall':11}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'overall':-1}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'effort':0}"), "/data/answers/effort", EMP_OK},
	{VISIT("{'overall':9223372036854775807}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'overall':9.0}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'overall':'9'}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'overall':null}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'overall':[9]}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'overall':{}}"), "/data/answers/overall", EMP_OK},
	{VISIT("{'color':'pink'}"), "/data/answers/color", EMP_OK},
	{VISIT("{'color':1}"), "/data/answers/color", EMP_OK},
	{VISIT("{'color':{}}"), "/data/answers/color", EMP_OK},
	{VISIT("{'color':[]}"), "/data/answers/color", EMP_OK},
	{VISIT("{'color':['red','pink']}"), "/data/answers/color/1", EMP_OK},
	{VISIT("{'color':['red',1]}"), "/data/answers/color/1", EMP_OK},
	{VISIT("{'color':['red',1],'x':['blue']}"), "/data/answers/color/1", EMP_OK},
	{VISIT("{'color':['red','blue','red']}"), "/data/answers/color/2", EMP_OK},
	{VISIT("{'why':''}"), "/data/answers/why", EMP_OK},
	{VISIT("{'why':1}"), "/data/answers/why", EMP_OK},
	{ANSWER("'survey':'flight','answers':{'Seat':1}"), "/data/answers/Seat",
	 EMP_OK},
	{ANSWER("'survey':'flight','answers':{'seat':6}"), "/data/answers/seat",
	 EMP_OK},
	{ANSWER("'survey':'flight','answers':{'seat':0}"), "/data/answers/seat",
	 EMP_OK},
	{ANSWER("'survey':'flight','audience':'employee','answers':{'seat':1}"),
	 "/data/audience", EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'complete':1"),
	 "/data/complete", EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'comment':3"), "/data/comment",
	 EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'respondent':''"),
	 "/data/respondent", EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'respondent':1"),
	 "/data/respondent", EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'ref':1"), "/data/ref",
	 EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'ref':{}"), "/data/ref/id",
	 EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'ref':{'id':''}"),
	 "/data/ref/id", EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},"
		"'ref':{'id':'1','source':2}"),
	 "/data/ref/source", EMP_OK},
	{ANSWER("'survey':'visit','answers':{'effort':1},'ref':{'id':'1','x':2}"),
	 "/data/ref/x", EMP_OK},
	{SEND("survey.invited", "'survey':'visit','answers':{'effort':1}"),
	 "/data/answers", EMP_OK},
	{SEND("survey.shown", "'survey':'visit','person':'p'"), "/data/person", EMP_OK},
	/* signals */
	{SIGNAL("'signal':'signup'"), "/data/audience", EMP_OK},
	{SIGNAL("'audience':'customer'"), "/data/signal", EMP_OK},
	{SIGNAL("'audience':'customer','signal':'left'"), "/data/signal", EMP_OK},
	{SIGNAL("'audience':'customer','signal':'joined'"), "/data/signal", EMP_OK},
	{EMPLOYEE("'signal':'signup'"), "/data/signal", EMP_OK},
	{EMPLOYEE("'signal':'joined','voluntary':true"), "/data/voluntary", EMP_OK},
	{EMPLOYEE("'signal':'separation','voluntary':'no'"), "/data/voluntary", EMP_OK},
	{EMPLOYEE("'signal':'separation','days':1"), "/data/days", EMP_OK},
	{EMPLOYEE("'signal':'absence','days':-1"), "/data/days", EMP_OK},
	{EMPLOYEE("'signal':'absence','days':0.125"), "/data/days", EMP_OK},
	{EMPLOYEE("'signal':'absence','days':1e1"), "/data/days", EMP_OK},
	{EMPLOYEE("'signal':'absence','days':'1'"), "/data/days", EMP_OK},
	{EMPLOYEE("'signal':'absence','days':1000000000.01"), "/data/days", EMP_OK},
	{EMPLOYEE("'signal':'absence','respondent':'e'"), "/data/respondent", EMP_OK},
	/* recognition */
	{GIVEN("'from':'a'"), "/data/audience", EMP_OK},
	{GIVEN("'audience':'employee'"), "/data/visibility", EMP_OK},
	{GIVEN("'audience':'customer','visibility':'secret'"), "/data/visibility",
	 EMP_OK},
	{GIVEN("'audience':'customer','to_name':'B'"), "/data/to_name", EMP_OK},
	{GIVEN("'audience':'customer','from_name':'A'"), "/data/from_name", EMP_OK},
	{GIVEN("'audience':'customer','by_leader':'yes'"), "/data/by_leader", EMP_OK},
	{PUBLIC("'from_name':'A','to_agrees':true"), "/data/to_name", EMP_OK},
	{PUBLIC("'to_name':'B','to_agrees':true"), "/data/from_name", EMP_OK},
	{PUBLIC("'to_name':'B','from_name':'A'"), "/data/to_agrees", EMP_OK},
	{PUBLIC("'to_name':'B','from_name':'A','to_agrees':false"), "/data/to_agrees",
	 EMP_OK},
	{SEND("recognition.given", "'audience':'customer','to':'b'"), "/data/kind",
	 EMP_OK},
	{SEND("recognition.given", "'audience':'customer','kind':'praise'"), "/data/to",
	 EMP_OK},
	{SEND("recognition.given", "'audience':'customer','to':'b','kind':'medal'"),
	 "/data/kind", EMP_OK},
	{SEND("recognition.given", "'audience':'customer','to':[],'kind':'praise'"),
	 "/data/to", EMP_OK},
	{SEND("recognition.given", "'audience':'customer','to':5,'kind':'praise'"),
	 "/data/to", EMP_OK},
	{SEND("recognition.given",
	      "'audience':'customer','to':['a',{}],'kind':'praise'"),
	 "/data/to/1", EMP_OK},
	{SEND("recognition.given",
	      "'audience':'customer','to':['a',''],'kind':'praise'"),
	 "/data/to/1", EMP_OK},
	{SEND("recognition.given",
	      "'audience':'customer','to':['a','b','a'],'kind':'praise'"),
	 "/data/to/2", EMP_OK},
	/* training, headcount, base */
	{TRAINING("'topic':'t'"), "/data/person", EMP_OK},
	{TRAINING("'person':'e','audience':'customer'"), "/data/audience", EMP_OK},
	{TRAINING("'person':'e','hours':-0.5"), "/data/hours", EMP_OK},
	{TRAINING("'person':'e','topic':''"), "/data/topic", EMP_OK},
	{HEADCOUNT("'headcount':1"), "/data/unit", EMP_OK},
	{HEADCOUNT("'unit':'u'"), "/data/headcount", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':1.0"), "/data/headcount", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':-1"), "/data/headcount", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':10000000001"), "/data/headcount", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':3,'leaders':4"), "/data/leaders", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':3,'channel':'c'"), "/data/channel", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':3,'active':4"), "/data/active", EMP_OK},
	{HEADCOUNT("'unit':'u','headcount':3,'audience':'customer'"), "/data/audience",
	 EMP_OK},
	{BASE("'data':{'unit':'u'}"), "/data/active", EMP_OK},
	{BASE("'data':{'active':1,'audience':'employee'}"), "/data/audience", EMP_OK},
	/* not JSON comes first, whatever else is wrong before it */
	{"{'type':'nothing','data':{}", "", EMP_BAD_JSON},
	{"{'type':'base.set','data':{'active':-1}} x", "", EMP_BAD_JSON},
	{"{'type':'base.set','type':'base.set','data':{'active':1}}", "", EMP_BAD_JSON},
	{BASE("'data':{'active':1,'active':1}"), "", EMP_BAD_JSON},
	{BASE("'data':{'x':1,'x':1}"), "", EMP_BAD_JSON},
	{BASE("'x':{'y':1,'\\u0079':1},'data':{'active':1}"), "", EMP_BAD_JSON},
	{VISIT("{'why':'a','\\u0077hy':'b'}"), "", EMP_BAD_JSON},
	{ANSWER("'survey':'visit','answers':{'why':'a'},'ref':{'id':'1','id':'1'}"), "",
	 EMP_BAD_JSON},
	{BASE("'data':{'active':9223372036854775808}"), "", EMP_BAD_JSON},
	{BASE("'x':1e400,'data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'\xff','data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'\\u0000','data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'\\udc00','data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'\\udc00\\udc00','data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'\\ud800\\u0041','data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'\\ud800','data':{'active':1}"), "", EMP_BAD_JSON},
	{BASE("'id':'a\nb','data':{'active':1}"), "", EMP_BAD_JSON},
	{"", "", EMP_BAD_JSON},
};

START_TEST(refusals_name_the_field)
{
	const struct refusal *r = &refusals[_i];
	struct ingest in = setting();
	enum emp_rc rc = decode_with(&in, r->text, strlen(r->text));

	ck_assert_msg(rc == (r->rc == EMP_OK ? EMP_INVALID : r->rc),
		      "%s\nis answered with %s (%s %s)", r->text, emp_rc_slug(rc),
		      problem.pointer, problem.detail);
	ck_assert_msg(strcmp(problem.pointer, r->pointer) == 0,
		      "%s\nis wrong at %s (%s)", r->text, problem.pointer,
		      problem.detail);
	ck_assert_int_eq(problem.rc, rc);
	ck_assert_str_ne(problem.detail, "");
}
END_TEST

START_TEST(a_nul_byte_is_no_json)
{
	static const char inside[] = "{'type':'base.set','data':{'active':1\0}}";
	static const char behind[] = "{'type':'base.set','data':{'active':1}}";
	struct ingest in = setting();

	ck_assert_int_eq(decode_with(&in, inside, sizeof inside - 1), EMP_BAD_JSON);
	ck_assert_int_eq(decode_with(&in, behind, sizeof behind), EMP_BAD_JSON);
	ck_assert_int_eq(decode_with(&in, behind, sizeof behind - 1), EMP_OK);
}
END_TEST

START_TEST(cut_short_is_no_json)
{
	static const char whole[] =
		"{'type':'survey.answered','id':'\xc3\xa9\\u00e9\\ud83d\\ude00',"
		"'time':1767225600.25,'x':[true,null,{'y':-1e-5}],'data':{"
		"'survey':'visit','answers':{'color':['red','blue'],'why':'because'},"
		"'ref':{'source':'s','id':'1'}}}";
	struct ingest in = setting();

	for (size_t n = 0; n < sizeof whole - 1; n++)
		ck_assert_int_eq(decode_with(&in, whole, n), EMP_BAD_JSON);
	ck_assert_int_eq(decode_with(&in, whole, sizeof whole - 1), EMP_OK);
}
END_TEST

START_TEST(a_refused_event_keeps_its_id)
{
	struct ingest in = setting();
	static char z[] =
		"{\"data\":{\"active\":-1},\"id\":\"x\",\"type\":\"base.set\"}";
	struct event e;

	ck_assert_int_eq(ingest_event(&in, (struct str){z, sizeof z - 1}, &e, &problem),
			 EMP_INVALID);
	ck_assert(e.id_given && str_eq(e.id, STR("x")));
}
END_TEST

START_TEST(cloudevents_say_their_version)
{
	static const char without[] = "{'type':'base.set','data':{'active':1}}";
	static const char with[] =
		"{'type':'base.set','specversion':'1.0','data':{'active':1}}";
	struct ingest in = setting();

	in.cloudevents = true;
	ck_assert_int_eq(decode_with(&in, without, sizeof without - 1), EMP_INVALID);
	ck_assert_str_eq(problem.pointer, "/specversion");
	ck_assert_int_eq(decode_with(&in, with, sizeof with - 1), EMP_OK);
}
END_TEST

START_TEST(a_problem_need_not_be_wanted)
{
	struct ingest in = setting();
	struct event e;

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct str text = quoted(refusals[i].text, strlen(refusals[i].text));

		ck_assert_int_ne(ingest_event(&in, text, &e, NULL), EMP_OK);
		free((void *)(uintptr_t)text.p);
	}
}
END_TEST

Suite *
codec_ingest_refused_suite(void)
{
	Suite *s = suite_create("codec_ingest_refused");
	TCase *tc = tcase_create("refused");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, refusals_name_the_field, 0,
			    (int)(sizeof refusals / sizeof *refusals));
	tcase_add_test(tc, a_nul_byte_is_no_json);
	tcase_add_test(tc, cut_short_is_no_json);
	tcase_add_test(tc, a_refused_event_keeps_its_id);
	tcase_add_test(tc, cloudevents_say_their_version);
	tcase_add_test(tc, a_problem_need_not_be_wanted);
	suite_add_tcase(s, tc);
	return s;
}
