/* A report as text with bars, and as CSV. */
#include "ctl/report.h"

#include <math.h>

/* --- text --- */

static void
underline(struct buf *out, size_t n, char c)
{
	while (n-- > 0)
		buf_add_c(out, c);
	buf_add_c(out, '\n');
}

static void
heading(struct buf *out, const struct ctl_term *t, const char *text, char line)
{
	buf_printf(out, "%s%s%s\n", t->colour ? "\033[1m" : "", text,
		   t->colour ? "\033[0m" : "");
	underline(out, ctl_text_width(str_from(text)), line);
}

/* Words in lines as wide as the terminal. */
static void
paragraph(struct buf *out, const struct ctl_term *t, struct str text)
{
	int column = 0;

	while (text.n > 0) {
		struct str word = str_split(&text, ' ');
		int width = (int)ctl_text_width(word);

		if (column > 0 && column + 1 + width > t->width) {
			buf_add_c(out, '\n');
			column = 0;
		} else if (column > 0) {
			buf_add_c(out, ' ');
			column++;
		}
		buf_add_str(out, word);
		column += width;
	}
	buf_add_c(out, '\n');
}

static void
text_begin(struct buf *out, const struct ctl_term *t, const struct report_head *h)
{
	struct buf title;

	buf_init(&title, 0);
	buf_printf(&title, "Review of %s%s%s", h->month, h->unit != NULL ? ", " : "",
		   h->unit != NULL ? h->unit : "");
	buf_add_c(&title, '\0');
	heading(out, t, buf_ok(&title) ? title.p : h->month, '=');
	buf_fini(&title);
	buf_printf(out, "%.*s to %.*s\n", STR_FMT(h->from), STR_FMT(h->to));
}

static void
text_section(struct buf *out, const struct ctl_term *t, const struct report_section *s)
{
	buf_add_c(out, '\n');
	heading(out, t, s->title, '-');
	paragraph(out, t, str_from(s->note));
}

/* The grid with a column of bars behind it. */
static void
text_grid(struct buf *out, const struct ctl_term *t, const struct report_section *s,
	  const char *title, const struct report_grid *g)
{
	const char *cell = g->t.text.p;
	struct ctl_table with;
	struct buf bar;

	(void)s;
	buf_add_c(out, '\n');
	if (title != NULL)
		buf_printf(out, "%s\n", title);
	if (g->n_rows == 0) {
		buf_add_z(out,
			  g->n_hidden > 0 ? "Protected: too few people, or nothing "
					    "to show.\n"
					  : "Nothing.\n");
		return;
	}
	ctl_table_init(&with, g->t.n_columns + 1);
	buf_init(&bar, 0);
	for (size_t r = 0; r <= g->n_rows; r++) {
		for (size_t i = 0; i < g->t.n_columns; i++) {
			ctl_table_add_z(&with, cell);
			cell += strlen(cell) + 1;
		}
		buf_clear(&bar);
		if (r > 0 && !isnan(g->part[r - 1]))
			ctl_bar(&bar, t, g->part[r - 1], REPORT_BAR_CELLS);
		ctl_table_add(&with, buf_str(&bar));
	}
	if (!buf_ok(&bar) || ctl_table_write(&with, t, out) != EMP_OK)
		out->failed = true;
	buf_fini(&bar);
	ctl_table_fini(&with);
	if (g->n_hidden > 0)
		buf_printf(out,
			   "%zu more: protected, too few people or nothing to show.\n",
			   g->n_hidden);
}

static void
text_remark(struct buf *out, struct str text)
{
	buf_printf(out, "\n%.*s\n", STR_FMT(text));
}

static void
nothing(struct buf *out)
{
	(void)out;
}

const struct report_writer report_text = {
	.begin = text_begin,
	.section = text_section,
	.grid = text_grid,
	.remark = text_remark,
	.section_end = nothing,
	.end = nothing,
};

/* --- CSV: a line per figure, for a spreadsheet to pivot --- */

static void
csv_begin(struct buf *out, const struct ctl_term *t, const struct report_head *h)
{
	(void)t;
	buf_add_z(out, "section,table,of,figure,value\r\n");
	buf_add_z(out, "report,,,month,");
	buf_add_csv(out, str_from(h->month));
	buf_add_z(out, "\r\nreport,,,unit,");
	buf_add_csv(out, str_from(h->unit != NULL ? h->unit : ""));
	buf_add_z(out, "\r\nreport,,,from,");
	buf_add_csv(out, h->from);
	buf_add_z(out, "\r\nreport,,,to,");
	buf_add_csv(out, h->to);
	buf_add_z(out, "\r\n");
}

static void
csv_section(struct buf *out, const struct ctl_term *t, const struct report_section *s)
{
	(void)out;
	(void)t;
	(void)s;
}

static void
csv_value(struct buf *out, const struct report_section *s, const char *title,
	  struct str of, const char *figure, const char *value)
{
	buf_add_csv(out, str_from(s->title));
	buf_add_c(out, ',');
	buf_add_csv(out, str_from(title != NULL ? title : ""));
	buf_add_c(out, ',');
	buf_add_csv(out, of);
	buf_add_c(out, ',');
	buf_add_csv(out, str_from(figure));
	buf_add_c(out, ',');
	/* A number below zero is no formula. */
	if (value[0] == '-' && value[1] >= '0' && value[1] <= '9')
		buf_add_z(out, value);
	else
		buf_add_csv(out, str_from(value));
	buf_add_z(out, "\r\n");
}

/* Keys say what a figure is of; the last key of a line per figure is its name. */
static void
csv_row(struct buf *out, const struct report_section *s, const char *title,
	const struct report_grid *g, const char *cell, struct buf *of)
{
	bool named = g->names && g->t.n_columns == g->n_keys + 1;
	size_t n_of = g->n_keys - (named ? 1 : 0);
	const char *figure = g->t.text.p;
	const char *name = "";

	buf_clear(of);
	for (size_t i = 0; i < g->t.n_columns; i++) {
		if (i < n_of) {
			if (i > 0)
				buf_add_c(of, ' ');
			buf_add_z(of, cell);
		} else if (i < g->n_keys) {
			name = cell;
		} else if (cell[0] != '\0') {
			csv_value(out, s, title, buf_str(of), named ? name : figure,
				  cell);
		}
		cell += strlen(cell) + 1;
		figure += strlen(figure) + 1;
	}
}

static void
csv_grid(struct buf *out, const struct ctl_term *t, const struct report_section *s,
	 const char *title, const struct report_grid *g)
{
	const char *cell = g->t.text.p;
	struct buf of;

	(void)t;
	buf_init(&of, 0);
	for (size_t r = 0; r <= g->n_rows && g->n_rows > 0; r++) {
		if (r > 0)
			csv_row(out, s, title, g, cell, &of);
		for (size_t i = 0; i < g->t.n_columns; i++)
			cell += strlen(cell) + 1;
	}
	out->failed = out->failed || !buf_ok(&of);
	buf_fini(&of);
}

static void
csv_remark(struct buf *out, struct str text)
{
	(void)out;
	(void)text;
}

const struct report_writer report_csv = {
	.exact = true,
	.begin = csv_begin,
	.section = csv_section,
	.grid = csv_grid,
	.remark = csv_remark,
	.section_end = nothing,
	.end = nothing,
};
