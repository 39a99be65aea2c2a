/* Pseudonyms: identities leave the worker only as keyed hashes.
 *
 * Customers have one key, personnel one, and what is sealed one. That of a sealed event
 * is stored by nobody: the writer, who knows to which period of a survey it belongs,
 * hashes it again with the key of that period, which is destroyed when the period is
 * released. Then nobody can follow a person from period to period.
 */
#ifndef EMP_API_KEYS_H
#define EMP_API_KEYS_H

#include "crypto/crypto.h"
#include "model/event.h"

struct keys {
	const struct crypto_key *customer, *personnel, *sealed;
};

/* [worker] The pseudonym of an employee in what is not sealed. */
void keys_person(const struct keys *k, struct str text, uint8_t out[PSEUDONYM_BYTES]);
/* [worker] All of somebody. */
struct person_keys {
	uint8_t customer[PSEUDONYM_BYTES], personnel[PSEUDONYM_BYTES],
		sealed[PSEUDONYM_BYTES];
};
void keys_of(const struct keys *k, struct str text, struct person_keys *out);
/* [worker] Replaces every identity of the event by its pseudonym, but one that is
 * `set`: that text already was one. */
void keys_pseudonymise(const struct keys *k, struct event *e);

#endif
