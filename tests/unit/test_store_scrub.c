/*
 * store: nothing is left in a page of rows that are not there any more.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/scrub.h"
#include "store_support.h"
#include "unit.h"

#define IDS 40000
#define ID_FORMAT "id-%08x%08x"

/* An id that sorts as if at random, so that pages are put in order again and again. */
static void
id_of(char dst[32], unsigned i)
{
	snprintf(dst, 32, ID_FORMAT, i * 2654435761u, i * 40503u);
}

static void
fill(sqlite3 *db)
{
	sqlite3_stmt *put = NULL;
	char id[32];

	ck_assert_int_eq(db_exec(db,
				 "CREATE TABLE t (seq INTEGER PRIMARY KEY, id TEXT);"
				 "CREATE INDEX by_id ON t (id); BEGIN"),
			 EMP_OK);
	ck_assert_int_eq(db_prepare(db, &put, "INSERT INTO t VALUES (?1, ?2)"), EMP_OK);
	for (unsigned i = 1; i <= IDS; i++) {
		id_of(id, i);
		sqlite3_bind_int64(put, 1, i);
		db_bind_str(put, 2, str_from(id));
		ck_assert_int_eq(db_run(put), EMP_OK);
	}
	sqlite3_finalize(put);
	ck_assert_int_eq(db_exec(db, "COMMIT"), EMP_OK);
}

/* The whole file; the caller frees it. */
static char *
contents(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *all;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	*n = (size_t)ftell(f);
	rewind(f);
	all = malloc(*n);
	ck_assert_ptr_nonnull(all);
	ck_assert_uint_eq(fread(all, 1, *n, f), *n);
	fclose(f);
	return all;
}

START_TEST(an_id_that_is_replaced_is_in_no_page)
{
	char path[PATH_MAX];
	char id[32];
	sqlite3 *db;
	char *all;
	size_t n;

	support_path(path, "scrub.db");
	ck_assert_int_eq(db_open(&db, path, DB_WRITER, NULL), EMP_OK);
	fill(db);
	ck_assert_int_eq(db_exec(db,
				 "UPDATE t SET id = '~' || seq WHERE seq % 20 = 0;"
				 "PRAGMA wal_checkpoint(TRUNCATE)"),
			 EMP_OK);
	ck_assert_int_eq(support_sql("scrub.db", "SELECT count(*) FROM t"), IDS);
	db_close(&db);
	all = contents(path, &n);
	for (unsigned i = 20; i <= IDS; i += 20) {
		id_of(id, i);
		ck_assert_ptr_null(memmem(all, n, id, strlen(id)));
	}
	/* And those that stay are there. */
	id_of(id, 21);
	ck_assert_ptr_nonnull(memmem(all, n, id, strlen(id)));
	free(all);
	ck_assert_int_eq(db_open(&db, path, DB_WRITER, NULL), EMP_OK);
	ck_assert_int_eq(support_sql("scrub.db",
				     "SELECT integrity_check = 'ok' FROM "
				     "pragma_integrity_check"),
			 1);
	db_close(&db);
}
END_TEST

START_TEST(only_room_of_pages_of_rows_has_no_meaning)
{
	uint8_t page[DB_PAGE_BYTES] = {0};
	size_t from = 0;
	size_t to = 0;

	/* Of an overflow page, a list of free ones, or nothing. */
	ck_assert(!scrub_room(page, 0, &from, &to));
	page[0] = 1;
	ck_assert(!scrub_room(page, 0, &from, &to));
	/* A leaf of two rows that begin at 4000. */
	page[0] = 13;
	page[4] = 2;
	page[5] = 4000 >> 8;
	page[6] = 4000 & 0xff;
	ck_assert(scrub_room(page, 0, &from, &to));
	ck_assert_uint_eq(from, 8 + 2 * 2);
	ck_assert_uint_eq(to, 4000);
	/* The same behind the header of a file, and inside a tree. */
	memmove(page + 100, page, 8);
	page[100] = 5;
	ck_assert(scrub_room(page, 100, &from, &to));
	ck_assert_uint_eq(from, 100 + 12 + 2 * 2);
	ck_assert_uint_eq(to, 4000);
	/* Full, or no page of ours. */
	page[5] = 0;
	page[6] = 12;
	ck_assert(!scrub_room(page, 0, &from, &to));
	page[5] = 0xff;
	ck_assert(!scrub_room(page, 0, &from, &to));
}
END_TEST

Suite *
store_scrub_suite(void)
{
	Suite *s = suite_create("store_scrub");
	TCase *files = tcase_create("files");
	TCase *pages = tcase_create("pages");

	tcase_add_checked_fixture(files, support_setup, support_teardown);
	tcase_add_test(files, an_id_that_is_replaced_is_in_no_page);
	suite_add_tcase(s, files);
	tcase_add_test(pages, only_room_of_pages_of_rows_has_no_meaning);
	suite_add_tcase(s, pages);
	return s;
}
