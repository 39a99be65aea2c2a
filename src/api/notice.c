/* GET /v1/privacy: what happens with what is said, in the language of the reader.
 *
 * Open to everybody: whoever is asked something may know first what becomes of it. */
#include "web/notice.h"

#include "api/route.h"
#include "api/worker.h"
#include "http/fields.h"
#include "http/url.h"

/* What the query asks for. */
struct notice_query {
	struct str survey, lang; /* n == 0: not given */
};

static enum emp_rc
query_read(struct req *r, struct notice_query *q, struct problem *p)
{
	struct http_form f;
	struct str name, value;
	enum http_form_step step;

	http_form_init(&f, req_query(r), req_arena(r));
	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR) {
		bool survey = str_is(name, "survey");
		struct str *to = survey ? &q->survey : &q->lang;

		if (!survey && !str_is(name, "lang"))
			return problem_set(p, EMP_INVALID, "",
					   "the parameters are survey and lang");
		if (to->n > 0 || value.n == 0)
			return problem_set(p, EMP_INVALID, survey ? "survey" : "lang",
					   "give it once, with a value");
		*to = value;
	}
	if (step == HTTP_FORM_NOMEM)
		return problem_set(p, EMP_NOMEM, "", "%s", emp_rc_title(EMP_NOMEM));
	return step == HTTP_FORM_END
		? EMP_OK
		: problem_set(p, EMP_BAD_REQUEST, "", "the query has a bad escape");
}

/* The one asked for, else the one that the browser likes most, else the first. */
static enum emp_rc
lang_of(const struct req *r, const struct notice_query *q, enum lang *out,
	struct problem *p)
{
	const char *tags[LANG_COUNT];

	*out = LANG_EN;
	if (q->lang.n > 0) {
		*out = lang_find(q->lang);
		return *out < LANG_COUNT ? EMP_OK
					 : problem_set(p, EMP_INVALID, "lang",
						       "the languages are en, es and "
						       "pl");
	}
	for (int l = 0; l < LANG_COUNT; l++)
		tags[l] = lang_name((enum lang)l);
	*out = (enum lang)http_language_pick(req_header(r, "Accept-Language"), tags,
					     LANG_COUNT);
	if (*out == LANG_COUNT)
		*out = LANG_EN;
	return EMP_OK;
}

static void
write_notice(struct buf *b, enum lang l, const struct notice *n)
{
	buf_clear(b);
	buf_printf(b, "{\"lang\":\"%s\",\"title\":", lang_name(l));
	buf_add_json(b, n->title);
	buf_add_z(b, ",\"paragraphs\":[");
	for (size_t i = 0; i < n->n; i++) {
		if (i > 0)
			buf_add_c(b, ',');
		buf_add_json(b, n->paragraph[i]);
	}
	buf_add_z(b, "]}\n");
}

static void
reply(struct req *r, enum lang l, const struct buf *b)
{
	char etag[ETAG_MAX];

	if (!buf_ok(b)) {
		answer_problem(r, EMP_NOMEM, "", "");
		return;
	}
	etag_of(etag, buf_str(b));
	req_add_header(r, "ETag", str_from(etag));
	req_add_header(r, "Cache-Control", STR("public, no-cache"));
	req_add_header(r, "Vary", STR("Accept-Language"));
	req_add_header(r, "Content-Language", str_from(lang_name(l)));
	if (http_etag_in(req_header(r, "If-None-Match"), str_from(etag), true))
		req_reply(r, 304, NULL, STR_NONE);
	else
		req_reply(r, 200, "application/json", buf_str(b));
}

void
privacy_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	struct notice_query q = {.survey = STR_NONE};
	struct problem p = {.rc = EMP_OK};
	const struct survey *v = NULL;
	enum lang l = LANG_EN;
	struct notice notice;
	enum emp_rc rc = query_read(r, &q, &p);

	if (rc == EMP_OK)
		rc = lang_of(r, &q, &l, &p);
	if (rc == EMP_OK && q.survey.n > 0) {
		v = surveys_find(aw->snap->defs->surveys, q.survey);
		if (v == NULL)
			rc = problem_set(&p, EMP_INVALID, "survey",
					 "there is no survey of this name");
	}
	if (rc != EMP_OK) {
		req_error(r, &p);
		return;
	}
	rc = notice_make(&notice, l, v, &aw->api->cfg.keep, req_arena(r));
	if (rc != EMP_OK) {
		answer_problem(r, rc, "", "");
		return;
	}
	write_notice(&aw->out, l, &notice);
	reply(r, l, &aw->out);
}
