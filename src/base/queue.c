/* Handing over between threads.
 *
 * Both kinds are a stack of atomically swapped heads: producers push one node (or
 * chain) with a compare-and-swap, the consumer takes the whole stack with one exchange
 * and turns it round. Because the consumer takes everything, a node can never come back
 * while a producer compares, so there is no ABA problem and nothing to free late.
 *
 * Sleeping. The futex word of struct queue is AWAKE, ASLEEP or WOKEN. The consumer says
 * ASLEEP, then looks at the head once more; a producer changes the head, then looks at
 * the word. Both orders are sequentially consistent, so at least one sees the other: a
 * push is never slept through. Whoever swaps ASLEEP away makes the one wake-up call.
 * WOKEN is the memory of queue_wake() when it comes before the consumer lies down.
 */
#include "base/queue.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000L

enum { AWAKE, ASLEEP, WOKEN };

static void
futex_sleep(_Atomic uint32_t *word, uint32_t expected, int timeout_ms)
{
	struct timespec timeout = {timeout_ms / MS_PER_S,
				   timeout_ms % MS_PER_S * NS_PER_MS};
	long rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
			  timeout_ms >= 0 ? &timeout : NULL, NULL, 0);

	EMP_ASSERT(rc == 0 || errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT);
}

static void
futex_wake(_Atomic uint32_t *word)
{
	EMP_ASSERT(syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) >= 0);
}

static struct qnode *
reverse(struct qnode *n)
{
	struct qnode *turned = NULL;

	while (n != NULL) {
		struct qnode *next = n->next;

		n->next = turned;
		turned = n;
		n = next;
	}
	return turned;
}

void
queue_init(struct queue *q, uint64_t max_weight)
{
	atomic_init(&q->head, NULL);
	atomic_init(&q->weight, 0);
	q->max_weight = max_weight;
	atomic_init(&q->asleep, AWAKE);
}

bool
queue_push(struct queue *q, struct qnode *n, uint64_t weight)
{
	uint64_t total = atomic_load_explicit(&q->weight, memory_order_relaxed);
	struct qnode *head;
	uint32_t asleep = ASLEEP;

	do {
		if (weight > q->max_weight || total > q->max_weight - weight)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&q->weight, &total, total + weight, memory_order_relaxed,
		memory_order_relaxed));
	head = atomic_load_explicit(&q->head, memory_order_relaxed);
	do
		n->next = head;
	while (!atomic_compare_exchange_weak(&q->head, &head, n));
	if (atomic_load(&q->asleep) == ASLEEP &&
	    atomic_compare_exchange_strong(&q->asleep, &asleep, AWAKE))
		futex_wake(&q->asleep);
	return true;
}

struct qnode *
queue_take(struct queue *q)
{
	if (atomic_load_explicit(&q->head, memory_order_relaxed) == NULL)
		return NULL;
	return reverse(atomic_exchange_explicit(&q->head, NULL, memory_order_acquire));
}

void
queue_done(struct queue *q, uint64_t weight)
{
	uint64_t before = atomic_fetch_sub_explicit(&q->weight, weight,
						    memory_order_relaxed);

	EMP_ASSERT(before >= weight);
}

void
queue_wait(struct queue *q, int timeout_ms)
{
	uint32_t awake = AWAKE;

	if (atomic_load(&q->head) != NULL)
		return;
	if (atomic_compare_exchange_strong(&q->asleep, &awake, ASLEEP) &&
	    atomic_load(&q->head) == NULL)
		futex_sleep(&q->asleep, ASLEEP, timeout_ms);
	/* A WOKEN that is forgotten here was heard: the caller looks around now. */
	atomic_store(&q->asleep, AWAKE);
}

void
queue_wake(struct queue *q)
{
	if (atomic_exchange(&q->asleep, WOKEN) == ASLEEP)
		futex_wake(&q->asleep);
}

uint64_t
queue_weight(const struct queue *q)
{
	return atomic_load_explicit(&q->weight, memory_order_relaxed);
}

enum emp_rc
mailbox_init(struct mailbox *m)
{
	atomic_init(&m->head, NULL);
	m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return m->fd >= 0 ? EMP_OK : EMP_IO;
}

void
mailbox_fini(struct mailbox *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

void
mailbox_post(struct mailbox *m, struct qnode *first, struct qnode *last)
{
	const uint64_t one = 1;
	struct qnode *head = atomic_load_explicit(&m->head, memory_order_relaxed);

	EMP_ASSERT(last->next == NULL);
	(void)reverse(
		first); /* the stack is newest first: `last` leads, `first` ends */
	do
		first->next = head;
	while (!atomic_compare_exchange_weak(&m->head, &head, last));
	/* Not empty before: whoever made it so wakes, or has just done it. */
	if (head != NULL)
		return;
	while (write(m->fd, &one, sizeof one) < 0)
		EMP_ASSERT(errno == EINTR);
}

struct qnode *
mailbox_take(struct mailbox *m)
{
	uint64_t count;

	/* First the flag, then the mail: mail that comes between wakes once more. */
	while (read(m->fd, &count, sizeof count) < 0) {
		if (errno == EAGAIN)
			break;
		EMP_ASSERT(errno == EINTR);
	}
	return reverse(atomic_exchange(&m->head, NULL));
}
