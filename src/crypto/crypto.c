/* Random bytes, pseudonyms and hashes.
 *
 * Random bytes come from the kernel. Ids and keys ask for 16 of them at a time and a
 * system call costs more than everything else about an id, so each thread takes them
 * from a small stock of its own; what was handed out is wiped, and a child process
 * throws the stock away, so that no two callers ever get the same bytes.
 */
#include "crypto/crypto.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"

#define STOCK_BYTES 1024
#define STOCK_SERVES 64 /* larger requests go to the kernel themselves */

/* "emp_" tells a scanner for leaked secrets, and a person, what it is. */
#define TOKEN_PREFIX "emp_"
#define TOKEN_RANDOM_BYTES 32

_Static_assert(crypto_generichash_blake2b_KEYBYTES_MAX >= CRYPTO_KEY_BYTES,
	       "keys fit BLAKE2b");
_Static_assert(crypto_shorthash_siphashx24_KEYBYTES <= CRYPTO_KEY_BYTES &&
		       crypto_shorthash_siphashx24_BYTES == 16,
	       "keys fit SipHash");

static _Atomic unsigned int forks; /* how often this process is a child */

struct stock {
	size_t left;
	unsigned int forks;
	unsigned char bytes[STOCK_BYTES];
};
static _Thread_local struct stock stock;

static void
in_child(void)
{
	atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

enum emp_rc
crypto_init(void)
{
	static _Atomic bool watching;

	if (sodium_init() < 0)
		return EMP_INTERNAL;
	/* A second registration would only count twice, but there is no need. */
	if (!atomic_exchange(&watching, true) &&
	    pthread_atfork(NULL, NULL, in_child) != 0)
		return EMP_NOMEM;
	return EMP_OK;
}

void
crypto_random(void *dst, size_t n)
{
	unsigned int now = atomic_load_explicit(&forks, memory_order_relaxed);
	unsigned char *from;

	if (n > STOCK_SERVES) {
		randombytes_buf(dst, n);
		return;
	}
	if (stock.left < n || stock.forks != now) {
		randombytes_buf(stock.bytes, sizeof stock.bytes);
		stock.left = sizeof stock.bytes;
		stock.forks = now;
	}
	from = stock.bytes + sizeof stock.bytes - stock.left;
	memcpy(dst, from, n);
	sodium_memzero(from, n);
	stock.left -= n;
}

void
crypto_pseudonym(uint8_t out[16], const struct crypto_key *k, const char *domain,
		 struct str text)
{
	unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
	size_t n = strlen(domain);
	int rc;

	EMP_ASSERT(n > 0 && n <= sizeof personal);
	memcpy(personal, domain, n);
	rc = crypto_generichash_blake2b_salt_personal(
		out, 16, (const unsigned char *)text.p, text.n, k->bytes,
		sizeof k->bytes, NULL, personal);
	EMP_ASSERT(rc == 0);
}

void
crypto_fast_hash(uint8_t out[16], const struct crypto_key *k, const void *p, size_t n)
{
	int rc = crypto_shorthash_siphashx24(out, p, n, k->bytes);

	EMP_ASSERT(rc == 0);
}

void
crypto_token_hash(uint8_t out[32], struct str token)
{
	int rc = crypto_generichash(out, 32, (const unsigned char *)token.p, token.n,
				    NULL, 0);

	EMP_ASSERT(rc == 0);
}

size_t
crypto_token_new(char dst[TOKEN_TEXT_MAX])
{
	unsigned char secret[TOKEN_RANDOM_BYTES];
	const size_t prefix = sizeof TOKEN_PREFIX - 1;

	_Static_assert(
		sizeof TOKEN_PREFIX - 1 +
				sodium_base64_ENCODED_LEN(
					TOKEN_RANDOM_BYTES,
					sodium_base64_VARIANT_URLSAFE_NO_PADDING) <=
			TOKEN_TEXT_MAX,
		"a token fits");
	crypto_random(secret, sizeof secret);
	memcpy(dst, TOKEN_PREFIX, prefix);
	sodium_bin2base64(dst + prefix, TOKEN_TEXT_MAX - prefix, secret, sizeof secret,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret, sizeof secret);
	return strlen(dst);
}

void
crypto_event_id(char dst[33])
{
	unsigned char random[16];

	crypto_random(random, sizeof random);
	num_hex(dst, random, sizeof random);
}
