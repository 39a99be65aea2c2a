/* empowerctl report, inside: what is asked (a table of sections), grids of cells made
 * of the answers, and three ways to write them.
 *
 * Every figure is the daemon's: nothing is computed here but the length of bars. [main]
 */
#ifndef EMP_CTL_REPORT_H
#define EMP_CTL_REPORT_H

#include "codec/json_tools.h"
#include "ctl/ctl.h"

#define REPORT_KEYS_MAX 5
#define REPORT_FIGURES_MAX 26
#define REPORT_TABLES_MAX 4
#define REPORT_BAR_CELLS 24

enum report_form {
	REPORT_ACROSS, /* a line per row, a column per figure */
	REPORT_DOWN,   /* a line per figure */
	REPORT_PAIRS   /* a line per member x of an object that has previous_x */
};

/* A table made of one answer. */
struct report_table {
	const char *title;
	const char *member; /* of the answer; NULL: the answer is the only row */
	const char *keys[REPORT_KEYS_MAX];
	const char *figures[REPORT_FIGURES_MAX];
	uint8_t form; /* enum report_form */
	bool no_bars;
	bool monthly; /* of all time by month: only rows of the month, or of none */
};

/* Parameters beside those in the path. */
#define REPORT_WINDOW 1u /* from and to */
#define REPORT_UNIT 2u   /* unit, where one is asked for */

struct report_section {
	const char *title; /* NULL ends the list */
	const char *note;  /* what the figures are, in a sentence or two */
	const char *path;
	unsigned parameters;
	struct report_table tables[REPORT_TABLES_MAX];
};
extern const struct report_section report_sections[];

/* A table as text; the last row comes last, the titles first. */
struct report_grid {
	struct ctl_table t;
	size_t n_keys;
	size_t n_rows;
	size_t n_hidden; /* rows that are protected */
	double *part;    /* of a bar, per row: 0-1; NAN: none */
	bool has_bars;
	bool names;       /* the last key is the name of a figure */
	struct str month; /* rows of other times are left out; n == 0: none are */
};

/* What is there of `t` in an answer. Figures that no row has are left out. `month`: its
 * start, as rows say it. `exact`: with all decimals, and nothing for null. EMP_NOMEM.
 */
EMP_MUST_CHECK enum emp_rc report_grid_make(struct report_grid *g,
					    const struct report_table *t,
					    const struct json_node *answer,
					    struct str month, bool exact);
void report_grid_fini(struct report_grid *g);

struct report_head {
	const char *month;
	const char *unit; /* NULL: all */
	struct str from, to;
};

struct report_writer {
	bool exact;
	void (*begin)(struct buf *out, const struct ctl_term *t,
		      const struct report_head *h);
	void (*section)(struct buf *out, const struct ctl_term *t,
			const struct report_section *s);
	/* `title` may be NULL. */
	void (*grid)(struct buf *out, const struct ctl_term *t,
		     const struct report_section *s, const char *title,
		     const struct report_grid *g);
	/* A sentence below the tables. */
	void (*remark)(struct buf *out, struct str text);
	void (*section_end)(struct buf *out);
	void (*end)(struct buf *out);
};
extern const struct report_writer report_text, report_html, report_csv;

/* Appends text so that it is only text in HTML, also between quotes. */
void report_html_escape(struct buf *out, struct str s);

#endif
