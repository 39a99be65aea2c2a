/* GET /v1/live: Server-Sent Events, a notice whenever published figures have changed.
 *
 * From the writer to the clients. After a group the writer compares what it looks at
 * (live.h) with the last time, and sets LIVE_NEWS for each worker. Where LIVE_LISTENING
 * stood and LIVE_NEWS did not, it posts the one message of that worker; so there is one
 * on its way at most, however many groups pass meanwhile. The worker clears LIVE_NEWS
 * before it reads the state: a change is either in what it reads, or finds LIVE_NEWS
 * cleared and posts anew. LIVE_LISTENING goes only with a message that finds nobody, so
 * that a message never is on its way twice. Where nobody listens, a group costs one
 * atomic or per worker, and a request nothing.
 *
 * Definitions come to every worker anyway (api_defs). Tokens are definitions, too, but
 * nobody's who may only read: a new one is no news, and one that is revoked ends the
 * streams that it began.
 *
 * What a client is sent when: pace.h.
 */
#include "api/live.h"

#include "api/auth.h"
#include "api/route.h"
#include "api/worker.h"
#include "base/clock.h"
#include "store/voice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 2000 /* until a client that lost its stream comes again */
/* Seconds until a client that found no room does: as long as others stay, that is. */
#define NO_ROOM_RETRY_AFTER "60"
#define HEARTBEAT STR(": \n\n")
#define NOTICE_MAX 256
/* Clients that are sent something before others of the worker have their turn. */
#define TELL_AT_ONCE 64

enum { LIVE_NEWS = 1, LIVE_LISTENING = 2 };

struct live_client {
	struct pace_item item;
	struct api_worker *aw;
	struct req_ref ref;
	uint8_t token[TOKEN_HASH_BYTES];
};

static void
client_free(struct live_client *c)
{
	pace_leave(&c->item);
	atomic_fetch_sub_explicit(&c->aw->api->live_clients, 1, memory_order_relaxed);
	free(c);
}

/* Reads what is published. */
static void
look(struct api_worker *aw)
{
	struct pace_state *now = &aw->live.pace.now;

	now->seq = rollups_seq(aw->api->cfg.rollups);
	now->releases = store_releases_version(aw->api->cfg.store);
}

/* --- telling --- */

static bool
send_notice(struct live_client *c, const char *before)
{
	const struct pace_state *s = &c->aw->live.pace.now;
	char text[NOTICE_MAX];
	int n = snprintf(text, sizeof text,
			 "%sid: %" PRId64 "\nevent: change\n"
			 "data: {\"seq\":%" PRId64 ",\"definitions\":%" PRIu64
			 ",\"releases\":%" PRIu64 "}\n\n",
			 before, s->seq, s->seq, s->definitions, s->releases);

	EMP_ASSERT(n > 0 && n < NOTICE_MAX);
	return req_stream_send(c->aw->net, c->ref, (struct str){text, (size_t)n});
}

/* What is due, and an alarm for the rest and for what will be. */
static void
run(struct api_worker *aw)
{
	struct pace *p = &aw->live.pace;
	uint64_t now = clock_mono_ns(), wait;
	struct pace_item *i;
	enum pace_due due;

	for (int n = 0; n < TELL_AT_ONCE; n++) {
		struct live_client *c;

		due = pace_due(p, now, &i);
		if (due == PACE_NOTHING)
			break;
		c = HOLDER(i, struct live_client, item);
		if (due == PACE_NOTICE ? send_notice(c, "")
				       : req_stream_send(aw->net, c->ref, HEARTBEAT))
			pace_told(p, i, now);
		else
			pace_stuck(p, i);
	}
	wait = pace_wait(p, now);
	if (wait != UINT64_MAX)
		worker_alarm(aw->net, wait);
}

void
live_alarm(struct api_worker *aw)
{
	run(aw);
}

/* He took what he had been sent. What he was refused was due, so all news is. */
static void
on_room(void *ctx)
{
	struct live_client *c = ctx;
	struct pace *p = &c->aw->live.pace;

	if (!pace_has_news(p, &c->item) || send_notice(c, ""))
		pace_told(p, &c->item, clock_mono_ns());
	run(c->aw);
}

static void
on_gone(void *ctx)
{
	client_free(ctx);
}

static const struct req_stream stream = {.room = on_room, .gone = on_gone};

/* --- news --- */

/* [worker] */
static void
news_arrive(struct worker *w, struct req_msg *m)
{
	struct api_worker *aw = worker_data(w);
	struct live *l = &aw->live;

	(void)m;
	l->listening = l->pace.line.first || l->pace.stuck.first;
	atomic_exchange(&aw->shared->live, l->listening ? LIVE_LISTENING : 0);
	if (!l->listening)
		return;
	look(aw);
	run(aw);
}

void
live_group_end(struct api *a)
{
	int64_t seq = rollups_seq(a->cfg.rollups);
	uint64_t releases = store_releases_version(a->cfg.store);

	if (seq == a->live_seen.seq && releases == a->live_seen.releases)
		return;
	a->live_seen = (struct pace_state){.seq = seq, .releases = releases};
	for (uint32_t i = 0; i < a->n_workers; i++) {
		struct api_shared *s = &a->shared[i];

		if (atomic_fetch_or(&s->live, LIVE_NEWS) != LIVE_LISTENING)
			continue;
		s->news.node.next = NULL;
		s->news.run = news_arrive;
		req_post(a->net, i, &s->news, &s->news);
	}
}

static bool
same_tokens(const struct defs *a, const struct defs *b)
{
	if (a->n_tokens != b->n_tokens)
		return false;
	for (uint32_t i = 0; i < a->n_tokens; i++)
		if (a->tokens[i].id != b->tokens[i].id)
			return false;
	return true;
}

static void
end_revoked(struct pace_list *l, const struct defs *defs)
{
	struct pace_item *i = l->first, *next;

	for (; i; i = next) {
		struct live_client *c = HOLDER(i, struct live_client, item);

		next = i->next;
		if (defs_token(defs, c->token))
			continue;
		req_stream_end(c->aw->net, c->ref);
		client_free(c);
	}
}

void
live_defs(struct api_worker *aw, const struct defs *old, const struct defs *now)
{
	struct pace *p = &aw->live.pace;

	if (!same_tokens(old, now)) {
		end_revoked(&p->line, now);
		end_revoked(&p->stuck, now);
		return;
	}
	p->now.definitions++;
	run(aw);
}

/* --- the route --- */

/* Begin to be told of news. */
static void
listen_from_now(struct api_worker *aw)
{
	if (!aw->live.listening) {
		aw->live.listening = true;
		atomic_exchange(&aw->shared->live, LIVE_LISTENING);
	}
	look(aw);
}

void
live_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	struct api *a = aw->api;
	const struct token_def *token;
	struct live_client *c;
	char retry[32];
	enum emp_rc rc = auth_token(r, &token);

	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return;
	}
	if (!query_empty(r))
		return;
	c = calloc(1, sizeof *c);
	if (!c) {
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	c->aw = aw;
	memcpy(c->token, token->hash, sizeof c->token);
	if (atomic_fetch_add_explicit(&a->live_clients, 1, memory_order_relaxed) >=
	    a->cfg.live_max) {
		client_free(c);
		req_add_header(r, "Retry-After", STR(NO_ROOM_RETRY_AFTER));
		answer_problem(r, EMP_OVERLOADED, "",
			       "as many listen as may (live_max)");
		return;
	}
	/* Or nginx waits until there is more. */
	req_add_header(r, "X-Accel-Buffering", STR("no"));
	if (!req_stream_begin(r, "text/event-stream", &stream, c, &c->ref)) {
		client_free(c);
		return;
	}
	listen_from_now(aw);
	snprintf(retry, sizeof retry, "retry: %d\n", RETRY_MS);
	if (send_notice(c, retry))
		pace_told(&aw->live.pace, &c->item, clock_mono_ns());
	else
		pace_stuck(&aw->live.pace, &c->item);
	run(aw);
}

void
live_init(struct api_worker *aw)
{
	aw->live.pace.now.definitions = 1;
}

void
live_fini(struct api_worker *aw)
{
	struct pace *p = &aw->live.pace;

	while (p->line.first)
		client_free(HOLDER(p->line.first, struct live_client, item));
	while (p->stuck.first)
		client_free(HOLDER(p->stuck.first, struct live_client, item));
}
