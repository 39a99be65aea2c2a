/* base/queue: nothing is lost, nothing is slept through, order is kept. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/queue.h"
#include "unit.h"

#define PRODUCERS 4
#define PER_PRODUCER 20000
#define ALL (PRODUCERS * PER_PRODUCER)

struct item {
	struct qnode node;
	unsigned producer;
	unsigned serial;
};

static struct queue q;
static struct mailbox box;
static struct item *items;
static atomic_bool flag;

static void
make_items(void)
{
	items = calloc(ALL, sizeof *items);
	ck_assert_ptr_nonnull(items);
	for (unsigned i = 0; i < ALL; i++) {
		items[i].producer = i / PER_PRODUCER;
		items[i].serial = i % PER_PRODUCER;
	}
}

static struct item *
item(struct qnode *n)
{
	return (struct item *)(void *)n;
}

/* Counts a chain and checks that each producer's items come in its order. */
static unsigned
count_chain(struct qnode *n, unsigned next[PRODUCERS])
{
	unsigned count = 0;

	for (; n != NULL; n = n->next) {
		LOOP_ASSERT(item(n)->serial == next[item(n)->producer]);
		next[item(n)->producer]++;
		count++;
	}
	return count;
}

START_TEST(takes_everything_oldest_first)
{
	struct item three[3] = {{.serial = 0}, {.serial = 1}, {.serial = 2}};
	unsigned next[PRODUCERS] = {0};

	queue_init(&q, 100);
	ck_assert_ptr_null(queue_take(&q));
	for (int i = 0; i < 3; i++)
		ck_assert(queue_push(&q, &three[i].node, 1));
	ck_assert_uint_eq(count_chain(queue_take(&q), next), 3);
	ck_assert_ptr_null(queue_take(&q));
}
END_TEST

START_TEST(the_bound_holds_until_the_work_is_done)
{
	struct item some[4] = {0};

	queue_init(&q, 10);
	ck_assert(queue_push(&q, &some[0].node, 6));
	ck_assert(!queue_push(&q, &some[1].node, 5));
	ck_assert(queue_push(&q, &some[1].node, 4));
	ck_assert(!queue_push(&q, &some[2].node, 1));
	ck_assert_uint_eq(queue_weight(&q), 10);
	ck_assert_ptr_nonnull(queue_take(&q));
	ck_assert_msg(!queue_push(&q, &some[2].node, 1),
		      "taken is not done: it still occupies memory");
	queue_done(&q, 6);
	ck_assert(queue_push(&q, &some[2].node, 6));
	ck_assert(!queue_push(&q, &some[3].node, UINT64_MAX));
	ck_assert(!queue_push(&q, &some[3].node, 11));
}
END_TEST

START_TEST(more_done_than_queued_aborts)
{
	fclose(stderr);
	queue_init(&q, 10);
	queue_done(&q, 1);
}
END_TEST

static void *
produce(void *arg)
{
	struct item *mine = arg;

	for (unsigned i = 0; i < PER_PRODUCER; i++)
		while (!queue_push(&q, &mine[i].node, 1))
			sched_yield();
	return NULL;
}

/* The consumer sleeps without a limit whenever it finds nothing: a push that is slept
 * through hangs this test. With room for one, no later push can make up for it. */
static const uint64_t bounds[] = {1, 2, 64};

START_TEST(many_producers_and_a_sleeping_consumer)
{
	pthread_t threads[PRODUCERS];
	unsigned next[PRODUCERS] = {0};
	unsigned total = 0;

	queue_init(&q, bounds[_i]);
	make_items();
	for (int i = 0; i < PRODUCERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, produce,
						items + i * PER_PRODUCER),
				 0);
	while (total < ALL) {
		struct qnode *n = queue_take(&q);
		unsigned count;

		if (n == NULL) {
			queue_wait(&q, -1);
			continue;
		}
		count = count_chain(n, next);
		total += count;
		queue_done(&q, count);
	}
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(total, ALL);
	ck_assert_uint_eq(queue_weight(&q), 0);
	free(items);
}
END_TEST

START_TEST(a_wait_ends_by_its_timeout)
{
	queue_init(&q, 10);
	queue_wait(&q, 0);
	queue_wait(&q, 1);
}
END_TEST

START_TEST(a_wait_with_something_queued_returns_at_once)
{
	struct item one = {0};

	queue_init(&q, 10);
	ck_assert(queue_push(&q, &one.node, 1));
	queue_wait(&q, -1);
	ck_assert_ptr_eq(queue_take(&q), &one.node);
}
END_TEST

START_TEST(a_wake_before_the_wait_is_remembered)
{
	queue_init(&q, 10);
	queue_wake(&q);
	queue_wait(&q, -1);
}
END_TEST

static void *
wake_once(void *unused)
{
	atomic_store(&flag, true);
	queue_wake(&q);
	return unused;
}

/* Over and over, so that the wake meets the consumer before, while and after it lies
 * down; a lost one hangs the test. */
START_TEST(a_wake_is_never_lost)
{
	queue_init(&q, 10);
	for (int i = 0; i < 2000; i++) {
		pthread_t t;

		atomic_store(&flag, false);
		ck_assert_int_eq(pthread_create(&t, NULL, wake_once, NULL), 0);
		while (!atomic_load(&flag))
			queue_wait(&q, -1);
		pthread_join(t, NULL);
	}
}
END_TEST

static bool
readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

START_TEST(mail_comes_oldest_first_with_one_wake)
{
	struct item some[5] = {{.serial = 0},
			       {.serial = 1},
			       {.serial = 2},
			       {.serial = 3},
			       {.serial = 4}};
	unsigned next[PRODUCERS] = {0};

	ck_assert_int_eq(mailbox_init(&box), EMP_OK);
	ck_assert(!readable(box.fd));
	ck_assert_ptr_null(mailbox_take(&box));
	mailbox_post(&box, &some[0].node, &some[0].node);
	ck_assert(readable(box.fd));
	some[1].node.next = &some[2].node;
	some[2].node.next = &some[3].node;
	some[3].node.next = NULL;
	mailbox_post(&box, &some[1].node, &some[3].node);
	mailbox_post(&box, &some[4].node, &some[4].node);
	ck_assert_uint_eq(count_chain(mailbox_take(&box), next), 5);
	ck_assert(!readable(box.fd));
	ck_assert_ptr_null(mailbox_take(&box));
	mailbox_fini(&box);
}
END_TEST

/* Posts chains of one, two, three, ... items. */
static void *
post(void *arg)
{
	struct item *mine = arg;
	unsigned at = 0;
	unsigned length = 1;

	while (at < PER_PRODUCER) {
		unsigned n = length < PER_PRODUCER - at ? length : PER_PRODUCER - at;

		for (unsigned i = 0; i < n; i++)
			mine[at + i].node.next = i + 1 < n ? &mine[at + i + 1].node
							   : NULL;
		mailbox_post(&box, &mine[at].node, &mine[at + n - 1].node);
		at += n;
		length = length % 5 + 1;
	}
	return NULL;
}

START_TEST(mail_of_many_threads_is_never_slept_through)
{
	pthread_t threads[PRODUCERS];
	unsigned next[PRODUCERS] = {0};
	unsigned total = 0;

	ck_assert_int_eq(mailbox_init(&box), EMP_OK);
	make_items();
	for (int i = 0; i < PRODUCERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post,
						items + i * PER_PRODUCER),
				 0);
	while (total < ALL) {
		struct pollfd p = {.fd = box.fd, .events = POLLIN};

		ck_assert_int_eq(poll(&p, 1, -1), 1);
		total += count_chain(mailbox_take(&box), next);
	}
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(total, ALL);
	free(items);
	mailbox_fini(&box);
}
END_TEST

Suite *
base_queue_suite(void)
{
	Suite *s = suite_create("base_queue");
	TCase *tc = tcase_create("queue");

	tcase_add_test(tc, takes_everything_oldest_first);
	tcase_add_test(tc, the_bound_holds_until_the_work_is_done);
	tcase_add_test_raise_signal(tc, more_done_than_queued_aborts, SIGABRT);
	tcase_add_loop_test(tc, many_producers_and_a_sleeping_consumer, 0, 3);
	tcase_add_test(tc, a_wait_ends_by_its_timeout);
	tcase_add_test(tc, a_wait_with_something_queued_returns_at_once);
	tcase_add_test(tc, a_wake_before_the_wait_is_remembered);
	tcase_add_test(tc, a_wake_is_never_lost);
	tcase_add_test(tc, mail_comes_oldest_first_with_one_wake);
	tcase_add_test(tc, mail_of_many_threads_is_never_slept_through);
	suite_add_tcase(s, tc);
	return s;
}
