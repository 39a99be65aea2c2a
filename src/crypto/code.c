/* Codes that people copy by hand, and what is derived from keys for them.
 *
 * 128 bits are 26 digits of five bits, the first of which has only three. Crockford's
 * alphabet leaves out I, L, O and U, so that no two digits look alike; whoever reads
 * one of the first three for a digit is understood. */
#include "crypto/crypto.h"

#include <sodium.h>

#define DIGITS 26
#define DIGIT_BITS 5
#define GROUP 5 /* digits between dashes; the last group has one more */
#define GROUPS (DIGITS / GROUP)
#define HASH_DOMAIN "code"

_Static_assert(1 + DIGITS + GROUPS + 1 <= CODE_TEXT_MAX, "a code fits");
_Static_assert(DIGITS *DIGIT_BITS >= 8 * CODE_BYTES, "a code has room for its bytes");

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static bool
is_letter(char c)
{
	return c == RECEIPT_CUSTOMER || c == RECEIPT_EMPLOYEE || c == CODE_PERSON ||
		c == CODE_INVITE;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Bit i of the digits, the highest first: they begin with zeros. */
static unsigned
bit_of(const uint8_t code[CODE_BYTES], unsigned i)
{
	const unsigned zeros = DIGITS * DIGIT_BITS - 8 * CODE_BYTES;

	if (i < zeros)
		return 0;
	i -= zeros;
	return code[i / 8] >> (7 - i % 8) & 1u;
}

size_t
crypto_code_format(char dst[CODE_TEXT_MAX], char letter, const uint8_t code[CODE_BYTES])
{
	size_t n = 0;

	EMP_ASSERT(is_letter(letter));
	dst[n++] = letter;
	for (unsigned i = 0; i < DIGITS; i++) {
		unsigned v = 0;

		if (i % GROUP == 0 && i / GROUP < GROUPS)
			dst[n++] = '-';
		for (unsigned k = 0; k < DIGIT_BITS; k++)
			v = v << 1 | bit_of(code, i * DIGIT_BITS + k);
		dst[n++] = alphabet[v];
	}
	dst[n] = '\0';
	return n;
}

/* The value of a digit; -1 when it is none. */
static int
digit_value(char c)
{
	const char *at;

	c = upper(c);
	if (c == 'O')
		return 0;
	if (c == 'I' || c == 'L')
		return 1;
	at = c != '\0' ? strchr(alphabet, c) : NULL;
	return at != NULL ? (int)(at - alphabet) : -1;
}

bool
crypto_code_parse(struct str text, char *letter, uint8_t code[CODE_BYTES])
{
	const unsigned zeros = DIGITS * DIGIT_BITS - 8 * CODE_BYTES;
	char first = '\0';
	unsigned digits = 0;

	memset(code, 0, CODE_BYTES);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		int v;

		if (c == '-' || c == ' ')
			continue;
		if (first == '\0') {
			first = upper(c);
			if (!is_letter(first))
				return false;
			continue;
		}
		v = digit_value(c);
		if (v < 0 || digits == DIGITS ||
		    (digits == 0 && v >> (DIGIT_BITS - zeros) != 0))
			return false;
		for (unsigned k = 0; k < DIGIT_BITS; k++) {
			unsigned bit = digits * DIGIT_BITS + k - zeros;

			if ((v >> (DIGIT_BITS - 1 - k) & 1) != 0)
				code[bit / 8] |= (uint8_t)(1u << (7 - bit % 8));
		}
		digits++;
	}
	*letter = first;
	return digits == DIGITS;
}

/* Hash of `n` bytes that nothing else in the program hashes alike. */
static void
separated(uint8_t *out, size_t size, const struct crypto_key *k, const char *domain,
	  const void *p, size_t n)
{
	unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
	size_t length = strlen(domain);
	int rc;

	EMP_ASSERT(length > 0 && length <= sizeof personal);
	memcpy(personal, domain, length);
	rc = crypto_generichash_blake2b_salt_personal(
		out, size, p, n, k != NULL ? k->bytes : NULL,
		k != NULL ? sizeof k->bytes : 0, NULL, personal);
	EMP_ASSERT(rc == 0);
}

void
crypto_code_hash(uint8_t out[16], char letter, const uint8_t code[CODE_BYTES])
{
	uint8_t text[1 + CODE_BYTES];

	EMP_ASSERT(is_letter(letter));
	text[0] = (uint8_t)letter;
	memcpy(text + 1, code, CODE_BYTES);
	separated(out, 16, NULL, HASH_DOMAIN, text, sizeof text);
}

void
crypto_derive(uint8_t out[32], const struct crypto_key *k, const char *domain,
	      struct str text)
{
	separated(out, 32, k, domain, text.p, text.n);
}
