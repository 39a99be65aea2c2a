/* The table of keys at work: defaults, values from text, checks, printing. */
#include "daemon/config.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/tz.h"
#include "net/addr.h"
#include "net/net.h"

#include <ctype.h>
#include <stdlib.h>

#define ENV_PREFIX "EMPOWERD_"
#define ENV_KEY_MAX 64

enum config_type {
	TYPE_TEXT,
	TYPE_LIST,
	TYPE_NUMBER,
	TYPE_SIZE,
	TYPE_SECONDS,
	TYPE_AGE,
	TYPE_BOOL,
	TYPE_MODE,
	TYPE_LEVEL
};

struct config_row {
	const char *key;
	enum config_type type;
	size_t at; /* of the member in struct config */
	const char *value;
	uint64_t min, max;
	const char *doc;
};

static const struct config_row rows[] = {
#define CONFIG(key, type, value, min, max, doc)                                        \
	{#key, TYPE_##type, offsetof(struct config, key), value, min, max, doc},
#include "daemon/config.def"
#undef CONFIG
};

#define ROWS (sizeof rows / sizeof *rows)

_Static_assert(ROWS <= 64, "struct config has a bit per row");

static const char *const levels[] = {"error", "warn", "info", "debug"};

#define LEVELS (sizeof levels / sizeof *levels)

static void *
member(const struct config *c, size_t i)
{
	return (char *)(uintptr_t)c + rows[i].at;
}

static void
list_clear(struct config_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	l->n = 0;
}

static enum emp_rc
bad(size_t i, struct problem *p, const char *detail)
{
	return problem_set(p, EMP_CONFIG, rows[i].key, "%s", detail);
}

static enum emp_rc
text_check(size_t i, struct str value, struct problem *p)
{
	if (value.n < rows[i].min || value.n > rows[i].max)
		return problem_set(p, EMP_CONFIG, rows[i].key,
				   "is empty or longer than %llu bytes",
				   (unsigned long long)rows[i].max);
	for (size_t at = 0; at < value.n; at++)
		if ((unsigned char)value.p[at] < 0x20 || value.p[at] == '"' ||
		    value.p[at] == '\\')
			return bad(i, p, "has a control character, quote or backslash");
	return EMP_OK;
}

static bool
octal(struct str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7' || i >= 5)
			return false;
		*out = *out * 8 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

static bool
level(struct str s, uint64_t *out)
{
	for (*out = 0; *out < LEVELS; ++*out)
		if (str_is(s, levels[*out]))
			return true;
	return false;
}

static enum emp_rc
number_put(size_t i, uint64_t *to, struct str s, struct problem *p)
{
	static const char *const what[] = {
		[TYPE_NUMBER] = "is not a number",
		[TYPE_SIZE] = "is not a size such as 64K, 128M or 1G",
		[TYPE_SECONDS] = "is not a duration such as 10s, 5m or 24h",
		[TYPE_AGE] = "is not 0 or a duration such as 730d",
		[TYPE_BOOL] = "is not yes or no",
		[TYPE_MODE] = "is not an octal mode such as 0660",
		[TYPE_LEVEL] = "is not error, warn, info or debug",
	};
	bool ok = false, yes;
	uint64_t v = 0;

	switch (rows[i].type) {
	case TYPE_TEXT:
	case TYPE_LIST:
		EMP_ASSERT(!"texts are no numbers");
		break;
	case TYPE_NUMBER:
		ok = num_u64(s, &v);
		break;
	case TYPE_SIZE:
		ok = num_size(s, &v);
		break;
	case TYPE_SECONDS:
		ok = num_duration(s, &v);
		break;
	case TYPE_AGE:
		/* What is older is gone for good: 730 is not meant as 730 seconds. */
		ok = num_duration(s, &v) && (v == 0 || v >= S_PER_DAY);
		break;
	case TYPE_BOOL:
		ok = num_bool(s, &yes);
		v = ok && yes;
		break;
	case TYPE_MODE:
		ok = octal(s, &v);
		break;
	case TYPE_LEVEL:
		ok = level(s, &v);
		break;
	}
	if (!ok)
		return bad(i, p, what[rows[i].type]);
	if (v < rows[i].min || v > rows[i].max)
		return problem_set(p, EMP_CONFIG, rows[i].key,
				   "is not between %llu and %llu",
				   (unsigned long long)rows[i].min,
				   (unsigned long long)rows[i].max);
	*to = v;
	return EMP_OK;
}

static enum emp_rc
list_put(size_t i, struct config_list *l, const struct str *values, size_t n,
	 struct problem *p)
{
	enum emp_rc rc;

	if (n > CONFIG_LIST_MAX)
		return bad(i, p, "has too many values");
	list_clear(l);
	for (size_t k = 0; k < n; k++) {
		rc = text_check(i, values[k], p);
		if (rc != EMP_OK)
			return rc;
		l->v[l->n] = str_dup(values[k]);
		if (!l->v[l->n])
			return bad(i, p, "needs more memory than there is");
		l->n++;
	}
	return EMP_OK;
}

enum emp_rc
config_put(struct config *c, size_t i, const struct str *values, size_t n,
	   struct problem *p)
{
	enum emp_rc rc;
	char **text;

	switch (rows[i].type) {
	case TYPE_LIST:
		rc = list_put(i, member(c, i), values, n, p);
		break;
	case TYPE_TEXT:
		EMP_ASSERT(n == 1);
		text = member(c, i);
		rc = text_check(i, values[0], p);
		if (rc == EMP_OK) {
			free(*text);
			*text = str_dup(values[0]);
			if (!*text)
				rc = bad(i, p, "needs more memory than there is");
		}
		break;
	default:
		EMP_ASSERT(n == 1);
		rc = number_put(i, member(c, i), values[0], p);
	}
	if (rc == EMP_OK)
		c->given |= UINT64_C(1) << i;
	return rc;
}

/* From one text: a list is split at its commas. */
static enum emp_rc
row_set(struct config *c, size_t i, struct str value, struct problem *p)
{
	struct str values[CONFIG_LIST_MAX + 1];
	size_t n = 0;

	if (rows[i].type != TYPE_LIST)
		return config_put(c, i, &value, 1, p);
	while (value.n > 0 && n <= CONFIG_LIST_MAX)
		values[n++] = str_trim(str_split(&value, ','));
	return config_put(c, i, values, n, p);
}

static size_t
row_find(struct str key)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (str_is(key, rows[i].key))
			break;
	return i;
}

enum emp_rc
config_set(struct config *c, struct str key, struct str value, struct problem *p)
{
	size_t i = row_find(key);

	if (i == ROWS)
		return problem_set(p, EMP_CONFIG, "", "there is no key \"%.*s\"",
				   (int)(key.n > 64 ? 64 : key.n), key.p);
	return row_set(c, i, value, p);
}

enum emp_rc
config_init(struct config *c)
{
	enum emp_rc rc = EMP_OK;

	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < ROWS && rc == EMP_OK; i++)
		rc = row_set(c, i, str_from(rows[i].value), NULL);
	c->given = 0;
	return rc;
}

void
config_fini(struct config *c)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].type == TYPE_LIST) {
			list_clear(member(c, i));
		} else if (rows[i].type == TYPE_TEXT) {
			char **text = member(c, i);

			free(*text);
			*text = NULL;
		}
	}
}

enum emp_rc
config_environment(struct config *c, const char *const *env, struct problem *p)
{
	static const size_t prefix = sizeof ENV_PREFIX - 1;
	char key[ENV_KEY_MAX];
	enum emp_rc rc;

	for (; *env; env++) {
		const char *equals = strchr(*env, '=');
		size_t n;

		if (strncmp(*env, ENV_PREFIX, prefix) != 0 || !equals)
			continue;
		n = (size_t)(equals - *env) - prefix;
		if (n >= sizeof key)
			continue;
		for (size_t i = 0; i < n; i++)
			key[i] = (char)tolower((unsigned char)(*env)[prefix + i]);
		if (row_find((struct str){key, n}) == ROWS) {
			log_warn("%.*s in the environment is no key of the "
				 "configuration",
				 (int)(equals - *env), *env);
			continue;
		}
		rc = config_set(c, (struct str){key, n}, str_from(equals + 1), p);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

static enum emp_rc
check_addresses(const struct config *c, struct problem *p)
{
	struct addr_net net;
	size_t sockets = 0;

	for (size_t i = 0; i < c->listen.n; i++) {
		const char *address = c->listen.v[i];

		if (strncmp(address, "unix:", 5) == 0)
			sockets++;
		else if (!net_address_valid(address))
			return problem_set(p, EMP_CONFIG, "listen",
					   "%s is not like 127.0.0.1:8787, "
					   "[::1]:8787 or unix:PATH",
					   address);
	}
	if (sockets > 1)
		return problem_set(p, EMP_CONFIG, "listen",
				   "has more than one unix socket");
	if (c->listen.n == 0)
		return problem_set(p, EMP_CONFIG, "listen", "names no address");
	for (size_t i = 0; i < c->trusted_proxies.n; i++)
		if (!addr_net_parse(&net, str_from(c->trusted_proxies.v[i])))
			return problem_set(p, EMP_CONFIG, "trusted_proxies",
					   "%s is not like 10.0.0.0/8, ::1 or unix",
					   c->trusted_proxies.v[i]);
	return EMP_OK;
}

static enum emp_rc
check_zone(const char *name, struct problem *p)
{
	struct tz *z = NULL;
	enum emp_rc rc = name[0] != '\0' ? tz_open(&z, name) : EMP_OK;

	tz_free(&z);
	if (rc == EMP_NOMEM)
		return problem_set(p, rc, "timezone", "%s", emp_rc_title(rc));
	if (rc != EMP_OK)
		return problem_set(p, EMP_CONFIG, "timezone",
				   "%s is no time zone of this system, such as "
				   "Europe/Madrid",
				   name);
	return EMP_OK;
}

enum emp_rc
config_check(const struct config *c, struct problem *p)
{
	enum emp_rc rc = check_addresses(c, p);

	if (rc == EMP_OK)
		rc = check_zone(c->timezone, p);
	if (rc != EMP_OK)
		return rc;
	if (c->state_dir[0] == '\0')
		return problem_set(p, EMP_CONFIG, "state_dir", "is empty");
	if (c->base_path[0] != '\0' && c->base_path[0] != '/')
		return problem_set(p, EMP_CONFIG, "base_path", "does not start with /");
	if (c->minute_hours > c->hour_days * 24)
		return problem_set(p, EMP_CONFIG, "minute_hours",
				   "is longer than hour_days");
	return EMP_OK;
}

/* In the largest unit that says it exactly. */
static void
print_size(struct buf *out, uint64_t v)
{
	static const char units[] = "KMG";
	int unit = -1;

	for (; unit < 2 && v > 0 && v % 1024 == 0; unit++)
		v /= 1024;
	buf_add_u64(out, v);
	if (unit >= 0)
		buf_add_c(out, units[unit]);
}

static void
print_value(struct buf *out, const struct config *c, size_t i)
{
	const struct config_list *l = member(c, i);
	uint64_t v = 0;

	if (rows[i].type != TYPE_TEXT && rows[i].type != TYPE_LIST)
		memcpy(&v, member(c, i), sizeof v);
	switch (rows[i].type) {
	case TYPE_TEXT:
		buf_printf(out, "\"%s\"", *(char **)member(c, i));
		break;
	case TYPE_LIST:
		buf_add_c(out, '{');
		for (size_t k = 0; k < l->n; k++)
			buf_printf(out, "%s\"%s\"", k > 0 ? ", " : "", l->v[k]);
		buf_add_c(out, '}');
		break;
	case TYPE_NUMBER:
		buf_add_u64(out, v);
		break;
	case TYPE_SIZE:
		print_size(out, v);
		break;
	case TYPE_SECONDS:
		buf_printf(out, "%llus", (unsigned long long)v);
		break;
	case TYPE_AGE:
		if (v % S_PER_DAY == 0)
			buf_printf(out, "%llud", (unsigned long long)(v / S_PER_DAY));
		else
			buf_printf(out, "%llus", (unsigned long long)v);
		break;
	case TYPE_BOOL:
		buf_add_z(out, v ? "yes" : "no");
		break;
	case TYPE_MODE:
		buf_printf(out, "%04o", (unsigned)v);
		break;
	case TYPE_LEVEL:
		buf_add_z(out, levels[v]);
		break;
	}
}

void
config_print(const struct config *c, struct buf *out)
{
	struct config plain;
	struct buf now, then;
	struct str doc;

	buf_init(&now, 0);
	buf_init(&then, 0);
	if (config_init(&plain) != EMP_OK)
		out->failed = true;
	buf_add_z(out,
		  "# The configuration of empowerd: see empowerd.conf(5).\n"
		  "# Keys that are commented out show their default.\n");
	for (size_t i = 0; i < ROWS && buf_ok(out); i++) {
		buf_add_c(out, '\n');
		doc = str_from(rows[i].doc);
		while (doc.n > 0) {
			struct str line = str_split(&doc, '\n');

			buf_printf(out, "# %.*s\n", STR_FMT(line));
		}
		buf_clear(&now);
		buf_clear(&then);
		print_value(&now, c, i);
		print_value(&then, &plain, i);
		buf_printf(out,
			   "%s%s = ", str_eq(buf_str(&now), buf_str(&then)) ? "#" : "",
			   rows[i].key);
		buf_add_str(out, buf_str(&now));
		buf_add_c(out, '\n');
		if (!buf_ok(&now) || !buf_ok(&then))
			out->failed = true;
	}
	config_fini(&plain);
	buf_fini(&now);
	buf_fini(&then);
}

const char *
config_key(size_t i)
{
	return i < ROWS ? rows[i].key : NULL;
}

bool
config_is_list(size_t i)
{
	return i < ROWS && rows[i].type == TYPE_LIST;
}

bool
config_given(const struct config *c, struct str key)
{
	size_t i = row_find(key);

	return i < ROWS && (c->given >> i & 1);
}
