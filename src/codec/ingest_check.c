/* The checking step of the event decoder (see ingest.c): the envelope, and whether the
 * members that were read belong to an event of this type. */
#include "codec/ingest_impl.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"

static bool
given(const struct decode *d, enum field_id f)
{
	return (d->envelope_given & ENVELOPE_BIT(f)) != 0;
}

static enum emp_rc
check_attribute(struct decode *d, enum field_id f, size_t most, struct str *out)
{
	if (!given(d, f))
		return EMP_OK;
	if (!ingest_string_within(&d->v[f], most))
		return ingest_bad(d, f, "must be a string of 1 to 128 bytes");
	/* A string of a JSON text is valid already, a header's is not. */
	if (d->form == DECODE_BINARY && !utf8_valid(d->v[f].text))
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

	if (d->form == DECODE_FLAT)
		return EMP_OK; /* the route says it */
	if (!given(d, F_TYPE))
		return ingest_bad(d, F_TYPE, "is missing");
	if (d->v[F_TYPE].kind != JSON_KIND_STRING)
		return ingest_bad(d, F_TYPE, "must be a string");
	type = event_type_find(d->v[F_TYPE].text);
	if (type == EVENT_NONE)
		return ingest_bad(d, F_TYPE, "is not an event type");
	d->e->type = (uint8_t)type;
	return EMP_OK;
}

/* Ids of this form are ours: they say in which file to look. */
static bool
is_case_id(struct str id)
{
	uint8_t handle[HANDLE_BYTES];

	return ingest_case_id(id, handle);
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
	if (d->e->id_given && is_case_id(d->e->id))
		return ingest_bad(d, F_ID, "ids of this form are given by the server");
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

/* ---- all of it ------------------------------------------------------------------- */

/* What the text of a flat form may not name itself when it comes from elsewhere. */
static uint64_t
outer_field(const struct decode *d)
{
	return ingest_types[d->e->type].needs & (F_BIT(F_REF) | F_BIT(F_RECEIPT));
}

static enum emp_rc
check_membership(struct decode *d)
{
	const struct type_fields *type = &ingest_types[d->e->type];
	uint64_t strange = d->given & ~type->has;
	uint64_t missing = type->needs & ~d->given;
	uint64_t outer = outer_field(d);

	if (d->outer_ref.p != NULL) {
		strange |= d->given & outer;
		missing &= ~outer;
	}
	if (strange != 0)
		return ingest_bad(d, field_first(strange),
				  "does not belong to this event type");
	if (d->unknown.p != NULL)
		return ingest_problem(d, EMP_INVALID,
				      (struct place){F_NONE, d->unknown, NO_INDEX},
				      "there is no such field");
	if (missing != 0)
		return ingest_bad(d, field_first(missing), "is missing");
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

/* What fields hold that are not there, where that is not 0. */
static void
say_nothing(struct event *e)
{
	e->complete = e->type == EVENT_SURVEY_ANSWERED;
	e->voluntary = -1;
	e->hours_cents = -1;
	e->days_cents = -1;
	e->headcount = -1;
	e->leaders = -1;
	e->possible_days_cents = -1;
	e->active = -1;
	e->will_examine = -1;
	e->driver_missed = -1;
	e->self_rating = -1;
	e->customer_benefit = -1;
	e->amount_cents = -1;
	e->limit_cents = -1;
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
	say_nothing(e);
	if (outer_field(d) == F_BIT(F_RECEIPT))
		e->receipt = d->outer_ref;
	else
		e->ref_id = d->outer_ref;
	for (uint64_t left = d->given; left != 0 && rc == EMP_OK; left &= left - 1)
		rc = ingest_check_field(d, field_first(left));
	if (rc == EMP_OK)
		rc = ingest_settle(d);
	if (rc == EMP_OK)
		find_names(d);
	return rc;
}
