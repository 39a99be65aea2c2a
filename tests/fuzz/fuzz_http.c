/*
 * The parser of heads and the decoder of chunks: whatever the bytes and however they
 * are cut, the verdict and the result are those of the bytes in one piece, and all
 * offsets stay inside.
 *
 * The first byte of an input is a step: the rest arrives in pieces of that many bytes.
 */
#include "http/chunked.h"
#include "http/head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	enum http_verdict head, body;
	struct http_head h;
	struct http_chunked c;
	size_t used; /* bytes of the whole message */
	size_t content;
	uint64_t sum;
};

static void
check_fields(const struct http_head *h, size_t n)
{
	EMP_ASSERT(h->at <= n && h->n <= HTTP_FIELDS_MAX);
	EMP_ASSERT(h->path_n > 0 && h->path + h->path_n <= h->at);
	EMP_ASSERT(!h->has_query || h->query + h->query_n <= h->at);
	for (size_t i = 0; i < h->n; i++) {
		EMP_ASSERT(h->fields[i].name_n > 0);
		EMP_ASSERT(h->fields[i].name + h->fields[i].name_n <= h->at);
		EMP_ASSERT(h->fields[i].value + h->fields[i].value_n <= h->at);
	}
}

/* FNV-1a: the content must be the same, and in the same order. */
static void
add_content(struct result *r, struct str piece)
{
	EMP_ASSERT(piece.n > 0);
	r->content += piece.n;
	for (size_t i = 0; i < piece.n; i++)
		r->sum = (r->sum ^ (unsigned char)piece.p[i]) * 0x100000001b3U;
}

static void
run_body(struct result *r, const char *p, size_t n, size_t step)
{
	struct str in, piece;
	size_t at = r->h.at;

	http_chunked_init(&r->c);
	r->body = HTTP_MORE;
	while (r->body == HTTP_MORE && at < n) {
		in = (struct str){p + at, step < n - at ? step : n - at};
		at += in.n;
		while ((r->body = http_chunked_next(&r->c, &in, &piece)) == HTTP_DATA)
			add_content(r, piece);
		at -= in.n;
	}
	r->used = at;
}

static void
run(struct result *r, const uint8_t *data, size_t n, size_t step)
{
	/* Exactly as long as what has come so far: one byte more is out of bounds. */
	char *p = NULL;
	size_t have = 0;

	memset(r, 0, sizeof(*r));
	http_head_init(&r->h);
	r->head = HTTP_MORE;
	while (r->head == HTTP_MORE && have < n) {
		have += step < n - have ? step : n - have;
		free(p);
		p = malloc(have);
		EMP_ASSERT(p != NULL);
		memcpy(p, data, have);
		r->head = http_head_parse(&r->h, p, have);
	}
	if (r->head == HTTP_DONE) {
		check_fields(&r->h, have);
		free(p);
		p = malloc(n);
		EMP_ASSERT(p != NULL);
		memcpy(p, data, n);
		if (r->h.framing == HTTP_CHUNKED)
			run_body(r, p, n, step);
	}
	free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, cut;
	size_t step;

	if (size < 2)
		return 0;
	step = data[0] > 0 ? data[0] : 1;
	run(&whole, data + 1, size - 1, size - 1);
	run(&cut, data + 1, size - 1, step);
	EMP_ASSERT(whole.head == cut.head);
	if (whole.head == HTTP_BAD)
		EMP_ASSERT(whole.h.rc == cut.h.rc && whole.h.why == cut.h.why);
	if (whole.head != HTTP_DONE)
		return 0;
	EMP_ASSERT(whole.h.at == cut.h.at && whole.h.n == cut.h.n);
	EMP_ASSERT(whole.h.framing == cut.h.framing && whole.h.length == cut.h.length);
	EMP_ASSERT(whole.h.path == cut.h.path && whole.h.path_n == cut.h.path_n);
	EMP_ASSERT(whole.h.keep_alive == cut.h.keep_alive);
	EMP_ASSERT(memcmp(whole.h.fields, cut.h.fields,
			  whole.h.n * sizeof(whole.h.fields[0])) == 0);
	EMP_ASSERT(whole.body == cut.body && whole.c.rc == cut.c.rc);
	EMP_ASSERT(whole.content == cut.content && whole.sum == cut.sum);
	EMP_ASSERT(whole.body != HTTP_DONE || whole.used == cut.used);
	return 0;
}
