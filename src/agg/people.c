/* Sets of people: open addressing over an array of pairs. */
#include "agg/people.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 1024u

struct pair {
	uint64_t tag;
	uint8_t person[PSEUDONYM_BYTES];
};

struct people {
	struct pair *v;
	uint32_t *at; /* index + 1 */
	uint32_t n, max, cap;
};

/* Pseudonyms are keyed hashes already: any of their bits are as good as random. */
static uint32_t
place_of(uint64_t tag, const uint8_t person[PSEUDONYM_BYTES])
{
	uint64_t v;

	memcpy(&v, person, sizeof v);
	return (uint32_t)(((v ^ (tag * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu) >>
			  32);
}

enum emp_rc
people_new(struct people **out)
{
	*out = calloc(1, sizeof **out);
	return *out == NULL ? EMP_NOMEM : EMP_OK;
}

void
people_free(struct people **p)
{
	if (*p == NULL)
		return;
	free((*p)->v);
	free((*p)->at);
	free(*p);
	*p = NULL;
}

static uint32_t
slot_of(const struct people *p, uint64_t tag, const uint8_t person[PSEUDONYM_BYTES])
{
	uint32_t i = place_of(tag, person) & (p->cap - 1);

	while (p->at[i] != 0) {
		const struct pair *e = &p->v[p->at[i] - 1];

		if (e->tag == tag && memcmp(e->person, person, PSEUDONYM_BYTES) == 0)
			break;
		i = (i + 1) & (p->cap - 1);
	}
	return i;
}

static enum emp_rc
grow(struct people *p)
{
	uint32_t max = p->max ? p->max * 2 : FIRST;
	struct pair *v;
	uint32_t *at;

	if (max > PEOPLE_MAX)
		return EMP_TOO_LARGE;
	v = realloc(p->v, max * sizeof *v);
	if (v == NULL)
		return EMP_NOMEM;
	p->v = v;
	at = calloc(max * 2, sizeof *at);
	if (at == NULL)
		return EMP_NOMEM;
	free(p->at);
	p->at = at;
	p->cap = max * 2;
	p->max = max;
	for (uint32_t i = 0; i < p->n; i++)
		p->at[slot_of(p, v[i].tag, v[i].person)] = i + 1;
	return EMP_OK;
}

enum emp_rc
people_add(struct people *p, uint64_t tag, const uint8_t person[PSEUDONYM_BYTES],
	   uint32_t *at, bool *fresh)
{
	enum emp_rc rc = p->n == p->max ? grow(p) : EMP_OK;
	uint32_t i;

	*at = PEOPLE_NONE;
	*fresh = false;
	if (rc != EMP_OK)
		return rc;
	i = slot_of(p, tag, person);
	if (p->at[i] == 0) {
		p->v[p->n].tag = tag;
		memcpy(p->v[p->n].person, person, PSEUDONYM_BYTES);
		p->at[i] = ++p->n;
		*fresh = true;
	}
	*at = p->at[i] - 1;
	return EMP_OK;
}

uint32_t
people_find(const struct people *p, uint64_t tag, const uint8_t person[PSEUDONYM_BYTES])
{
	return p->n == 0 ? PEOPLE_NONE : p->at[slot_of(p, tag, person)] - 1;
}

uint32_t
people_count(const struct people *p)
{
	return p->n;
}

/* ---- tallies ------------------------------------------------------------------- */

enum emp_rc
tally_add(struct tally *t, uint32_t bucket, uint32_t column, uint64_t n)
{
	EMP_ASSERT(column < t->columns && bucket < UINT32_MAX / 2);
	if (bucket >= t->n) {
		uint32_t max = t->n ? t->n : 64;
		uint64_t *v;

		while (max <= bucket)
			max *= 2;
		v = realloc(t->v, (size_t)max * t->columns * sizeof *v);
		if (v == NULL)
			return EMP_NOMEM;
		memset(v + (size_t)t->n * t->columns, 0,
		       (size_t)(max - t->n) * t->columns * sizeof *v);
		t->v = v;
		t->n = max;
	}
	t->v[(size_t)bucket * t->columns + column] += n;
	return EMP_OK;
}

uint64_t
tally_get(const struct tally *t, uint32_t bucket, uint32_t column)
{
	return bucket < t->n ? t->v[(size_t)bucket * t->columns + column] : 0;
}

void
tally_fini(struct tally *t)
{
	free(t->v);
	t->v = NULL;
	t->n = 0;
}
