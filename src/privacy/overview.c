/* The overview: what a dashboard shows first, in one answer. Every figure of it is one
 * that another answer publishes, asked for as an answer inside this one, for the window
 * and for as long a time before it. So it says nothing that those would not, and there
 * is no second formula. */
#include "privacy/rollup_impl.h"

#include "base/clock.h"

#define WINDOW_DAYS 30
#define MONTH_CHARS 7 /* of a time, "2026-10" */

enum window { NOW, BEFORE, WINDOWS };

/* A figure of a section: its names, and the column that it is taken from. */
struct item {
	const char *name, *previous, *column;
	bool count;
};
#define COUNTED(name, column)                                                          \
	{                                                                              \
		name, "previous_" name, column, true                                   \
	}
#define FIGURE(name)                                                                   \
	{                                                                              \
		name, "previous_" name, name, false                                    \
	}
#define ITEMS_MAX 8
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

/* The first of each is how much there was: none is 0, not unknown. */
static const struct item suggestion_items[] = {
	COUNTED("n", "n"),
	COUNTED("open", "open"),
	COUNTED("overdue_sla", "overdue_sla"),
	COUNTED("overdue_feedback", "overdue_feedback"),
	FIGURE("told"),
	FIGURE("reason"),
	FIGURE("first_response_median_h"),
	FIGURE("first_response_median_h_at_least"),
};
static const struct item decision_items[] = {
	COUNTED("n", "n"),
	FIGURE("delegated"),
	FIGURE("restriction"),
	FIGURE("benefit"),
};
static const struct item recognition_items[] = {
	COUNTED("n", "n"),
	COUNTED("recipients", "recipients"),
	FIGURE("coverage"),
};
static const struct item retention_items[] = {
	COUNTED("complaints", "complaint"),
	COUNTED("cancellations", "cancellation"),
	COUNTED("renewals", "renewal"),
	FIGURE("churn_of_due"),
};
#define RETENTION_COUNTS 3
static const struct item coherence_items[] = {
	COUNTED("twins", "twins"),
	FIGURE("index"),
	FIGURE("care_deficit"),
};

struct work {
	struct job *j;
	struct query window[WINDOWS]; /* only from and to */
	struct sub sub;
	uint32_t next; /* where the next row is, usually: both windows have one order */
};

static struct pub_table *
table_add(struct work *w, const char *name, const struct pub_column *c, uint32_t n)
{
	struct pub_table *t = &w->j->pub.extra[w->j->pub.n_extra++];

	*t = (struct pub_table){.name = name, .columns = c, .n_columns = n};
	return t;
}

/* One that is too large to be computed leaves the others alone: it is null then. */
static enum emp_rc
spared(enum emp_rc rc)
{
	return rc == EMP_TOO_LARGE ? EMP_OK : rc;
}

/* An answer for one of the windows. *found is false where there is none. */
static enum emp_rc
ask(struct work *w, enum rollup rollup, enum window window, const char *audience,
    bool *found)
{
	struct query *q = &w->sub.q;
	enum emp_rc rc;

	sub_query(q, w->j, rollup);
	q->from = w->window[window].from;
	q->to = w->window[window].to;
	q->from_given = q->to_given = true;
	*found = false;
	if (q->from >= q->to) {
		/* Nothing was before the beginning of time. */
		sub_open(&w->sub, w->j);
		return EMP_OK;
	}
	if (audience != NULL) {
		q->filter[FIELD_AUDIENCE].n = 1;
		q->filter[FIELD_AUDIENCE].value[0] = str_from(audience);
	}
	rc = sub_run(&w->sub, w->j);
	*found = rc == EMP_OK;
	return spared(rc);
}

/* ---- rows by survey ------------------------------------------------------------- */

enum survey_figure { FIG_VALUE, FIG_PREVIOUS_N, FIG_PREVIOUS, FIG_CHANGE };
#define TEXT_METRIC 0

/* Of the window before. Of employees either window may be protected while the other is
 * not: a release counts in the one in which its period ended. */
static void
get_previous(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	double f = r->figure[c->arg];

	if (r->suppressed && isnan(f))
		return;
	v->kind = PUB_FIGURE;
	if (c->arg == FIG_PREVIOUS_N)
		v->kind = isnan(f) ? PUB_NULL : PUB_COUNT;
	v->count = isnan(f) ? 0 : (uint64_t)f;
	v->figure = f;
}

static const struct pub_column question_columns[] = {
	{"audience", pub_get_audience, 0},
	{"survey", pub_get_key, 0},
	{"question", pub_get_key, 1},
	{"metric", pub_get_text_if, TEXT_METRIC},
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"value", pub_get_figure, FIG_VALUE},
	{"previous_n", get_previous, FIG_PREVIOUS_N},
	{"previous", get_previous, FIG_PREVIOUS},
	{"change", pub_get_figure, FIG_CHANGE},
	{"verified", pub_get_verified, 0},
};

static const struct pub_column participation_columns[] = {
	{"audience", pub_get_audience, 0},
	{"survey", pub_get_key, 0},
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"response_rate", pub_get_figure, FIG_VALUE},
	{"previous_n", pub_get_count, FIG_PREVIOUS_N},
	{"previous_response_rate", pub_get_figure, FIG_PREVIOUS},
	{"change", pub_get_figure, FIG_CHANGE},
};

static const struct pub_group of_audience[] = {
	[AUDIENCE_CUSTOMER] = {.audience = AUDIENCE_CUSTOMER},
	[AUDIENCE_EMPLOYEE] = {.audience = AUDIENCE_EMPLOYEE},
};

/* A row without a question says that none is known of the survey, or may be. */
static bool
is_nameless(const struct pub_row *r)
{
	return r->key[1].n == 0;
}

/* The row of that survey and question, if there is one. Questions that one window knows
 * are known: the other has nothing to add but that it has no figures. */
static struct pub_row *
row_find(struct work *w, struct pub_table *t, const struct pub_row *like)
{
	struct pub_row *of_survey = NULL;

	for (uint32_t i = 0; i < t->n; i++) {
		struct pub_row *r = &t->rows[(w->next + i) % t->n];

		if (!str_eq(r->key[0], like->key[0]))
			continue;
		if (str_eq(r->key[1], like->key[1])) {
			w->next = (uint32_t)(r - t->rows) + 1;
			return r;
		}
		if (is_nameless(r) || is_nameless(like))
			of_survey = r;
	}
	if (of_survey != NULL && is_nameless(of_survey))
		of_survey->key[1] = arena_str(&w->j->pub.arena, like->key[1]);
	return of_survey;
}

/* That row, made where only the window before has one: what is no longer asked is a
 * change, too. */
static struct pub_row *
row_for(struct work *w, struct pub_table *t, const struct pub_row *like)
{
	struct pub_row *r = row_find(w, t, like);

	if (r != NULL)
		return r;
	r = pub_row_add(&w->j->pub, t);
	if (r == NULL)
		return NULL;
	r->group = &of_audience[like->group->audience];
	r->key[0] = like->key[0];
	/* Of a question that only a release names, the name goes with the answer. */
	if (like->key[1].n > 0)
		r->key[1] = arena_str(&w->j->pub.arena, like->key[1]);
	/* Of customers nothing is none; of employees it is not known. */
	r->suppressed = like->group->audience == AUDIENCE_EMPLOYEE;
	r->figure[FIG_PREVIOUS_N] = r->suppressed ? NAN : 0;
	return r;
}

/* A survey that ships and that nobody uses, as far as anybody may know, is no news. */
static bool
is_news(const struct work *w, const struct pub_row *like)
{
	const struct survey *v = surveys_find(w->j->defs->surveys, like->key[0]);

	return !like->suppressed || v == NULL || !v->builtin;
}

static enum emp_rc
survey_row(struct work *w, struct pub_table *t, const struct pub_row *like,
	   const char *column, enum window window)
{
	const struct pub_table *from = &w->sub.job.pub.rows;
	struct pub_row *r = row_for(w, t, like);

	if (r == NULL)
		return EMP_NOMEM;
	if (like->suppressed || column == NULL)
		return EMP_OK;
	if (t->n_texts > 0)
		r->text[TEXT_METRIC] = str_from(column);
	/* Of both windows, where both have one. */
	if ((r->flags & PUB_RELEASED) != 0)
		r->flags &= like->flags;
	else
		r->flags = like->flags;
	if (window == NOW) {
		r->suppressed = false;
		r->n = like->n;
	} else {
		r->figure[FIG_PREVIOUS_N] = (double)like->n;
	}
	r->figure[window == NOW ? FIG_VALUE : FIG_PREVIOUS] = pub_read(from, like,
								       column);
	r->figure[FIG_CHANGE] = r->figure[FIG_VALUE] - r->figure[FIG_PREVIOUS];
	return EMP_OK;
}

/* What is not on a scale has no one figure, be it shown or not. */
static bool
has_figure(const struct work *w, const struct pub_row *like)
{
	const struct surveys *all = w->j->defs->surveys;
	const struct survey *v = surveys_find(all, like->key[0]);
	const struct question *q = like->question;
	int at = q == NULL && v != NULL ? surveys_question(all, v, like->key[1]) : -1;

	if (at >= 0)
		q = &v->questions[at];
	/* One that is not known might. */
	return q == NULL || satisfaction_headline(q) != NULL;
}

static enum emp_rc
surveys_add(struct work *w, struct pub_table *t, enum rollup rollup,
	    const char *audience)
{
	for (int i = 0; i < WINDOWS; i++) {
		bool found;
		enum emp_rc rc = ask(w, rollup, (enum window)i, audience, &found);

		for (uint32_t k = 0; found && k < w->sub.job.pub.rows.n; k++) {
			const struct pub_row *like = &w->sub.job.pub.rows.rows[k];
			const char *column = rollup == ROLLUP_PARTICIPATION
				? "response_rate"
				: like->question == NULL
				? NULL
				: satisfaction_headline(like->question);

			if (rc == EMP_OK && is_news(w, like) &&
			    (rollup == ROLLUP_PARTICIPATION || has_figure(w, like)))
				rc = survey_row(w, t, like, column, (enum window)i);
		}
		sub_close(&w->sub);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

/* What the rate of a window comes from. Of an hour it is known exactly. */
struct asked {
	uint64_t invited, done, shown, answered;
};

static uint64_t
read_count(const struct pub_table *t, const struct pub_row *r, const char *column)
{
	double v = pub_read(t, r, column);

	return isnan(v) ? 0 : (uint64_t)llround(v);
}

static void
asked_add(struct asked *a, const struct pub_table *t, const struct pub_row *r)
{
	uint64_t invited = read_count(t, r, "invited");

	a->invited += invited;
	a->shown += read_count(t, r, "shown");
	a->answered += read_count(t, r, "answered");
	if (invited > 0)
		a->done += (uint64_t)llround(pub_read(t, r, "response_rate") *
					     (double)invited / 100);
}

static void
asked_show(struct pub_row *r, const struct asked a[WINDOWS])
{
	struct response now = metric_response(a[NOW].invited, a[NOW].done, a[NOW].shown,
					      a[NOW].answered);
	struct response before = metric_response(a[BEFORE].invited, a[BEFORE].done,
						 a[BEFORE].shown, a[BEFORE].answered);

	r->n = a[NOW].answered;
	r->figure[FIG_PREVIOUS_N] = (double)a[BEFORE].answered;
	r->figure[FIG_VALUE] = now.rate;
	r->figure[FIG_PREVIOUS] = before.rate;
	r->figure[FIG_CHANGE] = now.rate - before.rate;
}

/* Hour by hour over both windows: whoever answered an invitation is found by looking
 * at every answer there is, which is done once. Rows of a survey follow each other. */
static enum emp_rc
participation_hours(struct work *w, struct pub_table *t)
{
	struct query *q = &w->sub.q;
	const struct pub_table *from = &w->sub.job.pub.rows;
	struct asked a[WINDOWS] = {{0, 0, 0, 0}};
	enum emp_rc rc;

	sub_query(q, w->j, ROLLUP_PARTICIPATION);
	q->from = w->window[BEFORE].from;
	q->to = w->window[NOW].to;
	q->from_given = q->to_given = true;
	q->step = STEP_HOUR;
	rc = sub_run(&w->sub, w->j);
	for (uint32_t i = 0; rc == EMP_OK && i < from->n; i++) {
		const struct pub_row *like = &from->rows[i];
		bool now = sub_time(&w->sub, like) >= w->window[NOW].from;

		asked_add(&a[now ? NOW : BEFORE], from, like);
		if (i + 1 < from->n && str_eq(like[1].key[0], like->key[0]))
			continue;
		if (row_for(w, t, like) == NULL)
			rc = EMP_NOMEM;
		else
			asked_show(row_for(w, t, like), a);
		memset(a, 0, sizeof a);
	}
	sub_close(&w->sub);
	return rc;
}

static enum emp_rc
participation(struct work *w)
{
	struct pub_table *t = table_add(w, "participation", participation_columns,
					COUNT(participation_columns));
	enum emp_rc rc = participation_hours(w, t);

	/* Hours are not kept for ever, and there may be too many of them. */
	if (rc == EMP_INVALID || rc == EMP_TOO_LARGE)
		rc = surveys_add(w, t, ROLLUP_PARTICIPATION, "customer");
	return rc == EMP_OK ? surveys_add(w, t, ROLLUP_PARTICIPATION, "employee") : rc;
}

static enum emp_rc
questions(struct work *w)
{
	struct pub_table *t = table_add(w, "questions", question_columns,
					COUNT(question_columns));
	enum emp_rc rc;

	t->n_texts = 1;
	rc = surveys_add(w, t, ROLLUP_SATISFACTION, "customer");
	return rc == EMP_OK ? surveys_add(w, t, ROLLUP_SATISFACTION, "employee") : rc;
}

/* ---- sections ------------------------------------------------------------------- */

static void
take_row(const struct rollup_pub *p, const struct pub_table *t,
	 const struct item *items, uint32_t n, double *into)
{
	(void)p;
	for (uint32_t i = 0; t != NULL && t->n > 0 && i < n; i++)
		into[i] = pub_read(t, &t->rows[0], items[i].column);
}

static void
take_rows(const struct rollup_pub *p, const struct item *items, uint32_t n,
	  double *into)
{
	take_row(p, &p->rows, items, n, into);
}

static void
take_figures(const struct rollup_pub *p, const struct item *items, uint32_t n,
	     double *into)
{
	take_row(p, pub_table_find(p, "figures"), items, n, into);
}

static void
take_scalars(const struct rollup_pub *p, const struct item *items, uint32_t n,
	     double *into)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < p->n_scalars; k++)
			if (strcmp(p->scalar[k].name, items[i].column) == 0)
				into[i] = p->scalar[k].v;
}

/* A row per signal; churn of the whole. */
static void
take_retention(const struct rollup_pub *p, const struct item *items, uint32_t n,
	       double *into)
{
	for (uint32_t i = 0; i < RETENTION_COUNTS; i++) {
		into[i] = 0;
		for (uint32_t k = 0; k < p->rows.n; k++)
			if (str_is(p->rows.rows[k].key[0], items[i].column))
				into[i] = pub_read(&p->rows, &p->rows.rows[k], "n");
	}
	take_scalars(p, items, n, into);
}

struct section {
	const char *name;
	enum rollup rollup;
	const char *audience;
	const struct item *items;
	uint32_t n;
	void (*take)(const struct rollup_pub *p, const struct item *items, uint32_t n,
		     double *into);
};

static const struct section sections[] = {
	{"retention", ROLLUP_RETENTION, "customer", retention_items,
	 COUNT(retention_items), take_retention},
	{"suggestions", ROLLUP_SUGGESTIONS, "customer", suggestion_items,
	 COUNT(suggestion_items), take_rows},
	{"decisions", ROLLUP_DECISIONS, NULL, decision_items, COUNT(decision_items),
	 take_rows},
	{"recognition", ROLLUP_RECOGNITION, "employee", recognition_items,
	 COUNT(recognition_items), take_figures},
	{"coherence", ASK_COHERENCE, NULL, coherence_items, COUNT(coherence_items),
	 take_scalars},
};

static enum emp_rc
section(struct work *w, const struct section *s)
{
	struct arena *a = &w->j->pub.arena;
	struct pub_column *columns = arena_alloc(a, 2 * ITEMS_MAX * sizeof *columns);
	struct pub_table *t = table_add(w, s->name, columns, s->n * WINDOWS);
	struct pub_row *r;

	EMP_ASSERT(s->n <= ITEMS_MAX);
	t->one = true;
	t->n_figures = ITEMS_MAX * WINDOWS;
	if (columns == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < s->n * WINDOWS; i++) {
		const struct item *item = &s->items[i % s->n];

		columns[i] = (struct pub_column){
			i < s->n ? item->name : item->previous,
			item->count ? pub_get_count : pub_get_figure, (uint8_t)i};
	}
	for (int i = 0; i < WINDOWS; i++) {
		bool found;
		enum emp_rc rc = ask(w, s->rollup, (enum window)i, s->audience, &found);

		if (found && t->n == 0 && pub_row_add(&w->j->pub, t) == NULL)
			rc = EMP_NOMEM;
		if (rc == EMP_OK && found) {
			r = &t->rows[0];
			r->figure[(uint32_t)i * s->n] = 0;
			s->take(&w->sub.job.pub, s->items, s->n,
				r->figure + (uint32_t)i * s->n);
		}
		sub_close(&w->sub);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

/* How things are now, without a window. */
static enum emp_rc
contact(struct work *w)
{
	static const struct pub_column columns[] = {
		{"days_since_face_to_face", pub_get_figure, 0},
	};
	struct pub_table *t = table_add(w, "contact", columns, COUNT(columns));
	const struct pub_table *from = NULL;
	bool found;
	enum emp_rc rc = ask(w, ROLLUP_CONTACT, NOW, NULL, &found);

	t->one = true;
	if (found)
		from = pub_table_find(&w->sub.job.pub, "face_to_face");
	if (from != NULL && from->n > 0) {
		struct pub_row *r = pub_row_add(&w->j->pub, t);

		if (r == NULL)
			rc = EMP_NOMEM;
		else
			r->figure[0] = pub_read(from, &from->rows[0],
						"days_since_face_to_face");
	}
	sub_close(&w->sub);
	return rc;
}

/* ---- people who stay ------------------------------------------------------------- */

static const struct {
	const char *signal, *column;
} staff_items[] = {
	{"separation", "turnover"},
	{"separation", "voluntary_turnover"},
	{"absence", "lost_time"},
	{"absence", "absence_frequency"},
};
#define STAFF_ITEMS (sizeof staff_items / sizeof *staff_items)

static const struct pub_column staff_columns[] = {
	{"month", pub_get_text, NOW},
	{"turnover", pub_get_figure, 0},
	{"voluntary_turnover", pub_get_figure, 1},
	{"lost_time", pub_get_figure, 2},
	{"absence_frequency", pub_get_figure, 3},
	{"previous_month", pub_get_text, BEFORE},
	{"previous_turnover", pub_get_figure, STAFF_ITEMS},
	{"previous_voluntary_turnover", pub_get_figure, STAFF_ITEMS + 1},
	{"previous_lost_time", pub_get_figure, STAFF_ITEMS + 2},
	{"previous_absence_frequency", pub_get_figure, STAFF_ITEMS + 3},
};

/* Of the month that ends at `to`: the figures are what its rows say. */
static enum emp_rc
staff_month(struct work *w, struct pub_row *r, int64_t from, int64_t to,
	    enum window window)
{
	struct query *q = &w->sub.q;
	const struct pub_table *t = &w->sub.job.pub.rows;
	struct str month;
	enum emp_rc rc;

	sub_query(q, w->j, ROLLUP_RETENTION);
	q->from = from;
	q->to = to;
	q->from_given = q->to_given = q->fill = true;
	q->filter[FIELD_AUDIENCE].n = 1;
	q->filter[FIELD_AUDIENCE].value[0] = str_from("employee");
	rc = sub_run(&w->sub, w->j);
	for (uint32_t i = 0; rc == EMP_OK && i < t->n; i++)
		for (size_t k = 0; k < STAFF_ITEMS; k++)
			if (str_is(t->rows[i].key[0], staff_items[k].signal))
				r->figure[(size_t)window * STAFF_ITEMS + k] = pub_read(
					t, &t->rows[i], staff_items[k].column);
	sub_close(&w->sub);
	month = pub_time(&w->j->pub, w->j->tz, from * MS_PER_S);
	if (month.n > MONTH_CHARS)
		month.n = MONTH_CHARS;
	r->text[window] = month;
	return spared(rc);
}

/* Of whole months, as these figures are: the last one that is over by the end of the
 * window, and the one before it. */
static enum emp_rc
staff(struct work *w)
{
	struct job *j = w->j;
	struct pub_table *t = table_add(w, "staff", staff_columns,
					COUNT(staff_columns));
	int64_t to = w->window[NOW].to;
	int64_t today = delicate_today(j);
	enum emp_rc rc = EMP_OK;
	struct pub_row *r;

	t->one = true;
	t->n_texts = WINDOWS;
	r = pub_row_add(&j->pub, t);
	if (r == NULL)
		return EMP_NOMEM;
	to = tz_floor(j->tz, TZ_MONTH, to < today ? to : today);
	for (int i = 0; i < WINDOWS && rc == EMP_OK && to > 0; i++) {
		int64_t from = tz_floor(j->tz, TZ_MONTH, to - 1);

		rc = staff_month(w, r, from, to, (enum window)i);
		to = from;
	}
	return rc;
}

/* Those that are open, watched over their usual time. */
static enum emp_rc
alerts(struct work *w)
{
	static const struct pub_column columns[] = {
		{"category", pub_get_key, 0},
		{"source", pub_get_key, 1},
		{"n", pub_get_n, 0},
		{"weeks", pub_get_count, 0},
	};
	struct pub_table *t = table_add(w, "alerts", columns, COUNT(columns));
	const struct pub_table *from;
	enum emp_rc rc;

	sub_query(&w->sub.q, w->j, ASK_ALERTS);
	w->sub.q.to_given = w->j->q->to_given;
	w->sub.q.to = w->j->q->to;
	rc = sub_run(&w->sub, w->j);
	t->one = rc != EMP_OK;
	from = &w->sub.job.pub.rows;
	for (uint32_t i = 0; rc == EMP_OK && i < from->n; i++) {
		const struct pub_row *like = &from->rows[i];
		struct pub_row *r;

		if (like->flags == 0)
			continue;
		r = pub_row_add(&w->j->pub, t);
		if (r == NULL) {
			rc = EMP_NOMEM;
			break;
		}
		r->key[0] = arena_str(&w->j->pub.arena, like->key[0]);
		r->key[1] = like->key[1];
		r->n = like->n;
		r->figure[0] = pub_read(from, like, "weeks");
	}
	sub_close(&w->sub);
	return spared(rc);
}

/* ---- the answer ----------------------------------------------------------------- */

enum head { HEAD_AS_OF, HEAD_FROM, HEAD_TO, HEAD_PREVIOUS, HEADS };

static const struct pub_column head_columns[] = {
	{"as_of", pub_get_text, HEAD_AS_OF},
	{"from", pub_get_text, HEAD_FROM},
	{"to", pub_get_text, HEAD_TO},
	{"previous_from", pub_get_text, HEAD_PREVIOUS},
};

/* Without an end the window ends with the hour that runs, so that what came a moment
 * ago is in it. */
static enum emp_rc
head(struct work *w)
{
	struct job *j = w->j;
	const struct query *q = j->q;
	int64_t as_of = job_as_of(j);
	int64_t end = q->to_given ? q->to : q->as_of_given ? as_of : as_of + S_PER_HOUR;
	/* Whole hours, or an hour would be in both windows. */
	int64_t to = tz_ceil(j->tz, TZ_HOUR, end);
	int64_t from = tz_floor(j->tz, TZ_HOUR,
				q->from_given ? q->from : to - WINDOW_DAYS * S_PER_DAY);
	int64_t before = from - (to - from);
	struct pub_row *r;

	if (from >= to)
		return problem_set(j->problem, EMP_INVALID, "from",
				   "the window is empty: from must lie before to");
	if (from < 0)
		from = 0;
	if (before < 0)
		before = 0;
	w->window[NOW].from = from;
	w->window[NOW].to = to;
	w->window[BEFORE].from = before;
	w->window[BEFORE].to = from;
	j->pub.form = PUB_ONE;
	j->pub.rows.n_texts = HEADS;
	for (uint32_t i = 0; i < COUNT(head_columns); i++)
		pub_column_add(&j->pub, &head_columns[i]);
	r = pub_row_add(&j->pub, &j->pub.rows);
	if (r == NULL)
		return EMP_NOMEM;
	r->text[HEAD_AS_OF] = j->pub.as_of;
	r->text[HEAD_FROM] = pub_time(&j->pub, j->tz, from * MS_PER_S);
	r->text[HEAD_TO] = pub_time(&j->pub, j->tz, to * MS_PER_S);
	r->text[HEAD_PREVIOUS] = pub_time(&j->pub, j->tz, before * MS_PER_S);
	return EMP_OK;
}

enum emp_rc
ask_overview(struct job *j)
{
	struct work *w = arena_zalloc(&j->pub.arena, sizeof *w);
	enum emp_rc rc;

	if (w == NULL)
		return EMP_NOMEM;
	if (j->reader == NULL)
		return EMP_STALE;
	w->j = j;
	rc = job_levels(j);
	if (rc == EMP_OK)
		rc = head(w);
	if (rc == EMP_OK)
		rc = questions(w);
	if (rc == EMP_OK)
		rc = participation(w);
	for (uint32_t i = 0; i < COUNT(sections) && rc == EMP_OK; i++)
		rc = section(w, &sections[i]);
	if (rc == EMP_OK)
		rc = staff(w);
	if (rc == EMP_OK)
		rc = contact(w);
	return rc == EMP_OK ? alerts(w) : rc;
}
