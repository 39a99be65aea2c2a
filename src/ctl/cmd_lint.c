/* empowerctl lint surveys: what will be missing before anybody has answered.
 *
 * A question to customers and its twin to employees show together whether the care is
 * the same; a question without its twin shows half of it. Documents are read by the
 * code that the daemon reads them with; the surveys that ship are known, but not
 * judged. */
#include "codec/builtin.h"
#include "codec/json.h"
#include "codec/json_tools.h"
#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT_MAX (1U << 20)
#define SURVEYS_MAX 1000
#define CHUNK 65536

struct lint {
	struct ctl *c;
	struct arena arena;
	struct survey *list[SURVEYS_MAX];
	const char
		*file[SURVEYS_MAX]; /* where it is from; NULL: the daemon, or shipped */
	size_t n;
	size_t judged;
	struct surveys *surveys;
	struct ctl_table found; /* file, survey, question, warning */
	size_t n_found;
	size_t broken; /* files that are no survey: told */
};

static void
warn(struct lint *l, const char *file, struct str survey, struct str question,
     const char *text)
{
	ctl_table_add_z(&l->found, file != NULL ? file : "");
	ctl_table_add(&l->found, survey);
	ctl_table_add(&l->found, question);
	ctl_table_add_z(&l->found, text);
	l->n_found++;
}

static size_t
find(const struct lint *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->list[i]->name, name))
			return i;
	return l->n;
}

/* Takes one document; what is wrong with it goes to `p`. */
static enum emp_rc
take(struct lint *l, struct str text, const char *file, bool ships, struct problem *p)
{
	struct survey s;
	struct survey *copy = NULL;
	enum emp_rc rc = json_survey_read(&s, STR_NONE, text, &l->arena, p);
	size_t at;

	if (rc != EMP_OK)
		return rc;
	at = find(l, s.name);
	s.builtin = ships;
	if (at < l->n) {
		/* The same as what ships, or instead of it. */
		s.builtin = l->list[at]->builtin &&
			str_eq(l->list[at]->document, s.document) && file == NULL;
		if (!l->list[at]->builtin)
			return problem_set(p, EMP_CONFLICT, "",
					   "is a survey that another file has, too");
	} else if (l->n == SURVEYS_MAX) {
		return problem_set(p, EMP_INVALID, "", "are more than %d surveys",
				   SURVEYS_MAX);
	}
	rc = survey_copy(&copy, &s);
	if (rc != EMP_OK)
		return problem_set(p, rc, "", "%s", emp_rc_title(rc));
	if (at < l->n)
		survey_free(&l->list[at]);
	else
		l->n++;
	l->list[at] = copy;
	l->file[at] = file;
	l->judged += !copy->builtin;
	return EMP_OK;
}

/* The surveys that ship: every daemon has them, and a twin may be theirs. */
static bool
take_builtin(struct lint *l)
{
	struct problem p = {0};

	for (const char *const *d = builtin_surveys(); *d != NULL; d++) {
		if (take(l, str_from(*d), NULL, true, &p) != EMP_OK) {
			ctl_fail_problem("lint", &p);
			return false;
		}
	}
	return true;
}

/* "FILE:LINE: ..." where the text is no JSON. */
static void
tell_broken(struct lint *l, const char *file, struct str text)
{
	struct json_node *root = NULL;
	struct problem p = {0};
	unsigned line = 0;

	if (json_node_read(&root, text, &p) != EMP_OK &&
	    sscanf(p.detail, "line %u", &line) == 1)
		fprintf(stderr, "%s:%u: not well-formed JSON (%s)\n", file, line,
			p.detail);
	json_node_free(&root);
	l->broken++;
}

static bool
take_file(struct lint *l, const char *file)
{
	struct problem p = {0};
	struct buf text;
	enum emp_rc rc;

	if (!ctl_read_file(&text, file, DOCUMENT_MAX))
		return false;
	rc = take(l, buf_str(&text), file, false, &p);
	if (rc == EMP_BAD_JSON) {
		tell_broken(l, file, buf_str(&text));
	} else if (rc != EMP_OK) {
		fprintf(stderr, "%s: %s%s%s\n", file, p.pointer,
			p.pointer[0] != '\0' ? ": " : "", p.detail);
		l->broken++;
	}
	buf_fini(&text);
	return true;
}

static bool
take_node(struct lint *l, const struct json_node *document)
{
	struct problem p = {0};
	struct buf text;
	bool ok;

	buf_init(&text, 0);
	ok = json_node_write(document, &text) == EMP_OK &&
		take(l, buf_str(&text), NULL, false, &p) == EMP_OK;
	if (!ok)
		ctl_fail_problem("lint", &p);
	buf_fini(&text);
	return ok;
}

static bool
take_daemons(struct lint *l)
{
	struct json_node *root = NULL;
	const struct json_node *list;
	struct ctl_answer a;
	bool ok = true;

	if (!ctl_call(l->c, "GET", "/v1/surveys", STR_NONE, &a))
		return false;
	if (json_node_read(&root, a.body, NULL) != EMP_OK) {
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(l->c->client));
		return false;
	}
	list = json_node_get(root, "surveys");
	for (size_t i = 0; i < json_node_count(list) && ok; i++)
		ok = take_node(l, json_node_at(list, i));
	json_node_free(&root);
	return ok;
}

static void
see_twin(void *ctx, const struct survey_twin *t)
{
	struct lint *l = ctx;
	int side = t->survey[0] != NULL ? 0 : 1;
	char text[2 * NAME_MAX_BYTES + 128];

	if (t->survey[1 - side] != NULL || t->survey[side]->builtin)
		return;
	if (t->question[side]->twin.n > 0)
		snprintf(text, sizeof text, "its twin %.*s is not asked",
			 STR_FMT(t->question[side]->twin));
	else
		snprintf(text, sizeof text, "has no twin: %s are not asked the same",
			 side == 0 ? "employees" : "customers");
	warn(l, l->file[find(l, t->survey[side]->name)], t->survey[side]->name,
	     t->question[side]->name, text);
}

/* Twins that do not fit are refused by the daemon; files may still have them. */
static enum emp_rc
judge(struct lint *l)
{
	struct survey **copies = calloc(l->n, sizeof *copies);
	struct problem p = {0};
	enum emp_rc rc = copies != NULL ? EMP_OK : EMP_NOMEM;

	for (size_t i = 0; i < l->n && rc == EMP_OK; i++)
		rc = survey_copy(&copies[i], l->list[i]);
	if (rc == EMP_OK)
		rc = surveys_new(&l->surveys, copies, l->n);
	free(copies);
	if (rc != EMP_OK)
		return rc;
	for (size_t i = 0; i < l->n; i++)
		if (!l->list[i]->builtin &&
		    surveys_check_twins(l->surveys, l->list[i], &p) != EMP_OK)
			warn(l, l->file[i], l->list[i]->name, STR_NONE, p.detail);
	surveys_each_twin(l->surveys, see_twin, l);
	return EMP_OK;
}

/* One warning; cells stand in the order of warn(). */
static const char *
put_warning(struct buf *out, const char *cell, bool as_json)
{
	const char *cells[4];

	for (int i = 0; i < 4; i++) {
		cells[i] = cell;
		cell += strlen(cell) + 1;
	}
	if (as_json) {
		static const char *const names[] = {"file", "survey", "question",
						    "warning"};

		for (int i = 0; i < 4; i++) {
			buf_printf(out, "%s\"%s\":", i == 0 ? "{" : ",", names[i]);
			buf_add_json(out, str_from(cells[i]));
		}
		buf_add_c(out, '}');
		return cell;
	}
	buf_printf(out, "%s%s%s%s%s: %s\n", cells[0], cells[0][0] != '\0' ? ": " : "",
		   cells[1], cells[2][0] != '\0' ? "/" : "", cells[2], cells[3]);
	return cell;
}

static void
add_count(struct buf *out, size_t n, const char *what, const char *then)
{
	buf_printf(out, "%zu %s%s%s", n, what, n == 1 ? "" : "s", then);
}

static enum ctl_exit
show(struct lint *l)
{
	bool as_json = ctl_has(l->c, CTL_OPT_JSON);
	const char *cell = l->found.text.p;
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (as_json)
		buf_printf(&out, "{\"surveys\":%zu,\"warnings\":[", l->judged);
	for (size_t i = 0; i < l->n_found && buf_ok(&l->found.text); i++) {
		if (as_json && i > 0)
			buf_add_c(&out, ',');
		cell = put_warning(&out, cell, as_json);
	}
	if (as_json) {
		buf_printf(&out, "],\"broken\":%zu}\n", l->broken);
	} else {
		add_count(&out, l->judged, "survey", ", ");
		add_count(&out, l->n_found, "warning", l->broken > 0 ? ", " : "\n");
		if (l->broken > 0)
			add_count(&out, l->broken, "broken file", "\n");
	}
	if (!buf_ok(&out) || !buf_ok(&l->found.text))
		e = ctl_fail("out of memory");
	else
		e = ctl_print(buf_str(&out));
	buf_fini(&out);
	return e == CTL_OK && (l->n_found > 0 || l->broken > 0) ? CTL_FAILED : e;
}

static enum ctl_exit
run(struct lint *l)
{
	bool ok = take_builtin(l);

	for (int i = 1; i < l->c->n_args && ok; i++)
		ok = take_file(l, l->c->args[i]);
	if (ok && l->c->n_args == 1)
		ok = take_daemons(l);
	if (!ok)
		return CTL_FAILED;
	if (judge(l) != EMP_OK)
		return ctl_fail("out of memory");
	return show(l);
}

enum ctl_exit
ctl_cmd_lint(struct ctl *c)
{
	struct lint *l;
	enum ctl_exit e;

	if (c->n_args == 0 || strcmp(c->args[0], "surveys") != 0)
		return ctl_usage(c, "lint needs surveys");
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return ctl_fail("out of memory");
	l->c = c;
	arena_init(&l->arena, CHUNK);
	ctl_table_init(&l->found, 4);
	e = run(l);
	ctl_table_fini(&l->found);
	surveys_free(&l->surveys);
	for (size_t i = 0; i < l->n; i++)
		survey_free(&l->list[i]);
	arena_fini(&l->arena);
	free(l);
	return e;
}
