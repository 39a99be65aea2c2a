/* Writing empowerd.db: statements and row writing for events that analysts see. All
 * [writer], inside the transaction that main_begin opened. */
#ifndef EMP_STORE_MAIN_FILE_H
#define EMP_STORE_MAIN_FILE_H

#include "model/cell.h"

#include <limits.h>
#include <sqlite3.h>

/* An answer's place in its event is the low part of its key. */
#define ANSWERS_PER_EVENT 256u
#define ANSWER_KEY_SHIFT 8

struct main_file {
	sqlite3 *db;
	char path[PATH_MAX];
	sqlite3_stmt *begin, *commit, *event, *answer, *invitation, *reference, *signal,
		*recognition, *recipient, *level, *id_block, *id_prune, *cell_put,
		*cell_get, *cell_prune, *progress, *kept_from, *survey_used,
		*question_answered, *question, *decision, *comment_at, *text_at;
	/* What the event statement has bound already: binding is a third of a cheap
	 * insert, and most values are those of the event before. */
	uint8_t type;
	uint32_t series;
	uint32_t source;
	uint32_t survey;
	int8_t complete;
	bool person, comment;
	bool text;       /* of the answer statement */
	uint32_t *slots; /* of the cell last read */
	/* Pages in the log after the last commit. */
	int wal_pages;
};

/* What the ids of an event resolve to. */
struct main_ids {
	int64_t seq;
	int64_t received; /* ms */
	uint32_t series;
	uint32_t source;
	uint32_t ref_source;
	const uint32_t *question; /* per answer */
	/* Under which confidential.db has the people of an operational recognition;
	 * NULL: of another event. */
	const uint8_t *people;
};

/* [main] Prepares the statements; the file is open and migrated. */
EMP_MUST_CHECK enum emp_rc main_file_prepare(struct main_file *f);
void main_file_close(struct main_file *f);
EMP_MUST_CHECK enum emp_rc main_file_put(struct main_file *f, const struct event *e,
					 const struct main_ids *ids);
EMP_MUST_CHECK enum emp_rc main_file_put_ids(struct main_file *f, int64_t number,
					     int64_t time, struct str ids);
/* A cell as it is now; its slots must not be all zero. */
EMP_MUST_CHECK enum emp_rc main_file_put_cell(struct main_file *f, const struct cell *c,
					      struct buf *scratch);
/* See store_cell_load. */
EMP_MUST_CHECK enum emp_rc
main_file_get_cell(struct main_file *f, const struct cell_key *k, struct cell *out);

#endif
