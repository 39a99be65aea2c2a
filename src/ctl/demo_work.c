/* What is decided in the invented organisation, and how it learns.
 *
 * Agents refund up to 50, and mostly do so well; at the harbour so well that the
 * boundary could be wider. Discounts are to be proposed only, and leaders agree nearly
 * always. Decisions are reviewed by coaching, and once in a while, at the station, by
 * a sanction. */
#include "ctl/demo_impl.h"

#include "base/clock.h"

#include <stdio.h>

#define DECISIONS 8 /* a day */
#define LAG_SETTLED 1
#define LAG_BACKED 2
#define LAG_REVIEWED 3
#define LAG_OUTCOME 7
#define LAG_TRAINED 12
#define TOPIC "listening (sample)"

struct matter {
	const char *name;
	uint32_t from, vary; /* amounts */
	uint32_t limit;      /* of agents */
	bool propose;
};
static const struct matter matters[] = {
	{"refund", 35, 20, 50, false},
	{"refund", 20, 31, 50, false},
	{"goodwill", 5, 18, 20, false},
	{"discount", 10, 60, 0, true},
};
static const char *const rules[] = {"no_receipt", "after_30_days", "opened_package",
				    "no_receipt"};
static const char *const moments[] = {"checkout", "delivery", "complaint", "return"};

/* One decision; everything follows from its day and number. */
struct decision {
	const struct demo_unit *unit;
	const struct matter *matter;
	uint32_t who, amount;
	uint64_t r;
	bool lead, escalated, conflict, ruled;
	const char *answer;
};

static struct decision
decision_of(int64_t day, uint32_t i)
{
	static const char *const answers[] = {"yes", "yes", "yes", "yes",
					      "yes", "yes", "no",  "partial"};
	uint64_t r = demo_random(day, STREAM_DECISION, i);
	struct decision d = {.r = r, .unit = &demo_units[r % DEMO_UNITS]};
	bool inside;

	d.matter = &matters[r >> 8 & 3];
	d.who = (uint32_t)(r >> 10 & 0xff) % d.unit->headcount;
	d.lead = d.who < d.unit->leaders;
	d.amount = d.matter->from + (uint32_t)(r >> 18 & 0xff) % d.matter->vary;
	inside = d.lead || (!d.matter->propose && d.amount <= d.matter->limit);
	d.escalated = inside ? (r >> 26 & 15) == 0 : (r >> 26 & 7) != 0;
	d.conflict = (r >> 30 & 7) == 0;
	d.ruled = (r >> 33 & 3) == 0;
	d.answer = d.ruled && (r >> 35 & 1) != 0 ? "no" : answers[r >> 36 & 7];
	return d;
}

static const char *
yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void
add_drivers(struct buf *b, uint64_t r, bool unsure)
{
	static const char *const names[] = {"spend", "retention", "reputation",
					    "referral"};

	buf_add_z(b, ",\"drivers\":{");
	for (int i = 0; i < 4; i++, r >>= 3)
		buf_printf(b, "%s\"%s\":\"%s\"", i > 0 ? "," : "", names[i],
			   unsure && (r & 7) == 7 ? "unsure" : yes_no((r & 7) < 4));
	buf_add_c(b, '}');
}

static bool
decide(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t i = 0; i < DECISIONS && ok; i++) {
		struct decision d = decision_of(day, i);

		demo_open(b, day, "decision.made", "decision", i, i * 4500);
		buf_printf(b,
			   "\"role\":\"%s\",\"class\":\"%s\",\"answer\":\"%s\","
			   "\"amount\":%u,\"unit\":\"%s\",\"person\":\"%s#%u\","
			   "\"moment\":\"%s\",\"self_rating\":%u",
			   d.lead ? "lead" : "agent", d.matter->name, d.answer,
			   d.amount, d.unit->name, d.unit->name, d.who,
			   moments[d.r >> 39 & 3], 3 + (unsigned)(d.r >> 41) % 3);
		if (d.escalated)
			buf_add_z(b, ",\"escalated\":true");
		if (d.conflict)
			buf_add_z(b, ",\"conflict\":true");
		if ((d.r >> 59 & 15) == 0)
			buf_add_z(b, ",\"special_request\":true");
		if (d.ruled)
			buf_printf(b, ",\"rule\":\"%s\",\"rule_did_not_fit\":%s",
				   rules[d.r >> 43 & 3],
				   (d.r >> 45 & 1) != 0 ? "true" : "false");
		add_drivers(b, d.r >> 46, true);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static void
open_about(struct buf *b, int64_t day, const char *type, const char *stream, uint32_t i,
	   int64_t made)
{
	char date[DEMO_DATE_MAX];

	demo_date(date, made);
	demo_open(b, day, type, stream, i, 1000 + i * 4000);
	buf_printf(b,
		   "\"ref\":{\"source\":\"" DEMO_SOURCE
		   "\",\"id\":\"demo-%s-decision-%u\"}",
		   date, i);
}

/* A leader answers what was passed on, mostly as proposed; and now and then what was
 * not. */
static bool
settle(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t i = 0; i < DECISIONS && ok; i++) {
		struct decision d = decision_of(day - LAG_SETTLED, i);
		uint64_t r = demo_random(day, STREAM_SETTLED, i);

		if (!d.escalated && r % 40 != 0)
			continue;
		open_about(b, day, "decision.settled", "settled", i, day - LAG_SETTLED);
		buf_printf(b, ",\"answer\":\"%s\"",
			   (r >> 8 & 15) < (d.matter->propose ? 15 : 12) ? d.answer
									 : "partial");
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static bool
review(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t i = 0; i < DECISIONS && ok; i++) {
		struct decision d = decision_of(day - LAG_REVIEWED, i);
		uint64_t r = demo_random(day, STREAM_REVIEW, i);
		bool sanction = d.unit == &demo_units[DEMO_STATION] &&
			(r >> 8) % 12 == 0;

		if (r % 5 > 1)
			continue;
		open_about(b, day, "decision.reviewed", "reviewed", i,
			   day - LAG_REVIEWED);
		if (sanction)
			buf_printf(b, ",\"verdict\":\"sanction\"%s",
				   (r >> 16 & 1) != 0 ? ",\"rule\":\"no_receipt\""
						      : "");
		else if ((r >> 16 & 7) < 5)
			buf_add_z(b, ",\"verdict\":\"reinforce\"");
		else
			buf_add_z(b,
				  ",\"verdict\":\"coach\",\"driver_missed\":"
				  "\"retention\",\"lesson\":\"Ask first what is "
				  "needed. (sample)\"");
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static bool
outcome(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t i = 0; i < DECISIONS && ok; i++) {
		struct decision d = decision_of(day - LAG_OUTCOME, i);
		uint64_t r = demo_random(day, STREAM_OUTCOME, i);
		uint32_t good = d.unit == &demo_units[DEMO_HARBOUR] ? 24 : 19;

		if (r % 3 == 0)
			continue;
		open_about(b, day, "decision.outcome", "outcome", i, day - LAG_OUTCOME);
		buf_printf(b, ",\"customer_benefit\":%s",
			   (r >> 8) % 25 < good ? "true" : "false");
		/* What was expected mostly happens. */
		add_drivers(b, (r >> 16 & 3) != 0 ? d.r >> 46 : r >> 20, false);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

/* A leader backs, in public, who stood in a conflict. */
static bool
back(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t i = 0; i < DECISIONS && ok; i++) {
		struct decision d = decision_of(day - LAG_BACKED, i);

		if (!d.conflict || d.lead || (d.r >> 58 & 1) != 0)
			continue;
		open_about(b, day, "recognition.given", "backed", i, day - LAG_BACKED);
		buf_printf(
			b,
			",\"audience\":\"employee\",\"unit\":\"%s\",\"from\":\"%s#0"
			"\",\"to\":\"%s#%u\",\"kind\":\"backing\",\"by_leader\":true,"
			"\"visibility\":\"public\",\"from_name\":\"Lea (sample)\","
			"\"to_name\":\"Sam (sample)\",\"to_agrees\":true,"
			"\"message\":\"I would have decided the same. (sample)\"",
			d.unit->name, d.unit->name, d.unit->name, d.who);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

/* --- what is around decisions --- */

static bool
boundaries(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	static const char *const documents[] = {
		"\"role\":\"agent\",\"class\":\"refund\",\"limit\":50,\"mode\":\"act\","
		"\"reason\":\"Whoever hears it can solve it. (sample)\"",
		"\"role\":\"agent\",\"class\":\"goodwill\",\"limit\":20,"
		"\"mode\":\"act\"",
		"\"role\":\"agent\",\"class\":\"discount\",\"limit\":0,"
		"\"mode\":\"propose\"",
		"\"role\":\"lead\",\"class\":\"refund\",\"limit\":200,\"mode\":\"act\","
		"\"requires_training\":\"" TOPIC "\"",
		"\"role\":\"lead\",\"class\":\"goodwill\",\"limit\":100,"
		"\"mode\":\"act\"",
		"\"role\":\"lead\",\"class\":\"discount\",\"limit\":100,"
		"\"mode\":\"act\"",
	};
	bool ok = true;

	for (uint32_t i = 0; i < sizeof documents / sizeof *documents && ok; i++) {
		demo_open(b, day, "boundary.set", "boundary", i, 0);
		buf_printf(b, "\"unit\":\"demo\",%s", documents[i]);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

/* Every second day somebody asks for a training, and most get it. */
static bool
train(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (int64_t asked = day; ok && asked >= first && asked >= day - LAG_TRAINED;
	     asked -= LAG_TRAINED) {
		uint64_t r = demo_random(asked, STREAM_TRAINING, 0);
		const struct demo_unit *unit = &demo_units[r % DEMO_UNITS];
		bool done = asked != day;

		if (asked % 2 != 0 || (done && (r >> 16 & 3) == 0))
			continue;
		demo_open(b, day, done ? "training.completed" : "training.requested",
			  done ? "trained" : "training-asked", 0, 36000);
		buf_printf(b,
			   "\"unit\":\"%s\",\"person\":\"%s#%u\",\"topic\":\"" TOPIC
			   "\"%s",
			   unit->name, unit->name,
			   (uint32_t)(r >> 8 & 0xff) % unit->headcount,
			   done ? ",\"hours\":6" : "");
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static bool
meet(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	static const char *const modes[] = {"face_to_face", "meeting", "broadcast",
					    "face_to_face"};
	bool ok = true;

	for (uint32_t u = 0; u < DEMO_UNITS && ok; u++) {
		uint64_t r = demo_random(day, STREAM_CONTACT, u);

		if (r % 4 != 0)
			continue;
		demo_open(b, day, "contact.logged", "contact", u, 7200 + u * 600);
		buf_printf(b, "\"unit\":\"%s\",\"mode\":\"%s\",\"by_leader\":%s",
			   demo_units[u].name, modes[r >> 8 & 3],
			   (r >> 10 & 3) != 0 ? "true" : "false");
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

/* The market answers at once through the summer. */
static bool
initiative(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	int64_t y;
	unsigned m, d;

	time_civil_from_days(day, &y, &m, &d);
	if (d != 1 || (m != DEMO_SUMMER_FIRST && m != DEMO_SUMMER_LAST + 1))
		return true;
	demo_open(b, day,
		  m == DEMO_SUMMER_FIRST ? "initiative.started" : "initiative.ended",
		  "initiative", 0, 0);
	buf_printf(b,
		   "\"initiative\":\"demo_first_answer\",\"audience\":\"customer\","
		   "\"title\":\"The first who is asked answers (sample)\","
		   "\"unit\":\"%s\"",
		   demo_units[DEMO_MARKET].name);
	return demo_close(b, emit, ctx);
}

bool
demo_work(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	int64_t age = day - first;

	return (age > 0 || boundaries(b, day, emit, ctx)) &&
		initiative(b, day, emit, ctx) && meet(b, day, emit, ctx) &&
		train(b, day, first, emit, ctx) && decide(b, day, emit, ctx) &&
		(age < LAG_SETTLED || settle(b, day, emit, ctx)) &&
		(age < LAG_BACKED || back(b, day, emit, ctx)) &&
		(age < LAG_REVIEWED || review(b, day, emit, ctx)) &&
		(age < LAG_OUTCOME || outcome(b, day, emit, ctx));
}
