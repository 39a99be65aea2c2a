/* How a request head is read, and what is refused.
 *
 *   request-line = method SP target SP "HTTP/1." ("0" / "1") CRLF
 *   field-line   = token ":" OWS value OWS CRLF
 *   head         = [CRLF] request-line *field-line CRLF
 *
 * One empty line before the request line is skipped, because old clients send one after
 * a body. Everything else is taken literally: lines end in CR LF and nothing else, no
 * other control byte may appear, one space separates the parts of the request line, no
 * space stands before the colon, and a line that starts with white space (a folded
 * field) is an error. A parser behind or in front of us that is more lenient, or
 * lenient in another way, would see other requests than we do in the same bytes; an
 * attacker lives in that difference. For the same reason the length of the body must be
 * said once: Content-Length twice, Content-Length with Transfer-Encoding, any coding
 * other than "chunked" and Transfer-Encoding in HTTP/1.0 are errors, and every error
 * here closes the connection, since nobody knows where the next request would start.
 *
 * The verdict must be a function of the bytes and not of how they were cut into reads.
 * Each line is therefore parsed from its start by a left-to-right scan which either
 * decides on bytes it has seen, or reaches the end of what is there and asks for more.
 * The scan never looks past HTTP_HEAD_MAX bytes; reaching them without an end is 431.
 * tests/unit/test_http_head.c and tests/fuzz/fuzz_http.c hold it to that.
 *
 * The target may be in origin form ("/v1/events?x=1"), absolute form, as to a proxy
 * ("http://host/v1/events"), or "*" for OPTIONS. Escapes must be complete; an escaped
 * NUL and an escaped slash in the path are refused, as programs disagree on them as
 * well.
 */
#include "http/head.h"

#include "http/chars.h"
#include "http/url.h"

static enum http_verdict
bad(struct http_head *h, enum emp_rc rc, const char *why)
{
	h->rc = rc;
	h->why = why;
	return HTTP_BAD;
}

static enum http_verdict
bad_request(struct http_head *h, const char *why)
{
	return bad(h, EMP_BAD_REQUEST, why);
}

void
http_head_init(struct http_head *h)
{
	/* The fields are written before they are read; clearing 800 bytes for each
	 * request would be a waste. */
	memset(h, 0, offsetof(struct http_head, fields));
}

static enum http_method
method_of(struct str s)
{
	static const struct {
		struct str name;
		enum http_method method;
	} methods[] = {
		{{"GET", 3}, HTTP_GET},       {{"POST", 4}, HTTP_POST},
		{{"HEAD", 4}, HTTP_HEAD},     {{"PUT", 3}, HTTP_PUT},
		{{"DELETE", 6}, HTTP_DELETE}, {{"OPTIONS", 7}, HTTP_OPTIONS},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_eq(s, methods[i].name))
			return methods[i].method;
	return HTTP_OTHER;
}

/* "HTTP/1.1" CR LF at q. */
static enum http_verdict
parse_version(struct http_head *h, const char *p, const char *q, const char *end)
{
	static const char form[] = "HTTP/?.?\r\n";
	const char *v = q;

	for (size_t i = 0; i < sizeof(form) - 1; i++, q++) {
		if (q == end)
			return HTTP_MORE;
		if (form[i] == '?' ? (*q < '0' || *q > '9') : *q != form[i])
			return bad_request(h,
					   "the request line does not end in a "
					   "version and CR LF");
	}
	if (v[5] != '1')
		return bad(h, EMP_VERSION,
			   "only HTTP/1.1 and HTTP/1.0 are spoken here");
	h->minor = v[7] == '0' ? 0 : 1;
	h->has_line = true;
	h->at = (uint16_t)(q - p);
	return HTTP_DONE;
}

static enum http_verdict
parse_request_line(struct http_head *h, const char *p, const char *end)
{
	const char *s = p + h->at, *q;

	if (s == end)
		return HTTP_MORE;
	if (h->at == 0 && *s == '\r') {
		if (s + 1 == end)
			return HTTP_MORE;
		if (s[1] != '\n')
			return bad_request(h, "a CR without LF");
		h->at = 2;
		s += 2;
	}
	for (q = s; q < end && http_char_is(*q, HTTP_C_TOKEN); q++)
		if (q - s == HTTP_METHOD_MAX)
			return bad(h, EMP_NOT_IMPLEMENTED, "no method is that long");
	if (q == end)
		return HTTP_MORE;
	if (q == s || *q != ' ')
		return bad_request(h, "the request line does not start with a method");
	h->method = method_of((struct str){s, (size_t)(q - s)});
	s = ++q;
	for (; q < end && http_char_is(*q, HTTP_C_TARGET); q++)
		if (q - s == HTTP_TARGET_MAX)
			return bad(h, EMP_URI_TOO_LONG,
				   "the target exceeds 2048 bytes");
	if (q == end)
		return HTTP_MORE;
	if (q == s || *q != ' ')
		return bad_request(h, "the target holds a byte that is not allowed");
	h->target = (uint16_t)(s - p);
	h->target_n = (uint16_t)(q - s);
	return parse_version(h, p, q + 1, end);
}

static bool
host_ok(struct str s)
{
	const char *colon;

	for (size_t i = 0; i < s.n; i++)
		if (!http_char_is(s.p[i], HTTP_C_HOST))
			return false;
	/* What follows the last colon is a port, unless it is part of an IPv6 address.
	 */
	colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
	if (colon != NULL && memchr(colon, ']', (size_t)(s.p + s.n - colon)) == NULL)
		for (const char *q = colon + 1; q < s.p + s.n; q++)
			if (*q < '0' || *q > '9')
				return false;
	return true;
}

static enum http_verdict
take_length(struct http_head *h, struct str value)
{
	uint64_t n = 0;

	if (value.n == 0)
		return bad_request(h, "an empty Content-Length");
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return bad_request(h, "Content-Length is not a decimal number");
		if (n > (UINT64_MAX - 9) / 10)
			n = UINT64_MAX;
		else
			n = n * 10 + (uint64_t)(value.p[i] - '0');
	}
	h->length = n;
	return HTTP_DONE;
}

static enum http_verdict
take_connection(struct http_head *h, struct str value)
{
	while (value.p != NULL) {
		struct str option = str_trim(str_split(&value, ','));

		if (str_ieq(option, STR("close")))
			h->close = true;
		else if (str_ieq(option, STR("keep-alive")))
			h->persist = true;
	}
	return HTTP_DONE;
}

/* HTTP_F_KNOWN when it is none of them. */
static enum http_known
known_of(struct str name)
{
	switch (name.n) {
	case 4:
		return str_ieq(name, STR("host")) ? HTTP_F_HOST : HTTP_F_KNOWN;
	case 6:
		return str_ieq(name, STR("expect")) ? HTTP_F_EXPECT : HTTP_F_KNOWN;
	case 10:
		return str_ieq(name, STR("connection")) ? HTTP_F_CONNECTION
							: HTTP_F_KNOWN;
	case 13:
		return str_ieq(name, STR("authorization")) ? HTTP_F_AUTHORIZATION
							   : HTTP_F_KNOWN;
	case 14:
		return str_ieq(name, STR("content-length")) ? HTTP_F_CONTENT_LENGTH
							    : HTTP_F_KNOWN;
	case 16:
		return str_ieq(name, STR("content-encoding")) ? HTTP_F_CONTENT_ENCODING
							      : HTTP_F_KNOWN;
	case 17:
		return str_ieq(name, STR("transfer-encoding"))
			? HTTP_F_TRANSFER_ENCODING
			: HTTP_F_KNOWN;
	default:
		return HTTP_F_KNOWN;
	}
}

/* The field just stored: what it says about framing is taken here. */
static enum http_verdict
take_field(struct http_head *h, const char *p)
{
	const struct http_field *f = &h->fields[h->n - 1];
	struct str value = http_field_value(f, p);
	enum http_known k = known_of(http_field_name(f, p));
	bool again;

	if (k == HTTP_F_KNOWN)
		return HTTP_DONE;
	again = h->known[k] != 0;
	if (!again)
		h->known[k] = (uint8_t)h->n;
	switch (k) {
	case HTTP_F_HOST:
		if (again)
			return bad_request(h, "two Host fields");
		if (!host_ok(value))
			return bad_request(h, "Host is not a host and port");
		return HTTP_DONE;
	case HTTP_F_CONTENT_LENGTH:
		if (again)
			return bad_request(h, "two Content-Length fields");
		return take_length(h, value);
	case HTTP_F_TRANSFER_ENCODING:
		if (again || !str_ieq(value, STR("chunked")))
			return bad_request(h, "Transfer-Encoding other than chunked");
		return HTTP_DONE;
	case HTTP_F_CONNECTION:
		return take_connection(h, value);
	case HTTP_F_EXPECT:
		if (again || !str_ieq(value, STR("100-continue")))
			return bad(h, EMP_EXPECTATION,
				   "only 100-continue can be expected");
		return HTTP_DONE;
	case HTTP_F_CONTENT_ENCODING:
		if (again)
			return bad(h, EMP_MEDIA_TYPE, "more than one Content-Encoding");
		return HTTP_DONE;
	case HTTP_F_AUTHORIZATION:
		/* Whoever stands before us may have looked at the other one. */
		if (again)
			return bad_request(h, "two Authorization fields");
		return HTTP_DONE;
	default:
		return HTTP_DONE;
	}
}

static enum http_verdict
parse_field(struct http_head *h, const char *p, const char *end)
{
	const char *s = p + h->at, *colon, *v, *e, *next;
	struct http_field *f;

	for (colon = s; colon < end && http_char_is(*colon, HTTP_C_TOKEN);)
		colon++;
	if (colon == end)
		return HTTP_MORE;
	if (colon == s && (*s == ' ' || *s == '\t'))
		return bad_request(h, "a line starts with white space");
	if (*colon != ':' || colon == s)
		return bad_request(h,
				   "a field name is empty or holds a byte that is "
				   "not allowed");
	for (v = colon + 1; v < end && (*v == ' ' || *v == '\t');)
		v++;
	e = http_scan_text(v, end);
	if (e == end)
		return HTTP_MORE;
	if (*e != '\r')
		return bad_request(h, "a field holds a control character");
	if (e + 1 == end)
		return HTTP_MORE;
	if (e[1] != '\n')
		return bad_request(h, "a CR without LF");
	next = e + 2;
	while (e > v && (e[-1] == ' ' || e[-1] == '\t'))
		e--;
	if (h->n == HTTP_FIELDS_MAX)
		return bad(h, EMP_HEADER_TOO_LARGE, "more than 100 fields");
	f = &h->fields[h->n++];
	f->name = (uint16_t)(s - p);
	f->name_n = (uint16_t)(colon - s);
	f->value = (uint16_t)(v - p);
	f->value_n = (uint16_t)(e - v);
	h->at = (uint16_t)(next - p);
	return take_field(h, p);
}

/* Skips "http://host" of an absolute target; false when it is none. The host is that of
 * the target then and Host is ignored, but we serve one site and need neither. */
static bool
skip_authority(struct str *t, char *p)
{
	size_t scheme, n;
	struct str rest;

	if (t->n > 7 && str_ieq((struct str){t->p, 7}, STR("http://")))
		scheme = 7;
	else if (t->n > 8 && str_ieq((struct str){t->p, 8}, STR("https://")))
		scheme = 8;
	else
		return false;
	rest = (struct str){t->p + scheme, t->n - scheme};
	for (n = 0; n < rest.n && rest.p[n] != '/' && rest.p[n] != '?';)
		n++;
	if (n == 0 || !host_ok((struct str){rest.p, n}))
		return false;
	if (n == rest.n || rest.p[n] == '?') {
		/* No path stands for "/", which takes the place of the host's last
		 * byte. */
		n--;
		p[rest.p + n - p] = '/';
	}
	*t = (struct str){rest.p + n, rest.n - n};
	return true;
}

static enum http_verdict
split_target(struct http_head *h, char *p)
{
	struct str t = {p + h->target, h->target_n}, path, query;
	const char *mark;
	size_t n;

	if (str_eq(t, STR("*")) && h->method == HTTP_OPTIONS) {
		h->asterisk = true;
		p[h->target] = '/';
	} else if (t.p[0] != '/' && !skip_authority(&t, p)) {
		if (h->method == HTTP_OTHER)
			return bad(h, EMP_NOT_IMPLEMENTED, "this is no proxy");
		return bad_request(h, "the target is neither a path nor an http URL");
	}
	mark = memchr(t.p, '?', t.n);
	path = (struct str){t.p, mark != NULL ? (size_t)(mark - t.p) : t.n};
	h->path = (uint16_t)(path.p - p);
	h->path_n = (uint16_t)path.n;
	if (mark != NULL) {
		query = (struct str){mark + 1, t.n - path.n - 1};
		h->has_query = true;
		h->query = (uint16_t)(query.p - p);
		h->query_n = (uint16_t)query.n;
		if (!http_url_valid(query))
			return bad_request(h, "a bad %-escape in the query");
	}
	if (memchr(path.p, '%', path.n) == NULL)
		return HTTP_DONE;
	if (!http_path_decode(p + h->path, path, &n))
		return bad_request(h, "a bad %-escape in the path");
	h->path_n = (uint16_t)n;
	return HTTP_DONE;
}

/* All lines are there: what must hold for the head as a whole. */
static enum http_verdict
finish(struct http_head *h, char *p)
{
	bool length = h->known[HTTP_F_CONTENT_LENGTH] != 0;

	if (h->minor == 1 && h->known[HTTP_F_HOST] == 0)
		return bad_request(h, "Host is missing");
	if (h->known[HTTP_F_TRANSFER_ENCODING] != 0) {
		if (length)
			return bad_request(h, "Content-Length and Transfer-Encoding");
		if (h->minor == 0)
			return bad_request(h, "Transfer-Encoding in HTTP/1.0");
		h->framing = HTTP_CHUNKED;
	} else if (length && h->length > 0) {
		h->framing = HTTP_LENGTH;
	}
	h->expects = h->known[HTTP_F_EXPECT] != 0 && h->minor == 1;
	h->keep_alive = !h->close && (h->minor == 1 || h->persist);
	return split_target(h, p);
}

enum http_verdict
http_head_parse(struct http_head *h, char *p, size_t n)
{
	const char *end = p + (n < HTTP_HEAD_MAX ? n : HTTP_HEAD_MAX), *s;
	enum http_verdict v = HTTP_DONE;

	if (!h->has_line)
		v = parse_request_line(h, p, end);
	while (v == HTTP_DONE) {
		s = p + h->at;
		if (s < end && *s != '\r') {
			v = parse_field(h, p, end);
			continue;
		}
		if (end - s < 2) {
			v = HTTP_MORE;
		} else if (s[1] != '\n') {
			v = bad_request(h, "a CR without LF");
		} else {
			h->at = (uint16_t)(h->at + 2);
			return finish(h, p);
		}
	}
	if (v == HTTP_MORE && n >= HTTP_HEAD_MAX)
		v = bad(h, EMP_HEADER_TOO_LARGE, "the header exceeds 8 KiB");
	return v;
}

struct str
http_head_find(const struct http_head *h, const char *p, struct str name)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->fields[i].name_n == name.n &&
		    str_ieq(http_field_name(&h->fields[i], p), name))
			return http_field_value(&h->fields[i], p);
	return STR_NONE;
}
