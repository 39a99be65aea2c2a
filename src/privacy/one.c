/* One suggestion with its history: to who responds, and to who holds a receipt.
 *
 * Of employees' there are dates, from the next day on, and nothing of what their
 * authors did but what they wrote and whether they withdrew it: that somebody read an
 * answer yesterday is nobody's business. The author sees it all. */
#include "base/clock.h"
#include "privacy/cards.h"
#include "store/voice.h"

enum step_text {
	STEP_TYPE,
	STEP_TIME,
	STEP_BY,
	STEP_STATUS,
	STEP_REASON,
	STEP_BODY,
	STEP_TEXTS
};
enum step_figure { STEP_EXAMINE, STEP_FELT_HEARD, STEP_FIGURES };

static void
get_yes_no_if(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	double f = r->figure[c->arg];

	v->kind = isnan(f) ? PUB_SKIP : PUB_BOOL;
	v->count = f > 0;
}

static void
get_count_if(const struct pub_column *c, const struct pub_row *r, struct pub_value *v)
{
	pub_get_count(c, r, v);
	if (v->kind == PUB_NULL)
		v->kind = PUB_SKIP;
}

static const struct pub_column step_columns[] = {
	{"type", pub_get_text, STEP_TYPE},
	{"time", pub_get_text, STEP_TIME},
	{"by", pub_get_text, STEP_BY},
	{"will_examine", get_yes_no_if, STEP_EXAMINE},
	{"status", pub_get_text_if, STEP_STATUS},
	{"reason", pub_get_text_if, STEP_REASON},
	{"body", pub_get_text_if, STEP_BODY},
	{"felt_heard", get_count_if, STEP_FELT_HEARD},
};

static const struct pub_column receipt_columns[] = {
	{"id", pub_get_text, CARD_ID},
	{"audience", pub_get_audience, 0},
	{"author", pub_get_flag, CARD_AUTHOR},
	{"kind", pub_get_text, CARD_KIND},
	{"category", pub_get_text, CARD_CATEGORY},
	{"title", pub_get_text, CARD_TITLE},
	{"body", pub_get_text_if, CARD_BODY},
	{"state", pub_get_text, CARD_STATE},
	{"in_words", pub_get_text, CARD_IN_WORDS},
	{"submitted", pub_get_text, CARD_SUBMITTED},
	{"acknowledged", pub_get_text, CARD_ACKNOWLEDGED},
	{"first_response", pub_get_text, CARD_FIRST_RESPONSE},
	{"supporters", pub_get_count, CARD_SUPPORTERS},
	{"may_reply", pub_get_flag, CARD_MAY_REPLY},
	{"may_rate", pub_get_flag, CARD_MAY_RATE},
	{"may_withdraw", pub_get_flag, CARD_MAY_WITHDRAW},
};

static const char *const in_words[STATE_COUNT] = {
	[STATE_SUBMITTED] = "It has arrived.",
	[STATE_RECEIVED] = "It has arrived, and waits for somebody to read it.",
	[STATE_ACKNOWLEDGED] = "Somebody has read it.",
	[STATE_EXAMINING] = "It is being examined.",
	[STATE_NOT_EXAMINED] = "It will not be examined; the reason is given.",
	[STATE_ACCEPTED] = "It was accepted.",
	[STATE_PLANNED] = "It was accepted, and is planned.",
	[STATE_STARTED] = "Work on it has begun.",
	[STATE_DONE] = "It is done.",
	[STATE_DECLINED] = "It was declined; the reason is given.",
	[STATE_DUPLICATE] = "It says the same as another one.",
	[STATE_WITHDRAWN] = "Its author withdrew it.",
	[STATE_REOPENED] = "It is open again.",
};

static const struct pub_column as_of_column = {"as_of", pub_get_text, CARD_AS_OF};

struct one {
	struct cards cards;
	bool receipt, author;
	bool found, cases;
	bool customer;
};

static bool
by_author(uint8_t type)
{
	return event_type_scope((enum event_type)type) == SCOPE_RECEIPT;
}

static const char *
actor(const struct suggestion_step_row *s)
{
	if (by_author(s->type))
		return s->type == EVENT_SUGGESTION_SUPPORTED ? "supporter" : "author";
	return s->automatic ? "program" : "responder";
}

static bool
step_shown(const struct one *o, const struct suggestion_step_row *s)
{
	if (s->type == EVENT_SUGGESTION_SUPPORTED)
		return false; /* supporters are a number */
	if (!by_author(s->type))
		return true;
	if (o->receipt)
		return o->author && s->type != EVENT_SUGGESTION_SEEN;
	if (!o->cases)
		return true;
	return (s->type == EVENT_SUGGESTION_REPLIED ||
		s->type == EVENT_SUGGESTION_WITHDRAWN) &&
		s->time < o->cards.today * MS_PER_S;
}

static enum emp_rc
take_step(void *ctx, const struct suggestion_step_row *s)
{
	struct one *o = ctx;
	struct job *j = o->cards.j;
	struct arena *a = &j->pub.arena;
	struct pub_row *r;
	struct str name = str_from(event_type_name((enum event_type)s->type));

	if (!o->found || !step_shown(o, s))
		return EMP_OK;
	r = pub_row_add(&j->pub, &j->pub.extra[0]);
	if (r == NULL)
		return EMP_NOMEM;
	(void)str_split(&name, '.');
	r->text[STEP_TYPE] = name;
	r->text[STEP_TIME] = cards_time(j, s->time, o->cases);
	r->text[STEP_BY] = str_from(actor(s));
	if (s->status != STATUS_NONE)
		r->text[STEP_STATUS] = str_from(
			suggestion_status_name((enum suggestion_status)s->status));
	if (s->reason.n > 0)
		r->text[STEP_REASON] = arena_str(a, s->reason);
	if (s->body.n > 0)
		r->text[STEP_BODY] = arena_str(a, s->body);
	if (s->type == EVENT_SUGGESTION_TRIAGED)
		r->figure[STEP_EXAMINE] = s->will_examine == 1;
	if (s->felt_heard > 0 && (o->customer || o->receipt))
		r->figure[STEP_FELT_HEARD] = s->felt_heard;
	return (s->reason.n > 0 && r->text[STEP_REASON].p == NULL) ||
			(s->body.n > 0 && r->text[STEP_BODY].p == NULL)
		? EMP_NOMEM
		: EMP_OK;
}

/* What its author may do next; see the table of transitions. */
static void
fill_receipt(const struct one *o, const struct suggestion_row *row, struct pub_row *r)
{
	const struct lifecycle *l = &row->life;
	bool closed = suggestion_state_closed((enum suggestion_state)l->state);
	struct lifecycle rated = *l;
	struct lifecycle_step step = {.type = EVENT_SUGGESTION_RATED,
				      .time = clock_now_ms()};

	r->text[CARD_IN_WORDS] = str_from(in_words[l->state]);
	r->flags |= (uint32_t)o->author << CARD_AUTHOR;
	if (!o->author) {
		r->text[CARD_BODY] = STR_NONE;
		return;
	}
	r->flags |= (uint32_t)(l->state != STATE_WITHDRAWN) << CARD_MAY_REPLY;
	r->flags |= (uint32_t)(lifecycle_apply(&rated, &step) == STEP_OK)
		<< CARD_MAY_RATE;
	r->flags |= (uint32_t)!closed << CARD_MAY_WITHDRAW;
}

static enum emp_rc
take(void *ctx, const struct suggestion_row *row)
{
	struct one *o = ctx;
	struct job *j = o->cards.j;
	struct pub_row *r;
	enum emp_rc rc = EMP_OK;

	o->cases = row->series == 0;
	o->customer = row->audience == AUDIENCE_CUSTOMER;
	if (!o->customer)
		rc = cards_fold(&o->cards, !o->cases);
	if (rc != EMP_OK || (!o->receipt && !cards_visible(&o->cards, row)))
		return rc;
	if (o->receipt)
		for (size_t i = 0; i < sizeof receipt_columns / sizeof *receipt_columns;
		     i++)
			pub_column_add(&j->pub, &receipt_columns[i]);
	else
		pub_column_add(&j->pub, &as_of_column);
	j->pub.words = o->cases && !o->receipt;
	if (!o->receipt)
		cards_columns(&j->pub, (enum audience)row->audience);
	j->pub.rows.n_texts = CARD_TEXTS;
	j->pub.rows.n_figures = CARD_FIGURES;
	r = cards_add(&o->cards, row);
	if (r == NULL)
		return EMP_NOMEM;
	r->text[CARD_AS_OF] = cards_time(j, o->cards.as_of, false);
	if (o->receipt)
		fill_receipt(o, row, r);
	o->found = true;
	return EMP_OK;
}

static enum emp_rc
answer(struct one *o, const struct suggestion_find *find)
{
	struct job *j = o->cards.j;
	struct pub_table *history = &j->pub.extra[0];
	enum emp_rc rc;

	j->pub.form = PUB_ONE;
	history->name = "history";
	history->columns = step_columns;
	history->n_columns = sizeof step_columns / sizeof *step_columns;
	history->n_texts = STEP_TEXTS;
	history->n_figures = STEP_FIGURES;
	j->pub.n_extra = 1;
	o->author = true;
	rc = store_read_suggestion(j->reader, find, &o->author, take, take_step, o);
	if (rc != EMP_OK || o->found)
		return rc;
	return EMP_NOT_FOUND;
}

enum emp_rc
ask_suggestion(struct job *j)
{
	struct one o = {.receipt = false};
	struct suggestion_find find = {.source = j->q->source, .id = j->q->id};
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	cards_init(&o.cards, j);
	rc = cards_need(j, SCOPE_RESPOND);
	if (rc == EMP_OK)
		rc = answer(&o, &find);
	if (rc == EMP_NOT_FOUND)
		rc = problem_set(j->problem, rc, "", "there is no such suggestion");
	return rc;
}

enum emp_rc
ask_receipt(struct job *j)
{
	struct one o = {.receipt = true};
	struct suggestion_find find = {.by_receipt = true,
				       .confidential = j->q->confidential};
	enum emp_rc rc;

	if (j->reader == NULL)
		return EMP_STALE;
	EMP_ASSERT(j->q->has_code);
	memcpy(find.receipt_hash, j->q->code, sizeof find.receipt_hash);
	cards_init(&o.cards, j);
	rc = answer(&o, &find);
	if (rc == EMP_NOT_FOUND)
		rc = problem_set(j->problem, rc, "", "there is no such receipt");
	return rc;
}
