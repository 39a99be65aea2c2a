/* empowerctl import: files of events, line by line, resuming where a run was cut off.
 *
 * What is remembered is the number of lines that were answered for, by the content of
 * the file and the daemon. An event without an id gets one of the file's digest and its
 * line number, the same in every run. Standard input has no digest: its events get ids
 * of a random number drawn for the run, which makes resending safe within the run. */
#include "base/clock.h"
#include "base/num.h"
#include "crypto/crypto.h"
#include "ctl/ctl.h"
#include "ctl/import_line.h"
#include "ctl/import_report.h"
#include "ctl/import_state.h"
#include "ctl/lines.h"
#include "ctl/send.h"

#include <stdio.h>

#define RUN_BYTES 8
#define ID_TEXT_MAX 80
#define RETRY_S_MAX 86400
#define NS_PER_S 1e9

struct import {
	struct ctl *ctl;
	const char *name;
	struct ctl_lines lines;
	struct ctl_import_state state;
	struct ctl_import_state before; /* what earlier runs did */
	struct ctl_import_report report;
	struct ctl_progress progress;
	char id_base[CTL_DIGEST_TEXT];
	struct str source;
	struct problem problem;
	uint64_t too_long; /* lines that were not sent */
};

static enum emp_rc
note_rejected(void *ctx, uint64_t line, struct str reason)
{
	struct import *im = ctx;

	return ctl_import_report_add(&im->report, line, reason);
}

static void
take_counts(struct import *im, const struct ctl_sent *sent)
{
	im->state.stored = im->before.stored + sent->stored;
	im->state.duplicate = im->before.duplicate + sent->duplicate;
	im->state.rejected = im->before.rejected + im->report.rejected;
}

static enum emp_rc
note_answered(void *ctx, const struct ctl_sent *sent)
{
	struct import *im = ctx;

	take_counts(im, sent);
	if (sent->last_line > im->state.lines)
		im->state.lines = sent->last_line;
	ctl_progress_show(&im->progress, im->name, im->lines.bytes, im->lines.size,
			  sent->stored + sent->duplicate + sent->rejected);
	return ctl_import_state_save(&im->state, im->name, &im->problem);
}

static bool
is_blank(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return false;
	return true;
}

static bool
send_line(struct import *im, struct ctl_send *send, struct str line)
{
	char id[ID_TEXT_MAX];
	int n = snprintf(id, sizeof id, "import-%s-%llu", im->id_base,
			 (unsigned long long)im->lines.number);

	ctl_import_line(ctl_send_room(send), line, (struct str){id, (size_t)n},
			im->source);
	return ctl_send_line(send, im->lines.number);
}

/* Every line of the open file that was not answered for yet. */
static bool
send_lines(struct import *im, struct ctl_send *send)
{
	bool more = true;

	for (;;) {
		struct str line = STR_NONE;
		bool too_long = false;

		if (ctl_lines_next(&im->lines, &line, &too_long, &more, &im->problem) !=
		    EMP_OK) {
			/* What came before the damage is good, and is kept. */
			if (ctl_send_flush(send))
				ctl_fail_problem(im->name, &im->problem);
			return false;
		}
		if (!more)
			return ctl_send_flush(send);
		if (im->lines.number <= im->before.lines)
			continue;
		if (too_long) {
			im->too_long++;
			if (note_rejected(im, im->lines.number,
					  STR("the line is longer than an event may "
					      "be")) != EMP_OK)
				return false;
		} else if (!is_blank(line) && !send_line(im, send, line)) {
			return false;
		}
	}
}

static void
report_text(const struct import *im, struct buf *out, double seconds)
{
	uint64_t stored = im->state.stored - im->before.stored;
	uint64_t duplicate = im->state.duplicate - im->before.duplicate;
	uint64_t events = stored + duplicate + im->report.rejected;

	buf_printf(out, "%s: ", im->name);
	ctl_count(out, events);
	buf_printf(out, " event%s in %.1f s (", events == 1 ? "" : "s", seconds);
	ctl_count(out, seconds > 0 ? (uint64_t)((double)events / seconds) : 0);
	buf_add_z(out, "/s): ");
	ctl_count(out, stored);
	buf_add_z(out, " stored, ");
	ctl_count(out, duplicate);
	buf_add_z(out, " duplicate, ");
	ctl_count(out, im->report.rejected);
	buf_add_z(out, " rejected");
	if (im->before.lines > 0)
		buf_printf(out, "; went on behind line %llu",
			   (unsigned long long)im->before.lines);
	buf_add_c(out, '\n');
	ctl_import_report_text(&im->report, out);
}

static void
report_json(const struct import *im, struct buf *out, double seconds)
{
	buf_add_z(out, "{\"file\":");
	buf_add_json(out, str_from(im->name));
	buf_printf(out, ",\"from_line\":%llu,\"stored\":%llu,\"duplicate\":%llu,",
		   (unsigned long long)im->before.lines + 1,
		   (unsigned long long)(im->state.stored - im->before.stored),
		   (unsigned long long)(im->state.duplicate - im->before.duplicate));
	buf_printf(out, "\"rejected\":%llu,\"finished\":%s,\"seconds\":%.3f,",
		   (unsigned long long)im->report.rejected,
		   im->state.finished ? "true" : "false", seconds);
	ctl_import_report_json(&im->report, out);
	buf_add_z(out, "}\n");
}

static enum ctl_exit
report(const struct import *im)
{
	double seconds = (double)(clock_mono_ns() - im->progress.started_ns) / NS_PER_S;
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (ctl_has(im->ctl, CTL_OPT_JSON))
		report_json(im, &out, seconds);
	else
		report_text(im, &out, seconds);
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}

/* The file is open: send it and tell how it went. */
static enum ctl_exit
send_file(struct import *im, uint64_t retry_s)
{
	const struct ctl_send_hooks hooks = {
		.ctx = im, .rejected = note_rejected, .answered = note_answered};
	struct ctl_send *send;
	enum ctl_exit e;
	bool ok;

	if (!ctl_send_new(&send, im->ctl, retry_s, &hooks))
		return CTL_FAILED;
	ctl_progress_init(&im->progress);
	ok = send_lines(im, send);
	ctl_progress_clear(&im->progress);
	take_counts(im, ctl_send_result(send));
	im->state.finished = ok;
	if (ok)
		im->state.lines = im->lines.number;
	if (ctl_import_state_save(&im->state, im->name, &im->problem) != EMP_OK) {
		ctl_fail_problem(im->name, &im->problem);
		ok = false;
	}
	e = report(im);
	if (!ok && im->state.path[0] != '\0')
		fprintf(stderr,
			"%s: give the same command again to go on behind line "
			"%llu.\n",
			im->name, (unsigned long long)im->state.lines);
	ctl_send_free(&send);
	if (!ok || im->report.rejected > 0)
		e = CTL_FAILED;
	return e;
}

/* What earlier runs did with this file; false when it is to be refused (told). */
static bool
recall(struct import *im)
{
	struct ctl *c = im->ctl;
	uint8_t run[RUN_BYTES];

	if (!ctl_lines_digest(&im->lines, im->id_base)) {
		crypto_random(run, sizeof run);
		num_hex(im->id_base, run, sizeof run);
		return true;
	}
	if (ctl_import_state_open(&im->state, c->opt[CTL_OPT_STATE], im->id_base,
				  ctl_client_url(c->client), &im->problem) != EMP_OK) {
		ctl_fail_problem(im->name, &im->problem);
		return false;
	}
	if (im->state.finished && !ctl_has(c, CTL_OPT_AGAIN)) {
		ctl_fail("%s was imported already (%llu stored, %llu duplicate, %llu "
			 "rejected); --again sends it once more",
			 im->name, (unsigned long long)im->state.stored,
			 (unsigned long long)im->state.duplicate,
			 (unsigned long long)im->state.rejected);
		return false;
	}
	if (ctl_has(c, CTL_OPT_AGAIN)) {
		im->state.lines = im->state.stored = 0;
		im->state.duplicate = im->state.rejected = 0;
		im->state.finished = false;
	}
	im->before = im->state;
	return true;
}

static enum ctl_exit
import_file(struct ctl *c, const char *name, uint64_t retry_s)
{
	struct import im = {
		.ctl = c, .name = name, .source = str_from(c->opt[CTL_OPT_SOURCE])};
	enum ctl_exit e = CTL_FAILED;

	if (ctl_import_report_init(&im.report) != EMP_OK)
		ctl_fail("out of memory");
	else if (ctl_lines_open(&im.lines, name, &im.problem) != EMP_OK)
		ctl_fail_problem(name, &im.problem);
	else if (recall(&im))
		e = send_file(&im, retry_s);
	ctl_lines_close(&im.lines);
	ctl_import_report_fini(&im.report);
	return e;
}

enum ctl_exit
ctl_cmd_import(struct ctl *c)
{
	enum ctl_exit worst = CTL_OK;
	uint64_t retry_s;

	if (c->n_args == 0)
		return ctl_usage(c, "which file?");
	if (!ctl_number(c, CTL_OPT_RETRY, 0, RETRY_S_MAX, CTL_RETRY_S_DEFAULT,
			&retry_s))
		return CTL_USAGE;
	if (!ctl_connect(c))
		return CTL_FAILED;
	for (int i = 0; i < c->n_args; i++) {
		enum ctl_exit e = import_file(c, c->args[i], retry_s);

		if (e > worst)
			worst = e;
	}
	return worst;
}
