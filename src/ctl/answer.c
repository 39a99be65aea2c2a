/* The parser of HTTP/1.1 answers. It trusts our own daemon, but also meets proxies and
 * whatever else listens on a mistyped port: it is strict about what decides where an
 * answer ends, and lax about the rest. */
#include "ctl/answer.h"

#include "base/num.h"

#include <ctype.h>

/* "HTTP/1.1 200 OK" */
#define STATUS_LINE_MIN 12
#define STATUS_AT 9

void
ctl_parser_init(struct ctl_parser *p)
{
	*p = (struct ctl_parser){.retry_after_s = -1};
	buf_init(&p->body, CTL_ANSWER_MAX);
}

void
ctl_parser_fini(struct ctl_parser *p)
{
	buf_fini(&p->body);
}

void
ctl_parser_reset(struct ctl_parser *p)
{
	struct buf body = p->body;

	buf_clear(&body);
	*p = (struct ctl_parser){.retry_after_s = -1, .body = body};
}

/* The line at the front of *rest without its end, and moves behind it. */
static struct str
take_line(struct str *rest)
{
	struct str line = str_split(rest, '\n');

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
status_line(struct ctl_parser *p, struct str line)
{
	uint64_t status;

	if (line.n < STATUS_LINE_MIN || !str_starts(line, STR("HTTP/1.")) ||
	    line.p[STATUS_AT - 1] != ' ' ||
	    !num_u64((struct str){line.p + STATUS_AT, 3}, &status))
		return false;
	p->status = (int)status;
	p->close = line.p[STATUS_AT - 2] == '0';
	return status >= 100 && status <= 599;
}

static void
media_type(struct ctl_parser *p, struct str value)
{
	struct str type = str_trim(str_split(&value, ';'));
	size_t n = type.n < sizeof p->type ? type.n : sizeof p->type - 1;

	for (size_t i = 0; i < n; i++)
		p->type[i] = (char)tolower((unsigned char)type.p[i]);
	p->type[n] = '\0';
}

static bool
field(struct ctl_parser *p, struct str name, struct str value, bool *has_length)
{
	uint64_t n;

	if (str_ieq(name, STR("content-length"))) {
		if (!num_u64(value, &p->left))
			return false;
		*has_length = true;
	} else if (str_ieq(name, STR("transfer-encoding"))) {
		if (!str_ieq(value, STR("chunked")))
			return false;
		p->chunked = true;
	} else if (str_ieq(name, STR("connection"))) {
		if (str_ieq(value, STR("close")))
			p->close = true;
		else if (str_ieq(value, STR("keep-alive")))
			p->close = false;
	} else if (str_ieq(name, STR("retry-after"))) {
		if (num_u64(value, &n) && n < INT32_MAX)
			p->retry_after_s = (int64_t)n;
	} else if (str_ieq(name, STR("content-type"))) {
		media_type(p, value);
	}
	return true;
}

static bool
parse_head(struct ctl_parser *p, struct str head, bool no_body)
{
	bool has_length = false;

	if (!status_line(p, take_line(&head)))
		return false;
	while (head.n > 0) {
		struct str line = take_line(&head);
		struct str name = str_split(&line, ':');

		if (name.n > 0 && !field(p, name, str_trim(line), &has_length))
			return false;
	}
	if (no_body || p->status < 200 || p->status == 204 || p->status == 304) {
		p->left = 0;
		p->chunked = false;
	} else if (!p->chunked && !has_length) {
		p->to_end = p->close = true;
	}
	http_chunked_init(&p->chunks);
	p->has_head = true;
	return true;
}

/* Bytes up to and with the empty line; 0: not there yet. */
static size_t
head_size(struct str in)
{
	for (size_t i = 0; i + 1 < in.n; i++) {
		if (in.p[i] != '\n')
			continue;
		if (in.p[i + 1] == '\n')
			return i + 2;
		if (in.p[i + 1] == '\r' && i + 2 < in.n && in.p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static enum ctl_parse
feed_chunked(struct ctl_parser *p, struct buf *in, bool ended)
{
	struct str rest = buf_str(in);
	struct str data;
	enum http_verdict v;

	while ((v = http_chunked_next(&p->chunks, &rest, &data)) == HTTP_DATA)
		buf_add_str(&p->body, data);
	buf_consume(in, in->n - rest.n);
	if (v == HTTP_BAD || !buf_ok(&p->body) || (v == HTTP_MORE && ended))
		return CTL_PARSE_BAD;
	return v == HTTP_DONE ? CTL_PARSE_DONE : CTL_PARSE_MORE;
}

static enum ctl_parse
feed_body(struct ctl_parser *p, struct buf *in, bool ended)
{
	size_t n = in->n;

	if (p->chunked)
		return feed_chunked(p, in, ended);
	if (!p->to_end && n > p->left)
		n = (size_t)p->left;
	buf_add(&p->body, in->p, n);
	buf_consume(in, n);
	if (!buf_ok(&p->body))
		return CTL_PARSE_BAD;
	if (p->to_end)
		return ended ? CTL_PARSE_DONE : CTL_PARSE_MORE;
	p->left -= n;
	if (p->left == 0)
		return CTL_PARSE_DONE;
	return ended ? CTL_PARSE_BAD : CTL_PARSE_MORE;
}

enum ctl_parse
ctl_parser_feed(struct ctl_parser *p, struct buf *in, bool ended, bool head)
{
	while (!p->has_head) {
		size_t n = head_size(buf_str(in));

		if (n == 0)
			return ended || in->n > CTL_HEAD_MAX ? CTL_PARSE_BAD
							     : CTL_PARSE_MORE;
		if (!parse_head(p, (struct str){in->p, n}, head))
			return CTL_PARSE_BAD;
		buf_consume(in, n);
		/* 100 Continue and its like come before the answer proper. */
		if (p->status < 200)
			ctl_parser_reset(p);
	}
	return feed_body(p, in, ended);
}

void
ctl_parser_answer(const struct ctl_parser *p, struct ctl_answer *out)
{
	*out = (struct ctl_answer){
		.status = p->status,
		.retry_after_s = p->retry_after_s,
		.close = p->close,
		.type = str_from(p->type),
		.body = buf_str(&p->body),
	};
}
