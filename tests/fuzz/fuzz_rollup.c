/*
 * A rollup's parameters: whatever they say, either there is a refusal with a reason, or
 * the query keeps its promises.
 *
 * The first byte of an input chooses what is asked ('0': satisfaction), the rest is
 * "name=value&name=value".
 */
#include "base/utf8.h"
#include "model/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_promises(const struct query *q)
{
	uint32_t group = 0;

	EMP_ASSERT(q->from < q->to);
	EMP_ASSERT(q->from >= QUERY_FOREVER_FROM && q->to <= QUERY_FOREVER_TO);
	EMP_ASSERT(q->depth <= QUERY_DEPTH_MAX && q->n_order <= FIELD_COUNT);
	for (uint32_t i = 0; i < q->n_order; i++)
		group |= 1u << q->order[i];
	EMP_ASSERT(group == q->group);
	EMP_ASSERT(step_name((enum step)q->step) != NULL);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		EMP_ASSERT(q->filter[f].n <= QUERY_VALUES_MAX);
		for (uint32_t i = 0; i < q->filter[f].n; i++)
			EMP_ASSERT(unit_valid(q->filter[f].value[i]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data + 1, size - 1};
	struct query q;
	struct problem p = {0};
	enum emp_rc rc = EMP_OK;

	if (size == 0)
		return 0;
	query_init(&q, (enum rollup)((data[0] + ASK_COUNT * 4u - '0') % ASK_COUNT));
	while (text.n > 0 && rc == EMP_OK) {
		struct str value = str_split(&text, '&');
		struct str name = str_split(&value, '=');

		rc = query_set(&q, name, value, &p);
	}
	if (rc == EMP_OK)
		rc = query_check(&q, &p);
	if (rc == EMP_OK) {
		check_promises(&q);
		return 0;
	}
	/* A refusal goes into an answer: it must be text, and say something. */
	EMP_ASSERT(rc == EMP_INVALID && p.rc == rc && p.detail[0] != '\0');
	EMP_ASSERT(utf8_valid(str_from(p.pointer)) && utf8_valid(str_from(p.detail)));
	return 0;
}
