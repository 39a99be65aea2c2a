/* What all commands share: the start, messages, one request, files. */
#include "ctl/ctl.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/version.h"
#include "codec/json_tools.h"
#include "crypto/crypto.h"
#include "ctl/args.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_SIZE 65536
#define TOKEN_FILE_MAX 1024
/* Digits of a year, and of a day without dashes. As Unix seconds they end in 1973. */
#define YEAR_DIGITS 4
#define DAY_DIGITS 8

static void
tell(const char *fmt, va_list args)
{
	fputs("empowerctl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

enum ctl_exit
ctl_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(fmt, args);
	va_end(args);
	return CTL_FAILED;
}

enum ctl_exit
ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(fmt, args);
	va_end(args);
	if (c->command != NULL) {
		struct buf usage;

		buf_init(&usage, 0);
		ctl_help_usage(&usage, c->command);
		if (buf_ok(&usage))
			fprintf(stderr, "%.*s", STR_FMT(buf_str(&usage)));
		buf_fini(&usage);
		fprintf(stderr, "Try `empowerctl help %s`.\n", c->command->name);
	} else {
		fputs("Try `empowerctl --help`.\n", stderr);
	}
	return CTL_USAGE;
}

enum ctl_exit
ctl_fail_problem(const char *what, const struct problem *p)
{
	const char *why = p->detail[0] != '\0' ? p->detail : emp_rc_title(p->rc);

	return ctl_fail("%s: %s", what, why);
}

bool
ctl_number(const struct ctl *c, enum ctl_opt o, uint64_t lo, uint64_t hi,
	   uint64_t otherwise, uint64_t *out)
{
	*out = otherwise;
	if (!ctl_has(c, o))
		return true;
	if (num_u64(str_from(c->opt[o]), out) && *out >= lo && *out <= hi)
		return true;
	ctl_usage(c, "--%s: expected a number from %llu to %llu instead of %s",
		  ctl_option_name((int)o), (unsigned long long)lo,
		  (unsigned long long)hi, c->opt[o]);
	return false;
}

bool
ctl_time(const struct ctl *c, const char *name, struct str text, const char *example)
{
	if (text.n < YEAR_DIGITS || text.n > DAY_DIGITS)
		return true;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return true;
	ctl_usage(c, "%s: expected %s instead of %.*s", name, example, STR_FMT(text));
	return false;
}

const char *
ctl_state_dir(const struct ctl *c)
{
	return ctl_has(c, CTL_OPT_STATE_DIR) ? c->opt[CTL_OPT_STATE_DIR]
					     : CTL_STATE_DIR_DEFAULT;
}

/* All of an open file. */
static int
read_all(int fd, struct buf *out)
{
	for (;;) {
		char *to = buf_reserve(out, READ_SIZE);
		ssize_t n;

		if (to == NULL)
			return out->max > 0 ? EFBIG : ENOMEM;
		n = read(fd, to, READ_SIZE);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0)
			return 0;
		if (n > 0)
			out->n += (size_t)n;
	}
}

static int
read_path(struct buf *out, const char *path, size_t max)
{
	int fd = STDIN_FILENO;
	int error;

	/* Room to notice a file that is too long, for the last read asks for more. */
	buf_init(out, max + READ_SIZE);
	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	error = read_all(fd, out);
	if (error == 0 && out->n > max)
		error = EFBIG;
	if (fd != STDIN_FILENO)
		close(fd);
	return error;
}

bool
ctl_read_file(struct buf *out, const char *path, size_t max)
{
	int error = read_path(out, path, max);

	if (error == 0)
		return true;
	ctl_fail("%s: %s", path, strerror(error));
	buf_fini(out);
	return false;
}

/* The token, trimmed, into `buf`; STR_NONE when nothing offers one. A file that was
 * named must be readable; the default one may be absent. */
static bool
find_token(const struct ctl *c, struct buf *file, struct str *token)
{
	const char *path = c->opt[CTL_OPT_TOKEN_FILE];
	const char *given = getenv(CTL_TOKEN_ENV);
	char fallback[PATH_MAX];

	buf_init(file, 0);
	*token = STR_NONE;
	if (path != NULL) {
		if (!ctl_read_file(file, path, TOKEN_FILE_MAX))
			return false;
	} else if (!ctl_has(c, CTL_OPT_STATE_DIR) && given != NULL &&
		   given[0] != '\0') {
		*token = str_from(given);
		return true;
	} else {
		snprintf(fallback, sizeof fallback, "%s/%s", ctl_state_dir(c),
			 CTL_TOKEN_FILE);
		if (ctl_has(c, CTL_OPT_STATE_DIR)) {
			if (!ctl_read_file(file, fallback, TOKEN_FILE_MAX))
				return false;
		} else if (read_path(file, fallback, TOKEN_FILE_MAX) != 0) {
			return true;
		}
	}
	*token = buf_str(file);
	while (token->n > 0 && (unsigned char)token->p[token->n - 1] <= ' ')
		token->n--;
	for (size_t i = 0; i < token->n; i++) {
		if ((unsigned char)token->p[i] > ' ' && token->p[i] != 0x7f)
			continue;
		ctl_fail("the file does not hold one token");
		return false;
	}
	return true;
}

bool
ctl_connect(struct ctl *c)
{
	const char *url = c->opt[CTL_OPT_SERVER];
	struct problem p = {0};
	struct buf file;
	struct str token;
	bool ok = false;

	if (c->client != NULL)
		return true;
	if (find_token(c, &file, &token)) {
		ok = ctl_client_new(&c->client, url != NULL ? url : CTL_SERVER_DEFAULT,
				    token, &p) == EMP_OK;
		if (!ok)
			ctl_fail_problem("--server", &p);
	}
	buf_fini(&file);
	return ok;
}

/* "data.answers.x: detail" for each error of a problem document, at most a few. */
static void
problem_errors(struct buf *dst, const struct json_node *errors)
{
	const size_t most = 3;
	size_t n = json_node_count(errors);

	for (size_t i = 0; i < n && i < most; i++) {
		const struct json_node *e = json_node_at(errors, i);
		struct str pointer = json_node_str(json_node_get(e, "pointer"));
		struct str detail = json_node_str(json_node_get(e, "detail"));

		if (detail.n > 0)
			buf_printf(dst, "%s%.*s", i == 0 ? ": " : "; ",
				   STR_FMT(detail));
		if (pointer.n > 0)
			buf_printf(dst, " (at %.*s)", STR_FMT(pointer));
	}
}

bool
ctl_problem_node(struct buf *dst, const struct json_node *problem)
{
	struct str title = json_node_str(json_node_get(problem, "title"));
	struct str detail = json_node_str(json_node_get(problem, "detail"));
	const struct json_node *errors = json_node_get(problem, "errors");

	if (title.n == 0)
		return false;
	buf_add_str(dst, title);
	/* A single error repeats the detail; several stand beside it. */
	if (detail.n > 0 && json_node_count(errors) != 1)
		buf_printf(dst, ": %.*s", STR_FMT(detail));
	problem_errors(dst, errors);
	return true;
}

static void
problem_text(struct buf *dst, struct str body, int status)
{
	struct json_node *root = NULL;

	if (json_node_read(&root, body, NULL) != EMP_OK)
		root = NULL;
	if (!ctl_problem_node(dst, root))
		buf_printf(dst, "the server answered with status %d", status);
	json_node_free(&root);
}

void
ctl_tell_answer(const char *what, const struct ctl_answer *a)
{
	struct buf text;

	buf_init(&text, 0);
	problem_text(&text, a->body, a->status);
	ctl_fail("%s: %.*s", what, STR_FMT(buf_str(&text)));
	if (a->status == 401)
		fputs("Give a token by --token-file FILE, -d STATE_DIR, or in "
		      "the environment as " CTL_TOKEN_ENV ".\n",
		      stderr);
	buf_fini(&text);
}

void
ctl_tell_connection(const struct ctl *c, const struct problem *p)
{
	ctl_fail("%s", p->detail);
	if (ctl_client_refused(c->client))
		fputs("Is the daemon running? This starts it: "
		      "empowerd -d STATE_DIR -l 127.0.0.1:8787\n"
		      "Where it listens elsewhere, --server URL says so.\n",
		      stderr);
}

bool
ctl_ask(struct ctl *c, const char *method, const char *path, struct str body,
	struct ctl_answer *out)
{
	struct problem p = {0};
	enum emp_rc rc;

	if (!ctl_connect(c))
		return false;
	rc = ctl_client_push(c->client, method, path,
			     body.p != NULL ? "application/json" : NULL, body);
	if (rc == EMP_OK)
		rc = ctl_client_pull(c->client, out, &p);
	else
		problem_set(&p, rc, "", "%s", emp_rc_title(rc));
	if (rc != EMP_OK) {
		ctl_tell_connection(c, &p);
		return false;
	}
	return true;
}

bool
ctl_call(struct ctl *c, const char *method, const char *path, struct str body,
	 struct ctl_answer *out)
{
	if (!ctl_ask(c, method, path, body, out))
		return false;
	if (out->status >= 200 && out->status < 300)
		return true;
	ctl_tell_answer(c->command->name, out);
	return false;
}

enum ctl_exit
ctl_print(struct str s)
{
	if ((s.n > 0 && fwrite(s.p, 1, s.n, stdout) != s.n) || fflush(stdout) != 0)
		return ctl_fail("cannot write the output: %s", strerror(errno));
	return CTL_OK;
}

void
ctl_url_escape(struct buf *out, struct str s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\0' && strchr(plain, s.p[i]) != NULL)
			buf_add_c(out, s.p[i]);
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)s.p[i]);
	}
}

static enum ctl_exit
print_help(const struct ctl_command *cmd)
{
	struct buf out;
	enum ctl_exit e;

	buf_init(&out, 0);
	if (cmd != NULL)
		ctl_help_command(&out, cmd);
	else
		ctl_help_all(&out);
	e = buf_ok(&out) ? ctl_print(buf_str(&out)) : ctl_fail("out of memory");
	buf_fini(&out);
	return e;
}

enum ctl_exit
ctl_cmd_help(struct ctl *c)
{
	const struct ctl_command *cmd = NULL;

	if (c->n_args > 1)
		return ctl_usage(c, "help takes one command");
	if (c->n_args == 1) {
		cmd = ctl_command_find(c->args[0]);
		if (cmd == NULL)
			return ctl_usage(c, "there is no command %s", c->args[0]);
	}
	return print_help(cmd);
}

int
ctl_main(int argc, char **argv)
{
	struct ctl c = {.args = calloc((size_t)argc + 1, sizeof *c.args)};
	enum ctl_exit e = CTL_FAILED;

	if (c.args == NULL)
		return (int)ctl_fail("out of memory");
	/* What fails is told by whoever asked for it, once and in a sentence. */
	log_init(LOG_LEVEL_ERROR, false);
	hash_init();
	ctl_term_init(&c.term, STDOUT_FILENO);
	if (crypto_init() != EMP_OK)
		ctl_fail("the random numbers of the system do not work");
	else
		e = ctl_args_read(&c, argc, argv);
	if (e == CTL_OK && ctl_has(&c, CTL_OPT_VERSION)) {
		printf("empowerctl %s\n", base_version());
		e = ctl_print(STR_NONE);
	} else if (e == CTL_OK && ctl_has(&c, CTL_OPT_HELP)) {
		e = print_help(c.command);
	} else if (e == CTL_OK) {
		e = c.command != NULL ? c.command->run(&c)
				      : ctl_usage(&c, "which command?");
	}
	ctl_client_free(&c.client);
	free(c.args);
	return (int)e;
}
