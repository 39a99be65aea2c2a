/* The id window: which client ids were stored lately, so that a repeat is recognised.
 *
 * One set for both files, in the writer's memory: 16 bytes an entry in a ring, oldest
 * first, and an index of 32-bit places in it. An entry is a keyed hash of (source, id)
 * and one of the content; content 0 stands for an event of confidential.db, of which no
 * content is kept, so that a repeat is a duplicate whatever it says.
 *
 * Entries added since id_window_commit() are pending and can be forgotten. The window
 * ends by age and by count; ages are kept per minute. All [writer], or [main] before.
 */
#ifndef EMP_STORE_IDWINDOW_H
#define EMP_STORE_IDWINDOW_H

#include "model/event.h"

/* Ids that one group may add over the limit before the oldest are dropped. */
#define ID_PENDING_MAX 262144u

struct id_entry {
	uint8_t key[ID_KEY_BYTES];
	uint32_t content;
};
_Static_assert(sizeof(struct id_entry) == 16, "entries are stored as they are");

struct id_mark {
	int64_t minute; /* since 1970 */
	uint64_t first; /* number of the first entry of that minute */
	int64_t block;  /* and of the row of id_block that holds it */
};

struct id_window {
	struct id_entry *ring;
	uint32_t cap;
	uint32_t max;
	int64_t minutes;    /* how long an id is remembered */
	uint64_t tail;      /* number of the oldest entry */
	uint64_t committed; /* entries from here on are pending */
	uint64_t head;
	uint32_t *index; /* place in the ring + 1, and a tag; 0 is free */
	uint32_t places; /* the bits of a slot that are its place */
	uint32_t mask;
	struct id_mark *mark; /* oldest first */
	uint32_t n_marks;
	uint32_t cap_marks;
};

enum id_seen { ID_NEW, ID_SAME, ID_OTHER };

EMP_MUST_CHECK enum emp_rc id_window_init(struct id_window *w, uint32_t max,
					  uint32_t hours);
void id_window_fini(struct id_window *w);
/* What the main cache of the processor should fetch, because it is asked for soon. */
void id_window_prefetch(const struct id_window *w, const uint8_t key[ID_KEY_BYTES]);
/* content 0: of a confidential event. */
enum id_seen id_window_find(const struct id_window *w, const uint8_t key[ID_KEY_BYTES],
			    uint32_t content);
/* The key must be new. */
EMP_MUST_CHECK enum emp_rc
id_window_add(struct id_window *w, const uint8_t key[ID_KEY_BYTES], uint32_t content);
/* Pending entries count from now on (ms); `block` is the row that holds them. Drops
 * what is too old or too many. EMP_NOMEM leaves the entries valid, with a younger age.
 */
EMP_MUST_CHECK enum emp_rc id_window_commit(struct id_window *w, int64_t now,
					    int64_t block);
void id_window_rollback(struct id_window *w);
uint64_t id_window_count(const struct id_window *w);
/* Whether it is full: minute of the oldest entry; -1: nothing younger than the age that
 * ids have was dropped. */
int64_t id_window_short_since(const struct id_window *w);
/* Rows of id_block below this number hold nothing that is remembered. */
int64_t id_window_first_block(const struct id_window *w);

#endif
