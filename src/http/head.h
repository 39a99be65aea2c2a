/* The head of an HTTP/1.1 or 1.0 request: parsed in place, line by line, strictly.
 *
 * The caller keeps the bytes received so far in one piece and calls http_head_parse
 * after each read with all of them. Complete lines are taken once; of an incomplete
 * line nothing is kept, so that the verdict cannot depend on how the bytes were cut.
 * Results are offsets from the first byte, so the caller may move the bytes between
 * calls.
 *
 * What is refused is refused because two programs could read it in two ways (request
 * smuggling): see head.c. Nothing here does I/O or looks at a clock.
 */
#ifndef EMP_HTTP_HEAD_H
#define EMP_HTTP_HEAD_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

#define HTTP_HEAD_MAX 8192 /* bytes, request line and empty line included */
#define HTTP_FIELDS_MAX 100
#define HTTP_TARGET_MAX 2048
#define HTTP_METHOD_MAX 16

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER /* well-formed, but nothing here knows it */
};

enum http_verdict {
	HTTP_MORE, /* all bytes were looked at, more are needed */
	HTTP_DATA, /* a piece of content was found (chunked only) */
	HTTP_DONE,
	HTTP_BAD /* the connection cannot be used further */
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* Fields that are recognised while parsing; the rest is found by name. */
enum http_known {
	HTTP_F_HOST,
	HTTP_F_CONTENT_LENGTH,
	HTTP_F_TRANSFER_ENCODING,
	HTTP_F_CONNECTION,
	HTTP_F_EXPECT,
	HTTP_F_CONTENT_ENCODING,
	HTTP_F_AUTHORIZATION,
	HTTP_F_KNOWN
};

/* Offsets from the first byte of the head. */
struct http_field {
	uint16_t name, name_n;
	uint16_t value, value_n; /* trimmed */
};

struct http_head {
	/* Progress. */
	uint16_t at;   /* first byte of the line to parse next; when done: head size */
	bool has_line; /* the request line was taken */
	/* When bad. */
	enum emp_rc rc;
	const char *why; /* static, for people */
	/* When done. */
	enum http_method method;
	uint8_t minor;   /* HTTP/1.minor, 0 or 1 */
	bool keep_alive; /* the client would like to send more on this connection */
	bool expects;    /* Expect: 100-continue */
	bool asterisk;   /* OPTIONS *: about the server; the path is "/" */
	bool has_query;
	enum http_framing framing;
	uint64_t length;       /* with HTTP_LENGTH; UINT64_MAX stands for more */
	uint16_t path, path_n; /* decoded; starts with '/' */
	uint16_t query, query_n;
	uint16_t target, target_n;
	uint16_t n;                  /* fields */
	uint8_t known[HTTP_F_KNOWN]; /* index + 1 of the field, 0: absent */
	bool close, persist;         /* said by Connection */
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* [any] Start a new head. */
void http_head_init(struct http_head *h);
/* [any] `p` are all bytes received since the head began, `n` how many. HTTP_DONE: the
 * head takes h->at bytes, and the escapes of the path were decoded in place. HTTP_BAD:
 * h->rc and h->why say what was wrong. */
EMP_MUST_CHECK enum http_verdict http_head_parse(struct http_head *h, char *p,
						 size_t n);
/* [any] The first field of that name in any case; STR_NONE when absent. */
struct str http_head_find(const struct http_head *h, const char *p, struct str name);

static inline struct str
http_field_name(const struct http_field *f, const char *p)
{
	return (struct str){p + f->name, f->name_n};
}

static inline struct str
http_field_value(const struct http_field *f, const char *p)
{
	return (struct str){p + f->value, f->value_n};
}

/* A recognised field; STR_NONE when absent. */
static inline struct str
http_head_known(const struct http_head *h, const char *p, enum http_known k)
{
	return h->known[k] ? http_field_value(&h->fields[h->known[k] - 1], p)
			   : STR_NONE;
}

#endif
