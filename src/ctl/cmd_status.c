/* empowerctl status and snapshot: the daemon at a glance, and a copy of its file. */
#include "base/num.h"
#include "codec/json_tools.h"
#include "ctl/ctl.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define PREFIX "empowerd_"

/* The metrics worth a line each, in words. */
static const struct {
	const char *name;
	const char *words;
} shown[] = {
	{"uptime_seconds", "seconds since the start"},
	{"sequence", "events in empowerd.db"},
	{"queue_events", "events waiting for a commit"},
	{"last_commit_microseconds", "microseconds of the last commit"},
	{"id_window_age_seconds", "seconds for which a repeat is recognised, at least"},
	{"series", "combinations of dimensions"},
	{"database_bytes", "bytes of empowerd.db"},
	{"wal_bytes", "bytes of its write-ahead log"},
	{"disk_free_bytes", "bytes free on its disk"},
	{"connections_open", "connections open"},
};

/* The value of a metric without labels in the text that Prometheus reads. */
static bool
find_metric(struct str text, const char *name, struct str *value)
{
	while (text.n > 0) {
		struct str line = str_split(&text, '\n');
		struct str key = str_split(&line, ' ');

		if (str_starts(key, STR(PREFIX)) &&
		    str_is((struct str){key.p + sizeof PREFIX - 1,
					key.n - (sizeof PREFIX - 1)},
			   name)) {
			*value = str_trim(line);
			return true;
		}
	}
	return false;
}

static void
add_number(struct ctl_table *t, struct str value)
{
	struct buf text;
	uint64_t v;

	buf_init(&text, 0);
	if (num_u64(value, &v))
		ctl_count(&text, v);
	else
		buf_add_str(&text, value);
	ctl_table_add(t, buf_str(&text));
	buf_fini(&text);
}

static void
status_json(struct buf *out, struct str metrics, bool ready)
{
	buf_printf(out, "{\"ready\":%s", ready ? "true" : "false");
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		struct str value;

		if (find_metric(metrics, shown[i].name, &value))
			buf_printf(out, ",\"%s\":%.*s", shown[i].name, STR_FMT(value));
	}
	buf_add_z(out, "}\n");
}

static void
status_text(const struct ctl *c, struct buf *out, struct str metrics, bool ready)
{
	struct ctl_table t;

	buf_printf(out, "%s is %s\n", ctl_client_url(c->client),
		   ready ? "ready" : "not ready");
	ctl_table_init(&t, 2);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		struct str value;

		if (!find_metric(metrics, shown[i].name, &value))
			continue;
		add_number(&t, value);
		ctl_table_add_z(&t, shown[i].words);
	}
	if (ctl_table_write(&t, &(struct ctl_term){.width = c->term.width}, out) !=
	    EMP_OK)
		out->failed = true;
	ctl_table_fini(&t);
}

enum ctl_exit
ctl_cmd_status(struct ctl *c)
{
	struct ctl_answer a;
	struct buf out;
	enum ctl_exit e;
	bool ready;

	if (c->n_args != 0)
		return ctl_usage(c, "status takes no argument");
	if (!ctl_ask(c, "GET", "/readyz", STR_NONE, &a))
		return CTL_FAILED;
	ready = a.status == 200;
	if (!ctl_call(c, "GET", "/metrics", STR_NONE, &a))
		return CTL_FAILED;
	buf_init(&out, 0);
	if (ctl_has(c, CTL_OPT_JSON))
		status_json(&out, a.body, ready);
	else
		status_text(c, &out, a.body, ready);
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e == CTL_OK && !ready ? CTL_FAILED : e;
}

enum ctl_exit
ctl_cmd_snapshot(struct ctl *c)
{
	struct problem p = {0};
	struct stat st;
	struct buf out;
	enum ctl_exit e;

	if (c->n_args != 1)
		return ctl_usage(c, "snapshot takes one file");
	if (store_snapshot(ctl_state_dir(c), c->args[0], &p) != EMP_OK)
		return ctl_fail_problem("snapshot", &p);
	if (stat(c->args[0], &st) != 0)
		return ctl_fail("%s: %s", c->args[0], strerror(errno));
	buf_init(&out, 0);
	if (ctl_has(c, CTL_OPT_JSON)) {
		buf_add_z(&out, "{\"file\":");
		buf_add_json(&out, str_from(c->args[0]));
		buf_printf(&out, ",\"bytes\":%llu}\n", (unsigned long long)st.st_size);
	} else {
		buf_printf(&out, "%s: ", c->args[0]);
		ctl_count(&out, (uint64_t)st.st_size);
		buf_add_z(&out, " bytes\n");
	}
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}
