/* Filters of a merge: names to ids, subtrees, folded and cut units.
 *
 * Names are looked up after the series were counted, so every unit of a series that is
 * visited is known here; a name that nobody sent yet matches nothing. */
#include "agg/merge_impl.h"

static struct str
filter_value(const struct query *q, enum dim d, uint32_t i)
{
	return q->filter[d].value[i];
}

static void
select_names(struct merge *m, enum dim d)
{
	struct select *sel = &m->select[d];

	for (uint32_t i = 0; i < m->s.q->filter[d].n; i++) {
		uint32_t id = intern_find(m->s.names[d], filter_value(m->s.q, d, i));

		if (id != INTERN_NONE)
			sel->id[sel->n++] = id;
	}
}

/* Parents are registered before their children, so one pass upward in ids spreads a
 * mark over the subtree. */
static enum emp_rc
select_units(struct merge *m)
{
	struct select *sel = &m->select[DIM_UNIT];
	uint8_t *mark = arena_zalloc(&m->raw.arena, m->n_units + 1);

	if (mark == NULL)
		return EMP_NOMEM;
	select_names(m, DIM_UNIT);
	for (uint32_t i = 0; i < sel->n; i++)
		if (sel->id[i] <= m->n_units)
			mark[sel->id[i]] = 1;
	for (uint32_t u = 1; u <= m->n_units; u++)
		mark[u] |= mark[intern_parent(m->s.names[DIM_UNIT], u)];
	sel->units = mark;
	return EMP_OK;
}

/* Fold first, then cut: a unit too small to be shown is part of its parent, whatever
 * depth is asked for. */
static enum emp_rc
map_units(struct merge *m)
{
	const struct intern *units = m->s.names[DIM_UNIT];
	uint32_t depth = m->s.q->depth;
	uint32_t *as;
	uint32_t *level;

	if (depth == 0)
		return EMP_OK;
	as = arena_zalloc(&m->raw.arena, (m->n_units + 1) * sizeof *as);
	level = arena_zalloc(&m->raw.arena, (m->n_units + 1) * sizeof *level);
	if (as == NULL || level == NULL)
		return EMP_NOMEM;
	for (uint32_t u = 1; u <= m->n_units; u++) {
		uint32_t up = intern_parent(units, u);

		level[u] = level[up] + 1;
		as[u] = depth != 0 && level[u] > depth ? as[up] : u;
	}
	m->unit_as = as;
	return EMP_OK;
}

enum emp_rc
merge_select_init(struct merge *m)
{
	const struct query *q = m->s.q;
	enum emp_rc rc = EMP_OK;

	m->n_units = intern_count(m->s.names[DIM_UNIT]);
	for (int d = 0; d < DIM_COUNT && rc == EMP_OK; d++) {
		m->select[d].any = q->filter[d].n == 0;
		if (m->select[d].any)
			continue;
		if (d == DIM_UNIT)
			rc = select_units(m);
		else
			select_names(m, (enum dim)d);
	}
	return rc == EMP_OK ? map_units(m) : rc;
}

uint32_t
merge_folded(const struct merge *m, const struct agg_series *s, uint32_t fold)
{
	uint32_t u = s->dim_id[DIM_UNIT];

	if (s->audience != AUDIENCE_EMPLOYEE || m->s.n_folds == 0)
		return u;
	/* One that came after folding was settled may be a unit of one person. */
	while (u >= m->s.n_fold)
		u = intern_parent(m->s.names[DIM_UNIT], u);
	return m->s.folds[fold].unit[u];
}

bool
merge_selects(const struct merge *m, const struct agg_series *s, uint32_t fold)
{
	if ((m->s.audiences & (1u << s->audience)) == 0)
		return false;
	for (int d = 0; d < DIM_COUNT; d++) {
		const struct select *sel = &m->select[d];
		bool hit = sel->any;

		if (!hit && d == DIM_UNIT) {
			uint32_t u = merge_folded(m, s, fold);

			hit = u <= m->n_units && sel->units[u] != 0;
		}
		for (uint32_t i = 0; !hit && d != DIM_UNIT && i < sel->n; i++)
			hit = sel->id[i] == s->dim_id[d];
		if (!hit)
			return false;
	}
	return true;
}

uint32_t
merge_unit_shown(const struct merge *m, const struct agg_series *s, uint32_t fold)
{
	uint32_t u = merge_folded(m, s, fold);

	return m->unit_as != NULL && u <= m->n_units ? m->unit_as[u] : u;
}
