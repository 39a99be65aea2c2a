/* empowerctl: what all commands share.
 *
 * main() hands over to ctl_main(), which reads the command line by two tables (one of
 * options, one of commands), and calls the command. A command returns its exit status;
 * it has told the reason on standard error before. One thread, so everything here is
 * [main]. */
#ifndef EMP_CTL_CTL_H
#define EMP_CTL_CTL_H

#include "base/error.h"
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/term.h"

#include <stdint.h>

/* Exit status; interface, see empowerctl(1). */
enum ctl_exit { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

enum ctl_opt {
#define OPT(id, letter, name, value, help) CTL_OPT_##id,
#include "ctl/options.def"
#undef OPT
	CTL_OPT_COUNT
};

#define CTL_SERVER_DEFAULT "http://127.0.0.1:8787"
#define CTL_STATE_DIR_DEFAULT "/var/lib/empowerd"
#define CTL_TOKEN_ENV "EMPOWERD_TOKEN"
#define CTL_TOKEN_FILE "admin.token"
#define CTL_DATE_EXAMPLE "a date such as 2026-01-31"
#define CTL_TIME_EXAMPLE "a time such as 2026-01-31T09:00:00Z"

struct ctl_command;
struct json_node;

struct ctl {
	const char *opt[CTL_OPT_COUNT]; /* NULL: not given; a flag: "" */
	const struct ctl_command *command;
	const char **args; /* what is left, without the command's name */
	int n_args;
	struct ctl_term term; /* standard output */
	struct ctl_client *client;
};

struct ctl_command {
	const char *name;    /* "token" */
	const char *args;    /* "add LABEL | list | revoke ID" */
	const char *summary; /* one line */
	const char *help;    /* more; wrapped when shown */
	uint64_t options;    /* bit per enum ctl_opt beside the global ones */
	enum ctl_exit (*run)(struct ctl *c);
};

/* Ends with one that has no name. */
extern const struct ctl_command ctl_commands[];

int ctl_main(int argc, char **argv);

static inline bool
ctl_has(const struct ctl *c, enum ctl_opt o)
{
	return c->opt[o] != NULL;
}

/* "empowerctl: ..." on standard error; returns CTL_FAILED. */
enum ctl_exit ctl_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with a hint at --help; returns CTL_USAGE. */
enum ctl_exit ctl_usage(const struct ctl *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A problem of our own side in a sentence; `what` names what was being done. */
enum ctl_exit ctl_fail_problem(const char *what, const struct problem *p);
/* A whole number an option asks for; `otherwise` when not given. False (and told) when
 * it is no number from lo to hi. */
EMP_MUST_CHECK bool ctl_number(const struct ctl *c, enum ctl_opt o, uint64_t lo,
			       uint64_t hi, uint64_t otherwise, uint64_t *out);
/* Whether a time can be meant as it was typed. Four to eight digits look like a year, a
 * month or a day, and would be read as seconds of 1970: false (and told) for these.
 * `name` is the option or parameter, `example` what to type. */
EMP_MUST_CHECK bool ctl_time(const struct ctl *c, const char *name, struct str text,
			     const char *example);
/* The directory of -d, or the default. */
const char *ctl_state_dir(const struct ctl *c);

/* Connects (token from --token-file, the environment or STATE_DIR) into c->client;
 * tells what is wrong. */
EMP_MUST_CHECK bool ctl_connect(struct ctl *c);
/* One request and its answer of any status; false when there is none (told). `body`
 * STR_NONE: none. The answer's bytes are the client's until the next call. */
EMP_MUST_CHECK bool ctl_ask(struct ctl *c, const char *method, const char *path,
			    struct str body, struct ctl_answer *out);
/* The same; false (and told) for anything but 2xx, too. */
EMP_MUST_CHECK bool ctl_call(struct ctl *c, const char *method, const char *path,
			     struct str body, struct ctl_answer *out);
/* Why there is no answer, and what to do about it. */
void ctl_tell_connection(const struct ctl *c, const struct problem *p);
/* Puts an answer that is no success into a sentence on standard error. */
void ctl_tell_answer(const char *what, const struct ctl_answer *a);
/* The same sentence from a problem document; false when it is none. */
bool ctl_problem_node(struct buf *dst, const struct json_node *problem);
/* Writes all of it to standard output. */
enum ctl_exit ctl_print(struct str s);
/* Reads a whole file (or standard input for "-") of at most `max` bytes; told when not.
 */
EMP_MUST_CHECK bool ctl_read_file(struct buf *out, const char *path, size_t max);
/* Appends `s` with all but unreserved characters percent-encoded. */
void ctl_url_escape(struct buf *out, struct str s);

/* The long name of an option, without the dashes. */
const char *ctl_option_name(int o);

/* The commands; each in cmd_NAME.c or beside its kin. */
enum ctl_exit ctl_cmd_audit(struct ctl *c);
enum ctl_exit ctl_cmd_boundary(struct ctl *c);
enum ctl_exit ctl_cmd_decision(struct ctl *c);
enum ctl_exit ctl_cmd_demo(struct ctl *c);
enum ctl_exit ctl_cmd_help(struct ctl *c);
enum ctl_exit ctl_cmd_import(struct ctl *c);
enum ctl_exit ctl_cmd_invite(struct ctl *c);
enum ctl_exit ctl_cmd_lint(struct ctl *c);
enum ctl_exit ctl_cmd_person(struct ctl *c);
enum ctl_exit ctl_cmd_release(struct ctl *c);
enum ctl_exit ctl_cmd_report(struct ctl *c);
enum ctl_exit ctl_cmd_rollup(struct ctl *c);
enum ctl_exit ctl_cmd_snapshot(struct ctl *c);
enum ctl_exit ctl_cmd_status(struct ctl *c);
enum ctl_exit ctl_cmd_suggestion(struct ctl *c);
enum ctl_exit ctl_cmd_survey(struct ctl *c);
enum ctl_exit ctl_cmd_token(struct ctl *c);
enum ctl_exit ctl_cmd_unit(struct ctl *c);
enum ctl_exit ctl_cmd_verify(struct ctl *c);

#endif
