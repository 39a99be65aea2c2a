/* From bytes to events: the single-pass decoder of the catalogue.
 *
 * Reads one JSON value in place (escapes are undone in the buffer), fills a struct
 * event and checks everything that does not need the file. Never recurses by input
 * depth. The verdict on well-formedness is that of jansson with JSON_REJECT_DUPLICATES
 * and JSON_ALLOW_NUL off, by differential fuzzing; but a NUL byte is never JSON, while
 * jansson 2.14 overlooks one behind a number. */
#ifndef EMP_CODEC_INGEST_H
#define EMP_CODEC_INGEST_H

#include "base/arena.h"
#include "base/intern.h"
#include "model/event.h"

struct ingest {
	const struct surveys *surveys;
	const struct intern *names[DIM_COUNT]; /* NULL: leave dim_id 0 */
	struct arena *arena; /* what an event points at, beside the text itself */
	int64_t now_ms;
	bool cloudevents; /* specversion is required and must be "1.0" */
};

/* One event in `text` (the whole of it, white space around allowed; bytes are modified;
 * the caller keeps them alive as long as the event). EMP_BAD_JSON for bad syntax,
 * EMP_INVALID with the JSON pointer of the field, EMP_TOO_LARGE over
 * EVENT_MAX_BYTES, EMP_NOMEM. Of a refused event only id and id_given may be used: what
 * it was sent with, if that could be read. [any] */
EMP_MUST_CHECK enum emp_rc ingest_event(const struct ingest *in, struct str text,
					struct event *out, struct problem *p);

/* CloudEvents binary mode: attributes come from headers, the body is `data`. Attributes
 * unknown to us are ignored. Problems point into the body ("/unit") or name the header
 * ("ce-type"). Attributes are copied, the body is not. [any] */
struct ingest_attrs {
	struct str specversion, type, source, id,
		time; /* percent-decoded; n == 0: absent */
};
EMP_MUST_CHECK enum emp_rc ingest_binary(const struct ingest *in,
					 const struct ingest_attrs *a, struct str data,
					 struct event *out, struct problem *p);

/* The flat form, for routes that are about one type: `text` is a JSON object of the
 * members of `data`, and beside them id, source and time of the envelope; nothing at
 * all is as good as {}. With ref.p the event refers to that id, or is by that receipt
 * where its type is by receipt; the text then may not name it. Problems point to
 * "/reason" instead of "/data/reason", and to "" for what the route says. Same checks
 * and same keys as the event sent in full. [any] */
EMP_MUST_CHECK enum emp_rc ingest_flat(const struct ingest *in, enum event_type type,
				       struct str ref, struct str text,
				       struct event *out, struct problem *p);

/* Many events: the cursor cuts a body into the texts of events without decoding them
 * twice. For arrays the array syntax is checked while walking: EMP_BAD_JSON concerns
 * the whole body. For NDJSON an empty line is skipped and a bad line is the event's own
 * problem. */
enum ingest_form { INGEST_ARRAY, INGEST_LINES };
struct ingest_cursor {
	struct str rest;
	uint32_t index; /* of the event last returned, from 0 */
	uint8_t form;
	uint8_t state;
};
void ingest_cursor_init(struct ingest_cursor *c, enum ingest_form form,
			struct str body);
/* Decode the next event. *more false at the end (nothing decoded). Otherwise the return
 * value is the event's verdict, except that EMP_BAD_JSON in an array is that of the
 * body and ends the walk. [any] */
EMP_MUST_CHECK enum emp_rc ingest_next(struct ingest_cursor *c, const struct ingest *in,
				       struct event *out, bool *more,
				       struct problem *p);
/* Step over the next element of an array, which leaves the same verdict on its syntax
 * as ingest_next would; escapes are undone in its bytes, so whoever wants to decode it
 * later keeps a copy. *more false at the end. EMP_BAD_JSON, EMP_NOMEM. [any] */
EMP_MUST_CHECK enum emp_rc ingest_skip(struct ingest_cursor *c, bool *more,
				       struct problem *p);

/* Whether it is the id of an employee's suggestion (CASE_ID_PREFIX), and its key. [any]
 */
EMP_MUST_CHECK bool ingest_case_id(struct str id, uint8_t handle[HANDLE_BYTES]);

/* Fill id_key, ref_key, content, digest from keyed hashes; `hash` is crypto's fast hash
 * bound to a key (codec must not know crypto). The content covers all that the client
 * sent, whatever the order of members and white space; a time given by the client
 * counts, one we assigned does not; it is never 0. For an event without a client's id,
 * put the server's in e->id before (id_given stays false): its key leaves out the
 * source, so that a plain `ref` finds it. Keys of confidential events are apart from
 * others. Call before pseudonymising. [any] */
struct ingest_hash {
	void (*fn)(void *ctx, uint8_t out[16], const void *p, size_t n);
	void *ctx;
};
void ingest_keys(struct event *e, const struct ingest_hash *h);

#endif
