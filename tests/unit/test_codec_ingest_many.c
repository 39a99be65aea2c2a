/*
 * codec/ingest: bodies of many events, CloudEvents whose attributes are headers, and
 * what an event is recognised by. The texts are written with ' for ".
 */
#include <check.h>
#include <stdlib.h>

#include "ingest_fixture.h"
#include "unit.h"

static struct surveys *surveys;
static struct arena arena;
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
	struct str copy = arena_str(&arena, str_from(z));
	char *p = (char *)(uintptr_t)copy.p;

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < copy.n; i++)
		if (p[i] == '\'')
			p[i] = '"';
	return copy;
}

/* ---- walking --------------------------------------------------------------------- */

/* One letter per event: o accepted, i invalid, j bad JSON, l too large. */
static const char *
walk(enum ingest_form form, struct str body)
{
	static char verdicts[64];
	struct ingest in = setting();
	struct ingest_cursor c;
	struct event e;
	size_t n = 0;

	ingest_cursor_init(&c, form, body);
	for (;;) {
		bool more;
		enum emp_rc rc = ingest_next(&c, &in, &e, &more, &problem);

		if (!more) {
			ck_assert_int_eq(rc, EMP_OK);
			break;
		}
		ck_assert_uint_lt(n, sizeof verdicts - 1);
		verdicts[n++] = rc == EMP_OK  ? 'o'
			: rc == EMP_INVALID   ? 'i'
			: rc == EMP_TOO_LARGE ? 'l'
					      : 'j';
		if (rc == EMP_OK)
			ck_assert_uint_eq(e.active, c.index);
	}
	verdicts[n] = '\0';
	return verdicts;
}

#define B(n) "{'type':'base.set','data':{'active':" #n "}}"

static const struct {
	enum ingest_form form;
	const char *body;
	const char *verdicts;
} bodies[] = {
	{INGEST_ARRAY, "[]", ""},
	{INGEST_ARRAY, " [ ] \r\n", ""},
	{INGEST_ARRAY, "[" B(0) "]", "o"},
	{INGEST_ARRAY, "\n[ " B(0) " ,\t" B(1) "\n]\n", "oo"},
	{INGEST_ARRAY, "[" B(0) "," B(-1) ",7,{},[[]]," B(5) "]", "oiiiio"},
	{INGEST_ARRAY, "[{'type':'contact.logged','data':{'x':[{}]}}," B(1) "]", "io"},
	{INGEST_ARRAY, "", "j"},
	{INGEST_ARRAY, "[", "j"},
	{INGEST_ARRAY, B(0), "j"},
	{INGEST_ARRAY, "[" B(0), "oj"},
	{INGEST_ARRAY, "[" B(0) ",", "oj"},
	{INGEST_ARRAY, "[" B(0) ",]", "oj"},
	{INGEST_ARRAY, "[,]", "j"},
	{INGEST_ARRAY, "[" B(0) " " B(1) "]", "oj"},
	{INGEST_ARRAY, "[" B(0) "]]", "oj"},
	{INGEST_ARRAY, "[" B(0) "] " B(1), "oj"},
	{INGEST_ARRAY, "[" B(0) ",{'type':}," B(2) "]", "oj"},
	{INGEST_LINES, "", ""},
	{INGEST_LINES, "\n \r\n\t\n", ""},
	{INGEST_LINES, B(0), "o"},
	{INGEST_LINES, B(0) "\n" B(1) "\n", "oo"},
	{INGEST_LINES, "\n" B(0) "\r\n\r\r\n  " B(1) "  ", "oo"},
	{INGEST_LINES, B(0) "\n{'type':\n" B(-1) "\n[]\n" B(4), "ojiio"},
	{INGEST_LINES, B(0) " " B(1) "\n" B(1), "jo"},
};

/* Whether an array is JSON to its end, and how many elements it has before that. */
static bool
skip_all(struct str body, size_t *n)
{
	struct ingest_cursor c;
	bool more;
	enum emp_rc rc;

	ingest_cursor_init(&c, INGEST_ARRAY, body);
	for (*n = 0; (rc = ingest_skip(&c, &more, &problem)) == EMP_OK && more; ++*n)
		ck_assert_uint_eq(c.index, *n);
	ck_assert(rc == EMP_OK || rc == EMP_BAD_JSON);
	return rc == EMP_OK;
}

START_TEST(arrays_are_judged_without_decoding)
{
	size_t n;
	bool good;

	if (bodies[_i].form != INGEST_ARRAY)
		return;
	good = skip_all(quoted(bodies[_i].body), &n);
	ck_assert(good == (strchr(bodies[_i].verdicts, 'j') == NULL));
	ck_assert_uint_eq(n, strlen(bodies[_i].verdicts) - !good);
}
END_TEST

START_TEST(bodies_are_walked)
{
	const char *have = walk(bodies[_i].form, quoted(bodies[_i].body));

	ck_assert_msg(strcmp(have, bodies[_i].verdicts) == 0, "%s\nis %s, not %s",
		      bodies[_i].body, have, bodies[_i].verdicts);
}
END_TEST

/* `pre`, an event that is just or one byte too large, `post`. */
static struct str
large(const char *pre, size_t size, const char *post)
{
	const char *event =
		"{\"type\":\"base.set\",\"data\":{\"active\":0},\"x\":\"\"}";
	size_t before = strlen(pre);
	size_t own = strlen(event);
	char *p = arena_alloc(&arena, before + size + strlen(post) + 1);

	ck_assert_ptr_nonnull(p);
	memcpy(p, pre, before);
	memcpy(p + before, event, own - 2);
	memset(p + before + own - 2, 'x', size - own);
	memcpy(p + before + size - 2, "\"}", 2);
	strcpy(p + before + size, post);
	return str_from(p);
}

START_TEST(one_event_may_be_too_large)
{
	ck_assert_str_eq(walk(INGEST_ARRAY, large("[", EVENT_MAX_BYTES, "]")), "o");
	ck_assert_str_eq(walk(INGEST_ARRAY, large("[", EVENT_MAX_BYTES + 1, ",1]")),
			 "li");
	ck_assert_str_eq(walk(INGEST_LINES, large("", EVENT_MAX_BYTES, "\n1")), "oi");
	ck_assert_str_eq(walk(INGEST_LINES, large("", EVENT_MAX_BYTES + 1, "\n1")),
			 "li");
}
END_TEST

/* ---- CloudEvents in binary mode -----------------------------------------------------
 */

static const struct {
	struct ingest_attrs a;
	const char *data;
	const char *pointer; /* NULL: accepted */
	enum emp_rc rc;
} binaries[] = {
	{{{"1.0", 3}, {"base.set", 8}, {"s", 1}, {"i", 1}, {"1767225600", 10}},
	 "{'active':1}",
	 NULL,
	 EMP_OK},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 " {'active':1} ",
	 NULL,
	 EMP_OK},
	{{{NULL, 0}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{'active':1}",
	 "ce-specversion",
	 EMP_INVALID},
	{{{"1.0", 3}, {"other", 5}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{'active':1}",
	 "ce-type",
	 EMP_INVALID},
	{{{"1.0", 3}, {"contact.logged", 14}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{}",
	 "/mode",
	 EMP_INVALID},
	{{{"1.0", 3}, {"base.set", 8}, {"\xff", 1}, {NULL, 0}, {NULL, 0}},
	 "{'active':1}",
	 "ce-source",
	 EMP_INVALID},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {"soon", 4}},
	 "{'active':1}",
	 "ce-time",
	 EMP_INVALID},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{'active':1,'x':2}",
	 "/x",
	 EMP_INVALID},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{'active':-1}",
	 "/active",
	 EMP_INVALID},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "[]",
	 "",
	 EMP_INVALID},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{'active':1,'active':1}",
	 "",
	 EMP_BAD_JSON},
	{{{"1.0", 3}, {"base.set", 8}, {NULL, 0}, {NULL, 0}, {NULL, 0}},
	 "{'active':1}}",
	 "",
	 EMP_BAD_JSON},
};

START_TEST(attributes_come_from_headers)
{
	struct ingest in = setting();
	struct event e;
	enum emp_rc rc;

	in.cloudevents = true;
	rc = ingest_binary(&in, &binaries[_i].a, quoted(binaries[_i].data), &e,
			   &problem);
	ck_assert_int_eq(rc, binaries[_i].rc);
	if (rc == EMP_OK) {
		ck_assert_int_eq(e.active, 1);
		ck_assert(str_eq(e.id, binaries[_i].a.id));
		ck_assert(str_eq(e.source, binaries[_i].a.source));
		ck_assert(e.id.n == 0 || e.id.p != binaries[_i].a.id.p);
		ck_assert(e.time_given == (binaries[_i].a.time.n > 0));
	} else {
		ck_assert_str_eq(problem.pointer, binaries[_i].pointer);
	}
}
END_TEST

/* ---- keys ------------------------------------------------------------------------ */

static struct event
keyed(const char *z)
{
	struct ingest in = setting();
	struct event e;
	enum emp_rc rc = ingest_event(&in, quoted(z), &e, &problem);

	ck_assert_msg(rc == EMP_OK, "%s\nrefused: %s %s", z, problem.pointer,
		      problem.detail);
	ingest_keys(&e, &hash);
	return e;
}

#define FULL(head, answers, tail)                                                      \
	"{" head                                                                       \
	"'type':'survey.answered','data':{'survey':'visit','answers':{" answers        \
	"}" tail "}}"

START_TEST(content_is_what_was_said)
{
	/* The same said in other ways. */
	static const char *const same[] = {
		FULL("", "'overall':9,'effort':2,'color':['red','blue']", ""),
		FULL("", "'color':['blue','red'],'overall':9,'effort':2", ""),
		FULL("'x':[1],'id':'1','source':'s',",
		     "'effort':2,'overall':9,'color':"
		     "['red','blue']",
		     ""),
		FULL("", " '\\u006fverall' : 9 , 'effort':2,'color':['red','blue']",
		     ""),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'complete':true,'audience':'customer','comment':''"),
		("{'data':{'answers':{'color':['red','blue'],'effort':2,'overall':9},"
		 "'survey':'visit'},'type':'survey.answered'}"),
	};
	/* Something else. */
	static const char *const other[] = {
		FULL("", "'overall':9,'effort':3,'color':['red','blue']", ""),
		FULL("", "'overall':9,'effort':2,'color':['red']", ""),
		FULL("", "'overall':9,'effort':2", ""),
		FULL("", "'overall':9,'effort':2,'color':['red','blue'],'why':'x'", ""),
		FULL("'time':1767225600,",
		     "'overall':9,'effort':2,'color':"
		     "['red','blue']",
		     ""),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'complete':false"),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'comment':'x'"),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'respondent':'x'"),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'channel':'x'"),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'segment':'x'"),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']", ",'ref':'x'"),
		FULL("", "'overall':9,'effort':2,'color':['red','blue']",
		     ",'ref':{'source':'x','id':'x'}"),
	};
	uint32_t first = keyed(same[0]).content;
	uint32_t others[sizeof other / sizeof *other];

	ck_assert_uint_ne(first, 0);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		ck_assert_uint_eq(keyed(same[i]).content, first);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		others[i] = keyed(other[i]).content;
		ck_assert_msg(others[i] != first, "%s\nhas the same content", other[i]);
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(others[k], others[i]);
	}
}
END_TEST

START_TEST(long_content_counts_to_its_end)
{
	static char z[6000];
	static const char head[] = FULL("", "'effort':1",
					",'comment':'"); /* its tail is cut below */
	size_t at = sizeof head - 1 - strlen("}}");
	uint32_t first, last;

	memcpy(z, head, at);
	memset(z + at, 'c', 5000);
	strcpy(z + at + 5000, "'}}");
	first = keyed(z).content;
	ck_assert_uint_eq(keyed(z).content, first);
	z[at + 4999] = 'd';
	last = keyed(z).content;
	ck_assert_uint_ne(last, first);
	z[at] = 'd';
	ck_assert_uint_ne(keyed(z).content, last);
}
END_TEST

#define KEYED(head) "{" head "'type':'base.set','data':{'active':1}}"

static bool
same_key(const uint8_t a[ID_KEY_BYTES], const uint8_t b[ID_KEY_BYTES])
{
	return memcmp(a, b, ID_KEY_BYTES) == 0;
}

START_TEST(keys_are_of_source_and_id)
{
	struct event plain = keyed(KEYED("'id':'1',"));
	struct event again = keyed(KEYED("'time':5,'id':'1',"));
	struct event shop = keyed(KEYED("'id':'1','source':'s',"));
	struct event moved = keyed(KEYED("'id':'s1',"));
	struct event ref = keyed(FULL("'source':'t',", "'effort':1", ",'ref':'1'"));
	struct event ref_shop = keyed(
		FULL("", "'effort':1", ",'ref':{'source':'s','id':'1'}"));

	ck_assert(same_key(plain.id_key, again.id_key));
	ck_assert(!same_key(plain.id_key, shop.id_key));
	ck_assert(!same_key(moved.id_key, shop.id_key));
	ck_assert(same_key(ref.ref_key, plain.id_key));
	ck_assert(same_key(ref_shop.ref_key, shop.id_key));
}
END_TEST

START_TEST(confidential_keys_are_apart)
{
	struct event e = keyed(KEYED("'id':'1','source':'s',"));
	struct event visible = e;

	for (int class = CLASS_CUSTOMER; class <= CLASS_CASE; class ++) {
		e.class = (uint8_t) class;
		ingest_keys(&e, &hash);
		ck_assert(same_key(e.id_key, visible.id_key) !=
			  class_is_confidential((enum event_class) class));
	}
}
END_TEST

START_TEST(an_id_of_the_server_is_found_without_its_source)
{
	struct event e = keyed(KEYED("'source':'s',"));
	struct event ref = keyed(FULL("", "'effort':1", ",'ref':'abc'"));

	e.id = STR("abc");
	ingest_keys(&e, &hash);
	ck_assert(same_key(ref.ref_key, e.id_key));
}
END_TEST

/* Random orders of all members, by Fisher and Yates with a small generator. */
START_TEST(order_of_members_means_nothing)
{
	static const char *const answers[] = {"'seat':5", "'food':3", "'wifi':1",
					      "'seat_comfort':4", "'seat_comfy':2"};
	static const char *const data[] = {"'survey':'flight'", "'respondent':'p'",
					   "'unit':'a/b'", "'comment':'c'",
					   "'complete':false"};
	enum { N = 5 };
	uint64_t random = 1;
	uint32_t first = 0;

	for (int round = 0; round < 300; round++) {
		size_t a[N], d[N];
		char z[1000] = "{'id':'1','data':{";
		struct event e;

		for (size_t i = 0; i < N; i++) {
			size_t j, k;

			random = random * UINT64_C(6364136223846793005) +
				1442695040888963407;
			j = (random >> 33) % (i + 1);
			k = (random >> 48) % (i + 1);
			a[i] = a[j];
			a[j] = i;
			d[i] = d[k];
			d[k] = i;
		}
		for (size_t i = 0; i < N; i++) {
			strcat(strcat(z, data[d[i]]), ",");
			if (d[i] != 2)
				continue;
			strcat(z, "'answers':{");
			for (size_t k = 0; k < N; k++)
				strcat(strcat(z, k > 0 ? "," : ""), answers[a[k]]);
			strcat(z, "},");
		}
		strcpy(z + strlen(z) - 1, "},'type':'survey.answered'}");
		e = keyed(z);
		first = round == 0 ? e.content : first;
		ck_assert_uint_eq(e.content, first);
		ck_assert_uint_eq(e.n_answers, N);
		for (uint32_t i = 0; i < N; i++)
			ck_assert_int_eq(e.answers[i].value,
					 answers[a[i]][strlen(answers[a[i]]) - 1] -
						 '0');
	}
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *
codec_ingest_many_suite(void)
{
	Suite *s = suite_create("codec_ingest_many");
	TCase *tc = tcase_create("many");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, bodies_are_walked, 0, COUNT(bodies));
	tcase_add_loop_test(tc, arrays_are_judged_without_decoding, 0, COUNT(bodies));
	tcase_add_test(tc, one_event_may_be_too_large);
	tcase_add_loop_test(tc, attributes_come_from_headers, 0, COUNT(binaries));
	tcase_add_test(tc, content_is_what_was_said);
	tcase_add_test(tc, long_content_counts_to_its_end);
	tcase_add_test(tc, keys_are_of_source_and_id);
	tcase_add_test(tc, confidential_keys_are_apart);
	tcase_add_test(tc, an_id_of_the_server_is_found_without_its_source);
	tcase_add_test(tc, order_of_members_means_nothing);
	suite_add_tcase(s, tc);
	return s;
}
