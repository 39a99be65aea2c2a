/* empowerctl survey, unit and token: the definitions behind the figures. */
#include "base/num.h"
#include "codec/json_tools.h"
#include "ctl/ctl.h"
#include "model/release.h"

#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT_MAX (1U << 20)
#define JOINED_MAX 4096

/* --- shared --- */

/* The answer as it came, when --json asks for that; false: the caller lays it out. */
static bool
print_raw(const struct ctl *c, const struct ctl_answer *a, enum ctl_exit *e)
{
	if (!ctl_has(c, CTL_OPT_JSON))
		return false;
	*e = ctl_print(a->body);
	return true;
}

/* A table, or the same as CSV. */
static enum ctl_exit
print_table(const struct ctl *c, const struct ctl_table *t)
{
	struct buf out;
	enum ctl_exit e;
	enum emp_rc rc;

	buf_init(&out, 0);
	rc = ctl_has(c, CTL_OPT_CSV) ? ctl_table_csv(t, &out)
				     : ctl_table_write(t, &c->term, &out);
	e = rc == EMP_OK ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}

/* The array that an answer consists of or holds as `member`. */
static const struct json_node *
items(const struct json_node *root, const char *member)
{
	if (json_node_type(root) == JSON_NODE_ARRAY)
		return root;
	return json_node_get(root, member);
}

/* "a,b" of an array of strings. */
static void
add_joined(struct ctl_table *t, const struct json_node *list)
{
	struct buf joined;

	buf_init(&joined, JOINED_MAX);
	for (size_t i = 0; i < json_node_count(list); i++) {
		if (i > 0)
			buf_add_c(&joined, ',');
		buf_add_str(&joined, json_node_str(json_node_at(list, i)));
	}
	ctl_table_add(t, buf_str(&joined));
	buf_fini(&joined);
}

static void
add_int(struct ctl_table *t, int64_t v)
{
	struct buf text;

	buf_init(&text, 0);
	buf_add_i64(&text, v);
	ctl_table_add(t, buf_str(&text));
	buf_fini(&text);
}

static void
add_member(struct ctl_table *t, const struct json_node *n, const char *member)
{
	ctl_table_add(t, json_node_str(json_node_get(n, member)));
}

/* GET path, then a table of the items. */
static enum ctl_exit
list(struct ctl *c, const char *path, const char *member, const char *const *titles,
     size_t n_titles, void (*row)(struct ctl_table *t, const struct json_node *n))
{
	struct json_node *root = NULL;
	struct ctl_answer a;
	struct ctl_table t;
	enum ctl_exit e;

	if (!ctl_call(c, "GET", path, STR_NONE, &a))
		return CTL_FAILED;
	if (print_raw(c, &a, &e))
		return e;
	if (json_node_read(&root, a.body, NULL) != EMP_OK)
		return ctl_fail("%s does not answer as empowerd does",
				ctl_client_url(c->client));
	ctl_table_init(&t, n_titles);
	for (size_t i = 0; i < n_titles; i++)
		ctl_table_add_z(&t, titles[i]);
	for (size_t i = 0; i < json_node_count(items(root, member)); i++)
		row(&t, json_node_at(items(root, member), i));
	e = print_table(c, &t);
	ctl_table_fini(&t);
	json_node_free(&root);
	return e;
}

/* --- survey --- */

static void
survey_row(struct ctl_table *t, const struct json_node *n)
{
	struct str period;

	add_member(t, n, "name");
	add_member(t, n, "audience");
	add_int(t, (int64_t)json_node_count(json_node_get(n, "questions")));
	ctl_table_add_z(t, json_node_get(n, "open") != NULL ? "yes" : "no");
	/* What is in force, also where the document leaves it out. */
	if (str_is(json_node_str(json_node_get(n, "audience")), "employee")) {
		period = json_node_str(json_node_get(n, "period"));
		ctl_table_add(t, period.n > 0 ? period : STR("wave"));
		add_int(t, json_node_int(json_node_get(n, "threshold"), RELEASE_K));
	} else {
		ctl_table_add_z(t, "");
		ctl_table_add_z(t, "");
	}
}

static bool
survey_path(struct buf *path, struct str name)
{
	buf_init(path, 0);
	buf_add_z(path, "/v1/surveys/");
	ctl_url_escape(path, name);
	buf_add_c(path, '\0');
	return buf_ok(path);
}

/* One document: sent to the address that its name says. */
static bool
survey_put(struct ctl *c, const char *file, struct str text)
{
	struct json_node *root = NULL;
	struct problem p = {0};
	struct ctl_answer a;
	struct buf path = {0};
	struct str name;
	bool ok = false;

	if (json_node_read(&root, text, &p) != EMP_OK) {
		ctl_fail("%s is not well-formed JSON: %s", file, p.detail);
		return false;
	}
	name = json_node_str(json_node_get(root, "name"));
	if (name.n == 0) {
		ctl_fail("%s has no \"name\"", file);
	} else if (!survey_path(&path, name)) {
		ctl_fail("out of memory");
	} else if (!ctl_ask(c, "PUT", path.p, text, &a)) {
		ok = false; /* told */
	} else if (a.status < 200 || a.status >= 300) {
		ctl_tell_answer(file, &a);
	} else {
		printf("%.*s: %s\n", STR_FMT(name),
		       a.status == 201 ? "created" : "in place");
		ok = true;
	}
	buf_fini(&path);
	json_node_free(&root);
	return ok;
}

static enum ctl_exit
survey_apply(struct ctl *c)
{
	enum ctl_exit e = CTL_OK;

	if (c->n_args < 2)
		return ctl_usage(c, "which file?");
	for (int i = 1; i < c->n_args; i++) {
		struct buf text;

		if (!ctl_read_file(&text, c->args[i], DOCUMENT_MAX))
			return CTL_FAILED;
		if (!survey_put(c, c->args[i], buf_str(&text)))
			e = CTL_FAILED;
		buf_fini(&text);
	}
	return e;
}

static enum ctl_exit
survey_show(struct ctl *c)
{
	enum ctl_exit e = CTL_FAILED;
	struct ctl_answer a;
	struct buf path;

	if (c->n_args != 2)
		return ctl_usage(c, "which survey?");
	if (!survey_path(&path, str_from(c->args[1])))
		ctl_fail("out of memory");
	else if (ctl_call(c, "GET", path.p, STR_NONE, &a))
		e = ctl_print(a.body);
	buf_fini(&path);
	return e;
}

enum ctl_exit
ctl_cmd_survey(struct ctl *c)
{
	static const char *const titles[] = {"name", "audience", "questions",
					     "open", "period",   "threshold"};
	const char *verb = c->n_args > 0 ? c->args[0] : "";

	if (strcmp(verb, "apply") == 0)
		return survey_apply(c);
	if (strcmp(verb, "show") == 0)
		return survey_show(c);
	if (strcmp(verb, "list") == 0 && c->n_args == 1)
		return list(c, "/v1/surveys", "surveys", titles, 6, survey_row);
	return ctl_usage(c, "survey needs apply, list or show");
}

/* --- unit --- */

static void
unit_row(struct ctl_table *t, const struct json_node *n)
{
	add_member(t, n, "name");
	add_member(t, n, "title");
}

static enum ctl_exit
unit_told(const struct ctl *c, const struct ctl_answer *a)
{
	struct json_node *root = NULL;
	enum ctl_exit e;

	if (print_raw(c, a, &e))
		return e;
	if (json_node_read(&root, a->body, NULL) != EMP_OK)
		return ctl_fail("%s does not answer as empowerd does",
				ctl_client_url(c->client));
	printf("%s: %s\n", c->args[1],
	       json_node_int(json_node_get(root, "created"), 0) > 0 ? "created"
								    : "in place");
	json_node_free(&root);
	return ctl_print(STR_NONE);
}

static enum ctl_exit
unit_set(struct ctl *c)
{
	enum ctl_exit e = CTL_FAILED;
	struct ctl_answer a;
	struct buf body;

	if (c->n_args != 2 && c->n_args != 3)
		return ctl_usage(c, "set takes a name and perhaps a title");
	buf_init(&body, 0);
	buf_add_z(&body, "{\"name\":");
	buf_add_json(&body, str_from(c->args[1]));
	if (c->n_args == 3) {
		buf_add_z(&body, ",\"title\":");
		buf_add_json(&body, str_from(c->args[2]));
	}
	buf_add_c(&body, '}');
	if (!buf_ok(&body))
		ctl_fail("out of memory");
	else if (ctl_call(c, "PUT", "/v1/units", buf_str(&body), &a))
		e = unit_told(c, &a);
	buf_fini(&body);
	return e;
}

enum ctl_exit
ctl_cmd_unit(struct ctl *c)
{
	static const char *const titles[] = {"name", "title"};
	const char *verb = c->n_args > 0 ? c->args[0] : "";

	if (strcmp(verb, "set") == 0)
		return unit_set(c);
	if (strcmp(verb, "list") == 0 && c->n_args == 1)
		return list(c, "/v1/units", "units", titles, 2, unit_row);
	return ctl_usage(c, "unit needs list or set");
}

/* --- token --- */

static void
token_row(struct ctl_table *t, const struct json_node *n)
{
	add_int(t, json_node_int(json_node_get(n, "id"), 0));
	add_member(t, n, "label");
	add_joined(t, json_node_get(n, "scopes"));
	add_member(t, n, "unit");
	add_member(t, n, "created");
}

static void
token_body(const struct ctl *c, struct buf *body)
{
	struct str scopes = str_from(c->opt[CTL_OPT_SCOPES]);
	const char *comma = "";

	buf_add_z(body, "{\"label\":");
	buf_add_json(body, str_from(c->args[1]));
	buf_add_z(body, ",\"scopes\":[");
	while (scopes.n > 0) {
		buf_add_z(body, comma);
		buf_add_json(body, str_trim(str_split(&scopes, ',')));
		comma = ",";
	}
	buf_add_c(body, ']');
	if (ctl_has(c, CTL_OPT_UNIT)) {
		buf_add_z(body, ",\"unit\":");
		buf_add_json(body, str_from(c->opt[CTL_OPT_UNIT]));
	}
	buf_add_c(body, '}');
}

static enum ctl_exit
token_add(struct ctl *c)
{
	struct json_node *root = NULL;
	struct ctl_answer a;
	struct buf body;
	struct str text;
	enum ctl_exit e = CTL_FAILED;

	if (c->n_args != 2)
		return ctl_usage(c, "add takes one label");
	if (!ctl_has(c, CTL_OPT_SCOPES))
		return ctl_usage(c, "add needs --scopes");
	buf_init(&body, 0);
	token_body(c, &body);
	if (!buf_ok(&body)) {
		ctl_fail("out of memory");
	} else if (ctl_call(c, "POST", "/v1/tokens", buf_str(&body), &a) &&
		   !print_raw(c, &a, &e)) {
		if (json_node_read(&root, a.body, NULL) != EMP_OK)
			root = NULL;
		text = json_node_str(json_node_get(root, "token"));
		if (text.n == 0)
			ctl_fail("the answer holds no token");
		else if (printf("%.*s\n", STR_FMT(text)) > 0)
			e = ctl_print(STR_NONE);
		json_node_free(&root);
	}
	buf_fini(&body);
	return e;
}

static enum ctl_exit
token_revoke(struct ctl *c)
{
	struct ctl_answer a;
	char path[64];
	uint64_t id;

	if (c->n_args != 2 || !num_u64(str_from(c->args[1]), &id))
		return ctl_usage(c, "revoke takes the number of one token");
	snprintf(path, sizeof path, "/v1/tokens/%llu", (unsigned long long)id);
	if (!ctl_call(c, "DELETE", path, STR_NONE, &a))
		return CTL_FAILED;
	/* The answer is empty, and so is its JSON. */
	if (!ctl_has(c, CTL_OPT_JSON))
		printf("%llu: revoked\n", (unsigned long long)id);
	return ctl_print(STR_NONE);
}

enum ctl_exit
ctl_cmd_token(struct ctl *c)
{
	static const char *const titles[] = {"id", "label", "scopes", "unit",
					     "created"};
	const char *verb = c->n_args > 0 ? c->args[0] : "";

	if (strcmp(verb, "add") == 0)
		return token_add(c);
	if (strcmp(verb, "revoke") == 0)
		return token_revoke(c);
	if (strcmp(verb, "list") == 0 && c->n_args == 1)
		return list(c, "/v1/tokens", "tokens", titles, 5, token_row);
	return ctl_usage(c, "token needs add, list or revoke");
}
