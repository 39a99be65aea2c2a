/* Tables that people keep in spreadsheets: CSV with a header, in, and the same rows out
 * again. Fields are separated by commas, semicolons or tabs, as the header shows;
 * quoted by RFC 4180. Pure. */
#ifndef EMP_CTL_CSV_H
#define EMP_CTL_CSV_H

#include "base/buf.h"
#include "base/error.h"

struct ctl_csv {
	char *text; /* what was quoted, without its quotes */
	size_t used;
	char separator;
	uint32_t n_columns;
	uint32_t n_rows;  /* behind the header */
	struct str *cell; /* the header, then row by row */
	uint32_t n_cells, max_cells;
};

/* Reads all of it; the text must outlive the table. Empty lines are left out. Rows need
 * as many fields as the header. EMP_INVALID with the line, EMP_NOMEM. In any case to be
 * given to ctl_csv_fini. */
EMP_MUST_CHECK enum emp_rc ctl_csv_read(struct ctl_csv *out, struct str text,
					struct problem *p);
void ctl_csv_fini(struct ctl_csv *t);
/* The column of that name, in any case of letters; -1: there is none. */
int ctl_csv_column(const struct ctl_csv *t, struct str name);
struct str ctl_csv_name(const struct ctl_csv *t, uint32_t column);
struct str ctl_csv_cell(const struct ctl_csv *t, uint32_t row, uint32_t column);
/* Appends a field as it was, quoted where it must be: these are fields of the user's
 * own, so what a spreadsheet could take for a formula stays. */
void ctl_csv_add(struct buf *b, struct str field, char separator);

#endif
