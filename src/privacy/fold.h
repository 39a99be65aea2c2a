/* Units of employees that are too small to be shown, and under which they count; see
 * fold.c. Of a job after job_levels; [any] thread that has the job. */
#ifndef EMP_PRIVACY_FOLD_H
#define EMP_PRIVACY_FOLD_H

#include "privacy/rollup_impl.h"

/* Each month by itself, those of fewer than K_ANONYMITY people. As job_levels. */
EMP_MUST_CHECK enum emp_rc job_fold(struct job *j);
/* After it: fold[unit] at t, Unix s. */
const uint32_t *job_fold_at(const struct job *j, int64_t t);
/* For what is of all time: those of fewer than `least` people at any moment at all, or
 * in the month of t; *people gets each unit's fewest of that. */
EMP_MUST_CHECK enum emp_rc job_fold_always(struct job *j, int64_t least);
EMP_MUST_CHECK enum emp_rc job_fold_month(struct job *j, int64_t t, int64_t least,
					  const int64_t **people);
/* The fewest people that were left of a unit beside what is shown inside of it, at any
 * moment of [from, to] at which there was anybody; 0: nobody, or not declared. */
EMP_MUST_CHECK enum emp_rc job_fold_left(const struct job *j, int64_t from, int64_t to,
					 const uint32_t *fold, int64_t *left);
void folds_drop(struct rollup_ctx *c);
/* By people[unit]: fold[unit], 0: under no unit. */
EMP_MUST_CHECK enum emp_rc job_fold_by(const struct job *j, const int64_t *people,
				       int64_t least, uint32_t *fold);

#endif
