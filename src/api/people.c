/* POST /v1/people: a personal code, by which one person reads what is kept about them.
 * Its text leaves the daemon once, and whoever gets it passes it on; the file keeps a
 * hash. A new one replaces the person's former one. As whoever makes it could read by
 * it, too, it leaves a line in the audit, which does not say whose it is.
 */
#include "api/auth.h"
#include "api/change.h"
#include "api/codes.h"
#include "codec/json_tools.h"

static enum emp_rc
person_read(struct str *out, const struct json_node *root, struct problem *p)
{
	*out = json_node_str(json_node_get(root, "person"));
	if (json_node_type(root) != JSON_NODE_OBJECT)
		return problem_set(p, EMP_INVALID, "", "is not an object");
	if (out->n == 0 || out->n > IDENTITY_MAX_BYTES)
		return problem_set(p, EMP_INVALID, "/person", "has 1 to 128 bytes");
	if (json_node_count(root) != 1)
		return problem_set(p, EMP_INVALID, "", "has person, and no more");
	return EMP_OK;
}

static void
code_made(struct req *r, struct change *c)
{
	struct buf *b = &c->aw->out;

	buf_clear(b);
	buf_add_str(b, STR("{\"code\":"));
	buf_add_json(b, (struct str){c->secret, c->secret_n});
	buf_add_str(b, STR("}\n"));
	answer_secret(r);
	answer_json(r, 201, b);
	if (b->p)
		explicit_bzero(b->p, b->n);
}

/* False: out of memory. */
static bool
code_make(struct change *c, const struct token_def *token, struct str person)
{
	struct store_change *s = &c->items[0].store;
	uint8_t code[CODE_BYTES];

	crypto_random(code, sizeof code);
	_Static_assert(CODE_TEXT_MAX <= sizeof c->secret, "a change keeps the text");
	c->secret_n = crypto_code_format(c->secret, CODE_PERSON, code);
	s->op = DEF_CODE_PUT;
	crypto_code_hash(s->code_hash, CODE_PERSON, code);
	keys_person(&c->aw->keys, person, s->person);
	c->answer = code_made;
	explicit_bzero(code, sizeof code);
	s->audit = (struct audit_entry){
		.token = token->id,
		.label = arena_str(&c->arena, str_from(token->label)),
		.action = "code",
		.object = STR("person")};
	return !token->label[0] || s->audit.label.p;
}

void
people_post(struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	const struct token_def *token;
	struct json_node *root = NULL;
	struct change *c;
	struct str person;
	enum emp_rc rc = auth_token(r, &token);

	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	/* Nothing says of which unit a person is. */
	if (!auth_whole(r, token) || !query_empty(r))
		return;
	rc = json_node_read(&root, req_body(r), &p);
	if (rc == EMP_OK)
		rc = person_read(&person, root, &p);
	if (rc != EMP_OK) {
		req_error(r, &p);
	} else {
		c = change_new(r, 1);
		if (c && !code_make(c, token, person)) {
			change_free(&c);
			answer_problem(r, EMP_NOMEM, "", "");
		} else if (c) {
			change_submit_take(r, c);
		}
	}
	json_node_free(&root);
}
