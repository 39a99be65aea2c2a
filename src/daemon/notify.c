/* Speaking to systemd through libsystemd, where the build has it. */
#include "daemon/notify.h"

/* In angle brackets: in quotes it would be this directory's own config.h. */
#include <config.h>

#ifdef HAVE_SYSTEMD

#include "base/log.h"

#include <string.h>
#include <systemd/sd-daemon.h>

size_t
notify_sockets(int *fds, size_t max)
{
	int n = sd_listen_fds(1);

	if (n < 0)
		log_warn("sockets passed by systemd cannot be used: %s", strerror(-n));
	if (n <= 0)
		return 0;
	for (size_t i = 0; i < (size_t)n && i < max; i++)
		fds[i] = SD_LISTEN_FDS_START + (int)i;
	return (size_t)n < max ? (size_t)n : max;
}

void
notify_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=Finishing what has begun");
}

void
notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

uint64_t
notify_interval_ms(void)
{
	uint64_t us;

	/* Half of what it waits, as sd_watchdog_enabled(3) advises. */
	return sd_watchdog_enabled(0, &us) > 0 ? us / 2000 : 0;
}

#else

size_t
notify_sockets(int *fds, size_t max)
{
	(void)fds;
	(void)max;
	return 0;
}

void
notify_ready(const char *status)
{
	(void)status;
}

void
notify_stopping(void)
{
}

void
notify_alive(void)
{
}

uint64_t
notify_interval_ms(void)
{
	return 0;
}

#endif
