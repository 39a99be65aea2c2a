/* Names and series of empowerd.db: what the writer interns, in memory and in the file.
 *
 * Everything added since names_commit() is pending: rows in the open transaction,
 * numbers that only the writer sees. names_rollback() forgets it, after the transaction
 * was rolled back. */
#ifndef EMP_STORE_NAMES_H
#define EMP_STORE_NAMES_H

#include "base/intern.h"
#include "model/event.h"

#include <sqlite3.h>

struct series_key {
	uint32_t audience;
	uint32_t dim[DIM_COUNT]; /* 0: none was sent */
};

struct names {
	struct intern *dim[DIM_COUNT];
	struct intern *source;
	sqlite3_stmt *insert[DIM_COUNT];
	sqlite3_stmt *insert_source;
	sqlite3_stmt *insert_series;
	struct series_key *series; /* by id - 1 */
	uint32_t n_series;
	uint32_t committed_series;
	uint32_t cap_series;
	uint32_t max_series;
	uint32_t *index; /* ids, open addressing; LIFO removal as in intern.c */
	uint32_t mask;
};

/* [main] Loads what the file has. */
EMP_MUST_CHECK enum emp_rc names_open(struct names *n, sqlite3 *db,
				      uint32_t max_series);
void names_close(struct names *n);
/* [writer] The series of an event, registered when it is new. Beyond max_series the
 * series of all others of that audience. */
EMP_MUST_CHECK enum emp_rc names_series(struct names *n, const struct event *e,
					uint32_t *id);
/* [main] Adds what a dictionary has: rows of number, name, number of the parent (0:
 * none), by number. EMP_CORRUPT when the numbers have a gap. */
EMP_MUST_CHECK enum emp_rc names_load(struct intern *t, sqlite3 *db, const char *sql);
/* [writer] 0 for no source. */
EMP_MUST_CHECK enum emp_rc names_source(struct names *n, struct str source,
					uint32_t *id);
/* [writer] The unit of a series that is known, "" for none. Lives until the group ends.
 */
struct str names_series_unit(const struct names *n, uint32_t series);
/* [writer] A name of a dimension, whether or not a series has it. */
EMP_MUST_CHECK enum emp_rc names_dim(struct names *n, enum dim d, struct str name,
				     uint32_t *id);
/* [writer] A unit and those above it. */
EMP_MUST_CHECK enum emp_rc names_unit(struct names *n, struct str unit, uint32_t *id);
/* [writer] After COMMIT / after ROLLBACK. */
void names_commit(struct names *n);
void names_rollback(struct names *n);

#endif
