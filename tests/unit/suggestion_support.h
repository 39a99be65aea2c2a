/*
 * What the tests of suggestions share: submissions and steps that are quick to write
 * down, for both files.
 */
#ifndef TESTS_UNIT_SUGGESTION_SUPPORT_H
#define TESTS_UNIT_SUGGESTION_SUPPORT_H

#include "model/lifecycle.h"
#include "store_support.h"

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

#endif
