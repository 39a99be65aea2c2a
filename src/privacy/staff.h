/* Employees who join, leave, are absent or recommend: rows of the rollup retention.
 *
 * These signals are personnel: figures are of blocks (delicate.c), by month or over
 * whole months, by unit alone, and of days that are over; nothing is said about one
 * person. What employees intend is sealed: its rows say "protected". [reader] */
#ifndef EMP_PRIVACY_STAFF_H
#define EMP_PRIVACY_STAFF_H

#include "privacy/rollup_impl.h"

struct staff;
/* In this order. Before job_merge: `alone` when employees are all that is asked for,
 * which settles the window, and what is refused (EMP_INVALID). Beside customers they
 * say "protected" where what is asked for does not fit them. */
EMP_MUST_CHECK enum emp_rc staff_new(struct staff **out, struct job *j, bool alone);
void staff_free(struct staff **s);
/* After job_merge, before job_layout. */
EMP_MUST_CHECK enum emp_rc staff_read(struct staff *s);
/* The columns that only these rows have. */
void staff_columns(struct job *j);
/* The rows of a signal, after job_layout. */
EMP_MUST_CHECK enum emp_rc staff_rows(struct staff *s, enum signal signal);

#endif
