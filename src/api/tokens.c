/* /v1/tokens: who may do what. A token's text leaves the daemon once, when it is made.
 */
#include "api/change.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/num.h"
#include "codec/json.h"

#define PREFIX "/v1/tokens/"

void
tokens_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	const struct defs *d = aw->snap->defs;
	struct buf *b = &aw->out;

	if (!query_empty(r))
		return;
	buf_clear(b);
	buf_add_str(b, STR("{\"tokens\":["));
	for (uint32_t i = 0; i < d->n_tokens; i++) {
		if (i > 0)
			buf_add_c(b, ',');
		json_token_write(b, &d->tokens[i]);
	}
	buf_add_str(b, STR("]}\n"));
	answer_json(r, 200, b);
}

static void
token_made(struct req *r, struct change *c)
{
	struct buf *b = &c->aw->out;
	struct buf token;

	buf_clear(b);
	buf_init(&token, 0);
	json_token_write(&token, &c->items[0].store.token);
	buf_add_str(b, STR("{\"token\":"));
	buf_add_json(b, (struct str){c->secret, c->secret_n});
	buf_add_c(b, ',');
	if (buf_ok(&token)) /* without its opening brace */
		buf_add(b, token.p + 1, token.n - 1);
	else
		b->failed = true;
	buf_fini(&token);
	buf_add_c(b, '\n');
	req_add_header(r, "Cache-Control", STR("no-store"));
	answer_json(r, 201, b);
	if (b->p)
		explicit_bzero(b->p, b->n);
}

void
tokens_post(struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	struct token_def def;
	struct change *c;

	if (!query_empty(r))
		return;
	memset(&def, 0, sizeof def);
	if (json_token_read(&def, req_body(r), &p) != EMP_OK) {
		req_error(r, &p);
		return;
	}
	c = change_new(r, 1);
	if (!c)
		return;
	c->secret_n = crypto_token_new(c->secret);
	crypto_token_hash(def.hash, (struct str){c->secret, c->secret_n});
	def.created = clock_now_ms();
	c->items[0].store.op = DEF_TOKEN_ADD;
	c->items[0].store.token = def;
	c->answer = token_made;
	change_submit_take(r, c);
}

static void
token_gone(struct req *r, struct change *c)
{
	(void)c;
	req_reply(r, 204, NULL, STR_NONE);
}

void
token_delete(struct req *r)
{
	struct change *c;
	uint64_t id;

	if (!query_empty(r))
		return;
	if (!num_u64(route_rest(req_path(r), PREFIX), &id) || id > UINT32_MAX) {
		answer_problem(r, EMP_NOT_FOUND, "", "there is no token of this id");
		return;
	}
	c = change_new(r, 1);
	if (!c)
		return;
	c->items[0].store.op = DEF_TOKEN_REVOKE;
	c->items[0].store.token.id = (uint32_t)id;
	c->answer = token_gone;
	change_submit_take(r, c);
}
