/* Reading JSON text in place, token by token: the floor under the event decoder.
 *
 * A scan walks over a text that the caller lets it modify: the escapes of a string are
 * undone where they stand, so that every string found is a piece of the text. What is
 * JSON is decided as jansson decides it with JSON_REJECT_DUPLICATES and without
 * JSON_ALLOW_NUL: RFC 8259, strict UTF-8, no lone surrogates, no U+0000 however it is
 * written, no integer outside int64_t, no number too large for a double, no key twice
 * in an object, at most SCAN_DEPTH_MAX values inside each other.
 *
 * Functions return false when the text is not JSON; `nomem` tells lack of memory apart.
 * The cursor's place is meaningless after that. Private to codec/. All [any].
 */
#ifndef EMP_CODEC_INGEST_SCAN_H
#define EMP_CODEC_INGEST_SCAN_H

#include "base/plain.h"
#include "base/str.h"

#include <stdint.h>

#define SCAN_DEPTH_MAX 2048 /* jansson's JSON_PARSER_MAX_DEPTH */

enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_TRUE,
	JSON_KIND_FALSE,
	JSON_KIND_INT,
	JSON_KIND_REAL,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
};

/* Of arrays and objects only the opening bracket is read. */
struct json_value {
	uint8_t kind;    /* enum json_kind */
	struct str text; /* string: its content; number: as written */
	int64_t number;  /* JSON_KIND_INT */
};

/* The keys of the objects whose members are not all known to the decoder: one hash set
 * for all of them, so that a text of n bytes costs O(n) however it is nested. Small
 * sets stay in `few`. */
struct scan_key {
	const char *p; /* NULL: free */
	uint64_t hash;
	uint32_t n;
	uint32_t object;
};
#define SCAN_KEYS_FEW 32u /* a power of two */
struct scan_keys {
	struct scan_key *slots; /* `few` or from the heap; NULL: none yet */
	uint32_t mask;
	uint32_t count;
	struct scan_key few[SCAN_KEYS_FEW];
};

struct scan {
	char *p;   /* next byte to read */
	char *end; /* behind the last */
	bool nomem;
	uint32_t objects; /* numbers given to objects in `keys` so far */
	struct scan_keys keys;
	uint32_t nest[SCAN_DEPTH_MAX]; /* scan_skip: number of each open object; 0:
					  array */
};

/* Start on `text`. Nothing is allocated unless an object of unknown members is large.
 */
static inline void
scan_init(struct scan *s, struct str text)
{
	union {
		const char *in;
		char *inout; /* the caller has promised that it may be written */
	} p = {.in = text.p};

	s->p = p.inout;
	s->end = p.inout + text.n;
	s->nomem = false;
	s->objects = 0;
	s->keys.slots = NULL;
}

void scan_fini(struct scan *s);
/* A number for an object whose keys go to scan_key_add. */
static inline uint32_t
scan_object(struct scan *s)
{
	return ++s->objects;
}
/* Remember a key; false when the object has it already (or out of memory). */
bool scan_key_add(struct scan *s, uint32_t object, struct str key);

/* Any value; the cursor must stand on its first byte. */
bool scan_value(struct scan *s, struct json_value *v);
/* The rest of an array or object that scan_value has just entered, with everything in
 * it; `depth` counts from 1 for the outermost value. */
bool scan_skip(struct scan *s, enum json_kind kind, uint32_t depth);
/* The rest of a string that has an escape, a control character or no end; `at` is where
 * the plain part ended. */
bool scan_string_rest(struct scan *s, char *at, struct str *out);
bool scan_utf8(struct str s);

static inline void
scan_space(struct scan *s)
{
	while (s->p < s->end &&
	       (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* Whether nothing but white space is left. */
static inline bool
scan_at_end(struct scan *s)
{
	scan_space(s);
	return s->p == s->end;
}

/* A string; the cursor stands behind its opening quote. */
static inline bool
scan_string(struct scan *s, struct str *out)
{
	bool high = false;
	char *at = s->p + plain_length(s->p, s->end, &high);

	if (at == s->end || *at != '"')
		return scan_string_rest(s, at, out);
	*out = (struct str){s->p, (size_t)(at - s->p)};
	s->p = at + 1;
	return !high || scan_utf8(*out);
}

enum scan_step { SCAN_BAD, SCAN_MORE, SCAN_END };

/* To the next element of an array, or past its closing bracket. */
static inline enum scan_step
scan_element(struct scan *s, bool first)
{
	scan_space(s);
	if (s->p == s->end)
		return SCAN_BAD;
	if (*s->p == ']') {
		s->p++;
		return SCAN_END;
	}
	if (first)
		return SCAN_MORE;
	if (*s->p != ',')
		return SCAN_BAD;
	s->p++;
	scan_space(s);
	return SCAN_MORE; /* a bracket here is no value: scan_value refuses it */
}

/* To the value of the next member of an object, or past its closing brace. */
static inline enum scan_step
scan_member(struct scan *s, bool first, struct str *key)
{
	scan_space(s);
	if (s->p == s->end)
		return SCAN_BAD;
	if (*s->p == '}') {
		s->p++;
		return SCAN_END;
	}
	if (!first) {
		if (*s->p != ',')
			return SCAN_BAD;
		s->p++;
		scan_space(s);
		if (s->p == s->end)
			return SCAN_BAD;
	}
	if (*s->p != '"')
		return SCAN_BAD;
	s->p++;
	if (!scan_string(s, key))
		return SCAN_BAD;
	scan_space(s);
	if (s->p == s->end || *s->p != ':')
		return SCAN_BAD;
	s->p++;
	scan_space(s);
	return SCAN_MORE;
}

#endif
