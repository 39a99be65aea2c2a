/* Start order, signals and the way out.
 *
 * Up: state directory, store (which feeds the counters), rollups, routes, listeners (a
 * taken port is an error before anything is written), the writer, what the first start
 * brings, the workers; then it is ready. Down, the other way: no new connections,
 * requests that have begun are answered, the queue is committed, threads end.
 *
 * All signals are blocked in every thread; main waits for them.
 */
#include "daemon/daemon.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/version.h"
#include "crypto/crypto.h"
#include "daemon/first.h"
#include "daemon/notify.h"
#include "daemon/wiring.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DIR_MODE 0750
#define UMASK 0027
#define READY_MAX 600

/* --- start --- */

static enum emp_rc
state_dir(const char *dir, struct problem *p)
{
	struct stat st;

	umask(UMASK);
	if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST)
		return problem_set(p, EMP_IO, "state_dir", "cannot create %s: %s", dir,
				   strerror(errno));
	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return problem_set(p, EMP_IO, "state_dir", "%s is not a directory",
				   dir);
	return EMP_OK;
}

/* As many descriptors as we may have; net says when they do not suffice. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warn("cannot raise the number of descriptors: %s", strerror(errno));
}

static enum emp_rc
start_store(struct parts *p, struct problem *problem)
{
	const struct config *c = p->cfg;
	struct store_config sc = {
		.dir = c->state_dir,
		.timezone = c->timezone[0] ? c->timezone : NULL,
		.max_series = (uint32_t)c->max_series,
		.id_window_max = (uint32_t)c->id_window_max,
		.id_window_hours = (uint32_t)c->id_window_hours,
		.disk_reserve = c->disk_reserve,
		.queue_max = (uint32_t)c->queue_max,
		.readers = (uint32_t)c->readers,
		.group_max = (uint32_t)c->group_max,
		.minute_hours = (int)c->minute_hours,
		.hour_days = (int)c->hour_days,
		.ram_hour_days = WIRING_RAM_HOUR_DAYS,
		.ram_day_days = WIRING_RAM_DAY_DAYS,
		.retention = {.customer = c->retention_customer,
			      .operational = c->retention_operational,
			      .personnel = c->retention_personnel,
			      .cases = c->retention_case,
			      .sealed = c->retention_sealed},
	};
	struct store_hooks hooks;
	enum emp_rc rc;

	wiring_hooks(&hooks, p);
	rc = store_open(&p->store, &sc, &hooks, problem);
	if (rc != EMP_OK)
		p->store = NULL; /* set by the first hook, and gone again */
	return rc;
}

static enum emp_rc
start_net(struct parts *p, struct problem *problem)
{
	const struct config *c = p->cfg;
	const char *tcp[CONFIG_LIST_MAX];
	int inherited[NOTIFY_SOCKETS_MAX];
	struct net_config nc;

	net_config_init(&nc);
	nc.inherited_n = notify_sockets(inherited, NOTIFY_SOCKETS_MAX);
	nc.inherited = inherited;
	nc.tcp = tcp;
	p->inherited = nc.inherited_n > 0 && !config_given(c, STR("listen"));
	if (!p->inherited) {
		for (size_t i = 0; i < c->listen.n; i++) {
			if (strncmp(c->listen.v[i], "unix:", 5) == 0)
				nc.unix_path = c->listen.v[i] + 5;
			else
				tcp[nc.tcp_n++] = c->listen.v[i];
		}
	}
	nc.unix_mode = (unsigned)c->socket_mode;
	nc.workers = (unsigned)c->workers;
	nc.max_connections = (unsigned)c->max_connections;
	nc.max_per_address = (unsigned)c->connections_per_address;
	nc.base_path = c->base_path;
	nc.trusted = (const char *const *)c->trusted_proxies.v;
	nc.trusted_n = c->trusted_proxies.n;
	nc.insecure = c->insecure != 0;
	nc.ms.header = (unsigned)(c->header_timeout * MS_PER_S);
	nc.ms.body = (unsigned)(c->body_timeout * MS_PER_S);
	nc.ms.answer = (unsigned)(c->answer_timeout * MS_PER_S);
	nc.ms.send = (unsigned)(c->send_timeout * MS_PER_S);
	nc.ms.idle = (unsigned)(c->idle_timeout * MS_PER_S);
	return net_new(&p->net, &nc, api_app(p->api), problem);
}

/* As people are told: begun days are whole ones. */
static uint32_t
days(uint64_t seconds)
{
	return (uint32_t)((seconds + S_PER_DAY - 1) / S_PER_DAY);
}

static enum emp_rc
start(struct parts *p, struct problem *problem)
{
	struct api_config ac = {
		.state_dir = p->cfg->state_dir,
		.readers = (uint32_t)p->cfg->readers,
		.rate_limit = (uint32_t)p->cfg->rate_limit,
		.live_max = (uint32_t)p->cfg->live_max,
		.keep.days = {[CLASS_CUSTOMER] = days(p->cfg->retention_customer),
			      [CLASS_SEALED] = days(p->cfg->retention_sealed)},
		.outside = wiring_outside,
		.ctx = p,
	};
	enum emp_rc rc;

	rc = state_dir(p->cfg->state_dir, problem);
	if (rc == EMP_OK)
		rc = start_store(p, problem);
	if (rc != EMP_OK)
		return rc;
	rc = rollups_new(&p->rollups, p->agg, p->store);
	if (rc != EMP_OK)
		return problem_set(problem, rc, "", "%s", emp_rc_title(rc));
	rollups_sla_days(p->rollups, (uint32_t)p->cfg->sla_days);
	ac.store = p->store;
	ac.rollups = p->rollups;
	rc = api_new(&p->api, &ac, problem);
	if (rc == EMP_OK)
		rc = start_net(p, problem);
	if (rc != EMP_OK)
		return rc;
	rc = api_attach(p->api, p->net, net_workers(p->net));
	if (rc != EMP_OK)
		return problem_set(problem, rc, "", "%s", emp_rc_title(rc));
	rc = store_start(p->store);
	if (rc != EMP_OK)
		return problem_set(problem, rc, "", "cannot start the store's threads");
	rc = first_start(p->store, p->cfg->state_dir, problem);
	if (rc != EMP_OK)
		return rc;
	api_begin(p->api);
	rc = net_start(p->net);
	if (rc != EMP_OK)
		return problem_set(problem, rc, "", "cannot start the workers");
	return EMP_OK;
}

static void
stop(struct parts *p)
{
	if (p->api)
		api_set_ready(p->api, false);
	if (p->net)
		net_stop(p->net, (unsigned)(p->cfg->drain_timeout * MS_PER_S));
	if (p->store)
		store_close(&p->store);
	if (p->api)
		api_last(p->api);
	if (p->net)
		net_free(&p->net);
	api_free(&p->api);
	if (p->rollups)
		rollups_free(&p->rollups);
	if (p->agg)
		agg_free(&p->agg);
}

/* --- running --- */

/* "ready: http://127.0.0.1:8787/", for people and for programs that chose port 0. */
static void
say_ready(const struct parts *p)
{
	const struct config *c = p->cfg;
	char text[READY_MAX] = "on the sockets passed by systemd";
	size_t tcp = 0;

	for (size_t i = 0; i < c->listen.n && !p->inherited; i++) {
		const char *address = c->listen.v[i];
		const char *colon = strrchr(address, ':');

		if (strncmp(address, "unix:", 5) == 0)
			snprintf(text, sizeof text, "%s", address);
		else
			snprintf(text, sizeof text, "http://%.*s:%u%s/",
				 (int)(colon ? colon - address : 0), address,
				 net_port(p->net, tcp++), c->base_path);
		fprintf(stderr, "ready: %s\n", text);
	}
	log_info("empowerd %s serves %s with %u workers", base_version(), text,
		 net_workers(p->net));
	notify_ready(text);
}

static void
reload(const struct daemon_reload *r)
{
	struct problem p = {.rc = EMP_OK};
	struct config c;

	if (r->read(r->ctx, &c, &p) != EMP_OK) {
		log_error("the configuration stays as it was: %s: %s", p.pointer,
			  p.detail);
		return;
	}
	log_set_level((enum log_level)c.log_level);
	log_warn("log_level was read anew; other keys need a restart");
	config_fini(&c);
}

/* The watchdog is fed while the writer gets on, or has nothing to do. */
static void
feed_watchdog(struct parts *p, uint64_t *before)
{
	uint64_t groups = atomic_load(&p->groups);
	struct store_health h;

	store_health(p->store, &h);
	if (h.queue_events == 0 || groups != *before)
		notify_alive();
	*before = groups;
}

/* Until it is time to stop. */
static void
wait_for_signals(struct parts *p, const sigset_t *set, const struct daemon_reload *r)
{
	uint64_t interval = notify_interval_ms(), groups = 0;
	struct timespec wait = {.tv_sec = (time_t)(interval / 1000),
				.tv_nsec = (long)(interval % 1000) * 1000000};

	for (;;) {
		int signal = interval ? sigtimedwait(set, NULL, &wait)
				      : sigwaitinfo(set, NULL);

		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (signal == SIGHUP)
			reload(r);
		if (interval)
			feed_watchdog(p, &groups);
	}
}

int
daemon_run(const struct config *c, const struct daemon_reload *r)
{
	struct parts p = {
		.cfg = c, .started_ns = clock_mono_ns(), .main = pthread_self()};
	struct problem problem = {.rc = EMP_OK};
	sigset_t set;
	enum emp_rc rc;

	log_init((enum log_level)c->log_level, getenv("JOURNAL_STREAM") != NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	hash_init();
	raise_descriptors();
	rc = crypto_init();
	if (rc != EMP_OK)
		problem_set(&problem, rc, "", "no source of randomness");
	else
		rc = start(&p, &problem);
	if (rc != EMP_OK) {
		log_error("cannot start: %s%s%s", problem.pointer,
			  problem.pointer[0] ? ": " : "", problem.detail);
		stop(&p);
		return EXIT_FAILURE;
	}
	api_set_ready(p.api, true);
	say_ready(&p);
	wait_for_signals(&p, &set, r);
	notify_stopping();
	log_info("stopping: requests that have begun are answered first");
	/* A second signal ends the program at once: what is acknowledged is safe. */
	sigdelset(&set, SIGHUP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	stop(&p);
	return atomic_load(&p.failed) ? EXIT_FAILURE : EXIT_SUCCESS;
}
