/* Any JSON as a tree to look around in: for tools that show what the daemon answered.
 *
 * A node is a jansson value that stays behind this header. Nodes are borrowed from the
 * tree they hang in and die with its root; NULL stands for "no such thing", and asking
 * NULL for anything gives nothing again, so that a path needs one check at its end.
 * [any] */
#ifndef EMP_CODEC_JSON_TOOLS_H
#define EMP_CODEC_JSON_TOOLS_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct json_node;

enum json_node_type {
	JSON_NODE_NONE,
	JSON_NODE_NULL,
	JSON_NODE_BOOL,
	JSON_NODE_INTEGER,
	JSON_NODE_REAL,
	JSON_NODE_STRING,
	JSON_NODE_ARRAY,
	JSON_NODE_OBJECT
};

/* The whole of `text` must be one JSON value; EMP_BAD_JSON says where it is not. */
EMP_MUST_CHECK enum emp_rc json_node_read(struct json_node **out, struct str text,
					  struct problem *p);
void json_node_free(struct json_node **root);

enum json_node_type json_node_type(const struct json_node *n);
/* Member of an object. */
const struct json_node *json_node_get(const struct json_node *n, const char *member);
/* Items of an array, members of an object; in the order of the text. */
size_t json_node_count(const struct json_node *n);
const struct json_node *json_node_at(const struct json_node *n, size_t i);
/* Visits the members of an object in the order of the text. */
void json_node_each(const struct json_node *n,
		    void (*fn)(void *ctx, const char *name,
			       const struct json_node *value),
		    void *ctx);

/* STR_NONE when it is no string; borrowed. */
struct str json_node_str(const struct json_node *n);
/* `otherwise` when it is no integer. */
int64_t json_node_int(const struct json_node *n, int64_t otherwise);
/* NAN when it is no number. */
double json_node_number(const struct json_node *n);
bool json_node_true(const struct json_node *n);
/* Appends compact JSON. */
EMP_MUST_CHECK enum emp_rc json_node_write(const struct json_node *n, struct buf *out);

#endif
