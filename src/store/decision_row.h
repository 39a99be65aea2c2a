/* Reading decisions out of empowerd.db, one statement for whoever asks. [reader] */
#ifndef EMP_STORE_DECISION_ROW_H
#define EMP_STORE_DECISION_ROW_H

#include "model/voice.h"

#include <sqlite3.h>

/* Prepares the rows of all decisions; `where` follows, and may name the tables decision
 * and event, and say in which order. */
EMP_MUST_CHECK enum emp_rc decision_row_prepare(sqlite3 *db, sqlite3_stmt **out,
						const char *where);
/* The row it stands on; strings borrowed until the next step. */
EMP_MUST_CHECK enum emp_rc decision_row_read(sqlite3_stmt *s, struct decision_row *row);

#endif
