/* A reader from inside. */
#ifndef EMP_STORE_READER_IMPL_H
#define EMP_STORE_READER_IMPL_H

#include "base/tz.h"
#include "store/store.h"

#include <limits.h>
#include <sqlite3.h>

struct kept_statement;
struct store_reader {
	sqlite3 *db;
	/* confidential.db, for the people of operational events; NULL without a daemon.
	 * A connection of its own, so that no statement about the analysts' file can
	 * reach into the other. */
	sqlite3 *people;
	uint64_t levels_version; /* before the job's first look */
	const struct tz *tz;
	struct tz *own_tz; /* of a reader without a daemon */
	struct kept_statement *kept;
	uint32_t n_kept, max_kept;
	char path[PATH_MAX];
};

/* Opens the connection of a reader; the zone is the caller's. */
EMP_MUST_CHECK enum emp_rc reader_init(struct store_reader *r, const char *path,
				       const struct tz *tz, struct problem *p);
void reader_fini(struct store_reader *r);
/* db_prepare for what is asked again and again, on one of the reader's connections:
 * prepared once, which takes as long as a short list. Told by its address, so `sql` is
 * constant. Not finalized but given back; NULL is nothing. */
EMP_MUST_CHECK enum emp_rc reader_prepare(struct store_reader *r, sqlite3 *db,
					  sqlite3_stmt **out, const char *sql);
void reader_finish(struct store_reader *r, sqlite3_stmt **s);
/* Whether all are back. One that is not would keep a read transaction open behind its
 * end, and with it the file as it was then. */
bool reader_is_idle(const struct store_reader *r);
/* With a kept statement: the first column of the only row in empowerd.db; no rows. */
EMP_MUST_CHECK enum emp_rc reader_int(struct store_reader *r, const char *sql,
				      int64_t *out);
EMP_MUST_CHECK enum emp_rc reader_run(struct store_reader *r, sqlite3 *db,
				      const char *sql);
/* An event never happens later than FUTURE_MAX_MS after it was received, and numbers
 * follow the time of receiving: so those before this number are older than `from`, ms.
 */
EMP_MUST_CHECK enum emp_rc reader_first_seq(struct store_reader *r, int64_t from,
					    int64_t *out);
/* Calls fn for each row but "ok": `format`, then its columns. */
EMP_MUST_CHECK enum emp_rc reader_findings(sqlite3 *db, const char *sql,
					   const char *format,
					   void (*fn)(void *ctx, const char *finding),
					   void *ctx);
/* The part of store_check() that is about suggestions and decisions, and what is kept
 * of how they stand. */
EMP_MUST_CHECK enum emp_rc states_check(struct store_reader *r,
					void (*fn)(void *ctx, const char *finding),
					void *ctx);
/* And about confidential.db, which is open. */
EMP_MUST_CHECK enum emp_rc people_check(struct store_reader *r,
					void (*fn)(void *ctx, const char *finding),
					void *ctx);
/* And about releases, in either file. Afterwards a look at empowerd.db may see more. */
EMP_MUST_CHECK enum emp_rc releases_check(struct store_reader *r,
					  void (*fn)(void *ctx, const char *finding),
					  void *ctx);

#endif
