/* What the parts of the event decoder share; ingest.c explains how they work together.
 * Private to codec/. */
#ifndef EMP_CODEC_INGEST_IMPL_H
#define EMP_CODEC_INGEST_IMPL_H

#include "codec/ingest.h"
#include "codec/ingest_scan.h"

enum field_id {
#define ENVELOPE(slot, id, name) F_##id,
#define FIELD(slot, id, name, kind, member) F_##id,
#include "codec/ingest_fields.def"
#undef ENVELOPE
#undef FIELD
	F_COUNT
};
#define F_NONE F_COUNT
/* Members of the envelope come first in the table, those of `data` behind them. Each
 * has its own sets of bits. */
#define F_FIRST F_AUDIENCE
#define F_BIT(f) (UINT64_C(1) << ((unsigned)(f)-F_FIRST))
#define ENVELOPE_BIT(f) (1u << (f))
_Static_assert(F_COUNT - F_FIRST <= 64, "sets of fields are 64 bits");
_Static_assert(F_FIRST <= 32, "sets of members of the envelope are 32 bits");

/* The first of a set of fields that is not empty. */
static inline enum field_id
field_first(uint64_t set)
{
	return (enum field_id)(F_FIRST + __builtin_ctzll(set));
}

/* How the value of a field is read; values in JSON and what they become. */
enum field_kind {
	KIND_ENVELOPE,
	KIND_AUDIENCE, /* down to KIND_DRIVER: string, one of a table */
	KIND_SIGNAL,
	KIND_KIND, /* of recognition or of a suggestion: by type */
	KIND_VISIBILITY,
	KIND_STATUS,
	KIND_DECISION, /* yes, no, partial */
	KIND_VERDICT,
	KIND_MODE,     /* of a boundary or of contact: by type */
	KIND_DRIVER,   /* one of the four; not said is -1 */
	KIND_UNIT,     /* string, parts of a name joined by '/' */
	KIND_NAME,     /* string, a name */
	KIND_TEXT,     /* string, up to TEXT_MAX_BYTES; empty is as good as absent */
	KIND_LABEL,    /* string, 1 to LABEL_MAX_BYTES */
	KIND_IDENTITY, /* string, 1 to IDENTITY_MAX_BYTES */
	KIND_BOOL,
	KIND_TRISTATE, /* true, false, or not said (-1) */
	KIND_RATING,   /* integer 1 to RATING_MAX */
	KIND_COUNT,    /* integer 0 to COUNT_MAX */
	KIND_CENTS,    /* number 0 to CENTS_MAX with at most 2 decimals */
	KIND_LIMIT,    /* the same, or null: none (-1) */
	KIND_SURVEY,   /* string, a survey */
	KIND_ANSWERS,  /* object */
	KIND_TO,       /* identity or list of them */
	KIND_REF,      /* string, or object of source and id */
	KIND_CODE,     /* string, of which the letter may tell something here */
	KIND_DRIVERS   /* object: what is said of each of the four */
};

/* Generous for any organisation, and small enough that sums over every event a file
 * can hold stay exact. */
#define COUNT_MAX INT64_C(10000000000)
#define CENTS_MAX INT64_C(100000000000)
#define LABEL_MAX_BYTES 128
#define RATING_MAX 5

struct field {
	const char *name;
	uint16_t offset; /* in struct event; see field_member */
	uint8_t n;       /* length of the name */
	uint8_t kind;    /* enum field_kind */
};
extern const struct field ingest_fields[F_COUNT];

/* Sets of fields. */
struct type_fields {
	uint64_t has;
	uint64_t needs;
};
extern const struct type_fields ingest_types[EVENT_TYPE_COUNT];

/* Where a field is kept. One name means one thing, but `kind` is that of a recognition
 * or of a suggestion. */
static inline size_t
field_offset(const struct field *f, uint8_t type)
{
	if (f->kind == KIND_KIND && type == EVENT_SUGGESTION_SUBMITTED)
		return offsetof(struct event, suggestion_kind);
	return f->offset;
}

#define FIELD_NAME_MIN 2
#define FIELD_NAME_MAX 24

/* Where the name of a field leads: the column `slot` of the table, and nothing else,
 * needs to agree with this. */
#define FIELD_SLOTS 256
extern const uint8_t ingest_by_slot[FIELD_SLOTS];
static inline unsigned
field_slot(const char *p, size_t n)
{
	uint32_t ends = (uint32_t)(unsigned char)p[0] |
		(uint32_t)(unsigned char)p[1] << 8 |
		(uint32_t)(unsigned char)p[n - 2] << 16 |
		(uint32_t)(unsigned char)p[n - 1] << 24;

	return (ends * UINT32_C(0x5c17eead)) >> 24;
}

/* Whether two names of that length are equal: two loads that may overlap are faster
 * than a call, and every event has a dozen names. */
static inline bool
field_name_is(const char *a, const char *b, size_t n)
{
	uint64_t x[2], y[2];
	uint32_t v[2], w[2];

	if (n >= sizeof *x) {
		memcpy(&x[0], a, sizeof *x);
		memcpy(&x[1], a + n - sizeof *x, sizeof *x);
		memcpy(&y[0], b, sizeof *y);
		memcpy(&y[1], b + n - sizeof *y, sizeof *y);
		return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0 &&
			(n <= sizeof x ||
			 memcmp(a + sizeof *x, b + sizeof *x, n - sizeof x) == 0);
	}
	if (n >= sizeof *v) {
		memcpy(&v[0], a, sizeof *v);
		memcpy(&v[1], a + n - sizeof *v, sizeof *v);
		memcpy(&w[0], b, sizeof *w);
		memcpy(&w[1], b + n - sizeof *w, sizeof *w);
		return ((v[0] ^ w[0]) | (v[1] ^ w[1])) == 0;
	}
	return a[0] == b[0] && a[1] == b[1] && a[n - 1] == b[n - 1];
}

/* The row of a name; F_NONE when there is none. */
static inline enum field_id
field_find(struct str name)
{
	const struct field *f;
	unsigned id;

	if (name.n < FIELD_NAME_MIN || name.n > FIELD_NAME_MAX)
		return F_NONE;
	/* A free slot leads to row 0, whose name then differs. */
	id = ingest_by_slot[field_slot(name.p, name.n)];
	f = &ingest_fields[id];
	if (f->n != name.n || !field_name_is(f->name, name.p, name.n))
		return F_NONE;
	return (enum field_id)id;
}

/* Strings of an array, in decode.strings. Of what is longer than any list may be only
 * the number is kept. */
struct string_list {
	uint32_t first;
	uint32_t n;
	uint32_t bad; /* index of the first that is no string; n: none */
};
#define LIST_MAX RECIPIENTS_MAX
_Static_assert(LIST_MAX >= QUESTION_OPTIONS_MAX, "lists of options must fit");

struct raw_answer {
	struct str name;
	struct json_value v;
	struct string_list list; /* of an array */
};

/* What the text is, and so where a place in it is. */
enum decode_form {
	DECODE_EVENT,
	DECODE_BINARY, /* `data`; the rest came in headers */
	DECODE_FLAT    /* `data` with some of the envelope's members in it */
};

/* One event being decoded. Lives on the stack; only what `given` says is initialised.
 */
struct decode {
	const struct ingest *in;
	struct event *e;
	struct problem *p;
	uint64_t given; /* fields read: a second one is bad JSON */
	/* The same of the envelope, and those to look at: null there is absent. */
	uint32_t envelope_seen, envelope_given;
	uint8_t form; /* enum decode_form */
	uint8_t kind; /* enum json_kind of the text */
	struct json_value v[F_COUNT];
	struct str unknown;   /* first member of data that is not in the table */
	struct str outer_ref; /* flat: given beside the text; p == NULL: not */
	struct str ref_unknown;
	struct json_value ref_id, ref_source;
	bool ref_id_given, ref_source_given;
	struct str drivers_unknown;
	struct json_value drivers[DRIVER_COUNT];
	uint32_t drivers_given; /* bit per enum driver */
	struct string_list to;
	uint32_t n_answers; /* members of `answers`, also those not kept */
	struct raw_answer answers[EVENT_ANSWERS_MAX];
	struct str *strings; /* of all lists; few_strings or in the arena */
	uint32_t n_strings, cap_strings;
	struct str few_strings[LIST_MAX];
	struct scan scan;
};

/* Check what was read and fill the event. For the flat form the event's type is set. */
EMP_MUST_CHECK enum emp_rc ingest_check(struct decode *d);
/* The parts of that, in this order: the value of a field; what members mean together,
 * whence class and audience follow. */
EMP_MUST_CHECK enum emp_rc ingest_check_field(struct decode *d, enum field_id id);
EMP_MUST_CHECK enum emp_rc ingest_settle(struct decode *d);
/* A string of 1 to `most` bytes. */
bool ingest_string_within(const struct json_value *v, size_t most);
/* `answers`, once the survey is known. */
EMP_MUST_CHECK enum emp_rc ingest_check_answers(struct decode *d);
/* Not an integer, or outside the limits, is false. */
EMP_MUST_CHECK bool ingest_int_in(const struct json_value *v, int64_t least,
				  int64_t most);

static inline bool
field_given(const struct decode *d, enum field_id f)
{
	return (d->given & F_BIT(f)) != 0;
}

/* Where something is wrong: members from the outside in, then perhaps a place in a
 * list. */
#define NO_INDEX UINT32_MAX
struct place {
	enum field_id field; /* F_NONE: `name` is a member of `data` itself */
	struct str name;     /* within that field; p == NULL: the field itself */
	uint32_t index;      /* of the list found there, or NO_INDEX */
};
/* Report it as a JSON pointer into the text, or as a header in binary mode. Returns
 * `rc`. The detail must not hold what the client sent. */
enum emp_rc ingest_problem(struct decode *d, enum emp_rc rc, struct place at,
			   const char *detail);
/* EMP_INVALID at the field. */
enum emp_rc ingest_bad(struct decode *d, enum field_id f, const char *detail);

#endif
