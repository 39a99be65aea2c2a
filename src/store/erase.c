/* What is under way of forgetting: see erase.h. One after the other; who asked hears of
 * it when it is done. */
#include "store/erase.h"
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/audit.h"
#include "store/db.h"
#include "store/retain.h"
#include "store/schema.h"

/* How long events wait for a slice, about; and as many times as long there is none for
 * them then. */
#define SLICE_NS 4000000
#define BUSY_SLICES 10
/* Events looked at between two looks at the clock, and those stripped. */
#define SCAN_EVENTS 4096
#define STRIP_EVENTS 16
#define NS_PER_MS 1000000
/* What a disk refused is tried again after a while. */
#define FAILED_MS 1000
/* Our own readers are done soon. Who asked does not wait longer for others. */
#define EMPTY_AGAIN_MS 20
#define EMPTY_WAIT_MS 2000
/* The end of a value that stands for nobody: what the first bytes are, sets of people
 * are spread by. */
#define NOBODY_BYTES 4

enum stage { STAGE_BEGIN, STAGE_SCAN, STAGE_STRIP, STAGE_RENAME, STAGE_EMPTY };

struct erasure {
	struct erasure *next;
	struct store_change *change; /* who waits; NULL: nobody does */
	uint8_t key[EVENT_KEY_BYTES];
	bool has_customer, has_personnel, has_receipt;
	uint8_t customer[PSEUDONYM_BYTES], customer_new[PSEUDONYM_BYTES],
		personnel_new[PSEUDONYM_BYTES], receipt[RECEIPT_HASH_BYTES];
	int64_t at, before; /* numbers of events yet to be looked at */
	enum stage stage;
	struct seqs found;
	uint32_t stripped;
	uint64_t waits_since; /* monotonic ns; for empty logs */
};

void
erase_nobody(uint8_t out[PSEUDONYM_BYTES])
{
	crypto_random(out, PSEUDONYM_BYTES);
	memset(out + PSEUDONYM_BYTES - NOBODY_BYTES, 0, NOBODY_BYTES);
}

bool
erase_is_nobody(const uint8_t person[PSEUDONYM_BYTES])
{
	static const uint8_t zeros[NOBODY_BYTES];

	return memcmp(person + PSEUDONYM_BYTES - NOBODY_BYTES, zeros, sizeof zeros) ==
		0;
}

/* ---- the list ---------------------------------------------------------------------
 */

static void
append(struct eraser *e, struct erasure *x)
{
	x->next = NULL;
	if (e->last != NULL)
		e->last->next = x;
	else
		e->first = x;
	e->last = x;
}

static void
remove_first(struct eraser *e)
{
	struct erasure *x = e->first;

	e->first = x->next;
	if (e->first == NULL)
		e->last = NULL;
	free(x->found.v);
	free(x);
}

static bool
column_bytes(sqlite3_stmt *q, int column, uint8_t out[PSEUDONYM_BYTES])
{
	if (sqlite3_column_bytes(q, column) != PSEUDONYM_BYTES)
		return false;
	memcpy(out, sqlite3_column_blob(q, column), PSEUDONYM_BYTES);
	return true;
}

static enum emp_rc
load_one(struct store *s, sqlite3_stmt *q)
{
	struct erasure *x;

	if (sqlite3_column_int64(q, 5) == 0) {
		s->eraser.unclean = true;
		return EMP_OK;
	}
	x = calloc(1, sizeof *x);
	if (x == NULL)
		return EMP_NOMEM;
	(void)column_bytes(q, 0, x->key);
	x->has_customer = column_bytes(q, 1, x->customer) &&
		column_bytes(q, 2, x->customer_new);
	x->has_personnel = column_bytes(q, 3, x->personnel_new);
	x->has_receipt = column_bytes(q, 4, x->receipt) &&
		column_bytes(q, 2, x->customer_new);
	x->at = 1;
	x->before = sqlite3_column_int64(q, 5);
	append(&s->eraser, x);
	return EMP_OK;
}

enum emp_rc
erase_open(struct store *s)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = erase_main_prepare(&s->eraser.main, s->main.db);

	if (rc == EMP_OK)
		rc = db_prepare(s->sealed.db, &q,
				"SELECT key, customer, customer_new, personnel_new, "
				"receipt, before_seq FROM erasure");
	while (rc == EMP_OK) {
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = load_one(s, q);
	}
	sqlite3_finalize(q);
	return rc;
}

void
erase_close(struct store *s)
{
	retain_close(s);
	while (s->eraser.first != NULL) {
		struct store_change *c = s->eraser.first->change;

		if (c != NULL) {
			c->rc = EMP_NOT_READY;
			c->done(c);
		}
		remove_first(&s->eraser);
	}
}

/* ---- beginning --------------------------------------------------------------------
 */

static void
bind_bytes(sqlite3_stmt *q, int at, bool has, const uint8_t bytes[PSEUDONYM_BYTES])
{
	if (has)
		sqlite3_bind_blob(q, at, bytes, PSEUDONYM_BYTES, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, at);
}

static enum emp_rc
put_row(struct store *s, struct erasure *x)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(
		s->sealed.db, &q,
		"INSERT INTO erasure (customer, customer_new, personnel_new, receipt, "
		"before_seq, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	if (rc == EMP_OK) {
		bind_bytes(q, 1, x->has_customer, x->customer);
		bind_bytes(q, 2, x->has_customer || x->has_receipt, x->customer_new);
		bind_bytes(q, 3, x->has_personnel, x->personnel_new);
		bind_bytes(q, 4, x->has_receipt, x->receipt);
		sqlite3_bind_int64(q, 5, x->before);
		crypto_random(x->key, sizeof x->key);
		bind_bytes(q, 6, true, x->key);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

void
erase_attended(struct store *s)
{
	s->eraser.attended = true;
	if (s->eraser.outdated)
		erase_read_boundaries(s);
}

void
erase_read_boundaries(struct store *s)
{
	struct boundary_list fresh = {.n = 0};

	/* While the daemon starts, main hands the definitions on. */
	s->eraser.outdated = !s->eraser.attended;
	if (s->eraser.outdated)
		return;
	aside_take(s);
	if (boundary_list_open(&fresh, s->main.db, s->sealed.db) != EMP_OK) {
		log_warn("cannot read the boundaries in %s again", s->dir);
		boundary_list_close(&fresh);
		return;
	}
	boundary_list_close(&s->boundaries);
	s->boundaries = fresh;
	if (defs_reload(s) != EMP_OK)
		log_warn("cannot read the definitions in %s again", s->dir);
}

enum emp_rc
erase_begin(struct store *s, struct store_change *c)
{
	struct erase_what what = c->erase;
	struct erasure *x = calloc(1, sizeof *x);
	enum emp_rc rc = x != NULL ? db_run(s->sealed.begin) : EMP_NOMEM;

	erase_attended(s);
	if (rc == EMP_OK) {
		erase_nobody(x->customer_new);
		erase_nobody(x->personnel_new);
		rc = erase_sealed(s, &what, x->personnel_new);
	}
	if (rc == EMP_OK) {
		x->change = c;
		x->at = 1;
		x->before = s->next_seq;
		x->has_customer = what.has_customer;
		x->has_personnel = what.has_personnel;
		x->has_receipt = what.by_receipt && !what.confidential;
		memcpy(x->customer, what.customer, sizeof x->customer);
		memcpy(x->receipt, what.receipt_hash, sizeof x->receipt);
		rc = put_row(s, x);
	}
	if (rc == EMP_OK && c->audit.action != NULL)
		rc = audit_put(s, &c->audit);
	if (rc == EMP_OK)
		rc = db_run(s->sealed.commit);
	explicit_bzero(&what, sizeof what);
	if (rc != EMP_OK) {
		free(x);
		return rc;
	}
	s->sealed.written = true;
	append(&s->eraser, x);
	return EMP_OK;
}

/* ---- slices -----------------------------------------------------------------------
 */

static bool
is_over(uint64_t began)
{
	return clock_mono_ns() - began >= SLICE_NS;
}

/* What no scan is needed for. */
static enum emp_rc
find_by_keys(struct store *s, struct erasure *x)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = EMP_OK;

	x->found.n = 0;
	x->stripped = 0;
	if (x->has_receipt)
		rc = erase_main_find_receipt(&s->eraser.main, x->receipt, &x->found);
	if (rc != EMP_OK || !x->has_personnel)
		return rc;
	rc = db_prepare(s->sealed.db, &q,
			"SELECT key FROM operational_person WHERE role = 'decider' "
			"AND person = ?1 UNION SELECT key FROM operational_person "
			"WHERE role <> 'decider' AND person = ?1");
	if (rc == EMP_OK)
		bind_bytes(q, 1, true, x->personnel_new);
	while (rc == EMP_OK) {
		struct str key;
		bool row;

		rc = db_step(q, &row);
		if (rc != EMP_OK || !row)
			break;
		key = (struct str){sqlite3_column_blob(q, 0),
				   (size_t)sqlite3_column_bytes(q, 0)};
		rc = erase_main_find_people(&s->eraser.main, key, &x->found);
	}
	sqlite3_finalize(q);
	return rc;
}

static enum emp_rc
scan(struct store *s, struct erasure *x)
{
	uint64_t began = clock_mono_ns();
	enum emp_rc rc = EMP_OK;

	if (!x->has_customer)
		x->at = x->before;
	while (rc == EMP_OK && x->at < x->before && !is_over(began)) {
		int64_t to = x->at + SCAN_EVENTS;

		if (to > x->before)
			to = x->before;
		rc = erase_main_find(&s->eraser.main, x->customer, x->at, to,
				     &x->found);
		if (rc == EMP_OK)
			x->at = to;
	}
	if (rc == EMP_OK && x->at == x->before)
		x->stage = STAGE_STRIP;
	return rc;
}

static enum emp_rc
strip(struct store *s, struct erasure *x)
{
	uint64_t began = clock_mono_ns();
	int64_t now = clock_now_ms();
	uint32_t at = x->stripped;
	enum emp_rc rc = db_run(s->main.begin);

	while (rc == EMP_OK && at < x->found.n) {
		rc = erase_main_strip(&s->eraser.main, x->found.v[at]);
		if (rc == EMP_OK)
			rc = erase_main_end(&s->eraser.main, x->found.v[at++], now);
		if (at % STRIP_EVENTS == 0 && is_over(began))
			break;
	}
	if (rc == EMP_OK)
		rc = db_run(s->main.commit);
	if (rc == EMP_OK)
		x->stripped = at;
	if (rc == EMP_OK && at == x->found.n)
		x->stage = STAGE_RENAME;
	return rc;
}

/* Whom it was about is nobody's business any more. */
static enum emp_rc
note_done(struct store *s, const struct erasure *x)
{
	sqlite3_stmt *q = NULL;
	enum emp_rc rc = db_prepare(s->sealed.db, &q,
				    "UPDATE erasure SET customer = NULL, "
				    "receipt = NULL, before_seq = 0 WHERE key = ?1");

	if (rc == EMP_OK) {
		bind_bytes(q, 1, true, x->key);
		rc = db_run(q);
	}
	sqlite3_finalize(q);
	return rc;
}

/* All at once: see erase.h. */
static enum emp_rc
give_no_names(struct store *s, struct erasure *x)
{
	enum emp_rc rc = db_run(s->main.begin);

	for (uint32_t i = 0; rc == EMP_OK && i < x->found.n; i++) {
		if (x->has_customer)
			rc = erase_main_rename(&s->eraser.main, x->found.v[i],
					       x->customer, x->customer_new);
		else if (x->has_receipt)
			rc = erase_main_rename(&s->eraser.main, x->found.v[i], NULL,
					       x->customer_new);
	}
	if (rc == EMP_OK)
		rc = db_run(s->main.commit);
	if (rc == EMP_OK)
		rc = note_done(s, x);
	if (rc != EMP_OK)
		return rc;
	if (x->has_personnel) /* their holder and their reasons went */
		erase_read_boundaries(s);
	schema_clean(s->main.path, schema_main);
	schema_clean(s->sealed.path, schema_confidential);
	/* Whatever is kept of answers is as it was before. */
	atomic_fetch_add(&s->counters.sealed_version, 1);
	/* Its pages are put in order again when there is time. */
	s->sealed.written = true;
	s->vacuumed_day = 0;
	s->eraser.unclean = true;
	x->waits_since = clock_mono_ns();
	x->stage = STAGE_EMPTY;
	return EMP_OK;
}

static void
finish(struct store *s, bool complete)
{
	struct store_change *c = s->eraser.first->change;

	remove_first(&s->eraser);
	if (c == NULL)
		return;
	c->rc = EMP_OK;
	c->complete = complete;
	c->done(c);
	s->hooks.group_end(s->hooks.ctx);
}

/* False while a reader keeps something of them. */
static bool
empty_logs(struct store *s)
{
	if (!disk_empty_logs(s))
		return false;
	/* What stays there of the rows themselves is random. */
	if (db_exec(s->sealed.db, "DELETE FROM erasure WHERE before_seq = 0") != EMP_OK)
		log_warn("cannot note in %s what was erased", s->sealed.path);
	return true;
}

static void
empty(struct store *s)
{
	struct eraser *e = &s->eraser;
	uint64_t now = clock_mono_ns();
	bool over = e->first == NULL ||
		now - e->first->waits_since >= (uint64_t)EMPTY_WAIT_MS * NS_PER_MS;

	e->unclean = !empty_logs(s);
	if (e->first != NULL && (over || !e->unclean))
		finish(s, !e->unclean);
	if (e->unclean)
		e->again = now +
			(uint64_t)(over ? FAILED_MS : EMPTY_AGAIN_MS) * NS_PER_MS;
}

static enum emp_rc
slice(struct store *s, struct erasure *x)
{
	enum emp_rc rc;

	switch (x->stage) {
	case STAGE_BEGIN:
		rc = find_by_keys(s, x);
		if (rc == EMP_OK)
			x->stage = STAGE_SCAN;
		return rc;
	case STAGE_SCAN:
		return scan(s, x);
	case STAGE_STRIP:
		return strip(s, x);
	case STAGE_RENAME:
		return give_no_names(s, x);
	case STAGE_EMPTY:
		break;
	}
	return EMP_INTERNAL;
}

static void
rollback(sqlite3 *db)
{
	if (sqlite3_get_autocommit(db) == 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static void
try_later(struct eraser *e)
{
	e->again = clock_mono_ns() + (uint64_t)FAILED_MS * NS_PER_MS;
}

void
erase_step(struct store *s, bool busy)
{
	struct eraser *e = &s->eraser;
	enum emp_rc rc = EMP_OK;

	aside_assert_back(s);
	if (erase_wait_ms(s) != 0 ||
	    (busy && clock_mono_ns() - e->sliced < BUSY_SLICES * SLICE_NS))
		return;
	if (!disk_ok(s)) {
		try_later(e);
		return;
	}
	if (e->first != NULL && e->first->stage != STAGE_EMPTY)
		rc = slice(s, e->first);
	else if (e->first != NULL || e->unclean)
		empty(s);
	else
		rc = retain_step(s);
	e->sliced = clock_mono_ns();
	if (rc == EMP_OK)
		return;
	rollback(s->main.db);
	rollback(s->sealed.db);
	/* Too little memory, say, is no fault of the disk's. */
	if (rc == EMP_IO || rc == EMP_DISK_FULL || rc == EMP_CORRUPT)
		group_failed(s, rc);
	try_later(e);
}

int
erase_wait_ms(const struct store *s)
{
	const struct eraser *e = &s->eraser;
	uint64_t now;

	if (e->first == NULL && !e->unclean && !retain_due(s))
		return -1;
	now = clock_mono_ns();
	return now >= e->again ? 0 : (int)((e->again - now) / NS_PER_MS + 1);
}
