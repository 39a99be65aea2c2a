/*
 * What the tests of reviews share: decisions and what follows them, and everything that
 * readers give of it.
 */
#ifndef TESTS_UNIT_REVIEW_SUPPORT_H
#define TESTS_UNIT_REVIEW_SUPPORT_H

#include "store/voice.h"
#include "store_support.h"

#define DAY_MS (S_PER_DAY * MS_PER_S)
#define ROWS_MAX 512
#define MONTH_2026 (56 * 12)

/* By a clerk about a refund. Person 0: nobody. */
struct event decision(const char *id, int person, const char *unit);
struct event review(const char *id, const char *of, enum verdict v);
/* About refunds, in north. */
struct event training(const char *id, enum event_type t, int person, int64_t time);
/* A private recognition that backs what `of` names; `to` is borrowed. */
struct event backing(const char *id, const char *of, struct identity *to);
/* Submits, and expects it to be stored, or refused for this reason. */
void stored(struct event e);
void refused(struct event e, enum emp_rc rc);
/* A number out of confidential.db. */
int64_t in_sealed(const char *sql);

/* All that readers give, kept. */
struct seen {
	struct store_read read;
	sem_t done;
	const uint8_t *person; /* whose evidence, NULL: of all */
	const uint8_t *code;
	uint64_t reviews, cells, deciders, backings, evidence, reviewed, trainings,
		requested, findings;
	struct review_cell cell[ROWS_MAX];
	char unit[ROWS_MAX][16];
	uint8_t who[ROWS_MAX];
	struct evidence_row row;
	char lesson[32];
	int64_t last_training;
	enum emp_rc rc, code_rc;
	uint8_t code_person;
};

/* Asks a reader of the store. Valid until the next call. */
const struct seen *ask(const uint8_t *person, const uint8_t *code);
/* Without the store: what a reader of the files alone gives. */
void ask_files(struct seen *s);

#endif
