/* empowerctl release: close a period of a survey of employees. */
#include "codec/json_tools.h"
#include "ctl/ctl.h"

#include <stdio.h>

static enum ctl_exit
show(const struct ctl *c, const struct ctl_answer *a)
{
	struct json_node *root = NULL;
	struct str survey, period, from, to;
	enum ctl_exit e;

	if (ctl_has(c, CTL_OPT_JSON))
		return ctl_print(a->body);
	if (json_node_read(&root, a->body, NULL) != EMP_OK)
		root = NULL;
	survey = json_node_str(json_node_get(root, "survey"));
	period = json_node_str(json_node_get(root, "period"));
	from = json_node_str(json_node_get(root, "from"));
	to = json_node_str(json_node_get(root, "to"));
	if (to.n == 0) {
		e = ctl_fail("%s does not answer as empowerd does",
			     ctl_client_url(c->client));
	} else {
		printf("%.*s %.*s: released%s, %.*s to %.*s\n", STR_FMT(survey),
		       STR_FMT(period), a->status == 201 ? "" : " before",
		       STR_FMT(from), STR_FMT(to));
		e = ctl_print(STR_NONE);
	}
	json_node_free(&root);
	return e;
}

enum ctl_exit
ctl_cmd_release(struct ctl *c)
{
	const char *period = c->opt[CTL_OPT_PERIOD];
	enum ctl_exit e = CTL_FAILED;
	struct ctl_answer a;
	struct buf path, body;

	if (c->n_args != 1)
		return ctl_usage(c, "which survey?");
	buf_init(&path, 0);
	buf_init(&body, 0);
	buf_add_z(&path, "/v1/surveys/");
	ctl_url_escape(&path, str_from(c->args[0]));
	buf_add_z(&path, "/release");
	buf_add_c(&path, '\0');
	buf_add_c(&body, '{');
	if (period != NULL) {
		buf_add_z(&body, "\"period\":");
		buf_add_json(&body, str_from(period));
	}
	buf_add_c(&body, '}');
	if (!buf_ok(&path) || !buf_ok(&body))
		ctl_fail("out of memory");
	else if (ctl_call(c, "POST", path.p, buf_str(&body), &a))
		e = show(c, &a);
	buf_fini(&path);
	buf_fini(&body);
	return e;
}
