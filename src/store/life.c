/* What both files share of suggestions. Pure: nothing here touches a file. */
#include "store/life.h"

int64_t *
life_moment(struct lifecycle *l, int i)
{
	int64_t *const member[LIFE_MOMENT_COUNT] = {
		&l->acknowledged, &l->first_response,  &l->first_triage,
		&l->reopened,     &l->second_response, &l->first_reopened,
		&l->closed,       &l->withdrawn,       &l->first_seen};

	return member[i];
}

uint32_t *
life_count(struct lifecycle *l, int i)
{
	uint32_t *const member[LIFE_COUNT_COUNT] = {
		&l->published, &l->opened,      &l->negatives, &l->negatives_reasoned,
		&l->rounds,    &l->rated_round, &l->supporters};

	return member[i];
}

bool
life_is_step(const struct event *e)
{
	return event_type_class((enum event_type)e->type) == CLASS_BY_REF;
}

static struct lifecycle_step
step_of(const struct event *e, int64_t time)
{
	return (struct lifecycle_step){.type = e->type,
				       .status = e->status,
				       .will_examine = e->will_examine,
				       .automatic = e->automatic,
				       .reasoned = e->reason.n > 0,
				       .time = time};
}

/* What the token may see: its author's receipt is stronger than any token. */
static bool
visible(const struct life_at *at, const struct event *e, struct str unit)
{
	if (at->author)
		return true;
	return (at->life.kind != SUGGESTION_CONCERN || e->may_concern) &&
		unit_below(unit, e->only_unit);
}

enum emp_rc
life_judge(struct life_at *at, const struct event *e, int64_t time, struct str unit,
	   const uint8_t *own, bool again)
{
	struct lifecycle_step step = step_of(e, time);

	at->nothing = false;
	if (!visible(at, e, unit))
		return EMP_UNKNOWN_REF;
	if (e->type == EVENT_SUGGESTION_SUPPORTED &&
	    (again ||
	     (own != NULL && e->has_receipt &&
	      memcmp(own, e->receipt_hash, RECEIPT_HASH_BYTES) == 0)))
		return EMP_TRANSITION;
	switch (lifecycle_apply(&at->life, &step)) {
	case STEP_OK:
		return EMP_OK;
	case STEP_NOTHING:
		at->nothing = true;
		return EMP_OK;
	default:
		return EMP_TRANSITION;
	}
}
