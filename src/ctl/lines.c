/* Lines of plain and gzip input. Text is unpacked piece by piece as lines are asked
 * for, so that a file of any size needs a few hundred kilobytes. */
#include "ctl/lines.h"

#include "base/num.h"
#include "crypto/crypto.h"
#include "http/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (256U << 10)
#define DIGEST_BYTES 16

enum emp_rc
ctl_lines_open(struct ctl_lines *l, const char *path, struct problem *p)
{
	struct stat st;

	*l = (struct ctl_lines){.fd = STDIN_FILENO};
	buf_init(&l->raw, 0);
	buf_init(&l->text, 0);
	l->is_stdin = strcmp(path, "-") == 0;
	if (!l->is_stdin)
		l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0 || fstat(l->fd, &st) != 0)
		return problem_set(p, EMP_IO, "", "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return problem_set(p, EMP_IO, "", "%s", strerror(EISDIR));
	if (S_ISREG(st.st_mode) && !l->is_stdin)
		l->size = (uint64_t)st.st_size;
	return EMP_OK;
}

void
ctl_lines_close(struct ctl_lines *l)
{
	if (l->fd >= 0 && !l->is_stdin)
		close(l->fd);
	l->fd = -1;
	http_gunzip_free(&l->gunzip);
	buf_fini(&l->raw);
	buf_fini(&l->text);
}

/* Fills `raw` with the next bytes of the file; empty at its end. */
static enum emp_rc
read_raw(struct ctl_lines *l, struct problem *p)
{
	char *to;
	ssize_t n;

	buf_clear(&l->raw);
	to = buf_reserve(&l->raw, READ_SIZE);
	if (to == NULL)
		return problem_set(p, EMP_NOMEM, "", "out of memory");
	do
		n = read(l->fd, to, READ_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return problem_set(p, EMP_IO, "", "%s", strerror(errno));
	l->raw.n = (size_t)n;
	l->bytes += (uint64_t)n;
	l->ended = n == 0;
	return EMP_OK;
}

/* The first two bytes of gzip data. A pipe may hand out one byte at first. */
static enum emp_rc
look_at_start(struct ctl_lines *l, struct problem *p)
{
	const unsigned char *b;

	while (l->text.n < 2) {
		enum emp_rc rc = read_raw(l, p);

		if (rc != EMP_OK)
			return rc;
		if (l->ended)
			break;
		buf_add_str(&l->text, buf_str(&l->raw));
	}
	l->started = true;
	b = (const unsigned char *)l->text.p;
	if (l->text.n < 2 || b[0] != 0x1f || b[1] != 0x8b)
		return EMP_OK;
	if (http_gunzip_new(&l->gunzip, SIZE_MAX) != EMP_OK)
		return problem_set(p, EMP_NOMEM, "", "out of memory");
	buf_clear(&l->raw);
	buf_add_str(&l->raw, buf_str(&l->text));
	buf_clear(&l->text);
	if (http_gunzip_feed(l->gunzip, buf_str(&l->raw), &l->text) != EMP_OK)
		return problem_set(p, EMP_BAD_GZIP, "", "the gzip data is damaged");
	return EMP_OK;
}

/* More text behind what there is. */
static enum emp_rc
fill(struct ctl_lines *l, struct problem *p)
{
	enum emp_rc rc;

	buf_consume(&l->text, l->at);
	l->at = 0;
	if (!l->started)
		return look_at_start(l, p);
	rc = read_raw(l, p);
	if (rc != EMP_OK)
		return rc;
	if (l->gunzip == NULL)
		buf_add_str(&l->text, buf_str(&l->raw));
	else if (l->ended)
		rc = http_gunzip_finish(l->gunzip);
	else
		rc = http_gunzip_feed(l->gunzip, buf_str(&l->raw), &l->text);
	if (rc != EMP_OK)
		return problem_set(p, rc, "",
				   l->ended ? "the gzip data ends in the middle"
					    : "the gzip data is damaged");
	return buf_ok(&l->text) ? EMP_OK
				: problem_set(p, EMP_NOMEM, "", "out of memory");
}

/* Hands out n bytes and passes over `skip` more. */
static struct str
take(struct ctl_lines *l, size_t n, size_t skip)
{
	struct str line = {l->text.p + l->at, n};

	l->at += n + skip;
	l->scanned = 0;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum emp_rc
ctl_lines_next(struct ctl_lines *l, struct str *line, bool *too_long, bool *more,
	       struct problem *p)
{
	bool skipping = false;
	enum emp_rc rc = EMP_OK;

	*more = true;
	while (rc == EMP_OK) {
		size_t left = l->text.n - l->at;
		const char *from = l->text.p + l->at;
		const char *end = left > l->scanned
			? memchr(from + l->scanned, '\n', left - l->scanned)
			: NULL;

		if (end != NULL || (l->ended && (left > 0 || skipping))) {
			*line = end != NULL ? take(l, (size_t)(end - from), 1)
					    : take(l, left, 0);
			*too_long = skipping || line->n > CTL_LINE_MAX;
			if (*too_long)
				*line = STR_NONE;
			l->number++;
			return EMP_OK;
		}
		if (l->ended)
			break;
		l->scanned = left;
		if (left > CTL_LINE_MAX) {
			skipping = true;
			l->at = l->text.n;
			l->scanned = 0;
		}
		rc = fill(l, p);
	}
	*more = false;
	return rc;
}

bool
ctl_lines_digest(const struct ctl_lines *l, char dst[CTL_DIGEST_TEXT])
{
	uint8_t digest[32];
	void *all = NULL;

	if (l->is_stdin)
		return false;
	if (l->size > 0) {
		all = mmap(NULL, l->size, PROT_READ, MAP_PRIVATE, l->fd, 0);
		if (all == MAP_FAILED)
			return false;
	}
	/* An unkeyed digest of bytes; that those of a token are hashed the same way
	 * does no harm. */
	crypto_token_hash(digest, (struct str){all != NULL ? all : "", l->size});
	if (all != NULL)
		munmap(all, l->size);
	num_hex(dst, digest, DIGEST_BYTES);
	return true;
}
