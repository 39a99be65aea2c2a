/* The configuration file, read by libconfuse.
 *
 * Every key is declared to it as text and checked by our table while the parser stands
 * on its line, so that all sources have the same rules and an error names the line.
 */
#include "daemon/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* libconfuse hands nothing to its callbacks but the parser; this is used by main
 * alone, before there are threads. */
static struct {
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

	snprintf(place, sizeof place, "%s:%d", cfg->filename ? cfg->filename : "-",
		 cfg->line);
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

enum emp_rc
config_file(struct config *c, const char *path, struct problem *p)
{
	cfg_opt_t *opts = grammar();
	cfg_t *cfg = opts ? cfg_init(opts, CFGF_NONE) : NULL;
	enum emp_rc rc = EMP_CONFIG;
	int saved;

	if (!cfg) {
		free(opts);
		return problem_set(p, EMP_NOMEM, path, "%s", emp_rc_title(EMP_NOMEM));
	}
	reading.config = c;
	reading.problem = p;
	reading.seen = 0;
	cfg_set_error_function(cfg, on_error);
	for (size_t i = 0; config_key(i); i++)
		cfg_set_validate_func(cfg, config_key(i), on_value);
	problem_set(p, EMP_CONFIG, path, "is not a configuration file");
	errno = 0;
	switch (cfg_parse(cfg, path)) {
	case CFG_SUCCESS:
		rc = EMP_OK;
		break;
	case CFG_FILE_ERROR:
		saved = errno;
		problem_set(p, EMP_CONFIG, path, "cannot be read: %s", strerror(saved));
		break;
	default:
		break; /* on_error has said it */
	}
	cfg_free(cfg);
	free(opts);
	return rc;
}
