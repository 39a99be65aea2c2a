/* A growable byte buffer.
 *
 * Appending never fails loudly: when memory runs out or `max` would be passed, the
 * buffer turns `failed` and ignores further appends, so that writers check once at the
 * end (buf_ok). [any], one thread per buffer.
 */
#ifndef EMP_BASE_BUF_H
#define EMP_BASE_BUF_H

#include "base/str.h"

#include <stdint.h>

struct buf {
	char *p;
	size_t n;   /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* limit on n; 0: none */
	bool failed;
};

void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer can be used again with the same limit. */
void buf_fini(struct buf *b);
/* Forget the content, keep the memory. */
void buf_clear(struct buf *b);
/* Make room for `extra` more bytes and return where they go, NULL when failed. The
 * caller writes there and adds to b->n itself: the hot path's way to append. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_z(struct buf *b, const char *z);
void buf_add_c(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_i64(struct buf *b, int64_t v);
/* A decimal number with at most 4 decimals, rounded half away from zero, no trailing
 * zeros, no exponent; "null" when not finite. The one way figures are written (JSON and
 * CSV). |v| < 1e14. */
void buf_add_fixed4(struct buf *b, double v);
/* The same two into room that was reserved, for the hot path: at most BUF_NUMBER_MAX
 * bytes from `to`, whose end is returned. */
#define BUF_NUMBER_MAX 32
char *buf_put_u64(char *to, uint64_t v);
char *buf_put_fixed4(char *to, double v);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; `s` must be valid UTF-8. */
void buf_add_json(struct buf *b, struct str s);
/* A CSV field by RFC 4180, quoted only where needed. A field that a spreadsheet would
 * read as a formula (= + - @ tab CR at the start) gets a leading apostrophe. */
void buf_add_csv(struct buf *b, struct str s);
/* Drop the first `n` bytes. */
void buf_consume(struct buf *b, size_t n);

static inline bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

#endif
