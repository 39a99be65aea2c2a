/* The checking step of the event decoder (see ingest.c): what the members that
 * were read mean for an event of this type, and whether they may be there. */
#include "codec/ingest_impl.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"

/* ---- the table of fields -----------------------------------------------------------
 */

#define T(type) (UINT64_C(1) << EVENT_##type)
#define SURVEYS                                                                        \
	(T(SURVEY_INVITED) | T(SURVEY_SHOWN) | T(SURVEY_DISMISSED) | T(SURVEY_ANSWERED))
/* What is counted by all dimensions; a headcount is of a unit and nothing else. */
#define SERIES                                                                         \
	(SURVEYS | T(SIGNAL_RECORDED) | T(RECOGNITION_GIVEN) | T(TRAINING_COMPLETED) | \
	 T(BASE_SET))
#define ALL (SERIES | T(HEADCOUNT_SET))

const struct field ingest_fields[F_COUNT] = {
#define ENVELOPE(slot, id, text)                                                       \
	[F_##id] = {.name = (text), .n = sizeof(text) - 1, .kind = KIND_ENVELOPE},
#define FIELD(slot, id, text, what, member, with, needed)                              \
	[F_##id] = {.types = (with),                                                   \
		    .name = (text),                                                    \
		    .offset = offsetof(struct event, member),                          \
		    .n = sizeof(text) - 1,                                             \
		    .kind = KIND_##what},
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD
};

const uint8_t ingest_by_slot[FIELD_SLOTS] = {
#define ENVELOPE(slot, id, text) [slot] = F_##id,
#define FIELD(slot, id, text, what, member, with, needed) [slot] = F_##id,
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD
};

#define ENVELOPE(slot, id, text)                                                       \
	_Static_assert(sizeof(text) - 1 >= FIELD_NAME_MIN &&                           \
			       sizeof(text) - 1 <= FIELD_NAME_MAX,                     \
		       "field_find cannot find a name of this length");
#define FIELD(slot, id, text, what, member, with, needed) ENVELOPE(slot, id, text)
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD

/* The fields without which an event of these types is refused; folds to a few tests. */
static uint64_t
fields_needed(uint64_t types)
{
	uint64_t needed_by = 0;

#define ENVELOPE(slot, id, text)
#define FIELD(slot, id, text, what, member, with, needed)                              \
	needed_by |= ((needed)&types) != 0 ? F_BIT(F_##id) : 0;
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD
	return needed_by;
}

/* ---- envelope
 * ------------------------------------------------------------------------ */

static bool
given(const struct decode *d, enum field_id f)
{
	return (d->given & F_BIT(f)) != 0;
}

/* A string of 1 to `most` bytes. */
static bool
string_within(const struct json_value *v, size_t most)
{
	return v->kind == JSON_KIND_STRING && v->text.n > 0 && v->text.n <= most;
}

static enum emp_rc
check_attribute(struct decode *d, enum field_id f, size_t most, struct str *out)
{
	if (!given(d, f))
		return EMP_OK;
	if (!string_within(&d->v[f], most))
		return ingest_bad(d, f, "must be a string of 1 to 128 bytes");
	/* A string of a JSON text is valid already, a header's is not. */
	if (d->binary && !utf8_valid(d->v[f].text))
		return ingest_bad(d, f, "must be UTF-8");
	*out = d->v[f].text;
	return EMP_OK;
}

/* Text of a number as a time; the decimals of seconds are cut to ms. */
static bool
number_time(struct str text, int64_t *ms)
{
	struct str rest = text;
	struct str whole = str_split(&rest, '.');
	unsigned scale = MS_PER_S;
	uint64_t seconds;
	unsigned cut = 0;

	if (rest.p == NULL)
		return time_parse(text, ms);
	if (!num_u64(whole, &seconds) || !time_parse(whole, ms))
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
		scale /= 10;
		cut += scale * (unsigned)(rest.p[i] - '0');
	}
	/* What is too large for seconds is ms already. */
	if ((uint64_t)*ms != seconds)
		*ms += cut;
	return true;
}

static enum emp_rc
check_time(struct decode *d)
{
	const struct json_value *v = &d->v[F_TIME];
	struct event *e = d->e;
	bool ok = false;

	e->time = d->in->now_ms;
	e->time_given = given(d, F_TIME);
	if (!e->time_given)
		return EMP_OK;
	if (v->kind == JSON_KIND_STRING)
		ok = time_parse(v->text, &e->time);
	else if (v->kind == JSON_KIND_INT || v->kind == JSON_KIND_REAL)
		ok = number_time(v->text, &e->time);
	if (!ok)
		return ingest_bad(d, F_TIME,
				  "must be an RFC 3339 time, or seconds or ms since "
				  "1970");
	if (e->time > d->in->now_ms + FUTURE_MAX_MS)
		return ingest_bad(d, F_TIME, "lies more than 5 minutes ahead");
	return EMP_OK;
}

static enum emp_rc
check_specversion(struct decode *d)
{
	const struct json_value *v = &d->v[F_SPECVERSION];

	if (!given(d, F_SPECVERSION)) {
		if (!d->in->cloudevents)
			return EMP_OK;
		return ingest_bad(d, F_SPECVERSION, "is missing; it must be \"1.0\"");
	}
	if (v->kind != JSON_KIND_STRING || !str_eq(v->text, STR("1.0")))
		return ingest_bad(d, F_SPECVERSION, "must be \"1.0\"");
	return EMP_OK;
}

static enum emp_rc
check_type(struct decode *d)
{
	enum event_type type;

	if (!given(d, F_TYPE))
		return ingest_bad(d, F_TYPE, "is missing");
	if (d->v[F_TYPE].kind != JSON_KIND_STRING)
		return ingest_bad(d, F_TYPE, "must be a string");
	type = event_type_find(d->v[F_TYPE].text);
	if (type == EVENT_NONE)
		return ingest_bad(d, F_TYPE, "is not an event type");
	if (!event_type_works(type))
		return ingest_problem(d, EMP_UNSUPPORTED,
				      (struct place){F_TYPE, STR_NONE, NO_INDEX},
				      "this event type is not supported yet");
	d->e->type = (uint8_t)type;
	return EMP_OK;
}

/* The id first: with it a refusal can be told from others. */
static enum emp_rc
check_envelope(struct decode *d)
{
	enum emp_rc rc;

	if (d->kind != JSON_KIND_OBJECT)
		return problem_set(d->p, EMP_INVALID, "", "an event is a JSON object");
	rc = check_attribute(d, F_ID, EVENT_ID_MAX_BYTES, &d->e->id);
	if (rc != EMP_OK)
		return rc;
	d->e->id_given = d->e->id.n > 0;
	rc = check_attribute(d, F_SOURCE, EVENT_SOURCE_MAX_BYTES, &d->e->source);
	if (rc == EMP_OK)
		rc = check_specversion(d);
	if (rc == EMP_OK)
		rc = check_type(d);
	if (rc == EMP_OK)
		rc = check_time(d);
	if (rc != EMP_OK)
		return rc;
	if (given(d, F_DATA_BASE64))
		return ingest_bad(d, F_DATA_BASE64, "is not supported; send data");
	if (!given(d, F_DATA))
		return ingest_bad(d, F_DATA, "is missing");
	if (d->v[F_DATA].kind != JSON_KIND_OBJECT)
		return ingest_bad(d, F_DATA, "must be an object");
	return EMP_OK;
}

/* ---- values
 * ---------------------------------------------------------------------------- */

bool
ingest_int_in(const struct json_value *v, int64_t least, int64_t most)
{
	return v->kind == JSON_KIND_INT && v->number >= least && v->number <= most;
}

/* What a field of this kind must be, when the value is not; NULL: it is. */
static const char *
read_text(const struct field *f, const struct json_value *v, struct str *out)
{
	*out = v->text;
	switch (f->kind) {
	case KIND_UNIT:
		return v->kind == JSON_KIND_STRING && unit_valid(v->text)
			? NULL
			: "must be names of a-z 0-9 _ . - joined by /, 255 bytes "
			  "in all";
	case KIND_NAME:
		return v->kind == JSON_KIND_STRING && name_valid(v->text)
			? NULL
			: "must be a name: 1 to 64 of a-z 0-9 _ . -";
	case KIND_TEXT:
		return v->kind == JSON_KIND_STRING && v->text.n <= TEXT_MAX_BYTES
			? NULL
			: "must be a string of at most 8192 bytes";
	default: /* KIND_LABEL */
		return string_within(v, LABEL_MAX_BYTES)
			? NULL
			: "must be a string of 1 to 128 bytes";
	}
}

/* Strings that stand for a number of a table. */
static const char *
read_word(const struct field *f, const struct json_value *v, uint8_t *out)
{
	struct str word = v->kind == JSON_KIND_STRING ? v->text : STR_NONE;

	switch (f->kind) {
	case KIND_AUDIENCE:
		*out = (uint8_t)audience_find(word);
		return *out != 0 ? NULL : "must be \"customer\" or \"employee\"";
	case KIND_SIGNAL:
		*out = (uint8_t)signal_find(word);
		return *out != 0 ? NULL
				 : "must be a signal such as purchase or complaint";
	case KIND_KIND:
		*out = (uint8_t)recognition_find(word);
		return *out != 0 ? NULL : "must be praise, tangible, reward or backing";
	default: /* KIND_VISIBILITY */
		*out = str_eq(word, STR("public"))     ? VISIBILITY_PUBLIC
			: str_eq(word, STR("private")) ? VISIBILITY_PRIVATE
						       : VISIBILITY_NONE;
		return *out != 0 ? NULL : "must be \"public\" or \"private\"";
	}
}

static const char *
read_number(const struct field *f, const struct json_value *v, int64_t *out)
{
	if (f->kind == KIND_COUNT) {
		*out = v->number;
		return ingest_int_in(v, 0, COUNT_MAX)
			? NULL
			: "must be an integer from 0 to 10000000000";
	}
	/* From the text: a double would make 0.29 something else. */
	if ((v->kind == JSON_KIND_INT || v->kind == JSON_KIND_REAL) &&
	    num_cents(v->text, out) && *out >= 0 && *out <= CENTS_MAX)
		return NULL;
	return "must be a number from 0 to 1000000000 with at most 2 decimals";
}

static const char *
read_bool(const struct field *f, const struct json_value *v, void *out)
{
	bool yes = v->kind == JSON_KIND_TRUE;

	if (!yes && v->kind != JSON_KIND_FALSE)
		return "must be true or false";
	if (f->kind == KIND_TRISTATE)
		*(int8_t *)out = yes;
	else
		*(bool *)out = yes;
	return NULL;
}

#define IDENTITY_WANTED "must be a string of 1 to 128 bytes"

static enum emp_rc
check_to(struct decode *d)
{
	const struct json_value *v = &d->v[F_TO];
	const struct str *names = &v->text;
	uint32_t n = 1;

	if (v->kind == JSON_KIND_ARRAY) {
		n = d->to.n;
		names = d->strings + d->to.first;
		if (n == 0 || n > RECIPIENTS_MAX)
			return ingest_bad(d, F_TO, "must name 1 to 64 recipients");
	} else if (v->kind != JSON_KIND_STRING) {
		return ingest_bad(d, F_TO, "must be a string or a list of strings");
	}
	d->e->to = arena_zalloc(d->in->arena, n * sizeof *d->e->to);
	if (d->e->to == NULL)
		return EMP_NOMEM;
	d->e->n_to = n;
	for (uint32_t i = 0; i < n; i++) {
		struct place at = {F_TO, STR_NONE, NO_INDEX};
		bool ok = v->kind == JSON_KIND_STRING || i < d->to.bad;

		if (v->kind == JSON_KIND_ARRAY)
			at.index = i;
		if (!ok || names[i].n == 0 || names[i].n > IDENTITY_MAX_BYTES)
			return ingest_problem(d, EMP_INVALID, at, IDENTITY_WANTED);
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(names[k], names[i]))
				return ingest_problem(d, EMP_INVALID, at,
						      "is in the list twice");
		d->e->to[i].text = names[i];
	}
	return EMP_OK;
}

static enum emp_rc
check_ref(struct decode *d)
{
	const struct json_value *v = &d->v[F_REF];

	if (v->kind == JSON_KIND_STRING) {
		d->e->ref_id = v->text;
		return string_within(v, EVENT_ID_MAX_BYTES)
			? EMP_OK
			: ingest_bad(d, F_REF, "must be an id of 1 to 128 bytes");
	}
	if (v->kind != JSON_KIND_OBJECT)
		return ingest_bad(d, F_REF,
				  "must be an id, or an object of source and id");
	if (d->ref_unknown.p != NULL)
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_REF, d->ref_unknown, NO_INDEX},
				      "a reference has source and id, no more");
	if (!d->ref_id_given || !string_within(&d->ref_id, EVENT_ID_MAX_BYTES))
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_REF, STR("id"), NO_INDEX},
				      "must be an id of 1 to 128 bytes");
	d->e->ref_id = d->ref_id.text;
	if (!d->ref_source_given)
		return EMP_OK;
	if (!string_within(&d->ref_source, EVENT_SOURCE_MAX_BYTES))
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_REF, STR("source"), NO_INDEX},
				      "must be a source of 1 to 128 bytes");
	d->e->ref_source = d->ref_source.text;
	return EMP_OK;
}

static enum emp_rc
check_survey(struct decode *d)
{
	const struct json_value *v = &d->v[F_SURVEY];

	if (v->kind == JSON_KIND_STRING)
		d->e->survey = surveys_find(d->in->surveys, v->text);
	if (d->e->survey == NULL)
		return ingest_bad(d, F_SURVEY, "there is no such survey");
	return EMP_OK;
}

static enum emp_rc
check_field(struct decode *d, enum field_id id)
{
	const struct field *f = &ingest_fields[id];
	const struct json_value *v = &d->v[id];
	void *member = (char *)d->e + f->offset;
	const char *wanted = NULL;

	switch ((enum field_kind)f->kind) {
	case KIND_AUDIENCE:
	case KIND_SIGNAL:
	case KIND_KIND:
	case KIND_VISIBILITY:
		wanted = read_word(f, v, member);
		break;
	case KIND_UNIT:
	case KIND_NAME:
	case KIND_TEXT:
	case KIND_LABEL:
		wanted = read_text(f, v, member);
		break;
	case KIND_IDENTITY:
		if (!string_within(v, IDENTITY_MAX_BYTES))
			wanted = IDENTITY_WANTED;
		((struct identity *)member)->text = v->text;
		break;
	case KIND_BOOL:
	case KIND_TRISTATE:
		wanted = read_bool(f, v, member);
		break;
	case KIND_COUNT:
	case KIND_CENTS:
		wanted = read_number(f, v, member);
		break;
	case KIND_SURVEY:
		return check_survey(d);
	case KIND_ANSWERS:
		return ingest_check_answers(d);
	case KIND_TO:
		return check_to(d);
	case KIND_REF:
		return check_ref(d);
	case KIND_ENVELOPE:
		EMP_ASSERT(f->kind != KIND_ENVELOPE);
	}
	return wanted == NULL ? EMP_OK : ingest_bad(d, id, wanted);
}

/* ---- what members mean together
 * -------------------------------------------------------- */

static enum emp_rc
settle_audience(struct decode *d)
{
	struct event *e = d->e;
	uint8_t said = e->audience; /* none, when not given */
	enum audience follows = AUDIENCE_NONE;

	if (e->survey != NULL)
		follows = e->survey->audience;
	else if (e->type == EVENT_TRAINING_COMPLETED || e->type == EVENT_HEADCOUNT_SET)
		follows = AUDIENCE_EMPLOYEE;
	else if (e->type == EVENT_BASE_SET)
		follows = AUDIENCE_CUSTOMER;
	if (follows == AUDIENCE_NONE)
		return EMP_OK; /* the table says that it must be given then */
	if (said != AUDIENCE_NONE && said != follows)
		return ingest_bad(d, F_AUDIENCE,
				  e->survey != NULL ? "is not that of the survey"
						    : "is not that of the event type");
	e->audience = (uint8_t)follows;
	return EMP_OK;
}

static enum emp_rc
settle_signal(struct decode *d)
{
	struct event *e = d->e;

	if (!signal_fits(e->signal, e->audience))
		return ingest_bad(d, F_SIGNAL, "is not a signal of this audience");
	if (given(d, F_VOLUNTARY) && e->signal != SIGNAL_SEPARATION)
		return ingest_bad(d, F_VOLUNTARY, "belongs to separation only");
	if (given(d, F_DAYS) && e->signal != SIGNAL_ABSENCE)
		return ingest_bad(d, F_DAYS, "belongs to absence only");
	e->class = (uint8_t)signal_class(e->signal, e->audience);
	return EMP_OK;
}

/* Names in clear and publicity need each other, and the recipient's consent. */
static enum emp_rc
settle_recognition(struct decode *d)
{
	struct event *e = d->e;
	bool employee = e->audience == AUDIENCE_EMPLOYEE;

	if (e->visibility == VISIBILITY_NONE && employee)
		return ingest_bad(d, F_VISIBILITY, "is missing");
	if (e->visibility == VISIBILITY_NONE)
		e->visibility = VISIBILITY_PRIVATE;
	if (e->visibility == VISIBILITY_PUBLIC) {
		if (!given(d, F_TO_NAME))
			return ingest_bad(d, F_TO_NAME, "is needed to make it public");
		if (!given(d, F_FROM_NAME))
			return ingest_bad(d, F_FROM_NAME,
					  "is needed to make it public");
		if (!e->to_agrees)
			return ingest_bad(d, F_TO_AGREES,
					  "must be true to make it public");
	} else {
		if (given(d, F_TO_NAME))
			return ingest_bad(d, F_TO_NAME, "is for public ones only");
		if (given(d, F_FROM_NAME))
			return ingest_bad(d, F_FROM_NAME, "is for public ones only");
	}
	e->class = !employee                         ? CLASS_CUSTOMER
		: e->visibility == VISIBILITY_PUBLIC ? CLASS_OPERATIONAL
						     : CLASS_PERSONNEL;
	return EMP_OK;
}

static enum emp_rc
settle(struct decode *d)
{
	struct event *e = d->e;
	enum emp_rc rc = settle_audience(d);

	if (rc != EMP_OK)
		return rc;
	switch (event_type_class(e->type)) {
	case CLASS_BY_SURVEY:
		e->class = e->audience == AUDIENCE_EMPLOYEE ? CLASS_SEALED
							    : CLASS_CUSTOMER;
		return EMP_OK;
	case CLASS_BY_SIGNAL:
		return settle_signal(d);
	case CLASS_BY_VISIBILITY:
		return settle_recognition(d);
	case CLASS_BY_AUDIENCE:
	case CLASS_BY_REF:
		EMP_ASSERT(!"a rule that no working type has");
		return EMP_INTERNAL;
	default:
		break;
	}
	e->class = (uint8_t)event_type_class(e->type);
	if (e->leaders > e->headcount)
		return ingest_bad(d, F_LEADERS, "is more than headcount");
	return EMP_OK;
}

/* ---- all of it
 * -------------------------------------------------------------------------- */

static enum emp_rc
check_membership(struct decode *d)
{
	uint64_t type = UINT64_C(1) << d->e->type;
	uint64_t missing = fields_needed(type) & ~d->given;

	for (uint64_t left = d->given; left != 0; left &= left - 1) {
		enum field_id f = (enum field_id)__builtin_ctzll(left);

		if (ingest_fields[f].kind != KIND_ENVELOPE &&
		    (ingest_fields[f].types & type) == 0)
			return ingest_bad(d, f, "does not belong to this event type");
	}
	if (d->unknown.p != NULL)
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_NONE, d->unknown, NO_INDEX},
				      "there is no such field");
	if (missing != 0)
		return ingest_bad(d, (enum field_id)__builtin_ctzll(missing),
				  "is missing");
	return EMP_OK;
}

static void
find_names(struct decode *d)
{
	/* Confidential rows hold names as text, so their numbers are of no use. */
	if (class_is_confidential(d->e->class))
		return;
	for (int i = 0; i < DIM_COUNT; i++)
		if (d->e->dim[i].n > 0 && d->in->names[i] != NULL)
			d->e->dim_id[i] = intern_find(d->in->names[i], d->e->dim[i]);
}

enum emp_rc
ingest_check(struct decode *d)
{
	struct event *e = d->e;
	enum emp_rc rc = check_envelope(d);

	if (rc == EMP_OK)
		rc = check_membership(d);
	if (rc != EMP_OK)
		return rc;
	e->complete = e->type == EVENT_SURVEY_ANSWERED;
	e->voluntary = -1;
	e->hours_cents = -1;
	e->days_cents = -1;
	e->headcount = -1;
	e->leaders = -1;
	e->possible_days_cents = -1;
	e->active = -1;
	for (uint64_t left = d->given; left != 0 && rc == EMP_OK; left &= left - 1) {
		enum field_id f = (enum field_id)__builtin_ctzll(left);

		if (ingest_fields[f].kind != KIND_ENVELOPE)
			rc = check_field(d, f);
	}
	if (rc == EMP_OK)
		rc = settle(d);
	if (rc == EMP_OK)
		find_names(d);
	return rc;
}
