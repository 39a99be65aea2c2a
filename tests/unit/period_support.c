/*
 * Surveys of employees, and people who answer them.
 */
#include "config.h"

#include <check.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "privacy/release.h"
#include "period_support.h"
#include "store/voice.h"

#define ROUND 8
#define MOODS 5
#define ANSWERS 3

const struct survey *
release_survey(const char *name, enum period p, int threshold)
{
	static const struct str options[] = {{"tea", 3}, {"coffee", 6}};
	const struct question q[] = {
		{.metric = METRIC_CSAT,
		 .lo = 1,
		 .hi = MOODS,
		 .satisfied = 1u << 4 | 1u << 5,
		 .declared = true,
		 .name = STR("mood")},
		{.metric = METRIC_CHOICE,
		 .declared = true,
		 .name = STR("want"),
		 .n_options = 2,
		 .options = options},
		{.metric = METRIC_TEXT, .declared = true, .name = STR("why")},
	};
	/* One that is as before changes nothing. */
	char document[32];
	size_t n = (size_t)snprintf(document, sizeof document, "{\"threshold\":%d}",
				    threshold);
	struct survey v = {.audience = AUDIENCE_EMPLOYEE,
			   .period = (uint8_t)p,
			   .threshold = (uint16_t)threshold,
			   .open_metric = METRIC_CSAT,
			   .open_lo = 1,
			   .open_hi = MOODS,
			   .open_satisfied = 1u << 4 | 1u << 5,
			   .n_questions = sizeof q / sizeof *q,
			   .questions = q,
			   .name = str_from(name),
			   .document = {document, n}};
	struct store_change c = {.op = DEF_SURVEY_PUT, .survey = &v};

	ck_assert_msg(support_change(&c) == EMP_OK, "%s", c.problem.detail);
	return surveys_find(support.defs->surveys, v.name);
}

static void
add_answer(struct event *e, const char *question, int value, int options,
	   const char *text)
{
	struct answer *a = &e->answers[e->n_answers];

	if (value == 0 && options == 0 && text == NULL)
		return;
	*a = (struct answer){.name = str_from(question),
			     .value = value,
			     .options = (uint32_t)options,
			     .text = str_from(text)};
	a->question = surveys_question(support.defs->surveys, e->survey, a->name);
	ck_assert_int_ge(a->question, 0);
	e->n_answers++;
}

struct event
release_said(const struct said *what)
{
	static struct answer answers[ROUND][ANSWERS];
	static unsigned next;
	struct event e = support_event(EVENT_SURVEY_ANSWERED, AUDIENCE_EMPLOYEE,
				       CLASS_SEALED);

	e.survey = surveys_find(support.defs->surveys, str_from(what->survey));
	ck_assert_ptr_nonnull(e.survey);
	e.time = what->time != 0 ? what->time : clock_now_ms();
	e.answers = answers[next++ % ROUND];
	add_answer(&e, "mood", what->mood, 0, NULL);
	add_answer(&e, "want", 0, what->want, NULL);
	add_answer(&e, "why", 0, 0, what->why);
	e.comment = str_from(what->comment);
	e.dim[DIM_UNIT] = str_from(what->unit);
	e.person.set = what->person != 0;
	memcpy(e.person.pseudonym, &what->person, sizeof what->person);
	e.verified = e.person.set && !what->unvouched;
	e.has_invite = what->invite != NULL;
	if (e.has_invite)
		memcpy(e.invite_hash, what->invite,
		       strnlen(what->invite, sizeof e.invite_hash));
	return e;
}

enum item_status
release_put(const struct said *what)
{
	struct event e = release_said(what);

	return support_put(&e);
}

void
release_crowd(const char *survey, const char *unit, int first, int n)
{
	for (int i = 0; i < n; i++) {
		const struct said s = {.survey = survey,
				       .unit = unit,
				       .person = first + i,
				       .mood = 1 + i % MOODS};

		ck_assert_int_eq(release_put(&s), ITEM_STORED);
	}
}

void
release_unit_put(const char *name)
{
	struct store_change c = {.op = DEF_UNIT_PUT};

	snprintf(c.unit.name, sizeof c.unit.name, "%s", name);
	ck_assert_int_eq(support_change(&c), EMP_OK);
}

void
release_invite(const char *survey, const char *unit, const char *code)
{
	uint8_t hash[1][RECEIPT_HASH_BYTES] = {{0}};
	struct store_change c = {.op = DEF_INVITES,
				 .name = str_from(survey),
				 .invite_unit = str_from(unit),
				 .hashes = (const uint8_t(*)[RECEIPT_HASH_BYTES])hash,
				 .n_hashes = 1};

	memcpy(hash[0], code, strnlen(code, sizeof hash[0]));
	ck_assert_int_eq(support_change(&c), EMP_OK);
}

enum emp_rc
release_do(struct store_change *c, const char *survey, const char *period)
{
	*c = (struct store_change){.op = DEF_RELEASE,
				   .name = str_from(survey),
				   .period = str_from(period)};
	return support_change(c);
}

bool
release_has_key(const char *name)
{
	char file[128];
	char path[PATH_MAX];

	snprintf(file, sizeof file, "keys/%s.key", name);
	support_path(path, file);
	return access(path, F_OK) == 0;
}

int64_t
release_shown_people(const char *question, const char *unit)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SELECT ifnull(sum(people), 0) FROM release_block AS b "
		 "LEFT JOIN unit ON unit.id = unit_id WHERE question = '%s' AND "
		 "ifnull(unit.name, '') = '%s'",
		 question, unit != NULL ? unit : "");
	return support_sql("empowerd.db", sql);
}

/* ---- verification -----------------------------------------------------------------
 */

struct looking {
	struct store_read job;
	sem_t done;
	int findings;
	enum emp_rc rc;
};

static void
on_finding(void *ctx, const char *finding)
{
	struct looking *l = ctx;

	printf("%s\n", finding);
	l->findings++;
}

static enum emp_rc
on_release(void *ctx, const struct release_stored *s)
{
	struct looking *l = ctx;
	uint32_t width = release_width(s->answers->q);
	struct release_blocks made;
	struct arena a;

	arena_init(&a, 4096);
	ck_assert_int_eq(
		release_blocks_make(NULL, s->tree, s->answers, s->k, &a, &made),
		EMP_OK);
	l->findings += made.n != s->blocks->n || made.pool != s->blocks->pool ||
		memcmp(made.cover, s->blocks->cover, s->tree->n * sizeof *made.cover) !=
			0;
	for (uint32_t i = 0; i < made.n && made.n == s->blocks->n; i++)
		l->findings += made.v[i].people != s->blocks->v[i].people ||
			made.v[i].unit != s->blocks->v[i].unit ||
			memcmp(made.v[i].count, s->blocks->v[i].count,
			       width * sizeof *made.v[i].count) != 0;
	arena_fini(&a);
	return EMP_OK;
}

static void
look(struct store_reader *r, struct store_read *job)
{
	struct looking *l = (struct looking *)(void *)job;

	l->rc = store_check(r, on_finding, l);
	if (l->rc == EMP_OK)
		l->rc = store_read_release_inputs(r, on_release, l);
	sem_post(&l->done);
}

int
release_findings(void)
{
	struct looking l = {.job = {.run = look}};

	ck_assert_int_eq(sem_init(&l.done, 0, 0), 0);
	ck_assert_int_eq(store_read_submit(support.store, &l.job), EMP_OK);
	while (sem_wait(&l.done) != 0)
		;
	sem_destroy(&l.done);
	ck_assert_int_eq(l.rc, EMP_OK);
	return l.findings;
}
