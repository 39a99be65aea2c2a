/* Values of the daemon's answers as text in the cells of a table. Shared by rollup, the
 * lists and the report, so that a figure looks the same everywhere. [main] */
#ifndef EMP_CTL_CELLS_H
#define EMP_CTL_CELLS_H

#include "codec/json_tools.h"
#include "ctl/term.h"

#define CTL_CELL_NONE "-"

/* Appends a value: a text as it is, "yes" and "no", "-" for null; numbers with two
 * decimals, whole ones only with `decimals`; lists and objects in one line. */
void ctl_cell_text(struct buf *out, const struct json_node *v, bool decimals);
/* The same as a cell. */
void ctl_cell_add(struct ctl_table *t, const struct json_node *v, bool decimals);
/* Whether a column of rows has numbers with decimals; then all of it is shown so. */
bool ctl_cells_decimals(const struct json_node *rows, const char *name);
/* At most `columns` of a text, the cut told by "...". */
void ctl_cell_clip(struct buf *out, struct str s, size_t columns);

#endif
