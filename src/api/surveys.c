/* /v1/surveys: what is asked. */
#include "api/change.h"
#include "api/route.h"
#include "codec/json.h"

#define PREFIX "/v1/surveys/"

static void
not_found(struct req *r)
{
	answer_problem(r, EMP_NOT_FOUND, "", "there is no survey of this name");
}

static void
answer_survey(struct req *r, int status, const struct survey *s)
{
	struct buf *b = &worker_of(r)->out;

	buf_clear(b);
	if (json_survey_write(b, s) != EMP_OK) {
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	buf_add_c(b, '\n');
	answer_json(r, status, b);
}

void
surveys_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	const struct surveys *all = aw->snap->defs->surveys;
	struct buf *b = &aw->out;
	size_t n = surveys_count(all);

	if (!query_empty(r))
		return;
	buf_clear(b);
	buf_add_str(b, STR("{\"surveys\":["));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_c(b, ',');
		if (json_survey_write(b, surveys_at(all, i)) != EMP_OK) {
			answer_problem(r, EMP_NOMEM, "", "");
			return;
		}
	}
	buf_add_str(b, STR("]}\n"));
	answer_json(r, 200, b);
}

void
survey_get(struct req *r)
{
	const struct survey *s = surveys_find(worker_of(r)->snap->defs->surveys,
					      route_rest(req_path(r), PREFIX));

	if (!query_empty(r))
		return;
	if (s)
		answer_survey(r, 200, s);
	else
		not_found(r);
}

static void
survey_stored(struct req *r, struct change *c)
{
	const struct survey *s = surveys_find(worker_of(r)->snap->defs->surveys,
					      c->items[0].store.survey->name);

	if (s)
		answer_survey(r, c->items[0].store.created ? 201 : 200, s);
	else
		not_found(r);
}

void
survey_put(struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	struct str name = route_rest(req_path(r), PREFIX);
	struct change *c;
	struct survey *s;
	enum emp_rc rc;

	if (!query_empty(r))
		return;
	if (!name_valid(name)) {
		answer_problem(r, EMP_INVALID, "/name",
			       "a name has 1 to 64 of a-z 0-9 _ . -");
		return;
	}
	c = change_new(r, 1);
	if (!c)
		return;
	s = arena_zalloc(&c->arena, sizeof *s);
	name = arena_str(&c->arena, name); /* the path dies with the answer */
	if (!s || !name.p) {
		answer_problem(r, EMP_NOMEM, "", "");
		change_free(&c);
		return;
	}
	rc = json_survey_read(s, name, req_body(r), &c->arena, &p);
	if (rc != EMP_OK) {
		req_error(r, &p);
		change_free(&c);
		return;
	}
	c->items[0].store.op = DEF_SURVEY_PUT;
	c->items[0].store.survey = s;
	c->answer = survey_stored;
	change_submit_take(r, c);
}
