/* Choosing the key of an event's identities, and using it. */
#include "api/keys.h"

#include "base/clock.h"

#include <stdio.h>

#define IDENTITY_DOMAIN "person"
/* 1970-01-01 was a Thursday; weeks begin on the Monday before. */
#define DAYS_BEFORE_1970_MONDAY 3
#define DAYS_PER_WEEK 7

size_t
keys_period_name(char dst[KEY_NAME_MAX], const struct tz *tz, const struct event *e)
{
	/* Intents (stay, leave) belong to no survey; their period is the month. */
	enum period period = e->survey ? (enum period)e->survey->period : PERIOD_MONTH;
	struct str name = e->survey ? e->survey->name : STR("signal");
	int64_t at = e->time / MS_PER_S;
	int64_t index = 0;
	int n;

	switch (period) {
	case PERIOD_WAVE:
		break;
	case PERIOD_WEEK:
		/* Half a day on: a start in local time is the right day in UTC, too. */
		at = tz_floor(tz, TZ_WEEK, at) + tz_offset(tz, at) + S_PER_DAY / 2;
		index = (at / S_PER_DAY + DAYS_BEFORE_1970_MONDAY) / DAYS_PER_WEEK;
		break;
	case PERIOD_MONTH:
		index = tz_month_index(tz, at);
		break;
	}
	n = snprintf(dst, KEY_NAME_MAX, "%s-%.*s-%lld", e->survey ? "survey" : "sealed",
		     STR_FMT(name), (long long)index);
	EMP_ASSERT(n > 0 && n < KEY_NAME_MAX);
	return (size_t)n;
}

static enum emp_rc
key_of_period(struct keys *k, const struct event *e, const struct crypto_key **out,
	      struct problem *p)
{
	char name[KEY_NAME_MAX];
	struct keys_entry *oldest = &k->entry[0];
	enum emp_rc rc;

	keys_period_name(name, k->tz, e);
	for (size_t i = 0; i < KEYS_REMEMBERED; i++) {
		struct keys_entry *x = &k->entry[i];

		if (strcmp(x->name, name) == 0) {
			x->used = ++k->tick;
			*out = &x->key;
			return EMP_OK;
		}
		if (x->used < oldest->used)
			oldest = x;
	}
	oldest->name[0] = '\0';
	rc = crypto_key_load(&oldest->key, k->dir, name, p);
	if (rc != EMP_OK)
		return rc;
	memcpy(oldest->name, name, sizeof name);
	oldest->used = ++k->tick;
	*out = &oldest->key;
	return EMP_OK;
}

static void
pseudonymise(struct identity *who, const struct crypto_key *key)
{
	if (who->text.n == 0)
		return;
	if (!who->set)
		crypto_pseudonym(who->pseudonym, key, IDENTITY_DOMAIN, who->text);
	who->set = true;
	who->text = STR_NONE;
}

void
keys_person(const struct keys *k, struct str text, uint8_t out[PSEUDONYM_BYTES])
{
	crypto_pseudonym(out, k->personnel, IDENTITY_DOMAIN, text);
}

enum emp_rc
keys_pseudonymise(struct keys *k, struct event *e, struct problem *p)
{
	const struct crypto_key *key = NULL;
	enum emp_rc rc;

	if (e->person.text.n == 0 && e->case_ref.text.n == 0 && e->n_to == 0)
		return EMP_OK;
	switch ((enum event_class)e->class) {
	case CLASS_CUSTOMER:
		key = k->customer;
		break;
	case CLASS_SEALED:
		rc = key_of_period(k, e, &key, p);
		if (rc != EMP_OK)
			return rc;
		break;
	case CLASS_OPERATIONAL:
	case CLASS_PERSONNEL:
	case CLASS_CASE:
		key = k->personnel;
		break;
	case CLASS_BY_SURVEY:
	case CLASS_BY_SIGNAL:
	case CLASS_BY_VISIBILITY:
	case CLASS_BY_AUDIENCE:
	case CLASS_BY_REF:
		EMP_ASSERT(!"the decoder settles the class");
	}
	pseudonymise(&e->person, key);
	pseudonymise(&e->case_ref, key);
	for (uint32_t i = 0; i < e->n_to; i++)
		pseudonymise(&e->to[i], key);
	return EMP_OK;
}
