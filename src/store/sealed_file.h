/* Writing confidential.db: events that nobody but the daemon reads. All [writer]. */
#ifndef EMP_STORE_SEALED_FILE_H
#define EMP_STORE_SEALED_FILE_H

#include "base/tz.h"
#include "model/event.h"

#include <limits.h>
#include <sqlite3.h>

#define PEOPLE_KEY_BYTES 16
#define EVENT_KEY_BYTES 16

struct decision_ref;
struct sealed_place;

struct sealed_file {
	sqlite3 *db;
	char path[PATH_MAX];
	sqlite3_stmt *begin, *commit, *event, *answer, *signal, *training, *recognition,
		*recipient, *operational, *id, *id_prune, *token_add, *token_revoke,
		*code_put, *audit, *review, *reviewed, *review_count, *review_who,
		*backing;
	bool written; /* since it was vacuumed */
	bool kept;    /* the log, by a reader, from being emptied */
};

/* [main] */
EMP_MUST_CHECK enum emp_rc sealed_file_prepare(struct sealed_file *f);
/* With the day in this zone, and everything else as text. `about`: the decision it
 * reviews or backs, seq 0: none. `at`: the place of one that is sealed, else NULL.
 * `day`: today, in days since 1970, for the id window. */
EMP_MUST_CHECK enum emp_rc sealed_file_put(struct sealed_file *f, const struct event *e,
					   const struct decision_ref *about,
					   const struct sealed_place *at,
					   const struct tz *tz, int64_t day);
/* The parts of that which suggestions need by themselves: the row of the event, under
 * that key; the id, where the client gave one. */
EMP_MUST_CHECK enum emp_rc sealed_file_put_event(struct sealed_file *f,
						 const struct event *e,
						 const struct sealed_place *at,
						 const struct tz *tz,
						 const uint8_t key[EVENT_KEY_BYTES]);
EMP_MUST_CHECK enum emp_rc sealed_file_put_id(struct sealed_file *f,
					      const struct event *e, int64_t day);
/* A person of what has its row in empowerd.db, under the key that row holds: role as in
 * the schema, `number` the place among those of the role. Nothing when it is not set.
 */
EMP_MUST_CHECK enum emp_rc sealed_file_put_person(struct sealed_file *f,
						  const uint8_t key[PEOPLE_KEY_BYTES],
						  const char *role, uint32_t number,
						  const struct identity *who);
/* The people of a recognition whose row is in empowerd.db, under a new random key that
 * row is to hold. Written by themselves they mean nothing: people are only ever looked
 * up by a key found in empowerd.db. */
EMP_MUST_CHECK enum emp_rc sealed_file_put_people(struct sealed_file *f,
						  const struct event *e,
						  uint8_t key[PEOPLE_KEY_BYTES]);

#endif
