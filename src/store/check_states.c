/* Whether what is kept of a suggestion or a decision as its state is what its events
 * say. Figures, lists and what may follow are read from the state, which is written
 * with each step and never looked at again: so it is lived again here, from the steps.
 *
 * Both statements of a file are open at once, so they see the same commit. Of
 * confidential.db a finding says what kind of thing is wrong and no more. */
#include "store/reader_impl.h"

#include <string.h>

#include "store/days.h"
#include "store/db.h"
#include "store/life.h"

enum state_column {
	KEPT_KEY,
	KEPT_KIND,
	KEPT_NAME,
	KEPT_STATUS,
	KEPT_AUTOMATIC,
	KEPT_SUBMITTED,
	KEPT_MOMENTS,
	KEPT_COUNTS = KEPT_MOMENTS + LIFE_MOMENT_COUNT,
	KEPT_FELT_HEARD = KEPT_COUNTS + LIFE_COUNT_COUNT,
	KEPT_AGREES, /* what does not change is what was submitted */
	KEPT_FORGOTTEN
};

enum step_column {
	STEP_KEY,
	STEP_TYPE,
	STEP_STATUS,
	STEP_EXAMINE,
	STEP_AUTOMATIC,
	STEP_REASONED,
	STEP_TIME,
	STEP_FELT_HEARD
};

static const char main_states[] =
	"SELECT event.seq, suggestion_kind.name, suggestion_condition.name, "
	"suggestion_status.name, auto_acknowledged, state.submitted, " LIFE_MOMENTS
	", " LIFE_COUNTS ", ifnull(felt_heard, 0), "
	"ifnull(state.kind_id = suggestion.kind_id "
	"AND state.category_id IS suggestion.category_id "
	"AND state.board = suggestion.board AND state.submitted = event.time, 0), "
	"suggestion.id = '~' || event.seq "
	"FROM suggestion JOIN event ON event.seq = suggestion.event_seq "
	"LEFT JOIN suggestion_state AS state ON state.event_seq = event.seq "
	"LEFT JOIN suggestion_kind ON suggestion_kind.id = state.kind_id "
	"LEFT JOIN suggestion_condition ON suggestion_condition.id = condition_id "
	"LEFT JOIN suggestion_status ON suggestion_status.id = status_id "
	"ORDER BY suggestion.event_seq";
static const char main_steps[] =
	"SELECT suggestion_seq, event_type.name, suggestion_status.name, will_examine, "
	"automatic, reason IS NOT NULL, event.time, ifnull(felt_heard, 0) "
	"FROM suggestion_step AS step JOIN event ON event.seq = step.event_seq "
	"JOIN event_type ON event_type.id = step.type_id "
	"LEFT JOIN suggestion_status ON suggestion_status.id = status_id "
	"ORDER BY suggestion_seq, step.event_seq";

static const char case_states[] =
	"SELECT event.key, state.kind, state, status, auto_acknowledged, "
	"state.submitted, " LIFE_MOMENTS ", " LIFE_COUNTS ", 0, "
	"ifnull(state.kind = suggestion.kind "
	"AND state.category IS suggestion.category AND state.board = suggestion.board "
	"AND state.submitted = event.day, 0), "
	"suggestion.receipt IS NULL AND title IS NULL AND body IS NULL "
	"FROM suggestion JOIN event ON event.key = suggestion.key "
	"LEFT JOIN suggestion_state AS state ON state.suggestion = event.key "
	"ORDER BY suggestion.key";
static const char case_steps[] =
	"SELECT suggestion, type, status, will_examine, automatic, "
	"reason IS NOT NULL, day, 0 FROM suggestion_step ORDER BY suggestion, number";

struct check {
	const struct tz *tz; /* NULL: moments are Unix ms, else they are days */
	sqlite3_stmt *states, *steps;
	bool more; /* the row of steps is one */
};

static enum emp_rc
moment_of(const struct check *c, sqlite3_stmt *s, int column, int64_t *out)
{
	int64_t day;

	*out = 0;
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return EMP_OK;
	if (c->tz == NULL) {
		*out = sqlite3_column_int64(s, column);
		return EMP_OK;
	}
	if (!day_parse(db_str(s, column), &day))
		return EMP_CORRUPT;
	*out = day_start(c->tz, day);
	return EMP_OK;
}

static enum emp_rc
read_state(const struct check *c, struct lifecycle *l)
{
	sqlite3_stmt *s = c->states;
	enum emp_rc rc;

	*l = (struct lifecycle){
		.kind = (uint8_t)suggestion_kind_find(db_str(s, KEPT_KIND)),
		.state = (uint8_t)suggestion_state_find(db_str(s, KEPT_NAME)),
		.status = (uint8_t)suggestion_status_find(db_str(s, KEPT_STATUS)),
		.auto_acknowledged = sqlite3_column_int(s, KEPT_AUTOMATIC) != 0};
	rc = moment_of(c, s, KEPT_SUBMITTED, &l->submitted);
	for (int i = 0; rc == EMP_OK && i < LIFE_MOMENT_COUNT; i++)
		rc = moment_of(c, s, KEPT_MOMENTS + i, life_moment(l, i));
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		*life_count(l, i) = (uint32_t)sqlite3_column_int64(s, KEPT_COUNTS + i);
	return rc;
}

/* The step applied; what is not possible differs. What an employee withdrew takes
 * steps until the day is over, from which nothing follows. */
static enum emp_rc
live_on(const struct check *c, struct lifecycle *l, bool *differs)
{
	sqlite3_stmt *s = c->steps;
	struct lifecycle_step step = {
		.type = (uint8_t)event_type_find(db_str(s, STEP_TYPE)),
		.status = (uint8_t)suggestion_status_find(db_str(s, STEP_STATUS)),
		.will_examine = (int8_t)sqlite3_column_int(s, STEP_EXAMINE),
		.automatic = sqlite3_column_int(s, STEP_AUTOMATIC) != 0,
		.reasoned = sqlite3_column_int(s, STEP_REASONED) != 0};
	bool over = c->tz != NULL && l->state == STATE_WITHDRAWN;
	enum emp_rc rc = moment_of(c, s, STEP_TIME, &step.time);

	if (rc == EMP_OK && lifecycle_apply(l, &step) == STEP_ILLEGAL)
		*differs |= !over;
	return rc;
}

static bool
same_life(const struct check *c, struct lifecycle *a, struct lifecycle *b)
{
	bool same = a->state == b->state && a->status == b->status &&
		a->auto_acknowledged == b->auto_acknowledged;

	for (int i = 0; i < LIFE_MOMENT_COUNT; i++)
		same = same && *life_moment(a, i) == *life_moment(b, i);
	/* What employees felt is no step. */
	if (c->tz != NULL)
		a->rated_round = b->rated_round;
	for (int i = 0; i < LIFE_COUNT_COUNT; i++)
		same = same && *life_count(a, i) == *life_count(b, i);
	return same;
}

/* Steps come in the same order as states. */
static bool
is_of(const struct check *c)
{
	if (!c->more)
		return false;
	if (c->tz == NULL)
		return sqlite3_column_int64(c->steps, STEP_KEY) ==
			sqlite3_column_int64(c->states, KEPT_KEY);
	return sqlite3_column_bytes(c->steps, STEP_KEY) == HANDLE_BYTES &&
		sqlite3_column_bytes(c->states, KEPT_KEY) == HANDLE_BYTES &&
		memcmp(sqlite3_column_blob(c->steps, STEP_KEY),
		       sqlite3_column_blob(c->states, KEPT_KEY), HANDLE_BYTES) == 0;
}

static enum emp_rc
check_one(struct check *c, bool *differs)
{
	struct lifecycle kept;
	struct lifecycle again;
	int64_t felt_heard = 0;
	enum emp_rc rc = read_state(c, &kept);

	*differs = sqlite3_column_int(c->states, KEPT_AGREES) == 0;
	lifecycle_init(&again, (enum suggestion_kind)kept.kind, kept.submitted);
	while (rc == EMP_OK && is_of(c)) {
		int64_t felt = sqlite3_column_int64(c->steps, STEP_FELT_HEARD);

		felt_heard = felt != 0 ? felt : felt_heard;
		rc = live_on(c, &again, differs);
		if (rc == EMP_OK)
			rc = db_step(c->steps, &c->more);
	}
	/* What waits when it is forgotten is withdrawn without a step. */
	if (kept.state == STATE_WITHDRAWN && again.state != STATE_WITHDRAWN &&
	    sqlite3_column_int(c->states, KEPT_FORGOTTEN) != 0) {
		const struct lifecycle_step end = {.type = EVENT_SUGGESTION_WITHDRAWN,
						   .time = kept.withdrawn};

		*differs |= lifecycle_apply(&again, &end) == STEP_ILLEGAL;
	}
	*differs = *differs || !same_life(c, &again, &kept) ||
		felt_heard != sqlite3_column_int64(c->states, KEPT_FELT_HEARD);
	return rc;
}

static enum emp_rc
check_lives(sqlite3 *db, const struct tz *days,
	    void (*fn)(void *ctx, const char *finding), void *ctx)
{
	struct check c = {.tz = days};
	uint64_t n = 0;
	bool row = false;
	enum emp_rc rc = db_prepare(db, &c.states,
				    days == NULL ? main_states : case_states);

	if (rc == EMP_OK)
		rc = db_step(c.states, &row);
	if (rc == EMP_OK)
		rc = db_prepare(db, &c.steps, days == NULL ? main_steps : case_steps);
	if (rc == EMP_OK)
		rc = db_step(c.steps, &c.more);
	while (rc == EMP_OK && row) {
		bool differs;

		rc = check_one(&c, &differs);
		n += rc == EMP_OK && differs;
		if (rc == EMP_OK)
			rc = db_step(c.states, &row);
	}
	/* A step that is left over is of no suggestion. */
	n += rc == EMP_OK && c.more;
	sqlite3_finalize(c.states);
	sqlite3_finalize(c.steps);
	if (rc == EMP_OK && n > 0)
		fn(ctx,
		   days == NULL ? "a suggestion does not stand as its steps say"
				: "confidential.db: a suggestion does not stand as its "
				  "steps say");
	return rc;
}

/* ---- decisions ------------------------------------------------------------------- */

/* The last by its time that was said of one thing. */
#define LAST(column)                                                                   \
	"SELECT decision_seq, " column " FROM (SELECT decision_seq, " column           \
	", row_number() OVER (PARTITION BY decision_seq "                              \
	"ORDER BY event.time DESC, event_seq DESC) AS place FROM decision_outcome "    \
	"JOIN event ON event.seq = event_seq WHERE " column                            \
	" IS NOT NULL) WHERE place = 1"
#define KEPT(column)                                                                   \
	"SELECT decision_seq, " column " FROM decision_result WHERE " column           \
	" IS NOT NULL"
#define DIFFER(a, b)                                                                   \
	"SELECT EXISTS (SELECT * FROM (" a ") EXCEPT SELECT * FROM (" b                \
	")) OR EXISTS (SELECT * FROM (" b ") EXCEPT SELECT * FROM (" a "))"

static const char *const result_sql[] = {
	DIFFER(KEPT("settled_id"),
	       "SELECT decision_seq, answer_id FROM decision_settlement"),
	DIFFER("SELECT decision_seq FROM decision_result WHERE outcome = 1",
	       "SELECT decision_seq FROM decision_outcome"),
	DIFFER(KEPT("customer_benefit"), LAST("customer_benefit")),
	DIFFER(KEPT("spend_id"), LAST("spend_id")),
	DIFFER(KEPT("retention_id"), LAST("retention_id")),
	DIFFER(KEPT("reputation_id"), LAST("reputation_id")),
	DIFFER(KEPT("referral_id"), LAST("referral_id")),
};

static enum emp_rc
check_results(sqlite3 *db, void (*fn)(void *ctx, const char *finding), void *ctx)
{
	int64_t differs = 0;
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0;
	     rc == EMP_OK && differs == 0 && i < sizeof result_sql / sizeof *result_sql;
	     i++)
		rc = db_int(db, result_sql[i], &differs);
	if (rc == EMP_OK && differs != 0)
		fn(ctx, "a decision is not known as what followed says");
	return rc;
}

enum emp_rc
states_check(struct store_reader *r, void (*fn)(void *ctx, const char *finding),
	     void *ctx)
{
	enum emp_rc rc = check_lives(r->db, NULL, fn, ctx);

	if (rc == EMP_OK)
		rc = check_results(r->db, fn, ctx);
	return rc == EMP_OK && r->people != NULL
		? check_lives(r->people, r->tz, fn, ctx)
		: rc;
}
