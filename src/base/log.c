/* The daemon's log. A line is built in one buffer and written by one write(2), so that
 * lines of several threads do not mix and nothing needs a lock. */
#include "base/log.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdint.h>
#include <unistd.h>

#define LOG_LINE_MAX 2048

static _Atomic int log_most = LOG_LEVEL_INFO;
static bool log_journal;

static const struct {
	const char *name;
	int priority; /* of syslog(3), which the journal reads between < and > */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3},
	[LOG_LEVEL_WARN] = {"warning", 4},
	[LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};

void
log_init(enum log_level most, bool journal)
{
	log_set_level(most);
	log_journal = journal;
}

void
log_set_level(enum log_level most)
{
	atomic_store_explicit(&log_most, (int)most, memory_order_relaxed);
}

bool
log_on(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log_most, memory_order_relaxed);
}

/* One message is one line, whatever was formatted into it: a name with a newline must
 * not be able to write a line of its own. */
static void
flatten(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			p[i] = ' ';
}

static void
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* there is nowhere left to say so */
		p += done;
		n -= (size_t)done;
	}
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	char when[TIME_TEXT_MAX];
	int saved = errno; /* callers log, then look at errno */
	va_list args;
	size_t n;
	int more;

	if (!log_on(level))
		return;
	if (log_journal) {
		n = (size_t)snprintf(line, sizeof line, "<%d>", levels[level].priority);
	} else {
		time_format(when, clock_now_ms() / MS_PER_S * MS_PER_S);
		n = (size_t)snprintf(line, sizeof line, "%s %s: ", when,
				     levels[level].name);
	}
	EMP_ASSERT(n < sizeof line);
	errno = saved; /* for %m */
	va_start(args, fmt);
	more = vsnprintf(line + n, sizeof line - n, fmt, args);
	va_end(args);
	if (more > 0) {
		size_t room = sizeof line - n - 1;
		size_t message = (size_t)more < room ? (size_t)more : room;

		flatten(line + n, message);
		n += message;
	}
	line[n++] = '\n'; /* where vsnprintf put the NUL */
	write_all(line, n);
	errno = saved;
}

bool
log_limit_pass(struct log_limit *l)
{
	/* From 1, because 0 in the caller's static means that nothing was logged yet.
	 */
	long long now = (long long)(clock_mono_ns() / UINT64_C(1000000000)) + 1;
	long long last = atomic_load_explicit(&l->last_s, memory_order_relaxed);

	/* Of several threads in the same second the one that swaps it speaks. */
	return last != now && atomic_compare_exchange_strong(&l->last_s, &last, now);
}
