/* A report as one page of HTML that needs nothing else: no script, no font, no image,
 * so that it can be mailed and kept. Tables have captions and scopes, and bars repeat a
 * figure that stands beside them, so whoever listens to the page misses nothing. */
#include "ctl/report.h"

#include <math.h>

static const char style[] =
	"body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;"
	"max-width:70rem;margin:2rem auto;padding:0 1rem}"
	"h2{border-bottom:1px solid #888;margin-top:2.5rem}"
	"table{border-collapse:collapse;margin:1rem 0}"
	"caption{text-align:left;font-weight:bold;padding:.3rem 0}"
	"th,td{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}"
	"thead th{border-bottom:1px solid #888}tbody th{font-weight:normal}"
	"td{text-align:right;font-variant-numeric:tabular-nums}"
	"td.bar{width:14rem;text-align:left}"
	"td.bar span{display:block;height:.8rem;margin-top:.35rem;background:#2a6f97}"
	"div.wide{overflow-x:auto}"
	"@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}"
	"td.bar span{background:#61a5c2}}";

void
report_html_escape(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_add_z(out, "&amp;");
			break;
		case '<':
			buf_add_z(out, "&lt;");
			break;
		case '>':
			buf_add_z(out, "&gt;");
			break;
		case '"':
			buf_add_z(out, "&quot;");
			break;
		case '\'':
			buf_add_z(out, "&#39;");
			break;
		default:
			/* No control character is allowed there. */
			buf_add_c(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
		}
	}
}

static void
escape_z(struct buf *out, const char *z)
{
	report_html_escape(out, str_from(z));
}

/* "first_response" as people write it. */
static void
words(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '_')
			buf_add_c(out, ' ');
		else
			report_html_escape(out, (struct str){name, 1});
	}
}

static void
html_begin(struct buf *out, const struct ctl_term *t, const struct report_head *h)
{
	(void)t;
	buf_add_z(out,
		  "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		  "<meta charset=\"utf-8\">\n"
		  "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	buf_printf(out, "Review of %s", h->month);
	buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>",
		   style);
	buf_printf(out, "Review of %s", h->month);
	if (h->unit != NULL) {
		buf_add_z(out, ", ");
		escape_z(out, h->unit);
	}
	buf_add_z(out, "</h1>\n<p>");
	report_html_escape(out, h->from);
	buf_add_z(out, " to ");
	report_html_escape(out, h->to);
	buf_add_z(out, "</p>\n");
}

static void
html_section(struct buf *out, const struct ctl_term *t, const struct report_section *s)
{
	(void)t;
	buf_add_z(out, "<section>\n<h2>");
	escape_z(out, s->title);
	buf_add_z(out, "</h2>\n<p>");
	escape_z(out, s->note);
	buf_add_z(out, "</p>\n");
}

static void
html_titles(struct buf *out, const struct report_grid *g)
{
	const char *cell = g->t.text.p;

	buf_add_z(out, "<thead><tr>");
	for (size_t i = 0; i < g->t.n_columns; i++) {
		buf_add_z(out, "<th scope=\"col\">");
		words(out, cell);
		buf_add_z(out, "</th>");
		cell += strlen(cell) + 1;
	}
	if (g->has_bars)
		buf_add_z(out, "<td></td>");
	buf_add_z(out, "</tr></thead>\n");
}

static void
html_row(struct buf *out, const struct report_grid *g, const char *cell, double part)
{
	buf_add_z(out, "<tr>");
	for (size_t i = 0; i < g->t.n_columns; i++) {
		bool key = i < g->n_keys;

		buf_add_z(out, key ? "<th scope=\"row\">" : "<td>");
		if (g->names && i + 1 == g->n_keys)
			words(out, cell);
		else
			escape_z(out, cell);
		buf_add_z(out, key ? "</th>" : "</td>");
		cell += strlen(cell) + 1;
	}
	if (g->has_bars && isnan(part))
		buf_add_z(out, "<td></td>");
	else if (g->has_bars)
		buf_printf(out,
			   "<td class=\"bar\" aria-hidden=\"true\">"
			   "<span style=\"width:%.1f%%\"></span></td>",
			   part < 0           ? 0
				   : part > 1 ? 100
					      : part * 100);
	buf_add_z(out, "</tr>\n");
}

static void
html_grid(struct buf *out, const struct ctl_term *t, const struct report_section *s,
	  const char *title, const struct report_grid *g)
{
	const char *cell = g->t.text.p;

	(void)t;
	if (g->n_rows == 0) {
		buf_add_z(out, "<p>");
		escape_z(out, title != NULL ? title : s->title);
		buf_add_z(out,
			  g->n_hidden > 0 ? ": protected, too few people or nothing "
					    "to show.</p>\n"
					  : ": nothing.</p>\n");
		return;
	}
	buf_add_z(out, "<div class=\"wide\"><table>\n<caption>");
	escape_z(out, title != NULL ? title : s->title);
	buf_add_z(out, "</caption>\n");
	html_titles(out, g);
	buf_add_z(out, "<tbody>\n");
	for (size_t r = 0; r <= g->n_rows; r++) {
		if (r > 0)
			html_row(out, g, cell, g->part[r - 1]);
		for (size_t i = 0; i < g->t.n_columns; i++)
			cell += strlen(cell) + 1;
	}
	buf_add_z(out, "</tbody>\n</table></div>\n");
	if (g->n_hidden > 0)
		buf_printf(out,
			   "<p>%zu more: protected, too few people or nothing to "
			   "show.</p>\n",
			   g->n_hidden);
}

static void
html_remark(struct buf *out, struct str text)
{
	buf_add_z(out, "<p>");
	report_html_escape(out, text);
	buf_add_z(out, "</p>\n");
}

static void
html_section_end(struct buf *out)
{
	buf_add_z(out, "</section>\n");
}

static void
html_end(struct buf *out)
{
	buf_add_z(out, "</main>\n</body>\n</html>\n");
}

const struct report_writer report_html = {
	.begin = html_begin,
	.section = html_section,
	.grid = html_grid,
	.remark = html_remark,
	.section_end = html_section_end,
	.end = html_end,
};
