/* Surveys: what is asked, on which scale, of whom.
 *
 * struct survey is immutable once built; struct surveys is an immutable snapshot of all
 * of them, shared by reference count: the store builds a new one after each change and
 * every thread swaps its pointer when told. Open surveys grow: a question that the
 * snapshot does not know travels by name to the writer, which registers it.
 *
 * Counter slots. Everything countable about a survey in one bucket of time is a vector
 * of unsigned numbers. The first SURVEY_SLOTS_FIXED count events; behind them each
 * question owns `width` slots from `slot` on, in order of registration, for ever:
 *   scale metrics  one per value lo..hi
 *   choice         the number of people who answered, then one per option, with room
 *                  for options that are added later
 *   text           the number of people who answered
 */
#ifndef EMP_MODEL_SURVEY_H
#define EMP_MODEL_SURVEY_H

#include "model/catalogue.h"

enum metric {
	METRIC_NONE,
	METRIC_CSAT,
	METRIC_NPS,
	METRIC_CES,
	METRIC_PULSE,
	METRIC_CHOICE,
	METRIC_TEXT
};
enum period { PERIOD_WAVE, PERIOD_WEEK, PERIOD_MONTH };

enum survey_slot {
	SLOT_INVITED,
	SLOT_SHOWN,
	SLOT_DISMISSED,
	SLOT_ANSWERED, /* survey.answered events */
	SLOT_COMPLETE, /* of them, those not marked complete:false */
	SLOT_COMMENTED,
	SURVEY_SLOTS_FIXED = 8
};

#define SURVEY_QUESTIONS_MAX 128
#define QUESTION_OPTIONS_MAX 32
/* Room for options comes in steps, so that a running survey can get another one. */
#define QUESTION_OPTIONS_STEP 8
#define SCALE_MIN 0
#define SCALE_MAX 10
#define SURVEY_SLOTS_MAX                                                               \
	(SURVEY_SLOTS_FIXED + SURVEY_QUESTIONS_MAX * (QUESTION_OPTIONS_MAX + 1))

struct question {
	uint32_t id;        /* in the file; 0: not stored yet */
	uint32_t slot;      /* 0: none yet */
	uint16_t width;     /* 0: none yet */
	uint16_t satisfied; /* csat: bit v set when value v counts as satisfied */
	uint8_t metric;     /* enum metric */
	int8_t lo, hi;      /* scale metrics */
	uint8_t n_options;
	bool declared; /* named in the document, not registered by an answer */
	struct str name;
	struct str twin; /* "survey/question" or none */
	const struct str *options;
};

struct survey {
	uint32_t id; /* in the file, also the subject of its counters; 0: not stored yet
		      */
	uint8_t audience;
	uint8_t period;
	uint16_t threshold; /* people in a block that is released; employees only */
	bool is_public;
	bool builtin;        /* from the catalogue that ships */
	uint8_t open_metric; /* METRIC_NONE: closed */
	int8_t open_lo, open_hi;
	uint16_t open_satisfied;
	uint32_t n_questions;
	uint32_t n_slots;
	struct str name;
	const struct question *questions;
	struct str document; /* the JSON as put, canonical (sorted keys, compact) */
};

struct surveys;

/* Scale defaults of a metric (csat 1-5, nps 0-10, ces 1-7, pulse 1-5) and the satisfied
 * set (top two; csat 1-5 {4,5}, 1-4 {3,4}); false when csat needs a declared set. */
void metric_scale(enum metric m, int8_t *lo, int8_t *hi);
bool metric_satisfied(enum metric m, int8_t lo, int8_t hi, uint16_t *mask);
enum metric metric_find(struct str name);
const char *metric_name(enum metric m);
bool metric_is_scale(enum metric m);
bool period_find(struct str name, enum period *out);
const char *period_name(enum period p);
/* Slots a new question needs. */
uint16_t question_width(const struct question *q);
/* May `next` replace `now` once answers exist? Same metric, scale and satisfied set;
 * the same options in the same order, more behind them if there is room. */
bool question_compatible(const struct question *now, const struct question *next);
/* The question that an answer with this name registers in an open survey. */
struct question question_registered(const struct survey *s, struct str name);

/* [any] Build a deep copy (the strings too) that lives in one allocation block. Assigns
 * slots to questions without one, after those that have. EMP_CONFLICT: two questions of
 * one name; EMP_INVALID: too many questions or slots; EMP_CORRUPT: slots overlap. */
EMP_MUST_CHECK enum emp_rc survey_copy(struct survey **out, const struct survey *s);
void survey_free(struct survey **s);
/* [any] A copy of `s` with n more questions behind its own (ids and slots as given). */
EMP_MUST_CHECK enum emp_rc survey_extend(struct survey **out, const struct survey *s,
					 const struct question *more, size_t n);
/* [any] The survey that results when the document `next` is put over `now` (NULL: there
 * is none). It keeps the id of `now`, and ids and slots of questions by name. What has
 * answers may not change its meaning (EMP_CONFLICT with the pointer of the question),
 * and stays, undeclared, when the document drops it. `answered` says whether answers to
 * a question of `now` are stored; `used`, whether any event of the survey is: the
 * audience is fixed then, because it decides the file. Period and threshold of
 * employees' surveys are held to whether or not there are answers. */
struct survey_use {
	bool used;
	bool (*answered)(void *ctx, const struct question *q);
	void *ctx;
};
EMP_MUST_CHECK enum emp_rc survey_merge(struct survey **out, const struct survey *now,
					const struct survey *next,
					const struct survey_use *use,
					struct problem *p);

/* A snapshot. Takes the surveys in the array (not the array), made
 * by the functions above, also when it fails. EMP_CONFLICT: a name or id twice. */
EMP_MUST_CHECK enum emp_rc surveys_new(struct surveys **out, struct survey **list,
				       size_t n);
void surveys_free(struct surveys **s);
size_t surveys_count(const struct surveys *s);
const struct survey *surveys_at(const struct surveys *s, size_t i); /* sorted by name */
const struct survey *surveys_find(const struct surveys *s, struct str name);
const struct survey *surveys_by_id(const struct surveys *s, uint32_t id);
/* Index of a question by name, -1 when absent; hashed, for the hot path. The survey
 * must be in `s`. */
int surveys_question(const struct surveys *s, const struct survey *v, struct str name);
/* Twins of `v` in `s`, named by `v` or naming it, must be of the other audience and
 * share metric, scale and satisfied set. A twin that does not exist yet is fine.
 * EMP_INVALID with the pointer of the question in the document of `v`. */
EMP_MUST_CHECK enum emp_rc
surveys_check_twins(const struct surveys *s, const struct survey *v, struct problem *p);
/* The same question asked of customers [0] and of employees [1]. */
struct survey_twin {
	const struct survey *survey[2]; /* one NULL: a question without a twin */
	const struct question *question[2];
};
/* Calls fn for every pair of twins once, and for every declared question on a scale
 * that has none: its document names no twin and nobody names it, or the one that is
 * named does not exist. Sorted by survey; pairs by that of customers. */
void surveys_each_twin(const struct surveys *s,
		       void (*fn)(void *ctx, const struct survey_twin *t), void *ctx);

#endif
