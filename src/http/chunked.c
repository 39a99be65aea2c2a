/* The chunked decoder: a machine with one state per place in
 *
 *   chunk   = 1*16HEXDIG [";" text] CRLF data CRLF
 *   last    = 1*"0" [";" text] CRLF
 *   trailer = *(token ":" text CRLF) CRLF
 *
 * No space before the CRLF of a size, no sign, no "0x", no LF without CR anywhere: each
 * of these was read differently by two programs once and let an attacker hide a request
 * in a body. Extensions are taken only if they start with ';' and hold visible text.
 */
#include "http/chunked.h"

#include "http/chars.h"

enum chunk_state {
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	END
};

void
http_chunked_init(struct http_chunked *c)
{
	memset(c, 0, sizeof(*c));
	c->state = SIZE;
}

static int
refuse(struct http_chunked *c, enum emp_rc rc, const char *why)
{
	c->rc = rc;
	c->why = why;
	return -1;
}

static int
expect(struct http_chunked *c, char ch, char wanted, enum chunk_state next)
{
	if (ch != wanted)
		return refuse(c, EMP_BAD_REQUEST,
			      "a line in the chunked body does not "
			      "end in CR LF");
	return next;
}

static int
step_size(struct http_chunked *c, char ch)
{
	int digit = http_hex_digit(ch);

	if (digit < 0) {
		if (c->digits == 0)
			return refuse(c, EMP_BAD_REQUEST, "a chunk without a size");
		c->digits = 0;
		return ch == ';' ? EXTENSION : expect(c, ch, '\r', SIZE_LF);
	}
	if (c->digits == HTTP_CHUNK_DIGITS_MAX)
		return refuse(c, EMP_BAD_REQUEST, "a chunk size of too many digits");
	c->digits++;
	c->left = c->left << 4 | (uint64_t)digit;
	return SIZE;
}

/* A byte of an extension or of a trailer. */
static int
step_extra(struct http_chunked *c, char ch)
{
	if (++c->extra > HTTP_CHUNK_EXTRA_MAX)
		return refuse(c, EMP_HEADER_TOO_LARGE,
			      "chunk extensions and trailers exceed 8 KiB");
	switch ((enum chunk_state)c->state) {
	case EXTENSION:
		if (http_char_is(ch, HTTP_C_TEXT))
			return EXTENSION;
		return expect(c, ch, '\r', SIZE_LF);
	case TRAILER:
		if (http_char_is(ch, HTTP_C_TOKEN))
			return TRAILER_NAME;
		return expect(c, ch, '\r', END_LF);
	case TRAILER_NAME:
		if (http_char_is(ch, HTTP_C_TOKEN))
			return TRAILER_NAME;
		if (ch == ':')
			return TRAILER_VALUE;
		return refuse(c, EMP_BAD_REQUEST, "a trailer without a name");
	default:
		if (http_char_is(ch, HTTP_C_TEXT))
			return TRAILER_VALUE;
		return expect(c, ch, '\r', TRAILER_LF);
	}
}

/* The state after one byte that is no data, or -1. */
static int
step(struct http_chunked *c, char ch)
{
	switch ((enum chunk_state)c->state) {
	case SIZE:
		return step_size(c, ch);
	case SIZE_LF:
		return expect(c, ch, '\n', c->left == 0 ? TRAILER : DATA);
	case DATA_CR:
		return expect(c, ch, '\r', DATA_LF);
	case DATA_LF:
		return expect(c, ch, '\n', SIZE);
	case TRAILER_LF:
		return expect(c, ch, '\n', TRAILER);
	case END_LF:
		return expect(c, ch, '\n', END);
	default:
		return step_extra(c, ch);
	}
}

enum http_verdict
http_chunked_next(struct http_chunked *c, struct str *in, struct str *data)
{
	while (in->n > 0 && c->state != END) {
		int next;

		if (c->state == DATA) {
			size_t n = c->left < in->n ? (size_t)c->left : in->n;

			*data = (struct str){in->p, n};
			in->p += n;
			in->n -= n;
			c->left -= n;
			if (c->left == 0)
				c->state = DATA_CR;
			return HTTP_DATA;
		}
		next = step(c, *in->p);
		if (next < 0)
			return HTTP_BAD;
		c->state = (uint8_t)next;
		in->p++;
		in->n--;
	}
	return c->state == END ? HTTP_DONE : HTTP_MORE;
}
