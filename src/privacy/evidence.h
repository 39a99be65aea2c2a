/* Evidence for asking that a boundary be widened, added up by role, class and unit: for
 * groups in candidates.c, for one person alone in me.c. [reader] */
#ifndef EMP_PRIVACY_EVIDENCE_H
#define EMP_PRIVACY_EVIDENCE_H

#include "privacy/rollup_impl.h"
#include "store/voice.h"

#define TRAINING_CURRENT_DAYS 365

struct evidence_group {
	struct str role, matter;
	uint32_t unit;      /* as shown; 0: none */
	uint32_t deciders;  /* different people */
	uint32_t untrained; /* of these, without what the boundary requires */
	uint64_t decisions;
	int64_t newest; /* of its decisions, ms */
	struct str unit_of_newest;
	int64_t *cents; /* amounts */
	uint32_t n_cents, max_cents;
	const struct boundary *boundary; /* in force; NULL: none */
	struct candidate_facts facts;
	struct candidate result;
};

struct evidence;
/* `until`: decisions, reviews and trainings of later do not count, ms. */
EMP_MUST_CHECK enum emp_rc evidence_new(struct evidence **out, struct job *j,
					int64_t until);
void evidence_free(struct evidence **e);
/* One decision, to the group of that unit. */
EMP_MUST_CHECK enum emp_rc evidence_add(struct evidence *e, uint32_t unit,
					const struct evidence_row *row);
/* After the last: boundaries at that moment (ms), trainings, figures; groups by role,
 * class and unit. `person`: whose boundaries, too; NULL: nobody's. */
EMP_MUST_CHECK enum emp_rc evidence_settle(struct evidence *e, int64_t at,
					   const uint8_t *person);
uint32_t evidence_count(const struct evidence *e);
const struct evidence_group *evidence_at(const struct evidence *e, uint32_t i);

#endif
