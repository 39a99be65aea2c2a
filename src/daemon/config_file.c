/* The configuration file, read by libconfuse.
 *
 * Every key is declared to it as text and checked by our table while the parser stands
 * on its line, so that all sources have the same rules and an error names the line.
 *
 * libconfuse 3.3 counts the lines of comments wrongly, so comments are blanked before
 * it sees the text.
 */
#include "daemon/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (1u << 20)

/* libconfuse hands nothing to its callbacks but the parser; this is used by main
 * alone, before there are threads. */
static struct {
	const char *path;
	struct config *config;
	struct problem *problem;
	uint64_t seen; /* bit per row */
} reading;

static size_t
row_of(const char *key)
{
	size_t i;

	for (i = 0; config_key(i); i++)
		if (strcmp(config_key(i), key) == 0)
			break;
	return i;
}

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char place[PROBLEM_POINTER_MAX], text[PROBLEM_DETAIL_MAX];

	snprintf(place, sizeof place, "%s:%d", reading.path, cfg->line);
	vsnprintf(text, sizeof text, fmt, ap);
	problem_set(reading.problem, EMP_CONFIG, place, "%s", text);
}

/* After each value: a list is seen once per element, longer each time. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t i = row_of(cfg_opt_name(opt));
	struct str values[CONFIG_LIST_MAX + 1];
	unsigned n = cfg_opt_size(opt);
	struct problem p;

	if (!config_is_list(i)) {
		if (reading.seen >> i & 1) {
			cfg_error(cfg, "%s is set twice", config_key(i));
			return -1;
		}
		reading.seen |= UINT64_C(1) << i;
		n = 1;
	}
	if (n > CONFIG_LIST_MAX + 1)
		n = CONFIG_LIST_MAX + 1;
	for (unsigned k = 0; k < n; k++)
		values[k] = str_from(cfg_opt_getnstr(opt, k));
	if (config_put(reading.config, i, values, n, &p) == EMP_OK)
		return 0;
	cfg_error(cfg, "%s %s", p.pointer, p.detail);
	return -1;
}

/* The grammar: every key of the table. NULL: out of memory. */
static cfg_opt_t *
grammar(void)
{
	size_t n = 0;
	cfg_opt_t *opts;

	while (config_key(n))
		n++;
	opts = calloc(n + 1, sizeof *opts);
	for (size_t i = 0; opts && i < n; i++) {
		const cfg_opt_t text = CFG_STR(config_key(i), NULL, CFGF_NODEFAULT);
		const cfg_opt_t list = CFG_STR_LIST(config_key(i), NULL,
						    CFGF_NODEFAULT);

		memcpy(&opts[i], config_is_list(i) ? &list : &text, sizeof *opts);
	}
	if (opts) {
		const cfg_opt_t end = CFG_END();

		memcpy(&opts[n], &end, sizeof *opts);
	}
	return opts;
}

/* Comments become spaces; line breaks and what is in quotes stay. */
static void
blank_comments(char *p)
{
	char quote = '\0';

	for (; *p; p++) {
		if (quote) {
			if (*p == '\\' && p[1])
				p++;
			else if (*p == quote)
				quote = '\0';
		} else if (*p == '"' || *p == '\'') {
			quote = *p;
		} else if (*p == '#' || (*p == '/' && p[1] == '/')) {
			while (p[1] && *p != '\n')
				*p++ = ' ';
			if (*p != '\n')
				*p = ' ';
		} else if (*p == '/' && p[1] == '*') {
			char *end = strstr(p + 2, "*/");

			end = end ? end + 1 : p + strlen(p) - 1;
			for (; p <= end; p++)
				if (*p != '\n')
					*p = ' ';
			p = end;
		}
	}
}

/* The whole file, terminated; free() it. */
static char *
read_file(const char *path, struct problem *p)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t n;

	if (!f)
		goto failed;
	text = malloc(FILE_MAX);
	if (!text)
		goto failed;
	n = fread(text, 1, FILE_MAX, f);
	if (ferror(f))
		goto failed;
	fclose(f);
	if (n == FILE_MAX || memchr(text, '\0', n)) {
		free(text);
		problem_set(p, EMP_CONFIG, path, "is not a text of less than 1 MiB");
		return NULL;
	}
	text[n] = '\0';
	return text;
failed:
	problem_set(p, EMP_CONFIG, path, "cannot be read: %s", strerror(errno));
	free(text);
	if (f)
		fclose(f);
	return NULL;
}

enum emp_rc
config_file(struct config *c, const char *path, struct problem *p)
{
	char *text = read_file(path, p);
	cfg_opt_t *opts;
	cfg_t *cfg;
	enum emp_rc rc = EMP_CONFIG;

	if (!text)
		return rc;
	opts = grammar();
	cfg = opts ? cfg_init(opts, CFGF_NONE) : NULL;
	if (!cfg) {
		rc = problem_set(p, EMP_NOMEM, path, "%s", emp_rc_title(EMP_NOMEM));
		goto out;
	}
	reading.path = path;
	reading.config = c;
	reading.problem = p;
	reading.seen = 0;
	cfg_set_error_function(cfg, on_error);
	for (size_t i = 0; config_key(i); i++)
		cfg_set_validate_func(cfg, config_key(i), on_value);
	problem_set(p, EMP_CONFIG, path, "is not a configuration file");
	blank_comments(text);
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		rc = EMP_OK; /* else on_error has said it */
	cfg_free(cfg);
out:
	free(opts);
	free(text);
	return rc;
}
