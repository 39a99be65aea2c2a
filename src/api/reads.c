/* The round trip of a read, and the contexts that reader threads work with. */
#include "api/reads.h"

#include <stdlib.h>

#define READS_MAX 64    /* of a worker, waiting for or on reader threads */
#define READ_ARENA 4096 /* holds a question of the usual size twice */

static struct rollup_ctx *
reader_ctx_take(struct api *a)
{
	struct rollup_ctx *c;

	for (uint32_t i = 0; i < a->cfg.readers; i++) {
		c = atomic_exchange(&a->reader_ctx[i], NULL);
		if (c)
			return c;
	}
	return rollup_ctx_new(&c, a->cfg.rollups) == EMP_OK ? c : NULL;
}

static void
reader_ctx_put(struct api *a, struct rollup_ctx *c)
{
	for (uint32_t i = 0; i < a->cfg.readers; i++) {
		struct rollup_ctx *empty = NULL;

		if (atomic_compare_exchange_strong(&a->reader_ctx[i], &empty, c))
			return;
	}
	rollup_ctx_free(&c);
}

void
read_free(struct read_job **pj)
{
	struct read_job *j = *pj;

	*pj = NULL;
	buf_fini(&j->out);
	arena_fini(&j->arena);
	snap_drop(j->aw, j->snap);
	j->aw->reads--;
	free(j);
}

/* [worker] */
static void
job_home(struct worker *w, struct req_msg *m)
{
	struct read_job *j = HOLDER(m, struct read_job, msg);

	j->home(j, req_find(w, j->ref));
	read_free(&j);
}

/* [any] */
static void
go_home(struct read_job *j)
{
	j->msg.node.next = NULL;
	req_post(j->aw->api->net, j->ref.worker, &j->msg, &j->msg);
}

/* [writer] */
static void
line_done(struct store_change *line)
{
	struct read_job *j = HOLDER(line, struct read_job, line);

	j->rc = line->rc;
	go_home(j);
}

/* [reader] What must be on record is, or it does not leave. */
static void
finish(struct read_job *j)
{
	if (j->rc == EMP_OK && j->line.audit.action) {
		enum emp_rc rc;

		j->line.op = DEF_AUDIT;
		j->line.done = line_done;
		rc = store_change(j->aw->api->cfg.store, &j->line);
		if (rc == EMP_OK)
			return; /* it is the writer's, and may be gone already */
		j->rc = rc;
	}
	go_home(j);
}

/* [reader] */
static void
job_run(struct store_reader *reader, struct store_read *read)
{
	struct read_job *j = HOLDER(read, struct read_job, read);
	struct api *a = j->aw->api;
	struct rollup_ctx *c = reader_ctx_take(a);

	if (c) {
		j->work(j, c, reader);
		reader_ctx_put(a, c);
	} else {
		j->rc = EMP_NOMEM;
	}
	finish(j);
}

struct read_job *
read_new(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	struct read_job *j = NULL;

	if (aw->reads < READS_MAX)
		j = calloc(1, sizeof *j);
	if (!j) {
		answer_problem(r, EMP_OVERLOADED, "", "too many questions at a time");
		return NULL;
	}
	j->aw = aw;
	j->snap = snap_use(aw);
	j->defs = j->snap->defs;
	j->read.run = job_run;
	j->msg.run = job_home;
	buf_init(&j->out, ANSWER_MAX);
	arena_init(&j->arena, READ_ARENA);
	aw->reads++;
	return j;
}

bool
read_submit_take(struct req *r, struct read_job *j)
{
	enum emp_rc rc;

	j->ref = req_hold(r);
	rc = store_read_submit(j->aw->api->cfg.store, &j->read);
	if (rc == EMP_OK)
		return true;
	answer_problem(r, rc, "", "");
	read_free(&j);
	return false;
}
