/* Randomness, pseudonyms, token hashes and the keys behind them: the only user of
 * libsodium.
 *
 * Keys live in files of their own (STATE_DIR/keys/NAME.key, 32 bytes, 0600; systemd
 * credentials of the same name win), never in a database or a snapshot. */
#ifndef EMP_CRYPTO_CRYPTO_H
#define EMP_CRYPTO_CRYPTO_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

#define CRYPTO_KEY_BYTES 32
#define TOKEN_TEXT_MAX 64

/* [main] Once, before threads. */
EMP_MUST_CHECK enum emp_rc crypto_init(void);
/* [any] */
void crypto_random(void *dst, size_t n);

struct crypto_key {
	uint8_t bytes[CRYPTO_KEY_BYTES];
};

/* [any] Reads or, when absent, creates (O_EXCL, fsynced with its directory) the key
 * `name`
 * ([a-z0-9._-]) under dir/keys. Safe to race: all callers get the same key. */
EMP_MUST_CHECK enum emp_rc crypto_key_load(struct crypto_key *k, const char *dir,
					   const char *name, struct problem *p);
/* [any] Keyed BLAKE2b, 16 bytes. `domain` separates uses of a key ("person"). */
void crypto_pseudonym(uint8_t out[16], const struct crypto_key *k, const char *domain,
		      struct str text);
/* [any] Fast keyed 128-bit hash (SipHash-x-2-4) for the id window; first 16 bytes of k.
 */
void crypto_fast_hash(uint8_t out[16], const struct crypto_key *k, const void *p,
		      size_t n);
/* [any] BLAKE2b-256 of a token's text. */
void crypto_token_hash(uint8_t out[32], struct str token);
/* [any] A new token's text: "emp_" and 43 base64url characters (256 random bits).
 * Length. */
size_t crypto_token_new(char dst[TOKEN_TEXT_MAX]);
/* [any] A server-assigned event id: 32 lower-case hex digits (128 random bits) + NUL.
 */
void crypto_event_id(char dst[33]);

#endif
