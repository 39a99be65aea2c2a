/* empowerctl rollup: the daemon's figures as a table with bars.
 *
 * The columns are the members of the rows in the order in which they first appear, so
 * that a new figure of the daemon shows without a change here. Bars are drawn of one
 * figure, against 100 for percentages and else against the largest value shown. */
#include "codec/json_tools.h"
#include "ctl/cells.h"
#include "ctl/ctl.h"

#include <math.h>
#include <stdio.h>

#define BAR_MAX 40
#define BAR_MIN 8
#define PREVIOUS "previous_"
#define NAME_ROOM 64
/* It has no rows but sections, each a table or an object of figures. */
#define OVERVIEW "overview"

/* What bars are drawn of when nobody says: the first that the rows have. */
static const char *const figures[] = {
	"csat",      "nps",      "favorable", "ces_easy", "response_rate",
	"retention", "coverage", "delegated", "adoption", "reach",
	"external",  "mean",     "n"};
/* Drawn against their own largest value: these are no percentages. */
static const char *const unbounded[] = {"ces_mean", "mean",  "n",       "count",
					"invited",  "shown", "answered"};
/* Long and rarely wanted in a terminal; --json has it. */
static const char *const hidden[] = {"histogram"};

static bool
among(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

#define AMONG(name, list) among((name), (list), sizeof(list) / sizeof *(list))

struct columns {
	const char *name[CTL_COLUMNS_MAX]; /* borrowed from the tree */
	size_t n;
};

static void
note_column(void *ctx, const char *name, const struct json_node *value)
{
	struct columns *cs = ctx;

	(void)value;
	if (!AMONG(name, hidden) && !among(name, cs->name, cs->n) &&
	    cs->n < CTL_COLUMNS_MAX - 1)
		cs->name[cs->n++] = name;
}

static bool
has_number(const struct json_node *row, const char *name)
{
	int type = json_node_type(json_node_get(row, name));

	return type == JSON_NODE_INTEGER || type == JSON_NODE_REAL;
}

static bool
any_number(const struct json_node *rows, const char *name)
{
	for (size_t i = 0; i < json_node_count(rows); i++)
		if (has_number(json_node_at(rows, i), name))
			return true;
	return false;
}

/* The figure to draw, NULL: none. */
static const char *
choose_bar(const struct ctl *c, const struct columns *cs, const struct json_node *rows)
{
	const char *asked = c->opt[CTL_OPT_BAR];

	if (asked != NULL)
		return among(asked, cs->name, cs->n) ? asked : NULL;
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		if (any_number(rows, figures[i]))
			return figures[i];
	return NULL;
}

/* A row of another metric is drawn by its own figure: all percentages share a scale. */
static const char *
bar_of(const struct ctl *c, const struct json_node *row, const char *figure)
{
	if (c->opt[CTL_OPT_BAR] != NULL || AMONG(figure, unbounded))
		return figure;
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		if (!AMONG(figures[i], unbounded) && has_number(row, figures[i]))
			return figures[i];
	return figure;
}

/* "bars csat, nps": what the rows are drawn by. */
static void
add_bar_names(const struct ctl *c, const struct json_node *rows, const char *figure,
	      struct buf *out)
{
	const char *comma = "bars ";

	if (c->opt[CTL_OPT_BAR] != NULL) {
		buf_printf(out, "%s%s", comma, figure);
		return;
	}
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		size_t r = 0;

		while (r < json_node_count(rows) &&
		       strcmp(bar_of(c, json_node_at(rows, r), figure), figures[i]) !=
			       0)
			r++;
		if (r == json_node_count(rows))
			continue;
		buf_printf(out, "%s%s", comma, figures[i]);
		comma = ", ";
	}
}

static double
largest(const struct json_node *rows, const char *figure)
{
	double most = AMONG(figure, unbounded) ? 0 : 100;

	for (size_t i = 0; i < json_node_count(rows); i++) {
		double v = json_node_number(
			json_node_get(json_node_at(rows, i), figure));

		if (v > most)
			most = v;
	}
	return most;
}

static void
add_bar(struct ctl_table *t, const struct ctl_term *term, double v, double most,
	int room)
{
	struct buf bar;

	buf_init(&bar, 0);
	ctl_bar(&bar, term, most > 0 ? v / most : 0, room);
	ctl_table_add(t, buf_str(&bar));
	buf_fini(&bar);
}

/* Columns left for a bar behind the widest line of the table without one. */
static int
bar_room(const struct ctl *c, const struct buf *plain)
{
	struct str rest = buf_str(plain);
	size_t widest = 0;
	int room;

	while (rest.n > 0) {
		size_t n = ctl_text_width(str_split(&rest, '\n'));

		if (n > widest)
			widest = n;
	}
	room = c->term.width - (int)widest - 2;
	return room > BAR_MAX ? BAR_MAX : room < BAR_MIN ? BAR_MIN : room;
}

static enum emp_rc
lay_out(const struct ctl *c, const struct json_node *rows, const struct columns *cs,
	const char *figure, int room, struct buf *out)
{
	double most = figure != NULL ? largest(rows, figure) : 0;
	bool decimals[CTL_COLUMNS_MAX];
	struct ctl_term plain = c->term;
	struct ctl_table t;
	enum emp_rc rc;

	ctl_table_init(&t, cs->n + (figure != NULL ? 1 : 0));
	for (size_t i = 0; i < cs->n; i++) {
		ctl_table_add_z(&t, cs->name[i]);
		decimals[i] = ctl_cells_decimals(rows, cs->name[i]);
	}
	if (figure != NULL)
		ctl_table_add_z(&t, "");
	for (size_t r = 0; r < json_node_count(rows); r++) {
		const struct json_node *row = json_node_at(rows, r);

		for (size_t i = 0; i < cs->n; i++)
			ctl_cell_add(&t, json_node_get(row, cs->name[i]), decimals[i]);
		if (figure != NULL)
			add_bar(&t, &c->term,
				json_node_number(
					json_node_get(row, bar_of(c, row, figure))),
				most, room);
	}
	if (figure == NULL && room > 0)
		plain.colour = false; /* only measured */
	rc = ctl_table_write(&t, &plain, out);
	ctl_table_fini(&t);
	return rc;
}

/* What holds for the whole answer: the window, what the bars are, and whether
 * dimensions were folded. */
static void
add_window(const struct ctl *c, const struct json_node *root, const char *figure,
	   struct buf *out)
{
	static const char *const members[] = {"from", "to", "as_of", "previous_from"};
	const char *space = "";

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct str v = json_node_str(json_node_get(root, members[i]));

		if (v.n == 0)
			continue;
		buf_printf(out, "%s%s %.*s", space, members[i], STR_FMT(v));
		space = "  ";
	}
	if (figure != NULL) {
		buf_add_z(out, space);
		add_bar_names(c, json_node_get(root, "rows"), figure, out);
		space = "  ";
	}
	if (json_node_true(json_node_get(root, "incomplete")))
		buf_printf(out, "%s(incomplete: some values were counted as __other__)",
			   space);
	if (out->n > 0)
		buf_add_c(out, '\n');
}

static void
note_columns(struct columns *cs, const struct json_node *rows)
{
	for (size_t i = 0; i < json_node_count(rows); i++)
		json_node_each(json_node_at(rows, i), note_column, cs);
}

struct beside {
	const struct ctl *c;
	struct buf *out;
};

/* An object of figures, now and before: a line per member x, beside it previous_x. */
struct pairs {
	struct ctl_table *t;
	const struct json_node *object;
	bool before; /* some of them have a figure before */
};

static void
note_before(void *ctx, const char *name, const struct json_node *value)
{
	struct pairs *p = ctx;

	(void)value;
	p->before = p->before || strncmp(name, PREVIOUS, sizeof PREVIOUS - 1) == 0;
}

static void
add_pair(void *ctx, const char *name, const struct json_node *value)
{
	const struct pairs *p = ctx;
	char before[NAME_ROOM];

	if (strncmp(name, PREVIOUS, sizeof PREVIOUS - 1) == 0)
		return;
	ctl_table_add_z(p->t, name);
	ctl_cell_add(p->t, value, false);
	if (!p->before)
		return;
	snprintf(before, sizeof before, PREVIOUS "%s", name);
	ctl_cell_add(p->t, json_node_get(p->object, before), false);
}

static void
add_object(const struct beside *b, const char *name, const struct json_node *object)
{
	struct ctl_table t;
	struct pairs p = {.t = &t, .object = object};

	json_node_each(object, note_before, &p);
	ctl_table_init(&t, p.before ? 3 : 2);
	ctl_table_add_z(&t, "figure");
	ctl_table_add_z(&t, "now");
	if (p.before)
		ctl_table_add_z(&t, "before");
	json_node_each(object, add_pair, &p);
	buf_printf(b->out, "\n%s\n", name);
	if (ctl_table_write(&t, &b->c->term, b->out) != EMP_OK)
		b->out->failed = true;
	ctl_table_fini(&t);
}

/* Figures of the whole answer, and smaller tables, such as cohorts, under their names.
 */
static void
add_beside(void *ctx, const char *name, const struct json_node *value)
{
	struct beside *b = ctx;
	struct columns cs = {.n = 0};

	if (json_node_type(value) == JSON_NODE_INTEGER ||
	    json_node_type(value) == JSON_NODE_REAL) {
		buf_printf(b->out, "%s ", name);
		ctl_cell_text(b->out, value, false);
		buf_add_c(b->out, '\n');
	}
	if (json_node_type(value) == JSON_NODE_OBJECT)
		add_object(b, name, value);
	if (strcmp(name, "rows") == 0 || json_node_type(value) != JSON_NODE_ARRAY ||
	    json_node_count(value) == 0)
		return;
	if (strcmp(name, "missing") == 0) {
		buf_add_z(b->out, "\nWhere a figure is -, events may be missing:");
		for (size_t i = 0; i < json_node_count(value); i++)
			buf_printf(b->out, " %.*s",
				   STR_FMT(json_node_str(json_node_at(value, i))));
		buf_add_c(b->out, '\n');
		return;
	}
	note_columns(&cs, value);
	if (cs.n == 0)
		return;
	buf_printf(b->out, "\n%s\n", name);
	if (lay_out(b->c, value, &cs, NULL, 0, b->out) != EMP_OK)
		b->out->failed = true;
}

static void
add_rows(const struct ctl *c, const struct json_node *rows, const struct columns *cs,
	 const char *figure, struct buf *out)
{
	struct buf plain;

	buf_init(&plain, 0);
	if (rows == NULL)
		; /* sections follow */
	else if (cs->n == 0)
		buf_add_z(out, "No rows: there is nothing to show for this.\n");
	else if (figure == NULL)
		out->failed = out->failed ||
			lay_out(c, rows, cs, NULL, 0, out) != EMP_OK;
	else if (lay_out(c, rows, cs, NULL, BAR_MIN, &plain) != EMP_OK ||
		 lay_out(c, rows, cs, figure, bar_room(c, &plain), out) != EMP_OK)
		out->failed = true;
	buf_fini(&plain);
}

/* What the figures do not prove, and where the next page of a list begins. */
static void
add_words(const struct json_node *root, struct buf *out)
{
	struct str note = json_node_str(json_node_get(root, "note"));
	struct str next = json_node_str(json_node_get(root, "next"));

	if (note.n > 0)
		buf_printf(out, "\n%.*s\n", STR_FMT(note));
	if (next.n > 0)
		buf_printf(out, "More: cursor=%.*s\n", STR_FMT(next));
}

static enum ctl_exit
show(const struct ctl *c, const struct json_node *root)
{
	const struct json_node *rows = json_node_get(root, "rows");
	const char *asked = c->opt[CTL_OPT_BAR];
	struct columns cs = {.n = 0};
	const char *figure;
	struct buf out;
	enum ctl_exit e;

	note_columns(&cs, rows);
	figure = choose_bar(c, &cs, rows);
	if (asked != NULL && figure == NULL && strcmp(asked, "none") != 0)
		return ctl_fail("the rows have no figure %s", asked);
	buf_init(&out, 0);
	add_window(c, root, figure, &out);
	add_rows(c, rows, &cs, figure, &out);
	/* Else the row of a unit is taken for all of it. */
	if (strcmp(c->args[0], "satisfaction") == 0 &&
	    among("verified", cs.name, cs.n) && among("unit", cs.name, cs.n))
		buf_add_z(&out,
			  "A unit's row leaves out the units below it that have "
			  "rows.\n");
	json_node_each(root, add_beside, &(struct beside){c, &out});
	add_words(root, &out);
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}

/* Figures and lists that are no rollups to the interface, by the name one would look
 * for.
 */
static const struct {
	const char *name, *path;
} lists[] = {
	{"coherence", "/v1/coherence"},   {"alerts", "/v1/alerts"},
	{OVERVIEW, "/v1/overview"},       {"initiatives", "/v1/initiatives"},
	{"comments", "/v1/comments"},     {"feed", "/v1/recognition"},
	{"boundaries", "/v1/boundaries"}, {"candidates", "/v1/boundaries/candidates"},
};

static void
add_address(struct buf *path, const char *name)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (strcmp(lists[i].name, name) == 0) {
			buf_add_z(path, lists[i].path);
			return;
		}
	}
	buf_add_z(path, "/v1/rollups/");
	ctl_url_escape(path, str_from(name));
}

/* format=json is what --json says, also where the interface has no other format. */
static bool
is_json(const char *argument)
{
	return strcmp(argument, "format=json") == 0;
}

static bool
wants_json(const struct ctl *c)
{
	for (int i = 1; i < c->n_args; i++)
		if (is_json(c->args[i]))
			return true;
	return ctl_has(c, CTL_OPT_JSON);
}

/* Parameters that are times. */
static const char *const times[] = {"from", "to", "as_of"};

/* Its address and ?key=value&... from the arguments. */
static enum ctl_exit
make_path(const struct ctl *c, struct buf *path)
{
	const char *mark = "?";

	add_address(path, c->args[0]);
	for (int i = 1; i < c->n_args; i++) {
		struct str value = str_from(c->args[i]);
		struct str key = str_split(&value, '=');

		if (is_json(c->args[i]))
			continue;
		if (value.p == NULL || key.n == 0)
			return ctl_usage(c, "expected key=value instead of %s",
					 c->args[i]);
		for (size_t t = 0; t < sizeof times / sizeof *times; t++)
			if (str_is(key, times[t]) &&
			    !ctl_time(c, times[t], value, CTL_DATE_EXAMPLE))
				return CTL_USAGE;
		buf_add_z(path, mark);
		ctl_url_escape(path, key);
		buf_add_c(path, '=');
		ctl_url_escape(path, value);
		mark = "&";
	}
	if (ctl_has(c, CTL_OPT_CSV))
		buf_printf(path, "%sformat=csv", mark);
	buf_add_c(path, '\0');
	return buf_ok(path) ? CTL_OK : ctl_fail("out of memory");
}

/* The daemon knows which rollups there are; the help has names of them. */
static enum ctl_exit
unanswered(const struct ctl_answer *a)
{
	if (a->status == 404)
		fputs("`empowerctl help rollup` says which there are.\n", stderr);
	return CTL_FAILED;
}

enum ctl_exit
ctl_cmd_rollup(struct ctl *c)
{
	struct json_node *root = NULL;
	struct ctl_answer a = {.status = 0};
	struct buf path;
	enum ctl_exit e;

	if (c->n_args == 0 || c->args[0][0] == '\0')
		return ctl_usage(c, "which rollup?");
	if (strchr(c->args[0], '/') != NULL)
		return ctl_usage(c, "there is no rollup %s", c->args[0]);
	if (ctl_has(c, CTL_OPT_CSV) && wants_json(c))
		return ctl_usage(c, "--csv and format=json exclude each other");
	if (strcmp(c->args[0], OVERVIEW) == 0 && ctl_has(c, CTL_OPT_CSV))
		return ctl_usage(c, "overview is no table: --json prints it as it is");
	buf_init(&path, 0);
	e = make_path(c, &path);
	if (e == CTL_OK && !ctl_call(c, "GET", path.p, STR_NONE, &a))
		e = unanswered(&a);
	else if (e == CTL_OK && (wants_json(c) || !str_is(a.type, "application/json")))
		e = ctl_print(a.body);
	else if (e == CTL_OK && json_node_read(&root, a.body, NULL) != EMP_OK)
		e = ctl_fail("%s does not answer as empowerd does",
			     ctl_client_url(c->client));
	else if (e == CTL_OK && json_node_get(root, "rows") == NULL &&
		 strcmp(c->args[0], OVERVIEW) != 0)
		e = ctl_print(a.body); /* another shape was asked for */
	else if (e == CTL_OK)
		e = show(c, root);
	json_node_free(&root);
	buf_fini(&path);
	return e;
}
