/*
 * codec/ingest: what an event may say, and what a refusal names. The texts are written
 * with ' for ".
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest_fixture.h"
#include "unit.h"

#include "codec/ingest_impl.h"

#define TEXT_MAX 70000

static struct surveys *surveys;
static struct arena arena;
static char text[TEXT_MAX];
static struct event event;
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

static struct str
quoted(const char *z)
{
	size_t n = strlen(z);

	ck_assert_uint_lt(n, sizeof text);
	for (size_t i = 0; i < n; i++)
		text[i] = z[i];
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\'')
			text[i] = '"';
	return (struct str){text, n};
}

static enum emp_rc
decode(const char *z)
{
	struct ingest in = setting();

	problem = (struct problem){0};
	return ingest_event(&in, quoted(z), &event, &problem);
}

static void
accept(const char *z)
{
	enum emp_rc rc = decode(z);

	ck_assert_msg(rc == EMP_OK, "%s\nrefused: %s %s", z, problem.pointer,
		      problem.detail);
}

#define ck_str(have, want)                                                             \
	ck_assert_msg(str_is((have), (want)), "%.*s is not %s", STR_FMT(have), (want))

/* ---- what is accepted ------------------------------------------------------------ */

START_TEST(answered_fills_every_field)
{
	accept("{'type':'survey.answered','source':'shop','id':'o-1',"
	       "'time':'2026-01-01T10:02:00.250Z','data':{'survey':'visit',"
	       "'respondent':'p\\u0031','unit':'retail/north','channel':'web',"
	       "'touchpoint':'till','segment':'new','initiative':'i','lang':'es',"
	       "'answers':{'overall':10,'effort':1,'color':['blue','red'],"
	       "'why':'a\\nb'},'comment':'good','complete':false,"
	       "'ref':{'source':'crm','id':'inv'}}}");
	ck_assert_int_eq(event.type, EVENT_SURVEY_ANSWERED);
	ck_assert_int_eq(event.class, CLASS_CUSTOMER);
	ck_assert_int_eq(event.audience, AUDIENCE_CUSTOMER);
	ck_str(event.source, "shop");
	ck_str(event.id, "o-1");
	ck_assert(event.id_given && event.time_given && !event.complete);
	ck_assert_int_eq(event.time, INT64_C(1767261720250));
	ck_str(event.survey->name, "visit");
	ck_str(event.person.text, "p1");
	ck_str(event.dim[DIM_UNIT], "retail/north");
	ck_str(event.dim[DIM_CHANNEL], "web");
	ck_str(event.dim[DIM_TOUCHPOINT], "till");
	ck_str(event.dim[DIM_SEGMENT], "new");
	ck_str(event.dim[DIM_INITIATIVE], "i");
	ck_str(event.dim[DIM_LANG], "es");
	ck_assert_uint_eq(event.n_answers, 4);
	ck_str(event.answers[0].name, "overall");
	ck_assert_int_eq(event.answers[0].value, 10);
	ck_assert_int_eq(event.answers[1].value, 1);
	ck_assert_uint_eq(event.answers[2].options, 5);
	ck_str(event.answers[3].text, "a\nb");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(event.answers[i].question, i);
	ck_str(event.comment, "good");
	ck_str(event.ref_source, "crm");
	ck_str(event.ref_id, "inv");
}
END_TEST

START_TEST(what_is_not_said_has_its_default)
{
	accept("{'type':'survey.answered','data':{'survey':'flight',"
	       "'answers':{'seat':5}}}");
	ck_assert(!event.id_given && !event.time_given && event.complete);
	ck_assert_int_eq(event.time, FIXTURE_NOW);
	ck_assert_uint_eq(event.source.n, 0);
	ck_assert_int_eq(event.answers[0].question, -1);
	ck_assert_int_eq(event.voluntary, -1);
	ck_assert_int_eq(event.days_cents, -1);
	ck_assert_int_eq(event.hours_cents, -1);
	ck_assert_int_eq(event.headcount, -1);
	ck_assert_int_eq(event.leaders, -1);
	ck_assert_int_eq(event.possible_days_cents, -1);
	ck_assert_int_eq(event.active, -1);
}
END_TEST

START_TEST(an_invitation_stands_for_the_respondent)
{
	accept("{'type':'survey.answered','data':{'survey':'workplace',"
	       "'invite':'I-3ZT9K','answers':{'seat':3}}}");
	ck_str(event.invite, "I-3ZT9K");
	ck_assert_int_eq(event.class, CLASS_SEALED);
	/* Whether it is one, and what it proves, is not for the sender to say. */
	ck_assert(!event.has_invite && !event.verified);
	ck_assert_uint_eq(event.person.text.n, 0);
}
END_TEST

START_TEST(members_come_in_any_order)
{
	accept(" { 'data' : {'answers':{'seat':5},'survey':'flight'} ,\r\n"
	       "\t'other':{'type':[1,{'type':2}]} , 'type':'survey.answered' } ");
	ck_assert_int_eq(event.answers[0].value, 5);
}
END_TEST

/* Class and audience of each working type. */
static const struct {
	const char *text;
	enum event_class class;
	enum audience audience;
} settled[] = {
	{"{'type':'survey.shown','data':{'survey':'flight'}}", CLASS_CUSTOMER,
	 AUDIENCE_CUSTOMER},
	{"{'type':'survey.invited','data':{'survey':'workplace','respondent':'e'}}",
	 CLASS_SEALED, AUDIENCE_EMPLOYEE},
	{"{'type':'survey.dismissed','data':{'survey':'workplace',"
	 "'audience':'employee'}}",
	 CLASS_SEALED, AUDIENCE_EMPLOYEE},
	{"{'type':'signal.recorded','data':{'audience':'customer','person':'c',"
	 "'signal':'referral'}}",
	 CLASS_CUSTOMER, AUDIENCE_CUSTOMER},
	{"{'type':'signal.recorded','data':{'audience':'employee','person':'e',"
	 "'signal':'referral'}}",
	 CLASS_PERSONNEL, AUDIENCE_EMPLOYEE},
	{"{'type':'signal.recorded','data':{'audience':'employee','person':'e',"
	 "'signal':'leave_intent'}}",
	 CLASS_SEALED, AUDIENCE_EMPLOYEE},
	{"{'type':'recognition.given','data':{'audience':'customer','to':'c',"
	 "'kind':'reward'}}",
	 CLASS_CUSTOMER, AUDIENCE_CUSTOMER},
	{"{'type':'recognition.given','data':{'audience':'employee','to':'e',"
	 "'kind':'praise','visibility':'private'}}",
	 CLASS_PERSONNEL, AUDIENCE_EMPLOYEE},
	{"{'type':'recognition.given','data':{'audience':'employee','to':'e',"
	 "'kind':'praise','visibility':'public','to_name':'E','from_name':'F',"
	 "'to_agrees':true}}",
	 CLASS_OPERATIONAL, AUDIENCE_EMPLOYEE},
	{"{'type':'training.completed','data':{'person':'e','topic':'First aid'}}",
	 CLASS_PERSONNEL, AUDIENCE_EMPLOYEE},
	{"{'type':'headcount.set','data':{'unit':'a/b','headcount':0}}",
	 CLASS_OPERATIONAL, AUDIENCE_EMPLOYEE},
	{"{'type':'base.set','data':{'audience':'customer','active':7}}",
	 CLASS_OPERATIONAL, AUDIENCE_CUSTOMER},
};

START_TEST(class_and_audience_are_settled)
{
	accept(settled[_i].text);
	ck_assert_int_eq(event.class, settled[_i].class);
	ck_assert_int_eq(event.audience, settled[_i].audience);
}
END_TEST

START_TEST(amounts_are_exact)
{
	accept("{'type':'training.completed','data':{'person':'e','hours':0.29}}");
	ck_assert_int_eq(event.hours_cents, 29);
	accept("{'type':'signal.recorded','data':{'audience':'employee','person':'e',"
	       "'signal':'absence','days':1.5}}");
	ck_assert_int_eq(event.days_cents, 150);
	accept("{'type':'headcount.set','data':{'unit':'u','headcount':12,"
	       "'leaders':12,'possible_days':250}}");
	ck_assert_int_eq(event.headcount, 12);
	ck_assert_int_eq(event.leaders, 12);
	ck_assert_int_eq(event.possible_days_cents, 25000);
}
END_TEST

START_TEST(recognition_names_people)
{
	accept("{'type':'recognition.given','data':{'audience':'employee','from':'a',"
	       "'to':['b','c'],'kind':'backing','visibility':'private',"
	       "'message':'m','by_leader':true,'ref':'x'}}");
	ck_str(event.person.text, "a");
	ck_assert_uint_eq(event.n_to, 2);
	ck_str(event.to[0].text, "b");
	ck_str(event.to[1].text, "c");
	ck_assert(!event.to[1].set && event.by_leader);
	ck_assert_int_eq(event.recognition, RECOGNITION_BACKING);
	ck_assert_int_eq(event.visibility, VISIBILITY_PRIVATE);
	ck_str(event.message, "m");
	ck_str(event.ref_id, "x");
	ck_assert_uint_eq(event.ref_source.n, 0);
}
END_TEST

START_TEST(separation_may_be_voluntary)
{
	accept("{'type':'signal.recorded','data':{'audience':'employee','person':'e',"
	       "'signal':'separation','voluntary':true}}");
	ck_assert_int_eq(event.voluntary, 1);
	accept("{'type':'signal.recorded','data':{'audience':'employee','person':'e',"
	       "'signal':'separation','voluntary':false}}");
	ck_assert_int_eq(event.voluntary, 0);
}
END_TEST

static const struct {
	const char *time;
	int64_t ms;
} times[] = {
	{"0", 0},
	{"1767225600", INT64_C(1767225600000)},
	{"1767225600.5", INT64_C(1767225600500)},
	{"1767225600.0019", INT64_C(1767225600001)},
	{"1767225600123", INT64_C(1767225600123)},
	{"1767225600123.9", INT64_C(1767225600123)},
	{"'2026-01-01T01:00:00+01:00'", INT64_C(1767225600000)},
	{"1790000300", INT64_C(1790000300000)}, /* 5 minutes ahead */
};

START_TEST(times_have_three_spellings)
{
	char z[200];

	snprintf(z, sizeof z, "{'type':'base.set','time':%s,'data':{'active':1}}",
		 times[_i].time);
	accept(z);
	ck_assert(event.time_given);
	ck_assert_int_eq(event.time, times[_i].ms);
}
END_TEST

START_TEST(null_attributes_are_absent)
{
	accept("{'type':'base.set','id':null,'source':null,'time':null,"
	       "'specversion':null,'data_base64':null,'data':{'active':1}}");
	ck_assert(!event.id_given && !event.time_given);
}
END_TEST

START_TEST(names_of_confidential_events_stay_text)
{
	struct ingest in = setting();
	struct intern *units;
	uint32_t id;

	ck_assert_int_eq(intern_new(&units), EMP_OK);
	ck_assert_int_eq(intern_add(units, STR("known"), INTERN_NONE, &id), EMP_OK);
	intern_publish(units);
	in.names[DIM_UNIT] = units;
	ck_assert_int_eq(ingest_event(&in,
				      quoted("{'type':'base.set','data':{'active':1,"
					     "'unit':'known','channel':'web'}}"),
				      &event, &problem),
			 EMP_OK);
	ck_assert_uint_eq(event.dim_id[DIM_UNIT], id);
	ck_assert_uint_eq(event.dim_id[DIM_CHANNEL], 0);
	ck_assert_int_eq(ingest_event(&in,
				      quoted("{'type':'base.set','data':{'active':1,"
					     "'unit':'new'}}"),
				      &event, &problem),
			 EMP_OK);
	ck_assert_uint_eq(event.dim_id[DIM_UNIT], 0);
	ck_str(event.dim[DIM_UNIT], "new");
	ck_assert_int_eq(ingest_event(&in,
				      quoted("{'type':'training.completed','data':{"
					     "'person':'e','unit':'known'}}"),
				      &event, &problem),
			 EMP_OK);
	ck_assert_uint_eq(event.dim_id[DIM_UNIT], 0);
	ck_str(event.dim[DIM_UNIT], "known");
	intern_free(&units);
}
END_TEST

/* ---- limits ---------------------------------------------------------------------- */

/* `before`, n times `fill`, `after`. */
static enum emp_rc
decode_filled(const char *before, char fill, size_t n, const char *after)
{
	static char z[TEXT_MAX];
	size_t head = strlen(before);

	ck_assert_uint_lt(head + n + strlen(after), sizeof z);
	for (size_t i = 0; i < head; i++)
		z[i] = before[i];
	memset(z + head, fill, n);
	strcpy(z + head + n, after);
	return decode(z);
}

#define ANSWERED "{'type':'survey.answered','data':{'survey':'visit',"

static const struct {
	const char *before, *after;
	size_t most;
	const char *pointer;
} limits[] = {
	{"{'type':'base.set','id':'", "','data':{'active':1}}", 128, "/id"},
	{"{'type':'base.set','source':'", "','data':{'active':1}}", 128, "/source"},
	{"{'type':'base.set','data':{'active':1,'unit':'", "'}}", 64, "/data/unit"},
	{"{'type':'base.set','data':{'active':1,'lang':'", "'}}", 64, "/data/lang"},
	{ANSWERED "'answers':{'overall':1},'respondent':'", "'}}", 128,
	 "/data/respondent"},
	{ANSWERED "'answers':{'overall':1},'comment':'", "'}}", 8192, "/data/comment"},
	{ANSWERED "'answers':{'why':'", "'}}}", 8192, "/data/answers/why"},
	{ANSWERED "'answers':{'overall':1},'ref':'", "'}}", 128, "/data/ref"},
	{"{'type':'survey.answered','data':{'survey':'flight','answers':{'", "':1}}}",
	 64, NULL},
	{"{'type':'training.completed','data':{'person':'e','topic':'", "'}}", 128,
	 "/data/topic"},
	{"{'type':'recognition.given','data':{'audience':'customer','kind':'praise',"
	 "'to':'",
	 "'}}", 128, "/data/to"},
};

START_TEST(texts_have_limits)
{
	const char *before = limits[_i].before;
	const char *after = limits[_i].after;

	ck_assert_int_eq(decode_filled(before, 'a', limits[_i].most, after), EMP_OK);
	ck_assert_int_eq(decode_filled(before, 'a', limits[_i].most + 1, after),
			 EMP_INVALID);
	if (limits[_i].pointer != NULL)
		ck_assert_str_eq(problem.pointer, limits[_i].pointer);
}
END_TEST

START_TEST(an_event_has_a_limit)
{
	const char *end = "{'type':'base.set','data':{'active':1}}";

	ck_assert_int_eq(decode_filled("", ' ', EVENT_MAX_BYTES - strlen(end), end),
			 EMP_OK);
	ck_assert_int_eq(decode_filled("", ' ', EVENT_MAX_BYTES - strlen(end) + 1, end),
			 EMP_TOO_LARGE);
}
END_TEST

static void
list_of(char *z, size_t size, const char *head, const char *after, int n,
	const char *tail)
{
	size_t at = (size_t)snprintf(z, size, "%s", head);

	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(z + at, size - at, "%s'q%d'%s", i > 0 ? "," : "",
				       i, after);
	snprintf(z + at, size - at, "%s", tail);
}

START_TEST(lists_have_limits)
{
	static char z[10000];

	list_of(z, sizeof z,
		"{'type':'recognition.given','data':{'audience':'customer',"
		"'kind':'praise','to':[",
		"", 64, "]}}");
	accept(z);
	ck_assert_uint_eq(event.n_to, 64);
	list_of(z, sizeof z,
		"{'type':'recognition.given','data':{'audience':'customer',"
		"'kind':'praise','to':[",
		"", 65, "]}}");
	ck_assert_int_eq(decode(z), EMP_INVALID);
	ck_assert_str_eq(problem.pointer, "/data/to");
	list_of(z, sizeof z,
		"{'type':'survey.answered','data':{'survey':'flight','answers':{", ":5",
		128, "}}}");
	accept(z);
	ck_assert_uint_eq(event.n_answers, 128);
	ck_str(event.answers[127].name, "q127");
	list_of(z, sizeof z,
		"{'type':'survey.answered','data':{'survey':'flight','answers':{", ":5",
		129, "}}}");
	ck_assert_int_eq(decode(z), EMP_INVALID);
	ck_assert_str_eq(problem.pointer, "/data/answers");
}
END_TEST

/* ---- the table of fields -----------------------------------------------------------
 */

START_TEST(every_field_is_found_by_its_name)
{
	const struct field *f = &ingest_fields[_i];
	unsigned slot = field_slot(f->name, f->n);

	ck_assert_msg(field_find(str_from(f->name)) == (enum field_id)_i,
		      "%s belongs into slot %u of ingest_fields.def; if that is taken, "
		      "field_slot needs another factor",
		      f->name, slot);
}
END_TEST

START_TEST(other_names_are_not_found)
{
	ck_assert_int_eq(field_find(STR("")), F_NONE);
	ck_assert_int_eq(field_find(STR("i")), F_NONE);
	ck_assert_int_eq(field_find(STR("tyype")), F_NONE);
	ck_assert_int_eq(field_find(STR("survez")), F_NONE);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *
codec_ingest_suite(void)
{
	Suite *s = suite_create("codec_ingest");
	TCase *tc = tcase_create("events");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, answered_fills_every_field);
	tcase_add_test(tc, what_is_not_said_has_its_default);
	tcase_add_test(tc, an_invitation_stands_for_the_respondent);
	tcase_add_test(tc, members_come_in_any_order);
	tcase_add_loop_test(tc, class_and_audience_are_settled, 0, COUNT(settled));
	tcase_add_test(tc, amounts_are_exact);
	tcase_add_test(tc, recognition_names_people);
	tcase_add_test(tc, separation_may_be_voluntary);
	tcase_add_loop_test(tc, times_have_three_spellings, 0, COUNT(times));
	tcase_add_test(tc, null_attributes_are_absent);
	tcase_add_test(tc, names_of_confidential_events_stay_text);
	tcase_add_loop_test(tc, texts_have_limits, 0, COUNT(limits));
	tcase_add_test(tc, an_event_has_a_limit);
	tcase_add_test(tc, lists_have_limits);
	tcase_add_loop_test(tc, every_field_is_found_by_its_name, 0, F_COUNT);
	tcase_add_test(tc, other_names_are_not_found);
	suite_add_tcase(s, tc);
	return s;
}
