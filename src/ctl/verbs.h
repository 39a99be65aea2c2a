/* Commands that are rows of a table: what a verb sends where, which words and options
 * its fields come from, and how its answer is shown.
 *
 * A field is given by its option, or by a word: words fill, in the order of the table,
 * the fields with VERB_WORD that no option gave. What a field may hold, the daemon
 * knows; checked here is only what would make no well-formed request. [main] */
#ifndef EMP_CTL_VERBS_H
#define EMP_CTL_VERBS_H

#include "codec/json_tools.h"
#include "ctl/ctl.h"

enum verb_kind {
	VERB_TEXT,
	VERB_TIME, /* a text; digits that look like a year are refused */
	VERB_NUMBER,
	VERB_LIMIT,   /* a number, or "none": null */
	VERB_YES_NO,  /* true or false; in a query 1 or 0 */
	VERB_FLAG,    /* true where it is given */
	VERB_DRIVERS, /* "spend=yes,referral=no": an object */
	VERB_REF      /* an id; with --source an object of both */
};

enum verb_place {
	VERB_IN_DATA,  /* the body, or the data of an event */
	VERB_IN_EVENT, /* beside the data of an event */
	VERB_IN_QUERY,
	VERB_IN_PATH /* where {} stands */
};

#define VERB_WORD 1u /* may be given as a word */
#define VERB_MUST 2u
#define VERB_NO_OPTION CTL_OPT_COUNT
#define VERB_ONLY "" /* name of the verb of a command that has no other */

struct verb_field {
	const char *name; /* in the interface; NULL ends the list */
	uint8_t kind;     /* enum verb_kind */
	uint8_t place;    /* enum verb_place */
	uint8_t flags;
	uint8_t option; /* enum ctl_opt */
};

struct verb {
	const char *name; /* NULL ends the list */
	const char *method;
	const char *path; /* {}: the field in the path */
	const char
		*type; /* of the event that it posts; NULL: the fields are the body */
	const struct verb_field *fields;
	/* Shows an answer of success; NULL: the columns of its rows. */
	enum ctl_exit (*show)(struct ctl *c, const struct json_node *answer);
	const char *const *columns; /* NULL ends them */
};

/* Finds the verb, the first argument unless there is only one, and does it. */
enum ctl_exit ctl_verb_run(struct ctl *c, const struct verb *verbs);
/* A table of the rows of an answer; texts are clipped, and times too, to their day in
 * UTC, when a day is enough (`days`). Appends to out. */
EMP_MUST_CHECK enum emp_rc ctl_verb_table(const struct ctl *c,
					  const struct json_node *rows,
					  const char *const *columns, bool days,
					  struct buf *out);

/* Shows the rows of an answer as such a table, and where the next page begins. */
enum ctl_exit ctl_verb_rows(const struct ctl *c, const struct json_node *answer,
			    const char *const *columns, bool days);

#endif
