/* The event decoder: its entry points and the reading step.
 *
 * What comes in is JSON from strangers, a quarter of a kilobyte at a time, several
 * hundred thousand times a second. A tree of values costs eight times what is needed
 * here, so the text is read once, where it lies:
 *
 *   bytes -> scan (ingest_scan.h)   tokens; strings become pieces of the text
 *         -> read (this file)       where the value of each known member is
 *         -> check (ingest_check.c, ingest_value.c, ingest_answers.c: values;
 *            ingest_settle.c: what they mean together)   struct event, or a problem
 *         -> keys (ingest_keys.c)   what the event is recognised by
 *
 * Reading and checking are apart because members come in any order: `data` may stand
 * before `type`, answers before their survey. Reading decides one thing only, whether
 * the text is JSON, and always gets to its end; so that verdict comes before every
 * other, and an array goes on behind an element that is JSON but no event. Checking
 * looks at the few members that were there, in the order of ingest_fields.def.
 *
 * Objects with members that we know have a function here each: the envelope, data,
 * answers, ref, drivers. They are four levels deep and no deeper. Whatever else stands
 * in the text is skipped by scan_skip, which keeps its own small stack: nothing
 * recurses by the depth of the input.
 *
 * A key twice in an object is no JSON to us, also in what is ignored, or two readers of
 * one text could see two events. Known members are told apart by bits, the names of a
 * few answers by looking, all others by one hash set for the whole text.
 *
 * Nothing is allocated per member: values are noted in struct decode on the stack, the
 * arena gets the array of answers and the recipients, and the heap is touched only for
 * more than a handful of unknown keys. */
#include "codec/ingest_impl.h"

/* How deep a value lies when the text is one event: the envelope is 1. */
#define DEPTH_EVENT 1u
#define ANSWERS_BY_LIST 16u /* names of so many answers are compared one by one */

/* What scan functions return false for. */
static enum emp_rc
bad_scan(const struct scan *s, struct problem *p)
{
	if (s->nomem)
		return EMP_NOMEM;
	return problem_set(p, EMP_BAD_JSON, "",
			   "must be JSON by RFC 8259, no key twice in an object");
}

static enum emp_rc
bad_json(struct decode *d)
{
	return bad_scan(&d->scan, d->p);
}

/* ---- reading -----------------------------------------------------------------------
 */

/* Past an array or object that nobody looks into; other values are read already. */
static bool
skip(struct decode *d, const struct json_value *v, uint32_t depth)
{
	if (v->kind != JSON_KIND_ARRAY && v->kind != JSON_KIND_OBJECT)
		return true;
	return scan_skip(&d->scan, v->kind, depth);
}

static bool
strings_push(struct decode *d, struct str s)
{
	if (d->n_strings == d->cap_strings) {
		size_t size = d->cap_strings * sizeof *d->strings;
		struct str *more = arena_alloc(d->in->arena, 2 * size);

		if (more == NULL) {
			d->scan.nomem = true;
			return false;
		}
		memcpy(more, d->strings, size);
		d->strings = more;
		d->cap_strings *= 2;
	}
	d->strings[d->n_strings++] = s;
	return true;
}

/* The rest of an array that should hold strings. */
static bool
read_list(struct decode *d, struct string_list *list, uint32_t depth)
{
	enum scan_step step;
	bool bad = false;

	*list = (struct string_list){.first = d->n_strings};
	while ((step = scan_element(&d->scan, list->n == 0)) == SCAN_MORE) {
		struct json_value v;

		if (!scan_value(&d->scan, &v) || !skip(d, &v, depth + 1))
			return false;
		if (v.kind != JSON_KIND_STRING && !bad) {
			list->bad = list->n;
			bad = true;
		}
		if (!bad && list->n < LIST_MAX && !strings_push(d, v.text))
			return false;
		list->n++;
	}
	if (!bad)
		list->bad = list->n;
	return step == SCAN_END;
}

/* Whether the answers read so far have no such name. */
static bool
answer_is_new(struct decode *d, uint32_t object, struct str name)
{
	if (d->n_answers < ANSWERS_BY_LIST) {
		for (uint32_t i = 0; i < d->n_answers; i++)
			if (str_eq(d->answers[i].name, name))
				return false;
		return true;
	}
	if (d->n_answers == ANSWERS_BY_LIST)
		for (uint32_t i = 0; i < ANSWERS_BY_LIST; i++)
			if (!scan_key_add(&d->scan, object, d->answers[i].name))
				return false;
	return scan_key_add(&d->scan, object, name);
}

static bool
read_answers(struct decode *d, uint32_t depth)
{
	uint32_t object = scan_object(&d->scan);
	enum scan_step step;
	struct str name;

	while ((step = scan_member(&d->scan, d->n_answers == 0, &name)) == SCAN_MORE) {
		struct raw_answer ignored;
		struct raw_answer *a = &ignored;

		if (!answer_is_new(d, object, name))
			return false;
		if (d->n_answers < EVENT_ANSWERS_MAX)
			a = &d->answers[d->n_answers];
		a->name = name;
		if (!scan_value(&d->scan, &a->v))
			return false;
		if (a->v.kind == JSON_KIND_ARRAY && a != &ignored) {
			if (!read_list(d, &a->list, depth + 1))
				return false;
		} else if (!skip(d, &a->v, depth + 1)) {
			return false;
		}
		d->n_answers++;
	}
	return step == SCAN_END;
}

static bool
read_ref(struct decode *d, uint32_t depth)
{
	uint32_t object = scan_object(&d->scan);
	enum scan_step step;
	bool first = true;
	struct str name;

	for (; (step = scan_member(&d->scan, first, &name)) == SCAN_MORE;
	     first = false) {
		struct json_value v;

		if (!scan_key_add(&d->scan, object, name) ||
		    !scan_value(&d->scan, &v) || !skip(d, &v, depth + 1))
			return false;
		if (str_eq(name, STR("id"))) {
			d->ref_id = v;
			d->ref_id_given = true;
		} else if (str_eq(name, STR("source"))) {
			d->ref_source = v;
			d->ref_source_given = true;
		} else if (d->ref_unknown.p == NULL) {
			d->ref_unknown = name;
		}
	}
	return step == SCAN_END;
}

static bool
read_drivers(struct decode *d, uint32_t depth)
{
	uint32_t object = scan_object(&d->scan);
	enum scan_step step;
	bool first = true;
	struct str name;

	for (; (step = scan_member(&d->scan, first, &name)) == SCAN_MORE;
	     first = false) {
		struct json_value v;
		enum driver driver;

		if (!scan_key_add(&d->scan, object, name) ||
		    !scan_value(&d->scan, &v) || !skip(d, &v, depth + 1))
			return false;
		if (driver_find(name, &driver)) {
			d->drivers[driver] = v;
			d->drivers_given |= 1u << driver;
		} else if (d->drivers_unknown.p == NULL) {
			d->drivers_unknown = name;
		}
	}
	return step == SCAN_END;
}

/* The value of a known member of `data`, which is `depth` deep. */
static bool
read_field(struct decode *d, enum field_id f, uint32_t depth)
{
	struct json_value *v = &d->v[f];

	if ((d->given & F_BIT(f)) != 0 || !scan_value(&d->scan, v))
		return false;
	d->given |= F_BIT(f);
	if (v->kind < JSON_KIND_ARRAY)
		return true;
	if (f == F_ANSWERS && v->kind == JSON_KIND_OBJECT)
		return read_answers(d, depth);
	if (f == F_TO && v->kind == JSON_KIND_ARRAY)
		return read_list(d, &d->to, depth);
	if (f == F_REF && v->kind == JSON_KIND_OBJECT)
		return read_ref(d, depth);
	if (f == F_DRIVERS && v->kind == JSON_KIND_OBJECT)
		return read_drivers(d, depth);
	return scan_skip(&d->scan, v->kind, depth);
}

/* The value of a member of the envelope that nothing follows on but its own checks. */
static bool
read_attribute(struct decode *d, enum field_id f)
{
	struct json_value *v = &d->v[f];

	if ((d->envelope_seen & ENVELOPE_BIT(f)) != 0 || !scan_value(&d->scan, v))
		return false;
	d->envelope_seen |= ENVELOPE_BIT(f);
	if (v->kind != JSON_KIND_NULL)
		d->envelope_given |= ENVELOPE_BIT(f);
	return true;
}

/* Whether the flat form takes it from the envelope. */
static bool
is_flat_attribute(enum field_id f)
{
	return f == F_ID || f == F_SOURCE || f == F_TIME;
}

static bool
read_data(struct decode *d, uint32_t depth)
{
	uint32_t object = scan_object(&d->scan);
	enum scan_step step;
	bool first = true;
	struct str name;

	for (; (step = scan_member(&d->scan, first, &name)) == SCAN_MORE;
	     first = false) {
		enum field_id f = field_find(name);
		struct json_value v;

		if (f >= F_FIRST && f < F_COUNT) {
			if (!read_field(d, f, depth + 1))
				return false;
			continue;
		}
		if (d->form == DECODE_FLAT && is_flat_attribute(f)) {
			if (!read_attribute(d, f) || !skip(d, &d->v[f], depth + 1))
				return false;
			continue;
		}
		if (!scan_key_add(&d->scan, object, name) ||
		    !scan_value(&d->scan, &v) || !skip(d, &v, depth + 1))
			return false;
		if (d->unknown.p == NULL)
			d->unknown = name;
	}
	return step == SCAN_END;
}

static bool
read_envelope(struct decode *d, uint32_t depth)
{
	uint32_t object = scan_object(&d->scan);
	enum scan_step step;
	bool first = true;
	struct str name;

	for (; (step = scan_member(&d->scan, first, &name)) == SCAN_MORE;
	     first = false) {
		enum field_id f = field_find(name);
		struct json_value ignored;
		struct json_value *v = f < F_FIRST ? &d->v[f] : &ignored;

		if (f < F_FIRST) {
			if (!read_attribute(d, f))
				return false;
		} else if (!scan_key_add(&d->scan, object, name) ||
			   !scan_value(&d->scan, v)) {
			return false;
		}
		if (f == F_DATA && v->kind == JSON_KIND_OBJECT) {
			if (!read_data(d, depth + 1))
				return false;
		} else if (!skip(d, v, depth + 1)) {
			return false;
		}
	}
	return step == SCAN_END;
}

/* ---- entry points ------------------------------------------------------------------
 */

static void
decode_init(struct decode *d, const struct ingest *in, struct event *e,
	    struct problem *p)
{
	d->in = in;
	d->e = e;
	d->p = p;
	d->given = 0;
	d->envelope_seen = 0;
	d->envelope_given = 0;
	d->form = DECODE_EVENT;
	d->unknown = STR_NONE;
	d->ref_unknown = STR_NONE;
	d->outer_ref = STR_NONE;
	d->ref_id_given = false;
	d->ref_source_given = false;
	d->drivers_unknown = STR_NONE;
	d->drivers_given = 0;
	d->n_answers = 0;
	d->strings = d->few_strings;
	d->n_strings = 0;
	d->cap_strings = LIST_MAX;
	*e = (struct event){0};
}

/* One event from where the cursor stands. EMP_BAD_JSON when the text there is no value;
 * otherwise the cursor is behind it. */
static enum emp_rc
decode_one(struct decode *d, uint32_t depth, bool whole)
{
	const char *start = d->scan.p;
	struct json_value v;
	bool ok;

	ok = scan_value(&d->scan, &v);
	d->kind = v.kind;
	if (ok && v.kind == JSON_KIND_OBJECT)
		ok = read_envelope(d, depth);
	else if (ok)
		ok = skip(d, &v, depth);
	if (!ok || (whole && !scan_at_end(&d->scan)))
		return bad_json(d);
	if (d->scan.p - start > EVENT_MAX_BYTES)
		return problem_set(d->p, EMP_TOO_LARGE, "",
				   "an event has at most %d bytes", EVENT_MAX_BYTES);
	return ingest_check(d);
}

enum emp_rc
ingest_event(const struct ingest *in, struct str text, struct event *out,
	     struct problem *p)
{
	struct decode d;
	enum emp_rc rc;

	decode_init(&d, in, out, p);
	if (text.n > EVENT_MAX_BYTES)
		return problem_set(p, EMP_TOO_LARGE, "",
				   "an event has at most %d bytes", EVENT_MAX_BYTES);
	scan_init(&d.scan, text);
	scan_space(&d.scan);
	rc = decode_one(&d, DEPTH_EVENT, true);
	scan_fini(&d.scan);
	return rc;
}

/* An attribute as if it had been a string of the envelope. Header values do not live as
 * long as the event, so it gets a copy. */
static bool
attribute(struct decode *d, enum field_id f, struct str value)
{
	if (value.n == 0)
		return true;
	d->v[f] = (struct json_value){
		.kind = JSON_KIND_STRING,
		.text = arena_str(d->in->arena, value),
	};
	d->envelope_given |= ENVELOPE_BIT(f);
	return d->v[f].text.p != NULL;
}

/* A text that is `data`, from its first byte to the end. */
static enum emp_rc
decode_data(struct decode *d)
{
	bool ok = scan_value(&d->scan, &d->v[F_DATA]);

	d->envelope_given |= ENVELOPE_BIT(F_DATA);
	if (ok && d->v[F_DATA].kind == JSON_KIND_OBJECT)
		ok = read_data(d, DEPTH_EVENT);
	else if (ok)
		ok = skip(d, &d->v[F_DATA], DEPTH_EVENT);
	return ok && scan_at_end(&d->scan) ? ingest_check(d) : bad_json(d);
}

enum emp_rc
ingest_binary(const struct ingest *in, const struct ingest_attrs *a, struct str data,
	      struct event *out, struct problem *p)
{
	struct decode d;
	enum emp_rc rc;

	decode_init(&d, in, out, p);
	d.form = DECODE_BINARY;
	if (data.n > EVENT_MAX_BYTES)
		return problem_set(p, EMP_TOO_LARGE, "",
				   "an event has at most %d bytes", EVENT_MAX_BYTES);
	if (!attribute(&d, F_SPECVERSION, a->specversion) ||
	    !attribute(&d, F_TYPE, a->type) || !attribute(&d, F_SOURCE, a->source) ||
	    !attribute(&d, F_ID, a->id) || !attribute(&d, F_TIME, a->time))
		return EMP_NOMEM;
	scan_init(&d.scan, data);
	scan_space(&d.scan);
	d.kind = JSON_KIND_OBJECT;
	rc = decode_data(&d);
	scan_fini(&d.scan);
	return rc;
}

enum emp_rc
ingest_flat(const struct ingest *in, enum event_type type, struct str ref,
	    struct str text, struct event *out, struct problem *p)
{
	struct decode d;
	enum emp_rc rc;

	decode_init(&d, in, out, p);
	d.form = DECODE_FLAT;
	d.e->type = (uint8_t)type;
	if (text.n > EVENT_MAX_BYTES)
		return problem_set(p, EMP_TOO_LARGE, "",
				   "an event has at most %d bytes", EVENT_MAX_BYTES);
	if (ref.p != NULL) {
		EMP_ASSERT(ingest_types[type].needs &
			   (F_BIT(F_REF) | F_BIT(F_RECEIPT)));
		if (ref.n == 0 || ref.n > EVENT_ID_MAX_BYTES)
			return problem_set(p, EMP_UNKNOWN_REF, "",
					   "an id has 1 to %d bytes",
					   EVENT_ID_MAX_BYTES);
		d.outer_ref = ref;
	}
	d.kind = JSON_KIND_OBJECT;
	if (text.n == 0) {
		d.v[F_DATA].kind = JSON_KIND_OBJECT;
		d.envelope_given |= ENVELOPE_BIT(F_DATA);
		return ingest_check(&d);
	}
	scan_init(&d.scan, text);
	scan_space(&d.scan);
	rc = decode_data(&d);
	scan_fini(&d.scan);
	return rc;
}

/* ---- many events -------------------------------------------------------------------
 */

enum cursor_state { CURSOR_START, CURSOR_INSIDE, CURSOR_END };

void
ingest_cursor_init(struct ingest_cursor *c, enum ingest_form form, struct str body)
{
	*c = (struct ingest_cursor){
		.rest = body,
		.index = UINT32_MAX, /* before the first */
		.form = (uint8_t)form,
		.state = CURSOR_START,
	};
}

static bool
is_blank(struct str line)
{
	struct scan s;

	scan_init(&s, line);
	return scan_at_end(&s);
}

static enum emp_rc
next_line(struct ingest_cursor *c, const struct ingest *in, struct event *out,
	  bool *more, struct problem *p)
{
	while (c->rest.n > 0) {
		struct str line = str_split(&c->rest, '\n');

		if (is_blank(line))
			continue;
		c->index++;
		*more = true;
		return ingest_event(in, line, out, p);
	}
	*more = false;
	return EMP_OK;
}

/* To the next element of the array, or to the end of the body. */
static enum scan_step
array_step(struct ingest_cursor *c, struct scan *s)
{
	bool first = c->state == CURSOR_START;
	enum scan_step step;

	if (first) {
		scan_space(s);
		if (s->p == s->end || *s->p != '[')
			return SCAN_BAD;
		s->p++;
		c->state = CURSOR_INSIDE;
	}
	step = scan_element(s, first);
	if (step == SCAN_END && !scan_at_end(s))
		step = SCAN_BAD;
	return step;
}

static enum emp_rc
next_element(struct ingest_cursor *c, const struct ingest *in, struct event *out,
	     bool *more, struct problem *p)
{
	struct decode d;
	enum scan_step step;
	enum emp_rc rc = EMP_OK;

	*more = false;
	if (c->state == CURSOR_END)
		return EMP_OK;
	decode_init(&d, in, out, p);
	scan_init(&d.scan, c->rest);
	step = array_step(c, &d.scan);
	if (step == SCAN_END) {
		c->state = CURSOR_END;
		goto out;
	}
	*more = true;
	if (step == SCAN_MORE) {
		c->index++;
		rc = decode_one(&d, DEPTH_EVENT + 1, false);
	} else {
		rc = bad_json(&d);
	}
	if (rc == EMP_BAD_JSON || rc == EMP_NOMEM)
		c->state = CURSOR_END;
	c->rest = (struct str){d.scan.p, (size_t)(d.scan.end - d.scan.p)};
out:
	scan_fini(&d.scan);
	return rc;
}

enum emp_rc
ingest_skip(struct ingest_cursor *c, bool *more, struct problem *p)
{
	struct json_value v;
	struct scan s;
	enum scan_step step;
	enum emp_rc rc = EMP_OK;

	EMP_ASSERT(c->form == INGEST_ARRAY);
	*more = false;
	if (c->state == CURSOR_END)
		return EMP_OK;
	scan_init(&s, c->rest);
	step = array_step(c, &s);
	*more = step != SCAN_END;
	if (step == SCAN_BAD || (step == SCAN_MORE && !scan_value(&s, &v)))
		rc = bad_scan(&s, p);
	else if (step == SCAN_MORE &&
		 (v.kind == JSON_KIND_ARRAY || v.kind == JSON_KIND_OBJECT) &&
		 !scan_skip(&s, v.kind, DEPTH_EVENT + 1))
		rc = bad_scan(&s, p);
	if (rc != EMP_OK || step == SCAN_END)
		c->state = CURSOR_END;
	else
		c->index++;
	c->rest = (struct str){s.p, (size_t)(s.end - s.p)};
	scan_fini(&s);
	return rc;
}

enum emp_rc
ingest_next(struct ingest_cursor *c, const struct ingest *in, struct event *out,
	    bool *more, struct problem *p)
{
	if (c->form == INGEST_LINES)
		return next_line(c, in, out, more, p);
	return next_element(c, in, out, more, p);
}
