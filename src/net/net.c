/* The whole: made from a configuration, started, drained, freed. */
#include "net/net.h"

#include "net/internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define DEFAULT_CONNECTIONS 16384
#define DEFAULT_PER_ADDRESS 256
#define WORKERS_MAX 256
#define BASE_PATH_MAX 256
#define CACHE_LINE 64

void
net_config_init(struct net_config *cfg)
{
	*cfg = (struct net_config){
		.unix_mode = 0660,
		.max_connections = DEFAULT_CONNECTIONS,
		.max_per_address = DEFAULT_PER_ADDRESS,
		.base_path = "",
		.ms = {.header = 10000,
		       .body = 30000,
		       .answer = 30000,
		       .slow = 600000,
		       .send = 30000,
		       .idle = 60000,
		       .linger = 2000},
	};
}

static uint32_t
usable_cpus(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	n = CPU_COUNT(&set);
	return n > 0 ? (uint32_t)n : 1;
}

/* A path like "/a/b": starts with a slash, does not end in one, nothing to decode. */
static bool
base_path_ok(struct str s)
{
	if (s.n == 0)
		return true;
	if (s.n > BASE_PATH_MAX || s.p[0] != '/' || s.p[s.n - 1] == '/')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("?#%\"\\", s.p[i]) != NULL)
			return false;
	return true;
}

static enum emp_rc
copy_config(struct net *n, const struct net_config *cfg, struct problem *p)
{
	n->cfg = *cfg;
	if (cfg->max_connections == 0)
		return problem_set(p, EMP_CONFIG, "max_connections", "must not be 0");
	n->base_path = str_dup(str_from(cfg->base_path != NULL ? cfg->base_path : ""));
	if (n->base_path == NULL)
		return EMP_NOMEM;
	n->base_path_n = strlen(n->base_path);
	if (!base_path_ok(str_from(n->base_path)))
		return problem_set(p, EMP_CONFIG, "base_path",
				   "must be empty or like /feedback");
	n->trusted = calloc(cfg->trusted_n > 0 ? cfg->trusted_n : 1,
			    sizeof(*n->trusted));
	if (n->trusted == NULL)
		return EMP_NOMEM;
	for (; n->trusted_n < cfg->trusted_n; n->trusted_n++)
		if (!addr_net_parse(&n->trusted[n->trusted_n],
				    str_from(cfg->trusted[n->trusted_n])))
			return problem_set(p, EMP_CONFIG, "trusted_proxies",
					   "%s is neither a network nor \"unix\"",
					   cfg->trusted[n->trusted_n]);
	return EMP_OK;
}

static enum emp_rc
make_workers(struct net *n)
{
	uint32_t count = n->cfg.workers > 0 ? n->cfg.workers : usable_cpus();
	enum emp_rc rc;

	if (count > WORKERS_MAX)
		count = WORKERS_MAX;
	n->workers = aligned_alloc(CACHE_LINE,
				   (count * sizeof(*n->workers) + CACHE_LINE - 1) &
					   ~(size_t)(CACHE_LINE - 1));
	if (n->workers == NULL)
		return EMP_NOMEM;
	memset(n->workers, 0, count * sizeof(*n->workers));
	while (n->n_workers < count) {
		struct worker *w = &n->workers[n->n_workers];

		rc = worker_init(w, n, n->n_workers++);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

enum emp_rc
net_new(struct net **out, const struct net_config *cfg, const struct req_app *app,
	struct problem *p)
{
	struct net *n = calloc(1, sizeof(*n));
	enum emp_rc rc;

	*out = NULL;
	if (n == NULL)
		return problem_set(p, EMP_NOMEM, "", "out of memory");
	n->app = app;
	EMP_ASSERT(pthread_mutex_init(&n->lock, NULL) == 0);
	EMP_ASSERT(pthread_cond_init(&n->changed, NULL) == 0);
	if (p != NULL)
		p->detail[0] = '\0';
	rc = copy_config(n, cfg, p);
	if (rc == EMP_OK && cfg->max_per_address > 0)
		rc = caps_new(&n->caps, cfg->max_connections, cfg->max_per_address);
	if (rc == EMP_OK)
		rc = listen_open(n, cfg, p);
	if (rc == EMP_OK)
		rc = make_workers(n);
	if (rc != EMP_OK) {
		if (p != NULL && p->detail[0] == '\0')
			problem_set(p, rc, "", "%s", emp_rc_title(rc));
		net_free(&n);
		return rc;
	}
	*out = n;
	return EMP_OK;
}

enum emp_rc
net_start(struct net *n)
{
	sigset_t all, before;
	enum emp_rc rc = EMP_OK;
	uint32_t started = 0;

	/* Threads inherit the mask: signals are the main thread's business. */
	EMP_ASSERT(sigfillset(&all) == 0);
	EMP_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	while (rc == EMP_OK && started < n->n_workers) {
		rc = worker_start(&n->workers[started]);
		if (rc == EMP_OK)
			started++;
	}
	EMP_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
	pthread_mutex_lock(&n->lock);
	while (n->ready < started)
		pthread_cond_wait(&n->changed, &n->lock);
	pthread_mutex_unlock(&n->lock);
	n->started = true;
	return rc;
}

/* False when `drain_ms` passed first. */
static bool
wait_drained(struct net *n, const struct timespec *until)
{
	uint32_t running = 0;
	int rc = 0;

	for (uint32_t i = 0; i < n->n_workers; i++)
		running += n->workers[i].running;
	pthread_mutex_lock(&n->lock);
	while (n->drained < running && rc == 0)
		rc = until != NULL ? pthread_cond_clockwait(&n->changed, &n->lock,
							    CLOCK_MONOTONIC, until)
				   : pthread_cond_wait(&n->changed, &n->lock);
	pthread_mutex_unlock(&n->lock);
	return rc == 0;
}

void
net_stop(struct net *n, unsigned drain_ms)
{
	struct timespec until;

	if (!n->started)
		return;
	n->started = false;
	EMP_ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += drain_ms / 1000;
	until.tv_nsec += (long)(drain_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	for (uint32_t i = 0; i < n->n_workers; i++)
		if (n->workers[i].running)
			req_post(n, i, &n->workers[i].do_drain,
				 &n->workers[i].do_drain);
	listen_refuse(n);
	if (wait_drained(n, &until))
		return;
	for (uint32_t i = 0; i < n->n_workers; i++)
		if (n->workers[i].running)
			req_post(n, i, &n->workers[i].do_kill, &n->workers[i].do_kill);
	(void)wait_drained(n, NULL);
}

void
net_free(struct net **np)
{
	struct net *n = *np;

	if (n == NULL)
		return;
	net_stop(n, 0);
	for (uint32_t i = 0; i < n->n_workers; i++)
		worker_fini(&n->workers[i]);
	free(n->workers);
	listen_close(n);
	caps_free(&n->caps);
	free(n->trusted);
	free(n->base_path);
	pthread_cond_destroy(&n->changed);
	pthread_mutex_destroy(&n->lock);
	free(n);
	*np = NULL;
}

uint16_t
net_port(const struct net *n, size_t i)
{
	return i < n->n_listeners ? n->ports[i] : 0;
}

uint32_t
net_workers(const struct net *n)
{
	return n->n_workers;
}

void
net_stats_get(const struct net *n, struct net_stats *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < n->n_workers; i++) {
		const struct counters *c = &n->workers[i].count;

#define STAT(name, text)                                                               \
	out->name += atomic_load_explicit(&c->name, memory_order_relaxed);
#include "net/stats.def"
#undef STAT
	}
}
