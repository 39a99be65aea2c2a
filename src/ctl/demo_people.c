/* Customers who come and go, and the people of the units.
 *
 * A customer's life follows from the day of signing up alone: a contract of four
 * quarters, each renewed by most; whoever does not renew cancels, often after a
 * warning. So the number of customers at any date can be counted without simulating
 * from the beginning. */
#include "ctl/demo_impl.h"

#include "base/clock.h"

#include <stdio.h>

#define SIGNUPS_MIN 2
#define SIGNUPS_VARY 3
#define QUARTER 90 /* days */
#define QUARTERS 4
#define RENEW_PERCENT 80
#define WARN_DAYS 9
#define GIVEN 3 /* recognitions a day */
#define WORKDAYS 21
#define TURNOVER_DAYS 9 /* from one who comes or goes to the next */
#define TEAM_DAYS 5     /* the first days of a month, in which the team is asked */
#define TEAM_PERCENT 70
#define TEAM_LEAD_DAYS 45       /* how long before customers feel it */
#define TEAM_COMMENT_PERCENT 30 /* of those who answer */

struct life {
	uint32_t unit;
	uint32_t quarters; /* until the cancellation */
	uint64_t r;        /* more randomness of this customer */
};

static uint32_t
signups(int64_t day)
{
	return SIGNUPS_MIN + demo_pick(day, STREAM_COUNT, 1, SIGNUPS_VARY);
}

static struct life
life_of(int64_t born, uint32_t k)
{
	struct life l = {.r = demo_random(born, STREAM_LIFE, k), .quarters = 1};

	l.unit = (uint32_t)(l.r % DEMO_UNITS);
	while (l.quarters < QUARTERS &&
	       demo_pick(born, STREAM_LIFE, k * QUARTERS + l.quarters + 1000, 100) <
		       RENEW_PERCENT)
		l.quarters++;
	return l;
}

/* What the customer does at this age, NULL: nothing. At most one thing a day. */
static const char *
deed(const struct life *l, uint32_t age)
{
	uint32_t end = l->quarters * QUARTER;
	uint32_t in_quarter = age % QUARTER;

	if (age == 0)
		return "signup";
	if (age == end)
		return "cancellation";
	if (age > end)
		return NULL;
	if (in_quarter == 0)
		return "renewal";
	if (age + WARN_DAYS == end)
		return (l->r >> 16 & 1) ? "cancel_intent" : NULL;
	if (age + QUARTER / 2 == end)
		return (l->r >> 17 & 3) == 0 ? "complaint" : NULL;
	if (age + QUARTER / 3 == end)
		return (l->r >> 19 & 7) == 0 ? "downgrade" : NULL;
	if (in_quarter == 30 + (l->r >> 24) % 15)
		return "purchase";
	if (in_quarter == 50 + (l->r >> 32) % 20)
		return (l->r >> 40 & 1) ? "return_visit" : NULL;
	if (age == 40 + (l->r >> 44) % 9)
		return (l->r >> 41 & 7) == 0 ? "referral" : NULL;
	return NULL;
}

static bool
customers(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	uint32_t n = 0;
	bool ok = true;

	for (uint32_t age = 0; age <= QUARTERS * QUARTER && ok; age++) {
		int64_t born = day - age;

		for (uint32_t k = 0; k < signups(born) && ok; k++) {
			struct life l = life_of(born, k);
			const char *what = deed(&l, age);

			if (what == NULL)
				continue;
			demo_open(b, day, "signal.recorded", "signal", n, n * 700);
			buf_printf(b,
				   "\"audience\":\"customer\",\"person\":\"customer-"
				   "%lld-%u\",\"signal\":\"%s\",\"unit\":\"%s\"",
				   (long long)born, k, what, demo_units[l.unit].name);
			ok = demo_close(b, emit, ctx);
			n++;
		}
	}
	return ok;
}

/* How many customers of each unit there are at the start of the day. */
static bool
bases(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	uint32_t active[DEMO_UNITS] = {0};
	bool ok = true;

	for (uint32_t age = 1; age <= QUARTERS * QUARTER; age++)
		for (uint32_t k = 0; k < signups(day - age); k++) {
			struct life l = life_of(day - age, k);

			active[l.unit] += age <= l.quarters * QUARTER;
		}
	for (uint32_t u = 0; u < DEMO_UNITS && ok; u++) {
		demo_open(b, day, "base.set", "base", u, 0);
		buf_printf(b, "\"unit\":\"%s\",\"active\":%u", demo_units[u].name,
			   active[u]);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static bool
headcounts(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	bool ok = true;

	for (uint32_t u = 0; u < DEMO_UNITS && ok; u++) {
		const struct demo_unit *unit = &demo_units[u];

		demo_open(b, day, "headcount.set", "headcount", u, 0);
		buf_printf(b,
			   "\"unit\":\"%s\",\"headcount\":%u,\"leaders\":%u,"
			   "\"possible_days\":%u",
			   unit->name, unit->headcount, unit->leaders,
			   unit->headcount * WORKDAYS);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static bool
recognitions(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	static const char *const kinds[] = {"praise", "praise",  "praise",   "backing",
					    "praise", "backing", "tangible", "reward"};
	static const char *const names[] = {"Ada", "Ben", "Cleo", "Dan", "Eve", "Finn"};
	bool ok = true;

	for (uint32_t i = 0; i < GIVEN && ok; i++) {
		uint64_t r = demo_random(day, STREAM_GIVEN, i);
		const struct demo_unit *unit = &demo_units[r % DEMO_UNITS];
		uint32_t from = (uint32_t)(r >> 8 & 0xff) % unit->headcount;
		uint32_t to = (from + 1 +
			       (uint32_t)(r >> 16 & 0xff) % (unit->headcount - 1)) %
			unit->headcount;
		bool is_public = (r >> 24 & 3) != 0;

		demo_open(b, day, "recognition.given", "recognition", i, i * 9000);
		if (i == 0) { /* by a customer */
			buf_printf(b,
				   "\"audience\":\"customer\",\"unit\":\"%s\","
				   "\"from\":\"guest-0-%u\",\"to\":\"%s#%u\","
				   "\"kind\":\"praise\"",
				   unit->name,
				   demo_pick(day, STREAM_THANKFUL, i, DEMO_GUESTS),
				   unit->name, to);
			ok = demo_close(b, emit, ctx);
			continue;
		}
		buf_printf(b,
			   "\"audience\":\"employee\",\"unit\":\"%s\","
			   "\"from\":\"%s#%u\",\"to\":\"%s#%u\",\"kind\":\"%s\","
			   "\"by_leader\":%s,\"visibility\":\"%s\"",
			   unit->name, unit->name, from, unit->name, to,
			   kinds[r >> 26 & 7], from < unit->leaders ? "true" : "false",
			   is_public ? "public" : "private");
		if (is_public)
			buf_printf(b,
				   ",\"from_name\":\"%s (sample)\",\"to_name\":\"%s "
				   "(sample)\",\"to_agrees\":true,\"message\":\"Thank "
				   "you for deciding on the spot. (sample)\"",
				   names[from % 6], names[to % 6]);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

/* Now and then somebody comes or goes. */
static bool
come_and_go(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	uint64_t r = demo_random(day, STREAM_TURNOVER, 0);
	const struct demo_unit *unit = &demo_units[r % DEMO_UNITS];
	uint32_t who = (uint32_t)(r >> 8 & 0xff) % unit->headcount;

	if ((r >> 16) % TURNOVER_DAYS != 0)
		return true;
	demo_open(b, day, "signal.recorded", "roster", 0, 900);
	buf_printf(b, "\"audience\":\"employee\",\"unit\":\"%s\",\"person\":\"%s#%u\",",
		   unit->name, unit->name, who);
	if ((r >> 40 & 1) != 0)
		buf_printf(b, "\"signal\":\"joined\"");
	else
		buf_printf(b, "\"signal\":\"separation\",\"voluntary\":%s",
			   (r >> 41 & 3) != 0 ? "true" : "false");
	return demo_close(b, emit, ctx);
}

/* Trainings and absences: personnel, so shown by whole months only. */
static bool
staff(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	uint64_t r = demo_random(day, STREAM_STAFF, 0);
	const struct demo_unit *unit = &demo_units[r % DEMO_UNITS];
	uint32_t who = (uint32_t)(r >> 8 & 0xff) % unit->headcount;

	if ((r >> 16 & 3) == 0) {
		demo_open(b, day, "training.completed", "training", 0, 30000);
		buf_printf(b,
			   "\"unit\":\"%s\",\"person\":\"%s#%u\",\"topic\":\"listening "
			   "(sample)\",\"hours\":3.5",
			   unit->name, unit->name, who);
		return demo_close(b, emit, ctx);
	}
	if ((r >> 16 & 3) == 1) {
		demo_open(b, day, "signal.recorded", "absence", 0, 600);
		buf_printf(
			b,
			"\"audience\":\"employee\",\"unit\":\"%s\",\"person\":\"%s#%u"
			"\",\"signal\":\"absence\",\"days\":%u",
			unit->name, unit->name, who, 1 + (uint32_t)(r >> 20 & 3));
		return demo_close(b, emit, ctx);
	}
	return true;
}

/* What an employee answers: as content as the customers of the unit are, a little less,
 * and the same person not so different from month to month. They feel what comes before
 * customers do. */
static void
add_team_answers(struct buf *b, uint32_t u, uint32_t e, int64_t month)
{
	static const char *const texts[] = {
		"I may decide more than a year ago. (sample)",
		"Nobody told us why the rota changed. (sample)",
		"My idea was tried within a week. (sample)",
		"Too many rules for small refunds. (sample)",
	};
	const uint32_t who = u * 256 + e;
	const uint32_t i = who * 8;
	double felt = demo_units[u].quality - 0.3 +
		0.5 * demo_season(month + TEAM_LEAD_DAYS) +
		0.6 * demo_noise(0, STREAM_TEAM_FELT, who) +
		0.5 * demo_noise(month, STREAM_TEAM_FELT, who);
	double said[6];

	for (uint32_t q = 0; q < 6; q++)
		said[q] = felt + 0.6 * demo_noise(month, STREAM_TEAM_ANSWER, i + q);
	buf_printf(b,
		   "\"answers\":{\"voice\":%d,\"respect\":%d,\"control\":%d,"
		   "\"overall\":%d,\"recommend\":%d,\"effort\":%d}",
		   demo_score(said[0] - 0.3, 1, 5), demo_score(said[1] + 0.2, 1, 5),
		   demo_score(said[2], 1, 5), demo_score(said[3], 1, 5),
		   demo_score((said[4] - 1) * 2.5 + 1, 0, 10),
		   demo_score(said[5] * 1.5 - 0.5, 1, 7));
	if (demo_pick(month, STREAM_TEAM_TEXT, who, 100) < TEAM_COMMENT_PERCENT)
		buf_printf(b, ",\"comment\":\"%s\"",
			   texts[demo_pick(month, STREAM_TEAM_TEXT, i + 6, 4)]);
}

/* One day of the month's survey: each employee has a day on which to answer, or does
 * not. */
static bool
team(struct buf *b, int64_t day, int64_t month, demo_emit *emit, void *ctx)
{
	uint32_t n = 0;
	bool ok = true;

	for (uint32_t u = 0; u < DEMO_UNITS && ok; u++) {
		for (uint32_t e = 0; e < demo_units[u].headcount && ok; e++) {
			uint64_t r = demo_random(month, STREAM_TEAM, u * 256 + e);

			if (r % 100 >= TEAM_PERCENT ||
			    month + (int64_t)(r >> 8) % TEAM_DAYS != day)
				continue;
			demo_open(b, day, "survey.answered", "team", n, n * 300);
			buf_printf(b,
				   "\"survey\":\"" DEMO_TEAM "\",\"unit\":\"%s\","
				   "\"respondent\":\"%s#%u\",",
				   demo_units[u].name, demo_units[u].name, e);
			add_team_answers(b, u, e, month);
			ok = demo_close(b, emit, ctx);
			n++;
		}
	}
	return ok;
}

bool
demo_people(struct buf *b, int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	int64_t y;
	unsigned m, d;
	bool ok = true;

	time_civil_from_days(day, &y, &m, &d);
	if (day == first || d == 1)
		ok = bases(b, day, emit, ctx) && headcounts(b, day, emit, ctx);
	if (ok && d <= TEAM_DAYS)
		ok = team(b, day, time_days_from_civil(y, m, 1), emit, ctx);
	return ok && customers(b, day, emit, ctx) && recognitions(b, day, emit, ctx) &&
		staff(b, day, emit, ctx) && come_and_go(b, day, emit, ctx);
}
