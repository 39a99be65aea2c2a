/* Keeping customers' and operational events no longer than asked to.
 *
 * Texts and ids: one walk over all events; the id of one that was stripped says so.
 *
 * Pseudonyms: first who has events that are too old, then who of them has younger ones,
 * then which events are of those that are left; three walks. Of many people only a
 * share is looked at in a round, told by a byte of the pseudonym. All events of a
 * person are renamed in one transaction, so that nobody counts twice in between; who
 * came back since the walks stays. */
#include "store/retain.h"
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "store/db.h"

#define WALK_EVENTS 4096
#define STRIP_EVENTS 16
#define RENAME_EVENTS 2048
/* Events of one round. */
#define FOUND_MAX (4u << 20)
#define SHARES_MAX 256u
#define SHARE_BYTE 5 /* not of those that the set is spread by */

enum walk { WALK_STRIP, WALK_OLD, WALK_YOUNG, WALK_FIND, WALK_RENAME, WALK_END };

struct found {
	uint32_t who; /* index in the set */
	int64_t seq;
};

struct retain_main {
	int64_t customer, operational;
	sqlite3_stmt *strip, *event, *recipient;
	enum walk walk;
	int64_t at, end;
	struct person_set set;
	struct found *found;
	uint32_t n_found, cap_found;
	uint32_t renamed;       /* of found */
	uint32_t share, shares; /* a power of two */
	uint64_t events, customers;
};

enum emp_rc
retain_main_new(struct retain_main **out, struct store *s, int64_t customer,
		int64_t operational)
{
	struct retain_main *m = calloc(1, sizeof *m);
	enum emp_rc rc = m != NULL ? EMP_OK : EMP_NOMEM;

	if (rc != EMP_OK)
		return rc;
	*m = (struct retain_main){.customer = customer,
				  .operational = operational,
				  .at = 1,
				  .end = s->next_seq,
				  .shares = 1};
	const struct db_statement statements[] = {
		{&m->strip,
		 "SELECT event.seq FROM event "
		 "CROSS JOIN series ON series.id = event.series_id "
		 "WHERE event.seq >= ?1 AND event.seq < ?2 AND event.time < "
		 "CASE series.audience_id WHEN ?5 THEN ?3 ELSE ?4 END "
		 "AND event.id <> '~' || event.seq"},
		/* Who is nobody any more ends in zeros. */
		{&m->event,
		 "SELECT seq, time, person FROM event WHERE seq >= ?1 AND seq < ?2 "
		 "AND person IS NOT NULL AND substr(person, 13) <> x'00000000'"},
		{&m->recipient,
		 "SELECT event.seq, event.time, who.person "
		 "FROM recognition_recipient AS who "
		 "CROSS JOIN event ON event.seq = who.event_seq "
		 "WHERE who.event_seq >= ?1 AND who.event_seq < ?2 "
		 "AND substr(who.person, 13) <> x'00000000'"},
	};

	rc = db_prepare_all(s->main.db, statements,
			    sizeof statements / sizeof *statements);
	if (rc == EMP_OK)
		*out = m;
	else
		retain_main_free(&m);
	return rc;
}

void
retain_main_free(struct retain_main **pm)
{
	struct retain_main *m = *pm;

	*pm = NULL;
	if (m == NULL)
		return;
	sqlite3_finalize(m->strip);
	sqlite3_finalize(m->event);
	sqlite3_finalize(m->recipient);
	person_set_fini(&m->set);
	free(m->found);
	free(m);
}

void
retain_main_told(const struct retain_main *m, uint64_t *events, uint64_t *customers)
{
	*events = m->events;
	*customers = m->customers;
}

/* ---- texts and ids ----------------------------------------------------------------
 */

/* From m->at on, as far as a slice goes. */
static enum emp_rc
strip_some(struct retain_main *m, struct store *s, uint64_t began)
{
	struct seqs old = {.v = NULL};
	int64_t to = m->at + WALK_EVENTS < m->end ? m->at + WALK_EVENTS : m->end;
	uint32_t n = 0;
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_int64(m->strip, 1, m->at);
	sqlite3_bind_int64(m->strip, 2, to);
	sqlite3_bind_int64(m->strip, 3, m->customer);
	sqlite3_bind_int64(m->strip, 4, m->operational);
	sqlite3_bind_int(m->strip, 5, AUDIENCE_CUSTOMER);
	rc = erase_seqs(m->strip, &old);
	if (rc == EMP_OK && old.n > 0)
		rc = db_run(s->main.begin);
	while (rc == EMP_OK && n < old.n) {
		rc = erase_main_strip_step(&s->eraser.main, old.v[n]);
		if (rc == EMP_OK)
			rc = erase_main_strip(&s->eraser.main, old.v[n]);
		n++;
		if (n % STRIP_EVENTS == 0 && retain_over(began))
			break;
	}
	if (rc == EMP_OK && old.n > 0)
		rc = db_run(s->main.commit);
	if (rc == EMP_OK) {
		m->events += n;
		m->at = n < old.n ? old.v[n] : to;
	}
	free(old.v);
	return rc;
}

/* ---- pseudonyms -------------------------------------------------------------------
 */

static bool
is_in_share(const struct retain_main *m, const uint8_t *person)
{
	return (person[SHARE_BYTE] & (m->shares - 1)) == m->share;
}

static enum emp_rc
note(struct retain_main *m, int64_t seq, bool old, const uint8_t *person)
{
	struct person_entry *e;

	if (m->walk == WALK_OLD)
		return old ? person_set_add(&m->set, person, false) : EMP_OK;
	e = person_set_find(&m->set, person);
	if (e == NULL || e->stays)
		return EMP_OK;
	if (m->walk == WALK_YOUNG) {
		e->stays = !old;
		return EMP_OK;
	}
	if (m->walk == WALK_RENAME) { /* somebody is back */
		e->stays = true;
		return EMP_OK;
	}
	if (m->n_found == FOUND_MAX)
		return EMP_TOO_LARGE;
	if (!array_reserve(&m->found, &m->cap_found, m->n_found + 1, sizeof *m->found))
		return EMP_NOMEM;
	m->found[m->n_found++] = (struct found){(uint32_t)(e - m->set.v), seq};
	return EMP_OK;
}

static enum emp_rc
walk_rows(struct retain_main *m, sqlite3_stmt *q, int64_t from, int64_t to)
{
	enum emp_rc rc = EMP_OK;

	sqlite3_bind_int64(q, 1, from);
	sqlite3_bind_int64(q, 2, to);
	while (rc == EMP_OK) {
		const uint8_t *person;
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		person = sqlite3_column_blob(q, 2);
		if (sqlite3_column_bytes(q, 2) == PSEUDONYM_BYTES &&
		    is_in_share(m, person))
			rc = note(m, sqlite3_column_int64(q, 0),
				  sqlite3_column_int64(q, 1) < m->customer, person);
	}
	(void)sqlite3_reset(q);
	return rc;
}

static enum emp_rc
walk_people(struct retain_main *m, int64_t to)
{
	enum emp_rc rc = walk_rows(m, m->event, m->at, to);

	if (rc == EMP_OK)
		rc = walk_rows(m, m->recipient, m->at, to);
	if (rc == EMP_OK)
		m->at = to;
	return rc;
}

static int
by_person(const void *a, const void *b)
{
	const struct found *x = a;
	const struct found *y = b;

	if (x->who != y->who)
		return x->who < y->who ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* All of the person whose first event m->found[at] is; *next: of the next one. */
static enum emp_rc
rename_one(struct retain_main *m, struct store *s, uint32_t at, uint32_t *next)
{
	const struct person_entry *e = &m->set.v[m->found[at].who];
	uint8_t nobody[PSEUDONYM_BYTES];
	enum emp_rc rc = EMP_OK;

	erase_nobody(nobody);
	for (*next = at; *next < m->n_found && m->found[*next].who == m->found[at].who;
	     ++*next)
		if (rc == EMP_OK && !e->stays)
			rc = erase_main_rename(&s->eraser.main, m->found[*next].seq,
					       e->person, nobody);
	return rc;
}

static enum emp_rc
rename_some(struct retain_main *m, struct store *s, uint64_t began)
{
	uint32_t at = m->renamed;
	uint64_t people = 0;
	enum emp_rc rc = walk_people(m, s->next_seq);

	if (rc == EMP_OK)
		rc = db_run(s->main.begin);
	while (rc == EMP_OK && at < m->n_found && at - m->renamed < RENAME_EVENTS &&
	       !retain_over(began)) {
		bool stays = m->set.v[m->found[at].who].stays;

		rc = rename_one(m, s, at, &at);
		people += !stays;
	}
	if (rc == EMP_OK)
		rc = db_run(s->main.commit);
	if (rc == EMP_OK) {
		m->renamed = at;
		m->customers += people;
	}
	return rc;
}

/* ---- the walks, one after the other ------------------------------------------------
 */

static void
begin_walk(struct retain_main *m, struct store *s, enum walk walk)
{
	m->walk = walk;
	/* What came since is looked at last. */
	m->at = walk == WALK_RENAME ? m->end : 1;
	if (walk == WALK_OLD) {
		person_set_clear(&m->set);
		m->n_found = 0;
		m->renamed = 0;
		m->end = s->next_seq;
	}
	if (walk == WALK_RENAME && m->n_found > 0)
		qsort(m->found, m->n_found, sizeof *m->found, by_person);
}

static void
next_walk(struct retain_main *m, struct store *s)
{
	switch (m->walk) {
	case WALK_STRIP:
		begin_walk(m, s, m->customer != INT64_MIN ? WALK_OLD : WALK_END);
		return;
	case WALK_OLD:
		begin_walk(m, s, m->set.n > 0 ? WALK_YOUNG : WALK_RENAME);
		return;
	case WALK_YOUNG:
		begin_walk(m, s, WALK_FIND);
		return;
	case WALK_FIND:
		begin_walk(m, s, WALK_RENAME);
		return;
	case WALK_RENAME:
		m->share++;
		begin_walk(m, s, m->share < m->shares ? WALK_OLD : WALK_END);
		return;
	case WALK_END:
		return;
	}
}

enum emp_rc
retain_main_step(struct retain_main *m, struct store *s, bool *more)
{
	uint64_t began = clock_mono_ns();
	bool ended = false;
	enum emp_rc rc = EMP_OK;

	while (rc == EMP_OK && !ended && !retain_over(began) && m->walk != WALK_END) {
		if (m->walk == WALK_RENAME) {
			rc = rename_some(m, s, began);
			ended = m->renamed == m->n_found;
			break;
		}
		if (m->walk == WALK_STRIP)
			rc = strip_some(m, s, began);
		else
			rc = walk_people(m,
					 m->at + WALK_EVENTS < m->end
						 ? m->at + WALK_EVENTS
						 : m->end);
		ended = m->at >= m->end;
	}
	/* Fewer people at a time. */
	if (rc == EMP_TOO_LARGE && m->shares < SHARES_MAX) {
		m->shares *= 2;
		begin_walk(m, s, WALK_OLD);
		rc = EMP_OK;
	} else if (rc == EMP_OK && ended) {
		next_walk(m, s);
	}
	*more = m->walk != WALK_END;
	return rc;
}
