/* Documents small enough for a tree: units, tokens, and single members for tools.
 *
 * Every reader checks all of a document before it hands anything out, and refuses
 * members it does not know: a misspelt one would otherwise be ignored in silence.
 */
#include "codec/json.h"

#include "base/clock.h"
#include "codec/json_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define READ_FLAGS JSON_REJECT_DUPLICATES
#define WRITE_FLAGS (JSON_SORT_KEYS | JSON_COMPACT)

void
json_in_init(struct json_in *in, struct arena *a, struct problem *p)
{
	*in = (struct json_in){.arena = a, .problem = p};
}

/* Append to the pointer, cut between characters where it does not fit. */
static void
pointer_add(struct json_in *in, const char *p, size_t n)
{
	size_t room = sizeof in->pointer - 1 - in->n;

	if (n > room) {
		n = room;
		while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(in->pointer + in->n, p, n);
	in->n += n;
	in->pointer[in->n] = '\0';
}

size_t
json_enter(struct json_in *in, const char *member)
{
	size_t mark = in->n;

	pointer_add(in, "/", 1);
	for (; *member != '\0'; member++) {
		size_t n = strcspn(member, "~/");

		pointer_add(in, member, n);
		member += n;
		if (*member == '\0')
			break;
		pointer_add(in, *member == '~' ? "~0" : "~1", 2);
	}
	return mark;
}

size_t
json_enter_item(struct json_in *in, size_t index)
{
	char text[32];
	int n = snprintf(text, sizeof text, "/%zu", index);
	size_t mark = in->n;

	pointer_add(in, text, (size_t)n);
	return mark;
}

void
json_leave(struct json_in *in, size_t mark)
{
	in->n = mark;
	in->pointer[mark] = '\0';
}

enum emp_rc
json_refuse(struct json_in *in, const char *fmt, ...)
{
	char detail[PROBLEM_DETAIL_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	return problem_set(in->problem, EMP_INVALID, in->pointer, "%s", detail);
}

enum emp_rc
json_in_object(struct json_in *in, struct str text, json_t **out)
{
	json_error_t error;
	json_t *root;

	/* Which jansson 2.14 overlooks behind a number. */
	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		return problem_set(in->problem, EMP_BAD_JSON, "", "holds a NUL byte");
	root = json_loadb(text.p != NULL ? text.p : "", text.n, READ_FLAGS, &error);
	if (root == NULL) {
		/* jansson's own words would repeat the client's text. */
		if (json_error_code(&error) == json_error_out_of_memory)
			return EMP_NOMEM;
		return problem_set(in->problem, EMP_BAD_JSON, "",
				   "%s at line %d, column %d",
				   json_error_code(&error) == json_error_duplicate_key
					   ? "a member is given twice"
					   : "not well-formed",
				   error.line, error.column);
	}
	if (!json_is_object(root)) {
		json_decref(root);
		return json_refuse(in, "expected an object");
	}
	*out = root;
	return EMP_OK;
}

enum emp_rc
json_in_members(struct json_in *in, const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return json_refuse(in, "expected an object");
	/* The iteration only reads, but jansson's macro wants it writable. */
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL) {
			json_enter(in, key);
			return json_refuse(in, "there is no such member here");
		}
	}
	return EMP_OK;
}

struct str
json_text(const json_t *string)
{
	return (struct str){json_string_value(string), json_string_length(string)};
}

bool
json_is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

enum emp_rc
json_in_string(struct json_in *in, const json_t *object, const char *member,
	       bool required, size_t max, struct str *out)
{
	const json_t *value = json_object_get(object, member);
	size_t mark = json_enter(in, member);

	*out = STR_NONE;
	if (value == NULL && required)
		return json_refuse(in, "is required");
	if (value != NULL) {
		if (!json_is_string(value))
			return json_refuse(in, "expected a string");
		*out = json_text(value);
		if (out->n == 0 || out->n > max)
			return json_refuse(in, "expected 1 to %zu bytes of text", max);
		if (!json_is_plain(*out))
			return json_refuse(in, "has a control character");
	}
	json_leave(in, mark);
	return EMP_OK;
}

enum emp_rc
json_in_bool(struct json_in *in, const json_t *object, const char *member, bool *out)
{
	const json_t *value = json_object_get(object, member);
	size_t mark = json_enter(in, member);

	if (value != NULL && !json_is_boolean(value))
		return json_refuse(in, "expected true or false");
	if (value != NULL)
		*out = json_is_true(value);
	json_leave(in, mark);
	return EMP_OK;
}

char *
json_canonical(const json_t *value)
{
	return json_dumps(value, WRITE_FLAGS);
}

static enum emp_rc
unit_read(struct json_in *in, const json_t *object, struct str given,
	  struct unit_def *out)
{
	static const char *const known[] = {"name", "title", NULL};
	struct str name;
	struct str title;
	enum emp_rc rc = json_in_members(in, object, known);

	if (rc == EMP_OK)
		rc = json_in_string(in, object, "name", given.n == 0, UNIT_MAX_BYTES,
				    &name);
	if (rc != EMP_OK)
		return rc;
	if (given.n > 0 && name.n > 0 && !str_eq(name, given)) {
		json_enter(in, "name");
		return json_refuse(in, "differs from the address");
	}
	if (given.n > 0)
		name = given;
	if (!unit_valid(name)) {
		json_enter(in, "name");
		return json_refuse(in, "expected parts of [a-z0-9_.-] joined by /");
	}
	rc = json_in_string(in, object, "title", false, TOKEN_LABEL_MAX, &title);
	if (rc != EMP_OK)
		return rc;
	memset(out, 0, sizeof *out);
	memcpy(out->name, name.p, name.n);
	if (title.n > 0)
		memcpy(out->title, title.p, title.n);
	return EMP_OK;
}

/* The items of "units". */
static enum emp_rc
units_read(struct json_in *in, const json_t *list, struct unit_def **out, uint32_t *n)
{
	size_t mark = json_enter(in, "units");
	struct unit_def *units;

	if (!json_is_array(list))
		return json_refuse(in, "expected an array");
	if (json_array_size(list) == 0 || json_array_size(list) > UNITS_MAX)
		return json_refuse(in, "expected 1 to %d units", UNITS_MAX);
	units = arena_alloc(in->arena, json_array_size(list) * sizeof *units);
	if (units == NULL)
		return EMP_NOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t item = json_enter_item(in, i);
		enum emp_rc rc = unit_read(in, json_array_get(list, i), STR_NONE,
					   &units[i]);

		if (rc != EMP_OK)
			return rc;
		json_leave(in, item);
	}
	json_leave(in, mark);
	*out = units;
	*n = (uint32_t)json_array_size(list);
	return EMP_OK;
}

static int
compare_units(const void *a, const void *b)
{
	return strcmp(((const struct unit_def *)a)->name,
		      ((const struct unit_def *)b)->name);
}

enum emp_rc
json_units_read(struct unit_def **out, uint32_t *n, struct str name, struct str text,
		struct arena *a, struct problem *p)
{
	static const char *const many[] = {"units", NULL};
	struct json_in in;
	json_t *root;
	enum emp_rc rc;

	json_in_init(&in, a, p);
	rc = json_in_object(&in, text, &root);
	if (rc != EMP_OK)
		return rc;
	if (name.n == 0 && json_object_get(root, "units") != NULL) {
		rc = json_in_members(&in, root, many);
		if (rc == EMP_OK)
			rc = units_read(&in, json_object_get(root, "units"), out, n);
	} else {
		*n = 1;
		*out = arena_alloc(a, sizeof **out);
		rc = *out == NULL ? EMP_NOMEM : unit_read(&in, root, name, *out);
	}
	json_decref(root);
	if (rc != EMP_OK)
		return rc;
	qsort(*out, *n, sizeof **out, compare_units);
	for (uint32_t i = 1; i < *n; i++) {
		if (strcmp((*out)[i - 1].name, (*out)[i].name) == 0)
			return problem_set(p, EMP_INVALID, "/units",
					   "names \"%s\" twice", (*out)[i].name);
	}
	return EMP_OK;
}

void
json_unit_write(struct buf *out, const struct unit_def *u)
{
	buf_add_z(out, "{\"name\":");
	buf_add_json(out, str_from(u->name));
	if (u->title[0] != '\0') {
		buf_add_z(out, ",\"title\":");
		buf_add_json(out, str_from(u->title));
	}
	buf_add_c(out, '}');
}

static enum emp_rc
scopes_read(struct json_in *in, const json_t *list, uint32_t *scopes)
{
	size_t mark = json_enter(in, "scopes");

	*scopes = 0;
	if (list == NULL)
		return json_refuse(in, "is required");
	if (!json_is_array(list) || json_array_size(list) == 0)
		return json_refuse(in, "expected an array with at least one scope");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		size_t at = json_enter_item(in, i);
		uint32_t bit;

		/* A list of names is for the command line; here each is one. */
		if (!json_is_string(item) || strchr(json_string_value(item), ',') ||
		    !scopes_parse(json_text(item), &bit))
			return json_refuse(in,
					   "expected ingest, respond, concern, "
					   "roster, read or admin");
		*scopes |= bit;
		json_leave(in, at);
	}
	json_leave(in, mark);
	return EMP_OK;
}

static enum emp_rc
token_read(struct json_in *in, const json_t *root, struct token_def *out)
{
	static const char *const known[] = {"label", "scopes", "unit", NULL};
	struct str label;
	struct str unit;
	enum emp_rc rc = json_in_members(in, root, known);

	if (rc == EMP_OK)
		rc = json_in_string(in, root, "label", true, TOKEN_LABEL_MAX, &label);
	if (rc == EMP_OK)
		rc = scopes_read(in, json_object_get(root, "scopes"), &out->scopes);
	if (rc == EMP_OK)
		rc = json_in_string(in, root, "unit", false, UNIT_MAX_BYTES, &unit);
	if (rc != EMP_OK)
		return rc;
	if (unit.n > 0 && !unit_valid(unit)) {
		json_enter(in, "unit");
		return json_refuse(in, "expected parts of [a-z0-9_.-] joined by /");
	}
	memcpy(out->label, label.p, label.n);
	if (unit.n > 0)
		memcpy(out->unit, unit.p, unit.n);
	return EMP_OK;
}

enum emp_rc
json_token_read(struct token_def *out, struct str text, struct problem *p)
{
	struct json_in in;
	json_t *root;
	enum emp_rc rc;

	memset(out, 0, sizeof *out);
	json_in_init(&in, NULL, p);
	rc = json_in_object(&in, text, &root);
	if (rc != EMP_OK)
		return rc;
	rc = token_read(&in, root, out);
	json_decref(root);
	return rc;
}

void
json_token_write(struct buf *out, const struct token_def *t)
{
	char scopes[SCOPES_TEXT_MAX];
	char created[TIME_TEXT_MAX];
	struct str list = {scopes, 0};

	scopes_format(scopes, sizeof scopes, t->scopes);
	list.n = strlen(scopes);
	buf_printf(out, "{\"id\":%u,\"label\":", (unsigned)t->id);
	buf_add_json(out, str_from(t->label));
	buf_add_z(out, ",\"scopes\":[");
	while (list.n > 0) {
		buf_add_json(out, str_split(&list, ','));
		if (list.n > 0)
			buf_add_c(out, ',');
	}
	buf_add_c(out, ']');
	if (t->unit[0] != '\0') {
		buf_add_z(out, ",\"unit\":");
		buf_add_json(out, str_from(t->unit));
	}
	buf_add_z(out, ",\"created\":");
	buf_add_json(out, (struct str){created, time_format(created, t->created)});
	buf_add_c(out, '}');
}
