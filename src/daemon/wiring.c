/* Hooks of the store: counting, publishing, writing cells, new definitions.
 *
 * They run on the writer's thread, or on the starting one while the file is opened.
 * What cannot fail there without losing the equality of counters and file ends the
 * daemon: the next start counts anew from the file.
 */
#include "daemon/wiring.h"

#include "base/clock.h"
#include "base/log.h"
#include "privacy/release.h"

#include <signal.h>

#define TIDY_EVERY_S 60

static enum emp_rc
on_load(void *ctx, const struct cell_key *k, struct cell *out)
{
	struct parts *p = ctx;

	return store_cell_load(p->store, k, out);
}

/* Ages are reckoned from the newest event: that moment is in the file, so horizons are
 * the same after a start, whatever the clock did. */
static void
tidy(struct parts *p)
{
	if (p->newest_s < p->tidied_s + TIDY_EVERY_S)
		return;
	p->tidied_s = p->newest_s;
	agg_tidy(p->agg, p->newest_s);
}

static enum emp_rc
on_opened(void *ctx, struct store *s)
{
	struct parts *p = ctx;
	struct agg_config c = {
		.tz = store_tz(s),
		.minute_hours = (int)p->cfg->minute_hours,
		.hour_days = (int)p->cfg->hour_days,
		.from = {[GRAIN_MINUTE] = store_cells_from(s, GRAIN_MINUTE),
			 [GRAIN_HOUR] = store_cells_from(s, GRAIN_HOUR)},
		.ram_hour_days = WIRING_RAM_HOUR_DAYS,
		.ram_day_days = WIRING_RAM_DAY_DAYS,
		.load = on_load,
		.ctx = p,
	};
	enum emp_rc rc;

	/* The table of keys bounds it; __other__ adds one per audience. */
	EMP_ASSERT(p->cfg->max_series + AUDIENCE_EMPLOYEE < AGG_SERIES_END);
	rc = agg_new(&p->agg, &c);
	p->store = s;
	p->newest_s = store_newest(s) / MS_PER_S;
	if (p->newest_s == 0)
		p->newest_s = clock_now_ms() / MS_PER_S;
	if (rc == EMP_OK)
		tidy(p);
	return rc;
}

static enum emp_rc
on_series(void *ctx, uint32_t id, uint8_t audience, const uint32_t dim_id[DIM_COUNT])
{
	struct parts *p = ctx;
	bool other = false;

	for (int d = 0; d < DIM_COUNT; d++)
		other |= dim_id[d] != INTERN_NONE &&
			str_is(intern_text(store_names(p->store, (enum dim)d),
					   dim_id[d]),
			       OTHER_NAME);
	return agg_series_add(p->agg, id, audience, dim_id, other);
}

static enum emp_rc
on_cell(void *ctx, const struct cell *c)
{
	struct parts *p = ctx;

	return agg_cell_put(p->agg, c);
}

static void
on_count(void *ctx, uint32_t series, int64_t time_ms, const struct event_slots *slots,
	 int64_t seq, bool replay)
{
	struct parts *p = ctx;
	enum emp_rc rc = agg_count(p->agg, series, time_ms, slots, seq, replay);

	if (rc == EMP_OK)
		return;
	/* The event is in the file and nobody has been told; the next start counts it.
	 */
	log_error("an event could not be counted (%s); stopping", emp_rc_title(rc));
	EMP_ASSERT(!"a committed event must be counted");
}

static void
on_publish(void *ctx, int64_t seq, int64_t as_of)
{
	struct parts *p = ctx;

	if (as_of != 0)
		p->newest_s = as_of / MS_PER_S;
	agg_publish(p->agg, seq, as_of);
}

static size_t
on_cells_dirty(void *ctx, struct cell *out, size_t max)
{
	struct parts *p = ctx;

	return agg_cells_dirty(p->agg, out, max);
}

static void
on_cells_written(void *ctx, bool ok)
{
	struct parts *p = ctx;

	agg_cells_written(p->agg, ok);
}

static int64_t
on_dirty_since(void *ctx)
{
	struct parts *p = ctx;

	return agg_dirty_since(p->agg);
}

static void
on_defs(void *ctx, const struct defs *d)
{
	struct parts *p = ctx;

	if (p->api)
		api_defs(p->api, d);
}

static void
on_group_end(void *ctx)
{
	struct parts *p = ctx;

	atomic_fetch_add_explicit(&p->groups, 1, memory_order_relaxed);
	tidy(p);
	if (p->api)
		api_group_end(p->api);
}

static void
on_fatal(void *ctx)
{
	struct parts *p = ctx;

	atomic_store(&p->failed, true);
	pthread_kill(p->main, SIGTERM);
}

void
wiring_hooks(struct store_hooks *h, struct parts *p)
{
	*h = (struct store_hooks){
		.ctx = p,
		.opened = on_opened,
		.series = on_series,
		.cell = on_cell,
		.count = on_count,
		.publish = on_publish,
		.cells_dirty = on_cells_dirty,
		.cells_written = on_cells_written,
		.dirty_since = on_dirty_since,
		.release = release_blocks_make,
		.defs = on_defs,
		.group_end = on_group_end,
		.fatal = on_fatal,
	};
}

void
wiring_outside(void *ctx, struct api_outside *out)
{
	struct parts *p = ctx;
	struct net_stats net;
	struct agg_stats agg;

	net_stats_get(p->net, &net);
	agg_stats(p->agg, &agg);
	*out = (struct api_outside){
		.published = (uint64_t)agg_published(p->agg),
		.tracks = agg.tracks,
		.buckets = agg.buckets,
		.dirty = agg.dirty,
		.counter_bytes = agg.bytes,
		.uptime_s = (clock_mono_ns() - p->started_ns) / 1000000000u,
		.workers = net_workers(p->net),
		.accepted = net.accepted,
		.open = net.open,
		.streams = net.streams,
		.refused_full = net.refused_full,
		.refused_address = net.refused_address,
		.refused_descriptors = net.refused_descriptors,
		.bytes_in = net.bytes_in,
		.bytes_out = net.bytes_out,
		.requests = net.requests,
		.answers_2xx = net.answers_2xx,
		.answers_3xx = net.answers_3xx,
		.answers_4xx = net.answers_4xx,
		.answers_5xx = net.answers_5xx,
		.parse_errors = net.parse_errors,
		.timeouts = net.timeout_header + net.timeout_body + net.timeout_answer +
			net.timeout_send,
		.timeout_idle = net.timeout_idle,
	};
}
