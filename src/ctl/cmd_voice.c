/* empowerctl suggestion, decision, boundary and person: tables of what each verb sends,
 * and the few answers that are no list. */
#include "ctl/cells.h"
#include "ctl/verbs.h"

#include <stdio.h>

#define URL_HTTP "http://"

/* Shorthands: a word that must be there, an option. */
#define ID_IN_PATH                                                                     \
	{                                                                              \
		"id", VERB_TEXT, VERB_IN_PATH, VERB_WORD | VERB_MUST, VERB_NO_OPTION   \
	}
#define REF                                                                            \
	{                                                                              \
		"ref", VERB_REF, VERB_IN_DATA, VERB_WORD | VERB_MUST, VERB_NO_OPTION   \
	}
#define WORD(name, kind, place, flags, opt)                                            \
	{                                                                              \
		name, VERB_##kind, VERB_IN_##place, VERB_WORD | (flags), CTL_OPT_##opt \
	}
#define FIELD(name, kind, opt)                                                         \
	{                                                                              \
		name, VERB_##kind, VERB_IN_DATA, 0, CTL_OPT_##opt                      \
	}
#define QUERY(name, opt)                                                               \
	{                                                                              \
		name, VERB_TEXT, VERB_IN_QUERY, 0, CTL_OPT_##opt                       \
	}
#define TIME_QUERY(name, opt)                                                          \
	{                                                                              \
		name, VERB_TIME, VERB_IN_QUERY, 0, CTL_OPT_##opt                       \
	}
#define FLAG(name, opt)                                                                \
	{                                                                              \
		name, VERB_FLAG, VERB_IN_QUERY, 0, CTL_OPT_##opt                       \
	}
#define TIME                                                                           \
	{                                                                              \
		"time", VERB_TIME, VERB_IN_EVENT, 0, CTL_OPT_TIME                      \
	}
#define END                                                                            \
	{                                                                              \
		NULL, 0, 0, 0, 0                                                       \
	}

/* --- answers --- */

static enum ctl_exit
print(struct buf *out)
{
	enum ctl_exit e = buf_ok(out) ? ctl_print(buf_str(out))
				      : ctl_fail("out of memory");

	buf_fini(out);
	return e;
}

/* "stored", or "duplicate". */
static enum ctl_exit
show_status(struct ctl *c, const struct json_node *answer)
{
	struct buf out;

	(void)c;
	buf_init(&out, 0);
	buf_printf(&out, "%.*s\n",
		   STR_FMT(json_node_str(json_node_get(answer, "status"))));
	return print(&out);
}

/* What was erased, or when the last of it is. */
static enum ctl_exit
show_erased(struct ctl *c, const struct json_node *answer)
{
	(void)c;
	if (json_node_true(json_node_get(answer, "complete")))
		return ctl_print(STR("erased\n"));
	return ctl_print(STR("erased; a log that somebody reads still holds it, and is "
			     "emptied as soon as they are done\n"));
}

/* The id alone: what follows on a decision refers to it. */
static enum ctl_exit
show_id(struct ctl *c, const struct json_node *answer)
{
	struct buf out;

	(void)c;
	buf_init(&out, 0);
	buf_printf(&out, "%.*s\n", STR_FMT(json_node_str(json_node_get(answer, "id"))));
	return print(&out);
}

static void
show_member(void *ctx, const char *name, const struct json_node *value)
{
	struct ctl_table *t = ctx;
	enum json_node_type type = json_node_type(value);

	if (type == JSON_NODE_ARRAY || type == JSON_NODE_NULL)
		return;
	ctl_table_add_z(t, name);
	ctl_cell_add(t, value, false);
}

/* What is known of one thing, and what happened to it. */
static enum ctl_exit
show_suggestion(struct ctl *c, const struct json_node *answer)
{
	static const char *const columns[] = {
		"time", "type", "by", "will_examine", "status", "reason", "body", NULL};
	const struct json_node *history = json_node_get(answer, "history");
	struct ctl_table t;
	struct buf out;

	buf_init(&out, 0);
	ctl_table_init(&t, 2);
	json_node_each(answer, show_member, &t);
	if (ctl_table_write(&t, &(struct ctl_term){.width = c->term.width}, &out) !=
	    EMP_OK)
		out.failed = true;
	ctl_table_fini(&t);
	if (json_node_count(history) > 0) {
		buf_add_c(&out, '\n');
		if (ctl_verb_table(c, history, columns, false, &out) != EMP_OK)
			out.failed = true;
	}
	return print(&out);
}

/* What to do, then what to think about. */
static enum ctl_exit
show_check(struct ctl *c, const struct json_node *answer)
{
	const struct json_node *questions = json_node_get(answer, "questions");
	const struct json_node *limit = json_node_get(answer, "limit");
	struct str training = json_node_str(json_node_get(answer, "requires_training"));
	struct str since = json_node_str(json_node_get(answer, "in_force_since"));
	struct buf out;

	(void)c;
	buf_init(&out, 0);
	buf_add_str(&out, json_node_str(json_node_get(answer, "mode")));
	if (since.n == 0)
		buf_add_z(&out, " (no boundary is in force)");
	else if (json_node_type(limit) == JSON_NODE_NULL)
		buf_printf(&out, " (without limit, since %.*s)", STR_FMT(since));
	else {
		buf_add_z(&out, " (limit ");
		ctl_cell_text(&out, limit, false);
		buf_printf(&out, ", since %.*s)", STR_FMT(since));
	}
	buf_add_c(&out, '\n');
	if (training.n > 0)
		buf_printf(&out, "requires the training %.*s\n", STR_FMT(training));
	for (size_t i = 0; i < json_node_count(questions); i++) {
		const struct json_node *q = json_node_at(questions, i);

		buf_printf(&out, "  %.*s: %.*s\n",
			   STR_FMT(json_node_str(json_node_get(q, "driver"))),
			   STR_FMT(json_node_str(json_node_get(q, "question"))));
	}
	return print(&out);
}

static enum ctl_exit
show_code(struct ctl *c, const struct json_node *answer)
{
	struct str code = json_node_str(json_node_get(answer, "code"));
	const char *url = ctl_client_url(c->client);
	struct buf out;

	if (code.n == 0)
		return ctl_fail("the answer holds no code");
	buf_init(&out, 0);
	buf_printf(
		&out,
		"%.*s\n\n"
		"This code is shown only now, and a former one opens nothing any "
		"more.\n"
		"Give it to its person and to nobody else. Without a token it shows\n"
		"their own decisions, reviews and trainings at\n",
		STR_FMT(code));
	if (strncmp(url, URL_HTTP, sizeof URL_HTTP - 1) != 0)
		url = "";
	buf_printf(&out, "  %s/v1/me/%.*s\n", url, STR_FMT(code));
	buf_add_z(
		&out,
		"and asks for a wider boundary by POST of role, class and limit to\n");
	buf_printf(&out, "  %s/v1/me/%.*s/requests\n", url, STR_FMT(code));
	return print(&out);
}

/* --- suggestion --- */

static const struct verb_field suggestion_list[] = {
	{"state", VERB_TEXT, VERB_IN_QUERY, VERB_WORD, VERB_NO_OPTION},
	QUERY("audience", AUDIENCE),
	QUERY("unit", UNIT),
	QUERY("kind", KIND),
	QUERY("category", CATEGORY),
	TIME_QUERY("from", FROM),
	TIME_QUERY("to", TO),
	FLAG("overdue", OVERDUE),
	FLAG("board", BOARD),
	QUERY("limit", ROWS),
	QUERY("cursor", CURSOR),
	END};
static const char *const suggestion_columns[] = {
	"id",   "state",    "submitted", "due",   "overdue",
	"kind", "category", "unit",      "title", NULL};
static const struct verb_field suggestion_one[] = {ID_IN_PATH, QUERY("source", SOURCE),
						   END};
static const struct verb_field suggestion_acknowledge[] = {
	ID_IN_PATH, QUERY("source", SOURCE), FIELD("auto", FLAG, AUTO), TIME, END};
static const struct verb_field suggestion_triage[] = {
	ID_IN_PATH,
	QUERY("source", SOURCE),
	{"will_examine", VERB_YES_NO, VERB_IN_DATA, VERB_MUST, CTL_OPT_EXAMINE},
	FIELD("reason", TEXT, REASON),
	TIME,
	END};
static const struct verb_field suggestion_answer[] = {
	ID_IN_PATH,
	QUERY("source", SOURCE),
	{"status", VERB_TEXT, VERB_IN_DATA, VERB_WORD | VERB_MUST, VERB_NO_OPTION},
	FIELD("reason", TEXT, REASON),
	TIME,
	END};
static const struct verb_field suggestion_reopen[] = {
	ID_IN_PATH, QUERY("source", SOURCE), FIELD("reason", TEXT, REASON), TIME, END};

#define ABOUT_ONE "/v1/suggestions/{}"

static const struct verb suggestion_verbs[] = {
	{"list", "GET", "/v1/suggestions", NULL, suggestion_list, NULL,
	 suggestion_columns},
	{"show", "GET", ABOUT_ONE, NULL, suggestion_one, show_suggestion, NULL},
	{"acknowledge", "POST", ABOUT_ONE "/acknowledge", NULL, suggestion_acknowledge,
	 show_status, NULL},
	{"triage", "POST", ABOUT_ONE "/triage", NULL, suggestion_triage, show_status,
	 NULL},
	{"answer", "POST", ABOUT_ONE "/answers", NULL, suggestion_answer, show_status,
	 NULL},
	{"reopen", "POST", ABOUT_ONE "/reopen", NULL, suggestion_reopen, show_status,
	 NULL},
	{.name = NULL}};

enum ctl_exit
ctl_cmd_suggestion(struct ctl *c)
{
	return ctl_verb_run(c, suggestion_verbs);
}

/* --- decision --- */

static const struct verb_field decision_log[] = {
	WORD("role", TEXT, DATA, VERB_MUST, ROLE),
	WORD("class", TEXT, DATA, VERB_MUST, CLASS),
	WORD("answer", TEXT, DATA, VERB_MUST, ANSWER),
	WORD("amount", NUMBER, DATA, 0, AMOUNT),
	FIELD("person", TEXT, PERSON),
	FIELD("unit", TEXT, UNIT),
	FIELD("escalated", FLAG, ESCALATED),
	FIELD("case", TEXT, CASE),
	FIELD("rule", TEXT, RULE),
	FIELD("rule_did_not_fit", FLAG, MISFIT),
	FIELD("conflict", FLAG, CONFLICT),
	FIELD("special_request", FLAG, SPECIAL),
	FIELD("moment", TEXT, MOMENT),
	FIELD("self_rating", NUMBER, SELF_RATING),
	FIELD("drivers", DRIVERS, DRIVERS),
	FIELD("goal", TEXT, GOAL),
	{"id", VERB_TEXT, VERB_IN_EVENT, 0, CTL_OPT_ID},
	{"source", VERB_TEXT, VERB_IN_EVENT, 0, CTL_OPT_SOURCE},
	TIME,
	END};
static const struct verb_field decision_settle[] = {
	REF, WORD("answer", TEXT, DATA, VERB_MUST, ANSWER), TIME, END};
static const struct verb_field decision_review[] = {
	REF,
	{"verdict", VERB_TEXT, VERB_IN_DATA, VERB_WORD | VERB_MUST, VERB_NO_OPTION},
	FIELD("lesson", TEXT, LESSON),
	FIELD("driver_missed", TEXT, MISSED),
	FIELD("rule", TEXT, RULE),
	TIME,
	END};
static const struct verb_field decision_outcome[] = {
	REF, FIELD("customer_benefit", YES_NO, BENEFIT),
	FIELD("drivers", DRIVERS, DRIVERS), TIME, END};

static const struct verb decision_verbs[] = {
	{"log", "POST", "/v1/events", "decision.made", decision_log, show_id, NULL},
	{"settle", "POST", "/v1/events", "decision.settled", decision_settle,
	 show_status, NULL},
	{"review", "POST", "/v1/events", "decision.reviewed", decision_review,
	 show_status, NULL},
	{"outcome", "POST", "/v1/events", "decision.outcome", decision_outcome,
	 show_status, NULL},
	{.name = NULL}};

enum ctl_exit
ctl_cmd_decision(struct ctl *c)
{
	return ctl_verb_run(c, decision_verbs);
}

/* --- boundary --- */

static const struct verb_field boundary_list[] = {
	QUERY("unit", UNIT), QUERY("role", ROLE), QUERY("class", CLASS), END};
static const char *const boundary_columns[] = {
	"role",  "class",    "unit",   "limit", "mode", "requires_training",
	"since", "in_force", "reason", NULL};
static const struct verb_field boundary_set[] = {
	WORD("role", TEXT, DATA, VERB_MUST, ROLE),
	WORD("class", TEXT, DATA, VERB_MUST, CLASS),
	WORD("mode", TEXT, DATA, VERB_MUST, MODE),
	WORD("limit", LIMIT, DATA, VERB_MUST, LIMIT),
	FIELD("unit", TEXT, UNIT),
	FIELD("person", TEXT, PERSON),
	FIELD("requires_training", TEXT, TRAINING),
	FIELD("reason", TEXT, REASON),
	TIME,
	END};
static const char *const candidate_columns[] = {"role",
						"class",
						"unit",
						"n",
						"good",
						"wilson",
						"use",
						"rubber_stamp",
						"limit",
						"mode",
						"training_current",
						"candidate",
						NULL};
static const struct verb_field boundary_check[] = {
	WORD("role", TEXT, DATA, VERB_MUST, ROLE),
	WORD("class", TEXT, DATA, VERB_MUST, CLASS),
	WORD("amount", NUMBER, DATA, 0, AMOUNT),
	FIELD("unit", TEXT, UNIT),
	FIELD("person", TEXT, PERSON),
	END};

static const struct verb boundary_verbs[] = {
	{"list", "GET", "/v1/boundaries", NULL, boundary_list, NULL, boundary_columns},
	{"set", "PUT", "/v1/boundaries", NULL, boundary_set, show_status, NULL},
	{"candidates", "GET", "/v1/boundaries/candidates", NULL, boundary_list, NULL,
	 candidate_columns},
	{"check", "POST", "/v1/boundaries/check", NULL, boundary_check, show_check,
	 NULL},
	{.name = NULL}};

enum ctl_exit
ctl_cmd_boundary(struct ctl *c)
{
	return ctl_verb_run(c, boundary_verbs);
}

/* --- person --- */

static const struct verb_field person_link[] = {
	WORD("person", TEXT, DATA, VERB_MUST, PERSON), END};
/* Whom it is about; the daemon wants one. */
static const struct verb_field person_whom[] = {FIELD("person", TEXT, PERSON),
						FIELD("receipt", TEXT, RECEIPT),
						FIELD("code", TEXT, CODE), END};
static const struct verb person_verbs[] = {
	{"link", "POST", "/v1/people", NULL, person_link, show_code, NULL},
	{"export", "POST", "/v1/people/export", NULL, person_whom, NULL, NULL},
	{"erase", "POST", "/v1/people/erase", NULL, person_whom, show_erased, NULL},
	{.name = NULL}};

enum ctl_exit
ctl_cmd_person(struct ctl *c)
{
	const char *verb = c->n_args > 0 ? c->args[0] : "";
	bool erase = strcmp(verb, "erase") == 0;

	if (erase && !ctl_has(c, CTL_OPT_YES))
		return ctl_usage(c, "erasing cannot be taken back: say --yes");
	if (ctl_has(c, CTL_OPT_YES) && !erase)
		return ctl_usage(c, "only erase takes --yes");
	c->opt[CTL_OPT_YES] = NULL; /* nothing for the daemon */
	/* It is a document, and no table. */
	if (strcmp(verb, "export") == 0)
		c->opt[CTL_OPT_JSON] = "";
	return ctl_verb_run(c, person_verbs);
}
