/* Decisions: how much is decided by oneself, inside which boundaries, and what came of
 * it. A row per group and bucket, by role and class where that is asked for; beside the
 * rows how well the four questions were answered, and the rules that stood in the way.
 *
 * All of it comes from counters, without a look at a single decision: from those over
 * all roles and classes, and over these by rule, unless a role or class makes a
 * difference; these are few enough to be met in time. Units of few
 * people are folded first; no row is about a person, and none says who decided. So a
 * worker can answer at once, unless there is more in it: reviews (reviews.c) are read
 * from the file. */
#include "privacy/decisions.h"

#include "base/clock.h"
#include "privacy/cards.h"
#include "privacy/fold.h"
#include "store/voice.h"

#include <stdlib.h>

enum figure {
	FIG_DELEGATED,
	FIG_OVER_ESCALATION,
	FIG_OVERREACH,
	FIG_INTERFERENCE,
	FIG_RUBBER_STAMP,
	FIG_RESTRICTION,
	FIG_RULE_UNFIT,
	FIG_OUTCOME_SHARE,
	FIG_BENEFIT,
	FIG_SELF_RATING
};

static const struct pub_column columns[] = {
	{"n", pub_get_n, 0},
	{"suppressed", pub_get_suppressed, 0},
	{"yes", pub_get_slot, DECISION_YES},
	{"no", pub_get_slot, DECISION_NO},
	{"partial", pub_get_slot, DECISION_PARTIAL},
	{"escalated", pub_get_slot, DECISION_ESCALATED},
	{"inside", pub_get_slot, DECISION_INSIDE},
	{"over", pub_get_slot, DECISION_OVER},
	{"without", pub_get_slot, DECISION_WITHOUT},
	{"delegated", pub_get_figure, FIG_DELEGATED},
	{"over_escalation", pub_get_figure, FIG_OVER_ESCALATION},
	{"overreach", pub_get_figure, FIG_OVERREACH},
	{"interference", pub_get_figure, FIG_INTERFERENCE},
	{"rubber_stamp", pub_get_figure, FIG_RUBBER_STAMP},
	{"restriction", pub_get_figure, FIG_RESTRICTION},
	{"rule_did_not_fit", pub_get_figure, FIG_RULE_UNFIT},
	{"conflicts", pub_get_slot, DECISION_CONFLICT},
	{"special_requests", pub_get_slot, DECISION_SPECIAL},
	{"settled", pub_get_slot, DECISION_SETTLED},
	{"outcome_share", pub_get_figure, FIG_OUTCOME_SHARE},
	{"benefit", pub_get_figure, FIG_BENEFIT},
	{"self_rating", pub_get_figure, FIG_SELF_RATING},
};

enum driver_figure {
	FIG_ACCURACY,
	FIG_YES_YES,
	FIG_YES_NO,
	FIG_NO_YES,
	FIG_NO_NO,
	FIG_UNSURE
};

static const struct pub_column driver_columns[] = {
	{"driver", pub_get_key, 0},
	{"n", pub_get_n, 0},
	{"accuracy", pub_get_figure, FIG_ACCURACY},
	{"yes_yes", pub_get_count, FIG_YES_YES},
	{"yes_no", pub_get_count, FIG_YES_NO},
	{"no_yes", pub_get_count, FIG_NO_YES},
	{"no_no", pub_get_count, FIG_NO_NO},
	{"unsure", pub_get_count, FIG_UNSURE},
};

#define RULES_MAX 20 /* that are listed */
enum rule_figure { FIG_RESTRICTED, FIG_SHARE };

static const struct pub_column rule_columns[] = {
	{"rule", pub_get_key, 0},
	{"n", pub_get_n, 0},
	{"restricted", pub_get_count, FIG_RESTRICTED},
	{"share", pub_get_figure, FIG_SHARE},
};
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

/* Of role, class and rule, or rules: what comes of more is a reader's work. */
#define WORKER_SUBJECTS_MAX 1000

/* What rows are by beside dimensions: role and class, as far as they are asked for. */
struct combo {
	uint32_t role, matter;
	struct str text[2];
	uint32_t sums;
};

struct rule {
	uint32_t id;
	uint64_t n, restricted;
};

struct work {
	struct job *j;
	struct combo *combos;
	uint32_t n_combos;
	struct raw_target *targets; /* of each subject asked for */
	uint32_t n_targets;
	struct raw_target *rule_targets; /* of those that a rule decided */
	struct rule *rules;
	uint32_t n_rule_targets, n_rules;
	const char *keys[2];
	uint8_t key_field[2];
	uint32_t n_keys;
	struct merge *by_rule;
};

/* ---- what is asked ------------------------------------------------------------- */

static void
keys_find(struct work *w)
{
	const struct query *q = w->j->q;

	for (uint32_t i = 0; i < q->n_order; i++) {
		uint8_t f = q->order[i];

		if (f != FIELD_ROLE && f != FIELD_CLASS)
			continue;
		w->keys[w->n_keys] = field_name((enum field)f);
		w->key_field[w->n_keys++] = f;
	}
}

static struct str
word(const struct job *j, enum word kind, uint32_t id)
{
	return id == 0 ? STR_NONE : intern_text(store_words(j->c->r->store, kind), id);
}

static uint32_t
combo_of(struct work *w, const struct subject_def *d)
{
	bool by_role = (w->j->q->group & 1u << FIELD_ROLE) != 0;
	bool by_class = (w->j->q->group & 1u << FIELD_CLASS) != 0;
	struct combo c = {.role = by_role ? d->role : 0,
			  .matter = by_class ? d->matter : 0,
			  .sums = w->n_combos};

	for (uint32_t i = 0; i < w->n_combos; i++)
		if (w->combos[i].role == c.role && w->combos[i].matter == c.matter)
			return i;
	for (uint32_t k = 0; k < w->n_keys; k++)
		c.text[k] = w->key_field[k] == FIELD_ROLE
			? word(w->j, WORD_ROLE, d->role)
			: word(w->j, WORD_CLASS, d->matter);
	w->combos[w->n_combos] = c;
	return w->n_combos++;
}

static void
rule_add(struct work *w, uint32_t subject, uint32_t rule)
{
	uint32_t i = 0;

	while (i < w->n_rules && w->rules[i].id != rule)
		i++;
	if (i == w->n_rules)
		w->rules[w->n_rules++].id = rule;
	_Static_assert(DECISION_RESTRICTED == DECISION_RULE + 1, "read as one");
	w->rule_targets[w->n_rule_targets++] = (struct raw_target){subject,
								   DECISION_RULE, 2, i};
}

/* No role or class makes a difference. */
static bool
whole_asked(const struct query *q)
{
	return q->filter[FIELD_ROLE].n == 0 && q->filter[FIELD_CLASS].n == 0 &&
		(q->group & (1u << FIELD_ROLE | 1u << FIELD_CLASS)) == 0;
}

/* From the cells over all roles and classes, and over those by rule. */
static void
whole_choose(struct work *w, uint32_t rules)
{
	static const struct subject_def all;

	w->targets[w->n_targets++] = (struct raw_target){
		SUBJECT_DECISION, 0, DECISION_SLOTS, combo_of(w, &all)};
	for (uint32_t id = 1; id <= rules; id++) {
		w->rules[w->n_rules].id = id;
		w->rule_targets[w->n_rule_targets++] = (struct raw_target){
			SUBJECT_FIRST_RULE + id, 0, RULE_SLOTS, w->n_rules++};
	}
}

static enum emp_rc
subjects_choose(struct work *w)
{
	struct job *j = w->j;
	struct arena *a = &j->pub.arena;
	uint32_t subjects = store_subjects(j->c->r->store);
	uint32_t rules = intern_count(store_words(j->c->r->store, WORD_RULE));
	bool whole = whole_asked(j->q);
	uint32_t n = whole ? rules : subjects;

	if (j->reader == NULL && n > WORKER_SUBJECTS_MAX)
		return EMP_STALE;
	w->combos = arena_zalloc(a, (n + 1) * sizeof *w->combos);
	w->targets = arena_alloc(a, (n + 1) * sizeof *w->targets);
	w->rule_targets = arena_alloc(a, (n + 1) * sizeof *w->rule_targets);
	w->rules = arena_zalloc(a, (n + 1) * sizeof *w->rules);
	if (w->combos == NULL || w->targets == NULL || w->rule_targets == NULL ||
	    w->rules == NULL)
		return EMP_NOMEM;
	keys_find(w);
	if (whole) {
		whole_choose(w, rules);
		return EMP_OK;
	}
	for (uint32_t i = 0; i < subjects; i++) {
		const struct subject_def *d = store_subject(j->c->r->store, i);
		uint32_t subject = SUBJECT_FIRST_VOICE + i;

		if (d->suggestion_kind != SUGGESTION_NONE ||
		    !job_filter_has(j->q, FIELD_ROLE, word(j, WORD_ROLE, d->role)) ||
		    !job_filter_has(j->q, FIELD_CLASS, word(j, WORD_CLASS, d->matter)))
			continue;
		w->targets[w->n_targets++] = (struct raw_target){
			subject, 0, DECISION_SLOTS, combo_of(w, d)};
		if (d->rule != 0)
			rule_add(w, subject, d->rule);
	}
	return EMP_OK;
}

/* ---- rows ---------------------------------------------------------------------- */

/* A decision that is being counted meanwhile may be seen in part: no part is larger
 * than its whole for that. */
static void
whole(const uint64_t *v, uint64_t out[DECISION_SLOTS])
{
	memcpy(out, v, DECISION_SLOTS * sizeof *out);
	if (out[DECISION_ESCALATED] > out[DECISION_MADE])
		out[DECISION_ESCALATED] = out[DECISION_MADE];
	if (out[DECISION_INSIDE_ESCALATED] > out[DECISION_INSIDE])
		out[DECISION_INSIDE_ESCALATED] = out[DECISION_INSIDE];
}

static void
fill_row(struct pub_row *r, const struct combo *c, const uint64_t *v)
{
	uint64_t sums[DECISION_SLOTS];
	struct decision_figures f;

	whole(v, sums);
	decision_figures(sums, &f);
	r->key[0] = c->text[0];
	r->key[1] = c->text[1];
	r->n = v[DECISION_MADE];
	r->count = v;
	r->figure[FIG_DELEGATED] = f.delegated;
	r->figure[FIG_OVER_ESCALATION] = f.over_escalation;
	r->figure[FIG_OVERREACH] = f.overreach;
	r->figure[FIG_INTERFERENCE] = f.interference;
	r->figure[FIG_RUBBER_STAMP] = f.rubber_stamp;
	r->figure[FIG_RESTRICTION] = f.restriction;
	r->figure[FIG_RULE_UNFIT] = f.rule_unfit;
	r->figure[FIG_OUTCOME_SHARE] = f.outcome_share;
	r->figure[FIG_BENEFIT] = f.benefit;
	r->figure[FIG_SELF_RATING] = f.self_rating;
}

static const uint64_t no_counts[DECISION_SLOTS];

static const uint64_t *
counts_at(const struct job *j, const struct combo *c, uint32_t group, uint32_t time)
{
	const uint64_t *v = job_sums(j, c->sums, group, time);

	return v == NULL ? no_counts : v;
}

static void
combo_rows(struct work *w, const struct combo *c, uint64_t sum[DECISION_SLOTS])
{
	struct job *j = w->j;

	for (uint32_t i = 0; i < j->raw->n_groups && j->rc == EMP_OK; i++) {
		uint32_t g = j->group_order[i];
		bool occurs = false;

		for (uint32_t t = 0; t < j->n_times && !occurs; t++)
			occurs = counts_at(j, c, g, t)[DECISION_MADE] > 0;
		for (uint32_t t = 0; t < j->n_times && occurs; t++) {
			const uint64_t *v = counts_at(j, c, g, t);
			struct pub_row *r;

			if (v[DECISION_MADE] == 0 && !j->q->fill)
				continue;
			r = job_row(j, &j->pub.rows, g, t);
			if (r == NULL)
				break;
			fill_row(r, c, v);
			for (uint32_t s = 0; s < DECISION_SLOTS; s++)
				sum[s] += v[s];
		}
	}
}

static int
combo_cmp(const void *pa, const void *pb)
{
	const struct combo *a = pa;
	const struct combo *b = pb;
	int cmp = str_cmp(a->text[0], b->text[0]);

	return cmp != 0 ? cmp : str_cmp(a->text[1], b->text[1]);
}

static enum emp_rc
driver_rows(struct job *j, const uint64_t sum[DECISION_SLOTS])
{
	struct pub_table *table = &j->pub.extra[j->pub.n_extra++];
	uint64_t sums[DECISION_SLOTS];
	struct decision_figures f;

	table->name = "drivers";
	table->columns = driver_columns;
	table->n_columns = COUNT(driver_columns);
	whole(sum, sums);
	decision_figures(sums, &f);
	for (int d = 0; d < DRIVER_COUNT; d++) {
		const struct driver_figures *v = &f.driver[d];
		struct pub_row *r = pub_row_add(&j->pub, table);

		if (r == NULL)
			return EMP_NOMEM;
		r->key[0] = str_from(driver_name((enum driver)d));
		r->n = v->n;
		r->figure[FIG_ACCURACY] = v->accuracy;
		r->figure[FIG_YES_YES] = (double)v->yes_yes;
		r->figure[FIG_YES_NO] = (double)v->yes_no;
		r->figure[FIG_NO_YES] = (double)v->no_yes;
		r->figure[FIG_NO_NO] = (double)v->no_no;
		r->figure[FIG_UNSURE] = (double)v->unsure;
	}
	return EMP_OK;
}

/* ---- rules --------------------------------------------------------------------- */

/* Whether the rules are in the cells that the rows are summed up from: then both are
 * done in one walk. Cells over all roles and classes have their rules in others, over
 * all units where these make no difference either. */
static bool
rules_beside(const struct query *q)
{
	return q->step == STEP_ALL && !whole_asked(q);
}

static enum emp_rc
merge_rows(struct work *w)
{
	struct job *j = w->j;
	struct raw_target *all;
	uint32_t n = w->n_targets;

	if (!rules_beside(j->q))
		return job_merge(j, w->targets, n);
	all = arena_alloc(&j->pub.arena, (n + w->n_rule_targets + 1) * sizeof *all);
	if (all == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		all[i] = w->targets[i];
	for (uint32_t i = 0; i < w->n_rule_targets; i++) {
		all[n] = w->rule_targets[i];
		all[n++].sums += w->n_combos;
	}
	return job_merge(j, all, n);
}

static void
rules_add(struct work *w, const struct rollup_raw *raw, uint32_t first)
{
	for (uint32_t i = 0; i < w->n_rules; i++)
		for (uint32_t g = 0; g < raw->n_groups; g++) {
			const uint64_t *v = raw_sums_at(raw, first + i, g, 0);

			w->rules[i].n += v == NULL ? 0 : v[0];
			w->rules[i].restricted += v == NULL ? 0 : v[1];
		}
}

/* Over the whole window, whatever the rows are by. */
static enum emp_rc
rules_sum(struct work *w)
{
	struct job *j = w->j;
	struct query q = *j->q;
	enum emp_rc rc;

	if (w->n_rule_targets == 0)
		return EMP_OK;
	if (rules_beside(&q)) {
		rules_add(w, j->raw, w->n_combos);
		return EMP_OK;
	}
	q.step = STEP_ALL;
	q.group = 0;
	q.n_order = 0;
	q.from_given = !j->raw->from_all;
	q.to_given = !j->raw->to_all;
	q.from = j->raw->from;
	q.to = j->raw->to;
	rc = job_merge_also(j, &q, true, w->rule_targets, w->n_rule_targets,
			    &w->by_rule);
	if (rc == EMP_OK)
		rules_add(w, merge_raw(w->by_rule), 0);
	return rc;
}

static int
rule_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct rule *a = pa;
	const struct rule *b = pb;

	if (a->restricted != b->restricted)
		return a->restricted > b->restricted ? -1 : 1;
	return str_cmp(word(ctx, WORD_RULE, a->id), word(ctx, WORD_RULE, b->id));
}

static enum emp_rc
rule_rows(struct work *w)
{
	struct job *j = w->j;
	struct pub_table *table = &j->pub.extra[j->pub.n_extra++];
	uint64_t all = 0;

	table->name = "blocking_rules";
	table->columns = rule_columns;
	table->n_columns = COUNT(rule_columns);
	for (uint32_t i = 0; i < w->n_rules; i++)
		all += w->rules[i].restricted;
	if (w->n_rules > 1)
		qsort_r(w->rules, w->n_rules, sizeof *w->rules, rule_cmp, j);
	for (uint32_t i = 0; i < w->n_rules && i < RULES_MAX; i++) {
		const struct rule *rule = &w->rules[i];
		struct pub_row *r;

		if (rule->restricted == 0)
			break;
		r = pub_row_add(&j->pub, table);
		if (r == NULL)
			return EMP_NOMEM;
		r->key[0] = word(j, WORD_RULE, rule->id);
		r->n = rule->n;
		r->figure[FIG_RESTRICTED] = (double)rule->restricted;
		r->figure[FIG_SHARE] = metric_share(rule->restricted, all);
	}
	return EMP_OK;
}

/* ---- all ----------------------------------------------------------------------- */

/* Whether a filter asks for units none of which is shown by itself, as things are now:
 * then that there is no row does not mean that nothing was decided. */
static bool
too_small(const struct job *j)
{
	const struct intern *units = store_names(j->c->r->store, DIM_UNIT);
	const struct query_filter *f = &j->q->filter[DIM_UNIT];
	const uint32_t *fold = job_fold_at(j, clock_now_ms() / MS_PER_S);

	for (uint32_t u = 1; u <= levels_units(j->levels); u++)
		for (uint32_t i = 0; i < f->n; i++)
			if (fold[u] == u &&
			    unit_within(intern_text(units, u), f->value[i]))
				return false;
	return f->n > 0;
}

static enum emp_rc
rows_make(struct work *w)
{
	struct job *j = w->j;
	uint64_t sum[DECISION_SLOTS] = {0};
	enum emp_rc rc = EMP_OK;

	job_columns(j, w->keys, w->n_keys, j->pub.columns, &j->pub.rows.n_columns);
	for (uint32_t i = 0; i < COUNT(columns); i++)
		pub_column_add(&j->pub, &columns[i]);
	if (w->n_combos > 1)
		qsort(w->combos, w->n_combos, sizeof *w->combos, combo_cmp);
	for (uint32_t i = 0; i < w->n_combos; i++)
		combo_rows(w, &w->combos[i], sum);
	if (j->pub.rows.n == 0 && j->audiences != 0 && too_small(j))
		rc = job_row_protected(j, STR_NONE, STR_NONE);
	if (rc == EMP_OK)
		rc = driver_rows(j, sum);
	return rc == EMP_OK ? rule_rows(w) : rc;
}

/* Few cells may lie in many places: each role and class in each group at each time. */
static bool
too_many_places(const struct work *w)
{
	const struct job *j = w->j;

	return j->reader == NULL &&
		(uint64_t)w->n_combos * j->raw->n_groups >
		ROLLUP_WORKER_CELLS_MAX / (j->n_times + 1);
}

static enum emp_rc
answer(struct work *w)
{
	struct job *j = w->j;
	struct reviews *reviews = NULL;
	enum emp_rc rc = j->reader == NULL && reviews_expected(j) ? EMP_STALE
								  : job_levels(j);

	if (rc == EMP_OK)
		rc = job_fold(j);
	if (rc == EMP_OK)
		rc = subjects_choose(w);
	if (rc == EMP_OK)
		rc = merge_rows(w);
	if (rc == EMP_OK)
		rc = rules_sum(w);
	/* Their groups come before the layout of all. */
	if (rc == EMP_OK)
		rc = reviews_read(j, w->targets, w->n_targets, &reviews);
	if (rc == EMP_OK)
		rc = job_layout(j);
	if (rc == EMP_OK && too_many_places(w))
		rc = EMP_STALE;
	if (rc == EMP_OK)
		rc = rows_make(w);
	if (rc == EMP_OK && reviews != NULL)
		rc = reviews_publish(reviews);
	reviews_free(&reviews);
	return rc;
}

enum emp_rc
rollup_decisions(struct job *j)
{
	struct work w = {.j = j};
	enum emp_rc rc;

	j->audiences = job_audiences(j->q, 1u << AUDIENCE_EMPLOYEE) &
		1u << AUDIENCE_EMPLOYEE;
	rc = answer(&w);
	merge_free(&w.by_rule);
	return rc;
}
