/* Randomness, pseudonyms, token hashes and the keys behind them: the only user of
 * libsodium.
 *
 * Keys live in files of their own (STATE_DIR/keys/NAME.key, 32 bytes, 0600; systemd
 * credentials of the same name win), never in a database or a snapshot. */
#ifndef EMP_CRYPTO_CRYPTO_H
#define EMP_CRYPTO_CRYPTO_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
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
/* [any] Whether there is a key of that name, here or given by systemd. */
bool crypto_key_exists(const char *dir, const char *name);
/* [any] Overwrites the key of that name, syncs, removes it and syncs the directory;
 * fine when there is none. A key that systemd gave cannot be destroyed: EMP_CONFIG. */
EMP_MUST_CHECK enum emp_rc crypto_key_destroy(const char *dir, const char *name,
					      struct problem *p);
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

/* Codes that people type: receipts and personal codes. A letter that says what it is
 * (RECEIPT_*, CODE_*), then 26 characters of Crockford's base 32, in groups with
 * dashes between. Reading takes small letters, no or other groups, and O I L for 0 1 1.
 */
#define RECEIPT_CUSTOMER 'C' /* of what is in empowerd.db */
#define RECEIPT_EMPLOYEE 'E' /* of what is in confidential.db */
#define CODE_PERSON 'P'
#define CODE_INVITE 'I' /* to a survey, once */
#define CODE_BYTES 16
#define CODE_TEXT_MAX 48
/* [any] Writes it with a NUL; returns the length. */
size_t crypto_code_format(char dst[CODE_TEXT_MAX], char letter,
			  const uint8_t code[CODE_BYTES]);
/* [any] False when it is no such text. */
EMP_MUST_CHECK bool crypto_code_parse(struct str text, char *letter,
				      uint8_t code[CODE_BYTES]);
/* [any] What is stored of a code: BLAKE2b, 16 bytes. */
void crypto_code_hash(uint8_t out[16], char letter, const uint8_t code[CODE_BYTES]);
/* [any] Keyed BLAKE2b of 32 bytes: receipt and handle of a suggestion with a client's
 * id, so that sending it again gives the same receipt. */
void crypto_derive(uint8_t out[32], const struct crypto_key *k, const char *domain,
		   struct str text);

#endif
