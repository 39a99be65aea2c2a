/* A survey as a client gets it: its document, and the questions that answers brought.
 */
#include "codec/json.h"

#include "codec/json_impl.h"

#include <stdlib.h>

/* Appends and takes `item` (which may be NULL: out of memory). */
static bool
append(json_t *list, json_t *item)
{
	return item != NULL && json_array_append_new(list, item) == 0;
}

static json_t *
scale_new(const struct question *q)
{
	return json_pack("[i,i]", q->lo, q->hi);
}

static json_t *
satisfied_new(const struct question *q)
{
	json_t *list = json_array();

	for (int v = SCALE_MIN; list != NULL && v <= SCALE_MAX; v++) {
		if ((q->satisfied >> v & 1) && !append(list, json_integer(v))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *
options_new(const struct question *q)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < q->n_options; i++) {
		if (!append(list, json_stringn(q->options[i].p, q->options[i].n))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *
question_new(const struct question *q)
{
	json_t *o = json_object();
	int failed = 0;

	failed |= json_object_set_new(o, "name", json_stringn(q->name.p, q->name.n));
	failed |= json_object_set_new(o, "metric",
				      json_string(metric_name((enum metric)q->metric)));
	failed |= json_object_set_new(o, "registered", json_true());
	if (metric_is_scale((enum metric)q->metric))
		failed |= json_object_set_new(o, "scale", scale_new(q));
	if (q->metric == METRIC_CSAT)
		failed |= json_object_set_new(o, "satisfied", satisfied_new(q));
	if (q->metric == METRIC_CHOICE)
		failed |= json_object_set_new(o, "options", options_new(q));
	if (q->twin.n > 0)
		failed |= json_object_set_new(o, "twin",
					      json_stringn(q->twin.p, q->twin.n));
	if (failed != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static enum emp_rc
questions_complete(json_t *root, const struct survey *s)
{
	json_t *list = json_object_get(root, "questions");

	if (list == NULL) {
		list = json_array();
		if (json_object_set_new(root, "questions", list) != 0)
			return EMP_NOMEM;
	}
	for (uint32_t i = 0; i < s->n_questions; i++) {
		if (s->questions[i].declared)
			continue;
		if (!append(list, question_new(&s->questions[i])))
			return EMP_NOMEM;
	}
	return EMP_OK;
}

enum emp_rc
json_survey_write(struct buf *out, const struct survey *s)
{
	struct json_in in;
	json_t *root;
	char *text = NULL;
	enum emp_rc rc;

	json_in_init(&in, NULL, NULL);
	rc = json_in_object(&in, s->document, &root);
	if (rc != EMP_OK)
		return rc == EMP_NOMEM ? rc : EMP_CORRUPT;
	rc = questions_complete(root, s);
	if (rc == EMP_OK) {
		text = json_canonical(root);
		rc = text != NULL ? EMP_OK : EMP_NOMEM;
	}
	if (rc == EMP_OK)
		buf_add_z(out, text);
	free(text);
	json_decref(root);
	return rc;
}
