/* POST /v1/boundaries/check: may it be decided by oneself? Asked before each decision
 * at a counter, so it is answered on the worker from the registry in memory.
 */
#include "api/auth.h"
#include "api/worker.h"
#include "base/clock.h"
#include "codec/json_tools.h"

#include <math.h>
#include <stdio.h>

#define CENTS 100
/* As of amounts in events. */
#define AMOUNT_MAX 1e9
/* Of hundredths: less than any digit behind them, more than a double is off. */
#define CENTS_OFF 1e-3

struct check {
	struct boundary_question about;
	struct str person; /* n == 0: nobody in particular */
	int64_t amount_cents;
	struct problem *p; /* rc is EMP_OK while nothing is wrong */
};

static void
wrong(struct check *c, const char *member, const char *detail)
{
	char pointer[PROBLEM_POINTER_MAX] = "";

	/* What is no name is not repeated: it may be anything. */
	if (name_valid(str_from(member)))
		snprintf(pointer, sizeof pointer, "/%s", member);
	if (c->p->rc == EMP_OK)
		problem_set(c->p, EMP_INVALID, pointer, "%s", detail);
}

static void
take_name(struct check *c, struct str *to, const char *member,
	  const struct json_node *value)
{
	*to = json_node_str(value);
	if (!to->p || !name_valid(*to))
		wrong(c, member, "a name has 1 to 64 of a-z 0-9 _ . -");
}

static void
take_amount(struct check *c, const struct json_node *value)
{
	double amount = json_node_number(value);
	double cents = amount * CENTS;

	if (!(amount >= 0 && amount <= AMOUNT_MAX) ||
	    fabs(cents - nearbyint(cents)) > CENTS_OFF)
		wrong(c, "amount",
		      "is not a number from 0 to 1e9 with at most 2 decimals");
	else
		c->amount_cents = (int64_t)nearbyint(cents);
}

static void
take_member(void *ctx, const char *member, const struct json_node *value)
{
	struct check *c = ctx;
	struct str name = str_from(member);

	if (str_is(name, "role")) {
		take_name(c, &c->about.role, member, value);
	} else if (str_is(name, "class")) {
		take_name(c, &c->about.matter, member, value);
	} else if (str_is(name, "amount")) {
		take_amount(c, value);
	} else if (str_is(name, "unit")) {
		c->about.unit = json_node_str(value);
		if (!c->about.unit.p || !unit_valid(c->about.unit))
			wrong(c, member, "is not names joined by /");
	} else if (str_is(name, "person")) {
		c->person = json_node_str(value);
		if (c->person.n == 0 || c->person.n > IDENTITY_MAX_BYTES)
			wrong(c, member, "has 1 to 128 bytes");
	} else {
		wrong(c, member, "is not a member of this");
	}
}

static enum emp_rc
check_read(struct check *c, const struct json_node *root)
{
	if (json_node_type(root) != JSON_NODE_OBJECT)
		return problem_set(c->p, EMP_INVALID, "", "is not an object");
	json_node_each(root, take_member, c);
	if (!c->about.role.p)
		wrong(c, "role", "is missing");
	if (!c->about.matter.p)
		wrong(c, "class", "is missing");
	return c->p->rc;
}

static void
answer_check(struct req *r, const struct check *c, const struct boundary *b)
{
	bool act = boundary_within(b, c->amount_cents) == WITHIN_INSIDE;
	struct buf *out = &worker_of(r)->out;
	char since[TIME_TEXT_MAX];

	buf_clear(out);
	buf_printf(out, "{\"mode\":\"%s\",\"limit\":",
		   boundary_mode_name(act ? MODE_ACT : MODE_PROPOSE));
	if (b && b->limit_cents >= 0)
		buf_add_fixed4(out, (double)b->limit_cents / CENTS);
	else
		buf_add_str(out, STR("null"));
	buf_add_str(out, STR(",\"requires_training\":"));
	if (b && b->requires_training.n > 0)
		buf_add_json(out, b->requires_training);
	else
		buf_add_str(out, STR("null"));
	buf_add_str(out, STR(",\"in_force_since\":"));
	if (b)
		buf_add_json(out, (struct str){since, time_format(since, b->time)});
	else
		buf_add_str(out, STR("null"));
	buf_add_str(out, STR(",\"questions\":["));
	for (int d = 0; d < DRIVER_COUNT; d++) {
		buf_printf(out, "%s{\"driver\":\"%s\",\"question\":", d > 0 ? "," : "",
			   driver_name((enum driver)d));
		buf_add_json(out, str_from(driver_question((enum driver)d)));
		buf_add_c(out, '}');
	}
	buf_add_str(out, STR("]}\n"));
	answer_json(r, 200, out);
}

void
check_post(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	struct problem p = {.rc = EMP_OK};
	struct check c = {
		.about = {.time = clock_now_ms()}, .amount_cents = -1, .p = &p};
	uint8_t person[PSEUDONYM_BYTES];
	const struct token_def *token;
	struct json_node *root = NULL;
	enum emp_rc rc = auth_token(r, &token);

	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	if (!query_empty(r))
		return;
	rc = json_node_read(&root, req_body(r), &p);
	if (rc == EMP_OK)
		rc = check_read(&c, root);
	if (rc == EMP_OK && !auth_covers(token, c.about.unit))
		rc = problem_set(&p, EMP_FORBIDDEN, "/unit",
				 "the token is limited to the unit %s", token->unit);
	if (rc != EMP_OK) {
		req_error(r, &p);
	} else {
		if (c.person.n > 0) {
			keys_person(&aw->keys, c.person, person);
			c.about.person = person;
		}
		answer_check(r, &c,
			     boundaries_find(aw->snap->defs->boundaries, &c.about));
	}
	json_node_free(&root);
}
