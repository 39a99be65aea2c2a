/* Which members an event has at its top, found in one pass over the bytes: a full parse
 * would cost more than all the rest of an import. Only keys that are written with
 * escapes ("\u0069d") are left to a real parser, and those nobody writes. */
#include "ctl/import_line.h"

#include "codec/json_tools.h"

struct found {
	bool id;
	bool source;
	bool escaped; /* a key holds an escape: ask the parser */
	bool empty;   /* no member at all */
	bool object;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the string that starts at p[i] == '"'; n when it does not end. */
static size_t
string_end(struct str s, size_t i)
{
	for (i++; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return s.n;
}

static void
note_key(struct found *f, struct str key)
{
	f->id = f->id || str_is(key, "id");
	f->source = f->source || str_is(key, "source");
	f->escaped = f->escaped || memchr(key.p, '\\', key.n) != NULL;
}

static struct found
look(struct str s, size_t start)
{
	struct found f = {.empty = true, .object = true};
	bool key = true; /* the next string at depth 1 is a key */
	int depth = 0;
	size_t i = start;

	while (i < s.n) {
		char c = s.p[i];
		size_t end = i + 1;

		if (c == '"') {
			end = string_end(s, i);
			if (depth == 1 && key && end > i + 1)
				note_key(&f, (struct str){s.p + i + 1, end - i - 2});
			key = false;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (--depth == 0)
				break;
		} else if (c == ',' && depth == 1) {
			key = true;
		}
		if (i > start && !is_space(c) && c != '}')
			f.empty = false;
		i = end;
	}
	return f;
}

static void
ask_parser(struct found *f, struct str line)
{
	struct json_node *root = NULL;

	if (json_node_read(&root, line, NULL) != EMP_OK)
		return;
	f->id = json_node_get(root, "id") != NULL;
	f->source = json_node_get(root, "source") != NULL;
	json_node_free(&root);
}

void
ctl_import_line(struct buf *out, struct str line, struct str id, struct str source)
{
	struct found f = {0};
	size_t start = 0;

	while (start < line.n && is_space(line.p[start]))
		start++;
	if (start < line.n && line.p[start] == '{')
		f = look(line, start);
	if (f.escaped)
		ask_parser(&f, line);
	if (!f.object || (f.id && (f.source || source.p == NULL))) {
		buf_add_str(out, line);
		buf_add_c(out, '\n');
		return;
	}
	buf_add_c(out, '{');
	if (!f.id) {
		buf_add_z(out, "\"id\":");
		buf_add_json(out, id);
	}
	if (!f.source && source.p != NULL) {
		buf_add_z(out, f.id ? "\"source\":" : ",\"source\":");
		buf_add_json(out, source);
	}
	if (!f.empty)
		buf_add_c(out, ',');
	buf_add(out, line.p + start + 1, line.n - start - 1);
	buf_add_c(out, '\n');
}
