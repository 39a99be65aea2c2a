/* A rollup's parameters: one table that says who takes what, and what each sets. */
#include "model/query.h"

#include "base/clock.h"
#include "base/num.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define IN_SATISFACTION (1u << ROLLUP_SATISFACTION)
#define IN_RETENTION (1u << ROLLUP_RETENTION)
#define IN_RECOGNITION (1u << ROLLUP_RECOGNITION)
#define IN_PARTICIPATION (1u << ROLLUP_PARTICIPATION)
#define IN_ALL ((1u << ROLLUP_COUNT) - 1)

static const char *const rollup_names[] = {
	[ROLLUP_SATISFACTION] = "satisfaction",
	[ROLLUP_RETENTION] = "retention",
	[ROLLUP_RECOGNITION] = "recognition",
	[ROLLUP_PARTICIPATION] = "participation",
};

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

/* Fields behind the dimensions, which every rollup has. */
static const struct {
	const char *name;
	unsigned rollups;
} fields[] = {
	[FIELD_AUDIENCE - DIM_COUNT] = {"audience", IN_ALL},
	[FIELD_SURVEY - DIM_COUNT] = {"survey", IN_SATISFACTION | IN_PARTICIPATION},
	[FIELD_QUESTION - DIM_COUNT] = {"question", IN_SATISFACTION},
	[FIELD_SIGNAL - DIM_COUNT] = {"signal", IN_RETENTION},
	[FIELD_KIND - DIM_COUNT] = {"kind", IN_RECOGNITION},
	[FIELD_CLASS - DIM_COUNT] = {"class", 0},
	[FIELD_ROLE - DIM_COUNT] = {"role", 0},
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
	return (unsigned)r < ROLLUP_COUNT ? rollup_names[r] : NULL;
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
#define TIME_DETAIL "expected an RFC 3339 time with its zone, or Unix seconds or ms"

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

/* from goes down and to goes up to a full second, so that no event asked for is lost.
 */
static enum emp_rc
set_time(struct query *q, const struct parameter *par, struct str value,
	 struct problem *p)
{
	int64_t ms;

	if (!time_parse(value, &ms))
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
				   "signal or kind");
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
value_fits(unsigned field, struct str value)
{
	switch (field) {
	case DIM_UNIT:
		return unit_valid(value);
	case FIELD_AUDIENCE:
		return audience_find(value) != AUDIENCE_NONE;
	case FIELD_SIGNAL:
		return signal_find(value) != SIGNAL_NONE;
	case FIELD_KIND:
		return recognition_find(value) != RECOGNITION_NONE;
	default:
		return name_valid(value);
	}
}

static enum emp_rc
set_filter(struct query *q, const struct parameter *par, struct str value,
	   struct problem *p)
{
	struct query_filter *f = &q->filter[par->field];

	do {
		struct str one = str_split(&value, ',');

		if (!value_fits(par->field, one))
			return problem_set(p, EMP_INVALID, par->name,
					   "holds something that is no %s", par->name);
		if (f->n == QUERY_VALUES_MAX)
			return problem_set(p, EMP_INVALID, par->name,
					   "takes at most %d values", QUERY_VALUES_MAX);
		f->value[f->n++] = one;
	} while (value.p != NULL);
	return EMP_OK;
}

static const struct parameter parameters[] = {
	{"from", IN_ALL, set_time, 0},
	{"to", IN_ALL, set_time, 0},
	{"step", IN_ALL, set_step, 0},
	{"group_by", IN_ALL, set_group, 0},
	{"depth", IN_ALL, set_depth, 0},
	{"fill", IN_ALL, set_fill, 0},
	{"shape", IN_ALL, set_shape, 0},
	{"format", IN_ALL, set_format, 0},
	{"as_of", IN_RECOGNITION, set_time, 0},
	{"audience", IN_ALL, set_filter, FIELD_AUDIENCE},
	{"unit", IN_ALL, set_filter, DIM_UNIT},
	{"channel", IN_ALL, set_filter, DIM_CHANNEL},
	{"touchpoint", IN_ALL, set_filter, DIM_TOUCHPOINT},
	{"segment", IN_ALL, set_filter, DIM_SEGMENT},
	{"initiative", IN_ALL, set_filter, DIM_INITIATIVE},
	{"lang", IN_ALL, set_filter, DIM_LANG},
	{"survey", IN_SATISFACTION | IN_PARTICIPATION, set_filter, FIELD_SURVEY},
	{"question", IN_SATISFACTION, set_filter, FIELD_QUESTION},
	{"signal", IN_RETENTION, set_filter, FIELD_SIGNAL},
	{"kind", IN_RECOGNITION, set_filter, FIELD_KIND},
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
	EMP_ASSERT((unsigned)r < ROLLUP_COUNT);
	*q = (struct query){
		.rollup = (uint8_t)r,
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
