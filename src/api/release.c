/* What is done with surveys of employees beside asking: POST .../release closes a
 * period and lets out what may be shown of it; POST .../invites makes single-use codes
 * by which people answer without a name.
 *
 * Neither answer depends on whether anybody answered: a release says its bounds, which
 * the clock and the releases before give. Invitations leave the daemon once; the file
 * keeps hashes, and nothing here keeps what was sent.
 */
#include "api/auth.h"
#include "api/change.h"
#include "api/codes.h"
#include "base/clock.h"
#include "codec/json_tools.h"

#define INVITES_MAX 10000
#define INVITE_JSON_MAX (CODE_TEXT_MAX + 3) /* quotes and comma */

static enum emp_rc
no_memory(struct problem *p)
{
	return problem_set(p, EMP_NOMEM, "", "%s", emp_rc_title(EMP_NOMEM));
}

/* The text of a request may go before the writer looks. */
static enum emp_rc
keep(struct change *c, struct str *out, struct str s, struct problem *p)
{
	*out = arena_str(&c->arena, s);
	return out->p ? EMP_OK : no_memory(p);
}

/* The object in the body; an empty body is one without members. */
static enum emp_rc
body_read(struct req *r, struct json_node **root, struct problem *p)
{
	struct str body = req_body(r);
	enum emp_rc rc = json_node_read(root, body.n > 0 ? body : STR("{}"), p);

	if (rc == EMP_OK && json_node_type(*root) != JSON_NODE_OBJECT)
		rc = problem_set(p, EMP_INVALID, "", "is not an object");
	return rc;
}

/* ---- releases -------------------------------------------------------------------- */

static void
add_time(struct buf *b, const char *name, int64_t ms)
{
	char text[TIME_TEXT_MAX];
	size_t n = time_format(text, ms);

	buf_add_z(b, name);
	buf_add_json(b, (struct str){text, n});
}

static void
period_released(struct req *r, struct change *c)
{
	const struct store_change *s = &c->items[0].store;
	struct buf *b = &c->aw->out;

	buf_clear(b);
	buf_add_str(b, STR("{\"survey\":"));
	buf_add_json(b, s->name);
	buf_add_str(b, STR(",\"period\":"));
	buf_add_json(b, str_from(s->period_name));
	add_time(b, ",\"from\":", s->from);
	add_time(b, ",\"to\":", s->to);
	buf_add_str(b, STR("}\n"));
	answer_json(r, s->created ? 201 : 200, b);
}

static enum emp_rc
period_read(struct str *out, const struct json_node *root, struct problem *p)
{
	const struct json_node *period = json_node_get(root, "period");

	*out = json_node_str(period);
	if (period && (out->n == 0 || out->n >= RELEASE_PERIOD_MAX))
		return problem_set(p, EMP_INVALID, "/period",
				   "is a period such as 3, 2026-W47 or 2026-11");
	if (json_node_count(root) != (period != NULL))
		return problem_set(p, EMP_INVALID, "", "has period, and no more");
	return EMP_OK;
}

static enum emp_rc
release_make(struct change *c, const struct json_node *root, struct problem *p)
{
	struct store_change *s = &c->items[0].store;
	struct str period;
	enum emp_rc rc = period_read(&period, root, p);

	s->op = DEF_RELEASE;
	c->answer = period_released;
	if (rc == EMP_OK && period.n > 0)
		rc = keep(c, &s->period, period, p);
	return rc;
}

/* ---- invitations ----------------------------------------------------------------- */

static void
invites_made(struct req *r, struct change *c)
{
	const struct store_change *s = &c->items[0].store;
	const uint8_t(*codes)[CODE_BYTES] = c->wipe;
	struct buf *b = &c->aw->out;
	char text[CODE_TEXT_MAX];

	buf_clear(b);
	/* At once: a buffer that grows leaves copies behind. */
	(void)buf_reserve(b, s->n_hashes * (size_t)INVITE_JSON_MAX + EVENT_MAX_BYTES);
	buf_add_str(b, STR("{\"survey\":"));
	buf_add_json(b, s->name);
	buf_add_str(b, STR(",\"unit\":"));
	if (s->invite_unit.n > 0)
		buf_add_json(b, s->invite_unit);
	else
		buf_add_str(b, STR("null"));
	buf_add_str(b, STR(",\"invites\":["));
	for (uint32_t i = 0; i < s->n_hashes; i++) {
		size_t n = crypto_code_format(text, CODE_INVITE, codes[i]);

		if (i > 0)
			buf_add_c(b, ',');
		buf_add_json(b, (struct str){text, n});
	}
	buf_add_str(b, STR("]}\n"));
	explicit_bzero(text, sizeof text);
	answer_secret(r);
	answer_json(r, 201, b);
	if (b->p)
		explicit_bzero(b->p, b->n);
}

static enum emp_rc
invites_read(struct str *unit, uint32_t *count, const struct json_node *root,
	     struct problem *p)
{
	const struct json_node *named = json_node_get(root, "unit");
	int64_t n = json_node_int(json_node_get(root, "count"), 0);

	*unit = json_node_str(named);
	if (named && json_node_type(named) != JSON_NODE_NULL && !unit_valid(*unit))
		return problem_set(p, EMP_INVALID, "/unit",
				   "a unit is names of a-z 0-9 _ . - joined by /");
	if (n < 1 || n > INVITES_MAX)
		return problem_set(p, EMP_INVALID, "/count",
				   "is an integer from 1 to %d", INVITES_MAX);
	if (json_node_count(root) != 1u + (named != NULL))
		return problem_set(p, EMP_INVALID, "", "has count, unit, and no more");
	*count = (uint32_t)n;
	return EMP_OK;
}

static enum emp_rc
invites_make(struct change *c, const struct json_node *root, struct problem *p)
{
	struct store_change *s = &c->items[0].store;
	uint8_t(*hashes)[RECEIPT_HASH_BYTES];
	uint8_t(*codes)[CODE_BYTES];
	struct str unit;
	uint32_t n = 0;
	enum emp_rc rc = invites_read(&unit, &n, root, p);

	if (rc == EMP_OK && unit.n > 0)
		rc = keep(c, &s->invite_unit, unit, p);
	if (rc != EMP_OK)
		return rc;
	codes = arena_alloc(&c->arena, n * sizeof *codes);
	hashes = arena_alloc(&c->arena, n * sizeof *hashes);
	if (!codes || !hashes)
		return no_memory(p);
	crypto_random(codes, n * sizeof *codes);
	for (uint32_t i = 0; i < n; i++)
		crypto_code_hash(hashes[i], CODE_INVITE, codes[i]);
	c->wipe = codes;
	c->wipe_n = n * sizeof *codes;
	c->answer = invites_made;
	s->op = DEF_INVITES;
	s->hashes = (const uint8_t(*)[RECEIPT_HASH_BYTES])hashes;
	s->n_hashes = n;
	return EMP_OK;
}

/* ---- both ------------------------------------------------------------------------ */

/* Whether there is such a survey of employees, the writer knows. */
static void
submit(struct req *r,
       enum emp_rc (*make)(struct change *c, const struct json_node *root,
			   struct problem *p))
{
	struct str name = route_part(route_of(r), req_path(r));
	struct problem p = {.rc = EMP_OK};
	struct json_node *root = NULL;
	struct change *c;
	enum emp_rc rc;

	if (!query_empty(r))
		return;
	c = change_new(r, 1);
	if (!c)
		return;
	rc = body_read(r, &root, &p);
	if (rc == EMP_OK)
		rc = keep(c, &c->items[0].store.name, name, &p);
	if (rc == EMP_OK)
		rc = make(c, root, &p);
	json_node_free(&root);
	if (rc == EMP_OK) {
		change_submit_take(r, c);
	} else {
		req_error(r, &p);
		change_free(&c);
	}
}

void
survey_release(struct req *r)
{
	submit(r, release_make);
}

void
survey_invites(struct req *r)
{
	const struct token_def *token;
	enum emp_rc rc = auth_token(r, &token);

	if (rc != EMP_OK)
		auth_refuse(r, rc);
	else if (auth_whole(r, token))
		submit(r, invites_make);
}
