/* The parameters of rollups and lists: one table that says who takes what, and what
 * each sets. */
#include "model/query.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "model/lifecycle.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define IN(ask) (1u << (ask))
#define IN_SURVEYS (IN(ROLLUP_SATISFACTION) | IN(ROLLUP_PARTICIPATION))
#define IN_PRAISE (IN(ROLLUP_RECOGNITION) | IN(ASK_RECOGNITION))
#define IN_VOICE (IN(ROLLUP_SUGGESTIONS) | IN(ASK_SUGGESTIONS))
#define IN_ROLLUPS (IN(ROLLUP_COUNT) - 1)
/* Lists that come in pages: what is asked of them is looked up, not added up, so most
 * filters take one value. */
#define IN_PAGES                                                                       \
	(IN(ASK_COMMENTS) | IN(ASK_RECOGNITION) | IN(ASK_SUGGESTIONS) | IN(ASK_AUDIT))
#define IN_REGISTRY (IN(ASK_BOUNDARIES) | IN(ASK_CANDIDATES))
#define IN_DECISIONS (IN(ROLLUP_DECISIONS) | IN_REGISTRY)
#define IN_REPORTS (IN(ASK_COHERENCE) | IN(ASK_OVERVIEW) | IN(ASK_ALERTS))
/* Of one thing, by its id or code. */
#define IN_ONE (IN(ASK_SUGGESTION) | IN(ASK_RECEIPT) | IN(ASK_ME))
#define IN_MANY (IN(ASK_COUNT) - 1 - IN_ONE)
/* Of customers or employees, and of units. */
#define IN_FIGURES (IN_MANY & ~IN(ASK_AUDIT))
#define IN_WINDOW (IN_MANY & ~IN_REGISTRY)
#define IN_TABLES (IN_MANY & ~IN(ASK_OVERVIEW))
#define IN_DIMS (IN_ROLLUPS | IN(ASK_COMMENTS) | IN(ASK_RECOGNITION))
/* What moves with the clock. */
#define IN_AS_OF                                                                       \
	(IN_REPORTS | IN_REGISTRY | IN_VOICE | IN(ROLLUP_RECOGNITION) |                \
	 IN(ROLLUP_TRAINING) | IN(ROLLUP_CONTACT) | IN(ASK_INITIATIVES))

static const char *const rollup_names[] = {
	[ROLLUP_SATISFACTION] = "satisfaction",
	[ROLLUP_RETENTION] = "retention",
	[ROLLUP_RECOGNITION] = "recognition",
	[ROLLUP_PARTICIPATION] = "participation",
	[ROLLUP_SUGGESTIONS] = "suggestions",
	[ROLLUP_DECISIONS] = "decisions",
	[ROLLUP_TRAINING] = "training",
	[ROLLUP_CONTACT] = "contact",
	[ASK_COHERENCE] = "coherence",
	[ASK_OVERVIEW] = "overview",
	[ASK_ALERTS] = "alerts",
	[ASK_COMMENTS] = "comments",
	[ASK_RECOGNITION] = "recognition",
	[ASK_BOUNDARIES] = "boundaries",
	[ASK_CANDIDATES] = "candidates",
	[ASK_INITIATIVES] = "initiatives",
	[ASK_SUGGESTIONS] = "suggestions",
	[ASK_SUGGESTION] = "suggestion",
	[ASK_RECEIPT] = "receipt",
	[ASK_ME] = "me",
	[ASK_AUDIT] = "audit",
};
_Static_assert(COUNT(rollup_names) == ASK_COUNT, "name everything that is asked");

static const struct {
	const char *name;
	int64_t seconds; /* the shortest such bucket there is */
	enum tz_unit unit;
} steps[] = {
	[STEP_ALL] = {"all", 0, TZ_DAY},
	[STEP_MINUTE] = {"minute", S_PER_MIN, TZ_MINUTE},
	[STEP_HOUR] = {"hour", S_PER_HOUR, TZ_HOUR},
	[STEP_DAY] = {"day", S_PER_DAY - S_PER_HOUR, TZ_DAY},
	[STEP_WEEK] = {"week", 7 * S_PER_DAY - S_PER_HOUR, TZ_WEEK},
	[STEP_MONTH] = {"month", 28 * S_PER_DAY - S_PER_HOUR, TZ_MONTH},
};

/* Fields behind the dimensions, which every rollup has; and who has rows of them. */
static const struct {
	const char *name;
	unsigned rollups;
} fields[] = {
	[FIELD_AUDIENCE - DIM_COUNT] = {"audience", IN_ROLLUPS},
	[FIELD_SURVEY - DIM_COUNT] = {"survey", IN_SURVEYS},
	[FIELD_QUESTION - DIM_COUNT] = {"question", IN(ROLLUP_SATISFACTION)},
	[FIELD_SIGNAL - DIM_COUNT] = {"signal", IN(ROLLUP_RETENTION)},
	[FIELD_KIND -
		DIM_COUNT] = {"kind", IN(ROLLUP_RECOGNITION) | IN(ROLLUP_SUGGESTIONS)},
	[FIELD_CLASS - DIM_COUNT] = {"class", IN(ROLLUP_DECISIONS)},
	[FIELD_ROLE - DIM_COUNT] = {"role", IN(ROLLUP_DECISIONS)},
};
_Static_assert(COUNT(fields) == FIELD_COUNT - DIM_COUNT, "name every field");

/* Names of people in events: whoever asks for them gets to know why there is nothing.
 */
static const char *const identities[] = {"person", "respondent", "case", "ref"};

enum rollup
rollup_find(struct str name)
{
	for (size_t i = 0; i < ROLLUP_COUNT; i++) {
		if (str_is(name, rollup_names[i]))
			return (enum rollup)i;
	}
	return ROLLUP_COUNT;
}

const char *
rollup_name(enum rollup r)
{
	return (unsigned)r < ASK_COUNT ? rollup_names[r] : NULL;
}

const char *
field_name(enum field f)
{
	EMP_ASSERT((unsigned)f < FIELD_COUNT);
	if ((unsigned)f < DIM_COUNT)
		return dim_name((enum dim)f);
	return fields[f - DIM_COUNT].name;
}

const char *
step_name(enum step s)
{
	return (unsigned)s < COUNT(steps) ? steps[s].name : NULL;
}

enum tz_unit
step_unit(enum step s)
{
	EMP_ASSERT(s > STEP_ALL && (unsigned)s < COUNT(steps));
	return steps[s].unit;
}

/* FIELD_COUNT when there is none. */
static unsigned
field_find(struct str name)
{
	enum dim d;

	if (dim_find(name, &d))
		return d;
	for (unsigned i = 0; i < COUNT(fields); i++) {
		if (str_is(name, fields[i].name))
			return DIM_COUNT + i;
	}
	return FIELD_COUNT;
}

static bool
field_fits(unsigned f, unsigned rollup)
{
	return f < DIM_COUNT || (fields[f - DIM_COUNT].rollups >> rollup & 1);
}

/* `times` too: as keys of an event, from and to are people. */
static bool
is_identity(struct str name, bool times)
{
	for (size_t i = 0; i < COUNT(identities); i++) {
		if (str_is(name, identities[i]))
			return true;
	}
	return times && (str_is(name, "from") || str_is(name, "to"));
}

#define PEOPLE_DETAIL "people are never a dimension: no figure is about one person"
#define TIME_DETAIL                                                                    \
	"expected a date such as 2026-01-31, an RFC 3339 time with its zone, such as " \
	"2026-01-31T00:00:00Z, or Unix seconds or ms"
#define DATE_CHARS (sizeof "2026-01-31" - 1)
#define NOON "T12:00:00Z"

struct parameter {
	const char *name;
	unsigned rollups;
	enum emp_rc (*set)(struct query *q, const struct parameter *par,
			   struct str value, struct problem *p);
	unsigned field; /* of a filter */
};

static enum emp_rc
bad(const struct parameter *par, struct problem *p, const char *detail)
{
	return problem_set(p, EMP_INVALID, par->name, "%s", detail);
}

/* A date is the start of that day in the instance's zone. */
static bool
read_date(const struct tz *tz, struct str value, int64_t *ms)
{
	char noon[DATE_CHARS + sizeof NOON];
	int64_t t;

	if (value.n != DATE_CHARS)
		return false;
	memcpy(noon, value.p, DATE_CHARS);
	memcpy(noon + DATE_CHARS, NOON, sizeof NOON);
	if (!time_parse(str_from(noon), ms))
		return false;
	t = *ms / MS_PER_S;
	/* From noon, so that an offset of the hours around does not matter. */
	t = tz == NULL ? t - S_PER_DAY / 2 : tz_floor(tz, TZ_DAY, t - tz_offset(tz, t));
	*ms = t * MS_PER_S;
	return true;
}

/* from goes down and to goes up to a full second, so that no event asked for is lost.
 */
static enum emp_rc
set_time(struct query *q, const struct parameter *par, struct str value,
	 struct problem *p)
{
	int64_t ms;

	if (!read_date(q->tz, value, &ms) && !time_parse(value, &ms))
		return bad(par, p, TIME_DETAIL);
	if (str_is(STR("from"), par->name)) {
		q->from = ms / MS_PER_S;
		q->from_given = true;
	} else if (str_is(STR("to"), par->name)) {
		q->to = (ms + MS_PER_S - 1) / MS_PER_S;
		q->to_given = true;
	} else {
		q->as_of = ms / MS_PER_S;
		q->as_of_given = true;
	}
	return EMP_OK;
}

static enum emp_rc
set_step(struct query *q, const struct parameter *par, struct str value,
	 struct problem *p)
{
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (str_is(value, steps[i].name)) {
			q->step = (uint8_t)i;
			return EMP_OK;
		}
	}
	return bad(par, p, "expected minute, hour, day, week, month or all");
}

static enum emp_rc
set_group(struct query *q, const struct parameter *par, struct str value,
	  struct problem *p)
{
	do {
		struct str name = str_split(&value, ',');
		unsigned f = field_find(name);

		if (is_identity(name, true))
			return bad(par, p, PEOPLE_DETAIL);
		if (f == FIELD_COUNT)
			return bad(par, p,
				   "expected audience, unit, "
				   "channel, touchpoint, segment, "
				   "initiative, lang, survey, question, "
				   "signal, kind, class or role");
		if (!field_fits(f, q->rollup))
			return problem_set(
				p, EMP_INVALID, par->name, "rows of %s have no %s",
				rollup_names[q->rollup], field_name((enum field)f));
		if (q->group >> f & 1)
			return problem_set(p, EMP_INVALID, par->name, "names %s twice",
					   field_name((enum field)f));
		q->group |= 1u << f;
		q->order[q->n_order++] = (uint8_t)f;
	} while (value.p != NULL);
	return EMP_OK;
}

static enum emp_rc
set_depth(struct query *q, const struct parameter *par, struct str value,
	  struct problem *p)
{
	uint64_t depth;

	if (!num_u64(value, &depth) || depth == 0 || depth > QUERY_DEPTH_MAX)
		return problem_set(p, EMP_INVALID, par->name,
				   "expected a number of parts from 1 to %d",
				   QUERY_DEPTH_MAX);
	q->depth = (uint32_t)depth;
	return EMP_OK;
}

static enum emp_rc
set_fill(struct query *q, const struct parameter *par, struct str value,
	 struct problem *p)
{
	if (!num_bool(value, &q->fill))
		return bad(par, p, "expected 1 or 0");
	return EMP_OK;
}

static enum emp_rc
set_shape(struct query *q, const struct parameter *par, struct str value,
	  struct problem *p)
{
	if (str_is(value, "columns"))
		q->shape = SHAPE_COLUMNS;
	else if (!str_is(value, "rows"))
		return bad(par, p, "expected rows or columns");
	return EMP_OK;
}

static enum emp_rc
set_format(struct query *q, const struct parameter *par, struct str value,
	   struct problem *p)
{
	if (str_is(value, "csv"))
		q->format = FORMAT_CSV;
	else if (!str_is(value, "json"))
		return bad(par, p, "expected json or csv");
	return EMP_OK;
}

static bool
kind_fits(unsigned rollup, struct str value)
{
	if (IN(rollup) & IN_VOICE)
		return suggestion_kind_find(value) != SUGGESTION_NONE;
	return recognition_find(value) != RECOGNITION_NONE;
}

static bool
value_fits(const struct query *q, unsigned field, struct str value)
{
	switch (field) {
	case DIM_UNIT:
		return unit_valid(value);
	case FIELD_AUDIENCE:
		return audience_find(value) != AUDIENCE_NONE;
	case FIELD_SIGNAL:
		return signal_find(value) != SIGNAL_NONE;
	case FIELD_KIND:
		return kind_fits(q->rollup, value);
	default:
		return name_valid(value);
	}
}

static uint32_t
values_max(const struct query *q, unsigned field)
{
	bool one = field == DIM_UNIT || field == FIELD_AUDIENCE ||
		field == FIELD_SURVEY;

	return one && (IN(q->rollup) & IN_PAGES) ? 1 : QUERY_VALUES_MAX;
}

static enum emp_rc
set_filter(struct query *q, const struct parameter *par, struct str value,
	   struct problem *p)
{
	struct query_filter *f = &q->filter[par->field];
	uint32_t max = values_max(q, par->field);

	do {
		struct str one = str_split(&value, ',');

		if (!value_fits(q, par->field, one))
			return problem_set(p, EMP_INVALID, par->name,
					   "holds something that is no %s", par->name);
		if (f->n == max)
			return max == 1 ? bad(par, p, "takes one value here")
					: problem_set(p, EMP_INVALID, par->name,
						      "takes at most %d values",
						      QUERY_VALUES_MAX);
		f->value[f->n++] = one;
	} while (value.p != NULL);
	return EMP_OK;
}

/* Names the states: nobody knows them by heart. */
static enum emp_rc
bad_state(const struct parameter *par, struct problem *p)
{
	char names[PROBLEM_DETAIL_MAX] = "";
	size_t n = 0;

	for (int s = STATE_NONE + 1; s < STATE_COUNT && n < sizeof names; s++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s",
				      n > 0 ? ", " : "",
				      suggestion_state_name((enum suggestion_state)s));
	return problem_set(p, EMP_INVALID, par->name, "holds no state of these: %s",
			   names);
}

static enum emp_rc
set_states(struct query *q, const struct parameter *par, struct str value,
	   struct problem *p)
{
	do {
		struct str one = str_split(&value, ',');
		enum suggestion_state s = suggestion_state_find(one);

		if (s == STATE_NONE)
			return bad_state(par, p);
		q->states |= 1u << s;
	} while (value.p != NULL);
	return EMP_OK;
}

static enum emp_rc
set_category(struct query *q, const struct parameter *par, struct str value,
	     struct problem *p)
{
	/* Alerts have categories of their own: complaint/checkout. */
	if (q->rollup == ASK_ALERTS ? !unit_valid(value) : !name_valid(value))
		return bad(par, p, "is no name");
	q->category = value;
	return EMP_OK;
}

static enum emp_rc
set_flag(struct query *q, const struct parameter *par, struct str value,
	 struct problem *p)
{
	bool *flag = str_is(STR("board"), par->name) ? &q->board : &q->overdue;

	if (!num_bool(value, flag))
		return bad(par, p, "expected 1 or 0");
	return EMP_OK;
}

static enum emp_rc
set_limit(struct query *q, const struct parameter *par, struct str value,
	  struct problem *p)
{
	uint64_t limit;

	if (!num_u64(value, &limit) || limit == 0 || limit > QUERY_LIMIT_MAX)
		return problem_set(p, EMP_INVALID, par->name,
				   "expected a number of rows from 1 to %d",
				   QUERY_LIMIT_MAX);
	q->limit = (uint32_t)limit;
	return EMP_OK;
}

static enum emp_rc
set_days(struct query *q, const struct parameter *par, struct str value,
	 struct problem *p)
{
	uint64_t days;

	if (!num_u64(value, &days) || days == 0 || days > QUERY_DAYS_MAX)
		return problem_set(p, EMP_INVALID, par->name,
				   "expected a number of days from 1 to %d",
				   QUERY_DAYS_MAX);
	q->days = (uint32_t)days;
	return EMP_OK;
}

/* What it means, whoever made it knows; here it only has to look like one. */
static enum emp_rc
set_cursor(struct query *q, const struct parameter *par, struct str value,
	   struct problem *p)
{
	if (!name_valid(value))
		return bad(par, p, "expected `next` of the page before");
	q->cursor = value;
	return EMP_OK;
}

static enum emp_rc
set_source(struct query *q, const struct parameter *par, struct str value,
	   struct problem *p)
{
	if (value.n == 0 || value.n > EVENT_SOURCE_MAX_BYTES || !utf8_valid(value))
		return bad(par, p, "expected 1 to 128 bytes of UTF-8");
	q->source = value;
	return EMP_OK;
}

static const struct parameter parameters[] = {
	{"from", IN_WINDOW, set_time, 0},
	{"to", IN_WINDOW, set_time, 0},
	{"step", IN_ROLLUPS | IN(ASK_COHERENCE), set_step, 0},
	{"group_by", IN_ROLLUPS, set_group, 0},
	{"depth", IN_ROLLUPS | IN(ASK_CANDIDATES), set_depth, 0},
	{"fill", IN_ROLLUPS, set_fill, 0},
	{"shape", IN_TABLES, set_shape, 0},
	{"format", IN_TABLES, set_format, 0},
	{"as_of", IN_AS_OF, set_time, 0},
	{"audience", IN_FIGURES & ~(IN_REGISTRY | IN(ASK_COHERENCE) | IN(ASK_OVERVIEW)),
	 set_filter, FIELD_AUDIENCE},
	{"unit", IN_FIGURES, set_filter, DIM_UNIT},
	{"channel", IN_DIMS, set_filter, DIM_CHANNEL},
	{"touchpoint", IN_DIMS, set_filter, DIM_TOUCHPOINT},
	{"segment", IN_DIMS, set_filter, DIM_SEGMENT},
	{"initiative", IN_DIMS | IN(ASK_INITIATIVES), set_filter, DIM_INITIATIVE},
	{"lang", IN_DIMS, set_filter, DIM_LANG},
	{"survey", IN_SURVEYS | IN(ASK_COHERENCE) | IN(ASK_COMMENTS), set_filter,
	 FIELD_SURVEY},
	{"question", IN(ROLLUP_SATISFACTION) | IN(ASK_COMMENTS), set_filter,
	 FIELD_QUESTION},
	{"signal", IN(ROLLUP_RETENTION), set_filter, FIELD_SIGNAL},
	{"kind", IN_PRAISE | IN_VOICE, set_filter, FIELD_KIND},
	{"role", IN_DECISIONS, set_filter, FIELD_ROLE},
	{"class", IN_DECISIONS, set_filter, FIELD_CLASS},
	{"category", IN_VOICE | IN(ASK_ALERTS), set_category, 0},
	{"state", IN(ASK_SUGGESTIONS), set_states, 0},
	{"overdue", IN(ASK_SUGGESTIONS), set_flag, 0},
	{"board", IN(ASK_SUGGESTIONS), set_flag, 0},
	{"days", IN(ASK_INITIATIVES), set_days, 0},
	{"limit", IN_PAGES, set_limit, 0},
	{"cursor", IN_PAGES, set_cursor, 0},
	{"source", IN(ASK_SUGGESTION), set_source, 0},
};
_Static_assert(COUNT(parameters) <= 32, "struct query has a bit per parameter");

const char *
query_parameter(size_t i, enum rollup r, bool *taken)
{
	if (i >= COUNT(parameters))
		return NULL;
	*taken = parameters[i].rollups >> r & 1;
	return parameters[i].name;
}

void
query_init(struct query *q, enum rollup r)
{
	EMP_ASSERT((unsigned)r < ASK_COUNT);
	*q = (struct query){
		.rollup = (uint8_t)r,
		.limit = QUERY_LIMIT,
		.days = QUERY_DAYS,
		.from = QUERY_FOREVER_FROM,
		.to = QUERY_FOREVER_TO,
	};
}

enum emp_rc
query_set(struct query *q, struct str name, struct str value, struct problem *p)
{
	char pointer[NAME_MAX_BYTES + 1] = "";

	for (size_t i = 0; i < COUNT(parameters); i++) {
		const struct parameter *par = &parameters[i];

		if (!str_is(name, par->name))
			continue;
		if (!(par->rollups >> q->rollup & 1))
			return problem_set(p, EMP_INVALID, par->name,
					   "is not a parameter of %s",
					   rollup_names[q->rollup]);
		if (q->seen >> i & 1)
			return bad(par, p, "is given twice; join values with commas");
		q->seen |= 1u << i;
		return par->set(q, par, value, p);
	}
	/* What is no name is not repeated: it may be anything. */
	if (name_valid(name)) {
		memcpy(pointer, name.p, name.n);
		pointer[name.n] = '\0';
	}
	return problem_set(p, EMP_INVALID, pointer, "%s",
			   is_identity(name, false) ? PEOPLE_DETAIL
						    : "there is no such parameter");
}

enum emp_rc
query_check(const struct query *q, struct problem *p)
{
	if (q->from >= q->to)
		return problem_set(p, EMP_INVALID, q->to_given ? "to" : "from",
				   "the window is empty: from must lie before to");
	if (q->shape == SHAPE_COLUMNS && q->format == FORMAT_CSV)
		return problem_set(p, EMP_INVALID, "shape",
				   "columns are a shape of JSON, not of CSV");
	if (q->fill && q->step != STEP_ALL && q->from_given && q->to_given &&
	    (q->to - q->from) / steps[q->step].seconds > QUERY_ROWS_MAX)
		return problem_set(p, EMP_INVALID, "step",
				   "the window has more than %d such buckets to fill",
				   QUERY_ROWS_MAX);
	return EMP_OK;
}
