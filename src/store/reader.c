/* The pool of reading threads: what counters cannot answer is asked of the file here,
 * on connections that can neither write nor checkpoint. One job is one read
 * transaction, which begins with the job's first look at the file.
 *
 * Who recognised whom is in confidential.db, of which a job has another snapshot. The
 * writer commits confidential.db first. So a job that looks at empowerd.db first finds
 * the people of every recognition it sees; the other way round, those of a group that
 * is committed between the two looks would be missing. */
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/reader_impl.h"

struct readers {
	const struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct qnode *first, *last;
	bool stopping;
	uint32_t n;
	struct reading *thread;
};

struct reading {
	pthread_t id;
	struct readers *pool;
	struct store_reader reader;
	bool started;
};

static struct store_read *
next_job(struct readers *p)
{
	struct qnode *n;

	pthread_mutex_lock(&p->lock);
	while (p->first == NULL && !p->stopping)
		pthread_cond_wait(&p->more, &p->lock);
	n = p->first;
	if (n != NULL) {
		p->first = n->next;
		if (p->first == NULL)
			p->last = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	return (struct store_read *)(void *)n;
}

static void *
reader_main(void *arg)
{
	struct reading *t = arg;
	struct store_reader *r = &t->reader;
	struct store_read *job;

	while ((job = next_job(t->pool)) != NULL) {
		/* Cannot fail: it opens nothing yet. Were it not open, each statement
		 * of the job would have its own snapshot. */
		enum emp_rc rc = reader_run(r, r->db, "BEGIN");

		EMP_ASSERT(rc == EMP_OK);
		rc = reader_run(r, r->people, "BEGIN");
		EMP_ASSERT(rc == EMP_OK);
		r->levels_version = store_levels_version(t->pool->store);
		job->run(r, job);
		EMP_ASSERT(reader_is_idle(r));
		/* The job is gone. Ending a read has nothing to fail at either. */
		rc = reader_run(r, r->people, "COMMIT");
		EMP_ASSERT(rc == EMP_OK || sqlite3_get_autocommit(r->people) != 0);
		rc = reader_run(r, r->db, "COMMIT");
		EMP_ASSERT(rc == EMP_OK || sqlite3_get_autocommit(r->db) != 0);
	}
	return NULL;
}

enum emp_rc
readers_start(struct store *s)
{
	struct readers *p = calloc(1, sizeof *p);
	enum emp_rc rc = EMP_OK;

	if (p == NULL)
		return EMP_NOMEM;
	p->thread = calloc(s->config.readers, sizeof *p->thread);
	if (p->thread == NULL || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p->thread);
		free(p);
		return EMP_NOMEM;
	}
	EMP_ASSERT(pthread_cond_init(&p->more, NULL) == 0);
	p->store = s;
	s->readers = p;
	for (; rc == EMP_OK && p->n < s->config.readers; p->n++) {
		struct reading *t = &p->thread[p->n];

		t->pool = p;
		rc = reader_init(&t->reader, s->main.path, s->tz, NULL);
		if (rc == EMP_OK)
			rc = db_open(&t->reader.people, s->sealed.path, DB_READER,
				     NULL);
		if (rc == EMP_OK && pthread_create(&t->id, NULL, reader_main, t) != 0)
			rc = EMP_NOMEM;
		t->started = rc == EMP_OK;
	}
	return rc;
}

void
readers_stop(struct store *s)
{
	struct readers *p = s->readers;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->thread[i].started)
			(void)pthread_join(p->thread[i].id, NULL);
		reader_fini(&p->thread[i].reader);
	}
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p->thread);
	free(p);
	s->readers = NULL;
}

uint64_t
store_read_levels_version(const struct store_reader *r)
{
	return r->levels_version;
}

enum emp_rc
store_read_submit(struct store *s, struct store_read *job)
{
	struct readers *p = s->readers;
	enum emp_rc rc = EMP_OK;

	if (p == NULL)
		return EMP_NOT_READY;
	job->node.next = NULL;
	pthread_mutex_lock(&p->lock);
	if (p->stopping) {
		rc = EMP_NOT_READY;
	} else {
		if (p->last != NULL)
			p->last->next = &job->node;
		else
			p->first = &job->node;
		p->last = &job->node;
		pthread_cond_signal(&p->more);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}
