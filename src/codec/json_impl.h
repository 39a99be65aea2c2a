/* What the readers of JSON documents share: where in the document they are, so that a
 * refusal names the place, and the few kinds of members that documents are made of. */
#ifndef EMP_CODEC_JSON_IMPL_H
#define EMP_CODEC_JSON_IMPL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#include <jansson.h>

struct json_in {
	struct arena *arena; /* what is kept of the document; NULL: nothing */
	struct problem *problem;
	char pointer[PROBLEM_POINTER_MAX]; /* RFC 6901, of where we are */
	size_t n;
};

void json_in_init(struct json_in *in, struct arena *a, struct problem *p);
/* Go to a member or an item; the return value leads back. */
size_t json_enter(struct json_in *in, const char *member);
size_t json_enter_item(struct json_in *in, size_t index);
void json_leave(struct json_in *in, size_t mark);
/* EMP_INVALID here. */
enum emp_rc json_refuse(struct json_in *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The whole text as one object; json_decref() it. EMP_BAD_JSON, EMP_INVALID when it is
 * something else. */
EMP_MUST_CHECK enum emp_rc json_in_object(struct json_in *in, struct str text,
					  json_t **out);
/* All members are among `known` (ends with NULL), and the value is an object. */
EMP_MUST_CHECK enum emp_rc json_in_members(struct json_in *in, const json_t *object,
					   const char *const *known);
/* A member that is a string of 1 to max bytes without control characters. Borrowed from
 * the document; STR_NONE when it is absent and not required. */
EMP_MUST_CHECK enum emp_rc json_in_string(struct json_in *in, const json_t *object,
					  const char *member, bool required, size_t max,
					  struct str *out);
EMP_MUST_CHECK enum emp_rc json_in_bool(struct json_in *in, const json_t *object,
					const char *member, bool *out);
/* The text of a string value; it may hold anything but NUL. */
struct str json_text(const json_t *string);
/* Free of control characters, so that it can be shown on one line. */
bool json_is_plain(struct str s);
/* Sorted members, no white space; free() it. NULL when out of memory. */
char *json_canonical(const json_t *value);

#endif
