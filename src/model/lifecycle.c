/* The transition table, and the clocks that follow from the moments it keeps.
 *
 * What a step does to the state is in the table and nowhere else; the functions below
 * it only note moments and counts. */
#include "model/lifecycle.h"

#include "base/tz.h"

#define MS 1000LL

#define BIT(state) (1u << STATE_##state)
/* Nobody has responded in this round. */
#define WAITING (BIT(SUBMITTED) | BIT(RECEIVED) | BIT(ACKNOWLEDGED) | BIT(REOPENED))
#define UNDECIDED (WAITING | BIT(EXAMINING))
#define PROMISED (BIT(ACCEPTED) | BIT(PLANNED) | BIT(STARTED))
#define OPEN (UNDECIDED | PROMISED)
/* Closed, but not for good. */
#define ENDED (BIT(NOT_EXAMINED) | BIT(DONE) | BIT(DECLINED) | BIT(DUPLICATE))
#define CLOSED (ENDED | BIT(WITHDRAWN))

static const struct lifecycle_rule rules[] = {
	{.name = "acknowledged auto",
	 .type = EVENT_SUGGESTION_ACKNOWLEDGED,
	 .automatic = true,
	 .from = BIT(SUBMITTED) | BIT(REOPENED),
	 .to = STATE_RECEIVED},
	{.name = "acknowledged",
	 .type = EVENT_SUGGESTION_ACKNOWLEDGED,
	 .from = WAITING & ~BIT(ACKNOWLEDGED),
	 .to = STATE_ACKNOWLEDGED},
	{.name = "triaged will_examine",
	 .type = EVENT_SUGGESTION_TRIAGED,
	 .will_examine = true,
	 .from = WAITING,
	 .to = STATE_EXAMINING},
	{.name = "triaged",
	 .type = EVENT_SUGGESTION_TRIAGED,
	 .from = WAITING,
	 .to = STATE_NOT_EXAMINED},
	{.name = "answered accepted",
	 .type = EVENT_SUGGESTION_ANSWERED,
	 .status = STATUS_ACCEPTED,
	 .from = UNDECIDED,
	 .to = STATE_ACCEPTED},
	{.name = "answered planned",
	 .type = EVENT_SUGGESTION_ANSWERED,
	 .status = STATUS_PLANNED,
	 .from = UNDECIDED | BIT(ACCEPTED),
	 .to = STATE_PLANNED},
	{.name = "answered started",
	 .type = EVENT_SUGGESTION_ANSWERED,
	 .status = STATUS_STARTED,
	 .from = UNDECIDED | BIT(ACCEPTED) | BIT(PLANNED),
	 .to = STATE_STARTED},
	{.name = "answered done",
	 .type = EVENT_SUGGESTION_ANSWERED,
	 .status = STATUS_DONE,
	 .from = OPEN,
	 .to = STATE_DONE},
	{.name = "answered declined",
	 .type = EVENT_SUGGESTION_ANSWERED,
	 .status = STATUS_DECLINED,
	 .from = OPEN,
	 .to = STATE_DECLINED},
	{.name = "answered duplicate",
	 .type = EVENT_SUGGESTION_ANSWERED,
	 .status = STATUS_DUPLICATE,
	 .from = UNDECIDED | BIT(ACCEPTED) | BIT(PLANNED),
	 .to = STATE_DUPLICATE},
	{.name = "reopened",
	 .type = EVENT_SUGGESTION_REOPENED,
	 .from = ENDED,
	 .to = STATE_REOPENED},
	{.name = "replied",
	 .type = EVENT_SUGGESTION_REPLIED,
	 .from = ENDED,
	 .to = STATE_REOPENED},
	{.name = "replied", .type = EVENT_SUGGESTION_REPLIED, .from = OPEN},
	{.name = "withdrawn",
	 .type = EVENT_SUGGESTION_WITHDRAWN,
	 .from = OPEN,
	 .to = STATE_WITHDRAWN},
	{.name = "seen", .type = EVENT_SUGGESTION_SEEN, .from = OPEN | CLOSED},
	{.name = "rated",
	 .type = EVENT_SUGGESTION_RATED,
	 .from = (OPEN & ~WAITING) | ENDED},
	{.name = "supported", .type = EVENT_SUGGESTION_SUPPORTED, .from = OPEN},
};
#define RULES (sizeof rules / sizeof rules[0])

static const char *const state_names[] = {
	[STATE_SUBMITTED] = "submitted",
	[STATE_RECEIVED] = "received",
	[STATE_ACKNOWLEDGED] = "acknowledged",
	[STATE_EXAMINING] = "examining",
	[STATE_NOT_EXAMINED] = "not_examined",
	[STATE_ACCEPTED] = "accepted",
	[STATE_PLANNED] = "planned",
	[STATE_STARTED] = "started",
	[STATE_DONE] = "done",
	[STATE_DECLINED] = "declined",
	[STATE_DUPLICATE] = "duplicate",
	[STATE_WITHDRAWN] = "withdrawn",
	[STATE_REOPENED] = "reopened",
};
_Static_assert(sizeof state_names / sizeof state_names[0] == STATE_COUNT,
	       "name every state");

const char *
suggestion_state_name(enum suggestion_state s)
{
	return (unsigned)s < STATE_COUNT ? state_names[s] : NULL;
}

enum suggestion_state
suggestion_state_find(struct str name)
{
	for (unsigned i = STATE_SUBMITTED; i < STATE_COUNT; i++) {
		if (str_is(name, state_names[i]))
			return (enum suggestion_state)i;
	}
	return STATE_NONE;
}

static bool
in(unsigned state, uint32_t states)
{
	return states >> state & 1;
}

bool
suggestion_state_closed(enum suggestion_state s)
{
	return (unsigned)s < STATE_COUNT && in(s, CLOSED);
}

const struct lifecycle_rule *
lifecycle_rules(size_t *n)
{
	*n = RULES;
	return rules;
}

void
lifecycle_init(struct lifecycle *l, enum suggestion_kind kind, int64_t time)
{
	*l = (struct lifecycle){
		.state = STATE_SUBMITTED,
		.kind = (uint8_t)kind,
		.submitted = time,
		.rounds = 1,
	};
}

/* Of the fields of a step only those count that its type has. */
static bool
same_step(const struct lifecycle_rule *r, const struct lifecycle_step *s)
{
	if (r->type != s->type)
		return false;
	switch ((enum event_type)s->type) {
	case EVENT_SUGGESTION_ACKNOWLEDGED:
		return r->automatic == s->automatic;
	case EVENT_SUGGESTION_TRIAGED:
		return r->will_examine == (s->will_examine == 1);
	case EVENT_SUGGESTION_ANSWERED:
		return r->status == s->status;
	default:
		return true;
	}
}

static const struct lifecycle_rule *
rule_for(const struct lifecycle *l, const struct lifecycle_step *s)
{
	for (size_t i = 0; i < RULES; i++) {
		if (same_step(&rules[i], s) && in(l->state, rules[i].from))
			return &rules[i];
	}
	return NULL;
}

static void
set_once(int64_t *moment, int64_t time)
{
	if (*moment == 0)
		*moment = time;
}

/* A triage or an answer. */
static void
note_response(struct lifecycle *l, const struct lifecycle_step *s, int64_t time)
{
	bool negative;

	set_once(&l->first_response, time);
	if (l->first_reopened != 0)
		set_once(&l->second_response, time);
	if (s->type == EVENT_SUGGESTION_TRIAGED) {
		set_once(&l->first_triage, time);
		negative = s->will_examine != 1;
	} else {
		l->status = s->status;
		negative = s->status == STATUS_DECLINED;
	}
	l->published++;
	l->negatives += negative;
	l->negatives_reasoned += negative && s->reasoned;
}

static void
note_reopening(struct lifecycle *l, int64_t time)
{
	l->rounds++;
	l->reopened = time;
	set_once(&l->first_reopened, time);
	l->closed = 0;
}

static void
note_step(struct lifecycle *l, const struct lifecycle_step *s, int64_t time)
{
	switch ((enum event_type)s->type) {
	case EVENT_SUGGESTION_ACKNOWLEDGED:
		if (s->automatic)
			l->auto_acknowledged = true;
		else
			set_once(&l->acknowledged, time);
		break;
	case EVENT_SUGGESTION_TRIAGED:
	case EVENT_SUGGESTION_ANSWERED:
		note_response(l, s, time);
		break;
	case EVENT_SUGGESTION_SEEN:
		set_once(&l->first_seen, time);
		l->opened = l->published;
		break;
	case EVENT_SUGGESTION_RATED:
		l->rated_round = l->rounds;
		break;
	case EVENT_SUGGESTION_SUPPORTED:
		l->supporters++;
		break;
	case EVENT_SUGGESTION_WITHDRAWN:
		l->withdrawn = time;
		break;
	default:
		break;
	}
}

/* The moment that the next step follows on. */
static int64_t
base_moment(const struct lifecycle *l)
{
	int64_t base = l->submitted;

	if (l->reopened > base)
		base = l->reopened;
	return l->closed > base ? l->closed : base;
}

enum lifecycle_verdict
lifecycle_apply(struct lifecycle *l, const struct lifecycle_step *s)
{
	const struct lifecycle_rule *r = rule_for(l, s);
	int64_t base = base_moment(l);
	int64_t time = s->time > base ? s->time : base;

	if (r == NULL)
		return STEP_ILLEGAL;
	if (s->type == EVENT_SUGGESTION_RATED && l->rated_round == l->rounds)
		return STEP_ILLEGAL;
	if (s->type == EVENT_SUGGESTION_SEEN && l->opened == l->published)
		return STEP_NOTHING;
	note_step(l, s, time);
	if (r->to == STATE_NONE)
		return STEP_OK;
	if (r->to == STATE_REOPENED)
		note_reopening(l, time);
	else if (in(r->to, CLOSED))
		l->closed = time;
	l->state = r->to;
	return STEP_OK;
}

/* A clock from `start` to `answered` (0: not yet). */
static bool
wait_of(const struct lifecycle *l, int64_t start, int64_t answered, int64_t as_of,
	struct survival_item *out)
{
	int64_t end = as_of;

	if (start > as_of)
		return false;
	if (l->withdrawn != 0 && l->withdrawn < end)
		end = l->withdrawn;
	out->answered = answered != 0 && answered <= as_of;
	if (out->answered)
		end = answered;
	/* What was edited into the file may say anything. */
	out->ms = end > start ? end - start : 0;
	return true;
}

bool
lifecycle_wait(const struct lifecycle *l, int64_t as_of, struct survival_item *out)
{
	return wait_of(l, l->submitted, l->first_response, as_of, out);
}

bool
lifecycle_second_wait(const struct lifecycle *l, int64_t as_of,
		      struct survival_item *out)
{
	return l->first_reopened != 0 &&
		wait_of(l, l->first_reopened, l->second_response, as_of, out);
}

static int64_t
add_days(const struct tz *tz, int64_t ms, uint32_t days)
{
	return tz_add_days(tz, ms / MS, (int)days) * MS + ms % MS;
}

static int64_t
add_months(const struct tz *tz, int64_t ms, int months)
{
	return tz_add_months(tz, ms / MS, months) * MS + ms % MS;
}

/* Whether what was done at `moment` (0: not yet) kept to its time, as known at `end`.
 */
static bool
in_time(int64_t moment, int64_t due, int64_t end)
{
	return (moment != 0 && moment <= end ? moment : end) <= due;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

static bool
is_concern(const struct lifecycle *l)
{
	return l->kind == SUGGESTION_CONCERN;
}

/* Until when the response of a round is due that began at `start`. */
static int64_t
response_due(const struct lifecycle *l, uint32_t sla_days, const struct tz *tz,
	     int64_t start)
{
	return is_concern(l) ? add_months(tz, start, CONCERN_ANSWER_MONTHS)
			     : add_days(tz, start, sla_days);
}

void
lifecycle_due(const struct lifecycle *l, uint32_t sla_days, const struct tz *tz,
	      int64_t as_of, struct due *out)
{
	int64_t end = l->withdrawn != 0 && l->withdrawn < as_of ? l->withdrawn : as_of;
	int64_t acknowledged = earlier(l->acknowledged, l->first_response);
	int64_t acknowledge_due = 0;
	int64_t answer_due;

	*out = (struct due){.acknowledged_in_time = true};
	if (is_concern(l)) {
		acknowledge_due = add_days(tz, l->submitted, CONCERN_ACKNOWLEDGE_DAYS);
		out->acknowledged_in_time = in_time(acknowledged, acknowledge_due, end);
	}
	answer_due = response_due(l, sla_days, tz,
				  is_concern(l)
					  ? earlier(l->acknowledged, acknowledge_due)
					  : l->submitted);
	out->answered_in_time = in_time(l->first_response, answer_due, end);
	if (!in(l->state, WAITING))
		return;
	if (l->reopened != 0)
		out->due = response_due(l, sla_days, tz, l->reopened);
	else if (is_concern(l) && acknowledged == 0)
		out->due = acknowledge_due;
	else
		out->due = answer_due;
	out->overdue = as_of > out->due;
}
