/* Readers of suggestions: one file for each database, and what voice.h promises chooses
 * between them. [reader] */
#ifndef EMP_STORE_SUGGESTION_ROW_H
#define EMP_STORE_SUGGESTION_ROW_H

#include "store/page.h"
#include "store/reader_impl.h"
#include "store/voice.h"

typedef enum emp_rc suggestion_fn(void *ctx, const struct suggestion_row *row);
typedef enum emp_rc suggestion_step_fn(void *ctx,
				       const struct suggestion_step_row *row);

#define REQUEST_BIT (1u << SUGGESTION_BOUNDARY_REQUEST)
#define KIND_BITS ((1u << SUGGESTION_KIND_COUNT) - 2) /* without "none" */
#define STATE_BITS ((1u << STATE_COUNT) - 2)
/* Units of a subtree that are walked as roads; beyond, all rows are looked at. */
#define ROAD_UNITS_MAX 256u

/* f->kinds and f->states are settled: what is asked for, no more. */
EMP_MUST_CHECK enum emp_rc suggestion_page_main(struct store_reader *r,
						const struct suggestion_filter *f,
						uint32_t max, suggestion_fn *fn,
						void *ctx);
EMP_MUST_CHECK enum emp_rc suggestion_page_case(struct store_reader *r,
						const struct suggestion_filter *f,
						uint32_t max, suggestion_fn *fn,
						void *ctx);
EMP_MUST_CHECK enum emp_rc suggestion_lives_main(struct store_reader *r, bool requests,
						 int64_t from, int64_t to,
						 suggestion_fn *fn, void *ctx);
EMP_MUST_CHECK enum emp_rc suggestion_lives_case(struct store_reader *r, int64_t from,
						 int64_t to, suggestion_fn *fn,
						 void *ctx);
EMP_MUST_CHECK enum emp_rc suggestion_one_main(struct store_reader *r,
					       const struct suggestion_find *f,
					       bool *author, suggestion_fn *fn,
					       suggestion_step_fn *step, void *ctx);
EMP_MUST_CHECK enum emp_rc suggestion_one_case(struct store_reader *r,
					       const struct suggestion_find *f,
					       bool *author, suggestion_fn *fn,
					       suggestion_step_fn *step, void *ctx);

/* One road for each kind and state, by name where places are keys, else by number.
 * first, last: what stands before and behind them; NULL and 0: nothing. */
EMP_MUST_CHECK enum emp_rc suggestion_roads(struct page *p,
					    const struct road_source *source,
					    const struct suggestion_filter *f,
					    const struct road_arg *first,
					    const struct road_arg *last, int n_last);
/* 1, 0, or -1 for NULL. */
int8_t suggestion_tristate(sqlite3_stmt *s, int column);

#endif
