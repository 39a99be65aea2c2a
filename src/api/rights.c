/* The rights of a person over what is kept about them: POST /v1/people/export and
 * /v1/people/erase.
 *
 * Who is meant is said by the id that senders used, by a receipt or by a personal code;
 * it becomes pseudonyms and hashes here and is kept by nobody. An erasure never says
 * whether there was anything. A line of the audit says that it was done, never to whom.
 */
#include "api/auth.h"
#include "api/change.h"
#include "api/codes.h"
#include "api/reads.h"
#include "codec/json_tools.h"
#include "store/export.h"

enum who { WHO_PERSON, WHO_RECEIPT, WHO_CODE };
static const char *const who_names[] = {
	[WHO_PERSON] = "person", [WHO_RECEIPT] = "receipt", [WHO_CODE] = "code"};
#define WHO_COUNT (sizeof who_names / sizeof *who_names)

struct whom {
	enum who who;
	struct str text; /* borrowed from the document */
};

static enum emp_rc
whom_read(struct whom *out, const struct json_node *root, struct problem *p)
{
	uint32_t said = 0;

	if (json_node_type(root) != JSON_NODE_OBJECT)
		return problem_set(p, EMP_INVALID, "", "is not an object");
	for (size_t i = 0; i < WHO_COUNT; i++) {
		const struct json_node *node = json_node_get(root, who_names[i]);

		if (!node)
			continue;
		said++;
		*out = (struct whom){(enum who)i, json_node_str(node)};
	}
	if (said != 1 || json_node_count(root) != 1)
		return problem_set(p, EMP_INVALID, "",
				   "has one of person, receipt and code, and no more");
	if (out->text.n == 0 || out->text.n > IDENTITY_MAX_BYTES)
		return problem_set(p, EMP_INVALID,
				   out->who == WHO_PERSON            ? "/person"
					   : out->who == WHO_RECEIPT ? "/receipt"
								     : "/code",
				   "has 1 to 128 bytes");
	return EMP_OK;
}

static void
whom_set(const struct keys *k, const struct whom *whom, struct erase_what *e)
{
	struct person_keys keys;
	struct code code;

	switch (whom->who) {
	case WHO_PERSON:
		keys_of(k, whom->text, &keys);
		memcpy(e->customer, keys.customer, sizeof e->customer);
		memcpy(e->personnel, keys.personnel, sizeof e->personnel);
		memcpy(e->sealed, keys.sealed, sizeof e->sealed);
		e->has_customer = e->has_personnel = e->has_sealed = true;
		return;
	case WHO_RECEIPT:
		(void)code_of_receipt(&code, whom->text);
		e->by_receipt = true;
		e->confidential = code.confidential;
		memcpy(e->receipt_hash, code.hash, sizeof e->receipt_hash);
		break;
	case WHO_CODE:
		code_of_person(&code, whom->text);
		e->by_code = true;
		memcpy(e->code_hash, code.hash, sizeof e->code_hash);
		break;
	}
	explicit_bzero(&code, sizeof code);
}

/* False: out of memory. */
static bool
line_set(struct audit_entry *line, struct arena *a, const struct token_def *token,
	 const char *action, const struct whom *whom)
{
	*line = (struct audit_entry){.token = token->id,
				     .label = arena_str(a, str_from(token->label)),
				     .action = action,
				     .object = str_from(who_names[whom->who])};
	return !token->label[0] || line->label.p;
}

/* ---- erasing --------------------------------------------------------------------- */

static void
erased(struct req *r, struct change *c)
{
	struct buf *b = &c->aw->out;

	buf_clear(b);
	buf_add_str(b, STR("{\"status\":\"erased\",\"complete\":"));
	buf_add_z(b, c->items[0].store.complete ? "true" : "false");
	buf_add_str(b, STR("}\n"));
	answer_json(r, 200, b);
}

static void
erase_submit(struct req *r, const struct token_def *token, const struct whom *whom)
{
	struct change *c = change_new(r, 1);
	struct store_change *s;

	if (!c)
		return;
	s = &c->items[0].store;
	s->op = DEF_ERASE;
	whom_set(&c->aw->keys, whom, &s->erase);
	c->answer = erased;
	if (!line_set(&s->audit, &c->arena, token, "erase", whom)) {
		change_free(&c);
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	change_submit_take(r, c);
}

/* ---- exporting ------------------------------------------------------------------- */

static void
export_work(struct read_job *j, struct rollup_ctx *c, struct store_reader *r)
{
	(void)c;
	j->rc = store_export(r, &j->whom, &j->out);
	explicit_bzero(&j->whom, sizeof j->whom);
}

static void
export_home(struct read_job *j, struct req *r)
{
	if (!r)
		return;
	if (j->rc == EMP_OK) {
		answer_secret(r);
		req_reply(r, 200, "application/json", buf_str(&j->out));
	} else if (j->rc == EMP_TOO_LARGE) {
		answer_problem(r, EMP_INVALID, "",
			       "the answer would be larger than 64 MB");
	} else {
		answer_problem(r, j->rc, "", "");
	}
}

static void
export_submit(struct req *r, const struct token_def *token, const struct whom *whom)
{
	struct read_job *j = read_new(r);

	if (!j)
		return;
	j->work = export_work;
	j->home = export_home;
	whom_set(&j->aw->keys, whom, &j->whom);
	if (!line_set(&j->line.audit, &j->arena, token, "export", whom)) {
		read_free(&j);
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	(void)read_submit_take(r, j);
}

/* ---- routes ---------------------------------------------------------------------- */

static void
people_right(struct req *r,
	     void (*submit)(struct req *r, const struct token_def *token,
			    const struct whom *whom))
{
	struct problem p = {.rc = EMP_OK};
	const struct token_def *token;
	struct json_node *root = NULL;
	struct whom whom = {WHO_PERSON, STR_NONE};
	enum emp_rc rc = auth_token(r, &token);

	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	if (!query_empty(r))
		return;
	rc = json_node_read(&root, req_body(r), &p);
	if (rc == EMP_OK)
		rc = whom_read(&whom, root, &p);
	if (rc == EMP_OK)
		submit(r, token, &whom);
	else
		req_error(r, &p);
	json_node_free(&root);
}

void
people_erase(struct req *r)
{
	people_right(r, erase_submit);
}

void
people_export(struct req *r)
{
	people_right(r, export_submit);
}
