/*
 * What the tests of suggestions share: submissions and steps that are quick to write
 * down, for both files.
 */
#ifndef TESTS_UNIT_SUGGESTION_SUPPORT_H
#define TESTS_UNIT_SUGGESTION_SUPPORT_H

#include "model/lifecycle.h"
#include "store/voice.h"
#include "store_support.h"

#define LISTED_MAX 4096
#define STEPS_MAX 512

/* A receipt, as its hash. */
void suggestion_receipt(struct event *e, unsigned receipt);
/* The key of an employee's suggestion. */
void suggestion_handle(struct event *e, unsigned handle);

/* A customer's, with that id and receipt. */
struct event suggestion_new(const char *id, enum suggestion_kind kind,
			    unsigned receipt);
/* An employee's, with the handle of that number and the receipt of the same. */
struct event case_new(unsigned number, enum suggestion_kind kind);

/* A step: by its author's receipt where it takes one, else by id or handle.
 * arg: acknowledged: automatic; triaged: will be examined; answered: status; rated:
 * felt_heard; supported: the supporter's receipt, 0 none. Negatives have a reason. */
struct event suggestion_step_on(const char *id, unsigned receipt, enum event_type type,
				int arg);
struct event case_step_on(unsigned number, enum event_type type, int arg);

/* What a reader of the daemon was given: of each row what the tests look at, of the
 * last one its steps. */
struct listed {
	int64_t seq;
	uint8_t key[HANDLE_BYTES];
	char id[64], category[64], title[64], body[64], unit[64];
	bool has_person;
	struct lifecycle life;
	uint8_t felt_heard;
};
struct reading {
	struct store_read read;
	sem_t done;
	/* What is asked: a page, all lives, or one. */
	const struct suggestion_filter *filter;
	const struct suggestion_find *find;
	enum audience audience;
	uint32_t max;
	enum emp_rc rc;
	bool author;
	uint32_t n, n_steps;
	struct listed row[LISTED_MAX];
	struct lifecycle_step step[STEPS_MAX];
	uint8_t felt_heard[STEPS_MAX];
};
/* The last reading; static, for it is large. */
extern struct reading reading;
void suggestion_list(const struct suggestion_filter *f, enum audience a, uint32_t max);
void suggestion_lives(enum audience a);
enum emp_rc suggestion_read(const struct suggestion_find *f);
/* By the number that suggestion_receipt() was given. */
enum emp_rc suggestion_read_receipt(unsigned receipt, bool confidential);

/* Random steps on some suggestions: each has the outcome that the table says, and at
 * the end state and history say the same. */
void suggestion_walk(unsigned seed, bool confidential);
bool same_life(const struct lifecycle *a, const struct lifecycle *b);

#endif
