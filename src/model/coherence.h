/* Coherence: whether employees are given the care that customers get. A twin is the
 * same question asked outside and inside; where the inside is worse, care is missing.
 * Better inside than outside is no debt that could be offset elsewhere. Pure. [any] */
#ifndef EMP_MODEL_COHERENCE_H
#define EMP_MODEL_COHERENCE_H

#include <stddef.h>

#define COHERENCE_MIN_TWINS 3

/* Levels on 0-100, of customers and of employees; NAN: not known. CSAT, easy efforts,
 * favorable pulses and times (as the share within their clock) are such levels as they
 * are. */
struct twin {
	double external, internal;
};
/* That of an NPS, which goes from -100 to 100. */
double twin_level_of_nps(double nps);
/* external - internal; NAN unless both are known. */
double twin_gap(const struct twin *t);
/* NULL, "internal", "external", or "both". */
const char *twin_missing(const struct twin *t);

struct coherence {
	size_t twins;        /* with both levels */
	double care_deficit; /* mean of max(0, gap) over these; NAN for none */
	double index;        /* 100 - care_deficit; NAN below COHERENCE_MIN_TWINS */
};
void coherence_of(const struct twin *t, size_t n, struct coherence *out);

/* From one period to another, over those twins only that have both levels in both: else
 * a twin that came or went would look like a change. before[i] and after[i] are the
 * same twin. */
struct coherence_trend {
	struct coherence before, after;
	double change; /* of the index; NAN below COHERENCE_MIN_TWINS */
};
void coherence_trend(const struct twin *before, const struct twin *after, size_t n,
		     struct coherence_trend *out);

#endif
