/* /v1/rollups/{name}: figures, from the bytes of an earlier answer where nothing
 * changed, else from the counters on this worker, else on a reader thread where the
 * file must be asked. /v1/verify is such a read, too.
 */
#include "api/auth.h"
#include "api/route.h"
#include "api/worker.h"
#include "base/clock.h"
#include "http/fields.h"
#include "http/head.h"
#include "http/url.h"
#include "model/query.h"

#include <stdio.h>
#include <stdlib.h>

#define PREFIX "/v1/rollups/"
#define QUESTION_MAX (HTTP_TARGET_MAX + 1)
#define READS_MAX 64   /* of a worker, waiting for or on reader threads */
#define JOB_ARENA 4096 /* holds a question of the usual size twice */
#define BODY_MAX (64u << 20)
/* A browser may keep it, and asks each time whether it is still right. */
#define CACHE_CONTROL "private, no-cache"

struct read_job {
	struct store_read read;
	struct req_msg msg;
	struct api_worker *aw;
	struct req_ref ref;
	struct snap *snap;
	const struct defs *defs;
	struct cache_state state;
	struct arena arena; /* what the question and the query point at */
	struct str question;
	struct query query;
	bool verify;
	enum emp_rc rc;
	struct problem problem;
	struct buf out;
};

/* --- answering --- */

static void
answer_bytes(struct req *r, enum rollup rollup, bool csv, struct str body,
	     const char *etag)
{
	char name[64];

	req_add_header(r, "ETag", str_from(etag));
	req_add_header(r, "Cache-Control", STR(CACHE_CONTROL));
	if (http_etag_in(req_header(r, "If-None-Match"), str_from(etag), true)) {
		req_reply(r, 304, NULL, STR_NONE);
		return;
	}
	if (csv) {
		snprintf(name, sizeof name, "attachment; filename=\"%s.csv\"",
			 rollup_name(rollup));
		req_add_header(r, "Content-Disposition", str_from(name));
	}
	req_reply(r, 200, csv ? "text/csv; charset=utf-8" : "application/json", body);
}

/* Keeps the body when it is worth it. */
static void
answer_fresh(struct req *r, struct str question, const struct cache_state *state,
	     const struct query *q, struct buf *body)
{
	enum rollup rollup = (enum rollup)q->rollup;
	bool csv = q->format == FORMAT_CSV;
	const struct cache_entry *e;
	char etag[ETAG_MAX];

	if (!buf_ok(body)) {
		answer_problem(r, EMP_INVALID, "",
			       "the answer would be too large: ask for less at a time");
		return;
	}
	e = cache_put_take(&worker_of(r)->cache, question, state, csv, body);
	if (e) {
		answer_bytes(r, rollup, csv, buf_str(&e->body), e->etag);
		return;
	}
	etag_of(etag, buf_str(body));
	answer_bytes(r, rollup, csv, buf_str(body), etag);
}

/* --- reads --- */

static struct rollup_ctx *
reader_ctx_take(struct api *a)
{
	struct rollup_ctx *c;

	for (uint32_t i = 0; i < a->cfg.readers; i++) {
		c = atomic_exchange(&a->reader_ctx[i], NULL);
		if (c)
			return c;
	}
	return rollup_ctx_new(&c, a->cfg.rollups) == EMP_OK ? c : NULL;
}

static void
reader_ctx_put(struct api *a, struct rollup_ctx *c)
{
	for (uint32_t i = 0; i < a->cfg.readers; i++) {
		struct rollup_ctx *empty = NULL;

		if (atomic_compare_exchange_strong(&a->reader_ctx[i], &empty, c))
			return;
	}
	rollup_ctx_free(&c);
}

static void
job_free(struct read_job *j)
{
	buf_fini(&j->out);
	arena_fini(&j->arena);
	snap_drop(j->aw, j->snap);
	j->aw->reads--;
	free(j);
}

/* [worker] */
static void
job_home(struct worker *w, struct req_msg *m)
{
	struct read_job *j = HOLDER(m, struct read_job, msg);
	struct req *r = req_find(w, j->ref);

	if (j->verify)
		atomic_store(&j->aw->api->verifying, false);
	if (r && j->rc != EMP_OK && j->problem.rc == j->rc)
		req_error(r, &j->problem);
	else if (r && j->rc != EMP_OK)
		answer_problem(r, j->rc, "", "");
	else if (r && j->verify)
		answer_json(r, 200, &j->out);
	else if (r)
		answer_fresh(r, j->question, &j->state, &j->query, &j->out);
	job_free(j);
}

/* [reader] */
static void
job_run(struct store_reader *reader, struct store_read *read)
{
	struct read_job *j = HOLDER(read, struct read_job, read);
	struct api *a = j->aw->api;
	struct rollup_ctx *c = reader_ctx_take(a);
	uint64_t differences;

	if (!c)
		j->rc = EMP_NOMEM;
	else if (j->verify)
		j->rc = rollup_verify(c, j->defs, reader, &j->out, &differences);
	else
		j->rc = rollup_answer(c, &j->query, j->defs, reader, &j->out,
				      &j->problem);
	if (c)
		reader_ctx_put(a, c);
	j->msg.node.next = NULL;
	req_post(a->net, j->ref.worker, &j->msg, &j->msg);
}

/* NULL: answered. */
static struct read_job *
job_new(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	struct read_job *j = NULL;

	if (aw->reads < READS_MAX)
		j = calloc(1, sizeof *j);
	if (!j) {
		answer_problem(r, EMP_OVERLOADED, "", "too many questions at a time");
		return NULL;
	}
	j->aw = aw;
	j->snap = snap_use(aw);
	j->defs = j->snap->defs;
	j->read.run = job_run;
	j->msg.run = job_home;
	buf_init(&j->out, BODY_MAX);
	arena_init(&j->arena, JOB_ARENA);
	aw->reads++;
	return j;
}

static void
job_submit(struct req *r, struct read_job *j)
{
	enum emp_rc rc;

	j->ref = req_hold(r);
	rc = store_read_submit(j->aw->api->cfg.store, &j->read);
	if (rc == EMP_OK)
		return;
	if (j->verify)
		atomic_store(&j->aw->api->verifying, false);
	answer_problem(r, rc, "", "");
	job_free(j);
}

/* --- questions --- */

/* Fills `q` from the raw query; strings are in `arena` or in `raw`. */
static enum emp_rc
query_read(struct query *q, enum rollup rollup, struct str raw, struct arena *arena,
	   struct problem *p)
{
	struct http_form f;
	struct str name, value;
	enum http_form_step step;
	enum emp_rc rc;

	query_init(q, rollup);
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
	if (f->n == 0 && t->unit[0] != '\0')
		return problem_set(p, EMP_FORBIDDEN, "unit",
				   "ask with unit=%s: the token is limited to it",
				   t->unit);
	return EMP_OK;
}

/* The same question on a reader thread; its strings must outlive the request. */
static void
ask_reader(struct req *r, enum rollup rollup, struct str question,
	   const struct cache_state *state)
{
	struct read_job *j = job_new(r);
	struct problem p = {.rc = EMP_OK};
	struct str raw;
	enum emp_rc rc = EMP_NOMEM;

	if (!j)
		return;
	j->state = *state;
	j->question = arena_str(&j->arena, question);
	raw = arena_str(&j->arena, req_query(r));
	if (j->question.p && raw.p)
		rc = query_read(&j->query, rollup, raw, &j->arena, &p);
	if (rc != EMP_OK) {
		answer_problem(r, rc, "", emp_rc_title(rc));
		job_free(j);
		return;
	}
	STAT_ADD(j->aw, rollup_reads);
	job_submit(r, j);
}

/* The cache's key: which rollup, and the query as it was sent. */
static struct str
question_of(char dst[QUESTION_MAX], enum rollup rollup, struct str raw)
{
	EMP_ASSERT(raw.n < QUESTION_MAX);
	dst[0] = (char)('0' + rollup);
	if (raw.n > 0)
		memcpy(dst + 1, raw.p, raw.n);
	return (struct str){dst, raw.n + 1};
}

/* Whether the cache has the answer, and the token need not be compared with the
 * question; then it is given. The usual case of a dashboard that polls. */
static bool
answer_cached(struct req *r, enum rollup rollup, const struct token_def *token,
	      struct str question, const struct cache_state *now)
{
	struct api_worker *aw = worker_of(r);
	const struct cache_entry *e;

	if (token->unit[0] != '\0')
		return false;
	e = cache_get(&aw->cache, question, now);
	if (!e)
		return false;
	STAT_ADD(aw, rollup_cached);
	answer_bytes(r, rollup, e->csv, buf_str(&e->body), e->etag);
	return true;
}

/* Not in the cache: from the counters, or from a reader. */
static void
answer_anew(struct req *r, const struct query *q, struct str question,
	    const struct cache_state *now)
{
	struct api_worker *aw = worker_of(r);
	struct problem p = {.rc = EMP_OK};
	struct buf body;
	enum emp_rc rc;

	buf_init(&body, BODY_MAX);
	rc = rollup_answer(aw->rollups, q, aw->snap->defs, NULL, &body, &p);
	if (rc == EMP_OK)
		answer_fresh(r, question, now, q, &body);
	else if (rc == EMP_STALE)
		ask_reader(r, (enum rollup)q->rollup, question, now);
	else if (p.rc == rc)
		req_error(r, &p);
	else
		answer_problem(r, rc, "", "");
	buf_fini(&body);
}

void
rollup_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	enum rollup rollup = rollup_find(route_rest(req_path(r), PREFIX));
	const struct token_def *token;
	struct problem p = {.rc = EMP_OK};
	struct cache_state now;
	struct query q;
	struct str question;
	char text[QUESTION_MAX];
	enum emp_rc rc;

	STAT_ADD(aw, rollups);
	if (rollup == ROLLUP_COUNT) {
		answer_problem(r, EMP_NOT_FOUND, "", "there is no rollup of this name");
		return;
	}
	rc = auth_token(r, &token);
	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	now = (struct cache_state){
		.seq = rollups_seq(aw->api->cfg.rollups),
		.defs = aw->snap->defs->version,
		.hour = clock_now_ms() / (S_PER_HOUR * MS_PER_S),
	};
	question = question_of(text, rollup, req_query(r));
	if (answer_cached(r, rollup, token, question, &now))
		return;
	rc = query_read(&q, rollup, req_query(r), req_arena(r), &p);
	if (rc == EMP_OK)
		rc = query_allowed(&q, token, &p);
	if (rc == EMP_OK)
		answer_anew(r, &q, question, &now);
	else
		req_error(r, &p);
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
	j = job_new(r);
	if (!j) {
		atomic_store(&a->verifying, false);
		return;
	}
	j->verify = true;
	job_submit(r, j);
}
