/* empowerctl verify: by the daemon, which compares its memory with the events; or with
 * -d from the files alone. */
#include "codec/json_tools.h"
#include "ctl/ctl.h"
#include "ctl/recount.h"

#include <stdio.h>

#define VERIFY_TIMEOUT_MS (15 * 60 * 1000)

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

static enum ctl_exit
print_offline(const struct findings *f, const struct ctl_recount *r)
{
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (f->json) {
		buf_printf(
			&out,
			"{\"cells\":%llu,\"counts\":%llu,\"behind\":%llu,"
			"\"damage\":%llu,\"differences\":%llu,\"findings\":[%.*s]}\n",
			(unsigned long long)r->cells, (unsigned long long)r->counts,
			(unsigned long long)r->behind, (unsigned long long)f->n,
			(unsigned long long)r->differences, STR_FMT(buf_str(&f->list)));
	} else {
		ctl_count(&out, r->cells);
		buf_add_z(&out, " cells with ");
		ctl_count(&out, r->counts);
		buf_add_z(&out, " counts compared with the events: ");
		ctl_count(&out, r->differences);
		buf_add_z(&out, " differ");
		if (r->behind > 0)
			buf_printf(&out,
				   " (%llu are completed from the events at the next "
				   "start)",
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
		ctl_fail_problem(dir, &p);
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

static void
add_member(void *ctx, const char *name, const struct json_node *value)
{
	struct buf *out = ctx;

	switch (json_node_type(value)) {
	case JSON_NODE_INTEGER:
		ctl_count(out, (uint64_t)json_node_int(value, 0));
		buf_printf(out, " %s\n", name);
		break;
	case JSON_NODE_STRING:
		buf_printf(out, "%s %.*s\n", name, STR_FMT(json_node_str(value)));
		break;
	case JSON_NODE_ARRAY:
		for (size_t i = 0; i < json_node_count(value); i++) {
			if (json_node_write(json_node_at(value, i), out) != EMP_OK)
				out->failed = true;
			buf_add_c(out, '\n');
		}
		break;
	default:
		break;
	}
}

static enum ctl_exit
verify_daemon(struct ctl *c)
{
	struct json_node *root = NULL;
	const struct json_node *list;
	struct ctl_answer a;
	struct buf out;
	enum ctl_exit e;
	int64_t differences;

	if (!ctl_connect(c))
		return CTL_FAILED;
	ctl_client_timeout(c->client, VERIFY_TIMEOUT_MS);
	if (!ctl_call(c, "GET", "/v1/verify", STR_NONE, &a))
		return CTL_FAILED;
	buf_init(&out, 0);
	if (json_node_read(&root, a.body, NULL) != EMP_OK)
		root = NULL;
	list = json_node_get(root, "differences");
	differences = json_node_type(list) == JSON_NODE_ARRAY
		? (int64_t)json_node_count(list)
		: json_node_int(list, -1);
	if (ctl_has(c, CTL_OPT_JSON))
		buf_add_str(&out, a.body);
	else
		json_node_each(root, add_member, &out);
	if (differences < 0)
		e = ctl_fail("%s does not answer as empowerd does",
			     ctl_client_url(c->client));
	else
		e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	if (e == CTL_OK && differences > 0)
		e = CTL_FAILED;
	json_node_free(&root);
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
