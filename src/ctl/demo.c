/* The invented organisation: six units that customers and employees know, with enough
 * structure to be seen in a chart. The market gets better through the summer since it
 * answers at once (initiative demo_first_answer); the station suffers at weekends;
 * deliveries disappoint; support is hard work for customers; the garden has its season.
 *
 * Randomness is a hash of (date, stream, number), never a running generator, so that a
 * day does not depend on the days before it. */
#include "ctl/demo.h"

#include "base/clock.h"
#include "ctl/demo_impl.h"

#include <math.h>
#include <stdio.h>

#define ANSWERS_BASE 26 /* a day, before the week's rhythm */
#define INVITED 14
#define SHOWN 30
#define DISMISSED 8
#define ANSWER_OF_INVITED 3 /* every third invitation is answered */
#define COMMENT_PERCENT 12
#define REASONS 8 /* entries of merits and faults */

const struct demo_unit demo_units[DEMO_UNITS] = {
	{"demo/north/harbour", 4.2, 14, 2, false},
	{"demo/north/market", 3.4, 18, 2, false},
	{"demo/south/station", 3.9, 9, 1, false},
	{"demo/south/garden", 4.0, 12, 1, false},
	{"demo/online/shop", 3.8, 22, 3, true},
	{"demo/online/support", 3.1, 16, 2, true},
};

static const char *const segments[] = {"new", "regular", "regular", "business"};
static const char *const langs[] = {"en", "en", "es", "pl"};
/* What mattered most to whoever is content, and to the others. */
static const char *const merits[] = {"staff", "staff", "staff", "range",
				     "range", "speed", "price", "staff"};
static const char *const faults[] = {"speed", "speed", "speed", "price",
				     "price", "staff", "range", "speed"};
static const char *const praise[] = {
	"Friendly and quick, thank you. (sample)",
	"Somebody listened and solved it at once. (sample)",
	"Exactly what I needed. (sample)",
};
static const char *const blame[] = {
	"Nobody could decide anything. (sample)",
	"I had to explain it three times. (sample)",
	"It took far too long. (sample)",
};

uint64_t
demo_random(int64_t day, uint32_t stream, uint32_t i)
{
	/* splitmix64 over the three numbers: good mixing in a few operations. */
	uint64_t z = (uint64_t)day * 0x9e3779b97f4a7c15ULL +
		((uint64_t)stream << 32 | i) * 0xd1342543de82ef95ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint32_t
demo_pick(int64_t day, uint32_t stream, uint32_t i, uint32_t n)
{
	return (uint32_t)(demo_random(day, stream, i) % n);
}

/* The sum of three uniforms, scaled. */
double
demo_noise(int64_t day, uint32_t stream, uint32_t i)
{
	uint64_t r = demo_random(day, stream, i);
	double sum = 0;

	for (int k = 0; k < 3; k++, r >>= 21)
		sum += (double)(r & 0x1fffff) / 0x1fffff;
	return (sum - 1.5) * 2;
}

void
demo_date(char dst[DEMO_DATE_MAX], int64_t day)
{
	int64_t y;
	unsigned m, d;

	time_civil_from_days(day, &y, &m, &d);
	snprintf(dst, DEMO_DATE_MAX, "%04d-%02u-%02u", (int)y % 10000, m % 100,
		 d % 100);
}

void
demo_open(struct buf *b, int64_t day, const char *type, const char *stream, uint32_t i,
	  uint32_t second)
{
	char date[DEMO_DATE_MAX];

	demo_date(date, day);
	buf_clear(b);
	buf_printf(b,
		   "{\"type\":\"%s\",\"source\":\"" DEMO_SOURCE
		   "\",\"id\":\"demo-%s-%s-%u\",\"time\":\"%sT%02u:%02u:%02uZ\","
		   "\"data\":{",
		   type, date, stream, i, date,
		   DEMO_FIRST_HOUR + second / 3600 % DEMO_HOURS, second / 60 % 60,
		   second % 60);
}

bool
demo_close(struct buf *b, demo_emit *emit, void *ctx)
{
	buf_add_z(b, "}}");
	return buf_ok(b) && emit(ctx, buf_str(b));
}

double
demo_season(int64_t day)
{
	int64_t y;
	unsigned m, d;

	time_civil_from_days(day, &y, &m, &d);
	return 0.5 - 0.5 * cos(2 * M_PI * (m - 1 + d / 31.0) / 12);
}

/* While the market has its initiative. */
static bool
summer(int64_t day)
{
	int64_t y;
	unsigned m, d;

	time_civil_from_days(day, &y, &m, &d);
	return m >= DEMO_SUMMER_FIRST && m <= DEMO_SUMMER_LAST;
}

static unsigned
weekday(int64_t day)
{
	return (unsigned)((day + 3) % 7); /* 1970-01-01 was a Thursday; 0 is Monday */
}

uint32_t
demo_answers(int64_t day)
{
	static const uint8_t rhythm[7] = {90, 85, 95, 100, 120, 140, 70};

	return (uint32_t)(ANSWERS_BASE * rhythm[weekday(day)] / 100) +
		demo_pick(day, STREAM_COUNT, 0, 6);
}

/* One visit: who, where, how. */
struct visit {
	const struct demo_unit *unit;
	const char *channel, *touchpoint, *segment, *lang;
	bool initiative;
	double quality; /* around 1-5 */
};

static void
imagine(struct visit *v, int64_t day, uint32_t stream, uint32_t i)
{
	uint64_t r = demo_random(day, stream, i);
	uint32_t u = (uint32_t)(r % DEMO_UNITS);

	v->unit = &demo_units[u];
	v->segment = segments[r >> 8 & 3];
	v->lang = langs[r >> 10 & 3];
	v->initiative = u == DEMO_MARKET && summer(day);
	if (v->unit->online) {
		v->channel = (r >> 12 & 3) == 0 ? "app" : "web";
		v->touchpoint = u == DEMO_SUPPORT ? "support"
			: (r >> 14 & 1)           ? "delivery"
						  : "checkout";
	} else {
		v->channel = (r >> 12 & 1) ? "kiosk" : "email";
		v->touchpoint = (r >> 14 & 1) ? "advice" : "checkout";
	}
	v->quality = v->unit->quality;
	if (u == DEMO_MARKET)
		v->quality += 0.8 * demo_season(day);
	if (u == DEMO_GARDEN)
		v->quality += 0.5 * demo_season(day) - 0.2;
	if (u == DEMO_STATION && weekday(day) >= 5)
		v->quality -= 0.8;
	if (strcmp(v->touchpoint, "delivery") == 0)
		v->quality -= 0.7;
	if (strcmp(v->segment, "regular") == 0)
		v->quality += 0.2;
}

static void
add_visit(struct buf *b, const struct visit *v, const char *who, int64_t day,
	  uint32_t i)
{
	buf_printf(b,
		   "\"survey\":\"" DEMO_SURVEY "\",\"respondent\":\"%s-%lld-%u\","
		   "\"unit\":\"%s\",\"channel\":\"%s\",\"touchpoint\":\"%s\","
		   "\"segment\":\"%s\",\"lang\":\"%s\"",
		   who, (long long)day, i, v->unit->name, v->channel, v->touchpoint,
		   v->segment, v->lang);
	if (v->initiative)
		buf_add_z(b, ",\"initiative\":\"demo_first_answer\"");
}

int
demo_score(double at, int lo, int hi)
{
	int v = (int)floor(at + 0.5);

	return v < lo ? lo : v > hi ? hi : v;
}

static void
add_answers(struct buf *b, const struct visit *v, int64_t day, uint32_t i)
{
	double felt = v->quality + 0.8 * demo_noise(day, STREAM_FELT, i);
	double hard = v->unit == &demo_units[DEMO_SUPPORT] ? 1.2 : 0;
	int overall = demo_score(felt, 1, 5);

	buf_printf(
		b,
		",\"answers\":{\"overall\":%d,\"recommend\":%d,\"effort\":%d,"
		"\"respect\":%d,\"reason\":\"%s\"}",
		overall,
		demo_score((felt - 1) * 2.5 + 0.6 +
				   demo_noise(day, STREAM_RECOMMEND, i),
			   0, 10),
		demo_score(felt * 1.5 - hard + demo_noise(day, STREAM_EFFORT, i), 1, 7),
		demo_score(felt + 0.4 + 0.5 * demo_noise(day, STREAM_RESPECT, i), 1, 5),
		(overall >= 4 ? merits
			      : faults)[demo_pick(day, STREAM_REASON, i, REASONS)]);
	if (demo_pick(day, STREAM_COMMENT, i, 100) < COMMENT_PERCENT)
		buf_printf(b, ",\"comment\":\"%s\"",
			   (overall >= 4 ? praise
					 : blame)[demo_pick(day, STREAM_TEXT, i, 3)]);
}

/* Invitations go out in the morning, answers to them come in the afternoon. */
static bool
asked(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	struct visit v;
	bool ok = true;

	for (uint32_t i = 0; i < INVITED && ok; i++) {
		imagine(&v, day, STREAM_INVITED, i);
		demo_open(b, day, "survey.invited", "invited", i, i * 600);
		add_visit(b, &v, "invited", day, i);
		ok = demo_close(b, emit, ctx);
	}
	for (uint32_t i = 0; i < SHOWN && ok; i++) {
		imagine(&v, day, STREAM_SHOWN, i);
		demo_open(b, day, i < DISMISSED ? "survey.dismissed" : "survey.shown",
			  "shown", i, i * 600);
		add_visit(b, &v, "shown", day, i);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

static bool
answered(struct buf *b, int64_t day, demo_emit *emit, void *ctx)
{
	uint32_t n = demo_answers(day);
	struct visit v;
	bool ok = true;

	for (uint32_t i = 0; i < n && ok; i++) {
		uint32_t invited = i * ANSWER_OF_INVITED;
		bool by_invitation = invited < INVITED;
		char date[DEMO_DATE_MAX];

		imagine(&v, day, by_invitation ? STREAM_INVITED : STREAM_VISIT,
			by_invitation ? invited : i);
		demo_open(b, day, "survey.answered", "answered", i, 14400 + i * 600);
		if (by_invitation)
			add_visit(b, &v, "invited", day, invited);
		else
			add_visit(b, &v, "guest", 0,
				  demo_pick(day, STREAM_GUEST, i, DEMO_GUESTS));
		add_answers(b, &v, day, i);
		demo_date(date, day);
		if (by_invitation)
			buf_printf(b,
				   ",\"ref\":{\"source\":\"" DEMO_SOURCE
				   "\",\"id\":\"demo-%s-invited-%u\"}",
				   date, invited);
		ok = demo_close(b, emit, ctx);
	}
	return ok;
}

bool
demo_day(int64_t day, int64_t first, demo_emit *emit, void *ctx)
{
	struct buf b;
	bool ok;

	buf_init(&b, 0);
	ok = demo_people(&b, day, first, emit, ctx) &&
		demo_work(&b, day, first, emit, ctx) &&
		demo_voice(&b, day, first, emit, ctx) && asked(&b, day, emit, ctx) &&
		answered(&b, day, emit, ctx);
	buf_fini(&b);
	return ok;
}
