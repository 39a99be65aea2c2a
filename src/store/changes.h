/* Changes of definitions, and what else an admin asks of the writer one at a time:
 * releases, invitations, lines of the audit, forgetting. They go through the queue of
 * store.h, each in its own transaction. */
#ifndef EMP_STORE_CHANGES_H
#define EMP_STORE_CHANGES_H

#include "base/queue.h"
#include "model/defs.h"
#include "model/event.h"
#include "model/release.h"

enum def_op {
	DEF_SURVEY_PUT,
	DEF_UNIT_PUT,
	DEF_TOKEN_ADD,
	DEF_TOKEN_REVOKE,
	DEF_CODE_PUT, /* a personal code; replaces the person's former one */
	DEF_RELEASE,  /* close a period of an employees' survey, and release it */
	DEF_INVITES,  /* single-use invitations to an employees' survey */
	DEF_AUDIT,    /* a line of the audit */
	DEF_ERASE     /* forget a person, or a suggestion */
};
/* Who did what to what employees wrote. */
struct audit_entry {
	uint32_t token;     /* id; 0: none */
	struct str label;   /* of the token */
	const char *action; /* static; NULL: no line */
	struct str object;
};
/* Whom or what to forget: a person by the pseudonyms of all keys (sealed: before the
 * period's), or by a personal code; or a suggestion by its receipt. */
struct erase_what {
	bool by_receipt;
	bool confidential; /* by_receipt: in which file */
	bool by_code;      /* as personnel, whose personal code it is */
	uint8_t code_hash[RECEIPT_HASH_BYTES];
	uint8_t receipt_hash[RECEIPT_HASH_BYTES];
	uint8_t customer[PSEUDONYM_BYTES], personnel[PSEUDONYM_BYTES],
		sealed[PSEUDONYM_BYTES];
	bool has_customer, has_personnel, has_sealed;
};

/* A change of definitions, through the same queue and with the same durability. */
struct store_change {
	struct qnode node;
	uint8_t op;
	bool created;                /* out: 201 rather than 200 */
	enum emp_rc rc;              /* out */
	struct problem problem;      /* out */
	const struct survey *survey; /* SURVEY_PUT */
	struct unit_def unit;        /* UNIT_PUT */
	struct token_def token;      /* TOKEN_ADD (id out), TOKEN_REVOKE (by id) */
	uint8_t code_hash[RECEIPT_HASH_BYTES]; /* CODE_PUT */
	uint8_t person[PSEUDONYM_BYTES];       /* CODE_PUT */
	struct str name;                       /* RELEASE, INVITES: of the survey */
	/* RELEASE: which; n == 0: the present wave, or the last week or month that is
	 * over, with all before it that are not released. */
	struct str period;
	char period_name[RELEASE_PERIOD_MAX]; /* RELEASE, out */
	int64_t from, to;                     /* RELEASE, out: its bounds, ms */
	struct str invite_unit; /* INVITES: of whoever has them; "": none */
	const uint8_t (*hashes)[RECEIPT_HASH_BYTES]; /* INVITES */
	uint32_t n_hashes;
	struct audit_entry audit; /* AUDIT, ERASE, CODE_PUT: written with it */
	struct erase_what erase;  /* ERASE */
	bool complete; /* ERASE, out: no reader keeps a log that has it from being
			  emptied; else that follows by itself */
	void (*done)(
		struct store_change *c); /* [writer] after commit and the defs hook */
};

#endif
