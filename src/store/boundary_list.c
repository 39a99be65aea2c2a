/* Boundaries: the writer's list, and their rows.
 *
 * What is in force is asked of the registry that every thread has, and then of those
 * that are pending. A batch may bring thousands, and each asks what is in force before
 * it: so now and then they are made into a registry, too, and only those that came
 * since are looked at one by one. */
#include "store/boundary_list.h"

#include <stdlib.h>

#include "base/array.h"
#include "crypto/crypto.h"
#include "store/db.h"
#include "store/impl.h"

#define TEXT_CHUNK_BYTES 16384
/* Pending ones that are looked at one by one. */
#define UNCOVERED_MAX 1024u

static void
uncover(struct boundary_list *l)
{
	boundaries_release(&l->pending);
	l->covered = l->committed;
}

static enum emp_rc
cover(struct boundary_list *l)
{
	uncover(l);
	if (boundaries_new(&l->pending, l->b + l->committed, l->n - l->committed) !=
	    EMP_OK)
		return EMP_NOMEM;
	l->covered = l->n;
	return EMP_OK;
}

static enum emp_rc
list_add(struct boundary_list *l, const struct boundary *b)
{
	const struct str *from[] = {&b->role, &b->matter, &b->unit,
				    &b->requires_training, &b->reason};
	struct boundary *to;

	if (!array_reserve(&l->b, &l->cap, l->n + 1, sizeof *l->b))
		return EMP_NOMEM;
	to = &l->b[l->n];
	*to = *b;
	struct str *const copy[] = {&to->role, &to->matter, &to->unit,
				    &to->requires_training, &to->reason};
	for (size_t i = 0; i < sizeof from / sizeof(*from); i++) {
		if (from[i]->n == 0)
			continue;
		*copy[i] = arena_str(&l->text, *from[i]);
		if (copy[i]->p == NULL)
			return EMP_NOMEM;
	}
	l->n++;
	return l->n - l->covered < UNCOVERED_MAX ? EMP_OK : cover(l);
}

/* The holder of a personal one. Nobody has one whose holder is forgotten. */
static enum emp_rc
load_holder(sqlite3_stmt *holder, struct str key, struct boundary *b, bool *known)
{
	enum emp_rc rc;
	bool row;

	sqlite3_bind_blob(holder, 1, key.p, (int)key.n, SQLITE_STATIC);
	rc = db_step(holder, &row);
	*known = rc == EMP_OK && row &&
		sqlite3_column_bytes(holder, 0) == PSEUDONYM_BYTES;
	b->has_holder = true;
	if (*known)
		memcpy(b->holder, sqlite3_column_blob(holder, 0), PSEUDONYM_BYTES);
	(void)sqlite3_reset(holder);
	return rc;
}

static enum emp_rc
load_one(struct boundary_list *l, sqlite3_stmt *q, sqlite3_stmt *holder)
{
	struct boundary b = {.seq = sqlite3_column_int64(q, 0),
			     .time = sqlite3_column_int64(q, 1),
			     .role = db_str(q, 2),
			     .matter = db_str(q, 3),
			     .unit = db_str(q, 4),
			     .limit_cents = sqlite3_column_type(q, 5) == SQLITE_NULL
				     ? -1
				     : sqlite3_column_int64(q, 5),
			     .mode = (uint8_t)sqlite3_column_int(q, 6),
			     .requires_training = db_str(q, 7),
			     .reason = db_str(q, 8)};
	struct str key = {sqlite3_column_blob(q, 9),
			  (size_t)sqlite3_column_bytes(q, 9)};
	bool known = true;
	enum emp_rc rc = key.n > 0 ? load_holder(holder, key, &b, &known) : EMP_OK;

	return rc == EMP_OK && known ? list_add(l, &b) : rc;
}

enum emp_rc
boundary_list_open(struct boundary_list *l, sqlite3 *main, sqlite3 *sealed)
{
	sqlite3_stmt *q = NULL;
	sqlite3_stmt *holder = NULL;
	enum emp_rc rc;

	arena_init(&l->text, TEXT_CHUNK_BYTES);
	rc = db_prepare(main, &q,
			"SELECT event.seq, event.time, role.name, class.name, "
			"unit.name, limit_cents, mode_id, requires_training, reason, "
			"people_key FROM boundary "
			"JOIN event ON event.seq = boundary.event_seq "
			"JOIN role ON role.id = boundary.role_id "
			"JOIN class ON class.id = boundary.class_id "
			"LEFT JOIN unit ON unit.id = boundary.unit_id "
			"ORDER BY boundary.event_seq");
	if (rc == EMP_OK)
		rc = db_prepare(sealed, &holder,
				"SELECT person FROM operational_person "
				"WHERE key = ?1 AND role = 'holder'");
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = load_one(l, q, holder);
	}
	sqlite3_finalize(q);
	sqlite3_finalize(holder);
	boundary_list_commit(l);
	return rc;
}

void
boundary_list_close(struct boundary_list *l)
{
	boundaries_release(&l->pending);
	free(l->b);
	arena_fini(&l->text);
	l->b = NULL;
}

enum emp_rc
boundary_list_registry(const struct boundary_list *l, struct boundaries **out)
{
	return boundaries_new(out, l->b, l->committed);
}

bool
boundary_list_changed(const struct boundary_list *l)
{
	return l->n > l->committed;
}

void
boundary_list_commit(struct boundary_list *l)
{
	l->committed = l->n;
	uncover(l);
	l->mark = arena_mark(&l->text);
}

void
boundary_list_rollback(struct boundary_list *l)
{
	/* What a failed list_add left behind goes, too. */
	l->n = l->committed;
	uncover(l);
	arena_rollback(&l->text, l->mark);
}

const struct boundary *
boundary_in_force(const struct store *s, const struct boundary_question *q)
{
	const struct boundary_list *l = &s->boundaries;
	const struct boundary *found = boundaries_find(s->defs->boundaries, q);
	const struct boundary *pending = boundaries_find(l->pending, q);

	if (pending != NULL)
		found = boundaries_nearer(found, pending, q);
	for (uint32_t i = l->covered; i < l->n; i++)
		found = boundaries_nearer(found, &l->b[i], q);
	return found;
}

/* ---- events ---------------------------------------------------------------------- */

enum emp_rc
boundary_prepare(struct parts *p, sqlite3 *db)
{
	return db_prepare(db, &p->boundary_put,
			  "INSERT INTO boundary (event_seq, role_id, class_id, "
			  "unit_id, limit_cents, mode_id, requires_training, reason, "
			  "people_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
}

/* No limit is above every limit. */
static bool
is_wider(int64_t limit, int64_t than)
{
	return than >= 0 && (limit < 0 || limit > than);
}

enum emp_rc
boundary_check(struct store *s, const struct event *e, struct part *p)
{
	const uint8_t *holder = e->person.set ? e->person.pseudonym : NULL;
	const struct boundary_question q = {.role = e->role,
					    .matter = e->matter,
					    .unit = e->dim[DIM_UNIT],
					    .person = holder,
					    .time = e->time};
	const struct boundary *now;

	p->people = e->person.set;
	p->boundary = (struct boundary){.time = e->time,
					.role = e->role,
					.matter = e->matter,
					.unit = e->dim[DIM_UNIT],
					.has_holder = e->person.set,
					.limit_cents = e->limit_cents,
					.mode = e->mode,
					.requires_training = e->requires_training,
					.reason = e->reason};
	if (holder != NULL)
		memcpy(p->boundary.holder, holder, PSEUDONYM_BYTES);
	/* A boundary of other roles than it says would be worse than none. */
	if (!words_room(&s->words, WORD_ROLE, e->role) ||
	    !words_room(&s->words, WORD_CLASS, e->matter))
		return part_refuse(p, EMP_INVALID);
	if (e->type == EVENT_BOUNDARY_SET)
		return e->mode != MODE_NONE ? EMP_OK : part_refuse(p, EMP_INVALID);
	now = boundary_in_force(s, &q);
	if (now == NULL ||
	    (e->type == EVENT_BOUNDARY_EXTENDED
		     ? !is_wider(e->limit_cents, now->limit_cents)
		     : !is_wider(now->limit_cents, e->limit_cents)))
		return part_refuse(p, EMP_TRANSITION);
	/* What it does not say stays as it is. */
	if (e->mode == MODE_NONE)
		p->boundary.mode = now->mode;
	if (e->requires_training.n == 0)
		p->boundary.requires_training = now->requires_training;
	return EMP_OK;
}

static enum emp_rc
put_row(struct store *s, const struct boundary *b, const uint8_t *key)
{
	sqlite3_stmt *q = s->parts.boundary_put;
	uint32_t role = 0;
	uint32_t matter = 0;
	uint32_t unit = 0;
	enum emp_rc rc = words_get(&s->words, WORD_ROLE, b->role, &role);

	if (rc == EMP_OK)
		rc = words_get(&s->words, WORD_CLASS, b->matter, &matter);
	/* The series may be that of all others: it holds where it says. */
	if (rc == EMP_OK && b->unit.n > 0)
		rc = names_unit(&s->names, b->unit, &unit);
	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_int64(q, 1, b->seq);
	sqlite3_bind_int64(q, 2, role);
	sqlite3_bind_int64(q, 3, matter);
	db_bind_id(q, 4, unit);
	db_bind_level(q, 5, b->limit_cents);
	sqlite3_bind_int(q, 6, b->mode);
	db_bind_str(q, 7, b->requires_training);
	db_bind_str(q, 8, b->reason);
	if (key != NULL)
		sqlite3_bind_blob(q, 9, key, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, 9);
	return db_run(q);
}

enum emp_rc
boundary_put(struct store *s, const struct event *e, const struct main_ids *ids,
	     struct part *p)
{
	uint8_t key[PEOPLE_KEY_BYTES];
	enum emp_rc rc = EMP_OK;

	p->boundary.seq = ids->seq;
	if (e->person.set) {
		crypto_random(key, sizeof key);
		rc = sealed_file_put_person(&s->sealed, key, "holder", 0, &e->person);
	}
	if (rc == EMP_OK)
		rc = put_row(s, &p->boundary, e->person.set ? key : NULL);
	return rc == EMP_OK ? list_add(&s->boundaries, &p->boundary) : rc;
}
