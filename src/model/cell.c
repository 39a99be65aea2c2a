/* What is counted, and how a cell looks in the file. */
#include "model/cell.h"

#define PACK_VERSION 1
#define LEB128_BITS 7
#define LEB128_MORE 0x80u
#define LEB128_MAX_BYTES 5 /* of 32 bits */

static void
slot_add(struct event_slots *out, uint32_t slot)
{
	EMP_ASSERT(out->n < sizeof out->slot / sizeof out->slot[0]);
	out->slot[out->n++] = slot;
}

static void
answer_slots(const struct answer *a, const struct question *q, struct event_slots *out)
{
	uint32_t options = a->options;

	if (metric_is_scale((enum metric)q->metric)) {
		EMP_ASSERT(a->value >= q->lo && a->value <= q->hi);
		slot_add(out, q->slot + (uint32_t)(a->value - q->lo));
		return;
	}
	slot_add(out, q->slot);
	if (q->metric != METRIC_CHOICE)
		return;
	for (uint32_t i = 0; options != 0; i++, options >>= 1) {
		EMP_ASSERT(i + 1 < q->width);
		if (options & 1)
			slot_add(out, q->slot + 1 + i);
	}
}

static void
answered_slots(const struct event *e, const uint32_t *new_slot, struct event_slots *out)
{
	slot_add(out, SLOT_ANSWERED);
	if (e->complete)
		slot_add(out, SLOT_COMPLETE);
	if (e->comment.n > 0)
		slot_add(out, SLOT_COMMENTED);
	for (uint32_t i = 0; i < e->n_answers; i++) {
		const struct answer *a = &e->answers[i];

		if (a->question >= 0) {
			EMP_ASSERT((uint32_t)a->question < e->survey->n_questions);
			answer_slots(a, &e->survey->questions[a->question], out);
		} else {
			struct question q = question_registered(e->survey, a->name);

			q.slot = new_slot[i];
			answer_slots(a, &q, out);
		}
	}
}

static void
survey_slots(const struct event *e, const uint32_t *new_slot, struct event_slots *out)
{
	out->subject = e->survey->id;
	EMP_ASSERT(out->subject >= SUBJECT_FIRST_SURVEY);
	switch (e->type) {
	case EVENT_SURVEY_INVITED:
		slot_add(out, SLOT_INVITED);
		break;
	case EVENT_SURVEY_SHOWN:
		slot_add(out, SLOT_SHOWN);
		break;
	case EVENT_SURVEY_DISMISSED:
		slot_add(out, SLOT_DISMISSED);
		break;
	default:
		answered_slots(e, new_slot, out);
	}
}

void
event_slots_of(const struct event *e, const uint32_t *new_slot, struct event_slots *out)
{
	out->subject = 0;
	out->n = 0;
	out->n_less = 0;
	/* No counter of a confidential event exists: what is not there cannot leak. */
	if (class_is_confidential((enum event_class)e->class))
		return;
	switch (e->type) {
	case EVENT_SURVEY_INVITED:
	case EVENT_SURVEY_SHOWN:
	case EVENT_SURVEY_DISMISSED:
	case EVENT_SURVEY_ANSWERED:
		survey_slots(e, new_slot, out);
		break;
	case EVENT_SIGNAL_RECORDED:
		out->subject = SUBJECT_SIGNAL;
		EMP_ASSERT(e->signal < SIGNAL_SLOTS);
		slot_add(out, e->signal);
		break;
	case EVENT_RECOGNITION_GIVEN:
		out->subject = SUBJECT_RECOGNITION;
		EMP_ASSERT(e->recognition < RECOGNITION_COUNT);
		slot_add(out, e->recognition + (e->by_leader ? RECOGNITION_COUNT : 0u));
		break;
	default:
		break;
	}
}

static char *
leb128_put(char *at, uint32_t v)
{
	while (v >= LEB128_MORE) {
		*at++ = (char)(unsigned char)(v | LEB128_MORE);
		v >>= LEB128_BITS;
	}
	*at++ = (char)(unsigned char)v;
	return at;
}

void
cell_pack(struct buf *out, const uint32_t *slots, uint32_t n)
{
	uint32_t gap = 0;

	buf_add_c(out, PACK_VERSION);
	for (uint32_t i = 0; i < n; i++) {
		char *at;
		char *end;

		if (slots[i] == 0) {
			gap++;
			continue;
		}
		at = buf_reserve(out, (size_t)2 * LEB128_MAX_BYTES);
		if (at == NULL)
			return;
		end = leb128_put(leb128_put(at, gap), slots[i]);
		out->n += (size_t)(end - at);
		gap = 0;
	}
}

/* One number, written in as few bytes as it needs and no other way. */
static bool
leb128_get(struct str *in, uint32_t *out)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < LEB128_MAX_BYTES && i < in->n; i++) {
		unsigned char c = (unsigned char)in->p[i];

		v |= (uint64_t)(c & (LEB128_MORE - 1)) << LEB128_BITS * i;
		if (c & LEB128_MORE)
			continue;
		if ((c == 0 && i > 0) || v > UINT32_MAX)
			return false;
		*in = (struct str){in->p + i + 1, in->n - i - 1};
		*out = (uint32_t)v;
		return true;
	}
	return false;
}

enum emp_rc
cell_unpack(struct str packed, uint32_t *slots, uint32_t max, uint32_t *n)
{
	uint32_t at = 0;

	if (packed.n == 0 || packed.p[0] != PACK_VERSION)
		return EMP_CORRUPT;
	packed = (struct str){packed.p + 1, packed.n - 1};
	while (packed.n > 0) {
		uint32_t gap;
		uint32_t value;

		if (!leb128_get(&packed, &gap) || !leb128_get(&packed, &value))
			return EMP_CORRUPT;
		if (value == 0 || gap >= max - at)
			return EMP_CORRUPT;
		memset(slots + at, 0, gap * sizeof *slots);
		at += gap;
		slots[at++] = value;
	}
	*n = at;
	return EMP_OK;
}
