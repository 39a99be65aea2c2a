/* What is left of rows that moved from page to page is not written into files: see
 * scrub.c. */
#ifndef EMP_STORE_SCRUB_H
#define EMP_STORE_SCRUB_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [main] From now on, for the file of this connection, which is of DB_PAGE_BYTES pages.
 */
EMP_MUST_CHECK enum emp_rc scrub_attach(sqlite3 *db);
/* [any] The room without meaning in a page of rows whose header is at `header`. False:
 * there is none, or it is another page. */
EMP_MUST_CHECK bool scrub_room(const uint8_t *page, size_t header, size_t *from,
			       size_t *to);

#endif
