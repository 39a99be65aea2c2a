/* What an event is recognised by when it comes again: its key, and a hash of what it
 * said.
 *
 * The hash runs over one spelling of the event: type, time if it was sent, then each
 * field that is there, in the order of ingest_fields.def and as the event holds it,
 * with its number before it and lengths before texts, so that nothing can pass for
 * something else. Answers are put in the order of their names. Absent and default are
 * the same: they mean the same. The hash is stored, so the spelling must not change
 * from one release to the next. */
#include "codec/ingest_impl.h"

#define DIGEST_BYTES CONTENT_BYTES
#define SPELLING_BYTES 1024

/* Hashes as it goes: when the bytes are full, their digest takes their place. */
struct spelling {
	const struct ingest_hash *h;
	size_t n;
	uint8_t bytes[SPELLING_BYTES];
};

static void
fold(struct spelling *s)
{
	uint8_t digest[DIGEST_BYTES];

	s->h->fn(s->h->ctx, digest, s->bytes, s->n);
	memcpy(s->bytes, digest, sizeof digest);
	s->n = sizeof digest;
}

static void
put_bytes(struct spelling *s, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n > sizeof s->bytes - s->n) {
		size_t part = sizeof s->bytes - s->n;

		memcpy(s->bytes + s->n, from, part);
		s->n += part;
		from += part;
		n -= part;
		fold(s);
	}
	if (n > 0)
		memcpy(s->bytes + s->n, from, n);
	s->n += n;
}

/* The n low bytes of a number, the lowest first on every machine. */
static inline void
put_number(struct spelling *s, uint64_t v, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	if (sizeof s->bytes - s->n < sizeof v)
		fold(s);
	memcpy(s->bytes + s->n, &v, sizeof v); /* what is behind n is written over */
	s->n += n;
}

static void
put_int(struct spelling *s, int64_t v)
{
	put_number(s, (uint64_t)v, 8);
}

static void
put_str(struct spelling *s, struct str v)
{
	put_number(s, v.n, 4);
	put_bytes(s, v.p, v.n);
}

/* Eight bytes of a name as a number decide nearly every comparison. */
struct named {
	uint64_t head;
	const struct answer *a;
};

static uint64_t
name_head(struct str name)
{
	uint64_t head = 0;

	for (size_t i = 0; i < 8; i++)
		head = head << 8 | (i < name.n ? (unsigned char)name.p[i] : 0);
	return head;
}

static bool
comes_before(const struct named *x, const struct named *y)
{
	if (x->head != y->head)
		return x->head < y->head;
	return str_cmp(x->a->name, y->a->name) < 0;
}

static void
put_answers(struct spelling *s, const struct event *e)
{
	struct named order[EVENT_ANSWERS_MAX];

	for (uint32_t i = 0; i < e->n_answers; i++) {
		struct named x = {name_head(e->answers[i].name), &e->answers[i]};
		uint32_t k = i;

		for (; k > 0 && comes_before(&x, &order[k - 1]); k--)
			order[k] = order[k - 1];
		order[k] = x;
	}
	put_int(s, e->n_answers);
	for (uint32_t i = 0; i < e->n_answers; i++) {
		const struct answer *a = order[i].a;

		put_str(s, a->name);
		put_int(s, (int64_t)((uint64_t)(uint32_t)a->value << 32 | a->options));
		put_str(s, a->text);
	}
}

/* Two bits a driver; -1 when nothing was said of any. */
static int64_t
drivers_said(const struct event *e)
{
	int64_t said = 0;

	for (int i = DRIVER_COUNT - 1; i >= 0; i--)
		said = said << 2 | e->driver[i];
	return said != 0 ? said : -1;
}

/* Fields of one byte or one number that hold what they hold when nothing is said are
 * left out, and so are empty texts. */
static void
put_field(struct spelling *s, const struct event *e, uint8_t number,
	  const struct field *f)
{
	const char *member = (const char *)e + field_offset(f, e->type);
	struct str text = STR_NONE;
	int64_t value = -1;

	switch ((enum field_kind)f->kind) {
	case KIND_AUDIENCE:
	case KIND_SIGNAL:
	case KIND_KIND:
	case KIND_VISIBILITY:
	case KIND_STATUS:
	case KIND_DECISION:
	case KIND_VERDICT:
	case KIND_MODE:
	case KIND_BOOL:
		value = *member != 0 ? *member : -1;
		break;
	case KIND_RATING: /* 0 or -1 when not said */
		value = *member > 0 ? *member : -1;
		break;
	case KIND_DRIVER:
	case KIND_TRISTATE:
		value = *(const int8_t *)(const void *)member;
		break;
	case KIND_COUNT:
	case KIND_CENTS:
	case KIND_LIMIT:
		value = *(const int64_t *)(const void *)member;
		break;
	case KIND_UNIT:
	case KIND_NAME:
	case KIND_TEXT:
	case KIND_LABEL:
	case KIND_CODE:
		text = *(const struct str *)(const void *)member;
		break;
	case KIND_IDENTITY:
		text = ((const struct identity *)(const void *)member)->text;
		break;
	case KIND_SURVEY:
		text = e->survey->name;
		break;
	case KIND_ANSWERS:
		put_number(s, number, 1);
		put_answers(s, e);
		break;
	case KIND_TO:
		put_number(s, number, 1);
		put_int(s, e->n_to);
		for (uint32_t i = 0; i < e->n_to; i++)
			put_str(s, e->to[i].text);
		break;
	case KIND_REF:
		if (e->ref_id.n == 0)
			break;
		put_number(s, number, 1);
		put_str(s, e->ref_source);
		put_str(s, e->ref_id);
		break;
	case KIND_DRIVERS:
		value = drivers_said(e);
		break;
	case KIND_ENVELOPE:
		break; /* key and time are taken care of */
	}
	if (value != -1) {
		put_number(s, number, 1);
		put_int(s, value);
	} else if (text.n > 0) {
		put_number(s, number, 1);
		put_str(s, text);
	}
}

static void
content_hash(struct event *e, const struct ingest_hash *h)
{
	struct spelling s;
	const uint8_t *digest = e->digest;

	s.h = h;
	s.n = 0;
	put_number(&s, e->type, 1);
	put_int(&s, e->time_given ? e->time : -1);
	for (uint64_t left = ingest_types[e->type].has; left != 0; left &= left - 1) {
		enum field_id f = field_first(left);

		put_field(&s, e, (uint8_t)(f - F_FIRST), &ingest_fields[f]);
	}
	h->fn(h->ctx, e->digest, s.bytes, s.n);
	e->content = (uint32_t)digest[0] | (uint32_t)digest[1] << 8 |
		(uint32_t)digest[2] << 16 | (uint32_t)digest[3] << 24;
	if (e->content == 0)
		e->content = 1; /* 0 means "not kept" */
}

/* Neither part can hold a NUL, so the one between them tells where the first ends.
 * Confidential events have keys of their own: with common ones, whoever may send any
 * event could ask by a guessed id whether an employee answered, or take the id so that
 * the answer is lost. */
static void
key_hash(uint8_t key[ID_KEY_BYTES], const struct ingest_hash *h, bool confidential,
	 struct str source, struct str id)
{
	char text[EVENT_SOURCE_MAX_BYTES + 1 + EVENT_ID_MAX_BYTES + 1];
	uint8_t digest[DIGEST_BYTES];
	size_t n = source.n + 1 + id.n;

	EMP_ASSERT(source.n <= EVENT_SOURCE_MAX_BYTES && id.n <= EVENT_ID_MAX_BYTES);
	if (source.n > 0)
		memcpy(text, source.p, source.n);
	text[source.n] = '\0';
	if (id.n > 0)
		memcpy(text + source.n + 1, id.p, id.n);
	if (confidential)
		text[n++] = '\0';
	h->fn(h->ctx, digest, text, n);
	memcpy(key, digest, ID_KEY_BYTES);
}

void
ingest_keys(struct event *e, const struct ingest_hash *h)
{
	bool confidential = class_is_confidential((enum event_class)e->class);
	/* What an answer refers to is in the same file; a decision never is. */
	bool ref_confidential = confidential && e->survey != NULL;

	/* An id of the server's is unique by itself, and whoever refers to it need not
	 * know the source. */
	key_hash(e->id_key, h, confidential, e->id_given ? e->source : STR_NONE, e->id);
	if (e->ref_id.n > 0)
		key_hash(e->ref_key, h, ref_confidential, e->ref_source, e->ref_id);
	content_hash(e, h);
}
