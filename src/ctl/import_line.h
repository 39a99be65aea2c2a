/* One line of an import, completed: a source and an id where they are missing. Pure. */
#ifndef EMP_CTL_IMPORT_LINE_H
#define EMP_CTL_IMPORT_LINE_H

#include "base/buf.h"

/* Appends `line` and a line feed to `out`. When it is an object without an "id" at its
 * top, one made of `id` is put in; without a "source", `source` (STR_NONE: none is put
 * in). Anything else passes as it is: the daemon says what is wrong with it. Both
 * must be valid UTF-8. */
void ctl_import_line(struct buf *out, struct str line, struct str id,
		     struct str source);

#endif
