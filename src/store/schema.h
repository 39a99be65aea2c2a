/* The schemas of both files: migrations embedded at build time from schema/FILE, in
 * order, ended by number 0. A migration that was released is never changed. */
#ifndef EMP_STORE_SCHEMA_H
#define EMP_STORE_SCHEMA_H

#include "base/error.h"

#include <sqlite3.h>

#define SCHEMA_MAIN_ID 0x456d7044         /* application_id of empowerd.db: "EmpD" */
#define SCHEMA_CONFIDENTIAL_ID 0x456d7043 /* of confidential.db: "EmpC" */

struct migration {
	int number;
	const char *name;
	const char *sql;
};

extern const struct migration schema_main[];
extern const struct migration schema_confidential[];

/* [main] Brings a file to the newest schema, each migration in a transaction of its
 * own. A file with data is copied before, to PATH.before-N with mode 0600;
 * schema_clean() removes the copy once the daemon has started. EMP_TOO_NEW for a file
 * of a newer program, EMP_CONFIG for a file of another program. */
EMP_MUST_CHECK enum emp_rc schema_migrate(sqlite3 *db, const char *path, int app_id,
					  const struct migration *m, struct problem *p);
/* [main] */
void schema_clean(const char *path, const struct migration *m);

#endif
