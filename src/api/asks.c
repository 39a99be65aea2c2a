/* Everything that is read: rollups, lists, one thing by its id or code.
 *
 * A question is answered from the bytes of an earlier answer where nothing changed,
 * else from the counters on this worker, else on a reader thread where the file must be
 * asked. What may be shown to whom is decided in privacy/; here the question only
 * carries who asks. /v1/verify is a read, too.
 */
#include "api/asks.h"

#include "api/auth.h"
#include "api/reads.h"
#include "api/route.h"
#include "base/clock.h"
#include "http/fields.h"
#include "http/head.h"
#include "http/url.h"
#include "store/voice.h"

#include <stdio.h>

#define ROLLUPS_PREFIX "/v1/rollups/"
/* Who asks, what for, and the query as it was sent. */
#define QUESTION_MAX (HTTP_TARGET_MAX + UNIT_MAX_BYTES + 32)
/* A browser may keep it, and asks each time whether it is still right. */
#define CACHE_CONTROL "private, no-cache"
#define MS_PER_QUARTER (15 * S_PER_MIN * MS_PER_S)

/* How it is answered. */
enum ask_way {
	KEPT = 1,   /* the bytes are kept until figures change */
	SEALED = 2, /* confidential.db is read, too */
	SECRET = 4, /* nobody may keep it: texts and people's own */
};

/* By enum rollup. `path` is the route of those that have one of their own. */
static const struct {
	const char *path;
	unsigned way;
} asks[] = {
	[ROLLUP_SATISFACTION] = {NULL, KEPT},
	[ROLLUP_RETENTION] = {NULL, KEPT},
	[ROLLUP_RECOGNITION] = {NULL, KEPT | SEALED},
	[ROLLUP_PARTICIPATION] = {NULL, KEPT | SEALED},
	[ROLLUP_SUGGESTIONS] = {NULL, KEPT | SEALED},
	[ROLLUP_DECISIONS] = {NULL, KEPT | SEALED},
	[ROLLUP_TRAINING] = {NULL, KEPT | SEALED},
	[ROLLUP_CONTACT] = {NULL, KEPT},
	[ASK_COHERENCE] = {"/v1/coherence", KEPT | SEALED},
	[ASK_OVERVIEW] = {"/v1/overview", KEPT | SEALED},
	[ASK_ALERTS] = {"/v1/alerts", KEPT | SEALED},
	[ASK_COMMENTS] = {"/v1/comments", 0},
	[ASK_RECOGNITION] = {"/v1/recognition", 0},
	[ASK_BOUNDARIES] = {"/v1/boundaries", 0},
	[ASK_CANDIDATES] = {"/v1/boundaries/candidates", KEPT | SEALED},
	[ASK_INITIATIVES] = {"/v1/initiatives", KEPT | SEALED},
	[ASK_SUGGESTIONS] = {"/v1/suggestions", SECRET},
	[ASK_SUGGESTION] = {"/v1/suggestions/{+id}", SECRET},
	[ASK_RECEIPT] = {NULL, SECRET},
	[ASK_ME] = {NULL, SECRET},
	[ASK_AUDIT] = {"/v1/audit", SECRET},
};
_Static_assert(sizeof asks / sizeof *asks == ASK_COUNT, "say how all are answered");

/* One question, before it is a query. */
struct asked {
	enum rollup ask;
	const struct tz *tz;           /* of dates */
	const struct token_def *token; /* NULL: by code */
	struct str id;                 /* of the path */
	const struct code *code;
};

static const struct tz *
zone_of(struct req *r)
{
	return store_tz(worker_of(r)->api->cfg.store);
}

/* --- answering --- */

/* etag NULL: nobody may keep it. */
static void
answer_bytes(struct req *r, enum rollup ask, bool csv, struct str body,
	     const char *etag)
{
	char name[64];

	if (etag) {
		req_add_header(r, "ETag", str_from(etag));
		req_add_header(r, "Cache-Control", STR(CACHE_CONTROL));
		if (http_etag_in(req_header(r, "If-None-Match"), str_from(etag),
				 true)) {
			req_reply(r, 304, NULL, STR_NONE);
			return;
		}
	}
	if (csv) {
		snprintf(name, sizeof name, "attachment; filename=\"%s.csv\"",
			 rollup_name(ask));
		req_add_header(r, "Content-Disposition", str_from(name));
	}
	req_reply(r, 200, csv ? "text/csv; charset=utf-8" : "application/json", body);
}

/* Keeps the body when it is worth it. words: of employees. */
static void
answer_fresh(struct req *r, struct str question, const struct cache_state *state,
	     const struct query *q, bool words, struct buf *body)
{
	enum rollup ask = (enum rollup)q->rollup;
	bool csv = q->format == FORMAT_CSV;
	const struct cache_entry *e = NULL;
	char etag[ETAG_MAX];

	if (!buf_ok(body)) {
		answer_problem(r, EMP_INVALID, "",
			       "the answer would be too large: ask for less at a time");
		return;
	}
	if (words || asks[ask].way & SECRET) {
		answer_bytes(r, ask, csv, buf_str(body), NULL);
		return;
	}
	if (asks[ask].way & KEPT)
		e = cache_put_take(&worker_of(r)->cache, question, state, csv, body);
	if (e) {
		answer_bytes(r, ask, csv, buf_str(&e->body), e->etag);
		return;
	}
	etag_of(etag, buf_str(body));
	answer_bytes(r, ask, csv, buf_str(body), etag);
}

/* A code that is not known and one that is none are told alike. */
static void
answer_failed(struct req *r, const struct query *q, enum emp_rc rc,
	      const struct problem *p)
{
	if (q->has_code && rc == EMP_NOT_FOUND)
		answer_no_code(r);
	else if (p->rc == rc)
		req_error(r, p);
	else
		answer_problem(r, rc, "", "");
}

/* --- questions --- */

/* Fills `q` from the raw query; strings are in `arena` or in `raw`. */
static enum emp_rc
query_read(struct query *q, enum rollup ask, const struct tz *tz, struct str raw,
	   struct arena *arena, struct problem *p)
{
	struct http_form f;
	struct str name, value;
	enum http_form_step step;
	enum emp_rc rc;

	query_init(q, ask);
	q->tz = tz;
	http_form_init(&f, raw, arena);
	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR) {
		rc = query_set(q, name, value, p);
		if (rc != EMP_OK)
			return rc;
	}
	if (step == HTTP_FORM_BAD)
		return problem_set(p, EMP_BAD_REQUEST, "",
				   "the query has a bad escape");
	if (step == HTTP_FORM_NOMEM)
		return problem_set(p, EMP_NOMEM, "", "%s", emp_rc_title(EMP_NOMEM));
	return query_check(q, p);
}

static bool
ask_takes_unit(enum rollup ask)
{
	const char *name;
	bool taken;

	for (size_t i = 0; (name = query_parameter(i, ask, &taken)); i++)
		if (taken && str_is(STR("unit"), name))
			return true;
	return false;
}

/* A token that is limited to a unit may ask for units within it, and for no others. */
static enum emp_rc
query_allowed(const struct query *q, const struct token_def *t, struct problem *p)
{
	const struct query_filter *f = &q->filter[DIM_UNIT];

	for (uint32_t i = 0; i < f->n; i++)
		if (!auth_covers(t, f->value[i]))
			return problem_set(p, EMP_FORBIDDEN, "unit",
					   "the token is limited to the unit %s",
					   t->unit);
	if (f->n == 0 && t->unit[0] != '\0' && ask_takes_unit((enum rollup)q->rollup))
		return problem_set(p, EMP_FORBIDDEN, "unit",
				   "ask with unit=%s: the token is limited to it",
				   t->unit);
	return EMP_OK;
}

/* The whole query. Strings of the path are borrowed. */
static enum emp_rc
query_make(struct query *q, const struct asked *a, struct str raw, struct arena *arena,
	   struct problem *p)
{
	enum emp_rc rc = query_read(q, a->ask, a->tz, raw, arena, p);

	q->id = a->id;
	if (a->code) {
		q->has_code = true;
		q->confidential = a->code->confidential;
		memcpy(q->code, a->code->hash, sizeof q->code);
	}
	if (!a->token)
		return rc;
	q->scopes = a->token->scopes;
	q->only_unit = str_from(a->token->unit);
	return rc == EMP_OK ? query_allowed(q, a->token, p) : rc;
}

/* [reader] */
static void
ask_work(struct read_job *j, struct rollup_ctx *c, struct store_reader *reader)
{
	j->rc = rollup_answer(c, &j->query, j->defs, reader, &j->out, &j->words,
			      &j->problem);
	if (j->words)
		j->line.audit.action = rollup_name((enum rollup)j->query.rollup);
}

/* The query as it was sent, but for the cursor, which names the last row of a page. In
 * the arena. */
static struct str
filters_of(struct str raw, struct arena *arena)
{
	char *out = arena_alloc(arena, raw.n + 1);
	size_t n = 0;

	if (!out)
		return STR_NONE;
	while (raw.n > 0) {
		struct str pair = str_split(&raw, '&');

		if (pair.n == 0 || str_starts(pair, STR("cursor=")))
			continue;
		if (n > 0)
			out[n++] = '&';
		memcpy(out + n, pair.p, pair.n);
		n += pair.n;
	}
	return (struct str){out, n};
}

/* Who asks, and for what, should it have to go on record. */
static enum emp_rc
line_prepare(struct read_job *j, const struct asked *a, struct str raw)
{
	struct audit_entry *line = &j->line.audit;

	if (!a->token)
		return EMP_OK;
	line->token = a->token->id;
	line->label = str_from(a->token->label);
	line->object = a->id.n > 0 ? a->id : filters_of(raw, &j->arena);
	return line->object.p ? EMP_OK : EMP_NOMEM;
}

/* [worker] */
static void
ask_home(struct read_job *j, struct req *r)
{
	if (r && j->rc != EMP_OK)
		answer_failed(r, &j->query, j->rc, &j->problem);
	else if (r)
		answer_fresh(r, j->question, &j->state, &j->query, j->words, &j->out);
}

/* On a reader thread; what the question points at must outlive the request. */
static void
ask_reader(struct req *r, const struct asked *asked, struct str question,
	   const struct cache_state *state)
{
	struct read_job *j = read_new(r);
	struct problem p = {.rc = EMP_OK};
	struct asked a = *asked;
	struct str raw;
	enum emp_rc rc = EMP_NOMEM;

	if (!j)
		return;
	j->work = ask_work;
	j->home = ask_home;
	j->state = *state;
	j->question = arena_str(&j->arena, question);
	raw = arena_str(&j->arena, req_query(r));
	a.id = arena_str(&j->arena, a.id);
	if (j->question.p && raw.p && a.id.p)
		rc = query_make(&j->query, &a, raw, &j->arena, &p);
	if (rc == EMP_OK)
		rc = line_prepare(j, &a, raw);
	if (rc != EMP_OK) {
		if (p.rc == rc)
			req_error(r, &p);
		else
			answer_problem(r, rc, "", "");
		read_free(&j);
		return;
	}
	STAT_ADD(j->aw, rollup_reads);
	(void)read_submit_take(r, j);
}

/* The cache's key: what is asked by whom, and the query as it was sent. */
static struct str
question_of(char dst[QUESTION_MAX], const struct asked *a, struct str raw)
{
	int n = snprintf(dst, QUESTION_MAX, "%u %x %s ", (unsigned)a->ask,
			 (unsigned)a->token->scopes, a->token->unit);

	EMP_ASSERT(n > 0 && (size_t)n + raw.n <= QUESTION_MAX);
	if (raw.n > 0)
		memcpy(dst + n, raw.p, raw.n);
	return (struct str){dst, (size_t)n + raw.n};
}

static struct cache_state
state_now(const struct api_worker *aw, enum rollup ask)
{
	bool sealed = asks[ask].way & SEALED;

	return (struct cache_state){
		.seq = rollups_seq(aw->api->cfg.rollups),
		.defs = aw->snap->defs->version,
		.sealed = sealed ? store_sealed_version(aw->api->cfg.store) : 0,
		/* There are few: kept for all, whether they show any or not. */
		.releases = store_releases_version(aw->api->cfg.store),
		.quarter = clock_now_ms() / MS_PER_QUARTER,
	};
}

/* Not in the cache: from the counters, or from a reader. */
static void
answer_anew(struct req *r, const struct asked *a, struct str question,
	    const struct cache_state *now)
{
	struct api_worker *aw = worker_of(r);
	struct problem p = {.rc = EMP_OK};
	struct query q;
	struct buf body;
	bool words = false;
	enum emp_rc rc = query_make(&q, a, req_query(r), req_arena(r), &p);

	if (rc != EMP_OK) {
		req_error(r, &p);
		return;
	}
	buf_init(&body, ANSWER_MAX);
	rc = rollup_answer(aw->rollups, &q, aw->snap->defs, NULL, &body, &words, &p);
	/* Words are in the file, and nowhere else. */
	EMP_ASSERT(rc != EMP_OK || !words);
	if (rc == EMP_OK)
		answer_fresh(r, question, now, &q, words, &body);
	else if (rc == EMP_STALE)
		ask_reader(r, a, question, now);
	else
		answer_failed(r, &q, rc, &p);
	buf_fini(&body);
}

/* By a token that the table of routes let in. */
static void
ask_with_token(struct req *r, enum rollup ask, struct str id)
{
	struct api_worker *aw = worker_of(r);
	struct asked a = {.ask = ask, .tz = zone_of(r), .id = id};
	const struct cache_entry *e = NULL;
	struct cache_state now;
	struct str question;
	char text[QUESTION_MAX];
	enum emp_rc rc;

	STAT_ADD(aw, rollups);
	rc = auth_token(r, &a.token);
	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	now = state_now(aw, ask);
	question = question_of(text, &a, req_query(r));
	if (asks[ask].way & KEPT)
		e = cache_get(&aw->cache, question, &now);
	if (!e) {
		answer_anew(r, &a, question, &now);
		return;
	}
	STAT_ADD(aw, rollup_cached);
	answer_bytes(r, ask, e->csv, buf_str(&e->body), e->etag);
}

void
ask_by_code(struct req *r, enum rollup ask, const struct code *code)
{
	struct asked a = {.ask = ask, .tz = zone_of(r), .code = code, .id = STR("")};
	struct cache_state none = {.seq = 0};

	STAT_ADD(worker_of(r), rollups);
	ask_reader(r, &a, STR(""), &none);
}

void
rollup_get(struct req *r)
{
	enum rollup ask = rollup_find(route_rest(req_path(r), ROLLUPS_PREFIX));

	if (ask == ROLLUP_COUNT)
		answer_problem(r, EMP_NOT_FOUND, "", "there is no rollup of this name");
	else
		ask_with_token(r, ask, STR(""));
}

static enum rollup
ask_of(const struct route *route)
{
	for (unsigned i = ROLLUP_COUNT; i < ASK_COUNT; i++)
		if (asks[i].path && str_is(route->path, asks[i].path))
			return (enum rollup)i;
	EMP_ASSERT(!"every such route has its ask");
	return ASK_COUNT;
}

void
ask_get(struct req *r)
{
	const struct route *route = route_of(r);
	enum rollup ask = ask_of(route);

	ask_with_token(r, ask,
		       ask == ASK_SUGGESTION ? route_part(route, req_path(r))
					     : STR(""));
}

/* --- /v1/verify --- */

/* [reader] */
static void
verify_work(struct read_job *j, struct rollup_ctx *c, struct store_reader *reader)
{
	uint64_t differences;

	j->rc = rollup_verify(c, j->defs, reader, &j->out, &differences);
}

/* [worker] */
static void
verify_home(struct read_job *j, struct req *r)
{
	atomic_store(&j->aw->api->verifying, false);
	if (r && j->rc != EMP_OK)
		answer_problem(r, j->rc, "", "");
	else if (r)
		answer_json(r, 200, &j->out);
}

void
verify_get(struct req *r)
{
	struct api *a = worker_of(r)->api;
	struct read_job *j;

	if (!query_empty(r))
		return;
	if (atomic_exchange(&a->verifying, true)) {
		answer_problem(r, EMP_OVERLOADED, "", "a verification is running");
		return;
	}
	j = read_new(r);
	if (j) {
		j->work = verify_work;
		j->home = verify_home;
	}
	if (!j || !read_submit_take(r, j))
		atomic_store(&a->verifying, false);
}
