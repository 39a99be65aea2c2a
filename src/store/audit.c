/* Who read what employees wrote. A line is durable before the answer it is about
 * leaves: so the commit is waited for, and those who read at the same time share one.
 * That nobody changes or removes a line, triggers of the schema see to. */
#include "store/audit.h"

#include "base/clock.h"
#include "store/db.h"
#include "store/impl.h"
#include "store/reader_impl.h"

static struct store_change *
change_of(struct qnode *n)
{
	return (struct store_change *)(void *)n;
}

enum emp_rc
audit_put(struct store *s, const struct audit_entry *e)
{
	sqlite3_stmt *q = s->sealed.audit;

	EMP_ASSERT(e->action != NULL);
	sqlite3_bind_int64(q, 1, clock_now_ms());
	db_bind_id(q, 2, e->token);
	db_bind_str(q, 3, e->label);
	db_bind_str(q, 4, str_from(e->action));
	db_bind_str(q, 5, e->object);
	return db_run(q);
}

/* What the client is told: nothing of it is its own fault. */
static enum emp_rc
failed(struct store *s, enum emp_rc rc)
{
	if (sqlite3_get_autocommit(s->sealed.db) == 0)
		(void)sqlite3_exec(s->sealed.db, "ROLLBACK", NULL, NULL, NULL);
	group_failed(s, rc);
	if (rc == EMP_LOCKED)
		return EMP_OVERLOADED;
	return rc == EMP_DISK_FULL ? rc : EMP_INTERNAL;
}

static enum emp_rc
put_all(struct store *s, struct qnode *first, uint32_t n)
{
	enum emp_rc rc;

	aside_assert_back(s);
	rc = db_run(s->sealed.begin);
	for (struct qnode *at = first; rc == EMP_OK && n > 0; n--, at = at->next)
		rc = audit_put(s, &change_of(at)->audit);
	if (rc == EMP_OK)
		rc = db_run(s->sealed.commit);
	s->sealed.written = true;
	if (rc != EMP_OK)
		return failed(s, rc);
	s->failures_in_row = 0;
	return EMP_OK;
}

uint32_t
audit_run(struct store *s, struct qnode **n)
{
	uint32_t lines = 0;
	enum emp_rc rc = EMP_DISK_FULL;

	for (struct qnode *at = *n; at != NULL && change_of(at)->op == DEF_AUDIT;
	     at = at->next)
		lines++;
	if (lines > 0 && disk_ok(s))
		rc = put_all(s, *n, lines);
	for (uint32_t i = 0; i < lines; i++) {
		struct store_change *c = change_of(*n);

		*n = c->node.next; /* done() takes it away */
		c->created = true;
		c->rc = rc;
		c->done(c);
	}
	return lines;
}

enum column {
	COLUMN_NUMBER,
	COLUMN_TIME,
	COLUMN_TOKEN,
	COLUMN_LABEL,
	COLUMN_ACTION,
	COLUMN_OBJECT
};

enum emp_rc
store_read_audit(struct store_reader *r, int64_t from, int64_t to, int64_t before,
		 uint32_t max,
		 enum emp_rc (*fn)(void *ctx, const struct audit_row *row), void *ctx)
{
	sqlite3_stmt *q = NULL;
	bool found = true;
	enum emp_rc rc;

	if (r->people == NULL)
		return EMP_OK;
	rc = db_prepare(r->people, &q,
			"SELECT number, time, token_id, token_label, action, object "
			"FROM audit WHERE number < ?1 AND time >= ?2 AND time < ?3 "
			"ORDER BY number DESC LIMIT ?4");
	if (rc == EMP_OK) {
		sqlite3_bind_int64(q, 1, before > 0 ? before : INT64_MAX);
		sqlite3_bind_int64(q, 2, from);
		sqlite3_bind_int64(q, 3, to);
		sqlite3_bind_int64(q, 4, max);
		rc = db_step(q, &found);
	}
	while (rc == EMP_OK && found) {
		const struct audit_row row = {
			.number = sqlite3_column_int64(q, COLUMN_NUMBER),
			.time = sqlite3_column_int64(q, COLUMN_TIME),
			.token = (uint32_t)sqlite3_column_int64(q, COLUMN_TOKEN),
			.label = db_str(q, COLUMN_LABEL),
			.action = db_str(q, COLUMN_ACTION),
			.object = db_str(q, COLUMN_OBJECT)};

		rc = fn(ctx, &row);
		if (rc == EMP_OK)
			rc = db_step(q, &found);
	}
	sqlite3_finalize(q);
	return rc;
}
