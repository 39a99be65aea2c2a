/*
 * The event decoder against jansson. Every input is read as one event, as an array of
 * events and as lines, and for each:
 *
 * - what is JSON is decided as jansson decides it;
 * - the fields of an accepted event are those that jansson's tree has, read here in the
 *   slow and obvious way;
 * - an accepted event written anew by jansson, with its members in another order, gives
 *   the same keys;
 * - in the flat form it gives what the same members give in full;
 * - a refusal names a place in valid UTF-8.
 */
#include "base/clock.h"
#include "base/utf8.h"

#include "../unit/ingest_fixture.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define MUST(expr) ((expr) ? (void)0 : emp_assert_failed(#expr, __FILE__, __LINE__))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct surveys *surveys;
static struct arena arena;
static const struct ingest_hash hash = {fixture_hash, NULL};

static struct ingest
setting(void)
{
	if (surveys == NULL) {
		MUST(fixture_surveys(&surveys) == EMP_OK);
		arena_init(&arena, 4096);
	}
	return (struct ingest){
		.surveys = surveys, .arena = &arena, .now_ms = FIXTURE_NOW};
}

/* What jansson makes of a text. It overlooks a NUL byte right behind a number (it puts
 * the byte back and then takes it for the end of its buffer); to us that is no JSON. */
static json_t *
load(const void *data, size_t size)
{
	if (size > 0 && memchr(data, '\0', size) != NULL)
		return NULL;
	return json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

/* ---- the slow reference ---------------------------------------------------------- */

static bool
is_text(struct str have, const json_t *want)
{
	if (want == NULL)
		return have.n == 0;
	return json_is_string(want) && json_string_length(want) == have.n &&
		(have.n == 0 || memcmp(json_string_value(want), have.p, have.n) == 0);
}

static bool
is_word(const char *have, const json_t *want)
{
	return have == NULL ? want == NULL : is_text(str_from(have), want);
}

static bool
is_bool(bool have, const json_t *want, bool otherwise)
{
	if (want == NULL)
		return have == otherwise;
	return json_is_boolean(want) && json_boolean_value(want) == have;
}

static bool
is_int(int64_t have, const json_t *want)
{
	if (want == NULL)
		return have == -1;
	return json_is_integer(want) && json_integer_value(want) == have;
}

/* 0 or -1 when not said. */
static bool
is_rating(int8_t have, const json_t *want)
{
	if (want == NULL)
		return have <= 0;
	return json_is_integer(want) && json_integer_value(want) == have && have >= 1 &&
		have <= 5;
}

static bool
is_tristate(int8_t have, const json_t *want)
{
	return want == NULL ? have == -1 : is_bool(have, want, false);
}

static bool
is_cents(int64_t have, const json_t *want)
{
	if (want == NULL)
		return have == -1;
	return json_is_number(want) &&
		llround(json_number_value(want) * 100) == (long long)have;
}

static bool
is_time(const struct event *e, const json_t *want)
{
	int64_t ms;

	if (want == NULL || json_is_null(want))
		return !e->time_given && e->time == FIXTURE_NOW;
	if (!e->time_given || e->time < 0 || e->time > FIXTURE_NOW + FUTURE_MAX_MS)
		return false;
	if (json_is_string(want))
		return time_parse((struct str){json_string_value(want),
					       json_string_length(want)},
				  &ms) &&
			ms == e->time;
	if (json_number_value(want) >= 1e11)
		return fabs((double)e->time - json_number_value(want)) <= 1;
	return fabs((double)e->time - json_number_value(want) * 1000) <= 1.01;
}

static void
check_option(const struct question *q, uint32_t options, const json_t *name)
{
	uint32_t k = 0;

	while (k < q->n_options && !is_text(q->options[k], name))
		k++;
	MUST(k < q->n_options && (options >> k & 1) != 0);
}

static void
check_answer(const struct event *e, const struct answer *a, const json_t *v)
{
	struct question q;

	if (a->question >= 0)
		q = e->survey->questions[a->question];
	else
		q = question_registered(e->survey, a->name);
	MUST(str_eq(q.name, a->name));
	MUST(a->question < 0 || q.declared || e->survey->open_metric != METRIC_NONE);
	if (q.metric == METRIC_TEXT) {
		MUST(is_text(a->text, v) && a->text.n > 0);
	} else if (q.metric != METRIC_CHOICE) {
		MUST(json_is_integer(v) && json_integer_value(v) == a->value);
		MUST(a->value >= q.lo && a->value <= q.hi);
	} else if (json_is_string(v)) {
		MUST(__builtin_popcount(a->options) == 1);
		check_option(&q, a->options, v);
	} else {
		MUST((size_t)__builtin_popcount(a->options) == json_array_size(v));
		for (size_t i = 0; i < json_array_size(v); i++)
			check_option(&q, a->options, json_array_get(v, i));
	}
}

static void
check_answers(const struct event *e, const json_t *data)
{
	const json_t *answers = json_object_get(data, "answers");

	MUST(e->survey == NULL ||
	     is_text(e->survey->name, json_object_get(data, "survey")));
	MUST(e->n_answers == json_object_size(answers));
	for (uint32_t i = 0; i < e->n_answers; i++) {
		struct str name = e->answers[i].name;

		check_answer(e, &e->answers[i],
			     json_object_getn(answers, name.p, name.n));
	}
}

static void
check_people(const struct event *e, const json_t *data)
{
	static const char *const names[] = {"respondent", "person", "from"};
	const json_t *to = json_object_get(data, "to");
	const json_t *ref = json_object_get(data, "ref");
	const json_t *person = NULL;

	for (size_t i = 0; i < 3 && person == NULL; i++)
		person = json_object_get(data, names[i]);
	MUST(is_text(e->person.text, person));
	MUST(is_text(e->case_ref.text, json_object_get(data, "case")));
	if (json_is_array(to)) {
		MUST(e->n_to == json_array_size(to));
		for (uint32_t i = 0; i < e->n_to; i++)
			MUST(is_text(e->to[i].text, json_array_get(to, i)));
	} else {
		MUST(e->n_to == (to != NULL));
		MUST(to == NULL || is_text(e->to[0].text, to));
	}
	if (json_is_object(ref)) {
		MUST(is_text(e->ref_source, json_object_get(ref, "source")));
		ref = json_object_get(ref, "id");
	}
	MUST(is_text(e->ref_id, ref));
	MUST(is_text(e->invite, json_object_get(data, "invite")));
	MUST(e->invite.n == 0 || (e->class == CLASS_SEALED && e->person.text.n == 0));
	MUST(!e->has_invite && !e->verified); /* are not said by the client */
}

static void
check_drivers(const struct event *e, const json_t *drivers)
{
	size_t n = 0;

	for (int i = 0; i < DRIVER_COUNT; i++) {
		const json_t *v = json_object_get(drivers, driver_name((enum driver)i));

		n += v != NULL;
		MUST(e->driver[i] == VIEW_NONE
			     ? v == NULL
			     : is_word(driver_view_name(e->driver[i]), v));
		MUST(e->type != EVENT_DECISION_OUTCOME || e->driver[i] != VIEW_UNSURE);
	}
	MUST(n == json_object_size(drivers));
}

static void
check_voice(const struct event *e, const json_t *d)
{
	const json_t *limit = json_object_get(d, "limit");
	const json_t *mode = json_object_get(d, "mode");
	const json_t *kind = json_object_get(d, "kind");

	if (e->type == EVENT_SUGGESTION_SUBMITTED)
		MUST(e->recognition == RECOGNITION_NONE &&
		     is_word(suggestion_kind_name(e->suggestion_kind), kind));
	else
		MUST(e->suggestion_kind == SUGGESTION_NONE &&
		     is_word(recognition_name(e->recognition), kind));
	MUST(is_text(e->title, json_object_get(d, "title")));
	MUST(is_text(e->body, json_object_get(d, "body")));
	MUST(is_text(e->category, json_object_get(d, "category")));
	MUST(is_bool(e->automatic, json_object_get(d, "auto"), false));
	MUST(is_tristate(e->will_examine, json_object_get(d, "will_examine")));
	MUST(is_text(e->reason, json_object_get(d, "reason")));
	MUST(is_word(suggestion_status_name(e->status), json_object_get(d, "status")));
	MUST(is_rating((int8_t)e->felt_heard, json_object_get(d, "felt_heard")));
	MUST(is_bool(e->board, json_object_get(d, "board"), false) ||
	     (e->suggestion_kind == SUGGESTION_CONCERN && !e->board));
	MUST(is_text(e->receipt, json_object_get(d, "receipt")));
	MUST(is_text(e->role, json_object_get(d, "role")));
	MUST(is_text(e->matter, json_object_get(d, "class")));
	MUST(is_word(decision_answer_name(e->decision_answer),
		     json_object_get(d, "answer")));
	MUST(is_cents(e->amount_cents, json_object_get(d, "amount")));
	MUST(is_bool(e->escalated, json_object_get(d, "escalated"), false));
	MUST(is_text(e->rule, json_object_get(d, "rule")));
	MUST(is_bool(e->rule_did_not_fit, json_object_get(d, "rule_did_not_fit"),
		     false));
	MUST(is_bool(e->conflict, json_object_get(d, "conflict"), false));
	MUST(is_text(e->moment, json_object_get(d, "moment")));
	MUST(is_bool(e->special_request, json_object_get(d, "special_request"), false));
	MUST(is_rating(e->self_rating, json_object_get(d, "self_rating")));
	check_drivers(e, json_object_get(d, "drivers"));
	MUST(is_text(e->goal, json_object_get(d, "goal")));
	MUST(is_tristate(e->customer_benefit, json_object_get(d, "customer_benefit")));
	MUST(is_word(verdict_name(e->verdict), json_object_get(d, "verdict")));
	MUST(is_text(e->lesson, json_object_get(d, "lesson")));
	MUST(e->driver_missed < 0 ? json_object_get(d, "driver_missed") == NULL
				  : is_word(driver_name((enum driver)e->driver_missed),
					    json_object_get(d, "driver_missed")));
	MUST(is_cents(e->limit_cents, json_is_null(limit) ? NULL : limit));
	MUST(is_word(e->type == EVENT_CONTACT_LOGGED ? contact_mode_name(e->mode)
						     : boundary_mode_name(e->mode),
		     mode));
	MUST(is_text(e->requires_training, json_object_get(d, "requires_training")));
	MUST(!e->has_handle || e->class == CLASS_CASE);
}

static void
check_fields(const struct event *e, const json_t *root)
{
	const json_t *d = json_object_get(root, "data");
	const json_t *id = json_object_get(root, "id");
	const json_t *source = json_object_get(root, "source");
	const json_t *visibility = json_object_get(d, "visibility");
	const json_t *audience = json_object_get(d, "audience");

	MUST(is_word(event_type_name(e->type), json_object_get(root, "type")));
	MUST(is_text(e->id, json_is_null(id) ? NULL : id));
	MUST(e->id_given == (e->id.n > 0));
	MUST(is_text(e->source, json_is_null(source) ? NULL : source));
	MUST(is_time(e, json_object_get(root, "time")));
	MUST(audience == NULL || is_word(audience_name(e->audience), audience));
	for (int i = 0; i < DIM_COUNT; i++)
		MUST(is_text(e->dim[i], json_object_get(d, dim_name(i))));
	check_answers(e, d);
	check_people(e, d);
	MUST(is_text(e->comment, json_object_get(d, "comment")));
	MUST(is_bool(e->complete, json_object_get(d, "complete"),
		     e->type == EVENT_SURVEY_ANSWERED));
	MUST(is_word(signal_name(e->signal), json_object_get(d, "signal")));
	MUST(json_object_get(d, "voluntary") == NULL
		     ? e->voluntary == -1
		     : is_bool(e->voluntary, json_object_get(d, "voluntary"), false));
	MUST(is_cents(e->days_cents, json_object_get(d, "days")));
	MUST(visibility == NULL ||
	     is_word(e->visibility == VISIBILITY_PUBLIC ? "public" : "private",
		     visibility));
	MUST(is_text(e->message, json_object_get(d, "message")));
	MUST(is_bool(e->by_leader, json_object_get(d, "by_leader"), false));
	MUST(is_bool(e->to_agrees, json_object_get(d, "to_agrees"), false));
	MUST(is_text(e->to_name, json_object_get(d, "to_name")));
	MUST(is_text(e->from_name, json_object_get(d, "from_name")));
	MUST(is_text(e->topic, json_object_get(d, "topic")));
	MUST(is_cents(e->hours_cents, json_object_get(d, "hours")));
	MUST(is_int(e->headcount, json_object_get(d, "headcount")));
	MUST(is_int(e->leaders, json_object_get(d, "leaders")));
	MUST(is_cents(e->possible_days_cents, json_object_get(d, "possible_days")));
	MUST(is_int(e->active, json_object_get(d, "active")));
	MUST(e->class <= CLASS_CASE && e->audience != AUDIENCE_NONE);
	check_voice(e, d);
}

/* ---- properties --------------------------------------------------------------------
 */

static void
check_problem(const struct problem *p, enum emp_rc rc)
{
	MUST(p->rc == rc);
	MUST(p->pointer[0] == '\0' || p->pointer[0] == '/');
	MUST(utf8_valid(str_from(p->pointer)) && utf8_valid(str_from(p->detail)));
	MUST(rc == EMP_BAD_JSON || rc == EMP_INVALID || rc == EMP_TOO_LARGE);
}

/* The same event from other bytes: sorted members, other escapes, white space. */
static void
check_again(const struct ingest *in, struct event *e, const json_t *root)
{
	struct event other;
	size_t n;
	char *text;

	if (json_is_real(json_object_get(root, "time")))
		return; /* jansson may write another digit than it read */
	text = json_dumps(root,
			  JSON_SORT_KEYS | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	MUST(text != NULL);
	n = strlen(text);
	if (n <= EVENT_MAX_BYTES) {
		MUST(ingest_event(in, (struct str){text, n}, &other, NULL) == EMP_OK);
		check_fields(&other, root);
		ingest_keys(e, &hash);
		ingest_keys(&other, &hash);
		MUST(e->content == other.content && e->content != 0);
		MUST(memcmp(e->id_key, other.id_key, ID_KEY_BYTES) == 0);
		MUST(memcmp(e->ref_key, other.ref_key, ID_KEY_BYTES) == 0);
	}
	free(text);
}

/* A copy of exactly its size: one byte too many is seen by ASan. */
static char *
copy_of(const void *p, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);

	MUST(copy != NULL);
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

static void
check_event(const void *data, size_t size)
{
	struct ingest in = setting();
	char *text = copy_of(data, size);
	json_t *root = load(data, size);
	struct problem p;
	struct event e;
	enum emp_rc rc = ingest_event(&in, (struct str){text, size}, &e, &p);

	if (size > EVENT_MAX_BYTES)
		MUST(rc == EMP_TOO_LARGE);
	else
		MUST((rc == EMP_BAD_JSON) == (root == NULL));
	if (rc == EMP_OK) {
		check_fields(&e, root);
		check_again(&in, &e, root);
	} else {
		check_problem(&p, rc);
	}
	json_decref(root);
	free(text);
	arena_reset(&arena);
}

static void
check_array(const void *data, size_t size)
{
	struct ingest in = setting();
	char *text = copy_of(data, size);
	json_t *root = load(data, size);
	struct ingest_cursor c;
	struct problem p;
	struct event e;
	enum emp_rc rc;
	size_t n = 0;
	bool more;

	ingest_cursor_init(&c, INGEST_ARRAY, (struct str){text, size});
	for (;;) {
		rc = ingest_next(&c, &in, &e, &more, &p);
		if (rc != EMP_OK)
			check_problem(&p, rc);
		if (!more || rc == EMP_BAD_JSON)
			break;
		MUST(c.index == n++);
		if (rc == EMP_OK && json_is_array(root)) {
			MUST(json_array_get(root, c.index) != NULL);
			check_fields(&e, json_array_get(root, c.index));
		}
	}
	MUST((rc == EMP_BAD_JSON) == !json_is_array(root));
	MUST(rc == EMP_BAD_JSON || n == json_array_size(root));
	MUST(ingest_next(&c, &in, &e, &more, &p) == EMP_OK && !more);
	json_decref(root);
	free(text);
	arena_reset(&arena);
}

/* Stepping over an array judges it as decoding does. */
static void
check_skip(const void *data, size_t size)
{
	char *text = copy_of(data, size);
	json_t *root = load(data, size);
	struct ingest_cursor c;
	struct problem p;
	enum emp_rc rc;
	size_t n = 0;
	bool more;

	ingest_cursor_init(&c, INGEST_ARRAY, (struct str){text, size});
	while ((rc = ingest_skip(&c, &more, &p)) == EMP_OK && more)
		n++;
	MUST((rc == EMP_BAD_JSON) == !json_is_array(root));
	MUST(rc == EMP_BAD_JSON || n == json_array_size(root));
	json_decref(root);
	free(text);
}

static void
check_lines(const void *data, size_t size)
{
	struct ingest in = setting();
	char *text = copy_of(data, size);
	struct str rest = {data, size};
	struct ingest_cursor c;
	struct problem p;
	struct event e;
	bool more;

	ingest_cursor_init(&c, INGEST_LINES, (struct str){text, size});
	while (rest.n > 0) {
		struct str line = str_split(&rest, '\n');
		json_t *root = load(line.p, line.n);
		enum emp_rc rc;
		size_t blank = 0;

		while (blank < line.n && strchr(" \t\r", line.p[blank]) != NULL &&
		       line.p[blank] != '\0')
			blank++;
		if (blank < line.n) {
			rc = ingest_next(&c, &in, &e, &more, &p);
			MUST(more);
			MUST(line.n > EVENT_MAX_BYTES ||
			     (rc == EMP_BAD_JSON) == (root == NULL));
			if (rc == EMP_OK)
				check_fields(&e, root);
		}
		json_decref(root);
	}
	MUST(ingest_next(&c, &in, &e, &more, &p) == EMP_OK && !more);
	free(text);
	arena_reset(&arena);
}

/* Whether jansson would write another number than it read. */
static bool
has_real(const json_t *v)
{
	const char *key;
	json_t *member;

	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			if (has_real(json_array_get(v, i)))
				return true;
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key,
			    member) if (has_real(member)) return true;
	return json_is_real(v);
}

/* The event in full that the flat text stands for; NULL when it would be too long. */
static char *
unflat(json_t *root, enum event_type type)
{
	static const char *const outer[] = {"id", "source", "time"};
	json_t *full = json_object();
	json_t *data = json_copy(root);
	char *text;

	MUST(full != NULL && data != NULL);
	MUST(json_object_set_new(full, "type", json_string(event_type_name(type))) ==
	     0);
	for (size_t i = 0; i < sizeof outer / sizeof *outer; i++) {
		json_t *v = json_object_get(data, outer[i]);

		if (v != NULL)
			MUST(json_object_set(full, outer[i], v) == 0 &&
			     json_object_del(data, outer[i]) == 0);
	}
	MUST(json_object_set_new(full, "data", data) == 0);
	text = json_dumps(full, JSON_COMPACT);
	json_decref(full);
	MUST(text != NULL);
	if (strlen(text) > EVENT_MAX_BYTES) {
		free(text);
		return NULL;
	}
	return text;
}

static void
check_flat(const void *data, size_t size, enum event_type type)
{
	struct ingest in = setting();
	char *text = copy_of(data, size);
	json_t *root = load(data, size);
	char *full = NULL;
	struct problem p;
	struct event e, same;
	enum emp_rc rc = ingest_flat(&in, type, STR_NONE, (struct str){text, size}, &e,
				     &p);

	if (rc != EMP_OK)
		check_problem(&p, rc);
	if (size > 0 && size <= EVENT_MAX_BYTES)
		MUST((rc == EMP_BAD_JSON) == (root == NULL));
	if (json_is_object(root) && !has_real(root))
		full = unflat(root, type);
	if (full != NULL && rc != EMP_TOO_LARGE) {
		enum emp_rc want = ingest_event(&in, (struct str){full, strlen(full)},
						&same, NULL);

		/* What was as deep as can be is one deeper now. */
		MUST(want == rc || want == EMP_BAD_JSON);
		if (rc == EMP_OK) {
			ingest_keys(&e, &hash);
			ingest_keys(&same, &hash);
			MUST(memcmp(e.digest, same.digest, sizeof e.digest) == 0);
			MUST(memcmp(e.id_key, same.id_key, ID_KEY_BYTES) == 0);
			MUST(e.class == same.class && e.audience == same.audience);
		}
	}
	free(full);
	json_decref(root);
	free(text);
	arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_event(data, size);
	check_array(data, size);
	check_skip(data, size);
	if (memchr(data, '\n', size) != NULL)
		check_lines(data, size);
	check_flat(data, size, EVENT_SUGGESTION_SUBMITTED);
	check_flat(data, size, EVENT_SUGGESTION_ANSWERED);
	check_flat(data, size, EVENT_SUGGESTION_RATED);
	check_flat(data, size, EVENT_DECISION_MADE);
	check_flat(data, size, EVENT_BOUNDARY_SET);
	return 0;
}
