/* The tree view of JSON for tools: jansson under names that fit ours. The casts are the
 * seam; a struct json_node is never defined. */
#include "codec/json_tools.h"

#include <jansson.h>
#include <math.h>

static const json_t *
value(const struct json_node *n)
{
	return (const json_t *)(const void *)n;
}

static const struct json_node *
node(const json_t *v)
{
	return (const struct json_node *)(const void *)v;
}

enum emp_rc
json_node_read(struct json_node **out, struct str text, struct problem *p)
{
	json_error_t e;
	json_t *v;

	*out = NULL;
	v = json_loadb(text.n > 0 ? text.p : "", text.n,
		       JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);
	if (v == NULL)
		return problem_set(p, EMP_BAD_JSON, "", "line %d, column %d", e.line,
				   e.column);
	*out = (struct json_node *)(void *)v;
	return EMP_OK;
}

void
json_node_free(struct json_node **root)
{
	json_decref((json_t *)(void *)*root);
	*root = NULL;
}

enum json_node_type
json_node_type(const struct json_node *n)
{
	if (n == NULL)
		return JSON_NODE_NONE;
	switch (json_typeof(value(n))) {
	case JSON_OBJECT:
		return JSON_NODE_OBJECT;
	case JSON_ARRAY:
		return JSON_NODE_ARRAY;
	case JSON_STRING:
		return JSON_NODE_STRING;
	case JSON_INTEGER:
		return JSON_NODE_INTEGER;
	case JSON_REAL:
		return JSON_NODE_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_NODE_BOOL;
	case JSON_NULL:
		break;
	}
	return JSON_NODE_NULL;
}

const struct json_node *
json_node_get(const struct json_node *n, const char *member)
{
	return node(json_object_get(value(n), member));
}

size_t
json_node_count(const struct json_node *n)
{
	if (json_node_type(n) == JSON_NODE_OBJECT)
		return json_object_size(value(n));
	return json_array_size(value(n));
}

const struct json_node *
json_node_at(const struct json_node *n, size_t i)
{
	return node(json_array_get(value(n), i));
}

void
json_node_each(const struct json_node *n,
	       void (*fn)(void *ctx, const char *name, const struct json_node *value),
	       void *ctx)
{
	/* Reading changes nothing in the object, but jansson's iterator is not const.
	 */
	union {
		const struct json_node *read;
		json_t *walk;
	} object = {.read = n};

	if (json_node_type(n) != JSON_NODE_OBJECT)
		return;
	for (void *i = json_object_iter(object.walk); i != NULL;
	     i = json_object_iter_next(object.walk, i))
		fn(ctx, json_object_iter_key(i), node(json_object_iter_value(i)));
}

struct str
json_node_str(const struct json_node *n)
{
	if (!json_is_string(value(n)))
		return STR_NONE;
	return (struct str){json_string_value(value(n)), json_string_length(value(n))};
}

int64_t
json_node_int(const struct json_node *n, int64_t otherwise)
{
	return json_is_integer(value(n)) ? json_integer_value(value(n)) : otherwise;
}

double
json_node_number(const struct json_node *n)
{
	return json_is_number(value(n)) ? json_number_value(value(n)) : NAN;
}

bool
json_node_true(const struct json_node *n)
{
	return json_is_true(value(n));
}

static int
append(const char *p, size_t n, void *ctx)
{
	struct buf *out = ctx;

	buf_add(out, p, n);
	return buf_ok(out) ? 0 : -1;
}

enum emp_rc
json_node_write(const struct json_node *n, struct buf *out)
{
	if (n == NULL ||
	    json_dump_callback(value(n), append, out, JSON_COMPACT | JSON_ENCODE_ANY) !=
		    0)
		return EMP_NOMEM;
	return EMP_OK;
}
