/* What SQLite alone can do: the yardstick of the batch benchmark.
 *
 *	bare FILE BATCHES
 *
 * FILE is a copy of an empowerd.db that knows the survey `bench` and some series. The
 * loop writes BATCHES transactions of 1,000 events as the daemon stores them: the event
 * row, its answer row and the ids of the batch, with the daemon's pragmas; no HTTP, no
 * JSON, no cells, no checks. It prints events per second. Checkpoints happen as in
 * the daemon, on this thread.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 1000
#define ID_BYTES 16

static sqlite3 *db;

static void
must(int rc, int want, const char *what)
{
	if (rc == want)
		return;
	fprintf(stderr, "bare: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static void
run(const char *sql)
{
	must(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, sql);
}

static int64_t
number(const char *sql)
{
	sqlite3_stmt *s;
	int64_t v;

	must(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, sql);
	must(sqlite3_step(s), SQLITE_ROW, sql);
	v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *s;

	must(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL),
	     SQLITE_OK, sql);
	return s;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
step(sqlite3_stmt *s)
{
	must(sqlite3_step(s), SQLITE_DONE, "step");
	sqlite3_reset(s);
}

static void
load(int batches)
{
	static const char text[] =
		"The delivery came on time and the driver was kind. Thanks.";
	sqlite3_stmt *event = prepare(
		"INSERT INTO event (seq, type_id, series_id, time, received, source_id,"
		" id, survey_id, person, comment, complete)"
		" VALUES (?, 4, ?, ?, ?, ?, ?, ?, NULL, ?, 1)");
	sqlite3_stmt *answer = prepare(
		"INSERT INTO answer (key, question_id, value, text)"
		" VALUES (?, ?, ?, NULL)");
	sqlite3_stmt *ids = prepare("INSERT INTO id_block (time, ids) VALUES (?, ?)");
	int64_t seq = number("SELECT max(seq) FROM event");
	int64_t series = number("SELECT count(*) FROM series");
	int64_t source = number("SELECT id FROM source WHERE name = 'bench'");
	int64_t survey = number("SELECT id FROM survey WHERE name = 'bench'");
	int64_t question = number("SELECT q.id FROM question q JOIN survey s"
				  " ON s.id = q.survey_id WHERE s.name = 'bench'"
				  " AND q.name = 'overall'");
	int64_t now = (int64_t)time(NULL) * 1000;
	unsigned char block[BATCH * ID_BYTES];
	char id[32];

	for (int b = 0; b < batches; b++) {
		run("BEGIN IMMEDIATE");
		for (int i = 0; i < BATCH; i++) {
			int n = snprintf(id, sizeof(id), "b-%04d-%04d", b, i);

			seq++;
			sqlite3_bind_int64(event, 1, seq);
			sqlite3_bind_int64(event, 2, 1 + seq % series);
			sqlite3_bind_int64(event, 3, now + b);
			sqlite3_bind_int64(event, 4, now + b);
			sqlite3_bind_int64(event, 5, source);
			sqlite3_bind_text(event, 6, id, n, SQLITE_STATIC);
			sqlite3_bind_int64(event, 7, survey);
			sqlite3_bind_text(event, 8, text, sizeof(text) - 1,
					  SQLITE_STATIC);
			step(event);
			sqlite3_bind_int64(answer, 1, seq * 256);
			sqlite3_bind_int64(answer, 2, question);
			sqlite3_bind_int64(answer, 3, 1 + seq % 5);
			step(answer);
		}
		sqlite3_randomness(sizeof(block), block);
		sqlite3_bind_int64(ids, 1, now + b);
		sqlite3_bind_blob(ids, 2, block, sizeof(block), SQLITE_STATIC);
		step(ids);
		run("COMMIT");
	}
	sqlite3_finalize(event);
	sqlite3_finalize(answer);
	sqlite3_finalize(ids);
}

int
main(int argc, char **argv)
{
	int batches = argc == 3 ? atoi(argv[2]) : 0;
	double started;

	if (batches <= 0) {
		fprintf(stderr, "usage: bare FILE BATCHES\n");
		return 2;
	}
	must(sqlite3_open(argv[1], &db), SQLITE_OK, argv[1]);
	run("PRAGMA journal_mode = WAL");
	run("PRAGMA synchronous = FULL");
	run("PRAGMA foreign_keys = OFF");
	run("PRAGMA wal_autocheckpoint = 4096");
	run("PRAGMA cache_spill = OFF");
	run("PRAGMA cache_size = -32768");
	started = seconds();
	load(batches);
	printf("%.0f\n", batches * (double)BATCH / (seconds() - started));
	sqlite3_close(db);
	return 0;
}
