/* Which paragraphs say what about whom. */
#include "web/notice.h"

#include "model/lifecycle.h"
#include "model/release.h"

#include <stdio.h>

#define NUMBER_CHARS 12

enum number { THRESHOLD, FLOOR, COMMENTS, UNVERIFIED, DELICATE, NUMBERS };

/* In the order in which they are read. Some stand for others; see pick(). */
static const enum text general[] = {
	TEXT_GENERAL_INTRO,       TEXT_GENERAL_CUSTOMERS, TEXT_GENERAL_EMPLOYEES,
	TEXT_GENERAL_SUGGESTIONS, TEXT_GENERAL_PEOPLE,    TEXT_GENERAL_RANKING,
	TEXT_COMMON_TRACES,       TEXT_GENERAL_RIGHTS,    TEXT_COMMON_LIMITS,
	TEXT_GENERAL_MORE,
};
static const enum text customer[] = {
	TEXT_CUSTOMER_STORED, TEXT_CUSTOMER_CODE,      TEXT_COMMON_TRACES,
	TEXT_CUSTOMER_READ,   TEXT_CUSTOMER_KEEP_EVER, TEXT_CUSTOMER_RIGHTS,
};
static const enum text employee[] = {
	TEXT_EMPLOYEE_SINGLE,   TEXT_EMPLOYEE_WAVE,      TEXT_EMPLOYEE_GROUPS,
	TEXT_EMPLOYEE_COMMENTS, TEXT_EMPLOYEE_VOUCHED,   TEXT_EMPLOYEE_INVITATION,
	TEXT_EMPLOYEE_ONCE,     TEXT_EMPLOYEE_KEEP_EVER, TEXT_COMMON_TRACES,
	TEXT_EMPLOYEE_RIGHTS,   TEXT_COMMON_LIMITS,
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
_Static_assert(COUNT(general) <= NOTICE_PARAGRAPHS_MAX, "make room");
_Static_assert(COUNT(employee) <= NOTICE_PARAGRAPHS_MAX, "make room");

struct making {
	const struct survey *v; /* NULL: of the whole */
	uint32_t days;          /* how long it is kept; 0: for ever */
	char number[NUMBERS][NUMBER_CHARS];
	struct text_value values[NUMBERS + 1];
};

static uint32_t
at_least(uint32_t k, uint32_t floor)
{
	return k > floor ? k : floor;
}

static void
put_number(struct making *m, enum number i, const char *name, uint32_t value)
{
	snprintf(m->number[i], sizeof m->number[i], "%u", (unsigned)value);
	m->values[i] = (struct text_value){name, str_from(m->number[i])};
}

static void
put_numbers(struct making *m)
{
	uint32_t k = m->v != NULL ? m->v->threshold : RELEASE_K;

	put_number(m, THRESHOLD, "threshold", k);
	put_number(m, FLOOR, "floor", RELEASE_K_MIN);
	put_number(m, COMMENTS, "comments", at_least(k, RELEASE_K_COMMENTS));
	put_number(m, UNVERIFIED, "unverified", at_least(k, RELEASE_K_UNVERIFIED));
	put_number(m, DELICATE, "delicate", CASE_UNIT_PEOPLE_MIN);
}

/* "30 days", as the last of the values. */
static enum emp_rc
put_duration(struct making *m, enum lang l, struct arena *a)
{
	char text[NUMBER_CHARS];
	struct text_value n = {"n", STR_NONE};
	struct text_value *v = &m->values[NUMBERS];

	v->name = "duration";
	snprintf(text, sizeof text, "%u", (unsigned)m->days);
	n.value = str_from(text);
	return text_fill(&v->value, l,
			 m->days == 1 ? TEXT_DURATION_DAY : TEXT_DURATION_DAYS, &n, 1,
			 a);
}

/* The text that fits the survey where there are several. */
static enum text
pick(const struct making *m, enum text t)
{
	if (t == TEXT_EMPLOYEE_WAVE && m->v->period == PERIOD_WEEK)
		return TEXT_EMPLOYEE_WEEK;
	if (t == TEXT_EMPLOYEE_WAVE && m->v->period == PERIOD_MONTH)
		return TEXT_EMPLOYEE_MONTH;
	if (t == TEXT_CUSTOMER_KEEP_EVER && m->days > 0)
		return TEXT_CUSTOMER_KEEP_FOR;
	if (t == TEXT_EMPLOYEE_KEEP_EVER && m->days > 0)
		return TEXT_EMPLOYEE_KEEP_FOR;
	return t;
}

enum emp_rc
notice_make(struct notice *out, enum lang l, const struct survey *v,
	    const struct notice_keep *keep, struct arena *a)
{
	struct making m = {.v = v};
	bool employees = v != NULL && v->audience == AUDIENCE_EMPLOYEE;
	const enum text *t = v == NULL ? general : employees ? employee : customer;
	size_t n = v == NULL ? COUNT(general)
		: employees  ? COUNT(employee)
			     : COUNT(customer);
	enum emp_rc rc;

	*out = (struct notice){.n = n};
	if (v != NULL)
		m.days = keep->days[employees ? CLASS_SEALED : CLASS_CUSTOMER];
	put_numbers(&m);
	rc = put_duration(&m, l, a);
	if (rc == EMP_OK)
		rc = text_fill(&out->title, l,
			       v == NULL ? TEXT_TITLE_GENERAL : TEXT_TITLE_SURVEY,
			       m.values, COUNT(m.values), a);
	for (size_t i = 0; rc == EMP_OK && i < n; i++)
		rc = text_fill(&out->paragraph[i], l, pick(&m, t[i]), m.values,
			       COUNT(m.values), a);
	return rc;
}
