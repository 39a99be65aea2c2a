/* /healthz, /readyz, /metrics, the OpenAPI document and the page at /. */
#include "api/openapi.h"
#include "api/route.h"
#include "api/worker.h"
#include "base/version.h"
#include "http/fields.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void
healthz_get(struct req *r)
{
	req_reply(r, 200, "application/json", STR("{\"status\":\"ok\"}\n"));
}

void
readyz_get(struct req *r)
{
	struct api *a = worker_of(r)->api;
	struct store_health h;

	store_health(a->cfg.store, &h);
	if (!atomic_load(&a->ready))
		answer_problem(r, EMP_NOT_READY, "", "");
	else if (h.disk_full)
		answer_problem(r, EMP_DISK_FULL, "", "");
	else
		req_reply(r, 200, "application/json", STR("{\"status\":\"ready\"}\n"));
}

static void
metric_add(struct buf *b, const char *name, const char *type, const char *help,
	   uint64_t value)
{
	buf_printf(b, "# HELP empowerd_%s %s\n# TYPE empowerd_%s %s\nempowerd_%s ",
		   name, help, name, type, name);
	buf_add_u64(b, value);
	buf_add_c(b, '\n');
}

void
metrics_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	struct api *a = aw->api;
	struct buf *b = &aw->out;
	struct store_health health;
	struct api_outside outside;
#define METRIC_API(field) uint64_t field;
#define METRIC_HEALTH(field)
#define METRIC(source, field, name, type, help) METRIC_##source(field)
	struct {
#include "api/metrics.def"
	} sum = {0};
#undef METRIC_API
#define METRIC_API(field)                                                              \
	sum.field += atomic_load_explicit(&a->shared[i].stats.field,                   \
					  memory_order_relaxed);
	if (!query_empty(r))
		return;
	store_health(a->cfg.store, &health);
	a->cfg.outside(a->cfg.ctx, &outside);
	for (uint32_t i = 0; i < a->n_workers; i++) {
#define METRIC(source, field, name, type, help) METRIC_##source(field)
#include "api/metrics.def"
	}
	buf_clear(b);
	buf_printf(b,
		   "# HELP empowerd_build_info The version that runs.\n"
		   "# TYPE empowerd_build_info gauge\n"
		   "empowerd_build_info{version=\"%s\"} 1\n",
		   base_version());
#undef METRIC_API
#undef METRIC_HEALTH
#define METRIC_API(field) sum.field
#define METRIC_HEALTH(field) (uint64_t) health.field
#define METRIC(source, field, name, type, help)                                        \
	metric_add(b, name, #type, help, METRIC_##source(field));
#define OUTSIDE(field, name, type, help)                                               \
	metric_add(b, name, #type, help, outside.field);
#include "api/metrics.def"
	if (buf_ok(b))
		req_reply(r, 200, METRICS_TYPE, buf_str(b));
	else
		answer_problem(r, EMP_NOMEM, "", "");
}

void
openapi_get(struct req *r)
{
	struct str text = {(const char *)openapi_text, openapi_bytes};
	char etag[ETAG_MAX];

	if (!query_empty(r))
		return;
	etag_of(etag, text);
	req_add_header(r, "ETag", str_from(etag));
	req_add_header(r, "Cache-Control", STR("public, no-cache"));
	if (http_etag_in(req_header(r, "If-None-Match"), str_from(etag), true))
		req_reply(r, 304, NULL, STR_NONE);
	else
		req_reply(r, 200, "application/json", text);
}

void
root_get(struct req *r)
{
	struct buf *b = &worker_of(r)->out;

	if (!query_empty(r))
		return;
	buf_clear(b);
	buf_printf(
		b,
		"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		"<title>empowerd</title>\n<h1>empowerd %s</h1>\n"
		"<p>A feedback analytics daemon: programs send it what customers and "
		"employees say and do, dashboards read figures.\n"
		"<ul>\n"
		"<li><code>POST v1/events</code> stores events, "
		"<code>GET v1/rollups/satisfaction</code> reads figures; both want "
		"<code>Authorization: Bearer TOKEN</code>. The first token is in "
		"<code>admin.token</code> in the state directory.\n"
		"<li>What happens with what people say: "
		"<a href=\"v1/privacy\">v1/privacy</a>, in full "
		"<code>man 7 empowerd-privacy</code>.\n"
		"<li>The manual: <code>man 7 empowerd-api</code>, "
		"<code>man 8 empowerd</code>, <code>man 1 empowerctl</code>.\n"
		"<li>For programs: <a href=\"v1/openapi.json\">v1/openapi.json</a>, "
		"<a href=\"healthz\">healthz</a>, <a href=\"readyz\">readyz</a>\n"
		"</ul>\n",
		base_version());
	if (buf_ok(b))
		req_reply(r, 200, "text/html; charset=utf-8", buf_str(b));
	else
		answer_problem(r, EMP_NOMEM, "", "");
}
