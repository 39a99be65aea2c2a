/* Initiatives, with what customers said and did before and after each began.
 *
 * Nothing is judged: before and after stand side by side with their numbers, in whole
 * days of the instance's zone, and the answer says that this proves no cause. Figures
 * are those of satisfaction, asked for as an answer inside this one; signals are
 * counted. Where an initiative has a unit, both are of that unit. */
#include "base/array.h"
#include "base/clock.h"
#include "privacy/cards.h"
#include "privacy/rollup_impl.h"
#include "store/voice.h"

#include <stdlib.h>

#define INITIATIVES_MAX 1000 /* of one unit each, that are compared in an answer */
#define NOTE                                                                           \
	"Before and after an initiative are no proof that it was the cause: other "    \
	"things changed, too."

enum side { BEFORE, AFTER, SIDES };

/* A copy: rows are only lent by the file. */
struct item {
	struct str name, title, unit;
	uint8_t audience;
	int64_t started, ended;  /* Unix s; 0: not said */
	int64_t from[SIDES + 1]; /* edges of the two windows */
};

struct work {
	struct job *j;
	struct item *items;
	uint32_t n, max;
	int64_t as_of;
	enum emp_rc rc;
	struct sub sub;
	struct pub_table questions, signals;
};

enum text {
	TEXT_NAME,
	TEXT_TITLE,
	TEXT_STARTED,
	TEXT_ENDED,
	TEXT_UNIT,
	TEXT_AUDIENCE,
	TEXT_FROM,
	TEXT_TO,
	TEXT_METRIC,
	TEXTS
};
enum figure { FIG_DAYS_BEFORE, FIG_DAYS_AFTER };
enum question_figure { FIG_N, FIG_VALUE = FIG_N + SIDES };

static const struct pub_column columns[] = {
	{"initiative", pub_get_text, TEXT_NAME},   {"title", pub_get_text, TEXT_TITLE},
	{"audience", pub_get_text, TEXT_AUDIENCE}, {"unit", pub_get_text, TEXT_UNIT},
	{"started", pub_get_text, TEXT_STARTED},   {"ended", pub_get_text, TEXT_ENDED},
	{"before_from", pub_get_text, TEXT_FROM},  {"after_to", pub_get_text, TEXT_TO},
};

static const struct pub_column question_columns[] = {
	{"initiative", pub_get_text, TEXT_NAME},
	{"unit", pub_get_text, TEXT_UNIT},
	{"survey", pub_get_key, 0},
	{"question", pub_get_key, 1},
	{"metric", pub_get_text, TEXT_METRIC},
	{"before_n", pub_get_count, FIG_N + BEFORE},
	{"before", pub_get_figure, FIG_VALUE + BEFORE},
	{"after_n", pub_get_count, FIG_N + AFTER},
	{"after", pub_get_figure, FIG_VALUE + AFTER},
};

static const struct pub_column signal_columns[] = {
	{"initiative", pub_get_text, TEXT_NAME},
	{"unit", pub_get_text, TEXT_UNIT},
	{"signal", pub_get_key, 0},
	{"before_n", pub_get_count, FIG_N + BEFORE},
	{"after_n", pub_get_count, FIG_N + AFTER},
};
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

static const enum signal signals[] = {SIGNAL_CANCELLATION, SIGNAL_COMPLAINT,
				      SIGNAL_RENEWAL};

/* ---- which ---------------------------------------------------------------------- */

static bool
asked(const struct work *w, const struct item *i)
{
	const struct query *q = w->j->q;
	const struct query_filter *units = &q->filter[DIM_UNIT];
	bool inside = units->n == 0;

	for (uint32_t k = 0; k < units->n; k++)
		inside = inside || unit_within(i->unit, units->value[k]);
	/* What was only ever ended has no before. */
	return inside && i->started != 0 && i->started >= q->from &&
		i->started < q->to &&
		job_filter_has(q, (enum field)DIM_INITIATIVE, i->name) &&
		job_filter_has(q, FIELD_AUDIENCE, str_from(audience_name(i->audience)));
}

/* Edges of whole days: so many before the day on which it started, and from that day
 * on, as far as there are. Half a day more keeps summer time from mattering. */
static void
edges(const struct work *w, struct item *i)
{
	const struct tz *tz = w->j->tz;
	int64_t days = (int64_t)w->j->q->days * S_PER_DAY;
	int64_t half = S_PER_DAY / 2;
	int64_t start = tz_floor(tz, TZ_DAY, i->started);

	i->from[BEFORE] = tz_floor(tz, TZ_DAY, start - days + half);
	i->from[AFTER] = start;
	i->from[SIDES] = tz_floor(tz, TZ_DAY, start + days + half);
	if (i->from[SIDES] > w->as_of)
		i->from[SIDES] = w->as_of;
}

static enum emp_rc
take(void *ctx, const struct initiative_row *row)
{
	struct work *w = ctx;
	struct job *j = w->j;
	struct arena *a = &j->pub.arena;
	struct agg_series s;
	struct item i = {.started = row->started / MS_PER_S,
			 .ended = row->ended / MS_PER_S};

	agg_series_get(j->c->r->agg, row->series, &s);
	i.audience = s.audience;
	i.unit = series_text(j, row->series, DIM_UNIT);
	i.name = row->name;
	if (!asked(w, &i))
		return EMP_OK;
	i.name = arena_str(a, row->name);
	i.title = arena_str(a, row->title);
	if (i.name.p == NULL || i.title.p == NULL ||
	    !array_reserve(&w->items, &w->max, w->n + 1, sizeof *w->items))
		return EMP_NOMEM;
	if (w->n == INITIATIVES_MAX)
		return EMP_TOO_LARGE;
	edges(w, &i);
	w->items[w->n++] = i;
	return EMP_OK;
}

/* Newest first. */
static int
item_cmp(const void *pa, const void *pb)
{
	const struct item *a = pa;
	const struct item *b = pb;

	if (a->started != b->started)
		return a->started < b->started ? 1 : -1;
	return str_eq(a->name, b->name) ? str_cmp(a->unit, b->unit)
					: str_cmp(a->name, b->name);
}

/* ---- before and after ----------------------------------------------------------- */

/* False: that side has not begun. */
static bool
side_query(struct work *w, const struct item *i, enum side side, enum rollup r)
{
	struct query *q = &w->sub.q;
	struct query_filter *f = &q->filter[DIM_UNIT];

	sub_query(q, w->j, r);
	q->from = i->from[side] > 0 ? i->from[side] : 0;
	q->to = i->from[side + 1];
	q->from_given = q->to_given = true;
	f->n = i->unit.n > 0;
	f->value[0] = i->unit;
	q->filter[FIELD_AUDIENCE].n = 1;
	q->filter[FIELD_AUDIENCE].value[0] = STR("customer");
	return q->from < q->to;
}

static struct pub_row *
side_row(struct work *w, struct pub_table *t, const struct item *i, uint32_t first,
	 struct str key0, struct str key1)
{
	struct pub_row *r;

	for (uint32_t k = first; k < t->n; k++)
		if (str_eq(t->rows[k].key[0], key0) && str_eq(t->rows[k].key[1], key1))
			return &t->rows[k];
	r = pub_row_add(&w->j->pub, t);
	if (r == NULL)
		return NULL;
	r->text[TEXT_NAME] = i->name;
	r->text[TEXT_UNIT] = i->unit;
	r->key[0] = key0;
	r->key[1] = key1;
	for (int side = 0; side < SIDES; side++)
		r->figure[FIG_N + side] = 0;
	return r;
}

static enum emp_rc
answers(struct work *w, const struct item *i, enum side side, uint32_t first)
{
	const struct pub_table *t = &w->sub.job.pub.rows;
	enum emp_rc rc;

	if (!side_query(w, i, side, ROLLUP_SATISFACTION))
		return EMP_OK;
	rc = sub_run(&w->sub, w->j);
	for (uint32_t k = 0; k < t->n && rc == EMP_OK; k++) {
		const struct pub_row *like = &t->rows[k];
		const char *column = like->question == NULL
			? NULL
			: satisfaction_headline(like->question);
		struct pub_row *r;

		if (column == NULL)
			continue;
		r = side_row(w, &w->questions, i, first, like->key[0], like->key[1]);
		if (r == NULL) {
			rc = EMP_NOMEM;
			break;
		}
		r->text[TEXT_METRIC] = str_from(column);
		r->figure[FIG_N + side] = (double)like->n;
		r->figure[FIG_VALUE + side] = pub_read(t, like, column);
	}
	sub_close(&w->sub);
	return rc;
}

static enum emp_rc
counts(struct work *w, const struct item *i, enum side side, uint32_t first)
{
	static const struct raw_target target = {SUBJECT_SIGNAL, 0, SIGNAL_SLOTS, 0};
	struct job *s = &w->sub.job;
	bool begun = side_query(w, i, side, ROLLUP_RETENTION);
	enum emp_rc rc = EMP_OK;

	sub_open(&w->sub, w->j);
	pub_init(&s->pub);
	s->audiences = 1u << AUDIENCE_CUSTOMER;
	if (begun)
		rc = job_merge(s, &target, 1);
	for (uint32_t k = 0; k < COUNT(signals) && rc == EMP_OK; k++) {
		struct pub_row *r = side_row(w, &w->signals, i, first,
					     str_from(signal_name(signals[k])),
					     STR_NONE);

		if (r == NULL)
			rc = EMP_NOMEM;
		for (uint32_t g = 0; rc == EMP_OK && begun && g < s->raw->n_groups; g++)
			for (uint32_t t = 0; t < s->raw->n_times; t++) {
				const uint64_t *v = raw_sums_at(s->raw, 0, g, t);

				if (v != NULL)
					r->figure[FIG_N + side] += (double)
						v[signals[k]];
			}
	}
	sub_close(&w->sub);
	return rc;
}

static struct str
moment(struct job *j, int64_t t)
{
	return t == 0 ? STR_NONE : pub_time(&j->pub, j->tz, t * MS_PER_S);
}

static enum emp_rc
item_rows(struct work *w, const struct item *i)
{
	struct job *j = w->j;
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);
	uint32_t first_question = w->questions.n;
	uint32_t first_signal = w->signals.n;
	enum emp_rc rc = EMP_OK;

	if (r == NULL)
		return EMP_NOMEM;
	r->text[TEXT_NAME] = i->name;
	r->text[TEXT_TITLE] = i->title;
	r->text[TEXT_UNIT] = i->unit;
	if (i->audience != AUDIENCE_NONE)
		r->text[TEXT_AUDIENCE] = str_from(audience_name(i->audience));
	r->text[TEXT_STARTED] = moment(j, i->started);
	r->text[TEXT_ENDED] = moment(j, i->ended);
	r->text[TEXT_FROM] = moment(j, i->from[BEFORE]);
	r->text[TEXT_TO] = moment(j, i->from[SIDES]);
	for (int side = 0; side < SIDES; side++) {
		if (rc == EMP_OK)
			rc = answers(w, i, (enum side)side, first_question);
		if (rc == EMP_OK)
			rc = counts(w, i, (enum side)side, first_signal);
	}
	return rc;
}

static enum emp_rc
answer(struct work *w)
{
	struct job *j = w->j;
	enum emp_rc rc = job_levels(j);

	w->as_of = job_as_of(j);
	/* The hour that runs counts where nobody asks for a moment. */
	if (!j->q->as_of_given)
		w->as_of += S_PER_HOUR;
	j->pub.form = PUB_LIST;
	j->pub.note = NOTE;
	j->pub.rows.n_texts = TEXTS;
	for (uint32_t i = 0; i < COUNT(columns); i++)
		pub_column_add(&j->pub, &columns[i]);
	w->questions = (struct pub_table){.name = "questions",
					  .columns = question_columns,
					  .n_columns = COUNT(question_columns),
					  .n_texts = TEXTS};
	w->signals = (struct pub_table){.name = "signals",
					.columns = signal_columns,
					.n_columns = COUNT(signal_columns),
					.n_texts = TEXTS};
	if (rc == EMP_OK)
		rc = store_read_initiatives(j->reader, take, w);
	if (rc == EMP_OK && w->n > 1)
		qsort(w->items, w->n, sizeof *w->items, item_cmp);
	for (uint32_t i = 0; i < w->n && rc == EMP_OK; i++)
		rc = item_rows(w, &w->items[i]);
	j->pub.extra[j->pub.n_extra++] = w->questions;
	j->pub.extra[j->pub.n_extra++] = w->signals;
	return rc;
}

enum emp_rc
ask_initiatives(struct job *j)
{
	struct work *w = arena_zalloc(&j->pub.arena, sizeof *w);
	enum emp_rc rc;

	if (w == NULL)
		return EMP_NOMEM;
	if (j->reader == NULL)
		return EMP_STALE;
	w->j = j;
	rc = answer(w);
	free(w->items);
	return rc;
}
