/* empowerctl audit: who read or took away what employees wrote. */
#include "ctl/verbs.h"

static const struct verb_field fields[] = {
	{"from", VERB_TIME, VERB_IN_QUERY, 0, CTL_OPT_FROM},
	{"to", VERB_TIME, VERB_IN_QUERY, 0, CTL_OPT_TO},
	{"limit", VERB_TEXT, VERB_IN_QUERY, 0, CTL_OPT_ROWS},
	{"cursor", VERB_TEXT, VERB_IN_QUERY, 0, CTL_OPT_CURSOR},
	{NULL, 0, 0, 0, 0}};
static const char *const columns[] = {"number", "time",   "token", "label",
				      "action", "object", NULL};

/* With the time of each: a day is not enough to ask anybody about it. */
static enum ctl_exit
show(struct ctl *c, const struct json_node *answer)
{
	return ctl_verb_rows(c, answer, columns, false);
}

static const struct verb verbs[] = {
	{VERB_ONLY, "GET", "/v1/audit", NULL, fields, show, columns}, {.name = NULL}};

enum ctl_exit
ctl_cmd_audit(struct ctl *c)
{
	return ctl_verb_run(c, verbs);
}
