/* The writer thread: takes whatever is queued, commits, repeats. Busy means big groups
 * by itself; quiet means that counters are written and logs emptied. It waits for
 * nobody. */
#include "store/impl.h"

#include "base/array.h"
#include "base/clock.h"
#include "store/audit.h"
#include "store/db.h"
#include "store/release.h"

#define NS_PER_MS 1000000
/* With nothing to do at all: daily work, free space. */
#define SLEEP_MS 60000
/* What could not be done, because a reader holds the log, say, is tried again. */
#define AGAIN_MS 5000
#define HURRY_MS 10000 /* while there is always something to do */
#define FULL_MS 1000

static struct store_batch *
batch_of(struct qnode *n)
{
	return (struct store_batch *)(void *)n;
}

/* The next group: in order of arrival, up to group_max events, atomic ones alone. */
static uint32_t
next_group(struct store *s)
{
	uint32_t n = 0;
	uint64_t events = 0;

	while (s->waiting != NULL) {
		struct store_batch *b = s->waiting;
		struct qnode *next = b->node.next;

		if (aside_holds(s, b)) {
			s->waiting = next != NULL ? batch_of(next) : NULL;
			continue;
		}
		if (n > 0 &&
		    (b->atomic || s->batches[0]->atomic ||
		     events + b->n > s->config.group_max))
			break;
		/* Out of memory: a smaller group does as well. */
		if (!array_reserve(&s->batches, &s->cap_batches, n + 1,
				   sizeof(struct store_batch *)))
			break;
		s->waiting = next != NULL ? batch_of(next) : NULL;
		s->batches[n++] = b;
		events += b->n;
	}
	return n;
}

/* None while confidential.db is lent: there is hardly one that does without it. */
static void
run_changes(struct store *s)
{
	if (aside_under_way(s))
		return;
	if (s->asked == NULL)
		s->asked = queue_take(&s->changes);
	if (s->asked == NULL)
		return;
	while (s->asked != NULL && !aside_under_way(s)) {
		uint32_t done = audit_run(s, &s->asked);

		if (done == 0) {
			struct store_change *c = (struct store_change *)(void *)
							 s->asked;

			s->asked = c->node.next;
			change_run(s, c);
			done = 1;
		}
		queue_done(&s->changes, done);
	}
	s->hooks.group_end(s->hooks.ctx);
}

static void
run_batches(struct store *s)
{
	while (s->waiting != NULL) {
		uint32_t n = next_group(s);

		if (n == 0) /* the rest waits aside */
			continue;
		group_run(s, s->batches, n);
		s->hooks.group_end(s->hooks.ctx);
		disk_checkpoint(s);
		run_changes(s);
	}
}

static bool
cells_behind(const struct store *s)
{
	return s->hooks.dirty_since(s->hooks.ctx) != INT64_MAX ||
		s->counted_before < s->next_seq;
}

static bool
untidy(const struct store *s)
{
	return s->main.wal_pages > 0 || s->sealed.written || s->periods.behind;
}

/* Copies that are missing; who listens hears of them. */
static void
catch_up(struct store *s)
{
	if (!s->periods.behind)
		return;
	release_again(s);
	s->hooks.group_end(s->hooks.ctx);
}

/* A piece of what can wait. False when there is nothing (more) to do now. */
static bool
idle_work(struct store *s)
{
	if (!disk_ok(s)) {
		/* Emptying the log may be what makes room. */
		if (s->main.wal_pages > 0)
			disk_tidy(s, true);
		return false;
	}
	if (cells_behind(s))
		return group_flush(s, CELLS_IDLE);
	catch_up(s);
	if (untidy(s))
		disk_tidy(s, false);
	return false;
}

/* What confidential.db must not show for long, and copies that are missing, do not wait
 * for a quiet moment: with an event every second there is none. */
static void
hurry(struct store *s, uint64_t *hurried)
{
	uint64_t now = clock_mono_ns();

	if (aside_under_way(s))
		return;
	if ((!s->sealed.written && !s->periods.behind) ||
	    now - *hurried < (uint64_t)HURRY_MS * NS_PER_MS || !disk_ok(s))
		return;
	*hurried = now;
	catch_up(s);
	disk_tidy_sealed(s, NULL);
}

/* Nothing to do but what is done aside. */
static void
wait_aside(struct store *s)
{
	bool full = atomic_load(&s->counters.disk_full);

	queue_wait(&s->queue, full ? FULL_MS : SLEEP_MS);
	if (full)
		(void)disk_ok(s);
}

static int
sleep_ms(const struct store *s, int64_t quiet_ms, bool done)
{
	if (atomic_load(&s->counters.disk_full))
		return FULL_MS;
	if (!cells_behind(s) && !untidy(s))
		return SLEEP_MS;
	if (done)
		return AGAIN_MS;
	return quiet_ms < IDLE_MS ? (int)(IDLE_MS - quiet_ms) : 0;
}

void *
writer_main(void *store)
{
	struct store *s = store;
	uint64_t busy = clock_mono_ns();
	uint64_t hurried = busy;
	bool done = false;

	for (;;) {
		bool stopping = atomic_load(&s->stopping);
		struct qnode *n = queue_take(&s->queue);
		int64_t quiet;
		int pause;

		aside_poll(s);
		run_changes(s);
		if (!stopping)
			release_due(s);
		s->waiting = aside_resume(s, n != NULL ? batch_of(n) : NULL);
		if (s->waiting != NULL) {
			erase_attended(s);
			run_batches(s);
			if (!aside_under_way(s))
				erase_step(s, true);
			hurry(s, &hurried);
			busy = clock_mono_ns();
			done = false;
			continue;
		}
		if (aside_under_way(s)) {
			if (stopping)
				aside_finish(s);
			else
				wait_aside(s);
			continue;
		}
		/* Asked before the queue was found empty: nothing comes any more. */
		if (stopping)
			break;
		if (erase_wait_ms(s) == 0) {
			erase_step(s, false);
			continue;
		}
		quiet = (int64_t)((clock_mono_ns() - busy) / NS_PER_MS);
		if (quiet >= IDLE_MS && !done) {
			done = !idle_work(s);
			continue;
		}
		pause = sleep_ms(s, quiet, done);
		if (done && quiet >= pause) {
			busy = clock_mono_ns();
			done = false;
			continue;
		}
		if (erase_wait_ms(s) >= 0 && erase_wait_ms(s) < pause)
			pause = erase_wait_ms(s);
		queue_wait(&s->queue, pause);
		if (atomic_load(&s->counters.disk_full))
			(void)disk_ok(s);
	}
	/* One that fails says so in the log; a start counts again what it would have
	 * written. */
	while (cells_behind(s) && disk_ok(s) && group_flush(s, CELLS_IDLE))
		;
	disk_tidy(s, true);
	aside_finish(s);
	return NULL;
}
