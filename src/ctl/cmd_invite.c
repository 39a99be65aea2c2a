/* empowerctl invite: single-use invitations to a survey of employees, as many as asked
 * for, or one for each row of a table of people.
 *
 * The daemon is told units and numbers, nothing else of the table: who gets which
 * invitation is known here alone, and to nobody once the output is gone. */
#include "base/num.h"
#include "codec/json_tools.h"
#include "ctl/csv.h"
#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES (64U << 20)
#define INVITES_MAX 1000000
#define CHUNK 5000 /* invitations of one request; the daemon takes 10000 */
#define CODE_MAX 48

/* One invitation: for whom, and its code. */
struct guest {
	uint32_t row; /* of the table; of no use without one */
	struct str unit;
	char code[CODE_MAX];
};

struct invite {
	struct ctl *ctl;
	struct str survey;
	const char *url; /* NULL: no links */
	bool has_table;
	struct ctl_csv table;
	int unit, count; /* columns; -1: there is none */
	struct guest *guests;
	uint32_t n;
};

/* ---- who is invited -------------------------------------------------------------- */

static bool
add_guests(struct invite *in, uint64_t n, uint32_t row, struct str unit)
{
	struct guest *more;

	if (n > INVITES_MAX - in->n) {
		ctl_fail("more than %d invitations at once", INVITES_MAX);
		return false;
	}
	more = realloc(in->guests, (in->n + (size_t)n + 1) * sizeof *more);
	if (more == NULL) {
		ctl_fail("out of memory");
		return false;
	}
	in->guests = more;
	for (uint64_t i = 0; i < n; i++)
		in->guests[in->n++] = (struct guest){.row = row, .unit = unit};
	return true;
}

static bool
add_rows(struct invite *in, const char *file)
{
	for (uint32_t i = 0; i < in->table.n_rows; i++) {
		uint64_t n = 1;

		if (in->count >= 0 &&
		    (!num_u64(
			     str_trim(ctl_csv_cell(&in->table, i, (uint32_t)in->count)),
			     &n) ||
		     n > INVITES_MAX)) {
			ctl_fail("%s: row %u: the count is no number up to %d", file,
				 i + 1, INVITES_MAX);
			return false;
		}
		if (!add_guests(
			    in, n, i,
			    str_trim(ctl_csv_cell(&in->table, i, (uint32_t)in->unit))))
			return false;
	}
	return true;
}

static bool
read_table(struct invite *in, const char *file, struct buf *text)
{
	struct problem p = {.rc = EMP_OK};

	if (!ctl_read_file(text, file, FILE_MAX_BYTES))
		return false;
	in->has_table = true;
	if (ctl_csv_read(&in->table, buf_str(text), &p) != EMP_OK) {
		ctl_fail("%s: %s", file, p.detail);
		return false;
	}
	in->unit = ctl_csv_column(&in->table, STR("unit"));
	in->count = ctl_csv_column(&in->table, STR("count"));
	if (in->unit < 0) {
		ctl_fail("%s has no column unit", file);
		return false;
	}
	if (ctl_csv_column(&in->table, STR("invite")) >= 0 ||
	    ctl_csv_column(&in->table, STR("link")) >= 0) {
		ctl_fail("%s has a column invite or link already", file);
		return false;
	}
	return add_rows(in, file);
}

/* ---- asking the daemon ----------------------------------------------------------- */

/* By unit, and within one in the order given. */
static int
by_unit(const void *a, const void *b)
{
	const struct guest *x = *(const struct guest *const *)a;
	const struct guest *y = *(const struct guest *const *)b;
	int order = str_cmp(x->unit, y->unit);

	return order != 0 ? order : (x > y) - (x < y);
}

static bool
take_codes(struct invite *in, struct guest **of, uint32_t n, struct str body)
{
	struct json_node *root = NULL;
	const struct json_node *codes;
	bool ok = false;

	if (json_node_read(&root, body, NULL) != EMP_OK)
		root = NULL;
	codes = json_node_get(root, "invites");
	if (json_node_count(codes) == n) {
		ok = true;
		for (uint32_t i = 0; i < n; i++) {
			struct str code = json_node_str(json_node_at(codes, i));

			ok = ok && code.n > 0 && code.n < CODE_MAX;
			snprintf(of[i]->code, CODE_MAX, "%.*s", STR_FMT(code));
		}
	}
	if (!ok)
		ctl_fail("%s does not answer as empowerd does",
			 ctl_client_url(in->ctl->client));
	json_node_free(&root);
	return ok;
}

/* Up to CHUNK invitations of one unit. */
static bool
ask(struct invite *in, struct guest **of, uint32_t n)
{
	struct ctl_answer a;
	struct buf path, body;
	bool ok;

	buf_init(&path, 0);
	buf_init(&body, 0);
	buf_add_z(&path, "/v1/surveys/");
	ctl_url_escape(&path, in->survey);
	buf_add_z(&path, "/invites");
	buf_add_c(&path, '\0');
	buf_printf(&body, "{\"count\":%u", n);
	if (of[0]->unit.n > 0) {
		buf_add_z(&body, ",\"unit\":");
		buf_add_json(&body, of[0]->unit);
	}
	buf_add_c(&body, '}');
	ok = buf_ok(&path) && buf_ok(&body);
	if (!ok)
		ctl_fail("out of memory");
	if (ok && !ctl_call(in->ctl, "POST", path.p, buf_str(&body), &a)) {
		ok = false;
		if (in->has_table)
			ctl_fail("no invitations were printed; this was asked for "
				 "the unit \"%.*s\"",
				 STR_FMT(of[0]->unit));
	}
	ok = ok && take_codes(in, of, n, a.body);
	buf_fini(&path);
	buf_fini(&body);
	return ok;
}

/* Nothing is shown unless all of it worked: an invitation that nobody got harms
 * nobody, but half a table is sent to half of the people. */
static bool
ask_for_all(struct invite *in)
{
	struct guest **order = calloc((size_t)in->n + 1, sizeof *order);
	uint32_t from = 0;
	bool ok = order != NULL;

	if (!ok)
		ctl_fail("out of memory");
	for (uint32_t i = 0; ok && i < in->n; i++)
		order[i] = &in->guests[i];
	if (ok)
		qsort(order, in->n, sizeof(struct guest *), by_unit);
	while (ok && from < in->n) {
		uint32_t n = 1;

		while (from + n < in->n && n < CHUNK &&
		       str_eq(order[from + n]->unit, order[from]->unit))
			n++;
		ok = ask(in, order + from, n);
		from += n;
	}
	free(order);
	return ok;
}

/* ---- what is printed ------------------------------------------------------------- */

static void
add_link(const struct invite *in, struct buf *b, const struct guest *g)
{
	struct str base = str_from(in->url);

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	buf_add_str(b, base);
	buf_add_z(b, "/f/");
	ctl_url_escape(b, in->survey);
	buf_add_z(b, "?invite=");
	buf_add_z(b, g->code);
}

/* A field of a row, as CSV or as a member of an object. */
static void
add_member(const struct invite *in, struct buf *b, struct str name, struct str value,
	   bool json, bool first)
{
	char separator = in->has_table ? in->table.separator : ',';

	if (!first)
		buf_add_c(b, json ? ',' : separator);
	if (json) {
		buf_add_json(b, name);
		buf_add_c(b, ':');
		buf_add_json(b, value);
	} else {
		ctl_csv_add(b, value, separator);
	}
}

/* The columns given but `count`, then the invitation. g NULL: the header. */
static void
add_row(const struct invite *in, struct buf *b, const struct guest *g, bool json)
{
	bool first = true;
	struct buf link;

	if (!in->has_table)
		add_member(in, b, STR("unit"), g != NULL ? g->unit : STR("unit"), json,
			   true);
	for (uint32_t i = 0; in->has_table && i < in->table.n_columns; i++) {
		struct str name = ctl_csv_name(&in->table, i);

		if ((int)i == in->count)
			continue;
		add_member(in, b, name,
			   g != NULL ? ctl_csv_cell(&in->table, g->row, i) : name, json,
			   first);
		first = false;
	}
	add_member(in, b, STR("invite"), g != NULL ? str_from(g->code) : STR("invite"),
		   json, false);
	if (in->url == NULL)
		return;
	buf_init(&link, 0);
	if (g != NULL)
		add_link(in, &link, g);
	else
		buf_add_z(&link, "link");
	add_member(in, b, STR("link"), buf_str(&link), json, false);
	if (!buf_ok(&link))
		b->failed = true;
	buf_fini(&link);
}

static enum ctl_exit
show(const struct invite *in)
{
	bool json = ctl_has(in->ctl, CTL_OPT_JSON);
	bool csv = !json && (in->has_table || ctl_has(in->ctl, CTL_OPT_CSV));
	enum ctl_exit e;
	struct buf b;

	buf_init(&b, 0);
	if (json) {
		buf_add_z(&b, "{\"survey\":");
		buf_add_json(&b, in->survey);
		buf_add_z(&b, ",\"invites\":[");
	} else if (csv) {
		add_row(in, &b, NULL, false);
		buf_add_z(&b, "\r\n");
	}
	for (uint32_t i = 0; i < in->n; i++) {
		const struct guest *g = &in->guests[i];

		if (json) {
			buf_add_z(&b, i > 0 ? ",\n{" : "\n{");
			add_row(in, &b, g, true);
			buf_add_c(&b, '}');
		} else if (csv) {
			add_row(in, &b, g, false);
			buf_add_z(&b, "\r\n");
		} else {
			if (in->url != NULL)
				add_link(in, &b, g);
			else
				buf_add_z(&b, g->code);
			buf_add_c(&b, '\n');
		}
	}
	if (json)
		buf_add_z(&b, "]}\n");
	e = buf_ok(&b) ? ctl_print(buf_str(&b)) : ctl_fail("out of memory");
	buf_fini(&b);
	return e;
}

enum ctl_exit
ctl_cmd_invite(struct ctl *c)
{
	struct invite in = {.ctl = c, .url = c->opt[CTL_OPT_URL]};
	enum ctl_exit e = CTL_FAILED;
	uint64_t count;
	struct buf text;
	bool ok;

	if (c->n_args != 1 && c->n_args != 2)
		return ctl_usage(c, "invite takes a survey and perhaps one file");
	if (c->n_args == 2 && (ctl_has(c, CTL_OPT_UNIT) || ctl_has(c, CTL_OPT_INVITES)))
		return ctl_usage(c, "units and counts are those of the file");
	if (in.url != NULL && strstr(in.url, "://") == NULL)
		return ctl_usage(c, "--url: expected a place such as %s instead of %s",
				 "https://voice.example", in.url);
	if (!ctl_number(c, CTL_OPT_INVITES, 1, INVITES_MAX, 1, &count))
		return CTL_USAGE;
	in.survey = str_from(c->args[0]);
	buf_init(&text, 0);
	if (c->n_args == 2)
		ok = read_table(&in, c->args[1], &text);
	else
		ok = add_guests(&in, count, 0,
				ctl_has(c, CTL_OPT_UNIT)
					? str_from(c->opt[CTL_OPT_UNIT])
					: STR(""));
	if (ok && ctl_connect(c) && ask_for_all(&in))
		e = show(&in);
	ctl_csv_fini(&in.table);
	free(in.guests);
	buf_fini(&text);
	return e;
}
