/* What a terminal can show. Widths count code points: names are ASCII, and titles of
 * units and surveys hold letters, which take one column each. */
#include "ctl/term.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 20
#define WIDTH_MAX 1000
#define EIGHTHS 8
#define PROGRESS_EVERY_NS 100000000ULL /* ten times a second */
#define PROGRESS_BAR 24
#define NS_PER_S 1e9
#define REPLY_MAX 16
#define GAP 2 /* columns between those of a table */

static const char *
env(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && v[0] != '\0' ? v : NULL;
}

/* The first of the three that is set decides, as in setlocale(3). */
static bool
locale_is_utf8(void)
{
	const char *v = env("LC_ALL");

	if (v == NULL)
		v = env("LC_CTYPE");
	if (v == NULL)
		v = env("LANG");
	return v != NULL &&
		(strcasestr(v, "utf-8") != NULL || strcasestr(v, "utf8") != NULL);
}

void
ctl_term_init(struct ctl_term *t, int fd)
{
	const char *type = env("TERM");
	const char *columns = env("COLUMNS");
	struct winsize size;

	*t = (struct ctl_term){.width = WIDTH_DEFAULT};
	t->tty = isatty(fd) == 1;
	t->utf8 = locale_is_utf8();
	t->colour = t->tty && env("NO_COLOR") == NULL && type != NULL &&
		strcmp(type, "dumb") != 0;
	if (t->tty && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		t->width = size.ws_col;
	else if (columns != NULL)
		t->width = atoi(columns);
	if (t->width < WIDTH_MIN || t->width > WIDTH_MAX)
		t->width = WIDTH_DEFAULT;
}

size_t
ctl_text_width(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void
spaces(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_add_c(out, ' ');
}

void
ctl_bar(struct buf *out, const struct ctl_term *t, double part, int cells)
{
	static const char *const eighth[EIGHTHS] = {"",  "▏", "▎", "▍",
						    "▌", "▋", "▊", "▉"};
	int n;

	/* Also false for NAN. */
	if (!(part > 0))
		part = 0;
	if (part > 1)
		part = 1;
	if (!t->utf8) {
		n = (int)(part * cells + 0.5);
		for (int i = 0; i < n; i++)
			buf_add_c(out, '#');
		return;
	}
	n = (int)(part * cells * EIGHTHS + 0.5);
	for (int i = 0; i < n / EIGHTHS; i++)
		buf_add_z(out, "█");
	buf_add_z(out, eighth[n % EIGHTHS]);
}

void
ctl_count(struct buf *out, uint64_t v)
{
	if (v >= 1000) {
		ctl_count(out, v / 1000);
		buf_printf(out, ",%03u", (unsigned)(v % 1000));
	} else {
		buf_add_u64(out, v);
	}
}

void
ctl_table_init(struct ctl_table *t, size_t n_columns)
{
	EMP_ASSERT(n_columns > 0 && n_columns <= CTL_COLUMNS_MAX);
	*t = (struct ctl_table){.n_columns = n_columns};
	buf_init(&t->text, 0);
}

void
ctl_table_fini(struct ctl_table *t)
{
	buf_fini(&t->text);
}

void
ctl_table_add(struct ctl_table *t, struct str cell)
{
	/* A control character would move the cursor; names have none, titles may. */
	for (size_t i = 0; i < cell.n; i++)
		buf_add_c(&t->text, (unsigned char)cell.p[i] < ' ' ? ' ' : cell.p[i]);
	buf_add_c(&t->text, '\0');
	t->n_cells++;
}

void
ctl_table_add_z(struct ctl_table *t, const char *cell)
{
	ctl_table_add(t, str_from(cell));
}

static bool
is_number(struct str s)
{
	if (s.n == 0 || str_is(s, "-"))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (strchr("0123456789.,+-%", s.p[i]) == NULL)
			return false;
	return true;
}

struct column {
	size_t width;
	bool number;
};

static void
measure(const struct ctl_table *t, struct column *column)
{
	const char *cell = t->text.p;

	for (size_t i = 0; i < t->n_columns; i++)
		column[i] = (struct column){.number = true};
	for (size_t i = 0; i < t->n_cells; i++) {
		struct column *c = &column[i % t->n_columns];
		struct str s = str_from(cell);
		size_t width = ctl_text_width(s);

		if (width > c->width)
			c->width = width;
		if (i >= t->n_columns && !is_number(s))
			c->number = false;
		cell += s.n + 1;
	}
}

enum emp_rc
ctl_table_write(const struct ctl_table *t, const struct ctl_term *term, struct buf *out)
{
	struct column column[CTL_COLUMNS_MAX];
	const char *cell = t->text.p;

	if (!buf_ok(&t->text))
		return EMP_NOMEM;
	measure(t, column);
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t at = i % t->n_columns;
		bool last = at + 1 == t->n_columns;
		struct str s = str_from(cell);
		size_t pad = column[at].width - ctl_text_width(s);

		if (i == 0 && term->colour)
			buf_add_z(out, "\033[1m");
		if (column[at].number)
			spaces(out, pad);
		buf_add_str(out, s);
		if (!column[at].number && !last)
			spaces(out, pad);
		if (!last)
			spaces(out, GAP);
		while (last && out->n > 0 && out->p[out->n - 1] == ' ')
			out->n--;
		if (last && i < t->n_columns && term->colour)
			buf_add_z(out, "\033[0m");
		if (last)
			buf_add_c(out, '\n');
		cell += s.n + 1;
	}
	return buf_ok(out) ? EMP_OK : EMP_NOMEM;
}

enum emp_rc
ctl_table_csv(const struct ctl_table *t, struct buf *out)
{
	const char *cell = t->text.p;

	if (!buf_ok(&t->text))
		return EMP_NOMEM;
	for (size_t i = 0; i < t->n_cells; i++) {
		struct str s = str_from(cell);

		buf_add_csv(out, s);
		buf_add_z(out, (i + 1) % t->n_columns == 0 ? "\r\n" : ",");
		cell += s.n + 1;
	}
	return buf_ok(out) ? EMP_OK : EMP_NOMEM;
}

bool
ctl_term_asks(void)
{
	return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

bool
ctl_term_agreed(void)
{
	char reply[REPLY_MAX];

	fputs("Go on? [y/N] ", stderr);
	if (fgets(reply, sizeof reply, stdin) == NULL)
		return false;
	reply[strcspn(reply, "\r\n")] = '\0';
	return strcasecmp(reply, "y") == 0 || strcasecmp(reply, "yes") == 0;
}

void
ctl_progress_init(struct ctl_progress *p)
{
	*p = (struct ctl_progress){.started_ns = clock_mono_ns()};
	ctl_term_init(&p->term, STDERR_FILENO);
}

void
ctl_progress_show(struct ctl_progress *p, const char *label, uint64_t part,
		  uint64_t whole, uint64_t events)
{
	uint64_t now = clock_mono_ns();
	double seconds = (double)(now - p->started_ns) / NS_PER_S;
	struct buf line;

	if (!p->term.tty || now - p->shown_ns < PROGRESS_EVERY_NS)
		return;
	buf_init(&line, 0);
	buf_printf(&line, "\r%s ", label);
	if (whole > 0) {
		double done = (double)part / (double)whole;
		size_t at;

		buf_add_c(&line, '[');
		at = ctl_text_width(buf_str(&line));
		ctl_bar(&line, &p->term, done, PROGRESS_BAR);
		at = ctl_text_width(buf_str(&line)) - at;
		spaces(&line, PROGRESS_BAR - at);
		buf_printf(&line, "] %3d %% ", (int)(done * 100));
	}
	ctl_count(&line, events);
	buf_add_z(&line, " events, ");
	ctl_count(&line, seconds > 0 ? (uint64_t)((double)events / seconds) : 0);
	buf_add_z(&line, "/s\033[K");
	if (buf_ok(&line) && fwrite(line.p, 1, line.n, stderr) == line.n)
		fflush(stderr);
	p->drawn = true;
	p->shown_ns = now;
	buf_fini(&line);
}

void
ctl_progress_clear(struct ctl_progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
