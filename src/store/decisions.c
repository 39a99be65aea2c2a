/* Decisions in empowerd.db.
 *
 * What counts of a decision follows from its facts by decision_slots(); an event that
 * follows changes facts, and what it changes in the counters is the difference. That
 * difference is kept with its row, so that a start can count it again without knowing
 * what was before. Of outcomes the last by its own time counts, not the last to arrive:
 * decision_result has the time of what counts. */
#include "store/decisions.h"

#include "crypto/crypto.h"
#include "store/boundary_list.h"
#include "store/db.h"
#include "store/impl.h"

/* Columns of decision_get. */
enum get_column {
	GET_TIME,
	GET_SERIES,
	GET_SUBJECT,
	GET_ANSWER,
	GET_WITHIN,
	GET_ESCALATED,
	GET_UNFIT,
	GET_CONFLICT,
	GET_SPECIAL,
	GET_RATING,
	GET_PREDICTED,
	GET_SETTLED = GET_PREDICTED + DRIVER_COUNT,
	GET_OUTCOME,
	GET_BENEFIT,
	GET_BENEFIT_TIME,
	GET_OBSERVED /* and when, for each driver */
};

/* Parameters of decision_put. */
enum put_column {
	PUT_SEQ = 1,
	PUT_SOURCE,
	PUT_ID,
	PUT_SUBJECT,
	PUT_ANSWER,
	PUT_AMOUNT,
	PUT_WITHIN,
	PUT_ESCALATED,
	PUT_UNFIT,
	PUT_CONFLICT,
	PUT_SPECIAL,
	PUT_RATING,
	PUT_PREDICTED,
	PUT_MOMENT = PUT_PREDICTED + DRIVER_COUNT,
	PUT_GOAL,
	PUT_KEY
};

#define DRIVERS "spend_id, retention_id, reputation_id, referral_id"

enum emp_rc
decisions_prepare(struct parts *p, sqlite3 *db)
{
	const struct db_statement statements[] = {
		{&p->decision_get,
		 "SELECT event.time, event.series_id, subject_id, answer_id, "
		 "within_id, escalated, rule_did_not_fit, conflict, special_request, "
		 "self_rating, decision.spend_id, decision.retention_id, "
		 "decision.reputation_id, decision.referral_id, r.settled_id, "
		 "r.outcome, r.customer_benefit, r.benefit_time, r.spend_id, "
		 "r.spend_time, r.retention_id, r.retention_time, r.reputation_id, "
		 "r.reputation_time, r.referral_id, r.referral_time "
		 "FROM decision JOIN event ON event.seq = decision.event_seq "
		 "LEFT JOIN decision_result AS r "
		 "ON r.decision_seq = decision.event_seq "
		 "WHERE decision.event_seq = ?1"},
		{&p->decision_put,
		 "INSERT INTO decision (event_seq, source_id, id, subject_id, "
		 "answer_id, amount_cents, within_id, escalated, rule_did_not_fit, "
		 "conflict, special_request, self_rating, " DRIVERS
		 ", moment, goal, people_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
		 "?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"},
		{&p->settlement_put,
		 "INSERT INTO decision_settlement (event_seq, decision_seq, answer_id, "
		 "changed) VALUES (?1, ?2, ?3, ?4)"},
		{&p->outcome_put,
		 "INSERT INTO decision_outcome (event_seq, decision_seq, "
		 "customer_benefit, " DRIVERS
		 ", changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
		{&p->result_put,
		 "INSERT OR REPLACE INTO decision_result (decision_seq, settled_id, "
		 "outcome, customer_benefit, benefit_time, spend_id, spend_time, "
		 "retention_id, retention_time, reputation_id, reputation_time, "
		 "referral_id, referral_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
		 "?9, ?10, ?11, ?12, ?13)"},
		{&p->settlement_get,
		 "SELECT event.time, subject_id, changed FROM decision_settlement "
		 "AS step JOIN decision ON decision.event_seq = step.decision_seq "
		 "JOIN event ON event.seq = decision.event_seq "
		 "WHERE step.event_seq = ?1"},
		{&p->outcome_get,
		 "SELECT event.time, subject_id, changed FROM decision_outcome "
		 "AS step JOIN decision ON decision.event_seq = step.decision_seq "
		 "JOIN event ON event.seq = decision.event_seq "
		 "WHERE step.event_seq = ?1"},
		{&p->backing_put,
		 "INSERT INTO decision_backing (event_seq, decision_seq) "
		 "VALUES (?1, ?2)"},
	};

	return db_prepare_all(db, statements, sizeof statements / sizeof *statements);
}

void
decisions_change(const struct decision_facts *before,
		 const struct decision_facts *after, struct count_change *out)
{
	uint8_t slot[DECISION_SLOTS];
	int8_t by[DECISION_SLOTS] = {0};
	uint32_t n = decision_slots(after, slot);

	for (uint32_t i = 0; i < n; i++)
		by[slot[i]]++;
	n = before != NULL ? decision_slots(before, slot) : 0;
	for (uint32_t i = 0; i < n; i++)
		by[slot[i]]--;
	out->n = 0;
	out->n_less = 0;
	for (uint8_t i = 0; i < DECISION_SLOTS; i++) {
		EMP_ASSERT(by[i] >= -1 && by[i] <= 1);
		if (by[i] > 0)
			out->slot[out->n++] = i;
	}
	for (uint8_t i = 0; i < DECISION_SLOTS; i++) {
		if (by[i] >= 0)
			continue;
		out->slot[out->n++] = i;
		out->n_less++;
	}
}

static size_t
pack(const struct count_change *c, uint8_t out[1 + 2 * DECISION_SLOTS])
{
	out[0] = (uint8_t)(c->n - c->n_less);
	memcpy(out + 1, c->slot, c->n);
	return 1u + c->n;
}

enum emp_rc
decisions_unpack(struct str packed, struct count_change *out)
{
	size_t more = packed.n > 0 ? (uint8_t)packed.p[0] : 0;
	size_t n = packed.n - 1;

	if (packed.n == 0 || n > sizeof out->slot || more > n)
		return EMP_CORRUPT;
	out->n = (uint8_t)n;
	out->n_less = (uint8_t)(n - more);
	for (size_t i = 0; i < n; i++) {
		out->slot[i] = (uint8_t)packed.p[1 + i];
		if (out->slot[i] >= DECISION_SLOTS)
			return EMP_CORRUPT;
	}
	return EMP_OK;
}

static enum within
within_of(const struct store *s, const struct event *e)
{
	const struct boundary_question q = {
		.role = e->role,
		.matter = e->matter,
		.unit = e->dim[DIM_UNIT],
		.person = e->person.set ? e->person.pseudonym : NULL,
		.time = e->time};

	return boundary_within(boundary_in_force(s, &q), e->amount_cents);
}

static enum emp_rc
put_row(struct store *s, const struct event *e, const struct main_ids *ids,
	uint32_t subject, const struct decision_facts *f,
	const uint8_t key[PEOPLE_KEY_BYTES])
{
	sqlite3_stmt *q = s->parts.decision_put;

	sqlite3_bind_int64(q, PUT_SEQ, ids->seq);
	db_bind_id(q, PUT_SOURCE, ids->source);
	db_bind_str(q, PUT_ID, e->id);
	sqlite3_bind_int64(q, PUT_SUBJECT, subject);
	sqlite3_bind_int(q, PUT_ANSWER, f->answer);
	db_bind_level(q, PUT_AMOUNT, e->amount_cents);
	sqlite3_bind_int(q, PUT_WITHIN, f->within);
	sqlite3_bind_int(q, PUT_ESCALATED, f->escalated);
	sqlite3_bind_int(q, PUT_UNFIT, f->rule_did_not_fit);
	sqlite3_bind_int(q, PUT_CONFLICT, f->conflict);
	sqlite3_bind_int(q, PUT_SPECIAL, f->special_request);
	db_bind_level(q, PUT_RATING, f->self_rating);
	for (int d = 0; d < DRIVER_COUNT; d++)
		db_bind_id(q, PUT_PREDICTED + d, f->predicted[d]);
	db_bind_str(q, PUT_MOMENT, e->moment);
	db_bind_str(q, PUT_GOAL, e->goal);
	sqlite3_bind_blob(q, PUT_KEY, key, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	return db_run(q);
}

static enum emp_rc
put_people(struct store *s, const struct event *e, const uint8_t key[PEOPLE_KEY_BYTES])
{
	enum emp_rc rc = EMP_OK;

	if (e->person.set)
		rc = sealed_file_put_person(&s->sealed, key, "decider", 0, &e->person);
	if (rc == EMP_OK && e->case_ref.set)
		rc = sealed_file_put_person(&s->sealed, key, "case", 0, &e->case_ref);
	return rc;
}

enum emp_rc
decisions_put(struct store *s, const struct event *e, const struct main_ids *ids,
	      struct part *p)
{
	uint8_t key[PEOPLE_KEY_BYTES];
	struct decision_facts f = {.answer = e->decision_answer,
				   .escalated = e->escalated,
				   .has_rule = e->rule.n > 0,
				   .rule_did_not_fit = e->rule_did_not_fit,
				   .conflict = e->conflict,
				   .special_request = e->special_request,
				   .self_rating = e->self_rating,
				   .customer_benefit = -1};
	uint32_t subject = 0;
	enum emp_rc rc;

	memcpy(f.predicted, e->driver, sizeof f.predicted);
	f.within = (uint8_t)within_of(s, e);
	rc = words_subject_of_decision(&s->words, e->role, e->matter, e->rule,
				       &subject);
	crypto_random(key, sizeof key);
	if (rc == EMP_OK)
		rc = put_people(s, e, key);
	if (rc == EMP_OK)
		rc = put_row(s, e, ids, subject, &f, key);
	p->change.subject = subject;
	p->change.time = e->time;
	decisions_change(NULL, &f, &p->change);
	return rc;
}

/* ---- what follows ---------------------------------------------------------------- */

static int8_t
level_of(sqlite3_stmt *q, int column)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL
		? -1
		: (int8_t)sqlite3_column_int(q, column);
}

static enum emp_rc
read_at(struct store *s, sqlite3_stmt *q, struct decision_at *out)
{
	struct decision_facts *f = &out->facts;

	out->time = sqlite3_column_int64(q, GET_TIME);
	out->series = (uint32_t)sqlite3_column_int64(q, GET_SERIES);
	out->subject = (uint32_t)sqlite3_column_int64(q, GET_SUBJECT);
	if (!words_subject_known(&s->words, out->subject))
		return EMP_CORRUPT;
	*f = (struct decision_facts){
		.answer = (uint8_t)sqlite3_column_int(q, GET_ANSWER),
		.settled = (uint8_t)sqlite3_column_int(q, GET_SETTLED),
		.within = (uint8_t)sqlite3_column_int(q, GET_WITHIN),
		.escalated = sqlite3_column_int(q, GET_ESCALATED) != 0,
		.has_rule = words_subject(&s->words, out->subject)->rule != 0,
		.rule_did_not_fit = sqlite3_column_int(q, GET_UNFIT) != 0,
		.conflict = sqlite3_column_int(q, GET_CONFLICT) != 0,
		.special_request = sqlite3_column_int(q, GET_SPECIAL) != 0,
		.self_rating = level_of(q, GET_RATING),
		.has_outcome = sqlite3_column_int(q, GET_OUTCOME) != 0,
		.customer_benefit = level_of(q, GET_BENEFIT)};
	out->said[0] = sqlite3_column_int64(q, GET_BENEFIT_TIME);
	for (int d = 0; d < DRIVER_COUNT; d++) {
		f->predicted[d] = (uint8_t)sqlite3_column_int(q, GET_PREDICTED + d);
		f->observed[d] = (uint8_t)sqlite3_column_int(q, GET_OBSERVED + 2 * d);
		out->said[1 + d] = sqlite3_column_int64(q, GET_OBSERVED + 2 * d + 1);
	}
	return EMP_OK;
}

static enum emp_rc
get(struct store *s, int64_t seq, struct decision_at *out)
{
	sqlite3_stmt *q = s->parts.decision_get;
	bool row = false;
	enum emp_rc rc;

	sqlite3_bind_int64(q, 1, seq);
	rc = db_step(q, &row);
	if (rc == EMP_OK)
		rc = row ? read_at(s, q, out) : EMP_CORRUPT;
	(void)sqlite3_reset(q);
	out->seq = seq;
	return rc;
}

enum emp_rc
decisions_check_step(struct store *s, const struct event *e, struct part *p)
{
	struct decision_ref ref;
	enum emp_rc rc = decision_ref_find(s, e, &ref);

	if (rc == EMP_UNKNOWN_REF)
		return part_refuse(p, rc);
	if (rc == EMP_OK)
		rc = get(s, ref.seq, &p->decision);
	if (rc != EMP_OK)
		return rc;
	p->series = p->decision.series;
	if (e->type == EVENT_DECISION_SETTLED &&
	    p->decision.facts.settled != ANSWER_NONE)
		return part_refuse(p, EMP_TRANSITION);
	return EMP_OK;
}

/* Of what arrives later, only what did not happen before counts. */
static void
apply(struct decision_at *at, const struct event *e)
{
	struct decision_facts *f = &at->facts;

	if (e->type == EVENT_DECISION_SETTLED) {
		f->settled = e->decision_answer;
		return;
	}
	f->has_outcome = true;
	if (e->customer_benefit >= 0 && e->time >= at->said[0]) {
		f->customer_benefit = e->customer_benefit;
		at->said[0] = e->time;
	}
	for (int d = 0; d < DRIVER_COUNT; d++) {
		if (e->driver[d] == VIEW_NONE || e->time < at->said[1 + d])
			continue;
		f->observed[d] = e->driver[d];
		at->said[1 + d] = e->time;
	}
}

static enum emp_rc
put_result(struct parts *p, const struct decision_at *at)
{
	sqlite3_stmt *q = p->result_put;

	sqlite3_bind_int64(q, 1, at->seq);
	db_bind_id(q, 2, at->facts.settled);
	sqlite3_bind_int(q, 3, at->facts.has_outcome);
	db_bind_level(q, 4, at->facts.customer_benefit);
	sqlite3_bind_int64(q, 5, at->said[0]);
	for (int d = 0; d < DRIVER_COUNT; d++) {
		db_bind_id(q, 6 + 2 * d, at->facts.observed[d]);
		sqlite3_bind_int64(q, 7 + 2 * d, at->said[1 + d]);
	}
	return db_run(q);
}

static enum emp_rc
put_said(struct parts *p, const struct event *e, int64_t seq, int64_t decision,
	 const struct count_change *change)
{
	const bool settled = e->type == EVENT_DECISION_SETTLED;
	sqlite3_stmt *q = settled ? p->settlement_put : p->outcome_put;
	uint8_t packed[1 + 2 * DECISION_SLOTS];
	int at = 3;

	sqlite3_bind_int64(q, 1, seq);
	sqlite3_bind_int64(q, 2, decision);
	if (settled) {
		sqlite3_bind_int(q, at++, e->decision_answer);
	} else {
		db_bind_level(q, at++, e->customer_benefit);
		for (int d = 0; d < DRIVER_COUNT; d++)
			db_bind_id(q, at++, e->driver[d]);
	}
	sqlite3_bind_blob(q, at, packed, (int)pack(change, packed), SQLITE_STATIC);
	return db_run(q);
}

enum emp_rc
decisions_put_step(struct store *s, const struct event *e, const struct main_ids *ids,
		   struct part *p)
{
	struct decision_at at = p->decision;
	enum emp_rc rc;

	apply(&at, e);
	p->change.subject = at.subject;
	p->change.time = at.time;
	decisions_change(&p->decision.facts, &at.facts, &p->change);
	rc = put_said(&s->parts, e, ids->seq, at.seq, &p->change);
	return rc == EMP_OK ? put_result(&s->parts, &at) : rc;
}

enum emp_rc
decisions_put_backing(struct store *s, const struct event *e, int64_t seq)
{
	sqlite3_stmt *q = s->parts.backing_put;
	struct decision_ref ref;
	enum emp_rc rc = decision_ref_find(s, e, &ref);

	/* A recognition may name what is not known here. */
	if (rc == EMP_UNKNOWN_REF)
		return EMP_OK;
	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_int64(q, 1, seq);
	sqlite3_bind_int64(q, 2, ref.seq);
	return db_run(q);
}

/* ---- counting again -------------------------------------------------------------- */

enum emp_rc
decisions_recall(struct store *s, int64_t seq, struct count_change *out)
{
	struct decision_at at;
	enum emp_rc rc = get(s, seq, &at);

	if (rc != EMP_OK)
		return rc;
	/* As it was made. */
	at.facts.settled = ANSWER_NONE;
	at.facts.has_outcome = false;
	at.facts.customer_benefit = -1;
	memset(at.facts.observed, VIEW_NONE, sizeof at.facts.observed);
	out->subject = at.subject;
	out->time = at.time;
	decisions_change(NULL, &at.facts, out);
	return EMP_OK;
}

enum emp_rc
decisions_recall_step(struct store *s, bool settled, int64_t seq,
		      struct count_change *out)
{
	sqlite3_stmt *q = settled ? s->parts.settlement_get : s->parts.outcome_get;
	bool row = false;
	enum emp_rc rc;

	sqlite3_bind_int64(q, 1, seq);
	rc = db_step(q, &row);
	if (rc == EMP_OK && !row)
		rc = EMP_CORRUPT;
	if (rc == EMP_OK) {
		struct str packed = {sqlite3_column_blob(q, 2),
				     (size_t)sqlite3_column_bytes(q, 2)};

		out->time = sqlite3_column_int64(q, 0);
		out->subject = (uint32_t)sqlite3_column_int64(q, 1);
		rc = decisions_unpack(packed, out);
	}
	(void)sqlite3_reset(q);
	return rc;
}
