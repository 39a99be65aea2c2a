/* Twins, the care that is missing inside, and its trend. */
#include "model/coherence.h"

#include <math.h>

#define LEVEL_MAX 100.0

double
twin_level_of_nps(double nps)
{
	return (nps + LEVEL_MAX) / 2;
}

double
twin_gap(const struct twin *t)
{
	return t->external - t->internal;
}

const char *
twin_missing(const struct twin *t)
{
	if (isnan(t->internal))
		return isnan(t->external) ? "both" : "internal";
	return isnan(t->external) ? "external" : NULL;
}

static void
start(struct coherence *c)
{
	*c = (struct coherence){.care_deficit = 0};
}

static void
add(struct coherence *c, const struct twin *t)
{
	double gap = twin_gap(t);

	c->twins++;
	c->care_deficit += gap > 0 ? gap : 0;
}

/* The sum so far becomes the mean. */
static void
finish(struct coherence *c)
{
	c->care_deficit = c->twins > 0 ? c->care_deficit / (double)c->twins : NAN;
	c->index = c->twins >= COHERENCE_MIN_TWINS ? LEVEL_MAX - c->care_deficit : NAN;
}

void
coherence_of(const struct twin *t, size_t n, struct coherence *out)
{
	start(out);
	for (size_t i = 0; i < n; i++) {
		if (twin_missing(&t[i]) == NULL)
			add(out, &t[i]);
	}
	finish(out);
}

void
coherence_trend(const struct twin *before, const struct twin *after, size_t n,
		struct coherence_trend *out)
{
	start(&out->before);
	start(&out->after);
	for (size_t i = 0; i < n; i++) {
		if (twin_missing(&before[i]) != NULL || twin_missing(&after[i]) != NULL)
			continue;
		add(&out->before, &before[i]);
		add(&out->after, &after[i]);
	}
	finish(&out->before);
	finish(&out->after);
	out->change = out->after.index - out->before.index;
}
