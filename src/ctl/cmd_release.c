/* empowerctl release: close a period of a survey of employees.
 *
 * It cannot be taken back, so whoever sits at a terminal is told what is about to be
 * released, and asked. A script is not: it has no one to ask. */
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

/* "the present wave", by the survey's document and --period. */
static void
add_what(const struct ctl *c, const struct json_node *survey, struct buf *out)
{
	struct str period = json_node_str(json_node_get(survey, "period"));

	if (ctl_has(c, CTL_OPT_PERIOD))
		buf_printf(out, "period %s and those before it",
			   c->opt[CTL_OPT_PERIOD]);
	else if (period.n == 0 || str_is(period, "wave"))
		buf_add_z(out, "the present wave");
	else
		buf_printf(out, "the last %.*s that is over and those before it",
			   STR_FMT(period));
}

/* CTL_OK: go on. A survey of customers has nothing to release, which the daemon says.
 */
static enum ctl_exit
ask(struct ctl *c, const char *path)
{
	struct json_node *survey = NULL;
	enum ctl_exit e = CTL_OK;
	struct ctl_answer a;
	struct buf what;

	if (ctl_has(c, CTL_OPT_YES) || !ctl_term_asks())
		return CTL_OK;
	if (!ctl_call(c, "GET", path, STR_NONE, &a))
		return CTL_FAILED;
	if (json_node_read(&survey, a.body, NULL) != EMP_OK)
		return ctl_fail("%s does not answer as empowerd does",
				ctl_client_url(c->client));
	buf_init(&what, 0);
	add_what(c, survey, &what);
	if (str_is(json_node_str(json_node_get(survey, "audience")), "employee")) {
		fprintf(stderr,
			"%s: about to release %.*s, for good; "
			"invitations end with it.\n",
			c->args[0], STR_FMT(buf_str(&what)));
		if (!ctl_term_agreed())
			e = ctl_fail("nothing was released");
	}
	buf_fini(&what);
	json_node_free(&survey);
	return e;
}

static bool
survey_address(struct buf *path, const char *name, const char *rest)
{
	buf_init(path, 0);
	buf_add_z(path, "/v1/surveys/");
	ctl_url_escape(path, str_from(name));
	buf_add_z(path, rest);
	buf_add_c(path, '\0');
	return buf_ok(path);
}

enum ctl_exit
ctl_cmd_release(struct ctl *c)
{
	const char *period = c->opt[CTL_OPT_PERIOD];
	enum ctl_exit e = CTL_FAILED;
	struct ctl_answer a;
	struct buf survey, path, body;
	bool ok;

	if (c->n_args != 1)
		return ctl_usage(c, "which survey?");
	ok = survey_address(&survey, c->args[0], "");
	ok = survey_address(&path, c->args[0], "/release") && ok;
	buf_init(&body, 0);
	buf_add_c(&body, '{');
	if (period != NULL) {
		buf_add_z(&body, "\"period\":");
		buf_add_json(&body, str_from(period));
	}
	buf_add_c(&body, '}');
	if (!ok || !buf_ok(&body))
		ctl_fail("out of memory");
	else if (ask(c, survey.p) == CTL_OK &&
		 ctl_call(c, "POST", path.p, buf_str(&body), &a))
		e = show(c, &a);
	buf_fini(&survey);
	buf_fini(&path);
	buf_fini(&body);
	return e;
}
