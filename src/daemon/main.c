/* empowerd: the command line. Everything else is in daemon.c. */
#include "daemon/daemon.h"

#include "base/version.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SETTINGS_MAX 256
#define EXIT_USAGE 2

enum { OPT_PRINT_CONFIG = 256 };

static const char help[] =
	"usage: empowerd [-d STATE_DIR] [-l ADDRESS:PORT] [-c FILE] [-o KEY=VALUE]...\n"
	"\n"
	"Collects what customers and employees say and do, and answers dashboards.\n"
	"\n"
	"  -c, --config FILE       read the configuration from FILE\n"
	"  -d, --state-dir DIR     same as -o state_dir=DIR (/var/lib/empowerd)\n"
	"  -l, --listen ADDRESS    same as -o listen=ADDRESS; may come again\n"
	"                          (127.0.0.1:8787; port 0 picks a free one)\n"
	"  -o, --option KEY=VALUE  set a key of the configuration\n"
	"  -t, --test              check the configuration and exit\n"
	"      --print-config      print the configuration in force and exit\n"
	"  -h, --help              print this and exit\n"
	"  -V, --version           print the version and exit\n"
	"\n"
	"Later sources win: FILE, then EMPOWERD_KEY in the environment, then options.\n"
	"Once ready it writes \"ready: http://ADDRESS:PORT/\" to standard error.\n"
	"SIGTERM stops it; what was acknowledged is on disk.\n"
	"See empowerd(8), empowerd.conf(5) and empowerd-api(7).\n";

static const char short_options[] = "c:d:hl:o:tV";
static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"state-dir", required_argument, NULL, 'd'},
	{"listen", required_argument, NULL, 'l'},
	{"option", required_argument, NULL, 'o'},
	{"test", no_argument, NULL, 't'},
	{"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* What the command line asks for; the strings are argv's. */
struct command {
	const char *file;
	struct str keys[SETTINGS_MAX], values[SETTINGS_MAX];
	size_t n;
	struct buf listen; /* all -l, joined */
	bool test, print;
};

/* In order, so that a later option wins. */
static void
add_setting(struct command *c, struct str key, struct str value)
{
	if (c->n == SETTINGS_MAX) {
		fprintf(stderr, "empowerd: too many options\n");
		exit(EXIT_USAGE);
	}
	c->keys[c->n] = key;
	c->values[c->n++] = value;
}

static void
add_pair(struct command *c, const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text) {
		fprintf(stderr, "empowerd: -o takes KEY=VALUE, not \"%s\"\n", text);
		exit(EXIT_USAGE);
	}
	add_setting(c, (struct str){text, (size_t)(equals - text)},
		    str_from(equals + 1));
}

static void
parse(struct command *c, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, short_options, long_options, NULL)) !=
	       -1) {
		switch (opt) {
		case 'c':
			c->file = optarg;
			break;
		case 'd':
			add_setting(c, STR("state_dir"), str_from(optarg));
			break;
		case 'l':
			if (c->listen.n > 0)
				buf_add_c(&c->listen, ',');
			buf_add_z(&c->listen, optarg);
			break;
		case 'o':
			add_pair(c, optarg);
			break;
		case 't':
			c->test = true;
			break;
		case OPT_PRINT_CONFIG:
			c->print = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			printf("empowerd %s\n", base_version());
			exit(EXIT_SUCCESS);
		default:
			fprintf(stderr, "Try \"empowerd --help\".\n");
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "empowerd: what is \"%s\"? Try \"empowerd --help\".\n",
			argv[optind]);
		exit(EXIT_USAGE);
	}
	if (!buf_ok(&c->listen)) {
		fprintf(stderr, "empowerd: out of memory\n");
		exit(EXIT_FAILURE);
	}
	if (c->listen.n > 0)
		add_setting(c, STR("listen"), buf_str(&c->listen));
}

/* All sources, in order. */
static enum emp_rc
read_all(void *ctx, struct config *c, struct problem *p)
{
	const struct command *command = ctx;
	enum emp_rc rc = config_init(c);

	if (rc != EMP_OK) {
		problem_set(p, rc, "", "%s", emp_rc_title(rc));
		goto out;
	}
	if (command->file)
		rc = config_file(c, command->file, p);
	if (rc == EMP_OK)
		rc = config_environment(c, (const char *const *)environ, p);
	for (size_t i = 0; i < command->n && rc == EMP_OK; i++)
		rc = config_set(c, command->keys[i], command->values[i], p);
	if (rc == EMP_OK)
		rc = config_check(c, p);
out:
	if (rc != EMP_OK)
		config_fini(c);
	return rc;
}

static int
print(const struct config *c)
{
	struct buf out;
	int status = EXIT_FAILURE;

	buf_init(&out, 0);
	config_print(c, &out);
	if (buf_ok(&out) && fwrite(out.p, 1, out.n, stdout) == out.n &&
	    fflush(stdout) == 0)
		status = EXIT_SUCCESS;
	else
		fprintf(stderr, "empowerd: cannot write the configuration\n");
	buf_fini(&out);
	return status;
}

int
main(int argc, char **argv)
{
	struct command command = {.file = NULL};
	struct daemon_reload reload = {read_all, &command};
	struct problem p = {.rc = EMP_OK};
	struct config c;
	int status = EXIT_SUCCESS;

	buf_init(&command.listen, 0);
	parse(&command, argc, argv);
	if (read_all(&command, &c, &p) != EMP_OK) {
		fprintf(stderr, "empowerd: %s%s%s\n", p.pointer,
			p.pointer[0] ? ": " : "", p.detail);
		buf_fini(&command.listen);
		return EXIT_USAGE;
	}
	if (command.print)
		status = print(&c);
	else if (!command.test)
		status = daemon_run(&c, &reload);
	config_fini(&c);
	buf_fini(&command.listen);
	return status;
}
