/*
 * Escapes and the pairs of queries and forms: what is taken apart can be written again
 * and gives the same; the two decoders agree on what is valid.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "http/url.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
escape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_printf(b, "%%%02X", (unsigned)(unsigned char)s.p[i]);
}

/* Take `text` apart and write it again with every byte escaped. */
static enum http_form_step
rewrite(struct str text, struct arena *arena, struct buf *b)
{
	enum http_form_step step;
	struct str name, value;
	struct http_form f;

	http_form_init(&f, text, arena);
	while ((step = http_form_next(&f, &name, &value)) == HTTP_FORM_PAIR) {
		escape(b, name);
		buf_add_c(b, '=');
		escape(b, value);
		buf_add_c(b, '&');
	}
	EMP_ASSERT(step != HTTP_FORM_NOMEM && buf_ok(b));
	return step;
}

static void
check_decoding(struct str text)
{
	char *copy = malloc(text.n > 0 ? text.n : 1);
	size_t n = 0, path_n = 0;
	bool valid = http_url_valid(text);

	EMP_ASSERT(copy != NULL);
	memcpy(copy, text.p, text.n);
	EMP_ASSERT(http_url_decode(copy, (struct str){copy, text.n}, true, &n) ==
		   valid);
	EMP_ASSERT(!valid || n <= text.n);
	memcpy(copy, text.p, text.n);
	EMP_ASSERT(!http_path_decode(copy, (struct str){copy, text.n}, &path_n) ||
		   (valid && path_n == n));
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct buf first, second;
	struct arena arena;

	check_decoding(text);
	arena_init(&arena, 1024);
	buf_init(&first, 0);
	buf_init(&second, 0);
	/* NUL comes out of no form, so writing again never makes a bad escape. */
	(void)rewrite(text, &arena, &first);
	EMP_ASSERT(rewrite(buf_str(&first), &arena, &second) == HTTP_FORM_END);
	EMP_ASSERT(str_eq(buf_str(&first), buf_str(&second)));
	buf_fini(&first);
	buf_fini(&second);
	arena_fini(&arena);
	return 0;
}
