/* The answers that all routes share: problem documents and JSON. */
#include "api/worker.h"

void
answer_problem(struct req *r, enum emp_rc rc, const char *pointer, const char *detail)
{
	struct problem p;

	problem_set(&p, rc, pointer, "%s", detail);
	req_error(r, &p);
}

void
answer_json(struct req *r, int status, const struct buf *b)
{
	if (buf_ok(b))
		req_reply(r, status, "application/json", buf_str(b));
	else
		answer_problem(r, EMP_NOMEM, "", "");
}

bool
query_empty(struct req *r)
{
	if (req_query(r).n == 0)
		return true;
	answer_problem(r, EMP_INVALID, "", "there are no parameters here");
	return false;
}
