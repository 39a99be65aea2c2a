/* Batches in a pipeline.
 *
 * A ring of batches, oldest first. Each is filled, then sent, then done; the ring's
 * front moves on over done ones, so that "every line up to" is known at any moment. An
 * answer that asks to come again (429, 503, 507, a 5xx, a timeout) leaves its batch
 * marked; nothing new is sent until all answers are in, then after a pause the marked
 * ones go again, oldest first. So answers always belong to sent batches in the order of
 * the ring. */
#include "ctl/send.h"

#include "base/clock.h"
#include "codec/json_tools.h"
#include "model/catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RING 4 /* batches at most: one being filled, the others on their way */
#define PAUSE_MS_FIRST 100
#define PAUSE_MS_MOST 2000
#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000LL
#define REASON_MAX 512

enum batch_state { BATCH_FILLING, BATCH_SENT, BATCH_AGAIN, BATCH_DONE };

struct batch {
	struct buf body;
	uint32_t n;
	uint8_t state;
	uint64_t line[CTL_BATCH_LINES];
};

struct ctl_send {
	struct ctl *ctl;
	struct ctl_send_hooks hooks;
	struct ctl_sent result;
	struct batch *ring; /* RING of them */
	size_t first, n;    /* in use; the last one is being filled */
	uint64_t retry_ns;
	uint64_t progress_ns; /* when something was answered last */
	int64_t pause_ms;
	bool again;    /* some batch is marked */
	bool answered; /* the daemon spoke to us once */
	bool told;     /* that it is tried again, since something was stored */
};

static struct batch *
batch_at(struct ctl_send *s, size_t i)
{
	return &s->ring[(s->first + i) % RING];
}

static void
open_batch(struct ctl_send *s)
{
	struct batch *b = batch_at(s, s->n++);

	buf_clear(&b->body);
	b->n = 0;
	b->state = BATCH_FILLING;
}

bool
ctl_send_new(struct ctl_send **out, struct ctl *c, uint64_t retry_s,
	     const struct ctl_send_hooks *h)
{
	struct ctl_send *s = calloc(1, sizeof *s);

	*out = s;
	if (s != NULL)
		s->ring = calloc(RING, sizeof *s->ring);
	if (s == NULL || s->ring == NULL) {
		ctl_fail("out of memory");
		goto failed;
	}
	s->ctl = c;
	s->hooks = *h;
	s->retry_ns = retry_s * NS_PER_S;
	s->progress_ns = clock_mono_ns();
	s->pause_ms = PAUSE_MS_FIRST;
	for (size_t i = 0; i < RING; i++)
		buf_init(&s->ring[i].body, 0);
	open_batch(s);
	if (ctl_connect(c))
		return true;
failed:
	ctl_send_free(out);
	return false;
}

void
ctl_send_free(struct ctl_send **sp)
{
	struct ctl_send *s = *sp;

	if (s == NULL)
		return;
	for (size_t i = 0; s->ring != NULL && i < RING; i++)
		buf_fini(&s->ring[i].body);
	free(s->ring);
	free(s);
	*sp = NULL;
}

const struct ctl_sent *
ctl_send_result(const struct ctl_send *s)
{
	return &s->result;
}

static bool
send_batch(struct ctl_send *s, struct batch *b)
{
	if (ctl_client_push(s->ctl->client, "POST", "/v1/events",
			    "application/x-ndjson", buf_str(&b->body)) != EMP_OK) {
		ctl_fail("out of memory");
		return false;
	}
	b->state = BATCH_SENT;
	return true;
}

static enum emp_rc
note_rejected(struct ctl_send *s, const struct batch *b, const struct json_node *list)
{
	enum emp_rc rc = EMP_OK;
	struct buf reason;

	buf_init(&reason, REASON_MAX);
	for (size_t i = 0; i < json_node_count(list) && rc == EMP_OK; i++) {
		const struct json_node *r = json_node_at(list, i);
		int64_t index = json_node_int(json_node_get(r, "index"), -1);

		if (index < 0 || index >= b->n) {
			rc = EMP_CORRUPT;
			break;
		}
		buf_clear(&reason);
		if (!ctl_problem_node(&reason, json_node_get(r, "error")))
			buf_add_z(&reason, "rejected without a reason");
		rc = s->hooks.rejected(s->hooks.ctx, b->line[index], buf_str(&reason));
	}
	buf_fini(&reason);
	return rc;
}

static enum emp_rc
note_receipts(struct ctl_send *s, const struct batch *b, const struct json_node *list)
{
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0;
	     s->hooks.receipt != NULL && i < json_node_count(list) && rc == EMP_OK;
	     i++) {
		const struct json_node *r = json_node_at(list, i);
		int64_t index = json_node_int(json_node_get(r, "index"), -1);

		if (index < 0 || index >= b->n)
			return EMP_CORRUPT;
		rc = s->hooks.receipt(s->hooks.ctx, b->line[index],
				      json_node_str(json_node_get(r, "id")),
				      json_node_str(json_node_get(r, "receipt")));
	}
	return rc;
}

/* The front moves over what is done. */
static enum emp_rc
advance(struct ctl_send *s)
{
	while (s->n > 0 && batch_at(s, 0)->state == BATCH_DONE) {
		const struct batch *b = batch_at(s, 0);

		if (b->n > 0)
			s->result.last_line = b->line[b->n - 1];
		s->first = (s->first + 1) % RING;
		s->n--;
	}
	return s->hooks.answered(s->hooks.ctx, &s->result);
}

static bool
take_success(struct ctl_send *s, struct batch *b, const struct ctl_answer *a)
{
	struct json_node *root = NULL;
	enum emp_rc rc = json_node_read(&root, a->body, NULL);
	const struct json_node *list = json_node_get(root, "rejected");
	int64_t stored = json_node_int(json_node_get(root, "stored"), -1);
	int64_t duplicate = json_node_int(json_node_get(root, "duplicate"), -1);

	if (rc != EMP_OK || stored < 0 || duplicate < 0)
		rc = EMP_CORRUPT;
	if (rc == EMP_OK)
		rc = note_rejected(s, b, list);
	if (rc == EMP_OK)
		rc = note_receipts(s, b, json_node_get(root, "receipts"));
	if (rc == EMP_OK) {
		s->result.stored += (uint64_t)stored;
		s->result.duplicate += (uint64_t)duplicate;
		s->result.rejected += json_node_count(list);
		b->state = BATCH_DONE;
		s->progress_ns = clock_mono_ns();
		s->pause_ms = PAUSE_MS_FIRST;
		s->told = false;
		rc = advance(s);
	}
	json_node_free(&root);
	if (rc == EMP_CORRUPT)
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(s->ctl->client));
	else if (rc == EMP_NOMEM)
		ctl_fail("out of memory");
	return rc == EMP_OK;
}

static bool
may_come_again(int status)
{
	return status == 408 || status == 429 ||
		(status >= 500 && status != 501 && status != 505);
}

static struct batch *
oldest_sent(struct ctl_send *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (batch_at(s, i)->state == BATCH_SENT)
			return batch_at(s, i);
	return NULL;
}

/* All that is on its way goes again. */
static void
mark_sent(struct ctl_send *s)
{
	struct batch *b;

	while ((b = oldest_sent(s)) != NULL)
		b->state = BATCH_AGAIN;
	s->again = true;
}

static bool
out_of_patience(const struct ctl_send *s)
{
	return clock_mono_ns() - s->progress_ns > s->retry_ns;
}

/* Nobody listens and nobody ever answered: the daemon is not there, rather than away
 * for a restart. */
static bool
hopeless(const struct ctl_send *s)
{
	return out_of_patience(s) ||
		(!s->answered && ctl_client_refused(s->ctl->client));
}

/* Waiting in silence looks like hanging: the first refusal says why, on its own line.
 */
static void
tell_patience(struct ctl_send *s, int status)
{
	if (s->told)
		return;
	s->told = true;
	if (status == 0)
		fprintf(stderr, "empowerctl: the connection broke");
	else
		fprintf(stderr, "empowerctl: the daemon answered %d", status);
	fprintf(stderr, "; trying again for up to %llu seconds\n",
		(unsigned long long)(s->retry_ns / NS_PER_S));
}

/* One answer. */
static bool
receive(struct ctl_send *s)
{
	struct batch *b = oldest_sent(s);
	struct problem p = {0};
	struct ctl_answer a;

	EMP_ASSERT(b != NULL);
	if (ctl_client_pull(s->ctl->client, &a, &p) != EMP_OK) {
		mark_sent(s);
		if (p.rc != EMP_CORRUPT && !hopeless(s)) {
			tell_patience(s, 0);
			return true;
		}
		ctl_tell_connection(s->ctl, &p);
		return false;
	}
	s->answered = true;
	if (a.status >= 200 && a.status < 300)
		return take_success(s, b, &a);
	if (!may_come_again(a.status) || out_of_patience(s)) {
		ctl_tell_answer(s->ctl->command->name, &a);
		return false;
	}
	/* Too many at once is everyday and passes by itself. */
	if (a.status != emp_rc_status(EMP_OVERLOADED) &&
	    a.status != emp_rc_status(EMP_RATE_LIMITED))
		tell_patience(s, a.status);
	b->state = BATCH_AGAIN;
	s->again = true;
	if (a.retry_after_s > 0)
		s->pause_ms = a.retry_after_s * MS_PER_S;
	return true;
}

/* Marked batches go again after a pause, which grows until something is answered. */
static bool
send_again(struct ctl_send *s)
{
	struct timespec ts = {.tv_sec = s->pause_ms / MS_PER_S,
			      .tv_nsec = s->pause_ms % MS_PER_S * NS_PER_MS};

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
	s->pause_ms = s->pause_ms * 2 < PAUSE_MS_MOST ? s->pause_ms * 2 : PAUSE_MS_MOST;
	s->again = false;
	for (size_t i = 0; i < s->n; i++)
		if (batch_at(s, i)->state == BATCH_AGAIN &&
		    !send_batch(s, batch_at(s, i)))
			return false;
	return true;
}

/* Until at most `most` batches are under way. */
static bool
settle(struct ctl_send *s, size_t most)
{
	while (s->n > most) {
		bool ok = ctl_client_pending(s->ctl->client) > 0 ? receive(s)
								 : send_again(s);

		if (!ok)
			return false;
	}
	return true;
}

struct buf *
ctl_send_room(struct ctl_send *s)
{
	return &batch_at(s, s->n - 1)->body;
}

/* The batch being filled goes out; another is opened. */
static bool
dispatch(struct ctl_send *s)
{
	struct batch *b = batch_at(s, s->n - 1);

	if (!buf_ok(&b->body)) {
		ctl_fail("out of memory");
		return false;
	}
	/* While something waits to go again, the order of the ring would break. */
	if (s->again && !settle(s, 1))
		return false;
	if (!send_batch(s, b) || !settle(s, RING - 1))
		return false;
	open_batch(s);
	return true;
}

bool
ctl_send_line(struct ctl_send *s, uint64_t line)
{
	struct batch *b = batch_at(s, s->n - 1);

	b->line[b->n++] = line;
	if (b->n < CTL_BATCH_LINES && b->body.n < CTL_BATCH_BYTES - EVENT_MAX_BYTES)
		return true;
	return dispatch(s);
}

bool
ctl_send_flush(struct ctl_send *s)
{
	struct batch *b = batch_at(s, s->n - 1);

	if (b->n > 0 && !dispatch(s))
		return false;
	return settle(s, 1);
}
