/* Survey documents: all of a document is checked here, once, so that whoever holds a
 * struct survey can rely on it. */
#include "codec/json.h"

#include "codec/json_impl.h"

#include "model/metrics.h"
#include "model/release.h"

#include <stdlib.h>

#define BASE_NAME "expected 1 to 64 of [a-z0-9_.-]"

static enum emp_rc
name_read(struct json_in *in, const json_t *object, const char *member, bool required,
	  struct str *out)
{
	struct str found;
	enum emp_rc rc = json_in_string(in, object, member, required, NAME_MAX_BYTES,
					&found);

	if (rc != EMP_OK)
		return rc;
	*out = STR_NONE;
	if (found.n == 0)
		return EMP_OK;
	if (!name_valid(found)) {
		json_enter(in, member);
		return json_refuse(in, BASE_NAME);
	}
	*out = arena_str(in->arena, found);
	return out->p != NULL ? EMP_OK : EMP_NOMEM;
}

/* {"en":"...","es":"..."}: only checked, forms read it from the document. */
static enum emp_rc
texts_check(struct json_in *in, const json_t *object, const char *member)
{
	const json_t *texts = json_object_get(object, member);
	size_t mark = json_enter(in, member);
	const char *lang;
	json_t *value;

	if (texts == NULL) {
		json_leave(in, mark);
		return EMP_OK;
	}
	if (!json_is_object(texts) || json_object_size(texts) == 0)
		return json_refuse(in, "expected an object {language: text}");
	if (json_object_size(texts) > SURVEY_LANGS_MAX)
		return json_refuse(in, "has more than %d languages", SURVEY_LANGS_MAX);
	json_object_foreach((json_t *)(uintptr_t)texts, lang, value)
	{
		struct str text;
		enum emp_rc rc;

		if (!name_valid(str_from(lang))) {
			json_enter(in, lang);
			return json_refuse(in,
					   "expected a language such as en or "
					   "pt-br");
		}
		rc = json_in_string(in, texts, lang, true, SURVEY_TEXT_MAX, &text);
		if (rc != EMP_OK)
			return rc;
	}
	json_leave(in, mark);
	return EMP_OK;
}

static bool
scale_value(const json_t *value, int lo, int hi, int8_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < lo ||
	    json_integer_value(value) > hi)
		return false;
	*out = (int8_t)json_integer_value(value);
	return true;
}

static enum emp_rc
scale_read(struct json_in *in, const json_t *object, enum metric m, int8_t *lo,
	   int8_t *hi)
{
	const json_t *scale = json_object_get(object, "scale");
	size_t mark = json_enter(in, "scale");

	metric_scale(m, lo, hi);
	if (scale != NULL) {
		int8_t from = *lo;
		int8_t to = *hi;

		if (!metric_is_scale(m))
			return json_refuse(in, "%s has no scale", metric_name(m));
		if (json_array_size(scale) != 2 ||
		    !scale_value(json_array_get(scale, 0), SCALE_MIN, SCALE_MAX, lo) ||
		    !scale_value(json_array_get(scale, 1), SCALE_MIN, SCALE_MAX, hi) ||
		    *lo >= *hi)
			return json_refuse(in,
					   "expected [lowest, highest] within %d "
					   "to %d",
					   SCALE_MIN, SCALE_MAX);
		if ((m == METRIC_NPS || m == METRIC_CES) && (*lo != from || *hi != to))
			return json_refuse(in, "%s is asked from %d to %d only",
					   metric_name(m), from, to);
		if (m == METRIC_PULSE && *hi - *lo + 1 < PULSE_VALUES_MIN)
			return json_refuse(in, "pulse needs at least %d values",
					   PULSE_VALUES_MIN);
	}
	json_leave(in, mark);
	return EMP_OK;
}

/* The declared set, which only a csat on an unusual scale has: a CSAT on a usual scale
 * means the same everywhere. */
static enum emp_rc
satisfied_read(struct json_in *in, const json_t *object, enum metric m, int8_t lo,
	       int8_t hi, uint16_t *mask)
{
	const json_t *set = json_object_get(object, "satisfied");
	size_t mark = json_enter(in, "satisfied");
	bool settled = metric_satisfied(m, lo, hi, mask);
	uint16_t asked = 0;

	if (set == NULL && !settled)
		return json_refuse(in,
				   "is required for csat on a scale other than "
				   "1-4 and 1-5");
	if (set != NULL) {
		if (m != METRIC_CSAT)
			return json_refuse(in, "only csat has a satisfied set");
		if (!json_is_array(set))
			return json_refuse(in, "expected an array of values");
		for (size_t i = 0; i < json_array_size(set); i++) {
			size_t item = json_enter_item(in, i);
			int8_t value;

			if (!scale_value(json_array_get(set, i), lo, hi, &value) ||
			    (asked >> value & 1))
				return json_refuse(in,
						   "expected another value of the "
						   "scale");
			asked |= (uint16_t)(1u << value);
			json_leave(in, item);
		}
		if (asked == 0 || json_array_size(set) > (size_t)(hi - lo))
			return json_refuse(in,
					   "expected some values of the scale, not "
					   "all");
		if (settled && asked != *mask)
			return json_refuse(in, "is always the top two on 1-%d", hi);
		*mask = asked;
	}
	json_leave(in, mark);
	return EMP_OK;
}

/* "metric", "scale" and "satisfied" of a question or of "open". */
static enum emp_rc
metric_read(struct json_in *in, const json_t *object, struct question *q)
{
	struct str name;
	enum emp_rc rc = json_in_string(in, object, "metric", true, NAME_MAX_BYTES,
					&name);

	if (rc != EMP_OK)
		return rc;
	q->metric = (uint8_t)metric_find(name);
	if (q->metric == METRIC_NONE) {
		json_enter(in, "metric");
		return json_refuse(in,
				   "expected csat, nps, ces, pulse, choice or "
				   "text");
	}
	rc = scale_read(in, object, (enum metric)q->metric, &q->lo, &q->hi);
	if (rc == EMP_OK)
		rc = satisfied_read(in, object, (enum metric)q->metric, q->lo, q->hi,
				    &q->satisfied);
	return rc;
}

/* An option is its name, or {"name","text":{lang: text}}. */
static enum emp_rc
option_read(struct json_in *in, const json_t *item, struct str *out)
{
	static const char *const known[] = {"name", "text", NULL};
	enum emp_rc rc;

	if (json_is_object(item)) {
		rc = json_in_members(in, item, known);
		if (rc == EMP_OK)
			rc = texts_check(in, item, "text");
		if (rc == EMP_OK)
			rc = name_read(in, item, "name", true, out);
		return rc;
	}
	if (!json_is_string(item) || !name_valid(json_text(item)))
		return json_refuse(in, BASE_NAME);
	*out = arena_str(in->arena, json_text(item));
	return out->p != NULL ? EMP_OK : EMP_NOMEM;
}

static enum emp_rc
options_read(struct json_in *in, const json_t *object, struct question *q)
{
	const json_t *list = json_object_get(object, "options");
	size_t mark = json_enter(in, "options");
	struct str *options;

	if (q->metric != METRIC_CHOICE) {
		if (list != NULL)
			return json_refuse(in, "only choice has options");
		json_leave(in, mark);
		return EMP_OK;
	}
	if (list == NULL)
		return json_refuse(in, "is required for choice");
	if (!json_is_array(list) || json_array_size(list) < 2 ||
	    json_array_size(list) > QUESTION_OPTIONS_MAX)
		return json_refuse(in, "expected an array of 2 to %d options",
				   QUESTION_OPTIONS_MAX);
	options = arena_alloc(in->arena, json_array_size(list) * sizeof *options);
	if (options == NULL)
		return EMP_NOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t item = json_enter_item(in, i);
		enum emp_rc rc = option_read(in, json_array_get(list, i), &options[i]);

		if (rc != EMP_OK)
			return rc;
		for (size_t k = 0; k < i; k++) {
			if (str_eq(options[k], options[i]))
				return json_refuse(in, "is an option already");
		}
		json_leave(in, item);
	}
	q->options = options;
	q->n_options = (uint8_t)json_array_size(list);
	json_leave(in, mark);
	return EMP_OK;
}

static enum emp_rc
twin_read(struct json_in *in, const json_t *object, struct str survey,
	  struct question *q)
{
	size_t mark;
	struct str twin;
	struct str left;
	struct str right;
	enum emp_rc rc = json_in_string(in, object, "twin", false,
					2 * NAME_MAX_BYTES + 1, &twin);

	if (rc != EMP_OK || twin.n == 0)
		return rc;
	mark = json_enter(in, "twin");
	right = twin;
	left = str_split(&right, '/');
	if (!name_valid(left) || !name_valid(right))
		return json_refuse(in, "expected \"survey/question\"");
	if (str_eq(left, survey))
		return json_refuse(in,
				   "is of the same survey, so of the same audience");
	if (!metric_is_scale((enum metric)q->metric))
		return json_refuse(in, "only a question on a scale has a twin");
	json_leave(in, mark);
	q->twin = arena_str(in->arena, twin);
	return q->twin.p != NULL ? EMP_OK : EMP_NOMEM;
}

static enum emp_rc
question_read(struct json_in *in, const json_t *object, struct str survey,
	      struct question *q, bool *registered)
{
	static const char *const known[] = {"name",      "metric",     "scale",
					    "satisfied", "text",       "options",
					    "twin",      "registered", NULL};
	enum emp_rc rc = json_in_members(in, object, known);

	*q = (struct question){.declared = true};
	*registered = false;
	if (rc == EMP_OK)
		rc = name_read(in, object, "name", true, &q->name);
	if (rc == EMP_OK)
		rc = metric_read(in, object, q);
	if (rc == EMP_OK)
		rc = options_read(in, object, q);
	if (rc == EMP_OK)
		rc = twin_read(in, object, survey, q);
	if (rc == EMP_OK)
		rc = texts_check(in, object, "text");
	if (rc == EMP_OK)
		rc = json_in_bool(in, object, "registered", registered);
	return rc;
}

/* Also takes those that are registered only out of the document. */
static enum emp_rc
questions_read(struct json_in *in, json_t *root, struct survey *s)
{
	json_t *list = json_object_get(root, "questions");
	size_t mark = json_enter(in, "questions");
	size_t n = json_array_size(list);
	size_t kept = 0;
	struct question *q;

	if (list != NULL && !json_is_array(list))
		return json_refuse(in, "expected an array");
	if (n > SURVEY_QUESTIONS_MAX)
		return json_refuse(in, "a survey has at most %d questions",
				   SURVEY_QUESTIONS_MAX);
	q = arena_alloc(in->arena, (n + 1) * sizeof *q);
	if (q == NULL)
		return EMP_NOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t item = json_enter_item(in, i);
		bool registered;
		enum emp_rc rc = question_read(in, json_array_get(list, kept), s->name,
					       &q[kept], &registered);

		if (rc != EMP_OK)
			return rc;
		for (size_t k = 0; k < kept; k++) {
			if (!str_eq(q[k].name, q[kept].name))
				continue;
			json_enter(in, "name");
			return json_refuse(in, "is a question already");
		}
		if (!registered)
			kept++;
		else if (json_array_remove(list, kept) != 0)
			return EMP_NOMEM;
		json_leave(in, item);
	}
	if (kept == 0 && s->open_metric == METRIC_NONE)
		return json_refuse(in, "a survey that is not open needs a question");
	s->questions = q;
	s->n_questions = (uint32_t)kept;
	json_leave(in, mark);
	return EMP_OK;
}

static enum emp_rc
open_read(struct json_in *in, const json_t *root, struct survey *s)
{
	static const char *const known[] = {"metric", "scale", "satisfied", NULL};
	const json_t *open = json_object_get(root, "open");
	size_t mark = json_enter(in, "open");
	struct question q = {0};
	enum emp_rc rc;

	if (open != NULL) {
		rc = json_in_members(in, open, known);
		if (rc == EMP_OK)
			rc = metric_read(in, open, &q);
		if (rc != EMP_OK)
			return rc;
		if (q.metric == METRIC_NPS || !metric_is_scale((enum metric)q.metric)) {
			json_enter(in, "metric");
			return json_refuse(in,
					   "%s questions must be declared one by "
					   "one",
					   metric_name(q.metric));
		}
		s->open_metric = q.metric;
		s->open_lo = q.lo;
		s->open_hi = q.hi;
		s->open_satisfied = q.satisfied;
	}
	json_leave(in, mark);
	return EMP_OK;
}

/* "scheme://host" or "scheme://host:port", as browsers send it, or "*" for all. */
static bool
origin_valid(struct str s)
{
	static const struct str schemes[] = {{"https://", 8}, {"http://", 7}};
	struct str host = STR_NONE;

	if (str_is(s, "*"))
		return true;
	for (size_t i = 0; i < 2 && host.n == 0; i++) {
		if (str_starts(s, schemes[i]))
			host = (struct str){s.p + schemes[i].n, s.n - schemes[i].n};
	}
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    strchr(".-:[]", c) == NULL)
			return false;
	}
	return host.n > 0;
}

static enum emp_rc
origins_check(struct json_in *in, const json_t *root)
{
	const json_t *list = json_object_get(root, "origins");
	size_t mark = json_enter(in, "origins");

	if (list != NULL && !json_is_array(list))
		return json_refuse(in, "expected an array");
	if (json_array_size(list) > SURVEY_ORIGINS_MAX)
		return json_refuse(in, "has more than %d origins", SURVEY_ORIGINS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		size_t at = json_enter_item(in, i);

		if (!json_is_string(item) || !origin_valid(json_text(item)))
			return json_refuse(in,
					   "expected https://host, in lower case, "
					   "without a path");
		json_leave(in, at);
	}
	json_leave(in, mark);
	return EMP_OK;
}

/* {"touchpoint":["check_in","gate"]}: what a form offers and takes for a dimension. */
static enum emp_rc
fields_check(struct json_in *in, const json_t *root)
{
	const json_t *fields = json_object_get(root, "fields");
	size_t mark = json_enter(in, "fields");
	const char *key;
	json_t *list;

	if (fields != NULL && !json_is_object(fields))
		return json_refuse(in, "expected an object {dimension: [values]}");
	json_object_foreach((json_t *)(uintptr_t)fields, key, list)
	{
		size_t field = json_enter(in, key);
		enum dim d;

		if (!dim_find(str_from(key), &d))
			return json_refuse(in, "is no dimension");
		if (!json_is_array(list) || json_array_size(list) == 0 ||
		    json_array_size(list) > SURVEY_FIELD_VALUES_MAX)
			return json_refuse(in, "expected an array of 1 to %d values",
					   SURVEY_FIELD_VALUES_MAX);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *item = json_array_get(list, i);
			size_t at = json_enter_item(in, i);

			if (!json_is_string(item) ||
			    !(d == DIM_UNIT ? unit_valid(json_text(item))
					    : name_valid(json_text(item))))
				return json_refuse(in, BASE_NAME);
			json_leave(in, at);
		}
		json_leave(in, field);
	}
	json_leave(in, mark);
	return EMP_OK;
}

/* How many people a block needs before it is released. */
static enum emp_rc
threshold_read(struct json_in *in, const json_t *root, struct survey *s)
{
	const json_t *threshold = json_object_get(root, "threshold");
	bool employees = s->audience == AUDIENCE_EMPLOYEE;
	size_t mark = json_enter(in, "threshold");
	json_int_t k = RELEASE_K;

	if (threshold != NULL) {
		if (!employees)
			return json_refuse(in,
					   "only surveys of employees have a "
					   "threshold");
		k = json_integer_value(threshold); /* 0 when it is none */
		if (k < RELEASE_K_MIN || k > RELEASE_K_MAX)
			return json_refuse(in, "expected an integer from %d to %d",
					   RELEASE_K_MIN, RELEASE_K_MAX);
	}
	s->threshold = employees ? (uint16_t)k : 0;
	json_leave(in, mark);
	return EMP_OK;
}

static enum emp_rc
audience_read(struct json_in *in, const json_t *root, struct survey *s)
{
	struct str text;
	enum period period = PERIOD_WAVE;
	enum emp_rc rc = json_in_string(in, root, "audience", true, NAME_MAX_BYTES,
					&text);

	if (rc != EMP_OK)
		return rc;
	s->audience = (uint8_t)audience_find(text);
	if (s->audience == AUDIENCE_NONE) {
		json_enter(in, "audience");
		return json_refuse(in, "expected customer or employee");
	}
	rc = json_in_string(in, root, "period", false, NAME_MAX_BYTES, &text);
	if (rc != EMP_OK)
		return rc;
	if (text.n > 0 &&
	    (s->audience != AUDIENCE_EMPLOYEE || !period_find(text, &period))) {
		json_enter(in, "period");
		return json_refuse(in,
				   s->audience == AUDIENCE_EMPLOYEE
					   ? "expected wave, week or month"
					   : "only surveys of employees have a period");
	}
	s->period = (uint8_t)period;
	return EMP_OK;
}

static enum emp_rc
survey_name_read(struct json_in *in, json_t *root, struct str name, struct survey *s)
{
	enum emp_rc rc = name_read(in, root, "name", name.n == 0, &s->name);

	if (rc != EMP_OK || name.n == 0)
		return rc;
	if (!name_valid(name))
		return problem_set(in->problem, EMP_INVALID, "", BASE_NAME);
	if (s->name.n > 0 && !str_eq(s->name, name)) {
		json_enter(in, "name");
		return json_refuse(in, "is not the name in the address");
	}
	s->name = arena_str(in->arena, name);
	if (s->name.p == NULL ||
	    json_object_set_new(root, "name", json_stringn(name.p, name.n)) != 0)
		return EMP_NOMEM;
	return EMP_OK;
}

static enum emp_rc
survey_read(struct json_in *in, json_t *root, struct str name, struct survey *s)
{
	static const char *const known[] = {
		"name",    "audience", "public", "title",     "questions", "open",
		"origins", "fields",   "period", "threshold", NULL};
	enum emp_rc rc = json_in_members(in, root, known);
	char *text;

	if (rc == EMP_OK)
		rc = survey_name_read(in, root, name, s);
	if (rc == EMP_OK)
		rc = audience_read(in, root, s);
	if (rc == EMP_OK)
		rc = threshold_read(in, root, s);
	if (rc == EMP_OK)
		rc = json_in_bool(in, root, "public", &s->is_public);
	if (rc == EMP_OK)
		rc = texts_check(in, root, "title");
	if (rc == EMP_OK)
		rc = open_read(in, root, s);
	if (rc == EMP_OK)
		rc = questions_read(in, root, s);
	if (rc == EMP_OK)
		rc = origins_check(in, root);
	if (rc == EMP_OK)
		rc = fields_check(in, root);
	if (rc != EMP_OK)
		return rc;
	text = json_canonical(root);
	if (text == NULL)
		return EMP_NOMEM;
	s->document = arena_str(in->arena, str_from(text));
	free(text);
	return s->document.p != NULL ? EMP_OK : EMP_NOMEM;
}

enum emp_rc
json_survey_read(struct survey *out, struct str name, struct str text, struct arena *a,
		 struct problem *p)
{
	struct json_in in;
	json_t *root;
	enum emp_rc rc;

	*out = (struct survey){0};
	json_in_init(&in, a, p);
	rc = json_in_object(&in, text, &root);
	if (rc != EMP_OK)
		return rc;
	rc = survey_read(&in, root, name, out);
	json_decref(root);
	return rc;
}
