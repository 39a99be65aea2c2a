/* Suggestions in empowerd.db. What a step does is decided by the table in model/ on the
 * state as the file has it, before anything of the step is written; then the event, its
 * step and the new state are written in the transaction at hand, so that a state is
 * always what its history says. */
#include "store/suggestions.h"

#include "store/db.h"

/* Parameters of both statements that write a state. */
enum state_column {
	STATE_SEQ = 1,
	STATE_CONDITION,
	STATE_STATUS,
	STATE_AUTOMATIC,
	STATE_MOMENTS,
	STATE_COUNTS = STATE_MOMENTS + LIFE_MOMENT_COUNT,
	STATE_FELT_HEARD = STATE_COUNTS + LIFE_COUNT_COUNT,
	STATE_KIND,
	STATE_CATEGORY,
	STATE_UNIT,
	STATE_BOARD,
	STATE_TIME
};
#define STATE_CHANGING                                                                 \
	"condition_id, status_id, auto_acknowledged, " LIFE_MOMENTS ", " LIFE_COUNTS   \
	", felt_heard"

/* Columns of `get`. */
enum get_column {
	GET_KIND,
	GET_CONDITION,
	GET_STATUS,
	GET_AUTOMATIC,
	GET_SUBMITTED,
	GET_MOMENTS,
	GET_COUNTS = GET_MOMENTS + LIFE_MOMENT_COUNT,
	GET_SERIES = GET_COUNTS + LIFE_COUNT_COUNT,
	GET_RECEIPT
};

enum emp_rc
suggestions_prepare(struct suggestions *f, sqlite3 *db)
{
	const struct db_statement statements[] = {
		{&f->put,
		 "INSERT INTO suggestion (event_seq, source_id, id, kind_id, "
		 "category_id, title, body, board, receipt, role_id, class_id, "
		 "limit_cents, mode_id, people_key) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
		 "?14)"},
		{&f->put_state,
		 "INSERT INTO suggestion_state (event_seq, " STATE_CHANGING
		 ", kind_id, category_id, unit_id, board, submitted) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
		 "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)"},
		{&f->set_state,
		 "UPDATE suggestion_state SET (" STATE_CHANGING
		 ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
		 "?16, ?17, ?18, ?19, ?20, ifnull(?21, felt_heard)) "
		 "WHERE event_seq = ?1"},
		{&f->put_step,
		 "INSERT INTO suggestion_step (event_seq, suggestion_seq, type_id, "
		 "status_id, will_examine, automatic, reason, body, felt_heard, "
		 "supporter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
		{&f->get,
		 "SELECT state.kind_id, condition_id, status_id, auto_acknowledged, "
		 "submitted, " LIFE_MOMENTS ", " LIFE_COUNTS
		 ", event.series_id, suggestion.receipt "
		 "FROM suggestion_state AS state "
		 "JOIN suggestion ON suggestion.event_seq = state.event_seq "
		 "JOIN event ON event.seq = state.event_seq "
		 "WHERE state.event_seq = ?1"},
		{&f->by_id,
		 "SELECT event_seq FROM suggestion WHERE id = ?1 AND "
		 "(?2 IS NULL OR source_id = ?2) ORDER BY event_seq DESC LIMIT 1"},
		{&f->by_receipt, "SELECT event_seq FROM suggestion WHERE receipt = ?1"},
		{&f->by_supporter,
		 "SELECT suggestion_seq FROM suggestion_step WHERE supporter = ?1 "
		 "ORDER BY suggestion_seq DESC LIMIT 1"},
		{&f->supports,
		 "SELECT 1 FROM suggestion_step WHERE supporter = ?1 "
		 "AND suggestion_seq = ?2"},
	};

	return db_prepare_all(db, statements, sizeof statements / sizeof *statements);
}

static void
bind_receipt(sqlite3_stmt *s, int at, const struct event *e)
{
	if (e->has_receipt)
		sqlite3_bind_blob(s, at, e->receipt_hash, RECEIPT_HASH_BYTES,
				  SQLITE_STATIC);
	else
		sqlite3_bind_null(s, at);
}

/* The first column of the only row; 0 for none. */
static enum emp_rc
look(sqlite3_stmt *s, int64_t *out)
{
	bool row;
	enum emp_rc rc = db_step(s, &row);

	*out = 0;
	if (rc != EMP_OK || !row)
		return rc;
	*out = sqlite3_column_int64(s, 0);
	(void)sqlite3_reset(s);
	return EMP_OK;
}

enum emp_rc
suggestions_known(struct suggestions *f, const struct event *e, bool *known)
{
	int64_t seq = 0;
	enum emp_rc rc = EMP_OK;

	if (e->has_receipt) {
		bind_receipt(f->by_receipt, 1, e);
		rc = look(f->by_receipt, &seq);
	}
	*known = seq != 0;
	return rc;
}

/* By what the event says; 0: not stored. *supporter: the receipt is of somebody who
 * supports it. */
static enum emp_rc
locate(struct suggestions *f, const struct names *names, const struct event *e,
       int64_t *seq, bool *supporter)
{
	uint32_t source = 0;
	enum emp_rc rc;

	*seq = 0;
	*supporter = false;
	if (e->ref_id.n > 0) {
		if (e->ref_source.n > 0) {
			source = intern_find_pending(names->source, e->ref_source);
			if (source == INTERN_NONE)
				return EMP_OK;
		}
		db_bind_str(f->by_id, 1, e->ref_id);
		db_bind_id(f->by_id, 2, source);
		return look(f->by_id, seq);
	}
	if (!e->has_receipt)
		return EMP_OK;
	bind_receipt(f->by_receipt, 1, e);
	rc = look(f->by_receipt, seq);
	if (rc != EMP_OK || *seq != 0)
		return rc;
	bind_receipt(f->by_supporter, 1, e);
	rc = look(f->by_supporter, seq);
	*supporter = *seq != 0;
	return rc;
}

static enum emp_rc
read_state(sqlite3_stmt *s, struct suggestion_at *out, uint8_t own[RECEIPT_HASH_BYTES],
	   bool *has_own)
{
	struct lifecycle *l = &out->at.life;

	*l = (struct lifecycle){
		.kind = (uint8_t)sqlite3_column_int(s, GET_KIND),
		.state = (uint8_t)sqlite3_column_int(s, GET_CONDITION),
		.status = (uint8_t)sqlite3_column_int(s, GET_STATUS),
		.auto_acknowledged = sqlite3_column_int(s, GET_AUTOMATIC) != 0,
		.submitted = sqlite3_column_int64(s, GET_SUBMITTED)};
	for (int i = 0; i < LIFE_MOMENT_COUNT; i++)
		*life_moment(l, i) = sqlite3_column_int64(s, GET_MOMENTS + i);
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		*life_count(l, i) = (uint32_t)sqlite3_column_int64(s, GET_COUNTS + i);
	out->series = (uint32_t)sqlite3_column_int64(s, GET_SERIES);
	*has_own = sqlite3_column_type(s, GET_RECEIPT) != SQLITE_NULL;
	if (!*has_own)
		return EMP_OK;
	if (sqlite3_column_bytes(s, GET_RECEIPT) != RECEIPT_HASH_BYTES)
		return EMP_CORRUPT;
	memcpy(own, sqlite3_column_blob(s, GET_RECEIPT), RECEIPT_HASH_BYTES);
	return EMP_OK;
}

static enum emp_rc
read_supports(struct suggestions *f, const struct event *e, int64_t seq, bool *again)
{
	int64_t found = 0;
	enum emp_rc rc = EMP_OK;

	if (e->type == EVENT_SUGGESTION_SUPPORTED && e->has_receipt) {
		bind_receipt(f->supports, 1, e);
		sqlite3_bind_int64(f->supports, 2, seq);
		rc = look(f->supports, &found);
	}
	*again = found != 0;
	return rc;
}

enum emp_rc
suggestions_find(struct suggestions *f, const struct names *names,
		 const struct event *e, struct suggestion_at *out, enum emp_rc *bad)
{
	uint8_t own[RECEIPT_HASH_BYTES];
	bool has_own = false;
	bool supporter = false;
	bool again = false;
	bool row = false;
	enum emp_rc rc;

	memset(out, 0, sizeof *out);
	*bad = EMP_UNKNOWN_REF;
	rc = locate(f, names, e, &out->seq, &supporter);
	if (rc != EMP_OK || out->seq == 0)
		return rc;
	/* A supporter may look, which changes nothing, and do no more. */
	if (supporter) {
		out->at.nothing = e->type == EVENT_SUGGESTION_SEEN;
		if (out->at.nothing)
			*bad = EMP_OK;
		return EMP_OK;
	}
	sqlite3_bind_int64(f->get, 1, out->seq);
	rc = db_step(f->get, &row);
	if (rc == EMP_OK && row)
		rc = read_state(f->get, out, own, &has_own);
	(void)sqlite3_reset(f->get);
	if (rc != EMP_OK)
		return rc;
	if (!row || out->series == 0 || out->series > names->n_series)
		return EMP_CORRUPT;
	rc = read_supports(f, e, out->seq, &again);
	if (rc != EMP_OK)
		return rc;
	out->at.author = e->ref_id.n == 0;
	*bad = life_judge(&out->at, e, e->time, names_series_unit(names, out->series),
			  has_own ? own : NULL, again);
	return EMP_OK;
}

/* 0 is "never". */
static void
bind_moment(sqlite3_stmt *s, int at, int64_t ms)
{
	if (ms == 0)
		sqlite3_bind_null(s, at);
	else
		sqlite3_bind_int64(s, at, ms);
}

static void
bind_state(sqlite3_stmt *s, int64_t seq, struct lifecycle *l, uint8_t felt_heard)
{
	sqlite3_bind_int64(s, STATE_SEQ, seq);
	sqlite3_bind_int(s, STATE_CONDITION, l->state);
	db_bind_id(s, STATE_STATUS, l->status);
	sqlite3_bind_int(s, STATE_AUTOMATIC, l->auto_acknowledged);
	for (int i = 0; i < LIFE_MOMENT_COUNT; i++)
		bind_moment(s, STATE_MOMENTS + i, *life_moment(l, i));
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		sqlite3_bind_int64(s, STATE_COUNTS + i, *life_count(l, i));
	db_bind_id(s, STATE_FELT_HEARD, felt_heard);
}

static enum emp_rc
put_row(struct suggestions *f, const struct event *e, const struct main_ids *ids,
	uint8_t kind, const struct suggestion_ids *names)
{
	sqlite3_stmt *s = f->put;
	bool request = kind == SUGGESTION_BOUNDARY_REQUEST;

	sqlite3_bind_int64(s, 1, ids->seq);
	db_bind_id(s, 2, ids->source);
	db_bind_str(s, 3, e->id);
	sqlite3_bind_int(s, 4, kind);
	db_bind_id(s, 5, names->category);
	db_bind_str(s, 6, e->title);
	db_bind_str(s, 7, request ? e->reason : e->body);
	sqlite3_bind_int(s, 8, !request && e->board);
	bind_receipt(s, 9, e);
	db_bind_id(s, 10, names->role);
	db_bind_id(s, 11, names->matter);
	db_bind_level(s, 12, request ? e->limit_cents : -1);
	db_bind_id(s, 13, request ? e->mode : 0);
	if (ids->people != NULL)
		sqlite3_bind_blob(s, 14, ids->people, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, 14);
	return db_run(s);
}

enum emp_rc
suggestions_put(struct suggestions *f, const struct event *e,
		const struct main_ids *ids, const struct suggestion_ids *names)
{
	uint8_t kind = e->type == EVENT_BOUNDARY_REQUESTED ? SUGGESTION_BOUNDARY_REQUEST
							   : e->suggestion_kind;
	sqlite3_stmt *s = f->put_state;
	struct lifecycle l;
	enum emp_rc rc = put_row(f, e, ids, kind, names);

	if (rc != EMP_OK)
		return rc;
	lifecycle_init(&l, (enum suggestion_kind)kind, e->time);
	bind_state(s, ids->seq, &l, 0);
	sqlite3_bind_int(s, STATE_KIND, kind);
	db_bind_id(s, STATE_CATEGORY, names->category);
	db_bind_id(s, STATE_UNIT, names->unit);
	sqlite3_bind_int(s, STATE_BOARD,
			 kind != SUGGESTION_BOUNDARY_REQUEST && e->board);
	sqlite3_bind_int64(s, STATE_TIME, e->time);
	return db_run(s);
}

bool
suggestions_rated_apart(const struct event *e, const struct suggestion_at *of)
{
	return e->type == EVENT_SUGGESTION_RATED &&
		of->at.life.kind == SUGGESTION_BOUNDARY_REQUEST;
}

enum emp_rc
suggestions_put_step(struct suggestions *f, const struct event *e,
		     const struct main_ids *ids, struct suggestion_at *of)
{
	sqlite3_stmt *s = f->put_step;
	bool triage = e->type == EVENT_SUGGESTION_TRIAGED;
	uint8_t felt = e->type == EVENT_SUGGESTION_RATED &&
			!suggestions_rated_apart(e, of)
		? e->felt_heard
		: 0;
	enum emp_rc rc;

	sqlite3_bind_int64(s, 1, ids->seq);
	sqlite3_bind_int64(s, 2, of->seq);
	sqlite3_bind_int(s, 3, e->type);
	db_bind_id(s, 4, e->type == EVENT_SUGGESTION_ANSWERED ? e->status : 0);
	db_bind_level(s, 5, triage ? e->will_examine == 1 : -1);
	sqlite3_bind_int(s, 6, e->automatic);
	db_bind_str(s, 7, e->reason);
	db_bind_str(s, 8, e->body);
	db_bind_id(s, 9, felt);
	if (e->type == EVENT_SUGGESTION_SUPPORTED)
		bind_receipt(s, 10, e);
	else
		sqlite3_bind_null(s, 10);
	rc = db_run(s);
	if (rc != EMP_OK)
		return rc;
	bind_state(f->set_state, of->seq, &of->at.life, felt);
	return db_run(f->set_state);
}
