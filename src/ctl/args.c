/* The command line, read by the tables of options and commands, and the help that is
 * made of them.
 *
 * Options may stand anywhere, before or behind the command's name; "--" ends them; a
 * lone "-" is an argument (standard input). Unknown options, options of another
 * command, missing values and values too many are usage errors. */
#include "ctl/args.h"

#include <stdio.h>
#include <string.h>

#define HELP_WIDTH 78
#define USAGE_COLUMN 7 /* behind "usage: " */
#define HELP_COLUMN 26 /* where the text of an option starts */

struct option {
	char letter;
	const char *name;
	const char *value; /* NULL: a flag */
	const char *help;
};

static const struct option options[CTL_OPT_COUNT] = {
#define OPT(id, l, n, v, h)                                                            \
	[CTL_OPT_##id] = {.letter = (l), .name = (n), .value = (v), .help = (h)},
#include "ctl/options.def"
#undef OPT
};

static bool
takes(const struct ctl_command *cmd, int o)
{
	return o <= CTL_OPT_VERSION || (cmd != NULL && (cmd->options >> o & 1) != 0);
}

const struct ctl_command *
ctl_command_find(const char *name)
{
	for (const struct ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++)
		if (strcmp(cmd->name, name) == 0)
			return cmd;
	return NULL;
}

const char *
ctl_option_name(int o)
{
	EMP_ASSERT(o >= 0 && o < CTL_OPT_COUNT);
	return options[o].name;
}

static int
find_long(struct str name)
{
	for (int i = 0; i < CTL_OPT_COUNT; i++)
		if (str_is(name, options[i].name))
			return i;
	return -1;
}

static int
find_letter(char letter)
{
	for (int i = 0; i < CTL_OPT_COUNT; i++)
		if (options[i].letter == letter)
			return i;
	return -1;
}

/* One option at argv[*i]; moves *i on when its value is the next word. */
static enum ctl_exit
take_option(struct ctl *c, int argc, char **argv, int *i)
{
	struct str word = str_from(argv[*i]);
	const char *value = NULL;
	int o;

	if (word.p[1] == '-') {
		struct str rest = {word.p + 2, word.n - 2};
		struct str name = str_split(&rest, '=');

		o = find_long(name);
		if (rest.p != NULL)
			value = rest.p;
	} else {
		o = find_letter(word.p[1]);
		if (word.n > 2)
			value = word.p + 2;
	}
	if (o < 0)
		return ctl_usage(c, "there is no option %s", argv[*i]);
	if (options[o].value == NULL) {
		if (value != NULL)
			return ctl_usage(c, "--%s takes no value", options[o].name);
		value = "";
	} else if (value == NULL) {
		if (*i + 1 >= argc)
			return ctl_usage(c, "--%s needs a %s", options[o].name,
					 options[o].value);
		value = argv[++*i];
	}
	c->opt[o] = value;
	return CTL_OK;
}

enum ctl_exit
ctl_args_read(struct ctl *c, int argc, char **argv)
{
	bool only_args = false;

	for (int i = 1; i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (take_option(c, argc, argv, &i) != CTL_OK)
				return CTL_USAGE;
		} else if (c->command == NULL) {
			c->command = ctl_command_find(argv[i]);
			if (c->command == NULL)
				return ctl_usage(c, "there is no command %s", argv[i]);
		} else {
			c->args[c->n_args++] = argv[i];
		}
	}
	for (int o = 0; o < CTL_OPT_COUNT; o++)
		if (ctl_has(c, (enum ctl_opt)o) && c->command != NULL &&
		    !takes(c->command, o))
			return ctl_usage(c, "%s takes no option --%s", c->command->name,
					 options[o].name);
	if (ctl_has(c, CTL_OPT_JSON) && ctl_has(c, CTL_OPT_CSV))
		return ctl_usage(c, "--json and --csv exclude each other");
	return CTL_OK;
}

/* Words of `text` between the columns `at` and HELP_WIDTH. */
static void
wrap(struct buf *out, struct str rest, size_t at)
{
	size_t column = at;

	while (rest.n > 0) {
		struct str word = str_split(&rest, ' ');

		if (column > at && column + 1 + word.n > HELP_WIDTH) {
			buf_printf(out, "\n%*s", (int)at, "");
			column = at;
		} else if (column > at) {
			buf_add_c(out, ' ');
			column++;
		}
		/* A line that starts with a space is an example, set off by two. */
		if (word.n == 0) {
			buf_add_c(out, ' ');
			column++;
		}
		buf_add_str(out, word);
		column += word.n;
	}
	buf_add_c(out, '\n');
}

static void
option_help(struct buf *out, const struct option *o)
{
	size_t start = out->n;

	if (o->letter != 0)
		buf_printf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(out, "      --%s", o->name);
	if (o->value != NULL)
		buf_printf(out, " %s", o->value);
	buf_printf(out, "%*s",
		   start + HELP_COLUMN > out->n ? (int)(start + HELP_COLUMN - out->n)
						: 1,
		   "");
	wrap(out, str_from(o->help), HELP_COLUMN);
}

void
ctl_help_all(struct buf *out)
{
	buf_add_z(out,
		  "usage: empowerctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
		  "Works with empowerd, the feedback analytics daemon.\n\n"
		  "Commands:\n");
	for (const struct ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++)
		buf_printf(out, "  %-11s %s\n", cmd->name, cmd->summary);
	buf_add_z(out, "\nOptions of every command:\n");
	for (int i = 0; i <= CTL_OPT_VERSION; i++)
		option_help(out, &options[i]);
	buf_add_z(out,
		  "\nThe exit status is 0 when all went well, 1 when something "
		  "failed or differs,\n2 when the command line is wrong.\n"
		  "`empowerctl help COMMAND` says more; so does empowerctl(1).\n");
}

/* Bytes up to " | " and with its bar, or all: a line is not broken inside. */
static size_t
alternative(struct str args)
{
	for (size_t i = 0; i + 2 < args.n; i++)
		if (memcmp(args.p + i, " | ", 3) == 0)
			return i + 2;
	return args.n;
}

void
ctl_help_usage(struct buf *out, const struct ctl_command *cmd)
{
	struct str rest = str_from(cmd->args);
	size_t start = out->n;

	buf_printf(out, "usage: empowerctl %s [OPTION...]", cmd->name);
	while (rest.n > 0) {
		size_t n = alternative(rest);

		if (out->n - start + 1 + n > HELP_WIDTH) {
			buf_add_c(out, '\n');
			start = out->n;
			buf_printf(out, "%*s", USAGE_COLUMN - 1, "");
		}
		buf_add_c(out, ' ');
		buf_add(out, rest.p, n);
		rest = (struct str){rest.p + n, rest.n - n};
		if (rest.n > 0)
			rest = (struct str){rest.p + 1, rest.n - 1};
	}
	buf_add_c(out, '\n');
}

void
ctl_help_command(struct buf *out, const struct ctl_command *cmd)
{
	struct str help = str_from(cmd->help);

	ctl_help_usage(out, cmd);
	buf_add_c(out, '\n');
	while (help.n > 0)
		wrap(out, str_split(&help, '\n'), 0);
	if (cmd->options != 0)
		buf_add_z(out, "\nOptions:\n");
	for (int i = CTL_OPT_VERSION + 1; i < CTL_OPT_COUNT; i++)
		if (takes(cmd, i))
			option_help(out, &options[i]);
	buf_add_z(out, "\n");
	wrap(out,
	     STR("The options of every command, such as --server, --state-dir and "
		 "--json: `empowerctl --help`."),
	     0);
}
