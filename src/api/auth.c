/* Bearer tokens.
 *
 * A token is compared by its hash. Hashing and looking up on each request would be the
 * largest cost of a small one, so a connection remembers the last Authorization value
 * that was right, and for which version of the definitions: a token that is revoked is
 * refused from the version on that does not have it.
 */
#include "api/auth.h"

#include "api/worker.h"
#include "base/clock.h"

#include <stdlib.h>

#define AUTHORIZATION_MAX 128

struct remembered {
	uint64_t version; /* of the definitions that `token` is part of */
	const struct token_def *token;
	size_t n;
	char value[AUTHORIZATION_MAX];
};

void
auth_forget(void *slot)
{
	free(slot);
}

/* The token's text in "Bearer TEXT", STR_NONE when it is something else. */
static struct str
bearer(struct str value)
{
	static const struct str scheme = {"bearer ", 7};

	if (value.n <= scheme.n || !str_ieq((struct str){value.p, scheme.n}, scheme))
		return STR_NONE;
	return str_trim((struct str){value.p + scheme.n, value.n - scheme.n});
}

static void
remember(struct req *r, struct str value, const struct token_def *token,
	 uint64_t version)
{
	void **slot = conn_slot(r);
	struct remembered *m = *slot;

	if (value.n > AUTHORIZATION_MAX)
		return;
	if (!m)
		m = *slot = malloc(sizeof *m);
	if (!m) /* it works without, only slower */
		return;
	m->version = version;
	m->token = token;
	m->n = value.n;
	memcpy(m->value, value.p, value.n);
}

enum emp_rc
auth_token(struct req *r, const struct token_def **out)
{
	const struct defs *defs = worker_of(r)->snap->defs;
	const struct remembered *m = *conn_slot(r);
	struct str value = req_header(r, "Authorization");
	uint8_t hash[TOKEN_HASH_BYTES];
	struct str text;

	if (!value.p)
		return EMP_UNAUTHORIZED;
	if (!req_is_secure(r))
		return EMP_INSECURE;
	if (m && m->version == defs->version && m->n == value.n &&
	    memcmp(m->value, value.p, value.n) == 0) {
		*out = m->token;
		return EMP_OK;
	}
	text = bearer(value);
	if (text.n == 0)
		return EMP_UNAUTHORIZED;
	crypto_token_hash(hash, text);
	*out = defs_token(defs, hash);
	if (!*out)
		return EMP_UNAUTHORIZED;
	remember(r, value, *out, defs->version);
	return EMP_OK;
}

bool
auth_pass_limit(struct req *r)
{
	struct api_worker *aw = worker_of(r);

	if (limit_take(&aw->limit, req_client_key(r), clock_mono_ns()))
		return true;
	STAT_ADD(aw, rate_limited);
	answer_problem(r, EMP_RATE_LIMITED, "",
		       "this address sent too many requests without a valid token");
	return false;
}

void
auth_refuse(struct req *r, enum emp_rc rc)
{
	struct api_worker *aw = worker_of(r);

	STAT_ADD(aw, unauthorized);
	if (!auth_pass_limit(r))
		return;
	if (rc == EMP_INSECURE)
		answer_problem(r, rc, "Authorization",
			       "use TLS in front of the daemon, or set insecure=yes");
	else if (req_header(r, "Authorization").p)
		answer_problem(r, rc, "Authorization", "the token is not known here");
	else
		answer_problem(r, rc, "Authorization",
			       "send Authorization: Bearer with a token");
}

static bool
scope_refuse(struct req *r, enum scope need)
{
	char text[SCOPES_TEXT_MAX];
	struct problem p;

	scopes_format(text, sizeof text, need);
	problem_set(&p, EMP_FORBIDDEN, "Authorization", "this needs the scope %s",
		    text);
	req_error(r, &p);
	return false;
}

/* The scope that the table asks for; 0: any token will do. */
static uint32_t
scope_of(enum route_access access)
{
	switch (access) {
	case ACCESS_INGEST:
		return SCOPE_INGEST;
	case ACCESS_RESPOND:
		return SCOPE_RESPOND;
	case ACCESS_ROSTER:
		return SCOPE_ROSTER;
	case ACCESS_READ:
	case ACCESS_WHOLE:
		return SCOPE_READ;
	case ACCESS_ADMIN:
		return SCOPE_ADMIN;
	case ACCESS_OPEN:
	case ACCESS_PUBLIC:
	case ACCESS_RECEIPT:
	case ACCESS_BY_EVENT:
		break;
	}
	return 0;
}

bool
auth_route(struct req *r, const struct route *route)
{
	uint32_t need = scope_of(route->access);
	const struct token_def *token;
	enum emp_rc rc;

	if (route->access == ACCESS_OPEN)
		return true;
	rc = auth_token(r, &token);
	if (route->access == ACCESS_PUBLIC || route->access == ACCESS_RECEIPT)
		return rc == EMP_OK || auth_pass_limit(r);
	if (rc != EMP_OK) {
		auth_refuse(r, rc);
		return false;
	}
	if (need != 0 && !scopes_allow(token->scopes, (enum scope)need))
		return scope_refuse(r, (enum scope)need);
	if (route->access == ACCESS_WHOLE || route->access == ACCESS_ADMIN)
		return auth_whole(r, token);
	return true;
}

bool
auth_whole(struct req *r, const struct token_def *token)
{
	if (token->unit[0] == '\0')
		return true;
	answer_problem(r, EMP_FORBIDDEN, "Authorization",
		       "the token is limited to a unit, this is about all");
	return false;
}

bool
auth_covers(const struct token_def *t, struct str unit)
{
	struct str limit = str_from(t->unit);

	if (limit.n == 0)
		return true;
	return str_starts(unit, limit) && (unit.n == limit.n || unit.p[limit.n] == '/');
}
