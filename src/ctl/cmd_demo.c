/* empowerctl demo: the sample data, sent as any client would send it.
 *
 * Repeats are recognised by the daemon for a day or so; after that, a day that is there
 * already is known by the answers it holds and is left out. The answers of a day are
 * sent last, so a day with all of them is complete. Months of employees' answers that
 * the sample has gone beyond are released. */
#include "base/array.h"
#include "base/clock.h"
#include "base/num.h"
#include "codec/json_tools.h"
#include "ctl/ctl.h"
#include "ctl/demo.h"
#include "ctl/send.h"

#include <stdio.h>
#include <stdlib.h>

#define DAYS_DEFAULT 365
#define DAYS_MAX 390 /* hours are kept for 400 days */
#define DATE_CHARS 10
#define RETRY_S_MAX 86400
#define BAR_LABEL "demo"

struct demo {
	struct ctl *ctl;
	struct ctl_send *send;
	struct ctl_progress progress;
	int64_t first, n; /* days */
	uint32_t *have;   /* answers that are there, by day */
	bool *sent;       /* by day: in this run */
	int64_t day;      /* being sent */
	uint64_t line;
	uint64_t days_done;
	/* Suggestions under way: the ids by line, then what the daemon answered. */
	struct demo_receipt *receipts;
	uint64_t *receipt_line;
	uint32_t n_receipts, max_receipts, max_lines;
	char *reason;      /* why the first event was rejected */
	uint64_t released; /* months of employees' answers, in this run */
};

static enum emp_rc
note_rejected(void *ctx, uint64_t line, struct str reason)
{
	struct demo *d = ctx;

	(void)line;
	if (d->reason == NULL)
		d->reason = str_dup(reason);
	return EMP_OK;
}

static enum emp_rc
note_receipt(void *ctx, uint64_t line, struct str id, struct str receipt)
{
	struct demo *d = ctx;

	for (uint32_t i = d->n_receipts; i-- > 0;) {
		struct demo_receipt *r = &d->receipts[i];

		if (d->receipt_line[i] != line)
			continue;
		snprintf(r->id, sizeof r->id, "%.*s", STR_FMT(id));
		snprintf(r->receipt, sizeof r->receipt, "%.*s", STR_FMT(receipt));
		break;
	}
	return EMP_OK;
}

/* Remembers a suggestion by its line, for what will be known of it later. */
static bool
expect_receipt(struct demo *d, struct str event)
{
	static const char type[] = "{\"type\":\"suggestion.submitted\"";
	static const char before[] = "\"id\":\"";
	struct demo_receipt *r;
	const char *id;

	if (event.n < sizeof type || memcmp(event.p, type, sizeof type - 1) != 0)
		return true;
	id = memmem(event.p, event.n, before, sizeof before - 1);
	EMP_ASSERT(id != NULL);
	id += sizeof before - 1;
	if (!array_reserve(&d->receipts, &d->max_receipts, d->n_receipts + 1,
			   sizeof *d->receipts) ||
	    !array_reserve(&d->receipt_line, &d->max_lines, d->n_receipts + 1,
			   sizeof *d->receipt_line)) {
		ctl_fail("out of memory");
		return false;
	}
	r = &d->receipts[d->n_receipts];
	*r = (struct demo_receipt){.born = d->day};
	snprintf(r->own, sizeof r->own, "%.*s", (int)strcspn(id, "\""), id);
	r->inside = memmem(event.p, event.n, "\"employee\"", 10) != NULL;
	d->receipt_line[d->n_receipts++] = d->line + 1;
	return true;
}

static enum emp_rc
note_answered(void *ctx, const struct ctl_sent *sent)
{
	struct demo *d = ctx;

	ctl_progress_show(&d->progress, BAR_LABEL, d->days_done, (uint64_t)d->n,
			  sent->stored + sent->duplicate);
	return EMP_OK;
}

static bool
emit(void *ctx, struct str event)
{
	struct demo *d = ctx;
	struct buf *to = ctl_send_room(d->send);

	if (!expect_receipt(d, event))
		return false;
	buf_add_str(to, event);
	buf_add_c(to, '\n');
	return ctl_send_line(d->send, ++d->line);
}

/* --days and --until: from `first` on `n` days. */
static bool
choose_days(struct demo *d)
{
	const char *until = d->ctl->opt[CTL_OPT_UNTIL];
	int64_t last = clock_now_ms() / MS_PER_S / S_PER_DAY - 1;
	char noon[DATE_CHARS + sizeof "T12:00:00Z"];
	uint64_t days;
	int64_t ms;

	if (!ctl_number(d->ctl, CTL_OPT_DAYS, 1, DAYS_MAX, DAYS_DEFAULT, &days))
		return false;
	if (until != NULL) {
		snprintf(noon, sizeof noon, "%.10sT12:00:00Z", until);
		if (strlen(until) != DATE_CHARS || !time_parse(str_from(noon), &ms)) {
			ctl_usage(d->ctl,
				  "expected a date such as 2026-01-31 instead "
				  "of %s",
				  until);
			return false;
		}
		if (ms / MS_PER_S / S_PER_DAY > last) {
			ctl_usage(d->ctl, "%s is not over yet", until);
			return false;
		}
		last = ms / MS_PER_S / S_PER_DAY;
	}
	d->n = (int64_t)days;
	d->first = last - d->n + 1;
	return true;
}

static bool
declare(struct demo *d)
{
	for (const struct demo_document *doc = demo_documents; doc->path != NULL;
	     doc++) {
		struct ctl_answer a;

		if (!ctl_call(d->ctl, "PUT", doc->path, str_from(doc->json), &a))
			return false;
	}
	return true;
}

static void
count_row(struct demo *d, const struct json_node *row, bool by_hour)
{
	struct str text = json_node_str(json_node_get(row, "time"));
	int64_t n = json_node_int(json_node_get(row, "n"), 0);
	char midnight[DATE_CHARS + sizeof "T00:00:00Z"];
	int64_t ms;
	int64_t day;

	/* A day is meant by its date, wherever its midnight lies. */
	snprintf(midnight, sizeof midnight, "%.*sT00:00:00Z",
		 text.n < DATE_CHARS ? 0 : DATE_CHARS, text.n > 0 ? text.p : "");
	if (!time_parse(by_hour ? text : str_from(midnight), &ms))
		return;
	day = ms / MS_PER_S / S_PER_DAY - d->first;
	if (day >= 0 && day < d->n)
		d->have[day] += (uint32_t)n;
}

static bool
ask_for_answers(struct demo *d, bool by_hour, struct ctl_answer *a)
{
	char path[256];

	snprintf(path, sizeof path,
		 "/v1/rollups/satisfaction?survey=" DEMO_SURVEY
		 "&question=overall&step=%s&from=%lld&to=%lld",
		 by_hour ? "hour" : "day", (long long)(d->first * S_PER_DAY),
		 (long long)((d->first + d->n) * S_PER_DAY));
	return ctl_ask(d->ctl, "GET", path, STR_NONE, a);
}

/* By hours, for no event of a day is near midnight in UTC, while it may be in the
 * daemon's zone; by days where hours are not kept any more. */
static bool
look_what_is_there(struct demo *d)
{
	struct json_node *root = NULL;
	const struct json_node *rows;
	struct ctl_answer a;
	bool by_hour = true;

	if (!ask_for_answers(d, true, &a))
		return false;
	if (a.status == emp_rc_status(EMP_INVALID)) {
		by_hour = false;
		if (!ask_for_answers(d, false, &a))
			return false;
	}
	if (a.status != 200) {
		ctl_tell_answer("demo", &a);
		return false;
	}
	if (json_node_read(&root, a.body, NULL) != EMP_OK) {
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(d->ctl->client));
		return false;
	}
	rows = json_node_get(root, "rows");
	for (size_t i = 0; i < json_node_count(rows); i++)
		count_row(d, json_node_at(rows, i), by_hour);
	json_node_free(&root);
	return true;
}

/* Whether the whole sample is there, however its days were cut. */
static bool
all_there(const struct demo *d)
{
	uint64_t have = 0;
	uint64_t whole = 0;

	for (int64_t i = 0; i < d->n; i++) {
		have += d->have[i];
		whole += demo_answers(d->first + i);
	}
	return have == whole;
}

/* What follows, as far as everything before it was sent: an answer that is missing in
 * between would make a step illegal. */
static bool
send_what_follows(struct demo *d)
{
	for (uint32_t i = 0; i < d->n_receipts; i++) {
		const struct demo_receipt *r = &d->receipts[i];
		int64_t last = r->born - d->first;

		while (last + 1 < d->n && d->sent[last + 1])
			last++;
		if (r->receipt[0] != '\0' && !demo_follow(r, d->first + last, emit, d))
			return false;
	}
	return ctl_send_flush(d->send);
}

static bool
send_days(struct demo *d)
{
	if (all_there(d))
		return true;
	for (int64_t i = 0; i < d->n; i++) {
		d->day = d->first + i;
		d->sent[i] = d->have[i] != demo_answers(d->day);
		if (d->sent[i] && !demo_day(d->day, d->first, emit, d))
			return false;
		d->days_done++;
	}
	return ctl_send_flush(d->send) && send_what_follows(d);
}

/* Closes the months that the sample has gone beyond, the oldest first: so what
 * employees answered can be seen at once, and it is the same on whatever day this runs.
 */
static bool
release_months(struct demo *d)
{
	struct ctl_answer a;
	char body[64];
	int64_t day = d->first;
	int64_t y;
	unsigned m, date;

	for (;;) {
		time_civil_from_days(day, &y, &m, &date);
		day = time_days_from_civil(m < 12 ? y : y + 1, m % 12 + 1, 1);
		if (day >= d->first + d->n)
			return true;
		snprintf(body, sizeof body, "{\"period\":\"%04d-%02u\"}", (int)y, m);
		if (!ctl_call(d->ctl, "POST", "/v1/surveys/" DEMO_TEAM "/release",
			      str_from(body), &a))
			return false;
		d->released += a.status == 201;
	}
}

static enum ctl_exit
report(const struct demo *d)
{
	const struct ctl_sent *sent = ctl_send_result(d->send);
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (ctl_has(d->ctl, CTL_OPT_JSON)) {
		buf_printf(&out,
			   "{\"stored\":%llu,\"duplicate\":%llu,\"rejected\":%llu,"
			   "\"released\":%llu}\n",
			   (unsigned long long)sent->stored,
			   (unsigned long long)sent->duplicate,
			   (unsigned long long)sent->rejected,
			   (unsigned long long)d->released);
	} else {
		buf_add_z(&out, "Synthetic sample data: ");
		ctl_count(&out, sent->stored);
		buf_add_z(&out, " events stored, ");
		ctl_count(&out, sent->duplicate);
		buf_add_z(&out, " were there already, ");
		ctl_count(&out, sent->rejected);
		buf_add_z(&out, " rejected; ");
		ctl_count(&out, d->released);
		buf_add_z(&out, " months of employees' answers released.\n");
	}
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	if (d->reason != NULL)
		e = ctl_fail("demo: the first rejection: %s", d->reason);
	return e;
}

/* Nothing takes the sample out again, so whoever is about to put the first of it among
 * what is there is asked. */
static bool
is_meant(struct ctl *c)
{
	struct ctl_answer a;

	if (ctl_has(c, CTL_OPT_YES) || !ctl_term_asks())
		return true;
	if (!ctl_ask(c, "GET", "/v1/surveys/" DEMO_SURVEY, STR_NONE, &a))
		return false;
	if (a.status != 404)
		return true;
	fprintf(stderr, "%s: about to send made-up events, for good.\n",
		ctl_client_url(c->client));
	if (ctl_term_agreed())
		return true;
	ctl_fail("nothing was sent");
	return false;
}

enum ctl_exit
ctl_cmd_demo(struct ctl *c)
{
	struct demo d = {.ctl = c};
	const struct ctl_send_hooks hooks = {.ctx = &d,
					     .rejected = note_rejected,
					     .receipt = note_receipt,
					     .answered = note_answered};
	enum ctl_exit e = CTL_FAILED;
	uint64_t retry_s;

	if (c->n_args != 0)
		return ctl_usage(c, "demo takes no argument");
	if (!choose_days(&d) ||
	    !ctl_number(c, CTL_OPT_RETRY, 0, RETRY_S_MAX, CTL_RETRY_S_DEFAULT,
			&retry_s))
		return CTL_USAGE;
	d.have = calloc((size_t)d.n, sizeof *d.have);
	d.sent = calloc((size_t)d.n, sizeof *d.sent);
	if (d.have == NULL || d.sent == NULL) {
		free(d.have);
		free(d.sent);
		return ctl_fail("out of memory");
	}
	ctl_progress_init(&d.progress);
	if (ctl_connect(c) && is_meant(c) && declare(&d) && look_what_is_there(&d) &&
	    ctl_send_new(&d.send, c, retry_s, &hooks)) {
		bool ok = send_days(&d) && release_months(&d);

		ctl_progress_clear(&d.progress);
		e = report(&d);
		if (!ok)
			e = CTL_FAILED;
	}
	ctl_send_free(&d.send);
	free(d.receipts);
	free(d.receipt_line);
	free(d.reason);
	free(d.have);
	free(d.sent);
	return e;
}
