/*
 * store: which directories it opens, and what it says about those it refuses.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/db.h"
#include "store/schema.h"
#include "store_support.h"
#include "unit.h"

static unsigned int
mode_of(const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	support_path(path, name);
	ck_assert_msg(stat(path, &st) == 0, "%s is missing", name);
	return st.st_mode & 07777;
}

START_TEST(the_files_have_their_modes)
{
	support_open();
	support_survey(AUDIENCE_CUSTOMER);
	ck_assert_uint_eq(mode_of("empowerd.db"), 0640);
	ck_assert_uint_eq(mode_of("empowerd.db-wal"), 0640);
	ck_assert_uint_eq(mode_of("confidential.db"), 0600);
	ck_assert_uint_eq(mode_of("confidential.db-wal"), 0600);
	support_close();
	/* They stay, or who may only read could not open the file. */
	ck_assert_uint_eq(mode_of("empowerd.db-wal"), 0640);
}
END_TEST

START_TEST(a_mode_that_is_too_wide_is_repaired)
{
	char path[PATH_MAX];

	support_open();
	support_close();
	support_path(path, "confidential.db");
	ck_assert_int_eq(chmod(path, 0644), 0);
	support_open();
	ck_assert_uint_eq(mode_of("confidential.db"), 0600);
}
END_TEST

static void
refused(enum emp_rc expected, const char *file)
{
	struct problem p;
	enum emp_rc rc = support_try_open(&p);

	ck_assert_msg(rc == expected, "%s: %s", emp_rc_slug(rc), p.detail);
	ck_assert_ptr_null(support.store);
	ck_assert_msg(strstr(p.detail, file) != NULL, "does not name %s: %s", file,
		      p.detail);
}

START_TEST(a_second_daemon_is_refused)
{
	struct store *second = NULL;
	struct problem p;

	support_open();
	/* Not through refused(): the first one's writer is using what that resets. */
	ck_assert_int_eq(store_open(&second, &support.config, &support.hooks, &p),
			 EMP_LOCKED);
	ck_assert_ptr_null(second);
	ck_assert_ptr_nonnull(strstr(p.detail, support.dir));
}
END_TEST

static void
set_version(const char *file, int64_t version)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA user_version = %lld", (long long)version);
	support_exec(file, sql);
}

START_TEST(a_newer_schema_is_refused)
{
	int64_t version;

	support_open();
	support_close();
	version = support_sql("empowerd.db", "PRAGMA user_version");
	set_version("empowerd.db", 99);
	refused(EMP_TOO_NEW, "empowerd.db");
	set_version("empowerd.db", version);
	support_exec("confidential.db", "PRAGMA user_version = 99");
	refused(EMP_TOO_NEW, "confidential.db");
}
END_TEST

START_TEST(another_programs_file_is_refused)
{
	support_open();
	support_close();
	support_exec("empowerd.db", "PRAGMA application_id = 7");
	refused(EMP_CONFIG, "empowerd.db");
}
END_TEST

START_TEST(a_truncated_file_is_refused)
{
	char path[PATH_MAX];
	struct stat st;

	support_open();
	support_close();
	support_path(path, "empowerd.db");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size / 2), 0);
	refused(EMP_CORRUPT, "empowerd.db");
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused)
{
	char path[PATH_MAX];
	FILE *f;

	support_path(path, "empowerd.db");
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database. ", f);
	ck_assert_int_eq(fclose(f), 0);
	refused(EMP_CORRUPT, "empowerd.db");
}
END_TEST

START_TEST(another_time_zone_is_refused)
{
	support_open();
	support_close();
	support.config.timezone = "Europe/Madrid";
	refused(EMP_CONFIG, "empowerd.db");
	/* Nothing asked for: the file's own. */
	support.config.timezone = NULL;
	support_open();
	ck_assert_str_eq(tz_name(store_tz(support.store)), "UTC");
}
END_TEST

/* What memory gets at start depends on the file alone: a clock that is wrong then, or
 * was when the file was written, makes no difference to what counters hold. */
START_TEST(cells_are_fed_by_the_age_of_the_newest_event)
{
	struct answer a[2];
	struct event e;

	support.config.ram_day_days = 35;
	support_open();
	support_survey(AUDIENCE_CUSTOMER);
	for (int i = 0; i < 2; i++) {
		e = support_answer(NULL, &a[i], 3 + i);
		e.dim[DIM_UNIT] = i == 0 ? STR("north") : STR("south");
		e.time = clock_now_ms();
		ck_assert_int_eq(support_put(&e), ITEM_STORED);
	}
	support_close();
	clock_set_fixed(clock_now_ms() + 100 * S_PER_DAY * MS_PER_S);
	support_open();
	ck_assert_uint_eq(support.n_cells, 2);
	ck_assert_uint_eq(support.replayed, 0);
	support_verify();
	clock_set_fixed(-1);
}
END_TEST

START_TEST(a_refused_start_leaves_the_lock)
{
	int64_t version;

	support_open();
	support_close();
	version = support_sql("empowerd.db", "PRAGMA user_version");
	set_version("empowerd.db", 99);
	refused(EMP_TOO_NEW, "empowerd.db");
	set_version("empowerd.db", version);
	support_open();
}
END_TEST

static void
is_described(const char *file)
{
	ck_assert_int_eq(
		support_sql(file,
			    "SELECT count(*) FROM sqlite_schema AS t "
			    "JOIN pragma_table_xinfo(t.name) AS c "
			    "LEFT JOIN schema_doc AS d ON d.table_name = t.name "
			    "AND d.column_name = c.name "
			    "WHERE t.type IN ('table', 'view') "
			    "AND t.name NOT LIKE 'sqlite%' "
			    "AND (d.description IS NULL OR d.description = '')"),
		0);
	ck_assert_int_eq(support_sql(file,
				     "SELECT count(*) FROM sqlite_schema AS t "
				     "LEFT JOIN schema_doc AS d "
				     "ON d.table_name = t.name "
				     "AND d.column_name = '' "
				     "WHERE t.type IN ('table', 'view') "
				     "AND t.name NOT LIKE 'sqlite%' "
				     "AND d.description IS NULL"),
			 0);
	ck_assert_int_eq(support_sql(file,
				     "SELECT count(*) FROM schema_doc AS d "
				     "LEFT JOIN pragma_table_xinfo(d.table_name) AS c "
				     "ON c.name = d.column_name "
				     "WHERE d.column_name <> '' AND c.name IS NULL"),
			 0);
}

START_TEST(every_column_is_described)
{
	support_open();
	is_described("empowerd.db");
	is_described("confidential.db");
}
END_TEST

START_TEST(every_table_is_strict_and_named_in_the_singular)
{
	support_open();
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT count(*) FROM pragma_table_list WHERE "
				     "schema = 'main' AND type = 'table' AND "
				     "strict = 0 AND name NOT LIKE 'sqlite%'"),
			 0);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM pragma_table_list WHERE "
				     "schema = 'main' AND type = 'table' AND "
				     "strict = 0 AND name NOT LIKE 'sqlite%'"),
			 0);
}
END_TEST

START_TEST(dictionaries_hold_the_catalogue)
{
	support_open();
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT id FROM event_type "
				     "WHERE name = 'survey.answered'"),
			 EVENT_SURVEY_ANSWERED);
	ck_assert_int_eq(support_sql("empowerd.db",
				     "SELECT id FROM signal_kind WHERE name = "
				     "'leave_intent'"),
			 SIGNAL_LEAVE_INTENT);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event_type"),
			 EVENT_TYPE_COUNT - 1);
}
END_TEST

static const struct migration one[] = {
	{1, "0001_a.sql",
	 "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);"},
	{0, 0, 0}};
static const struct migration two[] = {
	{1, "0001_a.sql", "not run again"},
	{2, "0002_b.sql",
	 "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;"},
	{0, 0, 0}};
static const struct migration broken[] = {
	{1, "0001_a.sql", "not run again"},
	{2, "0002_b.sql",
	 "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE nowhere SET y = 1;"},
	{0, 0, 0}};

START_TEST(a_migration_keeps_a_copy_until_the_start_succeeded)
{
	char path[PATH_MAX];
	struct problem p = {0};
	sqlite3 *db;

	support_path(path, "m.db");
	ck_assert_int_eq(db_open(&db, path, DB_WRITER, &p), EMP_OK);
	ck_assert_int_eq(schema_migrate(db, path, 5, one, &p), EMP_OK);
	ck_assert_int_ne(access("m.db.before-0", F_OK), 0);
	/* A failure changes nothing, and names the migration. */
	ck_assert_int_ne(schema_migrate(db, path, 5, broken, &p), EMP_OK);
	ck_assert_ptr_nonnull(strstr(p.detail, "0002_b.sql"));
	ck_assert_int_eq(support_sql("m.db", "PRAGMA user_version"), 1);
	ck_assert_int_eq(support_sql("m.db",
				     "SELECT count(*) FROM "
				     "pragma_table_info('a')"),
			 1);
	ck_assert_int_eq(schema_migrate(db, path, 5, two, &p), EMP_OK);
	ck_assert_int_eq(support_sql("m.db", "SELECT y FROM a"), 8);
	ck_assert_int_eq(support_sql("m.db", "PRAGMA user_version"), 2);
	ck_assert_int_eq(support_sql("m.db", "PRAGMA application_id"), 5);
	ck_assert_uint_eq(mode_of("m.db.before-1"), 0600);
	ck_assert_int_eq(support_sql("m.db.before-1", "SELECT x FROM a"), 7);
	schema_clean(path, two);
	support_path(path, "m.db.before-1");
	ck_assert_int_ne(access(path, F_OK), 0);
	db_close(&db);
}
END_TEST

/* The confidential file as the first version left it: the statements of its schema and
 * a row of each table that a later one rebuilds. */
START_TEST(an_old_confidential_file_keeps_its_rows)
{
	const struct migration first[] = {schema_confidential[0], {0, 0, 0}};
	char path[PATH_MAX];
	struct problem p = {0};
	sqlite3 *db;

	support_path(path, "confidential.db");
	ck_assert_int_eq(db_open(&db, path, DB_CONFIDENTIAL, &p), EMP_OK);
	ck_assert_int_eq(schema_migrate(db, path, SCHEMA_CONFIDENTIAL_ID, first, &p),
			 EMP_OK);
	ck_assert_int_eq(
		db_exec(db,
			"INSERT INTO operational_person (key, role, number, person) "
			"VALUES (zeroblob(16), 'giver', 0, x'01'), "
			"(zeroblob(16), 'recipient', 1, x'02')"),
		EMP_OK);
	/* A daemon would remove people of nothing. */
	ck_assert_int_eq(schema_migrate(db, path, SCHEMA_CONFIDENTIAL_ID,
					schema_confidential, &p),
			 EMP_OK);
	db_close(&db);
	ck_assert_int_eq(support_sql("confidential.db",
				     "SELECT count(*) FROM operational_person WHERE "
				     "key = zeroblob(16) AND ((role, number, person) = "
				     "('giver', 0, x'01') OR (role, number, person) = "
				     "('recipient', 1, x'02'))"),
			 2);
	support_exec("confidential.db",
		     "INSERT INTO operational_person (key, role, number, person) "
		     "VALUES (zeroblob(16), 'decider', 0, x'03')");
	support_open();
	is_described("confidential.db");
	/* Evidence about one person does not look at all of them. */
	ck_assert_int_gt(
		support_sql("confidential.db",
			    "SELECT count(*) FROM sqlite_schema WHERE type = 'index' "
			    "AND tbl_name = 'operational_person' "
			    "AND sql LIKE '%(person)%'"),
		0);
	support_close();
	support_path(path, "confidential.db.before-1");
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

Suite *
store_open_suite(void)
{
	Suite *s = suite_create("store_open");
	TCase *tc = tcase_create("open");

	tcase_add_checked_fixture(tc, support_setup, support_teardown);
	tcase_add_test(tc, the_files_have_their_modes);
	tcase_add_test(tc, a_mode_that_is_too_wide_is_repaired);
	tcase_add_test(tc, a_second_daemon_is_refused);
	tcase_add_test(tc, a_newer_schema_is_refused);
	tcase_add_test(tc, another_programs_file_is_refused);
	tcase_add_test(tc, a_truncated_file_is_refused);
	tcase_add_test(tc, a_file_that_is_no_database_is_refused);
	tcase_add_test(tc, another_time_zone_is_refused);
	tcase_add_test(tc, a_refused_start_leaves_the_lock);
	tcase_add_test(tc, every_column_is_described);
	tcase_add_test(tc, every_table_is_strict_and_named_in_the_singular);
	tcase_add_test(tc, dictionaries_hold_the_catalogue);
	tcase_add_test(tc, cells_are_fed_by_the_age_of_the_newest_event);
	tcase_add_test(tc, an_old_confidential_file_keeps_its_rows);
	tcase_add_test(tc, a_migration_keeps_a_copy_until_the_start_succeeded);
	suite_add_tcase(s, tc);
	return s;
}
