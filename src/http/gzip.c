/* gzip by zlib's inflate and deflate. */
#include "http/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* zlib's window of 2^15 bytes; 16 more asks for gzip's wrapper and its checksum. */
#define GZIP_BITS (15 + 16)
/* Output is made room for in steps of this. */
#define GZIP_STEP 16384
#define GZIP_MEMORY 8 /* zlib's default */

struct http_gunzip {
	z_stream z;
	size_t left;  /* bytes that may still come out */
	bool started; /* a member was begun and has not ended */
	bool any;
};

enum emp_rc
http_gunzip_new(struct http_gunzip **out, size_t max)
{
	struct http_gunzip *g = calloc(1, sizeof(*g));

	*out = NULL;
	if (g == NULL)
		return EMP_NOMEM;
	if (inflateInit2(&g->z, GZIP_BITS) != Z_OK) {
		free(g);
		return EMP_NOMEM;
	}
	g->left = max;
	*out = g;
	return EMP_OK;
}

void
http_gunzip_free(struct http_gunzip **g)
{
	if (*g == NULL)
		return;
	inflateEnd(&(*g)->z);
	free(*g);
	*g = NULL;
}

/* One call of inflate. At the limit it still gets room for one byte: only output shows
 * that there is more. */
static enum emp_rc
inflate_step(struct http_gunzip *g, struct buf *out)
{
	size_t room = g->left < GZIP_STEP ? g->left + 1 : GZIP_STEP, made;
	char *to = buf_reserve(out, room);
	int rc;

	if (to == NULL)
		return EMP_NOMEM;
	g->z.next_out = (Bytef *)to;
	g->z.avail_out = (uInt)room;
	rc = inflate(&g->z, Z_NO_FLUSH);
	made = room - g->z.avail_out;
	if (made > g->left)
		return EMP_TOO_LARGE;
	out->n += made;
	g->left -= made;
	if (rc == Z_STREAM_END) {
		g->started = false;
		return inflateReset(&g->z) == Z_OK ? EMP_OK : EMP_BAD_GZIP;
	}
	if (rc == Z_MEM_ERROR)
		return EMP_NOMEM;
	return rc == Z_OK || rc == Z_BUF_ERROR ? EMP_OK : EMP_BAD_GZIP;
}

enum emp_rc
http_gunzip_feed(struct http_gunzip *g, struct str in, struct buf *out)
{
	enum emp_rc rc;

	while (in.n > 0) {
		uInt n = in.n < INT_MAX ? (uInt)in.n : INT_MAX;

		g->z.next_in = (z_const Bytef *)(uintptr_t)in.p;
		g->z.avail_in = n;
		in.p += n;
		in.n -= n;
		do {
			g->started = true;
			g->any = true;
			rc = inflate_step(g, out);
			if (rc != EMP_OK)
				return rc;
			/* A full output buffer may hide more that needs no input. */
		} while (g->z.avail_in > 0 || (g->started && g->z.avail_out == 0));
	}
	return EMP_OK;
}

enum emp_rc
http_gunzip_finish(const struct http_gunzip *g)
{
	return g->any && !g->started ? EMP_OK : EMP_BAD_GZIP;
}

enum emp_rc
http_gzip(struct str in, struct buf *out)
{
	z_stream z = {0};
	enum emp_rc rc = EMP_NOMEM;
	uLong room;
	char *to;

	if (in.n > INT_MAX)
		return EMP_TOO_LARGE;
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_BITS, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return EMP_NOMEM;
	room = deflateBound(&z, (uLong)in.n);
	to = buf_reserve(out, room);
	if (to == NULL)
		goto out;
	z.next_in = (z_const Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	EMP_ASSERT(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out->n += room - z.avail_out;
	rc = EMP_OK;
out:
	deflateEnd(&z);
	return rc;
}
