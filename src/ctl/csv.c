/* Reading and writing CSV (see csv.h). */
#include "ctl/csv.h"

#include "base/array.h"
#include "base/utf8.h"

#include <stdlib.h>

#define SEPARATORS ",;\t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct cursor {
	struct str rest;
	uint64_t line; /* of what comes next, from 1 */
	char separator;
};

enum ending { CELL, LINE, TEXT };

/* The first separator in the header that stands outside of quotes. */
static char
find_separator(struct str text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\n' && !quoted)
			break;
		else if (!quoted && c != '\0' && strchr(SEPARATORS, c) != NULL)
			return c;
	}
	return SEPARATORS[0];
}

static void
step(struct cursor *at, size_t n)
{
	at->rest.p += n;
	at->rest.n -= n;
}

/* What ends the field that was just read; false: something else stands there. */
static bool
read_ending(struct cursor *at, enum ending *ending)
{
	struct str rest = at->rest;

	if (rest.n == 0) {
		*ending = TEXT;
		return true;
	}
	if (rest.p[0] == at->separator) {
		*ending = CELL;
		step(at, 1);
		return true;
	}
	*ending = LINE;
	if (rest.n >= 2 && rest.p[0] == '\r' && rest.p[1] == '\n')
		step(at, 2);
	else if (rest.p[0] == '\n')
		step(at, 1);
	else
		return false;
	at->line++;
	return true;
}

/* The inside of quotes; behind the closing one afterwards. */
static enum emp_rc
read_quoted(struct ctl_csv *t, struct cursor *at, struct str *out, struct problem *p)
{
	uint64_t first = at->line;
	char *to = t->text + t->used;
	size_t n = 0;

	for (step(at, 1); at->rest.n > 0; step(at, 1)) {
		char c = at->rest.p[0];

		if (c == '"' && (at->rest.n == 1 || at->rest.p[1] != '"')) {
			step(at, 1);
			*out = (struct str){to, n};
			t->used += n;
			return EMP_OK;
		}
		if (c == '"')
			step(at, 1);
		if (c == '\n')
			at->line++;
		to[n++] = c;
	}
	return problem_set(p, EMP_INVALID, "", "line %llu: a quote is not closed",
			   (unsigned long long)first);
}

static enum emp_rc
read_field(struct ctl_csv *t, struct cursor *at, struct str *out, enum ending *ending,
	   struct problem *p)
{
	uint64_t line = at->line;
	enum emp_rc rc = EMP_OK;

	if (at->rest.n > 0 && at->rest.p[0] == '"') {
		rc = read_quoted(t, at, out, p);
	} else {
		*out = (struct str){at->rest.p, 0};
		while (out->n < at->rest.n && out->p[out->n] != at->separator &&
		       out->p[out->n] != '\n')
			out->n++;
		step(at, out->n);
		/* The end of a line may have two bytes. */
		if (out->n > 0 && out->p[out->n - 1] == '\r' &&
		    (at->rest.n == 0 || at->rest.p[0] == '\n'))
			out->n--;
	}
	if (rc == EMP_OK && !read_ending(at, ending))
		rc = problem_set(p, EMP_INVALID, "",
				 "line %llu: something stands behind a quote",
				 (unsigned long long)line);
	return rc;
}

static bool
add_cell(struct ctl_csv *t, struct str cell)
{
	if (!array_reserve(&t->cell, &t->max_cells, t->n_cells + 1, sizeof *t->cell))
		return false;
	t->cell[t->n_cells++] = cell;
	return true;
}

/* One line of the table; *more false behind the last one. */
static enum emp_rc
read_line(struct ctl_csv *t, struct cursor *at, bool *more, struct problem *p)
{
	uint64_t line = at->line;
	uint32_t before = t->n_cells;
	enum ending ending = CELL;
	uint32_t n;

	while (ending == CELL) {
		struct str field = STR_NONE;
		enum emp_rc rc = read_field(t, at, &field, &ending, p);

		if (rc != EMP_OK)
			return rc;
		if (!add_cell(t, field))
			return EMP_NOMEM;
	}
	*more = ending == LINE && at->rest.n > 0;
	n = t->n_cells - before;
	if (n == 1 && t->cell[before].n == 0)
		t->n_cells = before; /* an empty line */
	else if (t->n_columns == 0)
		t->n_columns = n;
	else if (n == t->n_columns)
		t->n_rows++;
	else
		return problem_set(p, EMP_INVALID, "",
				   "line %llu has %u fields, the header has %u",
				   (unsigned long long)line, n, t->n_columns);
	return EMP_OK;
}

enum emp_rc
ctl_csv_read(struct ctl_csv *out, struct str text, struct problem *p)
{
	const struct str mark = STR(BYTE_ORDER_MARK);
	struct cursor at;
	bool more = true;
	enum emp_rc rc = EMP_OK;

	*out = (struct ctl_csv){.n_rows = 0};
	if (str_starts(text, mark))
		text = (struct str){text.p + mark.n, text.n - mark.n};
	if (!utf8_valid(text))
		return problem_set(p, EMP_INVALID, "", "it is not UTF-8");
	out->text = malloc(text.n + 1); /* no field is longer than it was quoted */
	if (out->text == NULL)
		return EMP_NOMEM;
	out->separator = find_separator(text);
	at = (struct cursor){text, 1, out->separator};
	while (rc == EMP_OK && more)
		rc = read_line(out, &at, &more, p);
	for (uint32_t i = 0; rc == EMP_OK && i < out->n_columns; i++)
		out->cell[i] = str_trim(out->cell[i]);
	if (rc == EMP_OK && out->n_columns == 0)
		rc = problem_set(p, EMP_INVALID, "", "it has no header");
	return rc;
}

void
ctl_csv_fini(struct ctl_csv *t)
{
	free(t->text);
	free(t->cell);
	*t = (struct ctl_csv){.n_rows = 0};
}

struct str
ctl_csv_name(const struct ctl_csv *t, uint32_t column)
{
	EMP_ASSERT(column < t->n_columns);
	return t->cell[column];
}

struct str
ctl_csv_cell(const struct ctl_csv *t, uint32_t row, uint32_t column)
{
	EMP_ASSERT(row < t->n_rows && column < t->n_columns);
	return t->cell[(size_t)(row + 1) * t->n_columns + column];
}

int
ctl_csv_column(const struct ctl_csv *t, struct str name)
{
	for (uint32_t i = 0; i < t->n_columns; i++)
		if (str_ieq(t->cell[i], name))
			return (int)i;
	return -1;
}

void
ctl_csv_add(struct buf *b, struct str field, char separator)
{
	bool quote = false;

	for (size_t i = 0; i < field.n && !quote; i++) {
		char c = field.p[i];

		quote = c == separator || c == '"' || c == '\n' || c == '\r';
	}
	if (!quote) {
		buf_add_str(b, field);
		return;
	}
	buf_add_c(b, '"');
	for (size_t i = 0; i < field.n; i++) {
		if (field.p[i] == '"')
			buf_add_c(b, '"');
		buf_add_c(b, field.p[i]);
	}
	buf_add_c(b, '"');
}
