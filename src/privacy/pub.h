/* What may be published, and the only type that has encoders.
 *
 * A rollup is a table: rows that share groups and buckets of time, and a list of
 * columns, each with a name and a function that gives its value for a row. JSON rows,
 * JSON columns and CSV follow from that list, so that a new rollup, or a new figure, is
 * a few lines of a table. A list is a table, too, with texts in its rows and the place
 * where its next page begins; one thing alone is a table of one row. Everything lives
 * in one arena. [worker] or [reader], one thread per answer. */
#ifndef EMP_PRIVACY_PUB_H
#define EMP_PRIVACY_PUB_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/metrics.h"
#include "model/query.h"

#define PUB_FIGURES 12 /* numbers of a row, where a table says nothing else */

/* What a row is about, beside its key and time: shared by rows. */
struct pub_group {
	uint8_t audience;
	struct str text[DIM_COUNT]; /* n == 0: none, null */
};

struct pub_row {
	const struct pub_group *group;
	struct str key[2]; /* survey and question; signal; kind */
	struct str time;   /* quoted nowhere; n == 0: none */
	bool suppressed;   /* n null, "suppressed":"protected", and no more */
	bool grouped;      /* suppressed, yet its group has rows that are not */
	const struct question *question; /* satisfaction: its scale; NULL: none */
	const uint64_t *count;           /* its slots: question->width; decisions */
	uint64_t n;
	double *figure;   /* as many as the table says; NAN: null */
	struct str *text; /* likewise; n == 0: null */
	uint32_t flags;   /* yes or no, a bit each */
};

enum pub_kind {
	PUB_SKIP, /* does not apply: left out of a row, empty in a table */
	PUB_NULL,
	PUB_TEXT,
	PUB_COUNT,
	PUB_FIGURE,
	PUB_BOOL,      /* of count */
	PUB_HISTOGRAM, /* value -> count */
	PUB_OPTIONS,   /* option -> count */
	PUB_SHARES     /* option -> percentage of people */
};

struct pub_value {
	uint8_t kind; /* enum pub_kind */
	struct str text;
	uint64_t count;
	double figure;
};

struct pub_column {
	const char *name;
	void (*get)(const struct pub_column *c, const struct pub_row *r,
		    struct pub_value *v);
	uint8_t arg; /* which key, dimension, figure, text or flag */
};

/* A second, smaller list of the answer: figures over all kinds, cohorts. */
struct pub_table {
	const char *name;
	const struct pub_column *columns;
	uint32_t n_columns;
	uint32_t n_figures, n_texts; /* of a row; 0: PUB_FIGURES, no texts */
	bool one; /* beside the rows: its only row, null where there is none */
	struct pub_row *rows;
	uint32_t n, max;
};

#define PUB_COLUMNS_MAX 64
#define PUB_EXTRA_MAX 12
#define PUB_SCALARS_MAX 4

struct pub_cohort {
	struct str month; /* "2026-01" */
	uint64_t size;
	double active[12]; /* NAN: not yet over the threshold of that month */
};

enum pub_form {
	PUB_ROLLUP, /* {"from","to","as_of","step","rows":[...], ...} */
	PUB_LIST,   /* {"as_of","rows":[...], ...,"next"}; as_of where there is one */
	PUB_ONE     /* the members of the only row, then the tables beside it */
};

struct rollup_pub {
	struct arena arena;
	uint8_t form;    /* enum pub_form */
	struct str next; /* PUB_LIST: cursor of the next page; n == 0: none follows */
	struct str from, to, as_of; /* n == 0: null */
	const char *step;
	bool incomplete;
	bool words; /* it may hold what employees wrote: that is on record before it
		       leaves */
	struct pub_column columns[PUB_COLUMNS_MAX];
	struct pub_table rows;
	/* Beside the rows, JSON only. */
	struct pub_table extra[PUB_EXTRA_MAX];
	uint32_t n_extra;
	struct pub_scalar {
		const char *name;
		double v; /* NAN: null */
	} scalar[PUB_SCALARS_MAX];
	uint32_t n_scalars;
	const struct pub_cohort *cohorts; /* with has_cohorts */
	uint32_t n_cohorts;
	bool has_cohorts;
	const char *note;       /* for the reader of the answer; NULL: none */
	const char *missing[8]; /* events without which a figure is null */
	uint32_t n_missing;
};

void pub_init(struct rollup_pub *p);
void pub_fini(struct rollup_pub *p);
/* A row with everything unset, NULL when out of memory. */
struct pub_row *pub_row_add(struct rollup_pub *p, struct pub_table *t);
/* Appends to the columns of the rows. */
void pub_column_add(struct rollup_pub *p, const struct pub_column *c);
/* A figure of the whole answer. */
void pub_scalar_add(struct rollup_pub *p, const char *name, double v);
/* Once each. */
void pub_missing(struct rollup_pub *p, const char *event);

/* Getters for tables of columns. */
void pub_get_audience(const struct pub_column *c, const struct pub_row *r,
		      struct pub_value *v);
void pub_get_key(const struct pub_column *c, const struct pub_row *r,
		 struct pub_value *v);
void pub_get_dim(const struct pub_column *c, const struct pub_row *r,
		 struct pub_value *v);
void pub_get_time(const struct pub_column *c, const struct pub_row *r,
		  struct pub_value *v);
void pub_get_n(const struct pub_column *c, const struct pub_row *r,
	       struct pub_value *v);
void pub_get_count(const struct pub_column *c, const struct pub_row *r,
		   struct pub_value *v); /* a figure that is a whole number */
void pub_get_slot(const struct pub_column *c, const struct pub_row *r,
		  struct pub_value *v); /* one of its slots */
void pub_get_figure(const struct pub_column *c, const struct pub_row *r,
		    struct pub_value *v);
void pub_get_text(const struct pub_column *c, const struct pub_row *r,
		  struct pub_value *v);
/* Left out where it is empty. */
void pub_get_text_if(const struct pub_column *c, const struct pub_row *r,
		     struct pub_value *v);
void pub_get_flag(const struct pub_column *c, const struct pub_row *r,
		  struct pub_value *v);
void pub_get_suppressed(const struct pub_column *c, const struct pub_row *r,
			struct pub_value *v);
/* Whether somebody vouched for the people of a release; in flags, left out where the
 * row has none. */
#define PUB_RELEASED 0x100u
#define PUB_VERIFIED 0x200u
void pub_get_verified(const struct pub_column *c, const struct pub_row *r,
		      struct pub_value *v);

/* What a published row says in the column of that name; NAN where it says null or
 * nothing. Answers that are made of others are made of this, so that they show nothing
 * that those would not. */
double pub_read(const struct pub_table *t, const struct pub_row *r, const char *column);
/* The extra table of that name, NULL: there is none. */
const struct pub_table *pub_table_find(const struct rollup_pub *p, const char *name);

/* "2026-01-01T00:00:00+01:00" in the zone, "Z" where it stands at UTC. The text lives
 * in the arena; n == 0 when out of memory. */
struct str pub_time(struct rollup_pub *p, const struct tz *tz, int64_t t_ms);

/* pub.c, encode.c: into `out`, whose state says whether it worked. */
void pub_encode(const struct rollup_pub *p, enum format format, enum shape shape,
		struct buf *out);

#endif
