/* Publications to bytes: JSON with rows, JSON with columns, CSV.
 *
 * Written by hand into one buffer, because dashboards poll these: names of columns are
 * quoted once per answer, and a row is a handful of appends. The order of everything is
 * fixed, so equal figures are equal bytes and the ETag of an unchanged answer holds. */
#include "privacy/pub.h"

#define NAME_QUOTED_MAX 64
#define HIST_VALUE_BYTES 48 /* a value, its count and what is around them */
#define ROW_BYTES_GUESS                                                                \
	256 /* of JSON, rather too much: a buffer that grows is copied */
#define RESERVE_MAX (4u << 20)

/* {"1":3033,"2":5} or 1:3033 2:5. One append: every row of satisfaction has one. */
static void
histogram_add(struct buf *out, const struct pub_row *r, bool json)
{
	const struct question *q = r->question;
	char text[HIST_MAX * HIST_VALUE_BYTES];
	char *to = text;

	_Static_assert(SCALE_MIN >= 0, "scale values are written without a sign");
	if (json)
		*to++ = '{';
	for (int v = q->lo; v <= q->hi; v++) {
		if (v > q->lo)
			*to++ = json ? ',' : ' ';
		if (json)
			*to++ = '"';
		to = buf_put_u64(to, (uint64_t)v);
		if (json)
			*to++ = '"';
		*to++ = ':';
		to = buf_put_u64(to, r->count[v - q->lo]);
	}
	if (json)
		*to++ = '}';
	buf_add(out, text, (size_t)(to - text));
}

/* Choice: slot 0 is the people, the options follow. */
static void
options_add(struct buf *out, const struct pub_row *r, bool shares, const char *sep)
{
	const struct question *q = r->question;
	bool json = sep == NULL;

	if (json)
		buf_add_c(out, '{');
	for (uint32_t i = 0; i < q->n_options; i++) {
		if (i > 0)
			buf_add_z(out, json ? "," : sep);
		if (json)
			buf_add_json(out, q->options[i]);
		else
			buf_add_str(out, q->options[i]);
		buf_add_c(out, ':');
		if (shares)
			buf_add_fixed4(out, metric_share(r->count[i + 1], r->count[0]));
		else
			buf_add_u64(out, r->count[i + 1]);
	}
	if (json)
		buf_add_c(out, '}');
}

static void
value_json(struct buf *out, const struct pub_row *r, const struct pub_value *v)
{
	switch ((enum pub_kind)v->kind) {
	case PUB_SKIP:
	case PUB_NULL:
		buf_add(out, "null", 4);
		break;
	case PUB_TEXT:
		buf_add_json(out, v->text);
		break;
	case PUB_COUNT:
		buf_add_u64(out, v->count);
		break;
	case PUB_FIGURE:
		buf_add_fixed4(out, v->figure);
		break;
	case PUB_BOOL:
		buf_add_z(out, v->count ? "true" : "false");
		break;
	case PUB_HISTOGRAM:
		histogram_add(out, r, true);
		break;
	case PUB_OPTIONS:
	case PUB_SHARES:
		options_add(out, r, v->kind == PUB_SHARES, NULL);
		break;
	}
}

static void
value_csv(struct buf *out, const struct pub_row *r, const struct pub_value *v)
{
	struct buf text;

	switch ((enum pub_kind)v->kind) {
	case PUB_SKIP:
	case PUB_NULL:
		break;
	case PUB_TEXT:
		buf_add_csv(out, v->text);
		break;
	case PUB_COUNT:
		buf_add_u64(out, v->count);
		break;
	case PUB_FIGURE:
		if (!isnan(v->figure))
			buf_add_fixed4(out, v->figure);
		break;
	case PUB_BOOL:
		buf_add_z(out, v->count ? "true" : "false");
		break;
	case PUB_HISTOGRAM:
		histogram_add(out, r, false);
		break;
	case PUB_OPTIONS:
	case PUB_SHARES:
		buf_init(&text, 0);
		options_add(&text, r, v->kind == PUB_SHARES, " ");
		buf_add_csv(out, buf_str(&text));
		out->failed = out->failed || !buf_ok(&text);
		buf_fini(&text);
		break;
	}
}

/* ,"name": of each column, made once. */
struct quoted {
	char text[NAME_QUOTED_MAX + 1]; /* without the comma as many are copied */
	size_t n;
};

static void
quote_names(const struct pub_table *t, struct quoted q[PUB_COLUMNS_MAX])
{
	for (uint32_t c = 0; c < t->n_columns; c++) {
		size_t n = strlen(t->columns[c].name);

		EMP_ASSERT(n + 4 <= NAME_QUOTED_MAX);
		memcpy(q[c].text, ",\"", 2);
		memcpy(q[c].text + 2, t->columns[c].name, n);
		memcpy(q[c].text + 2 + n, "\":", 2);
		q[c].n = n + 4;
	}
}

/* What most columns of a row hold; NULL: it has to be written in another way. */
static char *
value_put(char *to, const struct pub_value *v)
{
	switch ((enum pub_kind)v->kind) {
	case PUB_NULL:
		memcpy(to, "null", 4);
		return to + 4;
	case PUB_COUNT:
		return buf_put_u64(to, v->count);
	case PUB_FIGURE:
		return buf_put_fixed4(to, v->figure);
	default:
		return NULL;
	}
}

/* Columns [first, last) as members of a row, the first with a comma before it or not.
 * Whether there were any. Names are copied whole, whatever their length, and numbers
 * are written where they belong: nothing is asked of the buffer but room. */
static bool
row_members(struct buf *out, const struct pub_table *t, const struct quoted *q,
	    const struct pub_row *r, uint32_t first, uint32_t last, bool first_comma)
{
	size_t skip = first_comma ? 0 : 1;

	for (uint32_t c = first; c < last; c++) {
		struct pub_value v = {.kind = PUB_SKIP};
		char *to;
		char *end;

		t->columns[c].get(&t->columns[c], r, &v);
		if (v.kind == PUB_SKIP)
			continue;
		to = buf_reserve(out, NAME_QUOTED_MAX + BUF_NUMBER_MAX);
		if (to == NULL)
			return true; /* it failed as a whole */
		memcpy(to, q[c].text + skip, NAME_QUOTED_MAX);
		to += q[c].n - skip;
		skip = 0;
		end = value_put(to, &v);
		out->n = (size_t)((end == NULL ? to : end) - out->p);
		if (end == NULL)
			value_json(out, r, &v);
	}
	return skip == 0;
}

/* Columns at the front that say what a row is about, apart from its time. */
static uint32_t
lead_columns(const struct pub_table *t)
{
	uint32_t n = 0;

	while (n < t->n_columns &&
	       (t->columns[n].get == pub_get_audience ||
		t->columns[n].get == pub_get_key || t->columns[n].get == pub_get_dim))
		n++;
	return n;
}

/* Whether those columns are equal; by pointer, as rows of one group share their texts.
 */
static bool
lead_is_same(const struct pub_row *a, const struct pub_row *b)
{
	return a->group == b->group && a->suppressed == b->suppressed &&
		a->key[0].p == b->key[0].p && a->key[1].p == b->key[1].p;
}

/* Bytes that the buffer has already, once more. */
static void
repeat(struct buf *out, size_t at, size_t n)
{
	char *to = buf_reserve(out, n);

	if (to == NULL)
		return;
	memcpy(to, out->p + at, n);
	out->n += n;
}

/* The rows of a series over time follow each other and differ in nothing but time and
 * figures: what comes before is half of their bytes, and is copied. */
static void
table_rows(struct buf *out, const struct pub_table *t)
{
	struct quoted q[PUB_COLUMNS_MAX];
	uint32_t lead = lead_columns(t);
	size_t at = 0;
	size_t n = 0;
	bool any = false;

	quote_names(t, q);
	buf_add_c(out, '[');
	for (uint32_t i = 0; i < t->n; i++) {
		const struct pub_row *r = &t->rows[i];

		if (i > 0)
			buf_add_c(out, ',');
		if (i > 0 && lead_is_same(r, r - 1)) {
			repeat(out, at, n);
		} else {
			at = out->n;
			buf_add_c(out, '{');
			any = row_members(out, t, q, r, 0, lead, false);
			n = out->n - at;
		}
		(void)row_members(out, t, q, r, lead, t->n_columns, any);
		buf_add_c(out, '}');
	}
	buf_add_c(out, ']');
}

/* Whether a column applies to any row at all. */
static bool
column_used(const struct pub_table *t, const struct pub_column *c)
{
	for (uint32_t i = 0; i < t->n; i++) {
		struct pub_value v = {.kind = PUB_SKIP};

		c->get(c, &t->rows[i], &v);
		if (v.kind != PUB_SKIP)
			return true;
	}
	return false;
}

static void
table_columns(struct buf *out, const struct pub_table *t)
{
	bool first = true;

	buf_add_c(out, '{');
	for (uint32_t c = 0; c < t->n_columns; c++) {
		const struct pub_column *col = &t->columns[c];

		if (t->n > 0 && !column_used(t, col))
			continue;
		if (!first)
			buf_add_c(out, ',');
		first = false;
		buf_add_json(out, str_from(col->name));
		buf_add(out, ":[", 2);
		for (uint32_t i = 0; i < t->n; i++) {
			struct pub_value v = {.kind = PUB_SKIP};

			if (i > 0)
				buf_add_c(out, ',');
			col->get(col, &t->rows[i], &v);
			value_json(out, &t->rows[i], &v);
		}
		buf_add_c(out, ']');
	}
	buf_add_c(out, '}');
}

static void
time_member(struct buf *out, const char *name, struct str t)
{
	buf_add_json(out, str_from(name));
	buf_add_c(out, ':');
	if (t.n == 0)
		buf_add_z(out, "null");
	else
		buf_add_json(out, t);
	buf_add_c(out, ',');
}

static void
cohorts_add(struct buf *out, const struct rollup_pub *p)
{
	buf_add_z(out, ",\"cohorts\":[");
	for (uint32_t i = 0; i < p->n_cohorts; i++) {
		const struct pub_cohort *c = &p->cohorts[i];

		buf_add_z(out, i > 0 ? ",{\"month\":" : "{\"month\":");
		buf_add_json(out, c->month);
		buf_add_z(out, ",\"size\":");
		buf_add_u64(out, c->size);
		buf_add_z(out, ",\"active\":[");
		for (size_t m = 0; m < sizeof c->active / sizeof *c->active; m++) {
			if (m > 0)
				buf_add_c(out, ',');
			buf_add_fixed4(out, c->active[m]);
		}
		buf_add_z(out, "]}");
	}
	buf_add_c(out, ']');
}

/* What stands before the tables. */
static void
head_json(const struct rollup_pub *p, struct buf *out)
{
	if (p->form == PUB_ROLLUP) {
		time_member(out, "from", p->from);
		time_member(out, "to", p->to);
	}
	if (p->form == PUB_ROLLUP || p->as_of.n > 0)
		time_member(out, "as_of", p->as_of);
	if (p->form != PUB_ROLLUP)
		return;
	buf_add_z(out, "\"step\":");
	buf_add_json(out, str_from(p->step));
	if (p->incomplete)
		buf_add_z(out, ",\"incomplete\":true");
	buf_add_c(out, ',');
}

static void
only_row(struct buf *out, const struct pub_table *t)
{
	struct quoted q[PUB_COLUMNS_MAX];

	if (t->n == 0) {
		buf_add_z(out, "null");
		return;
	}
	quote_names(t, q);
	buf_add_c(out, '{');
	(void)row_members(out, t, q, t->rows, 0, t->n_columns, false);
	buf_add_c(out, '}');
}

static void
rows_json(const struct rollup_pub *p, enum shape shape, struct buf *out)
{
	struct quoted q[PUB_COLUMNS_MAX];

	if (p->form == PUB_ONE) {
		EMP_ASSERT(p->rows.n == 1);
		quote_names(&p->rows, q);
		(void)row_members(out, &p->rows, q, p->rows.rows, 0, p->rows.n_columns,
				  false);
	} else if (shape == SHAPE_COLUMNS) {
		buf_add_z(out, "\"columns\":");
		table_columns(out, &p->rows);
	} else {
		buf_add_z(out, "\"rows\":");
		table_rows(out, &p->rows);
	}
}

static void
encode_json(const struct rollup_pub *p, enum shape shape, struct buf *out)
{
	buf_add_c(out, '{');
	if (p->form != PUB_ONE)
		head_json(p, out);
	rows_json(p, shape, out);
	for (uint32_t i = 0; i < p->n_extra; i++) {
		buf_add_z(out, ",");
		buf_add_json(out, str_from(p->extra[i].name));
		buf_add_c(out, ':');
		if (p->extra[i].one)
			only_row(out, &p->extra[i]);
		else
			table_rows(out, &p->extra[i]);
	}
	for (uint32_t i = 0; i < p->n_scalars; i++) {
		buf_add_z(out, ",");
		buf_add_json(out, str_from(p->scalar[i].name));
		buf_add_c(out, ':');
		buf_add_fixed4(out, p->scalar[i].v);
	}
	if (p->has_cohorts)
		cohorts_add(out, p);
	for (uint32_t i = 0; i < p->n_missing; i++) {
		buf_add_z(out, i == 0 ? ",\"missing\":[" : ",");
		buf_add_json(out, str_from(p->missing[i]));
	}
	if (p->n_missing > 0)
		buf_add_c(out, ']');
	if (p->note != NULL) {
		buf_add_z(out, ",\"note\":");
		buf_add_json(out, str_from(p->note));
	}
	if (p->form == PUB_LIST) {
		buf_add_z(out, ",\"next\":");
		if (p->next.n == 0)
			buf_add_z(out, "null");
		else
			buf_add_json(out, p->next);
	}
	buf_add_z(out, "}\n");
}

static void
encode_csv(const struct rollup_pub *p, struct buf *out)
{
	const struct pub_table *t = &p->rows;

	for (uint32_t c = 0; c < t->n_columns; c++) {
		if (c > 0)
			buf_add_c(out, ',');
		buf_add_csv(out, str_from(t->columns[c].name));
	}
	buf_add(out, "\r\n", 2);
	for (uint32_t i = 0; i < t->n; i++) {
		for (uint32_t c = 0; c < t->n_columns; c++) {
			struct pub_value v = {.kind = PUB_SKIP};

			if (c > 0)
				buf_add_c(out, ',');
			t->columns[c].get(&t->columns[c], &t->rows[i], &v);
			value_csv(out, &t->rows[i], &v);
		}
		buf_add(out, "\r\n", 2);
	}
}

void
pub_encode(const struct rollup_pub *p, enum format format, enum shape shape,
	   struct buf *out)
{
	size_t guess = (size_t)p->rows.n * ROW_BYTES_GUESS;

	if (guess <= RESERVE_MAX && (out->max == 0 || out->n + guess <= out->max))
		(void)buf_reserve(out, guess);
	if (format == FORMAT_CSV)
		encode_csv(p, out);
	else
		encode_json(p, shape, out);
}
