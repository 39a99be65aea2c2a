/* Forgetting. Text, ids and pseudonyms of a person or a suggestion go, in both files;
 * what was counted of them stays. All [writer] unless noted.
 *
 * confidential.db is searched by indexes and done in one transaction, with the line of
 * the audit and a row that says what is left to do. empowerd.db has no index of people:
 * it is searched in slices between the groups, each a few milliseconds long, then what
 * was found is stripped of its texts and ids, a few events at a time, and at last, in
 * one transaction, its pseudonyms become one random value. As that comes last, whoever
 * starts over after a crash finds the same events again; and nobody ever sees a person
 * half renamed, who would count as two.
 *
 * Whatever is overwritten is still in the logs until they are emptied, for which no
 * reader may be at work; that is tried again until it succeeds. */
#ifndef EMP_STORE_ERASE_H
#define EMP_STORE_ERASE_H

#include "model/event.h"
#include "store/changes.h"

#include <sqlite3.h>

struct store;
struct erasure;

/* Sequence numbers, as they were found. */
struct seqs {
	int64_t *v;
	uint32_t n, cap;
};

/* ---- erase_main.c: rows of empowerd.db ------------------------------------------ */

#define STRIP_STATEMENTS 12
#define PEOPLE_TABLES 4

struct erase_main {
	sqlite3_stmt *event, *recipient, *receipt, *invited, *own, *person, *to, *who,
		*supporter, *step, *end;
	sqlite3_stmt *people[PEOPLE_TABLES];
	sqlite3_stmt *strip[STRIP_STATEMENTS];
};

/* [main] The file is open and migrated. */
EMP_MUST_CHECK enum emp_rc erase_main_prepare(struct erase_main *m, sqlite3 *db);
/* Events from <= number < to of the person, who did it or to whom it was done. */
EMP_MUST_CHECK enum emp_rc erase_main_find(struct erase_main *m,
					   const uint8_t person[PSEUDONYM_BYTES],
					   int64_t from, int64_t to, struct seqs *out);
/* What has its people in confidential.db under that key. */
EMP_MUST_CHECK enum emp_rc erase_main_find_people(struct erase_main *m, struct str key,
						  struct seqs *out);
/* The suggestion of the receipt; who supported one by it does so no longer by it. */
EMP_MUST_CHECK enum emp_rc
erase_main_find_receipt(struct erase_main *m, const uint8_t hash[RECEIPT_HASH_BYTES],
			struct seqs *out);
/* Takes texts and ids off one event; what refers to it still does. Once or more often,
 * it is the same. */
EMP_MUST_CHECK enum emp_rc erase_main_strip(struct erase_main *m, int64_t seq);
/* A suggestion that waits for an answer, which nobody can give or read any more, is
 * withdrawn from now (Unix ms) on: its clocks stop. */
EMP_MUST_CHECK enum emp_rc erase_main_end(struct erase_main *m, int64_t seq,
					  int64_t now_ms);
/* And off a step on a suggestion what was said in it, by whomever. */
EMP_MUST_CHECK enum emp_rc erase_main_strip_step(struct erase_main *m, int64_t seq);
/* Adds the first column of all rows. */
EMP_MUST_CHECK enum emp_rc erase_seqs(sqlite3_stmt *s, struct seqs *out);
/* Puts `now` in the place of `was` in one event; NULL for was: of whoever did it. */
EMP_MUST_CHECK enum emp_rc erase_main_rename(struct erase_main *m, int64_t seq,
					     const uint8_t *was,
					     const uint8_t now[PSEUDONYM_BYTES]);

/* ---- erase_sealed.c: rows of confidential.db ------------------------------------- */

/* In its open transaction. personnel_new: what stands for the person from now on; what
 * personal codes say is filled in. */
EMP_MUST_CHECK enum emp_rc erase_sealed(struct store *s, struct erase_what *what,
					const uint8_t personnel_new[PSEUDONYM_BYTES]);

/* Puts `now` in the place of `was`, wherever that is. */
EMP_MUST_CHECK enum emp_rc erase_sealed_rename(struct store *s,
					       const uint8_t was[PSEUDONYM_BYTES],
					       const uint8_t now[PSEUDONYM_BYTES]);

/* ---- erase.c --------------------------------------------------------------------- */

struct eraser {
	struct erasure *first, *last;
	struct erase_main main;
	uint64_t again; /* monotonic ns; before it nothing is tried */
	bool attended;  /* see erase_attended() */
	bool outdated;  /* boundaries are to be read again then */
	bool unclean;   /* what was erased may still be in a log */
	/* See retain.h. */
	struct retain *retain; /* under way */
	int64_t retained_day;  /* days since 1970; done then */
	uint64_t sliced;       /* monotonic ns; when the last slice ended */
};

/* [main] Takes up what was begun before. */
EMP_MUST_CHECK enum emp_rc erase_open(struct store *s);
/* [main] Refuses whoever still waits: the next start completes it. */
void erase_close(struct store *s);
/* A value that stands for somebody forgotten. */
void erase_nobody(uint8_t out[PSEUDONYM_BYTES]);
bool erase_is_nobody(const uint8_t person[PSEUDONYM_BYTES]);
/* Boundaries are in memory with their reasons, and under the pseudonyms of those who
 * hold them: reads them again. Not before somebody can be told of it. */
void erase_read_boundaries(struct store *s);
/* Something came from a worker: all are there, and are told of new definitions. */
void erase_attended(struct store *s);
/* Begins; done() of the change follows later, unless this fails. */
EMP_MUST_CHECK enum emp_rc erase_begin(struct store *s, struct store_change *c);
/* A slice of what there is to do; `busy`: if the last was long enough ago, as events
 * are waiting. */
void erase_step(struct store *s, bool busy);
/* How long the writer may sleep, ms; 0: there is work, -1: none at all. */
int erase_wait_ms(const struct store *s);

#endif
