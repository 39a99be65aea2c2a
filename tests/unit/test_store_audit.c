/*
 * store: lines of the audit, many at a time, among other changes; and reading them.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "store/audit.h"
#include "store_support.h"
#include "unit.h"

#define LINES 300
#define EVERY 7 /* changes of another kind among them */
#define CHANGES (LINES + LINES / EVERY)

struct sent {
	struct store_change change; /* first: done() gets its address */
	char object[32];
};

static struct sent sent[CHANGES];
static sem_t done;
static _Atomic int order, out_of_order;

static void
change_done(struct store_change *c)
{
	const struct sent *s = (const struct sent *)(const void *)c;

	if (s - sent != atomic_fetch_add(&order, 1) || c->rc != EMP_OK)
		atomic_fetch_add(&out_of_order, 1);
	sem_post(&done);
}

/* All in the queue, then waits for each. */
static void
send_all(void)
{
	int line = 0;

	memset(sent, 0, sizeof sent);
	atomic_store(&order, 0);
	atomic_store(&out_of_order, 0);
	ck_assert_int_eq(sem_init(&done, 0, 0), 0);
	for (int i = 0; i < CHANGES; i++) {
		struct store_change *c = &sent[i].change;

		c->done = change_done;
		if (i % (EVERY + 1) == EVERY) {
			c->op = DEF_TOKEN_ADD;
			c->token.scopes = SCOPE_READ;
			c->token.hash[0] = (uint8_t)i;
			c->token.hash[1] = (uint8_t)(i >> 8);
		} else {
			snprintf(sent[i].object, sizeof sent[i].object, "case-%d",
				 line++);
			c->op = DEF_AUDIT;
			c->audit.token = 7;
			c->audit.label = STR("t");
			c->audit.action = "suggestion";
			c->audit.object = str_from(sent[i].object);
		}
		ck_assert_int_eq(store_change(support.store, c), EMP_OK);
	}
	for (int i = 0; i < CHANGES; i++)
		while (sem_wait(&done) != 0)
			;
	sem_destroy(&done);
}

struct job {
	struct store_read read;
	sem_t done;
	enum emp_rc rc;
	int64_t from, to, before;
	uint32_t max;
	int64_t number[LINES];
	uint32_t n;
	bool whole; /* every line has what was sent */
};

static enum emp_rc
take(void *ctx, const struct audit_row *row)
{
	struct job *j = ctx;
	char object[32];

	snprintf(object, sizeof object, "case-%lld", (long long)row->number - 1);
	j->whole = j->whole && row->token == 7 && str_is(row->label, "t") &&
		str_is(row->action, "suggestion") && str_is(row->object, object) &&
		row->time > 0;
	j->number[j->n++] = row->number;
	return EMP_OK;
}

static void
run(struct store_reader *r, struct store_read *read)
{
	struct job *j = (struct job *)(void *)read;

	j->rc = store_read_audit(r, j->from, j->to, j->before, j->max, take, j);
	sem_post(&j->done);
}

static void
ask(struct job *j)
{
	j->read.run = run;
	j->whole = true;
	ck_assert_int_eq(sem_init(&j->done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &j->read), EMP_OK);
	while (sem_wait(&j->done) != 0)
		;
	sem_destroy(&j->done);
	ck_assert_int_eq(j->rc, EMP_OK);
}

START_TEST(each_gets_its_line_in_the_order_of_asking)
{
	struct job j = {.to = INT64_MAX, .max = LINES};

	send_all();
	ck_assert_int_eq(atomic_load(&out_of_order), 0);
	support_close();
	support_open();
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM token"),
			 LINES / EVERY);
	ask(&j);
	ck_assert(j.whole);
	ck_assert_uint_eq(j.n, LINES);
	for (uint32_t i = 0; i < j.n; i++)
		ck_assert_int_eq(j.number[i], LINES - (int64_t)i);
}
END_TEST

START_TEST(pages_and_windows)
{
	struct job page = {.to = INT64_MAX, .max = 10, .before = 21};
	struct job none = {.to = 1, .max = 10};
	struct job later = {.from = INT64_MAX, .to = INT64_MAX, .max = 10};

	send_all();
	ask(&page);
	ck_assert_uint_eq(page.n, 10);
	ck_assert_int_eq(page.number[0], 20);
	ck_assert_int_eq(page.number[9], 11);
	ask(&none);
	ck_assert_uint_eq(none.n, 0);
	ask(&later);
	ck_assert_uint_eq(later.n, 0);
}
END_TEST

Suite *
store_audit_suite(void)
{
	Suite *s = suite_create("store_audit");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, support_setup_open, support_teardown);
	tcase_add_test(t, each_gets_its_line_in_the_order_of_asking);
	tcase_add_test(t, pages_and_windows);
	suite_add_tcase(s, t);
	return s;
}
