/* Saying where an event is wrong. Only events that are refused get here, so nothing of
 * this is fast; but the text of a pointer comes from the client and is escaped (RFC
 * 6901) and cut to what struct problem holds. */
#include "codec/ingest_impl.h"

#include <stdio.h>

struct pointer {
	char text[PROBLEM_POINTER_MAX + 8]; /* longer than it can be: it gets cut */
	size_t n;
};

static void
add_c(struct pointer *p, char c)
{
	if (p->n < sizeof p->text - 1)
		p->text[p->n++] = c;
	p->text[p->n] = '\0';
}

static void
add_member(struct pointer *p, struct str name)
{
	add_c(p, '/');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '~' || name.p[i] == '/') {
			add_c(p, '~');
			add_c(p, name.p[i] == '~' ? '0' : '1');
		} else {
			add_c(p, name.p[i]);
		}
	}
}

enum emp_rc
ingest_problem(struct decode *d, enum emp_rc rc, struct place at, const char *detail)
{
	struct pointer to = {.n = 0};
	bool envelope = at.field < F_COUNT &&
		ingest_fields[at.field].kind == KIND_ENVELOPE;

	if (d->p == NULL)
		return rc;
	if (d->form == DECODE_BINARY && envelope && at.field != F_DATA) {
		char header[32];

		snprintf(header, sizeof header, "ce-%s", ingest_fields[at.field].name);
		return problem_set(d->p, rc, header, "%s", detail);
	}
	if (d->form == DECODE_EVENT && !envelope)
		add_member(&to, STR("data"));
	if (at.field < F_COUNT && (d->form == DECODE_EVENT || at.field != F_DATA))
		add_member(&to, str_from(ingest_fields[at.field].name));
	if (at.name.p != NULL)
		add_member(&to, at.name);
	if (at.index != NO_INDEX) {
		char number[16];

		snprintf(number, sizeof number, "%u", (unsigned)at.index);
		add_member(&to, str_from(number));
	}
	return problem_set(d->p, rc, to.text, "%s", detail);
}

enum emp_rc
ingest_bad(struct decode *d, enum field_id f, const char *detail)
{
	return ingest_problem(d, EMP_INVALID, (struct place){f, STR_NONE, NO_INDEX},
			      detail);
}
