/* Periods of what is sealed: to which one an event belongs, whether it counts there,
 * and the keys that make a person of one period nobody in any other. All [writer];
 * [main] before it runs.
 *
 * A wave lasts from the moment its survey was put, or the wave before was released, to
 * its own release. A week or month is the event's; where that is closed, it is the one
 * after the newest that is. Closed is all up to the newest period that was released.
 *
 * Nothing is kept in memory but keys, which stay right when a transaction is rolled
 * back. */
#ifndef EMP_STORE_PERIOD_H
#define EMP_STORE_PERIOD_H

#include "base/tz.h"
#include "crypto/crypto.h"
#include "model/defs.h"
#include "model/event.h"
#include "model/release.h"

#include <sqlite3.h>

/* Surveys that the program brings along, of which these events are answers. */
#define SURVEY_INTENT "intent"
#define SURVEY_FELT_HEARD "felt_heard"
#define QUESTION_INTENT "intent"
#define QUESTION_FELT_HEARD "felt_heard"
enum intent_option { INTENT_STAY, INTENT_LEAVE };

/* Keys that are read from their files once. */
#define PERIOD_KEYS 32
#define PERIOD_NONE (-1)

struct period_key {
	char survey[NAME_MAX_BYTES + 1]; /* "": empty */
	int64_t number;
	uint64_t used;
	struct crypto_key key;
};

struct periods {
	sqlite3 *main, *sealed;
	const char *dir;
	const struct tz *tz;
	const struct defs *const *defs; /* the writer's */
	sqlite3_stmt *newest, *get, *put, *touch, *note, *unit_put, *invite, *spend,
		*counted, *displace, *units;
	uint64_t tick;
	struct period_key key[PERIOD_KEYS];
	int64_t looked; /* whether the clock closes any, ms */
	bool behind;    /* empowerd.db does not have all releases yet */
};

/* Where a sealed event belongs. The strings live as long as the event, the unit until
 * the next event is placed. */
struct sealed_place {
	struct str survey, unit;
	int64_t number;
	bool verified;
	bool counted; /* the first of its person: see is_first() */
	bool has_person;
	uint8_t person[PSEUDONYM_BYTES]; /* under the key of the period */
	char unit_text[UNIT_MAX_BYTES + 1];
};

/* [main] Both files are open and migrated, and outlive this; as do dir and *defs. */
EMP_MUST_CHECK enum emp_rc periods_prepare(struct periods *p);
void periods_fini(struct periods *p);

/* Places a sealed event that is stored now (ms), in the transaction that is open: makes
 * the key of its period, freezes threshold and units with its first answer, spends the
 * invitation. *bad: why the event is refused (nothing is written then), else EMP_OK. */
EMP_MUST_CHECK enum emp_rc period_place(struct periods *p, const struct event *e,
					int64_t now, struct sealed_place *out,
					enum emp_rc *bad);
/* The pseudonym that stands in a period for one of what is sealed. */
EMP_MUST_CHECK enum emp_rc period_person(struct periods *p, struct str survey,
					 int64_t number,
					 const uint8_t sealed[PSEUDONYM_BYTES],
					 uint8_t out[PSEUDONYM_BYTES]);
/* Whether that period has a key that was made before. */
bool period_has_key(const struct periods *p, struct str survey, int64_t number);
/* What that does for the first answer of a period, and the day of every one. */
EMP_MUST_CHECK enum emp_rc period_freeze(struct periods *p, struct str survey,
					 int64_t number, int64_t now);
/* Whether a period that is frozen now has the unit by its own name. */
EMP_MUST_CHECK enum emp_rc period_unit_declared(struct periods *p, struct str unit,
						bool *yes);
/* The period that an event of that moment (ms) would belong to. */
EMP_MUST_CHECK enum emp_rc period_number(struct periods *p, struct str survey,
					 enum period kind, int64_t time,
					 int64_t *number);
/* The newest period that is released, PERIOD_NONE: none is. */
EMP_MUST_CHECK enum emp_rc period_newest(struct periods *p, struct str survey,
					 int64_t *number);
/* Of a survey by name, also of one that events stand for. */
enum period period_kind(const struct periods *p, struct str survey);
/* The present wave of a survey that has none. `fresh`: the survey is new; what may be
 * there is of one that was never stored. */
EMP_MUST_CHECK enum emp_rc period_open_wave(struct periods *p, struct str survey,
					    int64_t opened, bool fresh);
/* [main] What a start does, once the definitions are there: makes first waves where
 * there are none, gives the events of former versions their periods, vouches no longer
 * for people whose key is lost. */
EMP_MUST_CHECK enum emp_rc periods_load(struct periods *p);

/* Destroys the keys that ought to be gone, in memory and on disk: of released periods,
 * and all of former versions, which made one per survey and period elsewhere. One that
 * cannot be destroyed is reported in the log, and tried again with the next. */
void period_keys_sweep(struct periods *p);

#endif
