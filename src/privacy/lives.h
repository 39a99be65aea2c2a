/* Figures of suggestions, from the lives of their rows: what adds up, and what runs
 * until a moment. One place, whoever shows them. Pure but for memory. [reader] */
#ifndef EMP_PRIVACY_LIVES_H
#define EMP_PRIVACY_LIVES_H

#include "base/tz.h"
#include "model/survival.h"
#include "model/voice.h"

/* What everything is measured by. */
struct lives_rule {
	const struct tz *tz;
	int64_t as_of; /* ms: clocks are read then */
	uint32_t sla_days;
	/* Confidential rows: what their authors did from this day on is not counted
	 * yet; ms. INT64_MAX otherwise. */
	int64_t today;
};

/* A clock of every row: how long it ran, and whether an answer stopped it. */
struct lives_clock {
	struct survival_item *v;
	uint32_t n, max;
};

enum lives_overdue { OVERDUE_ACKNOWLEDGEMENT, OVERDUE_FEEDBACK, OVERDUE_SLA, OVERDUES };

struct lives {
	uint64_t n;
	uint64_t acknowledged, triaged, answered, open, withdrawn, reopened;
	uint64_t supporters, told, adopted;
	uint64_t published, opened, negatives, reasoned;
	uint64_t overdue[OVERDUES];
	/* Of those that were acknowledged or answered, or should have been. */
	uint64_t acknowledged_due, acknowledged_in_time;
	uint64_t answered_due, answered_in_time;
	uint64_t rated, felt_heard; /* ratings, and their sum */
	struct lives_clock first, second;
};

/* The clock by which one that waits is, or may become, overdue. */
enum lives_overdue lives_overdue_clock(const struct lifecycle *l);

/* Zeroed is empty. */
void lives_fini(struct lives *s);
EMP_MUST_CHECK enum emp_rc lives_add(struct lives *s, const struct suggestion_row *row,
				     const struct lives_rule *rule);

#endif
