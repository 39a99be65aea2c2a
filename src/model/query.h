/* What a dashboard asks for: a rollup query, checked, with names not yet resolved.
 *
 * Built parameter by parameter from the URL (or from the command line); every parameter
 * is one row of a table that says which rollups take it. Strings are borrowed from the
 * caller. [any] */
#ifndef EMP_MODEL_QUERY_H
#define EMP_MODEL_QUERY_H

#include "base/tz.h"
#include "model/event.h"

/* Everything that can be asked: rollups (/v1/rollups/NAME), then lists and reports with
 * routes of their own. */
enum rollup {
	ROLLUP_SATISFACTION,
	ROLLUP_RETENTION,
	ROLLUP_RECOGNITION,
	ROLLUP_PARTICIPATION,
	ROLLUP_SUGGESTIONS,
	ROLLUP_DECISIONS,
	ROLLUP_TRAINING,
	ROLLUP_CONTACT,
	ROLLUP_COUNT,
	ASK_COHERENCE = ROLLUP_COUNT,
	ASK_OVERVIEW,
	ASK_ALERTS,
	ASK_COMMENTS,
	ASK_RECOGNITION, /* the feed */
	ASK_BOUNDARIES,
	ASK_CANDIDATES,
	ASK_INITIATIVES,
	ASK_SUGGESTIONS, /* the list */
	ASK_SUGGESTION,  /* one, by q->id */
	ASK_RECEIPT,     /* one, by q->code */
	ASK_ME,          /* a person's own evidence, by q->code */
	ASK_AUDIT,       /* who read what employees wrote */
	ASK_COUNT
};
enum step { STEP_ALL, STEP_MINUTE, STEP_HOUR, STEP_DAY, STEP_WEEK, STEP_MONTH };
enum shape { SHAPE_ROWS, SHAPE_COLUMNS };
enum format { FORMAT_JSON, FORMAT_CSV };

/* Fields of rows that group_by may name: the dimensions first (same numbers), then
 * these. */
enum field {
	FIELD_AUDIENCE = DIM_COUNT,
	FIELD_SURVEY,
	FIELD_QUESTION,
	FIELD_SIGNAL,
	FIELD_KIND,
	FIELD_CLASS,
	FIELD_ROLE,
	FIELD_COUNT
};

#define QUERY_VALUES_MAX 32 /* values in one filter, comma-separated */
#define QUERY_ROWS_MAX 100000
#define QUERY_LIMIT 50 /* rows of a page */
#define QUERY_LIMIT_MAX 500
#define QUERY_DAYS 28
#define QUERY_DAYS_MAX 366
#define QUERY_FOREVER_FROM 0LL
#define QUERY_FOREVER_TO 9214646400LL /* 2262-01-01, behind every event */

struct query_filter {
	uint32_t n; /* 0: no filter */
	struct str value[QUERY_VALUES_MAX];
};

#define QUERY_DEPTH_MAX 128 /* no unit has more parts */

struct query {
	const struct tz *tz; /* of dates; NULL: UTC. Set after query_init, borrowed */
	uint32_t seen;       /* bit per row of the table of parameters */
	uint8_t rollup;      /* enum rollup */
	uint8_t step;
	uint8_t shape;
	uint8_t format;
	bool fill;
	bool from_given, to_given, as_of_given;
	int64_t from, to; /* Unix s, half open, as asked */
	int64_t as_of;
	uint32_t depth;             /* parts of the unit path kept; 0: as recorded */
	uint32_t group;             /* bit per enum field */
	uint8_t order[FIELD_COUNT]; /* the fields in the order asked */
	uint32_t n_order;
	struct query_filter filter[FIELD_COUNT];
	/* Lists. Of audience, unit and survey a page takes at most one. */
	uint32_t states; /* bit per enum suggestion_state (`state`); 0: all */
	struct str category;
	bool overdue, board;
	uint32_t days;     /* initiatives: before and after; QUERY_DAYS unless asked */
	uint32_t limit;    /* rows of a page; QUERY_LIMIT unless asked */
	struct str cursor; /* `next` of the page before; n == 0: the first */
	struct str source; /* of q->id; n == 0: any */
	/* Not parameters: set by the route. */
	struct str id;     /* of the path */
	bool has_code;     /* receipt or personal code, as hash */
	bool confidential; /* the code: in which file */
	uint8_t code[RECEIPT_HASH_BYTES];
	uint32_t scopes;      /* of the token; 0: none */
	struct str only_unit; /* of the token; n == 0: all */
};

enum rollup rollup_find(struct str name); /* ROLLUP_COUNT when unknown */
const char *rollup_name(enum rollup r);   /* of everything that can be asked */
const char *field_name(enum field f);
const char *step_name(enum step s);
/* The bucket unit of a step; not for STEP_ALL. */
enum tz_unit step_unit(enum step s);

/* Row i of the table of parameters, NULL behind the last: for documents and tests.
 * *taken: by that rollup. */
const char *query_parameter(size_t i, enum rollup r, bool *taken);

void query_init(struct query *q, enum rollup r);
/* Unknown or repeated name, bad value, identity as a dimension: EMP_INVALID with the
 * parameter's name as pointer. */
EMP_MUST_CHECK enum emp_rc query_set(struct query *q, struct str name, struct str value,
				     struct problem *p);
/* After the last parameter: the window is not empty, shape and format agree, buckets
 * that are to be filled are not too many. */
EMP_MUST_CHECK enum emp_rc query_check(const struct query *q, struct problem *p);

#endif
