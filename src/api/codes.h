/* Receipts and personal codes in paths: whoever knows one may see what belongs to it.
 *
 * A text that is no code is taken for one that nobody has, and goes the same way as any
 * other: so neither answer nor time says which it was. Codes are never logged, and what
 * they open is kept by nobody.
 */
#ifndef EMP_API_CODES_H
#define EMP_API_CODES_H

#include "api/worker.h"

struct code {
	bool confidential; /* in confidential.db */
	uint8_t hash[RECEIPT_HASH_BYTES];
	char text[CODE_TEXT_MAX]; /* as we would write it, whatever was typed */
	size_t n;
};

/* [worker] The receipt, or the personal code, that is typed in `text`. Returns its text
 * in `out`. */
struct str code_of_receipt(struct code *out, struct str text);
void code_of_person(struct code *out, struct str text);
/* [worker] Headers of an answer that is for one pair of eyes, and whose address is,
 * too; that nobody keeps it net says of all answers that do not say otherwise. Once. */
void answer_secret(struct req *r);
/* [worker] 404: nothing is known under this code. */
void answer_no_code(struct req *r);

#endif
