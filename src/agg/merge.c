/* Merging: series to groups, starts to buckets of time, slots to sums. */
#include "agg/merge_impl.h"

#include "agg/walk.h"
#include "base/array.h"

#include <stdlib.h>

#define ARENA_CHUNK (64 * 1024)
#define GROUP_UNSET (RAW_NONE - 1)
#define TABLE_FIRST 64
#define BYTES_MAX (256u * 1024 * 1024) /* of one answer's sums */
/* Times that the horizon may move under a reading before it gives up. */
#define RUN_TRIES 4

static int
target_cmp(const void *pa, const void *pb)
{
	const struct raw_target *a = pa;
	const struct raw_target *b = pb;

	return a->subject < b->subject ? -1 : a->subject > b->subject;
}

/* The first of the targets of that subject, or the end. */
static uint32_t
target_find(const struct merge *m, uint32_t subject)
{
	uint32_t low = 0;
	uint32_t high = m->raw.n_targets;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (m->raw.targets[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Most subjects that nobody asked for are known by it. */
static uint64_t
subject_bit(uint32_t subject)
{
	return UINT64_C(1) << (subject & 63);
}

static bool
target_is(const struct merge *m, uint32_t t, uint32_t subject)
{
	return t < m->raw.n_targets && m->raw.targets[t].subject == subject;
}

static bool
is_summed(const struct merge_spec *s)
{
	bool summed = s->audiences == 1u << AUDIENCE_EMPLOYEE;

	for (int d = 0; d < DIM_COUNT; d++)
		summed = summed && s->q->filter[d].n == 0 &&
			(s->q->group & 1u << d) == 0;
	for (uint32_t i = 0; i < s->n_targets; i++)
		summed = summed && subject_is_summed(s->targets[i].subject);
	return summed;
}

enum emp_rc
merge_new(struct merge **out, const struct merge_spec *s, struct problem *p)
{
	struct merge *m = calloc(1, sizeof *m);
	int64_t exist[GRAIN_COUNT];
	struct raw_target *targets;
	enum emp_rc rc = EMP_NOMEM;

	if (m == NULL)
		return EMP_NOMEM;
	m->s = *s;
	m->summed = is_summed(s);
	arena_init(&m->raw.arena, ARENA_CHUNK);
	targets = arena_alloc(&m->raw.arena, (s->n_targets + 1) * sizeof *targets);
	if (targets == NULL)
		goto out;
	for (uint32_t i = 0; i < s->n_targets; i++) {
		targets[i] = s->targets[i];
		if (targets[i].sums >= m->raw.n_sums)
			m->raw.n_sums = targets[i].sums + 1;
		m->subjects |= subject_bit(targets[i].subject);
	}
	if (s->n_targets > 1)
		qsort(targets, s->n_targets, sizeof *targets, target_cmp);
	m->raw.targets = targets;
	m->raw.n_targets = s->n_targets;
	m->group_of = arena_alloc(&m->raw.arena,
				  (s->n_folds + 1) * sizeof *m->group_of);
	m->sums = arena_alloc(&m->raw.arena, (s->n_targets + 1) * sizeof *m->sums);
	m->found = arena_alloc(&m->raw.arena, (s->n_targets + 1) * sizeof *m->found);
	if (m->group_of == NULL || m->sums == NULL || m->found == NULL)
		goto out;
	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++)
		exist[g] = agg_horizon(s->agg, g);
	rc = window_plan(&m->w, s->q, s->tz, exist, p);
	m->raw.from = m->w.from;
	m->raw.to = m->w.to;
	m->raw.from_all = m->w.from == INT64_MIN;
	m->raw.to_all = m->w.to == INT64_MAX;
out:
	if (rc != EMP_OK)
		merge_free(&m);
	*out = m;
	return rc;
}

void
merge_free(struct merge **mp)
{
	struct merge *m = *mp;

	if (m == NULL)
		return;
	arena_fini(&m->raw.arena);
	free(m->raw.groups);
	free(m->raw.times);
	free(m->group_at);
	free(m->time_at);
	free(m->seen.v);
	free(m);
	*mp = NULL;
}

/* ---- tables -------------------------------------------------------------------- */

static uint32_t
mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(v >> 32);
}

static uint64_t
group_key(const struct raw_group *g)
{
	uint64_t v = g->audience;

	for (int d = 0; d < DIM_COUNT; d++)
		v = (v ^ g->dim[d]) * 0xff51afd7ed558ccdu + 1;
	return v;
}

/* An empty table twice as large; the caller puts everything in again. */
static bool
table_grow(uint32_t **at, uint32_t *cap)
{
	uint32_t n = *cap ? *cap * 2 : TABLE_FIRST;
	uint32_t *v = calloc(n, sizeof *v);

	if (v == NULL)
		return false;
	free(*at);
	*at = v;
	*cap = n;
	return true;
}

static void
table_put(uint32_t *at, uint32_t cap, uint32_t hash, uint32_t index)
{
	uint32_t i = hash & (cap - 1);

	while (at[i] != 0)
		i = (i + 1) & (cap - 1);
	at[i] = index + 1;
}

static uint32_t
group_new(struct merge *m, const struct raw_group *g)
{
	struct rollup_raw *r = &m->raw;
	struct raw_group *new;

	if ((r->n_groups + 1) * 2 > m->group_cap) {
		if (!table_grow(&m->group_at, &m->group_cap))
			return RAW_NONE;
		for (uint32_t i = 0; i < r->n_groups; i++)
			table_put(m->group_at, m->group_cap,
				  mix(group_key(&r->groups[i])), i);
	}
	if (!array_reserve(&r->groups, &m->groups_max, r->n_groups + 1, sizeof *new))
		return RAW_NONE;
	new = &r->groups[r->n_groups];
	*new = *g;
	new->sums = arena_zalloc(&r->arena, (r->n_sums + 1) * sizeof *new->sums);
	if (new->sums == NULL)
		return RAW_NONE;
	table_put(m->group_at, m->group_cap, mix(group_key(new)), r->n_groups);
	return r->n_groups++;
}

static uint32_t
group_find(struct merge *m, const struct agg_series *s, uint32_t fold)
{
	struct raw_group g = {.audience = s->audience};
	uint32_t i;

	for (int d = 0; d < DIM_COUNT; d++)
		if ((m->s.q->group & (1u << d)) != 0)
			g.dim[d] = d == DIM_UNIT ? merge_unit_shown(m, s, fold)
						 : s->dim_id[d];
	i = m->group_cap ? mix(group_key(&g)) & (m->group_cap - 1) : 0;
	while (m->group_cap != 0 && m->group_at[i] != 0) {
		const struct raw_group *have = &m->raw.groups[m->group_at[i] - 1];

		if (have->audience == g.audience &&
		    memcmp(have->dim, g.dim, sizeof g.dim) == 0)
			return m->group_at[i] - 1;
		i = (i + 1) & (m->group_cap - 1);
	}
	i = group_new(m, &g);
	if (i == RAW_NONE)
		m->rc = EMP_NOMEM;
	return i;
}

/* The fold that holds at t. */
static uint32_t
fold_at(struct merge *m, int64_t t)
{
	const struct merge_fold *v = m->s.folds;
	uint32_t n = m->s.n_folds;
	uint32_t i = m->fold_last;
	uint32_t low = 0;
	uint32_t high = n;

	if (n < 2 || (t >= v[i].from && (i + 1 == n || t < v[i + 1].from)))
		return i;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (t < v[middle].from)
			high = middle;
		else
			low = middle;
	}
	m->fold_last = low;
	return low;
}

static uint32_t
time_new(struct merge *m, int64_t start)
{
	struct rollup_raw *r = &m->raw;

	if ((r->n_times + 1) * 2 > m->time_cap) {
		if (!table_grow(&m->time_at, &m->time_cap))
			return RAW_NONE;
		for (uint32_t i = 0; i < r->n_times; i++)
			table_put(m->time_at, m->time_cap, mix((uint64_t)r->times[i]),
				  i);
	}
	if (!array_reserve(&r->times, &m->times_max, r->n_times + 1, sizeof *r->times))
		return RAW_NONE;
	r->times[r->n_times] = start;
	table_put(m->time_at, m->time_cap, mix((uint64_t)start), r->n_times);
	return r->n_times++;
}

/* Bucket of an instant; `start` says that it is the start of a cell. */
static uint32_t
time_find(struct merge *m, int64_t t, bool start)
{
	enum step step = m->s.q->step;
	uint32_t i;

	if (t >= m->time_lo && t < m->time_hi)
		return m->time_last;
	if (step == STEP_ALL) {
		m->time_lo = INT64_MIN;
		m->time_hi = INT64_MAX;
	} else if (start && step <= STEP_DAY) {
		m->time_lo = t;
		m->time_hi = t + 1;
	} else {
		m->time_lo = tz_floor(m->s.tz, step_unit(step), t);
		m->time_hi = tz_next(m->s.tz, step_unit(step), t);
	}
	i = m->time_cap ? mix((uint64_t)m->time_lo) & (m->time_cap - 1) : 0;
	while (m->time_cap != 0 && m->time_at[i] != 0) {
		m->time_last = m->time_at[i] - 1;
		if (m->raw.times[m->time_last] == m->time_lo)
			return m->time_last;
		i = (i + 1) & (m->time_cap - 1);
	}
	m->time_last = time_new(m, m->time_lo);
	if (m->time_last == RAW_NONE) {
		m->time_lo = m->time_hi = 0;
		m->rc = EMP_NOMEM;
	}
	return m->time_last;
}

/* The vector of sums, made when it is missing. */
static uint64_t *
vector_get(struct merge *m, struct raw_sums *s, uint32_t time, uint32_t n)
{
	struct arena *a = &m->raw.arena;

	if (time >= s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : m->s.q->step == STEP_ALL ? 1 : 32;
		uint64_t **at;

		while (cap <= time)
			cap *= 2;
		at = arena_zalloc(a, cap * sizeof *at);
		if (at == NULL)
			goto nomem;
		if (s->cap > 0)
			memcpy(at, s->at, s->cap * sizeof *at);
		s->at = at;
		s->cap = cap;
	}
	if (s->at[time] != NULL)
		return s->at[time];
	m->vectors++;
	if ((m->s.rows_max != 0 && m->vectors > m->s.rows_max) ||
	    a->used + n * sizeof(uint64_t) > BYTES_MAX) {
		m->rc = EMP_TOO_LARGE;
		return NULL;
	}
	s->at[time] = arena_zalloc(a, n * sizeof(uint64_t));
	if (s->at[time] != NULL)
		return s->at[time];
nomem:
	m->rc = EMP_NOMEM;
	return NULL;
}

/* ---- memory -------------------------------------------------------------------- */

struct visit {
	struct merge *m;
	uint32_t first, last;   /* the targets of the subject */
	uint32_t end;           /* `last`, or `first`: nothing is added up */
	uint32_t series, group; /* RAW_NONE: only look whether there is anything */
	const struct agg_series *s;
	const struct window *w;
	int64_t from, to; /* `group` is that of cells in between */
	/* Cells in between are added to m->sums, from `first` to before `end`. */
	int64_t aim_from, aim_to;
	const struct window_part *part; /* that is being visited */
	uint64_t met;
};

/* The next cells are folded otherwise. */
static void
visit_turn(struct visit *v, int64_t start)
{
	struct merge *m = v->m;
	uint32_t f = fold_at(m, start);
	uint32_t *group = &m->group_of[f];

	v->from = m->s.folds[f].from;
	v->to = f + 1 < m->s.n_folds ? m->s.folds[f + 1].from : INT64_MAX;
	if (*group == GROUP_UNSET)
		*group = merge_selects(m, v->s, f) ? group_find(m, v->s, f) : RAW_NONE;
	v->group = *group;
}

static void
seen_add(struct merge *m, const struct visit *v, int64_t start)
{
	struct seen *s = &m->seen;

	if (!array_reserve(&s->v, &s->cap, s->n + 1, sizeof *s->v)) {
		m->rc = EMP_NOMEM;
		return;
	}
	s->v[s->n++] = (struct cell_key){v->series, m->raw.targets[v->first].subject,
					 start, (uint8_t)v->part->grain};
}

/* Finds where cells from `start` on are added to, and for how long. */
static void
visit_aim(struct visit *v, int64_t start)
{
	struct merge *m = v->m;
	uint32_t time;

	if (start < v->from || start >= v->to)
		visit_turn(v, start);
	v->aim_from = v->from;
	v->aim_to = v->to;
	v->end = v->first;
	if (v->group == RAW_NONE || m->rc != EMP_OK)
		return;
	if (start < m->ram[v->part->grain]) {
		seen_add(m, v, start);
		v->aim_to = start + 1; /* the next one is noted, too */
	}
	time = time_find(m, start, true);
	if (time == RAW_NONE)
		return;
	if (v->aim_from < m->time_lo)
		v->aim_from = m->time_lo;
	if (v->aim_to > m->time_hi)
		v->aim_to = m->time_hi;
	for (uint32_t t = v->first; t < v->last; t++) {
		const struct raw_target *target = &m->raw.targets[t];
		struct raw_sums *sums = &m->raw.groups[v->group].sums[target->sums];

		m->sums[t] = vector_get(m, sums, time, target->n);
		if (m->sums[t] == NULL)
			return;
	}
	v->end = v->last;
}

/* The hot loop of every rollup. */
static void
sum_up(const struct agg_bucket *const *at, uint32_t n, const struct raw_target *t,
       uint64_t *sums)
{
	for (uint32_t i = 0; i < n; i++)
		agg_walk_sum(at[i], t->first, t->n, sums);
}

/* Buckets of one aim. */
static void
visit_run(struct visit *v, const struct agg_bucket *const *at, uint32_t n)
{
	struct merge *m = v->m;

	v->met += (uint64_t)n * (v->last - v->first);
	for (uint32_t t = v->first; t < v->end; t++)
		sum_up(at, n, &m->raw.targets[t], m->sums[t]);
}

/* Those of one place, whatever they are. */
static void
visit_place(struct visit *v, int64_t base, const struct agg_bucket *b)
{
	for (; b != NULL; b = atomic_load(&b->next)) {
		int64_t start = base + b->rel;

		if (start < v->part->from || start >= v->part->to)
			continue;
		if (start < v->aim_from || start >= v->aim_to)
			visit_aim(v, start);
		visit_run(v, &b, 1);
	}
}

/* The part of the aim that lies in the page and the window, relative to the page:
 * [*from, *from + the result). */
static uint32_t
aim_in_page(const struct visit *v, int64_t base, uint32_t *from)
{
	int64_t lo = v->aim_from > v->part->from ? v->aim_from : v->part->from;
	int64_t hi = v->aim_to < v->part->to ? v->aim_to : v->part->to;

	if (lo < base)
		lo = base;
	if (hi > base + page_span(v->part->grain))
		hi = base + page_span(v->part->grain);
	*from = hi > lo ? (uint32_t)(lo - base) : 0;
	return hi > lo ? (uint32_t)(hi - lo) : 0;
}

static void
visit_page(struct visit *v, const struct dir_entry *e)
{
	const struct agg_bucket *at[PAGE_PLACES];
	uint32_t n = agg_walk_page(e, v->part->grain, v->part->from, v->part->to, at);
	uint32_t from;
	uint32_t width = aim_in_page(v, e->base, &from);
	uint32_t run = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (at[i]->rel - from < width && atomic_load(&at[i]->next) == NULL)
			continue;
		visit_run(v, at + run, i - run);
		visit_place(v, e->base, at[i]);
		width = aim_in_page(v, e->base, &from);
		run = i + 1;
	}
	visit_run(v, at + run, n - run);
}

/* Each bucket is fetched once, however much of it is asked for. */
static void
visit_track(struct visit *v, uint32_t first, const struct track *track)
{
	struct merge *m = v->m;
	uint32_t subject = m->raw.targets[first].subject;

	v->first = v->last = first;
	while (target_is(m, v->last, subject))
		v->last++;
	for (uint32_t i = 0; i < v->w->n; i++) {
		const struct window_part *w = &v->w->part[i];
		uint32_t pages;
		const struct dir_entry *e = agg_walk_pages(track, w->grain, w->from,
							   &pages);

		v->part = w;
		v->aim_from = INT64_MAX;
		v->aim_to = INT64_MIN;
		for (; pages > 0 && e->base < w->to; e++, pages--)
			visit_page(v, e);
	}
}

/* The series may have a few of many subjects that are asked for, or a few of them may
 * be asked for. What leads to the buckets is fetched for all of them at once. */
static void
visit_tracks(struct visit *v)
{
	struct merge *m = v->m;
	const struct series *s = agg_series_at(m->s.agg, v->series);
	const struct track_list *l = atomic_load(&s->tracks);
	uint32_t n = l ? atomic_load_explicit(&l->n, memory_order_acquire) : 0;
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct track_entry *e = &l->at[i];
		uint32_t t;

		if ((m->subjects & subject_bit(e->subject)) == 0)
			continue;
		t = target_find(m, e->subject);
		if (!target_is(m, t, e->subject))
			continue;
		m->found[k++] = (struct found){e->track, t};
		for (uint32_t w = 0; w < v->w->n; w++)
			WALK_PREFETCH(&e->track->g[v->w->part[w].grain]);
	}
	for (uint32_t i = 0; i < k; i++)
		for (uint32_t w = 0; w < v->w->n; w++)
			WALK_PREFETCH(atomic_load(
				&m->found[i].track->g[v->w->part[w].grain].dir));
	for (uint32_t i = 0; i < k && m->rc == EMP_OK; i++) {
		visit_track(v, m->found[i].first, m->found[i].track);
		if (m->s.cells_max != 0 && m->raw.cells + v->met > m->s.cells_max)
			m->rc = EMP_STALE;
	}
}

/* Whether any of it is asked for, and its group where that is the same all the time:
 * most units are large enough in every month, or in none. */
static bool
visit_prepare(struct visit *v)
{
	struct merge *m = v->m;
	uint32_t first = fold_at(m, m->w.from);
	uint32_t last = fold_at(m, m->w.to - 1);
	uint32_t unit = merge_folded(m, v->s, first);
	bool any = merge_selects(m, v->s, first);
	bool same = true;

	for (uint32_t f = first + 1; f <= last; f++) {
		same = same && merge_folded(m, v->s, f) == unit;
		any = any || (!same && merge_selects(m, v->s, f));
	}
	for (uint32_t f = first; f <= last; f++)
		m->group_of[f] = GROUP_UNSET;
	v->from = same ? INT64_MIN : INT64_MAX;
	v->to = same ? INT64_MAX : INT64_MIN;
	if (same && any)
		v->group = group_find(m, v->s, first);
	return any;
}

static void
visit_series(struct merge *m, uint32_t id, const struct window *w)
{
	struct agg_series s;
	struct visit v = {.m = m, .series = id, .group = RAW_NONE, .s = &s, .w = w};

	agg_series_get(m->s.agg, id, &s);
	if ((m->s.audiences & (1u << s.audience)) == 0)
		return;
	if (!visit_prepare(&v) && !s.is_other)
		return;
	visit_tracks(&v);
	if (s.is_other && v.met > 0)
		m->raw.incomplete = true;
	m->raw.cells += v.met;
}

static void
start_over(struct merge *m)
{
	m->raw.n_groups = m->raw.n_times = 0;
	m->raw.cells = 0;
	m->raw.incomplete = false;
	if (m->group_cap > 0)
		memset(m->group_at, 0, m->group_cap * sizeof *m->group_at);
	if (m->time_cap > 0)
		memset(m->time_at, 0, m->time_cap * sizeof *m->time_at);
	m->time_lo = m->time_hi = 0;
	m->seen.n = 0;
	m->vectors = 0;
	m->rc = EMP_OK;
}

/* Whether memory, or the sum, is now complete from a later start on than before. */
static bool
horizon_moved(struct merge *m)
{
	bool moved = false;

	for (enum grain g = GRAIN_MINUTE; g < GRAIN_COUNT; g++) {
		int64_t now = agg_ram_horizon(m->s.agg, g);

		int64_t sum_now = agg_sum_horizon(m->s.agg, g);

		moved = moved || now != m->ram[g] || sum_now != m->sum_from[g];
		m->ram[g] = now;
		m->sum_from[g] = sum_now;
	}
	return moved;
}

static void
window_split(struct merge *m)
{
	m->sum_in.n = m->rest.n = 0;
	for (uint32_t i = 0; i < m->w.n; i++) {
		struct window_part p = m->w.part[i];
		int64_t at = m->summed ? m->sum_from[p.grain] : INT64_MAX;

		if (p.from < at)
			m->rest.part[m->rest.n++] = (struct window_part){
				p.grain, p.from, p.to < at ? p.to : at};
		if (p.to > at)
			m->sum_in.part[m->sum_in.n++] = (struct window_part){
				p.grain, p.from > at ? p.from : at, p.to};
	}
}

static int
key_cmp(const void *pa, const void *pb)
{
	const struct cell_key *a = pa;
	const struct cell_key *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	return (int)a->grain - (int)b->grain;
}

enum emp_rc
merge_run(struct merge *m)
{
	int tries = 0;
	uint32_t n;

	(void)horizon_moved(m);
	do {
		start_over(m);
		if (tries++ == RUN_TRIES)
			return EMP_STALE;
		agg_enter(m->s.reader);
		/* Without targets groups come from rows alone. */
		n = m->raw.n_targets > 0 ? agg_series_count(m->s.agg) : 0;
		m->rc = merge_select_init(m);
		window_split(m);
		if (m->sum_in.n > 0 && n > 0 && m->rc == EMP_OK)
			visit_series(m, AGG_SERIES_SUM, &m->sum_in);
		for (uint32_t id = 1; id <= n && m->rest.n > 0 && m->rc == EMP_OK; id++)
			visit_series(m, id, &m->rest);
		agg_leave(m->s.reader);
	} while (horizon_moved(m));
	if (m->seen.n > 1)
		qsort(m->seen.v, m->seen.n, sizeof *m->seen.v, key_cmp);
	return m->rc;
}

/* ---- the file ------------------------------------------------------------------ */

bool
merge_wants(const struct merge *m, enum grain g, int64_t *from, int64_t *to)
{
	int64_t lo = INT64_MAX;
	int64_t hi = INT64_MIN;

	for (uint32_t i = 0; i < m->w.n; i++) {
		const struct window_part *part = &m->w.part[i];

		if (part->grain != g || part->from >= m->ram[g])
			continue;
		if (part->from < lo)
			lo = part->from;
		if (part->to > hi)
			hi = part->to;
	}
	*from = lo;
	*to = hi < m->ram[g] ? hi : m->ram[g];
	return lo < hi;
}

static bool
cell_in_window(const struct merge *m, const struct cell_key *k)
{
	for (uint32_t i = 0; i < m->w.n; i++)
		if (m->w.part[i].grain == k->grain && k->start >= m->w.part[i].from &&
		    k->start < m->w.part[i].to)
			return k->start < m->ram[k->grain];
	return false;
}

enum emp_rc
merge_feed(void *ctx, const struct cell *c)
{
	struct merge *m = ctx;
	struct agg_series s;
	uint32_t fold = fold_at(m, c->key.start);
	uint32_t group = RAW_NONE;

	if (!cell_in_window(m, &c->key) ||
	    (m->seen.n > 0 &&
	     bsearch(&c->key, m->seen.v, m->seen.n, sizeof c->key, key_cmp) != NULL))
		return EMP_OK;
	agg_series_get(m->s.agg, c->key.series, &s);
	if ((m->s.audiences & (1u << s.audience)) == 0)
		return EMP_OK;
	for (uint32_t t = target_find(m, c->key.subject);
	     target_is(m, t, c->key.subject) && m->rc == EMP_OK; t++) {
		const struct raw_target *target = &m->raw.targets[t];
		uint64_t *sums;
		uint32_t time;

		if (s.is_other)
			m->raw.incomplete = true;
		m->raw.cells++;
		if (group == RAW_NONE && !merge_selects(m, &s, fold))
			return EMP_OK;
		group = group_find(m, &s, fold);
		time = time_find(m, c->key.start, true);
		if (group == RAW_NONE || time == RAW_NONE)
			break;
		sums = vector_get(m, &m->raw.groups[group].sums[target->sums], time,
				  target->n);
		for (uint32_t i = 0;
		     sums != NULL && i < target->n && target->first + i < c->n_slots;
		     i++)
			sums[i] += c->slots[target->first + i];
	}
	return m->rc;
}

const struct rollup_raw *
merge_raw(const struct merge *m)
{
	return &m->raw;
}

/* ---- rows ---------------------------------------------------------------------- */

uint32_t
merge_group(struct merge *m, uint32_t series, int64_t t)
{
	uint32_t fold = fold_at(m, t);
	struct agg_series s;

	agg_series_get(m->s.agg, series, &s);
	return s.audience != AUDIENCE_NONE && merge_selects(m, &s, fold)
		? group_find(m, &s, fold)
		: RAW_NONE;
}

uint32_t
merge_group_unit(struct merge *m, enum audience a, uint32_t unit, int64_t t)
{
	uint32_t fold = fold_at(m, t);
	struct agg_series s = {.audience = (uint8_t)a, .dim_id[DIM_UNIT] = unit};

	return merge_selects(m, &s, fold) ? group_find(m, &s, fold) : RAW_NONE;
}

uint32_t
merge_time(struct merge *m, int64_t t)
{
	return t >= m->w.from && t < m->w.to ? time_find(m, t, false) : RAW_NONE;
}
