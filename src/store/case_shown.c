/* The life of a case lived again without the employees' steps of today: see
 * case_shown.h. Ratings are no steps, and nothing that is shown follows from them. */
#include "store/case_shown.h"

#include "base/clock.h"
#include "store/db.h"

enum column { COL_TYPE, COL_DAY, COL_STATUS, COL_EXAMINE, COL_AUTOMATIC, COL_REASONED };

void
case_shown_with(struct case_shown *c, sqlite3_stmt *steps, const struct tz *tz)
{
	*c = (struct case_shown){.steps = steps, .tz = tz};
	(void)day_format(c->today, day_of(tz, clock_now_ms()));
}

enum emp_rc
case_shown_init(struct case_shown *c, struct store_reader *r)
{
	case_shown_with(c, NULL, r->tz);
	c->reader = r;
	return reader_prepare(r, r->people, &c->steps, CASE_SHOWN_STEPS);
}

void
case_shown_fini(struct case_shown *c)
{
	if (c->reader != NULL)
		reader_finish(c->reader, &c->steps);
}

static bool
is_hidden(const struct case_shown *c, const struct lifecycle_step *s, struct str day)
{
	return event_type_scope((enum event_type)s->type) == SCOPE_RECEIPT &&
		str_cmp(day, str_from(c->today)) >= 0;
}

static enum emp_rc
read_step(const struct case_shown *c, struct lifecycle_step *out)
{
	sqlite3_stmt *s = c->steps;
	int64_t day;

	*out = (struct lifecycle_step){
		.type = (uint8_t)event_type_find(db_str(s, COL_TYPE)),
		.status = (uint8_t)suggestion_status_find(db_str(s, COL_STATUS)),
		.will_examine = (int8_t)sqlite3_column_int(s, COL_EXAMINE),
		.automatic = sqlite3_column_int(s, COL_AUTOMATIC) != 0,
		.reasoned = sqlite3_column_int(s, COL_REASONED) != 0};
	if (!day_parse(db_str(s, COL_DAY), &day))
		return EMP_CORRUPT;
	out->time = day_start(c->tz, day);
	return EMP_OK;
}

/* *whole: nothing is hidden, or the rest is none without it. */
static enum emp_rc
live_again(struct case_shown *c, struct lifecycle *again, bool *whole)
{
	bool hidden = false;
	bool illegal = false;
	enum emp_rc rc = EMP_OK;

	while (rc == EMP_OK) {
		struct lifecycle_step step;
		bool row;

		rc = db_step(c->steps, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = read_step(c, &step);
		if (rc == EMP_OK && is_hidden(c, &step, db_str(c->steps, COL_DAY)))
			hidden = true;
		else if (rc == EMP_OK && again->state != STATE_WITHDRAWN &&
			 lifecycle_apply(again, &step) == STEP_ILLEGAL)
			illegal = true;
	}
	*whole = !hidden || illegal;
	return rc;
}

enum emp_rc
case_shown_life(struct case_shown *c, const uint8_t key[HANDLE_BYTES],
		struct lifecycle *l)
{
	struct lifecycle again;
	bool whole = true;
	enum emp_rc rc;

	/* Most have nothing that could be hidden. */
	if (l->supporters == 0 && l->first_seen == 0 && l->reopened == 0 &&
	    l->withdrawn == 0)
		return EMP_OK;
	lifecycle_init(&again, (enum suggestion_kind)l->kind, l->submitted);
	sqlite3_bind_blob(c->steps, 1, key, HANDLE_BYTES, SQLITE_STATIC);
	rc = live_again(c, &again, &whole);
	(void)sqlite3_reset(c->steps);
	if (rc == EMP_OK && !whole) {
		again.rated_round = l->rated_round;
		*l = again;
	}
	return rc;
}

bool
case_shown_differs(const struct case_shown *c, enum suggestion_state state,
		   struct str withdrawn, struct str reopened)
{
	struct str day = state == STATE_WITHDRAWN ? withdrawn
		: state == STATE_REOPENED         ? reopened
						  : STR_NONE;

	return day.p != NULL && str_cmp(day, str_from(c->today)) >= 0;
}
