/* What is kept of a person or a suggestion, for them. */
#ifndef EMP_STORE_EXPORT_H
#define EMP_STORE_EXPORT_H

#include "base/buf.h"
#include "store/changes.h"
#include "store/store.h"

/* [reader] {"events":[...]} into out. Of a person what is of customers and of
 * operations; by a personal code what is personnel; by a receipt the suggestion with
 * its steps. Never answers of employees. Looks at every event of empowerd.db for a
 * person. EMP_TOO_LARGE when out has no room. */
EMP_MUST_CHECK enum emp_rc store_export(struct store_reader *r,
					const struct erase_what *whom, struct buf *out);

#endif
