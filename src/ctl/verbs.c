/* One request from a row of a table, and its answer. */
#include "ctl/verbs.h"

#include "base/clock.h"
#include "ctl/cells.h"

#include <stdio.h>

#define CLIP 44       /* columns of a text in a table */
#define NAME_ROOM 64  /* of an option with its dashes */
#define DAY_LENGTH 10 /* "2026-01-31" */

/* What is sent is put together here. */
struct request {
	struct ctl *c;
	const struct verb *verb;
	int word;              /* the first one behind the verb */
	char name[32];         /* of command and verb, for messages */
	const char *value[32]; /* of each field; NULL: not given */
	struct buf path, query, data, event;
};

static void
separate(struct buf *b)
{
	if (b->n > 0)
		buf_add_c(b, ',');
}

static void
add_name(struct buf *b, const char *name)
{
	separate(b);
	buf_add_json(b, str_from(name));
	buf_add_c(b, ':');
}

static bool
yes_or_no(struct str text, bool *yes)
{
	*yes = str_is(text, "yes") || str_is(text, "true");
	return *yes || str_is(text, "no") || str_is(text, "false");
}

/* Digits with perhaps a sign and a fraction: else JSON would be broken. The daemon
 * knows which numbers it takes. */
static bool
is_number(struct str s)
{
	size_t digits = 0;
	size_t dots = 0;

	if (s.n > 0 && s.p[0] == '-')
		s = (struct str){s.p + 1, s.n - 1};
	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.';

		if (!dot && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
		dots += dot;
		digits += !dot;
	}
	return digits > 0 && dots <= 1 && s.p[0] != '.' && s.p[s.n - 1] != '.' &&
		(s.p[0] != '0' || s.n == 1 || s.p[1] == '.');
}

/* {"spend":"yes",...} */
static bool
add_drivers(struct buf *b, struct str list)
{
	const char *comma = "";

	buf_add_c(b, '{');
	while (list.n > 0) {
		struct str value = str_trim(str_split(&list, ','));
		struct str name = str_split(&value, '=');

		if (name.n == 0 || value.n == 0)
			return false;
		buf_add_z(b, comma);
		buf_add_json(b, name);
		buf_add_c(b, ':');
		buf_add_json(b, value);
		comma = ",";
	}
	buf_add_c(b, '}');
	return true;
}

static void
add_ref(const struct request *r, struct buf *b, struct str id)
{
	const char *source = r->c->opt[CTL_OPT_SOURCE];

	if (source != NULL) {
		buf_add_z(b, "{\"source\":");
		buf_add_json(b, str_from(source));
		buf_add_z(b, ",\"id\":");
	}
	buf_add_json(b, id);
	if (source != NULL)
		buf_add_c(b, '}');
}

/* The JSON of one value; false: it cannot be one of its kind. */
static bool
add_value(const struct request *r, struct buf *b, const struct verb_field *f,
	  struct str text)
{
	bool yes;

	switch ((enum verb_kind)f->kind) {
	case VERB_TEXT:
	case VERB_TIME:
		buf_add_json(b, text);
		return true;
	case VERB_LIMIT:
		if (str_is(text, "none")) {
			buf_add_z(b, "null");
			return true;
		}
		/* fall through */
	case VERB_NUMBER:
		buf_add_str(b, text);
		return is_number(text);
	case VERB_YES_NO:
		if (!yes_or_no(text, &yes))
			return false;
		buf_add_z(b, yes ? "true" : "false");
		return true;
	case VERB_FLAG:
		buf_add_z(b, "true");
		return true;
	case VERB_DRIVERS:
		return add_drivers(b, text);
	case VERB_REF:
		add_ref(r, b, text);
		return true;
	}
	return false;
}

static void
add_query(struct buf *b, const char *name, struct str value)
{
	buf_printf(b, "%s%s=", b->n == 0 ? "?" : "&", name);
	ctl_url_escape(b, value);
}

/* Slashes of an id are written as they are. */
static void
add_path(struct buf *b, const char *path, const char *value)
{
	const char *hole = strstr(path, "{}");

	if (hole == NULL || value == NULL) {
		buf_add_z(b, path);
		return;
	}
	buf_add(b, path, (size_t)(hole - path));
	for (struct str rest = str_from(value); rest.p != NULL;) {
		ctl_url_escape(b, str_split(&rest, '/'));
		if (rest.p != NULL)
			buf_add_c(b, '/');
	}
	buf_add_z(b, hole + 2);
}

static bool
add_field(struct request *r, const struct verb_field *f, const char *value)
{
	struct str text = str_from(value);

	switch ((enum verb_place)f->place) {
	case VERB_IN_PATH:
		return text.n > 0;
	case VERB_IN_QUERY:
		add_query(&r->query, f->name, f->kind == VERB_FLAG ? STR("1") : text);
		return true;
	case VERB_IN_DATA:
		add_name(&r->data, f->name);
		return add_value(r, &r->data, f, text);
	case VERB_IN_EVENT:
		add_name(&r->event, f->name);
		return add_value(r, &r->event, f, text);
	}
	return false;
}

/* As whoever typed it knows it: ROLE, or --examine. */
static const char *
label(const struct verb_field *f, char to[NAME_ROOM])
{
	if ((f->flags & VERB_WORD) == 0 && f->option != VERB_NO_OPTION) {
		snprintf(to, NAME_ROOM, "--%s", ctl_option_name(f->option));
		return to;
	}
	snprintf(to, NAME_ROOM, "%s", f->kind == VERB_REF ? "ID" : f->name);
	for (char *c = to; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return to;
}

static const struct verb_field *
field_at(const struct verb *v, size_t i)
{
	return v->fields != NULL && v->fields[i].name != NULL ? &v->fields[i] : NULL;
}

/* The value of every field, from options and words. */
static enum ctl_exit
take_values(struct request *r)
{
	struct ctl *c = r->c;
	const struct verb_field *f;
	char name[NAME_ROOM];
	int word = r->word;

	for (size_t i = 0; (f = field_at(r->verb, i)) != NULL; i++) {
		EMP_ASSERT(i < sizeof r->value / sizeof *r->value);
		if (f->option != VERB_NO_OPTION)
			r->value[i] = c->opt[f->option];
		if (r->value[i] == NULL && (f->flags & VERB_WORD) != 0 &&
		    word < c->n_args)
			r->value[i] = c->args[word++];
		if (r->value[i] == NULL && (f->flags & VERB_MUST) != 0)
			return ctl_usage(c, "%s needs %s", r->name, label(f, name));
	}
	if (word < c->n_args)
		return ctl_usage(c, "%s: too much: %s", r->name, c->args[word]);
	return CTL_OK;
}

/* Options that the command has but this verb does not. */
static enum ctl_exit
check_options(const struct request *r)
{
	const struct ctl *c = r->c;
	uint64_t mine = r->verb->columns != NULL ? UINT64_C(1) << CTL_OPT_CSV : 0;
	const struct verb_field *f;

	for (size_t i = 0; (f = field_at(r->verb, i)) != NULL; i++) {
		if (f->option != VERB_NO_OPTION)
			mine |= UINT64_C(1) << f->option;
		if (f->kind == VERB_REF)
			mine |= UINT64_C(1) << CTL_OPT_SOURCE;
	}
	for (int o = CTL_OPT_VERSION + 1; o < CTL_OPT_COUNT; o++)
		if (ctl_has(c, (enum ctl_opt)o) && (mine >> o & 1) == 0)
			return ctl_usage(c, "%s takes no --%s", r->name,
					 ctl_option_name(o));
	return CTL_OK;
}

/* In what is asked for a date will do; what is sent has a moment. */
static bool
can_be_meant(const struct request *r, const struct verb_field *f, const char *value)
{
	char name[NAME_ROOM];

	return f->kind != VERB_TIME ||
		ctl_time(r->c, label(f, name), str_from(value),
			 f->place == VERB_IN_QUERY ? CTL_DATE_EXAMPLE
						   : CTL_TIME_EXAMPLE);
}

static enum ctl_exit
put_together(struct request *r)
{
	const char *in_path = NULL;
	const struct verb_field *f;
	char name[NAME_ROOM];

	for (size_t i = 0; (f = field_at(r->verb, i)) != NULL; i++) {
		const char *value = r->value[i];

		if (value == NULL)
			continue;
		if (!can_be_meant(r, f, value))
			return CTL_USAGE;
		if (!add_field(r, f, value))
			return ctl_usage(r->c, "%s cannot be %s", label(f, name),
					 value[0] != '\0' ? value : "empty");
		if (f->place == VERB_IN_PATH)
			in_path = value;
	}
	if (ctl_has(r->c, CTL_OPT_CSV))
		add_query(&r->query, "format", STR("csv"));
	add_path(&r->path, r->verb->path, in_path);
	buf_add_str(&r->path, buf_str(&r->query));
	buf_add_c(&r->path, '\0');
	if (r->verb->type != NULL) {
		separate(&r->event);
		buf_printf(&r->event, "\"type\":\"%s\",\"data\":{%.*s}", r->verb->type,
			   STR_FMT(buf_str(&r->data)));
	} else {
		if (buf_str(&r->data).n > 0)
			separate(&r->event);
		buf_add_str(&r->event, buf_str(&r->data));
	}
	if (!buf_ok(&r->path) || !buf_ok(&r->query) || !buf_ok(&r->data) ||
	    !buf_ok(&r->event))
		return ctl_fail("out of memory");
	return CTL_OK;
}

static void
add_cell(struct ctl_table *t, const struct json_node *v, bool decimals, bool days)
{
	struct str s = json_node_str(v);
	struct buf text;
	int64_t ms;

	if (json_node_type(v) != JSON_NODE_STRING) {
		ctl_cell_add(t, v, decimals);
		return;
	}
	if (days && s.n > DAY_LENGTH && time_parse(s, &ms))
		s.n = DAY_LENGTH;
	buf_init(&text, 0);
	ctl_cell_clip(&text, s, CLIP);
	if (!buf_ok(&text))
		t->text.failed = true;
	ctl_table_add(t, buf_str(&text));
	buf_fini(&text);
}

enum emp_rc
ctl_verb_table(const struct ctl *c, const struct json_node *rows,
	       const char *const *columns, bool days, struct buf *out)
{
	bool decimals[CTL_COLUMNS_MAX];
	struct ctl_table t;
	size_t n = 0;
	enum emp_rc rc;

	while (columns[n] != NULL)
		n++;
	ctl_table_init(&t, n);
	for (size_t i = 0; i < n; i++) {
		ctl_table_add_z(&t, columns[i]);
		decimals[i] = ctl_cells_decimals(rows, columns[i]);
	}
	for (size_t r = 0; r < json_node_count(rows); r++)
		for (size_t i = 0; i < n; i++)
			add_cell(&t, json_node_get(json_node_at(rows, r), columns[i]),
				 decimals[i], days);
	rc = ctl_table_write(&t, &c->term, out);
	ctl_table_fini(&t);
	return rc;
}

enum ctl_exit
ctl_verb_rows(const struct ctl *c, const struct json_node *answer,
	      const char *const *columns, bool days)
{
	const struct json_node *rows = json_node_get(answer, "rows");
	struct str next = json_node_str(json_node_get(answer, "next"));
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (json_node_count(rows) == 0)
		buf_add_z(&out, "No rows.\n");
	else if (ctl_verb_table(c, rows, columns, days, &out) != EMP_OK)
		out.failed = true;
	if (next.n > 0)
		buf_printf(&out, "More: --cursor %.*s\n", STR_FMT(next));
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}

static enum ctl_exit
show_answer(struct ctl *c, const struct verb *v, const struct ctl_answer *a)
{
	struct json_node *root = NULL;
	enum ctl_exit e;

	if (ctl_has(c, CTL_OPT_JSON) || ctl_has(c, CTL_OPT_CSV))
		return ctl_print(a->body);
	if (json_node_read(&root, a->body, NULL) != EMP_OK)
		return ctl_fail("%s does not answer as empowerd does",
				ctl_client_url(c->client));
	e = v->show != NULL ? v->show(c, root)
			    : ctl_verb_rows(c, root, v->columns, true);
	json_node_free(&root);
	return e;
}

static enum ctl_exit
run(struct request *r)
{
	struct ctl_answer a;
	enum ctl_exit e = check_options(r);
	struct buf body;

	if (e == CTL_OK)
		e = take_values(r);
	if (e == CTL_OK)
		e = put_together(r);
	if (e != CTL_OK)
		return e;
	buf_init(&body, 0);
	buf_printf(&body, "{%.*s}", STR_FMT(buf_str(&r->event)));
	if (!buf_ok(&body))
		e = ctl_fail("out of memory");
	else if (!ctl_call(r->c, r->verb->method, r->path.p,
			   strcmp(r->verb->method, "GET") == 0 ? STR_NONE
							       : buf_str(&body),
			   &a))
		e = CTL_FAILED;
	else
		e = show_answer(r->c, r->verb, &a);
	buf_fini(&body);
	return e;
}

static enum ctl_exit
find_verb(struct request *r, const struct verb *verbs)
{
	const struct ctl *c = r->c;
	bool only = strcmp(verbs[0].name, VERB_ONLY) == 0;

	r->verb = verbs;
	r->word = only ? 0 : 1;
	if (!only && c->n_args == 0)
		return ctl_usage(c, "%s needs one of these", c->command->name);
	while (!only && r->verb->name != NULL && strcmp(r->verb->name, c->args[0]) != 0)
		r->verb++;
	if (r->verb->name == NULL)
		return ctl_usage(c, "there is no %s %s", c->command->name, c->args[0]);
	snprintf(r->name, sizeof r->name, "%s%s%s", c->command->name, only ? "" : " ",
		 r->verb->name);
	return CTL_OK;
}

enum ctl_exit
ctl_verb_run(struct ctl *c, const struct verb *verbs)
{
	struct request r = {.c = c};
	enum ctl_exit e;

	e = find_verb(&r, verbs);
	if (e != CTL_OK)
		return e;
	buf_init(&r.path, 0);
	buf_init(&r.query, 0);
	buf_init(&r.data, 0);
	buf_init(&r.event, 0);
	e = run(&r);
	buf_fini(&r.path);
	buf_fini(&r.query);
	buf_fini(&r.data);
	buf_fini(&r.event);
	return e;
}
