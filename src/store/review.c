/* Reviews of decisions, and backings.
 *
 * A review is for its decider to learn from; everybody else gets counts. These are kept
 * in the transaction that stores the review, by the month, unit, role and class of the
 * decision, so that no figure ever has to look at single reviews. The review keeps what
 * it was counted under, so that the counts can be recomputed from the reviews, and
 * still stand when the decision's people are forgotten. */
#include "store/review.h"

#include <string.h>

#include "base/clock.h"
#include "store/days.h"
#include "store/db.h"
#include "store/impl.h"

/* Places in the statements, the same in all that count. */
enum place {
	AT_MONTH = 1,
	AT_UNIT,
	AT_ROLE,
	AT_CLASS,
	AT_VERDICT,
	AT_RULE,
	AT_LATENCY
};
enum review_place {
	REVIEW_EVENT = AT_LATENCY + 1,
	REVIEW_DECISION,
	REVIEW_DAY,
	REVIEW_LESSON,
	REVIEW_DRIVER
};
enum decider_place { DECIDER_DECISION = AT_CLASS + 1, DECIDER_DAY };

static enum emp_rc
is_reviewed(struct sealed_file *f, const uint8_t key[PEOPLE_KEY_BYTES], bool *yes)
{
	enum emp_rc rc;

	sqlite3_bind_blob(f->reviewed, 1, key, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	rc = db_step(f->reviewed, yes);
	(void)sqlite3_reset(f->reviewed);
	return rc;
}

enum emp_rc
review_about(struct store *s, const struct event *e, struct decision_ref *out,
	     enum emp_rc *bad)
{
	bool review = e->type == EVENT_DECISION_REVIEWED;
	bool backing = e->type == EVENT_RECOGNITION_GIVEN &&
		e->recognition == RECOGNITION_BACKING && e->ref_id.n > 0;
	bool reviewed = false;
	enum emp_rc rc;

	*bad = EMP_OK;
	out->seq = 0;
	if (!review && !backing)
		return EMP_OK;
	rc = decision_ref_find(s, e, out);
	if (rc == EMP_UNKNOWN_REF) {
		out->seq = 0;
		if (review)
			*bad = rc;
		return EMP_OK;
	}
	if (rc == EMP_OK && review)
		rc = is_reviewed(&s->sealed, out->key, &reviewed);
	if (reviewed)
		*bad = EMP_TRANSITION;
	return rc;
}

/* A name where none is a name, too: in keys. */
static void
bind_name(sqlite3_stmt *s, int at, struct str name)
{
	sqlite3_bind_text(s, at, name.n > 0 ? name.p : "", (int)name.n, SQLITE_STATIC);
}

static void
bind_place(sqlite3_stmt *s, const struct decision_ref *about, int32_t month)
{
	sqlite3_bind_int(s, AT_MONTH, month);
	bind_name(s, AT_UNIT, about->unit);
	bind_name(s, AT_ROLE, about->role);
	bind_name(s, AT_CLASS, about->matter);
}

/* Once however often the person is reviewed; nothing where a rule decided alone. */
static enum emp_rc
count_decider(struct sealed_file *f, const struct decision_ref *about, int32_t month,
	      struct str day)
{
	bind_place(f->review_who, about, month);
	sqlite3_bind_blob(f->review_who, DECIDER_DECISION, about->key, PEOPLE_KEY_BYTES,
			  SQLITE_STATIC);
	db_bind_str(f->review_who, DECIDER_DAY, day);
	return db_run(f->review_who);
}

enum emp_rc
review_put(struct sealed_file *f, const struct event *e,
	   const uint8_t key[PEOPLE_KEY_BYTES], const struct decision_ref *about,
	   const struct tz *tz)
{
	const int32_t month = tz_month_index(tz, about->time / MS_PER_S);
	const int64_t day = day_of(tz, e->time);
	const int64_t decided = day_of(tz, about->time);
	/* A clock of a sender may be wrong; no review came before its decision. */
	const int64_t latency = day > decided ? day - decided : 0;
	const struct str verdict = str_from(verdict_name((enum verdict)e->verdict));
	char text[DAY_TEXT_MAX];
	enum emp_rc rc;

	(void)day_format(text, day);
	bind_place(f->review, about, month);
	db_bind_str(f->review, AT_VERDICT, verdict);
	db_bind_str(f->review, AT_RULE, e->rule);
	sqlite3_bind_int64(f->review, AT_LATENCY, latency);
	sqlite3_bind_blob(f->review, REVIEW_EVENT, key, PEOPLE_KEY_BYTES,
			  SQLITE_STATIC);
	sqlite3_bind_blob(f->review, REVIEW_DECISION, about->key, PEOPLE_KEY_BYTES,
			  SQLITE_STATIC);
	db_bind_str(f->review, REVIEW_DAY, str_from(text));
	db_bind_str(f->review, REVIEW_LESSON, e->lesson);
	db_bind_str(f->review, REVIEW_DRIVER,
		    e->driver_missed >= 0
			    ? str_from(driver_name((enum driver)e->driver_missed))
			    : STR_NONE);
	rc = db_run(f->review);
	if (rc == EMP_OK) {
		bind_place(f->review_count, about, month);
		db_bind_str(f->review_count, AT_VERDICT, verdict);
		sqlite3_bind_int(f->review_count, AT_RULE, e->rule.n > 0);
		sqlite3_bind_int64(f->review_count, AT_LATENCY, latency);
		rc = db_run(f->review_count);
	}
	return rc == EMP_OK ? count_decider(f, about, month, str_from(text)) : rc;
}

enum emp_rc
backing_put(struct sealed_file *f, const uint8_t key[PEOPLE_KEY_BYTES],
	    const struct decision_ref *about)
{
	sqlite3_bind_blob(f->backing, 1, about->key, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(f->backing, 2, key, PEOPLE_KEY_BYTES, SQLITE_STATIC);
	return db_run(f->backing);
}
