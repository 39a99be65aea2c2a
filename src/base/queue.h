/* Two ways for threads to hand things over.
 *
 * struct queue: many producers, one consumer, bounded, intrusive. The consumer takes
 * everything queued at once, in order of arrival, which is what makes commit groups
 * grow by themselves under load. Producers never block: a full queue is an answer
 * (429/503). The consumer sleeps on a futex only when the queue is empty, and a
 * producer makes the wake-up call only when the consumer sleeps.
 *
 * struct mailbox: many producers, one consumer that lives in an event loop and is woken
 * through an eventfd; unbounded, because what it carries was counted elsewhere. One
 * wake per burst.
 */
#ifndef EMP_BASE_QUEUE_H
#define EMP_BASE_QUEUE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Embed as the first member of what is handed over. */
struct qnode {
	struct qnode *next;
};

struct queue {
	_Alignas(64) _Atomic(struct qnode *) head; /* newest first */
	_Alignas(64) _Atomic uint64_t weight;      /* sum of weights in the queue */
	uint64_t max_weight;
	_Alignas(64) _Atomic uint32_t asleep; /* futex: 1 while the consumer sleeps */
};

void queue_init(struct queue *q, uint64_t max_weight);
/* [any] False when `weight` more would pass the limit: the node stays the caller's. */
EMP_MUST_CHECK bool queue_push(struct queue *q, struct qnode *n, uint64_t weight);
/* [consumer] Everything queued, oldest first; NULL when empty. */
struct qnode *queue_take(struct queue *q);
/* [consumer] What was taken is done with: makes room for its weight. */
void queue_done(struct queue *q, uint64_t weight);
/* [consumer] Sleep until something is queued, queue_wake is called, or `timeout_ms`
 * (-1: no limit) passes. May return early. */
void queue_wait(struct queue *q, int timeout_ms);
/* [any] Wake the consumer though nothing was pushed (stop, reload). */
void queue_wake(struct queue *q);
uint64_t queue_weight(const struct queue *q);

struct mailbox {
	_Atomic(struct qnode *) head;
	int fd; /* eventfd, non-blocking: readable when there is mail */
};

EMP_MUST_CHECK enum emp_rc mailbox_init(struct mailbox *m);
void mailbox_fini(struct mailbox *m);
/* [any] A chain first..last already linked oldest first by ->next. */
void mailbox_post(struct mailbox *m, struct qnode *first, struct qnode *last);
/* [consumer] Clears the eventfd; everything posted, oldest first. */
struct qnode *mailbox_take(struct mailbox *m);

#endif
