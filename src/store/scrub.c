/* No remains in pages.
 *
 * SQLite with secure_delete overwrites a row that is deleted with zeros. But when it
 * spreads the rows of full pages anew, what was in a page before may stay in the free
 * room between the places of its rows and the rows: a copy of a row that lives
 * elsewhere now, and that nothing finds when the row is erased. (Seen with 3.40: two of
 * two thousand ids that were replaced in an index were still in the file.)
 *
 * So pages lose that room's content on the only way there is into a file: the copying
 * of its log. Its checksums cover the log, not the file; and whatever is there has no
 * meaning to SQLite. The log itself holds the remains until it is emptied.
 *
 * A page of rows is told from others by its first byte, which in those is the highest
 * of a page number, and 0 while a file has less than 2^25 pages (128 GB). Larger files
 * are left alone. */
#include "store/scrub.h"

#include <string.h>

#include "store/db.h"

#define FILE_HEADER_BYTES 100
#define PAGES_MAX (1 << 25)
/* Of a page's header. */
#define AT_CELLS 3
#define AT_CONTENT 5
#define LEAF_HEADER_BYTES 8
#define INNER_HEADER_BYTES 12
enum page_type { INNER_INDEX = 2, INNER_TABLE = 5, LEAF_INDEX = 10, LEAF_TABLE = 13 };

/* Those of a file as SQLite opens it, and ours, which differ by one. */
static const sqlite3_io_methods *system_methods;
static sqlite3_io_methods methods;

static size_t
number(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

bool
scrub_room(const uint8_t *page, size_t header, size_t *from, size_t *to)
{
	const uint8_t *h = page + header;
	size_t bytes;

	switch (h[0]) {
	case INNER_INDEX:
	case INNER_TABLE:
		bytes = INNER_HEADER_BYTES;
		break;
	case LEAF_INDEX:
	case LEAF_TABLE:
		bytes = LEAF_HEADER_BYTES;
		break;
	default:
		return false;
	}
	*from = header + bytes + 2 * number(h + AT_CELLS);
	*to = number(h + AT_CONTENT);
	return *from < *to && *to <= DB_PAGE_BYTES;
}

static int
write_page(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
	size_t header = at == 0 ? FILE_HEADER_BYTES : 0;
	uint8_t page[DB_PAGE_BYTES];
	sqlite3_int64 size = 0;
	size_t from;
	size_t to;

	if (n != DB_PAGE_BYTES || at % DB_PAGE_BYTES != 0 ||
	    !scrub_room(data, header, &from, &to) ||
	    system_methods->xFileSize(file, &size) != SQLITE_OK ||
	    size >= (sqlite3_int64)PAGES_MAX * DB_PAGE_BYTES)
		return system_methods->xWrite(file, data, n, at);
	memcpy(page, data, sizeof page);
	memset(page + from, 0, to - from);
	return system_methods->xWrite(file, page, n, at);
}

enum emp_rc
scrub_attach(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	enum emp_rc rc = db_rc(
		sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file));

	if (rc != EMP_OK || file->pMethods == NULL)
		return EMP_INTERNAL;
	if (system_methods == NULL) {
		system_methods = file->pMethods;
		methods = *system_methods;
		methods.xWrite = write_page;
	}
	if (file->pMethods != system_methods)
		return EMP_INTERNAL;
	file->pMethods = &methods;
	return EMP_OK;
}
