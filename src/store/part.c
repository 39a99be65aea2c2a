/* Which of the writer's parts an event belongs to; and contact and initiatives, which
 * are a row each. */
#include "store/part.h"

#include "base/array.h"
#include "store/boundary_list.h"
#include "store/db.h"
#include "store/decisions.h"
#include "store/impl.h"

enum emp_rc
parts_prepare(struct parts *p, sqlite3 *db)
{
	const struct db_statement statements[] = {
		{&p->contact_put,
		 "INSERT INTO contact (event_seq, mode_id, by_leader) "
		 "VALUES (?1, ?2, ?3)"},
		{&p->initiative_put,
		 "INSERT INTO initiative_event (event_seq, initiative_id, title) "
		 "VALUES (?1, ?2, ?3)"},
		{&p->suggestion_get,
		 "SELECT kind_id, category_id, event.time FROM suggestion "
		 "JOIN event ON event.seq = suggestion.event_seq "
		 "WHERE suggestion.event_seq = ?1"},
	};
	enum emp_rc rc = db_prepare_all(db, statements,
					sizeof statements / sizeof *statements);

	if (rc == EMP_OK)
		rc = decisions_prepare(p, db);
	return rc == EMP_OK ? boundary_prepare(p, db) : rc;
}

static enum emp_rc
part_check(struct store *s, const struct event *e, struct part *p)
{
	p->status = ITEM_STORED;
	p->bad = EMP_OK;
	p->series = 0;
	p->people = false;
	p->change.subject = 0;
	switch (e->type) {
	case EVENT_DECISION_MADE:
		p->people = e->person.set || e->case_ref.set;
		return EMP_OK;
	case EVENT_DECISION_SETTLED:
	case EVENT_DECISION_OUTCOME:
		return decisions_check_step(s, e, p);
	case EVENT_BOUNDARY_SET:
	case EVENT_BOUNDARY_EXTENDED:
	case EVENT_BOUNDARY_NARROWED:
		return boundary_check(s, e, p);
	case EVENT_INITIATIVE_STARTED:
	case EVENT_INITIATIVE_ENDED:
		return e->dim[DIM_INITIATIVE].n > 0 ? EMP_OK
						    : part_refuse(p, EMP_INVALID);
	default:
		return EMP_OK;
	}
}

static enum emp_rc
put_contact(struct parts *p, const struct event *e, int64_t seq)
{
	sqlite3_bind_int64(p->contact_put, 1, seq);
	sqlite3_bind_int(p->contact_put, 2, e->mode);
	sqlite3_bind_int(p->contact_put, 3, e->by_leader);
	return db_run(p->contact_put);
}

/* The series may be that of all others: the initiative has its own name here. */
static enum emp_rc
put_initiative(struct store *s, const struct event *e, int64_t seq)
{
	sqlite3_stmt *q = s->parts.initiative_put;
	uint32_t id = 0;
	enum emp_rc rc = names_dim(&s->names, DIM_INITIATIVE, e->dim[DIM_INITIATIVE],
				   &id);

	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_int64(q, 1, seq);
	sqlite3_bind_int64(q, 2, id);
	db_bind_str(q, 3, e->title);
	return db_run(q);
}

static enum emp_rc
part_write(struct store *s, const struct event *e, const struct main_ids *ids,
	   struct part *p)
{
	switch (e->type) {
	case EVENT_DECISION_MADE:
		return decisions_put(s, e, ids, p);
	case EVENT_DECISION_SETTLED:
	case EVENT_DECISION_OUTCOME:
		return decisions_put_step(s, e, ids, p);
	case EVENT_BOUNDARY_SET:
	case EVENT_BOUNDARY_EXTENDED:
	case EVENT_BOUNDARY_NARROWED:
		return boundary_put(s, e, ids, p);
	case EVENT_CONTACT_LOGGED:
		return put_contact(&s->parts, e, ids->seq);
	default:
		EMP_ASSERT(e->type == EVENT_INITIATIVE_STARTED ||
			   e->type == EVENT_INITIATIVE_ENDED);
		return put_initiative(s, e, ids->seq);
	}
}

static enum emp_rc
stage_change(struct group *g, const struct count_change *change)
{
	if (change->subject == 0)
		return EMP_OK;
	if (!array_reserve(&g->change, &g->cap_changes, g->n_changes + 1,
			   sizeof *change))
		return EMP_NOMEM;
	g->staged[g->n_staged - 1].change = g->n_changes;
	g->change[g->n_changes++] = *change;
	return EMP_OK;
}

/* The event's own row, and what it names. */
static enum emp_rc
put_row(struct store *s, const struct event *e, struct main_ids *ids)
{
	enum emp_rc rc = names_source(&s->names, e->source, &ids->source);

	if (rc == EMP_OK && e->ref_id.n > 0)
		rc = names_source(&s->names, e->ref_source, &ids->ref_source);
	return rc == EMP_OK ? main_file_put(&s->main, e, ids) : rc;
}

enum emp_rc
part_put(struct store *s, const struct event *e, struct store_outcome *out)
{
	struct main_ids ids = {.seq = s->next_seq, .received = s->group.now};
	struct part p;
	enum emp_rc rc = group_main_begin(s);

	if (rc == EMP_OK)
		rc = part_check(s, e, &p);
	if (rc != EMP_OK)
		return rc;
	*out = (struct store_outcome){p.status, (uint8_t)p.bad, 0};
	if (p.status != ITEM_STORED)
		return EMP_OK;
	ids.series = p.series;
	if (p.series == 0)
		rc = names_series(&s->names, e, &ids.series);
	if (rc == EMP_OK && p.people)
		rc = group_sealed_begin(s);
	if (rc == EMP_OK)
		rc = put_row(s, e, &ids);
	if (rc == EMP_OK)
		rc = part_write(s, e, &ids, &p);
	if (rc == EMP_OK)
		rc = group_stage(s, e, ids.seq, ids.series, 0);
	if (rc == EMP_OK)
		rc = stage_change(&s->group, &p.change);
	if (rc != EMP_OK)
		return rc;
	s->next_seq++;
	out->seq = ids.seq;
	return EMP_OK;
}

/* A submission has one slot, at its own time. */
static enum emp_rc
recall_suggestion(struct store *s, int64_t seq, struct count_change *out)
{
	sqlite3_stmt *q = s->parts.suggestion_get;
	struct subject_def d = {0};
	bool row = false;
	enum emp_rc rc;

	sqlite3_bind_int64(q, 1, seq);
	rc = db_step(q, &row);
	if (rc != EMP_OK || !row)
		return rc != EMP_OK ? rc : EMP_CORRUPT;
	d.suggestion_kind = (uint8_t)sqlite3_column_int(q, 0);
	d.category = (uint32_t)sqlite3_column_int64(q, 1);
	out->time = sqlite3_column_int64(q, 2);
	(void)sqlite3_reset(q);
	out->subject = words_subject_find(&s->words, &d);
	out->n = SUGGESTION_SLOTS;
	out->n_less = 0;
	out->slot[0] = 0;
	return out->subject != 0 ? EMP_OK : EMP_CORRUPT;
}

enum emp_rc
part_recall(struct store *s, uint8_t type, int64_t seq, struct count_change *out)
{
	out->subject = 0;
	switch (type) {
	case EVENT_DECISION_MADE:
		return decisions_recall(s, seq, out);
	case EVENT_DECISION_SETTLED:
	case EVENT_DECISION_OUTCOME:
		return decisions_recall_step(s, type == EVENT_DECISION_SETTLED, seq,
					     out);
	case EVENT_SUGGESTION_SUBMITTED:
	case EVENT_BOUNDARY_REQUESTED:
		return recall_suggestion(s, seq, out);
	default:
		return EMP_OK;
	}
}

enum counted_as { AS_ITSELF, AS_DECISION, AS_RULE, AS_COUNT };

/* What a rule decided, and restricted, never changes afterwards. */
static void
rule_slots(uint32_t rule, const struct count_change *c, struct event_slots *out)
{
	out->subject = rule == 0 ? 0 : SUBJECT_FIRST_RULE + rule;
	out->n = 0;
	out->n_less = 0;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->slot[i] == DECISION_RULE || c->slot[i] == DECISION_RESTRICTED)
			out->slot[out->n++] = c->slot[i] - DECISION_RULE;
	if (out->n == 0)
		out->subject = 0;
}

bool
part_slots(const struct store *s, const struct count_change *c, unsigned k,
	   struct event_slots *out)
{
	const struct subject_def *d = c->subject == 0
		? NULL
		: words_subject(&s->words, c->subject);

	if (k >= AS_COUNT || d == NULL ||
	    (k != AS_ITSELF && d->suggestion_kind != SUGGESTION_NONE))
		return false;
	if (k == AS_RULE) {
		rule_slots(d->rule, c, out);
		return true;
	}
	out->subject = k == AS_DECISION ? SUBJECT_DECISION : c->subject;
	out->n = c->n;
	out->n_less = c->n_less;
	for (uint32_t i = 0; i < c->n; i++)
		out->slot[i] = c->slot[i];
	return true;
}

void
part_slots_submitted(uint32_t subject, struct event_slots *out)
{
	out->subject = subject;
	out->n = SUGGESTION_SLOTS;
	out->n_less = 0;
	out->slot[0] = 0;
}
