/* From a request's method and path to the row of routes.def that serves it. */
#ifndef EMP_API_ROUTE_H
#define EMP_API_ROUTE_H

#include "model/catalogue.h"
#include "net/req.h"

#define BATCH_MAX_BYTES (8u << 20) /* a body of many events, after gunzip */
#define DOCUMENT_MAX_BYTES (1u << 20)

enum route_access {
	ACCESS_OPEN,
	ACCESS_PUBLIC,
	ACCESS_RECEIPT,
	ACCESS_BY_EVENT,
	ACCESS_INGEST,
	ACCESS_RESPOND,
	ACCESS_ROSTER,
	ACCESS_READ,
	ACCESS_WHOLE,
	ACCESS_ADMIN
};

/* One row. Static. */
struct route {
	struct req_route net; /* what net is told */
	enum req_method method;
	enum route_access access;
	struct str path; /* with its {placeholder} */
	const char *about;
};

/* [any] All rows in the order of the table. */
const struct route *routes_all(size_t *n);

enum route_verdict { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* [any] Which row serves it. ROUTE_NO_METHOD: *out is the first row of the path. */
enum route_verdict route_find(enum req_method method, struct str path,
			      const struct route **out);
/* [any] "GET, HEAD, OPTIONS, PUT" for the path of `row`; returns the length. */
#define ROUTE_ALLOW_MAX 64
size_t route_allow(char dst[ROUTE_ALLOW_MAX], const struct route *row);
/* [any] The path behind `prefix`, with which it begins. */
struct str route_rest(struct str path, const char *prefix);
/* [worker] The row by which the request came here. */
const struct route *route_of(const struct req *r);
/* [any] What stands in the place of the {placeholder} of a row that has one and serves
 * the path. */
struct str route_part(const struct route *route, struct str path);

/* The handlers, by the names in the table. [worker] */
#define ROUTE(method, path, access, max_body, pace, handler, about)                    \
	void handler(struct req *r);
#include "api/routes.def"
#undef ROUTE

#endif
