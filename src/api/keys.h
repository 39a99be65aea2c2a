/* Pseudonyms: identities leave the worker only as keyed hashes.
 *
 * Customers have one key, personnel one, and sealed events one per survey and period,
 * made when its first answer comes and destroyed at its release: then nobody can follow
 * a person from period to period. Few keys are in use at a time; a worker remembers
 * those it used last.
 */
#ifndef EMP_API_KEYS_H
#define EMP_API_KEYS_H

#include "base/tz.h"
#include "crypto/crypto.h"
#include "model/event.h"

#define KEYS_REMEMBERED 32
#define KEY_NAME_MAX 128

struct keys_entry {
	char name[KEY_NAME_MAX]; /* "": empty */
	uint64_t used;
	struct crypto_key key;
};

struct keys {
	const char *dir;
	const struct tz *tz;
	const struct crypto_key *customer, *personnel;
	uint64_t tick;
	struct keys_entry entry[KEYS_REMEMBERED];
};

/* [worker] The pseudonym of an employee in what is not sealed. */
void keys_person(const struct keys *k, struct str text, uint8_t out[PSEUDONYM_BYTES]);
/* [worker] Replaces every identity of the event by its pseudonym, but one that is
 * `set`: that text already was one. EMP_IO and the like
 * when a key cannot be read or made. */
EMP_MUST_CHECK enum emp_rc keys_pseudonymise(struct keys *k, struct event *e,
					     struct problem *p);
/* [any] The name of the key of a sealed event: its survey (or "signal") and the number
 * of its period in the instance's zone. Returns the length. */
size_t keys_period_name(char dst[KEY_NAME_MAX], const struct tz *tz,
			const struct event *e);

#endif
