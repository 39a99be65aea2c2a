/* The table of routes and the search in it.
 *
 * The table is small and the hottest path stands first, so the search walks it; a row
 * that does not fit costs one comparison of lengths or of a prefix.
 */
#include "api/route.h"

#include "base/error.h"

#define PACE_QUICK false
#define PACE_SLOW true
#define ROUTE(m, p, a, max, pace, fn, text)                                            \
	{.net = {.max_body = (max), .slow = PACE_##pace, .handle = (fn)},              \
	 .method = REQ_##m,                                                            \
	 .access = ACCESS_##a,                                                         \
	 .path = {(p), sizeof(p) - 1},                                                 \
	 .about = (text)},
static const struct route routes[] = {
#include "api/routes.def"
};
#undef ROUTE

#define ROUTES (sizeof routes / sizeof *routes)

const struct route *
routes_all(size_t *n)
{
	*n = ROUTES;
	return routes;
}

/* A pattern cut at its placeholder; `before` is all of it when there is none. */
struct pattern {
	struct str before, after;
	bool open;  /* has a placeholder */
	bool whole; /* that takes slashes, too */
};

static struct pattern
pattern_cut(struct str path)
{
	const char *brace = memchr(path.p, '{', path.n);
	struct pattern c = {.before = path};
	const char *end;

	if (!brace)
		return c;
	end = (const char *)memchr(brace, '}', path.n - (size_t)(brace - path.p)) + 1;
	c.before.n = (size_t)(brace - path.p);
	c.after = (struct str){end, path.n - (size_t)(end - path.p)};
	c.open = true;
	c.whole = brace[1] == '+';
	return c;
}

static bool
path_matches(struct str pattern, struct str path)
{
	struct pattern c = pattern_cut(pattern);
	struct str rest;

	if (!c.open)
		return str_eq(pattern, path);
	if (path.n <= c.before.n + c.after.n || !str_starts(path, c.before))
		return false;
	rest = (struct str){path.p + c.before.n, path.n - c.before.n - c.after.n};
	if (!c.whole && memchr(rest.p, '/', rest.n))
		return false;
	return c.after.n == 0 || memcmp(rest.p + rest.n, c.after.p, c.after.n) == 0;
}

enum route_verdict
route_find(enum req_method method, struct str path, const struct route **out)
{
	enum req_method wanted = method == REQ_HEAD ? REQ_GET : method;

	for (size_t i = 0; i < ROUTES; i++) {
		if (!path_matches(routes[i].path, path))
			continue;
		*out = &routes[i];
		for (; i < ROUTES && str_eq(routes[i].path, (*out)->path); i++) {
			if (routes[i].method == wanted) {
				*out = &routes[i];
				return ROUTE_FOUND;
			}
		}
		return ROUTE_NO_METHOD;
	}
	return ROUTE_NO_PATH;
}

size_t
route_allow(char dst[ROUTE_ALLOW_MAX], const struct route *row)
{
	/* In alphabetical order, as people look for them. */
	static const struct {
		enum req_method method;
		const char *text;
	} names[] = {{REQ_DELETE, "DELETE"},   {REQ_GET, "GET"},   {REQ_HEAD, "HEAD"},
		     {REQ_OPTIONS, "OPTIONS"}, {REQ_POST, "POST"}, {REQ_PUT, "PUT"}};
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct route *found;
		size_t len = strlen(names[i].text);

		if (names[i].method != REQ_OPTIONS &&
		    route_find(names[i].method, row->path, &found) != ROUTE_FOUND)
			continue;
		EMP_ASSERT(n + len + 3 < ROUTE_ALLOW_MAX);
		if (n > 0) {
			memcpy(dst + n, ", ", 2);
			n += 2;
		}
		memcpy(dst + n, names[i].text, len);
		n += len;
	}
	dst[n] = '\0';
	return n;
}

struct str
route_rest(struct str path, const char *prefix)
{
	struct str before = str_from(prefix);

	EMP_ASSERT(str_starts(path, before));
	return (struct str){path.p + before.n, path.n - before.n};
}

const struct route *
route_of(const struct req *r)
{
	const struct route *route;

	EMP_ASSERT(route_find(req_method(r), req_path(r), &route) == ROUTE_FOUND);
	return route;
}

struct str
route_part(const struct route *route, struct str path)
{
	struct pattern c = pattern_cut(route->path);

	EMP_ASSERT(c.open && path_matches(route->path, path));
	return (struct str){path.p + c.before.n, path.n - c.before.n - c.after.n};
}
