/* The daemon's log: one line per message, to standard error or the system journal.
 *
 * Written for admins: what happened, to which file or address, what to do. Never event
 * text, tokens, ids or names of people. Under systemd (JOURNAL_STREAM) lines carry the
 * <N> priority prefix, else a UTC time.
 */
#ifndef EMP_BASE_LOG_H
#define EMP_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Set once by main before threads start. */
void log_init(enum log_level most, bool journal);
/* [any] From now on. */
void log_set_level(enum log_level most);
/* One write(2) per message, safe from every thread. [any] */
void log_at(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool log_on(enum log_level level);

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Lets one message through per second and counts the rest: for conditions that repeat
 * per connection. `last` is the caller's static, one per place. */
struct log_limit {
	_Atomic long long last_s;
};
bool log_limit_pass(struct log_limit *l);

#endif
