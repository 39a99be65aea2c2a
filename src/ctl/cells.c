/* Values as text, one line each. */
#include "ctl/cells.h"

#define CUT "..."

/* "staff 25 speed 26" of an object. */
static void
put_member(void *ctx, const char *name, const struct json_node *value)
{
	struct buf *text = ctx;

	if (text->n > 0)
		buf_add_c(text, ' ');
	buf_printf(text, "%s ", name);
	ctl_cell_text(text, value, false);
}

void
ctl_cell_text(struct buf *out, const struct json_node *v, bool decimals)
{
	switch (json_node_type(v)) {
	case JSON_NODE_STRING:
		buf_add_str(out, json_node_str(v));
		break;
	case JSON_NODE_INTEGER:
		if (!decimals) {
			buf_add_i64(out, json_node_int(v, 0));
			break;
		}
		/* fall through */
	case JSON_NODE_REAL:
		buf_printf(out, "%.2f", json_node_number(v));
		break;
	case JSON_NODE_BOOL:
		buf_add_z(out, json_node_true(v) ? "yes" : "no");
		break;
	case JSON_NODE_ARRAY:
		for (size_t i = 0; i < json_node_count(v); i++) {
			if (i > 0)
				buf_add_c(out, ' ');
			ctl_cell_text(out, json_node_at(v, i), false);
		}
		break;
	case JSON_NODE_OBJECT:
		json_node_each(v, put_member, out);
		break;
	case JSON_NODE_NULL:
	case JSON_NODE_NONE:
		buf_add_z(out, CTL_CELL_NONE);
		break;
	}
}

void
ctl_cell_add(struct ctl_table *t, const struct json_node *v, bool decimals)
{
	struct buf text;

	buf_init(&text, 0);
	ctl_cell_text(&text, v, decimals);
	if (!buf_ok(&text))
		t->text.failed = true;
	ctl_table_add(t, buf_str(&text));
	buf_fini(&text);
}

bool
ctl_cells_decimals(const struct json_node *rows, const char *name)
{
	for (size_t i = 0; i < json_node_count(rows); i++)
		if (json_node_type(json_node_get(json_node_at(rows, i), name)) ==
		    JSON_NODE_REAL)
			return true;
	return false;
}

void
ctl_cell_clip(struct buf *out, struct str s, size_t columns)
{
	size_t width = 0;
	size_t n = 0;

	if (ctl_text_width(s) <= columns) {
		buf_add_str(out, s);
		return;
	}
	/* A character starts where no byte of the kind that goes on with one is. */
	for (; n < s.n; n++) {
		width += ((unsigned char)s.p[n] & 0xc0) != 0x80;
		if (width + sizeof CUT - 1 > columns)
			break;
	}
	buf_add(out, s.p, n);
	buf_add_z(out, CUT);
}
