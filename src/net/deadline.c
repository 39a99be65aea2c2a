/* Deadlines: lists instead of a timer per connection.
 *
 * Every deadline of a kind has the same duration, so appending keeps its list sorted
 * and a request costs a few pointer writes. One timer of the loop per worker stands at
 * the earliest expiry known when it was set; it may come too early (the connection
 * moved on meanwhile), and is then set again, but never too late: deadline_set moves it
 * forward when something expires before.
 */
#include "net/internal.h"

#define NS_PER_US 1000ULL
#define US_PER_S 1000000ULL

static void
arm(struct worker *w, uint64_t at)
{
	uint64_t us = at > w->now ? (at - w->now + NS_PER_US - 1) / NS_PER_US : 0;
	struct timeval tv = {(time_t)(us / US_PER_S), (suseconds_t)(us % US_PER_S)};

	w->timer_at = at;
	EMP_ASSERT(event_add(&w->on_deadline, &tv) == 0);
}

void
deadline_clear(struct conn *c)
{
	struct dl_list *l;

	if (c->deadline == DL_COUNT)
		return;
	l = &c->w->deadlines[c->deadline];
	if (c->dl_prev != NULL)
		c->dl_prev->dl_next = c->dl_next;
	else
		l->first = c->dl_next;
	if (c->dl_next != NULL)
		c->dl_next->dl_prev = c->dl_prev;
	else
		l->last = c->dl_prev;
	c->deadline = DL_COUNT;
}

void
deadline_set(struct conn *c, enum deadline d)
{
	struct worker *w = c->w;
	struct dl_list *l = &w->deadlines[d];

	deadline_clear(c);
	if (d == DL_COUNT)
		return;
	c->deadline = d;
	c->expires = w->now + l->ns;
	c->dl_prev = l->last;
	c->dl_next = NULL;
	if (l->last != NULL)
		l->last->dl_next = c;
	else
		l->first = c;
	l->last = c;
	if (c->expires < w->timer_at)
		arm(w, c->expires);
}

static void
expire(struct conn *c)
{
	struct worker *w = c->w;
	enum deadline d = c->deadline;

	deadline_clear(c);
	if (c->req != NULL && c->req->answered)
		return; /* in worker->again: its turn sets the next deadline */
	switch (d) {
	case DL_HEADER:
		COUNT(w, timeout_header);
		req_refuse(c->req, EMP_TIMEOUT, "the head did not arrive in time");
		return;
	case DL_BODY:
		COUNT(w, timeout_body);
		if (c->state == CONN_BODY) {
			req_refuse(c->req, EMP_TIMEOUT,
				   "the body did not arrive in time");
			return;
		}
		break;
	case DL_ANSWER:
	case DL_SLOW:
		COUNT(w, timeout_answer);
		req_refuse(c->req, EMP_OVERLOADED, "the answer was not ready in time");
		return;
	case DL_SEND:
		COUNT(w, timeout_send);
		break;
	case DL_IDLE:
		COUNT(w, timeout_idle);
		break;
	default:
		break;
	}
	conn_close(c);
}

void
deadline_fire(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t next = UINT64_MAX;

	(void)fd;
	(void)what;
	worker_tick(w);
	w->timer_at = UINT64_MAX;
	for (int d = 0; d < DL_COUNT; d++) {
		struct dl_list *l = &w->deadlines[d];

		while (l->first != NULL && l->first->expires <= w->now)
			expire(l->first);
	}
	for (int d = 0; d < DL_COUNT; d++)
		if (w->deadlines[d].first != NULL &&
		    w->deadlines[d].first->expires < next)
			next = w->deadlines[d].first->expires;
	if (next != UINT64_MAX && next < w->timer_at)
		arm(w, next);
}
