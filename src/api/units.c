/* /v1/units: the declared units of the employees' organisation. */
#include "api/change.h"
#include "api/route.h"
#include "codec/json.h"

#define PREFIX "/v1/units/"

void
units_get(struct req *r)
{
	struct api_worker *aw = worker_of(r);
	const struct defs *d = aw->snap->defs;
	struct buf *b = &aw->out;

	if (!query_empty(r))
		return;
	buf_clear(b);
	buf_add_str(b, STR("{\"units\":["));
	for (uint32_t i = 0; i < d->n_units; i++) {
		if (i > 0)
			buf_add_c(b, ',');
		json_unit_write(b, &d->units[i]);
	}
	buf_add_str(b, STR("]}\n"));
	answer_json(r, 200, b);
}

static void
answer_unit(struct req *r, int status, const struct unit_def *u)
{
	struct buf *b = &worker_of(r)->out;

	buf_clear(b);
	json_unit_write(b, u);
	buf_add_c(b, '\n');
	answer_json(r, status, b);
}

void
unit_get(struct req *r)
{
	const struct unit_def *u = defs_unit(worker_of(r)->snap->defs,
					     route_rest(req_path(r), PREFIX));

	if (!query_empty(r))
		return;
	if (u)
		answer_unit(r, 200, u);
	else
		answer_problem(r, EMP_NOT_FOUND, "",
			       "there is no declared unit of this name");
}

static void
unit_stored(struct req *r, struct change *c)
{
	const struct store_change *s = &c->items[0].store;

	answer_unit(r, s->created ? 201 : 200, &s->unit);
}

static void
units_stored(struct req *r, struct change *c)
{
	struct buf *b = &worker_of(r)->out;
	uint64_t created = 0;

	for (uint32_t i = 0; i < c->n; i++)
		created += c->items[i].store.created;
	buf_clear(b);
	buf_add_str(b, STR("{\"units\":"));
	buf_add_u64(b, c->n);
	buf_add_str(b, STR(",\"created\":"));
	buf_add_u64(b, created);
	buf_add_str(b, STR("}\n"));
	answer_json(r, 200, b);
}

static void
units_submit(struct req *r, const struct unit_def *units, uint32_t n,
	     void (*answer)(struct req *r, struct change *c))
{
	struct change *c = change_new(r, n);

	if (!c)
		return;
	for (uint32_t i = 0; i < n; i++) {
		c->items[i].store.op = DEF_UNIT_PUT;
		c->items[i].store.unit = units[i];
	}
	c->answer = answer;
	change_submit_take(r, c);
}

void
units_put(struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	struct unit_def *units;
	uint32_t n;

	if (!query_empty(r))
		return;
	if (json_units_read(&units, &n, STR_NONE, req_body(r), req_arena(r), &p) !=
	    EMP_OK) {
		req_error(r, &p);
		return;
	}
	units_submit(r, units, n, units_stored);
}

void
unit_put(struct req *r)
{
	struct problem p = {.rc = EMP_OK};
	struct str path = route_rest(req_path(r), PREFIX);
	struct unit_def *units;
	struct unit_def bare = {.name = ""};
	uint32_t n;

	if (!query_empty(r))
		return;
	if (!unit_valid(path)) {
		answer_problem(r, EMP_INVALID, "/name",
			       "a unit is names of a-z 0-9 _ . - joined by /");
		return;
	}
	if (req_body(r).n == 0) { /* declared by its address alone */
		memcpy(bare.name, path.p, path.n);
		units_submit(r, &bare, 1, unit_stored);
		return;
	}
	if (json_units_read(&units, &n, path, req_body(r), req_arena(r), &p) != EMP_OK)
		req_error(r, &p);
	else
		units_submit(r, units, 1, unit_stored);
}
