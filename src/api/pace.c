/* The line: see pace.h. */
#include "api/pace.h"

#include <stddef.h>

bool
pace_has_news(const struct pace *p, const struct pace_item *i)
{
	return i->told.seq != p->now.seq || i->told.definitions != p->now.definitions ||
		i->told.releases != p->now.releases;
}

uint64_t
pace_wait(const struct pace *p, uint64_t now)
{
	const struct pace_item *i = p->line.first;
	uint64_t at;

	if (!i)
		return UINT64_MAX;
	at = i->at + (pace_has_news(p, i) ? PACE_NOTICE_NS : PACE_HEARTBEAT_NS);
	return at > now ? at - now : 0;
}

enum pace_due
pace_due(const struct pace *p, uint64_t now, struct pace_item **first)
{
	*first = p->line.first;
	if (pace_wait(p, now) > 0)
		return PACE_NOTHING;
	return pace_has_news(p, *first) ? PACE_NOTICE : PACE_HEARTBEAT;
}

void
pace_leave(struct pace_item *i)
{
	struct pace_list *l = i->list;

	if (!l)
		return;
	if (i->prev)
		i->prev->next = i->next;
	else
		l->first = i->next;
	if (i->next)
		i->next->prev = i->prev;
	else
		l->last = i->prev;
	i->list = NULL;
}

static void
append(struct pace_list *l, struct pace_item *i)
{
	pace_leave(i);
	i->list = l;
	i->next = NULL;
	i->prev = l->last;
	if (l->last)
		l->last->next = i;
	else
		l->first = i;
	l->last = i;
}

void
pace_told(struct pace *p, struct pace_item *i, uint64_t now)
{
	i->told = p->now;
	i->at = now;
	append(&p->line, i);
}

void
pace_stuck(struct pace *p, struct pace_item *i)
{
	append(&p->stuck, i);
}
