/* Alerts: categories that customers report more often than they used to. Suggestions
 * are counted by category, complaints by touchpoint, week by week, and watched by
 * model/cusum.h; a row is an alarm. Of a category that employees report, too, a row
 * says whether they did so first.
 *
 * Only weeks that are over are looked at: a part of a week would look like a quiet one.
 * What is watched comes after CUSUM_BASELINE_WEEKS that say what is usual, and these
 * begin when customers first reported anything, so that a young instance does not take
 * its own beginning for a rise. */
#include "base/array.h"
#include "base/clock.h"
#include "model/cusum.h"
#include "privacy/reported.h"
#include "store/voice.h"

#include <stdlib.h>

#define WEEKS_WATCHED 40 /* without `from`; with those before them a good year */
#define WEEKS_MAX 1200
#define LEAD_WEEKS 26 /* what employees reported longer before is another matter */
#define ALARMS_MAX 64 /* of a category */
#define S_PER_WEEK (7 * S_PER_DAY)
#define COMPLAINT "complaint"

/* Something counted by week. */
struct line {
	struct str name;     /* n == 0: complaints without a touchpoint */
	struct str category; /* as it is shown */
	bool complaint;
	uint32_t *counts; /* by week */
};

struct work {
	struct job *j;
	int64_t *weeks; /* starts, and the end of the last */
	uint32_t n_weeks;
	uint32_t first; /* the first in which anything was reported */
	struct line *lines;
	uint32_t n_lines, max_lines;
	struct line **asked; /* lines, in the order of rows */
	uint32_t n_asked;
	uint32_t watched, open;
	struct reported *reported;
};

enum figure {
	FIG_BASELINE,
	FIG_REFERENCE,
	FIG_THRESHOLD,
	FIG_STATISTIC,
	FIG_WEEKS,
	FIG_FIRST,
	FIG_LEAD
};
enum text { TEXT_SINCE, TEXT_FIRST, TEXT_LAST, TEXTS };
enum flag { FLAG_OPEN };

/* Yes, no, or not to be said. */
static void
get_first(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	double f = r->figure[c->arg];

	v->kind = isnan(f) ? PUB_NULL : PUB_BOOL;
	v->count = !isnan(f) && f > 0;
}

static const struct pub_column columns[] = {
	{"category", pub_get_key, 0},
	{"source", pub_get_key, 1},
	{"n", pub_get_n, 0},
	{"baseline", pub_get_figure, FIG_BASELINE},
	{"reference", pub_get_figure, FIG_REFERENCE},
	{"threshold", pub_get_figure, FIG_THRESHOLD},
	{"statistic", pub_get_figure, FIG_STATISTIC},
	{"since", pub_get_text, TEXT_SINCE},
	{"first_alarm", pub_get_text, TEXT_FIRST},
	{"last_alarm", pub_get_text, TEXT_LAST},
	{"weeks", pub_get_count, FIG_WEEKS},
	{"open", pub_get_flag, FLAG_OPEN},
	{"employees_first", get_first, FIG_FIRST},
	{"lead_weeks", pub_get_count, FIG_LEAD},
};

/* ---- weeks ---------------------------------------------------------------------- */

/* Whole weeks earlier; the half keeps an hour of summer time from mattering. */
static int64_t
weeks_before(const struct tz *tz, int64_t week, int64_t n)
{
	return tz_floor(tz, TZ_WEEK, week - n * S_PER_WEEK + S_PER_WEEK / 2);
}

static enum emp_rc
weeks_settle(struct work *w)
{
	struct job *j = w->j;
	const struct query *q = j->q;
	int64_t as_of = job_as_of(j);
	int64_t end = tz_floor(j->tz, TZ_WEEK,
			       q->to_given && q->to < as_of ? q->to : as_of);
	int64_t from = q->from_given ? tz_ceil(j->tz, TZ_WEEK, q->from)
				     : weeks_before(j->tz, end, WEEKS_WATCHED);

	/* A window that begins after the last week that is over has no week in it. */
	if (from > end)
		from = end;
	j->pub.from = pub_time(&j->pub, j->tz, from * MS_PER_S);
	j->pub.to = pub_time(&j->pub, j->tz, end * MS_PER_S);
	j->pub.step = step_name(STEP_WEEK);
	from = weeks_before(j->tz, from, CUSUM_BASELINE_WEEKS);
	/* From the beginning of time means as far back as can be watched. */
	if (from < weeks_before(j->tz, end, WEEKS_MAX))
		from = weeks_before(j->tz, end, WEEKS_MAX);
	w->weeks = arena_alloc(&j->pub.arena, (WEEKS_MAX + 2) * sizeof *w->weeks);
	if (w->weeks == NULL)
		return EMP_NOMEM;
	for (; from < end && w->n_weeks <= WEEKS_MAX;
	     from = tz_next(j->tz, TZ_WEEK, from))
		w->weeks[w->n_weeks++] = from;
	w->weeks[w->n_weeks] = from;
	w->first = w->n_weeks;
	return EMP_OK;
}

static uint32_t
week_find(const struct work *w, int64_t start)
{
	uint32_t lo = 0;
	uint32_t hi = w->n_weeks;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->weeks[mid] < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->n_weeks && w->weeks[lo] == start ? lo : RAW_NONE;
}

/* ---- counting ------------------------------------------------------------------- */

static struct line *
line_add(struct work *w, struct str name, bool complaint)
{
	struct line *l;

	if (!array_reserve(&w->lines, &w->max_lines, w->n_lines + 1, sizeof *w->lines))
		return NULL;
	l = &w->lines[w->n_lines];
	*l = (struct line){
		.name = name,
		.category = name,
		.complaint = complaint,
		.counts = arena_zalloc(&w->j->pub.arena,
				       (w->n_weeks + 1) * sizeof *l->counts)};
	if (l->counts == NULL)
		return NULL;
	w->n_lines++;
	return l;
}

static enum emp_rc
counts_take(struct work *w, const struct rollup_raw *raw, uint32_t sums, uint32_t group,
	    struct str name, bool complaint)
{
	struct line *l = line_add(w, name, complaint);

	if (l == NULL)
		return EMP_NOMEM;
	for (uint32_t t = 0; t < raw->n_times; t++) {
		const uint64_t *v = raw_sums_at(raw, sums, group, t);
		uint32_t week = week_find(w, raw->times[t]);

		if (v == NULL || *v == 0 || week == RAW_NONE)
			continue;
		l->counts[week] = *v > UINT32_MAX ? UINT32_MAX : (uint32_t)*v;
		if (week < w->first)
			w->first = week;
	}
	return EMP_OK;
}

/* By week; or as one, what was before the weeks. */
static enum emp_rc
merge_weeks(struct work *w, struct sub *s, uint32_t group, bool before,
	    const struct raw_target *targets, uint32_t n)
{
	sub_query(&s->q, w->j, ROLLUP_SUGGESTIONS);
	s->q.step = before ? STEP_ALL : STEP_WEEK;
	if (!before)
		s->q.from = w->weeks[0];
	s->q.from_given = !before;
	s->q.to = w->weeks[before ? 0 : w->n_weeks];
	s->q.to_given = true;
	s->q.group = group;
	sub_open(s, w->j);
	pub_init(&s->job.pub);
	s->job.audiences = 1u << AUDIENCE_CUSTOMER;
	return job_merge(&s->job, targets, n);
}

static bool
counted(const struct rollup_raw *raw)
{
	for (uint32_t c = 0; c < raw->n_sums; c++)
		for (uint32_t g = 0; g < raw->n_groups; g++)
			for (uint32_t t = 0; t < raw->n_times; t++) {
				const uint64_t *v = raw_sums_at(raw, c, g, t);

				if (v != NULL && *v > 0)
					return true;
			}
	return false;
}

/* Weeks that are quiet at first say what is usual, too, where something was reported
 * in the time before. */
static enum emp_rc
look_before(struct work *w, const struct raw_target *targets, uint32_t n)
{
	struct sub *s;
	enum emp_rc rc;

	if (w->first == 0)
		return EMP_OK;
	s = arena_alloc(&w->j->pub.arena, sizeof *s);
	if (s == NULL)
		return EMP_NOMEM;
	rc = merge_weeks(w, s, 0, true, targets, n);
	if (rc == EMP_OK && counted(s->job.raw))
		w->first = 0;
	sub_close(s);
	return rc;
}

/* A target per kind and category, a sum per category. */
static enum emp_rc
count_suggestions(struct work *w)
{
	const struct store *store = w->j->c->r->store;
	const struct intern *names = store_words(store, WORD_CATEGORY);
	uint32_t n_subjects = store_subjects(store);
	uint32_t n_names = intern_count(names);
	struct arena *a = &w->j->pub.arena;
	struct raw_target *targets = arena_alloc(a, (n_subjects + 1) * sizeof *targets);
	struct sub *s = arena_alloc(a, sizeof *s);
	uint32_t n = 0;
	enum emp_rc rc;

	if (targets == NULL || s == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < n_subjects; i++) {
		const struct subject_def *d = store_subject(store, i);

		if (d->suggestion_kind != 0 && d->category != 0 &&
		    d->category <= n_names)
			targets[n++] = (struct raw_target){SUBJECT_FIRST_VOICE + i, 0,
							   SUGGESTION_SLOTS,
							   d->category - 1};
	}
	rc = merge_weeks(w, s, 0, false, targets, n);
	for (uint32_t c = 0; rc == EMP_OK && c < s->job.raw->n_sums; c++)
		for (uint32_t g = 0; rc == EMP_OK && g < s->job.raw->n_groups; g++)
			rc = counts_take(w, s->job.raw, c, g, intern_text(names, c + 1),
					 false);
	sub_close(s);
	return rc == EMP_OK ? look_before(w, targets, n) : rc;
}

static enum emp_rc
count_complaints(struct work *w)
{
	static const struct raw_target target = {SUBJECT_SIGNAL, SIGNAL_COMPLAINT, 1,
						 0};
	const struct intern *names = store_names(w->j->c->r->store, DIM_TOUCHPOINT);
	struct sub *s = arena_alloc(&w->j->pub.arena, sizeof *s);
	enum emp_rc rc;

	if (s == NULL)
		return EMP_NOMEM;
	rc = merge_weeks(w, s, 1u << DIM_TOUCHPOINT, false, &target, 1);
	for (uint32_t g = 0; rc == EMP_OK && g < s->job.raw->n_groups; g++) {
		uint32_t id = s->job.raw->groups[g].dim[DIM_TOUCHPOINT];

		rc = counts_take(w, s->job.raw, 0, g,
				 id == 0 ? STR_NONE : intern_text(names, id), true);
	}
	sub_close(s);
	return rc == EMP_OK ? look_before(w, &target, 1) : rc;
}

/* ---- what is asked, and in which order ------------------------------------------ */

static int
line_cmp(const void *pa, const void *pb)
{
	const struct line *a = *(struct line *const *)pa;
	const struct line *b = *(struct line *const *)pb;

	return a->complaint != b->complaint ? (int)a->complaint - (int)b->complaint
					    : str_cmp(a->name, b->name);
}

/* "complaint", or "complaint/checkout". */
static struct str
complaint_name(struct job *j, struct str touchpoint)
{
	size_t n = sizeof COMPLAINT + touchpoint.n;
	char *text;

	if (touchpoint.n == 0)
		return STR(COMPLAINT);
	text = arena_alloc(&j->pub.arena, n + 1);
	if (text == NULL)
		return STR_NONE;
	memcpy(text, COMPLAINT "/", sizeof COMPLAINT);
	memcpy(text + sizeof COMPLAINT, touchpoint.p, touchpoint.n);
	text[n] = '\0';
	return (struct str){text, n};
}

static enum emp_rc
lines_settle(struct work *w)
{
	struct job *j = w->j;

	w->asked = arena_alloc(&j->pub.arena, (w->n_lines + 1) * sizeof *w->asked);
	if (w->asked == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < w->n_lines; i++) {
		struct line *l = &w->lines[i];

		if (l->complaint)
			l->category = complaint_name(j, l->name);
		if (l->category.p == NULL)
			return EMP_NOMEM;
		if (j->q->category.n == 0 || str_eq(j->q->category, l->category))
			w->asked[w->n_asked++] = l;
	}
	if (w->n_asked > 1)
		qsort(w->asked, w->n_asked, sizeof *w->asked, line_cmp);
	return EMP_OK;
}

/* Names of suggestions' categories, in order; those of complaints are places. */
static enum emp_rc
read_reported(struct work *w)
{
	struct job *j = w->j;
	struct str *names = arena_alloc(&j->pub.arena,
					(w->n_asked + 1) * sizeof *names);
	int64_t from = weeks_before(j->tz, w->weeks[w->first], LEAD_WEEKS);
	uint32_t n = 0;

	if (names == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < w->n_asked; i++)
		if (!w->asked[i]->complaint)
			names[n++] = w->asked[i]->name;
	/* Part of another answer, which does not tell. */
	return n == 0 || j->brief
		? EMP_OK
		: reported_read(&w->reported, j, names, n, from, w->weeks[w->n_weeks]);
}

/* ---- rows ----------------------------------------------------------------------- */

static void
fill_first(const struct work *w, const struct line *l, struct pub_row *r, int64_t since)
{
	const struct tz *tz = w->j->tz;
	int64_t day;

	if (w->reported == NULL || l->complaint ||
	    !reported_day(w->reported, l->name, weeks_before(tz, since, LEAD_WEEKS),
			  &day))
		return;
	r->figure[FIG_FIRST] = day < since;
	/* Weeks of the calendar: one in which the clock is set forward is a week, too.
	 */
	if (day < since)
		r->figure[FIG_LEAD] = (double)((since - day + S_PER_DAY / 2) /
					       S_PER_WEEK);
}

static enum emp_rc
alarm_row(struct work *w, const struct line *l, const struct cusum_chart *chart,
	  const struct cusum_week *weeks, uint32_t n, const struct cusum_alarm *a)
{
	struct job *j = w->j;
	struct pub_row *r = pub_row_add(&j->pub, &j->pub.rows);
	const int64_t *starts = w->weeks + w->first;
	const size_t text[TEXTS] = {[TEXT_SINCE] = a->start,
				    [TEXT_FIRST] = a->first,
				    [TEXT_LAST] = a->last};

	if (r == NULL)
		return EMP_NOMEM;
	r->key[0] = l->category;
	r->key[1] = l->complaint ? STR("complaint") : STR("suggestion");
	for (int i = 0; i < TEXTS; i++)
		r->text[i] = pub_time(&j->pub, j->tz, starts[text[i]] * MS_PER_S);
	for (size_t i = a->start; i <= a->last; i++)
		r->n += l->counts[w->first + i];
	r->figure[FIG_BASELINE] = chart->l0;
	r->figure[FIG_REFERENCE] = chart->k;
	r->figure[FIG_THRESHOLD] = chart->h;
	r->figure[FIG_STATISTIC] = weeks[n - 1].statistic;
	r->figure[FIG_WEEKS] = (double)(a->last - a->first + 1);
	if (a->last + 1 == n) {
		r->flags |= 1u << FLAG_OPEN;
		w->open++;
	}
	fill_first(w, l, r, starts[a->start]);
	return EMP_OK;
}

static enum emp_rc
watch(struct work *w, const struct line *l, struct cusum_week *weeks)
{
	const uint32_t *counts = l->counts + w->first;
	uint32_t n = w->n_weeks - w->first;
	struct cusum_alarm alarms[ALARMS_MAX];
	struct cusum_chart chart;
	size_t found;
	bool any = false;
	enum emp_rc rc = EMP_OK;

	w->watched++;
	for (uint32_t i = CUSUM_BASELINE_WEEKS; i < n && !any; i++)
		any = counts[i] > 0;
	if (!any)
		return EMP_OK;
	rc = cusum_watch(counts, n, &chart, weeks);
	if (rc != EMP_OK)
		return rc;
	found = cusum_alarms(weeks, n, alarms, ALARMS_MAX);
	for (size_t i = 0; i < found && i < ALARMS_MAX && rc == EMP_OK; i++)
		rc = alarm_row(w, l, &chart, weeks, n, &alarms[i]);
	return rc;
}

static enum emp_rc
rows_make(struct work *w)
{
	struct job *j = w->j;
	struct cusum_week *weeks = arena_alloc(&j->pub.arena,
					       (w->n_weeks + 1) * sizeof *weeks);
	bool enough = w->n_weeks > w->first + CUSUM_BASELINE_WEEKS;
	enum emp_rc rc = EMP_OK;

	if (weeks == NULL)
		return EMP_NOMEM;
	j->pub.rows.n_texts = TEXTS;
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		pub_column_add(&j->pub, &columns[i]);
	for (uint32_t i = 0; i < w->n_asked && enough && rc == EMP_OK; i++)
		rc = watch(w, w->asked[i], weeks);
	pub_scalar_add(&j->pub, "watched", w->watched);
	pub_scalar_add(&j->pub, "open", w->open);
	return rc;
}

static enum emp_rc
answer(struct work *w)
{
	enum emp_rc rc = job_levels(w->j);

	if (rc == EMP_OK)
		rc = weeks_settle(w);
	if (rc == EMP_OK && w->n_weeks > 0)
		rc = count_suggestions(w);
	if (rc == EMP_OK && w->n_weeks > 0)
		rc = count_complaints(w);
	if (rc == EMP_OK)
		rc = lines_settle(w);
	if (rc == EMP_OK && w->n_weeks > 0)
		rc = read_reported(w);
	return rc == EMP_OK ? rows_make(w) : rc;
}

enum emp_rc
ask_alerts(struct job *j)
{
	const struct query_filter *f = &j->q->filter[FIELD_AUDIENCE];
	struct work w = {.j = j};
	enum emp_rc rc;

	for (uint32_t i = 0; i < f->n; i++)
		if (audience_find(f->value[i]) != AUDIENCE_CUSTOMER)
			return problem_set(j->problem, EMP_INVALID, "audience",
					   "what customers report is watched");
	if (j->reader == NULL)
		return EMP_STALE;
	rc = answer(&w);
	reported_free(&w.reported);
	free(w.lines);
	return rc;
}
