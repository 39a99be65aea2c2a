/*
 * store: a disk that fails or is full. Nothing is acknowledged that is not durable,
 * reads go on, and what can recover does so by itself.
 *
 * The system's calls are replaced in this program, and so for SQLite too; they do the
 * real thing unless a test says otherwise.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "period_support.h"
#include "privacy/release.h"
#include "unit.h"

static _Atomic int sync_errors;  /* how many more fail */
static _Atomic int syncs_first;  /* of those that succeed before */
static _Atomic int write_errors; /* likewise, with ENOSPC */
static _Atomic uint64_t bytes_free;
static _Atomic pid_t writer;         /* 0: nobody looks */
static _Atomic int writes_by_writer; /* into confidential.db itself */

static bool
one_more(_Atomic int *errors)
{
	int left = atomic_load(errors);

	while (left > 0) {
		if (atomic_compare_exchange_weak(errors, &left, left - 1))
			return true;
	}
	return false;
}

int
fdatasync(int fd)
{
	if (!one_more(&syncs_first) && one_more(&sync_errors)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* Whether it is confidential.db, and not its log. */
static bool
is_sealed(int fd)
{
	static const char name[] = "/confidential.db";
	char proc[64];
	char path[PATH_MAX];
	ssize_t n;

	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	n = readlink(proc, path, sizeof path - 1);
	if (n < (ssize_t)sizeof name)
		return false;
	path[n] = '\0';
	return strcmp(path + n - (sizeof name - 1), name) == 0;
}

ssize_t
pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	if (one_more(&write_errors)) {
		errno = ENOSPC;
		return -1;
	}
	if (atomic_load(&writer) == gettid() && is_sealed(fd))
		atomic_fetch_add(&writes_by_writer, 1);
	return syscall(SYS_pwrite64, fd, from, n, at);
}

int
statvfs(const char *path, struct statvfs *v)
{
	struct statfs real;

	if (statfs(path, &real) != 0)
		return -1;
	memset(v, 0, sizeof *v);
	v->f_frsize = 1;
	v->f_bavail = atomic_load(&bytes_free);
	return 0;
}

static void
setup(void)
{
	atomic_store(&writer, 0);
	atomic_store(&writes_by_writer, 0);
	atomic_store(&syncs_first, 0);
	atomic_store(&sync_errors, 0);
	atomic_store(&write_errors, 0);
	atomic_store(&bytes_free, 1u << 30);
	support_setup();
	support.config.disk_reserve = 1u << 20;
	support_open();
	support_survey(AUDIENCE_CUSTOMER);
}

static void
teardown(void)
{
	atomic_store(&sync_errors, 0);
	atomic_store(&write_errors, 0);
	support_teardown();
}

START_TEST(a_failed_sync_acknowledges_nothing)
{
	struct store_health h;
	struct store_outcome o;
	struct answer a;
	struct event e = support_answer("x", &a, 5);
	uint64_t counted = support.counted;

	e.dim[DIM_UNIT] = STR("north");
	atomic_store(&sync_errors, 1);
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_INTERNAL);
	ck_assert_uint_eq(support.counted, counted);
	ck_assert_int_eq(atomic_load(&support.published), 0);
	ck_assert_uint_eq(
		intern_find(store_names(support.store, DIM_UNIT), STR("north")),
		INTERN_NONE);
	store_health(support.store, &h);
	ck_assert_uint_eq(h.fsync_errors, 1);
	ck_assert_int_eq(h.committed, 0);
	/* Sent again, as the answer asks for: stored, once. */
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(o.seq, 1);
	ck_assert_int_eq(support_put(&e), ITEM_DUPLICATE);
	support_verify();
	support_close();
	support_open();
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 1);
	support_verify();
}
END_TEST

START_TEST(a_disk_that_keeps_failing_stops_the_daemon)
{
	struct store_outcome o;
	struct answer a;
	struct event e = support_answer("x", &a, 5);

	atomic_store(&sync_errors, 1000);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_INTERNAL);
	ck_assert(!atomic_load(&support.fatal));
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_INTERNAL);
	ck_assert(atomic_load(&support.fatal));
}
END_TEST

START_TEST(failures_in_between_are_forgiven)
{
	struct store_outcome o;
	struct answer a;
	struct event e = support_answer(NULL, &a, 5);

	for (int i = 0; i < 10; i++) {
		atomic_store(&sync_errors, 1);
		ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_INTERNAL);
		ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	}
	ck_assert(!atomic_load(&support.fatal));
	support_verify();
}
END_TEST

/* Until it works again: the writer looks once a second. */
static enum emp_rc
submit_within(struct event *e, struct store_outcome *o, int seconds)
{
	uint64_t until = clock_mono_ns() + (uint64_t)seconds * 1000000000u;
	enum emp_rc rc;

	do
		rc = support_submit(e, o, 1, false);
	while (rc == EMP_DISK_FULL && clock_mono_ns() < until);
	return rc;
}

static enum emp_rc
count_cell(void *ctx, const struct cell *c)
{
	(void)c;
	++*(int *)ctx;
	return EMP_OK;
}

START_TEST(a_disk_below_its_reserve_refuses_and_recovers)
{
	struct store_reader *r;
	struct store_health h;
	struct store_outcome o;
	struct problem p;
	struct answer a;
	struct event e = support_answer("x", &a, 5);
	uint64_t until = clock_mono_ns() + 20000000000u;
	enum emp_rc rc;
	int cells = 0;

	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_OK);
	support_id(&e, "y", 1);
	atomic_store(&bytes_free, 1000);
	/* It is seen at the next look, a fraction of a second away. */
	do {
		rc = support_submit(&e, &o, 1, false);
		support_id(&e, rc == EMP_OK ? "z" : "y", 1);
	} while (rc == EMP_OK && clock_mono_ns() < until);
	ck_assert_int_eq(rc, EMP_DISK_FULL);
	store_health(support.store, &h);
	ck_assert(h.disk_full);
	ck_assert_int_eq(store_reader_open(&r, support.dir, &p), EMP_OK);
	ck_assert_int_eq(
		store_read_cells(r, GRAIN_DAY, 0, INT64_MAX, count_cell, &cells),
		EMP_OK);
	store_reader_close(&r);
	atomic_store(&bytes_free, 1u << 30);
	support_id(&e, "after", 1);
	ck_assert_int_eq(submit_within(&e, &o, 20), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	store_health(support.store, &h);
	ck_assert(!h.disk_full);
	ck_assert(!atomic_load(&support.fatal));
	support_verify();
}
END_TEST

START_TEST(a_write_without_room_is_a_full_disk)
{
	struct store_outcome o;
	struct answer a;
	struct event e = support_answer("x", &a, 5);

	atomic_store(&write_errors, 1);
	ck_assert_int_eq(support_submit(&e, &o, 1, false), EMP_DISK_FULL);
	ck_assert_int_eq(submit_within(&e, &o, 20), EMP_OK);
	ck_assert_int_eq(o.status, ITEM_STORED);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 1);
	support_verify();
}
END_TEST

START_TEST(a_sealed_file_that_fails_keeps_the_other_unchanged)
{
	struct event e[2];
	struct store_outcome o[2];
	struct answer a;

	e[0] = support_event(EVENT_TRAINING_COMPLETED, AUDIENCE_EMPLOYEE,
			     CLASS_PERSONNEL);
	support_id(&e[0], "s", 1);
	e[1] = support_answer("c", &a, 5);
	atomic_store(&sync_errors, 1); /* of confidential.db, which goes first */
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_INTERNAL);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_STORED);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 1);
}
END_TEST

START_TEST(a_repeat_after_half_a_commit_stores_the_rest)
{
	struct event e[2];
	struct store_outcome o[2];
	struct answer a;

	e[0] = support_event(EVENT_TRAINING_COMPLETED, AUDIENCE_EMPLOYEE,
			     CLASS_PERSONNEL);
	support_id(&e[0], "s", 1);
	e[1] = support_answer("c", &a, 5);
	/* confidential.db commits with one sync, then empowerd.db cannot. */
	atomic_store(&syncs_first, 1);
	atomic_store(&sync_errors, 1);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_INTERNAL);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 1);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 0);
	ck_assert_int_eq(support_submit(e, o, 2, false), EMP_OK);
	ck_assert_int_eq(o[0].status, ITEM_DUPLICATE);
	ck_assert_int_eq(o[1].status, ITEM_STORED);
	ck_assert_int_eq(support_sql("confidential.db", "SELECT count(*) FROM event"),
			 1);
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM event"), 1);
	support_verify();
}
END_TEST

#define PEOPLE 7

START_TEST(a_release_that_is_not_synced_is_none)
{
	struct store_change c;

	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", NULL, 1, PEOPLE);
	atomic_store(&sync_errors, 1000);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(release_do(&c, "team", NULL), EMP_INTERNAL);
	ck_assert(!atomic_load(&support.fatal));
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_INTERNAL);
	ck_assert(atomic_load(&support.fatal));
	ck_assert_int_eq(support_sql("empowerd.db", "SELECT count(*) FROM release"), 0);
	atomic_store(&sync_errors, 0);
	support_close();
	support_open();
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert(c.created);
	ck_assert_int_eq(release_shown_people("mood", NULL), PEOPLE);
	ck_assert_int_eq(release_findings(), 0);
}
END_TEST

static sem_t entered, go;

/* [aside] */
static enum emp_rc
slow_release(void *ctx, const struct release_tree *t, const struct release_question *q,
	     uint32_t k, struct arena *a, struct release_blocks *out)
{
	sem_post(&entered);
	while (sem_wait(&go) != 0)
		;
	return release_blocks_make(ctx, t, q, k, a, out);
}

static void
released(struct store_change *c)
{
	(void)c;
	sem_post(&entered);
}

START_TEST(customers_go_on_as_soon_as_there_is_room_again)
{
	struct store_change c = {
		.op = DEF_RELEASE, .name = STR("team"), .done = released};
	struct store_outcome o;
	struct answer a;
	struct event e;
	uint64_t until = clock_mono_ns() + 20000000000u;
	enum emp_rc rc;

	ck_assert_int_eq(sem_init(&entered, 0, 0), 0);
	ck_assert_int_eq(sem_init(&go, 0, 0), 0);
	support_close();
	support.hooks.release = slow_release;
	support_open();
	e = support_answer(NULL, &a, 5); /* of the survey as it is now */
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", NULL, 1, PEOPLE);
	ck_assert_int_eq(store_change(support.store, &c), EMP_OK);
	while (sem_wait(&entered) != 0)
		;
	atomic_store(&bytes_free, 1000);
	do
		rc = support_submit(&e, &o, 1, false);
	while (rc == EMP_OK && clock_mono_ns() < until);
	ck_assert_int_eq(rc, EMP_DISK_FULL);
	atomic_store(&bytes_free, 1u << 30);
	rc = submit_within(&e, &o, 20);
	for (int i = 0; i < PEOPLE; i++) /* more than there are questions */
		sem_post(&go);
	ck_assert_int_eq(rc, EMP_OK);
	support_close();
	ck_assert_int_eq(c.rc, EMP_OK);
	sem_destroy(&entered);
	sem_destroy(&go);
}
END_TEST

static void
note_writer(void *ctx)
{
	(void)ctx;
	atomic_store(&writer, gettid());
}

static off_t
log_bytes(void)
{
	char path[PATH_MAX];
	struct stat st;

	support_path(path, SEALED "-wal");
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* The log of a file that was rewritten is as long as the file. */
START_TEST(a_log_that_a_reader_kept_is_copied_aside)
{
	uint64_t until = clock_mono_ns() + 20000000000u;
	char path[PATH_MAX];
	struct store_change c;
	sqlite3 *reader;

	support_close();
	support.hooks.group_end = note_writer;
	support_open();
	release_survey("team", PERIOD_WAVE, 0);
	release_crowd("team", NULL, 1, PEOPLE);
	support_path(path, SEALED);
	ck_assert_int_eq(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM event", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(release_do(&c, "team", NULL), EMP_OK);
	ck_assert_int_gt(log_bytes(), 0);
	ck_assert_int_eq(sqlite3_close(reader), SQLITE_OK);
	while (log_bytes() > 0)
		ck_assert_uint_lt(clock_mono_ns(), until);
	ck_assert_int_eq(atomic_load(&writes_by_writer), 0);
	ck_assert_int_ne(atomic_load(&writer), 0);
}
END_TEST

Suite *
store_disk_suite(void)
{
	Suite *s = suite_create("store_disk");
	TCase *tc = tcase_create("disk");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_failed_sync_acknowledges_nothing);
	tcase_add_test(tc, a_disk_that_keeps_failing_stops_the_daemon);
	tcase_add_test(tc, failures_in_between_are_forgiven);
	tcase_add_test(tc, a_disk_below_its_reserve_refuses_and_recovers);
	tcase_add_test(tc, a_write_without_room_is_a_full_disk);
	tcase_add_test(tc, a_sealed_file_that_fails_keeps_the_other_unchanged);
	tcase_add_test(tc, a_repeat_after_half_a_commit_stores_the_rest);
	tcase_add_test(tc, a_release_that_is_not_synced_is_none);
	tcase_add_test(tc, customers_go_on_as_soon_as_there_is_room_again);
	tcase_add_test(tc, a_log_that_a_reader_kept_is_copied_aside);
	suite_add_tcase(s, tc);
	return s;
}
