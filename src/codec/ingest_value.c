/* The values of fields (see ingest.c): whether each is what its kind wants, and what it
 * becomes in struct event. */
#include "codec/ingest_impl.h"

#include "base/num.h"

bool
ingest_string_within(const struct json_value *v, size_t most)
{
	return v->kind == JSON_KIND_STRING && v->text.n > 0 && v->text.n <= most;
}

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
		return ingest_string_within(v, LABEL_MAX_BYTES)
			? NULL
			: "must be a string of 1 to 128 bytes";
	}
}

/* Not the kind that boundary.requested makes. */
static uint8_t
suggestion_word(struct str word)
{
	enum suggestion_kind kind = suggestion_kind_find(word);

	return kind == SUGGESTION_BOUNDARY_REQUEST ? SUGGESTION_NONE : (uint8_t)kind;
}

static uint8_t
visibility_word(struct str word)
{
	return str_eq(word, STR("public"))     ? VISIBILITY_PUBLIC
		: str_eq(word, STR("private")) ? VISIBILITY_PRIVATE
					       : VISIBILITY_NONE;
}

/* Strings that stand for a number of a table; 0 is in none of them. */
static const char *
read_word(const struct field *f, uint8_t type, struct str word, uint8_t *out)
{
	const char *wanted;

	switch (f->kind) {
	case KIND_AUDIENCE:
		*out = (uint8_t)audience_find(word);
		wanted = "must be \"customer\" or \"employee\"";
		break;
	case KIND_SIGNAL:
		*out = (uint8_t)signal_find(word);
		wanted = "must be a signal such as purchase or complaint";
		break;
	case KIND_KIND:
		if (type == EVENT_RECOGNITION_GIVEN) {
			*out = (uint8_t)recognition_find(word);
			wanted = "must be praise, tangible, reward or backing";
		} else {
			*out = suggestion_word(word);
			wanted = "must be opinion, suggestion, concern, question, "
				 "internal_request, rule_to_remove, incoherence or "
				 "pattern_seen";
		}
		break;
	case KIND_STATUS:
		*out = (uint8_t)suggestion_status_find(word);
		wanted = "must be accepted, planned, started, done, declined or "
			 "duplicate";
		break;
	case KIND_DECISION:
		*out = (uint8_t)decision_answer_find(word);
		wanted = "must be yes, no or partial";
		break;
	case KIND_VERDICT:
		*out = (uint8_t)verdict_find(word);
		wanted = "must be reinforce, coach or sanction";
		break;
	case KIND_MODE:
		if (type == EVENT_CONTACT_LOGGED) {
			*out = (uint8_t)contact_mode_find(word);
			wanted = "must be face_to_face, broadcast or meeting";
		} else {
			*out = (uint8_t)boundary_mode_find(word);
			wanted = "must be \"act\" or \"propose\"";
		}
		break;
	default: /* KIND_VISIBILITY */
		*out = visibility_word(word);
		wanted = "must be \"public\" or \"private\"";
	}
	return *out != 0 ? NULL : wanted;
}

static const char *
read_driver(struct str word, int8_t *out)
{
	enum driver driver;

	if (!driver_find(word, &driver))
		return "must be spend, retention, reputation or referral";
	*out = (int8_t)driver;
	return NULL;
}

static const char *
read_rating(const struct json_value *v, int8_t *out)
{
	if (!ingest_int_in(v, 1, RATING_MAX))
		return "must be an integer from 1 to 5";
	*out = (int8_t)v->number;
	return NULL;
}

/* What a code is for, its letter says; whether it is one, whoever knows codes. */
static const char *
read_code(const struct json_value *v, struct str *out)
{
	if (!ingest_string_within(v, LABEL_MAX_BYTES))
		return "must be a string of 1 to 128 bytes";
	*out = v->text;
	return NULL;
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
	if (f->kind == KIND_LIMIT && v->kind == JSON_KIND_NULL)
		return NULL; /* no limit, as if it were not there */
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
		return ingest_string_within(v, EVENT_ID_MAX_BYTES)
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
	if (!d->ref_id_given || !ingest_string_within(&d->ref_id, EVENT_ID_MAX_BYTES))
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_REF, STR("id"), NO_INDEX},
				      "must be an id of 1 to 128 bytes");
	d->e->ref_id = d->ref_id.text;
	if (!d->ref_source_given)
		return EMP_OK;
	if (!ingest_string_within(&d->ref_source, EVENT_SOURCE_MAX_BYTES))
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_REF, STR("source"), NO_INDEX},
				      "must be a source of 1 to 128 bytes");
	d->e->ref_source = d->ref_source.text;
	return EMP_OK;
}

static enum emp_rc
check_drivers(struct decode *d)
{
	if (d->v[F_DRIVERS].kind != JSON_KIND_OBJECT)
		return ingest_bad(d, F_DRIVERS, "must be an object");
	if (d->drivers_unknown.p != NULL)
		return ingest_problem(
			d, EMP_INVALID,
			(struct place){F_DRIVERS, d->drivers_unknown, NO_INDEX},
			"the drivers are spend, retention, reputation and referral");
	for (uint32_t i = 0; i < DRIVER_COUNT; i++) {
		const struct json_value *v = &d->drivers[i];
		struct place at = {F_DRIVERS, str_from(driver_name((enum driver)i)),
				   NO_INDEX};
		enum driver_view view = VIEW_NONE;

		if ((d->drivers_given & 1u << i) == 0)
			continue;
		if (v->kind == JSON_KIND_STRING)
			view = driver_view_find(v->text);
		/* What was observed is not unsure any more. */
		if (d->e->type == EVENT_DECISION_OUTCOME && view == VIEW_UNSURE)
			view = VIEW_NONE;
		if (view == VIEW_NONE)
			return ingest_problem(d, EMP_INVALID, at,
					      d->e->type == EVENT_DECISION_OUTCOME
						      ? "must be yes or no"
						      : "must be yes, no or unsure");
		d->e->driver[i] = (uint8_t)view;
	}
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

enum emp_rc
ingest_check_field(struct decode *d, enum field_id id)
{
	const struct field *f = &ingest_fields[id];
	const struct json_value *v = &d->v[id];
	struct str word = v->kind == JSON_KIND_STRING ? v->text : STR_NONE;
	void *member = (char *)d->e + field_offset(f, d->e->type);
	const char *wanted = NULL;

	switch ((enum field_kind)f->kind) {
	case KIND_AUDIENCE:
	case KIND_SIGNAL:
	case KIND_KIND:
	case KIND_VISIBILITY:
	case KIND_STATUS:
	case KIND_DECISION:
	case KIND_VERDICT:
	case KIND_MODE:
		wanted = read_word(f, d->e->type, word, member);
		break;
	case KIND_DRIVER:
		wanted = read_driver(word, member);
		break;
	case KIND_RATING:
		wanted = read_rating(v, member);
		break;
	case KIND_CODE:
		wanted = read_code(v, member);
		break;
	case KIND_UNIT:
	case KIND_NAME:
	case KIND_TEXT:
	case KIND_LABEL:
		wanted = read_text(f, v, member);
		break;
	case KIND_IDENTITY:
		if (!ingest_string_within(v, IDENTITY_MAX_BYTES))
			wanted = IDENTITY_WANTED;
		((struct identity *)member)->text = v->text;
		break;
	case KIND_BOOL:
	case KIND_TRISTATE:
		wanted = read_bool(f, v, member);
		break;
	case KIND_COUNT:
	case KIND_CENTS:
	case KIND_LIMIT:
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
	case KIND_DRIVERS:
		return check_drivers(d);
	case KIND_ENVELOPE:
		EMP_ASSERT(f->kind != KIND_ENVELOPE);
	}
	return wanted == NULL ? EMP_OK : ingest_bad(d, id, wanted);
}
