/* What a personal code opens: the evidence about one person, for that person alone.
 * Nobody else is in it, so nothing is folded or held back. */
#include "privacy/evidence.h"

#include "base/clock.h"

#define CENTS 100.0

/* ---- evidence -------------------------------------------------------------------- */

enum figure {
	FIG_GOOD,
	FIG_WILSON,
	FIG_USE,
	FIG_STAMP,
	FIG_SANCTIONS,
	FIG_LIMIT,
	FIG_DECISIONS
};
enum text { TEXT_ROLE, TEXT_CLASS, TEXT_MODE, TEXT_TRAINING, TEXTS };
enum flag { FLAG_TRAINED, FLAG_CANDIDATE };

static const struct pub_column columns[] = {
	{"as_of", pub_get_text, 0},
	{"decisions", pub_get_n, 0},
};

static const struct pub_column evidence_columns[] = {
	{"role", pub_get_text, TEXT_ROLE},
	{"class", pub_get_text, TEXT_CLASS},
	{"decisions", pub_get_count, FIG_DECISIONS},
	{"n", pub_get_n, 0},
	{"good", pub_get_count, FIG_GOOD},
	{"wilson", pub_get_figure, FIG_WILSON},
	{"use", pub_get_figure, FIG_USE},
	{"rubber_stamp", pub_get_figure, FIG_STAMP},
	{"sanctions", pub_get_count, FIG_SANCTIONS},
	{"limit", pub_get_figure, FIG_LIMIT},
	{"mode", pub_get_text, TEXT_MODE},
	{"requires_training", pub_get_text, TEXT_TRAINING},
	{"training_current", pub_get_flag, FLAG_TRAINED},
	{"candidate", pub_get_flag, FLAG_CANDIDATE},
};

enum review_text {
	REVIEW_ROLE,
	REVIEW_CLASS,
	REVIEW_DAY,
	REVIEW_VERDICT,
	REVIEW_LESSON,
	REVIEW_DRIVER,
	REVIEW_TEXTS
};
#define REVIEW_RULE 0

static const struct pub_column review_columns[] = {
	{"decided", pub_get_time, 0},
	{"role", pub_get_text, REVIEW_ROLE},
	{"class", pub_get_text, REVIEW_CLASS},
	{"reviewed", pub_get_text, REVIEW_DAY},
	{"verdict", pub_get_text, REVIEW_VERDICT},
	{"lesson", pub_get_text, REVIEW_LESSON},
	{"driver_missed", pub_get_text, REVIEW_DRIVER},
	{"rule", pub_get_flag, REVIEW_RULE},
};

enum training_text { TRAINING_DAY, TRAINING_TOPIC, TRAINING_TEXTS };
#define TRAINING_HOURS 0
#define TRAINING_COMPLETED 0

static const struct pub_column training_columns[] = {
	{"day", pub_get_text, TRAINING_DAY},
	{"topic", pub_get_text, TRAINING_TOPIC},
	{"hours", pub_get_figure, TRAINING_HOURS},
	{"completed", pub_get_flag, TRAINING_COMPLETED},
};
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

struct work {
	struct job *j;
	uint8_t person[PSEUDONYM_BYTES];
	struct evidence *evidence;
	struct pub_table *reviews, *trainings;
	uint64_t decisions;
};

static struct str
day_of(struct job *j, int64_t t_ms)
{
	struct str s = pub_time(&j->pub, j->tz, t_ms);

	return (struct str){
		s.p, s.n < sizeof "2026-01-01" - 1 ? s.n : sizeof "2026-01-01" - 1};
}

static enum emp_rc
review_row(struct work *w, const struct evidence_row *e)
{
	struct job *j = w->j;
	struct pub_row *r = pub_row_add(&j->pub, w->reviews);

	if (r == NULL)
		return EMP_NOMEM;
	r->time = pub_time(&j->pub, j->tz, e->decision.time);
	r->text[REVIEW_ROLE] = arena_str(&j->pub.arena, e->decision.role);
	r->text[REVIEW_CLASS] = arena_str(&j->pub.arena, e->decision.matter);
	r->text[REVIEW_DAY] = day_of(j, e->reviewed);
	r->text[REVIEW_VERDICT] = str_from(verdict_name((enum verdict)e->verdict));
	r->text[REVIEW_LESSON] = arena_str(&j->pub.arena, e->lesson);
	if (e->driver_missed >= 0)
		r->text[REVIEW_DRIVER] = str_from(
			driver_name((enum driver)e->driver_missed));
	r->flags = (uint32_t)e->review_rule << REVIEW_RULE;
	return EMP_OK;
}

static enum emp_rc
take_decision(void *ctx, const struct evidence_row *e)
{
	struct work *w = ctx;
	enum emp_rc rc = evidence_add(w->evidence, 0, e);

	w->decisions++;
	return rc == EMP_OK && e->verdict != VERDICT_NONE ? review_row(w, e) : rc;
}

static enum emp_rc
take_training(void *ctx, const struct training_row *t)
{
	struct work *w = ctx;
	struct job *j = w->j;
	struct pub_row *r;

	if (memcmp(t->person, w->person, PSEUDONYM_BYTES) != 0)
		return EMP_OK;
	r = pub_row_add(&j->pub, w->trainings);
	if (r == NULL)
		return EMP_NOMEM;
	r->text[TRAINING_DAY] = day_of(j, t->time);
	r->text[TRAINING_TOPIC] = arena_str(&j->pub.arena, t->topic);
	if (t->hours_cents >= 0)
		r->figure[TRAINING_HOURS] = (double)t->hours_cents / CENTS;
	r->flags = (uint32_t)!t->requested << TRAINING_COMPLETED;
	return EMP_OK;
}

static enum emp_rc
evidence_row(struct job *j, struct pub_table *table, const struct evidence_group *g)
{
	struct pub_row *r = pub_row_add(&j->pub, table);

	if (r == NULL)
		return EMP_NOMEM;
	r->text[TEXT_ROLE] = g->role;
	r->text[TEXT_CLASS] = g->matter;
	r->n = g->facts.n;
	r->figure[FIG_DECISIONS] = (double)g->decisions;
	r->figure[FIG_GOOD] = (double)g->facts.good;
	r->figure[FIG_WILSON] = g->result.wilson;
	r->figure[FIG_USE] = g->result.use;
	r->figure[FIG_STAMP] = g->result.rubber_stamp;
	r->figure[FIG_SANCTIONS] = (double)g->facts.sanctions;
	if (g->boundary != NULL) {
		r->text[TEXT_MODE] = str_from(boundary_mode_name(g->boundary->mode));
		r->text[TEXT_TRAINING] = g->boundary->requires_training;
		if (g->boundary->limit_cents >= 0)
			r->figure[FIG_LIMIT] = (double)g->boundary->limit_cents / CENTS;
	}
	r->flags = (uint32_t)g->facts.training_current << FLAG_TRAINED |
		(uint32_t)g->result.candidate << FLAG_CANDIDATE;
	return EMP_OK;
}

static struct pub_table *
table_add(struct job *j, const char *name, const struct pub_column *c, uint32_t n,
	  uint32_t n_texts)
{
	struct pub_table *t = &j->pub.extra[j->pub.n_extra++];

	t->name = name;
	t->columns = c;
	t->n_columns = n;
	t->n_texts = n_texts;
	return t;
}

static enum emp_rc
answer(struct work *w)
{
	struct job *j = w->j;
	struct pub_table *table = table_add(j, "evidence", evidence_columns,
					    COUNT(evidence_columns), TEXTS);
	int64_t now = clock_now_ms();
	struct pub_row *r;
	enum emp_rc rc;

	w->reviews = table_add(j, "reviews", review_columns, COUNT(review_columns),
			       REVIEW_TEXTS);
	w->trainings = table_add(j, "trainings", training_columns,
				 COUNT(training_columns), TRAINING_TEXTS);
	rc = store_read_person(j->reader, j->q->code, w->person);
	if (rc == EMP_OK)
		rc = evidence_new(&w->evidence, j, INT64_MAX);
	if (rc == EMP_OK)
		rc = store_read_evidence(j->reader, w->person, take_decision, w);
	if (rc == EMP_OK)
		rc = store_read_trainings(j->reader, 0, INT64_MAX, take_training, w);
	if (rc == EMP_OK)
		rc = evidence_settle(w->evidence, now, w->person);
	if (rc != EMP_OK)
		return rc;
	for (uint32_t i = 0; i < evidence_count(w->evidence) && rc == EMP_OK; i++)
		rc = evidence_row(j, table, evidence_at(w->evidence, i));
	r = pub_row_add(&j->pub, &j->pub.rows);
	if (r == NULL)
		return EMP_NOMEM;
	r->text[0] = pub_time(&j->pub, j->tz, now);
	r->n = w->decisions;
	return rc;
}

enum emp_rc
ask_me(struct job *j)
{
	struct work w = {.j = j};
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	j->pub.form = PUB_ONE;
	j->pub.rows.n_texts = 1;
	for (uint32_t i = 0; i < COUNT(columns); i++)
		pub_column_add(&j->pub, &columns[i]);
	rc = answer(&w);
	evidence_free(&w.evidence);
	return rc;
}
