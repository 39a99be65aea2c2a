/* Adding up the lives of suggestions. */
#include "privacy/lives.h"

#include "base/array.h"

#include <stdlib.h>

void
lives_fini(struct lives *s)
{
	free(s->first.v);
	free(s->second.v);
	*s = (struct lives){0};
}

static enum emp_rc
clock_add(struct lives_clock *c, struct survival_item wait)
{
	if (!array_reserve(&c->v, &c->max, c->n + 1, sizeof *c->v))
		return EMP_NOMEM;
	c->v[c->n++] = wait;
	return EMP_OK;
}

static bool
adopted(const struct lifecycle *l)
{
	return l->state != STATE_WITHDRAWN && l->status >= STATUS_ACCEPTED &&
		l->status <= STATUS_DONE;
}

/* What is counted as it stands now. */
static void
add_counts(struct lives *s, const struct suggestion_row *row, int64_t today)
{
	const struct lifecycle *l = &row->life;
	bool withdrawn = l->state == STATE_WITHDRAWN && l->withdrawn < today;
	bool seen = l->first_seen != 0 && l->first_seen < today;

	s->n++;
	s->acknowledged += l->acknowledged != 0;
	s->triaged += l->first_triage != 0;
	s->answered += l->status != STATUS_NONE;
	s->withdrawn += withdrawn;
	s->open += l->state == STATE_WITHDRAWN
		? !withdrawn
		: !suggestion_state_closed((enum suggestion_state)l->state);
	s->reopened += l->rounds > 1;
	s->supporters += l->supporters;
	s->told += seen && l->first_response != 0 && l->opened > 0;
	s->adopted += adopted(l);
	s->published += l->published;
	s->opened += seen ? l->opened : 0;
	s->negatives += l->negatives;
	s->reasoned += l->negatives_reasoned;
	if (row->audience == AUDIENCE_CUSTOMER && row->felt_heard != 0) {
		s->rated++;
		s->felt_heard += row->felt_heard;
	}
}

static bool
by_then(int64_t moment, int64_t as_of)
{
	return moment != 0 && moment <= as_of;
}

/* A clock that has not been stopped, and whose time is not over, says nothing yet. */
static void
add_due(struct lives *s, const struct lifecycle *l, const struct lives_rule *rule)
{
	bool concern = l->kind == SUGGESTION_CONCERN;
	bool responded = by_then(l->first_response, rule->as_of);
	struct due d;

	lifecycle_due(l, rule->sla_days, rule->tz, rule->as_of, &d);
	if (concern &&
	    (!d.acknowledged_in_time || by_then(l->acknowledged, rule->as_of) ||
	     responded)) {
		s->acknowledged_due++;
		s->acknowledged_in_time += d.acknowledged_in_time;
	}
	if (!d.answered_in_time || responded) {
		s->answered_due++;
		s->answered_in_time += d.answered_in_time;
	}
	if (d.overdue)
		s->overdue[lives_overdue_clock(l)]++;
}

enum lives_overdue
lives_overdue_clock(const struct lifecycle *l)
{
	if (l->kind != SUGGESTION_CONCERN)
		return OVERDUE_SLA;
	return l->reopened == 0 && l->acknowledged == 0 && l->first_response == 0
		? OVERDUE_ACKNOWLEDGEMENT
		: OVERDUE_FEEDBACK;
}

enum emp_rc
lives_add(struct lives *s, const struct suggestion_row *row,
	  const struct lives_rule *rule)
{
	const struct lifecycle *l = &row->life;
	struct survival_item wait;
	enum emp_rc rc;

	add_counts(s, row, rule->today);
	if (!lifecycle_wait(l, rule->as_of, &wait))
		return EMP_OK;
	add_due(s, l, rule);
	rc = clock_add(&s->first, wait);
	if (rc == EMP_OK && lifecycle_second_wait(l, rule->as_of, &wait))
		rc = clock_add(&s->second, wait);
	return rc;
}
