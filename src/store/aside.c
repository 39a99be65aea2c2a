/* Lending confidential.db to a thread, and who waits meanwhile: see aside.h. */
#include "store/aside.h"
#include "store/db.h"
#include "store/impl.h"

enum emp_rc
aside_open(struct store *s, struct problem *p)
{
	return db_open(&s->aside.main, s->main.path, DB_READER, p);
}

void
aside_close(struct store *s)
{
	db_close(&s->aside.main);
}

static void *
aside_main(void *store)
{
	struct store *s = store;

	s->aside.work(s);
	atomic_store(&s->aside.done, true);
	queue_wake(&s->queue);
	return NULL;
}

void
aside_begin(struct store *s, void (*work)(struct store *s),
	    void (*then)(struct store *s))
{
	struct aside *a = &s->aside;

	EMP_ASSERT(!a->under_way && !a->lent);
	a->work = work;
	a->then = then;
	a->under_way = true;
	atomic_store(&a->done, false);
	a->lent = pthread_create(&a->thread, NULL, aside_main, s) == 0;
	if (a->lent)
		return;
	work(s);
	atomic_store(&a->done, true);
	queue_wake(&s->queue);
}

bool
aside_under_way(const struct store *s)
{
	return s->aside.under_way;
}

void
aside_take(struct store *s)
{
	if (!s->aside.lent)
		return;
	EMP_ASSERT(pthread_join(s->aside.thread, NULL) == 0);
	s->aside.lent = false;
}

void
aside_assert_back(const struct store *s)
{
	EMP_ASSERT(!s->aside.lent);
}

void
aside_poll(struct store *s)
{
	struct aside *a = &s->aside;

	if (!a->under_way || !atomic_load(&a->done))
		return;
	aside_take(s);
	a->under_way = false;
	if (a->then != NULL)
		a->then(s);
}

void
aside_finish(struct store *s)
{
	while (s->aside.under_way) {
		aside_take(s);
		aside_poll(s);
	}
}

/* ---- who waits ------------------------------------------------------------------- */

/* Whether storing it takes confidential.db: its people may be there though it is not.
 */
static bool
needs_confidential(const struct event *e)
{
	if (class_is_confidential((enum event_class)e->class) ||
	    e->type == EVENT_SUGGESTION_RATED)
		return true;
	return e->class == CLASS_OPERATIONAL &&
		(e->person.set || e->case_ref.set ||
		 e->type == EVENT_RECOGNITION_GIVEN);
}

/* What one request sends stays in its order: a later event may be about an earlier. */
static bool
follows_held(const struct aside *a, const struct store_batch *b)
{
	if (b->request == NULL)
		return false;
	for (const struct store_batch *at = a->held; at != NULL;
	     at = (const struct store_batch *)(const void *)at->node.next)
		if (at->request == b->request)
			return true;
	return false;
}

bool
aside_holds(struct store *s, struct store_batch *b)
{
	struct aside *a = &s->aside;
	bool holds = false;

	if (!a->under_way)
		return false;
	for (uint32_t i = 0; i < b->n && !holds; i++)
		holds = needs_confidential(&b->events[i]);
	if (!holds && !follows_held(a, b))
		return false;
	b->node.next = NULL;
	if (a->held != NULL)
		a->held_last->node.next = &b->node;
	else
		a->held = b;
	a->held_last = b;
	atomic_fetch_add(&a->held_weight, batch_weight(s, b));
	return true;
}

struct store_batch *
aside_resume(struct store *s, struct store_batch *taken)
{
	struct aside *a = &s->aside;
	struct store_batch *first = a->held;

	if (a->under_way || first == NULL)
		return taken;
	a->held_last->node.next = taken != NULL ? &taken->node : NULL;
	a->held = NULL;
	a->held_last = NULL;
	atomic_store(&a->held_weight, 0);
	return first;
}
