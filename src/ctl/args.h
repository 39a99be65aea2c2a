/* The command line by tables, and the help made of the same tables. [main] */
#ifndef EMP_CTL_ARGS_H
#define EMP_CTL_ARGS_H

#include "ctl/ctl.h"

/* Fills c->opt, c->command and c->args (which has room for argc); CTL_USAGE when told
 * what is wrong. */
enum ctl_exit ctl_args_read(struct ctl *c, int argc, char **argv);
/* NULL when there is none. */
const struct ctl_command *ctl_command_find(const char *name);
/* Append what --help shows. */
void ctl_help_all(struct buf *out);
/* The lines that begin with "usage: ". */
void ctl_help_usage(struct buf *out, const struct ctl_command *cmd);
void ctl_help_command(struct buf *out, const struct ctl_command *cmd);

#endif
