/* The snapshot of all definitions, in one block with its reference count. */
#include "model/defs.h"

#include <stdatomic.h>
#include <stdlib.h>

/* defs is the first member: its address is the block's. */
struct defs_box {
	struct defs defs;
	_Atomic uint32_t references;
};

/* Callers hold a snapshot as const; the count is all that ever changes. */
static struct defs_box *
box(const struct defs *d)
{
	return (struct defs_box *)(uintptr_t)d;
}

static int
compare_units(const void *a, const void *b)
{
	return strcmp(((const struct unit_def *)a)->name,
		      ((const struct unit_def *)b)->name);
}

enum emp_rc
defs_new(const struct defs **out, struct surveys *surveys,
	 struct boundaries *boundaries, const struct token_def *tokens,
	 uint32_t n_tokens, const struct unit_def *units, uint32_t n_units,
	 uint64_t version)
{
	struct defs_box *b;
	struct token_def *t;
	struct unit_def *u;

	b = malloc(sizeof *b + n_tokens * sizeof *t + n_units * sizeof *u);
	if (b == NULL) {
		surveys_free(&surveys);
		boundaries_release(&boundaries);
		return EMP_NOMEM;
	}
	t = (struct token_def *)(b + 1);
	u = (struct unit_def *)(t + n_tokens);
	if (n_tokens > 0)
		memcpy(t, tokens, n_tokens * sizeof *t);
	if (n_units > 0)
		memcpy(u, units, n_units * sizeof *u);
	qsort(u, n_units, sizeof *u, compare_units);
	atomic_init(&b->references, 1);
	b->defs = (struct defs){
		.surveys = surveys,
		.boundaries = boundaries,
		.tokens = t,
		.n_tokens = n_tokens,
		.units = u,
		.n_units = n_units,
		.version = version,
	};
	for (uint32_t i = 1; i < n_units; i++) {
		if (strcmp(u[i - 1].name, u[i].name) == 0) {
			const struct defs *d = &b->defs;

			defs_release(&d);
			return EMP_CONFLICT;
		}
	}
	*out = &b->defs;
	return EMP_OK;
}

const struct defs *
defs_hold(const struct defs *d)
{
	atomic_fetch_add_explicit(&box(d)->references, 1, memory_order_relaxed);
	return d;
}

void
defs_release(const struct defs **defs)
{
	const struct defs *d = *defs;

	*defs = NULL;
	if (d == NULL ||
	    atomic_fetch_sub_explicit(&box(d)->references, 1, memory_order_acq_rel) > 1)
		return;
	surveys_free(&box(d)->defs.surveys);
	boundaries_release(&box(d)->defs.boundaries);
	free(box(d));
}

/* No early exit: how long it takes says nothing about how much of a hash was right. */
static unsigned
difference(const uint8_t *a, const uint8_t *b)
{
	volatile unsigned diff = 0;

	for (size_t i = 0; i < TOKEN_HASH_BYTES; i++)
		diff = diff | (unsigned)(a[i] ^ b[i]);
	return diff;
}

const struct token_def *
defs_token(const struct defs *d, const uint8_t hash[TOKEN_HASH_BYTES])
{
	const struct token_def *found = NULL;

	for (uint32_t i = 0; i < d->n_tokens; i++) {
		if (difference(d->tokens[i].hash, hash) == 0)
			found = &d->tokens[i];
	}
	return found;
}

const struct unit_def *
defs_unit(const struct defs *d, struct str name)
{
	uint32_t lo = 0;
	uint32_t hi = d->n_units;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int order = str_cmp(str_from(d->units[mid].name), name);

		if (order == 0)
			return &d->units[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
