/* The configuration: one table, three sources, one set of checks.
 *
 * Later sources win: defaults, file, environment, command line. What is wrong is never
 * ignored: an unknown key or a bad value is an error that says where it stands.
 */
#ifndef EMP_DAEMON_CONFIG_H
#define EMP_DAEMON_CONFIG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

#define CONFIG_LIST_MAX 64

struct config_list {
	size_t n;
	char *v[CONFIG_LIST_MAX];
};

struct config {
#define CONFIG_TEXT char *
#define CONFIG_LIST struct config_list
#define CONFIG_NUMBER uint64_t
#define CONFIG_SIZE uint64_t
#define CONFIG_SECONDS uint64_t
#define CONFIG_AGE uint64_t
#define CONFIG_BOOL uint64_t
#define CONFIG_MODE uint64_t
#define CONFIG_LEVEL uint64_t
#define CONFIG(key, type, value, min, max, doc) CONFIG_##type key;
#include "daemon/config.def"
#undef CONFIG
	uint64_t given; /* bit per row: some source said it */
};

/* [main] The defaults. */
EMP_MUST_CHECK enum emp_rc config_init(struct config *c);
void config_fini(struct config *c);
/* [main] One key from one text (lists: joined by commas). EMP_CONFIG names the key. */
EMP_MUST_CHECK enum emp_rc config_set(struct config *c, struct str key,
				      struct str value, struct problem *p);
/* [main] Row `i` from `n` values of its own; for config_file. */
EMP_MUST_CHECK enum emp_rc config_put(struct config *c, size_t i,
				      const struct str *values, size_t n,
				      struct problem *p);
/* [main] A file. The pointer of the problem is "FILE:LINE". */
EMP_MUST_CHECK enum emp_rc config_file(struct config *c, const char *path,
				       struct problem *p);
/* [main] The environment. Names that are no keys are warned of. */
EMP_MUST_CHECK enum emp_rc config_environment(struct config *c, const char *const *env,
					      struct problem *p);
/* [main] What one value cannot tell: whether they fit each other. */
EMP_MUST_CHECK enum emp_rc config_check(const struct config *c, struct problem *p);
/* [any] A file with all keys and their documents; those that have their default are
 * comments. */
void config_print(const struct config *c, struct buf *out);

/* [any] The table, for the file's grammar and documents. NULL behind the last. */
const char *config_key(size_t i);
bool config_is_list(size_t i);
bool config_given(const struct config *c, struct str key);

#endif
