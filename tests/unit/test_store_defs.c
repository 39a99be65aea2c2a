/*
 * store: surveys, units and tokens are durable, and what answers refer to stays.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "store_support.h"
#include "unit.h"

static struct question question;

static struct survey
survey(enum audience a, enum metric m, const char *document)
{
	question = (struct question){.metric = (uint8_t)m,
				     .lo = 1,
				     .hi = m == METRIC_CES ? 7 : 5,
				     .satisfied = m == METRIC_CSAT ? 1u << 4 | 1u << 5
								   : 0,
				     .declared = true,
				     .name = STR("overall")};
	return (struct survey){.audience = (uint8_t)a,
			       .n_questions = 1,
			       .questions = &question,
			       .name = STR("flight"),
			       .document = str_from(document)};
}

static enum emp_rc
put(struct survey v, bool *created)
{
	struct store_change c = {.op = DEF_SURVEY_PUT, .survey = &v};
	enum emp_rc rc = support_change(&c);

	*created = c.created;
	return rc;
}

static const struct survey *
stored(void)
{
	return surveys_find(support.defs->surveys, STR("flight"));
}

START_TEST(a_survey_comes_back_as_it_was_put)
{
	struct str options[2] = {STR("yes"), STR("no")};
	struct question q[2] = {{.metric = METRIC_CHOICE,
				 .n_options = 2,
				 .options = options,
				 .declared = true,
				 .name = STR("again")},
				{.metric = METRIC_NPS,
				 .lo = 0,
				 .hi = 10,
				 .declared = true,
				 .name = STR("recommend"),
				 .twin = STR("enps/recommend")}};
	struct survey v = {.audience = AUDIENCE_CUSTOMER,
			   .period = PERIOD_MONTH,
			   .is_public = true,
			   .n_questions = 2,
			   .questions = q,
			   .name = STR("flight"),
			   .document = STR("{\"name\":\"flight\"}")};
	const struct survey *s;
	bool created;

	ck_assert_int_eq(put(v, &created), EMP_OK);
	ck_assert(created);
	support_close();
	support_open();
	s = stored();
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_ge(s->id, SUBJECT_FIRST_SURVEY);
	ck_assert_uint_eq(s->period, PERIOD_MONTH);
	ck_assert(s->is_public && !s->builtin);
	ck_assert(str_is(s->document, "{\"name\":\"flight\"}"));
	ck_assert_uint_eq(s->n_questions, 2);
	ck_assert_uint_eq(s->questions[0].n_options, 2);
	ck_assert(str_is(s->questions[0].options[1], "no"));
	ck_assert(str_is(s->questions[1].twin, "enps/recommend"));
	ck_assert_uint_ge(s->questions[0].slot, SURVEY_SLOTS_FIXED);
	ck_assert_uint_ge(s->questions[1].slot,
			  s->questions[0].slot + s->questions[0].width);
}
END_TEST

START_TEST(the_same_document_is_no_change)
{
	uint64_t version;
	bool created;

	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{1}"), &created),
			 EMP_OK);
	version = support.defs->version;
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{1}"), &created),
			 EMP_OK);
	ck_assert(!created);
	ck_assert_uint_eq(support.defs->version, version);
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{2}"), &created),
			 EMP_OK);
	ck_assert(!created);
	ck_assert_uint_gt(support.defs->version, version);
}
END_TEST

START_TEST(a_question_may_change_until_it_is_answered)
{
	struct answer a;
	struct event e;
	uint32_t slot;
	bool created;

	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CES, "{1}"), &created),
			 EMP_OK);
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{2}"), &created),
			 EMP_OK);
	ck_assert_uint_eq(stored()->questions[0].metric, METRIC_CSAT);
	slot = stored()->questions[0].slot;
	e = support_answer(NULL, &a, 4);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CES, "{3}"), &created),
			 EMP_CONFLICT);
	ck_assert_uint_eq(stored()->questions[0].metric, METRIC_CSAT);
	/* Known after a start, too. */
	support_close();
	support_open();
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CES, "{3}"), &created),
			 EMP_CONFLICT);
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{4}"), &created),
			 EMP_OK);
	ck_assert_uint_eq(stored()->questions[0].slot, slot);
}
END_TEST

START_TEST(an_event_on_its_way_does_not_meet_another_meaning)
{
	const struct defs *old;
	struct answer a;
	struct event e;
	struct store_outcome o;
	bool created;

	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{1}"), &created),
			 EMP_OK);
	old = defs_hold(support.defs);
	e = support_answer(NULL, &a, 4);
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CES, "{2}"), &created),
			 EMP_OK);
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_INVALID);
	ck_assert_int_eq(o.rc, EMP_CONFLICT);
	defs_release(&old);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
}
END_TEST

START_TEST(an_event_on_its_way_does_not_answer_what_was_dropped)
{
	const struct defs *old;
	struct survey v = survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{1}");
	struct question other;
	struct answer a;
	struct event e;
	struct store_outcome o;
	bool created;

	ck_assert_int_eq(put(v, &created), EMP_OK);
	e = support_answer(NULL, &a, 4);
	ck_assert_int_eq(support_put(&e), ITEM_STORED);
	old = defs_hold(support.defs);
	e = support_answer(NULL, &a, 5);
	other = question;
	other.name = STR("other");
	v.questions = &other;
	v.document = STR("{2}");
	ck_assert_int_eq(put(v, &created), EMP_OK);
	/* It is kept, for the answer it has. */
	ck_assert_uint_eq(stored()->n_questions, 2);
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_INVALID);
	ck_assert_int_eq(o.rc, EMP_CONFLICT);
	defs_release(&old);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(employees_surveys_never_tell_whether_they_were_answered)
{
	bool created;

	/* Refused though nobody has answered: with answers it is the same. */
	ck_assert_int_eq(put(survey(AUDIENCE_EMPLOYEE, METRIC_CSAT, "{1}"), &created),
			 EMP_OK);
	ck_assert_int_eq(put(survey(AUDIENCE_EMPLOYEE, METRIC_CES, "{2}"), &created),
			 EMP_CONFLICT);
	ck_assert_int_eq(put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{3}"), &created),
			 EMP_CONFLICT);
	ck_assert_int_eq(put(survey(AUDIENCE_EMPLOYEE, METRIC_CSAT, "{4}"), &created),
			 EMP_OK);
}
END_TEST

START_TEST(what_ships_does_not_replace_what_was_put)
{
	struct survey shipped = survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{shipped}");
	bool created;

	shipped.builtin = true;
	ck_assert_int_eq(put(shipped, &created), EMP_OK);
	ck_assert(stored()->builtin);
	shipped.document = STR("{newer}");
	ck_assert_int_eq(put(shipped, &created), EMP_OK);
	ck_assert(str_is(stored()->document, "{newer}"));
	ck_assert_int_eq(
		put(survey(AUDIENCE_CUSTOMER, METRIC_CSAT, "{mine}"), &created),
		EMP_OK);
	shipped.document = STR("{newest}");
	ck_assert_int_eq(put(shipped, &created), EMP_OK);
	ck_assert(str_is(stored()->document, "{mine}"));
	ck_assert(!stored()->builtin);
}
END_TEST

START_TEST(units_are_declared_with_those_above)
{
	struct store_change c = {.op = DEF_UNIT_PUT,
				 .unit = {.name = "ops/night", .title = "Night shift"}};
	const struct unit_def *u;

	ck_assert_int_eq(support_change(&c), EMP_OK);
	ck_assert(c.created);
	strcpy(c.unit.title, "Nights");
	ck_assert_int_eq(support_change(&c), EMP_OK);
	ck_assert(!c.created);
	support_close();
	support_open();
	u = defs_unit(support.defs, STR("ops/night"));
	ck_assert_ptr_nonnull(u);
	ck_assert_str_eq(u->title, "Nights");
	ck_assert_ptr_null(defs_unit(support.defs, STR("ops")));
	ck_assert_uint_ne(intern_find(store_names(support.store, DIM_UNIT), STR("ops")),
			  INTERN_NONE);
}
END_TEST

START_TEST(tokens_are_added_and_revoked)
{
	struct store_change c = {.op = DEF_TOKEN_ADD,
				 .token = {.scopes = SCOPE_INGEST | SCOPE_READ,
					   .label = "shop",
					   .unit = "retail"}};
	struct store_change other = {.op = DEF_TOKEN_ADD,
				     .token = {.scopes = SCOPE_ADMIN}};
	const struct token_def *t;

	memset(c.token.hash, 1, sizeof c.token.hash);
	memset(other.token.hash, 2, sizeof other.token.hash);
	ck_assert_int_eq(support_change(&c), EMP_OK);
	ck_assert_int_eq(support_change(&other), EMP_OK);
	ck_assert_uint_ne(c.token.id, other.token.id);
	support_close();
	support_open();
	t = defs_token(support.defs, c.token.hash);
	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->scopes, SCOPE_INGEST | SCOPE_READ);
	ck_assert_str_eq(t->label, "shop");
	ck_assert_str_eq(t->unit, "retail");
	ck_assert_int_gt(t->created, 0);
	c.op = DEF_TOKEN_REVOKE;
	ck_assert_int_eq(support_change(&c), EMP_OK);
	ck_assert_ptr_null(defs_token(support.defs, c.token.hash));
	ck_assert_ptr_nonnull(defs_token(support.defs, other.token.hash));
	ck_assert_int_eq(support_change(&c), EMP_NOT_FOUND);
	/* Never in the analysts' file. */
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM sqlite_schema "
				     "WHERE name LIKE '%token%'"),
			 0);
}
END_TEST

START_TEST(the_last_admin_is_not_revoked)
{
	struct store_change first = {.op = DEF_TOKEN_ADD,
				     .token = {.scopes = SCOPE_ADMIN}};
	struct store_change second = first;
	struct store_change limited = {
		.op = DEF_TOKEN_ADD,
		.token = {.scopes = SCOPE_ADMIN, .unit = "retail"}};

	memset(first.token.hash, 1, sizeof first.token.hash);
	memset(second.token.hash, 2, sizeof second.token.hash);
	memset(limited.token.hash, 3, sizeof limited.token.hash);
	ck_assert_int_eq(support_change(&first), EMP_OK);
	ck_assert_int_eq(support_change(&second), EMP_OK);
	ck_assert_int_eq(support_change(&limited), EMP_OK);
	first.op = second.op = limited.op = DEF_TOKEN_REVOKE;
	ck_assert_int_eq(support_change(&first), EMP_OK);
	ck_assert_int_eq(support_change(&second), EMP_CONFLICT);
	ck_assert_int_eq(second.problem.rc, EMP_CONFLICT);
	ck_assert_ptr_nonnull(defs_token(support.defs, second.token.hash));
	ck_assert_int_eq(support_change(&limited), EMP_OK);
	ck_assert(!atomic_load(&support.fatal));
}
END_TEST

/* A change that is stored but cannot be read back would leave the old definitions in
 * force, tokens that are revoked among them. */
START_TEST(definitions_that_cannot_be_read_stop_the_daemon)
{
	struct store_change c = {.op = DEF_UNIT_PUT, .unit = {.name = "ops"}};

	support_exec("confidential.db",
		     "INSERT INTO token (hash, label, scopes, created) "
		     "VALUES (zeroblob(32), '', 'everything', 0)");
	ck_assert_int_eq(support_change(&c), EMP_INTERNAL);
	ck_assert(atomic_load(&support.fatal));
}
END_TEST

Suite *
store_defs_suite(void)
{
	Suite *s = suite_create("store_defs");
	TCase *tc = tcase_create("defs");

	tcase_add_checked_fixture(tc, support_setup_open, support_teardown);
	tcase_add_test(tc, a_survey_comes_back_as_it_was_put);
	tcase_add_test(tc, the_same_document_is_no_change);
	tcase_add_test(tc, a_question_may_change_until_it_is_answered);
	tcase_add_test(tc, an_event_on_its_way_does_not_meet_another_meaning);
	tcase_add_test(tc, an_event_on_its_way_does_not_answer_what_was_dropped);
	tcase_add_test(tc, employees_surveys_never_tell_whether_they_were_answered);
	tcase_add_test(tc, what_ships_does_not_replace_what_was_put);
	tcase_add_test(tc, units_are_declared_with_those_above);
	tcase_add_test(tc, tokens_are_added_and_revoked);
	tcase_add_test(tc, the_last_admin_is_not_revoked);
	tcase_add_test(tc, definitions_that_cannot_be_read_stop_the_daemon);
	suite_add_tcase(s, tc);
	return s;
}
