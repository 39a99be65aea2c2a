/* What is suggested in the invented organisation, and what comes of it.
 *
 * Four categories of customers' suggestions trickle in, and in every third month one of
 * them comes several times as often; employees had seen it coming the month before.
 * Most are answered with a reason, some wait. What follows on a suggestion some days
 * later belongs to that later day, if the sample had begun when it was made.
 *
 * What needs an answer of the daemon - the receipt, the id of an employee's suggestion
 * - is in demo_follow(), which is sent behind the days. */
#include "ctl/demo_impl.h"

#include "base/clock.h"
#include "base/num.h"

#include <stdio.h>

#define CATEGORIES 4
#define PER_CATEGORY 4 /* at most, a day */
#define BASE_PERCENT 25
#define SPELL_MONTHS 3 /* one category each */
#define SPELL_DAYS 24
#define PATTERN_FIRST 8 /* days of the month before */
#define PATTERN_DAYS 10
#define LAG_TRIAGE 3
#define LAG_SUPPORT 5
#define LAG_ANSWER 9
#define LAG_DONE 20
#define LAG_SEEN 10
#define LAG_RATED 11
#define LAG_MOST LAG_DONE
#define IDS_PER_LAG 100
#define REQUEST_DAY 5 /* of a month: somebody asks for a wider boundary */
#define LAG_REQUEST 6

static const char *const categories[CATEGORIES] = {"queue", "price", "website",
						   "delivery"};
static const char *const titles[CATEGORIES] = {
	"A second till on Saturdays (sample)", "Show prices with tax (sample)",
	"Let me find my order again (sample)",
	"Tell me the hour, not the day (sample)"};
static const char *const kinds[] = {"suggestion", "suggestion", "suggestion",
				    "opinion",    "question",   "concern",
				    "suggestion", "opinion"};
static const char *const inside_kinds[] = {"suggestion", "internal_request",
					   "rule_to_remove", "incoherence"};
static const char *const inside_titles[] = {"One list for all shifts (sample)",
					    "A lamp for the back door (sample)",
					    "Away with the second signature (sample)",
					    "We ask customers, and not us (sample)"};

enum plan { PLAN_WAITS, PLAN_NOT_EXAMINED, PLAN_DECLINED, PLAN_ACCEPTED, PLAN_DONE };

static enum plan
plan_of(uint64_t r)
{
	static const uint8_t plans[8] = {
		PLAN_WAITS,    PLAN_NOT_EXAMINED, PLAN_DECLINED, PLAN_DECLINED,
		PLAN_ACCEPTED, PLAN_ACCEPTED,     PLAN_DONE,     PLAN_DONE};

	return (enum plan)plans[r >> 12 & 7];
}

static uint32_t
lag_of_triage(uint64_t r)
{
	return 1 + (uint32_t)(r >> 20) % LAG_TRIAGE;
}

/* The category that comes often in this month; CATEGORIES: none. */
static uint32_t
spell(unsigned month)
{
	return month % SPELL_MONTHS == 2 ? month / SPELL_MONTHS % CATEGORIES
					 : CATEGORIES;
}

static uint32_t
ideas(int64_t day, uint32_t category)
{
	int64_t y;
	unsigned m, d;
	uint32_t n = demo_pick(day, STREAM_IDEAS, category, 100) < BASE_PERCENT;

	time_civil_from_days(day, &y, &m, &d);
	if (spell(m) == category && d <= SPELL_DAYS)
		n += 1 + demo_pick(day, STREAM_IDEAS, category + CATEGORIES, 2);
	return n;
}

static void
add_ref(struct buf *b, int64_t day, const char *stream, uint32_t i)
{
	char date[DEMO_DATE_MAX];

	demo_date(date, day);
	buf_printf(b,
		   "\"ref\":{\"source\":\"" DEMO_SOURCE "\",\"id\":\"demo-%s-%s-%u\"}",
		   date, stream, i);
}

/* --- customers --- */

static bool
submit(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t c = 0; c < CATEGORIES; c++) {
		for (uint32_t k = 0; k < ideas(day, c) && ok; k++) {
			uint32_t i = c * PER_CATEGORY + k;
			uint64_t r = demo_random(day, STREAM_IDEA, i);

			demo_open(b, day, "suggestion.submitted", DEMO_IDEA, i,
				  i * 1800);
			buf_printf(b,
				   "\"audience\":\"customer\",\"kind\":\"%s\","
				   "\"category\":\"%s\",\"title\":\"%s\","
				   "\"unit\":\"%s\",\"board\":%s,"
				   "\"person\":\"guest-0-%u\"",
				   kinds[r >> 4 & 7], categories[c], titles[c],
				   demo_units[r % DEMO_UNITS].name,
				   (r >> 7 & 1) != 0 ? "true" : "false",
				   (unsigned)(r >> 24 & 0xff));
			ok = demo_close(b, emit, ctx);
		}
	}
	return ok;
}

/* One step on an idea of `born`, on `day`. */
static bool
step(struct buf *b, int64_t day, int64_t born, uint32_t i, const char *type,
     const char *more, demo_emit *emit, void *ctx)
{
	uint32_t lag = (uint32_t)(day - born);

	demo_open(b, day, type, "step", lag * IDS_PER_LAG + i, 20000 + i * 900);
	add_ref(b, born, DEMO_IDEA, i);
	buf_add_z(b, more);
	return demo_close(b, emit, ctx);
}

static bool
steps(struct buf *b, int64_t day, int64_t born, uint32_t i, demo_emit *emit, void *ctx)
{
	uint64_t r = demo_random(born, STREAM_IDEA, i);
	enum plan plan = plan_of(r);
	uint32_t lag = (uint32_t)(day - born);
	bool ok = true;

	if (lag == 0 && (r >> 8 & 1) != 0)
		ok = step(b, day, born, i, "suggestion.acknowledged", ",\"auto\":true",
			  emit, ctx);
	if (lag == lag_of_triage(r) && plan == PLAN_NOT_EXAMINED)
		ok = step(b, day, born, i, "suggestion.triaged",
			  ",\"will_examine\":false,\"reason\":\"The law says "
			  "otherwise. (sample)\"",
			  emit, ctx);
	else if (lag == lag_of_triage(r) && plan > PLAN_NOT_EXAMINED)
		ok = step(b, day, born, i, "suggestion.triaged",
			  ",\"will_examine\":true", emit, ctx);
	if (lag == LAG_SUPPORT && plan >= PLAN_DECLINED && (r >> 9 & 3) == 0)
		ok = step(b, day, born, i, "suggestion.supported", "", emit, ctx);
	if (lag == LAG_ANSWER && plan == PLAN_DECLINED)
		ok = step(b, day, born, i, "suggestion.answered",
			  ",\"status\":\"declined\",\"reason\":\"It would cost more "
			  "than it gives. (sample)\"",
			  emit, ctx);
	else if (lag == LAG_ANSWER && plan > PLAN_DECLINED)
		ok = step(b, day, born, i, "suggestion.answered",
			  ",\"status\":\"accepted\"", emit, ctx);
	if (lag == LAG_DONE && plan == PLAN_DONE)
		ok = step(b, day, born, i, "suggestion.answered",
			  ",\"status\":\"done\",\"reason\":\"In place since today. "
			  "(sample)\"",
			  emit, ctx);
	return ok;
}

static bool
answer(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (int64_t born = day - LAG_MOST; born <= day; born++)
		for (uint32_t c = 0; c < CATEGORIES && born >= first; c++)
			for (uint32_t k = 0; k < ideas(born, c) && ok; k++)
				ok = steps(b, day, born, c * PER_CATEGORY + k, emit,
					   ctx);
	return ok;
}

/* --- employees --- */

static bool
inside(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	uint64_t r = demo_random(day, STREAM_INSIDE, 0);
	const struct demo_unit *unit = &demo_units[r % DEMO_UNITS];
	uint32_t next = CATEGORIES;
	int64_t y;
	unsigned m, d;
	bool ok;

	demo_open(b, day, "suggestion.submitted", DEMO_INSIDE, 0, 9000);
	buf_printf(b,
		   "\"audience\":\"employee\",\"kind\":\"%s\",\"title\":\"%s\","
		   "\"category\":\"work\",\"unit\":\"%s\",\"person\":\"%s#%u\"",
		   inside_kinds[r >> 8 & 3], inside_titles[r >> 8 & 3], unit->name,
		   unit->name, (uint32_t)(r >> 16 & 0xff) % unit->headcount);
	ok = demo_close(b, emit, ctx);
	time_civil_from_days(day, &y, &m, &d);
	next = spell(m % 12 + 1);
	if (!ok || next == CATEGORIES || d < PATTERN_FIRST ||
	    d >= PATTERN_FIRST + PATTERN_DAYS)
		return ok;
	/* Another person every day, so that enough of them say so. */
	unit = &demo_units[DEMO_SHOP];
	demo_open(b, day, "suggestion.submitted", DEMO_INSIDE, 1, 12000);
	buf_printf(b,
		   "\"audience\":\"employee\",\"kind\":\"pattern_seen\","
		   "\"title\":\"More ask about this every day (sample)\","
		   "\"category\":\"%s\",\"unit\":\"%s\",\"person\":\"%s#%u\"",
		   categories[next], unit->name, unit->name, d - PATTERN_FIRST);
	return demo_close(b, emit, ctx);
}

/* Somebody asks for a wider boundary, and gets an answer. */
static bool
request(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	const struct demo_unit *unit = &demo_units[DEMO_HARBOUR];
	int64_t y;
	unsigned m, d;

	time_civil_from_days(day, &y, &m, &d);
	if (d == REQUEST_DAY) {
		demo_open(b, day, "boundary.requested", "request", 0, 15000);
		buf_printf(b,
			   "\"role\":\"agent\",\"class\":\"refund\",\"limit\":75,"
			   "\"unit\":\"%s\",\"person\":\"%s#%u\","
			   "\"reason\":\"Most ask for a little more. (sample)\"",
			   unit->name, unit->name, m % unit->headcount);
		return demo_close(b, emit, ctx);
	}
	if (d != REQUEST_DAY + LAG_REQUEST || day - LAG_REQUEST < first)
		return true;
	demo_open(b, day, "suggestion.answered", "requested", 0, 15000);
	add_ref(b, day - LAG_REQUEST, "request", 0);
	buf_printf(b, ",\"status\":\"%s\",\"reason\":\"%s\"",
		   m % 2 != 0 ? "accepted" : "declined",
		   m % 2 != 0 ? "It has gone well for a year. (sample)"
			      : "After the training, gladly. (sample)");
	return demo_close(b, emit, ctx);
}

bool
demo_voice(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	return submit(b, day, emit, ctx) && inside(b, day, emit, ctx) &&
		request(b, day, first, emit, ctx) && answer(b, day, first, emit, ctx);
}

/* --- what needs an answer of the daemon --- */

struct follow {
	struct buf b;
	const struct demo_receipt *r;
	int64_t born, last;
	uint32_t i;
	demo_emit *emit;
	void *ctx;
};

/* By its receipt, or else by its id. */
static bool
follow(struct follow *f, uint32_t lag, const char *type, bool by_receipt,
       const char *more)
{
	int64_t day = f->born + lag;

	if (day > f->last)
		return true;
	demo_open(&f->b, day, type, f->r->inside ? "inside-step" : "by-receipt",
		  lag * IDS_PER_LAG + f->i, 30000 + f->i * 60);
	if (by_receipt)
		buf_printf(&f->b, "\"receipt\":\"%s\"", f->r->receipt);
	else
		buf_printf(&f->b, "\"ref\":\"%s\"", f->r->id);
	buf_add_z(&f->b, more);
	return demo_close(&f->b, f->emit, f->ctx);
}

static bool
follow_all(struct follow *f)
{
	uint64_t r = demo_random(f->born, f->r->inside ? STREAM_INSIDE : STREAM_IDEA,
				 f->i);
	enum plan plan = plan_of(r);
	char felt[32];
	bool ok = true;

	snprintf(felt, sizeof felt, ",\"felt_heard\":%u",
		 (plan == PLAN_NOT_EXAMINED ? 1u : 2u) + (unsigned)(r >> 40 & 3));
	if (f->r->inside) {
		ok = follow(f, 1, "suggestion.acknowledged", false, "");
		if (ok && plan == PLAN_NOT_EXAMINED)
			ok = follow(f, 2, "suggestion.triaged", false,
				    ",\"will_examine\":false,\"reason\":\"It is under "
				    "way already. (sample)\"");
		else if (ok && plan > PLAN_NOT_EXAMINED)
			ok = follow(f, 2, "suggestion.triaged", false,
				    ",\"will_examine\":true");
		if (ok && plan == PLAN_DECLINED)
			ok = follow(f, LAG_ANSWER, "suggestion.answered", false,
				    ",\"status\":\"declined\",\"reason\":\"Others need "
				    "it more this year. (sample)\"");
		else if (ok && plan > PLAN_DECLINED)
			ok = follow(f, LAG_ANSWER, "suggestion.answered", false,
				    ",\"status\":\"done\"");
	}
	if (plan == PLAN_WAITS || (r >> 44 & 3) == 0)
		return ok;
	ok = ok && follow(f, LAG_SEEN, "suggestion.seen", true, "");
	if ((r >> 46 & 1) != 0)
		ok = ok && follow(f, LAG_RATED, "suggestion.rated", true, felt);
	return ok;
}

bool
demo_follow(const struct demo_receipt *r, int64_t last, demo_emit *emit, void *ctx)
{
	struct follow f = {
		.r = r, .born = r->born, .last = last, .emit = emit, .ctx = ctx};
	const char *number = strrchr(r->own, '-');
	uint64_t i;
	bool ok;

	/* "demo-2026-01-31-idea-7" */
	if (number == NULL || !num_u64(str_from(number + 1), &i))
		return true;
	f.i = (uint32_t)i;
	buf_init(&f.b, 0);
	ok = follow_all(&f);
	buf_fini(&f.b);
	return ok;
}
