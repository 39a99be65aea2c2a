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

void
problem_head(struct buf *b, enum emp_rc rc)
{
	buf_add_str(b, STR("\"type\":\"/problems/"));
	buf_add_z(b, emp_rc_slug(rc));
	buf_add_str(b, STR("\",\"title\":"));
	buf_add_json(b, str_from(emp_rc_title(rc)));
	buf_add_str(b, STR(",\"status\":"));
	buf_add_i64(b, emp_rc_status(rc));
}

void
problem_json(struct buf *b, const struct problem *p)
{
	buf_add_c(b, '{');
	problem_head(b, p->rc);
	if (p->detail[0] != '\0') {
		buf_add_str(b, STR(",\"detail\":"));
		buf_add_json(b, str_from(p->detail));
	}
	if (p->pointer[0] != '\0') {
		buf_add_str(b, STR(",\"errors\":[{\"pointer\":"));
		buf_add_json(b, str_from(p->pointer));
		buf_add_str(b, STR(",\"detail\":"));
		buf_add_json(b,
			     str_from(p->detail[0] != '\0' ? p->detail
							   : emp_rc_title(p->rc)));
		buf_add_str(b, STR("}]"));
	}
	buf_add_c(b, '}');
}

bool
query_empty(struct req *r)
{
	if (req_query(r).n == 0)
		return true;
	answer_problem(r, EMP_INVALID, "", "there are no parameters here");
	return false;
}
