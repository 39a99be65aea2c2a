/* What systemd is told and gives: readiness, the watchdog, sockets. Without libsystemd,
 * and when not started by systemd, all of it does nothing. */
#ifndef EMP_DAEMON_NOTIFY_H
#define EMP_DAEMON_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#define NOTIFY_SOCKETS_MAX 16

/* [main] Before threads: the sockets passed to us, at most `max`. Returns how many. */
size_t notify_sockets(int *fds, size_t max);
/* [main] */
void notify_ready(const char *status);
void notify_stopping(void);
void notify_alive(void);
/* [main] How often notify_alive is wanted, in ms; 0: not at all. */
uint64_t notify_interval_ms(void);

#endif
