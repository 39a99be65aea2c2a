/* Writing problem documents. */
#include "http/problem.h"

enum emp_rc
http_problem_public(enum emp_rc rc)
{
	switch (rc) {
	case EMP_NOMEM:
		return EMP_OVERLOADED;
	case EMP_OK:
	case EMP_IO:
	case EMP_CORRUPT:
	case EMP_TOO_NEW:
	case EMP_LOCKED:
	case EMP_CONFIG:
	case EMP_STALE:
		return EMP_INTERNAL;
	default:
		return rc;
	}
}

void
http_problem_head(struct buf *b, enum emp_rc rc)
{
	rc = http_problem_public(rc);
	buf_add_str(b, STR("\"type\":\"/problems/"));
	buf_add_z(b, emp_rc_slug(rc));
	buf_add_str(b, STR("\",\"title\":"));
	buf_add_json(b, str_from(emp_rc_title(rc)));
	buf_add_str(b, STR(",\"status\":"));
	buf_add_i64(b, emp_rc_status(rc));
}

void
http_problem_write(struct buf *b, const struct problem *p)
{
	const char *title = emp_rc_title(http_problem_public(p->rc));

	buf_add_c(b, '{');
	http_problem_head(b, p->rc);
	if (p->detail[0] != '\0') {
		buf_add_str(b, STR(",\"detail\":"));
		buf_add_json(b, str_from(p->detail));
	}
	if (p->pointer[0] != '\0') {
		buf_add_str(b, STR(",\"errors\":[{\"pointer\":"));
		buf_add_json(b, str_from(p->pointer));
		buf_add_str(b, STR(",\"detail\":"));
		buf_add_json(b, str_from(p->detail[0] != '\0' ? p->detail : title));
		buf_add_str(b, STR("}]"));
	}
	buf_add_c(b, '}');
}
