/* The terminal: what it can show, aligned tables, bars, and a progress line.
 *
 * Nothing here colours or redraws anything that is not a terminal; where the locale is
 * not UTF-8, bars are made of ASCII. [main] */
#ifndef EMP_CTL_TERM_H
#define EMP_CTL_TERM_H

#include "base/buf.h"
#include "base/error.h"

#include <stdio.h>

#define CTL_COLUMNS_MAX 40

struct ctl_term {
	bool tty;
	bool utf8;
	bool colour;
	int width; /* columns; 80 when unknown */
};

/* Looks at the descriptor and at LC_ALL, LC_CTYPE, LANG, NO_COLOR, TERM, COLUMNS. */
void ctl_term_init(struct ctl_term *t, int fd);

/* Columns that a UTF-8 text takes (one per code point). */
size_t ctl_text_width(struct str s);
/* Appends a bar of `part` of `cells` columns (0-1, more is cut). With UTF-8 it is exact
 * to an eighth of a column. */
void ctl_bar(struct buf *out, const struct ctl_term *t, double part, int cells);
/* "25976" -> "25,976". */
void ctl_count(struct buf *out, uint64_t v);

/* A table is filled cell by cell, row by row; the first row are the titles. A column is
 * flush right when every cell below the title looks like a number. */
struct ctl_table {
	struct buf text; /* the cells, each ended by a NUL */
	size_t n_cells;
	size_t n_columns;
};

void ctl_table_init(struct ctl_table *t, size_t n_columns);
void ctl_table_fini(struct ctl_table *t);
void ctl_table_add(struct ctl_table *t, struct str cell);
void ctl_table_add_z(struct ctl_table *t, const char *cell);
/* Appends the laid-out table; EMP_NOMEM. */
EMP_MUST_CHECK enum emp_rc ctl_table_write(const struct ctl_table *t,
					   const struct ctl_term *term,
					   struct buf *out);
/* The same as CSV. */
EMP_MUST_CHECK enum emp_rc ctl_table_csv(const struct ctl_table *t, struct buf *out);

/* Whether there is somebody to ask: both standard input and error are a terminal. */
bool ctl_term_asks(void);
/* Asks whether to go on; true for a reply of yes, false for any other and none. */
bool ctl_term_agreed(void);

/* One line on standard error that is redrawn in place; silent unless that is a
 * terminal. */
struct ctl_progress {
	struct ctl_term term;
	uint64_t started_ns, shown_ns;
	bool drawn;
};
void ctl_progress_init(struct ctl_progress *p);
/* `whole` 0: not known. `label` and counts as they are to be shown. */
void ctl_progress_show(struct ctl_progress *p, const char *label, uint64_t part,
		       uint64_t whole, uint64_t events);
void ctl_progress_clear(struct ctl_progress *p);

#endif
