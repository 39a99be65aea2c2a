/* empowerctl report: a month's review.
 *
 * A month is that of the daemon's time zone, which a client does not know. So the first
 * question is for a moment in its middle, with step=month: the answer says where that
 * month begins and ends, and these two times are the window of every other question. */
#include "base/clock.h"
#include "base/num.h"
#include "ctl/report.h"

#include <stdio.h>

#define MONTH_CHARS 7
#define TIME_MAX 40

struct report {
	struct ctl *c;
	const struct report_writer *w;
	char month[TIME_MAX];
	char from[TIME_MAX], to[TIME_MAX];
	const char *unit;
	struct buf out;
	bool failed; /* a section could not be had: told */
};

/* "2026-10", or the last month that is over. */
static bool
choose_month(struct report *r)
{
	const char *given = r->c->opt[CTL_OPT_MONTH];
	char day[MONTH_CHARS + sizeof "-01T00:00:00Z"];
	int64_t ms;
	int64_t y;
	unsigned m, d;

	if (given == NULL) {
		time_civil_from_days(clock_now_ms() / MS_PER_S / S_PER_DAY, &y, &m, &d);
		if (--m == 0) {
			m = 12;
			y--;
		}
		snprintf(r->month, sizeof r->month, "%04d-%02u", (int)(y % 10000),
			 m % 100);
		return true;
	}
	snprintf(day, sizeof day, "%.*s-01T00:00:00Z", MONTH_CHARS, given);
	if (strlen(given) != MONTH_CHARS || !time_parse(str_from(day), &ms)) {
		ctl_usage(r->c, "expected a month such as 2026-01 instead of %s",
			  given);
		return false;
	}
	snprintf(r->month, sizeof r->month, "%.*s", MONTH_CHARS, given);
	return true;
}

static void
add_parameter(struct buf *path, const char *name, const char *value)
{
	bool first = memchr(path->p, '?', path->n) == NULL;

	buf_printf(path, "%c%s=", first ? '?' : '&', name);
	ctl_url_escape(path, str_from(value));
}

static bool
read_time(const struct json_node *root, const char *name, char *to)
{
	struct str text = json_node_str(json_node_get(root, name));

	if (text.n == 0 || text.n >= TIME_MAX)
		return false;
	snprintf(to, TIME_MAX, "%.*s", STR_FMT(text));
	return true;
}

static bool
learn_window(struct report *r)
{
	struct json_node *root = NULL;
	struct ctl_answer a;
	struct buf path;
	char day[2 * TIME_MAX];
	bool ok;

	buf_init(&path, 0);
	buf_add_z(&path, "/v1/rollups/contact?step=month");
	snprintf(day, sizeof day, "%s-15T12:00:00Z", r->month);
	add_parameter(&path, "from", day);
	snprintf(day, sizeof day, "%s-15T12:00:01Z", r->month);
	add_parameter(&path, "to", day);
	if (r->unit != NULL)
		add_parameter(&path, "unit", r->unit);
	buf_add_c(&path, '\0');
	ok = buf_ok(&path) && ctl_call(r->c, "GET", path.p, STR_NONE, &a);
	buf_fini(&path);
	if (!ok)
		return false;
	ok = json_node_read(&root, a.body, NULL) == EMP_OK &&
		read_time(root, "from", r->from) && read_time(root, "to", r->to);
	if (!ok)
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(r->c->client));
	json_node_free(&root);
	return ok;
}

/* What has not begun has no figures; nearly always the year is a slip. */
static bool
has_begun(const struct report *r)
{
	int64_t from;

	if (!time_parse(str_from(r->from), &from) || from <= clock_now_ms())
		return true;
	ctl_fail("the month %s has not begun", r->month);
	return false;
}

static enum emp_rc
write_tables(struct report *r, const struct report_section *s,
	     const struct json_node *root)
{
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; i < REPORT_TABLES_MAX && rc == EMP_OK; i++) {
		const struct report_table *t = &s->tables[i];
		struct report_grid g;

		if (t->figures[0] == NULL && t->form != REPORT_PAIRS)
			break;
		rc = report_grid_make(&g, t, root, str_from(r->from), r->w->exact);
		if (rc == EMP_OK)
			r->w->grid(&r->out, &r->c->term, s, t->title, &g);
		report_grid_fini(&g);
	}
	return rc;
}

static void
write_missing(struct report *r, const struct json_node *root)
{
	const struct json_node *missing = json_node_get(root, "missing");
	struct buf text;

	if (json_node_count(missing) == 0)
		return;
	buf_init(&text, 0);
	buf_add_z(&text, "Where a figure is lacking, such events would be needed:");
	for (size_t i = 0; i < json_node_count(missing); i++)
		buf_printf(&text, " %.*s",
			   STR_FMT(json_node_str(json_node_at(missing, i))));
	r->w->remark(&r->out, buf_str(&text));
	r->out.failed = r->out.failed || !buf_ok(&text);
	buf_fini(&text);
}

/* What the daemon refuses is said where it would stand; the rest is worth having. */
static void
write_refusal(struct report *r, const struct ctl_answer *a)
{
	struct json_node *root = NULL;
	struct buf text;

	ctl_tell_answer(r->c->command->name, a);
	r->failed = true;
	buf_init(&text, 0);
	buf_add_z(&text, "This could not be had: ");
	if (json_node_read(&root, a->body, NULL) != EMP_OK)
		root = NULL;
	if (!ctl_problem_node(&text, root))
		buf_printf(&text, "status %d", a->status);
	r->w->remark(&r->out, buf_str(&text));
	json_node_free(&root);
	buf_fini(&text);
}

static bool
ask(struct report *r, const struct report_section *s, struct ctl_answer *a)
{
	struct buf path;
	bool ok;

	buf_init(&path, 0);
	buf_add_z(&path, s->path);
	if ((s->parameters & REPORT_WINDOW) != 0) {
		add_parameter(&path, "from", r->from);
		add_parameter(&path, "to", r->to);
	}
	if ((s->parameters & REPORT_UNIT) != 0 && r->unit != NULL)
		add_parameter(&path, "unit", r->unit);
	buf_add_c(&path, '\0');
	ok = buf_ok(&path) && ctl_ask(r->c, "GET", path.p, STR_NONE, a);
	buf_fini(&path);
	return ok;
}

static bool
write_section(struct report *r, const struct report_section *s)
{
	struct json_node *root = NULL;
	struct ctl_answer a;
	bool ok = true;

	if (!ask(r, s, &a))
		return false;
	r->w->section(&r->out, &r->c->term, s);
	if (a.status != 200) {
		write_refusal(r, &a);
	} else if (json_node_read(&root, a.body, NULL) != EMP_OK) {
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(r->c->client));
		ok = false;
	} else if (write_tables(r, s, root) != EMP_OK) {
		r->out.failed = true;
	} else {
		write_missing(r, root);
	}
	r->w->section_end(&r->out);
	json_node_free(&root);
	return ok;
}

static enum ctl_exit
run(struct report *r)
{
	struct report_head head = {.month = r->month, .unit = r->unit};
	enum ctl_exit e;

	if (!learn_window(r) || !has_begun(r))
		return CTL_FAILED;
	head.from = str_from(r->from);
	head.to = str_from(r->to);
	r->w->begin(&r->out, &r->c->term, &head);
	for (const struct report_section *s = report_sections; s->title != NULL; s++)
		if (!write_section(r, s))
			return CTL_FAILED;
	r->w->end(&r->out);
	e = buf_ok(&r->out) ? ctl_print(buf_str(&r->out)) : ctl_fail("out of memory");
	return e == CTL_OK && r->failed ? CTL_FAILED : e;
}

enum ctl_exit
ctl_cmd_report(struct ctl *c)
{
	struct report r = {.c = c, .w = &report_text, .unit = c->opt[CTL_OPT_UNIT]};
	enum ctl_exit e;

	if (c->n_args != 0)
		return ctl_usage(
			c,
			"report takes no argument: --month YYYY-MM is another month");
	if (ctl_has(c, CTL_OPT_JSON))
		return ctl_usage(c, "report prints text, --html or --csv");
	if (ctl_has(c, CTL_OPT_HTML) && ctl_has(c, CTL_OPT_CSV))
		return ctl_usage(c, "--html and --csv exclude each other");
	if (!choose_month(&r))
		return CTL_USAGE;
	if (ctl_has(c, CTL_OPT_HTML))
		r.w = &report_html;
	else if (ctl_has(c, CTL_OPT_CSV))
		r.w = &report_csv;
	buf_init(&r.out, 0);
	e = run(&r);
	buf_fini(&r.out);
	return e;
}
