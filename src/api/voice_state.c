/* What to say to whoever tries a step that the state of a suggestion does not allow.
 *
 * Only the writer could know, and it is busy; so the state is read again, on a reader.
 * It may have changed since then, and then it says even more of what is possible now.
 */
#include "api/codes.h"
#include "api/reads.h"
#include "api/route.h"
#include "api/voice.h"
#include "store/voice.h"

#include <stdio.h>

/* The last segment of the route that makes events of the type; NULL: none of that kind.
 */
static const char *
verb_of(uint8_t type, uint8_t by)
{
	size_t n;
	const struct voice_step *steps = voice_steps(&n);

	for (size_t i = 0; i < n; i++)
		if (steps[i].type == type && steps[i].by == by)
			return strrchr(steps[i].path, '/') + 1;
	return NULL;
}

/* "acknowledge, triage, answers planned done", by routes like the one that was tried.
 */
static void
list_possible(struct buf *out, enum suggestion_state state, uint8_t by)
{
	uint8_t last = EVENT_NONE;
	size_t n;
	const struct lifecycle_rule *rules = lifecycle_rules(&n);

	for (size_t i = 0; i < n; i++) {
		const char *verb = verb_of(rules[i].type, by);

		if (!verb || !(rules[i].from >> state & 1) ||
		    rules[i].type == EVENT_SUGGESTION_SUPPORTED)
			continue;
		if (rules[i].type != last)
			buf_printf(out, "%s%s", last ? ", " : "", verb);
		if (rules[i].status)
			buf_printf(out, " %s",
				   suggestion_status_name(
					   (enum suggestion_status)rules[i].status));
		last = rules[i].type;
	}
	if (last == EVENT_NONE)
		buf_add_str(out, STR("nothing"));
}

static enum emp_rc
take_state(void *ctx, const struct suggestion_row *row)
{
	struct read_job *j = ctx;

	j->state_found = row->life.state;
	return EMP_OK;
}

static enum emp_rc
skip_step(void *ctx, const struct suggestion_step_row *row)
{
	(void)ctx;
	(void)row;
	return EMP_OK;
}

/* [reader] */
static void
state_work(struct read_job *j, struct rollup_ctx *c, struct store_reader *reader)
{
	bool author;

	(void)c;
	j->rc = store_read_suggestion(reader, &j->find, &author, take_state, skip_step,
				      j);
}

/* [worker] */
static void
state_home(struct read_job *j, struct req *r)
{
	struct problem p = j->problem;
	struct buf possible;

	if (!r)
		return;
	buf_init(&possible, PROBLEM_DETAIL_MAX);
	list_possible(&possible, (enum suggestion_state)j->state_found,
		      j->find.by_receipt ? BY_RECEIPT : BY_ID);
	if (j->rc == EMP_OK && buf_ok(&possible))
		problem_set(
			&p, EMP_TRANSITION, j->problem.pointer,
			"%s; it is %s, which allows %.*s", j->problem.detail,
			suggestion_state_name((enum suggestion_state)j->state_found),
			STR_FMT(buf_str(&possible)));
	req_error(r, &p);
	buf_fini(&possible);
}

void
voice_refuse_with_state(struct req *r, const struct voice_step *step, struct str source,
			const struct problem *p)
{
	struct str part = route_part(route_of(r), req_path(r));
	struct read_job *j = read_new(r);
	struct code code;

	if (!j)
		return;
	j->problem = *p;
	j->work = state_work;
	j->home = state_home;
	j->find.by_receipt = step->by == BY_RECEIPT;
	if (step->by == BY_RECEIPT) {
		(void)code_of_receipt(&code, part);
		j->find.confidential = code.confidential;
		memcpy(j->find.receipt_hash, code.hash, sizeof code.hash);
	} else {
		j->find.id = arena_str(&j->arena, part);
		j->find.source = arena_str(&j->arena, source);
	}
	(void)read_submit_take(r, j);
}
