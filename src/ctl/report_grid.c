/* From an answer to a grid of cells. */
#include "ctl/cells.h"
#include "ctl/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PROTECTED "protected"
#define PREVIOUS "previous_"
#define NAME_ROOM 64

/* Figures from 0 to 100, or below: what a bar can be drawn of. */
static const char *const shares[] = {
	"csat",
	"nps",
	"favorable",
	"ces_easy",
	"response_rate",
	"breadth",
	"told",
	"reason",
	"reach",
	"adoption",
	"repeat_share",
	"answered_in_time",
	"acknowledged_in_time",
	"delegated",
	"over_escalation",
	"overreach",
	"interference",
	"rubber_stamp",
	"restriction",
	"rule_did_not_fit",
	"outcome_share",
	"benefit",
	"coverage",
	"giver_participation",
	"leader_participation",
	"recency_7d",
	"recency_30d",
	"backing_rate",
	"retention",
	"churn_of_due",
	"reinforcement_share",
	"punitive",
	"arbitrary",
	"accuracy",
	"share",
	"holders_trained",
	"index",
	"external",
};

static bool
is_share(const char *name)
{
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		if (strcmp(shares[i], name) == 0)
			return true;
	return false;
}

static size_t
n_rows_of(const struct json_node *list)
{
	return json_node_type(list) == JSON_NODE_ARRAY
		? json_node_count(list)
		: json_node_type(list) == JSON_NODE_OBJECT;
}

static const struct json_node *
row_of(const struct json_node *list, size_t i)
{
	return json_node_type(list) == JSON_NODE_ARRAY ? json_node_at(list, i) : list;
}

static bool
hidden(const struct json_node *row)
{
	return str_is(json_node_str(json_node_get(row, "suppressed")), PROTECTED) &&
		json_node_type(json_node_get(row, "n")) <= JSON_NODE_NULL &&
		json_node_type(json_node_get(row, "external")) <= JSON_NODE_NULL &&
		json_node_type(json_node_get(row, "internal")) <= JSON_NODE_NULL;
}

static bool
is_there(const struct json_node *v)
{
	return json_node_type(v) != JSON_NODE_NONE &&
		json_node_type(v) != JSON_NODE_NULL;
}

/* Of another month. */
static bool
elsewhen(const struct report_grid *g, const struct json_node *row)
{
	struct str time = json_node_str(json_node_get(row, "time"));

	return g->month.n > 0 && time.n > 0 && !str_eq(time, g->month);
}

static bool
shown(const struct report_grid *g, const struct json_node *row)
{
	return !hidden(row) && !elsewhen(g, row);
}

/* Whether any row that is shown has it. */
static bool
any_has(const struct report_grid *g, const struct json_node *list, const char *name)
{
	for (size_t i = 0; i < n_rows_of(list); i++)
		if (shown(g, row_of(list, i)) &&
		    is_there(json_node_get(row_of(list, i), name)))
			return true;
	return false;
}

static void
add_exact(struct ctl_table *t, const struct json_node *v)
{
	struct buf text;

	buf_init(&text, 0);
	if (json_node_type(v) == JSON_NODE_STRING)
		buf_add_str(&text, json_node_str(v));
	else if (json_node_type(v) == JSON_NODE_REAL)
		buf_add_fixed4(&text, json_node_number(v));
	else if (is_there(v))
		ctl_cell_text(&text, v, false);
	t->text.failed = t->text.failed || !buf_ok(&text);
	ctl_table_add(t, buf_str(&text));
	buf_fini(&text);
}

static void
add(struct report_grid *g, const struct json_node *v, bool decimals, bool exact)
{
	if (exact)
		add_exact(&g->t, v);
	else
		ctl_cell_add(&g->t, v, decimals);
}

static void
end_row(struct report_grid *g, double part)
{
	g->part[g->n_rows++] = part;
	g->has_bars = g->has_bars || !isnan(part);
}

static double
part_of(const struct report_table *t, const char *name, const struct json_node *v)
{
	return !t->no_bars && is_share(name) ? json_node_number(v) / 100 : NAN;
}

/* --- a line per row --- */

static void
across_row(struct report_grid *g, const struct report_table *t,
	   const struct json_node *row, const char *const *columns,
	   const bool *decimals, size_t n, bool exact)
{
	double part = NAN;

	for (size_t i = 0; i < n; i++) {
		const struct json_node *v = json_node_get(row, columns[i]);

		add(g, v, decimals[i], exact);
		if (i >= g->n_keys && isnan(part))
			part = part_of(t, columns[i], v);
	}
	end_row(g, part);
}

static void
across(struct report_grid *g, const struct report_table *t,
       const struct json_node *list, bool exact)
{
	const char *columns[REPORT_KEYS_MAX + REPORT_FIGURES_MAX];
	bool decimals[REPORT_KEYS_MAX + REPORT_FIGURES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < REPORT_KEYS_MAX && t->keys[i] != NULL; i++)
		if (any_has(g, list, t->keys[i]))
			columns[n++] = t->keys[i];
	g->n_keys = n;
	for (size_t i = 0; i < REPORT_FIGURES_MAX && t->figures[i] != NULL; i++)
		if (any_has(g, list, t->figures[i]))
			columns[n++] = t->figures[i];
	if (n == 0)
		return;
	g->t.n_columns = n;
	for (size_t i = 0; i < n; i++) {
		ctl_table_add_z(&g->t, columns[i]);
		decimals[i] = ctl_cells_decimals(list, columns[i]);
	}
	for (size_t r = 0; r < n_rows_of(list); r++)
		if (shown(g, row_of(list, r)))
			across_row(g, t, row_of(list, r), columns, decimals, n, exact);
}

/* --- a line per figure --- */

static void
down(struct report_grid *g, const struct report_table *t, const struct json_node *list,
     bool exact)
{
	const char *keys[REPORT_KEYS_MAX];
	size_t n_keys = 0;

	for (size_t i = 0; i < REPORT_KEYS_MAX && t->keys[i] != NULL; i++)
		if (any_has(g, list, t->keys[i]))
			keys[n_keys++] = t->keys[i];
	g->names = true;
	g->n_keys = n_keys + 1;
	g->t.n_columns = n_keys + 2;
	for (size_t i = 0; i < n_keys; i++)
		ctl_table_add_z(&g->t, keys[i]);
	ctl_table_add_z(&g->t, "figure");
	ctl_table_add_z(&g->t, "value");
	for (size_t r = 0; r < n_rows_of(list); r++) {
		const struct json_node *row = row_of(list, r);

		for (size_t i = 0; i < REPORT_FIGURES_MAX && t->figures[i] != NULL;
		     i++) {
			const struct json_node *v = json_node_get(row, t->figures[i]);

			if (!shown(g, row) || !is_there(v))
				continue;
			for (size_t k = 0; k < n_keys; k++)
				add(g, json_node_get(row, keys[k]), false, exact);
			ctl_table_add_z(&g->t, t->figures[i]);
			add(g, v, false, exact);
			end_row(g, part_of(t, t->figures[i], v));
		}
	}
}

/* --- now and before --- */

struct pairs {
	struct report_grid *g;
	const struct report_table *t;
	const struct json_node *object;
	bool exact;
};

static void
add_pair(void *ctx, const char *name, const struct json_node *value)
{
	struct pairs *p = ctx;
	char before[NAME_ROOM];
	const struct json_node *previous;

	if (strncmp(name, PREVIOUS, sizeof PREVIOUS - 1) == 0)
		return;
	snprintf(before, sizeof before, PREVIOUS "%s", name);
	previous = json_node_get(p->object, before);
	if (!is_there(value) && !is_there(previous))
		return;
	ctl_table_add_z(&p->g->t, name);
	add(p->g, value, false, p->exact);
	add(p->g, previous, false, p->exact);
	end_row(p->g, part_of(p->t, name, value));
}

static void
pairs(struct report_grid *g, const struct report_table *t,
      const struct json_node *object, bool exact)
{
	g->names = true;
	g->n_keys = 1;
	g->t.n_columns = 3;
	ctl_table_add_z(&g->t, "figure");
	ctl_table_add_z(&g->t, "now");
	ctl_table_add_z(&g->t, "before");
	json_node_each(object, add_pair, &(struct pairs){g, t, object, exact});
}

/* --- */

static size_t
count_members(const struct json_node *list)
{
	return json_node_type(list) == JSON_NODE_OBJECT ? json_node_count(list) : 0;
}

enum emp_rc
report_grid_make(struct report_grid *g, const struct report_table *t,
		 const struct json_node *answer, struct str month, bool exact)
{
	const struct json_node *list = t->member != NULL
		? json_node_get(answer, t->member)
		: answer;
	size_t most = n_rows_of(list) * REPORT_FIGURES_MAX + count_members(list) + 1;

	*g = (struct report_grid){.part = calloc(most, sizeof *g->part),
				  .month = t->monthly ? month : STR_NONE};
	ctl_table_init(&g->t, 1);
	if (g->part == NULL)
		return EMP_NOMEM;
	for (size_t i = 0; i < n_rows_of(list); i++)
		g->n_hidden += hidden(row_of(list, i)) && !elsewhen(g, row_of(list, i));
	if (t->form == REPORT_ACROSS)
		across(g, t, list, exact);
	else if (t->form == REPORT_DOWN)
		down(g, t, list, exact);
	else
		pairs(g, t, list, exact);
	return buf_ok(&g->t.text) ? EMP_OK : EMP_NOMEM;
}

void
report_grid_fini(struct report_grid *g)
{
	ctl_table_fini(&g->t);
	free(g->part);
	g->part = NULL;
}
