/* One survey: defaults of its metrics, slots of its questions, and the block it lives
 * in.
 *
 * A survey that the daemon works with is always a copy in one block: the struct, its
 * questions, their strings, and a small hash table of question names. So a snapshot
 * costs one free() per survey, and the decoder finds a question with one hash.
 */
#include "model/survey_impl.h"

#include "base/hash.h"

#include <stdlib.h>

#define TABLE_EMPTY UINT16_MAX
#define TABLE_LOAD 2 /* table entries per question, at least */

static const struct {
	const char *name;
	int8_t lo, hi;
} metrics[] = {
	[METRIC_NONE] = {NULL, 0, 0},     [METRIC_CSAT] = {"csat", 1, 5},
	[METRIC_NPS] = {"nps", 0, 10},    [METRIC_CES] = {"ces", 1, 7},
	[METRIC_PULSE] = {"pulse", 1, 5}, [METRIC_CHOICE] = {"choice", 0, 0},
	[METRIC_TEXT] = {"text", 0, 0},
};
#define METRICS (sizeof metrics / sizeof metrics[0])

void
metric_scale(enum metric m, int8_t *lo, int8_t *hi)
{
	EMP_ASSERT((unsigned)m < METRICS);
	*lo = metrics[m].lo;
	*hi = metrics[m].hi;
}

bool
metric_satisfied(enum metric m, int8_t lo, int8_t hi, uint16_t *mask)
{
	*mask = 0;
	if (m != METRIC_CSAT)
		return true;
	if (lo != 1 || (hi != 4 && hi != 5))
		return false;
	*mask = (uint16_t)(1u << hi | 1u << (hi - 1));
	return true;
}

enum metric
metric_find(struct str name)
{
	for (size_t i = METRIC_NONE + 1; i < METRICS; i++) {
		if (str_is(name, metrics[i].name))
			return (enum metric)i;
	}
	return METRIC_NONE;
}

const char *
metric_name(enum metric m)
{
	return (unsigned)m < METRICS ? metrics[m].name : NULL;
}

bool
metric_is_scale(enum metric m)
{
	return m >= METRIC_CSAT && m <= METRIC_PULSE;
}

static const char *const periods[] = {
	[PERIOD_WAVE] = "wave", [PERIOD_WEEK] = "week", [PERIOD_MONTH] = "month"};

bool
period_find(struct str name, enum period *out)
{
	for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
		if (str_is(name, periods[i])) {
			*out = (enum period)i;
			return true;
		}
	}
	return false;
}

const char *
period_name(enum period p)
{
	return (unsigned)p <= PERIOD_MONTH ? periods[p] : NULL;
}

uint16_t
question_width(const struct question *q)
{
	unsigned room;

	if (metric_is_scale((enum metric)q->metric))
		return (uint16_t)(q->hi - q->lo + 1);
	if (q->metric != METRIC_CHOICE)
		return 1;
	room = (q->n_options + QUESTION_OPTIONS_STEP - 1u) / QUESTION_OPTIONS_STEP *
		QUESTION_OPTIONS_STEP;
	return (uint16_t)(1 + room);
}

bool
question_compatible(const struct question *now, const struct question *next)
{
	unsigned width = now->width > 0 ? now->width : question_width(now);

	if (now->metric != next->metric)
		return false;
	if (metric_is_scale((enum metric)now->metric))
		return now->lo == next->lo && now->hi == next->hi &&
			now->satisfied == next->satisfied;
	if (next->n_options < now->n_options || 1u + next->n_options > width)
		return false;
	for (size_t i = 0; i < now->n_options; i++) {
		if (!str_eq(now->options[i], next->options[i]))
			return false;
	}
	return true;
}

struct question
question_registered(const struct survey *s, struct str name)
{
	struct question q = {
		.metric = s->open_metric,
		.lo = s->open_lo,
		.hi = s->open_hi,
		.satisfied = s->open_satisfied,
		.name = name,
	};

	EMP_ASSERT(s->open_metric != METRIC_NONE);
	return q;
}

/* Slots for questions that have none; n_slots; no slot may have two owners. */
static enum emp_rc
slots_assign(struct survey *s, struct question *q)
{
	uint64_t taken[SURVEY_SLOTS_MAX / 64 + 1] = {0};
	uint32_t end = SURVEY_SLOTS_FIXED;

	for (uint32_t i = 0; i < s->n_questions; i++) {
		if (q[i].slot == 0)
			continue;
		if (q[i].slot < SURVEY_SLOTS_FIXED || q[i].width == 0 ||
		    q[i].slot > SURVEY_SLOTS_MAX ||
		    q[i].slot + q[i].width > SURVEY_SLOTS_MAX)
			return EMP_CORRUPT;
		for (uint32_t k = q[i].slot; k < q[i].slot + q[i].width; k++) {
			if (taken[k / 64] & UINT64_C(1) << k % 64)
				return EMP_CORRUPT;
			taken[k / 64] |= UINT64_C(1) << k % 64;
		}
		if (end < q[i].slot + q[i].width)
			end = q[i].slot + q[i].width;
	}
	for (uint32_t i = 0; i < s->n_questions; i++) {
		if (q[i].slot != 0)
			continue;
		q[i].slot = end;
		q[i].width = question_width(&q[i]);
		end += q[i].width;
	}
	s->n_slots = end;
	return end <= SURVEY_SLOTS_MAX ? EMP_OK : EMP_INVALID;
}

static enum emp_rc
table_fill(struct survey_box *b, struct question *q)
{
	memset(b->table, 0xff, ((size_t)b->mask + 1) * sizeof *b->table);
	for (uint32_t i = 0; i < b->s.n_questions; i++) {
		uint32_t at = (uint32_t)hash_bytes(q[i].name.p, q[i].name.n) & b->mask;

		while (b->table[at] != TABLE_EMPTY) {
			if (str_eq(q[b->table[at]].name, q[i].name))
				return EMP_CONFLICT;
			at = (at + 1) & b->mask;
		}
		b->table[at] = (uint16_t)i;
	}
	return EMP_OK;
}

int
survey_box_question(const struct survey_box *b, struct str name)
{
	uint32_t at = (uint32_t)hash_bytes(name.p, name.n) & b->mask;

	for (; b->table[at] != TABLE_EMPTY; at = (at + 1) & b->mask) {
		if (str_eq(b->s.questions[b->table[at]].name, name))
			return b->table[at];
	}
	return -1;
}

static struct str
copy_str(char **at, struct str s)
{
	struct str copy = {*at, s.n};

	if (s.n == 0)
		return STR_NONE;
	memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

static size_t
text_size(const struct question *q)
{
	size_t n = q->name.n + q->twin.n;

	for (size_t i = 0; i < q->n_options; i++)
		n += q->options[i].n;
	return n;
}

/* Question i of what survey_extend makes. */
static const struct question *
source(const struct survey *s, const struct question *more, size_t i)
{
	return i < s->n_questions ? &s->questions[i] : &more[i - s->n_questions];
}

enum emp_rc
survey_extend(struct survey **out, const struct survey *s, const struct question *more,
	      size_t n_more)
{
	size_t n = s->n_questions + n_more;
	size_t n_options = 0;
	size_t text = s->name.n + s->document.n;
	size_t slots = 4;
	struct survey_box *b;
	struct question *q;
	struct str *options;
	char *at;
	enum emp_rc rc;

	if (n > SURVEY_QUESTIONS_MAX)
		return EMP_INVALID;
	for (size_t i = 0; i < n; i++) {
		EMP_ASSERT(source(s, more, i)->n_options <= QUESTION_OPTIONS_MAX);
		n_options += source(s, more, i)->n_options;
		text += text_size(source(s, more, i));
	}
	while (slots < n * TABLE_LOAD)
		slots *= 2;
	b = malloc(sizeof *b + n * sizeof *q + n_options * sizeof *options +
		   slots * sizeof *b->table + text);
	if (b == NULL)
		return EMP_NOMEM;
	q = (struct question *)(b + 1);
	options = (struct str *)(q + n);
	b->table = (uint16_t *)(options + n_options);
	b->mask = (uint32_t)slots - 1;
	at = (char *)(b->table + slots);
	b->s = *s;
	b->s.n_questions = (uint32_t)n;
	b->s.questions = q;
	b->s.name = copy_str(&at, s->name);
	b->s.document = copy_str(&at, s->document);
	for (size_t i = 0; i < n; i++) {
		q[i] = *source(s, more, i);
		q[i].name = copy_str(&at, q[i].name);
		q[i].twin = copy_str(&at, q[i].twin);
		for (size_t k = 0; k < q[i].n_options; k++)
			options[k] = copy_str(&at, q[i].options[k]);
		q[i].options = q[i].n_options > 0 ? options : NULL;
		options += q[i].n_options;
	}
	rc = slots_assign(&b->s, q);
	if (rc == EMP_OK)
		rc = table_fill(b, q);
	if (rc != EMP_OK) {
		free(b);
		return rc;
	}
	*out = &b->s;
	return EMP_OK;
}

enum emp_rc
survey_copy(struct survey **out, const struct survey *s)
{
	return survey_extend(out, s, NULL, 0);
}

void
survey_free(struct survey **s)
{
	/* The survey is the first member of its block. */
	free(*s);
	*s = NULL;
}
