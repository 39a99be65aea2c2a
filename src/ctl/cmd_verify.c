/* empowerctl verify: by the daemon, which compares its memory with the events; or with
 * -d from the files alone. */
#include "codec/json_tools.h"
#include "ctl/ctl.h"
#include "ctl/recount.h"

#include <stdio.h>
#include <time.h>

#define VERIFY_TIMEOUT_MS (15 * 60 * 1000)
#define VERIFY_TRIES 3
#define VERIFY_PAUSE_NS 500000000L

struct findings {
	uint64_t n;
	bool json;
	struct buf list; /* JSON strings */
};

static void
note(void *ctx, const char *finding)
{
	struct findings *f = ctx;

	f->n++;
	if (!f->json) {
		printf("%s\n", finding);
		return;
	}
	if (f->list.n > 0)
		buf_add_c(&f->list, ',');
	buf_add_json(&f->list, str_from(finding));
}

static void
summary(struct buf *out, uint64_t cells, uint64_t counts, uint64_t differences)
{
	ctl_count(out, cells);
	buf_add_z(out, " cells with ");
	ctl_count(out, counts);
	buf_add_z(out, " counts compared with the events: ");
	ctl_count(out, differences);
	buf_add_z(out, " differ");
}

static enum ctl_exit
print_offline(const struct findings *f, const struct ctl_recount *r)
{
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (f->json) {
		buf_printf(&out,
			   "{\"cells\":%llu,\"counts\":%llu,\"behind\":%llu,"
			   "\"damage\":%llu,\"differences\":%llu,\"findings\":[%.*s],"
			   "\"skipped\":[\"confidential.db\"]}\n",
			   (unsigned long long)r->cells, (unsigned long long)r->counts,
			   (unsigned long long)r->behind, (unsigned long long)f->n,
			   (unsigned long long)r->differences,
			   STR_FMT(buf_str(&f->list)));
	} else {
		buf_add_z(&out,
			  "confidential.db was not read: what it counts is "
			  "verified by the daemon\n");
		summary(&out, r->cells, r->counts, r->differences);
		if (r->behind > 0)
			buf_printf(&out, "; %llu will be completed by the daemon",
				   (unsigned long long)r->behind);
		buf_add_c(&out, '\n');
	}
	e = buf_ok(&out) && buf_ok(&f->list) ? ctl_print(buf_str(&out))
					     : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}

static enum ctl_exit
verify_files(struct ctl *c)
{
	const char *dir = ctl_state_dir(c);
	struct findings f = {.json = ctl_has(c, CTL_OPT_JSON)};
	struct ctl_recount result = {0};
	struct store_reader *r = NULL;
	struct problem p = {0};
	enum ctl_exit e = CTL_FAILED;
	enum emp_rc rc;
	uint64_t damage = 0;

	buf_init(&f.list, 0);
	if (store_reader_open(&r, dir, &p) != EMP_OK) {
		ctl_fail_problem("verify", &p);
		goto out;
	}
	rc = store_check(r, note, &f);
	damage = f.n;
	if (rc == EMP_OK)
		rc = ctl_recount_run(r, &result, note, &f);
	if (rc != EMP_OK) {
		ctl_fail("%s: %s", dir, emp_rc_title(rc));
		goto out;
	}
	f.n = damage;
	e = print_offline(&f, &result);
	if (damage > 0 || result.differences > 0)
		e = CTL_FAILED;
out:
	store_reader_close(&r);
	buf_fini(&f.list);
	return e;
}

/* ---- by the daemon --------------------------------------------------------------- */

static void
report_text(struct buf *out, const struct json_node *root)
{
	const struct json_node *first = json_node_get(root, "first");
	const struct json_node *damage = json_node_get(root, "findings");

	for (size_t i = 0; i < json_node_count(first); i++) {
		const struct json_node *d = json_node_at(first, i);

		buf_printf(out,
			   "%.*s of %.*s, series %lld, subject %lld: %lld events, %lld "
			   "counted\n",
			   STR_FMT(json_node_str(json_node_get(d, "grain"))),
			   STR_FMT(json_node_str(json_node_get(d, "start"))),
			   (long long)json_node_int(json_node_get(d, "series"), 0),
			   (long long)json_node_int(json_node_get(d, "subject"), 0),
			   (long long)json_node_int(json_node_get(d, "stored"), 0),
			   (long long)json_node_int(json_node_get(d, "counted"), 0));
	}
	for (size_t i = 0; i < json_node_count(damage); i++)
		buf_printf(out, "%.*s\n",
			   STR_FMT(json_node_str(json_node_at(damage, i))));
	summary(out, (uint64_t)json_node_int(json_node_get(root, "cells"), 0),
		(uint64_t)json_node_int(json_node_get(root, "counts"), 0),
		(uint64_t)json_node_int(json_node_get(root, "differences"), 0));
	buf_add_c(out, '\n');
}

/* Asks once; *quiet: no event came meanwhile. -1: failed and told. */
static int64_t
ask_daemon(struct ctl *c, struct buf *out, bool *quiet)
{
	struct json_node *root = NULL;
	struct ctl_answer a;
	int64_t differences;

	if (!ctl_call(c, "GET", "/v1/verify", STR_NONE, &a))
		return -1;
	if (json_node_read(&root, a.body, NULL) != EMP_OK)
		root = NULL;
	differences = json_node_int(json_node_get(root, "differences"), -1);
	*quiet = json_node_true(json_node_get(root, "quiet"));
	buf_clear(out);
	if (ctl_has(c, CTL_OPT_JSON))
		buf_add_str(out, a.body);
	else
		report_text(out, root);
	if (differences < 0)
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(c->client));
	json_node_free(&root);
	return differences;
}

/* Events that come in while the daemon compares look like a difference: a busy one is
 * asked again. */
static enum ctl_exit
verify_daemon(struct ctl *c)
{
	const struct timespec pause = {.tv_nsec = VERIFY_PAUSE_NS};
	struct buf out;
	enum ctl_exit e = CTL_FAILED;
	int64_t differences;
	bool quiet = false;

	if (!ctl_connect(c))
		return CTL_FAILED;
	ctl_client_timeout(c->client, VERIFY_TIMEOUT_MS);
	buf_init(&out, 0);
	differences = ask_daemon(c, &out, &quiet);
	for (int i = 1; i < VERIFY_TRIES && differences > 0 && !quiet; i++) {
		nanosleep(&pause, NULL);
		differences = ask_daemon(c, &out, &quiet);
	}
	if (differences >= 0)
		e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	if (e == CTL_OK && differences > 0) {
		e = CTL_FAILED;
		if (!quiet)
			ctl_fail("events came in while it was compared; try again when "
				 "fewer come");
	}
	buf_fini(&out);
	return e;
}

enum ctl_exit
ctl_cmd_verify(struct ctl *c)
{
	if (c->n_args != 0)
		return ctl_usage(c, "verify takes no argument");
	if (ctl_has(c, CTL_OPT_STATE_DIR) && !ctl_has(c, CTL_OPT_SERVER))
		return verify_files(c);
	return verify_daemon(c);
}
