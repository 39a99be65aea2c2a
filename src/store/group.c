/* The commit path: from batches that wait to batches that are answered.
 *
 * One group of batches is one transaction per file. Until its commit nothing of it is
 * visible: names, series, ids, questions and sequence numbers are pending and are taken
 * back when the transaction is. After the commit, in this order: names are published,
 * definitions and series handed on, events counted, the sequence published, and only
 * then the batches answered; so whoever sees an answer sees all that led to it.
 *
 * confidential.db commits first. If empowerd.db then fails, the clients of that group
 * hear "unknown, send again": what confidential.db has by then is a duplicate, the rest
 * is stored. The people of a public recognition are in confidential.db and the rest of
 * it in empowerd.db, under one random key: people whose recognition was not committed
 * are under a key that nothing has, and are never found.
 *
 * A review, though, is counted where it is stored, and its id is taken there: one whose
 * decision was not committed would stay counted, and could not be sent again. So what
 * is about a decision of the same group waits, and is a transaction of its own after
 * the group's, before anybody is answered.
 *
 * A group in which a statement fails is rolled back and tried again as two halves,
 * until the batch that cannot be stored stands alone and fails alone. A commit that
 * fails is not tried again: the disk is the problem then, and every batch of the group
 * fails.
 */
#include "store/impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/days.h"
#include "store/db.h"
#include "store/decisions.h"
#include "store/review.h"

/* How far ahead of the event at hand the id index is fetched. */
#define PREFETCH_AHEAD 8
#define NO_SLOTS UINT32_MAX
#define NS_PER_US 1000

static void
counter_add(_Atomic uint64_t *c, uint64_t n)
{
	/* One writer: no locked instruction is needed. Who sees that a version moved
	 * must also see the commit that moved it. */
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_release);
}

static void
group_begin(struct store *s)
{
	struct group *g = &s->group;
	int64_t now = clock_now_ms();

	/* Never backwards: readers find events by the time they were received. */
	g->now = now > s->received ? now : s->received;
	g->main_open = false;
	g->sealed_open = false;
	g->committing = false;
	g->first_seq = s->next_seq;
	g->n_staged = 0;
	g->n_new_slots = 0;
	g->n_changes = 0;
	g->n_questions = 0;
	g->duplicates = 0;
	g->n_sealed = 0;
	g->sealed_shows = false;
	g->levels = false;
	g->n_cells = 0;
	g->block = s->next_block;
	buf_clear(&g->ids);
	buf_clear(&g->sealed_ids);
}

enum emp_rc
group_main_begin(struct store *s)
{
	enum emp_rc rc = EMP_OK;

	if (!s->group.main_open)
		rc = db_run(s->main.begin);
	s->group.main_open = s->group.main_open || rc == EMP_OK;
	return rc;
}

enum emp_rc
group_sealed_begin(struct store *s)
{
	enum emp_rc rc = EMP_OK;

	if (!s->group.sealed_open) {
		aside_take(s);
		rc = db_run(s->sealed.begin);
	}
	s->group.sealed_open = s->group.sealed_open || rc == EMP_OK;
	return rc;
}

enum emp_rc
group_stage(struct store *s, const struct event *e, int64_t seq, uint32_t series,
	    uint32_t subject)
{
	struct group *g = &s->group;

	if (!array_reserve(&g->staged, &g->cap_staged, g->n_staged + 1,
			   sizeof *g->staged))
		return EMP_NOMEM;
	g->staged[g->n_staged++] = (struct staged){e,        seq,     series,
						   NO_SLOTS, subject, NO_SLOTS};
	return EMP_OK;
}

/* Remembers the slots of answers to questions that the decoder did not know. */
static enum emp_rc
stage_slots(struct group *g, const struct event *e, const uint32_t *slot)
{
	bool any = false;

	for (uint32_t i = 0; i < e->n_answers; i++)
		any = any || e->answers[i].question < 0;
	if (!any)
		return EMP_OK;
	if (!array_reserve(&g->new_slot, &g->cap_new_slots,
			   g->n_new_slots + e->n_answers, sizeof *slot))
		return EMP_NOMEM;
	memcpy(g->new_slot + g->n_new_slots, slot, e->n_answers * sizeof *slot);
	g->staged[g->n_staged - 1].new_slots = g->n_new_slots;
	g->n_new_slots += e->n_answers;
	return EMP_OK;
}

static enum emp_rc
put_main(struct store *s, const struct event *e, struct store_outcome *out)
{
	uint32_t question[EVENT_ANSWERS_MAX];
	uint32_t slot[EVENT_ANSWERS_MAX];
	struct main_ids ids = {
		.seq = s->next_seq, .received = s->group.now, .question = question};
	uint8_t people[PEOPLE_KEY_BYTES];
	enum emp_rc bad = EMP_OK;
	enum emp_rc rc = group_main_begin(s);

	if (rc == EMP_OK && e->survey != NULL)
		rc = resolve_answers(s, e, question, slot, &bad);
	if (rc == EMP_OK && bad != EMP_OK) {
		*out = (struct store_outcome){ITEM_INVALID, (uint8_t)bad, 0};
		return EMP_OK;
	}
	if (rc == EMP_OK && e->survey != NULL)
		rc = resolve_use(s, e, question);
	if (rc == EMP_OK)
		rc = names_series(&s->names, e, &ids.series);
	if (rc == EMP_OK)
		rc = names_source(&s->names, e->source, &ids.source);
	if (rc == EMP_OK && e->ref_id.n > 0)
		rc = names_source(&s->names, e->ref_source, &ids.ref_source);
	if (rc == EMP_OK && e->type == EVENT_RECOGNITION_GIVEN &&
	    e->class == CLASS_OPERATIONAL) {
		rc = group_sealed_begin(s);
		if (rc == EMP_OK)
			rc = sealed_file_put_people(&s->sealed, e, people);
		ids.people = people;
	}
	if (rc == EMP_OK)
		rc = main_file_put(&s->main, e, &ids);
	if (rc == EMP_OK && e->recognition == RECOGNITION_BACKING && e->ref_id.n > 0)
		rc = decisions_put_backing(s, e, ids.seq);
	if (rc == EMP_OK)
		rc = group_stage(s, e, ids.seq, ids.series, 0);
	if (rc == EMP_OK && e->n_answers > 0)
		rc = stage_slots(&s->group, e, slot);
	if (rc != EMP_OK)
		return rc;
	s->next_seq++;
	*out = (struct store_outcome){ITEM_STORED, EMP_OK, ids.seq};
	return EMP_OK;
}

/* Waits until the decision it is about is committed. */
static enum emp_rc
put_later(struct group *g, struct store_batch *b, const struct event *e,
	  struct store_outcome *out)
{
	if (!array_reserve(&g->later, &g->cap_later, g->n_later + 1, sizeof *g->later))
		return EMP_NOMEM;
	g->later[g->n_later++] = (struct later){e, out, b};
	*out = (struct store_outcome){ITEM_LATER, EMP_OK, 0};
	return EMP_OK;
}

static enum emp_rc
put_sealed(struct store *s, struct store_batch *b, const struct event *e,
	   struct store_outcome *out)
{
	struct decision_ref about;
	struct sealed_place at;
	bool placed = e->class == CLASS_SEALED;
	enum emp_rc bad = EMP_OK;
	enum emp_rc rc = group_sealed_begin(s);

	if (rc == EMP_OK)
		rc = review_about(s, e, &about, &bad);
	if (rc == EMP_OK && placed)
		rc = period_place(&s->periods, e, s->group.now, &at, &bad);
	if (rc != EMP_OK)
		return rc;
	if (bad != EMP_OK) {
		*out = (struct store_outcome){ITEM_INVALID, (uint8_t)bad, 0};
		return EMP_OK;
	}
	if (about.seq >= s->group.first_seq)
		return put_later(&s->group, b, e, out);
	s->group.n_sealed++;
	*out = (struct store_outcome){ITEM_STORED, EMP_OK, 0};
	return sealed_file_put(&s->sealed, e, &about, placed ? &at : NULL, s->tz,
			       s->group.now / MS_PER_S / S_PER_DAY);
}

static bool
is_suggestion(const struct event *e)
{
	return e->type == EVENT_SUGGESTION_SUBMITTED ||
		e->type == EVENT_BOUNDARY_REQUESTED || life_is_step(e);
}

/* Whether figures may differ by a confidential event as soon as it is stored: what
 * employees do counts from the next day on, what is answered them at once. Answers that
 * are kept are dropped for no other: how long the next takes would say that one came.
 */
static bool
shows_at_once(const struct store *s, const struct event *e)
{
	switch ((enum event_type)e->type) {
	case EVENT_SUGGESTION_ACKNOWLEDGED:
	case EVENT_SUGGESTION_TRIAGED:
	case EVENT_SUGGESTION_ANSWERED:
	case EVENT_SUGGESTION_REOPENED:
		return true;
	default:
		/* Answers show with a release, and only then. */
		return (e->class != CLASS_SEALED || life_is_step(e)) &&
			day_of(s->tz, e->time) < day_of(s->tz, s->group.now);
	}
}

static enum emp_rc
put(struct store *s, struct store_batch *b, const struct event *e,
    struct store_outcome *out)
{
	bool sealed = class_is_confidential((enum event_class)e->class);
	/* 0 is the mark of confidential events. */
	uint32_t content = sealed ? 0 : e->content | (e->content == 0);
	struct id_entry entry;
	enum emp_rc rc;

	if (e->id_given) {
		enum id_seen seen = id_window_find(&s->ids, e->id_key, content);

		if (seen != ID_NEW) {
			out->status = seen == ID_SAME ? ITEM_DUPLICATE
						      : ITEM_ID_CONFLICT;
			out->rc = seen == ID_SAME ? EMP_OK : EMP_ID_CONFLICT;
			out->seq = 0;
			s->group.duplicates += seen == ID_SAME;
			return EMP_OK;
		}
	}
	if (is_suggestion(e))
		rc = sealed ? put_case(s, e, out) : put_suggestion(s, e, out);
	else if (sealed)
		rc = put_sealed(s, b, e, out);
	else
		rc = part_has(e->type) ? part_put(s, e, out) : put_main(s, e, out);
	if (rc != EMP_OK || out->status != ITEM_STORED)
		return rc;
	s->group.sealed_shows |= sealed && shows_at_once(s, e);
	s->group.levels |= e->type == EVENT_HEADCOUNT_SET || e->type == EVENT_BASE_SET;
	if (!e->id_given)
		return EMP_OK;
	rc = id_window_add(&s->ids, e->id_key, content);
	if (rc != EMP_OK)
		return rc;
	memcpy(entry.key, e->id_key, ID_KEY_BYTES);
	entry.content = content;
	buf_add(sealed ? &s->group.sealed_ids : &s->group.ids, &entry, sizeof entry);
	return EMP_OK;
}

static enum emp_rc
put_batch(struct store *s, struct store_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		enum emp_rc rc;

		if (i + PREFETCH_AHEAD < b->n)
			id_window_prefetch(&s->ids,
					   b->events[i + PREFETCH_AHEAD].id_key);
		rc = put(s, b, &b->events[i], &b->outcomes[i]);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

/* How many cells go along with a group. */
static uint32_t
cells_due(const struct store *s)
{
	const struct group *g = &s->group;
	int64_t since = s->hooks.dirty_since(s->hooks.ctx);

	if (since < g->first_seq - LAG_EVENTS)
		return CELLS_PER_GROUP + g->n_staged * GRAIN_COUNT;
	return CELLS_PER_GROUP + g->n_staged / CELLS_PER_EVENTS;
}

/* Counters that changed since they were last written, oldest first, and how far they
 * reach. */
static enum emp_rc
put_cells(struct store *s, uint32_t max)
{
	struct group *g = &s->group;
	int64_t since = s->hooks.dirty_since(s->hooks.ctx);
	int64_t mark = since < g->first_seq ? since : g->first_seq;
	enum emp_rc rc = EMP_OK;

	if (max > s->cap_cells)
		max = s->cap_cells;
	g->n_cells = (uint32_t)s->hooks.cells_dirty(s->hooks.ctx, s->cells, max);
	for (uint32_t i = 0; rc == EMP_OK && i < g->n_cells; i++)
		rc = main_file_put_cell(&s->main, &s->cells[i], &s->scratch);
	if (rc == EMP_OK &&
	    (mark >= s->counted_before + PROGRESS_EVENTS ||
	     (g->n_staged == 0 && mark > s->counted_before))) {
		sqlite3_bind_int64(s->main.progress, 1, mark);
		rc = db_run(s->main.progress);
		if (rc == EMP_OK)
			s->counted_before = mark;
	}
	return rc;
}

/* From when on cells of a grain are kept until this is looked at again. Never
 * backwards: what was not kept does not come back when more is asked for. */
static void
keep_from(struct store *s, enum grain g, enum tz_unit unit, int64_t t)
{
	int64_t from = tz_ceil(s->tz, unit, t + PRUNE_EVERY_S);

	if (from > s->kept_from[g])
		s->kept_from[g] = from;
}

/* Now and then: what is too old to be kept, seen from the newest event: a clock that
 * was ahead for a while must not cost cells. Counters move their horizons later than
 * this, so a bucket of grace is left. */
static enum emp_rc
prune(struct store *s)
{
	const struct group *g = &s->group;
	const int64_t newest = (g->n_staged > 0 ? g->now : s->received) / MS_PER_S;
	const int64_t minutes = s->config.minute_hours * S_PER_HOUR;
	const int64_t hours = s->config.hour_days * S_PER_DAY;
	const int64_t before[] = {[GRAIN_MINUTE] = newest - minutes - S_PER_HOUR,
				  [GRAIN_HOUR] = newest - hours - S_PER_DAY};
	enum emp_rc rc = EMP_OK;

	if (s->pruned != 0 && newest < s->pruned + PRUNE_EVERY_S)
		return EMP_OK;
	keep_from(s, GRAIN_MINUTE, TZ_HOUR, newest - minutes);
	keep_from(s, GRAIN_HOUR, TZ_DAY, newest - hours);
	sqlite3_bind_int64(s->main.kept_from, 1, s->kept_from[GRAIN_MINUTE]);
	sqlite3_bind_int64(s->main.kept_from, 2, s->kept_from[GRAIN_HOUR]);
	rc = db_run(s->main.kept_from);
	for (int grain = GRAIN_MINUTE; rc == EMP_OK && grain < GRAIN_DAY; grain++) {
		sqlite3_bind_int(s->main.cell_prune, 1, grain);
		sqlite3_bind_int64(s->main.cell_prune, 2, before[grain]);
		rc = db_run(s->main.cell_prune);
	}
	if (rc == EMP_OK) {
		sqlite3_bind_int64(s->main.id_prune, 1, id_window_first_block(&s->ids));
		rc = db_run(s->main.id_prune);
	}
	if (rc == EMP_OK)
		s->pruned = newest;
	return rc;
}

static enum emp_rc
put_rest(struct store *s, uint32_t max_cells)
{
	struct group *g = &s->group;
	enum emp_rc rc = EMP_OK;

	if (!buf_ok(&g->ids) || !buf_ok(&g->sealed_ids))
		return EMP_NOMEM;
	if (!g->main_open)
		return EMP_OK;
	if (g->ids.n > 0)
		rc = main_file_put_ids(&s->main, g->block, g->now, buf_str(&g->ids));
	if (rc == EMP_OK)
		rc = put_cells(s, max_cells);
	return rc == EMP_OK ? prune(s) : rc;
}

static void
rollback(sqlite3 *db)
{
	/* Some errors roll back by themselves. */
	if (sqlite3_get_autocommit(db) == 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

/* Takes back what the group did, except what confidential.db has committed. */
static void
undo(struct store *s, bool sealed_committed)
{
	struct group *g = &s->group;
	int64_t counted_before = 0;
	bool wrote = g->main_open;
	enum emp_rc rc;

	if (g->main_open)
		rollback(s->main.db);
	if (g->sealed_open && !sealed_committed)
		rollback(s->sealed.db);
	if (g->n_cells > 0)
		s->hooks.cells_written(s->hooks.ctx, false);
	g->n_cells = 0;
	g->main_open = false;
	g->sealed_open = false;
	if (sealed_committed)
		counter_add(&s->counters.sealed_version, 1);
	names_rollback(&s->names);
	words_rollback(&s->words);
	boundary_list_rollback(&s->boundaries);
	id_window_rollback(&s->ids);
	s->next_seq = g->first_seq;
	for (size_t at = 0; sealed_committed && at < g->sealed_ids.n;
	     at += sizeof(struct id_entry)) {
		struct id_entry e;

		memcpy(&e, g->sealed_ids.p + at, sizeof e);
		rc = id_window_add(&s->ids, e.key, e.content);
		/* There was room a moment ago. */
		EMP_ASSERT(rc == EMP_OK);
	}
	if (sealed_committed &&
	    id_window_commit(&s->ids, g->now, s->next_block) != EMP_OK)
		log_warn("out of memory: the window of ids may remember longer");
	if (!wrote)
		return;
	s->pruned = 0;
	if (usage_load(s) != EMP_OK)
		log_warn("cannot read %s after a failed transaction", s->main.path);
	if (db_int(s->main.db, "SELECT counted_before FROM progress",
		   &counted_before) == EMP_OK)
		s->counted_before = counted_before;
}

/* Both files; *sealed tells how far it came. */
static enum emp_rc
commit(struct store *s, bool *sealed)
{
	struct group *g = &s->group;
	enum emp_rc rc = EMP_OK;

	*sealed = false;
	g->committing = true;
	if (g->sealed_open) {
		rc = db_run(s->sealed.commit);
		*sealed = rc == EMP_OK;
	}
	if (rc == EMP_OK && g->main_open)
		rc = db_run(s->main.commit);
	return rc;
}

static void
count_change(struct store *s, const struct staged *at, struct event_slots *slots)
{
	const struct count_change *c = &s->group.change[at->change];

	for (unsigned k = 0; part_slots(s, c, k, slots); k++)
		if (slots->subject != 0)
			s->hooks.count(s->hooks.ctx, at->series, c->time, slots,
				       at->seq, false);
}

static void
count_staged(struct store *s)
{
	/* 17 kB, and only ever used here. */
	static _Thread_local struct event_slots slots;
	struct group *g = &s->group;

	for (uint32_t i = 0; i < g->n_staged; i++) {
		const struct staged *at = &g->staged[i];

		if (at->change != NO_SLOTS) {
			count_change(s, at, &slots);
			continue;
		}
		if (at->subject != 0) {
			part_slots_submitted(at->subject, &slots);
		} else {
			event_slots_of(at->event,
				       at->new_slots != NO_SLOTS
					       ? g->new_slot + at->new_slots
					       : NULL,
				       &slots);
		}
		if (slots.subject != 0)
			s->hooks.count(s->hooks.ctx, at->series, at->event->time,
				       &slots, at->seq, false);
	}
}

static void
publish_series(struct store *s, uint32_t first)
{
	for (uint32_t id = first; id <= s->names.n_series; id++) {
		const struct series_key *k = &s->names.series[id - 1];

		if (s->hooks.series(s->hooks.ctx, id, (uint8_t)k->audience, k->dim) ==
		    EMP_OK)
			continue;
		/* Stored, but cannot be counted. A clean stop would note it as counted;
		 * from here on only a start that counts it gives right figures. */
		log_error("out of memory for counters");
		EMP_ASSERT(!"a committed series must be known");
	}
}

static void
health(struct store *s, uint64_t started_ns)
{
	struct counters *c = &s->counters;
	struct group *g = &s->group;

	if (g->n_staged > 0 || g->n_cells > 0) {
		atomic_store(&c->ids_since, id_window_short_since(&s->ids));
		counter_add(&c->groups, 1);
		atomic_store(&c->last_commit_us,
			     (clock_mono_ns() - started_ns) / NS_PER_US);
	}
	counter_add(&c->events, g->n_staged + g->n_sealed);
	counter_add(&c->duplicates, g->duplicates);
	counter_add(&c->cells_written, g->n_cells);
	atomic_store(&c->wal_bytes, (uint64_t)s->main.wal_pages * DB_PAGE_BYTES);
	atomic_store(&c->series, s->names.n_series);
}

/* The commit is durable: everything becomes visible. */
static void
publish(struct store *s)
{
	struct group *g = &s->group;
	uint32_t first_series = s->names.committed_series + 1;
	bool boundaries = boundary_list_changed(&s->boundaries);

	s->failures_in_row = 0;
	if (g->sealed_open) {
		s->sealed.written = true;
		if (g->sealed_shows)
			counter_add(&s->counters.sealed_version, 1);
	}
	if (g->levels)
		counter_add(&s->counters.levels_version, 1);
	names_commit(&s->names);
	words_commit(&s->words);
	if (id_window_commit(&s->ids, g->now, g->block) != EMP_OK)
		log_warn("out of memory: the window of ids may remember longer");
	if (g->ids.n > 0 && g->main_open)
		s->next_block++;
	s->next_question += g->n_questions;
	if (g->n_cells > 0)
		s->hooks.cells_written(s->hooks.ctx, true);
	boundary_list_commit(&s->boundaries);
	if ((g->n_questions > 0 || boundaries) && defs_reload(s) != EMP_OK) {
		log_error("cannot read the definitions in %s", s->main.path);
		group_fatal(s);
	}
	publish_series(s, first_series);
	if (g->n_staged == 0)
		return;
	count_staged(s);
	s->received = g->now;
	atomic_store_explicit(&s->counters.committed, s->next_seq - 1,
			      memory_order_release);
	s->hooks.publish(s->hooks.ctx, s->next_seq - 1, s->received);
}

/* An atomic batch stands alone; whether some item of it was refused. */
static enum emp_rc
atomic_verdict(const struct store_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (b->outcomes[i].status == ITEM_INVALID ||
		    b->outcomes[i].status == ITEM_ID_CONFLICT)
			return (enum emp_rc)b->outcomes[i].rc;
	}
	return EMP_OK;
}

void
group_failed(struct store *s, enum emp_rc rc)
{
	counter_add(&s->counters.failures, 1);
	if (rc == EMP_DISK_FULL) {
		disk_set_full(s, true);
		return;
	}
	/* Nothing is wrong with the disk. */
	if (rc == EMP_LOCKED) {
		static struct log_limit limit;

		if (log_limit_pass(&limit))
			log_warn("another program holds a write lock in %s", s->dir);
		return;
	}
	log_error("a transaction in %s failed: %s", s->dir, emp_rc_title(rc));
	if (rc == EMP_IO)
		counter_add(&s->counters.fsync_errors, 1);
	if (++s->failures_in_row < FAILURES_FATAL || s->fatal)
		return;
	log_error("%d transactions in a row failed: stopping", FAILURES_FATAL);
	group_fatal(s);
}

void
group_fatal(struct store *s)
{
	if (s->fatal)
		return;
	s->fatal = true;
	s->hooks.fatal(s->hooks.ctx);
}

/* What the client is told. A lock is waited for before anything is written, so nothing
 * was; a full disk is a fact, too; all else is "unknown". */
static enum emp_rc
client_rc(enum emp_rc rc)
{
	if (rc == EMP_LOCKED)
		return EMP_OVERLOADED;
	return rc == EMP_DISK_FULL || rc == EMP_NOMEM ? rc : EMP_INTERNAL;
}

/* A group of n failed and is undone: whether its halves are to be tried. Otherwise the
 * failure is noted. */
static bool
retry_smaller(struct store *s, enum emp_rc rc, uint32_t n)
{
	if (rc != EMP_INTERNAL || s->group.committing)
		group_failed(s, rc);
	else if (n > 1)
		return true;
	else
		log_error("an event cannot be stored in %s", s->dir);
	return false;
}

static void
finish(struct store *s, struct store_batch **b, uint32_t n, enum emp_rc rc)
{
	int64_t seq = atomic_load_explicit(&s->counters.committed,
					   memory_order_relaxed);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t weight = batch_weight(s, b[i]);

		if (rc != EMP_OK)
			b[i]->rc = rc;
		b[i]->seq = seq;
		/* The batch is gone with done(). */
		b[i]->done(b[i]);
		queue_done(&s->queue, weight);
	}
}

/* What waited for the transaction before, as one of its own. Where it fails, the
 * batches it is of hear "unknown": what else they have is stored. */
static void
run_later(struct store *s, const struct later *v, uint32_t n)
{
	uint64_t started = clock_mono_ns();
	bool sealed = false;
	enum emp_rc rc = EMP_OK;

	if (n == 0)
		return;
	group_begin(s);
	for (uint32_t i = 0; rc == EMP_OK && i < n; i++) {
		rc = put(s, v[i].batch, v[i].event, v[i].outcome);
		EMP_ASSERT(rc != EMP_OK || v[i].outcome->status != ITEM_LATER);
	}
	if (rc == EMP_OK)
		rc = put_rest(s, 0);
	if (rc == EMP_OK)
		rc = commit(s, &sealed);
	if (rc == EMP_OK) {
		publish(s);
		health(s, started);
		return;
	}
	undo(s, sealed);
	if (!retry_smaller(s, rc, n)) {
		for (uint32_t i = 0; i < n; i++)
			v[i].batch->rc = client_rc(rc);
		return;
	}
	run_later(s, v, n / 2);
	run_later(s, v + n / 2, n - n / 2);
}

void
group_run(struct store *s, struct store_batch **b, uint32_t n)
{
	uint64_t started = clock_mono_ns();
	struct group *g = &s->group;
	bool sealed = false;
	enum emp_rc verdict = EMP_OK;
	enum emp_rc rc = EMP_OK;

	EMP_ASSERT(n > 0 && (n == 1 || !b[0]->atomic));
	if (!disk_ok(s)) {
		finish(s, b, n, EMP_DISK_FULL);
		return;
	}
	group_begin(s);
	g->n_later = 0;
	for (uint32_t i = 0; rc == EMP_OK && i < n; i++) {
		b[i]->rc = EMP_OK;
		rc = put_batch(s, b[i]);
	}
	if (rc == EMP_OK && b[0]->atomic)
		verdict = atomic_verdict(b[0]);
	if (verdict != EMP_OK) {
		undo(s, false);
		finish(s, b, n, verdict);
		return;
	}
	if (rc == EMP_OK)
		rc = put_rest(s, cells_due(s));
	if (rc == EMP_OK)
		rc = commit(s, &sealed);
	if (rc == EMP_OK) {
		publish(s);
		health(s, started);
		run_later(s, g->later, g->n_later);
		finish(s, b, n, EMP_OK);
		return;
	}
	undo(s, sealed);
	if (!retry_smaller(s, rc, n)) {
		finish(s, b, n, client_rc(rc));
		return;
	}
	group_run(s, b, n / 2);
	group_run(s, b + n / 2, n - n / 2);
}

bool
group_flush(struct store *s, uint32_t max_cells)
{
	uint64_t started = clock_mono_ns();
	bool sealed;
	enum emp_rc rc;

	group_begin(s);
	rc = group_main_begin(s);
	if (rc == EMP_OK)
		rc = put_rest(s, max_cells);
	if (rc == EMP_OK)
		rc = commit(s, &sealed);
	if (rc != EMP_OK) {
		undo(s, false);
		group_failed(s, rc);
		return false;
	}
	publish(s);
	health(s, started);
	return true;
}

void
group_fini(struct group *g)
{
	free(g->staged);
	free(g->new_slot);
	free(g->change);
	free(g->question);
	free(g->later);
	buf_fini(&g->ids);
	buf_fini(&g->sealed_ids);
}
