/* Rows, columns and times of a publication. */
#include "privacy/pub.h"

#include "base/clock.h"

#include <stdio.h>

#define ARENA_CHUNK (64 * 1024)
#define ROWS_FIRST 64
#define S_PER_OFFSET_MIN 60

void
pub_init(struct rollup_pub *p)
{
	memset(p, 0, sizeof *p);
	arena_init(&p->arena, ARENA_CHUNK);
	p->step = "all";
	p->rows.name = "rows";
	p->rows.columns = p->columns;
}

void
pub_fini(struct rollup_pub *p)
{
	arena_fini(&p->arena);
}

struct pub_row *
pub_row_add(struct rollup_pub *p, struct pub_table *t)
{
	uint32_t figures = t->n_figures > 0 ? t->n_figures : PUB_FIGURES;
	struct pub_row *r;

	if (t->n == t->max) {
		uint32_t max = t->max ? t->max * 2 : ROWS_FIRST;

		r = arena_alloc(&p->arena, max * sizeof *r);
		if (r == NULL)
			return NULL;
		if (t->n > 0)
			memcpy(r, t->rows, t->n * sizeof *r);
		t->rows = r;
		t->max = max;
	}
	r = &t->rows[t->n];
	memset(r, 0, sizeof *r);
	r->figure = arena_alloc(&p->arena, figures * sizeof *r->figure);
	if (t->n_texts > 0)
		r->text = arena_zalloc(&p->arena, t->n_texts * sizeof *r->text);
	if (r->figure == NULL || (t->n_texts > 0 && r->text == NULL))
		return NULL;
	for (uint32_t i = 0; i < figures; i++)
		r->figure[i] = NAN;
	t->n++;
	return r;
}

void
pub_column_add(struct rollup_pub *p, const struct pub_column *c)
{
	EMP_ASSERT(p->rows.n_columns < PUB_COLUMNS_MAX);
	p->columns[p->rows.n_columns++] = *c;
}

void
pub_scalar_add(struct rollup_pub *p, const char *name, double v)
{
	EMP_ASSERT(p->n_scalars < PUB_SCALARS_MAX);
	p->scalar[p->n_scalars].name = name;
	p->scalar[p->n_scalars++].v = v;
}

void
pub_missing(struct rollup_pub *p, const char *event)
{
	for (uint32_t i = 0; i < p->n_missing; i++)
		if (strcmp(p->missing[i], event) == 0)
			return;
	EMP_ASSERT(p->n_missing < sizeof p->missing / sizeof *p->missing);
	p->missing[p->n_missing++] = event;
}

double
pub_read(const struct pub_table *t, const struct pub_row *r, const char *column)
{
	for (uint32_t i = 0; i < t->n_columns; i++) {
		const struct pub_column *c = &t->columns[i];
		struct pub_value v = {.kind = PUB_SKIP};

		if (strcmp(c->name, column) != 0)
			continue;
		c->get(c, r, &v);
		return v.kind == PUB_COUNT     ? (double)v.count
			: v.kind == PUB_FIGURE ? v.figure
					       : NAN;
	}
	return NAN;
}

const struct pub_table *
pub_table_find(const struct rollup_pub *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_extra; i++)
		if (strcmp(p->extra[i].name, name) == 0)
			return &p->extra[i];
	return NULL;
}

struct str
pub_time(struct rollup_pub *p, const struct tz *tz, int64_t t_ms)
{
	int64_t t = t_ms / MS_PER_S - (t_ms % MS_PER_S < 0);
	int32_t offset = tz_offset(tz, t);
	char text[TIME_TEXT_MAX + 8];
	size_t n;

	/* RFC 3339 has no seconds in an offset; some zones had until 1972. */
	if (offset % S_PER_OFFSET_MIN != 0)
		offset = 0;
	n = time_format(text, t_ms + offset * MS_PER_S);
	if (offset != 0) {
		int minutes = (offset < 0 ? -offset : offset) / S_PER_OFFSET_MIN;

		n--; /* the Z */
		n += (size_t)snprintf(text + n, sizeof text - n, "%c%02d:%02d",
				      offset < 0 ? '-' : '+', minutes / 60,
				      minutes % 60);
	}
	return arena_str(&p->arena, (struct str){text, n});
}

/* ---- getters ------------------------------------------------------------------- */

static void
set_text(struct pub_value *v, struct str s)
{
	v->kind = s.n == 0 ? PUB_NULL : PUB_TEXT;
	v->text = s;
}

void
pub_get_audience(const struct pub_column *c, const struct pub_row *r,
		 struct pub_value *v)
{
	(void)c;
	set_text(v, str_from(audience_name(r->group->audience)));
}

void
pub_get_key(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	set_text(v, r->key[c->arg]);
}

/* A row without figures has no group either: it says the same whatever is stored. */
void
pub_get_dim(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	if (r->suppressed && !r->grouped)
		v->kind = PUB_SKIP;
	else
		set_text(v, r->group->text[c->arg]);
}

void
pub_get_time(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	(void)c;
	v->kind = r->time.n == 0 ? PUB_SKIP : PUB_TEXT;
	v->text = r->time;
}

void
pub_get_n(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	(void)c;
	v->kind = r->suppressed ? PUB_NULL : PUB_COUNT;
	v->count = r->n;
}

void
pub_get_count(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	double f = r->figure[c->arg];

	v->kind = r->suppressed ? PUB_SKIP : isnan(f) ? PUB_NULL : PUB_COUNT;
	v->count = isnan(f) ? 0 : (uint64_t)f;
}

void
pub_get_slot(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	v->kind = r->suppressed ? PUB_SKIP : PUB_COUNT;
	v->count = r->suppressed ? 0 : r->count[c->arg];
}

void
pub_get_figure(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	v->kind = r->suppressed ? PUB_SKIP : PUB_FIGURE;
	v->figure = r->figure[c->arg];
}

void
pub_get_text(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	set_text(v, r->text[c->arg]);
}

void
pub_get_text_if(const struct pub_column *c, const struct pub_row *r,
		struct pub_value *v)
{
	v->kind = r->text[c->arg].n > 0 ? PUB_TEXT : PUB_SKIP;
	v->text = r->text[c->arg];
}

void
pub_get_flag(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	v->kind = r->suppressed ? PUB_SKIP : PUB_BOOL;
	v->count = r->flags >> c->arg & 1;
}

void
pub_get_suppressed(const struct pub_column *c, const struct pub_row *r,
		   struct pub_value *v)
{
	(void)c;
	v->kind = r->suppressed ? PUB_TEXT : PUB_SKIP;
	v->text = STR("protected");
}

void
pub_get_verified(const struct pub_column *c, const struct pub_row *r,
		 struct pub_value *v)
{
	(void)c;
	v->kind = (r->flags & PUB_RELEASED) != 0 ? PUB_BOOL : PUB_SKIP;
	v->count = (r->flags & PUB_VERIFIED) != 0;
}
