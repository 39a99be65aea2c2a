/* What headcount.set and base.set declared: figures that hold from a moment on, by
 * unit. A unit's figure is about its subtree: its own declaration, or else the sum of
 * its children's. [reader], one thread per struct. */
#ifndef EMP_AGG_LEVELS_H
#define EMP_AGG_LEVELS_H

#include "base/intern.h"
#include "model/metrics.h"
#include "model/row.h"

enum level_kind {
	LEVEL_HEADCOUNT,
	LEVEL_LEADERS,
	LEVEL_ACTIVE,
	LEVEL_POSSIBLE, /* hundredths of a day that could be worked in a month */
	LEVEL_KINDS
};

struct levels;
EMP_MUST_CHECK enum emp_rc levels_new(struct levels **out, const struct intern *units);
void levels_free(struct levels **l);
/* In order of time, then sequence. A struct levels: callback of store_read_levels. */
EMP_MUST_CHECK enum emp_rc levels_feed(void *l, const struct level_row *row);
/* Whether the unit was ever declared with a figure of that audience. */
bool levels_declared(const struct levels *l, uint32_t unit);
/* When the first figure of any unit holds from, Unix s; INT64_MAX: there is none. */
int64_t levels_first(const struct levels *l, enum level_kind k);
/* The first moment after t from which another holds, likewise. */
int64_t levels_next(const struct levels *l, enum level_kind k, int64_t t);
uint32_t levels_units(const struct levels *l); /* ids 1 .. this are known */
/* Every unit's figure in force at t (Unix s) into out[0 .. levels_units], [0] being the
 * whole instance; -1: nothing declared. */
void levels_at(const struct levels *l, enum level_kind k, int64_t t, int64_t *out);
/* Every unit's figures, as levels_at, at `from` and at each later moment up to `to`
 * from which on something else holds, ascending, with the n units whose figures may be
 * others than at the last one, at `from` all; until visit returns. */
typedef void levels_visit_fn(void *ctx, const int64_t *at, const uint32_t *changed,
			     uint32_t n);
EMP_MUST_CHECK enum emp_rc levels_visit(const struct levels *l, enum level_kind k,
					int64_t from, int64_t to,
					levels_visit_fn *visit, void *ctx);
/* The smallest figure in force at any moment of [from, to], where one was. */
EMP_MUST_CHECK enum emp_rc levels_lowest(const struct levels *l, enum level_kind k,
					 int64_t from, int64_t to, int64_t *out);
/* Mean of each unit's figure over [from, to), weighted by time, of the part where one
 * was in force; NAN: at no moment. to is finite. */
EMP_MUST_CHECK enum emp_rc levels_mean(const struct levels *l, enum level_kind k,
				       int64_t from, int64_t to, double *out);

#endif
