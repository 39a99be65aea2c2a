/* Codes: typed text to what is stored of it. */
#include "api/codes.h"

/* What is no code, or one of another kind, becomes a code that nobody has. */
static void
code_read(struct code *out, struct str text, const char *letters)
{
	uint8_t bytes[CODE_BYTES];
	char letter;

	if (!crypto_code_parse(text, &letter, bytes) || !strchr(letters, letter)) {
		letter = letters[0];
		crypto_random(bytes, sizeof bytes);
	}
	out->confidential = letter != RECEIPT_CUSTOMER;
	crypto_code_hash(out->hash, letter, bytes);
	out->n = crypto_code_format(out->text, letter, bytes);
	explicit_bzero(bytes, sizeof bytes);
}

struct str
code_of_receipt(struct code *out, struct str text)
{
	static const char letters[] = {RECEIPT_CUSTOMER, RECEIPT_EMPLOYEE, '\0'};

	code_read(out, text, letters);
	return (struct str){out->text, out->n};
}

void
code_of_person(struct code *out, struct str text)
{
	static const char letters[] = {CODE_PERSON, '\0'};

	code_read(out, text, letters);
}

void
answer_secret(struct req *r)
{
	req_add_header(r, "Referrer-Policy", STR("no-referrer"));
}

void
answer_no_code(struct req *r)
{
	answer_problem(r, EMP_NOT_FOUND, "", "nothing is known under this code");
}
