/* Suggestions of employees. As in empowerd.db, a step is decided on the state as the
 * file has it and written with the new state. Whatever is a moment there is a day here,
 * and how an employee felt heard is an event of its own: who holds both may not learn
 * what who answered. */
#include "store/cases.h"

#include "base/clock.h"
#include "crypto/crypto.h"
#include "store/case_shown.h"
#include "store/days.h"
#include "store/db.h"

/* Parameters of both statements that write a state. */
enum state_column {
	STATE_KEY = 1,
	STATE_NAME,
	STATE_STATUS,
	STATE_AUTOMATIC,
	STATE_MOMENTS,
	STATE_COUNTS = STATE_MOMENTS + LIFE_MOMENT_COUNT,
	STATE_KIND = STATE_COUNTS + LIFE_COUNT_COUNT,
	STATE_CATEGORY,
	STATE_UNIT,
	STATE_BOARD,
	STATE_DAY
};
#define STATE_CHANGING                                                                 \
	"state, status, auto_acknowledged, " LIFE_MOMENTS ", " LIFE_COUNTS

/* Columns of `get`. */
enum get_column {
	GET_KIND,
	GET_STATE,
	GET_STATUS,
	GET_AUTOMATIC,
	GET_SUBMITTED,
	GET_MOMENTS,
	GET_COUNTS = GET_MOMENTS + LIFE_MOMENT_COUNT,
	GET_DIMS = GET_COUNTS + LIFE_COUNT_COUNT,
	GET_RECEIPT = GET_DIMS + DIM_COUNT
};

enum emp_rc
cases_prepare(struct cases *c, struct sealed_file *f, struct periods *p)
{
	const struct db_statement statements[] = {
		{&c->put,
		 "INSERT INTO suggestion (key, kind, category, title, body, board, "
		 "receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
		{&c->put_state,
		 "INSERT INTO suggestion_state (suggestion, " STATE_CHANGING
		 ", kind, category, unit, board, submitted) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
		 "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)"},
		{&c->set_state,
		 "UPDATE suggestion_state SET (" STATE_CHANGING
		 ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
		 "?16, ?17, ?18, ?19, ?20) WHERE suggestion = ?1"},
		{&c->put_step,
		 "INSERT INTO suggestion_step (suggestion, number, event_key, type, "
		 "day, status, will_examine, automatic, reason, body, supporter) "
		 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
		{&c->get,
		 "SELECT state.kind, state, status, auto_acknowledged, "
		 "submitted, " LIFE_MOMENTS ", " LIFE_COUNTS
		 ", event.unit, channel, touchpoint, segment, initiative, lang, "
		 "suggestion.receipt FROM suggestion_state AS state "
		 "JOIN suggestion ON suggestion.key = state.suggestion "
		 "JOIN event ON event.key = state.suggestion "
		 "WHERE state.suggestion = ?1"},
		{&c->known,
		 "SELECT key FROM suggestion WHERE key = ?1 UNION ALL "
		 "SELECT key FROM suggestion WHERE receipt = ?2"},
		{&c->by_receipt, "SELECT key FROM suggestion WHERE receipt = ?1"},
		{&c->by_supporter,
		 "SELECT suggestion FROM suggestion_step WHERE supporter = ?1 "
		 "ORDER BY suggestion LIMIT 1"},
		{&c->supports,
		 "SELECT suggestion FROM suggestion_step WHERE supporter = ?1 "
		 "AND suggestion = ?2"},
		{&c->steps, CASE_SHOWN_STEPS},
		{&c->last_step,
		 "SELECT ifnull(max(number), 0) FROM suggestion_step "
		 "WHERE suggestion = ?1"},
	};

	c->file = f;
	c->periods = p;
	return db_prepare_all(f->db, statements,
			      sizeof statements / sizeof *statements);
}

static void
bind_bytes(sqlite3_stmt *s, int at, const uint8_t bytes[HANDLE_BYTES])
{
	sqlite3_bind_blob(s, at, bytes, HANDLE_BYTES, SQLITE_STATIC);
}

static void
bind_receipt(sqlite3_stmt *s, int at, const struct event *e)
{
	_Static_assert((int)RECEIPT_HASH_BYTES == (int)HANDLE_BYTES, "one binding");
	if (e->has_receipt)
		bind_bytes(s, at, e->receipt_hash);
	else
		sqlite3_bind_null(s, at);
}

/* The key in the first row, if there is one. */
static enum emp_rc
look(sqlite3_stmt *s, bool *found, uint8_t key[HANDLE_BYTES])
{
	enum emp_rc rc = db_step(s, found);

	if (rc != EMP_OK || !*found)
		return rc;
	if (sqlite3_column_bytes(s, 0) != HANDLE_BYTES)
		rc = EMP_CORRUPT;
	else
		memcpy(key, sqlite3_column_blob(s, 0), HANDLE_BYTES);
	(void)sqlite3_reset(s);
	return rc;
}

/* ---- writing ---------------------------------------------------------------------
 */

static void
bind_day(sqlite3_stmt *s, int at, const struct tz *tz, int64_t ms)
{
	char day[DAY_TEXT_MAX];

	sqlite3_bind_text(s, at, day, (int)day_format(day, day_of(tz, ms)),
			  SQLITE_TRANSIENT);
}

static void
bind_name(sqlite3_stmt *s, int at, const char *name)
{
	db_bind_str(s, at, str_from(name));
}

static void
bind_state(sqlite3_stmt *s, const uint8_t key[HANDLE_BYTES], struct lifecycle *l,
	   const struct tz *tz)
{
	bind_bytes(s, STATE_KEY, key);
	bind_name(s, STATE_NAME,
		  suggestion_state_name((enum suggestion_state)l->state));
	bind_name(s, STATE_STATUS,
		  l->status == STATUS_NONE
			  ? NULL
			  : suggestion_status_name((enum suggestion_status)l->status));
	sqlite3_bind_int(s, STATE_AUTOMATIC, l->auto_acknowledged);
	for (int i = 0; i < LIFE_MOMENT_COUNT; i++) {
		if (*life_moment(l, i) == 0)
			sqlite3_bind_null(s, STATE_MOMENTS + i);
		else
			bind_day(s, STATE_MOMENTS + i, tz, *life_moment(l, i));
	}
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		sqlite3_bind_int64(s, STATE_COUNTS + i, *life_count(l, i));
}

static int64_t
day_begin(const struct tz *tz, int64_t ms)
{
	return day_start(tz, day_of(tz, ms));
}

static enum emp_rc
put_state(struct cases *c, const struct event *e, const struct tz *tz,
	  const uint8_t key[HANDLE_BYTES])
{
	sqlite3_stmt *s = c->put_state;
	struct lifecycle l;

	lifecycle_init(&l, (enum suggestion_kind)e->suggestion_kind,
		       day_begin(tz, e->time));
	bind_state(s, key, &l, tz);
	bind_name(s, STATE_KIND,
		  suggestion_kind_name((enum suggestion_kind)e->suggestion_kind));
	db_bind_str(s, STATE_CATEGORY, e->category);
	db_bind_str(s, STATE_UNIT, e->dim[DIM_UNIT]);
	sqlite3_bind_int(s, STATE_BOARD, e->board);
	bind_day(s, STATE_DAY, tz, e->time);
	return db_run(s);
}

static enum emp_rc
submit(struct cases *c, const struct event *e, const struct tz *tz, bool *nothing)
{
	uint8_t key[HANDLE_BYTES];
	uint8_t found[HANDLE_BYTES];
	enum emp_rc rc;

	if (e->has_handle)
		memcpy(key, e->handle, sizeof key);
	else
		crypto_random(key, sizeof key);
	/* Handle and receipt follow from what was sent, so a repeat has both. */
	bind_bytes(c->known, 1, key);
	bind_receipt(c->known, 2, e);
	rc = look(c->known, nothing, found);
	if (rc != EMP_OK || *nothing)
		return rc;
	rc = sealed_file_put_event(c->file, e, NULL, tz, key);
	if (rc != EMP_OK)
		return rc;
	bind_bytes(c->put, 1, key);
	bind_name(c->put, 2,
		  suggestion_kind_name((enum suggestion_kind)e->suggestion_kind));
	db_bind_str(c->put, 3, e->category);
	db_bind_str(c->put, 4, e->title);
	db_bind_str(c->put, 5, e->body);
	sqlite3_bind_int(c->put, 6, e->board);
	bind_receipt(c->put, 7, e);
	rc = db_run(c->put);
	return rc == EMP_OK ? put_state(c, e, tz, key) : rc;
}

/* Nothing but its unit: no other dimension, no suggestion. */
enum emp_rc
cases_put_rating(struct cases *c, const struct event *e, const struct tz *tz,
		 struct str unit)
{
	sqlite3_stmt *s = c->file->answer;
	uint8_t key[HANDLE_BYTES];
	struct event rating = {.type = e->type,
			       .class = CLASS_SEALED,
			       .audience = AUDIENCE_EMPLOYEE,
			       .time = e->time,
			       .dim[DIM_UNIT] = unit};
	struct sealed_place at;
	enum emp_rc bad;
	enum emp_rc rc = period_place(c->periods, &rating, clock_now_ms(), &at, &bad);

	if (rc != EMP_OK)
		return rc;
	crypto_random(key, sizeof key);
	rc = sealed_file_put_event(c->file, &rating, &at, tz, key);
	if (rc != EMP_OK)
		return rc;
	bind_bytes(s, 1, key);
	db_bind_str(s, 2, STR(QUESTION_FELT_HEARD));
	sqlite3_bind_int(s, 3, 0);
	sqlite3_bind_int(s, 4, e->felt_heard);
	sqlite3_bind_null(s, 5);
	sqlite3_bind_null(s, 6);
	return db_run(s);
}

/* Where it happened is where the suggestion was made; who did it is not kept. */
static enum emp_rc
put_step(struct cases *c, const struct event *e, const struct tz *tz,
	 const uint8_t suggestion[HANDLE_BYTES], const struct str dim[DIM_COUNT])
{
	sqlite3_stmt *s = c->put_step;
	uint8_t key[HANDLE_BYTES];
	struct event step = {.type = e->type,
			     .class = CLASS_CASE,
			     .audience = AUDIENCE_EMPLOYEE,
			     .time = e->time};
	bool row;
	enum emp_rc rc;

	memcpy(step.dim, dim, sizeof step.dim);
	crypto_random(key, sizeof key);
	rc = sealed_file_put_event(c->file, &step, NULL, tz, key);
	if (rc != EMP_OK)
		return rc;
	bind_bytes(c->last_step, 1, suggestion);
	rc = db_step(c->last_step, &row);
	if (rc != EMP_OK)
		return rc;
	EMP_ASSERT(row);
	sqlite3_bind_int64(s, 2, sqlite3_column_int64(c->last_step, 0) + 1);
	(void)sqlite3_reset(c->last_step);
	bind_bytes(s, 1, suggestion);
	bind_bytes(s, 3, key);
	bind_name(s, 4, event_type_name((enum event_type)e->type));
	bind_day(s, 5, tz, e->time);
	bind_name(s, 6,
		  e->type != EVENT_SUGGESTION_ANSWERED
			  ? NULL
			  : suggestion_status_name((enum suggestion_status)e->status));
	db_bind_level(s, 7,
		      e->type == EVENT_SUGGESTION_TRIAGED ? e->will_examine == 1 : -1);
	sqlite3_bind_int(s, 8, e->automatic);
	db_bind_str(s, 9, e->reason);
	db_bind_str(s, 10, e->body);
	if (e->type == EVENT_SUGGESTION_SUPPORTED)
		bind_receipt(s, 11, e);
	else
		sqlite3_bind_null(s, 11);
	return db_run(s);
}

/* ---- steps -----------------------------------------------------------------------
 */

static enum emp_rc
read_moments(sqlite3_stmt *s, const struct tz *tz, struct lifecycle *l)
{
	int64_t day;

	if (!day_parse(db_str(s, GET_SUBMITTED), &day))
		return EMP_CORRUPT;
	l->submitted = day_start(tz, day);
	for (int i = 0; i < LIFE_MOMENT_COUNT; i++) {
		if (sqlite3_column_type(s, GET_MOMENTS + i) == SQLITE_NULL)
			continue;
		if (!day_parse(db_str(s, GET_MOMENTS + i), &day))
			return EMP_CORRUPT;
		*life_moment(l, i) = day_start(tz, day);
	}
	return EMP_OK;
}

static enum emp_rc
read_state(sqlite3_stmt *s, const struct tz *tz, struct lifecycle *l)
{
	*l = (struct lifecycle){
		.kind = (uint8_t)suggestion_kind_find(db_str(s, GET_KIND)),
		.state = (uint8_t)suggestion_state_find(db_str(s, GET_STATE)),
		.auto_acknowledged = sqlite3_column_int(s, GET_AUTOMATIC) != 0};
	if (sqlite3_column_type(s, GET_STATUS) != SQLITE_NULL)
		l->status = (uint8_t)suggestion_status_find(db_str(s, GET_STATUS));
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		*life_count(l, i) = (uint32_t)sqlite3_column_int64(s, GET_COUNTS + i);
	if (l->kind == SUGGESTION_NONE || l->state == STATE_NONE)
		return EMP_CORRUPT;
	return read_moments(s, tz, l);
}

/* By what the event says. *supporter: the receipt is of somebody who supports it. */
static enum emp_rc
locate(struct cases *c, const struct event *e, bool *found, uint8_t key[HANDLE_BYTES],
       bool *supporter)
{
	enum emp_rc rc;

	*supporter = false;
	*found = e->has_handle;
	if (e->has_handle) {
		memcpy(key, e->handle, HANDLE_BYTES);
		return EMP_OK;
	}
	if (!e->has_receipt)
		return EMP_OK;
	bind_receipt(c->by_receipt, 1, e);
	rc = look(c->by_receipt, found, key);
	if (rc != EMP_OK || *found)
		return rc;
	bind_receipt(c->by_supporter, 1, e);
	rc = look(c->by_supporter, found, key);
	*supporter = *found;
	return rc;
}

/* Withdrawn today, which nobody but the author knows yet. */
static bool
withdrawn_unseen(const struct life_at *at, const struct tz *tz)
{
	return !at->author && at->life.state == STATE_WITHDRAWN &&
		day_of(tz, at->life.withdrawn) >= day_of(tz, clock_now_ms());
}

static enum emp_rc
apply(struct cases *c, const struct event *e, const struct tz *tz,
      const uint8_t key[HANDLE_BYTES], struct life_at *at, enum emp_rc *bad)
{
	sqlite3_stmt *s = c->get;
	const uint8_t *own = sqlite3_column_blob(s, GET_RECEIPT);
	uint8_t found[HANDLE_BYTES];
	bool again = false;
	struct case_shown shown;
	struct lifecycle stored;
	enum emp_rc rc = read_state(s, tz, &at->life);

	if (own != NULL && sqlite3_column_bytes(s, GET_RECEIPT) != RECEIPT_HASH_BYTES)
		return EMP_CORRUPT;
	if (rc == EMP_OK && e->type == EVENT_SUGGESTION_SUPPORTED && e->has_receipt) {
		bind_receipt(c->supports, 1, e);
		bind_bytes(c->supports, 2, key);
		rc = look(c->supports, &again, found);
	}
	if (rc != EMP_OK)
		return rc;
	*bad = life_judge(at, e, day_begin(tz, e->time), db_str(s, GET_DIMS), own,
			  again);
	if (*bad != EMP_TRANSITION || !withdrawn_unseen(at, tz))
		return EMP_OK;
	/* As it is shown the step may be a legal one. Then it is kept as such, and
	 * nothing follows from it: refused, it would tell what happened today. */
	stored = at->life;
	case_shown_with(&shown, c->steps, tz);
	rc = case_shown_life(&shown, key, &at->life);
	if (rc == EMP_OK)
		*bad = life_judge(at, e, day_begin(tz, e->time), db_str(s, GET_DIMS),
				  own, again);
	at->life = stored;
	return rc;
}

/* The row of `get` is the suggestion's; its text is borrowed until it is reset. */
static enum emp_rc
write_step(struct cases *c, const struct event *e, const struct tz *tz,
	   const uint8_t key[HANDLE_BYTES], struct life_at *at)
{
	struct str dim[DIM_COUNT];
	enum emp_rc rc;

	for (int d = 0; d < DIM_COUNT; d++)
		dim[d] = db_str(c->get, GET_DIMS + d);
	rc = e->type == EVENT_SUGGESTION_RATED
		? cases_put_rating(c, e, tz, dim[DIM_UNIT])
		: put_step(c, e, tz, key, dim);
	if (rc != EMP_OK)
		return rc;
	bind_state(c->set_state, key, &at->life, tz);
	return db_run(c->set_state);
}

static enum emp_rc
step(struct cases *c, const struct event *e, const struct tz *tz, enum emp_rc *bad,
     bool *nothing)
{
	struct life_at at = {.author = !e->has_handle};
	uint8_t key[HANDLE_BYTES];
	bool supporter;
	bool found;
	enum emp_rc rc = locate(c, e, &found, key, &supporter);

	*bad = EMP_UNKNOWN_REF;
	if (rc != EMP_OK || !found)
		return rc;
	/* A supporter may look, which changes nothing, and do no more. */
	if (supporter) {
		*nothing = e->type == EVENT_SUGGESTION_SEEN;
		if (*nothing)
			*bad = EMP_OK;
		return EMP_OK;
	}
	bind_bytes(c->get, 1, key);
	rc = db_step(c->get, &found);
	if (rc != EMP_OK || !found)
		return rc;
	rc = apply(c, e, tz, key, &at, bad);
	*nothing = *bad == EMP_OK && at.nothing;
	if (rc == EMP_OK && *bad == EMP_OK && !at.nothing)
		rc = write_step(c, e, tz, key, &at);
	(void)sqlite3_reset(c->get);
	return rc;
}

enum emp_rc
cases_put(struct cases *c, const struct event *e, const struct tz *tz, enum emp_rc *bad,
	  bool *nothing)
{
	*bad = EMP_OK;
	*nothing = false;
	return e->type == EVENT_SUGGESTION_SUBMITTED ? submit(c, e, tz, nothing)
						     : step(c, e, tz, bad, nothing);
}
