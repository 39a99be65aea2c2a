/*
 * codec/ingest: suggestions, decisions, boundaries, training, contact and initiatives:
 * what they may say, what follows from it, and the flat form. The texts are written
 * with ' for ".
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest_fixture.h"
#include "unit.h"

#include "codec/ingest_impl.h"

#define CASE_ID "case-000102030405060708090a0b0c0d0e0f"
#define RECEIPT_C "C-00041-06105-0R3GG-28A1C-60T3GF"
#define RECEIPT_E "E-00041-06105-0R3GG-28A1C-60T3GF"

static struct surveys *surveys;
static struct arena arena;
static struct event event;
static struct problem problem;
static const struct ingest_hash hash = {fixture_hash, NULL};

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
	char *p = arena_alloc(&arena, strlen(z) + 1);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i <= strlen(z); i++)
		p[i] = z[i] == '\'' ? '"' : z[i];
	return (struct str){p, strlen(z)};
}

static enum emp_rc
decode(const char *type, const char *data)
{
	struct ingest in = setting();
	static char z[20000];

	snprintf(z, sizeof z, "{'type':'%s','id':'i','data':{%s}}", type, data);
	problem = (struct problem){0};
	return ingest_event(&in, quoted(z), &event, &problem);
}

static void
accept(const char *type, const char *data)
{
	enum emp_rc rc = decode(type, data);

	ck_assert_msg(rc == EMP_OK, "%s {%s}\nrefused: %s %s", type, data,
		      problem.pointer, problem.detail);
}

#define ck_str(have, want)                                                             \
	ck_assert_msg(str_is((have), (want)), "%.*s is not %s", STR_FMT(have), (want))

/* ---- what is accepted ------------------------------------------------------------ */

START_TEST(a_suggestion_says_it_all)
{
	accept("suggestion.submitted",
	       "'audience':'customer','unit':'a/b','channel':'web',"
	       "'kind':'pattern_seen',"
	       "'title':'T','body':'B','category':'queue','person':'p','board':true");
	ck_assert_int_eq(event.suggestion_kind, SUGGESTION_PATTERN_SEEN);
	ck_assert_int_eq(event.recognition, RECOGNITION_NONE);
	ck_str(event.title, "T");
	ck_str(event.body, "B");
	ck_str(event.category, "queue");
	ck_str(event.person.text, "p");
	ck_str(event.dim[DIM_UNIT], "a/b");
	ck_assert(event.board && !event.has_receipt && !event.has_handle);
	/* A concern is for no board, whatever was ticked. */
	accept("suggestion.submitted",
	       "'audience':'customer','kind':'concern','body':'B','board':true");
	ck_assert(!event.board);
}
END_TEST

START_TEST(steps_say_what_they_are)
{
	accept("suggestion.acknowledged", "'ref':'x','auto':true");
	ck_assert(event.automatic);
	ck_str(event.ref_id, "x");
	accept("suggestion.acknowledged", "'ref':{'source':'s','id':'x'}");
	ck_assert(!event.automatic);
	ck_str(event.ref_source, "s");
	accept("suggestion.triaged", "'ref':'x','will_examine':true");
	ck_assert_int_eq(event.will_examine, 1);
	accept("suggestion.triaged", "'ref':'x','will_examine':false,'reason':'r'");
	ck_assert_int_eq(event.will_examine, 0);
	ck_str(event.reason, "r");
	accept("suggestion.answered", "'ref':'x','status':'declined','reason':' r'");
	ck_assert_int_eq(event.status, STATUS_DECLINED);
	accept("suggestion.answered", "'ref':'x','status':'duplicate'");
	ck_assert_int_eq(event.will_examine, -1);
	accept("suggestion.rated", "'receipt':'" RECEIPT_C "','felt_heard':5");
	ck_assert_int_eq(event.felt_heard, 5);
	ck_str(event.receipt, RECEIPT_C);
	accept("suggestion.replied", "'receipt':'" RECEIPT_C "','body':'b'");
	ck_str(event.body, "b");
}
END_TEST

START_TEST(a_decision_says_it_all)
{
	accept("decision.made",
	       "'person':'p','role':'agent','class':'refund','case':'k','answer':"
	       "'partial','amount':12.34,'escalated':true,'rule':'r-1',"
	       "'rule_did_not_fit':true,'conflict':true,'moment':'first',"
	       "'special_request':true,'self_rating':1,'drivers':{'referral':'unsure',"
	       "'spend':'no','retention':'yes'},'goal':'Stay the best'");
	ck_str(event.role, "agent");
	ck_str(event.matter, "refund");
	ck_str(event.case_ref.text, "k");
	ck_str(event.person.text, "p");
	ck_str(event.rule, "r-1");
	ck_str(event.moment, "first");
	ck_str(event.goal, "Stay the best");
	ck_assert_int_eq(event.decision_answer, ANSWER_PARTIAL);
	ck_assert_int_eq(event.amount_cents, 1234);
	ck_assert(event.escalated && event.rule_did_not_fit && event.conflict &&
		  event.special_request);
	ck_assert_int_eq(event.self_rating, 1);
	ck_assert_int_eq(event.driver[DRIVER_SPEND], VIEW_NO);
	ck_assert_int_eq(event.driver[DRIVER_RETENTION], VIEW_YES);
	ck_assert_int_eq(event.driver[DRIVER_REPUTATION], VIEW_NONE);
	ck_assert_int_eq(event.driver[DRIVER_REFERRAL], VIEW_UNSURE);
	accept("decision.made", "'role':'a','class':'b','answer':'yes'");
	ck_assert_int_eq(event.amount_cents, -1);
	ck_assert_int_eq(event.self_rating, -1);
	ck_assert_int_eq(event.customer_benefit, -1);
	ck_assert_int_eq(event.driver_missed, -1);
	ck_assert(!event.escalated);
}
END_TEST

START_TEST(what_follows_a_decision)
{
	accept("decision.settled", "'ref':'x','answer':'no'");
	ck_assert_int_eq(event.decision_answer, ANSWER_NO);
	accept("decision.outcome", "'ref':'x','customer_benefit':false");
	ck_assert_int_eq(event.customer_benefit, 0);
	accept("decision.outcome", "'ref':'x','drivers':{'reputation':'no'}");
	ck_assert_int_eq(event.customer_benefit, -1);
	ck_assert_int_eq(event.driver[DRIVER_REPUTATION], VIEW_NO);
	accept("decision.reviewed",
	       "'ref':{'source':'s','id':'x'},'verdict':'sanction','lesson':'l',"
	       "'driver_missed':'spend','rule':'r'");
	ck_assert_int_eq(event.verdict, VERDICT_SANCTION);
	ck_assert_int_eq(event.driver_missed, DRIVER_SPEND);
	ck_str(event.lesson, "l");
	ck_str(event.rule, "r");
}
END_TEST

START_TEST(boundaries_may_have_no_limit)
{
	accept("boundary.set", "'role':'a','class':'b','mode':'act','limit':0");
	ck_assert_int_eq(event.limit_cents, 0);
	ck_assert_int_eq(event.mode, MODE_ACT);
	accept("boundary.set",
	       "'role':'a','class':'b','mode':'propose','limit':null,"
	       "'unit':'u','person':'p','reason':'r',"
	       "'requires_training':'First aid'");
	ck_assert_int_eq(event.limit_cents, -1);
	ck_assert_int_eq(event.mode, MODE_PROPOSE);
	ck_str(event.requires_training, "First aid");
	ck_str(event.dim[DIM_UNIT], "u");
	accept("boundary.extended", "'role':'a','class':'b'");
	ck_assert_int_eq(event.limit_cents, -1);
	ck_assert_int_eq(event.mode, MODE_NONE);
	accept("boundary.narrowed", "'role':'a','class':'b','limit':1000000000");
	ck_assert_int_eq(event.limit_cents, CENTS_MAX);
	accept("boundary.requested",
	       "'role':'a','class':'b','limit':5.5,'reason':'r','person':'p'");
	ck_assert_int_eq(event.limit_cents, 550);
}
END_TEST

START_TEST(the_rest_says_its_part)
{
	accept("training.requested", "'person':'p','topic':'t'");
	ck_str(event.topic, "t");
	accept("contact.logged", "'mode':'face_to_face','by_leader':true");
	ck_assert_int_eq(event.mode, CONTACT_FACE_TO_FACE);
	ck_assert(event.by_leader);
	accept("initiative.started", "'initiative':'new-till','title':'t'");
	ck_str(event.dim[DIM_INITIATIVE], "new-till");
	ck_str(event.title, "t");
	accept("recognition.given",
	       "'audience':'employee','to':'b','kind':'backing',"
	       "'visibility':'private','ref':'d'");
	ck_assert_int_eq(event.recognition, RECOGNITION_BACKING);
	ck_assert_int_eq(event.suggestion_kind, SUGGESTION_NONE);
}
END_TEST

static const struct {
	const char *type, *data;
	enum event_class class;
	enum audience audience;
} settled[] = {
	{"suggestion.submitted", "'audience':'customer','kind':'opinion','title':'t'",
	 CLASS_CUSTOMER, AUDIENCE_CUSTOMER},
	{"suggestion.submitted", "'audience':'employee','kind':'opinion','title':'t'",
	 CLASS_CASE, AUDIENCE_EMPLOYEE},
	{"suggestion.acknowledged", "'ref':'x'", CLASS_CUSTOMER, AUDIENCE_CUSTOMER},
	{"suggestion.acknowledged", "'ref':'x','audience':'customer'", CLASS_CUSTOMER,
	 AUDIENCE_CUSTOMER},
	{"suggestion.acknowledged", "'ref':'" CASE_ID "'", CLASS_CASE,
	 AUDIENCE_EMPLOYEE},
	{"suggestion.acknowledged", "'ref':{'id':'" CASE_ID "'}", CLASS_CASE,
	 AUDIENCE_EMPLOYEE},
	/* What a client called it is only looked up in empowerd.db. */
	{"suggestion.acknowledged", "'ref':{'source':'s','id':'" CASE_ID "'}",
	 CLASS_CUSTOMER, AUDIENCE_CUSTOMER},
	{"suggestion.acknowledged", "'ref':'case-00'", CLASS_CUSTOMER,
	 AUDIENCE_CUSTOMER},
	{"suggestion.triaged", "'ref':'" CASE_ID "','will_examine':true", CLASS_CASE,
	 AUDIENCE_EMPLOYEE},
	{"suggestion.supported", "'ref':'" CASE_ID "','receipt':'e1'", CLASS_CASE,
	 AUDIENCE_EMPLOYEE},
	{"suggestion.supported", "'ref':'x','receipt':'c1'", CLASS_CUSTOMER,
	 AUDIENCE_CUSTOMER},
	{"suggestion.seen", "'receipt':'" RECEIPT_C "'", CLASS_CUSTOMER,
	 AUDIENCE_CUSTOMER},
	{"suggestion.seen", "'receipt':'" RECEIPT_E "'", CLASS_CASE, AUDIENCE_EMPLOYEE},
	{"suggestion.seen", "'receipt':' e00041','audience':'employee'", CLASS_CASE,
	 AUDIENCE_EMPLOYEE},
	{"suggestion.rated", "'receipt':'" RECEIPT_E "','felt_heard':1", CLASS_SEALED,
	 AUDIENCE_EMPLOYEE},
	{"suggestion.rated", "'receipt':'" RECEIPT_C "','felt_heard':1", CLASS_CUSTOMER,
	 AUDIENCE_CUSTOMER},
	{"decision.made", "'role':'a','class':'b','answer':'no','audience':'employee'",
	 CLASS_OPERATIONAL, AUDIENCE_EMPLOYEE},
	{"decision.settled", "'ref':'x','answer':'no'", CLASS_OPERATIONAL,
	 AUDIENCE_EMPLOYEE},
	{"decision.outcome", "'ref':'x','customer_benefit':true", CLASS_OPERATIONAL,
	 AUDIENCE_EMPLOYEE},
	{"decision.reviewed", "'ref':'x','verdict':'coach'", CLASS_PERSONNEL,
	 AUDIENCE_EMPLOYEE},
	{"boundary.set", "'role':'a','class':'b','mode':'act'", CLASS_OPERATIONAL,
	 AUDIENCE_EMPLOYEE},
	{"boundary.requested", "'role':'a','class':'b'", CLASS_OPERATIONAL,
	 AUDIENCE_EMPLOYEE},
	{"training.requested", "'person':'p'", CLASS_PERSONNEL, AUDIENCE_EMPLOYEE},
	{"contact.logged", "'mode':'meeting'", CLASS_OPERATIONAL, AUDIENCE_EMPLOYEE},
	{"initiative.started", "'initiative':'i'", CLASS_OPERATIONAL,
	 AUDIENCE_EMPLOYEE},
	{"initiative.ended", "'initiative':'i','audience':'customer'",
	 CLASS_OPERATIONAL, AUDIENCE_CUSTOMER},
};

START_TEST(class_and_audience_are_settled)
{
	accept(settled[_i].type, settled[_i].data);
	ck_assert_int_eq(event.class, settled[_i].class);
	ck_assert_int_eq(event.audience, settled[_i].audience);
}
END_TEST

START_TEST(case_ids_carry_their_key)
{
	uint8_t key[HANDLE_BYTES];

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	accept("suggestion.acknowledged", "'ref':'" CASE_ID "'");
	ck_assert(event.has_handle);
	ck_assert_mem_eq(event.handle, key, sizeof key);
	accept("suggestion.acknowledged",
	       "'ref':'case-000102030405060708090A0B0C0D0E0F'");
	ck_assert(!event.has_handle);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------- */

#define SUBMIT "'audience':'customer','kind':'opinion','title':'t'"
#define MADE "'role':'a','class':'b','answer':'yes'"
#define SET "'role':'a','class':'b','mode':'act'"

static const struct {
	const char *type, *data, *pointer;
} refused[] = {
	{"suggestion.submitted", "'kind':'opinion','title':'t'", "/data/audience"},
	{"suggestion.submitted", "'audience':'customer','title':'t'", "/data/kind"},
	{"suggestion.submitted", "'audience':'customer','kind':'opinion'",
	 "/data/body"},
	{"suggestion.submitted",
	 "'audience':'customer','kind':'opinion','title':' ','body':'\\n'",
	 "/data/body"},
	{"suggestion.submitted",
	 "'audience':'employee','kind':'boundary_request','title':'t'", "/data/kind"},
	{"suggestion.submitted", "'audience':'employee','kind':'praise','title':'t'",
	 "/data/kind"},
	{"recognition.given", "'audience':'customer','to':'b','kind':'opinion'",
	 "/data/kind"},
	{"suggestion.submitted", SUBMIT ",'category':'Queue'", "/data/category"},
	{"suggestion.submitted", SUBMIT ",'board':1", "/data/board"},
	{"suggestion.submitted", SUBMIT ",'receipt':'" RECEIPT_C "'", "/data/receipt"},
	{"suggestion.submitted", SUBMIT ",'status':'done'", "/data/status"},
	{"suggestion.acknowledged", "", "/data/ref"},
	{"suggestion.acknowledged", "'receipt':'" RECEIPT_C "'", "/data/receipt"},
	{"suggestion.acknowledged", "'ref':'x','unit':'a'", "/data/unit"},
	{"suggestion.acknowledged", "'ref':'x','audience':'employee'",
	 "/data/audience"},
	{"suggestion.acknowledged", "'ref':'" CASE_ID "','audience':'customer'",
	 "/data/audience"},
	{"suggestion.acknowledged", "'ref':'x','reason':'r'", "/data/reason"},
	{"suggestion.acknowledged", "'ref':'x','auto':'yes'", "/data/auto"},
	{"suggestion.triaged", "'ref':'x'", "/data/will_examine"},
	{"suggestion.triaged", "'ref':'x','will_examine':null", "/data/will_examine"},
	{"suggestion.triaged", "'ref':'x','will_examine':false", "/data/reason"},
	{"suggestion.triaged", "'ref':'x','will_examine':false,'reason':''",
	 "/data/reason"},
	{"suggestion.triaged", "'ref':'x','will_examine':false,'reason':'\\t '",
	 "/data/reason"},
	{"suggestion.answered", "'ref':'x'", "/data/status"},
	{"suggestion.answered", "'ref':'x','status':'submitted'", "/data/status"},
	{"suggestion.answered", "'ref':'x','status':'declined'", "/data/reason"},
	{"suggestion.reopened", "'ref':'x'", "/data/reason"},
	{"suggestion.reopened", "'ref':'x','reason':' '", "/data/reason"},
	{"suggestion.seen", "", "/data/receipt"},
	{"suggestion.seen", "'ref':'x'", "/data/ref"},
	{"suggestion.seen", "'receipt':'P-1'", "/data/receipt"},
	{"suggestion.seen", "'receipt':'- '", "/data/receipt"},
	{"suggestion.seen", "'receipt':''", "/data/receipt"},
	{"suggestion.seen", "'receipt':7", "/data/receipt"},
	{"suggestion.seen", "'receipt':'" RECEIPT_E "','audience':'customer'",
	 "/data/audience"},
	{"suggestion.rated", "'receipt':'" RECEIPT_C "'", "/data/felt_heard"},
	{"suggestion.rated", "'receipt':'" RECEIPT_C "','felt_heard':0",
	 "/data/felt_heard"},
	{"suggestion.rated", "'receipt':'" RECEIPT_C "','felt_heard':6",
	 "/data/felt_heard"},
	{"suggestion.rated", "'receipt':'" RECEIPT_C "','felt_heard':1.0",
	 "/data/felt_heard"},
	{"suggestion.supported", "'receipt':'" RECEIPT_C "'", "/data/ref"},
	{"suggestion.supported", "'ref':'x','receipt':'" RECEIPT_E "'",
	 "/data/receipt"},
	{"suggestion.supported", "'ref':'" CASE_ID "','receipt':'" RECEIPT_C "'",
	 "/data/receipt"},
	{"suggestion.replied", "'receipt':'" RECEIPT_C "'", "/data/body"},
	{"suggestion.replied", "'receipt':'" RECEIPT_C "','body':''", "/data/body"},
	{"decision.made", "'class':'b','answer':'yes'", "/data/role"},
	{"decision.made", "'role':'a','answer':'yes'", "/data/class"},
	{"decision.made", "'role':'a','class':'b'", "/data/answer"},
	{"decision.made", "'role':'A','class':'b','answer':'yes'", "/data/role"},
	{"decision.made", "'role':'a','class':'b','answer':'unsure'", "/data/answer"},
	{"decision.made", MADE ",'audience':'customer'", "/data/audience"},
	{"decision.made", MADE ",'amount':-1", "/data/amount"},
	{"decision.made", MADE ",'amount':1.005", "/data/amount"},
	{"decision.made", MADE ",'amount':null", "/data/amount"},
	{"decision.made", MADE ",'self_rating':6", "/data/self_rating"},
	{"decision.made", MADE ",'case':''", "/data/case"},
	{"decision.made", MADE ",'moment':'a b'", "/data/moment"},
	{"decision.made", MADE ",'goal':''", "/data/goal"},
	{"decision.made", MADE ",'drivers':[]", "/data/drivers"},
	{"decision.made", MADE ",'drivers':{'spend':true}", "/data/drivers/spend"},
	{"decision.made", MADE ",'drivers':{'spend':'yes','a~/b':'yes'}",
	 "/data/drivers/a~0~1b"},
	{"decision.made", MADE ",'customer_benefit':true", "/data/customer_benefit"},
	{"decision.settled", "'answer':'yes'", "/data/ref"},
	{"decision.settled", "'ref':'x'", "/data/answer"},
	{"decision.settled", "'ref':'x','answer':'yes','unit':'a'", "/data/unit"},
	{"decision.outcome", "'ref':'x'", "/data/customer_benefit"},
	{"decision.outcome", "'ref':'x','drivers':{}", "/data/customer_benefit"},
	{"decision.outcome", "'ref':'x','drivers':{'referral':'unsure'}",
	 "/data/drivers/referral"},
	{"decision.outcome", "'ref':'x','customer_benefit':1",
	 "/data/customer_benefit"},
	{"decision.reviewed", "'ref':'x'", "/data/verdict"},
	{"decision.reviewed", "'ref':'x','verdict':'punish'", "/data/verdict"},
	{"decision.reviewed", "'ref':'x','verdict':'coach','driver_missed':'cost'",
	 "/data/driver_missed"},
	{"decision.reviewed", "'ref':'x','verdict':'coach','person':'p'",
	 "/data/person"},
	{"boundary.set", "'role':'a','class':'b'", "/data/mode"},
	{"boundary.set", "'role':'a','class':'b','mode':'meeting'", "/data/mode"},
	{"boundary.set", SET ",'limit':-0.01", "/data/limit"},
	{"boundary.set", SET ",'limit':'5'", "/data/limit"},
	{"boundary.set", SET ",'limit':1.001", "/data/limit"},
	{"boundary.set", SET ",'channel':'web'", "/data/channel"},
	{"boundary.set", SET ",'audience':'customer'", "/data/audience"},
	{"boundary.requested", SET ",'requires_training':'t'",
	 "/data/requires_training"},
	{"training.requested", "'topic':'t'", "/data/person"},
	{"training.requested", "'person':'p','hours':1", "/data/hours"},
	{"contact.logged", "", "/data/mode"},
	{"contact.logged", "'mode':'act'", "/data/mode"},
	{"contact.logged", "'mode':'meeting','audience':'customer'", "/data/audience"},
	{"initiative.started", "'title':'t'", "/data/initiative"},
};

START_TEST(refusals_name_the_field)
{
	enum emp_rc rc = decode(refused[_i].type, refused[_i].data);

	ck_assert_msg(rc == EMP_INVALID, "%s {%s}: %d", refused[_i].type,
		      refused[_i].data, rc);
	ck_assert_str_eq(problem.pointer, refused[_i].pointer);
	ck_assert_uint_gt(strlen(problem.detail), 0);
}
END_TEST

START_TEST(ids_of_cases_are_given_by_the_server)
{
	struct ingest in = setting();

	ck_assert_int_eq(ingest_event(&in,
				      quoted("{'type':'base.set','id':'" CASE_ID
					     "','data':{'active':1}}"),
				      &event, &problem),
			 EMP_INVALID);
	ck_assert_str_eq(problem.pointer, "/id");
	ck_assert_int_eq(ingest_event(&in,
				      quoted("{'type':'base.set','id':'" CASE_ID
					     "0','data':{'active':1}}"),
				      &event, &problem),
			 EMP_OK);
}
END_TEST

/* ---- what an event is recognised by ------------------------------------------------
 */

static struct event
keyed(const char *type, const char *data)
{
	accept(type, data);
	ingest_keys(&event, &hash);
	return event;
}

/* Each field of a type with a value of its own is another content. */
START_TEST(content_has_every_field)
{
	static const char *const other[] = {
		"",
		",'unit':'u'",
		",'person':'p'",
		",'case':'p'",
		",'amount':0",
		",'amount':1",
		",'escalated':true",
		",'rule':'r'",
		",'rule_did_not_fit':true",
		",'conflict':true",
		",'moment':'r'",
		",'special_request':true",
		",'self_rating':1",
		",'self_rating':2",
		",'goal':'r'",
		",'drivers':{'spend':'yes'}",
		",'drivers':{'spend':'no'}",
		",'drivers':{'retention':'yes'}",
		",'drivers':{'referral':'unsure'}",
	};
	uint32_t content[sizeof other / sizeof *other];
	char data[200];

	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		snprintf(data, sizeof data, MADE "%s", other[i]);
		content[i] = keyed("decision.made", data).content;
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(content[k] != content[i], "%s is %s", other[k],
				      other[i]);
	}
	ck_assert_uint_eq(
		keyed("decision.made", MADE ",'escalated':false,'drivers':{}").content,
		content[0]);
	ck_assert_uint_ne(keyed("suggestion.submitted", SUBMIT).content,
			  keyed("suggestion.submitted",
				"'audience':'customer','kind':'concern','title':'t'")
				  .content);
	ck_assert_uint_ne(keyed("suggestion.seen", "'receipt':'C1'").content,
			  keyed("suggestion.seen", "'receipt':'C2'").content);
	ck_assert_uint_ne(keyed("boundary.set", SET ",'limit':0").content,
			  keyed("boundary.set", SET).content);
	ck_assert_uint_eq(keyed("boundary.set", SET ",'limit':null").content,
			  keyed("boundary.set", SET).content);
}
END_TEST

START_TEST(the_digest_begins_with_the_content)
{
	struct event e = keyed("suggestion.submitted", SUBMIT);
	struct event other = keyed("suggestion.submitted", SUBMIT ",'lang':'pl'");

	ck_assert_uint_eq(e.content,
			  (uint32_t)e.digest[0] | (uint32_t)e.digest[1] << 8 |
				  (uint32_t)e.digest[2] << 16 |
				  (uint32_t)e.digest[3] << 24);
	ck_assert_mem_ne(e.digest, other.digest, sizeof e.digest);
}
END_TEST

/* ---- the flat form -----------------------------------------------------------------
 */

static enum emp_rc
flat(enum event_type type, const char *ref, const char *text)
{
	struct ingest in = setting();

	problem = (struct problem){0};
	return ingest_flat(&in, type, str_from(ref), quoted(text), &event, &problem);
}

START_TEST(flat_is_the_same_event)
{
	struct event full = keyed("suggestion.answered",
				  "'ref':'x','status':'declined','reason':'r'");

	ck_assert_int_eq(flat(EVENT_SUGGESTION_ANSWERED, "x",
			      " {'reason':'r','id':'i','status':'declined',"
			      "'source':null} "),
			 EMP_OK);
	ck_assert(event.id_given && !event.time_given);
	ck_str(event.id, "i");
	ck_str(event.ref_id, "x");
	ck_assert_int_eq(event.class, CLASS_CUSTOMER);
	ingest_keys(&event, &hash);
	ck_assert_mem_eq(event.digest, full.digest, sizeof full.digest);
	ck_assert_mem_eq(event.id_key, full.id_key, sizeof full.id_key);
	ck_assert_mem_eq(event.ref_key, full.ref_key, sizeof full.ref_key);
	ck_assert_int_eq(flat(EVENT_SUGGESTION_ACKNOWLEDGED, CASE_ID, ""), EMP_OK);
	ck_assert(event.has_handle && event.class == CLASS_CASE);
	ck_assert_int_eq(flat(EVENT_SUGGESTION_RATED, RECEIPT_E, "{'felt_heard':2}"),
			 EMP_OK);
	ck_str(event.receipt, RECEIPT_E);
	ck_assert_int_eq(event.class, CLASS_SEALED);
	ck_assert_int_eq(flat(EVENT_DECISION_SETTLED, NULL,
			      "{'ref':{'source':'s','id':'d'},'answer':'yes',"
			      "'time':1767225600}"),
			 EMP_OK);
	ck_str(event.ref_source, "s");
	ck_assert_int_eq(event.time, INT64_C(1767225600000));
}
END_TEST

static const struct {
	enum event_type type;
	const char *ref, *text, *pointer;
	enum emp_rc rc;
} flat_refused[] = {
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'declined'}", "/reason",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','ref':'y'}", "/ref",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, NULL, "{'status':'done'}", "/ref", EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "", "/status", EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "[]", "", EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", " ", "", EMP_BAD_JSON},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','id':'a','id':'a'}", "",
	 EMP_BAD_JSON},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done'} x", "", EMP_BAD_JSON},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','id':7}", "/id",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','id':'" CASE_ID "'}", "/id",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','time':'x'}", "/time",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','type':'x'}", "/type",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','data':{}}", "/data",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "x", "{'status':'done','x/y':1}", "/x~1y",
	 EMP_INVALID},
	{EVENT_SUGGESTION_ANSWERED, "", "{'status':'done'}", "", EMP_UNKNOWN_REF},
	{EVENT_SUGGESTION_SEEN, "P-1", "", "", EMP_UNKNOWN_REF},
	{EVENT_SUGGESTION_SEEN, RECEIPT_C, "{'receipt':'" RECEIPT_C "'}", "/receipt",
	 EMP_INVALID},
	{EVENT_DECISION_MADE, NULL,
	 "{'role':'a','class':'b','answer':'yes','drivers':{'spend':1}}",
	 "/drivers/spend", EMP_INVALID},
};

START_TEST(flat_refusals_point_into_the_body)
{
	ck_assert_int_eq(flat(flat_refused[_i].type, flat_refused[_i].ref,
			      flat_refused[_i].text),
			 flat_refused[_i].rc);
	ck_assert_str_eq(problem.pointer, flat_refused[_i].pointer);
}
END_TEST

START_TEST(long_ids_refer_to_nothing)
{
	char id[EVENT_ID_MAX_BYTES + 2];

	memset(id, 'x', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	ck_assert_int_eq(flat(EVENT_SUGGESTION_ACKNOWLEDGED, id, ""), EMP_UNKNOWN_REF);
	ck_assert_int_eq(flat(EVENT_SUGGESTION_ACKNOWLEDGED, id + 1, ""), EMP_OK);
}
END_TEST

START_TEST(every_type_has_a_row)
{
	for (int t = EVENT_NONE + 1; t < EVENT_TYPE_COUNT; t++) {
		ck_assert_msg(ingest_types[t].has != 0, "type %d", t);
		ck_assert_uint_eq(ingest_types[t].needs & ~ingest_types[t].has, 0);
		ck_assert_uint_ne(ingest_types[t].has & F_BIT(F_AUDIENCE), 0);
	}
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *
codec_voice_suite(void)
{
	Suite *s = suite_create("codec_voice");
	TCase *tc = tcase_create("events");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_suggestion_says_it_all);
	tcase_add_test(tc, steps_say_what_they_are);
	tcase_add_test(tc, a_decision_says_it_all);
	tcase_add_test(tc, what_follows_a_decision);
	tcase_add_test(tc, boundaries_may_have_no_limit);
	tcase_add_test(tc, the_rest_says_its_part);
	tcase_add_loop_test(tc, class_and_audience_are_settled, 0, COUNT(settled));
	tcase_add_test(tc, case_ids_carry_their_key);
	tcase_add_loop_test(tc, refusals_name_the_field, 0, COUNT(refused));
	tcase_add_test(tc, ids_of_cases_are_given_by_the_server);
	tcase_add_test(tc, content_has_every_field);
	tcase_add_test(tc, the_digest_begins_with_the_content);
	tcase_add_test(tc, flat_is_the_same_event);
	tcase_add_loop_test(tc, flat_refusals_point_into_the_body, 0,
			    COUNT(flat_refused));
	tcase_add_test(tc, long_ids_refer_to_nothing);
	tcase_add_test(tc, every_type_has_a_row);
	suite_add_tcase(s, tc);
	return s;
}
