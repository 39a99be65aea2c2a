/* Choosing the key of an event's identities, and using it. */
#include "api/keys.h"

#define IDENTITY_DOMAIN "person"

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

void
keys_of(const struct keys *k, struct str text, struct person_keys *out)
{
	crypto_pseudonym(out->customer, k->customer, IDENTITY_DOMAIN, text);
	crypto_pseudonym(out->sealed, k->sealed, IDENTITY_DOMAIN, text);
	keys_person(k, text, out->personnel);
}

void
keys_pseudonymise(const struct keys *k, struct event *e)
{
	const struct crypto_key *key = NULL;

	if (e->person.text.n == 0 && e->case_ref.text.n == 0 && e->n_to == 0)
		return;
	switch ((enum event_class)e->class) {
	case CLASS_CUSTOMER:
		key = k->customer;
		break;
	case CLASS_SEALED:
		key = k->sealed;
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
}
