/*
 * Surveys for the tests and the fuzz target of the event decoder: open ones for both
 * audiences, shaped like those of the sample data, and a closed one with every metric.
 */
#ifndef TESTS_UNIT_INGEST_FIXTURE_H
#define TESTS_UNIT_INGEST_FIXTURE_H

#include "base/hash.h"
#include "codec/ingest.h"

#define FIXTURE_NOW INT64_C(1790000000000) /* 2026-09-21 */

static inline enum emp_rc
fixture_surveys(struct surveys **out)
{
	static const struct str colors[] = {
		{"red", 3}, {"green", 5}, {"blue", 4}, {"r\xc3\xb3\xc5\xbc", 5}};
	static const struct question asked[] = {
		{.name = {"overall", 7},
		 .declared = true,
		 .metric = METRIC_NPS,
		 .lo = 0,
		 .hi = 10},
		{.name = {"effort", 6},
		 .declared = true,
		 .metric = METRIC_CES,
		 .lo = 1,
		 .hi = 7},
		{.name = {"color", 5},
		 .declared = true,
		 .metric = METRIC_CHOICE,
		 .options = colors,
		 .n_options = sizeof colors / sizeof *colors},
		{.name = {"why", 3}, .declared = true, .metric = METRIC_TEXT},
		{.name = {"dropped", 7}, .metric = METRIC_NPS, .lo = 0, .hi = 10},
	};
	const struct survey all[] = {
		{.id = 16,
		 .name = {"flight", 6},
		 .audience = AUDIENCE_CUSTOMER,
		 .open_metric = METRIC_CSAT,
		 .open_lo = 1,
		 .open_hi = 5,
		 .open_satisfied = 1 << 4 | 1 << 5},
		{.id = 17,
		 .name = {"workplace", 9},
		 .audience = AUDIENCE_EMPLOYEE,
		 .open_metric = METRIC_CSAT,
		 .open_lo = 1,
		 .open_hi = 4,
		 .open_satisfied = 1 << 3 | 1 << 4},
		{.id = 18,
		 .name = {"visit", 5},
		 .audience = AUDIENCE_CUSTOMER,
		 .questions = asked,
		 .n_questions = sizeof asked / sizeof *asked},
	};
	struct survey *list[sizeof all / sizeof *all] = {NULL};
	enum emp_rc rc = EMP_OK;

	for (size_t i = 0; i < sizeof all / sizeof *all && rc == EMP_OK; i++)
		rc = survey_copy(&list[i], &all[i]);
	if (rc == EMP_OK)
		return surveys_new(out, list, sizeof all / sizeof *all);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		survey_free(&list[i]);
	return rc;
}

/* Stands in for the keyed hash of crypto/, which codec/ must not know. */
static inline void
fixture_hash(void *ctx, uint8_t out[16], const void *p, size_t n)
{
	uint64_t h[2] = {hash_bytes(p, n), 0};

	(void)ctx;
	h[1] = hash_u64(h[0]);
	memcpy(out, h, sizeof h);
}

#endif
