/* Worker threads: a loop each, its mail, its pools and its cached date. */
#include "net/internal.h"

#include "base/clock.h"
#include "http/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_US 1000ULL
#define US_PER_S 1000000ULL

/* --- the clock of a callback --- */

static void
write_common(struct worker *w)
{
	int64_t now = clock_now_ms();
	char date[HTTP_DATE_MAX];
	int n;

	http_date(date, now / MS_PER_S);
	n = snprintf(w->common, sizeof(w->common),
		     "Date: %s\r\nX-Content-Type-Options: nosniff\r\n", date);
	EMP_ASSERT(n > 0 && (size_t)n < sizeof(w->common));
	w->common_n = (size_t)n;
	n += snprintf(w->common + n, sizeof(w->common) - (size_t)n,
		      "Cache-Control: no-store\r\n");
	EMP_ASSERT((size_t)n < sizeof(w->common));
	w->common_full = (size_t)n;
	w->date_until = w->now + (uint64_t)(MS_PER_S - now % MS_PER_S) * NS_PER_MS;
}

void
worker_tick(struct worker *w)
{
	w->now = clock_mono_ns();
	if (w->now >= w->date_until)
		write_common(w);
}

/* --- pools --- */

struct rbuf *
worker_rbuf(struct worker *w)
{
	struct rbuf *b = w->rbufs;

	if (b != NULL) {
		w->rbufs = b->next;
		w->n_rbufs--;
	} else {
		b = malloc(sizeof(*b));
		if (b == NULL)
			return NULL;
	}
	b->next = NULL;
	b->n = 0;
	return b;
}

void
worker_rbuf_give(struct worker *w, struct rbuf *b)
{
	if (w->n_rbufs == POOL_MAX) {
		free(b);
		return;
	}
	b->next = w->rbufs;
	w->rbufs = b;
	w->n_rbufs++;
}

static void
free_pools(struct worker *w)
{
	struct rbuf *b;
	struct req *r;

	while ((b = w->rbufs) != NULL) {
		w->rbufs = b->next;
		free(b);
	}
	while ((r = w->reqs) != NULL) {
		w->reqs = r->next;
		if (r->has_arena)
			arena_fini(&r->arena);
		buf_fini(&r->extra);
		free(r);
	}
	for (uint32_t i = 0; i < w->n_slots / SLAB; i++)
		free(w->slabs[i]);
	free(w->slabs);
}

/* --- turns that were put off --- */

static void
arm_again(struct worker *w)
{
	/* A timer, not event_active: that would run before the loop has looked at other
	 * connections. */
	static const struct timeval now = {0, 0};

	EMP_ASSERT(event_add(&w->on_again, &now) == 0);
}

void
worker_again(struct worker *w, struct conn *c)
{
	if (c->queued)
		return;
	c->queued = true;
	c->next = NULL;
	if (w->again_last != NULL)
		w->again_last->next = c;
	else
		w->again_first = c;
	w->again_last = c;
	w->n_again++;
	arm_again(w);
}

static void
again(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct conn *c;

	(void)fd;
	(void)what;
	worker_tick(w);
	/* Those that are put off once more wait for the next turn of the loop. */
	for (uint32_t n = w->n_again; n > 0 && w->again_first != NULL; n--) {
		c = w->again_first;
		worker_again_leave(c);
		conn_turn(c);
	}
	if (w->again_first != NULL)
		arm_again(w);
}

void
worker_again_leave(struct conn *c)
{
	struct worker *w = c->w;
	struct conn **p = &w->again_first, *before = NULL;

	if (!c->queued)
		return;
	while (*p != NULL && *p != c) {
		before = *p;
		p = &(*p)->next;
	}
	EMP_ASSERT(*p == c);
	*p = c->next;
	if (w->again_last == c)
		w->again_last = before;
	w->n_again--;
	c->next = NULL;
	c->queued = false;
}

/* --- the alarm --- */

static void
alarm_fire(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	const struct req_app *app = w->net->app;

	(void)fd;
	(void)what;
	worker_tick(w);
	app->alarm(w->data, app->ctx);
}

void
worker_alarm(struct worker *w, uint64_t ns)
{
	uint64_t us = (ns + NS_PER_US - 1) / NS_PER_US;
	struct timeval tv = {(time_t)(us / US_PER_S), (suseconds_t)(us % US_PER_S)};

	owner_assert(&w->owner);
	EMP_ASSERT(event_add(&w->on_alarm, &tv) == 0);
}

/* --- mail --- */

static void
run_mail(struct worker *w)
{
	struct qnode *n = mailbox_take(&w->mail), *next;

	for (; n != NULL; n = next) {
		struct req_msg *m = (struct req_msg *)n;

		next = n->next;
		m->run(w, m);
	}
}

static void
mail(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	worker_tick(w);
	run_mail(w);
}

void
req_post(struct net *n, uint32_t index, struct req_msg *first, struct req_msg *last)
{
	EMP_ASSERT(index < n->n_workers);
	mailbox_post(&n->workers[index].mail, &first->node, &last->node);
}

/* --- start and stop --- */

void
worker_drained(struct worker *w)
{
	struct net *n = w->net;

	if (w->told || atomic_load(&w->conns) > 0)
		return;
	w->told = true;
	pthread_mutex_lock(&n->lock);
	n->drained++;
	pthread_cond_broadcast(&n->changed);
	pthread_mutex_unlock(&n->lock);
}

static void
do_drain(struct worker *w, struct req_msg *m)
{
	(void)m;
	w->draining = true;
	listen_detach(w);
	conn_start_drain(w, false);
	worker_drained(w);
}

static void
do_kill(struct worker *w, struct req_msg *m)
{
	(void)m;
	conn_start_drain(w, true);
	worker_drained(w);
}

static void
do_exit(struct worker *w, struct req_msg *m)
{
	(void)m;
	EMP_ASSERT(event_base_loopbreak(w->base) == 0);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	const struct req_app *app = w->net->app;

	owner_claim(&w->owner);
	worker_tick(w);
	if (app->worker_start != NULL)
		w->data = app->worker_start(w, app->ctx);
	pthread_mutex_lock(&w->net->lock);
	w->net->ready++;
	pthread_cond_broadcast(&w->net->changed);
	pthread_mutex_unlock(&w->net->lock);
	EMP_ASSERT(event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY) == 0);
	run_mail(w);
	if (app->worker_stop != NULL)
		app->worker_stop(w->data, app->ctx);
	owner_release(&w->owner);
	return NULL;
}

static struct event_base *
new_base(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	if (cfg == NULL)
		return NULL;
	/* Each base belongs to one thread; others write to its eventfd. */
	if (event_config_set_flag(
		    cfg, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	return base;
}

enum emp_rc
worker_init(struct worker *w, struct net *n, uint32_t index)
{
	const struct net_deadlines *ms = &n->cfg.ms;
	const unsigned durations[DL_COUNT] = {
		[DL_HEADER] = ms->header, [DL_BODY] = ms->body,
		[DL_ANSWER] = ms->answer, [DL_SLOW] = ms->slow,
		[DL_SEND] = ms->send,     [DL_IDLE] = ms->idle,
		[DL_LINGER] = ms->linger,
	};
	enum emp_rc rc;

	w->net = n;
	w->index = index;
	w->reserve = -1;
	w->mail.fd = -1;
	w->timer_at = UINT64_MAX;
	w->do_drain.run = do_drain;
	w->do_kill.run = do_kill;
	w->do_exit.run = do_exit;
	buf_init(&w->out, 0);
	for (int d = 0; d < DL_COUNT; d++)
		w->deadlines[d].ns = durations[d] * NS_PER_MS;
	rc = mailbox_init(&w->mail);
	if (rc != EMP_OK)
		return rc;
	w->base = new_base();
	if (w->base == NULL)
		return EMP_NOMEM;
	event_assign(&w->on_mail, w->base, w->mail.fd, EV_READ | EV_PERSIST, mail, w);
	event_assign(&w->on_deadline, w->base, -1, 0, deadline_fire, w);
	event_assign(&w->on_again, w->base, -1, 0, again, w);
	event_assign(&w->on_resume, w->base, -1, 0, listen_resume, w);
	event_assign(&w->on_alarm, w->base, -1, 0, alarm_fire, w);
	if (event_add(&w->on_mail, NULL) != 0)
		return EMP_IO;
	return listen_attach(w);
}

enum emp_rc
worker_start(struct worker *w)
{
	if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
		return EMP_NOMEM;
	w->running = true;
	return EMP_OK;
}

void
worker_fini(struct worker *w)
{
	if (w->running) {
		req_post(w->net, w->index, &w->do_exit, &w->do_exit);
		pthread_join(w->thread, NULL);
	}
	if (w->base != NULL) {
		listen_detach(w);
		event_del(&w->on_mail);
		event_del(&w->on_deadline);
		event_del(&w->on_again);
		event_del(&w->on_resume);
		event_del(&w->on_alarm);
		event_base_free(w->base);
	}
	free(w->ears);
	if (w->mail.fd >= 0)
		mailbox_fini(&w->mail);
	if (w->reserve >= 0)
		close(w->reserve);
	buf_fini(&w->out);
	free_pools(w);
}
